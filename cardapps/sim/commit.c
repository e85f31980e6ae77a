/*
 * Transactions: everything pending in the selected application becomes true at
 * once, or nothing does. Source: data sheet, CommitTransaction and AbortTransaction.
 */
#include "cardapps/sim/card.h"

#include <string.h>

void
txn_forget(struct sim_card *c)
{
	c->txn.dirty = 0;
	c->txn.cleared = 0;
	c->txn.debited = 0;
}

struct ee_file *
txn_work(struct sim_card *c, uint8_t no)
{
	const struct ee_file *f = card_file(c, no);
	uint32_t bit = UINT32_C(1) << no;

	if (c->txn.dirty & bit)
		return &c->txn.work[no];
	c->txn.dirty |= bit;
	c->txn.cleared &= ~bit;
	c->txn.debited &= ~bit;
	c->txn.work[no] = *f;
	c->txn.slot[no] = NO_SLOT;
	c->txn.debit_sum[no] = 0;
	if (f->type == EE_BACKUP)
		memcpy(card_shadow(c, f), card_heap(c, f), f->size);
	return &c->txn.work[no];
}

static void
settle_value(struct sim_card *c, struct ee_file *f, uint8_t no)
{
	const struct ee_file *w = &c->txn.work[no];
	int64_t sum = c->txn.debit_sum[no];

	f->value = w->value;
	f->limited = w->limited;
	if (c->txn.debited & UINT32_C(1) << no)
		f->limited = sum > INT32_MAX ? INT32_MAX : (int32_t)sum;
}

static void
settle_record(struct sim_card *c, struct ee_file *f, uint8_t no)
{
	uint32_t slot = c->txn.slot[no];
	size_t at = (size_t)slot * f->size;

	if (slot != NO_SLOT)
		memcpy(card_heap(c, f) + at, card_shadow(c, f) + at, f->size);
	f->count = c->txn.work[no].count;
	f->first = c->txn.work[no].first;
}

static void
settle(struct sim_card *c, uint8_t no)
{
	struct ee_file *f = card_file(c, no);

	switch (f->type) {
	case EE_BACKUP:
		memcpy(card_heap(c, f), card_shadow(c, f), f->size);
		break;
	case EE_VALUE:
		settle_value(c, f, no);
		break;
	default:
		settle_record(c, f, no);
		break;
	}
}

uint8_t
txn_commit(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)out;
	if (take_u8(in) != 0)	/* EV2: option 1 asks for a transaction MAC, which no file here makes */
		return ST_PARAMETER;
	if (c->txn.dirty == 0)
		return ST_NO_CHANGES;
	for (uint8_t no = 0; no < EE_APP_FILES; no++)
		if (c->txn.dirty & UINT32_C(1) << no)
			settle(c, no);
	txn_forget(c);
	card_changed(c, US_COMMIT);
	return ST_OPERATION_OK;
}

uint8_t
txn_abort(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)in;
	(void)out;
	if (c->txn.dirty == 0)
		return ST_NO_CHANGES;
	txn_forget(c);
	return ST_OPERATION_OK;
}
