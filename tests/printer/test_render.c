/* What really comes out: page sizes, fonts, pixels, and the code read back. */
#include <cairo/cairo.h>
#include <signal.h>
#include <sys/resource.h>

#include "tests/printer/sample.h"

static char folder[64];

static int
begin(void **state)
{
	(void)state;
	new_folder(folder);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	remove_folder(folder);
	return 0;
}

static void
path_in(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", folder, name);
}

static void
pdf_of(const char *design, const struct card_face *f, char path[128])
{
	struct why w = { 0 };
	struct design *d = shipped(design);
	path_in(path, "card.pdf");
	expect(card_render_pdf(d, f, path, &w), &w, ERR_OK, MSG_NONE);
	design_free(&d);
}

static void
the_pdf_has_two_pages_of_a_cards_exact_size(void **state)
{
	(void)state;
	char path[128], command[256], text[4096];
	struct card_face f = sample_face();
	pdf_of("default", &f, path);
	snprintf(command, sizeof(command), "pdfinfo -f 1 -l 2 %s", path);
	run("poppler-utils", command, text, sizeof(text));
	assert_non_null(strstr(text, "Pages:           2"));
	/* 85.60 mm and 53.98 mm in points of 1/72 inch */
	assert_non_null(strstr(text, "Page    1 size:  242.646 x 153.014 pts"));
	assert_non_null(strstr(text, "Page    2 size:  242.646 x 153.014 pts"));
}

static void
the_pdf_holds_the_designs_fonts_and_no_others_all_embedded(void **state)
{
	(void)state;
	static const char *const named[] = {
		"Amiri-", "Quattrocento", "NotoKufiArabic-", "NotoNastaliqUrdu-"
	};
	char path[128], command[256], text[4096];
	struct card_face f = sample_face();
	f.name = "Maryam رستمی";
	pdf_of("default", &f, path);
	snprintf(command, sizeof(command), "pdffonts %s | tail -n +3", path);
	run("poppler-utils", command, text, sizeof(text));
	unsigned fonts = 0, latin = 0;
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"), fonts++) {
		bool known = false;
		for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
			known |= strstr(line, named[i]) != NULL;
		if (!known || strstr(line, " yes yes ") == NULL)
			fail_msg("a font of nobody's naming, or not embedded: %s", line);
		latin += strstr(line, "Quattrocento") != NULL;
	}
	assert_true(fonts >= 4);
	assert_true(latin > 0);
}

static void
the_pdf_says_the_texts_it_was_given(void **state)
{
	(void)state;
	char path[128], command[256], text[8192];
	struct card_face f = sample_face();
	f.name = "Anne <&> O'Neil";
	f.number_text = "6037 1245 9086 4517";
	f.valid_text = "Valid until 2027";
	pdf_of("default-en", &f, path);
	snprintf(command, sizeof(command), "pdftotext -f 1 -l 1 -layout %s -", path);
	run("poppler-utils", command, text, sizeof(text));
	assert_non_null(strstr(text, "Anne <&> O'Neil"));
	assert_non_null(strstr(text, "6037 1245 9086 4517"));
	assert_non_null(strstr(text, "Valid until 2027"));
	/* the placeholder's own words are gone, and the practice words are not shown */
	assert_null(strstr(text, "First and last name"));
	assert_null(strstr(text, "TEST CARD"));
}

static void
the_number_runs_left_to_right_in_persian_digits(void **state)
{
	(void)state;
	char path[128], command[256], text[8192];
	struct card_face f = sample_face();
	pdf_of("default", &f, path);
	/* -raw keeps the order of drawing, which is the order on the card for this run */
	snprintf(command, sizeof(command), "pdftotext -raw -f 1 -l 1 %s -", path);
	run("poppler-utils", command, text, sizeof(text));
	const char *first = strstr(text, "۶۰۳۷"), *last = strstr(text, "۴۵۱۷");
	if (first == NULL || last == NULL || first >= last)
		fail_msg("the number reads: %s", text);
}

static void
practice_words_are_shown_for_a_practice_club_only(void **state)
{
	(void)state;
	char path[128], command[256], text[8192];
	struct card_face f = sample_face();
	f.name = f.club_name = f.tier_label = f.valid_text = "x";
	for (int side = 1; side <= 2; side++) {
		for (int test = 0; test <= 1; test++) {
			f.test = test == 1;
			pdf_of("default-en", &f, path);
			snprintf(command, sizeof(command), "pdftocairo -svg -f %d -l %d %s - | md5sum", side, side, path);
			run("poppler-utils", command, text + 4096 * test, 4096);
		}
		assert_string_not_equal(text, text + 4096);
	}
}

