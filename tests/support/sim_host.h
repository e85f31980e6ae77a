/*
 * A tiny host of its own for tests of the software card: frames, EV1 secure
 * messaging and ChangeKey, written from the data sheet and knowing nothing of the driver.
 */
#ifndef TESTS_SUPPORT_SIM_HOST_H
#define TESTS_SUPPORT_SIM_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardapps/sim/sim.h"
#include "keys/raw.h"

enum host_mode { HOST_PLAIN = 0, HOST_MAC = 1, HOST_FULL = 3 };

struct sim_host {
	struct sim_card *card;
	bool native;
	uint8_t rnd_a[16];		/* what authenticate will use */
	uint8_t rnd_b[16];		/* what the card will use */
	uint8_t ti[4];			/* likewise, for EV2First */
	size_t room;			/* data bytes a frame; 0: what an EV1 takes */
	struct raw_key *key;		/* session */
	uint8_t iv[16];
	size_t block;
	uint8_t session_no;
	uint8_t rx[8300];		/* answer, opened */
	size_t rx_len;
};

/* Power the card, take its random numbers over. `native` false: wrapped. */
void host_start(struct sim_host *h, struct sim_card *card, bool native);
/* The same again: field off and on. */
void host_restart(struct sim_host *h, bool native);
void host_stop(struct sim_host *h);

/* One frame as it is; the status (0x100: the card is gone). Data in rx. */
unsigned host_frame(struct sim_host *h, uint8_t ins, const void *data, size_t len);
/* A whole command over as many frames as it takes, without secure messaging. */
unsigned host_raw(struct sim_host *h, uint8_t ins, const void *data, size_t len);
/* The same with the data in hex. */
unsigned host_hex(struct sim_host *h, uint8_t ins, const char *hex);

/*
 * Key of 16 or 24 bytes; AA, 1A. Opens the session; a proof of the card that is wrong fails the
 * test.
 */
unsigned host_auth(struct sim_host *h, uint8_t ins, uint8_t key_no, const uint8_t *key, size_t len);

/*
 * A command in the session: `head` in clear, `body` protected as `in` says, answer
 * opened as `out` says. MACs and check sums of the card are asserted.
 */
unsigned host_secure(struct sim_host *h, uint8_t ins, const void *head, size_t head_len,
    const void *body, size_t body_len, enum host_mode in, enum host_mode out);
/* Plain mode, data in hex: the answer's CMAC is checked. */
unsigned host_plain(struct sim_host *h, uint8_t ins, const char *hex);

/* ChangeKey; `version` < 0: a DES key. `old` NULL: the session's own key. */
unsigned host_change_key(struct sim_host *h, uint8_t key_no, const uint8_t *key, size_t len,
    int version, const uint8_t *old);

#endif
