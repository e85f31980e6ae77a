#include "station/store/view.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "station/store/ledger.h"
#include "station/store/own.h"

#define VIEW_BUSY_MS 2000

enum view_sql { VIEW_PUT, VIEW_LOOKUP, VIEW_SQL_COUNT };

static const char *const texts[VIEW_SQL_COUNT] = {
	[VIEW_PUT] = "INSERT OR REPLACE INTO card VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[VIEW_LOOKUP] = "SELECT open, tier, balance, unit, valid_to, as_of, test, in_doubt FROM card"
			" WHERE hash = ?1",
};

static const char *const first[] = {
	"CREATE TABLE card(hash BLOB PRIMARY KEY CHECK(length(hash) = 32), open INTEGER NOT NULL,"
	" tier TEXT NOT NULL, balance INTEGER NOT NULL, unit INTEGER NOT NULL,"
	" valid_to INTEGER NOT NULL, as_of INTEGER NOT NULL, test INTEGER NOT NULL,"
	" in_doubt INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
	NULL,
};

static const char *const *const migrations[] = {first};

static const struct db_schema schema = {
	VIEW_APPLICATION_ID, migrations, (int)(sizeof(migrations) / sizeof(migrations[0])),
};

static const char *const write_pragmas[] = {
	"PRAGMA trusted_schema=OFF",
	"PRAGMA synchronous=FULL",
	"PRAGMA journal_mode=TRUNCATE",
	NULL,
};

static const char *const read_pragmas[] = {
	"PRAGMA trusted_schema=OFF",
	"PRAGMA query_only=ON",
	NULL,
};

struct view {
	struct db db;
};

static enum err
open_view(const char *path, const struct db_options *how, struct view **out, struct why *w)
{
	struct view *v = calloc(1, sizeof(*v));
	enum err e;

	*out = NULL;
	if (v == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = db_open(&v->db, path, &schema, how, w);
	if (e != ERR_OK) {
		view_close(&v);
		return e;
	}
	*out = v;
	return ERR_OK;
}

enum err
view_open_write(const char *path, struct view **out, struct why *w)
{
	const struct db_options how = {
		.busy_ms = VIEW_BUSY_MS,
		.create = true,
		.mode = 0640,
		.pragmas = write_pragmas,
		.texts = texts,
	};

	return open_view(path, &how, out, w);
}

enum err
view_open_read(const char *path, struct view **out, struct why *w)
{
	const struct db_options how = {
		.busy_ms = VIEW_BUSY_MS,
		.read_only = true,
		.pragmas = read_pragmas,
		.texts = texts,
	};

	return open_view(path, &how, out, w);
}

void
view_close(struct view **v)
{
	if (*v == NULL)
		return;
	db_close(&(*v)->db);
	free(*v);
	*v = NULL;
}

enum err
view_put(struct view *v, const uint8_t hash[VIEW_HASH_LEN], const struct view_card *c,
    struct why *w)
{
	struct query q = query_on(&v->db, VIEW_PUT);

	bind_blob(&q, hash, VIEW_HASH_LEN);
	bind_int(&q, c->open);
	bind_text(&q, c->tier_id);
	bind_int(&q, c->balance);
	bind_int(&q, c->unit);
	bind_int(&q, c->valid_to_day);
	bind_int(&q, c->as_of_ms);
	bind_int(&q, c->test);
	bind_int(&q, c->in_doubt);
	return query_run(&q, w);
}

enum err
view_lookup(struct view *v, const uint8_t hash[VIEW_HASH_LEN], struct view_card *out,
    struct why *w)
{
	struct query q = query_on(&v->db, VIEW_LOOKUP);
	enum err e;

	memset(out, 0, sizeof(*out));
	bind_blob(&q, hash, VIEW_HASH_LEN);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e != ERR_OK)
		return e;
	out->open = column_int(&q, 0) != 0;
	column_text(&q, 1, out->tier_id, sizeof(out->tier_id));
	out->balance = column_int(&q, 2);
	out->unit = (uint16_t)column_int(&q, 3);
	out->valid_to_day = (uint16_t)column_int(&q, 4);
	out->as_of_ms = column_int(&q, 5);
	out->test = column_int(&q, 6) != 0;
	out->in_doubt = column_int(&q, 7) != 0;
	query_done(&q);
	return ERR_OK;
}

