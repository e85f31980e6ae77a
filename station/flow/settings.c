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

enum err
settings_write(struct store *db, const struct station_settings *set, struct why *w)
{
	char prefix[2] = {(char)('0' + set->number_prefix % 10), '\0'};
	char aid[2 * sizeof(set->aid) + 1];
	enum err e = store_setting_put(db, "club.name", set->club_name, w);

	hex_encode(set->aid, sizeof(set->aid), aid);
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
