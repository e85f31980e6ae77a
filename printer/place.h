/*
 * The places of a design: one table of all that differs from card to card, and what is
 * shown only for some cards. What is neither is the design's fixed part, the same for
 * every card of one tier, application and club. Private to the printer room.
 */
#ifndef PRINTER_PLACE_H
#define PRINTER_PLACE_H

#include "printer/design.h"
#include "printer/svg.h"

enum place_kind {
	PLACE_WORDS,	/* a text element: words of the face, fitted */
	PLACE_CODE,	/* a rect: the QR code */
	PLACE_PICTURE	/* a rect: a picture embedded in its bounds */
};

/* The room of words is the rect ID-box or data-bg-max-width. */
struct place {
	const char *id;
	enum place_kind kind;
	bool required;		/* on at least one side */
	bool ltr;		/* runs left to right in any surroundings */
	bool whole;		/* a picture shown in whole, not cropped to fill */
	enum msg too_long;
};

#define PLACES 9
extern const struct place places[PLACES];
#define PLACE_QR   "bg:qr"
#define PLACE_TEST "bg:test"

/* The row of the table with that id; NULL: not a place. `id` may be NULL. */
const struct place *place_by_id(const char *id);

/* What the face puts there: "" for nothing or another kind of place. Borrowed. */
const char *place_words(const struct place *p, const struct card_face *f);
/* NULL for none or another kind of place. */
const struct card_picture *place_picture(const struct place *p, const struct card_face *f);

/* How wide the words of element `at` may be, in mm; false if the design does not say. */
bool place_room(const struct svg *s, const struct place *p, int at, double *mm);

/* Is the element with that id for other cards than this one, or never shown? `id` may be NULL. */
bool place_hidden(const char *id, const struct card_face *f);

/* x, y, width and height of a rect, in mm; 0 for what is no number. */
struct place_box {
	double x, y, width, height;
};
struct place_box place_box(const struct svg *s, int at);

#endif
