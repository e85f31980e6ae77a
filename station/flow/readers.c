#include "station/flow/readers.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardapps/reader/pcsc.h"
#include "cardapps/sim/sim.h"

#define SIM_PREFIX "sim:"
#define SIM_KIND "desfire-ev1"
#define SIM_SLOT_CAP 32
#define SIM_PULL_MAX 100000

/* What stands behind `sim:`. */
struct sim_name {
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
parse_sim(const char *name, struct sim_name *out)
{
	const char *p = name + strlen(SIM_PREFIX);

	memset(out, 0, sizeof(*out));
	if (strncmp(p, SIM_KIND, strlen(SIM_KIND)) != 0)
		return false;
	p += strlen(SIM_KIND);
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
	(void)snprintf(leaf, sizeof(leaf), "cards/" SIM_KIND "%s%s.card",
	    sim.slot[0] != '\0' ? "-" : "", sim.slot);
	e = station_path(s, leaf, file, w);
	if (e == ERR_OK)
		e = sim_desfire_open(file, &card, w);
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
	each(ctx, "none", false);
	each(ctx, SIM_PREFIX SIM_KIND, true);
	return pcsc_list(each, ctx, w);
}
