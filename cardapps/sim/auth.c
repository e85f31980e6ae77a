/*
 * Mutual authentication: legacy (0x0A), ISO (0x1A), AES (0xAA), and from EV2 on EV2First (0x71)
 * and EV2NonFirst (0x77).
 * The card shows E(RndB), the host answers both numbers, the card shows RndA turned by a
 * byte. Source: data sheet, Authenticate; AN12343; sections auth-* of
 * tests/vectors/desfire-ev1.txt and desfire-ev2.txt.
 */
#include "cardapps/sim/card.h"

#include <string.h>

#include "station/base/secret.h"

#define INS_LEGACY 0x0A
#define INS_ISO 0x1A
#define INS_AES 0xAA
#define CAPS_LEN 6

void
auth_forget(struct sim_card *c)
{
	raw_key_free(&c->auth.key);
	WIPE(c->auth);
}

/* Two halves that differ only in parity (version) bits are single DES. */
static enum raw_alg
key_alg(uint8_t crypto, const uint8_t *key)
{
	uint8_t differ = 0;

	if (crypto == EE_AES)
		return RAW_AES128;
	if (crypto == EE_3K3DES)
		return RAW_3TDEA;
	for (size_t i = 0; i < 8; i++)
		differ |= (uint8_t)((key[i] ^ key[i + 8]) & 0xFE);
	return differ == 0 ? RAW_DES : RAW_2TDEA;
}

static bool
fits(uint8_t ins, uint8_t crypto)
{
	switch (ins) {
	case INS_LEGACY:
		return crypto == EE_DES;
	case INS_ISO:
		return crypto != EE_AES;
	default:
		return crypto == EE_AES;
	}
}

static bool
is_ev2(uint8_t ins)
{
	return ins == INS_EV2_FIRST || ins == INS_EV2_NON_FIRST;
}

/* One IV runs through an authentication, but every message of EV2 begins with zero. */
static bool
cbc(struct auth *a, bool encrypt, const uint8_t *in, uint8_t *out, size_t len)
{
	if (is_ev2(a->ins))
		memset(a->iv, 0, sizeof(a->iv));
	if (encrypt)
		return raw_cbc_encrypt(a->key, a->iv, in, out, len, NULL) == ERR_OK;
	return raw_cbc_decrypt(a->key, a->iv, in, out, len, NULL) == ERR_OK;
}

/*
 * First: the host's capabilities (none that this card would know), a new TI, counter zero. NonFirst
 * goes on with those of the session.
 */
static uint8_t
ev2_begin(struct sim_card *c, struct cursor *in)
{
	struct auth *a = &c->auth;
	uint8_t caps;

	if (c->in[0] == INS_EV2_FIRST) {
		caps = take_u8(in);
		return cursor_left(in) == caps ? ST_OPERATION_OK : ST_LENGTH;
	}
	if (!session_is_ev2(c))
		return ST_PERMISSION_DENIED;
	memcpy(a->ti, c->session.ti, sizeof(a->ti));
	a->ctr = c->session.ctr;
	return ST_OPERATION_OK;
}

uint8_t
auth_start(struct sim_card *c, struct cursor *in, struct writer *out)
{
	struct auth *a = &c->auth;
	const struct ee_app *app = card_app(c);
	uint8_t ins = c->in[0], no = take_u8(in), token[BLOCK_CAP];
	uint8_t st = is_ev2(ins) ? ev2_begin(c, in) : ST_OPERATION_OK;

	sim_channel_close(c);
	if (st != ST_OPERATION_OK)
		return st;
	if (no >= app->key_count)
		return ST_NO_SUCH_KEY;
	if (!fits(ins, app->crypto))
		return ST_AUTHENTICATION;
	a->ins = ins;
	a->key_no = no;
	a->rnd_len = app->crypto == EE_DES ? 8 : 16;
	if (raw_key_new(key_alg(app->crypto, app->key[no].bytes), app->key[no].bytes, &a->key,
		NULL) != ERR_OK ||
	    !card_random(c, a->rnd_b, a->rnd_len) || !cbc(a, true, a->rnd_b, token, a->rnd_len))
		return ST_EEPROM;
	put_bytes(out, token, a->rnd_len);
	return ST_ADDITIONAL_FRAME;
}

