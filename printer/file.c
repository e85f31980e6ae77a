#include "printer/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0 or an errno. */
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
	return fsync(fd) == 0 ? 0 : errno;
}

/* The name is durable when its folder is. Some file systems refuse this: the data are safe already. */
static void
sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? strdup(".") :
	    strndup(path, slash == path ? 1 : (size_t)(slash - path));
	int fd = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(folder);
}

/* The size limit of a process (EFBIG) is to the user what a full disk is. */
static enum err
write_error(struct why *w, int errnum, const char *path)
{
	return why_errno(w, errnum == EFBIG ? ENOSPC : errnum, path);
}

enum err
file_write_whole(const char *path, const uint8_t *p, size_t len, struct why *w)
{
	size_t cap = strlen(path) + sizeof(".XXXXXX");
	char *temp = malloc(cap);
	int error, fd;

	if (temp == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	snprintf(temp, cap, "%s.XXXXXX", path);
	fd = mkstemp(temp);
	if (fd < 0) {
		error = errno;
		goto out;
	}
	error = write_all(fd, p, len);
	if (close(fd) != 0 && error == 0)
		error = errno;
	if (error == 0 && rename(temp, path) != 0)
		error = errno;
	if (error != 0)
		(void)unlink(temp);
	else
		sync_folder(path);
out:
	free(temp);
	return error == 0 ? ERR_OK : write_error(w, error, path);
}

/* -1 and errno, or how many bytes came; one more than `cap` means longer. */
static ssize_t
read_up_to(int fd, char *to, size_t cap)
{
	size_t got = 0;
	while (got <= cap) {
		ssize_t n = read(fd, to + got, cap + 1 - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

enum err
file_read_whole(const char *path, size_t cap, char **out, size_t *len,
    struct why *w)
{
	enum err e = ERR_OK;
	struct stat st;
	char *buf = NULL;
	ssize_t n;

	*out = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return why_errno(w, errno, path);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		e = why_errno(w, EINVAL, path);
		goto out;
	}
	buf = malloc(cap + 2);
	if (buf == NULL) {
		e = why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
		goto out;
	}
	n = read_up_to(fd, buf, cap);
	if (n < 0) {
		e = why_errno(w, errno, path);
	} else if ((size_t)n > cap) {
		e = ERR_LEN;
	} else {
		buf[n] = '\0';
		*len = (size_t)n;
		*out = buf;
		buf = NULL;
	}
out:
	free(buf);
	close(fd);
	return e;
}
