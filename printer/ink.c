#include "printer/ink.h"

#include <cairo/cairo.h>
#include <math.h>
#include <string.h>

/* Fainter than this is the softened edge of something beside. */
#define INK_MIN 10u
/* A pixel at the rim of a box belongs to it in part. */
#define RIM_MM (1.0 / INK_PX_PER_MM)

#define SHEET_WIDTH_MM  (CARD_WIDTH_MM + 2 * INK_MARGIN_MM)
#define SHEET_HEIGHT_MM (CARD_HEIGHT_MM + 2 * INK_MARGIN_MM)

struct ink {
	struct artwork *a;
	RsvgHandle *handle;	/* the side inside a larger one, nothing cropped */
	cairo_surface_t *sheet;
	int width, height;
};

enum err
ink_open(struct artwork *a, struct ink **out, struct why *w)
{
	struct ink *k = g_new0(struct ink, 1);
	g_autoptr(GError) error = NULL;

	*out = NULL;
	k->a = a;
	k->width = (int)ceil(SHEET_WIDTH_MM * INK_PX_PER_MM);
	k->height = (int)ceil(SHEET_HEIGHT_MM * INK_PX_PER_MM);
	k->sheet = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, k->width, k->height);
	svg_edit_set(&a->edit[0], "overflow", "visible");
	GString *side = svg_write(a->svg, a->edit);
	g_autofree char *all = g_strdup_printf("<svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "viewBox=\"%d %d %.2f %.2f\">%s</svg>", -INK_MARGIN_MM, -INK_MARGIN_MM, SHEET_WIDTH_MM,
	    SHEET_HEIGHT_MM, side->str);
	g_string_free(side, TRUE);
	k->handle = rsvg_handle_new_from_data((const guint8 *)all, strlen(all), &error);
	if (k->handle != NULL && cairo_surface_status(k->sheet) == CAIRO_STATUS_SUCCESS) {
		*out = k;
		return ERR_OK;
	}
	enum err e = k->handle == NULL ? why_set(w, ERR_DESIGN, MSG_DESIGN_BROKEN,
	    WHY_CODE(a->svg->file), WHY_CODE(error->message)) : why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	ink_close(&k);
	return e;
}

void
ink_close(struct ink **k)
{
	if (*k == NULL)
		return;
	g_clear_object(&(*k)->handle);
	cairo_surface_destroy((*k)->sheet);
	g_free(*k);
	*k = NULL;
}

static void
wipe(cairo_t *cr)
{
	cairo_set_operator(cr, CAIRO_OPERATOR_CLEAR);
	cairo_paint(cr);
	cairo_set_operator(cr, CAIRO_OPERATOR_OVER);
}

bool
ink_draw(struct ink *k, int element)
{
	const RsvgRectangle sheet = { 0, 0, k->width, k->height };
	const char *id = element >= 0 ? svg_attr(svg_at(k->a->svg, element), "id") : NULL;
	g_autofree char *layer = g_strconcat("#", id, NULL);
	cairo_t *cr = cairo_create(k->sheet);

	wipe(cr);
	bool ok = (element < 0 || id != NULL) && rsvg_handle_render_layer(k->handle, cr,
	    element < 0 ? NULL : layer, &sheet, NULL);
	if (!ok)
		wipe(cr);
	cairo_destroy(cr);
	cairo_surface_flush(k->sheet);
	return ok;
}

static uint32_t
pixel(const struct ink *k, int x, int y)
{
	uint32_t v = 0;
	const unsigned char *p = cairo_image_surface_get_data(k->sheet);
	if (x >= 0 && y >= 0 && x < k->width && y < k->height)
		memcpy(&v, p + y * cairo_image_surface_get_stride(k->sheet) + 4 * x, sizeof(v));
	return v;
}

/* Of a premultiplied pixel: over white it darkens each channel by alpha less the channel. */
static unsigned
seen(uint32_t v)
{
	unsigned alpha = v >> 24, least = 255;
	for (unsigned shift = 0; shift < 24; shift += 8)
		least = MIN(least, v >> shift & 0xFF);
	return alpha - MIN(alpha, least);
}

static int
px(double mm)
{
	return (int)floor((mm + INK_MARGIN_MM) * INK_PX_PER_MM);
}

unsigned
ink_at(const struct ink *k, double x, double y)
{
	return pixel(k, px(x), px(y)) >> 24;
}

unsigned
ink_seen_at(const struct ink *k, double x, double y)
{
	return seen(pixel(k, px(x), px(y)));
}

bool
ink_inside(const struct ink *k, const struct place_box *b, bool white_is_none)
{
	for (int y = px(b->y + RIM_MM); y < px(b->y + b->height - RIM_MM); y++)
		for (int x = px(b->x + RIM_MM); x < px(b->x + b->width - RIM_MM); x++)
			if ((white_is_none ? seen(pixel(k, x, y)) : pixel(k, x, y) >> 24) >= INK_MIN)
				return true;
	return false;
}

bool
ink_outside(const struct ink *k, const struct place_box *b)
{
	int left = px(b->x - RIM_MM), right = px(b->x + b->width + RIM_MM);
	int top = px(b->y - RIM_MM), bottom = px(b->y + b->height + RIM_MM);
	for (int y = 0; y < k->height; y++)
		for (int x = 0; x < k->width; x++)
			if ((x < left || x > right || y < top || y > bottom) &&
			    pixel(k, x, y) >> 24 >= INK_MIN)
				return true;
	return false;
}

/* Elements drawn alone, times those looked through for each; beyond, the group around them is named. */
#define BLAME_MAX 500000u

struct blame {
	struct ink *k;
	int from;
	unsigned left;
	bool (*guilty)(const struct ink *k, void *ctx);
	void (*tell)(int element, void *ctx);
	void *ctx;
	unsigned told;
};

/* As deep as the parser lets a design be and no deeper. */
static void
blame(struct blame *b, int i)
{
	const struct svg *s = b->k->a->svg;
	unsigned before = b->told;
	if (svg_at(s, i)->name == NULL || b->left == 0 || artwork_unseen(b->k->a, i))
		return;
	b->left--;
	/* what was put in a place has no parts of the design's own; -1 draws all */
	bool whole = b->k->a->edit[i].outer != NULL || strcmp(svg_at(s, i)->name, "text") == 0;
	if (!ink_draw(b->k, i == 0 ? -1 : i) || !b->guilty(b->k, b->ctx))
		return;
	for (int c = whole ? -1 : svg_at(s, i)->first; c >= 0; c = svg_at(s, c)->next)
		blame(b, c);
	if (b->told == before && i >= b->from) {
		b->tell(i, b->ctx);
		b->told++;
	}
}

unsigned
ink_blame(struct ink *k, int from, bool (*guilty)(const struct ink *k, void *ctx),
    void (*tell)(int element, void *ctx), void *ctx)
{
	struct blame b = { k, from, BLAME_MAX / svg_count(k->a->svg), guilty, tell, ctx, 0 };
	blame(&b, 0);
	return b.told;
}
