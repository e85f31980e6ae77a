/*
 * What people say of prints, and what prints cost. The printer's word ends a print; only who has
 * seen the card confirms or rejects it. Costs are counted, never posted: no money depends on a printer.
 */
#ifndef STATION_FLOW_PRINTS_H
#define STATION_FLOW_PRINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "station/base/err.h"
#include "station/flow/station.h"
#include "station/store/print.h"

/* Who moved a print. */
#define PRINT_BY_STATION "station"	/* this program, by what the queue told */
#define PRINT_BY_STAFF "staff"
#define PRINT_BY_SENSOR "sensor"	/* a camera or reader behind the printer */
#define PRINT_BY_FILE "file"		/* pages seen in their folder */

/* The print that staff mean: by its title, or the newest of a card by the card's number. Errors: ERR_NOT_FOUND. */
enum err prints_find(struct station *s, const char *typed, struct store_print *out, struct why *w);

/* Somebody, or a sensor, has seen the card and it is good. Errors: as prints_find, ERR_REFUSED (confirmed or closed already). */
enum err prints_confirm(struct station *s, const char *title, const char *by, struct why *w);

/*
 * All cards of a sheet that are still to be confirmed; `*count` says how many these were. Errors: ERR_NOT_FOUND (no
 * such sheet), ERR_REFUSED (all are confirmed or closed already).
 */
enum err prints_confirm_sheet(struct station *s, const char *sheet, const char *by, size_t *count,
    struct why *w);

/*
 * The card is not good. A confirmed print may be rejected later, a rejected one stays so. `note` may be
 * NULL, but STORE_REJECT_OTHER needs one. Its job, if it still waits at a queue that can be asked, is cancelled first, a sheet as a whole;
 * blocks as the queue does. Errors: as prints_confirm; ERR_ARG (reason none; no note), ERR_LEN.
 */
enum err prints_reject(struct station *s, const char *title, enum store_print_reason reason,
    const char *note, struct why *w);

/* What one ribbon panel and one blank card cost, in rial; 0 until set. Errors: ERR_DB_DAMAGED. */
enum err prints_cost(struct station *s, int64_t *ribbon, int64_t *blank, struct why *w);
/* Journaled as print.cost; prints noted before keep what they cost. A negative value leaves that one. */
enum err prints_set_cost(struct station *s, int64_t ribbon, int64_t blank, struct why *w);

#endif
