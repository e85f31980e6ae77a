/* Keys and key settings. Source: data sheet, security related commands. */
#include "cardapps/sim/card.h"

#include <string.h>

#include "station/base/secret.h"

/* On the card itself the key number's upper bits name the new kind; applications keep theirs. */
#define KEY_NO(byte) ((byte) & 0x3F)
#define KEY_KIND(byte) ((byte) >> 6)

#define KEY_NO_OF_SET 0x40
#define SET_NO_ALL 0x80

static uint8_t
kind_of(const struct sim_card *c, uint8_t set, uint8_t key_no)
{
	const struct ee_sets *sets = &c->ee.sets[c->app];

	if (set > 0 && set < sets->count && sets->set[set].state != EE_SET_EMPTY)
		return sets->set[set].crypto;
	return c->app == 0 ? KEY_KIND(key_no) : c->ee.app[c->app].crypto;
}

static uint8_t
number_of(const struct sim_card *c, uint8_t key_no)
{
	return c->app == 0 ? KEY_NO(key_no) : key_no;
}

static size_t
data_len(uint8_t kind)
{
	return ee_key_len(kind) + (kind == EE_AES ? 1 : 0);
}

size_t
key_body_len(const struct sim_card *c, uint8_t set, uint8_t key_no)
{
	bool own = set == 0 && number_of(c, key_no) == c->session.key_no;

	return data_len(kind_of(c, set, key_no)) + (own ? 0 : sim_channel_crc_len(c));
}

/* Data sheet, ChangeKey: key 0 and the change key itself belong to the master key. */
static bool
may_change(struct sim_card *c, uint8_t no)
{
	const struct ee_app *app = card_app(c);
	uint8_t by = KS_CHANGE_KEY(app->settings), have = c->session.key_no;

	if (no == 0)
		return have == 0 && (app->settings & KS_MASTER_CHANGEABLE);
	if (by == CHANGE_FROZEN)
		return false;
	if (by == CHANGE_OWN_KEY)
		return have == no;
	return have == (no == by ? 0 : by);
}

/*
 * True if all of the deciphered data after the check sums is zero. (EV2 has taken its padding off.)
 */
static bool
padding_ok(struct cursor *in)
{
	uint8_t any = 0;

	while (cursor_left(in) > 0)
		any |= take_u8(in);
	return any == 0 && !in->underflow;
}

/*
 * The new key out of the cryptogram: bare for the own key, over the old one for another. EV2
 * leaves the first check sum to its MAC.
 */
static uint8_t
unpack(struct sim_card *c, struct cursor *in, uint8_t kind, const struct ee_key *old, bool own,
    uint8_t key[EE_KEY_CAP + 1])
{
	size_t len = data_len(kind), sum_len = sim_channel_crc_len(c);
	const uint8_t *data = take_bytes(in, len), *sum, *sum2;

	if (!session_is_ev2(c)) {
		sum = take_bytes(in, sum_len);
		if (sum != NULL && !sim_channel_crc_ok(c, true, data, len, sum))
			return ST_INTEGRITY;
	}
	if (in->underflow)
		return ST_LENGTH;
	memcpy(key, data, len);
	if (!own) {
		for (size_t i = 0; i < ee_key_len(kind); i++)
			key[i] ^= old->bytes[i];
		sum2 = take_bytes(in, sum_len);
		if (sum2 == NULL || !sim_channel_crc_ok(c, false, key, ee_key_len(kind), sum2))
			return ST_INTEGRITY;
	}
	return padding_ok(in) ? ST_OPERATION_OK : ST_INTEGRITY;
}

/* A session of EV2 leaves the card's own key what it can go on with: AES. */
static bool
kind_ok(const struct sim_card *c, uint8_t kind)
{
	return kind < EE_CRYPTO_COUNT && (c->app != 0 || !session_is_ev2(c) || kind == EE_AES);
}

static uint8_t
change(struct sim_card *c, struct cursor *in, uint8_t set)
{
	struct ee_app *app = card_app(c);
	uint8_t byte = take_u8(in), no = number_of(c, byte), kind = kind_of(c, set, byte), st;
	uint8_t key[EE_KEY_CAP + 1] = {0};
	bool own = set == 0 && no == c->session.key_no;
	struct ee_key *k = ee_keys(&c->ee, c->app, set) + no;

	if (no >= app->key_count)
		return ST_NO_SUCH_KEY;
	if (!kind_ok(c, kind))
		return ST_PARAMETER;
	if (!may_change(c, no))
		return ST_PERMISSION_DENIED;
	st = unpack(c, in, kind, k, own, key);
	if (st == ST_OPERATION_OK) {
		memset(k, 0, sizeof(*k));
		memcpy(k->bytes, key, ee_key_len(kind));
		k->version = kind == EE_AES ? key[ee_key_len(kind)] : 0;
		if (set == 0)
			app->crypto = kind;
		card_changed(c, US_KEY);
		if (own)
			sim_channel_close(c);
	}
	WIPE(key);
	return st;
}

