/* base/clock and base/secret: minutes of records, and memory for keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "station/base/clock.h"
#include "station/base/secret.h"

static int64_t
time_of_the_example(void)
{
	return INT64_C(1795341600000);	/* 2026-11-22T10:00Z */
}

static void
minutes_count_from_the_year_2000_and_stay_in_their_range(void **state)
{
	(void)state;
	assert_int_equal(clock_minutes_2000(INT64_MIN), 0);
	assert_int_equal(clock_minutes_2000(CLOCK_EPOCH_2000_MS - 1), 0);
	assert_int_equal(clock_minutes_2000(CLOCK_EPOCH_2000_MS + 59999), 0);
	assert_int_equal(clock_minutes_2000(CLOCK_EPOCH_2000_MS + 60000), 1);
	assert_int_equal(clock_minutes_2000(time_of_the_example()), 14144280);
	assert_true(clock_minutes_2000(INT64_MAX) == UINT32_MAX);
	assert_true(clock_from_minutes_2000(14144280) == time_of_the_example());
	assert_int_equal(clock_minutes_2000(clock_from_minutes_2000(UINT32_MAX)), UINT32_MAX);
}

static void
a_test_may_set_the_wall_clock_and_give_it_back(void **state)
{
	int64_t before = clock_now_ms();

	(void)state;
	clock_set_source(time_of_the_example);
	assert_true(clock_now_ms() == time_of_the_example());
	clock_set_source(NULL);
	assert_true(clock_now_ms() >= before);
	assert_in_range(clock_now_ms() - before, 0, 60000);
}

static void
the_monotonic_clock_does_not_go_back(void **state)
{
	int64_t before = clock_monotonic_ns();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_monotonic_ns();

		assert_true(now >= before);
		before = now;
	}
}

static void
secret_memory_begins_zeroed_and_is_wiped_in_a_child(void **state)
{
	size_t len = 5000;
	uint8_t *p = secret_alloc(len);
	int status = -1;
	pid_t child;

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(p[i], 0);
		p[i] = 0xA5;
	}
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		uint8_t any = 0;

		for (size_t i = 0; i < len; i++)
			any |= p[i];
		_exit(any);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(p[len - 1], 0xA5);
	wipe(p, len);
	assert_int_equal(p[0] | p[len - 1], 0);
	secret_free(p, len);
	secret_free(NULL, len);
}

static void
equal_secrets_differ_in_no_byte(void **state)
{
	uint8_t a[32] = {1, 2, 3}, b[32] = {1, 2, 3};

	(void)state;
	assert_true(secret_equal(a, b, sizeof(a)));
	for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(secret_equal(a, b, sizeof(a)));
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	b[31] = 1;
	assert_true(secret_equal(a, b, 31));
	assert_true(secret_equal(a, b, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(minutes_count_from_the_year_2000_and_stay_in_their_range),
		cmocka_unit_test(a_test_may_set_the_wall_clock_and_give_it_back),
		cmocka_unit_test(the_monotonic_clock_does_not_go_back),
		cmocka_unit_test(secret_memory_begins_zeroed_and_is_wiped_in_a_child),
		cmocka_unit_test(equal_secrets_differ_in_no_byte),
	};

	return cmocka_run_group_tests_name("base/clock, base/secret", tests, NULL, NULL);
}
