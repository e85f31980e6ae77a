/*
 * The software card's state machine: framing, chaining, selection, sessions, keys, settings,
 * applications.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardapps/sim/status.h"
#include "station/base/bytes.h"
#include "tests/support/sim_host.h"

static const uint8_t zero[40];
static const uint8_t other[24] = {0x20, 0x42, 0x64, 0x86, 0xA8, 0xCA, 0xEC, 0x0E, 0x30, 0x52, 0x74,
	0x96, 0xB8, 0xDA, 0xFC, 0x1E, 0x40, 0x62, 0x84, 0xA6, 0xC8, 0xEA, 0x0C, 0x2E};

static int
set_up(void **state)
{
	static struct sim_host h;
	struct sim_card *card;

	assert_int_equal(sim_desfire_new(NULL, NULL, &card, NULL), ERR_OK);
	host_start(&h, card, false);
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

/* Raw bytes there, raw bytes back, both in hex. */
static void
says(struct sim_host *h, const char *tx_hex, const char *rx_hex)
{
	uint8_t tx[APDU_CAP], rx[RAPDU_CAP];
	char got[2 * RAPDU_CAP + 1];
	size_t n, len;

	assert_true(hex_decode(tx_hex, tx, sizeof(tx), &n));
	assert_true(sim_card_transmit(h->card, tx, n, rx, &len));
	hex_encode(rx, len, got);
	assert_string_equal(got, rx_hex);
}

/* An AES application with five keys, selected. */
static void
aes_app(struct sim_host *h, const char *settings)
{
	char hex[] = "1122330F85";

	memcpy(hex + 6, settings, 2);
	assert_int_equal(host_hex(h, 0xCA, hex), 0);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
}

static void
every_status_has_the_data_sheets_name(void **state)
{
	(void)state;
	assert_string_equal(sim_status_name(0x7E), "LENGTH");
	assert_string_equal(sim_status_name(0x9D), "PERMISSION_DENIED");
	assert_string_equal(sim_status_name(0xCA), "COMMAND_ABORTED");
	assert_string_equal(sim_status_name(0x33), "UNKNOWN");
}

static void
first_frame_decides_between_native_and_wrapped(void **state)
{
	struct sim_host *h = *state;

	says(h, "6E", "00001F00");
	says(h, "906E000000", "1C");
	host_restart(h, false);
	says(h, "906E000000", "001F009100");
	says(h, "6E", "6700");
	says(h, "6E6E6E6E6E", "6E00");
}

static void
envelope_with_a_wrong_length_answers_7e(void **state)
{
	struct sim_host *h = *state;

	says(h, "90600000", "917E");
	says(h, "906000000000", "917E");
	says(h, "905A000003000000", "917E");
	says(h, "905A00000200000000", "917E");
	says(h, "905A0000030000000000", "917E");
	says(h, "905A00000300000001", "917E");
	says(h, "9060010000", "6A86");
	says(h, "905A00000300000000", "9100");
}

static void
unknown_command_answers_1c_and_so_does_an_af_out_of_the_blue(void **state)
{
	struct sim_host *h = *state;

	says(h, "9099000000", "911C");
	says(h, "90AF000000", "911C");
}

static void
other_command_in_a_chain_answers_ca_and_ends_it(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_frame(h, 0x60, NULL, 0), 0xAF);
	assert_int_equal(host_frame(h, 0x6E, NULL, 0), 0xCA);
	assert_int_equal(host_frame(h, 0xAF, NULL, 0), 0x1C);
	assert_int_equal(host_frame(h, 0x0A, "", 1), 0xAF);
	assert_int_equal(host_frame(h, 0x60, NULL, 0), 0xCA);
}

static void
phones_select_in_the_middle_of_get_version_makes_the_next_frame_1c(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_frame(h, 0x60, NULL, 0), 0xAF);
	says(h, "00A4040007D276000085010100", "6A82");
	assert_int_equal(host_frame(h, 0xAF, NULL, 0), 0x1C);
}

static void
wrong_proof_of_the_host_answers_ae_and_opens_nothing(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_frame(h, 0x1A, "", 1), 0xAF);
	assert_int_equal(host_frame(h, 0xAF, zero, 16), 0xAE);
	assert_int_equal(host_frame(h, 0x51, NULL, 0), 0xAE);
	assert_int_equal(host_auth(h, 0x1A, 0, other, 16), 0xAE);
	assert_int_equal(host_frame(h, 0x1A, "", 1), 0xAF);
	assert_int_equal(host_frame(h, 0xAF, zero, 15), 0x7E);
}

