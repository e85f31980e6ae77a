/* store: double entry. What does not balance is refused, and the books say what a model says. */
#include "tests/store/fixture.h"

#include <time.h>

#include "station/store/journal.h"

static void
note(struct club *c, uint8_t event[STORE_EVENT_LEN])
{
	struct journal_entry row = {.kind = "test.post", .at_ms = NOW_MS};
	struct why w;

	ok(store_event_next(c->s, event, &w));
	memcpy(row.event, event, STORE_EVENT_LEN);
	ok(store_journal_append(c->s, &row, &w));
}

static int
in_transaction(void **state)
{
	struct club *c;
	struct why w;

	(void)setup(state);
	c = *state;
	ok(store_begin(c->s, &w));
	return 0;
}

static void
entries_that_do_not_sum_to_zero_in_each_unit_are_refused(void **state)
{
	struct club *c = *state;
	const struct ledger_entry short_by_one[] = {{{"cash", 0, 364}, 100, 0}, {{"card.waiting", 5, 364}, -99, 0}};
	const struct ledger_entry mixed_units[] = {{{"cash", 0, 364}, 100, 0}, {{"member.points", 5, 0}, -100, 0}};
	const struct ledger_entry alone[] = {{{"cash", 0, 364}, 100, 0}};
	const struct ledger_entry two_units[] = {{{"cash", 0, 364}, 100, 0}, {{"card.waiting", 5, 364}, -100, 0},
		{{"points.cost", 0, 0}, 7, 0}, {{"member.points", 5, 0}, -7, 0}};
	uint8_t event[STORE_EVENT_LEN];
	int64_t balance;
	struct why w;

	note(c, event);
	assert_int_equal(store_post(c->s, event, NULL, short_by_one, 2, &w), ERR_REFUSED);
	assert_int_equal(w.id, MSG_STORE_NOT_ZERO);
	assert_int_equal(store_post(c->s, event, NULL, mixed_units, 2, &w), ERR_REFUSED);
	assert_int_equal(store_post(c->s, event, NULL, alone, 1, &w), ERR_REFUSED);
	assert_int_equal(store_post(c->s, event, NULL, alone, 0, &w), ERR_REFUSED);
	ok(store_balance(c->s, &alone[0].account, &balance, &w));
	assert_int_equal(balance, 0);
	ok(store_post(c->s, event, NULL, two_units, 4, &w));
	ok(store_balance(c->s, &two_units[3].account, &balance, &w));
	assert_int_equal(balance, -7);
	ok(store_commit(c->s, &w));
	healthy(c);
}

static void
an_event_posts_once_and_must_be_known(void **state)
{
	struct club *c = *state;
	uint8_t event[STORE_EVENT_LEN], unknown[STORE_EVENT_LEN] = {1};
	struct why w;

	note(c, event);
	ok(post_two(c->s, event, "cash", "card.waiting", 5, 100, &w));
	assert_int_equal(post_two(c->s, event, "cash", "card.waiting", 5, 100, &w), ERR_DUPLICATE);
	assert_int_equal(post_two(c->s, unknown, "cash", "card.waiting", 5, 100, &w), ERR_NOT_FOUND);
	assert_int_equal(w.id, MSG_STORE_NO_EVENT);
}

static void
amounts_that_cannot_be_kept_are_refused_and_never_wrap(void **state)
{
	struct club *c = *state;
	const struct ledger_entry zero[] = {{{"cash", 0, 364}, 0, 0}, {{"x", 5, 364}, 0, 0}};
	const struct ledger_entry wraps[] = {{{"a", 0, 364}, INT64_MAX, 0}, {{"b", 0, 364}, INT64_MAX, 0}, {{"c", 0, 364}, 2, 0}};
	uint8_t event[STORE_EVENT_LEN];
	struct why w;

	note(c, event);
	assert_int_equal(store_post(c->s, event, NULL, zero, 2, &w), ERR_RANGE);
	assert_int_equal(store_post(c->s, event, NULL, wraps, 3, &w), ERR_RANGE);
	ok(post_two(c->s, event, "cash", "card.waiting", 5, INT64_MAX - 10, &w));
	ok(store_commit(c->s, &w));
	ok(store_begin(c->s, &w));
	note(c, event);
	assert_int_equal(post_two(c->s, event, "cash", "card.waiting", 5, 11, &w), ERR_RANGE);
	assert_int_equal(w.id, MSG_STORE_AMOUNT);
	store_rollback(c->s);
	healthy(c);
}

static void
a_reversal_names_what_it_undoes(void **state)
{
	struct club *c = *state;
	const struct ledger_entry back[] = {{{"card.waiting", 5, 364}, 100, 0}, {{"cash", 0, 364}, -100, 0}};
	uint8_t first[STORE_EVENT_LEN], second[STORE_EVENT_LEN], unknown[STORE_EVENT_LEN] = {1};
	struct why w;

	note(c, first);
	note(c, second);
	ok(post_two(c->s, first, "cash", "card.waiting", 5, 100, &w));
	assert_int_equal(store_post(c->s, second, unknown, back, 2, &w), ERR_NOT_FOUND);
	store_rollback(c->s);
	ok(store_begin(c->s, &w));
	note(c, first);
	note(c, second);
	ok(post_two(c->s, first, "cash", "card.waiting", 5, 100, &w));
	ok(store_post(c->s, second, first, back, 2, &w));
	ok(store_commit(c->s, &w));
	assert_int_equal(raw_int(c, "SELECT count(*) FROM reversal r JOIN journal j ON j.event = r.reverses WHERE j.seq = 1"), 1);
	assert_int_equal(raw(c, "UPDATE reversal SET reverses = event") & 0xff, SQLITE_CONSTRAINT);
}

