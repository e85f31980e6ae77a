/*
 * A card's artwork: PDF of two pages (front, back) of exactly 85.60 x 53.98 mm for a
 * printer, PNG of one side for a screen. Same texts, same fit as design_check.
 */
#ifndef PRINTER_RENDER_H
#define PRINTER_RENDER_H

#include <stddef.h>
#include <stdint.h>

#include "printer/design.h"

/* PNG resolutions allowed. At 300 dpi a side is 1012 x 638 pixels: what a pixel touches is drawn whole. */
#define CARD_DPI_MIN 50
#define CARD_DPI_MAX 1200

/*
 * Draw front and back into `path`, which appears whole or not at all (written beside
 * it under a temporary name, synced, renamed over it).
 * Errors: as design_check, ERR_DISK_FULL, ERR_MISSING (folder), ERR_IO, ERR_NOMEM.
 */
enum err card_render_pdf(const struct design *d, const struct card_face *face,
    const char *path, struct why *w);

/* The next card of a lot into *out, whose texts live until the next call; false: there is none left. */
typedef bool (*card_next)(void *ctx, struct card_face *out);

/*
 * One PDF of all cards `next` gives, front and back of each, for a print house: written to a new file at
 * `path` page by page, so that memory does not grow with the lot, and synced; after an error what is there is of no use.
 * Errors: as card_render_pdf, ERR_DUPLICATE (the file is there).
 */
enum err card_render_pdf_lot(const struct design *d, card_next next, void *ctx,
    const char *path, struct why *w);

/* One side at `dpi` dots an inch (CARD_DPI_MIN..MAX, else ERR_RANGE). */
enum err card_render_png(const struct design *d, const struct card_face *face,
    enum card_side side, unsigned dpi, const char *path, struct why *w);

/* The same into memory: `*out` is the caller's, free() it. */
enum err card_render_pdf_bytes(const struct design *d,
    const struct card_face *face, uint8_t **out, size_t *len, struct why *w);
enum err card_render_png_bytes(const struct design *d,
    const struct card_face *face, enum card_side side, unsigned dpi,
    uint8_t **out, size_t *len, struct why *w);

#endif
