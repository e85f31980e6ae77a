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
	struct store_print row;
	struct print_queue *queue;
	char work[STATION_PATH_CAP];
	int lock;			/* -1: not held */
};

/* One hand-over at a time, at this station's desks; the lock goes with its process. Errors: ERR_TIMEOUT (a minute), ERR_IO. */
enum err handing_lock(struct handing *h, struct why *w);
void handing_unlock(struct handing *h);
void handing_pause_ms(int64_t ms);

const char *handing_design(const struct artwork_request *rq);
bool handing_is_file(const char *queue);

/* The print of rq, noted before it is handed over; h->row is it. Errors: those of the store. */
enum err handing_plan(struct handing *h, struct why *w);
/* Nothing of it reached the queue. If the book cannot be told, the next look finds that out by itself. */
void handing_drop(struct handing *h);
/* The queue has it as `job`. */
enum err handing_note_sent(struct handing *h, const char *job, struct why *w);
/* It ended as out->last says; fine, too, if somebody else has said so before. */
enum err handing_note_end(struct handing *h, struct why *w);

#endif
