/* The handle: what is the same whether the masters lie in a sealed file or in a token. */
#include "keys/safe.h"

#include <string.h>

#include "keys/inside.h"
#include "keys/sealed.h"
#include "keys/vault.h"
#include "station/base/file.h"
#include "station/base/secret.h"

const char *
key_slot_name(enum key_slot slot)
{
	static const char *const names[KEY_SLOT_COUNT] = {
		[KEY_PICC] = "picc", [KEY_ADMIN] = "admin", [KEY_READ] = "read", [KEY_DEBIT] = "debit",
		[KEY_WRITE] = "write", [KEY_CHANGE] = "change", [KEY_NDEF] = "ndef",
		[KEY_SDM_META] = "sdm-meta", [KEY_SDM_FILE] = "sdm-file",
	};

	return (unsigned)slot < KEY_SLOT_COUNT ? names[slot] : NULL;
}

bool
slot_held(uint32_t slots, unsigned slot)
{
	return slot < KEY_SLOT_COUNT && (slots >> slot & 1) != 0;
}

/* --- generations */

unsigned
generation_at(const struct safe *s, uint16_t number)
{
	unsigned at = 0;

	while (at < s->count && s->generations[at].number != number)
		at++;
	return at;
}

bool
generations_are_sound(struct safe *s)
{
	s->info.epoch = 0;
	for (unsigned at = 0; at < s->count; at++) {
		const struct generation *g = &s->generations[at];

		if (g->number == 0 || generation_at(s, g->number) != at || g->slots == 0 ||
		    g->slots > ALL_SLOTS || (g->master_len != 16 && g->master_len != 32))
			return false;
		if (g->number > s->info.epoch)
			s->info.epoch = g->number;
	}
	return true;
}

unsigned
safe_generations(const struct safe *safe, uint16_t out[SAFE_GENERATIONS])
{
	for (unsigned n = 0; n < safe->count; n++) {
		unsigned at = n;

		for (; at > 0 && out[at - 1] > safe->generations[n].number; at--)
			out[at] = out[at - 1];
		out[at] = safe->generations[n].number;
	}
	return safe->count;
}

/* --- making and opening */

/* An empty safe for what `info` says, or NULL (and `w` told why). */
static struct safe *
new_safe(const struct safe_info *info, uint32_t slots, struct why *w)
{
	struct safe *s;

	if (slots > ALL_SLOTS) {
		(void)why_set(w, ERR_ARG, MSG_INTERNAL, WHY_CODE("safe_create"));
		return NULL;
	}
	s = secret_alloc(sizeof(*s));
	if (s == NULL) {
		(void)why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
		return NULL;
	}
	s->info.test = info->test;
	memcpy(s->info.club, info->club, sizeof(s->info.club));
	s->info.station = info->station;
	if (slots != 0) {
		s->count = 1;
		s->generations[0] = (struct generation){1, SAFE_MASTER_LEN, slots};
		s->info.epoch = 1;
	}
	return s;
}

enum err
safe_create(const char *path, const struct safe_info *info, uint32_t slots, const char *pass,
    size_t pass_len, struct safe **out, struct why *w)
{
	struct safe *s = new_safe(info, slots, w);
	enum err e;

	*out = NULL;
	if (s == NULL)
		return slots > ALL_SLOTS ? ERR_ARG : ERR_NOMEM;
	s->info.practice = is_practice(pass, pass_len);
	e = safe_file_new(s, path, pass, pass_len, w);
	if (e != ERR_OK)
		safe_close(&s);
	*out = s;
	return e;
}

enum err
safe_create_token(const char *path, const struct safe_info *info, uint32_t slots,
    const char *uri, const char *pin, size_t pin_len, struct safe **out, struct why *w)
{
	struct safe *s;
	enum err e;

	*out = NULL;
	if (!info->test && is_practice(pin, pin_len))
		return why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_PUBLIC);
	s = new_safe(info, slots, w);
	if (s == NULL)
		return slots > ALL_SLOTS ? ERR_ARG : ERR_NOMEM;
	e = safe_token_new(s, path, uri, pin, pin_len, w);
	if (e != ERR_OK)
		safe_close(&s);
	*out = s;
	return e;
}

enum err
safe_peek(const char *path, struct safe_info *info, struct why *w)
{
	return safe_token_is(path) ? safe_token_peek(path, info, w) : safe_file_peek(path, info, w);
}

enum err
vault_open(const char *path, const char *pass, size_t pass_len, bool root, struct safe **out,
    struct why *w)
{
	struct safe *s = secret_alloc(sizeof(*s));
	enum err e;

	*out = NULL;
	if (s == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = safe_token_is(path) ? safe_token_open(s, path, root, pass, pass_len, w) :
	    safe_file_open(s, path, pass, pass_len, w);
	if (e != ERR_OK)
		safe_close(&s);
	*out = s;
	return e;
}

enum err
safe_open(const char *path, const char *pass, size_t pass_len, struct safe **out,
    struct why *w)
{
	return vault_open(path, pass, pass_len, false, out, w);
}

void
safe_undo(struct safe **safe)
{
	if (*safe != NULL && (*safe)->ops != NULL && (*safe)->ops->undo != NULL)
		(*safe)->ops->undo(*safe);
	safe_close(safe);
}

enum err
safe_renew(const char *from, const char *path, const char *pass, size_t pass_len, struct safe **out,
    struct why *w)
{
	struct safe *s = secret_alloc(sizeof(*s));
	enum err e;

