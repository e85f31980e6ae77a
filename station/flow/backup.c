#include "station/flow/backup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/digest.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/flow/archive.h"
#include "station/flow/head.h"
#include "station/flow/settings.h"
#include "station/store/restored.h"

/* A backup being made: a folder of its own below the club's, where the copies stand. */
struct packing {
	struct station *s;
	const char *path;
	char unnamed[STATION_PATH_CAP];		/* the file before it has its name */
	char folder[STATION_PATH_CAP];
	char copy[STATION_PATH_CAP];		/* of the book */
	const char *pass;
	size_t pass_len;
	struct head_paper head;
};

static enum err
name_places(struct packing *p, struct why *w)
{
	int a = snprintf(p->unnamed, sizeof(p->unnamed), "%s.%ld.new", p->path, (long)getpid());
	int b = snprintf(p->folder, sizeof(p->folder), "%s/backup.%ld", p->s->folder, (long)getpid());
	int c = snprintf(p->copy, sizeof(p->copy), "%s/copy.db", p->folder);

	if (a < 0 || b < 0 || c < 0 || (size_t)a >= sizeof(p->unnamed) || (size_t)b >= sizeof(p->folder) ||
	    (size_t)c >= sizeof(p->copy))
		return why_errno(w, ENAMETOOLONG, p->path);
	(void)unlink(p->unnamed);	/* of a process that died under our number */
	folder_remove(p->folder);
	return folder_make(p->folder, 0700, w);
}

/* The copy's own head: the journal has gone on since. */
static enum err
head_of_copy(struct packing *p, struct why *w)
{
	const struct store_options o = {.sha256 = digest_sha256};
	struct store *copy = NULL;
	enum err e = store_open(p->copy, &o, &copy, w);

	if (e == ERR_OK)
		e = head_read(copy, &p->head, w);
	p->head.station = p->s->id;
	store_close(&copy);
	return e;
}

static enum err
add_public(struct packing *p, struct sealed_stream *to, struct why *w)
{
	enum err e = archive_bytes(to, STATION_ROOT_PUB, p->s->root_pub, sizeof(p->s->root_pub), w);

	if (e == ERR_OK)
		e = archive_bytes(to, ARCHIVE_CERT, p->s->cert_bytes, sizeof(p->s->cert_bytes), w);
	return e == ERR_OK ? archive_pictures(to, p->s->folder, w) : e;
}

/* Nothing in a practice club's keys is secret, and without them nobody could rehearse the worst day. */
static enum err
add_practice(struct packing *p, struct sealed_stream *to, struct why *w)
{
	static const char *const from[] = {STATION_ROOT, STATION_SAFE}, *const as[] = {STATION_ROOT, ARCHIVE_SAFE};
	char path[STATION_PATH_CAP];
	enum err e = ERR_OK;

	for (size_t i = 0; p->s->test && e == ERR_OK && i < 2; i++) {
		e = station_path(p->s, from[i], path, w);
		if (e == ERR_OK && access(path, F_OK) == 0)
			e = archive_file(to, as[i], path, w);
	}
	return e;
}

static enum err
pack(struct packing *p, struct why *w)
{
	const struct sealed_stream_head h = {.test = p->s->test, .station = p->s->id, .made = p->head.made,
	    .club = {p->s->club[0], p->s->club[1], p->s->club[2], p->s->club[3]}};
	uint8_t paper[HEAD_PAPER_LEN];
	struct sealed_stream *to = NULL;
	enum err e = head_paper_seal(&p->head, p->s->safe, p->s->cert_bytes, paper, w);

	if (e == ERR_OK)
		e = sealed_stream_create(p->unnamed, &h, p->pass, p->pass_len, &to, w);
	if (e == ERR_OK)
		e = archive_bytes(to, ARCHIVE_HEAD, paper, sizeof(paper), w);
	if (e == ERR_OK)
		e = archive_file(to, STATION_BOOK, p->copy, w);
	if (e == ERR_OK)
		e = add_public(p, to, w);
	if (e == ERR_OK)
		e = add_practice(p, to, w);
	if (e == ERR_OK)
		e = archive_end(to, w);
	sealed_stream_close(&to);
	return e;
}

/* --- the proof: what a restore would do with it, up to the audit */

static enum err
audit_unpacked(const struct packing *p, const char *folder, struct store_health *out, struct why *w)
{
	const struct store_options o = {.sha256 = digest_sha256};
	struct head_paper found = {0};
	char path[STATION_PATH_CAP + 32];
	struct store *copy = NULL;
	enum err e;

	(void)snprintf(path, sizeof(path), "%s/" STATION_BOOK, folder);
	e = store_open(path, &o, &copy, w);
	if (e == ERR_OK)
		e = store_check(copy, out, w);
	if (e == ERR_OK)
		e = head_read(copy, &found, w);
	if (e == ERR_OK && (found.seq != p->head.seq || memcmp(found.hash, p->head.hash, sizeof(found.hash)) != 0))
		e = why_set(w, ERR_DB_DAMAGED, MSG_BACKUP_NOT_PROVEN, WHY_CODE(p->path));
	store_close(&copy);
	return e;
}

static enum err
prove(const struct packing *p, struct store_health *out, struct why *w)
{
	char folder[STATION_PATH_CAP + 8];
	struct sealed_stream_head h;
	struct sealed_stream *from = NULL;
	enum err e;

	(void)unlink(p->copy);
	(void)snprintf(folder, sizeof(folder), "%s/proof", p->folder);
	e = sealed_stream_open(p->unnamed, p->pass, p->pass_len, &h, &from, w);
	if (e == ERR_OK)
		e = archive_folders(folder, w);
	if (e == ERR_OK)
		e = archive_unpack(from, h.test, folder, w);
	sealed_stream_close(&from);
	return e == ERR_OK ? audit_unpacked(p, folder, out, w) : e;
}

static enum err
make(struct packing *p, struct backup_report *out, struct why *w)
{
	struct stat st;
	enum err e = store_copy(p->s->store, p->copy, w);

	if (e == ERR_OK)
		e = head_of_copy(p, w);
	if (e == ERR_OK)
		e = pack(p, w);
	if (e == ERR_OK)
		e = prove(p, &out->health, w);
	if (e == ERR_OK)
		e = file_publish(p->unnamed, p->path, w);
	if (e == ERR_OK && stat(p->path, &st) == 0)
		out->bytes = (uint64_t)st.st_size;
	out->head = p->head;
	return e;
}

enum err
station_backup(struct station *s, const char *path, const char *pass, size_t pass_len,
    struct backup_report *out, struct why *w)
{
	struct packing p = {.s = s, .path = path, .pass = pass, .pass_len = pass_len};
	struct stat st;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (lstat(path, &st) == 0)
		return why_set(w, ERR_DUPLICATE, MSG_FILE_EXISTS, WHY_CODE(path));
	e = name_places(&p, w);
	if (e == ERR_OK)
		e = make(&p, out, w);
	if (e != ERR_OK)
		(void)unlink(p.unnamed);
	folder_remove(p.folder);
	return e;
}
