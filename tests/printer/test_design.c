/* Designs that are not what they should be, and faces that do not fit. */
#include <glib.h>

#include "station/base/file.h"
#include "tests/printer/sample.h"

#define SVG_CAP (512 * 1024)

static char front[SVG_CAP], back[SVG_CAP];

static void
slurp(const char *path, char *to)
{
	struct why w = { 0 };
	size_t len = 0;
	expect(file_read(path, to, SVG_CAP - 1, &len, &w), &w, ERR_OK, MSG_NONE);
	to[len] = '\0';
}

static int
begin(void **state)
{
	(void)state;
	slurp("printer/designs/default-front.svg", front);
	slurp("printer/designs/default-back.svg", back);
	return 0;
}

/* The shipped front with the first `what` replaced; the caller frees it. */
static char *
front_with(const char *what, const char *by)
{
	const char *at = strstr(front, what);
	if (at == NULL)
		fail_msg("the design has no %s", what);
	size_t cap = strlen(front) + strlen(by) + 1;
	char *out = malloc(cap);
	assert_non_null(out);
	snprintf(out, cap, "%.*s%s%s", (int)(at - front), front, by, at + strlen(what));
	return out;
}

static void
refused(const char *front_svg, enum err code, enum msg id)
{
	struct why w = { 0 };
	struct design *d = NULL;
	expect(design_parse("spoilt", front_svg, back, &d, &w), &w, code, id);
	assert_null(d);
}

static void
refused_with(const char *what, const char *by, enum err code, enum msg id)
{
	char *svg = front_with(what, by);
	refused(svg, code, id);
	free(svg);
}

static void
the_shipped_designs_are_sound(void **state)
{
	(void)state;
	static const char *const tiers[] = { "basic", "bronze", "silver", "gold", "vip", "unheard-of", NULL };
	for (size_t i = 0; i < FAMILY; i++) {
		struct design *d = shipped(shipped_names[i]);
		assert_string_equal(design_name(d), shipped_names[i]);
		for (size_t t = 0; t < sizeof(tiers) / sizeof(tiers[0]); t++) {
			struct why w = { 0 };
			struct card_face f = sample_face();
			f.tier_id = tiers[t];
			f.test = t % 2 == 0;
			expect(design_check(d, &f, &w), &w, ERR_OK, MSG_NONE);
		}
		design_free(&d);
		assert_null(d);
	}
}

static void
a_design_cut_off_anywhere_is_refused(void **state)
{
	(void)state;
	size_t len = strlen(front);
	char *cut = malloc(len + 1);
	assert_non_null(cut);
	for (size_t keep = 0; keep + 8 < len; keep += 613) {
		snprintf(cut, keep + 1, "%s", front);
		struct why w = { 0 };
		struct design *d = NULL;
		assert_int_equal(design_parse("cut", cut, back, &d, &w), ERR_DESIGN);
		assert_null(d);
	}
	free(cut);
}

static void
garbage_is_refused(void **state)
{
	(void)state;
	refused("", ERR_DESIGN, MSG_DESIGN_BROKEN);
	refused("PNG", ERR_DESIGN, MSG_DESIGN_BROKEN);
	refused("\xff\xfe<svg/>", ERR_DESIGN, MSG_DESIGN_BROKEN);
	refused("<html/>", ERR_DESIGN, MSG_DESIGN_FORBIDDEN);
	refused("<g/>", ERR_DESIGN, MSG_DESIGN_BROKEN);
	refused("<svg xmlns=\"http://www.w3.org/2000/svg\"/>", ERR_DESIGN, MSG_DESIGN_SIZE);
	refused("<svg viewBox=\"0 0 85.6 53.98\"/>", ERR_DESIGN, MSG_DESIGN_PLACE_MISSING);
	refused_with("viewBox=\"0 0 85.6 53.98\"", "viewBox=\"0 0 1011 638\"", ERR_DESIGN, MSG_DESIGN_SIZE);
}

