/* Queues with drivers, as most card printers are: what they offer is read, what they get is a card. */
#include <cups/cups.h>

#include "tests/printer/sample.h"
#include "tests/support/cups_private.h"

#define LONG_MS 120000
/* The Magicard sheet of Gutenprint at 300 dpi, and the labels between its three planes. */
#define SHEET_WIDTH  672
#define SHEET_HEIGHT 1016
#define PLANE ((size_t)SHEET_WIDTH * SHEET_HEIGHT)
#define STREAM_CAP (6u * 1024 * 1024)

static char pdf[96];
static uint8_t *stream;

static int
begin(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct card_face f = sample_face();
	if (!cups_begin() || !cups_add_drivers())
		return -1;
	struct design *d = shipped("default");
	snprintf(pdf, sizeof(pdf), "%s/card.pdf", cups_folder());
	expect(card_render_pdf(d, &f, pdf, &w), &w, ERR_OK, MSG_NONE);
	design_free(&d);
	stream = malloc(STREAM_CAP);
	return stream != NULL ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	free(stream);
	cups_end();
	return 0;
}

static struct print_queue *
open_queue(const char *name)
{
	struct why w = { 0 };
	struct print_queue *q = NULL;
	expect(queue_open(name, &q, &w), &w, ERR_OK, MSG_NONE);
	return q;
}

static struct print_offer *
offer_of(const char *name)
{
	struct why w = { 0 };
	struct print_offer *o = NULL;
	struct print_queue *q = open_queue(name);
	expect(queue_offer(q, &o, &w), &w, ERR_OK, MSG_NONE);
	queue_close(&q);
	return o;
}

/* Print through a queue with a driver; the stream it made is read, its length returned. */
static size_t
print(const char *name, const char *title, const struct print_opts *opts)
{
	struct why w = { 0 };
	char job[PRINT_JOB_CAP], path[128];
	struct print_queue *q = open_queue(name);
	snprintf(path, sizeof(path), "%s/%s.out", cups_folder(), name);
	(void)unlink(path);
	expect(queue_submit(q, pdf, title, opts, job, &w), &w, ERR_OK, MSG_NONE);
	expect(queue_wait(q, job, LONG_MS, NULL, NULL, NULL, &w), &w, ERR_OK, MSG_NONE);
	queue_close(&q);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t len = fread(stream, 1, STREAM_CAP, f);
	fclose(f);
	return len;
}

/* --- what is read */

static void
a_size_is_found_whatever_its_name(void **state)
{
	(void)state;
	static const struct {
		const char *queue;
		int width_um, height_um;	/* of the medium found, to a tenth of a millimetre */
	} rows[] = {
		{ "card", 53980, 85600 },
		{ "rio", 56900, 86020 },
		{ "odd", 53980, 85600 }
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct print_offer *o = offer_of(rows[i].queue);
		const struct print_medium *m = offer_medium(o, CARD_WIDTH_UM, CARD_HEIGHT_UM);
		assert_non_null(m);
		assert_in_range(m->width_um, rows[i].width_um - 50, rows[i].width_um + 50);
		assert_in_range(m->height_um, rows[i].height_um - 50, rows[i].height_um + 50);
		offer_free(&o);
		assert_null(o);
	}
}

static void
the_nearest_size_is_taken_and_none_that_is_another(void **state)
{
	(void)state;
	struct print_offer *o = calloc(1, sizeof(*o));
	assert_non_null(o);
	assert_true(offer_add_medium(o, "CR79", 51000, 83900));
	assert_null(offer_medium(o, CARD_WIDTH_UM, CARD_HEIGHT_UM));
	assert_true(offer_add_medium(o, "Overprint", 56000, 88000));
	assert_string_equal(offer_medium(o, CARD_WIDTH_UM, CARD_HEIGHT_UM)->name, "Overprint");
	assert_true(offer_add_medium(o, "54x86", 54000, 86000));
	assert_true(offer_add_medium(o, "Landscape", 85600, 54000));
	assert_string_equal(offer_medium(o, CARD_WIDTH_UM, CARD_HEIGHT_UM)->name, "Landscape");
	assert_null(offer_medium(o, 210000, 297000));
	offer_free(&o);
}

static void
resolution_sides_and_model_are_read(void **state)
{
	(void)state;
	struct print_offer *rio = offer_of("rio"), *tango = offer_of("tango"), *odd = offer_of("odd");
	assert_non_null(strstr(rio->model, "Rio 2E"));
	assert_int_equal(rio->dpi_count, 1);
	assert_int_equal(rio->dpi[0], 300);
	assert_true(rio->color);
	assert_false(rio->two_sided);
	assert_true(tango->two_sided);
	assert_int_equal(odd->dpi_count, 2);
	assert_false(odd->wandering);
	offer_free(&rio);
	offer_free(&tango);
	offer_free(&odd);
}

