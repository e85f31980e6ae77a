#include "printer/slip.h"

#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

#include "printer/canvas.h"
#include "printer/font.h"
#include "printer/qr.h"
#include "printer/slip_dots.h"
#include "printer/words.h"

/* Both have Persian digits of Persian shape and Latin letters beside them. */
#define FAMILIES_RTL "Noto Sans Arabic, Noto Sans"
#define FAMILIES_LTR "Noto Sans, Noto Sans Arabic"
#define MARGIN       8		/* dots left free at each side: heads are not all set right */
#define ROOM         (SLIP_DOTS - 2 * MARGIN)
#define PAIR_GAP     16
#define RULE_ROWS    13
#define QR_DOTS      6		/* of a module, 0.75 mm; fewer for a long code */
#define QR_DOTS_MIN  3

/* In dots. */
static const double sizes[] = { [SLIP_SMALL] = 22, [SLIP_NORMAL] = 28, [SLIP_LARGE] = 42 };

enum err
slip_new(bool rtl, struct slip **out, struct why *w)
{
	cairo_rectangle_t paper = { 0, 0, SLIP_DOTS, SLIP_ROWS_MAX };
	struct slip *s = calloc(1, sizeof(*s));
	*out = s;
	if (s == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	s->rtl = rtl;
	s->drawn = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, &paper);
	s->cr = cairo_create(s->drawn);
	enum err e = canvas_error(cairo_status(s->cr), "slip", w);
	if (e != ERR_OK)
		slip_free(out);
	return e;
}

void
slip_free(struct slip **s)
{
	if (s == NULL || *s == NULL)
		return;
	cairo_destroy((*s)->cr);
	cairo_surface_destroy((*s)->drawn);
	free((*s)->dots);
	free(*s);
	*s = NULL;
}

/* What was drawn after the dots were made is not in them. */
static enum err
advance(struct slip *s, unsigned rows, struct why *w)
{
	if (rows > SLIP_ROWS_MAX - s->rows)
		return why_set(w, ERR_LEN, MSG_SLIP_TOO_LONG);
	s->rows += rows;
	free(s->dots);
	s->dots = NULL;
	return ERR_OK;
}

/* Laid out but not placed; g_object_unref. */
static enum err
lay_out(struct slip *s, enum slip_size size, const char *text, PangoLayout **out, struct why *w)
{
	const char *families = s->rtl ? FAMILIES_RTL : FAMILIES_LTR;
	*out = NULL;
	enum err e = words_check(text, w);
	if (e == ERR_OK)
		e = font_check_text(families, text, w);
	if (e != ERR_OK)
		return e;
	g_autofree char *ordered = words_isolate(text);
	PangoLayout *l = pango_cairo_create_layout(s->cr);
	PangoFontDescription *font = pango_font_description_from_string(families);
	pango_font_description_set_absolute_size(font, sizes[size] * PANGO_SCALE);
	if (size == SLIP_LARGE)
		pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
	pango_layout_set_font_description(l, font);
	pango_font_description_free(font);
	pango_context_set_base_dir(pango_layout_get_context(l),
	    s->rtl ? PANGO_DIRECTION_RTL : PANGO_DIRECTION_LTR);
	/* the slip's language decides where a line starts, not its first letter */
	pango_layout_set_auto_dir(l, FALSE);
	pango_layout_context_changed(l);
	pango_layout_set_width(l, ROOM * PANGO_SCALE);
	pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_text(l, ordered, -1);
	*out = l;
	return ERR_OK;
}

/* With the direction set by hand, Pango's left is left. */
static PangoAlignment
pango_align(const struct slip *s, enum slip_align align)
{
	if (align == SLIP_MIDDLE)
		return PANGO_ALIGN_CENTER;
	return (align == SLIP_START) == s->rtl ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT;
}

