/*
 * The page that goes to a printer, drawn by the two programs that CUPS's filters draw with, is the
 * picture the station shows: a paint that one of them does not know would ruin every card.
 */
#include <cairo.h>

#include "tests/printer/sample.h"

#define DPI   200
#define CELL  8		/* pixels: finer differences are each program's own way with edges */
#define SHADE 48	/* of 255, a cell's mean may be off by */
#define SHARE 60	/* cells of ten thousand that may be further off */

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

static cairo_surface_t *
picture(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	cairo_surface_t *s = cairo_image_surface_create_from_png(path);
	if (cairo_surface_status(s) != CAIRO_STATUS_SUCCESS)
		fail_msg("%s: %s", path, cairo_status_to_string(cairo_surface_status(s)));
	return s;
}

/* The mean of one colour over a cell. */
static int
mean(cairo_surface_t *s, int x, int y, int colour)
{
	const unsigned char *p = cairo_image_surface_get_data(s);
	const int stride = cairo_image_surface_get_stride(s);
	int sum = 0;
	for (int dy = 0; dy < CELL; dy++)
		for (int dx = 0; dx < CELL; dx++)
			sum += p[(y + dy) * stride + 4 * (x + dx) + colour];
	return sum / (CELL * CELL);
}

static bool
cell_differs(cairo_surface_t *a, cairo_surface_t *b, int x, int y)
{
	for (int c = 0; c < 3; c++)
		if (abs(mean(a, x, y, c) - mean(b, x, y, c)) > SHADE)
			return true;
	return false;
}

/* Cells of ten thousand that differ. */
static unsigned
difference(const char *ours, const char *theirs)
{
	cairo_surface_t *a = picture(ours), *b = picture(theirs);
	unsigned cells = 0, differ = 0;
	const int width = cairo_image_surface_get_width(a), height = cairo_image_surface_get_height(a);
	assert_in_range(cairo_image_surface_get_width(b) + 1, width, width + 2);
	assert_in_range(cairo_image_surface_get_height(b) + 1, height, height + 2);
	/* the last cells may have a pixel less in one of them */
	for (int y = 0; y + CELL < height; y += CELL) {
		for (int x = 0; x + CELL < width; x += CELL) {
			cells++;
			differ += cell_differs(a, b, x, y);
		}
	}
	cairo_surface_destroy(a);
	cairo_surface_destroy(b);
	return differ * 10000 / cells;
}

static void
draw_ours(const char *name, const struct card_face *f)
{
	struct design *d = shipped(name);
	struct why w = { 0 };
	char path[128];
	for (int side = CARD_FRONT; side <= CARD_BACK; side++) {
		snprintf(path, sizeof(path), "%s/ours-%d.png", folder, side + 1);
		expect(card_render_png(d, f, (enum card_side)side, DPI, path, &w), &w, ERR_OK, MSG_NONE);
	}
	snprintf(path, sizeof(path), "%s/card.pdf", folder);
	expect(card_render_pdf(d, f, path, &w), &w, ERR_OK, MSG_NONE);
	design_free(&d);
}

static void
compare(const char *name, const char *package, const char *program)
{
	char command[320], out[64], ours[32], theirs[32];
	snprintf(command, sizeof(command), "cd %s && %s", folder, program);
	run(package, command, out, sizeof(out));
	for (int page = 1; page <= 2; page++) {
		snprintf(ours, sizeof(ours), "ours-%d.png", page);
		snprintf(theirs, sizeof(theirs), "theirs-%d.png", page);
		unsigned d = difference(ours, theirs);
		if (d > SHARE)
			fail_msg("%s, page %d: %u of 10,000 cells are drawn otherwise by %s", name, page, d, package);
	}
}

/* The other programs' names for the first page's file are as ours. */
#define POPPLER "pdftoppm -r 200 -png card.pdf theirs"
#define GHOSTSCRIPT "gs -q -dSAFER -dNOPAUSE -dBATCH -sDEVICE=png16m -r200 -dTextAlphaBits=4 -dGraphicsAlphaBits=4 " \
	"-sOutputFile=theirs-%d.png card.pdf"

static void
are_drawn_alike(size_t from, size_t to)
{
	struct card_face f = sample_face();
	f.test = true;
	f.dpi = DPI;
	for (size_t i = from; i < to; i++) {
		draw_ours(shipped_names[i], &f);
		compare(shipped_names[i], "poppler-utils", POPPLER);
		compare(shipped_names[i], "ghostscript", GHOSTSCRIPT);
	}
}

static void
the_persian_designs_are_drawn_alike_by_poppler_and_ghostscript(void **state)
{
	(void)state;
	are_drawn_alike(0, FAMILY / 2);
}

static void
the_english_designs_are_drawn_alike_by_poppler_and_ghostscript(void **state)
{
	(void)state;
	are_drawn_alike(FAMILY / 2, FAMILY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_persian_designs_are_drawn_alike_by_poppler_and_ghostscript),
		cmocka_unit_test(the_english_designs_are_drawn_alike_by_poppler_and_ghostscript),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
