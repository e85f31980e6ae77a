/* Where the shipped designs lie. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "station/cli/cli.h"
#include "station/flow/settings.h"

/* Where designs lie as seen from the folder of the program: installed, or in the source tree. */
static const char *const beside_program[] = {"../share/bashgah/designs", "../printer/designs"};

const char *
cli_shipped_designs(char room[STATION_PATH_CAP])
{
	char program[STATION_PATH_CAP];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;

	program[n > 0 ? n : 0] = '\0';
	slash = strrchr(program, '/');
	if (slash == NULL)
		return BASHGAH_DESIGNS;
	*slash = '\0';
	for (size_t i = 0; i < sizeof(beside_program) / sizeof(beside_program[0]); i++) {
		int len = snprintf(room, STATION_PATH_CAP, "%s/%s", program, beside_program[i]);

		if (len > 0 && len < STATION_PATH_CAP && access(room, R_OK) == 0)
			return room;
	}
	return BASHGAH_DESIGNS;
}

const char *
cli_designs(const struct cli *c, char room[STATION_PATH_CAP])
{
	const char *given = cli_value(c, "designs");

	return given != NULL ? given : cli_shipped_designs(room);
}

const char *
cli_club_designs(const struct cli *c, char room[STATION_PATH_CAP])
{
	int len = snprintf(room, STATION_PATH_CAP, "%s/" STATION_DESIGNS, c->folder);

	if (len > 0 && len < STATION_PATH_CAP && access(room, R_OK) == 0)
		return room;
	return cli_shipped_designs(room);
}
