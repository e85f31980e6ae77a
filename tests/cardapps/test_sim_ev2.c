/* EV2 sessions of the software card: what opens and ends them, counters, frames, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "station/base/bytes.h"
#include "tests/support/sim_ev2.h"

static const uint8_t zero[24];
static const uint8_t other[16] = "another AES key";

/*
 * An application with five AES keys; file 1 standard, 2 backup, 3 value, 4 cyclic: read 1, write 2,
 * both 3, change 0; file 5 free. Files 1 MAC, 2 full, 3 MAC, 4 full.
 */
static struct sim_card *
card_of(enum sim_kind kind, struct sim_ev2 *e)
{
	struct sim_card *card;

	assert_int_equal(sim_desfire_new_kind(kind, NULL, NULL, &card, NULL), ERR_OK);
	ev2_start(e, card, false);
	assert_int_equal(host_hex(&e->h, 0xCA, "1122330F85"), 0);
	assert_int_equal(host_hex(&e->h, 0x5A, "112233"), 0);
	assert_int_equal(host_hex(&e->h, 0xCD, "01013012000200"), 0);
	assert_int_equal(host_hex(&e->h, 0xCB, "02033012000200"), 0);
	assert_int_equal(host_hex(&e->h, 0xCC, "0301301200000000E80300000000000000"), 0);
	assert_int_equal(host_hex(&e->h, 0xC0, "04033012200000050000"), 0);
	assert_int_equal(host_hex(&e->h, 0xCD, "0500EEEE200000"), 0);
	return card;
}

static int
set_up(void **state)
{
	static struct sim_ev2 e;

	card_of(SIM_DESFIRE_EV2, &e);
	*state = &e;
	return 0;
}

static int
tear_down(void **state)
{
	struct sim_ev2 *e = *state;
	struct sim_card *card = e->h.card;

	ev2_stop(e);
	sim_card_free(&card);
	return 0;
}

static void
again(struct sim_ev2 *e)
{
	host_restart(&e->h, e->h.native);
	assert_int_equal(host_hex(&e->h, 0x5A, "112233"), 0);
}

static void
open_as(struct sim_ev2 *e, uint8_t key_no)
{
	assert_int_equal(ev2_auth(e, 0x71, key_no, zero), 0);
}

static void
ev1_card_knows_no_command_of_ev2(void **state)
{
	static const uint8_t theirs[] = {0x71, 0x77, 0x56, 0x57, 0x55, 0xC6, 0xAD, 0x8D, 0xAB, 0x8B};
	struct sim_card *card;
	struct sim_host h;
	uint8_t long_one[60] = {0};

	(void)state;
	assert_int_equal(sim_desfire_new(NULL, NULL, &card, NULL), ERR_OK);
	host_start(&h, card, true);
	for (size_t i = 0; i < sizeof(theirs); i++)
		assert_int_equal(host_frame(&h, theirs[i], zero, 2), 0x1C);
	assert_int_equal(host_frame(&h, 0x64, "\x40\x80", 2), 0x7E);
	assert_int_equal(host_frame(&h, 0x3D, long_one, sizeof(long_one)), 0x7E);
	host_stop(&h);
	sim_card_free(&card);
}

static void
earlier_authentications_work_on_ev2_and_ev3_as_on_ev1(void **state)
{
	static const enum sim_kind kinds[] = {SIM_DESFIRE_EV2, SIM_DESFIRE_EV3};
	struct sim_card *card;
	struct sim_host h;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(sim_desfire_new_kind(kinds[i], NULL, NULL, &card, NULL), ERR_OK);
		host_start(&h, card, true);
		assert_int_equal(host_auth(&h, 0x1A, 0, zero, 16), 0);
		assert_int_equal(host_plain(&h, 0xCA, "1122330B82"), 0);
		assert_int_equal(host_hex(&h, 0x5A, "112233"), 0);
		assert_int_equal(host_auth(&h, 0xAA, 0, zero, 16), 0);
		assert_int_equal(host_change_key(&h, 1, other, 16, 7, zero), 0);
		assert_int_equal(host_secure(&h, 0x51, NULL, 0, NULL, 0, HOST_PLAIN, HOST_FULL), 0);
		assert_int_equal(h.rx_len, 7);
		assert_int_equal(host_auth(&h, 0xAA, 1, other, 16), 0);
		host_stop(&h);
		sim_card_free(&card);
	}
}

