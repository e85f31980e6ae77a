#include "station/base/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t (*source)(void);

static int64_t
read_ns(clockid_t id)
{
	struct timespec t = {0, 0};

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t
clock_now_ms(void)
{
	return source != NULL ? source() : read_ns(CLOCK_REALTIME) / 1000000;
}

int64_t
clock_monotonic_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t
clock_thread_ns(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint32_t
clock_minutes_2000(int64_t unix_ms)
{
	int64_t minutes;

	if (unix_ms < CLOCK_EPOCH_2000_MS)
		return 0;
	minutes = (unix_ms - CLOCK_EPOCH_2000_MS) / 60000;
	return minutes > UINT32_MAX ? UINT32_MAX : (uint32_t)minutes;
}

int64_t
clock_from_minutes_2000(uint32_t minutes)
{
	return CLOCK_EPOCH_2000_MS + (int64_t)minutes * 60000;
}

void
clock_set_source(int64_t (*now_ms)(void))
{
	source = now_ms;
}
