/*
 * A card design: two SVG drawings of 85.60 x 53.98 mm (ISO/IEC 7810 ID-1), in
 * which elements with certain ids are places for a card's own words. What a
 * design may hold and which ids there are stands in docs/printing.md.
 */
#ifndef PRINTER_DESIGN_H
#define PRINTER_DESIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

#define CARD_WIDTH_UM  85600
#define CARD_HEIGHT_UM 53980

/* One side's file is refused above this; a design with pictures inside stays far below. */
#define DESIGN_SVG_CAP (4u * 1024 * 1024)

/* A picture's file is refused above this, and by its pixels before it is decoded. */
#define DESIGN_PICTURE_CAP (2u * 1024 * 1024)
/* Room for a design's name, NUL included. */
#define DESIGN_NAME_CAP 128

enum card_side { CARD_FRONT, CARD_BACK };

/* The bytes of a PNG or JPEG file; len 0: none. */
struct card_picture {
	const uint8_t *bytes;
	size_t len;
};

/*
 * What one card shows. NUL-ended UTF-8, borrowed for the call. NULL or "" leaves the
 * place empty. Texts are drawn as they come: digits, groups and calendar are the
 * caller's; that a number runs left to right in any surroundings is the renderer's.
 */
struct card_face {
	const char *name;
	const char *number_text;	/* grouped, in the digits to be shown: "۶۰۳۷ ۱۲۳۴ …" */
	const char *tier_id;		/* "basic", "bronze", "silver", "gold", "vip": chooses groups */
	const char *tier_label;
	const char *valid_text;		/* the whole phrase: "اعتبار تا پایان مهر ۱۴۰۶" */
	const char *club_name;
	const char *site;		/* "golestan.example.ir" */
	const char *application;	/* "loyalty", "gift", …: chooses groups bg:app-ID */
	const char *qr_text;		/* ASCII; NULL leaves the QR's box empty */
	struct card_picture photo, logo;
	bool test;			/* a practice club: bg:test is shown */
	unsigned dpi;			/* dots the code's modules are to stand on; 0: CARD_DPI */
};

/* Card printers print 300 dots an inch; a few 200 or 600. */
#define CARD_DPI 300

struct design;

/* All that is wrong with a design, each with its sentence. */
#define DESIGN_FINDINGS_CAP 64
struct design_findings {
	unsigned count;
	bool more;		/* there was no room for all */
	struct why found[DESIGN_FINDINGS_CAP];
};

/*
 * Read FOLDER/NAME-front.svg and FOLDER/NAME-back.svg and check all that can be
 * checked without a card: size, form, no DOCTYPE, script or outside reference, all
 * places there, every font family installed. A file that names a parent (data-bg-parent)
 * is put into that design's side; a child's side without a file is the parent's.
 * `*out` is the caller's (design_free).
 * Errors: ERR_MISSING, ERR_IO, ERR_DESIGN, ERR_FONT, ERR_NOMEM.
 */
enum err design_load(const char *folder, const char *name, struct design **out,
    struct why *w);

/*
 * Which design of the folder is this card's? The closest there is of NAME-APP-TIER, NAME-APP,
 * NAME-TIER and NAME; in the language `lang` ("en"; NULL: none) of NAME-LANG and its
 * children, if there is one. `app` and `tier` may be NULL. Looks at names only.
 */
void design_pick(const char *folder, const char *name, const char *lang,
    const char *app, const char *tier, char out[DESIGN_NAME_CAP]);

/*
 * Tell every design of the folder, by name in order: its name and its parent's, NULL if it is
 * nobody's child or cannot be read. Errors: ERR_MISSING (folder), ERR_IO.
 */
enum err design_list(const char *folder,
    void (*tell)(void *ctx, const char *name, const char *parent), void *ctx,
    struct why *w);

/* design_load from memory, without a parent; `front` and `back` (NUL-ended) are borrowed for the call. */
enum err design_parse(const char *name, const char *front, const char *back,
    struct design **out, struct why *w);

/*
 * Would this face fit? Everything rendering checks, without drawing: the fonts have all
 * characters, each text fits its box (smaller down to data-bg-min-size, then
 * condensed to 80 %), nothing lies off the card. A text is never cut.
 * Errors: ERR_FONT (a character no named font has), ERR_LEN (a text too long, by
 * field), ERR_DESIGN (off the card), ERR_NOMEM.
 */
enum err design_check(const struct design *d, const struct card_face *face,
    struct why *w);

const char *design_name(const struct design *d);

/* NULL-safe; nulls the caller's pointer. */
void design_free(struct design **d);

#endif
