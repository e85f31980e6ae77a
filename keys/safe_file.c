/* A safe that is one sealed file: masters and the signing key's seed under a passphrase. */
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "keys/digest.h"
#include "keys/inside.h"
#include "keys/sealed.h"
#include "keys/signature.h"
#include "keys/vault.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

/*
 * In secret memory. Contents of the file, version 2: seed of the signing key (32), count of
 * generations (1), then for each: number (2), bytes of a master (1), slots (4), and the masters of the
 * slots held, in their order. Version 1: slots (4), seed (32), then for each generation from 1 to the
 * header's the masters, 16 bytes each.
 */
struct contents {
	EVP_PKEY *signer;
	pthread_mutex_t turn;	/* of a ready key, which serves one thread at a time */
	struct raw_key *ready[SAFE_GENERATIONS][KEY_SLOT_COUNT];	/* from its first use on */
	uint8_t seed[SEED_LEN];
	uint8_t masters[SAFE_GENERATIONS][KEY_SLOT_COUNT][MASTER_CAP];
};

#define GENERATION_CAP (2 + 1 + 4 + KEY_SLOT_COUNT * MASTER_CAP)
_Static_assert(SEED_LEN + 1 + SAFE_GENERATIONS * GENERATION_CAP <= SEALED_CAP,
    "a full safe fits its file");

/* --- what the handle asks for */

const uint8_t *
safe_master(const struct safe *safe, enum key_slot slot, uint16_t epoch)
{
	const struct contents *c = safe->inside;

	return safe_holds(safe, slot, epoch) ? c->masters[generation_at(safe, epoch)][slot] : NULL;
}

/* Making a key ready costs three times its use. */
static enum err
get_ready(const struct safe *s, enum key_slot slot, unsigned at, struct raw_key **out,
    struct why *w)
{
	struct contents *c = s->inside;
	enum err e = ERR_OK;

	if (c->ready[at][slot] == NULL)
		e = raw_key_new(s->generations[at].master_len == 32 ? RAW_AES256 : RAW_AES128,
		    c->masters[at][slot], &c->ready[at][slot], w);
	*out = c->ready[at][slot];
	return e;
}

static enum err
file_cmac(const struct safe *s, enum key_slot slot, unsigned at, const uint8_t *msg, size_t len,
    uint8_t mac[16], struct why *w)
{
	static const uint8_t zero[16] = {0};
	struct contents *c = s->inside;
	struct raw_key *k = NULL;
	enum err e;

	(void)pthread_mutex_lock(&c->turn);
	e = get_ready(s, slot, at, &k, w);
	if (e == ERR_OK)
		e = raw_cmac(k, zero, msg, len, mac, w);
	(void)pthread_mutex_unlock(&c->turn);
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
	for (unsigned at = 0; at < SAFE_GENERATIONS; at++)
		for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++)
			raw_key_free(&c->ready[at][slot]);
	(void)pthread_mutex_destroy(&c->turn);
	secret_free(c, sizeof(*c));
}

static enum err file_import(struct safe *s, unsigned at, uint32_t slots, const struct masters *m,
    const char *path, const char *pass, size_t pass_len, struct why *w);

static const struct safe_ops file_ops = {file_cmac, file_sign, file_import, NULL, file_close};

static enum err
make_room(struct safe *s, struct why *w)
{
	struct contents *c = secret_alloc(sizeof(*c));

	if (c == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	(void)pthread_mutex_init(&c->turn, NULL);
	s->inside = c;
	s->ops = &file_ops;
	return ERR_OK;
}

static enum err
make_signer(struct safe *s, struct why *w)
{
	struct contents *c = s->inside;

	s->algorithm = CERT_ED25519;
	return signer_new(c->seed, &c->signer, s->pub, w);
}

/* --- the file */

static void
write_contents(const struct safe *s, struct writer *out)
{
	const struct contents *c = s->inside;

	put_bytes(out, c->seed, SEED_LEN);
	put_u8(out, (uint8_t)s->count);
	for (unsigned at = 0; at < s->count; at++) {
		const struct generation *g = &s->generations[at];

		put_be16(out, g->number);
		put_u8(out, g->master_len);
		put_be32(out, g->slots);
		for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++)
			if (slot_held(g->slots, slot))
				put_bytes(out, c->masters[at][slot], g->master_len);
	}
}

static bool
take_seed(struct contents *c, struct cursor *in)
{
	const uint8_t *seed = take_bytes(in, SEED_LEN);

	if (seed != NULL)
		memcpy(c->seed, seed, SEED_LEN);
	return seed != NULL;
}

/* Of the generation at `at`, whose facts are read. A length that no master has is told later. */
static void
take_masters(struct safe *s, unsigned at, struct cursor *in)
{
	struct contents *c = s->inside;
	const struct generation *g = &s->generations[at];

	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
		const uint8_t *from;

		if (!slot_held(g->slots, slot))
			continue;
		from = take_bytes(in, g->master_len);
		if (from != NULL && g->master_len <= MASTER_CAP)
			memcpy(c->masters[at][slot], from, g->master_len);
	}
}

