#include "keys/document.h"

#include <stdlib.h>
#include <string.h>

#include "station/base/bytes.h"

#define MAGIC "BASHGAH"
#define MAGIC_LEN 7
#define VERSION 1
#define FLAG_TEST 1
#define HEAD_LEN 20
#define LABEL "bashgah-paper-1"	/* signed with its ending NUL */

static enum msg
form_of(enum document_kind kind)
{
	switch (kind) {
	case DOCUMENT_CLUB:
		return MSG_CLUB_FILE_FORMAT;
	case DOCUMENT_REQUEST:
		return MSG_REQUEST_FORMAT;
	case DOCUMENT_HEAD:
		return MSG_HEAD_FORMAT;
	case DOCUMENT_LIST:
	default:
		return MSG_LIST_FORMAT;
	}
}

/* --- sealing */

struct author {
	enum document_signer by;
	uint8_t algorithm;
	bool test;
	uint8_t club[4];
};

static bool
author_of(const struct document_pen *pen, struct author *a)
{
	uint8_t pub[PUBKEY_LEN];
	const struct safe_info *info;

	if ((pen->root == NULL) == (pen->safe == NULL))
		return false;
	if (pen->root != NULL) {
		root_public(pen->root, pub);
		pubkey_id(pub, a->club);
		a->by = DOCUMENT_BY_ROOT;
		a->algorithm = root_algorithm(pen->root);
		a->test = root_is_test(pen->root);
		return pen->cert == NULL;
	}
	info = safe_get_info(pen->safe);
	a->by = pen->cert != NULL ? DOCUMENT_BY_STATION : DOCUMENT_BY_ITSELF;
	a->algorithm = safe_algorithm(pen->safe);
	a->test = info->test;
	memcpy(a->club, info->club, sizeof(a->club));
	return true;
}

static void
put_paper(struct writer *out, enum document_kind kind, const struct author *a,
    const struct document_pen *pen, const uint8_t *body, size_t body_len)
{
	put_bytes(out, LABEL, sizeof(LABEL));
	put_bytes(out, MAGIC, MAGIC_LEN);
	put_u8(out, (uint8_t)kind);
	put_u8(out, VERSION);
	put_u8(out, a->test ? FLAG_TEST : 0);
	put_u8(out, (uint8_t)a->by);
	put_u8(out, a->algorithm == CERT_ED25519 ? 0 : a->algorithm);
	put_bytes(out, a->club, sizeof(a->club));
	put_be32(out, (uint32_t)body_len);
	put_bytes(out, body, body_len);
	if (pen->cert != NULL)
		put_bytes(out, pen->cert, CERT_LEN);
}

static enum err
sign(const struct document_pen *pen, const struct writer *msg, uint8_t sig[SIG_LEN], struct why *w)
{
	return pen->root != NULL ? root_sign(pen->root, msg->p, msg->len, sig, w) :
				   safe_sign(pen->safe, msg->p, msg->len, sig, w);
}

