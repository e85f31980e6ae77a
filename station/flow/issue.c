/* Issue: a new card of ours, for a member or a bearer; of plastic from the box or pre-printed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cardapps/number.h"
#include "station/base/clock.h"
#include "station/base/secret.h"
#include "station/club/member.h"
#include "station/club/ranges.h"
#include "station/club/tier.h"
#include "station/flow/custody.h"
#include "station/flow/tap.h"
#include "station/flow/token.h"
#include "station/store/stock.h"

static enum err
check(struct tap *t, struct why *w)
{
	struct store_member m;
	enum err e = custody_may_issue(t->s, w);

	if (e == ERR_OK && club_tier_id(t->rq->tier) == NULL)
		return why_set(w, ERR_ARG, MSG_TIER_UNKNOWN, WHY_NUM(t->rq->tier));
	/* value for whoever carries it: nobody's name */
	if (e != ERR_OK || (t->rq->member == 0 &&
	    (t->rq->application == APP_GIFT || t->rq->application == APP_DISCOUNT)))
		return e;
	return club_member_get(t->s->store, t->rq->member, &m, w);
}

/* The references of every key this card will get stand in the intent before its first byte. */
static enum err
plan_keys(struct tap *t, struct why *w)
{
	struct key_step steps[CARD_KEY_STEPS_CAP];
	size_t count = 0;
	enum err e = card_plan_keys(t->card, safe_get_info(t->s->safe)->epoch, steps, &count, w);

	tap_store_keys(steps, count, &t->intent);
	return e;
}

static enum err
decide(struct tap *t, struct why *w)
{
	if (t->card == NULL)
		return ERR_OK;
	switch (t->content.state) {
	case CARD_NEW:
		break;
	case CARD_PARTIAL:
		return why_set(w, ERR_CARD_PARTIAL, MSG_CARD_BEGUN_ELSEWHERE);
	case CARD_READY:
		return why_set(w, ERR_CARD_TAKEN, MSG_CARD_ALREADY_ISSUED);
	case CARD_FOREIGN:
		return why_set(w, ERR_CARD_FOREIGN, MSG_CARD_OTHER_CLUB);
	}
	if (t->in_book && t->row.state != STORE_CARD_CLOSED)
		return why_set(w, ERR_REFUSED, MSG_CARD_WIPED);
	return plan_keys(t, w);
}

static bool
accept_serial(uint32_t serial, uint64_t *number, void *ctx)
{
	const struct station *s = ctx;

	return card_number_make(s->set.number_prefix, card_number_club(s->club), serial, number);
}

static void
first_record(const struct tap *t, uint64_t number, struct record *r)
{
	memset(r, 0, sizeof(*r));
	r->application = t->rq->application != 0 ? t->rq->application : (uint8_t)APP_LOYALTY;
	r->tier = t->rq->tier;
	r->flags = (uint8_t)((t->s->test ? RECORD_TEST : 0) | (t->card != NULL ? RECORD_VALUE_FILE : 0));
	r->sequence = 1;
	r->card_number = number;
	r->member = t->rq->member;
	memcpy(r->club, t->s->club, sizeof(r->club));
	r->unit = t->s->programme.unit;
	r->valid_to = station_valid_to(t->s, t->now_ms, t->rq->valid_days);
	r->operation = OP_ISSUE;
	r->programme = t->s->programme.id;
	r->key_epoch = t->card != NULL ? safe_get_info(t->s->safe)->epoch : 0;
	memcpy(r->signer, t->s->signer, sizeof(r->signer));
	r->written_at = clock_minutes_2000(t->now_ms);
}

/* A number and a row for the card. It is not in service before the settlement. */
static enum err
enter_card(struct tap *t, const struct record *r, const uint8_t token[STORE_HASH_LEN], struct why *w)
{
	struct store_card c = {
		.number = r->card_number, .member = r->member, .application = r->application,
		.tier = r->tier, .valid_to = r->valid_to, .unit = r->unit, .epoch = r->key_epoch,
		.state = STORE_CARD_ISSUING, .has_token = true, .created_ms = t->now_ms,
	};
	char digits[CARD_NUMBER_DIGITS + 1] = "";
	struct journal_field fields[3];
	struct journal_entry entry = {.kind = t->rq->stock != 0 ? "stock.bind" : "card.number",
	    .at_ms = t->now_ms, .fields = fields, .field_count = 3};
	enum err e = store_event_next(t->s->store, entry.event, w);

	(void)card_number_format(r->card_number, digits);
	fields[0] = JOURNAL_FIELD_STR("card", digits);
	fields[1] = JOURNAL_FIELD_INT("member", r->member);
	fields[2] = JOURNAL_FIELD_INT("application", r->application);
	if (e == ERR_OK)
		e = store_journal_append(t->s->store, &entry, w);
	if (t->card != NULL) {
		c.chip = (uint8_t)t->card->id.kind;
		c.uid_len = t->card->id.uid_len;
		memcpy(c.uid, t->card->id.uid, c.uid_len);
	}
	memcpy(c.token_hash, token, sizeof(c.token_hash));
	memcpy(c.created_event, entry.event, sizeof(c.created_event));
	return e == ERR_OK ? store_card_insert(t->s->store, &c, w) : e;
}

