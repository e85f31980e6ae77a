/* text/amount and text/plate: what people type into the fields for money, cards and phones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "station/text/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
an_amount_is_read_in_any_digits_groups_and_unit(void **state)
{
	static const struct {
		const char *typed;
		enum money_form unit;
		int64_t rial;
	} rows[] = {
		{"50000", MONEY_TOMAN, 500000},
		{"50000", MONEY_RIAL, 50000},
		{"۵۰۰٬۰۰۰", MONEY_RIAL, 500000},
		{"۵۰٬۰۰۰ تومان", MONEY_RIAL, 500000},
		{"٥٠٠٠٠", MONEY_TOMAN, 500000},
		{"50,000 toman", MONEY_RIAL, 500000},
		{"500,000 Rial", MONEY_TOMAN, 500000},
		{"IRR 500_000", MONEY_TOMAN, 500000},
		{"50000T", MONEY_RIAL, 500000},
		{"50،000تومن", MONEY_RIAL, 500000},
		{"500\u00A0000 ريال", MONEY_TOMAN, 500000},
		{"۵۰\u200C۰۰۰", MONEY_TOMAN, 500000},
		{"500'000 ﷼", MONEY_TOMAN, 500000},
		{"  007\t", MONEY_RIAL, 7},
		{"\u200F۵۰۰\u200E", MONEY_RIAL, 500},
		{"1000000000000000", MONEY_RIAL, TEXT_AMOUNT_MAX_RIAL},
		{"100,000,000,000,000", MONEY_TOMAN, TEXT_AMOUNT_MAX_RIAL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct why w = {0};
		int64_t rial = -1;

		if (text_parse_amount(rows[i].typed, rows[i].unit, &rial, &w) != ERR_OK)
			fail_msg("%s: %s", rows[i].typed, msg_name(w.id));
		assert_true(rial == rows[i].rial);
	}
}

static void
each_wrong_amount_gets_its_own_sentence(void **state)
{
	static const struct {
		const char *typed;
		enum err code;
		enum msg id;
	} rows[] = {
		{"", ERR_FORMAT, MSG_AMOUNT_EMPTY},
		{" \u200C\u00A0", ERR_FORMAT, MSG_AMOUNT_EMPTY},
		{"0", ERR_RANGE, MSG_AMOUNT_ZERO},
		{"۰۰۰ تومان", ERR_RANGE, MSG_AMOUNT_ZERO},
		{"-1", ERR_RANGE, MSG_AMOUNT_NEGATIVE},
		{"−۵۰٬۰۰۰", ERR_RANGE, MSG_AMOUNT_NEGATIVE},
		{"۵۰-", ERR_RANGE, MSG_AMOUNT_NEGATIVE},
		{"9223372036854775808", ERR_RANGE, MSG_AMOUNT_TOO_BIG},
		{"1000000000000001", ERR_RANGE, MSG_AMOUNT_TOO_BIG},
		{"100000000000001 toman", ERR_RANGE, MSG_AMOUNT_TOO_BIG},
		{"99999999999999999999999999999999999999", ERR_RANGE, MSG_AMOUNT_TOO_BIG},
		{"1.5", ERR_FORMAT, MSG_AMOUNT_FRACTION},
		{"۱٫۵", ERR_FORMAT, MSG_AMOUNT_FRACTION},
		{"50.000", ERR_FORMAT, MSG_AMOUNT_FRACTION},
		{"1,2,3", ERR_FORMAT, MSG_AMOUNT_GROUPS},
		{"50,00", ERR_FORMAT, MSG_AMOUNT_GROUPS},
		{"5000,000", ERR_FORMAT, MSG_AMOUNT_GROUPS},
		{",500", ERR_FORMAT, MSG_AMOUNT_GROUPS},
		{"500,", ERR_FORMAT, MSG_AMOUNT_GROUPS},
		{"1,,000", ERR_FORMAT, MSG_AMOUNT_GROUPS},
		{"1,000 000", ERR_FORMAT, MSG_AMOUNT_GROUPS},
		{"abc", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"toman", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"50 dollars", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"IRR 50 toman", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"5a0", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"5-0", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"--5", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"5²", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"0x10", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"1e9", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"-", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"५०", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"\xFF\xFE", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"5\x80", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
		{"+50", ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct why w = {0};
		int64_t rial = -77;

		if (text_parse_amount(rows[i].typed, MONEY_RIAL, &rial, &w) != rows[i].code ||
		    w.id != rows[i].id)
			fail_msg("«%s»: %s", rows[i].typed, msg_name(w.id));
		assert_true(rial == -77);
	}
}

static void
a_flood_of_characters_is_no_amount(void **state)
{
	char flood[5000];
	int64_t rial;
	struct why w;

	(void)state;
	memset(flood, '0', sizeof(flood) - 1);
	flood[sizeof(flood) - 1] = '\0';
	assert_int_equal(text_parse_amount(flood, MONEY_RIAL, &rial, &w), ERR_FORMAT);
	assert_int_equal(w.id, MSG_AMOUNT_NOT_NUMBER);
}

static void
broken_groups_are_answered_with_what_was_probably_meant(void **state)
{
	char out[TEXT_CAP];
	int64_t rial;
	struct why w;

	(void)state;
	assert_int_equal(text_parse_amount("50,00,0", MONEY_TOMAN, &rial, &w), ERR_FORMAT);
	text_render(LANG_EN, &w, out, sizeof(out));
	assert_non_null(strstr(out, "If you mean 50,000,"));
	text_render(LANG_FA, &w, out, sizeof(out));
	assert_non_null(strstr(out, "اگر منظورتان ۵۰٬۰۰۰ است"));
}

static void
a_card_number_is_read_as_sixteen_ascii_digits(void **state)
{
	static const char *const rows[] = {
		"0123456789012345", "0123 4567 8901 2345", "0123-4567-8901-2345", "۰۱۲۳ ۴۵۶۷ ۸۹۰۱ ۲۳۴۵",
		"\u2066٠١٢٣٤٥٦٧٨٩٠١٢٣٤٥\u2069", " 0123–4567–8901–2345 ",
	};
	char out[17];
	struct why w;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(text_parse_card_number(rows[i], out, &w), ERR_OK);
		assert_string_equal(out, "0123456789012345");
	}
}

static void
a_card_number_of_another_length_or_with_letters_is_refused(void **state)
{
	char out[17];
	struct why w;

	(void)state;
	assert_int_equal(text_parse_card_number("012345678901234", out, &w), ERR_LEN);
	assert_int_equal(w.arg[0].num, 15);
	assert_string_equal(out, "");
	assert_int_equal(text_parse_card_number("01234567890123456", out, &w), ERR_LEN);
	assert_int_equal(w.arg[0].num, 17);
	assert_int_equal(text_parse_card_number("", out, &w), ERR_LEN);
	assert_int_equal(text_parse_card_number("0123 4567 8901 234O", out, &w), ERR_FORMAT);
	assert_int_equal(text_parse_card_number("0123*4567", out, &w), ERR_FORMAT);
	assert_int_equal(text_parse_card_number("\xC3", out, &w), ERR_FORMAT);
}

static void
a_phone_number_becomes_e164_from_any_form(void **state)
{
	static const struct {
		const char *typed;
		const char *e164;
	} rows[] = {
		{"09123456789", "+989123456789"},
		{"9123456789", "+989123456789"},
		{"+98 912 345 6789", "+989123456789"},
		{"+98 (0)912-345-6789", "+989123456789"},
		{"00989123456789", "+989123456789"},
		{"\xE2\x80\xAA+98 912 345 6789\xE2\x80\xAC", "+989123456789"},	/* as contacts paste it, in U+202A … U+202C */
		{"\xE2\x80\x8E +989123456789", "+989123456789"},
		{"989123456789", "+989123456789"},
		{"۰۹۱۲ ۳۴۵ ۶۷۸۹", "+989123456789"},
		{"٠٩١٢٣٤٥٦٧٨٩", "+989123456789"},
		{"021-88776655", "+982188776655"},
		{"(031) 3345 6789", "+983133456789"},
		{"+49 30 901820", "+4930901820"},
		{"0044 20 7946 0958", "+442079460958"},
	};
	char out[TEXT_PHONE_CAP];
	struct why w = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (text_phone(rows[i].typed, out, &w) != ERR_OK)
			fail_msg("%s: %s", rows[i].typed, msg_name(w.id));
		assert_string_equal(out, rows[i].e164);
	}
}

