/* A tap and its card: what is read is believed only when verified, what was written only when read back. */
#include "station/flow/tap.h"

#include <string.h>

/* --- reading */

/* Was this line written under the record of that hash? */
static bool
is_of(const uint8_t bytes[LOG_LINE_LEN], const uint8_t hash[RECORD_HASH_LEN])
{
	struct log_line line;

	log_line_parse(bytes, &line);
	return memcmp(line.record, hash, sizeof(line.record)) == 0;
}

/*
 * Is the value what record and log make of it? Each line says what it changed and what was there
 * after it. The oldest line of the record in force was written together with it: there the value is the
 * record's balance. Since then tills have only debited.
 */
static bool
value_explained(const struct card_content *c, const struct record *r, int32_t step)
{
	const int64_t most = r->balance / step;
	int64_t after = c->value;	/* as the next newer line found it */
	uint8_t hash[RECORD_HASH_LEN];
	struct log_line line = {.after = 0};
	size_t own = 0;			/* lines of this record */

	record_hash(c->record, hash);
	while (own < c->log_len && is_of(c->log[own], hash))
		own++;
	for (size_t i = 0; i < own; i++) {
		log_line_parse(c->log[i], &line);
		if (line.after != after || (i + 1 < own && line.delta >= 0))
			return false;
		after = (int64_t)line.after - line.delta;
	}
	/* of a log full of debits the record's own line has been overwritten */
	return own > 0 && (line.after == most || (own == CARD_LOG_LINES && line.after < most));
}

/* Does the record say what the chip under it says? The signature has been checked. */
static enum err
check_against_chip(const struct tap *t, struct why *w)
{
	const struct record *r = &t->record;

	if (!t->content.has_value || ((r->flags & RECORD_VALUE_FILE) == 0 && t->content.value == 0) ||
	    value_explained(&t->content, r, t->s->programme.step))
		return ERR_OK;
	return why_set(w, ERR_RECORD, MSG_VALUE_UNEXPLAINED);
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
	uint8_t cert[CERT_LEN];
	enum err e = tap_signer(t, cert, w);

	if (e == ERR_OK)
		e = record_verify(t->content.record, t->card->id.uid, t->card->id.uid_len, cert,
		    t->s->root_pub, &t->record, &t->out->signer, w);
	if (e == ERR_OK && ((t->record.flags & RECORD_TEST) != 0) != t->s->test)
		e = why_set(w, ERR_CARD_FOREIGN, MSG_CARD_OTHER_CLUB);
	if (e == ERR_OK)
		e = tap_trust(t, w);
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

/* Of a record whose bytes are known to be the club's. */
static enum err
know_signer(struct tap *t, struct why *w)
{
	uint8_t cert[CERT_LEN];
	enum err e = tap_signer(t, cert, w);

	if (e == ERR_OK)
		e = cert_verify(cert, t->s->root_pub, &t->out->signer, w);
	return e == ERR_OK ? tap_trust(t, w) : e;
}

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
	if (e == ERR_OK && !f->proves) {
		tap_stage(t, TAP_CONFIRM, 0, 0);
		e = card_confirm(t->card, &t->content, w);
	}
	if (e == ERR_OK && !shows(t, in))
		e = why_set(w, ERR_RECORD, MSG_READ_BACK_DIFFERS);
	/* Byte for byte what this club signed: nothing about it is left to verify. */
	if (e == ERR_OK)
		e = record_parse(in->r1, &t->record, w);
	if (e == ERR_OK)
		e = know_signer(t, w);
	return e == ERR_OK ? take_over(t, w) : e;
}
