/* keys/safe over a PKCS#11 token: the same handle, the same keys, and what a token can do to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keys/card_key.h"
#include "keys/cert.h"
#include "keys/inside.h"
#include "keys/safe.h"
#include "tests/support/softhsm.h"

#define PIN "20 03 1404"
#define PIN_LEN (sizeof(PIN) - 1)
#define WRONG "20 03 1405"
#define URI "pkcs11:token=station%201?module-path=" SOFTHSM_MODULE
#define ALL_SLOTS ((1u << KEY_SLOT_COUNT) - 1)
#define FILE_ROOM 1024

static const struct safe_info real = {.test = false, .club = {0xC1, 2, 3, 4}, .station = 78};
static struct softhsm hsm;
static char path[256];
static struct why why;

static int
start(void **state)
{
	(void)state;
	softhsm_start(&hsm);
	softhsm_token("station 1", PIN);
	(void)snprintf(path, sizeof(path), "%s/station.safe", hsm.folder);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	softhsm_end(&hsm);
	return 0;
}

static struct safe *
create(void)
{
	struct safe *s = NULL;

	assert_int_equal(safe_create_token(path, &real, ALL_SLOTS, URI, PIN, PIN_LEN, &s, &why), ERR_OK);
	return s;
}

static enum err
open_with(const char *pin, struct safe **s)
{
	memset(&why, 0, sizeof(why));
	return safe_open(path, pin, strlen(pin), s, &why);
}

static size_t
read_file(uint8_t bytes[FILE_ROOM])
{
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, FILE_ROOM, f);
	(void)fclose(f);
	return n;
}

static void
write_file(const uint8_t *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* --- the token seen from outside, by another user of the same module in this process */

static CK_FUNCTION_LIST *
module(void)
{
	void *lib = dlopen(SOFTHSM_MODULE, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get;
	CK_FUNCTION_LIST *f = NULL;
	void *symbol;

	assert_non_null(lib);
	symbol = dlsym(lib, "C_GetFunctionList");
	memcpy(&get, &symbol, sizeof(get));
	assert_int_equal(get(&f), CKR_OK);
	return f;
}

static CK_SLOT_ID
first_slot(CK_FUNCTION_LIST *f)
{
	CK_SLOT_ID slots[8];
	CK_ULONG n = 8;

	assert_int_equal(f->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
	return slots[0];
}

/* A session that may write, of a module that nobody else has open. */
static CK_SESSION_HANDLE
session(CK_FUNCTION_LIST *f)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	char pin[] = PIN;
	CK_SESSION_HANDLE s;

	assert_int_equal(f->C_Initialize(&args), CKR_OK);
	assert_int_equal(f->C_OpenSession(first_slot(f), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
	    NULL, &s), CKR_OK);
	assert_int_equal(f->C_Login(s, CKU_USER, (CK_UTF8CHAR *)pin, PIN_LEN), CKR_OK);
	return s;
}

static void
master_label(unsigned slot, char name[64])
{
	(void)snprintf(name, 64, "bashgah c1020304 key %u generation 1", slot);
}

static CK_OBJECT_HANDLE
object(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, unsigned slot)
{
	char name[64];
	CK_ATTRIBUTE wanted = {CKA_LABEL, name, 0};
	CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
	CK_ULONG n = 0;

	master_label(slot, name);
	wanted.ulValueLen = strlen(name);
	assert_int_equal(f->C_FindObjectsInit(s, &wanted, 1), CKR_OK);
	assert_int_equal(f->C_FindObjects(s, &o, 1, &n), CKR_OK);
	assert_int_equal(f->C_FindObjectsFinal(s), CKR_OK);
	assert_int_equal(n, 1);
	return o;
}

static void
import(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, unsigned slot, const uint8_t *bytes, bool loose)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE, leaves = loose;
	uint8_t value[SAFE_MASTER_LEN];
	char name[64];
	CK_ATTRIBUTE t[] = {
		{CKA_CLASS, &class, sizeof(class)}, {CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, &yes, 1}, {CKA_PRIVATE, &yes, 1}, {CKA_SENSITIVE, &yes, 1},
		{CKA_EXTRACTABLE, &leaves, 1}, {CKA_SIGN, &yes, 1}, {CKA_VERIFY, &no, 1},
		{CKA_ENCRYPT, &no, 1}, {CKA_DECRYPT, &no, 1}, {CKA_WRAP, &no, 1}, {CKA_UNWRAP, &no, 1},
		{CKA_DERIVE, &no, 1}, {CKA_VALUE, value, sizeof(value)}, {CKA_LABEL, name, 0},
	};
	CK_OBJECT_HANDLE o;

	master_label(slot, name);
	t[14].ulValueLen = strlen(name);
	memcpy(value, bytes, sizeof(value));
	assert_int_equal(f->C_CreateObject(s, t, sizeof(t) / sizeof(t[0]), &o), CKR_OK);
}

