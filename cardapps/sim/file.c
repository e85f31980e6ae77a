/*
 * Files of the selected application: make, drop, list, settings. Source: data sheet, application
 * level commands.
 */
#include "cardapps/sim/card.h"

#include <string.h>

static bool
iso_id_taken(struct sim_card *c, const uint8_t id[2])
{
	for (uint8_t no = 0; no < EE_APP_FILES; no++) {
		const struct ee_file *f = card_file(c, no);

		if (f != NULL && memcmp(f->iso_id, id, 2) == 0)
			return true;
	}
	return false;
}

/* A nibble names an existing key, or free, or never. */
static bool
rights_ok(const struct ee_app *app, uint16_t rights)
{
	for (int shift = 0; shift < 16; shift += 4) {
		uint8_t who = (rights >> shift) & 0x0F;

		if (who >= app->key_count && who < RIGHT_FREE)
			return false;
	}
	return true;
}

/* Mode 2 is another spelling of plain. */
static uint8_t
parse_access(const struct ee_app *app, struct cursor *in, struct ee_file *f)
{
	uint8_t comm = take_u8(in);

	f->comm = comm == 2 ? MODE_PLAIN : comm;
	f->rights = take_le16(in);
	return comm <= MODE_FULL && rights_ok(app, f->rights) ? ST_OPERATION_OK : ST_PARAMETER;
}

/*
 * What every Create...File begins with: number, ISO identifier where the application has them,
 * mode, rights.
 */
static uint8_t
parse_head(struct sim_card *c, struct cursor *in, size_t rest, struct ee_file *f, uint8_t *no)
{
	const struct ee_app *app = card_app(c);
	bool iso = app->file_ids && f->type != EE_VALUE;

	*no = take_u8(in);
	if (cursor_left(in) != 3u + rest + (iso ? 2u : 0u))
		return ST_LENGTH;
	if (*no >= EE_APP_FILES)
		return ST_PARAMETER;
	if (app->slot[*no] != 0)
		return ST_DUPLICATE;
	if (iso) {
		memcpy(f->iso_id, take_bytes(in, 2), 2);
		if (iso_id_taken(c, f->iso_id))
			return ST_DUPLICATE;
	}
	return parse_access(app, in, f);
}

/* Give the file its memory and its place in the application. */
static uint8_t
place(struct sim_card *c, struct ee_file *f, uint8_t no, uint64_t bytes)
{
	if (c->ee.file_count >= EE_FILES || !ee_allot(&c->ee, bytes, &f->block))
		return ST_OUT_OF_EEPROM;
	c->ee.file[c->ee.file_count++] = *f;
	card_app(c)->slot[no] = (uint8_t)c->ee.file_count;
	memset(card_heap(c, f), 0, f->type == EE_VALUE ? EE_BLOCK : (size_t)bytes);
	card_changed(c, US_CREATE);
	return ST_OPERATION_OK;
}

static uint8_t
create_data(struct sim_card *c, struct cursor *in, uint8_t type)
{
	struct ee_file f = {.type = type};
	uint64_t bytes;
	uint8_t no, st = parse_head(c, in, 3, &f, &no);

	if (st != ST_OPERATION_OK)
		return st;
	f.size = take_le24(in);
	if (f.size == 0)
		return ST_PARAMETER;
	bytes = f.size;
	if (type == EE_BACKUP)	/* data and mirror, each in blocks of its own */
		bytes = 2 * ((bytes + EE_BLOCK - 1) / EE_BLOCK * EE_BLOCK);
	return place(c, &f, no, bytes);
}

uint8_t
file_create_std(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)out;
	return create_data(c, in, EE_STD);
}

uint8_t
file_create_backup(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)out;
	return create_data(c, in, EE_BACKUP);
}

