/* text/lang: which language the asker reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "station/text/text.h"

static void
a_tag_is_known_by_its_first_part(void **state)
{
	static const char *const persian[] = {"fa", "FA-ir", "fa_IR.UTF-8", "per", "fas"};
	static const char *const others[] = {"", "f", "far", "de", "C", "ar-IR", "-fa", "english"};
	enum lang lang = LANG_EN;

	(void)state;
	for (size_t i = 0; i < sizeof(persian) / sizeof(persian[0]); i++) {
		lang = LANG_EN;
		assert_true(lang_parse(persian[i], &lang));
		assert_int_equal(lang, LANG_FA);
	}
	assert_true(lang_parse("en_US.UTF-8", &lang));
	assert_int_equal(lang, LANG_EN);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(lang_parse(others[i], &lang));
	assert_int_equal(lang, LANG_EN);
}

static void
a_browser_gets_the_language_it_weighs_most(void **state)
{
	static const struct {
		const char *header;
		enum lang lang;
	} rows[] = {
		{"fa-IR,fa;q=0.9,en;q=0.5", LANG_FA},
		{"en-US,en;q=0.9,fa;q=0.8", LANG_EN},
		{"en;q=0.3,fa;q=0.4", LANG_FA},
		{"de-DE , en ; q=0.2", LANG_EN},
		{"fa;q=0,en;q=0.1", LANG_EN},
		{"fa , en", LANG_FA},
		{"en,fa", LANG_EN},
		{"en;q=1.001,fa;q=0.1", LANG_FA},
		{"en;q=nonsense,fa;q=0.001", LANG_FA},
		{"EN;Q=1.000", LANG_EN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(lang_from_accept(rows[i].header, LANG_FA), rows[i].lang);
}

static void
a_header_that_names_neither_gets_the_fallback(void **state)
{
	static const char *const rows[] = {"", ",", ";;;", "*", "de", "de,fr;q=0.9", "q=1", ",,,;q=", "fa;q=0"};
	char flood[4000];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(lang_from_accept(rows[i], LANG_FA), LANG_FA);
		assert_int_equal(lang_from_accept(rows[i], LANG_EN), LANG_EN);
	}
	memset(flood, ',', sizeof(flood));
	memcpy(flood + sizeof(flood) - 4, ",en", 4);
	assert_int_equal(lang_from_accept(flood, LANG_FA), LANG_FA);
	assert_int_equal(lang_from_accept(NULL, LANG_EN), LANG_EN);
}

static void
an_option_beats_the_environment_and_persian_is_the_last_word(void **state)
{
	(void)state;
	(void)unsetenv("LC_ALL");
	(void)unsetenv("LC_MESSAGES");
	(void)setenv("LANG", "en_US.UTF-8", 1);
	assert_int_equal(lang_default(NULL), LANG_EN);
	assert_int_equal(lang_default("fa"), LANG_FA);
	(void)setenv("LC_ALL", "fa_IR", 1);
	assert_int_equal(lang_default(NULL), LANG_FA);
	(void)setenv("LC_ALL", "C.UTF-8", 1);
	assert_int_equal(lang_default(NULL), LANG_FA);
	(void)unsetenv("LC_ALL");
	(void)unsetenv("LANG");
	assert_int_equal(lang_default("klingon"), LANG_FA);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tag_is_known_by_its_first_part),
		cmocka_unit_test(a_browser_gets_the_language_it_weighs_most),
		cmocka_unit_test(a_header_that_names_neither_gets_the_fallback),
		cmocka_unit_test(an_option_beats_the_environment_and_persian_is_the_last_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