static void
authentication_of_another_kind_of_key_answers_ae_and_of_no_key_40(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_frame(h, 0xAA, "", 1), 0xAE);
	assert_int_equal(host_frame(h, 0x1A, "\x01", 1), 0x40);
	aes_app(h, "0F");
	assert_int_equal(host_frame(h, 0x0A, "", 1), 0xAE);
	assert_int_equal(host_frame(h, 0x1A, "", 1), 0xAE);
	assert_int_equal(host_frame(h, 0xAA, "\x05", 1), 0x40);
}

static void
selecting_and_any_error_end_the_session(void **state)
{
	struct sim_host *h = *state;

	aes_app(h, "0F");
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_plain(h, 0x6F, ""), 0);
	assert_int_equal(host_hex(h, 0xF5, "07"), 0xF0);
	assert_int_equal(host_raw(h, 0x51, NULL, 0), 0xAE);
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	assert_int_equal(h->rx_len, 0);
	assert_int_equal(host_raw(h, 0x51, NULL, 0), 0xAE);
}

static void
commit_of_nothing_answers_0c_and_keeps_the_session(void **state)
{
	struct sim_host *h = *state;

	aes_app(h, "0F");
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_plain(h, 0xC7, ""), 0x0C);
	assert_int_equal(host_plain(h, 0xA7, ""), 0x0C);
	assert_int_equal(host_plain(h, 0x6F, ""), 0);
}

static void
card_uid_needs_a_session_and_survives_random_uid(void **state)
{
	struct sim_host *h = *state;
	uint8_t uid[7];

	assert_int_equal(host_raw(h, 0x60, NULL, 0), 0);
	memcpy(uid, h->rx + 14, 7);
	assert_int_equal(uid[0], 0x04);
	assert_int_equal(host_auth(h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_secure(h, 0x5C, "", 1, "\x02", 1, HOST_FULL, HOST_PLAIN), 0);
	assert_int_equal(host_plain(h, 0x60, ""), 0);
	assert_memory_equal(h->rx + 14, zero, 7);
	assert_int_equal(host_secure(h, 0x51, NULL, 0, NULL, 0, HOST_PLAIN, HOST_FULL), 0);
	assert_int_equal(h->rx_len, 7);
	assert_memory_equal(h->rx, uid, 7);
}

static void
card_key_goes_from_des_to_aes_and_tells_its_version(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_auth(h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_change_key(h, 0x80, other, 16, 0x17, NULL), 0);
	assert_int_equal(host_hex(h, 0x64, "00"), 0);
	assert_int_equal(h->rx[0], 0x17);
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0xAE);
	assert_int_equal(host_auth(h, 0xAA, 0, other, 16), 0);
	assert_int_equal(host_plain(h, 0x45, ""), 0);
	assert_memory_equal(h->rx, "\x0F\x81", 2);
	assert_int_equal(host_change_key(h, 0x40, other, 24, -1, NULL), 0);
	assert_int_equal(host_auth(h, 0x1A, 0, other, 24), 0);
	assert_int_equal(host_plain(h, 0x6E, ""), 0);
}

static void
des_keys_keep_their_version_in_the_parity_bits(void **state)
{
	struct sim_host *h = *state;
	uint8_t key[16] = {1, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1};

	assert_int_equal(host_auth(h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_change_key(h, 0, key, 16, -1, NULL), 0);
	assert_int_equal(host_hex(h, 0x64, "00"), 0);
	assert_int_equal(h->rx[0], 0xA5);
}

static void
change_key_follows_the_change_key_number(void **state)
{
	struct sim_host *h = *state;

	aes_app(h, "4F");
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_change_key(h, 1, other, 16, 1, zero), 0x9D);
	assert_int_equal(host_auth(h, 0xAA, 4, zero, 16), 0);
	assert_int_equal(host_change_key(h, 1, other, 16, 1, zero), 0);
	assert_int_equal(host_change_key(h, 4, other, 16, 1, NULL), 0x9D);
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_change_key(h, 4, other, 16, 1, zero), 0);
	assert_int_equal(host_auth(h, 0xAA, 4, other, 16), 0);
	assert_int_equal(host_change_key(h, 0, other, 16, 1, zero), 0x9D);
	assert_int_equal(host_auth(h, 0xAA, 1, other, 16), 0);
}

