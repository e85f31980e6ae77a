/*
 * Readers that lie. Whatever they answer, drop, repeat or hold back, no money is settled that the card
 * does not hold and none is lost: with an honest reader the balance is what was paid, once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "station/club/ledger.h"
#include "tests/support/books.h"
#include "tests/support/hostile_reader.h"

#define PAID INT64_C(10000)
#define LOADS 3000
#define ISSUES 700
#define APDUS_MOST 400		/* of one tap, however long the reader keeps it busy */

#define COMMIT 0xC7

/* --- noise: what may happen to one APDU */

struct noise {
	uint32_t seed;
	unsigned at;			/* the APDU to spoil, from 1 */
	unsigned every;			/* and then each of so many; 0: this one alone */
	size_t what;			/* in mischief[] */
	unsigned seen;
	uint8_t answer[RAPDU_CAP];	/* some answer of before */
	size_t answer_len;
	uint8_t command[APDU_CAP];	/* and some command */
	size_t command_len;
};

static uint32_t
roll(struct noise *n, uint32_t below)
{
	n->seed = n->seed * 1664525u + 1013904223u;
	return (n->seed >> 8) % below;
}

static void
fill(struct noise *n, uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)roll(n, 256);
}

/* On the way to the card; false: it has gone. */
static bool
gone(struct hostile_reader *h, struct noise *n, uint8_t *capdu, size_t *len)
{
	(void)h;
	(void)n;
	(void)capdu;
	(void)len;
	return false;
}

static bool
twice(struct hostile_reader *h, struct noise *n, uint8_t *capdu, size_t *len)
{
	uint8_t ignored[RAPDU_CAP];
	size_t ignored_len;

	(void)n;
	return hostile_pass(h, capdu, *len, ignored, &ignored_len, NULL) == ERR_OK;
}

static bool
old_command(struct hostile_reader *h, struct noise *n, uint8_t *capdu, size_t *len)
{
	(void)capdu;
	(void)len;
	return n->command_len == 0 || twice(h, n, n->command, &n->command_len);
}

/* Not the command byte itself: who makes a commit of another command is the relay's business below. */
static bool
flip_command(struct hostile_reader *h, struct noise *n, uint8_t *capdu, size_t *len)
{
	(void)h;
	if (*len > 6)
		capdu[5 + roll(n, (uint32_t)*len - 6)] ^= (uint8_t)(1u << roll(n, 8));
	return true;
}

static bool
cut_command(struct hostile_reader *h, struct noise *n, uint8_t *capdu, size_t *len)
{
	(void)h;
	(void)capdu;
	*len = 1 + roll(n, (uint32_t)*len);
	return true;
}

static bool
reset_card(struct hostile_reader *h, struct noise *n, uint8_t *capdu, size_t *len)
{
	(void)n;
	(void)capdu;
	(void)len;
	sim_card_power(h->card, true);
	return true;
}

/* On the way back; false: it has gone. */
static bool
lost(struct noise *n, uint8_t *rapdu, size_t *len)
{
	(void)n;
	(void)rapdu;
	(void)len;
	return false;
}

static bool
flip_answer(struct noise *n, uint8_t *rapdu, size_t *len)
{
	rapdu[roll(n, (uint32_t)*len)] ^= (uint8_t)(1u << roll(n, 8));
	return true;
}

static bool
cut_answer(struct noise *n, uint8_t *rapdu, size_t *len)
{
	(void)rapdu;
	*len = 2 + roll(n, (uint32_t)*len - 1);
	return true;
}

static bool
grow_answer(struct noise *n, uint8_t *rapdu, size_t *len)
{
	size_t more = roll(n, (uint32_t)(RAPDU_CAP - *len) + 1);

	memmove(rapdu + more, rapdu, *len);
	fill(n, rapdu, more);
	*len += more;
	return true;
}

static bool
other_status(struct noise *n, uint8_t *rapdu, size_t *len)
{
	fill(n, rapdu + *len - 2, 2);
	if (roll(n, 4) != 0)
		rapdu[*len - 2] = 0x91;
	return true;
}

