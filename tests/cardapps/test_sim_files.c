/* The software card's files: rights, modes, value, records, transactions, memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "station/base/bytes.h"
#include "tests/support/sim_host.h"

static const uint8_t zero[16];

/* One application with five AES keys, selected, no session. */
static int
set_up(void **state)
{
	static struct sim_host h;
	struct sim_card *card;

	assert_int_equal(sim_desfire_new(NULL, NULL, &card, NULL), ERR_OK);
	host_start(&h, card, false);
	assert_int_equal(host_hex(&h, 0xCA, "1122330F85"), 0);
	assert_int_equal(host_hex(&h, 0x5A, "112233"), 0);
	*state = &h;
	return 0;
}

static int
tear_down(void **state)
{
	struct sim_host *h = *state;

	host_stop(h);
	sim_card_free(&h->card);
	return 0;
}

static void
auth(struct sim_host *h, uint8_t no)
{
	assert_int_equal(host_auth(h, 0xAA, no, zero, 16), 0);
}

/* Write `text` at the file's start. */
static unsigned
put(struct sim_host *h, uint8_t no, const char *text, enum host_mode mode)
{
	uint8_t head[7] = {no, 0, 0, 0, (uint8_t)strlen(text), 0, 0};

	return host_secure(h, 0x3D, head, 7, text, strlen(text), mode, HOST_PLAIN);
}

static unsigned
put_record(struct sim_host *h, uint8_t no, const char *text)
{
	uint8_t head[7] = {no, 0, 0, 0, (uint8_t)strlen(text), 0, 0};

	return host_secure(h, 0x3B, head, 7, text, strlen(text), HOST_MAC, HOST_PLAIN);
}

/* The file's first bytes are `text`. */
static void
holds(struct sim_host *h, uint8_t no, const char *text, enum host_mode mode)
{
	uint8_t head[7] = {no, 0, 0, 0, (uint8_t)strlen(text), 0, 0};

	assert_int_equal(host_secure(h, 0xBD, head, 7, NULL, 0, HOST_PLAIN, mode), 0);
	assert_int_equal(h->rx_len, strlen(text));
	assert_memory_equal(h->rx, text, strlen(text));
}

/* Nothing was ever written to the file. */
static void
blank(struct sim_host *h, uint8_t no, enum host_mode mode)
{
	uint8_t head[7] = {no};

	assert_int_equal(host_secure(h, 0xBD, head, 7, NULL, 0, HOST_PLAIN, mode), 0);
	assert_true(h->rx_len >= 32);
	for (size_t i = 0; i < h->rx_len; i++)
		assert_int_equal(h->rx[i], 0);
}

static unsigned
step(struct sim_host *h, uint8_t ins, uint8_t no, int32_t amount)
{
	uint8_t body[4];
	struct writer w = writer_over(body, 4);

	put_le32(&w, (uint32_t)amount);
	return host_secure(h, ins, &no, 1, body, 4, HOST_MAC, HOST_PLAIN);
}

static int32_t
value(struct sim_host *h, uint8_t no)
{
	struct cursor c;

	assert_int_equal(host_secure(h, 0x6C, &no, 1, NULL, 0, HOST_PLAIN, HOST_MAC), 0);
	c = cursor_over(h->rx, h->rx_len);
	return (int32_t)take_le32(&c);
}

static void
long_files_travel_in_many_frames_in_every_mode(void **state)
{
	struct sim_host *h = *state;
	static const enum host_mode modes[] = {HOST_PLAIN, HOST_MAC, HOST_FULL};
	static uint8_t body[700];
	char create[] = "00000012BC0200";

	for (size_t i = 0; i < 3; i++) {
		uint8_t head[7] = {(uint8_t)i, 0, 0, 0, 0xBC, 2, 0}, all[7] = {(uint8_t)i};

		create[1] = (char)('0' + i);
		create[3] = (char)('0' + modes[i]);
		for (size_t k = 0; k < sizeof(body); k++)
			body[k] = (uint8_t)(k * 13 + i);
		assert_int_equal(host_hex(h, 0xCD, create), 0);
		auth(h, 2);
		assert_int_equal(host_secure(h, 0x3D, head, 7, body, 700, modes[i], HOST_PLAIN), 0);
		auth(h, 1);
		assert_int_equal(host_secure(h, 0xBD, head, 7, NULL, 0, HOST_PLAIN, modes[i]), 0);
		assert_int_equal(h->rx_len, 700);
		assert_memory_equal(h->rx, body, 700);
		assert_int_equal(host_secure(h, 0xBD, all, 7, NULL, 0, HOST_PLAIN, modes[i]), 0);
		assert_int_equal(h->rx_len, 700);
	}
}

