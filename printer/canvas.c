#include "printer/canvas.h"

#include <stdlib.h>
#include <string.h>

#include "printer/artwork.h"

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
