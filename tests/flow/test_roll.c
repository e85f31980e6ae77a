/*
 * The keys of cards in circulation move to the newest generation at their taps: after what was asked, whole
 * at any tear, at this or another station, and nowhere else than where it may be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "keys/masters.h"
#include "keys/role.h"
#include "station/base/file.h"
#include "station/flow/generation.h"
#include "station/store/intent.h"
#include "tests/support/books.h"

#define PAID INT64_C(500000)
#define SECOND_TEARS 40

static enum sim_kind kind;
static const enum sim_tear ways[] = {SIM_TEAR_BEFORE, SIM_TEAR_UNWRITTEN, SIM_TEAR_WRITTEN};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void
next_generation(struct club_fixture *f)
{
	uint16_t generation = 0;

	assert_int_equal(station_next_generation(f->station, NULL, NULL, &generation, &f->why), ERR_OK);
	assert_int_equal(safe_get_info(f->station->safe)->epoch, generation);
}

/* A club whose card of generation 1 holds PAID, and a second generation. */
static void
open_due(struct club_fixture *f, const char *name)
{
	club_fixture_open(f, name);
	club_fixture_new_card_of(f, kind);
	assert_int_equal(club_fixture_issue(f, NULL), ERR_OK);
	assert_int_equal(club_fixture_load(f, PAID, NULL), ERR_OK);
	next_generation(f);
}

/* Card, book and ledger say `rial`; all keys are of `epoch`; nothing is in doubt or due. */
static void
is_at(struct club_fixture *f, uint16_t epoch, int64_t rial)
{
	club_fixture_expect(f, rial);
	assert_int_equal(f->result.record.key_epoch, epoch);
	assert_int_equal(f->result.roll.now, epoch);
	assert_false(f->result.roll.due);
	assert_int_equal(f->result.roll.outcome, ROLL_NONE);
	books_sound(f, 0);
}

static void
a_show_moves_a_card_that_is_due(void **state)
{
	struct club_fixture f;

	(void)state;
	open_due(&f, "roll-show");
	assert_int_equal(club_fixture_show(&f), ERR_OK);
	assert_int_equal(f.result.roll.outcome, ROLL_DONE);
	assert_int_equal(f.result.record.operation, OP_KEY_ROLL);
	assert_int_equal(f.result.record.key_epoch, 2);
	assert_int_equal(f.result.balance, PAID);
	print_message("# show that rolls: %u APDUs\n", f.result.apdus);
	is_at(&f, 2, PAID);
	print_message("# show: %u APDUs\n", f.result.apdus);
	club_fixture_close(&f);
}

static void
a_load_is_settled_before_the_keys_move(void **state)
{
	struct club_fixture f;
	struct store_intent load;

	(void)state;
	open_due(&f, "roll-load");
	assert_int_equal(club_fixture_load(&f, PAID, "monday"), ERR_OK);
	assert_int_equal(f.result.roll.outcome, ROLL_DONE);
	assert_int_equal(f.result.record.operation, OP_KEY_ROLL);
	assert_int_equal(f.result.balance, 2 * PAID);
	assert_int_equal(store_intent_get(f.station->store, f.result.event, &load, &f.why), ERR_OK);
	assert_string_equal(load.kind, "load");
	assert_true(load.r1_sequence < f.result.record.sequence);
	is_at(&f, 2, 2 * PAID);
	assert_int_equal(club_fixture_load(&f, PAID, "monday"), ERR_OK);
	assert_true(f.result.repeated);
	club_fixture_close(&f);
}

static void
a_new_card_has_the_newest_generation(void **state)
{
	struct club_fixture f;

	(void)state;
	open_due(&f, "roll-new");
	club_fixture_new_card_of(&f, kind);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	assert_int_equal(f.result.roll.outcome, ROLL_NONE);
	is_at(&f, 2, 0);
	club_fixture_close(&f);
}

