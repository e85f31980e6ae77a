#include "keys/sealed_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/digest.h"
#include "keys/inside.h"
#include "keys/safe.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

#define MAGIC "BASHGAHB"
#define MAGIC_LEN 8
#define VERSION 1
#define FLAG_TEST 0x01
#define HEAD_LEN 52
#define SALT_LEN 16
#define NONCE_PREFIX 7
#define NONCE_LEN 12
#define TAG_LEN 16
#define PIECE 65536

/* As a safe's (sealed.c); a backup is opened once in a bad year, so its work is never less. */
#define SCRYPT_LOG_N 17
#define SCRYPT_LOG_N_PRACTICE 10
#define SCRYPT_R 8
#define SCRYPT_P 1
#define SCRYPT_MEMORY (UINT64_C(320) << 20)
#define PASSPHRASE_MIN 8

/* In secret memory: what passes through is members' names, and what stands here opens all of it. */
struct sealed_stream {
	int fd;
	EVP_CIPHER_CTX *ctx;
	uint32_t number;		/* of the next piece */
	bool ended;			/* the last piece has been read */
	size_t at, len;			/* of `piece`: taken and there */
	size_t ahead;			/* bytes of `next` */
	char path[WHY_STR_CAP];
	uint8_t head[HEAD_LEN];
	uint8_t piece[PIECE];
	uint8_t next[PIECE + TAG_LEN + 1];	/* one byte more than a piece tells whether it is the last */
};

static enum err
damaged(const struct sealed_stream *s, struct why *w)
{
	return why_set(w, ERR_SAFE, MSG_BACKUP_DAMAGED, WHY_CODE(s->path));
}

/* --- the header */

static void
write_head(uint8_t head[HEAD_LEN], const struct sealed_stream_head *h, uint8_t log_n)
{
	struct writer b = writer_over(head, 28);

	put_bytes(&b, MAGIC, MAGIC_LEN);
	put_u8(&b, VERSION);
	put_u8(&b, h->test ? FLAG_TEST : 0);
	put_be16(&b, 0);
	put_bytes(&b, h->club, sizeof(h->club));
	put_be32(&b, h->station);
	put_be32(&b, h->made);
	put_u8(&b, log_n);
	put_u8(&b, SCRYPT_R);
	put_u8(&b, SCRYPT_P);
	put_u8(&b, 0);
}

/* What write_head may have written and nothing else; salt and nonce may be anything. */
static enum err
parse_head(const uint8_t head[HEAD_LEN], const char *path, struct sealed_stream_head *out,
    struct why *w)
{
	struct cursor c = cursor_over(head, HEAD_LEN);
	uint8_t version, flags, again[HEAD_LEN], log_n = head[24];

	if (memcmp(take_bytes(&c, MAGIC_LEN), MAGIC, MAGIC_LEN) != 0)
		return why_set(w, ERR_SAFE, MSG_BACKUP_NOT_ONE, WHY_CODE(path));
	version = take_u8(&c);
	if (version > VERSION)
		return why_set(w, ERR_SAFE, MSG_BACKUP_NEWER, WHY_CODE(path));
	flags = take_u8(&c);
	(void)take_be16(&c);
	memcpy(out->club, take_bytes(&c, sizeof(out->club)), sizeof(out->club));
	out->station = take_be32(&c);
	out->made = take_be32(&c);
	out->test = flags == FLAG_TEST;
	write_head(again, out, log_n);
	if (memcmp(again, head, 28) != 0 || head[HEAD_LEN - 1] != 0 ||
	    (log_n != SCRYPT_LOG_N && log_n != SCRYPT_LOG_N_PRACTICE))
		return why_set(w, ERR_SAFE, MSG_BACKUP_DAMAGED, WHY_CODE(path));
	return ERR_OK;
}

/* --- the cipher */

static enum err
make_cipher(struct sealed_stream *s, const char *pass, size_t pass_len, bool encrypt, struct why *w)
{
	uint8_t key[32];
	enum err e = ERR_OK;

	s->ctx = EVP_CIPHER_CTX_new();
	if (s->ctx == NULL || EVP_PBE_scrypt(pass, pass_len, s->head + 28, SALT_LEN,
	    UINT64_C(1) << s->head[24], SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY, key, sizeof(key)) != 1) {
		ERR_clear_error();	/* parameters are in bounds: it is the memory */
		e = why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	} else if (EVP_CipherInit_ex2(s->ctx, EVP_aes_256_gcm(), key, NULL, encrypt, NULL) != 1) {
		e = library_failed(w);
	}
	WIPE(key);
	return e;
}

