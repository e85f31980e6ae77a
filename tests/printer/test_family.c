/* Designs that stand on others, and which of a family a card gets. */
#include <cairo/cairo.h>

#include "station/base/file.h"
#include "tests/printer/sample.h"

#define PARENT "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 85.6 53.98\" color=\"#111\">" \
	"<defs><linearGradient id=\"ground\"><stop stop-color=\"#00f\"/></linearGradient></defs>" \
	"<rect id=\"sheet\" x=\"-1\" y=\"-1\" width=\"88\" height=\"56\" fill=\"url(#ground)\"/>" \
	"<circle id=\"seal\" cx=\"20\" cy=\"20\" r=\"5\" fill=\"currentColor\"/>" \
	"<g font-family=\"Noto Sans Arabic\" direction=\"rtl\">" \
	"<text id=\"bg:number\" x=\"82\" y=\"12\" font-size=\"4\" data-bg-max-width=\"80\"/>" \
	"<text id=\"bg:name\" x=\"82\" y=\"26\" font-size=\"4\" data-bg-max-width=\"78\"/>" \
	"<text id=\"bg:tier\" x=\"82\" y=\"36\" font-size=\"4\" data-bg-max-width=\"78\"/>" \
	"<text id=\"bg:valid\" x=\"82\" y=\"44\" font-size=\"4\" data-bg-max-width=\"78\"/></g>" \
	"<rect id=\"bg:qr\" x=\"4\" y=\"26\" width=\"25\" height=\"25\"/><g id=\"bg:test\"/></svg>"
#define CHILD(parent, what) "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 85.6 53.98\" " \
	"data-bg-parent=\"" parent "\"" what "</svg>"

static char folder[64];

static void
put(const char *file, const char *text)
{
	struct why w = { 0 };
	char path[160];
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	expect(file_write(path, text, strlen(text), 0600, &w), &w, ERR_OK, MSG_NONE);
}

static int
begin(void **state)
{
	(void)state;
	new_folder(folder);
	put("house-front.svg", PARENT);
	put("house-back.svg", PARENT);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	remove_folder(folder);
	return 0;
}

static struct design *
load(const char *name)
{
	struct why w = { 0 };
	struct design *d = NULL;
	expect(design_load(folder, name, &d, &w), &w, ERR_OK, MSG_NONE);
	return d;
}

static void
refused(const char *name, enum err code, enum msg id)
{
	struct why w = { 0 };
	struct design *d = NULL;
	expect(design_load(folder, name, &d, &w), &w, code, id);
	assert_null(d);
}

/* The colour at a place of a side, in mm. */
static uint32_t
colour(const char *name, enum card_side side, double x, double y)
{
	struct why w = { 0 };
	struct card_face f = { .name = "مریم" };
	struct design *d = load(name);
	char path[128];
	uint32_t v;
	snprintf(path, sizeof(path), "%s/side.png", folder);
	expect(card_render_png(d, &f, side, 254, path, &w), &w, ERR_OK, MSG_NONE);
	design_free(&d);
	cairo_surface_t *s = cairo_image_surface_create_from_png(path);
	memcpy(&v, cairo_image_surface_get_data(s) + (int)(y * 10) * cairo_image_surface_get_stride(s) +
	    4 * (int)(x * 10), sizeof(v));
	cairo_surface_destroy(s);
	return v & 0xFFFFFF;
}

static void
a_child_inherits_everything_but_what_it_names(void **state)
{
	(void)state;
	put("house-gold-front.svg", CHILD("house", " color=\"#222222\"><defs><linearGradient id=\"ground\">"
	    "<stop stop-color=\"#ffcc00\"/></linearGradient></defs>"));
	assert_int_equal(colour("house", CARD_FRONT, 40, 50), 0x0000FF);
	assert_int_equal(colour("house", CARD_FRONT, 20, 20), 0x111111);
	assert_int_equal(colour("house-gold", CARD_FRONT, 40, 50), 0xFFCC00);
	assert_int_equal(colour("house-gold", CARD_FRONT, 20, 20), 0x222222);
	/* the back has no file: the parent's */
	assert_int_equal(colour("house-gold", CARD_BACK, 40, 50), 0x0000FF);
	assert_int_equal(colour("house-gold", CARD_BACK, 20, 20), 0x111111);
}

static void
an_element_takes_the_place_of_its_namesake_and_definitions_may_be_new(void **state)
{
	(void)state;
	put("house-vip-back.svg", CHILD("house", "><defs><path id=\"star\" d=\"M18 18h4v4h-4z\" "
	    "fill=\"#ff0000\"/></defs><use id=\"seal\" href=\"#star\"/>"));
	assert_int_equal(colour("house-vip", CARD_BACK, 20, 20), 0xFF0000);
	assert_int_equal(colour("house-vip", CARD_BACK, 20, 24), 0x0000FF);
	assert_int_equal(colour("house-vip", CARD_FRONT, 20, 20), 0x111111);
}

