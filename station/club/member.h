/* Members: who may be added, what counts as the same person, how staff find them. */
#ifndef STATION_CLUB_MEMBER_H
#define STATION_CLUB_MEMBER_H

#include <stdbool.h>

#include "station/store/member.h"

struct member_form {
	const char *name;	/* as typed */
	const char *phone;	/* as typed; NULL or "" = none */
	uint8_t tier;		/* enum tier */
	bool force;		/* add although somebody of that name (and phone) is there */
	int64_t now_ms;
};

/*
 * Clean, look for the same person, take the next id, store, and journal "member.add" with the id and tier
 * alone. In the caller's transaction. On ERR_DUPLICATE *id is the member who is there (same folded name, and
 * same phone or one of the two without a phone). Errors: also those of text_clean_name and text_phone;
 * ERR_RANGE (range of ids used up), ERR_ARG (tier).
 */
enum err club_member_add(struct store *s, const struct member_form *form, uint32_t *id,
    struct why *w);

/*
 * A row for a member whose number stands on a card and whose name was lost; nothing if there is one. In the caller's
 * transaction. Errors: those of the store.
 */
enum err club_member_recover(struct store *s, uint32_t id, int64_t now_ms, struct why *w);

enum err club_member_get(struct store *s, uint32_t id, struct store_member *out, struct why *w);

/*
 * Find by what staff type: a whole phone, an id, or part of a name in any spelling. Visits in the order
 * of ids. Errors: ERR_ARG (nothing typed), ERR_NOT_FOUND (nobody).
 */
enum err club_member_find(struct store *s, const char *typed, member_visit visit, void *ctx,
    struct why *w);

#endif
