#include "printer/queue.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "printer/queue_kind.h"
#include "station/base/clock.h"

#define TITLE_MAX   100
/* Between two looks at a job: quick enough for a person at the printer, light for the server. */
#define POLL_MS     200
#define MS_PER_S    1000
#define NS_PER_MS   1000000

/*
 * RFC 8011 section 5.4.12 (printer-state-reasons) and PWG 5100.9: keyword, what a
 * shop assistant is to do, and whether no card comes out before that.
 */
static const struct reason {
	const char *keyword;
	enum msg msg;
	bool blocks;
} reasons[] = {
	{ "media-empty", MSG_PRINTER_MEDIA_EMPTY, true },
	{ "media-needed", MSG_PRINTER_MEDIA_EMPTY, true },
	{ "media-low", MSG_PRINTER_MEDIA_LOW, false },
	{ "media-jam", MSG_PRINTER_MEDIA_JAM, true },
	{ "marker-supply-empty", MSG_PRINTER_RIBBON_EMPTY, true },
	{ "marker-supply-missing", MSG_PRINTER_RIBBON_EMPTY, true },
	{ "toner-empty", MSG_PRINTER_RIBBON_EMPTY, true },
	{ "marker-supply-low", MSG_PRINTER_RIBBON_LOW, false },
	{ "toner-low", MSG_PRINTER_RIBBON_LOW, false },
	{ "cover-open", MSG_PRINTER_COVER_OPEN, true },
	{ "door-open", MSG_PRINTER_COVER_OPEN, true },
	{ "interlock-open", MSG_PRINTER_COVER_OPEN, true },
	{ "output-area-full", MSG_PRINTER_OUTPUT_FULL, true },
	{ "output-tray-missing", MSG_PRINTER_OUTPUT_FULL, true },
	{ "input-tray-missing", MSG_PRINTER_TRAY_MISSING, true },
	{ "offline", MSG_PRINTER_OFFLINE, true },
	{ "timed-out", MSG_PRINTER_OFFLINE, true },
	{ "shutdown", MSG_PRINTER_OFFLINE, false },
	{ "paused", MSG_PRINTER_PAUSED, true },
	{ "moving-to-paused", MSG_PRINTER_PAUSED, true },
	{ "other", MSG_PRINTER_TROUBLE, false }
};

/* Say nothing to a person: the printer is at its usual work. */
static const char *const harmless[] = {
	"none", "connecting-to-device", "spool-area-full", "cups-waiting-for-job-completed",
	"cups-ipp-conformance-failure", "cups-remote-pending", "cups-remote-processing",
	"cups-ipp-missing-job-history", "cups-ipp-missing-cancel-job",
	"cups-ipp-missing-get-job-attributes", "cups-ipp-missing-print-job",
	"cups-ipp-missing-send-document", "cups-ipp-wrong-http-version"
};

/* Length of a keyword without "-error", "-warning", "-report". */
static size_t
stem_len(const char *keyword)
{
	static const char *const severity[] = { "-error", "-warning", "-report" };
	size_t len = strlen(keyword);
	for (size_t i = 0; i < sizeof(severity) / sizeof(severity[0]); i++) {
		size_t tail = strlen(severity[i]);
		if (len > tail && strcmp(keyword + len - tail, severity[i]) == 0)
			return len - tail;
	}
	return len;
}

static bool
same_stem(const char *keyword, const char *name)
{
	size_t len = stem_len(keyword);
	return strlen(name) == len && strncmp(keyword, name, len) == 0;
}

static const struct reason *
reason_of(const char *keyword)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (same_stem(keyword, reasons[i].keyword))
			return &reasons[i];
	return NULL;
}

/* The printer itself calls it an error. */
static bool
is_error(const char *keyword)
{
	size_t stem = stem_len(keyword);
	return strcmp(keyword + stem, "-error") == 0;
}

static bool
is_harmless(const char *keyword)
{
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (same_stem(keyword, harmless[i]))
			return true;
	return false;
}

