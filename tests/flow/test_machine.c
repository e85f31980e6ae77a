/*
 * A machine that fails: every write and sync of the book refused once or from then on, the program killed
 * at every one of them and at every command to the card, the book held by another program. A second
 * presentation completes, and the customer has what she paid for, once.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keys/digest.h"
#include "station/club/ledger.h"
#include "station/flow/settings.h"
#include "station/store/card.h"
#include "tests/support/books.h"
#include "tests/support/hostile_reader.h"

#define PAID INT64_C(500000)
#define KILLED 9

/* --- the machine: SQLite's own calls pass here */

enum failure { WORKS, FAILS_ONCE, FAILS_FROM_HERE, DIES_BEFORE, DIES_HALFWAY, DIES_AFTER /* a command */ };

static struct {
	enum failure how;
	unsigned at, seen;
	int error;
} machine;

ssize_t pwrite64(int fd, const void *from, size_t len, off64_t at);
int fdatasync(int fd);

static bool
refuses(void)
{
	if (machine.how == WORKS)
		return false;
	machine.seen++;
	errno = machine.error;
	return (machine.how == FAILS_ONCE && machine.seen == machine.at) ||
	    (machine.how == FAILS_FROM_HERE && machine.seen >= machine.at);
}

static bool
dies(enum failure how)
{
	return machine.how == how && machine.seen == machine.at;
}

ssize_t
pwrite64(int fd, const void *from, size_t len, off64_t at)
{
	ssize_t n;

	if (refuses())
		return -1;
	if (dies(DIES_BEFORE))
		_exit(KILLED);
	n = syscall(SYS_pwrite64, fd, from, dies(DIES_HALFWAY) ? len / 2 : len, at);
	if (dies(DIES_HALFWAY))
		_exit(KILLED);
	return n;
}

int
fdatasync(int fd)
{
	if (refuses())
		return -1;
	/* a kill leaves what was written to the kernel: the disk itself is not pulled here */
	if (dies(DIES_BEFORE) || dies(DIES_HALFWAY))
		_exit(KILLED);
	return (int)syscall(SYS_fdatasync, fd);
}

static void
break_machine(enum failure how, unsigned at, int error)
{
	machine.seen = 0;
	machine.at = at;
	machine.error = error;
	machine.how = how;
}

static bool
mend_machine(void)
{
	bool reached = machine.seen >= machine.at;

	machine.how = WORKS;
	return reached;
}

/* --- what must be true when all is mended */

static void
page_shows(struct club_fixture *f, int64_t rial)
{
	struct store_card c;
	struct view *view;
	struct view_card shown;
	char path[STATION_PATH_CAP];

	assert_int_equal(store_card_by_number(f->station->store, f->result.card_number, &c, &f->why), ERR_OK);
	assert_int_equal(station_refresh_view(f->station, &f->why), ERR_OK);
	assert_int_equal(station_path(f->station, STATION_VIEW, path, &f->why), ERR_OK);
	assert_int_equal(view_open_read(path, &view, &f->why), ERR_OK);
	assert_int_equal(view_lookup(view, c.token_hash, &shown, &f->why), ERR_OK);
	assert_int_equal(shown.balance, rial);
	view_close(&view);
}

static void
reopen(struct club_fixture *f)
{
	station_close(&f->station);
	assert_int_equal(station_open(f->folder, STATION_KEYS, NULL, NULL, &f->station, &f->why), ERR_OK);
}

/* --- refused writes */

/* In doubt, the machine's own fault, or done although something that can be made up for failed. */
static void
is_told(struct club_fixture *f, enum err e)
{
	if (e == ERR_OK)
		return;
	assert_int_equal(f->why.code, e);
	assert_true(e == ERR_IN_DOUBT || e == ERR_DISK_FULL || e == ERR_IO || e == ERR_DB);
	assert_false(f->result.done);
}

