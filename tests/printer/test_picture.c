/* Photos and logos: within bounds before anything is decoded, embedded, cropped or whole. */
#include <cairo/cairo.h>
#include <sys/resource.h>

#include "printer/picture.h"
#include "tests/printer/sample.h"

#define DESIGN "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" " \
	"viewBox=\"0 0 85.6 53.98\"><g font-family=\"Noto Sans Arabic\" direction=\"rtl\">" \
	"<text id=\"bg:number\" x=\"82\" y=\"12\" font-size=\"4\" data-bg-max-width=\"40\"/>" \
	"<text id=\"bg:name\" x=\"82\" y=\"26\" font-size=\"4\" data-bg-max-width=\"40\"/>" \
	"<text id=\"bg:tier\" x=\"82\" y=\"36\" font-size=\"4\" data-bg-max-width=\"40\"/>" \
	"<text id=\"bg:valid\" x=\"82\" y=\"44\" font-size=\"4\" data-bg-max-width=\"40\"/></g>" \
	"<rect id=\"bg:photo\" x=\"5\" y=\"5\" width=\"20\" height=\"20\" rx=\"4\"/>" \
	"<rect id=\"bg:logo\" x=\"5\" y=\"30\" width=\"20\" height=\"20\"/>" \
	"<g id=\"bg:no-photo\"><rect x=\"5\" y=\"5\" width=\"20\" height=\"20\" fill=\"#00ff00\"/></g>" \
	"<rect id=\"bg:qr\" x=\"4\" y=\"26\" width=\"25\" height=\"25\"/><g id=\"bg:test\"/>%s</svg>"

struct bytes {
	uint8_t p[256 * 1024];
	size_t len;
};

static struct bytes picture;

static cairo_status_t
take(void *ctx, const unsigned char *p, unsigned len)
{
	struct bytes *to = ctx;
	memcpy(to->p + to->len, p, len);
	to->len += len;
	return CAIRO_STATUS_SUCCESS;
}

/* A red picture with a blue stripe along its left eighth. */
static void
draw(int width, int height)
{
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
	cairo_t *cr = cairo_create(s);
	picture.len = 0;
	cairo_set_source_rgb(cr, 1, 0, 0);
	cairo_paint(cr);
	cairo_set_source_rgb(cr, 0, 0, 1);
	cairo_rectangle(cr, 0, 0, width / 8, height);
	cairo_fill(cr);
	cairo_destroy(cr);
	assert_int_equal(cairo_surface_write_to_png_stream(s, take, &picture), CAIRO_STATUS_SUCCESS);
	cairo_surface_destroy(s);
}

static void
put32(size_t at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		picture.p[at + (size_t)i] = (uint8_t)(v >> (24 - 8 * i));
}

static cairo_surface_t *
card(const struct card_face *f)
{
	struct why w = { 0 };
	struct design *d = NULL;
	char svg[2048], folder[64], path[128];
	new_folder(folder);
	snprintf(path, sizeof(path), "%s/card.png", folder);
	snprintf(svg, sizeof(svg), DESIGN, "");
	expect(design_parse("pictures", svg, svg, &d, &w), &w, ERR_OK, MSG_NONE);
	expect(card_render_png(d, f, CARD_FRONT, 254, path, &w), &w, ERR_OK, MSG_NONE);
	design_free(&d);
	cairo_surface_t *s = cairo_image_surface_create_from_png(path);
	remove_folder(folder);
	return s;
}

static uint32_t
at(cairo_surface_t *s, double x, double y)
{
	uint32_t v;
	memcpy(&v, cairo_image_surface_get_data(s) + (int)(y * 10) * cairo_image_surface_get_stride(s) +
	    4 * (int)(x * 10), sizeof(v));
	return v & 0xFFFFFF;
}

static void
a_photo_fills_its_place_and_keeps_its_round_corners(void **state)
{
	(void)state;
	draw(160, 80);
	struct card_face f = { .name = "مریم", .photo = { picture.p, picture.len } };
	cairo_surface_t *s = card(&f);
	/* twice as wide as high: a quarter is cropped at each side, the stripe with it */
	assert_int_equal(at(s, 6, 15), 0xFF0000);
	assert_int_equal(at(s, 24, 15), 0xFF0000);
	assert_int_equal(at(s, 5.3, 5.3), 0xFFFFFF);
	cairo_surface_destroy(s);
}

