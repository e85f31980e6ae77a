#include "printer/artwork.h"

#include <math.h>
#include <string.h>

#include "printer/findings.h"
#include "printer/font.h"
#include "printer/picture.h"
#include "printer/words.h"

/* A text is narrowed to this at most; below it a name looks like somebody else's. */
#define CONDENSE_MIN 0.80
/* Without data-bg-min-size a text may shrink to this part of its size. */
#define SHRINK_MIN   0.75
/* Measured against boxes with this forgiveness: a hair of overhang is no fault. */
#define TOLERANCE_MM 0.15

struct fill {
	const struct svg *svg;
	const struct card_face *face;
	struct svg_edit *edit;
	struct design_findings *all;	/* NULL: the first fault ends it */
	const bool *left_out;		/* NULL: nothing */
	struct why *w;
	RsvgHandle *handle;
	struct {
		double condense;	/* 0: letters as wide as they are */
		double left;		/* where the ink is to begin, in mm */
	} narrow[PLACES];
	struct {
		int at;			/* the element; 0: not measured, or changed since */
		RsvgRectangle ink;
	} measured[PLACES];
};

static void
choose_groups(struct fill *f)
{
	for (int i = 0; i < (int)svg_count(f->svg); i++)
		f->edit[i].hide = place_hidden(svg_attr(svg_at(f->svg, i), "id"), f->face) ||
		    (f->left_out != NULL && f->left_out[i]);
}

/* Hidden itself, or in something hidden or never drawn by itself. */
static bool
hidden_at(const struct svg *s, const struct svg_edit *edit, int i)
{
	static const char *const own_drawing[] = {
		"defs", "symbol", "clipPath", "mask", "pattern", NULL
	};
	for (; i >= 0; i = svg_at(s, i)->parent)
		if (edit[i].hide || (svg_at(s, i)->name != NULL &&
		    g_strv_contains(own_drawing, svg_at(s, i)->name)))
			return true;
	return false;
}

static bool
unseen(const struct fill *f, int i)
{
	return hidden_at(f->svg, f->edit, i);
}

bool
artwork_unseen(const struct artwork *a, int i)
{
	return hidden_at(a->svg, a->edit, i);
}

static enum err
keep(struct fill *f, enum err e)
{
	return findings_keep(f->all, e, f->w);
}

/*
 * A number runs left to right even in a design whose text runs right to left. SVG's
 * start and end change sides with the direction, so the anchor changes with it.
 */
static void
force_ltr(struct fill *f, int at)
{
	g_autofree char *direction = svg_property(f->svg, at, "direction");
	g_autofree char *anchor = svg_property(f->svg, at, "text-anchor");
	svg_edit_set(&f->edit[at], "unicode-bidi", "isolate");
	if (g_strcmp0(direction, "rtl") != 0)
		return;
	svg_edit_set(&f->edit[at], "direction", "ltr");
	if (anchor == NULL || strcmp(anchor, "start") == 0)
		svg_edit_set(&f->edit[at], "text-anchor", "end");
	else if (strcmp(anchor, "end") == 0)
		svg_edit_set(&f->edit[at], "text-anchor", "start");
}

/* Staff are told what cannot be printed; somebody who checks a design, where it would not be. */
static enum err
check_glyphs(struct fill *f, const struct place *p, const char *family, const char *words)
{
	char one[FONT_CHARACTER_CAP];
	if (f->all == NULL)
		return font_check_text(family, words, f->w);
	if (font_draws(family, words, one))
		return ERR_OK;
	return keep(f, why_set(f->w, ERR_FONT, MSG_DESIGN_NO_GLYPH, WHY_CODE(f->svg->file),
	    WHY_CODE(p->id), WHY_STR(one), WHY_CODE(family)));
}

static enum err
put_words(struct fill *f, const struct place *p, int at)
{
	const char *words = place_words(p, f->face);
	g_autofree char *family = svg_property(f->svg, at, "font-family");
	f->edit[at].hide |= *words == '\0' || family == NULL;
	if (family == NULL)
		return ERR_OK;
	enum err e = words_check(words, f->w);
	if (e != ERR_OK) {
		f->edit[at].hide = true;
		return keep(f, e);
	}
	e = check_glyphs(f, p, family, words);
	if (e != ERR_OK)
		return e;
	g_autofree char *ordered = p->ltr ? g_strconcat("\u2066", words, "\u2069", NULL) :
	    words_isolate(words);
	f->edit[at].inner = g_markup_escape_text(ordered, -1);
	if (p->ltr)
		force_ltr(f, at);
	return ERR_OK;
}

