/*
 * Designs that stand on others. A child's file holds, right below its outermost element,
 * only what differs: each element takes the place of the parent's of the same id, definitions
 * (in `defs`) too or are added, and attributes of the outermost element replace the parent's.
 * Private to the printer room.
 */
#ifndef PRINTER_FAMILY_H
#define PRINTER_FAMILY_H

#include "printer/design.h"
#include "printer/svg.h"

/* In a child's outermost element: whose child. In any: margins in mm, keep-out of a contact chip. */
#define FAMILY_PARENT "data-bg-parent"
/* A child of a child of a child, and no more: a circle ends here, too. */
#define FAMILY_DEPTH_MAX 4u

/*
 * One side of NAME with all it inherits. With `all`, forbidden things are noted and left
 * out. Errors: ERR_MISSING (neither it nor a parent's file), ERR_IO, ERR_DESIGN, ERR_NOMEM.
 */
enum err family_side(const char *folder, const char *name, enum card_side side,
    struct design_findings *all, struct svg **out, struct why *w);

/* May a design be called so? Letters, digits, dots, dashes, underscores; no dot first. */
bool family_name_ok(const char *name);

#endif
