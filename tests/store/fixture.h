/*
 * A club's database in a folder of its own, and the acts of a desk played on it:
 * a card issued, money loaded. Each is done as the flows do it, two transactions an act.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "station/store/intent.h"
#include "station/store/journal.h"
#include "station/store/ledger.h"
#include "station/store/member.h"
#include "station/store/store.h"
#include "station/store/view.h"
#include "tests/support/sha256.h"

#define NOW_MS INT64_C(1795313472000)
#define UNUSED __attribute__((unused))

struct club {
	char dir[64];
	char db[96];
	char view[96];
	struct store *s;
};

#define ok(call) assert_int_equal((call), ERR_OK)

static UNUSED enum err
reopen(struct club *c, bool create, unsigned busy_ms, struct why *w)
{
	struct store_options o = {test_sha256, create, busy_ms};

	store_close(&c->s);
	return store_open(c->db, &o, &c->s, w);
}

/* Opens in the folder of the template c->dir. */
static UNUSED void
club_open(struct club *c)
{
	const uint8_t prefix[STORE_PREFIX_LEN] = {0xC1, 0x0B, 0, 1};
	struct why w;

	assert_non_null(mkdtemp(c->dir));
	(void)snprintf(c->db, sizeof(c->db), "%s/club.db", c->dir);
	(void)snprintf(c->view, sizeof(c->view), "%s/view.db", c->dir);
	ok(reopen(c, true, 0, &w));
	ok(store_begin(c->s, &w));
	ok(store_incarnation_begin(c->s, prefix, NOW_MS, &w));
	ok(store_range_set(c->s, STORE_SERIALS, (struct store_range){1, 999999999}, &w));
	ok(store_range_set(c->s, STORE_MEMBERS, (struct store_range){1, 1000000}, &w));
	ok(store_commit(c->s, &w));
}

static UNUSED void
club_begin(struct club *c)
{
	memset(c, 0, sizeof(*c));
	(void)snprintf(c->dir, sizeof(c->dir), "/tmp/bashgah-store.XXXXXX");
	club_open(c);
}

static UNUSED void
club_end(struct club *c)
{
	static const char *const endings[] = {"club.db", "club.db-wal", "club.db-shm", "view.db", "view.db-journal"};
	char path[128];

	store_close(&c->s);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", c->dir, endings[i]);
		(void)unlink(path);
	}
	(void)rmdir(c->dir);
}

static UNUSED int
setup(void **state)
{
	struct club *c = calloc(1, sizeof(*c));

	club_begin(c);
	*state = c;
	return 0;
}

static UNUSED int
teardown(void **state)
{
	club_end(*state);
	free(*state);
	return 0;
}

/* SQL by a connection of its own, as a stranger with the sqlite3 program would: SQLite's result. */
static UNUSED int
raw(const struct club *c, const char *sql)
{
	sqlite3 *h = NULL;
	int rc;

	assert_int_equal(sqlite3_open(c->db, &h), SQLITE_OK);
	(void)sqlite3_busy_timeout(h, 2000);
	(void)sqlite3_extended_result_codes(h, 1);
	rc = sqlite3_exec(h, sql, NULL, NULL, NULL);
	(void)sqlite3_close(h);
	return rc;
}

