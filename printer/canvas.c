#include "printer/canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "printer/artwork.h"

/* A picture coarser than any printer is for looking at: its code stands as on the card. */
#define GRID_DPI_MIN 200

cairo_status_t
canvas_write(void *ctx, const unsigned char *data, unsigned len)
{
	struct canvas_sink *s = ctx;
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

enum err
canvas_error(cairo_status_t status, const char *about, struct why *w)
{
	if (status == CAIRO_STATUS_SUCCESS)
		return ERR_OK;
	if (status == CAIRO_STATUS_NO_MEMORY)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	return why_set(w, ERR_DESIGN, MSG_DESIGN_BROKEN, WHY_CODE(about),
	    WHY_CODE(cairo_status_to_string(status)));
}

enum err
canvas_card(const struct design *d, const struct card_face *face, enum card_side side,
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

enum err
canvas_hand_over(struct canvas_sink *s, enum err e, uint8_t **out, size_t *len)
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

/* Whole pixels that the length touches; 85.60 mm at 300 dpi is 1011.02, so 1012. */
static int
pixels(double mm, unsigned dpi)
{
	return (int)ceil(mm * dpi / MM_PER_INCH - 1e-6);
}

cairo_surface_t *
canvas_image(unsigned dpi)
{
	cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24,
	    pixels(CARD_WIDTH_MM, dpi), pixels(CARD_HEIGHT_MM, dpi));
	canvas_white(image);
	return image;
}

void
canvas_white(cairo_surface_t *image)
{
	cairo_t *cr = cairo_create(image);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	cairo_destroy(cr);
}

static enum err
draw_handle(RsvgHandle *h, unsigned dpi, cairo_surface_t *image, const char *about, struct why *w)
{
	const RsvgRectangle card = { 0, 0, CARD_WIDTH_MM, CARD_HEIGHT_MM };
	g_autoptr(GError) error = NULL;
	enum err e = ERR_OK;
	cairo_t *cr = cairo_create(image);
	cairo_scale(cr, dpi / MM_PER_INCH, dpi / MM_PER_INCH);
	if (!rsvg_handle_render_document(h, cr, &card, &error))
		e = why_set(w, ERR_DESIGN, MSG_DESIGN_BROKEN, WHY_CODE(about), WHY_CODE(error->message));
	if (e == ERR_OK)
		e = canvas_error(cairo_status(cr), about, w);
	cairo_destroy(cr);
	return e;
}

enum err
canvas_artwork(const struct artwork *a, unsigned dpi, cairo_surface_t *image, const char *about,
    struct why *w)
{
	return draw_handle(a->handle, dpi, image, about, w);
}

enum err
canvas_markup(const struct svg *s, const struct svg_edit *edit, unsigned dpi,
    cairo_surface_t *image, struct why *w)
{
	g_autoptr(GError) error = NULL;
	GString *markup = svg_write(s, edit);
	RsvgHandle *h = rsvg_handle_new_from_data((const guint8 *)markup->str, markup->len, &error);
	enum err e = h != NULL ? draw_handle(h, dpi, image, s->file, w) :
	    why_set(w, ERR_DESIGN, MSG_DESIGN_BROKEN, WHY_CODE(s->file), WHY_CODE(error->message));
	g_string_free(markup, TRUE);
	g_clear_object(&h);
	return e;
}

struct card_face
canvas_face(const struct card_face *face, unsigned dpi)
{
	struct card_face dotted = *face;
	dotted.dpi = dpi >= GRID_DPI_MIN ? dpi : CARD_DPI;
	return dotted;
}

void
canvas_edges(cairo_surface_t *image)
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
