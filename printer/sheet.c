#include "printer/sheet.h"

#include <cairo-pdf.h>
#include <math.h>
#include <stdlib.h>

#include "printer/artwork.h"
#include "printer/canvas.h"
#include "printer/press.h"
#include "printer/render.h"
#include "station/base/file.h"

/* Artwork carries names: only its owner reads it. */
#define FILE_MODE 0600

#define WIDTH_MM  (SHEET_WIDTH_UM / 1000.0)
#define HEIGHT_MM (SHEET_HEIGHT_UM / 1000.0)
/* Between cards, so that a blade that strays cuts into no neighbour; the rest is shared by both margins. */
#define GAP_X_MM 10.0
#define GAP_Y_MM 4.0
#define LEFT_MM  ((WIDTH_MM - SHEET_COLUMNS * CARD_WIDTH_MM - (SHEET_COLUMNS - 1) * GAP_X_MM) / 2)
#define TOP_MM   ((HEIGHT_MM - SHEET_ROWS * CARD_HEIGHT_MM - (SHEET_ROWS - 1) * GAP_Y_MM) / 2)
/* How far colour runs over the edge, and where the marks begin and end, from the corner. */
#define BLEED_MM      1.0
#define MARK_FROM_MM  1.25
#define MARK_TO_X_MM  4.0
#define MARK_TO_Y_MM  2.0
#define MARK_WIDE_MM  0.1

/* Of the `i`-th card of a page. The back page is the front seen from behind. */
static void
corner(size_t i, enum card_side side, double *x, double *y)
{
	const size_t row = i / SHEET_COLUMNS;
	size_t column = i % SHEET_COLUMNS;
	if (side == CARD_BACK)
		column = SHEET_COLUMNS - 1 - column;
	*x = LEFT_MM + (double)column * (CARD_WIDTH_MM + GAP_X_MM);
	*y = TOP_MM + (double)row * (CARD_HEIGHT_MM + GAP_Y_MM);
}

/* Two strokes that lead to a corner of the card from outside; `dx` and `dy` are -1 or 1, away from it. */
static void
mark(cairo_t *cr, double x, double y, int dx, int dy)
{
	cairo_move_to(cr, x + dx * MARK_FROM_MM, y);
	cairo_line_to(cr, x + dx * MARK_TO_X_MM, y);
	cairo_move_to(cr, x, y + dy * MARK_FROM_MM);
	cairo_line_to(cr, x, y + dy * MARK_TO_Y_MM);
}

static void
marks(cairo_t *cr, double x, double y)
{
	mark(cr, x, y, -1, -1);
	mark(cr, x + CARD_WIDTH_MM, y, 1, -1);
	mark(cr, x, y + CARD_HEIGHT_MM, -1, 1);
	mark(cr, x + CARD_WIDTH_MM, y + CARD_HEIGHT_MM, 1, 1);
	cairo_set_source_rgb(cr, 0, 0, 0);
	cairo_set_line_width(cr, MARK_WIDE_MM);
	cairo_stroke(cr);
}

static enum err
draw_one(cairo_t *cr, const struct sheet_card *c, enum card_side side, double x, double y,
    struct why *w)
{
	cairo_save(cr);
	cairo_rectangle(cr, x - BLEED_MM, y - BLEED_MM, CARD_WIDTH_MM + 2 * BLEED_MM,
	    CARD_HEIGHT_MM + 2 * BLEED_MM);
	cairo_clip(cr);
	cairo_translate(cr, x, y);
	enum err e = canvas_card(c->design, c->face, side, cr, w);
	cairo_restore(cr);
	return e;
}

/* `cr` counts millimetres of the sheet. */
static enum err
draw_page(cairo_t *cr, const struct sheet_card *cards, size_t count, enum card_side side,
    struct why *w)
{
	enum err e = ERR_OK;
	for (size_t i = 0; e == ERR_OK && i < count && i < SHEET_CARDS; i++) {
		double x, y;
		corner(i, side, &x, &y);
		e = draw_one(cr, &cards[i], side, x, y, w);
		marks(cr, x, y);
	}
	return e;
}

/* --- on a screen */

/* Cards of one design are drawn over one fixed part, however many lie on the sheet. */
struct screen {
	unsigned dpi;
	const struct design *design[SHEET_CARDS];
	struct card_press *press[SHEET_CARDS];
	size_t presses;
};

static enum err
press_of(struct screen *s, const struct design *d, struct card_press **out, struct why *w)
{
	size_t i = 0;
	while (i < s->presses && s->design[i] != d)
		i++;
	if (i == s->presses) {
		enum err e = press_new(d, s->dpi, &s->press[i], w);
		if (e != ERR_OK)
			return e;
		s->design[i] = d;
		s->presses++;
	}
	*out = s->press[i];
	return ERR_OK;
}

/* On whole dots, its outermost ones drawn on over the edge as far as colour runs. `cr` counts dots. */
static void
put_image(cairo_t *cr, const struct card_image *image, double x, double y, double bleed)
{
	cairo_surface_t *s = cairo_image_surface_create_for_data((unsigned char *)(uintptr_t)image->pixels,
	    CAIRO_FORMAT_RGB24, (int)image->width, (int)image->height, (int)image->stride);
	cairo_set_source_surface(cr, s, x, y);
	cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
	cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
	cairo_rectangle(cr, x - bleed, y - bleed, image->width + 2 * bleed, image->height + 2 * bleed);
	cairo_fill(cr);
	cairo_surface_destroy(s);
}

