/*
 * Which elements of a filled side are the same on every card and may be drawn beneath all that is
 * not. Private to the printer room.
 */
#ifndef PRINTER_LAYERS_H
#define PRINTER_LAYERS_H

#include <stdbool.h>

#include "printer/artwork.h"

/* Words that a whole batch of cards shares: the club's, the tier's. They count as fixed, for cards that say the same. */
bool layers_steady(const struct place *p);

/*
 * For each element of `a` (svg_count entries): `fixed`, drawn once; `each`, drawn for each card. Elements
 * that only hold others are neither; a definition that only the fixed part uses is `fixed`. A fixed element
 * above a changing one is `each`, too, unless the two never touch; so is what lies above that. False: the side cannot be parted.
 */
bool layers_part(const struct artwork *a, bool *fixed, bool *each);

#endif
