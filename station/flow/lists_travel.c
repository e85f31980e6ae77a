/* Lists on their way: revoking by the root, into a file, out of one. */
#include <stdlib.h>
#include <string.h>

#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/flow/chain.h"
#include "station/flow/lists.h"
#include "station/store/chain.h"

#define FILE_CAP (2u * DOCUMENT_CAP)

/* --- revoking */

struct gathering {
	struct list *revoked;
	const struct list_revoked *like;	/* station, day, reason and head of the new entries */
	uint32_t own;				/* serial of this station's certificate in service */
	bool known, added, full;
};

static bool
gather(const struct cert *c, void *ctx)
{
	struct gathering *g = ctx;
	struct list_revoked *at;

	/* of this station's number only what was before: who revokes goes on */
	if (c->station != g->like->station || c->serial == g->own)
		return true;
	g->known = true;
	if (list_find_revoked(g->revoked, c) != NULL)
		return true;
	g->full = g->revoked->count >= LIST_REVOKED_CAP;
	if (g->full)
		return false;
	at = &g->revoked->revoked[g->revoked->count++];
	*at = *g->like;
	at->serial = c->serial;
	pubkey_id(c->pub, at->key);
	g->added = true;
	return true;
}

/* All certificates of that station that are not on the list yet; `paper` may be one that is not in this book's register. */
static enum err
add_station(struct station *s, struct list *revoked, const struct list_revoked *like,
    const struct cert *paper, struct why *w)
{
	struct gathering g = {.revoked = revoked, .like = like, .own = s->cert.serial};
	struct list_revoked *room = realloc(revoked->revoked, LIST_REVOKED_CAP * sizeof(*room));
	enum err e;

	if (room == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	revoked->revoked = room;
	e = chain_certificates(s, gather, &g, w);
	if (e != ERR_OK)
		return e;
	if (paper->serial != 0)
		(void)gather(paper, &g);
	if (!g.known)
		return why_set(w, ERR_NOT_FOUND, MSG_STATION_UNKNOWN, WHY_NUM(like->station));
	if (g.full)
		return why_set(w, ERR_ARG, MSG_LIST_FULL, WHY_NUM(LIST_REVOKED_CAP));
	return g.added ? ERR_OK : why_set(w, ERR_DUPLICATE, MSG_LIST_TWICE);
}

static enum err
check_root(const struct station *s, const struct root *root, struct why *w)
{
	uint8_t pub[PUBKEY_LEN];

	root_public(root, pub);
	return memcmp(pub, s->root_pub, sizeof(pub)) == 0 ? ERR_OK : why_set(w, ERR_REFUSED, MSG_ROOT_OTHER_CLUB);
}

static enum err
revoke_in(struct station *s, const struct root *root, const struct list_revoked *like,
    const struct cert *paper, uint32_t *number, struct why *w)
{
	const struct document_pen pen = {.root = root};
	struct lists held;
	uint8_t *bytes = NULL;
	size_t len = 0;
	enum err e = lists_read(s, &held, w);

	if (e == ERR_OK)
		e = add_station(s, &held.revoked, like, paper, w);
	held.revoked.kind = LIST_REVOKED;
	held.revoked.number++;
	held.revoked.dated = clock_minutes_2000(clock_now_ms());
	*number = held.revoked.number;
	if (e == ERR_OK)
		e = list_seal(&held.revoked, &pen, &bytes, &len, w);
	if (e == ERR_OK)
		e = chain_put_list(s, &held.revoked, bytes, len, "keys.revoke", w);
	free(bytes);
	lists_free(&held);
	return e;
}

enum err
lists_revoke(struct station *s, const struct root *root, uint32_t station, uint8_t reason,
    const struct journal_head *head, uint32_t *number, struct why *w)
{
	struct list_revoked like = {.station = station, .reason = reason, .day = chain_today(),
	    .head_seq = (uint64_t)head->seq};
	bool keeper = false;
	enum err e = check_root(s, root, w);

	memcpy(like.head_hash, head->hash, sizeof(like.head_hash));
	if (e == ERR_OK)
		e = store_begin(s->store, w);
	if (e == ERR_OK)
		e = revoke_in(s, root, &like, &head->signer, number, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	if (e == ERR_OK)
		e = lists_is_keeper(s, &keeper, w);
	return e == ERR_OK && keeper ? lists_renew(s, w) : e;
}

/* --- into a file */

static enum err
append_list(struct station *s, enum list_kind kind, uint8_t *room, size_t *len, struct why *w)
{
	struct store_list held;
	struct why none;
	enum err e = store_list_get(s->store, (int)kind, &held, &none);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK) {
		if (w != NULL)
			*w = none;
		return e;
	}
	if (held.len > FILE_CAP - *len)
		e = why_set(w, ERR_LEN, MSG_LIST_FULL, WHY_NUM(LIST_HOT_CAP));
	else
		memcpy(room + *len, held.bytes, held.len);
	*len += e == ERR_OK ? held.len : 0;
	store_list_free(&held);
	return e;
}

enum err
lists_export(struct station *s, const char *path, struct why *w)
{
	uint8_t *room = malloc(FILE_CAP);
	size_t len = 0;
	enum err e;

	if (room == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	/* the revocations first: the hot list speaks of them */
	e = append_list(s, LIST_REVOKED, room, &len, w);
	if (e == ERR_OK)
		e = append_list(s, LIST_HOT, room, &len, w);
	if (e == ERR_OK && len == 0)
		e = why_set(w, ERR_NOT_FOUND, MSG_STORE_NO_LIST);
	if (e == ERR_OK)
		e = file_write(path, room, len, 0644, w);
	free(room);
	return e;
}

/* --- out of a file */

/* *newer: not the one that is held. */
static enum err
compare(struct station *s, const struct list *l, const uint8_t *bytes, size_t len, bool *newer,
    struct why *w)
{
	struct store_list held;
	struct why none;
	enum err e = store_list_get(s->store, (int)l->kind, &held, &none);

	*newer = e == ERR_NOT_FOUND || (e == ERR_OK && l->number > held.number);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK && w != NULL)
		*w = none;
	if (e == ERR_OK && !*newer && (held.len != len || memcmp(held.bytes, bytes, len) != 0))
		e = why_set(w, ERR_REFUSED, MSG_LIST_OLD, WHY_NUM(l->number), WHY_NUM(held.number));
	store_list_free(&held);
	return e;
}

/* The hot list's author is trusted still, and the revocations it speaks of are here. */
static enum err
check_against_revocations(struct station *s, const struct list *hot, struct why *w)
{
	struct store_list held = {0};
	struct lists lists;
	enum err e = lists_read(s, &lists, w);

	if (e == ERR_OK && !hot->by_root && list_find_revoked(&lists.revoked, &hot->signer) != NULL)
		e = why_set(w, ERR_REFUSED, MSG_LIST_NOT_ITS);
	if (e == ERR_OK && hot->revocations > lists.revoked.number)
		e = why_set(w, ERR_REFUSED, MSG_LIST_NEEDS_REVOCATIONS, WHY_NUM(hot->revocations));
	if (e == ERR_OK && hot->revocations != 0 && hot->revocations == lists.revoked.number) {
		e = store_list_get(s->store, LIST_REVOKED, &held, w);
		if (e == ERR_OK && memcmp(held.hash, hot->revocations_hash, sizeof(held.hash)) != 0)
			e = why_set(w, ERR_REFUSED, MSG_LIST_NEEDS_REVOCATIONS, WHY_NUM(hot->revocations));
	}
	store_list_free(&held);
	lists_free(&lists);
	return e;
}

/* A list's date is its maker's word, so a station must have its right today and not only on that date. */
static enum err
check_new(struct station *s, const struct list *l, struct why *w)
{
	enum err e = ERR_OK;

	if (l->dated > clock_minutes_2000(clock_now_ms()) + CHAIN_MINUTES_A_DAY)
		return why_set(w, ERR_REFUSED, MSG_LIST_FUTURE, WHY_NUM(l->number));
	if (!l->by_root)
		e = cert_covers(&l->signer, chain_today(), CERT_RIGHT(OP_BLOCK), w);
	return e == ERR_OK && l->kind == LIST_HOT ? check_against_revocations(s, l, w) : e;
}

static enum err
take_one(struct station *s, const uint8_t *bytes, size_t len, struct lists_taken *out, struct why *w)
{
	struct list l;
	bool newer = false;
	enum err e = list_open(bytes, len, s->root_pub, s->test, &l, w);

	if (e == ERR_OK)
		e = compare(s, &l, bytes, len, &newer, w);
	if (e == ERR_OK && newer)
		e = check_new(s, &l, w);
	if (e == ERR_OK && newer)
		e = chain_put_list(s, &l, bytes, len, "list.import", w);
	if (e == ERR_OK && l.kind == LIST_HOT) {
		out->hot = newer;
		out->hot_number = l.number;
	} else if (e == ERR_OK) {
		out->revoked = newer;
		out->revoked_number = l.number;
	}
	list_clear(&l);
	return e;
}

enum err
lists_take(struct station *s, const uint8_t *bytes, size_t len, struct lists_taken *out, struct why *w)
{
	enum err e = ERR_OK;

	memset(out, 0, sizeof(*out));
	if (len == 0)
		return why_set(w, ERR_FORMAT, MSG_LIST_FORMAT);
	for (size_t at = 0, n; e == ERR_OK && at < len; at += n) {
		n = document_length(bytes + at, len - at);
		e = n == 0 ? why_set(w, ERR_FORMAT, MSG_LIST_FORMAT) : take_one(s, bytes + at, n, out, w);
	}
	return e;
}

enum err
lists_import(struct station *s, const char *path, struct lists_taken *out, struct why *w)
{
	uint8_t *room = malloc(FILE_CAP);
	size_t len = 0;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (room == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = file_read(path, room, FILE_CAP, &len, w);
	if (e == ERR_OK)
		e = store_begin(s->store, w);
	if (e == ERR_OK)
		e = lists_take(s, room, len, out, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	free(room);
	return e;
}
