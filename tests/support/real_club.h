/* What a real club needs before its first card: a ceremony and a drill, played through station/flow. */
#ifndef TESTS_SUPPORT_REAL_CLUB_H
#define TESTS_SUPPORT_REAL_CLUB_H

#include "keys/share.h"
#include "station/flow/ceremony.h"

/* Hold the ceremony of the next generation among `count` custodians named A, B, C …; the papers go to `out`. Asserts. */
void real_club_ceremony(const char *folder, const char *pass, unsigned count, unsigned needed, struct share *out);
/* Type back the last words of share `index`'s nine lines, as its custodian would. Asserts. */
void real_club_prove(struct ceremony *c, unsigned index);
/* Type these papers; the drill is on record. Asserts. */
void real_club_drill(const char *folder, const char *pass, const struct share *paper, unsigned count);
/* Both, 2 of 2: cards may be issued. */
void real_club_keys(const char *folder, const char *pass);

/* station_passphrase: `ctx` is the passphrase. */
enum err real_club_pass(void *ctx, char *out, size_t cap, struct why *w);
/* Type a paper's nine lines, in Persian; the answer to the last one. */
struct gathering;
enum err real_club_type(struct gathering *g, const struct share *paper, struct why *w);

#endif
