/* text/name: a person's name as typed, and the key it is found by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "station/text/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ZWNJ "\u200C"

static void
a_name_stays_as_typed_but_for_its_spaces(void **state)
{
	static const struct {
		const char *typed;
		const char *kept;
	} rows[] = {
		{"سارا احمدی", "سارا احمدی"},
		{"  سارا \u00A0 احمدی ", "سارا احمدی"},
		{"علي كريمي", "علي كريمي"},		/* letters are not touched */
		{"نیک" ZWNJ "پور", "نیک" ZWNJ "پور"},
		{ZWNJ "نیک" ZWNJ " پور" ZWNJ, "نیک پور"},
		{"نیک" ZWNJ ZWNJ "پور", "نیک" ZWNJ "پور"},
		{"مُحَمَّد", "مُحَمَّد"},
		{"\u200Fرضا\u200E", "رضا"},
		{"Jose\u0301", "José"},
		{"Jean-Luc O'Brien", "Jean-Luc O'Brien"},
		{"محمدی (شعبهٔ ۲)", "محمدی (شعبهٔ ۲)"},
		{"李", "李"},
	};
	char out[TEXT_NAME_CAP];
	struct why w = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (text_clean_name(rows[i].typed, out, sizeof(out), &w) != ERR_OK)
			fail_msg("%s: %s", rows[i].typed, msg_name(w.id));
		assert_string_equal(out, rows[i].kept);
	}
}

static void
each_strange_name_gets_its_own_sentence(void **state)
{
	static const struct {
		const char *typed;
		enum err code;
		enum msg id;
	} rows[] = {
		{"", ERR_LEN, MSG_NAME_EMPTY},
		{" \u00A0\t", ERR_FORMAT, MSG_NAME_CONTROL},
		{" \u00A0" ZWNJ, ERR_LEN, MSG_NAME_EMPTY},
		{"سارا\n", ERR_FORMAT, MSG_NAME_CONTROL},
		{"sara\x1B[31m", ERR_FORMAT, MSG_NAME_CONTROL},
		{"sara\x7F", ERR_FORMAT, MSG_NAME_CONTROL},
		{"\u202E" "sara", ERR_FORMAT, MSG_NAME_CONTROL},
		{"\u2066sara\u2069", ERR_FORMAT, MSG_NAME_CONTROL},
		{"sa\u00ADra", ERR_FORMAT, MSG_NAME_CONTROL},
		{"sara\u2028", ERR_FORMAT, MSG_NAME_CONTROL},
		{"sara 😀", ERR_FORMAT, MSG_NAME_SYMBOL},
		{"👨‍👩‍👧", ERR_FORMAT, MSG_NAME_SYMBOL},
		{"🇮🇷", ERR_FORMAT, MSG_NAME_SYMBOL},
		{"sara ☎", ERR_FORMAT, MSG_NAME_SYMBOL},
		{"<b>sara</b>", ERR_FORMAT, MSG_NAME_SYMBOL},
		{"sara$", ERR_FORMAT, MSG_NAME_SYMBOL},
		{"sara \uE000", ERR_FORMAT, MSG_NAME_SYMBOL},
		{"z\u0300\u0301\u0302a", ERR_FORMAT, MSG_NAME_MARKS},
		{"\u064Eسارا", ERR_FORMAT, MSG_NAME_MARKS},
		{"سارا \u064Eس", ERR_FORMAT, MSG_NAME_MARKS},
		{"۱۲۳", ERR_FORMAT, MSG_NAME_NO_LETTER},
		{"- . -", ERR_FORMAT, MSG_NAME_NO_LETTER},
		{"sar\xC3", ERR_FORMAT, MSG_NAME_NOT_TEXT},
		{"\xED\xA0\x80", ERR_FORMAT, MSG_NAME_NOT_TEXT},
		{"\xC0\xAF", ERR_FORMAT, MSG_NAME_NOT_TEXT},
	};
	char out[TEXT_NAME_CAP];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct why w = {0};

		if (text_clean_name(rows[i].typed, out, sizeof(out), &w) != rows[i].code || w.id != rows[i].id)
			fail_msg("row %zu «%s»: %s", i, rows[i].typed, msg_name(w.id));
		assert_string_equal(out, "");
	}
}