static void
a_logo_is_shown_in_whole(void **state)
{
	(void)state;
	draw(160, 80);
	struct card_face f = { .name = "مریم", .logo = { picture.p, picture.len } };
	cairo_surface_t *s = card(&f);
	assert_int_equal(at(s, 6, 40), 0x0000FF);
	assert_int_equal(at(s, 20, 40), 0xFF0000);
	/* twice as wide as high: above and below it nothing */
	assert_int_equal(at(s, 15, 33), 0xFFFFFF);
	assert_int_equal(at(s, 15, 47), 0xFFFFFF);
	cairo_surface_destroy(s);
}

static void
without_a_photo_its_place_is_empty_and_its_stand_in_shown(void **state)
{
	(void)state;
	struct card_face f = { .name = "مریم" };
	cairo_surface_t *s = card(&f);
	assert_int_equal(at(s, 15, 15), 0x00FF00);
	assert_int_equal(at(s, 15, 40), 0xFFFFFF);
	cairo_surface_destroy(s);
}

static void
refused(void)
{
	struct why w = { 0 };
	struct design *d = NULL;
	char svg[2048];
	struct card_face f = { .name = "مریم", .photo = { picture.p, picture.len } };
	snprintf(svg, sizeof(svg), DESIGN, "");
	expect(design_parse("pictures", svg, svg, &d, &w), &w, ERR_OK, MSG_NONE);
	expect(design_check(d, &f, &w), &w, ERR_FORMAT, MSG_CARD_PICTURE_BAD);
	assert_string_equal(w.arg[0].str, "bg:photo");
	design_free(&d);
}

/* A few hundred bytes that say 60000 x 60000: decoded, 14 gigabytes. */
static void
a_bomb_is_refused_before_it_is_decoded(void **state)
{
	(void)state;
	struct rusage before, after;
	draw(64, 64);
	put32(16, 60000);
	put32(20, 60000);
	assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
	refused();
	assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
	assert_true(after.ru_maxrss - before.ru_maxrss < 64 * 1024);
	/* within each side's bound, but not all together */
	put32(16, PICTURE_SIDE_MAX);
	put32(20, PICTURE_SIDE_MAX);
	refused();
}

static void
a_bomb_inside_a_design_is_refused(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct design *d = NULL;
	char svg[8192], image[6000];
	for (int good = 0; good <= 1; good++) {
		draw(16, 16);
		if (!good)
			put32(16, 60000);
		g_autofree char *text = g_base64_encode(picture.p, picture.len);
		snprintf(image, sizeof(image), "<image id=\"seal\" width=\"9\" height=\"9\" xlink:href=\"%s%s\"/>",
		    PICTURE_PNG_HREF, text);
		snprintf(svg, sizeof(svg), DESIGN, image);
		enum err e = design_parse("bomb", svg, svg, &d, &w);
		expect(e, &w, good ? ERR_OK : ERR_DESIGN, MSG_DESIGN_PICTURE_BAD);
		design_free(&d);
	}
	assert_non_null(strstr(w.arg[1].str, "seal"));
}

static void
a_picture_cut_off_anywhere_is_refused(void **state)
{
	(void)state;
	struct picture o;
	draw(40, 40);
	for (size_t len = 0; len < picture.len; len++) {
		/* a copy of just that length: a step beyond it is a sanitizer's finding */
		uint8_t *copy = malloc(len + 1);
		assert_non_null(copy);
		memcpy(copy, picture.p, len);
		assert_false(picture_look(copy, len, &o));
		free(copy);
	}
	assert_true(picture_look(picture.p, picture.len, &o));
	assert_true(o.png && o.width == 40 && o.height == 40);
}