static void
entities_and_document_types_are_refused(void **state)
{
	(void)state;
	refused_with("<svg ", "<!DOCTYPE svg [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">"
	    "<!ENTITY c \"&b;&b;&b;&b;&b;&b;\">]><svg ", ERR_DESIGN, MSG_DESIGN_FORBIDDEN);
	refused_with("<svg ", "<!DOCTYPE svg SYSTEM \"file:///etc/passwd\"><svg ", ERR_DESIGN,
	    MSG_DESIGN_FORBIDDEN);
	refused_with("باشگاه مشتریان", "&a;", ERR_DESIGN, MSG_DESIGN_BROKEN);
	refused_with("<svg ", "<?xml-stylesheet href=\"a.css\"?><svg ", ERR_DESIGN, MSG_DESIGN_FORBIDDEN);
}

static void
nesting_without_end_is_refused(void **state)
{
	(void)state;
	char deep[4 * 3000 + 1] = "";
	for (size_t i = 0; i < 3000; i++)
		memcpy(deep + 3 * i, "<g>", 4);
	refused_with("</defs>", deep, ERR_DESIGN, MSG_DESIGN_TOO_BIG);
}

static void
scripts_styles_and_foreign_content_are_refused(void **state)
{
	(void)state;
	refused_with("</defs>", "<script>1</script></defs>", ERR_DESIGN, MSG_DESIGN_FORBIDDEN);
	refused_with("</defs>", "<style>*{}</style></defs>", ERR_DESIGN, MSG_DESIGN_FORBIDDEN);
	refused_with("</defs>", "<foreignObject/></defs>", ERR_DESIGN, MSG_DESIGN_FORBIDDEN);
	refused_with("</defs>", "<animate/></defs>", ERR_DESIGN, MSG_DESIGN_FORBIDDEN);
	refused_with("<rect ", "<rect onclick=\"x()\" ", ERR_DESIGN, MSG_DESIGN_FORBIDDEN);
	refused_with("<text ", "<text style=\"font: 3px serif\" ", ERR_DESIGN, MSG_DESIGN_FORBIDDEN);
	refused_with("<text ", "<text style=\"FONT : 3px serif\" ", ERR_DESIGN, MSG_DESIGN_FORBIDDEN);
	refused_with("<text ", "<text style=\"/**/font: 3px serif\" ", ERR_DESIGN, MSG_DESIGN_FORBIDDEN);
}

static void
references_out_of_the_file_are_refused(void **state)
{
	(void)state;
	static const char *const href[] = {
		"logo.png", "file:///etc/passwd", "http://example.com/a.svg", "//example.com/a",
		"data:image/svg+xml;base64,AAAA", ""
	};
	char by[160];
	for (size_t i = 0; i < sizeof(href) / sizeof(href[0]); i++) {
		snprintf(by, sizeof(by), "<image xlink:href=\"%s\"/></defs>", href[i]);
		refused_with("</defs>", by, ERR_DESIGN, MSG_DESIGN_OUTSIDE);
		snprintf(by, sizeof(by), "<use href=\"%s\"/></defs>", href[i]);
		refused_with("</defs>", by, ERR_DESIGN, MSG_DESIGN_OUTSIDE);
	}
	refused_with("<rect ", "<rect style=\"fill:URL( 'http://example.com/a#b')\" ", ERR_DESIGN,
	    MSG_DESIGN_OUTSIDE);
	refused_with("<rect ", "<rect style=\"fill:u\\72l(a.svg#b)\" ", ERR_DESIGN, MSG_DESIGN_OUTSIDE);
	refused_with("<svg ", "<svg xml:base=\"http://example.com/\" ", ERR_DESIGN, MSG_DESIGN_OUTSIDE);
}

static void
an_editors_notes_are_left_out(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct design *d = NULL;
	char *svg = front_with("</defs>", "</defs><sodipodi:namedview><inkscape:grid/>"
	    "</sodipodi:namedview><metadata><a href=\"http://example.com\">x</a></metadata><title>t</title>");
	expect(design_parse("noted", svg, back, &d, &w), &w, ERR_OK, MSG_NONE);
	design_free(&d);
	free(svg);
}

static void
every_required_place_is_missed(void **state)
{
	(void)state;
	static const char *const id[] = { "bg:name", "bg:valid", "bg:test" };
	char what[32];
	for (size_t i = 0; i < sizeof(id) / sizeof(id[0]); i++) {
		struct why w = { 0 };
		struct design *d = NULL;
		snprintf(what, sizeof(what), "id=\"%s\"", id[i]);
		char *svg = front_with(what, "id=\"other\"");
		/* the back has a bg:test of its own: use the front for both sides */
		expect(design_parse("holey", svg, svg, &d, &w), &w, ERR_DESIGN, MSG_DESIGN_PLACE_MISSING);
		free(svg);
	}
	struct why w = { 0 };
	struct design *d = NULL;
	expect(design_parse("holey", front, front, &d, &w), &w, ERR_DESIGN, MSG_DESIGN_PLACE_MISSING);
	assert_string_equal(w.arg[1].str, "bg:qr");
}

