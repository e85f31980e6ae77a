/*
 * Neither a branch nor an address depends on a secret byte. This program runs itself below valgrind with the
 * secrets marked as undefined: memcheck then complains at the first branch or index that one decides. The
 * planted leaks show that it sees them. Idea: A. Langley, ctgrind. Source: Valgrind manual, 4.7 client requests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <valgrind/memcheck.h>

#include "keys/shamir.h"
#include "keys/share.h"
#include "keys/words.h"
#include "station/base/secret.h"

#define LEN 32
#define LEAKED 99

static uint8_t secret[LEN], coef[4 * LEN], out[LEN];

static void
multiply(void)
{
	out[0] = gf256_mul(secret[0], secret[1]);
}

static void
invert(void)
{
	out[0] = gf256_inverse(secret[0]);
}

static void
part(void)
{
	shamir_share(secret, coef, LEN, 5, 3, out);
}

static void
join(void)
{
	static const uint8_t x[] = {1, 4};
	const uint8_t *const share[] = {secret, coef};

	shamir_join(x, share, 2, LEN, out);
}

static void
spell(void)
{
	char word[WORDS_CAP];

	words_of(WORDS_FA, secret[0], word);
	words_of(WORDS_EN, secret[1], word);
}

static void
check_line(void)
{
	out[0] = share_line_check(3, secret);
}

static void
hash(void)
{
	struct share s;

	memset(&s, 0, sizeof(s));
	memcpy(s.bytes, secret, LEN);
	share_hash(&s, out);
}

/* What the comparison says is no secret any more; on the way to it nothing may be told. */
static void
compare(void)
{
	const bool same = secret_equal(secret, coef, LEN);

	(void)VALGRIND_MAKE_MEM_DEFINED(&same, sizeof(same));
	out[0] = (uint8_t)same;
}

/* --- planted: what must be seen */

static void
leak_by_branch(void)
{
	out[0] = memcmp(secret, "a secret", 8) == 0 ? 1 : 2;
	if (secret[0] == 7)
		out[1] = 1;
}

static void
leak_by_index(void)
{
	static volatile uint8_t table[256];

	out[0] = table[secret[0]];
}

static const struct {
	const char *name;
	void (*run)(void);
	int ends;
} work[] = {
	{"multiply", multiply, 0}, {"invert", invert, 0}, {"part", part, 0}, {"join", join, 0},
	{"spell", spell, 0}, {"check_line", check_line, 0}, {"hash", hash, 0}, {"compare", compare, 0},
	{"leak_by_branch", leak_by_branch, LEAKED}, {"leak_by_index", leak_by_index, LEAKED},
};

#define COUNT (sizeof(work) / sizeof(work[0]))
#define ALL_SOUND "all"

/* Below valgrind: do the work once with what it needs loaded, then with secrets. */
static void
work_on_secrets(const char *name)
{
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNT; i++)
			if (strcmp(name, work[i].name) == 0 || (strcmp(name, ALL_SOUND) == 0 && work[i].ends == 0))
				work[i].run();
		(void)VALGRIND_MAKE_MEM_UNDEFINED(secret, sizeof(secret));
		(void)VALGRIND_MAKE_MEM_UNDEFINED(coef, sizeof(coef));
	}
}

/* How this program ends below valgrind with this work. Valgrind takes no program with an address sanitizer: that looks at memory alone. */
static int
end_of(const char *name, int under_sanitizer)
{
	char self[4096];
	const ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0 && len > 0);
	self[len] = '\0';
	if (pid == 0) {
#ifdef __SANITIZE_ADDRESS__
		work_on_secrets(name);
		_exit(under_sanitizer);
#else
		(void)under_sanitizer;
#endif
		(void)execlp("valgrind", "valgrind", "-q", "--error-exitcode=99", "--leak-check=no",
		    "--log-file=/dev/null", self, name, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
expect(size_t i)
{
	const int ends = end_of(work[i].name, work[i].ends);

	if (ends != work[i].ends)
		fail_msg("%s ended with %d, not %d (127: install the package valgrind)", work[i].name, ends,
		    work[i].ends);
}

static void
secrets_decide_no_branch_and_no_address(void **state)
{
	(void)state;
	/* together, and one by one only to find who it was */
	if (end_of(ALL_SOUND, 0) == 0)
		return;
	for (size_t i = 0; i < COUNT; i++)
		expect(i);
	fail_msg("all together do not end well");
}

static void
a_planted_branch_and_a_planted_index_are_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		if (work[i].ends != 0)
			expect(i);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_decide_no_branch_and_no_address),
		cmocka_unit_test(a_planted_branch_and_a_planted_index_are_seen),
	};

	if (argc > 1) {
		work_on_secrets(argv[1]);
		_exit(0);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
