/*
 * One act asked for many times: a request that comes again is harmless and gets the same answer,
 * however the first time ended, whatever has changed since, and from two programs at once.
 */
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

#include "station/base/clock.h"
#include "station/club/ledger.h"
#include "station/club/member.h"
#include "station/store/intent.h"
#include "tests/support/books.h"

#define PAID INT64_C(500000)
#define MS_A_DAY INT64_C(86400000)

static enum err
ask(struct club_fixture *f, struct flow_request *rq, const char *request)
{
	(void)snprintf(rq->request, sizeof(rq->request), "%s", request);
	memset(&f->why, 0, sizeof(f->why));
	return flow_run(f->station, rq, &f->result, &f->why);
}

static enum err
issue_for(struct club_fixture *f, uint32_t member, uint8_t tier, const char *request)
{
	struct flow_request rq = {.flow = FLOW_ISSUE, .reader = f->reader, .member = member, .tier = tier};

	return ask(f, &rq, request);
}

static void
issued(struct club_fixture *f, const char *name)
{
	club_fixture_open(f, name);
	club_fixture_new_card(f);
	assert_int_equal(club_fixture_issue(f, NULL), ERR_OK);
}

/* Pulled at the first command after the intent. */
static void
tear(struct club_fixture *f, enum flow_id flow, const char *request)
{
	enum err e = ERR_CARD_GONE;

	for (unsigned n = 1; e == ERR_CARD_GONE; n++) {
		sim_card_tear(f->chip, n, SIM_TEAR_BEFORE);
		e = flow == FLOW_ISSUE ? club_fixture_issue(f, request) : club_fixture_load(f, PAID, request);
		club_fixture_return_card(f);
		sim_card_tear(f->chip, 0, SIM_TEAR_NONE);
	}
	assert_int_equal(e, ERR_IN_DOUBT);
	assert_false(f->result.done);
}

static uint32_t
second_member(struct club_fixture *f)
{
	const struct member_form form = {.name = "رضا کریمی", .phone = "09351234567",
	    .now_ms = clock_now_ms()};
	uint32_t member;

	assert_int_equal(store_begin(f->station->store, &f->why), ERR_OK);
	assert_int_equal(club_member_add(f->station->store, &form, &member, &f->why), ERR_OK);
	assert_int_equal(store_commit(f->station->store, &f->why), ERR_OK);
	return member;
}

/* --- a program killed before it could promise anything */

static void
die_at(void *ctx, enum tap_stage stage, unsigned step, unsigned of)
{
	(void)step;
	(void)of;
	if (stage == *(const enum tap_stage *)ctx)
		_exit(7);
}