enum err
document_seal(enum document_kind kind, const struct document_pen *pen, const uint8_t *body,
    size_t body_len, uint8_t **out, size_t *len, struct why *w)
{
	const size_t cap = sizeof(LABEL) + HEAD_LEN + body_len + CERT_LEN + SIG_LEN;
	struct author a;
	struct writer msg;
	uint8_t *room;
	enum err e;

	*out = NULL;
	*len = 0;
	if (body_len == 0 || body_len > DOCUMENT_BODY_CAP || !author_of(pen, &a))
		return why_set(w, ERR_ARG, MSG_INTERNAL, WHY_CODE("document_seal"));
	room = malloc(cap);
	if (room == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	msg = writer_over(room, cap);
	put_paper(&msg, kind, &a, pen, body, body_len);
	e = sign(pen, &msg, room + msg.len, w);
	if (e != ERR_OK) {
		free(room);
		return e;
	}
	*len = msg.len - sizeof(LABEL) + SIG_LEN;
	memmove(room, room + sizeof(LABEL), *len);
	*out = room;
	return ERR_OK;
}

/* --- reading */

/* False if the head has a value this version does not know. */
static bool
take_head(struct cursor *c, enum document_kind kind, struct document *d, size_t *body_len)
{
	const uint8_t *magic = take_bytes(c, MAGIC_LEN);
	uint8_t version, flags, by, algorithm;
	const uint8_t *club;
	bool ours = magic != NULL && memcmp(magic, MAGIC, MAGIC_LEN) == 0 && take_u8(c) == kind;

	version = take_u8(c);
	flags = take_u8(c);
	by = take_u8(c);
	algorithm = take_u8(c);
	club = take_bytes(c, sizeof(d->club));
	*body_len = take_be32(c);
	if (!ours || c->underflow || version != VERSION || flags > FLAG_TEST ||
	    algorithm == CERT_ED25519 || algorithm > CERT_P256_ODD ||
	    by < DOCUMENT_BY_ROOT || by > DOCUMENT_BY_ITSELF)
		return false;
	d->kind = kind;
	d->by = (enum document_signer)by;
	d->algorithm = algorithm == 0 ? CERT_ED25519 : algorithm;
	d->test = flags == FLAG_TEST;
	memcpy(d->club, club, sizeof(d->club));
	return true;
}

enum err
document_read(const uint8_t *bytes, size_t len, enum document_kind kind, struct document *out,
    struct why *w)
{
	struct cursor c = cursor_over(bytes, len);
	size_t body_len, tail;

	memset(out, 0, sizeof(*out));
	if (!take_head(&c, kind, out, &body_len))
		return why_set(w, ERR_FORMAT, form_of(kind));
	tail = out->by == DOCUMENT_BY_STATION ? CERT_LEN + SIG_LEN : SIG_LEN;
	if (body_len == 0 || body_len > DOCUMENT_BODY_CAP || cursor_left(&c) != body_len + tail ||
	    (out->by == DOCUMENT_BY_ITSELF && body_len < PUBKEY_LEN))
		return why_set(w, ERR_FORMAT, form_of(kind));
	out->body = take_bytes(&c, body_len);
	out->body_len = body_len;
	out->bytes = bytes;
	out->len = len;
	return ERR_OK;
}

size_t
document_length(const uint8_t *bytes, size_t len)
{
	struct cursor c = cursor_over(bytes, len);
	size_t whole;
	uint8_t by;

	(void)take_bytes(&c, 10);
	by = take_u8(&c);
	(void)take_bytes(&c, 5);
	whole = take_be32(&c);
	if (c.underflow || whole > DOCUMENT_BODY_CAP)
		return 0;
	whole += HEAD_LEN + SIG_LEN;
	if (by == DOCUMENT_BY_STATION)
		whole += CERT_LEN;
	return whole <= len ? whole : 0;
}

/* The key that must have signed. */
static enum err
find_key(struct document *d, const uint8_t root_pub[PUBKEY_LEN], uint8_t key[PUBKEY_LEN],
    struct why *w)
{
	enum err e = ERR_OK;

	if (d->by == DOCUMENT_BY_ROOT) {
		memcpy(key, root_pub, PUBKEY_LEN);
	} else if (d->by == DOCUMENT_BY_ITSELF) {
		memcpy(key, d->body, PUBKEY_LEN);
	} else {
		e = cert_verify(d->body + d->body_len, root_pub, &d->signer, w);
		if (e == ERR_OK && d->signer.test != d->test)
			e = why_set(w, ERR_REFUSED, MSG_PAPER_TEST);
		if (e == ERR_OK && d->signer.algorithm != d->algorithm)
			e = why_set(w, ERR_SIGNATURE, MSG_PAPER_SIGNATURE);
		memcpy(key, d->signer.pub, PUBKEY_LEN);
	}
	return e;
}

enum err
document_verify(struct document *d, const uint8_t root_pub[PUBKEY_LEN], bool test, struct why *w)
{
	const size_t signed_len = d->len - SIG_LEN;
	uint8_t key[PUBKEY_LEN], club[4];
	uint8_t *msg;
	enum err e;

	pubkey_id(root_pub, club);
	if (d->test != test)
		return why_set(w, ERR_REFUSED, MSG_PAPER_TEST);
	if (memcmp(d->club, club, sizeof(club)) != 0)
		return why_set(w, ERR_REFUSED, MSG_PAPER_OTHER_CLUB);
	e = find_key(d, root_pub, key, w);
	if (e != ERR_OK)
		return e;
	msg = malloc(sizeof(LABEL) + signed_len);
	if (msg == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	memcpy(msg, LABEL, sizeof(LABEL));
	memcpy(msg + sizeof(LABEL), d->bytes, signed_len);
	e = sig_verify_by(d->algorithm, key, msg, sizeof(LABEL) + signed_len, d->bytes + signed_len, NULL);
	free(msg);
	/* only here it is known that the signature was a paper's */
	return e == ERR_OK ? ERR_OK : why_set(w, e, MSG_PAPER_SIGNATURE);
}
