/* text/figures and text/calendar: numbers, money and days as the reader writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "station/text/text.h"

#define MONEY_IS(lang, rial, form, want) \
	do { \
		char out_[TEXT_SHORT_CAP]; \
		text_money((lang), (rial), (form), out_, sizeof(out_)); \
		assert_string_equal(out_, (want)); \
	} while (0)

#define DATE_IS(lang, day, form, want) \
	do { \
		char out_[TEXT_SHORT_CAP]; \
		text_date((lang), (day), (form), out_, sizeof(out_)); \
		assert_string_equal(out_, (want)); \
	} while (0)

/* Days from 2000-01-01 to a Gregorian day, counted apart from the room's way. */
static int32_t
day(int y, int m, int d)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int n = (y - 2000) * 365 + before[m - 1] + d - 1;

	for (int i = 2000; i < y; i++)
		n += i % 4 == 0 && (i % 100 != 0 || i % 400 == 0);
	return n + (m > 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0));
}

static void
numbers_have_the_digits_and_groups_of_their_language(void **state)
{
	char out[TEXT_SHORT_CAP];

	(void)state;
	text_number(LANG_FA, 1234567, out, sizeof(out));
	assert_string_equal(out, "۱٬۲۳۴٬۵۶۷");
	text_number(LANG_EN, 1234567, out, sizeof(out));
	assert_string_equal(out, "1,234,567");
	text_number(LANG_EN, INT64_MIN, out, sizeof(out));
	assert_string_equal(out, "-9,223,372,036,854,775,808");
	text_digits(LANG_FA, "A1-09", out, sizeof(out));
	assert_string_equal(out, "A۱-۰۹");
	text_digits(LANG_EN, "A1-09", out, sizeof(out));
	assert_string_equal(out, "A1-09");
}

static void
money_is_said_in_toman_rial_or_both(void **state)
{
	(void)state;
	MONEY_IS(LANG_FA, 500000, MONEY_TOMAN, "۵۰٬۰۰۰ تومان");
	MONEY_IS(LANG_FA, 500000, MONEY_RIAL, "۵۰۰٬۰۰۰ ریال");
	MONEY_IS(LANG_FA, 500000, MONEY_BOTH, "۵۰۰٬۰۰۰ ریال (۵۰٬۰۰۰ تومان)");
	MONEY_IS(LANG_EN, 500000, MONEY_TOMAN, "50,000 toman");
	MONEY_IS(LANG_EN, 500000, MONEY_BOTH, "500,000 rial (50,000 toman)");
	MONEY_IS(LANG_EN, 0, MONEY_TOMAN, "0 toman");
	MONEY_IS(LANG_EN, -500000, MONEY_TOMAN, "-50,000 toman");
}

static void
a_part_of_a_toman_is_said_in_rial_alone(void **state)
{
	(void)state;
	MONEY_IS(LANG_EN, 500005, MONEY_TOMAN, "500,005 rial");
	MONEY_IS(LANG_EN, 500005, MONEY_BOTH, "500,005 rial");
	MONEY_IS(LANG_EN, -5, MONEY_TOMAN, "-5 rial");
}

static void
a_card_number_stands_left_to_right_in_fours(void **state)
{
	char out[TEXT_SHORT_CAP];

	(void)state;
	text_card_number(LANG_EN, "0123456789012345", out, sizeof(out));
	assert_string_equal(out, "\u2066" "0123 4567 8901 2345" "\u2069");
	text_card_number(LANG_FA, "0123456789012345", out, sizeof(out));
	assert_string_equal(out, "\u2066" "۰۱۲۳ ۴۵۶۷ ۸۹۰۱ ۲۳۴۵" "\u2069");
}

static void
what_does_not_fit_is_cut_between_characters(void **state)
{
	char out[8];

	(void)state;
	text_digits(LANG_FA, "12345", out, sizeof(out));
	assert_string_equal(out, "۱۲۳");
	text_digits(LANG_EN, "1234567890", out, sizeof(out));
	assert_string_equal(out, "1234567");
	text_money(LANG_FA, 500000, MONEY_TOMAN, out, sizeof(out));
	assert_string_equal(out, "۵۰٬");
	text_isolate("ABCDEFG", out, sizeof(out));
	assert_string_equal(out, "\u2066" "A" "\u2069");
	text_digits(LANG_FA, "1", out, 1);
	assert_string_equal(out, "");
}

