/* Input no honest host sends: the software card refuses it and stays what it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardapps/sim/eeprom.h"
#include "cardapps/sim/status.h"
#include "keys/digest.h"
#include "station/base/bytes.h"
#include "tests/support/sim_ev2.h"

#define ROUNDS 100000
#define IMAGE_MARK 20		/* before the EEPROM, whose first are the files */
#define FRAME_ANSWER_CAP 61	/* 59 bytes and two of status */

static const uint8_t zero[16];
static const uint8_t commands[] = {0x0A, 0x1A, 0xAA, 0x54, 0x5C, 0xC4, 0x64, 0xCA, 0xDA, 0x6A, 0x6E,
    0x6D, 0x45, 0x5A, 0xFC, 0x60, 0x51, 0x6F, 0xF5, 0x5F, 0x61, 0xCD, 0xCB, 0xCC, 0xC1, 0xC0, 0xDF,
    0xBD, 0x3D, 0x6C, 0x0C, 0xDC, 0x1C, 0x3B, 0xBB, 0xEB, 0xC7, 0xA7, 0xAF};
static const struct {
	uint8_t ins;
	uint8_t head;		/* bytes an honest host sends before protected data */
} ev2_commands[] = {{0x71, 2}, {0x77, 1}, {0x56, 2}, {0x57, 2}, {0x55, 1}, {0xC6, 2}, {0xAD, 7},
    {0x8D, 7}, {0xAB, 7}, {0x8B, 7}, {0x64, 1}, {0xCA, 10}, {0xC4, 1}, {0x5C, 1}, {0x5F, 1}, {0xC7, 0},
    {0x51, 0}, {0xFC, 0}, {0xBD, 7}, {0x3D, 7}, {0x3B, 7}, {0xBB, 7}, {0x0C, 1}, {0xDC, 1}, {0x6C, 1},
    {0xF5, 1}, {0x54, 0}, {0x45, 0}, {0x60, 0}, {0xA7, 0}, {0xEB, 1}};
#define EV2_COMMANDS (sizeof(ev2_commands) / sizeof(ev2_commands[0]))

/* xorshift: the same bytes on every machine. */
static uint32_t
next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* A file of each type, everything free, in an application the card has selected. */
static void
fill(struct sim_host *h, const char *application)
{
	assert_int_equal(host_hex(h, 0xCA, application), 0);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	assert_int_equal(host_hex(h, 0xCD, "000000000EE0400000"), 0);
	assert_int_equal(host_hex(h, 0xCB, "010001000EE0400000"), 0);
	assert_int_equal(host_hex(h, 0xCC, "02030EE0000000000001000010000000" "01"), 0);
	assert_int_equal(host_hex(h, 0xC1, "0300020001E01E0000030000"), 0);
	assert_int_equal(host_hex(h, 0xC0, "0400030301001E0000040000"), 0);
}

static struct sim_card *
filled_card(struct sim_host *h, bool native)
{
	struct sim_card *card;

	assert_int_equal(sim_desfire_new(NULL, NULL, &card, NULL), ERR_OK);
	host_start(h, card, native);
	fill(h, "1122330FA30110D276000085");
	return card;
}

static void
stays_valid(struct sim_card *card)
{
	uint8_t *image;
	size_t len;

	assert_int_equal(sim_card_image(card, &image, &len, NULL), ERR_OK);
	assert_int_equal(sim_card_restore(card, image, len, NULL), ERR_OK);
	free(image);
}

/* Mostly commands the chip knows, with small numbers in their heads; now and then anything. */
static size_t
random_apdu(uint32_t *seed, bool native, uint8_t *out)
{
	size_t lc = next(seed) % 40, at = native ? 1 : 5;

	for (size_t i = 0; i < APDU_CAP; i++)
		out[i] = (uint8_t)next(seed);
	if (next(seed) % 16 == 0)
		return 1 + next(seed) % APDU_CAP;
	if (next(seed) % 8 != 0)
		for (size_t i = at; i < at + 8; i++)
			out[i] &= next(seed) % 4 == 0 ? 0x3F : 0x03;
	out[native ? 0 : 1] = commands[next(seed) % sizeof(commands)];
	if (native)
		return 1 + lc;
	out[0] = next(seed) % 32 == 0 ? 0x00 : 0x90;
	out[2] = out[3] = 0;
	out[4] = (uint8_t)lc;
	if (out[0] == 0 && next(seed) % 2)
		out[1] = next(seed) % 2 ? 0xA4 : 0xB0;
	out[at + lc] = 0;
	return lc == 0 ? 5 : at + lc + 1;
}

static void
hammer(bool native, uint32_t seed)
{
	struct sim_host h;
	struct sim_card *card = filled_card(&h, native);
	uint8_t tx[APDU_CAP], rx[RAPDU_CAP];
	size_t len;

	for (int i = 0; i < ROUNDS / 2; i++) {
		size_t n = random_apdu(&seed, native, tx);

		if (i % 97 == 0) {
			host_restart(&h, native);
			host_hex(&h, 0x5A, "112233");
			if (i % 2)
				host_auth(&h, 0xAA, (uint8_t)(i % 3), zero, 16);
		}
		assert_true(sim_card_transmit(card, tx, n, rx, &len));
		assert_in_range(len, native ? 1 : 2, FRAME_ANSWER_CAP);
	}
	stays_valid(card);
	host_stop(&h);
	sim_card_free(&card);
}

