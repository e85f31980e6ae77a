/*
 * From planned to the printer's word, once:
 *
 *   lock -> plan (committed) -> hand over -> submitted (committed) -> unlock -> follow -> ended (committed)
 *
 * The lock goes with the process that dies. So who finds a print planned, and has the lock, knows that nobody
 * hands it over now: what the queue does not know by its title was never handed over.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cardapps/number.h"
#include "station/base/clock.h"
#include "station/base/secret.h"
#include "station/flow/handover.h"
#include "station/flow/print_wish.h"
#include "station/flow/settings.h"

/* One file for all: a name stays no longer on our disk than it must, even if this process is killed. */
#define WORK_FILE STATION_PRINTS "/.work.pdf"
/* What a killed station had sent to the last byte may still be on its way into the scheduler's list. */
#define SETTLE_MS 1000

enum begun {
	PRINT_NEW,		/* nothing of this paper is under way */
	PRINT_PLANNED,		/* noted; the queue must be asked */
	PRINT_SENT,		/* the queue has it */
	PRINT_CAME_OUT,		/* and that is the answer */
	PRINT_LOST		/* nobody can say; that is the answer, too */
};

/* --- what stands already */

/* Not if the card's address has changed since: that paper is another. */
static bool
is_this_paper(const struct handing *h)
{
	return !h->row.has_token || (h->card.has_token &&
	    memcmp(h->row.token, h->card.token_hash, sizeof(h->row.token)) == 0);
}

static enum begun
judge(const struct handing *h)
{
	const struct store_print *p = &h->row;

	if (!is_this_paper(h))
		return PRINT_NEW;
	switch (p->state) {
	case STORE_PRINT_PLANNED:
		return PRINT_PLANNED;
	case STORE_PRINT_SUBMITTED:
		return PRINT_SENT;
	case STORE_PRINT_CONFIRMED:
		return h->rq->finish ? PRINT_CAME_OUT : PRINT_NEW;
	case STORE_PRINT_ENDED:
		if (h->rq->finish && strcmp(p->ended, print_state_name(PRINT_DONE)) == 0)
			return PRINT_CAME_OUT;
		if (h->rq->finish && strcmp(p->ended, print_state_name(PRINT_GONE)) == 0)
			return PRINT_LOST;
		break;
	case STORE_PRINT_REJECTED:
	case STORE_PRINT_DROPPED:
		break;
	}
	return PRINT_NEW;
}

