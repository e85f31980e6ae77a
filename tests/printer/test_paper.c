/* Sheets of ten cards and slips of thermal paper: what is on them, dot by dot. */
#include <cairo.h>

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

/* --- slips */

static struct slip *
sample_slip(bool rtl)
{
	struct why w = { 0 };
	struct slip *s;
	expect(slip_new(rtl, &s, &w), &w, ERR_OK, MSG_NONE);
	expect(slip_text(s, SLIP_LARGE, SLIP_MIDDLE, rtl ? "باشگاه کتاب گلستان" : "Golestan Book Club", &w),
	    &w, ERR_OK, MSG_NONE);
	expect(slip_rule(s, &w), &w, ERR_OK, MSG_NONE);
	expect(slip_text(s, SLIP_NORMAL, SLIP_START, rtl ? "مریم رستمی‌نژاد عزیز، به باشگاه خوش آمدید." :
	    "Dear Maryam Rostaminejad, welcome to the club.", &w), &w, ERR_OK, MSG_NONE);
	expect(slip_pair(s, SLIP_NORMAL, rtl ? "شمارهٔ کارت" : "Card", rtl ? "۶۰۳۷ ۱۲۴۵ ۹۰۸۶ ۴۵۱۷" :
	    "6037 1245 9086 4517", &w), &w, ERR_OK, MSG_NONE);
	expect(slip_pair(s, SLIP_NORMAL, rtl ? "مانده" : "Balance", rtl ? "۵۰٬۰۰۰ تومان" : "50,000 toman", &w),
	    &w, ERR_OK, MSG_NONE);
	expect(slip_text(s, SLIP_SMALL, SLIP_END, rtl ? "۱ آذر ۱۴۰۵، ساعت ۱۴:۰۵" : "22 Nov 2026, 14:05", &w),
	    &w, ERR_OK, MSG_NONE);
	expect(slip_code(s, SAMPLE_QR, &w), &w, ERR_OK, MSG_NONE);
	return s;
}

/* Thousandths of the golden's black dots that differ. */
static unsigned
differs(struct slip *s, const char *golden)
{
	cairo_surface_t *g = cairo_image_surface_create_from_png(golden);
	unsigned wrong = 0, ink = 0;
	if (cairo_surface_status(g) != CAIRO_STATUS_SUCCESS ||
	    cairo_image_surface_get_height(g) != (int)slip_rows(s)) {
		cairo_surface_destroy(g);
		return 1000;
	}
	const unsigned char *p = cairo_image_surface_get_data(g);
	size_t stride = (size_t)cairo_image_surface_get_stride(g);
	for (unsigned y = 0; y < slip_rows(s); y++)
		for (unsigned x = 0; x < SLIP_DOTS; x++) {
			bool black = p[y * stride + 4 * (size_t)x] < 128;
			ink += black;
			wrong += black != slip_dot(s, x, y);
		}
	cairo_surface_destroy(g);
	return ink == 0 ? 1000 : wrong * 1000 / ink;
}

static void
a_slip_looks_as_a_persian_reader_approved(void **state)
{
	(void)state;
	static const char *const golden[] = { "tests/printer/golden/slip-en.png",
		"tests/printer/golden/slip-fa.png" };
	for (int rtl = 0; rtl < 2; rtl++) {
		struct why w = { 0 };
		char path[128];
		struct slip *s = sample_slip(rtl != 0);
		path_in(path, rtl ? "slip-fa.png" : "slip-en.png");
		expect(slip_write_png(s, path, &w), &w, ERR_OK, MSG_NONE);
		unsigned d = differs(s, golden[rtl]);
		if (d > 30)
			fail_msg("%s: %u thousandths of the dots differ", golden[rtl], d);
		/* the measure tells: the other language is another picture */
		assert_true(differs(s, golden[!rtl]) > 300);
		slip_free(&s);
		assert_null(s);
	}
}

static void
the_code_on_a_slip_is_read(void **state)
{
	(void)state;
	struct why w = { 0 };
	char path[128], command[256], out[256];
	struct slip *s = sample_slip(true);
	path_in(path, "code.png");
	expect(slip_write_png(s, path, &w), &w, ERR_OK, MSG_NONE);
	snprintf(command, sizeof(command), "zbarimg -q --raw %s 2>/dev/null", path);
	run("zbar-tools", command, out, sizeof(out));
	assert_string_equal(out, SAMPLE_QR "\n");
	slip_free(&s);
}

