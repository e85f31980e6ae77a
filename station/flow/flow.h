/*
 * The desk flows: rows of one table on one tap engine.
 *
 *   read the card -> heal what an earlier pull left -> decide -> intend (journal, committed)
 *   -> write the card -> read back -> settle (journal and ledger, committed)
 *
 * Money and cards cannot be lost between two arrows: docs/architecture.md, "One tap".
 */
#ifndef STATION_FLOW_FLOW_H
#define STATION_FLOW_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "cardapps/chip/chip.h"
#include "cardapps/reader/reader.h"
#include "cardapps/record.h"
#include "station/base/err.h"
#include "station/flow/station.h"

/* FLOW_ROLL is nobody's request: it comes by itself at the end of others. */
enum flow_id { FLOW_ISSUE, FLOW_LOAD, FLOW_SHOW, FLOW_RESIGN, FLOW_RELINK, FLOW_ROLL, FLOW_COUNT };

/* Where a tap stands; told to whoever watches. */
enum tap_stage { TAP_WAIT, TAP_READ, TAP_HEAL, TAP_INTEND, TAP_WRITE, TAP_CONFIRM, TAP_SETTLE };
typedef void (*tap_watch)(void *ctx, enum tap_stage stage, unsigned step, unsigned of);

#define FLOW_REQUEST_CAP 64
#define FLOW_REASON_CAP 120

struct flow_request {
	enum flow_id flow;
	struct reader *reader;		/* borrowed; NULL: a card without a chip */
	unsigned wait_ms;		/* for the card */
	char request[FLOW_REQUEST_CAP];	/* the caller's id of this act; "": none, nothing is recognised again */
	tap_watch watch;		/* may be NULL */
	void *watch_ctx;

	uint32_t member;		/* issue */
	uint8_t tier;			/* issue */
	uint16_t valid_days;		/* issue; 0 for ever */
	uint8_t application;		/* issue; 0 a member's. Gift and discount need no member */
	uint64_t stock;			/* issue: the number of a pre-printed card, 0: a new number and address */
	bool skip_refusals;		/* issue: leave out the proof that strangers are refused */

	int64_t amount;			/* load, rial; the cash is in the till before the card is asked for */

	bool manager;			/* sign again: a manager has looked at the card and says so */
	char reason[FLOW_REASON_CAP];	/* sign again: why, for the journal; no names */

	uint64_t card_number;		/* load, show without a chip; with one 0 or what must be on it */
};

/* What the signature of a card's record is worth here. */
enum card_trust {
	TRUST_FULL,
	TRUST_IDENTITY	/* of a station trusted no more, beyond its last trusted head: who the card is, not what is on it */
};

/* What a heal did before the flow itself had its turn. */
enum heal_outcome {
	HEAL_NONE,		/* nothing was in doubt */
	HEAL_APPLIED,		/* the card held the change already: settled */
	HEAL_WRITTEN,		/* the card did not hold it: written again, same bytes, settled */
	HEAL_VOIDED,		/* another change had won: void, its money said below */
	HEAL_OPEN		/* cannot be judged here yet: stays in doubt, card served */
};

struct heal_report {
	enum heal_outcome outcome;
	enum flow_id flow;		/* of the intent healed */
	uint8_t event[8];
	int64_t amount;
	bool cash_taken;
};

/* The generation of a card's keys, and what this tap did about it. */
enum roll_outcome {
	ROLL_NONE,
	ROLL_DONE,		/* moved, written and read back */
	ROLL_HEALED,		/* an earlier tap's, torn, was ended by this one */
	ROLL_OPEN		/* begun, and the card left: the next tap ends it. What was asked is not touched by it */
};

struct roll_report {
	enum roll_outcome outcome;
	bool due;		/* some key of the card is older than the newest that this station holds */
	uint16_t now;		/* lowest in force, as the record says at the tap's end; 0: not known */
	uint16_t newest;	/* that this station holds */
};

struct flow_result {
	bool done;			/* false with ERR_IN_DOUBT or a refusal */
	bool repeated;			/* the same request again: this is its first answer */
	bool by_heal;			/* finishing the earlier, interrupted act was the whole tap */
	uint8_t event[8];
	struct heal_report heal;	/* of other acts than a roll */
	struct roll_report roll;

	bool has_chip;
	struct chip_id chip;
	enum card_state state;
	bool has_record;
	struct record record;		/* verified */
	uint8_t record_bytes[RECORD_LEN];
	struct cert signer;
	enum card_trust trust;
	bool signer_revoked;
	uint16_t revoked_day;		/* if so */
	int32_t value;			/* steps in the value file */

	uint64_t card_number;
	uint32_t member;
	uint8_t tier;
	uint16_t valid_to;
	int64_t balance;		/* rial, after the flow */
	int64_t amount;			/* what this flow moved */
	bool in_doubt;			/* something of this card still waits */
	bool in_book;			/* this station's book knows the card */
	bool adopted;			/* the card knew more than the restored book, which has taken it over */
	int64_t adopted_amount;		/* by how much it held more than the book said, below 0 less */
	unsigned apdus;
};

/*
 * One act at the desk. Blocks for the card up to wait_ms, then for the card's own time.
 * ERR_OK: done, durable, read back. ERR_IN_DOUBT: begun, the same card must come back; nothing is
 * lost and nothing can happen twice. Anything else: refused before a byte of this act was written and
 * before its money moved; what an earlier pull left may have been ended first, out->heal says how. Result and why are filled as far as known.
 */
enum err flow_run(struct station *s, const struct flow_request *rq, struct flow_result *out,
    struct why *w);

/* "issue", "load", "show", "resign", "roll". */
const char *flow_name(enum flow_id id);

#endif