/* In the bounds of the rect, with its round corners; a logo is seen in whole, a photo fills. */
static enum err
put_picture(struct fill *f, const struct place *p, int at)
{
	const struct card_picture *from = place_picture(p, f->face);
	const struct place_box b = place_box(f->svg, at);
	const char *rx = svg_attr(svg_at(f->svg, at), "rx");
	struct picture look;

	f->edit[at].hide |= from == NULL;
	if (from == NULL || f->edit[at].hide)
		return ERR_OK;
	g_autofree char *href = picture_href(from->bytes, from->len, &look);
	if (href == NULL) {
		f->edit[at].hide = true;
		return keep(f, why_set(f->w, ERR_FORMAT, MSG_CARD_PICTURE_BAD, WHY_CODE(p->id)));
	}
	GString *to = g_string_new(NULL);
	g_string_append_printf(to, "<g id=\"%s\"><clipPath id=\"%s-edge\"><rect x=\"%.5f\" "
	    "y=\"%.5f\" width=\"%.5f\" height=\"%.5f\" rx=\"%s\"/></clipPath>", p->id, p->id,
	    b.x, b.y, b.width, b.height, rx != NULL ? rx : "0");
	g_string_append_printf(to, "<image clip-path=\"url(#%s-edge)\" x=\"%.5f\" y=\"%.5f\" "
	    "width=\"%.5f\" height=\"%.5f\" preserveAspectRatio=\"xMidYMid %s\" "
	    "xmlns:xlink=\"http://www.w3.org/1999/xlink\" xlink:href=\"%s\"/></g>", p->id,
	    b.x, b.y, b.width, b.height, p->whole ? "meet" : "slice", href);
	f->edit[at].outer = g_string_free(to, FALSE);
	return ERR_OK;
}

static enum err
put_code(struct fill *f, int at)
{
	f->edit[at].hide |= f->face->qr_text == NULL;
	if (f->edit[at].hide)
		return ERR_OK;
	enum err e = artwork_code_markup(f->svg, at, f->face, &f->edit[at].outer, f->w);
	f->edit[at].hide = e != ERR_OK;
	return keep(f, e);
}

static enum err
put_place(struct fill *f, const struct place *p)
{
	int at = svg_find(f->svg, p->id);
	if (at < 0)
		return ERR_OK;
	switch (p->kind) {
	case PLACE_WORDS:
		return put_words(f, p, at);
	case PLACE_CODE:
		return put_code(f, at);
	case PLACE_PICTURE:
		break;
	}
	return put_picture(f, p, at);
}

static enum err
put_face(struct fill *f)
{
	enum err e = ERR_OK;
	choose_groups(f);
	svg_edit_set(&f->edit[0], "width", "85.6");
	svg_edit_set(&f->edit[0], "height", "53.98");
	for (size_t i = 0; e == ERR_OK && i < PLACES; i++)
		e = put_place(f, &places[i]);
	return e;
}

static enum err
broken(const struct fill *f, const GError *error)
{
	return why_set(f->w, ERR_DESIGN, MSG_DESIGN_BROKEN, WHY_CODE(f->svg->file),
	    WHY_CODE(error != NULL ? error->message : "librsvg"));
}

/* Write the tree as it now stands and give it to librsvg. */
static enum err
reload(struct fill *f)
{
	g_autoptr(GError) error = NULL;
	GString *markup = svg_write(f->svg, f->edit);
	g_clear_object(&f->handle);
	f->handle = rsvg_handle_new_from_data((const guint8 *)markup->str, markup->len, &error);
	g_string_free(markup, TRUE);
	return f->handle != NULL ? ERR_OK : broken(f, error);
}

/* The rectangle an element's ink covers, in mm. */
static enum err
measure(const struct fill *f, int at, RsvgRectangle *ink)
{
	const RsvgRectangle card = { 0, 0, CARD_WIDTH_MM, CARD_HEIGHT_MM };
	g_autoptr(GError) error = NULL;
	g_autofree char *id = g_strconcat("#", svg_attr(svg_at(f->svg, at), "id"), NULL);
	if (!rsvg_handle_get_geometry_for_layer(f->handle, id, &card, ink, NULL, &error))
		return broken(f, error);
	return ERR_OK;
}

