/*
 * What happens at a desk besides a pulled card: a card named but not presented, another
 * card or member than last time, two desks at once, the same request from both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "station/base/clock.h"
#include "station/club/ledger.h"
#include "station/club/member.h"
#include "station/store/card.h"
#include "station/store/journal.h"
#include "tests/support/club_fixture.h"

#define PAID INT64_C(500000)

static enum err
run(struct club_fixture *f, struct flow_request *rq)
{
	memset(&f->why, 0, sizeof(f->why));
	return flow_run(f->station, rq, &f->result, &f->why);
}

static void
expect_owed(struct club_fixture *f, uint64_t card, int64_t on_card, int64_t waiting)
{
	struct card_balance b;

	assert_int_equal(club_card_balance(f->station->store, card, UNIT_IRR, &b, &f->why), ERR_OK);
	assert_int_equal(b.on_card, on_card);
	assert_int_equal(b.waiting, waiting);
}

static void
expect_sound(struct club_fixture *f)
{
	struct store_health h;

	assert_int_equal(store_check(f->station->store, &h, &f->why), ERR_OK);
	assert_int_equal(h.open_intents, 0);
}

/* An issued card on the reader; its number. */
static uint64_t
open_with_card(struct club_fixture *f, const char *name)
{
	club_fixture_open(f, name);
	club_fixture_new_card(f);
	assert_int_equal(club_fixture_issue(f, NULL), ERR_OK);
	return f->result.card_number;
}

static uint64_t
open_with_paper_card(struct club_fixture *f, const char *name)
{
	club_fixture_open(f, name);
	assert_int_equal(club_fixture_issue(f, NULL), ERR_OK);
	return f->result.card_number;
}

/* The next load is pulled when its intent stands and nothing of it is on the card. */
static void
tear_a_load(struct club_fixture *f, const char *request)
{
	enum err e = ERR_CARD_GONE;

	for (unsigned n = 1; e == ERR_CARD_GONE; n++) {
		sim_card_tear(f->chip, n, SIM_TEAR_BEFORE);
		e = club_fixture_load(f, PAID, request);
		club_fixture_return_card(f);
	}
	sim_card_tear(f->chip, 0, SIM_TEAR_NONE);
	assert_int_equal(e, ERR_IN_DOUBT);
}

static void
tear_an_issue(struct club_fixture *f, const char *request)
{
	club_fixture_new_card(f);
	sim_card_tear(f->chip, 20, SIM_TEAR_BEFORE);
	assert_int_equal(club_fixture_issue(f, request), ERR_IN_DOUBT);
	club_fixture_return_card(f);
	sim_card_tear(f->chip, 0, SIM_TEAR_NONE);
}

static uint32_t
enrol(struct club_fixture *f, const char *name)
{
	const struct member_form form = {.name = name, .now_ms = clock_now_ms()};
	uint32_t id;

	assert_int_equal(store_begin(f->station->store, &f->why), ERR_OK);
	assert_int_equal(club_member_add(f->station->store, &form, &id, &f->why), ERR_OK);
	assert_int_equal(store_commit(f->station->store, &f->why), ERR_OK);
	return id;
}

static void
a_chip_card_is_not_loaded_in_the_book_alone(void **state)
{
	struct club_fixture f;
	struct flow_request load = {.flow = FLOW_LOAD, .amount = PAID};

	(void)state;
	load.card_number = open_with_card(&f, "desk-chip");
	assert_int_equal(run(&f, &load), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_CARD_HAS_CHIP);
	expect_owed(&f, load.card_number, 0, 0);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	club_fixture_expect(&f, PAID);
	club_fixture_close(&f);
}

static void
a_torn_load_waits_for_its_card_and_not_for_a_look_at_the_book(void **state)
{
	struct club_fixture f;
	struct flow_request show = {.flow = FLOW_SHOW};

	(void)state;
	show.card_number = open_with_card(&f, "desk-look");
	tear_a_load(&f, NULL);
	assert_int_equal(run(&f, &show), ERR_OK);
	assert_true(f.result.in_doubt);
	assert_int_equal(f.result.heal.outcome, HEAL_NONE);
	expect_owed(&f, show.card_number, 0, PAID);
	assert_int_equal(club_fixture_show(&f), ERR_OK);
	assert_int_equal(f.result.heal.outcome, HEAL_WRITTEN);
	club_fixture_expect(&f, PAID);
	club_fixture_close(&f);
}

