#include <stdio.h>
#include <unicode/ucal.h>
#include <unicode/udat.h>
#include <unicode/ustring.h>

#include "station/base/clock.h"
#include "station/text/ustr.h"

#define DAY_MS INT64_C(86400000)
#define ZONE_CAP 64

/* ICU's official Persian calendar by its locale; the pattern's words are ICU's own. */
static const struct {
	const char *locale;
	const char *pattern[2];
} forms[] = {
	[LANG_FA] = {"fa@calendar=persian", {"d MMMM y", "y/MM/dd"}},
	[LANG_EN] = {"en@calendar=gregorian", {"d MMM y", "y-MM-dd"}},
};

static bool
zone_known(const char *tz, UChar *id)
{
	UErrorCode st = U_ZERO_ERROR;
	UChar canonical[ZONE_CAP];
	UBool system = false;
	int32_t len = ustr_from(tz, id, ZONE_CAP);

	(void)ucal_getCanonicalTimeZoneID(id, len, canonical, ZONE_CAP, &system, &st);
	/* only names of the zone list: a fixed offset would be wrong after a law changes */
	return U_SUCCESS(st) && system && u_strcmp(canonical, u"Etc/Unknown") != 0;
}

enum err
text_zone_check(const char *tz, struct why *w)
{
	UChar id[ZONE_CAP];

	return zone_known(tz, id) ? ERR_OK : why_set(w, ERR_ARG, MSG_ZONE_UNKNOWN, WHY_CODE(tz));
}

static UCalendar *
open_calendar(const char *tz, UErrorCode *st)
{
	UChar id[ZONE_CAP];

	if (tz == NULL || !zone_known(tz, id))
		(void)ustr_from(TEXT_ZONE_DEFAULT, id, ZONE_CAP);
	return ucal_open(id, -1, "en@calendar=gregorian", UCAL_GREGORIAN, st);
}

/* Days begin before the epoch too: the quotient goes down, not toward zero. */
static int64_t
floor_days(int64_t ms)
{
	int64_t d = ms / DAY_MS;

	return ms % DAY_MS < 0 ? d - 1 : d;
}

int32_t
text_day_of(int64_t unix_ms, const char *tz)
{
	UErrorCode st = U_ZERO_ERROR;
	UCalendar *cal = open_calendar(tz, &st);
	int64_t offset;

	ucal_setMillis(cal, (UDate)unix_ms, &st);
	offset = ucal_get(cal, UCAL_ZONE_OFFSET, &st) + ucal_get(cal, UCAL_DST_OFFSET, &st);
	if (U_FAILURE(st))
		offset = 0;
	ucal_close(cal);
	return (int32_t)floor_days(unix_ms + offset - CLOCK_EPOCH_2000_MS);
}

int64_t
text_day_end_ms(int32_t day, const char *tz)
{
	UErrorCode st = U_ZERO_ERROR;
	UCalendar *cal = open_calendar(tz, &st);
	int64_t end = CLOCK_EPOCH_2000_MS + ((int64_t)day + 1) * DAY_MS;

	/* the calendar carries day 2 + n of January 2000 to its month and year, and knows the offset there */
	ucal_setDateTime(cal, 2000, UCAL_JANUARY, 1, 0, 0, 0, &st);
	ucal_set(cal, UCAL_MILLISECOND, 0);
	ucal_add(cal, UCAL_DATE, day + 1, &st);
	if (U_SUCCESS(st))
		end = (int64_t)ucal_getMillis(cal, &st);
	ucal_close(cal);
	return end;
}

/* An instant in a zone by a pattern; "" if ICU will not. */
static void
format_instant(enum lang lang, int64_t ms, const UChar *zone, const char *pattern, char *out,
    size_t cap)
{
	UErrorCode st = U_ZERO_ERROR;
	UChar upattern[32];
	UChar text[TEXT_SHORT_CAP];
	int32_t plen = ustr_from(pattern, upattern, 32);
	int32_t len;
	UDateFormat *format = udat_open(UDAT_PATTERN, UDAT_PATTERN, forms[lang].locale, zone, -1,
	    upattern, plen, &st);

	len = udat_format(format, (UDate)ms, text, TEXT_SHORT_CAP, NULL, &st);
	(void)ustr_to(text, U_SUCCESS(st) ? len : 0, out, cap);
	udat_close(format);
}

void
text_date(enum lang lang, int32_t day, enum date_form form, char *out, size_t cap)
{
	char text[TEXT_SHORT_CAP];
	int64_t ms = CLOCK_EPOCH_2000_MS + day * DAY_MS;

	format_instant(lang, ms, u"UTC", forms[lang].pattern[form], text, sizeof(text));
	if (form == DATE_SHORT && lang == LANG_FA)
		text_isolate(text, out, cap);
	else
		text_cut(text, out, cap);
}

void
text_datetime(enum lang lang, int64_t unix_ms, const char *tz, char *out, size_t cap)
{
	UChar zone[ZONE_CAP];
	char date[TEXT_SHORT_CAP];
	char hour[TEXT_SHORT_CAP];

	if (tz == NULL || !zone_known(tz, zone))
		(void)ustr_from(TEXT_ZONE_DEFAULT, zone, ZONE_CAP);
	format_instant(lang, unix_ms, zone, forms[lang].pattern[DATE_LONG], date, sizeof(date));
	format_instant(lang, unix_ms, zone, "HH:mm", hour, sizeof(hour));
	text_message(lang, MSG_MOMENT, (struct why_in[]){WHY_STR(date), WHY_STR(hour)}, 2, out, cap);
}
