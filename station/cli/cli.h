/*
 * The command line: one table of commands, one file each. A command gets its options
 * parsed, does its work through flow, and says the result twice: as sentences and as a
 * JSON object. It returns an err; the exit code follows from it.
 */
#ifndef STATION_CLI_CLI_H
#define STATION_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "station/base/err.h"
#include "station/flow/flow.h"
#include "station/flow/station.h"
#include "station/flow/stock.h"
#include "station/store/print.h"
#include "station/text/text.h"

/* What the shell is told; in docs, man pages and tests under these numbers. */
enum cli_exit { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_IN_DOUBT = 3, EXIT_ENVIRONMENT = 4 };

/* The exit code of a class of error. */
enum cli_exit cli_exit_code(enum err e);

#define CLI_OPTIONS_MAX 16
#define CLI_WORDS_MAX 16
#define CLI_GIVEN_MAX 32

struct cli_option {
	const char *name;	/* without dashes; NULL ends a table */
	const char *arg;	/* what the value is called in help; NULL: a flag */
	enum msg help;
};

struct cli;

struct cli_command {
	const char *name;		/* "issue", "member add" */
	const char *words;		/* operands in the usage line: "AMOUNT", "" if none */
	int words_min, words_max;
	enum msg summary;
	const struct cli_option *options;
	enum err (*run)(struct cli *c, struct why *w);
};

struct cli {
	const struct cli_command *command;
	const char *folder;
	enum lang lang;
	bool json;
	int passphrase_fd;		/* -1: ask */
	const char *token;		/* URI of the token whose PIN to ask for where there is no club yet, or NULL */
	const char *root_file;		/* the root whose passphrase to ask for in place of the safe's, or NULL */
	const char *value[CLI_OPTIONS_MAX];	/* by place in the command's table; "" for a flag given */
	struct {
		size_t option;		/* its place in the command's table */
		const char *value;
	} given[CLI_GIVEN_MAX];		/* every one of the command's options, as often as it was given */
	size_t given_count;
	const char *word[CLI_WORDS_MAX];
	int word_count;
	json_t *root;			/* the answer under --json */
};

extern const struct cli_command *const cli_commands[];	/* NULL-ended */

/* All of the program: parse, run, say, exit code. */
int cli_main(int argc, char **argv);

/* Value of an option of the running command; NULL if not given. Asserts that it is in the table. */
const char *cli_value(const struct cli *c, const char *name);
bool cli_flag(const struct cli *c, const char *name);
/* All values of an option that may be given more than once, in order; answers their number, at most `cap`. */
size_t cli_values(const struct cli *c, const char *name, const char **out, size_t cap);
/* A whole number option within bounds, or `otherwise` if not given. Errors: ERR_USAGE. */
enum err cli_number(const struct cli *c, const char *name, int64_t min, int64_t max,
    int64_t otherwise, int64_t *out, struct why *w);

/* One sentence of the answer to people; nothing under --json. Up to four facts. */
void cli_say(const struct cli *c, enum msg id, const struct why_in *facts, unsigned n);
/* A why that is no failure of the command: nothing under --json. */
void cli_say_why(const struct cli *c, const struct why *w);
/* One line as it is: a table's row. */
void cli_line(const struct cli *c, const char *line);
/* A label and its value, aligned. */
void cli_fact(const struct cli *c, enum msg label, const char *value);
/* Help of one command, or of all. */
void cli_help(const struct cli *c, const struct cli_command *of);

/* The members of the JSON answer; they take text, numbers and flags as they come. */
void cli_json_str(struct cli *c, const char *key, const char *value);
void cli_json_int(struct cli *c, const char *key, int64_t value);
void cli_json_bool(struct cli *c, const char *key, bool value);
void cli_json_hex(struct cli *c, const char *key, const uint8_t *p, size_t len);

