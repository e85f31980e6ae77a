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
#include <cmocka.h>

#include "station/club/ledger.h"
#include "station/store/card.h"
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chip_card_is_not_loaded_in_the_book_alone),
		cmocka_unit_test(a_torn_load_waits_for_its_card_and_not_for_a_look_at_the_book),
		cmocka_unit_test(two_desks_load_one_paper_card_one_after_the_other),
	};

	return cmocka_run_group_tests_name("flow/desk", tests, NULL, NULL);
}
