/* keys/share: any that suffice give the masters back, and every share that is not as it must be is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "keys/digest.h"
#include "keys/inside.h"
#include "keys/share.h"

#define NEEDED 3
#define COUNT 5

static const uint8_t club[4] = {0xC1, 0x0B, 0x00, 0x01};

struct fixture {
	struct masters *m;
	struct share share[COUNT];
	struct why why;
};

static struct masters *
new_masters(bool test, uint16_t generation)
{
	struct masters *m;

	assert_int_equal(masters_random(club, test, generation, 128, &m, NULL), ERR_OK);
	return m;
}

static int
setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	f.m = new_masters(false, 1);
	assert_int_equal(share_split(f.m, NEEDED, COUNT, f.share, &f.why), ERR_OK);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	masters_close(&f->m);
	return 0;
}

/* The unkeyed check made right again, as a forger would. */
static void
recheck(struct share *s)
{
	uint8_t hash[SHA256_LEN];

	digest_sha256(s->bytes, SHARE_LEN - 2, hash);
	memcpy(s->bytes + SHARE_LEN - 2, hash, 2);
}

static void
assert_same_masters(const struct masters *a, const struct masters *b)
{
	assert_memory_equal(masters_secret(a), masters_secret(b), MASTERS_SECRET_LEN);
	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++)
		assert_memory_equal(masters_bytes(a, (enum key_slot)slot), masters_bytes(b, (enum key_slot)slot),
		    masters_bits(a) / 8);
}

static unsigned
pick(const struct fixture *f, unsigned chosen, struct share *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < COUNT; i++)
		if ((chosen >> i & 1) != 0)
			out[n++] = f->share[i];
	return n;
}

static void
any_three_of_five_give_the_masters_and_any_two_do_not(void **state)
{
	struct fixture *f = *state;
	struct share given[COUNT];

	for (unsigned chosen = 1; chosen < 1u << COUNT; chosen++) {
		const unsigned n = pick(f, chosen, given);
		struct masters *m;
		const enum err e = share_join(given, n, &m, &f->why);

		if (n < NEEDED) {
			assert_int_equal(e, ERR_REFUSED);
			assert_int_equal(f->why.id, MSG_SHARES_TOO_FEW);
			assert_null(m);
			continue;
		}
		assert_int_equal(e, ERR_OK);
		assert_same_masters(m, f->m);
		masters_close(&m);
	}
}

static void
the_order_of_shares_does_not_matter(void **state)
{
	struct fixture *f = *state;
	const struct share given[] = {f->share[4], f->share[0], f->share[2]};
	struct masters *m;

	assert_int_equal(share_join(given, 3, &m, &f->why), ERR_OK);
	assert_same_masters(m, f->m);
	masters_close(&m);
}

static void
wide_masters_of_a_later_generation_come_back_as_they_were(void **state)
{
	struct fixture *f = *state;
	struct share share[SHARES_MAX];
	struct share_facts facts;
	struct masters *wide, *m;

	assert_int_equal(masters_random(club, true, 513, 256, &wide, NULL), ERR_OK);
	assert_int_equal(share_split(wide, 9, 9, share, &f->why), ERR_OK);
	assert_int_equal(share_read(&share[8], &facts, &f->why), ERR_OK);
	assert_true(facts.test);
	assert_int_equal(facts.generation, 513);
	assert_int_equal(facts.bits, 256);
	assert_int_equal(facts.needed, 9);
	assert_int_equal(facts.index, 9);
	assert_memory_equal(facts.club, club, sizeof(club));
	assert_int_equal(share_join(share, 9, &m, &f->why), ERR_OK);
	assert_int_equal(masters_generation(m), 513);
	assert_same_masters(m, wide);
	masters_close(&m);
	masters_close(&wide);
}

static void
numbers_that_make_no_sense_are_refused(void **state)
{
	static const unsigned bad[][2] = {{0, 2}, {1, 1}, {1, 2}, {3, 2}, {2, 10}, {10, 10}};
	struct fixture *f = *state;
	struct share share[SHARES_MAX + 1];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(share_split(f->m, bad[i][0], bad[i][1], share, &f->why), ERR_ARG);
		assert_int_equal(f->why.id, MSG_SHARE_NUMBERS);
	}
}

/* Two bytes of check let one slip in 65,536 pass; the check word of its line has found it before. */
static void
a_share_with_any_bit_changed_is_found_before_the_custodians_meet(void **state)
{
	struct fixture *f = *state;
	struct share_facts facts;
	unsigned passed = 0;

	for (size_t i = 0; i < SHARE_LEN * 8; i++) {
		struct share s = f->share[0];

		s.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		if (share_read(&s, &facts, &f->why) == ERR_OK)
			passed++;
		else
			assert_int_equal(f->why.id, MSG_SHARE_DAMAGED);
		assert_int_not_equal(share_line_check((unsigned)(i / 48), s.bytes + i / 48 * 6),
		    share_line_check((unsigned)(i / 48), f->share[0].bytes + i / 48 * 6));
	}
	assert_true(passed <= 1);
}