/*
 * How a text of `width` gets into `room`: first a smaller size, then narrower letters.
 * False if neither is enough.
 */
static bool
fit(double width, double room, double size, double size_min, double *new_size,
    double *condense)
{
	*new_size = fmax(fmin(size, size_min), fmin(size, size * room / width));
	double left = width * *new_size / size;
	*condense = left > room ? room / left : 1;
	return *condense >= CONDENSE_MIN;
}

static void
set_size(struct fill *f, int at, double size)
{
	const char *style = svg_attr(svg_at(f->svg, at), "style");
	char number[G_ASCII_DTOSTR_BUF_SIZE];
	g_ascii_formatd(number, sizeof(number), "%.4f", size);
	g_autofree char *new_style = g_strdup_printf("%s;font-size:%spx",
	    style != NULL ? style : "", number);
	svg_edit_set(&f->edit[at], "style", new_style);
}

static void
set_narrow(struct fill *f, int at, double condense, double shift)
{
	char number[2][G_ASCII_DTOSTR_BUF_SIZE];
	g_ascii_formatd(number[0], sizeof(number[0]), "%.5f", condense);
	g_ascii_formatd(number[1], sizeof(number[1]), "%.5f", shift);
	g_autofree char *transform = g_strdup_printf("matrix(%s 0 0 1 %s 0)", number[0], number[1]);
	svg_edit_set(&f->edit[at], "transform", transform);
}

static enum err
too_long(struct fill *f, const struct place *p, double room)
{
	const char *words = place_words(p, f->face);
	if (f->all == NULL)
		return why_set(f->w, ERR_LEN, p->too_long, WHY_STR(words));
	return keep(f, why_set(f->w, ERR_LEN, MSG_DESIGN_NO_FIT, WHY_CODE(f->svg->file),
	    WHY_CODE(p->id), WHY_STR(words), WHY_NUM(lround(room))));
}

/* `changed` is set if the text had to be made smaller: measure again then. */
static enum err
fit_place(struct fill *f, size_t place, int at, bool *changed)
{
	const struct svg_node *n = svg_at(f->svg, at);
	g_autofree char *size_text = svg_property(f->svg, at, "font-size");
	double room = 0, size = 0, x = 0, size_min, new_size, condense;
	RsvgRectangle ink;

	enum err e = measure(f, at, &ink);
	(void)place_room(f->svg, &places[place], at, &room);
	if (e == ERR_OK && ink.width <= room) {
		f->measured[place].at = at;
		f->measured[place].ink = ink;
	}
	if (e != ERR_OK || ink.width <= room)
		return e;
	(void)svg_number(size_text, &size), (void)svg_number(svg_attr(n, "x"), &x);
	if (!svg_number(svg_attr(n, "data-bg-min-size"), &size_min))
		size_min = size * SHRINK_MIN;
	if (!fit(ink.width, room, size, size_min, &new_size, &condense))
		return too_long(f, &places[place], room);
	set_size(f, at, new_size);
	*changed = true;
	if (condense < 1) {
		set_narrow(f, at, condense, x * (1 - condense));
		f->narrow[place].condense = condense;
		f->narrow[place].left = x + (ink.x - x) * new_size / size * condense;
	}
	return ERR_OK;
}

/*
 * librsvg 2.54 takes the width of narrowed text for that of the letters as they were, and so puts
 * what is anchored at its right or middle too far left: back to where it was to begin.
 */
static enum err
hold_anchor(struct fill *f, size_t place, int at, bool *changed)
{
	double x = 0, condense = f->narrow[place].condense;
	RsvgRectangle ink;
	if (condense <= 0)
		return ERR_OK;
	*changed = true;
	enum err e = measure(f, at, &ink);
	(void)svg_number(svg_attr(svg_at(f->svg, at), "x"), &x);
	if (e == ERR_OK)
		set_narrow(f, at, condense, x * (1 - condense) + f->narrow[place].left - ink.x);
	return e;
}