/* A maker's own word is trouble only if the printer calls it an error. */
enum msg
print_reason_msg(const char *keyword)
{
	const struct reason *r = reason_of(keyword);
	if (r != NULL)
		return r->msg;
	return !is_harmless(keyword) && is_error(keyword) ? MSG_PRINTER_TROUBLE : MSG_NONE;
}

bool
print_reason_blocks(const char *keyword)
{
	const struct reason *r = reason_of(keyword);
	return (r != NULL && r->blocks) || (!is_harmless(keyword) && is_error(keyword));
}

const char *
print_state_name(enum print_state s)
{
	static const char *const name[] = {
		[PRINT_QUEUED] = "queued",
		[PRINT_PRINTING] = "printing",
		[PRINT_STOPPED] = "stopped",
		[PRINT_DONE] = "done",
		[PRINT_CANCELLED] = "cancelled",
		[PRINT_ABORTED] = "aborted",
		[PRINT_GONE] = "gone"
	};
	return (size_t)s < sizeof(name) / sizeof(name[0]) ? name[s] : "unknown";
}

enum err
queue_open(const char *name, struct print_queue **out, struct why *w)
{
	static const char prefix[] = "file:";
	*out = NULL;
	if (name == NULL || *name == '\0')
		return why_set(w, ERR_QUEUE, MSG_QUEUE_UNKNOWN, WHY_CODE(""));
	struct print_queue *q = calloc(1, sizeof(*q));
	if (q != NULL)
		q->name = strdup(name);
	if (q == NULL || q->name == NULL) {
		free(q);
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	}
	q->kind = strncmp(name, prefix, strlen(prefix)) == 0 ? &queue_file : &queue_cups;
	enum err e = q->kind->open(q, w);
	if (e == ERR_OK)
		*out = q;
	else
		queue_close(&q);
	return e;
}

enum err
queue_ready(const struct print_queue *q, struct why *w)
{
	return q->kind->ready(q, NULL, w);
}

void
queue_close(struct print_queue **q)
{
	if (q == NULL || *q == NULL)
		return;
	(*q)->kind->close(*q);
	free((*q)->name);
	free(*q);
	*q = NULL;
}

const char *
queue_name(const struct print_queue *q)
{
	return q->name;
}

/* The title becomes a file name and a job's name: nothing in it may mean anything to either. */
static bool
title_ok(const char *title)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789._-";
	size_t len = title != NULL ? strlen(title) : 0;
	return len >= 1 && len <= TITLE_MAX && title[0] != '.' && strspn(title, letters) == len;
}

static enum err
check_settings(const struct print_queue *q, const struct print_opts *opts, struct why *w)
{
	struct print_offer *o = NULL;
	if (opts->setting_count == 0)
		return ERR_OK;
	enum err e = queue_offer(q, &o, w);
	if (e == ERR_OK)
		e = offer_check(o, q->name, opts->settings, opts->setting_count, w);
	offer_free(&o);
	return e;
}

static enum err
submit(struct print_queue *q, const struct print_document *doc, const char *title,
    const struct print_opts *opts, char job[PRINT_JOB_CAP], struct why *w)
{
	static const struct print_opts usual;
	job[0] = '\0';
	if (!title_ok(title))
		return why_set(w, ERR_ARG, MSG_JOB_TITLE_BAD, WHY_CODE(title));
	if (opts == NULL)
		opts = &usual;
	enum err e = check_settings(q, opts, w);
	return e == ERR_OK ? q->kind->submit(q, doc, title, opts, job, w) : e;
}

enum err
queue_submit(struct print_queue *q, const char *path, const char *title,
    const struct print_opts *opts, char job[PRINT_JOB_CAP], struct why *w)
{
	return submit(q, &(struct print_document){ .path = path }, title, opts, job, w);
}

enum err
queue_keeps_secret(const struct print_queue *q, struct why *w)
{
	return q->kind->keeps_secret(q, w);
}

enum err
queue_submit_secret(struct print_queue *q, const void *pdf, size_t len, const char *title,
    const struct print_opts *opts, char job[PRINT_JOB_CAP], struct why *w)
{
	job[0] = '\0';
	enum err e = queue_keeps_secret(q, w);
	return e == ERR_OK ?
	    submit(q, &(struct print_document){ .bytes = pdf, .len = len }, title, opts, job, w) : e;
}

