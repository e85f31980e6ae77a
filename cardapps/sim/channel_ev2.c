/*
 * Secure messaging of EV2 (sessions of 0x71 and 0x77), from the card's side: two session
 * keys, a transaction identifier and a counter of commands instead of a running IV. Every
 * MAC is truncated to its bytes 1, 3, .. 15; padding is 80 00.. and a whole block if need be.
 * Source: AN12343; tests/vectors/desfire-ev2.txt.
 */
#include "cardapps/sim/card.h"

#include <string.h>

#include "station/base/secret.h"

#define BLOCK 16
#define PREFIX_LEN 7		/* command or status, counter, TI */
#define LABEL_COMMAND 0xA55A
#define LABEL_ANSWER 0x5AA5
#define CTR_LAST 0xFFFF

/* How the command's data travel, and the answer's. */
static enum mode
mode_in(const struct sim_card *c)
{
	switch (c->run.cmd->channel) {
	case CH_NONE:
		return MODE_PLAIN;
	case CH_MAC:
	case CH_SECRET:
		return MODE_MAC;
	case CH_FILE_OUT:
		return c->run.mode == MODE_PLAIN ? MODE_PLAIN : MODE_MAC;
	case CH_SEALED:
	case CH_CRYPTOGRAM:
	case CH_FILE_IN:
		break;
	}
	return c->run.mode;
}

static enum mode
mode_out(const struct sim_card *c)
{
	switch (c->run.cmd->channel) {
	case CH_NONE:
		return MODE_PLAIN;
	case CH_MAC:
		return MODE_MAC;
	case CH_SECRET:
		return MODE_FULL;
	case CH_FILE_OUT:
		return c->run.mode;
	case CH_SEALED:
	case CH_CRYPTOGRAM:
	case CH_FILE_IN:
		break;
	}
	return c->run.mode == MODE_PLAIN ? MODE_PLAIN : MODE_MAC;
}

static size_t
padded(size_t len)
{
	return (len / BLOCK + 1) * BLOCK;
}

size_t
sim_ev2_tail_len(const struct sim_card *c)
{
	return mode_in(c) == MODE_PLAIN ? 0 : EV2_MAC_LEN;
}

size_t
sim_ev2_wire_len(const struct sim_card *c, size_t body)
{
	return (mode_in(c) == MODE_FULL ? padded(body) : body) + sim_ev2_tail_len(c);
}

/*
 * MAC over `first` || counter || TI || data. The first block is enciphered by hand, so that the
 * data need not move.
 */
static bool
mac_over(const struct session *s, uint8_t first, const uint8_t *data, size_t len,
    uint8_t mac[EV2_MAC_LEN])
{
	uint8_t block[BLOCK] = {0}, iv[BLOCK] = {0};
	struct writer w = writer_over(block, sizeof(block));
	size_t n = len < BLOCK - PREFIX_LEN ? len : BLOCK - PREFIX_LEN;
	enum err e;

	put_u8(&w, first);
	put_le16(&w, s->ctr);
	put_bytes(&w, s->ti, sizeof(s->ti));
	put_bytes(&w, data, n);
	if (n == len)
		e = raw_cmac(s->key, iv, block, w.len, iv, NULL);
	else if ((e = raw_cbc_encrypt(s->key, iv, block, block, BLOCK, NULL)) == ERR_OK)
		e = raw_cmac(s->key, iv, data + n, len - n, iv, NULL);
	for (size_t i = 0; i < EV2_MAC_LEN; i++)
		mac[i] = iv[2 * i + 1];
	return e == ERR_OK;
}

/* E(label || TI || counter || 00..): the IV of one direction of one command. */
static bool
iv_for(const struct session *s, uint16_t label, uint8_t iv[BLOCK])
{
	uint8_t zero[BLOCK] = {0};
	struct writer w = writer_over(iv, BLOCK);

	put_be16(&w, label);
	put_bytes(&w, s->ti, sizeof(s->ti));
	put_le16(&w, s->ctr);
	put_zeros(&w, 8);
	return raw_cbc_encrypt(s->enc, zero, iv, iv, BLOCK, NULL) == ERR_OK;
}

/* Where the padding begins, or `len` if there is none. */
static size_t
padding_at(const uint8_t *data, size_t len)
{
	size_t at = len;

	while (at > 0 && data[at - 1] == 0)
		at--;
	return at > 0 && data[at - 1] == 0x80 ? at - 1 : len;
}

