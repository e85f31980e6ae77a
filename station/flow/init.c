/*
 * Making a club. Everything is built in a folder beside the final one and renamed
 * at the end, so that a club is there whole or not at all.
 */
#define _XOPEN_SOURCE 700	/* realpath */
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/digest.h"
#include "station/base/bytes.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/flow/join.h"
#include "station/flow/lists.h"
#include "station/flow/settings.h"
#include "station/flow/token.h"
#include "station/store/journal.h"
#include "station/text/text.h"

#define PRACTICE_NAME "باشگاه تمرینی"
#define PRACTICE_HOST "CLUB.EXAMPLE"
#define FIRST_STATION 1
#define FIRST_NUMBER 1
#define NUMBERS_ALLOTTED 1000000
#define DESIGN_FILE_CAP (4u * 1024 * 1024)
#define ALL_SLOTS ((UINT32_C(1) << KEY_SLOT_COUNT) - 1)
#define ALL_RIGHTS ((UINT32_C(1) << OP_LAST) - 1)

/*
 * Our application on a card: F4 and two bytes of the club, so that a card of another club is told by its
 * very layout and two clubs can share one card.
 */
#define AID_FAMILY 0xF4

struct making {
	const struct init_options *o;
	struct station_settings set;
	char folder[STATION_PATH_CAP];	/* the one under construction */
	struct root *root;
	bool root_apart;		/* made at o->root_path, outside the folder */
	struct safe *safe;
	struct store *store;
	uint8_t root_pub[PUBKEY_LEN];
	int64_t now_ms;
};

static enum err
under(const struct making *m, const char *name, char out[STATION_PATH_CAP], struct why *w)
{
	int n = snprintf(out, STATION_PATH_CAP, "%s/%s", m->folder, name);

	return n < 0 || n >= STATION_PATH_CAP ? why_errno(w, ENAMETOOLONG, name) : ERR_OK;
}

static enum err
make_folders(const struct making *m, struct why *w)
{
	static const struct {
		const char *name;
		mode_t mode;
	} folder[] = {
		{STATION_KEYS_DIR, 0700}, {STATION_DESIGNS, 0755}, {STATION_PRINTS, 0700},
		{STATION_CARDS, 0700},
	};
	char path[STATION_PATH_CAP];
	enum err e = folder_make(m->folder, 0755, w);

	for (size_t i = 0; e == ERR_OK && i < sizeof(folder) / sizeof(folder[0]); i++) {
		e = under(m, folder[i].name, path, w);
		if (e == ERR_OK)
			e = folder_make(path, folder[i].mode, w);
	}
	return e;
}

/* --- root, safe, certificate; whoever joins a club has its root's public half, and asks for a certificate */

static void
name_application(struct making *m)
{
	uint8_t club[4];

	pubkey_id(m->root_pub, club);
	m->set.aid[0] = AID_FAMILY;
	m->set.aid[1] = club[0];
	m->set.aid[2] = club[1];
}

static enum err
write_root_pub(const struct making *m, struct why *w)
{
	char path[STATION_PATH_CAP];
	enum err e = under(m, STATION_ROOT_PUB, path, w);

	return e == ERR_OK ? file_write(path, m->root_pub, sizeof(m->root_pub), 0644, w) : e;
}

static enum err
make_root(struct making *m, struct why *w)
{
	const char *pass = m->o->real ? m->o->root_pass : SAFE_PRACTICE_PASSPHRASE;
	char path[STATION_PATH_CAP];
	enum err e = ERR_OK;

	if (m->o->real)
		(void)snprintf(path, sizeof(path), "%s", m->o->root_path);
	else
		e = under(m, STATION_ROOT, path, w);
	if (e == ERR_OK)
		e = m->o->root_token != NULL ?
		    root_create_token(path, !m->o->real, m->o->root_token, pass, strlen(pass), &m->root, w) :
		    root_create(path, !m->o->real, pass, strlen(pass), &m->root, w);
	m->root_apart = e == ERR_OK && m->o->real;
	if (e == ERR_OK)
		root_public(m->root, m->root_pub);
	name_application(m);
	return e == ERR_OK ? write_root_pub(m, w) : e;
}

static uint32_t
station_of(const struct making *m)
{
	return m->o->join != NULL ? m->o->station : FIRST_STATION;
}

