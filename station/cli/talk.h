/*
 * A talk with people who must not leave a trace: a page of its own on the terminal, wiped page by page, never in the
 * terminal's history; or two descriptors, for a program that plays the people. Nothing typed here goes through stdio.
 */
#ifndef STATION_CLI_TALK_H
#define STATION_CLI_TALK_H

#include "station/cli/cli.h"

#define TALK_LINE_CAP 512	/* bytes of an answer, NUL included */

struct talk;

/* The options of every command that talks; in its table by these names. */
#define TALK_OPTIONS \
	{"answers-fd", "N", MSG_OPT_ANSWERS_FD}, \
	{"screen-fd", "N", MSG_OPT_SCREEN_FD}

/*
 * On --answers-fd and --screen-fd, else on the terminal of the process. Interrupts (INT, TERM, HUP) end the next
 * question instead of the process, so that all is wiped. Errors: ERR_USAGE (one of the two alone), ERR_MISSING (no terminal), ERR_NOMEM.
 */
enum err talk_open(const struct cli *c, struct talk **out, struct why *w);
/* Leaves the page: what was on it is gone. NULL-safe, nulls it. */
void talk_close(struct talk **t);

/* A new, empty page. */
void talk_clear(struct talk *t);
/* One sentence; its facts are no secrets. */
void talk_say(struct talk *t, enum msg id, const struct why_in *facts, unsigned n);
/* The sentence of a refusal. */
void talk_why(struct talk *t, const struct why *w);
/* A line as it is; it may be a secret, and is written from where it lies. */
void talk_line(struct talk *t, const char *line);

/*
 * Ask: a sentence, then one line of answer into `out` (secret memory, TALK_LINE_CAP). `hidden`: without echo.
 * Errors: ERR_REFUSED (the people went away: end of input, an interrupt), ERR_LEN (longer; all of it was taken).
 */
enum err talk_ask(struct talk *t, enum msg id, const struct why_in *facts, unsigned n, bool hidden, char *out,
    struct why *w);

#endif