static void
ribbons_and_panels_are_read_from_the_driver(void **state)
{
	(void)state;
	struct print_offer *o = offer_of("odd");
	const struct print_option *ribbon = offer_option(o, "OCRibbon"), *black = offer_option(o, "ocblack");
	assert_non_null(ribbon);
	assert_int_equal(ribbon->about, PRINT_ABOUT_RIBBON);
	assert_string_equal(ribbon->text, "Ribbon Installed");
	assert_string_equal(ribbon->preset, "YMCKO");
	assert_int_equal(ribbon->choice_count, 2);
	assert_string_equal(ribbon->choice[1].name, "KO");
	assert_string_equal(ribbon->choice[1].text, "Black and overlay");
	assert_non_null(black);
	assert_int_equal(black->about, PRINT_ABOUT_PANEL);
	/* by size and by sides, not by hand */
	assert_null(offer_option(o, "PageSize"));
	assert_null(offer_option(o, "Duplex"));
	offer_free(&o);
	o = offer_of("rio");
	assert_int_equal(offer_option(o, "StpLaminate")->about, PRINT_ABOUT_PANEL);
	offer_free(&o);
}

static void
supply_levels_are_the_printers_own_word(void **state)
{
	(void)state;
	struct print_offer *o = offer_of("card");
	assert_int_equal(o->supply_count, 2);
	assert_string_equal(o->supply[0].name, "YMCKO ribbon");
	assert_int_equal(o->supply[0].percent, 37);
	assert_string_equal(o->supply[1].name, "cleaning roller");
	assert_int_equal(o->supply[1].percent, -1);
	offer_free(&o);
}

static void
a_folder_offers_nothing(void **state)
{
	(void)state;
	struct why w = { 0 };
	char name[80];
	const struct print_setting s = { "OCRibbon", "KO" };
	const struct print_opts opts = { .settings = &s, .setting_count = 1 };
	snprintf(name, sizeof(name), "file:%s", cups_folder());
	struct print_offer *o = offer_of(name);
	assert_int_equal(o->medium_count + o->option_count + o->supply_count, 0);
	offer_free(&o);
	struct print_queue *q = open_queue(name);
	expect(queue_check(q, &opts, &w), &w, ERR_ARG, MSG_PRINT_OPTION_UNKNOWN);
	queue_close(&q);
}

static void
settings_the_queue_does_not_offer_are_refused_with_what_there_is(void **state)
{
	(void)state;
	struct why w = { 0 };
	char job[PRINT_JOB_CAP];
	const struct print_setting good = { "OCRibbon", "KO" }, unknown = { "Ribon", "KO" },
	    wrong = { "OCRibbon", "ko" };
	struct print_opts opts = { .settings = &good, .setting_count = 1 };
	struct print_queue *q = open_queue("odd");
	expect(queue_check(q, &opts, &w), &w, ERR_OK, MSG_NONE);
	opts.settings = &unknown;
	expect(queue_submit(q, pdf, "t", &opts, job, &w), &w, ERR_ARG, MSG_PRINT_OPTION_UNKNOWN);
	assert_string_equal(w.arg[1].str, "Ribon");
	opts.settings = &wrong;
	expect(queue_submit(q, pdf, "t", &opts, job, &w), &w, ERR_ARG, MSG_PRINT_OPTION_VALUE);
	assert_string_equal(w.arg[3].str, "YMCKO, KO");
	expect(queue_find(q, "t", job, &w), &w, ERR_NOT_FOUND, MSG_JOB_UNKNOWN);
	queue_close(&q);
}

static void
a_size_the_queue_has_not_is_refused(void **state)
{
	(void)state;
	struct why w = { 0 };
	char job[PRINT_JOB_CAP];
	const struct print_opts a4 = { .width_um = 210000, .height_um = 297000 };
	struct print_queue *q = open_queue("rio");
	expect(queue_submit(q, pdf, "t", &a4, job, &w), &w, ERR_QUEUE, MSG_QUEUE_NO_SIZE);
	assert_int_equal(w.arg[1].num, 210);
	queue_close(&q);
}

static void
both_sides_on_a_printer_of_one_are_refused(void **state)
{
	(void)state;
	struct why w = { 0 };
	char job[PRINT_JOB_CAP];
	const struct print_opts both = { .two_sided = true };
	struct print_queue *q = open_queue("rio");
	expect(queue_check(q, &both, &w), &w, ERR_QUEUE, MSG_QUEUE_ONE_SIDED);
	expect(queue_submit(q, pdf, "t", &both, job, &w), &w, ERR_QUEUE, MSG_QUEUE_ONE_SIDED);
	queue_close(&q);
}