static void
places_that_cannot_be_filled_are_refused(void **state)
{
	(void)state;
	refused_with("<text id=\"bg:name\"", "<text transform=\"scale(2)\" id=\"bg:name\"", ERR_DESIGN,
	    MSG_DESIGN_PLACE_BAD);
	refused_with("<text id=\"bg:name\" x=\"78.6\"", "<text id=\"bg:name\" x=\"right\"", ERR_DESIGN,
	    MSG_DESIGN_PLACE_BAD);
	refused_with("data-bg-max-width=\"44\"", "data-bg-max-width=\"-1\"", ERR_DESIGN, MSG_DESIGN_PLACE_BAD);
	refused_with("data-bg-max-width=\"44\"", "", ERR_DESIGN, MSG_DESIGN_PLACE_BAD);
	/* 1mm is 3.78 user units for librsvg, and a user unit is a millimetre of the card */
	refused_with("<text id=\"bg:name\" x=\"78.6\"", "<text id=\"bg:name\" x=\"78.6mm\"", ERR_DESIGN,
	    MSG_DESIGN_PLACE_BAD);
	refused_with("<text id=\"bg:name\"", "<text style=\"transform: scale(2)\" id=\"bg:name\"", ERR_DESIGN,
	    MSG_DESIGN_PLACE_BAD);
}

/* Only one of two would be filled; the other keeps the designer's own words. */
static void
a_place_that_is_there_twice_on_a_side_is_refused(void **state)
{
	(void)state;
	refused_with("<text id=\"bg:tier\"", "<text id=\"bg:name\"", ERR_DESIGN, MSG_DESIGN_PLACE_BAD);
	refused_with("<g id=\"ornament\"", "<g id=\"bg:number\"", ERR_DESIGN, MSG_DESIGN_PLACE_BAD);
}

/* Definitions of which each draws the one below it five times; `level` has N for itself, M for the one below. */
static char *
tower(const char *begin, const char *level, const char *end, unsigned levels)
{
	GString *all = g_string_new("<rect id=\"n0\" width=\"9\" height=\"9\"/>");
	for (unsigned i = 1; i <= levels; i++) {
		g_autofree char *own = g_strdup_printf("n%u", i);
		g_autofree char *below = g_strdup_printf("n%u", i - 1);
		g_autoptr(GString) one = g_string_new(begin);
		for (unsigned j = 0; j < 5; j++)
			g_string_append(one, level);
		g_string_append(one, end);
		g_string_replace(one, "N", own, 0);
		g_string_replace(one, "M", below, 0);
		g_string_append_len(all, one->str, (gssize)one->len);
	}
	g_string_append(all, "</defs>");
	return g_string_free(all, FALSE);
}

