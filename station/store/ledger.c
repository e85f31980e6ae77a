#include "station/store/ledger.h"

#include <string.h>

#include "station/store/own.h"

static enum err
bad_amount(struct why *w)
{
	return why_set(w, ERR_RANGE, MSG_STORE_AMOUNT);
}

/* The sum of one unit over the entries. False on an overflow. */
static bool
sum_of_unit(const struct ledger_entry *entries, size_t count, uint16_t unit, int64_t *sum)
{
	*sum = 0;
	for (size_t i = 0; i < count; i++)
		if (entries[i].account.unit == unit &&
		    __builtin_add_overflow(*sum, entries[i].amount, sum))
			return false;
	return true;
}

static enum err
check_entries(const uint8_t event[STORE_EVENT_LEN], const struct ledger_entry *entries, size_t count,
    struct why *w)
{
	int64_t sum;

	if (count == 0 || count > LEDGER_ENTRIES_CAP)
		return why_set(w, ERR_REFUSED, MSG_STORE_NOT_ZERO, WHY_CODE(event_text(event).hex));
	for (size_t i = 0; i < count; i++) {
		if (entries[i].amount == 0 || strlen(entries[i].account.kind) >= LEDGER_KIND_CAP ||
		    !sum_of_unit(entries, count, entries[i].account.unit, &sum))
			return bad_amount(w);
		if (sum != 0)
			return why_set(w, ERR_REFUSED, MSG_STORE_NOT_ZERO,
			    WHY_CODE(event_text(event).hex));
	}
	return ERR_OK;
}

/* The event stands in the journal and nothing has been posted for it. */
static enum err
check_event(struct store *s, const uint8_t event[STORE_EVENT_LEN], struct why *w)
{
	struct query q;
	enum err e = journal_has(s, event, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_ENTRY_HAS);
	bind_blob(&q, event, STORE_EVENT_LEN);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	query_done(&q);
	return why_set(w, ERR_DUPLICATE, MSG_STORE_POSTED, WHY_CODE(event_text(event).hex));
}

static void
bind_account(struct query *q, const struct ledger_account *a)
{
	bind_text(q, a->kind);
	bind_int(q, a->owner);
	bind_int(q, a->unit);
}

static enum err
find_account(struct store *s, const struct ledger_account *a, int64_t *id, int64_t *balance,
    struct why *w)
{
	struct query q = query_on(&s->db, SQL_ACCOUNT_FIND);
	enum err e;

	*id = *balance = 0;
	bind_account(&q, a);
	e = query_row(&q, ERR_NOT_FOUND, w);
	if (e != ERR_OK)
		return e;
	*id = column_int(&q, 0);
	*balance = column_int(&q, 1);
	query_done(&q);
	return ERR_OK;
}

static enum err
find_or_make(struct store *s, const struct ledger_account *a, int64_t *id, int64_t *balance,
    struct why *w)
{
	struct query q;
	enum err e = find_account(s, a, id, balance, w);

	if (e != ERR_NOT_FOUND)
		return e;
	q = query_on(&s->db, SQL_ACCOUNT_INSERT);
	bind_account(&q, a);
	e = query_run(&q, w);
	*id = sqlite3_last_insert_rowid(s->db.h);
	return e;
}

static enum err
set_balance(struct store *s, int64_t account, int64_t balance, struct why *w)
{
	struct query q = query_on(&s->db, SQL_ACCOUNT_SET);

	bind_int(&q, account);
	bind_int(&q, balance);
	return query_run(&q, w);
}

static enum err
post_entry(struct store *s, const uint8_t event[STORE_EVENT_LEN], size_t line,
    const struct ledger_entry *in, struct why *w)
{
	int64_t account, balance;
	struct query q;
	enum err e = find_or_make(s, &in->account, &account, &balance, w);

	if (e != ERR_OK)
		return e;
	if (__builtin_add_overflow(balance, in->amount, &balance) || balance == INT64_MIN)
		return bad_amount(w);
	e = set_balance(s, account, balance, w);
	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_ENTRY_INSERT);
	bind_blob(&q, event, STORE_EVENT_LEN);
	bind_int(&q, (int64_t)line);
	bind_int(&q, account);
	if (in->lot != 0)
		bind_int(&q, in->lot);
	else
		bind_blob(&q, NULL, 0);
	bind_int(&q, in->amount);
	return query_run(&q, w);
}

static enum err
post_reversal(struct store *s, const uint8_t event[STORE_EVENT_LEN], const uint8_t *reverses,
    struct why *w)
{
	struct query q;
	enum err e = journal_has(s, reverses, w);

	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_REVERSAL_INSERT);
	bind_blob(&q, event, STORE_EVENT_LEN);
	bind_blob(&q, reverses, STORE_EVENT_LEN);
	return query_run(&q, w);
}

