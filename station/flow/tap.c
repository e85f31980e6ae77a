#include "station/flow/tap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cardapps/number.h"
#include "station/base/clock.h"
#include "station/base/log.h"

static const struct flow *const flows[FLOW_COUNT] = {
	[FLOW_ISSUE] = &flow_issue,
	[FLOW_LOAD] = &flow_load,
	[FLOW_SHOW] = &flow_show,
};

const struct flow *
flow_by_id(enum flow_id id)
{
	return flows[id];
}

const struct flow *
flow_by_name(const char *name)
{
	for (size_t i = 0; i < FLOW_COUNT; i++)
		if (strcmp(flows[i]->name, name) == 0)
			return flows[i];
	return NULL;
}

const char *
flow_name(enum flow_id id)
{
	return flows[id]->name;
}

void
tap_stage(const struct tap *t, enum tap_stage stage, unsigned step, unsigned of)
{
	if (t->rq->watch != NULL)
		t->rq->watch(t->rq->watch_ctx, stage, step, of);
}

static void
on_card_progress(void *ctx, unsigned step, unsigned of)
{
	tap_stage(ctx, TAP_WRITE, step, of);
}

void
tap_what(const struct tap *t, char out[STORE_WHAT_CAP])
{
	(void)snprintf(out, STORE_WHAT_CAP, "%s m%" PRIu32 " t%u a%" PRId64 " c%" PRIu64,
	    flow_by_id(t->rq->flow)->name, t->rq->member, (unsigned)t->rq->tier, t->rq->amount,
	    t->rq->card_number);
}

/* --- reading */

/* Does the record say what the chip under it says? The signature has been checked. */
static enum err
check_against_chip(const struct tap *t, struct why *w)
{
	const struct record *r = &t->record;
	struct log_line newest;

	if ((r->flags & RECORD_VALUE_FILE) == 0 || !t->content.has_value)
		return ERR_OK;
	if (t->content.log_len == 0)
		return why_set(w, ERR_RECORD, MSG_VALUE_UNEXPLAINED);
	log_line_parse(t->content.log[0], &newest);
	if (newest.after != t->content.value ||
	    t->content.value > r->balance / t->s->programme.step)
		return why_set(w, ERR_RECORD, MSG_VALUE_UNEXPLAINED);
	return ERR_OK;
}

/* What the tap now knows of the card, for whoever asked. */
static enum err
take_over(struct tap *t, struct why *w)
{
	struct flow_result *o = t->out;
	enum err e = check_against_chip(t, w);

	if (e != ERR_OK)
		return e;
	o->state = t->content.state;
	o->has_record = true;
	o->record = t->record;
	memcpy(o->record_bytes, t->content.record, RECORD_LEN);
	o->value = t->content.value;
	o->card_number = t->record.card_number;
	o->member = t->record.member;
	o->tier = t->record.tier;
	o->valid_to = t->record.valid_to;
	o->balance = (int64_t)t->content.value * t->s->programme.step;
	return ERR_OK;
}

static enum err
verify_content(struct tap *t, struct why *w)
{
	enum err e = record_verify(t->content.record, t->card->id.uid, t->card->id.uid_len,
	    t->content.cert, t->s->root_pub, &t->record, &t->out->signer, w);

	if (e == ERR_OK && ((t->record.flags & RECORD_TEST) != 0) != t->s->test)
		e = why_set(w, ERR_CARD_FOREIGN, MSG_CARD_OTHER_CLUB);
	return e == ERR_OK ? take_over(t, w) : e;
}

/*
 * A card laid out like ours that refuses our keys: if the book has met its chip, the keys
 * are at fault; if not, it is another club's.
 */
static enum err
whose_card(struct tap *t, enum err e, struct why *w)
{
	struct store_card c;

	if (store_card_by_uid(t->s->store, t->card->id.uid, t->card->id.uid_len, &c, NULL) !=
	    ERR_NOT_FOUND)
		return e;
	t->out->state = CARD_FOREIGN;
	return why_set(w, ERR_CARD_FOREIGN, MSG_CARD_OTHER_CLUB);
}

enum err
tap_read(struct tap *t, struct why *w)
{
	enum err e;

	tap_stage(t, TAP_READ, 0, 0);
	e = card_read(t->card, &t->content, w);
	if (e == ERR_CARD_AUTH)
		return whose_card(t, e, w);
	if (e != ERR_OK)
		return e;
	t->out->state = t->content.state;
	if (!t->content.has_record)
		return ERR_OK;
	return verify_content(t, w);
}

/* --- the book */

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

