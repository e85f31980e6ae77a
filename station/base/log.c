#include "station/base/log.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "station/base/clock.h"

#define HEX_RUN_MIN 16
#define HEX_RUN_KEPT 4
#define LINE_CAP 508
#define CUT "..."

static FILE *log_file;
static enum log_level log_max;

void
log_to(FILE *to, enum log_level max)
{
	log_file = to;
	log_max = max;
}

void
log_redact(char *text)
{
	char *out = text;
	const char *in = text;

	while (*in != '\0') {
		size_t run = 0;

		while (isxdigit((unsigned char)in[run]))
			run++;
		if (run >= HEX_RUN_MIN) {
			memmove(out, in, HEX_RUN_KEPT);
			out += HEX_RUN_KEPT;
			memcpy(out, "...", 3);
			out += 3;
			in += run;
			continue;
		}
		if (run == 0)
			run = 1;
		memmove(out, in, run);
		out += run;
		in += run;
	}
	*out = '\0';
}

/* A cut may leave a piece of a run of hex digits, too short to be known as one, or of a character: both go. */
static void
end_cut(char *text, size_t len)
{
	while (len > 0 && isxdigit((unsigned char)text[len - 1]))
		len--;
	while (len > 0 && ((unsigned char)text[len - 1] & 0xC0u) == 0x80u)
		len--;
	if (len > 0 && (unsigned char)text[len - 1] >= 0xC0u)
		len--;
	memcpy(text + len, CUT, sizeof(CUT));
}

/* A name with a line break in it must not write lines of its own. */
static void
drop_controls(char *text)
{
	for (; *text != '\0'; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

void
log_line(enum log_level level, const char *room, const char *format, ...)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	char text[LINE_CAP + sizeof(CUT)];
	char stamp[32] = "";
	struct tm tm;
	time_t seconds;
	va_list ap;
	int n;

	if (log_file == NULL || level > log_max)
		return;
	va_start(ap, format);
	n = vsnprintf(text, LINE_CAP, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	if (n >= LINE_CAP)
		end_cut(text, LINE_CAP - 1);
	drop_controls(text);
	log_redact(text);
	seconds = (time_t)(clock_now_ms() / 1000);
	if (gmtime_r(&seconds, &tm) != NULL)
		(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	(void)fprintf(log_file, "%s %s %s: %s\n", stamp, names[level], room, text);
	(void)fflush(log_file);
}
