/* Whole files: read with a bound, written so that they appear whole or not at all. */
#ifndef STATION_BASE_FILE_H
#define STATION_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "station/base/err.h"

/*
 * Write `len` bytes to `path`: a temporary name beside it (`mode`, less the umask), synced, renamed
 * over it, the folder synced. After an error the old file stands; only when the folder could not be
 * synced it may be the new one. Errors: ERR_DISK_FULL, ERR_MISSING (folder), ERR_NOMEM, ERR_IO.
 */
enum err file_write(const char *path, const void *data, size_t len, mode_t mode, struct why *w);

/* The same under a name that nobody has; a link that leads nowhere is one. Errors: ERR_DUPLICATE too. */
enum err file_create(const char *path, const void *data, size_t len, mode_t mode, struct why *w);

/* Give the synced file `temp` the name `path`, which nobody has, and sync the folder. `temp` goes in any case. Errors: ERR_DUPLICATE, ERR_IO. */
enum err file_publish(const char *temp, const char *path, struct why *w);

/* Exactly `len` bytes. Errors: ERR_MISSING, ERR_IO, ERR_LEN (shorter or longer). */
enum err file_read_exact(const char *path, void *out, size_t len, struct why *w);

/* At most `cap` bytes, *len of them. Errors: ERR_MISSING, ERR_IO, ERR_LEN (longer than `cap`). */
enum err file_read(const char *path, void *out, size_t cap, size_t *len, struct why *w);

/*
 * Wait for the turn, among all processes and threads, to read a file of the folder of `path` and write it anew:
 * without it the later of two changes undoes the earlier. It ends with file_unlock, or the process. Whoever
 * does not ask for it is not held up. Errors, with *lock -1: ERR_MISSING (folder), ERR_IO.
 */
enum err file_lock(const char *path, int *lock, struct why *w);
/* *lock -1 is fine, and so it is afterwards. */
void file_unlock(int *lock);

/* Make a folder; one that exists already is fine. Errors: ERR_DISK_FULL, ERR_MISSING (its parent), ERR_IO (also a file of that name). */
enum err folder_make(const char *path, mode_t mode, struct why *w);

/*
 * Give the folder `temp` the name `path`, which nobody or an empty folder has, and see that the name is on the disk.
 * Errors: ERR_DUPLICATE (not empty), ERR_MISSING, ERR_DISK_FULL, ERR_IO.
 */
enum err folder_publish(const char *temp, const char *path, struct why *w);

/* Remove a folder and all below it, as far as it goes; does not follow links. */
void folder_remove(const char *path);

#endif
