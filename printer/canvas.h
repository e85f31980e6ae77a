/*
 * What all that is drawn has in common: millimetres, one side of a card, a document in memory.
 * Private to the printer room.
 */
#ifndef PRINTER_CANVAS_H
#define PRINTER_CANVAS_H

#include <cairo.h>
#include <stddef.h>
#include <stdint.h>

#include "printer/artwork.h"

#define MM_PER_INCH 25.4
#define PT_PER_MM   (72 / MM_PER_INCH)

/* Where cairo puts a document; grows by doubling. Begins zeroed, ends with canvas_hand_over. */
struct canvas_sink {
	uint8_t *p;
	size_t len, cap;
};
/* A cairo_write_func_t on a struct canvas_sink. */
cairo_status_t canvas_write(void *ctx, const unsigned char *data, unsigned len);
/* After ERR_OK `*out` is the document, the caller's to free; else it is freed and NULL. Answers `e`. */
enum err canvas_hand_over(struct canvas_sink *s, enum err e, uint8_t **out, size_t *len);

/* ERR_OK, ERR_NOMEM, or ERR_DESIGN naming `about`. */
enum err canvas_error(cairo_status_t status, const char *about, struct why *w);

/* One side onto `cr`, which counts millimetres from the card's corner. Errors as design_check. */
enum err canvas_card(const struct design *d, const struct card_face *face, enum card_side side,
    cairo_t *cr, struct why *w);

/* --- one side as a picture */

/* White, as large as the card at `dpi`: 1012 x 638 at 300. The caller's; look at its status. */
cairo_surface_t *canvas_image(unsigned dpi);
void canvas_white(cairo_surface_t *image);
/* What is in a tree, over what is there. ERR_DESIGN, ERR_NOMEM. */
enum err canvas_artwork(const struct artwork *a, unsigned dpi, cairo_surface_t *image,
    const char *about, struct why *w);
enum err canvas_markup(const struct svg *s, const struct svg_edit *edit, unsigned dpi,
    cairo_surface_t *image, struct why *w);
/* The face for a picture of so many dots: where the code's modules stand. */
struct card_face canvas_face(const struct card_face *face, unsigned dpi);
/*
 * The last column and row are covered by the card only in part and would come out
 * as a pale edge: they get the ink of their neighbours.
 */
void canvas_edges(cairo_surface_t *image);

#endif
