/* The chip from inside: EEPROM, and what is gone with the field. Private to cardapps/sim. */
#ifndef CARDAPPS_SIM_CARD_H
#define CARDAPPS_SIM_CARD_H

#include "cardapps/sim/eeprom.h"
#include "cardapps/sim/sim.h"
#include "cardapps/sim/status.h"
#include "keys/raw.h"
#include "station/base/bytes.h"

#define FRAME_DATA_CAP 59	/* of a frame of 64: block byte, command, check sum take the rest */
#define WRAPPED_DATA_CAP 55	/* CLA INS P1 P2 Lc .. Le on top */
#define LONG_DATA_CAP 255	/* EV2 on: what a short APDU carries */
#define LONG_ANSWER_CAP 256
#define EV2_MAC_LEN 8
#define TI_LEN 4
#define BLOCK_CAP 16
#define DRAWN 256
#define BUFFER_CAP (EE_BLOCKS * EE_BLOCK + 64)

/* Commands that are an exception somewhere else than in the table of command.c. */
enum { INS_GET_VALUE = 0x6C, INS_EV2_FIRST = 0x71, INS_EV2_NON_FIRST = 0x77 };

#define RIGHT_FREE 0x0E
#define RIGHT_NEVER 0x0F
enum right { R_READ = 1, R_WRITE = 2, R_BOTH = 4, R_CHANGE = 8 };

enum mode { MODE_PLAIN = 0, MODE_MAC = 1, MODE_FULL = 3 };
enum framing { FRAMING_OPEN, FRAMING_NATIVE, FRAMING_WRAPPED };

/* How a command and its answer travel inside a session. */
enum channel {
	CH_NONE,	/* outside: selection and authentication */
	CH_MAC,		/* the command's CMAC moves the IV, the answer carries one */
	CH_SEALED,	/* the data after the head enciphered with a check sum */
	CH_CRYPTOGRAM,	/* the same, the check sums are the handler's (ChangeKey) */
	CH_SECRET,	/* the answer enciphered */
	CH_FILE_IN,	/* data in, in the mode of file and key */
	CH_FILE_OUT	/* data out, likewise */
};

/* Who may. The first that fits decides the status. */
enum need {
	NEED_NOTHING,
	NEED_LIST,	/* free by settings bit 1, else the master key of the level */
	NEED_CREATE,	/* free by settings bit 2, else the same */
	NEED_MASTER,
	NEED_KEY,	/* any session */
	NEED_FILE	/* the rights of the row, in the file's settings */
};

enum level { AT_ANY, AT_CARD, AT_APP };

/* Bytes of protected data after the head: a number, or one of these. */
enum { BODY_FROM_HEAD = -1, BODY_OF_OPTION = -2, BODY_OF_KEY = -3,
	BODY_OF_SET_KEY = -4 };

struct command {
	uint8_t ins;
	const char *name;
	uint8_t head_min, head_max;
	int body;
	enum channel channel;
	enum level level;
	enum need need;
	uint8_t types;		/* 1 << ee_file_type, for NEED_FILE */
	uint8_t rights;		/* enum right, any of which will do */
	uint8_t (*run)(struct sim_card *c, struct cursor *in, struct writer *out);
};

/* A command on its way in, over one frame or many. */
struct run {
	const struct command *cmd;	/* NULL: none */
	enum mode mode;
	size_t head, body, want, have;
	struct ee_file *file;
	uint8_t file_no;
};

/* An answer on its way out. */
struct reply {
	size_t len, pos;
	size_t chunk;			/* bytes a frame, unless cut */
	size_t cut[EE_APPS];		/* lengths of frames that end early */
	size_t cuts, cut_next;
	bool waiting;			/* the host owes an AF */
};

struct session {
	struct raw_key *key;		/* NULL: no session */
	uint8_t iv[BLOCK_CAP];
	size_t block;
	uint8_t key_no;
	bool legacy;
	/* of EV2: `key` makes the MACs */
	struct raw_key *enc;		/* NULL: another session */
	uint8_t ti[TI_LEN];
	uint16_t ctr;
};

