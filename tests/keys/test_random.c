/*
 * The random generator refuses at the n-th call, for every n: the act is refused with its sentence, and
 * nothing half made is left, no file and no handle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/cert.h"
#include "keys/channel.h"
#include "keys/channel_ev2.h"
#include "keys/digest.h"
#include "keys/memory.h"
#include "keys/replay.h"
#include "keys/safe.h"
#include "tests/support/no_random.h"

#define PRACTICE SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1
#define ALL_SLOTS ((1u << KEY_SLOT_COUNT) - 1)
#define CALLS_CAP 64

static char folder[64];
static char path[96];
static const uint8_t block[16] = {7, 7, 7};

static int
make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s", "/tmp/bashgah-random-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/sealed", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static unsigned
names(void)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

/* One act that draws: ERR_OK and what it made, which it ends itself; or refused and nothing made. */
typedef enum err (*act)(bool *made, struct why *w);

static enum err
make_safe(bool *made, struct why *w)
{
	static const struct safe_info info = {.test = true, .club = {1, 2, 3, 4}, .station = 77};
	struct safe *s = NULL;
	enum err e = safe_create(path, &info, ALL_SLOTS, PRACTICE, &s, w);

	*made = s != NULL;
	safe_close(&s);
	return e;
}

static enum err
make_root(bool *made, struct why *w)
{
	struct root *r = NULL;
	enum err e = root_create(path, true, PRACTICE, &r, w);

	*made = r != NULL;
	root_close(&r);
	return e;
}

static enum err
begin_ev1(bool *made, struct why *w)
{
	struct card_key *k = NULL;
	struct channel *ch = NULL;
	uint8_t token[32];
	enum err e;

	assert_int_equal(replay_card_key(RAW_AES128, block, &k, w), ERR_OK);
	e = channel_begin(k, block, sizeof(block), &ch, token, w);
	*made = ch != NULL;
	channel_close(&ch);
	card_key_close(&k);
	return e;
}

static enum err
begin_ev2(bool *made, struct why *w)
{
	struct card_key *k = NULL;
	struct channel_ev2 *ch = NULL;
	uint8_t token[CHANNEL_EV2_TOKEN_LEN];
	enum err e;

	assert_int_equal(replay_card_key(RAW_AES128, block, &k, w), ERR_OK);
	e = channel_ev2_begin(k, NULL, block, sizeof(block), &ch, token, w);
	*made = ch != NULL;
	channel_ev2_close(&ch);
	card_key_close(&k);
	return e;
}

/* Refused at each of its calls in turn; answers how many it makes when none is refused. */
static unsigned
refuse_each(act one)
{
	for (unsigned n = 1; n < CALLS_CAP; n++) {
		struct why w = {0};
		bool made = false;
		enum err e;

		no_random_at(n);
		e = one(&made, &w);
		no_random_at(0);
		if (e == ERR_OK) {
			assert_true(made);
			return n - 1;
		}
		assert_int_equal(e, ERR_RANDOM);
		assert_int_equal(w.code, ERR_RANDOM);
		assert_int_equal(w.id, MSG_RANDOM);
		assert_false(made);
		assert_int_equal(names(), 0);
	}
	fail_msg("the act never ends");
	return 0;
}

static void
a_safe_is_not_made_without_random_numbers(void **state)
{
	(void)state;
	/* seed, masters, salt, nonce at least */
	assert_in_range(refuse_each(make_safe), 4, CALLS_CAP);
	assert_int_equal(names(), 1);
}

static void
a_root_is_not_made_without_random_numbers(void **state)
{
	(void)state;
	assert_int_equal(refuse_each(make_root), 3);
	assert_int_equal(names(), 1);
}

static void
no_card_is_spoken_to_without_random_numbers(void **state)
{
	(void)state;
	assert_int_equal(refuse_each(begin_ev1), 1);
	assert_int_equal(refuse_each(begin_ev2), 1);
}

static void
what_was_not_drawn_is_zeros_not_the_memory_before(void **state)
{
	uint8_t out[32], zero[32] = {0};
	struct why w = {0};

	(void)state;
	memset(out, 0xA5, sizeof(out));
	no_random_at(1);
	assert_int_equal(random_bytes(out, sizeof(out), &w), ERR_RANDOM);
	no_random_at(0);
	assert_memory_equal(out, zero, sizeof(out));
}

static void
memory_is_guarded_before_its_first_use_or_not_at_all(void **state)
{
	struct why w = {0};
	uint8_t out[32];

	(void)state;
	digest_sha256("salam", 5, out);
	assert_int_equal(keys_guard_memory(&w), ERR_CRYPTO);
	assert_int_equal(w.id, MSG_CRYPTO_LIBRARY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_safe_is_not_made_without_random_numbers, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(a_root_is_not_made_without_random_numbers, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(no_card_is_spoken_to_without_random_numbers, make_folder, remove_folder),
		cmocka_unit_test(what_was_not_drawn_is_zeros_not_the_memory_before),
		cmocka_unit_test(memory_is_guarded_before_its_first_use_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
