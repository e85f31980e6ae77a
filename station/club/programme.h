/*
 * The rules of a wallet: unit, what one step of a card's value file is worth, how
 * much one load may be and how much a card may hold. Read from the settings, with defaults.
 */
#ifndef STATION_CLUB_PROGRAMME_H
#define STATION_CLUB_PROGRAMME_H

#include <stdint.h>

#include "station/store/store.h"

#define CLUB_UNIT_POINTS 0
#define CLUB_UNIT_IRR 364

struct programme {
	uint8_t id;		/* as records carry it, 0 = none */
	uint16_t unit;
	int32_t step;		/* units in one step: 1, 10, 100 or 1000 */
	int64_t load_min;	/* units; multiples of step */
	int64_t load_max;
	int64_t balance_max;	/* at most INT32_MAX steps */
};

/* Rial, 10 a step, loads of 10,000 to 500,000,000 rial, at most 2,000,000,000 rial on a card. */
void programme_default(struct programme *p);
/* The club's own where set ("programme.step", ".load_min", ".load_max", ".balance_max"). Errors: ERR_FORMAT, ERR_RANGE (a setting that cannot be). */
enum err programme_read(struct store *s, struct programme *p, struct why *w);
/* Write all four; in the caller's transaction. Errors: ERR_RANGE. */
enum err programme_write(struct store *s, const struct programme *p, struct why *w);

/*
 * Before cash is taken: may `amount` be loaded onto a card that holds `held` (its ledger balance with
 * what is waiting for it)? *steps is then what the value file rises by. Errors, each by name:
 * ERR_RANGE (0 or less; below load_min; above load_max), ERR_REFUSED (no multiple of the step; the card would hold too much).
 */
enum err programme_check_load(const struct programme *p, int64_t held, int64_t amount,
    int32_t *steps, struct why *w);

/* Units to steps. Errors: ERR_REFUSED (no multiple), ERR_RANGE (beyond the value file). */
enum err programme_steps(const struct programme *p, int64_t units, int32_t *steps, struct why *w);

#endif
