/* store: what the customer's page may read, carried over without a loss. */
#include "tests/store/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define CARD UINT64_C(12345000000017)
#define CARDS 6

static const char *tier_id(uint8_t tier) { return tier == 0 ? "basic" : "gold"; }

static struct view_source
source(void)
{
	static const char *const kinds[] = {"card.value", "card.waiting"};

	return (struct view_source){tier_id, kinds, 2, true, NOW_MS};
}

static void
flush(struct club *c)
{
	const struct view_source src = source();
	struct view *v;
	struct why w;

	ok(view_open_write(c->view, &v, &w));
	ok(store_view_flush(c->s, v, &src, &w));
	view_close(&v);
}

static enum err
look(const struct club *c, const uint8_t hash[32], struct view_card *out)
{
	struct view *v;
	struct why w;
	enum err e;

	ok(view_open_read(c->view, &v, &w));
	e = view_lookup(v, hash, out, &w);
	view_close(&v);
	return e;
}

static void
a_loaded_card_shows_what_the_shop_owes(void **state)
{
	struct club *c = *state;
	struct store_card card = a_card(CARD);
	uint8_t event[STORE_EVENT_LEN];
	struct view_card shown;
	struct why w;

	issue(c->s, CARD);
	load(c->s, CARD, 500000);
	flush(c);
	ok(look(c, card.token_hash, &shown));
	assert_true(shown.open && shown.test && !shown.in_doubt);
	assert_int_equal(shown.balance, 500000);
	assert_int_equal(shown.unit, 364);
	assert_string_equal(shown.tier_id, "basic");
	assert_int_equal(shown.as_of_ms, NOW_MS);
	ok(store_begin(c->s, &w));
	ok(load_intend(c->s, CARD, 70000, "", event, &w));
	ok(store_commit(c->s, &w));
	flush(c);
	ok(look(c, card.token_hash, &shown));
	assert_true(shown.in_doubt);
	assert_int_equal(shown.balance, 570000);
	card.token_hash[31] ^= 1;
	assert_int_equal(look(c, card.token_hash, &shown), ERR_NOT_FOUND);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM view_dirty"), 0);
}

static void
a_token_taken_away_and_a_closed_card_show_nothing_more(void **state)
{
	struct club *c = *state;
	const struct store_card old = a_card(CARD);
	struct store_card card;
	struct view_card shown;
	struct why w;

	issue(c->s, CARD);
	load(c->s, CARD, 500000);
	flush(c);
	ok(store_begin(c->s, &w));
	ok(store_card_by_number(c->s, CARD, &card, &w));
	card.token_hash[0] ^= 0xFF;
	ok(store_card_update(c->s, &card, &w));
	ok(store_commit(c->s, &w));
	flush(c);
	ok(look(c, old.token_hash, &shown));
	assert_false(shown.open);
	assert_int_equal(shown.balance, 0);
	ok(look(c, card.token_hash, &shown));
	assert_true(shown.open);
	ok(store_begin(c->s, &w));
	card.state = STORE_CARD_CLOSED;
	ok(store_card_update(c->s, &card, &w));
	ok(store_commit(c->s, &w));
	flush(c);
	ok(look(c, card.token_hash, &shown));
	assert_false(shown.open);
}

static void
a_lost_view_is_made_again_from_the_books(void **state)
{
	struct club *c = *state;
	struct view_card shown;
	struct why w;

	issue(c->s, CARD);
	load(c->s, CARD, 500000);
	flush(c);
	assert_int_equal(unlink(c->view), 0);
	ok(store_begin(c->s, &w));
	ok(store_view_note_all(c->s, &w));
	ok(store_commit(c->s, &w));
	flush(c);
	ok(look(c, a_card(CARD).token_hash, &shown));
	assert_int_equal(shown.balance, 500000);
}

static void
a_view_that_is_none_is_refused(void **state)
{
	struct club *c = *state;
	struct view *v;
	struct why w;
	FILE *f;

	assert_int_equal(view_open_read(c->view, &v, &w), ERR_MISSING);
	assert_int_equal(view_open_read(c->db, &v, &w), ERR_DB_DAMAGED);
	assert_int_equal(view_open_write(c->db, &v, &w), ERR_DB_DAMAGED);
	f = fopen(c->view, "wb");
	assert_non_null(f);
	(void)fputs("<html>this is no database, though it is rather longer than its header would be</html>", f);
	(void)fclose(f);
	assert_int_equal(view_open_read(c->view, &v, &w), ERR_DB_DAMAGED);
	assert_null(v);
}

/* As the portal runs: no right to write the file or its folder. Exit code 0 if it reads right and cannot write. */
static _Noreturn void
read_as_nobody(const struct club *c)
{
	const struct store_card card = a_card(CARD);
	struct view_card shown;
	struct view *v;

	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		_exit(1);
	if (view_open_read(c->view, &v, NULL) != ERR_OK)
		_exit(2);
	if (view_lookup(v, card.token_hash, &shown, NULL) != ERR_OK || shown.balance != 500000)
		_exit(3);
	if (view_put(v, card.token_hash, &shown, NULL) == ERR_OK)
		_exit(4);
	_exit(open(c->view, O_RDWR) == -1 ? 0 : 5);
}