uint8_t
key_change(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)out;
	return change(c, in, 0);
}

/* Set 0 is ChangeKey by another name; another set takes keys between its first and last word. */
uint8_t
key_change_ev2(struct sim_card *c, struct cursor *in, struct writer *out)
{
	const struct ee_sets *s = keyset_of(c);
	uint8_t set = take_u8(in);

	(void)out;
	if (set > 0 && set >= s->count)
		return ST_PARAMETER;
	if (set > 0 && s->set[set].state != EE_SET_OPEN)
		return ST_PERMISSION_DENIED;
	return change(c, in, set);
}

/* DES keys keep their version in the parity bits of the first eight bytes. */
static uint8_t
version_of(const struct ee_key *k, uint8_t crypto)
{
	uint8_t v = 0;

	if (crypto == EE_AES)
		return k->version;
	for (size_t i = 0; i < 8; i++)
		v = (uint8_t)(v << 1 | (k->bytes[i] & 1));
	return v;
}

uint8_t
key_version(struct sim_card *c, struct cursor *in, struct writer *out)
{
	const struct ee_app *app = card_app(c);
	uint8_t no = take_u8(in);

	if (no >= app->key_count)
		return ST_NO_SUCH_KEY;
	put_u8(out, version_of(&app->key[no], app->crypto));
	return ST_OPERATION_OK;
}

static uint8_t
all_set_versions(struct sim_card *c, struct writer *out)
{
	const struct ee_sets *s = keyset_of(c);

	for (uint8_t i = 0; i < s->count; i++)
		put_u8(out, s->set[i].version);
	return s->count > 0 ? ST_OPERATION_OK : ST_PARAMETER;
}

/*
 * With bit 6 of the key number a key set follows; its bit 7 asks for the versions of all sets
 * instead.
 */
uint8_t
key_version_ev2(struct sim_card *c, struct cursor *in, struct writer *out)
{
	const struct ee_app *app = card_app(c);
	bool of_set = c->in[1] & KEY_NO_OF_SET;
	uint8_t no, set;

	if (cursor_left(in) != (of_set ? 2 : 1))
		return ST_LENGTH;
	if (!of_set)
		return key_version(c, in, out);
	no = take_u8(in) & (uint8_t)~KEY_NO_OF_SET;
	set = take_u8(in);
	if (set & SET_NO_ALL)
		return all_set_versions(c, out);
	if (set > 0 && set >= keyset_of(c)->count)
		return ST_PARAMETER;
	if (no >= app->key_count)
		return ST_NO_SUCH_KEY;
	put_u8(out, version_of(ee_keys(&c->ee, c->app, set) + no,
	    c->app == 0 ? app->crypto : kind_of(c, set, no)));
	return ST_OPERATION_OK;
}

/*
 * The second byte as CreateApplication gave it: kind, file identifiers, number of keys; and what it
 * gave of key sets.
 */
uint8_t
key_settings(struct sim_card *c, struct cursor *in, struct writer *out)
{
	const struct ee_app *app = card_app(c);
	const struct ee_sets *s = keyset_of(c);

	(void)in;
	put_u8(out, app->settings);
	put_u8(out, (uint8_t)(app->crypto << 6 | (app->file_ids ? 0x20 : 0) |
	    (s->count > 0 ? 0x10 : 0) | app->key_count));
	if (s->count > 0) {
		put_u8(out, 0x01);
		put_u8(out, s->set[0].version);
		put_u8(out, s->count);
		put_u8(out, s->key_size);
		put_u8(out, s->roll_key);
	}
	return ST_OPERATION_OK;
}

uint8_t
key_change_settings(struct sim_card *c, struct cursor *in, struct writer *out)
{
	struct ee_app *app = card_app(c);
	uint8_t settings = take_u8(in), by = KS_CHANGE_KEY(settings);

	(void)out;
	if (!(app->settings & KS_CHANGEABLE))
		return ST_PERMISSION_DENIED;
	if (c->app != 0 && by >= app->key_count && by < CHANGE_OWN_KEY)
		return ST_PARAMETER;
	app->settings = c->app == 0 ? settings & 0x0F : settings;
	card_changed(c, US_PAGE);
	return ST_OPERATION_OK;
}