/* What the token says of its PIN, written into its own store: SoftHSM2 itself never counts to the end. */
static void
set_pin_flags(CK_FLAGS flags)
{
	static const uint8_t flags_type[8] = {0, 0, 0, 0, 0x80, 0, 0x53, 0x4B};
	char name[640];
	uint8_t bytes[4096];
	DIR *d = opendir(hsm.tokens);
	struct dirent *e;
	FILE *f;
	size_t n;
	unsigned hits = 0;

	assert_non_null(d);
	do
		assert_non_null(e = readdir(d));
	while (e->d_name[0] == '.');
	(void)snprintf(name, sizeof(name), "%s/%s/token.object", hsm.tokens, e->d_name);
	(void)closedir(d);
	assert_non_null(f = fopen(name, "r+b"));
	n = fread(bytes, 1, sizeof(bytes), f);
	for (size_t i = 0; i + 24 <= n; i++)
		if (memcmp(bytes + i, flags_type, 8) == 0) {
			hits++;
			bytes[i + 21] = (uint8_t)(flags >> 16);
		}
	assert_int_equal(hits, 1);
	rewind(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* --- the handle */

static void
a_token_opens_to_what_was_made_in_it(void **state)
{
	struct safe *a = create();
	struct safe *b = NULL;
	struct safe_info info;
	uint8_t made[KEY_SLOT_COUNT][KCV_LEN], kcv[KCV_LEN], pub_a[32], pub_b[32], sig[64];

	(void)state;
	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++)
		assert_int_equal(safe_kcv(a, (enum key_slot)slot, 1, made[slot], &why), ERR_OK);
	safe_public(a, pub_a);
	safe_close(&a);
	assert_int_equal(safe_peek(path, &info, &why), ERR_OK);
	assert_false(info.test);
	assert_int_equal(info.station, 78);
	assert_int_equal(info.epoch, 1);
	assert_memory_equal(info.club, real.club, 4);
	assert_int_equal(open_with(PIN, &b), ERR_OK);
	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
		assert_true(safe_has(b, (enum key_slot)slot));
		assert_int_equal(safe_kcv(b, (enum key_slot)slot, 1, kcv, &why), ERR_OK);
		assert_memory_equal(kcv, made[slot], KCV_LEN);
	}
	safe_public(b, pub_b);
	assert_memory_equal(pub_a, pub_b, 32);
	assert_int_equal(safe_sign(b, "salam", 5, sig, &why), ERR_OK);
	assert_int_equal(sig_verify(pub_a, "salam", 5, sig, NULL), ERR_OK);
	assert_int_equal(sig_verify(pub_a, "salaM", 5, sig, NULL), ERR_SIGNATURE);
	assert_int_equal(safe_kcv(b, KEY_READ, 2, kcv, &why), ERR_NO_KEY);
	safe_close(&b);
}

