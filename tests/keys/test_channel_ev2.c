/* keys/channel_ev2: NXP's published sessions of 71 replayed byte for byte (tests/vectors/desfire-ev2.txt). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "keys/channel_ev2.h"
#include "keys/crc.h"
#include "keys/replay.h"
#include "station/base/bytes.h"
#include "tests/support/vectors.h"

#define FRAME 256

static struct vectors *all;
static uint8_t next_random[16];

static enum err
fixed_random(uint8_t *out, size_t len)
{
	memcpy(out, next_random, len);
	return ERR_OK;
}

static enum err
no_random(uint8_t *out, size_t len)
{
	memset(out, 0, len);
	return ERR_IO;
}

static struct card_key *
key_of(const struct vector *v, const char *name)
{
	struct card_key *key;
	uint8_t bytes[16];

	assert_int_equal(vector_hex(v, name, bytes, sizeof(bytes)), 16);
	assert_int_equal(replay_card_key(RAW_AES128, bytes, &key, NULL), ERR_OK);
	return key;
}

/* The session a vector stands in, its counter where the vector's command begins. */
static struct channel_ev2 *
session_of(const struct vector *v)
{
	uint8_t enc[16] = {0}, mac[16] = {0}, ti[4];
	struct channel_ev2 *ch;

	if (vector_has(v, "k_ses_enc"))
		assert_int_equal(vector_hex(v, "k_ses_enc", enc, sizeof(enc)), 16);
	if (vector_has(v, "k_ses_mac"))
		assert_int_equal(vector_hex(v, "k_ses_mac", mac, sizeof(mac)), 16);
	assert_int_equal(vector_hex(v, "ti", ti, sizeof(ti)), 4);
	assert_int_equal(replay_session_ev2(enc, mac, ti,
	    (uint16_t)strtoul(vector_str(v, "cmd_ctr"), NULL, 10), &ch, NULL), ERR_OK);
	return ch;
}

/* --- authentication */

/* First answer and RndA of a vector give its token; the session that begins is left to the caller. */
static struct channel_ev2 *
authenticated(const struct vector *v)
{
	uint8_t got[CHANNEL_EV2_TOKEN_LEN], frame[FRAME];
	struct card_key *key = key_of(v, "key");
	struct channel_ev2 *ch;
	size_t len;

	assert_int_equal(vector_hex(v, "rnd_a", next_random, 16), 16);
	assert_true(vector_frame(v, "rapdu", 1, frame, sizeof(frame), &len));
	assert_int_equal(channel_ev2_begin(key, NULL, frame, len - 2, &ch, got, NULL), ERR_OK);
	assert_true(vector_frame(v, "capdu", 2, frame, sizeof(frame), &len));
	assert_int_equal(len, 5 + sizeof(got) + 1);
	assert_memory_equal(frame + 5, got, sizeof(got));
	assert_true(vector_frame(v, "rapdu", 2, frame, sizeof(frame), &len));
	assert_int_equal(channel_ev2_finish(ch, frame, len - 2, NULL), ERR_OK);
	card_key_close(&key);
	return ch;
}

/* Both sessions give the same MAC and the same cryptogram: they have the same keys, identifier and counter. */
static void
is_same_session(struct channel_ev2 *a, struct channel_ev2 *b)
{
	uint8_t mac_a[8], mac_b[8], data_a[32] = {1, 2, 3}, data_b[32] = {1, 2, 3};

	assert_int_equal(channel_ev2_mac(a, 0x51, data_a, 3, mac_a, NULL), ERR_OK);
	assert_int_equal(channel_ev2_mac(b, 0x51, data_b, 3, mac_b, NULL), ERR_OK);
	assert_memory_equal(mac_a, mac_b, sizeof(mac_a));
	assert_int_equal(channel_ev2_encrypt(a, data_a, sizeof(data_a), NULL), ERR_OK);
	assert_int_equal(channel_ev2_encrypt(b, data_b, sizeof(data_b), NULL), ERR_OK);
	assert_memory_equal(data_a, data_b, sizeof(data_a));
}

/*
 * Table 39 prints the key as 00..00; its bytes only verify with 0123456789..01, which the vector gives.
 */
