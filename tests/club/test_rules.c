/* club: tiers, programme and postings: what is refused, and what the books say after. */
#include "tests/store/fixture.h"

#include "station/club/ledger.h"
#include "station/club/programme.h"
#include "station/club/ranges.h"
#include "station/club/tier.h"

#define CARD UINT64_C(12345000000017)

static void
tiers_have_an_index_an_id_and_a_name(void **state)
{
	static const char *const ids[] = {"basic", "bronze", "silver", "gold", "vip"};
	uint8_t tier;
	struct why w;

	(void)state;
	for (uint8_t i = 0; i < TIER_COUNT; i++) {
		assert_string_equal(club_tier_id(i), ids[i]);
		assert_int_not_equal(club_tier_name(i), MSG_NONE);
		ok(club_tier_parse(ids[i], &tier, &w));
		assert_int_equal(tier, i);
	}
	ok(club_tier_parse("GoLD", &tier, &w));
	assert_int_equal(tier, TIER_GOLD);
	assert_null(club_tier_id(TIER_COUNT));
	assert_int_equal(club_tier_name(255), MSG_NONE);
	assert_int_equal(club_tier_parse("platinum", &tier, &w), ERR_ARG);
	assert_string_equal(w.arg[0].str, "platinum");
}

static void
a_load_that_cannot_be_is_refused_by_name(void **state)
{
	static const struct {
		int64_t held, amount;
		enum err e;
		enum msg id;
	} cases[] = {
		{0, 0, ERR_RANGE, MSG_CLUB_LOAD_NOT_POSITIVE},
		{0, -1, ERR_RANGE, MSG_CLUB_LOAD_NOT_POSITIVE},
		{0, INT64_MIN, ERR_RANGE, MSG_CLUB_LOAD_NOT_POSITIVE},
		{0, 9990, ERR_RANGE, MSG_CLUB_LOAD_TOO_SMALL},
		{0, 500000010, ERR_RANGE, MSG_CLUB_LOAD_TOO_LARGE},
		{0, INT64_MAX, ERR_RANGE, MSG_CLUB_LOAD_TOO_LARGE},
		{0, 500005, ERR_REFUSED, MSG_CLUB_LOAD_STEP},
		{1999500010, 500000, ERR_REFUSED, MSG_CLUB_CARD_TOO_FULL},
		{INT64_MAX, 500000, ERR_REFUSED, MSG_CLUB_CARD_TOO_FULL},
	};
	struct programme p;
	int32_t steps;
	struct why w;

	(void)state;
	programme_default(&p);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(programme_check_load(&p, cases[i].held, cases[i].amount, &steps, &w), cases[i].e);
		assert_int_equal(w.id, cases[i].id);
		assert_int_equal(steps, 0);
	}
	ok(programme_check_load(&p, 0, 500000, &steps, &w));
	assert_int_equal(steps, 50000);
	ok(programme_check_load(&p, 1999500000, 500000, &steps, &w));
	ok(programme_check_load(&p, 0, 10000, &steps, &w));
	ok(programme_check_load(&p, 0, 500000000, &steps, &w));
}

static void
the_value_files_thirty_two_bits_are_never_exceeded(void **state)
{
	struct programme p;
	int32_t steps;
	struct why w;

	(void)state;
	programme_default(&p);
	p.load_max = INT64_MAX / 2;
	p.balance_max = INT64_MAX;
	assert_int_equal(programme_check_load(&p, 0, (INT64_C(1) << 31) * 10, &steps, &w), ERR_RANGE);
	ok(programme_steps(&p, (int64_t)INT32_MAX * 10, &steps, &w));
	assert_int_equal(steps, INT32_MAX);
	ok(programme_steps(&p, (int64_t)INT32_MIN * 10, &steps, &w));
	assert_int_equal(programme_steps(&p, (int64_t)INT32_MIN * 10 - 10, &steps, &w), ERR_RANGE);
}

