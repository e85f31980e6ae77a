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

enum err cups_keeps_files(const struct print_queue *q, struct print_keeping *out, struct why *w);
enum err cups_resume(struct print_queue *q, struct why *w);

#endif
