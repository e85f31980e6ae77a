/*
 * Published EV2 exchanges against the software card: the host's bytes come from
 * tests/vectors/desfire-ev2.txt (and getversion-atr.txt), the card must answer the recorded
 * bytes. Where a section prints session keys but not the numbers they came from, the session is put
 * into the card.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "station/base/bytes.h"
#include "tests/support/sim_ev2.h"
#include "tests/support/sim_session.h"
#include "tests/support/vectors.h"

static const uint8_t zero[16];

struct bench {
	struct vectors *file;
	struct sim_card *card;
	struct sim_host host;
};

static int
set_up(void **state)
{
	static struct bench b;
	static const uint8_t uid[7] = {0x04, 0xDE, 0x5F, 0x1E, 0xAC, 0xC0, 0x40};

	memset(&b, 0, sizeof(b));
	b.file = vectors_load("desfire-ev2.txt");
	assert_int_equal(sim_desfire_new_kind(SIM_DESFIRE_EV2, uid, NULL, &b.card, NULL), ERR_OK);
	host_start(&b.host, b.card, false);
	assert_int_equal(host_hex(&b.host, 0xCA, "0102030F85"), 0);
	assert_int_equal(host_hex(&b.host, 0x5A, "010203"), 0);
	*state = &b;
	return 0;
}

static int
tear_down(void **state)
{
	struct bench *b = *state;

	host_stop(&b->host);
	sim_card_free(&b->card);
	vectors_free(&b->file);
	return 0;
}

static void
replay_one(struct bench *b, const struct vector *v, const char *to, const char *from)
{
	uint8_t tx[APDU_CAP], rx[RAPDU_CAP], got[RAPDU_CAP];
	size_t tx_len = vector_hex(v, to, tx, sizeof(tx));
	size_t rx_len = vector_hex(v, from, rx, sizeof(rx)), len;

	assert_true(sim_card_transmit(b->card, tx, tx_len, got, &len));
	assert_int_equal(len, rx_len);
	assert_memory_equal(got, rx, rx_len);
}

/* Key 0 of the application becomes the section's. */
static void
set_key(struct bench *b, const struct vector *v)
{
	uint8_t key[16];

	assert_int_equal(vector_hex(v, "key", key, 16), 16);
	if (memcmp(key, zero, 16) == 0)
		return;
	assert_int_equal(host_auth(&b->host, 0xAA, 0, zero, 16), 0);
	assert_int_equal(host_change_key(&b->host, 0, key, 16, 0, NULL), 0);
}

static void
replay_auth(struct bench *b, const char *name)
{
	const struct vector *v = vectors_get(b->file, name);

	set_key(b, v);
	assert_int_equal(vector_hex(v, "rnd_b", b->host.rnd_b, 16), 16);
	assert_int_equal(vector_hex(v, "ti", b->host.ti, 4), 4);
	replay_one(b, v, "capdu.1", "rapdu.1");
	replay_one(b, v, "capdu.2", "rapdu.2");
}

/*
 * The card's session keys are not to be seen: a command the host protects with the printed ones
 * must be taken, and answered with them.
 */
static void
keys_are(struct bench *b, const char *name)
{
	const struct vector *v = vectors_get(b->file, name);
	struct sim_ev2 e = {.h = b->host};
	uint8_t mac[16], enc[16];

	vector_hex(v, "k_ses_mac", mac, 16);
	vector_hex(v, "k_ses_enc", enc, 16);
	vector_hex(v, "ti", e.ti, 4);
	assert_int_equal(raw_key_new(RAW_AES128, mac, &e.mac, NULL), ERR_OK);
	assert_int_equal(raw_key_new(RAW_AES128, enc, &e.enc, NULL), ERR_OK);
	assert_int_equal(ev2_send(&e, 0x51, NULL, 0, NULL, 0, HOST_MAC, HOST_FULL), 0);
	assert_int_equal(e.h.rx_len, 7);
	raw_key_free(&e.mac);
	raw_key_free(&e.enc);
}

