#include "cardapps/sim/eeprom.h"
#include "cardapps/sim/sim.h"

#include <string.h>

_Static_assert(sizeof(struct ee_file) == 44, "the image has no padding");
_Static_assert(sizeof(struct ee_app) == 28 + EE_APP_KEYS * (EE_KEY_CAP + 1) + EE_APP_FILES,
    "the image has no padding");
_Static_assert(sizeof(struct ee_sets) == 6 + 3 * EE_SETS, "the image has no padding");
_Static_assert(sizeof(struct eeprom) % 4 == 0, "the image has no padding");
_Static_assert(offsetof(struct eeprom, kind) == 30784, "images of EV1 cards stay readable");

void
ee_factory(struct eeprom *ee, uint8_t kind, const uint8_t uid[7])
{
	static const uint8_t batch[5] = {0xBA, 0x45, 0x19, 0xE3, 0x20};

	memset(ee, 0, sizeof(*ee));
	ee->kind = kind;
	memcpy(ee->uid, uid, 7);
	memcpy(ee->batch, batch, sizeof(batch));
	ee->week = 0x49;
	ee->year = 0x13;
	ee->app[0].used = 1;
	ee->app[0].settings = 0x0F;
	ee->app[0].key_count = 1;
}

void
ee_format(struct eeprom *ee)
{
	memset(ee->file, 0, sizeof(ee->file));
	memset(&ee->app[1], 0, sizeof(ee->app) - sizeof(ee->app[0]));
	memset(ee->heap, 0, sizeof(ee->heap));
	memset(ee->sets, 0, sizeof(ee->sets));
	ee->file_count = 0;
	ee->block_count = 0;
}

size_t
ee_key_len(uint8_t crypto)
{
	return crypto == EE_3K3DES ? 24 : 16;
}

static bool
app_valid(const struct ee_app *a, uint16_t file_count)
{
	if (a->key_count > EE_APP_KEYS || a->crypto >= EE_CRYPTO_COUNT || a->name_len > EE_NAME_CAP)
		return false;
	for (int i = 0; i < EE_APP_FILES; i++)
		if (a->slot[i] > file_count)
			return false;
	return !a->used || a->key_count > 0;
}

/* Bytes a file takes in one copy. */
static uint64_t
file_bytes(const struct ee_file *f)
{
	switch (f->type) {
	case EE_STD:
	case EE_BACKUP:
		return f->size;
	case EE_LINEAR:
	case EE_CYCLIC:
		return (uint64_t)f->size * f->max;
	default:
		return EE_BLOCK;
	}
}

/* A cyclic file keeps one record spare; a linear one begins where its memory does. */
static bool
records_valid(const struct ee_file *f)
{
	if (f->type == EE_CYCLIC)
		return f->max >= 2 && f->count < f->max && f->first < f->max;
	return f->max >= 1 && f->count <= f->max && f->first == 0;
}

static bool
file_valid(const struct ee_file *f)
{
	if (f->type >= EE_TYPE_COUNT || f->comm == 2 || f->comm > 3)
		return false;
	if (f->type == EE_VALUE && (f->value < f->lower || f->value > f->upper || f->limited < 0))
		return false;
	if (f->type != EE_VALUE && f->size < 1)
		return false;
	if ((f->type == EE_LINEAR || f->type == EE_CYCLIC) && !records_valid(f))
		return false;
	return f->block * (uint64_t)EE_BLOCK + file_bytes(f) <= sizeof(((struct eeprom *)0)->heap);
}

struct ee_key *
ee_keys(struct eeprom *ee, int app, uint8_t set)
{
	const struct ee_sets *s = &ee->sets[app];
	size_t before = (size_t)(set - 1) * ee->app[app].key_count;

	if (set == 0)
		return ee->app[app].key;
	return (struct ee_key *)(ee->heap + (size_t)s->block * EE_BLOCK) + before;
}

static bool
sets_valid(const struct ee_sets *s, const struct ee_app *a)
{
	size_t stored = (size_t)(s->count - 1) * a->key_count * sizeof(struct ee_key);

	if (s->count == 0)
		return true;
	for (int i = 0; i < EE_SETS; i++)
		if (s->set[i].crypto >= EE_CRYPTO_COUNT || s->set[i].state >= EE_SET_STATE_COUNT)
			return false;
	return s->count >= 2 && s->count <= EE_SETS && s->roll_key < a->key_count &&
	    s->block * (size_t)EE_BLOCK + stored <= sizeof(((struct eeprom *)0)->heap);
}

bool
ee_valid(const struct eeprom *ee)
{
	bool ok = ee->kind <= SIM_DESFIRE_EV3 && ee->file_count <= EE_FILES &&
	    ee->block_count <= EE_BLOCKS && ee->app[0].used && ee->app[0].key_count == 1;

	for (int i = 0; ok && i <= EE_APPS; i++)
		ok = app_valid(&ee->app[i], ee->file_count) &&
		    sets_valid(&ee->sets[i], &ee->app[i]);
	for (int i = 0; ok && i < ee->file_count; i++)
		ok = file_valid(&ee->file[i]);
	return ok;
}

bool
ee_allot(struct eeprom *ee, uint64_t bytes, uint16_t *block)
{
	uint64_t need = (bytes + EE_BLOCK - 1) / EE_BLOCK;

	if (need > (uint64_t)(EE_BLOCKS - ee->block_count))
		return false;
	*block = ee->block_count;
	ee->block_count = (uint16_t)(ee->block_count + need);
	return true;
}

uint32_t
ee_free_bytes(const struct eeprom *ee)
{
	return (uint32_t)(EE_BLOCKS - ee->block_count) * EE_BLOCK;
}

int
ee_find_app(const struct eeprom *ee, const uint8_t aid[3])
{
	for (int i = 0; i <= EE_APPS; i++)
		if (ee->app[i].used && memcmp(ee->app[i].aid, aid, 3) == 0)
			return i;
	return -1;
}
