/*
 * Linear and cyclic record files. A record is written into a place nobody reads
 * yet (a cyclic file keeps one for that) and counts from the commit on. Source: data sheet, record
 * files.
 */
#include "cardapps/sim/card.h"

#include <string.h>

/* The place of the new record of this transaction, or NO_SLOT when a linear file is full. */
static uint32_t
new_slot(struct sim_card *c, const struct ee_file *f, struct ee_file *w)
{
	uint32_t slot = f->count;

	if (f->type == EE_LINEAR && f->count == f->max)
		return NO_SLOT;
	if (f->type == EE_CYCLIC)
		slot = (f->first + f->count) % f->max;
	if (f->type == EE_CYCLIC && f->count == f->max - 1)
		w->first = (f->first + 1) % f->max;
	else
		w->count = f->count + 1;
	memset(card_shadow(c, f) + (size_t)slot * f->size, 0, f->size);
	return slot;
}

uint8_t
record_write(struct sim_card *c, struct cursor *in, struct writer *out)
{
	const struct ee_file *f = c->run.file;
	uint8_t no = c->run.file_no;
	struct ee_file *w = txn_work(c, no);
	uint32_t off, len;
	const uint8_t *data;

	(void)out;
	take_u8(in);
	off = take_le24(in);
	len = take_le24(in);
	data = take_bytes(in, len);
	if (data == NULL)
		return ST_LENGTH;
	if (c->txn.cleared & UINT32_C(1) << no)
		return ST_PERMISSION_DENIED;
	if (c->txn.slot[no] == NO_SLOT)
		c->txn.slot[no] = new_slot(c, f, w);
	if (c->txn.slot[no] == NO_SLOT)
		return ST_BOUNDARY;
	memcpy(card_shadow(c, f) + (size_t)c->txn.slot[no] * f->size + off, data, len);
	c->work_us += timing_write_us(len);
	return ST_OPERATION_OK;
}

/* Counted back from the newest; answered oldest first. Count 0: all from there to the oldest. */
uint8_t
record_read(struct sim_card *c, struct cursor *in, struct writer *out)
{
	const struct ee_file *f = c->run.file;
	uint32_t back, count, from;

	take_u8(in);
	back = take_le24(in);
	count = take_le24(in);
	if (back >= f->count || count > f->count - back)
		return ST_BOUNDARY;
	if (count == 0)
		count = f->count - back;
	from = f->first + f->count - back - count;
	for (uint32_t i = 0; i < count; i++)
		put_bytes(out, card_heap(c, f) + (size_t)((from + i) % f->max) * f->size, f->size);
	return ST_OPERATION_OK;
}

uint8_t
record_clear(struct sim_card *c, struct cursor *in, struct writer *out)
{
	uint8_t no = c->run.file_no;
	struct ee_file *w = txn_work(c, no);

	(void)in;
	(void)out;
	w->count = 0;
	w->first = 0;
	c->txn.slot[no] = NO_SLOT;
	c->txn.cleared |= UINT32_C(1) << no;
	return ST_OPERATION_OK;
}
