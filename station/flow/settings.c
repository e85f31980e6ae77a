#include "station/flow/settings.h"

#include <stdio.h>
#include <string.h>

#include "station/base/bytes.h"

enum err
settings_read(struct store *db, struct station_settings *out, struct why *w)
{
	char prefix[8] = "";
	char aid[2 * sizeof(out->aid) + 1] = "";
	size_t len = 0;
	enum err e = store_setting_get(db, "club.name", out->club_name, sizeof(out->club_name), w);

	if (e == ERR_OK)
		e = store_setting_get(db, "portal.host", out->host, sizeof(out->host), w);
	if (e == ERR_OK)
		e = store_setting_get(db, "club.zone", out->zone, sizeof(out->zone), w);
	if (e == ERR_OK)
		e = store_setting_get(db, "card.prefix", prefix, sizeof(prefix), w);
	if (e == ERR_OK)
		e = store_setting_get(db, "card.aid", aid, sizeof(aid), w);
	if (e != ERR_OK)
		return e;
	if (prefix[0] < '0' || prefix[0] > '9' || prefix[1] != '\0' ||
	    !hex_decode(aid, out->aid, sizeof(out->aid), &len) || len != sizeof(out->aid))
		return why_set(w, ERR_DB_DAMAGED, MSG_SETTING_WRONG);
	out->number_prefix = (unsigned)(prefix[0] - '0');
	return ERR_OK;
}

/* Nothing there yet, or no card printed yet, or the same host as on the cards. */
static enum err
check_host(struct store *db, const char *host, struct why *w)
{
	char locked[8], now[STATION_HOST_CAP];
	struct why none;
	enum err e = store_setting_get(db, SETTING_HOST_LOCKED, locked, sizeof(locked), &none);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	e = store_setting_get(db, "portal.host", now, sizeof(now), w);
	if (e == ERR_OK && strcmp(now, host) != 0)
		return why_set(w, ERR_REFUSED, MSG_HOST_LOCKED, WHY_CODE(now));
	return e;
}

enum err
settings_write(struct store *db, const struct station_settings *set, struct why *w)
{
	char prefix[2] = {(char)('0' + set->number_prefix % 10), '\0'};
	char aid[2 * sizeof(set->aid) + 1];
	enum err e = check_host(db, set->host, w);

	hex_encode(set->aid, sizeof(set->aid), aid);
	if (e == ERR_OK)
		e = store_setting_put(db, "club.name", set->club_name, w);
	if (e == ERR_OK)
		e = store_setting_put(db, "portal.host", set->host, w);
	if (e == ERR_OK)
		e = store_setting_put(db, "club.zone", set->zone, w);
	if (e == ERR_OK)
		e = store_setting_put(db, "card.prefix", prefix, w);
	if (e == ERR_OK)
		e = store_setting_put(db, "card.aid", aid, w);
	return e;
}
