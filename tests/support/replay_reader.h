/*
 * A reader that plays a recorded conversation: every command must be the next one
 * of the record, byte for byte, else the running cmocka test fails.
 */
#ifndef TESTS_SUPPORT_REPLAY_READER_H
#define TESTS_SUPPORT_REPLAY_READER_H

#include <stddef.h>
#include <stdint.h>

#include "cardapps/reader/reader.h"

/* An empty record. Free with reader_close, which fails the test if something was left unplayed. */
struct reader *replay_reader_open(void);

/* Append one exchange; both are copied. */
void replay_reader_add(struct reader *r, const uint8_t *capdu, size_t capdu_len,
    const uint8_t *rapdu, size_t rapdu_len);
/* The same from a native frame pair, wrapped: INS data -> 90 INS 00 00 [Lc data] 00, status data -> data 91 status. */
void replay_reader_add_native(struct reader *r, const uint8_t *tx, size_t tx_len,
    const uint8_t *rx, size_t rx_len);

#endif