static void
killed_at(struct club_fixture *f, struct flow_request rq, const char *request, enum tap_stage stage)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct station *s;

		rq.watch = die_at;
		rq.watch_ctx = &stage;
		(void)snprintf(rq.request, sizeof(rq.request), "%s", request);
		if (station_open(f->folder, STATION_KEYS, NULL, NULL, &s, &f->why) != ERR_OK)
			_exit(1);
		(void)flow_run(s, &rq, &f->result, &f->why);
		_exit(2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void
paper_card(struct club_fixture *f, const char *name, struct flow_request *load)
{
	club_fixture_open(f, name);
	assert_int_equal(club_fixture_issue(f, NULL), ERR_OK);
	*load = (struct flow_request){.flow = FLOW_LOAD, .amount = PAID, .card_number = f->result.card_number};
}

static void
expect_paper(struct club_fixture *f, uint64_t card, int64_t rial)
{
	struct flow_request show = {.flow = FLOW_SHOW, .card_number = card};
	struct store_card row;
	struct record r;

	assert_int_equal(ask(f, &show, ""), ERR_OK);
	assert_int_equal(f->result.balance, rial);
	assert_false(f->result.in_doubt);
	assert_int_equal(store_card_by_number(f->station->store, card, &row, &f->why), ERR_OK);
	assert_int_equal(record_parse(row.record, &r, &f->why), ERR_OK);
	assert_int_equal(r.balance, rial);
	assert_int_equal(r.sequence, row.sequence);
	assert_int_equal(books_account(f, ACCOUNT_CASH, 0), rial);
	books_sound(f, 0);
}

static void
a_request_cut_short_before_its_intent_is_a_new_one(void **state)
{
	struct club_fixture f;
	struct flow_request load;

	(void)state;
	paper_card(&f, "request-early", &load);
	killed_at(&f, load, "r", TAP_INTEND);
	assert_int_equal(ask(&f, &load, "r"), ERR_OK);
	assert_false(f.result.repeated);
	expect_paper(&f, load.card_number, PAID);
	club_fixture_close(&f);
}

/* --- whose answer is it */

static void
finishing_one_members_card_is_no_answer_to_issuing_anothers(void **state)
{
	struct club_fixture f;
	uint32_t other;

	(void)state;
	club_fixture_open(&f, "request-member");
	other = second_member(&f);
	club_fixture_new_card(&f);
	tear(&f, FLOW_ISSUE, NULL);
	assert_int_equal(issue_for(&f, other, 2, ""), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_EARLIER_ACT_FINISHED);
	assert_false(f.result.done);
	assert_int_equal(club_fixture_show(&f), ERR_OK);
	assert_int_equal(f.result.member, f.member);
	/* nor is another tier */
	club_fixture_new_card(&f);
	tear(&f, FLOW_ISSUE, NULL);
	assert_int_equal(issue_for(&f, f.member, 3, ""), ERR_REFUSED);
	/* asked as before it is */
	club_fixture_new_card(&f);
	tear(&f, FLOW_ISSUE, NULL);
	assert_int_equal(issue_for(&f, f.member, 2, ""), ERR_OK);
	assert_true(f.result.by_heal);
	club_fixture_close(&f);
}

/* What nobody recorded under the new id could be asked for twice. */
static void
an_act_without_an_id_is_not_the_answer_to_one_with_an_id(void **state)
{
	struct club_fixture f;

	(void)state;
	issued(&f, "request-nameless");
	tear(&f, FLOW_LOAD, NULL);
	assert_int_equal(club_fixture_load(&f, PAID, "till-1"), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_EARLIER_ACT_FINISHED);
	club_fixture_expect(&f, PAID);
	assert_int_equal(club_fixture_load(&f, PAID, "till-1"), ERR_OK);
	assert_int_equal(club_fixture_load(&f, PAID, "till-1"), ERR_OK);
	assert_true(f.result.repeated);
	club_fixture_expect(&f, 2 * PAID);
	club_fixture_close(&f);
}

static void
an_open_request_with_another_card_asks_for_its_own_card(void **state)
{
	struct club_fixture f;
	struct sim_card *first;

	(void)state;
	issued(&f, "request-other-card");
	tear(&f, FLOW_LOAD, "till-2");
	/* the clerk puts another good card on the reader */
	first = f.chip;
	reader_close(&f.reader);
	f.chip = NULL;
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_load(&f, PAID, "till-2"), ERR_IN_DOUBT);
	assert_int_equal(f.why.id, MSG_PUT_SAME_CARD_BACK);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	assert_int_equal(club_fixture_load(&f, PAID, "till-2"), ERR_IN_DOUBT);
	assert_int_equal(f.why.id, MSG_PUT_SAME_CARD_BACK);
	club_fixture_expect(&f, 0);
	reader_close(&f.reader);
	sim_card_free(&f.chip);
	f.chip = first;
	assert_int_equal(sim_reader_open(f.chip, false, &f.reader, &f.why), ERR_OK);
	assert_int_equal(club_fixture_load(&f, PAID, "till-2"), ERR_OK);
	club_fixture_expect(&f, PAID);
	club_fixture_close(&f);
}

static int64_t shifted_ms;

static int64_t
shifted(void)
{
	return shifted_ms;
}

/* The rules say no today; what was done yesterday stays done. */
static void
a_repeated_request_is_answered_whatever_the_rules_say_now(void **state)
{
	struct club_fixture f;
	uint8_t event[8];

	(void)state;
	issued(&f, "request-rules");
	assert_int_equal(club_fixture_load(&f, PAID, "old"), ERR_OK);
	memcpy(event, f.result.event, sizeof(event));
	tear(&f, FLOW_LOAD, "waits");
	f.station->programme.load_max = PAID / 2;
	f.station->cert.rights = 0;
	assert_int_equal(club_fixture_load(&f, PAID, "old"), ERR_OK);
	assert_true(f.result.repeated);
	assert_memory_equal(f.result.event, event, sizeof(event));
	/* the money is in the till: the card gets it */
	assert_int_equal(club_fixture_load(&f, PAID, "waits"), ERR_OK);
	assert_true(f.result.by_heal);
	assert_int_equal(club_fixture_load(&f, PAID / 2, "new"), ERR_CERT);
	club_fixture_expect(&f, 2 * PAID);
	club_fixture_close(&f);
}

