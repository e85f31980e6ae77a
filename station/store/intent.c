#include "station/store/intent.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "station/base/bytes.h"
#include "station/store/own.h"

/* A step as stored: class 1, AID 3, key 1, then origin 1, slot 1, epoch 2 of the old and of the new key, KCV 3. */
#define KEY_BYTES 16
#define KEYS_BYTES_CAP (STORE_KEYS_CAP * KEY_BYTES)
#define FIXED_FIELDS 20
#define EXTRA_CAP 16

static void
put_ref(struct writer *b, const struct intent_key_ref *r)
{
	put_u8(b, r->origin);
	put_u8(b, r->slot);
	put_be16(b, r->epoch);
}

static size_t
keys_encode(const struct store_intent *in, uint8_t out[KEYS_BYTES_CAP])
{
	struct writer b = writer_over(out, KEYS_BYTES_CAP);

	for (size_t i = 0; i < in->key_count; i++) {
		const struct intent_key *k = &in->keys[i];

		put_u8(&b, k->chip_class);
		put_bytes(&b, k->aid, sizeof(k->aid));
		put_u8(&b, k->key_no);
		put_ref(&b, &k->old_ref);
		put_ref(&b, &k->new_ref);
		put_bytes(&b, k->kcv, sizeof(k->kcv));
	}
	return b.len;
}

static struct intent_key_ref
take_ref(struct cursor *c)
{
	struct intent_key_ref r;

	r.origin = take_u8(c);
	r.slot = take_u8(c);
	r.epoch = take_be16(c);
	return r;
}

static void
keys_decode(const uint8_t *bytes, size_t len, struct store_intent *out)
{
	struct cursor c = cursor_over(bytes, len);

	for (out->key_count = 0; cursor_left(&c) >= KEY_BYTES; out->key_count++) {
		struct intent_key *k = &out->keys[out->key_count];

		k->chip_class = take_u8(&c);
		memcpy(k->aid, take_bytes(&c, sizeof(k->aid)), sizeof(k->aid));
		k->key_no = take_u8(&c);
		k->old_ref = take_ref(&c);
		k->new_ref = take_ref(&c);
		memcpy(k->kcv, take_bytes(&c, sizeof(k->kcv)), sizeof(k->kcv));
	}
}

/* --- what the journal says of an intent */

/* Room for what the fields borrow. */
struct fixed {
	struct journal_field field[FIXED_FIELDS + EXTRA_CAP];
	size_t count;
	char card[24];
	uint8_t keys[KEYS_BYTES_CAP];
	uint8_t url_hash[STORE_HASH_LEN];
	uint8_t cert_hash[STORE_HASH_LEN];
};

static void
add(struct fixed *f, struct journal_field field)
{
	f->field[f->count++] = field;
}

static void
add_hash(const struct store *s, struct fixed *f, const char *name, const void *of, size_t len,
    uint8_t room[STORE_HASH_LEN])
{
	if (len > 0)
		s->sha256(of, len, room);
	add(f, JOURNAL_FIELD_HEX(name, len > 0 ? room : NULL, STORE_HASH_LEN));
}

/* Everything of an intent that never changes. The URL holds a secret and the certificate is known: their hashes. */
static void
fix(const struct store *s, const struct store_intent *in, struct fixed *f)
{
	(void)snprintf(f->card, sizeof(f->card), "%016llu", (unsigned long long)in->card);
	f->count = 0;
	add(f, JOURNAL_FIELD_STR("card", f->card));
	add(f, JOURNAL_FIELD_HEX("uid", in->uid_len > 0 ? in->uid : NULL, in->uid_len));
	add(f, JOURNAL_FIELD_HEX("h0", in->first ? NULL : in->h0, sizeof(in->h0)));
	add(f, JOURNAL_FIELD_INT("h0_sequence", in->h0_sequence));
	add(f, JOURNAL_FIELD_HEX("r1", in->r1, sizeof(in->r1)));
	add(f, JOURNAL_FIELD_INT("r1_sequence", in->r1_sequence));
	add(f, JOURNAL_FIELD_INT("delta", in->delta));
	add(f, JOURNAL_FIELD_INT("amount", in->amount));
	add(f, JOURNAL_FIELD_INT("unit", in->unit));
	add(f, JOURNAL_FIELD_HEX("log", in->log, sizeof(in->log)));
	add_hash(s, f, "cert_sha256", in->cert, in->has_cert ? sizeof(in->cert) : 0, f->cert_hash);
	add_hash(s, f, "url_sha256", in->url, strlen(in->url), f->url_hash);
	add(f, JOURNAL_FIELD_HEX("keys", f->keys, keys_encode(in, f->keys)));
	add(f, JOURNAL_FIELD_STR("request", in->request));
	add(f, JOURNAL_FIELD_STR("what", in->what));
}

