#include "keys/sealed.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "keys/digest.h"
#include "keys/inside.h"
#include "keys/safe.h"
#include "station/base/bytes.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/base/secret.h"

#define MAGIC "BASHGAH"
#define MAGIC_LEN 7
#define VERSION 2
#define FLAG_TEST 0x01
#define HEAD_LEN 56
#define SALT_LEN 16
#define NONCE_LEN 12
#define TAG_LEN 16
#define FILE_CAP (HEAD_LEN + SEALED_CAP + TAG_LEN)

/*
 * Memory is what a thief with many processors has least of: 128 MiB, or half of that on a computer that
 * would take too long over it; a quick one makes several passes. For the public practice passphrase any
 * work is wasted.
 */
#define SCRYPT_LOG_N 17
#define SCRYPT_LOG_N_SLOW 16
#define SCRYPT_LOG_N_PRACTICE 10
#define SCRYPT_P_MAX 8
#define WANTED_NS INT64_C(500000000)
#define SLOW_NS (WANTED_NS * 3 / 2)
/* The trial runs with this much less memory. */
#define TRIAL_LOG_N 14
/* What a file may ask of us: at most 256 MiB. */
#define SCRYPT_LOG_N_MIN 10
#define SCRYPT_LOG_N_MAX 18
#define SCRYPT_R 8
#define SCRYPT_MEMORY (UINT64_C(320) << 20)

#define PASSPHRASE_MIN 8

struct image {
	struct sealed_head head;
	uint8_t log_n, p;		/* scrypt's: N = 1 << log_n, and passes */
	uint8_t salt[SALT_LEN];
	uint8_t nonce[NONCE_LEN];
	size_t contents_len;
	size_t len;			/* of the whole file */
	uint8_t bytes[FILE_CAP];	/* the file */
};

static enum err
damaged(struct why *w, const char *path)
{
	return why_set(w, ERR_SAFE, MSG_SAFE_DAMAGED, WHY_CODE(path));
}

/* --- sealing */

bool
is_practice(const char *pass, size_t len)
{
	return len == sizeof(SAFE_PRACTICE_PASSPHRASE) - 1 &&
	    memcmp(pass, SAFE_PRACTICE_PASSPHRASE, len) == 0;
}

static enum err
check_passphrase(bool test, const char *pass, size_t len, struct why *w)
{
	if (test)
		return ERR_OK;
	if (is_practice(pass, len))
		return why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_PUBLIC);
	if (len < PASSPHRASE_MIN)
		return why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_SHORT, WHY_NUM(PASSPHRASE_MIN));
	return ERR_OK;
}

static void
write_head(struct image *im)
{
	struct writer h = writer_over(im->bytes, HEAD_LEN);

	put_bytes(&h, MAGIC, MAGIC_LEN);
	put_u8(&h, (uint8_t)im->head.kind);
	put_u8(&h, VERSION);
	put_u8(&h, im->head.test ? FLAG_TEST : 0);
	put_be16(&h, im->head.epoch);
	put_bytes(&h, im->head.club, sizeof(im->head.club));
	put_be32(&h, im->head.station);
	put_u8(&h, im->log_n);
	put_u8(&h, SCRYPT_R);
	put_u8(&h, im->p);
	put_u8(&h, 0);
	put_be32(&h, (uint32_t)im->contents_len);
	put_bytes(&h, im->salt, SALT_LEN);
	put_bytes(&h, im->nonce, NONCE_LEN);
}

static enum err
stretch(const struct image *im, const char *pass, size_t pass_len, uint8_t key[32],
    struct why *w)
{
	if (EVP_PBE_scrypt(pass, pass_len, im->salt, SALT_LEN, UINT64_C(1) << im->log_n, SCRYPT_R,
	    im->p, SCRYPT_MEMORY, key, 32) == 1)
		return ERR_OK;
	/* Parameters are in bounds, so all that is left to fail is the memory. */
	ERR_clear_error();
	return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
}

static uint8_t log_n_here = SCRYPT_LOG_N, p_here = 1;

