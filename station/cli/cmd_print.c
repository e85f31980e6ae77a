/* bashgah print: print a card again; number and QR stay the same, unless the card gets a new address. */
#include "station/cli/commands.h"
#include "station/store/card.h"

enum { OPTION_READER };

static const struct cli_option options[] = {
	[OPTION_READER] = {"reader", "READER", MSG_OPT_READER},
	{"printer", "PRINTER", MSG_OPT_PRINTER},
	{"printer-option", "NAME=VALUE", MSG_OPT_PRINTER_OPTION},
	{"side", "SIDE", MSG_OPT_SIDE},
	{"design", "NAME", MSG_OPT_DESIGN},
	{"card-lang", "fa|en", MSG_OPT_CARD_LANG},
	{"new-token", NULL, MSG_OPT_NEW_TOKEN},
	{"wait", "SECONDS", MSG_OPT_WAIT},
	{"request", "ID", MSG_OPT_REQUEST},
	{"trace", "FILE", MSG_OPT_TRACE},
	{NULL, NULL, MSG_NONE},
};

/* A card without a chip needs no reader; nobody should have to say so. */
static enum err
choose_reader(struct cli *c, struct station *s, uint64_t card, struct why *w)
{
	struct store_card row;
	enum err e = store_card_by_number(s->store, card, &row, w);

	if (e == ERR_OK && row.uid_len == 0 && cli_value(c, "reader") == NULL)
		c->value[OPTION_READER] = "none";
	return e;
}

/* The old paper is dead before the new one is printed; the chip, if there is one, never is. */
static enum err
relink_in(struct cli *c, struct station *s, struct why *w)
{
	struct flow_request rq = {.flow = FLOW_RELINK};
	struct flow_result r;
	enum err e = cli_card_number(c->word[0], &rq.card_number, w);

	if (e == ERR_OK)
		e = choose_reader(c, s, rq.card_number, w);
	if (e == ERR_OK)
		e = cli_run_flow(c, s, &rq, &r, w);
	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_RELINK_DONE, NULL, 0);
	cli_json_hex(c, "event", r.event, sizeof(r.event));
	return cli_print(c, s, rq.card_number, true, w);
}

static enum err
print_in(struct cli *c, struct station *s, struct why *w)
{
	uint64_t card;
	enum err e = cli_card_number(c->word[0], &card, w);

	return e == ERR_OK ? cli_print(c, s, card, false, w) : e;
}

static enum err
run(struct cli *c, struct why *w)
{
	struct station *s;
	enum err e;

	if (cli_flag(c, "new-token"))
		return cli_at_desk(c, relink_in, w);
	e = cli_station(c, STATION_BOOKS, &s, w);
	if (e != ERR_OK)
		return e;
	e = print_in(c, s, w);
	station_close(&s);
	return e;
}

const struct cli_command command_print = {
	"print", "NUMBER", 1, 1, MSG_CMD_PRINT, options, run,
};
