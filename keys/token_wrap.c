/*
 * Masters into a token without their bytes in the call: the token and we each make a P-256 pair for this
 * session, agree on an AES key (ECDH, its x), and each master goes in under that key (AES key wrap,
 * RFC 3394). Who listens between program and token sees public points and wrapped keys.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#include "keys/inside.h"
#include "keys/pool.h"
#include "keys/token_object.h"
#include "station/base/secret.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
/* An uncompressed point of P-256 and the OCTET STRING around it. */
#define POINT_LEN 65
#define WRAPPED_POINT_LEN (2 + POINT_LEN)
#define AES_LEN 32

/* In a slot of the pool, for the key. */
struct token_wrap {
	const struct token_link *l;
	CK_SESSION_HANDLE rw;
	CK_OBJECT_HANDLE aes;
	uint8_t key[AES_LEN];		/* the same */
};

_Static_assert(sizeof(struct token_wrap) <= POOL_SLOT, "a wrapping key fits a slot");

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

static bool
can(const struct token_link *l, CK_MECHANISM_TYPE type, CK_FLAGS use)
{
	CK_MECHANISM_INFO info;

	return l->f->C_GetMechanismInfo(l->slot, type, &info) == CKR_OK && (info.flags & use) == use;
}

/* --- the token's half */

/* A pair of this session, whose private half agrees on keys and does nothing else. */
static CK_RV
make_pair(const struct token_wrap *x, CK_OBJECT_HANDLE *pub, CK_OBJECT_HANDLE *key)
{
	static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
	CK_MECHANISM m = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_ATTRIBUTE open_half[] = {
		{CKA_TOKEN, &no, sizeof(no)},
		{CKA_EC_PARAMS, p256, sizeof(p256)},
	};
	CK_ATTRIBUTE private_half[] = {
		{CKA_TOKEN, &no, sizeof(no)},
		{CKA_PRIVATE, &yes, sizeof(yes)},
		{CKA_SENSITIVE, &yes, sizeof(yes)},
		{CKA_EXTRACTABLE, &no, sizeof(no)},
		{CKA_DERIVE, &yes, sizeof(yes)},
		{CKA_SIGN, &no, sizeof(no)},
		{CKA_DECRYPT, &no, sizeof(no)},
		{CKA_UNWRAP, &no, sizeof(no)},
	};

	return x->l->f->C_GenerateKeyPair(x->rw, &m, open_half, COUNT(open_half), private_half,
	    COUNT(private_half), pub, key);
}

static CK_RV
take_point(const struct token_wrap *x, CK_OBJECT_HANDLE pub, uint8_t point[POINT_LEN])
{
	uint8_t got[WRAPPED_POINT_LEN];
	CK_ATTRIBUTE a = {CKA_EC_POINT, got, sizeof(got)};
	CK_RV rv = x->l->f->C_GetAttributeValue(x->rw, pub, &a, 1);

	if (rv == CKR_OK && (a.ulValueLen < POINT_LEN || a.ulValueLen > WRAPPED_POINT_LEN))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (rv == CKR_OK)
		memcpy(point, got + a.ulValueLen - POINT_LEN, POINT_LEN);
	return rv;
}

/* Its key out of its private half and our point; it unwraps, and only in this session. */
static CK_RV
derive_theirs(struct token_wrap *x, CK_OBJECT_HANDLE pair, uint8_t point[POINT_LEN])
{
	CK_ECDH1_DERIVE_PARAMS how = {CKD_NULL, 0, NULL, POINT_LEN, point};
	CK_MECHANISM m = {CKM_ECDH1_DERIVE, &how, sizeof(how)};
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE aes = CKK_AES;
	CK_ULONG len = AES_LEN;
	CK_ATTRIBUTE t[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_KEY_TYPE, &aes, sizeof(aes)},
		{CKA_VALUE_LEN, &len, sizeof(len)},
		{CKA_TOKEN, &no, sizeof(no)},
		{CKA_PRIVATE, &yes, sizeof(yes)},
		{CKA_SENSITIVE, &yes, sizeof(yes)},
		{CKA_EXTRACTABLE, &no, sizeof(no)},
		{CKA_UNWRAP, &yes, sizeof(yes)},
		{CKA_WRAP, &no, sizeof(no)},
		{CKA_ENCRYPT, &no, sizeof(no)},
		{CKA_DECRYPT, &no, sizeof(no)},
	};

	return x->l->f->C_DeriveKey(x->rw, &m, pair, t, COUNT(t), &x->aes);
}

/* --- ours */