static void
each_published_authentication_gives_its_session_keys(void **state)
{
	unsigned done = 0;

	(void)state;
	channel_set_random(fixed_random);
	for (size_t i = 0; i < vectors_count(all); i++) {
		const struct vector *v = vectors_at(all, i);
		uint8_t enc[16], mac[16], ti[4];
		struct channel_ev2 *ch, *published;

		if (strncmp(vector_name(v), "auth-first", 10) != 0)
			continue;
		ch = authenticated(v);
		(void)vector_hex(v, "k_ses_enc", enc, sizeof(enc));
		(void)vector_hex(v, "k_ses_mac", mac, sizeof(mac));
		(void)vector_hex(v, "ti", ti, sizeof(ti));
		assert_int_equal(replay_session_ev2(enc, mac, ti, 0, &published, NULL), ERR_OK);
		is_same_session(ch, published);
		channel_ev2_close(&ch);
		channel_ev2_close(&published);
		done++;
	}
	channel_set_random(NULL);
	assert_int_equal(done, 3);
}

/* Under the key as printed (00..00) the card of table 39 could not prove itself. */
static void
the_key_that_table_39_prints_is_not_the_one_it_used(void **state)
{
	const struct vector *v = vectors_get(all, "auth-first-table39");
	uint8_t frame[FRAME], token[CHANNEL_EV2_TOKEN_LEN];
	const uint8_t printed[16] = {0};
	struct channel_ev2 *ch;
	struct card_key *key;
	size_t len;

	(void)state;
	channel_set_random(fixed_random);
	(void)vector_hex(v, "rnd_a", next_random, 16);
	assert_int_equal(replay_card_key(RAW_AES128, printed, &key, NULL), ERR_OK);
	assert_true(vector_frame(v, "rapdu", 1, frame, sizeof(frame), &len));
	assert_int_equal(channel_ev2_begin(key, NULL, frame, len - 2, &ch, token, NULL), ERR_OK);
	assert_true(vector_frame(v, "rapdu", 2, frame, sizeof(frame), &len));
	assert_int_equal(channel_ev2_finish(ch, frame, len - 2, NULL), ERR_CARD_AUTH);
	channel_ev2_close(&ch);
	card_key_close(&key);
	channel_set_random(NULL);
}

/* What a card says to 77: RndB and RndA' under the key, each from a zero IV. */
static void
a_second_authentication_keeps_identifier_and_counter(void **state)
{
	const struct vector *v = vectors_get(all, "auth-first-table7");
	uint8_t enc_rndb[16], proof[16], token[CHANNEL_EV2_TOKEN_LEN], plain[32], iv[16] = {0};
	uint8_t bytes[16], ti[4], mac[8], data[4 + 16];
	struct card_key *key = key_of(v, "key");
	struct channel_ev2 *first, *second, *alone;
	struct raw_key *raw;

	(void)state;
	channel_set_random(fixed_random);
	first = authenticated(v);
	assert_int_equal(channel_ev2_count(first, NULL), ERR_OK);
	(void)vector_hex(v, "key", bytes, sizeof(bytes));
	(void)vector_hex(v, "ti", ti, sizeof(ti));
	assert_int_equal(raw_key_new(RAW_AES128, bytes, &raw, NULL), ERR_OK);
	assert_true(vector_frame(v, "rapdu", 1, plain, sizeof(plain), &(size_t){0}));
	memcpy(enc_rndb, plain, sizeof(enc_rndb));
	assert_int_equal(channel_ev2_begin(key, first, enc_rndb, 16, &second, token, NULL), ERR_OK);
	assert_int_equal(raw_cbc_decrypt(raw, iv, token, plain, sizeof(plain), NULL), ERR_OK);
	assert_memory_equal(plain, next_random, 16);
	memmove(data, plain + 1, 15);
	data[15] = plain[0];
	memset(iv, 0, sizeof(iv));
	assert_int_equal(raw_cbc_encrypt(raw, iv, data, proof, 16, NULL), ERR_OK);
	assert_int_equal(channel_ev2_finish(second, proof, 16, NULL), ERR_OK);

	/* The same numbers under the same key give the vector's keys; counter 1 is left from before. */
	(void)vector_hex(v, "k_ses_enc", plain, 16);
	(void)vector_hex(v, "k_ses_mac", plain + 16, 16);
	assert_int_equal(replay_session_ev2(plain, plain + 16, ti, 1, &alone, NULL), ERR_OK);
	is_same_session(second, alone);
	assert_int_equal(channel_ev2_mac(second, 0x51, NULL, 0, mac, NULL), ERR_OK);
	raw_key_free(&raw);
	channel_ev2_close(&first);
	channel_ev2_close(&second);
	channel_ev2_close(&alone);
	card_key_close(&key);
	channel_set_random(NULL);
}

/* --- the session */

/*
 * Every command of the file: mac_input without INS, counter and TI is header and data as sent, and
 * the MAC is the C-APDU's end; the answer's MAC is the R-APDU's end under the next counter. Table 11
 * prints CLA 00 where 90 is meant: the CLA stands in no MAC.
 */
