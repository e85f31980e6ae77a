#include "station/flow/tap.h"

#include <string.h>

#include "station/base/clock.h"
#include "station/base/log.h"
#include "station/flow/lists.h"
#include "station/flow/station_clock.h"

#define MINUTES_A_DAY 1440u

static const struct flow *const flows[FLOW_COUNT] = {
	[FLOW_ISSUE] = &flow_issue,
	[FLOW_LOAD] = &flow_load,
	[FLOW_SHOW] = &flow_show,
	[FLOW_RESIGN] = &flow_resign,
	[FLOW_RELINK] = &flow_relink,
	[FLOW_ROLL] = &flow_roll,
};

const struct flow *
flow_by_id(enum flow_id id)
{
	return flows[id];
}

const struct flow *
flow_by_name(const char *name)
{
	for (size_t i = 0; i < FLOW_COUNT; i++)
		if (strcmp(flows[i]->name, name) == 0)
			return flows[i];
	return NULL;
}

const char *
flow_name(enum flow_id id)
{
	return flows[id]->name;
}

void
tap_stage(const struct tap *t, enum tap_stage stage, unsigned step, unsigned of)
{
	if (t->rq->watch != NULL)
		t->rq->watch(t->rq->watch_ctx, stage, step, of);
}

static void
on_card_progress(void *ctx, unsigned step, unsigned of)
{
	tap_stage(ctx, TAP_WRITE, step, of);
}

/* --- carry out: write, read back, settle */

/* What staff see, whatever broke: the cause goes to the log, the way out to the person. */
static enum err
doubt(struct tap *t, const struct why *cause, struct why *w)
{
	log_line(LOG_WARN, "tap", "in doubt after %s/%s", err_name(cause->code), msg_name(cause->id));
	t->out->in_doubt = true;
	return why_set(w, ERR_IN_DOUBT, MSG_PUT_SAME_CARD_BACK);
}

enum err
tap_settle_or_doubt(struct tap *t, const struct store_intent *in, struct why *w)
{
	struct why cause = {0};

	return tap_settle(t, in, &cause) == ERR_OK ? ERR_OK : doubt(t, &cause, w);
}

enum err
tap_carry_out(struct tap *t, const struct store_intent *in, struct why *w)
{
	const struct flow *f = flow_by_name(in->kind);
	struct why cause = {0};
	enum err e;

	if (f == NULL)
		return why_set(w, ERR_DB_NEWER, MSG_INTENT_UNKNOWN, WHY_CODE(in->kind));
	e = tap_write(t, f, in, &cause);
	return e == ERR_OK ? tap_settle_or_doubt(t, in, w) : doubt(t, &cause, w);
}

/* --- one tap */

static void
report(struct tap *t, const struct store_intent *in)
{
	struct flow_result *o = t->out;
	struct record r;

	o->done = true;
	memcpy(o->event, in->event, sizeof(o->event));
	o->card_number = in->card;
	o->amount = in->amount;
	if (record_parse(in->r1, &r, NULL) == ERR_OK) {
		o->member = r.member;
		o->tier = r.tier;
		o->valid_to = r.valid_to;
		o->balance = r.balance;
		o->record = r;
	}
}

/* The end of an intent as the answer to the request that led to it. */
static enum err
answer(struct tap *t, const struct store_intent *in, struct why *w)
{
	if (in->state == INTENT_VOID)
		return why_set(w, ERR_REFUSED, MSG_REQUEST_WAS_VOIDED, WHY_CODE(t->rq->request));
	report(t, in);
	return ERR_OK;
}

/*
 * The same request again. Settled: its answer, no card needed. Open: t->pending, go on to the
 * card, which heals it. Neither: a new request.
 */
