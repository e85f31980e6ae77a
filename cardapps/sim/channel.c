/*
 * Secure messaging of a session, from the card's side. EV1 (0x1A, 0xAA): one IV,
 * zero after authentication, moved by every CMAC and every enciphered block both ways.
 * Legacy (0x0A): the host always deciphers, so the card enciphers to read; IV zero for
 * each message, CRC16, 4-byte MAC over the data alone. Source: data sheet, secure
 * messaging; traces in tests/vectors/desfire-ev1.txt.
 */
#include "cardapps/sim/card.h"

#include <string.h>

#include "keys/crc.h"
#include "station/base/secret.h"

#define EV1_MAC_LEN 8
#define LEGACY_MAC_LEN 4

void
sim_channel_close(struct sim_card *c)
{
	raw_key_free(&c->session.key);
	raw_key_free(&c->session.enc);
	WIPE(c->session);
}

size_t
sim_channel_crc_len(const struct sim_card *c)
{
	return c->session.legacy ? 2 : 4;
}

size_t
sim_channel_wire_len(const struct sim_card *c, enum mode mode, size_t body)
{
	size_t block = c->session.block;

	if (session_is_ev2(c))
		return sim_ev2_wire_len(c, body);
	if (c->session.key == NULL || mode == MODE_PLAIN)
		return body;
	if (mode == MODE_MAC)
		return body + (c->session.legacy ? LEGACY_MAC_LEN : EV1_MAC_LEN);
	return (body + sim_channel_crc_len(c) + block - 1) / block * block;
}

/* Little-endian check sum over up to two pieces. */
static void
crc_over(const struct sim_card *c, const uint8_t *head, size_t head_len, const uint8_t *data,
    size_t len, uint8_t sum[4])
{
	struct writer w = writer_over(sum, 4);

	if (c->session.legacy)
		put_le16(&w, crc16_a(CRC16_START, data, len));
	else
		put_le32(&w, crc32_desfire(crc32_desfire(CRC32_START, head, head_len), data, len));
}

bool
sim_channel_crc_ok(const struct sim_card *c, bool with_head, const uint8_t *data, size_t len,
    const uint8_t *sum)
{
	uint8_t want[4];

	crc_over(c, c->in, with_head ? 1 + c->run.head : 0, data, len, want);
	return secret_equal(want, sum, sim_channel_crc_len(c));
}

/* CMAC from the running IV; the IV becomes the CMAC. */
static bool
mac_step(struct sim_card *c, const uint8_t *data, size_t len)
{
	struct session *s = &c->session;

	return raw_cmac(s->key, s->iv, data, len, s->iv, NULL) == ERR_OK;
}

/* The four bytes of a legacy MAC: CBC over the zero-padded data, last block. */
static bool
legacy_mac(struct sim_card *c, const uint8_t *data, size_t len, uint8_t mac[LEGACY_MAC_LEN])
{
	uint8_t iv[BLOCK_CAP] = {0}, block[BLOCK_CAP];

	for (size_t at = 0; at < len; at += 8) {
		size_t n = len - at < 8 ? len - at : 8;

		memset(block, 0, sizeof(block));
		memcpy(block, data + at, n);
		if (raw_cbc_encrypt(c->session.key, iv, block, block, 8, NULL) != ERR_OK)
			return false;
	}
	memcpy(mac, iv, LEGACY_MAC_LEN);
	return true;
}

/* Undo the host's CBC of decipherments: P = E(C) ^ previous C. */
static bool
legacy_open(struct sim_card *c, uint8_t *data, size_t len)
{
	uint8_t before[8] = {0}, now[8], zero[BLOCK_CAP];

	for (size_t at = 0; at < len; at += 8) {
		memset(zero, 0, sizeof(zero));
		memcpy(now, data + at, 8);
		if (raw_cbc_encrypt(c->session.key, zero, now, data + at, 8, NULL) != ERR_OK)
			return false;
		for (size_t i = 0; i < 8; i++)
			data[at + i] ^= before[i];
		memcpy(before, now, 8);
	}
	return true;
}

static bool
open_body(struct sim_card *c, uint8_t *data, size_t len)
{
	struct session *s = &c->session;

	if (s->legacy)
		return legacy_open(c, data, len);
	return raw_cbc_decrypt(s->key, s->iv, data, data, len, NULL) == ERR_OK;
}

static bool
all_zero(const uint8_t *p, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= p[i];
	return any == 0;
}

