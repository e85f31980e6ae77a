#include "keys/signature.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>

#include "keys/inside.h"

#define HALF 32
/* A point in SEC 1's short form: 02 or 03 for the parity of y, then x. */
#define POINT_LEN (1 + PUBKEY_LEN)
#define DER_CAP 72

/* The order of P-256 and its half, rounded down (SP 800-186 3.2.1.3). */
static const uint8_t order[HALF] = {
	0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
	0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
};
static const uint8_t half_order[HALF] = {
	0x7F, 0xFF, 0xFF, 0xFF, 0x80, 0x00, 0x00, 0x00, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
	0xDE, 0x73, 0x7D, 0x56, 0xD3, 0x8B, 0xCF, 0x42, 0x79, 0xDC, 0xE5, 0x61, 0x7E, 0x31, 0x92, 0xA8,
};

enum err
signer_new(const uint8_t seed[SEED_LEN], EVP_PKEY **out, uint8_t pub[PUBKEY_LEN],
    struct why *w)
{
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SEED_LEN);
	size_t len = PUBKEY_LEN;

	*out = NULL;
	if (k == NULL || EVP_PKEY_get_raw_public_key(k, pub, &len) != 1) {
		EVP_PKEY_free(k);
		return library_failed(w);
	}
	*out = k;
	return ERR_OK;
}

enum err
signer_sign(EVP_PKEY *signer, const void *msg, size_t len, uint8_t sig[SIG_LEN], struct why *w)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t sig_len = SIG_LEN;
	bool ok = signer != NULL && ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, signer) == 1 &&
	    EVP_DigestSign(ctx, sig, &sig_len, msg, len) == 1;

	EVP_MD_CTX_free(ctx);
	return ok ? ERR_OK : library_failed(w);
}

/* --- P-256 */

static bool
is_high(const uint8_t *s)
{
	return memcmp(s, half_order, HALF) > 0;
}

void
ecdsa_lower(uint8_t sig[SIG_LEN])
{
	uint8_t *s = sig + HALF;
	unsigned borrow = 0;

	if (!is_high(s))
		return;
	for (size_t i = HALF; i-- > 0;) {
		unsigned d = 256u + order[i] - s[i] - borrow;

		s[i] = (uint8_t)d;
		borrow = d < 256;
	}
}

/* NULL, too, for an x that no point of the curve has. */
static EVP_PKEY *
p256_public(uint8_t algorithm, const uint8_t pub[PUBKEY_LEN])
{
	uint8_t point[POINT_LEN] = {algorithm};		/* 2 even, 3 odd: as SEC 1 has it */
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *out = NULL;

	memcpy(point + 1, pub, PUBKEY_LEN);
	if (ctx != NULL && build != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &out, EVP_PKEY_PUBLIC_KEY, params) != 1)
		out = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return out;
}

bool
pubkey_is_point(uint8_t algorithm, const uint8_t pub[PUBKEY_LEN])
{
	EVP_PKEY *k;

	if (algorithm == CERT_ED25519)
		return true;
	k = p256_public(algorithm, pub);
	EVP_PKEY_free(k);
	return k != NULL;
}

/* r and s as OpenSSL takes them. Answers the length, 0 without memory. */
static size_t
to_der(const uint8_t sig[SIG_LEN], uint8_t der[DER_CAP])
{
	ECDSA_SIG *both = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(sig, HALF, NULL), *s = BN_bin2bn(sig + HALF, HALF, NULL);
	uint8_t *end = der;
	int len = 0;

	if (both != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(both, r, s) == 1) {
		r = s = NULL;	/* are its own now */
		len = i2d_ECDSA_SIG(both, &end);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(both);
	return len > 0 ? (size_t)len : 0;
}

/* --- verifying */

/* 1 good, 0 not its signature, less: the library. */
static int
verify(EVP_PKEY *k, const char *digest, const void *msg, size_t len, const uint8_t *sig,
    size_t sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int answer = -1;

	if (k != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, k, NULL) == 1)
		answer = EVP_DigestVerify(ctx, sig, sig_len, msg, len);
	EVP_MD_CTX_free(ctx);
	return answer;
}

static int
verify_p256(uint8_t algorithm, const uint8_t pub[PUBKEY_LEN], const void *msg, size_t len,
    const uint8_t sig[SIG_LEN])
{
	uint8_t der[DER_CAP];
	size_t der_len = to_der(sig, der);
	EVP_PKEY *k = p256_public(algorithm, pub);
	int answer = 0;

	if (der_len == 0)
		answer = -1;
	else if (k != NULL && !is_high(sig + HALF))
		answer = verify(k, "SHA256", msg, len, der, der_len);
	EVP_PKEY_free(k);
	return answer;
}

static int
verify_ed25519(const uint8_t pub[PUBKEY_LEN], const void *msg, size_t len,
    const uint8_t sig[SIG_LEN])
{
	EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub, PUBKEY_LEN);
	int answer = verify(k, NULL, msg, len, sig, SIG_LEN);

	EVP_PKEY_free(k);
	return answer;
}

enum err
sig_verify_by(uint8_t algorithm, const uint8_t pub[PUBKEY_LEN], const void *msg, size_t len,
    const uint8_t sig[SIG_LEN], struct why *w)
{
	int answer;

	switch (algorithm) {
	case CERT_ED25519:
		answer = verify_ed25519(pub, msg, len, sig);
		break;
	case CERT_P256_EVEN:
	case CERT_P256_ODD:
		answer = verify_p256(algorithm, pub, msg, len, sig);
		break;
	default:
		return why_set(w, ERR_FORMAT, MSG_CERT_FORMAT);
	}
	if (answer == 1)
		return ERR_OK;
	if (answer < 0)
		return library_failed(w);
	ERR_clear_error();
	return why_set(w, ERR_SIGNATURE, MSG_SIGNATURE_WRONG);
}

enum err
sig_verify(const uint8_t pub[PUBKEY_LEN], const void *msg, size_t len, const uint8_t sig[SIG_LEN],
    struct why *w)
{
	return sig_verify_by(CERT_ED25519, pub, msg, len, sig, w);
}
