/* bashgah sim: a software card in a real PC/SC service, through the virtual reader vpcd. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardapps/sim/sim.h"
#include "station/base/file.h"
#include "station/cli/commands.h"
#include "station/flow/settings.h"

#define VPCD_HOST "127.0.0.1"
#define VPCD_PORT 35963

static const struct cli_option options[] = {
	{"vpcd", "HOST:PORT", MSG_OPT_VPCD},
	{"card", "FILE", MSG_OPT_SIM_CARD},
	{"pull", "N", MSG_OPT_PULL},
	{NULL, NULL, MSG_NONE},
};

static volatile bool stop;

static void
on_signal(int number)
{
	(void)number;
	stop = true;
}

static enum err
take_address(const char *text, char host[64], uint16_t *port, struct why *w)
{
	const char *colon = strrchr(text, ':');
	char *end;
	unsigned long n;

	if (colon == NULL || colon == text || (size_t)(colon - text) >= 64)
		return why_set(w, ERR_USAGE, MSG_VPCD_ADDRESS, WHY_CODE(text));
	n = strtoul(colon + 1, &end, 10);
	if (n == 0 || n > UINT16_MAX || *end != '\0')
		return why_set(w, ERR_USAGE, MSG_VPCD_ADDRESS, WHY_CODE(text));
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	*port = (uint16_t)n;
	return ERR_OK;
}

static enum err
open_card(const struct cli *c, struct sim_card **card, struct why *w)
{
	char path[STATION_PATH_CAP];
	const char *file = cli_value(c, "card");
	enum err e = ERR_OK;

	if (file == NULL) {
		(void)snprintf(path, sizeof(path), "%s/" STATION_CARDS "/desfire-ev1.card", c->folder);
		file = path;
	}
	if (e == ERR_OK)
		e = sim_desfire_open(SIM_DESFIRE_EV1, file, card, w);
	return e;
}

static enum err
run(struct cli *c, struct why *w)
{
	struct sigaction act = {.sa_handler = on_signal};
	const char *address = cli_value(c, "vpcd");
	struct sim_card *card = NULL;
	char host[64] = VPCD_HOST;
	uint16_t port = VPCD_PORT;
	char number[8];
	int64_t pull;
	enum err e = cli_number(c, "pull", 1, 100000, 0, &pull, w);

	if (e == ERR_OK && address != NULL)
		e = take_address(address, host, &port, w);
	if (e == ERR_OK)
		e = open_card(c, &card, w);
	if (e != ERR_OK)
		return e;
	if (pull > 0)
		sim_card_tear(card, (unsigned)pull, SIM_TEAR_BEFORE);
	(void)sigemptyset(&act.sa_mask);
	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	(void)snprintf(number, sizeof(number), "%u", (unsigned)port);
	cli_say(c, MSG_SIM_ON_READER, (const struct why_in[]){WHY_CODE(host), WHY_CODE(number)}, 2);
	(void)fflush(stdout);
	e = sim_vpcd_serve(card, host, port, &stop, w);
	sim_card_free(&card);
	return e;
}

const struct cli_command command_sim = {
	"sim", "", 0, 0, MSG_CMD_SIM, options, run,
};
