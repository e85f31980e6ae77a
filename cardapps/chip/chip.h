/*
 * One card in the field, whatever its chip: what the tap engine sees. A driver per family
 * stands behind the vtable. Nothing here decides; it reads, writes, and says
 * truthfully what it saw.
 */
#ifndef CARDAPPS_CHIP_CHIP_H
#define CARDAPPS_CHIP_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardapps/reader/reader.h"
#include "cardapps/record.h"
#include "keys/card_key.h"
#include "keys/cert.h"
#include "keys/safe.h"
#include "station/base/err.h"

/* Diversification and journal know chips by these: append only. */
enum chip_class { CHIP_CLASS_NONE = 0, CHIP_CLASS_DESFIRE = 1 };
enum chip_kind { CHIP_NONE = 0, CHIP_DESFIRE_EV1 = 1, CHIP_DESFIRE_EV2 = 2, CHIP_DESFIRE_EV3 = 3 };

/* What a chip is trusted with: purse, the card's word counts; signed and identity, the ledger's. */
enum chip_grade { GRADE_IDENTITY, GRADE_SIGNED, GRADE_PURSE };

struct chip_id {
	enum chip_kind kind;
	enum chip_grade grade;
	char name[32];			/* "MIFARE DESFire EV1 8K" */
	uint8_t uid[CARD_UID_CAP];	/* the chip's true one */
	size_t uid_len;
};

enum card_state {
	CARD_NEW,	/* as from the factory: nothing of anybody's */
	CARD_PARTIAL,	/* our personalisation began and did not end; the record may be there already */
	CARD_READY,	/* ours, with a record, and nothing left to do */
	CARD_FOREIGN	/* keyed or laid out by somebody else */
};

#define CARD_LOG_LINES 16	/* a cyclic file of 17 keeps 16 */
#define CARD_URL_CAP 200

/* Everything of ours on a card, as read under secure messaging after the heal prelude. */
struct card_content {
	enum card_state state;
	uint16_t epoch;				/* generation of its keys, 0 unknown */
	bool has_record;
	uint8_t record[RECORD_LEN];
	bool has_value;
	int32_t value;				/* steps */
	uint8_t cert[CERT_LEN];			/* the signer's, if has_record */
	uint8_t log[CARD_LOG_LINES][LOG_LINE_LEN];	/* newest first */
	size_t log_len;
};

/* What the station brings; borrowed for the life of the card handle. */
struct card_access {
	const struct safe *safe;
	uint8_t club[4];
	uint8_t aid[3];			/* our application, most significant byte first */
};

/* One ChangeKey of the personalisation: stored with the intent before the first byte is sent. */
struct key_step {
	struct key_ref old_ref;
	struct key_ref new_ref;
	uint8_t kcv[KCV_LEN];		/* of the new key */
};
#define CARD_KEY_STEPS_CAP 8

/* The whole of a new card. Borrowed for the call. */
struct card_plan {
	const struct key_step *steps;	/* the intent's; only these keys are ever tried */
	size_t step_count;
	uint8_t record[RECORD_LEN];
	uint8_t log[LOG_LINE_LEN];
	uint8_t cert[CERT_LEN];
	const char *url;		/* https://..., goes into NDEF; NULL: no NDEF application */
	bool check_refusals;		/* also prove that default keys and strangers are refused */
};

/* A change of a card that is ours: one commit. Borrowed for the call. */
struct card_write {
	uint8_t record[RECORD_LEN];
	uint8_t log[LOG_LINE_LEN];
	int32_t delta;			/* steps: > 0 credit, < 0 debit, 0 neither */
	const uint8_t *cert;		/* CERT_LEN bytes when the signer changes, else NULL */
};

/* What a roll to another generation will do to a card's keys. */
struct card_roll_plan {
	struct key_step steps[CARD_KEY_STEPS_CAP];
	size_t count;		/* 0: nothing that this station can do */
	uint16_t lowest;	/* generation in force on the chip once they are done */
};

struct card;
/* Step 1.. `of` is done. A card being finished skips what is there already. */
typedef void (*card_progress)(void *ctx, unsigned step, unsigned of);

struct chip_ops {
	enum err (*read)(struct card *c, struct card_content *out, struct why *w);
	enum err (*plan_keys)(struct card *c, uint16_t epoch, struct key_step *steps,
	    size_t *count, struct why *w);
	enum err (*personalise)(struct card *c, const struct card_plan *p, struct why *w);
	enum err (*write)(struct card *c, const struct card_write *wr, struct why *w);
	enum err (*confirm)(struct card *c, struct card_content *out, struct why *w);
	enum err (*set_url)(struct card *c, const char *url, struct why *w);
	/* NULL: keys of this chip are not rolled. */
	enum err (*plan_roll)(struct card *c, uint16_t epoch, bool all, struct card_roll_plan *out,
	    struct why *w);
	enum err (*roll)(struct card *c, const struct key_step *steps, size_t count, struct why *w);
	void (*destroy)(struct card *c);	/* frees the driver's own part */
};