static void
right_of_the_key_gives_the_files_mode_and_free_access_gives_plain(void **state)
{
	struct sim_host *h = *state;

	/* read free, write 1, both 2, change never; enciphered */
	assert_int_equal(host_hex(h, 0xCD, "01032FE1200000"), 0);
	auth(h, 1);
	assert_int_equal(put(h, 1, "salaam", HOST_FULL), 0);
	holds(h, 1, "salaam", HOST_PLAIN);
	auth(h, 2);
	holds(h, 1, "salaam", HOST_FULL);
	host_restart(h, false);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	assert_int_equal(host_hex(h, 0xBD, "01000000060000"), 0);
	assert_memory_equal(h->rx, "salaam", 6);
	assert_int_equal(h->rx_len, 6);
}

static void
missing_right_answers_9d_in_a_session_and_ae_without_one(void **state)
{
	struct sim_host *h = *state;

	/* read 1, write never, both never, change 0 */
	assert_int_equal(host_hex(h, 0xCD, "0101F01F200000"), 0);
	assert_int_equal(host_hex(h, 0xBD, "01000000000000"), 0xAE);
	assert_int_equal(host_hex(h, 0x3D, "0100000001000041"), 0x9D);
	auth(h, 2);
	assert_int_equal(host_plain(h, 0xBD, "01000000000000"), 0x9D);
	auth(h, 1);
	assert_int_equal(put(h, 1, "x", HOST_MAC), 0x9D);
	assert_int_equal(host_hex(h, 0xBD, "02000000000000"), 0xF0);
	assert_int_equal(host_hex(h, 0x6C, "01"), 0x9E);
}

static void
wrong_mac_or_sum_answers_1e_and_writes_nothing(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xCD, "01010011200000"), 0);
	assert_int_equal(host_hex(h, 0xCD, "02030011200000"), 0);
	auth(h, 1);
	assert_int_equal(put(h, 1, "before", HOST_MAC), 0);
	assert_int_equal(host_hex(h, 0x3D, "010000000200004142" "0011223344556677"), 0x1E);
	auth(h, 1);
	holds(h, 1, "before", HOST_MAC);
	assert_int_equal(host_hex(h, 0x3D,
			     "02000000020000"
			     "00112233445566778899AABBCCDDEEFF"),
	    0x1E);
	auth(h, 1);
	blank(h, 2, HOST_FULL);
}

static void
writing_past_the_end_answers_be_at_the_first_frame(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xCD, "0100EEEE200000"), 0);
	assert_int_equal(host_hex(h, 0x3D, "01010000200000" "00"), 0xBE);
	assert_int_equal(host_hex(h, 0x3D, "01FFFFFFFFFFFF" "00"), 0xBE);
	assert_int_equal(host_hex(h, 0xBD, "01200000000000"), 0xBE);
	assert_int_equal(host_hex(h, 0xBD, "01000000210000"), 0xBE);
	assert_int_equal(host_hex(h, 0xBD, "01FFFFFFFFFFFF"), 0xBE);
	assert_int_equal(host_hex(h, 0x3D, "01000000000000"), 0x9E);
	assert_int_equal(host_hex(h, 0x3D, "0100000001000041" "42"), 0x7E);
}

