/*
 * How a CUPS server is spoken to: IPP (RFC 8011) through libcups. Private to the files
 * printer/queue_cups*, the only ones that know CUPS. Each request has a connection of its
 * own, so a server that was restarted in between is met again.
 */
#ifndef PRINTER_QUEUE_CUPS_H
#define PRINTER_QUEUE_CUPS_H

#include <cups/cups.h>

#include "printer/queue_kind.h"

#define CUPS_CONNECT_MS 5000
#define CUPS_ANSWER_S   15.0

/* For httpSetTimeout: a server that says nothing for so long is one that does not answer. */
int cups_give_up(http_t *http, void *ctx);
/* For cupsSetPasswordCB2: libcups would ask on the terminal, in the middle of a tap. */
const char *cups_no_password(const char *prompt, http_t *http, const char *method,
    const char *resource, void *ctx);

/* A connection to the server, NULL if there is none; httpClose. */
http_t *cups_connect(void);

/*
 * Send `request`, which is freed in every case, with the file at `file` (NULL: none). The answer is
 * the caller's (ippDelete), may be NULL; how it went is cupsLastError's to say, unless `*no_server`.
 */
ipp_t *cups_ask(ipp_t *request, const char *resource, const char *file, bool *no_server);

/* The same with a document in memory, which goes to the server alone and past every file. */
ipp_t *cups_ask_with(ipp_t *request, const char *resource, const void *bytes, size_t len, bool *no_server);

/* False if the server is another computer's; one that does not answer counts as here. */
bool cups_on_this_computer(void);

/* ERR_MISSING: the server does not answer. ERR_QUEUE: it does not tell about that queue. */
enum err cups_no_server(struct why *w);
enum err cups_no_report(const char *about, struct why *w);

/* A request about a queue, or (NULL) about the server. */
ipp_t *cups_request(ipp_op_t op, const char *queue);
void cups_want(ipp_t *r, const char *const *names, int count);

/* The first value of an attribute: "" or 0 if it is not there. Text is the answer's. */
const char *cups_string(ipp_t *ipp, const char *name);
int cups_number(ipp_t *ipp, const char *name);	/* of an integer or an enum */

/*
 * Ask for attributes of a queue; `*out` is the caller's. Errors: ERR_MISSING (no server), ERR_QUEUE (unknown, or
 * it does not tell).
 */
enum err cups_ask_queue(const struct print_queue *q, const char *const *names, int count,
    ipp_t **out, struct why *w);

/* --- the printer itself, past the scheduler, where its address is fixed and speaks IPP */

/* One job of an answer that tells several, one group of attributes a job. */
struct cups_listed_job {
	int id, state;		/* 0: none */
	bool named;
};
/* The job with the greatest id among those of that name. `answer` may be NULL. */
struct cups_listed_job cups_newest_named(ipp_t *answer, const char *title);

/* The state (IPP_JSTATE_…) of the newest job of that name at the printer, 0 if it has none or cannot be asked. */
int cups_device_job(const char *queue, const char *device_uri, const char *title, const char *user);

/* False if its printer ought to answer in IPP and does not; one that does not speak it counts as there. */
bool cups_device_answers(const char *queue, const char *device_uri);

#define CUPS_SUPPLY_WANTS 3
extern const char *const cups_supply_wants[CUPS_SUPPLY_WANTS];
/* The printer's own marker-… attributes; ippDelete. NULL if it cannot be asked. */
ipp_t *cups_device_supplies(const char *queue, const char *device_uri);

bool cups_wandering(const char *device_uri);

/* --- what it offers */

/*
 * The name under which the queue takes paper of that size, put into `media`, from an answer that tells
 * media-supported. A queue that tells none is sent `media` by its measures. ERR_QUEUE: it has no such size.
 */
enum err cups_medium(ipp_t *queue, const char *name, const struct print_opts *opts, char *media,
    size_t cap, struct why *w);
/* True if the attribute names that keyword among its values. */
bool cups_lists(ipp_t *ipp, const char *attribute, const char *keyword);

enum err cups_offer(const struct print_queue *q, struct print_offer **out, struct why *w);

/* --- behind struct queue_kind */

enum err cups_keeps_files(const struct print_queue *q, struct print_keeping *out, struct why *w);
enum err cups_resume(struct print_queue *q, struct why *w);
enum err cups_keeps_secret(const struct print_queue *q, struct why *w);

#endif