static enum err
look(struct handing *h, enum begun *out, struct why *w)
{
	struct why none = {0};
	enum err e = store_print_newest(h->s->store, h->card.number, &h->row, &none);

	*out = e == ERR_OK ? judge(h) : PRINT_NEW;
	if (e != ERR_OK && e != ERR_NOT_FOUND && w != NULL)
		*w = none;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
under_way(uint64_t card, struct why *w)
{
	char digits[CARD_NUMBER_DIGITS + 1] = "";

	(void)card_number_format(card, digits);
	return why_set(w, ERR_REFUSED, MSG_SHEET_CARD_UNDER_WAY, WHY_CODE(digits));
}

/* All on one sheet that was begun, or none of them under way anywhere: else one might come out twice. */
static enum err
look_at_all(struct handing *h, enum begun *out, struct why *w)
{
	const uint64_t *cards = h->rq->cards;
	struct store_print first = {0};
	enum begun one = PRINT_NEW;
	enum err e = ERR_OK;

	for (size_t i = 0; i < h->rq->card_count; i++) {
		e = store_card_by_number(h->s->store, cards[i], &h->card, w);
		if (e == ERR_OK)
			e = look(h, &one, w);
		if (e != ERR_OK)
			return e;
		if (i == 0) {
			first = h->row;
			*out = one;
		}
		if (one == PRINT_NEW && *out != PRINT_NEW)
			return under_way(cards[0], w);
		if (one != PRINT_NEW && (*out == PRINT_NEW || h->row.sheet[0] == '\0' ||
		    strcmp(h->row.sheet, first.sheet) != 0))
			return under_way(cards[i], w);
	}
	h->row = first;
	return e;
}

/* --- handing over */

/* The pages into the work file; with a title, for "file:" also the pictures. */
static enum err
draw(struct handing *h, const char *design, enum lang lang, bool for_screen, struct why *w)
{
	struct paper_words words = {0};
	struct design *d = NULL;
	enum err e;

	if (h->rq->cards != NULL || h->row.sheet[0] != '\0')
		return handing_draw_sheet(h, design, lang, for_screen, w);
	e = store_card_url(h->s->store, h->card.number, words.url, w);

	if (e == ERR_OK)
		e = paper_words(h->s, lang, &h->card, &words, w);
	if (e == ERR_OK)
		e = paper_design(h->s, design, lang, &words.face, &d, w);
	if (e == ERR_OK && !for_screen)
		e = card_render_pdf(d, &words.face, h->work, w);
	if (e == ERR_OK && for_screen)
		e = paper_for_screen(d, &words.face, h->out, w);
	design_free(&d);
	paper_words_wipe(&words);
	return e;
}

static enum err
draw_planned(struct handing *h, bool for_screen, struct why *w)
{
	enum lang lang = LANG_FA;

	(void)lang_parse(h->row.lang, &lang);
	return draw(h, h->row.design, lang, for_screen, w);
}

/* How the print comes out; a sheet is A4. */
static enum err
read_wish(const struct handing *h, const char *options, struct print_wish *wish, struct why *w)
{
	enum err e = print_wish_read(options, wish, w);

	if (e == ERR_OK && (h->rq->cards != NULL || h->row.sheet[0] != '\0')) {
		wish->opts.width_um = SHEET_WIDTH_UM;
		wish->opts.height_um = SHEET_HEIGHT_UM;
	}
	return e;
}

/* The server's no is a no only if it has not taken the job all the same. */
static enum err
after_refusal(struct handing *h, enum err e, struct why *w)
{
	char job[PRINT_JOB_CAP];
	struct why none;
	enum err found = queue_find(h->queue, handing_title(h), job, &none);

	if (found == ERR_OK)
		return handing_note_sent(h, job, w);
	if (found == ERR_NOT_FOUND)
		handing_drop(h);
	return e;
}

/* A planned print to the queue, which does not have it. */
static enum err
hand_over(struct handing *h, struct why *w)
{
	struct print_wish wish;
	char job[PRINT_JOB_CAP];
	enum err e = read_wish(h, h->row.options, &wish, w);

	if (e == ERR_OK && handing_is_file(h->row.queue))
		e = draw_planned(h, true, w);
	if (e != ERR_OK) {
		handing_drop(h);
		return e;
	}
	e = queue_submit(h->queue, h->work, handing_title(h), &wish.opts, job, w);
	return e == ERR_OK ? handing_note_sent(h, job, w) : after_refusal(h, e, w);
}

static enum err
find(struct handing *h, char job[PRINT_JOB_CAP], struct why *w)
{
	const int64_t age_ms = clock_now_ms() - h->row.planned_ms;
	enum err e = queue_find(h->queue, handing_title(h), job, w);

	if (e != ERR_NOT_FOUND || handing_is_file(h->row.queue) || age_ms < 0 || age_ms >= SETTLE_MS)
		return e;
	handing_pause_ms(SETTLE_MS - age_ms);
	return queue_find(h->queue, handing_title(h), job, w);
}

/* Does a scheduler that does not know the title prove that it never had it? */
static bool
forgets(struct handing *h)
{
	const int64_t age_s = (clock_now_ms() - h->row.planned_ms) / 1000;
	struct print_keeping k;
	struct why none;

	if (queue_keeps_files(h->queue, &k, &none) != ERR_OK)
		return false;
	return k.history == PRINT_KEEPS_NONE ||
	    (k.history == PRINT_KEEPS && k.history_s < age_s);
}

static enum err
give_up(struct handing *h, struct why *w)
{
	h->out->last.state = PRINT_GONE;
	if (handing_note_end(h, w) != ERR_OK)
		return w != NULL ? w->code : ERR_DB;
	return why_set(w, ERR_PRINT, MSG_PRINT_NOBODY_KNOWS, WHY_CODE(handing_title(h)));
}

/* A print found planned: whoever planned it is gone. */
static enum err
take_up(struct handing *h, struct why *w)
{
	char job[PRINT_JOB_CAP];
	struct why none = {0};
	enum err e = queue_open(h->row.queue, &h->queue, w);

	if (e != ERR_OK)
		return e;
	e = find(h, job, &none);
	if (e == ERR_OK)
		return handing_note_sent(h, job, w);
	if (e != ERR_NOT_FOUND) {
		if (w != NULL)
			*w = none;
		return e;
	}
	if (forgets(h))
		return give_up(h, w);
	e = draw_planned(h, false, w);
	return e == ERR_OK ? hand_over(h, w) : e;
}

/* Nothing is planned before it is known that it can be drawn and that the queue is there. */
static enum err
begin_new(struct handing *h, struct why *w)
{
	struct print_wish wish;
	enum err e;

	memset(&h->row, 0, sizeof(h->row));
	e = read_wish(h, h->rq->options, &wish, w);
	if (e == ERR_OK)
		e = draw(h, handing_design(h->rq), h->rq->lang, false, w);
	if (e == ERR_OK)
		e = queue_open(h->rq->printer, &h->queue, w);
	if (e == ERR_OK)
		e = queue_check(h->queue, &wish.opts, w);
	if (e == ERR_OK)
		e = handing_plan(h, w);
	return e;
}

/* The places of a "file:" print follow from its title; so they are known of one begun before, too. */
static enum err
name_places(struct handing *h, struct why *w)
{
	(void)snprintf(h->out->title, sizeof(h->out->title), "%s", handing_title(h));
	(void)snprintf(h->out->printer, sizeof(h->out->printer), "%s", h->row.queue);
	if (!handing_is_file(h->row.queue))
		return ERR_OK;
	return paper_places(h->row.queue + strlen(FILE_QUEUE), h->out, w);
}

/* With the lock: afterwards the queue has the print, or the answer is known. */
static enum err
bring_to_queue(struct handing *h, enum begun *begun, struct why *w)
{
	enum err e = h->rq->cards != NULL ? look_at_all(h, begun, w) : look(h, begun, w);

	h->out->followed = *begun == PRINT_PLANNED || *begun == PRINT_SENT;
	if (e == ERR_OK && *begun == PRINT_NEW)
		e = begin_new(h, w);
	if (e == ERR_OK)
		e = name_places(h, w);
	if (e == ERR_OK && *begun == PRINT_NEW)
		e = hand_over(h, w);
	if (e == ERR_OK && *begun == PRINT_PLANNED)
		e = take_up(h, w);
	if (e == ERR_OK && *begun == PRINT_SENT)
		e = queue_open(h->row.queue, &h->queue, w);
	(void)unlink(h->work);
	return e;
}

/* --- following */

static bool
ended(enum print_state s)
{
	return s == PRINT_DONE || s == PRINT_CANCELLED || s == PRINT_ABORTED || s == PRINT_GONE;
}

static enum err
follow(struct handing *h, struct why *w)
{
	struct why noting = {0};
	enum err e;

	h->out->last.state = PRINT_QUEUED;
	e = queue_wait(h->queue, h->row.job, h->rq->timeout_ms, h->rq->watch, h->rq->watch_ctx,
	    &h->out->last, w);
	if (!ended(h->out->last.state))
		return e;
	h->out->to_confirm = !(handing_is_file(h->row.queue) && e == ERR_OK);
	if (handing_note_end(h, &noting) != ERR_OK && e == ERR_OK) {
		if (w != NULL)
			*w = noting;
		e = noting.code;
	}
	return e;
}

static enum err
answer(struct handing *h, enum begun begun, struct why *w)
{
	h->out->answered = true;
	h->out->to_confirm = h->row.state == STORE_PRINT_ENDED;
	h->out->last.state = begun == PRINT_CAME_OUT ? PRINT_DONE : PRINT_GONE;
	if (begun == PRINT_CAME_OUT)
		return ERR_OK;
	return why_set(w, ERR_PRINT, MSG_PRINT_NOBODY_KNOWS, WHY_CODE(handing_title(h)));
}

static enum err
print_locked(struct handing *h, struct why *w)
{
	enum begun begun = PRINT_NEW;
	enum err e = handing_lock(h, w);

	if (e == ERR_OK)
		e = bring_to_queue(h, &begun, w);
	handing_unlock(h);
	(void)snprintf(h->out->job, sizeof(h->out->job), "%s", h->row.job);
	if (e != ERR_OK)
		return e;
	return begun == PRINT_CAME_OUT || begun == PRINT_LOST ? answer(h, begun, w) : follow(h, w);
}

/* Plastic for a card that is done and in service; a torn load does not matter to paper. */
enum err
handing_check(const struct store_card *c, struct why *w)
{
	char number[CARD_NUMBER_DIGITS + 1] = "";

	(void)card_number_format(c->number, number);
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

/* The card from the book into h->card, if it may be printed. */
static enum err
take_card(struct handing *h, uint64_t card, struct why *w)
{
	char digits[CARD_NUMBER_DIGITS + 1] = "";
	enum err e = store_card_by_number(h->s->store, card, &h->card, w);

	(void)card_number_format(card, digits);
	if (e == ERR_NOT_FOUND)
		return why_set(w, ERR_NOT_FOUND, MSG_CARD_NOT_IN_BOOK, WHY_CODE(digits));
	return e == ERR_OK ? handing_check(&h->card, w) : e;
}

static enum err
print_taken(struct handing *h, struct why *w)
{
	enum err e = station_path(h->s, WORK_FILE, h->work, w);

	if (e == ERR_OK)
		e = print_locked(h, w);
	queue_close(&h->queue);
	return e;
}

enum err
station_print_card(struct station *s, const struct artwork_request *rq,
    struct artwork_report *out, struct why *w)
{
	struct artwork_request one = *rq;
	struct handing h = {.s = s, .rq = &one, .out = out, .lock = -1};
	enum err e = take_card(&h, rq->card, w);

	one.cards = NULL;
	memset(out, 0, sizeof(*out));
	return e == ERR_OK ? print_taken(&h, w) : e;
}

static enum err
check_once(const struct artwork_request *rq, size_t at, struct why *w)
{
	char digits[CARD_NUMBER_DIGITS + 1] = "";

	(void)card_number_format(rq->cards[at], digits);
	for (size_t i = 0; i < at; i++)
		if (rq->cards[i] == rq->cards[at])
			return why_set(w, ERR_USAGE, MSG_SHEET_CARD_TWICE, WHY_CODE(digits));
	return ERR_OK;
}

enum err
station_print_sheet(struct station *s, const struct artwork_request *rq,
    struct artwork_report *out, struct why *w)
{
	struct artwork_request sheet = *rq;
	struct handing h = {.s = s, .rq = &sheet, .out = out, .lock = -1};
	enum err e = ERR_OK;

	sheet.finish = false;
	memset(out, 0, sizeof(*out));
	if (rq->card_count < 1 || rq->card_count > STORE_SHEET_MAX)
		return why_set(w, ERR_USAGE, MSG_SHEET_COUNT, WHY_NUM(STORE_SHEET_MAX));
	for (size_t i = 0; e == ERR_OK && i < rq->card_count; i++) {
		e = check_once(rq, i, w);
		if (e == ERR_OK)
			e = take_card(&h, rq->cards[i], w);
	}
	return e == ERR_OK ? print_taken(&h, w) : e;
}

enum err
station_was_printed(struct station *s, uint64_t card, bool *out, struct why *w)
{
	return store_print_was_done(s->store, card, out, w);
}
