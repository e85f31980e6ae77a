/*
 * Pictures that a Persian reader approved, compared by pixels: every shipped design, and
 * words of all kinds. They are the ones that docs/printing.md shows.
 */
#include <cairo/cairo.h>
#include <glib.h>

#include "printer/words.h"
#include "tests/printer/sample.h"

#define DPI 120
#define GAP 12		/* pixels between cards on a sheet */
/* Of 255: what another processor may round differently is less. */
#define SHADE 24
/* And so are, of ten thousand pixels, those that differ more. */
#define SHARE 5u

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

/* --- sheets of cards */

struct sheet {
	cairo_surface_t *s;
	cairo_t *cr;
	int columns, count, card_width, card_height;
};

static void
sheet_open(struct sheet *h, int columns, int rows)
{
	*h = (struct sheet){ .columns = columns, .card_width = 405, .card_height = 256 };
	h->s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, columns * (h->card_width + GAP) + GAP,
	    rows * (h->card_height + GAP) + GAP);
	h->cr = cairo_create(h->s);
	cairo_set_source_rgb(h->cr, 0.93, 0.93, 0.92);
	cairo_paint(h->cr);
}

static void
sheet_put(struct sheet *h, const struct design *d, const struct card_face *f, enum card_side side)
{
	struct why w = { 0 };
	char path[128];
	snprintf(path, sizeof(path), "%s/card.png", folder);
	expect(card_render_png(d, f, side, DPI, path, &w), &w, ERR_OK, MSG_NONE);
	cairo_surface_t *card = cairo_image_surface_create_from_png(path);
	assert_int_equal(cairo_image_surface_get_width(card), h->card_width);
	assert_int_equal(cairo_image_surface_get_height(card), h->card_height);
	cairo_set_source_surface(h->cr, card, GAP + h->count % h->columns * (h->card_width + GAP),
	    GAP + h->count / h->columns * (h->card_height + GAP));
	cairo_paint(h->cr);
	cairo_surface_destroy(card);
	h->count++;
}

static int
channel(cairo_surface_t *s, int x, int y, int c)
{
	return cairo_image_surface_get_data(s)[y * cairo_image_surface_get_stride(s) + 4 * x + c];
}

/* How many of ten thousand pixels differ by more than a shade. */
static unsigned
difference(cairo_surface_t *a, cairo_surface_t *b)
{
	uint64_t differ = 0;
	int width = cairo_image_surface_get_width(a), height = cairo_image_surface_get_height(a);
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++) {
			bool far = false;
			for (int c = 0; c < 3; c++)
				far |= abs(channel(a, x, y, c) - channel(b, x, y, c)) > SHADE;
			differ += far;
		}
	}
	return (unsigned)(differ * 10000 / ((uint64_t)width * (uint64_t)height));
}

/* With GOLDEN=new in the environment the picture is made anew, for a reader to look at. */
static void
sheet_compare(struct sheet *h, const char *golden)
{
	const char *mode = getenv("GOLDEN");
	char command[320];
	cairo_destroy(h->cr);
	snprintf(command, sizeof(command), "%s/%s", folder, strrchr(golden, '/') + 1);
	assert_int_equal(cairo_surface_write_to_png(h->s, mode != NULL && strcmp(mode, "new") == 0 ?
	    golden : command), CAIRO_STATUS_SUCCESS);
	cairo_surface_t *was = cairo_image_surface_create_from_png(golden);
	assert_int_equal(cairo_surface_status(was), CAIRO_STATUS_SUCCESS);
	assert_int_equal(cairo_image_surface_get_width(was), cairo_image_surface_get_width(h->s));
	assert_int_equal(cairo_image_surface_get_height(was), cairo_image_surface_get_height(h->s));
	unsigned d = difference(h->s, was);
	cairo_surface_destroy(was);
	cairo_surface_destroy(h->s);
	if (d > SHARE)
		fail_msg("%u of 10,000 pixels are not those of %s", d, golden);
}

/* --- every design */

static const char *
label_of(const char *design, bool en)
{
	static const struct { const char *id, *fa, *en; } label[] = {
		{ "bronze", "برنزی", "Bronze" }, { "silver", "نقره‌ای", "Silver" }, { "gold", "طلایی", "Gold" },
		{ "vip", "ویژه", "VIP" }, { "", "پایه", "Basic" }
	};
	size_t i = 0;
	while (strstr(design, label[i].id) == NULL)
		i++;
	return en ? label[i].en : label[i].fa;
}

static void
draw_family(size_t from, const char *golden, const struct card_face *words, bool en)
{
	struct sheet h;
	sheet_open(&h, 4, 4);
	for (size_t i = from; i < from + FAMILY / 2; i++) {
		struct design *d = shipped(shipped_names[i]);
		struct card_face f = *words;
		f.tier_label = label_of(shipped_names[i], en);
		sheet_put(&h, d, &f, CARD_FRONT);
		sheet_put(&h, d, &f, CARD_BACK);
		design_free(&d);
	}
	sheet_compare(&h, golden);
}

static void
the_persian_designs_look_as_approved(void **state)
{
	(void)state;
	struct card_face f = sample_face();
	f.club_name = "جواهری گلستان";
	draw_family(0, "docs/images/designs-fa.png", &f, false);
}

static void
the_english_designs_look_as_approved(void **state)
{
	(void)state;
	struct card_face f = sample_face();
	f.name = "Maryam Rostami";
	f.number_text = "6037 1245 9086 4517";
	f.valid_text = "Valid until 23 October 2027";
	f.club_name = "Golestan Jewellery";
	draw_family(FAMILY / 2, "docs/images/designs-en.png", &f, true);
}

/* --- words */

