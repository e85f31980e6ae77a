/* The looks at one filled side that make up an inspection. Private to the printer room. */
#ifndef PRINTER_INSPECT_SIDE_H
#define PRINTER_INSPECT_SIDE_H

#include "printer/artwork.h"
#include "printer/ink.h"

/* What a design says of its rims in its outermost element, in mm. */
struct margins {
	double bleed;		/* data-bg-bleed: colour goes this far over the edge */
	double safe;		/* data-bg-safe: words keep this far inside it */
	bool chip;		/* data-bg-chip: a contact chip, where nothing is printed */
	struct place_box keep_out;
};

struct look {
	struct artwork *a;
	struct ink *ink;
	enum card_side side;
	struct margins m;
	struct design_findings *all;
};

/* Read the margins; what is no such thing is a finding, and the usual (1 and 3 mm, no chip) holds. */
void look_margins(const struct svg *s, struct design_findings *all, struct margins *out);

/* No direction="rtl" together with text-anchor="end". */
void look_at_anchors(const struct svg *s, struct design_findings *all);

/* Ink beyond the bleed, ink that ends at the card's edge, ink over the chip, words near the edge or on the code. */
void look_at_ink(struct look *l);

/* Contrast and quiet zone of the code as the printer's dots show it. */
void look_at_code(struct look *l);

/* Add a finding of this side: {0} the file, {1} the element, {2} and {3} numbers. */
void look_note(const struct look *l, enum msg id, int element, long a, long b);

#endif
