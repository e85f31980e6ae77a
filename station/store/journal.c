#include "station/store/journal.h"

#include <assert.h>
#include <string.h>

#include "station/base/bytes.h"
#include "station/store/own.h"

static const char domain[] = "bashgah-journal-1";	/* its NUL is hashed, too */

#define HASHED_CAP (sizeof(domain) + 32 + 8 + 8 + 8 + 1 + JOURNAL_KIND_CAP + 4 + JOURNAL_BODY_CAP)

void
journal_hash(store_sha256 sha256, const struct journal_row *row, uint8_t out[STORE_HASH_LEN])
{
	uint8_t bytes[HASHED_CAP];
	struct writer b = writer_over(bytes, sizeof(bytes));
	size_t kind_len = strlen(row->kind);
	size_t body_len = strlen(row->body);

	put_bytes(&b, domain, sizeof(domain));
	put_bytes(&b, row->prev, STORE_HASH_LEN);
	put_be64(&b, (uint64_t)row->seq);
	put_bytes(&b, row->event, STORE_EVENT_LEN);
	put_be64(&b, (uint64_t)row->at_ms);
	put_u8(&b, (uint8_t)kind_len);
	put_bytes(&b, row->kind, kind_len);
	put_be32(&b, (uint32_t)body_len);
	put_bytes(&b, row->body, body_len);
	memset(out, 0, STORE_HASH_LEN);	/* a row too long to have been written here hashes to zeros */
	if (!b.overflow)
		sha256(bytes, b.len, out);
}

/* --- the body: a JSON object, fields as given, no spaces, only what must be is escaped */

/* Bytes of the character at `s`, 0 if they are not UTF-8 (RFC 3629: no surrogates, no overlong forms). */
static size_t
utf8_len(const uint8_t *s, size_t left)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;

	if (n == 0 || s[0] > 0xF4 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
	    (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
		return 0;
	return n;
}

static void
put_ascii(struct writer *b, const char *s)
{
	put_bytes(b, s, strlen(s));
}

static void
put_escaped(struct writer *b, uint8_t c)
{
	char hex[3];

	if (c == '"' || c == '\\') {
		put_u8(b, '\\');
		put_u8(b, c);
		return;
	}
	hex_encode(&c, 1, hex);
	put_ascii(b, "\\u00");
	put_ascii(b, hex);
}

/* False if the text is not UTF-8. */
static bool
put_string(struct writer *b, const uint8_t *s, size_t len)
{
	put_u8(b, '"');
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_len(s + i, len - i);
		if (n == 0)
			return false;
		if (s[i] < 0x20 || s[i] == '"' || s[i] == '\\' || s[i] == 0x7F)
			put_escaped(b, s[i]);
		else
			put_bytes(b, s + i, n);
	}
	put_u8(b, '"');
	return true;
}

static void
put_hex(struct writer *b, const uint8_t *p, size_t len)
{
	char two[3];

	put_u8(b, '"');
	for (size_t i = 0; i < len; i++) {
		hex_encode(p + i, 1, two);
		put_bytes(b, two, 2);
	}
	put_u8(b, '"');
}

static void
put_int(struct writer *b, int64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do {
		digits[--at] = (char)('0' + u % 10);
		u /= 10;
	} while (u > 0);
	if (v < 0)
		put_u8(b, '-');
	put_bytes(b, digits + at, sizeof(digits) - at);
}

static bool
put_field(struct writer *b, const struct journal_field *f)
{
	put_u8(b, '"');
	put_ascii(b, f->name);
	put_ascii(b, "\":");
	switch (f->type) {
	case JOURNAL_INT:
		put_int(b, f->num);
		return true;
	case JOURNAL_BOOL:
		put_ascii(b, f->num != 0 ? "true" : "false");
		return true;
	case JOURNAL_HEX:
	case JOURNAL_STR:
	default:
		break;
	}
	if (f->bytes == NULL)
		put_ascii(b, "null");
	else if (f->type == JOURNAL_HEX)
		put_hex(b, f->bytes, f->len);
	else
		return put_string(b, f->bytes, f->len);
	return true;
}

