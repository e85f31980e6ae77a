/* Load: money the customer has paid goes onto her card. */
#include <string.h>

#include "cardapps/number.h"
#include "station/base/clock.h"
#include "station/club/ledger.h"
#include "station/flow/custody.h"
#include "station/flow/tap.h"

static enum err
check(struct tap *t, struct why *w)
{
	int32_t steps;

	return programme_check_load(&t->s->programme, 0, t->rq->amount, &steps, w);
}

/* May the card hold `have` and what is to be loaded? One keeper of all keys is no bank. */
static enum err
check_amount(struct tap *t, int64_t have, int32_t *steps, struct why *w)
{
	int64_t most;
	enum err e = programme_check_load(&t->s->programme, have, t->rq->amount, steps, w);

	if (e == ERR_OK)
		e = custody_card_max(t->s, &most, w);
	/* both are far below half of the range: programme_check_load has added them */
	if (e == ERR_OK && have + t->rq->amount > most)
		return why_set(w, ERR_REFUSED, MSG_ALONE_CARD_FULL, WHY_MONEY(most));
	return e;
}

static enum err
decide(struct tap *t, struct why *w)
{
	int64_t have = 0;
	int32_t steps;
	enum err e = tap_serviceable(t, w);

	if (e == ERR_OK)
		e = tap_in_service(t, w);
	if (e == ERR_OK)
		e = tap_held(t, &have, w);
	if (e == ERR_OK)
		e = check_amount(t, have, &steps, w);
	return e;
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
		e = tap_record_from_book(t, w);
	else
		e = tap_look_again(t, w);
	if (e == ERR_OK)
		e = tap_held(t, &have, w);
	if (e == ERR_OK)
		e = check_amount(t, have, &steps, w);
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
	.apply = tap_write_record,
};
