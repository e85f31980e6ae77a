#include "station/store/stock.h"

#include <stdio.h>
#include <string.h>

#include "station/store/journal.h"
#include "station/store/own.h"

static const struct {
	const char *name;
	const char *kind;	/* of the journal row of moving there */
} states[STORE_STOCK_LOT_STATES] = {
	[STORE_STOCK_LOT_RESERVED] = {"reserved", "stock.reserve"},
	[STORE_STOCK_LOT_REGISTERED] = {"registered", "stock.export"},
	[STORE_STOCK_LOT_DELIVERED] = {"delivered", "stock.deliver"},
	[STORE_STOCK_LOT_VOID] = {"void", "stock.void"},
};

const char *
store_stock_lot_state_name(enum store_stock_lot_state st)
{
	return (unsigned)st < STORE_STOCK_LOT_STATES ? states[st].name : "";
}

/* --- lots */

static enum err
journal_lot(struct store *s, const struct store_stock_lot *lot, int64_t at_ms, struct why *w)
{
	const struct card_text first = card_text(lot->first), last = card_text(lot->last);
	const bool hashed = lot->state == STORE_STOCK_LOT_REGISTERED;
	const struct journal_field fields[] = {
		JOURNAL_FIELD_INT("lot", lot->number), JOURNAL_FIELD_INT("count", lot->count),
		JOURNAL_FIELD_STR("first", first.digits), JOURNAL_FIELD_STR("last", last.digits),
		JOURNAL_FIELD_STR("design", lot->design), JOURNAL_FIELD_INT("application", lot->application),
		JOURNAL_FIELD_INT("tier", lot->tier), JOURNAL_FIELD_BOOL("pins", lot->pins),
		JOURNAL_FIELD_HEX("manifest_sha256", hashed ? lot->manifest : NULL, sizeof(lot->manifest)),
	};
	struct journal_entry row = {.kind = states[lot->state].kind, .at_ms = at_ms, .fields = fields,
	    .field_count = sizeof(fields) / sizeof(fields[0])};
	enum err e = store_event_next(s, row.event, w);

	return e == ERR_OK ? store_journal_append(s, &row, w) : e;
}

static enum err
next_lot(struct store *s, uint32_t *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_STOCK_LOT_NEXT);
	enum err e = query_row(&q, ERR_DB_DAMAGED, w);

	if (e != ERR_OK)
		return e;
	*out = (uint32_t)column_int(&q, 0);
	query_done(&q);
	return ERR_OK;
}

enum err
store_stock_lot_reserve(struct store *s, struct store_stock_lot *lot, struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	lot->state = STORE_STOCK_LOT_RESERVED;
	if (e == ERR_OK)
		e = next_lot(s, &lot->number, w);
	if (e == ERR_OK)
		e = journal_lot(s, lot, lot->at_ms, w);
	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_STOCK_LOT_ADD);
	bind_int(&q, lot->number);
	bind_int(&q, lot->count);
	bind_int(&q, (int64_t)lot->first);
	bind_int(&q, (int64_t)lot->last);
	bind_text(&q, lot->design);
	bind_text(&q, lot->lang);
	bind_int(&q, lot->application);
	bind_int(&q, lot->tier);
	bind_int(&q, lot->pins);
	bind_int(&q, lot->at_ms);
	return query_run(&q, w);
}

static void
read_lot(const struct query *q, struct store_stock_lot *l)
{
	memset(l, 0, sizeof(*l));
	l->number = (uint32_t)column_int(q, 0);
	l->state = (enum store_stock_lot_state)column_int(q, 1);
	l->count = (uint32_t)column_int(q, 2);
	l->first = (uint64_t)column_int(q, 3);
	l->last = (uint64_t)column_int(q, 4);
	column_text(q, 5, l->design, sizeof(l->design));
	column_text(q, 6, l->lang, sizeof(l->lang));
	l->application = (uint8_t)column_int(q, 7);
	l->tier = (uint8_t)column_int(q, 8);
	l->pins = column_int(q, 9) != 0;
	(void)column_blob(q, 10, l->manifest, sizeof(l->manifest));
	l->at_ms = column_int(q, 11);
	l->bound = (uint32_t)column_int(q, 12);
}

enum err
store_stock_lot_get(struct store *s, uint32_t number, struct store_stock_lot *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_STOCK_LOT_GET);
	enum err e;

	memset(out, 0, sizeof(*out));
	bind_int(&q, number);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e == ERR_NOT_FOUND)
		return why_set(w, e, MSG_STOCK_NO_LOT, WHY_NUM(number));
	if (e != ERR_OK)
		return e;
	read_lot(&q, out);
	query_done(&q);
	return ERR_OK;
}

enum err
store_stock_lots(struct store *s, lot_visit visit, void *ctx, struct why *w)
{
	struct query q = query_on(&s->db, SQL_STOCK_LOTS);
	struct store_stock_lot l;
	bool more;
	enum err e = query_step(&q, &more, w);

	while (e == ERR_OK && more) {
		read_lot(&q, &l);
		if (!visit(&l, ctx))
			break;
		e = query_step(&q, &more, w);
	}
	query_done(&q);
	return e;
}