static void
file_settings_change_enciphered_by_the_key_plain_when_free_and_never_with_f(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xCD, "01004321200000"), 0);
	assert_int_equal(host_hex(h, 0x5F, "0100EEEE"), 0xAE);
	auth(h, 2);
	assert_int_equal(
	    host_secure(h, 0x5F, "\x01", 1, "\x03\x4E\x21", 3, HOST_FULL, HOST_PLAIN), 0x9D);
	auth(h, 3);
	assert_int_equal(
	    host_secure(h, 0x5F, "\x01", 1, "\x03\x4F\x21", 3, HOST_FULL, HOST_PLAIN), 0);
	assert_int_equal(host_plain(h, 0xF5, "01"), 0);
	assert_memory_equal(h->rx, "\x00\x03\x4F\x21", 4);
	assert_int_equal(
	    host_secure(h, 0x5F, "\x01", 1, "\x03\x4E\x21", 3, HOST_FULL, HOST_PLAIN), 0x9D);
	assert_int_equal(host_hex(h, 0xCD, "0200EEEE200000"), 0);
	assert_int_equal(host_hex(h, 0x5F, "0201EF11"), 0);
	assert_int_equal(host_hex(h, 0x5F, "0201EEEE"), 0x9D);
}

static void
files_that_cannot_be_are_refused_by_name(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xCD, "2000EEEE200000"), 0x9E);
	assert_int_equal(host_hex(h, 0xCD, "0104EEEE200000"), 0x9E);
	assert_int_equal(host_hex(h, 0xCD, "0100EEE5200000"), 0x9E);
	assert_int_equal(host_hex(h, 0xCD, "0100EEEE000000"), 0x9E);
	assert_int_equal(host_hex(h, 0xCD, "010001E1EEEE200000"), 0x7E);
	assert_int_equal(host_hex(h, 0xCC, "0100EEEE0A000000090000000900000000"), 0x9E);
	assert_int_equal(host_hex(h, 0xC0, "0100EEEE200000010000"), 0x9E);
	assert_int_equal(host_hex(h, 0xC1, "0100EEEEFFFFFFFFFFFF"), 0x0E);
	assert_int_equal(host_hex(h, 0xCD, "0100EEEE200000"), 0);
	assert_int_equal(host_hex(h, 0xCB, "0100EEEE200000"), 0xDE);
	assert_int_equal(host_hex(h, 0xDF, "02"), 0xF0);
	assert_int_equal(host_hex(h, 0x5A, "000000"), 0);
	assert_int_equal(host_hex(h, 0xCD, "0200EEEE200000"), 0x9D);
}

static void
backup_file_shows_the_last_commit_until_the_next(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xCB, "01010011400000"), 0);
	auth(h, 1);
	assert_int_equal(put(h, 1, "one", HOST_MAC), 0);
	blank(h, 1, HOST_MAC);
	assert_int_equal(host_plain(h, 0xC7, ""), 0);
	holds(h, 1, "one", HOST_MAC);
	assert_int_equal(put(h, 1, "two", HOST_MAC), 0);
	assert_int_equal(host_plain(h, 0xA7, ""), 0);
	holds(h, 1, "one", HOST_MAC);
	assert_int_equal(host_plain(h, 0xC7, ""), 0x0C);
}

static void
error_selection_and_power_loss_roll_back_but_authentication_does_not(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xCB, "01010011400000"), 0);
	auth(h, 1);
	assert_int_equal(put(h, 1, "one", HOST_MAC), 0);
	auth(h, 2);
	assert_int_equal(host_plain(h, 0xC7, ""), 0);
	auth(h, 1);
	holds(h, 1, "one", HOST_MAC);
	assert_int_equal(put(h, 1, "err", HOST_MAC), 0);
	assert_int_equal(host_hex(h, 0xF5, "1F"), 0xF0);
	assert_int_equal(host_raw(h, 0xC7, NULL, 0), 0x0C);
	auth(h, 1);
	assert_int_equal(put(h, 1, "sel", HOST_MAC), 0);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	assert_int_equal(host_raw(h, 0xC7, NULL, 0), 0x0C);
	auth(h, 1);
	assert_int_equal(put(h, 1, "pow", HOST_MAC), 0);
	host_restart(h, false);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	assert_int_equal(host_raw(h, 0xC7, NULL, 0), 0x0C);
	auth(h, 1);
	holds(h, 1, "one", HOST_MAC);
}

