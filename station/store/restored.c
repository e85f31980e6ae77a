#include "station/store/restored.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "station/store/own.h"

/* --- the copy */

static enum err
copy_pages(struct store *s, sqlite3 *to, struct why *w)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", s->db.h, "main");
	int rc;

	if (b == NULL)
		return db_fail(&s->db, sqlite3_errcode(to), w);
	/* all in one step: in WAL mode nobody waits for a reader, and no page can change between two steps */
	errno = 0;
	rc = sqlite3_backup_step(b, -1);
	(void)sqlite3_backup_finish(b);
	return rc == SQLITE_DONE ? ERR_OK : db_fail(&s->db, rc, w);
}

/* One file: without a log beside it. */
static enum err
settle_copy(const struct db *to, struct why *w)
{
	return db_exec(to, "PRAGMA journal_mode=DELETE", w);
}

enum err
store_copy(struct store *s, const char *path, struct why *w)
{
	struct db to = {.path = s->db.path};
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc;
	enum err e;

	if (fd < 0 && errno == EEXIST)
		return why_set(w, ERR_DUPLICATE, MSG_FILE_EXISTS, WHY_CODE(path));
	if (fd < 0)
		return why_errno(w, errno, path);
	(void)close(fd);
	rc = sqlite3_open_v2(path, &to.h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	e = rc == SQLITE_OK ? copy_pages(s, to.h, w) : db_fail(&to, rc, w);
	if (e == ERR_OK)
		e = settle_copy(&to, w);
	(void)sqlite3_close(to.h);
	if (e != ERR_OK)
		(void)unlink(path);
	return e;
}

/* --- incarnations */

enum err
store_incarnation_prefix(struct store *s, uint8_t prefix[STORE_PREFIX_LEN], struct why *w)
{
	struct query q = query_on(&s->db, SQL_EVENT_GET);
	enum err e = query_row(&q, ERR_DB_DAMAGED, w);

	memset(prefix, 0, STORE_PREFIX_LEN);
	if (e != ERR_OK)
		return e;
	(void)column_blob(&q, 1, prefix, STORE_PREFIX_LEN);
	query_done(&q);
	return ERR_OK;
}

enum err
store_incarnation_close(struct store *s, const struct store_closed *c,
    const uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_CLOSED_INSERT);
	bind_blob(&q, c->prefix, sizeof(c->prefix));
	bind_int(&q, c->last_seq);
	bind_blob(&q, c->last_hash, sizeof(c->last_hash));
	bind_int(&q, c->known_seq);
	bind_blob(&q, c->known_hash, sizeof(c->known_hash));
	bind_int(&q, c->at_ms);
	bind_blob(&q, event, STORE_EVENT_LEN);
	return query_run(&q, w);
}

enum err
store_closed_get(struct store *s, const uint8_t prefix[STORE_PREFIX_LEN], struct store_closed *out,
    struct why *w)
{
	struct query q = query_on(&s->db, SQL_CLOSED_GET);
	enum err e;

	memset(out, 0, sizeof(*out));
	bind_blob(&q, prefix, STORE_PREFIX_LEN);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e != ERR_OK)
		return e;
	memcpy(out->prefix, prefix, sizeof(out->prefix));
	out->last_seq = column_int(&q, 0);
	(void)column_blob(&q, 1, out->last_hash, sizeof(out->last_hash));
	out->known_seq = column_int(&q, 2);
	(void)column_blob(&q, 3, out->known_hash, sizeof(out->known_hash));
	out->at_ms = column_int(&q, 4);
	query_done(&q);
	return ERR_OK;
}

enum err
store_was_restored(struct store *s, bool *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_CLOSED_ANY);
	enum err e = query_row(&q, ERR_NOT_FOUND, w);

	*out = e == ERR_OK;
	if (e == ERR_OK)
		query_done(&q);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
store_journal_hash_at(struct store *s, int64_t seq, uint8_t hash[STORE_HASH_LEN], struct why *w)
{
	struct query q = query_on(&s->db, SQL_JOURNAL_HASH);
	enum err e;

	memset(hash, 0, STORE_HASH_LEN);
	bind_int(&q, seq);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e != ERR_OK)
		return e;
	(void)column_blob(&q, 0, hash, STORE_HASH_LEN);
	query_done(&q);
	return ERR_OK;
}

/* --- adopted cards */

enum err
store_adoption_add(struct store *s, const struct store_adoption *a, struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_ADOPTION_INSERT);
	bind_blob(&q, a->event, sizeof(a->event));
	bind_int(&q, (int64_t)a->card);
	bind_int(&q, a->known ? 1 : 0);
	bind_int(&q, a->from_sequence);
	bind_int(&q, a->sequence);
	bind_int(&q, a->amount);
	bind_int(&q, a->unit);
	bind_int(&q, a->at_ms);
	return query_run(&q, w);
}

static void
read_adoption(const struct query *q, struct store_adoption *a)
{
	memset(a, 0, sizeof(*a));
	(void)column_blob(q, 0, a->event, sizeof(a->event));
	a->card = (uint64_t)column_int(q, 1);
	a->known = column_int(q, 2) != 0;
	a->from_sequence = (uint32_t)column_int(q, 3);
	a->sequence = (uint32_t)column_int(q, 4);
	a->amount = column_int(q, 5);
	a->unit = (uint16_t)column_int(q, 6);
	a->at_ms = column_int(q, 7);
}

enum err
store_adoptions_open(struct store *s, uint64_t card, adoption_visit visit, void *ctx, struct why *w)
{
	struct query q = query_on(&s->db, SQL_ADOPTIONS_OPEN);
	struct store_adoption a;
	bool more;
	enum err e;

	bind_int(&q, (int64_t)card);
	e = query_step(&q, &more, w);
	while (e == ERR_OK && more) {
		read_adoption(&q, &a);
		if (!visit(&a, ctx))
			break;
		e = query_step(&q, &more, w);
	}
	query_done(&q);
	return e;
}

enum err
store_adoptions_review(struct store *s, uint64_t card, const uint8_t by[STORE_EVENT_LEN], int64_t *n,
    struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	*n = 0;
	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_ADOPTIONS_REVIEW);
	bind_int(&q, (int64_t)card);
	bind_blob(&q, by, STORE_EVENT_LEN);
	e = query_run(&q, w);
	if (e == ERR_OK)
		*n = sqlite3_changes(s->db.h);
	return e;
}