/* The token's point for OpenSSL, or NULL. */
static EVP_PKEY *
public_of(const uint8_t point[POINT_LEN])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *out = NULL;

	if (ctx != NULL && build != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, POINT_LEN) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &out, EVP_PKEY_PUBLIC_KEY, params) != 1)
		out = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	return out;
}

/* Our key out of a pair made for this and the token's point; our own point goes to the token. */
static bool
derive_ours(struct token_wrap *x, const uint8_t theirs[POINT_LEN], uint8_t ours[POINT_LEN])
{
	EVP_PKEY *peer = public_of(theirs);
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	EVP_PKEY_CTX *ctx = pair != NULL ? EVP_PKEY_CTX_new(pair, NULL) : NULL;
	size_t len = AES_LEN, point_len = 0;
	bool ok = peer != NULL && ctx != NULL &&
	    EVP_PKEY_get_octet_string_param(pair, OSSL_PKEY_PARAM_PUB_KEY, ours, POINT_LEN, &point_len) == 1 &&
	    point_len == POINT_LEN && EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer(ctx, peer) == 1 && EVP_PKEY_derive(ctx, x->key, &len) == 1 &&
	    len == AES_LEN;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pair);
	EVP_PKEY_free(peer);
	return ok;
}

/* --- both */

/* Errors of our side are faults; those of the token's are answers. */
static CK_RV
agree(struct token_wrap *x, struct object_fault *fault)
{
	CK_OBJECT_HANDLE pub = CK_INVALID_HANDLE, pair = CK_INVALID_HANDLE;
	uint8_t theirs[POINT_LEN], ours[POINT_LEN];
	CK_RV rv = make_pair(x, &pub, &pair);

	if (rv == CKR_OK)
		rv = take_point(x, pub, theirs);
	if (rv != CKR_OK)
		return rv;
	if (derive_ours(x, theirs, ours))
		return derive_theirs(x, pair, ours);
	fault->e = library_failed(fault->w);
	return CKR_OK;
}

/* A token may list a way and still not go it with keys of this kind. */
static bool
is_refusal(CK_RV rv)
{
	static const CK_RV refusals[] = {
		CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_FUNCTION_NOT_SUPPORTED,
		CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID,
		CKR_ATTRIBUTE_TYPE_INVALID, CKR_KEY_SIZE_RANGE,
	};

	for (size_t i = 0; i < COUNT(refusals); i++)
		if (rv == refusals[i])
			return true;
	return false;
}

CK_RV
token_wrap_begin(const struct token_link *l, CK_SESSION_HANDLE rw, struct token_wrap **out,
    struct object_fault *fault)
{
	struct token_wrap *x;
	CK_RV rv;

	*out = NULL;
	if (!can(l, CKM_EC_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR) || !can(l, CKM_ECDH1_DERIVE, CKF_DERIVE) ||
	    !can(l, CKM_AES_KEY_WRAP, CKF_UNWRAP))
		return CKR_OK;
	x = pool_take();
	if (x == NULL) {
		fault->e = why_set(fault->w, ERR_NOMEM, MSG_NO_MEMORY);
		return CKR_OK;
	}
	x->l = l;
	x->rw = rw;
	rv = agree(x, fault);
	if (rv == CKR_OK && fault->e == ERR_OK)
		*out = x;
	else
		token_wrap_end(&x);
	return is_refusal(rv) ? CKR_OK : rv;
}

static bool
wrap(const uint8_t key[AES_LEN], const uint8_t *master, size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, end = 0;
	bool ok = ctx != NULL;

	if (ok)
		EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	ok = ok && EVP_EncryptInit_ex(ctx, EVP_aes_256_wrap(), NULL, key, NULL) == 1 &&
	    EVP_EncryptUpdate(ctx, out, &n, master, (int)len) == 1 &&
	    EVP_EncryptFinal_ex(ctx, out + n, &end) == 1 && (size_t)n + (size_t)end == len + 8;
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

CK_RV
token_wrap_import(struct token_wrap *x, CK_ATTRIBUTE *t, CK_ULONG n, const uint8_t *key, size_t len,
    CK_OBJECT_HANDLE *out, struct object_fault *fault)
{
	CK_MECHANISM m = {CKM_AES_KEY_WRAP, NULL, 0};
	uint8_t wrapped[MASTER_CAP + 8];

	if (wrap(x->key, key, len, wrapped))
		return x->l->f->C_UnwrapKey(x->rw, &m, x->aes, wrapped, len + 8, t, n, out);
	fault->e = library_failed(fault->w);
	return CKR_OK;
}

/* What the token has of it ends with the session. */
void
token_wrap_end(struct token_wrap **x)
{
	pool_give(*x);
	*x = NULL;
}
