/* secure/ev1 against tests/vectors/desfire-ev1.txt: each session byte for byte, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cardapps/secure/ev1.h"
#include "keys/raw.h"
#include "keys/replay.h"
#include "tests/support/replay_reader.h"
#include "tests/support/vectors.h"

static struct vectors *all;
static uint8_t rnd_a[16];

static enum err
the_traced_number(uint8_t *out, size_t len)
{
	memcpy(out, rnd_a, len);
	return ERR_OK;
}

/* One traced session: its reader, its key, its wire. */
struct bench {
	const struct vector *v;
	struct ev1 wire;
	struct card_key *key;
	uint8_t key_bytes[24];
	enum raw_alg alg;
	struct why why;
};

static void
bench_open(struct bench *b, const char *vector, enum raw_alg alg)
{
	memset(b, 0, sizeof(*b));
	b->v = vectors_get(all, vector);
	b->alg = alg;
	b->wire.reader = replay_reader_open();
	channel_set_random(the_traced_number);
	if (vector_has(b->v, "rnd_a"))
		(void)vector_hex(b->v, "rnd_a", rnd_a, sizeof(rnd_a));
	if (vector_has(b->v, "key")) {
		(void)vector_hex(b->v, "key", b->key_bytes, sizeof(b->key_bytes));
		assert_int_equal(replay_card_key(alg, b->key_bytes, &b->key, &b->why), ERR_OK);
	}
}

static void
bench_close(struct bench *b)
{
	ev1_forget(&b->wire);
	card_key_close(&b->key);
	reader_close(&b->wire.reader);
	channel_set_random(NULL);
}

/* Native frames tx.N / rx.N of the vector, wrapped. */
static void
play_native(struct bench *b)
{
	uint8_t tx[80], rx[80];
	size_t tx_len, rx_len;

	for (unsigned n = 1; vector_frame(b->v, "tx", n, tx, sizeof(tx), &tx_len); n++) {
		assert_true(vector_frame(b->v, "rx", n, rx, sizeof(rx), &rx_len));
		replay_reader_add_native(b->wire.reader, tx, tx_len, rx, rx_len);
	}
}

/* The sessions begin with the second frame of the authentication; the first follows from key and RndB. */
static void
play_first_frame(struct bench *b, enum df_ins ins, uint8_t key_no)
{
	uint8_t capdu[7] = {0x90, (uint8_t)ins, 0, 0, 1, key_no, 0};
	uint8_t rapdu[18], iv[16] = {0};
	struct raw_key *k;
	size_t n = vector_hex(b->v, "rnd_b", rapdu, 16);

	assert_int_equal(raw_key_new(b->alg, b->key_bytes, &k, &b->why), ERR_OK);
	assert_int_equal(raw_cbc_encrypt(k, iv, rapdu, rapdu, n, &b->why), ERR_OK);
	raw_key_free(&k);
	rapdu[n] = 0x91;
	rapdu[n + 1] = 0xAF;
	replay_reader_add(b->wire.reader, capdu, sizeof(capdu), rapdu, n + 2);
}

static void
play_wrapped(struct bench *b)
{
	uint8_t capdu[80], rapdu[80];
	size_t capdu_len, rapdu_len;

	for (unsigned n = 1; vector_frame(b->v, "capdu", n, capdu, sizeof(capdu), &capdu_len); n++) {
		assert_true(vector_frame(b->v, "rapdu", n, rapdu, sizeof(rapdu), &rapdu_len));
		replay_reader_add(b->wire.reader, capdu, capdu_len, rapdu, rapdu_len);
	}
}

static void
session_open(struct bench *b, const char *vector, enum raw_alg alg, enum df_ins ins,
    uint8_t key_no)
{
	bench_open(b, vector, alg);
	play_first_frame(b, ins, key_no);
	play_wrapped(b);
	assert_int_equal(ev1_authenticate(&b->wire, ins, key_no, b->key, &b->why), ERR_OK);
}

static void
does(struct bench *b, enum df_ins ins, enum ev1_mode mode, const void *data, size_t len)
{
	assert_int_equal(ev1_command(&b->wire, ins, mode, data, len, &b->why), ERR_OK);
}

