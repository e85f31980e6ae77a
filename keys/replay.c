#include "keys/replay.h"

#include <string.h>

#include "keys/inside.h"
#include "keys/pool.h"

enum err
replay_card_key(enum raw_alg alg, const uint8_t *bytes, struct card_key **out, struct why *w)
{
	return card_key_of(alg, bytes, out, w);
}

enum err
replay_session(enum raw_alg alg, const uint8_t *session_key, struct channel **out,
    struct why *w)
{
	struct channel *ch = pool_take();
	enum err e;

	*out = NULL;
	if (ch == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = raw_key_new(alg, session_key, &ch->key, w);
	if (e != ERR_OK) {
		pool_give(ch);
		return e;
	}
	ch->state = CHANNEL_OPEN;
	ch->block = raw_block_len(alg);
	*out = ch;
	return ERR_OK;
}

enum err
replay_session_ev2(const uint8_t enc[16], const uint8_t mac[16], const uint8_t ti[4],
    uint16_t counter, struct channel_ev2 **out, struct why *w)
{
	struct channel_ev2 *ch = pool_take();
	enum err e;

	*out = NULL;
	if (ch == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	memcpy(ch->ti, ti, sizeof(ch->ti));
	ch->counter = counter;
	ch->state = CHANNEL_OPEN;
	e = raw_key_new(RAW_AES128, enc, &ch->enc, w);
	if (e == ERR_OK)
		e = raw_key_new(RAW_AES128, mac, &ch->mac, w);
	if (e != ERR_OK)
		channel_ev2_close(&ch);
	*out = ch;
	return e;
}
