/*
 * Complete software cards per second: enrol a member (a list of them, as an import does),
 * derive keys, intent and settlement durable, chip personalised, read back and proven, record
 * signed, QR matrix made. The card answers at once; artwork is counted apart. Each thread is a
 * station of its own on the one club folder, as two desks are.
 *
 * bench_cards [CARDS]; the club stands in TMPDIR, /var/tmp by default: on a disk.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cardapps/sim/sim.h"
#include "printer/printer.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/club/member.h"
#include "station/flow/artwork.h"
#include "station/flow/flow.h"
#include "station/flow/settings.h"
#include "station/store/intent.h"
#include "tests/bench/row.h"

#define CARDS_DEFAULT 600
#define DESKS_CAP 2
#define LOT 50
#define DRAWN 8
#define CODES 2000
#define GOAL_CARDS 1000	/* a second */

struct desk {
	struct station *station;
	int cards, number;
	bool skip_refusals;
	uint64_t last_card;
	char url[STORE_URL_CAP];
	pthread_t thread;
};

/* Members come from a list, a lot in one commit; the first id of the lot. */
static uint32_t
enrol(struct station *s, int from, int count)
{
	struct why w = {0};
	uint32_t first = 0, id;

	must(store_begin(s->store, &w), &w);
	for (int i = from; i < from + count; i++) {
		char name[64];
		const struct member_form form = {.name = name, .force = true, .now_ms = clock_now_ms()};

		(void)snprintf(name, sizeof(name), "عضو %c%c%c", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676 % 26);
		must(club_member_add(s->store, &form, &id, &w), &w);
		first = i == from ? id : first;
	}
	must(store_commit(s->store, &w), &w);
	return first;
}

static void
one_card(struct desk *d, uint32_t member)
{
	struct flow_request rq = {.flow = FLOW_ISSUE, .member = member, .skip_refusals = d->skip_refusals};
	struct flow_result r;
	struct sim_card *chip;
	struct store_intent in;
	struct why w = {0};
	struct qr qr;

	must(sim_desfire_new(NULL, NULL, &chip, &w), &w);
	must(sim_reader_open(chip, true, &rq.reader, &w), &w);
	must(flow_run(d->station, &rq, &r, &w), &w);
	must(store_intent_get(d->station->store, r.event, &in, &w), &w);
	must(qr_encode(in.url, &qr, &w), &w);
	d->last_card = r.card_number;
	(void)snprintf(d->url, sizeof(d->url), "%s", in.url);
	reader_close(&rq.reader);
}

static void *
work(void *ctx)
{
	struct desk *d = ctx;

	for (int done = 0; done < d->cards; done += LOT) {
		int lot = d->cards - done < LOT ? d->cards - done : LOT;
		uint32_t member = enrol(d->station, d->number + done, lot);

		for (int i = 0; i < lot; i++)
			one_card(d, member + (uint32_t)i);
	}
	return NULL;
}

