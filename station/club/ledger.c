#include "station/club/ledger.h"

#include <string.h>

#include "station/club/tier.h"
#include "station/store/card.h"

/* The accounts whose credit we owe to whoever holds the card. */
static const char *const owed_kinds[] = {ACCOUNT_CARD_VALUE, ACCOUNT_CARD_WAITING};
#define OWED_KINDS (sizeof(owed_kinds) / sizeof(owed_kinds[0]))

/* Where an amount goes to and where it comes from. */
struct movement {
	const char *debit;
	const char *credit;
};

static const struct movement intended = {ACCOUNT_CASH, ACCOUNT_CARD_WAITING};
static const struct movement settled = {ACCOUNT_CARD_WAITING, ACCOUNT_CARD_VALUE};
static const struct movement voided = {ACCOUNT_CARD_WAITING, ACCOUNT_CASH};
static const struct movement adopted_more = {ACCOUNT_CARD_ADOPTED, ACCOUNT_CARD_VALUE};
static const struct movement adopted_less = {ACCOUNT_CARD_VALUE, ACCOUNT_CARD_ADOPTED};

static struct ledger_account
account(const char *kind, const struct card_money *m)
{
	bool ours = strcmp(kind, ACCOUNT_CASH) == 0;

	return (struct ledger_account){kind, ours ? 0 : (int64_t)m->card, m->unit};
}

static enum err
move(struct store *s, const uint8_t event[STORE_EVENT_LEN], const uint8_t *reverses,
    const struct movement *how, const struct card_money *m, struct why *w)
{
	struct ledger_entry entries[2];
	enum err e;

	if (m->amount <= 0)
		return why_set(w, ERR_RANGE, MSG_CLUB_MONEY_AMOUNT);
	entries[0] = (struct ledger_entry){account(how->debit, m), m->amount, 0};
	entries[1] = (struct ledger_entry){account(how->credit, m), -m->amount, 0};
	e = store_post(s, event, reverses, entries, 2, w);
	return e == ERR_OK ? store_card_touch(s, m->card, w) : e;
}

enum err
club_load_intended(struct store *s, const uint8_t event[STORE_EVENT_LEN],
    const struct card_money *m, struct why *w)
{
	return move(s, event, NULL, &intended, m, w);
}

enum err
club_load_settled(struct store *s, const uint8_t event[STORE_EVENT_LEN],
    const struct card_money *m, struct why *w)
{
	return move(s, event, NULL, &settled, m, w);
}

enum err
club_load_voided(struct store *s, const uint8_t event[STORE_EVENT_LEN],
    const uint8_t intent[STORE_EVENT_LEN], const struct card_money *m, struct why *w)
{
	return move(s, event, intent, &voided, m, w);
}

enum err
club_card_adopted(struct store *s, const uint8_t event[STORE_EVENT_LEN], const struct card_money *m,
    struct why *w)
{
	struct card_money abs = *m;

	if (m->amount < -INT64_MAX)
		return why_set(w, ERR_RANGE, MSG_CLUB_MONEY_OVERFLOW);
	abs.amount = m->amount < 0 ? -m->amount : m->amount;
	return move(s, event, NULL, m->amount < 0 ? &adopted_less : &adopted_more, &abs, w);
}

enum err
club_card_balance(struct store *s, uint64_t card, uint16_t unit, struct card_balance *out,
    struct why *w)
{
	const struct ledger_account value = {ACCOUNT_CARD_VALUE, (int64_t)card, unit};
	const struct ledger_account waiting = {ACCOUNT_CARD_WAITING, (int64_t)card, unit};
	enum err e = store_balance(s, &value, &out->on_card, w);

	if (e == ERR_OK)
		e = store_balance(s, &waiting, &out->waiting, w);
	/* the store keeps no balance of INT64_MIN: both can be turned */
	out->on_card = -out->on_card;
	out->waiting = -out->waiting;
	return e;
}

enum err
club_liability(struct store *s, uint16_t unit, int64_t *out, struct why *w)
{
	int64_t one;
	enum err e = ERR_OK;

	*out = 0;
	for (size_t i = 0; e == ERR_OK && i < OWED_KINDS; i++) {
		e = store_balance_of_kind(s, owed_kinds[i], unit, &one, w);
		if (e == ERR_OK && __builtin_sub_overflow(*out, one, out))
			e = why_set(w, ERR_RANGE, MSG_CLUB_MONEY_OVERFLOW);
	}
	return e;
}

void
club_view_source(bool test, int64_t now_ms, struct view_source *out)
{
	*out = (struct view_source){club_tier_id, owed_kinds, OWED_KINDS, test, now_ms};
}
