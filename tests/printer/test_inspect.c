/* A bad design for everything an inspection can find; the same without the fault has none. */
#include "station/base/file.h"
#include "tests/printer/sample.h"

#define ROOT   "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" " \
	"viewBox=\"0 0 85.6 53.98\""
#define SHEET  "<rect id=\"sheet\" x=\"-1\" y=\"-1\" width=\"87.6\" height=\"55.98\" fill=\"#dde\"/>"
#define NAME   "<text id=\"bg:name\" x=\"80\" y=\"30\" font-size=\"5\" data-bg-max-width=\"45\"/>"
#define WORDS  "<g font-family=\"Noto Sans Arabic, Noto Sans\" direction=\"rtl\">" NAME \
	"<text id=\"bg:number\" x=\"80\" y=\"40\" font-size=\"3\" data-bg-max-width=\"40\"/>" \
	"<text id=\"bg:tier\" x=\"80\" y=\"12\" font-size=\"3\" data-bg-max-width=\"40\"/>" \
	"<text id=\"bg:valid\" x=\"80\" y=\"48\" font-size=\"3\" data-bg-max-width=\"40\"/></g>"
#define QR     "<rect id=\"bg:qr\" x=\"4\" y=\"5\" width=\"26\" height=\"26\" fill=\"#fff\"/>"
#define TEST   "<g id=\"bg:test\"><text x=\"40\" y=\"50\" font-size=\"4\" font-family=\"Noto Sans\">TEST</text></g>"
#define SOUND  ROOT ">" SHEET WORDS QR TEST "</svg>"

static char folder[64];
static struct inspection found;

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
inspect(const char *svg, unsigned dpi)
{
	struct why w = { 0 };
	char path[128];
	struct card_face f = sample_face();
	f.name = "سید محمدحسین میرمحمدصادقی‌نژاد";
	f.dpi = dpi;
	snprintf(path, sizeof(path), "%s/design.svg", folder);
	expect(file_write(path, svg, strlen(svg), 0600, &w), &w, ERR_OK, MSG_NONE);
	expect(design_inspect_file(path, &f, 1, &found, &w), &w, ERR_OK, MSG_NONE);
}

static void
show_findings(void)
{
	for (unsigned i = 0; i < found.findings.count; i++)
		print_error("%s: %s, %s, %s\n", msg_name(found.findings.found[i].id),
		    found.findings.found[i].arg[0].str, found.findings.found[i].arg[1].str,
		    found.findings.found[i].arg[2].str);
}

/* The one and only finding, and the element it names somewhere. */
static void
finds(const char *svg, enum msg id, const char *element)
{
	inspect(svg, 300);
	const struct why *w = &found.findings.found[0];
	bool named = false;
	for (unsigned i = 0; i < w->argc; i++)
		named |= strstr(w->arg[i].str, element) != NULL;
	if (found.findings.count == 1 && w->id == id && named)
		return;
	show_findings();
	fail_msg("wanted %s of %s alone, got %u", msg_name(id), element, found.findings.count);
}

static bool
has(enum msg id, const char *element)
{
	for (unsigned i = 0; i < found.findings.count; i++)
		for (unsigned a = 0; a < found.findings.found[i].argc; a++)
			if (found.findings.found[i].id == id &&
			    strstr(found.findings.found[i].arg[a].str, element) != NULL)
				return true;
	return false;
}

static void
a_sound_design_has_no_findings_at_any_resolution(void **state)
{
	(void)state;
	static const unsigned dpi[] = { 200, 300, 600, 1200 };
	for (size_t i = 0; i < sizeof(dpi) / sizeof(dpi[0]); i++) {
		inspect(SOUND, dpi[i]);
		show_findings();
		assert_int_equal(found.findings.count, 0);
	}
}

static void
the_fonts_really_used_are_listed(void **state)
{
	(void)state;
	inspect(SOUND, 300);
	assert_int_equal(found.font_count, 2);
	assert_string_equal(found.font[0], "Noto Sans Arabic");
	assert_string_equal(found.font[1], "Noto Sans");
}