static void
same_card_key(const struct safe *file, const struct safe *token, const struct key_ref *ref)
{
	struct card_key *a = NULL, *b = NULL;

	assert_int_equal(card_key_open(file, ref, &a, &why), ERR_OK);
	assert_int_equal(card_key_open(token, ref, &b, &why), ERR_OK);
	assert_memory_equal(a->bytes, b->bytes, CARD_KEY_LEN);
	assert_memory_equal(a->kcv, b->kcv, KCV_LEN);
	card_key_close(&a);
	card_key_close(&b);
}

/* The masters of a sealed file put into the token in place of its own. */
static void
copy_masters(const struct safe *file)
{
	CK_FUNCTION_LIST *f = module();
	CK_SESSION_HANDLE s = session(f);

	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
		assert_int_equal(f->C_DestroyObject(s, object(f, s, slot)), CKR_OK);
		import(f, s, slot, safe_master(file, (enum key_slot)slot, 1), false);
	}
	assert_int_equal(f->C_Finalize(NULL), CKR_OK);
}

static void
a_token_and_a_file_derive_the_same_keys(void **state)
{
	static const size_t uid_lens[] = {4, 7, 10};
	struct safe *token = create();
	struct safe *file = NULL;
	char file_path[300];
	uint8_t a[KCV_LEN], b[KCV_LEN];

	(void)state;
	safe_close(&token);
	(void)snprintf(file_path, sizeof(file_path), "%s/file.safe", hsm.folder);
	assert_int_equal(safe_create(file_path, &real, ALL_SLOTS, "a phrase of ours", 16, &file, &why),
	    ERR_OK);
	copy_masters(file);
	assert_int_equal(open_with(PIN, &token), ERR_OK);
	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
		struct key_ref ref = {.origin = KEY_DERIVED, .slot = (enum key_slot)slot, .epoch = 1,
		    .chip_class = 1, .key_no = (uint8_t)slot, .aid = {0xF5, 0x12, 0x34},
		    .uid = {4, 0xA1, 0xB2, 3, 0xC4, 5, 6, 7, 8, 9}};

		for (size_t i = 0; i < 3; i++) {
			ref.uid_len = uid_lens[i];
			same_card_key(file, token, &ref);
		}
		assert_int_equal(safe_kcv(file, ref.slot, 1, a, &why), ERR_OK);
		assert_int_equal(safe_kcv(token, ref.slot, 1, b, &why), ERR_OK);
		assert_memory_equal(a, b, KCV_LEN);
	}
	safe_close(&token);
	safe_close(&file);
}

static void
a_token_holds_only_the_slots_of_its_role(void **state)
{
	struct safe *s = NULL;
	struct key_ref ref = {.origin = KEY_DERIVED, .slot = KEY_CHANGE, .epoch = 1, .uid_len = 7};
	struct card_key *k = NULL;

	(void)state;
	assert_int_equal(safe_create_token(path, &real, 1u << KEY_READ | 1u << KEY_DEBIT, URI, PIN,
	    PIN_LEN, &s, &why), ERR_OK);
	safe_close(&s);
	assert_int_equal(open_with(PIN, &s), ERR_OK);
	assert_true(safe_has(s, KEY_READ));
	assert_false(safe_has(s, KEY_CHANGE));
	assert_int_equal(card_key_open(s, &ref, &k, &why), ERR_NO_KEY);
	ref.slot = KEY_READ;
	assert_int_equal(card_key_open(s, &ref, &k, &why), ERR_OK);
	card_key_close(&k);
	safe_close(&s);
}

/* --- keys that stay where they are */

