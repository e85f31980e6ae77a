/* bashgah load: money the customer has paid goes onto her card. */
#include <string.h>

#include "station/cli/commands.h"

static const struct cli_option options[] = {
	{"reader", "READER", MSG_OPT_READER},
	{"card", "NUMBER", MSG_OPT_CARD},
	{"unit", "toman|rial", MSG_OPT_UNIT},
	{"wait", "SECONDS", MSG_OPT_WAIT},
	{"request", "ID", MSG_OPT_REQUEST},
	{"trace", "FILE", MSG_OPT_TRACE},
	{NULL, NULL, MSG_NONE},
};

static enum err
take_options(struct cli *c, struct flow_request *rq, struct why *w)
{
	const char *unit = cli_value(c, "unit");
	const char *card = cli_value(c, "card");
	enum money_form form = MONEY_TOMAN;
	enum err e;

	if (unit != NULL && strcmp(unit, "rial") == 0)
		form = MONEY_RIAL;
	else if (unit != NULL && strcmp(unit, "toman") != 0)
		return why_set(w, ERR_USAGE, MSG_UNIT_UNKNOWN, WHY_CODE(unit));
	e = text_parse_amount(c->word[0], form, &rq->amount, w);
	if (e == ERR_OK && card != NULL)
		e = cli_card_number(card, &rq->card_number, w);
	return e;
}

static enum err
run_in(struct cli *c, struct station *s, struct why *w)
{
	struct flow_request rq = {.flow = FLOW_LOAD};
	struct flow_result r;
	enum err e = take_options(c, &rq, w);

	if (e == ERR_OK)
		e = cli_run_flow(c, s, &rq, &r, w);
	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_LOADED, (const struct why_in[]){WHY_MONEY(r.amount)}, 1);
	cli_card(c, s, &r);
	cli_json_int(c, "amount_rial", r.amount);
	cli_json_hex(c, "event", r.event, sizeof(r.event));
	return ERR_OK;
}

static enum err
run(struct cli *c, struct why *w)
{
	return cli_at_desk(c, run_in, w);
}

const struct cli_command command_load = {
	"load", "AMOUNT", 1, 1, MSG_CMD_LOAD, options, run,
};
