/* What could keep a station from working, looked at one by one; nothing is changed but a page that was behind. */
#ifndef STATION_FLOW_DOCTOR_H
#define STATION_FLOW_DOCTOR_H

#include <stdbool.h>

#include "station/base/err.h"
#include "station/flow/station.h"

/*
 * One finding: `about` names what was looked at; `good` or the reason in `w`. A finding that
 * is not good but lets the station work is a warning.
 */
struct finding {
	enum msg about;
	bool good;
	bool warning;
	struct why why;
};
typedef void (*finding_each)(void *ctx, const struct finding *f);

/*
 * Examine book, keys, clock, folders, designs, the customer's page, readers and printers of `folder`.
 * ERR_OK if nothing but warnings were found; else the first bad finding's code and why.
 */
enum err station_examine(const char *folder, station_passphrase ask, void *ask_ctx,
    finding_each each, void *ctx, struct why *w);

#endif
