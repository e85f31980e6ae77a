/* Another link on a card of ours: the NDEF file whole, under its key, read back. */
#include <string.h>

#include "cardapps/chip/desfire.h"

/* The key that the version byte speaks for, tried once. */
static enum err
enter_ndef(struct card *c, struct why *w)
{
	struct key_ref ref = desfire_ref(c, df_ndef_aid, 0, KEY_NDEF, 0);
	struct card_key *key = NULL;
	uint8_t version = 0;
	enum err e = desfire_select(c, df_ndef_aid, w);

	if (e == ERR_OK)
		e = desfire_key_version(c, 0, &version, w);
	if (e != ERR_OK)
		return e;
	ref.epoch = desfire_epoch(c, version);
	if (ref.epoch == 0)
		return why_set(w, ERR_CARD_AUTH, MSG_CARD_KEY_WRONG, WHY_NUM(0));
	e = card_key_open(c->access.safe, &ref, &key, w);
	if (e == ERR_OK)
		e = desfire_enter(c, df_ndef_aid, DF_AUTHENTICATE_AES, 0, key, w);
	card_key_close(&key);
	return e;
}

static enum err
write_message(struct card *c, const uint8_t *message, size_t len, struct why *w)
{
	uint8_t got[DF_NDEF_SIZE];
	enum err e = enter_ndef(c, w);

	if (e == ERR_OK)
		e = desfire_write_file(c, DF_FILE_NDEF, EV1_PLAIN, message, len, w);
	if (e == ERR_OK)
		e = desfire_read_file(c, DF_FILE_NDEF, EV1_PLAIN, got, len, w);
	if (e == ERR_OK && memcmp(got, message, len) != 0)
		e = why_set(w, ERR_CARD_SW, MSG_CARD_READ_BACK, WHY_STR("NDEF"));
	return e;
}

enum err
desfire_set_url(struct card *c, const char *url, struct why *w)
{
	struct desfire *d = c->driver;
	uint8_t message[DF_NDEF_SIZE];
	const size_t len = df_ndef_message(url, message);
	unsigned lessons = d->wire.lessons;
	enum err e;

	if (len == 0)
		return why_set(w, ERR_ARG, MSG_CARD_PLAN, WHY_STR("URL"));
	do
		e = write_message(c, message, len, w);
	while (desfire_learnt(c, e, &lessons));
	return e;
}
