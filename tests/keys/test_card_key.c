/* keys/card_key: AN10922 as published, and no two places share a key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/card_key.h"
#include "keys/channel.h"
#include "keys/inside.h"
#include "keys/pool.h"
#include "tests/support/vectors.h"

#define PRACTICE SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1

static struct safe *safe;

static const struct key_ref base = {.origin = KEY_DERIVED,
    .slot = KEY_READ,
    .epoch = 1,
    .chip_class = 1,
    .key_no = 1,
    .aid = {0xF5, 0x12, 0x34},
    .uid = {0x04, 1, 2, 3, 4, 5, 6, 7, 8, 9},
    .uid_len = 7};

static int
open_safe(void **state)
{
	const struct safe_info info = {.test = true, .club = {0xC1, 0xC2, 0xC3, 0xC4}, .station = 1};
	char folder[] = "/tmp/bashgah-keys-XXXXXX";
	char path[64];

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/safe", folder);
	if (safe_create(path, &info, (1u << KEY_SLOT_COUNT) - 1, PRACTICE, &safe, NULL) != ERR_OK)
		return -1;
	(void)unlink(path);
	return rmdir(folder);
}

static int
close_safe(void **state)
{
	(void)state;
	safe_close(&safe);
	return 0;
}

static void
every_published_aes128_diversification_comes_out(void **state)
{
	struct vectors *file = vectors_load("an10922.txt");
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < vectors_count(file); i++) {
		const struct vector *v = vectors_at(file, i);
		uint8_t master[32], input[32], expected[32], got[16];
		size_t len;

		if (strncmp(vector_name(v), "aes128", 6) != 0)
			continue;
		assert_int_equal(vector_hex(v, "master", master, 32), 16);
		assert_int_equal(vector_hex(v, "diversified", expected, 32), 16);
		len = vector_hex(v, "div_input", input, sizeof(input));
		assert_int_equal(an10922_aes128(master, input, len, got, NULL), ERR_OK);
		assert_memory_equal(got, expected, 16);
		seen++;
	}
	assert_int_equal(seen, 3);
	vectors_free(&file);
}

static void
inputs_that_do_not_fit_are_refused(void **state)
{
	uint8_t master[16] = {0}, input[32] = {0}, out[16];

	(void)state;
	assert_int_equal(an10922_aes128(master, input, 0, out, NULL), ERR_LEN);
	assert_int_equal(an10922_aes128(master, input, 31, out, NULL), ERR_OK);
	assert_int_equal(an10922_aes128(master, input, 32, out, NULL), ERR_LEN);
}

static void
the_diversification_input_is_the_documented_one(void **state)
{
	static const uint8_t input[] = {1, 1, 0xF5, 0x12, 0x34, 0, 1, 0xC1, 0xC2, 0xC3, 0xC4, 7, 0x04,
	    1, 2, 3, 4, 5, 6};
	struct card_key *k = NULL;
	uint8_t expected[16];

	(void)state;
	assert_int_equal(an10922_aes128(safe_master(safe, KEY_READ, 1), input, sizeof(input),
	    expected, NULL), ERR_OK);
	assert_int_equal(card_key_open(safe, &base, &k, NULL), ERR_OK);
	assert_int_equal(k->alg, RAW_AES128);
	assert_memory_equal(k->bytes, expected, 16);
	card_key_close(&k);
	assert_null(k);
}

#define MANY 64
static uint8_t seen_keys[MANY][16];
static size_t seen_count;

static void
is_new(const struct key_ref *ref)
{
	struct card_key *k = NULL;

	assert_int_equal(card_key_open(safe, ref, &k, NULL), ERR_OK);
	for (size_t i = 0; i < seen_count; i++)
		assert_memory_not_equal(seen_keys[i], k->bytes, 16);
	assert_true(seen_count < MANY);
	memcpy(seen_keys[seen_count++], k->bytes, 16);
	card_key_close(&k);
}

static void
no_two_places_share_a_key(void **state)
{
	struct key_ref r = base;

	(void)state;
	for (int slot = 0; slot < KEY_SLOT_COUNT; slot++) {
		r = base;
		r.slot = (enum key_slot)slot;
		is_new(&r);
		r.key_no = 2;
		is_new(&r);
		r.aid[2] ^= 1;
		is_new(&r);
		r.uid[6] ^= 1;
		is_new(&r);
		r.chip_class = 2;
		is_new(&r);
		r.uid_len = 4;
		is_new(&r);
		r.uid_len = 10;
		is_new(&r);
	}
	assert_int_equal(seen_count, KEY_SLOT_COUNT * 7);
}

static void
factory_keys_need_no_safe(void **state)
{
	struct key_ref r = {.origin = KEY_FACTORY_AES};
	struct card_key *k = NULL;
	uint8_t kcv[KCV_LEN];

	(void)state;
	assert_int_equal(card_key_open(NULL, &r, &k, NULL), ERR_OK);
	card_key_kcv(k, kcv);
	/* AES-128-CMAC under zeros over zeros begins so: cross-checked with `openssl mac` */
	assert_memory_equal(kcv, "\x76\x3C\xBC", KCV_LEN);
	card_key_close(&k);
	r.origin = KEY_FACTORY_DES;
	assert_int_equal(card_key_open(NULL, &r, &k, NULL), ERR_OK);
	assert_int_equal(k->alg, RAW_DES);
	card_key_kcv(k, kcv);
	assert_memory_equal(kcv, "\0\0\0", KCV_LEN);
	card_key_close(&k);
}