static void
every_published_command_has_its_macs(void **state)
{
	unsigned done = 0;

	(void)state;
	for (size_t i = 0; i < vectors_count(all); i++) {
		const struct vector *v = vectors_at(all, i);
		uint8_t input[FRAME], capdu[FRAME], rapdu[FRAME], mac[8];
		size_t len, sent, got;
		struct channel_ev2 *ch;

		if (!vector_has(v, "mac_input"))
			continue;
		ch = session_of(v);
		len = vector_hex(v, "mac_input", input, sizeof(input));
		sent = vector_hex(v, "capdu", capdu, sizeof(capdu));
		got = vector_hex(v, "rapdu", rapdu, sizeof(rapdu));
		assert_int_equal(channel_ev2_mac(ch, input[0], input + 7, len - 7, mac, NULL), ERR_OK);
		assert_int_equal(capdu[0], 0x90);
		assert_int_equal(sent, 5 + len - 7 + 8 + 1);
		assert_memory_equal(capdu + 5, input + 7, len - 7);
		assert_memory_equal(capdu + sent - 1 - 8, mac, 8);
		assert_int_equal(channel_ev2_count(ch, NULL), ERR_OK);
		assert_int_equal(channel_ev2_check(ch, 0x00, rapdu, got - 2 - 8, rapdu + got - 2 - 8,
		    NULL), ERR_OK);
		channel_ev2_close(&ch);
		done++;
	}
	assert_int_equal(done, 9);
}

static void
padded(uint8_t *data, size_t len, size_t *out)
{
	data[len] = 0x80;
	*out = (len / 16 + 1) * 16;
	memset(data + len + 1, 0, *out - len - 1);
}

/* A whole block of padding follows data that end with a block (table 32). */
static void
every_published_cryptogram_comes_out(void **state)
{
	unsigned done = 0;

	(void)state;
	for (size_t i = 0; i < vectors_count(all); i++) {
		const struct vector *v = vectors_at(all, i);
		uint8_t plain[FRAME], capdu[FRAME];
		struct channel_ev2 *ch;
		size_t len, sent;

		if (!vector_has(v, "plain_data"))
			continue;
		ch = session_of(v);
		padded(plain, vector_hex(v, "plain_data", plain, sizeof(plain)), &len);
		sent = vector_hex(v, "capdu", capdu, sizeof(capdu));
		assert_int_equal(channel_ev2_encrypt(ch, plain, len, NULL), ERR_OK);
		assert_memory_equal(capdu + sent - 1 - 8 - len, plain, len);
		channel_ev2_close(&ch);
		done++;
	}
	assert_int_equal(done, 5);
}

static void
every_published_enciphered_answer_opens(void **state)
{
	unsigned done = 0;

	(void)state;
	for (size_t i = 0; i < vectors_count(all); i++) {
		const struct vector *v = vectors_at(all, i);
		uint8_t rapdu[FRAME], plain[FRAME];
		struct channel_ev2 *ch;
		size_t got, len;

		if (!vector_has(v, "plain_response"))
			continue;
		ch = session_of(v);
		got = vector_hex(v, "rapdu", rapdu, sizeof(rapdu)) - 2 - 8;
		padded(plain, vector_hex(v, "plain_response", plain, sizeof(plain)), &len);
		assert_int_equal(got, len);
		assert_int_equal(channel_ev2_count(ch, NULL), ERR_OK);
		assert_int_equal(channel_ev2_decrypt(ch, rapdu, got, NULL), ERR_OK);
		assert_memory_equal(rapdu, plain, len);
		channel_ev2_close(&ch);
		done++;
	}
	assert_int_equal(done, 2);
}

/* A block of zeros goes out as the IV enciphered once more: so its vector can be seen from outside. */
static void
the_published_initial_vector_comes_out(void **state)
{
	const struct vector *v = vectors_get(all, "iv-encode-1");
	uint8_t key[16], iv[16], zero[16] = {0}, expected[16], got[16] = {0};
	struct channel_ev2 *ch = session_of(v);
	struct raw_key *raw;

	(void)state;
	(void)vector_hex(v, "k_ses_enc", key, sizeof(key));
	(void)vector_hex(v, "iv_command", iv, sizeof(iv));
	assert_int_equal(raw_key_new(RAW_AES128, key, &raw, NULL), ERR_OK);
	assert_int_equal(raw_cbc_encrypt(raw, iv, zero, expected, 16, NULL), ERR_OK);
	assert_int_equal(channel_ev2_encrypt(ch, got, 16, NULL), ERR_OK);
	assert_memory_equal(got, expected, 16);
	raw_key_free(&raw);
	channel_ev2_close(&ch);
}

