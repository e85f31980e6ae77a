/*
 * EV2 sessions for tests of the software card, on top of sim_host: written from AN12343 and
 * tests/vectors/desfire-ev2.txt, knowing nothing of the driver.
 */
#ifndef TESTS_SUPPORT_SIM_EV2_H
#define TESTS_SUPPORT_SIM_EV2_H

#include "tests/support/sim_host.h"

struct sim_ev2 {
	struct sim_host h;
	struct raw_key *mac;		/* NULL: no session */
	struct raw_key *enc;
	uint8_t ti[4];
	uint16_t ctr;
};

void ev2_start(struct sim_ev2 *e, struct sim_card *card, bool native);
void ev2_stop(struct sim_ev2 *e);

/* 71 or 77; opens the session. A wrong proof of the card fails the test. */
unsigned ev2_auth(struct sim_ev2 *e, uint8_t ins, uint8_t key_no, const uint8_t key[16]);
/*
 * A command in the session: `body` protected as `in` says, the answer opened as `out` says and put
 * into h.rx. MAC and padding of the card are asserted, the counter goes on.
 */
unsigned ev2_send(struct sim_ev2 *e, uint8_t ins, const void *head, size_t head_len,
    const void *body, size_t body_len, enum host_mode in, enum host_mode out);
/* MAC both ways, no body; head in hex. */
unsigned ev2_hex(struct sim_ev2 *e, uint8_t ins, const char *hex);
/*
 * ChangeKey (`set` < 0) or ChangeKeyEV2; `old` NULL: the session's own key, which ends the session.
 */
unsigned ev2_change_key(struct sim_ev2 *e, int set, uint8_t key_no, const uint8_t key[16],
    uint8_t version, const uint8_t *old);
/* The next command's protected bytes, not sent: the length of `wire`. */
size_t ev2_seal(struct sim_ev2 *e, uint8_t ins, const void *head, size_t head_len,
    const void *body, size_t body_len, enum host_mode in, uint8_t *wire);

#endif
