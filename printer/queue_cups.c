/* Queues of a CUPS server and the jobs in them. */
#include "printer/queue_cups.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "station/base/clock.h"

#define MEDIA_CAP 128
#define ASK_EVERY_NS INT64_C(2000000000)

/* A queue as the server tells it, owned by the answer it was read from. */
struct queue_view {
	bool accepting, stopped;
	enum msg reason;
	bool blocks;		/* no card comes out until somebody acts on the reason */
	const char *keyword, *message;
};

/* Of several reasons one that blocks comes before one that does not, the first of each. */
static void
view_reasons(ipp_attribute_t *a, struct queue_view *v)
{
	for (int i = 0; a != NULL && i < ippGetCount(a); i++) {
		const char *keyword = ippGetString(a, i, NULL);
		enum msg m = print_reason_msg(keyword);
		bool blocks = print_reason_blocks(keyword);
		if (m == MSG_NONE || (v->reason != MSG_NONE && (v->blocks || !blocks)))
			continue;
		v->reason = m;
		v->keyword = keyword;
		v->blocks = blocks;
	}
}

static struct queue_view
view_of(ipp_t *ipp)
{
	struct queue_view v = { .reason = MSG_NONE, .keyword = "" };
	ipp_attribute_t *a = ippFindAttribute(ipp, "printer-is-accepting-jobs", IPP_TAG_BOOLEAN);
	v.accepting = a == NULL || ippGetBoolean(a, 0);
	v.stopped = cups_number(ipp, "printer-state") == IPP_PSTATE_STOPPED;
	v.message = cups_string(ipp, "printer-state-message");
	view_reasons(ippFindAttribute(ipp, "printer-state-reasons", IPP_TAG_KEYWORD), &v);
	if (v.stopped && v.reason == MSG_NONE) {
		v.reason = MSG_PRINTER_PAUSED;
		v.keyword = "paused";
	}
	return v;
}

static const char *const queue_wants[] = {
	"printer-name", "printer-info", "printer-make-and-model", "printer-state",
	"printer-state-reasons", "printer-state-message", "printer-is-accepting-jobs", "device-uri",
	"printer-is-temporary", "media-supported", "sides-supported", "print-scaling-supported"
};
#define QUEUE_WANTS ((int)(sizeof(queue_wants) / sizeof(queue_wants[0])))

static enum err
ask_queue(const struct print_queue *q, ipp_t **out, struct why *w)
{
	return cups_ask_queue(q, queue_wants, QUEUE_WANTS, out, w);
}

/* The printer itself, asked now and then: its small server has a card to print. */
struct cups_own {
	int64_t asked_ns;
	bool silent;
};

/* A queue that the server made of what it met on the network: nobody here chose that printer. */
static bool
discovered(ipp_t *queue)
{
	ipp_attribute_t *a = ippFindAttribute(queue, "printer-is-temporary", IPP_TAG_BOOLEAN);
	return (a != NULL && ippGetBoolean(a, 0)) ||
	    strncmp(cups_string(queue, "device-uri"), "implicitclass:", 14) == 0;
}

