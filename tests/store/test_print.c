/* store: a print is noted before it is handed over, and only ever moves forward. */
#include "tests/store/fixture.h"

#include "station/store/own.h"
#include "station/store/print.h"

#define CARD UINT64_C(12345000000017)
#define OTHER UINT64_C(12345000000024)

static struct store_print
a_print(uint64_t card)
{
	struct store_print p = {.card = card, .has_token = true, .design = "default", .lang = "fa",
	    .queue = "card", .planned_ms = NOW_MS, .ribbon_rial = 30000, .blank_rial = 12000};

	memset(p.token, 0x44, sizeof(p.token));
	return p;
}

static struct store_print
planned(struct club *c, uint64_t card)
{
	struct store_print p = a_print(card);
	struct why w;

	ok(store_begin(c->s, &w));
	ok(store_print_plan(c->s, &p, &w));
	ok(store_commit(c->s, &w));
	return p;
}

static enum err
moved_as(struct club *c, const struct store_print_move *m, struct why *w)
{
	enum err e;

	ok(store_begin(c->s, w));
	e = store_print_move(c->s, m, w);
	if (e == ERR_OK)
		e = store_commit(c->s, w);
	store_rollback(c->s);
	return e;
}

static enum err
moved(struct club *c, const struct store_print *p, enum store_print_state to)
{
	struct store_print_move m = {.title = p->title, .to = to, .by = "staff", .at_ms = NOW_MS + 1000};
	struct why w;

	if (to == STORE_PRINT_SUBMITTED)
		m.job = "17";
	if (to == STORE_PRINT_ENDED)
		m.ended = "done";
	if (to == STORE_PRINT_REJECTED)
		m.reason = STORE_REJECT_JAM;
	return moved_as(c, &m, &w);
}

static struct store_print
now(struct club *c, const char *title)
{
	struct store_print p;
	struct why w;

	ok(store_print_by_title(c->s, title, &p, &w));
	return p;
}

static bool
last_kind(const struct journal_row *row, void *ctx)
{
	(void)snprintf(ctx, JOURNAL_KIND_CAP, "%s", row->kind);
	return true;
}

static void
journal_ends_with(struct club *c, const char *kind)
{
	char last[JOURNAL_KIND_CAP] = "";
	struct why w;

	ok(store_journal_walk(c->s, 1, last_kind, last, &w));
	assert_string_equal(last, kind);
}

static void
a_print_goes_from_planned_to_confirmed_and_each_step_is_journaled(void **state)
{
	struct club *c = *state;
	struct store_print p;

	issue(c->s, CARD);
	p = planned(c, CARD);
	journal_ends_with(c, "print.plan");
	assert_int_equal(strncmp(p.title, "card-0012345000000017-C10B0001", 30), 0);
	assert_int_equal(now(c, p.title).state, STORE_PRINT_PLANNED);
	assert_int_equal(moved(c, &p, STORE_PRINT_SUBMITTED), ERR_OK);
	journal_ends_with(c, "print.submit");
	assert_string_equal(now(c, p.title).job, "17");
	assert_int_equal(moved(c, &p, STORE_PRINT_ENDED), ERR_OK);
	journal_ends_with(c, "print.end");
	assert_int_equal(moved(c, &p, STORE_PRINT_CONFIRMED), ERR_OK);
	journal_ends_with(c, "print.confirm");
	p = now(c, p.title);
	assert_string_equal(p.ended, "done");
	assert_string_equal(p.job, "17");
	assert_string_equal(p.by, "staff");
	assert_int_equal(p.at_ms, NOW_MS + 1000);
	healthy(c);
}