static void
a_card_two_generations_behind_moves_in_one_tap(void **state)
{
	struct club_fixture f;

	(void)state;
	open_due(&f, "roll-behind");
	next_generation(&f);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	is_at(&f, 3, 2 * PAID);
	club_fixture_close(&f);
}

/* --- pulled */

/* Cards of generation 1, one for each pull: the club has its second only from then on. */
static void
new_due_card(struct club_fixture *f, struct safe *old)
{
	struct flow_request issue = {.flow = FLOW_ISSUE, .member = f->member, .skip_refusals = true};
	struct safe *now = f->station->safe;

	club_fixture_new_card_of(f, kind);
	issue.reader = f->reader;
	f->station->safe = old;
	assert_int_equal(flow_run(f->station, &issue, &f->result, &f->why), ERR_OK);
	f->station->safe = now;
}

static struct safe *
open_with_old(struct club_fixture *f, const char *name)
{
	struct safe *old;
	char path[300];

	club_fixture_open(f, name);
	(void)snprintf(path, sizeof(path), "%s/keys/station.safe", f->folder);
	assert_int_equal(safe_open(path, SAFE_PRACTICE_PASSPHRASE, strlen(SAFE_PRACTICE_PASSPHRASE), &old,
	    &f->why), ERR_OK);
	next_generation(f);
	return old;
}

static unsigned
count_show(struct club_fixture *f, struct safe *old)
{
	new_due_card(f, old);
	assert_int_equal(club_fixture_show(f), ERR_OK);
	assert_int_equal(f->result.roll.outcome, ROLL_DONE);
	return f->result.apdus;
}

/* Whatever became of the roll, the show itself is done or was pulled before it was. */
static void
show_survives(struct club_fixture *f, struct safe *old, unsigned nth, enum sim_tear way)
{
	enum err e;

	new_due_card(f, old);
	sim_card_tear(f->chip, nth, way);
	e = club_fixture_show(f);
	if (e == ERR_OK)
		assert_int_equal(f->result.roll.outcome == ROLL_DONE, false);
	else
		assert_int_equal(e, ERR_CARD_GONE);
	club_fixture_return_card(f);
	assert_int_equal(club_fixture_show(f), ERR_OK);
	assert_int_equal(f->result.heal.outcome, HEAL_NONE);
	is_at(f, 2, 0);
}

static void
a_roll_survives_a_pull_at_every_command(void **state)
{
	const size_t step = kind == SIM_DESFIRE_EV1 ? 1 : WAYS;	/* all of them: cardapps/test_desfire_roll.c */
	struct club_fixture f;
	struct safe *old;
	unsigned commands, pulls = 0;

	(void)state;
	old = open_with_old(&f, "roll-tear");
	commands = count_show(&f, old);
	for (unsigned n = 1; n <= commands; n++)
		for (size_t i = n % step; i < WAYS; i += step, pulls++)
			show_survives(&f, old, n, ways[i]);
	print_message("# roll: %u commands, %u pulls, 0 cards lost\n", commands, pulls);
	safe_close(&old);
	club_fixture_close(&f);
}

/* Her money is on the card and settled, whenever the keys' turn is cut off. */
static void
a_load_with_a_roll_survives_a_pull_at_every_command(void **state)
{
	struct club_fixture f;
	struct safe *old;
	unsigned commands, rolls_cut = 0;
	enum err e;

	(void)state;
	old = open_with_old(&f, "roll-tear-load");
	new_due_card(&f, old);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	commands = f.result.apdus;
	for (unsigned n = 1; n <= commands; n += 3) {
		new_due_card(&f, old);
		sim_card_tear(f.chip, n, ways[n / 3 % WAYS]);
		e = club_fixture_load(&f, PAID, NULL);
		assert_true(e == ERR_OK || e == ERR_CARD_GONE || e == ERR_IN_DOUBT);
		club_fixture_return_card(&f);
		if (e == ERR_OK) {
			rolls_cut++;
			assert_int_equal(f.result.balance, PAID);
			assert_int_equal(club_fixture_show(&f), ERR_OK);
		} else {
			assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
			assert_int_equal(f.result.balance, PAID);
		}
		is_at(&f, 2, PAID);
	}
	assert_true(rolls_cut > 10);
	safe_close(&old);
	club_fixture_close(&f);
}

