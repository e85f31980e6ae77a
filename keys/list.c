#include "keys/list.h"

#include <stdlib.h>
#include <string.h>

#include "station/base/bytes.h"

#define HEAD_LEN 16
#define HOT_HEAD_LEN (HEAD_LEN + 4 + LIST_HASH_LEN)
#define REVOKED_LEN 56
#define HOT_LEN 12
#define RIGHT_BLOCK CERT_RIGHT(6)

_Static_assert(HOT_HEAD_LEN + LIST_HOT_CAP * HOT_LEN <= DOCUMENT_BODY_CAP, "a full list fits its paper");
_Static_assert(HEAD_LEN + LIST_REVOKED_CAP * REVOKED_LEN <= DOCUMENT_BODY_CAP, "a full list fits its paper");

static size_t
cap_of(enum list_kind kind)
{
	return kind == LIST_HOT ? LIST_HOT_CAP : LIST_REVOKED_CAP;
}

static enum err
bad_form(struct why *w)
{
	return why_set(w, ERR_FORMAT, MSG_LIST_FORMAT);
}

/* --- order */

static int
by_serial(const void *a, const void *b)
{
	const struct list_revoked *x = a, *y = b;

	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static int
by_card(const void *a, const void *b)
{
	const struct list_hot *x = a, *y = b;

	return x->card < y->card ? -1 : x->card > y->card;
}

/* Is entry i above the one before it? */
static bool
ascends(const struct list *l, size_t i)
{
	if (i == 0)
		return true;
	if (l->hot != NULL)
		return l->hot[i - 1].card < l->hot[i].card;
	return l->revoked != NULL && l->revoked[i - 1].serial < l->revoked[i].serial;
}

static bool
good_reason(uint8_t reason)
{
	return reason >= LIST_LOST && reason <= LIST_REASON_LAST;
}

/* Rows of a journal are counted in 63 bits. */
static bool
good_revoked(const struct list_revoked *r)
{
	return good_reason(r->reason) && r->head_seq <= INT64_MAX;
}

/* --- sealing */

static void
put_revoked(struct writer *b, const struct list_revoked *r)
{
	put_be32(b, r->station);
	put_be32(b, r->serial);
	put_bytes(b, r->key, sizeof(r->key));
	put_be16(b, r->day);
	put_u8(b, r->reason);
	put_u8(b, 0);
	put_be64(b, r->head_seq);
	put_bytes(b, r->head_hash, sizeof(r->head_hash));
}

static void
put_hot(struct writer *b, const struct list_hot *h)
{
	put_be64(b, h->card);
	put_be16(b, h->day);
	put_u8(b, h->reason);
	put_u8(b, 0);
}

static void
put_body(struct writer *b, const struct list *l)
{
	put_u8(b, (uint8_t)l->kind);
	put_zeros(b, 3);
	put_be32(b, l->number);
	put_be32(b, l->dated);
	put_be32(b, (uint32_t)l->count);
	if (l->kind == LIST_HOT) {
		put_be32(b, l->revocations);
		put_bytes(b, l->revocations_hash, sizeof(l->revocations_hash));
	}
	for (size_t i = 0; i < l->count; i++) {
		if (l->kind == LIST_HOT)
			put_hot(b, &l->hot[i]);
		else
			put_revoked(b, &l->revoked[i]);
	}
}

static enum err
put_in_order(struct list *l, struct why *w)
{
	if (l->count > 1 && l->kind == LIST_HOT)
		qsort(l->hot, l->count, sizeof(l->hot[0]), by_card);
	else if (l->count > 1)
		qsort(l->revoked, l->count, sizeof(l->revoked[0]), by_serial);
	for (size_t i = 0; i < l->count; i++)
		if (!ascends(l, i))
			return why_set(w, ERR_DUPLICATE, MSG_LIST_TWICE);
	return ERR_OK;
}

/* A list with an entry that nobody reads could be followed by no other: its book would be stuck with it. */
static bool
can_be_opened(const struct list *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (!(l->kind == LIST_HOT ? good_reason(l->hot[i].reason) : good_revoked(&l->revoked[i])))
			return false;
	return true;
}

enum err
list_seal(struct list *l, const struct document_pen *pen, uint8_t **out, size_t *len, struct why *w)
{
	uint8_t *body;
	struct writer b;
	enum err e;

	*out = NULL;
	*len = 0;
	if (l->count > cap_of(l->kind))
		return why_set(w, ERR_ARG, MSG_LIST_FULL, WHY_NUM(cap_of(l->kind)));
	if (l->number == 0 || (l->kind == LIST_REVOKED && pen->root == NULL) || !can_be_opened(l))
		return why_set(w, ERR_ARG, MSG_INTERNAL, WHY_CODE("list_seal"));
	e = put_in_order(l, w);
	if (e != ERR_OK)
		return e;
	body = malloc(DOCUMENT_BODY_CAP);
	if (body == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	b = writer_over(body, DOCUMENT_BODY_CAP);
	put_body(&b, l);
	e = document_seal(DOCUMENT_LIST, pen, body, b.len, out, len, w);
	free(body);
	return e;
}

/* --- opening */

static bool
take_revoked(struct cursor *c, struct list_revoked *r)
{
	const uint8_t *p;
	uint8_t zero;

	r->station = take_be32(c);
	r->serial = take_be32(c);
	p = take_bytes(c, sizeof(r->key));
	if (p != NULL)
		memcpy(r->key, p, sizeof(r->key));
	r->day = take_be16(c);
	r->reason = take_u8(c);
	zero = take_u8(c);
	r->head_seq = take_be64(c);
	p = take_bytes(c, sizeof(r->head_hash));
	if (p != NULL)
		memcpy(r->head_hash, p, sizeof(r->head_hash));
	return !c->underflow && zero == 0 && good_revoked(r);
}

static bool
take_hot(struct cursor *c, struct list_hot *h)
{
	uint8_t zero;

	h->card = take_be64(c);
	h->day = take_be16(c);
	h->reason = take_u8(c);
	zero = take_u8(c);
	return !c->underflow && zero == 0 && good_reason(h->reason);
}

static bool
take_list_head(struct cursor *c, struct list *l)
{
	uint8_t kind = take_u8(c);
	const uint8_t *zeros = take_bytes(c, 3);
	const uint8_t *hash;

	l->number = take_be32(c);
	l->dated = take_be32(c);
	l->count = take_be32(c);
	if (c->underflow || (kind != LIST_REVOKED && kind != LIST_HOT) ||
	    memcmp(zeros, "\0\0\0", 3) != 0 || l->number == 0)
		return false;
	l->kind = (enum list_kind)kind;
	if (l->kind == LIST_REVOKED)
		return true;
	l->revocations = take_be32(c);
	hash = take_bytes(c, LIST_HASH_LEN);
	if (hash != NULL)
		memcpy(l->revocations_hash, hash, LIST_HASH_LEN);
	return !c->underflow;
}

static bool
take_entries(struct cursor *c, struct list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		bool good = l->hot != NULL ? take_hot(c, &l->hot[i]) :
					     l->revoked != NULL && take_revoked(c, &l->revoked[i]);

		if (!good || !ascends(l, i))
			return false;
	}
	return cursor_left(c) == 0;
}

static enum err
take_body(const struct document *d, struct list *l, struct why *w)
{
	struct cursor c = cursor_over(d->body, d->body_len);
	size_t size;

	if (!take_list_head(&c, l) || l->count > cap_of(l->kind))
		return bad_form(w);
	size = l->kind == LIST_HOT ? HOT_LEN : REVOKED_LEN;
	if (cursor_left(&c) != l->count * size)
		return bad_form(w);
	/* one more than there are, so that an empty list has its array, too */
	if (l->kind == LIST_HOT)
		l->hot = calloc(l->count + 1, sizeof(l->hot[0]));
	else
		l->revoked = calloc(l->count + 1, sizeof(l->revoked[0]));
	if (l->hot == NULL && l->revoked == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	return take_entries(&c, l) ? ERR_OK : bad_form(w);
}

/* May who signed it keep such a list? */
static enum err
check_author(const struct document *d, const struct list *l, struct why *w)
{
	if (d->by == DOCUMENT_BY_ROOT)
		return ERR_OK;
	if (d->by != DOCUMENT_BY_STATION || l->kind == LIST_REVOKED ||
	    (d->signer.rights & RIGHT_BLOCK) == 0)
		return why_set(w, ERR_CERT, MSG_LIST_NOT_ITS);
	return cert_covers(&d->signer, (uint16_t)(l->dated / 1440 > UINT16_MAX ? UINT16_MAX : l->dated / 1440),
	    RIGHT_BLOCK, w);
}

enum err
list_open(const uint8_t *bytes, size_t len, const uint8_t root_pub[PUBKEY_LEN], bool test,
    struct list *out, struct why *w)
{
	struct document d;
	enum err e;

	memset(out, 0, sizeof(*out));
	e = document_read(bytes, len, DOCUMENT_LIST, &d, w);
	if (e == ERR_OK)
		e = document_verify(&d, root_pub, test, w);
	if (e == ERR_OK)
		e = take_body(&d, out, w);
	if (e == ERR_OK)
		e = check_author(&d, out, w);
	if (e != ERR_OK) {
		list_clear(out);
		return e;
	}
	out->by_root = d.by == DOCUMENT_BY_ROOT;
	out->signer = d.signer;
	return ERR_OK;
}

void
list_clear(struct list *l)
{
	free(l->revoked);
	free(l->hot);
	memset(l, 0, sizeof(*l));
}

/* --- looking up */

const struct list_revoked *
list_find_revoked(const struct list *l, const struct cert *c)
{
	uint8_t key[4];

	pubkey_id(c->pub, key);
	for (size_t i = 0; l->kind == LIST_REVOKED && i < l->count; i++)
		if (l->revoked[i].serial == c->serial || memcmp(l->revoked[i].key, key, sizeof(key)) == 0)
			return &l->revoked[i];
	return NULL;
}

const struct list_hot *
list_find_hot(const struct list *l, uint64_t card)
{
	const struct list_hot key = {.card = card};

	if (l->kind != LIST_HOT || l->count == 0)
		return NULL;
	return bsearch(&key, l->hot, l->count, sizeof(l->hot[0]), by_card);
}

static const char *const reasons[LIST_REASON_LAST + 1] = {
	[LIST_LOST] = "lost", [LIST_STOLEN] = "stolen", [LIST_DAMAGED] = "damaged",
	[LIST_COPIED] = "copied", [LIST_CLOSED] = "closed", [LIST_OTHER] = "other",
};

const char *
list_reason_name(uint8_t reason)
{
	return good_reason(reason) ? reasons[reason] : NULL;
}

bool
list_reason_parse(const char *name, uint8_t *out)
{
	for (uint8_t i = LIST_LOST; i <= LIST_REASON_LAST; i++)
		if (strcmp(name, reasons[i]) == 0) {
			*out = i;
			return true;
		}
	return false;
}