static enum err
screen_one(struct screen *s, cairo_t *cr, const struct sheet_card *c, enum card_side side, double x,
    double y, struct why *w)
{
	const double dots = s->dpi / MM_PER_INCH;
	struct card_press *press;
	struct card_image image;
	enum err e = press_of(s, c->design, &press, w);
	if (e == ERR_OK)
		e = press_draw(press, c->face, side, &image, w);
	if (e != ERR_OK)
		return e;
	cairo_save(cr);
	cairo_identity_matrix(cr);
	put_image(cr, &image, round(x * dots), round(y * dots), round(BLEED_MM * dots));
	cairo_restore(cr);
	marks(cr, x, y);
	return ERR_OK;
}

static enum err
screen_page(cairo_t *cr, const struct sheet_card *cards, size_t count, enum card_side side,
    unsigned dpi, struct why *w)
{
	struct screen s = { .dpi = dpi };
	enum err e = ERR_OK;
	for (size_t i = 0; e == ERR_OK && i < count && i < SHEET_CARDS; i++) {
		double x, y;
		corner(i, side, &x, &y);
		e = screen_one(&s, cr, &cards[i], side, x, y, w);
	}
	for (size_t i = 0; i < s.presses; i++)
		press_free(&s.press[i]);
	return e;
}

/* --- both */

static enum err
check_count(size_t count, struct why *w)
{
	if (count < 1 || count > SHEET_CARDS_MAX)
		return why_set(w, ERR_RANGE, MSG_SHEET_COUNT, WHY_NUM(SHEET_CARDS_MAX));
	return ERR_OK;
}

static enum err
draw_pages(cairo_t *cr, const struct sheet_card *cards, size_t count, struct why *w)
{
	enum err e = ERR_OK;
	for (size_t at = 0; e == ERR_OK && at < count; at += SHEET_CARDS) {
		e = draw_page(cr, cards + at, count - at, CARD_FRONT, w);
		cairo_show_page(cr);
		if (e == ERR_OK)
			e = draw_page(cr, cards + at, count - at, CARD_BACK, w);
		cairo_show_page(cr);
	}
	return e;
}

enum err
sheet_render_pdf(const struct sheet_card *cards, size_t count, const char *path, struct why *w)
{
	struct canvas_sink sink = { 0 };
	uint8_t *p = NULL;
	size_t len = 0;
	enum err e = check_count(count, w);
	if (e != ERR_OK)
		return e;
	cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(canvas_write, &sink,
	    WIDTH_MM * PT_PER_MM, HEIGHT_MM * PT_PER_MM);
	cairo_t *cr = cairo_create(pdf);
	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATOR, "Bashgah");
	cairo_scale(cr, PT_PER_MM, PT_PER_MM);
	e = draw_pages(cr, cards, count, w);
	if (e == ERR_OK)
		e = canvas_error(cairo_status(cr), path, w);
	cairo_destroy(cr);
	cairo_surface_finish(pdf);
	if (e == ERR_OK)
		e = canvas_error(cairo_surface_status(pdf), path, w);
	cairo_surface_destroy(pdf);
	e = canvas_hand_over(&sink, e, &p, &len);
	if (e == ERR_OK)
		e = file_write(path, p, len, FILE_MODE, w);
	free(p);
	return e;
}

enum err
sheet_render_png(const struct sheet_card *cards, size_t count, enum card_side side,
    unsigned dpi, const char *path, struct why *w)
{
	struct canvas_sink sink = { 0 };
	uint8_t *p = NULL;
	size_t len = 0;
	enum err e = check_count(count, w);
	if (e == ERR_OK && (dpi < CARD_DPI_MIN || dpi > CARD_DPI_MAX))
		e = why_set(w, ERR_RANGE, MSG_PNG_DPI, WHY_NUM(dpi), WHY_NUM(CARD_DPI_MIN),
		    WHY_NUM(CARD_DPI_MAX));
	if (e != ERR_OK)
		return e;
	cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24,
	    (int)ceil(WIDTH_MM * dpi / MM_PER_INCH), (int)ceil(HEIGHT_MM * dpi / MM_PER_INCH));
	cairo_t *cr = cairo_create(image);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	cairo_scale(cr, dpi / MM_PER_INCH, dpi / MM_PER_INCH);
	e = screen_page(cr, cards, count, side, dpi, w);
	if (e == ERR_OK)
		e = canvas_error(cairo_status(cr), path, w);
	cairo_destroy(cr);
	if (e == ERR_OK)
		e = canvas_error(cairo_surface_write_to_png_stream(image, canvas_write, &sink), path, w);
	cairo_surface_destroy(image);
	e = canvas_hand_over(&sink, e, &p, &len);
	if (e == ERR_OK)
		e = file_write(path, p, len, FILE_MODE, w);
	free(p);
	return e;
}
