/*
 * Files that appear whole or not at all. Private to the printer room.
 */
#ifndef PRINTER_FILE_H
#define PRINTER_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

/*
 * Write `len` bytes beside `path` under a temporary name, sync, rename over it, sync
 * the folder. Only the owner may read it: artwork carries names. On any error nothing
 * of it is left. Errors: those of why_errno.
 */
enum err file_write_whole(const char *path, const uint8_t *p, size_t len,
    struct why *w);

/*
 * Read all of `path`, at most `cap` bytes, NUL-ended; `*out` is free()d by the caller.
 * Errors: those of why_errno; ERR_LEN without a message if the file is longer.
 */
enum err file_read_whole(const char *path, size_t cap, char **out, size_t *len,
    struct why *w);

#endif