/* Time of this thread, not of the clock: a busy computer must not make weaker safes. */
static void
calibrate(void)
{
	struct image im = {.log_n = TRIAL_LOG_N, .p = 1};
	uint8_t key[32];
	int64_t ns = clock_thread_ns();

	if (stretch(&im, "", 0, key, NULL) != ERR_OK)
		return;
	ns = (clock_thread_ns() - ns) << (SCRYPT_LOG_N - TRIAL_LOG_N);
	if (ns > SLOW_NS)
		log_n_here = SCRYPT_LOG_N_SLOW;
	else if (ns < WANTED_NS / SCRYPT_P_MAX)
		p_here = SCRYPT_P_MAX;
	else
		p_here = (uint8_t)((WANTED_NS + ns / 2) / ns);
	if (p_here == 0)
		p_here = 1;
}

static void
choose_work(struct image *im, bool practice)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (!practice)
		(void)pthread_once(&once, calibrate);
	im->log_n = practice ? SCRYPT_LOG_N_PRACTICE : log_n_here;
	im->p = practice ? 1 : p_here;
}

static bool
gcm_seal(struct image *im, const uint8_t key[32], const uint8_t *contents)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *out = im->bytes + HEAD_LEN;
	int n = 0;
	bool ok = ctx != NULL &&
	    EVP_EncryptInit_ex2(ctx, EVP_aes_256_gcm(), key, im->nonce, NULL) == 1 &&
	    EVP_EncryptUpdate(ctx, NULL, &n, im->bytes, HEAD_LEN) == 1 &&
	    EVP_EncryptUpdate(ctx, out, &n, contents, (int)im->contents_len) == 1 &&
	    EVP_EncryptFinal_ex(ctx, out + n, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, out + im->contents_len) == 1;

	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

/* False also when the tag does not fit: then nothing of `contents` may be believed. */
static bool
gcm_open(struct image *im, const uint8_t key[32], uint8_t *contents)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *in = im->bytes + HEAD_LEN;
	int n = 0;
	bool ok = ctx != NULL &&
	    EVP_DecryptInit_ex2(ctx, EVP_aes_256_gcm(), key, im->nonce, NULL) == 1 &&
	    EVP_DecryptUpdate(ctx, NULL, &n, im->bytes, HEAD_LEN) == 1 &&
	    EVP_DecryptUpdate(ctx, contents, &n, in, (int)im->contents_len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, in + im->contents_len) == 1 &&
	    EVP_DecryptFinal_ex(ctx, contents + n, &n) == 1;

	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

static enum err
seal(struct image *im, const uint8_t *contents, const char *pass, size_t pass_len,
    struct why *w)
{
	uint8_t key[32];
	enum err e;

	choose_work(im, is_practice(pass, pass_len));
	im->len = HEAD_LEN + im->contents_len + TAG_LEN;
	e = random_bytes(im->salt, SALT_LEN, w);
	if (e == ERR_OK)
		e = random_bytes(im->nonce, NONCE_LEN, w);
	if (e != ERR_OK)
		return e;
	write_head(im);
	e = stretch(im, pass, pass_len, key, w);
	if (e == ERR_OK && !gcm_seal(im, key, contents))
		e = library_failed(w);
	WIPE(key);
	return e;
}

/* --- the file */

static enum err
make_image(struct image *im, const uint8_t *contents, const char *pass, size_t pass_len,
    struct why *w)
{
	enum err e = check_passphrase(im->head.test, pass, pass_len, w);

	if (e != ERR_OK)
		return e;
	if (im->contents_len > SEALED_CAP)
		return why_set(w, ERR_LEN, MSG_INTERNAL, WHY_CODE("sealed_create"));
	return seal(im, contents, pass, pass_len, w);
}

enum err
sealed_create(const char *path, const struct sealed_head *head, const uint8_t *contents,
    size_t len, const char *pass, size_t pass_len, struct why *w)
{
	struct image im = {.head = *head, .contents_len = len};
	struct stat st;
	enum err e;

	/* Asked before half a second of scrypt; file_create asks again and for good. */
	if (lstat(path, &st) == 0)
		return why_set(w, ERR_DUPLICATE, MSG_SAFE_EXISTS, WHY_CODE(path));
	e = make_image(&im, contents, pass, pass_len, w);
	return e != ERR_OK ? e : file_create(path, im.bytes, im.len, 0600, w);
}

enum err
sealed_replace(const char *path, const struct sealed_head *head, const uint8_t *contents,
    size_t len, const char *pass, size_t pass_len, struct why *w)
{
	struct image im = {.head = *head, .contents_len = len};
	enum err e = make_image(&im, contents, pass, pass_len, w);

	return e != ERR_OK ? e : file_write(path, im.bytes, im.len, 0600, w);
}