/* Decipher what follows the head; check sum and zero padding unless the handler sees to them. */
static uint8_t
receive_full(struct sim_card *c)
{
	uint8_t *data = c->in + 1 + c->run.head;
	size_t len = c->run.want - c->run.head, sum_len = sim_channel_crc_len(c);

	if (!open_body(c, data, len))
		return ST_EEPROM;
	if (c->run.cmd->channel == CH_CRYPTOGRAM)
		return ST_OPERATION_OK;
	if (!sim_channel_crc_ok(c, true, data, c->run.body, data + c->run.body) ||
	    !all_zero(data + c->run.body + sum_len, len - c->run.body - sum_len))
		return ST_INTEGRITY;
	return ST_OPERATION_OK;
}

static uint8_t
receive_mac(struct sim_card *c)
{
	size_t signed_len = c->run.head + c->run.body;
	const uint8_t *sent = c->in + 1 + signed_len;
	uint8_t mac[LEGACY_MAC_LEN];

	if (c->session.legacy) {
		if (!legacy_mac(c, c->in + 1 + c->run.head, c->run.body, mac))
			return ST_EEPROM;
		return secret_equal(mac, sent, LEGACY_MAC_LEN) ? ST_OPERATION_OK : ST_INTEGRITY;
	}
	if (!mac_step(c, c->in, 1 + signed_len))
		return ST_EEPROM;
	return secret_equal(c->session.iv, sent, EV1_MAC_LEN) ? ST_OPERATION_OK : ST_INTEGRITY;
}

uint8_t
sim_channel_receive(struct sim_card *c)
{
	enum channel ch = c->run.cmd->channel;
	bool data_in = ch == CH_SEALED || ch == CH_CRYPTOGRAM || ch == CH_FILE_IN;

	if (c->session.key == NULL || ch == CH_NONE)
		return ST_OPERATION_OK;
	if (session_is_ev2(c))
		return sim_ev2_receive(c);
	if (data_in && c->run.mode == MODE_FULL)
		return receive_full(c);
	if (data_in && c->run.mode == MODE_MAC)
		return receive_mac(c);
	if (!c->session.legacy && !mac_step(c, c->in, 1 + c->run.want))
		return ST_EEPROM;
	return ST_OPERATION_OK;
}

/*
 * data || check sum || padding, enciphered. 80 opens the padding where the host could not know the
 * length.
 */
static uint8_t
send_full(struct sim_card *c)
{
	size_t len = c->reply.len, sum_len = sim_channel_crc_len(c);
	size_t wire = sim_channel_wire_len(c, MODE_FULL, len);
	bool open_ended = c->run.cmd->run == data_read || c->run.cmd->run == record_read;
	uint8_t iv[BLOCK_CAP] = {0}, sum[4];

	open_ended = open_ended && all_zero(c->in + 5, 3);
	if (open_ended && wire == len + sum_len)
		wire += c->session.block;
	c->out[len] = ST_OPERATION_OK;
	crc_over(c, NULL, 0, c->out, c->session.legacy ? len : len + 1, sum);
	memcpy(c->out + len, sum, sum_len);
	memset(c->out + len + sum_len, 0, wire - len - sum_len);
	if (open_ended)
		c->out[len + sum_len] = 0x80;
	c->reply.len = wire;
	if (raw_cbc_encrypt(c->session.key, c->session.legacy ? iv : c->session.iv, c->out, c->out,
	    wire, NULL) != ERR_OK)
		return ST_EEPROM;
	return ST_OPERATION_OK;
}

static uint8_t
send_legacy_mac(struct sim_card *c)
{
	uint8_t mac[LEGACY_MAC_LEN];

	if (!legacy_mac(c, c->out, c->reply.len, mac))
		return ST_EEPROM;
	memcpy(c->out + c->reply.len, mac, sizeof(mac));
	c->reply.len += sizeof(mac);
	return ST_OPERATION_OK;
}

uint8_t
sim_channel_send(struct sim_card *c)
{
	enum channel ch = c->run.cmd->channel;

	if (c->session.key == NULL || ch == CH_NONE)
		return ST_OPERATION_OK;
	if (session_is_ev2(c))
		return sim_ev2_send(c);
	if (ch == CH_SECRET || (ch == CH_FILE_OUT && c->run.mode == MODE_FULL))
		return send_full(c);
	if (c->session.legacy)
		return ch == CH_FILE_OUT && c->run.mode == MODE_MAC ? send_legacy_mac(c)
								     : ST_OPERATION_OK;
	c->out[c->reply.len] = ST_OPERATION_OK;
	if (!mac_step(c, c->out, c->reply.len + 1))
		return ST_EEPROM;
	memcpy(c->out + c->reply.len, c->session.iv, EV1_MAC_LEN);
	c->reply.len += EV1_MAC_LEN;
	return ST_OPERATION_OK;
}