static void
escpos_carries_the_same_dots_in_bands_and_cuts(void **state)
{
	(void)state;
	struct why w = { 0 };
	uint8_t *p;
	size_t len, at = 2;
	unsigned row = 0;
	struct slip *s = sample_slip(true);
	expect(slip_escpos(s, &p, &len, &w), &w, ERR_OK, MSG_NONE);
	assert_memory_equal(p, "\x1b@", 2);
	while (at + 8 <= len && memcmp(p + at, "\x1dv0", 3) == 0) {
		unsigned rows = p[at + 6] + 256u * p[at + 7];
		assert_int_equal(p[at + 4] + 256 * p[at + 5], SLIP_DOTS / 8);
		assert_in_range(rows, 1, 128);
		at += 8;
		for (unsigned y = 0; y < rows; y++, row++)
			for (unsigned x = 0; x < SLIP_DOTS; x++)
				if (slip_dot(s, x, row) != ((p[at + y * 72 + x / 8] & 0x80 >> x % 8) != 0))
					fail_msg("the dot %u of row %u is another", x, row);
		at += (size_t)rows * 72;
	}
	assert_int_equal(row, slip_rows(s));
	assert_int_equal(len - at, 7);
	assert_memory_equal(p + at, "\x1b" "d\x04\x1dV\x42\x00", 7);
	free(p);
	slip_free(&s);
}

static void
a_page_of_a_slip_is_80_mm_wide_and_as_long_as_it_is(void **state)
{
	(void)state;
	struct why w = { 0 };
	char path[128], command[256], out[1024];
	double width, height;
	struct slip *s = sample_slip(true);
	path_in(path, "slip.pdf");
	expect(slip_write_pdf(s, path, &w), &w, ERR_OK, MSG_NONE);
	snprintf(command, sizeof(command), "pdfinfo %s", path);
	run("poppler-utils", command, out, sizeof(out));
	assert_non_null(strstr(out, "Page size:"));
	assert_int_equal(sscanf(strstr(out, "Page size:"), "Page size: %lf x %lf", &width, &height), 2);
	assert_in_range(width * 1000, 226700, 226800);
	assert_in_range(height / 72 * 203, slip_rows(s) - 1, slip_rows(s) + 1);
	slip_free(&s);
}

static void
lines_start_at_the_side_of_their_language(void **state)
{
	(void)state;
	for (int rtl = 0; rtl < 2; rtl++) {
		struct why w = { 0 };
		struct slip *s;
		unsigned ink[2] = { 0 };
		expect(slip_new(rtl != 0, &s, &w), &w, ERR_OK, MSG_NONE);
		/* Latin words on a Persian slip start at its right, too */
		expect(slip_text(s, SLIP_NORMAL, SLIP_START, "Maryam", &w), &w, ERR_OK, MSG_NONE);
		for (unsigned y = 0; y < slip_rows(s); y++)
			for (unsigned x = 0; x < SLIP_DOTS; x++)
				ink[x >= SLIP_DOTS / 2] += slip_dot(s, x, y);
		assert_int_equal(ink[!rtl], 0);
		assert_true(ink[rtl] > 100);
		slip_free(&s);
	}
}

static void
what_cannot_be_printed_is_refused(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct slip *s;
	expect(slip_new(true, &s, &w), &w, ERR_OK, MSG_NONE);
	expect(slip_text(s, SLIP_NORMAL, SLIP_START, "تولدت مبارک 🎂", &w), &w, ERR_FONT, MSG_FONT_NO_CHARACTER);
	expect(slip_text(s, SLIP_NORMAL, SLIP_START, "دو\nسطر", &w), &w, ERR_FORMAT, MSG_CARD_TEXT_CONTROL);
	expect(slip_space(s, SLIP_ROWS_MAX + 1, &w), &w, ERR_LEN, MSG_SLIP_TOO_LONG);
	assert_int_equal(slip_rows(s), 0);
	slip_free(&s);
}