static void
a_programme_is_read_from_the_settings_and_a_senseless_one_named(void **state)
{
	static const struct {
		const char *key, *value;
		enum err e;
	} bad[] = {
		{"programme.step", "7", ERR_RANGE},
		{"programme.step", "0", ERR_RANGE},
		{"programme.step", "ten", ERR_FORMAT},
		{"programme.step", "-10", ERR_FORMAT},
		{"programme.load_max", "5000", ERR_RANGE},
		{"programme.load_min", "10005", ERR_RANGE},
		{"programme.balance_max", "99999999999999999999", ERR_RANGE},
		{"programme.balance_max", "30000000000", ERR_RANGE},
		{"programme.balance_max", "", ERR_FORMAT},
	};
	struct club *c = *state;
	struct programme p, q;
	struct why w;

	ok(programme_read(c->s, &p, &w));
	assert_int_equal(p.step, 10);
	p.step = 100;
	p.load_max = 1000000;
	ok(store_begin(c->s, &w));
	ok(programme_write(c->s, &p, &w));
	ok(store_commit(c->s, &w));
	ok(programme_read(c->s, &q, &w));
	assert_int_equal(q.step, 100);
	assert_int_equal(q.load_max, 1000000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ok(store_begin(c->s, &w));
		programme_default(&p);
		ok(programme_write(c->s, &p, &w));
		ok(store_setting_put(c->s, bad[i].key, bad[i].value, &w));
		assert_int_equal(programme_read(c->s, &q, &w), bad[i].e);
		assert_int_equal(w.id, MSG_CLUB_PROGRAMME_SETTING);
		assert_string_equal(w.arg[0].str, bad[i].key);
		store_rollback(c->s);
	}
}

/* --- money */

static void
intend(struct club *c, int64_t amount, uint8_t event[STORE_EVENT_LEN])
{
	const struct card_money m = {CARD, 364, amount};
	struct store_intent in = an_intent(CARD, amount);
	struct why w;

	ok(store_event_next(c->s, event, &w));
	memcpy(in.event, event, STORE_EVENT_LEN);
	ok(store_intent_open(c->s, &in, NULL, 0, &w));
	ok(club_load_intended(c->s, event, &m, &w));
}

static void
expect(struct club *c, int64_t on_card, int64_t waiting, int64_t liability, int64_t cash)
{
	const struct ledger_account till = {ACCOUNT_CASH, 0, 364};
	struct card_balance b;
	int64_t owed, taken;
	struct why w;

	ok(club_card_balance(c->s, CARD, 364, &b, &w));
	assert_int_equal(b.on_card, on_card);
	assert_int_equal(b.waiting, waiting);
	ok(club_liability(c->s, 364, &owed, &w));
	assert_int_equal(owed, liability);
	ok(store_balance(c->s, &till, &taken, &w));
	assert_int_equal(taken, cash);
}

static void
money_taken_waits_then_stands_on_the_card(void **state)
{
	const struct card_money m = {CARD, 364, 500000};
	struct club *c = *state;
	uint8_t event[STORE_EVENT_LEN], by[STORE_EVENT_LEN];
	struct why w;

	issue(c->s, CARD);
	expect(c, 0, 0, 0, 0);
	ok(store_begin(c->s, &w));
	intend(c, 500000, event);
	ok(store_commit(c->s, &w));
	expect(c, 0, 500000, 500000, 500000);
	ok(store_begin(c->s, &w));
	ok(settle(c->s, event, by, &w));
	ok(club_load_settled(c->s, by, &m, &w));
	ok(store_commit(c->s, &w));
	expect(c, 500000, 0, 500000, 500000);
	healthy(c);
}

static void
a_load_handed_back_is_a_reversal_and_owes_nothing(void **state)
{
	const struct card_money m = {CARD, 364, 500000};
	struct club *c = *state;
	struct intent_close close = {.state = INTENT_VOID, .cash = CASH_RETURNED, .at_ms = NOW_MS};
	struct why w;

	issue(c->s, CARD);
	ok(store_begin(c->s, &w));
	intend(c, 500000, close.intent);
	ok(store_commit(c->s, &w));
	ok(store_begin(c->s, &w));
	ok(store_event_next(c->s, close.by, &w));
	ok(store_intent_close(c->s, &close, &w));
	ok(club_load_voided(c->s, close.by, close.intent, &m, &w));
	ok(store_commit(c->s, &w));
	expect(c, 0, 0, 0, 0);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM reversal"), 1);
	healthy(c);
}