static void
references_that_name_no_key_are_refused(void **state)
{
	struct key_ref r = base;
	struct card_key *k = NULL;
	struct why w;

	(void)state;
	r.epoch = 0;
	assert_int_equal(card_key_open(safe, &r, &k, &w), ERR_ARG);
	r.epoch = 2;
	assert_int_equal(card_key_open(safe, &r, &k, &w), ERR_NO_KEY);
	for (size_t len = 0; len <= 12; len++) {
		r = base;
		r.uid_len = len;
		assert_int_equal(card_key_open(safe, &r, &k, &w),
		    len == 4 || len == 7 || len == 10 ? ERR_OK : ERR_ARG);
		card_key_close(&k);
	}
	r = base;
	r.slot = KEY_SLOT_COUNT;
	assert_int_equal(card_key_open(safe, &r, &k, &w), ERR_ARG);
	r = base;
	r.origin = KEY_TRANSPORT;
	assert_int_equal(card_key_open(safe, &r, &k, &w), ERR_NO_KEY);
	r.origin = (enum key_origin)9;
	assert_int_equal(card_key_open(safe, &r, &k, &w), ERR_ARG);
	assert_null(k);
}

static void
versions_never_look_like_the_factory_s(void **state)
{
	struct key_ref r = base;

	(void)state;
	for (unsigned epoch = 1; epoch <= 65535; epoch++) {
		r.epoch = (uint16_t)epoch;
		assert_int_equal(key_ref_version(&r), 1 + epoch % 253);
	}
	r.origin = KEY_FACTORY_AES;
	assert_int_equal(key_ref_version(&r), 0);
}

static void
a_slot_comes_back_clean(void **state)
{
	uint8_t *slots[200];

	(void)state;
	for (int i = 0; i < 200; i++) {	/* more than one arena */
		slots[i] = pool_take();
		assert_non_null(slots[i]);
		for (int j = 0; j < POOL_SLOT; j++)
			assert_int_equal(slots[i][j], 0);
		memset(slots[i], 0xA5, POOL_SLOT);
	}
	for (int i = 0; i < 200; i++)
		pool_give(slots[i]);
	for (int i = 0; i < 200; i++) {
		slots[i] = pool_take();
		for (int j = 0; j < POOL_SLOT; j++)
			assert_int_equal(slots[i][j], 0);
	}
	for (int i = 0; i < 200; i++)
		pool_give(slots[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_published_aes128_diversification_comes_out),
	    cmocka_unit_test(inputs_that_do_not_fit_are_refused),
	    cmocka_unit_test(the_diversification_input_is_the_documented_one),
	    cmocka_unit_test(no_two_places_share_a_key),
	    cmocka_unit_test(factory_keys_need_no_safe),
	    cmocka_unit_test(references_that_name_no_key_are_refused),
	    cmocka_unit_test(versions_never_look_like_the_factory_s),
	    cmocka_unit_test(a_slot_comes_back_clean),
	};

	return cmocka_run_group_tests(tests, open_safe, close_safe);
}
