/* The software card as its owner sees it: made, kept, powered, asked, pulled. */
#include "cardapps/sim/card.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "keys/digest.h"
#include "station/base/secret.h"

#define NXP 0x04	/* ISO/IEC 7816-6 manufacturer, the first byte of a 7-byte UID */
#define LOCK_TRIES 500	/* of 20 ms */

void
card_changed(struct sim_card *c, uint32_t us)
{
	c->changed = true;
	c->work_us += us;
}

bool
card_random(struct sim_card *c, uint8_t *out, size_t len)
{
	if (c->random != NULL) {
		c->random(c->random_ctx, out, len);
		return true;
	}
	if (len > c->drawn_left && random_bytes(c->drawn, sizeof(c->drawn), NULL) != ERR_OK)
		return false;
	if (len > c->drawn_left)
		c->drawn_left = sizeof(c->drawn);
	c->drawn_left -= len;
	memcpy(out, c->drawn + c->drawn_left, len);
	return true;
}

void
card_select(struct sim_card *c, int app)
{
	sim_channel_close(c);
	txn_forget(c);
	c->app = app;
	c->iso_file = -1;
}

struct ee_file *
card_file(struct sim_card *c, uint8_t no)
{
	uint8_t slot = no < EE_APP_FILES ? card_app(c)->slot[no] : 0;

	return slot == 0 ? NULL : &c->ee.file[slot - 1];
}

uint8_t *
card_heap(struct sim_card *c, const struct ee_file *f)
{
	return c->ee.heap + (size_t)f->block * EE_BLOCK;
}

uint8_t *
card_shadow(struct sim_card *c, const struct ee_file *f)
{
	return c->shadow + (size_t)f->block * EE_BLOCK;
}

void
sim_card_power(struct sim_card *card, bool on)
{
	command_fail(card);
	card_select(card, 0);
	card->framing = FRAMING_OPEN;
	card->powered = on;
}

static void
lock_path(const struct sim_card *c, char out[PATH_MAX])
{
	(void)snprintf(out, PATH_MAX, "%.*s.lock", PATH_MAX - 6, c->path);
}

/* One try. The file may have gone with its owner between our open and our lock: then it locks nothing. */
static bool
try_lock(struct sim_card *c, const char *path)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat st;

	c->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (c->lock < 0)
		return false;
	if (fcntl(c->lock, F_SETLK, &whole) == 0 && fstat(c->lock, &st) == 0 && st.st_nlink > 0)
		return true;
	(void)close(c->lock);
	c->lock = -1;
	errno = EAGAIN;
	return false;
}

/*
 * One card is in one reader's field: another process waits for it. The lock has a file of its
 * own, because the card's is replaced at every change.
 */
static enum err
take_field(struct sim_card *c, struct why *w)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	char path[PATH_MAX];

	lock_path(c, path);
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		if (try_lock(c, path))
			return ERR_OK;
		if (errno != EAGAIN)
			return why_errno(w, errno, c->path);
		(void)nanosleep(&pause, NULL);
	}
	return why_set(w, ERR_NO_READER, MSG_READER_BUSY, WHY_CODE(c->path));
}

static void
leave_field(struct sim_card *c)
{
	char path[PATH_MAX];

	if (c->lock < 0)
		return;
	lock_path(c, path);
	(void)unlink(path);
	(void)close(c->lock);
	c->lock = -1;
}

void
sim_card_free(struct sim_card **card)
{
	if (card == NULL || *card == NULL)
		return;
	sim_card_power(*card, false);
	leave_field(*card);
	if ((*card)->on_disk != NULL)
		wipe((*card)->on_disk, sizeof(*(*card)->on_disk));
	free((*card)->on_disk);
	free((*card)->path);
	wipe(*card, sizeof(**card));	/* keys in EEPROM, and in the frames of a ChangeKey */
	free(*card);
	*card = NULL;
}

/* A card in the field whose EEPROM is still to be filled; `path` may be NULL. */
static struct sim_card *
make(const char *path)
{
	struct sim_card *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->powered = true;
	c->iso_file = -1;
	c->lock = -1;
	if (path == NULL)
		return c;
	c->path = strdup(path);
	c->on_disk = calloc(1, sizeof(*c->on_disk));
	if (c->path == NULL || c->on_disk == NULL)
		sim_card_free(&c);
	return c;
}

static enum err
store(struct sim_card *c, struct why *w)
{
	enum err e;

	if (c->path == NULL)
		return ERR_OK;
	e = save_write(c->path, &c->ee, w);
	if (e == ERR_OK)
		*c->on_disk = c->ee;
	return e;
}

enum err
sim_desfire_new(const uint8_t uid[7], const char *path, struct sim_card **out, struct why *w)
{
	return sim_desfire_new_kind(SIM_DESFIRE_EV1, uid, path, out, w);
}

enum err
sim_desfire_new_kind(enum sim_kind kind, const uint8_t uid[7], const char *path,
    struct sim_card **out, struct why *w)
{
	struct sim_card *c = make(path);
	uint8_t own[7] = {NXP};
	enum err e = ERR_OK;