static enum err
make_safe(struct making *m, struct why *w)
{
	const char *pass = m->o->pass != NULL ? m->o->pass : SAFE_PRACTICE_PASSPHRASE;
	struct safe_info info = {.test = !m->o->real, .station = station_of(m)};
	/* the masters of a real club come from the ceremony, and custodians keep shares of them */
	const uint32_t slots = m->o->join != NULL || m->o->real ? 0 : ALL_SLOTS;
	char path[STATION_PATH_CAP];
	enum err e = under(m, STATION_SAFE, path, w);

	pubkey_id(m->root_pub, info.club);
	if (e == ERR_OK)
		e = m->o->token != NULL ?
		    safe_create_token(path, &info, slots, m->o->token, pass, strlen(pass), &m->safe, w) :
		    safe_create(path, &info, slots, pass, strlen(pass), &m->safe, w);
	return e;
}

static enum err
make_certificate(struct making *m, struct why *w)
{
	struct cert c = {
		.algorithm = safe_algorithm(m->safe), .test = !m->o->real, .rights = ALL_RIGHTS, .serial = 1,
		.station = FIRST_STATION, .first_number = FIRST_NUMBER,
		.number_count = NUMBERS_ALLOTTED,
		.valid_from = (uint16_t)(clock_minutes_2000(m->now_ms) / 1440),
	};
	uint8_t bytes[CERT_LEN];
	char path[STATION_PATH_CAP];
	enum err e;

	safe_public(m->safe, c.pub);
	e = root_certify(m->root, &c, bytes, w);
	if (e == ERR_OK)
		e = under(m, STATION_CERT, path, w);
	if (e == ERR_OK)
		e = file_write(path, bytes, sizeof(bytes), 0644, w);
	return e;
}

static enum err
make_request(struct making *m, struct why *w)
{
	uint8_t bytes[REQUEST_CAP];
	char path[STATION_PATH_CAP];
	enum err e = request_seal(m->safe, m->o->role, clock_minutes_2000(m->now_ms), bytes, w);

	if (e == ERR_OK)
		e = under(m, STATION_REQUEST, path, w);
	return e == ERR_OK ? file_write(path, bytes, sizeof(bytes), 0644, w) : e;
}

/* --- the book */

static enum err
journal_birth(struct making *m, struct why *w)
{
	struct journal_field fields[] = {
		JOURNAL_FIELD_HEX("root", m->root_pub, sizeof(m->root_pub)),
		JOURNAL_FIELD_INT("station", FIRST_STATION),
		JOURNAL_FIELD_BOOL("test", !m->o->real),
		JOURNAL_FIELD_INT("first_number", FIRST_NUMBER),
		JOURNAL_FIELD_INT("number_count", NUMBERS_ALLOTTED),
	};
	struct journal_entry entry = {.kind = "club.init", .at_ms = m->now_ms, .fields = fields,
	    .field_count = sizeof(fields) / sizeof(fields[0])};
	enum err e = store_event_next(m->store, entry.event, w);

	return e == ERR_OK ? store_journal_append(m->store, &entry, w) : e;
}

static enum err
journal_joining(struct making *m, struct why *w)
{
	const struct journal_field fields[] = {
		JOURNAL_FIELD_HEX("root", m->root_pub, sizeof(m->root_pub)),
		JOURNAL_FIELD_INT("station", m->o->station),
		JOURNAL_FIELD_BOOL("test", !m->o->real),
		JOURNAL_FIELD_INT("file_of_station", m->o->join->signer.station),
	};
	struct journal_entry entry = {.kind = "club.join", .at_ms = m->now_ms, .fields = fields,
	    .field_count = sizeof(fields) / sizeof(fields[0])};
	enum err e = store_event_next(m->store, entry.event, w);

	return e == ERR_OK ? store_journal_append(m->store, &entry, w) : e;
}

/* What was born elsewhere: the lists; numbers come with the certificate. */
static enum err
fill_joined(struct making *m, struct why *w)
{
	const struct club_file *f = m->o->join;
	struct station books = {.store = m->store, .test = !m->o->real};
	struct lists_taken taken;
	enum err e = journal_joining(m, w);

	memcpy(books.root_pub, m->root_pub, sizeof(books.root_pub));
	if (e == ERR_OK)
		e = store_setting_put(m->store, SETTING_LIST_KEEPER, "0", w);
	if (e == ERR_OK)
		e = store_setting_put(m->store, SETTING_REGISTER, "0", w);
	if (e == ERR_OK && f->revoked != NULL)
		e = lists_take(&books, f->revoked, f->revoked_len, &taken, w);
	if (e == ERR_OK && f->hot != NULL)
		e = lists_take(&books, f->hot, f->hot_len, &taken, w);
	return e;
}

