/* store: locks, full disks, killed programs and neighbours at work lose nothing that was committed. */
#include "tests/store/fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "station/base/clock.h"

#define CARD UINT64_C(12345000000017)

static void
snooze_us(long us)
{
	const struct timespec t = {us / 1000000, us % 1000000 * 1000};

	(void)nanosleep(&t, NULL);
}

/* A child that has begun a transaction and sits on it until it is killed. */
static pid_t
sitter(const struct club *c)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct store_options o = {test_sha256, false, 0};
		struct store *s;

		if (store_open(c->db, &o, &s, NULL) != ERR_OK || store_begin(s, NULL) != ERR_OK ||
		    store_setting_put(s, "half", "done", NULL) != ERR_OK)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		for (;;)
			snooze_us(1000000);
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	return pid;
}

static void
end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
a_database_another_program_holds_is_locked_after_a_bounded_wait(void **state)
{
	struct club *c = *state;
	char out[16];
	int64_t t;
	pid_t pid;
	struct why w;

	store_close(&c->s);
	pid = sitter(c);
	ok(reopen(c, false, 300, &w));
	t = clock_monotonic_ns();
	assert_int_equal(store_begin(c->s, &w), ERR_DB_LOCKED);
	t = (clock_monotonic_ns() - t) / 1000000;
	assert_int_equal(w.id, MSG_STORE_LOCKED);
	assert_string_equal(w.arg[0].str, c->db);
	assert_true(t >= 200 && t < 5000);
	assert_false(store_in_transaction(c->s));
	/* readers are not kept out, and see nothing half done */
	assert_int_equal(store_setting_get(c->s, "half", out, sizeof(out), &w), ERR_NOT_FOUND);
	end(pid);
	ok(store_begin(c->s, &w));
	ok(store_commit(c->s, &w));
	assert_int_equal(store_setting_get(c->s, "half", out, sizeof(out), &w), ERR_NOT_FOUND);
	healthy(c);
}

/* Loads until the file size limit, 256 KiB, is hit. Exit codes say what was seen. */
static _Noreturn void
fill_until_full(const struct club *c)
{
	struct rlimit limit = {256 * 1024, 256 * 1024};
	struct store_options o = {test_sha256, false, 0};
	uint8_t event[STORE_EVENT_LEN];
	enum err e = ERR_OK;
	struct store *s;
	struct why w;

	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || store_open(c->db, &o, &s, NULL) != ERR_OK)
		_exit(10);
	for (int i = 0; i < 1000 && e == ERR_OK; i++) {
		e = store_begin(s, &w);
		if (e == ERR_OK)
			e = load_intend(s, CARD, 10000, "", event, &w);
		if (e == ERR_OK)
			e = store_commit(s, &w);
	}
	store_rollback(s);
	if (e != ERR_DISK_FULL || w.id != MSG_DISK_FULL)
		_exit(e == ERR_OK ? 11 : 12);
	/* still on its feet: reading works, and the failure left no transaction open */
	_exit(!store_in_transaction(s) && store_journal_verify(s, &w) == ERR_OK ? 0 : 13);
}

static void
a_full_disk_says_so_and_leaves_the_last_committed_state(void **state)
{
	struct club *c = *state;
	int64_t before, after;
	int status;
	pid_t pid;
	struct why w;

	issue(c->s, CARD);
	before = raw_int(c, "SELECT count(*) FROM journal");
	store_close(&c->s);
	pid = fork();
	if (pid == 0)
		fill_until_full(c);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	ok(reopen(c, false, 0, &w));
	healthy(c);
	after = raw_int(c, "SELECT count(*) FROM journal");
	assert_true(after > before);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM intent WHERE kind = 'load'"), after - before);
	load(c->s, CARD, 500000);
	healthy(c);
}

/* A write refused in the middle undoes all; the caller who goes on regardless changes nothing. */
static void
after_a_failure_inside_a_transaction_nothing_more_gets_in(void **state)
{
	struct club *c = *state;
	uint8_t event[STORE_EVENT_LEN];
	struct why w;

	issue(c->s, CARD);
	ok(store_begin(c->s, &w));
	ok(load_intend(c->s, CARD, 10000, "", event, &w));
	assert_int_equal(load_intend(c->s, CARD + 1, 10000, "", event, &w), ERR_NOT_FOUND);
	store_rollback(c->s);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM intent WHERE kind = 'load'"), 0);
	healthy(c);
}

/* --- killed at any moment */

