/* store: history only grows, and whoever edits it behind our back is found. */
#include "tests/store/fixture.h"

#include "station/store/journal.h"

#define CARD UINT64_C(12345000000017)

static int
with_history(void **state)
{
	struct club *c;
	uint8_t event[STORE_EVENT_LEN];
	struct why w;

	(void)setup(state);
	c = *state;
	issue(c->s, CARD);
	load(c->s, CARD, 500000);
	ok(store_begin(c->s, &w));
	ok(load_intend(c->s, CARD, 70000, "till-9", event, &w));
	ok(store_commit(c->s, &w));
	return 0;
}

static void
every_change_of_what_happened_is_refused_by_the_database_itself(void **state)
{
	static const char *const forbidden[] = {
		"UPDATE journal SET at = 0 WHERE seq = 2",
		"DELETE FROM journal WHERE seq = 5",
		"INSERT OR REPLACE INTO journal SELECT seq, event, 'x', at, body, prev, hash FROM journal WHERE seq = 5",
		"INSERT INTO journal VALUES(9, x'0000000000000001', 'x', 0, '{}', zeroblob(32), zeroblob(32))",
		"UPDATE entry SET amount = amount + 1",
		"DELETE FROM entry",
		"INSERT OR REPLACE INTO entry SELECT event, line, account, lot, amount * 2 FROM entry",
		"INSERT OR REPLACE INTO intent SELECT * FROM intent",
		"UPDATE intent SET r1 = zeroblob(128)",
		"UPDATE intent SET state = 0, closed_by = NULL WHERE state = 1",
		"UPDATE intent SET cash = 0 WHERE state = 0",
		"UPDATE intent SET cash = 2 WHERE kind = 'issue'",
		"DELETE FROM intent",
		"UPDATE request SET what = ''",
		"DELETE FROM request",
		"UPDATE incarnation SET at = 1",
		"DELETE FROM incarnation",
		"INSERT OR REPLACE INTO incarnation SELECT prefix, 0, 0 FROM incarnation",
		"DELETE FROM card",
		"UPDATE card SET number = number + 1",
		"UPDATE card SET uid = NULL",
		"UPDATE card SET sequence = sequence - 1",
		"INSERT OR REPLACE INTO card SELECT * FROM card",
		"DELETE FROM account",
		"UPDATE account SET kind = 'cash2'",
		"UPDATE card SET tier = 'gold'",
		"INSERT INTO member VALUES(0, 'x', 'x', NULL, 0, 0)",
	};
	struct club *c = *state;

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		if ((raw(c, forbidden[i]) & 0xff) != SQLITE_CONSTRAINT)
			fail_msg("allowed: %s", forbidden[i]);
	healthy(c);
}

static void
the_chain_begins_at_zeros_and_each_row_names_the_one_before(void **state)
{
	struct club *c = *state;
	struct why w;
	uint8_t head[32];
	int64_t seq;

	ok(store_journal_verify(c->s, &w));
	ok(store_journal_head(c->s, &seq, head, &w));
	assert_int_equal(seq, 5);
	assert_int_equal(raw_int(c, "SELECT prev = zeroblob(32) FROM journal WHERE seq = 1"), 1);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM journal a JOIN journal b ON b.seq = a.seq + 1 AND b.prev = a.hash"), 4);
	assert_int_equal(raw_int(c, "SELECT min(json_valid(body)) FROM journal"), 1);
}

/* The layout of docs/store.md, put together here by hand. */
static void
a_rows_hash_is_the_documented_bytes(void **state)
{
	static const uint8_t body[] = "{\"member\":7,\"tier\":0}";
	const struct journal_field fields[] = {JOURNAL_FIELD_INT("member", 7), JOURNAL_FIELD_INT("tier", 0)};
	struct journal_entry row = {.kind = "member.add", .at_ms = 0x0102030405, .fields = fields, .field_count = 2};
	uint8_t whole[18 + 32 + 8 + 8 + 8 + 1 + 10 + 4 + 21] = "bashgah-journal-1";
	uint8_t want[32], got[32];
	struct club c;
	int64_t seq;
	struct why w;

	(void)state;
	club_begin(&c);
	ok(store_begin(c.s, &w));
	ok(store_event_next(c.s, row.event, &w));
	ok(store_journal_append(c.s, &row, &w));
	ok(store_commit(c.s, &w));
	whole[18 + 32 + 7] = 1;
	memcpy(whole + 58, row.event, 8);
	memcpy(whole + 66, "\0\0\0\1\2\3\4\5", 8);
	whole[74] = 10;
	memcpy(whole + 75, "member.add", 10);
	whole[88] = 21;
	memcpy(whole + 89, body, 21);
	test_sha256(whole, sizeof(whole), want);
	ok(store_journal_head(c.s, &seq, got, &w));
	assert_memory_equal(got, want, 32);
	club_end(&c);
}