static enum err
fill_born(struct making *m, struct why *w)
{
	const struct store_range range = {FIRST_NUMBER, FIRST_NUMBER + NUMBERS_ALLOTTED - 1};
	enum err e = store_range_set(m->store, STORE_SERIALS, range, w);

	if (e == ERR_OK)
		e = store_range_set(m->store, STORE_MEMBERS, range, w);
	return e == ERR_OK ? journal_birth(m, w) : e;
}

static void
choose_programme(const struct making *m, struct programme *p)
{
	programme_default(p);
	if (m->o->join == NULL)
		return;
	p->step = m->o->join->step;
	p->load_min = m->o->join->load_min;
	p->load_max = m->o->join->load_max;
	p->balance_max = m->o->join->balance_max;
}

static enum err
fill_book(struct making *m, struct why *w)
{
	uint8_t prefix[STORE_PREFIX_LEN];
	char root[2 * sizeof(m->root_pub) + 1];
	struct programme p;
	enum err e = random_bytes(prefix, sizeof(prefix), w);

	choose_programme(m, &p);
	if (e == ERR_OK)
		e = settings_write(m->store, &m->set, w);
	hex_encode(m->root_pub, sizeof(m->root_pub), root);
	if (e == ERR_OK)
		e = store_setting_put(m->store, SETTING_ROOT, root, w);
	if (e == ERR_OK)
		e = programme_write(m->store, &p, w);
	if (e == ERR_OK)
		e = store_incarnation_begin(m->store, prefix, m->now_ms, w);
	if (e != ERR_OK)
		return e;
	return m->o->join != NULL ? fill_joined(m, w) : fill_born(m, w);
}

static enum err
make_books(struct making *m, struct why *w)
{
	const struct store_options so = {.sha256 = digest_sha256, .create = true};
	struct view *view = NULL;
	char path[STATION_PATH_CAP];
	enum err e = under(m, STATION_BOOK, path, w);

	if (e == ERR_OK)
		e = store_open(path, &so, &m->store, w);
	if (e == ERR_OK)
		e = store_begin(m->store, w);
	if (e == ERR_OK)
		e = fill_book(m, w);
	if (e == ERR_OK)
		e = store_commit(m->store, w);
	if (e == ERR_OK)
		e = under(m, STATION_VIEW, path, w);
	if (e == ERR_OK)
		e = view_open_write(path, &view, w);
	view_close(&view);
	store_close(&m->store);
	return e;
}

/* --- designs */

static enum err
copy_design(const struct making *m, const char *name, uint8_t *room, struct why *w)
{
	char from[STATION_PATH_CAP];
	char leaf[NAME_MAX + sizeof(STATION_DESIGNS) + 2];
	char to[STATION_PATH_CAP];
	size_t len;
	int n = snprintf(from, sizeof(from), "%s/%s", m->o->designs_from, name);
	enum err e;

	if (n < 0 || (size_t)n >= sizeof(from))
		return why_errno(w, ENAMETOOLONG, name);
	(void)snprintf(leaf, sizeof(leaf), STATION_DESIGNS "/%s", name);
	e = file_read(from, room, DESIGN_FILE_CAP, &len, w);
	if (e == ERR_OK)
		e = under(m, leaf, to, w);
	if (e == ERR_OK)
		e = file_write(to, room, len, 0644, w);
	return e;
}

static enum err
copy_designs(const struct making *m, struct why *w)
{
	DIR *dir = opendir(m->o->designs_from);
	uint8_t *room = malloc(DESIGN_FILE_CAP);
	struct dirent *d;
	enum err e = ERR_OK;

	if (dir == NULL)
		e = why_errno(w, errno, m->o->designs_from);
	else if (room == NULL)
		e = why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	while (e == ERR_OK && (d = readdir(dir)) != NULL) {
		size_t len = strlen(d->d_name);

		if (d->d_name[0] != '.' && len > 4 && strcmp(d->d_name + len - 4, ".svg") == 0)
			e = copy_design(m, d->d_name, room, w);
	}
	free(room);
	if (dir != NULL)
		(void)closedir(dir);
	return e;
}

/* --- all of it */

/* Would the root lie in the club folder, to be copied and lost together with it? */
static bool
is_inside(const char *path, const char *folder)
{
	char copy[STATION_PATH_CAP], there[PATH_MAX], here[PATH_MAX];
	size_t len;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	if (realpath(dirname(copy), there) == NULL || realpath(folder, here) == NULL)
		return false;
	len = strlen(here);
	return strncmp(there, here, len) == 0 && (there[len] == '/' || there[len] == '\0');
}

