#include "station/store/member.h"

#include <string.h>

#include "station/store/own.h"

static const char *
or_null(const char *s)
{
	return s == NULL || s[0] == '\0' ? NULL : s;
}

static void
read_member(const struct query *q, struct store_member *m)
{
	m->id = (uint32_t)column_int(q, 0);
	column_text(q, 1, m->name, sizeof(m->name));
	column_text(q, 2, m->fold, sizeof(m->fold));
	column_text(q, 3, m->phone, sizeof(m->phone));
	m->tier = (uint8_t)column_int(q, 4);
	m->created_ms = column_int(q, 5);
}

enum err
store_member_insert(struct store *s, const struct store_member *m, struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_MEMBER_INSERT);
	bind_int(&q, m->id);
	bind_text(&q, m->name);
	bind_text(&q, m->fold);
	bind_text(&q, or_null(m->phone));
	bind_int(&q, m->tier);
	bind_int(&q, m->created_ms);
	return query_run(&q, w);
}

static enum err
no_member(enum err e, uint32_t id, struct why *w)
{
	return e == ERR_NOT_FOUND ? why_set(w, e, MSG_STORE_NO_MEMBER, WHY_NUM(id)) : e;
}

enum err
store_member_get(struct store *s, uint32_t id, struct store_member *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_MEMBER_GET);
	enum err e;

	memset(out, 0, sizeof(*out));
	bind_int(&q, id);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e != ERR_OK)
		return no_member(e, id, w);
	read_member(&q, out);
	query_done(&q);
	return ERR_OK;
}

enum err
store_member_set_tier(struct store *s, uint32_t id, uint8_t tier, struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_MEMBER_SET_TIER);
	bind_int(&q, id);
	bind_int(&q, tier);
	e = query_run(&q, w);
	return no_member(e == ERR_OK && sqlite3_changes(s->db.h) == 0 ? ERR_NOT_FOUND : e, id, w);
}

enum err
store_member_same(struct store *s, const char *fold, const char *phone, uint32_t *id,
    struct why *w)
{
	struct query q = query_on(&s->db, SQL_MEMBER_SAME);
	enum err e;

	*id = 0;
	bind_text(&q, fold);
	bind_text(&q, or_null(phone));
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e != ERR_OK)
		return no_member(e, 0, w);
	*id = (uint32_t)column_int(&q, 0);
	query_done(&q);
	return ERR_OK;
}

static enum err
visit_all(struct store *s, unsigned statement, const char *by, member_visit visit, void *ctx,
    struct why *w)
{
	struct query q = query_on(&s->db, statement);
	struct store_member m;
	bool more;
	enum err e;

	bind_text(&q, by);
	e = query_step(&q, &more, w);
	while (e == ERR_OK && more) {
		read_member(&q, &m);
		if (!visit(&m, ctx))
			break;
		e = query_step(&q, &more, w);
	}
	query_done(&q);
	return e;
}

enum err
store_members_by_name(struct store *s, const char *fold_part, member_visit visit, void *ctx,
    struct why *w)
{
	return visit_all(s, SQL_MEMBERS_BY_NAME, fold_part, visit, ctx, w);
}

enum err
store_members_by_phone(struct store *s, const char *phone, member_visit visit, void *ctx,
    struct why *w)
{
	return visit_all(s, SQL_MEMBERS_BY_PHONE, phone, visit, ctx, w);
}
