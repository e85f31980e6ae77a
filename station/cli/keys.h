/* What the commands on keys share. */
#ifndef STATION_CLI_KEYS_H
#define STATION_CLI_KEYS_H

#include "keys/share.h"
#include "keys/words.h"
#include "station/cli/cli.h"
#include "station/cli/talk.h"

#define KEYS_PASS_CAP 1024

/* In secret memory. */
struct keys_room {
	struct cli *cli;
	char pass[KEYS_PASS_CAP];	/* what opened the store: it is needed again to bring keys in */
	char answer[TALK_LINE_CAP];
	char line[WORDS_LINE_CAP + TEXT_SHORT_CAP];
};

/* Open the station with its keys, and keep what opened them. Free with keys_close. Errors: those of cli_station. */
enum err keys_open(struct cli *c, struct keys_room **room, struct station **s, struct why *w);
/* NULL-safe. */
void keys_close(struct keys_room **room, struct station **s);

/* The check values of the masters in `slots`, 3 bytes each, slot by slot: a line each, and an object in JSON. */
void keys_say_kcvs(struct cli *c, const uint8_t *kcv, uint32_t slots);
/* The names of a list with a name a line, as one text, and as an array in JSON. */
void keys_say_people(struct cli *c, const char *people);

/* The words of the language of the command. */
enum words_lang keys_words(const struct cli *c);

#endif