static void
a_second_pull_during_the_repair_changes_nothing(void **state)
{
	struct club_fixture f;
	struct safe *old;
	unsigned commands, seed = 20260102;
	enum err e;

	(void)state;
	old = open_with_old(&f, "roll-twice");
	commands = count_show(&f, old);
	srand(seed);
	for (unsigned i = 0; i < SECOND_TEARS; i++) {
		new_due_card(&f, old);
		for (int pull = 0; pull < 2; pull++) {
			sim_card_tear(f.chip, 1 + (unsigned)rand() % commands, ways[(unsigned)rand() % WAYS]);
			e = club_fixture_show(&f);
			assert_true(e == ERR_OK || e == ERR_CARD_GONE || e == ERR_IN_DOUBT);
			club_fixture_return_card(&f);
			sim_card_tear(f.chip, 0, SIM_TEAR_NONE);
		}
		assert_int_equal(club_fixture_show(&f), ERR_OK);
		is_at(&f, 2, 0);
	}
	print_message("# roll, twice: %u cards from seed %u, 0 lost\n", SECOND_TEARS, seed);
	safe_close(&old);
	club_fixture_close(&f);
}

/* --- other stations */

struct pair {
	struct club_fixture a;
	struct station *b;
	char b_folder[300];
};

/* B has the same keys and a book of the moment at which it was opened; its event ids are its own. */
static void
open_pair(struct pair *p, const char *name)
{
	char command[700];

	open_due(&p->a, name);
	station_close(&p->a.station);
	(void)snprintf(p->b_folder, sizeof(p->b_folder), "%s-b", p->a.folder);
	folder_remove(p->b_folder);
	(void)snprintf(command, sizeof(command), "cp -a '%s' '%s'", p->a.folder, p->b_folder);
	assert_int_equal(system(command), 0);
	assert_int_equal(station_open(p->a.folder, STATION_KEYS, NULL, NULL, &p->a.station, &p->a.why), ERR_OK);
	assert_int_equal(station_open(p->b_folder, STATION_KEYS, NULL, NULL, &p->b, &p->a.why), ERR_OK);
	assert_int_equal(store_begin(p->b->store, &p->a.why), ERR_OK);
	assert_int_equal(store_incarnation_begin(p->b->store, (const uint8_t *)"B st", 1, &p->a.why), ERR_OK);
	assert_int_equal(store_commit(p->b->store, &p->a.why), ERR_OK);
}

static void
close_pair(struct pair *p)
{
	station_close(&p->b);
	folder_remove(p->b_folder);
	club_fixture_close(&p->a);
}

static void
swap(struct pair *p)
{
	struct station *a = p->a.station;

	p->a.station = p->b;
	p->b = a;
}

/* Torn at A at every third command of the roll; B, which has no journal of it, makes the card whole. */
static void
a_torn_roll_is_finished_at_a_station_without_the_journal(void **state)
{
	struct pair p;
	struct club_fixture *f = &p.a;

	(void)state;
	for (unsigned n = 12; n < 60; n += 11) {
		open_pair(&p, "roll-elsewhere");
		sim_card_tear(f->chip, n, SIM_TEAR_WRITTEN);
		(void)club_fixture_show(f);
		club_fixture_return_card(f);
		sim_card_tear(f->chip, 0, SIM_TEAR_NONE);
		swap(&p);
		if (club_fixture_show(f) == ERR_OK)
			assert_int_equal(f->result.balance, PAID);
		else	/* A's record had been written already: B's book is behind */
			assert_int_equal(f->why.id, MSG_CARD_AHEAD);
		swap(&p);
		if (club_fixture_show(f) != ERR_OK)
			assert_int_equal(f->why.id, MSG_CARD_AHEAD);
		assert_int_equal(f->result.record.key_epoch, 2);
		assert_int_equal(f->result.balance, PAID);
		books_sound(f, 0);
		close_pair(&p);
	}
}

