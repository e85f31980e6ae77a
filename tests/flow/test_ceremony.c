/* flow/ceremony and flow/gathering: keys among people, and what becomes of shares that are not as they must be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "keys/digest.h"
#include "station/base/file.h"
#include "station/flow/ceremony.h"
#include "station/flow/gathering.h"
#include "station/flow/settings.h"
#include "station/store/journal.h"
#include "tests/support/club_fixture.h"
#include "tests/support/real_club.h"

#define PASS SAFE_PRACTICE_PASSPHRASE
#define PASS_LEN (sizeof(PASS) - 1)

static void
reopen(struct club_fixture *f)
{
	station_close(&f->station);
	assert_int_equal(station_open(f->folder, STATION_KEYS, NULL, NULL, &f->station, &f->why), ERR_OK);
}

/* A practice club, whose second generation comes from a ceremony: three papers, two needed. */
static void
with_ceremony(struct club_fixture *f, const char *name, struct share paper[3])
{
	club_fixture_open(f, name);
	real_club_ceremony(f->folder, PASS, 3, 2, paper);
	reopen(f);
}

/* The unkeyed check made right again, as a forger would. */
static void
recheck(struct share *s)
{
	uint8_t hash[SHA256_LEN];

	digest_sha256(s->bytes, SHARE_LEN - 2, hash);
	memcpy(s->bytes + SHARE_LEN - 2, hash, 2);
}

static int64_t
journal_rows(struct club_fixture *f)
{
	uint8_t hash[STORE_HASH_LEN];
	int64_t seq;

	assert_int_equal(store_journal_head(f->station->store, &seq, hash, &f->why), ERR_OK);
	return seq;
}

static void
a_ceremony_brings_the_next_generation_and_its_people_into_the_journal(void **state)
{
	struct club_fixture f;
	struct share paper[3];
	struct store_custody row;
	uint8_t kcv[KCV_LEN];
	char name[CUSTODY_NAME_CAP];

	(void)state;
	with_ceremony(&f, "ceremony-next", paper);
	assert_int_equal(safe_get_info(f.station->safe)->epoch, 2);
	assert_int_equal(custody_ceremony(f.station, 2, &row, &f.why), ERR_OK);
	assert_int_equal(row.needed, 2);
	assert_int_equal(row.shares, 3);
	custody_person(&row, 2, name);
	assert_string_equal(name, "B");
	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
		assert_int_equal(safe_kcv(f.station->safe, (enum key_slot)slot, 2, kcv, &f.why), ERR_OK);
		assert_memory_equal(kcv, row.kcv + slot * KCV_LEN, KCV_LEN);
	}
	assert_int_equal(store_custody_last(f.station->store, CUSTODY_IMPORT, 2, &row, &f.why), ERR_OK);
	club_fixture_close(&f);
}

static void
an_unfinished_ceremony_leaves_nothing_behind(void **state)
{
	struct ceremony_plan plan = {.custodian = {"A", "B"}, .count = 2, .bits = 128, .next = true};
	struct club_fixture f;
	struct ceremony *c;
	int64_t rows;

	(void)state;
	club_fixture_open(&f, "ceremony-unfinished");
	rows = journal_rows(&f);
	assert_int_equal(ceremony_begin(f.station, &plan, &c, &f.why), ERR_OK);
	assert_int_equal(ceremony_make(c, &f.why), ERR_OK);
	assert_int_equal(ceremony_finish(f.station, c, NULL, PASS, PASS_LEN, &f.why), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_CEREMONY_NOT_PROVEN);
	ceremony_close(&c);
	assert_null(c);
	reopen(&f);
	assert_int_equal(safe_get_info(f.station->safe)->epoch, 1);
	assert_int_equal(journal_rows(&f), rows);
	club_fixture_close(&f);
}

/* A ceremony as far as its last step. */
static struct ceremony *
hold(struct club_fixture *f, struct share paper[2])
{
	const struct ceremony_plan plan = {.custodian = {"A", "B"}, .count = 2, .bits = 128, .next = true};
	struct ceremony *c;

	assert_int_equal(ceremony_begin(f->station, &plan, &c, &f->why), ERR_OK);
	assert_int_equal(ceremony_make(c, &f->why), ERR_OK);
	for (unsigned i = 1; i <= 2; i++) {
		real_club_prove(c, i);
		paper[i - 1] = *ceremony_share(c, i);
	}
	return c;
}

