#include "cardapps/secure/ev2.h"

#include <string.h>

#include "cardapps/secure/frames.h"
#include "keys/channel_ev2.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

#define BLOCK CHANNEL_EV2_BLOCK

/* --- authentication */

/* First the card's E(RndB), then our token against its proof: AF between them. */
static enum err
prove(struct ev1 *s, enum df_ins ins, const struct card_key *key, const struct channel_ev2 *before,
    struct channel_ev2 **out, struct why *w)
{
	uint8_t token[CHANNEL_EV2_TOKEN_LEN];
	struct channel_ev2 *ch = NULL;
	enum err e;

	e = channel_ev2_begin(key, before, s->buffer, s->answer_len, &ch, token, w);
	if (e != ERR_OK)
		return e;
	frames_clear_answer(s);
	e = frames_exchange(s, DF_ADDITIONAL_FRAME, token, sizeof(token), w);
	if (e == ERR_OK)
		e = frames_judge_key(s, ins, w);
	if (e == ERR_OK && s->status != DF_OK)
		e = frames_strange_answer(s, ins, w);
	if (e == ERR_OK)
		e = channel_ev2_finish(ch, s->buffer, s->answer_len, w);
	if (e != ERR_OK)
		channel_ev2_close(&ch);
	*out = ch;
	WIPE(token);
	return e;
}

/* First names the length of the reader's capabilities: none. */
enum err
ev2_authenticate(struct ev1 *s, uint8_t key_no, const struct card_key *key, struct why *w)
{
	const enum df_ins ins = s->ev2 == NULL ? DF_AUTHENTICATE_EV2_FIRST :
	    DF_AUTHENTICATE_EV2_NON_FIRST;
	const uint8_t data[2] = {key_no, 0};
	struct channel_ev2 *fresh = NULL;
	enum err e;

	frames_clear_answer(s);
	e = frames_exchange(s, (uint8_t)ins, data, ins == DF_AUTHENTICATE_EV2_FIRST ? 2 : 1, w);
	if (e == ERR_OK)
		e = frames_judge_key(s, ins, w);
	if (e == ERR_OK && s->status != DF_MORE)
		e = frames_strange_answer(s, ins, w);
	if (e == ERR_OK)
		e = prove(s, ins, key, s->ev2, &fresh, w);
	frames_end_session(s);
	s->ev2 = fresh;
	s->session_key_no = key_no;
	return e;
}

/* --- requests: INS header data, of which the table's head stays clear; then the MAC over all of it as sent */

/* A file without protection: neither way carries anything, only the counter runs. */
static bool
is_plain(const struct df_command *c, enum ev1_mode mode)
{
	return mode == EV1_PLAIN && (c->request == COVER_FILE || c->answer == COVER_FILE);
}

static bool
is_sealed(enum df_cover cover, enum ev1_mode mode)
{
	return cover == COVER_SEALED || (cover == COVER_FILE && mode == EV1_ENCIPHERED);
}

/* 80 00.. up to a block's end, a whole block where the data end with one. */
static enum err
seal(struct ev1 *s, struct writer *out, size_t clear, struct why *w)
{
	put_u8(out, 0x80);
	put_zeros(out, (BLOCK - (out->len - clear) % BLOCK) % BLOCK);
	if (out->overflow)
		return why_set(w, ERR_LEN, MSG_CARD_REQUEST_LONG, WHY_NUM(out->len));
	return channel_ev2_encrypt(s->ev2, s->request + clear, out->len - clear, w);
}

static enum err
cover_request(struct ev1 *s, const struct df_command *c, enum ev1_mode mode, struct writer *out,
    struct why *w)
{
	uint8_t mac[CHANNEL_MAC_LEN];
	enum err e = ERR_OK;

	if (is_plain(c, mode))
		return ERR_OK;
	if (is_sealed(c->request, mode))
		e = seal(s, out, 1u + c->head, w);
	if (e == ERR_OK)
		e = channel_ev2_mac(s->ev2, (uint8_t)c->ins, s->request + 1, out->len - 1, mac, w);
	if (e == ERR_OK)
		put_bytes(out, mac, sizeof(mac));
	return e;
}

/* Answers the length with INS, covered; the request stands in s->request. */
static enum err
build(struct ev1 *s, const struct df_command *c, enum ev1_mode mode, const uint8_t *data,
    size_t len, size_t *out_len, struct why *w)
{
	struct writer out = writer_over(s->request, sizeof(s->request));
	enum err e = ERR_OK;

	put_u8(&out, (uint8_t)c->ins);
	put_bytes(&out, data, len);
	if (!out.overflow)
		e = cover_request(s, c, mode, &out, w);
	if (e == ERR_OK && out.overflow)
		e = why_set(w, ERR_LEN, MSG_CARD_REQUEST_LONG, WHY_NUM(len));
	*out_len = out.len;
	return e;
}

