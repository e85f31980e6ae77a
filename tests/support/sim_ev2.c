#include "tests/support/sim_ev2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "keys/crc.h"
#include "station/base/bytes.h"

static void
forget(struct sim_ev2 *e)
{
	raw_key_free(&e->mac);
	raw_key_free(&e->enc);
}

void
ev2_start(struct sim_ev2 *e, struct sim_card *card, bool native)
{
	memset(e, 0, sizeof(*e));
	host_start(&e->h, card, native);
}

void
ev2_stop(struct sim_ev2 *e)
{
	forget(e);
	host_stop(&e->h);
}

static void
cbc(struct raw_key *k, bool encrypt, const uint8_t *start, uint8_t *p, size_t len)
{
	uint8_t iv[16] = {0};

	if (start != NULL)
		memcpy(iv, start, 16);
	assert_int_equal(encrypt ? raw_cbc_encrypt(k, iv, p, p, len, NULL)
				 : raw_cbc_decrypt(k, iv, p, p, len, NULL), ERR_OK);
}

static struct raw_key *
session_key(struct raw_key *k, const char *label, const uint8_t *a, const uint8_t *b)
{
	uint8_t sv[32], mac[16], iv[16] = {0};
	struct raw_key *out = NULL;

	memcpy(sv, label, 2);
	memcpy(sv + 2, "\x00\x01\x00\x80", 4);
	memcpy(sv + 6, a, 8);
	for (size_t i = 0; i < 6; i++)
		sv[8 + i] ^= b[i];
	memcpy(sv + 14, b + 6, 10);
	memcpy(sv + 24, a + 8, 8);
	assert_int_equal(raw_cmac(k, iv, sv, 32, mac, NULL), ERR_OK);
	assert_int_equal(raw_key_new(RAW_AES128, mac, &out, NULL), ERR_OK);
	return out;
}

/* Checks RndA turned by a byte, at the place where this authentication has it. */
static void
check_proof(struct sim_ev2 *e, struct raw_key *k, bool first)
{
	const uint8_t *turned = e->h.rx + (first ? 4 : 0);
	static const uint8_t no_caps[12];

	assert_int_equal(e->h.rx_len, first ? 32 : 16);
	cbc(k, false, NULL, e->h.rx, e->h.rx_len);
	assert_memory_equal(turned, e->h.rnd_a + 1, 15);
	assert_int_equal(turned[15], e->h.rnd_a[0]);
	if (!first)
		return;
	assert_memory_equal(e->h.rx + 20, no_caps, 12);
	memcpy(e->ti, e->h.rx, 4);
	e->ctr = 0;
}

unsigned
ev2_auth(struct sim_ev2 *e, uint8_t ins, uint8_t key_no, const uint8_t key[16])
{
	uint8_t head[2] = {key_no, 0}, token[32];
	bool first = ins == 0x71;
	struct raw_key *k = NULL;
	unsigned st = host_frame(&e->h, ins, head, first ? 2 : 1);

	forget(e);
	if (st != 0xAF)
		return st;
	assert_int_equal(e->h.rx_len, 16);
	assert_int_equal(raw_key_new(RAW_AES128, key, &k, NULL), ERR_OK);
	cbc(k, false, NULL, e->h.rx, 16);
	memcpy(token, e->h.rnd_a, 16);
	memcpy(token + 16, e->h.rx + 1, 15);
	token[31] = e->h.rx[0];
	cbc(k, true, NULL, token, 32);
	st = host_frame(&e->h, 0xAF, token, 32);
	if (st == 0) {
		check_proof(e, k, first);
		e->enc = session_key(k, "\xA5\x5A", e->h.rnd_a, e->h.rnd_b);
		e->mac = session_key(k, "\x5A\xA5", e->h.rnd_a, e->h.rnd_b);
		e->h.session_no = key_no;
	}
	raw_key_free(&k);
	return st;
}

static void
mac_of(struct sim_ev2 *e, uint8_t first, const uint8_t *data, size_t len, uint8_t mac[8])
{
	static uint8_t msg[8300];
	uint8_t iv[16] = {0}, full[16];
	struct writer w = writer_over(msg, sizeof(msg));

	put_u8(&w, first);
	put_le16(&w, e->ctr);
	put_bytes(&w, e->ti, 4);
	put_bytes(&w, data, len);
	assert_false(w.overflow);
	assert_int_equal(raw_cmac(e->mac, iv, msg, w.len, full, NULL), ERR_OK);
	for (size_t i = 0; i < 8; i++)
		mac[i] = full[2 * i + 1];
}

