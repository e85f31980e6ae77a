#include "keys/token_object.h"

#include <stdio.h>
#include <string.h>

#include "keys/digest.h"
#include "keys/signature.h"
#include "keys/vault.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define CMAC_LEN 16
/* An uncompressed point of P-256 and what may stand before it. */
#define POINT_LEN 65
#define POINT_CAP (POINT_LEN + 3)

struct rule {
	CK_ATTRIBUTE_TYPE type;
	CK_BBOOL value;
};

static const struct rule master_rules[] = {
	{CKA_SENSITIVE, CK_TRUE}, {CKA_EXTRACTABLE, CK_FALSE}, {CKA_SIGN, CK_TRUE},
	{CKA_VERIFY, CK_FALSE}, {CKA_ENCRYPT, CK_FALSE}, {CKA_DECRYPT, CK_FALSE},
	{CKA_WRAP, CK_FALSE}, {CKA_UNWRAP, CK_FALSE}, {CKA_DERIVE, CK_FALSE},
};
static const struct rule signer_rules[] = {
	{CKA_SENSITIVE, CK_TRUE}, {CKA_EXTRACTABLE, CK_FALSE}, {CKA_SIGN, CK_TRUE},
	{CKA_DECRYPT, CK_FALSE}, {CKA_UNWRAP, CK_FALSE}, {CKA_DERIVE, CK_FALSE},
};
#define RULES_CAP COUNT(master_rules)

static const struct {
	const struct rule *rule;
	size_t count;
} rules_of[] = {
	[RULES_MASTER] = {master_rules, COUNT(master_rules)},
	[RULES_SIGNER] = {signer_rules, COUNT(signer_rules)},
};

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

/* PKCS#11 knows no const. */
static CK_BYTE *
bytes_of(const void *p)
{
	union {
		const void *in;
		CK_BYTE *out;
	} u = {p};

	return u.out;
}

/* Answers how many attributes it has written. */
static CK_ULONG
put_rules(CK_ATTRIBUTE *to, enum object_rules rules)
{
	for (size_t i = 0; i < rules_of[rules].count; i++)
		to[i] = (CK_ATTRIBUTE){rules_of[rules].rule[i].type,
		    rules_of[rules].rule[i].value ? &yes : &no, sizeof(CK_BBOOL)};
	return rules_of[rules].count;
}

/* An attribute that a token does not know is one that it does not allow; but whether a key can leave must be said. */
static CK_RV
obeys(const struct token_link *l, CK_OBJECT_HANDLE key, enum object_rules rules, bool *good)
{
	*good = true;
	for (size_t i = 0; i < rules_of[rules].count; i++) {
		const struct rule *rule = &rules_of[rules].rule[i];
		CK_BBOOL got = CK_FALSE;
		CK_ATTRIBUTE a = {rule->type, &got, sizeof(got)};
		CK_RV rv = l->f->C_GetAttributeValue(l->session, key, &a, 1);

		if (rv == CKR_ATTRIBUTE_TYPE_INVALID)
			got = rule->type == CKA_EXTRACTABLE;
		else if (rv != CKR_OK)
			return rv;
		if ((got != CK_FALSE) != (rule->value != CK_FALSE))
			*good = false;
	}
	return CKR_OK;
}

/* --- names */

void
master_name(const uint8_t club[4], unsigned slot, unsigned generation, char name[OBJECT_NAME_CAP])
{
	(void)snprintf(name, OBJECT_NAME_CAP, "bashgah %02x%02x%02x%02x key %u generation %u", club[0],
	    club[1], club[2], club[3], slot, generation);
}

void
signer_name(const uint8_t club[4], uint32_t station, char name[OBJECT_NAME_CAP])
{
	int n = snprintf(name, OBJECT_NAME_CAP, "bashgah %02x%02x%02x%02x ", club[0], club[1], club[2],
	    club[3]);

	if (station == ROOT_STATION)
		(void)snprintf(name + n, OBJECT_NAME_CAP - (size_t)n, "root");
	else
		(void)snprintf(name + n, OBJECT_NAME_CAP - (size_t)n, "station %lu", (unsigned long)station);
}

/* --- finding */