static void
every_move_that_does_not_go_forward_is_refused(void **state)
{
	static const bool may[STORE_PRINT_STATES][STORE_PRINT_STATES] = {
		[STORE_PRINT_PLANNED] = {false, true, true, true, true, true},
		[STORE_PRINT_SUBMITTED] = {false, false, true, true, true, false},
		[STORE_PRINT_ENDED] = {false, false, false, true, true, false},
		[STORE_PRINT_CONFIRMED] = {false, false, false, false, true, false},
	};
	struct club *c = *state;

	issue(c->s, CARD);
	for (int from = 0; from < STORE_PRINT_STATES; from++)
		for (int to = 1; to < STORE_PRINT_STATES; to++) {
			struct store_print p = planned(c, CARD);

			if (from > 0)
				assert_int_equal(moved(c, &p, (enum store_print_state)from), ERR_OK);
			assert_int_equal(moved(c, &p, (enum store_print_state)to),
			    may[from][to] ? ERR_OK : ERR_REFUSED);
			assert_int_equal(now(c, p.title).state, may[from][to] ? to : from);
		}
	healthy(c);
}

static void
a_stranger_with_the_file_cannot_turn_a_print_back_either(void **state)
{
	struct club *c = *state;
	struct store_print p;

	issue(c->s, CARD);
	p = planned(c, CARD);
	assert_int_equal(moved(c, &p, STORE_PRINT_ENDED), ERR_OK);
	assert_int_equal(raw(c, "UPDATE print SET state = 0"), SQLITE_CONSTRAINT_TRIGGER);
	assert_int_equal(raw(c, "UPDATE print SET state = 5"), SQLITE_CONSTRAINT_TRIGGER);
	assert_int_equal(raw(c, "UPDATE print SET title = 'x'"), SQLITE_CONSTRAINT_TRIGGER);
	assert_int_equal(raw(c, "UPDATE print SET ribbon = 0"), SQLITE_CONSTRAINT_TRIGGER);
	assert_int_equal(raw(c, "DELETE FROM print"), SQLITE_CONSTRAINT_TRIGGER);
	assert_int_equal(raw(c, "REPLACE INTO print SELECT * FROM print"), SQLITE_CONSTRAINT_TRIGGER);
	assert_int_equal(raw(c, "UPDATE print SET state = 4"), SQLITE_CONSTRAINT_CHECK);
	assert_int_equal(now(c, p.title).state, STORE_PRINT_ENDED);
}

static void
a_note_of_staff_stays_out_of_the_journal(void **state)
{
	struct club *c = *state;
	struct store_print_move m = {.to = STORE_PRINT_REJECTED, .reason = STORE_REJECT_MISSPELT,
	    .note = "احمدى به جای احمدی", .by = "staff", .at_ms = NOW_MS};
	char long_note[STORE_PRINT_NOTE_CAP + 1];
	struct store_print p;
	struct why w;

	issue(c->s, CARD);
	p = planned(c, CARD);
	m.title = p.title;
	assert_int_equal(moved_as(c, &m, &w), ERR_OK);
	assert_string_equal(now(c, p.title).note, m.note);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM journal WHERE body LIKE '%احمد%'"), 0);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM journal WHERE kind = 'print.reject' AND json_extract(body, '$.noted') AND json_extract(body, '$.reason') = 'misspelt'"), 1);
	p = planned(c, CARD);
	memset(long_note, 'x', sizeof(long_note) - 1);
	long_note[sizeof(long_note) - 1] = '\0';
	m.title = p.title;
	m.note = long_note;
	assert_int_equal(moved_as(c, &m, &w), ERR_LEN);
}

static void
the_newest_print_of_a_card_is_found_and_a_dropped_one_does_not_count(void **state)
{
	struct club *c = *state;
	struct store_print p, q, found;
	struct why w;
	bool done;

	issue(c->s, CARD);
	issue(c->s, OTHER);
	assert_int_equal(store_print_newest(c->s, CARD, &found, &w), ERR_NOT_FOUND);
	p = planned(c, CARD);
	assert_int_equal(moved(c, &p, STORE_PRINT_DROPPED), ERR_OK);
	assert_int_equal(store_print_newest(c->s, CARD, &found, &w), ERR_NOT_FOUND);
	q = planned(c, CARD);
	assert_false(q.again);
	(void)planned(c, OTHER);
	ok(store_print_newest(c->s, CARD, &found, &w));
	assert_string_equal(found.title, q.title);
	ok(store_print_was_done(c->s, CARD, &done, &w));
	assert_false(done);
	assert_int_equal(moved(c, &q, STORE_PRINT_ENDED), ERR_OK);
	ok(store_print_was_done(c->s, CARD, &done, &w));
	assert_true(done);
	assert_true(planned(c, CARD).again);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM (SELECT 1 FROM pragma_index_list('print') WHERE name = 'print_card')"), 1);
}

