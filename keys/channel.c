#include "keys/channel.h"

#include <stdbool.h>
#include <string.h>

#include "keys/crc.h"
#include "keys/digest.h"
#include "keys/inside.h"
#include "keys/pool.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

_Static_assert(sizeof(struct channel) <= POOL_SLOT, "a channel fits a slot");

#define CMD_CHANGE_KEY 0xC4
#define BLOCK_CAP CHANNEL_BLOCK_CAP
/* Key 16, version 1, two check sums 4 each, filled up to whole blocks. */
#define CHANGE_KEY_CAP 48

static _Thread_local enum err (*random_source)(uint8_t *out, size_t len);

void
channel_set_random(enum err (*source)(uint8_t *out, size_t len))
{
	random_source = source;
}

size_t
channel_block(const struct channel *ch)
{
	return ch->block;
}

enum err
channel_draw(uint8_t *out, size_t len, struct why *w)
{
	if (random_source == NULL)
		return random_bytes(out, len, w);
	if (random_source(out, len) != ERR_OK)
		return why_set(w, ERR_RANDOM, MSG_RANDOM);
	return ERR_OK;
}

static void
rotate_left(const uint8_t *in, uint8_t *out, size_t len)
{
	memcpy(out, in + 1, len - 1);
	out[len - 1] = in[0];
}

/* The IV runs on through all three messages: each starts at the last cipher block of the one before. */
static enum err
answer(struct channel *ch, const uint8_t *enc_rndb, uint8_t *token, struct why *w)
{
	uint8_t plain[2 * BLOCK_CAP];
	size_t n = ch->block;
	enum err e;

	e = raw_cbc_decrypt(ch->key, ch->iv, enc_rndb, ch->rnd_b, n, w);
	if (e == ERR_OK)
		e = channel_draw(ch->rnd_a, n, w);
	if (e == ERR_OK) {
		memcpy(plain, ch->rnd_a, n);
		rotate_left(ch->rnd_b, plain + n, n);
		e = raw_cbc_encrypt(ch->key, ch->iv, plain, token, 2 * n, w);
		WIPE(plain);
	}
	return e;
}

enum err
channel_begin(const struct card_key *key, const uint8_t *enc_rndb, size_t len,
    struct channel **out, uint8_t token[2 * CHANNEL_BLOCK_CAP], struct why *w)
{
	struct channel *ch;
	enum err e;