#define PASS SAFE_PRACTICE_PASSPHRASE, strlen(SAFE_PRACTICE_PASSPHRASE)

/* Generations 2 and 3 with masters that this test keeps; a card of generation 2. */
struct roles {
	struct club_fixture f;
	struct masters *m[2];
	struct safe *own, *other;
};

static void
take_generation(struct roles *r, size_t which)
{
	struct club_fixture *f = &r->f;
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/keys/station.safe", f->folder);
	assert_int_equal(masters_random(f->station->club, true, (uint16_t)(2 + which), 128, &r->m[which],
	    &f->why), ERR_OK);
	assert_int_equal(safe_import(path, PASS, r->m[which], role_slots(ROLE_ISSUER), &f->why), ERR_OK);
	safe_close(&f->station->safe);
	assert_int_equal(safe_open(path, PASS, &f->station->safe, &f->why), ERR_OK);
}

static void
open_roles(struct roles *r, const char *name)
{
	memset(r, 0, sizeof(*r));
	club_fixture_open(&r->f, name);
	take_generation(r, 0);
	club_fixture_new_card_of(&r->f, kind);
	assert_int_equal(club_fixture_issue(&r->f, NULL), ERR_OK);
	take_generation(r, 1);
	r->own = r->f.station->safe;
}

/* Another station of the club, whose safe has only the masters of `role`, of the first `count` generations. */
static void
become(struct roles *r, enum role role, size_t count)
{
	struct club_fixture *f = &r->f;
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/keys/other.safe", f->folder);
	(void)remove(path);
	assert_int_equal(safe_create(path, safe_get_info(r->own), 0, PASS, &r->other, &f->why), ERR_OK);
	safe_close(&r->other);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(safe_import(path, PASS, r->m[i], role_slots(role), &f->why), ERR_OK);
	assert_int_equal(safe_open(path, PASS, &r->other, &f->why), ERR_OK);
	f->station->safe = r->other;
	f->station->cert.rights = role_rights(role);
}

static void
become_issuer(struct roles *r)
{
	r->f.station->safe = r->own;
	r->f.station->cert.rights = role_rights(ROLE_ISSUER);
	safe_close(&r->other);
}

static void
close_roles(struct roles *r)
{
	for (size_t i = 0; i < 2; i++)
		masters_close(&r->m[i]);
	club_fixture_close(&r->f);
}

static void
a_station_that_may_not_says_that_a_roll_is_due(void **state)
{
	static const enum role less[] = {ROLE_TILL, ROLE_DESK};
	struct roles r;

	(void)state;
	open_roles(&r, "roll-roles");
	for (size_t i = 0; i < sizeof(less) / sizeof(less[0]); i++) {
		struct books before;

		become(&r, less[i], 2);
		books_take(&r.f, &before);
		assert_int_equal(club_fixture_show(&r.f), ERR_OK);
		assert_int_equal(r.f.result.roll.outcome, ROLL_NONE);
		assert_true(r.f.result.roll.due);
		assert_int_equal(r.f.result.roll.now, 2);
		assert_int_equal(r.f.result.roll.newest, 3);
		books_same(&r.f, &before);
		books_free(&before);
		become_issuer(&r);
	}
	assert_int_equal(club_fixture_show(&r.f), ERR_OK);
	is_at(&r.f, 3, 0);
	close_roles(&r);
}