/* --- what the printer gets */

/* One plane of the `which`-th card of a Magicard stream as a grey picture, ink dark. */
static void
write_plane(const uint8_t *plane, const char *path)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	fprintf(f, "P5 %d %d 255\n", SHEET_WIDTH, SHEET_HEIGHT);
	for (size_t i = 0; i < PLANE; i++)
		fputc(255 - plane[i], f);
	assert_int_equal(fclose(f), 0);
}

static const uint8_t *
find(const uint8_t *from, const char *word)
{
	size_t len = strlen(word);
	const uint8_t *last = stream + STREAM_CAP - len;
	for (const uint8_t *p = from; p <= last; p++)
		if (memcmp(p, word, len) == 0)
			return p;
	return NULL;
}

/* The first plane behind a header of Magicard's; NULL without one. Source: the stream itself, Gutenprint 5.3. */
static const uint8_t *
first_plane(const uint8_t *from)
{
	static const char sizes[] = "SZB682752,SZG682752,SZR682752\x1c";
	const uint8_t *p = find(from, sizes);
	return p != NULL ? p + sizeof(sizes) - 1 : NULL;
}

static void
reads_code(const uint8_t *plane)
{
	char path[128], command[256], out[256];
	snprintf(path, sizeof(path), "%s/plane.pgm", cups_folder());
	write_plane(plane, path);
	snprintf(command, sizeof(command), "zbarimg -q --raw %s", path);
	run("zbar-tools", command, out, sizeof(out));
	assert_string_equal(out, SAMPLE_QR "\n");
}

static void
a_driver_of_one_side_makes_a_magicard_stream_of_the_whole_card(void **state)
{
	(void)state;
	const struct print_opts back = { .back = true };
	memset(stream, 0, STREAM_CAP);
	size_t len = print("rio", "one-side", &back);
	const uint8_t *plane = first_plane(stream);
	/* 64 times 5 and 1 begin it, three planes with their labels end it */
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(stream[i], 5);
	assert_int_equal(stream[64], 1);
	assert_non_null(plane);
	assert_int_equal(len - (size_t)(plane - stream), 3 * (PLANE + 3) + 1);
	assert_memory_equal(plane + PLANE, "\x1c" "B:", 3);
	assert_null(first_plane(plane));
	reads_code(plane);
}

/* A card of two bars, 2 mm wide and 63.6 mm apart. */
static void
write_bars(const char *path)
{
	static const char page[] = "28.346 0 5.669 153.014 re f 208.630 0 5.669 153.014 re f";
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	fprintf(f, "%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
	    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
	    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 242.646 153.014]/Contents 4 0 R/Resources<<>>>>endobj\n"
	    "4 0 obj<</Length %zu>>stream\n%s\nendstream endobj\ntrailer<</Root 1 0 R/Size 5>>\n%%%%EOF\n",
	    sizeof(page) - 1, page);
	assert_int_equal(fclose(f), 0);
}

/* Rows where ink begins along the middle of the sheet, up to `cap`. */
static size_t
beginnings(const uint8_t *plane, size_t *rows, size_t cap)
{
	size_t count = 0;
	for (size_t y = 1; y < SHEET_HEIGHT && count < cap; y++) {
		bool was = plane[(y - 1) * SHEET_WIDTH + SHEET_WIDTH / 2] > 100;
		bool is = plane[y * SHEET_WIDTH + SHEET_WIDTH / 2] > 100;
		if (is && !was)
			rows[count++] = y;
	}
	return count;
}

static void
a_card_is_printed_in_its_own_size(void **state)
{
	(void)state;
	size_t rows[4];
	char was[sizeof(pdf)];
	strcpy(was, pdf);
	snprintf(pdf, sizeof(pdf), "%s/bars.pdf", cups_folder());
	write_bars(pdf);
	memset(stream, 0, STREAM_CAP);
	(void)print("rio", "own-size", NULL);
	strcpy(pdf, was);
	const uint8_t *plane = first_plane(stream);
	assert_non_null(plane);
	assert_int_equal(beginnings(plane, rows, 4), 2);
	assert_in_range(rows[1] - rows[0], 750, 752);
	/* in the middle of a sheet of 86.02 mm: 0.21 mm before the card, then 10 mm of it */
	assert_in_range(rows[0], 118, 124);
}

