/*
 * A page of words in a table, large and plain, for a person to keep and to read aloud. It is drawn into memory and
 * nowhere else. What is drawn stays in the memory of the drawing libraries: whoever draws secrets does it in a
 * process that ends then.
 */
#ifndef PRINTER_WORD_PAGE_H
#define PRINTER_WORD_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

#define WORD_PAGE_LINES 4	/* at most, above the table; as many below */

/* All text is valid UTF-8 and borrowed for the call. */
struct word_page {
	bool rtl;			/* its language runs right to left, and so do the columns */
	int width_um, height_um;	/* the sheet */
	const char *above[WORD_PAGE_LINES];	/* the first one larger; NULL ends them */
	const char *const *cells;	/* rows * columns, row by row; the first of a row is its number, the last is framed */
	unsigned rows, columns;
	const char *below[WORD_PAGE_LINES];
};

/*
 * One page as PDF; `*out` is the caller's (wipe, then free). No word of the page comes into a sentence.
 * Errors: ERR_FONT (a font is not installed), ERR_NOMEM, ERR_DESIGN.
 */
enum err word_page_pdf(const struct word_page *p, uint8_t **out, size_t *len, struct why *w);

#endif
