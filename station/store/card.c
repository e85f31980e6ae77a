#include "station/store/card.h"

#include <stdio.h>
#include <string.h>

#include "station/store/member.h"
#include "station/store/own.h"

struct number_text {
	char digits[24];
};

static struct number_text
number_text(uint64_t number)
{
	struct number_text t;

	(void)snprintf(t.digits, sizeof(t.digits), "%016llu", (unsigned long long)number);
	return t;
}

static enum err
no_card(enum err e, uint64_t number, struct why *w)
{
	if (e != ERR_NOT_FOUND)
		return e;
	return why_set(w, e, MSG_STORE_NO_CARD, WHY_CODE(number_text(number).digits));
}

static void
read_card(const struct query *q, struct store_card *c)
{
	memset(c, 0, sizeof(*c));
	c->number = (uint64_t)column_int(q, 0);
	c->uid_len = column_blob(q, 1, c->uid, sizeof(c->uid));
	c->chip = (uint8_t)column_int(q, 2);
	c->member = (uint32_t)column_int(q, 3);
	c->application = (uint8_t)column_int(q, 4);
	c->tier = (uint8_t)column_int(q, 5);
	c->valid_to = (uint16_t)column_int(q, 6);
	c->unit = (uint16_t)column_int(q, 7);
	c->epoch = (uint16_t)column_int(q, 8);
	c->state = (enum store_card_state)column_int(q, 9);
	c->has_record = column_blob(q, 10, c->record, sizeof(c->record)) > 0;
	(void)column_blob(q, 11, c->record_hash, sizeof(c->record_hash));
	c->sequence = (uint32_t)column_int(q, 12);
	c->value = (int32_t)column_int(q, 13);
	c->has_token = column_blob(q, 14, c->token_hash, sizeof(c->token_hash)) > 0;
	(void)column_blob(q, 15, c->created_event, sizeof(c->created_event));
	c->created_ms = column_int(q, 16);
	c->in_doubt = column_int(q, 17) != 0;
}

/* record, its hash, sequence, value and token: the same in an insert and an update. */
static void
bind_record(struct query *q, const struct store *s, const struct store_card *c,
    uint8_t hash[STORE_HASH_LEN])
{
	if (c->has_record)
		s->sha256(c->record, sizeof(c->record), hash);
	bind_blob(q, c->has_record ? c->record : NULL, sizeof(c->record));
	bind_blob(q, c->has_record ? hash : NULL, STORE_HASH_LEN);
	bind_int(q, c->sequence);
	bind_int(q, c->value);
	bind_blob(q, c->has_token ? c->token_hash : NULL, sizeof(c->token_hash));
}

/* A token is given to one card for good. Nothing to do if this card has it already. */
static enum err
give_token(struct store *s, const struct store_card *c, struct why *w)
{
	struct query q = query_on(&s->db, SQL_TOKEN_OWNER);
	uint64_t owner = 0;
	enum err e;

	bind_blob(&q, c->token_hash, sizeof(c->token_hash));
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e == ERR_OK) {
		owner = (uint64_t)column_int(&q, 0);
		query_done(&q);
	}
	if (e == ERR_OK && owner == c->number)
		return ERR_OK;
	if (e == ERR_OK)
		return why_set(w, ERR_DUPLICATE, MSG_STORE_TAKEN, WHY_CODE(number_text(owner).digits));
	if (e != ERR_NOT_FOUND)
		return e;
	q = query_on(&s->db, SQL_TOKEN_INSERT);
	bind_blob(&q, c->token_hash, sizeof(c->token_hash));
	bind_int(&q, (int64_t)c->number);
	return query_run(&q, w);
}

static enum err
refuse_repeat(struct store *s, uint64_t number, struct why *w)
{
	struct query q = query_on(&s->db, SQL_CARD_BY_NUMBER);
	enum err e;

	bind_int(&q, (int64_t)number);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	query_done(&q);
	return why_set(w, ERR_DUPLICATE, MSG_STORE_TAKEN, WHY_CODE(number_text(number).digits));
}

/* What an insert needs to be true. */
static enum err
check_new(struct store *s, const struct store_card *c, struct why *w)
{
	struct store_member m;
	enum err e = store_changing(s, w);

	if (e == ERR_OK && (c->number == 0 || c->number > STORE_NUMBER_MAX))
		e = why_set(w, ERR_RANGE, MSG_STORE_RULE, WHY_CODE("card number"));
	if (e == ERR_OK)
		e = refuse_repeat(s, c->number, w);
	if (e == ERR_OK && c->member != 0)
		e = store_member_get(s, c->member, &m, w);
	return e;
}

/* Its event is in the journal, or is the one store_commit will ask for. */
static enum err
await_event(struct store *s, const uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct why mine;
	enum err e = journal_has(s, event, &mine);

	if (e == ERR_OK)
		return ERR_OK;
	if (e == ERR_NOT_FOUND && !s->awaiting) {
		s->awaiting = true;
		memcpy(s->awaited, event, sizeof(s->awaited));
		return ERR_OK;
	}
	/* one card at a time: it already waits for another event */
	if (w != NULL)
		*w = mine;
	return e;
}