static void
a_word_longer_than_the_paper_is_broken_not_cut(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct slip *s;
	char long_word[400];
	expect(slip_new(false, &s, &w), &w, ERR_OK, MSG_NONE);
	memset(long_word, 'm', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	/* a word longer than the paper is broken, not cut */
	expect(slip_text(s, SLIP_NORMAL, SLIP_START, long_word, &w), &w, ERR_OK, MSG_NONE);
	assert_true(slip_rows(s) > 300);
	slip_free(&s);
}

/* --- sheets */

static struct card_face faces[12];
static struct sheet_card cards[12];
static struct design *design;

static void
fill_cards(void)
{
	static const char *const names[] = { "یک نفر", "دو نفر", "سه نفر", "چهار نفر", "پنج نفر", "شش نفر",
		"هفت نفر", "هشت نفر", "نه نفر", "ده نفر", "یازده نفر", "دوازده نفر" };
	static char codes[12][64];
	design = shipped("default");
	for (size_t i = 0; i < 12; i++) {
		faces[i] = sample_face();
		faces[i].name = names[i];
		snprintf(codes[i], sizeof(codes[i]), "https://GOLESTAN.EXAMPLE.IR/C/%026zu", i);
		faces[i].qr_text = codes[i];
		cards[i] = (struct sheet_card){ design, &faces[i] };
	}
}

static unsigned
green(cairo_surface_t *s, double x_mm, double y_mm)
{
	int x = (int)(x_mm * 10), y = (int)(y_mm * 10);
	const unsigned char *p = cairo_image_surface_get_data(s);
	return p[y * cairo_image_surface_get_stride(s) + 4 * x + 1];
}

static void
ten_cards_lie_on_a_sheet_with_marks_outside_them(void **state)
{
	(void)state;
	struct why w = { 0 };
	char path[128];
	fill_cards();
	path_in(path, "front.png");
	/* 10 dots a millimetre */
	expect(sheet_render_png(cards, 10, CARD_FRONT, 254, path, &w), &w, ERR_OK, MSG_NONE);
	cairo_surface_t *s = cairo_image_surface_create_from_png(path);
	assert_int_equal(cairo_image_surface_get_width(s), 2100);
	assert_int_equal(cairo_image_surface_get_height(s), 2970);
	for (unsigned i = 0; i < 10; i++) {
		double x = 14.4 + (i % 2) * 95.6, y = 5.55 + (i / 2) * 57.98;
		/* ink to the edge and a little over it, none further out but the marks */
		assert_int_not_equal(green(s, x + 0.3, y + 0.3), 255);
		assert_int_not_equal(green(s, x - 0.5, y + 27), 255);
		assert_int_equal(green(s, x - 1.15, y + 27), 255);
		assert_int_equal(green(s, x + 42, y - 1.15), 255);
		assert_true(green(s, x - 3, y - 0.01) < 200 || green(s, x - 3, y + 0.05) < 200);
		assert_true(green(s, x + 88.6, y - 0.01) < 200 || green(s, x + 88.6, y + 0.05) < 200);
	}
	cairo_surface_destroy(s);
	design_free(&design);
}

static void
the_back_of_each_card_lies_behind_its_front(void **state)
{
	(void)state;
	struct why w = { 0 };
	char path[128], one[128], command[256], out[256];
	fill_cards();
	path_in(path, "back.png");
	path_in(one, "one.png");
	expect(sheet_render_png(cards, 10, CARD_BACK, 200, path, &w), &w, ERR_OK, MSG_NONE);
	cairo_surface_t *s = cairo_image_surface_create_from_png(path);
	for (unsigned i = 0; i < 10; i++) {
		/* seen from behind, the left column is at the right */
		double x = 14.4 + (1 - i % 2) * 95.6, y = 5.55 + (i / 2) * 57.98, dot = 200 / 25.4;
		cairo_surface_t *card = cairo_surface_create_for_rectangle(s, x * dot, y * dot, 85.6 * dot,
		    53.98 * dot);
		assert_int_equal(cairo_surface_write_to_png(card, one), CAIRO_STATUS_SUCCESS);
		cairo_surface_destroy(card);
		snprintf(command, sizeof(command), "zbarimg -q --raw %s 2>/dev/null", one);
		run("zbar-tools", command, out, sizeof(out));
		out[strcspn(out, "\n")] = '\0';
		assert_string_equal(out, faces[i].qr_text);
	}
	cairo_surface_destroy(s);
	design_free(&design);
}

static void
twelve_cards_make_two_sheets_of_two_pages(void **state)
{
	(void)state;
	struct why w = { 0 };
	char path[128], command[256], out[1024];
	fill_cards();
	path_in(path, "sheet.pdf");
	expect(sheet_render_pdf(cards, 12, path, &w), &w, ERR_OK, MSG_NONE);
	snprintf(command, sizeof(command), "pdfinfo %s", path);
	run("poppler-utils", command, out, sizeof(out));
	assert_non_null(strstr(out, "Pages:           4"));
	assert_non_null(strstr(out, "(A4)"));
	expect(sheet_render_pdf(cards, 0, path, &w), &w, ERR_RANGE, MSG_SHEET_COUNT);
	expect(sheet_render_pdf(cards, SHEET_CARDS_MAX + 1, path, &w), &w, ERR_RANGE, MSG_SHEET_COUNT);
	design_free(&design);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slip_looks_as_a_persian_reader_approved),
		cmocka_unit_test(the_code_on_a_slip_is_read),
		cmocka_unit_test(escpos_carries_the_same_dots_in_bands_and_cuts),
		cmocka_unit_test(a_page_of_a_slip_is_80_mm_wide_and_as_long_as_it_is),
		cmocka_unit_test(lines_start_at_the_side_of_their_language),
		cmocka_unit_test(what_cannot_be_printed_is_refused),
		cmocka_unit_test(a_word_longer_than_the_paper_is_broken_not_cut),
		cmocka_unit_test(ten_cards_lie_on_a_sheet_with_marks_outside_them),
		cmocka_unit_test(the_back_of_each_card_lies_behind_its_front),
		cmocka_unit_test(twelve_cards_make_two_sheets_of_two_pages)
	};
	return cmocka_run_group_tests(tests, begin, end);
}
