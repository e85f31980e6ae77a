/* keys/masters: every master of a generation out of one secret, and nothing of it to another's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "keys/inside.h"
#include "keys/masters.h"
#include "keys/role.h"
#include "tests/support/vectors.h"

static const uint8_t club[4] = {0xC1, 2, 3, 4};

static void
every_master_is_what_the_derivation_says(void **state)
{
	struct vectors *file = vectors_load_own("masters.txt");

	(void)state;
	assert_int_equal(vectors_count(file), 6);
	for (size_t i = 0; i < vectors_count(file); i++) {
		const struct vector *v = vectors_at(file, i);
		uint8_t secret[32], of[4], test, slot, generation[2], master[32];
		size_t len = vector_hex(v, "master", master, sizeof(master));
		struct masters *m = NULL;

		assert_int_equal(vector_hex(v, "secret", secret, 32), 32);
		assert_int_equal(vector_hex(v, "club", of, 4), 4);
		assert_int_equal(vector_hex(v, "test", &test, 1), 1);
		assert_int_equal(vector_hex(v, "slot", &slot, 1), 1);
		assert_int_equal(vector_hex(v, "generation", generation, 2), 2);
		assert_int_equal(masters_make(of, test != 0, (uint16_t)(generation[0] << 8 | generation[1]),
		    (unsigned)len * 8, secret, &m, NULL), ERR_OK);
		assert_memory_equal(masters_bytes(m, (enum key_slot)slot), master, len);
		assert_memory_equal(masters_secret(m), secret, 32);
		masters_close(&m);
		assert_null(m);
	}
	vectors_free(&file);
}

static void
no_two_masters_are_alike(void **state)
{
	struct masters *m[3] = {NULL};
	const uint8_t *seen[3 * KEY_SLOT_COUNT];
	size_t n = 0;

	(void)state;
	assert_int_equal(masters_random(club, false, 1, 128, &m[0], NULL), ERR_OK);
	assert_int_equal(masters_make(club, false, 2, 128, masters_secret(m[0]), &m[1], NULL), ERR_OK);
	assert_int_equal(masters_make(club, true, 1, 128, masters_secret(m[0]), &m[2], NULL), ERR_OK);
	for (size_t i = 0; i < 3; i++)
		for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++)
			seen[n++] = masters_bytes(m[i], (enum key_slot)slot);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(seen[i], seen[k], 16);
	for (size_t i = 0; i < 3; i++)
		masters_close(&m[i]);
}

static void
two_ceremonies_share_nothing(void **state)
{
	struct masters *a = NULL, *b = NULL;

	(void)state;
	assert_int_equal(masters_random(club, false, 1, 256, &a, NULL), ERR_OK);
	assert_int_equal(masters_random(club, false, 1, 256, &b, NULL), ERR_OK);
	assert_memory_not_equal(masters_secret(a), masters_secret(b), 32);
	assert_int_equal(masters_generation(a), 1);
	assert_int_equal(masters_bits(a), 256);
	masters_close(&a);
	masters_close(&b);
}

/* The first bytes of AES-CMAC over a zero block, of either length of master. */
static void
the_check_value_is_a_safe_s(void **state)
{
	static const uint8_t zero[16] = {0};
	struct masters *m = NULL;

	(void)state;
	for (unsigned bits = 128; bits <= 256; bits += 128) {
		struct raw_key *k = NULL;
		uint8_t mac[16], kcv[KCV_LEN];

		assert_int_equal(masters_random(club, true, 7, bits, &m, NULL), ERR_OK);
		assert_int_equal(raw_key_new(bits == 128 ? RAW_AES128 : RAW_AES256,
		    masters_bytes(m, KEY_PICC), &k, NULL), ERR_OK);
		assert_int_equal(raw_cmac(k, zero, zero, sizeof(zero), mac, NULL), ERR_OK);
		assert_int_equal(masters_kcv(m, KEY_PICC, kcv, NULL), ERR_OK);
		assert_memory_equal(kcv, mac, KCV_LEN);
		assert_int_equal(masters_kcv(m, KEY_SLOT_COUNT, kcv, NULL), ERR_ARG);
		raw_key_free(&k);
		masters_close(&m);
	}
}

static void
what_is_no_generation_is_refused(void **state)
{
	struct masters *m = NULL;

	(void)state;
	assert_int_equal(masters_random(club, true, 0, 128, &m, NULL), ERR_ARG);
	assert_int_equal(masters_random(club, true, 1, 192, &m, NULL), ERR_ARG);
	assert_null(m);
}

static void
each_role_has_the_masters_of_its_work(void **state)
{
	static const uint32_t wanted[ROLE_COUNT] = {
		[ROLE_TILL] = 1u << KEY_READ | 1u << KEY_DEBIT,
		[ROLE_DESK] = 1u << KEY_READ | 1u << KEY_DEBIT | 1u << KEY_WRITE,
		[ROLE_ISSUER] = (1u << KEY_SLOT_COUNT) - 1,
		[ROLE_PORTAL] = 1u << KEY_SDM_META | 1u << KEY_SDM_FILE,
	};

	(void)state;
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		assert_int_equal(role_slots((enum role)i), wanted[i]);
	assert_int_equal(role_slots(ROLE_COUNT), 0);
	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++)
		assert_non_null(key_slot_name((enum key_slot)slot));
	assert_null(key_slot_name(KEY_SLOT_COUNT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_master_is_what_the_derivation_says),
	    cmocka_unit_test(no_two_masters_are_alike),
	    cmocka_unit_test(two_ceremonies_share_nothing),
	    cmocka_unit_test(the_check_value_is_a_safe_s),
	    cmocka_unit_test(what_is_no_generation_is_refused),
	    cmocka_unit_test(each_role_has_the_masters_of_its_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
