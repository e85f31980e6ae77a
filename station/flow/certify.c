/* The register of certificates: who is given one, and which numbers, kept at one station of the club. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cardapps/number.h"
#include "station/base/file.h"
#include "station/flow/chain.h"
#include "station/flow/join.h"
#include "station/flow/lists.h"
#include "station/flow/settings.h"
#include "station/store/chain.h"

/* What the register says of all, and of the key and the station that ask. */
struct survey {
	const struct cert_request *q;
	uint32_t serial_last;
	uint64_t number_last;
	struct cert known;		/* the newest certificate of that key; serial 0: none */
	struct cert holder;		/* the newest of that station, whoever's key; serial 0: none */
};

static bool
look_at(const struct cert *c, void *ctx)
{
	struct survey *v = ctx;
	const uint64_t last = (uint64_t)c->first_number + c->number_count;

	if (c->serial > v->serial_last)
		v->serial_last = c->serial;
	if (c->number_count > 0 && last - 1 > v->number_last)
		v->number_last = last - 1;
	if (memcmp(c->pub, v->q->pub, sizeof(c->pub)) == 0 && c->serial > v->known.serial)
		v->known = *c;
	if (c->station == v->q->station && c->serial > v->holder.serial)
		v->holder = *c;
	return true;
}

/* A station's number is the key's that was given it last; one whose place was taken is no more it. */
static bool
number_taken(const struct survey *v)
{
	return v->holder.serial != 0 && memcmp(v->holder.pub, v->q->pub, sizeof(v->q->pub)) != 0;
}

static enum err
check_register(struct station *s, const struct certify_options *o, struct why *w)
{
	char set[4];
	uint8_t pub[PUBKEY_LEN];
	struct why none;

	root_public(o->root, pub);
	if (memcmp(pub, s->root_pub, sizeof(pub)) != 0)
		return why_set(w, ERR_REFUSED, MSG_ROOT_OTHER_CLUB);
	if (store_setting_get(s->store, SETTING_REGISTER, set, sizeof(set), &none) == ERR_OK &&
	    strcmp(set, "0") == 0)
		return why_set(w, ERR_REFUSED, MSG_REGISTER_ELSEWHERE);
	return lists_check_station(s, w);
}

/* Numbers nobody has: behind the last that anybody was given. */
static enum err
allot(const struct survey *v, uint32_t count, struct cert *c, struct why *w)
{
	const uint64_t first = v->number_last + 1;

	if (count == 0) {
		c->first_number = c->number_count = 0;
		return ERR_OK;
	}
	if (first + count - 1 > CARD_SERIAL_MAX)
		return why_set(w, ERR_RANGE, MSG_NUMBERS_EXHAUSTED);
	c->first_number = (uint32_t)first;
	c->number_count = count;
	return ERR_OK;
}

/* Roles that neither issue nor enrol have no use for numbers. */
static uint32_t
numbers_for(const struct certify_options *o, enum role role)
{
	if (o->numbers != 0)
		return o->numbers;
	return role == ROLE_DESK || role == ROLE_ISSUER ? JOIN_NUMBERS : 0;
}

static enum err
choose(const struct certify_options *o, const struct survey *v, struct cert *c, struct why *w)
{
	const enum role role = o->has_role ? o->role : v->q->role;
	const uint32_t end = chain_today() + (uint32_t)o->valid_days;

	if (number_taken(v) && !o->replace)
		return why_set(w, ERR_REFUSED, MSG_STATION_NUMBER_TAKEN, WHY_NUM(v->q->station));
	if (v->serial_last == UINT32_MAX)
		return why_set(w, ERR_RANGE, MSG_NUMBERS_EXHAUSTED);
	*c = (struct cert){.algorithm = v->q->algorithm, .rights = role_rights(role), .serial = v->serial_last + 1,
	    .station = v->q->station, .valid_from = chain_today(),
	    .valid_to = o->valid_days == 0 ? 0 : end > UINT16_MAX ? UINT16_MAX : (uint16_t)end};
	memcpy(c->pub, v->q->pub, sizeof(c->pub));
	if (v->known.serial == 0 || o->numbers != 0 || v->known.number_count == 0)
		return allot(v, numbers_for(o, role), c, w);
	c->first_number = v->known.first_number;
	c->number_count = v->known.number_count;
	return ERR_OK;
}

