/* What flows ask of a card that is in service before they change it. */
#include <string.h>

#include "cardapps/number.h"
#include "station/club/ledger.h"
#include "station/flow/tap.h"

/* The tap must meet the card that was meant, one of ours, in service and as the book knows it. */
enum err
tap_serviceable(struct tap *t, struct why *w)
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

enum err
tap_in_service(const struct tap *t, struct why *w)
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

enum err
tap_held(struct tap *t, int64_t *out, struct why *w)
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

/* Without a chip the last record settled stands in for the one read. */
enum err
tap_record_from_book(struct tap *t, struct why *w)
{
	memcpy(t->content.record, t->row.record, RECORD_LEN);
	return record_parse(t->row.record, &t->record, w);
}

/* Between our looking and our turn to write, no other desk may have begun anything on this card. */
enum err
tap_look_again(struct tap *t, struct why *w)
{
	const uint32_t sequence = t->row.sequence;
	char number[CARD_NUMBER_DIGITS + 1] = "";
	enum err e = tap_look_up(t, w);

	if (e != ERR_OK || (t->row.sequence == sequence && !t->row.in_doubt))
		return e;
	(void)card_number_format(t->row.number, number);
	return why_set(w, ERR_REFUSED, MSG_CARD_AT_OTHER_DESK, WHY_CODE(number));
}

enum err
tap_write_record(struct tap *t, const struct store_intent *in, struct why *w)
{
	struct card_write wr = {.delta = in->delta, .cert = in->has_cert ? in->cert : NULL};

	memcpy(wr.record, in->r1, sizeof(wr.record));
	memcpy(wr.log, in->log, sizeof(wr.log));
	return card_write(t->card, &wr, w);
}