static cairo_surface_t *
png_of(const char *design, const struct card_face *f, enum card_side side, unsigned dpi,
    char path[128])
{
	struct why w = { 0 };
	struct design *d = shipped(design);
	path_in(path, "card.png");
	expect(card_render_png(d, f, side, dpi, path, &w), &w, ERR_OK, MSG_NONE);
	design_free(&d);
	cairo_surface_t *s = cairo_image_surface_create_from_png(path);
	assert_int_equal(cairo_surface_status(s), CAIRO_STATUS_SUCCESS);
	return s;
}

static uint32_t
pixel(cairo_surface_t *s, int x, int y)
{
	uint32_t v;
	const unsigned char *p = cairo_image_surface_get_data(s);
	memcpy(&v, p + y * cairo_image_surface_get_stride(s) + 4 * x, sizeof(v));
	return v & 0xFFFFFF;
}

static void
a_png_has_all_pixels_the_card_touches_and_no_pale_edge(void **state)
{
	(void)state;
	char path[128];
	struct card_face f = sample_face();
	cairo_surface_t *s = png_of("default", &f, CARD_FRONT, 300, path);
	/* 85.60 mm at 300 dpi are 1011.02 pixels, 53.98 mm are 637.56 */
	int width = cairo_image_surface_get_width(s), height = cairo_image_surface_get_height(s);
	assert_int_equal(width, 1012);
	assert_int_equal(height, 638);
	for (int y = 0; y < height; y++)
		assert_int_equal(pixel(s, width - 1, y), pixel(s, width - 2, y));
	for (int x = 0; x < width; x++)
		assert_true((pixel(s, x, height - 1) & 0xFF) < 0xF0);
	cairo_surface_destroy(s);
}

static void
resolutions_out_of_reason_are_refused(void **state)
{
	(void)state;
	static const unsigned bad[] = { 0, CARD_DPI_MIN - 1, CARD_DPI_MAX + 1, 4000000000u };
	struct why w = { 0 };
	struct design *d = shipped("default");
	struct card_face f = sample_face();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect(card_render_png(d, &f, CARD_FRONT, bad[i], "x.png", &w), &w, ERR_RANGE, MSG_PNG_DPI);
	design_free(&d);
}

static void
the_code_is_read_back_at_each_resolution(void **state)
{
	(void)state;
	static const unsigned dpi[] = { 200, 300, 600 };
	static const char *const design[] = { "default", "default-en" };
	char path[128], command[256], text[512];
	struct card_face f = sample_face();
	for (size_t i = 0; i < 6; i++) {
		f.test = i % 2 == 0;
		cairo_surface_destroy(png_of(design[i / 3], &f, CARD_BACK, dpi[i % 3], path));
		snprintf(command, sizeof(command), "zbarimg --raw -q %s 2>/dev/null", path);
		run("zbar-tools", command, text, sizeof(text));
		assert_string_equal(text, SAMPLE_QR "\n");
	}
}

/* At 300 dpi the whole place of the code is black or white, no grey: modules stand on the dots. */
static void
the_code_is_crisp_at_300_dpi(void **state)
{
	(void)state;
	char path[128];
	struct card_face f = sample_face();
	cairo_surface_t *s = png_of("default", &f, CARD_BACK, 300, path);
	unsigned dark = 0;
	for (int y = 103; y < 407; y++) {
		for (int x = 101; x < 405; x++) {
			uint32_t v = pixel(s, x, y);
			assert_true(v == 0 || v == 0xFFFFFF);
			dark += v == 0;
		}
	}
	assert_true(dark > 20000);
	cairo_surface_destroy(s);
}

/* --- golden crops: the shapes of digits and the joins of letters, by picture */

