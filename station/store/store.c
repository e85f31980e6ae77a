#include "station/store/own.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "station/base/bytes.h"

#define SQL(name, text) text,
static const char *const texts[SQL_COUNT] = {
#include "station/store/sql.def"
};
#undef SQL

_Static_assert(SQL_COUNT <= DB_STATEMENTS_CAP, "the cache holds every statement");

static const char *const pragmas[] = {
	"PRAGMA foreign_keys=ON",
	"PRAGMA recursive_triggers=ON",	/* a REPLACE then asks the triggers of deletes, too */
	"PRAGMA trusted_schema=OFF",
	"PRAGMA cell_size_check=ON",
	"PRAGMA synchronous=FULL",
	"PRAGMA journal_mode=WAL",
	"PRAGMA cache_size=-16000",
	"PRAGMA wal_autocheckpoint=4000",	/* the same pages change again and again: copy them back seldom */
	NULL,
};

enum err
store_open(const char *path, const struct store_options *opts, struct store **out, struct why *w)
{
	struct db_options how = {
		.busy_ms = opts->busy_ms == 0 ? STORE_BUSY_MS : opts->busy_ms,
		.create = opts->create,
		.mode = 0600,
		.pragmas = pragmas,
		.texts = texts,
	};
	struct store *s = calloc(1, sizeof(*s));
	enum err e;

	assert(opts->sha256 != NULL);
	*out = NULL;
	if (s == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	s->sha256 = opts->sha256;
	e = db_open(&s->db, path, &store_schema, &how, w);
	if (e != ERR_OK) {
		store_close(&s);
		return e;
	}
	*out = s;
	return ERR_OK;
}

void
store_close(struct store **s)
{
	if (*s == NULL)
		return;
	store_rollback(*s);
	db_close(&(*s)->db);
	free(*s);
	*s = NULL;
}

/* --- transactions */

enum err
store_begin(struct store *s, struct why *w)
{
	enum err e;

	assert(!s->in_transaction);
	e = db_exec(&s->db, "BEGIN IMMEDIATE", w);
	s->in_transaction = e == ERR_OK;
	s->awaiting = false;
	return e;
}

enum err
store_commit(struct store *s, struct why *w)
{
	enum err e = store_changing(s, w);

	if (e == ERR_OK && s->awaiting)
		e = why_set(w, ERR_NOT_FOUND, MSG_STORE_NO_EVENT, WHY_CODE(event_text(s->awaited).hex));
	if (e == ERR_OK)
		e = db_exec(&s->db, "COMMIT", w);
	if (e != ERR_OK)
		store_rollback(s);
	s->in_transaction = false;
	return e;
}

void
store_rollback(struct store *s)
{
	if (s->in_transaction && !sqlite3_get_autocommit(s->db.h))
		(void)db_exec(&s->db, "ROLLBACK", NULL);
	s->in_transaction = false;
}

bool
store_in_transaction(const struct store *s)
{
	return s->in_transaction;
}

enum err
store_changing(const struct store *s, struct why *w)
{
	assert(s->in_transaction);
	if (sqlite3_get_autocommit(s->db.h))
		return why_set(w, ERR_DB, MSG_STORE_UNDONE);
	return ERR_OK;
}

enum err
store_snapshot_begin(struct store *s, bool *began, struct why *w)
{
	enum err e;

	*began = false;
	if (!sqlite3_get_autocommit(s->db.h))
		return ERR_OK;
	e = db_exec(&s->db, "BEGIN", w);
	*began = e == ERR_OK;
	return e;
}

void
store_snapshot_end(struct store *s, bool began)
{
	if (began)
		(void)db_exec(&s->db, "COMMIT", NULL);
}

/* --- settings */

enum err
store_setting_get(struct store *s, const char *key, char *out, size_t cap, struct why *w)
{
	struct query q = query_on(&s->db, SQL_SETTING_GET);
	enum err e;

	out[0] = '\0';
	bind_text(&q, key);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e == ERR_NOT_FOUND)
		return why_set(w, e, MSG_STORE_NO_SETTING, WHY_CODE(key));
	if (e != ERR_OK)
		return e;
	if ((size_t)sqlite3_column_bytes(q.st, 0) >= cap)
		e = why_set(w, ERR_LEN, MSG_STORE_SETTING_LONG, WHY_CODE(key));
	else
		column_text(&q, 0, out, cap);
	query_done(&q);
	return e;
}