static void
a_torn_issue_is_no_answer_for_another_member(void **state)
{
	struct club_fixture f;
	struct flow_request issue = {.flow = FLOW_ISSUE, .tier = 2};
	uint32_t first;

	(void)state;
	club_fixture_open(&f, "desk-member");
	first = f.member;
	tear_an_issue(&f, NULL);
	issue.member = enrol(&f, "رضا کریمی");
	issue.reader = f.reader;
	assert_int_equal(run(&f, &issue), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_EARLIER_ACT_FINISHED);
	assert_false(f.result.done);
	assert_int_equal(club_fixture_show(&f), ERR_OK);
	assert_int_equal(f.result.member, first);
	club_fixture_close(&f);
}

static void
a_torn_load_is_no_answer_for_another_card_number(void **state)
{
	struct club_fixture f;
	struct flow_request load = {.flow = FLOW_LOAD, .amount = PAID};

	(void)state;
	load.card_number = open_with_card(&f, "desk-number") + 1;
	tear_a_load(&f, NULL);
	load.reader = f.reader;
	assert_int_equal(run(&f, &load), ERR_REFUSED);
	assert_false(f.result.done);
	club_fixture_expect(&f, PAID);
	club_fixture_close(&f);
}

static void
a_request_in_doubt_asks_for_its_own_card(void **state)
{
	struct club_fixture f;
	struct sim_card *torn;
	struct reader *its_reader;
	uint64_t cards;

	(void)state;
	club_fixture_open(&f, "desk-own-card");
	tear_an_issue(&f, "till-1");
	torn = f.chip;
	its_reader = f.reader;
	f.chip = NULL;
	f.reader = NULL;
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, "till-1"), ERR_IN_DOUBT);
	assert_int_equal(f.why.id, MSG_PUT_SAME_CARD_BACK);
	assert_int_equal(f.result.state, CARD_NEW);
	reader_close(&f.reader);
	sim_card_free(&f.chip);
	f.chip = torn;
	f.reader = its_reader;
	assert_int_equal(club_fixture_issue(&f, "till-1"), ERR_OK);
	cards = f.result.card_number;
	assert_int_equal(club_fixture_issue(&f, "till-1"), ERR_OK);
	assert_true(f.result.repeated && f.result.card_number == cards);
	expect_sound(&f);
	club_fixture_close(&f);
}

static int64_t
tomorrow(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return ((int64_t)t.tv_sec + 86400) * 1000;
}

/* "Valid for a year" is another last day tomorrow, and still the same request. */
static void
a_card_brought_back_the_next_day_is_finished_by_the_same_request(void **state)
{
	struct club_fixture f;
	struct flow_request issue = {.flow = FLOW_ISSUE, .tier = 2, .valid_days = 365, .request = "till-3"};
	uint16_t valid_to;

	(void)state;
	club_fixture_open(&f, "desk-next-day");
	club_fixture_new_card(&f);
	issue.member = f.member;
	issue.reader = f.reader;
	valid_to = station_valid_to(f.station, clock_now_ms(), 365);
	sim_card_tear(f.chip, 20, SIM_TEAR_BEFORE);
	assert_int_equal(run(&f, &issue), ERR_IN_DOUBT);
	club_fixture_return_card(&f);
	clock_set_source(tomorrow);
	assert_int_equal(run(&f, &issue), ERR_OK);
	assert_true(f.result.by_heal);
	assert_int_equal(f.result.valid_to, valid_to);
	assert_int_equal(run(&f, &issue), ERR_OK);
	assert_true(f.result.repeated);
	clock_set_source(NULL);
	club_fixture_close(&f);
}

/* --- two desks */

struct second_desk {
	struct station *station;
	struct flow_request rq;
	struct flow_result result;
	enum err e;
	bool ran;
};

