/* The module behind tests/support/token_shim.h. */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stddef.h>
#include <string.h>

#include "tests/support/softhsm.h"
#include "tests/support/token_shim.h"

struct token_shim token_shim_switches = {.signs_left = -1};
CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list);

static struct token_shim *const shim = &token_shim_switches;
static CK_FUNCTION_LIST *below;
static CK_FUNCTION_LIST ours;

#define IF_OUT_ANSWER() \
	do { \
		if (shim->out) \
			return CKR_DEVICE_REMOVED; \
	} while (0)

static void
pull_out(void)
{
	CK_SLOT_ID slots[16];
	CK_ULONG n = 16;

	if (below->C_GetSlotList(CK_TRUE, slots, &n) == CKR_OK)
		for (CK_ULONG i = 0; i < n; i++)
			(void)below->C_CloseAllSessions(slots[i]);
	shim->out = true;
}

static bool
is_edwards(CK_MECHANISM_TYPE type)
{
	return type == CKM_EDDSA || type == CKM_EC_EDWARDS_KEY_PAIR_GEN;
}

static bool
is_hidden(CK_MECHANISM_TYPE type)
{
	return (shim->no_eddsa && is_edwards(type)) ||
	    (shim->no_wrapping && (type == CKM_AES_KEY_WRAP || type == CKM_ECDH1_DERIVE));
}

static CK_RV
get_slot_list(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *n)
{
	if (!shim->out)
		return below->C_GetSlotList(present, slots, n);
	*n = 0;
	return CKR_OK;
}

static CK_RV
get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV rv = shim->out ? CKR_TOKEN_NOT_PRESENT : below->C_GetTokenInfo(slot, info);

	if (rv != CKR_OK || shim->tries == 0)
		return rv;
	info->flags &= ~(CK_FLAGS)(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED);
	if (shim->wrong > 0)
		info->flags |= CKF_USER_PIN_COUNT_LOW;
	if (shim->wrong + 1 == shim->tries)
		info->flags |= CKF_USER_PIN_FINAL_TRY;
	if (shim->wrong >= shim->tries)
		info->flags |= CKF_USER_PIN_LOCKED;
	return rv;
}

static CK_RV
get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	IF_OUT_ANSWER();
	return is_hidden(type) ? CKR_MECHANISM_INVALID : below->C_GetMechanismInfo(slot, type, info);
}

static CK_RV
open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify, CK_SESSION_HANDLE *s)
{
	return shim->out ? CKR_TOKEN_NOT_PRESENT : below->C_OpenSession(slot, flags, app, notify, s);
}

static CK_RV
login(CK_SESSION_HANDLE s, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
	CK_RV rv;

	IF_OUT_ANSWER();
	shim->logins++;
	if (shim->tries > 0 && shim->wrong >= shim->tries)
		return CKR_PIN_LOCKED;
	rv = below->C_Login(s, user, pin, len);
	if (rv == CKR_PIN_INCORRECT)
		shim->wrong++;
	else if (rv == CKR_OK)
		shim->wrong = 0;
	return rv;
}

static CK_RV
find_objects_init(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n)
{
	IF_OUT_ANSWER();
	return below->C_FindObjectsInit(s, t, n);
}

static CK_RV
sign_init(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	IF_OUT_ANSWER();
	return is_hidden(m->mechanism) ? CKR_MECHANISM_INVALID : below->C_SignInit(s, m, key);
}

static CK_RV
sign(CK_SESSION_HANDLE s, CK_BYTE *data, CK_ULONG len, CK_BYTE *sig, CK_ULONG *sig_len)
{
	if (shim->signs_left == 0 && !shim->out)
		pull_out();
	IF_OUT_ANSWER();
	if (shim->signs_left > 0)
		shim->signs_left--;
	shim->signs++;
	return below->C_Sign(s, data, len, sig, sig_len);
}

static CK_RV
generate_key_pair(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_ATTRIBUTE *pub, CK_ULONG pub_n,
    CK_ATTRIBUTE *key, CK_ULONG key_n, CK_OBJECT_HANDLE *pub_out, CK_OBJECT_HANDLE *key_out)
{
	IF_OUT_ANSWER();
	return is_hidden(m->mechanism) ? CKR_MECHANISM_INVALID :
	    below->C_GenerateKeyPair(s, m, pub, pub_n, key, key_n, pub_out, key_out);
}

static void
look_for_value(const CK_ATTRIBUTE *t, CK_ULONG n)
{
	for (CK_ULONG i = 0; i < n; i++)
		if (t[i].type == CKA_VALUE)
			shim->plain_values = true;
}

static CK_RV
create_object(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out)
{
	IF_OUT_ANSWER();
	shim->creates++;
	look_for_value(t, n);
	return below->C_CreateObject(s, t, n, out);
}

static CK_RV
unwrap_key(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key, CK_BYTE *wrapped, CK_ULONG len,
    CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out)
{
	IF_OUT_ANSWER();
	if (is_hidden(m->mechanism))
		return CKR_MECHANISM_INVALID;
	if (shim->before_unwrap != NULL)
		shim->before_unwrap();
	shim->unwraps++;
	look_for_value(t, n);
	return below->C_UnwrapKey(s, m, key, wrapped, len, t, n, out);
}

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
	void *lib = dlopen(SOFTHSM_MODULE, RTLD_NOW | RTLD_LOCAL);
	void *symbol = lib != NULL ? dlsym(lib, "C_GetFunctionList") : NULL;
	CK_C_GetFunctionList get;

	memcpy(&get, &symbol, sizeof(get));
	if (symbol == NULL || get(&below) != CKR_OK)
		return CKR_GENERAL_ERROR;
	ours = *below;
	ours.C_GetFunctionList = C_GetFunctionList;
	ours.C_GetSlotList = get_slot_list;
	ours.C_GetTokenInfo = get_token_info;
	ours.C_GetMechanismInfo = get_mechanism_info;
	ours.C_OpenSession = open_session;
	ours.C_Login = login;
	ours.C_FindObjectsInit = find_objects_init;
	ours.C_SignInit = sign_init;
	ours.C_Sign = sign;
	ours.C_GenerateKeyPair = generate_key_pair;
	ours.C_CreateObject = create_object;
	ours.C_UnwrapKey = unwrap_key;
	*list = &ours;
	return CKR_OK;
}