static void
loads_on_a_failing_disk(enum failure how, int error)
{
	struct club_fixture f;
	int64_t held = 0;
	char request[FLOW_REQUEST_CAP];
	unsigned n = 1, doubts = 0;
	bool reached = true;

	club_fixture_open(&f, "machine-load");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	for (; reached; n++) {
		enum err e;

		(void)snprintf(request, sizeof(request), "disk-%u", n);
		break_machine(how, n, error);
		e = club_fixture_load(&f, PAID, request);
		reached = mend_machine();
		is_told(&f, e);
		doubts += e == ERR_IN_DOUBT;
		assert_true(reached || e == ERR_OK);
		if (n % 2 == 0)
			reopen(&f);
		assert_int_equal(club_fixture_load(&f, PAID, request), ERR_OK);
		held += PAID;
		club_fixture_expect(&f, held);
		assert_int_equal(books_account(&f, ACCOUNT_CASH, 0), held);
		page_shows(&f, held);
	}
	books_sound(&f, 0);
	assert_true(doubts > 0);
	print_message("# load: %u writes and syncs refused, %u in doubt\n", n - 2, doubts);
	club_fixture_close(&f);
}

static void
every_write_of_a_load_may_fail_once(void **state)
{
	(void)state;
	loads_on_a_failing_disk(FAILS_ONCE, EIO);
}

static void
the_disk_may_be_full_from_any_write_of_a_load_on(void **state)
{
	(void)state;
	loads_on_a_failing_disk(FAILS_FROM_HERE, ENOSPC);
}

static void
issues_on_a_failing_disk(enum failure how, int error)
{
	struct club_fixture f;
	unsigned n = 1, doubts = 0;
	bool reached = true;

	club_fixture_open(&f, "machine-issue");
	for (; reached; n++) {
		char request[FLOW_REQUEST_CAP];
		enum err e;

		(void)snprintf(request, sizeof(request), "disk-%u", n);
		club_fixture_new_card(&f);
		break_machine(how, n, error);
		e = club_fixture_issue(&f, request);
		reached = mend_machine();
		is_told(&f, e);
		doubts += e == ERR_IN_DOUBT;
		assert_true(reached || e == ERR_OK);
		if (n % 2 == 0)
			reopen(&f);
		assert_int_equal(club_fixture_issue(&f, request), ERR_OK);
		club_fixture_expect(&f, 0);
		page_shows(&f, 0);
	}
	books_sound(&f, 0);
	assert_true(doubts > 0);
	print_message("# issue: %u writes and syncs refused, %u in doubt\n", n - 2, doubts);
	club_fixture_close(&f);
}

static void
every_write_of_an_issue_may_fail_once(void **state)
{
	(void)state;
	issues_on_a_failing_disk(FAILS_ONCE, EIO);
}

static void
the_disk_may_be_full_from_any_write_of_an_issue_on(void **state)
{
	(void)state;
	issues_on_a_failing_disk(FAILS_FROM_HERE, ENOSPC);
}

/* --- killed */

struct death {
	enum failure how;
	unsigned write;		/* at this write or sync of the book; 0: never */
	unsigned apdu;		/* at this command to the card; 0: never */
	unsigned seen;
};

static enum err
deadly(struct hostile_reader *h, const uint8_t *capdu, size_t capdu_len, uint8_t rapdu[RAPDU_CAP],
    size_t *len, struct why *w)
{
	struct death *d = h->ctx;
	enum err e;

	if (++d->seen == d->apdu && d->how == DIES_BEFORE)
		_exit(KILLED);
	e = hostile_pass(h, capdu, capdu_len, rapdu, len, w);
	if (d->seen == d->apdu)
		_exit(KILLED);
	return e;
}

/* The whole life of a program at the desk, on the card's file. Exits. */
static _Noreturn void
live(const struct club_fixture *f, const char *card, enum flow_id flow, const char *request,
    struct death *d)
{
	struct flow_request rq = {.flow = flow, .amount = flow == FLOW_LOAD ? PAID : 0,
	    .member = flow == FLOW_ISSUE ? f->member : 0, .tier = flow == FLOW_ISSUE ? 2 : 0};
	struct hostile_reader h;
	struct flow_result result;
	struct sim_card *chip;
	struct station *s;
	enum err e;

