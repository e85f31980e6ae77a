#include "station/flow/lists.h"

#include <stdlib.h>
#include <string.h>

#include "cardapps/number.h"
#include "station/base/clock.h"
#include "station/flow/chain.h"
#include "station/flow/settings.h"
#include "station/store/chain.h"

#define RIGHT_BLOCK CERT_RIGHT(OP_BLOCK)

/* --- what is held */

static enum err
read_list(struct station *s, enum list_kind kind, struct list *out, struct why *w)
{
	struct store_list held;
	struct why none;
	enum err e = store_list_get(s->store, (int)kind, &held, &none);

	memset(out, 0, sizeof(*out));
	out->kind = kind;
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK) {
		if (w != NULL)
			*w = none;
		return e;
	}
	e = list_open(held.bytes, held.len, s->root_pub, s->test, out, w);
	if (e == ERR_OK && out->kind != kind)
		e = why_set(w, ERR_DB_DAMAGED, MSG_LIST_FORMAT);
	store_list_free(&held);
	return e;
}

enum err
lists_read(struct station *s, struct lists *out, struct why *w)
{
	enum err e;

	memset(out, 0, sizeof(*out));
	e = read_list(s, LIST_REVOKED, &out->revoked, w);
	if (e == ERR_OK)
		e = read_list(s, LIST_HOT, &out->hot, w);
	if (e != ERR_OK)
		lists_free(out);
	return e;
}

void
lists_free(struct lists *l)
{
	list_clear(&l->revoked);
	list_clear(&l->hot);
}

/* --- who keeps the hot list */

static bool
is_keeper(struct station *s, const struct lists *held)
{
	char set[4];
	struct why none;

	if ((s->cert.rights & RIGHT_BLOCK) == 0)
		return false;
	if (store_setting_get(s->store, SETTING_LIST_KEEPER, set, sizeof(set), &none) == ERR_OK)
		return strcmp(set, "1") == 0;
	return held->hot.number == 0 || (!held->hot.by_root && held->hot.signer.station == s->id);
}

enum err
lists_is_keeper(struct station *s, bool *out, struct why *w)
{
	struct lists held;
	enum err e = lists_read(s, &held, w);

	*out = e == ERR_OK && is_keeper(s, &held);
	lists_free(&held);
	return e;
}

