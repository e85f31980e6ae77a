/* A hand-over and the book: the lock, and each step as a commit. */
#include "station/flow/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "station/base/bytes.h"
#include "station/base/clock.h"
#include "station/flow/prints.h"
#include "station/flow/settings.h"
#include "station/store/journal.h"

#define LOCK_FILE STATION_PRINTS "/.lock"
#define LOCK_WAIT_MS 60000
#define LOCK_PAUSE_MS 20
#define NS_PER_MS 1000000

/* --- one hand-over at a time */

void
handing_pause_ms(int64_t ms)
{
	(void)nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * NS_PER_MS}, NULL);
}

enum err
handing_lock(struct handing *h, struct why *w)
{
	const int64_t until_ns = clock_monotonic_ns() + (int64_t)LOCK_WAIT_MS * NS_PER_MS;
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[STATION_PATH_CAP];
	enum err e = station_path(h->s, LOCK_FILE, path, w);

	if (e != ERR_OK)
		return e;
	h->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (h->lock < 0)
		return why_errno(w, errno, path);
	while (fcntl(h->lock, F_SETLK, &whole) != 0) {
		if (errno != EACCES && errno != EAGAIN && errno != EINTR)
			return why_errno(w, errno, path);
		if (clock_monotonic_ns() >= until_ns)
			return why_set(w, ERR_TIMEOUT, MSG_PRINT_OTHER_DESK);
		handing_pause_ms(LOCK_PAUSE_MS);
	}
	return ERR_OK;
}

void
handing_unlock(struct handing *h)
{
	if (h->lock >= 0)
		(void)close(h->lock);
	h->lock = -1;
}

/* --- the book */

const char *
handing_design(const struct artwork_request *rq)
{
	return rq->design != NULL ? rq->design : STATION_DESIGN;
}

const char *
handing_title(const struct handing *h)
{
	return h->row.sheet[0] != '\0' ? h->row.sheet : h->row.title;
}

/* Of a sheet, what staff or another desk have moved on already stays where it is. */
static bool
is_past(const struct store_print *p, enum store_print_state to)
{
	return p->sheet[0] != '\0' && (to == STORE_PRINT_DROPPED ? p->state != STORE_PRINT_PLANNED
								: p->state >= to);
}

/* What was handed over as one moves as one. In the caller's transaction; m->title is not read. */
static enum err
move_job(struct handing *h, const struct store_print_move *m, struct why *w)
{
	struct store_print rows[STORE_SHEET_MAX] = {h->row};
	struct store *db = h->s->store;
	struct store_print_move one = *m;
	size_t count = 1;
	enum err e = ERR_OK;

	if (h->row.sheet[0] != '\0')
		e = store_prints_of_sheet(db, h->row.sheet, rows, &count, w);
	for (size_t i = 0; e == ERR_OK && i < count; i++) {
		one.title = rows[i].title;
		if (!is_past(&rows[i], m->to))
			e = store_print_move(db, &one, w);
	}
	return e == ERR_OK ? store_print_by_title(db, h->row.title, &h->row, w) : e;
}

static enum err
move(struct handing *h, const struct store_print_move *m, struct why *w)
{
	enum err e = store_begin(h->s->store, w);

	if (e == ERR_OK)
		e = move_job(h, m, w);
	if (e == ERR_OK)
		e = store_commit(h->s->store, w);
	store_rollback(h->s->store);
	return e;
}

static enum err
plan_card(struct handing *h, const struct store_card *c, struct store_print *p, struct why *w)
{
	p->card = c->number;
	p->has_token = c->has_token;
	memcpy(p->token, c->token_hash, sizeof(p->token));
	return store_print_plan(h->s->store, p, w);
}

