/* bashgah print: print a card again; number and QR stay the same. */
#include "station/cli/commands.h"

static const struct cli_option options[] = {
	{"printer", "PRINTER", MSG_OPT_PRINTER},
	{"printer-option", "NAME=VALUE", MSG_OPT_PRINTER_OPTION},
	{"side", "SIDE", MSG_OPT_SIDE},
	{"design", "NAME", MSG_OPT_DESIGN},
	{"card-lang", "fa|en", MSG_OPT_CARD_LANG},
	{NULL, NULL, MSG_NONE},
};

static enum err
run(struct cli *c, struct why *w)
{
	struct station *s;
	uint64_t card;
	enum err e = cli_card_number(c->word[0], &card, w);

	if (e == ERR_OK)
		e = cli_station(c, STATION_BOOKS, &s, w);
	if (e != ERR_OK)
		return e;
	e = cli_print(c, s, card, false, w);
	station_close(&s);
	return e;
}

const struct cli_command command_print = {
	"print", "NUMBER", 1, 1, MSG_CMD_PRINT, options, run,
};
