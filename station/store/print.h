/*
 * Prints: which piece of plastic was to be printed, what the printer said of it and what
 * somebody saw. A print is noted before it is handed over, so that after a crash the queue can
 * be asked for it by its title. No money and no state of a card follows from a row here.
 */
#ifndef STATION_STORE_PRINT_H
#define STATION_STORE_PRINT_H

#include "station/store/store.h"

#define STORE_PRINT_TITLE_CAP 64
#define STORE_PRINT_QUEUE_CAP 1100
#define STORE_PRINT_DESIGN_CAP 128
#define STORE_PRINT_OPTIONS_CAP 512
#define STORE_PRINT_WORD_CAP 64
#define STORE_PRINT_JOB_CAP 128
#define STORE_PRINT_NOTE_CAP 256
/* Cards whose prints are one job: a sheet of paper. */
#define STORE_SHEET_MAX 10
#define STORE_SHEET_PREFIX "sheet-"

/* Stored: append only. Only ever forward; a rejected and a dropped one stay so. */
enum store_print_state {
	STORE_PRINT_PLANNED = 0,	/* about to be handed over */
	STORE_PRINT_SUBMITTED = 1,	/* the queue has it */
	STORE_PRINT_ENDED = 2,		/* by the printer's word: see `ended` */
	STORE_PRINT_CONFIRMED = 3,	/* the card was seen, and is good */
	STORE_PRINT_REJECTED = 4,	/* see `reason` */
	STORE_PRINT_DROPPED = 5		/* never handed over */
};
#define STORE_PRINT_STATES 6

/* Stored: append only. What was wrong with the card that came out. */
enum store_print_reason {
	STORE_REJECT_NONE = 0,
	STORE_REJECT_COLOUR = 1,
	STORE_REJECT_RIBBON = 2,	/* torn or creased */
	STORE_REJECT_MISSPELT = 3,
	STORE_REJECT_WRONG_CARD = 4,	/* printed onto another card than meant */
	STORE_REJECT_JAM = 5,		/* stuck, or printed by half */
	STORE_REJECT_SCRATCHED = 6,
	STORE_REJECT_LOST = 7,
	STORE_REJECT_NOTHING = 8,	/* no card came out: neither ribbon nor card was spent */
	STORE_REJECT_OTHER = 9		/* the note says */
};
#define STORE_REJECT_REASONS 10

struct store_print {
	int64_t id;
	char title[STORE_PRINT_TITLE_CAP];	/* what the queue knows it by, unless it is one of a sheet */
	char sheet[STORE_PRINT_TITLE_CAP];	/* the job that several prints share; "": a job of its own */
	uint64_t card;
	bool has_token;
	uint8_t token[STORE_HASH_LEN];	/* hash of the token in the QR printed; none on rows of earlier versions */
	bool again;			/* another print of this card was handed over before */
	char design[STORE_PRINT_DESIGN_CAP];
	char lang[8];			/* of the words on the card: "fa", "en" */
	char queue[STORE_PRINT_QUEUE_CAP];
	char options[STORE_PRINT_OPTIONS_CAP];	/* how it is to come out, as asked for; "" the usual way */
	char job[STORE_PRINT_JOB_CAP];	/* the queue's id, "" before SUBMITTED */
	enum store_print_state state;
	char ended[STORE_PRINT_WORD_CAP];	/* "done", "cancelled", "aborted", "gone"; "" not heard */
	char keyword[STORE_PRINT_WORD_CAP];	/* the printer's own, may be "" */
	enum store_print_reason reason;
	char note[STORE_PRINT_NOTE_CAP];	/* of staff; may hold a name: not in the journal */
	int64_t planned_ms;
	int64_t at_ms;			/* of the last move */
	char by[STORE_PRINT_WORD_CAP];	/* who moved it last: "station", "staff", "sensor", "file", "earlier" */
	int64_t ribbon_rial;		/* what one print cost on that day */
	int64_t blank_rial;
};

/*
 * Note a print about to be handed over: reads card, token, sheet, design, lang, queue, options, planned_ms and the
 * costs of `p`, fills id, title ("card-NUMBER-EVENT", unique) and again. Journals print.plan. In the caller's transaction.
 * Errors: as the journal.
 */
enum err store_print_plan(struct store *s, struct store_print *p, struct why *w);

/* One step forward. NULL texts stay as they are. */
struct store_print_move {
	const char *title;
	enum store_print_state to;	/* not PLANNED */
	const char *job;		/* SUBMITTED */
	const char *ended;		/* ENDED */
	const char *keyword;		/* ENDED */
	enum store_print_reason reason;	/* REJECTED alone */
	const char *note;
	const char *by;
	int64_t at_ms;
};

/*
 * Journals print.submit, print.end, print.confirm, print.reject or print.drop. In the caller's transaction.
 * Errors: ERR_NOT_FOUND, ERR_REFUSED (it stands there already or further on), ERR_LEN (note).
 */
enum err store_print_move(struct store *s, const struct store_print_move *m, struct why *w);

/* Errors: ERR_NOT_FOUND. */
enum err store_print_by_title(struct store *s, const char *title, struct store_print *out,
    struct why *w);
/* All of a sheet (STORE_SHEET_MAX at most), as they lie on it. Errors: ERR_NOT_FOUND. */
enum err store_prints_of_sheet(struct store *s, const char *sheet, struct store_print out[STORE_SHEET_MAX],
    size_t *count, struct why *w);
/* The newest of a card that was not dropped. Errors: ERR_NOT_FOUND. */
enum err store_print_newest(struct store *s, uint64_t card, struct store_print *out, struct why *w);
/* Has one of this card ended as done or been confirmed? By an index, whatever the age of the book. */
enum err store_print_was_done(struct store *s, uint64_t card, bool *out, struct why *w);

/* Which: what waits for an end or for somebody's eyes; one card's; one state's; planned at `since_ms` or later. */
enum store_prints { STORE_PRINTS_OPEN, STORE_PRINTS_OF_CARD, STORE_PRINTS_IN_STATE, STORE_PRINTS_SINCE };
/* Oldest first, until the callback answers false; it may read the store, not begin. `of` is ignored for OPEN. */
typedef bool (*print_visit)(const struct store_print *p, void *ctx);
enum err store_prints_list(struct store *s, enum store_prints which, int64_t of, print_visit visit,
    void *ctx, struct why *w);

struct store_print_counts {
	int64_t prints;			/* handed over */
	int64_t again;			/* of these, of a card printed before */
	int64_t again_ribbon_rial, again_blank_rial;
	int64_t rejected;
	int64_t rejected_ribbon_rial, rejected_blank_rial;
};
/* Of the prints planned at `since_ms` or later. */
enum err store_print_count(struct store *s, int64_t since_ms, struct store_print_counts *out,
    struct why *w);
enum err store_prints_open(struct store *s, int64_t *out, struct why *w);

/* "planned", "submitted", …; "colour", "ribbon", …: for commands, logs and --json. */
const char *store_print_state_name(enum store_print_state st);
const char *store_print_reason_name(enum store_print_reason r);

#endif
