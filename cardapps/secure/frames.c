#include "cardapps/secure/frames.h"

#include <string.h>

#include "keys/channel_ev2.h"

#define CLA_WRAPPED 0x90
#define SW1_DESFIRE 0x91

void
frames_end_session(struct ev1 *s)
{
	channel_close(&s->session);
	channel_ev2_close(&s->ev2);
}

void
frames_clear_answer(struct ev1 *s)
{
	s->status = DF_OK;
	s->answer = s->buffer;
	s->answer_len = 0;
}

static const char *
name_of(enum df_ins ins)
{
	const struct df_command *c = df_command_of(ins);

	return c == NULL ? "?" : c->name;
}

enum err
frames_strange_answer(struct ev1 *s, enum df_ins ins, struct why *w)
{
	frames_end_session(s);
	return why_set(w, ERR_LEN, MSG_CARD_STRANGE_ANSWER, WHY_CODE(name_of(ins)));
}

/* --- one frame */

/* ISO/IEC 7816-4, 67 00: from a reader that does not pass so much on. The card saw nothing of it. */
static bool
says_wrong_length(const uint8_t *rapdu, size_t len)
{
	return len == 2 && rapdu[0] == 0x67 && rapdu[1] == 0x00;
}

/* The request is long, or its answer will be. */
static bool
may_be_too_long(uint8_t ins, size_t len)
{
	return len > EV1_FRAME_SMALL || ins == DF_READ_DATA_LONG;
}

/* Data 91 status, or 67 00 to what may be too long for this reader. */
static enum err
take_frame(struct ev1 *s, uint8_t ins, size_t sent, size_t got, struct why *w)
{
	const uint8_t *rapdu = s->buffer + s->answer_len;

	s->unsent = may_be_too_long(ins, sent) && says_wrong_length(rapdu, got);
	if (s->unsent) {
		s->status = DF_LENGTH_ERROR;
		return ERR_OK;
	}
	if (got < 2 || got > RAPDU_CAP || rapdu[got - 2] != SW1_DESFIRE) {
		frames_end_session(s);
		return why_set(w, ERR_CARD_SW, MSG_CARD_STRANGE_ANSWER, WHY_CODE(name_of(ins)));
	}
	s->status = rapdu[got - 1];
	s->answer_len += got - 2;
	return ERR_OK;
}

enum err
frames_exchange(struct ev1 *s, uint8_t ins, const uint8_t *data, size_t len, struct why *w)
{
	uint8_t capdu[APDU_CAP] = {CLA_WRAPPED, ins, 0, 0, (uint8_t)len};
	size_t n = 5, got;
	enum err e;

	if (len > 0) {
		memcpy(capdu + n, data, len);
		n += len;
		capdu[n++] = 0;
	}
	e = reader_transmit(s->reader, capdu, n, s->buffer + s->answer_len, &got, w);
	if (e != ERR_OK) {
		frames_end_session(s);
		return e;
	}
	return take_frame(s, ins, len, got, w);
}

/* --- all of them */

/* The request in frames of `frame` bytes; between them the card may only ask for more. */
static enum err
send_in(struct ev1 *s, size_t frame, enum df_ins ins, const uint8_t *data, size_t len,
    struct why *w)
{
	size_t sent = 0;
	enum err e;

	do {
		size_t n = len - sent < frame ? len - sent : frame;

		e = frames_exchange(s, sent == 0 ? (uint8_t)ins : DF_ADDITIONAL_FRAME, data + sent,
		    n, w);
		if (e != ERR_OK)
			return e;
		sent += n;
		if (sent < len && s->status == DF_OK)
			return frames_strange_answer(s, ins, w);
	} while (sent < len && s->status == DF_MORE && s->answer_len == 0);
	return sent < len && s->status == DF_MORE ? frames_strange_answer(s, ins, w) : ERR_OK;
}

static enum err
send_frames(struct ev1 *s, enum df_ins ins, const uint8_t *data, size_t len, struct why *w)
{
	size_t frame = s->frame == 0 ? EV1_FRAME : s->frame;
	enum err e = send_in(s, frame, ins, data, len, w);

	if (e != ERR_OK || s->status != DF_LENGTH_ERROR || len <= EV1_FRAME_SMALL ||
	    frame <= EV1_FRAME_SMALL)
		return e;
	s->frame = EV1_FRAME_SMALL;
	s->lessons++;
	return send_in(s, s->frame, ins, data, len, w);
}

enum err
frames_fetch(struct ev1 *s, enum df_ins ins, struct why *w)
{
	enum err e;

	for (unsigned n = 0; s->status == DF_MORE; n++) {
		if (n == EV1_FRAMES_MAX || s->answer_len > EV1_ANSWER_CAP)
			return frames_strange_answer(s, ins, w);
		e = frames_exchange(s, DF_ADDITIONAL_FRAME, NULL, 0, w);
		if (e != ERR_OK)
			return e;
	}
	return s->answer_len > EV1_ANSWER_CAP ? frames_strange_answer(s, ins, w) : ERR_OK;
}

enum err
frames_run(struct ev1 *s, enum df_ins ins, const uint8_t *data, size_t len, struct why *w)
{
	enum err e;

	frames_clear_answer(s);
	e = send_frames(s, ins, data, len, w);
	return e == ERR_OK ? frames_fetch(s, ins, w) : e;
}

/* --- status */

enum err
frames_judge(struct ev1 *s, enum df_ins ins, struct why *w)
{
	const struct df_status *st = df_status_of(s->status);

	if (!st->keeps_session)
		frames_end_session(s);
	if (st->err == ERR_OK)
		return ERR_OK;
	return why_set(w, st->err, st->msg, WHY_CODE(name_of(ins)),
	    WHY_HEX(SW1_DESFIRE << 8 | s->status));
}

enum err
frames_judge_key(struct ev1 *s, enum df_ins ins, struct why *w)
{
	enum err e = frames_judge(s, ins, w);

	if (e != ERR_OK && s->status == DF_AUTHENTICATION_ERROR)
		return why_set(w, ERR_CARD_AUTH, MSG_CARD_KEY_REFUSED, WHY_CODE(name_of(ins)),
		    WHY_HEX(SW1_DESFIRE << 8 | s->status));
	return e;
}
