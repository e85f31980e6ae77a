#include <math.h>
#include <string.h>

#include "printer/findings.h"
#include "printer/inspect_side.h"

#define BLEED_MM     1.0
#define BLEED_MM_MAX 5.0
#define SAFE_MM      3.0
#define SAFE_MM_MAX  15.0
/* Less ink than this, of 255, shows no line where it ends. */
#define FAINT        12u

/*
 * The contacts of a chip lie within 10.25..19.87 mm of the left and 19.23..28.55 mm of the
 * upper edge (ISO/IEC 7816-2, figure 2); a millimetre more, since cards lie askew in a printer.
 */
static const struct place_box contacts = { 9.25, 18.23, 11.62, 11.32 };

void
look_note(const struct look *l, enum msg id, int element, long a, long b)
{
	g_autofree char *where = svg_where(l->a->svg, element);
	struct why w = { 0 };
	(void)why_set(&w, ERR_DESIGN, id, WHY_CODE(l->a->svg->file), WHY_CODE(where), WHY_NUM(a),
	    WHY_NUM(b));
	findings_add(l->all, &w);
}

static void
bad_margin(const struct svg *s, const char *attr, struct design_findings *all)
{
	struct why w = { 0 };
	(void)why_set(&w, ERR_DESIGN, MSG_DESIGN_MARGIN_BAD, WHY_CODE(s->file), WHY_CODE(attr));
	findings_add(all, &w);
}

static void
margin(const struct svg *s, const char *attr, double max, double *mm, struct design_findings *all)
{
	const char *text = svg_attr(svg_at(s, 0), attr);
	double v;
	if (text == NULL)
		return;
	if (svg_number(text, &v) && v >= 0 && v <= max)
		*mm = v;
	else
		bad_margin(s, attr, all);
}

/* "contact", or x, y, width and height. */
static bool
chip_box(const char *text, struct place_box *b)
{
	*b = contacts;
	if (strcmp(text, "contact") == 0)
		return true;
	g_auto(GStrv) part = g_strsplit(text, " ", -1);
	return g_strv_length(part) == 4 && svg_number(part[0], &b->x) && svg_number(part[1], &b->y) &&
	    svg_number(part[2], &b->width) && svg_number(part[3], &b->height) && b->x >= 0 && b->y >= 0 &&
	    b->width > 0 && b->height > 0 && b->x + b->width <= CARD_WIDTH_MM &&
	    b->y + b->height <= CARD_HEIGHT_MM;
}

void
look_margins(const struct svg *s, struct design_findings *all, struct margins *out)
{
	const char *chip = svg_attr(svg_at(s, 0), "data-bg-chip");
	*out = (struct margins){ .bleed = BLEED_MM, .safe = SAFE_MM };
	margin(s, "data-bg-bleed", BLEED_MM_MAX, &out->bleed, all);
	margin(s, "data-bg-safe", SAFE_MM_MAX, &out->safe, all);
	out->chip = chip != NULL && chip_box(chip, &out->keep_out);
	if (chip != NULL && !out->chip)
		bad_margin(s, "data-bg-chip", all);
}

void
look_at_anchors(const struct svg *s, struct design_findings *all)
{
	for (int i = 0; i < (int)svg_count(s); i++) {
		const char *name = svg_at(s, i)->name;
		if (g_strcmp0(name, "text") != 0 && g_strcmp0(name, "tspan") != 0)
			continue;
		g_autofree char *direction = svg_property(s, i, "direction");
		g_autofree char *anchor = svg_property(s, i, "text-anchor");
		g_autofree char *where = svg_where(s, i);
		struct why w = { 0 };
		if (g_strcmp0(direction, "rtl") != 0 || g_strcmp0(anchor, "end") != 0)
			continue;
		(void)why_set(&w, ERR_DESIGN, MSG_DESIGN_ANCHOR_END, WHY_CODE(s->file), WHY_CODE(where));
		findings_add(all, &w);
	}
}

/* --- what lies where */

static struct place_box
card_grown(double mm)
{
	return (struct place_box){ -mm, -mm, CARD_WIDTH_MM + 2 * mm, CARD_HEIGHT_MM + 2 * mm };
}

