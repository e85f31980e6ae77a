#include "station/store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "station/base/clock.h"

#define BUSY_FIRST_NS 5000	/* the kernel adds some 50 us of its own */
#define BUSY_LAST_NS 2000000

/*
 * A write that fails inside COMMIT is not noted by sqlite3_system_errno, but errno still tells; both
 * ways of running SQL clear it first. A file size limit is a full disk to whoever stands before it.
 */
static enum err
fail_io(const struct db *db, struct why *w)
{
	int seen = errno;
	int e = db->h == NULL ? seen : sqlite3_system_errno(db->h);

	if (seen == ENOSPC || seen == EDQUOT)
		e = seen;
	if (seen == EFBIG || e == EFBIG)
		e = ENOSPC;
	return why_errno(w, e == 0 ? EIO : e, db->path);
}

static enum err
fail_constraint(const struct db *db, int rc, struct why *w)
{
	const char *what = sqlite3_errmsg(db->h);

	if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
	    rc == SQLITE_CONSTRAINT_ROWID)
		return why_set(w, ERR_DUPLICATE, MSG_STORE_TAKEN, WHY_CODE(what));
	return why_set(w, ERR_DB, MSG_STORE_RULE, WHY_CODE(what));
}

enum err
db_fail(const struct db *db, int rc, struct why *w)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return why_set(w, ERR_DB_LOCKED, MSG_STORE_LOCKED, WHY_CODE(db->path));
	case SQLITE_FULL:
		return why_errno(w, ENOSPC, db->path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return why_set(w, ERR_DB_DAMAGED, MSG_STORE_DAMAGED, WHY_CODE(db->path));
	case SQLITE_NOMEM:
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return fail_io(db, w);
	case SQLITE_CONSTRAINT:
		return fail_constraint(db, rc, w);
	default:
		return why_set(w, ERR_DB, MSG_STORE_FAILED, WHY_NUM(rc), WHY_CODE(sqlite3_errstr(rc)));
	}
}

enum err
db_exec(const struct db *db, const char *sql, struct why *w)
{
	int rc;

	errno = 0;
	rc = sqlite3_exec(db->h, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? ERR_OK : db_fail(db, rc, w);
}

enum err
db_pragma_int(const struct db *db, const char *sql, int64_t *out, struct why *w)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db->h, sql, -1, &st, NULL);

	*out = 0;
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? ERR_OK : db_fail(db, rc, w);
}

/* --- opening */

/* Make the file with its final permissions before SQLite does. Never touches one that is there: closing
 * a second descriptor would drop the locks this process holds on it. */
static enum err
make_file(const char *path, unsigned mode, struct why *w)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);

	if (fd < 0)
		return errno == EEXIST ? ERR_OK : why_errno(w, errno, path);
	(void)close(fd);
	return ERR_OK;
}

static enum err
damaged(const struct db *db, struct why *w)
{
	return why_set(w, ERR_DB_DAMAGED, MSG_STORE_DAMAGED, WHY_CODE(db->path));
}

/* SQLite rounds a last page cut in its middle up to a whole one; a log beside the file may still hold it. */
static enum err
check_size(const struct db *db, struct why *w)
{
	char wal[4096];
	struct stat st, log;
	int64_t pages, page;
	enum err e = db_pragma_int(db, "PRAGMA page_count", &pages, w);

	if (e == ERR_OK)
		e = db_pragma_int(db, "PRAGMA page_size", &page, w);
	if (e != ERR_OK)
		return e;
	if (stat(db->path, &st) != 0)
		return why_errno(w, errno, db->path);
	(void)snprintf(wal, sizeof(wal), "%s-wal", db->path);
	if (st.st_size >= pages * page || (stat(wal, &log) == 0 && log.st_size > 0))
		return ERR_OK;
	return damaged(db, w);
}

