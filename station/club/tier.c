#include "station/club/tier.h"

#include <stddef.h>
#include <strings.h>

static const struct {
	const char *id;
	enum msg name;
} tiers[TIER_COUNT] = {
	[TIER_BASIC] = {"basic", MSG_TIER_BASIC},
	[TIER_BRONZE] = {"bronze", MSG_TIER_BRONZE},
	[TIER_SILVER] = {"silver", MSG_TIER_SILVER},
	[TIER_GOLD] = {"gold", MSG_TIER_GOLD},
	[TIER_VIP] = {"vip", MSG_TIER_VIP},
};

const char *
club_tier_id(uint8_t tier)
{
	return tier < TIER_COUNT ? tiers[tier].id : NULL;
}

enum msg
club_tier_name(uint8_t tier)
{
	return tier < TIER_COUNT ? tiers[tier].name : MSG_NONE;
}

enum err
club_tier_parse(const char *id, uint8_t *tier, struct why *w)
{
	for (uint8_t i = 0; i < TIER_COUNT; i++) {
		if (strcasecmp(id, tiers[i].id) == 0) {
			*tier = i;
			return ERR_OK;
		}
	}
	return why_set(w, ERR_ARG, MSG_CLUB_TIER_UNKNOWN, WHY_CODE(id));
}
