/*
 * No branch and no address depends on a card key, a session key, a master or the signing key; and what decides whether
 * a proof or a MAC is believed is compared as a whole. Run below valgrind with those bytes marked as undefined, as
 * test_constant_time does; secret_equal is wrapped (Makefile), since its answer, and it alone, may be told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <valgrind/memcheck.h>

#include "keys/card_key.h"
#include "keys/channel.h"
#include "keys/channel_ev2.h"
#include "keys/inside.h"
#include "keys/masters.h"
#include "keys/replay.h"
#include "keys/signature.h"
#include "station/base/secret.h"

#define LEAKED 99
#define MESSAGE 48

static bool leaky;
static uint8_t secret[32], other[32];
static const uint8_t zero[16];

bool __real_secret_equal(const void *a, const void *b, size_t len);
bool __wrap_secret_equal(const void *a, const void *b, size_t len);
bool
__wrap_secret_equal(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a, *y = b;
	bool same = true;

	if (leaky) {	/* as memcmp does it: the first difference ends it */
		for (size_t i = 0; same && i < len; i++)
			same = x[i] == y[i];
		return same;
	}
	same = __real_secret_equal(a, b, len);
	(void)VALGRIND_MAKE_MEM_DEFINED(&same, sizeof(same));
	return same;
}

/* --- the work: once with right partners, once with wrong ones */

static struct card_key *
secret_key(const uint8_t *bytes)
{
	struct card_key *k = NULL;

	assert_int_equal(replay_card_key(RAW_AES128, bytes, &k, NULL), ERR_OK);
	return k;
}

/* The card's side of AA: E(RndA') from the token, under the same key. */
static void
prove(const uint8_t *key, const uint8_t *token, const uint8_t *iv_at, uint8_t *proof, bool from_zero)
{
	struct raw_key *k = NULL;
	uint8_t iv[16], plain[32], turned[16];

	memcpy(iv, from_zero ? zero : iv_at, sizeof(iv));
	assert_int_equal(raw_key_new(RAW_AES128, key, &k, NULL), ERR_OK);
	assert_int_equal(raw_cbc_decrypt(k, iv, token, plain, 32, NULL), ERR_OK);
	memcpy(turned, plain + 1, 15);
	turned[15] = plain[0];
	if (from_zero)
		memset(iv, 0, sizeof(iv));
	assert_int_equal(raw_cbc_encrypt(k, iv, turned, proof, 16, NULL), ERR_OK);
	raw_key_free(&k);
}

static void
session_ev1(void)
{
	struct card_key *k = secret_key(secret), *next = secret_key(other);
	struct channel *ch = NULL;
	uint8_t token[32], proof[16], data[MESSAGE] = {1, 2, 3}, mac[8], out[48];
	size_t len;

	assert_int_equal(channel_begin(k, secret + 16, 16, &ch, token, NULL), ERR_OK);
	prove(secret, token, secret + 16, proof, false);
	assert_int_equal(channel_finish(ch, proof, 16, NULL), ERR_OK);
	assert_int_equal(channel_cmac(ch, data, sizeof(data), mac, NULL), ERR_OK);
	assert_int_equal(channel_encrypt(ch, data, sizeof(data), NULL), ERR_OK);
	assert_int_equal(channel_decrypt(ch, data, sizeof(data), NULL), ERR_OK);
	assert_int_equal(channel_change_key(ch, 1, next, 2, k, out, &len, NULL), ERR_OK);
	assert_int_equal(channel_change_key(ch, 1, next, 2, NULL, out, &len, NULL), ERR_OK);
	assert_int_equal(channel_check(ch, data, sizeof(data), mac, NULL), ERR_CARD_MAC);
	channel_close(&ch);
	assert_int_equal(channel_begin(k, secret + 16, 16, &ch, token, NULL), ERR_OK);
	assert_int_equal(channel_finish(ch, token, 16, NULL), ERR_CARD_AUTH);
	channel_close(&ch);
	card_key_close(&k);
	card_key_close(&next);
}

