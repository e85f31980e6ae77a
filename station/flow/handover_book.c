/* A hand-over and the book: the lock, and each step as a commit. */
#include "station/flow/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "station/base/clock.h"
#include "station/flow/prints.h"
#include "station/flow/settings.h"

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

static enum err
move(struct handing *h, const struct store_print_move *m, struct why *w)
{
	struct store *db = h->s->store;
	enum err e = store_begin(db, w);

	if (e == ERR_OK)
		e = store_print_move(db, m, w);
	if (e == ERR_OK)
		e = store_print_by_title(db, m->title, &h->row, w);
	if (e == ERR_OK)
		e = store_commit(db, w);
	store_rollback(db);
	return e;
}

enum err
handing_plan(struct handing *h, struct why *w)
{
	struct store *db = h->s->store;
	struct store_print *p = &h->row;
	enum err e;

	memset(p, 0, sizeof(*p));
	p->card = h->card.number;
	p->has_token = h->card.has_token;
	memcpy(p->token, h->card.token_hash, sizeof(p->token));
	(void)snprintf(p->design, sizeof(p->design), "%s", handing_design(h->rq));
	(void)snprintf(p->lang, sizeof(p->lang), "%s", lang_tag(h->rq->lang));
	(void)snprintf(p->queue, sizeof(p->queue), "%s", h->rq->printer);
	(void)snprintf(p->options, sizeof(p->options), "%s", h->rq->options != NULL ? h->rq->options : "");
	p->planned_ms = clock_now_ms();
	e = prints_cost(h->s, &p->ribbon_rial, &p->blank_rial, w);
	if (e == ERR_OK)
		e = store_begin(db, w);
	if (e == ERR_OK)
		e = store_print_plan(db, p, w);
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
	const struct store_print_move m = {.title = h->row.title, .to = STORE_PRINT_DROPPED,
	    .by = PRINT_BY_STATION, .at_ms = clock_now_ms()};
	struct why none;

	(void)move(h, &m, &none);
}

enum err
handing_note_sent(struct handing *h, const char *job, struct why *w)
{
	const struct store_print_move m = {.title = h->row.title, .to = STORE_PRINT_SUBMITTED, .job = job,
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
	const struct store_print_move m = {.title = h->row.title, .to = STORE_PRINT_CONFIRMED,
	    .by = PRINT_BY_FILE, .at_ms = clock_now_ms()};

	return store_print_move(h->s->store, &m, w);
}

enum err
handing_note_end(struct handing *h, struct why *w)
{
	const struct print_status *last = &h->out->last;
	const struct store_print_move m = {.title = h->row.title, .to = STORE_PRINT_ENDED,
	    .ended = print_state_name(last->state), .keyword = last->keyword, .by = PRINT_BY_STATION,
	    .at_ms = clock_now_ms()};
	struct store *db = h->s->store;
	struct why none = {0};
	enum err e = store_begin(db, w);

	if (e != ERR_OK)
		return e;
	e = store_print_move(db, &m, &none);
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
