/*
 * A CUPS of the test's own with a CR80 card printer behind it (cups_start.sh).
 * CUPS_SERVER points to it while it runs. Run from the repository's root.
 */
#ifndef TESTS_SUPPORT_CUPS_PRIVATE_H
#define TESTS_SUPPORT_CUPS_PRIVATE_H

#include <stdbool.h>

/* False (said on standard error) if something is missing or does not start. */
bool cups_begin(void);
/* Ends it and removes its folder; harmless if it never began. */
void cups_end(void);

/* Add the queues of cups_ppd.sh, which have drivers. */
bool cups_add_drivers(void);

/* Its folder, for `printed/last`; NULL if it does not run. */
const char *cups_folder(void);

/* Write settings into its cupsd.conf: "NAME VALUE …", "-" for none; obeyed after cups_again. */
bool cups_set(const char *settings);
/* End the scheduler and start it again; the printer behind it goes on. */
bool cups_again(void);

/* What the printer does with the next job: "ok", "ribbon", "media", "jam", "door", "hopper", "feeder", "abort". */
void cups_play(const char *what);
/* Somebody pulls the printer's plug; it does not come back. */
void cups_unplug(void);
/* Somebody puts in what the printer is waiting for; returns when it has noticed. */
void cups_help(void);

#endif
