/*
 * A card pulled at every single command of issue and load, before it, in it and after
 * it: the second presentation completes, and the balance is never 0 or 1,000,000 rial.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "station/club/ledger.h"
#include "tests/support/club_fixture.h"

#define PAID INT64_C(500000)
#define SECOND_TEARS 400

/* The chip the tests below are run with. */
static enum sim_kind kind;

static const enum sim_tear ways[] = {SIM_TEAR_BEFORE, SIM_TEAR_UNWRITTEN, SIM_TEAR_WRITTEN};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static int64_t
cash(struct club_fixture *f)
{
	const struct ledger_account a = {ACCOUNT_CASH, 0, UNIT_IRR};
	int64_t sum;

	assert_int_equal(store_balance(f->station->store, &a, &sum, &f->why), ERR_OK);
	return sum;
}

static void
book_is_sound(struct club_fixture *f)
{
	struct store_health h;

	assert_int_equal(store_check(f->station->store, &h, &f->why), ERR_OK);
	assert_int_equal(h.open_intents, 0);
}

/* How many commands one undisturbed flow takes. */
static unsigned
count_issue(struct club_fixture *f)
{
	club_fixture_new_card_of(f, kind);
	assert_int_equal(club_fixture_issue(f, NULL), ERR_OK);
	return f->result.apdus;
}

static unsigned
count_load(struct club_fixture *f)
{
	assert_int_equal(club_fixture_load(f, PAID, NULL), ERR_OK);
	return f->result.apdus;
}

/* The flow met the pull: in doubt, or stopped before anything was promised. */
static void
was_pulled(enum err e)
{
	assert_true(e == ERR_IN_DOUBT || e == ERR_CARD_GONE);
}

static void
issue_survives(struct club_fixture *f, unsigned nth, enum sim_tear way)
{
	club_fixture_new_card_of(f, kind);
	sim_card_tear(f->chip, nth, way);
	was_pulled(club_fixture_issue(f, NULL));
	club_fixture_return_card(f);
	assert_int_equal(club_fixture_issue(f, NULL), ERR_OK);
	assert_true(f->result.done);
	club_fixture_expect(f, 0);
}

static void
issue_survives_a_pull_at_every_command(void **state)
{
	struct club_fixture f;
	unsigned commands;

	kind = *(const enum sim_kind *)*state;
	club_fixture_open(&f, "tear-issue");
	commands = count_issue(&f);
	for (unsigned n = 1; n <= commands; n++)
		for (size_t i = 0; i < WAYS; i++)
			issue_survives(&f, n, ways[i]);
	book_is_sound(&f);
	print_message("# issue: %u commands, %zu pulls, 0 cards lost\n", commands, commands * WAYS);
	club_fixture_close(&f);
}

static void
load_survives(struct club_fixture *f, unsigned nth, enum sim_tear way)
{
	int64_t before = cash(f);

	club_fixture_new_card_of(f, kind);
	assert_int_equal(club_fixture_issue(f, NULL), ERR_OK);
	sim_card_tear(f->chip, nth, way);
	was_pulled(club_fixture_load(f, PAID, NULL));
	club_fixture_return_card(f);
	assert_int_equal(club_fixture_load(f, PAID, NULL), ERR_OK);
	assert_true(f->result.done);
	assert_int_equal(f->result.balance, PAID);
	club_fixture_expect(f, PAID);
	assert_int_equal(cash(f) - before, PAID);
}

static void
load_survives_a_pull_at_every_command(void **state)
{
	struct club_fixture f;
	unsigned commands;

	kind = *(const enum sim_kind *)*state;
	club_fixture_open(&f, "tear-load");
	(void)count_issue(&f);
	commands = count_load(&f);
	for (unsigned n = 1; n <= commands; n++)
		for (size_t i = 0; i < WAYS; i++)
			load_survives(&f, n, ways[i]);
	book_is_sound(&f);
	print_message("# load: %u commands, %zu pulls, 0 rial lost, 0 doubled\n", commands,
	    commands * WAYS);
	club_fixture_close(&f);
}

