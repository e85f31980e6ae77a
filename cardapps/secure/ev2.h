/*
 * Secure messaging of DESFire EV2 and EV3 on the same wire: sessions begun with 71 (First) and
 * 77 (NonFirst), and long APDUs where they save frames. Which command travels how is the table of
 * command.c, read so: what EV1 chains by CMAC is here MACed both ways.
 *
 * Source: NXP AN12343; vectors in tests/vectors/desfire-ev2.txt.
 */
#ifndef CARDAPPS_SECURE_EV2_H
#define CARDAPPS_SECURE_EV2_H

#include "cardapps/secure/ev1.h"

/*
 * Authenticate as `key_no`: NonFirst inside an EV2 session that stands, else First. `key` is borrowed
 * for the call. A PICC key that is DES yet is reached by ev1_authenticate alone.
 * Errors: as ev1_authenticate.
 */
enum err ev2_authenticate(struct ev1 *s, uint8_t key_no, const struct card_key *key,
    struct why *w);

/*
 * ev1_command in an EV2 session (s->ev2 is not NULL); ev1_command comes here by itself. Data are read
 * and written under the codes that take one long APDU (AD, 8D, 8B) while the reader lets those through,
 * else in frames. Where the card, not the reader, finds one too long the session is over, and the
 * next goes in frames: s->lessons tells.
 */
enum err ev2_command(struct ev1 *s, const struct df_command *c, enum ev1_mode mode,
    const uint8_t *data, size_t len, struct why *w);

/* ev1_change_key in an EV2 session; ev1_change_key comes here by itself. */
enum err ev2_change_key(struct ev1 *s, uint8_t wire_no, const struct card_key *fresh,
    uint8_t version, const struct card_key *old, struct why *w);

/*
 * ChangeKeyEV2 of `key_no` in key set `set` (1..15, one not in force) to `fresh`, over `old`, the key that
 * lies there. Needs an EV2 session, which goes on. Errors: as ev1_command.
 */
enum err ev2_change_set_key(struct ev1 *s, uint8_t set, uint8_t key_no,
    const struct card_key *fresh, uint8_t version, const struct card_key *old, struct why *w);
/*
 * RollKeySet to `set`: its keys are in force, and the session is over, so the answer has no MAC; who
 * wants to know authenticates. Errors: as ev1_command.
 */
enum err ev2_roll_key_set(struct ev1 *s, uint8_t set, struct why *w);

#endif
