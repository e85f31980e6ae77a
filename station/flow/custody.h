/*
 * Who keeps the club's card keys, as the book has it, and what a real club may do while it stands so: no card
 * before shares of the newest keys have been proven (a drill), no great values while one person keeps them all.
 */
#ifndef STATION_FLOW_CUSTODY_H
#define STATION_FLOW_CUSTODY_H

#include "keys/masters.h"
#include "station/flow/station.h"
#include "station/store/custody.h"

/* Setting: rial that a card may hold at most while one person keeps all shares of the newest keys. */
#define SETTING_ALONE_MAX "keys.alone_max"
#define ALONE_MAX_RIAL INT64_C(50000000)

#define CUSTODY_SLOTS_KCV_LEN (KEY_SLOT_COUNT * KCV_LEN)

/*
 * May the station make cards: always in a practice club, else if it has keys and a drill (or a restore, which is
 * one in earnest) of the newest is on record. Needs the safe. Errors: ERR_REFUSED (with what to do), those of the store.
 */
enum err custody_may_issue(struct station *s, struct why *w);

/* Rial that a card may hold at most; INT64_MAX if more than one person keeps the newest keys, and in a practice club. */
enum err custody_card_max(struct station *s, int64_t *rial, struct why *w);

/* The newest ceremony of a generation; ERR_NOT_FOUND, without a sentence, if the book knows none. */
enum err custody_ceremony(struct station *s, uint16_t generation, struct store_custody *out, struct why *w);

/*
 * Note an act in journal (kind "keys.ceremony", "keys.import", "keys.drill", "keys.restore") and book, one commit.
 * c->event is filled. `place`: where a lone keeper's share outside lies; NULL for none.
 */
enum err custody_note(struct station *s, struct store_custody *c, const char *place, struct why *w);
/* The same in the caller's transaction. */
enum err custody_note_in(struct station *s, struct store_custody *c, const char *place, struct why *w);

/* The name behind a share of a ceremony; "" if it is not known. */
void custody_person(const struct store_custody *c, unsigned index, char out[CUSTODY_NAME_CAP]);

/* Masters that the station's role needs, by the rights of its certificate: bits 1 << slot. */
uint32_t custody_slots(const struct station *s);
/* Those of a role by name, NULL: the station's own. Errors: ERR_USAGE (no such role), ERR_REFUSED (its certificate allows less). */
enum err custody_role_slots(const struct station *s, const char *role, uint32_t *slots, struct why *w);

/* Check values of all masters, slot by slot, into c->kcv. Errors: those of masters_kcv. */
enum err custody_kcvs(struct store_custody *c, const struct masters *m, struct why *w);

#endif
