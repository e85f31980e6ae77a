/* keys/channel: published traces of AA, 1A, CMAC and ChangeKey replayed byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "keys/channel.h"
#include "keys/crc.h"
#include "keys/raw.h"
#include "keys/replay.h"
#include "station/base/bytes.h"
#include "tests/support/vectors.h"

#define FRAME 256

static const uint8_t zero[16];
static uint8_t next_random[16];

static enum err
fixed_random(uint8_t *out, size_t len)
{
	memcpy(out, next_random, len);
	return ERR_OK;
}

static enum err
no_random(uint8_t *out, size_t len)
{
	memset(out, 0, len);
	return ERR_IO;
}

/* The cipher of a trace's authentication: AA is AES; 1A is told by the length of the key. */
static enum raw_alg
alg_of(const struct vector *v, size_t key_len)
{
	bool aes = vector_has(v, "command") ? strcmp(vector_str(v, "command"), "AA") == 0 :
	    vector_has(v, "auth")           ? strncmp(vector_str(v, "auth"), "AA", 2) == 0 :
					      vector_hex(v, "rnd_a", next_random, 16) == 16;

	if (aes)
		return RAW_AES128;
	return key_len == 8 ? RAW_DES : RAW_2TDEA;
}

/* What the card sends first, and last, for the vector's numbers. */
static void
card_side(enum raw_alg alg, const uint8_t *key, const uint8_t *rnd_b, uint8_t *enc_rndb)
{
	struct raw_key *k = NULL;
	uint8_t iv[16] = {0};

	assert_int_equal(raw_key_new(alg, key, &k, NULL), ERR_OK);
	assert_int_equal(
	    raw_cbc_encrypt(k, iv, rnd_b, enc_rndb, raw_block_len(alg), NULL), ERR_OK);
	raw_key_free(&k);
}

/* Frames of one trace, native or wrapped, without command, length, Le and status. */
static size_t
token_of(const struct vector *v, uint8_t *out)
{
	uint8_t f[FRAME];
	size_t len;

	if (vector_frame(v, "capdu", 1, f, sizeof(f), &len)) {
		memcpy(out, f + 5, f[4]);
		return f[4];
	}
	assert_true(vector_frame(v, "tx", 2, f, sizeof(f), &len));
	memcpy(out, f + 1, len - 1);
	return len - 1;
}

static size_t
proof_of(const struct vector *v, uint8_t *out)
{
	uint8_t f[FRAME];
	size_t len;

	if (vector_frame(v, "rapdu", 1, f, sizeof(f), &len)) {
		memcpy(out, f, len - 2);
		return len - 2;
	}
	assert_true(vector_frame(v, "rx", 2, f, sizeof(f), &len));
	memcpy(out, f + 1, len - 1);
	return len - 1;
}

/* Authenticate as the trace did; every byte we send is the trace's. */
static struct channel *
authenticated(const struct vector *v)
{
	uint8_t key[16], rnd_b[16], enc_rndb[16], token[32], sent[FRAME], proof[FRAME], f[FRAME];
	size_t key_len = vector_hex(v, "key", key, sizeof(key));
	size_t block = vector_hex(v, "rnd_b", rnd_b, sizeof(rnd_b));
	enum raw_alg alg = alg_of(v, key_len);
	struct card_key *k = NULL;
	struct channel *ch = NULL;
	size_t len;

	assert_int_equal(vector_hex(v, "rnd_a", next_random, 16), block);
	card_side(alg, key, rnd_b, enc_rndb);
	if (vector_frame(v, "rx", 1, f, sizeof(f), &len))
		assert_memory_equal(f + 1, enc_rndb, block);
	assert_int_equal(replay_card_key(alg, key, &k, NULL), ERR_OK);
	channel_set_random(fixed_random);
	assert_int_equal(channel_begin(k, enc_rndb, block, &ch, token, NULL), ERR_OK);
	channel_set_random(NULL);
	card_key_close(&k);
	assert_int_equal(channel_block(ch), block);
	assert_int_equal(token_of(v, sent), 2 * block);
	assert_memory_equal(token, sent, 2 * block);
	assert_int_equal(channel_finish(ch, proof, proof_of(v, proof), NULL), ERR_OK);
	return ch;
}

