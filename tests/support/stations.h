/* A club of two practice stations: the fixture's, and another that joined it as staff would. */
#ifndef TESTS_SUPPORT_STATIONS_H
#define TESTS_SUPPORT_STATIONS_H

#include "station/flow/join.h"
#include "station/flow/lists.h"
#include "tests/support/club_fixture.h"

struct stations {
	struct club_fixture f;		/* station 1: register, root, keeper of the hot list */
	struct club_fixture second;	/* may borrow the first's card; no member of its own */
};

/* Open both; the second has the keys and the certificate of `role`. Asserts. */
void stations_open(struct stations *s, const char *name, enum role role);
void stations_close(struct stations *s);

/* A name in the first station's folder. */
void stations_path(const struct stations *s, const char *name, char out[STATION_PATH_CAP]);
/* The practice root of the club; root_close it. Asserts. */
struct root *stations_root(const struct stations *s);
/* The first certifies a request, into a new file `name` of its folder. Asserts. */
void stations_certify(struct stations *s, const char *request, const char *name, bool replace, struct cert *out);
/* The lists of the first come to the second. */
enum err stations_bring_lists(struct stations *s, struct why *w);
/* The card on the first's reader is put on the second's. */
void stations_move_card(struct stations *s);

#endif