/* Money leaves the customer's hand in the same commit that says which card it waits for. */
static enum err
intend(struct tap *t, const struct flow *f, struct why *w)
{
	struct store *db = t->s->store;
	struct store_intent *in = &t->intent;
	enum err e;

	tap_stage(t, TAP_INTEND, 0, 0);
	e = store_begin(db, w);
	if (e != ERR_OK)
		return e;
	in->at_ms = t->now_ms;
	(void)snprintf(in->kind, sizeof(in->kind), "%s", f->name);
	(void)snprintf(in->request, sizeof(in->request), "%s", t->rq->request);
	tap_what(t, in->what);
	if (t->card != NULL) {
		in->uid_len = t->card->id.uid_len;
		memcpy(in->uid, t->card->id.uid, in->uid_len);
	}
	e = f->compose(t, w);
	if (e == ERR_OK)
		e = store_intent_open(db, in, NULL, 0, w);
	if (e == ERR_OK && f->post_intent != NULL)
		e = f->post_intent(t, in, w);
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
close_settled(struct tap *t, const struct flow *f, const struct store_intent *in, struct why *w)
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
	return e;
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
	e = close_settled(t, f, in, w);
	if (e == ERR_OK)
		e = advance_row(t, in, w);
	if (e == ERR_OK)
		e = store_commit(db, w);
	store_rollback(db);
	return e;
}

/* --- carry out: write, read back, settle */

/* What staff see, whatever broke: the cause goes to the log, the way out to the person. */
static enum err
doubt(struct tap *t, const struct why *cause, struct why *w)
{
	log_line(LOG_WARN, "tap", "in doubt after %s/%s", err_name(cause->code), msg_name(cause->id));
	t->out->in_doubt = true;
	return why_set(w, ERR_IN_DOUBT, MSG_PUT_SAME_CARD_BACK);
}

/* True if the card now shows R1: the only proof a write has. */
static bool
shows(const struct tap *t, const struct store_intent *in)
{
	return t->content.has_record && memcmp(t->content.record, in->r1, RECORD_LEN) == 0;
}

static enum err
write_and_look(struct tap *t, const struct flow *f, const struct store_intent *in, struct why *w)
{
	enum err e;

	tap_stage(t, TAP_WRITE, 0, 0);
	e = f->apply(t, in, w);
	if (e == ERR_OK) {
		tap_stage(t, TAP_CONFIRM, 0, 0);
		e = card_confirm(t->card, &t->content, w);
	}
	if (e == ERR_OK && !shows(t, in))
		e = why_set(w, ERR_RECORD, MSG_READ_BACK_DIFFERS);
	/* Byte for byte what this club signed: nothing about it is left to verify. */
	if (e == ERR_OK)
		e = record_parse(in->r1, &t->record, w);
	return e == ERR_OK ? take_over(t, w) : e;
}

enum err
tap_carry_out(struct tap *t, const struct store_intent *in, struct why *w)
{
	const struct flow *f = flow_by_name(in->kind);
	struct why cause = {0};
	enum err e;

	if (f == NULL)
		return why_set(w, ERR_DB_NEWER, MSG_INTENT_UNKNOWN, WHY_CODE(in->kind));
	if (t->card != NULL) {
		e = write_and_look(t, f, in, &cause);
		if (e != ERR_OK)
			return doubt(t, &cause, w);
	}
	e = tap_settle(t, in, &cause);
	if (e != ERR_OK) {
		/* The card holds it, the book could not say so: the next tap will. */
		log_line(LOG_ERROR, "tap", "settle failed: %s", msg_name(cause.id));
		t->out->in_doubt = true;
		return why_set(w, ERR_IN_DOUBT,
		    t->card != NULL ? MSG_PUT_SAME_CARD_BACK : MSG_BOOK_NOT_CLOSED);
	}
	return ERR_OK;
}

/* --- one tap */

static void
report(struct tap *t, const struct store_intent *in)
{
	struct flow_result *o = t->out;
	struct record r;

	o->done = true;
	memcpy(o->event, in->event, sizeof(o->event));
	o->card_number = in->card;
	o->amount = in->amount;
	if (record_parse(in->r1, &r, NULL) == ERR_OK) {
		o->member = r.member;
		o->tier = r.tier;
		o->valid_to = r.valid_to;
		o->balance = r.balance;
		o->record = r;
	}
}

/*
 * The same request again. Settled: its answer, no card needed. Open: go on to the card, which
 * heals it. ERR_NOT_FOUND: a new request.
 */
static enum err
repeated(struct tap *t, bool *answered, struct why *w)
{
	char what[STORE_WHAT_CAP];
	uint8_t event[STORE_EVENT_LEN];
	struct store_intent in;
	enum err e;

	*answered = false;
	if (t->rq->request[0] == '\0')
		return ERR_OK;
	tap_what(t, what);
	e = store_request_find(t->s->store, t->rq->request, what, event, w);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_OK)
		e = store_intent_get(t->s->store, event, &in, w);
	/* Without a chip there is nothing to wait for. */
	if (e == ERR_OK && in.state == INTENT_OPEN && in.uid_len == 0) {
		e = tap_settle(t, &in, w);
		in.state = INTENT_SETTLED;
	}
	if (e != ERR_OK || in.state == INTENT_OPEN)
		return e;
	if (in.state == INTENT_VOID)
		return why_set(w, ERR_REFUSED, MSG_REQUEST_WAS_VOIDED, WHY_CODE(t->rq->request));
	t->out->repeated = true;
	*answered = true;
	report(t, &in);
	return ERR_OK;
}