/* Opens the club of -C; keys with the passphrase from --passphrase-fd, systemd credentials or a prompt. */
enum err cli_station(struct cli *c, enum station_need need, struct station **out, struct why *w);
/* station_passphrase on a struct cli. */
enum err cli_passphrase(void *ctx, char *out, size_t cap, struct why *w);
/* The same for a safe about to be made: at a terminal a passphrase is typed twice. Errors: ERR_PASSPHRASE (the two differ). */
enum err cli_new_passphrase(void *ctx, char *out, size_t cap, struct why *w);
/*
 * A passphrase of another thing than the safe: from the descriptor of the option `fd_option` of the running
 * command, else asked for at the terminal with the words of `prompt`, twice if it is a new one.
 * Errors: ERR_USAGE (the descriptor), ERR_PASSPHRASE (no terminal; empty; too long; the two differ).
 */
enum err cli_other_passphrase(const struct cli *c, const char *fd_option, enum msg prompt, bool twice,
    char *out, size_t cap, struct why *w);
/* Read one passphrase line from a descriptor. */
enum err cli_passphrase_from(int fd, char *out, size_t cap, struct why *w);

/* --- pieces that several commands share */

/* An act at the desk: the station opened with its keys, the act, the station closed, which brings the page up to date. */
enum err cli_at_desk(struct cli *c, enum err (*act)(struct cli *c, struct station *s, struct why *w),
    struct why *w);
/* The id of --request into rq->request. Errors: ERR_USAGE (its length). */
enum err cli_request(const struct cli *c, struct flow_request *rq, struct why *w);
/* The same for an act that needs no keys: nobody is asked for a passphrase. */
enum err cli_on_books(struct cli *c, enum err (*act)(struct cli *c, struct station *s, struct why *w),
    struct why *w);
/* Run a flow on --reader, --wait, --request; shows progress on a terminal, reports the heal. */
enum err cli_run_flow(struct cli *c, struct station *s, struct flow_request *rq,
    struct flow_result *out, struct why *w);
/* The card of a result, said and in JSON. */
void cli_card(struct cli *c, const struct station *s, const struct flow_result *r);
/* The one member that `typed` names: id, phone, or a name that only one has. Errors: ERR_NOT_FOUND, ERR_DUPLICATE. */
enum err cli_member(struct cli *c, struct station *s, const char *typed, uint32_t *id, struct why *w);
/*
 * The card of stock that `typed` names (stock_find); one that is bound already is fine if the command's --request
 * may be the one that bound it. Errors: those of stock_find.
 */
enum err cli_stock(struct cli *c, struct station *s, const char *typed, const char *pin,
    struct store_stock_lot *lot, uint64_t *number, struct why *w);
/* A card number as typed, checked. Errors: ERR_FORMAT. */
enum err cli_card_number(const char *typed, uint64_t *number, struct why *w);
/* The folder of the designs that a new station gets: --designs, or where the program was installed; `room` may hold it. */
const char *cli_designs(const struct cli *c, char room[STATION_PATH_CAP]);
/* The folder of the designs that come with the program; `room` may hold it. */
const char *cli_shipped_designs(char room[STATION_PATH_CAP]);
/* The folder of the club's designs, or of the shipped ones if there is no club at -C. */
const char *cli_club_designs(const struct cli *c, char room[STATION_PATH_CAP]);
/* The language of --card-lang, Persian without. Errors: ERR_USAGE. */
enum err cli_card_language(const struct cli *c, enum lang *out, struct why *w);
/*
 * Print a card on --printer and follow it. `finish`: a request that came again finishes a print that was
 * cut short and makes no second plastic.
 */
enum err cli_print(struct cli *c, struct station *s, uint64_t card, bool finish, struct why *w);
/* The same of several cards on one sheet of paper (1..STORE_SHEET_MAX). */
enum err cli_print_sheet(struct cli *c, struct station *s, const uint64_t *cards, size_t count, struct why *w);
/* What --side and --printer-option ask for, for artwork_request. Errors: ERR_USAGE. */
enum err cli_print_options(const struct cli *c, char out[STORE_PRINT_OPTIONS_CAP], struct why *w);
/* The printer of --printer, or the club's own prints folder; `room` holds the latter's name. */
const char *cli_printer(const struct cli *c, const struct station *s, char room[STATION_PATH_CAP]);

#endif
