/*
 * The only source of time. Instants are milliseconds since 1970-01-01T00:00Z;
 * records and certificates count days and minutes from 2000-01-01T00:00Z.
 * Which calendar day an instant falls on in the club's zone is station/text's.
 */
#ifndef STATION_BASE_CLOCK_H
#define STATION_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_EPOCH_2000_MS INT64_C(946684800000)

/* Wall clock, and a clock that never goes back (for time limits and figures). */
int64_t clock_now_ms(void);
int64_t clock_monotonic_ns(void);
/* The processor's time that this thread has had: what work costs, whatever else the computer does. */
int64_t clock_thread_ns(void);

/* Minutes since 2000 of an instant; 0 before, 2^32-1 after the range. */
uint32_t clock_minutes_2000(int64_t unix_ms);
/* The instant at which such a minute begins. */
int64_t clock_from_minutes_2000(uint32_t minutes);

/* Tests: replace the wall clock (NULL puts the real one back). */
void clock_set_source(int64_t (*now_ms)(void));

#endif
