/* keys/safe: generations of masters taken into either store, and passphrases changed. Every test runs on both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/card_key.h"
#include "keys/cert.h"
#include "keys/inside.h"
#include "keys/masters.h"
#include "keys/role.h"
#include "keys/safe.h"
#include "tests/support/stores.h"
#include "tests/support/vectors.h"

#define ALL_SLOTS ((1u << KEY_SLOT_COUNT) - 1)
#define FILE_ROOM 8192

static const struct safe_info practice = {.test = true, .club = {0xC1, 2, 3, 4}, .station = 78};
static struct store_place place;
static struct why why;

static int
start(void **state)
{
	store_start(&place, *(const enum store *)*state);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	store_end(&place);
	return 0;
}

static void
create_empty(void)
{
	struct safe *s = NULL;

	assert_int_equal(store_create(&place, &practice, 0, &s, &why), ERR_OK);
	assert_int_equal(safe_get_info(s)->epoch, 0);
	assert_int_equal(safe_get_info(s)->practice, place.store == STORE_FILE);
	safe_close(&s);
}

static struct masters *
draw(uint16_t generation, unsigned bits)
{
	struct masters *m = NULL;

	assert_int_equal(masters_random(practice.club, true, generation, bits, &m, NULL), ERR_OK);
	return m;
}

static enum err
import(const struct masters *m, uint32_t slots)
{
	memset(&why, 0, sizeof(why));
	return safe_import(place.path, place.pass, strlen(place.pass), m, slots, &why);
}

/* The safe answers with these masters for `slots` of their generation, and refuses the others. */
static void
expect_held(const struct safe *s, const struct masters *m, uint32_t slots)
{
	const uint16_t number = masters_generation(m);

	for (unsigned i = 0; i < KEY_SLOT_COUNT; i++) {
		const enum key_slot slot = (enum key_slot)i;
		uint8_t kcv[KCV_LEN], wanted[KCV_LEN];

		assert_int_equal(safe_holds(s, slot, number), (slots >> i & 1) != 0);
		if (!safe_holds(s, slot, number)) {
			assert_int_equal(safe_kcv(s, slot, number, kcv, &why), ERR_NO_KEY);
			continue;
		}
		assert_int_equal(safe_kcv(s, slot, number, kcv, &why), ERR_OK);
		assert_int_equal(masters_kcv(m, slot, wanted, &why), ERR_OK);
		assert_memory_equal(kcv, wanted, KCV_LEN);
	}
}

static size_t
read_file(uint8_t bytes[FILE_ROOM])
{
	FILE *f = fopen(place.path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, FILE_ROOM, f);
	(void)fclose(f);
	return n;
}

