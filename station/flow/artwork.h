/*
 * The printed card: from the book's row to paper, followed to the job's end. No money and
 * no card state depends on what a printer says; a print that failed is repeated with the same number and QR.
 * A print is in the book before it is handed over and goes by its title, so that whatever is killed
 * when, it is handed over once: docs/printing.md, "From planned to confirmed".
 */
#ifndef STATION_FLOW_ARTWORK_H
#define STATION_FLOW_ARTWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "printer/printer.h"
#include "station/base/err.h"
#include "station/flow/station.h"
#include "station/store/print.h"
#include "station/text/text.h"

struct artwork_request {
	uint64_t card;			/* station_print_card */
	const uint64_t *cards;		/* station_print_sheet: `card_count` of them, 1..STORE_SHEET_MAX, none twice */
	size_t card_count;
	const char *printer;		/* "file:DIR" or a queue of CUPS */
	const char *design;		/* name in the club's designs folder, whose child for the card is taken (design_pick); NULL: "default" */
	enum lang lang;			/* of the words on the card */
	const char *options;		/* how it is to come out: print_wish_read; NULL: both sides, as the printer is set */
	bool finish;			/* of a request that came again: what came out already is not printed twice */
	unsigned timeout_ms;		/* how long to follow the job */
	print_watch watch;		/* may be NULL */
	void *watch_ctx;
};

struct artwork_report {
	char title[101];		/* the print's own identity, or the sheet's */
	char job[PRINT_JOB_CAP];
	char printer[STORE_PRINT_QUEUE_CAP];	/* where it was handed over */
	struct print_status last;
	bool followed;			/* it had been begun before: nothing more was handed over than that */
	bool answered;			/* rq->finish: it had come out before */
	bool to_confirm;		/* ended, and nobody has seen the card */
	char pdf[STATION_PATH_CAP];	/* "file:" only: where the pages are; else "" */
	char png_front[STATION_PATH_CAP];
	char png_back[STATION_PATH_CAP];
};

/*
 * Draw the card and print it; a print of this paper that was begun and not ended is finished instead: the
 * queue is asked for its title, and only what it does not know is handed over. Each step is journaled.
 * ERR_OK only if the job was seen to end as done. Errors: ERR_NOT_FOUND (no such card), ERR_REFUSED (blocked or
 * closed), ERR_IN_DOUBT (its issue was not seen to end), ERR_TIMEOUT (another desk hands over all the
 * while), those of design_load, card_render_pdf, queue_open, queue_submit, queue_wait.
 */
enum err station_print_card(struct station *s, const struct artwork_request *rq,
    struct artwork_report *out, struct why *w);

/*
 * Several cards on one sheet of A4, as one job: a row of the book for each, all of them of the sheet `out->title`
 * and moved together until staff say of each how it came out. If all of rq->cards are on a sheet that was begun and not
 * ended, that one is finished. rq->finish is not read. Errors: as station_print_card; ERR_USAGE (none, too many, one
 * twice), ERR_REFUSED (some of them are being printed elsewhere).
 */
enum err station_print_sheet(struct station *s, const struct artwork_request *rq,
    struct artwork_report *out, struct why *w);

/* Has a print of this card been seen to end well, or been confirmed? Errors: those of the store. */
enum err station_was_printed(struct station *s, uint64_t card, bool *out, struct why *w);

/*
 * Would this member's card come out? Design, fonts, fit and queue are looked at before a card is touched.
 * Errors: as station_print_card.
 */
enum err station_check_print(struct station *s, const struct artwork_request *rq, uint32_t member,
    uint8_t tier, uint16_t valid_to, struct why *w);

#endif