static UNUSED int64_t
raw_int(const struct club *c, const char *sql)
{
	sqlite3 *h = NULL;
	sqlite3_stmt *st = NULL;
	int64_t v;

	assert_int_equal(sqlite3_open(c->db, &h), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(h, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	v = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(h);
	return v;
}

/* A load of `amount` onto card `number`, about to be written. */
static UNUSED struct store_intent
an_intent(uint64_t number, int64_t amount)
{
	struct store_intent in = {
		.kind = "load", .card = number, .uid = {4, 1, 2, 3, 4, 5, 6}, .uid_len = 7,
		.h0_sequence = 1, .r1_sequence = 2, .delta = (int32_t)(amount / 10),
		.amount = amount, .unit = 364, .cash = CASH_TAKEN, .at_ms = NOW_MS,
	};

	memset(in.h0, 0x11, sizeof(in.h0));
	memset(in.r1, 0x22, sizeof(in.r1));
	memset(in.log, 0x33, sizeof(in.log));
	return in;
}

static UNUSED struct store_card
a_card(uint64_t number)
{
	struct store_card c = {
		.number = number, .uid = {4, 1, 2, 3, 4, 5, 6}, .uid_len = 7, .chip = 1, .application = 1,
		.unit = 364, .epoch = 1, .has_token = true, .created_ms = NOW_MS,
	};

	test_sha256(&number, sizeof(number), c.token_hash);
	return c;
}

/* First half of issuing: card numbered, intent open. Inside a transaction. */
static UNUSED enum err
issue_intend(struct store *s, uint64_t number, uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct store_card c = a_card(number);
	struct store_intent in = an_intent(number, 0);
	enum err e = store_event_next(s, event, w);

	(void)snprintf(in.kind, sizeof(in.kind), "issue");
	(void)snprintf(in.url, sizeof(in.url), "https://EXAMPLE.IR/C/%016llX", (unsigned long long)number);
	in.first = true;
	in.cash = CASH_NONE;
	in.key_count = 2;
	in.keys[1] = (struct intent_key){1, {1, 2, 3}, 4, {1, 0, 0}, {2, 3, 1}, {7, 8, 9}};
	memcpy(c.created_event, event, STORE_EVENT_LEN);
	memcpy(in.event, event, STORE_EVENT_LEN);
	if (e == ERR_OK)
		e = store_card_insert(s, &c, w);
	return e == ERR_OK ? store_intent_open(s, &in, NULL, 0, w) : e;
}

/* Second half of anything: the card was seen. Inside a transaction. */
static UNUSED enum err
settle(struct store *s, const uint8_t intent[STORE_EVENT_LEN], uint8_t by[STORE_EVENT_LEN],
    struct why *w)
{
	struct store_intent in;
	struct store_card c;
	struct intent_close close = {.state = INTENT_SETTLED, .at_ms = NOW_MS};
	enum err e = store_event_next(s, by, w);

	if (e == ERR_OK)
		e = store_intent_get(s, intent, &in, w);
	if (e == ERR_OK)
		e = store_card_by_number(s, in.card, &c, w);
	if (e != ERR_OK)
		return e;
	memcpy(close.intent, intent, STORE_EVENT_LEN);
	memcpy(close.by, by, STORE_EVENT_LEN);
	close.cash = in.cash;
	close.goods = in.goods;
	c.state = STORE_CARD_ACTIVE;
	c.has_record = true;
	memcpy(c.record, in.r1, sizeof(c.record));
	c.sequence++;
	c.value += in.delta;
	e = store_card_update(s, &c, w);
	return e == ERR_OK ? store_intent_close(s, &close, w) : e;
}

static UNUSED enum err
post_two(struct store *s, const uint8_t event[STORE_EVENT_LEN], const char *debit,
    const char *credit, uint64_t card, int64_t amount, struct why *w)
{
	const struct ledger_entry entries[] = {
		{{debit, strcmp(debit, "cash") == 0 ? 0 : (int64_t)card, 364}, amount, 0},
		{{credit, (int64_t)card, 364}, -amount, 0},
	};

	return store_post(s, event, NULL, entries, 2, w);
}

static UNUSED enum err
load_intend(struct store *s, uint64_t number, int64_t amount, const char *request,
    uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct store_intent in = an_intent(number, amount);
	enum err e = store_event_next(s, event, w);

	memcpy(in.event, event, STORE_EVENT_LEN);
	(void)snprintf(in.request, sizeof(in.request), "%s", request);
	(void)snprintf(in.what, sizeof(in.what), "load %lld", (long long)amount);
	if (e == ERR_OK)
		e = store_intent_open(s, &in, NULL, 0, w);
	return e == ERR_OK ? post_two(s, event, "cash", "card.waiting", number, amount, w) : e;
}

static UNUSED enum err
load_settle(struct store *s, const uint8_t intent[STORE_EVENT_LEN], uint64_t number,
    int64_t amount, struct why *w)
{
	uint8_t by[STORE_EVENT_LEN];
	enum err e = settle(s, intent, by, w);

	return e == ERR_OK ? post_two(s, by, "card.waiting", "card.value", number, amount, w) : e;
}

static UNUSED void
issue(struct store *s, uint64_t number)
{
	uint8_t event[STORE_EVENT_LEN], by[STORE_EVENT_LEN];
	struct why w;

	ok(store_begin(s, &w));
	ok(issue_intend(s, number, event, &w));
	ok(store_commit(s, &w));
	ok(store_begin(s, &w));
	ok(settle(s, event, by, &w));
	ok(store_commit(s, &w));
}

static UNUSED void
load(struct store *s, uint64_t number, int64_t amount)
{
	uint8_t event[STORE_EVENT_LEN];
	struct why w;

	ok(store_begin(s, &w));
	ok(load_intend(s, number, amount, "", event, &w));
	ok(store_commit(s, &w));
	ok(store_begin(s, &w));
	ok(load_settle(s, event, number, amount, &w));
	ok(store_commit(s, &w));
}

static UNUSED void
healthy(struct club *c)
{
	struct store_health h;
	struct why w;

	ok(store_check(c->s, &h, &w));
}

#endif