/* Left by one byte. */
static void
turn(uint8_t *p, size_t len)
{
	uint8_t first = p[0];

	memmove(p, p + 1, len - 1);
	p[len - 1] = first;
}

/* The session key's bytes; source: data sheet, session key generation. */
static void
session_bytes(enum raw_alg alg, const uint8_t *a, const uint8_t *b, uint8_t *key)
{
	static const uint8_t parts[][3] = {[RAW_DES] = {0},
	    [RAW_2TDEA] = {0, 4},
	    [RAW_3TDEA] = {0, 6, 12},
	    [RAW_AES128] = {0, 12}};
	static const uint8_t count[] = {
		[RAW_DES] = 1, [RAW_2TDEA] = 2, [RAW_3TDEA] = 3, [RAW_AES128] = 2};

	for (size_t i = 0; i < count[alg]; i++) {
		memcpy(key + 8 * i, a + parts[alg][i], 4);
		memcpy(key + 8 * i + 4, b + parts[alg][i], 4);
	}
}

static uint8_t
session_open(struct sim_card *c, const uint8_t *rnd_a)
{
	struct auth *a = &c->auth;
	struct session *s = &c->session;
	enum raw_alg alg = raw_key_alg(a->key);
	uint8_t key[EE_KEY_CAP];
	enum err e;

	if (is_ev2(a->ins))
		return sim_ev2_open(c, rnd_a);
	session_bytes(alg, rnd_a, a->rnd_b, key);
	e = raw_key_new(alg, key, &s->key, NULL);
	WIPE(key);
	if (e != ERR_OK)
		return ST_EEPROM;
	memset(s->iv, 0, sizeof(s->iv));
	s->block = raw_block_len(alg);
	s->key_no = a->key_no;
	s->legacy = a->ins == INS_LEGACY;
	return ST_OPERATION_OK;
}

/* The host's two numbers. Legacy: it deciphered each block, and chained by hand. */
static bool
read_token(struct auth *a, const uint8_t *token, uint8_t *numbers)
{
	size_t n = a->rnd_len;
	uint8_t first[BLOCK_CAP] = {0}, second[BLOCK_CAP] = {0};

	if (a->ins != INS_LEGACY)
		return cbc(a, false, token, numbers, 2 * n);
	if (raw_cbc_encrypt(a->key, first, token, numbers, n, NULL) != ERR_OK ||
	    raw_cbc_encrypt(a->key, second, token + n, numbers + n, n, NULL) != ERR_OK)
		return false;
	for (size_t i = 0; i < n; i++)
		numbers[n + i] ^= token[i];
	memset(a->iv, 0, sizeof(a->iv));
	return true;
}

/* RndA turned by a byte; EV2First tells TI before it and the capabilities of both after it. */
static bool
show_proof(struct sim_card *c, const uint8_t *rnd_a, struct writer *out)
{
	struct auth *a = &c->auth;
	uint8_t proof[2 * BLOCK_CAP];
	struct writer w = writer_over(proof, sizeof(proof));
	bool first = a->ins == INS_EV2_FIRST, ok;

	if (first && !card_random(c, a->ti, sizeof(a->ti)))
		return false;
	if (first)
		put_bytes(&w, a->ti, sizeof(a->ti));
	put_bytes(&w, rnd_a + 1, a->rnd_len - 1);
	put_u8(&w, rnd_a[0]);
	if (first)
		put_zeros(&w, 2 * CAPS_LEN);
	ok = cbc(a, true, proof, proof, w.len);
	put_bytes(out, proof, w.len);
	WIPE(proof);
	return ok;
}

uint8_t
auth_finish(struct sim_card *c, const uint8_t *token, size_t len, struct writer *out)
{
	struct auth *a = &c->auth;
	uint8_t numbers[2 * BLOCK_CAP] = {0}, want[BLOCK_CAP] = {0};
	uint8_t st = ST_AUTHENTICATION;

	if (len != 2 * a->rnd_len)
		return ST_LENGTH;
	if (!read_token(a, token, numbers))
		return ST_EEPROM;
	memcpy(want, a->rnd_b, a->rnd_len);
	turn(want, a->rnd_len);
	if (!secret_equal(want, numbers + a->rnd_len, a->rnd_len))
		goto out;
	st = show_proof(c, numbers, out) ? session_open(c, numbers) : ST_EEPROM;
out:
	auth_forget(c);
	WIPE(numbers);
	WIPE(want);
	return st;
}
