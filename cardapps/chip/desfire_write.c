/* One commit: value, record, log line, and the certificate when the signer changes. */
#include "cardapps/chip/desfire.h"
#include "station/base/bytes.h"

static enum err
move_value(struct card *c, int32_t delta, struct why *w)
{
	uint32_t steps = delta < 0 ? 0u - (uint32_t)delta : (uint32_t)delta;
	uint8_t data[5];
	struct writer out = writer_over(data, sizeof(data));
	enum err e;

	put_u8(&out, DF_FILE_VALUE);
	put_le32(&out, steps);
	e = desfire_ask(c, delta < 0 ? DF_DEBIT : DF_CREDIT, EV1_MACED, data, sizeof(data), 0, w);
	if (desfire_said(c, e, DF_BOUNDARY))
		return why_set(w, ERR_CARD_FULL, MSG_CARD_VALUE_LIMIT, WHY_NUM(delta));
	return e;
}

static enum err
write_line(struct card *c, const uint8_t line[LOG_LINE_LEN], struct why *w)
{
	uint8_t data[7 + LOG_LINE_LEN];
	struct writer out = writer_over(data, sizeof(data));

	put_u8(&out, DF_FILE_LOG);
	put_le24(&out, 0);
	put_le24(&out, LOG_LINE_LEN);
	put_bytes(&out, line, LOG_LINE_LEN);
	return desfire_ask(c, DF_WRITE_RECORD, EV1_MACED, data, sizeof(data), 0, w);
}

enum err
desfire_commit(struct card *c, const struct card_write *wr, void (*done)(void *ctx), void *ctx,
    struct why *w)
{
	struct desfire *d = c->driver;
	enum err e = ERR_OK;

	if (wr->cert != NULL)
		d->cert_known = false;
	if (wr->delta != 0)
		e = move_value(c, wr->delta, w);
	if (e == ERR_OK)
		e = desfire_write_file(c, DF_FILE_RECORD, EV1_MACED, wr->record, RECORD_LEN, w);
	if (e == ERR_OK) {
		done(ctx);
		e = write_line(c, wr->log, w);
	}
	if (e == ERR_OK && wr->cert != NULL)
		e = desfire_write_file(c, DF_FILE_CERT, EV1_MACED, wr->cert, CERT_LEN, w);
	if (e == ERR_OK) {
		done(ctx);
		e = desfire_ask(c, DF_COMMIT_TRANSACTION, EV1_PLAIN, NULL, 0, 0, w);
	}
	if (e == ERR_OK)
		done(ctx);
	return e;
}

struct count {
	struct card *c;
	unsigned step;
};

static void
count_step(void *ctx)
{
	struct count *n = ctx;

	n->step++;
	if (n->c->progress != NULL)
		n->c->progress(n->c->progress_ctx, n->step, 3);
}

/*
 * The session of card_read serves if it stands. If the card does not know of it any
 * more (another reset it), one new session begins; but only where nothing was taken yet, and
 * after what the first try may have left is dropped, so that nothing can be committed twice.
 */
enum err
desfire_write(struct card *c, const struct card_write *wr, struct why *w)
{
	struct count n = {c, 0};
	struct desfire *d = c->driver;
	unsigned lessons = d->wire.lessons;
	uint16_t epoch = 0;
	enum err e;

	if (desfire_inside(c, c->access.aid, DF_KEY_WRITE)) {
		e = desfire_commit(c, wr, count_step, &n, w);
		if (e == ERR_OK || e == ERR_CARD_GONE || e == ERR_CARD_FULL || n.step > 0)
			return e;
		desfire_forget(d);
	}
	do {
		e = desfire_enter_own(c, DF_KEY_WRITE, &epoch, w);
		if (e == ERR_OK)
			e = desfire_abort(c, w);
		if (e == ERR_OK)
			e = desfire_commit(c, wr, count_step, &n, w);
	} while (n.step == 0 && desfire_learnt(c, e, &lessons));
	return e;
}
