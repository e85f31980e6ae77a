/*
 * Readers of the PC/SC service (pcsc-lite). A context is kept as long as the reader is
 * open; should the service end, the next connect makes a new one.
 */
#ifndef CARDAPPS_READER_PCSC_H
#define CARDAPPS_READER_PCSC_H

#include <stdbool.h>

#include "cardapps/reader/reader.h"
#include "station/base/err.h"

/*
 * Open a reader by its name or by a part of it that no other reader has (ASCII case
 * is ignored); NULL or "" means the only one there is. Needs no card. Close with reader_close.
 * Errors: ERR_MISSING (no service), ERR_NO_READER (none, or none of that name),
 * ERR_ARG (a part that fits several), ERR_NOMEM, and what pcsc_why makes of other codes.
 */
enum err pcsc_reader_open(const char *name, struct reader **out, struct why *w);

/*
 * Call `each` for every reader connected now; `name` is borrowed for the call. `card_present`
 * also when the card is mute or another program's. Errors: those of pcsc_why.
 */
enum err pcsc_list(void (*each)(void *ctx, const char *name, bool card_present), void *ctx,
    struct why *w);

/*
 * The class and the sentence of a PC/SC return code (SCARD_...) at `reader`. In transmit and
 * reset the class is ERR_CARD_GONE whatever the code, because what the card did is unknown.
 */
enum err pcsc_why(struct why *w, long code, const char *reader);

#endif
