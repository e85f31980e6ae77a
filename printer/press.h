/*
 * Many cards of one design as pictures: what is the same on all of them is drawn once, then only
 * words, code and pictures for each. Dot for dot the same as card_render_png draws.
 */
#ifndef PRINTER_PRESS_H
#define PRINTER_PRESS_H

#include <stddef.h>
#include <stdint.h>

#include "printer/design.h"

struct card_press;

/* Rows of 32-bit pixels, 0x00RRGGBB in the machine's order, `stride` bytes from row to row. */
struct card_image {
	unsigned width, height;
	size_t stride;
	const uint8_t *pixels;
};

/*
 * A press for cards of `d`, borrowed for the press's life, at `dpi` (CARD_DPI_MIN..CARD_DPI_MAX, else
 * ERR_RANGE). `*out` is the caller's (press_free). It keeps a few fixed parts a side, one for each tier,
 * application and club that comes by, so its memory does not grow with the cards.
 */
enum err press_new(const struct design *d, unsigned dpi, struct card_press **out, struct why *w);

/*
 * One side of one card. `out` is the press's own and good until its next use. Not for two threads at once.
 * Errors as design_check.
 */
enum err press_draw(struct card_press *p, const struct card_face *face, enum card_side side,
    struct card_image *out, struct why *w);

/* How many of the sides drawn so far had their fixed part ready. */
uint64_t press_reused(const struct card_press *p);

/* NULL-safe; nulls the caller's pointer. */
void press_free(struct card_press **p);

#endif
