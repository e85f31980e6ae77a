#include "station/flow/readers.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardapps/reader/pcsc.h"
#include "cardapps/sim/sim.h"

#define SIM_PREFIX "sim:"
#define SIM_SLOT_CAP 32
#define SIM_PULL_MAX 100000

static const struct {
	const char *name;
	enum sim_kind kind;
} sim_kinds[] = {
	{"desfire-ev1", SIM_DESFIRE_EV1},
	{"desfire-ev2", SIM_DESFIRE_EV2},
	{"desfire-ev3", SIM_DESFIRE_EV3},
};
#define SIM_KINDS (sizeof(sim_kinds) / sizeof(sim_kinds[0]))

/* What stands behind `sim:`. */
struct sim_name {
	size_t kind;		/* its place in the table */
	char slot[SIM_SLOT_CAP];
	unsigned pull;		/* 0: never */
	enum sim_tear how;
};

static bool
take_slot(const char **p, char slot[SIM_SLOT_CAP])
{
	size_t n = 0;

	while (isalnum((unsigned char)(*p)[n]) && n < SIM_SLOT_CAP - 1)
		n++;
	memcpy(slot, *p, n);
	slot[n] = '\0';
	*p += n;
	return n > 0;
}

static bool
take_pull(const char **p, struct sim_name *out)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)**p))
		return false;
	n = strtoul(*p, &end, 10);
	if (n == 0 || n > SIM_PULL_MAX)
		return false;
	out->pull = (unsigned)n;
	out->how = *end == 'w' ? SIM_TEAR_WRITTEN : SIM_TEAR_BEFORE;
	*p = end + (*end == 'w');
	return true;
}

static bool
take_kind(const char **p, struct sim_name *out)
{
	for (size_t i = 0; i < SIM_KINDS; i++) {
		size_t len = strlen(sim_kinds[i].name);

		if (strncmp(*p, sim_kinds[i].name, len) == 0) {
			out->kind = i;
			*p += len;
			return true;
		}
	}
	return false;
}

static bool
parse_sim(const char *name, struct sim_name *out)
{
	const char *p = name + strlen(SIM_PREFIX);

	memset(out, 0, sizeof(*out));
	if (!take_kind(&p, out))
		return false;
	if (*p == ':') {
		p++;
		if (!take_slot(&p, out->slot))
			return false;
	}
	if (strncmp(p, ",pull=", 6) == 0) {
		p += 6;
		if (!take_pull(&p, out))
			return false;
	}
	return *p == '\0';
}

static enum err
open_sim(const struct station *s, const char *name, struct reader **out, struct why *w)
{
	char file[STATION_PATH_CAP];
	char leaf[64];
	struct sim_name sim;
	struct sim_card *card = NULL;
	enum err e;

	if (!parse_sim(name, &sim))
		return why_set(w, ERR_ARG, MSG_READER_NAME_WRONG, WHY_CODE(name));
	(void)snprintf(leaf, sizeof(leaf), "cards/%s%s%s.card", sim_kinds[sim.kind].name,
	    sim.slot[0] != '\0' ? "-" : "", sim.slot);
	e = station_path(s, leaf, file, w);
	if (e == ERR_OK)
		e = sim_desfire_open(sim_kinds[sim.kind].kind, file, &card, w);
	if (e != ERR_OK)
		return e;
	if (sim.pull > 0)
		sim_card_tear(card, sim.pull, sim.how);
	e = sim_reader_open(card, true, out, w);
	if (e != ERR_OK)
		sim_card_free(&card);
	return e;
}

enum err
station_reader_open(const struct station *s, const char *name, struct reader **out, struct why *w)
{
	*out = NULL;
	if (strcmp(name, "none") == 0)
		return ERR_OK;
	if (strncmp(name, SIM_PREFIX, strlen(SIM_PREFIX)) == 0)
		return open_sim(s, name, out, w);
	return pcsc_reader_open(name, out, w);
}

enum err
station_reader_list(reader_each each, void *ctx, struct why *w)
{
	char name[READER_NAME_CAP];

	each(ctx, "none", false);
	for (size_t i = 0; i < SIM_KINDS; i++) {
		(void)snprintf(name, sizeof(name), SIM_PREFIX "%s", sim_kinds[i].name);
		each(ctx, name, true);
	}
	return pcsc_list(each, ctx, w);
}