static enum err
cups_open(struct print_queue *q, struct why *w)
{
	ipp_t *answer;
	q->own = calloc(1, sizeof(struct cups_own));
	if (q->own == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	enum err e = ask_queue(q, &answer, w);
	if (e == ERR_OK && discovered(answer))
		e = why_set(w, ERR_QUEUE, MSG_QUEUE_DISCOVERED, WHY_CODE(q->name));
	if (e == ERR_OK && !view_of(answer).accepting)
		e = why_set(w, ERR_QUEUE, MSG_QUEUE_REJECTS, WHY_CODE(q->name));
	ippDelete(answer);
	return e;
}

static void
cups_close(struct print_queue *q)
{
	free(q->own);
	q->own = NULL;
}

/* A card for a stopped queue would come out hours later before nobody's eyes: refuse it now. */
static enum err
judge_ready(const struct print_queue *q, ipp_t *queue, struct why *w)
{
	struct queue_view v = view_of(queue);
	if (!v.accepting)
		return why_set(w, ERR_QUEUE, MSG_QUEUE_REJECTS, WHY_CODE(q->name));
	if (v.stopped)
		return why_set(w, ERR_QUEUE, MSG_QUEUE_STOPPED, WHY_CODE(q->name));
	return ERR_OK;
}

static bool
is_set(const struct print_opts *opts, const char *name)
{
	for (size_t i = 0; i < opts->setting_count; i++)
		if (strcasecmp(opts->settings[i].name, name) == 0)
			return true;
	return false;
}

/* Both pages sent to a printer of one side would come out on two cards. */
static enum err
judge_sides(const struct print_queue *q, ipp_t *queue, const struct print_opts *opts, struct why *w)
{
	static const char attribute[] = "sides-supported";
	if (!opts->two_sided || is_set(opts, "sides") || ippFindAttribute(queue, attribute, IPP_TAG_ZERO) == NULL ||
	    cups_lists(queue, attribute, "two-sided-long-edge") ||
	    cups_lists(queue, attribute, "two-sided-short-edge"))
		return ERR_OK;
	return why_set(w, ERR_QUEUE, MSG_QUEUE_ONE_SIDED, WHY_CODE(q->name));
}

/* The name of the sheet into `media`. */
static enum err
judge_opts(const struct print_queue *q, ipp_t *queue, const struct print_opts *opts,
    char media[MEDIA_CAP], struct why *w)
{
	if (opts->raw)
		return ERR_OK;
	enum err e = judge_sides(q, queue, opts, w);
	return e == ERR_OK ? cups_medium(queue, q->name, opts, media, MEDIA_CAP, w) : e;
}

static enum err
cups_ready(const struct print_queue *q, const struct print_opts *opts, struct why *w)
{
	char media[MEDIA_CAP];
	ipp_t *queue;
	enum err e = ask_queue(q, &queue, w);
	if (e == ERR_OK)
		e = judge_ready(q, queue, w);
	if (e == ERR_OK && opts != NULL)
		e = judge_opts(q, queue, opts, media, w);
	ippDelete(queue);
	return e;
}

/*
 * Unless the settings say otherwise. A card is printed in its own size, never fitted to the printer's margins:
 * that is a filter's doing, and a queue that tells no media has none.
 */
static void
add_usual(ipp_t *r, ipp_t *queue, const struct print_opts *opts, const char *media)
{
	if (!is_set(opts, "media"))
		ippAddString(r, IPP_TAG_JOB, IPP_TAG_KEYWORD, "media", NULL, media);
	if (!is_set(opts, "sides"))
		ippAddString(r, IPP_TAG_JOB, IPP_TAG_KEYWORD, "sides", NULL,
		    opts->two_sided ? "two-sided-long-edge" : "one-sided");
	if (!is_set(opts, "print-scaling") && ippFindAttribute(queue, "media-supported", IPP_TAG_ZERO) != NULL &&
	    cups_lists(queue, "print-scaling-supported", "none"))
		ippAddString(r, IPP_TAG_JOB, IPP_TAG_KEYWORD, "print-scaling", NULL, "none");
	if (!opts->two_sided && !opts->all_pages)
		ippAddRange(r, IPP_TAG_JOB, "page-ranges", opts->back ? 2 : 1, opts->back ? 2 : 1);
}

static ipp_t *
print_request(const struct print_queue *q, ipp_t *queue, const char *title,
    const struct print_opts *opts, const char *media)
{
	ipp_t *r = cups_request(IPP_OP_PRINT_JOB, q->name);
	ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_NAME, "job-name", NULL, title);
	ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_MIMETYPE, "document-format", NULL,
	    opts->raw ? "application/vnd.cups-raw" : "application/pdf");
	if (opts->raw)
		return r;
	add_usual(r, queue, opts, media);
	for (size_t i = 0; i < opts->setting_count; i++)
		cupsEncodeOption(r, IPP_TAG_JOB, opts->settings[i].name, opts->settings[i].value);
	return r;
}

static enum err
submit_error(const struct print_queue *q, struct why *w)
{
	ipp_status_t s = cupsLastError();
	if (s == IPP_STATUS_ERROR_NOT_FOUND)
		return why_set(w, ERR_QUEUE, MSG_QUEUE_UNKNOWN, WHY_CODE(q->name));
	if (s == IPP_STATUS_ERROR_NOT_ACCEPTING_JOBS)
		return why_set(w, ERR_QUEUE, MSG_QUEUE_REJECTS, WHY_CODE(q->name));
	return why_set(w, ERR_PRINT, MSG_JOB_REFUSED, WHY_CODE(q->name),
	    WHY_STR(cupsLastErrorString()));
}

