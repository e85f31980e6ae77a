#include <cairo/cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "printer/inspect_side.h"

#define MM_PER_INCH 25.4
/* Symbol contrast of grade B and better (ISO/IEC 15415, 7.8.3), of the worst modules at that. */
#define CONTRAST_MIN 0.55

/* The code's surroundings as the printer's dots show them, on white plastic. */
struct dots {
	cairo_surface_t *s;
	double per_mm;
	double x, y;		/* mm: where the picture begins on the card */
	int width, height;
};

struct reading {
	double light_min, dark_max, quiet_min;	/* reflectance, 0 … 1 */
	double light, dark;			/* the mean of each */
};

static bool
draw_dots(const struct look *l, const struct artwork_code *c, struct dots *d)
{
	const RsvgRectangle card = { 0, 0, CARD_WIDTH_MM, CARD_HEIGHT_MM };
	unsigned dpi = l->a->face->dpi != 0 ? l->a->face->dpi : CARD_DPI;
	double quiet = QR_QUIET * c->module, side = c->qr.side * c->module + 2 * quiet;

	d->per_mm = dpi / MM_PER_INCH;
	d->x = round((c->x - quiet) * d->per_mm) / d->per_mm;
	d->y = round((c->y - quiet) * d->per_mm) / d->per_mm;
	d->width = d->height = (int)ceil(side * d->per_mm - 1e-6);
	d->s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, d->width, d->height);
	cairo_t *cr = cairo_create(d->s);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	cairo_scale(cr, d->per_mm, d->per_mm);
	cairo_translate(cr, -d->x, -d->y);
	bool ok = rsvg_handle_render_document(l->a->handle, cr, &card, NULL) &&
	    cairo_status(cr) == CAIRO_STATUS_SUCCESS;
	cairo_destroy(cr);
	cairo_surface_flush(d->s);
	return ok;
}

static double
linear(unsigned v)
{
	double c = v / 255.0;
	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* Relative luminance of an sRGB pixel (IEC 61966-2-1), taken for reflectance. */
static double
reflectance(const struct dots *d, int x, int y)
{
	uint32_t v;
	memcpy(&v, cairo_image_surface_get_data(d->s) + y * cairo_image_surface_get_stride(d->s) + 4 * x,
	    sizeof(v));
	return 0.2126 * linear(v >> 16 & 0xFF) + 0.7152 * linear(v >> 8 & 0xFF) + 0.0722 * linear(v & 0xFF);
}

/* Column or row of modules a pixel's middle lies in; the quiet zone is outside 0 … side-1. */
static long
module_at(double origin, double module, double from, int pixel, double per_mm)
{
	return (long)floor((from + (pixel + 0.5) / per_mm - origin) / module);
}

static void
read_dots(const struct dots *d, const struct artwork_code *c, struct reading *r)
{
	long side = (long)c->qr.side;
	unsigned long lights = 0, darks = 0;
	*r = (struct reading){ 1, 0, 1, 0, 0 };
	for (int y = 0; y < d->height; y++) {
		long row = module_at(c->y, c->module, d->y, y, d->per_mm);
		for (int x = 0; x < d->width; x++) {
			long col = module_at(c->x, c->module, d->x, x, d->per_mm);
			double v = reflectance(d, x, y);
			if (row < 0 || col < 0 || row >= side || col >= side)
				r->quiet_min = fmin(r->quiet_min, v);
			else if (qr_dark(&c->qr, (unsigned)col, (unsigned)row))
				r->dark_max = fmax(r->dark_max, v), r->dark += v, darks++;
			else
				r->light_min = fmin(r->light_min, v), r->light += v, lights++;
		}
	}
	r->dark /= (double)MAX(darks, 1);
	r->light /= (double)MAX(lights, 1);
}

/* --- who lies over it */

struct over {
	struct look *l;
	struct place_box box;
	enum msg id;
	long percent;
};

static bool
in_box(const struct ink *k, void *ctx)
{
	const struct over *o = ctx;
	return ink_inside(k, &o->box, false);
}

static void
tell(int element, void *ctx)
{
	const struct over *o = ctx;
	look_note(o->l, o->id, element, o->percent, lround(CONTRAST_MIN * 100));
}

/* Whatever is drawn after the place and into it; else, or if it is pale `all_over`, the place or what shines through it. */
static void
note(struct look *l, const struct artwork_code *c, int at, enum msg id, double contrast, bool all_over)
{
	double quiet = QR_QUIET * c->module, side = c->qr.side * c->module + 2 * quiet;
	struct over o = { l, { c->x - quiet, c->y - quiet, side, side }, id, lround(contrast * 100) };
	if (ink_blame(l->ink, at + 1, in_box, tell, &o) == 0 || all_over)
		tell(at, &o);
}

void
look_at_code(struct look *l)
{
	int at = svg_find(l->a->svg, PLACE_QR);
	struct artwork_code c;
	struct dots d = { 0 };
	struct reading r;

	if (at < 0 || artwork_unseen(l->a, at) ||
	    artwork_code(l->a->svg, at, l->a->face, &c, NULL) != ERR_OK)
		return;
	if (draw_dots(l, &c, &d)) {
		read_dots(&d, &c, &r);
		double contrast = fmax(0, r.light_min - r.dark_max);
		if (contrast < CONTRAST_MIN)
			note(l, &c, at, MSG_DESIGN_QR_CONTRAST, contrast, r.light - r.dark < CONTRAST_MIN);
		/* a reader takes what is darker than the middle of light and dark for a module */
		if (r.quiet_min < (r.dark_max + r.light_min) / 2)
			note(l, &c, at, MSG_DESIGN_QR_QUIET, contrast, false);
	}
	cairo_surface_destroy(d.s);
}