static void
iv_of(struct sim_ev2 *e, const char *label, uint8_t iv[16])
{
	memset(iv, 0, 16);
	memcpy(iv, label, 2);
	memcpy(iv + 2, e->ti, 4);
	iv[6] = (uint8_t)e->ctr;
	iv[7] = (uint8_t)(e->ctr >> 8);
	cbc(e->enc, true, NULL, iv, 16);
}

size_t
ev2_seal(struct sim_ev2 *e, uint8_t ins, const void *head, size_t head_len, const void *body,
    size_t body_len, enum host_mode in, uint8_t *wire)
{
	uint8_t iv[16];
	size_t len = head_len + body_len, total;

	if (head_len > 0)
		memcpy(wire, head, head_len);
	if (body_len > 0)
		memcpy(wire + head_len, body, body_len);
	if (in == HOST_FULL) {
		total = (body_len / 16 + 1) * 16;
		memset(wire + len, 0, total - body_len);
		wire[len] = 0x80;
		iv_of(e, "\xA5\x5A", iv);
		cbc(e->enc, true, iv, wire + head_len, total);
		len = head_len + total;
	}
	if (in != HOST_PLAIN) {
		mac_of(e, ins, wire, len, wire + len);
		len += 8;
	}
	return len;
}

/* MAC, padding and cipher of an answer; what is left stays in h.rx. */
static void
open_answer(struct sim_ev2 *e, enum host_mode out)
{
	uint8_t mac[8], iv[16];

	if (out == HOST_PLAIN)
		return;
	assert_true(e->h.rx_len >= 8);
	e->h.rx_len -= 8;
	mac_of(e, 0x00, e->h.rx, e->h.rx_len, mac);
	assert_memory_equal(mac, e->h.rx + e->h.rx_len, 8);
	if (out != HOST_FULL || e->h.rx_len == 0)
		return;
	assert_int_equal(e->h.rx_len % 16, 0);
	iv_of(e, "\x5A\xA5", iv);
	cbc(e->enc, false, iv, e->h.rx, e->h.rx_len);
	while (e->h.rx[--e->h.rx_len] == 0)
		assert_true(e->h.rx_len > 0);
	assert_int_equal(e->h.rx[e->h.rx_len], 0x80);
}

unsigned
ev2_send(struct sim_ev2 *e, uint8_t ins, const void *head, size_t head_len, const void *body,
    size_t body_len, enum host_mode in, enum host_mode out)
{
	static uint8_t wire[8300];
	size_t len = ev2_seal(e, ins, head, head_len, body, body_len, in, wire);
	unsigned st = host_raw(&e->h, ins, wire, len);

	e->ctr++;
	if (st == 0)
		open_answer(e, out);
	return st;
}

unsigned
ev2_hex(struct sim_ev2 *e, uint8_t ins, const char *hex)
{
	uint8_t head[64];
	size_t len;

	assert_true(hex_decode(hex, head, sizeof(head), &len));
	return ev2_send(e, ins, head, len, NULL, 0, HOST_MAC, HOST_MAC);
}

unsigned
ev2_change_key(struct sim_ev2 *e, int set, uint8_t key_no, const uint8_t key[16],
    uint8_t version, const uint8_t *old)
{
	uint8_t head[2] = {(uint8_t)set, key_no}, body[21];
	struct writer w = writer_over(body, sizeof(body));
	size_t skip = set < 0 ? 1u : 0u;
	unsigned st;

	for (size_t i = 0; i < 16; i++)
		put_u8(&w, old == NULL ? key[i] : key[i] ^ old[i]);
	put_u8(&w, version);
	if (old != NULL)
		put_le32(&w, crc32_desfire(CRC32_START, key, 16));
	st = ev2_send(e, set < 0 ? 0xC4 : 0xC6, head + skip, 2 - skip, body, w.len, HOST_FULL,
	    old == NULL ? HOST_PLAIN : HOST_MAC);
	if (st == 0 && old == NULL) {
		assert_int_equal(e->h.rx_len, 0);
		forget(e);
	}
	return st;
}