static void
session_ev2(void)
{
	struct card_key *k = secret_key(secret), *next = secret_key(other);
	struct channel_ev2 *ch = NULL, *again = NULL;
	uint8_t token[32], proof[16], data[MESSAGE] = {1, 2, 3}, mac[8], out[32];

	assert_int_equal(replay_session_ev2(secret, other, zero, 3, &ch, NULL), ERR_OK);
	assert_int_equal(channel_ev2_mac(ch, 0xF5, data, sizeof(data), mac, NULL), ERR_OK);
	assert_int_equal(channel_ev2_encrypt(ch, data, sizeof(data), NULL), ERR_OK);
	assert_int_equal(channel_ev2_decrypt(ch, data, sizeof(data), NULL), ERR_OK);
	assert_int_equal(channel_ev2_change_key(ch, next, 2, k, out, NULL), ERR_OK);
	assert_int_equal(channel_ev2_begin(k, ch, secret + 16, 16, &again, token, NULL), ERR_OK);
	prove(secret, token, NULL, proof, true);
	assert_int_equal(channel_ev2_finish(again, proof, 16, NULL), ERR_OK);
	assert_int_equal(channel_ev2_mac(again, 0, data, sizeof(data), mac, NULL), ERR_OK);
	assert_int_equal(channel_ev2_check(again, 0, data, sizeof(data), mac, NULL), ERR_OK);
	assert_int_equal(channel_ev2_check(again, 1, data, sizeof(data), mac, NULL), ERR_CARD_MAC);
	channel_ev2_close(&again);
	assert_int_equal(channel_ev2_check(ch, 1, data, sizeof(data), mac, NULL), ERR_CARD_MAC);
	channel_ev2_close(&ch);
	card_key_close(&k);
	card_key_close(&next);
}

static void
derive(void)
{
	static const uint8_t club[4] = {1, 2, 3, 4};
	struct masters *m = NULL;
	uint8_t out[16], mac[16];

	assert_int_equal(an10922_aes128(secret, other, 3, out, NULL), ERR_OK);
	assert_int_equal(an10922_aes128(secret, other, 22, out, NULL), ERR_OK);
	assert_int_equal(aes_check_mac(out, sizeof(out), mac, NULL), ERR_OK);
	assert_int_equal(masters_make(club, true, 1, 128, secret, &m, NULL), ERR_OK);
	masters_close(&m);
}

static void
sign(void)
{
	EVP_PKEY *k = NULL;
	uint8_t pub[PUBKEY_LEN], sig[SIG_LEN];

	assert_int_equal(signer_new(secret, &k, pub, NULL), ERR_OK);
	/* the public half is none of the secrets */
	(void)VALGRIND_MAKE_MEM_DEFINED(pub, sizeof(pub));
	assert_int_equal(signer_sign(k, "a record", 8, sig, NULL), ERR_OK);
	EVP_PKEY_free(k);
}

/* --- planted: the same work with a compare that stops at the first difference */

static void
leak_a_proof(void)
{
	leaky = true;
	session_ev1();
}

static void
leak_a_mac(void)
{
	leaky = true;
	session_ev2();
}

static const struct {
	const char *name;
	void (*run)(void);
	int ends;
} work[] = {
	{"session_ev1", session_ev1, 0}, {"session_ev2", session_ev2, 0}, {"derive", derive, 0}, {"sign", sign, 0},
	{"leak_a_proof", leak_a_proof, LEAKED}, {"leak_a_mac", leak_a_mac, LEAKED},
};

#define COUNT (sizeof(work) / sizeof(work[0]))

/* Below valgrind: once with what the library needs loaded, then with secrets. */
static void
work_on_secrets(const char *name)
{
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(secret); i++) {
			secret[i] = (uint8_t)(i * 37 + 11);
			other[i] = (uint8_t)(i * 59 + 3);
		}
		if (round == 1) {
			(void)VALGRIND_MAKE_MEM_UNDEFINED(secret, sizeof(secret));
			(void)VALGRIND_MAKE_MEM_UNDEFINED(other, sizeof(other));
		}
		for (size_t i = 0; i < COUNT; i++)
			if (strcmp(name, work[i].name) == 0)
				work[i].run();
	}
}

/* Valgrind takes no program with an address sanitizer: that one looks at memory alone. */
static int
end_of(size_t i)
{
	char self[4096];
	const ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0 && len > 0);
	self[len] = '\0';
	if (pid == 0) {
#ifdef __SANITIZE_ADDRESS__
		work_on_secrets(work[i].name);
		_exit(work[i].ends);
#endif
		(void)execlp("valgrind", "valgrind", "-q", "--error-exitcode=99", "--leak-check=no",
		    "--log-file=/dev/null", self, work[i].name, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
expect_all(int ends)
{
	for (size_t i = 0; i < COUNT; i++) {
		int ended = work[i].ends == ends ? end_of(i) : ends;

		if (ended != ends)
			fail_msg("%s ended with %d, not %d (127: install the package valgrind)", work[i].name, ended, ends);
	}
}

static void
no_key_decides_a_branch_or_an_address(void **state)
{
	(void)state;
	expect_all(0);
}

static void
a_compare_that_stops_at_the_first_difference_is_seen(void **state)
{
	(void)state;
	expect_all(LEAKED);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_key_decides_a_branch_or_an_address),
		cmocka_unit_test(a_compare_that_stops_at_the_first_difference_is_seen),
	};

	if (argc > 1) {
		work_on_secrets(argv[1]);
		_exit(0);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