#define PLAIN "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 85.6 53.98\">" \
	"<g font-family=\"%s\" direction=\"rtl\">" \
	"<text id=\"bg:number\" x=\"82\" y=\"12\" font-size=\"7\" data-bg-max-width=\"80\"/>" \
	"<text id=\"bg:name\" x=\"82\" y=\"26\" font-size=\"7\" data-bg-max-width=\"78\"/>" \
	"<text id=\"bg:tier\" x=\"82\" y=\"36\" font-size=\"4\" data-bg-max-width=\"78\"/>" \
	"<text id=\"bg:valid\" x=\"82\" y=\"44\" font-size=\"4\" data-bg-max-width=\"78\"/></g>" \
	"<rect id=\"bg:qr\" x=\"1\" y=\"30\" width=\"20\" height=\"20\"/><g id=\"bg:test\"/></svg>"

/* A white card with the texts only, 100 dpi, in that font. */
static cairo_surface_t *
plain_in(const char *font, char path[128])
{
	struct why w = { 0 };
	struct design *d = NULL;
	char svg[2048];
	struct card_face f = sample_face();
	f.qr_text = NULL;
	f.number_text = "۰۱۲۳ ۴۵۶۷ ۸۹۰۴ ۵۶۷۰";
	snprintf(svg, sizeof(svg), PLAIN, font);
	expect(design_parse("plain", svg, svg, &d, &w), &w, ERR_OK, MSG_NONE);
	path_in(path, "plain.png");
	expect(card_render_png(d, &f, CARD_FRONT, 100, path, &w), &w, ERR_OK, MSG_NONE);
	design_free(&d);
	return cairo_image_surface_create_from_png(path);
}

/* How much ink differs, in thousandths of the ink of `b`; slight shifts of shade are forgiven. */
static unsigned
difference(cairo_surface_t *a, cairo_surface_t *b)
{
	unsigned differ = 0, ink = 0;
	for (int y = 0; y < cairo_image_surface_get_height(b); y++) {
		for (int x = 0; x < cairo_image_surface_get_width(b); x++) {
			int va = (int)(pixel(a, x, y) & 0xFF), vb = (int)(pixel(b, x, y) & 0xFF);
			ink += vb < 128;
			differ += abs(va - vb) > 80;
		}
	}
	return ink == 0 ? 1000 : differ * 1000 / ink;
}

static void
digits_and_letters_look_as_a_persian_reader_approved(void **state)
{
	(void)state;
	char path[128];
	cairo_surface_t *golden = cairo_image_surface_create_from_png("tests/printer/golden/plain.png");
	assert_int_equal(cairo_surface_status(golden), CAIRO_STATUS_SUCCESS);
	cairo_surface_t *now = plain_in("Noto Sans Arabic", path);
	assert_int_equal(cairo_image_surface_get_width(now), cairo_image_surface_get_width(golden));
	assert_int_equal(cairo_image_surface_get_height(now), cairo_image_surface_get_height(golden));
	unsigned d = difference(now, golden);
	if (d > 50)
		fail_msg("%u thousandths of the ink differ", d);
	cairo_surface_destroy(now);
	/* the measure tells: another font's digits are another picture */
	now = plain_in("Noto Naskh Arabic", path);
	assert_true(difference(now, golden) > 300);
	cairo_surface_destroy(now);
	cairo_surface_destroy(golden);
}

/* --- narrowed texts stay where they were anchored */

/* Left and right edge of all ink, in millimetres, of a name in a room of `room` millimetres. */
static void
ink_of_name(const char *anchor, double room, double *left, double *right)
{
	struct why w = { 0 };
	struct design *d = NULL;
	char svg[2048], name[256], path[128];
	struct card_face f = { .name = "سید محمدحسین میرمحمدصادقی‌نژاد" };
	const char *at = strstr(PLAIN, "<text id=\"bg:name\"");
	const char *rest = strstr(at, "<text id=\"bg:tier\"");
	snprintf(name, sizeof(name), "<text id=\"bg:name\" y=\"26\" %s font-size=\"4\" "
	    "data-bg-min-size=\"4\" data-bg-max-width=\"%.2f\"/>", anchor, room);
	int len = snprintf(svg, sizeof(svg), "%.*s%s%s", (int)(at - PLAIN), PLAIN, name, rest);
	char *family = strstr(svg, "%s");
	memmove(family + strlen("Noto Sans Arabic"), family + 2, (size_t)(svg + len - family) - 1);
	memcpy(family, "Noto Sans Arabic", strlen("Noto Sans Arabic"));
	expect(design_parse("narrow", svg, svg, &d, &w), &w, ERR_OK, MSG_NONE);
	path_in(path, "narrow.png");
	expect(card_render_png(d, &f, CARD_FRONT, 254, path, &w), &w, ERR_OK, MSG_NONE);
	design_free(&d);
	cairo_surface_t *s = cairo_image_surface_create_from_png(path);
	*left = *right = -1;
	for (int x = 0; x < cairo_image_surface_get_width(s); x++)
		for (int y = 0; y < cairo_image_surface_get_height(s); y++)
			if ((pixel(s, x, y) & 0xFF) < 128) {
				*left = *right < 0 ? x / 10.0 : *left;
				*right = x / 10.0;
			}
	cairo_surface_destroy(s);
}

