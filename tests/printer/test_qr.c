/* The QR matrix, without drawing it. */
#include "tests/printer/sample.h"

/* A finder pattern: 7 x 7 dark, a light ring, 3 x 3 dark. */
static bool
finder_at(const struct qr *q, unsigned x0, unsigned y0)
{
	for (unsigned y = 0; y < 7; y++) {
		for (unsigned x = 0; x < 7; x++) {
			bool ring = x == 0 || y == 0 || x == 6 || y == 6;
			bool heart = x >= 2 && x <= 4 && y >= 2 && y <= 4;
			if (qr_dark(q, x0 + x, y0 + y) != (ring || heart))
				return false;
		}
	}
	return true;
}

static void
a_url_becomes_a_square_with_three_finders(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct qr q;
	expect(qr_encode(SAMPLE_QR, &q, &w), &w, ERR_OK, MSG_NONE);
	assert_true(finder_at(&q, 0, 0));
	assert_true(finder_at(&q, q.side - 7, 0));
	assert_true(finder_at(&q, 0, q.side - 7));
	assert_false(finder_at(&q, q.side - 7, q.side - 7));
	assert_false(qr_dark(&q, q.side, 0));
	assert_false(qr_dark(&q, 0, q.side));
}

static void
upper_case_urls_take_a_smaller_code_than_lower_case(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct qr upper, lower;
	expect(qr_encode(SAMPLE_QR, &upper, &w), &w, ERR_OK, MSG_NONE);
	expect(qr_encode("https://golestan.example.ir/c/4f6qzj7xk2m5r8t3w9yb1d0hca", &lower, &w),
	    &w, ERR_OK, MSG_NONE);
	/* ISO/IEC 18004 table 7, level M: version 3 holds 61 alphanumeric or 42 byte-mode characters */
	assert_int_equal(upper.side, 17 + 4 * 3);
	assert_int_equal(lower.side, 17 + 4 * 4);
}

static void
what_is_not_printable_ascii_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "https://مثال", "A\nB", "A\x7f", "A\xff" };
	struct why w = { 0 };
	struct qr q;
	expect(qr_encode(NULL, &q, &w), &w, ERR_FORMAT, MSG_QR_NOT_ASCII);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect(qr_encode(bad[i], &q, &w), &w, ERR_FORMAT, MSG_QR_NOT_ASCII);
}

static void
version_ten_is_the_last(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct qr q;
	char text[8000];
	/* version 10-M holds 311 alphanumeric characters */
	memset(text, 'A', sizeof(text));
	text[311] = '\0';
	expect(qr_encode(text, &q, &w), &w, ERR_OK, MSG_NONE);
	assert_int_equal(q.side, QR_SIDE_MAX);
	text[311] = 'A', text[312] = '\0';
	expect(qr_encode(text, &q, &w), &w, ERR_LEN, MSG_QR_TOO_LONG);
	text[312] = 'A', text[sizeof(text) - 1] = '\0';
	expect(qr_encode(text, &q, &w), &w, ERR_LEN, MSG_QR_TOO_LONG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_becomes_a_square_with_three_finders),
		cmocka_unit_test(upper_case_urls_take_a_smaller_code_than_lower_case),
		cmocka_unit_test(what_is_not_printable_ascii_is_refused),
		cmocka_unit_test(version_ten_is_the_last)
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
