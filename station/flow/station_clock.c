#include "station/flow/station_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "station/base/clock.h"
#include "station/flow/chain.h"

#define SETTING_SEEN "clock.seen_ms"
#define SETTING_AHEAD "clock.ahead_days"
#define AHEAD_DAYS 1
#define MS_A_DAY INT64_C(86400000)

/* Clocks are set right by a little all the time. */
#define SLACK_MS INT64_C(60000)
/* The year this version was made: a clock before it cannot be right. */
#define FLOOR_MS INT64_C(1767225600000)

/* A whole number of the settings, or what it is without one. */
static int64_t
number_set(struct station *s, const char *key, int64_t otherwise)
{
	char text[24];
	struct why none;

	if (store_setting_get(s->store, key, text, sizeof(text), &none) != ERR_OK)
		return otherwise;
	return strtoll(text, NULL, 10);
}

static enum err
put_number(struct station *s, const char *key, int64_t value, struct why *w)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	return store_setting_put(s->store, key, text, w);
}

enum err
station_clock_check(struct station *s, struct why *w)
{
	const int64_t now = clock_now_ms();
	const int64_t seen = number_set(s, SETTING_SEEN, now);
	const int64_t ahead = number_set(s, SETTING_AHEAD, AHEAD_DAYS) * MS_A_DAY;

	if (now < FLOOR_MS)
		return why_set(w, ERR_CLOCK, MSG_CLOCK_WRONG);
	if (now < seen - SLACK_MS)
		return why_set(w, ERR_CLOCK, MSG_CLOCK_WENT_BACK, WHY_DAY(station_day(s, now)));
	if (now - seen > ahead)
		return why_set(w, ERR_CLOCK, MSG_CLOCK_LEAPT, WHY_DAY(station_day(s, now)),
		    WHY_NUM((now - seen) / MS_A_DAY));
	return ERR_OK;
}

enum err
station_clock_note(struct station *s, int64_t now_ms, struct why *w)
{
	return put_number(s, SETTING_SEEN, now_ms, w);
}

static enum err
accept(struct station *s, int64_t now, int ahead_days, struct why *w)
{
	const struct journal_field fields[] = {
		JOURNAL_FIELD_INT("was", number_set(s, SETTING_SEEN, 0)),
		JOURNAL_FIELD_INT("is", now),
		JOURNAL_FIELD_INT("ahead_days", ahead_days),
	};
	uint8_t event[STORE_EVENT_LEN];
	enum err e = chain_journal(s, "clock.accept", fields, 3, event, w);

	if (e == ERR_OK && ahead_days > 0)
		e = put_number(s, SETTING_AHEAD, ahead_days, w);
	return e == ERR_OK ? station_clock_note(s, now, w) : e;
}

enum err
station_clock_accept(struct station *s, int ahead_days, struct why *w)
{
	const int64_t now = clock_now_ms();
	enum err e;

	if (now < FLOOR_MS || clock_minutes_2000(now) / CHAIN_MINUTES_A_DAY > UINT16_MAX)
		return why_set(w, ERR_CLOCK, MSG_CLOCK_WRONG);
	e = store_begin(s->store, w);
	if (e == ERR_OK)
		e = accept(s, now, ahead_days, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}
