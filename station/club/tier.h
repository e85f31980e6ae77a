/* The tiers of a club, lowest first: index on the card, id in the view and on the command line. */
#ifndef STATION_CLUB_TIER_H
#define STATION_CLUB_TIER_H

#include <stdint.h>

#include "station/base/err.h"

enum tier { TIER_BASIC, TIER_BRONZE, TIER_SILVER, TIER_GOLD, TIER_VIP, TIER_COUNT };

/* "basic" ... "vip"; NULL for an index no tier has. */
const char *club_tier_id(uint8_t tier);
/* The message that names it in both languages; MSG_NONE for an index no tier has. */
enum msg club_tier_name(uint8_t tier);
/* Index of an id, ASCII case ignored. Errors: ERR_ARG. */
enum err club_tier_parse(const char *id, uint8_t *tier, struct why *w);

#endif