/* A number from the station's range and an address that nobody knows yet. */
static enum err
take_new(struct tap *t, uint64_t *number, uint8_t hash[STORE_HASH_LEN], struct why *w)
{
	uint8_t token[TOKEN_LEN];
	uint32_t serial;
	enum err e = club_next_card_number(t->s->store, accept_serial, t->s, &serial, number, w);

	if (e == ERR_OK)
		e = token_make(token, w);
	if (e == ERR_OK)
		e = token_url(t->s->set.host, token, t->intent.url, sizeof(t->intent.url), w);
	if (e == ERR_OK)
		token_hash(token, hash);
	WIPE(token);
	return e;
}

/* Those that are printed on the plastic already; here two desks with one card in mind part. */
static enum err
take_stock(struct tap *t, uint64_t *number, uint8_t hash[STORE_HASH_LEN], struct why *w)
{
	struct store_stock c;
	enum err e = store_stock_bind(t->s->store, t->rq->stock, w);

	if (e == ERR_OK)
		e = store_stock_by_number(t->s->store, t->rq->stock, &c, w);
	if (e == ERR_OK) {
		*number = c.number;
		memcpy(hash, c.token, STORE_HASH_LEN);
		memcpy(t->intent.url, c.url, sizeof(t->intent.url));
		WIPE(c);
	}
	return e;
}

static enum err
compose(struct tap *t, struct why *w)
{
	struct store_intent *in = &t->intent;
	uint8_t hash[STORE_HASH_LEN];
	uint64_t number = 0;
	struct record r;
	enum err e = t->rq->stock != 0 ? take_stock(t, &number, hash, w) : take_new(t, &number, hash, w);

	if (e != ERR_OK)
		return e;
	first_record(t, number, &r);
	e = enter_card(t, &r, hash, w);
	if (e == ERR_OK)
		e = store_event_next(t->s->store, in->event, w);
	in->first = true;
	in->unit = r.unit;
	in->has_cert = true;
	memcpy(in->cert, t->s->cert_bytes, sizeof(in->cert));
	return e == ERR_OK ? tap_seal(t, &r, 0, 0, w) : e;
}

/* Personalising ends with all of this read back under MAC and compared: it need not be read once more. */
static void
take_content(const struct card_plan *p, uint16_t epoch, struct card_content *c)
{
	struct log_line line;

	log_line_parse(p->log, &line);
	memset(c, 0, sizeof(*c));
	c->state = CARD_READY;
	c->epoch = epoch;
	c->has_record = c->has_value = true;
	c->value = line.after;
	c->log_len = 1;
	memcpy(c->record, p->record, sizeof(c->record));
	memcpy(c->cert, p->cert, sizeof(c->cert));
	memcpy(c->log[0], p->log, sizeof(c->log[0]));
}

static enum err
apply(struct tap *t, const struct store_intent *in, struct why *w)
{
	struct key_step steps[STORE_KEYS_CAP];
	struct card_plan p = {.steps = steps, .step_count = in->key_count, .url = in->url,
	    .check_refusals = !t->rq->skip_refusals};
	enum err e;

	tap_load_keys(in, steps);
	memcpy(p.record, in->r1, sizeof(p.record));
	memcpy(p.log, in->log, sizeof(p.log));
	memcpy(p.cert, in->cert, sizeof(p.cert));
	e = card_personalise(t->card, &p, w);
	if (e == ERR_OK)
		take_content(&p, in->keys[0].new_ref.epoch, &t->content);
	return e;
}

const struct flow flow_issue = {
	.id = FLOW_ISSUE,
	.name = "issue",
	.right = OP_ISSUE,
	.check = check,
	.decide = decide,
	.compose = compose,
	.apply = apply,
	.proves = true,
};