static void
ink_outside_the_card_is_found(void **state)
{
	(void)state;
	finds(ROOT ">" SHEET "<circle id=\"moon\" cx=\"85\" cy=\"20\" r=\"6\" fill=\"#cce\"/>" WORDS QR TEST "</svg>",
	    MSG_DESIGN_INK_OUTSIDE, "moon");
	/* left lying beside the card, in a group and without an id: by its line */
	finds(ROOT ">\n" SHEET "<g>\n<path d=\"M-9 5h3v3h-3z\"/></g>" WORDS QR TEST "</svg>",
	    MSG_DESIGN_INK_OUTSIDE, "<path> design.svg:3");
	/* clipped it is fine, and so it is with a bleed of its own */
	inspect(ROOT "><clipPath id=\"c\"><rect x=\"-1\" y=\"-1\" width=\"87.6\" height=\"56\"/></clipPath>" SHEET
	    "<circle id=\"moon\" cx=\"85\" cy=\"20\" r=\"6\" fill=\"#cce\" clip-path=\"url(#c)\"/>" WORDS QR TEST "</svg>", 300);
	assert_int_equal(found.findings.count, 0);
	inspect(ROOT " data-bg-bleed=\"3\"><rect x=\"-3\" y=\"-3\" width=\"91.6\" height=\"59.98\" fill=\"#dde\"/>"
	    WORDS QR TEST "</svg>", 300);
	assert_int_equal(found.findings.count, 0);
}

static void
colour_that_ends_at_the_edge_is_found(void **state)
{
	(void)state;
	finds(ROOT "><rect id=\"short\" width=\"85.6\" height=\"53.98\" fill=\"#dde\"/>" WORDS QR TEST "</svg>",
	    MSG_DESIGN_BLEED_SHORT, "short");
	/* white paper needs none */
	inspect(ROOT "><rect width=\"85.6\" height=\"53.98\" fill=\"#fff\"/>" WORDS QR TEST "</svg>", 300);
	assert_int_equal(found.findings.count, 0);
}

static void
margins_that_are_no_measure_are_found(void **state)
{
	(void)state;
	finds(ROOT " data-bg-bleed=\"1mm\">" SHEET WORDS QR TEST "</svg>", MSG_DESIGN_MARGIN_BAD, "data-bg-bleed");
	finds(ROOT " data-bg-safe=\"-3\">" SHEET WORDS QR TEST "</svg>", MSG_DESIGN_MARGIN_BAD, "data-bg-safe");
	finds(ROOT " data-bg-chip=\"yes\">" SHEET WORDS QR TEST "</svg>", MSG_DESIGN_MARGIN_BAD, "data-bg-chip");
}

#define QR_RIGHT "<rect id=\"bg:qr\" x=\"30\" y=\"5\" width=\"26\" height=\"26\" fill=\"#fff\"/>"
#define LOW_NAME "<g font-family=\"Noto Sans Arabic\" direction=\"rtl\">" \
	"<text id=\"bg:name\" x=\"80\" y=\"37\" font-size=\"4\" data-bg-max-width=\"45\"/>" \
	"<text id=\"bg:number\" x=\"80\" y=\"42\" font-size=\"3\" data-bg-max-width=\"40\"/>" \
	"<text id=\"bg:tier\" x=\"80\" y=\"12\" font-size=\"3\" data-bg-max-width=\"20\"/>" \
	"<text id=\"bg:valid\" x=\"80\" y=\"48\" font-size=\"3\" data-bg-max-width=\"40\"/></g>"

