#define _XOPEN_SOURCE 700	/* nftw */
#include "station/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
write_all(int fd, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
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

static void
sync_folder_of(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

enum err
file_write(const char *path, const void *data, size_t len, mode_t mode, struct why *w)
{
	char temp[PATH_MAX];
	int n = snprintf(temp, sizeof(temp), "%s.%ld.new", path, (long)getpid());
	int bad;

	if (n < 0 || (size_t)n >= sizeof(temp))
		return why_errno(w, ENAMETOOLONG, path);
	(void)unlink(temp);
	bad = fill(temp, data, len, mode);
	if (bad == 0 && rename(temp, path) != 0)
		bad = errno;
	if (bad != 0) {
		(void)unlink(temp);
		return why_errno(w, bad, path);
	}
	sync_folder_of(path);
	return ERR_OK;
}

enum err
file_read(const char *path, void *out, size_t cap, size_t *len, struct why *w)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t got = 0;
	uint8_t spare;
	ssize_t n = 1;
	int bad = 0;

	*len = 0;
	if (fd < 0)
		return why_errno(w, errno, path);
	while (got < cap && n != 0) {
		n = read(fd, (uint8_t *)out + got, cap - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			bad = errno;
			break;
		}
		got += (size_t)n;
	}
	if (bad == 0 && got == cap && read(fd, &spare, 1) > 0)
		bad = EFBIG;
	(void)close(fd);
	if (bad == EFBIG)
		return why_set(w, ERR_LEN, MSG_FILE_SIZE_WRONG, WHY_CODE(path));
	if (bad != 0)
		return why_errno(w, bad, path);
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

enum err
folder_make(const char *path, mode_t mode, struct why *w)
{
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return ERR_OK;
	return why_errno(w, errno, path);
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