static void
little_markup_that_is_much_to_draw_is_refused(void **state)
{
	(void)state;
	static const char *const kind[][3] = {
		{ "<g id=\"N\">", "<use href=\"#M\"/>", "</g>" },
		{ "<g id=\"N\" fill=\"url(#M)\">", "<path d=\"M0 0h1v1\"/>", "</g>" },
		{ "<mask id=\"N\">", "<path d=\"M0 0h1v1\" mask=\"url(#M)\"/>", "</mask>" },
		{ "<pattern id=\"N\">", "<path d=\"M0 0h1v1\" style=\"fill:url('#M')\"/>", "</pattern>" },
		{ "<clipPath id=\"N\">", "<path d=\"M0 0h1v1\" clip-path=\"url( #M )\"/>", "</clipPath>" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(kind); i++) {
		g_autofree char *high = tower(kind[i][0], kind[i][1], kind[i][2], 30);
		g_autofree char *low = tower(kind[i][0], kind[i][1], kind[i][2], 2);
		g_autofree char *fine = front_with("</defs>", low);
		struct why w = { 0 };
		struct design *d = NULL;
		refused_with("</defs>", high, ERR_DESIGN, MSG_DESIGN_HEAVY);
		expect(design_parse("fine", fine, back, &d, &w), &w, ERR_OK, MSG_NONE);
		design_free(&d);
	}
}

static void
letters_and_lines_without_end_are_refused(void **state)
{
	(void)state;
	g_autofree char *letters = g_strnfill(60000, 'a');
	g_autofree char *text = g_strdup_printf("</defs><text x=\"5\" y=\"5\">%s</text>", letters);
	g_autofree char *digits = g_strnfill(200000, '1');
	g_autofree char *path = g_strdup_printf("</defs><path d=\"M0 0 %s\"/>", digits);
	refused_with("</defs>", text, ERR_DESIGN, MSG_DESIGN_HEAVY);
	refused_with("</defs>", path, ERR_DESIGN, MSG_DESIGN_HEAVY);
}

static void
what_comes_after_the_drawing_is_refused(void **state)
{
	(void)state;
	refused_with("</svg>", "</svg><g id=\"bg:app-gift\"/>", ERR_DESIGN, MSG_DESIGN_BROKEN);
	refused_with("</svg>", "</svg><svg/>", ERR_DESIGN, MSG_DESIGN_BROKEN);
}

/* In another coordinate system a place's numbers are not millimetres of the card. */
static void
a_place_inside_another_picture_is_refused(void **state)
{
	(void)state;
	static const char *const around[] = { "svg", "pattern", "mask", "clipPath", "symbol", "defs" };
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		struct why w = { 0 };
		struct design *d = NULL;
		char by[160], all[SVG_CAP];
		snprintf(by, sizeof(by), "<%s id=\"a\" viewBox=\"0 0 40 20\" width=\"9\" height=\"9\"><g font-family",
		    around[i]);
		char *svg = front_with("<g font-family", by);
		snprintf(all, sizeof(all), "%.*s</%s></svg>", (int)(strstr(svg, "</svg>") - svg), svg, around[i]);
		expect(design_parse("inside", all, back, &d, &w), &w, ERR_DESIGN, MSG_DESIGN_PLACE_BAD);
		free(svg);
	}
}

static void
a_code_over_the_edge_is_refused(void **state)
{
	(void)state;
	static const char *const where[] = {
		"x=\"60\" y=\"8.6\" ", "x=\"-1\" y=\"8.6\" ", "x=\"8.4\" y=\"30\" ", "x=\"8.4\" y=\"-2\" "
	};
	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		struct why w = { 0 };
		struct design *d = NULL;
		char svg[SVG_CAP];
		const char *is = "x=\"8.4\" y=\"8.6\" ", *at = strstr(back, is);
		assert_non_null(at);
		snprintf(svg, sizeof(svg), "%.*s%s%s", (int)(at - back), back, where[i], at + strlen(is));
		expect(design_parse("edge", front, svg, &d, &w), &w, ERR_DESIGN, MSG_DESIGN_PLACE_BAD);
		assert_string_equal(w.arg[1].str, "bg:qr");
	}
}

static void
fonts_that_are_not_installed_are_refused_by_exact_name(void **state)
{
	(void)state;
	refused_with("\"Noto Nastaliq Urdu, Amiri\"", "\"B Nazanin\"", ERR_FONT, MSG_FONT_MISSING);
	refused_with("\"Noto Nastaliq Urdu, Amiri\"", "\"Amiri, B Nazanin\"", ERR_FONT,
	    MSG_FONT_MISSING);
	refused_with("\"Noto Nastaliq Urdu, Amiri\"", "\"sans-serif\"", ERR_FONT, MSG_FONT_MISSING);
	refused_with("<text ", "<text style=\"font-family: 'B Titr'\" ", ERR_FONT, MSG_FONT_MISSING);
	refused_with("<text ", "<text style=\"Font-Family: 'B Titr'\" ", ERR_FONT, MSG_FONT_MISSING);
	/* the design's own words in a font without Persian */
	refused_with("font-family=\"Noto Kufi Arabic\"", "font-family=\"Noto Serif\"", ERR_FONT,
	    MSG_DESIGN_NO_GLYPH);
}

static enum err
check_name(const char *name, struct why *w)
{
	struct design *d = shipped("default");
	struct card_face f = sample_face();
	f.name = name;
	*w = (struct why){ 0 };
	enum err e = design_check(d, &f, w);
	design_free(&d);
	return e;
}