static enum err
add_extra(struct fixed *f, const struct journal_field *extra, size_t count, struct why *w)
{
	if (count > EXTRA_CAP)
		return why_set(w, ERR_LEN, MSG_STORE_JOURNAL_LONG, WHY_CODE(extra[0].name));
	for (size_t i = 0; i < count; i++)
		add(f, extra[i]);
	return ERR_OK;
}

/* KIND.suffix; kinds are short words, so that it always fits. */
struct kind_text {
	char text[2 * JOURNAL_KIND_CAP];
};

static struct kind_text
kind_text(const char *kind, const char *suffix)
{
	struct kind_text t;

	(void)snprintf(t.text, sizeof(t.text), "%.31s.%s", kind, suffix);
	return t;
}

/* --- opening */

static enum err
insert_intent(struct store *s, const struct store_intent *in, struct why *w)
{
	struct query q = query_on(&s->db, SQL_INTENT_INSERT);
	uint8_t keys[KEYS_BYTES_CAP];

	bind_blob(&q, in->event, sizeof(in->event));
	bind_text(&q, in->kind);
	bind_int(&q, (int64_t)in->card);
	bind_blob(&q, in->uid_len > 0 ? in->uid : NULL, in->uid_len);
	bind_blob(&q, in->first ? NULL : in->h0, sizeof(in->h0));
	bind_int(&q, in->h0_sequence);
	bind_blob(&q, in->r1, sizeof(in->r1));
	bind_int(&q, in->r1_sequence);
	bind_int(&q, in->delta);
	bind_int(&q, in->amount);
	bind_int(&q, in->unit);
	bind_blob(&q, in->log, sizeof(in->log));
	bind_blob(&q, in->has_cert ? in->cert : NULL, sizeof(in->cert));
	bind_text(&q, in->url[0] != '\0' ? in->url : NULL);
	bind_blob(&q, keys, keys_encode(in, keys));
	bind_text(&q, in->request);
	bind_text(&q, in->what);
	bind_int(&q, in->at_ms);
	bind_int(&q, in->cash);
	bind_int(&q, in->goods);
	return query_run(&q, w);
}

static enum err
insert_request(struct store *s, const struct store_intent *in, struct why *w)
{
	struct query q;

	if (in->request[0] == '\0')
		return ERR_OK;
	q = query_on(&s->db, SQL_REQUEST_INSERT);
	bind_text(&q, in->request);
	bind_text(&q, in->what);
	bind_blob(&q, in->event, sizeof(in->event));
	return query_run(&q, w);
}

/* The card is there and the request is new. */
static enum err
check_new(struct store *s, const struct store_intent *in, struct why *w)
{
	uint8_t event[STORE_EVENT_LEN];
	struct store_card c;
	enum err e = store_changing(s, w);

	assert(in->state == INTENT_OPEN && in->key_count <= STORE_KEYS_CAP);
	if (e == ERR_OK)
		e = store_card_by_number(s, in->card, &c, w);
	if (e != ERR_OK || in->request[0] == '\0')
		return e;
	e = store_request_find(s, in->request, in->what, event, w);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	return e == ERR_OK ? why_set(w, ERR_DUPLICATE, MSG_STORE_TAKEN, WHY_CODE(in->request)) : e;
}

enum err
store_intent_open(struct store *s, const struct store_intent *in,
    const struct journal_field *extra, size_t extra_count, struct why *w)
{
	struct kind_text kind = kind_text(in->kind, "intend");
	struct journal_entry row = {.kind = kind.text, .at_ms = in->at_ms};
	struct fixed f;
	enum err e = check_new(s, in, w);

	if (e != ERR_OK)
		return e;
	fix(s, in, &f);
	add(&f, JOURNAL_FIELD_INT("cash", in->cash));
	add(&f, JOURNAL_FIELD_INT("goods", in->goods));
	e = add_extra(&f, extra, extra_count, w);
	memcpy(row.event, in->event, sizeof(row.event));
	row.fields = f.field;
	row.field_count = f.count;
	if (e == ERR_OK)
		e = store_journal_append(s, &row, w);
	if (e == ERR_OK)
		e = insert_intent(s, in, w);
	if (e == ERR_OK)
		e = insert_request(s, in, w);
	return e == ERR_OK ? store_card_touch(s, in->card, w) : e;
}

/* --- closing */

