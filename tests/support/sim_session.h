/*
 * A session put into the software card as a published vector begins with it: keys, TI and
 * counter are printed there, the random numbers they came from are not.
 */
#ifndef TESTS_SUPPORT_SIM_SESSION_H
#define TESTS_SUPPORT_SIM_SESSION_H

#include <stdint.h>

#include "cardapps/sim/sim.h"

/* Replaces the card's session by one of EV2, as key `key_no` of the selected application. */
void sim_session_put(struct sim_card *card, uint8_t key_no, const uint8_t ti[4], uint16_t ctr,
    const uint8_t mac[16], const uint8_t enc[16]);

#endif