	*out = NULL;
	if (s == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = safe_file_renew(s, from, path, pass, pass_len, w);
	if (e != ERR_OK)
		safe_close(&s);
	*out = s;
	return e;
}

void
safe_close(struct safe **safe)
{
	struct safe *s = *safe;

	if (s == NULL)
		return;
	if (s->ops != NULL)
		s->ops->close(s);
	secret_free(s, sizeof(*s));
	*safe = NULL;
}

const struct safe_info *
safe_get_info(const struct safe *safe)
{
	return &safe->info;
}

bool
safe_holds(const struct safe *safe, enum key_slot slot, uint16_t epoch)
{
	unsigned at = generation_at(safe, epoch);

	return at < safe->count && slot_held(safe->generations[at].slots, (unsigned)slot);
}

bool
safe_has(const struct safe *safe, enum key_slot slot)
{
	return safe_holds(safe, slot, safe->info.epoch);
}

enum err
safe_cmac(const struct safe *s, enum key_slot slot, uint16_t epoch, const uint8_t *msg,
    size_t len, uint8_t mac[16], struct why *w)
{
	if (!safe_holds(s, slot, epoch))
		return why_set(w, ERR_NO_KEY, MSG_KEY_NOT_HELD, WHY_NUM(slot), WHY_NUM(epoch));
	return s->ops->cmac(s, slot, generation_at(s, epoch), msg, len, mac, w);
}

enum err
safe_kcv(const struct safe *safe, enum key_slot slot, uint16_t epoch, uint8_t kcv[KCV_LEN],
    struct why *w)
{
	static const uint8_t zero[16] = {0};
	uint8_t mac[16];
	enum err e = safe_cmac(safe, slot, epoch, zero, sizeof(zero), mac, w);

	if (e == ERR_OK)
		memcpy(kcv, mac, KCV_LEN);
	WIPE(mac);
	return e;
}

uint8_t
safe_algorithm(const struct safe *safe)
{
	return safe->algorithm;
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
	return safe->ops != NULL ? safe->ops->sign(safe, msg, len, sig, w) : library_failed(w);
}

/* --- what changes a safe that exists */

/* Those of `slots` that are held must be the very masters of `m`; *missing gets the rest. */
static enum err
compare(const struct safe *s, const struct masters *m, uint32_t slots, uint32_t *missing,
    struct why *w)
{
	static const uint8_t zero[16] = {0};
	const uint16_t number = masters_generation(m);
	uint8_t held[16], given[16];
	enum err e = ERR_OK;

	*missing = 0;
	for (unsigned slot = 0; e == ERR_OK && slot < KEY_SLOT_COUNT; slot++) {
		if (!slot_held(slots, slot))
			continue;
		if (!safe_holds(s, (enum key_slot)slot, number)) {
			*missing |= UINT32_C(1) << slot;
			continue;
		}
		e = safe_cmac(s, (enum key_slot)slot, number, zero, sizeof(zero), held, w);
		if (e == ERR_OK)
			e = aes_check_mac(masters_bytes(m, (enum key_slot)slot), masters_bits(m) / 8, given, w);
		if (e == ERR_OK && !secret_equal(held, given, sizeof(held)))
			e = why_set(w, ERR_SAFE, MSG_GENERATION_DIFFERS, WHY_NUM(number));
	}
	WIPE(held);
	WIPE(given);
	return e;
}

/* The generation's place, with `slots` added to what it lists. */
static enum err
make_place(struct safe *s, const struct masters *m, uint32_t slots, unsigned *at, struct why *w)
{
	const uint16_t number = masters_generation(m);
	const uint8_t len = (uint8_t)(masters_bits(m) / 8);

	*at = generation_at(s, number);
	if (*at == SAFE_GENERATIONS)
		return why_set(w, ERR_ARG, MSG_GENERATIONS_FULL, WHY_NUM(SAFE_GENERATIONS));
	if (*at == s->count) {
		s->generations[s->count++] = (struct generation){number, len, 0};
		s->info.epoch = number > s->info.epoch ? number : s->info.epoch;
	}
	if (s->generations[*at].master_len != len)
		return why_set(w, ERR_SAFE, MSG_GENERATION_DIFFERS, WHY_NUM(number));
	s->generations[*at].slots |= slots;
	return ERR_OK;
}

enum err
safe_import(const char *path, const char *pass, size_t pass_len, const struct masters *m,
    uint32_t slots, struct why *w)
{
	struct safe *s = NULL;
	uint32_t missing = 0;
	unsigned at = 0;
	int lock;
	enum err e;

	if (slots == 0 || slots > ALL_SLOTS)
		return why_set(w, ERR_ARG, MSG_INTERNAL, WHY_CODE("safe_import"));
	e = file_lock(path, &lock, w);
	if (e == ERR_OK)
		e = safe_open(path, pass, pass_len, &s, w);
	if (e == ERR_OK && !masters_are_of(m, &s->info))
		e = why_set(w, ERR_SAFE, MSG_MASTERS_OTHER_CLUB, WHY_CODE(path));
	if (e == ERR_OK)
		e = compare(s, m, slots, &missing, w);
	if (e == ERR_OK && missing != 0)
		e = make_place(s, m, missing, &at, w);
	if (e == ERR_OK && missing != 0)
		e = s->ops->import(s, at, missing, m, path, pass, pass_len, w);
	safe_close(&s);
	file_unlock(&lock);
	return e;
}

enum err
safe_change_passphrase(const char *path, const char *old, size_t old_len, const char *new_pass,
    size_t new_len, struct why *w)
{
	int lock;
	enum err e = file_lock(path, &lock, w);

	if (e == ERR_OK)
		e = safe_token_is(path) ? safe_token_change(path, false, old, old_len, new_pass, new_len, w) :
		    safe_file_change(path, old, old_len, new_pass, new_len, w);
	file_unlock(&lock);
	return e;
}
