/* bashgah prints, print confirm|reject: what was printed, and what people saw. */
#include <stdio.h>
#include <string.h>

#include "cardapps/number.h"
#include "printer/printer.h"
#include "station/base/clock.h"
#include "station/cli/commands.h"
#include "station/flow/prints.h"

#define COST_MAX INT64_C(1000000000)

static const enum msg state_words[STORE_PRINT_STATES] = {
	[STORE_PRINT_PLANNED] = MSG_PRINT_STATE_PLANNED,
	[STORE_PRINT_SUBMITTED] = MSG_PRINT_STATE_SUBMITTED,
	[STORE_PRINT_ENDED] = MSG_PRINT_STATE_ENDED,
	[STORE_PRINT_CONFIRMED] = MSG_PRINT_STATE_CONFIRMED,
	[STORE_PRINT_REJECTED] = MSG_PRINT_STATE_REJECTED,
	[STORE_PRINT_DROPPED] = MSG_PRINT_STATE_DROPPED,
};

static const enum msg reason_words[STORE_REJECT_REASONS] = {
	[STORE_REJECT_NONE] = MSG_NONE, [STORE_REJECT_COLOUR] = MSG_REJECT_COLOUR,
	[STORE_REJECT_RIBBON] = MSG_REJECT_RIBBON, [STORE_REJECT_MISSPELT] = MSG_REJECT_MISSPELT,
	[STORE_REJECT_WRONG_CARD] = MSG_REJECT_WRONG_CARD, [STORE_REJECT_JAM] = MSG_REJECT_JAM,
	[STORE_REJECT_SCRATCHED] = MSG_REJECT_SCRATCHED, [STORE_REJECT_LOST] = MSG_REJECT_LOST,
	[STORE_REJECT_NOTHING] = MSG_REJECT_NOTHING, [STORE_REJECT_OTHER] = MSG_REJECT_OTHER,
};

static const struct {
	enum print_state state;
	enum msg words;
} end_words[] = {
	{PRINT_DONE, MSG_PRINT_END_DONE}, {PRINT_CANCELLED, MSG_PRINT_END_CANCELLED},
	{PRINT_ABORTED, MSG_PRINT_END_ABORTED}, {PRINT_GONE, MSG_PRINT_END_GONE},
};

/* --- list */

static const struct cli_option list_options[] = {
	{"card", "NUMBER", MSG_OPT_PRINTS_CARD},
	{"state", "STATE", MSG_OPT_PRINTS_STATE},
	{"today", NULL, MSG_OPT_PRINTS_TODAY},
	{"all", NULL, MSG_OPT_PRINTS_ALL},
	{NULL, NULL, MSG_NONE},
};

struct listing {
	struct cli *c;
	const struct station *s;
	json_t *list;
	int64_t count;
};

/* What is known beyond the state: the fault, else the printer's word. */
static enum msg
detail(const struct store_print *p)
{
	if (p->state == STORE_PRINT_REJECTED)
		return reason_words[p->reason];
	for (size_t i = 0; i < sizeof(end_words) / sizeof(end_words[0]); i++)
		if (strcmp(p->ended, print_state_name(end_words[i].state)) == 0)
			return end_words[i].words;
	return MSG_NONE;
}

static void
print_line(const struct listing *l, const struct store_print *p, const char *digits)
{
	const enum lang lang = l->c->lang;
	char number[TEXT_SHORT_CAP], at[TEXT_SHORT_CAP], state[TEXT_SHORT_CAP];
	char said[TEXT_SHORT_CAP] = "", line[TEXT_CAP];

	text_card_number(lang, digits, number, sizeof(number));
	text_datetime(lang, p->planned_ms, l->s->set.zone, at, sizeof(at));
	text_message(lang, state_words[p->state], NULL, 0, state, sizeof(state));
	if (detail(p) != MSG_NONE)
		text_message(lang, detail(p), NULL, 0, said, sizeof(said));
	(void)snprintf(line, sizeof(line), "  %s  %s  %s%s%s%s%s", number, at, state,
	    said[0] != '\0' ? " · " : "", said, p->note[0] != '\0' ? " · " : "", p->note);
	cli_line(l->c, line);
}

static json_t *
print_json(const struct store_print *p, const char *digits)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}",
	    "title", p->title, "sheet", p->sheet, "card", digits, "state", store_print_state_name(p->state),
	    "ended", p->ended, "keyword", p->keyword, "reason", store_print_reason_name(p->reason),
	    "note", p->note, "again", (int)p->again, "queue", p->queue, "job", p->job,
	    "design", p->design, "by", p->by, "planned_ms", (json_int_t)p->planned_ms,
	    "at_ms", (json_int_t)p->at_ms, "ribbon_rial", (json_int_t)p->ribbon_rial,
	    "card_rial", (json_int_t)p->blank_rial);
}

