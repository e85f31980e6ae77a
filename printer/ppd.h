/*
 * The options of a PPD file (PostScript Printer Description 4.3, section 5.1 to 5.2): what people may choose.
 * Everything else in it is the driver's business. Private to the printer room.
 */
#ifndef PRINTER_PPD_H
#define PRINTER_PPD_H

#include <stdio.h>

#include "printer/offer.h"

/*
 * Add the options of the PPD read from `in` to `o`: names, texts in the file's own language, choices,
 * presets. Sheets and sides are left out: these are asked by size and number. What is not understood is
 * passed over. False without memory.
 */
bool ppd_read(FILE *in, struct print_offer *o);

#endif