static enum err
check_close(const struct store_intent *was, const struct intent_close *c, struct why *w)
{
	bool cash = c->cash == was->cash || (was->cash == CASH_TAKEN && c->cash == CASH_RETURNED);
	bool goods = c->goods == was->goods || (was->goods == GOODS_WITHHELD && c->goods == GOODS_GIVEN);
	/* money taken for nothing: a void hands it back */
	bool kept = c->state == INTENT_VOID && c->cash == CASH_TAKEN;

	if (was->state == INTENT_OPEN && cash && goods && !kept)
		return ERR_OK;
	return why_set(w, ERR_REFUSED, MSG_STORE_INTENT_CLOSED, WHY_CODE(event_text(c->intent).hex));
}

static enum err
journal_close(struct store *s, const struct store_intent *was, const struct intent_close *c,
    struct why *w)
{
	struct kind_text kind = kind_text(was->kind, c->state == INTENT_SETTLED ? "settle" : "void");
	struct journal_entry row = {.kind = kind.text, .at_ms = c->at_ms};
	struct fixed f = {.count = 0};
	enum err e;

	add(&f, JOURNAL_FIELD_HEX("intent", c->intent, sizeof(c->intent)));
	add(&f, JOURNAL_FIELD_INT("cash", c->cash));
	add(&f, JOURNAL_FIELD_INT("goods", c->goods));
	e = add_extra(&f, c->extra, c->extra_count, w);
	if (e != ERR_OK)
		return e;
	memcpy(row.event, c->by, sizeof(row.event));
	row.fields = f.field;
	row.field_count = f.count;
	return store_journal_append(s, &row, w);
}

enum err
store_intent_close(struct store *s, const struct intent_close *c, struct why *w)
{
	struct store_intent was;
	struct query q;
	enum err e = store_changing(s, w);

	assert(c->state != INTENT_OPEN);
	if (e == ERR_OK)
		e = store_intent_get(s, c->intent, &was, w);
	if (e == ERR_OK)
		e = check_close(&was, c, w);
	if (e == ERR_OK)
		e = journal_close(s, &was, c, w);
	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_INTENT_CLOSE);
	bind_blob(&q, c->intent, sizeof(c->intent));
	bind_int(&q, c->state);
	bind_int(&q, c->cash);
	bind_int(&q, c->goods);
	bind_blob(&q, c->by, sizeof(c->by));
	e = query_run(&q, w);
	return e == ERR_OK ? store_card_touch(s, was.card, w) : e;
}

/* --- finding */

static void
read_intent(const struct query *q, struct store_intent *out)
{
	uint8_t keys[KEYS_BYTES_CAP];

	memset(out, 0, sizeof(*out));
	(void)column_blob(q, 0, out->event, sizeof(out->event));
	column_text(q, 1, out->kind, sizeof(out->kind));
	out->card = (uint64_t)column_int(q, 2);
	out->uid_len = column_blob(q, 3, out->uid, sizeof(out->uid));
	out->first = column_blob(q, 4, out->h0, sizeof(out->h0)) == 0;
	out->h0_sequence = (uint32_t)column_int(q, 5);
	(void)column_blob(q, 6, out->r1, sizeof(out->r1));
	out->r1_sequence = (uint32_t)column_int(q, 7);
	out->delta = (int32_t)column_int(q, 8);
	out->amount = column_int(q, 9);
	out->unit = (uint16_t)column_int(q, 10);
	(void)column_blob(q, 11, out->log, sizeof(out->log));
	out->has_cert = column_blob(q, 12, out->cert, sizeof(out->cert)) > 0;
	column_text(q, 13, out->url, sizeof(out->url));
	keys_decode(keys, column_blob(q, 14, keys, sizeof(keys)), out);
	column_text(q, 15, out->request, sizeof(out->request));
	column_text(q, 16, out->what, sizeof(out->what));
	out->at_ms = column_int(q, 17);
	out->state = (enum intent_state)column_int(q, 18);
	out->cash = (enum intent_cash)column_int(q, 19);
	out->goods = (enum intent_goods)column_int(q, 20);
	(void)column_blob(q, 21, out->closed_by, sizeof(out->closed_by));
}

enum err
store_intent_get(struct store *s, const uint8_t event[STORE_EVENT_LEN], struct store_intent *out,
    struct why *w)
{
	struct query q = query_on(&s->db, SQL_INTENT_GET);
	enum err e;

	memset(out, 0, sizeof(*out));
	bind_blob(&q, event, STORE_EVENT_LEN);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e == ERR_NOT_FOUND)
		return why_set(w, e, MSG_STORE_NO_INTENT, WHY_CODE(event_text(event).hex));
	if (e != ERR_OK)
		return e;
	read_intent(&q, out);
	query_done(&q);
	return ERR_OK;
}

