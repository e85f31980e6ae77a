#define _GNU_SOURCE	/* nftw, renameat2, flock */
#include "station/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int
write_all(int fd, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Fill and sync the file at `path`, made new; 0 or an errno. */
static int
fill(const char *path, const void *data, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	int bad;

	if (fd < 0)
		return errno;
	bad = write_all(fd, data, len);
	if (bad == 0 && fsync(fd) != 0)
		bad = errno;
	if (close(fd) != 0 && bad == 0)
		bad = errno;
	return bad;
}

static int
open_folder_of(const char *path)
{
	char copy[PATH_MAX];

	(void)snprintf(copy, sizeof(copy), "%s", path);
	return open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A new name is on the disk when its folder is. EINVAL: a file system that syncs no folders. */
static int
sync_folder_of(const char *path)
{
	int bad = 0;
	int fd = open_folder_of(path);

	if (fd < 0)
		return errno;
	if (fsync(fd) != 0 && errno != EINVAL)
		bad = errno;
	(void)close(fd);
	return bad;
}

/*
 * link() gives the name only if nobody has it, which rename() would not ask. File systems of USB disks know no
 * second name, but some of them such a rename.
 */
static int
give_free_name(const char *temp, const char *path)
{
	if (link(temp, path) == 0)
		return 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return errno;
	return renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) == 0 ? 0 : errno;
}

static int
publish(const char *temp, const char *path, bool replace)
{
	int bad = !replace ? give_free_name(temp, path) : rename(temp, path) == 0 ? 0 : errno;

	if (bad != 0 || !replace)
		(void)unlink(temp);
	if (bad != 0)
		return bad;
	bad = sync_folder_of(path);
	if (bad != 0 && !replace)
		(void)unlink(path);
	return bad;
}

/* 0 or an errno. The temporary name is this call's own, among processes and threads. */
static int
write_whole(const char *path, const void *data, size_t len, mode_t mode, bool replace)
{
	static atomic_uint calls;
	char temp[PATH_MAX];
	int n = snprintf(temp, sizeof(temp), "%s.%ld-%u.new", path, (long)getpid(),
	    atomic_fetch_add(&calls, 1));
	int bad;

	if (n < 0 || (size_t)n >= sizeof(temp))
		return ENAMETOOLONG;
	(void)unlink(temp);	/* of a process that died under our number */
	bad = fill(temp, data, len, mode);
	if (bad != 0) {
		(void)unlink(temp);
		return bad;
	}
	return publish(temp, path, replace);
}

enum err
file_write(const char *path, const void *data, size_t len, mode_t mode, struct why *w)
{
	int bad = write_whole(path, data, len, mode, true);

	return bad == 0 ? ERR_OK : why_errno(w, bad, path);
}

enum err
file_publish(const char *temp, const char *path, struct why *w)
{
	int bad = publish(temp, path, false);

	if (bad == EEXIST)
		return why_set(w, ERR_DUPLICATE, MSG_FILE_EXISTS, WHY_CODE(path));
	return bad == 0 ? ERR_OK : why_errno(w, bad, path);
}

enum err
file_create(const char *path, const void *data, size_t len, mode_t mode, struct why *w)
{
	int bad = write_whole(path, data, len, mode, false);

	if (bad == EEXIST)
		return why_set(w, ERR_DUPLICATE, MSG_FILE_EXISTS, WHY_CODE(path));
	return bad == 0 ? ERR_OK : why_errno(w, bad, path);
}

/* As much as there is, up to `cap`; 0 or an errno. */
static int
read_up_to(int fd, uint8_t *p, size_t cap, size_t *len)
{
	*len = 0;
	while (*len < cap) {
		ssize_t n = read(fd, p + *len, cap - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return 0;
}

enum err
file_read(const char *path, void *out, size_t cap, size_t *len, struct why *w)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t got = 0, more = 0;
	uint8_t spare;
	int bad;

	*len = 0;
	if (fd < 0)
		return why_errno(w, errno, path);
	bad = read_up_to(fd, out, cap, &got);
	if (bad == 0)
		bad = read_up_to(fd, &spare, 1, &more);
	(void)close(fd);
	if (bad != 0)
		return why_errno(w, bad, path);
	if (more > 0)
		return why_set(w, ERR_LEN, MSG_FILE_SIZE_WRONG, WHY_CODE(path));
	*len = got;
	return ERR_OK;
}

enum err
file_read_exact(const char *path, void *out, size_t len, struct why *w)
{
	size_t got;
	enum err e = file_read(path, out, len, &got, w);

	if (e == ERR_OK && got != len)
		e = why_set(w, ERR_LEN, MSG_FILE_SIZE_WRONG, WHY_CODE(path));
	return e;
}

/* The folder's: the file itself is another one after each change. */
enum err
file_lock(const char *path, int *lock, struct why *w)
{
	int bad = 0;

	*lock = open_folder_of(path);
	if (*lock < 0)
		return why_errno(w, errno, path);
	while (bad == 0 && flock(*lock, LOCK_EX) != 0)
		bad = errno == EINTR ? 0 : errno;
	if (bad != 0)
		file_unlock(lock);
	return bad == 0 ? ERR_OK : why_errno(w, bad, path);
}

void
file_unlock(int *lock)
{
	if (*lock >= 0)
		(void)close(*lock);
	*lock = -1;
}

enum err
folder_make(const char *path, mode_t mode, struct why *w)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return ERR_OK;
	if (errno != EEXIST)
		return why_errno(w, errno, path);
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return why_errno(w, ENOTDIR, path);
	return ERR_OK;
}

enum err
folder_publish(const char *temp, const char *path, struct why *w)
{
	int bad = rename(temp, path) == 0 ? 0 : errno;

	if (bad == ENOTEMPTY || bad == EEXIST)
		return why_set(w, ERR_DUPLICATE, MSG_FILE_EXISTS, WHY_CODE(path));
	if (bad == 0) {
		bad = sync_folder_of(path);
		/* what may be gone after a power cut is taken back now, while the caller can say so */
		if (bad != 0)
			(void)rename(path, temp);
	}
	return bad == 0 ? ERR_OK : why_errno(w, bad, path);
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
	(void)st;
	(void)flag;
	(void)walk;
	(void)remove(path);
	return 0;
}

void
folder_remove(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