static void
ink_over_the_chip_is_found(void **state)
{
	(void)state;
	finds(ROOT " data-bg-chip=\"contact\"><circle id=\"sun\" cx=\"12\" cy=\"22\" r=\"4\" fill=\"#fc0\"/>" LOW_NAME
	    QR_RIGHT TEST "</svg>", MSG_DESIGN_INK_ON_CHIP, "sun");
	finds(ROOT " data-bg-chip=\"60 20 10 10\"><circle id=\"sun\" cx=\"65\" cy=\"22\" r=\"4\" fill=\"#fc0\"/>" LOW_NAME
	    QR_RIGHT TEST "</svg>", MSG_DESIGN_INK_ON_CHIP, "sun");
	/* beside it, or white, it may be */
	inspect(ROOT " data-bg-chip=\"contact\"><circle cx=\"12\" cy=\"10\" r=\"4\" fill=\"#fc0\"/>"
	    "<circle cx=\"12\" cy=\"22\" r=\"4\" fill=\"#fff\"/>" LOW_NAME QR_RIGHT TEST "</svg>", 300);
	assert_int_equal(found.findings.count, 0);
}

static void
words_near_the_edge_are_found_turned_ones_too(void **state)
{
	(void)state;
	finds(ROOT ">" SHEET WORDS QR TEST "<text id=\"small\" x=\"2\" y=\"40\" font-size=\"3\" font-family=\"Noto Sans\">"
	    "Shop</text></svg>", MSG_DESIGN_UNSAFE, "small");
	finds(ROOT ">" SHEET WORDS QR TEST "<g transform=\"rotate(-90 84 30)\"><text id=\"turned\" x=\"84\" y=\"30\" "
	    "font-size=\"3\" font-family=\"Noto Sans\">Shop</text></g></svg>", MSG_DESIGN_UNSAFE, "turned");
	inspect(ROOT " data-bg-safe=\"6\">" SHEET WORDS QR TEST "</svg>", 300);
	assert_true(has(MSG_DESIGN_UNSAFE, "bg:valid"));
	assert_false(has(MSG_DESIGN_UNSAFE, "bg:number"));
}

static void
a_missing_glyph_is_found_with_its_element(void **state)
{
	(void)state;
	finds(ROOT ">" SHEET WORDS QR TEST "<text id=\"heart\" x=\"40\" y=\"20\" font-size=\"3\" font-family=\"Noto Sans\">"
	    "王</text></svg>", MSG_DESIGN_NO_GLYPH, "heart");
	/* a place whose fonts have no Persian: every word in it would be another font's */
	inspect(ROOT "><g font-family=\"Noto Sans\" direction=\"rtl\">" NAME "</g></svg>", 300);
	assert_true(has(MSG_DESIGN_NO_GLYPH, "bg:name"));
	/* the substitute really drew it: it is on the list of fonts, and nobody named it */
	assert_true(found.font_count > 0);
	assert_string_not_equal(found.font[0], "Noto Sans");
}

static void
a_font_that_is_not_installed_is_found_with_its_element(void **state)
{
	(void)state;
	finds(ROOT ">" SHEET WORDS QR TEST "<text id=\"small\" x=\"40\" y=\"20\" font-size=\"3\" "
	    "font-family=\"Noto Sans, B Nazanin\">Shop</text></svg>", MSG_FONT_MISSING, "small");
}

static void
words_that_do_not_fit_at_their_smallest_are_found(void **state)
{
	(void)state;
	static const char narrow[] = ROOT ">" SHEET "<g font-family=\"Noto Sans Arabic, Noto Sans\" direction=\"rtl\">"
	    "<text id=\"bg:name\" x=\"80\" y=\"30\" font-size=\"5\" data-bg-max-width=\"20\"/>"
	    "<text id=\"bg:number\" x=\"80\" y=\"40\" font-size=\"3\" data-bg-max-width=\"40\"/>"
	    "<text id=\"bg:tier\" x=\"80\" y=\"12\" font-size=\"3\" data-bg-max-width=\"40\"/>"
	    "<text id=\"bg:valid\" x=\"80\" y=\"48\" font-size=\"3\" data-bg-max-width=\"40\"/></g>" QR TEST "</svg>";
	inspect(narrow, 300);
	assert_true(has(MSG_DESIGN_NO_FIT, "bg:name"));
	assert_true(has(MSG_DESIGN_NO_FIT, "سید محمدحسین"));
}