static enum err
send_job(const struct print_queue *q, ipp_t *request, const struct print_document *doc,
    char job[PRINT_JOB_CAP], struct why *w)
{
	char resource[HTTP_MAX_URI];
	bool no_server;
	enum err e = ERR_OK;
	snprintf(resource, sizeof(resource), "/printers/%s", q->name);
	ipp_t *answer = doc->path != NULL ? cups_ask(request, resource, doc->path, &no_server) :
	    cups_ask_with(request, resource, doc->bytes, doc->len, &no_server);
	int id = answer != NULL ? cups_number(answer, "job-id") : 0;
	if (no_server)
		e = cups_no_server(w);
	else if (id <= 0 || cupsLastError() >= IPP_STATUS_REDIRECTION_OTHER_SITE)
		e = submit_error(q, w);
	else
		snprintf(job, PRINT_JOB_CAP, "%d", id);
	ippDelete(answer);
	return e;
}

static enum err
cups_submit(struct print_queue *q, const struct print_document *doc, const char *title,
    const struct print_opts *opts, char job[PRINT_JOB_CAP], struct why *w)
{
	char media[MEDIA_CAP];
	ipp_t *queue = NULL;

	if (doc->path != NULL && access(doc->path, R_OK) != 0)
		return why_errno(w, errno, doc->path);
	enum err e = ask_queue(q, &queue, w);
	if (e == ERR_OK)
		e = judge_ready(q, queue, w);
	if (e == ERR_OK)
		e = judge_opts(q, queue, opts, media, w);
	if (e == ERR_OK)
		e = send_job(q, print_request(q, queue, title, opts, media), doc, job, w);
	ippDelete(queue);
	return e;
}

/* A job's id is a number, or it is not one of this queue's. */
static int
job_number(const char *job)
{
	char *end;
	long n = strtol(job, &end, 10);
	return *job != '\0' && *end == '\0' && n > 0 && n < INT32_MAX ? (int)n : 0;
}

static ipp_t *
job_request(const struct print_queue *q, ipp_op_t op, const char *job)
{
	ipp_t *r = cups_request(op, q->name);
	ippAddInteger(r, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "job-id", job_number(job));
	return r;
}

static void
copy(char *to, size_t cap, const char *from)
{
	size_t len = strlen(from);
	if (len >= cap)
		for (len = cap - 1; len > 0 && ((unsigned char)from[len] & 0xC0) == 0x80; len--)
			;
	memcpy(to, from, len);
	to[len] = '\0';
}

/* RFC 8011 section 5.3.7 (job-state). */
static enum print_state
state_of(int job_state)
{
	switch (job_state) {
	case IPP_JSTATE_PENDING: return PRINT_QUEUED;
	case IPP_JSTATE_HELD: return PRINT_STOPPED;
	case IPP_JSTATE_PROCESSING: return PRINT_PRINTING;
	case IPP_JSTATE_STOPPED: return PRINT_STOPPED;
	case IPP_JSTATE_CANCELED: return PRINT_CANCELLED;
	case IPP_JSTATE_ABORTED: return PRINT_ABORTED;
	case IPP_JSTATE_COMPLETED: return PRINT_DONE;
	default: return PRINT_GONE;
	}
}

/*
 * A job the printer gave up, or that was stopped at its panel, comes back to cupsd as "cancel" and is
 * kept as cancelled. What somebody cancelled at the queue has this reason, unless the printer's
 * own answer to the cancelling came last: then it, too, counts as ended unfinished. One that was
 * never `begun` was cancelled at the queue, whatever reason it is left with.
 */
static enum print_state
end_of(int job_state, const char *reason, bool begun)
{
	enum print_state s = state_of(job_state);
	return s == PRINT_CANCELLED && begun && strcmp(reason, "job-canceled-by-user") != 0 ?
	    PRINT_ABORTED : s;
}

static bool
under_way(enum print_state s)
{
	return s == PRINT_QUEUED || s == PRINT_PRINTING || s == PRINT_STOPPED;
}

/*
 * The scheduler goes on trying a printer that was switched off under a job, and tells its last
 * words, an empty ribbon perhaps, all the while.
 */
static bool
silent(const struct print_queue *q, const char *device_uri)
{
	struct cups_own *own = q->own;
	int64_t now = clock_monotonic_ns();
	if (own->asked_ns == 0 || now - own->asked_ns > ASK_EVERY_NS) {
		own->silent = !cups_device_answers(q->name, device_uri);
		own->asked_ns = clock_monotonic_ns();
	}
	return own->silent;
}

