/* What the commands at the desk share: readers, cards, members. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cardapps/number.h"
#include "cardapps/reader/trace.h"
#include "station/cli/cli.h"
#include "station/club/member.h"
#include "station/club/tier.h"
#include "station/flow/readers.h"
#include "station/flow/settings.h"

#define READER_DEFAULT "sim:desfire-ev1"
#define WAIT_DEFAULT_S 30
#define WAIT_MAX_S 600

/* --- progress, on a terminal only */

static void
on_stage(void *ctx, enum tap_stage stage, unsigned step, unsigned of)
{
	static const enum msg words[] = {
		[TAP_WAIT] = MSG_STAGE_WAIT, [TAP_READ] = MSG_STAGE_READ, [TAP_HEAL] = MSG_STAGE_HEAL,
		[TAP_INTEND] = MSG_STAGE_INTEND, [TAP_WRITE] = MSG_STAGE_WRITE,
		[TAP_CONFIRM] = MSG_STAGE_CONFIRM, [TAP_SETTLE] = MSG_STAGE_SETTLE,
	};
	const struct cli *c = ctx;
	char text[TEXT_CAP];
	char count[TEXT_SHORT_CAP];
	char whole[TEXT_SHORT_CAP];

	if (c->json || !isatty(STDERR_FILENO))
		return;
	text_message(c->lang, words[stage], NULL, 0, text, sizeof(text));
	(void)fprintf(stderr, "\r\033[K%s", text);
	if (of > 1) {
		text_number(c->lang, step, count, sizeof(count));
		text_number(c->lang, of, whole, sizeof(whole));
		(void)fprintf(stderr, " %s/%s", count, whole);
	}
	if (stage == TAP_SETTLE)
		(void)fprintf(stderr, "\r\033[K");
	(void)fflush(stderr);
}

/* --- flows */

static enum err
on_station(struct cli *c, enum station_need need,
    enum err (*act)(struct cli *c, struct station *s, struct why *w), struct why *w)
{
	struct station *s;
	enum err e = cli_station(c, need, &s, w);

	if (e != ERR_OK)
		return e;
	e = act(c, s, w);
	station_close(&s);
	return e;
}

enum err
cli_at_desk(struct cli *c, enum err (*act)(struct cli *c, struct station *s, struct why *w),
    struct why *w)
{
	return on_station(c, STATION_KEYS, act, w);
}

enum err
cli_on_books(struct cli *c, enum err (*act)(struct cli *c, struct station *s, struct why *w),
    struct why *w)
{
	return on_station(c, STATION_BOOKS, act, w);
}

enum err
cli_request(const struct cli *c, struct flow_request *rq, struct why *w)
{
	const char *request = cli_value(c, "request");

	if (request == NULL)
		return ERR_OK;
	if (request[0] == '\0' || strlen(request) >= sizeof(rq->request))
		return why_set(w, ERR_USAGE, MSG_REQUEST_LENGTH, WHY_NUM(sizeof(rq->request) - 1));
	memcpy(rq->request, request, strlen(request) + 1);
	return ERR_OK;
}

static enum err
take_request(struct cli *c, struct flow_request *rq, struct why *w)
{
	int64_t wait;
	enum err e = cli_number(c, "wait", 0, WAIT_MAX_S, WAIT_DEFAULT_S, &wait, w);

	if (e != ERR_OK)
		return e;
	rq->wait_ms = (unsigned)wait * 1000u;
	return cli_request(c, rq, w);
}

/* A heal is told before anything else: it is about the customer's money. */
static void
say_heal(struct cli *c, const struct heal_report *h)
{
	static const enum msg words[] = {
		[HEAL_NONE] = MSG_NONE, [HEAL_APPLIED] = MSG_HEAL_APPLIED,
		[HEAL_WRITTEN] = MSG_HEAL_WRITTEN, [HEAL_VOIDED] = MSG_HEAL_VOIDED,
		[HEAL_OPEN] = MSG_HEAL_OPEN,
	};
	static const char *const names[] = {"none", "applied", "written", "voided", "open"};
	static const enum msg acts[FLOW_COUNT] = {
		[FLOW_ISSUE] = MSG_ACT_ISSUE, [FLOW_LOAD] = MSG_ACT_LOAD, [FLOW_SHOW] = MSG_NONE,
		[FLOW_RESIGN] = MSG_ACT_RESIGN, [FLOW_RELINK] = MSG_ACT_RELINK,
		[FLOW_ROLL] = MSG_NONE,
	};
	char act[TEXT_SHORT_CAP] = "";
	struct why_in facts[] = {WHY_STR(act), WHY_MONEY(h->amount)};
	const bool return_cash = h->outcome == HEAL_VOIDED && h->cash_taken;

	cli_json_str(c, "healed", names[h->outcome]);
	if (h->outcome == HEAL_NONE)
		return;
	text_message(c->lang, acts[h->flow], NULL, 0, act, sizeof(act));
	cli_say(c, return_cash ? MSG_HEAL_RETURN_CASH : words[h->outcome], facts, 2);
	cli_json_str(c, "healed_act", flow_name(h->flow));
	cli_json_hex(c, "healed_event", h->event, sizeof(h->event));
	cli_json_int(c, "healed_amount_rial", h->amount);
	cli_json_bool(c, "return_cash", return_cash);
}