enum err
lists_keep(struct station *s, struct why *w)
{
	const struct journal_field field = JOURNAL_FIELD_INT("station", s->id);
	uint8_t event[STORE_EVENT_LEN];
	enum err e = cert_covers(&s->cert, chain_today(), RIGHT_BLOCK, w);

	if (e == ERR_OK)
		e = store_begin(s->store, w);
	if (e == ERR_OK)
		e = chain_journal(s, "list.keep", &field, 1, event, w);
	if (e == ERR_OK)
		e = store_setting_put(s->store, SETTING_LIST_KEEPER, "1", w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

/* --- the next list */

/* What the hot list says of the revocations. */
static enum err
name_revocations(struct station *s, struct list *hot, struct why *w)
{
	struct store_list held;
	struct why none;
	enum err e = store_list_get(s->store, LIST_REVOKED, &held, &none);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK) {
		if (w != NULL)
			*w = none;
		return e;
	}
	hot->revocations = held.number;
	memcpy(hot->revocations_hash, held.hash, sizeof(hot->revocations_hash));
	store_list_free(&held);
	return ERR_OK;
}

/* Sign `hot` as the next one. In the caller's transaction. */
static enum err
next_hot(struct station *s, struct list *hot, const char *how, struct why *w)
{
	const struct document_pen pen = {.safe = s->safe, .cert = s->cert_bytes};
	uint8_t *bytes = NULL;
	size_t len = 0;
	enum err e;

	hot->kind = LIST_HOT;
	hot->number++;
	hot->dated = clock_minutes_2000(clock_now_ms());
	e = name_revocations(s, hot, w);
	if (e == ERR_OK)
		e = list_seal(hot, &pen, &bytes, &len, w);
	if (e == ERR_OK)
		e = chain_put_list(s, hot, bytes, len, how, w);
	free(bytes);
	return e;
}

/* --- the keeper's acts: one transaction each */

struct hot_change {
	const char *how;		/* the journal row's kind */
	uint64_t add, remove;		/* card numbers; 0: none */
	uint8_t reason;
};

static enum err
add_entry(struct list *hot, const struct hot_change *c, struct why *w)
{
	struct list_hot *grown;

	if (list_find_hot(hot, c->add) != NULL)
		return why_set(w, ERR_DUPLICATE, MSG_LIST_TWICE);
	grown = realloc(hot->hot, (hot->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	hot->hot = grown;
	grown[hot->count++] = (struct list_hot){.card = c->add, .reason = c->reason,
	    .day = chain_today()};
	return ERR_OK;
}

static enum err
remove_entry(struct list *hot, const struct hot_change *c, struct why *w)
{
	const struct list_hot *at = list_find_hot(hot, c->remove);
	size_t i;

	if (at == NULL)
		return why_set(w, ERR_NOT_FOUND, MSG_LIST_NOT_ON);
	i = (size_t)(at - hot->hot);
	memmove(&hot->hot[i], &hot->hot[i + 1], (hot->count - i - 1) * sizeof(*at));
	hot->count--;
	return ERR_OK;
}

static enum err
change_hot_in(struct station *s, const struct hot_change *c, struct why *w)
{
	struct lists held;
	enum err e = lists_read(s, &held, w);

	if (e == ERR_OK)
		e = chain_check_own(s, &held.revoked, w);
	if (e == ERR_OK && !is_keeper(s, &held))
		e = why_set(w, ERR_REFUSED, MSG_LIST_NOT_KEEPER);
	if (e == ERR_OK && c->add != 0)
		e = add_entry(&held.hot, c, w);
	if (e == ERR_OK && c->remove != 0)
		e = remove_entry(&held.hot, c, w);
	if (e == ERR_OK)
		e = next_hot(s, &held.hot, c->how, w);
	lists_free(&held);
	return e;
}

static enum err
change_hot(struct station *s, const struct hot_change *c, struct why *w)
{
	enum err e = cert_covers(&s->cert, chain_today(), RIGHT_BLOCK, w);

	if (e == ERR_OK)
		e = store_begin(s->store, w);
	if (e == ERR_OK)
		e = change_hot_in(s, c, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

enum err
lists_renew(struct station *s, struct why *w)
{
	return change_hot(s, &(struct hot_change){.how = "list.renew"}, w);
}

enum err
lists_hot_add(struct station *s, uint64_t card, uint8_t reason, struct why *w)
{
	return change_hot(s, &(struct hot_change){.how = "hot.add", .add = card, .reason = reason}, w);
}

enum err
lists_hot_remove(struct station *s, uint64_t card, struct why *w)
{
	return change_hot(s, &(struct hot_change){.how = "hot.remove", .remove = card}, w);
}

/* --- what the lists say */

static int64_t
horizon_minutes(struct station *s)
{
	char set[8];
	struct why none;
	long days = LISTS_HORIZON_DAYS;

	if (store_setting_get(s->store, "list.horizon_days", set, sizeof(set), &none) == ERR_OK)
		days = strtol(set, NULL, 10);
	return (int64_t)(days >= 1 && days <= 366 ? days : LISTS_HORIZON_DAYS) * CHAIN_MINUTES_A_DAY;
}

/* How old the hot list is, in minutes; below 0 it is of the future. */
static int64_t
age_of(const struct lists *held)
{
	return (int64_t)clock_minutes_2000(clock_now_ms()) - held->hot.dated;
}

enum err
lists_fresh(struct station *s, struct why *w)
{
	struct lists held;
	enum err e = lists_read(s, &held, w);

	if (e != ERR_OK || is_keeper(s, &held))
		goto out;
	if (held.hot.number == 0)
		e = why_set(w, ERR_REFUSED, MSG_LISTS_NONE);
	else if (age_of(&held) < -CHAIN_MINUTES_A_DAY)
		e = why_set(w, ERR_REFUSED, MSG_LIST_FUTURE, WHY_NUM(held.hot.number));
	else if (age_of(&held) > horizon_minutes(s))
		e = why_set(w, ERR_REFUSED, MSG_LISTS_OLD, WHY_NUM(age_of(&held) / CHAIN_MINUTES_A_DAY));
out:
	lists_free(&held);
	return e;
}

enum err
lists_renew_due(struct station *s, struct why *w)
{
	const struct hot_change renew = {.how = "list.renew"};
	struct lists held;
	bool due;
	enum err e = lists_read(s, &held, w);

	due = e == ERR_OK && is_keeper(s, &held) && (held.hot.number == 0 ||
	    age_of(&held) >= CHAIN_MINUTES_A_DAY || age_of(&held) < -CHAIN_MINUTES_A_DAY);
	lists_free(&held);
	return due ? change_hot_in(s, &renew, w) : e;
}

enum err
lists_check_station(struct station *s, struct why *w)
{
	struct list revoked;
	enum err e = read_list(s, LIST_REVOKED, &revoked, w);

	if (e == ERR_OK)
		e = chain_check_own(s, &revoked, w);
	list_clear(&revoked);
	return e;
}

enum err
lists_check_card(struct station *s, uint64_t card, struct why *w)
{
	struct lists held;
	const struct list_hot *hot;
	char number[CARD_NUMBER_DIGITS + 1] = "";
	enum err e = lists_read(s, &held, w);

	hot = e == ERR_OK ? list_find_hot(&held.hot, card) : NULL;
	if (hot != NULL) {
		(void)card_number_format(card, number);
		e = why_set(w, ERR_REFUSED, MSG_CARD_HOT, WHY_CODE(number), WHY_DAY(hot->day),
		    WHY_CODE(list_reason_name(hot->reason)));
	}
	lists_free(&held);
	return e;
}