enum err
store_setting_put(struct store *s, const char *key, const char *value, struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_SETTING_PUT);
	bind_text(&q, key);
	bind_text(&q, value);
	return query_run(&q, w);
}

/* --- identity and numbers */

enum err
store_incarnation_begin(struct store *s, const uint8_t prefix[STORE_PREFIX_LEN], int64_t at_ms,
    struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_INCARNATION_ADD);
	bind_blob(&q, prefix, STORE_PREFIX_LEN);
	bind_int(&q, at_ms);
	e = query_run(&q, NULL);
	if (e != ERR_OK) {
		bool used = sqlite3_extended_errcode(s->db.h) == SQLITE_CONSTRAINT_TRIGGER;

		return used ? why_set(w, ERR_DUPLICATE, MSG_STORE_PREFIX_USED) :
			      db_fail(&s->db, sqlite3_extended_errcode(s->db.h), w);
	}
	q = query_on(&s->db, SQL_INCARNATION_SET);
	bind_blob(&q, prefix, STORE_PREFIX_LEN);
	return query_run(&q, w);
}

enum err
store_range_set(struct store *s, enum store_counter which, struct store_range range,
    struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	if (e != ERR_OK)
		return e;
	if (range.first < 1 || range.last < range.first || range.last == INT64_MAX)
		return why_set(w, ERR_RANGE, MSG_STORE_RANGE_BAD, WHY_NUM(range.first),
		    WHY_NUM(range.last));
	q = query_on(&s->db, which == STORE_SERIALS ? SQL_SERIALS_SET : SQL_MEMBERS_SET);
	bind_int(&q, range.first);
	bind_int(&q, range.last);
	return query_run(&q, w);
}

/* The next number of a counter is first in the row of `get`; it is taken by `step`. The query is done by the caller. */
static enum err
take_next(struct store *s, unsigned get, unsigned step, struct query *row, int64_t *next,
    struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	*next = 0;
	if (e != ERR_OK)
		return e;
	*row = query_on(&s->db, get);
	e = query_row(row, ERR_DB_DAMAGED, w);
	if (e != ERR_OK)
		return e;
	*next = column_int(row, 0);
	q = query_on(&s->db, step);
	e = query_run(&q, w);
	if (e != ERR_OK)
		query_done(row);
	return e;
}

enum err
store_range_next(struct store *s, enum store_counter which, int64_t *out, struct why *w)
{
	bool serials = which == STORE_SERIALS;
	struct query row;
	int64_t last;
	enum err e = take_next(s, serials ? SQL_SERIALS_GET : SQL_MEMBERS_GET,
	    serials ? SQL_SERIALS_STEP : SQL_MEMBERS_STEP, &row, out, w);

	if (e != ERR_OK)
		return e;
	last = column_int(&row, 1);
	query_done(&row);
	if (*out <= last)
		return ERR_OK;
	*out = 0;
	return why_set(w, ERR_RANGE, serials ? MSG_STORE_SERIALS_USED_UP : MSG_STORE_MEMBERS_USED_UP,
	    WHY_NUM(last));
}

enum err
store_event_next(struct store *s, uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct writer to = writer_over(event, STORE_EVENT_LEN);
	uint8_t prefix[STORE_PREFIX_LEN];
	struct query row;
	int64_t n;
	size_t len;
	enum err e = take_next(s, SQL_EVENT_GET, SQL_EVENT_STEP, &row, &n, w);

	memset(event, 0, STORE_EVENT_LEN);
	if (e != ERR_OK)
		return e;
	len = column_blob(&row, 1, prefix, sizeof(prefix));
	query_done(&row);
	if (len == 0)
		return why_set(w, ERR_NOT_FOUND, MSG_STORE_NO_INCARNATION);
	if (n > UINT32_MAX)
		return why_set(w, ERR_RANGE, MSG_STORE_EVENTS_USED_UP);
	put_bytes(&to, prefix, sizeof(prefix));
	put_be32(&to, (uint32_t)n);
	return ERR_OK;
}

struct card_text
card_text(uint64_t number)
{
	struct card_text t;

	(void)snprintf(t.digits, sizeof(t.digits), "%016llu", (unsigned long long)number);
	return t;
}

struct event_text
event_text(const uint8_t event[STORE_EVENT_LEN])
{
	struct event_text t;

	hex_encode(event, STORE_EVENT_LEN, t.hex);
	return t;
}
