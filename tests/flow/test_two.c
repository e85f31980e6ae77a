/* Two programs at one desk's folder: with a card each they take turns; the same request from both is one act. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "station/club/ledger.h"
#include "tests/support/books.h"

#define PAID INT64_C(500000)
#define PROGRAMS 2
#define ACTS 20
#define RACES 25

/* What a program tells at its end; small enough for one write to a pipe. */
struct told {
	enum err e;
	enum msg id;
	bool done, repeated;
	uint8_t event[8];
};

typedef void (*work)(struct station *s, const struct club_fixture *f, int which, struct told *out);

/* Every program opens the folder, waits for the shout, works and tells. */
static void
side_by_side(struct club_fixture *f, work does, struct told told[PROGRAMS])
{
	int shout[2], tell[PROGRAMS][2], status;
	pid_t pid[PROGRAMS];

	station_close(&f->station);
	assert_int_equal(pipe(shout), 0);
	for (int i = 0; i < PROGRAMS; i++) {
		assert_int_equal(pipe(tell[i]), 0);
		pid[i] = fork();
		if (pid[i] == 0) {
			struct told mine;
			struct station *s;
			char byte;

			(void)close(shout[1]);
			memset(&mine, 0, sizeof(mine));
			if (station_open(f->folder, STATION_KEYS, NULL, NULL, &s, NULL) != ERR_OK)
				_exit(1);
			(void)!read(shout[0], &byte, 1);
			does(s, f, i, &mine);
			station_close(&s);
			_exit(write(tell[i][1], &mine, sizeof(mine)) == sizeof(mine) ? 0 : 1);
		}
	}
	(void)close(shout[0]);
	(void)close(shout[1]);
	for (int i = 0; i < PROGRAMS; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		assert_int_equal(read(tell[i][0], &told[i], sizeof(told[i])), sizeof(told[i]));
		(void)close(tell[i][0]);
		(void)close(tell[i][1]);
	}
	assert_int_equal(station_open(f->folder, STATION_KEYS, NULL, NULL, &f->station, &f->why), ERR_OK);
}

static void
act(struct station *s, struct flow_request *rq, struct told *out)
{
	struct flow_result r;
	struct why w = {0};

	out->e = flow_run(s, rq, &r, &w);
	out->id = w.id;
	out->done = r.done;
	out->repeated = r.repeated;
	memcpy(out->event, r.event, sizeof(out->event));
}

/* --- a card each */

static void
issue_and_load(struct station *s, const struct club_fixture *f, int which, struct told *out)
{
	struct flow_request issue = {.flow = FLOW_ISSUE, .member = f->member, .tier = 1};
	struct flow_request load = {.flow = FLOW_LOAD, .amount = PAID};

	(void)which;
	for (int i = 0; i < ACTS; i++) {
		struct sim_card *chip;

		if (sim_desfire_new(NULL, NULL, &chip, NULL) != ERR_OK ||
		    sim_reader_open(chip, true, &issue.reader, NULL) != ERR_OK)
			_exit(1);
		load.reader = issue.reader;
		act(s, &issue, out);
		if (out->e == ERR_OK)
			act(s, &load, out);
		reader_close(&issue.reader);
		if (out->e != ERR_OK)
			return;
	}
}

static void
two_programs_with_a_card_each_take_turns(void **state)
{
	struct club_fixture f;
	struct told told[PROGRAMS];

	(void)state;
	club_fixture_open(&f, "two-cards");
	side_by_side(&f, issue_and_load, told);
	for (int i = 0; i < PROGRAMS; i++)
		assert_int_equal(told[i].e, ERR_OK);
	assert_int_equal(books_account(&f, ACCOUNT_CASH, 0), PROGRAMS * ACTS * PAID);
	books_sound(&f, 0);
	club_fixture_close(&f);
}

/* --- the same request */

static uint64_t paper_number;
static char request[FLOW_REQUEST_CAP];

