#include "tests/support/sim_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "keys/crc.h"
#include "station/base/bytes.h"

#define GONE 0x100u

static void
take_random(void *ctx, uint8_t *out, size_t len)
{
	struct sim_host *h = ctx;

	memcpy(out, len == sizeof(h->ti) ? h->ti : h->rnd_b, len);
}

void
host_restart(struct sim_host *h, bool native)
{
	raw_key_free(&h->key);
	h->native = native;
	sim_card_power(h->card, false);
	sim_card_power(h->card, true);
}

void
host_start(struct sim_host *h, struct sim_card *card, bool native)
{
	memset(h, 0, sizeof(*h));
	h->card = card;
	for (uint8_t i = 0; i < 16; i++) {
		h->rnd_a[i] = (uint8_t)(i * 7 + 1);
		h->rnd_b[i] = (uint8_t)(i * 11 + 5);
	}
	memcpy(h->ti, "\x7A\x21\x08\x5E", sizeof(h->ti));
	sim_card_set_random(card, take_random, h);
	host_restart(h, native);
}

void
host_stop(struct sim_host *h)
{
	raw_key_free(&h->key);
	sim_card_set_random(h->card, NULL, NULL);
}

static size_t
wrap(const struct sim_host *h, uint8_t ins, const void *data, size_t len, uint8_t *frame)
{
	struct writer w = writer_over(frame, APDU_CAP);

	if (!h->native)
		put_u8(&w, 0x90);
	put_u8(&w, ins);
	if (!h->native) {
		put_be16(&w, 0);
		if (len > 0)
			put_u8(&w, (uint8_t)len);
	}
	put_bytes(&w, data, len);
	if (!h->native)
		put_u8(&w, 0);
	assert_false(w.overflow);
	return w.len;
}

/* One frame; the data is added to rx. */
static unsigned
exchange(struct sim_host *h, uint8_t ins, const void *data, size_t len)
{
	uint8_t capdu[APDU_CAP], rapdu[RAPDU_CAP];
	size_t n = wrap(h, ins, data, len, capdu), got;

	if (!sim_card_transmit(h->card, capdu, n, rapdu, &got))
		return GONE;
	if (h->native) {
		assert_true(got >= 1);
		memcpy(h->rx + h->rx_len, rapdu + 1, got - 1);
		h->rx_len += got - 1;
		return rapdu[0];
	}
	assert_true(got >= 2);
	assert_int_equal(rapdu[got - 2], 0x91);
	memcpy(h->rx + h->rx_len, rapdu, got - 2);
	h->rx_len += got - 2;
	return rapdu[got - 1];
}

unsigned
host_frame(struct sim_host *h, uint8_t ins, const void *data, size_t len)
{
	h->rx_len = 0;
	return exchange(h, ins, data, len);
}

unsigned
host_raw(struct sim_host *h, uint8_t ins, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t room = h->room > 0 ? h->room : h->native ? 59 : 55, n = len < room ? len : room;
	unsigned st = host_frame(h, ins, p, n);

	while (st == 0xAF) {
		len -= n;
		p = p == NULL ? NULL : p + n;
		n = len < room ? len : room;
		st = exchange(h, 0xAF, n > 0 ? p : NULL, n);
	}
	return st;
}

unsigned
host_hex(struct sim_host *h, uint8_t ins, const char *hex)
{
	uint8_t data[256];
	size_t len;

	assert_true(hex_decode(hex, data, sizeof(data), &len));
	return host_raw(h, ins, data, len);
}

static void
rotate(const uint8_t *in, uint8_t *out, size_t n)
{
	memcpy(out, in + 1, n - 1);
	out[n - 1] = in[0];
}

static enum raw_alg
alg_of(uint8_t ins, const uint8_t *key, size_t len)
{
	if (ins == 0xAA)
		return RAW_AES128;
	if (len == 24)
		return RAW_3TDEA;
	return memcmp(key, key + 8, 8) == 0 ? RAW_DES : RAW_2TDEA;
}

static void
open_session(struct sim_host *h, enum raw_alg alg)
{
	static const size_t at[4][3] = {[RAW_DES] = {0}, [RAW_2TDEA] = {0, 4},
		[RAW_3TDEA] = {0, 6, 12}, [RAW_AES128] = {0, 12}};
	uint8_t key[24];

	for (size_t i = 0; i < raw_key_len(alg) / 8; i++) {
		memcpy(key + 8 * i, h->rnd_a + at[alg][i], 4);
		memcpy(key + 8 * i + 4, h->rnd_b + at[alg][i], 4);
	}
	raw_key_free(&h->key);
	assert_int_equal(raw_key_new(alg, key, &h->key, NULL), ERR_OK);
	memset(h->iv, 0, sizeof(h->iv));
	h->block = raw_block_len(alg);
}

