/*
 * Inside the tap engine: what a tap carries along and what a row of the flow table
 * provides. Only station/flow includes this; everybody else calls flow.h.
 */
#ifndef STATION_FLOW_TAP_H
#define STATION_FLOW_TAP_H

#include "station/flow/flow.h"
#include "station/store/card.h"
#include "station/store/intent.h"

struct tap {
	struct station *s;
	const struct flow_request *rq;
	struct flow_result *out;
	struct card *card;			/* NULL: no chip */
	struct card_content content;		/* what was last read under MAC */
	struct record record;			/* of content, verified, if content.has_record */
	struct store_card row;			/* the book's word on this card, if in_book */
	bool in_book;
	struct store_intent intent;		/* what compose makes */
	struct card_roll_plan roll;		/* of a roll: what compose puts into it */
	struct key_step named[CARD_KEY_STEPS_CAP];	/* what an open intent was doing to this card's keys */
	bool pending;				/* this request led to an intent before, which is still open */
	uint8_t asked[STORE_EVENT_LEN];		/* that intent's event, if pending */
	int64_t now_ms;
};

/* One desk flow. NULL members mean: nothing to do there. */
struct flow {
	enum flow_id id;
	const char *name;		/* also the kind of its intents and journal rows */
	enum record_operation right;	/* what the station's certificate must allow; 0 reading only */
	bool gives_value;		/* on the word of the club's lists: they must be fresh */
	bool any_trust;			/* also with a card that is good for its identity alone */
	/* Bounds of the request; no card, no transaction. */
	enum err (*check)(struct tap *t, struct why *w);
	/* May it be? Looks at card and book; may speak to the card. In a transaction only without a chip. */
	enum err (*decide)(struct tap *t, struct why *w);
	/* Make t->intent: numbers, record, log line. Inside the transaction; no word to the card. */
	enum err (*compose)(struct tap *t, struct why *w);
	/* Money at the moment of the intent, and when the card is seen to hold it. In the transaction. */
	enum err (*post_intent)(struct tap *t, const struct store_intent *in, struct why *w);
	enum err (*post_settle)(struct tap *t, const struct store_intent *in, const uint8_t *event,
	    struct why *w);
	enum err (*post_void)(struct tap *t, const struct store_intent *in, const uint8_t *event,
	    struct why *w);
	/*
	 * Bring the intent's bytes onto the card; safe to call again for the same intent. With
	 * `proves` it also reads back under MAC everything it wrote and leaves that in t->content.
	 */
	enum err (*apply)(struct tap *t, const struct store_intent *in, struct why *w);
	bool proves;
};

const struct flow *flow_by_id(enum flow_id id);
const struct flow *flow_by_name(const char *name);	/* NULL if none */
extern const struct flow flow_issue, flow_load, flow_show, flow_resign, flow_relink,
    flow_roll;

/* What was asked, in one line: the same request id for something else is refused. */
void tap_what(const struct tap *t, char out[STORE_WHAT_CAP]);
void tap_stage(const struct tap *t, enum tap_stage stage, unsigned step, unsigned of);

/*
 * Read and verify what is on the card now: form, signature, certificate, club, UID, number. A card that is not
 * ours, or has no record, is no error. Errors: those of card_read and record_verify, ERR_RECORD.
 */
enum err tap_read(struct tap *t, struct why *w);
/*
 * The certificate of who signed the record just read: the one on the card; of a card that has none, this
 * station's or one the book knows. It is not believed before record_verify has looked at it.
 */
enum err tap_signer(struct tap *t, uint8_t cert[CERT_LEN], struct why *w);
/*
 * What that signature is worth (out->trust): of a revoked station, only what a journal of this book holds up
 * to the head that is trusted last.
 */
enum err tap_trust(struct tap *t, struct why *w);
/* Does today allow a new act of this kind at all? Asks nothing of the card. */
enum err tap_may_begin(struct tap *t, const struct flow *f, struct why *w);
/* May this flow go on with this card? Errors: ERR_REFUSED (on the hot list, or good for its identity alone). */
enum err tap_admit(const struct tap *t, const struct flow *f, struct why *w);

