/* The next generation of a practice club's card keys, without a ceremony. */
#ifndef STATION_FLOW_GENERATION_H
#define STATION_FLOW_GENERATION_H

#include "station/flow/station.h"

/*
 * Make masters for the generation after the newest, put those of the slots that this station's safe holds into it,
 * and open it anew if it is open: from now on new cards get that generation, and others at their next tap. A token's PIN is
 * asked for. Journaled. Errors: ERR_REFUSED (a real club), those of `ask`, safe_import and the journal.
 */
enum err station_next_generation(struct station *s, station_passphrase ask, void *ask_ctx,
    uint16_t *generation, struct why *w);

#endif
