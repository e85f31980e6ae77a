/*
 * A station that comes back from a backup. Built in a folder beside the final one and renamed at the end, as a
 * new club is: the book is audited before anything is believed, then closed for the incarnation that is lost.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "keys/digest.h"
#include "keys/request.h"
#include "station/base/bytes.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/flow/archive.h"
#include "station/flow/backup.h"
#include "station/flow/head.h"
#include "station/flow/settings.h"
#include "station/store/chain.h"
#include "station/store/journal.h"
#include "station/store/restored.h"

#define MINUTES_A_DAY 1440u
#define NUMBERS_ALLOTTED 1000000u
#define UNUSED_MAX 4294967295u

struct restoring {
	const struct restore_options *o;
	struct restore_report *out;
	struct sealed_stream_head h;
	char folder[STATION_PATH_CAP];	/* the one under construction */
	uint8_t root_pub[PUBKEY_LEN];
	struct cert was;		/* the station as it was */
	uint8_t was_bytes[CERT_LEN];
	struct head_paper head;		/* of the journal in the backup */
	struct head_paper known;	/* kept elsewhere; seq 0: none given */
	struct store *store;
	struct safe *safe;
	bool keeps_register;		/* the book, of the certificates of all stations */
	struct root *root;		/* if it is at hand, and the register is */
	uint8_t pub[PUBKEY_LEN];	/* of the new key */
	int64_t now_ms;
};

static enum err
under(const struct restoring *r, const char *name, char out[STATION_PATH_CAP], struct why *w)
{
	int n = snprintf(out, STATION_PATH_CAP, "%s/%s", r->folder, name);

	return n < 0 || n >= STATION_PATH_CAP ? why_errno(w, ENAMETOOLONG, name) : ERR_OK;
}

static enum err
remove_file(const struct restoring *r, const char *name, struct why *w)
{
	char path[STATION_PATH_CAP];
	enum err e = under(r, name, path, w);

	if (e == ERR_OK && unlink(path) != 0 && errno != ENOENT)
		e = why_errno(w, errno, path);
	return e;
}

/* --- what the backup holds */

static enum err
unpack(struct restoring *r, struct why *w)
{
	const char *pass = r->o->backup_pass != NULL ? r->o->backup_pass : SAFE_PRACTICE_PASSPHRASE;
	struct sealed_stream *from = NULL;
	enum err e = sealed_stream_open(r->o->backup, pass, strlen(pass), &r->h, &from, w);

	if (e == ERR_OK)
		e = archive_folders(r->folder, w);
	if (e == ERR_OK)
		e = archive_unpack(from, r->h.test, r->folder, w);
	sealed_stream_close(&from);
	return e;
}

static enum err
mixed(const struct restoring *r, struct why *w)
{
	return why_set(w, ERR_SAFE, MSG_BACKUP_MIXED, WHY_CODE(r->o->backup));
}

/* Root, certificate and head must speak of one station of one club, and of the kind the header says. */
static enum err
read_papers(struct restoring *r, struct why *w)
{
	char path[STATION_PATH_CAP];
	uint8_t club[4];
	enum err e = under(r, STATION_ROOT_PUB, path, w);

	if (e == ERR_OK)
		e = file_read_exact(path, r->root_pub, sizeof(r->root_pub), w);
	if (e == ERR_OK)
		e = under(r, ARCHIVE_CERT, path, w);
	if (e == ERR_OK)
		e = file_read_exact(path, r->was_bytes, sizeof(r->was_bytes), w);
	if (e == ERR_OK)
		e = cert_verify(r->was_bytes, r->root_pub, &r->was, w);
	if (e == ERR_OK)
		e = under(r, ARCHIVE_HEAD, path, w);
	if (e == ERR_OK)
		e = head_load(path, r->root_pub, r->h.test, &r->head, w);
	if (e != ERR_OK)
		return e;
	pubkey_id(r->root_pub, club);
	if (r->was.test != r->h.test || r->was.station != r->h.station || r->head.station != r->was.station ||
	    memcmp(club, r->h.club, sizeof(club)) != 0)
		return mixed(r, w);
	return ERR_OK;
}

