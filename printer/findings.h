/* Writing down what is wrong with a design. Private to the printer room. */
#ifndef PRINTER_FINDINGS_H
#define PRINTER_FINDINGS_H

#include "printer/design.h"

/* Add `w`; what stands there already is not added again. */
void findings_add(struct design_findings *all, const struct why *w);

/*
 * For a look at many things: with a list to write to, a fault is noted and the look
 * goes on (ERR_OK); without, `e` ends it. Only no memory ends any look.
 */
enum err findings_keep(struct design_findings *all, enum err e, const struct why *w);

#endif