static void
load_paper(struct station *s, const struct club_fixture *f, int which, struct told *out)
{
	struct flow_request rq = {.flow = FLOW_LOAD, .amount = PAID, .card_number = paper_number};

	(void)f;
	(void)which;
	(void)snprintf(rq.request, sizeof(rq.request), "%s", request);
	act(s, &rq, out);
}

static void
one_request_from_two_programs_is_one_load_and_one_answer(void **state)
{
	struct club_fixture f;
	struct told told[PROGRAMS];

	(void)state;
	club_fixture_open(&f, "two-requests");
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	paper_number = f.result.card_number;
	for (int i = 0; i < RACES; i++) {
		(void)snprintf(request, sizeof(request), "race-%d", i);
		side_by_side(&f, load_paper, told);
		assert_int_equal(told[0].e, ERR_OK);
		assert_int_equal(told[1].e, ERR_OK);
		assert_true(told[0].done && told[1].done);
		assert_true(told[0].repeated != told[1].repeated);
		assert_memory_equal(told[0].event, told[1].event, sizeof(told[0].event));
		assert_int_equal(books_account(&f, ACCOUNT_CASH, 0), (i + 1) * PAID);
	}
	books_sound(&f, 0);
	club_fixture_close(&f);
}

static struct sim_card *chips[PROGRAMS];

static void
load_chip(struct station *s, const struct club_fixture *f, int which, struct told *out)
{
	struct flow_request rq = {.flow = FLOW_LOAD, .amount = PAID};

	(void)f;
	(void)snprintf(rq.request, sizeof(rq.request), "%s", request);
	if (sim_reader_open(chips[which], false, &rq.reader, NULL) != ERR_OK)
		_exit(1);
	act(s, &rq, out);
}

static void
two_issued_cards(struct club_fixture *f)
{
	club_fixture_open(f, "two-chips");
	for (int i = 0; i < PROGRAMS; i++) {
		club_fixture_new_card(f);
		assert_int_equal(club_fixture_issue(f, NULL), ERR_OK);
		chips[i] = f->chip;
		f->chip = NULL;
	}
}

static void
put_away(struct club_fixture *f)
{
	reader_close(&f->reader);
	for (int i = 0; i < PROGRAMS; i++)
		sim_card_free(&chips[i]);
	club_fixture_close(f);
}

/* One card is loaded; the other program gets that answer, or is told to bring the card that was begun. */
static void
one_request_with_two_cards_loads_one_of_them(void **state)
{
	int loads = 0, answers = 0, doubts = 0;

	(void)state;
	(void)snprintf(request, sizeof(request), "one");
	for (int i = 0; i < RACES; i++) {
		struct club_fixture f;
		struct told told[PROGRAMS];

		two_issued_cards(&f);
		side_by_side(&f, load_chip, told);
		for (int k = 0; k < PROGRAMS; k++) {
			loads += told[k].e == ERR_OK && !told[k].repeated;
			answers += told[k].e == ERR_OK && told[k].repeated;
			doubts += told[k].e == ERR_IN_DOUBT;
			assert_true(told[k].e == ERR_OK || told[k].id == MSG_PUT_SAME_CARD_BACK);
		}
		assert_int_equal(loads, i + 1);
		assert_int_equal(books_account(&f, ACCOUNT_CASH, 0), PAID);
		books_sound(&f, 0);
		put_away(&f);
	}
	assert_int_equal(answers + doubts, RACES);
	print_message("# one request, two cards: %d loads, %d answers, %d told to bring the card\n", loads,
	    answers, doubts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_programs_with_a_card_each_take_turns),
		cmocka_unit_test(one_request_from_two_programs_is_one_load_and_one_answer),
		cmocka_unit_test(one_request_with_two_cards_loads_one_of_them),
	};

	return cmocka_run_group_tests_name("flow/two", tests, NULL, NULL);
}