static void
change_key_e_lets_each_key_change_itself_and_f_freezes_all_but_the_master(void **state)
{
	struct sim_host *h = *state;

	aes_app(h, "EF");
	assert_int_equal(host_auth(h, 0xAA, 2, zero, 16), 0);
	assert_int_equal(host_change_key(h, 2, other, 16, 1, NULL), 0);
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_change_key(h, 1, other, 16, 1, zero), 0x9D);
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_secure(h, 0x54, NULL, 0, "\xFF", 1, HOST_FULL, HOST_PLAIN), 0);
	assert_int_equal(host_auth(h, 0xAA, 1, zero, 16), 0);
	assert_int_equal(host_change_key(h, 1, other, 16, 1, NULL), 0x9D);
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_change_key(h, 0, other, 16, 1, NULL), 0);
}

static void
master_key_frozen_by_its_bit_stays(void **state)
{
	struct sim_host *h = *state;

	aes_app(h, "0E");
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_change_key(h, 0, other, 16, 1, NULL), 0x9D);
}

static void
settings_frozen_by_their_bit_stay(void **state)
{
	struct sim_host *h = *state;

	aes_app(h, "07");
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_secure(h, 0x54, NULL, 0, "\x0F", 1, HOST_FULL, HOST_PLAIN), 0x9D);
}

static void
cryptogram_over_the_wrong_old_key_answers_1e_and_changes_nothing(void **state)
{
	struct sim_host *h = *state;

	aes_app(h, "0F");
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_change_key(h, 1, other, 16, 1, other), 0x1E);
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_raw(h, 0xC4, zero, 33), 0x1E);
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_raw(h, 0xC4, zero, 34), 0x7E);
	assert_int_equal(host_auth(h, 0xAA, 1, zero, 16), 0);
}

static void
listing_and_creating_need_the_master_key_once_the_bits_are_off(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_auth(h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_secure(h, 0x54, NULL, 0, "\x09", 1, HOST_FULL, HOST_PLAIN), 0);
	host_restart(h, false);
	assert_int_equal(host_raw(h, 0x6A, NULL, 0), 0xAE);
	assert_int_equal(host_raw(h, 0x6D, NULL, 0), 0xAE);
	assert_int_equal(host_raw(h, 0x45, NULL, 0), 0xAE);
	assert_int_equal(host_hex(h, 0xCA, "1122330F85"), 0xAE);
	assert_int_equal(host_raw(h, 0xFC, NULL, 0), 0xAE);
	assert_int_equal(host_hex(h, 0x64, "00"), 0);
	assert_int_equal(host_auth(h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_plain(h, 0x6A, ""), 0);
	assert_int_equal(host_plain(h, 0xCA, "1122330985"), 0);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	assert_int_equal(host_raw(h, 0x6F, NULL, 0), 0xAE);
	assert_int_equal(host_hex(h, 0xCD, "0100EEEE200000"), 0xAE);
	assert_int_equal(host_auth(h, 0xAA, 1, zero, 16), 0);
	assert_int_equal(host_plain(h, 0xCD, "0100EEEE200000"), 0x9D);
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_plain(h, 0xCD, "0100EEEE200000"), 0);
}

static void
application_keeps_its_own_master_from_deleting_it_when_creating_is_not_free(void **state)
{
	struct sim_host *h = *state;

	aes_app(h, "0F");
	assert_int_equal(host_hex(h, 0xDA, "112233"), 0xAE);
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_raw(h, 0xDA, "\x11\x22\x33", 3), 0);
	assert_int_equal(host_raw(h, 0x6A, NULL, 0), 0);
	assert_int_equal(h->rx_len, 0);
	aes_app(h, "0F");
	assert_int_equal(host_hex(h, 0x5A, "000000"), 0);
	assert_int_equal(host_auth(h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_secure(h, 0x54, NULL, 0, "\x0B", 1, HOST_FULL, HOST_PLAIN), 0);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_plain(h, 0xDA, "112233"), 0x9D);
}

static void
applications_that_cannot_be_are_refused_by_name(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xCA, "1122330F80"), 0x9E);
	assert_int_equal(host_hex(h, 0xCA, "1122330F8F"), 0x9E);
	assert_int_equal(host_hex(h, 0xCA, "1122330FC1"), 0x9E);
	assert_int_equal(host_hex(h, 0xCA, "1122330FA1"), 0x7E);
	assert_int_equal(host_hex(h, 0xCA, "1122330F8101"), 0x7E);
	assert_int_equal(host_hex(h, 0xCA, "0000000F81"), 0xDE);
	assert_int_equal(host_hex(h, 0xCA, "1122330FA10110D2760000850101"), 0);
	assert_int_equal(host_hex(h, 0xCA, "1122330F81"), 0xDE);
	assert_int_equal(host_hex(h, 0xCA, "2222330F810110"), 0xDE);
	assert_int_equal(host_hex(h, 0xCA, "2222330F810210D2760000850101"), 0xDE);
	assert_int_equal(host_hex(h, 0x5A, "999999"), 0xA0);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	assert_int_equal(host_hex(h, 0xCA, "2222330F81"), 0x9D);
}