/* The transcript of --trace; *to stays NULL without the option. */
static enum err
open_trace(const struct cli *c, FILE **to, struct why *w)
{
	const char *path = cli_value(c, "trace");

	*to = NULL;
	if (path == NULL)
		return ERR_OK;
	*to = strcmp(path, "-") == 0 ? stderr : fopen(path, "w");
	return *to != NULL ? ERR_OK : why_errno(w, errno, path);
}

static void
close_trace(FILE *to)
{
	if (to != NULL && to != stderr)
		(void)fclose(to);
}

/* An address that changed by the way leaves paper behind that leads nowhere. */
static void
say_paper_is_dead(struct cli *c, const struct flow_result *r)
{
	char digits[CARD_NUMBER_DIGITS + 1] = "";

	if (r->by_heal || r->heal.flow != FLOW_RELINK ||
	    (r->heal.outcome != HEAL_APPLIED && r->heal.outcome != HEAL_WRITTEN))
		return;
	(void)card_number_format(r->card_number, digits);
	cli_say(c, MSG_RELINK_PRINT_NOW, (const struct why_in[]){WHY_CODE(digits)}, 1);
}

/* What became of the card's keys beside what was asked. */
static void
say_roll(struct cli *c, const struct roll_report *r)
{
	static const char *const names[] = {"none", "done", "healed", "open"};
	static const enum msg words[] = {
		[ROLL_NONE] = MSG_NONE, [ROLL_DONE] = MSG_ROLL_DONE, [ROLL_HEALED] = MSG_ROLL_HEALED,
		[ROLL_OPEN] = MSG_ROLL_OPEN,
	};
	const struct why_in facts[] = {WHY_NUM(r->now), WHY_NUM(r->newest)};

	cli_json_str(c, "roll", names[r->outcome]);
	if (r->outcome != ROLL_NONE)
		cli_say(c, words[r->outcome], facts, 2);
	if (r->now == 0)
		return;
	if (r->due && r->outcome != ROLL_OPEN)
		cli_say(c, MSG_ROLL_DUE, facts, 2);
	cli_json_int(c, "key_generation", r->now);
	cli_json_int(c, "newest_generation", r->newest);
	cli_json_bool(c, "roll_due", r->due);
}

static void
report_tap(struct cli *c, const struct flow_result *r)
{
	say_heal(c, &r->heal);
	say_paper_is_dead(c, r);
	if (r->adopted)
		cli_say(c, MSG_CARD_ADOPTED, NULL, 0);
	cli_json_bool(c, "adopted", r->adopted);
	say_roll(c, &r->roll);
	if (r->by_heal)
		cli_say(c, MSG_HEAL_WAS_ALL, NULL, 0);
	if (r->repeated)
		cli_say(c, MSG_REQUEST_REPEATED, NULL, 0);
	cli_json_bool(c, "repeated", r->repeated);
	cli_json_bool(c, "in_doubt", r->in_doubt);
	cli_json_int(c, "apdus", r->apdus);
}

/* The flow on an open reader (NULL: no chip), watched on a terminal. */
static enum err
run_watched(struct cli *c, struct station *s, struct flow_request *rq, struct flow_result *out,
    struct why *w)
{
	enum err e;

	if (rq->reader == NULL && rq->flow != FLOW_ISSUE && rq->card_number == 0)
		return why_set(w, ERR_USAGE, MSG_CARD_NUMBER_NEEDED);
	rq->watch = on_stage;
	rq->watch_ctx = c;
	e = flow_run(s, rq, out, w);
	if (isatty(STDERR_FILENO) && !c->json)
		(void)fprintf(stderr, "\r\033[K");
	report_tap(c, out);
	return e;
}

