/*
 * Complete software cards per second: enrol a member, derive keys, intent and settlement
 * durable, chip personalised, read back and proven, record signed, QR matrix made. The card answers at
 * once; artwork is counted apart. One line a row: name, value, unit.
 *
 * bench_cards [CARDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardapps/sim/sim.h"
#include "printer/printer.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/club/member.h"
#include "station/flow/flow.h"
#include "station/store/intent.h"

#define CARDS_DEFAULT 400

static void
must(enum err e, const struct why *w)
{
	if (e == ERR_OK)
		return;
	(void)fprintf(stderr, "bench_cards: %s %s\n", err_name(e), msg_name(w->id));
	exit(1);
}

static uint32_t
enrol(struct station *s, int i, struct why *w)
{
	char name[64];
	const struct member_form form = {.name = name, .force = true, .now_ms = clock_now_ms()};
	uint32_t id;

	(void)snprintf(name, sizeof(name), "عضو %c%c%c", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676 % 26);
	must(store_begin(s->store, w), w);
	must(club_member_add(s->store, &form, &id, w), w);
	must(store_commit(s->store, w), w);
	return id;
}

static void
one_card(struct station *s, int i, bool quick)
{
	struct flow_request rq = {.flow = FLOW_ISSUE, .skip_refusals = quick};
	struct flow_result r;
	struct sim_card *chip;
	struct store_intent in;
	struct why w = {0};
	struct qr qr;

	rq.member = enrol(s, i, &w);
	must(sim_desfire_new(NULL, NULL, &chip, &w), &w);
	must(sim_reader_open(chip, true, &rq.reader, &w), &w);
	must(flow_run(s, &rq, &r, &w), &w);
	must(store_intent_get(s->store, r.event, &in, &w), &w);
	must(qr_encode(in.url, &qr, &w), &w);
	reader_close(&rq.reader);
}

int
main(int argc, char **argv)
{
	const int cards = argc > 1 ? atoi(argv[1]) : CARDS_DEFAULT;
	char folder[] = "/var/tmp/bashgah-bench-XXXXXX";
	char club[64];
	struct init_options o = {.folder = club, .designs_from = "printer/designs"};
	struct station *s;
	struct why w = {0};
	int64_t start;

	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(club, sizeof(club), "%s/club", folder);
	must(station_init(&o, &w), &w);
	must(station_open(club, STATION_KEYS, NULL, NULL, &s, &w), &w);
	for (int quick = 0; quick < 2; quick++) {
		start = clock_monotonic_ns();
		for (int i = 0; i < cards; i++)
			one_card(s, i, quick);
		printf("%s\t%.0f\tcards/s\n", quick ? "complete cards, without the refusals" : "complete cards",
		    cards * 1e9 / (double)(clock_monotonic_ns() - start));
	}
	station_close(&s);
	folder_remove(folder);
	return 0;
}
