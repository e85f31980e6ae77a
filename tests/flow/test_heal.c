/*
 * Every line of the judgement on a card that comes back, with a second station that holds
 * the same keys and its own book; and requests that come twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cardapps/number.h"
#include "station/base/file.h"
#include "station/club/ledger.h"
#include "tests/support/club_fixture.h"

#define PAID INT64_C(500000)

struct pair {
	struct club_fixture a;
	struct station *b;	/* another station: same keys, book as of the copy */
	char b_folder[300];
};

static void
copy_folder(const char *from, const char *to)
{
	char command[700];

	(void)snprintf(command, sizeof(command), "cp -a '%s' '%s'", from, to);
	assert_int_equal(system(command), 0);
}

/* Another station has event ids of its own. */
static void
begin_incarnation(struct pair *p)
{
	assert_int_equal(store_begin(p->b->store, &p->a.why), ERR_OK);
	assert_int_equal(store_incarnation_begin(p->b->store, (const uint8_t *)"B st", 1, &p->a.why), ERR_OK);
	assert_int_equal(store_commit(p->b->store, &p->a.why), ERR_OK);
}

/* A card issued at A, and B as it was at that moment. */
static void
open_pair(struct pair *p, const char *name)
{
	club_fixture_open(&p->a, name);
	club_fixture_new_card(&p->a);
	assert_int_equal(club_fixture_issue(&p->a, NULL), ERR_OK);
	station_close(&p->a.station);
	(void)snprintf(p->b_folder, sizeof(p->b_folder), "%s-b", p->a.folder);
	folder_remove(p->b_folder);
	copy_folder(p->a.folder, p->b_folder);
	assert_int_equal(station_open(p->a.folder, STATION_KEYS, NULL, NULL, &p->a.station, &p->a.why), ERR_OK);
	assert_int_equal(station_open(p->b_folder, STATION_KEYS, NULL, NULL, &p->b, &p->a.why), ERR_OK);
	begin_incarnation(p);
}

static void
close_pair(struct pair *p)
{
	station_close(&p->b);
	folder_remove(p->b_folder);
	club_fixture_close(&p->a);
}

static void
at_b(struct pair *p)
{
	struct station *a = p->a.station;

	p->a.station = p->b;
	p->b = a;
}

static int64_t
account(struct club_fixture *f, const char *kind, int64_t owner)
{
	const struct ledger_account a = {kind, owner, UNIT_IRR};
	int64_t sum;

	assert_int_equal(store_balance(f->station->store, &a, &sum, &f->why), ERR_OK);
	return sum;
}

/*
 * A load pulled at its first command after the intent: nothing on the card, cash in the
 * till. Pulls before that promise nothing and are tried one by one.
 */
static void
tear_a_load(struct club_fixture *f)
{
	enum err e = ERR_CARD_GONE;

	for (unsigned n = 1; e == ERR_CARD_GONE; n++) {
		sim_card_tear(f->chip, n, SIM_TEAR_BEFORE);
		e = club_fixture_load(f, PAID, "torn");
		club_fixture_return_card(f);
		sim_card_tear(f->chip, 0, SIM_TEAR_NONE);
	}
	assert_int_equal(e, ERR_IN_DOUBT);
}

static void
another_successor_makes_the_load_void_and_the_cash_goes_back(void **state)
{
	struct pair p;
	struct club_fixture *f = &p.a;
	int64_t number;

	(void)state;
	open_pair(&p, "heal-dead");
	tear_a_load(f);
	assert_int_equal(account(f, ACCOUNT_CASH, 0), PAID);

	at_b(&p);
	assert_int_equal(club_fixture_load(f, 300000, NULL), ERR_OK);
	at_b(&p);

	assert_int_equal(club_fixture_load(f, PAID, "torn"), ERR_REFUSED);
	assert_int_equal(f->result.heal.outcome, HEAL_VOIDED);
	assert_true(f->result.heal.cash_taken);
	number = (int64_t)f->result.card_number;
	assert_int_equal(account(f, ACCOUNT_CASH, 0), 0);
	assert_int_equal(account(f, ACCOUNT_CARD_WAITING, number), 0);
	/* asked once more, the void is its answer */
	assert_int_equal(club_fixture_load(f, PAID, "torn"), ERR_REFUSED);
	assert_int_equal(f->why.id, MSG_REQUEST_WAS_VOIDED);
	close_pair(&p);
}

