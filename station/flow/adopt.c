/*
 * A card that knows more than a restored book. What the lost incarnation wrote after the backup stands nowhere but on
 * the cards, under this station's own signature: the book takes it over from there, posts the difference to an
 * account of its own, and notes it for somebody to look at. A card that knows less stays an old image.
 */
#include <string.h>

#include "cardapps/number.h"
#include "station/base/log.h"
#include "station/club/ledger.h"
#include "station/club/member.h"
#include "station/flow/tap.h"
#include "station/store/restored.h"

/* Read, verified, written by this station in an earlier life, believed, and further than the book. */
static bool
is_ahead(const struct tap *t, const struct flow *f)
{
	const struct flow_result *o = t->out;
	const bool believed = o->trust == TRUST_FULL || (f->any_trust && t->rq->manager);

	if (t->card == NULL || !t->content.has_record || t->content.state != CARD_READY || !believed ||
	    o->in_doubt || o->signer.station != t->s->id)
		return false;
	if (!t->in_book)
		return true;
	return !t->row.in_doubt && t->record.sequence > t->row.sequence && t->row.state != STORE_CARD_CLOSED &&
	    t->row.uid_len == t->card->id.uid_len && memcmp(t->row.uid, t->card->id.uid, t->row.uid_len) == 0;
}

static int64_t
held(const struct tap *t)
{
	return t->content.has_value ? (int64_t)t->content.value * t->s->programme.step : t->record.balance;
}

static enum err
journal_adoption(struct tap *t, struct store_adoption *a, struct why *w)
{
	char number[CARD_NUMBER_DIGITS + 1] = "";
	struct journal_field fields[] = {
		JOURNAL_FIELD_STR("card", number),
		JOURNAL_FIELD_HEX("uid", t->card->id.uid, t->card->id.uid_len),
		JOURNAL_FIELD_BOOL("known", a->known),
		JOURNAL_FIELD_INT("from_sequence", a->from_sequence),
		JOURNAL_FIELD_INT("sequence", a->sequence),
		JOURNAL_FIELD_INT("member", t->record.member),
		JOURNAL_FIELD_INT("amount", a->amount),
		JOURNAL_FIELD_INT("unit", a->unit),
		JOURNAL_FIELD_INT("value", t->content.value),
		JOURNAL_FIELD_HEX("record", t->content.record, RECORD_LEN),
	};
	struct journal_entry entry = {.kind = "card.adopt", .at_ms = t->now_ms, .fields = fields,
	    .field_count = sizeof(fields) / sizeof(fields[0])};
	enum err e = store_event_next(t->s->store, entry.event, w);

	(void)card_number_format(a->card, number);
	fields[0] = JOURNAL_FIELD_STR("card", number);
	memcpy(a->event, entry.event, sizeof(a->event));
	return e == ERR_OK ? store_journal_append(t->s->store, &entry, w) : e;
}

static enum store_card_state
state_of(const struct record *r)
{
	if ((r->flags & RECORD_CLOSED) != 0)
		return STORE_CARD_CLOSED;
	return (r->flags & RECORD_BLOCKED) != 0 ? STORE_CARD_BLOCKED : STORE_CARD_ACTIVE;
}

/* What the record says goes into the row; what the book alone knows (a block) stays. */
static void
take_record(const struct tap *t, struct store_card *c)
{
	const struct record *r = &t->record;

	c->tier = r->tier;
	c->valid_to = r->valid_to;
	c->epoch = r->key_epoch;
	c->has_record = true;
	memcpy(c->record, t->content.record, RECORD_LEN);
	c->sequence = r->sequence;
	c->value = t->content.value;
	if (c->state != STORE_CARD_BLOCKED)
		c->state = state_of(r);
}

/* Issued after the backup: the row is made anew, and for its member one without a name. */
static enum err
enter_unknown(struct tap *t, const struct store_adoption *a, struct why *w)
{
	const struct record *r = &t->record;
	struct store_card c = {.number = r->card_number, .uid_len = t->card->id.uid_len,
	    .chip = (uint8_t)t->card->id.kind, .member = r->member, .application = r->application,
	    .unit = r->unit, .created_ms = t->now_ms};
	enum err e = r->member != 0 ? club_member_recover(t->s->store, r->member, t->now_ms, w) : ERR_OK;

	memcpy(c.uid, t->card->id.uid, c.uid_len);
	memcpy(c.created_event, a->event, sizeof(c.created_event));
	take_record(t, &c);
	return e == ERR_OK ? store_card_insert(t->s->store, &c, w) : e;
}

static enum err
enter_known(struct tap *t, struct why *w)
{
	struct store_card c = t->row;

	take_record(t, &c);
	return store_card_update(t->s->store, &c, w);
}

static enum err
enter(struct tap *t, struct store_adoption *a, struct why *w)
{
	struct card_balance b = {0};
	struct card_money m = {.card = t->record.card_number, .unit = t->record.unit};
	enum err e = club_card_balance(t->s->store, m.card, m.unit, &b, w);

	*a = (struct store_adoption){.card = m.card, .known = t->in_book, .unit = m.unit, .at_ms = t->now_ms,
	    .from_sequence = t->in_book ? t->row.sequence : 0, .sequence = t->record.sequence,
	    .amount = held(t) - b.on_card};
	if (e == ERR_OK)
		e = journal_adoption(t, a, w);
	if (e == ERR_OK)
		e = a->known ? enter_known(t, w) : enter_unknown(t, a, w);
	m.amount = a->amount;
	if (e == ERR_OK && m.amount != 0)
		e = club_card_adopted(t->s->store, a->event, &m, w);
	return e == ERR_OK ? store_adoption_add(t->s->store, a, w) : e;
}

enum err
tap_adopt(struct tap *t, const struct flow *f, struct why *w)
{
	struct store *db = t->s->store;
	struct store_adoption a;
	bool restored = false;
	enum err e = ERR_OK;

	/* money on a card that is to be refused is not taken over, either */
	if (is_ahead(t, f))
		e = tap_admit(t, f, w);
	if (e == ERR_OK && is_ahead(t, f))
		e = store_was_restored(db, &restored, w);
	if (e != ERR_OK || !restored)
		return e;
	e = store_begin(db, w);
	if (e == ERR_OK)
		e = tap_look_up(t, w);
	/* another desk may have been quicker between our look and our turn */
	restored = e == ERR_OK && is_ahead(t, f);
	if (restored)
		e = enter(t, &a, w);
	if (e == ERR_OK)
		e = store_commit(db, w);
	store_rollback(db);
	if (e != ERR_OK || !restored)
		return e;
	t->out->adopted = true;
	t->out->adopted_amount = a.amount;
	log_line(LOG_WARN, "adopt", "a card was adopted from its record, sequence %u", (unsigned)a.sequence);
	return tap_look_up(t, w);
}
