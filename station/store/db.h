/*
 * Private to station/store: one SQLite connection with its closed table of
 * statements, prepared once and called by index, parameters always bound.
 */
#ifndef STATION_STORE_DB_H
#define STATION_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

#define DB_STATEMENTS_CAP 128

struct db {
	sqlite3 *h;
	char *path;
	const char *const *texts;	/* the statements, by index */
	sqlite3_stmt *cache[DB_STATEMENTS_CAP];
	unsigned busy_ms;		/* how long to wait for another program */
	int64_t busy_until_ns;		/* the end of the wait that goes on */
};

struct db_schema {
	int32_t application_id;
	const char *const *const *migrations;	/* number n is migrations[n - 1], a NULL-ended list */
	int count;
};

struct db_options {
	unsigned busy_ms;
	bool create;
	bool read_only;
	unsigned mode;			/* permissions of a file made here */
	const char *const *pragmas;	/* run once the file is known to be ours; NULL-ended */
	const char *const *texts;
};

/* Open, recognise, refuse what is newer or foreign, bring up to date. `db` is zeroed by it and stays where it is; db_close always. */
enum err db_open(struct db *db, const char *path, const struct db_schema *schema,
    const struct db_options *opts, struct why *w);
void db_close(struct db *db);

/* SQLite's answer as ours. */
enum err db_fail(const struct db *db, int rc, struct why *w);
/* Run SQL that is text of this room: schema, pragmas, BEGIN. */
enum err db_exec(const struct db *db, const char *sql, struct why *w);
enum err db_pragma_int(const struct db *db, const char *sql, int64_t *out, struct why *w);

/*
 * One use of a statement: bind in order, step, read columns, done. Errors of
 * preparing and binding are kept and come out of query_step. Bytes are borrowed until query_done.
 */
struct query {
	struct db *db;
	sqlite3_stmt *st;
	int rc;
	int bound;
	bool own;	/* the cached one was busy */
};

struct query query_on(struct db *db, unsigned statement);
void bind_int(struct query *q, int64_t v);
void bind_text(struct query *q, const char *s);			/* NULL binds NULL */
void bind_blob(struct query *q, const void *p, size_t len);	/* p NULL binds NULL */
/* *row tells whether there is a row to read. */
enum err query_step(struct query *q, bool *row, struct why *w);
void query_done(struct query *q);
/* For statements that answer nothing: step and done. */
enum err query_run(struct query *q, struct why *w);
/* The one row there must be; on ERR_OK columns may be read and query_done is the caller's, otherwise it is done. No row: `none`, with nothing in w. */
enum err query_row(struct query *q, enum err none, struct why *w);

int64_t column_int(const struct query *q, int i);
/* "" for NULL; cut to cap. */
void column_text(const struct query *q, int i, char *out, size_t cap);
/* Bytes copied, at most cap; the rest of `out` is zeroed. */
size_t column_blob(const struct query *q, int i, void *out, size_t cap);

#endif
