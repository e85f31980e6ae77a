/*
 * What can go wrong, and the one structure in which it travels.
 *
 * The lowest layer that knows fills the caller's `struct why` once, with a code,
 * a message id and up to four typed facts; nobody above overwrites it; the edge
 * (command line, pages, log) renders the sentence in the asker's language with
 * station/text. There is no global "last error".
 */
#ifndef STATION_BASE_ERR_H
#define STATION_BASE_ERR_H

#include <stdint.h>

#include "station/base/msg.h"

/*
 * Classes of failure: code decides by these, people read the message. The order
 * is free, the exit code of each stands in station/cli/exit.c.
 */
enum err {
	ERR_OK = 0,
	/* the caller asked for something that cannot be */
	ERR_ARG,	/* a value that is not one of the allowed */
	ERR_LEN,	/* too long, too short, does not fit */
	ERR_RANGE,	/* a number outside its bounds */
	ERR_FORMAT,	/* bytes or text not of the form they must have */
	ERR_USAGE,	/* the words of a command */
	/* the machine */
	ERR_NOMEM,
	ERR_IO,
	ERR_DISK_FULL,
	ERR_TIMEOUT,
	ERR_MISSING,	/* a component, file or folder is not there */
	ERR_RANDOM,	/* the random generator refused */
	ERR_CLOCK,	/* the clock cannot be right */
	/* keys */
	ERR_CRYPTO,	/* the library failed; not a wrong signature */
	ERR_NO_KEY,	/* this safe does not hold that key */
	ERR_PASSPHRASE,
	ERR_SAFE,	/* the key store is damaged, truncated or of another kind */
	ERR_SIGNATURE,
	ERR_CERT,	/* chain, date or right of a certificate */
	/* card and reader */
	ERR_NO_READER,
	ERR_NO_CARD,	/* nobody put a card on the reader in time */
	ERR_CARD_GONE,	/* the card left, or the reader did: in doubt if writing */
	ERR_CARD_MAC,	/* secure messaging broken, the channel is closed */
	ERR_CARD_SW,	/* a status word that the step does not allow */
	ERR_CARD_AUTH,	/* the card refused a key or failed its own proof */
	ERR_CARD_UNKNOWN, /* a chip the station does not know */
	ERR_CARD_BLANK,	/* no record on it */
	ERR_CARD_PARTIAL, /* personalisation began and did not end */
	ERR_CARD_FOREIGN, /* another club's, or keyed by somebody else */
	ERR_CARD_TAKEN,	/* already issued */
	ERR_CARD_FULL,
	ERR_RECORD,	/* a record that does not verify or contradicts itself */
	/* the store */
	ERR_NOT_FOUND,
	ERR_DUPLICATE,
	ERR_DB,
	ERR_DB_NEWER,
	ERR_DB_DAMAGED,
	ERR_DB_LOCKED,
	/* rules */
	ERR_REFUSED,	/* the club's rules say no */
	ERR_IN_DOUBT,	/* the last write was not seen to end: same card again */
	/* printing */
	ERR_DESIGN,
	ERR_FONT,
	ERR_QUEUE,
	ERR_PRINT,
	ERR_COUNT
};

/* Bytes of a text fact, the ending NUL included; longer ones are cut at a UTF-8 boundary. */
#define WHY_STR_CAP 120

enum why_type {
	WHY_T_NONE,
	WHY_T_STR,	/* words, as typed: a name, a design's element */
	WHY_T_CODE,	/* a number plate: card number, path, host; isolated left to right */
	WHY_T_NUM,	/* a count */
	WHY_T_MONEY,	/* rial */
	WHY_T_DAY,	/* days since 2000-01-01 */
	WHY_T_HEX	/* status words and the like */
};

struct why_arg {
	enum why_type type;
	int64_t num;			/* NUM, MONEY, DAY, HEX */
	char str[WHY_STR_CAP];		/* STR, CODE; NUL-ended UTF-8 */
};

struct why {
	enum err code;
	enum msg id;
	unsigned argc;			/* 0..4 */
	struct why_arg arg[4];
};

/* A fact on its way into a why: borrows `str` only for the call. */
struct why_in {
	enum why_type type;
	int64_t num;
	const char *str;
};

#define WHY_STR(s)   ((struct why_in){WHY_T_STR, 0, (s)})
#define WHY_CODE(s)  ((struct why_in){WHY_T_CODE, 0, (s)})
#define WHY_NUM(n)   ((struct why_in){WHY_T_NUM, (int64_t)(n), 0})
#define WHY_MONEY(n) ((struct why_in){WHY_T_MONEY, (int64_t)(n), 0})
#define WHY_DAY(n)   ((struct why_in){WHY_T_DAY, (int64_t)(n), 0})
#define WHY_HEX(n)   ((struct why_in){WHY_T_HEX, (int64_t)(n), 0})

/*
 * why_set(w, code, id, up to four WHY_...()): fill `w` (NULL allowed: nothing is
 * kept) and answer `code`, so that a failing function ends with
 * `return why_set(w, ERR_LEN, MSG_NAME_TOO_LONG, WHY_STR(name), WHY_NUM(cap));`
 */
enum err why_set0(struct why *w, enum err code, enum msg id);
enum err why_set1(struct why *w, enum err code, enum msg id, struct why_in a);
enum err why_set2(struct why *w, enum err code, enum msg id, struct why_in a,
    struct why_in b);
enum err why_set3(struct why *w, enum err code, enum msg id, struct why_in a,
    struct why_in b, struct why_in c);
enum err why_set4(struct why *w, enum err code, enum msg id, struct why_in a,
    struct why_in b, struct why_in c, struct why_in d);
#define WHY_PICK(w_, c_, i_, a1_, a2_, a3_, a4_, name, ...) name
#define why_set(...)                                                           \
	WHY_PICK(__VA_ARGS__, why_set4, why_set3, why_set2, why_set1, why_set0, 0) \
	(__VA_ARGS__)

/*
 * The class of an errno of a file operation on `path`: ENOSPC, EDQUOT and EFBIG are
 * ERR_DISK_FULL, ENOENT is ERR_MISSING, ENOMEM is ERR_NOMEM, all others ERR_IO, each with
 * its message.
 */
enum err why_errno(struct why *w, int errnum, const char *path);

/* The name of a code or message as written in the source: for logs and --json; never NULL. */
const char *err_name(enum err code);
const char *msg_name(enum msg id);

#endif
