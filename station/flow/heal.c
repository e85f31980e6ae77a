/*
 * What an earlier pull left: judged by bytes, never by a sequence alone.
 *
 *   C is the record on the card, R1 the one intended, H0 the hash of the one it was to follow.
 *
 *   C = R1                    applied: settle
 *   hash(C) = H0              not applied: write R1 again, the same bytes
 *   seq(C) = seq(R1), C != R1 another successor won: void
 *   seq(C) > seq(R1)          applied if C follows R1 or the card's log names the event; else open
 *   seq(C) < seq(H0)          an old image: refuse, alarm
 */
#include <stdlib.h>
#include <string.h>

#include "cardapps/number.h"
#include "station/base/log.h"
#include "station/flow/tap.h"

enum verdict { APPLIED, NOT_APPLIED, DEAD, UNKNOWN, ROLLED_BACK };

static bool
log_names(const struct card_content *c, const uint8_t event[STORE_EVENT_LEN])
{
	struct log_line line;

	for (size_t i = 0; i < c->log_len; i++) {
		log_line_parse(c->log[i], &line);
		if (memcmp(line.event, event, STORE_EVENT_LEN) == 0)
			return true;
	}
	return false;
}

static bool
follows(const struct record *r, const uint8_t r1[RECORD_LEN])
{
	uint8_t hash[RECORD_HASH_LEN];

	record_hash(r1, hash);
	return memcmp(r->prev, hash, sizeof(r->prev)) == 0;
}

static enum verdict
judge(const struct tap *t, const struct store_intent *in)
{
	uint8_t hash[RECORD_HASH_LEN];

	/* Not laid out as this intent would have left it: another's by now. */
	if (t->content.state == CARD_FOREIGN)
		return UNKNOWN;
	if (!t->content.has_record)
		return in->first ? NOT_APPLIED : ROLLED_BACK;
	if (t->record.card_number != in->card)
		return UNKNOWN;
	if (memcmp(t->content.record, in->r1, RECORD_LEN) == 0)
		return APPLIED;
	record_hash(t->content.record, hash);
	if (!in->first && memcmp(hash, in->h0, sizeof(hash)) == 0)
		return NOT_APPLIED;
	if (t->record.sequence == in->r1_sequence)
		return DEAD;
	if (t->record.sequence > in->r1_sequence)
		return follows(&t->record, in->r1) || log_names(&t->content, in->event) ? APPLIED
											: UNKNOWN;
	return ROLLED_BACK;
}

/* The intent can never come true. Its money goes back the way it came; staff are told. */
static enum err
make_void(struct tap *t, const struct flow *f, const struct store_intent *in, struct heal_report *h,
    struct why *w)
{
	struct store *db = t->s->store;
	struct intent_close c = {
		.state = INTENT_VOID,
		.cash = in->cash == CASH_TAKEN ? CASH_RETURNED : in->cash,
		.goods = in->goods,
		.at_ms = t->now_ms,
	};
	enum err e = store_begin(db, w);

	if (e != ERR_OK)
		return e;
	memcpy(c.intent, in->event, sizeof(c.intent));
	e = store_event_next(db, c.by, w);
	if (e == ERR_OK)
		e = store_intent_close(db, &c, w);
	if (e == ERR_OK && f->post_void != NULL)
		e = f->post_void(t, in, c.by, w);
	if (e == ERR_OK)
		e = store_commit(db, w);
	store_rollback(db);
	/* Only now may somebody be told to hand cash back. */
	if (e == ERR_OK)
		h->outcome = HEAL_VOIDED;
	return e;
}

static enum err
rolled_back(const struct store_intent *in, struct why *w)
{
	char number[CARD_NUMBER_DIGITS + 1] = "";

	(void)card_number_format(in->card, number);
	log_line(LOG_ERROR, "heal", "an old image of card %s was presented", number);
	return why_set(w, ERR_RECORD, MSG_CARD_IMAGE_OLD, WHY_CODE(number));
}

/*
 * A first issue is complete only when the whole card is: its last steps come after the
 * record. So it is carried out again even if its record is there; what stands is compared, not
 * rewritten. With a later record the card has been in use since: it was complete.
 */
static enum err
finish(struct tap *t, const struct store_intent *in, enum verdict v, struct heal_report *h,
    struct why *w)
{
	bool fresh = in->first && memcmp(t->content.record, in->r1, RECORD_LEN) == 0;
	enum err e;

	if (v == NOT_APPLIED || fresh)
		e = tap_carry_out(t, in, w);
	else
		e = tap_settle_or_doubt(t, in, w);
	if (e == ERR_OK)
		h->outcome = v == APPLIED ? HEAL_APPLIED : HEAL_WRITTEN;
	return e;
}

static enum err
close_one(struct tap *t, const struct flow *f, const struct store_intent *in, struct heal_report *h,
    struct why *w)
{
	enum verdict v = judge(t, in);

	switch (v) {
	case APPLIED:
	case NOT_APPLIED:
		return finish(t, in, v, h, w);
	case DEAD:
		return make_void(t, f, in, h, w);
	case UNKNOWN:
		h->outcome = HEAL_OPEN;
		t->out->in_doubt = true;
		return ERR_OK;
	case ROLLED_BACK:
		break;
	}
	return rolled_back(in, w);
}

/* A roll moved no money and nobody asked for it: it is told beside the rest, and the tap goes on. */
static void
tell(struct tap *t, const struct heal_report *h)
{
	if (h->flow != FLOW_ROLL)
		t->out->heal = *h;
	else if (h->outcome == HEAL_APPLIED || h->outcome == HEAL_WRITTEN)
		t->out->roll.outcome = ROLL_HEALED;
	else if (h->outcome == HEAL_OPEN)
		t->out->roll.outcome = ROLL_OPEN;
}

static enum err
heal_one(struct tap *t, const struct store_intent *in, struct why *w)
{
	const struct flow *f = flow_by_name(in->kind);
	struct heal_report h = {.amount = in->amount, .cash_taken = in->cash == CASH_TAKEN};
	enum err e;

	if (f == NULL)
		return why_set(w, ERR_DB_NEWER, MSG_INTENT_UNKNOWN, WHY_CODE(in->kind));
	h.flow = f->id;
	memcpy(h.event, in->event, sizeof(h.event));
	e = close_one(t, f, in, &h, w);
	tell(t, &h);
	return e;
}

enum err
tap_heal(struct tap *t, struct why *w)
{
	struct store_intent *list = NULL;
	size_t count = 0;
	enum err e = store_intents_open_by_uid(t->s->store, t->card->id.uid, t->card->id.uid_len, &list,
	    &count, w);

	for (size_t i = 0; e == ERR_OK && i < count; i++) {
		tap_stage(t, TAP_HEAL, (unsigned)i + 1, (unsigned)count);
		e = heal_one(t, &list[i], w);
	}
	free(list);
	return e;
}
