/* The handle: what is the same whether the masters lie in a sealed file or in a token. */
#include "keys/safe.h"

#include <string.h>

#include "keys/inside.h"
#include "keys/vault.h"
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
	s->info = *info;
	s->info.epoch = 1;
	s->slots = slots;
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
	if (!info->test && pin_len == sizeof(SAFE_PRACTICE_PASSPHRASE) - 1 &&
	    memcmp(pin, SAFE_PRACTICE_PASSPHRASE, pin_len) == 0)
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
safe_open(const char *path, const char *pass, size_t pass_len, struct safe **out,
    struct why *w)
{
	struct safe *s = secret_alloc(sizeof(*s));
	enum err e;

	*out = NULL;
	if (s == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = safe_token_is(path) ? safe_token_open(s, path, pass, pass_len, w) :
	    safe_file_open(s, path, pass, pass_len, w);
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
safe_has(const struct safe *safe, enum key_slot slot)
{
	return slot_held(safe->slots, (unsigned)slot);
}

enum err
safe_cmac(const struct safe *s, enum key_slot slot, uint16_t epoch, const uint8_t *msg,
    size_t len, uint8_t mac[16], struct why *w)
{
	if (!safe_has(s, slot) || epoch < 1 || epoch > s->info.epoch)
		return why_set(w, ERR_NO_KEY, MSG_KEY_NOT_HELD, WHY_NUM(slot), WHY_NUM(epoch));
	return s->ops->cmac(s, slot, epoch, msg, len, mac, w);
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
