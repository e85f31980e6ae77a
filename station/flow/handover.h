/* Inside of a hand-over: what it carries along, its lock and its steps in the book. Only station/flow includes this. */
#ifndef STATION_FLOW_HANDOVER_H
#define STATION_FLOW_HANDOVER_H

#include "station/flow/paper.h"
#include "station/store/print.h"

struct handing {
	struct station *s;
	const struct artwork_request *rq;
	struct artwork_report *out;
	struct store_card card;
	struct store_print row;		/* of a sheet, the first on it */
	struct print_queue *queue;
	char work[STATION_PATH_CAP];
	int lock;			/* -1: not held */
};

/* One hand-over at a time, at this station's desks; the lock goes with its process. Errors: ERR_TIMEOUT (a minute), ERR_IO. */
enum err handing_lock(struct handing *h, struct why *w);
void handing_unlock(struct handing *h);
void handing_pause_ms(int64_t ms);

/* May it be printed, a card done and in service? Errors: ERR_IN_DOUBT, ERR_REFUSED. */
enum err handing_check(const struct store_card *c, struct why *w);
/* What the queue knows h->row by. */
const char *handing_title(const struct handing *h);
/* The cards of rq on a sheet, or of h->row's sheet as far as they were never handed over, as a PDF at h->work or, for a screen, as pictures. */
enum err handing_draw_sheet(struct handing *h, const char *design, enum lang lang, bool for_screen,
    struct why *w);

const char *handing_design(const struct artwork_request *rq);
bool handing_is_file(const char *queue);

/* The print of rq, or those of its sheet, noted before they are handed over; h->row is it, or the first. Errors: those of the store. */
enum err handing_plan(struct handing *h, struct why *w);
/* Nothing of it reached the queue. If the book cannot be told, the next look finds that out by itself. */
void handing_drop(struct handing *h);
/* The queue has it as `job`. */
enum err handing_note_sent(struct handing *h, const char *job, struct why *w);
/* It ended as out->last says; fine, too, if somebody else has said so before. */
enum err handing_note_end(struct handing *h, struct why *w);

#endif
