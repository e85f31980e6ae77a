/* What the printer's tests share: faces, the shipped designs, outside programs. */
#ifndef TESTS_PRINTER_SAMPLE_H
#define TESTS_PRINTER_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "printer/printer.h"

/*
 * Pango and fontconfig keep what they found out about fonts until the process ends, partly
 * behind pointers the leak checker cannot see; it does not grow with the cards drawn.
 */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\nleak:libpango\n";
}

#define SAMPLE_QR "https://GOLESTAN.EXAMPLE.IR/C/4F6QZJ7XK2M5R8T3W9YB1D0HCA"

/* All designs that are shipped. */
#define FAMILY 16
__attribute__((unused)) static const char *const shipped_names[FAMILY] = {
	"default", "default-bronze", "default-silver", "default-gold", "default-vip", "default-gift",
	"default-discount", "default-staff", "default-en", "default-en-bronze", "default-en-silver",
	"default-en-gold", "default-en-vip", "default-en-gift", "default-en-discount", "default-en-staff"
};

__attribute__((unused)) static struct card_face
sample_face(void)
{
	return (struct card_face){
		.name = "مریم رستمی‌نژاد",
		.number_text = "۶۰۳۷ ۱۲۴۵ ۹۰۸۶ ۴۵۱۷",
		.tier_id = "gold",
		.tier_label = "طلایی",
		.valid_text = "اعتبار تا پایان مهر ۱۴۰۶",
		.club_name = "باشگاه کتاب گلستان",
		.site = "golestan.example.ir",
		.application = "loyalty",
		.qr_text = SAMPLE_QR
	};
}

__attribute__((unused)) static struct design *
shipped(const char *name)
{
	struct why w = { 0 };
	struct design *d = NULL;
	if (design_load("printer/designs", name, &d, &w) != ERR_OK)
		fail_msg("%s: %s %s %s", name, msg_name(w.id), w.arg[0].str, w.arg[1].str);
	return d;
}

/* A new folder below /tmp, its path in `path`. */
__attribute__((unused)) static void
new_folder(char path[64])
{
	strcpy(path, "/tmp/bashgah-print.XXXXXX");
	assert_non_null(mkdtemp(path));
}

__attribute__((unused)) static void
remove_folder(const char *path)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", path);
	assert_int_equal(system(command), 0);
}

/* What a program prints; the test fails with the package's name if the program is not there. */
__attribute__((unused)) static void
run(const char *package, const char *command, char *out, size_t cap)
{
	FILE *p = popen(command, "r");
	assert_non_null(p);
	size_t len = fread(out, 1, cap - 1, p);
	out[len] = '\0';
	int status = pclose(p);
	if (status != 0)
		fail_msg("\"%s\" failed (%d): is the package %s installed?", command, status, package);
}

__attribute__((unused)) static void
expect(enum err got, const struct why *w, enum err code, enum msg id)
{
	if (got != code || (code != ERR_OK && (w->id != id || w->code != code)))
		fail_msg("got %s %s (%s, %s, %s), wanted %s %s", err_name(got), msg_name(w->id),
		    w->arg[0].str, w->arg[1].str, w->arg[2].str, err_name(code), msg_name(id));
}

#endif