/* A job under way waits for somebody if its printer does. */
static enum err
add_printer(const struct print_queue *q, struct print_status *out, struct why *w)
{
	ipp_t *answer;
	enum err e = ask_queue(q, &answer, w);
	if (e != ERR_OK)
		return e;
	struct queue_view v = view_of(answer);
	if (out->state == PRINT_PRINTING && silent(q, cups_string(answer, "device-uri"))) {
		v.reason = MSG_PRINTER_OFFLINE;
		v.keyword = "offline";
		v.blocks = true;
	}
	out->reason = v.reason;
	copy(out->keyword, sizeof(out->keyword), v.keyword);
	if (v.stopped || v.blocks)
		out->state = PRINT_STOPPED;
	if (out->text[0] == '\0')
		copy(out->text, sizeof(out->text), v.message);
	ippDelete(answer);
	return ERR_OK;
}

/*
 * Two threads of the ipp backend follow a job at the printer, and only one tells an aborted one from a
 * printed one: if the other sees the end first, or the queue does not follow jobs at all (waitjob=false),
 * the scheduler keeps as completed what the printer gave up or has still before it. So the printer
 * itself is asked. One that cannot be asked, or keeps no ended jobs, is not held against the card.
 */
static enum print_state
done_at_printer(const struct print_queue *q, const char *title, const char *user)
{
	ipp_t *queue;
	if (*title == '\0' || ask_queue(q, &queue, NULL) != ERR_OK)
		return PRINT_DONE;
	int state = cups_device_job(q->name, cups_string(queue, "device-uri"), title,
	    *user != '\0' ? user : cupsUser());
	ippDelete(queue);
	return state == 0 ? PRINT_DONE : end_of(state, "", true);
}

/* From the server's answer about one job. */
static void
fill_status(const struct print_queue *q, ipp_t *job, struct print_status *out)
{
	const char *reason = cups_string(job, "job-state-reasons");
	out->state = end_of(cups_number(job, "job-state"), reason,
	    cups_number(job, "time-at-processing") > 0);
	copy(out->keyword, sizeof(out->keyword), reason);
	copy(out->text, sizeof(out->text), cups_string(job, "job-printer-state-message"));
	if (out->state != PRINT_DONE)
		return;
	out->state = done_at_printer(q, cups_string(job, "job-name"),
	    cups_string(job, "job-originating-user-name"));
	if (out->state == PRINT_ABORTED) {
		copy(out->keyword, sizeof(out->keyword), "aborted-by-system");
		out->text[0] = '\0';
	}
}

static enum err
cups_poll(struct print_queue *q, const char *job, struct print_status *out,
    struct why *w)
{
	static const char *const wants[] = {
		"job-state", "job-state-reasons", "job-printer-state-message", "job-name",
		"job-originating-user-name", "time-at-processing"
	};
	bool no_server;

	if (job_number(job) == 0)
		return why_set(w, ERR_ARG, MSG_JOB_UNKNOWN, WHY_CODE(job));
	ipp_t *r = job_request(q, IPP_OP_GET_JOB_ATTRIBUTES, job);
	cups_want(r, wants, (int)(sizeof(wants) / sizeof(wants[0])));
	ipp_t *answer = cups_ask(r, "/", NULL, &no_server);
	enum err e = ERR_OK;
	if (no_server) {
		e = cups_no_server(w);
	} else if (cupsLastError() == IPP_STATUS_ERROR_NOT_FOUND) {
		out->state = PRINT_GONE;
	} else if (answer == NULL || cups_number(answer, "job-state") == 0) {
		e = why_set(w, ERR_QUEUE, MSG_QUEUE_NO_STATE, WHY_CODE(job),
		    WHY_STR(cupsLastErrorString()));
	} else {
		fill_status(q, answer, out);
	}
	ippDelete(answer);
	return e == ERR_OK && under_way(out->state) ? add_printer(q, out, w) : e;
}

