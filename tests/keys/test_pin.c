/* keys: PINs under scratch: every digit as likely as any other, and nothing but a slow hash is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "keys/pin.h"
#include "tests/support/no_random.h"

#define DRAWS 6000

static void
a_pin_has_six_digits_and_each_is_as_likely_as_any_other(void **state)
{
	unsigned seen[PIN_DIGITS][10] = {{0}};
	char pin[PIN_DIGITS + 1];

	(void)state;
	for (unsigned i = 0; i < DRAWS; i++) {
		assert_int_equal(pin_make(pin, NULL), ERR_OK);
		assert_int_equal(strlen(pin), PIN_DIGITS);
		assert_int_equal(strspn(pin, "0123456789"), PIN_DIGITS);
		for (unsigned d = 0; d < PIN_DIGITS; d++)
			seen[d][pin[d] - '0']++;
	}
	/* 600 expected, a deviation of 23: eight of them never happen */
	for (unsigned d = 0; d < PIN_DIGITS; d++)
		for (unsigned v = 0; v < 10; v++)
			assert_in_range(seen[d][v], DRAWS / 10 - 190, DRAWS / 10 + 190);
}

/* Source: scrypt with these parameters by Python's hashlib, which stands on another call of the library. */
static void
the_hash_is_scrypt_over_the_digits_and_the_salt(void **state)
{
	const uint8_t salt[PIN_SALT_LEN] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	const uint8_t expected[PIN_HASH_LEN] = {
	    0x5a, 0xa8, 0xec, 0x44, 0x79, 0xd4, 0x99, 0x91, 0x95, 0x5e, 0x83, 0x56, 0x72, 0x40, 0x8c, 0x99,
	    0x0a, 0xa6, 0x5c, 0xa2, 0x9d, 0x0e, 0x76, 0x1e, 0x06, 0xa0, 0x0c, 0xb5, 0x42, 0x36, 0xa1, 0x31};
	uint8_t hash[PIN_HASH_LEN];

	(void)state;
	assert_int_equal(pin_hash("314159", salt, hash, NULL), ERR_OK);
	assert_memory_equal(hash, expected, sizeof(hash));
}

static void
only_the_right_pin_with_its_own_salt_matches(void **state)
{
	uint8_t salt[PIN_SALT_LEN] = {7}, hash[PIN_HASH_LEN];
	bool right;

	(void)state;
	assert_int_equal(pin_hash("000001", salt, hash, NULL), ERR_OK);
	assert_int_equal(pin_matches("000001", salt, hash, &right, NULL), ERR_OK);
	assert_true(right);
	assert_int_equal(pin_matches("1", salt, hash, &right, NULL), ERR_OK);
	assert_false(right);
	assert_int_equal(pin_matches("", salt, hash, &right, NULL), ERR_OK);
	assert_false(right);
	salt[15] ^= 1;
	assert_int_equal(pin_matches("000001", salt, hash, &right, NULL), ERR_OK);
	assert_false(right);
}

static void
a_refusing_random_generator_makes_no_pin(void **state)
{
	char pin[PIN_DIGITS + 1];

	(void)state;
	no_random_at(1);
	assert_int_equal(pin_make(pin, NULL), ERR_RANDOM);
	no_random_at(0);
	assert_string_equal(pin, "000000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pin_has_six_digits_and_each_is_as_likely_as_any_other),
		cmocka_unit_test(the_hash_is_scrypt_over_the_digits_and_the_salt),
		cmocka_unit_test(only_the_right_pin_with_its_own_salt_matches),
		cmocka_unit_test(a_refusing_random_generator_makes_no_pin),
	};

	return cmocka_run_group_tests_name("keys/pin", tests, NULL, NULL);
}