/* Nobody is told to hand cash back before the book has said so. */
static void
a_void_the_book_did_not_take_is_not_reported(void **state)
{
	struct pair p;
	struct club_fixture *f = &p.a;
	struct station *other;

	(void)state;
	open_pair(&p, "heal-void-locked");
	tear_a_load(f);
	at_b(&p);
	assert_int_equal(club_fixture_load(f, 300000, NULL), ERR_OK);
	at_b(&p);

	assert_int_equal(station_open(f->folder, STATION_BOOKS, NULL, NULL, &other, &f->why), ERR_OK);
	assert_int_equal(store_begin(other->store, &f->why), ERR_OK);
	assert_int_equal(club_fixture_load(f, PAID, "torn"), ERR_DB_LOCKED);
	assert_int_equal(f->result.heal.outcome, HEAL_NONE);
	store_rollback(other->store);
	station_close(&other);
	assert_int_equal(account(f, ACCOUNT_CASH, 0), PAID);

	assert_int_equal(club_fixture_load(f, PAID, "torn"), ERR_REFUSED);
	assert_int_equal(f->result.heal.outcome, HEAL_VOIDED);
	assert_int_equal(account(f, ACCOUNT_CASH, 0), 0);
	close_pair(&p);
}

static void
a_later_record_of_unknown_descent_leaves_the_load_open(void **state)
{
	struct pair p;
	struct club_fixture *f = &p.a;

	(void)state;
	open_pair(&p, "heal-open");
	tear_a_load(f);
	at_b(&p);
	assert_int_equal(club_fixture_load(f, 300000, NULL), ERR_OK);
	assert_int_equal(club_fixture_load(f, 200000, NULL), ERR_OK);
	at_b(&p);
	assert_int_equal(club_fixture_load(f, PAID, "torn"), ERR_REFUSED);
	assert_int_equal(f->result.heal.outcome, HEAL_OPEN);
	assert_true(f->result.in_doubt);
	/* the money stays where it was: owed, waiting for the card */
	assert_int_equal(account(f, ACCOUNT_CARD_WAITING, (int64_t)f->result.card_number), -PAID);
	assert_int_equal(account(f, ACCOUNT_CASH, 0), PAID);
	close_pair(&p);
}

static void
an_old_image_of_the_card_is_refused(void **state)
{
	struct club_fixture f;
	uint8_t *image;
	size_t len;

	(void)state;
	club_fixture_open(&f, "heal-old");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	assert_int_equal(sim_card_image(f.chip, &image, &len, &f.why), ERR_OK);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	assert_int_equal(sim_card_restore(f.chip, image, len, &f.why), ERR_OK);
	assert_int_equal(club_fixture_show(&f), ERR_RECORD);
	assert_int_equal(f.why.id, MSG_CARD_ROLLED_BACK);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_RECORD);
	free(image);
	club_fixture_close(&f);
}

static void
an_image_older_than_the_open_load_is_refused_too(void **state)
{
	struct club_fixture f;
	uint8_t *image;
	size_t len;

	(void)state;
	club_fixture_open(&f, "heal-older");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	assert_int_equal(sim_card_image(f.chip, &image, &len, &f.why), ERR_OK);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	tear_a_load(&f);
	assert_int_equal(sim_card_restore(f.chip, image, len, &f.why), ERR_OK);
	assert_int_equal(club_fixture_show(&f), ERR_RECORD);
	assert_int_equal(f.why.id, MSG_CARD_IMAGE_OLD);
	free(image);
	club_fixture_close(&f);
}

static void
a_request_asked_twice_is_done_once_and_answered_twice(void **state)
{
	struct club_fixture f;
	uint8_t event[8];
	uint64_t card;

	(void)state;
	club_fixture_open(&f, "heal-request");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, "issue-1"), ERR_OK);
	card = f.result.card_number;
	assert_int_equal(club_fixture_issue(&f, "issue-1"), ERR_OK);
	assert_true(f.result.repeated);
	assert_true(f.result.card_number == card);
	assert_int_equal(club_fixture_load(&f, PAID, "till-7"), ERR_OK);
	memcpy(event, f.result.event, sizeof(event));
	/* the second answer needs no card */
	sim_card_tear(f.chip, 1, SIM_TEAR_BEFORE);
	assert_int_equal(club_fixture_load(&f, PAID, "till-7"), ERR_OK);
	assert_true(f.result.repeated);
	assert_memory_equal(f.result.event, event, sizeof(event));
	sim_card_tear(f.chip, 0, SIM_TEAR_NONE);
	assert_int_equal(club_fixture_load(&f, 2 * PAID, "till-7"), ERR_REFUSED);
	club_fixture_expect(&f, PAID);
	/* without an id nothing can be recognised: two loads are two */
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	club_fixture_expect(&f, 2 * PAID);
	club_fixture_close(&f);
}

static void
a_torn_load_is_finished_by_its_own_request_and_makes_way_for_another(void **state)
{
	struct club_fixture f;

	(void)state;
	club_fixture_open(&f, "heal-two-requests");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	tear_a_load(&f);
	assert_int_equal(club_fixture_load(&f, PAID, "another"), ERR_OK);
	assert_false(f.result.by_heal);
	club_fixture_expect(&f, 2 * PAID);
	assert_int_equal(club_fixture_load(&f, PAID, "torn"), ERR_OK);
	assert_true(f.result.repeated);
	club_fixture_expect(&f, 2 * PAID);
	club_fixture_close(&f);
}

