/*
 * The software card's legacy sessions (0x0A), where the host only ever deciphers. One
 * command is held to a real card in test_sim_vectors.c; here files and keys follow the same rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "keys/crc.h"
#include "station/base/bytes.h"
#include "tests/support/sim_host.h"

static const uint8_t zero[24];
static const uint8_t digits[10] = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9'};

/*
 * A DES application of two keys with a MACed and an enciphered file, in a legacy session of key 0.
 */
struct legacy {
	struct sim_host h;
	struct raw_key *session;
};

static void
cbc(struct raw_key *key, bool encrypt, uint8_t *data, size_t len)
{
	uint8_t iv[8] = {0};

	if (encrypt)
		assert_int_equal(raw_cbc_encrypt(key, iv, data, data, len, NULL), ERR_OK);
	else
		assert_int_equal(raw_cbc_decrypt(key, iv, data, data, len, NULL), ERR_OK);
}

/* What the host sends: each block deciphered after the block sent before was added. */
static void
decipher_chain(struct raw_key *key, uint8_t *data, size_t len)
{
	for (size_t at = 0; at < len; at += 8) {
		for (size_t i = 0; at > 0 && i < 8; i++)
			data[at + i] ^= data[at - 8 + i];
		cbc(key, false, data + at, 8);
	}
}

static unsigned
authenticate(struct legacy *l, uint8_t no, const uint8_t *key16)
{
	struct raw_key *key = NULL;
	uint8_t token[16], session[16];
	bool des = memcmp(key16, key16 + 8, 8) == 0;
	enum raw_alg alg = des ? RAW_DES : RAW_2TDEA;
	unsigned st = host_frame(&l->h, 0x0A, &no, 1);

	if (st != 0xAF)
		return st;
	assert_int_equal(raw_key_new(alg, key16, &key, NULL), ERR_OK);
	cbc(key, false, l->h.rx, 8);
	memcpy(token, l->h.rnd_a, 8);
	memcpy(token + 8, l->h.rx + 1, 7);
	token[15] = l->h.rx[0];
	decipher_chain(key, token, 16);
	st = host_frame(&l->h, 0xAF, token, 16);
	raw_key_free(&key);
	raw_key_free(&l->session);
	memcpy(session, l->h.rnd_a, 4);
	memcpy(session + 4, l->h.rnd_b, 4);
	memcpy(session + 8, l->h.rnd_a + 4, 4);
	memcpy(session + 12, l->h.rnd_b + 4, 4);
	assert_int_equal(raw_key_new(alg, session, &l->session, NULL), ERR_OK);
	return st;
}

static int
set_up(void **state)
{
	static struct legacy l;
	struct sim_card *card;

	l.session = NULL;
	assert_int_equal(sim_desfire_new(NULL, NULL, &card, NULL), ERR_OK);
	host_start(&l.h, card, true);
	assert_int_equal(host_hex(&l.h, 0xCA, "1122330F02"), 0);
	assert_int_equal(host_hex(&l.h, 0x5A, "112233"), 0);
	assert_int_equal(host_hex(&l.h, 0xCD, "01010000200000"), 0);
	assert_int_equal(host_hex(&l.h, 0xCD, "02030000200000"), 0);
	assert_int_equal(authenticate(&l, 0, zero), 0);
	*state = &l;
	return 0;
}

static int
tear_down(void **state)
{
	struct legacy *l = *state;

	raw_key_free(&l->session);
	host_stop(&l->h);
	sim_card_free(&l->h.card);
	return 0;
}

static void
maced_file_carries_four_bytes_over_the_data_alone(void **state)
{
	struct legacy *l = *state;
	uint8_t msg[7 + 10 + 4] = {1, 0, 0, 0, 10, 0, 0}, chain[16] = {0};

	memcpy(msg + 7, digits, 10);
	memcpy(chain, msg + 7, 10);
	cbc(l->session, true, chain, 16);
	memcpy(msg + 17, chain + 8, 4);
	assert_int_equal(host_raw(&l->h, 0x3D, msg, sizeof(msg)), 0);
	assert_int_equal(l->h.rx_len, 0);
	assert_int_equal(host_raw(&l->h, 0xBD, msg, 7), 0);
	assert_int_equal(l->h.rx_len, 14);
	assert_memory_equal(l->h.rx, digits, 10);
	assert_memory_equal(l->h.rx + 10, chain + 8, 4);
	msg[20] ^= 1;
	assert_int_equal(host_raw(&l->h, 0x3D, msg, sizeof(msg)), 0x1E);
}

static void
enciphered_file_carries_a_crc16_over_the_data_alone(void **state)
{
	struct legacy *l = *state;
	uint8_t msg[7 + 16] = {2, 0, 0, 0, 10, 0, 0};
	struct writer w = writer_over(msg + 7, 16);

	put_bytes(&w, digits, 10);
	put_le16(&w, crc16_a(CRC16_START, digits, 10));
	put_zeros(&w, 4);
	decipher_chain(l->session, msg + 7, 16);
	assert_int_equal(host_raw(&l->h, 0x3D, msg, sizeof(msg)), 0);
	assert_int_equal(host_raw(&l->h, 0xBD, msg, 7), 0);
	assert_int_equal(l->h.rx_len, 16);
	cbc(l->session, false, l->h.rx, 16);
	assert_memory_equal(l->h.rx, digits, 10);
	assert_int_equal(l->h.rx[10] | l->h.rx[11] << 8, crc16_a(CRC16_START, digits, 10));
	msg[9] ^= 1;
	assert_int_equal(host_raw(&l->h, 0x3D, msg, sizeof(msg)), 0x1E);
}

static void
other_key_changes_with_two_crc16(void **state)
{
	static const uint8_t fresh[16] = {0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90};
	struct legacy *l = *state;
	uint8_t msg[1 + 24] = {1};
	struct writer w = writer_over(msg + 1, 24);

	put_bytes(&w, fresh, 16);
	put_le16(&w, crc16_a(CRC16_START, fresh, 16));
	put_le16(&w, crc16_a(CRC16_START, fresh, 16));
	put_zeros(&w, 4);
	decipher_chain(l->session, msg + 1, 24);
	assert_int_equal(host_raw(&l->h, 0xC4, msg, sizeof(msg)), 0);
	assert_int_equal(l->h.rx_len, 0);
	assert_int_equal(authenticate(l, 1, zero), 0xAE);
	assert_int_equal(authenticate(l, 1, fresh), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(maced_file_carries_four_bytes_over_the_data_alone),
		T(enciphered_file_carries_a_crc16_over_the_data_alone),
		T(other_key_changes_with_two_crc16),
	};

	return cmocka_run_group_tests_name("software card: legacy sessions", tests, NULL, NULL);
}
