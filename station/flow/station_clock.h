/*
 * The computer's clock and the book: a clock that has gone back, or that has leapt ahead by more than a day since
 * the last act, is believed only when a manager has said so, which the journal keeps.
 */
#ifndef STATION_FLOW_STATION_CLOCK_H
#define STATION_FLOW_STATION_CLOCK_H

#include "station/flow/station.h"

/* May a new act be dated by this clock? Errors: ERR_CLOCK (behind, or ahead: each says what to do). */
enum err station_clock_check(struct station *s, struct why *w);

/* An act that was allowed to begin was dated so. In the caller's transaction. */
enum err station_clock_note(struct station *s, int64_t now_ms, struct why *w);

/*
 * A manager has looked at a calendar: this clock is right. From now on it may leap ahead by `ahead_days` (1..366)
 * between two acts; 0 leaves that as it is. A journaled act. Errors: ERR_CLOCK (years wrong: nobody may say so).
 */
enum err station_clock_accept(struct station *s, int ahead_days, struct why *w);

#endif