static bool
list_print(const struct store_print *p, void *ctx)
{
	struct listing *l = ctx;
	char digits[CARD_NUMBER_DIGITS + 1] = "";

	(void)card_number_format(p->card, digits);
	print_line(l, p, digits);
	(void)json_array_append_new(l->list, print_json(p, digits));
	l->count++;
	return true;
}

static enum err
parse_state(const char *typed, int64_t *out, struct why *w)
{
	for (int i = 0; i < STORE_PRINT_STATES; i++)
		if (strcmp(typed, store_print_state_name((enum store_print_state)i)) == 0) {
			*out = i;
			return ERR_OK;
		}
	return why_set(w, ERR_USAGE, MSG_PRINT_STATE_UNKNOWN, WHY_CODE(typed));
}

/* The first moment of today in the club's zone. */
static int64_t
today_ms(const struct station *s)
{
	return text_day_end_ms(station_day(s, clock_now_ms()) - 1, s->set.zone);
}

/* What the options ask for; the narrowest wins. */
static enum err
choose(const struct cli *c, const struct station *s, enum store_prints *which, int64_t *of, struct why *w)
{
	const char *card = cli_value(c, "card"), *state = cli_value(c, "state");
	uint64_t number = 0;
	enum err e = ERR_OK;

	*which = STORE_PRINTS_OPEN;
	*of = 0;
	if (card != NULL) {
		*which = STORE_PRINTS_OF_CARD;
		e = cli_card_number(card, &number, w);
		*of = (int64_t)number;
	} else if (state != NULL) {
		*which = STORE_PRINTS_IN_STATE;
		e = parse_state(state, of, w);
	} else if (cli_flag(c, "today") || cli_flag(c, "all")) {
		*which = STORE_PRINTS_SINCE;
		*of = cli_flag(c, "today") ? today_ms(s) : 0;
	}
	return e;
}

static void
say_counted(struct cli *c, enum msg words, int64_t n, int64_t ribbon, int64_t blank)
{
	cli_say(c, words, (const struct why_in[]){WHY_NUM(n), WHY_MONEY(ribbon), WHY_MONEY(blank)}, 3);
}

static enum err
count_prints(struct cli *c, struct station *s, struct why *w)
{
	struct store_print_counts n;
	enum err e = store_print_count(s->store, cli_flag(c, "today") ? today_ms(s) : 0, &n, w);

	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_PRINTS_COUNTED, (const struct why_in[]){WHY_NUM(n.prints)}, 1);
	say_counted(c, MSG_PRINTS_AGAIN, n.again, n.again_ribbon_rial, n.again_blank_rial);
	say_counted(c, MSG_PRINTS_REJECTED, n.rejected, n.rejected_ribbon_rial, n.rejected_blank_rial);
	(void)json_object_set_new(c->root, "counts", json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
	    "prints", (json_int_t)n.prints, "again", (json_int_t)n.again,
	    "again_ribbon_rial", (json_int_t)n.again_ribbon_rial,
	    "again_card_rial", (json_int_t)n.again_blank_rial,
	    "rejected", (json_int_t)n.rejected,
	    "rejected_ribbon_rial", (json_int_t)n.rejected_ribbon_rial,
	    "rejected_card_rial", (json_int_t)n.rejected_blank_rial));
	return ERR_OK;
}

static enum err
run_list(struct cli *c, struct why *w)
{
	struct listing l = {.c = c, .list = json_array()};
	enum store_prints which = STORE_PRINTS_OPEN;
	struct station *s;
	int64_t of = 0;
	enum err e = cli_station(c, STATION_BOOKS, &s, w);

	(void)json_object_set_new(c->root, "prints", l.list);
	if (e != ERR_OK)
		return e;
	l.s = s;
	e = choose(c, s, &which, &of, w);
	if (e == ERR_OK)
		e = store_prints_list(s->store, which, of, list_print, &l, w);
	if (e == ERR_OK && l.count == 0 && which == STORE_PRINTS_OPEN)
		cli_say(c, MSG_PRINTS_NONE, NULL, 0);
	if (e == ERR_OK)
		e = count_prints(c, s, w);
	station_close(&s);
	return e;
}

/* --- costs */

static const struct cli_option cost_options[] = {
	{"ribbon", "RIAL", MSG_OPT_RIBBON_COST},
	{"card", "RIAL", MSG_OPT_BLANK_COST},
	{NULL, NULL, MSG_NONE},
};

static enum err
cost_in(struct cli *c, struct station *s, struct why *w)
{
	int64_t ribbon, blank;
	enum err e = cli_number(c, "ribbon", 0, COST_MAX, -1, &ribbon, w);

	if (e == ERR_OK)
		e = cli_number(c, "card", 0, COST_MAX, -1, &blank, w);
	if (e == ERR_OK && (ribbon >= 0 || blank >= 0))
		e = prints_set_cost(s, ribbon, blank, w);
	if (e == ERR_OK)
		e = prints_cost(s, &ribbon, &blank, w);
	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_PRINTS_COSTS, (const struct why_in[]){WHY_MONEY(ribbon), WHY_MONEY(blank)}, 2);
	cli_json_int(c, "ribbon_rial", ribbon);
	cli_json_int(c, "card_rial", blank);
	return ERR_OK;
}