static void
what_is_no_phone_number_is_refused(void **state)
{
	static const char *const rows[] = {
		"", "0", "+", "912345678", "091234567890", "12345678", "88776655", "0012", "+0123456789",
		"++989123456789", "0912345678a", "912+3456789", "+98912345678", "+1234567890123456", "00980012345678",
		"02108776655", "\xFF", "0912,345,6789", "12345678901234567890123456789",
	};
	char out[TEXT_PHONE_CAP];
	struct why w;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (text_phone(rows[i], out, &w) != ERR_FORMAT)
			fail_msg("%s was taken for %s", rows[i], out);
		assert_int_equal(w.id, MSG_PHONE_STRANGE);
		assert_string_equal(out, "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_amount_is_read_in_any_digits_groups_and_unit),
		cmocka_unit_test(each_wrong_amount_gets_its_own_sentence),
		cmocka_unit_test(a_flood_of_characters_is_no_amount),
		cmocka_unit_test(broken_groups_are_answered_with_what_was_probably_meant),
		cmocka_unit_test(a_card_number_is_read_as_sixteen_ascii_digits),
		cmocka_unit_test(a_card_number_of_another_length_or_with_letters_is_refused),
		cmocka_unit_test(a_phone_number_becomes_e164_from_any_form),
		cmocka_unit_test(what_is_no_phone_number_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
