/* bashgah keys next: another generation of card keys for a practice club. */
#include "station/cli/commands.h"
#include "station/flow/generation.h"

static const struct cli_option options[] = {{NULL, NULL, MSG_NONE}};

static enum err
run(struct cli *c, struct why *w)
{
	uint16_t generation = 0;
	struct station *s;
	enum err e = cli_station(c, STATION_BOOKS, &s, w);

	if (e != ERR_OK)
		return e;
	e = station_next_generation(s, cli_passphrase, c, &generation, w);
	station_close(&s);
	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_GENERATION_NEXT, (const struct why_in[]){WHY_NUM(generation)}, 1);
	cli_json_int(c, "generation", generation);
	return ERR_OK;
}

const struct cli_command command_keys_next = {
	"keys next", "", 0, 0, MSG_CMD_KEYS_NEXT, options, run,
};
