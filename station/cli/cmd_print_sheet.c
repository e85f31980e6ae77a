/* bashgah print sheet: several cards on one sheet of A4, for who has no card printer. */
#include "station/cli/commands.h"
#include "station/store/print.h"

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
	uint64_t cards[STORE_SHEET_MAX];
	size_t count = 0;
	struct station *s;
	enum err e = ERR_OK;

	while (e == ERR_OK && count < STORE_SHEET_MAX && c->word[count] != NULL) {
		e = cli_card_number(c->word[count], &cards[count], w);
		count++;
	}
	if (e == ERR_OK)
		e = cli_station(c, STATION_BOOKS, &s, w);
	if (e != ERR_OK)
		return e;
	e = cli_print_sheet(c, s, cards, count, w);
	station_close(&s);
	return e;
}

const struct cli_command command_print_sheet = {
	"print sheet", "NUMBER…", 1, STORE_SHEET_MAX, MSG_CMD_PRINT_SHEET, options, run,
};