/* What only a real club must be given. */
static enum err
check_real(const struct init_options *o, struct why *w)
{
	if (!o->real)
		return ERR_OK;
	if (o->join != NULL)
		return o->pass != NULL ? ERR_OK : why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_NEEDED);
	/* Name and host stand on every card for years: no practice default may slip in. */
	if (o->club_name == NULL || o->host == NULL || o->pass == NULL || o->root_pass == NULL || o->root_path == NULL ||
	    is_inside(o->root_path, o->folder))
		return why_set(w, ERR_USAGE, MSG_REAL_CLUB_NEEDS);
	if (strlen(o->root_path) >= STATION_PATH_CAP)
		return why_errno(w, ENAMETOOLONG, o->root_path);
	return ERR_OK;
}

static enum err
choose_settings(struct making *m, struct why *w)
{
	const struct init_options *o = m->o;
	struct station_settings *set = &m->set;
	enum err e = token_host(o->host != NULL ? o->host : PRACTICE_HOST, set->host,
	    sizeof(set->host), w);

	if (e == ERR_OK)
		e = text_clean_name(o->club_name != NULL ? o->club_name : PRACTICE_NAME,
		    set->club_name, sizeof(set->club_name), w);
	(void)snprintf(set->zone, sizeof(set->zone), "%s", TEXT_ZONE_DEFAULT);
	return e == ERR_OK ? check_real(o, w) : e;
}

/* The club's own settings, as its file brings them. */
static enum err
take_settings(struct making *m, struct why *w)
{
	const struct club_file *f = m->o->join;
	struct station_settings *set = &m->set;
	enum err e = token_host(f->host, set->host, sizeof(set->host), w);

	if (e == ERR_OK)
		e = text_clean_name(f->name, set->club_name, sizeof(set->club_name), w);
	if (e == ERR_OK && (f->number_prefix > 9 || strlen(f->zone) >= sizeof(set->zone)))
		e = why_set(w, ERR_FORMAT, MSG_CLUB_FILE_FORMAT);
	if (e != ERR_OK)
		return e;
	memcpy(set->zone, f->zone, strlen(f->zone) + 1);
	set->number_prefix = f->number_prefix;
	memcpy(set->aid, f->aid, sizeof(set->aid));
	memcpy(m->root_pub, f->root_pub, sizeof(m->root_pub));
	return check_real(m->o, w);
}

static enum err
make_chain(struct making *m, struct why *w)
{
	const bool joins = m->o->join != NULL;
	enum err e = joins ? write_root_pub(m, w) : make_root(m, w);

	if (e == ERR_OK)
		e = make_safe(m, w);
	if (e == ERR_OK)
		e = joins ? make_request(m, w) : make_certificate(m, w);
	return e;
}

static enum err
build(struct making *m, struct why *w)
{
	enum err e = make_folders(m, w);

	if (e == ERR_OK)
		e = make_chain(m, w);
	if (e == ERR_OK)
		e = make_books(m, w);
	if (e == ERR_OK)
		e = copy_designs(m, w);
	return e;
}

static enum err
refuse_occupied(const char *folder, struct why *w)
{
	DIR *dir = opendir(folder);
	struct dirent *d;
	bool occupied = false;

	if (dir == NULL)
		return errno == ENOENT ? ERR_OK : why_errno(w, errno, folder);
	while ((d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			occupied = true;
	(void)closedir(dir);
	return occupied ? why_set(w, ERR_DUPLICATE, MSG_FOLDER_OCCUPIED, WHY_CODE(folder)) : ERR_OK;
}

enum err
station_init(const struct init_options *o, struct why *w)
{
	struct making m = {.o = o, .now_ms = clock_now_ms()};
	size_t len = strlen(o->folder);
	int n;
	enum err e;

	while (len > 1 && o->folder[len - 1] == '/')
		len--;
	n = snprintf(m.folder, sizeof(m.folder), "%.*s.%ld.new", (int)len, o->folder, (long)getpid());

	if (n < 0 || (size_t)n >= sizeof(m.folder))
		return why_errno(w, ENAMETOOLONG, o->folder);
	e = refuse_occupied(o->folder, w);
	if (e == ERR_OK)
		e = o->join != NULL ? take_settings(&m, w) : choose_settings(&m, w);
	if (e != ERR_OK)
		return e;
	e = build(&m, w);
	store_close(&m.store);
	if (e == ERR_OK)
		e = folder_publish(m.folder, o->folder, w);
	if (e != ERR_OK) {
		root_undo(&m.root);
		safe_undo(&m.safe);
		folder_remove(m.folder);
	}
	root_close(&m.root);
	safe_close(&m.safe);
	if (e != ERR_OK && m.root_apart)
		(void)unlink(o->root_path);
	return e;
}
