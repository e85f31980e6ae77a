/* Words to try a design with: as long as they come, in one language. */
#ifndef STATION_CLI_SAMPLE_H
#define STATION_CLI_SAMPLE_H

#include "printer/printer.h"
#include "station/text/text.h"

struct sample {
	char number[TEXT_SHORT_CAP];
	char tier[TEXT_SHORT_CAP];
	char valid[TEXT_SHORT_CAP];
	struct card_face face;		/* borrows all of these, and what it is given */
};

/*
 * The card of a member with a long name, of the tier and application (ids) or, where NULL, of
 * those the design's name ends with, else a silver membership. In English if `lang` says so.
 */
void sample_fill(enum lang lang, const char *design, const char *tier, const char *application,
    struct sample *out);

/* A long name in the other language: a card gets those, too. */
const char *sample_other_name(enum lang lang);

/* The language a design is in by its name: NAME-en, NAME-en-gold …; else Persian. */
enum lang sample_language(const char *design);

#endif