static void
the_masters_cannot_leave_the_token(void **state)
{
	struct safe *s = create();
	CK_FUNCTION_LIST *f = module();
	CK_SESSION_HANDLE session_;
	CK_OBJECT_HANDLE o;
	uint8_t value[32];
	CK_ATTRIBUTE a = {CKA_VALUE, value, sizeof(value)};
	CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0};

	(void)state;
	safe_close(&s);
	session_ = session(f);
	o = object(f, session_, KEY_DEBIT);
	assert_int_equal(f->C_GetAttributeValue(session_, o, &a, 1), CKR_ATTRIBUTE_SENSITIVE);
	assert_int_not_equal(f->C_EncryptInit(session_, &ecb, o), CKR_OK);
	assert_int_not_equal(f->C_DecryptInit(session_, &ecb, o), CKR_OK);
	assert_int_equal(f->C_Finalize(NULL), CKR_OK);
}

static void
a_master_that_could_leave_is_refused(void **state)
{
	static const uint8_t bytes[SAFE_MASTER_LEN] = {7};
	struct safe *s = create();
	CK_FUNCTION_LIST *f = module();
	CK_SESSION_HANDLE rw;

	(void)state;
	safe_close(&s);
	rw = session(f);
	assert_int_equal(f->C_DestroyObject(rw, object(f, rw, KEY_ADMIN)), CKR_OK);
	import(f, rw, KEY_ADMIN, bytes, true);
	assert_int_equal(f->C_Finalize(NULL), CKR_OK);
	assert_int_equal(open_with(PIN, &s), ERR_SAFE);
	assert_int_equal(why.id, MSG_TOKEN_KEY_LOOSE);
	assert_null(s);
}

static void
a_missing_and_a_doubled_master_are_named(void **state)
{
	static const uint8_t bytes[SAFE_MASTER_LEN] = {7};
	struct safe *s = create();
	CK_FUNCTION_LIST *f = module();
	CK_SESSION_HANDLE rw;

	(void)state;
	safe_close(&s);
	rw = session(f);
	assert_int_equal(f->C_DestroyObject(rw, object(f, rw, KEY_ADMIN)), CKR_OK);
	assert_int_equal(f->C_Finalize(NULL), CKR_OK);
	assert_int_equal(open_with(PIN, &s), ERR_SAFE);
	assert_int_equal(why.id, MSG_TOKEN_KEY_MISSING);
	assert_string_equal(why.arg[0].str, "bashgah c1020304 key 1 generation 1");
	rw = session(f);
	import(f, rw, KEY_ADMIN, bytes, false);
	import(f, rw, KEY_ADMIN, bytes, false);
	assert_int_equal(f->C_Finalize(NULL), CKR_OK);
	assert_int_equal(open_with(PIN, &s), ERR_SAFE);
	assert_int_equal(why.id, MSG_TOKEN_KEY_TWICE);
}

static void
keys_in_the_token_are_never_replaced(void **state)
{
	struct safe *a = create();
	struct safe *b = NULL;
	uint8_t first[KCV_LEN], again[KCV_LEN];

	(void)state;
	assert_int_equal(safe_kcv(a, KEY_READ, 1, first, &why), ERR_OK);
	assert_int_equal(safe_create_token(path, &real, ALL_SLOTS, URI, PIN, PIN_LEN, &b, &why),
	    ERR_DUPLICATE);
	assert_int_equal(why.id, MSG_SAFE_EXISTS);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(safe_create_token(path, &real, ALL_SLOTS, URI, PIN, PIN_LEN, &b, &why),
	    ERR_DUPLICATE);
	assert_int_equal(why.id, MSG_TOKEN_HAS_KEY);
	assert_null(b);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(safe_kcv(a, KEY_READ, 1, again, &why), ERR_OK);
	assert_memory_equal(first, again, KCV_LEN);
	safe_close(&a);
}

static void
a_safe_that_could_not_be_written_leaves_no_keys(void **state)
{
	struct safe *s = NULL;
	char nowhere[300];

	(void)state;
	(void)snprintf(nowhere, sizeof(nowhere), "%s/below/safe", hsm.folder);
	assert_int_equal(safe_create_token(nowhere, &real, ALL_SLOTS, URI, PIN, PIN_LEN, &s, &why),
	    ERR_MISSING);
	assert_null(s);
	s = create();
	safe_close(&s);
}