/* Both sides' CMAC over a command: ours, and the reference under the session key of the vector. */
static void
session_key_is(struct channel *ch, const struct vector *v)
{
	uint8_t key[16], mac[8], expected[16];
	size_t len = vector_hex(v, "session_key", key, sizeof(key));
	enum raw_alg alg = channel_block(ch) == 16 ? RAW_AES128 : len == 8 ? RAW_DES : RAW_2TDEA;
	struct raw_key *k = NULL;

	assert_int_equal(raw_key_new(alg, key, &k, NULL), ERR_OK);
	assert_int_equal(raw_cmac(k, zero, key, 5, expected, NULL), ERR_OK);
	assert_int_equal(channel_cmac(ch, key, 5, mac, NULL), ERR_OK);
	assert_memory_equal(mac, expected, 8);
	raw_key_free(&k);
}

static void
each_published_authentication_gives_its_session_key(void **state)
{
	static const char *const names[] = {"auth-aes-zero-key", "auth-iso-2k3des",
	    "auth-iso-des-zero", "trace-aes-stdfile-plain", "session-aes-changekeysettings",
	    "session-aes-changekey-others", "session-aes-maced-write",
	    "session-aes-enciphered-write", "session-2k3des-write"};
	struct vectors *file = vectors_load("desfire-ev1.txt");

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct vector *v = vectors_get(file, names[i]);
		struct channel *ch = authenticated(v);

		if (vector_has(v, "session_key"))
			session_key_is(ch, v);
		channel_close(&ch);
		assert_null(ch);
	}
	vectors_free(&file);
}

static void
equal_halves_are_single_des(void **state)
{
	struct vectors *file = vectors_load("desfire-ev1.txt");
	const struct vector *v = vectors_get(file, "auth-iso-des-zero");
	uint8_t key[16] = {0}, rnd_b[8], enc[8], token[32], proof[FRAME];
	struct card_key *k = NULL;
	struct channel *ch = NULL;

	(void)state;
	assert_int_equal(vector_hex(v, "rnd_a", next_random, 16), 8);
	assert_int_equal(vector_hex(v, "rnd_b", rnd_b, 8), 8);
	card_side(RAW_2TDEA, key, rnd_b, enc);
	assert_int_equal(replay_card_key(RAW_2TDEA, key, &k, NULL), ERR_OK);
	channel_set_random(fixed_random);
	assert_int_equal(channel_begin(k, enc, 8, &ch, token, NULL), ERR_OK);
	channel_set_random(NULL);
	assert_int_equal(channel_finish(ch, proof, proof_of(v, proof), NULL), ERR_OK);
	session_key_is(ch, v);
	channel_close(&ch);
	card_key_close(&k);
	vectors_free(&file);
}

static void
each_published_change_key_comes_out(void **state)
{
	static const char *const names[] = {
	    "changekey-aes-same", "changekey-aes-other", "changekey-2k3des-same"};
	struct vectors *file = vectors_load("desfire-ev1.txt");

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct vector *v = vectors_get(file, names[i]);
		uint8_t session[16], key[16], no, version = 0, out[48], tx[FRAME], rx[FRAME];
		enum raw_alg session_alg =
		    vector_hex(v, "session_key", session, 16) == 8 ? RAW_DES : RAW_AES128;
		enum raw_alg key_alg = session_alg == RAW_DES ? RAW_2TDEA : RAW_AES128;
		struct channel *ch = NULL;
		struct card_key *new_key = NULL, *old = NULL;
		size_t len, tx_len, rx_len;

		assert_int_equal(replay_session(session_alg, session, &ch, NULL), ERR_OK);
		assert_int_equal(vector_hex(v, "key_no", &no, 1), 1);
		assert_int_equal(vector_hex(v, "new_key", key, 16), 16);
		assert_int_equal(replay_card_key(key_alg, key, &new_key, NULL), ERR_OK);
		if (vector_has(v, "new_version"))
			assert_int_equal(vector_hex(v, "new_version", &version, 1), 1);
		if (vector_has(v, "old_key")) {
			assert_int_equal(vector_hex(v, "old_key", key, 16), 16);
			assert_int_equal(replay_card_key(key_alg, key, &old, NULL), ERR_OK);
		}
		assert_int_equal(
		    channel_change_key(ch, no, new_key, version, old, out, &len, NULL), ERR_OK);
		assert_true(vector_frame(v, "tx", 1, tx, sizeof(tx), &tx_len));
		assert_int_equal(len, tx_len - 2);
		assert_memory_equal(out, tx + 2, len);
		assert_true(vector_frame(v, "rx", 1, rx, sizeof(rx), &rx_len));
		if (rx_len > 1)	/* another key: the session lives on from the cryptogram's IV */
			assert_int_equal(channel_check(ch, rx, 1, rx + 1, NULL), ERR_OK);
		card_key_close(&new_key);
		card_key_close(&old);
		channel_close(&ch);
	}
	vectors_free(&file);
}

