/*
 * Key sets of an application (EV2 on): other keys made ready beside the active ones, which all
 * take their place at once. Source: public short data sheet and AN12752. What those leave open
 * follows the real-card test of liblogicalaccess: a set made ready begins as a copy of the active
 * keys if the kind is the same (else with keys of zero), and rolling turns the order of all sets,
 * so that the active one is always number 0. This card's own choice: a set is filled and
 * finalized under the master key or the change key, a finalized set takes no more keys until it is
 * initialized again, and a refusal of these rules is PERMISSION_DENIED.
 */
#include "cardapps/sim/card.h"

#include <string.h>

#include "station/base/secret.h"

#define KS3_KEY_SETS 0x01
#define ROLL_KEY(settings) ((settings) & 0x0F)

struct ee_sets *
keyset_of(struct sim_card *c)
{
	return &c->ee.sets[c->app];
}

/*
 * What CreateApplication says after the bit in its second byte: settings 3, and with key sets the
 * version of the active one, their number, the largest key, the roll key.
 */
uint8_t
keyset_parse(const struct ee_app *a, struct cursor *in, struct ee_sets *s)
{
	uint8_t settings3 = take_u8(in);

	memset(s, 0, sizeof(*s));
	if (settings3 == 0 && !in->underflow)
		return ST_OPERATION_OK;
	s->set[0].crypto = a->crypto;
	s->set[0].state = EE_SET_FINAL;
	s->set[0].version = take_u8(in);
	s->count = take_u8(in);
	s->key_size = take_u8(in);
	s->roll_key = ROLL_KEY(take_u8(in));
	if (in->underflow)
		return ST_LENGTH;
	if (settings3 != KS3_KEY_SETS || s->count < 2 || s->count > EE_SETS ||
	    (s->key_size != 16 && s->key_size != 24) || ee_key_len(a->crypto) > s->key_size ||
	    s->roll_key >= a->key_count)
		return ST_PARAMETER;
	return ST_OPERATION_OK;
}

/* Memory of the sets beside the active one. */
size_t
keyset_bytes(const struct ee_app *a, const struct ee_sets *s)
{
	return s->count == 0 ? 0 : (size_t)(s->count - 1) * a->key_count * sizeof(struct ee_key);
}

/* Sets are filled by who may change keys. */
static uint8_t
may_fill(struct sim_card *c, uint8_t no)
{
	uint8_t by = KS_CHANGE_KEY(card_app(c)->settings), have = c->session.key_no;

	if (no == 0 || no >= keyset_of(c)->count)
		return ST_PARAMETER;
	if (by == CHANGE_FROZEN || (have != 0 && have != by))
		return ST_PERMISSION_DENIED;
	return ST_OPERATION_OK;
}

uint8_t
keyset_initialize(struct sim_card *c, struct cursor *in, struct writer *out)
{
	struct ee_app *app = card_app(c);
	struct ee_sets *s = keyset_of(c);
	uint8_t no = take_u8(in), kind = take_u8(in), st = may_fill(c, no);
	struct ee_key *keys;

	(void)out;
	if (st != ST_OPERATION_OK)
		return st;
	if (kind >= EE_CRYPTO_COUNT || ee_key_len(kind) > s->key_size)
		return ST_PARAMETER;
	keys = ee_keys(&c->ee, c->app, no);
	memset(keys, 0, app->key_count * sizeof(*keys));
	if (kind == app->crypto)
		memcpy(keys, app->key, app->key_count * sizeof(*keys));
	s->set[no] = (struct ee_set){.crypto = kind, .state = EE_SET_OPEN};
	card_changed(c, US_KEY * app->key_count);
	return ST_OPERATION_OK;
}

uint8_t
keyset_finalize(struct sim_card *c, struct cursor *in, struct writer *out)
{
	struct ee_sets *s = keyset_of(c);
	uint8_t no = take_u8(in), version = take_u8(in), st = may_fill(c, no);

	(void)out;
	if (st != ST_OPERATION_OK)
		return st;
	if (version == 0)
		return ST_PARAMETER;
	if (s->set[no].state != EE_SET_OPEN)
		return ST_PERMISSION_DENIED;
	s->set[no].version = version;
	s->set[no].state = EE_SET_FINAL;
	card_changed(c, US_PAGE);
	return ST_OPERATION_OK;
}

/* Number 1 becomes 0, 2 becomes 1, .., and 0 the last. */
static void
turn_sets(struct sim_card *c)
{
	struct ee_sets *s = keyset_of(c);
	struct ee_key saved[EE_APP_KEYS];
	struct ee_set first = s->set[0];
	size_t len = card_app(c)->key_count * sizeof(struct ee_key);
	uint8_t last = (uint8_t)(s->count - 1);

	memcpy(saved, ee_keys(&c->ee, c->app, 0), len);
	for (uint8_t i = 0; i < last; i++)
		memcpy(ee_keys(&c->ee, c->app, i), ee_keys(&c->ee, c->app, i + 1), len);
	memcpy(ee_keys(&c->ee, c->app, last), saved, len);
	memmove(s->set, s->set + 1, last * sizeof(s->set[0]));
	s->set[last] = first;
	WIPE(saved);
}

/* By the roll key, upwards only; no session survives its keys. */
uint8_t
keyset_roll(struct sim_card *c, struct cursor *in, struct writer *out)
{
	struct ee_sets *s = keyset_of(c);
	uint8_t no = take_u8(in);

	(void)out;
	if (no == 0 || no >= s->count)
		return ST_PARAMETER;
	if (c->session.key_no != s->roll_key || s->set[no].state != EE_SET_FINAL ||
	    s->set[no].version <= s->set[0].version)
		return ST_PERMISSION_DENIED;
	for (uint8_t i = 0; i < no; i++)
		turn_sets(c);
	card_app(c)->crypto = s->set[0].crypto;
	card_changed(c, US_COMMIT);
	sim_channel_close(c);
	return ST_OPERATION_OK;
}