/* --- answers: data as on the wire, then the MAC */

static enum err
unpad(struct ev1 *s, enum df_ins ins, struct why *w)
{
	size_t n = s->answer_len;

	while (n > 0 && s->answer_len - n < BLOCK && s->answer[n - 1] == 0x00)
		n--;
	if (n == 0 || s->answer[n - 1] != 0x80 || s->answer_len - n >= BLOCK)
		return frames_strange_answer(s, ins, w);
	s->answer_len = n - 1;
	return ERR_OK;
}

static enum err
open_answer(struct ev1 *s, enum df_ins ins, struct why *w)
{
	enum err e;

	if (s->answer_len % BLOCK != 0)
		return frames_strange_answer(s, ins, w);
	e = channel_ev2_decrypt(s->ev2, s->answer, s->answer_len, w);
	return e == ERR_OK ? unpad(s, ins, w) : e;
}

static enum err
uncover_answer(struct ev1 *s, const struct df_command *c, enum ev1_mode mode, struct why *w)
{
	enum err e;

	if (is_plain(c, mode))
		return ERR_OK;
	/* "No changes" is not known to carry a MAC on every card; if it does it must be right. */
	if (s->status == DF_NO_CHANGES && s->answer_len == 0)
		return ERR_OK;
	if (s->answer_len < CHANNEL_MAC_LEN)
		return frames_strange_answer(s, c->ins, w);
	s->answer_len -= CHANNEL_MAC_LEN;
	e = channel_ev2_check(s->ev2, s->status, s->answer, s->answer_len,
	    s->answer + s->answer_len, w);
	if (e == ERR_OK && is_sealed(c->answer, mode))
		e = open_answer(s, c->ins, w);
	if (e != ERR_OK)
		frames_end_session(s);
	return e;
}

/* --- long APDUs */

/* Commands with a second code, whose data ISO/IEC 14443-4 chains below the APDU. */
static const struct {
	enum df_ins framed, whole;
} codes[] = {
	{DF_READ_DATA, DF_READ_DATA_LONG},
	{DF_WRITE_DATA, DF_WRITE_DATA_LONG},
	{DF_WRITE_RECORD, DF_WRITE_RECORD_LONG},
};

/* One loss may be a customer's hand; the second in a row is the reader's doing. */
#define LOST_CAP 2

/* Bytes with padding and MAC, as if everything were enciphered: a few more than there will be. */
static size_t
with_cover(size_t len)
{
	return (len / BLOCK + 1) * BLOCK + CHANNEL_MAC_LEN;
}

/* Data that a ReadData asks for; 0 is the whole file, whose length nobody knows here. */
static size_t
asked_for(const uint8_t *data, size_t len)
{
	struct cursor in = cursor_over(data, len);

	(void)take_bytes(&in, 4);
	return take_le24(&in);
}

/* The code of `c` for one long APDU, if all of it fits one each way; else NULL. */
static const struct df_command *
whole_form(const struct ev1 *s, const struct df_command *c, const uint8_t *data, size_t len)
{
	size_t asked = c->ins == DF_READ_DATA ? asked_for(data, len) : 1;

	if (s->reader->long_lost >= LOST_CAP || asked == 0 || with_cover(asked) > LONG_FRAME ||
	    with_cover(len) > LONG_FRAME)
		return NULL;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].framed == c->ins)
			return df_command_of(codes[i].whole);
	return NULL;
}

/* What became of an APDU for the next one on this reader. Short ones say nothing of long ones. */
static void
learn(struct ev1 *s, enum err e, bool is_long)
{
	struct reader *r = s->reader;
	unsigned before = r->long_lost;

	if (e == ERR_OK && (s->status == DF_LENGTH_ERROR || s->status == DF_ILLEGAL_COMMAND))
		r->long_lost = LOST_CAP;
	else if (is_long)
		r->long_lost = e == ERR_OK ? 0 : before + 1;
	s->lessons += before < LOST_CAP && r->long_lost >= LOST_CAP;
}

static enum err
send_whole(struct ev1 *s, enum df_ins ins, size_t len, struct why *w)
{
	bool is_long = len > EV1_FRAME || (ins == DF_READ_DATA_LONG &&
	    with_cover(asked_for(s->request + 1, len - 1)) > EV1_FRAME);
	enum err e;

	frames_clear_answer(s);
	e = frames_exchange(s, (uint8_t)ins, s->request + 1, len - 1, w);
	learn(s, e, is_long);
	return e == ERR_OK ? frames_fetch(s, ins, w) : e;
}

