/*
 * All keys of our application at once: the second key set is made ready, then put in the place of the
 * first by one command. A tear before it leaves the keys as they were, and the next roll begins the set anew.
 *
 *   under key 0: InitializeKeySet, keys 0 and 4 -> under key 4: keys 1-3
 *   -> under key 0: FinalizeKeySet, RollKeySet
 *
 * The set in force is always number 0, the other one 1, and a set begun is a copy of it (as liblogicalaccess
 * found with its own cards). Which key may change which is what it is with
 * ChangeKey. In a set that is not in force every key is changed over its old one, also the key whose number the
 * session has. Nothing in force moves before RollKeySet: a chip that refuses any of it is rolled key by key.
 * Source: MIFARE DESFire EV2 and EV3 data sheets, key sets; no published vector covers these commands.
 */
#include "cardapps/chip/desfire.h"

#define OTHER_SET 1
#define SET_AES 0x02

static enum err
enter(struct card *c, const struct desfire_set *set, uint8_t no, struct why *w)
{
	return desfire_enter(c, c->access.aid, DF_AUTHENTICATE_AES, no, set->keys[no]->old, w);
}

/* A set's version only ever goes up: a roll to a lower or equal one the card refuses. */
static enum err
can_roll(struct card *c, const struct desfire_set *set, bool *can, struct why *w)
{
	struct desfire *d = c->driver;
	enum err e = enter(c, set, DF_KEY_ADMIN, w);

	*can = false;
	if (e == ERR_OK)
		e = desfire_send(c, DF_GET_KEY_SETTINGS, EV1_PLAIN, NULL, 0, w);
	if (e == ERR_OK)
		*can = df_application_rolls(&df_loyalty, d->wire.answer, d->wire.answer_len,
		    set->version);
	return e;
}

static enum err
set_command(struct card *c, enum df_ins ins, uint8_t second, struct why *w)
{
	const uint8_t data[2] = {OTHER_SET, second};

	return desfire_ask(c, ins, EV1_PLAIN, data, sizeof(data), 0, w);
}

/* A set just begun has the keys that are in force. */
static enum err
fill(struct card *c, const struct desfire_set *set, uint8_t first, uint8_t last, struct why *w)
{
	struct desfire *d = c->driver;
	enum err e = ERR_OK;

	for (uint8_t no = first; no <= last && e == ERR_OK; no++) {
		e = ev2_change_set_key(&d->wire, OTHER_SET, no, set->keys[no]->fresh, set->version,
		    set->keys[no]->old, w);
		if (e == ERR_CARD_GONE)
			desfire_forget(d);
	}
	return e;
}

static enum err
roll(struct card *c, bool *rolled, struct why *w)
{
	struct desfire *d = c->driver;
	enum err e = ev2_roll_key_set(&d->wire, OTHER_SET, w);

	if (e == ERR_CARD_GONE)
		desfire_forget(d);
	*rolled = e == ERR_OK;
	for (uint8_t no = 0; no < DF_KEY_COUNT && *rolled; no++)
		desfire_forget_refused(d, c->access.aid, no);
	return e;
}

static enum err
make_and_roll(struct card *c, const struct desfire_set *set, bool *rolled, struct why *w)
{
	enum err e = set_command(c, DF_INITIALIZE_KEY_SET, SET_AES, w);

	if (e == ERR_OK)
		e = fill(c, set, DF_KEY_ADMIN, DF_KEY_ADMIN, w);
	if (e == ERR_OK)
		e = fill(c, set, DF_KEY_CHANGE, DF_KEY_CHANGE, w);
	if (e == ERR_OK)
		e = enter(c, set, DF_KEY_CHANGE, w);
	if (e == ERR_OK)
		e = fill(c, set, DF_KEY_READ, DF_KEY_WRITE, w);
	if (e == ERR_OK)
		e = enter(c, set, DF_KEY_ADMIN, w);
	if (e == ERR_OK)
		e = set_command(c, DF_FINALIZE_KEY_SET, set->version, w);
	return e == ERR_OK ? roll(c, rolled, w) : e;
}

/* The card is there and said no: what it said no to was not in force. A frame too long is for the caller to mend. */
static bool
said_no(const struct card *c, enum err e, unsigned lessons)
{
	const struct desfire *d = c->driver;

	return e != ERR_OK && e != ERR_CARD_GONE && d->wire.status != DF_OK && d->wire.lessons == lessons;
}

enum err
desfire_roll_set(struct card *c, const struct desfire_set *set, bool *rolled, struct why *w)
{
	struct desfire *d = c->driver;
	const unsigned lessons = d->wire.lessons;
	struct why no = {0};
	bool can;
	enum err e = can_roll(c, set, &can, w);

	*rolled = false;
	if (e != ERR_OK || !can)
		return e;
	e = make_and_roll(c, set, rolled, &no);
	if (said_no(c, e, lessons)) {
		ev1_forget(&d->wire);
		return ERR_OK;
	}
	if (e != ERR_OK && w != NULL)
		*w = no;
	return e;
}
