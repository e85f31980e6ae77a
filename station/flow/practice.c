/* Card keys of a practice club, from one of its stations to another. */
#include <string.h>

#include "keys/masters.h"
#include "station/flow/chain.h"
#include "station/flow/join.h"
#include "station/flow/settings.h"

#define WORDS SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1

static enum err
check_source(const struct station *s, const struct safe *from, struct why *w)
{
	const struct safe_info *info = safe_get_info(from);

	if (!s->test || !info->practice || !safe_get_info(s->safe)->practice)
		return why_set(w, ERR_REFUSED, MSG_PRACTICE_ONLY);
	if (memcmp(info->club, s->club, sizeof(s->club)) != 0)
		return why_set(w, ERR_REFUSED, MSG_PAPER_OTHER_CLUB);
	return ERR_OK;
}

static enum err
take_generation(const struct safe *from, uint16_t generation, uint32_t wanted, const char *path,
    struct why *w)
{
	struct masters *m;
	uint32_t held;
	enum err e = masters_of_practice(from, generation, &held, &m, w);

	if (e == ERR_OK)
		e = safe_import(path, WORDS, m, wanted & held, w);
	masters_close(&m);
	return e;
}

static enum err
journal(struct station *s, uint32_t from, unsigned generations, uint32_t slots, struct why *w)
{
	const struct journal_field fields[] = {
		JOURNAL_FIELD_INT("from_station", from),
		JOURNAL_FIELD_INT("generations", generations),
		JOURNAL_FIELD_INT("slots", slots),
	};
	uint8_t event[STORE_EVENT_LEN];
	enum err e = store_begin(s->store, w);

	if (e == ERR_OK)
		e = chain_journal(s, "keys.practice", fields, 3, event, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

enum err
station_practice_keys(struct station *s, const char *safe_path, struct why *w)
{
	const uint32_t wanted = role_slots(role_of_rights(s->cert.rights));
	uint16_t generations[SAFE_GENERATIONS];
	char own[STATION_PATH_CAP];
	struct safe_info info;
	struct safe *from = NULL;
	unsigned n = 0;
	enum err e = safe_peek(safe_path, &info, w);

	if (e == ERR_OK && !info.practice)
		e = why_set(w, ERR_REFUSED, MSG_PRACTICE_ONLY);
	if (e == ERR_OK)
		e = safe_open(safe_path, WORDS, &from, w);
	if (e == ERR_OK)
		e = check_source(s, from, w);
	if (e == ERR_OK)
		e = station_path(s, STATION_SAFE, own, w);
	if (e == ERR_OK)
		n = safe_generations(from, generations);
	for (unsigned i = 0; e == ERR_OK && i < n; i++)
		e = take_generation(from, generations[i], wanted, own, w);
	if (e == ERR_OK)
		e = journal(s, info.station, n, wanted, w);
	safe_close(&from);
	return e;
}