	*out = NULL;
	if (c == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	if (uid == NULL)
		e = random_bytes(own + 1, sizeof(own) - 1, w);
	if (e == ERR_OK) {
		ee_factory(&c->ee, (uint8_t)kind, uid != NULL ? uid : own);
		e = store(c, w);
	}
	if (e != ERR_OK)
		sim_card_free(&c);
	*out = c;
	return e;
}

/* The card of the file, or a factory-new one if there is none. */
static enum err
take_image(struct sim_card *c, enum sim_kind kind, struct why *w)
{
	uint8_t uid[7] = {NXP};
	struct why none = {0};
	enum err e = save_read(c->path, &c->ee, &none);

	if (e == ERR_OK) {
		*c->on_disk = c->ee;
		return ERR_OK;
	}
	if (e != ERR_MISSING) {
		if (w != NULL)
			*w = none;
		return e;
	}
	e = random_bytes(uid + 1, sizeof(uid) - 1, w);
	if (e != ERR_OK)
		return e;
	ee_factory(&c->ee, (uint8_t)kind, uid);
	return store(c, w);
}

enum err
sim_desfire_open(enum sim_kind kind, const char *path, struct sim_card **out, struct why *w)
{
	struct sim_card *c = make(path);
	enum err e;

	*out = NULL;
	if (c == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = take_field(c, w);
	if (e == ERR_OK)
		e = take_image(c, kind, w);
	if (e != ERR_OK)
		sim_card_free(&c);
	*out = c;
	return e;
}

const uint8_t *
sim_card_atr(const struct sim_card *card, size_t *len)
{
	static const uint8_t atr[] = {0x3B, 0x81, 0x80, 0x01, 0x80, 0x80};

	(void)card;
	*len = sizeof(atr);
	return atr;
}

void
sim_card_tear(struct sim_card *card, unsigned nth, enum sim_tear how)
{
	card->tear_in = how == SIM_TEAR_NONE ? 0 : nth;
	card->tear_how = how;
}

void
sim_card_return(struct sim_card *card)
{
	card->away = false;
	sim_card_power(card, true);
}

bool
sim_card_away(const struct sim_card *card)
{
	return card->away;
}

static bool
leave(struct sim_card *c)
{
	c->away = true;
	sim_card_power(c, false);
	return false;
}

/*
 * True if the card goes now and never acts. UNWRITTEN differs from BEFORE only in the radio:
 * nothing is kept.
 */
static bool
torn_before(struct sim_card *c, bool *torn_after)
{
	*torn_after = false;
	if (c->tear_in == 0 || --c->tear_in > 0)
		return false;
	*torn_after = c->tear_how == SIM_TEAR_WRITTEN;
	return !*torn_after;
}

/* EEPROM to disk before the answer; if the disk refuses, the card did nothing and is gone. */
static bool
keep(struct sim_card *c)
{
	if (!c->changed || c->path == NULL || store(c, NULL) == ERR_OK)
		return true;
	c->ee = *c->on_disk;
	return false;
}

bool
sim_card_transmit(struct sim_card *card, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len)
{
	struct writer out = writer_over(rapdu, RAPDU_CAP);
	bool torn_after;

	*len = 0;
	if (card->away || !card->powered || capdu_len == 0)
		return false;
	if (torn_before(card, &torn_after))
		return leave(card);
	card->changed = false;
	card->work_us = 0;
	frame_answer(card, capdu, capdu_len, &out);
	if (!keep(card) || torn_after)
		return leave(card);
	timing_count(card, capdu_len, out.len);
	*len = out.len;
	return true;
}

void
sim_card_figures(const struct sim_card *card, struct sim_figures *out)
{
	*out = card->figures;
}

void
sim_card_reset_figures(struct sim_card *card)
{
	memset(&card->figures, 0, sizeof(card->figures));
}

void
sim_card_set_random(struct sim_card *card, void (*source)(void *ctx, uint8_t *out, size_t len),
    void *ctx)
{
	card->random = source;
	card->random_ctx = ctx;
}

enum err
sim_card_image(const struct sim_card *card, uint8_t **out, size_t *len, struct why *w)
{
	*len = 0;
	*out = malloc(save_image_len(&card->ee));
	if (*out == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	*len = save_image_len(&card->ee);
	save_pack(&card->ee, *out);
	return ERR_OK;
}

enum err
sim_card_restore(struct sim_card *card, const uint8_t *image, size_t len, struct why *w)
{
	struct eeprom *ee = malloc(sizeof(*ee));
	enum err e = ERR_OK;

	if (ee == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	if (save_unpack(image, len, ee)) {
		card->ee = *ee;
		e = store(card, w);
		sim_card_power(card, card->powered);
	} else {
		e = why_set(w, ERR_FORMAT, MSG_SIM_CARD_DAMAGED, WHY_CODE("image"));
	}
	if (e != ERR_OK && card->on_disk != NULL)
		card->ee = *card->on_disk;
	wipe(ee, sizeof(*ee));
	free(ee);
	return e;
}