static void
a_narrowed_name_stays_at_its_anchor(void **state)
{
	(void)state;
	/* which of the edges the anchor holds: 0 the left, 1 the right, .5 the middle */
	static const struct { const char *anchor; double held; } by[] = {
		{ "x=\"82\"", 1 },
		{ "x=\"10\" text-anchor=\"end\"", 0 },
		{ "x=\"42\" text-anchor=\"middle\"", .5 },
		{ "x=\"82\" direction=\"ltr\" text-anchor=\"end\"", 1 },
		{ "x=\"10\" direction=\"ltr\"", 0 }
	};
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		double left, right, l, r;
		ink_of_name(by[i].anchor, 78, &left, &right);
		ink_of_name(by[i].anchor, .85 * (right - left), &l, &r);
		double was = left + by[i].held * (right - left), is = l + by[i].held * (r - l);
		if ((r - l) > .9 * (right - left) || is - was > .4 || was - is > .4)
			fail_msg("%s: %.1f..%.1f mm became %.1f..%.1f", by[i].anchor, left, right, l, r);
	}
}

/* --- no room */

static void
without_room_no_half_picture_is_left_and_the_old_one_stands(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct design *d = shipped("default");
	struct card_face f = sample_face();
	struct rlimit was, small;
	char path[128], command[256], before[256], after[256];
	path_in(path, "kept.pdf");
	expect(card_render_pdf(d, &f, path, &w), &w, ERR_OK, MSG_NONE);
	snprintf(command, sizeof(command), "md5sum %s/kept*", folder);
	run("coreutils", command, before, sizeof(before));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	f.name = "نام دیگر";
	enum err e = card_render_pdf(d, &f, path, &w);
	enum err e2 = card_render_png(d, &f, CARD_FRONT, 300, path, &w);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_true(e == ERR_DISK_FULL || e == ERR_IO);
	assert_true(e2 == ERR_DISK_FULL || e2 == ERR_IO);
	run("coreutils", command, after, sizeof(after));
	assert_string_equal(before, after);
	design_free(&d);
}

static void
a_folder_that_is_not_there_is_named(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct design *d = shipped("default");
	struct card_face f = sample_face();
	expect(card_render_pdf(d, &f, "/nowhere/card.pdf", &w), &w, ERR_MISSING, MSG_FILE_MISSING);
	f.name = "😀";
	expect(card_render_pdf(d, &f, "/nowhere/card.pdf", &w), &w, ERR_FONT, MSG_FONT_NO_CHARACTER);
	design_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pdf_has_two_pages_of_a_cards_exact_size),
		cmocka_unit_test(the_pdf_holds_the_designs_fonts_and_no_others_all_embedded),
		cmocka_unit_test(the_pdf_says_the_texts_it_was_given),
		cmocka_unit_test(the_number_runs_left_to_right_in_persian_digits),
		cmocka_unit_test(practice_words_are_shown_for_a_practice_club_only),
		cmocka_unit_test(a_png_has_all_pixels_the_card_touches_and_no_pale_edge),
		cmocka_unit_test(resolutions_out_of_reason_are_refused),
		cmocka_unit_test(the_code_is_read_back_at_each_resolution),
		cmocka_unit_test(the_code_is_crisp_at_300_dpi),
		cmocka_unit_test(digits_and_letters_look_as_a_persian_reader_approved),
		cmocka_unit_test(a_narrowed_name_stays_at_its_anchor),
		cmocka_unit_test(without_room_no_half_picture_is_left_and_the_old_one_stands),
		cmocka_unit_test(a_folder_that_is_not_there_is_named)
	};
	return cmocka_run_group_tests(tests, begin, end);
}
