#include "cardapps/reader/reader.h"

#include "station/base/clock.h"

enum err
reader_no_card(const struct reader *r, unsigned timeout_ms, struct why *w)
{
	return why_set(w, ERR_NO_CARD, MSG_READER_NO_CARD_IN_TIME, WHY_CODE(r->name),
	    WHY_NUM(timeout_ms / 1000 + (timeout_ms % 1000 > 0)));
}

enum err
reader_connect(struct reader *r, unsigned timeout_ms, struct why *w)
{
	enum err e;

	r->connected = false;
	e = r->ops->connect(r, timeout_ms, w);
	r->connected = e == ERR_OK;
	return e;
}

/* The clock is read only if somebody watches: a figure nobody sees costs nothing. */
static enum err
transmit_watched(struct reader *r, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w)
{
	int64_t start = clock_monotonic_ns();
	enum err e = r->ops->transmit(r, capdu, capdu_len, rapdu, len, w);

	r->watch(r->watch_ctx, capdu, capdu_len, rapdu, e == ERR_OK ? *len : 0,
	    clock_monotonic_ns() - start);
	return e;
}

enum err
reader_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w)
{
	enum err e;

	*len = 0;
	r->apdus++;
	if (r->watch != NULL)
		e = transmit_watched(r, capdu, capdu_len, rapdu, len, w);
	else
		e = r->ops->transmit(r, capdu, capdu_len, rapdu, len, w);
	r->connected = r->connected && e != ERR_CARD_GONE;
	return e;
}

enum err
reader_reset(struct reader *r, struct why *w)
{
	enum err e = r->ops->reset(r, w);

	r->connected = r->connected && e == ERR_OK;
	return e;
}

void
reader_disconnect(struct reader *r)
{
	r->ops->disconnect(r);
	r->connected = false;
}

void
reader_close(struct reader **r)
{
	if (r == NULL || *r == NULL)
		return;
	reader_disconnect(*r);
	(*r)->ops->destroy(*r);
	*r = NULL;
}
