#include "station/flow/stock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardapps/number.h"
#include "keys/digest.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/base/secret.h"
#include "station/club/ranges.h"
#include "station/flow/settings.h"
#include "station/flow/stock_files.h"
#include "station/flow/token.h"

static const struct {
	const char *name;
	uint8_t application;
} applications[] = {
	{"loyalty", APP_LOYALTY}, {"gift", APP_GIFT}, {"discount", APP_DISCOUNT},
};
#define APPLICATIONS (sizeof(applications) / sizeof(applications[0]))

enum err
stock_application(const char *name, uint8_t *out, struct why *w)
{
	for (size_t i = 0; i < APPLICATIONS; i++)
		if (strcmp(name, applications[i].name) == 0) {
			*out = applications[i].application;
			return ERR_OK;
		}
	return why_set(w, ERR_ARG, MSG_STOCK_APPLICATION, WHY_CODE(name));
}

const char *
stock_application_name(uint8_t application)
{
	for (size_t i = 0; i < APPLICATIONS; i++)
		if (applications[i].application == application)
			return applications[i].name;
	return "";
}

/* --- 1: numbers, which nobody else will get, whatever becomes of the lot */

static bool
accept_serial(uint32_t serial, uint64_t *number, void *ctx)
{
	const struct station *s = ctx;

	return card_number_make(s->set.number_prefix, card_number_club(s->club), serial, number);
}

static enum err
reserve(struct stock_lot_files *f, struct why *w)
{
	struct store *db = f->s->store;
	uint32_t serial;
	enum err e = store_begin(db, w);

	for (uint32_t i = 0; e == ERR_OK && i < f->lot.count; i++)
		e = club_next_card_number(db, accept_serial, f->s, &serial, &f->items[i].card.number, w);
	f->lot.first = f->items[0].card.number;
	f->lot.last = f->items[f->lot.count - 1].card.number;
	if (e == ERR_OK)
		e = store_stock_lot_reserve(db, &f->lot, w);
	if (e == ERR_OK)
		e = store_commit(db, w);
	store_rollback(db);
	return e;
}

/* --- 2: secrets and files, under a name that is nobody's */

static enum err
make_item(const struct stock_lot_files *f, struct stock_item *i, struct why *w)
{
	uint8_t token[TOKEN_LEN];
	enum err e = token_make(token, w);

	i->card.lot = f->lot.number;
	if (e == ERR_OK)
		e = token_url(f->s->set.host, token, i->card.url, sizeof(i->card.url), w);
	token_hash(token, i->card.token);
	WIPE(token);
	if (e != ERR_OK || !f->lot.pins)
		return e;
	i->card.has_pin = true;
	e = random_bytes(i->card.salt, sizeof(i->card.salt), w);
	if (e == ERR_OK)
		e = pin_make(i->pin, w);
	return e == ERR_OK ? pin_hash(i->pin, i->card.salt, i->card.pin, w) : e;
}

static enum err
folder_of(const char *in, uint32_t lot, bool done, char out[STATION_PATH_CAP], struct why *w)
{
	int n = snprintf(out, STATION_PATH_CAP, done ? "%s/lot-%04" PRIu32 : "%s/.lot-%04" PRIu32 ".new", in, lot);

	return n < 0 || n >= STATION_PATH_CAP ? why_errno(w, ENAMETOOLONG, in) : ERR_OK;
}

static enum err
make_folder(const char *path, struct why *w)
{
	if (mkdir(path, 0700) == 0)
		return ERR_OK;
	return errno == EEXIST ? why_set(w, ERR_DUPLICATE, MSG_FILE_EXISTS, WHY_CODE(path)) :
				 why_errno(w, errno, path);
}

static enum err
make_files(struct stock_lot_files *f, struct why *w)
{
	char done[STATION_PATH_CAP];
	enum err e = folder_of(f->order->folder, f->lot.number, true, done, w);

	if (e == ERR_OK && access(done, F_OK) == 0)
		e = why_set(w, ERR_DUPLICATE, MSG_FILE_EXISTS, WHY_CODE(done));
	if (e == ERR_OK)
		e = folder_of(f->order->folder, f->lot.number, false, f->folder, w);
	if (e == ERR_OK)
		e = make_folder(f->folder, w);
	if (e != ERR_OK)
		return e;
	for (uint32_t i = 0; e == ERR_OK && i < f->lot.count; i++)
		e = make_item(f, &f->items[i], w);
	if (e == ERR_OK)
		e = stock_files_make(f, w);
	if (e != ERR_OK)
		folder_remove(f->folder);
	return e;
}

/* --- 3: the book knows the cards, before anybody can have them */