static enum err
repeated(struct tap *t, bool *answered, struct why *w)
{
	char what[STORE_WHAT_CAP];
	uint8_t event[STORE_EVENT_LEN];
	struct store_intent in;
	enum err e;

	*answered = false;
	if (t->rq->request[0] == '\0')
		return ERR_OK;
	tap_what(t, what);
	e = store_request_find(t->s->store, t->rq->request, what, event, w);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_OK)
		e = store_intent_get(t->s->store, event, &in, w);
	if (e != ERR_OK)
		return e;
	if (in.state == INTENT_OPEN) {
		t->pending = true;
		memcpy(t->asked, event, sizeof(t->asked));
		return ERR_OK;
	}
	*answered = true;
	t->out->repeated = true;
	return answer(t, &in, w);
}

/* The card has been looked at: is what this request began before ended now? */
static enum err
after_own_heal(struct tap *t, const struct flow *f, struct why *w)
{
	struct store_intent in;
	enum err e = store_intent_get(t->s->store, t->asked, &in, w);

	if (e != ERR_OK)
		return e;
	if (in.state != INTENT_OPEN) {
		/* ended here, or meanwhile at another desk */
		t->out->by_heal = t->out->heal.outcome != HEAL_NONE;
		t->out->repeated = !t->out->by_heal;
		return answer(t, &in, w);
	}
	/* Why it cannot be ended here is the flow's to say; another card has nothing to do with it. */
	if (t->out->heal.outcome == HEAL_OPEN)
		e = f->decide(t, w);
	t->out->in_doubt = true;
	return e == ERR_OK ? why_set(w, ERR_IN_DOUBT, MSG_PUT_SAME_CARD_BACK) : e;
}

/*
 * Was finishing the earlier act all that this tap was for? One asked for under an id of its own is
 * not: nobody would know that id again. Else the same must have been asked, of this card if one was named.
 */
static bool
heal_is_the_answer(const struct tap *t, const struct store_intent *healed)
{
	char what[STORE_WHAT_CAP];

	if (t->rq->request[0] != '\0' || healed->state != INTENT_SETTLED ||
	    (t->rq->card_number != 0 && t->rq->card_number != healed->card))
		return false;
	tap_what(t, what);
	/* the card's number, last, may have been named only once */
	return strncmp(healed->what, what, (size_t)(strrchr(what, ' ') - what) + 1) == 0;
}

/* After a heal: is this tap over? *over with ERR_OK: yes, and well. */
static enum err
after_heal(struct tap *t, const struct flow *f, bool *over, struct why *w)
{
	struct store_intent healed;
	struct flow_result *o = t->out;
	enum err e;

	*over = t->pending;
	if (t->pending)
		return after_own_heal(t, f, w);
	if (f->compose == NULL || o->heal.outcome == HEAL_NONE || o->heal.outcome == HEAL_OPEN)
		return ERR_OK;
	e = store_intent_get(t->s->store, o->heal.event, &healed, w);
	if (e != ERR_OK)
		return e;
	if (heal_is_the_answer(t, &healed)) {
		report(t, &healed);
		o->by_heal = true;
		*over = true;
		return ERR_OK;
	}
	if (t->rq->request[0] != '\0' && healed.request[0] != '\0')
		return ERR_OK;
	return why_set(w, ERR_REFUSED,
	    healed.state == INTENT_VOID ? MSG_EARLIER_ACT_VOIDED : MSG_EARLIER_ACT_FINISHED);
}

/* Another program began the same request after we had looked: what it began is the answer. */
static enum err
overtaken(struct tap *t, enum err e, struct why *w)
{
	struct why said = {0};
	bool answered;
	enum err found;

	if (e != ERR_DUPLICATE || t->rq->request[0] == '\0')
		return e;
	found = repeated(t, &answered, &said);
	if (found == ERR_OK && t->pending)
		return doubt(t, &said, w);
	if (found != ERR_OK && w != NULL)
		*w = said;
	return answered ? found : e;
}