/* A key that is trusted no more gets nothing. */
static enum err
check_key(struct station *s, const struct cert *c, struct why *w)
{
	struct lists held;
	const struct list_revoked *r;
	enum err e = lists_read(s, &held, w);

	r = e == ERR_OK ? list_find_revoked(&held.revoked, c) : NULL;
	if (r != NULL)
		e = why_set(w, ERR_CERT, MSG_STATION_REVOKED, WHY_NUM(c->station), WHY_DAY(r->day));
	lists_free(&held);
	return e;
}

static enum err
enter(struct station *s, const struct cert *c, const uint8_t bytes[CERT_LEN], struct why *w)
{
	struct store_certificate row = {.serial = c->serial, .station = c->station,
	    .first = c->first_number, .count = c->number_count};
	const char *role = role_name(role_of_rights(c->rights));
	const struct journal_field fields[] = {
		JOURNAL_FIELD_INT("serial", c->serial),
		JOURNAL_FIELD_INT("station", c->station),
		JOURNAL_FIELD_STR("role", role != NULL ? role : ""),
		JOURNAL_FIELD_INT("rights", c->rights),
		JOURNAL_FIELD_INT("valid_to", c->valid_to),
		JOURNAL_FIELD_INT("first_number", c->first_number),
		JOURNAL_FIELD_INT("number_count", c->number_count),
		JOURNAL_FIELD_HEX("key", c->pub, sizeof(c->pub)),
	};
	uint8_t event[STORE_EVENT_LEN];
	enum err e = chain_journal(s, "keys.certify", fields, sizeof(fields) / sizeof(fields[0]), event, w);

	/* the register begins with who keeps it */
	if (e == ERR_OK)
		e = chain_note_certificate(s, &s->cert, s->cert_bytes, event, w);
	pubkey_id(c->pub, row.signer);
	memcpy(row.bytes, bytes, CERT_LEN);
	return e == ERR_OK ? store_certificate_put(s->store, &row, event, w) : e;
}

/* Choose, sign and note, in one transaction: two programs never give the same numbers. */
static enum err
give(struct station *s, const struct certify_options *o, const struct cert_request *q, struct cert *c,
    uint8_t bytes[CERT_LEN], struct why *w)
{
	struct survey v = {.q = q};
	enum err e = store_begin(s->store, w);

	if (e == ERR_OK)
		e = chain_certificates(s, look_at, &v, w);
	if (e == ERR_OK)
		e = choose(o, &v, c, w);
	if (e == ERR_OK)
		e = check_key(s, c, w);
	if (e == ERR_OK)
		e = root_certify(o->root, c, bytes, w);
	if (e == ERR_OK)
		e = enter(s, c, bytes, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

enum err
station_certify(struct station *s, const struct certify_options *o, struct cert *out, struct why *w)
{
	uint8_t request[REQUEST_CAP + 1], bytes[CERT_LEN];
	struct cert_request q;
	size_t len = 0;
	enum err e = check_register(s, o, w);

	if (e == ERR_OK && access(o->out, F_OK) == 0)
		e = why_set(w, ERR_DUPLICATE, MSG_FILE_EXISTS, WHY_CODE(o->out));
	if (e == ERR_OK)
		e = file_read(o->request, request, sizeof(request), &len, w);
	if (e == ERR_OK)
		e = request_open(request, len, s->root_pub, s->test, &q, w);
	if (e == ERR_OK)
		e = give(s, o, &q, out, bytes, w);
	return e == ERR_OK ? file_create(o->out, bytes, sizeof(bytes), 0644, w) : e;
}
