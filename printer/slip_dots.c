#include "printer/slip_dots.h"

#include <cairo-pdf.h>
#include <stdlib.h>
#include <string.h>

#include "printer/canvas.h"
#include "station/base/file.h"

/* A slip carries names: only its owner reads it. */
#define FILE_MODE 0600
/* Rows of one GS v 0: printers with little memory lose longer ones. */
#define BAND_ROWS 128
#define FEED_LINES 4
/* Letters stay sharp: what is nearly black or white is not scattered into its neighbours. */
#define NEARLY_BLACK 80
#define NEARLY_WHITE 176

/* --- dots */

/* A row of shades 0 black … 255 white, with what the row above left over. */
static void
dither_row(const uint8_t *shade, int *carry, uint8_t *bits)
{
	int ahead = 0, below[SLIP_DOTS + 2] = { 0 };
	for (size_t x = 0; x < SLIP_DOTS; x++) {
		bool sharp = shade[x] < NEARLY_BLACK || shade[x] > NEARLY_WHITE;
		int v = sharp ? shade[x] : shade[x] + ahead + carry[x + 1];
		bool black = v < 128;
		int left = sharp ? 0 : v - (black ? 0 : 255);
		if (black)
			bits[x / 8] |= (uint8_t)(0x80 >> x % 8);
		/* Floyd and Steinberg 1976: 7 ahead, 3, 5 and 1 sixteenths below */
		ahead = left * 7 / 16;
		below[x] += left * 3 / 16;
		below[x + 1] += left * 5 / 16;
		below[x + 2] += left / 16;
	}
	memcpy(carry, below, sizeof(below));
}

/* Shades of a row of CAIRO_FORMAT_RGB24, by its green, which is the brightest to the eye. */
static void
shades_of(const unsigned char *row, uint8_t *shade)
{
	for (size_t x = 0; x < SLIP_DOTS; x++) {
		uint32_t pixel;
		memcpy(&pixel, row + 4 * x, sizeof(pixel));
		shade[x] = (uint8_t)(pixel >> 8);
	}
}

static void
dither(cairo_surface_t *image, struct slip *s)
{
	int carry[SLIP_DOTS + 2] = { 0 };
	uint8_t shade[SLIP_DOTS];
	cairo_surface_flush(image);
	const unsigned char *p = cairo_image_surface_get_data(image);
	size_t stride = (size_t)cairo_image_surface_get_stride(image);
	for (size_t y = 0; y < s->rows; y++) {
		shades_of(p + y * stride, shade);
		dither_row(shade, carry, s->dots + y * SLIP_ROW_BYTES);
	}
}

static enum err
make_dots(struct slip *s, struct why *w)
{
	if (s->dots != NULL)
		return ERR_OK;
	s->dots = calloc(s->rows > 0 ? s->rows : 1, SLIP_ROW_BYTES);
	if (s->dots == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, SLIP_DOTS,
	    s->rows > 0 ? (int)s->rows : 1);
	cairo_t *cr = cairo_create(image);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	cairo_set_source_surface(cr, s->drawn, 0, 0);
	cairo_paint(cr);
	enum err e = canvas_error(cairo_status(cr), "slip", w);
	cairo_destroy(cr);
	if (e == ERR_OK)
		dither(image, s);
	cairo_surface_destroy(image);
	return e;
}

bool
slip_dot(struct slip *s, unsigned x, unsigned y)
{
	if (x >= SLIP_DOTS || y >= s->rows || make_dots(s, NULL) != ERR_OK)
		return false;
	return (s->dots[y * SLIP_ROW_BYTES + x / 8] & 0x80 >> x % 8) != 0;
}

/* --- ESC/POS */

static size_t
put(uint8_t *to, size_t at, const void *bytes, size_t len)
{
	memcpy(to + at, bytes, len);
	return at + len;
}

/* GS v 0: m = 0, bytes of a row and rows with the low byte first, then the rows. */
static size_t
put_band(uint8_t *to, size_t at, const uint8_t *dots, unsigned rows)
{
	const uint8_t head[] = { 0x1D, 'v', '0', 0, SLIP_ROW_BYTES, 0, (uint8_t)rows, (uint8_t)(rows >> 8) };
	at = put(to, at, head, sizeof(head));
	return put(to, at, dots, (size_t)rows * SLIP_ROW_BYTES);
}

