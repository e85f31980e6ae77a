#include "keys/club_file.h"

#include <stdlib.h>
#include <string.h>

#include "station/base/bytes.h"

static void
put_text(struct writer *b, const char *s)
{
	put_u8(b, (uint8_t)strlen(s));
	put_bytes(b, s, strlen(s));
}

static void
put_list(struct writer *b, const uint8_t *p, size_t len)
{
	put_be32(b, (uint32_t)len);
	put_bytes(b, p, len);
}

static void
put_body(struct writer *b, const struct club_file *f)
{
	put_bytes(b, f->root_pub, sizeof(f->root_pub));
	put_be32(b, f->made);
	put_be32(b, f->station_free);
	put_u8(b, (uint8_t)f->number_prefix);
	put_bytes(b, f->aid, sizeof(f->aid));
	put_be32(b, (uint32_t)f->step);
	put_be64(b, (uint64_t)f->load_min);
	put_be64(b, (uint64_t)f->load_max);
	put_be64(b, (uint64_t)f->balance_max);
	put_text(b, f->name);
	put_text(b, f->host);
	put_text(b, f->zone);
	put_list(b, f->revoked, f->revoked_len);
	put_list(b, f->hot, f->hot_len);
}

enum err
club_file_seal(const struct club_file *f, const struct document_pen *pen, uint8_t **out, size_t *len,
    struct why *w)
{
	uint8_t *body = malloc(DOCUMENT_BODY_CAP);
	struct writer b = writer_over(body, DOCUMENT_BODY_CAP);
	enum err e;

	*out = NULL;
	*len = 0;
	if (body == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	put_body(&b, f);
	e = b.overflow ? why_set(w, ERR_LEN, MSG_CLUB_FILE_LONG) :
			 document_seal(DOCUMENT_CLUB, pen, body, b.len, out, len, w);
	free(body);
	return e;
}

static bool
take_text(struct cursor *c, char out[CLUB_TEXT_CAP])
{
	size_t len = take_u8(c);
	const uint8_t *p = take_bytes(c, len);

	if (p == NULL || len == 0 || len >= CLUB_TEXT_CAP || memchr(p, 0, len) != NULL)
		return false;
	memcpy(out, p, len);
	out[len] = '\0';
	return true;
}

static bool
take_list(struct cursor *c, const uint8_t **p, size_t *len)
{
	*len = take_be32(c);
	*p = *len > 0 ? take_bytes(c, *len) : NULL;
	return !c->underflow;
}

static bool
take_body(const struct document *d, struct club_file *f)
{
	struct cursor c = cursor_over(d->body, d->body_len);
	const uint8_t *p = take_bytes(&c, sizeof(f->root_pub));

	if (p == NULL)
		return false;
	memcpy(f->root_pub, p, sizeof(f->root_pub));
	f->made = take_be32(&c);
	f->station_free = take_be32(&c);
	f->number_prefix = take_u8(&c);
	p = take_bytes(&c, sizeof(f->aid));
	if (p != NULL)
		memcpy(f->aid, p, sizeof(f->aid));
	f->step = (int32_t)take_be32(&c);
	f->load_min = (int64_t)take_be64(&c);
	f->load_max = (int64_t)take_be64(&c);
	f->balance_max = (int64_t)take_be64(&c);
	return f->number_prefix <= 9 && take_text(&c, f->name) && take_text(&c, f->host) &&
	    take_text(&c, f->zone) && take_list(&c, &f->revoked, &f->revoked_len) &&
	    take_list(&c, &f->hot, &f->hot_len) && cursor_left(&c) == 0;
}

enum err
club_file_open(const uint8_t *bytes, size_t len, struct club_file *out, struct why *w)
{
	struct document d;
	enum err e;

	memset(out, 0, sizeof(*out));
	e = document_read(bytes, len, DOCUMENT_CLUB, &d, w);
	if (e == ERR_OK && (d.by != DOCUMENT_BY_STATION || !take_body(&d, out)))
		e = why_set(w, ERR_FORMAT, MSG_CLUB_FILE_FORMAT);
	if (e == ERR_OK)
		e = document_verify(&d, out->root_pub, d.test, w);
	if (e != ERR_OK) {
		memset(out, 0, sizeof(*out));
		return e;
	}
	out->test = d.test;
	out->signer = d.signer;
	return ERR_OK;
}