static void
hundred_thousand_random_apdus_get_an_answer_each(void **state)
{
	(void)state;
	hammer(false, 0x20260101);
	hammer(true, 0x13050101);
}

/* An image of an EV2 with four key sets, to begin again when its keys are lost. */
static struct sim_card *
filled_ev2(enum sim_kind kind, struct sim_ev2 *e, uint8_t **image, size_t *len)
{
	struct sim_card *card;

	assert_int_equal(sim_desfire_new_kind(kind, NULL, NULL, &card, NULL), ERR_OK);
	ev2_start(e, card, false);
	fill(&e->h, "1122330FB301010410020110D276000085");
	assert_int_equal(sim_card_image(card, image, len, NULL), ERR_OK);
	return card;
}

/* A session again, on the old image if the keys of this one are no more. */
static void
enter(struct sim_ev2 *e, uint8_t key_no, bool native, const uint8_t *image, size_t len)
{
	host_restart(&e->h, native);
	if (host_hex(&e->h, 0x5A, "112233") == 0 && ev2_auth(e, 0x71, key_no, zero) == 0)
		return;
	assert_int_equal(sim_card_restore(e->h.card, image, len, NULL), ERR_OK);
	host_restart(&e->h, native);
	assert_int_equal(host_hex(&e->h, 0x5A, "112233"), 0);
	assert_int_equal(ev2_auth(e, 0x71, key_no, zero), 0);
}

/* Nonsense under a right MAC, so that it reaches the command behind. */
static unsigned
sealed_nonsense(struct sim_ev2 *e, uint32_t *seed)
{
	static const enum host_mode modes[] = {HOST_PLAIN, HOST_MAC, HOST_FULL, HOST_MAC};
	static uint8_t wire[600];
	size_t n = next(seed) % EV2_COMMANDS, body_len = next(seed) % 256;
	size_t head_len = next(seed) % 8 == 0 ? next(seed) % 12 : ev2_commands[n].head;
	uint8_t head[16], body[256], ins = ev2_commands[n].ins;

	for (size_t i = 0; i < sizeof(head); i++)
		head[i] = (uint8_t)next(seed) & (next(seed) % 8 == 0 ? 0xFF : 0x03);
	if (next(seed) % 4 != 0)
		body_len %= 24;
	if (next(seed) % 2 == 0)
		body_len = 0;
	else if (head_len == 7 && next(seed) % 4 != 0) {
		head[4] = (uint8_t)body_len;
		memset(head + 5, 0, 2);
	}
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)next(seed);
	e->h.room = 40 + next(seed) % 216;
	return host_raw(&e->h, ins, wire, ev2_seal(e, ins, head, head_len, body, body_len,
	    modes[next(seed) % 4], wire));
}

static void
hammer_ev2(enum sim_kind kind, bool native, uint32_t seed)
{
	uint8_t tx[APDU_CAP], rx[RAPDU_CAP], *image;
	struct sim_ev2 e;
	size_t image_len, len, done = 0;
	struct sim_card *card = filled_ev2(kind, &e, &image, &image_len);
	bool open = false;
	unsigned st;

	for (int i = 0; i < ROUNDS / 2; i++) {
		if (!open)
			enter(&e, (uint8_t)(i % 3), native, image, image_len);
		open = next(&seed) % 16 != 0;
		if (open) {
			st = sealed_nonsense(&e, &seed);
			assert_string_not_equal(sim_status_name((uint8_t)st), "UNKNOWN");
			e.ctr++;
			done += st == 0;
			open = st == 0 || st == 0x0C;
			continue;
		}
		len = random_apdu(&seed, native, tx);
		tx[native ? 0 : 1] = ev2_commands[next(&seed) % EV2_COMMANDS].ins;
		assert_true(sim_card_transmit(card, tx, len, rx, &len));
		assert_in_range(len, native ? 1 : 2, RAPDU_CAP);
	}
	assert_true(done > ROUNDS / 200);
	stays_valid(card);
	free(image);
	ev2_stop(&e);
	sim_card_free(&card);
}

static void
hundred_thousand_random_commands_in_sessions_of_ev2_get_an_answer_each(void **state)
{
	(void)state;
	hammer_ev2(SIM_DESFIRE_EV2, false, 0x20260202);
	hammer_ev2(SIM_DESFIRE_EV3, true, 0x13050202);
}