/* NXP counts bytes from the right and calls those kept even; from the left they are the odd ones. */
static void
a_mac_is_every_second_byte_of_the_cmac(void **state)
{
	const struct vector *v = vectors_get(all, "mac-truncation");
	struct channel_ev2 *ch = session_of(vectors_get(all, "getcarduid-full"));
	uint8_t full[16], shorter[8], mac[8];

	(void)state;
	(void)vector_hex(v, "full_cmac", full, sizeof(full));
	(void)vector_hex(v, "truncated", shorter, sizeof(shorter));
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(shorter[i], full[2 * i + 1]);
	assert_int_equal(channel_ev2_mac(ch, 0x51, NULL, 0, mac, NULL), ERR_OK);
	assert_memory_equal(mac, shorter, sizeof(mac));
	channel_ev2_close(&ch);
}

/* --- ChangeKey */

static void
the_published_change_key_comes_out(void **state)
{
	const struct vector *v = vectors_get(all, "changekey-other-table39");
	struct card_key *fresh = key_of(v, "new_key"), *old = key_of(v, "old_key");
	uint8_t capdu[FRAME], got[CHANNEL_EV2_TOKEN_LEN], plain[FRAME];
	struct channel_ev2 *ch = session_of(v);

	(void)state;
	(void)vector_hex(v, "capdu", capdu, sizeof(capdu));
	(void)vector_hex(v, "plain_data", plain, sizeof(plain));
	assert_int_equal(channel_ev2_change_key(ch, fresh, plain[16], old, got, NULL), ERR_OK);
	assert_memory_equal(capdu + 6, got, sizeof(got));
	channel_ev2_close(&ch);
	card_key_close(&fresh);
	card_key_close(&old);
}

static void
the_own_key_goes_without_a_check_sum(void **state)
{
	const struct vector *v = vectors_get(all, "changekey-other-table39");
	struct card_key *fresh = key_of(v, "new_key");
	struct channel_ev2 *ch = session_of(v);
	uint8_t got[CHANNEL_EV2_TOKEN_LEN], expected[CHANNEL_EV2_TOKEN_LEN] = {0};

	(void)state;
	(void)vector_hex(v, "new_key", expected, 16);
	expected[16] = 7;
	expected[17] = 0x80;
	assert_int_equal(channel_ev2_encrypt(ch, expected, sizeof(expected), NULL), ERR_OK);
	assert_int_equal(channel_ev2_change_key(ch, fresh, 7, NULL, got, NULL), ERR_OK);
	assert_memory_equal(got, expected, sizeof(got));
	channel_ev2_close(&ch);
	card_key_close(&fresh);
}

/* --- what must not work */

static void
a_wrong_mac_kills_the_session(void **state)
{
	struct channel_ev2 *ch = session_of(vectors_get(all, "writedata-mac"));
	uint8_t mac[8] = {0}, data[16] = {0};

	(void)state;
	assert_int_equal(channel_ev2_check(ch, 0, NULL, 0, mac, NULL), ERR_CARD_MAC);
	assert_int_equal(channel_ev2_mac(ch, 0x51, NULL, 0, mac, NULL), ERR_CARD_MAC);
	assert_int_equal(channel_ev2_encrypt(ch, data, 16, NULL), ERR_CARD_MAC);
	assert_int_equal(channel_ev2_count(ch, NULL), ERR_CARD_MAC);
	channel_ev2_close(&ch);
}

/* An answer kept back and given to the next command stands under another counter. */
static void
an_answer_serves_one_command_only(void **state)
{
	const struct vector *v = vectors_get(all, "writedata-mac");
	struct channel_ev2 *ch = session_of(v);
	uint8_t rapdu[FRAME];

	(void)state;
	(void)vector_hex(v, "rapdu", rapdu, sizeof(rapdu));
	assert_int_equal(channel_ev2_count(ch, NULL), ERR_OK);
	assert_int_equal(channel_ev2_check(ch, 0, rapdu, 0, rapdu, NULL), ERR_OK);
	assert_int_equal(channel_ev2_count(ch, NULL), ERR_OK);
	assert_int_equal(channel_ev2_check(ch, 0, rapdu, 0, rapdu, NULL), ERR_CARD_MAC);
	channel_ev2_close(&ch);
}

