/*
 * Published traces give keys as bytes. These make the handles that a trace needs,
 * so that it can be replayed through the product's own code. For tests only, as
 * channel_set_random is; a program that uses none of them does not contain them.
 */
#ifndef KEYS_REPLAY_H
#define KEYS_REPLAY_H

#include <stdint.h>

#include "keys/card_key.h"
#include "keys/channel.h"
#include "keys/channel_ev2.h"
#include "keys/raw.h"

/* A card key with raw_key_len(alg) bytes from a trace; DES, 2TDEA or AES-128. Errors: ERR_NOMEM, ERR_CRYPTO. */
enum err replay_card_key(enum raw_alg alg, const uint8_t *bytes, struct card_key **out,
    struct why *w);
/* An open session under a session key of a trace, its IV zero. Errors: ERR_NOMEM, ERR_CRYPTO. */
enum err replay_session(enum raw_alg alg, const uint8_t *session_key, struct channel **out,
    struct why *w);
/* The same of EV2: both keys of the session, its identifier and how far its counter came. */
enum err replay_session_ev2(const uint8_t enc[16], const uint8_t mac[16], const uint8_t ti[4],
    uint16_t counter, struct channel_ev2 **out, struct why *w);

#endif
