#include "keys/raw.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "keys/inside.h"
#include "keys/pool.h"
#include "station/base/secret.h"

#define BLOCK_CAP 16
#define KEY_CAP 32
/* CMAC works on a copy, this much at a time; a multiple of both block sizes. */
#define CHUNK 128

struct shape {
	size_t key_len;
	size_t block_len;
	const char *cipher;
};

/* All of DES runs as EDE3: single DES stands only in OpenSSL's legacy provider. */
static const struct shape shapes[] = {
	[RAW_DES] = {8, 8, "DES-EDE3-CBC"},
	[RAW_2TDEA] = {16, 8, "DES-EDE3-CBC"},
	[RAW_3TDEA] = {24, 8, "DES-EDE3-CBC"},
	[RAW_AES128] = {16, 16, "AES-128-CBC"},
	[RAW_AES192] = {24, 16, "AES-192-CBC"},
	[RAW_AES256] = {32, 16, "AES-256-CBC"},
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/*
 * One direction of a key: OpenSSL's context, which holds the expanded key in its own heap and
 * cleanses it when freed, and the cipher block it stands behind. Another IV is reached by
 * xoring the difference into the first block instead of starting the context anew, which
 * costs ten times the cipher. Made at the first use: most keys only ever encrypt.
 */
struct lane {
	EVP_CIPHER_CTX *ctx;
	uint8_t at[BLOCK_CAP];
};

/* In a slot of the pool. */
struct raw_key {
	bool made;		/* false in a forked child, who finds the slot wiped */
	enum raw_alg alg;
	uint8_t key[KEY_CAP];	/* as OpenSSL wants it: all DES keys 24 bytes */
	struct lane enc;
	struct lane dec;
	bool has_subkeys;
	uint8_t k1[BLOCK_CAP];
	uint8_t k2[BLOCK_CAP];
};

_Static_assert(sizeof(struct raw_key) <= POOL_SLOT, "a key fits a slot");

/* Fetching walks the providers under a lock, so it is done once for the process and never undone. */
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;
static EVP_CIPHER *fetched[SHAPES];

static void
fetch_all(void)
{
	for (size_t i = 0; i < SHAPES; i++)
		fetched[i] = EVP_CIPHER_fetch(NULL, shapes[i].cipher, NULL);
}

size_t
raw_key_len(enum raw_alg alg)
{
	return shapes[alg].key_len;
}

size_t
raw_block_len(enum raw_alg alg)
{
	return shapes[alg].block_len;
}

enum raw_alg
raw_key_alg(const struct raw_key *key)
{
	return key->alg;
}

static void
expand_des(struct raw_key *k, const uint8_t *key)
{
	size_t len = shapes[k->alg].key_len;

	memcpy(k->key, key, len);
	if (k->alg == RAW_DES)
		memcpy(k->key + 8, key, 8);
	if (k->alg != RAW_3TDEA)
		memcpy(k->key + 16, key, 8);
}

/* Padding would hold the last block back from decryption alone. */
static EVP_CIPHER_CTX *
context_new(const struct raw_key *k, bool encrypt)
{
	static const uint8_t zero[BLOCK_CAP] = {0};
	EVP_CIPHER_CTX *ctx = k->made ? EVP_CIPHER_CTX_new() : NULL;

	if (ctx == NULL)
		return NULL;
	if (EVP_CipherInit_ex2(ctx, fetched[k->alg], k->key, zero, encrypt, NULL) != 1 ||
	    (!encrypt && EVP_CIPHER_CTX_set_padding(ctx, 0) != 1)) {
		EVP_CIPHER_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static bool
lane_ready(const struct raw_key *k, struct lane *l, bool encrypt)
{
	if (l->ctx != NULL)
		return true;
	wipe(l->at, sizeof(l->at));
	l->ctx = context_new(k, encrypt);
	return l->ctx != NULL;
}

/* Whole blocks through the context, wherever it stands. After a failure nobody knows where: it goes. */
static bool
run(struct lane *l, const uint8_t *in, uint8_t *out, size_t len)
{
	int n = 0;

	if (EVP_CipherUpdate(l->ctx, out, &n, in, (int)len) == 1 && (size_t)n == len)
		return true;
	EVP_CIPHER_CTX_free(l->ctx);
	l->ctx = NULL;
	return false;
}

static void
xor_both(uint8_t *block, const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		block[i] = (uint8_t)(block[i] ^ a[i] ^ b[i]);
}

/* In place from `iv`, which may be enc.at itself: going on. */
static bool
encrypt(struct raw_key *k, const uint8_t *iv, uint8_t *data, size_t len)
{
	size_t block = shapes[k->alg].block_len;

	if (!lane_ready(k, &k->enc, true))
		return false;
	xor_both(data, iv, k->enc.at, block);
	if (!run(&k->enc, data, data, len))
		return false;
	memcpy(k->enc.at, data + len - block, block);
	return true;
}

enum err
raw_key_new(enum raw_alg alg, const uint8_t *key, struct raw_key **out, struct why *w)
{
	struct raw_key *k;

	*out = NULL;
	(void)pthread_once(&fetch_once, fetch_all);
	if (fetched[alg] == NULL)
		return library_failed(w);
	k = pool_take();
	if (k == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	k->made = true;
	k->alg = alg;
	if (shapes[alg].block_len == 8)
		expand_des(k, key);
	else
		memcpy(k->key, key, shapes[alg].key_len);
	*out = k;
	return ERR_OK;
}

void
raw_key_free(struct raw_key **key)
{
	struct raw_key *k = *key;

	if (k == NULL)
		return;
	EVP_CIPHER_CTX_free(k->enc.ctx);
	EVP_CIPHER_CTX_free(k->dec.ctx);
	pool_give(k);
	*key = NULL;
}

static bool
is_whole(const struct raw_key *k, size_t len)
{
	return len % shapes[k->alg].block_len == 0 && len <= INT32_MAX;
}

enum err
raw_cbc_encrypt(struct raw_key *key, uint8_t *iv, const uint8_t *in, uint8_t *out, size_t len,
    struct why *w)
{
	size_t block = shapes[key->alg].block_len;

	if (!is_whole(key, len))
		return why_set(w, ERR_LEN, MSG_CIPHER_LENGTH, WHY_NUM(len));
	if (len == 0)
		return ERR_OK;
	memmove(out, in, len);
	if (!encrypt(key, iv, out, len))
		return library_failed(w);
	memcpy(iv, out + len - block, block);
	return ERR_OK;
}

enum err
raw_cbc_decrypt(struct raw_key *key, uint8_t *iv, const uint8_t *in, uint8_t *out, size_t len,
    struct why *w)
{
	size_t block = shapes[key->alg].block_len;
	uint8_t last[BLOCK_CAP];

	if (!is_whole(key, len))
		return why_set(w, ERR_LEN, MSG_CIPHER_LENGTH, WHY_NUM(len));
	if (len == 0)
		return ERR_OK;
	memcpy(last, in + len - block, block);	/* `out` may overwrite it */
	if (!lane_ready(key, &key->dec, false) || !run(&key->dec, in, out, len))
		return library_failed(w);
	xor_both(out, iv, key->dec.at, block);
	memcpy(key->dec.at, last, block);
	memcpy(iv, last, block);
	return ERR_OK;
}

/* Doubling in GF(2^b): SP 800-38B 5.3 and 6.1. */
static void
double_block(const uint8_t *in, uint8_t *out, size_t block)
{
	uint8_t carry = (uint8_t)(0u - (in[0] >> 7));
	uint8_t poly = block == 16 ? 0x87 : 0x1B;

	for (size_t i = 0; i + 1 < block; i++)
		out[i] = (uint8_t)(in[i] << 1 | in[i + 1] >> 7);
	out[block - 1] = (uint8_t)((in[block - 1] << 1) ^ (carry & poly));
}

static bool
make_subkeys(struct raw_key *k)
{
	static const uint8_t zero[BLOCK_CAP] = {0};
	size_t block = shapes[k->alg].block_len;
	uint8_t l[BLOCK_CAP] = {0};

	if (k->has_subkeys)
		return true;
	if (!encrypt(k, zero, l, block))
		return false;
	double_block(l, k->k1, block);
	double_block(k->k1, k->k2, block);
	WIPE(l);
	k->has_subkeys = true;
	return true;
}

/* The last 0..block bytes, padded with 80 00.. unless whole, under their subkey. */
static void
last_block(const struct raw_key *k, const uint8_t *data, size_t len, uint8_t out[BLOCK_CAP])
{
	size_t block = shapes[k->alg].block_len;
	const uint8_t *sub = len == block ? k->k1 : k->k2;

	memset(out, 0, BLOCK_CAP);
	if (len > 0)
		memcpy(out, data, len);
	if (len < block)
		out[len] = 0x80;
	for (size_t i = 0; i < block; i++)
		out[i] ^= sub[i];
}

enum err
raw_cmac(struct raw_key *key, const uint8_t *iv, const uint8_t *data, size_t len, uint8_t *mac,
    struct why *w)
{
	size_t block = shapes[key->alg].block_len;
	uint8_t buf[CHUNK + BLOCK_CAP];
	size_t n = 0;
	bool ok = make_subkeys(key);

	while (ok && len > CHUNK) {
		memcpy(buf, data, CHUNK);
		ok = encrypt(key, iv, buf, CHUNK);
		iv = key->enc.at;
		data += CHUNK;
		len -= CHUNK;
	}
	if (ok) {	/* the rest and its end in one go: each costs more than its blocks */
		n = len > block ? (len - 1) / block * block : 0;
		if (n > 0)
			memcpy(buf, data, n);
		last_block(key, n > 0 ? data + n : data, len - n, buf + n);
		ok = encrypt(key, iv, buf, n + block);
	}
	if (ok)
		memcpy(mac, buf + n, block);
	WIPE(buf);
	return ok ? ERR_OK : library_failed(w);
}
