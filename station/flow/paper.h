/* Inside of printing: the words of one card, its design, its pictures. Only station/flow includes this. */
#ifndef STATION_FLOW_PAPER_H
#define STATION_FLOW_PAPER_H

#include "station/flow/artwork.h"
#include "station/store/card.h"
#include "station/store/intent.h"
#include "station/store/member.h"

#define FILE_QUEUE "file:"

/* The words of one card, kept while its face borrows them. Wipe after use: the URL is a secret. */
struct paper_words {
	struct store_member member;
	char number[TEXT_SHORT_CAP];
	char tier[TEXT_SHORT_CAP];
	char valid[TEXT_SHORT_CAP];
	char url[STORE_URL_CAP];	/* the caller's to fill */
	struct card_face face;
};

/* What stands on the card but its URL. Errors: ERR_NOT_FOUND (the member). */
enum err paper_words(struct station *s, enum lang lang, const struct store_card *c,
    struct paper_words *o, struct why *w);

/* The design of that name, or rather its child for this card (design_pick). Errors: those of design_load. `*d` is the caller's. */
enum err paper_design(const struct station *s, const char *name, enum lang lang,
    const struct card_face *face, struct design **d, struct why *w);

/* Where a "file:" print of that title lies: fills out->pdf, png_front and png_back. Errors: ERR_LEN. */
enum err paper_places(const char *folder, struct artwork_report *out, struct why *w);
/* Both sides as pictures at those places. Errors: those of card_render_png. */
enum err paper_for_screen(const struct design *d, const struct card_face *face,
    const struct artwork_report *out, struct why *w);

#endif
