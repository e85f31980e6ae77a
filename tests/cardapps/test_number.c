/* cardapps/number: numbers a clerk cannot mistype unnoticed, and no terminal takes for a bank card. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cardapps/number.h"

#define SAMPLES 4000

/* The Luhn sum as ISO/IEC 7812-1 words it, from the right, apart from the product's. */
static int
luhn(const char *digits)
{
	int sum = 0;

	for (size_t i = strlen(digits), place = 1; i-- > 0; place++) {
		int d = digits[i] - '0';

		if (place % 2 == 0)
			d = 2 * d > 9 ? 2 * d - 9 : 2 * d;
		sum += d;
	}
	return sum % 10;
}

/* The next of a fixed sequence that wanders over the whole range of serials. */
static uint32_t
next_serial(uint32_t serial)
{
	return (uint32_t)(((uint64_t)serial * 48271 + 12345) % (CARD_SERIAL_MAX + UINT64_C(1)));
}

/* Makes numbers of many prefixes, clubs and serials and hands each to `check`; answers how many were skipped. */
static unsigned
for_many(void (*check)(char *digits))
{
	uint32_t serial = 1;
	unsigned skipped = 0;

	for (unsigned i = 0; i < SAMPLES; i++, serial = next_serial(serial)) {
		char digits[CARD_NUMBER_DIGITS + 1];
		uint64_t n;

		if (!card_number_make(i % 10, serial % 100000, serial, &n)) {
			skipped++;
			continue;
		}
		assert_true(card_number_format(n, digits));
		check(digits);
	}
	return skipped;
}

static void
no_wrong_digit(char *digits)
{
	for (size_t at = 0; at < CARD_NUMBER_DIGITS; at++) {
		const char right = digits[at];

		for (char d = '0'; d <= '9'; d++) {
			digits[at] = d;
			assert_int_equal(card_number_valid(digits), d == right);
		}
		digits[at] = right;
	}
}

static void
no_swap(char *digits)
{
	for (size_t at = 0; at + 1 < CARD_NUMBER_DIGITS; at++) {
		const char a = digits[at];
		const char b = digits[at + 1];

		digits[at] = b;
		digits[at + 1] = a;
		assert_int_equal(card_number_valid(digits), a == b);
		digits[at] = a;
		digits[at + 1] = b;
	}
}

static void
no_bank_card(char *digits)
{
	assert_int_not_equal(luhn(digits), 0);
}

static void
every_single_wrong_digit_is_found(void **state)
{
	(void)state;
	(void)for_many(no_wrong_digit);
}

static void
every_swap_of_neighbours_is_found(void **state)
{
	(void)state;
	(void)for_many(no_swap);
}

static void
no_number_passes_for_a_bank_card(void **state)
{
	unsigned skipped;

	(void)state;
	skipped = for_many(no_bank_card);
	/* one in ten would pass Luhn by chance */
	assert_in_range(skipped, SAMPLES / 20, SAMPLES / 5);
}

static void
the_check_digit_is_damms(void **state)
{
	uint64_t n;

	(void)state;
	/* 572 takes 4: the example published with the algorithm */
	assert_true(card_number_make(0, 0, 572, &n));
	assert_int_equal(n, 5724);
	assert_true(card_number_valid("0000000000005724"));
	assert_false(card_number_valid("0000000000005725"));
}

static void
a_number_says_prefix_club_serial_and_check_digit(void **state)
{
	char digits[CARD_NUMBER_DIGITS + 1];
	uint64_t n;
	uint64_t back;

	(void)state;
	assert_true(card_number_make(7, 42, 123456780, &n));
	assert_true(card_number_format(n, digits));
	assert_memory_equal(digits, "700042123456780", 15);
	assert_true(card_number_parse(digits, &back));
	assert_int_equal(back, n);
}

static void
a_part_out_of_range_makes_no_number(void **state)
{
	uint64_t n = 99;

	(void)state;
	assert_false(card_number_make(10, 0, 1, &n));
	assert_false(card_number_make(0, 100000, 1, &n));
	assert_false(card_number_make(0, 0, CARD_SERIAL_MAX + 1, &n));
	assert_int_equal(n, 99);
}

static void
what_is_not_sixteen_digits_is_no_number(void **state)
{
	static const char *const bad[] = {
		"", "5724", "000000000000572", "00000000000057240", "0000 0000 0000 57", "000000000000572A",
		"-000000000005724", "0000000000005724 ", "\xDB\xB0\xDB\xB0\xDB\xB0\xDB\xB0\xDB\xB0\xDB\xB0\xDB\xB0\xDB\xB4",
	};
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(card_number_parse(bad[i], &n));
}

static void
seventeen_digits_do_not_fit(void **state)
{
	char digits[CARD_NUMBER_DIGITS + 1];

	(void)state;
	assert_true(card_number_format(UINT64_C(9999999999999999), digits));
	assert_string_equal(digits, "9999999999999999");
	assert_false(card_number_format(UINT64_C(10000000000000000), digits));
	assert_false(card_number_format(UINT64_MAX, digits));
}

static void
the_club_shows_five_digits(void **state)
{
	static const uint8_t club[4] = {0xFF, 0xFF, 0xFF, 0xFF};

	(void)state;
	assert_int_equal(card_number_club(club), 67295);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_single_wrong_digit_is_found),
		cmocka_unit_test(every_swap_of_neighbours_is_found),
		cmocka_unit_test(no_number_passes_for_a_bank_card),
		cmocka_unit_test(the_check_digit_is_damms),
		cmocka_unit_test(a_number_says_prefix_club_serial_and_check_digit),
		cmocka_unit_test(a_part_out_of_range_makes_no_number),
		cmocka_unit_test(what_is_not_sixteen_digits_is_no_number),
		cmocka_unit_test(seventeen_digits_do_not_fit),
		cmocka_unit_test(the_club_shows_five_digits),
	};

	return cmocka_run_group_tests_name("cardapps/number", tests, NULL, NULL);
}