/*
 * Deciphers the body; it must be as long as the command said, but for SetConfiguration, whose
 * options have lengths of their own.
 */
static uint8_t
open_body(struct sim_card *c)
{
	uint8_t *data = c->in + 1 + c->run.head, iv[BLOCK];
	size_t len = c->run.want - c->run.head - EV2_MAC_LEN, body;

	if (!iv_for(&c->session, LABEL_COMMAND, iv) ||
	    raw_cbc_decrypt(c->session.enc, iv, data, data, len, NULL) != ERR_OK)
		return ST_EEPROM;
	body = padding_at(data, len);
	if (padded(body) != len)
		return ST_INTEGRITY;
	if (c->run.cmd->body == BODY_OF_OPTION)
		c->run.body = body;
	return body == c->run.body ? ST_OPERATION_OK : ST_INTEGRITY;
}

uint8_t
sim_ev2_receive(struct sim_card *c)
{
	struct session *s = &c->session;
	enum mode mode = mode_in(c);
	size_t signed_len = c->run.want - sim_ev2_tail_len(c);
	uint8_t mac[EV2_MAC_LEN], st = ST_OPERATION_OK;

	if (s->ctr == CTR_LAST)
		return ST_COMMAND_ABORTED;
	if (mode != MODE_PLAIN) {
		if (!mac_over(s, c->in[0], c->in + 1, signed_len, mac))
			return ST_EEPROM;
		if (!secret_equal(mac, c->in + 1 + signed_len, EV2_MAC_LEN))
			return ST_INTEGRITY;
	}
	if (mode == MODE_FULL)
		st = open_body(c);
	s->ctr++;
	return st;
}

static bool
seal_answer(struct sim_card *c)
{
	size_t len = c->reply.len, total = padded(len);
	uint8_t iv[BLOCK];

	memset(c->out + len, 0, total - len);
	c->out[len] = 0x80;
	c->reply.len = total;
	return iv_for(&c->session, LABEL_ANSWER, iv) &&
	    raw_cbc_encrypt(c->session.enc, iv, c->out, c->out, total, NULL) == ERR_OK;
}

uint8_t
sim_ev2_send(struct sim_card *c)
{
	enum mode mode = mode_out(c);

	if (mode == MODE_PLAIN)
		return ST_OPERATION_OK;
	/* an answer without data has nothing to encipher */
	if (mode == MODE_FULL && c->reply.len > 0 && !seal_answer(c))
		return ST_EEPROM;
	if (!mac_over(&c->session, ST_OPERATION_OK, c->out, c->reply.len, c->out + c->reply.len))
		return ST_EEPROM;
	c->reply.len += EV2_MAC_LEN;
	return ST_OPERATION_OK;
}

/* CMAC over the session vector: label || 0001 0080 || both numbers, partly one over the other. */
static bool
derive(struct raw_key *key, uint16_t label, const uint8_t *a, const uint8_t *b,
    struct raw_key **out)
{
	uint8_t sv[2 * BLOCK], iv[BLOCK] = {0};
	struct writer w = writer_over(sv, sizeof(sv));
	bool ok;

	put_be16(&w, label);
	put_be16(&w, 0x0001);
	put_be16(&w, 0x0080);
	put_bytes(&w, a, 2);
	for (size_t i = 0; i < 6; i++)
		put_u8(&w, a[2 + i] ^ b[i]);
	put_bytes(&w, b + 6, 10);
	put_bytes(&w, a + 8, 8);
	ok = raw_cmac(key, iv, sv, sizeof(sv), iv, NULL) == ERR_OK &&
	    raw_key_new(RAW_AES128, iv, out, NULL) == ERR_OK;
	WIPE(sv);
	WIPE(iv);
	return ok;
}

uint8_t
sim_ev2_open(struct sim_card *c, const uint8_t *rnd_a)
{
	struct auth *a = &c->auth;
	struct session *s = &c->session;

	if (!derive(a->key, LABEL_COMMAND, rnd_a, a->rnd_b, &s->enc) ||
	    !derive(a->key, LABEL_ANSWER, rnd_a, a->rnd_b, &s->key)) {
		sim_channel_close(c);
		return ST_EEPROM;
	}
	memcpy(s->ti, a->ti, sizeof(s->ti));
	s->ctr = a->ctr;
	s->block = BLOCK;
	s->key_no = a->key_no;
	return ST_OPERATION_OK;
}