static void
ev2_authentication_asks_for_an_aes_key_and_right_lengths(void **state)
{
	struct sim_ev2 *e = *state;

	assert_int_equal(host_frame(&e->h, 0x71, "\x05\x00", 2), 0x40);
	assert_int_equal(host_frame(&e->h, 0x71, "\x00", 1), 0x7E);
	assert_int_equal(host_frame(&e->h, 0x71, "\x00\x02\x00", 3), 0x7E);
	assert_int_equal(host_frame(&e->h, 0x71, "\x00\x06\x00\x00\x00\x00\x00\x00", 8), 0xAF);
	assert_int_equal(host_frame(&e->h, 0xAF, zero, 16), 0x7E);
	assert_int_equal(host_hex(&e->h, 0x5A, "000000"), 0);
	assert_int_equal(host_frame(&e->h, 0x71, "\x00\x00", 2), 0xAE);
	again(e);
	assert_int_equal(ev2_auth(e, 0x71, 0, other), 0xAE);
	assert_int_equal(host_frame(&e->h, 0x51, NULL, 0), 0xAE);
}

static void
non_first_needs_a_session_of_ev2_and_keeps_identifier_and_counter(void **state)
{
	struct sim_ev2 *e = *state;
	uint8_t ti[4];

	assert_int_equal(ev2_auth(e, 0x77, 0, zero), 0x9D);
	assert_int_equal(host_auth(&e->h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(ev2_auth(e, 0x77, 0, zero), 0x9D);
	open_as(e, 0);
	memcpy(ti, e->ti, 4);
	assert_int_equal(ev2_hex(e, 0x64, "01"), 0);
	assert_int_equal(ev2_hex(e, 0x6F, ""), 0);
	memset(e->h.ti, 0x55, 4);
	assert_int_equal(ev2_auth(e, 0x77, 1, zero), 0);
	assert_memory_equal(e->ti, ti, 4);
	assert_int_equal(e->ctr, 2);
	assert_int_equal(ev2_hex(e, 0x64, "01"), 0);
	open_as(e, 0);
	assert_memory_equal(e->ti, e->h.ti, 4);
	assert_int_equal(e->ctr, 0);
	assert_int_equal(ev2_auth(e, 0x77, 1, other), 0xAE);
	assert_int_equal(ev2_auth(e, 0x77, 1, zero), 0x9D);
}

/* Write and read back in the file's mode, then the value and a record, in one commit. */
static void
work_through(struct sim_ev2 *e)
{
	uint8_t data[40];
	uint8_t rw[7] = {1, 0, 0, 0, 32, 0, 0};

	memset(data, 0x3C, sizeof(data));
	e->h.room = 255;
	open_as(e, 3);
	assert_int_equal(ev2_send(e, 0x3D, rw, 7, data, 32, HOST_MAC, HOST_MAC), 0);
	assert_int_equal(ev2_send(e, 0xBD, rw, 7, NULL, 0, HOST_MAC, HOST_MAC), 0);
	assert_int_equal(e->h.rx_len, 32);
	rw[0] = 2;
	assert_int_equal(ev2_send(e, 0x8D, rw, 7, data, 32, HOST_FULL, HOST_MAC), 0);
	assert_int_equal(ev2_send(e, 0x0C, "\x03", 1, "\x10\0\0\0", 4, HOST_MAC, HOST_MAC), 0);
	rw[0] = 4;
	assert_int_equal(ev2_send(e, 0x3B, rw, 7, data, 32, HOST_FULL, HOST_MAC), 0);
	assert_int_equal(ev2_hex(e, 0xC7, ""), 0);
	rw[0] = 2;
	assert_int_equal(ev2_send(e, 0xAD, rw, 7, NULL, 0, HOST_MAC, HOST_FULL), 0);
	assert_int_equal(e->h.rx_len, 32);
	assert_memory_equal(e->h.rx, data, 32);
	assert_int_equal(ev2_send(e, 0x6C, "\x03", 1, NULL, 0, HOST_MAC, HOST_MAC), 0);
	assert_memory_equal(e->h.rx, "\x10\0\0\0", 4);
	assert_int_equal(ev2_send(e, 0xBB, "\x04\0\0\0\x01\0\0", 7, NULL, 0, HOST_MAC, HOST_FULL), 0);
	assert_memory_equal(e->h.rx, data, 32);
	assert_int_equal(ev2_hex(e, 0xEB, "04"), 0);
	assert_int_equal(ev2_hex(e, 0xA7, ""), 0);
}

static void
files_of_every_mode_are_written_and_read_in_a_session(void **state)
{
	work_through(*state);
}

static void
ev3_works_as_ev2_does(void **state)
{
	struct sim_ev2 e;
	struct sim_card *card = card_of(SIM_DESFIRE_EV3, &e);

	(void)state;
	work_through(&e);
	ev2_stop(&e);
	sim_card_free(&card);
}

static void
counter_moves_with_plain_commands_and_with_nothing_to_commit(void **state)
{
	struct sim_ev2 *e = *state;
	uint8_t rw[7] = {5, 0, 0, 0, 4, 0, 0};

	open_as(e, 1);
	assert_int_equal(ev2_send(e, 0x3D, rw, 7, "free", 4, HOST_PLAIN, HOST_PLAIN), 0);
	assert_int_equal(e->h.rx_len, 0);
	assert_int_equal(ev2_send(e, 0xBD, rw, 7, NULL, 0, HOST_PLAIN, HOST_PLAIN), 0);
	assert_int_equal(e->h.rx_len, 4);
	assert_int_equal(ev2_hex(e, 0xC7, ""), 0x0C);
	assert_int_equal(e->h.rx_len, 0);
	assert_int_equal(e->ctr, 3);
	assert_int_equal(ev2_hex(e, 0x64, "01"), 0);
}

static void
counter_that_is_one_behind_or_ahead_is_a_wrong_mac(void **state)
{
	struct sim_ev2 *e = *state;

	for (int off = -1; off <= 1; off += 2) {
		open_as(e, 0);
		assert_int_equal(ev2_hex(e, 0x64, "00"), 0);
		e->ctr = (uint16_t)(e->ctr + off);
		assert_int_equal(ev2_hex(e, 0x64, "00"), 0x1E);
		assert_int_equal(host_frame(&e->h, 0x51, NULL, 0), 0xAE);
	}
}

static void
command_sent_again_by_a_relay_is_refused(void **state)
{
	struct sim_ev2 *e = *state;
	uint8_t wire[64];
	size_t n;

	open_as(e, 3);
	n = ev2_seal(e, 0x0C, "\x03", 1, "\x01\0\0\0", 4, HOST_MAC, wire);
	assert_int_equal(host_raw(&e->h, 0x0C, wire, n), 0);
	assert_int_equal(host_raw(&e->h, 0x0C, wire, n), 0x1E);
	again(e);
	open_as(e, 1);
	assert_int_equal(ev2_send(e, 0x6C, "\x03", 1, NULL, 0, HOST_MAC, HOST_MAC), 0);
	assert_memory_equal(e->h.rx, zero, 4);
}

/* Each bit of head, cipher and MAC of an enciphered write, turned over. */
static void
every_bit_of_a_protected_command_counts(void **state)
{
	struct sim_ev2 *e = *state;
	uint8_t rw[7] = {2, 0, 0, 0, 5, 0, 0}, wire[64];
	size_t n, refused = 0;

	for (size_t bit = 0; bit < (7 + 16 + 8) * 8; bit++) {
		open_as(e, 2);
		n = ev2_seal(e, 0x3D, rw, 7, "money", 5, HOST_FULL, wire);
		assert_int_equal(n, 31);
		wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refused += host_raw(&e->h, 0x3D, wire, n) != 0;
		again(e);
	}
	assert_int_equal(refused, (7 + 16 + 8) * 8);
}

static void
missing_or_additional_mac_is_a_wrong_length(void **state)
{
	struct sim_ev2 *e = *state;

	open_as(e, 0);
	assert_int_equal(host_frame(&e->h, 0x64, "\x00", 1), 0x7E);
	open_as(e, 0);
	assert_int_equal(host_frame(&e->h, 0x6F, zero, 9), 0x7E);
	open_as(e, 0);
	assert_int_equal(host_frame(&e->h, 0x60, NULL, 0), 0x7E);
	assert_int_equal(host_frame(&e->h, 0x60, NULL, 0), 0xAF);
}

/* The padding is under the MAC: only a host with the keys can get it wrong. */
static void
wrong_padding_is_refused(void **state)
{
	struct sim_ev2 *e = *state;
	static const uint8_t settings[] = {0x00, 0xEE, 0xEE, 0x80};

	open_as(e, 0);
	assert_int_equal(
	    ev2_send(e, 0x5F, "\x01", 1, settings, 2, HOST_FULL, HOST_MAC), 0x1E);
	open_as(e, 0);
	assert_int_equal(
	    ev2_send(e, 0x5F, "\x01", 1, settings, 4, HOST_FULL, HOST_MAC), 0x1E);
	open_as(e, 0);
	assert_int_equal(ev2_send(e, 0x5F, "\x01", 1, settings, 3, HOST_FULL, HOST_MAC), 0);
}

static void
selecting_and_any_error_end_an_ev2_session(void **state)
{
	struct sim_ev2 *e = *state;

	open_as(e, 0);
	assert_int_equal(host_hex(&e->h, 0x5A, "112233"), 0);
	assert_int_equal(host_frame(&e->h, 0x51, NULL, 0), 0xAE);
	open_as(e, 0);
	assert_int_equal(ev2_hex(e, 0xF5, "1E"), 0xF0);
	assert_int_equal(host_frame(&e->h, 0x51, NULL, 0), 0xAE);
	open_as(e, 0);
	assert_int_equal(host_frame(&e->h, 0x99, NULL, 0), 0x1C);
	assert_int_equal(ev2_auth(e, 0x77, 0, zero), 0x9D);
	open_as(e, 0);
	assert_int_equal(ev2_hex(e, 0xC7, "01"), 0x9E);
	assert_int_equal(ev2_auth(e, 0x77, 0, zero), 0x9D);
}

static void
own_key_changes_with_a_bare_answer_and_ends_the_session(void **state)
{
	struct sim_ev2 *e = *state;

	open_as(e, 0);
	assert_int_equal(ev2_change_key(e, -1, 2, other, 9, zero), 0);
	assert_int_equal(ev2_hex(e, 0x64, "02"), 0);
	assert_int_equal(e->h.rx[0], 9);
	assert_int_equal(ev2_change_key(e, -1, 0, other, 5, NULL), 0);
	assert_int_equal(host_frame(&e->h, 0x51, NULL, 0), 0xAE);
	assert_int_equal(ev2_auth(e, 0x71, 0, other), 0);
	assert_int_equal(ev2_change_key(e, 0, 0, zero, 6, NULL), 0);
	assert_int_equal(ev2_auth(e, 0x71, 0, zero), 0);
	assert_int_equal(ev2_change_key(e, -1, 2, zero, 0, zero), 0x1E);
}

/* Card level: the DES factory key becomes AES, and goes on as AES only. */
static void
card_key_changes_in_a_session_of_ev2(void **state)
{
	struct sim_ev2 *e = *state;

	assert_int_equal(host_hex(&e->h, 0x5A, "000000"), 0);
	assert_int_equal(host_auth(&e->h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_change_key(&e->h, 0x80, zero, 16, 1, NULL), 0);
	open_as(e, 0);
	assert_int_equal(ev2_change_key(e, -1, 0x80, other, 2, NULL), 0);
	assert_int_equal(ev2_auth(e, 0x71, 0, other), 0);
	assert_int_equal(ev2_send(e, 0x5C, "\x00", 1, "\x02", 1, HOST_FULL, HOST_MAC), 0);
	assert_int_equal(ev2_send(e, 0x51, NULL, 0, NULL, 0, HOST_MAC, HOST_FULL), 0);
	assert_int_equal(e->h.rx_len, 7);
	assert_int_equal(ev2_send(e, 0x54, NULL, 0, "\x0B", 1, HOST_FULL, HOST_MAC), 0);
	assert_int_equal(ev2_hex(e, 0xFC, ""), 0);
	assert_int_equal(ev2_hex(e, 0x6A, ""), 0);
	assert_int_equal(e->h.rx_len, 0);
}

/* Two hundred bytes in frames of each length, both framings, plain codes and chaining ones. */
static void
frames_of_any_length_up_to_a_short_apdu_carry_the_same_command(void **state)
{
	static const size_t rooms[] = {7, 17, 54, 55, 59, 60, 128, 200, 254, 255};
	struct sim_ev2 *e = *state;
	uint8_t rw[7] = {1, 0, 0, 0, 200, 0, 0}, data[200];

	for (size_t i = 0; i < 2 * sizeof(rooms) / sizeof(rooms[0]); i++) {
		memset(data, (int)i + 1, sizeof(data));
		host_restart(&e->h, i % 2);
		assert_int_equal(host_hex(&e->h, 0x5A, "112233"), 0);
		open_as(e, 3);
		e->h.room = rooms[i / 2];
		assert_int_equal(ev2_send(e, 0x3D, rw, 7, data, 200, HOST_MAC, HOST_MAC), 0);
		e->h.room = 0;
		assert_int_equal(ev2_send(e, 0xBD, rw, 7, NULL, 0, HOST_MAC, HOST_MAC), 0);
		assert_int_equal(e->h.rx_len, 200);
		assert_memory_equal(e->h.rx, data, 200);
		assert_int_equal(ev2_send(e, 0xAD, rw, 7, NULL, 0, HOST_MAC, HOST_MAC), 0);
		assert_memory_equal(e->h.rx, data, 200);
	}
}

static void
chaining_codes_stay_within_one_apdu(void **state)
{
	struct sim_ev2 *e = *state;
	uint8_t rw[7] = {1, 0, 0, 0, 248, 0, 0}, data[200] = {0};

	open_as(e, 3);
	assert_int_equal(ev2_send(e, 0xAD, rw, 7, NULL, 0, HOST_MAC, HOST_MAC), 0);
	assert_int_equal(e->h.rx_len, 248);
	rw[4] = 249;
	assert_int_equal(ev2_send(e, 0xAD, rw, 7, NULL, 0, HOST_MAC, HOST_MAC), 0x7E);
	rw[4] = 200;
	open_as(e, 3);
	e->h.room = 100;
	assert_int_equal(ev2_send(e, 0x8D, rw, 7, data, 200, HOST_MAC, HOST_MAC), 0x7E);
}

/* Counter FFFF is the last the card knows: nothing is protected under a counter twice. */
static void
counter_at_its_end_ends_the_session(void **state)
{
	struct sim_ev2 *e = *state;
	uint8_t rw[7] = {5, 0, 0, 0, 1, 0, 0};

	open_as(e, 1);
	for (unsigned i = 0; i < 0xFFFF; i++) {
		assert_int_equal(host_frame(&e->h, 0xBD, rw, 7), 0);
		e->ctr++;
	}
	assert_int_equal(host_frame(&e->h, 0xBD, rw, 7), 0xCA);
	assert_int_equal(ev2_auth(e, 0x77, 1, zero), 0x9D);
}

/* The model: 128-byte frames from EV2 on spare one block and its acknowledgement. */
static void
long_frames_cost_less_air_on_ev2_than_on_ev1(void **state)
{
	static const enum sim_kind kinds[] = {SIM_DESFIRE_EV1, SIM_DESFIRE_EV2};
	struct sim_figures f[2];
	uint8_t tx[60] = {0x3D}, rx[RAPDU_CAP];
	struct sim_card *card;
	size_t len;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(sim_desfire_new_kind(kinds[i], NULL, NULL, &card, NULL), ERR_OK);
		assert_true(sim_card_transmit(card, tx, sizeof(tx), rx, &len));
		sim_card_figures(card, &f[i]);
		assert_int_equal(f[i].bytes, 61);
		assert_true(sim_card_transmit(card, tx, 1, rx, &len));
		sim_card_free(&card);
	}
	assert_int_equal(f[0].us_106, f[1].us_106);
	for (size_t i = 0; i < 2; i++) {
		uint8_t more[120] = {0x3D};

		assert_int_equal(sim_desfire_new_kind(kinds[i], NULL, NULL, &card, NULL), ERR_OK);
		assert_true(sim_card_transmit(card, more, sizeof(more), rx, &len));
		sim_card_figures(card, &f[i]);
		sim_card_free(&card);
	}
	/* one frame of 3 bytes and one more block's 3, two more delays of 1172/fc */
	assert_in_range(f[0].us_106 - f[1].us_106, 6 * 9 * 128 * 1000 / 13560 + 172,
	    6 * 9 * 128 * 1000 / 13560 + 174);
}

/* The image of an EV2 brings kind and keys back; an EV1's image stays an EV1's. */
static void
kind_is_kept_in_the_file_and_the_image(void **state)
{
	char path[] = "/tmp/bashgah-ev2-XXXXXX", file[64];
	struct sim_ev2 *e = *state;
	struct sim_card *card;
	uint8_t *image, *ev1, rx[RAPDU_CAP];
	size_t len, ev1_len;

	assert_non_null(mkdtemp(path));
	snprintf(file, sizeof(file), "%s/card", path);
	assert_int_equal(sim_desfire_new_kind(SIM_DESFIRE_EV3, NULL, file, &card, NULL), ERR_OK);
	sim_card_free(&card);
	assert_int_equal(sim_desfire_open(SIM_DESFIRE_EV1, file, &card, NULL), ERR_OK);
	assert_true(sim_card_transmit(card, (const uint8_t *)"\x60", 1, rx, &len));
	assert_int_equal(rx[4], 0x33);
	sim_card_free(&card);
	remove(file);
	remove(path);
	assert_int_equal(sim_desfire_new(NULL, NULL, &card, NULL), ERR_OK);
	assert_int_equal(sim_card_image(card, &ev1, &ev1_len, NULL), ERR_OK);
	assert_int_equal(sim_card_image(e->h.card, &image, &len, NULL), ERR_OK);
	assert_true(len > ev1_len);
	assert_int_equal(ev1_len, 20 + 30784 + 32);
	assert_int_equal(sim_card_restore(card, image, ev1_len, NULL), ERR_FORMAT);
	assert_int_equal(sim_card_restore(card, image, len, NULL), ERR_OK);
	assert_true(sim_card_transmit(card, (const uint8_t *)"\x60", 1, rx, &len));
	assert_int_equal(rx[4], 0x12);
	free(image);
	free(ev1);
	sim_card_free(&card);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ev1_card_knows_no_command_of_ev2),
		cmocka_unit_test(earlier_authentications_work_on_ev2_and_ev3_as_on_ev1),
		T(ev2_authentication_asks_for_an_aes_key_and_right_lengths),
		T(non_first_needs_a_session_of_ev2_and_keeps_identifier_and_counter),
		T(files_of_every_mode_are_written_and_read_in_a_session),
		cmocka_unit_test(ev3_works_as_ev2_does),
		T(counter_moves_with_plain_commands_and_with_nothing_to_commit),
		T(counter_that_is_one_behind_or_ahead_is_a_wrong_mac),
		T(command_sent_again_by_a_relay_is_refused),
		T(every_bit_of_a_protected_command_counts),
		T(missing_or_additional_mac_is_a_wrong_length),
		T(wrong_padding_is_refused),
		T(selecting_and_any_error_end_an_ev2_session),
		T(own_key_changes_with_a_bare_answer_and_ends_the_session),
		T(card_key_changes_in_a_session_of_ev2),
		T(frames_of_any_length_up_to_a_short_apdu_carry_the_same_command),
		T(chaining_codes_stay_within_one_apdu),
		T(counter_at_its_end_ends_the_session),
		cmocka_unit_test(long_frames_cost_less_air_on_ev2_than_on_ev1),
		T(kind_is_kept_in_the_file_and_the_image),
	};

	return cmocka_run_group_tests_name("software card EV2: sessions", tests, NULL, NULL);
}
