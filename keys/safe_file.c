/* A safe that is one sealed file: masters and the signing key's seed under a passphrase. */
#include <openssl/evp.h>
#include <string.h>

#include "keys/digest.h"
#include "keys/inside.h"
#include "keys/sealed.h"
#include "keys/signature.h"
#include "keys/vault.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

/*
 * In secret memory. Contents of the file: slots (4), seed of the signing key (32), then
 * for each generation from 1 the masters (16 each) of the slots held, in their order.
 */
struct contents {
	EVP_PKEY *signer;
	uint8_t seed[SEED_LEN];
	uint8_t masters[EPOCH_MAX][KEY_SLOT_COUNT][SAFE_MASTER_LEN];
};

_Static_assert(4 + SEED_LEN + EPOCH_MAX * KEY_SLOT_COUNT * SAFE_MASTER_LEN <= SEALED_CAP,
    "a full safe fits its file");

/* --- what the handle asks for */

const uint8_t *
safe_master(const struct safe *safe, enum key_slot slot, uint16_t epoch)
{
	const struct contents *c = safe->inside;

	if (!safe_has(safe, slot) || epoch < 1 || epoch > safe->info.epoch)
		return NULL;
	return c->masters[epoch - 1][slot];
}

static enum err
file_cmac(const struct safe *s, enum key_slot slot, uint16_t epoch, const uint8_t *msg,
    size_t len, uint8_t mac[16], struct why *w)
{
	static const uint8_t zero[16] = {0};
	struct raw_key *k = NULL;
	enum err e = raw_key_new(RAW_AES128, safe_master(s, slot, epoch), &k, w);

	if (e == ERR_OK)
		e = raw_cmac(k, zero, msg, len, mac, w);
	raw_key_free(&k);
	return e;
}

static enum err
file_sign(const struct safe *s, const void *msg, size_t len, uint8_t sig[SIG_LEN],
    struct why *w)
{
	const struct contents *c = s->inside;

	return signer_sign(c->signer, msg, len, sig, w);
}

static void
file_close(struct safe *s)
{
	struct contents *c = s->inside;

	EVP_PKEY_free(c->signer);
	secret_free(c, sizeof(*c));
}

static const struct safe_ops file_ops = {file_cmac, file_sign, file_close};

static enum err
make_room(struct safe *s, struct why *w)
{
	s->inside = secret_alloc(sizeof(struct contents));
	if (s->inside == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	s->ops = &file_ops;
	return ERR_OK;
}

static enum err
make_signer(struct safe *s, struct why *w)
{
	struct contents *c = s->inside;

	return signer_new(c->seed, &c->signer, s->pub, w);
}

/* --- the file */

static void
write_contents(const struct safe *s, struct writer *out)
{
	const struct contents *c = s->inside;

	put_be32(out, s->slots);
	put_bytes(out, c->seed, SEED_LEN);
	for (unsigned epoch = 0; epoch < s->info.epoch; epoch++)
		for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++)
			if (slot_held(s->slots, slot))
				put_bytes(out, c->masters[epoch][slot], SAFE_MASTER_LEN);
}

/* Sealed bytes are our own; that they still add up is checked against a fault of ours. */
static bool
read_contents(struct safe *s, const uint8_t *p, size_t len)
{
	struct contents *c = s->inside;
	struct cursor in = cursor_over(p, len);
	const uint8_t *from;

	s->slots = take_be32(&in);
	from = take_bytes(&in, SEED_LEN);
	if (from == NULL || s->slots > ALL_SLOTS || s->info.epoch < 1 || s->info.epoch > EPOCH_MAX)
		return false;
	memcpy(c->seed, from, SEED_LEN);
	for (unsigned epoch = 0; epoch < s->info.epoch; epoch++)
		for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
			if (!slot_held(s->slots, slot))
				continue;
			from = take_bytes(&in, SAFE_MASTER_LEN);
			if (from != NULL)
				memcpy(c->masters[epoch][slot], from, SAFE_MASTER_LEN);
		}
	return !in.underflow && cursor_left(&in) == 0;
}

static enum err
fill_with_new_keys(struct safe *s, struct why *w)
{
	struct contents *c = s->inside;
	enum err e = random_bytes(c->seed, SEED_LEN, w);

	for (unsigned slot = 0; e == ERR_OK && slot < KEY_SLOT_COUNT; slot++)
		if (slot_held(s->slots, slot))
			e = random_bytes(c->masters[0][slot], SAFE_MASTER_LEN, w);
	return e;
}

static enum err
store(const char *path, const struct safe *s, const char *pass, size_t pass_len,
    struct why *w)
{
	const struct sealed_head head = {.kind = SEALED_SAFE,
	    .test = s->info.test,
	    .epoch = s->info.epoch,
	    .club = {s->info.club[0], s->info.club[1], s->info.club[2], s->info.club[3]},
	    .station = s->info.station};
	uint8_t *room = secret_alloc(SEALED_CAP);
	struct writer out = writer_over(room, SEALED_CAP);
	enum err e;

	if (room == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	write_contents(s, &out);
	e = sealed_create(path, &head, room, out.len, pass, pass_len, w);
	secret_free(room, SEALED_CAP);
	return e;
}

enum err
safe_file_new(struct safe *s, const char *path, const char *pass, size_t pass_len,
    struct why *w)
{
	struct contents *c;
	enum err e = make_room(s, w);

	if (e != ERR_OK)
		return e;
	c = s->inside;
	e = fill_with_new_keys(s, w);
	if (e == ERR_OK)
		e = make_signer(s, w);
	if (e == ERR_OK)	/* last: a file without a working safe would stand in the way for ever */
		e = store(path, s, pass, pass_len, w);
	WIPE(c->seed);
	return e;
}

static void
take_head(const struct sealed_head *head, struct safe_info *info)
{
	info->test = head->test;
	memcpy(info->club, head->club, sizeof(info->club));
	info->station = head->station;
	info->epoch = head->epoch;
}

enum err
safe_file_peek(const char *path, struct safe_info *info, struct why *w)
{
	struct sealed_head head;
	enum err e = sealed_peek(path, SEALED_SAFE, &head, w);

	if (e == ERR_OK)
		take_head(&head, info);
	return e;
}

static enum err
unpack(struct safe *s, const char *path, const uint8_t *room, size_t len, struct why *w)
{
	struct contents *c = s->inside;
	enum err e;

	if (!read_contents(s, room, len))
		return why_set(w, ERR_SAFE, MSG_SAFE_DAMAGED, WHY_CODE(path));
	e = make_signer(s, w);
	WIPE(c->seed);
	return e;
}

enum err
safe_file_open(struct safe *s, const char *path, const char *pass, size_t pass_len,
    struct why *w)
{
	uint8_t *room = secret_alloc(SEALED_CAP);
	struct sealed_head head;
	size_t len = 0;
	enum err e;

	if (room == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = make_room(s, w);
	if (e == ERR_OK)
		e = sealed_open(path, SEALED_SAFE, pass, pass_len, &head, room, &len, w);
	if (e == ERR_OK) {
		take_head(&head, &s->info);
		e = unpack(s, path, room, len, w);
	}
	secret_free(room, SEALED_CAP);
	return e;
}