enum err
journal_body(const struct journal_field *fields, size_t count, char *out, size_t cap, size_t *len,
    struct why *w)
{
	struct writer b = writer_over((uint8_t *)out, cap);

	put_u8(&b, '{');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			put_u8(&b, ',');
		if (!put_field(&b, &fields[i]))
			return why_set(w, ERR_FORMAT, MSG_STORE_JOURNAL_TEXT, WHY_CODE(fields[i].name));
	}
	put_u8(&b, '}');
	put_u8(&b, '\0');
	*len = b.len - 1;
	if (b.overflow)
		return why_set(w, ERR_LEN, MSG_STORE_JOURNAL_LONG, WHY_CODE(fields[0].name));
	return ERR_OK;
}

/* --- rows */

enum err
store_journal_head(struct store *s, int64_t *seq, uint8_t hash[STORE_HASH_LEN], struct why *w)
{
	struct query q = query_on(&s->db, SQL_JOURNAL_HEAD);
	enum err e = query_row(&q, ERR_DB_DAMAGED, w);

	*seq = 0;
	memset(hash, 0, STORE_HASH_LEN);
	if (e != ERR_OK)
		return e;
	*seq = column_int(&q, 0);
	(void)column_blob(&q, 1, hash, STORE_HASH_LEN);
	query_done(&q);
	return ERR_OK;
}

enum err
journal_has(struct store *s, const uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct query q = query_on(&s->db, SQL_JOURNAL_HAS);
	enum err e;

	bind_blob(&q, event, STORE_EVENT_LEN);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e == ERR_NOT_FOUND)
		return why_set(w, e, MSG_STORE_NO_EVENT, WHY_CODE(event_text(event).hex));
	if (e == ERR_OK)
		query_done(&q);
	return e;
}

static enum err
refuse_repeat(struct store *s, const uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct why none;
	enum err e = journal_has(s, event, &none);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_OK)
		return why_set(w, ERR_DUPLICATE, MSG_STORE_TAKEN, WHY_CODE(event_text(event).hex));
	if (w != NULL)
		*w = none;
	return e;
}

static enum err
insert_row(struct store *s, const struct journal_row *row, struct why *w)
{
	struct query q = query_on(&s->db, SQL_JOURNAL_INSERT);
	enum err e;

	bind_int(&q, row->seq);
	bind_blob(&q, row->event, STORE_EVENT_LEN);
	bind_text(&q, row->kind);
	bind_int(&q, row->at_ms);
	bind_text(&q, row->body);
	bind_blob(&q, row->prev, STORE_HASH_LEN);
	bind_blob(&q, row->hash, STORE_HASH_LEN);
	e = query_run(&q, w);
	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_JOURNAL_ADVANCE);
	bind_int(&q, row->seq);
	bind_blob(&q, row->hash, STORE_HASH_LEN);
	return query_run(&q, w);
}

enum err
store_journal_append(struct store *s, const struct journal_entry *in, struct why *w)
{
	char body[JOURNAL_BODY_CAP];
	struct journal_row row = {.kind = in->kind, .at_ms = in->at_ms, .body = body};
	size_t len;
	enum err e = store_changing(s, w);

	if (e != ERR_OK)
		return e;
	if (in->kind[0] == '\0' || strlen(in->kind) >= JOURNAL_KIND_CAP)
		return why_set(w, ERR_LEN, MSG_STORE_JOURNAL_LONG, WHY_CODE(in->kind));
	e = journal_body(in->fields, in->field_count, body, sizeof(body), &len, w);
	if (e == ERR_OK)
		e = refuse_repeat(s, in->event, w);
	if (e == ERR_OK)
		e = store_journal_head(s, &row.seq, row.prev, w);
	if (e != ERR_OK)
		return e;
	row.seq++;
	memcpy(row.event, in->event, sizeof(row.event));
	journal_hash(s->sha256, &row, row.hash);
	e = insert_row(s, &row, w);
	if (e == ERR_OK && s->awaiting && memcmp(s->awaited, in->event, sizeof(s->awaited)) == 0)
		s->awaiting = false;
	return e;
}

