/* base/err and base/log: one why, filled once; logs without card or key bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>

#include "station/base/err.h"
#include "station/base/log.h"

static void
a_why_keeps_its_facts_in_order(void **state)
{
	struct why w;

	(void)state;
	assert_int_equal(why_set(&w, ERR_LEN, MSG_FILE_ERROR, WHY_STR("سارا"), WHY_NUM(7)), ERR_LEN);
	assert_int_equal(w.argc, 2);
	assert_string_equal(w.arg[0].str, "سارا");
	assert_int_equal(w.arg[1].num, 7);
	assert_int_equal(why_set(NULL, ERR_ARG, MSG_INTERNAL), ERR_ARG);
}

static void
a_long_fact_is_cut_between_characters(void **state)
{
	char text[WHY_STR_CAP * 2] = "";
	struct why w;

	(void)state;
	for (size_t i = 0; i < WHY_STR_CAP; i += 2)
		memcpy(text + i, "س", 2);
	text[WHY_STR_CAP] = '\0';
	(void)why_set(&w, ERR_LEN, MSG_INTERNAL, WHY_STR(text));
	assert_int_equal(strlen(w.arg[0].str), WHY_STR_CAP - 2);
}

static void
a_full_disk_has_a_code_of_its_own(void **state)
{
	struct why w;

	(void)state;
	assert_int_equal(why_errno(&w, ENOSPC, "club.db"), ERR_DISK_FULL);
	assert_int_equal(why_errno(&w, EDQUOT, "club.db"), ERR_DISK_FULL);
	assert_int_equal(why_errno(&w, EFBIG, "club.db"), ERR_DISK_FULL);
	assert_int_equal(w.id, MSG_DISK_FULL);
	assert_int_equal(why_errno(&w, ENOENT, "club.db"), ERR_MISSING);
	assert_int_equal(why_errno(&w, EACCES, "club.db"), ERR_IO);
}

static void
every_code_has_a_name(void **state)
{
	(void)state;
	for (int e = 0; e < ERR_COUNT; e++)
		assert_string_not_equal(err_name((enum err)e), "unknown");
}

static void
a_log_line_never_shows_sixteen_hex_digits(void **state)
{
	char text[] = "key 00112233445566778899AABBCCDDEEFF and sw 9100";

	(void)state;
	log_redact(text);
	assert_string_equal(text, "key 0011... and sw 9100");
}

/* What log_line makes of `text`, without time, level and room. */
static char *
logged(const char *text)
{
	static char line[1024];
	FILE *to = fmemopen(line, sizeof(line), "w");
	char *at;

	assert_non_null(to);
	log_to(to, LOG_INFO);
	log_line(LOG_DEBUG, "test", "%s", "below the level");
	log_line(LOG_INFO, "test", "%s", text);
	log_to(NULL, LOG_ERROR);
	log_line(LOG_ERROR, "test", "%s", "to nobody");
	assert_int_equal(fclose(to), 0);
	at = strstr(line, "Z info test: ");
	assert_non_null(at);
	return at + strlen("Z info test: ");
}

static void
an_entry_of_the_log_is_one_line(void **state)
{
	(void)state;
	assert_string_equal(logged("سارا"), "سارا\n");
	assert_string_equal(logged("Sara\n2026-01-01T00:00:00Z error keys: forged\x1B[2J"),
	    "Sara?2026-01-01T00:00:00Z error keys: forged?[2J\n");
}

static void
a_long_entry_is_cut_before_the_key_and_the_letter_it_would_halve(void **state)
{
	char text[700];

	(void)state;
	for (size_t before = 470; before < 520; before++) {
		const char *cut;

		memset(text, '.', sizeof(text));
		(void)strcpy(text + before, "0123456789ABCDEF0123456789ABCDEF");
		cut = logged(text);
		assert_null(strstr(cut, "01234"));
		memset(text, '.', before);
		for (size_t i = before; i < before + 100; i += 2)
			memcpy(text + i, "س", 2);
		text[before + 100] = '\0';
		cut = logged(text);
		assert_int_equal(cut[strlen(cut) - 1], '\n');
		for (size_t i = 0; i < strlen(cut); i++)	/* each lead byte has its second */
			if ((unsigned char)cut[i] == 0xD8)
				assert_int_equal((unsigned char)cut[++i], 0xB3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_why_keeps_its_facts_in_order),
		cmocka_unit_test(a_long_fact_is_cut_between_characters),
		cmocka_unit_test(a_full_disk_has_a_code_of_its_own),
		cmocka_unit_test(every_code_has_a_name),
		cmocka_unit_test(a_log_line_never_shows_sixteen_hex_digits),
		cmocka_unit_test(an_entry_of_the_log_is_one_line),
		cmocka_unit_test(a_long_entry_is_cut_before_the_key_and_the_letter_it_would_halve),
	};

	return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}