static bool
begin_piece(struct sealed_stream *s, bool last)
{
	uint8_t nonce[NONCE_LEN];
	struct writer b = writer_over(nonce, sizeof(nonce));
	int n;

	put_bytes(&b, s->head + 44, NONCE_PREFIX);
	put_be32(&b, s->number);
	put_u8(&b, last ? 1 : 0);
	return EVP_CipherInit_ex2(s->ctx, NULL, NULL, nonce, -1, NULL) == 1 &&
	    EVP_CipherUpdate(s->ctx, NULL, &n, s->head, HEAD_LEN) == 1;
}

/* --- writing */

static enum err
write_all(const struct sealed_stream *s, const uint8_t *p, size_t len, struct why *w)
{
	while (len > 0) {
		ssize_t n = write(s->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return why_errno(w, n < 0 ? errno : EIO, s->path);
		p += n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

static enum err
write_piece(struct sealed_stream *s, bool last, struct why *w)
{
	int n = 0;
	bool ok = s->number < UINT32_MAX && begin_piece(s, last) &&
	    EVP_EncryptUpdate(s->ctx, s->next, &n, s->piece, (int)s->len) == 1 &&
	    EVP_EncryptFinal_ex(s->ctx, s->next + s->len, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, s->next + s->len) == 1;
	size_t len = s->len + TAG_LEN;

	s->number++;
	s->len = 0;
	return ok ? write_all(s, s->next, len, w) : library_failed(w);
}

static enum err
check_passphrase(bool test, const char *pass, size_t len, struct why *w)
{
	if (test)
		return ERR_OK;
	if (len == sizeof(SAFE_PRACTICE_PASSPHRASE) - 1 && memcmp(pass, SAFE_PRACTICE_PASSPHRASE, len) == 0)
		return why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_PUBLIC);
	if (len < PASSPHRASE_MIN)
		return why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_SHORT, WHY_NUM(PASSPHRASE_MIN));
	return ERR_OK;
}

static struct sealed_stream *
new_stream(const char *path)
{
	struct sealed_stream *s = secret_alloc(sizeof(*s));

	if (s == NULL)
		return NULL;
	s->fd = -1;
	/* for sentences alone: the end of a long path tells more */
	(void)memcpy(s->path, strlen(path) < sizeof(s->path) ? path : path + strlen(path) - sizeof(s->path) + 1,
	    strlen(path) < sizeof(s->path) ? strlen(path) + 1 : sizeof(s->path));
	return s;
}

static enum err
start_writing(struct sealed_stream *s, const char *path, const struct sealed_stream_head *head,
    const char *pass, size_t pass_len, struct why *w)
{
	bool practice = pass_len == sizeof(SAFE_PRACTICE_PASSPHRASE) - 1 &&
	    memcmp(pass, SAFE_PRACTICE_PASSPHRASE, pass_len) == 0;
	enum err e = random_bytes(s->head + 28, SALT_LEN + NONCE_PREFIX, w);

	write_head(s->head, head, practice ? SCRYPT_LOG_N_PRACTICE : SCRYPT_LOG_N);
	if (e == ERR_OK)
		e = make_cipher(s, pass, pass_len, true, w);
	if (e != ERR_OK)
		return e;
	s->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->fd < 0 && errno == EEXIST)
		return why_set(w, ERR_DUPLICATE, MSG_FILE_EXISTS, WHY_CODE(path));
	return s->fd < 0 ? why_errno(w, errno, path) : write_all(s, s->head, HEAD_LEN, w);
}

