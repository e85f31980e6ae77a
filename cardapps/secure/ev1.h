/*
 * Secure messaging of DESFire EV1 over wrapped APDUs: frames, chaining and the
 * modes of a session begun with AA (AES) or 1A (DES/2TDEA). Keys, random numbers and the running
 * IV stay in keys/channel.
 *
 * Source: MIFARE DESFire data sheet; traces in tests/vectors/desfire-ev1.txt.
 */
#ifndef CARDAPPS_SECURE_EV1_H
#define CARDAPPS_SECURE_EV1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardapps/reader/reader.h"
#include "cardapps/secure/command.h"
#include "cardapps/secure/status.h"
#include "keys/card_key.h"
#include "keys/channel.h"
#include "keys/channel_ev2.h"
#include "station/base/err.h"

/* Data bytes of one wrapped frame: fits the 64-byte frames of ISO 14443-4. */
#define EV1_FRAME 54
#define EV1_FRAME_MAX 59	/* what the card takes native */
/* Where a reader or card refuses more: still one frame for a ChangeKey (33) and an authentication (32). */
#define EV1_FRAME_SMALL 40
/* Header 7 and the 256 bytes of our largest file, sealed: CRC32 and a block of padding. */
#define EV1_REQUEST_CAP 320
/* Sixteen records of 32 bytes and a CMAC. A card that answers more lies. */
#define EV1_ANSWER_CAP 528
/* A card that asks for more frames than this is not going to stop. */
#define EV1_FRAMES_MAX 32

/* A file's communication mode, as it stands in its settings. */
enum ev1_mode { EV1_PLAIN = 0x00, EV1_MACED = 0x01, EV1_ENCIPHERED = 0x03 };

/* One card's wire. Zero it and set `reader`; close with ev1_forget. */
struct ev1 {
	struct reader *reader;		/* borrowed */
	struct channel *session;	/* of EV1; NULL: not authenticated so */
	struct channel_ev2 *ev2;	/* of EV2; never both */
	uint8_t session_key_no;
	size_t frame;			/* 0 means EV1_FRAME; EV1_FRAME_SMALL once that was refused */
	unsigned lessons;		/* times that something was found too long and will go shorter from now on */
	bool unsent;			/* the reader kept the last APDU from the card: too long */
	uint8_t status;			/* of the last answer: second byte of 91 xx */
	uint8_t *answer;		/* data of the last command, in `buffer`; CMAC and padding taken off */
	size_t answer_len;
	uint8_t request[EV1_REQUEST_CAP];
	uint8_t buffer[EV1_ANSWER_CAP + RAPDU_CAP];
};

/* True inside a session of either kind. */
bool ev1_in_session(const struct ev1 *s);
/* Close the session and wipe what passed: after a reset, or the card's going. */
void ev1_forget(struct ev1 *s);

/*
 * Authenticate as `key_no` (key_no of the PICC or the selected application) with AA or 1A (`ins`).
 * Any session before ends. `key` is borrowed for the call.
 * Errors: ERR_CARD_AUTH (the card refuses the key, or cannot prove it has it), ERR_CARD_GONE,
 * ERR_CARD_SW.
 */
enum err ev1_authenticate(struct ev1 *s, enum df_ins ins, uint8_t key_no,
    const struct card_key *key, struct why *w);

/*
 * One command with `len` bytes after INS, of which the table's head stays clear in enciphered
 * mode. `mode` matters for commands on a file's contents only. The answer's data stand in
 * s->answer until the next call. On any error s->status tells what the card said (DF_OK if it
 * said nothing), and the session is over unless the status table keeps it.
 * Errors: those of the status table, ERR_CARD_GONE, ERR_CARD_MAC, ERR_LEN (an answer no card of
 * ours gives, or a request too long).
 */
enum err ev1_command(struct ev1 *s, enum df_ins ins, enum ev1_mode mode, const uint8_t *data,
    size_t len, struct why *w);

/*
 * ChangeKey of `key_no` to `fresh`. `wire_no` carries the type of a PICC key (0x80 | no: AES).
 * `old` NULL: the key of this session, which then ends without a CMAC on the answer; else the
 * key that stands there now. Needs a session. Errors: as ev1_command.
 */
enum err ev1_change_key(struct ev1 *s, uint8_t wire_no, const struct card_key *fresh,
    uint8_t version, const struct card_key *old, struct why *w);

/* Select an application by its number as printed (most significant byte first). Ends the session. */
enum err ev1_select(struct ev1 *s, const uint8_t aid[3], struct why *w);

#endif