/* --- PIN */

static void
a_wrong_pin_opens_nothing(void **state)
{
	struct safe *s = create();
	struct safe *second = NULL;

	(void)state;
	assert_int_equal(open_with(WRONG, &second), ERR_PASSPHRASE);	/* though the token is open */
	assert_null(second);
	assert_int_equal(open_with(PIN, &second), ERR_OK);
	safe_close(&second);
	safe_close(&s);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(open_with(WRONG, &s), ERR_PASSPHRASE);
		assert_int_equal(why.id, MSG_TOKEN_PIN_WRONG);
		assert_null(s);
	}
	assert_int_equal(open_with("", &s), ERR_PASSPHRASE);
	assert_int_equal(open_with(PIN, &s), ERR_OK);
	safe_close(&s);
}

static void
the_last_try_is_never_taken(void **state)
{
	struct safe *s = create();

	(void)state;
	safe_close(&s);
	set_pin_flags(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY);
	assert_int_equal(open_with(PIN, &s), ERR_PASSPHRASE);
	assert_int_equal(why.id, MSG_TOKEN_PIN_LAST);
	set_pin_flags(CKF_USER_PIN_LOCKED);
	assert_int_equal(open_with(PIN, &s), ERR_PASSPHRASE);
	assert_int_equal(why.id, MSG_TOKEN_PIN_LOCKED);
	set_pin_flags(CKF_USER_PIN_COUNT_LOW);
	assert_int_equal(open_with(PIN, &s), ERR_OK);
	safe_close(&s);
}

static void
a_real_club_may_not_use_the_practice_words(void **state)
{
	struct safe *s = NULL;

	(void)state;
	assert_int_equal(safe_create_token(path, &real, ALL_SLOTS, URI, "practice", 8, &s, &why),
	    ERR_PASSPHRASE);
	assert_int_equal(why.id, MSG_PASSPHRASE_PUBLIC);
}

/* --- which token */

static void
an_address_that_is_not_clear_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "pkcs11:", "station 1", "pkcs11:token=a", "pkcs11:?module-path=/m",
		"pkcs11:model=a?module-path=/m", "pkcs11:token=?module-path=/m",
		"pkcs11:token=a?module-path=m.so", "pkcs11:token=a;token=b?module-path=/m",
		"pkcs11:token=a?module-path=/m&module-path=/n", "pkcs11:token=a;object=b?module-path=/m",
		"pkcs11:token=%2?module-path=/m", "pkcs11:token=%zz?module-path=/m",
		"pkcs11:token=%00?module-path=/m", "pkcs11:module-path=/m?token=a",
		"pkcs11:token=a?module-name=m", "pkcs11:token=a;?module-path=/m",
		"pkcs11:token=123456789012345678901234567890123?module-path=/m",
	};
	struct safe *s = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(safe_create_token(path, &real, ALL_SLOTS, wrong[i], PIN, PIN_LEN, &s,
		    &why), ERR_ARG);
		assert_int_equal(why.id, MSG_TOKEN_URI);
	}
	assert_int_equal(safe_create_token(path, &real, ALL_SLOTS, URI "&pin-value=1234", PIN, PIN_LEN,
	    &s, &why), ERR_ARG);
	assert_int_equal(why.id, MSG_TOKEN_URI_PIN);
	assert_int_equal(why.argc, 0);
	assert_int_equal(access(path, F_OK), -1);
}

