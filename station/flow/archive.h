/*
 * Inside station/flow: the files of a club in one sealed stream. Each is the length of its name (1), the name, its
 * length (8, big-endian) and its bytes; a name of no bytes ends them.
 */
#ifndef STATION_FLOW_ARCHIVE_H
#define STATION_FLOW_ARCHIVE_H

#include "keys/sealed_stream.h"
#include "station/flow/station.h"

#define ARCHIVE_NAME_CAP 256
#define ARCHIVE_HEAD "head"	/* the signed head of the journal inside */
#define ARCHIVE_CERT "keys/before.cert"	/* of the station as it was */
#define ARCHIVE_SAFE "keys/before.safe"	/* of a practice club alone */

/* Put the file at `path` in under `name`. Errors: ERR_IO (it changed its length meanwhile), those of files and streams. */
enum err archive_file(struct sealed_stream *to, const char *name, const char *path, struct why *w);
enum err archive_bytes(struct sealed_stream *to, const char *name, const void *bytes, size_t len,
    struct why *w);
/* All plain files of a club's designs (its logo among them) and of its members' photos. */
enum err archive_pictures(struct sealed_stream *to, const char *folder, struct why *w);
enum err archive_end(struct sealed_stream *to, struct why *w);

/*
 * Take all of them out below `folder`, which has its folders already, up to the proven end. Only names this
 * program gives are taken, in the folder's bounds; the safe and the root of a practice club only if `test`.
 * Errors: ERR_SAFE (a name or a length that is not ours), those of files and streams.
 */
enum err archive_unpack(struct sealed_stream *from, bool test, const char *folder, struct why *w);

/* The folders of a club below `folder`, which is made. */
enum err archive_folders(const char *folder, struct why *w);

#endif
