/* store: what is opened, what is refused, and that a refused file is left as it was. */
#include "tests/store/fixture.h"

#include <errno.h>
#include <sys/stat.h>

#define CARD UINT64_C(12345000000017)

static void
a_missing_file_is_missing_unless_it_is_to_be_made(void **state)
{
	struct club *c = *state;
	struct store_options o = {test_sha256, false, 0};
	struct store *s;
	char path[128];
	struct why w;

	(void)snprintf(path, sizeof(path), "%s/none.db", c->dir);
	assert_int_equal(store_open(path, &o, &s, &w), ERR_MISSING);
	assert_null(s);
	assert_int_equal(access(path, F_OK), -1);
	o.create = true;
	assert_int_equal(store_open("/no/such/folder/club.db", &o, &s, &w), ERR_MISSING);
}

static void
the_file_is_its_owners_alone_and_says_whose_it_is(void **state)
{
	struct club *c = *state;
	struct stat st;

	assert_int_equal(stat(c->db, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(raw_int(c, "PRAGMA application_id"), STORE_APPLICATION_ID);
	assert_true(raw_int(c, "PRAGMA user_version") >= 2);	/* a migration a step */
	assert_int_equal(raw_int(c, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'"), 0);
}

static void
a_database_of_a_newer_program_is_refused_by_name_and_untouched(void **state)
{
	struct club *c = *state;
	char back[64];
	struct why w;
	int64_t ours;

	issue(c->s, CARD);
	store_close(&c->s);
	ours = raw_int(c, "PRAGMA user_version");
	(void)snprintf(back, sizeof(back), "PRAGMA user_version = %d", (int)ours);
	assert_int_equal(raw(c, "PRAGMA user_version = 99"), SQLITE_OK);
	assert_int_equal(reopen(c, false, 0, &w), ERR_DB_NEWER);
	assert_int_equal(w.id, MSG_STORE_NEWER);
	assert_int_equal(w.arg[1].num, 99);
	assert_int_equal(w.arg[2].num, ours);
	assert_int_equal(reopen(c, true, 0, &w), ERR_DB_NEWER);
	assert_int_equal(raw(c, back), SQLITE_OK);
	ok(reopen(c, false, 0, &w));
	healthy(c);
}

static void
somebody_elses_database_is_not_taken_over(void **state)
{
	struct club *c = *state;
	struct why w;

	store_close(&c->s);
	(void)unlink(c->db);
	assert_int_equal(raw(c, "CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)"), SQLITE_OK);
	assert_int_equal(reopen(c, false, 0, &w), ERR_DB_DAMAGED);
	assert_int_equal(reopen(c, true, 0, &w), ERR_DB_DAMAGED);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM sqlite_schema"), 1);
}

static long
slurp(const char *path, uint8_t *out, long cap)
{
	FILE *f = fopen(path, "rb");
	long n;

	assert_non_null(f);
	n = (long)fread(out, 1, (size_t)cap, f);
	(void)fclose(f);
	return n;
}

static void
spill(const char *path, const uint8_t *bytes, long len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, (size_t)len, f), len);
	(void)fclose(f);
}

static void
a_truncated_file_is_damaged_at_whatever_length(void **state)
{
	static const long lengths[] = {0, 1, 15, 16, 50, 99, 100, 101, 511, 512, 1023, 4095, 4096, 4097,
		8192, 20000, 40960, 65537};
	static uint8_t bytes[1 << 20];
	struct club *c = *state;
	long whole;
	struct why w;

	issue(c->s, CARD);
	store_close(&c->s);
	whole = slurp(c->db, bytes, sizeof(bytes));
	assert_true(whole > 70000);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]) + 3; i++) {
		long len = i < sizeof(lengths) / sizeof(lengths[0]) ? lengths[i] : whole - 1 - (long)(i * 700);

		spill(c->db, bytes, len);
		if (reopen(c, false, 0, &w) != ERR_DB_DAMAGED)
			fail_msg("%ld of %ld bytes were taken for a database", len, whole);
		assert_int_equal(w.id, MSG_STORE_DAMAGED);
	}
	spill(c->db, bytes, whole);
	ok(reopen(c, false, 0, &w));
	healthy(c);
}

static void
garbage_is_damaged(void **state)
{
	static uint8_t bytes[50000];
	struct club *c = *state;
	uint32_t x = 12345;
	struct why w;

	store_close(&c->s);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		x = x * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(x >> 24);
	}
	spill(c->db, bytes, sizeof(bytes));
	assert_int_equal(reopen(c, false, 0, &w), ERR_DB_DAMAGED);
	assert_int_equal(reopen(c, true, 0, &w), ERR_DB_DAMAGED);
	memcpy(bytes, "SQLite format 3", 16);
	spill(c->db, bytes, sizeof(bytes));
	assert_int_equal(reopen(c, false, 0, &w), ERR_DB_DAMAGED);
	assert_int_equal(store_open("/tmp", &(struct store_options){test_sha256, false, 0}, &c->s, &w), ERR_IO);
}

/* A page in the middle overwritten: opening may not see it, doctor does, and nothing crashes. */
static void
a_page_overwritten_is_found_by_doctor(void **state)
{
	static uint8_t bytes[1 << 20];
	static const uint8_t junk[4096] = {0xFF, 0x13, 0x37};
	struct club *c = *state;
	struct store_health h;
	long whole;
	unsigned found = 0, pages = 0;
	struct why w;

	issue(c->s, CARD);
	load(c->s, CARD, 500000);
	store_close(&c->s);
	whole = slurp(c->db, bytes, sizeof(bytes));
	for (long at = 4096; at < whole; at += 4096, pages++) {
		uint8_t kept[4096];

		memcpy(kept, bytes + at, 4096);
		memcpy(bytes + at, junk, 4096);
		spill(c->db, bytes, whole);
		if (reopen(c, false, 0, &w) != ERR_OK || store_check(c->s, &h, &w) != ERR_OK)
			found += w.code == ERR_DB_DAMAGED;
		store_close(&c->s);
		memcpy(bytes + at, kept, 4096);
	}
	assert_int_equal(found, pages);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_missing_file_is_missing_unless_it_is_to_be_made),
		T(the_file_is_its_owners_alone_and_says_whose_it_is),
		T(a_database_of_a_newer_program_is_refused_by_name_and_untouched),
		T(somebody_elses_database_is_not_taken_over),
		T(a_truncated_file_is_damaged_at_whatever_length),
		T(garbage_is_damaged),
		T(a_page_overwritten_is_found_by_doctor),
	};

	return cmocka_run_group_tests_name("store/open", tests, NULL, NULL);
}