/* `down`: dots below what is there. */
static void
place_layout(struct slip *s, PangoLayout *l, enum slip_align align, unsigned down)
{
	pango_layout_set_alignment(l, pango_align(s, align));
	cairo_set_source_rgb(s->cr, 0, 0, 0);
	cairo_move_to(s->cr, MARGIN, s->rows + down);
	pango_cairo_show_layout(s->cr, l);
}

struct measures {
	unsigned width, height, baseline;	/* the last of the first line */
};

static struct measures
measure(PangoLayout *l)
{
	PangoRectangle box;
	pango_layout_get_pixel_extents(l, NULL, &box);
	return (struct measures){ box.width > 0 ? (unsigned)box.width : 0,
		box.height > 0 ? (unsigned)box.height : 0,
		(unsigned)PANGO_PIXELS(pango_layout_get_baseline(l)) };
}

static unsigned
larger(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

enum err
slip_text(struct slip *s, enum slip_size size, enum slip_align align, const char *text,
    struct why *w)
{
	PangoLayout *l;
	enum err e = lay_out(s, size, text, &l, w);
	if (e != ERR_OK)
		return e;
	unsigned height = measure(l).height;
	place_layout(s, l, align, 0);
	g_object_unref(l);
	return advance(s, height, w);
}

/* On one baseline, or one below the other. */
static enum err
place_pair(struct slip *s, PangoLayout *label, PangoLayout *value, struct why *w)
{
	struct measures a = measure(label), b = measure(value);
	if (a.width + b.width + PAIR_GAP > ROOM) {
		place_layout(s, label, SLIP_START, 0);
		place_layout(s, value, SLIP_END, a.height);
		return advance(s, a.height + b.height, w);
	}
	unsigned baseline = larger(a.baseline, b.baseline);
	unsigned below = larger(a.height - a.baseline, b.height - b.baseline);
	place_layout(s, label, SLIP_START, baseline - a.baseline);
	place_layout(s, value, SLIP_END, baseline - b.baseline);
	return advance(s, baseline + below, w);
}

enum err
slip_pair(struct slip *s, enum slip_size size, const char *label, const char *value,
    struct why *w)
{
	PangoLayout *l[2] = { NULL, NULL };
	enum err e = lay_out(s, size, label, &l[0], w);
	if (e == ERR_OK)
		e = lay_out(s, size, value, &l[1], w);
	if (e == ERR_OK)
		e = place_pair(s, l[0], l[1], w);
	g_clear_object(&l[0]);
	g_clear_object(&l[1]);
	return e;
}

enum err
slip_space(struct slip *s, unsigned dots, struct why *w)
{
	return advance(s, dots, w);
}

enum err
slip_rule(struct slip *s, struct why *w)
{
	const unsigned middle = (unsigned)s->rows + RULE_ROWS / 2;

	cairo_set_source_rgb(s->cr, 0, 0, 0);
	cairo_rectangle(s->cr, MARGIN, middle, ROOM, 2);
	cairo_fill(s->cr);
	return advance(s, RULE_ROWS, w);
}

enum err
slip_code(struct slip *s, const char *ascii, struct why *w)
{
	struct qr q;
	enum err e = qr_encode(ascii, &q, w);
	if (e != ERR_OK)
		return e;
	unsigned whole = q.side + 2 * QR_QUIET, dots = QR_DOTS;
	while (dots > QR_DOTS_MIN && whole * dots > ROOM)
		dots--;
	if (whole * dots > ROOM)
		return why_set(w, ERR_LEN, MSG_QR_TOO_LONG, WHY_NUM(strlen(ascii)));
	unsigned left = (SLIP_DOTS - q.side * dots) / 2, top = s->rows + QR_QUIET * dots;
	cairo_set_source_rgb(s->cr, 0, 0, 0);
	for (unsigned y = 0; y < q.side; y++)
		for (unsigned x = 0; x < q.side; x++)
			if (qr_dark(&q, x, y))
				cairo_rectangle(s->cr, left + x * dots, top + y * dots, dots, dots);
	cairo_fill(s->cr);
	return advance(s, whole * dots, w);
}

unsigned
slip_rows(const struct slip *s)
{
	return s->rows;
}