/* 40 x 24, grey, one scan of no use: what is looked at is the frame, never the data. */
static const uint8_t jpeg[] = {
	0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 0, 0, 0xFF, 0xC0, 0, 11, 8, 0, 24, 0, 40, 1, 1, 0x11, 0,
	0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0x55, 0xFF, 0, 0x55, 0xFF, 0xD3, 0x12, 0xFF, 0xD9
};

static void
a_jpeg_is_measured_by_its_frame(void **state)
{
	(void)state;
	struct picture o;
	uint8_t p[sizeof(jpeg)];
	assert_true(picture_look(jpeg, sizeof(jpeg), &o));
	assert_true(!o.png && o.width == 40 && o.height == 24);
	for (size_t len = 0; len < sizeof(jpeg); len++)
		assert_false(picture_look(jpeg, len, &o));
	memcpy(p, jpeg, sizeof(p));
	p[13] = 0xFF;	/* 65304 high */
	assert_false(picture_look(p, sizeof(p), &o));
	memcpy(p, jpeg, sizeof(p));
	p[9] = 0xC3;	/* lossless */
	assert_false(picture_look(p, sizeof(p), &o));
}

/* A progressive picture is decoded anew for each scan: a thousand of them take minutes. */
static void
a_jpeg_of_countless_scans_is_refused(void **state)
{
	(void)state;
	struct picture o;
	const size_t head = 21, scan = 17;
	memcpy(picture.p, jpeg, head);
	picture.len = head;
	for (unsigned i = 0; i < 1000; i++, picture.len += scan)
		memcpy(picture.p + picture.len, jpeg + head, scan);
	memcpy(picture.p + picture.len, "\xFF\xD9", 2);
	picture.len += 2;
	assert_false(picture_look(picture.p, picture.len, &o));
	memcpy(picture.p + head + 10 * scan, "\xFF\xD9", 2);
	assert_true(picture_look(picture.p, head + 10 * scan + 2, &o));
}

/* Compressed notes can swell a thousandfold in the decoder's hands. */
static void
notes_inside_a_png_are_left_behind(void **state)
{
	(void)state;
	static const uint8_t note[] = { 0, 0, 0, 4, 'z', 'T', 'X', 't', 'a', 0, 0, 1, 1, 2, 3, 4 };
	struct picture o;
	draw(16, 16);
	g_autofree char *plain = picture_href(picture.p, picture.len, &o);
	const size_t ihdr = 8 + 25;
	memmove(picture.p + ihdr + sizeof(note), picture.p + ihdr, picture.len - ihdr);
	memcpy(picture.p + ihdr, note, sizeof(note));
	picture.len += sizeof(note);
	g_autofree char *noted = picture_href(picture.p, picture.len, &o);
	assert_non_null(plain);
	assert_string_equal(plain, noted);
}

static void
what_is_no_picture_is_refused(void **state)
{
	(void)state;
	struct picture o;
	assert_false(picture_look((const uint8_t *)"GIF89a______________", 20, &o));
	assert_false(picture_look((const uint8_t *)"<svg xmlns='http://www.w3.org/2000/svg'/>", 41, &o));
	assert_false(picture_href_ok("data:image/png;base64,"));
	assert_false(picture_href_ok("data:image/png"));
	/* one kind under the other's name */
	g_autofree char *text = g_base64_encode(jpeg, sizeof(jpeg));
	g_autofree char *lie = g_strconcat(PICTURE_PNG_HREF, text, NULL);
	assert_false(picture_href_ok(lie));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_photo_fills_its_place_and_keeps_its_round_corners),
		cmocka_unit_test(a_logo_is_shown_in_whole),
		cmocka_unit_test(without_a_photo_its_place_is_empty_and_its_stand_in_shown),
		cmocka_unit_test(a_bomb_is_refused_before_it_is_decoded),
		cmocka_unit_test(a_bomb_inside_a_design_is_refused),
		cmocka_unit_test(a_picture_cut_off_anywhere_is_refused),
		cmocka_unit_test(a_jpeg_is_measured_by_its_frame),
		cmocka_unit_test(a_jpeg_of_countless_scans_is_refused),
		cmocka_unit_test(notes_inside_a_png_are_left_behind),
		cmocka_unit_test(what_is_no_picture_is_refused)
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
