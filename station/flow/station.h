/*
 * A station at work: one club folder opened. Owns the store, the safe and the view;
 * every flow is given one. Not for two threads at once; a second thread or
 * process opens the folder again.
 *
 *   club.db      journal, ledger, members, cards      view.db  what the customer's page shows
 *   keys/        station.safe, root.safe (only a test club keeps its root here), station.cert, root.pub
 *   designs/     the club's card designs              prints/  pages of `file:` queues
 *   cards/       software cards of practice readers
 */
#ifndef STATION_FLOW_STATION_H
#define STATION_FLOW_STATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardapps/record.h"
#include "keys/cert.h"
#include "keys/club_file.h"
#include "keys/role.h"
#include "keys/safe.h"
#include "station/base/err.h"
#include "station/club/programme.h"
#include "station/store/store.h"
#include "station/store/view.h"

#define STATION_PATH_CAP 1024
#define STATION_NAME_CAP 128
#define STATION_HOST_CAP 64

/* What the club chose at init and the station needs at every tap. */
struct station_settings {
	char club_name[STATION_NAME_CAP];
	char host[STATION_HOST_CAP];	/* of the customer's page, upper case; locked after the first print */
	char zone[STATION_HOST_CAP];	/* Olson name */
	unsigned number_prefix;		/* first digit of card numbers */
	uint8_t aid[3];
};

struct station {
	char folder[STATION_PATH_CAP];
	struct store *store;
	struct view *view;		/* NULL until first needed */
	struct safe *safe;		/* NULL if opened without keys */
	struct station_settings set;
	struct programme programme;
	uint8_t club[4];
	uint32_t id;			/* the station's number */
	bool test;
	uint8_t root_pub[PUBKEY_LEN];
	uint8_t cert_bytes[CERT_LEN];
	struct cert cert;		/* zeros if there is none yet */
	uint8_t signer[4];
};

/*
 * Where the passphrase, or a token's PIN, comes from: fills `out` (NUL-ended, at most `cap` bytes). Asked
 * only for a safe that the practice passphrase does not open. Errors are its own.
 */
typedef enum err (*station_passphrase)(void *ctx, char *out, size_t cap, struct why *w);

/* The store alone, or the safe too; or the safe of a station that may have no certificate yet. */
enum station_need { STATION_BOOKS, STATION_KEYS, STATION_UNCERTIFIED };

/*
 * Open the club folder. With STATION_KEYS the safe is opened and its certificate checked against
 * the root and today's date. Errors: ERR_MISSING (no club here: says how to make one), those of
 * store_open and safe_open, ERR_CERT (none yet, too), ERR_SAFE (safe and book are of different clubs).
 */
enum err station_open(const char *folder, enum station_need need, station_passphrase ask,
    void *ask_ctx, struct station **out, struct why *w);
/* Brings the page up to date (station_refresh_view) and lets go of everything. NULL-safe, nulls it. */
void station_close(struct station **s);

/* `folder`/`name` into `out`; ERR_LEN if it does not fit. */
enum err station_path(const struct station *s, const char *name, char out[STATION_PATH_CAP],
    struct why *w);

/* The calendar day of an instant in the club's zone, days since 2000. */
int32_t station_day(const struct station *s, int64_t unix_ms);

/* The last day of a card issued at an instant for `days` days; 0 days are for ever, as on the card. */
uint16_t station_valid_to(const struct station *s, int64_t unix_ms, uint16_t days);

/*
 * Bring view.db up to date with what the book has marked, or make a lost one anew; a station that stays
 * open calls it between customers. Errors: those of the view and the store.
 */
enum err station_refresh_view(struct station *s, struct why *w);

struct init_options {
	const char *folder;		/* made if missing; must hold no club */
	const char *club_name;		/* NULL: a practice name */
	const char *host;		/* NULL: CLUB.EXAMPLE */
	const char *designs_from;	/* folder with the shipped designs */
	bool real;			/* false: a practice club, no question asked */
	const char *pass;		/* real: for the safe; NULL for practice; with `token` its PIN */
	const char *token;		/* RFC 7512 URI: the safe's keys in a token; NULL: in a file */
	const char *root_path;		/* real: where the root goes, outside the folder */
	const char *root_pass;		/* with `root_token` its PIN */
	const char *root_token;		/* real: the root's key in a token, and at root_path what speaks of it; or NULL */
	/* a station that joins a club which is there: name, host and rest are that club's; no root is made */
	const struct club_file *join;	/* NULL: a new club */
	uint32_t station;		/* its number */
	enum role role;			/* that it asks for */
};

/*
 * Make a club: root, safe, certificate, store, view, designs; whole or not at all. Killed halfway it leaves
 * FOLDER.PID.new and a real club's root, which nothing uses: both may be removed. Errors: ERR_DUPLICATE (the
 * folder is not empty, or a root is there), ERR_ARG (host), ERR_USAGE (a real club without passphrases, or its
 * root inside the folder), those of text_clean_name, root_create, safe_create, their likes for a token, store_open and of files.
 */
enum err station_init(const struct init_options *o, struct why *w);

#endif
