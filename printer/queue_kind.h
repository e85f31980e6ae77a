/*
 * The seam behind printer/queue.h: one table of functions for each kind of queue.
 * Private to the printer room.
 */
#ifndef PRINTER_QUEUE_KIND_H
#define PRINTER_QUEUE_KIND_H

#include "printer/queue.h"

struct print_queue;

/* What is handed over: a file, or (path NULL) bytes in memory that must lie in none. */
struct print_document {
	const char *path;
	const void *bytes;
	size_t len;
};

/* As the functions of queue.h of the same name; `close` frees what open put into q->own. */
struct queue_kind {
	enum err (*open)(struct print_queue *q, struct why *w);
	/* with `opts`, also whether that sheet and these sides are there */
	enum err (*ready)(const struct print_queue *q, const struct print_opts *opts, struct why *w);
	enum err (*submit)(struct print_queue *q, const struct print_document *doc, const char *title,
	    const struct print_opts *opts, char job[PRINT_JOB_CAP], struct why *w);
	enum err (*poll)(struct print_queue *q, const char *job,
	    struct print_status *out, struct why *w);
	enum err (*cancel)(struct print_queue *q, const char *job, struct why *w);
	enum err (*find)(struct print_queue *q, const char *title,
	    char job[PRINT_JOB_CAP], struct why *w);
	enum err (*keeps_files)(const struct print_queue *q, struct print_keeping *out,
	    struct why *w);
	/* queue_keeps_secret */
	enum err (*keeps_secret)(const struct print_queue *q, struct why *w);
	enum err (*resume)(struct print_queue *q, struct why *w);
	enum err (*offer)(const struct print_queue *q, struct print_offer **out, struct why *w);
	void (*close)(struct print_queue *q);
};

struct print_queue {
	const struct queue_kind *kind;
	char *name;		/* as given to queue_open */
	void *own;		/* the kind's */
};

/*
 * True if no card comes out until somebody acts on that printer-state-reason. Not read off the
 * severity at its end: printers report an empty ribbon as -warning, too.
 */
bool print_reason_blocks(const char *keyword);

extern const struct queue_kind queue_file;
extern const struct queue_kind queue_cups;

#endif