static void
an_empty_safe_signs_and_takes_masters_in(void **state)
{
	struct masters *m = draw(1, 128);
	uint8_t before[32], after[32], sig[64], kcv[KCV_LEN];
	struct safe *s;
	struct stat st;

	(void)state;
	create_empty();
	s = store_open_safe(&place);
	assert_int_equal(safe_kcv(s, KEY_READ, 1, kcv, &why), ERR_NO_KEY);
	assert_false(safe_has(s, KEY_READ));
	safe_public(s, before);
	safe_close(&s);
	assert_int_equal(import(m, ALL_SLOTS), ERR_OK);
	s = store_open_safe(&place);
	expect_held(s, m, ALL_SLOTS);
	safe_public(s, after);
	assert_memory_equal(before, after, 32);
	assert_int_equal(safe_sign(s, "salam", 5, sig, &why), ERR_OK);
	assert_int_equal(sig_verify_by(safe_algorithm(s), after, "salam", 5, sig, &why), ERR_OK);
	assert_int_equal(stat(place.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	safe_close(&s);
	masters_close(&m);
}

static void
generations_live_side_by_side(void **state)
{
	static const uint16_t order[] = {2, 3, 1};
	struct masters *m[3];
	struct safe_info info;
	uint16_t held[SAFE_GENERATIONS];
	struct safe *s;

	(void)state;
	create_empty();
	for (size_t i = 0; i < 3; i++) {
		m[i] = draw(order[i], i == 1 ? 256 : 128);
		assert_int_equal(import(m[i], i == 0 ? role_slots(ROLE_TILL) : ALL_SLOTS), ERR_OK);
	}
	assert_int_equal(safe_peek(place.path, &info, &why), ERR_OK);
	assert_int_equal(info.epoch, 3);
	s = store_open_safe(&place);
	assert_int_equal(safe_generations(s, held), 3);
	for (uint16_t i = 0; i < 3; i++)
		assert_int_equal(held[i], i + 1);
	expect_held(s, m[0], role_slots(ROLE_TILL));
	expect_held(s, m[1], ALL_SLOTS);
	expect_held(s, m[2], ALL_SLOTS);
	assert_true(safe_has(s, KEY_PICC));
	safe_close(&s);
	for (size_t i = 0; i < 3; i++)
		masters_close(&m[i]);
}

static void
masters_of_256_bits_make_card_keys_of_128(void **state)
{
	static const uint8_t input[] = {0x01, 1, 2, 0xF4, 1, 2, 0, 5, 0xC1, 2, 3, 4, 7, 4, 1, 2, 3, 4, 5, 6};
	static const uint8_t zero[16] = {0};
	struct key_ref ref = {.origin = KEY_DERIVED, .slot = KEY_READ, .epoch = 5, .chip_class = 1,
	    .key_no = 2, .aid = {0xF4, 1, 2}, .uid = {4, 1, 2, 3, 4, 5, 6}, .uid_len = 7};
	struct masters *m = draw(5, 256);
	struct card_key *k = NULL;
	struct raw_key *raw = NULL;
	uint8_t wanted[16];
	struct safe *s;

	(void)state;
	create_empty();
	assert_int_equal(import(m, ALL_SLOTS), ERR_OK);
	s = store_open_safe(&place);
	assert_int_equal(card_key_open(s, &ref, &k, &why), ERR_OK);
	assert_int_equal(raw_key_new(RAW_AES256, masters_bytes(m, KEY_READ), &raw, &why), ERR_OK);
	assert_int_equal(raw_cmac(raw, zero, input, sizeof(input), wanted, &why), ERR_OK);
	assert_int_equal(k->alg, RAW_AES128);
	assert_memory_equal(k->bytes, wanted, 16);
	raw_key_free(&raw);
	card_key_close(&k);
	safe_close(&s);
	masters_close(&m);
}

static void
taking_in_twice_changes_nothing(void **state)
{
	struct masters *m = draw(1, 128);
	uint8_t one[FILE_ROOM], two[FILE_ROOM];
	size_t len;
	struct safe *s;

	(void)state;
	create_empty();
	assert_int_equal(import(m, role_slots(ROLE_TILL)), ERR_OK);
	len = read_file(one);
	assert_int_equal(import(m, role_slots(ROLE_TILL)), ERR_OK);
	assert_int_equal(read_file(two), len);
	assert_memory_equal(one, two, len);
	/* a till becomes a desk: what it has stays, the rest is added */
	assert_int_equal(import(m, role_slots(ROLE_DESK)), ERR_OK);
	s = store_open_safe(&place);
	expect_held(s, m, role_slots(ROLE_DESK));
	safe_close(&s);
	masters_close(&m);
}

static void
a_generation_is_not_replaced_by_another_of_its_number(void **state)
{
	struct masters *m = draw(1, 128), *other = draw(1, 128), *longer = NULL;
	uint8_t one[FILE_ROOM], two[FILE_ROOM];
	size_t len;

	(void)state;
	create_empty();
	assert_int_equal(import(m, role_slots(ROLE_TILL)), ERR_OK);
	len = read_file(one);
	assert_int_equal(import(other, ALL_SLOTS), ERR_SAFE);
	assert_int_equal(why.id, MSG_GENERATION_DIFFERS);
	/* the same secret, another length; asked for what is not held yet */
	assert_int_equal(masters_make(practice.club, true, 1, 256, masters_secret(m), &longer, NULL), ERR_OK);
	assert_int_equal(import(longer, 1u << KEY_PICC), ERR_SAFE);
	assert_int_equal(why.id, MSG_GENERATION_DIFFERS);
	assert_int_equal(read_file(two), len);
	assert_memory_equal(one, two, len);
	masters_close(&m);
	masters_close(&other);
	masters_close(&longer);
}

static void
masters_of_another_club_are_refused(void **state)
{
	static const uint8_t foreign[4] = {0xC1, 2, 3, 5};
	struct masters *m = NULL;

	(void)state;
	create_empty();
	assert_int_equal(masters_random(foreign, true, 1, 128, &m, NULL), ERR_OK);
	assert_int_equal(import(m, ALL_SLOTS), ERR_SAFE);
	assert_int_equal(why.id, MSG_MASTERS_OTHER_CLUB);
	masters_close(&m);
	/* of the real club that has the same number */
	assert_int_equal(masters_random(practice.club, false, 1, 128, &m, NULL), ERR_OK);
	assert_int_equal(import(m, ALL_SLOTS), ERR_SAFE);
	assert_int_equal(why.id, MSG_MASTERS_OTHER_CLUB);
	masters_close(&m);
}

static void
what_is_no_slot_is_refused(void **state)
{
	struct masters *m = draw(1, 128);

	(void)state;
	create_empty();
	assert_int_equal(import(m, 0), ERR_ARG);
	assert_int_equal(import(m, 1u << KEY_SLOT_COUNT), ERR_ARG);
	masters_close(&m);
}

static void
a_full_safe_says_so(void **state)
{
	struct masters *m;
	struct safe *s;

	(void)state;
	create_empty();
	for (uint16_t n = 1; n <= SAFE_GENERATIONS; n++) {
		m = draw((uint16_t)(n * 100), 256);
		assert_int_equal(import(m, 1u << KEY_READ), ERR_OK);
		masters_close(&m);
	}
	m = draw(7, 128);
	assert_int_equal(import(m, 1u << KEY_READ), ERR_ARG);
	assert_int_equal(why.id, MSG_GENERATIONS_FULL);
	masters_close(&m);
	s = store_open_safe(&place);
	assert_int_equal(safe_get_info(s)->epoch, SAFE_GENERATIONS * 100);
	safe_close(&s);
}

/* A limit on the size of files stands in for the full disk. */
static void
an_import_that_could_not_be_written_leaves_the_safe_as_it_was(void **state)
{
	struct masters *m = draw(1, 128), *next = draw(2, 128);
	struct rlimit before, small;
	enum err e;
	struct safe *s;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	create_empty();
	assert_int_equal(import(m, ALL_SLOTS), ERR_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	e = import(next, ALL_SLOTS);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_not_equal(e, ERR_OK);
	s = store_open_safe(&place);
	assert_int_equal(safe_get_info(s)->epoch, 1);
	expect_held(s, m, ALL_SLOTS);
	expect_held(s, next, 0);
	safe_close(&s);
	assert_int_equal(import(next, ALL_SLOTS), ERR_OK);
	s = store_open_safe(&place);
	expect_held(s, next, ALL_SLOTS);
	safe_close(&s);
	masters_close(&m);
	masters_close(&next);
}

static void
a_safe_opens_with_its_new_passphrase_alone(void **state)
{
	static const char fresh[] = "27 05 1404";
	struct masters *m = draw(1, 128);
	struct safe_info info;
	struct safe *s = NULL;
	uint8_t before[32], after[32];

	(void)state;
	create_empty();
	assert_int_equal(import(m, ALL_SLOTS), ERR_OK);
	s = store_open_safe(&place);
	safe_public(s, before);
	safe_close(&s);
	assert_int_equal(safe_change_passphrase(place.path, "wrong", 5, fresh, sizeof(fresh) - 1, &why),
	    ERR_PASSPHRASE);
	assert_int_equal(safe_change_passphrase(place.path, place.pass, strlen(place.pass), fresh,
	    sizeof(fresh) - 1, &why), ERR_OK);
	assert_int_equal(safe_peek(place.path, &info, &why), ERR_OK);
	assert_false(info.practice);
	assert_int_equal(safe_open(place.path, place.pass, strlen(place.pass), &s, &why), ERR_PASSPHRASE);
	place.pass = fresh;
	s = store_open_safe(&place);
	expect_held(s, m, ALL_SLOTS);
	safe_public(s, after);
	assert_memory_equal(before, after, 32);
	safe_close(&s);
	/* and back to the words of practice clubs, which need no question */
	assert_int_equal(safe_change_passphrase(place.path, fresh, sizeof(fresh) - 1,
	    SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1, &why), ERR_OK);
	assert_int_equal(safe_peek(place.path, &info, &why), ERR_OK);
	assert_true(info.practice);
	place.pass = SAFE_PRACTICE_PASSPHRASE;
	s = store_open_safe(&place);
	expect_held(s, m, ALL_SLOTS);
	safe_close(&s);
	masters_close(&m);
}

/* --- what earlier versions wrote */

static void
put_file(const struct vector *v)
{
	uint8_t bytes[FILE_ROOM];
	size_t len = vector_hex(v, "file", bytes, sizeof(bytes));
	FILE *f = fopen(place.path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(bytes[8], 1);
}

static void
a_safe_of_version_1_opens_and_grows(void **state)
{
	static const uint8_t club[4] = {1, 2, 3, 4};
	struct vectors *old = vectors_load_own("sealed-v1.txt");
	const struct vector *v = vectors_get(old, "safe");
	struct masters *m = NULL;
	uint8_t pub[32], wanted[32], kcv[KCV_LEN], bytes[FILE_ROOM];
	struct safe *s;

	(void)state;
	put_file(v);
	assert_int_equal(masters_random(club, true, 2, 256, &m, NULL), ERR_OK);
	for (int round = 0; round < 2; round++) {
		s = store_open_safe(&place);
		safe_public(s, pub);
		assert_int_equal(vector_hex(v, "pub", wanted, 32), 32);
		assert_memory_equal(pub, wanted, 32);
		for (unsigned slot = 0; slot < KEY_SDM_META; slot++) {
			size_t n;

			assert_true(vector_frame(v, "kcv", slot, wanted, sizeof(wanted), &n));
			assert_int_equal(safe_kcv(s, (enum key_slot)slot, 1, kcv, &why), ERR_OK);
			assert_memory_equal(kcv, wanted, KCV_LEN);
		}
		assert_false(safe_holds(s, KEY_SDM_META, 1));
		if (round == 1)
			expect_held(s, m, ALL_SLOTS);
		safe_close(&s);
		assert_int_equal(import(m, ALL_SLOTS), ERR_OK);
	}
	(void)read_file(bytes);
	assert_int_equal(bytes[8], 2);
	masters_close(&m);
	vectors_free(&old);
}

static void
a_root_of_version_1_opens(void **state)
{
	struct vectors *old = vectors_load_own("sealed-v1.txt");
	const struct vector *v = vectors_get(old, "root");
	struct root *r = NULL;
	uint8_t pub[32], wanted[32];

	(void)state;
	put_file(v);
	assert_int_equal(root_open(place.path, place.pass, strlen(place.pass), &r, &why), ERR_OK);
	root_public(r, pub);
	assert_int_equal(vector_hex(v, "pub", wanted, 32), 32);
	assert_memory_equal(pub, wanted, 32);
	root_close(&r);
	vectors_free(&old);
}

static const enum store file = STORE_FILE, token = STORE_TOKEN;

#define ON_FILE(test) {"file: " #test, test, start, end, (void *)(uintptr_t)&file}
#define ON_BOTH(test) ON_FILE(test), \
	{"token: " #test, test, start, end, (void *)(uintptr_t)&token}

struct importer {
	struct masters *m;
	pthread_barrier_t *both;
	enum err e;
};

static void *
import_together(void *arg)
{
	struct importer *i = arg;

	(void)pthread_barrier_wait(i->both);
	i->e = safe_import(place.path, place.pass, strlen(place.pass), i->m, ALL_SLOTS, NULL);
	return NULL;
}

/* As two programs at one safe: each reads it and writes it anew. */
static void
two_imports_at_once_lose_neither(void **state)
{
	pthread_barrier_t both;
	struct safe *s;

	(void)state;
	create_empty();
	assert_int_equal(pthread_barrier_init(&both, NULL, 2), 0);
	for (uint16_t g = 1; g < SAFE_GENERATIONS; g += 2) {
		struct importer i[2] = {{draw(g, 128), &both, ERR_OK}, {draw((uint16_t)(g + 1), 128), &both, ERR_OK}};
		pthread_t t[2];

		for (unsigned n = 0; n < 2; n++)
			assert_int_equal(pthread_create(&t[n], NULL, import_together, &i[n]), 0);
		for (unsigned n = 0; n < 2; n++)
			assert_int_equal(pthread_join(t[n], NULL), 0);
		s = store_open_safe(&place);
		for (unsigned n = 0; n < 2; n++) {
			assert_int_equal(i[n].e, ERR_OK);
			expect_held(s, i[n].m, ALL_SLOTS);
			masters_close(&i[n].m);
		}
		safe_close(&s);
	}
	(void)pthread_barrier_destroy(&both);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_BOTH(an_empty_safe_signs_and_takes_masters_in),
	    ON_BOTH(generations_live_side_by_side),
	    ON_BOTH(masters_of_256_bits_make_card_keys_of_128),
	    ON_BOTH(taking_in_twice_changes_nothing),
	    ON_BOTH(a_generation_is_not_replaced_by_another_of_its_number),
	    ON_BOTH(masters_of_another_club_are_refused),
	    ON_BOTH(what_is_no_slot_is_refused),
	    ON_BOTH(a_full_safe_says_so),
	    ON_FILE(an_import_that_could_not_be_written_leaves_the_safe_as_it_was),
	    ON_FILE(two_imports_at_once_lose_neither),
	    ON_BOTH(a_safe_opens_with_its_new_passphrase_alone),
	    ON_FILE(a_safe_of_version_1_opens_and_grows),
	    ON_FILE(a_root_of_version_1_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
