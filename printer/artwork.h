/*
 * A design filled with one face, ready to be drawn. Private to the printer room.
 */
#ifndef PRINTER_ARTWORK_H
#define PRINTER_ARTWORK_H

#include <librsvg/rsvg.h>

#include "printer/design.h"
#include "printer/svg.h"

#define CARD_WIDTH_MM  (CARD_WIDTH_UM / 1000.0)
#define CARD_HEIGHT_MM (CARD_HEIGHT_UM / 1000.0)

struct design {
	char *name;
	struct svg *side[2];	/* by enum card_side */
};

/* A place for text: its element is ID, its room the rect ID-box or data-bg-max-width. */
struct place {
	const char *id;
	bool required;		/* on at least one side */
	bool ltr;		/* runs left to right in any surroundings */
	enum msg too_long;
};

#define PLACES 5
extern const struct place places[PLACES];
#define PLACE_QR   "bg:qr"
#define PLACE_TEST "bg:test"

/* How wide the text of place element `at` may be, in mm; false if the design does not say. */
bool place_room(const struct svg *s, const struct place *p, int at, double *mm);

/*
 * Put the face into one side, make it fit, check it, hand it to librsvg. `*out` is
 * the caller's (g_object_unref). Errors as design_check.
 */
enum err artwork_fill(const struct design *d, const struct card_face *face,
    enum card_side side, RsvgHandle **out, struct why *w);

#endif