static void
twenty_eight_applications_fit_and_their_list_takes_two_frames(void **state)
{
	struct sim_host *h = *state;
	uint8_t app[5] = {0x00, 0x10, 0x20, 0x0F, 0x81};

	for (app[0] = 1; app[0] <= 28; app[0]++)
		assert_int_equal(host_raw(h, 0xCA, app, 5), 0);
	assert_int_equal(host_raw(h, 0xCA, app, 5), 0xCE);
	assert_int_equal(host_frame(h, 0x6A, NULL, 0), 0xAF);
	assert_int_equal(h->rx_len, 57);
	host_restart(h, false);
	assert_int_equal(host_raw(h, 0x6A, NULL, 0), 0);
	assert_int_equal(h->rx_len, 84);
	assert_int_equal(h->rx[81], 28);
}

static void
names_come_one_application_a_frame_with_the_mac_on_the_last(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xCA, "0000010FA110E1D2760000850101"), 0);
	assert_int_equal(host_hex(h, 0xCA, "0000020F81"), 0);
	assert_int_equal(host_hex(h, 0xCA, "0000030F8120E14142"), 0);
	assert_int_equal(host_frame(h, 0x6D, NULL, 0), 0xAF);
	assert_int_equal(h->rx_len, 12);
	assert_int_equal(host_frame(h, 0xAF, NULL, 0), 0);
	assert_memory_equal(h->rx, "\x00\x00\x03\x20\xE1\x41\x42", 7);
	assert_int_equal(host_auth(h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_plain(h, 0x6D, ""), 0);
	assert_int_equal(h->rx_len, 19);
}

static void
default_key_of_the_card_is_that_of_new_applications(void **state)
{
	struct sim_host *h = *state;
	uint8_t body[25];

	memcpy(body, other, 24);
	body[24] = 0x42;
	assert_int_equal(host_auth(h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_secure(h, 0x5C, "\x01", 1, body, 25, HOST_FULL, HOST_PLAIN), 0);
	aes_app(h, "0F");
	assert_int_equal(host_hex(h, 0x64, "03"), 0);
	assert_int_equal(h->rx[0], 0x42);
	assert_int_equal(host_auth(h, 0xAA, 3, other, 16), 0);
}

static void
configuration_of_another_ats_or_of_unknown_bits_is_refused_by_name(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_auth(h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_secure(h, 0x5C, "\x02", 1, "\x06", 1, HOST_FULL, HOST_PLAIN), 0x9E);
	assert_int_equal(host_auth(h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_secure(h, 0x5C, "", 1, "\x04", 1, HOST_FULL, HOST_PLAIN), 0x9E);
	aes_app(h, "0F");
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_secure(h, 0x5C, "", 1, "\x01", 1, HOST_FULL, HOST_PLAIN), 0x9D);
}

static void
format_frees_everything_until_it_is_disabled(void **state)
{
	struct sim_host *h = *state;

	aes_app(h, "0F");
	assert_int_equal(host_hex(h, 0xCB, "0100EEEE000800"), 0);
	assert_int_equal(host_hex(h, 0x5A, "000000"), 0);
	assert_int_equal(host_auth(h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_plain(h, 0xFC, ""), 0);
	assert_int_equal(host_plain(h, 0x6E, ""), 0);
	assert_memory_equal(h->rx, "\x00\x1F\x00", 3);
	assert_int_equal(host_secure(h, 0x5C, "", 1, "\x01", 1, HOST_FULL, HOST_PLAIN), 0);
	assert_int_equal(host_plain(h, 0xFC, ""), 0x9D);
	assert_int_equal(host_auth(h, 0x1A, 0, zero, 16), 0);
	assert_int_equal(host_secure(h, 0x5C, "", 1, "", 1, HOST_FULL, HOST_PLAIN), 0);
	assert_int_equal(host_plain(h, 0xFC, ""), 0x9D);
}

static void
three_key_des_application_opens_a_session_and_changes_a_key(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xCA, "1122330F42"), 0);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	assert_int_equal(host_auth(h, 0x1A, 0, zero, 24), 0);
	assert_int_equal(host_change_key(h, 1, other, 24, -1, zero), 0);
	assert_int_equal(host_plain(h, 0x45, ""), 0);
	assert_memory_equal(h->rx, "\x0F\x42", 2);
	assert_int_equal(host_auth(h, 0x1A, 1, other, 24), 0);
	assert_int_equal(host_plain(h, 0x6F, ""), 0);
}

