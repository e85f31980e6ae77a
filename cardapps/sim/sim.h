/*
 * Software cards: a MIFARE DESFire EV1, EV2 or EV3 that obeys its data sheet, with memory that
 * survives a pull exactly as EEPROM does. Written from the data sheet's public facts,
 * never from the driver; includes nothing of chip/ or secure/.
 */
#ifndef CARDAPPS_SIM_SIM_H
#define CARDAPPS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardapps/reader/reader.h"
#include "station/base/err.h"

struct sim_card;

/* The kind stands in the card's image; the numbers are part of its format. */
enum sim_kind { SIM_DESFIRE_EV1, SIM_DESFIRE_EV2, SIM_DESFIRE_EV3 };

/*
 * Where in an APDU's life the card leaves the field. Nothing of a half-done write stays:
 * BEFORE and UNWRITTEN leave the same card.
 */
enum sim_tear {
	SIM_TEAR_NONE,
	SIM_TEAR_BEFORE,	/* the card never gets the command */
	SIM_TEAR_UNWRITTEN,	/* it gets it and loses power before anything is stored */
	SIM_TEAR_WRITTEN	/* it does it, the answer is lost */
};

/* What the card has seen since it was opened. The model and its figures: cardapps/sim/timing.c. */
struct sim_figures {
	unsigned apdus;
	uint64_t bytes;		/* of APDUs, both ways, without the blocks of ISO/IEC 14443-4 */
	uint64_t us_106;	/* modelled microseconds at 106 kbit/s */
	uint64_t us_848;
};

/*
 * A factory-new DESFire EV1 8K in memory, in the field. `uid` is 7 bytes, NULL: random.
 * `path` NULL: memory only; else every change of EEPROM is on disk before the APDU is answered
 * (written to a temporary name and renamed, mode 0600).
 */
enum err sim_desfire_new(const uint8_t uid[7], const char *path, struct sim_card **out,
    struct why *w);
/* The same of another kind, 8K as well. */
enum err sim_desfire_new_kind(enum sim_kind kind, const uint8_t uid[7], const char *path,
    struct sim_card **out, struct why *w);
/*
 * The card kept in `path`, of whatever kind; a missing file becomes a factory-new one of `kind`. Other
 * processes wait until it is freed (`path`.lock), ten seconds at most. Errors: ERR_FORMAT
 * (damaged), ERR_NO_READER (another process keeps it), ERR_IO.
 */
enum err sim_desfire_open(enum sim_kind kind, const char *path, struct sim_card **out, struct why *w);
void sim_card_free(struct sim_card **card);

/* Field on or off. Off: session, selection and everything uncommitted are gone. */
void sim_card_power(struct sim_card *card, bool on);
const uint8_t *sim_card_atr(const struct sim_card *card, size_t *len);

/*
 * One command there and back, wrapped (90 INS 00 00 [Lc data] 00) or native; the
 * first after power-on decides. `capdu_len` from 1. False if the card has left the field (a tear,
 * the field off, or a disk that refused the change: then nothing changed): no answer.
 */
bool sim_card_transmit(struct sim_card *card, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len);

/*
 * Leave the field at the `nth` APDU from now (1 = the next). The card stays away until
 * sim_card_return.
 */
void sim_card_tear(struct sim_card *card, unsigned nth, enum sim_tear how);
void sim_card_return(struct sim_card *card);
bool sim_card_away(const struct sim_card *card);

void sim_card_figures(const struct sim_card *card, struct sim_figures *out);
void sim_card_reset_figures(struct sim_card *card);

/* Tests: where the card takes its RndB from. NULL: random. */
void sim_card_set_random(struct sim_card *card, void (*source)(void *ctx, uint8_t *out, size_t len),
    void *ctx);

/*
 * All of the EEPROM as bytes (for tests that compare or put back an old image). Caller frees *out
 * with free().
 */
enum err sim_card_image(const struct sim_card *card, uint8_t **out, size_t *len, struct why *w);
enum err sim_card_restore(struct sim_card *card, const uint8_t *image, size_t len, struct why *w);

/*
 * A reader with this card on it. Takes the card over if `own`; else borrows it.
 * connect answers ERR_NO_CARD while the card is away.
 */
enum err sim_reader_open(struct sim_card *card, bool own, struct reader **out, struct why *w);

/*
 * Plug the card into a real pcscd: connect to vpcd at host:port and answer until the
 * other side closes, *stop (NULL: never) becomes true (seen within 200 ms) or the card leaves
 * the field (sim_card_away tells). Blocks. The field is off afterwards. Errors: ERR_MISSING
 * (nobody listens), ERR_IO.
 */
enum err sim_vpcd_serve(struct sim_card *card, const char *host, uint16_t port,
    const volatile bool *stop, struct why *w);

#endif