/* --- from club.db to view.db */

/* What is owed on a card: the credit of the accounts named. */
static enum err
owed(struct store *s, int64_t number, uint16_t unit, const struct view_source *src, int64_t *out,
    struct why *w)
{
	int64_t one;
	enum err e = ERR_OK;

	*out = 0;
	for (size_t i = 0; e == ERR_OK && i < src->kind_count; i++) {
		struct ledger_account a = {src->kinds[i], number, unit};

		e = store_balance(s, &a, &one, w);
		if (e == ERR_OK && __builtin_sub_overflow(*out, one, out))
			e = why_set(w, ERR_RANGE, MSG_STORE_AMOUNT);
	}
	return e;
}

static enum err
carry_row(struct store *s, struct view *v, const struct view_source *src, const struct query *q,
    struct why *w)
{
	struct view_card c = {.test = src->test, .as_of_ms = src->now_ms};
	uint8_t hash[VIEW_HASH_LEN];
	const char *tier = src->tier_id((uint8_t)column_int(q, 3));
	enum err e = ERR_OK;

	(void)column_blob(q, 1, hash, sizeof(hash));
	c.open = column_int(q, 2) != 0;
	/* of a token no longer good, nothing more is told */
	if (c.open) {
		strncpy(c.tier_id, tier == NULL ? "" : tier, sizeof(c.tier_id) - 1);
		c.unit = (uint16_t)column_int(q, 4);
		c.valid_to_day = (uint16_t)column_int(q, 5);
		c.in_doubt = column_int(q, 6) != 0;
		e = owed(s, column_int(q, 0), c.unit, src, &c.balance, w);
	}
	return e == ERR_OK ? view_put(v, hash, &c, w) : e;
}

static enum err
carry_all(struct store *s, struct view *v, const struct view_source *src, struct why *w)
{
	struct query q = query_on(&s->db, SQL_DIRTY_LIST);
	bool more;
	enum err e = query_step(&q, &more, w);

	while (e == ERR_OK && more) {
		e = carry_row(s, v, src, &q, w);
		if (e == ERR_OK)
			e = query_step(&q, &more, w);
	}
	query_done(&q);
	return e;
}

static enum err
fill_view(struct store *s, struct view *v, const struct view_source *src, struct why *w)
{
	enum err e = db_exec(&v->db, "BEGIN IMMEDIATE", w);

	if (e != ERR_OK)
		return e;
	e = carry_all(s, v, src, w);
	if (e == ERR_OK)
		e = db_exec(&v->db, "COMMIT", w);
	if (e != ERR_OK && !sqlite3_get_autocommit(v->db.h))
		(void)db_exec(&v->db, "ROLLBACK", NULL);
	return e;
}

static enum err
anything_noted(struct store *s, bool *noted, struct why *w)
{
	struct query q = query_on(&s->db, SQL_DIRTY_ANY);
	enum err e = query_step(&q, noted, w);

	query_done(&q);
	return e;
}

/* The writer's turn on club.db is kept all the while, so that no note made in between is cleared unread. */
enum err
store_view_flush(struct store *s, struct view *v, const struct view_source *src, struct why *w)
{
	struct query q;
	bool noted;
	enum err e = anything_noted(s, &noted, w);

	assert(!s->in_transaction);
	if (e != ERR_OK || !noted)
		return e;
	e = store_begin(s, w);
	if (e == ERR_OK)
		e = fill_view(s, v, src, w);
	if (e == ERR_OK) {
		q = query_on(&s->db, SQL_DIRTY_CLEAR);
		e = query_run(&q, w);
	}
	if (e == ERR_OK)
		return store_commit(s, w);
	store_rollback(s);
	return e;
}

enum err
store_view_note_all(struct store *s, struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_DIRTY_ALL);
	return query_run(&q, w);
}