static void
first_authentication_answers_as_auth_first_table16(void **state)
{
	replay_auth(*state, "auth-first-table16");
	keys_are(*state, "auth-first-table16");
}

static void
first_authentication_answers_as_auth_first_table7(void **state)
{
	replay_auth(*state, "auth-first-table7");
	keys_are(*state, "auth-first-table7");
}

static void
first_authentication_answers_as_auth_first_table39(void **state)
{
	replay_auth(*state, "auth-first-table39");
	keys_are(*state, "auth-first-table39");
}

/* Authentication and the command after it are from one card: table 7 whole. */
static void
card_uid_comes_as_getcarduid_full_after_auth_first_table7(void **state)
{
	struct bench *b = *state;
	const struct vector *v = vectors_get(b->file, "getcarduid-full");

	replay_auth(b, "auth-first-table7");
	replay_one(b, v, "capdu", "rapdu");
}

static void
put_session(struct bench *b, const struct vector *v, uint8_t key_no)
{
	uint8_t ti[4], mac[16], enc[16] = {0};

	assert_int_equal(vector_hex(v, "ti", ti, 4), 4);
	assert_int_equal(vector_hex(v, "k_ses_mac", mac, 16), 16);
	if (vector_has(v, "k_ses_enc"))
		assert_int_equal(vector_hex(v, "k_ses_enc", enc, 16), 16);
	sim_session_put(b->card, key_no, ti, (uint16_t)atoi(vector_str(v, "cmd_ctr")), mac, enc);
}

static void
replay_command(struct bench *b, const char *name)
{
	const struct vector *v = vectors_get(b->file, name);

	put_session(b, v, 0);
	replay_one(b, v, "capdu", "rapdu");
}

static void
file_settings_change_as_changefilesettings_full(void **state)
{
	struct bench *b = *state;

	assert_int_equal(host_hex(&b->host, 0xCD, "04030000200000"), 0);
	replay_command(b, "changefilesettings-full");
	host_restart(&b->host, false);
	assert_int_equal(host_hex(&b->host, 0x5A, "010203"), 0);
	assert_int_equal(host_hex(&b->host, 0xF5, "04"), 0);
	assert_memory_equal(b->host.rx, "\x00\x00\xEE\xEE\x20\x00\x00", 7);
}

static void
maced_write_by_the_iso_chaining_code_answers_as_writedata_mac(void **state)
{
	struct bench *b = *state;

	assert_int_equal(host_hex(&b->host, 0xCD, "000100E0200000"), 0);
	replay_command(b, "writedata-mac");
	host_restart(&b->host, false);
	assert_int_equal(host_hex(&b->host, 0x5A, "010203"), 0);
	assert_int_equal(host_hex(&b->host, 0xBD, "00000000190000"), 0);
	assert_int_equal(b->host.rx[0], 0x22);
	assert_int_equal(b->host.rx[24], 0x22);
}

static void
record_of_a_whole_block_is_written_as_writerecord_full_table32(void **state)
{
	struct bench *b = *state;

	assert_int_equal(host_hex(&b->host, 0xC0, "01030000100000040000"), 0);
	replay_command(b, "writerecord-full-table32");
}

/* Tables 35 and 36 are one session: the counter of the second is the first's and one. */
static void
value_is_read_and_credited_as_getvalue_and_credit_full(void **state)
{
	struct bench *b = *state;
	const struct vector *v = vectors_get(b->file, "credit-full-table36");

	assert_int_equal(host_hex(&b->host, 0xCC, "0303000000000000FFFFFF7F0000000000"), 0);
	replay_command(b, "getvalue-full-table35");
	replay_one(b, v, "capdu", "rapdu");
}