static void
a_code_too_fine_for_the_printer_is_found(void **state)
{
	(void)state;
	/* 37 modules and the margin: 13.9 mm hold 4 dots each at 300 dpi, 2 at 200 */
	static const char small[] = ROOT ">" SHEET WORDS
	    "<rect id=\"bg:qr\" x=\"4\" y=\"5\" width=\"13.9\" height=\"13.9\"/>" TEST "</svg>";
	inspect(small, 300);
	assert_int_equal(found.findings.count, 0);
	inspect(small, 600);
	assert_int_equal(found.findings.count, 0);
	inspect(small, 200);
	assert_int_equal(found.findings.count, 1);
	assert_int_equal(found.findings.found[0].id, MSG_QR_BOX_SMALL);
	assert_int_equal(found.findings.found[0].arg[1].num, 200);
	finds(ROOT ">" SHEET WORDS "<rect id=\"bg:qr\" x=\"4\" y=\"5\" width=\"9\" height=\"9\"/>" TEST "</svg>",
	    MSG_QR_BOX_SMALL, "design.svg");
}

static void
a_code_without_its_white_margin_is_found(void **state)
{
	(void)state;
	finds(ROOT ">" SHEET WORDS QR "<path id=\"frame\" d=\"M5 6h24\" stroke=\"#000\" stroke-width=\".6\"/>" TEST
	    "</svg>", MSG_DESIGN_QR_QUIET, "frame");
}

static void
a_code_of_low_contrast_is_found(void **state)
{
	(void)state;
	/* by its own ground, by its own ink, by what shines through, by what lies over it */
	finds(ROOT ">" SHEET WORDS "<rect id=\"bg:qr\" x=\"4\" y=\"5\" width=\"26\" height=\"26\" fill=\"#777\"/>" TEST
	    "</svg>", MSG_DESIGN_QR_CONTRAST, "bg:qr");
	finds(ROOT ">" SHEET WORDS "<rect id=\"bg:qr\" x=\"4\" y=\"5\" width=\"26\" height=\"26\" data-bg-dark=\"#c9b46a\"/>"
	    TEST "</svg>", MSG_DESIGN_QR_CONTRAST, "bg:qr");
	finds(ROOT "><rect x=\"-1\" y=\"-1\" width=\"88\" height=\"56\" fill=\"#446\"/>" WORDS
	    "<rect id=\"bg:qr\" x=\"4\" y=\"5\" width=\"26\" height=\"26\" fill=\"none\"/>" TEST "</svg>",
	    MSG_DESIGN_QR_CONTRAST, "bg:qr");
	finds(ROOT ">" SHEET WORDS QR "<circle id=\"veil\" cx=\"17\" cy=\"18\" r=\"5\" fill=\"#888\" fill-opacity=\".7\"/>"
	    TEST "</svg>", MSG_DESIGN_QR_CONTRAST, "veil");
	/* cream and dark blue are enough */
	inspect(ROOT ">" SHEET WORDS "<rect id=\"bg:qr\" x=\"4\" y=\"5\" width=\"26\" height=\"26\" fill=\"#f6ecd0\" "
	    "data-bg-dark=\"#0b2148\"/>" TEST "</svg>", 300);
	assert_int_equal(found.findings.count, 0);
}

