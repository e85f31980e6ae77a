#include "keys/channel_ev2.h"

#include <stdbool.h>
#include <string.h>

#include "keys/crc.h"
#include "keys/inside.h"
#include "keys/pool.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

_Static_assert(sizeof(struct channel_ev2) <= POOL_SLOT, "a channel fits a slot");

#define BLOCK CHANNEL_EV2_BLOCK
#define COUNTER_END 0xFFFF

/* First bytes of the session vectors and of the initial vectors. */
static const uint8_t label_enc[2] = {0xA5, 0x5A};
static const uint8_t label_mac[2] = {0x5A, 0xA5};

static const uint8_t zero_block[BLOCK];

static void
rotate_left(const uint8_t in[BLOCK], uint8_t out[BLOCK])
{
	memcpy(out, in + 1, BLOCK - 1);
	out[BLOCK - 1] = in[0];
}

/* --- authentication: every message of it starts from a zero IV */

static enum err
answer(struct channel_ev2 *ch, const uint8_t *enc_rndb, uint8_t *token, struct why *w)
{
	uint8_t plain[2 * BLOCK];
	uint8_t iv[BLOCK] = {0};
	enum err e;

	e = raw_cbc_decrypt(ch->auth, iv, enc_rndb, ch->rnd_b, BLOCK, w);
	if (e == ERR_OK)
		e = channel_draw(ch->rnd_a, BLOCK, w);
	if (e == ERR_OK) {
		memcpy(plain, ch->rnd_a, BLOCK);
		rotate_left(ch->rnd_b, plain + BLOCK);
		WIPE(iv);
		e = raw_cbc_encrypt(ch->auth, iv, plain, token, sizeof(plain), w);
		WIPE(plain);
	}
	return e;
}

static enum err
wrong_state(struct why *w)
{
	return why_set(w, ERR_CARD_MAC, MSG_CHANNEL_CLOSED);
}

