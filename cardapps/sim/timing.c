/*
 * A model of the time a card and its reader take; no figure here is measured on
 * silicon. Radio after ISO/IEC 14443: 9 bits a byte (a parity bit each), 1172/fc frame
 * delay before each frame of either side, fc = 13.56 MHz, blocks of at most 64 bytes
 * (128 from EV2 on) of which the block byte and the check sum take 3. A longer APDU is chained: each
 * further block also costs the other side's acknowledgement, a frame of 3 bytes.
 * EEPROM: an erase and write cycle a millisecond; 3 ms to create or change a key, 2 ms
 * a commit, 1 ms for every 32 bytes written. 2 ms of card's and 2 ms of USB time an APDU.
 */
#include "cardapps/sim/card.h"

#define FRAME_CAP_EV1 64u
#define FRAME_CAP_EV2 128u
#define BLOCK_OVERHEAD 3u
#define BITS_A_BYTE 9u
#define FC_HZ UINT64_C(13560000)
#define FRAME_DELAY_CYCLES 1172u
#define CYCLES_A_BIT_106 128u
#define CYCLES_A_BIT_848 16u
#define CARD_US 2000u
#define USB_US 2000u

uint32_t
timing_write_us(size_t bytes)
{
	return (uint32_t)((bytes + EE_BLOCK - 1) / EE_BLOCK) * US_PAGE;
}

static size_t
blocks_of(size_t bytes, size_t frame_cap)
{
	size_t room = frame_cap - BLOCK_OVERHEAD;

	return bytes == 0 ? 1 : (bytes + room - 1) / room;
}

/* Cycles of the carrier one direction's bytes take, acknowledgements included. */
static uint64_t
air_cycles(size_t bytes, size_t frame_cap, unsigned cycles_a_bit)
{
	size_t blocks = blocks_of(bytes, frame_cap), frames = 2 * blocks - 1;
	uint64_t on_air = bytes + BLOCK_OVERHEAD * frames;

	return on_air * BITS_A_BYTE * cycles_a_bit + (uint64_t)frames * FRAME_DELAY_CYCLES;
}

static uint64_t
apdu_us(const struct sim_card *c, size_t up, size_t down, unsigned cycles_a_bit)
{
	size_t cap = card_is_ev2(c) ? FRAME_CAP_EV2 : FRAME_CAP_EV1;
	uint64_t cycles = air_cycles(up, cap, cycles_a_bit) + air_cycles(down, cap, cycles_a_bit);

	return cycles * 1000000 / FC_HZ + CARD_US + USB_US + c->work_us;
}

void
timing_count(struct sim_card *c, size_t capdu_len, size_t rapdu_len)
{
	c->figures.apdus++;
	c->figures.bytes += capdu_len + rapdu_len;
	c->figures.us_106 += apdu_us(c, capdu_len, rapdu_len, CYCLES_A_BIT_106);
	c->figures.us_848 += apdu_us(c, capdu_len, rapdu_len, CYCLES_A_BIT_848);
}