struct auth {
	struct raw_key *key;		/* NULL: none going on */
	uint8_t rnd_b[BLOCK_CAP];
	uint8_t iv[BLOCK_CAP];
	size_t rnd_len;
	uint8_t ins;
	uint8_t key_no;
	uint8_t ti[TI_LEN];	/* EV2: what the session will begin with */
	uint16_t ctr;
};

#define NO_SLOT UINT32_MAX	/* no record begun in this transaction */

/* What the next CommitTransaction would make true, for files of the selected application. */
struct transaction {
	uint32_t dirty;			/* bit: file number */
	uint32_t cleared;		/* record files emptied in this transaction */
	uint32_t debited;
	struct ee_file work[EE_APP_FILES];
	uint32_t slot[EE_APP_FILES];	/* record being written */
	int64_t debit_sum[EE_APP_FILES];
};

struct sim_card {
	struct eeprom ee;
	/* gone with the field */
	bool powered;
	enum framing framing;
	int app;			/* index in ee.app */
	int iso_file;			/* selected by ISO SELECT; -1: none */
	struct session session;
	struct auth auth;
	struct run run;
	struct reply reply;
	struct transaction txn;
	uint8_t in[BUFFER_CAP];		/* command byte, then its data from all frames */
	uint8_t out[BUFFER_CAP];
	uint8_t shadow[EE_BLOCKS * EE_BLOCK]; /* uncommitted bytes, at the addresses of the heap */
	/* about the card, not in it */
	bool changed;			/* EEPROM, in this APDU */
	uint32_t work_us;		/* EEPROM time of this APDU */
	bool away;
	unsigned tear_in;		/* APDUs from now; 0: none armed */
	enum sim_tear tear_how;
	struct sim_figures figures;
	void (*random)(void *ctx, uint8_t *out, size_t len);
	void *random_ctx;
	uint8_t drawn[DRAWN];		/* random bytes ahead: a call costs the same for one number or sixteen */
	size_t drawn_left;
	char *path;
	int lock;			/* held on `path`.lock while the card is in a field; -1 none */
	struct eeprom *on_disk;		/* the last state known to be in `path` */
};

/* card.c: note a change of EEPROM that takes `us`. */
void card_changed(struct sim_card *c, uint32_t us);
bool card_random(struct sim_card *c, uint8_t *out, size_t len);
void card_select(struct sim_card *c, int app);
/* True of every kind that speaks the secure messaging of EV2. */
static inline bool card_is_ev2(const struct sim_card *c) { return c->ee.kind >= SIM_DESFIRE_EV2; }
static inline struct ee_app *card_app(struct sim_card *c) { return &c->ee.app[c->app]; }
/* File `no` of the selected application, or NULL. */
struct ee_file *card_file(struct sim_card *c, uint8_t no);
uint8_t *card_heap(struct sim_card *c, const struct ee_file *f);
uint8_t *card_shadow(struct sim_card *c, const struct ee_file *f);

/* save.c: EEPROM to its file and back. */
enum err save_write(const char *path, const struct eeprom *ee, struct why *w);
enum err save_read(const char *path, struct eeprom *ee, struct why *w);
size_t save_image_len(const struct eeprom *ee);
void save_pack(const struct eeprom *ee, uint8_t *image);
bool save_unpack(const uint8_t *image, size_t len, struct eeprom *ee);

/* frame.c: one APDU or native frame to its answer. */
void frame_answer(struct sim_card *c, const uint8_t *capdu, size_t len, struct writer *out);

/* iso.c: the interindustry commands (CLA 00); answers SW1SW2. */
uint16_t iso_command(struct sim_card *c, const uint8_t *capdu, size_t len, struct writer *out);

/* command.c: one frame of a chip command; *data points into the card. Answers the status. */
uint8_t command_frame(struct sim_card *c, uint8_t ins, const uint8_t *body, size_t len,
    const uint8_t **data, size_t *data_len);
