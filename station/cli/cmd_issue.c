/* bashgah issue: a new card for a member, chip and print. */
#include <string.h>

#include "station/base/clock.h"
#include "station/cli/commands.h"
#include "station/club/member.h"
#include "station/club/tier.h"
#include "station/flow/artwork.h"

#define VALID_DAYS_DEFAULT 1095
#define VALID_DAYS_MAX 7300

static const struct cli_option options[] = {
	{"member", "MEMBER", MSG_OPT_MEMBER},
	{"tier", "TIER", MSG_OPT_TIER},
	{"number", "NUMBER|CODE", MSG_OPT_STOCK_NUMBER},
	{"valid-days", "N", MSG_OPT_VALID_DAYS},
	{"reader", "READER", MSG_OPT_READER},
	{"wait", "SECONDS", MSG_OPT_WAIT},
	{"request", "ID", MSG_OPT_REQUEST},
	{"trace", "FILE", MSG_OPT_TRACE},
	{"quick", NULL, MSG_OPT_QUICK},
	{"printer", "PRINTER", MSG_OPT_PRINTER},
	{"printer-option", "NAME=VALUE", MSG_OPT_PRINTER_OPTION},
	{"side", "SIDE", MSG_OPT_SIDE},
	{"design", "NAME", MSG_OPT_DESIGN},
	{"card-lang", "fa|en", MSG_OPT_CARD_LANG},
	{"no-print", NULL, MSG_OPT_NO_PRINT},
	{NULL, NULL, MSG_NONE},
};

/* The tier asked for, or else the one the member has. */
static enum err
take_tier(const struct cli *c, struct station *s, struct flow_request *rq, struct why *w)
{
	const char *tier = cli_value(c, "tier");
	struct store_member m;
	enum err e;

	if (tier != NULL)
		return club_tier_parse(tier, &rq->tier, w);
	e = club_member_get(s->store, rq->member, &m, w);
	rq->tier = e == ERR_OK ? m.tier : 0;
	return e;
}

/* Plastic that was printed by the thousand: the chip gets its number and the address in its QR. */
static enum err
take_stock(struct cli *c, struct station *s, struct flow_request *rq, struct why *w)
{
	const char *typed = cli_value(c, "number");
	struct store_stock_lot lot;
	enum err e = ERR_OK;

	if (typed == NULL)
		return ERR_OK;
	e = cli_stock(c, s, typed, NULL, &lot, &rq->stock, w);
	rq->application = lot.application;
	return e;
}

static enum err
take_options(struct cli *c, struct station *s, struct flow_request *rq, struct why *w)
{
	const char *member = cli_value(c, "member");
	int64_t days;
	enum err e;

	if (member == NULL)
		return why_set(w, ERR_USAGE, MSG_ISSUE_NEEDS_MEMBER);
	e = cli_number(c, "valid-days", 0, VALID_DAYS_MAX, VALID_DAYS_DEFAULT, &days, w);
	if (e == ERR_OK)
		e = cli_member(c, s, member, &rq->member, w);
	if (e == ERR_OK)
		e = take_tier(c, s, rq, w);
	if (e == ERR_OK)
		e = take_stock(c, s, rq, w);
	rq->skip_refusals = cli_flag(c, "quick");
	rq->valid_days = (uint16_t)days;
	return e;
}

/* A name that does not fit or a queue that is not there is found before a card is touched. */
static enum err
check_print(struct cli *c, struct station *s, const struct flow_request *rq, struct why *w)
{
	char room[STATION_PATH_CAP];
	struct artwork_request a = {.printer = cli_printer(c, s, room),
	    .design = cli_value(c, "design")};
	char how[STORE_PRINT_OPTIONS_CAP];
	enum err e = cli_card_language(c, &a.lang, w);

	if (e == ERR_OK)
		e = cli_print_options(c, how, w);
	if (e != ERR_OK)
		return e;
	a.options = how;
	return station_check_print(s, &a, rq->member, rq->tier,
	    station_valid_to(s, clock_now_ms(), rq->valid_days), w);
}

/*
 * The card is made whatever the printer does; how to print it again is said. Always one paper for one issue:
 * the same request may be printing at another desk.
 */
static enum err
print(struct cli *c, struct station *s, const struct flow_result *r, struct why *w)
{
	enum err e = cli_print(c, s, r->card_number, true, w);

	if (e != ERR_OK)
		cli_say(c, MSG_ISSUED_NOT_PRINTED, NULL, 0);
	return e;
}

static enum err
run_in(struct cli *c, struct station *s, struct why *w)
{
	struct flow_request rq = {.flow = FLOW_ISSUE};
	struct flow_result r;
	bool paper = !cli_flag(c, "no-print") && cli_value(c, "number") == NULL;
	enum err e = take_options(c, s, &rq, w);

	if (e == ERR_OK && paper)
		e = check_print(c, s, &rq, w);
	if (e == ERR_OK)
		e = cli_run_flow(c, s, &rq, &r, w);
	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_ISSUED, NULL, 0);
	if (r.has_chip && !s->test)
		cli_say(c, MSG_KEYED_AT_COUNTER, NULL, 0);
	cli_card(c, s, &r);
	cli_json_hex(c, "event", r.event, sizeof(r.event));
	return paper ? print(c, s, &r, w) : ERR_OK;
}

static enum err
run(struct cli *c, struct why *w)
{
	return cli_at_desk(c, run_in, w);
}

const struct cli_command command_issue = {
	"issue", "", 0, 0, MSG_CMD_ISSUE, options, run,
};
