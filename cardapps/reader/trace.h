/*
 * A transcript of what passes between reader and card: one line an APDU with the
 * command's name, lengths, status word and time. Never a byte of the data, in either direction: a
 * transcript may be sent to a stranger.
 */
#ifndef CARDAPPS_READER_TRACE_H
#define CARDAPPS_READER_TRACE_H

#include <stdio.h>

#include "cardapps/reader/reader.h"

/* The caller's memory; must outlive the watch. */
struct trace {
	FILE *to;	/* borrowed */
	unsigned lines;
};

/* Begin: every APDU of `r` gets its line in `to` from now on. Replaces another watch. */
void trace_attach(struct trace *t, struct reader *r, FILE *to);

/* A reader_watch; `ctx` is a struct trace. */
void trace_apdu(void *ctx, const uint8_t *capdu, size_t capdu_len, const uint8_t *rapdu,
    size_t rapdu_len, int64_t ns);

/* "GetVersion", "SELECT", ...; "?" for a command this house never sends. `cla` is 0x90, 0x00 or 0xFF. */
const char *trace_command_name(uint8_t cla, uint8_t ins);

#endif