static void
strange_text_is_escaped_or_refused(void **state)
{
	struct club *c = *state;
	struct journal_field f = JOURNAL_FIELD_STR("note", "a\"\\\n\x7F سلام");
	struct journal_entry row = {.kind = "note", .at_ms = 1, .fields = &f, .field_count = 1};
	static const char *const bad[] = {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\xFF"};
	struct why w;

	ok(store_begin(c->s, &w));
	ok(store_event_next(c->s, row.event, &w));
	ok(store_journal_append(c->s, &row, &w));
	ok(store_commit(c->s, &w));
	assert_int_equal(raw_int(c, "SELECT json_extract(body, '$.note') = 'a\"\\' || char(10) || char(127) || ' سلام'"
				    " FROM journal WHERE kind = 'note'"), 1);
	ok(store_begin(c->s, &w));
	ok(store_event_next(c->s, row.event, &w));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f = JOURNAL_FIELD_STR("note", bad[i]);
		assert_int_equal(store_journal_append(c->s, &row, &w), ERR_FORMAT);
	}
	store_rollback(c->s);
}

static void
the_same_event_and_a_body_beyond_all_bounds_are_refused(void **state)
{
	static uint8_t big[JOURNAL_BODY_CAP];
	struct club *c = *state;
	struct journal_field f = JOURNAL_FIELD_HEX("big", big, sizeof(big) / 2);
	struct journal_entry row = {.kind = "note", .at_ms = 1, .fields = &f, .field_count = 1};
	struct why w;

	ok(store_begin(c->s, &w));
	ok(store_event_next(c->s, row.event, &w));
	assert_int_equal(store_journal_append(c->s, &row, &w), ERR_LEN);
	f.len = 100;
	row.kind = "a-kind-that-is-much-too-long-for-it";
	assert_int_equal(store_journal_append(c->s, &row, &w), ERR_LEN);
	row.kind = "note";
	ok(store_journal_append(c->s, &row, &w));
	assert_int_equal(store_journal_append(c->s, &row, &w), ERR_DUPLICATE);
	ok(store_commit(c->s, &w));
	healthy(c);
}

/* --- a thief with the sqlite3 program */

static sqlite3 *
thief(const struct club *c)
{
	sqlite3 *h;

	assert_int_equal(sqlite3_open(c->db, &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h, "PRAGMA synchronous=OFF; PRAGMA ignore_check_constraints=ON;"
	    "DROP TRIGGER journal_no_update; DROP TRIGGER journal_no_delete; DROP TRIGGER journal_chain;"
	    "DROP TRIGGER entry_no_update; DROP TRIGGER entry_no_delete; DROP TRIGGER intent_fixed",
	    NULL, NULL, NULL), SQLITE_OK);
	return h;
}