static void
a_reader_needs_no_right_to_write(void **state)
{
	struct club *c = *state;
	int status;
	pid_t pid;

	issue(c->s, CARD);
	load(c->s, CARD, 500000);
	flush(c);
	assert_int_equal(chmod(c->view, 0444), 0);
	assert_int_equal(chmod(c->dir, 0555), 0);
	pid = fork();
	if (pid == 0)
		read_as_nobody(c);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(chmod(c->dir, 0700), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
no_name_and_no_card_number_stands_in_the_view(void **state)
{
	struct club *c = *state;
	char bytes[65536], digits[20];
	size_t len;
	FILE *f;

	issue(c->s, CARD);
	flush(c);
	f = fopen(c->view, "rb");
	assert_non_null(f);
	len = fread(bytes, 1, sizeof(bytes), f);
	(void)fclose(f);
	(void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)CARD);
	assert_true(len > 4096);
	for (size_t i = 0; i + sizeof(CARD) <= len; i++) {
		uint64_t be = 0;

		for (size_t j = 0; j < 8; j++)
			be = be << 8 | (uint8_t)bytes[i + j];
		assert_true(be != CARD);
		assert_true(i + 14 > len || memcmp(bytes + i, digits, 14) != 0);
	}
}

/* --- killed between the two databases */

static _Noreturn void
load_and_flush_until_killed(const struct club *c, unsigned seed, int out)
{
	const struct view_source src = source();
	struct store_options o = {test_sha256, false, 0};
	uint8_t event[STORE_EVENT_LEN];
	struct store *s;
	struct view *v;

	if (store_open(c->db, &o, &s, NULL) != ERR_OK || view_open_write(c->view, &v, NULL) != ERR_OK)
		_exit(1);
	for (unsigned i = seed;; i++) {
		uint64_t card = CARD + i % CARDS;

		if (store_begin(s, NULL) != ERR_OK || load_intend(s, card, 10000, "", event, NULL) != ERR_OK ||
		    store_commit(s, NULL) != ERR_OK || store_begin(s, NULL) != ERR_OK ||
		    load_settle(s, event, card, 10000, NULL) != ERR_OK || store_commit(s, NULL) != ERR_OK ||
		    store_view_flush(s, v, &src, NULL) != ERR_OK)
			_exit(1);
		(void)!write(out, "f", 1);
	}
}

static void
whenever_it_is_killed_the_next_flush_makes_view_and_books_agree(void **state)
{
	struct club *c = *state;
	unsigned x = (unsigned)time(NULL);

	print_message("seed %u\n", x);
	for (uint64_t i = 0; i < CARDS; i++)
		issue(c->s, CARD + i);
	flush(c);
	for (int round = 0; round < 15; round++) {
		struct timespec t = {0, 0};
		int pipes[2];
		char byte;
		struct why w;
		pid_t pid;

		store_close(&c->s);
		x = x * 1664525u + 1013904223u;
		assert_int_equal(pipe(pipes), 0);
		pid = fork();
		if (pid == 0)
			load_and_flush_until_killed(c, x >> 8, pipes[1]);
		(void)close(pipes[1]);
		/* let it flush a few times, then kill it somewhere inside the next act */
		for (unsigned acts = 1 + (x >> 24) % 4; acts > 0; acts--)
			assert_int_equal(read(pipes[0], &byte, 1), 1);
		t.tv_nsec = (long)(x >> 8) % 6000 * 1000;
		(void)nanosleep(&t, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		(void)close(pipes[0]);
		ok(reopen(c, false, 0, &w));
		flush(c);
		for (uint64_t i = 0; i < CARDS; i++) {
			const struct ledger_account value = {"card.value", (int64_t)(CARD + i), 364};
			const struct ledger_account waiting = {"card.waiting", (int64_t)(CARD + i), 364};
			struct view_card shown;
			int64_t a, b;

			ok(store_balance(c->s, &value, &a, &w));
			ok(store_balance(c->s, &waiting, &b, &w));
			ok(look(c, a_card(CARD + i).token_hash, &shown));
			assert_int_equal(shown.balance, -a - b);
			assert_int_equal(shown.in_doubt, b != 0);
		}
	}
	assert_true(raw_int(c, "SELECT count(*) FROM journal") > 40);
	healthy(c);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_loaded_card_shows_what_the_shop_owes),
		T(a_token_taken_away_and_a_closed_card_show_nothing_more),
		T(a_lost_view_is_made_again_from_the_books),
		T(a_view_that_is_none_is_refused),
		T(a_reader_needs_no_right_to_write),
		T(no_name_and_no_card_number_stands_in_the_view),
		T(whenever_it_is_killed_the_next_flush_makes_view_and_books_agree),
	};

	return cmocka_run_group_tests_name("store/view", tests, NULL, NULL);
}