/* Answer of a wrapped frame: CMAC over data || status, all from the running IV. */
static void
answer_is_good(struct channel *ch, const uint8_t *rapdu, size_t len)
{
	uint8_t over[FRAME];
	size_t data = len - 2 - 8;

	assert_int_equal(rapdu[len - 2], 0x91);
	memcpy(over, rapdu, data);
	over[data] = rapdu[len - 1];
	assert_int_equal(channel_check(ch, over, data + 1, rapdu + data, NULL), ERR_OK);
}

/* Command and header, without wrapping: what plain mode runs its CMAC over. */
static size_t
native_of(const uint8_t *capdu, size_t len, uint8_t *out)
{
	out[0] = capdu[1];
	if (len == 5)
		return 1;
	memcpy(out + 1, capdu + 5, capdu[4]);
	return 1 + (size_t)capdu[4];
}

/*
 * The cryptogram holds new ^ old: key 1 was libfreefare's "Another AES key!" before, the
 * others zeros. If that were wrong, the check sum over the new key alone would be too.
 */
static void
change_key_is_the_trace_s(struct channel *ch, struct raw_key *mirror, uint8_t iv[16],
    const uint8_t *native, size_t len)
{
	const uint8_t *old_bytes = native[1] == 1 ? (const uint8_t *)"Another AES key!" : zero;
	uint8_t plain[32], out[48], iv_copy[16];
	struct card_key *new_key = NULL, *old = NULL;
	size_t out_len;

	assert_int_equal(len, 2 + 32);
	memcpy(iv_copy, iv, 16);
	assert_int_equal(raw_cbc_decrypt(mirror, iv_copy, native + 2, plain, 32, NULL), ERR_OK);
	for (size_t i = 0; i < 16; i++)
		plain[i] ^= old_bytes[i];
	assert_int_equal(replay_card_key(RAW_AES128, plain, &new_key, NULL), ERR_OK);
	assert_int_equal(replay_card_key(RAW_AES128, old_bytes, &old, NULL), ERR_OK);
	assert_int_equal(
	    channel_change_key(ch, native[1], new_key, plain[16], old, out, &out_len, NULL),
	    ERR_OK);
	assert_int_equal(out_len, 32);
	assert_memory_equal(out, native + 2, 32);
	card_key_close(&new_key);
	card_key_close(&old);
}

static void
a_whole_session_of_change_keys_keeps_its_iv(void **state)
{
	struct vectors *file = vectors_load("desfire-ev1.txt");
	const struct vector *v = vectors_get(file, "session-aes-changekey-others");
	struct channel *ch = authenticated(v);
	uint8_t key[16], iv[16] = {0}, c[FRAME], r[FRAME], native[FRAME], mac[8];
	struct raw_key *mirror = NULL;
	unsigned changed = 0, plain = 0;
	size_t c_len, r_len;

	(void)state;
	assert_int_equal(vector_hex(v, "session_key", key, 16), 16);
	assert_int_equal(raw_key_new(RAW_AES128, key, &mirror, NULL), ERR_OK);
	for (unsigned n = 2; vector_frame(v, "capdu", n, c, sizeof(c), &c_len); n++) {
		size_t len = native_of(c, c_len, native);

		assert_true(vector_frame(v, "rapdu", n, r, sizeof(r), &r_len));
		if (native[0] == 0xC4) {
			change_key_is_the_trace_s(ch, mirror, iv, native, len);
			memcpy(iv, native + len - 16, 16);
			changed++;
		} else {
			assert_int_equal(channel_cmac(ch, native, len, mac, NULL), ERR_OK);
			plain++;
		}
		answer_is_good(ch, r, r_len);
		/* every answer of this trace is a bare status */
		assert_int_equal(raw_cmac(mirror, iv, zero, 1, iv, NULL), ERR_OK);
	}
	assert_int_equal(changed, 4);
	assert_int_equal(plain, 3);
	raw_key_free(&mirror);
	channel_close(&ch);
	vectors_free(&file);
}

