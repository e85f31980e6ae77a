/*
 * Sign again: a manager has looked at a card whose last writer is trusted no more, and this station puts
 * its own name under what the card says. Nothing else of it changes.
 */
#include <string.h>

#include "cardapps/number.h"
#include "station/flow/tap.h"

static enum err
check(struct tap *t, struct why *w)
{
	if (!t->rq->manager || t->rq->reason[0] == '\0')
		return why_set(w, ERR_USAGE, MSG_RESIGN_NEEDS);
	if (t->rq->reader == NULL)
		return why_set(w, ERR_USAGE, MSG_RESIGN_NEEDS_CARD);
	return ERR_OK;
}

static enum err
is_ours(struct tap *t, struct why *w)
{
	if (t->content.state == CARD_NEW)
		return why_set(w, ERR_CARD_BLANK, MSG_CARD_IS_NEW);
	if (t->content.state == CARD_FOREIGN)
		return why_set(w, ERR_CARD_FOREIGN, MSG_CARD_OTHER_CLUB);
	if (t->content.state == CARD_PARTIAL || !t->content.has_record)
		return why_set(w, ERR_CARD_PARTIAL, MSG_CARD_BEGUN_ELSEWHERE);
	return ERR_OK;
}

static enum err
decide(struct tap *t, struct why *w)
{
	char number[CARD_NUMBER_DIGITS + 1] = "";
	enum err e = is_ours(t, w);

	if (e != ERR_OK)
		return e;
	(void)card_number_format(t->record.card_number, number);
	if (t->rq->card_number != 0 && t->rq->card_number != t->record.card_number)
		return why_set(w, ERR_REFUSED, MSG_CARD_NOT_THE_ONE);
	if (t->out->trust == TRUST_FULL)
		return why_set(w, ERR_REFUSED, MSG_RESIGN_NOT_NEEDED, WHY_CODE(number));
	e = tap_agree(t, w);
	if (e == ERR_OK && t->out->in_doubt)
		e = why_set(w, ERR_REFUSED, MSG_CARD_STILL_IN_DOUBT, WHY_CODE(number));
	return e;
}

static enum err
compose(struct tap *t, struct why *w)
{
	struct store_intent *in = &t->intent;
	const int32_t value = t->content.value;
	struct record r;
	enum err e = store_event_next(t->s->store, in->event, w);

	if (e != ERR_OK)
		return e;
	tap_next_record(t, OP_RESIGN, &r);
	r.balance = (int64_t)value * t->s->programme.step;
	record_hash(t->content.record, in->h0);
	in->h0_sequence = t->record.sequence;
	in->unit = r.unit;
	in->has_cert = true;
	memcpy(in->cert, t->s->cert_bytes, sizeof(in->cert));
	return tap_seal(t, &r, 0, value, w);
}

const struct flow flow_resign = {
	.id = FLOW_RESIGN,
	.name = "resign",
	.right = OP_RESIGN,
	.any_trust = true,
	.check = check,
	.decide = decide,
	.compose = compose,
	.apply = tap_write_record,
};