static bool
beyond_bleed(const struct ink *k, void *ctx)
{
	const struct look *l = ctx;
	const struct place_box b = card_grown(l->m.bleed);
	return ink_outside(k, &b);
}

static void
tell_outside(int element, void *ctx)
{
	const struct look *l = ctx;
	look_note(l, MSG_DESIGN_INK_OUTSIDE, element, lround(l->m.bleed), 0);
}

static bool
over_chip(const struct ink *k, void *ctx)
{
	const struct look *l = ctx;
	return ink_inside(k, &l->m.keep_out, true);
}

static void
tell_chip(int element, void *ctx)
{
	look_note(ctx, MSG_DESIGN_INK_ON_CHIP, element, 0, 0);
}

/* Is there ink within a millimetre and a half along the bleed's rim? A slanted line goes on a little beside. */
static bool
goes_on(const struct ink *k, double x, double y, double dx, double dy)
{
	for (int i = -8; i <= 8; i++)
		if (ink_at(k, x + 0.2 * i * dx, y + 0.2 * i * dy) >= FAINT)
			return true;
	return false;
}

/*
 * Every millimetre along the four edges: what is seen just inside the edge must go on to
 * the end of the bleed, or a shifted print leaves a white line there.
 */
static bool
ends_at_edge(const struct ink *k, void *ctx)
{
	const struct look *l = ctx;
	const double in = 0.3, out = l->m.bleed - 0.3, right = CARD_WIDTH_MM, bottom = CARD_HEIGHT_MM;
	for (int x = 1; out > 0 && x < right - 1; x++)
		if ((ink_seen_at(k, x, in) >= FAINT && !goes_on(k, x, -out, 1, 0)) ||
		    (ink_seen_at(k, x, bottom - in) >= FAINT && !goes_on(k, x, bottom + out, 1, 0)))
			return true;
	for (int y = 1; out > 0 && y < bottom - 1; y++)
		if ((ink_seen_at(k, in, y) >= FAINT && !goes_on(k, -out, y, 0, 1)) ||
		    (ink_seen_at(k, right - in, y) >= FAINT && !goes_on(k, right + out, y, 0, 1)))
			return true;
	return false;
}

static void
tell_edge(int element, void *ctx)
{
	const struct look *l = ctx;
	look_note(l, MSG_DESIGN_BLEED_SHORT, element, lround(l->m.bleed), 0);
}

/* --- words */

static void
look_at_words(struct look *l, int i)
{
	const struct place_box card = card_grown(0.2), safe = card_grown(-l->m.safe);
	int qr = svg_find(l->a->svg, PLACE_QR);
	if (!ink_draw(l->ink, i))
		return;
	if (ink_outside(l->ink, &card))
		look_note(l, MSG_DESIGN_OFF_CARD, i, 0, 0);
	else if (ink_outside(l->ink, &safe))
		look_note(l, MSG_DESIGN_UNSAFE, i, lround(l->m.safe), 0);
	if (qr < 0 || artwork_unseen(l->a, qr))
		return;
	const struct place_box code = place_box(l->a->svg, qr);
	if (ink_inside(l->ink, &code, false))
		look_note(l, MSG_DESIGN_OVER_QR, i, 0, 0);
}

void
look_at_ink(struct look *l)
{
	/* all at once first: who is to blame is asked only if anybody is */
	bool drawn = ink_draw(l->ink, -1);
	bool outside = drawn && beyond_bleed(l->ink, l), edge = drawn && ends_at_edge(l->ink, l);
	bool chip = drawn && l->m.chip && l->side == CARD_FRONT && over_chip(l->ink, l);
	if (outside)
		(void)ink_blame(l->ink, 0, beyond_bleed, tell_outside, l);
	if (edge)
		(void)ink_blame(l->ink, 0, ends_at_edge, tell_edge, l);
	if (chip)
		(void)ink_blame(l->ink, 0, over_chip, tell_chip, l);
	for (int i = 0; i < (int)svg_count(l->a->svg); i++)
		if (g_strcmp0(svg_at(l->a->svg, i)->name, "text") == 0 && !artwork_unseen(l->a, i))
			look_at_words(l, i);
}
