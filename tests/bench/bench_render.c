/*
 * A card as a picture of 300 dots an inch, three ways in the same run: the press (what is fixed drawn once), librsvg in
 * this process drawing the whole filled SVG, and rsvg-convert as a process. Processor time, so that a busy machine
 * tells the same; and what the press holds in memory.
 */
#include <librsvg/rsvg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "printer/artwork.h"
#include "printer/printer.h"
#include "tests/bench/row.h"

#define DPI 300
#define RUNS 40			/* of a side, each way but rsvg-convert */
#define CONVERT_RUNS 6
#define CARDS_DEFAULT 1000
#define TIMES_LIBRSVG 3.0	/* goals */
#define TIMES_CONVERT 40.0

static char names[8][48] = {"مریم رستمی‌نژاد", "علی رضایی", "زهرا کریم‌زادهٔ یزدی", "محمد میرمحمدصادقی",
	"ژاله چگینی", "پگاه پورمحمدی اصل", "امیرحسین ژیان", "گل‌نار احمدی"};

static struct card_face
face(unsigned n, char code[80])
{
	(void)snprintf(code, 80, "https://GOLESTAN.EXAMPLE.IR/C/%026u", n);
	return (struct card_face){.name = names[n % 8], .number_text = "۶۰۳۷ ۱۲۴۵ ۹۰۸۶ ۴۵۱۷", .tier_id = "gold",
	    .tier_label = "طلایی", .valid_text = "اعتبار تا پایان مهر ۱۴۰۶", .club_name = "باشگاه کتاب گلستان",
	    .site = "golestan.example.ir", .application = "loyalty", .qr_text = code, .dpi = DPI};
}

static double
own_ms(void)
{
	return row_cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) * 1000;
}

/* The filled SVG, as the card's own way hands it to librsvg; g_free. */
static char *
whole_svg(const struct design *d, enum card_side side)
{
	struct artwork a = {0};
	struct why w = {0};
	char code[80];
	struct card_face f = face(1, code);
	char *markup;

	must(artwork_fill(d, &f, side, NULL, &a, &w), &w);
	markup = g_string_free(svg_write(a.svg, a.edit), FALSE);
	artwork_clear(&a);
	return markup;
}

static double
librsvg_ms(const char *svg)
{
	const RsvgRectangle card = {0, 0, 1012, 638};
	double begun = own_ms();

	for (int i = 0; i < RUNS; i++) {
		RsvgHandle *h = rsvg_handle_new_from_data((const guint8 *)svg, strlen(svg), NULL);
		cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1012, 638);
		cairo_t *cr = cairo_create(s);

		if (h == NULL || !rsvg_handle_render_document(h, cr, &card, NULL))
			abort();
		cairo_destroy(cr);
		cairo_surface_destroy(s);
		g_object_unref(h);
	}
	return (own_ms() - begun) / RUNS;
}

static double
children_ms(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

/* Processor time of the process, its start and its PNG with it. */
static double
convert_ms(const char *svg)
{
	char path[] = "/tmp/bashgah-bench.XXXXXX", command[128];
	int fd = mkstemp(path);
	double begun;

	if (fd < 0 || write(fd, svg, strlen(svg)) != (ssize_t)strlen(svg))
		abort();
	(void)close(fd);
	(void)snprintf(command, sizeof(command), "exec rsvg-convert -w 1012 -h 638 %s >/dev/null", path);
	begun = children_ms();
	for (int i = 0; i < CONVERT_RUNS; i++)
		if (system(command) != 0) {
			(void)fprintf(stderr, "bench: rsvg-convert is missing: install the package librsvg2-bin\n");
			exit(1);
		}
	(void)unlink(path);
	return (children_ms() - begun) / CONVERT_RUNS;
}

static double
press_ms(struct card_press *p, enum card_side side)
{
	struct card_image image;
	struct why w = {0};
	char code[80];
	double begun = 0;

	/* the first makes the fixed part */
	for (unsigned i = 0; i <= RUNS; i++) {
		struct card_face f = face(i, code);

		must(press_draw(p, &f, side, &image, &w), &w);
		if (i == 0)
			begun = own_ms();
	}
	return (own_ms() - begun) / RUNS;
}

static void
race(const char *name, const struct design *d, enum card_side side)
{
	struct card_press *p;
	struct why w = {0};
	char title[96], against[64];
	char *svg = whole_svg(d, side);
	double whole = librsvg_ms(svg), convert = convert_ms(svg), press;

	must(press_new(d, DPI, &p, &w), &w);
	press = press_ms(p, side);
	(void)snprintf(title, sizeof(title), "%s, %s: the press", name, side == CARD_FRONT ? "front" : "back");
	row_info(title, press, "ms");
	row_info("  librsvg in this process, parsing and drawing it in whole", whole, "ms");
	row_info("  rsvg-convert, the process and its PNG", convert, "ms");
	(void)snprintf(against, sizeof(against), "at least %.0f", TIMES_LIBRSVG);
	row("  times faster than librsvg", whole / press, "", against, whole / press >= TIMES_LIBRSVG);
	(void)snprintf(against, sizeof(against), "at least %.0f", TIMES_CONVERT);
	row("  times faster than rsvg-convert", convert / press, "", against, convert / press >= TIMES_CONVERT);
	press_free(&p);
	g_free(svg);
}

static double
resident_mb(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f == NULL || fscanf(f, "%*d %ld", &pages) != 1)
		abort();
	(void)fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

static void
run_long(const struct design *d, unsigned cards)
{
	struct card_press *p;
	struct card_image image;
	struct why w = {0};
	char code[80], title[64];

	row_title("Memory of one press, front and back of each card");
	must(press_new(d, DPI, &p, &w), &w);
	for (unsigned n = 0; n <= cards; n++) {
		struct card_face f = face(n, code);

		must(press_draw(p, &f, CARD_FRONT, &image, &w), &w);
		must(press_draw(p, &f, CARD_BACK, &image, &w), &w);
		if (n != cards / 100 && n != cards / 10 && n != cards)
			continue;
		(void)snprintf(title, sizeof(title), "resident after %u cards", n);
		row_info(title, resident_mb(), "MB");
	}
	press_free(&p);
}

int
main(int argc, char **argv)
{
	static const char *const designs[] = {"default", "default-gold", "default-gift"};
	unsigned cards = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : CARDS_DEFAULT;
	struct design *d;
	struct why w = {0};

	row_title("A side of a card at 300 dots an inch, milliseconds of processor");
	for (size_t i = 0; i < sizeof(designs) / sizeof(designs[0]); i++) {
		must(design_load("printer/designs", designs[i], &d, &w), &w);
		race(designs[i], d, CARD_FRONT);
		race(designs[i], d, CARD_BACK);
		design_free(&d);
	}
	must(design_load("printer/designs", "default", &d, &w), &w);
	run_long(d, cards);
	design_free(&d);
	return 0;
}