/* A text column; NULL if it is longer than its first NUL, which nothing here writes. */
static const char *
whole_text(const struct query *q, int i)
{
	const char *s = (const char *)sqlite3_column_text(q->st, i);

	return s != NULL && strlen(s) == (size_t)sqlite3_column_bytes(q->st, i) ? s : NULL;
}

/* False for a row no program of ours wrote. */
static bool
read_row(const struct query *q, struct journal_row *row)
{
	size_t event = column_blob(q, 1, row->event, sizeof(row->event));
	size_t prev = column_blob(q, 5, row->prev, sizeof(row->prev));
	size_t hash = column_blob(q, 6, row->hash, sizeof(row->hash));

	row->seq = column_int(q, 0);
	row->kind = whole_text(q, 2);
	row->at_ms = column_int(q, 3);
	row->body = whole_text(q, 4);
	return row->kind != NULL && row->body != NULL && event == (size_t)sqlite3_column_bytes(q->st, 1) &&
	    event == sizeof(row->event) && prev == sizeof(row->prev) && hash == sizeof(row->hash);
}

enum err
store_journal_walk(struct store *s, int64_t from_seq, journal_visit visit, void *ctx,
    struct why *w)
{
	struct query q = query_on(&s->db, SQL_JOURNAL_WALK);
	struct journal_row row;
	bool more;
	enum err e;

	bind_int(&q, from_seq);
	e = query_step(&q, &more, w);
	while (e == ERR_OK && more) {
		if (!read_row(&q, &row)) {
			e = why_set(w, ERR_DB_DAMAGED, MSG_STORE_CHAIN_BROKEN, WHY_NUM(row.seq));
			break;
		}
		if (!visit(&row, ctx))
			break;
		e = query_step(&q, &more, w);
	}
	query_done(&q);
	return e;
}

struct verifier {
	store_sha256 sha256;
	int64_t seq;
	uint8_t prev[STORE_HASH_LEN];
	bool broken;
};

static bool
verify_row(const struct journal_row *row, void *ctx)
{
	struct verifier *v = ctx;
	uint8_t hash[STORE_HASH_LEN];

	journal_hash(v->sha256, row, hash);
	v->seq++;
	v->broken = row->seq != v->seq || memcmp(row->prev, v->prev, STORE_HASH_LEN) != 0 ||
	    memcmp(row->hash, hash, STORE_HASH_LEN) != 0;
	memcpy(v->prev, hash, STORE_HASH_LEN);
	return !v->broken;
}

enum err
store_journal_verify(struct store *s, struct why *w)
{
	struct verifier v = {.sha256 = s->sha256};
	uint8_t head[STORE_HASH_LEN];
	int64_t seq;
	bool began;
	enum err e = store_snapshot_begin(s, &began, w);

	if (e == ERR_OK)
		e = store_journal_head(s, &seq, head, w);
	if (e == ERR_OK)
		e = store_journal_walk(s, INT64_MIN, verify_row, &v, w);
	store_snapshot_end(s, began);
	if (e != ERR_OK)
		return e;
	if (v.broken)
		return why_set(w, ERR_DB_DAMAGED, MSG_STORE_CHAIN_BROKEN, WHY_NUM(v.seq));
	if (v.seq != seq || memcmp(v.prev, head, STORE_HASH_LEN) != 0)
		return why_set(w, ERR_DB_DAMAGED, MSG_STORE_CHAIN_CUT, WHY_NUM(v.seq), WHY_NUM(seq));
	return ERR_OK;
}