CK_RV
object_find(const struct token_link *l, CK_OBJECT_CLASS class, char *name, CK_OBJECT_HANDLE *key,
    CK_ULONG *count)
{
	CK_ATTRIBUTE wanted[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_LABEL, name, strlen(name)},
	};
	CK_OBJECT_HANDLE found[2] = {0};
	CK_RV rv = l->f->C_FindObjectsInit(l->session, wanted, COUNT(wanted));
	CK_RV end;

	*count = 0;
	if (rv != CKR_OK)
		return rv;
	rv = l->f->C_FindObjects(l->session, found, 2, count);
	end = l->f->C_FindObjectsFinal(l->session);
	*key = found[0];
	return rv != CKR_OK ? rv : end;
}

static CK_RV
wrong(struct object_fault *fault, enum msg id, char *name)
{
	fault->e = why_set(fault->w, ERR_SAFE, id, WHY_CODE(name));
	return CKR_OK;
}

CK_RV
object_take(const struct token_link *l, CK_OBJECT_CLASS class, char *name, enum object_rules rules,
    CK_OBJECT_HANDLE *key, struct object_fault *fault)
{
	CK_ULONG count = 0;
	bool good = true;
	CK_RV rv = object_find(l, class, name, key, &count);

	if (rv == CKR_OK && count == 1)
		rv = obeys(l, *key, rules, &good);
	if (rv != CKR_OK)
		return rv;
	if (count != 1)
		return wrong(fault, count == 0 ? MSG_TOKEN_KEY_MISSING : MSG_TOKEN_KEY_TWICE, name);
	return good ? CKR_OK : wrong(fault, MSG_TOKEN_KEY_LOOSE, name);
}

/* Tokens wrap the point in an OCTET STRING, some in a BIT STRING, some not at all. NULL if it is not `len` bytes. */
static const uint8_t *
unwrap_point(const uint8_t *p, size_t got, size_t len)
{
	const uint8_t octets[2] = {0x04, (uint8_t)len};
	const uint8_t bits[3] = {0x03, (uint8_t)(len + 1), 0x00};

	if (got == len)
		return p;
	if (got == len + 2 && memcmp(p, octets, 2) == 0)
		return p + 2;
	return got == len + 3 && memcmp(p, bits, 3) == 0 ? p + 3 : NULL;
}

static bool
take_point(const uint8_t *p, size_t got, uint8_t pub[PUBKEY_LEN], uint8_t *algorithm)
{
	const uint8_t *point = unwrap_point(p, got, PUBKEY_LEN);

	*algorithm = CERT_ED25519;
	if (point == NULL) {
		point = unwrap_point(p, got, POINT_LEN);
		if (point == NULL || *point++ != 0x04)
			return false;
		*algorithm = point[2 * PUBKEY_LEN - 1] % 2 == 0 ? CERT_P256_EVEN : CERT_P256_ODD;
	}
	memcpy(pub, point, PUBKEY_LEN);
	return true;
}

CK_RV
object_take_public(const struct token_link *l, char *name, uint8_t pub[PUBKEY_LEN],
    uint8_t *algorithm, struct object_fault *fault)
{
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	uint8_t point[POINT_CAP];
	CK_ATTRIBUTE a = {CKA_EC_POINT, point, sizeof(point)};
	CK_ULONG count = 0;
	CK_RV rv = object_find(l, CKO_PUBLIC_KEY, name, &key, &count);

	if (rv != CKR_OK)
		return rv;
	if (count != 1)
		return wrong(fault, count == 0 ? MSG_TOKEN_KEY_MISSING : MSG_TOKEN_KEY_TWICE, name);
	rv = l->f->C_GetAttributeValue(l->session, key, &a, 1);
	if (rv == CKR_OK && !take_point(point, a.ulValueLen, pub, algorithm))
		return wrong(fault, MSG_TOKEN_KEY_MISSING, name);
	return rv;
}

/* --- making */

CK_RV
object_make_master(const struct token_link *l, CK_SESSION_HANDLE rw, char *name, size_t len)
{
	CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
	CK_ULONG value_len = len;
	CK_ATTRIBUTE t[4 + RULES_CAP] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_PRIVATE, &yes, sizeof(yes)},
		{CKA_LABEL, name, strlen(name)},
		{CKA_VALUE_LEN, &value_len, sizeof(value_len)},
	};
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

	return l->f->C_GenerateKey(rw, &m, t, 4 + put_rules(t + 4, RULES_MASTER), &key);
}

