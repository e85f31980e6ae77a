/* Inside of the DESFire EV1 to EV3 driver: one card's wire, what is selected, and the steps its files share. */
#ifndef CARDAPPS_CHIP_DESFIRE_H
#define CARDAPPS_CHIP_DESFIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "cardapps/chip/chip.h"
#include "cardapps/layout/desfire.h"
#include "cardapps/secure/ev1.h"
#include "cardapps/secure/ev2.h"

/* A key the card refused: where it was tried, and its check value. */
struct desfire_refused {
	uint8_t aid[3];
	uint8_t no;
	uint8_t kcv[KCV_LEN];
};
/* Two keys at each place of a plan. */
#define DF_REFUSED_CAP (2 * CARD_KEY_STEPS_CAP)

struct desfire {
	struct ev1 wire;
	bool selected_known;
	uint8_t selected[3];
	/* Since the card came: none of these is sent a second time. */
	struct desfire_refused refused[DF_REFUSED_CAP];
	size_t refused_count;
	/* What card_read saw of the PICC; personalise goes on from there while nothing came between. */
	bool picc_known;
	uint8_t picc_version;
	bool picc_blank;	/* factory version and settings, no application: seen without a session */
	/* Each key's version as a plan to roll saw it, the application's under MAC; a roll begins there. */
	bool versions_known;
	struct desfire_versions {
		uint8_t picc, app[DF_KEY_COUNT], ndef;
		bool has_ndef;
	} versions;
	/* The certificate file as read under MAC since the card came. */
	bool cert_known;
	uint8_t cert[CERT_LEN];
};

extern const struct chip_ops desfire_ops;

/* Bytes of GetVersion: hardware 7, software 7, UID and production 14. */
#define DF_VERSION_LEN 28

/* GetVersion on a reader with an unknown card. Errors: ERR_CARD_GONE, ERR_CARD_UNKNOWN. */
enum err desfire_version(struct reader *r, uint8_t out[DF_VERSION_LEN], struct why *w);

/* --- desfire.c: what every step needs */

/* The card's power may have gone: forget session and selection. */
void desfire_forget(struct desfire *d);
/* ev1_command; a card that is gone is forgotten. */
enum err desfire_send(struct card *c, enum df_ins ins, enum ev1_mode mode, const void *data,
    size_t len, struct why *w);
/* The same, whose answer must be exactly `answer_len` bytes. Errors: ERR_LEN too. */
enum err desfire_ask(struct card *c, enum df_ins ins, enum ev1_mode mode, const void *data,
    size_t len, size_t answer_len, struct why *w);
/*
 * True if `e` came of an APDU that was found too long, and from now on goes shorter: a card that
 * says so ends its session with that, and everything since must be done again. *lessons is
 * wire.lessons of before, and is kept.
 */
bool desfire_learnt(const struct card *c, enum err e, unsigned *lessons);
/* True if `e` is nothing but the card's own word `status`. */
bool desfire_said(const struct card *c, enum err e, uint8_t status);

enum err desfire_select(struct card *c, const uint8_t aid[3], struct why *w);
enum err desfire_key_version(struct card *c, uint8_t no, uint8_t *version, struct why *w);
/* ev1_change_key in the session that stands. */
enum err desfire_change_key(struct card *c, uint8_t wire_no, const struct card_key *fresh,
    uint8_t version, const struct card_key *old, struct why *w);
/* What was refused at a place says nothing more once its key was changed. */
void desfire_forget_refused(struct desfire *d, const uint8_t aid[3], uint8_t no);
/* Select unless selected, authenticate; no look at what was refused before. `ins` AA or 1A. */
enum err desfire_authenticate(struct card *c, const uint8_t aid[3], enum df_ins ins, uint8_t no,
    const struct card_key *key, struct why *w);
/*
 * The session stands already, or: select, authenticate. A key the card refused since it came
 * is not sent again: ERR_CARD_AUTH at once.
 */
enum err desfire_enter(struct card *c, const uint8_t aid[3], enum df_ins ins, uint8_t no,
    const struct card_key *key, struct why *w);
/* True if that session stands. */
bool desfire_inside(const struct card *c, const uint8_t aid[3], uint8_t no);
/*
 * Authenticate with key `no` of our application if its version speaks for a generation we hold;
 * *epoch becomes the lower of itself (0: none yet) and that generation.
 */
enum err desfire_enter_own(struct card *c, uint8_t no, uint16_t *epoch, struct why *w);

/*
 * AbortTransaction in the session that stands. Select aborts too, but a relay may keep it
 * from the card and hold a commit back; a new authentication aborts nothing. A relay that keeps
 * this from the card as well breaks the session's chain of CMACs. Nothing to abort is fine.
 */
enum err desfire_abort(struct card *c, struct why *w);

/* The reference of a key of ours on this card. */
struct key_ref desfire_ref(const struct card *c, const uint8_t aid[3], uint8_t no,
    enum key_slot slot, uint16_t epoch);
