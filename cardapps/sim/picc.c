/* Commands about the card as a whole. Source: data sheet, PICC level commands. */
#include "cardapps/sim/card.h"

#include <string.h>

#define FORMAT_US 20000	/* a few erase cycles a block; not a published figure */

uint8_t
picc_version(struct sim_card *c, struct cursor *in, struct writer *out)
{
	/* major and minor of hardware and software; section getversion-classify */
	static const uint8_t versions[][4] = {[SIM_DESFIRE_EV1] = {0x01, 0x00, 0x01, 0x04},
	    [SIM_DESFIRE_EV2] = {0x12, 0x00, 0x02, 0x01},
	    [SIM_DESFIRE_EV3] = {0x33, 0x00, 0x03, 0x00}};
	const uint8_t *v = versions[c->ee.kind];
	uint8_t hardware[] = {0x04, 0x01, 0x01, v[0], v[1], 0x1A, 0x05};
	uint8_t software[] = {0x04, 0x01, 0x01, v[2], v[3], 0x1A, 0x05};

	(void)in;
	put_bytes(out, hardware, sizeof(hardware));
	put_bytes(out, software, sizeof(software));
	if (c->ee.config & CONFIG_RANDOM_UID)
		put_zeros(out, sizeof(c->ee.uid));
	else
		put_bytes(out, c->ee.uid, sizeof(c->ee.uid));
	put_bytes(out, c->ee.batch, sizeof(c->ee.batch));
	put_u8(out, c->ee.week);
	put_u8(out, c->ee.year);
	c->reply.cut[0] = sizeof(hardware);
	c->reply.cut[1] = sizeof(software);
	c->reply.cuts = 2;
	return ST_OPERATION_OK;
}

uint8_t
picc_format(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)in;
	(void)out;
	if (c->ee.config & CONFIG_NO_FORMAT)
		return ST_PERMISSION_DENIED;
	ee_format(&c->ee);
	card_changed(c, FORMAT_US);
	return ST_OPERATION_OK;
}

uint8_t
picc_free_mem(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)in;
	put_le24(out, ee_free_bytes(&c->ee));
	return ST_OPERATION_OK;
}

/* Bits once set stay set: the data sheet knows no way back. */
static uint8_t
set_config(struct sim_card *c, uint8_t config)
{
	if (config & ~(CONFIG_NO_FORMAT | CONFIG_RANDOM_UID))
		return ST_PARAMETER;
	c->ee.config |= config;
	card_changed(c, US_PAGE);
	return ST_OPERATION_OK;
}

static uint8_t
set_default_key(struct sim_card *c, struct cursor *in)
{
	const uint8_t *key = take_bytes(in, EE_KEY_CAP);
	uint8_t version = take_u8(in);

	memcpy(c->ee.default_key.bytes, key, EE_KEY_CAP);
	c->ee.default_key.version = version;
	card_changed(c, US_KEY);
	return ST_OPERATION_OK;
}

/* Option 2, an ATS of the owner's, is refused: our readers make the ATR from a fixed one. */
uint8_t
picc_configure(struct sim_card *c, struct cursor *in, struct writer *out)
{
	uint8_t option = take_u8(in);
	size_t left = cursor_left(in);

	(void)out;
	switch (option) {
	case 0:
		return left == 1 ? set_config(c, take_u8(in)) : ST_LENGTH;
	case 1:
		return left == EE_KEY_CAP + 1 ? set_default_key(c, in) : ST_LENGTH;
	default:
		return ST_PARAMETER;
	}
}

uint8_t
picc_uid(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)in;
	put_bytes(out, c->ee.uid, sizeof(c->ee.uid));
	return ST_OPERATION_OK;
}