static enum err
move_lot(struct station *s, uint32_t lot, enum store_stock_lot_state to, struct why *w)
{
	enum err e = store_begin(s->store, w);

	if (e == ERR_OK)
		e = store_stock_lot_move(s->store, lot, to, NULL, clock_now_ms(), w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

static enum err
enter(struct stock_lot_files *f, struct why *w)
{
	struct store *db = f->s->store;
	enum err e = store_begin(db, w);

	for (uint32_t i = 0; e == ERR_OK && i < f->lot.count; i++)
		e = store_stock_add(db, &f->items[i].card, w);
	if (e == ERR_OK)
		e = store_stock_lot_move(db, f->lot.number, STORE_STOCK_LOT_REGISTERED, f->lot.manifest,
		    clock_now_ms(), w);
	/* the host stands on plastic from now on */
	if (e == ERR_OK)
		e = store_setting_put(db, SETTING_HOST_LOCKED, "1", w);
	if (e == ERR_OK)
		e = store_commit(db, w);
	store_rollback(db);
	return e;
}

/* --- 4: the files get their name */

static enum err
sync_folder(const char *path, struct why *w)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd) != 0 ? errno : 0;

	if (fd >= 0)
		(void)close(fd);
	return failed != 0 ? why_errno(w, failed, path) : ERR_OK;
}

/* Another export may have been quicker: then the name is there already. */
static enum err
deliver(struct station *s, const char *folder, const struct store_stock_lot *lot, struct why *w)
{
	char from[STATION_PATH_CAP], to[STATION_PATH_CAP];
	struct why none;
	enum err e = folder_of(folder, lot->number, false, from, w);

	if (e == ERR_OK)
		e = folder_of(folder, lot->number, true, to, w);
	if (e == ERR_OK && rename(from, to) != 0 && !stock_files_are(to, lot))
		e = why_errno(w, errno, from);
	if (e == ERR_OK)
		e = sync_folder(folder, w);
	if (e != ERR_OK)
		return e;
	e = move_lot(s, lot->number, STORE_STOCK_LOT_DELIVERED, &none);
	if (e != ERR_OK && e != ERR_REFUSED && w != NULL)
		*w = none;
	return e == ERR_REFUSED ? ERR_OK : e;
}

/* Lots whose files a killed export left complete in this folder. */
struct leftovers {
	const char *folder;
	struct store_stock_lot lots[16];
	unsigned count;
};

static bool
note_leftover(const struct store_stock_lot *lot, void *ctx)
{
	struct leftovers *l = ctx;
	char from[STATION_PATH_CAP], to[STATION_PATH_CAP];

	if (lot->state != STORE_STOCK_LOT_REGISTERED ||
	    folder_of(l->folder, lot->number, false, from, NULL) != ERR_OK ||
	    folder_of(l->folder, lot->number, true, to, NULL) != ERR_OK)
		return true;
	if (stock_files_are(from, lot) || stock_files_are(to, lot))
		l->lots[l->count++] = *lot;
	return l->count < sizeof(l->lots) / sizeof(l->lots[0]);
}

static enum err
finish_leftovers(struct station *s, const char *folder, unsigned *finished, struct why *w)
{
	struct leftovers l = {.folder = folder};
	enum err e = store_stock_lots(s->store, note_leftover, &l, w);

	for (*finished = 0; e == ERR_OK && *finished < l.count; (*finished)++)
		e = deliver(s, folder, &l.lots[*finished], w);
	return e;
}

/* --- all of it */

static enum err
run_lot(struct stock_lot_files *f, struct why *w)
{
	struct why none;
	enum err e = reserve(f, w);

	if (e != ERR_OK)
		return e;
	e = make_files(f, w);
	if (e == ERR_OK) {
		e = enter(f, w);
		if (e != ERR_OK)
			folder_remove(f->folder);
	}
	if (e == ERR_OK)
		return deliver(f->s, f->order->folder, &f->lot, w);
	/* Its numbers are gone, and no card of it is anywhere. */
	(void)move_lot(f->s, f->lot.number, STORE_STOCK_LOT_VOID, &none);
	return e;
}

static enum err
check(struct station *s, const struct stock_order *o, struct why *w)
{
	struct stat st;

	if (o->count < 1 || o->count > STOCK_COUNT_MAX)
		return why_set(w, ERR_RANGE, MSG_STOCK_COUNT, WHY_NUM(STOCK_COUNT_MAX));
	if (stat(o->folder, &st) != 0)
		return why_errno(w, errno, o->folder);
	if (!S_ISDIR(st.st_mode) || access(o->folder, W_OK) != 0)
		return why_set(w, ERR_MISSING, MSG_QUEUE_FOLDER_MISSING, WHY_CODE(o->folder));
	return stock_files_check(s, o, w);
}

