/*
 * Cards without a card printer: sheets of ten on A4, cut by crop marks. Front page, then its back page
 * mirrored left and right, so that they match when the sheet is turned over its long edge.
 */
#ifndef PRINTER_SHEET_H
#define PRINTER_SHEET_H

#include "printer/design.h"

#define SHEET_WIDTH_UM  210000
#define SHEET_HEIGHT_UM 297000
#define SHEET_COLUMNS 2
#define SHEET_ROWS    5
#define SHEET_CARDS   (SHEET_COLUMNS * SHEET_ROWS)
/* As many as one document holds. */
#define SHEET_CARDS_MAX 200

/* Both borrowed for the call. */
struct sheet_card {
	const struct design *design;
	const struct card_face *face;
};

/*
 * `count` cards (1..SHEET_CARDS_MAX) into a PDF at `path`, two pages for every ten. Cards fill the rows from the
 * left of the front page. Colour runs 1 mm over each edge; the marks lie outside that.
 * Errors: ERR_RANGE, those of card_render_pdf.
 */
enum err sheet_render_pdf(const struct sheet_card *cards, size_t count, const char *path,
    struct why *w);

/* One page of the first sheet as a picture (CARD_DPI_MIN..CARD_DPI_MAX): for a screen. */
enum err sheet_render_png(const struct sheet_card *cards, size_t count, enum card_side side,
    unsigned dpi, const char *path, struct why *w);

#endif