#define PLAIN "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 85.6 53.98\">" \
	"<g font-family=\"Amiri, Quattrocento\" direction=\"rtl\">" \
	"<text id=\"bg:name\" x=\"80\" y=\"12\" font-size=\"7\" data-bg-max-width=\"74\" data-bg-min-size=\"5\"/>" \
	"<text id=\"bg:number\" x=\"80\" y=\"22\" font-size=\"5\" data-bg-max-width=\"74\"/>" \
	"<text id=\"bg:tier\" x=\"80\" y=\"31\" font-size=\"5\" data-bg-max-width=\"74\"/>" \
	"<text id=\"bg:valid\" x=\"80\" y=\"40\" font-size=\"5\" data-bg-max-width=\"74\"/>" \
	"<text id=\"bg:club\" x=\"80\" y=\"49\" font-size=\"5\" data-bg-max-width=\"74\"/></g>" \
	"<rect id=\"bg:qr\" x=\"1\" y=\"26\" width=\"20\" height=\"20\"/><g id=\"bg:test\"/></svg>"

static const struct card_face words[] = {
	/* joined, with a zero-width non-joiner; Persian 4 6 7; a day of the Solar Hijri calendar */
	{ .name = "مریم رستمی‌نژاد", .number_text = "۰۱۲۳ ۴۵۶۷ ۸۹۴۶ ۷۴۶۷", .tier_label = "نقره‌ای، می‌شود، خانه‌ها",
	  .valid_text = "اعتبار تا ۳۰ مهر ۱۴۰۶", .club_name = "فروشگاه گلستان، شعبهٔ ۴" },
	/* Latin and digits among Persian; phones and codes in their own order */
	{ .name = "سارا O’Neil احمدی", .number_text = "AB-12 34 CD", .tier_label = "تلفن ۰۲۱-۸۸۷۷ ۶۶۵۵ داخلی ۱۲",
	  .valid_text = "همراه +98 912 123 4567 و بس", .club_name = "کافه Golestan، از سال ۱۳۷۴" },
	/* smaller, then narrower, never cut */
	{ .name = "سید محمدرضا حسینی طباطبایی", .number_text = "6037 1245 9086 4517",
	  .tier_label = "مُحَمَّد، فِردوسی، پژوهش", .valid_text = "۱۴۰۶/۰۷/۳۰", .club_name = "گ چ پ ژ ک ی ۀ هٔ ء أ ؤ" },
	{ .name = "سید محمدحسین میرمحمدصادقی‌نژاد اصفهانی", .number_text = "۶۰۳۷ ۱۲۴۵ ۹۰۸۶ ۴۵۱۷",
	  .tier_label = "الله، لا، لله", .valid_text = "Valid until 23 October 2027", .club_name = "Anne-Élise Müller" },
};

static void
words_of_all_kinds_look_as_approved(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct design *d = NULL;
	struct sheet h;
	expect(design_parse("plain", PLAIN, PLAIN, &d, &w), &w, ERR_OK, MSG_NONE);
	sheet_open(&h, 2, 2);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		sheet_put(&h, d, &words[i], CARD_FRONT);
	design_free(&d);
	sheet_compare(&h, "docs/images/card-words.png");
}

/* The measure tells: the phone in the order that right-to-left words would give it is another picture. */
static void
one_number_in_another_order_is_another_picture(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct design *d = NULL;
	struct sheet a, b;
	struct card_face f = words[1];
	expect(design_parse("plain", PLAIN, PLAIN, &d, &w), &w, ERR_OK, MSG_NONE);
	sheet_open(&a, 1, 1);
	sheet_open(&b, 1, 1);
	sheet_put(&a, d, &f, CARD_FRONT);
	f.tier_label = "تلفن ۶۶۵۵ ۸۸۷۷-۰۲۱ داخلی ۱۲";
	sheet_put(&b, d, &f, CARD_FRONT);
	assert_true(difference(a.s, b.s) > 4 * SHARE);
	cairo_destroy(a.cr), cairo_surface_destroy(a.s);
	cairo_destroy(b.cr), cairo_surface_destroy(b.s);
	design_free(&d);
}

static void
numbers_in_groups_are_isolated_and_nothing_else_is(void **state)
{
	(void)state;
	static const struct { const char *in, *out; } by[] = {
		{ "", "" }, { "مریم", "مریم" }, { "علی (رضا) ۱۲", "علی (رضا) ۱۲" }, { "۱۲", "۱۲" },
		{ "تلفن ۰۲۱ ۸۸۷۷", "تلفن \u2066۰۲۱ ۸۸۷۷\u2069" }, { "۰۲۱-۸۸۷۷ ۶۶۵۵", "\u2066۰۲۱-۸۸۷۷ ۶۶۵۵\u2069" },
		{ "+98 21", "\u2066+98 21\u2069" }, { "+98", "\u2066+98\u2069" }, { "+", "+" }, { "۲ + ۳", "۲ + ۳" },
		{ "۱۴۰۶/۰۷/۳۰ تا", "\u2066۱۴۰۶/۰۷/۳۰\u2069 تا" }, { "۱۲ تا ۱۴", "۱۲ تا ۱۴" }, { "12.", "12." },
		{ "٠١ ٢٣", "\u2066٠١ ٢٣\u2069" }
	};
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		char *out = words_isolate(by[i].in);
		assert_string_equal(out, by[i].out);
		g_free(out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_persian_designs_look_as_approved),
		cmocka_unit_test(the_english_designs_look_as_approved),
		cmocka_unit_test(words_of_all_kinds_look_as_approved),
		cmocka_unit_test(one_number_in_another_order_is_another_picture),
		cmocka_unit_test(numbers_in_groups_are_isolated_and_nothing_else_is)
	};
	return cmocka_run_group_tests(tests, begin, end);
}
