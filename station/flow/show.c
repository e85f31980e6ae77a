/* Show: what is on the card, verified; healed first like any card that is presented. */
#include <string.h>

#include "cardapps/number.h"
#include "station/club/ledger.h"
#include "station/flow/tap.h"

/* Without a chip the book is all there is to show. */
static enum err
show_book(struct tap *t, struct why *w)
{
	struct card_balance b;
	struct flow_result *o = t->out;
	char number[CARD_NUMBER_DIGITS + 1] = "";
	enum err e;

	(void)card_number_format(t->rq->card_number, number);
	if (!t->in_book)
		return why_set(w, ERR_NOT_FOUND, MSG_CARD_NOT_IN_BOOK, WHY_CODE(number));
	e = club_card_balance(t->s->store, t->row.number, t->row.unit, &b, w);
	o->card_number = t->row.number;
	o->member = t->row.member;
	o->tier = t->row.tier;
	o->valid_to = t->row.valid_to;
	o->balance = b.on_card;
	o->in_doubt = t->row.in_doubt;
	return e;
}

/* Further than the book by a station that is trusted no more: known by its number, and shown with that reason. */
static enum err
agree(struct tap *t, struct why *w)
{
	struct why mine = {0};
	enum err e = tap_agree(t, &mine);

	if (e == ERR_REFUSED && mine.id == MSG_CARD_AHEAD && t->out->trust != TRUST_FULL)
		return ERR_OK;
	if (e != ERR_OK && w != NULL)
		*w = mine;
	return e;
}

static enum err
show_card(struct tap *t, struct why *w)
{
	if (t->content.state == CARD_FOREIGN)
		return why_set(w, ERR_CARD_FOREIGN, MSG_CARD_OTHER_CLUB);
	if (t->content.state == CARD_NEW)
		return why_set(w, ERR_CARD_BLANK, MSG_CARD_IS_NEW);
	if (!t->content.has_record || t->content.state == CARD_PARTIAL)
		return why_set(w, ERR_CARD_PARTIAL, MSG_CARD_BEGUN_ELSEWHERE);
	return t->in_book ? agree(t, w) : ERR_OK;
}

static enum err
decide(struct tap *t, struct why *w)
{
	enum err e = t->card == NULL ? show_book(t, w) : show_card(t, w);

	t->out->done = e == ERR_OK;
	return e;
}

const struct flow flow_show = {
	.id = FLOW_SHOW,
	.name = "show",
	.any_trust = true,
	.decide = decide,
};
