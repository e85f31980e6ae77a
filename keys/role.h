/*
 * What a station is for: the masters its store may hold, and the rights its certificate gives. A
 * store of a role has no other masters in it, so that what is not allowed is not possible either.
 */
#ifndef KEYS_ROLE_H
#define KEYS_ROLE_H

#include <stdbool.h>
#include <stdint.h>

/* The value goes into files: append only. */
enum role {
	ROLE_TILL = 0,		/* reads cards and takes value from them */
	ROLE_DESK = 1,		/* also writes the record: loads, signs again */
	ROLE_ISSUER = 2,	/* also makes cards, blocks them and keeps the hot list */
	ROLE_PORTAL = 3,	/* verifies what phones read, signs nothing */
	ROLE_COUNT
};

/* Masters of a role, bit 1 << enum key_slot. 0 for a role there is not. */
uint32_t role_slots(enum role role);
/* Rights of its certificate, CERT_RIGHT bits. 0 for the portal, too. */
uint32_t role_rights(enum role role);

/* "till", "desk", "issuer", "portal"; NULL for a role there is not. */
const char *role_name(enum role role);
/* False (and `out` untouched) unless it is one of those words. */
bool role_parse(const char *name, enum role *out);

/* The least role that has all of `rights`; ROLE_COUNT if none has. */
enum role role_of_rights(uint32_t rights);

#endif