static void
days_are_solar_hijri_in_persian(void **state)
{
	(void)state;
	DATE_IS(LANG_FA, day(2026, 3, 21), DATE_LONG, "۱ فروردین ۱۴۰۵");
	DATE_IS(LANG_FA, day(2025, 3, 21), DATE_LONG, "۱ فروردین ۱۴۰۴");
	/* 1403 was a leap year */
	DATE_IS(LANG_FA, day(2025, 3, 20), DATE_LONG, "۳۰ اسفند ۱۴۰۳");
	DATE_IS(LANG_FA, day(2024, 3, 20), DATE_LONG, "۱ فروردین ۱۴۰۳");
	/* 1408 is the next: the 33-year rule and the official calendar agree */
	DATE_IS(LANG_FA, day(2030, 3, 20), DATE_LONG, "۳۰ اسفند ۱۴۰۸");
	DATE_IS(LANG_FA, day(2029, 3, 20), DATE_LONG, "۱ فروردین ۱۴۰۸");
	DATE_IS(LANG_FA, day(2026, 11, 22), DATE_LONG, "۱ آذر ۱۴۰۵");
	DATE_IS(LANG_FA, day(2026, 11, 22), DATE_SHORT, "\u2066" "۱۴۰۵/۰۹/۰۱" "\u2069");
	DATE_IS(LANG_FA, 0, DATE_LONG, "۱۱ دی ۱۳۷۸");
}

static void
days_are_gregorian_in_english(void **state)
{
	(void)state;
	DATE_IS(LANG_EN, day(2026, 11, 22), DATE_LONG, "22 Nov 2026");
	DATE_IS(LANG_EN, day(2026, 11, 22), DATE_SHORT, "2026-11-22");
	DATE_IS(LANG_EN, 65535, DATE_SHORT, "2179-06-06");
}

static void
a_day_turns_at_midnight_in_the_clubs_zone(void **state)
{
	/* 2026-11-22T00:00 in Tehran, three and a half hours ahead */
	const int64_t midnight = INT64_C(1795293000000);

	(void)state;
	assert_int_equal(text_day_of(midnight - 1, NULL), day(2026, 11, 21));
	assert_int_equal(text_day_of(midnight, NULL), day(2026, 11, 22));
	assert_int_equal(text_day_of(midnight, "Asia/Tehran"), day(2026, 11, 22));
	assert_int_equal(text_day_of(midnight, "UTC"), day(2026, 11, 21));
	assert_int_equal(text_day_of(INT64_C(946684800000) - 1, "UTC"), -1);
	assert_int_equal(text_day_of(INT64_C(946684800000), "UTC"), 0);
	assert_true(text_day_end_ms(day(2026, 11, 21), NULL) == midnight);
}

static void
every_end_of_day_is_the_first_moment_of_the_next(void **state)
{
	(void)state;
	/* 2000 to 2032: Tehran's summer times, begun at midnight, and their end in 2022 */
	for (int32_t d = 0; d < 12000; d += 1) {
		int64_t end = text_day_end_ms(d, NULL);

		assert_int_equal(text_day_of(end, NULL), d + 1);
		assert_int_equal(text_day_of(end - 1, NULL), d);
	}
}

static void
iran_has_no_summer_time_any_more(void **state)
{
	char out[TEXT_SHORT_CAP];

	(void)state;
	/* 2026-07-01T08:30Z */
	text_datetime(LANG_EN, INT64_C(1782894600000), NULL, out, sizeof(out));
	assert_string_equal(out, "1 Jul 2026, 12:00");
	text_datetime(LANG_FA, INT64_C(1782894600000), "Asia/Tehran", out, sizeof(out));
	assert_string_equal(out, "۱۰ تیر ۱۴۰۵، ساعت ۱۲:۰۰");
}

static void
an_unknown_zone_is_refused_by_name(void **state)
{
	struct why w;

	(void)state;
	assert_int_equal(text_zone_check("Asia/Tehran", &w), ERR_OK);
	assert_int_equal(text_zone_check("UTC", &w), ERR_OK);
	assert_int_equal(text_zone_check("Asia/Teheran", &w), ERR_ARG);
	assert_int_equal(w.id, MSG_ZONE_UNKNOWN);
	assert_string_equal(w.arg[0].str, "Asia/Teheran");
	assert_int_equal(text_zone_check("", &w), ERR_ARG);
	assert_int_equal(text_zone_check("Etc/Unknown", &w), ERR_ARG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_the_digits_and_groups_of_their_language),
		cmocka_unit_test(money_is_said_in_toman_rial_or_both),
		cmocka_unit_test(a_part_of_a_toman_is_said_in_rial_alone),
		cmocka_unit_test(a_card_number_stands_left_to_right_in_fours),
		cmocka_unit_test(what_does_not_fit_is_cut_between_characters),
		cmocka_unit_test(days_are_solar_hijri_in_persian),
		cmocka_unit_test(days_are_gregorian_in_english),
		cmocka_unit_test(a_day_turns_at_midnight_in_the_clubs_zone),
		cmocka_unit_test(every_end_of_day_is_the_first_moment_of_the_next),
		cmocka_unit_test(iran_has_no_summer_time_any_more),
		cmocka_unit_test(an_unknown_zone_is_refused_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