static void
references_scripts_and_entities_are_found_with_their_element(void **state)
{
	(void)state;
	finds(ROOT ">" SHEET WORDS QR TEST "<image id=\"far\" xlink:href=\"http://example.com/a.png\"/></svg>",
	    MSG_DESIGN_OUTSIDE, "far");
	finds(ROOT ">" SHEET WORDS QR TEST "<rect id=\"far\" fill=\"url(a.svg#b)\"/></svg>", MSG_DESIGN_OUTSIDE, "far");
	finds(ROOT ">" SHEET WORDS QR TEST "<script>1</script></svg>", MSG_DESIGN_FORBIDDEN, "<script>");
	finds(ROOT ">" SHEET WORDS QR TEST "<g id=\"live\" onload=\"x()\"/></svg>", MSG_DESIGN_FORBIDDEN, "live");
	finds("<!DOCTYPE svg>" SOUND, MSG_DESIGN_FORBIDDEN, "DOCTYPE");
	inspect("<!DOCTYPE svg [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>" ROOT
	    "><text>&b;</text></svg>", 300);
	assert_true(has(MSG_DESIGN_FORBIDDEN, "DOCTYPE"));
	assert_true(has(MSG_DESIGN_BROKEN, "design.svg"));
}

#define GRADIENT(stops) "<defs><linearGradient id=\"gold\">" stops "</linearGradient></defs>"
#define STOP "<stop offset=\"0\" stop-color=\"#123\"/>"
#define SHINING "<text id=\"title\" x=\"40\" y=\"20\" font-size=\"3\" font-family=\"Noto Sans\" "

static void
words_painted_with_a_gradient_are_found(void **state)
{
	(void)state;
	finds(ROOT ">" GRADIENT(STOP STOP) SHEET WORDS QR TEST SHINING "fill=\"url(#gold)\">Club</text></svg>",
	    MSG_DESIGN_TEXT_PAINT, "title");
	finds(ROOT ">" GRADIENT(STOP STOP) SHEET WORDS QR TEST SHINING "style=\"stroke:url(#gold)\">Club</text></svg>",
	    MSG_DESIGN_TEXT_PAINT, "title");
	/* one colour under a name, for children to change */
	inspect(ROOT ">" GRADIENT(STOP) SHEET WORDS QR TEST SHINING "fill=\"url(#gold)\">Club</text></svg>", 300);
	show_findings();
	assert_int_equal(found.findings.count, 0);
}

static void
the_end_anchor_of_right_to_left_words_is_found(void **state)
{
	(void)state;
	finds(ROOT ">" SHEET WORDS QR TEST "<g direction=\"rtl\"><text id=\"wrong\" x=\"40\" y=\"20\" font-size=\"3\" "
	    "style=\"text-anchor:end\" font-family=\"Noto Sans Arabic\">فروشگاه</text></g></svg>",
	    MSG_DESIGN_ANCHOR_END, "wrong");
}

static void
words_on_the_code_are_found_turned_ones_too(void **state)
{
	(void)state;
	inspect(ROOT ">" SHEET WORDS QR TEST "<g transform=\"rotate(45 17 17)\"><text id=\"turned\" x=\"14\" y=\"17\" "
	    "font-size=\"3\" font-family=\"Noto Sans\">Shop</text></g></svg>", 300);
	assert_true(has(MSG_DESIGN_OVER_QR, "turned"));
}

static void
what_only_some_cards_show_is_looked_at_too(void **state)
{
	(void)state;
	finds(ROOT ">" SHEET WORDS QR TEST "<g id=\"bg:tier-vip\"><circle id=\"crown\" cx=\"85\" cy=\"20\" r=\"6\" "
	    "fill=\"#cce\"/></g></svg>", MSG_DESIGN_INK_OUTSIDE, "crown");
	finds(ROOT ">" SHEET WORDS QR TEST "<g id=\"bg:app-gift.2\"><circle id=\"bow\" cx=\"85\" cy=\"20\" r=\"6\" "
	    "fill=\"#cce\"/></g></svg>", MSG_DESIGN_INK_OUTSIDE, "bow");
}