static void
a_missing_token_and_module_are_named(void **state)
{
	static const char *const modules[] = {"/usr/lib/softhsm/nothing.so", "/etc/passwd"};
	struct safe *s = NULL;
	char uri[200];

	(void)state;
	assert_int_equal(safe_create_token(path, &real, ALL_SLOTS, "pkcs11:token=station%202?module-path="
	    SOFTHSM_MODULE, PIN, PIN_LEN, &s, &why), ERR_MISSING);
	assert_int_equal(why.id, MSG_TOKEN_GONE);
	assert_string_equal(why.arg[0].str, "station 2");
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(uri, sizeof(uri), "pkcs11:token=station%%201?module-path=%s", modules[i]);
		assert_int_equal(safe_create_token(path, &real, ALL_SLOTS, uri, PIN, PIN_LEN, &s, &why),
		    ERR_MISSING);
		assert_int_equal(why.id, MSG_TOKEN_MODULE);
		assert_string_equal(why.arg[0].str, modules[i]);
	}
	assert_null(s);
}

static void
two_tokens_of_one_name_are_not_guessed_between(void **state)
{
	struct safe *s = NULL;

	(void)state;
	softhsm_token("station 1", PIN);
	assert_int_equal(safe_create_token(path, &real, ALL_SLOTS, URI, PIN, PIN_LEN, &s, &why), ERR_ARG);
	assert_int_equal(why.id, MSG_TOKEN_AMBIGUOUS);
}

static void
another_token_of_that_name_is_refused(void **state)
{
	struct safe *s = create();
	struct softhsm first = hsm;
	char kept[300];

	(void)state;
	safe_close(&s);
	softhsm_start(&hsm);
	softhsm_token("station 1", PIN);
	assert_int_equal(open_with(PIN, &s), ERR_SAFE);
	assert_int_equal(why.id, MSG_TOKEN_KEY_MISSING);
	/* keys of the same names, made anew, are not the same keys */
	(void)snprintf(kept, sizeof(kept), "%s.first", path);
	assert_int_equal(rename(path, kept), 0);
	s = create();
	safe_close(&s);
	assert_int_equal(rename(kept, path), 0);
	assert_int_equal(open_with(PIN, &s), ERR_SAFE);
	assert_int_equal(why.id, MSG_TOKEN_OTHER_KEYS);
	assert_null(s);
	softhsm_end(&first);
}

/* --- the file */

static void
every_flipped_byte_and_other_length_is_refused(void **state)
{
	struct safe *s = create();
	uint8_t bytes[FILE_ROOM];
	size_t len = read_file(bytes);

	(void)state;
	safe_close(&s);
	for (size_t i = 0; i < len; i++) {
		bytes[i] ^= 0x20;
		write_file(bytes, len);
		assert_int_equal(open_with(PIN, &s), ERR_SAFE);
		bytes[i] ^= 0x20;
	}
	for (size_t n = 0; n < len; n += 7) {
		write_file(bytes, n);
		assert_int_equal(open_with(PIN, &s), ERR_SAFE);
	}
	bytes[len] = 0;
	write_file(bytes, len + 1);
	assert_int_equal(open_with(PIN, &s), ERR_SAFE);
	write_file(bytes, len);
	assert_int_equal(open_with(PIN, &s), ERR_OK);
	safe_close(&s);
}

static void
a_file_that_others_may_write_loads_no_module(void **state)
{
	struct safe *s = create();
	struct stat st;

	(void)state;
	safe_close(&s);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(chmod(path, 0620), 0);
	assert_int_equal(open_with(PIN, &s), ERR_SAFE);
	assert_int_equal(why.id, MSG_SAFE_WRITABLE);
}

/* --- in service */

static void
expect_kcv(const struct safe *s, const uint8_t kcv[KCV_LEN])
{
	uint8_t got[KCV_LEN];

	assert_int_equal(safe_kcv(s, KEY_READ, 1, got, &why), ERR_OK);
	assert_memory_equal(got, kcv, KCV_LEN);
}

