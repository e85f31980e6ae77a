#include "printer/render.h"

#include <cairo-pdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "printer/artwork.h"
#include "printer/canvas.h"
#include "station/base/file.h"

/* Artwork carries names: only its owner reads it. */
#define FILE_MODE   0600
#define MM_PER_INCH 25.4
/* A picture coarser than any printer is for looking at: its code stands as on the card. */
#define GRID_DPI_MIN 200
#define PT_PER_MM   (72 / MM_PER_INCH)

enum err
card_render_pdf_bytes(const struct design *d, const struct card_face *face,
    uint8_t **out, size_t *len, struct why *w)
{
	struct canvas_sink sink = { 0 };
	cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(canvas_write, &sink,
	    CARD_WIDTH_MM * PT_PER_MM, CARD_HEIGHT_MM * PT_PER_MM);
	cairo_t *cr = cairo_create(pdf);

	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATOR, "Bashgah");
	cairo_scale(cr, PT_PER_MM, PT_PER_MM);
	enum err e = canvas_card(d, face, CARD_FRONT, cr, w);
	cairo_show_page(cr);
	if (e == ERR_OK)
		e = canvas_card(d, face, CARD_BACK, cr, w);
	cairo_show_page(cr);
	if (e == ERR_OK)
		e = canvas_error(cairo_status(cr), d->name, w);
	cairo_destroy(cr);
	cairo_surface_finish(pdf);
	if (e == ERR_OK)
		e = canvas_error(cairo_surface_status(pdf), d->name, w);
	cairo_surface_destroy(pdf);
	return canvas_hand_over(&sink, e, out, len);
}

/* Whole pixels that the length touches; 85.60 mm at 300 dpi is 1011.02, so 1012. */
static int
pixels(double mm, unsigned dpi)
{
	return (int)ceil(mm * dpi / MM_PER_INCH - 1e-6);
}

/*
 * The last column and row are covered by the card only in part and would come out
 * as a pale edge: they get the ink of their neighbours.
 */
static void
fill_edges(cairo_surface_t *image)
{
	cairo_surface_flush(image);
	unsigned char *p = cairo_image_surface_get_data(image);
	size_t stride = (size_t)cairo_image_surface_get_stride(image);
	size_t width = (size_t)cairo_image_surface_get_width(image);
	size_t height = (size_t)cairo_image_surface_get_height(image);
	for (size_t y = 0; y < height; y++)
		memcpy(p + y * stride + 4 * (width - 1), p + y * stride + 4 * (width - 2), 4);
	memcpy(p + (height - 1) * stride, p + (height - 2) * stride, stride);
	cairo_surface_mark_dirty(image);
}

enum err
card_render_png_bytes(const struct design *d, const struct card_face *face,
    enum card_side side, unsigned dpi, uint8_t **out, size_t *len, struct why *w)
{
	struct canvas_sink sink = { 0 };
	*out = NULL;
	*len = 0;
	if (dpi < CARD_DPI_MIN || dpi > CARD_DPI_MAX)
		return why_set(w, ERR_RANGE, MSG_PNG_DPI, WHY_NUM(dpi),
		    WHY_NUM(CARD_DPI_MIN), WHY_NUM(CARD_DPI_MAX));
	cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24,
	    pixels(CARD_WIDTH_MM, dpi), pixels(CARD_HEIGHT_MM, dpi));
	cairo_t *cr = cairo_create(image);

	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	cairo_scale(cr, dpi / MM_PER_INCH, dpi / MM_PER_INCH);
	struct card_face dotted = *face;
	dotted.dpi = dpi >= GRID_DPI_MIN ? dpi : CARD_DPI;
	enum err e = canvas_card(d, &dotted, side, cr, w);
	if (e == ERR_OK)
		e = canvas_error(cairo_status(cr), d->name, w);
	cairo_destroy(cr);
	if (e == ERR_OK) {
		fill_edges(image);
		e = canvas_error(cairo_surface_write_to_png_stream(image, canvas_write, &sink), d->name, w);
	}
	cairo_surface_destroy(image);
	return canvas_hand_over(&sink, e, out, len);
}

enum err
card_render_pdf(const struct design *d, const struct card_face *face,
    const char *path, struct why *w)
{
	uint8_t *p = NULL;
	size_t len = 0;
	enum err e = card_render_pdf_bytes(d, face, &p, &len, w);
	if (e == ERR_OK)
		e = file_write(path, p, len, FILE_MODE, w);
	free(p);
	return e;
}

enum err
card_render_png(const struct design *d, const struct card_face *face,
    enum card_side side, unsigned dpi, const char *path, struct why *w)
{
	uint8_t *p = NULL;
	size_t len = 0;
	enum err e = card_render_png_bytes(d, face, side, dpi, &p, &len, w);
	if (e == ERR_OK)
		e = file_write(path, p, len, FILE_MODE, w);
	free(p);
	return e;
}
