/* A test of a printer: a slip or a sheet of ten that belong to nobody. */
#ifndef STATION_FLOW_PAPER_TEST_H
#define STATION_FLOW_PAPER_TEST_H

#include <stdbool.h>

#include "printer/printer.h"
#include "station/base/err.h"
#include "station/text/text.h"

struct paper_test_request {
	const char *printer;	/* "file:DIR" or a queue of CUPS */
	enum lang lang;
	bool sheet;		/* ten cards on A4, else a slip */
	bool escpos;		/* the slip in the printer's own language, else a page for its driver */
};

/*
 * Print and follow it. The cards are drawn with the club's design, marked as practice. Nothing is noted:
 * no paper of a customer comes of it. `title` gets the job's name.
 * Errors: those of design_load, queue_submit, queue_wait.
 */
enum err station_test_print(const char *folder, const struct paper_test_request *rq,
    char title[PRINT_JOB_CAP], struct why *w);

#endif