static void
value_moves_at_commit_and_stays_in_its_bounds(void **state)
{
	struct sim_host *h = *state;

	/* read 1, write never, both 2, change 0; 0..1000, now 100 */
	assert_int_equal(host_hex(h, 0xCC, "0201201F00000000E80300006400000000"), 0);
	auth(h, 2);
	assert_int_equal(step(h, 0x0C, 2, 900), 0);
	assert_int_equal(value(h, 2), 100);
	assert_int_equal(host_plain(h, 0xC7, ""), 0);
	assert_int_equal(value(h, 2), 1000);
	assert_int_equal(step(h, 0x0C, 2, 1), 0xBE);
	auth(h, 2);
	assert_int_equal(step(h, 0x0C, 2, -1), 0x9E);
	auth(h, 1);
	assert_int_equal(step(h, 0x0C, 2, 1), 0x9D);
	auth(h, 1);
	assert_int_equal(step(h, 0xDC, 2, 400), 0);
	assert_int_equal(step(h, 0xDC, 2, 601), 0xBE);
	auth(h, 1);
	assert_int_equal(value(h, 2), 1000);
	assert_int_equal(host_hex(h, 0x1C, "0200000000"), 0x9D);
}

static void
limited_credit_gives_back_the_last_committed_debit_once(void **state)
{
	struct sim_host *h = *state;

	/* read 2, write 1, both 2; 0..1000, now 500, limited credit on */
	assert_int_equal(host_hex(h, 0xCC, "0201202100000000E8030000F401000001"), 0);
	auth(h, 1);
	assert_int_equal(step(h, 0x1C, 2, 1), 0xBE);
	auth(h, 2);
	assert_int_equal(step(h, 0xDC, 2, 100), 0);
	assert_int_equal(step(h, 0xDC, 2, 50), 0);
	assert_int_equal(host_plain(h, 0xC7, ""), 0);
	assert_int_equal(step(h, 0x0C, 2, 1), 0);
	assert_int_equal(host_plain(h, 0xC7, ""), 0);
	auth(h, 1);
	assert_int_equal(step(h, 0x1C, 2, 151), 0xBE);
	auth(h, 1);
	assert_int_equal(step(h, 0x1C, 2, 10), 0);
	assert_int_equal(host_plain(h, 0xC7, ""), 0);
	assert_int_equal(step(h, 0x1C, 2, 1), 0xBE);
	auth(h, 1);
	assert_int_equal(value(h, 2), 361);
}

static void
free_get_value_bit_lets_anybody_read_the_value(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xCC, "0201001100000000E80300002A00000002"), 0);
	assert_int_equal(host_hex(h, 0x6C, "02"), 0);
	assert_memory_equal(h->rx, "\x2A\0\0\0", 4);
	assert_int_equal(host_hex(h, 0xDC, "0201000000"), 0xAE);
}

static void
commit_moves_value_record_and_backup_together(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xCB, "01010011800000"), 0);
	assert_int_equal(host_hex(h, 0xCC, "0201101100000000E80300006400000000"), 0);
	assert_int_equal(host_hex(h, 0xC0, "03010011200000110000"), 0);
	auth(h, 1);
	assert_int_equal(put(h, 1, "new", HOST_MAC), 0);
	assert_int_equal(step(h, 0x0C, 2, 11), 0);
	assert_int_equal(put_record(h, 3, "line"), 0);
	sim_card_tear(h->card, 1, SIM_TEAR_UNWRITTEN);
	assert_int_equal(host_raw(h, 0xC7, NULL, 0), 0x100);
	sim_card_return(h->card);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	auth(h, 1);
	blank(h, 1, HOST_MAC);
	assert_int_equal(value(h, 2), 100);
	assert_int_equal(host_plain(h, 0xF5, "03"), 0);
	assert_int_equal(h->rx[10], 0);
	assert_int_equal(put(h, 1, "new", HOST_MAC), 0);
	assert_int_equal(step(h, 0x0C, 2, 11), 0);
	assert_int_equal(put_record(h, 3, "line"), 0);
	sim_card_tear(h->card, 1, SIM_TEAR_WRITTEN);
	assert_int_equal(host_raw(h, 0xC7, NULL, 0), 0x100);
	sim_card_return(h->card);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	auth(h, 1);
	holds(h, 1, "new", HOST_MAC);
	assert_int_equal(value(h, 2), 111);
	assert_int_equal(host_plain(h, 0xF5, "03"), 0);
	assert_int_equal(h->rx[10], 1);
}

