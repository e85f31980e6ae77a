#include "printer/word_page.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <stdlib.h>

#include "printer/canvas.h"
#include "printer/font.h"

/* Both have Persian digits of Persian shape and Latin letters beside them. */
#define FAMILIES_RTL "Noto Sans Arabic, Noto Sans"
#define FAMILIES_LTR "Noto Sans, Noto Sans Arabic"

#define MARGIN_MM     14.0
#define TITLE_PT      20.0
#define LINE_PT       13.0
#define CELL_PT       17.0	/* smaller if the widest word does not fit its column */
#define LINE_GAP_PT   6.0
#define ROW_PADDING   0.55	/* of the letters' height, above and below */
#define NUMBER_SHARE  0.45	/* of a word's column */
#define RULE_PT       0.6
#define FRAME_PT      1.4

struct drawing {
	const struct word_page *page;
	cairo_t *cr;
	double left, right, y;		/* points */
};

static const char *
families(const struct word_page *p)
{
	return p->rtl ? FAMILIES_RTL : FAMILIES_LTR;
}

/* g_object_unref. */
static PangoLayout *
lay_out(const struct drawing *d, const char *text, double points)
{
	PangoLayout *l = pango_cairo_create_layout(d->cr);
	PangoFontDescription *font = pango_font_description_from_string(families(d->page));

	pango_font_description_set_absolute_size(font, points * PANGO_SCALE);
	pango_layout_set_font_description(l, font);
	pango_font_description_free(font);
	pango_context_set_base_dir(pango_layout_get_context(l),
	    d->page->rtl ? PANGO_DIRECTION_RTL : PANGO_DIRECTION_LTR);
	pango_layout_set_auto_dir(l, FALSE);
	pango_layout_context_changed(l);
	pango_layout_set_text(l, text, -1);
	return l;
}

static double
in_points(int units)
{
	return (double)units / PANGO_SCALE;
}

/* Broken between words where the page ends. */
static void
draw_line(struct drawing *d, const char *text, double points)
{
	PangoLayout *l = lay_out(d, text, points);
	int height;

	pango_layout_set_width(l, (int)((d->right - d->left) * PANGO_SCALE));
	/* with the direction set by hand, Pango's left is left */
	pango_layout_set_alignment(l, d->page->rtl ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
	pango_layout_get_size(l, NULL, &height);
	cairo_move_to(d->cr, d->left, d->y);
	pango_cairo_show_layout(d->cr, l);
	g_object_unref(l);
	d->y += in_points(height) + LINE_GAP_PT;
}

static void
draw_lines(struct drawing *d, const char *const *lines, double first)
{
	for (unsigned i = 0; i < WORD_PAGE_LINES && lines[i] != NULL; i++)
		draw_line(d, lines[i], i == 0 ? first : LINE_PT);
}

/* --- the table */

static double
column_width(const struct drawing *d)
{
	return (d->right - d->left) / (d->page->columns - 1 + NUMBER_SHARE);
}

/* Where column `i` begins and how wide it is; the number's is the first of the line. */
static void
column(const struct drawing *d, unsigned i, double *x, double *width)
{
	const double word = column_width(d), before = i == 0 ? 0 : (i - 1 + NUMBER_SHARE) * word;

	*width = i == 0 ? NUMBER_SHARE * word : word;
	*x = d->page->rtl ? d->right - before - *width : d->left + before;
}

/* The greatest size, up to CELL_PT, in which every cell fits its column. */
static double
cell_points(const struct drawing *d)
{
	const struct word_page *p = d->page;
	double points = CELL_PT;

	for (unsigned i = 0; i < p->rows * p->columns; i++) {
		PangoLayout *l = lay_out(d, p->cells[i], CELL_PT);
		double x, room;
		int width;

		column(d, i % p->columns, &x, &room);
		pango_layout_get_size(l, &width, NULL);
		g_object_unref(l);
		if (width > 0 && CELL_PT * 0.9 * room / in_points(width) < points)
			points = CELL_PT * 0.9 * room / in_points(width);
	}
	return points;
}

static void
draw_cell(struct drawing *d, unsigned at, unsigned i, double points, double height)
{
	PangoLayout *l = lay_out(d, d->page->cells[at], points);
	int width, high;
	double x, room;

	column(d, i, &x, &room);
	pango_layout_get_size(l, &width, &high);
	cairo_move_to(d->cr, x + (room - in_points(width)) / 2, d->y + (height - in_points(high)) / 2);
	pango_cairo_show_layout(d->cr, l);
	g_object_unref(l);
}

static void
rule(const struct drawing *d)
{
	cairo_set_line_width(d->cr, RULE_PT);
	cairo_move_to(d->cr, d->left, d->y);
	cairo_line_to(d->cr, d->right, d->y);
	cairo_stroke(d->cr);
}

static void
draw_table(struct drawing *d)
{
	const struct word_page *p = d->page;
	const double points = cell_points(d), height = points * (1.4 + 2 * ROW_PADDING), top = d->y;
	double x, width;

	for (unsigned row = 0; row < p->rows; row++) {
		rule(d);
		for (unsigned i = 0; i < p->columns; i++)
			draw_cell(d, row * p->columns + i, i, points, height);
		d->y += height;
	}
	rule(d);
	column(d, p->columns - 1, &x, &width);
	cairo_set_line_width(d->cr, FRAME_PT);
	cairo_rectangle(d->cr, x, top, width, d->y - top);
	cairo_stroke(d->cr);
	d->y += 2 * LINE_GAP_PT;
}

static enum err
draw(const struct word_page *p, struct canvas_sink *sink, struct why *w)
{
	const double wide = p->width_um / 1000.0 * PT_PER_MM, margin = MARGIN_MM * PT_PER_MM;
	cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(canvas_write, sink, wide,
	    p->height_um / 1000.0 * PT_PER_MM);
	struct drawing d = {.page = p, .cr = cairo_create(pdf), .left = margin, .right = wide - margin, .y = margin};
	enum err e;

	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATOR, "Bashgah");
	cairo_set_source_rgb(d.cr, 0, 0, 0);
	draw_lines(&d, p->above, TITLE_PT);
	d.y += LINE_GAP_PT;
	draw_table(&d);
	draw_lines(&d, p->below, LINE_PT);
	cairo_show_page(d.cr);
	e = canvas_error(cairo_status(d.cr), "page", w);
	cairo_destroy(d.cr);
	cairo_surface_finish(pdf);
	if (e == ERR_OK)
		e = canvas_error(cairo_surface_status(pdf), "page", w);
	cairo_surface_destroy(pdf);
	return e;
}

enum err
word_page_pdf(const struct word_page *p, uint8_t **out, size_t *len, struct why *w)
{
	struct canvas_sink sink = {0};
	enum err e = font_check_families(families(p), "word_page", w);

	if (e == ERR_OK)
		e = draw(p, &sink, w);
	return canvas_hand_over(&sink, e, out, len);
}