enum err
store_post(struct store *s, const uint8_t event[STORE_EVENT_LEN], const uint8_t *reverses,
    const struct ledger_entry *entries, size_t count, struct why *w)
{
	enum err e = store_changing(s, w);

	if (e == ERR_OK)
		e = check_entries(event, entries, count, w);
	if (e == ERR_OK)
		e = check_event(s, event, w);
	for (size_t i = 0; e == ERR_OK && i < count; i++)
		e = post_entry(s, event, i, &entries[i], w);
	if (e == ERR_OK && reverses != NULL)
		e = post_reversal(s, event, reverses, w);
	return e;
}

enum err
store_balance(struct store *s, const struct ledger_account *a, int64_t *out, struct why *w)
{
	int64_t id;
	enum err e = find_account(s, a, &id, out, w);

	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
store_balance_of_kind(struct store *s, const char *kind, uint16_t unit, int64_t *out,
    struct why *w)
{
	struct query q = query_on(&s->db, SQL_ACCOUNTS_OF_KIND);
	bool more;
	enum err e;

	*out = 0;
	bind_text(&q, kind);
	bind_int(&q, unit);
	e = query_step(&q, &more, w);
	while (e == ERR_OK && more) {
		if (__builtin_add_overflow(*out, column_int(&q, 0), out))
			e = bad_amount(w);
		else
			e = query_step(&q, &more, w);
	}
	query_done(&q);
	return e;
}

enum err
store_lot_open(struct store *s, struct ledger_lot *lot, struct why *w)
{
	int64_t account, balance;
	struct query q;
	enum err e = store_changing(s, w);

	if (e == ERR_OK)
		e = journal_has(s, lot->origin, w);
	if (e == ERR_OK)
		e = find_or_make(s, &lot->account, &account, &balance, w);
	if (e != ERR_OK)
		return e;
	q = query_on(&s->db, SQL_LOT_INSERT);
	bind_int(&q, account);
	bind_blob(&q, lot->origin, sizeof(lot->origin));
	bind_int(&q, lot->available_from);
	bind_int(&q, lot->expires_on);
	e = query_run(&q, w);
	lot->id = e == ERR_OK ? sqlite3_last_insert_rowid(s->db.h) : 0;
	return e;
}

/* --- audit */

static enum err
audit_events(struct store *s, struct why *w)
{
	struct query q = query_on(&s->db, SQL_AUDIT_EVENTS);
	uint8_t event[STORE_EVENT_LEN];
	enum err e = query_row(&q, ERR_NOT_FOUND, w);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	(void)column_blob(&q, 0, event, sizeof(event));
	query_done(&q);
	return why_set(w, ERR_DB_DAMAGED, MSG_STORE_EVENT_SUM, WHY_CODE(event_text(event).hex));
}

/* An event whose entries, or whose end, the journal tells otherwise. */
static enum err
audit_against_journal(struct store *s, unsigned statement, enum msg id, struct why *w)
{
	struct query q = query_on(&s->db, statement);
	uint8_t event[STORE_EVENT_LEN];
	enum err e = query_row(&q, ERR_NOT_FOUND, w);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	(void)column_blob(&q, 0, event, sizeof(event));
	query_done(&q);
	return why_set(w, ERR_DB_DAMAGED, id, WHY_CODE(event_text(event).hex));
}

static enum err
audit_accounts(struct store *s, struct why *w)
{
	struct query q = query_on(&s->db, SQL_AUDIT_ACCOUNTS);
	char kind[LEDGER_KIND_CAP];
	int64_t owner;
	enum err e = query_row(&q, ERR_NOT_FOUND, w);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	column_text(&q, 0, kind, sizeof(kind));
	owner = column_int(&q, 1);
	query_done(&q);
	return why_set(w, ERR_DB_DAMAGED, MSG_STORE_ACCOUNT_SUM, WHY_CODE(kind), WHY_NUM(owner));
}

enum err
store_ledger_audit(struct store *s, struct why *w)
{
	bool began;
	enum err e = store_snapshot_begin(s, &began, w);

	if (e == ERR_OK)
		e = audit_events(s, w);
	if (e == ERR_OK)
		e = audit_accounts(s, w);
	if (e == ERR_OK)
		e = audit_against_journal(s, SQL_AUDIT_INTENT_ENDS, MSG_STORE_INTENT_CHANGED, w);
	if (e == ERR_OK)
		e = audit_against_journal(s, SQL_AUDIT_INTENT_ENTRIES, MSG_STORE_ENTRIES_OTHER, w);
	if (e == ERR_OK)
		e = audit_against_journal(s, SQL_AUDIT_CLOSE_ENTRIES, MSG_STORE_ENTRIES_OTHER, w);
	if (e == ERR_OK)
		e = audit_against_journal(s, SQL_AUDIT_ADOPTIONS, MSG_STORE_ENTRIES_OTHER, w);
	store_snapshot_end(s, began);
	return e;
}