/* `n` times `unit` and NUL. */
static void
repeat(const char *unit, size_t n, char *out)
{
	size_t len = strlen(unit);

	for (size_t i = 0; i < n; i++)
		memcpy(out + i * len, unit, len);
	out[n * len] = '\0';
}

static void
sixty_characters_fit_and_sixty_one_do_not(void **state)
{
	static char typed[6000];
	char out[TEXT_NAME_CAP];
	struct why w;

	(void)state;
	/* a letter and two marks count as one */
	repeat("م\u064E\u0651", 60, typed);
	assert_int_equal(text_clean_name(typed, out, sizeof(out), &w), ERR_OK);
	assert_string_equal(out, typed);
	repeat("م", 61, typed);
	assert_int_equal(text_clean_name(typed, out, sizeof(out), &w), ERR_LEN);
	assert_int_equal(w.id, MSG_NAME_TOO_LONG);
	repeat("م", 300, typed);
	assert_int_equal(text_clean_name(typed, out, sizeof(out), &w), ERR_LEN);
	repeat("م", 2900, typed);
	assert_int_equal(text_clean_name(typed, out, sizeof(out), &w), ERR_LEN);
	assert_int_equal(text_clean_name("سارا", out, 8, &w), ERR_LEN);
	assert_string_equal(out, "");
}

static void
names_that_read_the_same_have_one_key(void **state)
{
	static const char *const rows[][2] = {
		{"علي كريمي", "علی کریمی"},
		{"نیک" ZWNJ "پور", "نیکپور"},
		{"فاطمة", "فاطمه"},
		{"خانۀ سبز", "خانه سبز"},
		{"خانهٔ سبز", "خانه سبز"},
		{"آرش", "ارش"},
		{"أحمد إبراهيم", "احمد ابراهیم"},
		{"رئیس", "رییس"},
		{"موسى", "موسی"},
		{"مُحَمَّد", "محمد"},
		{"عـلـی", "علی"},
		{"سارا\u00A0\u00A0احمدی ", "سارا احمدی"},
		{"شعبه ۲٣4", "شعبه 234"},
		{"JOSÉ", "jose"},
		{"ﻋﻠﯽ", "علی"},
		{"ＡＢＣ", "abc"},
	};
	char key[TEXT_FOLD_CAP];
	char again[TEXT_FOLD_CAP];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(text_fold(rows[i][0], key, sizeof(key)));
		assert_string_equal(key, rows[i][1]);
		/* a key is its own key */
		assert_true(text_fold(key, again, sizeof(again)));
		assert_string_equal(again, key);
	}
}

static void
a_key_that_does_not_fit_is_refused_whole(void **state)
{
	static char flood[20000];
	char key[TEXT_FOLD_CAP];

	(void)state;
	repeat("\uFDFA", 6000, flood);	/* one character that unfolds to eighteen */
	assert_false(text_fold(flood, key, sizeof(key)));
	assert_string_equal(key, "");
	assert_false(text_fold("سارا", key, 8));
	assert_true(text_fold("سارا", key, 9));
	assert_true(text_fold("\xFF\xC3(\x80", key, sizeof(key)));
	assert_string_equal(key, "(");
	assert_true(text_fold("", key, sizeof(key)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_stays_as_typed_but_for_its_spaces),
		cmocka_unit_test(each_strange_name_gets_its_own_sentence),
		cmocka_unit_test(sixty_characters_fit_and_sixty_one_do_not),
		cmocka_unit_test(names_that_read_the_same_have_one_key),
		cmocka_unit_test(a_key_that_does_not_fit_is_refused_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
