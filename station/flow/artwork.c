#include "station/flow/artwork.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cardapps/number.h"
#include "cardapps/record.h"
#include "station/base/clock.h"
#include "station/base/secret.h"
#include "station/club/member.h"
#include "station/club/tier.h"
#include "station/flow/settings.h"
#include "station/store/card.h"
#include "station/store/intent.h"
#include "station/store/journal.h"

#define SCREEN_DPI 300
#define FILE_QUEUE "file:"

/* The words of one card, kept while its face borrows them. */
struct words {
	struct store_member member;
	char number[TEXT_SHORT_CAP];
	char tier[TEXT_SHORT_CAP];
	char valid[TEXT_SHORT_CAP];
	char url[STORE_URL_CAP];
	struct card_face face;
};

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

static enum err
fill_words(struct station *s, enum lang lang, const struct store_card *c, struct words *o,
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
	return e;
}

/* The design asked for or the default one, or rather its child for this card. */
static enum err
load_design(const struct station *s, const struct artwork_request *rq, const struct card_face *face,
    struct design **d, struct why *w)
{
	char folder[STATION_PATH_CAP];
	char name[DESIGN_NAME_CAP];
	enum err e = station_path(s, STATION_DESIGNS, folder, w);

	if (e != ERR_OK)
		return e;
	design_pick(folder, rq->design != NULL ? rq->design : STATION_DESIGN,
	    rq->lang == LANG_EN ? "en" : NULL, face->application, face->tier_id, name);
	return design_load(folder, name, d, w);
}

/* --- journal of prints */

static enum err
journal(struct station *s, const char *kind, const struct artwork_report *r, uint64_t card,
    struct why *w)
{
	char digits[CARD_NUMBER_DIGITS + 1] = "";
	struct journal_field fields[4];
	struct journal_entry entry = {.kind = kind, .at_ms = clock_now_ms(), .fields = fields,
	    .field_count = 4};
	enum err e = store_begin(s->store, w);