static void
a_counter_never_begins_again(void **state)
{
	const uint8_t key[16] = {1}, ti[4] = {2};
	struct channel_ev2 *ch;
	uint8_t mac[8];

	(void)state;
	assert_int_equal(replay_session_ev2(key, key, ti, 0xFFFE, &ch, NULL), ERR_OK);
	assert_int_equal(channel_ev2_count(ch, NULL), ERR_OK);
	assert_int_equal(channel_ev2_mac(ch, 0x51, NULL, 0, mac, NULL), ERR_OK);
	assert_int_equal(channel_ev2_count(ch, NULL), ERR_CARD_MAC);
	assert_int_equal(channel_ev2_mac(ch, 0x51, NULL, 0, mac, NULL), ERR_CARD_MAC);
	channel_ev2_close(&ch);
}

static void
lengths_and_keys_that_cannot_be_are_refused(void **state)
{
	const uint8_t bytes[16] = {0}, enc[16] = {0};
	uint8_t token[CHANNEL_EV2_TOKEN_LEN], big[CHANNEL_EV2_MESSAGE_CAP + 1] = {0}, mac[8];
	struct channel_ev2 *ch = session_of(vectors_get(all, "writedata-mac")), *other;
	struct card_key *aes, *des;

	(void)state;
	assert_int_equal(replay_card_key(RAW_AES128, bytes, &aes, NULL), ERR_OK);
	assert_int_equal(replay_card_key(RAW_DES, bytes, &des, NULL), ERR_OK);
	assert_int_equal(channel_ev2_mac(ch, 0x8D, big, sizeof(big), mac, NULL), ERR_LEN);
	assert_int_equal(channel_ev2_mac(ch, 0x8D, big, sizeof(big) - 1, mac, NULL), ERR_OK);
	assert_int_equal(channel_ev2_encrypt(ch, big, 15, NULL), ERR_LEN);
	assert_int_equal(channel_ev2_change_key(ch, des, 0, NULL, token, NULL), ERR_ARG);
	assert_int_equal(channel_ev2_change_key(ch, aes, 0, des, token, NULL), ERR_ARG);
	assert_int_equal(channel_ev2_begin(aes, NULL, enc, 8, &other, token, NULL), ERR_LEN);
	assert_null(other);
	assert_int_equal(channel_ev2_begin(des, NULL, enc, 16, &other, token, NULL), ERR_ARG);
	assert_int_equal(channel_ev2_begin(aes, NULL, enc, 16, &other, token, NULL), ERR_OK);
	assert_int_equal(channel_ev2_mac(other, 0x51, NULL, 0, mac, NULL), ERR_CARD_MAC);
	assert_int_equal(channel_ev2_finish(other, big, 16, NULL), ERR_LEN);
	assert_int_equal(channel_ev2_finish(other, big, 32, NULL), ERR_CARD_AUTH);
	channel_ev2_close(&other);
	channel_ev2_close(&ch);
	card_key_close(&aes);
	card_key_close(&des);
}

static void
without_random_numbers_there_is_no_channel(void **state)
{
	const uint8_t bytes[16] = {0};
	uint8_t token[CHANNEL_EV2_TOKEN_LEN];
	struct channel_ev2 *ch;
	struct card_key *key;

	(void)state;
	assert_int_equal(replay_card_key(RAW_AES128, bytes, &key, NULL), ERR_OK);
	channel_set_random(no_random);
	assert_int_equal(channel_ev2_begin(key, NULL, bytes, 16, &ch, token, NULL), ERR_RANDOM);
	assert_null(ch);
	channel_set_random(NULL);
	card_key_close(&key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_published_authentication_gives_its_session_keys),
		cmocka_unit_test(the_key_that_table_39_prints_is_not_the_one_it_used),
		cmocka_unit_test(a_second_authentication_keeps_identifier_and_counter),
		cmocka_unit_test(every_published_command_has_its_macs),
		cmocka_unit_test(every_published_cryptogram_comes_out),
		cmocka_unit_test(every_published_enciphered_answer_opens),
		cmocka_unit_test(the_published_initial_vector_comes_out),
		cmocka_unit_test(a_mac_is_every_second_byte_of_the_cmac),
		cmocka_unit_test(the_published_change_key_comes_out),
		cmocka_unit_test(the_own_key_goes_without_a_check_sum),
		cmocka_unit_test(a_wrong_mac_kills_the_session),
		cmocka_unit_test(an_answer_serves_one_command_only),
		cmocka_unit_test(a_counter_never_begins_again),
		cmocka_unit_test(lengths_and_keys_that_cannot_be_are_refused),
		cmocka_unit_test(without_random_numbers_there_is_no_channel),
	};
	int failed;

	all = vectors_load("desfire-ev2.txt");
	failed = cmocka_run_group_tests_name("channel ev2", tests, NULL, NULL);
	vectors_free(&all);
	return failed;
}