static void
a_lost_session_is_opened_again(void **state)
{
	struct safe *s = create();
	CK_FUNCTION_LIST *f = module();
	uint8_t kcv[KCV_LEN];

	(void)state;
	assert_int_equal(safe_kcv(s, KEY_READ, 1, kcv, &why), ERR_OK);
	assert_int_equal(f->C_CloseAllSessions(first_slot(f)), CKR_OK);
	expect_kcv(s, kcv);
	assert_int_equal(f->C_Finalize(NULL), CKR_OK);
	expect_kcv(s, kcv);
	safe_close(&s);
}

static void
a_token_that_is_out_is_named_and_serves_again(void **state)
{
	struct safe *s = create();
	CK_FUNCTION_LIST *f = module();
	char away[200];
	uint8_t kcv[KCV_LEN], got[KCV_LEN], sig[64];

	(void)state;
	assert_int_equal(safe_kcv(s, KEY_READ, 1, kcv, &why), ERR_OK);
	(void)snprintf(away, sizeof(away), "%s/away", hsm.folder);
	assert_int_equal(f->C_CloseAllSessions(first_slot(f)), CKR_OK);
	assert_int_equal(f->C_Finalize(NULL), CKR_OK);
	assert_int_equal(rename(hsm.tokens, away), 0);
	assert_int_equal(mkdir(hsm.tokens, 0700), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(safe_kcv(s, KEY_READ, 1, got, &why), ERR_MISSING);
		assert_int_equal(why.id, MSG_TOKEN_GONE);
		assert_string_equal(why.arg[0].str, "station 1");
		assert_int_equal(safe_sign(s, "x", 1, sig, &why), ERR_MISSING);
	}
	assert_int_equal(rmdir(hsm.tokens), 0);
	assert_int_equal(rename(away, hsm.tokens), 0);
	expect_kcv(s, kcv);
	assert_int_equal(safe_sign(s, "x", 1, sig, &why), ERR_OK);
	safe_close(&s);
}

static void
a_kept_pin_is_not_tried_after_a_wrong_one(void **state)
{
	struct safe *s = create();
	CK_FUNCTION_LIST *f = module();
	CK_SESSION_HANDLE other;
	char wrong[] = WRONG;
	uint8_t kcv[KCV_LEN];

	(void)state;
	assert_int_equal(f->C_CloseAllSessions(first_slot(f)), CKR_OK);
	assert_int_equal(f->C_OpenSession(first_slot(f), CKF_SERIAL_SESSION, NULL, NULL, &other), CKR_OK);
	assert_int_equal(f->C_Login(other, CKU_USER, (CK_UTF8CHAR *)wrong, PIN_LEN), CKR_PIN_INCORRECT);
	assert_int_equal(f->C_CloseSession(other), CKR_OK);
	assert_int_equal(safe_kcv(s, KEY_READ, 1, kcv, &why), ERR_PASSPHRASE);
	assert_int_equal(why.id, MSG_TOKEN_PIN_AGAIN);
	safe_close(&s);
	assert_int_equal(open_with(PIN, &s), ERR_OK);
	safe_close(&s);
}

struct work {
	const struct safe *safe;
	uint8_t pub[32];
	bool good;
	uint8_t kcv[KCV_LEN];
};

static void *
do_work(void *arg)
{
	struct work *j = arg;
	struct key_ref ref = {.origin = KEY_DERIVED, .slot = KEY_WRITE, .epoch = 1, .uid_len = 7};

	j->good = true;
	for (int i = 0; i < 50; i++) {
		struct card_key *k = NULL;
		uint8_t kcv[KCV_LEN] = {0}, sig[64] = {0};

		if (card_key_open(j->safe, &ref, &k, NULL) == ERR_OK)
			card_key_kcv(k, kcv);
		if (i == 0)
			memcpy(j->kcv, kcv, KCV_LEN);
		j->good = j->good && k != NULL && memcmp(kcv, j->kcv, KCV_LEN) == 0 &&
		    safe_sign(j->safe, &i, sizeof(i), sig, NULL) == ERR_OK &&
		    sig_verify(j->pub, &i, sizeof(i), sig, NULL) == ERR_OK;
		card_key_close(&k);
	}
	return NULL;
}