static void
a_different_amount_after_a_pull_is_not_loaded_by_the_way(void **state)
{
	struct club_fixture f;

	(void)state;
	club_fixture_open(&f, "heal-other-amount");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	tear_a_load(&f);
	assert_int_equal(club_fixture_load(&f, 700000, NULL), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_EARLIER_ACT_FINISHED);
	club_fixture_expect(&f, PAID);
	assert_int_equal(club_fixture_load(&f, 700000, NULL), ERR_OK);
	club_fixture_expect(&f, PAID + 700000);
	club_fixture_close(&f);
}

static void
a_card_without_a_chip_is_issued_and_loaded_in_the_book(void **state)
{
	struct club_fixture f;
	struct flow_request load = {.flow = FLOW_LOAD, .amount = PAID};
	struct flow_request show = {.flow = FLOW_SHOW};
	uint64_t card;

	(void)state;
	club_fixture_open(&f, "heal-no-chip");
	assert_int_equal(club_fixture_issue(&f, "paper"), ERR_OK);
	card = f.result.card_number;
	assert_int_equal(club_fixture_issue(&f, "paper"), ERR_OK);
	assert_true(f.result.card_number == card);
	load.card_number = show.card_number = card;
	assert_int_equal(flow_run(f.station, &load, &f.result, &f.why), ERR_OK);
	assert_int_equal(flow_run(f.station, &show, &f.result, &f.why), ERR_OK);
	assert_int_equal(f.result.balance, PAID);
	show.card_number = card + 1;
	assert_int_equal(flow_run(f.station, &show, &f.result, &f.why), ERR_NOT_FOUND);
	club_fixture_close(&f);
}

static void
a_card_of_another_club_is_neither_issued_nor_loaded_nor_shown(void **state)
{
	struct club_fixture ours, theirs;
	struct reader *reader;

	(void)state;
	club_fixture_open(&ours, "heal-ours");
	club_fixture_open(&theirs, "heal-theirs");
	club_fixture_new_card(&theirs);
	assert_int_equal(club_fixture_issue(&theirs, NULL), ERR_OK);
	reader = theirs.reader;
	ours.reader = reader;
	assert_int_equal(club_fixture_issue(&ours, NULL), ERR_CARD_FOREIGN);
	assert_int_equal(club_fixture_load(&ours, PAID, NULL), ERR_CARD_FOREIGN);
	assert_int_equal(club_fixture_show(&ours), ERR_CARD_FOREIGN);
	ours.reader = NULL;
	club_fixture_expect(&theirs, 0);
	club_fixture_close(&ours);
	club_fixture_close(&theirs);
}

static void
an_issued_card_is_not_issued_again(void **state)
{
	struct club_fixture f;

	(void)state;
	club_fixture_open(&f, "heal-again");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_CARD_TAKEN);
	club_fixture_expect(&f, 0);
	club_fixture_close(&f);
}

static void
amounts_that_cannot_be_are_refused_before_the_card_is_asked_for(void **state)
{
	static const int64_t amount[] = {0, -1, INT64_MAX, INT64_MIN, 1, 10001, 2000000001};
	struct club_fixture f;

	(void)state;
	club_fixture_open(&f, "heal-amounts");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	for (size_t i = 0; i < sizeof(amount) / sizeof(amount[0]); i++) {
		enum err e = club_fixture_load(&f, amount[i], NULL);

		assert_true(e == ERR_RANGE || e == ERR_REFUSED);
		assert_int_equal(f.result.apdus, 0);
	}
	assert_int_equal(account(&f, ACCOUNT_CASH, 0), 0);
	club_fixture_expect(&f, 0);
	club_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_successor_makes_the_load_void_and_the_cash_goes_back),
		cmocka_unit_test(a_void_the_book_did_not_take_is_not_reported),
		cmocka_unit_test(a_later_record_of_unknown_descent_leaves_the_load_open),
		cmocka_unit_test(an_old_image_of_the_card_is_refused),
		cmocka_unit_test(an_image_older_than_the_open_load_is_refused_too),
		cmocka_unit_test(a_request_asked_twice_is_done_once_and_answered_twice),
		cmocka_unit_test(a_torn_load_is_finished_by_its_own_request_and_makes_way_for_another),
		cmocka_unit_test(a_different_amount_after_a_pull_is_not_loaded_by_the_way),
		cmocka_unit_test(a_card_without_a_chip_is_issued_and_loaded_in_the_book),
		cmocka_unit_test(a_card_of_another_club_is_neither_issued_nor_loaded_nor_shown),
		cmocka_unit_test(an_issued_card_is_not_issued_again),
		cmocka_unit_test(amounts_that_cannot_be_are_refused_before_the_card_is_asked_for),
	};

	return cmocka_run_group_tests_name("flow/heal", tests, NULL, NULL);
}
