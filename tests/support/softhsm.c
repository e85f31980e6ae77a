#include "tests/support/softhsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "station/base/file.h"

/*
 * For every program with a club in it. Fontconfig and Pango keep what they loaded for the life of the process;
 * SoftHSM2 2.6.1 frees no public point it has parsed; ours must all be freed. Its calls are seen in the
 * stack of a leak only by the slower way of looking. Fontconfig and Pango, which club tests print with, keep what
 * they loaded for the life of the process.
 */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libsofthsm2\nleak:libfontconfig\nleak:libpango\n";
}

const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

void
softhsm_start(struct softhsm *h)
{
	const char *tmp = getenv("TMPDIR");
	char conf[160];
	FILE *f;

	if (access(SOFTHSM_MODULE, R_OK) != 0)
		fail_msg("%s is missing: install the package softhsm2", SOFTHSM_MODULE);
	(void)snprintf(h->folder, sizeof(h->folder), "%s/softhsm-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(h->folder));
	(void)snprintf(h->tokens, sizeof(h->tokens), "%s/tokens", h->folder);
	assert_int_equal(mkdir(h->tokens, 0700), 0);
	(void)snprintf(conf, sizeof(conf), "%s/softhsm2.conf", h->folder);
	f = fopen(conf, "w");
	assert_non_null(f);
	(void)fprintf(f, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n",
	    h->tokens);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(setenv("SOFTHSM2_CONF", conf, 1), 0);
}

void
softhsm_end(struct softhsm *h)
{
	folder_remove(h->folder);
}

void
softhsm_token(const char *label, const char *pin)
{
	char command[256];

	(void)snprintf(command, sizeof(command), "softhsm2-util --init-token --free --label '%s' "
	    "--so-pin " SOFTHSM_SO_PIN " --pin '%s' >/dev/null", label, pin);
	if (system(command) != 0)
		fail_msg("softhsm2-util makes no token: is the package softhsm2 whole?");
}
