#include "keys/signature.h"

#include <openssl/err.h>

#include "keys/inside.h"

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

enum err
sig_verify(const uint8_t pub[PUBKEY_LEN], const void *msg, size_t len,
    const uint8_t sig[SIG_LEN], struct why *w)
{
	EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub, PUBKEY_LEN);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int answer = -1;

	if (k != NULL && ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k) == 1)
		answer = EVP_DigestVerify(ctx, sig, SIG_LEN, msg, len);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	if (answer == 1)
		return ERR_OK;
	if (answer < 0)
		return library_failed(w);
	ERR_clear_error();
	return why_set(w, ERR_SIGNATURE, MSG_SIGNATURE_WRONG);
}