/* The newest generation of ours that a version byte speaks for; 0: not ours. */
uint16_t desfire_epoch(const struct card *c, uint8_t version);
/* ERR_NO_KEY: a card laid out like ours, whose keys are of a generation that this safe does not hold. */
enum err desfire_strange_generation(const struct card *c, uint8_t version, struct why *w);

/* Zeros only: a data file that nobody wrote to. */
bool desfire_is_blank(const uint8_t *p, size_t len);
enum err desfire_read_file(struct card *c, uint8_t no, enum ev1_mode mode, uint8_t *out,
    size_t len, struct why *w);
enum err desfire_write_file(struct card *c, uint8_t no, enum ev1_mode mode, const uint8_t *data,
    size_t len, struct why *w);
enum err desfire_get_value(struct card *c, int32_t *value, struct why *w);
/* `count` newest lines, 0: all there are, at least one; newest first. */
enum err desfire_read_log(struct card *c, unsigned count, struct card_content *out, struct why *w);

/* --- the driver's calls, a file each */

enum err desfire_read(struct card *c, struct card_content *out, struct why *w);
enum err desfire_confirm(struct card *c, struct card_content *out, struct why *w);
enum err desfire_write(struct card *c, const struct card_write *wr, struct why *w);
/* Value, record, log line and certificate, then Commit, in the session of key 3. */
enum err desfire_commit(struct card *c, const struct card_write *wr,
    void (*done)(void *ctx), void *ctx, struct why *w);
enum err desfire_plan_keys(struct card *c, uint16_t epoch, struct key_step *steps, size_t *count,
    struct why *w);
enum err desfire_personalise(struct card *c, const struct card_plan *p, struct why *w);
enum err desfire_set_url(struct card *c, const char *url, struct why *w);

/* Both keys of one step, opened: the card holds one of them. */
struct desfire_pair {
	struct card_key *old, *fresh;
	enum df_ins old_ins;		/* 1A for a DES key, else AA; `fresh` is always AES */
	uint8_t old_version, version;	/* what the card says of each */
};
/* Keys of the plan; wiped by desfire_keys_close. */
struct desfire_keys {
	struct desfire_pair picc;
	struct desfire_pair app[DF_KEY_COUNT];
	struct desfire_pair ndef;	/* if the plan has a URL */
	struct card_key *factory;	/* zeros, AES */
};
/*
 * The keys of one of `steps`, at that place and for this very card. Close with desfire_pair_close, also after an
 * error. Errors: ERR_ARG (no such step, or not this card's), ERR_NO_KEY.
 */
enum err desfire_pair_open(struct card *c, const struct key_step *steps, size_t count,
    const uint8_t aid[3], uint8_t no, struct desfire_pair *out, struct why *w);
void desfire_pair_close(struct desfire_pair *k);
const struct key_step *desfire_step_of(const struct key_step *steps, size_t count,
    const uint8_t aid[3], uint8_t no);
enum err desfire_keys_open(struct card *c, const struct card_plan *p, struct desfire_keys *k,
    struct why *w);
void desfire_keys_close(struct desfire_keys *k);

/* A key of the card: what its version byte says, and which of its step's two it is. */
struct desfire_standing {
	uint8_t version;
	bool fresh;
};
bool desfire_is_done(const struct desfire_pair *k, const struct desfire_standing *s);
/* Authenticate with the key that stands. */
enum err desfire_enter_as(struct card *c, const uint8_t aid[3], uint8_t no,
    const struct desfire_pair *k, const struct desfire_standing *s, struct why *w);
/*
 * A tear in ChangeKey may leave either key under either version byte: the one that `s` takes to stand
 * is tried, and if the card refuses it, the other of the same step, if there is one (`k->old` is NULL: not); once
 * each, nothing else. After it `s` tells which stands, and its session stands.
 */
enum err desfire_find_key(struct card *c, const uint8_t aid[3], uint8_t no,
    const struct desfire_pair *k, struct desfire_standing *s, struct why *w);

/* --- rolling */

enum err desfire_plan_roll(struct card *c, uint16_t epoch, bool all, struct card_roll_plan *out,
    struct why *w);
enum err desfire_roll(struct card *c, const struct key_step *steps, size_t count, struct why *w);

/* The five keys of our application, all old and all with a step. */
struct desfire_set {
	const struct desfire_pair *keys[DF_KEY_COUNT];
	uint8_t version;	/* of the new keys and of their set */
};
/*
 * All of them at once, if the chip has a second key set for it; *rolled says whether. Where it has none nothing was
 * changed. The session is over. Source: MIFARE DESFire EV2 and EV3 data sheets, key sets.
 */
enum err desfire_roll_set(struct card *c, const struct desfire_set *set, bool *rolled,
    struct why *w);

/* The PICC without any key: fills the handle's picc_* fields; *locked: listing needs the key. */
enum err desfire_look_at_picc(struct card *c, enum card_state *state, bool *locked, struct why *w);

/* Everything of the plan read back; then what must be refused. */
enum err desfire_prove(struct card *c, const struct card_plan *p, const struct desfire_keys *k,
    struct why *w);
enum err desfire_refusals(struct card *c, const struct card_plan *p, const struct desfire_keys *k,
    struct why *w);

#endif
