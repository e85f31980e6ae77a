/*
 * Print queues and the jobs in them. A queue is "file:DIR", which puts the PDF into a
 * folder, or the name of a queue of CUPS (the server libcups finds: CUPS_SERVER,
 * client.conf). A job is printed when its end state was seen, not when it was accepted.
 */
#ifndef PRINTER_QUEUE_H
#define PRINTER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printer/offer.h"
#include "station/base/err.h"

#define PRINT_JOB_CAP    128	/* a job's id as text, NUL included */
#define PRINT_REASON_CAP 64
#define PRINT_TEXT_CAP   256

enum print_state {
	PRINT_QUEUED,		/* waiting its turn */
	PRINT_PRINTING,
	PRINT_STOPPED,		/* begun or queued, and waits for somebody's hand: see reason */
	PRINT_DONE,		/* the printer reported the job completed */
	PRINT_CANCELLED,	/* by somebody, at the queue */
	PRINT_ABORTED,		/* ended unfinished: given up by the printer, or cancelled while it printed */
	PRINT_GONE		/* the queue no longer knows the job: how it ended cannot be learned */
};

struct print_status {
	enum print_state state;
	enum msg reason;		/* what to do at the printer, MSG_NONE if nothing; no arguments */
	char keyword[PRINT_REASON_CAP];	/* the IPP keyword behind it: "marker-supply-empty" */
	char text[PRINT_TEXT_CAP];	/* the printer's or scheduler's own words, may be "" */
};

struct print_opts {
	bool two_sided;		/* front and back of one sheet; a printer of one side is refused */
	bool back;		/* else the second page instead of the first, the card having been put in again */
	bool all_pages;		/* else every page, each on a sheet of its own */
	int width_um, height_um;	/* the sheet, found by size among the queue's; 0: a CR80 card */
	bool roll;		/* the height is how much of a roll of that width is printed */
	bool raw;		/* the bytes are the printer's own language, not a PDF: nothing but them is sent */
	const struct print_setting *settings;	/* options by the queue's own names, checked against its offer */
	size_t setting_count;
};

struct print_queue;

/*
 * Open a queue by name. ERR_QUEUE if it is unknown, or rejects jobs; a stopped queue opens
 * (its jobs wait). ERR_MISSING if the folder of file:DIR is not there or CUPS does not answer.
 * `*out` is the caller's (queue_close). May block on the server for some seconds.
 */
enum err queue_open(const char *name, struct print_queue **out, struct why *w);
/*
 * Would a job be taken now? For asking before a card is touched; queue_submit asks again.
 * Errors: ERR_QUEUE (rejects jobs, stopped), ERR_MISSING (no server), ERR_IO (the folder cannot be written).
 */
enum err queue_ready(const struct print_queue *q, struct why *w);
void queue_close(struct print_queue **q);
const char *queue_name(const struct print_queue *q);

/*
 * Hand the PDF (or, with opts->raw, what the printer itself speaks) at `path` over as a job named `title`, the caller's own identity of
 * this print (1..100 of A-Z a-z 0-9 . _ -, not beginning with a dot), by which
 * queue_find meets it again after a restart. `job` gets the queue's id. Accepted is not
 * printed: follow with queue_wait. `opts` may be NULL (one side, CR80).
 * Errors: ERR_ARG (title, a setting the queue does not offer), ERR_QUEUE (unknown, stopped, rejecting, one side
 * only, no sheet of that size), ERR_MISSING
 * (server or file), ERR_DISK_FULL, ERR_IO, ERR_PRINT (the server refused, in its words).
 */
enum err queue_submit(struct print_queue *q, const char *path,
    const char *title, const struct print_opts *opts, char job[PRINT_JOB_CAP],
    struct why *w);

/*
 * Where the job stands now. PRINT_GONE is an answer, not an error.
 * Errors: ERR_MISSING (no server), ERR_QUEUE (the state could not be learned), ERR_ARG.
 */
enum err queue_poll(struct print_queue *q, const char *job,
    struct print_status *out, struct why *w);

/* Called at each change of state or reason, and once at the start. False stops waiting. */
typedef bool (*print_watch)(void *ctx, const struct print_status *s);

/*
 * Follow the job to its end, at most `timeout_ms`. ERR_OK only if it was seen to end as
 * done. `last` (may be NULL) gets the last state seen; `watch` may be NULL.
 * Errors: ERR_PRINT (cancelled or aborted; gone: look whether the card came out),
 * ERR_TIMEOUT (not ended in time or watch said stop; the job is still in the queue), those of queue_poll.
 */
