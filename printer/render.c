#include "printer/render.h"

#include <cairo-pdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "printer/artwork.h"
#include "station/base/file.h"

/* Artwork carries names: only its owner reads it. */
#define FILE_MODE   0600
#define MM_PER_INCH 25.4
/* A picture coarser than any printer is for looking at: its code stands as on the card. */
#define GRID_DPI_MIN 200
#define PT_PER_MM   (72 / MM_PER_INCH)

/* Where cairo puts a document; grows by doubling. */
struct sink {
	uint8_t *p;
	size_t len, cap;
};

static cairo_status_t
sink_write(void *ctx, const unsigned char *data, unsigned len)
{
	struct sink *s = ctx;
	if (len > s->cap - s->len) {
		size_t cap = s->cap;
		while (cap - s->len < len)
			cap = cap == 0 ? 64 * 1024 : cap * 2;
		uint8_t *p = realloc(s->p, cap);
		if (p == NULL)
			return CAIRO_STATUS_NO_MEMORY;
		s->p = p;
		s->cap = cap;
	}
	memcpy(s->p + s->len, data, len);
	s->len += len;
	return CAIRO_STATUS_SUCCESS;
}

static enum err
cairo_error(cairo_status_t status, const struct design *d, struct why *w)
{
	if (status == CAIRO_STATUS_SUCCESS)
		return ERR_OK;
	if (status == CAIRO_STATUS_NO_MEMORY)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	return why_set(w, ERR_DESIGN, MSG_DESIGN_BROKEN, WHY_CODE(d->name),
	    WHY_CODE(cairo_status_to_string(status)));
}

/* One side onto `cr`, which counts millimetres. */
static enum err
draw(const struct design *d, const struct card_face *face, enum card_side side,
    cairo_t *cr, struct why *w)
{
	const RsvgRectangle card = { 0, 0, CARD_WIDTH_MM, CARD_HEIGHT_MM };
	g_autoptr(GError) error = NULL;
	struct artwork a = { 0 };
	enum err e = artwork_fill(d, face, side, NULL, &a, w);
	if (e == ERR_OK && !rsvg_handle_render_document(a.handle, cr, &card, &error))
		e = why_set(w, ERR_DESIGN, MSG_DESIGN_BROKEN, WHY_CODE(d->name),
		    WHY_CODE(error->message));
	artwork_clear(&a);
	return e;
}

static enum err
hand_over(struct sink *s, enum err e, uint8_t **out, size_t *len)
{
	*out = NULL;
	*len = 0;
	if (e == ERR_OK) {
		*out = s->p;
		*len = s->len;
	} else {
		free(s->p);
	}
	return e;
}

enum err
card_render_pdf_bytes(const struct design *d, const struct card_face *face,
    uint8_t **out, size_t *len, struct why *w)
{
	struct sink sink = { 0 };
	cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(sink_write, &sink,
	    CARD_WIDTH_MM * PT_PER_MM, CARD_HEIGHT_MM * PT_PER_MM);
	cairo_t *cr = cairo_create(pdf);

	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATOR, "Bashgah");
	cairo_scale(cr, PT_PER_MM, PT_PER_MM);
	enum err e = draw(d, face, CARD_FRONT, cr, w);
	cairo_show_page(cr);
	if (e == ERR_OK)
		e = draw(d, face, CARD_BACK, cr, w);
	cairo_show_page(cr);
	if (e == ERR_OK)
		e = cairo_error(cairo_status(cr), d, w);
	cairo_destroy(cr);
	cairo_surface_finish(pdf);
	if (e == ERR_OK)
		e = cairo_error(cairo_surface_status(pdf), d, w);
	cairo_surface_destroy(pdf);
	return hand_over(&sink, e, out, len);
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
	struct sink sink = { 0 };
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
	enum err e = draw(d, &dotted, side, cr, w);
	if (e == ERR_OK)
		e = cairo_error(cairo_status(cr), d, w);
	cairo_destroy(cr);
	if (e == ERR_OK) {
		fill_edges(image);
		e = cairo_error(cairo_surface_write_to_png_stream(image, sink_write, &sink), d, w);
	}
	cairo_surface_destroy(image);
	return hand_over(&sink, e, out, len);
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
