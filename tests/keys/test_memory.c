/*
 * Where keys stand, and that nothing of them stays: pages locked, out of core dumps, gone in a forked child; and after
 * every way out of a safe, the good ones and the bad, no byte of what was secret in any page of the process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keys/cert.h"
#include "keys/channel.h"
#include "keys/inside.h"
#include "keys/memory.h"
#include "keys/pool.h"
#include "keys/replay.h"
#include "keys/safe.h"
#include "station/base/secret.h"
#include "tests/support/leaks.h"
#include "tests/support/no_random.h"

#define ALL_SLOTS ((1u << KEY_SLOT_COUNT) - 1)
#define PASS_LEN 24
#define DRAWS_SECRET (1 + KEY_SLOT_COUNT)	/* the signing key's seed, the masters */

static char folder[64];
static char path[96];
static const struct safe_info info = {.test = true, .club = {1, 2, 3, 4}, .station = 77};

static int
make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s", "/tmp/bashgah-memory-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/safe", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

/* --- where */

/* The address sanitizer turns every mlock into nothing: it would lock its shadow, too. */
static bool
is_locked(const void *p)
{
#ifdef __SANITIZE_ADDRESS__
	return p != NULL;
#else
	return memory_is(p, "lo");
#endif
}

static void
expect_secret_pages(const void *p)
{
	assert_true(is_locked(p));
	assert_true(memory_is(p, "dd"));
	assert_true(memory_is(p, "wf"));
}

static void
secrets_stand_in_locked_pages_that_no_dump_and_no_child_sees(void **state)
{
	uint8_t *p = secret_alloc(100), *slot = pool_take();
	struct card_key *k = NULL;
	int local = 0;

	(void)state;
	expect_secret_pages(p);
	expect_secret_pages(slot);
	assert_int_equal(card_key_of(RAW_AES128, (const uint8_t *)"sixteen bytes ok", &k, NULL), ERR_OK);
	expect_secret_pages(k);
	assert_false(memory_is(&local, "dd"));
	card_key_close(&k);
	pool_give(slot);
	secret_free(p, 100);
}

static void
a_safe_and_its_masters_stand_in_them(void **state)
{
	struct safe *s = NULL;

	(void)state;
	assert_int_equal(safe_create(path, &info, ALL_SLOTS, SAFE_PRACTICE_PASSPHRASE,
	    strlen(SAFE_PRACTICE_PASSPHRASE), &s, NULL), ERR_OK);
	expect_secret_pages(s);
	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++)
		expect_secret_pages(safe_master(s, (enum key_slot)slot, 1));
	safe_close(&s);
}

static void
openssl_has_locked_pages_of_its_own_that_no_dump_sees(void **state)
{
	static const size_t sizes[] = {1, 16, 63, 64, 65, 5000, 16368, 16369, 100000, 1u << 20};
	uint8_t *p[sizeof(sizes) / sizeof(sizes[0])];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		p[i] = OPENSSL_malloc(sizes[i]);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % _Alignof(max_align_t), 0);
		assert_true(is_locked(p[i]));
		assert_true(memory_is(p[i] + sizes[i] - 1, "dd"));
		memset(p[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		p[i] = OPENSSL_realloc(p[i], 3 * sizes[i]);
		assert_non_null(p[i]);
		for (size_t at = 0; at < sizes[i]; at++)
			assert_int_equal(p[i][at], i + 1);
		OPENSSL_free(p[i]);
	}
	assert_null(OPENSSL_realloc(OPENSSL_malloc(8), 0));
}

static void
what_openssl_gave_back_is_wiped(void **state)
{
	uint8_t *p = OPENSSL_malloc(200), *q;

	(void)state;
	memset(p, 0x5A, 200);
	OPENSSL_free(p);
	q = OPENSSL_malloc(200);
	assert_ptr_equal(p, q);
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(q[i], 0);
	OPENSSL_free(q);
}