/* Two screens, two ceremonies for one generation: the book must not take the shares of the second for the keys' own. */
static void
of_two_ceremonies_at_once_the_first_to_end_counts(void **state)
{
	struct share paper[2], other[2];
	struct ceremony *first, *second;
	struct gathering_report r;
	struct store_custody row;
	struct gathering *g;
	struct club_fixture f;
	int64_t rows;

	(void)state;
	club_fixture_open(&f, "ceremony-twice");
	first = hold(&f, paper);
	second = hold(&f, other);
	assert_int_equal(ceremony_finish(f.station, first, NULL, PASS, PASS_LEN, &f.why), ERR_OK);
	rows = journal_rows(&f);
	assert_int_equal(ceremony_finish(f.station, second, NULL, PASS, PASS_LEN, &f.why), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_CEREMONY_HELD);
	assert_int_equal(f.why.arg[0].num, 2);
	assert_int_equal(journal_rows(&f), rows);
	ceremony_close(&first);
	ceremony_close(&second);
	reopen(&f);
	assert_int_equal(custody_ceremony(f.station, 2, &row, &f.why), ERR_OK);
	assert_int_equal(gathering_begin(f.station, &g, &f.why), ERR_OK);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(real_club_type(g, &paper[i], &f.why), ERR_OK);
	assert_int_equal(gathering_drill(g, &r, &f.why), ERR_OK);
	gathering_close(&g);
	club_fixture_close(&f);
}

static void
plans_that_make_no_sense_are_refused(void **state)
{
	const struct {
		struct ceremony_plan plan;
		enum msg id;
	} bad[] = {
		{{.custodian = {"A", "B"}, .count = 2, .bits = 128}, MSG_CEREMONY_HELD},
		{{.count = 0, .bits = 128, .next = true}, MSG_CUSTODIANS_NEEDED},
		{{.custodian = {"A"}, .count = 1, .bits = 128, .next = true}, MSG_CEREMONY_ALONE},
		{{.custodian = {"A", "B"}, .count = 2, .bits = 128, .next = true, .alone = true}, MSG_CEREMONY_NOT_ALONE},
		{{.custodian = {"علی", "علي"}, .count = 2, .bits = 128, .next = true}, MSG_CUSTODIAN_TWICE},
		{{.custodian = {"A", "B"}, .count = 2, .needed = 3, .bits = 128, .next = true}, MSG_CEREMONY_NEEDED},
		{{.custodian = {"A", "B"}, .count = 2, .bits = 200, .next = true}, MSG_CEREMONY_BITS},
	};
	struct club_fixture f;
	struct ceremony *c;

	(void)state;
	club_fixture_open(&f, "ceremony-plans");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_not_equal(ceremony_begin(f.station, &bad[i].plan, &c, &f.why), ERR_OK);
		assert_int_equal(f.why.id, bad[i].id);
		assert_null(c);
	}
	club_fixture_close(&f);
}

static void
a_drill_changes_nothing_and_is_on_record(void **state)
{
	struct club_fixture f;
	struct share paper[3];
	struct store_custody row;
	uint8_t before[4096], after[4096];
	char path[STATION_PATH_CAP];
	size_t before_len, after_len;

	(void)state;
	with_ceremony(&f, "ceremony-drill", paper);
	assert_int_equal(station_path(f.station, STATION_SAFE, path, &f.why), ERR_OK);
	assert_int_equal(file_read(path, before, sizeof(before), &before_len, &f.why), ERR_OK);
	real_club_drill(f.folder, PASS, paper + 1, 2);
	assert_int_equal(file_read(path, after, sizeof(after), &after_len, &f.why), ERR_OK);
	assert_int_equal(after_len, before_len);
	assert_memory_equal(after, before, before_len);
	assert_int_equal(store_custody_last(f.station->store, CUSTODY_DRILL, 2, &row, &f.why), ERR_OK);
	assert_string_equal(row.people, "B\nC");
	club_fixture_close(&f);
}

static void
expect_refused(struct club_fixture *f, struct gathering *g, const struct share *s, enum msg id, int64_t index)
{
	assert_int_not_equal(real_club_type(g, s, &f->why), ERR_OK);
	assert_int_equal(f->why.id, id);
	assert_int_equal(f->why.arg[0].num, index);
}

static void
every_share_that_is_not_the_one_given_out_is_named(void **state)
{
	struct club_fixture f;
	struct share paper[3], s;
	struct gathering *g;

	(void)state;
	with_ceremony(&f, "ceremony-shares", paper);
	assert_int_equal(gathering_begin(f.station, &g, &f.why), ERR_OK);
	s = paper[0];
	s.bytes[0] ^= 1;
	recheck(&s);
	expect_refused(&f, g, &s, MSG_SHARE_OF_REAL, 1);
	s = paper[0];
	s.bytes[2] ^= 1;
	recheck(&s);
	expect_refused(&f, g, &s, MSG_SHARE_OTHER_CLUB, 1);
	s = paper[1];
	s.bytes[7] ^= 1;
	recheck(&s);
	expect_refused(&f, g, &s, MSG_SHARE_OTHER_SET, 2);
	/* one word of the value and a right check: the book has the hash of what was given out */
	s = paper[2];
	s.bytes[20] ^= 1;
	recheck(&s);
	expect_refused(&f, g, &s, MSG_SHARE_FORGED, 3);
	assert_int_equal(gathering_count(g), 0);
	assert_int_equal(real_club_type(g, &paper[0], &f.why), ERR_OK);
	expect_refused(&f, g, &paper[0], MSG_SHARE_TWICE, 1);
	s = paper[1];
	s.bytes[6] ^= 1;
	recheck(&s);
	expect_refused(&f, g, &s, MSG_SHARE_OTHER_GENERATION, 2);
	gathering_close(&g);
	club_fixture_close(&f);
}