static enum err
look_for_register(struct restoring *r, struct why *w)
{
	char set[4];
	struct why mine;
	enum err e = store_setting_get(r->store, SETTING_REGISTER, set, sizeof(set), &mine);

	r->keeps_register = e == ERR_NOT_FOUND || (e == ERR_OK && strcmp(set, "0") != 0);
	if (e != ERR_OK && e != ERR_NOT_FOUND && w != NULL)
		*w = mine;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
open_book(struct restoring *r, struct why *w)
{
	const struct store_options o = {.sha256 = digest_sha256};
	char path[STATION_PATH_CAP], own[2 * PUBKEY_LEN + 1], noted[sizeof(own)];
	struct head_paper found = {0};
	struct store_health health;
	enum err e = under(r, STATION_BOOK, path, w);

	if (e == ERR_OK)
		e = store_open(path, &o, &r->store, w);
	if (e == ERR_OK)
		e = store_check(r->store, &health, w);
	if (e == ERR_OK)
		e = head_read(r->store, &found, w);
	if (e == ERR_OK)
		e = store_setting_get(r->store, SETTING_ROOT, noted, sizeof(noted), w);
	if (e != ERR_OK)
		return e;
	hex_encode(r->root_pub, sizeof(r->root_pub), own);
	if (strcmp(own, noted) != 0 || found.seq != r->head.seq ||
	    memcmp(found.hash, r->head.hash, sizeof(found.hash)) != 0)
		return mixed(r, w);
	r->out->rows = (int64_t)found.seq;
	return look_for_register(r, w);
}

/* The last head known elsewhere is of the incarnation that is lost, and this journal leads to it or ends before. */
static enum err
read_known(struct restoring *r, struct why *w)
{
	uint8_t hash[STORE_HASH_LEN];
	enum err e;

	r->out->lost = -1;
	if (r->o->head == NULL)
		return ERR_OK;
	e = head_load(r->o->head, r->root_pub, r->h.test, &r->known, w);
	if (e == ERR_OK && (r->known.station != r->was.station ||
	    memcmp(r->known.prefix, r->head.prefix, sizeof(r->known.prefix)) != 0))
		return why_set(w, ERR_REFUSED, MSG_HEAD_OTHER_STATION, WHY_NUM(r->known.station),
		    WHY_NUM(r->was.station));
	if (e != ERR_OK)
		return e;
	r->out->lost = r->known.seq > r->head.seq ? (int64_t)(r->known.seq - r->head.seq) : 0;
	if (r->known.seq > r->head.seq)
		return ERR_OK;
	e = store_journal_hash_at(r->store, (int64_t)r->known.seq, hash, w);
	if (e == ERR_NOT_FOUND || (e == ERR_OK && memcmp(hash, r->known.hash, sizeof(hash)) != 0))
		return why_set(w, ERR_DB_DAMAGED, MSG_AUDIT_OTHER_HEAD, WHY_NUM(r->known.seq));
	return e;
}

/* --- the folder it goes to */

static bool
is_empty(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *d;
	bool empty = true;

	if (dir == NULL)
		return true;
	while ((d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			empty = false;
	(void)closedir(dir);
	return empty;
}

/* A club that stands there is never written over; if it is this one and knows more, that is said. */
static enum err
refuse_occupied(const struct restoring *r, struct why *w)
{
	const struct store_options o = {.sha256 = digest_sha256};
	char path[STATION_PATH_CAP];
	uint8_t hash[STORE_HASH_LEN];
	struct head_paper there = {0};
	struct store *db = NULL;
	struct why none;
	int n = snprintf(path, sizeof(path), "%s/" STATION_BOOK, r->o->folder);
	bool newer;

	if (is_empty(r->o->folder))
		return ERR_OK;
	newer = n > 0 && (size_t)n < sizeof(path) && store_open(path, &o, &db, &none) == ERR_OK &&
	    head_read(db, &there, &none) == ERR_OK && there.seq > r->head.seq &&
	    store_journal_hash_at(db, (int64_t)r->head.seq, hash, &none) == ERR_OK &&
	    memcmp(hash, r->head.hash, sizeof(hash)) == 0;
	store_close(&db);
	if (newer)
		return why_set(w, ERR_REFUSED, MSG_RESTORE_OVER_NEWER, WHY_CODE(r->o->folder),
		    WHY_NUM(there.seq - r->head.seq));
	return why_set(w, ERR_DUPLICATE, MSG_FOLDER_OCCUPIED, WHY_CODE(r->o->folder));
}

/* --- new keys */

static enum err
open_root(struct restoring *r, const char *path, const char *pass, struct why *w)
{
	uint8_t pub[PUBKEY_LEN];
	enum err e = root_open(path, pass, strlen(pass), &r->root, w);

	if (e != ERR_OK)
		return e;
	root_public(r->root, pub);
	return memcmp(pub, r->root_pub, sizeof(pub)) == 0 ? ERR_OK : why_set(w, ERR_REFUSED, MSG_ROOT_OTHER_CLUB);
}

static enum err
new_practice_safe(struct restoring *r, const char *path, struct why *w)
{
	const char *pass = SAFE_PRACTICE_PASSPHRASE;
	char before[STATION_PATH_CAP], root[STATION_PATH_CAP];
	enum err e = under(r, ARCHIVE_SAFE, before, w);

	if (e == ERR_OK)
		e = safe_renew(before, path, pass, strlen(pass), &r->safe, w);
	if (e != ERR_OK || !r->keeps_register)
		return e;
	e = under(r, STATION_ROOT, root, w);
	return e == ERR_OK ? open_root(r, root, pass, w) : e;
}

/* A real club's masters come back from the custodians' shares, its certificate from the root. */
static enum err
new_real_safe(struct restoring *r, const char *path, struct why *w)
{
	struct safe_info info = {.station = r->was.station};
	enum err e = r->o->root != NULL ? open_root(r, r->o->root, r->o->root_pass, w) : ERR_OK;

	memcpy(info.club, r->h.club, sizeof(info.club));
	return e == ERR_OK ? safe_create(path, &info, 0, r->o->pass, strlen(r->o->pass), &r->safe, w) : e;
}

static enum err
write_request(struct restoring *r, struct why *w)
{
	const enum role role = role_of_rights(r->was.rights);
	uint8_t request[REQUEST_CAP];
	char path[STATION_PATH_CAP];
	enum err e = request_seal(r->safe, role < ROLE_COUNT ? role : ROLE_ISSUER,
	    clock_minutes_2000(r->now_ms), request, w);

	if (e == ERR_OK)
		e = under(r, STATION_REQUEST, path, w);
	if (e == ERR_OK)
		e = file_write(path, request, sizeof(request), 0644, w);
	(void)snprintf(r->out->request, sizeof(r->out->request), "%.*s/" STATION_REQUEST,
	    STATION_PATH_CAP - (int)sizeof("/" STATION_REQUEST), r->o->folder);
	return e;
}

static enum err
make_keys(struct restoring *r, struct why *w)
{
	char path[STATION_PATH_CAP];
	enum err e = under(r, STATION_SAFE, path, w);

	if (e == ERR_OK)
		e = r->h.test ? new_practice_safe(r, path, w) : new_real_safe(r, path, w);
	if (e != ERR_OK)
		return e;
	safe_public(r->safe, r->pub);
	/* a station that joined does not know which numbers the others were given: the register is asked, root or no root */
	if (!r->keeps_register)
		root_close(&r->root);
	return r->root != NULL ? ERR_OK : write_request(r, w);
}

/* --- certificates and numbers */

/* What the book's certificates leave free; `noted` if that of the lost station is among them. */
struct allotted {
	const struct restoring *r;
	uint32_t serial;
	uint64_t next;
	bool noted;
};

static void
count_in(struct allotted *a, const struct cert *c)
{
	const uint64_t end = (uint64_t)c->first_number + c->number_count;

	a->serial = c->serial > a->serial ? c->serial : a->serial;
	a->next = end > a->next ? end : a->next;
}

static bool
look_at_cert(const uint8_t bytes[CERT_LEN], void *ctx)
{
	struct allotted *a = ctx;
	struct cert c;

	if (cert_verify(bytes, a->r->root_pub, &c, NULL) != ERR_OK)
		return true;
	count_in(a, &c);
	a->noted = a->noted || c.serial == a->r->was.serial;
	return true;
}

static enum err
note_cert(struct restoring *r, const struct cert *c, const uint8_t bytes[CERT_LEN],
    const uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct store_certificate row = {.serial = c->serial, .station = c->station, .first = c->first_number,
	    .count = c->number_count};

	pubkey_id(c->pub, row.signer);
	memcpy(row.bytes, bytes, sizeof(row.bytes));
	return store_certificate_put(r->store, &row, event, w);
}

/* The root is here, as a practice club's always is: the new key is certified at once, with numbers nobody had. */
static enum err
certify(struct restoring *r, const struct allotted *a, const uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct cert c = r->was;
	struct store_range range;
	uint8_t bytes[CERT_LEN];
	char path[STATION_PATH_CAP], numbers[32];
	enum err e;

	c.algorithm = safe_algorithm(r->safe);
	c.serial = a->serial + 1;
	c.valid_from = (uint16_t)(clock_minutes_2000(r->now_ms) / MINUTES_A_DAY);
	c.valid_to = 0;
	c.first_number = (uint32_t)a->next;
	c.number_count = NUMBERS_ALLOTTED;
	memcpy(c.pub, r->pub, sizeof(c.pub));
	if (a->next + NUMBERS_ALLOTTED > UNUSED_MAX)
		return why_set(w, ERR_RANGE, MSG_STORE_SERIALS_USED_UP, WHY_NUM(a->next - 1));
	range = (struct store_range){c.first_number, (int64_t)c.first_number + NUMBERS_ALLOTTED - 1};
	e = root_certify(r->root, &c, bytes, w);
	if (e == ERR_OK)
		e = note_cert(r, &c, bytes, event, w);
	if (e == ERR_OK)
		e = store_range_set(r->store, STORE_SERIALS, range, w);
	if (e == ERR_OK)
		e = store_range_set(r->store, STORE_MEMBERS, range, w);
	(void)snprintf(numbers, sizeof(numbers), "%u+%u", (unsigned)c.first_number, (unsigned)c.number_count);
	if (e == ERR_OK)
		e = store_setting_put(r->store, SETTING_NUMBERS, numbers, w);
	if (e == ERR_OK)
		e = under(r, STATION_CERT, path, w);
	return e == ERR_OK ? file_write(path, bytes, sizeof(bytes), 0644, w) : e;
}

/* What the lost station gave after the backup nobody knows: none of its numbers is given again. */
static enum err
use_up(struct restoring *r, enum store_counter which, struct why *w)
{
	const int64_t last = (int64_t)r->was.first_number + r->was.number_count - 1;
	int64_t taken;
	enum err e = store_range_set(r->store, which, (struct store_range){last > 0 ? last : 1, last > 0 ? last : 1}, w);

	return e == ERR_OK ? store_range_next(r->store, which, &taken, w) : e;
}

static enum err
allot(struct restoring *r, const uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct allotted a = {.r = r, .next = 1};
	enum err e = store_certificates(r->store, look_at_cert, &a, w);

	count_in(&a, &r->was);
	if (e == ERR_OK && !a.noted)
		e = note_cert(r, &r->was, r->was_bytes, event, w);
	if (e == ERR_OK)
		e = use_up(r, STORE_SERIALS, w);
	if (e == ERR_OK)
		e = use_up(r, STORE_MEMBERS, w);
	return e == ERR_OK && r->root != NULL ? certify(r, &a, event, w) : e;
}

/* --- the new incarnation */

static enum err
journal_return(struct restoring *r, const uint8_t prefix[STORE_PREFIX_LEN], uint8_t event[STORE_EVENT_LEN],
    struct why *w)
{
	const struct journal_field fields[] = {
		JOURNAL_FIELD_HEX("closed", r->head.prefix, sizeof(r->head.prefix)),
		JOURNAL_FIELD_INT("last_row", (int64_t)r->head.seq),
		JOURNAL_FIELD_HEX("last_hash", r->head.hash, sizeof(r->head.hash)),
		JOURNAL_FIELD_INT("known_row", (int64_t)r->known.seq),
		JOURNAL_FIELD_HEX("known_hash", r->known.hash, sizeof(r->known.hash)),
		JOURNAL_FIELD_INT("backup_made", r->h.made),
		JOURNAL_FIELD_HEX("prefix", prefix, STORE_PREFIX_LEN),
		JOURNAL_FIELD_HEX("key", r->pub, sizeof(r->pub)),
		JOURNAL_FIELD_BOOL("test", r->h.test),
	};
	struct journal_entry entry = {.kind = "station.restored", .at_ms = r->now_ms, .fields = fields,
	    .field_count = sizeof(fields) / sizeof(fields[0])};
	enum err e = store_event_next(r->store, entry.event, w);

	memcpy(event, entry.event, STORE_EVENT_LEN);
	return e == ERR_OK ? store_journal_append(r->store, &entry, w) : e;
}

static enum err
close_old(struct restoring *r, const uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct store_closed c = {.last_seq = (int64_t)r->head.seq, .known_seq = (int64_t)r->known.seq,
	    .at_ms = r->now_ms};

	memcpy(c.prefix, r->head.prefix, sizeof(c.prefix));
	memcpy(c.last_hash, r->head.hash, sizeof(c.last_hash));
	memcpy(c.known_hash, r->known.hash, sizeof(c.known_hash));
	return store_incarnation_close(r->store, &c, event, w);
}

static enum err
begin_again(struct restoring *r, struct why *w)
{
	uint8_t prefix[STORE_PREFIX_LEN], event[STORE_EVENT_LEN];
	enum err e = random_bytes(prefix, sizeof(prefix), w);

	if (e == ERR_OK)
		e = store_begin(r->store, w);
	if (e == ERR_OK)
		e = store_incarnation_begin(r->store, prefix, r->now_ms, w);
	if (e == ERR_OK)
		e = journal_return(r, prefix, event, w);
	if (e == ERR_OK)
		e = close_old(r, event, w);
	if (e == ERR_OK)
		e = allot(r, event, w);
	if (e == ERR_OK)
		e = store_view_note_all(r->store, w);
	if (e == ERR_OK)
		e = store_commit(r->store, w);
	store_rollback(r->store);
	return e;
}

/* --- all of it */

static enum err
build(struct restoring *r, struct why *w)
{
	enum err e = unpack(r, w);

	if (e == ERR_OK)
		e = read_papers(r, w);
	if (e == ERR_OK)
		e = open_book(r, w);
	if (e == ERR_OK)
		e = refuse_occupied(r, w);
	if (e == ERR_OK)
		e = read_known(r, w);
	if (e == ERR_OK)
		e = make_keys(r, w);
	if (e == ERR_OK)
		e = begin_again(r, w);
	store_close(&r->store);
	if (e == ERR_OK)
		e = remove_file(r, ARCHIVE_HEAD, w);
	if (e == ERR_OK)
		e = remove_file(r, ARCHIVE_CERT, w);
	return e == ERR_OK ? remove_file(r, ARCHIVE_SAFE, w) : e;
}

static enum err
check_asked(struct restoring *r, struct why *w)
{
	enum err e = sealed_stream_peek(r->o->backup, &r->h, w);

	if (e == ERR_OK && !r->h.test && (r->o->backup_pass == NULL || r->o->pass == NULL))
		return why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_NEEDED);
	return e;
}

static enum err
name_folder(struct restoring *r, struct why *w)
{
	size_t len = strlen(r->o->folder);
	int n;

	while (len > 1 && r->o->folder[len - 1] == '/')
		len--;
	n = snprintf(r->folder, sizeof(r->folder), "%.*s.%ld.new", (int)len, r->o->folder, (long)getpid());
	if (n < 0 || (size_t)n >= sizeof(r->folder))
		return why_errno(w, ENAMETOOLONG, r->o->folder);
	folder_remove(r->folder);	/* of a process that died under our number */
	return ERR_OK;
}

enum err
station_restore(const struct restore_options *o, struct restore_report *out, struct why *w)
{
	struct restoring r = {.o = o, .out = out, .now_ms = clock_now_ms()};
	enum err e;

	memset(out, 0, sizeof(*out));
	e = check_asked(&r, w);
	if (e == ERR_OK)
		e = name_folder(&r, w);
	if (e != ERR_OK)
		return e;
	e = build(&r, w);
	out->test = r.h.test;
	out->certified = r.root != NULL;
	out->made = r.h.made;
	safe_close(&r.safe);
	root_close(&r.root);
	/* somebody may have been quicker: what stands there by now stays */
	if (e == ERR_OK)
		e = folder_publish(r.folder, o->folder, w);
	if (e == ERR_DUPLICATE)
		e = why_set(w, e, MSG_FOLDER_OCCUPIED, WHY_CODE(o->folder));
	if (e != ERR_OK)
		folder_remove(r.folder);
	return e;
}
