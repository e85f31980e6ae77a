/* bashgah clock accept: a manager says that the computer's clock is right. */
#include "station/base/clock.h"
#include "station/cli/commands.h"
#include "station/flow/station_clock.h"

static const struct cli_option options[] = {
	{"ahead-days", "DAYS", MSG_OPT_AHEAD_DAYS},
	{NULL, NULL, MSG_NONE},
};

static enum err
run(struct cli *c, struct why *w)
{
	char text[TEXT_SHORT_CAP];
	struct station *s;
	int64_t days;
	enum err e = cli_number(c, "ahead-days", 1, 366, 0, &days, w);

	if (e == ERR_OK)
		e = cli_station(c, STATION_BOOKS, &s, w);
	if (e != ERR_OK)
		return e;
	e = station_clock_accept(s, (int)days, w);
	text_datetime(c->lang, clock_now_ms(), s->set.zone, text, sizeof(text));
	if (e == ERR_OK)
		cli_say(c, MSG_CLOCK_ACCEPTED, (const struct why_in[]){WHY_STR(text)}, 1);
	station_close(&s);
	return e;
}

const struct cli_command command_clock_accept = {
	"clock accept", "", 0, 0, MSG_CMD_CLOCK_ACCEPT, options, run,
};