static enum err
fit_all(struct fill *f)
{
	bool changed = false;
	enum err e = ERR_OK;
	int at[PLACES];
	for (size_t i = 0; e == ERR_OK && i < PLACES; i++) {
		at[i] = places[i].kind == PLACE_WORDS ? svg_find(f->svg, places[i].id) : -1;
		if (at[i] >= 0 && !unseen(f, at[i]))
			e = fit_place(f, i, at[i], &changed);
	}
	if (e != ERR_OK || !changed)
		return e;
	e = reload(f);
	changed = false;
	for (size_t i = 0; e == ERR_OK && i < PLACES; i++)
		e = hold_anchor(f, i, at[i], &changed);
	return e == ERR_OK && changed ? reload(f) : e;
}

/* Words on the code or its quiet zone make it unreadable. */
static bool
over_qr(const struct fill *f, const RsvgRectangle *ink)
{
	int at = svg_find(f->svg, PLACE_QR);
	if (at < 0 || unseen(f, at))
		return false;
	const struct place_box qr = place_box(f->svg, at);
	return ink->width > 0 && ink->x < qr.x + qr.width && qr.x < ink->x + ink->width &&
	    ink->y < qr.y + qr.height && qr.y < ink->y + ink->height;
}

static bool
off_card(const RsvgRectangle *ink)
{
	return ink->width > 0 && (ink->x < -TOLERANCE_MM || ink->y < -TOLERANCE_MM ||
	    ink->x + ink->width > CARD_WIDTH_MM + TOLERANCE_MM ||
	    ink->y + ink->height > CARD_HEIGHT_MM + TOLERANCE_MM);
}

/* Measuring is half of what a card costs: what fitted as it was is not measured again. */
static enum err
measure_once(const struct fill *f, int at, RsvgRectangle *ink)
{
	for (size_t i = 0; i < PLACES; i++)
		if (f->measured[i].at == at && at > 0) {
			*ink = f->measured[i].ink;
			return ERR_OK;
		}
	return measure(f, at, ink);
}

/*
 * No word may hang over the card's edge: an anchor on the wrong side does that. librsvg
 * reports turned text far too large; design_inspect looks at the ink of that.
 */
static enum err
check_on_card(struct fill *f)
{
	enum err e = ERR_OK;
	for (int i = 0; e == ERR_OK && i < (int)svg_count(f->svg); i++) {
		RsvgRectangle ink = { 0 };
		if (g_strcmp0(svg_at(f->svg, i)->name, "text") != 0 || unseen(f, i) ||
		    svg_moved(f->svg, i))
			continue;
		e = measure_once(f, i, &ink);
		if (e != ERR_OK || !(over_qr(f, &ink) || off_card(&ink)))
			continue;
		g_autofree char *where = svg_where(f->svg, i);
		e = keep(f, why_set(f->w, ERR_DESIGN, over_qr(f, &ink) ? MSG_DESIGN_OVER_QR :
		    MSG_DESIGN_OFF_CARD, WHY_CODE(f->svg->file), WHY_CODE(where)));
	}
	return e;
}

void
artwork_clear(struct artwork *a)
{
	for (unsigned i = 0; a->edit != NULL && i < svg_count(a->svg); i++)
		svg_edit_clear(&a->edit[i]);
	g_free(a->edit);
	g_clear_object(&a->handle);
	*a = (struct artwork){ 0 };
}

static enum err
fill(const struct design *d, const struct card_face *face, enum card_side side,
    struct design_findings *all, const bool *left_out, struct artwork *out, struct why *w)
{
	struct why own;
	struct fill f = { .svg = d->side[side], .face = face, .all = all, .left_out = left_out,
	    .w = w != NULL ? w : &own };

	f.edit = g_new0(struct svg_edit, svg_count(f.svg));
	enum err e = put_face(&f);
	if (e == ERR_OK)
		e = reload(&f);
	if (e == ERR_OK)
		e = fit_all(&f);
	if (e == ERR_OK)
		e = check_on_card(&f);
	*out = (struct artwork){ .svg = f.svg, .face = face, .edit = f.edit, .handle = f.handle };
	if (e != ERR_OK)
		artwork_clear(out);
	return e;
}

enum err
artwork_fill(const struct design *d, const struct card_face *face, enum card_side side,
    struct design_findings *all, struct artwork *out, struct why *w)
{
	return fill(d, face, side, all, NULL, out, w);
}

enum err
artwork_fill_rest(const struct design *d, const struct card_face *face, enum card_side side,
    const bool *left_out, struct artwork *out, struct why *w)
{
	return fill(d, face, side, NULL, left_out, out, w);
}