enum err queue_wait(struct print_queue *q, const char *job,
    unsigned timeout_ms, print_watch watch, void *ctx,
    struct print_status *last, struct why *w);

/* Cancel a job that has not ended. Errors: ERR_NOT_FOUND, ERR_MISSING, ERR_QUEUE. */
enum err queue_cancel(struct print_queue *q, const char *job, struct why *w);

/*
 * The newest job named exactly `title`, ended or not. ERR_NOT_FOUND if the queue knows
 * none; others as queue_poll.
 */
enum err queue_find(struct print_queue *q, const char *title,
    char job[PRINT_JOB_CAP], struct why *w);

/*
 * Does somebody keep what was printed? UNKNOWN: this user may not see the scheduler's settings and its
 * jobs prove neither. NONE was proven: no file outlives its job's end by a minute; no ended job is told.
 */
enum print_keeps { PRINT_KEEPS_UNKNOWN, PRINT_KEEPS_NONE, PRINT_KEEPS };

struct print_keeping {
	enum print_keeps files;		/* documents, which hold names (PreserveJobFiles) */
	enum print_keeps history;	/* ended jobs and their titles (PreserveJobHistory): what queue_find lives on */
	int64_t history_s;		/* at least so long after a job's end; INT64_MAX for ever, 0 if nothing is known */
};

/*
 * What the queue's scheduler keeps; `q` NULL asks the CUPS server itself. A folder keeps both.
 * First the jobs that ended speak, then the scheduler's settings as far as this user may read them.
 * Errors: ERR_MISSING (no server), ERR_QUEUE (it does not tell).
 */
enum err queue_keeps_files(const struct print_queue *q, struct print_keeping *out,
    struct why *w);

/*
 * May a page be printed there of which nothing may stay in a computer? Only if it was proven that the scheduler, one of
 * this computer, keeps no documents, and if the queue ends at a printer, not in a file or at a print server.
 * Errors: ERR_REFUSED (with what to do), those of queue_keeps_files.
 */
enum err queue_keeps_secret(const struct print_queue *q, struct why *w);

/*
 * queue_submit for such a page, a PDF in memory: it is asked for the proof again, and the document goes to the
 * scheduler past every file of ours. The library's buffers are not wiped: call it in a process that ends then.
 * Errors: those of queue_keeps_secret and of queue_submit.
 */
enum err queue_submit_secret(struct print_queue *q, const void *pdf, size_t len, const char *title,
    const struct print_opts *opts, char job[PRINT_JOB_CAP], struct why *w);

/*
 * Start a stopped queue again; its waiting jobs print. A queue that runs is left as it is.
 * Errors: ERR_QUEUE (this user may not: the sentence says who can change that; it did not start), ERR_MISSING.
 */
enum err queue_resume(struct print_queue *q, struct why *w);

/*
 * What the queue offers, read from it and, for its options and supplies, from its PPD at the same server
 * and from its printer; `*out` is the caller's (offer_free). A folder offers nothing.
 * Blocks as queue_open. Errors: ERR_QUEUE, ERR_MISSING, ERR_NOMEM.
 */
enum err queue_offer(const struct print_queue *q, struct print_offer **out, struct why *w);

/* Would queue_submit take a job printed like that? Errors: those of queue_ready and of queue_submit for `opts`. */
enum err queue_check(const struct print_queue *q, const struct print_opts *opts, struct why *w);

/* "unknown", "none", "keeps": for logs and --json. */
const char *print_keeps_name(enum print_keeps k);

/* One queue of the server, as `bashgah printers` lists it. Strings live for the call. */
struct print_queue_info {
	const char *name;
	const char *info;		/* the words its owner gave it, may be "" */
	const char *model;		/* make and model, may be "" */
	bool accepting;
	bool stopped;
	enum msg reason;		/* as in print_status */
	const char *keyword;
};
typedef void (*print_list)(void *ctx, const struct print_queue_info *q);

/* Every queue of the CUPS server; none is not an error. ERR_MISSING: no server. ERR_QUEUE: it refuses to tell. */
enum err queue_list(print_list each, void *ctx, struct why *w);

/*
 * The sentence for an IPP printer-state-reason ("media-empty-error"; the severity at its
 * end is ignored), MSG_NONE for "none" and for what needs nobody.
 */
enum msg print_reason_msg(const char *keyword);

/* "queued", "printing", …: for logs and --json. */
const char *print_state_name(enum print_state s);

#endif