static enum err
cups_cancel(struct print_queue *q, const char *job, struct why *w)
{
	bool no_server;
	if (job_number(job) == 0)
		return why_set(w, ERR_NOT_FOUND, MSG_JOB_UNKNOWN, WHY_CODE(job));
	ippDelete(cups_ask(job_request(q, IPP_OP_CANCEL_JOB, job), "/jobs/", NULL, &no_server));
	if (no_server)
		return cups_no_server(w);
	if (cupsLastError() < IPP_STATUS_REDIRECTION_OTHER_SITE)
		return ERR_OK;
	if (cupsLastError() == IPP_STATUS_ERROR_NOT_FOUND ||
	    cupsLastError() == IPP_STATUS_ERROR_NOT_POSSIBLE)
		return why_set(w, ERR_NOT_FOUND, MSG_JOB_UNKNOWN, WHY_CODE(job));
	return why_set(w, ERR_QUEUE, MSG_QUEUE_NO_STATE, WHY_CODE(job),
	    WHY_STR(cupsLastErrorString()));
}

static enum err
cups_find(struct print_queue *q, const char *title, char job[PRINT_JOB_CAP],
    struct why *w)
{
	/*
	 * The last one is for the scheduler: of an ended job it has put away it tells no name, unless
	 * it is asked for something that makes it read the job's file again.
	 */
	static const char *const wants[] = { "job-id", "job-name", "job-uuid" };
	bool no_server;
	ipp_t *r = cups_request(IPP_OP_GET_JOBS, q->name);
	ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "which-jobs", NULL, "all");
	cups_want(r, wants, (int)(sizeof(wants) / sizeof(wants[0])));
	ipp_t *answer = cups_ask(r, "/", NULL, &no_server);
	if (no_server)
		return cups_no_server(w);
	int id = cups_newest_named(answer, title).id;
	bool failed = answer == NULL || cupsLastError() >= IPP_STATUS_REDIRECTION_OTHER_SITE;
	ippDelete(answer);
	if (failed && cupsLastError() == IPP_STATUS_ERROR_NOT_FOUND)
		return why_set(w, ERR_QUEUE, MSG_QUEUE_UNKNOWN, WHY_CODE(q->name));
	if (failed)
		return why_set(w, ERR_QUEUE, MSG_QUEUE_NO_STATE, WHY_CODE(title),
		    WHY_STR(cupsLastErrorString()));
	if (id == 0)
		return why_set(w, ERR_NOT_FOUND, MSG_JOB_UNKNOWN, WHY_CODE(title));
	snprintf(job, PRINT_JOB_CAP, "%d", id);
	return ERR_OK;
}

/* One printer group of a CUPS-Get-Printers answer, copied out so that view_of can read it. */
static void
list_one(ipp_t *group, print_list each, void *ctx)
{
	struct queue_view v = view_of(group);
	struct print_queue_info info = {
		.name = cups_string(group, "printer-name"),
		.info = cups_string(group, "printer-info"),
		.model = cups_string(group, "printer-make-and-model"),
		.accepting = v.accepting,
		.stopped = v.stopped,
		.reason = v.reason,
		.keyword = v.keyword
	};
	if (*info.name != '\0')
		each(ctx, &info);
}

enum err
queue_list(print_list each, void *ctx, struct why *w)
{
	bool no_server;
	ipp_t *r = ippNewRequest(IPP_OP_CUPS_GET_PRINTERS);
	cups_want(r, queue_wants, QUEUE_WANTS);
	ipp_t *answer = cups_ask(r, "/", NULL, &no_server);
	if (no_server)
		return cups_no_server(w);
	/* a server without a queue says so by "not found" */
	if (cupsLastError() >= IPP_STATUS_REDIRECTION_OTHER_SITE &&
	    cupsLastError() != IPP_STATUS_ERROR_NOT_FOUND) {
		ippDelete(answer);
		return cups_no_report(cupsServer(), w);
	}
	ipp_t *group = ippNew();
	ipp_attribute_t *a = answer != NULL ? ippFirstAttribute(answer) : NULL;
	for (; a != NULL; a = ippNextAttribute(answer)) {
		if (ippGetGroupTag(a) == IPP_TAG_PRINTER) {
			ippCopyAttribute(group, a, 0);
			continue;
		}
		list_one(group, each, ctx);
		ippDelete(group);
		group = ippNew();
	}
	list_one(group, each, ctx);
	ippDelete(group);
	ippDelete(answer);
	return ERR_OK;
}

const struct queue_kind queue_cups = {
	.open = cups_open,
	.ready = cups_ready,
	.submit = cups_submit,
	.poll = cups_poll,
	.cancel = cups_cancel,
	.find = cups_find,
	.keeps_files = cups_keeps_files,
	.keeps_secret = cups_keeps_secret,
	.resume = cups_resume,
	.offer = cups_offer,
	.close = cups_close
};
