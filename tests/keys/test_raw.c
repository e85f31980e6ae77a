/* keys/raw, crc, digest: against published vectors, from any IV, at any length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keys/crc.h"
#include "keys/digest.h"
#include "keys/raw.h"
#include "station/base/bytes.h"
#include "tests/support/vectors.h"

static enum raw_alg
alg_of(size_t key_len, size_t block)
{
	for (int a = RAW_DES; a <= RAW_AES256; a++)
		if (raw_key_len((enum raw_alg)a) == key_len && raw_block_len((enum raw_alg)a) == block)
			return (enum raw_alg)a;
	fail_msg("no cipher with a key of %zu and a block of %zu", key_len, block);
	return RAW_DES;
}

static void
every_published_cmac_comes_out(void **state)
{
	struct vectors *file = vectors_load("aes-cmac.txt");
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < vectors_count(file); i++) {
		const struct vector *v = vectors_at(file, i);
		uint8_t key[32], msg[64], mac[16], got[16], zero[16] = {0};
		struct raw_key *k = NULL;
		size_t key_len, msg_len, block;

		if (!vector_has(v, "mac"))
			continue;
		key_len = vector_hex(v, "key", key, sizeof(key));
		msg_len = vector_hex(v, "message", msg, sizeof(msg));
		block = vector_hex(v, "mac", mac, sizeof(mac));
		assert_int_equal(raw_key_new(alg_of(key_len, block), key, &k, NULL), ERR_OK);
		assert_int_equal(raw_cmac(k, zero, msg, msg_len, got, NULL), ERR_OK);
		assert_memory_equal(got, mac, block);
		raw_key_free(&k);
		assert_null(k);
		seen++;
	}
	assert_int_equal(seen, 8);
	vectors_free(&file);
}

/* CMAC from IV v over a message is CMAC from zero over the message with v xored into its first block. */
static void
a_running_iv_acts_on_the_first_block(void **state)
{
	static const uint8_t zero[16] = {0};
	uint8_t key[16], iv[16], msg[300], other[300], a[16], b[16];
	struct raw_key *k = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(msg); i++)
		msg[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < 16; i++) {
		key[i] = (uint8_t)i;
		iv[i] = (uint8_t)(0xC3 ^ i);
	}
	assert_int_equal(raw_key_new(RAW_AES128, key, &k, NULL), ERR_OK);
	for (size_t len = 16; len <= sizeof(msg); len++) {
		memcpy(other, msg, len);
		for (size_t i = 0; i < 16; i++)
			other[i] ^= iv[i];
		memcpy(a, iv, 16);
		assert_int_equal(raw_cmac(k, a, msg, len, a, NULL), ERR_OK);
		assert_int_equal(raw_cmac(k, zero, other, len, b, NULL), ERR_OK);
		assert_memory_equal(a, b, 16);
	}
	raw_key_free(&k);
}

static void
cbc_in_pieces_is_cbc_in_one(void **state)
{
	uint8_t key[24], iv[16] = {1, 2, 3}, iv2[16] = {1, 2, 3}, whole[96], parts[96];

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 11 + 1);
	for (int a = RAW_DES; a <= RAW_AES192; a++) {
		struct raw_key *k = NULL;
		size_t block = raw_block_len((enum raw_alg)a);
		uint8_t start[16];

		memcpy(start, iv, 16);
		memcpy(iv2, iv, 16);
		for (size_t i = 0; i < sizeof(whole); i++)
			whole[i] = parts[i] = (uint8_t)i;
		assert_int_equal(raw_key_new((enum raw_alg)a, key, &k, NULL), ERR_OK);
		assert_int_equal(raw_key_alg(k), a);
		assert_int_equal(raw_cbc_encrypt(k, iv, whole, whole, 96, NULL), ERR_OK);
		for (size_t at = 0; at < 96; at += block)
			assert_int_equal(
			    raw_cbc_encrypt(k, iv2, parts + at, parts + at, block, NULL), ERR_OK);
		assert_memory_equal(whole, parts, 96);
		assert_memory_equal(iv, iv2, block);
		assert_memory_equal(iv, whole + 96 - block, block);
		memcpy(iv, start, 16);
		assert_int_equal(raw_cbc_decrypt(k, iv, whole, whole, 48, NULL), ERR_OK);
		assert_int_equal(raw_cbc_decrypt(k, iv, whole + 48, whole + 48, 48, NULL), ERR_OK);
		for (size_t i = 0; i < sizeof(whole); i++)
			assert_int_equal(whole[i], i);
		memcpy(iv, start, 16);
		raw_key_free(&k);
	}
}