static void
prints_of_a_sheet_stay_together_in_their_order(void **state)
{
	struct club *c = *state;
	struct store_print p = a_print(OTHER), q = a_print(CARD), found[STORE_SHEET_MAX];
	size_t count;
	struct why w;

	issue(c->s, CARD);
	issue(c->s, OTHER);
	(void)planned(c, CARD);
	(void)snprintf(p.sheet, sizeof(p.sheet), STORE_SHEET_PREFIX "01");
	(void)snprintf(q.sheet, sizeof(q.sheet), STORE_SHEET_PREFIX "01");
	ok(store_begin(c->s, &w));
	ok(store_print_plan(c->s, &p, &w));
	ok(store_print_plan(c->s, &q, &w));
	ok(store_commit(c->s, &w));
	ok(store_prints_of_sheet(c->s, p.sheet, found, &count, &w));
	assert_int_equal(count, 2);
	assert_string_equal(found[0].title, p.title);
	assert_string_equal(found[1].title, q.title);
	assert_true(found[1].again);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM journal WHERE kind = 'print.plan' AND body LIKE '%sheet-01%'"), 2);
	assert_int_equal(store_prints_of_sheet(c->s, "", found, &count, &w), ERR_NOT_FOUND);
	assert_int_equal(raw(c, "UPDATE print SET sheet = 'sheet-02' WHERE sheet = 'sheet-01'"), SQLITE_CONSTRAINT_TRIGGER);
}

static bool
count_one(const struct store_print *p, void *ctx)
{
	(void)p;
	(*(int *)ctx)++;
	return true;
}

static int
listed(struct club *c, enum store_prints which, int64_t of)
{
	struct why w;
	int n = 0;

	ok(store_prints_list(c->s, which, of, count_one, &n, &w));
	return n;
}

static void
rejects_and_prints_done_again_are_counted_with_what_they_cost(void **state)
{
	struct club *c = *state;
	struct store_print_move nothing = {.to = STORE_PRINT_REJECTED, .reason = STORE_REJECT_NOTHING,
	    .by = "staff", .at_ms = NOW_MS};
	struct store_print_counts n;
	struct store_print p;
	struct why w;
	int64_t open;

	issue(c->s, CARD);
	p = planned(c, CARD);
	assert_int_equal(moved(c, &p, STORE_PRINT_REJECTED), ERR_OK);
	p = planned(c, CARD);
	nothing.title = p.title;
	assert_int_equal(moved_as(c, &nothing, &w), ERR_OK);
	p = planned(c, CARD);
	assert_int_equal(moved(c, &p, STORE_PRINT_DROPPED), ERR_OK);
	p = planned(c, CARD);
	assert_int_equal(moved(c, &p, STORE_PRINT_SUBMITTED), ERR_OK);
	ok(store_print_count(c->s, NOW_MS, &n, &w));
	assert_int_equal(n.prints, 3);
	assert_int_equal(n.again, 2);
	assert_int_equal(n.again_ribbon_rial, 60000);
	assert_int_equal(n.again_blank_rial, 24000);
	assert_int_equal(n.rejected, 2);
	assert_int_equal(n.rejected_ribbon_rial, 30000);
	assert_int_equal(n.rejected_blank_rial, 12000);
	ok(store_print_count(c->s, NOW_MS + 1, &n, &w));
	assert_int_equal(n.prints, 0);
	ok(store_prints_open(c->s, &open, &w));
	assert_int_equal(open, 1);
	assert_int_equal(listed(c, STORE_PRINTS_OPEN, 0), 1);
	assert_int_equal(listed(c, STORE_PRINTS_OF_CARD, (int64_t)CARD), 4);
	assert_int_equal(listed(c, STORE_PRINTS_OF_CARD, (int64_t)OTHER), 0);
	assert_int_equal(listed(c, STORE_PRINTS_IN_STATE, STORE_PRINT_REJECTED), 2);
	assert_int_equal(listed(c, STORE_PRINTS_SINCE, NOW_MS), 4);
}