unsigned
host_auth(struct sim_host *h, uint8_t ins, uint8_t key_no, const uint8_t *key, size_t len)
{
	enum raw_alg alg = alg_of(ins, key, len);
	size_t n = alg == RAW_AES128 || alg == RAW_3TDEA ? 16 : 8;
	uint8_t iv[16] = {0}, token[32], want[16];
	struct raw_key *k = NULL;
	unsigned st = host_frame(h, ins, &key_no, 1);

	raw_key_free(&h->key);
	if (st != 0xAF)
		return st;
	assert_int_equal(h->rx_len, n);
	assert_int_equal(raw_key_new(alg, key, &k, NULL), ERR_OK);
	assert_int_equal(raw_cbc_decrypt(k, iv, h->rx, h->rx, n, NULL), ERR_OK);
	memcpy(token, h->rnd_a, n);
	rotate(h->rx, token + n, n);
	assert_int_equal(raw_cbc_encrypt(k, iv, token, token, 2 * n, NULL), ERR_OK);
	st = host_frame(h, 0xAF, token, 2 * n);
	if (st == 0) {
		rotate(h->rnd_a, want, n);
		assert_int_equal(h->rx_len, n);
		assert_int_equal(raw_cbc_decrypt(k, iv, h->rx, h->rx, n, NULL), ERR_OK);
		assert_memory_equal(h->rx, want, n);
		h->session_no = key_no;
		open_session(h, alg);
	}
	raw_key_free(&k);
	return st;
}

/* Check sum, zero padding, CBC; answers the length on the wire. */
static size_t
seal(struct sim_host *h, uint8_t *msg, size_t head_end, size_t len)
{
	struct writer w = writer_over(msg + len, 4);
	size_t total;

	put_le32(&w, crc32_desfire(CRC32_START, msg, len));
	total = (len - head_end + 4 + h->block - 1) / h->block * h->block;
	memset(msg + len + 4, 0, total - (len - head_end + 4));
	assert_int_equal(
	    raw_cbc_encrypt(h->key, h->iv, msg + head_end, msg + head_end, total, NULL), ERR_OK);
	return head_end + total;
}

static void
open_mac(struct sim_host *h)
{
	uint8_t sent[8];

	assert_true(h->rx_len >= 8);
	h->rx_len -= 8;
	memcpy(sent, h->rx + h->rx_len, 8);
	h->rx[h->rx_len] = 0;
	assert_int_equal(raw_cmac(h->key, h->iv, h->rx, h->rx_len + 1, h->iv, NULL), ERR_OK);
	assert_memory_equal(h->iv, sent, 8);
}

/* The length is found by the check sum: shortest data with a right one and proper padding. */
static void
open_full(struct sim_host *h)
{
	size_t wire = h->rx_len;

	assert_int_equal(wire % h->block, 0);
	assert_int_equal(raw_cbc_decrypt(h->key, h->iv, h->rx, h->rx, wire, NULL), ERR_OK);
	for (size_t len = wire > 36 ? wire - 36 : 0; len + 4 <= wire; len++) {
		static const uint8_t ok = 0;
		uint32_t crc = crc32_desfire(crc32_desfire(CRC32_START, h->rx, len), &ok, 1);
		struct cursor c = cursor_over(h->rx + len, 4);

		if (take_le32(&c) == crc) {
			h->rx_len = len;
			return;
		}
	}
	fail_msg("no check sum fits the enciphered answer");
}

unsigned
host_secure(struct sim_host *h, uint8_t ins, const void *head, size_t head_len, const void *body,
    size_t body_len, enum host_mode in, enum host_mode out)
{
	static uint8_t msg[8300];
	size_t len = 1 + head_len + body_len;
	unsigned st;

	msg[0] = ins;
	if (head_len > 0)
		memcpy(msg + 1, head, head_len);
	if (body_len > 0)
		memcpy(msg + 1 + head_len, body, body_len);
	if (in == HOST_FULL) {
		len = seal(h, msg, 1 + head_len, len);
	} else {
		assert_int_equal(raw_cmac(h->key, h->iv, msg, len, h->iv, NULL), ERR_OK);
		if (in == HOST_MAC) {
			memcpy(msg + len, h->iv, 8);
			len += 8;
		}
	}
	st = host_raw(h, ins, msg + 1, len - 1);
	if (st != 0)
		return st;
	if (out == HOST_FULL)
		open_full(h);
	else
		open_mac(h);
	return st;
}

unsigned
host_plain(struct sim_host *h, uint8_t ins, const char *hex)
{
	uint8_t data[256];
	size_t len;

	assert_true(hex_decode(hex, data, sizeof(data), &len));
	return host_secure(h, ins, data, len, NULL, 0, HOST_PLAIN, HOST_PLAIN);
}

unsigned
host_change_key(struct sim_host *h, uint8_t key_no, const uint8_t *key, size_t len, int version,
    const uint8_t *old)
{
	uint8_t msg[64] = {0xC4, key_no};
	struct writer w = writer_over(msg + 2, sizeof(msg) - 2);
	size_t total;
	unsigned st;

	for (size_t i = 0; i < len; i++)
		put_u8(&w, old == NULL ? key[i] : key[i] ^ old[i]);
	if (version >= 0)
		put_u8(&w, (uint8_t)version);
	put_le32(&w, crc32_desfire(CRC32_START, msg, 2 + w.len));
	if (old != NULL)
		put_le32(&w, crc32_desfire(CRC32_START, key, len));
	total = (w.len + h->block - 1) / h->block * h->block;
	assert_int_equal(raw_cbc_encrypt(h->key, h->iv, msg + 2, msg + 2, total, NULL), ERR_OK);
	st = host_raw(h, 0xC4, msg + 1, 1 + total);
	if (st != 0)
		return st;
	if (old == NULL) {
		assert_int_equal(h->rx_len, 0);
		raw_key_free(&h->key);
	} else {
		open_mac(h);
	}
	return st;
}
