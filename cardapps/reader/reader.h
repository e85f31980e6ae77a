/*
 * A card reader behind one small vtable: PC/SC (pcsc.c), a software card in this
 * process (sim/sim_reader.c), a replayed transcript (tests). One card at a time; one thread
 * at a time.
 */
#ifndef CARDAPPS_READER_READER_H
#define CARDAPPS_READER_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

#define APDU_CAP 261		/* header 4, Lc 1, data 255, Le 1: short APDUs only */
#define RAPDU_CAP 258		/* data 256, SW1SW2 */
#define ATR_CAP 33
#define READER_NAME_CAP 128

struct reader;

struct reader_ops {
	/*
	 * Wait up to `timeout_ms` for a card and take it for ourselves (exclusive).
	 * Errors: ERR_NO_CARD (time is up), ERR_NO_READER, ERR_MISSING (no pcscd), ERR_CARD_GONE.
	 */
	enum err (*connect)(struct reader *r, unsigned timeout_ms, struct why *w);
	/*
	 * One APDU there and back; *len is data and SW1SW2, at least 2. Errors: ERR_CARD_GONE
	 * (pulled, reset by another, reader unplugged: what the card did is unknown), ERR_LEN.
	 */
	enum err (*transmit)(struct reader *r, const uint8_t *capdu, size_t capdu_len,
	    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w);
	/* Power the card off and on, keeping it ours. Errors: ERR_CARD_GONE. */
	enum err (*reset)(struct reader *r, struct why *w);
	/* Let go of the card, field off. Harmless when none is connected. */
	void (*disconnect)(struct reader *r);
	void (*destroy)(struct reader *r);
};

/* Every APDU of a reader as it passes, for traces and figures. `rapdu_len` is 0 when none came back. */
typedef void (*reader_watch)(void *ctx, const uint8_t *capdu, size_t capdu_len,
    const uint8_t *rapdu, size_t rapdu_len, int64_t ns);

struct reader {
	const struct reader_ops *ops;
	char name[READER_NAME_CAP];
	uint8_t atr[ATR_CAP];
	size_t atr_len;
	bool connected;			/* a card is ours: since connect, until disconnect or ERR_CARD_GONE */
	unsigned apdus;			/* sent since open */
	unsigned long_lost;		/* long APDUs in a row that came to nothing: secure messaging counts, and stops sending them */
	reader_watch watch;		/* NULL: nobody looks */
	void *watch_ctx;
};

/* The calls everybody uses; they keep `connected`, the counter and the watch. Contracts as above. */
enum err reader_connect(struct reader *r, unsigned timeout_ms, struct why *w);
enum err reader_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w);
enum err reader_reset(struct reader *r, struct why *w);
void reader_disconnect(struct reader *r);
/* For the vtables: no card came within the time, told in whole seconds, rounded up. ERR_NO_CARD. */
enum err reader_no_card(const struct reader *r, unsigned timeout_ms, struct why *w);
/* Disconnects, frees and nulls. NULL-safe. */
void reader_close(struct reader **r);

#endif