static void
the_same_share_twice_is_named(void **state)
{
	struct fixture *f = *state;
	const struct share given[] = {f->share[0], f->share[3], f->share[3]};
	struct masters *m;

	assert_int_equal(share_join(given, 3, &m, &f->why), ERR_REFUSED);
	assert_int_equal(f->why.id, MSG_SHARE_TWICE);
	assert_int_equal(f->why.arg[0].num, 4);
}

/* The third of three is of `other`, with a right check and index 5. */
static void
expect_foreign(struct fixture *f, const struct masters *other)
{
	struct share theirs[COUNT], given[3] = {f->share[0], f->share[1]};
	struct masters *m;

	assert_int_equal(share_split(other, NEEDED, COUNT, theirs, NULL), ERR_OK);
	given[2] = theirs[4];
	assert_int_equal(share_join(given, 3, &m, &f->why), ERR_REFUSED);
	assert_int_equal(f->why.id, MSG_SHARE_OTHER_SET);
	assert_int_equal(f->why.arg[0].num, 5);
	assert_null(m);
}

static void
a_share_of_another_club_set_generation_or_of_practice_is_named(void **state)
{
	static const uint8_t other_club[4] = {0xC1, 0x0B, 0x00, 0x02};
	struct fixture *f = *state;
	struct masters *m = new_masters(true, 1);

	expect_foreign(f, m);
	masters_close(&m);
	m = new_masters(false, 2);
	expect_foreign(f, m);
	masters_close(&m);
	assert_int_equal(masters_random(other_club, false, 1, 128, &m, NULL), ERR_OK);
	expect_foreign(f, m);
	masters_close(&m);
	expect_foreign(f, f->m);	/* the same masters, parted again: another set */
}

static void
a_forged_share_among_more_than_needed_is_named(void **state)
{
	struct fixture *f = *state;

	for (unsigned forged = 0; forged < 4; forged++) {
		struct share given[4] = {f->share[0], f->share[1], f->share[2], f->share[3]};
		struct masters *m;

		given[forged].bytes[20] ^= 0x40;
		recheck(&given[forged]);
		assert_int_equal(share_join(given, 4, &m, &f->why), ERR_SIGNATURE);
		assert_int_equal(f->why.id, MSG_SHARE_FORGED);
		assert_int_equal(f->why.arg[0].num, forged + 1);
		assert_null(m);
	}
}

static void
a_forged_share_among_just_enough_is_refused(void **state)
{
	struct fixture *f = *state;
	struct share given[3] = {f->share[0], f->share[1], f->share[2]};
	struct masters *m;

	given[1].bytes[20] ^= 0x40;
	recheck(&given[1]);
	assert_int_equal(share_join(given, 3, &m, &f->why), ERR_SIGNATURE);
	assert_int_equal(f->why.id, MSG_SHARES_NOT_GENUINE);
	assert_null(m);
	/* its tag alone: the others prove the secret, and it is named */
	given[1] = f->share[1];
	given[1].bytes[45] ^= 1;
	recheck(&given[1]);
	assert_int_equal(share_join(given, 3, &m, &f->why), ERR_SIGNATURE);
	assert_int_equal(f->why.id, MSG_SHARE_FORGED);
	assert_int_equal(f->why.arg[0].num, 2);
}

static void
a_share_of_a_newer_version_says_so(void **state)
{
	struct fixture *f = *state;
	struct share s = f->share[0];
	struct share_facts facts;

	s.bytes[0] = (uint8_t)(2u << 4);
	recheck(&s);
	assert_int_equal(share_read(&s, &facts, &f->why), ERR_SAFE);
	assert_int_equal(f->why.id, MSG_SHARE_NEWER);
}

static void
two_ceremonies_of_one_secret_make_shares_with_nothing_in_common(void **state)
{
	struct fixture *f = *state;
	struct share again[COUNT];

	assert_int_equal(share_split(f->m, NEEDED, COUNT, again, &f->why), ERR_OK);
	for (unsigned i = 0; i < COUNT; i++) {
		assert_memory_not_equal(again[i].bytes + 7, f->share[i].bytes + 7, SHARE_SET_LEN);
		assert_memory_not_equal(again[i].bytes + 12, f->share[i].bytes + 12, MASTERS_SECRET_LEN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_three_of_five_give_the_masters_and_any_two_do_not, setup, teardown),
		cmocka_unit_test_setup_teardown(the_order_of_shares_does_not_matter, setup, teardown),
		cmocka_unit_test_setup_teardown(wide_masters_of_a_later_generation_come_back_as_they_were, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_that_make_no_sense_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_share_with_any_bit_changed_is_found_before_the_custodians_meet, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_share_twice_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_share_of_another_club_set_generation_or_of_practice_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_forged_share_among_more_than_needed_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_forged_share_among_just_enough_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_share_of_a_newer_version_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(two_ceremonies_of_one_secret_make_shares_with_nothing_in_common, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