/* Table 39 whole: authentication, then another key changed. */
static void
other_key_changes_as_changekey_other_table39(void **state)
{
	struct bench *b = *state;
	const struct vector *v = vectors_get(b->file, "changekey-other-table39");
	uint8_t key[16];

	replay_auth(b, "auth-first-table39");
	replay_one(b, v, "capdu", "rapdu");
	vector_hex(v, "new_key", key, 16);
	assert_int_equal(host_auth(&b->host, 0xAA, 1, key, 16), 0);
}

/* Option 09 belongs to DESFire Light: the envelope opens, the option is refused, not the MAC. */
static void
envelope_of_setconfiguration_value_option09_opens(void **state)
{
	struct bench *b = *state;
	const struct vector *v = vectors_get(b->file, "setconfiguration-value-option09");
	uint8_t tx[APDU_CAP], rx[RAPDU_CAP];
	size_t n = vector_hex(v, "capdu", tx, sizeof(tx)), len;

	assert_int_equal(host_hex(&b->host, 0x5A, "000000"), 0);
	put_session(b, v, 0);
	assert_true(sim_card_transmit(b->card, tx, n, rx, &len));
	assert_memory_equal(rx, "\x91\x9E", 2);
	put_session(b, v, 0);
	tx[n - 2] ^= 1;
	assert_true(sim_card_transmit(b->card, tx, n, rx, &len));
	assert_memory_equal(rx, "\x91\x1E", 2);
}

/* What the host enciphers from the printed IV is in the file afterwards. */
static void
data_enciphered_from_the_iv_of_iv_encode_1_is_understood(void **state)
{
	struct bench *b = *state;
	const struct vector *v = vectors_get(b->file, "iv-encode-1");
	uint8_t enc[16], iv[16], wire[64] = {0, 0, 0, 0, 16, 0, 0};
	static const char data[] = "sixteen bytes ok";
	struct sim_ev2 e = {.h = b->host};
	struct raw_key *k = NULL;

	assert_int_equal(host_hex(&b->host, 0xCD, "000300E0200000"), 0);
	vector_hex(v, "k_ses_enc", enc, 16);
	vector_hex(v, "iv_command", iv, 16);
	vector_hex(v, "ti", e.ti, 4);
	sim_session_put(b->card, 0, e.ti, 0, zero, enc);
	memcpy(wire + 7, data, 16);
	wire[23] = 0x80;
	assert_int_equal(raw_key_new(RAW_AES128, enc, &k, NULL), ERR_OK);
	assert_int_equal(raw_cbc_encrypt(k, iv, wire + 7, wire + 7, 32, NULL), ERR_OK);
	assert_int_equal(raw_key_new(RAW_AES128, zero, &e.mac, NULL), ERR_OK);
	assert_int_equal(ev2_send(&e, 0x3D, wire, 39, NULL, 0, HOST_MAC, HOST_MAC), 0);
	host_restart(&b->host, false);
	assert_int_equal(host_hex(&b->host, 0x5A, "010203"), 0);
	assert_int_equal(host_hex(&b->host, 0xBD, "00000000100000"), 0);
	assert_memory_equal(b->host.rx, data, 16);
	raw_key_free(&k);
	raw_key_free(&e.mac);
}

/* The command of table 7 with every other choice of eight bytes of the full CMAC is refused. */
static void
mac_truncated_otherwise_than_mac_truncation_is_refused(void **state)
{
	struct bench *b = *state;
	const struct vector *v = vectors_get(b->file, "mac-truncation");
	const struct vector *uid = vectors_get(b->file, "getcarduid-full");
	uint8_t full[16], right[8], wrong[3][8];

	vector_hex(v, "full_cmac", full, 16);
	vector_hex(v, "truncated", right, 8);
	memcpy(wrong[0], full, 8);
	memcpy(wrong[1], full + 8, 8);
	for (size_t i = 0; i < 8; i++)
		wrong[2][i] = full[2 * i];
	for (size_t i = 0; i < 3; i++) {
		put_session(b, uid, 0);
		assert_int_equal(host_frame(&b->host, 0x51, wrong[i], 8), 0x1E);
	}
	put_session(b, uid, 0);
	assert_int_equal(host_frame(&b->host, 0x51, right, 8), 0);
}