/* The masters are there, the certificate's right is not. */
static void
a_station_without_the_right_moves_nothing(void **state)
{
	struct club_fixture f;

	(void)state;
	open_due(&f, "roll-right");
	f.station->cert.rights &= ~CERT_RIGHT(OP_KEY_ROLL);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	assert_int_equal(f.result.roll.outcome, ROLL_NONE);
	assert_true(f.result.roll.due);
	assert_int_equal(f.result.record.operation, OP_LOAD);
	assert_int_equal(f.result.record.key_epoch, 1);
	f.station->cert.rights |= CERT_RIGHT(OP_KEY_ROLL);
	assert_int_equal(club_fixture_show(&f), ERR_OK);
	is_at(&f, 2, 2 * PAID);
	club_fixture_close(&f);
}

/* What it may not move stays, and the record goes on telling the lowest generation in force. */
static void
without_the_issue_right_keys_1_to_3_move_and_the_rest_is_due(void **state)
{
	struct club_fixture f;

	(void)state;
	open_due(&f, "roll-some");
	f.station->cert.rights &= ~CERT_RIGHT(OP_ISSUE);
	assert_int_equal(club_fixture_show(&f), ERR_OK);
	assert_int_equal(f.result.roll.outcome, ROLL_DONE);
	assert_true(f.result.roll.due);
	assert_int_equal(f.result.record.operation, OP_KEY_ROLL);
	assert_int_equal(f.result.record.key_epoch, 1);
	assert_int_equal(club_fixture_show(&f), ERR_OK);
	assert_int_equal(f.result.roll.outcome, ROLL_NONE);
	f.station->cert.rights |= CERT_RIGHT(OP_ISSUE);
	assert_int_equal(club_fixture_show(&f), ERR_OK);
	is_at(&f, 2, PAID);
	club_fixture_close(&f);
}

static void
a_station_that_has_not_been_given_the_generation_says_which_one(void **state)
{
	struct roles r;

	(void)state;
	open_roles(&r, "roll-unknown");
	assert_int_equal(club_fixture_show(&r.f), ERR_OK);
	assert_int_equal(r.f.result.roll.outcome, ROLL_DONE);
	become(&r, ROLE_DESK, 1);
	assert_int_equal(club_fixture_show(&r.f), ERR_NO_KEY);
	assert_int_equal(r.f.why.id, MSG_CARD_GENERATION);
	assert_int_equal(r.f.why.arg[0].num, 3);
	assert_int_equal(r.f.why.arg[1].num, 2);
	become_issuer(&r);
	close_roles(&r);
}

#define T(f) cmocka_unit_test(f)

int
main(void)
{
	static const char *const names[] = {"flow/roll EV1", "flow/roll EV2", "flow/roll EV3"};
	const struct CMUnitTest tests[] = {
		T(a_show_moves_a_card_that_is_due),
		T(a_load_is_settled_before_the_keys_move),
		T(a_new_card_has_the_newest_generation),
		T(a_card_two_generations_behind_moves_in_one_tap),
		T(a_roll_survives_a_pull_at_every_command),
		T(a_torn_roll_is_finished_at_a_station_without_the_journal),
	};
	const struct CMUnitTest more[] = {
		T(a_load_with_a_roll_survives_a_pull_at_every_command),
		T(a_second_pull_during_the_repair_changes_nothing),
		T(a_station_that_may_not_says_that_a_roll_is_due),
		T(a_station_without_the_right_moves_nothing),
		T(without_the_issue_right_keys_1_to_3_move_and_the_rest_is_due),
		T(a_station_that_has_not_been_given_the_generation_says_which_one),
	};
	int failed = 0;

	for (kind = SIM_DESFIRE_EV1; kind <= SIM_DESFIRE_EV3; kind++)
		failed += cmocka_run_group_tests_name(names[kind], tests, NULL, NULL);
	for (kind = SIM_DESFIRE_EV1; kind <= SIM_DESFIRE_EV2; kind++)
		failed += cmocka_run_group_tests_name(names[kind], more, NULL, NULL);
	return failed;
}