/* --- commands */

/* The request stands and the answer came: what the card says, and whether it is the card's word. */
static enum err
take_answer(struct ev1 *s, const struct df_command *c, enum ev1_mode mode, struct why *w)
{
	struct why ignored;
	enum err e, said;

	said = frames_judge(s, c->ins, w);
	if (s->ev2 == NULL)
		return said;
	e = channel_ev2_count(s->ev2, said == ERR_OK ? w : &ignored);
	if (e == ERR_OK)
		e = uncover_answer(s, c, mode, said == ERR_OK ? w : &ignored);
	if (e != ERR_OK)
		frames_end_session(s);
	if (said != ERR_OK && e != ERR_OK)
		return why_set(w, e, MSG_CARD_DISTURBED, WHY_CODE(c->name),
		    WHY_HEX(0x9100 | s->status));
	return said != ERR_OK ? said : e;
}

/* *done unless the reader kept it from the card: then the same may be sent in frames. */
static enum err
try_whole(struct ev1 *s, const struct df_command *c, enum ev1_mode mode, const uint8_t *data,
    size_t len, bool *done, struct why *w)
{
	size_t n;
	enum err e = build(s, c, mode, data, len, &n, w);

	*done = true;
	if (e == ERR_OK)
		e = send_whole(s, c->ins, n, w);
	if (e != ERR_OK)
		return e;
	*done = !s->unsent;
	return *done ? take_answer(s, c, mode, w) : ERR_OK;
}

enum err
ev2_command(struct ev1 *s, const struct df_command *c, enum ev1_mode mode, const uint8_t *data,
    size_t len, struct why *w)
{
	const struct df_command *whole = whole_form(s, c, data, len);
	bool done = false;
	enum err e = ERR_OK;
	size_t n;

	frames_clear_answer(s);
	if (whole != NULL)
		e = try_whole(s, whole, mode, data, len, &done, w);
	if (e == ERR_OK && !done) {
		e = build(s, c, mode, data, len, &n, w);
		if (e == ERR_OK)
			e = frames_run(s, c->ins, s->request + 1, n - 1, w);
		if (e == ERR_OK)
			e = take_answer(s, c, mode, w);
	}
	/* A session that lost count, or whose request never went, serves nobody. */
	if (e != ERR_OK && s->status == DF_OK)
		frames_end_session(s);
	return e;
}

/* A command that takes away the session's own key: no MAC on the answer, and the session is over. */
static enum err
end_with(struct ev1 *s, enum df_ins ins, const uint8_t *data, size_t len, struct why *w)
{
	const struct df_command *c = df_command_of(ins);
	size_t n;
	enum err e = build(s, c, EV1_PLAIN, data, len, &n, w);

	if (e == ERR_OK)
		e = frames_run(s, c->ins, s->request + 1, n - 1, w);
	if (e == ERR_OK)
		e = frames_judge(s, c->ins, w);
	if (e == ERR_OK && s->answer_len != 0)
		e = frames_strange_answer(s, c->ins, w);
	frames_end_session(s);
	return e;
}

enum err
ev2_change_key(struct ev1 *s, uint8_t wire_no, const struct card_key *fresh, uint8_t version,
    const struct card_key *old, struct why *w)
{
	uint8_t data[1 + CHANNEL_EV2_TOKEN_LEN] = {wire_no};
	enum err e;

	frames_clear_answer(s);
	e = channel_ev2_change_key(s->ev2, fresh, version, old, data + 1, w);
	if (e == ERR_OK && old == NULL)
		e = end_with(s, DF_CHANGE_KEY, data, sizeof(data), w);
	else if (e == ERR_OK)
		e = ev2_command(s, df_command_of(DF_CHANGE_KEY), EV1_PLAIN, data, sizeof(data), w);
	WIPE(data);
	return e;
}

enum err
ev2_change_set_key(struct ev1 *s, uint8_t set, uint8_t key_no, const struct card_key *fresh,
    uint8_t version, const struct card_key *old, struct why *w)
{
	uint8_t data[2 + CHANNEL_EV2_TOKEN_LEN] = {set, key_no};
	enum err e;

	frames_clear_answer(s);
	e = channel_ev2_change_key(s->ev2, fresh, version, old, data + 2, w);
	if (e == ERR_OK)
		e = ev2_command(s, df_command_of(DF_CHANGE_KEY_EV2), EV1_PLAIN, data, sizeof(data), w);
	WIPE(data);
	return e;
}

enum err
ev2_roll_key_set(struct ev1 *s, uint8_t set, struct why *w)
{
	frames_clear_answer(s);
	return end_with(s, DF_ROLL_KEY_SET, &set, 1, w);
}