/* `cards` in all by so many desks at once: cards a second, and milliseconds of processor a card. */
static void
measure(struct desk *desk, int desks, int cards, bool skip_refusals, double *rate, double *cpu_ms)
{
	const double cpu = row_cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
	const int64_t start = clock_monotonic_ns();

	for (int i = 0; i < desks; i++) {
		desk[i].cards = cards / desks;
		desk[i].number += cards;
		desk[i].skip_refusals = skip_refusals;
		if (pthread_create(&desk[i].thread, NULL, work, &desk[i]) != 0)
			exit(1);
	}
	for (int i = 0; i < desks; i++)
		(void)pthread_join(desk[i].thread, NULL);
	*rate = cards * 1e9 / (double)(clock_monotonic_ns() - start);
	*cpu_ms = 1000 * (row_cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / cards;
}

static void
bench_cards(struct desk *desk, int cards)
{
	double rate, cpu_ms;

	row_title("complete software cards: enrolled, 2 durable commits, keys, chip read back, signature, QR");
	measure(desk, 1, cards, false, &rate, &cpu_ms);
	row_info("one desk", rate, "cards/s");
	row_info("  processor time, kernel's included", cpu_ms, "ms/card");
	measure(desk, DESKS_CAP, cards, false, &rate, &cpu_ms);
	row("two desks", rate, "cards/s", "goal 1000 on 2 cores", rate >= GOAL_CARDS);
	row_info("  processor time, kernel's included", cpu_ms, "ms/card");
	row_info("  two cores' time divided by that: no waiting, no neighbours", DESKS_CAP * 1000 / cpu_ms, "cards/s");
	measure(desk, DESKS_CAP, cards, true, &rate, &cpu_ms);
	row_info("two desks, strangers' refusals not tried", rate, "cards/s");
}

/* Milliseconds of processor that one of `n` calls took, from `cpu` seconds on. */
static double
cpu_ms_each(double cpu, int n)
{
	return 1000 * (row_cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / n;
}

/* What a printer of cards gets. */
static void
bench_pdf(const struct desk *d)
{
	const struct card_face face = {.name = "سارا احمدی", .number_text = "۱۲۳۴ ۵۶۷۸ ۹۰۱۲ ۳۴۵۶",
	    .tier_id = "silver", .tier_label = "نقره‌ای", .club_name = "باشگاه", .application = "loyalty",
	    .valid_text = "", .qr_text = d->url, .test = true};
	char designs[STATION_PATH_CAP];
	struct design *design;
	uint8_t *pdf;
	size_t len;
	struct why w = {0};
	double cpu;

	must(station_path(d->station, STATION_DESIGNS, designs, &w), &w);
	must(design_load(designs, "default", &design, &w), &w);
	cpu = row_cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < DRAWN; i++) {
		must(card_render_pdf_bytes(design, &face, &pdf, &len, &w), &w);
		free(pdf);
	}
	row_info("  of which the PDF alone", cpu_ms_each(cpu, DRAWN), "ms CPU");
	row_info("  its size", (double)len, "bytes");
	design_free(&design);
}

/* The longest part of a card that is not a card; for `file:` it is drawn for the screen, too. */
static void
bench_artwork(const struct desk *d)
{
	char printer[STATION_PATH_CAP + 8];
	struct artwork_request rq = {.card = d->last_card, .printer = printer, .lang = LANG_FA,
	    .timeout_ms = 10000};
	struct artwork_report out;
	struct why w = {0};
	struct qr qr;
	double cpu;

	row_title("artwork, counted apart");
	(void)snprintf(printer, sizeof(printer), "file:%.1000s/" STATION_PRINTS, d->station->folder);
	must(station_print_card(d->station, &rq, &out, &w), &w);
	cpu = row_cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < DRAWN; i++)
		must(station_print_card(d->station, &rq, &out, &w), &w);
	row_info("a card printed to a folder: PDF, two PNG at 300 dpi", cpu_ms_each(cpu, DRAWN), "ms CPU");
	bench_pdf(d);
	cpu = row_cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < CODES; i++)
		must(qr_encode(d->url, &qr, &w), &w);
	row_info("QR matrix alone (part of a complete card)", cpu_ms_each(cpu, CODES), "ms CPU");
}

/* What two desks wait for: one small write, on the disk. */
static void
bench_disk(const char *folder)
{
	char path[128];
	const char page[4096] = {0};
	int64_t start;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%.100s/page", folder);
	f = fopen(path, "w+");
	if (f == NULL)
		exit(1);
	start = clock_monotonic_ns();
	for (int i = 0; i < 100; i++)
		if (fseek(f, 0, SEEK_SET) != 0 || fwrite(page, sizeof(page), 1, f) != 1 || fflush(f) != 0 ||
		    fdatasync(fileno(f)) != 0)
			exit(1);
	row_title("this machine, now");
	row_info("a page written and fdatasync", (double)(clock_monotonic_ns() - start) / 1e8, "ms");
	(void)fclose(f);
}

static void
bench_load(void)
{
	double load = 0;
	FILE *f = fopen("/proc/loadavg", "r");

	if (f != NULL && fscanf(f, "%lf", &load) == 1)
		row_info("load average of the last minute", load, "");
	if (f != NULL)
		(void)fclose(f);
}

int
main(int argc, char **argv)
{
	const int cards = argc > 1 ? atoi(argv[1]) : CARDS_DEFAULT;
	const char *base = getenv("TMPDIR");
	char folder[128], club[160];
	const struct init_options o = {.folder = club, .designs_from = "printer/designs"};
	struct desk desk[DESKS_CAP] = {{0}};
	struct why w = {0};

	(void)snprintf(folder, sizeof(folder), "%.90s/bashgah-bench-XXXXXX", base != NULL ? base : "/var/tmp");
	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(club, sizeof(club), "%s/club", folder);
	must(station_init(&o, &w), &w);
	for (int i = 0; i < DESKS_CAP; i++)
		must(station_open(club, STATION_KEYS, NULL, NULL, &desk[i].station, &w), &w);
	bench_disk(folder);
	bench_load();
	bench_cards(desk, cards);
	bench_artwork(&desk[0]);
	for (int i = 0; i < DESKS_CAP; i++)
		station_close(&desk[i].station);
	folder_remove(folder);
	return 0;
}