	if (e != ERR_OK)
		return e;
	(void)card_number_format(card, digits);
	fields[0] = JOURNAL_FIELD_STR("card", digits);
	fields[1] = JOURNAL_FIELD_STR("title", r->title);
	fields[2] = JOURNAL_FIELD_STR("job", r->job);
	fields[3] = JOURNAL_FIELD_STR("state", print_state_name(r->last.state));
	e = store_event_next(s->store, entry.event, w);
	if (e == ERR_OK)
		e = store_journal_append(s->store, &entry, w);
	if (e == ERR_OK)
		e = store_setting_put(s->store, SETTING_HOST_LOCKED, "1", w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

/* What a row of a print that was seen to end holds. */
struct printed {
	char field[64];
	bool found;
};

static bool
look_for_print(const struct journal_row *row, void *ctx)
{
	struct printed *p = ctx;

	p->found = strcmp(row->kind, "print.end") == 0 && strstr(row->body, p->field) != NULL &&
	    strstr(row->body, "\"state\":\"done\"") != NULL;
	return !p->found;
}

enum err
station_was_printed(struct station *s, uint64_t card, bool *out, struct why *w)
{
	char digits[CARD_NUMBER_DIGITS + 1] = "";
	struct printed p = {.found = false};
	enum err e;

	(void)card_number_format(card, digits);
	(void)snprintf(p.field, sizeof(p.field), "{\"card\":\"%s\"", digits);
	e = store_journal_walk(s->store, 1, look_for_print, &p, w);
	*out = p.found;
	return e;
}

/* --- paper */

static enum err
draw_for_screen(const struct design *d, const struct card_face *face, const char *folder,
    struct artwork_report *out, struct why *w)
{
	int n = snprintf(out->png_front, sizeof(out->png_front), "%s/%s-front.png", folder, out->title);
	int b = snprintf(out->png_back, sizeof(out->png_back), "%s/%s-back.png", folder, out->title);
	enum err e;

	if (n < 0 || b < 0 || (size_t)n >= sizeof(out->png_front) || (size_t)b >= sizeof(out->png_back))
		return why_errno(w, ENAMETOOLONG, folder);
	(void)snprintf(out->pdf, sizeof(out->pdf), "%.*s/%s.pdf", (int)(sizeof(out->pdf) - 110), folder,
	    out->title);
	e = card_render_png(d, face, CARD_FRONT, SCREEN_DPI, out->png_front, w);
	if (e == ERR_OK)
		e = card_render_png(d, face, CARD_BACK, SCREEN_DPI, out->png_back, w);
	return e;
}

/* Submit, note it, follow, note the end. */
static enum err
run_job(struct station *s, const struct artwork_request *rq, struct print_queue *q,
    const char *pdf, struct artwork_report *out, struct why *w)
{
	const struct print_opts opts = {.two_sided = true, .media = NULL};
	struct why ignored;
	enum err e = queue_submit(q, pdf, out->title, &opts, out->job, w);

	if (e != ERR_OK)
		return e;
	out->last.state = PRINT_QUEUED;
	e = journal(s, "print.submit", out, rq->card, w);
	if (e != ERR_OK)
		return e;
	e = queue_wait(q, out->job, rq->timeout_ms, rq->watch, rq->watch_ctx, &out->last, w);
	if (journal(s, "print.end", out, rq->card, &ignored) != ERR_OK && e == ERR_OK) {
		if (w != NULL)
			*w = ignored;
		e = ignored.code;
	}
	return e;
}

static enum err
print_words(struct station *s, const struct artwork_request *rq, const struct words *words,
    struct artwork_report *out, struct why *w)
{
	struct design *d = NULL;
	struct print_queue *q = NULL;
	char work[STATION_PATH_CAP] = "";
	char leaf[160];
	enum err e = load_design(s, rq, &words->face, &d, w);

	if (e == ERR_OK)
		e = queue_open(rq->printer, &q, w);
	(void)snprintf(leaf, sizeof(leaf), STATION_PRINTS "/.%s.pdf", out->title);
	if (e == ERR_OK)
		e = station_path(s, leaf, work, w);
	if (e == ERR_OK)
		e = card_render_pdf(d, &words->face, work, w);
	if (e == ERR_OK && strncmp(rq->printer, FILE_QUEUE, strlen(FILE_QUEUE)) == 0)
		e = draw_for_screen(d, &words->face, rq->printer + strlen(FILE_QUEUE), out, w);
	if (e == ERR_OK)
		e = run_job(s, rq, q, work, out, w);
	/* The scheduler has its copy; a name stays no longer on our disk than it must. */
	if (work[0] != '\0')
		(void)unlink(work);
	queue_close(&q);
	design_free(&d);
	return e;
}

/* Plastic for a card that is done and in service; a torn load does not matter to paper. */
static enum err
check_printable(const struct store_card *c, const char *number, struct why *w)
{
	switch (c->state) {
	case STORE_CARD_ACTIVE:
		return ERR_OK;
	case STORE_CARD_ISSUING:
		return why_set(w, ERR_IN_DOUBT, MSG_PUT_SAME_CARD_BACK);
	case STORE_CARD_BLOCKED:
	case STORE_CARD_CLOSED:
		break;
	}
	return why_set(w, ERR_REFUSED, MSG_CARD_BLOCKED, WHY_CODE(number));
}

enum err
station_print_card(struct station *s, const struct artwork_request *rq,
    struct artwork_report *out, struct why *w)
{
	struct words words = {0};
	struct store_card c;
	char digits[CARD_NUMBER_DIGITS + 1] = "";
	enum err e = store_card_by_number(s->store, rq->card, &c, w);

	memset(out, 0, sizeof(*out));
	(void)card_number_format(rq->card, digits);
	if (e == ERR_NOT_FOUND)
		return why_set(w, ERR_NOT_FOUND, MSG_CARD_NOT_IN_BOOK, WHY_CODE(digits));
	if (e == ERR_OK)
		e = check_printable(&c, digits, w);
	if (e == ERR_OK)
		e = store_card_url(s->store, rq->card, words.url, w);
	if (e == ERR_OK)
		e = fill_words(s, rq->lang, &c, &words, w);
	(void)snprintf(out->title, sizeof(out->title), "card-%s-%" PRIx64, digits,
	    (uint64_t)clock_now_ms());
	if (e == ERR_OK)
		e = print_words(s, rq, &words, out, w);
	WIPE(words);
	return e;
}

enum err
station_check_print(struct station *s, const struct artwork_request *rq, uint32_t member,
    uint8_t tier, uint16_t valid_to, struct why *w)
{
	const struct store_card c = {.number = STORE_NUMBER_MAX, .member = member, .tier = tier,
	    .valid_to = valid_to};
	struct words words = {0};
	struct design *d = NULL;
	struct print_queue *q = NULL;
	enum err e = fill_words(s, rq->lang, &c, &words, w);

	(void)snprintf(words.url, sizeof(words.url), "https://%s/C/%026d", s->set.host, 0);
	if (e == ERR_OK)
		e = load_design(s, rq, &words.face, &d, w);
	if (e == ERR_OK)
		e = design_check(d, &words.face, w);
	if (e == ERR_OK)
		e = queue_open(rq->printer, &q, w);
	if (e == ERR_OK)
		e = queue_ready(q, w);
	queue_close(&q);
	design_free(&d);
	WIPE(words);
	return e;
}