static void
the_same_id_for_something_else_is_refused(void **state)
{
	struct club_fixture f;
	struct flow_request rq = {.flow = FLOW_ISSUE, .tier = 2, .valid_days = 1};

	(void)state;
	issued(&f, "request-else");
	assert_int_equal(club_fixture_load(&f, PAID, "x"), ERR_OK);
	assert_int_equal(club_fixture_load(&f, 2 * PAID, "x"), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_STORE_REQUEST_OTHER);
	assert_int_equal(club_fixture_issue(&f, "x"), ERR_REFUSED);
	club_fixture_expect(&f, PAID);
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, "y"), ERR_OK);
	rq.member = f.member;
	rq.reader = f.reader;
	assert_int_equal(ask(&f, &rq, "y"), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_STORE_REQUEST_OTHER);
	club_fixture_close(&f);
}

/* --- every end, then the same words again */

static void
every_end_of_a_load_answers_its_repetition_with_one_load(void **state)
{
	static const enum sim_tear ways[] = {SIM_TEAR_BEFORE, SIM_TEAR_UNWRITTEN, SIM_TEAR_WRITTEN};
	struct club_fixture f;
	unsigned commands;
	int64_t held = PAID;
	char id[FLOW_REQUEST_CAP];

	(void)state;
	issued(&f, "request-ends");
	assert_int_equal(club_fixture_load(&f, PAID, "0"), ERR_OK);
	commands = f.result.apdus;
	for (unsigned n = 1; n <= commands; n++)
		for (size_t i = 0; i < 3; i++) {
			uint8_t event[8];

			(void)snprintf(id, sizeof(id), "end-%u-%zu", n, i);
			sim_card_tear(f.chip, n, ways[i]);
			assert_int_not_equal(club_fixture_load(&f, PAID, id), ERR_OK);
			club_fixture_return_card(&f);
			assert_int_equal(club_fixture_load(&f, PAID, id), ERR_OK);
			memcpy(event, f.result.event, sizeof(event));
			for (int again = 0; again < 2; again++) {
				assert_int_equal(club_fixture_load(&f, PAID, id), ERR_OK);
				assert_true(f.result.repeated);
				assert_memory_equal(f.result.event, event, sizeof(event));
				assert_int_equal(f.result.amount, PAID);
			}
			held += PAID;
			club_fixture_expect(&f, held);
		}
	assert_int_equal(books_account(&f, ACCOUNT_CASH, 0), held);
	books_sound(&f, 0);
	club_fixture_close(&f);
}

/* A refusal promises nothing and holds no id. */
static void
a_refused_request_may_be_asked_again_when_the_reason_is_gone(void **state)
{
	struct club_fixture f;

	(void)state;
	issued(&f, "request-refused");
	f.station->programme.balance_max = PAID - 10;
	assert_int_equal(club_fixture_load(&f, PAID, "big"), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_CLUB_CARD_TOO_FULL);
	assert_int_equal(books_account(&f, ACCOUNT_CASH, 0), 0);
	f.station->programme.balance_max = 2 * PAID;
	assert_int_equal(club_fixture_load(&f, PAID, "big"), ERR_OK);
	assert_false(f.result.repeated);
	club_fixture_expect(&f, PAID);
	club_fixture_close(&f);
}

/* --- one card, two desks */

struct other_desk {
	struct club_fixture *f;
	struct station *station;
	bool ran;
};

