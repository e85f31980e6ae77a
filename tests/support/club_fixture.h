/* A practice club in a temporary folder, with one member and a software card at hand. */
#ifndef TESTS_SUPPORT_CLUB_FIXTURE_H
#define TESTS_SUPPORT_CLUB_FIXTURE_H

#include "cardapps/sim/sim.h"
#include "station/flow/flow.h"
#include "station/flow/station.h"

struct club_fixture {
	char folder[256];
	struct station *station;
	uint32_t member;
	struct sim_card *chip;
	struct reader *reader;
	struct flow_result result;
	struct why why;
};

/* Where a club of that name lies: in the temporary folder, apart from every other process's. */
void club_fixture_place(const char *name, char *out, size_t cap);

/*
 * The token of clubs made here, NULL if their keys lie in files: BASHGAH_TEST_STORE in the environment is
 * file, token, or p256 for a token without Ed25519. So every test of flows runs on any store.
 */
const char *club_fixture_token(void);

/* A club at club_fixture_place, on that store; asserts that it works. */
void club_fixture_open(struct club_fixture *f, const char *name);
void club_fixture_close(struct club_fixture *f);

/* Put a factory-new card on the reader in place of the one before; an EV1 if not said otherwise. */
void club_fixture_new_card(struct club_fixture *f);
void club_fixture_new_card_of(struct club_fixture *f, enum sim_kind kind);
/* The card comes back after a tear. */
void club_fixture_return_card(struct club_fixture *f);

enum err club_fixture_issue(struct club_fixture *f, const char *request);
enum err club_fixture_load(struct club_fixture *f, int64_t rial, const char *request);
enum err club_fixture_show(struct club_fixture *f);

/* Card, ledger and book say `rial`, nothing is in doubt. Asserts. */
void club_fixture_expect(struct club_fixture *f, int64_t rial);

#endif
