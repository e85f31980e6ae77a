#include "station/flow/passphrase.h"

#include <string.h>

#include "station/flow/chain.h"
#include "station/flow/settings.h"

/* The row is written first and committed last: a change that the book could not hold is not made. */
enum err
station_change_passphrase(struct station *s, const char *old, const char *fresh, struct why *w)
{
	uint8_t event[STORE_EVENT_LEN];
	char path[STATION_PATH_CAP];
	struct safe_info info = {0};
	enum err e = station_path(s, STATION_SAFE, path, w);

	if (e == ERR_OK)
		e = safe_peek(path, &info, w);
	if (e == ERR_OK)
		e = store_begin(s->store, w);
	if (e == ERR_OK) {
		const struct journal_field fields[] = {JOURNAL_FIELD_BOOL("token", info.token)};

		e = chain_journal(s, "keys.passphrase", fields, 1, event, w);
	}
	if (e == ERR_OK)
		e = safe_change_passphrase(path, old, strlen(old), fresh, strlen(fresh), w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}