static void
fewer_than_needed_are_refused(void **state)
{
	struct gathering_report report;
	struct club_fixture f;
	struct share paper[3];
	struct gathering *g;

	(void)state;
	with_ceremony(&f, "ceremony-few", paper);
	assert_int_equal(gathering_begin(f.station, &g, &f.why), ERR_OK);
	assert_int_equal(real_club_type(g, &paper[2], &f.why), ERR_OK);
	assert_int_equal(gathering_drill(g, &report, &f.why), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_SHARES_TOO_FEW);
	assert_int_equal(gathering_restore(g, 1, false, PASS, PASS_LEN, &report, &f.why), ERR_REFUSED);
	gathering_close(&g);
	club_fixture_close(&f);
}

/* Types the first two papers. */
static struct gathering *
gather(struct club_fixture *f, const struct share *paper)
{
	struct gathering *g;

	assert_int_equal(gathering_begin(f->station, &g, &f->why), ERR_OK);
	assert_int_equal(real_club_type(g, &paper[0], &f->why), ERR_OK);
	assert_int_equal(real_club_type(g, &paper[1], &f->why), ERR_OK);
	return g;
}

static void
an_older_generation_comes_over_a_newer_one_only_when_asked_for(void **state)
{
	struct gathering_report report;
	struct club_fixture f;
	struct share second[3], third[3];
	struct gathering *g;
	int64_t rows;

	(void)state;
	with_ceremony(&f, "ceremony-older", second);
	real_club_ceremony(f.folder, PASS, 3, 2, third);
	reopen(&f);
	g = gather(&f, second);
	rows = journal_rows(&f);
	assert_int_equal(gathering_restore(g, custody_slots(f.station), false, PASS, PASS_LEN, &report, &f.why),
	    ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_RESTORE_OLDER);
	assert_int_equal(journal_rows(&f), rows);
	assert_int_equal(gathering_restore(g, custody_slots(f.station), true, PASS, PASS_LEN, &report, &f.why),
	    ERR_OK);
	assert_int_equal(report.generation, 2);
	gathering_close(&g);
	club_fixture_close(&f);
}

static void
a_real_club_issues_after_its_drill_and_one_keeper_holds_less(void **state)
{
	struct club_fixture f;
	struct share paper[3];
	struct store_custody row;
	int64_t most;

	(void)state;
	with_ceremony(&f, "ceremony-real", paper);
	f.station->test = false;	/* the rules of a real club, on the light safe of a practice one */
	assert_int_equal(custody_may_issue(f.station, &f.why), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_DRILL_FIRST);
	assert_int_equal(custody_card_max(f.station, &most, &f.why), ERR_OK);
	assert_int_equal(most, INT64_MAX);
	assert_int_equal(custody_ceremony(f.station, 2, &row, &f.why), ERR_OK);
	row.act = CUSTODY_DRILL;
	row.shares = 0;
	assert_int_equal(custody_note(f.station, &row, NULL, &f.why), ERR_OK);
	assert_int_equal(custody_may_issue(f.station, &f.why), ERR_OK);
	row.act = CUSTODY_CEREMONY;
	row.persons = 1;
	assert_int_equal(custody_note(f.station, &row, "home", &f.why), ERR_OK);
	assert_int_equal(custody_card_max(f.station, &most, &f.why), ERR_OK);
	assert_int_equal(most, ALONE_MAX_RIAL);
	f.station->test = true;
	club_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ceremony_brings_the_next_generation_and_its_people_into_the_journal),
		cmocka_unit_test(an_unfinished_ceremony_leaves_nothing_behind),
		cmocka_unit_test(of_two_ceremonies_at_once_the_first_to_end_counts),
		cmocka_unit_test(plans_that_make_no_sense_are_refused),
		cmocka_unit_test(a_drill_changes_nothing_and_is_on_record),
		cmocka_unit_test(every_share_that_is_not_the_one_given_out_is_named),
		cmocka_unit_test(fewer_than_needed_are_refused),
		cmocka_unit_test(an_older_generation_comes_over_a_newer_one_only_when_asked_for),
		cmocka_unit_test(a_real_club_issues_after_its_drill_and_one_keeper_holds_less),
	};

	return cmocka_run_group_tests_name("flow/ceremony", tests, NULL, NULL);
}