static void
reading_an_empty_record_file_answers_be_and_aborts(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xCB, "01010011400000"), 0);
	assert_int_equal(host_hex(h, 0xC0, "03010011200000050000"), 0);
	auth(h, 1);
	assert_int_equal(put(h, 1, "one", HOST_MAC), 0);
	assert_int_equal(host_plain(h, 0xBB, "03000000000000"), 0xBE);
	assert_int_equal(host_raw(h, 0xC7, NULL, 0), 0x0C);
}

/* Commit n one-letter records, 'a' first, into file 3. */
static void
write_letters(struct sim_host *h, int n)
{
	for (int i = 0; i < n; i++) {
		char text[2] = {(char)('a' + i), 0};

		assert_int_equal(put_record(h, 3, text), 0);
		assert_int_equal(host_plain(h, 0xC7, ""), 0);
	}
}

/* Read records and compare their first letters. */
static void
letters(struct sim_host *h, uint8_t back, uint8_t count, const char *want)
{
	uint8_t head[7] = {3, back, 0, 0, count, 0, 0};

	assert_int_equal(host_secure(h, 0xBB, head, 7, NULL, 0, HOST_PLAIN, HOST_MAC), 0);
	assert_int_equal(h->rx_len, 32 * strlen(want));
	for (size_t i = 0; i < strlen(want); i++) {
		assert_int_equal(h->rx[32 * i], want[i]);
		assert_int_equal(h->rx[32 * i + 1], 0);
	}
}

static void
cyclic_file_of_five_holds_the_last_four(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xC0, "03010011200000050000"), 0);
	auth(h, 1);
	write_letters(h, 3);
	letters(h, 0, 0, "abc");
	letters(h, 0, 1, "c");
	letters(h, 1, 2, "ab");
	write_letters(h, 6);
	letters(h, 0, 0, "cdef");
	letters(h, 3, 1, "c");
	assert_int_equal(host_plain(h, 0xBB, "03040000000000"), 0xBE);
	auth(h, 1);
	assert_int_equal(host_plain(h, 0xBB, "03000000050000"), 0xBE);
}

static void
full_linear_file_answers_be_until_it_is_cleared_and_committed(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xC1, "03011011200000020000"), 0);
	auth(h, 1);
	write_letters(h, 2);
	assert_int_equal(put_record(h, 3, "c"), 0xBE);
	auth(h, 1);
	assert_int_equal(host_plain(h, 0xEB, "03"), 0);
	letters(h, 0, 0, "ab");
	assert_int_equal(put_record(h, 3, "c"), 0x9D);
	auth(h, 1);
	letters(h, 0, 0, "ab");
	assert_int_equal(host_plain(h, 0xEB, "03"), 0);
	assert_int_equal(host_plain(h, 0xC7, ""), 0);
	write_letters(h, 1);
	letters(h, 0, 0, "a");
}

static void
writes_before_the_commit_go_into_one_record(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xC1, "03010011200000020000"), 0);
	auth(h, 1);
	assert_int_equal(put_record(h, 3, "xyz"), 0);
	assert_int_equal(put_record(h, 3, "a"), 0);
	assert_int_equal(host_plain(h, 0xC7, ""), 0);
	assert_int_equal(host_plain(h, 0xBB, "03000000000000"), 0);
	assert_int_equal(h->rx_len, 32);
	assert_memory_equal(h->rx, "ayz\0", 4);
}