static void
a_grandchild_stands_on_both(void **state)
{
	(void)state;
	put("house-vip-gift-back.svg", CHILD("house-vip", " color=\"#333333\"><circle id=\"seal\" cx=\"60\" "
	    "cy=\"50\" r=\"3\" fill=\"currentColor\"/>"));
	assert_int_equal(colour("house-vip-gift", CARD_BACK, 60, 50), 0x333333);
	assert_int_equal(colour("house-vip-gift", CARD_BACK, 20, 20), 0x0000FF);
}

static void
a_child_is_checked_like_any_design(void **state)
{
	(void)state;
	put("house-bad-front.svg", CHILD("house", "><g id=\"seal\"><script/></g>"));
	refused("house-bad", ERR_DESIGN, MSG_DESIGN_FORBIDDEN);
	put("house-bad-front.svg", CHILD("house", "><text id=\"bg:name\" x=\"1\" y=\"1\" font-size=\"3\"/>"));
	refused("house-bad", ERR_DESIGN, MSG_DESIGN_PLACE_BAD);
}

static void
an_element_without_counterpart_is_refused(void **state)
{
	(void)state;
	put("house-stray-front.svg", CHILD("house", "><g id=\"nobody\"/>"));
	refused("house-stray", ERR_DESIGN, MSG_DESIGN_CHILD_STRAY);
	put("house-stray-front.svg", CHILD("house", "><rect width=\"3\" height=\"3\"/>"));
	refused("house-stray", ERR_DESIGN, MSG_DESIGN_CHILD_STRAY);
}

static void
a_circle_of_parents_and_one_that_is_no_name_are_refused(void **state)
{
	(void)state;
	put("egg-front.svg", CHILD("hen", ">"));
	put("hen-front.svg", CHILD("egg", ">"));
	refused("egg", ERR_DESIGN, MSG_DESIGN_PARENT_BAD);
	put("self-front.svg", CHILD("self", ">"));
	refused("self", ERR_DESIGN, MSG_DESIGN_PARENT_BAD);
	put("out-front.svg", CHILD("../house", ">"));
	refused("out", ERR_DESIGN, MSG_DESIGN_PARENT_BAD);
	put("orphan-front.svg", CHILD("nobody", ">"));
	refused("orphan", ERR_MISSING, MSG_FILE_MISSING);
	/* one side alone and no parent: the other is missing */
	put("half-front.svg", PARENT);
	refused("half", ERR_MISSING, MSG_FILE_MISSING);
}

static void
the_closest_of_the_family_is_picked(void **state)
{
	(void)state;
	static const struct { const char *lang, *app, *tier, *is; } by[] = {
		{ NULL, "loyalty", "gold", "pick-gold" }, { NULL, "loyalty", "basic", "pick" },
		{ NULL, "gift", "gold", "pick-gift-gold" }, { NULL, "gift", "vip", "pick-gift" },
		{ NULL, NULL, NULL, "pick" }, { NULL, NULL, "gold", "pick-gold" },
		{ "en", "loyalty", "gold", "pick-en-gold" }, { "en", "loyalty", "vip", "pick-en" },
		{ "de", "loyalty", "gold", "pick-gold" }
	};
	static const char *const file[] = {
		"pick-front.svg", "pick-gold-front.svg", "pick-gift-back.svg", "pick-gift-gold-front.svg",
		"pick-en-back.svg", "pick-en-gold-back.svg"
	};
	for (size_t i = 0; i < sizeof(file) / sizeof(file[0]); i++)
		put(file[i], "<svg/>");
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		char name[DESIGN_NAME_CAP] = "";
		design_pick(folder, "pick", by[i].lang, by[i].app, by[i].tier, name);
		assert_string_equal(name, by[i].is);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_inherits_everything_but_what_it_names),
		cmocka_unit_test(an_element_takes_the_place_of_its_namesake_and_definitions_may_be_new),
		cmocka_unit_test(a_grandchild_stands_on_both),
		cmocka_unit_test(a_child_is_checked_like_any_design),
		cmocka_unit_test(an_element_without_counterpart_is_refused),
		cmocka_unit_test(a_circle_of_parents_and_one_that_is_no_name_are_refused),
		cmocka_unit_test(the_closest_of_the_family_is_picked)
	};
	return cmocka_run_group_tests(tests, begin, end);
}
