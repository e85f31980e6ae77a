#include "keys/role.h"

#include <stddef.h>
#include <string.h>

#include "keys/cert.h"
#include "keys/safe.h"

#define SLOT(slot) (UINT32_C(1) << (slot))

/* The two keys of a phone's tap. */
#define LINK_SLOTS (SLOT(KEY_SDM_META) | SLOT(KEY_SDM_FILE))
#define TILL_SLOTS (SLOT(KEY_READ) | SLOT(KEY_DEBIT))
#define DESK_SLOTS (TILL_SLOTS | SLOT(KEY_WRITE))
#define ISSUER_SLOTS \
	(DESK_SLOTS | SLOT(KEY_ADMIN) | SLOT(KEY_CHANGE) | SLOT(KEY_PICC) | SLOT(KEY_NDEF) | LINK_SLOTS)

/* By the operations of the card's record: 1 issue, 2 load, 3 spend, 4 earn, 5 attributes, 6 block,
 * 7 signed again, 8 expire, 9 reverse, 10 key roll. */
#define TILL_RIGHTS (CERT_RIGHT(3) | CERT_RIGHT(4))
#define DESK_RIGHTS \
	(TILL_RIGHTS | CERT_RIGHT(2) | CERT_RIGHT(5) | CERT_RIGHT(7) | CERT_RIGHT(8) | CERT_RIGHT(9))
#define ISSUER_RIGHTS (DESK_RIGHTS | CERT_RIGHT(1) | CERT_RIGHT(6) | CERT_RIGHT(10))

static const struct {
	const char *name;
	uint32_t slots, rights;
} roles[ROLE_COUNT] = {
	[ROLE_TILL] = {"till", TILL_SLOTS, TILL_RIGHTS},
	[ROLE_DESK] = {"desk", DESK_SLOTS, DESK_RIGHTS},
	[ROLE_ISSUER] = {"issuer", ISSUER_SLOTS, ISSUER_RIGHTS},
	[ROLE_PORTAL] = {"portal", LINK_SLOTS, 0},
};

uint32_t
role_slots(enum role role)
{
	return (unsigned)role < ROLE_COUNT ? roles[role].slots : 0;
}

uint32_t
role_rights(enum role role)
{
	return (unsigned)role < ROLE_COUNT ? roles[role].rights : 0;
}

const char *
role_name(enum role role)
{
	return (unsigned)role < ROLE_COUNT ? roles[role].name : NULL;
}

bool
role_parse(const char *name, enum role *out)
{
	for (int i = 0; i < ROLE_COUNT; i++)
		if (strcmp(name, roles[i].name) == 0) {
			*out = (enum role)i;
			return true;
		}
	return false;
}

enum role
role_of_rights(uint32_t rights)
{
	static const enum role by_size[] = {ROLE_PORTAL, ROLE_TILL, ROLE_DESK, ROLE_ISSUER};

	for (size_t i = 0; i < sizeof(by_size) / sizeof(by_size[0]); i++)
		if ((rights & ~roles[by_size[i]].rights) == 0)
			return by_size[i];
	return ROLE_COUNT;
}
