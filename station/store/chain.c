#include "station/store/chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "station/store/own.h"

/* Run; a trigger's no is `taken` with its sentence. */
static enum err
run_or(struct store *s, struct query *q, enum err taken, enum msg id, struct why_in fact, struct why *w)
{
	int rc;

	if (query_run(q, NULL) == ERR_OK)
		return ERR_OK;
	rc = sqlite3_extended_errcode(s->db.h);
	return rc == SQLITE_CONSTRAINT_TRIGGER ? why_set(w, taken, id, fact) : db_fail(&s->db, rc, w);
}

/* --- certificates */

enum err
store_certificate_put(struct store *s, const struct store_certificate *c,
    const uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	char serial[16];
	struct query q;
	enum err e = store_changing(s, w);

	if (e == ERR_OK)
		e = journal_has(s, event, w);
	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_CERTIFICATE_INSERT);
	bind_int(&q, c->serial);
	bind_int(&q, c->station);
	bind_blob(&q, c->signer, sizeof(c->signer));
	bind_int(&q, c->first);
	bind_int(&q, c->count);
	bind_blob(&q, c->bytes, sizeof(c->bytes));
	bind_blob(&q, event, STORE_EVENT_LEN);
	(void)snprintf(serial, sizeof(serial), "%u", (unsigned)c->serial);
	return run_or(s, &q, ERR_DUPLICATE, MSG_STORE_TAKEN, WHY_CODE(serial), w);
}

static enum err
visit_certificates(struct query *q, certificate_visit visit, void *ctx, struct why *w)
{
	uint8_t bytes[STORE_CERT_LEN];
	bool more;
	enum err e = query_step(q, &more, w);

	while (e == ERR_OK && more) {
		(void)column_blob(q, 0, bytes, sizeof(bytes));
		if (!visit(bytes, ctx))
			break;
		e = query_step(q, &more, w);
	}
	query_done(q);
	return e;
}

enum err
store_certificates(struct store *s, certificate_visit visit, void *ctx, struct why *w)
{
	struct query q = query_on(&s->db, SQL_CERTIFICATES_ALL);

	return visit_certificates(&q, visit, ctx, w);
}

enum err
store_certificates_of(struct store *s, const uint8_t signer[STORE_SIGNER_LEN], certificate_visit visit,
    void *ctx, struct why *w)
{
	struct query q = query_on(&s->db, SQL_CERTIFICATES_OF);

	bind_blob(&q, signer, STORE_SIGNER_LEN);
	return visit_certificates(&q, visit, ctx, w);
}

/* --- lists */

enum err
store_list_get(struct store *s, int kind, struct store_list *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_LIST_GET);
	uint8_t *bytes;
	size_t len;
	enum err e;

	memset(out, 0, sizeof(*out));
	bind_int(&q, kind);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e == ERR_NOT_FOUND)
		return why_set(w, e, MSG_STORE_NO_LIST);
	if (e != ERR_OK)
		return e;
	len = (size_t)sqlite3_column_bytes(q.st, 3);
	bytes = malloc(len + 1);
	if (bytes == NULL) {
		query_done(&q);
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	}
	out->number = (uint32_t)column_int(&q, 0);
	out->dated = (uint32_t)column_int(&q, 1);
	(void)column_blob(&q, 2, out->hash, sizeof(out->hash));
	out->len = column_blob(&q, 3, bytes, len);
	out->bytes = bytes;
	query_done(&q);
	return ERR_OK;
}

void
store_list_free(struct store_list *l)
{
	free((void *)(uintptr_t)l->bytes);
	memset(l, 0, sizeof(*l));
}

enum err
store_list_put(struct store *s, int kind, const struct store_list *l,
    const uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	uint8_t hash[STORE_HASH_LEN];
	struct query q;
	enum err e = store_changing(s, w);

	if (e == ERR_OK)
		e = journal_has(s, event, w);
	if (e != ERR_OK)
		return e;
	s->sha256(l->bytes, l->len, hash);
	q = query_on(&s->db, SQL_LIST_PUT);
	bind_int(&q, kind);
	bind_int(&q, l->number);
	bind_int(&q, l->dated);
	bind_blob(&q, hash, sizeof(hash));
	bind_blob(&q, l->bytes, l->len);
	bind_blob(&q, event, STORE_EVENT_LEN);
	return run_or(s, &q, ERR_REFUSED, MSG_STORE_TAKEN, WHY_CODE("list"), w);
}

/* --- what a journal vouches for */

static enum err
check_head(struct store *s, int64_t seq, const uint8_t hash[STORE_HASH_LEN], struct why *w)
{
	struct query q = query_on(&s->db, SQL_JOURNAL_HASH_AT);
	uint8_t here[STORE_HASH_LEN];
	enum err e;

	bind_int(&q, seq);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e != ERR_OK)
		return e;
	(void)column_blob(&q, 0, here, sizeof(here));
	query_done(&q);
	return memcmp(here, hash, sizeof(here)) == 0 ? ERR_OK : ERR_NOT_FOUND;
}

enum err
store_record_written(struct store *s, uint64_t card, const uint8_t record[STORE_RECORD_LEN],
    int64_t seq, const uint8_t hash[STORE_HASH_LEN], struct why *w)
{
	struct query q;
	enum err e = check_head(s, seq, hash, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_INTENT_WROTE);
	bind_int(&q, (int64_t)card);
	bind_blob(&q, record, STORE_RECORD_LEN);
	bind_int(&q, seq);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e == ERR_OK)
		query_done(&q);
	return e;
}
