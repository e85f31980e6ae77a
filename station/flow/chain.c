#include "station/flow/chain.h"

#include <stdlib.h>
#include <string.h>

#include "station/base/clock.h"
#include "station/store/chain.h"

uint16_t
chain_today(void)
{
	uint32_t day = clock_minutes_2000(clock_now_ms()) / CHAIN_MINUTES_A_DAY;

	return day > UINT16_MAX ? UINT16_MAX : (uint16_t)day;
}

enum err
chain_journal(struct station *s, const char *kind, const struct journal_field *fields, size_t count,
    uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct journal_entry entry = {.kind = kind, .at_ms = clock_now_ms(), .fields = fields,
	    .field_count = count};
	enum err e = store_event_next(s->store, entry.event, w);

	memcpy(event, entry.event, sizeof(entry.event));
	return e == ERR_OK ? store_journal_append(s->store, &entry, w) : e;
}

enum err
chain_put_list(struct station *s, const struct list *l, const uint8_t *bytes, size_t len,
    const char *how, struct why *w)
{
	const struct store_list held = {.number = l->number, .dated = l->dated, .bytes = bytes, .len = len};
	uint8_t hash[SHA256_LEN], event[STORE_EVENT_LEN];
	const struct journal_field fields[] = {
		JOURNAL_FIELD_STR("list", l->kind == LIST_HOT ? "hot" : "revocations"),
		JOURNAL_FIELD_INT("number", l->number),
		JOURNAL_FIELD_INT("dated", l->dated),
		JOURNAL_FIELD_INT("entries", (int64_t)l->count),
		JOURNAL_FIELD_HEX("hash", hash, sizeof(hash)),
	};
	enum err e;

	digest_sha256(bytes, len, hash);
	e = chain_journal(s, how, fields, sizeof(fields) / sizeof(fields[0]), event, w);
	return e == ERR_OK ? store_list_put(s->store, (int)l->kind, &held, event, w) : e;
}

enum err
chain_check_own(const struct station *s, const struct list *revoked, struct why *w)
{
	const struct list_revoked *r = list_find_revoked(revoked, &s->cert);

	if (r == NULL)
		return ERR_OK;
	return why_set(w, ERR_CERT, MSG_STATION_REVOKED, WHY_NUM(s->id), WHY_DAY(r->day));
}

/* --- certificates */

struct walk {
	struct station *s;
	chain_visit visit;
	void *ctx;
	bool own_seen, over;
	enum err e;
};

static bool
visit_one(const uint8_t bytes[CERT_LEN], void *ctx)
{
	struct walk *k = ctx;
	struct cert c;

	k->e = cert_verify(bytes, k->s->root_pub, &c, NULL);
	if (k->e != ERR_OK)
		return false;
	k->own_seen = k->own_seen || c.serial == k->s->cert.serial;
	k->over = !k->visit(&c, k->ctx);
	return !k->over;
}

enum err
chain_certificates(struct station *s, chain_visit visit, void *ctx, struct why *w)
{
	struct walk k = {.s = s, .visit = visit, .ctx = ctx};
	enum err e = store_certificates(s->store, visit_one, &k, w);

	if (e == ERR_OK && k.e != ERR_OK)
		return why_set(w, ERR_DB_DAMAGED, MSG_CERT_FORMAT);
	if (e == ERR_OK && !k.own_seen && !k.over)
		(void)visit(&s->cert, ctx);
	return e;
}

static bool
found(const uint8_t bytes[CERT_LEN], void *ctx)
{
	const uint8_t **c = ctx;

	if (memcmp(bytes, *c, CERT_LEN) == 0)
		*c = NULL;
	return *c != NULL;
}

enum err
chain_note_certificate(struct station *s, const struct cert *c, const uint8_t bytes[CERT_LEN],
    const uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct store_certificate row = {.serial = c->serial, .station = c->station,
	    .first = c->first_number, .count = c->number_count};
	const uint8_t *wanted = bytes;
	enum err e;

	pubkey_id(c->pub, row.signer);
	memcpy(row.bytes, bytes, CERT_LEN);
	e = store_certificates_of(s->store, row.signer, found, &wanted, w);
	return e == ERR_OK && wanted != NULL ? store_certificate_put(s->store, &row, event, w) : e;
}