uint8_t
file_create_value(struct sim_card *c, struct cursor *in, struct writer *out)
{
	struct ee_file f = {.type = EE_VALUE};
	uint8_t no, st = parse_head(c, in, 13, &f, &no);

	(void)out;
	if (st != ST_OPERATION_OK)
		return st;
	f.lower = (int32_t)take_le32(in);
	f.upper = (int32_t)take_le32(in);
	f.value = (int32_t)take_le32(in);
	f.options = take_u8(in);
	if (f.lower > f.upper || f.value < f.lower || f.value > f.upper ||
	    (f.options & ~(VALUE_LIMITED_CREDIT | VALUE_FREE_GET)))
		return ST_PARAMETER;
	return place(c, &f, no, EE_BLOCK);
}

/* A cyclic file keeps one record spare to write into, so it must have two at least. */
static uint8_t
create_records(struct sim_card *c, struct cursor *in, uint8_t type)
{
	struct ee_file f = {.type = type};
	uint8_t no, st = parse_head(c, in, 6, &f, &no);

	if (st != ST_OPERATION_OK)
		return st;
	f.size = take_le24(in);
	f.max = take_le24(in);
	if (f.size == 0 || f.max < (type == EE_CYCLIC ? 2u : 1u))
		return ST_PARAMETER;
	return place(c, &f, no, (uint64_t)f.size * f.max);
}

uint8_t
file_create_linear(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)out;
	return create_records(c, in, EE_LINEAR);
}

uint8_t
file_create_cyclic(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)out;
	return create_records(c, in, EE_CYCLIC);
}

/* The number is free again, the memory is not. */
uint8_t
file_delete(struct sim_card *c, struct cursor *in, struct writer *out)
{
	uint8_t no = take_u8(in);

	(void)out;
	if (card_file(c, no) == NULL)
		return ST_FILE_NOT_FOUND;
	card_app(c)->slot[no] = 0;
	c->txn.dirty &= ~(UINT32_C(1) << no);
	card_changed(c, US_CREATE);
	return ST_OPERATION_OK;
}

uint8_t
file_ids(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)in;
	for (uint8_t no = 0; no < EE_APP_FILES; no++)
		if (card_file(c, no) != NULL)
			put_u8(out, no);
	return ST_OPERATION_OK;
}

uint8_t
file_iso_ids(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)in;
	if (!card_app(c)->file_ids)
		return ST_FILE_NOT_FOUND;
	for (uint8_t no = 0; no < EE_APP_FILES; no++) {
		const struct ee_file *f = card_file(c, no);

		if (f != NULL && f->type != EE_VALUE)
			put_bytes(out, f->iso_id, 2);
	}
	return ST_OPERATION_OK;
}

uint8_t
file_settings(struct sim_card *c, struct cursor *in, struct writer *out)
{
	const struct ee_file *f = card_file(c, take_u8(in));

	if (f == NULL)
		return ST_FILE_NOT_FOUND;
	put_u8(out, f->type);
	put_u8(out, f->comm);
	put_le16(out, f->rights);
	if (f->type == EE_VALUE) {
		put_le32(out, (uint32_t)f->lower);
		put_le32(out, (uint32_t)f->upper);
		put_le32(out, (uint32_t)f->limited);
		put_u8(out, f->options);
		return ST_OPERATION_OK;
	}
	put_le24(out, f->size);
	if (f->type == EE_LINEAR || f->type == EE_CYCLIC) {
		put_le24(out, f->max);
		put_le24(out, f->count);
	}
	return ST_OPERATION_OK;
}

uint8_t
file_change(struct sim_card *c, struct cursor *in, struct writer *out)
{
	struct ee_file *f = c->run.file, now = *f;
	uint8_t st;

	(void)out;
	take_u8(in);
	st = parse_access(card_app(c), in, &now);
	if (st != ST_OPERATION_OK)
		return st;
	f->comm = now.comm;
	f->rights = now.rights;
	card_changed(c, US_PAGE);
	return ST_OPERATION_OK;
}
