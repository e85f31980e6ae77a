/* keys/shamir: the field, the published case, and that one share too few leaves every secret as likely as any other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "keys/digest.h"
#include "keys/shamir.h"

#define SHARES 9
#define LEN 32

/* The field once more, by the book: multiply polynomials, then divide by x^8 + x^4 + x^3 + x + 1. */
static uint8_t
slow_mul(unsigned a, unsigned b)
{
	unsigned long product = 0;

	for (int i = 0; i < 8; i++)
		if ((b >> i & 1) != 0)
			product ^= (unsigned long)a << i;
	for (int i = 14; i >= 8; i--)
		if ((product >> i & 1) != 0)
			product ^= 0x11Bul << (i - 8);
	return (uint8_t)product;
}

/* The value at `x` of the polynomial with these coefficients, lowest first, power by power. */
static uint8_t
slow_value(const uint8_t *coef, unsigned count, uint8_t x)
{
	uint8_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		uint8_t power = 1;

		for (unsigned j = 0; j < i; j++)
			power = slow_mul(power, x);
		sum ^= slow_mul(coef[i], power);
	}
	return sum;
}

static void
every_product_is_the_one_of_long_division(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++)
			assert_int_equal(gf256_mul((uint8_t)a, (uint8_t)b), slow_mul(a, b));
}

/* FIPS 197, section 4.2 */
static void
the_field_is_that_of_aes(void **state)
{
	(void)state;
	assert_int_equal(gf256_mul(0x57, 0x83), 0xC1);
	assert_int_equal(gf256_mul(0x57, 0x13), 0xFE);
}

static void
every_byte_but_zero_has_its_inverse(void **state)
{
	(void)state;
	assert_int_equal(gf256_inverse(0), 0);
	for (unsigned a = 1; a < 256; a++)
		assert_int_equal(slow_mul(a, gf256_inverse((uint8_t)a)), 1);
}

/* draft-mcgrew-tss-03, section 9: secret "test" 00, threshold 2; its shares have no index byte here. */
static void
the_published_shares_join_to_the_published_secret(void **state)
{
	static const uint8_t x[] = {1, 2};
	static const uint8_t first[] = {0xB9, 0xFA, 0x07, 0xE1, 0x85};
	static const uint8_t second[] = {0xF5, 0x40, 0x9B, 0x45, 0x11};
	const uint8_t *const shares[] = {first, second};
	uint8_t secret[5], coef[5], again[5];

	(void)state;
	shamir_join(x, shares, 2, sizeof(secret), secret);
	assert_memory_equal(secret, "test", 5);
	/* the line through both points gives both points */
	for (size_t i = 0; i < sizeof(coef); i++)
		coef[i] = secret[i] ^ first[i];
	shamir_share(secret, coef, sizeof(secret), 2, 2, again);
	assert_memory_equal(again, second, sizeof(again));
}

static void
a_share_is_the_value_of_the_polynomial(void **state)
{
	uint8_t bytes[SHARES * LEN], share[LEN], coef[SHARES];

	(void)state;
	assert_int_equal(random_bytes(bytes, sizeof(bytes), NULL), ERR_OK);
	for (unsigned needed = 2; needed <= SHARES; needed++)
		for (unsigned x = 1; x <= SHARES; x++) {
			shamir_share(bytes, bytes + LEN, LEN, needed, (uint8_t)x, share);
			for (size_t i = 0; i < LEN; i++) {
				for (unsigned d = 0; d < needed; d++)
					coef[d] = bytes[d * LEN + i];
				assert_int_equal(share[i], slow_value(coef, needed, (uint8_t)x));
			}
		}
}

/* Joins the shares of `chosen` (a bit each) of a secret parted for `needed`. */
static bool
joins(const uint8_t *bytes, unsigned needed, unsigned chosen)
{
	uint8_t share[SHARES][LEN], x[SHARES], out[LEN];
	const uint8_t *given[SHARES];
	unsigned n = 0;

	for (unsigned i = 0; i < SHARES; i++) {
		shamir_share(bytes, bytes + LEN, LEN, needed, (uint8_t)(i + 1), share[i]);
		if ((chosen >> i & 1) == 0)
			continue;
		x[n] = (uint8_t)(i + 1);
		given[n++] = share[i];
	}
	shamir_join(x, given, n, LEN, out);
	return memcmp(out, bytes, LEN) == 0;
}

static unsigned
bits_in(unsigned set)
{
	unsigned n = 0;

	for (; set != 0; set >>= 1)
		n += set & 1;
	return n;
}

static void
any_shares_that_suffice_give_the_secret_and_fewer_do_not(void **state)
{
	uint8_t bytes[SHARES * LEN];

	(void)state;
	assert_int_equal(random_bytes(bytes, sizeof(bytes), NULL), ERR_OK);
	for (unsigned needed = 2; needed <= SHARES; needed++)
		for (unsigned chosen = 1; chosen < 1u << SHARES; chosen++)
			assert_int_equal(joins(bytes, needed, chosen), bits_in(chosen) >= needed);
}

/*
 * One byte, three needed, two known, whichever two: each secret gives each of the 65,536 pairs of shares by
 * exactly one of the 65,536 random polynomials, so a pair says nothing of the secret.
 */
static void
two_of_three_shares_fit_every_secret_equally_often(void **state)
{
	static const uint8_t pair[][2] = {{1, 2}, {1, 3}, {2, 3}};
	static uint8_t times[256][256];

	(void)state;
	for (size_t p = 0; p < 3; p++)
		for (unsigned secret = 0; secret < 256; secret += 51) {
			memset(times, 0, sizeof(times));
			for (unsigned both = 0; both < 65536; both++) {
				const uint8_t s = (uint8_t)secret, coef[2] = {(uint8_t)both, (uint8_t)(both >> 8)};
				uint8_t one, two;

				shamir_share(&s, coef, 1, 3, pair[p][0], &one);
				shamir_share(&s, coef, 1, 3, pair[p][1], &two);
				times[one][two]++;
			}
			for (unsigned i = 0; i < 65536; i++)
				if (times[i & 255][i >> 8] != 1)
					fail_msg("secret %u gives the pair %u, %u %u times", secret, i & 255, i >> 8,
					    times[i & 255][i >> 8]);
		}
}

/* The same for two needed and one known, all 256 secrets. */
static void
one_of_two_shares_comes_from_every_secret(void **state)
{
	(void)state;
	for (unsigned x = 1; x <= SHARES; x++)
		for (unsigned secret = 0; secret < 256; secret++) {
			uint8_t seen[256] = {0};

			for (unsigned c = 0; c < 256; c++) {
				const uint8_t s = (uint8_t)secret, coef = (uint8_t)c;
				uint8_t share;

				shamir_share(&s, &coef, 1, 2, (uint8_t)x, &share);
				seen[share]++;
			}
			for (unsigned value = 0; value < 256; value++)
				assert_int_equal(seen[value], 1);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_product_is_the_one_of_long_division),
		cmocka_unit_test(the_field_is_that_of_aes),
		cmocka_unit_test(every_byte_but_zero_has_its_inverse),
		cmocka_unit_test(the_published_shares_join_to_the_published_secret),
		cmocka_unit_test(a_share_is_the_value_of_the_polynomial),
		cmocka_unit_test(any_shares_that_suffice_give_the_secret_and_fewer_do_not),
		cmocka_unit_test(one_of_two_shares_comes_from_every_secret),
		cmocka_unit_test(two_of_three_shares_fit_every_secret_equally_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