	(void)snprintf(rq.request, sizeof(rq.request), "%s", request);
	if (sim_desfire_open(SIM_DESFIRE_EV1, card, &chip, NULL) != ERR_OK ||
	    station_open(f->folder, STATION_KEYS, NULL, NULL, &s, NULL) != ERR_OK)
		_exit(1);
	hostile_reader_init(&h, chip, deadly, d);
	rq.reader = &h.reader;
	if (d->write > 0)
		break_machine(d->how, d->write, 0);
	e = flow_run(s, &rq, &result, NULL);
	station_close(&s);
	_exit(e == ERR_OK ? 0 : 2);
}

/* True if it was killed; false if it came to its end. */
static bool
is_killed(struct club_fixture *f, const char *card, enum flow_id flow, const char *request,
    struct death d)
{
	int status;
	pid_t pid;

	reader_close(&f->reader);
	sim_card_free(&f->chip);
	station_close(&f->station);
	pid = fork();
	if (pid == 0)
		live(f, card, flow, request, &d);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == KILLED || WEXITSTATUS(status) == 0);
	assert_int_equal(station_open(f->folder, STATION_KEYS, NULL, NULL, &f->station, &f->why), ERR_OK);
	assert_int_equal(sim_desfire_open(SIM_DESFIRE_EV1, card, &f->chip, &f->why), ERR_OK);
	assert_int_equal(sim_reader_open(f->chip, false, &f->reader, &f->why), ERR_OK);
	return WEXITSTATUS(status) == KILLED;
}

static const enum failure at_write[] = {DIES_BEFORE, DIES_HALFWAY};
static const enum failure at_command[] = {DIES_BEFORE, DIES_AFTER};
#define DEATHS 2

static void
new_card_file(struct club_fixture *f, char path[STATION_PATH_CAP])
{
	static unsigned count;
	char name[64];

	(void)snprintf(name, sizeof(name), "cards/card-%u", ++count);
	assert_int_equal(station_path(f->station, name, path, &f->why), ERR_OK);
}

static void
survives_a_kill(struct club_fixture *f, const char *card, enum flow_id flow, struct death d, bool *killed,
    int64_t *held)
{
	static unsigned count;
	char request[FLOW_REQUEST_CAP];
	enum err e;

	(void)snprintf(request, sizeof(request), "kill-%u", ++count);
	*killed = is_killed(f, card, flow, request, d);
	e = flow == FLOW_ISSUE ? club_fixture_issue(f, request) : club_fixture_load(f, PAID, request);
	assert_int_equal(e, ERR_OK);
	*held += flow == FLOW_LOAD ? PAID : 0;
	club_fixture_expect(f, *held);
	page_shows(f, *held);
}

static void
a_load_killed_anywhere_is_completed_by_the_next_program(void **state)
{
	struct club_fixture f;
	char card[STATION_PATH_CAP];
	int64_t held = 0;
	unsigned n, kills = 0;
	bool killed;

	(void)state;
	club_fixture_open(&f, "machine-kill-load");
	new_card_file(&f, card);
	survives_a_kill(&f, card, FLOW_ISSUE, (struct death){.how = WORKS}, &killed, &held);
	for (size_t i = 0; i < DEATHS; i++)
		for (n = 1, killed = true; killed; n++, kills += killed)
			survives_a_kill(&f, card, FLOW_LOAD, (struct death){.how = at_write[i], .write = n},
			    &killed, &held);
	for (size_t i = 0; i < DEATHS; i++)
		for (n = 1, killed = true; killed; n++, kills += killed)
			survives_a_kill(&f, card, FLOW_LOAD, (struct death){.how = at_command[i], .apdu = n},
			    &killed, &held);
	assert_int_equal(books_account(&f, ACCOUNT_CASH, 0), held);
	books_sound(&f, 0);
	print_message("# load: killed %u times, %lld rial paid, as many on the card\n", kills, (long long)held);
	club_fixture_close(&f);
}