enum err
store_stock_lot_move(struct store *s, uint32_t number, enum store_stock_lot_state to, const uint8_t *manifest,
    int64_t at_ms, struct why *w)
{
	struct store_stock_lot l;
	struct query q;
	enum err e = store_changing(s, w);

	if (e == ERR_OK)
		e = store_stock_lot_get(s, number, &l, w);
	if (e != ERR_OK)
		return e;
	if (to <= l.state)
		return why_set(w, ERR_REFUSED, MSG_STOCK_LOT_CLOSED, WHY_NUM(number));
	l.state = to;
	if (manifest != NULL)
		memcpy(l.manifest, manifest, sizeof(l.manifest));
	e = journal_lot(s, &l, at_ms, w);
	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_STOCK_LOT_MOVE);
	bind_int(&q, number);
	bind_int(&q, to);
	bind_blob(&q, manifest, sizeof(l.manifest));
	return query_run(&q, w);
}

/* --- cards */

enum err
store_stock_add(struct store *s, const struct store_stock *c, struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_STOCK_ADD);
	bind_int(&q, (int64_t)c->number);
	bind_int(&q, c->lot);
	bind_blob(&q, c->token, sizeof(c->token));
	bind_text(&q, c->url);
	bind_blob(&q, c->has_pin ? c->salt : NULL, sizeof(c->salt));
	bind_blob(&q, c->has_pin ? c->pin : NULL, sizeof(c->pin));
	return query_run(&q, w);
}

static enum err
read_one(struct query *q, struct store_stock *c, struct why *w)
{
	enum err e = query_row(q, ERR_NOT_FOUND, w);

	memset(c, 0, sizeof(*c));
	if (e == ERR_NOT_FOUND)
		return why_set(w, e, MSG_STOCK_UNKNOWN);
	if (e != ERR_OK)
		return e;
	c->number = (uint64_t)column_int(q, 0);
	c->lot = (uint32_t)column_int(q, 1);
	(void)column_blob(q, 2, c->token, sizeof(c->token));
	column_text(q, 3, c->url, sizeof(c->url));
	c->has_pin = column_blob(q, 4, c->salt, sizeof(c->salt)) > 0;
	(void)column_blob(q, 5, c->pin, sizeof(c->pin));
	c->tries = (uint32_t)column_int(q, 6);
	c->bound = column_int(q, 7) != 0;
	query_done(q);
	return ERR_OK;
}

enum err
store_stock_by_number(struct store *s, uint64_t number, struct store_stock *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_STOCK_BY_NUMBER);

	bind_int(&q, (int64_t)number);
	return read_one(&q, out, w);
}

enum err
store_stock_by_token(struct store *s, const uint8_t token[STORE_HASH_LEN], struct store_stock *out,
    struct why *w)
{
	struct query q = query_on(&s->db, SQL_STOCK_BY_TOKEN);

	bind_blob(&q, token, STORE_HASH_LEN);
	return read_one(&q, out, w);
}

enum err
store_stock_bind(struct store *s, uint64_t number, struct why *w)
{
	struct store_stock c;
	struct store_stock_lot lot;
	struct query q;
	enum err e = store_changing(s, w);

	if (e == ERR_OK)
		e = store_stock_by_number(s, number, &c, w);
	if (e == ERR_OK)
		e = store_stock_lot_get(s, c.lot, &lot, w);
	if (e == ERR_OK && c.bound)
		e = why_set(w, ERR_REFUSED, MSG_STOCK_BOUND, WHY_CODE(card_text(number).digits));
	if (e == ERR_OK && lot.state == STORE_STOCK_LOT_VOID)
		e = why_set(w, ERR_REFUSED, MSG_STOCK_LOT_CLOSED, WHY_NUM(lot.number));
	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_STOCK_BIND);
	bind_int(&q, (int64_t)number);
	return query_run(&q, w);
}

enum err
store_stock_wrong_pin(struct store *s, uint64_t number, int64_t at_ms, struct why *w)
{
	const struct card_text card = card_text(number);
	const struct journal_field fields[] = {JOURNAL_FIELD_STR("card", card.digits)};
	struct journal_entry row = {.kind = "stock.pin", .at_ms = at_ms, .fields = fields, .field_count = 1};
	struct store_stock c;
	struct query q;
	enum err e = store_changing(s, w);

	if (e == ERR_OK)
		e = store_stock_by_number(s, number, &c, w);
	if (e == ERR_OK && c.tries >= STORE_STOCK_PIN_TRIES)
		e = why_set(w, ERR_REFUSED, MSG_STOCK_PIN_LOCKED);
	if (e == ERR_OK)
		e = store_event_next(s, row.event, w);
	if (e == ERR_OK)
		e = store_journal_append(s, &row, w);
	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_STOCK_WRONG_PIN);
	bind_int(&q, (int64_t)number);
	return query_run(&q, w);
}
