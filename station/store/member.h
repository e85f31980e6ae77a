/*
 * Members' rows: the only place with personal data. Who may be added and what
 * counts as a duplicate is station/club's business.
 */
#ifndef STATION_STORE_MEMBER_H
#define STATION_STORE_MEMBER_H

#include "station/store/store.h"

#define STORE_NAME_CAP 512
#define STORE_FOLD_CAP 1024
#define STORE_PHONE_CAP 17

struct store_member {
	uint32_t id;
	char name[STORE_NAME_CAP];	/* as typed, cleaned */
	char fold[STORE_FOLD_CAP];	/* the key it is searched by */
	char phone[STORE_PHONE_CAP];	/* +E.164, "" = none */
	uint8_t tier;
	int64_t created_ms;
};

/* Errors: ERR_DUPLICATE (the id is there). */
enum err store_member_insert(struct store *s, const struct store_member *m, struct why *w);
/* Errors: ERR_NOT_FOUND. */
enum err store_member_get(struct store *s, uint32_t id, struct store_member *out, struct why *w);
enum err store_member_set_tier(struct store *s, uint32_t id, uint8_t tier, struct why *w);

/* The first member with this folded name whose phone is the same, or where either has none. Errors: ERR_NOT_FOUND. */
enum err store_member_same(struct store *s, const char *fold, const char *phone, uint32_t *id,
    struct why *w);

/* Members by part of the folded name, or by whole phone; in the order of ids, until the callback answers false. */
typedef bool (*member_visit)(const struct store_member *m, void *ctx);
enum err store_members_by_name(struct store *s, const char *fold_part, member_visit visit, void *ctx,
    struct why *w);
enum err store_members_by_phone(struct store *s, const char *phone, member_visit visit, void *ctx,
    struct why *w);

#endif
