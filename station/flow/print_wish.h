/* How a print is to come out, as it was asked for: which sides, and the printer's own options. */
#ifndef STATION_FLOW_PRINT_WISH_H
#define STATION_FLOW_PRINT_WISH_H

#include "printer/printer.h"
#include "station/base/err.h"
#include "station/store/print.h"

#define PRINT_WISH_MAX 16

/* `opts` points into the rest: not to be copied. */
struct print_wish {
	struct print_opts opts;
	struct print_setting setting[PRINT_WISH_MAX];
	char text[STORE_PRINT_OPTIONS_CAP];
};

/*
 * Words parted by commas: "both" (the usual), "front" or "back", and NAME=VALUE of the printer's options; NULL or
 * "" is the usual. Says nothing of whether the printer offers them (queue_check). Errors: ERR_USAGE.
 */
enum err print_wish_read(const char *text, struct print_wish *out, struct why *w);

#endif