/* A show is a presentation too: it heals, and the load is there without being asked for again. */
static void
show_heals_a_load_pulled_at_every_command(void **state)
{
	struct club_fixture f;
	unsigned commands;
	enum err e;

	kind = *(const enum sim_kind *)*state;
	club_fixture_open(&f, "tear-show");
	(void)count_issue(&f);
	commands = count_load(&f);
	for (unsigned n = 1; n <= commands; n++)
		for (size_t i = 0; i < WAYS; i++) {
			club_fixture_new_card_of(&f, kind);
			assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
			sim_card_tear(f.chip, n, ways[i]);
			e = club_fixture_load(&f, PAID, NULL);
			was_pulled(e);
			club_fixture_return_card(&f);
			assert_int_equal(club_fixture_show(&f), ERR_OK);
			club_fixture_expect(&f, e == ERR_IN_DOUBT ? PAID : 0);
		}
	book_is_sound(&f);
	club_fixture_close(&f);
}

/* Pulled again while it was being repaired: the third presentation completes. */
static void
a_second_pull_during_the_repair_changes_nothing(void **state)
{
	struct club_fixture f;
	unsigned issue, load, seed = 20260101;
	enum err e;

	kind = *(const enum sim_kind *)*state;
	club_fixture_open(&f, "tear-twice");
	issue = count_issue(&f);
	load = count_load(&f);
	srand(seed);
	for (unsigned i = 0; i < SECOND_TEARS; i++) {
		club_fixture_new_card_of(&f, kind);
		sim_card_tear(f.chip, 1 + (unsigned)rand() % issue, ways[(unsigned)rand() % WAYS]);
		was_pulled(club_fixture_issue(&f, NULL));
		club_fixture_return_card(&f);
		sim_card_tear(f.chip, 1 + (unsigned)rand() % issue, ways[(unsigned)rand() % WAYS]);
		e = club_fixture_issue(&f, NULL);
		club_fixture_return_card(&f);
		sim_card_tear(f.chip, 0, SIM_TEAR_NONE);
		if (e != ERR_OK)
			assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
		sim_card_tear(f.chip, 1 + (unsigned)rand() % load, ways[(unsigned)rand() % WAYS]);
		was_pulled(club_fixture_load(&f, PAID, NULL));
		club_fixture_return_card(&f);
		sim_card_tear(f.chip, 1 + (unsigned)rand() % load, ways[(unsigned)rand() % WAYS]);
		e = club_fixture_load(&f, PAID, NULL);
		club_fixture_return_card(&f);
		sim_card_tear(f.chip, 0, SIM_TEAR_NONE);
		if (e != ERR_OK)
			assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
		club_fixture_expect(&f, PAID);
	}
	book_is_sound(&f);
	print_message("# twice: %u cards from seed %u, 0 lost\n", SECOND_TEARS, seed);
	club_fixture_close(&f);
}

/* The same sentence of each chip: its state says which. */
#define OF_KIND(test, of) {#test "_of_" #of, test, NULL, NULL, &of}
static enum sim_kind ev1 = SIM_DESFIRE_EV1, ev2 = SIM_DESFIRE_EV2, ev3 = SIM_DESFIRE_EV3;

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OF_KIND(issue_survives_a_pull_at_every_command, ev1),
		OF_KIND(load_survives_a_pull_at_every_command, ev1),
		OF_KIND(show_heals_a_load_pulled_at_every_command, ev1),
		OF_KIND(a_second_pull_during_the_repair_changes_nothing, ev1),
		OF_KIND(issue_survives_a_pull_at_every_command, ev2),
		OF_KIND(load_survives_a_pull_at_every_command, ev2),
		OF_KIND(issue_survives_a_pull_at_every_command, ev3),
		OF_KIND(load_survives_a_pull_at_every_command, ev3),
	};

	return cmocka_run_group_tests_name("flow/tear", tests, NULL, NULL);
}
