/*
 * A design filled with one face, ready to be drawn. Private to the printer room.
 */
#ifndef PRINTER_ARTWORK_H
#define PRINTER_ARTWORK_H

#include <librsvg/rsvg.h>

#include "printer/design.h"
#include "printer/place.h"
#include "printer/qr.h"
#include "printer/svg.h"

#define CARD_WIDTH_MM  (CARD_WIDTH_UM / 1000.0)
#define CARD_HEIGHT_MM (CARD_HEIGHT_UM / 1000.0)

struct design {
	char *name;
	struct svg *side[2];	/* by enum card_side */
};

/*
 * All that design_load checks of both sides but whether librsvg can draw them. With `all`,
 * every fault is noted there; without, the first ends it. Errors: ERR_DESIGN, ERR_FONT, ERR_NOMEM.
 */
enum err design_check_trees(const struct design *d, struct design_findings *all, struct why *w);

/* One side filled for one card. What is hidden, and how words were fitted, stands in `edit`. */
struct artwork {
	const struct svg *svg;
	const struct card_face *face;
	struct svg_edit *edit;		/* svg_count entries */
	RsvgHandle *handle;		/* svg as edited */
};

/*
 * Put the face into one side, make it fit, check it, hand it to librsvg. With `all`, what
 * does not fit is noted there and left as it is. artwork_clear on success. Errors as design_check.
 */
enum err artwork_fill(const struct design *d, const struct card_face *face,
    enum card_side side, struct design_findings *all, struct artwork *out, struct why *w);
/* The same without the elements marked in `left_out` (svg_count entries), which a whole filling has checked. */
enum err artwork_fill_rest(const struct design *d, const struct card_face *face,
    enum card_side side, const bool *left_out, struct artwork *out, struct why *w);
void artwork_clear(struct artwork *a);

/* Is the element not drawn: hidden, inside something hidden, or only there to be used? */
bool artwork_unseen(const struct artwork *a, int i);

/* The modules of the code as they stand on the card; `dots` of the printer each. */
struct artwork_code {
	struct qr qr;
	unsigned dots;
	double x, y, module;	/* mm: left upper corner of the first module, edge of one */
	struct place_box box;
};

/*
 * Where the code of the face comes to stand on side `s`, in the element `at`. Errors: ERR_LEN
 * (a module would be too small for the printer or a phone), those of qr_encode.
 */
enum err artwork_code(const struct svg *s, int at, const struct card_face *face,
    struct artwork_code *out, struct why *w);

/*
 * That code as an element: the place's own colour or white over all of it, the modules in its
 * middle, each a whole number of printer dots and on the dots' grid, so that it is drawn
 * without a grey edge. `*out`: g_free. Errors as artwork_code.
 */
enum err artwork_code_markup(const struct svg *s, int at, const struct card_face *face,
    char **out, struct why *w);

#endif
