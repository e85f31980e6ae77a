/* Inside of printing: the words of one card, its design, its pictures. Only station/flow includes this. */
#ifndef STATION_FLOW_PAPER_H
#define STATION_FLOW_PAPER_H

#include "station/flow/artwork.h"
#include "station/store/card.h"
#include "station/store/intent.h"
#include "station/store/member.h"

#define FILE_QUEUE "file:"

/* The words and pictures of one card, kept while its face borrows them. paper_words_wipe after use. */
struct paper_words {
	struct store_member member;
	char number[TEXT_SHORT_CAP];
	char tier[TEXT_SHORT_CAP];
	char valid[TEXT_SHORT_CAP];
	char url[STORE_URL_CAP];	/* the caller's to fill */
	uint8_t *photo, *logo;		/* NULL: none */
	struct card_face face;
};

/*
 * What stands on the card but its URL. The club's logo is designs/logo.png or logo.jpg, a member's
 * photo photos/ID.png or ID.jpg, where there is one. Errors: ERR_NOT_FOUND (the
 * member), ERR_FORMAT (a picture of more than DESIGN_PICTURE_CAP), ERR_IO, ERR_NOMEM.
 */
enum err paper_words(struct station *s, enum lang lang, const struct store_card *c,
    struct paper_words *o, struct why *w);
/* Forget it all: the URL is a secret. Also after an error of paper_words. */
void paper_words_wipe(struct paper_words *o);

/* The pictures alone, into o->face. Errors: as paper_words. */
enum err paper_pictures(const struct station *s, uint32_t member, struct paper_words *o, struct why *w);

/* The name of that design's child for this card (design_pick). Errors: ERR_LEN. */
enum err paper_design_name(const struct station *s, const char *name, enum lang lang,
    const struct card_face *face, char child[DESIGN_NAME_CAP], struct why *w);
/* The design of that name, or rather its child for this card (design_pick). Errors: those of design_load. `*d` is the caller's. */
enum err paper_design(const struct station *s, const char *name, enum lang lang,
    const struct card_face *face, struct design **d, struct why *w);

/* Where a "file:" print of that title lies: fills out->pdf, png_front and png_back. Errors: ERR_LEN. */
enum err paper_places(const char *folder, struct artwork_report *out, struct why *w);
/* Both sides as pictures at those places. Errors: those of card_render_png. */
enum err paper_for_screen(const struct design *d, const struct card_face *face,
    const struct artwork_report *out, struct why *w);

#endif