enum err
channel_ev2_begin(const struct card_key *key, const struct channel_ev2 *before,
    const uint8_t *enc_rndb, size_t len, struct channel_ev2 **out,
    uint8_t token[CHANNEL_EV2_TOKEN_LEN], struct why *w)
{
	struct channel_ev2 *ch;
	enum err e;

	*out = NULL;
	if (len != BLOCK)
		return why_set(w, ERR_LEN, MSG_CARD_ANSWER_LENGTH, WHY_NUM(len));
	if (key->alg != RAW_AES128)
		return why_set(w, ERR_ARG, MSG_KEY_REFERENCE);
	if (before != NULL && before->state != CHANNEL_OPEN)
		return wrong_state(w);
	ch = pool_take();
	if (ch == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	ch->state = CHANNEL_WAITS;
	ch->first = before == NULL;
	if (before != NULL) {
		memcpy(ch->ti, before->ti, sizeof(ch->ti));
		ch->counter = before->counter;
	}
	e = raw_key_new(key->alg, key->bytes, &ch->auth, w);
	if (e == ERR_OK)
		e = answer(ch, enc_rndb, token, w);
	if (e != ERR_OK)
		channel_ev2_close(&ch);
	*out = ch;
	return e;
}

/* NXP AN12343, session vectors: label 00 01 00 80, then both numbers, in part over each other. */
static enum err
session_key(struct channel_ev2 *ch, const uint8_t label[2], struct raw_key **out, struct why *w)
{
	uint8_t sv[2 * BLOCK] = {label[0], label[1], 0x00, 0x01, 0x00, 0x80};
	uint8_t key[BLOCK];
	enum err e;

	memcpy(sv + 6, ch->rnd_a, 8);
	for (size_t i = 0; i < 6; i++)
		sv[8 + i] ^= ch->rnd_b[i];
	memcpy(sv + 14, ch->rnd_b + 6, 10);
	memcpy(sv + 24, ch->rnd_a + 8, 8);
	e = raw_cmac(ch->auth, zero_block, sv, sizeof(sv), key, w);
	if (e == ERR_OK)
		e = raw_key_new(RAW_AES128, key, out, w);
	WIPE(sv);
	WIPE(key);
	return e;
}

static enum err
open_session(struct channel_ev2 *ch, struct why *w)
{
	enum err e = session_key(ch, label_enc, &ch->enc, w);

	if (e == ERR_OK)
		e = session_key(ch, label_mac, &ch->mac, w);
	raw_key_free(&ch->auth);
	WIPE(ch->rnd_a);
	WIPE(ch->rnd_b);
	if (e == ERR_OK)
		ch->state = CHANNEL_OPEN;
	return e;
}

/* TI (4) || RndA' (16) || capabilities of card and reader (6 each), or RndA' alone. */
enum err
channel_ev2_finish(struct channel_ev2 *ch, const uint8_t *answer_, size_t len, struct why *w)
{
	uint8_t got[2 * BLOCK] = {0};
	uint8_t expected[BLOCK];
	uint8_t iv[BLOCK] = {0};
	size_t at = ch->first ? sizeof(ch->ti) : 0;
	bool same = false;
	enum err e;

	if (ch->state != CHANNEL_WAITS)
		return why_set(w, ERR_CARD_AUTH, MSG_CHANNEL_CLOSED);
	ch->state = CHANNEL_DEAD;
	if (len != (ch->first ? 2 * BLOCK : BLOCK))
		return why_set(w, ERR_LEN, MSG_CARD_ANSWER_LENGTH, WHY_NUM(len));
	e = raw_cbc_decrypt(ch->auth, iv, answer_, got, len, w);
	if (e == ERR_OK) {
		rotate_left(ch->rnd_a, expected);
		same = secret_equal(got + at, expected, BLOCK);
		memcpy(ch->ti, ch->first ? got : ch->ti, at);
	}
	WIPE(got);
	WIPE(expected);
	if (e != ERR_OK)
		return e;
	if (!same)
		return why_set(w, ERR_CARD_AUTH, MSG_CARD_PROOF_WRONG);
	return open_session(ch, w);
}

void
channel_ev2_close(struct channel_ev2 **ch)
{
	if (*ch == NULL)
		return;
	raw_key_free(&(*ch)->auth);
	raw_key_free(&(*ch)->enc);
	raw_key_free(&(*ch)->mac);
	pool_give(*ch);
	*ch = NULL;
}

/* --- the session */

static enum err
need_open(const struct channel_ev2 *ch, struct why *w)
{
	return ch->state == CHANNEL_OPEN ? ERR_OK : wrong_state(w);
}

/* `lead` (INS or status) || counter || TI || data; of the CMAC every second byte counts, from byte 1. */
static enum err
mac_over(struct channel_ev2 *ch, uint8_t lead, const uint8_t *data, size_t len,
    uint8_t mac[CHANNEL_MAC_LEN], struct why *w)
{
	uint8_t all[7 + CHANNEL_EV2_MESSAGE_CAP];
	struct writer in = writer_over(all, sizeof(all));
	uint8_t full[BLOCK];
	enum err e = need_open(ch, w);

	put_u8(&in, lead);
	put_le16(&in, ch->counter);
	put_bytes(&in, ch->ti, sizeof(ch->ti));
	put_bytes(&in, data, len);
	if (e == ERR_OK && in.overflow)
		e = why_set(w, ERR_LEN, MSG_CARD_ANSWER_LENGTH, WHY_NUM(len));
	if (e == ERR_OK)
		e = raw_cmac(ch->mac, zero_block, all, in.len, full, w);
	for (size_t i = 0; e == ERR_OK && i < CHANNEL_MAC_LEN; i++)
		mac[i] = full[2 * i + 1];
	WIPE(full);
	return e;
}

enum err
channel_ev2_mac(struct channel_ev2 *ch, uint8_t ins, const uint8_t *data, size_t len,
    uint8_t mac[CHANNEL_MAC_LEN], struct why *w)
{
	return mac_over(ch, ins, data, len, mac, w);
}

enum err
channel_ev2_count(struct channel_ev2 *ch, struct why *w)
{
	enum err e = need_open(ch, w);

	if (e != ERR_OK)
		return e;
	if (ch->counter == COUNTER_END) {
		ch->state = CHANNEL_DEAD;
		return wrong_state(w);
	}
	ch->counter++;
	return ERR_OK;
}

enum err
channel_ev2_check(struct channel_ev2 *ch, uint8_t status, const uint8_t *data, size_t len,
    const uint8_t mac[CHANNEL_MAC_LEN], struct why *w)
{
	uint8_t own[CHANNEL_MAC_LEN];
	enum err e = mac_over(ch, status, data, len, own, w);

	if (e != ERR_OK)
		return e;
	if (secret_equal(own, mac, sizeof(own)))
		return ERR_OK;
	ch->state = CHANNEL_DEAD;
	return why_set(w, ERR_CARD_MAC, MSG_CARD_MAC_WRONG);
}

/* The label, TI, the counter and zeros, enciphered: a vector of its own for each direction of each command. */
static enum err
initial_vector(struct channel_ev2 *ch, const uint8_t label[2], uint8_t iv[BLOCK], struct why *w)
{
	struct writer out = writer_over(iv, BLOCK);
	uint8_t zero[BLOCK] = {0};
	enum err e = need_open(ch, w);

	put_bytes(&out, label, 2);
	put_bytes(&out, ch->ti, sizeof(ch->ti));
	put_le16(&out, ch->counter);
	put_zeros(&out, 8);
	return e != ERR_OK ? e : raw_cbc_encrypt(ch->enc, zero, iv, iv, BLOCK, w);
}

enum err
channel_ev2_encrypt(struct channel_ev2 *ch, uint8_t *data, size_t len, struct why *w)
{
	uint8_t iv[BLOCK];
	enum err e = initial_vector(ch, label_enc, iv, w);

	return e != ERR_OK ? e : raw_cbc_encrypt(ch->enc, iv, data, data, len, w);
}

enum err
channel_ev2_decrypt(struct channel_ev2 *ch, uint8_t *data, size_t len, struct why *w)
{
	uint8_t iv[BLOCK];
	enum err e = initial_vector(ch, label_mac, iv, w);

	return e != ERR_OK ? e : raw_cbc_decrypt(ch->enc, iv, data, data, len, w);
}

/*
 * Own key:   new || version || 80 00..
 * Other key: new ^ old || version || CRC32(new) || 80 00..
 */
enum err
channel_ev2_change_key(struct channel_ev2 *ch, const struct card_key *new_key,
    uint8_t new_version, const struct card_key *old, uint8_t out[CHANNEL_EV2_TOKEN_LEN],
    struct why *w)
{
	struct writer p = writer_over(out, CHANNEL_EV2_TOKEN_LEN);
	enum err e;

	if (new_key->alg != RAW_AES128 || (old != NULL && old->alg != RAW_AES128))
		return why_set(w, ERR_ARG, MSG_KEY_REFERENCE);
	put_bytes(&p, new_key->bytes, CARD_KEY_LEN);
	for (size_t i = 0; old != NULL && i < CARD_KEY_LEN; i++)
		out[i] ^= old->bytes[i];
	put_u8(&p, new_version);
	if (old != NULL)
		put_le32(&p, crc32_desfire(CRC32_START, new_key->bytes, CARD_KEY_LEN));
	put_u8(&p, 0x80);
	put_zeros(&p, CHANNEL_EV2_TOKEN_LEN - p.len);
	e = channel_ev2_encrypt(ch, out, CHANNEL_EV2_TOKEN_LEN, w);
	if (e != ERR_OK)
		wipe(out, CHANNEL_EV2_TOKEN_LEN);
	return e;
}
