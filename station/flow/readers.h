/*
 * Readers by the names people give them: `none`, `sim:desfire-ev1` (or -ev2, -ev3: a software
 * card kept in the club folder), or a PC/SC reader's name or a part of it that fits only one.
 */
#ifndef STATION_FLOW_READERS_H
#define STATION_FLOW_READERS_H

#include "cardapps/reader/reader.h"
#include "station/flow/station.h"

/*
 * `name`: as above. `sim:desfire-ev1:SLOT` keeps several software cards apart (SLOT is letters
 * and digits); `sim:desfire-ev1,pull=N` takes the card away at the N-th command, to practise:
 * the card never gets the command; `,pull=Nw` lets the card do it and loses the answer.
 * `*out` stays NULL for `none`. Free with reader_close.
 * Errors: ERR_ARG (name, by what is wrong), ERR_NO_READER, ERR_MISSING (no pcscd), ERR_IO.
 */
enum err station_reader_open(const struct station *s, const char *name, struct reader **out,
    struct why *w);

/* Every reader one could name: the software kinds first, then those of PC/SC. */
typedef void (*reader_each)(void *ctx, const char *name, bool card_present);
enum err station_reader_list(reader_each each, void *ctx, struct why *w);

#endif
