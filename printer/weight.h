/*
 * What a design costs to draw. References make little markup into much work (`use` of `use`, patterns in
 * patterns, masks of masks), and the drawing library has no clock of its own. Private to the printer room.
 */
#ifndef PRINTER_WEIGHT_H
#define PRINTER_WEIGHT_H

#include "printer/svg.h"

/*
 * Index of the first element that alone, with all it contains and refers to, is too much to draw; -1: none. In
 * elements, and what costs as much: what is repeated counts each time, a layer to be blended as many.
 */
int weight_too_much(const struct svg *s);

#endif
