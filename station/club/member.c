#include "station/club/member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "station/club/ranges.h"
#include "station/club/tier.h"
#include "station/store/journal.h"
#include "station/text/text.h"

/* Of a member whose name went with a lost book; staff type the name in when she comes. */
#define NAME_RECOVERED "عضو بازیابی‌شده"

_Static_assert(STORE_NAME_CAP >= TEXT_NAME_CAP && STORE_FOLD_CAP >= TEXT_FOLD_CAP &&
    STORE_PHONE_CAP >= TEXT_PHONE_CAP, "what the text room makes fits the store's row");

/* The form, cleaned, as a row without its id. */
static enum err
clean(const struct member_form *form, struct store_member *m, struct why *w)
{
	enum err e = text_clean_name(form->name, m->name, sizeof(m->name), w);

	if (e == ERR_OK && form->phone != NULL && form->phone[0] != '\0')
		e = text_phone(form->phone, m->phone, w);
	if (e != ERR_OK)
		return e;
	if (form->tier >= TIER_COUNT)
		return why_set(w, ERR_ARG, MSG_CLUB_TIER_UNKNOWN, WHY_NUM(form->tier));
	if (!text_fold(m->name, m->fold, sizeof(m->fold)))
		return why_set(w, ERR_LEN, MSG_STORE_RULE, WHY_CODE("name"));
	m->tier = form->tier;
	m->created_ms = form->now_ms;
	return ERR_OK;
}

static enum err
refuse_same(struct store *s, const struct store_member *m, uint32_t *id, struct why *w)
{
	struct store_member there;
	enum err e = store_member_same(s, m->fold, m->phone, id, w);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_OK)
		e = store_member_get(s, *id, &there, w);
	if (e != ERR_OK)
		return e;
	return why_set(w, ERR_DUPLICATE, MSG_CLUB_MEMBER_THERE, WHY_STR(there.name), WHY_NUM(*id));
}

/* The journal knows a member by number: a name would stand there for ever. */
static enum err
journal_member(struct store *s, const struct store_member *m, struct why *w)
{
	const struct journal_field fields[] = {
		JOURNAL_FIELD_INT("member", m->id),
		JOURNAL_FIELD_INT("tier", m->tier),
	};
	struct journal_entry row = {
		.kind = "member.add", .at_ms = m->created_ms, .fields = fields, .field_count = 2,
	};
	enum err e = store_event_next(s, row.event, w);

	return e == ERR_OK ? store_journal_append(s, &row, w) : e;
}

enum err
club_member_add(struct store *s, const struct member_form *form, uint32_t *id, struct why *w)
{
	struct store_member m = {0};
	enum err e = clean(form, &m, w);

	*id = 0;
	if (e == ERR_OK && !form->force)
		e = refuse_same(s, &m, id, w);
	if (e == ERR_OK)
		e = club_next_member(s, &m.id, w);
	if (e == ERR_OK)
		e = store_member_insert(s, &m, w);
	if (e == ERR_OK)
		e = journal_member(s, &m, w);
	if (e == ERR_OK)
		*id = m.id;
	return e;
}

enum err
club_member_recover(struct store *s, uint32_t id, int64_t now_ms, struct why *w)
{
	struct store_member m = {.id = id, .created_ms = now_ms};
	struct why none;
	enum err e = store_member_get(s, id, &m, &none);

	if (e == ERR_OK)
		return e;
	if (e != ERR_NOT_FOUND) {
		if (w != NULL)
			*w = none;
		return e;
	}
	m.id = id;
	m.created_ms = now_ms;
	(void)snprintf(m.name, sizeof(m.name), "%s", NAME_RECOVERED);
	if (!text_fold(m.name, m.fold, sizeof(m.fold)))
		return why_set(w, ERR_LEN, MSG_STORE_RULE, WHY_CODE("name"));
	e = store_member_insert(s, &m, w);
	return e == ERR_OK ? journal_member(s, &m, w) : e;
}

enum err
club_member_get(struct store *s, uint32_t id, struct store_member *out, struct why *w)
{
	return store_member_get(s, id, out, w);
}

/* --- finding */

struct finder {
	member_visit visit;
	void *ctx;
	bool any;
};

static bool
pass_on(const struct store_member *m, void *ctx)
{
	struct finder *f = ctx;

	f->any = true;
	return f->visit(m, f->ctx);
}

/* A folded text of digits alone, short enough for a member's number; 0 if it is none. */
static uint32_t
as_id(const char *fold)
{
	char *end;
	unsigned long v;

	if (strlen(fold) > 10 || strspn(fold, "0123456789") != strlen(fold))
		return 0;
	v = strtoul(fold, &end, 10);
	return v <= UINT32_MAX ? (uint32_t)v : 0;
}

static enum err
find_by_id(struct store *s, uint32_t id, struct finder *f, struct why *w)
{
	struct store_member m;
	struct why mine;
	enum err e = store_member_get(s, id, &m, &mine);

	if (e == ERR_OK)
		(void)pass_on(&m, f);
	else if (e != ERR_NOT_FOUND && w != NULL)
		*w = mine;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
club_member_find(struct store *s, const char *typed, member_visit visit, void *ctx,
    struct why *w)
{
	struct finder f = {visit, ctx, false};
	char fold[STORE_FOLD_CAP], phone[TEXT_PHONE_CAP];
	enum err e = ERR_OK;

	if (!text_fold(typed, fold, sizeof(fold)) || fold[0] == '\0')
		return why_set(w, ERR_ARG, MSG_CLUB_FIND_NOTHING);
	/* 9123456789 may be a phone and a number: the phone first, as people type those */
	if (text_phone(typed, phone, NULL) == ERR_OK)
		e = store_members_by_phone(s, phone, pass_on, &f, w);
	if (e == ERR_OK && !f.any && as_id(fold) != 0)
		e = find_by_id(s, as_id(fold), &f, w);
	if (e == ERR_OK && !f.any)
		e = store_members_by_name(s, fold, pass_on, &f, w);
	if (e == ERR_OK && !f.any)
		return why_set(w, ERR_NOT_FOUND, MSG_CLUB_FIND_NOBODY, WHY_STR(typed));
	return e;
}