/* Right behind the magic: what this version reads at all. */
static enum err
check_kind(const char *path, enum sealed_kind kind, struct cursor *c, uint8_t *out,
    struct why *w)
{
	const uint8_t *magic = take_bytes(c, MAGIC_LEN);
	uint8_t got = take_u8(c);
	uint8_t version = *out = take_u8(c);

	if (magic == NULL || memcmp(magic, MAGIC, MAGIC_LEN) != 0 || got != kind)
		return why_set(w, ERR_SAFE, MSG_SAFE_NOT_ONE, WHY_CODE(path));
	if (version > VERSION)
		return why_set(w, ERR_SAFE, MSG_SAFE_NEWER, WHY_CODE(path));
	return version >= 1 ? ERR_OK : damaged(w, path);
}

/* The rest of the header; false outside the bounds of what we ever wrote. */
static bool
take_head(struct image *im, struct cursor *c)
{
	uint8_t flags = take_u8(c);
	const uint8_t *club, *salt, *nonce;
	uint8_t r, zero;

	im->head.test = flags == FLAG_TEST;
	im->head.epoch = take_be16(c);
	club = take_bytes(c, sizeof(im->head.club));
	im->head.station = take_be32(c);
	im->log_n = take_u8(c);
	r = take_u8(c);
	im->p = take_u8(c);
	zero = take_u8(c);
	im->contents_len = take_be32(c);
	salt = take_bytes(c, SALT_LEN);
	nonce = take_bytes(c, NONCE_LEN);
	if (club == NULL || salt == NULL || nonce == NULL)
		return false;
	memcpy(im->head.club, club, sizeof(im->head.club));
	memcpy(im->salt, salt, SALT_LEN);
	memcpy(im->nonce, nonce, NONCE_LEN);
	im->head.practice = im->log_n == SCRYPT_LOG_N_PRACTICE;
	return flags <= FLAG_TEST && im->log_n >= SCRYPT_LOG_N_MIN &&
	    im->log_n <= SCRYPT_LOG_N_MAX && r == SCRYPT_R && im->p >= 1 &&
	    im->p <= (im->head.version == 1 ? 1 : SCRYPT_P_MAX) && zero == 0 &&
	    im->contents_len <= SEALED_CAP;
}

static enum err
load(const char *path, enum sealed_kind kind, struct image *im, struct why *w)
{
	struct cursor c;
	enum err e = file_read(path, im->bytes, FILE_CAP, &im->len, w);

	if (e == ERR_LEN)
		return damaged(w, path);
	if (e != ERR_OK)
		return e;
	c = cursor_over(im->bytes, im->len);
	e = check_kind(path, kind, &c, &im->head.version, w);
	if (e != ERR_OK)
		return e;
	im->head.kind = kind;
	if (!take_head(im, &c) || cursor_left(&c) != im->contents_len + TAG_LEN)
		return damaged(w, path);
	return ERR_OK;
}

enum err
sealed_peek(const char *path, enum sealed_kind kind, struct sealed_head *head, struct why *w)
{
	struct image im = {0};
	enum err e = load(path, kind, &im, w);

	if (e == ERR_OK)
		*head = im.head;
	return e;
}

enum err
sealed_open(const char *path, enum sealed_kind kind, const char *pass, size_t pass_len,
    struct sealed_head *head, uint8_t *contents, size_t *len, struct why *w)
{
	struct image im = {0};
	uint8_t key[32];
	enum err e = load(path, kind, &im, w);

	*len = 0;
	if (e == ERR_OK)
		e = stretch(&im, pass, pass_len, key, w);
	if (e == ERR_OK && !gcm_open(&im, key, contents)) {
		ERR_clear_error();
		e = why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_WRONG, WHY_CODE(path));
	}
	WIPE(key);
	if (e != ERR_OK) {
		wipe(contents, SEALED_CAP);
		return e;
	}
	*head = im.head;
	*len = im.contents_len;
	return ERR_OK;
}

enum err
sealed_change(const char *path, enum sealed_kind kind, const char *old, size_t old_len,
    const char *new_pass, size_t new_len, struct why *w)
{
	uint8_t *room = secret_alloc(SEALED_CAP);
	struct sealed_head head;
	size_t len = 0;
	enum err e;

	if (room == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = sealed_open(path, kind, old, old_len, &head, room, &len, w);
	if (e == ERR_OK)
		e = sealed_replace(path, &head, room, len, new_pass, new_len, w);
	secret_free(room, SEALED_CAP);
	return e;
}