static bool
garbage(struct noise *n, uint8_t *rapdu, size_t *len)
{
	*len = 2 + roll(n, RAPDU_CAP - 1);
	fill(n, rapdu, *len);
	return true;
}

static bool
nothing(struct noise *n, uint8_t *rapdu, size_t *len)
{
	(void)n;
	*len = 2;
	rapdu[0] = 0x91;
	rapdu[1] = 0x00;
	return true;
}

static bool
longest(struct noise *n, uint8_t *rapdu, size_t *len)
{
	*len = RAPDU_CAP;
	fill(n, rapdu, RAPDU_CAP - 2);
	rapdu[RAPDU_CAP - 2] = 0x91;
	rapdu[RAPDU_CAP - 1] = roll(n, 2) == 0 ? 0x00 : 0xAF;
	return true;
}

static bool
old_answer(struct noise *n, uint8_t *rapdu, size_t *len)
{
	if (n->answer_len > 0) {
		memcpy(rapdu, n->answer, n->answer_len);
		*len = n->answer_len;
	}
	return true;
}

static bool
more_to_come(struct noise *n, uint8_t *rapdu, size_t *len)
{
	(void)n;
	rapdu[*len - 2] = 0x91;
	rapdu[*len - 1] = 0xAF;
	return true;
}

static const struct {
	const char *name;
	bool (*there)(struct hostile_reader *h, struct noise *n, uint8_t *capdu, size_t *len);
	bool (*back)(struct noise *n, uint8_t *rapdu, size_t *len);
} mischief[] = {
	{"gone before", gone, NULL}, {"sent twice", twice, NULL}, {"an old command", old_command, NULL},
	{"a bit of the command", flip_command, NULL}, {"command cut", cut_command, NULL},
	{"card reset", reset_card, NULL}, {"gone after", NULL, lost},
	{"a bit of the answer", NULL, flip_answer}, {"answer cut", NULL, cut_answer},
	{"answer grown", NULL, grow_answer}, {"another status", NULL, other_status},
	{"garbage", NULL, garbage}, {"only OK", NULL, nothing}, {"the longest", NULL, longest},
	{"an old answer", NULL, old_answer}, {"more for ever", NULL, more_to_come},
};
#define MISCHIEFS (sizeof(mischief) / sizeof(mischief[0]))

/* An old commit out of place tears any transaction of EV1; that has its own test below. */
static void
remember(struct noise *n, const uint8_t *capdu, size_t capdu_len, const uint8_t *rapdu, size_t len)
{
	if (n->answer_len != 0 && roll(n, 4) != 0)
		return;
	memcpy(n->answer, rapdu, len);
	n->answer_len = len;
	if (capdu_len < 2 || capdu[1] == COMMIT)
		return;
	memcpy(n->command, capdu, capdu_len);
	n->command_len = capdu_len;
}

static bool
is_now(struct noise *n)
{
	n->seen++;
	return n->seen == n->at || (n->seen > n->at && n->every > 0 && n->seen % n->every == 0);
}

static enum err
noisy(struct hostile_reader *h, const uint8_t *capdu, size_t capdu_len, uint8_t rapdu[RAPDU_CAP],
    size_t *len, struct why *w)
{
	struct noise *n = h->ctx;
	uint8_t command[APDU_CAP];
	bool now = is_now(n);

	memcpy(command, capdu, capdu_len);
	if (now && mischief[n->what].there != NULL && !mischief[n->what].there(h, n, command, &capdu_len))
		return hostile_gone(h, w);
	if (hostile_pass(h, command, capdu_len, rapdu, len, w) != ERR_OK)
		return hostile_gone(h, w);
	if (now && mischief[n->what].back != NULL && !mischief[n->what].back(n, rapdu, len))
		return hostile_gone(h, w);
	remember(n, command, capdu_len, rapdu, *len);
	return ERR_OK;
}

static void
arm(struct noise *n, uint32_t seed, unsigned commands)
{
	memset(n, 0, sizeof(*n));
	n->seed = seed;
	n->what = roll(n, MISCHIEFS);
	n->at = 1 + roll(n, commands);
	n->every = roll(n, 3) == 0 ? 1 + roll(n, 9) : 0;
}

