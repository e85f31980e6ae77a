/*
 * A share on paper for its custodian, out of a printer instead of by hand. The page is drawn and handed over by a
 * child process that ends then, so that no word stays in the memory of the libraries for drawing and printing; no file of ours ever
 * holds it, and only a queue proven to keep none gets it (queue_keeps_secret), before and after.
 */
#ifndef STATION_FLOW_SHARE_PAGE_H
#define STATION_FLOW_SHARE_PAGE_H

#include "printer/queue.h"
#include "station/flow/ceremony.h"
#include "station/text/text.h"

struct share_printer;

/*
 * Open the queue for pages of shares of this club, in that language. Free with share_printer_close. Errors: those of queue_open,
 * queue_keeps_secret and queue_check (no paper of any size that a page fits: A4, A5, Letter), ERR_NOMEM.
 */
enum err share_printer_open(const struct station *s, const char *queue, enum lang lang,
    struct share_printer **out, struct why *w);
/* NULL-safe, nulls it. */
void share_printer_close(struct share_printer **p);
const char *share_printer_name(const struct share_printer *p);

/*
 * Print share `index` (from 1) and follow the job to its end; `watch` (may be NULL) is told each change. A job that has not
 * ended after some minutes is cancelled. Errors: those of queue_submit_secret and queue_wait, ERR_REFUSED
 * (the queue was changed meanwhile and keeps the page: its keys must not be used).
 */
enum err share_printer_print(struct share_printer *p, const struct ceremony *c, unsigned index,
    print_watch watch, void *ctx, struct why *w);

#endif
