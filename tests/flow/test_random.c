/*
 * The random generator of the whole station refuses at the n-th call, for every n: a club is made whole or not
 * at all, an act is refused with its sentence and book and card untouched, or it is in doubt and the next tap ends it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "station/base/file.h"
#include "tests/support/books.h"
#include "tests/support/club_fixture.h"
#include "tests/support/no_random.h"

#define CALLS_CAP 200
#define PAID INT64_C(500000)

/* The card draws its own numbers: here from a count, so that only the station's calls are counted. */
static void
count_on(void *ctx, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(*(uint32_t *)ctx)++;
}

/* Refused at the n-th call, nothing of the club is there; true if there was no n-th call. */
static bool
made_whole(const struct init_options *o, const char *root, unsigned n)
{
	struct why w = {0};
	enum err e;

	no_random_at(n);
	e = station_init(o, &w);
	no_random_at(0);
	if (e == ERR_OK)
		return true;
	assert_int_equal(e, ERR_RANDOM);
	assert_int_equal(w.id, MSG_RANDOM);
	assert_int_not_equal(access(o->folder, F_OK), 0);
	assert_int_not_equal(access(root, F_OK), 0);
	return false;
}

static void
a_club_is_made_whole_or_not_at_all(void **state)
{
	struct init_options o = {.designs_from = "printer/designs", .club_name = "باشگاه سپیده",
	    .host = "club.sepideh.ir", .pass = "four words for safe", .root_pass = "four words for root"};
	char folder[256], root[300];
	unsigned n = 1;

	(void)state;
	club_fixture_place("random-init", folder, sizeof(folder));
	(void)snprintf(root, sizeof(root), "%s.root", folder);
	o.folder = folder;
	o.root_path = root;
	while (!made_whole(&o, root, n))
		assert_in_range(++n, 2, CALLS_CAP);
	folder_remove(folder);
	/* of a real club the root stands outside the folder by the fourth call */
	o.real = true;
	assert_false(made_whole(&o, root, 4));
}

/*
 * One act with the n-th call refused. True if it came to its end. Refused: nothing has moved. In doubt: the
 * card comes back and the act ends once.
 */
static bool
refused_or_in_doubt(struct club_fixture *f, unsigned n, int64_t load)
{
	struct books before;
	enum err e;

	books_take(f, &before);
	no_random_at(n);
	e = load > 0 ? club_fixture_load(f, load, NULL) : club_fixture_issue(f, NULL);
	no_random_at(0);
	if (e == ERR_RANDOM) {
		assert_int_equal(f->why.id, MSG_RANDOM);
		books_same(f, &before);
	}
	books_free(&before);
	if (e == ERR_OK)
		return true;
	if (e != ERR_RANDOM) {
		assert_int_equal(e, ERR_IN_DOUBT);
		assert_int_equal(load > 0 ? club_fixture_load(f, load, NULL) : club_fixture_issue(f, NULL), ERR_OK);
		assert_true(f->result.by_heal);
	}
	books_sound(f, 0);
	return false;
}

static void
every_act_is_refused_or_ended_by_the_next_tap(void **state)
{
	struct club_fixture f;
	uint32_t count = 0;
	int64_t balance = 0;
	unsigned doubts = 0;

	(void)state;
	club_fixture_open(&f, "random-acts");
	for (unsigned n = 1;; n++) {
		club_fixture_new_card(&f);
		sim_card_set_random(f.chip, count_on, &count);
		assert_in_range(n, 1, CALLS_CAP);
		if (refused_or_in_doubt(&f, n, 0))
			break;
		doubts += f.result.by_heal;
	}
	assert_in_range(doubts, 1, CALLS_CAP);
	for (unsigned n = 1; !refused_or_in_doubt(&f, n, PAID); n++) {
		assert_in_range(n, 1, CALLS_CAP);
		balance += f.result.by_heal ? PAID : 0;
	}
	club_fixture_expect(&f, balance + PAID);
	club_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_club_is_made_whole_or_not_at_all),
		cmocka_unit_test(every_act_is_refused_or_ended_by_the_next_tap),
	};

	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