static void
a_lot_belongs_to_its_event_and_its_entries_to_it(void **state)
{
	struct club *c = *state;
	struct ledger_lot lot = {.account = {"member.points", 5, 0}, .available_from = 9822, .expires_on = 10187};
	struct ledger_entry grant[] = {{{"points.cost", 0, 0}, 50, 0}, {{"member.points", 5, 0}, -50, 0}};
	uint8_t event[STORE_EVENT_LEN];
	struct why w;

	note(c, event);
	assert_int_equal(store_lot_open(c->s, &lot, &w), ERR_NOT_FOUND);
	memcpy(lot.origin, event, STORE_EVENT_LEN);
	ok(store_lot_open(c->s, &lot, &w));
	assert_true(lot.id > 0);
	grant[1].lot = lot.id;
	ok(store_post(c->s, event, NULL, grant, 2, &w));
	ok(store_commit(c->s, &w));
	assert_int_equal(raw_int(c, "SELECT sum(amount) FROM entry WHERE lot IS NOT NULL"), -50);
	assert_int_equal(raw(c, "UPDATE lot SET expires_on = 0") & 0xff, SQLITE_CONSTRAINT);
	healthy(c);
}

/* --- a model: an array of balances */

#define KINDS 4
#define OWNERS 5
#define UNITS 2

static const char *const kinds[KINDS] = {"cash", "card.waiting", "card.value", "member.points"};
static const uint16_t units[UNITS] = {364, 0};

static uint32_t
next(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*x >> 33);
}

/* Random entries; in three of four the last one makes the sum zero. Answers how many, and whether they balance. */
static size_t
random_entries(uint64_t *x, struct ledger_entry *out, bool *balanced)
{
	const size_t n = 2 + next(x) % 6;
	const uint16_t unit = units[next(x) % UNITS];
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		out[i] = (struct ledger_entry){{kinds[next(x) % KINDS], next(x) % OWNERS, unit},
			(int64_t)(next(x) % 2000001) - 1000000, 0};
		if (out[i].amount == 0)
			out[i].amount = 1;
		if (i + 1 == n && next(x) % 4 != 0 && sum != 0)
			out[i].amount = -sum;
		sum += out[i].amount;
	}
	*balanced = sum == 0;
	return n;
}

static int64_t *
cell(int64_t model[KINDS][OWNERS][UNITS], const struct ledger_account *a)
{
	size_t k = 0;

	while (strcmp(kinds[k], a->kind) != 0)
		k++;
	return &model[k][a->owner][a->unit == 364 ? 0 : 1];
}

static void
random_postings_agree_with_a_model_and_the_units_sum_to_zero(void **state)
{
	static int64_t model[KINDS][OWNERS][UNITS];
	struct club *c = *state;
	uint64_t x = (uint64_t)time(NULL);
	unsigned posted = 0, refused = 0;
	struct why w;

	print_message("seed %llu\n", (unsigned long long)x);
	for (int i = 0; i < 1500; i++) {
		struct ledger_entry entries[8];
		uint8_t event[STORE_EVENT_LEN];
		bool balanced;
		size_t n = random_entries(&x, entries, &balanced);

		note(c, event);
		assert_int_equal(store_post(c->s, event, NULL, entries, n, &w), balanced ? ERR_OK : ERR_REFUSED);
		posted += balanced;
		refused += !balanced;
		for (size_t j = 0; balanced && j < n; j++)
			*cell(model, &entries[j].account) += entries[j].amount;
	}
	assert_true(posted > 500 && refused > 100);
	ok(store_commit(c->s, &w));
	for (size_t u = 0; u < UNITS; u++) {
		int64_t all = 0;

		for (size_t k = 0; k < KINDS; k++) {
			int64_t of_kind, sum = 0;

			for (int64_t o = 0; o < OWNERS; o++) {
				struct ledger_account a = {kinds[k], o, units[u]};
				int64_t balance;

				ok(store_balance(c->s, &a, &balance, &w));
				assert_int_equal(balance, model[k][o][u]);
				sum += balance;
			}
			ok(store_balance_of_kind(c->s, kinds[k], units[u], &of_kind, &w));
			assert_int_equal(of_kind, sum);
			all += sum;
		}
		assert_int_equal(all, 0);
	}
	healthy(c);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_transaction, teardown)
	const struct CMUnitTest tests[] = {
		T(entries_that_do_not_sum_to_zero_in_each_unit_are_refused),
		T(an_event_posts_once_and_must_be_known),
		T(amounts_that_cannot_be_kept_are_refused_and_never_wrap),
		T(a_reversal_names_what_it_undoes),
		T(a_lot_belongs_to_its_event_and_its_entries_to_it),
		T(random_postings_agree_with_a_model_and_the_units_sum_to_zero),
	};

	return cmocka_run_group_tests_name("store/ledger", tests, NULL, NULL);
}