enum err
queue_poll(struct print_queue *q, const char *job, struct print_status *out,
    struct why *w)
{
	memset(out, 0, sizeof(*out));
	return q->kind->poll(q, job, out, w);
}

enum err
queue_cancel(struct print_queue *q, const char *job, struct why *w)
{
	return q->kind->cancel(q, job, w);
}

enum err
queue_find(struct print_queue *q, const char *title, char job[PRINT_JOB_CAP],
    struct why *w)
{
	job[0] = '\0';
	if (!title_ok(title))
		return why_set(w, ERR_ARG, MSG_JOB_TITLE_BAD, WHY_CODE(title));
	return q->kind->find(q, title, job, w);
}

enum err
queue_keeps_files(const struct print_queue *q, struct print_keeping *out, struct why *w)
{
	const struct queue_kind *kind = q != NULL ? q->kind : &queue_cups;
	memset(out, 0, sizeof(*out));
	return kind->keeps_files(q, out, w);
}

enum err
queue_resume(struct print_queue *q, struct why *w)
{
	return q->kind->resume(q, w);
}

enum err
queue_offer(const struct print_queue *q, struct print_offer **out, struct why *w)
{
	*out = NULL;
	return q->kind->offer(q, out, w);
}

enum err
queue_check(const struct print_queue *q, const struct print_opts *opts, struct why *w)
{
	enum err e = q->kind->ready(q, opts, w);
	return e == ERR_OK ? check_settings(q, opts, w) : e;
}

const char *
print_keeps_name(enum print_keeps k)
{
	static const char *const name[] = {
		[PRINT_KEEPS_UNKNOWN] = "unknown",
		[PRINT_KEEPS_NONE] = "none",
		[PRINT_KEEPS] = "keeps"
	};
	return (size_t)k < sizeof(name) / sizeof(name[0]) ? name[k] : "unknown";
}

static bool
ended(enum print_state s)
{
	return s == PRINT_DONE || s == PRINT_CANCELLED || s == PRINT_ABORTED || s == PRINT_GONE;
}

static enum err
verdict(const char *job, const struct print_status *s, struct why *w)
{
	if (s->state == PRINT_DONE)
		return ERR_OK;
	if (s->state == PRINT_CANCELLED)
		return why_set(w, ERR_PRINT, MSG_JOB_CANCELLED, WHY_CODE(job));
	if (s->state == PRINT_ABORTED)
		return why_set(w, ERR_PRINT, MSG_JOB_ABORTED, WHY_CODE(job),
		    WHY_STR(s->text[0] != '\0' ? s->text : s->keyword));
	return why_set(w, ERR_PRINT, MSG_JOB_GONE, WHY_CODE(job));
}

static void
pause_ms(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / MS_PER_S, .tv_nsec = (long)(ms % MS_PER_S) * NS_PER_MS };
	(void)nanosleep(&t, NULL);
}

static bool
differs(const struct print_status *a, const struct print_status *b)
{
	return a->state != b->state || a->reason != b->reason ||
	    strcmp(a->keyword, b->keyword) != 0;
}

enum err
queue_wait(struct print_queue *q, const char *job, unsigned timeout_ms,
    print_watch watch, void *ctx, struct print_status *last, struct why *w)
{
	int64_t until_ns = clock_monotonic_ns() + (int64_t)timeout_ms * NS_PER_MS;
	struct print_status now, seen;
	bool first = true, go_on = true;

	memset(&now, 0, sizeof(now));
	for (;;) {
		enum err e = queue_poll(q, job, &now, w);
		if (e != ERR_OK)
			return e;
		if (last != NULL)
			*last = now;
		if (watch != NULL && (first || differs(&now, &seen)))
			go_on = watch(ctx, &now);
		if (ended(now.state))
			return verdict(job, &now, w);
		if (!go_on || clock_monotonic_ns() >= until_ns)
			return why_set(w, ERR_TIMEOUT, MSG_JOB_NOT_ENDED, WHY_CODE(job));
		seen = now;
		first = false;
		pause_ms(POLL_MS);
	}
}