/* The curves by their object identifiers (RFC 8410, RFC 5480); PKCS#11 3.0 also allows Ed25519's name, which fewer tokens know. */
static CK_BYTE ed25519[] = {0x06, 0x03, 0x2B, 0x65, 0x70};
static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};

static bool
knows(const struct token_link *l, CK_MECHANISM_TYPE type, CK_FLAGS use)
{
	CK_MECHANISM_INFO info;

	return l->f->C_GetMechanismInfo(l->slot, type, &info) == CKR_OK && (info.flags & use) == use;
}

CK_RV
object_make_signer(const struct token_link *l, CK_SESSION_HANDLE rw, char *name)
{
	const bool edwards = knows(l, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR) &&
	    knows(l, CKM_EDDSA, CKF_SIGN);
	CK_MECHANISM m = {edwards ? CKM_EC_EDWARDS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_ATTRIBUTE open_half[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_LABEL, name, strlen(name)},
		{CKA_VERIFY, &yes, sizeof(yes)},
		{CKA_EC_PARAMS, edwards ? ed25519 : p256, edwards ? sizeof(ed25519) : sizeof(p256)},
	};
	CK_ATTRIBUTE t[3 + RULES_CAP] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_PRIVATE, &yes, sizeof(yes)},
		{CKA_LABEL, name, strlen(name)},
	};
	CK_OBJECT_HANDLE pub = CK_INVALID_HANDLE, key = CK_INVALID_HANDLE;

	return l->f->C_GenerateKeyPair(rw, &m, open_half, COUNT(open_half), t,
	    3 + put_rules(t + 3, RULES_SIGNER), &pub, &key);
}

CK_RV
object_import_master(const struct token_link *l, CK_SESSION_HANDLE rw, struct token_wrap *x,
    char *name, const uint8_t *key, size_t len, struct object_fault *fault)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE aes = CKK_AES;
	CK_ATTRIBUTE t[6 + RULES_CAP] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_KEY_TYPE, &aes, sizeof(aes)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_PRIVATE, &yes, sizeof(yes)},
		{CKA_LABEL, name, strlen(name)},
	};
	CK_OBJECT_HANDLE out = CK_INVALID_HANDLE;
	CK_ULONG n = 5 + put_rules(t + 5, RULES_MASTER);

	if (x != NULL)
		return token_wrap_import(x, t, n, key, len, &out, fault);
	t[n++] = (CK_ATTRIBUTE){CKA_VALUE, bytes_of(key), len};
	return l->f->C_CreateObject(rw, t, n, &out);
}

/* --- using */

static CK_RV
sign(const struct token_link *l, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, const void *msg,
    size_t len, uint8_t *out, size_t out_len)
{
	CK_MECHANISM m = {type, NULL, 0};
	CK_ULONG got = out_len;
	CK_RV rv = l->f->C_SignInit(l->session, &m, key);

	if (rv == CKR_OK)
		rv = l->f->C_Sign(l->session, bytes_of(msg), len, out, &got);
	return rv == CKR_OK && got != out_len ? CKR_FUNCTION_FAILED : rv;
}

CK_RV
object_cmac(const struct token_link *l, CK_OBJECT_HANDLE key, const void *msg, size_t len,
    uint8_t mac[16])
{
	return sign(l, CKM_AES_CMAC, key, msg, len, mac, CMAC_LEN);
}

/* CKM_ECDSA is known to every token that knows the curve; of its forms that hash as well, that is not so. */
CK_RV
object_sign(const struct token_link *l, CK_OBJECT_HANDLE key, uint8_t algorithm, const void *msg,
    size_t len, uint8_t sig[SIG_LEN])
{
	uint8_t hash[SHA256_LEN];
	CK_RV rv;

	if (algorithm == CERT_ED25519)
		return sign(l, CKM_EDDSA, key, msg, len, sig, SIG_LEN);
	digest_sha256(msg, len, hash);
	rv = sign(l, CKM_ECDSA, key, hash, sizeof(hash), sig, SIG_LEN);
	if (rv == CKR_OK)
		ecdsa_lower(sig);
	return rv;
}
