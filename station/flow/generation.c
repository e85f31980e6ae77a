#include "station/flow/generation.h"

#include <string.h>

#include "keys/masters.h"
#include "station/base/secret.h"
#include "station/flow/chain.h"
#include "station/flow/settings.h"

#define PASSPHRASE_CAP 1024

static enum err
take_passphrase(const char *path, station_passphrase ask, void *ask_ctx, char *out, struct why *w)
{
	struct safe_info info;
	enum err e = safe_peek(path, &info, w);

	if (e != ERR_OK)
		return e;
	if (info.practice)
		memcpy(out, SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE));
	else if (ask == NULL)
		e = why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_NEEDED);
	else
		e = ask(ask_ctx, out, PASSPHRASE_CAP, w);
	return e;
}

/* A role's store gets the next masters of its own keys, no others. */
static uint32_t
slots_of(const struct safe *safe)
{
	uint32_t slots = 0;

	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++)
		if (safe_has(safe, (enum key_slot)slot))
			slots |= UINT32_C(1) << slot;
	return slots;
}

/* The safe as it is: which generation is next, and for which slots. */
static enum err
look(const char *path, const char *pass, uint16_t *next, uint32_t *slots, struct why *w)
{
	struct safe *safe = NULL;
	enum err e = safe_open(path, pass, strlen(pass), &safe, w);

	if (e != ERR_OK)
		return e;
	*next = (uint16_t)(safe_get_info(safe)->epoch + 1);
	*slots = slots_of(safe);
	safe_close(&safe);
	return ERR_OK;
}

/* The row of the journal is committed once the masters are in the safe; without them none is left. */
static enum err
import(struct station *s, const char *path, const char *pass, const struct masters *m, uint32_t slots,
    struct why *w)
{
	const struct journal_field field = JOURNAL_FIELD_INT("generation", masters_generation(m));
	uint8_t event[STORE_EVENT_LEN];
	enum err e = store_begin(s->store, w);

	if (e == ERR_OK)
		e = chain_journal(s, "keys.generation", &field, 1, event, w);
	if (e == ERR_OK)
		e = safe_import(path, pass, strlen(pass), m, slots, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

static enum err
open_anew(struct station *s, const char *path, const char *pass, struct why *w)
{
	struct safe *fresh = NULL;
	enum err e = ERR_OK;

	if (s->safe != NULL)
		e = safe_open(path, pass, strlen(pass), &fresh, w);
	if (e != ERR_OK || fresh == NULL)
		return e;
	safe_close(&s->safe);
	s->safe = fresh;
	return ERR_OK;
}

enum err
station_next_generation(struct station *s, station_passphrase ask, void *ask_ctx,
    uint16_t *generation, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct masters *m = NULL;
	uint32_t slots = 0;
	char *pass;
	enum err e;

	if (!s->test)
		return why_set(w, ERR_REFUSED, MSG_GENERATION_REAL);
	pass = secret_alloc(PASSPHRASE_CAP);
	if (pass == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = station_path(s, STATION_SAFE, path, w);
	if (e == ERR_OK)
		e = take_passphrase(path, ask, ask_ctx, pass, w);
	if (e == ERR_OK)
		e = look(path, pass, generation, &slots, w);
	if (e == ERR_OK)
		e = masters_random(s->club, s->test, *generation, 128, &m, w);
	if (e == ERR_OK)
		e = import(s, path, pass, m, slots, w);
	if (e == ERR_OK)
		e = open_anew(s, path, pass, w);
	masters_close(&m);
	secret_free(pass, PASSPHRASE_CAP);
	return e;
}