static enum err
insert_row(struct store *s, const struct store_card *c, struct why *w)
{
	struct query q = query_on(&s->db, SQL_CARD_INSERT);
	uint8_t hash[STORE_HASH_LEN];

	bind_int(&q, (int64_t)c->number);
	bind_blob(&q, c->uid_len > 0 ? c->uid : NULL, c->uid_len);
	bind_int(&q, c->chip);
	if (c->member != 0)
		bind_int(&q, c->member);
	else
		bind_blob(&q, NULL, 0);
	bind_int(&q, c->application);
	bind_int(&q, c->tier);
	bind_int(&q, c->valid_to);
	bind_int(&q, c->unit);
	bind_int(&q, c->epoch);
	bind_int(&q, c->state);
	bind_record(&q, s, c, hash);
	bind_blob(&q, c->created_event, sizeof(c->created_event));
	bind_int(&q, c->created_ms);
	return query_run(&q, w);
}

enum err
store_card_insert(struct store *s, const struct store_card *c, struct why *w)
{
	enum err e = check_new(s, c, w);

	if (e == ERR_OK)
		e = await_event(s, c->created_event, w);
	if (e == ERR_OK)
		e = insert_row(s, c, w);
	if (e == ERR_OK && c->has_token)
		e = give_token(s, c, w);
	return e == ERR_OK ? store_card_touch(s, c->number, w) : e;
}

enum err
store_card_update(struct store *s, const struct store_card *c, struct why *w)
{
	uint8_t hash[STORE_HASH_LEN];
	struct query q;
	/* noted before and after: a token that goes must vanish from the page, too */
	enum err e = store_card_touch(s, c->number, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_CARD_UPDATE);
	bind_int(&q, (int64_t)c->number);
	bind_int(&q, c->tier);
	bind_int(&q, c->valid_to);
	bind_int(&q, c->epoch);
	bind_int(&q, c->state);
	bind_record(&q, s, c, hash);
	e = query_run(&q, w);
	if (e == ERR_OK && sqlite3_changes(s->db.h) == 0)
		e = ERR_NOT_FOUND;
	if (e != ERR_OK)
		return no_card(e, c->number, w);
	if (c->has_token)
		e = give_token(s, c, w);
	return e == ERR_OK ? store_card_touch(s, c->number, w) : e;
}

enum err
store_card_touch(struct store *s, uint64_t number, struct why *w)
{
	struct query q;
	enum err e = store_changing(s, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_DIRTY_ADD);
	bind_int(&q, (int64_t)number);
	return query_run(&q, w);
}

/* --- finding */

static enum err
read_one(struct query *q, struct store_card *out, struct why *w)
{
	enum err e = query_row(q, ERR_NOT_FOUND, w);

	memset(out, 0, sizeof(*out));
	if (e != ERR_OK)
		return e;
	read_card(q, out);
	query_done(q);
	return ERR_OK;
}

enum err
store_card_by_number(struct store *s, uint64_t number, struct store_card *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_CARD_BY_NUMBER);

	bind_int(&q, (int64_t)number);
	return no_card(read_one(&q, out, w), number, w);
}

enum err
store_card_by_uid(struct store *s, const uint8_t *uid, size_t uid_len, struct store_card *out,
    struct why *w)
{
	struct query q = query_on(&s->db, SQL_CARD_BY_UID);
	enum err e;

	bind_blob(&q, uid, uid_len);
	e = read_one(&q, out, w);
	return e == ERR_NOT_FOUND ? why_set(w, e, MSG_STORE_NO_CARD_CHIP) : e;
}

enum err
store_card_by_token(struct store *s, const uint8_t token_hash[STORE_HASH_LEN],
    struct store_card *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_CARD_BY_TOKEN);
	enum err e;

	bind_blob(&q, token_hash, STORE_HASH_LEN);
	e = read_one(&q, out, w);
	return e == ERR_NOT_FOUND ? why_set(w, e, MSG_STORE_NO_CARD_TOKEN) : e;
}

static enum err
visit_all(struct query *q, card_visit visit, void *ctx, struct why *w)
{
	struct store_card c;
	bool more;
	enum err e = query_step(q, &more, w);

	while (e == ERR_OK && more) {
		read_card(q, &c);
		if (!visit(&c, ctx))
			break;
		e = query_step(q, &more, w);
	}
	query_done(q);
	return e;
}

enum err
store_cards_in_doubt(struct store *s, card_visit visit, void *ctx, struct why *w)
{
	struct query q = query_on(&s->db, SQL_CARDS_IN_DOUBT);

	return visit_all(&q, visit, ctx, w);
}

enum err
store_cards_of_member(struct store *s, uint32_t member, card_visit visit, void *ctx,
    struct why *w)
{
	struct query q = query_on(&s->db, SQL_CARDS_OF_MEMBER);

	bind_int(&q, member);
	return visit_all(&q, visit, ctx, w);
}