/* While this desk stands before its intent, the card is served at another. */
static void
meanwhile(void *ctx, enum tap_stage stage, unsigned step, unsigned of)
{
	struct other_desk *d = ctx;
	struct flow_request rq = {.flow = FLOW_LOAD, .amount = 2 * PAID};
	struct flow_result result;

	(void)step;
	(void)of;
	if (stage != TAP_INTEND || d->ran)
		return;
	d->ran = true;
	assert_int_equal(sim_reader_open(d->f->chip, false, &rq.reader, NULL), ERR_OK);
	assert_int_equal(flow_run(d->station, &rq, &result, NULL), ERR_OK);
	reader_close(&rq.reader);
}

static void
a_card_served_at_another_desk_meanwhile_is_refused_before_the_cash_is_taken(void **state)
{
	struct club_fixture f;
	struct other_desk d = {.f = &f};
	struct flow_request rq = {.flow = FLOW_LOAD, .amount = PAID, .watch = meanwhile, .watch_ctx = &d};

	(void)state;
	issued(&f, "request-desks");
	assert_int_equal(station_open(f.folder, STATION_KEYS, NULL, NULL, &d.station, &f.why), ERR_OK);
	rq.reader = f.reader;
	assert_int_equal(ask(&f, &rq, "here"), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_CARD_AT_OTHER_DESK);
	club_fixture_expect(&f, 2 * PAID);
	assert_int_equal(books_account(&f, ACCOUNT_CASH, 0), 2 * PAID);
	assert_int_equal(ask(&f, &rq, "here"), ERR_OK);
	club_fixture_expect(&f, 3 * PAID);
	station_close(&d.station);
	club_fixture_close(&f);
}

/* --- a card that has moved on */

/* The card as a later act of a station that had our journal would leave it. */
static void
move_on(struct club_fixture *f, const struct store_intent *in)
{
	struct card_access access = {.safe = f->station->safe};
	struct log_line line = {.event = "beyond", .delta = 1000, .after = in->delta + 1000};
	struct card_write wr = {.delta = 1000};
	struct card_content content;
	uint8_t hash[RECORD_HASH_LEN];
	struct record r;
	struct card *c;

	memcpy(access.club, f->station->club, sizeof(access.club));
	memcpy(access.aid, f->station->set.aid, sizeof(access.aid));
	assert_int_equal(record_parse(in->r1, &r, NULL), ERR_OK);
	record_hash(in->r1, hash);
	memcpy(r.prev, hash, sizeof(r.prev));
	r.sequence++;
	r.operation = OP_LOAD;
	r.balance += 1000 * f->station->programme.step;
	assert_int_equal(record_seal(&r, in->uid, in->uid_len, f->station->safe, wr.record, NULL), ERR_OK);
	record_hash(wr.record, hash);
	memcpy(line.record, hash, sizeof(line.record));
	log_line_encode(&line, wr.log);
	assert_int_equal(card_open(f->reader, &access, 0, &c, &f->why), ERR_OK);
	assert_int_equal(card_read(c, &content, &f->why), ERR_OK);
	assert_int_equal(card_write(c, &wr, &f->why), ERR_OK);
	card_close(&c);
}

/* The last command of an issue is lost, the card is in use elsewhere, and then it comes back to us. */
static void
an_issue_left_open_is_settled_by_a_later_record_of_its_card(void **state)
{
	struct club_fixture f;
	struct store_intent *list;
	size_t count;
	unsigned last;

	(void)state;
	club_fixture_open(&f, "request-later");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	last = f.result.apdus;
	club_fixture_new_card(&f);
	sim_card_tear(f.chip, last, SIM_TEAR_WRITTEN);
	assert_int_equal(club_fixture_issue(&f, "late"), ERR_IN_DOUBT);
	club_fixture_return_card(&f);
	assert_int_equal(store_intents_open_by_uid(f.station->store, f.result.chip.uid,
	    f.result.chip.uid_len, &list, &count, &f.why), ERR_OK);
	assert_int_equal(count, 1);
	move_on(&f, &list[0]);
	free(list);
	assert_int_equal(club_fixture_issue(&f, "late"), ERR_OK);
	assert_true(f.result.by_heal);
	assert_int_equal(f.result.heal.outcome, HEAL_APPLIED);
	books_sound(&f, 0);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_CARD_AHEAD);
	club_fixture_close(&f);
}

