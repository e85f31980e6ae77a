/*
 * A new address for a card: its paper has lost its secret. The chip's link first, then a record that follows
 * it in one commit; only when that was read back does the book let the old token die and the new one
 * live. So at every pull the paper in the customer's hand or the chip leads to her page.
 */
#include <string.h>

#include "cardapps/number.h"
#include "station/base/secret.h"
#include "station/flow/tap.h"
#include "station/flow/token.h"
#include "station/store/print.h"

/* A job with the old address still comes out and would be taken for the new paper. */
static enum err
check_prints(struct tap *t, struct why *w)
{
	struct store_print p;
	struct why none = {0};
	enum err e = store_print_newest(t->s->store, t->row.number, &p, &none);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK) {
		if (w != NULL)
			*w = none;
		return e;
	}
	if (p.state == STORE_PRINT_PLANNED || p.state == STORE_PRINT_SUBMITTED)
		return why_set(w, ERR_REFUSED, MSG_RELINK_PRINT_OPEN, WHY_CODE(p.title));
	return ERR_OK;
}

static enum err
decide(struct tap *t, struct why *w)
{
	enum err e = tap_serviceable(t, w);

	if (e == ERR_OK)
		e = tap_in_service(t, w);
	if (e == ERR_OK && t->card != NULL && !safe_has(t->s->safe, KEY_NDEF))
		e = why_set(w, ERR_NO_KEY, MSG_KEY_NOT_HELD, WHY_NUM(KEY_NDEF),
		    WHY_NUM(safe_get_info(t->s->safe)->epoch));
	return e == ERR_OK ? check_prints(t, w) : e;
}

static enum err
new_url(struct tap *t, struct why *w)
{
	uint8_t token[TOKEN_LEN];
	enum err e = token_make(token, w);

	if (e == ERR_OK)
		e = token_url(t->s->set.host, token, t->intent.url, sizeof(t->intent.url), w);
	WIPE(token);
	return e;
}

static enum err
compose(struct tap *t, struct why *w)
{
	struct store_intent *in = &t->intent;
	int64_t have = 0;
	int32_t after = 0;
	struct record r;
	enum err e = t->card == NULL ? tap_record_from_book(t, w) : tap_look_again(t, w);

	if (e == ERR_OK)
		e = tap_held(t, &have, w);
	if (e == ERR_OK && have > 0)
		e = programme_steps(&t->s->programme, have, &after, w);
	if (e == ERR_OK)
		e = new_url(t, w);
	if (e == ERR_OK)
		e = store_event_next(t->s->store, in->event, w);
	if (e != ERR_OK)
		return e;
	tap_next_record(t, OP_ATTRIBUTES, &r);
	r.balance = have;
	record_hash(t->content.record, in->h0);
	in->h0_sequence = t->record.sequence;
	in->unit = r.unit;
	in->has_cert = t->card != NULL && memcmp(t->content.cert, t->s->cert_bytes, CERT_LEN) != 0;
	memcpy(in->cert, t->s->cert_bytes, sizeof(in->cert));
	return tap_seal(t, &r, 0, after, w);
}

/* A later record settled first has its own address. */
static enum err
post_settle(struct tap *t, const struct store_intent *in, const uint8_t *event, struct why *w)
{
	uint8_t token[TOKEN_LEN];
	struct store_card c;
	enum err e = store_card_by_number(t->s->store, in->card, &c, w);

	(void)event;
	if (e != ERR_OK || (c.has_record && c.sequence >= in->r1_sequence))
		return e;
	e = token_scan(t->s->set.host, in->url, token, w);
	if (e == ERR_OK) {
		token_hash(token, c.token_hash);
		c.has_token = true;
		e = store_card_update(t->s->store, &c, w);
	}
	WIPE(token);
	return e;
}

/* The record goes last: a card that shows it holds the link, too, read back. */
static enum err
apply(struct tap *t, const struct store_intent *in, struct why *w)
{
	struct card_write wr = {.delta = 0, .cert = in->has_cert ? in->cert : NULL};
	enum err e = card_set_url(t->card, in->url, w);

	memcpy(wr.record, in->r1, sizeof(wr.record));
	memcpy(wr.log, in->log, sizeof(wr.log));
	return e == ERR_OK ? card_write(t->card, &wr, w) : e;
}

const struct flow flow_relink = {
	.id = FLOW_RELINK,
	.name = "relink",
	.right = OP_ATTRIBUTES,
	.decide = decide,
	.compose = compose,
	.post_settle = post_settle,
	.apply = apply,
};