/* The first house alone, as the version that made it left it, with one card in it. */
static void
an_old_book(const struct club *c)
{
	const struct db_schema old = {STORE_APPLICATION_ID, store_schema.migrations, 1};
	const char *const no_pragmas[] = {NULL};
	const struct db_options how = {.busy_ms = 1000, .create = true, .mode = 0600, .pragmas = no_pragmas};
	struct db db;
	struct why w;

	(void)unlink(c->db);
	ok(db_open(&db, c->db, &old, &how, &w));
	db_close(&db);
	assert_int_equal(raw(c, "INSERT INTO card VALUES(12345000000017, NULL, 0, NULL, 1, 0, 0, 364, 0, 1,"
	    " NULL, NULL, 0, 0, NULL, zeroblob(8), 0)"), SQLITE_OK);
}

static void
old_row(const struct club *c, const char *kind, const char *title, const char *st)
{
	char sql[768];

	(void)snprintf(sql, sizeof(sql), "INSERT INTO journal SELECT head_seq + 1, randomblob(8), '%s', 7,"
	    " '{\"card\":\"0012345000000017\",\"title\":\"%s\",\"job\":\"4\",\"state\":\"%s\"}', head_hash,"
	    " zeroblob(32) FROM station; UPDATE station SET head_seq = head_seq + 1", kind, title, st);
	assert_int_equal(raw(c, sql), SQLITE_OK);
}

static void
prints_of_an_earlier_version_are_taken_over_from_its_journal(void **state)
{
	struct club *c = *state;
	struct store_print p;
	struct why w;
	bool done;

	store_close(&c->s);
	an_old_book(c);
	old_row(c, "print.submit", "card-1", "queued");
	old_row(c, "print.end", "card-1", "cancelled");
	old_row(c, "print.submit", "card-2", "queued");
	old_row(c, "print.end", "card-2", "done");
	old_row(c, "print.submit", "card-3", "queued");
	ok(reopen(c, false, 0, &w));
	p = now(c, "card-1");
	assert_int_equal(p.state, STORE_PRINT_ENDED);
	assert_string_equal(p.ended, "cancelled");
	assert_int_equal(p.card, CARD);
	p = now(c, "card-2");
	assert_int_equal(p.state, STORE_PRINT_CONFIRMED);
	assert_string_equal(p.by, "earlier");
	p = now(c, "card-3");
	assert_string_equal(p.ended, "gone");
	ok(store_print_was_done(c->s, CARD, &done, &w));
	assert_true(done);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_print_goes_from_planned_to_confirmed_and_each_step_is_journaled, setup, teardown),
		cmocka_unit_test_setup_teardown(prints_of_a_sheet_stay_together_in_their_order, setup, teardown),
		cmocka_unit_test_setup_teardown(every_move_that_does_not_go_forward_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stranger_with_the_file_cannot_turn_a_print_back_either, setup, teardown),
		cmocka_unit_test_setup_teardown(a_note_of_staff_stays_out_of_the_journal, setup, teardown),
		cmocka_unit_test_setup_teardown(the_newest_print_of_a_card_is_found_and_a_dropped_one_does_not_count, setup, teardown),
		cmocka_unit_test_setup_teardown(rejects_and_prints_done_again_are_counted_with_what_they_cost, setup, teardown),
		cmocka_unit_test_setup_teardown(prints_of_an_earlier_version_are_taken_over_from_its_journal, setup, teardown),
	};

	return cmocka_run_group_tests_name("store/print", tests, NULL, NULL);
}