/* Whose file is it, and how old? *version is -1 for one with nothing in it yet. */
static enum err
recognise(const struct db *db, const struct db_schema *schema, int64_t *version, struct why *w)
{
	int64_t application, tables;
	enum err e = db_pragma_int(db, "PRAGMA application_id", &application, w);

	if (e == ERR_OK)
		e = db_pragma_int(db, "PRAGMA user_version", version, w);
	if (e == ERR_OK)
		e = db_pragma_int(db, "SELECT count(*) FROM sqlite_schema", &tables, w);
	if (e == ERR_OK)
		e = check_size(db, w);
	if (e != ERR_OK)
		return e;
	if (application == 0 && *version == 0 && tables == 0) {
		*version = -1;
		return ERR_OK;
	}
	if (application != schema->application_id)
		return damaged(db, w);
	if (*version > schema->count)
		return why_set(w, ERR_DB_NEWER, MSG_STORE_NEWER, WHY_CODE(db->path), WHY_NUM(*version),
		    WHY_NUM(schema->count));
	return *version < 1 ? damaged(db, w) : ERR_OK;
}

/* One migration, unless another process was quicker. The number goes in with the tables. */
static enum err
migrate(const struct db *db, const struct db_schema *schema, int number, struct why *w)
{
	char numbers[96];
	int64_t version;
	enum err e = db_exec(db, "BEGIN IMMEDIATE", w);

	if (e != ERR_OK)
		return e;
	(void)snprintf(numbers, sizeof(numbers), "PRAGMA application_id=%d; PRAGMA user_version=%d",
	    (int)schema->application_id, number);
	e = db_pragma_int(db, "PRAGMA user_version", &version, w);
	if (e == ERR_OK && version < number) {
		for (const char *const *sql = schema->migrations[number - 1]; e == ERR_OK && *sql != NULL; sql++)
			e = db_exec(db, *sql, w);
		if (e == ERR_OK)
			e = db_exec(db, numbers, w);
	}
	if (e == ERR_OK)
		e = db_exec(db, "COMMIT", w);
	if (e != ERR_OK)
		(void)db_exec(db, "ROLLBACK", NULL);
	return e;
}

/* Changing to WAL does not always wait for others as writing does: wait here. */
static enum err
run_pragma(const struct db *db, const char *sql, unsigned busy_ms, struct why *w)
{
	const struct timespec pause = {0, 10000000};
	int rc = SQLITE_BUSY;

	for (unsigned waited = 0; waited <= busy_ms; waited += 10) {
		rc = sqlite3_exec(db->h, sql, NULL, NULL, NULL);
		if (rc != SQLITE_BUSY)
			break;
		(void)nanosleep(&pause, NULL);
	}
	return rc == SQLITE_OK ? ERR_OK : db_fail(db, rc, w);
}

static enum err
settle_in(const struct db *db, const struct db_schema *schema, const struct db_options *opts,
    struct why *w)
{
	int64_t version = 0;
	enum err e = recognise(db, schema, &version, w);

	if (e == ERR_OK && version < 0 && !opts->create)
		e = damaged(db, w);
	for (const char *const *p = opts->pragmas; e == ERR_OK && *p != NULL; p++)
		e = run_pragma(db, *p, opts->busy_ms, w);
	if (opts->read_only)
		return e;
	for (int n = version < 0 ? 1 : (int)version + 1; e == ERR_OK && n <= schema->count; n++)
		e = migrate(db, schema, n, w);
	return e;
}

/*
 * Another desk holds the writer's turn for less than a millisecond: SQLite's own handler sleeps in
 * whole ones. Short sleeps first, each half as long again, up to a limit.
 */
static int
wait_for_turn(void *ctx, int tries)
{
	struct db *db = ctx;
	int64_t now = clock_monotonic_ns(), pause_ns = BUSY_FIRST_NS;

	if (tries == 0)
		db->busy_until_ns = now + (int64_t)db->busy_ms * 1000000;
	if (now >= db->busy_until_ns)
		return 0;
	for (int i = 0; i < tries && pause_ns < BUSY_LAST_NS; i++)
		pause_ns += pause_ns / 2;
	(void)nanosleep(&(struct timespec){0, (long)pause_ns}, NULL);
	return 1;
}

