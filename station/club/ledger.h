/*
 * What a load does to the books. Cash is ours (debit), what is on cards or waits for
 * them is owed (credit); each movement below is one event of the journal and sums to zero:
 *
 *   load intended    cash +a            owed, waiting for the card -a
 *   load settled     owed, waiting +a   card value -a
 *   load voided      owed, waiting +a   cash -a
 *   card adopted     adopted +a         card value -a     (the other way round if the card held less)
 *
 * All run in the caller's transaction; the event's journal row must stand there.
 * Errors of all: ERR_RANGE (amount not above 0, or a sum that would overflow), as store_post.
 */
#ifndef STATION_CLUB_LEDGER_H
#define STATION_CLUB_LEDGER_H

#include "station/store/ledger.h"
#include "station/store/view.h"

/* Kinds of account. Owner: cash 0, the others the card's number or the member's id. */
#define ACCOUNT_CASH "cash"				/* taken over the counter */
#define ACCOUNT_CARD_VALUE "card.value"			/* owed: stands on the card */
#define ACCOUNT_CARD_WAITING "card.waiting"		/* owed: waits for the card */
#define ACCOUNT_SPEND_DOUBT "card.spend_doubt"		/* spends whose write was not seen to end */
#define ACCOUNT_CARD_UNEXPLAINED "card.unexplained"	/* debits no journal explains */
#define ACCOUNT_CARD_ADOPTED "card.adopted"		/* what cards held beyond a restored book */
#define ACCOUNT_MEMBER_POINTS "member.points"
#define ACCOUNT_POINTS_COST "points.cost"		/* what granted points cost us */

struct card_money {
	uint64_t card;
	uint16_t unit;
	int64_t amount;		/* > 0, if not said otherwise */
};

/* Cash has been taken; the card has not been written. */
enum err club_load_intended(struct store *s, const uint8_t event[STORE_EVENT_LEN],
    const struct card_money *m, struct why *w);
/* The card was seen to hold it. */
enum err club_load_settled(struct store *s, const uint8_t event[STORE_EVENT_LEN],
    const struct card_money *m, struct why *w);
/* The cash has been handed back: a reversal of `intent`. */
enum err club_load_voided(struct store *s, const uint8_t event[STORE_EVENT_LEN],
    const uint8_t intent[STORE_EVENT_LEN], const struct card_money *m, struct why *w);

/* A card of a restored book held `amount` more than the book said; below 0 less, never 0. */
enum err club_card_adopted(struct store *s, const uint8_t event[STORE_EVENT_LEN],
    const struct card_money *m, struct why *w);

/* What we owe for one card, as positive numbers. */
struct card_balance {
	int64_t on_card;	/* settled: what record and value file must say */
	int64_t waiting;	/* taken, waiting for the card */
};
enum err club_card_balance(struct store *s, uint64_t card, uint16_t unit,
    struct card_balance *out, struct why *w);

/* All we owe on cards, settled and waiting. Errors: ERR_RANGE. */
enum err club_liability(struct store *s, uint16_t unit, int64_t *out, struct why *w);

/* The recipe of the customer's page: what is on the card and what waits for it. `out` borrows static tables. */
void club_view_source(bool test, int64_t now_ms, struct view_source *out);

#endif
