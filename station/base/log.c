#include "station/base/log.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "station/base/clock.h"

#define HEX_RUN_MIN 16
#define HEX_RUN_KEPT 4

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

void
log_line(enum log_level level, const char *room, const char *format, ...)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	char text[512];
	char stamp[32] = "";
	struct tm tm;
	time_t seconds = (time_t)(clock_now_ms() / 1000);
	va_list ap;

	if (log_file == NULL || level > log_max)
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	log_redact(text);
	if (gmtime_r(&seconds, &tm) != NULL)
		(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	(void)fprintf(log_file, "%s %s %s: %s\n", stamp, names[level], room, text);
	(void)fflush(log_file);
}
