/* Inside of secure/: a command's frames there and back, and what the status says. Sessions of every kind use it. */
#ifndef CARDAPPS_SECURE_FRAMES_H
#define CARDAPPS_SECURE_FRAMES_H

#include "cardapps/secure/ev1.h"

/* Longest data of one short APDU. */
#define LONG_FRAME 255

/* Close whichever session stands. */
void frames_end_session(struct ev1 *s);
void frames_clear_answer(struct ev1 *s);
/* Ends the session; ERR_LEN. */
enum err frames_strange_answer(struct ev1 *s, enum df_ins ins, struct why *w);

/*
 * One wrapped APDU of up to LONG_FRAME data bytes; data of the answer are put behind what is in the
 * buffer already:
 *   90 INS 00 00 [Lc data] 00   ->   data 91 status
 * Lc is absent without data, Le is always there. Where the reader did not pass a long one on (67 00)
 * s->unsent is true, the status DF_LENGTH_ERROR, and the session stands.
 */
enum err frames_exchange(struct ev1 *s, uint8_t ins, const uint8_t *data, size_t len,
    struct why *w);
/*
 * The request in frames, the whole answer put together without their edges. Frames found too long
 * are sent again shorter, the same bytes. If the reader refused, the session goes on; if the card
 * did, its session is over and says so now, and the next one works.
 */
enum err frames_run(struct ev1 *s, enum df_ins ins, const uint8_t *data, size_t len,
    struct why *w);
/* The rest of an answer that one exchange began. */
enum err frames_fetch(struct ev1 *s, enum df_ins ins, struct why *w);

/* What the status means; a session that the status ends is closed here. */
enum err frames_judge(struct ev1 *s, enum df_ins ins, struct why *w);
/* The same in an authentication, where the status that elsewhere says "no session" refuses a key. */
enum err frames_judge_key(struct ev1 *s, enum df_ins ins, struct why *w);

#endif
