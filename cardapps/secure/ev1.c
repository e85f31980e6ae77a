#include "cardapps/secure/ev1.h"

#include <string.h>

#include "cardapps/secure/ev2.h"
#include "cardapps/secure/frames.h"
#include "keys/crc.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

#define SW1_DESFIRE 0x91
#define CRC32_LEN 4

bool
ev1_in_session(const struct ev1 *s)
{
	return s->session != NULL || s->ev2 != NULL;
}

void
ev1_forget(struct ev1 *s)
{
	frames_end_session(s);
	frames_clear_answer(s);
	WIPE(s->request);
	WIPE(s->buffer);
}

/* --- authentication */

/* First the card's E(RndB), then our token against its E(RndA'): AF between them. */
static enum err
prove(struct ev1 *s, enum df_ins ins, const struct card_key *key, struct why *w)
{
	uint8_t token[2 * CHANNEL_BLOCK_CAP];
	struct channel *ch = NULL;
	enum err e;

	e = channel_begin(key, s->buffer, s->answer_len, &ch, token, w);
	if (e != ERR_OK)
		return e;
	frames_clear_answer(s);
	e = frames_exchange(s, DF_ADDITIONAL_FRAME, token, 2 * channel_block(ch), w);
	if (e == ERR_OK)
		e = frames_judge_key(s, ins, w);
	if (e == ERR_OK && s->status != DF_OK)
		e = frames_strange_answer(s, ins, w);
	if (e == ERR_OK)
		e = channel_finish(ch, s->buffer, s->answer_len, w);
	if (e == ERR_OK)
		s->session = ch;
	else
		channel_close(&ch);
	WIPE(token);
	return e;
}

enum err
ev1_authenticate(struct ev1 *s, enum df_ins ins, uint8_t key_no, const struct card_key *key,
    struct why *w)
{
	enum err e;

	frames_end_session(s);
	frames_clear_answer(s);
	e = frames_exchange(s, (uint8_t)ins, &key_no, 1, w);
	if (e == ERR_OK)
		e = frames_judge_key(s, ins, w);
	if (e == ERR_OK && s->status != DF_MORE)
		e = frames_strange_answer(s, ins, w);
	if (e == ERR_OK)
		e = prove(s, ins, key, w);
	s->session_key_no = key_no;
	return e;
}

/* --- requests */

/* Clear on the wire; the CMAC over INS and data only moves the IV. */
static enum err
chain_request(struct ev1 *s, size_t len, struct why *w)
{
	uint8_t mac[CHANNEL_MAC_LEN];

	return channel_cmac(s->session, s->request, len, mac, w);
}

static enum err
mac_request(struct ev1 *s, size_t *len, struct why *w)
{
	enum err e;

	if (*len + CHANNEL_MAC_LEN > sizeof(s->request))
		return why_set(w, ERR_LEN, MSG_CARD_REQUEST_LONG, WHY_NUM(*len));
	e = channel_cmac(s->session, s->request, *len, s->request + *len, w);
	*len += CHANNEL_MAC_LEN;
	return e;
}

/* INS head | data CRC32(INS head data) 00.. : what stands behind the bar is enciphered. */
static enum err
seal_request(struct ev1 *s, size_t clear, size_t *len, struct why *w)
{
	struct writer out = writer_over(s->request, sizeof(s->request));
	size_t block = channel_block(s->session);

	out.len = *len;
	put_le32(&out, crc32_desfire(CRC32_START, s->request, *len));
	put_zeros(&out, (block - (out.len - clear) % block) % block);
	if (out.overflow)
		return why_set(w, ERR_LEN, MSG_CARD_REQUEST_LONG, WHY_NUM(*len));
	*len = out.len;
	return channel_encrypt(s->session, s->request + clear, *len - clear, w);
}

/* `len` counts INS. Outside a session everything is clear. */
static enum err
cover_request(struct ev1 *s, const struct df_command *c, enum ev1_mode mode, size_t *len,
    struct why *w)
{
	if (s->session == NULL || c->request == COVER_READY)
		return ERR_OK;
	if (c->request == COVER_SEALED || (c->request == COVER_FILE && mode == EV1_ENCIPHERED))
		return seal_request(s, 1u + c->head, len, w);
	if (c->request == COVER_FILE && mode == EV1_MACED)
		return mac_request(s, len, w);
	return chain_request(s, *len, w);
}

/* --- answers */

/* The CMAC is over all data and the status; the status takes the CMAC's place in the buffer. */
static enum err
check_answer(struct ev1 *s, enum df_ins ins, struct why *w)
{
	uint8_t mac[CHANNEL_MAC_LEN];

	if (s->answer_len < CHANNEL_MAC_LEN)
		return frames_strange_answer(s, ins, w);
	s->answer_len -= CHANNEL_MAC_LEN;
	memcpy(mac, s->answer + s->answer_len, sizeof(mac));
	s->answer[s->answer_len] = s->status;
	return channel_check(s->session, s->answer, s->answer_len + 1, mac, w);
}

static bool
is_padding(const uint8_t *p, size_t len)
{
	uint8_t rest = 0;

	for (size_t i = 1; i < len; i++)
		rest |= p[i];
	return rest == 0 && (len == 0 || p[0] == 0x00 || p[0] == 0x80);
}

/* Data CRC32(data status) 00.. or 80 00.. */
static bool
ends_at(const struct ev1 *s, size_t n, size_t len)
{
	struct cursor c = cursor_over(s->answer + n, CRC32_LEN);
	uint32_t crc = crc32_desfire(CRC32_START, s->answer, n);

	return is_padding(s->answer + n + CRC32_LEN, len - n - CRC32_LEN) &&
	    crc32_desfire(crc, &s->status, 1) == take_le32(&c);
}