enum err
slip_escpos(struct slip *s, uint8_t **out, size_t *len, struct why *w)
{
	static const uint8_t begin[] = { 0x1B, '@' }, end[] = { 0x1B, 'd', FEED_LINES, 0x1D, 'V', 66, 0 };
	size_t bands = (s->rows + BAND_ROWS - 1) / BAND_ROWS;
	*out = NULL;
	*len = 0;
	enum err e = make_dots(s, w);
	if (e != ERR_OK)
		return e;
	uint8_t *p = malloc(sizeof(begin) + sizeof(end) + bands * 8 + (size_t)s->rows * SLIP_ROW_BYTES);
	if (p == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	size_t at = put(p, 0, begin, sizeof(begin));
	for (unsigned y = 0; y < s->rows; y += BAND_ROWS)
		at = put_band(p, at, s->dots + (size_t)y * SLIP_ROW_BYTES,
		    s->rows - y < BAND_ROWS ? s->rows - y : BAND_ROWS);
	*len = put(p, at, end, sizeof(end));
	*out = p;
	return ERR_OK;
}

enum err
slip_write_escpos(struct slip *s, const char *path, struct why *w)
{
	uint8_t *p = NULL;
	size_t len = 0;
	enum err e = slip_escpos(s, &p, &len, w);
	if (e == ERR_OK)
		e = file_write(path, p, len, FILE_MODE, w);
	free(p);
	return e;
}

/* --- a page, a picture */

/* The dots as an image of one bit each; the caller's. */
static cairo_surface_t *
image_of(struct slip *s)
{
	cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, SLIP_DOTS,
	    s->rows > 0 ? (int)s->rows : 1);
	unsigned char *p = cairo_image_surface_get_data(image);
	size_t stride = (size_t)cairo_image_surface_get_stride(image);
	for (unsigned y = 0; p != NULL && y < s->rows; y++)
		for (unsigned x = 0; x < SLIP_DOTS; x++)
			memset(p + y * stride + 4 * (size_t)x, slip_dot(s, x, y) ? 0 : 0xFF, 4);
	cairo_surface_mark_dirty(image);
	return image;
}

int
slip_length_um(const struct slip *s)
{
	return (int)(s->rows * (MM_PER_INCH * 1000) / SLIP_DPI + 0.5);
}

static enum err
draw_page(struct slip *s, struct canvas_sink *sink, struct why *w)
{
	double scale = 72.0 / SLIP_DPI, paper = SLIP_PAPER_UM / 1000.0 * PT_PER_MM;
	cairo_surface_t *image = image_of(s);
	cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(canvas_write, sink, paper,
	    slip_length_um(s) / 1000.0 * PT_PER_MM);
	cairo_t *cr = cairo_create(pdf);
	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATOR, "Bashgah");
	cairo_translate(cr, (paper - SLIP_DOTS * scale) / 2, 0);
	cairo_scale(cr, scale, scale);
	cairo_set_source_surface(cr, image, 0, 0);
	/* dot by dot: a printer of the same dots gets them as they are */
	cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
	cairo_paint(cr);
	cairo_show_page(cr);
	enum err e = canvas_error(cairo_status(cr), "slip", w);
	cairo_destroy(cr);
	cairo_surface_finish(pdf);
	if (e == ERR_OK)
		e = canvas_error(cairo_surface_status(pdf), "slip", w);
	cairo_surface_destroy(pdf);
	cairo_surface_destroy(image);
	return e;
}

enum err
slip_write_pdf(struct slip *s, const char *path, struct why *w)
{
	struct canvas_sink sink = { 0 };
	uint8_t *p = NULL;
	size_t len = 0;
	enum err e = make_dots(s, w);
	if (e == ERR_OK)
		e = draw_page(s, &sink, w);
	e = canvas_hand_over(&sink, e, &p, &len);
	if (e == ERR_OK)
		e = file_write(path, p, len, FILE_MODE, w);
	free(p);
	return e;
}

enum err
slip_write_png(struct slip *s, const char *path, struct why *w)
{
	struct canvas_sink sink = { 0 };
	uint8_t *p = NULL;
	size_t len = 0;
	enum err e = make_dots(s, w);
	if (e == ERR_OK) {
		cairo_surface_t *image = image_of(s);
		e = canvas_error(cairo_surface_write_to_png_stream(image, canvas_write, &sink), path, w);
		cairo_surface_destroy(image);
	}
	e = canvas_hand_over(&sink, e, &p, &len);
	if (e == ERR_OK)
		e = file_write(path, p, len, FILE_MODE, w);
	free(p);
	return e;
}