/* Whatever a key did before, from any IV, it answers as one made for the occasion. */
static void
a_used_key_answers_as_a_new_one(void **state)
{
	uint8_t key[24], data[64], a[64], b[64], iv_a[16], iv_b[16];

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 29 + 3);
	for (int alg = RAW_DES; alg <= RAW_AES192; alg++) {
		struct raw_key *used = NULL, *fresh = NULL;
		size_t block = raw_block_len((enum raw_alg)alg);

		assert_int_equal(raw_key_new((enum raw_alg)alg, key, &used, NULL), ERR_OK);
		for (unsigned turn = 0; turn < 60; turn++) {
			size_t len = block * (1 + turn % 4);

			assert_int_equal(raw_key_new((enum raw_alg)alg, key, &fresh, NULL), ERR_OK);
			for (size_t i = 0; i < sizeof(data); i++)
				data[i] = (uint8_t)(i * turn + 5);
			memset(iv_a, (int)(turn * 37), sizeof(iv_a));
			memcpy(iv_b, iv_a, sizeof(iv_b));
			switch (turn % 3) {
			case 0:
				assert_int_equal(raw_cbc_encrypt(used, iv_a, data, a, len, NULL), ERR_OK);
				assert_int_equal(raw_cbc_encrypt(fresh, iv_b, data, b, len, NULL), ERR_OK);
				break;
			case 1:
				assert_int_equal(raw_cbc_decrypt(used, iv_a, data, a, len, NULL), ERR_OK);
				assert_int_equal(raw_cbc_decrypt(fresh, iv_b, data, b, len, NULL), ERR_OK);
				break;
			default:
				assert_int_equal(raw_cmac(used, iv_a, data, len - 1, a, NULL), ERR_OK);
				assert_int_equal(raw_cmac(fresh, iv_b, data, len - 1, b, NULL), ERR_OK);
				len = block;
				break;
			}
			assert_memory_equal(a, b, len);
			assert_memory_equal(iv_a, iv_b, block);
			raw_key_free(&fresh);
		}
		raw_key_free(&used);
	}
}

static void
half_a_block_is_refused(void **state)
{
	uint8_t key[16] = {0}, iv[16] = {0}, data[17] = {0};
	struct raw_key *k = NULL;
	struct why w;

	(void)state;
	assert_int_equal(raw_key_new(RAW_AES128, key, &k, NULL), ERR_OK);
	assert_int_equal(raw_cbc_encrypt(k, iv, data, data, 17, &w), ERR_LEN);
	assert_int_equal(w.id, MSG_CIPHER_LENGTH);
	assert_int_equal(raw_cbc_decrypt(k, iv, data, data, 8, &w), ERR_LEN);
	raw_key_free(&k);
	raw_key_free(&k);
}

