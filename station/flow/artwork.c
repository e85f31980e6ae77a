#include "station/flow/artwork.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cardapps/number.h"
#include "cardapps/record.h"
#include "station/base/secret.h"
#include "station/club/member.h"
#include "station/club/tier.h"
#include "station/flow/paper.h"
#include "station/flow/print_wish.h"
#include "station/flow/settings.h"

#define SCREEN_DPI 300

/* The applications of a record as designs name them; a card not yet made is a member's. */
static const char *
application_id(uint8_t application)
{
	static const char *const id[] = {
		"loyalty", [APP_LOYALTY] = "loyalty", [APP_GIFT] = "gift", [APP_DISCOUNT] = "discount",
		[APP_STAFF] = "staff", [APP_GUEST] = "guest",
	};

	return application < sizeof(id) / sizeof(id[0]) ? id[application] : id[0];
}

enum err
paper_words(struct station *s, enum lang lang, const struct store_card *c, struct paper_words *o,
    struct why *w)
{
	const struct why_in valid = WHY_DAY(c->valid_to);
	char digits[CARD_NUMBER_DIGITS + 1] = "";
	enum err e = ERR_OK;

	if (c->member != 0)
		e = club_member_get(s->store, c->member, &o->member, w);
	(void)card_number_format(c->number, digits);
	text_card_number(lang, digits, o->number, sizeof(o->number));
	text_message(lang, club_tier_name(c->tier), NULL, 0, o->tier, sizeof(o->tier));
	if (c->valid_to != 0)
		text_message(lang, MSG_VALID_UNTIL, &valid, 1, o->valid, sizeof(o->valid));
	o->face = (struct card_face){
		.name = o->member.name, .number_text = o->number,
		.tier_id = club_tier_id(c->tier), .tier_label = o->tier,
		.valid_text = o->valid, .club_name = s->set.club_name,
		.site = s->set.host,
		.application = application_id(c->application), .qr_text = o->url, .test = s->test,
	};
	return e == ERR_OK ? paper_pictures(s, c->member, o, w) : e;
}

enum err
paper_design_name(const struct station *s, const char *name, enum lang lang,
    const struct card_face *face, char child[DESIGN_NAME_CAP], struct why *w)
{
	char folder[STATION_PATH_CAP];
	enum err e = station_path(s, STATION_DESIGNS, folder, w);

	if (e == ERR_OK)
		design_pick(folder, name, lang == LANG_EN ? "en" : NULL, face->application, face->tier_id, child);
	return e;
}

enum err
paper_design(const struct station *s, const char *name, enum lang lang, const struct card_face *face,
    struct design **d, struct why *w)
{
	char folder[STATION_PATH_CAP];
	char child[DESIGN_NAME_CAP];
	enum err e = paper_design_name(s, name, lang, face, child, w);

	if (e == ERR_OK)
		e = station_path(s, STATION_DESIGNS, folder, w);
	return e == ERR_OK ? design_load(folder, child, d, w) : e;
}

enum err
paper_places(const char *folder, struct artwork_report *out, struct why *w)
{
	int n = snprintf(out->png_front, sizeof(out->png_front), "%s/%s-front.png", folder, out->title);
	int b = snprintf(out->png_back, sizeof(out->png_back), "%s/%s-back.png", folder, out->title);
	int p = snprintf(out->pdf, sizeof(out->pdf), "%s/%s.pdf", folder, out->title);

	if (n < 0 || b < 0 || p < 0 || (size_t)n >= sizeof(out->png_front) ||
	    (size_t)b >= sizeof(out->png_back) || (size_t)p >= sizeof(out->pdf))
		return why_errno(w, ENAMETOOLONG, folder);
	return ERR_OK;
}

enum err
paper_for_screen(const struct design *d, const struct card_face *face,
    const struct artwork_report *out, struct why *w)
{
	enum err e = card_render_png(d, face, CARD_FRONT, SCREEN_DPI, out->png_front, w);

	return e == ERR_OK ? card_render_png(d, face, CARD_BACK, SCREEN_DPI, out->png_back, w) : e;
}

enum err
station_check_print(struct station *s, const struct artwork_request *rq, uint32_t member,
    uint8_t tier, uint16_t valid_to, struct why *w)
{
	const struct store_card c = {.number = STORE_NUMBER_MAX, .member = member, .tier = tier,
	    .valid_to = valid_to};
	struct paper_words words = {0};
	struct design *d = NULL;
	struct print_queue *q = NULL;
	struct print_wish wish;
	enum err e = paper_words(s, rq->lang, &c, &words, w);

	(void)snprintf(words.url, sizeof(words.url), "https://%s/C/%026d", s->set.host, 0);
	if (e == ERR_OK)
		e = paper_design(s, rq->design != NULL ? rq->design : STATION_DESIGN, rq->lang, &words.face,
		    &d, w);
	if (e == ERR_OK)
		e = design_check(d, &words.face, w);
	if (e == ERR_OK)
		e = print_wish_read(rq->options, &wish, w);
	if (e == ERR_OK)
		e = queue_open(rq->printer, &q, w);
	if (e == ERR_OK)
		e = queue_check(q, &wish.opts, w);
	queue_close(&q);
	design_free(&d);
	paper_words_wipe(&words);
	return e;
}