static enum err
run_cost(struct cli *c, struct why *w)
{
	return cli_on_books(c, cost_in, w);
}

/* --- confirm, reject */

static const struct cli_option confirm_options[] = {
	{"sensor", NULL, MSG_OPT_SENSOR},
	{NULL, NULL, MSG_NONE},
};

static void
tell(struct cli *c, const struct store_print *p, enum store_print_state now, char digits[CARD_NUMBER_DIGITS + 1])
{
	(void)card_number_format(p->card, digits);
	cli_json_str(c, "title", p->title);
	cli_json_str(c, "card", digits);
	cli_json_str(c, "state", store_print_state_name(now));
}

/* All that is good on a sheet at once; what was bad has been rejected before. */
static enum err
confirm_sheet(struct cli *c, struct station *s, const char *by, struct why *w)
{
	size_t count;
	enum err e = prints_confirm_sheet(s, c->word[0], by, &count, w);

	if (e != ERR_OK)
		return e;
	cli_json_str(c, "sheet", c->word[0]);
	cli_json_int(c, "confirmed", (int64_t)count);
	cli_say(c, MSG_SHEET_CONFIRMED, (const struct why_in[]){WHY_NUM(count)}, 1);
	return ERR_OK;
}

static enum err
confirm_in(struct cli *c, struct station *s, struct why *w)
{
	const char *by = cli_flag(c, "sensor") ? PRINT_BY_SENSOR : PRINT_BY_STAFF;
	char digits[CARD_NUMBER_DIGITS + 1] = "";
	struct store_print p;
	enum err e;

	if (strncmp(c->word[0], STORE_SHEET_PREFIX, strlen(STORE_SHEET_PREFIX)) == 0)
		return confirm_sheet(c, s, by, w);
	e = prints_find(s, c->word[0], &p, w);
	if (e == ERR_OK)
		e = prints_confirm(s, p.title, by, w);
	if (e != ERR_OK)
		return e;
	tell(c, &p, STORE_PRINT_CONFIRMED, digits);
	cli_say(c, MSG_PRINT_CONFIRMED, (const struct why_in[]){WHY_CODE(digits)}, 1);
	return ERR_OK;
}

static enum err
run_confirm(struct cli *c, struct why *w)
{
	return cli_on_books(c, confirm_in, w);
}

static const struct cli_option reject_options[] = {
	{"reason", "REASON", MSG_OPT_REASON},
	{"note", "TEXT", MSG_OPT_NOTE},
	{NULL, NULL, MSG_NONE},
};

static enum err
parse_reason(const struct cli *c, enum store_print_reason *out, struct why *w)
{
	const char *typed = cli_value(c, "reason");

	for (int i = STORE_REJECT_NONE + 1; typed != NULL && i < STORE_REJECT_REASONS; i++)
		if (strcmp(typed, store_print_reason_name((enum store_print_reason)i)) == 0) {
			*out = (enum store_print_reason)i;
			return ERR_OK;
		}
	return why_set(w, ERR_USAGE, MSG_PRINT_REASON);
}

static enum err
reject_in(struct cli *c, struct station *s, struct why *w)
{
	enum store_print_reason reason = STORE_REJECT_NONE;
	char digits[CARD_NUMBER_DIGITS + 1] = "";
	char words[TEXT_SHORT_CAP];
	struct store_print p;
	enum err e = parse_reason(c, &reason, w);

	if (e == ERR_OK)
		e = prints_find(s, c->word[0], &p, w);
	if (e == ERR_OK)
		e = prints_reject(s, p.title, reason, cli_value(c, "note"), w);
	if (e != ERR_OK)
		return e;
	tell(c, &p, STORE_PRINT_REJECTED, digits);
	cli_json_str(c, "reason", store_print_reason_name(reason));
	text_message(c->lang, reason_words[reason], NULL, 0, words, sizeof(words));
	cli_say(c, MSG_PRINT_REJECTED, (const struct why_in[]){WHY_CODE(digits), WHY_STR(words)}, 2);
	return ERR_OK;
}

static enum err
run_reject(struct cli *c, struct why *w)
{
	return cli_on_books(c, reject_in, w);
}

const struct cli_command command_prints = {
	"prints", "", 0, 0, MSG_CMD_PRINTS, list_options, run_list,
};
const struct cli_command command_prints_cost = {
	"prints cost", "", 0, 0, MSG_CMD_PRINTS_COST, cost_options, run_cost,
};
const struct cli_command command_print_confirm = {
	"print confirm", "NUMBER|TITLE", 1, 1, MSG_CMD_PRINT_CONFIRM, confirm_options, run_confirm,
};
const struct cli_command command_print_reject = {
	"print reject", "NUMBER|TITLE", 1, 1, MSG_CMD_PRINT_REJECT, reject_options, run_reject,
};