static void
a_forked_child_is_refused_the_key(void **state)
{
	uint8_t key[16] = {1, 2, 3}, iv[16] = {0}, data[16] = {0};
	struct raw_key *k = NULL;
	int status = -1;
	pid_t child;

	(void)state;
	assert_int_equal(raw_key_new(RAW_AES128, key, &k, NULL), ERR_OK);
	assert_int_equal(raw_cbc_encrypt(k, iv, data, data, 16, NULL), ERR_OK);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(raw_cbc_encrypt(k, iv, data, data, 16, NULL) == ERR_CRYPTO &&
		    raw_cbc_decrypt(k, iv, data, data, 16, NULL) == ERR_CRYPTO &&
		    raw_cmac(k, iv, data, 16, iv, NULL) == ERR_CRYPTO ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	raw_key_free(&k);
}

static void
single_des_is_des(void **state)
{
	/* FIPS 81, table 1: key 0123456789ABCDEF, "Now is t" -> 3FA40E8A984D4815 */
	static const uint8_t key[8] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF};
	static const uint8_t expected[8] = {0x3F, 0xA4, 0x0E, 0x8A, 0x98, 0x4D, 0x48, 0x15};
	uint8_t iv[8] = {0}, data[8];
	struct raw_key *k = NULL;

	(void)state;
	memcpy(data, "Now is t", 8);
	assert_int_equal(raw_key_new(RAW_DES, key, &k, NULL), ERR_OK);
	assert_int_equal(raw_cbc_encrypt(k, iv, data, data, 8, NULL), ERR_OK);
	assert_memory_equal(data, expected, 8);
	raw_key_free(&k);
}

static void
desfire_check_sums_match_the_traces(void **state)
{
	struct vectors *file = vectors_load("desfire-ev1.txt");
	const struct vector *v = vectors_get(file, "crc32-getcarduid");
	uint8_t data[32], status, sum[4], got[4];
	struct writer out = writer_over(got, 4);
	size_t len;
	uint32_t crc;

	(void)state;
	len = vector_hex(v, "data", data, sizeof(data));
	assert_int_equal(vector_hex(v, "status_appended", &status, 1), 1);
	assert_int_equal(vector_hex(v, "crc32_le", sum, 4), 4);
	crc = crc32_desfire(CRC32_START, data, len);
	put_le32(&out, crc32_desfire(crc, &status, 1));
	assert_memory_equal(got, sum, 4);

	for (int i = 0; i < 2; i++) {
		v = vectors_get(file, i == 0 ? "crc16-legacy" : "crc16-keysettings");
		len = vector_hex(v, "data", data, sizeof(data));
		assert_int_equal(vector_hex(v, "crc16_le", sum, 4), 2);
		out = writer_over(got, 4);
		put_le16(&out, crc16_a(CRC16_START, data, len));
		assert_memory_equal(got, sum, 2);
	}
	vectors_free(&file);
}

static void
sha256_matches_fips_180(void **state)
{
	static const char *const hex[] = {
	    "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
	    "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"};
	uint8_t expected[SHA256_LEN], got[SHA256_LEN];
	size_t len;

	(void)state;
	assert_true(hex_decode(hex[0], expected, sizeof(expected), &len));
	digest_sha256(NULL, 0, got);
	assert_memory_equal(got, expected, SHA256_LEN);
	assert_true(hex_decode(hex[1], expected, sizeof(expected), &len));
	digest_sha256("abc", 3, got);
	assert_memory_equal(got, expected, SHA256_LEN);
}

static void
random_bytes_differ_from_call_to_call(void **state)
{
	uint8_t a[32] = {0}, b[32] = {0};

	(void)state;
	assert_int_equal(random_bytes(a, sizeof(a), NULL), ERR_OK);
	assert_int_equal(random_bytes(b, sizeof(b), NULL), ERR_OK);
	assert_memory_not_equal(a, b, sizeof(a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_published_cmac_comes_out),
	    cmocka_unit_test(a_running_iv_acts_on_the_first_block),
	    cmocka_unit_test(cbc_in_pieces_is_cbc_in_one),
	    cmocka_unit_test(a_used_key_answers_as_a_new_one),
	    cmocka_unit_test(half_a_block_is_refused),
	    cmocka_unit_test(a_forked_child_is_refused_the_key),
	    cmocka_unit_test(single_des_is_des),
	    cmocka_unit_test(desfire_check_sums_match_the_traces),
	    cmocka_unit_test(sha256_matches_fips_180),
	    cmocka_unit_test(random_bytes_differ_from_call_to_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