struct card {
	const struct chip_ops *ops;
	struct reader *reader;		/* borrowed */
	struct card_access access;
	struct chip_id id;
	/*
	 * The key changes of an open intent for this very chip, borrowed; NULL: none is open. A key that
	 * its version does not speak for is tried only if it stands here.
	 */
	const struct key_step *named;
	size_t named_count;
	void *driver;			/* the driver's own state */
	card_progress progress;		/* NULL: nobody watches */
	void *progress_ctx;
};

/*
 * Wait up to `timeout_ms` for a card on `r` and find its driver.
 * Errors: those of reader_connect; ERR_CARD_UNKNOWN. Free with card_close (lets go of the card).
 */
enum err card_open(struct reader *r, const struct card_access *access, unsigned timeout_ms,
    struct card **out, struct why *w);
void card_close(struct card **c);

/*
 * The heal prelude (power cycle or select, authentication, AbortTransaction), then
 * everything of ours under secure messaging. A card that is not ours is no error: see state.
 * Tries no key that neither GetKeyVersion speaks for nor an open intent names, each once.
 * Errors: ERR_CARD_GONE, ERR_CARD_MAC, ERR_CARD_SW, ERR_CARD_AUTH (says ours, refuses our key), ERR_NO_KEY
 * (a slot, or a generation that this safe does not hold).
 */
enum err card_read(struct card *c, struct card_content *out, struct why *w);

/*
 * The ChangeKeys a personalisation of this card will do, for the intent; sends nothing.
 * Errors: ERR_NO_KEY (a master or generation this safe does not hold).
 */
enum err card_plan_keys(struct card *c, uint16_t epoch, struct key_step steps[CARD_KEY_STEPS_CAP],
    size_t *count, struct why *w);

/*
 * Make, or finish making, a card of ours: keys and files in the order no tear can
 * spoil, then record, log line, certificate in one commit, NDEF, PICC settings, everything read
 * back, refusals. Resumable: whatever is there already is compared, never deleted. Of a key that
 * may be torn the one its version speaks for is tried and, refused, the other of its step: once
 * each while the card stays. A card with applications of others is left untouched. On success the
 * card holds plan->record, proven by MACed reads. The log line's delta is credited and must be the
 * value after it. A card_read just before saves its survey.
 * Errors: ERR_CARD_GONE (resume at next presentation), ERR_CARD_FOREIGN, ERR_CARD_TAKEN (another
 * record), ERR_CARD_FULL, ERR_CARD_AUTH, ERR_CARD_SW, ERR_CARD_MAC, ERR_LEN (an answer no card
 * gives); before a byte is sent: ERR_ARG (plan), ERR_NO_KEY.
 */
enum err card_personalise(struct card *c, const struct card_plan *p, struct why *w);

/*
 * Write record, value change and log line in one commit. That it returned ERR_OK proves
 * nothing: call card_confirm. Errors: ERR_CARD_GONE, ERR_CARD_MAC, ERR_CARD_SW, ERR_CARD_FULL (value limit),
 * ERR_CARD_AUTH, ERR_NO_KEY, ERR_LEN.
 */
enum err card_write(struct card *c, const struct card_write *wr, struct why *w);

/*
 * Put another link (https://..., as card_plan.url) into the NDEF of a card of ours, and read it back. Not
 * atomic: after an error the link may be torn, write it again. Ends the session of card_read.
 * Errors: ERR_ARG (does not fit), ERR_NO_KEY, ERR_CARD_GONE, ERR_CARD_AUTH, ERR_CARD_MAC, ERR_CARD_SW (also:
 * reads back otherwise).
 */
enum err card_set_url(struct card *c, const char *url, struct why *w);

/*
 * Read record, value and newest log line back under MAC, without a new session where one stands;
 * the certificate too unless it was read since the card came and not written.
 * Errors: as card_read.
 */
enum err card_confirm(struct card *c, struct card_content *out, struct why *w);

/*
 * The ChangeKeys that bring the keys of a card of ours to generation `epoch`, as far as the safe holds what
 * they take: with `all` every key, without it keys 1 to 3 of our application. Asks the card each key's
 * version, those of our application under MAC. Errors: as card_read.
 */
enum err card_plan_roll(struct card *c, uint16_t epoch, bool all, struct card_roll_plan *out,
    struct why *w);

/*
 * Do them: what is done already is found so and stays. A chip with key sets changes all keys of our
 * application in one step, another key by key; no tear leaves a key that neither its version nor a step
 * names. Key 3 of our application is authenticated then, and what no MAC has proven was tried.
 * Errors: ERR_CARD_GONE (go on at the next presentation), ERR_CARD_AUTH (neither key of a step),
 * ERR_CARD_SW, ERR_CARD_MAC, ERR_LEN; before a byte is sent: ERR_ARG (steps), ERR_NO_KEY.
 */
enum err card_roll(struct card *c, const struct key_step *steps, size_t count, struct why *w);

#endif