static bool
read_contents_1(struct safe *s, struct cursor *in)
{
	const uint16_t count = s->info.epoch;
	const uint32_t slots = take_be32(in);

	if (!take_seed(s->inside, in) || count < 1 || count > SAFE_GENERATIONS || slots > ALL_SLOTS)
		return false;
	for (unsigned at = 0; slots != 0 && at < count; at++) {
		s->generations[at] = (struct generation){(uint16_t)(at + 1), SAFE_MASTER_LEN, slots};
		s->count = at + 1;
		take_masters(s, at, in);
	}
	return true;
}

static bool
read_contents_2(struct safe *s, struct cursor *in)
{
	unsigned count;

	if (!take_seed(s->inside, in))
		return false;
	count = take_u8(in);
	if (count > SAFE_GENERATIONS)
		return false;
	for (s->count = 0; s->count < count; s->count++) {
		struct generation *g = &s->generations[s->count];

		g->number = take_be16(in);
		g->master_len = take_u8(in);
		g->slots = take_be32(in);
		take_masters(s, s->count, in);
	}
	return true;
}

/* Sealed bytes are our own; that they still add up is checked against a fault of ours. */
static bool
read_contents(struct safe *s, uint8_t version, const uint8_t *p, size_t len)
{
	struct cursor in = cursor_over(p, len);

	if (!(version == 1 ? read_contents_1(s, &in) : read_contents_2(s, &in)))
		return false;
	return generations_are_sound(s) && !in.underflow && cursor_left(&in) == 0;
}

static enum err
fill_with_new_keys(struct safe *s, struct why *w)
{
	struct contents *c = s->inside;
	enum err e = random_bytes(c->seed, SEED_LEN, w);

	for (unsigned slot = 0; e == ERR_OK && slot < KEY_SLOT_COUNT; slot++)
		if (slot_held(s->generations[0].slots, slot))
			e = random_bytes(c->masters[0][slot], SAFE_MASTER_LEN, w);
	return e;
}

typedef enum err (*sealed_writer)(const char *path, const struct sealed_head *head,
    const uint8_t *contents, size_t len, const char *pass, size_t pass_len, struct why *w);

static enum err
store(sealed_writer write, const char *path, const struct safe *s, const char *pass,
    size_t pass_len, struct why *w)
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
	e = write(path, &head, room, out.len, pass, pass_len, w);
	secret_free(room, SEALED_CAP);
	return e;
}

static enum err
file_import(struct safe *s, unsigned at, uint32_t slots, const struct masters *m, const char *path,
    const char *pass, size_t pass_len, struct why *w)
{
	struct contents *c = s->inside;

	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++)
		if (slot_held(slots, slot))
			memcpy(c->masters[at][slot], masters_bytes(m, (enum key_slot)slot),
			    s->generations[at].master_len);
	return store(sealed_replace, path, s, pass, pass_len, w);
}

enum err
safe_file_new(struct safe *s, const char *path, const char *pass, size_t pass_len,
    struct why *w)
{
	enum err e = make_room(s, w);

	if (e == ERR_OK)
		e = fill_with_new_keys(s, w);
	if (e == ERR_OK)
		e = make_signer(s, w);
	if (e == ERR_OK)	/* last: a file without a working safe would stand in the way for ever */
		e = store(sealed_create, path, s, pass, pass_len, w);
	return e;
}

static void
take_head(const struct sealed_head *head, struct safe_info *info)
{
	info->test = head->test;
	memcpy(info->club, head->club, sizeof(info->club));
	info->station = head->station;
	info->epoch = head->epoch;
	info->practice = head->practice;
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
		e = read_contents(s, head.version, room, len) ? make_signer(s, w) :
		    why_set(w, ERR_SAFE, MSG_SAFE_DAMAGED, WHY_CODE(path));
	}
	secret_free(room, SEALED_CAP);
	return e;
}

enum err
safe_file_change(const char *path, const char *old, size_t old_len, const char *new,
    size_t new_len, struct why *w)
{
	struct safe *s = NULL;
	enum err e = safe_open(path, old, old_len, &s, w);

	if (e == ERR_OK)
		e = store(sealed_replace, path, s, new, new_len, w);
	safe_close(&s);
	return e;
}

enum err
safe_file_renew(struct safe *s, const char *from, const char *path, const char *pass, size_t pass_len,
    struct why *w)
{
	struct contents *c;
	enum err e = safe_file_open(s, from, pass, pass_len, w);

	if (e == ERR_OK && !s->info.test)
		e = why_set(w, ERR_REFUSED, MSG_SAFE_OF_REAL_CLUB);
	if (e != ERR_OK)
		return e;
	c = s->inside;
	EVP_PKEY_free(c->signer);
	c->signer = NULL;
	e = random_bytes(c->seed, SEED_LEN, w);
	if (e == ERR_OK)
		e = make_signer(s, w);
	return e == ERR_OK ? store(sealed_create, path, s, pass, pass_len, w) : e;
}