enum err
store_card_url(struct store *s, uint64_t number, char out[STORE_URL_CAP], struct why *w)
{
	struct query q = query_on(&s->db, SQL_CARD_URL);
	enum err e;

	out[0] = '\0';
	bind_int(&q, (int64_t)number);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e == ERR_NOT_FOUND)
		return why_set(w, e, MSG_STORE_NO_CARD, WHY_NUM(number));
	if (e != ERR_OK)
		return e;
	column_text(&q, 0, out, STORE_URL_CAP);
	query_done(&q);
	return ERR_OK;
}

static enum err
collect(struct query *q, struct store_intent **out, size_t *count, struct why *w)
{
	struct store_intent *list = NULL, *more_room;
	size_t n = 0;
	bool more;
	enum err e = query_step(q, &more, w);

	for (; e == ERR_OK && more; e = query_step(q, &more, w)) {
		more_room = realloc(list, (n + 1) * sizeof(*list));
		if (more_room == NULL) {
			e = why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
			break;
		}
		list = more_room;
		read_intent(q, &list[n++]);
	}
	query_done(q);
	if (e != ERR_OK) {
		free(list);
		list = NULL;
		n = 0;
	}
	*out = list;
	*count = n;
	return e;
}

enum err
store_intents_open_by_uid(struct store *s, const uint8_t *uid, size_t uid_len,
    struct store_intent **out, size_t *count, struct why *w)
{
	struct query q = query_on(&s->db, SQL_INTENTS_BY_UID);

	bind_blob(&q, uid, uid_len);
	return collect(&q, out, count, w);
}

enum err
store_intents_open_by_card(struct store *s, uint64_t number, struct store_intent **out,
    size_t *count, struct why *w)
{
	struct query q = query_on(&s->db, SQL_INTENTS_BY_CARD);

	bind_int(&q, (int64_t)number);
	return collect(&q, out, count, w);
}

enum err
store_request_find(struct store *s, const char *request, const char *what,
    uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct query q = query_on(&s->db, SQL_REQUEST_GET);
	char was[STORE_WHAT_CAP];
	enum err e;

	memset(event, 0, STORE_EVENT_LEN);
	bind_text(&q, request);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e == ERR_NOT_FOUND)
		return why_set(w, e, MSG_STORE_NO_REQUEST, WHY_CODE(request));
	if (e != ERR_OK)
		return e;
	(void)column_blob(&q, 0, event, STORE_EVENT_LEN);
	column_text(&q, 1, was, sizeof(was));
	query_done(&q);
	if (strcmp(was, what) == 0)
		return ERR_OK;
	return why_set(w, ERR_REFUSED, MSG_STORE_REQUEST_OTHER, WHY_CODE(request));
}

/* --- doctor */

/* The row's body must begin with what the intent says, less the closing brace. */
static enum err
compare(struct store *s, const struct store_intent *in, struct why *w)
{
	struct query q = query_on(&s->db, SQL_JOURNAL_BODY);
	char said[JOURNAL_BODY_CAP], body[JOURNAL_BODY_CAP], kind[JOURNAL_KIND_CAP];
	struct fixed f;
	size_t len = 0;
	int64_t at;
	enum err e;

	bind_blob(&q, in->event, sizeof(in->event));
	e = query_row(&q, ERR_DB_DAMAGED, w);
	if (e != ERR_OK)
		return e;
	column_text(&q, 0, kind, sizeof(kind));
	at = column_int(&q, 1);
	column_text(&q, 2, body, sizeof(body));
	query_done(&q);
	fix(s, in, &f);
	e = journal_body(f.field, f.count, said, sizeof(said), &len, w);
	if (e == ERR_OK && at == in->at_ms && strcmp(kind, kind_text(in->kind, "intend").text) == 0 &&
	    strncmp(body, said, len - 1) == 0)
		return ERR_OK;
	return why_set(w, ERR_DB_DAMAGED, MSG_STORE_INTENT_CHANGED,
	    WHY_CODE(event_text(in->event).hex));
}

enum err
store_intents_audit(struct store *s, struct why *w)
{
	struct query q = query_on(&s->db, SQL_INTENTS_ALL);
	struct store_intent in;
	bool more;
	enum err e = query_step(&q, &more, w);

	while (e == ERR_OK && more) {
		read_intent(&q, &in);
		e = compare(s, &in, w);
		if (e == ERR_OK)
			e = query_step(&q, &more, w);
	}
	query_done(&q);
	return e;
}