static enum err
run_hostile(struct club_fixture *f, struct hostile_reader *h, enum flow_id flow, const char *request)
{
	struct flow_request rq = {.flow = flow, .reader = &h->reader, .amount = flow == FLOW_LOAD ? PAID : 0,
	    .member = flow == FLOW_ISSUE ? f->member : 0, .tier = flow == FLOW_ISSUE ? 2 : 0};
	enum err e;

	(void)snprintf(rq.request, sizeof(rq.request), "%s", request);
	memset(&f->why, 0, sizeof(f->why));
	e = flow_run(f->station, &rq, &f->result, &f->why);
	assert_true(f->result.apdus <= APDUS_MOST);
	assert_int_equal(f->result.done, e == ERR_OK);
	assert_false(store_in_transaction(f->station->store));
	return e;
}

/* Every answer to every failure has a sentence. */
static void
has_a_sentence(struct club_fixture *f, enum err e)
{
	if (e == ERR_OK)
		return;
	assert_int_equal(f->why.code, e);
	assert_int_not_equal(f->why.id, MSG_NONE);
}

static void
loads_over_noise_settle_once_and_lose_nothing(void **state)
{
	struct club_fixture f;
	struct hostile_reader h;
	struct noise n;
	int64_t held = 0;
	unsigned fine = 0, doubt = 0, refused = 0;
	char request[FLOW_REQUEST_CAP];

	(void)state;
	club_fixture_open(&f, "hostile-load");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	hostile_reader_init(&h, f.chip, noisy, &n);
	for (uint32_t i = 0; i < LOADS; i++) {
		enum err e;

		(void)snprintf(request, sizeof(request), "noise-%u", (unsigned)i);
		arm(&n, i, 34);
		e = run_hostile(&f, &h, FLOW_LOAD, request);
		has_a_sentence(&f, e);
		fine += e == ERR_OK;
		doubt += e == ERR_IN_DOUBT;
		refused += e != ERR_OK && e != ERR_IN_DOUBT;
		/* a refusal promised nothing; in doubt, the cash is in the till */
		assert_int_equal(books_account(&f, ACCOUNT_CASH, 0),
		    held + (e == ERR_OK || e == ERR_IN_DOUBT ? PAID : 0));
		e = club_fixture_load(&f, PAID, request);
		if (e != ERR_OK)
			fail_msg("seed %u, %s at %u: %s/%s with the honest reader", (unsigned)i,
			    mischief[n.what].name, n.at, err_name(e), msg_name(f.why.id));
		held += PAID;
		club_fixture_expect(&f, held);
	}
	assert_int_equal(books_account(&f, ACCOUNT_CASH, 0), held);
	books_sound(&f, 0);
	assert_true(fine > 0 && doubt > 0 && refused > 0);
	print_message("# loads over noise: %d; %u done, %u in doubt, %u refused; 0 rial lost, 0 doubled\n",
	    LOADS, fine, doubt, refused);
	club_fixture_close(&f);
}

static void
cards_issued_over_noise_are_finished_by_an_honest_reader(void **state)
{
	struct club_fixture f;
	struct noise n;
	unsigned fine = 0, doubt = 0, refused = 0, spoiled = 0;

	(void)state;
	club_fixture_open(&f, "hostile-issue");
	for (uint32_t i = 0; i < ISSUES; i++) {
		struct hostile_reader h;
		enum err e;

		club_fixture_new_card(&f);
		hostile_reader_init(&h, f.chip, noisy, &n);
		arm(&n, i + 100000, 110);
		e = run_hostile(&f, &h, FLOW_ISSUE, "");
		has_a_sentence(&f, e);
		fine += e == ERR_OK;
		doubt += e == ERR_IN_DOUBT;
		refused += e != ERR_OK && e != ERR_IN_DOUBT;
		if (e == ERR_OK) {
			club_fixture_expect(&f, 0);
			continue;
		}
		e = club_fixture_issue(&f, NULL);
		if (e != ERR_OK)
			print_message("# seed %u, %s at %u: %s/%s with the honest reader\n",
			    (unsigned)i, mischief[n.what].name, n.at, err_name(e), msg_name(f.why.id));
		spoiled += e != ERR_OK;
		if (e == ERR_OK)
			club_fixture_expect(&f, 0);
	}
	print_message("# cards over noise: %d; %u done, %u in doubt, %u refused, %u spoiled\n", ISSUES,
	    fine, doubt, refused, spoiled);
	assert_int_equal(spoiled, 0);
	books_sound(&f, 0);
	club_fixture_close(&f);
}

