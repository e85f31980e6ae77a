#include "keys/card_key.h"

#include <string.h>

#include "keys/inside.h"
#include "keys/pool.h"
#include "keys/vault.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

_Static_assert(sizeof(struct card_key) <= POOL_SLOT, "a card key fits a slot");

/* AN10922 2.2: CMAC over this constant and at most 31 bytes. */
#define AN10922_AES128 0x01
#define AN10922_PADDED 32

/*
 * The note pads 01 || input with 80 00.. to 32 bytes whatever its length; CMAC by
 * itself stops at the next block. So inputs of less than 16 bytes go in two steps:
 * the first block by CBC, then an empty CMAC for the second. CMAC turns an empty
 * rest into 80 00.. under K2; where the 80 stood in the first block already it is
 * taken out again through the IV.
 */
static enum err
short_cmac(struct raw_key *master, uint8_t block[16], size_t len, uint8_t out[16],
    struct why *w)
{
	uint8_t iv[16] = {0};
	enum err e;

	if (len < 16)
		block[len] = 0x80;
	e = raw_cbc_encrypt(master, iv, block, block, 16, w);
	if (len < 16)
		iv[0] ^= 0x80;
	if (e == ERR_OK)
		e = raw_cmac(master, iv, NULL, 0, out, w);
	WIPE(iv);
	return e;
}

enum err
an10922_aes128(const uint8_t master[16], const uint8_t *input, size_t len, uint8_t out[16],
    struct why *w)
{
	static const uint8_t zero[16] = {0};
	uint8_t padded[AN10922_PADDED] = {AN10922_AES128};
	struct raw_key *k = NULL;
	enum err e;

	if (len < 1 || len >= AN10922_PADDED)
		return why_set(w, ERR_LEN, MSG_KEY_REFERENCE);
	memcpy(padded + 1, input, len);
	e = raw_key_new(RAW_AES128, master, &k, w);
	if (e == ERR_OK && 1 + len > 16)
		e = raw_cmac(k, zero, padded, 1 + len, out, w);
	else if (e == ERR_OK)
		e = short_cmac(k, padded, 1 + len, out, w);
	raw_key_free(&k);
	WIPE(padded);
	return e;
}

enum err
aes_check_mac(const uint8_t *key, size_t len, uint8_t mac[16], struct why *w)
{
	static const uint8_t zero[16] = {0};
	struct raw_key *k = NULL;
	enum err e = raw_key_new(len == 32 ? RAW_AES256 : RAW_AES128, key, &k, w);

	if (e == ERR_OK)
		e = raw_cmac(k, zero, zero, sizeof(zero), mac, w);
	raw_key_free(&k);
	return e;
}

static enum err
aes_check_value(const uint8_t key[CARD_KEY_LEN], uint8_t kcv[KCV_LEN], struct why *w)
{
	uint8_t mac[16];
	enum err e = aes_check_mac(key, CARD_KEY_LEN, mac, w);

	if (e == ERR_OK)
		memcpy(kcv, mac, KCV_LEN);
	WIPE(mac);
	return e;
}

enum err
card_key_of(enum raw_alg alg, const uint8_t *bytes, struct card_key **out, struct why *w)
{
	struct card_key *k = pool_take();
	enum err e = ERR_OK;

	*out = NULL;
	if (k == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	k->alg = alg;
	memcpy(k->bytes, bytes, alg == RAW_DES ? 8 : CARD_KEY_LEN);
	if (alg == RAW_DES)
		memcpy(k->bytes + 8, bytes, 8);
	if (alg == RAW_AES128)
		e = aes_check_value(k->bytes, k->kcv, w);
	if (e == ERR_OK)
		*out = k;
	else
		pool_give(k);
	return e;
}

/*
 * Constant and input are 17 to 23 bytes, two blocks to CMAC as to AN10922: so the derivation is
 * one CMAC, which a token can do without its master ever leaving.
 */
static enum err
derive(const struct safe *safe, const struct key_ref *ref, uint8_t out[CARD_KEY_LEN],
    struct why *w)
{
	uint8_t message[AN10922_PADDED];
	struct writer in = writer_over(message, sizeof(message));

	put_u8(&in, AN10922_AES128);
	put_u8(&in, ref->chip_class);
	put_u8(&in, ref->key_no);
	put_bytes(&in, ref->aid, sizeof(ref->aid));
	put_be16(&in, ref->epoch);
	put_bytes(&in, safe_get_info(safe)->club, 4);
	put_u8(&in, (uint8_t)ref->uid_len);
	put_bytes(&in, ref->uid, ref->uid_len);
	return safe_cmac(safe, ref->slot, ref->epoch, message, in.len, out, w);
}

static bool
is_derivable(const struct key_ref *ref)
{
	return (unsigned)ref->slot < KEY_SLOT_COUNT && ref->epoch >= 1 &&
	    (ref->uid_len == 4 || ref->uid_len == 7 || ref->uid_len == 10);
}

enum err
card_key_open(const struct safe *safe, const struct key_ref *ref, struct card_key **out,
    struct why *w)
{
	uint8_t bytes[CARD_KEY_LEN] = {0};
	enum err e;

	*out = NULL;
	switch (ref->origin) {
	case KEY_FACTORY_DES:
		return card_key_of(RAW_DES, bytes, out, w);
	case KEY_FACTORY_AES:
		return card_key_of(RAW_AES128, bytes, out, w);
	case KEY_TRANSPORT:
		return why_set(w, ERR_NO_KEY, MSG_KEY_TRANSPORT);
	case KEY_DERIVED:
		break;
	default:
		return why_set(w, ERR_ARG, MSG_KEY_REFERENCE);
	}
	if (!is_derivable(ref))
		return why_set(w, ERR_ARG, MSG_KEY_REFERENCE);
	e = derive(safe, ref, bytes, w);
	if (e == ERR_OK)
		e = card_key_of(RAW_AES128, bytes, out, w);
	WIPE(bytes);
	return e;
}

void
card_key_close(struct card_key **key)
{
	pool_give(*key);
	*key = NULL;
}

void
card_key_kcv(const struct card_key *key, uint8_t kcv[KCV_LEN])
{
	memcpy(kcv, key->kcv, KCV_LEN);
}

uint8_t
key_ref_version(const struct key_ref *ref)
{
	return ref->origin == KEY_DERIVED ? (uint8_t)(1 + ref->epoch % 253) : 0;
}
