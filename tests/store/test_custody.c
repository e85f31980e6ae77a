/* store/custody: who keeps the keys, once written, stays. */
#include "tests/store/fixture.h"

#include "station/store/custody.h"

static void
note(struct club *c, enum custody_act act, uint16_t generation, unsigned shares, const char *people)
{
	struct journal_field field = JOURNAL_FIELD_INT("generation", generation);
	struct store_custody row = {.act = act, .generation = generation, .set = {1, 2, 3, 4}, .needed = 2,
	    .shares = shares, .persons = 2, .kcv = {7, 8, 9}, .kcv_len = 3, .at_ms = NOW_MS};
	struct journal_entry entry = {.kind = "keys.test", .at_ms = NOW_MS, .fields = &field, .field_count = 1};
	struct why w;

	for (unsigned i = 0; i < shares; i++)
		row.hash[i][0] = (uint8_t)(i + 1);
	(void)snprintf(row.people, sizeof(row.people), "%s", people);
	ok(store_begin(c->s, &w));
	ok(store_event_next(c->s, entry.event, &w));
	ok(store_journal_append(c->s, &entry, &w));
	memcpy(row.event, entry.event, sizeof(row.event));
	ok(store_custody_add(c->s, &row, &w));
	ok(store_commit(c->s, &w));
}

static bool
count(const struct store_custody *row, void *ctx)
{
	(void)row;
	++*(unsigned *)ctx;
	return true;
}

static void
the_newest_of_an_act_and_generation_is_found(void **state)
{
	struct club *c = *state;
	struct store_custody row;
	unsigned n = 0;
	struct why w;

	assert_int_equal(store_custody_last(c->s, CUSTODY_CEREMONY, 1, &row, &w), ERR_NOT_FOUND);
	note(c, CUSTODY_CEREMONY, 1, 3, "سارا\nرضا\nمینا");
	note(c, CUSTODY_CEREMONY, 1, 2, "Sara\nReza");
	note(c, CUSTODY_DRILL, 1, 0, "Sara");
	note(c, CUSTODY_CEREMONY, 2, 9, "a\nb\nc\nd\ne\nf\ng\nh\ni");
	ok(store_custody_last(c->s, CUSTODY_CEREMONY, 1, &row, &w));
	assert_string_equal(row.people, "Sara\nReza");
	assert_int_equal(row.shares, 2);
	assert_int_equal(row.hash[1][0], 2);
	assert_int_equal(row.kcv_len, 3);
	assert_int_equal(row.set[3], 4);
	ok(store_custody_last(c->s, CUSTODY_CEREMONY, 2, &row, &w));
	assert_int_equal(row.shares, 9);
	assert_int_equal(store_custody_last(c->s, CUSTODY_DRILL, 2, &row, &w), ERR_NOT_FOUND);
	ok(store_custody_walk(c->s, count, &n, &w));
	assert_int_equal(n, 4);
}

static void
what_is_noted_is_never_changed_and_has_its_journal_row(void **state)
{
	struct club *c = *state;
	struct store_custody row = {.act = CUSTODY_DRILL, .generation = 1, .event = {9}};
	struct why w;

	note(c, CUSTODY_DRILL, 1, 0, "Sara");
	assert_int_not_equal(raw(c, "UPDATE custody SET generation = 2"), SQLITE_OK);
	assert_int_not_equal(raw(c, "DELETE FROM custody"), SQLITE_OK);
	assert_int_not_equal(raw(c, "INSERT OR REPLACE INTO custody SELECT * FROM custody"), SQLITE_OK);
	ok(store_begin(c->s, &w));
	assert_int_equal(store_custody_add(c->s, &row, &w), ERR_DB);
	store_rollback(c->s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_newest_of_an_act_and_generation_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_noted_is_never_changed_and_has_its_journal_row, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
