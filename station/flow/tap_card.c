/* A tap and its card: what is read is believed only when verified, what was written only when read back. */
#include "station/flow/tap.h"

#include <string.h>

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

/* --- writing */

/* True if the card now shows R1: the only proof a write has. */
static bool
shows(const struct tap *t, const struct store_intent *in)
{
	return t->content.has_record && memcmp(t->content.record, in->r1, RECORD_LEN) == 0;
}

enum err
tap_write(struct tap *t, const struct flow *f, const struct store_intent *in, struct why *w)
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
