#include "printer/artwork.h"

#include <math.h>
#include <string.h>

#include "printer/font.h"
#include "printer/qr.h"

/* A text is narrowed to this at most; below it a name looks like somebody else's. */
#define CONDENSE_MIN 0.80
/* Without data-bg-min-size a text may shrink to this part of its size. */
#define SHRINK_MIN   0.75
/* Measured against boxes with this forgiveness: a hair of overhang is no fault. */
#define TOLERANCE_MM 0.15
/* Card printers print 300 dots an inch; a module is a whole number of them, at least four. */
#define DOT_MM       (25.4 / 300)
#define QR_DOTS_MIN  4

struct fill {
	const struct svg *svg;
	const struct card_face *face;
	struct svg_edit *edit;
	struct why *w;
	RsvgHandle *handle;
	struct {
		double condense;	/* 0: letters as wide as they are */
		double left;		/* where the ink is to begin, in mm */
	} narrow[PLACES];
};

static const char *
words_of(const struct card_face *f, size_t place)
{
	const char *const words[PLACES] = {
		f->name, f->number_text, f->tier_label, f->valid_text, f->club_name
	};
	return words[place] != NULL ? words[place] : "";
}

/* "bg:tier-gold" and "bg:tier-gold.2" are groups of gold. */
static bool
group_of(const char *id, const char *prefix, const char *which)
{
	size_t len = which != NULL ? strlen(which) : 0;
	id += strlen(prefix);
	return len > 0 && strncmp(id, which, len) == 0 && (id[len] == '\0' || id[len] == '.');
}

static bool
hidden_group(const char *id, const struct card_face *f)
{
	if (strncmp(id, "bg:", 3) != 0)
		return false;
	if (g_str_has_suffix(id, "-box"))
		return true;
	if (g_str_has_prefix(id, "bg:tier-"))
		return !group_of(id, "bg:tier-", f->tier_id);
	if (g_str_has_prefix(id, "bg:app-"))
		return !group_of(id, "bg:app-", f->application);
	return strcmp(id, PLACE_TEST) == 0 && !f->test;
}

static void
choose_groups(struct fill *f)
{
	for (int i = 0; i < (int)svg_count(f->svg); i++) {
		const char *id = svg_attr(svg_at(f->svg, i), "id");
		f->edit[i].hide = id != NULL && hidden_group(id, f->face);
	}
}

/* Hidden itself, or in something hidden or never drawn by itself. */
static bool
unseen(const struct fill *f, int i)
{
	for (; i >= 0; i = svg_at(f->svg, i)->parent) {
		const char *name = svg_at(f->svg, i)->name;
		if (f->edit[i].hide || strcmp(name, "defs") == 0 || strcmp(name, "symbol") == 0)
			return true;
	}
	return false;
}