static void
a_plain_session_runs_the_iv_through_every_command(void **state)
{
	struct vectors *file = vectors_load("desfire-ev1.txt");
	const struct vector *v = vectors_get(file, "trace-aes-stdfile-plain");
	struct channel *ch = authenticated(v);
	uint8_t tx[FRAME], rx[FRAME], over[FRAME], mac[8];
	size_t tx_len, rx_len;
	unsigned n;

	(void)state;
	for (n = 3; vector_frame(v, "tx", n, tx, sizeof(tx), &tx_len); n++) {
		assert_true(vector_frame(v, "rx", n, rx, sizeof(rx), &rx_len));
		assert_int_equal(channel_cmac(ch, tx, tx_len, mac, NULL), ERR_OK);
		memcpy(over, rx + 1, rx_len - 9);
		over[rx_len - 9] = rx[0];
		assert_int_equal(
		    channel_check(ch, over, rx_len - 8, rx + rx_len - 8, NULL), ERR_OK);
	}
	assert_int_equal(n, 11);
	channel_close(&ch);
	vectors_free(&file);
}

/* One command put together from its AF frames, native; answers the number of its last frame. */
static unsigned
whole_command(const struct vector *v, unsigned n, uint8_t *out, size_t *len)
{
	uint8_t c[FRAME], r[FRAME], part[FRAME];
	size_t c_len, r_len, part_len;

	*len = 0;
	for (;; n++) {
		assert_true(vector_frame(v, "capdu", n, c, sizeof(c), &c_len));
		assert_true(vector_frame(v, "rapdu", n, r, sizeof(r), &r_len));
		part_len = native_of(c, c_len, part);
		if (*len == 0)
			out[(*len)++] = part[0];
		memcpy(out + *len, part + 1, part_len - 1);
		*len += part_len - 1;
		if (r[r_len - 1] != 0xAF)
			return n;
	}
}

/* Writes carry 8 bytes of CMAC over all that goes before; every other CMAC only moves the IV. */
static void
a_session_in_mac_mode_sends_the_trace_s_macs(void **state)
{
	struct vectors *file = vectors_load("desfire-ev1.txt");
	const struct vector *v = vectors_get(file, "session-aes-maced-write");
	struct channel *ch = authenticated(v);
	uint8_t native[2 * FRAME], r[FRAME], mac[8];
	unsigned maced = 0;
	size_t len, r_len;

	(void)state;
	for (unsigned n = 2; n <= 14; n++) {
		n = whole_command(v, n, native, &len);
		if (native[0] == 0x3D || native[0] == 0x3B) {
			len -= 8;
			assert_int_equal(channel_cmac(ch, native, len, mac, NULL), ERR_OK);
			assert_memory_equal(mac, native + len, 8);
			maced++;
		} else {
			assert_int_equal(channel_cmac(ch, native, len, mac, NULL), ERR_OK);
		}
		assert_true(vector_frame(v, "rapdu", n, r, sizeof(r), &r_len));
		if (n < 14)	/* the last is refused, without a CMAC */
			answer_is_good(ch, r, r_len);
	}
	assert_int_equal(maced, 5);
	channel_close(&ch);
	vectors_free(&file);
}

/*
 * Enciphered writes put CRC32 behind the data, zeros behind that, and go under the
 * running IV: the same plaintext through our channel must give the trace's bytes.
 */