/* `len` zeros to one command; every one is answered, and by a status of the table. */
static void
knock(struct sim_host *h, uint8_t ins, size_t len, bool session)
{
	static const uint8_t zeros[64];
	unsigned st;

	host_restart(h, true);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	if (session)
		assert_int_equal(host_auth(h, 0xAA, 1, zero, 16), 0);
	st = host_frame(h, ins, zeros, len);
	assert_string_not_equal(sim_status_name((uint8_t)st), "UNKNOWN");
	if (len > 59)
		assert_int_equal(st, 0x7E);
}

static void
every_length_of_every_command_gets_a_known_status(void **state)
{
	struct sim_host h;
	struct sim_card *card = filled_card(&h, true);

	(void)state;
	for (size_t i = 0; i < sizeof(commands); i++)
		for (size_t len = 0; len <= 61; len++) {
			knock(&h, commands[i], len, false);
			knock(&h, commands[i], len, true);
		}
	stays_valid(card);
	host_stop(&h);
	sim_card_free(&card);
}

static void
commands_without_data_refuse_data_with_7e(void **state)
{
	static const uint8_t bare[] = {0x6E, 0x45, 0x60, 0x6F, 0x61, 0xC7, 0xA7};
	struct sim_host h;
	struct sim_card *card = filled_card(&h, true);

	(void)state;
	for (size_t i = 0; i < sizeof(bare); i++)
		assert_int_equal(host_frame(&h, bare[i], "x", 1), 0x7E);
	host_stop(&h);
	sim_card_free(&card);
}

/*
 * Bytes of an image turned over one by one: with a right sum it is taken or refused, and never
 * harms.
 */
static void
images_with_wild_numbers_are_refused_or_harmless(void **state)
{
	struct sim_host h;
	struct sim_card *card = filled_card(&h, true);
	uint8_t *image, *copy;
	size_t len, taken = 0, refused = 0;

	(void)state;
	assert_int_equal(sim_card_image(card, &image, &len, NULL), ERR_OK);
	copy = malloc(len);
	assert_non_null(copy);
	for (size_t at = 0; at < IMAGE_MARK + 5 * sizeof(struct ee_file) + 8; at++) {
		memcpy(copy, image, len);
		copy[at] ^= 0xFF;
		digest_sha256(copy, len - SHA256_LEN, copy + len - SHA256_LEN);
		if (sim_card_restore(card, copy, len, NULL) != ERR_OK) {
			refused++;
			continue;
		}
		taken++;
		host_restart(&h, true);
		host_hex(&h, 0x5A, "112233");
		for (uint8_t no = 0; no < 5; no++) {
			uint8_t head[8] = {no, 0, 0, 0, 1, 0, 0, 'x'};

			host_raw(&h, no < 2 ? 0x3D : 0x3B, head, 8);
			host_raw(&h, 0xC7, NULL, 0);
			host_raw(&h, no < 2 ? 0xBD : 0xBB, head, 7);
			host_restart(&h, true);
			host_hex(&h, 0x5A, "112233");
		}
	}
	assert_true(taken > 0 && refused > 0);
	free(copy);
	free(image);
	host_stop(&h);
	sim_card_free(&card);
}

/* A number of a file in the image, and what it may not be. The files are those of filled_card. */
static void
files_that_no_card_could_have_are_refused(void **state)
{
	static const struct {
		size_t file;
		size_t field;
		uint8_t byte[4];
	} wrong[] = {
		{0, offsetof(struct ee_file, size), {0}},
		{1, offsetof(struct ee_file, comm), {2}},
		{3, offsetof(struct ee_file, size), {0}},
		{3, offsetof(struct ee_file, max), {0xFF, 0xFF, 0xFF, 0xFF}},
		{3, offsetof(struct ee_file, first), {1}},
		{4, offsetof(struct ee_file, size), {0}},
		{4, offsetof(struct ee_file, count), {4}},	/* one of four stays spare */
		{4, offsetof(struct ee_file, first), {4}},
	};
	struct sim_host h;
	struct sim_card *card = filled_card(&h, true);
	uint8_t *image;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t one = wrong[i].field == offsetof(struct ee_file, comm) ? 1 : 4;

		assert_int_equal(sim_card_image(card, &image, &len, NULL), ERR_OK);
		memcpy(image + IMAGE_MARK + wrong[i].file * sizeof(struct ee_file) + wrong[i].field,
		    wrong[i].byte, one);
		digest_sha256(image, len - SHA256_LEN, image + len - SHA256_LEN);
		assert_int_equal(sim_card_restore(card, image, len, NULL), ERR_FORMAT);
		free(image);
	}
	stays_valid(card);
	host_stop(&h);
	sim_card_free(&card);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hundred_thousand_random_apdus_get_an_answer_each),
		cmocka_unit_test(hundred_thousand_random_commands_in_sessions_of_ev2_get_an_answer_each),
		cmocka_unit_test(every_length_of_every_command_gets_a_known_status),
		cmocka_unit_test(commands_without_data_refuse_data_with_7e),
		cmocka_unit_test(images_with_wild_numbers_are_refused_or_harmless),
		cmocka_unit_test(files_that_no_card_could_have_are_refused),
	};

	return cmocka_run_group_tests_name("software card: hostile input", tests, NULL, NULL);
}
