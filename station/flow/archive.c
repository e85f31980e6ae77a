#include "station/flow/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "station/base/bytes.h"
#include "station/base/file.h"
#include "station/flow/settings.h"

#define CHUNK 65536
#define LENGTH_LEN 8
#define PICTURE_CAP (UINT64_C(64) << 20)

/* Folders that go in and out with all their files. */
static const struct {
	const char *name;
	mode_t mode;
} folders[] = {{STATION_DESIGNS, 0644}, {STATION_PHOTOS, 0600}};

/* Every other name; what is secret only in a practice club's backup. */
static const struct {
	const char *name;
	bool practice;
	mode_t mode;
} known[] = {
	{ARCHIVE_HEAD, false, 0644}, {STATION_BOOK, false, 0600}, {STATION_ROOT_PUB, false, 0644},
	{ARCHIVE_CERT, false, 0644}, {STATION_ROOT, true, 0600}, {ARCHIVE_SAFE, true, 0600},
};

enum err
archive_folders(const char *folder, struct why *w)
{
	static const struct {
		const char *name;
		mode_t mode;
	} below[] = {
		{STATION_KEYS_DIR, 0700}, {STATION_DESIGNS, 0755}, {STATION_PHOTOS, 0700}, {STATION_PRINTS, 0700},
		{STATION_CARDS, 0700},
	};
	char path[STATION_PATH_CAP];
	enum err e = folder_make(folder, 0755, w);

	for (size_t i = 0; e == ERR_OK && i < sizeof(below) / sizeof(below[0]); i++) {
		int n = snprintf(path, sizeof(path), "%s/%s", folder, below[i].name);

		e = n < 0 || (size_t)n >= sizeof(path) ? why_errno(w, ENAMETOOLONG, folder) :
							 folder_make(path, below[i].mode, w);
	}
	return e;
}

/* --- in */

static enum err
begin_member(struct sealed_stream *to, const char *name, uint64_t len, struct why *w)
{
	uint8_t head[1 + ARCHIVE_NAME_CAP + LENGTH_LEN];
	struct writer b = writer_over(head, sizeof(head));
	size_t n = strlen(name);

	put_u8(&b, (uint8_t)n);
	put_bytes(&b, name, n);
	put_be64(&b, len);
	if (n >= ARCHIVE_NAME_CAP || b.overflow)
		return why_errno(w, ENAMETOOLONG, name);
	return sealed_stream_write(to, head, b.len, w);
}

enum err
archive_bytes(struct sealed_stream *to, const char *name, const void *bytes, size_t len, struct why *w)
{
	enum err e = begin_member(to, name, len, w);

	return e == ERR_OK ? sealed_stream_write(to, bytes, len, w) : e;
}

static enum err
pour_in(struct sealed_stream *to, int fd, const char *path, uint64_t left, struct why *w)
{
	uint8_t room[CHUNK];
	enum err e = ERR_OK;

	while (e == ERR_OK && left > 0) {
		size_t want = left < sizeof(room) ? (size_t)left : sizeof(room);
		ssize_t n = read(fd, room, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return why_errno(w, errno, path);
		if (n == 0)	/* somebody has cut it meanwhile */
			return why_set(w, ERR_IO, MSG_BACKUP_CHANGED, WHY_CODE(path));
		left -= (uint64_t)n;
		e = sealed_stream_write(to, room, (size_t)n, w);
	}
	return e;
}

enum err
archive_file(struct sealed_stream *to, const char *name, const char *path, struct why *w)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	enum err e;

	if (fd < 0)
		return why_errno(w, errno, path);
	e = fstat(fd, &st) == 0 ? ERR_OK : why_errno(w, errno, path);
	if (e == ERR_OK)
		e = begin_member(to, name, (uint64_t)st.st_size, w);
	if (e == ERR_OK)
		e = pour_in(to, fd, path, (uint64_t)st.st_size, w);
	(void)close(fd);
	return e;
}

static enum err
archive_leaf(struct sealed_stream *to, const char *name, const char *path, const char *leaf, struct why *w)
{
	char from[STATION_PATH_CAP], as[ARCHIVE_NAME_CAP];
	int n = snprintf(from, sizeof(from), "%s/%s", path, leaf);
	int m = snprintf(as, sizeof(as), "%s/%s", name, leaf);
	struct stat st;

	if (n < 0 || (size_t)n >= sizeof(from) || m < 0 || (size_t)m >= sizeof(as))
		return why_errno(w, ENAMETOOLONG, leaf);
	if (lstat(from, &st) != 0)
		return errno == ENOENT ? ERR_OK : why_errno(w, errno, from);
	return S_ISREG(st.st_mode) ? archive_file(to, as, from, w) : ERR_OK;
}

