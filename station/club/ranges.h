/* Numbers from the station's allotted ranges. */
#ifndef STATION_CLUB_RANGES_H
#define STATION_CLUB_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "station/store/store.h"

/* Can this serial become a card number? Answers it in *number; false: skip it (it would pass for a bank card). */
typedef bool (*serial_accept)(uint32_t serial, uint64_t *number, void *ctx);

/* The next serial that `accept` takes, skipping others; in the caller's transaction. Errors: ERR_RANGE (range used up). */
enum err club_next_card_number(struct store *s, serial_accept accept, void *ctx, uint32_t *serial,
    uint64_t *number, struct why *w);

/* Errors: ERR_RANGE (range used up, or beyond 32 bits). */
enum err club_next_member(struct store *s, uint32_t *id, struct why *w);

#endif
