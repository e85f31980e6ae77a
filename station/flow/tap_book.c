/* A tap and the book: the card's row, the next record, and the two commits around a write. */
#include "station/flow/tap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cardapps/number.h"
#include "station/base/clock.h"
#include "station/flow/lists.h"
#include "station/flow/station_clock.h"

void
tap_what(const struct tap *t, char out[STORE_WHAT_CAP])
{
	char stock[48] = "";

	if (t->rq->stock != 0 || t->rq->application != 0)
		(void)snprintf(stock, sizeof(stock), " p%u n%" PRIu64, (unsigned)t->rq->application, t->rq->stock);
	(void)snprintf(out, STORE_WHAT_CAP, "%s m%" PRIu32 " t%u v%u a%" PRId64 "%s c%" PRIu64,
	    flow_by_id(t->rq->flow)->name, t->rq->member, (unsigned)t->rq->tier,
	    (unsigned)t->rq->valid_days, t->rq->amount, stock, t->rq->card_number);
}

enum err
tap_look_up(struct tap *t, struct why *w)
{
	enum err e;

	if (t->card != NULL && t->content.has_record)
		e = store_card_by_number(t->s->store, t->record.card_number, &t->row, w);
	else if (t->card != NULL)
		e = store_card_by_uid(t->s->store, t->card->id.uid, t->card->id.uid_len, &t->row, w);
	else
		e = store_card_by_number(t->s->store, t->rq->card_number, &t->row, w);
	t->in_book = e == ERR_OK;
	t->out->in_book = t->in_book;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
tap_agree(struct tap *t, struct why *w)
{
	char number[CARD_NUMBER_DIGITS + 1] = "";

	(void)card_number_format(t->content.has_record ? t->record.card_number : t->rq->card_number, number);
	if (!t->in_book && t->content.has_record && t->out->signer.station != t->s->id)
		return why_set(w, ERR_NOT_FOUND, MSG_CARD_OF_STATION, WHY_CODE(number),
		    WHY_NUM(t->out->signer.station));
	if (!t->in_book)
		return why_set(w, ERR_NOT_FOUND, MSG_CARD_NOT_IN_BOOK, WHY_CODE(number));
	if (t->row.state == STORE_CARD_BLOCKED || t->row.state == STORE_CARD_CLOSED)
		return why_set(w, ERR_REFUSED, MSG_CARD_BLOCKED, WHY_CODE(number));
	if (t->card == NULL)
		return ERR_OK;
	if (t->row.uid_len != t->card->id.uid_len ||
	    memcmp(t->row.uid, t->card->id.uid, t->row.uid_len) != 0)
		return why_set(w, ERR_RECORD, MSG_CARD_OTHER_CHIP, WHY_CODE(number));
	if (t->record.sequence < t->row.sequence)
		return why_set(w, ERR_RECORD, MSG_CARD_ROLLED_BACK, WHY_CODE(number),
		    WHY_NUM(t->record.sequence), WHY_NUM(t->row.sequence));
	if (t->record.sequence > t->row.sequence)
		return why_set(w, ERR_REFUSED, MSG_CARD_AHEAD, WHY_CODE(number));
	if (memcmp(t->content.record, t->row.record, RECORD_LEN) != 0)
		return why_set(w, ERR_RECORD, MSG_CARD_TWO_RECORDS, WHY_CODE(number));
	return ERR_OK;
}

/* --- a new record */

void
tap_next_record(const struct tap *t, enum record_operation op, struct record *r)
{
	uint8_t hash[RECORD_HASH_LEN];

	*r = t->record;
	r->sequence++;
	r->operation = (uint8_t)op;
	r->written_at = clock_minutes_2000(t->now_ms);
	memcpy(r->signer, t->s->signer, sizeof(r->signer));
	record_hash(t->content.record, hash);
	memcpy(r->prev, hash, sizeof(r->prev));
}

enum err
tap_seal(struct tap *t, const struct record *r, int32_t delta, int32_t after, struct why *w)
{
	struct store_intent *in = &t->intent;
	struct log_line line = {{0}, t->s->id, r->written_at, delta, after, {0}};
	uint8_t hash[RECORD_HASH_LEN];
	enum err e = record_seal(r, in->uid, in->uid_len, t->s->safe, in->r1, w);

	if (e != ERR_OK)
		return e;
	record_hash(in->r1, hash);
	memcpy(line.event, in->event, sizeof(line.event));
	memcpy(line.record, hash, sizeof(line.record));
	log_line_encode(&line, in->log);
	in->r1_sequence = r->sequence;
	in->card = r->card_number;
	in->delta = delta;
	return ERR_OK;
}

/* --- intend */

static enum err
enter_intent(struct tap *t, const struct flow *f, struct why *w)
{
	struct store *db = t->s->store;
	struct store_intent *in = &t->intent;
	/* Whoever records the radio of the first key changes knows this card's keys: the journal says where it was. */
	const struct journal_field keyed = JOURNAL_FIELD_STR("keyed_at", "counter");
	const struct journal_field reason = JOURNAL_FIELD_STR("reason", t->rq->reason);
	struct journal_field extra[2];
	size_t n = 0;
	enum err e;

	if (t->rq->reason[0] != '\0')
		extra[n++] = reason;

	in->at_ms = t->now_ms;
	(void)snprintf(in->kind, sizeof(in->kind), "%s", f->name);
	(void)snprintf(in->request, sizeof(in->request), "%s", t->rq->request);
	tap_what(t, in->what);
	if (t->card != NULL) {
		in->uid_len = t->card->id.uid_len;
		memcpy(in->uid, t->card->id.uid, in->uid_len);
	}
	e = station_clock_note(t->s, t->now_ms, w);
	if (e == ERR_OK && f->gives_value)
		e = lists_renew_due(t->s, w);
	if (e == ERR_OK)
		e = f->compose(t, w);
	if (e == ERR_OK && in->first && in->key_count > 0)
		extra[n++] = keyed;
	if (e == ERR_OK)
		e = store_intent_open(db, in, extra, n, w);
	if (e == ERR_OK && f->post_intent != NULL)
		e = f->post_intent(t, in, w);
	return e;
}

/* Money leaves the customer's hand in the same commit that says which card it waits for. */
enum err
tap_intend(struct tap *t, const struct flow *f, struct why *w)
{
	struct store *db = t->s->store;
	enum err e;

	tap_stage(t, TAP_INTEND, 0, 0);
	e = store_begin(db, w);
	if (e != ERR_OK)
		return e;
	e = enter_intent(t, f, w);
	if (e == ERR_OK)
		e = store_commit(db, w);
	store_rollback(db);
	return e;
}

/* --- settle */

/* The book follows the card, never back: a later record settled first stays. */
static enum err
advance_row(struct tap *t, const struct store_intent *in, struct why *w)
{
	struct store_card c;
	struct record r;
	struct log_line line;
	enum err e = store_card_by_number(t->s->store, in->card, &c, w);

	if (e == ERR_OK)
		e = record_parse(in->r1, &r, w);
	if (e != ERR_OK || (c.has_record && c.sequence >= in->r1_sequence))
		return e;
	log_line_parse(in->log, &line);
	memcpy(c.record, in->r1, RECORD_LEN);
	c.has_record = true;
	c.sequence = in->r1_sequence;
	c.value = line.after;
	c.tier = r.tier;
	c.valid_to = r.valid_to;
	c.epoch = r.key_epoch;
	if (c.state == STORE_CARD_ISSUING)
		c.state = STORE_CARD_ACTIVE;
	return store_card_update(t->s->store, &c, w);
}

static enum err
enter_settlement(struct tap *t, const struct flow *f, const struct store_intent *in, struct why *w)
{
	struct intent_close c = {
		.state = INTENT_SETTLED, .cash = in->cash, .goods = in->goods, .at_ms = t->now_ms,
	};
	enum err e = store_event_next(t->s->store, c.by, w);

	memcpy(c.intent, in->event, sizeof(c.intent));
	if (e == ERR_OK)
		e = store_intent_close(t->s->store, &c, w);
	if (e == ERR_OK && f->post_settle != NULL)
		e = f->post_settle(t, in, c.by, w);
	return e == ERR_OK ? advance_row(t, in, w) : e;
}

enum err
tap_settle(struct tap *t, const struct store_intent *in, struct why *w)
{
	const struct flow *f = flow_by_name(in->kind);
	struct store *db = t->s->store;
	enum err e;

	if (f == NULL)
		return why_set(w, ERR_DB_NEWER, MSG_INTENT_UNKNOWN, WHY_CODE(in->kind));
	tap_stage(t, TAP_SETTLE, 0, 0);
	e = store_begin(db, w);
	if (e != ERR_OK)
		return e;
	e = enter_settlement(t, f, in, w);
	if (e == ERR_OK)
		e = store_commit(db, w);
	store_rollback(db);
	return e;
}

/* --- without a chip */

/* A chip card's change is true when the chip shows it: the book alone can neither make nor settle one. */
static enum err
refuse_chip(const struct tap *t, struct why *w)
{
	char number[CARD_NUMBER_DIGITS + 1] = "";

	if (!t->in_book || t->row.uid_len == 0)
		return ERR_OK;
	(void)card_number_format(t->row.number, number);
	return why_set(w, ERR_REFUSED, MSG_CARD_HAS_CHIP, WHY_CODE(number));
}

enum err
tap_enter(struct tap *t, const struct flow *f, struct why *w)
{
	struct store *db = t->s->store;
	enum err e;

	tap_stage(t, TAP_INTEND, 0, 0);
	e = store_begin(db, w);
	if (e == ERR_OK)
		e = tap_look_up(t, w);
	if (e == ERR_OK)
		e = refuse_chip(t, w);
	if (e == ERR_OK)
		e = tap_admit(t, f, w);
	if (e == ERR_OK)
		e = f->decide(t, w);
	if (e == ERR_OK)
		e = enter_intent(t, f, w);
	if (e == ERR_OK)
		e = enter_settlement(t, f, &t->intent, w);
	if (e == ERR_OK)
		e = store_commit(db, w);
	store_rollback(db);
	return e;
}