static void
a_hardened_process_leaves_no_core(void **state)
{
	pid_t pid = fork();
	struct rlimit most;
	int status;

	(void)state;
	if (pid == 0) {
		secret_harden_process();
		_exit(prctl(PR_GET_DUMPABLE) == 0 && getrlimit(RLIMIT_CORE, &most) == 0 && most.rlim_max == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* --- that nothing stays */

/* The words of the passphrase from call 100 of the known numbers: nowhere in the program as they are. */
static char *
passphrase(void)
{
	uint8_t *p = secret_alloc(PASS_LEN + 1);

	assert_non_null(p);
	no_random_known(100, p, PASS_LEN);
	for (size_t i = 0; i < PASS_LEN; i++)
		p[i] = (uint8_t)('!' + p[i] % 90);
	return (char *)p;
}

static enum err
create(const char *at)
{
	char *pass = passphrase();
	struct safe *s = NULL;
	enum err e = safe_create(at, &info, ALL_SLOTS, pass, PASS_LEN, &s, NULL);

	safe_close(&s);
	secret_free(pass, PASS_LEN + 1);
	return e;
}

static void
create_and_close(void)
{
	assert_int_equal(create(path), ERR_OK);
}

static void
create_in_no_folder(void)
{
	assert_int_equal(create("/nowhere/at/all"), ERR_MISSING);
}

static void
create_without_a_seed(void)
{
	no_random_at(1);
	assert_int_equal(create(path), ERR_RANDOM);
}

static void
create_with_half_the_masters(void)
{
	no_random_at(5);
	assert_int_equal(create(path), ERR_RANDOM);
}

static void
create_without_a_nonce(void)
{
	no_random_at(DRAWS_SECRET + 2);
	assert_int_equal(create(path), ERR_RANDOM);
}

static enum err
open_with(size_t pass_len)
{
	char *pass = passphrase();
	struct safe *s = NULL;
	enum err e = safe_open(path, pass, pass_len, &s, NULL);
	uint8_t sig[64];
	struct card_key *k = NULL;
	const struct key_ref ref = {.origin = KEY_DERIVED, .slot = KEY_READ, .epoch = 1, .chip_class = 1, .uid_len = 7};

	if (e == ERR_OK) {
		assert_int_equal(safe_sign(s, "salam", 5, sig, NULL), ERR_OK);
		assert_int_equal(card_key_open(s, &ref, &k, NULL), ERR_OK);
	}
	card_key_close(&k);
	safe_close(&s);
	secret_free(pass, PASS_LEN + 1);
	return e;
}

static void
open_sign_derive_and_close(void)
{
	create_and_close();
	assert_int_equal(open_with(PASS_LEN), ERR_OK);
}

static void
open_with_a_wrong_passphrase(void)
{
	create_and_close();
	assert_int_equal(open_with(PASS_LEN - 1), ERR_PASSPHRASE);
}

static void
open_what_is_cut(void)
{
	create_and_close();
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(open_with(PASS_LEN), ERR_SAFE);
}

/* RndA of the third call is as secret as the session key made of it. */
static void
a_card_that_proves_nothing(void)
{
	struct card_key *k = NULL;
	struct channel *ch = NULL;
	uint8_t key[16], token[32];

	no_random_known(1, key, sizeof(key));
	assert_int_equal(replay_card_key(RAW_AES128, key, &k, NULL), ERR_OK);
	WIPE(key);
	assert_int_equal(channel_begin(k, (const uint8_t *)"another sixteen!", 16, &ch, token, NULL), ERR_OK);
	assert_int_equal(channel_finish(ch, token, 16, NULL), ERR_CARD_AUTH);
	channel_close(&ch);
	card_key_close(&k);
}

static void
note(struct needles *n)
{
	char *pass = passphrase();
	uint8_t drawn[32];

	assert_true(needles_add(n, "passphrase", pass, PASS_LEN));
	for (unsigned i = 1; i <= DRAWS_SECRET; i++) {
		no_random_known(i, drawn, sizeof(drawn));
		assert_true(needles_add(n, i == 1 ? "seed" : "master", drawn, i == 1 ? 32 : 16));
	}
	WIPE(drawn);
	secret_free(pass, PASS_LEN + 1);
}

/* In a child that stops when it is through, so that all of it can be looked at. */
static void
leaves_nothing(void (*act)(void), size_t way, bool planted)
{
	struct sightings s = {0};
	struct needles *n;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		uint8_t left[16] = {0};

		no_random_be_known();
		act();
		if (planted)
			no_random_known(3, left, sizeof(left));
		(void)raise(SIGSTOP);
		_exit(left[0]);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	n = needles_new();
	note(n);
	needles_in_process(n, pid, MEMORY_ALL, &s);
	needles_free(&n);
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)unlink(path);
	assert_true(s.bytes > 1u << 16);
	if (planted)
		assert_true(s.hits > 0);
	else if (s.hits > 0)
		fail_msg("way %zu leaves %zu, the first: %s", way, s.hits, s.first);
}

static void
every_way_out_leaves_nothing_behind(void **state)
{
	void (*const ways[])(void) = {
		create_and_close, create_in_no_folder, create_without_a_seed, create_with_half_the_masters,
		create_without_a_nonce, open_sign_derive_and_close, open_with_a_wrong_passphrase, open_what_is_cut,
		a_card_that_proves_nothing,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		leaves_nothing(ways[i], i, false);
	leaves_nothing(create_in_no_folder, 0, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_stand_in_locked_pages_that_no_dump_and_no_child_sees),
		cmocka_unit_test_setup_teardown(a_safe_and_its_masters_stand_in_them, make_folder, remove_folder),
		cmocka_unit_test(openssl_has_locked_pages_of_its_own_that_no_dump_sees),
		cmocka_unit_test(what_openssl_gave_back_is_wiped),
		cmocka_unit_test(a_hardened_process_leaves_no_core),
		cmocka_unit_test_setup_teardown(every_way_out_leaves_nothing_behind, make_folder, remove_folder),
	};

	if (keys_guard_memory(NULL) != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
