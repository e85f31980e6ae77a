/* Load: money the customer has paid goes onto her card. */
#include <string.h>

#include "cardapps/number.h"
#include "station/base/clock.h"
#include "station/club/ledger.h"
#include "station/flow/tap.h"

static enum err
check(struct tap *t, struct why *w)
{
	int32_t steps;

	return programme_check_load(&t->s->programme, 0, t->rq->amount, &steps, w);
}

/* The tap must meet the card that was meant, one of ours, in service and as the book knows it. */
static enum err
is_serviceable(struct tap *t, struct why *w)
{
	if (t->card == NULL)
		return tap_agree(t, w);
	if (t->content.state == CARD_NEW)
		return why_set(w, ERR_CARD_BLANK, MSG_CARD_IS_NEW);
	if (t->content.state == CARD_FOREIGN)
		return why_set(w, ERR_CARD_FOREIGN, MSG_CARD_OTHER_CLUB);
	if (t->content.state == CARD_PARTIAL || !t->content.has_record)
		return why_set(w, ERR_CARD_PARTIAL, MSG_CARD_BEGUN_ELSEWHERE);
	if (t->rq->card_number != 0 && t->rq->card_number != t->record.card_number)
		return why_set(w, ERR_REFUSED, MSG_CARD_NOT_THE_ONE);
	return tap_agree(t, w);
}

static enum err
is_in_service(const struct tap *t, struct why *w)
{
	const uint16_t valid_to = t->card != NULL ? t->record.valid_to : t->row.valid_to;
	const unsigned flags = t->card != NULL ? t->record.flags : 0;
	char number[CARD_NUMBER_DIGITS + 1] = "";

	(void)card_number_format(t->row.number, number);
	if ((flags & (RECORD_BLOCKED | RECORD_CLOSED)) != 0 || t->row.state != STORE_CARD_ACTIVE)
		return why_set(w, ERR_REFUSED, MSG_CARD_BLOCKED, WHY_CODE(number));
	if (valid_to != 0 && station_day(t->s, t->now_ms) > valid_to)
		return why_set(w, ERR_REFUSED, MSG_CARD_EXPIRED, WHY_CODE(number), WHY_DAY(valid_to));
	if (t->out->in_doubt)
		return why_set(w, ERR_REFUSED, MSG_CARD_STILL_IN_DOUBT, WHY_CODE(number));
	return ERR_OK;
}

static enum err
held(struct tap *t, int64_t *out, struct why *w)
{
	struct card_balance b;
	enum err e;

	if (t->card != NULL) {
		*out = (int64_t)t->content.value * t->s->programme.step;
		return ERR_OK;
	}
	e = club_card_balance(t->s->store, t->row.number, t->row.unit, &b, w);
	*out = b.on_card + b.waiting;
	return e;
}

static enum err
decide(struct tap *t, struct why *w)
{
	int64_t have = 0;
	int32_t steps;
	enum err e = is_serviceable(t, w);

	if (e == ERR_OK)
		e = is_in_service(t, w);
	if (e == ERR_OK)
		e = held(t, &have, w);
	if (e == ERR_OK)
		e = programme_check_load(&t->s->programme, have, t->rq->amount, &steps, w);
	return e;
}

/* Without a chip the last record settled stands in for the one read. */
static enum err
take_record_from_book(struct tap *t, struct why *w)
{
	memcpy(t->content.record, t->row.record, RECORD_LEN);
	return record_parse(t->row.record, &t->record, w);
}

/* Between our looking and our turn to write, no other desk may have begun anything on this card. */
static enum err
look_again(struct tap *t, struct why *w)
{
	const uint32_t sequence = t->row.sequence;
	char number[CARD_NUMBER_DIGITS + 1] = "";
	enum err e = tap_look_up(t, w);

	if (e != ERR_OK || (t->row.sequence == sequence && !t->row.in_doubt))
		return e;
	(void)card_number_format(t->row.number, number);
	return why_set(w, ERR_REFUSED, MSG_CARD_AT_OTHER_DESK, WHY_CODE(number));
}

static enum err
compose(struct tap *t, struct why *w)
{
	struct store_intent *in = &t->intent;
	int64_t have = 0;
	int32_t steps = 0;
	int32_t after = 0;
	struct record r;
	enum err e = ERR_OK;

	if (t->card == NULL)
		e = take_record_from_book(t, w);
	else
		e = look_again(t, w);
	if (e == ERR_OK)
		e = held(t, &have, w);
	if (e == ERR_OK)
		e = programme_check_load(&t->s->programme, have, t->rq->amount, &steps, w);
	if (e == ERR_OK)
		e = programme_steps(&t->s->programme, have + t->rq->amount, &after, w);
	if (e == ERR_OK)
		e = store_event_next(t->s->store, in->event, w);
	if (e != ERR_OK)
		return e;
	tap_next_record(t, OP_LOAD, &r);
	r.balance = have + t->rq->amount;
	record_hash(t->content.record, in->h0);
	in->h0_sequence = t->record.sequence;
	in->unit = r.unit;
	in->amount = t->rq->amount;
	in->cash = CASH_TAKEN;
	in->has_cert = t->card != NULL &&
	    memcmp(t->content.cert, t->s->cert_bytes, CERT_LEN) != 0;
	memcpy(in->cert, t->s->cert_bytes, sizeof(in->cert));
	return tap_seal(t, &r, steps, after, w);
}

static struct card_money
money(const struct store_intent *in)
{
	return (struct card_money){.card = in->card, .unit = in->unit, .amount = in->amount};
}

static enum err
post_intent(struct tap *t, const struct store_intent *in, struct why *w)
{
	struct card_money m = money(in);

	return club_load_intended(t->s->store, in->event, &m, w);
}

static enum err
post_settle(struct tap *t, const struct store_intent *in, const uint8_t *event, struct why *w)
{
	struct card_money m = money(in);

	return club_load_settled(t->s->store, event, &m, w);
}

static enum err
post_void(struct tap *t, const struct store_intent *in, const uint8_t *event, struct why *w)
{
	struct card_money m = money(in);

	return club_load_voided(t->s->store, event, in->event, &m, w);
}

static enum err
apply(struct tap *t, const struct store_intent *in, struct why *w)
{
	struct card_write wr = {.delta = in->delta, .cert = in->has_cert ? in->cert : NULL};

	memcpy(wr.record, in->r1, sizeof(wr.record));
	memcpy(wr.log, in->log, sizeof(wr.log));
	return card_write(t->card, &wr, w);
}

const struct flow flow_load = {
	.id = FLOW_LOAD,
	.name = "load",
	.right = OP_LOAD,
	.gives_value = true,
	.check = check,
	.decide = decide,
	.compose = compose,
	.post_intent = post_intent,
	.post_settle = post_settle,
	.post_void = post_void,
	.apply = apply,
};