/* The other desk does its whole act while this one stands before its intent. */
static void
meanwhile(void *ctx, enum tap_stage stage, unsigned step, unsigned of)
{
	struct second_desk *d = ctx;
	struct why w;

	(void)step;
	(void)of;
	if (stage != TAP_INTEND || d->ran)
		return;
	d->ran = true;
	d->e = flow_run(d->station, &d->rq, &d->result, &w);
}

static void
two_desks(struct club_fixture *f, struct second_desk *d, struct flow_request *rq)
{
	assert_int_equal(station_open(f->folder, STATION_KEYS, NULL, NULL, &d->station, &f->why), ERR_OK);
	d->rq = *rq;
	rq->watch = meanwhile;
	rq->watch_ctx = d;
}

static void
two_desks_load_one_paper_card_one_after_the_other(void **state)
{
	struct club_fixture f;
	struct second_desk d = {0};
	struct flow_request load = {.flow = FLOW_LOAD, .amount = PAID};
	struct store_card row;

	(void)state;
	load.card_number = open_with_paper_card(&f, "desk-two");
	two_desks(&f, &d, &load);
	assert_int_equal(run(&f, &load), ERR_OK);
	assert_true(d.ran);
	assert_int_equal(d.e, ERR_OK);
	assert_int_equal(store_card_by_number(f.station->store, load.card_number, &row, &f.why), ERR_OK);
	assert_int_equal(row.sequence, 3);
	assert_int_equal((int64_t)row.value * f.station->programme.step, 2 * PAID);
	expect_owed(&f, load.card_number, 2 * PAID, 0);
	expect_sound(&f);
	station_close(&d.station);
	club_fixture_close(&f);
}

static void
two_desks_with_one_request_do_it_once_and_both_say_so(void **state)
{
	struct club_fixture f;
	struct second_desk d = {0};
	struct flow_request load = {.flow = FLOW_LOAD, .amount = PAID, .request = "till-2"};

	(void)state;
	load.card_number = open_with_paper_card(&f, "desk-once");
	two_desks(&f, &d, &load);
	assert_int_equal(run(&f, &load), ERR_OK);
	assert_int_equal(d.e, ERR_OK);
	assert_true(f.result.repeated);
	assert_memory_equal(f.result.event, d.result.event, sizeof(d.result.event));
	expect_owed(&f, load.card_number, PAID, 0);
	expect_sound(&f);
	station_close(&d.station);
	club_fixture_close(&f);
}

static bool
count_keyed(const struct journal_row *row, void *ctx)
{
	unsigned *n = ctx;

	if (strcmp(row->kind, "issue.intend") == 0)
		n[strstr(row->body, "\"keyed_at\":\"counter\"") != NULL]++;
	return true;
}

static void
the_journal_says_that_a_card_was_keyed_at_the_counter(void **state)
{
	struct club_fixture f;
	unsigned keyed[2] = {0, 0};

	(void)state;
	club_fixture_open(&f, "desk-keyed");
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	assert_int_equal(store_journal_walk(f.station->store, 1, count_keyed, keyed, &f.why), ERR_OK);
	assert_int_equal(keyed[false], 1);	/* the card without a chip */
	assert_int_equal(keyed[true], 1);
	club_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chip_card_is_not_loaded_in_the_book_alone),
		cmocka_unit_test(a_torn_load_waits_for_its_card_and_not_for_a_look_at_the_book),
		cmocka_unit_test(a_torn_issue_is_no_answer_for_another_member),
		cmocka_unit_test(a_torn_load_is_no_answer_for_another_card_number),
		cmocka_unit_test(a_request_in_doubt_asks_for_its_own_card),
		cmocka_unit_test(a_card_brought_back_the_next_day_is_finished_by_the_same_request),
		cmocka_unit_test(two_desks_load_one_paper_card_one_after_the_other),
		cmocka_unit_test(two_desks_with_one_request_do_it_once_and_both_say_so),
		cmocka_unit_test(the_journal_says_that_a_card_was_keyed_at_the_counter),
	};

	return cmocka_run_group_tests_name("flow/desk", tests, NULL, NULL);
}