/* Fill row and in_book from the book. */
enum err tap_look_up(struct tap *t, struct why *w);
/*
 * Take over what a card of this station knows and a restored book does not: out->adopted. Nothing to do for any other card.
 * Errors: those of tap_admit (nothing is taken over from a hot card), of the store and the ledger.
 */
enum err tap_adopt(struct tap *t, const struct flow *f, struct why *w);
/* Is what the card says what the book says, and explained by its own log? Errors: ERR_RECORD, ERR_NOT_FOUND, ERR_REFUSED. */
enum err tap_agree(struct tap *t, struct why *w);

/* The tap has met the card that was meant, one of ours, as the book knows it. Errors: as tap_agree; ERR_CARD_BLANK and its like. */
enum err tap_serviceable(struct tap *t, struct why *w);
/* It is neither blocked, expired nor in doubt. Errors: ERR_REFUSED. */
enum err tap_in_service(const struct tap *t, struct why *w);
/* What is on the card now, rial; without a chip by the book. */
enum err tap_held(struct tap *t, int64_t *out, struct why *w);

/* The apply of acts that write a record and move the value: one commit with its log line. Safe to repeat. Errors: those of card_write. */
enum err tap_write_record(struct tap *t, const struct store_intent *in, struct why *w);
/* Without a chip the last record settled stands in for the one read. */
enum err tap_record_from_book(struct tap *t, struct why *w);
/* Between our looking and our turn to write, no other desk may have begun anything on this card. Errors: ERR_REFUSED. */
enum err tap_look_again(struct tap *t, struct why *w);

/* The key changes of an intent, as references: into it, and out of it again. */
void tap_store_keys(const struct key_step *steps, size_t count, struct store_intent *in);
void tap_load_keys(const struct store_intent *in, struct key_step steps[STORE_KEYS_CAP]);
/* Tell the card's driver which keys an open intent names: no others are tried against their version. */
enum err tap_name_keys(struct tap *t, struct why *w);

/*
 * The card's keys to the newest generation, if it is due and this station may; fills out->roll. What was asked
 * is done by then: whatever becomes of the roll is no error of it.
 */
void tap_roll(struct tap *t);

/* Compose t->intent and commit it with its money: from here on the card must be seen again. */
enum err tap_intend(struct tap *t, const struct flow *f, struct why *w);
/* Bring `in` onto the card and read it back; what was read is then the tap's content and record. */
enum err tap_write(struct tap *t, const struct flow *f, const struct store_intent *in, struct why *w);

/* The card was seen to hold R1 of `in`: journal, ledger, card row, in one transaction. */
enum err tap_settle(struct tap *t, const struct store_intent *in, struct why *w);

/*
 * An act on a card without a chip, whose record is the book's own: looked up, decided, intended and settled
 * in one commit, so that nothing can come in between. Errors: ERR_REFUSED (the card has a chip), those of the flow.
 */
enum err tap_enter(struct tap *t, const struct flow *f, struct why *w);

/* Judge and close what an earlier pull left on this card. Fills out->heal; for a roll, out->roll. */
enum err tap_heal(struct tap *t, struct why *w);

/* tap_settle; ERR_IN_DOUBT if the card holds what the book could not say: the next tap will. */
enum err tap_settle_or_doubt(struct tap *t, const struct store_intent *in, struct why *w);

/* Write, read back and settle `in` on the card there is. ERR_IN_DOUBT if the card was not seen to hold it. */
enum err tap_carry_out(struct tap *t, const struct store_intent *in, struct why *w);

/* A record like the one read, one further: sequence, predecessor, writer, time. */
void tap_next_record(const struct tap *t, enum record_operation op, struct record *r);
/* Seal `r` and its log line into t->intent for event t->intent.event. */
enum err tap_seal(struct tap *t, const struct record *r, int32_t delta, int32_t after, struct why *w);

#endif