static enum err
archive_folder(struct sealed_stream *to, const char *name, const char *path, struct why *w)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	enum err e = ERR_OK;

	if (dir == NULL)
		return errno == ENOENT ? ERR_OK : why_errno(w, errno, path);
	while (e == ERR_OK && (d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.')
			e = archive_leaf(to, name, path, d->d_name, w);
	(void)closedir(dir);
	return e;
}

enum err
archive_pictures(struct sealed_stream *to, const char *folder, struct why *w)
{
	char path[STATION_PATH_CAP];
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < sizeof(folders) / sizeof(folders[0]); i++) {
		int n = snprintf(path, sizeof(path), "%s/%s", folder, folders[i].name);

		e = n < 0 || (size_t)n >= sizeof(path) ? why_errno(w, ENAMETOOLONG, folder) :
							 archive_folder(to, folders[i].name, path, w);
	}
	return e;
}

enum err
archive_end(struct sealed_stream *to, struct why *w)
{
	static const uint8_t end[1] = {0};
	enum err e = sealed_stream_write(to, end, sizeof(end), w);

	return e == ERR_OK ? sealed_stream_finish(to, w) : e;
}

/* --- out */

static enum err
not_ours(const char *name, struct why *w)
{
	return why_set(w, ERR_SAFE, MSG_BACKUP_MEMBER, WHY_CODE(name));
}

/* Exactly `len` bytes, or the stream is damaged in a way its seal cannot tell: cut by its maker. */
static enum err
take(struct sealed_stream *from, void *out, size_t len, struct why *w)
{
	uint8_t *p = out;

	while (len > 0) {
		size_t n;
		enum err e = sealed_stream_read(from, p, len, &n, w);

		if (e != ERR_OK)
			return e;
		if (n == 0)
			return not_ours("", w);
		p += n;
		len -= n;
	}
	return ERR_OK;
}

/* A name in one of the folders: one leaf, no dot in front, nothing a path could be made of. */
static bool
is_below(const char *name, const char *folder)
{
	const size_t len = strlen(folder);
	const char *leaf = name + len + 1;

	return strncmp(name, folder, len) == 0 && name[len] == '/' && leaf[0] != '.' && leaf[0] != '\0' &&
	    strchr(leaf, '/') == NULL;
}

static enum err
mode_of(const char *name, bool test, uint64_t len, mode_t *mode, struct why *w)
{
	*mode = 0600;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (is_below(name, folders[i].name)) {
			*mode = folders[i].mode;
			return len <= PICTURE_CAP ? ERR_OK : not_ours(name, w);
		}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(name, known[i].name) == 0 && (test || !known[i].practice)) {
			*mode = known[i].mode;
			return ERR_OK;
		}
	return not_ours(name, w);
}

static enum err
pour_out(struct sealed_stream *from, int fd, const char *path, uint64_t left, struct why *w)
{
	uint8_t room[CHUNK];

	while (left > 0) {
		size_t n = left < sizeof(room) ? (size_t)left : sizeof(room), done = 0;
		enum err e = take(from, room, n, w);

		if (e != ERR_OK)
			return e;
		while (done < n) {
			ssize_t put = write(fd, room + done, n - done);

			if (put < 0 && errno == EINTR)
				continue;
			if (put <= 0)
				return why_errno(w, put < 0 ? errno : EIO, path);
			done += (size_t)put;
		}
		left -= n;
	}
	return fsync(fd) == 0 ? ERR_OK : why_errno(w, errno, path);
}

static enum err
unpack_one(struct sealed_stream *from, bool test, const char *folder, const char *name, struct why *w)
{
	uint8_t bytes[LENGTH_LEN];
	struct cursor c = cursor_over(bytes, sizeof(bytes));
	char path[STATION_PATH_CAP];
	int n = snprintf(path, sizeof(path), "%s/%s", folder, name), fd;
	mode_t mode;
	uint64_t len;
	enum err e = take(from, bytes, sizeof(bytes), w);

	len = take_be64(&c);
	if (e == ERR_OK)
		e = mode_of(name, test, len, &mode, w);
	if (e == ERR_OK && (n < 0 || (size_t)n >= sizeof(path)))
		e = why_errno(w, ENAMETOOLONG, name);
	if (e != ERR_OK)
		return e;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return errno == EEXIST ? not_ours(name, w) : why_errno(w, errno, path);
	e = pour_out(from, fd, path, len, w);
	if (close(fd) != 0 && e == ERR_OK)
		e = why_errno(w, errno, path);
	return e;
}

static enum err
prove_end(struct sealed_stream *from, struct why *w)
{
	uint8_t more;
	size_t n;
	enum err e = sealed_stream_read(from, &more, sizeof(more), &n, w);

	return e == ERR_OK && n != 0 ? not_ours("", w) : e;
}

enum err
archive_unpack(struct sealed_stream *from, bool test, const char *folder, struct why *w)
{
	for (;;) {
		char name[ARCHIVE_NAME_CAP];
		uint8_t len;
		enum err e = take(from, &len, sizeof(len), w);

		if (e == ERR_OK && len == 0)
			return prove_end(from, w);
		if (e == ERR_OK)
			e = take(from, name, len, w);
		if (e != ERR_OK)
			return e;
		name[len] = '\0';
		if (strlen(name) != len)
			return not_ours("", w);
		e = unpack_one(from, test, folder, name, w);
		if (e != ERR_OK)
			return e;
	}
}