static void
steal(sqlite3 *h, const char *sql)
{
	if (sqlite3_exec(h, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(h));
}

/* Flip bit 2 of byte `at` of a column of row 3; false when there is no such byte. */
static bool
flip(sqlite3 *h, const char *column, int at)
{
	char sql[128];
	uint8_t bytes[8192];
	sqlite3_stmt *st;
	bool text;
	int len;

	(void)snprintf(sql, sizeof(sql), "SELECT %s FROM journal WHERE seq = 3", column);
	assert_int_equal(sqlite3_prepare_v2(h, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	text = sqlite3_column_type(st, 0) == SQLITE_TEXT;
	len = sqlite3_column_bytes(st, 0);
	memcpy(bytes, sqlite3_column_blob(st, 0), (size_t)len);
	(void)sqlite3_finalize(st);
	if (at >= len)
		return false;
	bytes[at] ^= 4;
	(void)snprintf(sql, sizeof(sql), "UPDATE journal SET %s = ?1 WHERE seq = 3", column);
	assert_int_equal(sqlite3_prepare_v2(h, sql, -1, &st, NULL), SQLITE_OK);
	if (text)
		(void)sqlite3_bind_text(st, 1, (const char *)bytes, len, SQLITE_TRANSIENT);
	else
		(void)sqlite3_bind_blob(st, 1, bytes, len, SQLITE_TRANSIENT);
	assert_int_equal(sqlite3_step(st), SQLITE_DONE);
	(void)sqlite3_finalize(st);
	return true;
}

static void
every_flipped_byte_of_a_row_breaks_the_chain_at_that_row(void **state)
{
	static const char *const columns[] = {"event", "kind", "body", "prev", "hash"};
	struct club *c = *state;
	sqlite3 *h = thief(c);
	unsigned flipped = 0;
	struct why w;

	steal(h, "PRAGMA foreign_keys=OFF");
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		for (int at = 0; flip(h, columns[i], at); at++) {
			if (store_journal_verify(c->s, &w) != ERR_DB_DAMAGED)
				fail_msg("%s byte %d unseen", columns[i], at);
			assert_int_equal(w.id, MSG_STORE_CHAIN_BROKEN);
			assert_int_equal(w.arg[0].num, 3);
			(void)flip(h, columns[i], at);
			flipped++;
		}
	}
	assert_true(flipped > 600);
	ok(store_journal_verify(c->s, &w));
	(void)sqlite3_close(h);
}

static void
a_row_deleted_swapped_moved_or_extended_is_found(void **state)
{
	static const char *const crimes[][2] = {
		{"DELETE FROM journal WHERE seq = 2", "row 2"},
		{"DELETE FROM journal WHERE seq = 5", "the last row"},
		{"DELETE FROM journal", "all rows"},
		{"UPDATE journal SET seq = -seq WHERE seq IN (2, 3); UPDATE journal SET seq = 5 + seq WHERE seq < 0", "swap"},
		{"UPDATE journal SET at = at + 1 WHERE seq = 4", "time"},
		{"UPDATE journal SET seq = 0 WHERE seq = 1", "seq"},
		{"UPDATE journal SET body = CAST(CAST(body AS BLOB) || x'00' || x'41' AS TEXT) WHERE seq = 4", "behind NUL"},
		{"UPDATE journal SET event = CAST(event || x'00' AS BLOB) WHERE seq = 4", "longer event"},
	};
	struct club *c = *state;
	sqlite3 *h = thief(c);
	struct why w;

	steal(h, "PRAGMA foreign_keys=OFF; CREATE TEMP TABLE kept AS SELECT * FROM journal");
	for (size_t i = 0; i < sizeof(crimes) / sizeof(crimes[0]); i++) {
		steal(h, crimes[i][0]);
		if (store_journal_verify(c->s, &w) != ERR_DB_DAMAGED)
			fail_msg("unseen: %s", crimes[i][1]);
		steal(h, "DELETE FROM journal; INSERT INTO journal SELECT * FROM kept");
		ok(store_journal_verify(c->s, &w));
	}
	(void)sqlite3_close(h);
}

static void
doctor_finds_money_and_intents_that_were_edited(void **state)
{
	static const struct {
		const char *crime, *undo;
		enum msg id;
	} crimes[] = {
		{"UPDATE entry SET amount = amount + 1 WHERE line = 0", "UPDATE entry SET amount = amount - 1 WHERE line = 0", MSG_STORE_EVENT_SUM},
		{"UPDATE account SET balance = balance - 10 WHERE kind = 'card.value'", "UPDATE account SET balance = balance + 10 WHERE kind = 'card.value'", MSG_STORE_ACCOUNT_SUM},
		{"UPDATE intent SET amount = amount + 10 WHERE state = 0", "UPDATE intent SET amount = amount - 10 WHERE state = 0", MSG_STORE_INTENT_CHANGED},
		{"UPDATE intent SET url = url || 'X' WHERE kind = 'issue'", "UPDATE intent SET url = substr(url, 1, length(url) - 1) WHERE kind = 'issue'", MSG_STORE_INTENT_CHANGED},
		{"PRAGMA foreign_keys=OFF; UPDATE entry SET account = 99 WHERE line = 0", "UPDATE entry SET account = 1 WHERE line = 0", MSG_STORE_INTEGRITY},
	};
	struct club *c = *state;
	sqlite3 *h = thief(c);
	struct store_health health;
	struct why w;

	for (size_t i = 0; i < sizeof(crimes) / sizeof(crimes[0]); i++) {
		healthy(c);
		steal(h, crimes[i].crime);
		assert_int_equal(store_check(c->s, &health, &w), ERR_DB_DAMAGED);
		assert_int_equal(w.id, crimes[i].id);
		steal(h, crimes[i].undo);
	}
	(void)sqlite3_close(h);
}

static void
nothing_personal_stands_in_the_journal(void **state)
{
	struct club *c = *state;
	struct store_member m = {1, "سارا احمدی", "سارا احمدی", "+989123456789", 0, NOW_MS};
	struct why w;

	ok(store_begin(c->s, &w));
	ok(store_member_insert(c->s, &m, &w));
	ok(store_commit(c->s, &w));
	assert_int_equal(raw_int(c, "SELECT count(*) FROM journal WHERE body LIKE '%EXAMPLE%' OR body LIKE '%سارا%' OR body LIKE '%9123456789%'"), 0);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM journal WHERE json_extract(body, '$.url_sha256') IS NOT NULL"), 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_history, teardown)
	const struct CMUnitTest tests[] = {
		T(every_change_of_what_happened_is_refused_by_the_database_itself),
		T(the_chain_begins_at_zeros_and_each_row_names_the_one_before),
		T(a_rows_hash_is_the_documented_bytes),
		T(strange_text_is_escaped_or_refused),
		T(the_same_event_and_a_body_beyond_all_bounds_are_refused),
		T(every_flipped_byte_of_a_row_breaks_the_chain_at_that_row),
		T(a_row_deleted_swapped_moved_or_extended_is_found),
		T(doctor_finds_money_and_intents_that_were_edited),
		T(nothing_personal_stands_in_the_journal),
	};

	return cmocka_run_group_tests_name("store/history", tests, NULL, NULL);
}