static void
an_issue_killed_anywhere_is_completed_by_the_next_program(void **state)
{
	struct club_fixture f;
	char card[STATION_PATH_CAP];
	int64_t none = 0;
	unsigned n, kills = 0;
	bool killed;

	(void)state;
	club_fixture_open(&f, "machine-kill-issue");
	for (size_t i = 0; i < DEATHS; i++)
		for (n = 1, killed = true; killed; n++, kills += killed) {
			new_card_file(&f, card);
			survives_a_kill(&f, card, FLOW_ISSUE, (struct death){.how = at_write[i], .write = n},
			    &killed, &none);
		}
	for (n = 1, killed = true; killed; n++, kills += killed) {
		new_card_file(&f, card);
		survives_a_kill(&f, card, FLOW_ISSUE,
		    (struct death){.how = at_command[n % DEATHS], .apdu = n}, &killed, &none);
	}
	books_sound(&f, 0);
	print_message("# issue: killed %u times, as many cards completed\n", kills);
	club_fixture_close(&f);
}

/* --- the book is held by another program */

struct holder {
	const char *path;
	enum tap_stage stage;
	struct store *other;
};

static void
hold(void *ctx, enum tap_stage stage, unsigned step, unsigned of)
{
	const struct store_options o = {.sha256 = digest_sha256};
	struct holder *h = ctx;

	(void)step;
	(void)of;
	if (stage != h->stage || h->other != NULL)
		return;
	assert_int_equal(store_open(h->path, &o, &h->other, NULL), ERR_OK);
	assert_int_equal(store_begin(h->other, NULL), ERR_OK);
}

static const struct {
	const char *name;
	enum tap_stage stage;
	enum err e;
} holdups[] = {
	{"machine-locked-1", TAP_INTEND, ERR_DB_LOCKED}, {"machine-locked-2", TAP_SETTLE, ERR_IN_DOUBT}};
#define HOLDUPS (sizeof(holdups) / sizeof(holdups[0]))

static void
load_while_held(struct club_fixture *f, size_t i)
{
	struct holder h = {.stage = holdups[i].stage};
	struct flow_request rq = {.flow = FLOW_LOAD, .amount = PAID, .request = "held", .watch = hold,
	    .watch_ctx = &h};
	char path[STATION_PATH_CAP];

	assert_int_equal(station_path(f->station, STATION_BOOK, path, &f->why), ERR_OK);
	h.path = path;
	rq.reader = f->reader;
	assert_int_equal(flow_run(f->station, &rq, &f->result, &f->why), holdups[i].e);
	assert_int_equal(books_account(f, ACCOUNT_CASH, 0), holdups[i].e == ERR_IN_DOUBT ? PAID : 0);
	store_close(&h.other);
	assert_int_equal(club_fixture_load(f, PAID, "held"), ERR_OK);
	club_fixture_expect(f, PAID);
	assert_int_equal(books_account(f, ACCOUNT_CASH, 0), PAID);
	books_sound(f, 0);
}

static void
held_up(void **state)
{
	const size_t *i = *state;
	struct club_fixture f;

	club_fixture_open(&f, holdups[*i].name);
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	load_while_held(&f, *i);
	club_fixture_close(&f);
}

/* Each waits its five seconds for the book: side by side, each a test run of its own. */
static void
a_book_held_by_another_program_promises_nothing_or_waits_for_the_card(void **state)
{
	pid_t pid[HOLDUPS];
	int status;

	(void)state;
	for (size_t i = 0; i < HOLDUPS; i++) {
		const struct CMUnitTest test[] = {cmocka_unit_test_prestate(held_up, &i)};

		pid[i] = fork();
		if (pid[i] == 0)
			_exit(cmocka_run_group_tests_name(holdups[i].name, test, NULL, NULL));
	}
	for (size_t i = 0; i < HOLDUPS; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_write_of_a_load_may_fail_once),
		cmocka_unit_test(the_disk_may_be_full_from_any_write_of_a_load_on),
		cmocka_unit_test(every_write_of_an_issue_may_fail_once),
		cmocka_unit_test(the_disk_may_be_full_from_any_write_of_an_issue_on),
		cmocka_unit_test(a_load_killed_anywhere_is_completed_by_the_next_program),
		cmocka_unit_test(an_issue_killed_anywhere_is_completed_by_the_next_program),
		cmocka_unit_test(a_book_held_by_another_program_promises_nothing_or_waits_for_the_card),
	};

	/* What a kill leaves behind is the kernel's, and refusals are made here: memory will do for a disk. */
	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests_name("flow/machine", tests, NULL, NULL);
}
