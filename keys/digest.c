#include "keys/digest.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "keys/inside.h"

/* Fetched once for the process; see raw.c. */
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;

static void
fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

void
digest_sha256(const void *data, size_t len, uint8_t out[SHA256_LEN])
{
	(void)pthread_once(&fetch_once, fetch);
	/* A wrong hash would be trusted by everything above: no answer is better. */
	if (sha256 == NULL ||
	    EVP_Digest(len == 0 ? "" : data, len, out, NULL, sha256, NULL) != 1)
		abort();
}

enum err
library_failed(struct why *w)
{
	ERR_clear_error();
	return why_set(w, ERR_CRYPTO, MSG_CRYPTO_LIBRARY);
}

enum err
random_bytes(void *out, size_t len, struct why *w)
{
	if (len <= INT32_MAX && RAND_bytes(out, (int)len) == 1)
		return ERR_OK;
	memset(out, 0, len);
	return why_set(w, ERR_RANDOM, MSG_RANDOM);
}