static void
a_driver_of_two_sides_makes_front_and_back_of_one_card(void **state)
{
	(void)state;
	const struct print_opts both = { .two_sided = true };
	memset(stream, 0, STREAM_CAP);
	(void)print("tango", "two-sides", &both);
	const uint8_t *front = first_plane(stream);
	assert_non_null(front);
	const uint8_t *back = first_plane(front + PLANE);
	assert_non_null(back);
	assert_null(first_plane(back + PLANE));
	assert_non_null(find(stream, "DPXON"));
	reads_code(back);
}

static uint32_t
word_at(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* CUPS raster, version 3, this machine's order: cups/raster.h has the fields' places. */
static void
settings_and_size_reach_a_driver_under_its_own_names(void **state)
{
	(void)state;
	const struct print_setting s[] = { { "OCRibbon", "KO" }, { "Resolution", "600dpi" } };
	const struct print_opts opts = { .settings = s, .setting_count = 2 };
	memset(stream, 0, STREAM_CAP);
	assert_true(print("odd", "settings", &opts) > 1800);
	assert_memory_equal(stream, "3SaR", 4);
	assert_int_equal(word_at(stream + 4 + 276), 600);	/* HWResolution */
	assert_in_range(word_at(stream + 4 + 352), 152, 153);	/* PageSize, points */
	assert_in_range(word_at(stream + 4 + 356), 242, 243);
	assert_int_equal(word_at(stream + 4 + 380), 2);		/* cupsMediaType, by the ribbon */
}

/* --- pinned by name */

/* What libcups asks of the server when a program picks a printer that it discovered. */
static void
make_discovered(const char *name)
{
	http_t *http = httpConnect2(cupsServer(), ippPort(), NULL, AF_UNSPEC, cupsEncryption(), 1, 5000, NULL);
	ipp_t *r = ippNewRequest(IPP_OP_CUPS_CREATE_LOCAL_PRINTER);
	ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, "ipp://localhost/");
	ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", NULL, cupsUser());
	ippAddString(r, IPP_TAG_PRINTER, IPP_TAG_NAME, "printer-name", NULL, name);
	ippAddString(r, IPP_TAG_PRINTER, IPP_TAG_URI, "device-uri", NULL, "ipp://127.0.0.1:9/ipp/print");
	ippDelete(cupsDoRequest(http, r, "/"));
	assert_true(cupsLastError() < IPP_STATUS_REDIRECTION_OTHER_SITE);
	httpClose(http);
}

static void
a_queue_the_server_made_of_a_discovered_printer_is_refused(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct print_queue *q;
	make_discovered("met");
	expect(queue_open("met", &q, &w), &w, ERR_QUEUE, MSG_QUEUE_DISCOVERED);
	assert_string_equal(w.arg[0].str, "met");
	assert_null(q);
}

static void
names_the_server_does_not_have_are_refused_without_a_look_around(void **state)
{
	(void)state;
	static const char *const names[] = { "Card printer", "Card_printer", "ipp://localhost/ipp/print",
		"dnssd://Card%20printer._ipp._tcp.local/", "CARD?waitjob=false", "/etc/passwd" };
	struct why w = { 0 };
	struct print_queue *q;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		expect(queue_open(names[i], &q, &w), &w, ERR_QUEUE, MSG_QUEUE_UNKNOWN);
		assert_string_equal(w.arg[0].str, names[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_size_is_found_whatever_its_name),
		cmocka_unit_test(the_nearest_size_is_taken_and_none_that_is_another),
		cmocka_unit_test(resolution_sides_and_model_are_read),
		cmocka_unit_test(ribbons_and_panels_are_read_from_the_driver),
		cmocka_unit_test(supply_levels_are_the_printers_own_word),
		cmocka_unit_test(a_folder_offers_nothing),
		cmocka_unit_test(settings_the_queue_does_not_offer_are_refused_with_what_there_is),
		cmocka_unit_test(a_size_the_queue_has_not_is_refused),
		cmocka_unit_test(both_sides_on_a_printer_of_one_are_refused),
		cmocka_unit_test(a_driver_of_one_side_makes_a_magicard_stream_of_the_whole_card),
		cmocka_unit_test(a_card_is_printed_in_its_own_size),
		cmocka_unit_test(a_driver_of_two_sides_makes_front_and_back_of_one_card),
		cmocka_unit_test(settings_and_size_reach_a_driver_under_its_own_names),
		cmocka_unit_test(a_queue_the_server_made_of_a_discovered_printer_is_refused),
		cmocka_unit_test(names_the_server_does_not_have_are_refused_without_a_look_around)
	};
	return cmocka_run_group_tests(tests, begin, end);
}