/* A blank we had begun in the book, made into a card by another club before it came back. */
static void
a_begun_card_that_became_another_clubs_is_told_as_that(void **state)
{
	struct club_fixture ours, theirs;
	struct sim_card *blank;

	(void)state;
	club_fixture_open(&ours, "request-ours");
	club_fixture_open(&theirs, "request-theirs");
	club_fixture_new_card(&ours);
	tear(&ours, FLOW_ISSUE, "blank");
	club_fixture_new_card(&theirs);
	reader_close(&theirs.reader);
	sim_card_free(&theirs.chip);
	blank = theirs.chip = ours.chip;
	assert_int_equal(sim_reader_open(blank, false, &theirs.reader, &theirs.why), ERR_OK);
	assert_int_equal(club_fixture_issue(&theirs, NULL), ERR_OK);
	assert_int_equal(club_fixture_issue(&ours, "blank"), ERR_CARD_FOREIGN);
	assert_int_equal(club_fixture_show(&ours), ERR_CARD_FOREIGN);
	assert_true(ours.result.in_doubt);
	club_fixture_expect(&theirs, 0);
	reader_close(&theirs.reader);
	theirs.chip = NULL;
	club_fixture_close(&theirs);
	club_fixture_close(&ours);
}

/* --- the clock */

static void
a_wrong_clock_moves_no_money_and_finishes_what_was_begun(void **state)
{
	static const int64_t days[] = {-30, -1, 1, 400, 20000};
	struct club_fixture f;
	int64_t now, held = 0;

	(void)state;
	issued(&f, "request-clock");
	now = clock_now_ms();
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		tear(&f, FLOW_LOAD, NULL);
		shifted_ms = now + days[i] * MS_A_DAY;
		clock_set_source(shifted);
		assert_int_equal(club_fixture_show(&f), ERR_OK);
		held += PAID;
		club_fixture_expect(&f, held);
		clock_set_source(NULL);
		club_fixture_expect(&f, held);
	}
	books_sound(&f, 0);
	club_fixture_close(&f);
}

static void
before_the_certificate_and_after_the_calendar_nothing_is_promised(void **state)
{
	static const int64_t far_ms[] = {0, INT64_C(4102444800000) * 3, INT64_MAX / 2};
	struct club_fixture f;
	struct books before;

	(void)state;
	issued(&f, "request-calendar");
	books_take(&f, &before);
	for (size_t i = 0; i < sizeof(far_ms) / sizeof(far_ms[0]); i++) {
		enum err e;

		shifted_ms = far_ms[i];
		clock_set_source(shifted);
		e = club_fixture_load(&f, PAID, "late");
		clock_set_source(NULL);
		assert_int_equal(e, i == 0 ? ERR_CERT : ERR_CLOCK);
		assert_int_equal(f.why.id, i == 0 ? MSG_CERT_NOT_YET : MSG_CLOCK_WRONG);
		assert_int_equal(f.result.apdus, 0);
	}
	books_same(&f, &before);
	books_free(&before);
	club_fixture_expect(&f, 0);
	club_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_cut_short_before_its_intent_is_a_new_one),
		cmocka_unit_test(finishing_one_members_card_is_no_answer_to_issuing_anothers),
		cmocka_unit_test(an_act_without_an_id_is_not_the_answer_to_one_with_an_id),
		cmocka_unit_test(an_open_request_with_another_card_asks_for_its_own_card),
		cmocka_unit_test(a_repeated_request_is_answered_whatever_the_rules_say_now),
		cmocka_unit_test(the_same_id_for_something_else_is_refused),
		cmocka_unit_test(every_end_of_a_load_answers_its_repetition_with_one_load),
		cmocka_unit_test(a_refused_request_may_be_asked_again_when_the_reason_is_gone),
		cmocka_unit_test(a_card_served_at_another_desk_meanwhile_is_refused_before_the_cash_is_taken),
		cmocka_unit_test(an_issue_left_open_is_settled_by_a_later_record_of_its_card),
		cmocka_unit_test(a_begun_card_that_became_another_clubs_is_told_as_that),
		cmocka_unit_test(a_wrong_clock_moves_no_money_and_finishes_what_was_begun),
		cmocka_unit_test(before_the_certificate_and_after_the_calendar_nothing_is_promised),
	};

	return cmocka_run_group_tests_name("flow/request", tests, NULL, NULL);
}
