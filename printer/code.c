#include "printer/artwork.h"

#include <math.h>

/* A phone wants a module of a third of a millimetre; the rounding of 4 dots at 300 dpi is allowed. */
#define MODULE_MIN_MM 0.33
#define MM_PER_INCH   25.4

enum err
artwork_code(const struct svg *s, int at, const struct card_face *face, struct artwork_code *out,
    struct why *w)
{
	unsigned dpi = face->dpi != 0 ? face->dpi : CARD_DPI;
	double dot = MM_PER_INCH / dpi;

	out->box = place_box(s, at);
	enum err e = qr_encode(face->qr_text, &out->qr, w);
	if (e != ERR_OK)
		return e;
	double dots = floor(fmin(out->box.width, out->box.height) / dot /
	    (out->qr.side + 2.0 * QR_QUIET));
	out->dots = (unsigned)dots;
	if (dots * dot < MODULE_MIN_MM)
		return why_set(w, ERR_LEN, MSG_QR_BOX_SMALL, WHY_CODE(s->file), WHY_NUM(dpi),
		    WHY_NUM(ceil(ceil(MODULE_MIN_MM / dot) * dot * (out->qr.side + 2.0 * QR_QUIET))));
	double side = out->qr.side * dots * dot;
	out->module = dots * dot;
	out->x = round((out->box.x + (out->box.width - side) / 2) / dot) * dot;
	out->y = round((out->box.y + (out->box.height - side) / 2) / dot) * dot;
	return ERR_OK;
}

/* Runs of dark modules of each row as rectangles of one path. */
static void
qr_path(GString *to, const struct qr *q, double x, double y, double module)
{
	for (unsigned row = 0; row < q->side; row++) {
		for (unsigned col = 0; col < q->side; col++) {
			unsigned run = 0;
			while (qr_dark(q, col + run, row))
				run++;
			if (run > 0)
				g_string_append_printf(to, "M%.5f %.5fh%.5fv%.5fh-%.5fz",
				    x + col * module, y + row * module, run * module,
				    module, run * module);
			col += run;
		}
	}
}

enum err
artwork_code_markup(const struct svg *s, int at, const struct card_face *face, char **out,
    struct why *w)
{
	struct artwork_code c;

	*out = NULL;
	enum err e = artwork_code(s, at, face, &c, w);
	if (e != ERR_OK)
		return e;
	g_autofree char *fill = svg_own_property(s, at, "fill");
	const char *dark = svg_attr(svg_at(s, at), "data-bg-dark");
	g_autofree char *ground = g_markup_escape_text(fill != NULL ? fill : "#fff", -1);
	g_autofree char *ink = g_markup_escape_text(dark != NULL ? dark : "#000", -1);
	GString *to = g_string_new(NULL);
	g_string_append_printf(to, "<g id=\"" PLACE_QR "\"><rect x=\"%.5f\" y=\"%.5f\" "
	    "width=\"%.5f\" height=\"%.5f\" fill=\"%s\"/><path fill=\"%s\" "
	    "shape-rendering=\"crispEdges\" d=\"", c.box.x, c.box.y, c.box.width, c.box.height,
	    ground, ink);
	qr_path(to, &c.qr, c.x, c.y, c.module);
	g_string_append(to, "\"/></g>");
	*out = g_string_free(to, FALSE);
	return ERR_OK;
}
