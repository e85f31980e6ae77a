/*
 * Intents: what is about to be written to a card, committed before its first byte goes
 * out, and closed when the card has been seen. And the requests that asked for
 * them, so that one asked twice is done once.
 */
#ifndef STATION_STORE_INTENT_H
#define STATION_STORE_INTENT_H

#include "station/store/card.h"
#include "station/store/journal.h"

#define STORE_LOG_LINE_LEN 32
#define STORE_CERT_LEN 128
#define STORE_URL_CAP 200
#define STORE_KEYS_CAP 8
#define STORE_KCV_LEN 3
#define STORE_REQUEST_CAP 65	/* bytes with NUL */
#define STORE_WHAT_CAP 97

/* Stored: append only. Only ever forward: OPEN to one of the others, TAKEN to RETURNED, WITHHELD to GIVEN. */
enum intent_state { INTENT_OPEN = 0, INTENT_SETTLED = 1, INTENT_VOID = 2 };
enum intent_cash { CASH_NONE = 0, CASH_TAKEN = 1, CASH_RETURNED = 2 };
enum intent_goods { GOODS_NONE = 0, GOODS_WITHHELD = 1, GOODS_GIVEN = 2 };

/* One key as a reference: enum key_origin, enum key_slot and epoch of keys/card_key.h. */
struct intent_key_ref {
	uint8_t origin;
	uint8_t slot;
	uint16_t epoch;
};

/* One ChangeKey of a personalisation; the UID is the intent's. */
struct intent_key {
	uint8_t chip_class;
	uint8_t aid[3];
	uint8_t key_no;
	struct intent_key_ref old_ref;
	struct intent_key_ref new_ref;
	uint8_t kcv[STORE_KCV_LEN];	/* of the new key */
};

struct store_intent {
	/* written once */
	uint8_t event[STORE_EVENT_LEN];	/* the id in the card's log */
	char kind[JOURNAL_KIND_CAP];	/* "issue", "load": the flow that heals it */
	uint64_t card;
	uint8_t uid[STORE_UID_CAP];
	size_t uid_len;			/* 0: no chip */
	bool first;			/* no record before: h0 unused */
	uint8_t h0[STORE_HASH_LEN];	/* SHA-256 of the record read */
	uint32_t h0_sequence;		/* of that record, 0 if first */
	uint8_t r1[STORE_RECORD_LEN];	/* the new record, byte for byte */
	uint32_t r1_sequence;
	int32_t delta;			/* steps of the value file */
	int64_t amount;			/* of money or points, >= 0 */
	uint16_t unit;
	uint8_t log[STORE_LOG_LINE_LEN];
	bool has_cert;			/* the writer's certificate goes onto the card */
	uint8_t cert[STORE_CERT_LEN];
	char url[STORE_URL_CAP];	/* for NDEF and QR, "" = none; the journal gets only its hash */
	struct intent_key keys[STORE_KEYS_CAP];
	size_t key_count;
	char request[STORE_REQUEST_CAP];	/* who asks twice is answered once; "" = no request id */
	char what[STORE_WHAT_CAP];	/* what was asked ("load 0010..7 500000"): the same id for something else is refused */
	int64_t at_ms;
	/* moves forward */
	enum intent_state state;
	enum intent_cash cash;
	enum intent_goods goods;
	uint8_t closed_by[STORE_EVENT_LEN];	/* the settlement's or void's event; zeros while open */
};

/*
 * Append the journal row KIND.intend with everything written once (of the URL the
 * hash) followed by `extra`, and store intent and request. state must be INTENT_OPEN. The card's
 * row must be there. Errors: ERR_DUPLICATE (request or event there), ERR_NOT_FOUND (no such card), as the journal.
 */
enum err store_intent_open(struct store *s, const struct store_intent *in,
    const struct journal_field *extra, size_t extra_count, struct why *w);

/*
 * Append the journal row KIND.settle or KIND.void (with "intent" = its id, "cash", "goods", then `extra`)
 * as event `by`, and close the intent. `state` is SETTLED or VOID; cash and goods as they are now.
 * Errors: ERR_NOT_FOUND, ERR_REFUSED (closed already, or cash or goods going back).
 */
struct intent_close {
	uint8_t intent[STORE_EVENT_LEN];
	uint8_t by[STORE_EVENT_LEN];	/* from store_event_next */
	enum intent_state state;
	enum intent_cash cash;
	enum intent_goods goods;
	int64_t at_ms;
	const struct journal_field *extra;	/* may be NULL if extra_count is 0 */
	size_t extra_count;
};
enum err store_intent_close(struct store *s, const struct intent_close *c, struct why *w);

/* Errors: ERR_NOT_FOUND. */
enum err store_intent_get(struct store *s, const uint8_t event[STORE_EVENT_LEN],
    struct store_intent *out, struct why *w);

/* The URL last written to a card, for its QR. Errors: ERR_NOT_FOUND (it has none), ERR_LEN. */
enum err store_card_url(struct store *s, uint64_t number, char out[STORE_URL_CAP], struct why *w);

/* Open intents, oldest first, as one array (NULL if none); free() it. */
enum err store_intents_open_by_uid(struct store *s, const uint8_t *uid, size_t uid_len,
    struct store_intent **out, size_t *count, struct why *w);
enum err store_intents_open_by_card(struct store *s, uint64_t number, struct store_intent **out,
    size_t *count, struct why *w);

/*
 * The event an earlier request of this id led to; its intent tells the result.
 * Errors: ERR_NOT_FOUND (never seen: go on), ERR_REFUSED (seen, but it asked for something else).
 */
enum err store_request_find(struct store *s, const char *request, const char *what,
    uint8_t event[STORE_EVENT_LEN], struct why *w);

#endif