static void
nothing_is_posted_for_no_amount(void **state)
{
	struct club *c = *state;
	uint8_t event[STORE_EVENT_LEN];
	struct card_money m = {CARD, 364, 0};
	struct why w;

	issue(c->s, CARD);
	ok(store_begin(c->s, &w));
	ok(store_event_next(c->s, event, &w));
	assert_int_equal(club_load_intended(c->s, event, &m, &w), ERR_RANGE);
	m.amount = INT64_MIN;
	assert_int_equal(club_load_intended(c->s, event, &m, &w), ERR_RANGE);
	assert_int_equal(w.id, MSG_CLUB_MONEY_AMOUNT);
	m.amount = 500000;
	assert_int_equal(club_load_intended(c->s, event, &m, &w), ERR_NOT_FOUND);
	store_rollback(c->s);
}

static void
the_page_shows_settled_and_waiting_money(void **state)
{
	struct club *c = *state;
	uint8_t event[STORE_EVENT_LEN];
	struct view_source src;
	struct view_card shown;
	struct view *v;
	struct why w;

	issue(c->s, CARD);
	ok(store_begin(c->s, &w));
	intend(c, 500000, event);
	ok(store_commit(c->s, &w));
	club_view_source(true, NOW_MS, &src);
	ok(view_open_write(c->view, &v, &w));
	ok(store_view_flush(c->s, v, &src, &w));
	ok(view_lookup(v, a_card(CARD).token_hash, &shown, &w));
	view_close(&v);
	assert_int_equal(shown.balance, 500000);
	assert_true(shown.in_doubt && shown.test);
	assert_string_equal(shown.tier_id, "basic");
}

/* --- numbers */

static bool
no_multiple_of_three(uint32_t serial, uint64_t *number, void *ctx)
{
	(void)ctx;
	*number = serial * 10u;
	return serial % 3 != 0;
}

static void
serials_that_make_no_card_number_are_skipped_to_the_end_of_the_range(void **state)
{
	static const uint32_t want[] = {1, 2, 4, 5};
	struct club *c = *state;
	uint32_t serial;
	uint64_t number;
	struct why w;

	ok(store_begin(c->s, &w));
	ok(store_range_set(c->s, STORE_SERIALS, (struct store_range){1, 6}, &w));
	for (size_t i = 0; i < 4; i++) {
		ok(club_next_card_number(c->s, no_multiple_of_three, NULL, &serial, &number, &w));
		assert_int_equal(serial, want[i]);
		assert_int_equal(number, want[i] * 10);
	}
	assert_int_equal(club_next_card_number(c->s, no_multiple_of_three, NULL, &serial, &number, &w), ERR_RANGE);
	assert_int_equal(w.id, MSG_STORE_SERIALS_USED_UP);
	ok(store_range_set(c->s, STORE_MEMBERS, (struct store_range){INT64_C(4294967295), INT64_C(4294967299)}, &w));
	ok(club_next_member(c->s, &serial, &w));
	assert_int_equal(serial, UINT32_MAX);
	assert_int_equal(club_next_member(c->s, &serial, &w), ERR_RANGE);
	store_rollback(c->s);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiers_have_an_index_an_id_and_a_name),
		cmocka_unit_test(a_load_that_cannot_be_is_refused_by_name),
		cmocka_unit_test(the_value_files_thirty_two_bits_are_never_exceeded),
		T(a_programme_is_read_from_the_settings_and_a_senseless_one_named),
		T(money_taken_waits_then_stands_on_the_card),
		T(a_load_handed_back_is_a_reversal_and_owes_nothing),
		T(nothing_is_posted_for_no_amount),
		T(the_page_shows_settled_and_waiting_money),
		T(serials_that_make_no_card_number_are_skipped_to_the_end_of_the_range),
	};

	return cmocka_run_group_tests_name("club/rules", tests, NULL, NULL);
}