static void
names_of_many_kinds_fit(void **state)
{
	(void)state;
	static const char *const name[] = {
		"", "ع", "مریم رستمی‌نژاد", "Maryam Rostami", "Anne-Élise Müller",
		"سارا O’Neil", "مُحَمَّد", "<&>\"'", "]]>", "علی (رضا) ۱۲",
		"سید محمدرضا حسینی طباطبایی یزدی", "Constantin-Alexandru Popescu"
	};
	struct why w;
	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		expect(check_name(name[i], &w), &w, ERR_OK, MSG_NONE);
}

static void
a_character_without_a_font_is_named(void **state)
{
	(void)state;
	struct why w;
	expect(check_name("مریم 😀", &w), &w, ERR_FONT, MSG_FONT_NO_CHARACTER);
	assert_string_equal(w.arg[1].str, "😀");
	expect(check_name("مریم 王", &w), &w, ERR_FONT, MSG_FONT_NO_CHARACTER);
	assert_string_equal(w.arg[1].str, "王");
	expect(check_name("\u0378", &w), &w, ERR_FONT, MSG_FONT_NO_CHARACTER);
}

static void
a_name_too_long_is_refused_never_cut(void **state)
{
	(void)state;
	struct why w;
	char name[601] = "";
	for (size_t i = 0; i < 300; i++)
		strcat(name, "م");
	expect(check_name(name, &w), &w, ERR_LEN, MSG_CARD_NAME_TOO_LONG);
	memset(name, 'W', 300);
	name[300] = '\0';
	expect(check_name(name, &w), &w, ERR_LEN, MSG_CARD_NAME_TOO_LONG);
}

static void
text_that_is_no_line_of_text_is_refused(void **state)
{
	(void)state;
	struct why w;
	expect(check_name("مریم\nرستمی", &w), &w, ERR_FORMAT, MSG_CARD_TEXT_CONTROL);
	expect(check_name("a\x1b[0m", &w), &w, ERR_FORMAT, MSG_CARD_TEXT_CONTROL);
	expect(check_name("a\u2028b", &w), &w, ERR_FORMAT, MSG_CARD_TEXT_CONTROL);
	expect(check_name("\xc3\x28", &w), &w, ERR_FORMAT, MSG_CARD_TEXT_NOT_UTF8);
	expect(check_name("\xd9", &w), &w, ERR_FORMAT, MSG_CARD_TEXT_NOT_UTF8);
}

static void
each_field_has_its_own_sentence(void **state)
{
	(void)state;
	static const char longest[] = "یک متن بسیار بسیار بسیار بسیار بسیار بسیار بسیار بلند برای جای آن روی کارت";
	struct why w = { 0 };
	struct design *d = shipped("default");
	struct card_face f = sample_face();
	f.tier_label = longest;
	expect(design_check(d, &f, &w), &w, ERR_LEN, MSG_CARD_TIER_TOO_LONG);
	f = sample_face(), f.valid_text = longest;
	expect(design_check(d, &f, &w), &w, ERR_LEN, MSG_CARD_VALID_TOO_LONG);
	f = sample_face(), f.club_name = longest;
	expect(design_check(d, &f, &w), &w, ERR_LEN, MSG_CARD_CLUB_TOO_LONG);
	f = sample_face(), f.number_text = "۱۲۳۴ ۱۲۳۴ ۱۲۳۴ ۱۲۳۴ ۱۲۳۴ ۱۲۳۴ ۱۲۳۴ ۱۲۳۴";
	expect(design_check(d, &f, &w), &w, ERR_LEN, MSG_CARD_NUMBER_TOO_LONG);
	f = sample_face(), f.qr_text = "نشانی";
	expect(design_check(d, &f, &w), &w, ERR_FORMAT, MSG_QR_NOT_ASCII);
	design_free(&d);
}

/* In SVG the end of right-to-left text is its left: anchored at the right edge it hangs over. */
static void
the_wrong_anchor_for_right_to_left_text_is_found(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct design *d = NULL;
	struct card_face f = sample_face();
	char *svg = front_with("<text id=\"bg:name\"", "<text text-anchor=\"end\" id=\"bg:name\"");
	expect(design_parse("off", svg, back, &d, &w), &w, ERR_OK, MSG_NONE);
	expect(design_check(d, &f, &w), &w, ERR_DESIGN, MSG_DESIGN_OFF_CARD);
	assert_string_equal(w.arg[1].str, "bg:name");
	design_free(&d);
	free(svg);
}