enum err
db_open(struct db *db, const char *path, const struct db_schema *schema,
    const struct db_options *opts, struct why *w)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
	    (opts->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	enum err e = opts->create ? make_file(path, opts->mode, w) : ERR_OK;
	struct stat st;
	int rc;

	memset(db, 0, sizeof(*db));
	if (e != ERR_OK)
		return e;
	if (stat(path, &st) != 0)
		return why_errno(w, errno, path);
	db->texts = opts->texts;
	db->path = strdup(path);
	if (db->path == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	rc = sqlite3_open_v2(path, &db->h, flags, NULL);
	if (rc != SQLITE_OK)
		return db_fail(db, rc, w);
	db->busy_ms = opts->busy_ms;
	(void)sqlite3_busy_handler(db->h, wait_for_turn, db);
	(void)sqlite3_db_config(db->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return settle_in(db, schema, opts, w);
}

void
db_close(struct db *db)
{
	for (size_t i = 0; i < DB_STATEMENTS_CAP; i++)
		(void)sqlite3_finalize(db->cache[i]);
	(void)sqlite3_close(db->h);
	free(db->path);
	memset(db, 0, sizeof(*db));
}

/* --- statements */

struct query
query_on(struct db *db, unsigned statement)
{
	struct query q = {db, db->cache[statement], SQLITE_OK, 0, false};

	assert(statement < DB_STATEMENTS_CAP);
	if (q.st != NULL && !sqlite3_stmt_busy(q.st))
		return q;
	/* a visitor of rows may ask the same question inside: it gets a statement of its own */
	q.own = q.st != NULL;
	q.st = NULL;
	q.rc = sqlite3_prepare_v3(db->h, db->texts[statement], -1,
	    q.own ? 0 : SQLITE_PREPARE_PERSISTENT, &q.st, NULL);
	if (!q.own)
		db->cache[statement] = q.st;
	return q;
}

void
bind_int(struct query *q, int64_t v)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_int64(q->st, ++q->bound, v);
}

void
bind_text(struct query *q, const char *s)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_text(q->st, ++q->bound, s, -1, SQLITE_STATIC);
}

void
bind_blob(struct query *q, const void *p, size_t len)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_blob64(q->st, ++q->bound, p, len, SQLITE_STATIC);
}

enum err
query_step(struct query *q, bool *row, struct why *w)
{
	*row = false;
	errno = 0;
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_step(q->st);
	if (q->rc != SQLITE_ROW && q->rc != SQLITE_DONE)
		return db_fail(q->db, q->rc, w);
	*row = q->rc == SQLITE_ROW;
	q->rc = SQLITE_OK;
	return ERR_OK;
}

void
query_done(struct query *q)
{
	if (q->own) {
		(void)sqlite3_finalize(q->st);
	} else if (q->st != NULL) {
		(void)sqlite3_reset(q->st);
		(void)sqlite3_clear_bindings(q->st);
	}
	q->st = NULL;
}

enum err
query_run(struct query *q, struct why *w)
{
	bool row;
	enum err e = query_step(q, &row, w);

	query_done(q);
	return e;
}

enum err
query_row(struct query *q, enum err none, struct why *w)
{
	bool row;
	enum err e = query_step(q, &row, w);

	if (e == ERR_OK && row)
		return ERR_OK;
	query_done(q);
	return e == ERR_OK ? none : e;
}

int64_t
column_int(const struct query *q, int i)
{
	return sqlite3_column_int64(q->st, i);
}

void
column_text(const struct query *q, int i, char *out, size_t cap)
{
	const unsigned char *s = sqlite3_column_text(q->st, i);

	(void)snprintf(out, cap, "%s", s == NULL ? "" : (const char *)s);
}

size_t
column_blob(const struct query *q, int i, void *out, size_t cap)
{
	const void *p = sqlite3_column_blob(q->st, i);
	size_t len = (size_t)sqlite3_column_bytes(q->st, i);

	memset(out, 0, cap);
	if (p == NULL)
		return 0;
	len = len > cap ? cap : len;
	memcpy(out, p, len);
	return len;
}
