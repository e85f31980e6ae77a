/* What a print queue offers, for people and for --json. */
#ifndef STATION_CLI_PRINTER_OFFER_H
#define STATION_CLI_PRINTER_OFFER_H

#include "station/cli/cli.h"

/* Ask the queue and say model, sizes, resolution, sides, ribbon, panels and supplies; all of it into `entry`. */
void cli_printer_offer(const struct cli *c, const char *queue, json_t *entry);

#endif
