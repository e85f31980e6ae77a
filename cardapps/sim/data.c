/*
 * Standard and backup files, and value files. What a backup or value file is
 * told waits for CommitTransaction; reading shows the last commit. Source: data sheet, data
 * manipulation.
 */
#include "cardapps/sim/card.h"

#include <string.h>

uint8_t
data_read(struct sim_card *c, struct cursor *in, struct writer *out)
{
	const struct ee_file *f = c->run.file;
	uint32_t off, len;

	take_u8(in);
	off = take_le24(in);
	len = take_le24(in);
	if (off >= f->size || len > f->size - off)
		return ST_BOUNDARY;
	put_bytes(out, card_heap(c, f) + off, len > 0 ? len : f->size - off);
	return ST_OPERATION_OK;
}

uint8_t
data_write(struct sim_card *c, struct cursor *in, struct writer *out)
{
	const struct ee_file *f = c->run.file;
	uint32_t off, len;
	const uint8_t *data;

	(void)out;
	take_u8(in);
	off = take_le24(in);
	len = take_le24(in);
	data = take_bytes(in, len);
	if (data == NULL)
		return ST_LENGTH;
	if (f->type == EE_STD) {
		memcpy(card_heap(c, f) + off, data, len);
		card_changed(c, timing_write_us(len));
		return ST_OPERATION_OK;
	}
	txn_work(c, c->run.file_no);
	memcpy(card_shadow(c, f) + off, data, len);
	c->work_us += timing_write_us(len);
	return ST_OPERATION_OK;
}

uint8_t
value_get(struct sim_card *c, struct cursor *in, struct writer *out)
{
	(void)in;
	put_le32(out, (uint32_t)c->run.file->value);
	return ST_OPERATION_OK;
}

/* Add `sign` times the amount on the wire to the pending value. Amounts are never negative. */
static uint8_t
move(struct sim_card *c, struct cursor *in, int sign, int32_t *amount)
{
	struct ee_file *w = txn_work(c, c->run.file_no);
	int64_t value;

	take_u8(in);
	*amount = (int32_t)take_le32(in);
	if (in->underflow || *amount < 0)
		return ST_PARAMETER;
	value = (int64_t)w->value + sign * (int64_t)*amount;
	if (value < w->lower || value > w->upper)
		return ST_BOUNDARY;
	w->value = (int32_t)value;
	c->work_us += US_PAGE;
	return ST_OPERATION_OK;
}

uint8_t
value_credit(struct sim_card *c, struct cursor *in, struct writer *out)
{
	int32_t amount;

	(void)out;
	return move(c, in, 1, &amount);
}

uint8_t
value_debit(struct sim_card *c, struct cursor *in, struct writer *out)
{
	uint8_t no = c->run.file_no;
	int32_t amount;
	uint8_t st = move(c, in, -1, &amount);

	(void)out;
	if (st == ST_OPERATION_OK) {
		c->txn.debited |= UINT32_C(1) << no;
		c->txn.debit_sum[no] += amount;
	}
	return st;
}

/* Gives back at most what the last committed transaction with a debit took, and once only. */
uint8_t
value_limited_credit(struct sim_card *c, struct cursor *in, struct writer *out)
{
	struct ee_file *w = txn_work(c, c->run.file_no);
	int32_t amount;
	uint8_t st;

	(void)out;
	if (!(w->options & VALUE_LIMITED_CREDIT))
		return ST_PERMISSION_DENIED;
	st = move(c, in, 1, &amount);
	if (st != ST_OPERATION_OK)
		return st;
	if (amount > w->limited)
		return ST_BOUNDARY;
	w->limited = 0;
	return ST_OPERATION_OK;
}
