/* base/err and base/log: one why, filled once; logs without card or key bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_why_keeps_its_facts_in_order),
		cmocka_unit_test(a_long_fact_is_cut_between_characters),
		cmocka_unit_test(a_full_disk_has_a_code_of_its_own),
		cmocka_unit_test(every_code_has_a_name),
		cmocka_unit_test(a_log_line_never_shows_sixteen_hex_digits),
	};

	return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}
