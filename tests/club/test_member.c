/* club: who becomes a member, who is the same person, how staff find them. */
#include "tests/store/fixture.h"

#include "station/club/member.h"
#include "station/club/tier.h"

static enum err
add(struct club *c, const char *name, const char *phone, bool force, uint32_t *id, struct why *w)
{
	const struct member_form form = {name, phone, TIER_BASIC, force, NOW_MS};
	enum err e;

	ok(store_begin(c->s, w));
	e = club_member_add(c->s, &form, id, w);
	if (e == ERR_OK)
		ok(store_commit(c->s, w));
	else
		store_rollback(c->s);
	return e;
}

struct found {
	uint32_t ids[8];
	size_t count;
};

static bool
collect(const struct store_member *m, void *ctx)
{
	struct found *f = ctx;

	f->ids[f->count++] = m->id;
	return f->count < 8;
}

static void
expect_found(struct club *c, const char *typed, size_t count, uint32_t first)
{
	struct found f = {{0}, 0};
	struct why w;
	enum err e = club_member_find(c->s, typed, collect, &f, &w);

	assert_int_equal(e, count == 0 ? ERR_NOT_FOUND : ERR_OK);
	assert_int_equal(f.count, count);
	assert_int_equal(f.ids[0], first);
}

static void
a_member_is_kept_as_typed_and_found_in_any_spelling(void **state)
{
	struct club *c = *state;
	struct store_member m;
	uint32_t id, other;
	struct why w;

	ok(add(c, "  علي   كريمي ", "۰۹۱۲ ۳۴۵ ۶۷۸۹", false, &id, &w));
	assert_int_equal(id, 1);
	ok(add(c, "Sara Ahmadi", NULL, false, &other, &w));
	ok(club_member_get(c->s, id, &m, &w));
	assert_string_equal(m.name, "علي كريمي");
	assert_string_equal(m.phone, "+989123456789");
	expect_found(c, "کریمی", 1, 1);
	expect_found(c, "علی", 1, 1);
	expect_found(c, "0912-345-6789", 1, 1);
	expect_found(c, "+98 912 345 6789", 1, 1);
	expect_found(c, "۲", 1, 2);
	expect_found(c, "AHMADI", 1, 2);
	expect_found(c, "99", 0, 0);
	expect_found(c, "%", 0, 0);
	assert_int_equal(club_member_find(c->s, "  ", collect, NULL, &w), ERR_ARG);
	healthy(c);
}

static void
the_same_person_is_offered_and_another_one_may_be_forced(void **state)
{
	struct club *c = *state;
	uint32_t first, id;
	struct why w;

	ok(add(c, "سارا احمدی", "09123456789", false, &first, &w));
	assert_int_equal(add(c, "سارا  احمدي", "+98 912 345 6789", false, &id, &w), ERR_DUPLICATE);
	assert_int_equal(id, first);
	assert_int_equal(w.id, MSG_CLUB_MEMBER_THERE);
	assert_string_equal(w.arg[0].str, "سارا احمدی");
	assert_int_equal(add(c, "سارا احمدی", NULL, false, &id, &w), ERR_DUPLICATE);
	/* a namesake with a telephone of her own, and a sister on the same telephone */
	ok(add(c, "سارا احمدی", "09351112233", false, &id, &w));
	ok(add(c, "مینا احمدی", "09123456789", false, &id, &w));
	ok(add(c, "سارا احمدی", "09123456789", true, &id, &w));
	assert_int_equal(id, 4);
	expect_found(c, "09123456789", 3, 1);
	healthy(c);
}

static void
a_refused_form_stores_and_takes_nothing(void **state)
{
	char long_name[601];
	struct club *c = *state;
	const struct member_form no_tier = {"سارا", NULL, TIER_COUNT, false, NOW_MS};
	uint32_t id;
	struct why w;

	memset(long_name, 'a', 600);
	long_name[600] = '\0';
	assert_int_equal(add(c, "", NULL, false, &id, &w), ERR_LEN);
	assert_int_equal(add(c, long_name, NULL, false, &id, &w), ERR_LEN);
	assert_int_equal(add(c, "سارا", "123", false, &id, &w), ERR_FORMAT);
	assert_int_equal(add(c, "\xFF\xFE", NULL, false, &id, &w), ERR_FORMAT);
	ok(store_begin(c->s, &w));
	assert_int_equal(club_member_add(c->s, &no_tier, &id, &w), ERR_ARG);
	store_rollback(c->s);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM member") + raw_int(c, "SELECT count(*) FROM journal"), 0);
	ok(add(c, "سارا", NULL, false, &id, &w));
	assert_int_equal(id, 1);
}

static void
the_journal_knows_a_member_by_number_alone(void **state)
{
	struct club *c = *state;
	uint32_t id;
	struct why w;

	ok(add(c, "سارا احمدی", "09123456789", false, &id, &w));
	assert_int_equal(raw_int(c, "SELECT body = '{\"member\":1,\"tier\":0}' AND kind = 'member.add' FROM journal"), 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_member_is_kept_as_typed_and_found_in_any_spelling),
		T(the_same_person_is_offered_and_another_one_may_be_forced),
		T(a_refused_form_stores_and_takes_nothing),
		T(the_journal_knows_a_member_by_number_alone),
	};

	return cmocka_run_group_tests_name("club/member", tests, NULL, NULL);
}