static void
all_faults_are_told_not_the_first_alone(void **state)
{
	(void)state;
	inspect(ROOT " data-bg-safe=\"x\"><script/><rect id=\"short\" width=\"85.6\" height=\"53.98\" fill=\"#dde\"/>"
	    "<image id=\"far\" xlink:href=\"logo.png\"/><circle id=\"moon\" cx=\"85\" cy=\"20\" r=\"6\" fill=\"#cce\"/>"
	    "<text id=\"wrong\" x=\"40\" y=\"20\" font-size=\"3\" text-anchor=\"end\" direction=\"rtl\" "
	    "font-family=\"B Nazanin\">王</text>" NAME QR "</svg>", 300);
	assert_true(has(MSG_DESIGN_FORBIDDEN, "<script>"));
	assert_true(has(MSG_DESIGN_OUTSIDE, "far"));
	assert_true(has(MSG_DESIGN_MARGIN_BAD, "data-bg-safe"));
	assert_true(has(MSG_DESIGN_BLEED_SHORT, "short"));
	assert_true(has(MSG_DESIGN_INK_OUTSIDE, "moon"));
	assert_true(has(MSG_DESIGN_ANCHOR_END, "wrong"));
	assert_true(has(MSG_FONT_MISSING, "wrong"));
	assert_true(has(MSG_DESIGN_NO_GLYPH, "wrong"));
	assert_true(has(MSG_DESIGN_PLACE_BAD, "bg:name"));
	assert_true(has(MSG_DESIGN_PLACE_MISSING, "bg:number"));
	assert_true(has(MSG_DESIGN_PLACE_MISSING, "bg:test"));
}

static void
what_cannot_be_read_is_a_finding_too(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct card_face f = sample_face();
	expect(design_inspect(folder, "nobody", &f, 1, &found, &w), &w, ERR_OK, MSG_NONE);
	assert_true(has(MSG_FILE_MISSING, "nobody-front.svg"));
	inspect("no drawing at all", 300);
	assert_true(has(MSG_DESIGN_BROKEN, "design.svg"));
}

static void
every_shipped_design_has_no_findings_at_any_resolution(void **state)
{
	(void)state;
	static const unsigned dpi[] = { 200, 300, 600 };
	for (size_t i = 0; i < FAMILY; i++) {
		struct why w = { 0 };
		struct card_face f = sample_face();
		f.name = i % 2 == 0 ? "سید محمدحسین میرمحمدصادقی‌نژاد" : "Constantin-Alexandru Popescu";
		f.dpi = dpi[i % 3];
		expect(design_inspect("printer/designs", shipped_names[i], &f, 1, &found, &w), &w, ERR_OK, MSG_NONE);
		show_findings();
		assert_int_equal(found.findings.count, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_design_has_no_findings_at_any_resolution),
		cmocka_unit_test(the_fonts_really_used_are_listed),
		cmocka_unit_test(ink_outside_the_card_is_found),
		cmocka_unit_test(colour_that_ends_at_the_edge_is_found),
		cmocka_unit_test(margins_that_are_no_measure_are_found),
		cmocka_unit_test(ink_over_the_chip_is_found),
		cmocka_unit_test(words_near_the_edge_are_found_turned_ones_too),
		cmocka_unit_test(a_missing_glyph_is_found_with_its_element),
		cmocka_unit_test(a_font_that_is_not_installed_is_found_with_its_element),
		cmocka_unit_test(words_that_do_not_fit_at_their_smallest_are_found),
		cmocka_unit_test(a_code_too_fine_for_the_printer_is_found),
		cmocka_unit_test(a_code_without_its_white_margin_is_found),
		cmocka_unit_test(a_code_of_low_contrast_is_found),
		cmocka_unit_test(references_scripts_and_entities_are_found_with_their_element),
		cmocka_unit_test(words_painted_with_a_gradient_are_found),
		cmocka_unit_test(the_end_anchor_of_right_to_left_words_is_found),
		cmocka_unit_test(words_on_the_code_are_found_turned_ones_too),
		cmocka_unit_test(what_only_some_cards_show_is_looked_at_too),
		cmocka_unit_test(all_faults_are_told_not_the_first_alone),
		cmocka_unit_test(what_cannot_be_read_is_a_finding_too),
		cmocka_unit_test(every_shipped_design_has_no_findings_at_any_resolution)
	};
	return cmocka_run_group_tests(tests, begin, end);
}