static void
threads_share_one_token(void **state)
{
	struct safe *s = create();
	struct work work[3] = {{.safe = s}, {.safe = s}, {.safe = s}};
	pthread_t threads[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		safe_public(s, work[i].pub);
		assert_int_equal(pthread_create(&threads[i], NULL, do_work, &work[i]), 0);
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(work[i].good);
		assert_memory_equal(work[i].kcv, work[0].kcv, KCV_LEN);
	}
	safe_close(&s);
}

/* Exit status of a child: which of its expectations failed first, 0 for none. */
static int
in_child(struct safe *s, const uint8_t expected[KCV_LEN])
{
	struct safe *own = NULL;
	uint8_t kcv[KCV_LEN], sig[64];

	if (safe_kcv(s, KEY_READ, 1, kcv, NULL) != ERR_NO_KEY)
		return 1;
	if (safe_sign(s, "x", 1, sig, NULL) != ERR_CRYPTO)
		return 2;
	safe_close(&s);
	if (open_with(WRONG, &own) != ERR_PASSPHRASE)
		return 3;
	if (open_with(PIN, &own) != ERR_OK)
		return 4;
	if (safe_kcv(own, KEY_READ, 1, kcv, NULL) != ERR_OK || memcmp(kcv, expected, KCV_LEN) != 0)
		return 5;
	safe_close(&own);
	return 0;
}

static void
a_forked_child_must_open_its_own(void **state)
{
	struct safe *s = create();
	uint8_t kcv[KCV_LEN];
	int status = -1;
	pid_t child;

	(void)state;
	assert_int_equal(safe_kcv(s, KEY_READ, 1, kcv, &why), ERR_OK);
	child = fork();
	if (child == 0)
		_exit(in_child(s, kcv));
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	expect_kcv(s, kcv);
	safe_close(&s);
}

#define WITH_A_TOKEN(test) cmocka_unit_test_setup_teardown(test, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_A_TOKEN(a_token_opens_to_what_was_made_in_it),
	    WITH_A_TOKEN(a_token_and_a_file_derive_the_same_keys),
	    WITH_A_TOKEN(a_token_holds_only_the_slots_of_its_role),
	    WITH_A_TOKEN(the_masters_cannot_leave_the_token),
	    WITH_A_TOKEN(a_master_that_could_leave_is_refused),
	    WITH_A_TOKEN(a_missing_and_a_doubled_master_are_named),
	    WITH_A_TOKEN(keys_in_the_token_are_never_replaced),
	    WITH_A_TOKEN(a_safe_that_could_not_be_written_leaves_no_keys),
	    WITH_A_TOKEN(a_wrong_pin_opens_nothing),
	    WITH_A_TOKEN(the_last_try_is_never_taken),
	    WITH_A_TOKEN(a_real_club_may_not_use_the_practice_words),
	    WITH_A_TOKEN(an_address_that_is_not_clear_is_refused),
	    WITH_A_TOKEN(a_missing_token_and_module_are_named),
	    WITH_A_TOKEN(two_tokens_of_one_name_are_not_guessed_between),
	    WITH_A_TOKEN(another_token_of_that_name_is_refused),
	    WITH_A_TOKEN(every_flipped_byte_and_other_length_is_refused),
	    WITH_A_TOKEN(a_file_that_others_may_write_loads_no_module),
	    WITH_A_TOKEN(a_lost_session_is_opened_again),
	    WITH_A_TOKEN(a_token_that_is_out_is_named_and_serves_again),
	    WITH_A_TOKEN(a_kept_pin_is_not_tried_after_a_wrong_one),
	    WITH_A_TOKEN(threads_share_one_token),
	    WITH_A_TOKEN(a_forked_child_must_open_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
