#include "tests/support/hostile_reader.h"

#include <stdio.h>
#include <string.h>

static struct hostile_reader *
of(struct reader *r)
{
	return (struct hostile_reader *)r;
}

static enum err
hostile_connect(struct reader *r, unsigned timeout_ms, struct why *w)
{
	struct hostile_reader *h = of(r);
	const uint8_t *atr;

	(void)timeout_ms;
	(void)w;
	if (!h->keeps_power || h->connects == 0)
		sim_card_power(h->card, true);
	h->connects++;
	atr = sim_card_atr(h->card, &r->atr_len);
	memcpy(r->atr, atr, r->atr_len);
	return ERR_OK;
}

static enum err
hostile_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len, uint8_t rapdu[RAPDU_CAP],
    size_t *len, struct why *w)
{
	return of(r)->hook(of(r), capdu, capdu_len, rapdu, len, w);
}

static enum err
hostile_reset(struct reader *r, struct why *w)
{
	(void)w;
	if (!of(r)->keeps_power)
		sim_card_power(of(r)->card, true);
	return ERR_OK;
}

static void
hostile_disconnect(struct reader *r)
{
	if (!of(r)->keeps_power)
		sim_card_power(of(r)->card, false);
}

static void
hostile_destroy(struct reader *r)
{
	(void)r;
}

static const struct reader_ops ops = {
	hostile_connect, hostile_transmit, hostile_reset, hostile_disconnect, hostile_destroy};

void
hostile_reader_init(struct hostile_reader *h, struct sim_card *card, hostile_hook hook, void *ctx)
{
	memset(h, 0, sizeof(*h));
	h->reader.ops = &ops;
	(void)snprintf(h->reader.name, sizeof(h->reader.name), "hostile");
	h->card = card;
	h->hook = hook;
	h->ctx = ctx;
}

enum err
hostile_pass(struct hostile_reader *h, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w)
{
	if (sim_card_transmit(h->card, capdu, capdu_len, rapdu, len))
		return ERR_OK;
	return hostile_gone(h, w);
}

enum err
hostile_gone(const struct hostile_reader *h, struct why *w)
{
	return why_set(w, ERR_CARD_GONE, MSG_READER_CARD_REMOVED, WHY_CODE(h->reader.name));
}
