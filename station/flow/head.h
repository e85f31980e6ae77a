/* Inside station/flow: where a journal ends. Everybody else calls backup.h. */
#ifndef STATION_FLOW_HEAD_H
#define STATION_FLOW_HEAD_H

#include "keys/head.h"
#include "station/store/store.h"

/* Row, hash and incarnation of this moment, and the minute; station and signer are the caller's. */
enum err head_read(struct store *db, struct head_paper *out, struct why *w);

/* A paper from a file, verified. Errors: ERR_FORMAT (also too long), those of head_paper_open and files. */
enum err head_load(const char *path, const uint8_t root_pub[PUBKEY_LEN], bool test,
    struct head_paper *out, struct why *w);

#endif
