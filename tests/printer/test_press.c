/* The press: a card drawn over its fixed part is, dot by dot, the card drawn in whole. */
#include <cairo.h>

#include "tests/printer/sample.h"

static const char *const designs[] = {
	"default", "default-bronze", "default-silver", "default-gold", "default-vip", "default-gift",
	"default-discount", "default-staff", "default-en", "default-en-bronze", "default-en-silver",
	"default-en-gold", "default-en-vip", "default-en-gift", "default-en-discount", "default-en-staff"
};
#define DESIGNS (sizeof(designs) / sizeof(designs[0]))
#ifdef __SANITIZE_ADDRESS__
#define MEMBERS 160	/* each design still: here it is memory that is looked at, and drawing takes many times as long */
#define GROWTH_KB (512 * 1024)	/* what was freed is kept aside for a while, to catch its use */
#else
#define MEMBERS 1000
#define GROWTH_KB (8 * 1024)
#endif
/* Coarse, so that the thousand take seconds; a few are held against each other at the printer's dots, too. */
#define COARSE_DPI 60
#define PRINTER_DPI 300
#define PRINTER_EVERY 50
#define BATCH 20

/* --- members by chance, the same ones at each run */

static uint32_t seed = 1;

static uint32_t
chance(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* What a batch of cards shares. */
struct batch {
	uint32_t tier;
	bool test, site;
};

static struct batch
any_batch(void)
{
	return (struct batch){ chance(5), chance(4) == 0, chance(3) != 0 };
}

struct member {
	char name[160], number[64], valid[96], code[80];
	struct card_face face;
};

static void
any_member(struct member *m, struct batch b)
{
	static const char *const first[] = { "مریم", "علی", "زهرا", "محمد", "Sara", "ژاله", "John", "پگاه", "امیرحسین",
		"گل‌نار" };
	static const char *const last[] = { "رضایی", "رستمی‌نژاد", "Ahmadi", "کریم‌زادهٔ یزدی", "O’Neil", "چگینی",
		"پورمحمدی اصل", "Smith-Jones", "ژیان", "میرمحمدصادقی" };
	static const char *const tiers[] = { "basic", "bronze", "silver", "gold", "vip" };
	static const char *const labels[] = { "پایه", "برنزی", "نقره‌ای", "طلایی", "ویژه" };
	snprintf(m->name, sizeof(m->name), "%s %s", first[chance(10)], last[chance(10)]);
	snprintf(m->number, sizeof(m->number), "%04u %04u %04u %04u", chance(10000), chance(10000),
	    chance(10000), chance(10000));
	snprintf(m->valid, sizeof(m->valid), "اعتبار تا پایان مهر ۱۴%02u", chance(100));
	snprintf(m->code, sizeof(m->code), "https://GOLESTAN.EXAMPLE.IR/C/%08X%08X%010u", chance(0xFFFFFF),
	    chance(0xFFFFFF), chance(1000000));
	m->face = (struct card_face){ .name = m->name, .number_text = m->number, .tier_id = tiers[b.tier],
		.tier_label = labels[b.tier], .valid_text = chance(9) == 0 ? NULL : m->valid,
		.club_name = "باشگاه کتاب گلستان", .site = b.site ? "golestan.example.ir" : NULL,
		.application = "loyalty", .qr_text = m->code, .test = b.test };
}

/* --- both ways */

struct reading {
	const uint8_t *p;
	size_t left;
};

static cairo_status_t
read_bytes(void *ctx, unsigned char *to, unsigned len)
{
	struct reading *r = ctx;
	if (len > r->left)
		return CAIRO_STATUS_READ_ERROR;
	memcpy(to, r->p, len);
	r->p += len;
	r->left -= len;
	return CAIRO_STATUS_SUCCESS;
}

/* Dots that differ between the press's picture and card_render_png's; both refusing alike is 0. */
static unsigned
differing(struct card_press *p, const struct design *d, const struct card_face *f, enum card_side side,
    unsigned dpi)
{
	struct why w = { 0 }, v = { 0 };
	struct card_image image;
	uint8_t *png = NULL;
	size_t len = 0;
	unsigned differ = 0;
	enum err e = press_draw(p, f, side, &image, &w);
	assert_int_equal(card_render_png_bytes(d, f, side, dpi, &png, &len, &v), e);
	if (e != ERR_OK) {
		assert_int_equal(w.id, v.id);
		return 0;
	}
	struct reading r = { png, len };
	cairo_surface_t *whole = cairo_image_surface_create_from_png_stream(read_bytes, &r);
	assert_int_equal(cairo_image_surface_get_width(whole), image.width);
	assert_int_equal(cairo_image_surface_get_height(whole), image.height);
	const uint8_t *q = cairo_image_surface_get_data(whole);
	size_t stride = (size_t)cairo_image_surface_get_stride(whole);
	for (size_t y = 0; y < image.height; y++)
		for (size_t x = 0; x < image.width; x++)
			differ += memcmp(image.pixels + y * image.stride + 4 * x, q + y * stride + 4 * x, 3) != 0;
	cairo_surface_destroy(whole);
	free(png);
	return differ;
}

static void
a_thousand_members_on_all_shipped_designs_are_drawn_dot_for_dot_the_same(void **state)
{
	(void)state;
	uint64_t reused = 0, drawn = 0;
	for (size_t i = 0; i < DESIGNS; i++) {
		struct why w = { 0 };
		struct design *d = shipped(designs[i]);
		struct card_press *coarse, *fine;
		expect(press_new(d, COARSE_DPI, &coarse, &w), &w, ERR_OK, MSG_NONE);
		expect(press_new(d, PRINTER_DPI, &fine, &w), &w, ERR_OK, MSG_NONE);
		struct batch b = any_batch();
		for (size_t n = i * MEMBERS / DESIGNS; n < (i + 1) * MEMBERS / DESIGNS; n++) {
			struct member m;
			if (n % BATCH == 0)
				b = any_batch();
			any_member(&m, b);
			enum card_side side = (enum card_side)(n % 2);
			unsigned differ = differing(coarse, d, &m.face, side, COARSE_DPI);
			if (differ == 0 && n % PRINTER_EVERY == 0)
				differ = differing(fine, d, &m.face, side, PRINTER_DPI);
			if (differ != 0)
				fail_msg("%s, side %d: %u dots of %s differ", designs[i], (int)side, differ, m.name);
			drawn++;
		}
		reused += press_reused(coarse);
		press_free(&coarse);
		press_free(&fine);
		assert_null(coarse);
		design_free(&d);
	}
	assert_int_equal(drawn, MEMBERS);
	/* not by drawing them all in whole */
	if (reused < MEMBERS / 2)
		fail_msg("only %u of %u had their fixed part ready", (unsigned)reused, (unsigned)drawn);
}

/* A card whose fixed bar lies over the name, or, lower, beside it. */
static struct design *
barred(const char *y, const char *more)
{
	struct why w = { 0 };
	struct design *d = NULL;
	char svg[2048];
	snprintf(svg, sizeof(svg), "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 85.6 53.98\">"
	    "<rect x=\"-1\" y=\"-1\" width=\"88\" height=\"56\" fill=\"#dfe\"/><g font-family=\"Noto Sans Arabic, Noto Sans\" direction=\"rtl\">"
	    "<text id=\"bg:name\" x=\"82\" y=\"16\" font-size=\"6\" data-bg-max-width=\"70\"/>"
	    "<rect x=\"3\" y=\"%s\" width=\"79\" height=\"2\" fill=\"#b00\" fill-opacity=\".5\"/>%s"
	    "<text id=\"bg:number\" x=\"82\" y=\"48\" font-size=\"3\" data-bg-max-width=\"40\"/>"
	    "<text id=\"bg:tier\" x=\"40\" y=\"48\" font-size=\"3\" data-bg-max-width=\"14\"/>"
	    "<text id=\"bg:valid\" x=\"24\" y=\"42\" font-size=\"2\" data-bg-max-width=\"20\"/></g>"
	    "<rect id=\"bg:qr\" x=\"56\" y=\"21\" width=\"24\" height=\"24\"/><g id=\"bg:test\"/></svg>", y, more);
	expect(design_parse("barred", svg, svg, &d, &w), &w, ERR_OK, MSG_NONE);
	return d;
}

static void
what_lies_over_a_name_stays_over_it(void **state)
{
	(void)state;
	static const struct {
		const char *y, *more;
	} rows[] = {
		{ "13", "" },
		/* over that one, though not over the name itself */
		{ "13", "<rect x=\"3\" y=\"14.5\" width=\"3\" height=\"5\" fill=\"#00b\" fill-opacity=\".5\"/>" },
		{ "35", "" },
		{ "35", "<g opacity=\".6\"><rect x=\"5\" y=\"11\" width=\"60\" height=\"4\" fill=\"#0a0\"/></g>" }
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct why w = { 0 };
		static const char *const simple[] = { "مریم رضایی", "علی", "پگاه چگینی", "ژاله کریم‌زاده" };
		struct card_press *p;
		struct design *d = barred(rows[i].y, rows[i].more);
		expect(press_new(d, PRINTER_DPI, &p, &w), &w, ERR_OK, MSG_NONE);
		for (int n = 0; n < 4; n++) {
			struct member m;
			any_member(&m, (struct batch){ 0, false, false });
			m.face.name = simple[n];
			m.face.qr_text = SAMPLE_QR;
			m.face.valid_text = "۱۴۰۶";
			m.face.number_text = "۱۲۳۴";
			m.face.tier_label = "ویژه";
			assert_int_equal(differing(p, d, &m.face, CARD_FRONT, PRINTER_DPI), 0);
		}
		assert_int_equal(press_reused(p), 3);
		press_free(&p);
		design_free(&d);
	}
}

/* Kilobytes of memory in use. */
static long
resident_kb(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*d %ld", &pages), 1);
	fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
memory_does_not_grow_with_the_cards(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct design *d = shipped("default");
	struct card_press *p;
	long begun = 0;
	expect(press_new(d, PRINTER_DPI, &p, &w), &w, ERR_OK, MSG_NONE);
	for (int n = 0; n < 120; n++) {
		struct member m;
		struct card_image image;
		any_member(&m, (struct batch){ (uint32_t)n % 3, false, true });
		expect(press_draw(p, &m.face, (enum card_side)(n % 2), &image, &w), &w, ERR_OK, MSG_NONE);
		if (n == 60)
			begun = resident_kb();
	}
	/* sixty pictures of 2.6 MB would be 150 MB */
	assert_true(resident_kb() - begun < GROWTH_KB);
	press_free(&p);
	design_free(&d);
}

static void
a_resolution_beyond_the_bounds_is_refused(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct design *d = shipped("default");
	struct card_press *p;
	expect(press_new(d, CARD_DPI_MAX + 1, &p, &w), &w, ERR_RANGE, MSG_PNG_DPI);
	assert_null(p);
	design_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_members_on_all_shipped_designs_are_drawn_dot_for_dot_the_same),
		cmocka_unit_test(what_lies_over_a_name_stays_over_it),
		cmocka_unit_test(memory_does_not_grow_with_the_cards),
		cmocka_unit_test(a_resolution_beyond_the_bounds_is_refused)
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
