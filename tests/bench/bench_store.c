/*
 * Durable acts per second: a member and a card enrolled, its intent committed, and
 * its settlement committed; then loads. Each act is two transactions with
 * synchronous=FULL, in a folder given (default /var/tmp) so that a disk is under it.
 */
#include "tests/store/fixture.h"

#include "station/base/clock.h"
#include "tests/bench/row.h"

static double
seconds_since(int64_t ns)
{
	return (double)(clock_monotonic_ns() - ns) / 1e9;
}

static void
report(const char *what, int n, double seconds)
{
	row_info(what, n / seconds, "/s");
	row_info("  each", 1000 * seconds / n, "ms");
}

static void
enrol_and_issue(struct store *s, uint64_t number)
{
	struct store_member m = {.tier = 0, .created_ms = NOW_MS};
	uint8_t event[STORE_EVENT_LEN], by[STORE_EVENT_LEN];
	int64_t id;
	struct why w;

	must(store_begin(s, &w), &w);
	must(store_range_next(s, STORE_MEMBERS, &id, &w), &w);
	m.id = (uint32_t)id;
	(void)snprintf(m.name, sizeof(m.name), "سارا احمدی %u", m.id);
	(void)snprintf(m.fold, sizeof(m.fold), "سارا احمدی %u", m.id);
	(void)snprintf(m.phone, sizeof(m.phone), "+98912%07u", m.id);
	must(store_member_insert(s, &m, &w), &w);
	must(issue_intend(s, number, event, &w), &w);
	must(store_commit(s, &w), &w);
	must(store_begin(s, &w), &w);
	must(settle(s, event, by, &w), &w);
	must(store_commit(s, &w), &w);
}

static void
load_once(struct store *s, uint64_t number, int i)
{
	uint8_t event[STORE_EVENT_LEN];
	char request[32];
	struct why w;

	(void)snprintf(request, sizeof(request), "bench-%d", i);
	must(store_begin(s, &w), &w);
	must(load_intend(s, number, 500000, request, event, &w), &w);
	must(store_commit(s, &w), &w);
	must(store_begin(s, &w), &w);
	must(load_settle(s, event, number, 500000, &w), &w);
	must(store_commit(s, &w), &w);
}

int
main(int argc, char **argv)
{
	const int n = argc > 2 ? atoi(argv[2]) : 3000;
	struct club c = {{0}, {0}, {0}, NULL};
	struct store_health h;
	int64_t t;
	struct why w;

	(void)snprintf(c.dir, sizeof(c.dir), "%.40s/bench-store.XXXXXX", argc > 1 ? argv[1] : "/var/tmp");
	club_open(&c);
	row_title("durable acts of the store alone, one connection");
	t = clock_monotonic_ns();
	for (int i = 0; i < n; i++)
		enrol_and_issue(c.s, 12345000000000u + (uint64_t)i);
	report("enrol and issue, 2 durable commits", n, seconds_since(t));
	t = clock_monotonic_ns();
	for (int i = 0; i < n; i++)
		load_once(c.s, 12345000000000u + (uint64_t)(i % n), i);
	report("load, 2 durable commits", n, seconds_since(t));
	t = clock_monotonic_ns();
	must(store_check(c.s, &h, &w), &w);
	report("journal rows examined by doctor", (int)h.journal_rows, seconds_since(t));
	club_end(&c);
	return 0;
}