/* Loads for ever; tells through the pipe each act that was committed. */
static _Noreturn void
work_until_killed(const struct club *c, int out)
{
	struct store_options o = {test_sha256, false, 0};
	uint8_t event[STORE_EVENT_LEN];
	struct store *s;

	if (store_open(c->db, &o, &s, NULL) != ERR_OK)
		_exit(1);
	for (;;) {
		if (store_begin(s, NULL) != ERR_OK || load_intend(s, CARD, 10000, "", event, NULL) != ERR_OK ||
		    store_commit(s, NULL) != ERR_OK)
			_exit(1);
		(void)!write(out, "i", 1);
		if (store_begin(s, NULL) != ERR_OK || load_settle(s, event, CARD, 10000, NULL) != ERR_OK ||
		    store_commit(s, NULL) != ERR_OK)
			_exit(1);
		(void)!write(out, "s", 1);
	}
}

static void
a_killed_program_loses_nothing_it_had_committed(void **state)
{
	struct club *c = *state;
	const unsigned seed = (unsigned)time(NULL);
	int64_t intended = 0, settled = 0;
	unsigned x = seed;
	struct why w;

	print_message("seed %u\n", seed);
	issue(c->s, CARD);
	for (int round = 0; round < 25; round++) {
		int pipes[2], status;
		char byte;
		pid_t pid;

		store_close(&c->s);
		assert_int_equal(pipe(pipes), 0);
		pid = fork();
		if (pid == 0)
			work_until_killed(c, pipes[1]);
		(void)close(pipes[1]);
		/* let it commit a few acts, then kill it somewhere inside the next */
		x = x * 1664525u + 1013904223u;
		for (unsigned acts = 2 + (x >> 24) % 6; acts > 0; acts--) {
			assert_int_equal(read(pipes[0], &byte, 1), 1);
			intended += byte == 'i';
			settled += byte == 's';
		}
		snooze_us((long)(x >> 8) % 3000);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		while (read(pipes[0], &byte, 1) == 1) {
			intended += byte == 'i';
			settled += byte == 's';
		}
		(void)close(pipes[0]);
		ok(reopen(c, false, 0, &w));
		healthy(c);
		assert_true(raw_int(c, "SELECT count(*) FROM intent WHERE kind = 'load'") >= intended);
		assert_true(raw_int(c, "SELECT count(*) FROM intent WHERE kind = 'load' AND state = 1") >= settled);
	}
	assert_true(settled >= 25);
	/* what waits is exactly the loads never settled */
	assert_int_equal(raw_int(c, "SELECT sum(balance) FROM account WHERE kind = 'card.waiting'"),
	    -10000 * raw_int(c, "SELECT count(*) FROM intent WHERE kind = 'load' AND state = 0"));
}

/* --- two stations' programs on one folder */

static _Noreturn void
do_acts(const struct club *c, int acts)
{
	struct store_options o = {test_sha256, false, 20000};
	uint8_t event[STORE_EVENT_LEN];
	struct store *s;
	int done = 0;

	if (store_open(c->db, &o, &s, NULL) != ERR_OK)
		_exit(1);
	for (; done < acts; done++)
		if (store_begin(s, NULL) != ERR_OK || load_intend(s, CARD, 10000, "", event, NULL) != ERR_OK ||
		    store_commit(s, NULL) != ERR_OK || store_begin(s, NULL) != ERR_OK ||
		    load_settle(s, event, CARD, 10000, NULL) != ERR_OK || store_commit(s, NULL) != ERR_OK)
			_exit(2);
	store_close(&s);
	_exit(0);
}

static void
two_programs_at_once_take_turns(void **state)
{
	struct club *c = *state;
	pid_t pid[3];
	int status;
	struct why w;

	issue(c->s, CARD);
	store_close(&c->s);
	for (size_t i = 0; i < 3; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			do_acts(c, 30);
	}
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	ok(reopen(c, false, 0, &w));
	healthy(c);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM journal"), 2 + 3 * 30 * 2);
	assert_int_equal(raw_int(c, "SELECT balance FROM account WHERE kind = 'card.value'"), -90 * 10000);
}

static void
two_programs_may_make_the_same_new_database(void **state)
{
	struct club *c = *state;

	for (int round = 0; round < 5; round++) {
		pid_t pid[3];
		int status;
		struct why w;

		store_close(&c->s);
		(void)unlink(c->db);
		for (size_t i = 0; i < 3; i++) {
			pid[i] = fork();
			if (pid[i] == 0) {
				struct store_options o = {test_sha256, true, 10000};
				struct store *s;

				_exit(store_open(c->db, &o, &s, NULL) == ERR_OK ? 0 : 1);
			}
		}
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		}
		ok(reopen(c, false, 0, &w));
		healthy(c);
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_database_another_program_holds_is_locked_after_a_bounded_wait),
		T(a_full_disk_says_so_and_leaves_the_last_committed_state),
		T(after_a_failure_inside_a_transaction_nothing_more_gets_in),
		T(a_killed_program_loses_nothing_it_had_committed),
		T(two_programs_at_once_take_turns),
		T(two_programs_may_make_the_same_new_database),
	};

	return cmocka_run_group_tests_name("store/failures", tests, NULL, NULL);
}