static void
an_enciphered_session_sends_the_trace_s_bytes(const char *name, enum raw_alg alg)
{
	struct vectors *file = vectors_load("desfire-ev1.txt");
	const struct vector *v = vectors_get(file, name);
	struct channel *ch = authenticated(v);
	uint8_t key[16], iv[16] = {0}, native[2 * FRAME], plain[2 * FRAME], r[FRAME], mac[8];
	struct raw_key *mirror = NULL;
	unsigned enciphered = 0;
	size_t len, r_len, head;

	(void)vector_hex(v, "session_key", key, 16);
	assert_int_equal(raw_key_new(alg, key, &mirror, NULL), ERR_OK);
	for (unsigned n = 2; n <= 25; n++) {
		n = whole_command(v, n, native, &len);
		head = native[0] == 0x3D || native[0] == 0x3B             ? 8 :
		    native[0] == 0xDC || native[0] == 0x0C || native[0] == 0x1C ? 2 : len;
		if (head < len) {
			size_t body = len - head;

			assert_int_equal(
			    raw_cbc_decrypt(mirror, iv, native + head, plain, body, NULL), ERR_OK);
			assert_int_equal(channel_encrypt(ch, plain, body, NULL), ERR_OK);
			assert_memory_equal(plain, native + head, body);
			enciphered++;
		} else {
			assert_int_equal(channel_cmac(ch, native, len, mac, NULL), ERR_OK);
			assert_int_equal(raw_cmac(mirror, iv, native, len, iv, NULL), ERR_OK);
		}
		assert_true(vector_frame(v, "rapdu", n, r, sizeof(r), &r_len));
		answer_is_good(ch, r, r_len);
		r[r_len - 10] = 0;	/* the status, behind the data */
		assert_int_equal(raw_cmac(mirror, iv, r, r_len - 9, iv, NULL), ERR_OK);
	}
	assert_int_equal(enciphered, 10);
	raw_key_free(&mirror);
	channel_close(&ch);
	vectors_free(&file);
}

static void
an_enciphered_aes_session_keeps_its_iv(void **state)
{
	(void)state;
	an_enciphered_session_sends_the_trace_s_bytes("session-aes-enciphered-write", RAW_AES128);
}

static void
an_enciphered_2k3des_session_keeps_its_iv(void **state)
{
	(void)state;
	an_enciphered_session_sends_the_trace_s_bytes("session-2k3des-write", RAW_2TDEA);
}

/* ChangeKeySettings (54): settings || CRC32 over command and settings, zero padding, then plain. */
static void
an_enciphered_command_of_a_trace_comes_out(void **state)
{
	struct vectors *file = vectors_load("desfire-ev1.txt");
	const struct vector *v = vectors_get(file, "session-aes-changekeysettings");
	struct channel *ch = authenticated(v);
	uint8_t c[FRAME], r[FRAME], data[16], over[2] = {0x54, 0}, mac[8];
	size_t c_len, r_len;

	(void)state;
	assert_true(vector_frame(v, "capdu", 2, c, sizeof(c), &c_len));
	assert_true(vector_frame(v, "rapdu", 3, r, sizeof(r), &r_len));
	over[1] = r[0];	/* the settings that GetKeySettings reads back */
	{
		struct writer w = writer_over(data, sizeof(data));

		put_u8(&w, over[1]);
		put_le32(&w, crc32_desfire(CRC32_START, over, 2));
		put_zeros(&w, 11);
	}
	assert_int_equal(channel_encrypt(ch, data, 16, NULL), ERR_OK);
	assert_memory_equal(data, c + 5, 16);
	assert_true(vector_frame(v, "rapdu", 2, r, sizeof(r), &r_len));
	answer_is_good(ch, r, r_len);
	assert_int_equal(channel_cmac(ch, (const uint8_t[]){0x45}, 1, mac, NULL), ERR_OK);
	assert_true(vector_frame(v, "rapdu", 3, r, sizeof(r), &r_len));
	answer_is_good(ch, r, r_len);
	channel_close(&ch);
	vectors_free(&file);
}

static struct card_key *
zero_aes_key(void)
{
	struct card_key *k = NULL;

	assert_int_equal(replay_card_key(RAW_AES128, zero, &k, NULL), ERR_OK);
	return k;
}

