/* What every command that prints does: its options, the print itself, what is said of it. */
#include <stdio.h>
#include <string.h>

#include "cardapps/number.h"
#include "station/cli/cli.h"
#include "station/flow/artwork.h"
#include "station/flow/print_wish.h"
#include "station/flow/settings.h"

#define PRINT_WAIT_MS 180000u

const char *
cli_printer(const struct cli *c, const struct station *s, char room[STATION_PATH_CAP])
{
	const char *name = cli_value(c, "printer");
	const int space = STATION_PATH_CAP - (int)sizeof("file:/" STATION_PRINTS);

	if (name != NULL)
		return name;
	(void)snprintf(room, STATION_PATH_CAP, "file:%.*s/" STATION_PRINTS, space, s->folder);
	return room;
}

/* What the command asks for; `rq` points into the rest. */
struct asked {
	struct artwork_request rq;
	char room[STATION_PATH_CAP];
	char options[STORE_PRINT_OPTIONS_CAP];
};

static bool
on_print(void *ctx, const struct print_status *st)
{
	const struct cli *c = ctx;
	char text[TEXT_CAP];

	if (st->reason == MSG_NONE || c->json)
		return true;
	text_message(c->lang, st->reason, NULL, 0, text, sizeof(text));
	(void)fprintf(stderr, "%s\n", text);
	return true;
}

enum err
cli_card_language(const struct cli *c, enum lang *out, struct why *w)
{
	const char *lang = cli_value(c, "card-lang");

	*out = LANG_FA;
	if (lang != NULL && !lang_parse(lang, out))
		return why_set(w, ERR_USAGE, MSG_LANG_UNKNOWN, WHY_CODE(lang));
	return ERR_OK;
}

/* What the printer said is not what came out: somebody must look. */
static void
ask_to_look(struct cli *c, uint64_t card)
{
	char digits[CARD_NUMBER_DIGITS + 1] = "";

	(void)card_number_format(card, digits);
	cli_say(c, MSG_PRINT_LOOK_AND_CONFIRM, (const struct why_in[]){WHY_CODE(digits)}, 1);
}

static void
say_print(struct cli *c, const struct artwork_report *r)
{
	cli_json_str(c, "pdf", r->pdf);
	cli_json_str(c, "png_front", r->png_front);
	cli_json_str(c, "png_back", r->png_back);
	if (r->answered)
		return;
	cli_say(c, MSG_PRINTED, (const struct why_in[]){WHY_CODE(r->printer)}, 1);
	if (r->pdf[0] != '\0') {
		cli_fact(c, MSG_LABEL_PDF, r->pdf);
		cli_fact(c, MSG_LABEL_FRONT, r->png_front);
		cli_fact(c, MSG_LABEL_BACK, r->png_back);
	}
}

enum err
cli_print_options(const struct cli *c, char out[STORE_PRINT_OPTIONS_CAP], struct why *w)
{
	const char *side = cli_value(c, "side");
	const char *option = cli_value(c, "printer-option");
	int n;

	if (side != NULL && strcmp(side, "both") != 0 && strcmp(side, "front") != 0 &&
	    strcmp(side, "back") != 0)
		return why_set(w, ERR_USAGE, MSG_PRINT_SIDE_UNKNOWN, WHY_CODE(side));
	n = snprintf(out, STORE_PRINT_OPTIONS_CAP, "%s%s%s", side != NULL ? side : "",
	    side != NULL && option != NULL ? "," : "", option != NULL ? option : "");
	if (n < 0 || n >= STORE_PRINT_OPTIONS_CAP)
		return why_set(w, ERR_USAGE, MSG_PRINT_WISH_LONG, WHY_NUM(PRINT_WISH_MAX));
	return ERR_OK;
}

static enum err
fill_request(struct cli *c, struct station *s, struct asked *a, struct why *w)
{
	enum err e = cli_card_language(c, &a->rq.lang, w);

	a->rq.printer = cli_printer(c, s, a->room);
	a->rq.design = cli_value(c, "design");
	a->rq.timeout_ms = PRINT_WAIT_MS;
	a->rq.watch = on_print;
	a->rq.watch_ctx = c;
	a->rq.options = a->options;
	return e == ERR_OK ? cli_print_options(c, a->options, w) : e;
}

static void
say_report(struct cli *c, const struct artwork_report *r, enum err e)
{
	cli_json_str(c, "print_title", r->title);
	cli_json_str(c, "print_job", r->job);
	cli_json_str(c, "print_state", r->job[0] != '\0' ? print_state_name(r->last.state) : "none");
	cli_json_bool(c, "print_followed", r->followed);
	cli_json_bool(c, "print_to_confirm", r->to_confirm);
	if (r->followed)
		cli_say(c, MSG_PRINT_WAS_FOLLOWED, NULL, 0);
	if (e == ERR_OK)
		say_print(c, r);
}

enum err
cli_print(struct cli *c, struct station *s, uint64_t card, bool finish, struct why *w)
{
	struct asked a = {.rq = {.card = card, .finish = finish}};
	struct artwork_report report = {0};
	enum err e = fill_request(c, s, &a, w);

	if (e == ERR_OK)
		e = station_print_card(s, &a.rq, &report, w);
	say_report(c, &report, e);
	if (report.to_confirm)
		ask_to_look(c, card);
	return e;
}

/* Which card is which print of the sheet, in JSON. */
static void
list_cards(struct cli *c, struct station *s, const char *sheet)
{
	struct store_print rows[STORE_SHEET_MAX];
	char digits[CARD_NUMBER_DIGITS + 1];
	json_t *list = json_array();
	size_t count = 0;
	struct why none;

	if (sheet[0] != '\0')
		(void)store_prints_of_sheet(s->store, sheet, rows, &count, &none);
	for (size_t i = 0; i < count; i++) {
		(void)card_number_format(rows[i].card, digits);
		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "card", digits,
		    "title", rows[i].title, "state", store_print_state_name(rows[i].state)));
	}
	(void)json_object_set_new(c->root, "cards", list);
}

enum err
cli_print_sheet(struct cli *c, struct station *s, const uint64_t *cards, size_t count, struct why *w)
{
	struct asked a = {.rq = {.cards = cards, .card_count = count}};
	struct artwork_report report = {0};
	enum err e = fill_request(c, s, &a, w);

	if (e == ERR_OK)
		e = station_print_sheet(s, &a.rq, &report, w);
	say_report(c, &report, e);
	list_cards(c, s, report.title);
	if (report.to_confirm)
		cli_say(c, MSG_SHEET_LOOK_AND_CONFIRM, (const struct why_in[]){WHY_CODE(report.title)}, 1);
	return e;
}