enum err
cli_run_flow(struct cli *c, struct station *s, struct flow_request *rq, struct flow_result *out,
    struct why *w)
{
	const char *name = cli_value(c, "reader");
	struct trace trace;
	FILE *to = NULL;
	enum err e = take_request(c, rq, w);

	if (e == ERR_OK)
		e = open_trace(c, &to, w);
	if (e == ERR_OK)
		e = station_reader_open(s, name != NULL ? name : READER_DEFAULT, &rq->reader, w);
	if (e == ERR_OK) {
		if (to != NULL && rq->reader != NULL)
			trace_attach(&trace, rq->reader, to);
		e = run_watched(c, s, rq, out, w);
		reader_close(&rq->reader);
	}
	close_trace(to);
	return e;
}

/* --- a card */

static void
card_chip(struct cli *c, const struct flow_result *r)
{
	char uid[2 * CARD_UID_CAP + 1] = "";

	for (size_t i = 0; i < r->chip.uid_len; i++)
		(void)snprintf(uid + 2 * i, 3, "%02X", r->chip.uid[i]);
	cli_fact(c, MSG_LABEL_CHIP, r->chip.name);
	cli_fact(c, MSG_LABEL_UID, uid);
	cli_json_str(c, "chip", r->chip.name);
	cli_json_str(c, "uid", uid);
}

static void
card_validity(struct cli *c, uint16_t day)
{
	char text[TEXT_SHORT_CAP];

	cli_json_int(c, "valid_to_day", day);
	if (day == 0)
		text_message(c->lang, MSG_VALID_OPEN, NULL, 0, text, sizeof(text));
	else
		text_date(c->lang, day, DATE_LONG, text, sizeof(text));
	cli_fact(c, MSG_LABEL_VALID, text);
}

static void
card_holder(struct cli *c, const struct station *s, const struct flow_result *r)
{
	struct store_member m;
	char text[TEXT_SHORT_CAP];

	if (club_member_get(s->store, r->member, &m, NULL) == ERR_OK)
		cli_fact(c, MSG_LABEL_MEMBER, m.name);
	cli_json_int(c, "member", r->member);
	text_message(c->lang, club_tier_name(r->tier), NULL, 0, text, sizeof(text));
	cli_fact(c, MSG_LABEL_TIER, text);
	cli_json_str(c, "tier", club_tier_id(r->tier) != NULL ? club_tier_id(r->tier) : "");
}

void
cli_card(struct cli *c, const struct station *s, const struct flow_result *r)
{
	char digits[CARD_NUMBER_DIGITS + 1] = "";
	char text[TEXT_SHORT_CAP];

	(void)card_number_format(r->card_number, digits);
	text_card_number(c->lang, digits, text, sizeof(text));
	cli_fact(c, MSG_LABEL_NUMBER, text);
	cli_json_str(c, "card", digits);
	card_holder(c, s, r);
	text_money(c->lang, r->balance, MONEY_BOTH, text, sizeof(text));
	cli_fact(c, MSG_LABEL_BALANCE, text);
	cli_json_int(c, "balance_rial", r->balance);
	card_validity(c, r->valid_to);
	if (r->has_chip)
		card_chip(c, r);
}

enum err
cli_card_number(const char *typed, uint64_t *number, struct why *w)
{
	char digits[CARD_NUMBER_DIGITS + 1];
	enum err e = text_parse_card_number(typed, digits, w);

	if (e != ERR_OK)
		return e;
	if (!card_number_parse(digits, number))
		return why_set(w, ERR_FORMAT, MSG_CARD_NUMBER_WRONG, WHY_CODE(typed));
	return ERR_OK;
}

/* --- members */

struct found {
	uint32_t id;
	unsigned count;
};

static bool
count_member(const struct store_member *m, void *ctx)
{
	struct found *f = ctx;

	f->id = m->id;
	f->count++;
	return f->count < 2;
}

enum err
cli_member(struct cli *c, struct station *s, const char *typed, uint32_t *id, struct why *w)
{
	struct found f = {0, 0};
	enum err e = club_member_find(s->store, typed, count_member, &f, w);

	(void)c;
	if (e != ERR_OK)
		return e;
	if (f.count > 1)
		return why_set(w, ERR_DUPLICATE, MSG_MEMBER_NOT_ONE, WHY_STR(typed));
	*id = f.id;
	return ERR_OK;
}