static enum err
check_words(const char *words, struct why *w)
{
	if (!g_utf8_validate(words, -1, NULL))
		return why_set(w, ERR_FORMAT, MSG_CARD_TEXT_NOT_UTF8);
	for (const char *c = words; *c != '\0'; c += g_utf8_skip[(unsigned char)*c]) {
		gunichar u = g_utf8_get_char(c);
		if (g_unichar_iscntrl(u) || u == 0x2028 || u == 0x2029)
			return why_set(w, ERR_FORMAT, MSG_CARD_TEXT_CONTROL, WHY_STR(words));
	}
	return ERR_OK;
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

static enum err
put_words(struct fill *f, size_t place, int at)
{
	const char *words = words_of(f->face, place);
	g_autofree char *family = svg_property(f->svg, at, "font-family");
	f->edit[at].hide = *words == '\0';
	enum err e = check_words(words, f->w);
	if (e == ERR_OK)
		e = font_check_text(family, words, f->w);
	if (e != ERR_OK)
		return e;
	g_autofree char *safe = g_markup_escape_text(words, -1);
	f->edit[at].inner = places[place].ltr ?
	    g_strconcat("\u2066", safe, "\u2069", NULL) : g_steal_pointer(&safe);
	if (places[place].ltr)
		force_ltr(f, at);
	return ERR_OK;
}

/* Runs of dark modules of each row as rectangles of one path. */
static void
qr_path(GString *to, const struct qr *q, double x, double y, double module)
{
	for (unsigned row = 0; row < q->side; row++) {
		for (unsigned col = 0; col < q->side; col++) {
			unsigned run = 0;
			while (qr_dark(q, col + run, row))
				run++;
			if (run > 0)
				g_string_append_printf(to, "M%.5f %.5fh%.5fv%.5fh-%.5fz",
				    x + col * module, y + row * module, run * module,
				    module, run * module);
			col += run;
		}
	}
}

/*
 * White over the whole place, the code in its middle, each module a whole number of
 * printer dots and on the dots' grid, so that 300 dpi draws it without a grey edge.
 */
static enum err
put_qr(struct fill *f, int at)
{
	const struct svg_node *n = svg_at(f->svg, at);
	double x = 0, y = 0, width = 0, height = 0;
	struct qr q;

	f->edit[at].hide = f->face->qr_text == NULL;
	if (f->edit[at].hide)
		return ERR_OK;
	enum err e = qr_encode(f->face->qr_text, &q, f->w);
	if (e != ERR_OK)
		return e;
	(void)svg_number(svg_attr(n, "x"), &x), (void)svg_number(svg_attr(n, "y"), &y);
	(void)svg_number(svg_attr(n, "width"), &width);
	(void)svg_number(svg_attr(n, "height"), &height);
	double dots = floor(fmin(width, height) / DOT_MM / (q.side + 2.0 * QR_QUIET));
	if (dots < QR_DOTS_MIN)
		return why_set(f->w, ERR_LEN, MSG_QR_BOX_SMALL, WHY_CODE(f->svg->file));
	double side = q.side * dots * DOT_MM;
	GString *to = g_string_new(NULL);
	g_string_append_printf(to, "<g id=\"" PLACE_QR "\"><rect x=\"%.5f\" y=\"%.5f\" "
	    "width=\"%.5f\" height=\"%.5f\" fill=\"#fff\"/><path fill=\"#000\" "
	    "shape-rendering=\"crispEdges\" d=\"", x, y, width, height);
	qr_path(to, &q, round((x + (width - side) / 2) / DOT_MM) * DOT_MM,
	    round((y + (height - side) / 2) / DOT_MM) * DOT_MM, dots * DOT_MM);
	g_string_append(to, "\"/></g>");
	f->edit[at].outer = g_string_free(to, FALSE);
	return ERR_OK;
}

static enum err
put_face(struct fill *f)
{
	enum err e = ERR_OK;
	choose_groups(f);
	svg_edit_set(&f->edit[0], "width", "85.6");
	svg_edit_set(&f->edit[0], "height", "53.98");
	for (size_t i = 0; e == ERR_OK && i < PLACES; i++) {
		int at = svg_find(f->svg, places[i].id);
		e = at < 0 ? ERR_OK : put_words(f, i, at);
	}
	int qr = svg_find(f->svg, PLACE_QR);
	return e != ERR_OK || qr < 0 ? e : put_qr(f, qr);
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
	if (e != ERR_OK || ink.width <= room)
		return e;
	(void)svg_number(size_text, &size), (void)svg_number(svg_attr(n, "x"), &x);
	if (!svg_number(svg_attr(n, "data-bg-min-size"), &size_min))
		size_min = size * SHRINK_MIN;
	if (!fit(ink.width, room, size, size_min, &new_size, &condense))
		return why_set(f->w, ERR_LEN, places[place].too_long,
		    WHY_STR(words_of(f->face, place)));
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
		at[i] = svg_find(f->svg, places[i].id);
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
	RsvgRectangle qr = { 0 };
	int at = svg_find(f->svg, PLACE_QR);
	if (at < 0 || unseen(f, at))
		return false;
	const struct svg_node *n = svg_at(f->svg, at);
	(void)svg_number(svg_attr(n, "x"), &qr.x), (void)svg_number(svg_attr(n, "y"), &qr.y);
	(void)svg_number(svg_attr(n, "width"), &qr.width);
	(void)svg_number(svg_attr(n, "height"), &qr.height);
	return ink->width > 0 && ink->x < qr.x + qr.width && qr.x < ink->x + ink->width &&
	    ink->y < qr.y + qr.height && qr.y < ink->y + ink->height;
}

/*
 * No word may hang over the card's edge: an anchor on the wrong side does that. librsvg
 * reports turned text far too large, so that is left to the designer's eye.
 */
static enum err
check_on_card(const struct fill *f)
{
	for (int i = 0; i < (int)svg_count(f->svg); i++) {
		RsvgRectangle ink = { 0 };
		if (g_strcmp0(svg_at(f->svg, i)->name, "text") != 0 || unseen(f, i) ||
		    svg_moved(f->svg, i))
			continue;
		enum err e = measure(f, i, &ink);
		if (e != ERR_OK)
			return e;
		if (over_qr(f, &ink))
			return why_set(f->w, ERR_DESIGN, MSG_DESIGN_OVER_QR, WHY_CODE(f->svg->file),
			    WHY_CODE(svg_attr(svg_at(f->svg, i), "id")));
		if (ink.width > 0 && (ink.x < -TOLERANCE_MM || ink.y < -TOLERANCE_MM ||
		    ink.x + ink.width > CARD_WIDTH_MM + TOLERANCE_MM ||
		    ink.y + ink.height > CARD_HEIGHT_MM + TOLERANCE_MM))
			return why_set(f->w, ERR_DESIGN, MSG_DESIGN_OFF_CARD,
			    WHY_CODE(f->svg->file), WHY_CODE(svg_attr(svg_at(f->svg, i), "id")));
	}
	return ERR_OK;
}

enum err
artwork_fill(const struct design *d, const struct card_face *face,
    enum card_side side, RsvgHandle **out, struct why *w)
{
	struct fill f = { .svg = d->side[side], .face = face, .w = w };

	*out = NULL;
	f.edit = g_new0(struct svg_edit, svg_count(f.svg));
	enum err e = put_face(&f);
	if (e == ERR_OK)
		e = reload(&f);
	if (e == ERR_OK)
		e = fit_all(&f);
	if (e == ERR_OK)
		e = check_on_card(&f);
	for (unsigned i = 0; i < svg_count(f.svg); i++)
		svg_edit_clear(&f.edit[i]);
	g_free(f.edit);
	if (e == ERR_OK)
		*out = f.handle;
	else
		g_clear_object(&f.handle);
	return e;
}
