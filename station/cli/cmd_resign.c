/* bashgah resign: a manager puts this station's name under a card whose last writer is trusted no more. */
#include <string.h>

#include "station/cli/commands.h"

static const struct cli_option options[] = {
	{"reader", "READER", MSG_OPT_READER},
	{"card", "NUMBER", MSG_OPT_CARD},
	{"manager", NULL, MSG_OPT_MANAGER},
	{"reason", "WORDS", MSG_OPT_WHY},
	{"wait", "SECONDS", MSG_OPT_WAIT},
	{"request", "ID", MSG_OPT_REQUEST},
	{"trace", "FILE", MSG_OPT_TRACE},
	{NULL, NULL, MSG_NONE},
};

static enum err
run_in(struct cli *c, struct station *s, struct why *w)
{
	struct flow_request rq = {.flow = FLOW_RESIGN, .manager = cli_flag(c, "manager")};
	struct flow_result r = {0};
	const char *reason = cli_value(c, "reason");
	const char *card = cli_value(c, "card");
	enum err e = card != NULL ? cli_card_number(card, &rq.card_number, w) : ERR_OK;

	if (e == ERR_OK && reason != NULL && strlen(reason) >= sizeof(rq.reason))
		e = why_set(w, ERR_USAGE, MSG_RESIGN_REASON_LONG, WHY_NUM(sizeof(rq.reason) - 1));
	if (e != ERR_OK)
		return e;
	if (reason != NULL)
		memcpy(rq.reason, reason, strlen(reason) + 1);
	e = cli_run_flow(c, s, &rq, &r, w);
	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_RESIGNED, NULL, 0);
	cli_card(c, s, &r);
	cli_json_hex(c, "event", r.event, sizeof(r.event));
	return ERR_OK;
}

static enum err
run(struct cli *c, struct why *w)
{
	return cli_at_desk(c, run_in, w);
}

const struct cli_command command_resign = {
	"resign", "", 0, 0, MSG_CMD_RESIGN, options, run,
};