	*out = NULL;
	if (len != raw_block_len(key->alg))
		return why_set(w, ERR_LEN, MSG_CARD_ANSWER_LENGTH, WHY_NUM(len));
	ch = pool_take();
	if (ch == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	ch->block = len;
	ch->state = CHANNEL_WAITS;
	ch->one_half = secret_equal(key->bytes, key->bytes + 8, 8);
	e = raw_key_new(key->alg, key->bytes, &ch->key, w);
	if (e == ERR_OK)
		e = answer(ch, enc_rndb, token, w);
	if (e != ERR_OK)
		channel_close(&ch);
	*out = ch;
	return e;
}

/*
 * Session keys take the first and, where the key has two halves, the last or next
 * four bytes of both numbers.
 */
static enum raw_alg
session_key(const struct channel *ch, uint8_t out[16])
{
	size_t second = ch->block == 16 ? 12 : 4;

	memcpy(out, ch->rnd_a, 4);
	memcpy(out + 4, ch->rnd_b, 4);
	memcpy(out + 8, ch->rnd_a + second, 4);
	memcpy(out + 12, ch->rnd_b + second, 4);
	if (ch->block == 16)
		return RAW_AES128;
	return ch->one_half ? RAW_DES : RAW_2TDEA;
}

static enum err
open_session(struct channel *ch, struct why *w)
{
	uint8_t key[16];
	enum raw_alg alg = session_key(ch, key);
	enum err e;

	raw_key_free(&ch->key);
	e = raw_key_new(alg, key, &ch->key, w);
	WIPE(key);
	WIPE(ch->iv);
	WIPE(ch->rnd_a);
	WIPE(ch->rnd_b);
	if (e == ERR_OK)
		ch->state = CHANNEL_OPEN;
	return e;
}

enum err
channel_finish(struct channel *ch, const uint8_t *enc_rnda, size_t len, struct why *w)
{
	uint8_t got[BLOCK_CAP];
	uint8_t expected[BLOCK_CAP];
	bool same = false;
	enum err e;

	if (ch->state != CHANNEL_WAITS)
		return why_set(w, ERR_CARD_AUTH, MSG_CHANNEL_CLOSED);
	ch->state = CHANNEL_DEAD;
	if (len != ch->block)
		return why_set(w, ERR_LEN, MSG_CARD_ANSWER_LENGTH, WHY_NUM(len));
	e = raw_cbc_decrypt(ch->key, ch->iv, enc_rnda, got, len, w);
	if (e == ERR_OK) {
		rotate_left(ch->rnd_a, expected, len);
		same = secret_equal(got, expected, len);
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
channel_close(struct channel **ch)
{
	if (*ch == NULL)
		return;
	raw_key_free(&(*ch)->key);
	pool_give(*ch);
	*ch = NULL;
}

static enum err
need_open(const struct channel *ch, struct why *w)
{
	if (ch->state == CHANNEL_OPEN)
		return ERR_OK;
	return why_set(w, ERR_CARD_MAC, MSG_CHANNEL_CLOSED);
}

enum err
channel_cmac(struct channel *ch, const uint8_t *data, size_t len, uint8_t mac[CHANNEL_MAC_LEN],
    struct why *w)
{
	enum err e = need_open(ch, w);

	if (e == ERR_OK)
		e = raw_cmac(ch->key, ch->iv, data, len, ch->iv, w);
	if (e == ERR_OK)
		memcpy(mac, ch->iv, CHANNEL_MAC_LEN);
	return e;
}

enum err
channel_check(struct channel *ch, const uint8_t *data, size_t len,
    const uint8_t mac[CHANNEL_MAC_LEN], struct why *w)
{
	uint8_t own[CHANNEL_MAC_LEN];
	enum err e = channel_cmac(ch, data, len, own, w);

	if (e != ERR_OK)
		return e;
	if (secret_equal(own, mac, sizeof(own)))
		return ERR_OK;
	ch->state = CHANNEL_DEAD;
	return why_set(w, ERR_CARD_MAC, MSG_CARD_MAC_WRONG);
}

enum err
channel_encrypt(struct channel *ch, uint8_t *data, size_t len, struct why *w)
{
	enum err e = need_open(ch, w);

	return e != ERR_OK ? e : raw_cbc_encrypt(ch->key, ch->iv, data, data, len, w);
}

enum err
channel_decrypt(struct channel *ch, uint8_t *data, size_t len, struct why *w)
{
	enum err e = need_open(ch, w);

	return e != ERR_OK ? e : raw_cbc_decrypt(ch->key, ch->iv, data, data, len, w);
}

/*
 * Own key:   new || [version] || CRC32(C4, key number, all before) || 00..
 * Other key: new ^ old || [version] || CRC32(the same) || CRC32(new) || 00..
 * Only AES keys have a version of their own; DES keys keep it in their parity bits.
 */
enum err
channel_change_key(struct channel *ch, uint8_t wire_no, const struct card_key *new_key,
    uint8_t new_version, const struct card_key *old, uint8_t out[CHANGE_KEY_CAP],
    size_t *out_len, struct why *w)
{
	const uint8_t head[2] = {CMD_CHANGE_KEY, wire_no};
	struct writer p = writer_over(out, CHANGE_KEY_CAP);
	uint32_t crc;
	enum err e;

	put_bytes(&p, new_key->bytes, CARD_KEY_LEN);
	for (size_t i = 0; old != NULL && i < CARD_KEY_LEN; i++)
		out[i] ^= old->bytes[i];
	if (new_key->alg == RAW_AES128)
		put_u8(&p, new_version);
	crc = crc32_desfire(CRC32_START, head, sizeof(head));
	put_le32(&p, crc32_desfire(crc, out, p.len));
	if (old != NULL)
		put_le32(&p, crc32_desfire(CRC32_START, new_key->bytes, CARD_KEY_LEN));
	put_zeros(&p, (ch->block - p.len % ch->block) % ch->block);
	e = channel_encrypt(ch, out, p.len, w);
	if (e != ERR_OK)
		wipe(out, CHANGE_KEY_CAP);
	*out_len = e == ERR_OK ? p.len : 0;
	return e;
}