static void
words_over_the_code_are_found(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct design *d = NULL;
	struct card_face f = sample_face();
	char svg[SVG_CAP];
	const char *at = strstr(back, "</svg>");
	snprintf(svg, sizeof(svg), "%.*s<text x=\"20\" y=\"20\" font-size=\"3\" "
	    "font-family=\"Noto Sans\">x</text></svg>", (int)(at - back), back);
	expect(design_parse("over", front, svg, &d, &w), &w, ERR_OK, MSG_NONE);
	expect(design_check(d, &f, &w), &w, ERR_DESIGN, MSG_DESIGN_OVER_QR);
	design_free(&d);
}

static void
a_place_too_small_for_its_code_is_refused(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct design *d = NULL;
	struct card_face f = sample_face();
	char svg[SVG_CAP];
	const char *at = strstr(back, "width=\"26\" height=\"26\"");
	assert_non_null(at);
	snprintf(svg, sizeof(svg), "%.*swidth=\"09\" height=\"09\"%s", (int)(at - back), back,
	    at + strlen("width=\"26\" height=\"26\""));
	expect(design_parse("small", front, svg, &d, &w), &w, ERR_OK, MSG_NONE);
	expect(design_check(d, &f, &w), &w, ERR_LEN, MSG_QR_BOX_SMALL);
	design_free(&d);
}

static void
files_that_are_not_there_or_too_large_are_named(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct design *d = NULL;
	char folder[64], command[160];
	expect(design_load("/nowhere", "default", &d, &w), &w, ERR_MISSING, MSG_FILE_MISSING);
	assert_string_equal(w.arg[0].str, "/nowhere/default-front.svg");
	new_folder(folder);
	snprintf(command, sizeof(command), "head -c 5000000 /dev/zero > %s/big-front.svg", folder);
	assert_int_equal(system(command), 0);
	expect(design_load(folder, "big", &d, &w), &w, ERR_DESIGN, MSG_DESIGN_TOO_BIG);
	snprintf(command, sizeof(command), "printf '<svg/>\\000' > %s/nul-front.svg", folder);
	assert_int_equal(system(command), 0);
	expect(design_load(folder, "nul", &d, &w), &w, ERR_DESIGN, MSG_DESIGN_BROKEN);
	remove_folder(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shipped_designs_are_sound),
		cmocka_unit_test(a_design_cut_off_anywhere_is_refused),
		cmocka_unit_test(garbage_is_refused),
		cmocka_unit_test(entities_and_document_types_are_refused),
		cmocka_unit_test(nesting_without_end_is_refused),
		cmocka_unit_test(scripts_styles_and_foreign_content_are_refused),
		cmocka_unit_test(references_out_of_the_file_are_refused),
		cmocka_unit_test(an_editors_notes_are_left_out),
		cmocka_unit_test(every_required_place_is_missed),
		cmocka_unit_test(places_that_cannot_be_filled_are_refused),
		cmocka_unit_test(a_place_that_is_there_twice_on_a_side_is_refused),
		cmocka_unit_test(little_markup_that_is_much_to_draw_is_refused),
		cmocka_unit_test(letters_and_lines_without_end_are_refused),
		cmocka_unit_test(what_comes_after_the_drawing_is_refused),
		cmocka_unit_test(a_place_inside_another_picture_is_refused),
		cmocka_unit_test(a_code_over_the_edge_is_refused),
		cmocka_unit_test(fonts_that_are_not_installed_are_refused_by_exact_name),
		cmocka_unit_test(names_of_many_kinds_fit),
		cmocka_unit_test(a_character_without_a_font_is_named),
		cmocka_unit_test(a_name_too_long_is_refused_never_cut),
		cmocka_unit_test(text_that_is_no_line_of_text_is_refused),
		cmocka_unit_test(each_field_has_its_own_sentence),
		cmocka_unit_test(the_wrong_anchor_for_right_to_left_text_is_found),
		cmocka_unit_test(words_over_the_code_are_found),
		cmocka_unit_test(a_place_too_small_for_its_code_is_refused),
		cmocka_unit_test(files_that_are_not_there_or_too_large_are_named)
	};
	return cmocka_run_group_tests(tests, begin, NULL);
}