enum err
sealed_stream_create(const char *path, const struct sealed_stream_head *head, const char *pass,
    size_t pass_len, struct sealed_stream **out, struct why *w)
{
	enum err e = check_passphrase(head->test, pass, pass_len, w);

	*out = NULL;
	if (e != ERR_OK)
		return e;
	*out = new_stream(path);
	if (*out == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = start_writing(*out, path, head, pass, pass_len, w);
	if (e != ERR_OK)
		sealed_stream_close(out);
	return e;
}

enum err
sealed_stream_write(struct sealed_stream *s, const void *data, size_t len, struct why *w)
{
	const uint8_t *p = data;
	enum err e = ERR_OK;

	while (e == ERR_OK && len > 0) {
		size_t n = PIECE - s->len < len ? PIECE - s->len : len;

		/* a full piece waits: it may turn out to be the last */
		if (n == 0) {
			e = write_piece(s, false, w);
			continue;
		}
		memcpy(s->piece + s->len, p, n);
		s->len += n;
		p += n;
		len -= n;
	}
	return e;
}

enum err
sealed_stream_finish(struct sealed_stream *s, struct why *w)
{
	enum err e = write_piece(s, true, w);

	if (e == ERR_OK && fsync(s->fd) != 0)
		e = why_errno(w, errno, s->path);
	return e;
}

/* --- reading */

/* Up to `cap` bytes; fewer only at the end of the file. */
static enum err
read_up_to(int fd, const char *path, uint8_t *p, size_t cap, size_t *len, struct why *w)
{
	while (*len < cap) {
		ssize_t n = read(fd, p + *len, cap - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return why_errno(w, errno, path);
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return ERR_OK;
}

static enum err
read_head(const char *path, uint8_t head[HEAD_LEN], struct sealed_stream_head *out, int *fd,
    struct why *w)
{
	size_t len = 0;
	enum err e;

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return why_errno(w, errno, path);
	e = read_up_to(*fd, path, head, HEAD_LEN, &len, w);
	if (e == ERR_OK && len < HEAD_LEN)
		e = why_set(w, ERR_SAFE, MSG_BACKUP_NOT_ONE, WHY_CODE(path));
	return e == ERR_OK ? parse_head(head, path, out, w) : e;
}

enum err
sealed_stream_peek(const char *path, struct sealed_stream_head *head, struct why *w)
{
	uint8_t bytes[HEAD_LEN];
	int fd;
	enum err e = read_head(path, bytes, head, &fd, w);

	if (fd >= 0)
		(void)close(fd);
	return e;
}

enum err
sealed_stream_open(const char *path, const char *pass, size_t pass_len,
    struct sealed_stream_head *head, struct sealed_stream **out, struct why *w)
{
	struct sealed_stream *s = *out = new_stream(path);
	enum err e;

	if (s == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = read_head(path, s->head, head, &s->fd, w);
	if (e == ERR_OK)
		e = make_cipher(s, pass, pass_len, false, w);
	if (e != ERR_OK)
		sealed_stream_close(out);
	return e;
}

/* The tag at the end of the `len` bytes in `next` must fit, as of a last piece or of one that is not. */
static bool
open_piece(struct sealed_stream *s, size_t len, bool last)
{
	int n = 0;

	return begin_piece(s, last) &&
	    EVP_DecryptUpdate(s->ctx, s->piece, &n, s->next, (int)(len - TAG_LEN)) == 1 &&
	    EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, s->next + len - TAG_LEN) == 1 &&
	    EVP_DecryptFinal_ex(s->ctx, s->piece + (len - TAG_LEN), &n) == 1;
}

static enum err
next_piece(struct sealed_stream *s, struct why *w)
{
	size_t whole = PIECE + TAG_LEN, len;
	enum err e = read_up_to(s->fd, s->path, s->next, sizeof(s->next), &s->ahead, w);
	bool last = s->ahead <= whole;

	s->at = s->len = 0;
	if (e != ERR_OK)
		return e;
	len = last ? s->ahead : whole;
	if (len < TAG_LEN || !open_piece(s, len, last)) {
		ERR_clear_error();
		WIPE(s->piece);
		return s->number == 0 ? why_set(w, ERR_PASSPHRASE, MSG_BACKUP_PASSPHRASE, WHY_CODE(s->path)) :
					damaged(s, w);
	}
	s->ahead -= len;
	s->next[0] = s->next[whole];
	s->len = len - TAG_LEN;
	s->ended = last;
	s->number++;
	return ERR_OK;
}

enum err
sealed_stream_read(struct sealed_stream *s, void *out, size_t cap, size_t *len, struct why *w)
{
	enum err e = ERR_OK;

	*len = 0;
	while (e == ERR_OK && s->at == s->len && !s->ended)
		e = next_piece(s, w);
	if (e != ERR_OK)
		return e;
	*len = s->len - s->at < cap ? s->len - s->at : cap;
	memcpy(out, s->piece + s->at, *len);
	s->at += *len;
	return ERR_OK;
}

void
sealed_stream_close(struct sealed_stream **s)
{
	if (*s == NULL)
		return;
	EVP_CIPHER_CTX_free((*s)->ctx);
	if ((*s)->fd >= 0)
		(void)close((*s)->fd);
	secret_free(*s, sizeof(**s));
	*s = NULL;
}