#define LENGTH_UNKNOWN SIZE_MAX

/*
 * How much data the request asked for. Where the check sum begins with a zero it fits one
 * byte later as well, so that the end may only be searched where nobody knows it.
 */
static size_t
asked_for(const struct ev1 *s, enum df_ins ins)
{
	struct cursor c = cursor_over(s->request + 1 + 4, 3);
	size_t len;

	if (ins == DF_GET_CARD_UID)
		return 7;
	if (ins == DF_GET_VALUE)
		return 4;
	if (ins != DF_READ_DATA)
		return LENGTH_UNKNOWN;
	len = take_le24(&c);
	return len == 0 ? LENGTH_UNKNOWN : len;
}

static bool
find_end(struct ev1 *s, enum df_ins ins, size_t block)
{
	size_t len = s->answer_len;
	size_t last = len - CRC32_LEN;
	size_t first = last < block ? 0 : last - block + 1;
	size_t asked = asked_for(s, ins);

	if (asked != LENGTH_UNKNOWN) {
		if (asked < first || asked > last)
			return false;
		first = last = asked;
	}
	for (size_t n = last + 1; n-- > first;)
		if (ends_at(s, n, len)) {
			s->answer_len = n;
			return true;
		}
	return false;
}

static enum err
open_answer(struct ev1 *s, enum df_ins ins, struct why *w)
{
	size_t block = channel_block(s->session);
	enum err e;

	if (s->answer_len < block || s->answer_len % block != 0)
		return frames_strange_answer(s, ins, w);
	e = channel_decrypt(s->session, s->answer, s->answer_len, w);
	if (e == ERR_OK && !find_end(s, ins, block))
		e = why_set(w, ERR_CARD_MAC, MSG_CARD_DISTURBED, WHY_CODE(df_command_of(ins)->name),
		    WHY_HEX(SW1_DESFIRE << 8 | s->status));
	return e;
}

static enum err
uncover_answer(struct ev1 *s, const struct df_command *c, enum ev1_mode mode, struct why *w)
{
	enum err e;

	if (s->session == NULL)
		return ERR_OK;
	/* "No changes" is not known to carry a CMAC on every card; if it does it must be right. */
	if (s->status == DF_NO_CHANGES && s->answer_len == 0)
		return ERR_OK;
	if (c->answer == COVER_SEALED || (c->answer == COVER_FILE && mode == EV1_ENCIPHERED))
		e = open_answer(s, c->ins, w);
	else
		e = check_answer(s, c->ins, w);
	if (e != ERR_OK)
		frames_end_session(s);
	return e;
}

/* --- commands */

/* INS and data stand in s->request, `len` counts both; from here the frames go and come. */
static enum err
run(struct ev1 *s, const struct df_command *c, enum ev1_mode mode, size_t len, struct why *w)
{
	struct why ignored;
	enum err e, said;

	e = frames_run(s, c->ins, s->request + 1, len - 1, w);
	if (e != ERR_OK)
		return e;
	said = frames_judge(s, c->ins, w);
	e = uncover_answer(s, c, mode, said == ERR_OK ? w : &ignored);
	if (said != ERR_OK && e != ERR_OK)
		return why_set(w, e, MSG_CARD_DISTURBED, WHY_CODE(c->name),
		    WHY_HEX(SW1_DESFIRE << 8 | s->status));
	return said != ERR_OK ? said : e;
}

enum err
ev1_command(struct ev1 *s, enum df_ins ins, enum ev1_mode mode, const uint8_t *data, size_t len,
    struct why *w)
{
	const struct df_command *c = df_command_of(ins);
	enum err e = ERR_OK;

	frames_clear_answer(s);
	if (c == NULL || len >= sizeof(s->request))
		return why_set(w, ERR_LEN, MSG_CARD_REQUEST_LONG, WHY_NUM(len));
	if (s->ev2 != NULL && c->request != COVER_NONE)
		return ev2_command(s, c, mode, data, len, w);
	s->request[0] = (uint8_t)ins;
	if (len > 0)
		memcpy(s->request + 1, data, len);
	len++;
	if (c->request == COVER_NONE)
		frames_end_session(s);
	else
		e = cover_request(s, c, mode, &len, w);
	if (e == ERR_OK)
		e = run(s, c, mode, len, w);
	else
		frames_end_session(s);
	return e;
}

enum err
ev1_change_key(struct ev1 *s, uint8_t wire_no, const struct card_key *fresh, uint8_t version,
    const struct card_key *old, struct why *w)
{
	uint8_t data[1 + 48] = {wire_no};
	size_t len;
	enum err e;

	if (s->ev2 != NULL)
		return ev2_change_key(s, wire_no, fresh, version, old, w);
	frames_clear_answer(s);
	e = channel_change_key(s->session, wire_no, fresh, version, old, data + 1, &len, w);
	if (e == ERR_OK && old == NULL) {
		e = frames_run(s, DF_CHANGE_KEY, data, 1 + len, w);
		if (e == ERR_OK)
			e = frames_judge(s, DF_CHANGE_KEY, w);
		if (e == ERR_OK && s->answer_len != 0)
			e = frames_strange_answer(s, DF_CHANGE_KEY, w);
		frames_end_session(s);
	} else if (e == ERR_OK) {
		e = ev1_command(s, DF_CHANGE_KEY, EV1_PLAIN, data, 1 + len, w);
	}
	WIPE(data);
	return e;
}

enum err
ev1_select(struct ev1 *s, const uint8_t aid[3], struct why *w)
{
	const uint8_t wire[3] = {aid[2], aid[1], aid[0]};

	return ev1_command(s, DF_SELECT_APPLICATION, EV1_PLAIN, wire, sizeof(wire), w);
}