enum err
stock_export(struct station *s, const struct stock_order *o, struct stock_report *out, struct why *w)
{
	struct stock_lot_files f = {.s = s, .order = o, .lot = {.count = o->count,
	    .application = o->application, .tier = o->tier, .pins = o->pins, .at_ms = clock_now_ms()}};
	size_t room;
	enum err e = check(s, o, w);

	memset(out, 0, sizeof(*out));
	if (e == ERR_OK)
		e = finish_leftovers(s, o->folder, &out->finished, w);
	if (e != ERR_OK)
		return e;
	(void)snprintf(f.lot.design, sizeof(f.lot.design), "%s", o->design != NULL ? o->design : STATION_DESIGN);
	(void)snprintf(f.lot.lang, sizeof(f.lot.lang), "%s", lang_tag(o->lang));
	room = o->count * sizeof(*f.items);
	f.items = secret_alloc(room);
	if (f.items == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = run_lot(&f, w);
	secret_free(f.items, room);
	if (e == ERR_OK)
		e = store_stock_lot_get(s->store, f.lot.number, &out->lot, w);
	return e == ERR_OK ? folder_of(o->folder, f.lot.number, true, out->folder, w) : e;
}

enum err
stock_void(struct station *s, uint32_t lot, struct why *w)
{
	return move_lot(s, lot, STORE_STOCK_LOT_VOID, w);
}

/* --- a card from the box */

static enum err
identify(struct station *s, const char *typed, struct store_stock *out, struct why *w)
{
	char digits[CARD_NUMBER_DIGITS + 1];
	uint8_t token[TOKEN_LEN], hash[SHA256_LEN];
	uint64_t number;
	enum err e;

	if (text_parse_card_number(typed, digits, NULL) == ERR_OK) {
		if (!card_number_parse(digits, &number))
			return why_set(w, ERR_FORMAT, MSG_CARD_NUMBER_WRONG, WHY_CODE(typed));
		return store_stock_by_number(s->store, number, out, w);
	}
	e = token_scan(s->set.host, typed, token, w);
	if (e != ERR_OK)
		return e;
	token_hash(token, hash);
	WIPE(token);
	return store_stock_by_token(s->store, hash, out, w);
}

static enum err
check_tries(const struct store_stock *c, struct why *w)
{
	return c->tries < STORE_STOCK_PIN_TRIES ? ERR_OK : why_set(w, ERR_REFUSED, MSG_STOCK_PIN_LOCKED);
}

/* Tries at other desks went on while this one was worked out: what they left decides, even over a right one. */
static enum err
note_try(struct station *s, uint64_t number, bool right, struct why *w)
{
	struct store_stock now;
	enum err e = store_begin(s->store, w);

	if (e == ERR_OK)
		e = store_stock_by_number(s->store, number, &now, w);
	if (e == ERR_OK)
		e = check_tries(&now, w);
	if (e == ERR_OK && !right)
		e = store_stock_wrong_pin(s->store, number, clock_now_ms(), w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	WIPE(now);
	return e;
}

static enum err
check_pin(struct station *s, const struct store_stock *c, const char *pin, struct why *w)
{
	char ascii[32];
	bool right = false;
	enum err e;

	if (!c->has_pin)
		return why_set(w, ERR_REFUSED, MSG_STOCK_NO_PIN);
	if (!text_fold(pin, ascii, sizeof(ascii)))
		ascii[0] = '\0';
	e = pin_matches(ascii, c->salt, c->pin, &right, w);
	WIPE(ascii);
	if (e == ERR_OK)
		e = note_try(s, c->number, right, w);
	return e == ERR_OK && !right ? why_set(w, ERR_REFUSED, MSG_STOCK_PIN_WRONG) : e;
}

enum err
stock_find(struct station *s, const char *typed, const char *pin, struct store_stock *out,
    struct store_stock_lot *lot, struct why *w)
{
	char digits[CARD_NUMBER_DIGITS + 1] = "";
	enum err e;

	memset(out, 0, sizeof(*out));
	e = identify(s, typed, out, w);
	if (e == ERR_OK)
		e = store_stock_lot_get(s->store, out->lot, lot, w);
	if (e != ERR_OK)
		return e;
	(void)card_number_format(out->number, digits);
	if (out->bound)
		return why_set(w, ERR_REFUSED, MSG_STOCK_BOUND, WHY_CODE(digits));
	if (lot->state == STORE_STOCK_LOT_VOID)
		return why_set(w, ERR_REFUSED, MSG_STOCK_LOT_CLOSED, WHY_NUM(lot->number));
	e = check_tries(out, w);
	return e == ERR_OK && pin != NULL ? check_pin(s, out, pin, w) : e;
}
