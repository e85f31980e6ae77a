/*
 * What a phone uses: SELECT and READ BINARY of ISO 7816-4, without secure
 * messaging, on files that anybody may read. Source: ISO/IEC 7816-4; data sheet, ISO commands.
 */
#include "cardapps/sim/card.h"

#include <string.h>

#define SW_OK 0x9000
#define SW_END_OF_FILE 0x6282
#define SW_LENGTH 0x6700
#define SW_SECURITY 0x6982
#define SW_NO_FILE_SELECTED 0x6986
#define SW_NOT_FOUND 0x6A82
#define SW_P1P2 0x6A86
#define SW_OFFSET 0x6B00
#define SW_INS 0x6D00

#define INS_SELECT 0xA4
#define INS_READ_BINARY 0xB0
#define BY_ID 0x00
#define BY_EF_ID 0x02
#define BY_NAME 0x04

static const uint8_t card_name[] = {0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x00};

static uint16_t
select_app(struct sim_card *c, int app)
{
	if (app < 0)
		return SW_NOT_FOUND;
	card_select(c, app);
	return SW_OK;
}

static uint16_t
select_name(struct sim_card *c, const uint8_t *name, size_t len)
{
	int found = -1;

	if (len == sizeof(card_name) && memcmp(name, card_name, len) == 0)
		found = 0;
	for (int i = 1; i <= EE_APPS && found < 0; i++) {
		const struct ee_app *a = &c->ee.app[i];

		if (a->used && a->name_len > 0 && a->name_len == len &&
		    memcmp(a->name, name, len) == 0)
			found = i;
	}
	return select_app(c, found);
}

/* Identifiers go low byte first in the chip's commands, high byte first here. */
static bool
same_id(const uint8_t stored[2], const uint8_t wire[2])
{
	return stored[0] == wire[1] && stored[1] == wire[0];
}

static uint16_t
select_ef(struct sim_card *c, const uint8_t id[2])
{
	for (uint8_t no = 0; no < EE_APP_FILES && card_app(c)->file_ids; no++) {
		const struct ee_file *f = card_file(c, no);

		if (f != NULL && f->type != EE_VALUE && same_id(f->iso_id, id)) {
			c->iso_file = no;
			return SW_OK;
		}
	}
	return SW_NOT_FOUND;
}

static uint16_t
select_df(struct sim_card *c, const uint8_t id[2])
{
	if (id[0] == 0x3F && id[1] == 0x00)
		return select_app(c, 0);
	for (int i = 1; i <= EE_APPS; i++) {
		const struct ee_app *a = &c->ee.app[i];

		if (a->used && a->has_iso_id && same_id(a->iso_id, id))
			return select_app(c, i);
	}
	return SW_NOT_FOUND;
}

static uint16_t
iso_select(struct sim_card *c, const uint8_t *capdu, size_t len)
{
	size_t lc = len > 4 ? capdu[4] : 0;
	uint16_t sw;

	if (lc == 0 || (len != 5 + lc && len != 6 + lc))
		return SW_LENGTH;
	if (capdu[3] != 0x00 && capdu[3] != 0x0C)
		return SW_P1P2;
	if (capdu[2] == BY_NAME)
		return select_name(c, capdu + 5, lc);
	if (capdu[2] != BY_ID && capdu[2] != BY_EF_ID)
		return SW_P1P2;
	if (lc != 2)
		return SW_LENGTH;
	sw = select_ef(c, capdu + 5);
	return sw == SW_NOT_FOUND && capdu[2] == BY_ID ? select_df(c, capdu + 5) : sw;
}

static bool
readable(const struct ee_file *f)
{
	return f->rights >> 12 == RIGHT_FREE || ((f->rights >> 4) & 0x0F) == RIGHT_FREE;
}

/*
 * Le 0 is as much as a frame holds; P1 with the top bit names the file, else the offset's high
 * byte.
 */
static uint16_t
read_binary(struct sim_card *c, const uint8_t *capdu, size_t len, struct writer *out)
{
	bool by_sfi = capdu[2] & 0x80;
	size_t off = by_sfi ? capdu[3] : (size_t)capdu[2] << 8 | capdu[3], want, left;
	size_t cap = card_is_ev2(c) ? LONG_ANSWER_CAP : FRAME_DATA_CAP;
	const struct ee_file *f;

	if (len != 5 || capdu[4] > cap)
		return SW_LENGTH;
	if (by_sfi)
		c->iso_file = capdu[2] & 0x1F;
	if (c->iso_file < 0)
		return SW_NO_FILE_SELECTED;
	f = card_file(c, (uint8_t)c->iso_file);
	if (f == NULL || (f->type != EE_STD && f->type != EE_BACKUP))
		return SW_NOT_FOUND;
	if (!readable(f))
		return SW_SECURITY;
	if (off >= f->size)
		return SW_OFFSET;
	left = f->size - off;
	want = capdu[4] > 0 ? capdu[4] : cap;
	put_bytes(out, card_heap(c, f) + off, want < left ? want : left);
	return capdu[4] > left ? SW_END_OF_FILE : SW_OK;
}

uint16_t
iso_command(struct sim_card *c, const uint8_t *capdu, size_t len, struct writer *out)
{
	if (capdu[1] == INS_SELECT)
		return iso_select(c, capdu, len);
	if (capdu[1] == INS_READ_BINARY)
		return read_binary(c, capdu, len, out);
	return SW_INS;
}
