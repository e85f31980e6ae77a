#include "keys/safe.h"

#include <openssl/evp.h>
#include <string.h>

#include "keys/digest.h"
#include "keys/inside.h"
#include "keys/sealed.h"
#include "keys/signature.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

#define EPOCH_MAX 64
#define ALL_SLOTS ((UINT32_C(1) << KEY_SLOT_COUNT) - 1)

/*
 * In secret memory, read only once it is open, so threads share it freely. A forked
 * child finds it wiped: no slots and no signer, so it is refused, never given zeros.
 * Contents of the file: slots (4), seed of the signing key (32), then for each
 * generation from 1 the masters (16 each) of the slots held, in their order.
 */
struct safe {
	struct safe_info info;
	uint32_t slots;
	EVP_PKEY *signer;
	uint8_t pub[PUBKEY_LEN];
	uint8_t seed[SEED_LEN];
	uint8_t masters[EPOCH_MAX][KEY_SLOT_COUNT][SAFE_MASTER_LEN];
};

_Static_assert(4 + SEED_LEN + EPOCH_MAX * KEY_SLOT_COUNT * SAFE_MASTER_LEN <= SEALED_CAP,
    "a full safe fits its file");

static bool
holds(uint32_t slots, unsigned slot)
{
	return slot < KEY_SLOT_COUNT && (slots >> slot & 1) != 0;
}

static void
write_contents(const struct safe *s, struct writer *out)
{
	put_be32(out, s->slots);
	put_bytes(out, s->seed, SEED_LEN);
	for (unsigned epoch = 0; epoch < s->info.epoch; epoch++)
		for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++)
			if (holds(s->slots, slot))
				put_bytes(out, s->masters[epoch][slot], SAFE_MASTER_LEN);
}

/* Sealed bytes are our own; that they still add up is checked against a fault of ours. */
static bool
read_contents(struct safe *s, const uint8_t *p, size_t len)
{
	struct cursor c = cursor_over(p, len);
	const uint8_t *from;

	s->slots = take_be32(&c);
	from = take_bytes(&c, SEED_LEN);
	if (from == NULL || s->slots > ALL_SLOTS || s->info.epoch < 1 || s->info.epoch > EPOCH_MAX)
		return false;
	memcpy(s->seed, from, SEED_LEN);
	for (unsigned epoch = 0; epoch < s->info.epoch; epoch++)
		for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
			if (!holds(s->slots, slot))
				continue;
			from = take_bytes(&c, SAFE_MASTER_LEN);
			if (from != NULL)
				memcpy(s->masters[epoch][slot], from, SAFE_MASTER_LEN);
		}
	return !c.underflow && cursor_left(&c) == 0;
}

static enum err
fill_with_new_keys(struct safe *s, struct why *w)
{
	enum err e = random_bytes(s->seed, SEED_LEN, w);

	for (unsigned slot = 0; e == ERR_OK && slot < KEY_SLOT_COUNT; slot++)
		if (holds(s->slots, slot))
			e = random_bytes(s->masters[0][slot], SAFE_MASTER_LEN, w);
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
safe_create(const char *path, const struct safe_info *info, uint32_t slots, const char *pass,
    size_t pass_len, struct safe **out, struct why *w)
{
	struct safe *s;
	enum err e;

	*out = NULL;
	if (slots > ALL_SLOTS)
		return why_set(w, ERR_ARG, MSG_INTERNAL, WHY_CODE("safe_create"));
	s = secret_alloc(sizeof(*s));
	if (s == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	s->info = *info;
	s->info.epoch = 1;
	s->slots = slots;
	e = fill_with_new_keys(s, w);
	if (e == ERR_OK)
		e = signer_new(s->seed, &s->signer, s->pub, w);
	if (e == ERR_OK)	/* last: a file without a working safe would stand in the way for ever */
		e = store(path, s, pass, pass_len, w);
	WIPE(s->seed);
	if (e != ERR_OK)
		safe_close(&s);
	*out = s;
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
safe_peek(const char *path, struct safe_info *info, struct why *w)
{
	struct sealed_head head;
	enum err e = sealed_peek(path, SEALED_SAFE, &head, w);

	if (e == ERR_OK)
		take_head(&head, info);
	return e;
}

enum err
safe_open(const char *path, const char *pass, size_t pass_len, struct safe **out,
    struct why *w)
{
	struct safe *s = secret_alloc(sizeof(*s));
	uint8_t *room = secret_alloc(SEALED_CAP);
	struct sealed_head head;
	size_t len = 0;
	enum err e;

	*out = NULL;
	if (s == NULL || room == NULL) {
		e = why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
		goto out;
	}
	e = sealed_open(path, SEALED_SAFE, pass, pass_len, &head, room, &len, w);
	if (e != ERR_OK)
		goto out;
	take_head(&head, &s->info);
	if (!read_contents(s, room, len)) {
		e = why_set(w, ERR_SAFE, MSG_SAFE_DAMAGED, WHY_CODE(path));
		goto out;
	}
	e = signer_new(s->seed, &s->signer, s->pub, w);
	WIPE(s->seed);
	if (e == ERR_OK) {
		*out = s;
		s = NULL;
	}
out:
	safe_close(&s);
	secret_free(room, SEALED_CAP);
	return e;
}

void
safe_close(struct safe **safe)
{
	if (*safe == NULL)
		return;
	EVP_PKEY_free((*safe)->signer);
	secret_free(*safe, sizeof(**safe));
	*safe = NULL;
}

const struct safe_info *
safe_get_info(const struct safe *safe)
{
	return &safe->info;
}

bool
safe_has(const struct safe *safe, enum key_slot slot)
{
	return holds(safe->slots, (unsigned)slot);
}

const uint8_t *
safe_master(const struct safe *safe, enum key_slot slot, uint16_t epoch)
{
	if (!safe_has(safe, slot) || epoch < 1 || epoch > safe->info.epoch)
		return NULL;
	return safe->masters[epoch - 1][slot];
}

enum err
safe_kcv(const struct safe *safe, enum key_slot slot, uint16_t epoch, uint8_t kcv[KCV_LEN],
    struct why *w)
{
	const uint8_t *master = safe_master(safe, slot, epoch);

	if (master == NULL)
		return why_set(w, ERR_NO_KEY, MSG_KEY_NOT_HELD, WHY_NUM(slot), WHY_NUM(epoch));
	return aes_check_value(master, kcv, w);
}

void
safe_public(const struct safe *safe, uint8_t pub[32])
{
	memcpy(pub, safe->pub, PUBKEY_LEN);
}

enum err
safe_sign(const struct safe *safe, const void *msg, size_t len, uint8_t sig[64],
    struct why *w)
{
	return signer_sign(safe->signer, msg, len, sig, w);
}
