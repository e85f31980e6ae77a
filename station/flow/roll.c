/*
 * Roll: a card's keys move to the club's newest generation, at any tap, after what the customer came
 * for. After it, because her money is what must not wait: if the card goes away in the roll, the load is
 * settled, she may leave, and the next tap here or elsewhere ends it. Before it only where an earlier roll
 * was torn: such a card is healed first like any other.
 *
 *   keys, as far as this station can and may -> record with the lowest generation then in force, log line
 *
 * The record comes last, so that it never promises a key that is not there. A station that can do nothing
 * says that a roll is due; nobody is called back for it.
 */
#include <string.h>

#include "station/base/clock.h"
#include "station/base/log.h"
#include "station/flow/custody.h"
#include "station/flow/tap.h"

#define MINUTES_A_DAY 1440u

/* A card under keys that only the store has is lost with it: a real club proves the shares first, as before an issue. */
static enum err
check(struct tap *t, struct why *w)
{
	return custody_may_issue(t->s, w);
}

/* Both sides of the record: nothing but sequence, operation, generation, writer and time is new. */
static enum err
compose(struct tap *t, struct why *w)
{
	struct store_intent *in = &t->intent;
	struct record r;
	enum err e = tap_look_again(t, w);

	if (e == ERR_OK)
		e = store_event_next(t->s->store, in->event, w);
	if (e != ERR_OK)
		return e;
	tap_next_record(t, OP_KEY_ROLL, &r);
	r.key_epoch = t->roll.lowest;
	if ((r.flags & RECORD_VALUE_FILE) != 0)
		r.balance = (int64_t)t->content.value * t->s->programme.step;
	tap_store_keys(t->roll.steps, t->roll.count, in);
	record_hash(t->content.record, in->h0);
	in->h0_sequence = t->record.sequence;
	in->unit = r.unit;
	in->has_cert = memcmp(t->content.cert, t->s->cert_bytes, CERT_LEN) != 0;
	memcpy(in->cert, t->s->cert_bytes, sizeof(in->cert));
	return tap_seal(t, &r, 0, t->content.value, w);
}

static enum err
apply(struct tap *t, const struct store_intent *in, struct why *w)
{
	struct key_step steps[STORE_KEYS_CAP];
	struct card_write wr = {.cert = in->has_cert ? in->cert : NULL};
	enum err e;

	tap_load_keys(in, steps);
	memcpy(wr.record, in->r1, sizeof(wr.record));
	memcpy(wr.log, in->log, sizeof(wr.log));
	e = card_roll(t->card, steps, in->key_count, w);
	return e == ERR_OK ? card_write(t->card, &wr, w) : e;
}

const struct flow flow_roll = {
	.id = FLOW_ROLL,
	.name = "roll",
	.right = OP_KEY_ROLL,
	.check = check,
	.compose = compose,
	.apply = apply,
};

/* --- at the end of a tap */

/* Keys 0 and 4, and those of the card and of phones, move only where cards are made. */
static bool
may_all(struct tap *t)
{
	const uint32_t day = clock_minutes_2000(t->now_ms) / MINUTES_A_DAY;

	return cert_covers(&t->s->cert, (uint16_t)day, CERT_RIGHT(OP_ISSUE), NULL) == ERR_OK;
}

/* A card in service, as the book knows it, with nothing under way. */
static bool
is_at_rest(struct tap *t)
{
	return t->content.state == CARD_READY && !t->out->in_doubt && tap_look_up(t, NULL) == ERR_OK &&
	    t->in_book && !t->row.in_doubt && t->row.state == STORE_CARD_ACTIVE &&
	    (t->record.flags & (RECORD_BLOCKED | RECORD_CLOSED)) == 0 && tap_agree(t, NULL) == ERR_OK &&
	    tap_admit(t, &flow_roll, NULL) == ERR_OK;
}

/* What stands on the card now is what is shown. */
static void
show_it(struct tap *t, const struct tap *roll)
{
	struct flow_result *o = t->out;

	t->content = roll->content;
	t->record = roll->record;
	o->record = roll->record;
	memcpy(o->record_bytes, roll->content.record, RECORD_LEN);
	o->signer = t->s->cert;
	o->roll.outcome = ROLL_DONE;
	o->roll.now = roll->record.key_epoch;
	o->roll.due = o->roll.now < o->roll.newest;
}

/* A tap of its own on the same card: what was asked has its answer already, and keeps it. */
static void
roll_now(struct tap *t)
{
	const struct flow_request rq = {.flow = FLOW_ROLL, .reader = t->rq->reader,
	    .watch = t->rq->watch, .watch_ctx = t->rq->watch_ctx};
	struct flow_result out = {0};
	struct tap roll = *t;
	struct why w = {0};
	enum err e;

	roll.rq = &rq;
	roll.out = &out;
	memset(&roll.intent, 0, sizeof(roll.intent));
	e = card_plan_roll(t->card, t->out->roll.newest, may_all(t), &roll.roll, &w);
	if (e == ERR_OK && roll.roll.count == 0)
		return;
	if (e == ERR_OK)
		e = tap_intend(&roll, &flow_roll, &w);
	if (e != ERR_OK) {
		log_line(LOG_WARN, "roll", "not begun: %s/%s", err_name(e), msg_name(w.id));
		return;
	}
	e = tap_carry_out(&roll, &roll.intent, &w);
	if (e == ERR_OK)
		show_it(t, &roll);
	else
		t->out->roll.outcome = ROLL_OPEN;
}

void
tap_roll(struct tap *t)
{
	struct roll_report *r = &t->out->roll;

	if (!t->content.has_record)
		return;
	r->now = t->record.key_epoch;
	r->newest = safe_get_info(t->s->safe)->epoch;
	r->due = r->now < r->newest;
	if (r->due && safe_has(t->s->safe, KEY_CHANGE) && safe_has(t->s->safe, KEY_WRITE) &&
	    tap_may_begin(t, &flow_roll, NULL) == ERR_OK && is_at_rest(t))
		roll_now(t);
}
