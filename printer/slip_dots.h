/* A slip while it is drawn, and its dots. Private to printer/slip*. */
#ifndef PRINTER_SLIP_DOTS_H
#define PRINTER_SLIP_DOTS_H

#include <cairo.h>

#include "printer/slip.h"

#define SLIP_ROW_BYTES (SLIP_DOTS / 8)

struct slip {
	bool rtl;
	unsigned rows;
	cairo_surface_t *drawn;
	cairo_t *cr;
	uint8_t *dots;		/* rows of SLIP_ROW_BYTES, the leftmost dot in the highest bit; NULL until asked for */
};

#endif