static void
a_wrong_proof_kills_the_channel(void **state)
{
	struct card_key *k = zero_aes_key();

	(void)state;
	for (int bit = 0; bit < 128; bit++) {
		struct vectors *file = bit == 0 ? vectors_load("desfire-ev1.txt") : NULL;
		static uint8_t enc[16], proof[FRAME];
		struct channel *ch = NULL;
		uint8_t token[32], mac[8], wrong[16];
		struct why w;

		if (file != NULL) {
			const struct vector *v = vectors_get(file, "auth-aes-zero-key");
			uint8_t rx[FRAME];
			size_t len;

			assert_true(vector_frame(v, "rx", 1, rx, sizeof(rx), &len));
			memcpy(enc, rx + 1, 16);
			assert_int_equal(vector_hex(v, "rnd_a", next_random, 16), 16);
			assert_int_equal(proof_of(v, proof), 16);
			vectors_free(&file);
		}
		memcpy(wrong, proof, 16);
		wrong[bit / 8] ^= (uint8_t)(1 << bit % 8);
		channel_set_random(fixed_random);
		assert_int_equal(channel_begin(k, enc, 16, &ch, token, NULL), ERR_OK);
		channel_set_random(NULL);
		assert_int_equal(channel_cmac(ch, zero, 1, mac, &w), ERR_CARD_MAC);
		assert_int_equal(channel_finish(ch, wrong, 16, &w), ERR_CARD_AUTH);
		assert_int_equal(w.id, MSG_CARD_PROOF_WRONG);
		assert_int_equal(channel_finish(ch, proof, 16, &w), ERR_CARD_AUTH);
		assert_int_equal(channel_cmac(ch, zero, 1, mac, &w), ERR_CARD_MAC);
		channel_close(&ch);
	}
	card_key_close(&k);
}

static void
answers_of_a_wrong_length_are_refused(void **state)
{
	struct card_key *k = zero_aes_key();
	struct channel *ch = NULL;
	uint8_t token[32];
	struct why w;

	(void)state;
	for (size_t len = 0; len < 16; len++)
		assert_int_equal(channel_begin(k, zero, len, &ch, token, &w), ERR_LEN);
	assert_null(ch);
	assert_int_equal(channel_begin(k, zero, 16, &ch, token, NULL), ERR_OK);
	assert_int_equal(channel_finish(ch, zero, 8, &w), ERR_LEN);
	channel_close(&ch);
	channel_close(&ch);
	card_key_close(&k);
}

static void
a_wrong_mac_kills_the_session(void **state)
{
	struct channel *ch = NULL;
	uint8_t mac[8];
	struct why w;

	(void)state;
	assert_int_equal(replay_session(RAW_AES128, zero, &ch, NULL), ERR_OK);
	assert_int_equal(channel_check(ch, zero, 1, zero, &w), ERR_CARD_MAC);
	assert_int_equal(w.id, MSG_CARD_MAC_WRONG);
	assert_int_equal(channel_cmac(ch, zero, 1, mac, &w), ERR_CARD_MAC);
	assert_int_equal(w.id, MSG_CHANNEL_CLOSED);
	channel_close(&ch);
}

static void
without_random_numbers_there_is_no_channel(void **state)
{
	struct card_key *k = zero_aes_key();
	struct channel *ch = NULL;
	uint8_t token[32];
	struct why w;

	(void)state;
	channel_set_random(no_random);
	assert_int_equal(channel_begin(k, zero, 16, &ch, token, &w), ERR_RANDOM);
	channel_set_random(NULL);
	assert_null(ch);
	card_key_close(&k);
}

static void
two_channels_never_share_a_number(void **state)
{
	struct card_key *k = zero_aes_key();
	struct channel *a = NULL, *b = NULL;
	uint8_t token_a[32], token_b[32];

	(void)state;
	assert_int_equal(channel_begin(k, zero, 16, &a, token_a, NULL), ERR_OK);
	assert_int_equal(channel_begin(k, zero, 16, &b, token_b, NULL), ERR_OK);
	assert_memory_not_equal(token_a, token_b, 16);
	channel_close(&a);
	channel_close(&b);
	card_key_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_published_authentication_gives_its_session_key),
	    cmocka_unit_test(equal_halves_are_single_des),
	    cmocka_unit_test(each_published_change_key_comes_out),
	    cmocka_unit_test(a_whole_session_of_change_keys_keeps_its_iv),
	    cmocka_unit_test(a_plain_session_runs_the_iv_through_every_command),
	    cmocka_unit_test(a_session_in_mac_mode_sends_the_trace_s_macs),
	    cmocka_unit_test(an_enciphered_aes_session_keeps_its_iv),
	    cmocka_unit_test(an_enciphered_2k3des_session_keeps_its_iv),
	    cmocka_unit_test(an_enciphered_command_of_a_trace_comes_out),
	    cmocka_unit_test(a_wrong_proof_kills_the_channel),
	    cmocka_unit_test(answers_of_a_wrong_length_are_refused),
	    cmocka_unit_test(a_wrong_mac_kills_the_session),
	    cmocka_unit_test(without_random_numbers_there_is_no_channel),
	    cmocka_unit_test(two_channels_never_share_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
