/*
 * QR codes (ISO/IEC 18004), error correction level M, as a matrix of modules.
 */
#ifndef PRINTER_QR_H
#define PRINTER_QR_H

#include <stdbool.h>
#include <stdint.h>

#include "station/base/err.h"

/* Version 10 is 57 modules: more would be too fine for a card's corner. */
#define QR_VERSION_MAX 10
#define QR_SIDE_MAX    (17 + 4 * QR_VERSION_MAX)
#define QR_QUIET       4	/* white modules all around, not part of the matrix */

struct qr {
	unsigned side;					/* modules along one edge */
	uint8_t module[QR_SIDE_MAX * QR_SIDE_MAX];	/* row by row; 1 dark, 0 light */
};

/*
 * Encode `text` (printable ASCII, not empty), switching to the alphanumeric mode
 * wherever it is shorter: a URL whose host and path are upper case takes about 5.5 bits a
 * character. Errors: ERR_FORMAT (not printable ASCII), ERR_LEN (more than
 * version 10 holds), ERR_NOMEM.
 */
enum err qr_encode(const char *text, struct qr *out, struct why *w);

/* True if the module of that column and row is dark; outside the matrix is light. */
bool qr_dark(const struct qr *q, unsigned x, unsigned y);

#endif