/* All in one transaction: a sheet is planned in whole or not at all. */
static enum err
plan_sheet(struct handing *h, const struct store_print *like, struct why *w)
{
	struct store_print p = *like;
	uint8_t event[STORE_EVENT_LEN];
	char hex[2 * STORE_EVENT_LEN + 1];
	struct store_card card;
	enum err e = store_event_next(h->s->store, event, w);

	if (e != ERR_OK)
		return e;
	hex_encode(event, sizeof(event), hex);
	(void)snprintf(p.sheet, sizeof(p.sheet), STORE_SHEET_PREFIX "%s", hex);
	for (size_t i = 0; e == ERR_OK && i < h->rq->card_count; i++) {
		e = store_card_by_number(h->s->store, h->rq->cards[i], &card, w);
		if (e == ERR_OK)
			e = plan_card(h, &card, &p, w);
		if (i == 0)
			h->row = p;
	}
	return e;
}

enum err
handing_plan(struct handing *h, struct why *w)
{
	struct store *db = h->s->store;
	struct store_print like = {0}, *p = &like;
	enum err e;

	(void)snprintf(p->design, sizeof(p->design), "%s", handing_design(h->rq));
	(void)snprintf(p->lang, sizeof(p->lang), "%s", lang_tag(h->rq->lang));
	(void)snprintf(p->queue, sizeof(p->queue), "%s", h->rq->printer);
	(void)snprintf(p->options, sizeof(p->options), "%s", h->rq->options != NULL ? h->rq->options : "");
	p->planned_ms = clock_now_ms();
	e = prints_cost(h->s, &p->ribbon_rial, &p->blank_rial, w);
	if (e == ERR_OK)
		e = store_begin(db, w);
	h->row = like;
	if (e == ERR_OK)
		e = h->rq->cards != NULL ? plan_sheet(h, p, w) : plan_card(h, &h->card, &h->row, w);
	if (e == ERR_OK)
		e = store_setting_put(db, SETTING_HOST_LOCKED, "1", w);
	if (e == ERR_OK)
		e = store_commit(db, w);
	store_rollback(db);
	return e;
}

void
handing_drop(struct handing *h)
{
	const struct store_print_move m = {.to = STORE_PRINT_DROPPED, .by = PRINT_BY_STATION,
	    .at_ms = clock_now_ms()};
	struct why none;

	(void)move(h, &m, &none);
}

enum err
handing_note_sent(struct handing *h, const char *job, struct why *w)
{
	const struct store_print_move m = {.to = STORE_PRINT_SUBMITTED, .job = job,
	    .by = PRINT_BY_STATION, .at_ms = clock_now_ms()};

	return move(h, &m, w);
}

bool
handing_is_file(const char *queue)
{
	return strncmp(queue, FILE_QUEUE, strlen(FILE_QUEUE)) == 0;
}

/* Pages in a folder are seen to be there by who put them there. */
static enum err
confirm_file(struct handing *h, struct why *w)
{
	const struct store_print_move m = {.to = STORE_PRINT_CONFIRMED, .by = PRINT_BY_FILE,
	    .at_ms = clock_now_ms()};

	return move_job(h, &m, w);
}

enum err
handing_note_end(struct handing *h, struct why *w)
{
	const struct print_status *last = &h->out->last;
	const struct store_print_move m = {.to = STORE_PRINT_ENDED,
	    .ended = print_state_name(last->state), .keyword = last->keyword, .by = PRINT_BY_STATION,
	    .at_ms = clock_now_ms()};
	struct store *db = h->s->store;
	struct why none = {0};
	enum err e = store_begin(db, w);

	if (e != ERR_OK)
		return e;
	e = move_job(h, &m, &none);
	if (e == ERR_OK && handing_is_file(h->row.queue) && last->state == PRINT_DONE)
		e = confirm_file(h, &none);
	if (e == ERR_OK)
		e = store_commit(db, &none);
	store_rollback(db);
	/* somebody else followed it, too, or staff were quicker than the printer */
	if (e == ERR_REFUSED)
		return ERR_OK;
	if (e != ERR_OK && w != NULL)
		*w = none;
	return e;
}
