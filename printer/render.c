#include "printer/render.h"

#include <cairo-pdf.h>
#include <stdlib.h>

#include "printer/artwork.h"
#include "printer/canvas.h"
#include "station/base/file.h"

/* Artwork carries names: only its owner reads it. */
#define FILE_MODE 0600

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

enum err
card_render_png_bytes(const struct design *d, const struct card_face *face,
    enum card_side side, unsigned dpi, uint8_t **out, size_t *len, struct why *w)
{
	struct canvas_sink sink = { 0 };
	struct artwork a = { 0 };
	*out = NULL;
	*len = 0;
	if (dpi < CARD_DPI_MIN || dpi > CARD_DPI_MAX)
		return why_set(w, ERR_RANGE, MSG_PNG_DPI, WHY_NUM(dpi),
		    WHY_NUM(CARD_DPI_MIN), WHY_NUM(CARD_DPI_MAX));
	cairo_surface_t *image = canvas_image(dpi);
	struct card_face dotted = canvas_face(face, dpi);
	enum err e = artwork_fill(d, &dotted, side, NULL, &a, w);
	if (e == ERR_OK)
		e = canvas_artwork(&a, dpi, image, d->name, w);
	artwork_clear(&a);
	if (e == ERR_OK) {
		canvas_edges(image);
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