/* Was finishing the earlier act all that this tap was for? Two request ids that differ say no. */
static bool
heal_is_the_answer(const struct tap *t, const struct store_intent *healed)
{
	if (t->rq->request[0] != '\0' && healed->request[0] != '\0')
		return strcmp(t->rq->request, healed->request) == 0;
	return strcmp(healed->kind, flow_by_id(t->rq->flow)->name) == 0 &&
	    (t->rq->flow != FLOW_LOAD || t->rq->amount == healed->amount);
}

/* After a heal: is this tap over? *over with ERR_OK: yes, and well. */
static enum err
after_heal(struct tap *t, bool *over, struct why *w)
{
	struct store_intent healed;
	struct flow_result *o = t->out;
	enum err e;

	*over = false;
	if (t->rq->flow == FLOW_SHOW || o->heal.outcome == HEAL_NONE || o->heal.outcome == HEAL_OPEN)
		return ERR_OK;
	e = store_intent_get(t->s->store, o->heal.event, &healed, w);
	if (e != ERR_OK)
		return e;
	if (healed.state == INTENT_SETTLED && heal_is_the_answer(t, &healed)) {
		report(t, &healed);
		o->by_heal = true;
		*over = true;
		return ERR_OK;
	}
	if (t->rq->request[0] != '\0' && healed.request[0] != '\0')
		return ERR_OK;
	return why_set(w, ERR_REFUSED, MSG_EARLIER_ACT_FINISHED);
}

static enum err
with_card(struct tap *t, const struct flow *f, struct why *w)
{
	bool over;
	enum err e = tap_read(t, w);

	if (e == ERR_OK)
		e = tap_heal(t, w);
	if (e == ERR_OK)
		e = tap_look_up(t, w);
	if (e == ERR_OK)
		e = after_heal(t, &over, w);
	if (e != ERR_OK || over)
		return e;
	e = f->decide(t, w);
	if (e == ERR_OK && f->compose != NULL)
		e = intend(t, f, w);
	if (e != ERR_OK || f->compose == NULL)
		return e;
	e = tap_carry_out(t, &t->intent, w);
	if (e == ERR_OK)
		report(t, &t->intent);
	return e;
}

static enum err
without_card(struct tap *t, const struct flow *f, struct why *w)
{
	enum err e = tap_look_up(t, w);

	if (e == ERR_OK)
		e = tap_heal(t, w);
	if (e == ERR_OK)
		e = f->decide(t, w);
	if (e == ERR_OK && f->compose != NULL)
		e = intend(t, f, w);
	if (e != ERR_OK || f->compose == NULL)
		return e;
	e = tap_carry_out(t, &t->intent, w);
	if (e == ERR_OK)
		report(t, &t->intent);
	return e;
}

static enum err
open_card(struct tap *t, struct why *w)
{
	struct card_access access = {.safe = t->s->safe};
	enum err e;

	memcpy(access.club, t->s->club, sizeof(access.club));
	memcpy(access.aid, t->s->set.aid, sizeof(access.aid));
	tap_stage(t, TAP_WAIT, 0, 0);
	e = card_open(t->rq->reader, &access, t->rq->wait_ms, &t->card, w);
	if (e != ERR_OK)
		return e;
	t->card->progress = on_card_progress;
	t->card->progress_ctx = t;
	t->out->has_chip = true;
	t->out->chip = t->card->id;
	return ERR_OK;
}

enum err
flow_run(struct station *s, const struct flow_request *rq, struct flow_result *out, struct why *w)
{
	const struct flow *f = flow_by_id(rq->flow);
	struct tap t = {.s = s, .rq = rq, .out = out, .now_ms = clock_now_ms()};
	unsigned before = rq->reader != NULL ? rq->reader->apdus : 0;
	bool answered = false;
	enum err e = ERR_OK;

	memset(out, 0, sizeof(*out));
	if (f->right != 0)
		e = cert_covers(&s->cert, (uint16_t)(clock_minutes_2000(t.now_ms) / 1440),
		    CERT_RIGHT(f->right), w);
	if (e == ERR_OK && f->check != NULL)
		e = f->check(&t, w);
	if (e == ERR_OK)
		e = repeated(&t, &answered, w);
	if (e != ERR_OK || answered)
		return e;
	if (rq->reader == NULL) {
		e = without_card(&t, f, w);
	} else {
		e = open_card(&t, w);
		if (e == ERR_OK)
			e = with_card(&t, f, w);
		card_close(&t.card);
		out->apdus = rq->reader->apdus - before;
	}
	return e;
}
