/*
 * Where an element's ink really lies: drawn alone, small, on a sheet larger than the
 * card, and looked at pixel by pixel. Sees turned text, strokes, clips and masks as
 * they are printed. Private to the printer room.
 */
#ifndef PRINTER_INK_H
#define PRINTER_INK_H

#include "printer/artwork.h"

struct ink;

/* The sheet around the card, in mm: ink farther away is not seen. */
#define INK_MARGIN_MM 12
/* Pixels of a millimetre: a fifth of one is the least that is told apart. */
#define INK_PX_PER_MM 5

/* A sheet for one filled side, which is borrowed. Errors: ERR_DESIGN, ERR_NOMEM. `*out`: ink_close. */
enum err ink_open(struct artwork *a, struct ink **out, struct why *w);
void ink_close(struct ink **k);

/* Draw one element, or all with -1, on the empty sheet. False if librsvg cannot: the sheet is empty then. */
bool ink_draw(struct ink *k, int element);

/* How much ink (0 none … 255 opaque) lies at a place, in mm of the card. */
unsigned ink_at(const struct ink *k, double x, double y);
/* The same, but white is no ink: nothing is to be seen of it on a white card. */
unsigned ink_seen_at(const struct ink *k, double x, double y);

/* Is any of it inside the box? With `seen`, white is no ink. */
bool ink_inside(const struct ink *k, const struct place_box *box, bool seen);
/* Is any of it outside? */
bool ink_outside(const struct ink *k, const struct place_box *box);

/*
 * The elements, as deep in the tree as can be said, of which `guilty` is true when they are
 * drawn alone; `guilty` has its sheet and may ask it. Elements before `from` are not asked (0: all).
 * Answers how many were told.
 */
unsigned ink_blame(struct ink *k, int from, bool (*guilty)(const struct ink *k, void *ctx),
    void (*tell)(int element, void *ctx), void *ctx);

#endif