static enum err
act(struct tap *t, const struct flow *f, struct why *w)
{
	bool over;
	enum err e = tap_name_keys(t, w);

	if (e == ERR_OK)
		e = tap_read(t, w);
	if (e == ERR_OK)
		e = tap_heal(t, w);
	if (e == ERR_OK)
		e = tap_look_up(t, w);
	if (e == ERR_OK)
		e = tap_adopt(t, f, w);
	if (e == ERR_OK)
		e = after_heal(t, f, &over, w);
	if (e != ERR_OK || over)
		return e;
	e = tap_admit(t, f, w);
	if (e == ERR_OK)
		e = f->decide(t, w);
	if (e != ERR_OK || f->compose == NULL)
		return e;
	e = tap_intend(t, f, w);
	if (e != ERR_OK)
		return overtaken(t, e, w);
	e = tap_carry_out(t, &t->intent, w);
	if (e == ERR_OK)
		report(t, &t->intent);
	return e;
}

/* The roll of keys comes last: flow/roll.c says why. */
static enum err
with_card(struct tap *t, const struct flow *f, struct why *w)
{
	enum err e = act(t, f, w);

	if (e == ERR_OK)
		tap_roll(t);
	return e;
}

static enum err
without_card(struct tap *t, const struct flow *f, struct why *w)
{
	enum err e;

	if (f->compose == NULL) {
		e = tap_look_up(t, w);
		if (e == ERR_OK)
			e = f->decide(t, w);
		return e == ERR_OK ? tap_admit(t, f, w) : e;
	}
	e = tap_enter(t, f, w);
	if (e != ERR_OK)
		return overtaken(t, e, w);
	report(t, &t->intent);
	return ERR_OK;
}

static enum err
open_card(struct tap *t, struct why *w)
{
	struct card_access access = {.safe = t->s->safe};
	enum err e;

	memcpy(access.club, t->s->club, sizeof(access.club));
	memcpy(access.aid, t->s->set.aid, sizeof(access.aid));
	tap_stage(t, TAP_WAIT, 0, 0);
	e = card_open(t->rq->reader, &access, t->rq->wait_ms, &t->card, w);
	if (e != ERR_OK)
		return e;
	t->card->progress = on_card_progress;
	t->card->progress_ctx = t;
	t->out->has_chip = true;
	t->out->chip = t->card->id;
	return ERR_OK;
}

enum err
tap_may_begin(struct tap *t, const struct flow *f, struct why *w)
{
	uint32_t day = clock_minutes_2000(t->now_ms) / MINUTES_A_DAY;
	enum err e = ERR_OK;

	if (f->right != 0 && day > UINT16_MAX)
		return why_set(w, ERR_CLOCK, MSG_CLOCK_WRONG);
	if (f->right != 0)
		e = cert_covers(&t->s->cert, (uint16_t)day, CERT_RIGHT(f->right), w);
	if (e == ERR_OK && f->right != 0)
		e = station_clock_check(t->s, w);
	if (e == ERR_OK && f->right != 0)
		e = lists_check_station(t->s, w);
	if (e == ERR_OK && f->gives_value)
		e = lists_fresh(t->s, w);
	return e == ERR_OK && f->check != NULL ? f->check(t, w) : e;
}

enum err
flow_run(struct station *s, const struct flow_request *rq, struct flow_result *out, struct why *w)
{
	const struct flow *f = flow_by_id(rq->flow);
	struct tap t = {.s = s, .rq = rq, .out = out, .now_ms = clock_now_ms()};
	unsigned before = rq->reader != NULL ? rq->reader->apdus : 0;
	bool answered;
	enum err e;

	memset(out, 0, sizeof(*out));
	e = repeated(&t, &answered, w);
	/* What was begun is finished, whatever the rules say by now. */
	if (e == ERR_OK && !answered && !t.pending)
		e = tap_may_begin(&t, f, w);
	if (e != ERR_OK || answered)
		return e;
	if (rq->reader == NULL) {
		e = without_card(&t, f, w);
	} else {
		e = open_card(&t, w);
		if (e == ERR_OK)
			e = with_card(&t, f, w);
		card_close(&t.card);
		out->apdus = rq->reader->apdus - before;
	}
	return e;
}
