/*
 * A reader that somebody else stands in: every APDU and every power cycle passes through a
 * hook, which may keep, spoil, repeat, invent or delay what goes either way.
 */
#ifndef TESTS_SUPPORT_HOSTILE_READER_H
#define TESTS_SUPPORT_HOSTILE_READER_H

#include "cardapps/reader/reader.h"
#include "cardapps/sim/sim.h"

struct hostile_reader;
typedef enum err (*hostile_hook)(struct hostile_reader *h, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w);

struct hostile_reader {
	struct reader reader;		/* first: handed to the flow */
	struct sim_card *card;		/* borrowed */
	hostile_hook hook;
	void *ctx;
	bool keeps_power;		/* a relay: the card behind it never loses its field */
	unsigned connects;
};

/* No allocation; the reader lives as long as `h`. Errors of the card are those of a card that left. */
void hostile_reader_init(struct hostile_reader *h, struct sim_card *card, hostile_hook hook, void *ctx);

/* The honest way: to the card and back. */
enum err hostile_pass(struct hostile_reader *h, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w);
/* "The card is gone", whatever it did. */
enum err hostile_gone(const struct hostile_reader *h, struct why *w);

#endif
