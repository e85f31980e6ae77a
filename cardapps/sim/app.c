/* Applications: make, drop, choose, list. Source: data sheet, PICC level commands. */
#include "cardapps/sim/card.h"

#include <string.h>

#define KS2_KIND(b) ((b) >> 6)
#define KS2_FILE_IDS 0x20
#define KS2_SETTINGS3 0x10	/* EV2 on: a third byte follows */
#define KS2_KEYS(b) ((b) & 0x0F)
#define IDS_PER_FRAME 19	/* whole identifiers: 57 of the 59 bytes */

/* The optional tail: ISO identifier, then a DF name of 1 to 16 bytes. */
static uint8_t
parse_iso(struct ee_app *a, struct cursor *in)
{
	if (cursor_left(in) == 0)
		return a->file_ids ? ST_LENGTH : ST_OPERATION_OK;
	if (cursor_left(in) < 2 || cursor_left(in) > 2 + EE_NAME_CAP)
		return ST_LENGTH;
	a->has_iso_id = 1;
	memcpy(a->iso_id, take_bytes(in, 2), 2);
	a->name_len = (uint8_t)cursor_left(in);
	if (a->name_len > 0)
		memcpy(a->name, take_bytes(in, a->name_len), a->name_len);
	return ST_OPERATION_OK;
}

static bool
clashes(const struct ee_app *a, const struct ee_app *b)
{
	if (!b->used)
		return false;
	if (memcmp(a->aid, b->aid, 3) == 0)
		return true;
	if (a->has_iso_id && b->has_iso_id && memcmp(a->iso_id, b->iso_id, 2) == 0)
		return true;
	return a->name_len > 0 && a->name_len == b->name_len &&
	    memcmp(a->name, b->name, a->name_len) == 0;
}

static uint8_t
place_for(const struct eeprom *ee, const struct ee_app *a, int *place)
{
	*place = 0;
	for (int i = 0; i <= EE_APPS; i++) {
		if (clashes(a, &ee->app[i]))
			return ST_DUPLICATE;
		if (!ee->app[i].used && *place == 0)
			*place = i;
	}
	return *place == 0 ? ST_COUNT : ST_OPERATION_OK;
}

static uint8_t
parse(struct ee_app *a, struct ee_sets *sets, bool ev2, struct cursor *in)
{
	uint8_t ks2, st = ST_OPERATION_OK;

	memset(a, 0, sizeof(*a));
	memset(sets, 0, sizeof(*sets));
	a->used = 1;
	memcpy(a->aid, take_bytes(in, 3), 3);
	a->settings = take_u8(in);
	ks2 = take_u8(in);
	a->crypto = KS2_KIND(ks2);
	a->file_ids = (ks2 & KS2_FILE_IDS) != 0;
	a->key_count = KS2_KEYS(ks2);
	if (a->crypto >= EE_CRYPTO_COUNT || a->key_count == 0 || a->key_count > EE_APP_KEYS)
		return ST_PARAMETER;
	if (ev2 && (ks2 & KS2_SETTINGS3))
		st = keyset_parse(a, in, sets);
	return st == ST_OPERATION_OK ? parse_iso(a, in) : st;
}

/* An entry of the directory and its keys take memory as a file does. */
uint8_t
app_create(struct sim_card *c, struct cursor *in, struct writer *out)
{
	struct ee_app a;
	struct ee_sets sets;
	uint16_t block, keys;
	int place;
	uint8_t st = parse(&a, &sets, card_is_ev2(c), in);

	(void)out;
	if (st == ST_OPERATION_OK)
		st = place_for(&c->ee, &a, &place);
	if (st != ST_OPERATION_OK)
		return st;
	keys = (uint16_t)((a.key_count * ee_key_len(a.crypto) + EE_BLOCK - 1) / EE_BLOCK);
	if (!ee_allot(&c->ee, (1u + keys) * EE_BLOCK + keyset_bytes(&a, &sets), &block))
		return ST_OUT_OF_EEPROM;
	if (sets.count > 0)
		sets.block = (uint16_t)(block + 1 + keys);
	for (int i = 0; i < a.key_count; i++)
		a.key[i] = c->ee.default_key;
	c->ee.app[place] = a;
	c->ee.sets[place] = sets;
	card_changed(c, US_CREATE);
	return ST_OPERATION_OK;
}

/*
 * By the card's master key from the card's level; by the application's own only while creating is
 * free.
 */
static uint8_t
may_delete(struct sim_card *c, int app)
{
	if (c->session.key == NULL)
		return ST_AUTHENTICATION;
	if (c->session.key_no != 0)
		return ST_PERMISSION_DENIED;
	if (c->app == 0)
		return ST_OPERATION_OK;
	return c->app == app && (c->ee.app[0].settings & KS_CREATE_FREE) ? ST_OPERATION_OK
									 : ST_PERMISSION_DENIED;
}

/* The memory stays taken until FormatPICC. */
uint8_t
app_delete(struct sim_card *c, struct cursor *in, struct writer *out)
{
	int app = ee_find_app(&c->ee, take_bytes(in, 3));
	uint8_t st;

	(void)out;
	if (app <= 0)
		return ST_APPLICATION_NOT_FOUND;
	if ((st = may_delete(c, app)) != ST_OPERATION_OK)
		return st;
	memset(&c->ee.app[app], 0, sizeof(c->ee.app[app]));
	memset(&c->ee.sets[app], 0, sizeof(c->ee.sets[app]));
	card_changed(c, US_CREATE);
	if (c->app == app)
		card_select(c, 0);
	return ST_OPERATION_OK;
}

uint8_t
app_select(struct sim_card *c, struct cursor *in, struct writer *out)
{
	int app = ee_find_app(&c->ee, take_bytes(in, 3));

	(void)out;
	if (app < 0)
		return ST_APPLICATION_NOT_FOUND;
	card_select(c, app);
	return ST_OPERATION_OK;
}

uint8_t
app_ids(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)in;
	for (int i = 1; i <= EE_APPS; i++)
		if (c->ee.app[i].used)
			put_bytes(out, c->ee.app[i].aid, 3);
	c->reply.chunk = IDS_PER_FRAME * 3;
	return ST_OPERATION_OK;
}

/* One application a frame: AID, ISO identifier, name. */
uint8_t
app_names(struct sim_card *c, struct cursor *in, struct writer *out)
{
	size_t last = 0;

	(void)in;
	for (int i = 1; i <= EE_APPS; i++) {
		const struct ee_app *a = &c->ee.app[i];

		if (!a->used || !a->has_iso_id)
			continue;
		if (last > 0)
			c->reply.cut[c->reply.cuts++] = last;
		put_bytes(out, a->aid, 3);
		put_bytes(out, a->iso_id, 2);
		put_bytes(out, a->name, a->name_len);
		last = 5u + a->name_len;
	}
	return ST_OPERATION_OK;
}