#define DOES(b, ins, mode, ...) \
	does(b, ins, mode, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void
answers(struct bench *b, const void *data, size_t len)
{
	assert_int_equal(b->wire.answer_len, len);
	assert_memory_equal(b->wire.answer, data, len);
}

#define ANSWERS(b, ...) \
	answers(b, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* --- authentication */

static void
authenticates(const char *vector, enum raw_alg alg, enum df_ins ins)
{
	struct bench b;

	bench_open(&b, vector, alg);
	play_native(&b);
	assert_int_equal(ev1_authenticate(&b.wire, ins, 0, b.key, &b.why), ERR_OK);
	assert_non_null(b.wire.session);
	bench_close(&b);
}

static void
aes_authentication_follows_the_trace(void **state)
{
	(void)state;
	authenticates("auth-aes-zero-key", RAW_AES128, DF_AUTHENTICATE_AES);
}

static void
iso_authentication_with_two_keys_follows_the_trace(void **state)
{
	(void)state;
	authenticates("auth-iso-2k3des", RAW_2TDEA, DF_AUTHENTICATE_ISO);
}

static void
iso_authentication_of_a_factory_card_follows_the_trace(void **state)
{
	(void)state;
	authenticates("auth-iso-des-zero", RAW_DES, DF_AUTHENTICATE_ISO);
}

/* --- ChangeKey */

static void
changes_a_key(const char *vector, enum raw_alg alg, enum raw_alg fresh_alg, bool own)
{
	struct bench b;
	struct card_key *fresh, *old = NULL;
	uint8_t bytes[24], no, version = 0;

	bench_open(&b, vector, alg);
	play_native(&b);
	(void)vector_hex(b.v, "key_no", &no, 1);
	if (vector_has(b.v, "new_version"))
		(void)vector_hex(b.v, "new_version", &version, 1);
	(void)vector_hex(b.v, "session_key", bytes, sizeof(bytes));
	assert_int_equal(replay_session(alg, bytes, &b.wire.session, &b.why), ERR_OK);
	(void)vector_hex(b.v, "new_key", bytes, sizeof(bytes));
	assert_int_equal(replay_card_key(fresh_alg, bytes, &fresh, &b.why), ERR_OK);
	if (!own) {
		(void)vector_hex(b.v, "old_key", bytes, sizeof(bytes));
		assert_int_equal(replay_card_key(fresh_alg, bytes, &old, &b.why), ERR_OK);
	}
	assert_int_equal(ev1_change_key(&b.wire, no, fresh, version, old, &b.why), ERR_OK);
	assert_true((b.wire.session == NULL) == own);
	card_key_close(&fresh);
	card_key_close(&old);
	bench_close(&b);
}

static void
changing_the_own_key_ends_the_session(void **state)
{
	(void)state;
	changes_a_key("changekey-aes-same", RAW_AES128, RAW_AES128, true);
}

static void
changing_another_key_is_confirmed_by_a_cmac(void **state)
{
	(void)state;
	changes_a_key("changekey-aes-other", RAW_AES128, RAW_AES128, false);
}

static void
a_des_session_changes_its_key_to_two_keys(void **state)
{
	(void)state;
	changes_a_key("changekey-2k3des-same", RAW_DES, RAW_2TDEA, true);
}

/* --- whole sessions */

static void
a_plain_file_runs_the_iv_through_every_command(void **state)
{
	uint8_t data[7 + 80] = {5, 0, 0, 0, 0x34, 0, 0};
	uint8_t file[80];
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)i;
	bench_open(&b, "trace-aes-stdfile-plain", RAW_AES128);
	play_native(&b);
	b.wire.frame = EV1_FRAME_MAX;
	assert_int_equal(ev1_authenticate(&b.wire, DF_AUTHENTICATE_AES, 1, b.key, &b.why), ERR_OK);
	DOES(&b, DF_CREATE_STD_DATA_FILE, EV1_PLAIN, 5, 0, 0x11, 0, 0x50, 0, 0);
	does(&b, DF_GET_FILE_IDS, EV1_PLAIN, NULL, 0);
	ANSWERS(&b, 5);
	DOES(&b, DF_GET_FILE_SETTINGS, EV1_PLAIN, 5);
	ANSWERS(&b, 0, 0, 0x11, 0, 0x50, 0, 0);
	memcpy(data + 7, file, 52);
	does(&b, DF_WRITE_DATA, EV1_PLAIN, data, 7 + 52);
	memcpy(data, (const uint8_t[]){5, 0x34, 0, 0, 0x1C, 0, 0}, 7);
	memcpy(data + 7, file + 52, 28);
	does(&b, DF_WRITE_DATA, EV1_PLAIN, data, 7 + 28);
	DOES(&b, DF_READ_DATA, EV1_PLAIN, 5, 0, 0, 0, 0x30, 0, 0);
	answers(&b, file, 0x30);
	DOES(&b, DF_READ_DATA, EV1_PLAIN, 5, 0x30, 0, 0, 0x20, 0, 0);
	answers(&b, file + 0x30, 0x20);
	DOES(&b, DF_DELETE_FILE, EV1_PLAIN, 5);
	bench_close(&b);
}

static void
key_settings_go_enciphered_and_come_back_maced(void **state)
{
	struct bench b;

	(void)state;
	session_open(&b, "session-aes-changekeysettings", RAW_AES128, DF_AUTHENTICATE_AES, 0);
	DOES(&b, DF_CHANGE_KEY_SETTINGS, EV1_PLAIN, 0x5F);
	does(&b, DF_GET_KEY_SETTINGS, EV1_PLAIN, NULL, 0);
	ANSWERS(&b, 0x5F, 0x86);
	bench_close(&b);
}

/* Key 1 had been given to the application before; the others are as new. */
static const char *const keys_of_others[][2] = {
	{"App.B Key #1.   ", "Another AES key!"},
	{"App.B Key #2..  ", NULL},
	{"App.B Key #3... ", NULL},
	{"App.B Key #4....", NULL},
};

static void
a_change_key_changes_the_others(void **state)
{
	static const uint8_t zero[16];
	struct card_key *old, *fresh;
	struct bench b;

	(void)state;
	session_open(&b, "session-aes-changekey-others", RAW_AES128, DF_AUTHENTICATE_AES, 5);
	for (uint8_t no = 1; no <= 4; no++) {
		const char *const *k = keys_of_others[no - 1];

		assert_int_equal(replay_card_key(RAW_AES128,
		    k[1] == NULL ? zero : (const uint8_t *)k[1], &old, &b.why), ERR_OK);
		assert_int_equal(replay_card_key(RAW_AES128, (const uint8_t *)k[0], &fresh, &b.why),
		    ERR_OK);
		assert_int_equal(ev1_change_key(&b.wire, no, fresh, 0, old, &b.why), ERR_OK);
		card_key_close(&fresh);
		card_key_close(&old);
	}
	DOES(&b, DF_CREATE_STD_DATA_FILE, EV1_PLAIN, 0x0E, 0, 0x34, 0x12, 0x64, 0, 0);
	DOES(&b, DF_CREATE_VALUE_FILE, EV1_PLAIN, 4, 0, 0x24, 0x13, 0x4F, 0x97, 0x21, 0xC5, 0x18,
	    0xFC, 0xFF, 0xFF, 0xC0, 0xBD, 0xF0, 0xFF, 1);
	DOES(&b, DF_CREATE_LINEAR_RECORD_FILE, EV1_PLAIN, 1, 0, 0x24, 0x13, 0x19, 0, 0, 4, 0, 0);
	bench_close(&b);
}

/* What libfreefare's own test writes in each of its rounds: 1 MACed, 2 enciphered. */
static void
writes_file_14(struct bench *b, enum ev1_mode mode, uint8_t round)
{
	uint8_t data[7 + 100] = {0x0E, 0, 0, 0, 100, 0, 0};

	for (size_t i = 0; i < 100; i++)
		data[7 + i] = (uint8_t)(i + round);
	DOES(b, DF_GET_FILE_SETTINGS, EV1_PLAIN, 0x0E);
	ANSWERS(b, 0, (uint8_t)mode, 0x34, 0x12, 0x64, 0, 0);
	does(b, DF_WRITE_DATA, mode, data, sizeof(data));
	DOES(b, DF_GET_FILE_SETTINGS, EV1_PLAIN, 0x0E);
	memcpy(data, (const uint8_t[]){0x0E, 5, 0, 0, 14, 0, 0}, 7);
	memcpy(data + 7, "Transaction #", 13);
	data[7 + 13] = (uint8_t)('0' + round);
	does(b, DF_WRITE_DATA, mode, data, 7 + 14);
}

static void
writes_a_record(struct bench *b, enum ev1_mode mode, uint8_t round)
{
	uint8_t data[7 + 25] = {1, 0, 0, 0, 25, 0, 0};

	memcpy(data + 7, "0123456789012345678901234", 25);
	DOES(b, DF_GET_FILE_SETTINGS, EV1_PLAIN, 1);
	does(b, DF_WRITE_RECORD, mode, data, sizeof(data));
	DOES(b, DF_GET_FILE_SETTINGS, EV1_PLAIN, 1);
	ANSWERS(b, 3, (uint8_t)mode, 0x24, 0x13, 0x19, 0, 0, 4, 0, 0, 1, 0, 0);
	memcpy(data, (const uint8_t[]){1, 5, 0, 0, 14, 0, 0}, 7);
	memcpy(data + 7, "Transaction #", 13);
	data[7 + 13] = (uint8_t)('0' + round);
	does(b, DF_WRITE_RECORD, mode, data, 7 + 14);
}

static void
maced_files_carry_a_cmac_each_way(void **state)
{
	uint8_t data[7 + 18] = {1, 0, 0, 0, 18, 0, 0};
	struct bench b;

	(void)state;
	session_open(&b, "session-aes-maced-write", RAW_AES128, DF_AUTHENTICATE_AES, 2);
	writes_file_14(&b, EV1_MACED, 1);
	writes_a_record(&b, EV1_MACED, 1);
	DOES(&b, DF_CLEAR_RECORD_FILE, EV1_PLAIN, 1);
	DOES(&b, DF_GET_FILE_SETTINGS, EV1_PLAIN, 1);
	memcpy(data + 7, "Test invalid write", 18);
	assert_int_equal(ev1_command(&b.wire, DF_WRITE_RECORD, EV1_MACED, data, sizeof(data),
	    &b.why), ERR_CARD_SW);
	assert_int_equal(b.wire.status, DF_PERMISSION_DENIED);
	assert_null(b.wire.session);
	bench_close(&b);
}

static void
moves_value(struct bench *b, enum df_ins ins, int32_t steps)
{
	uint32_t u = (uint32_t)steps;

	DOES(b, DF_GET_FILE_SETTINGS, EV1_PLAIN, 4);
	DOES(b, ins, EV1_ENCIPHERED, 4, (uint8_t)u, (uint8_t)(u >> 8), (uint8_t)(u >> 16),
	    (uint8_t)(u >> 24));
}

static void
enciphered_session(const char *vector, enum raw_alg alg, enum df_ins ins)
{
	struct bench b;

	session_open(&b, vector, alg, ins, 2);
	writes_file_14(&b, EV1_ENCIPHERED, 2);
	writes_a_record(&b, EV1_ENCIPHERED, 2);
	writes_a_record(&b, EV1_ENCIPHERED, 2);
	moves_value(&b, DF_DEBIT, 1300);
	moves_value(&b, DF_CREDIT, 20);
	moves_value(&b, DF_DEBIT, 1700);
	does(&b, DF_COMMIT_TRANSACTION, EV1_PLAIN, NULL, 0);
	moves_value(&b, DF_LIMITED_CREDIT, 3000);
	does(&b, DF_COMMIT_TRANSACTION, EV1_PLAIN, NULL, 0);
	bench_close(&b);
}

static void
enciphered_files_hide_data_and_check_sum(void **state)
{
	(void)state;
	enciphered_session("session-aes-enciphered-write", RAW_AES128, DF_AUTHENTICATE_AES);
}

static void
the_same_code_speaks_blocks_of_eight(void **state)
{
	(void)state;
	enciphered_session("session-2k3des-write", RAW_2TDEA, DF_AUTHENTICATE_ISO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aes_authentication_follows_the_trace),
		cmocka_unit_test(iso_authentication_with_two_keys_follows_the_trace),
		cmocka_unit_test(iso_authentication_of_a_factory_card_follows_the_trace),
		cmocka_unit_test(changing_the_own_key_ends_the_session),
		cmocka_unit_test(changing_another_key_is_confirmed_by_a_cmac),
		cmocka_unit_test(a_des_session_changes_its_key_to_two_keys),
		cmocka_unit_test(a_plain_file_runs_the_iv_through_every_command),
		cmocka_unit_test(key_settings_go_enciphered_and_come_back_maced),
		cmocka_unit_test(a_change_key_changes_the_others),
		cmocka_unit_test(maced_files_carry_a_cmac_each_way),
		cmocka_unit_test(enciphered_files_hide_data_and_check_sum),
		cmocka_unit_test(the_same_code_speaks_blocks_of_eight),
	};
	int failed;

	all = vectors_load("desfire-ev1.txt");
	failed = cmocka_run_group_tests_name("secure/ev1", tests, NULL, NULL);
	vectors_free(&all);
	return failed;
}
