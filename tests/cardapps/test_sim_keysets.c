/*
 * Key sets of the software card (EV2 on): made ready, rolled to, torn. No published vector
 * covers these commands; the order of sets after a roll is that of liblogicalaccess' test against
 * a real card.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardapps/sim/eeprom.h"
#include "keys/digest.h"
#include "station/base/bytes.h"
#include "tests/support/sim_ev2.h"

#define IMAGE_MARK 20

static const uint8_t zero[24];
static const uint8_t other[16] = "another AES key";
static const uint8_t third[16] = "the third AESkey";

/* An application with five AES keys, change key 1, and four sets: version 1, key size 16, roll key 2. */
static int
set_up(void **state)
{
	static struct sim_ev2 e;
	struct sim_card *card;

	assert_int_equal(
	    sim_desfire_new_kind(SIM_DESFIRE_EV2, NULL, NULL, &card, NULL), ERR_OK);
	ev2_start(&e, card, false);
	assert_int_equal(host_hex(&e.h, 0xCA, "1122331F950101041002"), 0);
	assert_int_equal(host_hex(&e.h, 0x5A, "112233"), 0);
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
open_as(struct sim_ev2 *e, uint8_t key_no, const uint8_t *key)
{
	assert_int_equal(ev2_auth(e, 0x71, key_no, key), 0);
}

/* A set with key 3 `key`, all others as they are. */
static void
prepare(struct sim_ev2 *e, uint8_t set, uint8_t version, const uint8_t *key, const uint8_t *old)
{
	uint8_t word[2] = {set, 2};

	assert_int_equal(ev2_send(e, 0x56, word, 2, NULL, 0, HOST_MAC, HOST_MAC), 0);
	assert_int_equal(ev2_change_key(e, set, 3, key, version, old), 0);
	word[1] = version;
	assert_int_equal(ev2_send(e, 0x57, word, 2, NULL, 0, HOST_MAC, HOST_MAC), 0);
}

static void
versions_are(struct sim_ev2 *e, const char *want, size_t count)
{
	assert_int_equal(host_hex(&e->h, 0x64, "4080"), 0);
	assert_int_equal(e->h.rx_len, count);
	assert_memory_equal(e->h.rx, want, count);
}

/* Power cycle, application, authentication. */
static unsigned
key_opens(struct sim_ev2 *e, uint8_t no, const uint8_t *key)
{
	host_restart(&e->h, false);
	assert_int_equal(host_hex(&e->h, 0x5A, "112233"), 0);
	return ev2_auth(e, 0x71, no, key);
}

static void
parameters_that_no_application_can_have_are_refused(void **state)
{
	static const char *const wrong[] = {
		"4455660F950101011002",		/* one set */
		"4455660F950101111002",		/* seventeen */
		"4455660F950101021102",		/* a key size */
		"4455660F950101021005",		/* a roll key it has not */
		"4455660F550101021002",	/* 24-byte keys in 16 */
		"4455660F950301021002",		/* keys of virtual cards */
	};
	struct sim_ev2 *e = *state;

	assert_int_equal(host_hex(&e->h, 0x5A, "000000"), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(host_hex(&e->h, 0xCA, wrong[i]), 0x9E);
	assert_int_equal(host_hex(&e->h, 0xCA, "4455660F9501010210"), 0x7E);
	assert_int_equal(host_hex(&e->h, 0xCA, "4455660F95"), 0x7E);
	assert_int_equal(host_hex(&e->h, 0xCA, "4455660F9500"), 0);
	assert_int_equal(host_hex(&e->h, 0xCA, "5555660FD501010218021122D27600008501"), 0x9E);
	assert_int_equal(host_hex(&e->h, 0xCA, "5555660F5501010218021122D276"), 0);
	assert_int_equal(host_hex(&e->h, 0x5A, "555566"), 0);
	assert_int_equal(host_hex(&e->h, 0x45, ""), 0);
	assert_memory_equal(e->h.rx, "\x0F\x55\x01\x01\x02\x18\x02", 7);
}

static void
sets_take_memory_and_give_it_back_with_a_format(void **state)
{
	struct sim_ev2 *e = *state;
	uint32_t before, after;
	struct cursor c;

	assert_int_equal(host_hex(&e->h, 0x5A, "000000"), 0);
	assert_int_equal(host_hex(&e->h, 0x6E, ""), 0);
	c = cursor_over(e->h.rx, 3);
	before = take_le24(&c);
	assert_int_equal(host_hex(&e->h, 0xCA, "0011220F9E0101101002"), 0);
	assert_int_equal(host_hex(&e->h, 0x6E, ""), 0);
	c = cursor_over(e->h.rx, 3);
	after = take_le24(&c);
	/* a block, 14 keys of 16 bytes; 15 sets of 14 keys of 25 bytes */
	assert_int_equal(before - after, 32 + 224 + (15 * 14 * 25 + 31) / 32 * 32);
	assert_int_equal(host_hex(&e->h, 0xCA, "0011230F9E0101101002"), 0x0E);
	assert_int_equal(host_hex(&e->h, 0x6E, ""), 0);
	c = cursor_over(e->h.rx, 3);
	assert_int_equal(take_le24(&c), after);
	assert_int_equal(host_auth(&e->h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_plain(&e->h, 0xFC, ""), 0);
	assert_int_equal(host_hex(&e->h, 0x5A, "001122"), 0xA0);
}

/* Versions 1, 2, 4, 3 in sets 0 to 3; rolls to 1, 2 and 3 as the real card was seen to order them. */
static void
roll_turns_the_order_of_all_sets(void **state)
{
	static const struct {
		uint8_t to;
		const uint8_t *key;	/* number 3 afterwards */
		const char *order;
	} steps[] = {
		{1, other, "\x02\x04\x03\x01"},
		{2, zero, "\x03\x01\x02\x04"},
		{3, third, "\x04\x03\x01\x02"},
	};
	struct sim_ev2 *e = *state;

	open_as(e, 1, zero);
	prepare(e, 1, 2, other, zero);
	prepare(e, 2, 4, third, zero);
	prepare(e, 3, 3, zero, zero);
	assert_int_equal(key_opens(e, 3, zero), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(key_opens(e, 2, zero), 0);
		assert_int_equal(
		    ev2_send(e, 0x55, &steps[i].to, 1, NULL, 0, HOST_MAC, HOST_PLAIN), 0);
		assert_int_equal(e->h.rx_len, 0);
		versions_are(e, steps[i].order, 4);
		assert_int_equal(key_opens(e, 3, steps[i].key), 0);
	}
}

static void
roll_ends_the_session_and_every_key_is_the_new_sets(void **state)
{
	struct sim_ev2 *e = *state;

	open_as(e, 1, zero);
	prepare(e, 1, 7, other, zero);
	assert_int_equal(ev2_change_key(e, -1, 4, third, 1, zero), 0);
	open_as(e, 2, zero);
	assert_int_equal(ev2_hex(e, 0x64, "4301"), 0);
	assert_int_equal(e->h.rx[0], 7);
	assert_int_equal(ev2_send(e, 0x55, "\x01", 1, NULL, 0, HOST_MAC, HOST_PLAIN), 0);
	assert_int_equal(host_frame(&e->h, 0x51, NULL, 0), 0xAE);
	assert_int_equal(ev2_auth(e, 0x77, 2, zero), 0x9D);
	assert_int_equal(key_opens(e, 4, zero), 0);	/* the set was copied before key 4 changed */
	assert_int_equal(key_opens(e, 3, other), 0);
}

static void
set_of_another_kind_begins_with_keys_of_zero_and_rolls_the_kind(void **state)
{
	struct sim_ev2 *e = *state;

	open_as(e, 1, zero);
	assert_int_equal(ev2_change_key(e, -1, 3, other, 9, zero), 0);
	open_as(e, 0, zero);
	assert_int_equal(ev2_hex(e, 0x56, "0101"), 0x9E);	/* 24 bytes in 16 */
	open_as(e, 0, zero);
	assert_int_equal(ev2_hex(e, 0x56, "0100"), 0);
	assert_int_equal(ev2_hex(e, 0x57, "0105"), 0);
	open_as(e, 2, zero);
	assert_int_equal(ev2_send(e, 0x55, "\x01", 1, NULL, 0, HOST_MAC, HOST_PLAIN), 0);
	assert_int_equal(ev2_auth(e, 0x71, 3, zero), 0xAE);
	assert_int_equal(host_auth(&e->h, 0x1A, 3, zero, 16), 0);
}

static void
sets_are_filled_in_order_and_rolled_upwards_only(void **state)
{
	struct sim_ev2 *e = *state;
	static const struct {
		uint8_t ins;
		const char *head;
		unsigned st;
	} refused[] = {
		{0x56, "0002", 0x9E},		/* the active one */
		{0x56, "0402", 0x9E},		/* one it has not */
		{0x56, "0103", 0x9E},		/* a kind that is none */
		{0x57, "0102", 0x9D},		/* not begun */
		{0x55, "01", 0x9D},		/* not the roll key */
		{0x55, "00", 0x9E},
		{0x64, "4504", 0x9E},
		{0x64, "4501", 0x40},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		open_as(e, 0, zero);
		assert_int_equal(ev2_hex(e, refused[i].ins, refused[i].head), refused[i].st);
	}
	open_as(e, 1, zero);
	assert_int_equal(ev2_change_key(e, 1, 3, other, 2, zero), 0x9D);	/* not begun */
	open_as(e, 0, zero);
	assert_int_equal(ev2_hex(e, 0x56, "0102"), 0);
	assert_int_equal(ev2_hex(e, 0x57, "0100"), 0x9E);
	open_as(e, 0, zero);
	assert_int_equal(ev2_hex(e, 0x56, "0202"), 0);
	assert_int_equal(ev2_change_key(e, 2, 3, other, 2, zero), 0x9D);	/* the change key is 1 */
	open_as(e, 1, zero);
	assert_int_equal(ev2_hex(e, 0x57, "0101"), 0);
	assert_int_equal(ev2_change_key(e, 1, 3, other, 2, zero), 0x9D);	/* finalized */
	open_as(e, 2, zero);
	assert_int_equal(ev2_hex(e, 0x55, "01"), 0x9D);		/* version 1 over 1 */
	open_as(e, 2, zero);
	assert_int_equal(ev2_hex(e, 0x55, "02"), 0x9D);		/* not finalized */
	open_as(e, 3, zero);
	assert_int_equal(ev2_hex(e, 0x56, "0102"), 0x9D);	/* neither master nor change key */
	assert_int_equal(host_hex(&e->h, 0x56, "0102"), 0xAE);
	versions_are(e, "\x01\x01\x00\x00", 4);
}

static void
application_without_sets_refuses_their_commands(void **state)
{
	struct sim_ev2 *e = *state;

	assert_int_equal(host_hex(&e->h, 0x5A, "000000"), 0);
	assert_int_equal(host_hex(&e->h, 0xCA, "4455660F82"), 0);
	assert_int_equal(host_hex(&e->h, 0x5A, "445566"), 0);
	open_as(e, 0, zero);
	assert_int_equal(ev2_hex(e, 0x56, "0102"), 0x9E);
	assert_int_equal(host_hex(&e->h, 0x64, "4080"), 0x9E);
	assert_int_equal(host_hex(&e->h, 0x64, "40"), 0x7E);
	assert_int_equal(host_hex(&e->h, 0x64, "0000"), 0x7E);
	assert_int_equal(host_hex(&e->h, 0x64, "4100"), 0);
	open_as(e, 0, zero);
	assert_int_equal(ev2_change_key(e, 1, 1, other, 2, zero), 0x9E);
	open_as(e, 0, zero);
	assert_int_equal(ev2_change_key(e, 0, 1, other, 2, zero), 0);
	assert_int_equal(ev2_auth(e, 0x71, 1, other), 0);
}

/* The commands also work in a session of EV1, whose own sums ChangeKeyEV2 then has. */
static void
sets_are_made_ready_in_a_session_of_ev1_too(void **state)
{
	struct sim_ev2 *e = *state;

	assert_int_equal(host_auth(&e->h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_plain(&e->h, 0x56, "0102"), 0);
	assert_int_equal(host_plain(&e->h, 0x57, "0109"), 0);
	assert_int_equal(host_auth(&e->h, 0xAA, 2, zero, 16), 0);
	assert_int_equal(host_raw(&e->h, 0x55, "\x01", 1), 0);
	assert_int_equal(e->h.rx_len, 0);
	versions_are(e, "\x09\x00\x00\x01", 4);
}

/* Torn anywhere, the roll has happened whole or not at all, and one of the two keys opens. */
static void
torn_roll_leaves_all_keys_old_or_all_new(void **state)
{
	static const enum sim_tear how[] = {SIM_TEAR_BEFORE, SIM_TEAR_UNWRITTEN, SIM_TEAR_WRITTEN};
	struct sim_ev2 *e = *state;
	uint8_t *image;
	size_t len;

	open_as(e, 1, zero);
	prepare(e, 1, 2, other, zero);
	assert_int_equal(sim_card_image(e->h.card, &image, &len, NULL), ERR_OK);
	for (size_t i = 0; i < 3; i++) {
		bool done = how[i] == SIM_TEAR_WRITTEN;

		assert_int_equal(sim_card_restore(e->h.card, image, len, NULL), ERR_OK);
		assert_int_equal(key_opens(e, 2, zero), 0);
		sim_card_tear(e->h.card, 1, how[i]);
		assert_int_equal(
		    ev2_send(e, 0x55, "\x01", 1, NULL, 0, HOST_MAC, HOST_PLAIN), 0x100);
		sim_card_return(e->h.card);
		assert_int_equal(key_opens(e, 3, done ? other : zero), 0);
		assert_int_equal(key_opens(e, 3, done ? zero : other), 0xAE);
		versions_are(e, done ? "\x02\x00\x00\x01" : "\x01\x02\x00\x00", 4);
	}
	free(image);
}

/* Every APDU of making a set ready torn in each way: the active keys open as before. */
static void
torn_preparation_never_touches_the_active_keys(void **state)
{
	static const enum sim_tear how[] = {SIM_TEAR_BEFORE, SIM_TEAR_UNWRITTEN, SIM_TEAR_WRITTEN};
	struct sim_ev2 *e = *state;
	uint8_t *image;
	size_t len;

	assert_int_equal(sim_card_image(e->h.card, &image, &len, NULL), ERR_OK);
	for (unsigned i = 0; i < 9; i++) {
		assert_int_equal(sim_card_restore(e->h.card, image, len, NULL), ERR_OK);
		assert_int_equal(key_opens(e, 1, zero), 0);
		sim_card_tear(e->h.card, 1 + i / 3, how[i % 3]);
		if (ev2_hex(e, 0x56, "0102") == 0 &&
		    ev2_change_key(e, 1, 3, other, 2, zero) == 0)
			ev2_hex(e, 0x57, "0102");
		assert_true(sim_card_away(e->h.card));
		sim_card_return(e->h.card);
		for (uint8_t no = 0; no < 5; no++)
			assert_int_equal(key_opens(e, no, zero), 0);
		assert_int_equal(key_opens(e, 1, zero), 0);
		prepare(e, 1, 2, other, zero);
		assert_int_equal(key_opens(e, 3, zero), 0);
	}
	free(image);
}

/* An image whose sets lie outside of memory, or count what cannot be, is refused. */
static void
images_with_impossible_sets_are_refused(void **state)
{
	static const struct {
		size_t field;
		uint8_t value;
	} wrong[] = {
		{offsetof(struct ee_sets, block) + 1, 0xFF},
		{offsetof(struct ee_sets, block), EE_BLOCKS - 1},
		{offsetof(struct ee_sets, count), 1},
		{offsetof(struct ee_sets, count), EE_SETS + 1},
		{offsetof(struct ee_sets, roll_key), 5},
		{offsetof(struct ee_sets, set), EE_CRYPTO_COUNT},
		{offsetof(struct ee_sets, set) + offsetof(struct ee_set, state), EE_SET_STATE_COUNT},
	};
	struct sim_ev2 *e = *state;
	size_t app = IMAGE_MARK + offsetof(struct eeprom, sets) + sizeof(struct ee_sets), len;
	uint8_t *image;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(sim_card_image(e->h.card, &image, &len, NULL), ERR_OK);
		image[app + wrong[i].field] = wrong[i].value;
		digest_sha256(image, len - SHA256_LEN, image + len - SHA256_LEN);
		assert_int_equal(sim_card_restore(e->h.card, image, len, NULL), ERR_FORMAT);
		free(image);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(parameters_that_no_application_can_have_are_refused),
		T(sets_take_memory_and_give_it_back_with_a_format),
		T(roll_turns_the_order_of_all_sets),
		T(roll_ends_the_session_and_every_key_is_the_new_sets),
		T(set_of_another_kind_begins_with_keys_of_zero_and_rolls_the_kind),
		T(sets_are_filled_in_order_and_rolled_upwards_only),
		T(application_without_sets_refuses_their_commands),
		T(sets_are_made_ready_in_a_session_of_ev1_too),
		T(torn_roll_leaves_all_keys_old_or_all_new),
		T(torn_preparation_never_touches_the_active_keys),
		T(images_with_impossible_sets_are_refused),
	};

	return cmocka_run_group_tests_name("software card EV2: key sets", tests, NULL, NULL);
}