/* --- a relay: keeps the card powered, holds the commit back and lets it go when it likes */

struct relay {
	uint8_t held[APDU_CAP];
	size_t held_len;
	bool greedy;		/* keeps the next commit */
	unsigned seen;		/* since the card was presented again */
	unsigned release;	/* the held commit goes to the card before this APDU */
};

static enum err
relaying(struct hostile_reader *h, const uint8_t *capdu, size_t capdu_len, uint8_t rapdu[RAPDU_CAP],
    size_t *len, struct why *w)
{
	struct relay *r = h->ctx;
	uint8_t ignored[RAPDU_CAP];
	size_t ignored_len;

	if (r->greedy && capdu[1] == COMMIT) {
		memcpy(r->held, capdu, capdu_len);
		r->held_len = capdu_len;
		r->greedy = false;
		return hostile_gone(h, w);
	}
	if (!r->greedy && r->held_len > 0 && ++r->seen == r->release) {
		(void)hostile_pass(h, r->held, r->held_len, ignored, &ignored_len, NULL);
		r->held_len = 0;
	}
	return hostile_pass(h, capdu, capdu_len, rapdu, len, w);
}

/* A load whose commit the relay holds; then the same request, with the commit let go before APDU `at`. */
static enum err
load_with_held_commit(struct club_fixture *f, struct hostile_reader *h, struct relay *r, unsigned at)
{
	memset(r, 0, sizeof(*r));
	r->greedy = true;
	r->release = at;
	club_fixture_new_card(f);
	assert_int_equal(club_fixture_issue(f, NULL), ERR_OK);
	hostile_reader_init(h, f->chip, relaying, r);
	h->keeps_power = true;
	assert_int_equal(run_hostile(f, h, FLOW_LOAD, ""), ERR_IN_DOUBT);
	assert_true(r->held_len > 0);
	return run_hostile(f, h, FLOW_LOAD, "");
}

/* The first APDUs of a presentation: chip, selection, key versions, authentication, abort, and the MACed reads. */
#define PRELUDE_LEAST 10

/*
 * Let go before the record is read again, the commit comes true or to nothing. Let go later it finds
 * nothing of its own; in the middle of our next transaction it spoils that session's MAC, and what it
 * tore off is never believed: nothing is settled, the money still waits.
 */
static void
a_commit_held_back_and_released_later_is_harmless(void **state)
{
	struct club_fixture f;
	struct hostile_reader h;
	struct relay r;
	unsigned torn = 0, at = 1;
	int64_t paid = 0;

	(void)state;
	club_fixture_open(&f, "hostile-relay");
	for (bool released = true; released; at++) {
		enum err e = load_with_held_commit(&f, &h, &r, at);

		released = r.held_len == 0;
		has_a_sentence(&f, e);
		paid += PAID;
		e = club_fixture_show(&f);
		if (e == ERR_OK) {
			club_fixture_expect(&f, PAID);
		} else {
			if (f.why.id != MSG_VALUE_UNEXPLAINED || at <= PRELUDE_LEAST)
				fail_msg("released at %u: %s/%s", at, err_name(e), msg_name(f.why.id));
			torn++;
		}
		assert_int_equal(books_account(&f, ACCOUNT_CASH, 0), paid);
	}
	books_sound(&f, torn);
	print_message("# relay: a commit released at %u places, %u transactions torn, 0 believed\n", at - 2,
	    torn);
	club_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_over_noise_settle_once_and_lose_nothing),
		cmocka_unit_test(cards_issued_over_noise_are_finished_by_an_honest_reader),
		cmocka_unit_test(a_commit_held_back_and_released_later_is_harmless),
	};

	/* Thousands of taps, and no disk is on trial here. */
	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests_name("flow/hostile", tests, NULL, NULL);
}