static void
file_settings_read_as_getfilesettings_light_std_and_value(void **state)
{
	struct bench *b = *state;

	assert_int_equal(host_hex(&b->host, 0xCD, "0003301F000100"), 0);
	assert_int_equal(host_hex(&b->host, 0xCC, "0303301200000000FFFFFF7F0000000003"), 0);
	replay_one(b, vectors_get(b->file, "getfilesettings-light-std"), "capdu.1", "rapdu.1");
	replay_one(b, vectors_get(b->file, "getfilesettings-light-value"), "capdu.1", "rapdu.1");
}

static void
application_is_selected_as_isoselect_light_dfname(void **state)
{
	struct bench *b = *state;

	assert_int_equal(host_hex(&b->host, 0x5A, "000000"), 0);
	assert_int_equal(
	    host_hex(&b->host, 0xCA, "1122330F8101DFA00000039656434103F015400000000B"), 0);
	replay_one(b, vectors_get(b->file, "isoselect-light-dfname"), "capdu.1", "rapdu.1");
}

/* The last three bytes of the hardware's part are the card's own size and protocol. */
static void
version_is(enum sim_kind kind, const char *name)
{
	struct vectors *file = vectors_load("getversion-atr.txt");
	const char *want = vector_str(vectors_get(file, "getversion-classify"), name);
	struct sim_card *card;
	struct sim_host h;
	unsigned type, major, minor;

	assert_int_equal(sim_desfire_new_kind(kind, NULL, NULL, &card, NULL), ERR_OK);
	host_start(&h, card, false);
	assert_int_equal(host_frame(&h, 0x60, NULL, 0), 0xAF);
	type = (unsigned)strtoul(want, NULL, 16);
	major = (unsigned)strtoul(want + 3, NULL, 16);
	minor = (unsigned)strtoul(want + 6, NULL, 16);
	assert_int_equal(h.rx[1], type);
	assert_int_equal(h.rx[3], major);
	assert_int_equal(h.rx[4], minor);
	assert_int_equal(h.rx[5], 0x1A);
	host_stop(&h);
	sim_card_free(&card);
	vectors_free(&file);
}

static void
each_kind_is_told_apart_by_getversion_classify(void **state)
{
	(void)state;
	version_is(SIM_DESFIRE_EV1, "DESFire EV1");
	version_is(SIM_DESFIRE_EV2, "DESFire EV2");
	version_is(SIM_DESFIRE_EV3, "DESFire EV3");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(first_authentication_answers_as_auth_first_table16),
		T(first_authentication_answers_as_auth_first_table7),
		T(first_authentication_answers_as_auth_first_table39),
		T(card_uid_comes_as_getcarduid_full_after_auth_first_table7),
		T(file_settings_change_as_changefilesettings_full),
		T(maced_write_by_the_iso_chaining_code_answers_as_writedata_mac),
		T(record_of_a_whole_block_is_written_as_writerecord_full_table32),
		T(value_is_read_and_credited_as_getvalue_and_credit_full),
		T(other_key_changes_as_changekey_other_table39),
		T(envelope_of_setconfiguration_value_option09_opens),
		T(data_enciphered_from_the_iv_of_iv_encode_1_is_understood),
		T(mac_truncated_otherwise_than_mac_truncation_is_refused),
		T(file_settings_read_as_getfilesettings_light_std_and_value),
		T(application_is_selected_as_isoselect_light_dfname),
		T(each_kind_is_told_apart_by_getversion_classify),
	};

	return cmocka_run_group_tests_name("software card EV2: published vectors", tests, NULL, NULL);
}