static uint32_t
free_bytes(struct sim_host *h)
{
	struct cursor c;

	assert_int_equal(host_raw(h, 0x6E, NULL, 0), 0);
	c = cursor_over(h->rx, h->rx_len);
	return take_le24(&c);
}

static void
memory_goes_in_blocks_of_32_and_a_backup_costs_twice(void **state)
{
	struct sim_host *h = *state;
	uint32_t before = free_bytes(h);

	assert_int_equal(host_hex(h, 0xCD, "0100EEEE010000"), 0);
	assert_int_equal(free_bytes(h), before - 32);
	assert_int_equal(host_hex(h, 0xCD, "0200EEEE210000"), 0);
	assert_int_equal(free_bytes(h), before - 96);
	assert_int_equal(host_hex(h, 0xCB, "0300EEEE210000"), 0);
	assert_int_equal(free_bytes(h), before - 224);
	assert_int_equal(host_hex(h, 0xC0, "0400EEEE140000050000"), 0);
	assert_int_equal(free_bytes(h), before - 352);
}

static void
deleting_frees_the_number_but_not_the_memory(void **state)
{
	struct sim_host *h = *state;
	uint32_t before;

	assert_int_equal(host_hex(h, 0xCD, "0100EEEE000800"), 0);
	before = free_bytes(h);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(host_hex(h, 0xDF, "01"), 0);
		assert_int_equal(host_hex(h, 0xCD, "0100EEEE000800"), 0);
	}
	assert_int_equal(free_bytes(h), before - 4096);
	assert_int_equal(host_hex(h, 0xDF, "01"), 0);
	assert_int_equal(host_hex(h, 0xCD, "0100EEEE000800"), 0x0E);
	assert_int_equal(host_raw(h, 0x6F, NULL, 0), 0);
	assert_int_equal(h->rx_len, 0);
}

static void
thirty_two_files_are_the_most(void **state)
{
	struct sim_host *h = *state;
	uint8_t create[7] = {0, 0, 0xEE, 0xEE, 1, 0, 0};

	for (create[0] = 0; create[0] < 32; create[0]++)
		assert_int_equal(host_raw(h, 0xCD, create, 7), 0);
	assert_int_equal(host_raw(h, 0xCD, create, 7), 0x9E);
	assert_int_equal(host_raw(h, 0x6F, NULL, 0), 0);
	assert_int_equal(h->rx_len, 32);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(long_files_travel_in_many_frames_in_every_mode),
		T(right_of_the_key_gives_the_files_mode_and_free_access_gives_plain),
		T(missing_right_answers_9d_in_a_session_and_ae_without_one),
		T(wrong_mac_or_sum_answers_1e_and_writes_nothing),
		T(writing_past_the_end_answers_be_at_the_first_frame),
		T(file_settings_change_enciphered_by_the_key_plain_when_free_and_never_with_f),
		T(files_that_cannot_be_are_refused_by_name),
		T(backup_file_shows_the_last_commit_until_the_next),
		T(error_selection_and_power_loss_roll_back_but_authentication_does_not),
		T(value_moves_at_commit_and_stays_in_its_bounds),
		T(limited_credit_gives_back_the_last_committed_debit_once),
		T(free_get_value_bit_lets_anybody_read_the_value),
		T(commit_moves_value_record_and_backup_together),
		T(reading_an_empty_record_file_answers_be_and_aborts),
		T(cyclic_file_of_five_holds_the_last_four),
		T(full_linear_file_answers_be_until_it_is_cleared_and_committed),
		T(writes_before_the_commit_go_into_one_record),
		T(memory_goes_in_blocks_of_32_and_a_backup_costs_twice),
		T(deleting_frees_the_number_but_not_the_memory),
		T(thirty_two_files_are_the_most),
	};

	return cmocka_run_group_tests_name("software card: files", tests, NULL, NULL);
}