static void
phone_reads_the_ndef_application_through_iso_commands(void **state)
{
	struct sim_host *h = *state;

	assert_int_equal(host_hex(h, 0xCA, "0100000FA110E1D2760000850101"), 0);
	assert_int_equal(host_hex(h, 0x5A, "010000"), 0);
	assert_int_equal(host_hex(h, 0xCD, "0103E10000E00F0000"), 0);
	assert_int_equal(host_hex(h, 0xCD, "0204E10000E0000100"), 0);
	assert_int_equal(host_hex(h, 0xCD, "0304E10000E0000100"), 0xDE);
	assert_int_equal(host_hex(h, 0xCD, "0305E1000000200000"), 0);
	assert_int_equal(host_auth(h, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_plain(h, 0x3D, "010000000F0000000F20003B00340406E10401000000"), 0);
	assert_int_equal(host_plain(h, 0x61, ""), 0);
	assert_memory_equal(h->rx, "\x03\xE1\x04\xE1\x05\xE1", 6);
	host_restart(h, false);
	says(h, "00A4040007D276000085010100", "9000");
	says(h, "00B000000F", "6986");
	says(h, "00A4000C02E103", "9000");
	says(h, "00B000000F", "000F20003B00340406E104010000009000");
	says(h, "00B000000D", "000F20003B00340406E10401009000");
	says(h, "00B0000D0F", "00006282");
	says(h, "00B0000F01", "6B00");
	says(h, "00B000003C", "6700");
	says(h, "00B0810002", "000F9000");
	says(h, "00A4000C02E105", "9000");
	says(h, "00B0000001", "6982");
	says(h, "00A4000C02E106", "6A82");
	says(h, "00A4000C023F00", "9000");
	says(h, "00A4000C02E103", "6A82");
	says(h, "00D6000001FF", "6D00");
	says(h, "00A4000C021001", "6A82");
	says(h, "00A4000C02E110", "9000");
	says(h, "00A4020C02E104", "9000");
	says(h, "00A4040C07D2760000850100", "9000");
	says(h, "00A4000402E104", "6A86");
	says(h, "00A4030C02E104", "6A86");
	says(h, "00A4000C03E10400", "6700");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_the_data_sheets_name),
		T(first_frame_decides_between_native_and_wrapped),
		T(envelope_with_a_wrong_length_answers_7e),
		T(unknown_command_answers_1c_and_so_does_an_af_out_of_the_blue),
		T(other_command_in_a_chain_answers_ca_and_ends_it),
		T(phones_select_in_the_middle_of_get_version_makes_the_next_frame_1c),
		T(wrong_proof_of_the_host_answers_ae_and_opens_nothing),
		T(authentication_of_another_kind_of_key_answers_ae_and_of_no_key_40),
		T(selecting_and_any_error_end_the_session),
		T(commit_of_nothing_answers_0c_and_keeps_the_session),
		T(card_uid_needs_a_session_and_survives_random_uid),
		T(card_key_goes_from_des_to_aes_and_tells_its_version),
		T(des_keys_keep_their_version_in_the_parity_bits),
		T(change_key_follows_the_change_key_number),
		T(change_key_e_lets_each_key_change_itself_and_f_freezes_all_but_the_master),
		T(master_key_frozen_by_its_bit_stays),
		T(settings_frozen_by_their_bit_stay),
		T(cryptogram_over_the_wrong_old_key_answers_1e_and_changes_nothing),
		T(listing_and_creating_need_the_master_key_once_the_bits_are_off),
		T(application_keeps_its_own_master_from_deleting_it_when_creating_is_not_free),
		T(applications_that_cannot_be_are_refused_by_name),
		T(twenty_eight_applications_fit_and_their_list_takes_two_frames),
		T(names_come_one_application_a_frame_with_the_mac_on_the_last),
		T(default_key_of_the_card_is_that_of_new_applications),
		T(configuration_of_another_ats_or_of_unknown_bits_is_refused_by_name),
		T(format_frees_everything_until_it_is_disabled),
		T(three_key_des_application_opens_a_session_and_changes_a_key),
		T(phone_reads_the_ndef_application_through_iso_commands),
	};

	return cmocka_run_group_tests_name("software card: rules", tests, NULL, NULL);
}
