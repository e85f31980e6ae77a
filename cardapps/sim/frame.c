/*
 * Two ways to say the same: native (command data / status data) and wrapped in
 * ISO 7816-4 (90 INS 00 00 [Lc data] 00 / data 91 status). The first frame after the field
 * comes on decides; the interindustry commands (CLA 00) belong to the wrapped way.
 */
#include "cardapps/sim/card.h"

#include <string.h>

#define SW_LENGTH 0x6700
#define SW_CLA 0x6E00
#define SW_P1P2 0x6A86
#define SW_CHIP 0x9100

static void
native(struct sim_card *c, const uint8_t *capdu, size_t len, struct writer *out)
{
	const uint8_t *data;
	size_t data_len;

	put_u8(out, command_frame(c, capdu[0], capdu + 1, len - 1, &data, &data_len));
	put_bytes(out, data, data_len);
}

/* The chip's command inside the envelope: Lc only with data, Le always and zero. */
static uint16_t
wrapped(struct sim_card *c, const uint8_t *capdu, size_t len, struct writer *out)
{
	size_t lc = len > 5 ? capdu[4] : 0, data_len;
	size_t cap = card_is_ev2(c) ? LONG_DATA_CAP : WRAPPED_DATA_CAP;
	const uint8_t *data;
	bool shape = len == 5 || (len > 6 && lc > 0 && lc == len - 6);
	uint8_t st;

	if (capdu[2] != 0 || capdu[3] != 0) {
		command_fail(c);
		return SW_P1P2;
	}
	if (!shape || capdu[len - 1] != 0 || lc > cap) {
		command_fail(c);
		return SW_CHIP | ST_LENGTH;
	}
	st = command_frame(c, capdu[1], capdu + 5, lc, &data, &data_len);
	put_bytes(out, data, data_len);
	return SW_CHIP | st;
}

static uint16_t
interindustry(struct sim_card *c, const uint8_t *capdu, size_t len, struct writer *out)
{
	command_fail(c);
	return iso_command(c, capdu, len, out);
}

void
frame_answer(struct sim_card *c, const uint8_t *capdu, size_t len, struct writer *out)
{
	uint16_t sw;

	if (c->framing == FRAMING_OPEN)
		c->framing = len >= 4 && (capdu[0] == 0x90 || capdu[0] == 0x00) ? FRAMING_WRAPPED
										: FRAMING_NATIVE;
	if (c->framing == FRAMING_NATIVE) {
		native(c, capdu, len, out);
		return;
	}
	if (len < 4) {
		command_fail(c);
		sw = SW_LENGTH;
	} else if (capdu[0] == 0x90) {
		sw = wrapped(c, capdu, len, out);
	} else if (capdu[0] == 0x00) {
		sw = interindustry(c, capdu, len, out);
	} else {
		command_fail(c);
		sw = SW_CLA;
	}
	put_be16(out, sw);
}
