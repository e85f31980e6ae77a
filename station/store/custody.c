#include "station/store/custody.h"

#include <string.h>

#include "station/store/own.h"

enum err
store_custody_add(struct store *s, const struct store_custody *c, struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_CUSTODY_ADD);
	bind_blob(&q, c->event, sizeof(c->event));
	bind_int(&q, c->act);
	bind_int(&q, c->generation);
	bind_blob(&q, c->set, sizeof(c->set));
	bind_int(&q, c->needed);
	bind_int(&q, c->shares);
	bind_int(&q, c->persons);
	bind_text(&q, c->people);
	bind_blob(&q, c->hash, c->shares * sizeof(c->hash[0]));
	bind_blob(&q, c->kcv, c->kcv_len);
	bind_int(&q, c->at_ms);
	return query_run(&q, w);
}

static void
read_row(const struct query *q, struct store_custody *c)
{
	memset(c, 0, sizeof(*c));
	(void)column_blob(q, 0, c->event, sizeof(c->event));
	c->act = (enum custody_act)column_int(q, 1);
	c->generation = (uint16_t)column_int(q, 2);
	(void)column_blob(q, 3, c->set, sizeof(c->set));
	c->needed = (unsigned)column_int(q, 4);
	c->persons = (unsigned)column_int(q, 6);
	column_text(q, 7, c->people, sizeof(c->people));
	c->shares = (unsigned)(column_blob(q, 8, c->hash, sizeof(c->hash)) / sizeof(c->hash[0]));
	c->kcv_len = column_blob(q, 9, c->kcv, sizeof(c->kcv));
	c->at_ms = column_int(q, 10);
}

enum err
store_custody_last(struct store *s, enum custody_act act, uint16_t generation,
    struct store_custody *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_CUSTODY_LAST);
	enum err e;

	bind_int(&q, act);
	bind_int(&q, generation);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e != ERR_OK)
		return e;
	read_row(&q, out);
	query_done(&q);
	return ERR_OK;
}

enum err
store_custody_walk(struct store *s, custody_visit visit, void *ctx, struct why *w)
{
	struct query q = query_on(&s->db, SQL_CUSTODY_ALL);
	struct store_custody c;
	bool more;
	enum err e = query_step(&q, &more, w);

	while (e == ERR_OK && more) {
		read_row(&q, &c);
		if (!visit(&c, ctx))
			break;
		e = query_step(&q, &more, w);
	}
	query_done(&q);
	return e;
}