/* Forget what is under way, the session and everything uncommitted, as an error does. */
void command_fail(struct sim_card *c);

/* channel.c: secure messaging of the open session. */
void sim_channel_close(struct sim_card *c);
size_t sim_channel_wire_len(const struct sim_card *c, enum mode mode, size_t body);
size_t sim_channel_crc_len(const struct sim_card *c);
/*
 * Check sum over `data` (with command and head before it, in EV1 sessions, if `with_head`) against
 * the bytes at `sum`.
 */
bool sim_channel_crc_ok(const struct sim_card *c, bool with_head, const uint8_t *data, size_t len,
    const uint8_t *sum);
uint8_t sim_channel_receive(struct sim_card *c);
uint8_t sim_channel_send(struct sim_card *c);

/* channel_ev2.c: the same for a session of EV2, of the command in `run`. */
static inline bool session_is_ev2(const struct sim_card *c) { return c->session.enc != NULL; }
/* Bytes after a command without a body. */
size_t sim_ev2_tail_len(const struct sim_card *c);
size_t sim_ev2_wire_len(const struct sim_card *c, size_t body);
uint8_t sim_ev2_receive(struct sim_card *c);
uint8_t sim_ev2_send(struct sim_card *c);
/* Session keys out of the authentication under way. */
uint8_t sim_ev2_open(struct sim_card *c, const uint8_t *rnd_a);

/* timing.c */
enum { US_CREATE = 3000, US_KEY = 3000, US_COMMIT = 2000, US_PAGE = 1000 };
uint32_t timing_write_us(size_t bytes);
void timing_count(struct sim_card *c, size_t capdu_len, size_t rapdu_len);

/* Handlers, by file. */
#define HANDLER(name) uint8_t name(struct sim_card *c, struct cursor *in, struct writer *out);
/* auth.c */
HANDLER(auth_start)
uint8_t auth_finish(struct sim_card *c, const uint8_t *token, size_t len, struct writer *out);
void auth_forget(struct sim_card *c);
/* key.c */
HANDLER(key_change) HANDLER(key_change_ev2) HANDLER(key_version)
HANDLER(key_version_ev2) HANDLER(key_settings) HANDLER(key_change_settings)
size_t key_body_len(const struct sim_card *c, uint8_t set, uint8_t key_no);
/* keyset.c */
HANDLER(keyset_initialize) HANDLER(keyset_finalize) HANDLER(keyset_roll)
struct ee_sets *keyset_of(struct sim_card *c);
uint8_t keyset_parse(const struct ee_app *a, struct cursor *in, struct ee_sets *s);
size_t keyset_bytes(const struct ee_app *a, const struct ee_sets *s);
/* picc.c */
HANDLER(picc_version) HANDLER(picc_format) HANDLER(picc_free_mem) HANDLER(picc_configure)
HANDLER(picc_uid)
/* app.c */
HANDLER(app_create) HANDLER(app_delete) HANDLER(app_select) HANDLER(app_ids) HANDLER(app_names)
/* file.c */
HANDLER(file_ids) HANDLER(file_iso_ids) HANDLER(file_settings) HANDLER(file_change)
HANDLER(file_create_std) HANDLER(file_create_backup) HANDLER(file_create_value)
HANDLER(file_create_linear) HANDLER(file_create_cyclic) HANDLER(file_delete)
/* data.c */
HANDLER(data_read) HANDLER(data_write)
HANDLER(value_get) HANDLER(value_credit) HANDLER(value_debit) HANDLER(value_limited_credit)
/* record.c */
HANDLER(record_write) HANDLER(record_read) HANDLER(record_clear)
/* commit.c */
HANDLER(txn_commit) HANDLER(txn_abort)
#undef HANDLER
void txn_forget(struct sim_card *c);
/* The file's pending state, made from the committed one at the first touch. */
struct ee_file *txn_work(struct sim_card *c, uint8_t no);

#endif
