/* A software card on a reader of its own, in this process: no time passes, nothing is lost. */
#include "cardapps/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim_reader {
	struct reader reader;	/* first: the two are cast into each other */
	struct sim_card *card;
	bool own;
};

static struct sim_reader *
of(struct reader *r)
{
	return (struct sim_reader *)r;
}

static enum err
sim_connect(struct reader *r, unsigned timeout_ms, struct why *w)
{
	struct sim_card *card = of(r)->card;
	const uint8_t *atr;

	/* no waiting: nobody could lay the card back meanwhile */
	if (sim_card_away(card))
		return reader_no_card(r, timeout_ms, w);
	sim_card_power(card, true);
	atr = sim_card_atr(card, &r->atr_len);
	memcpy(r->atr, atr, r->atr_len);
	return ERR_OK;
}

static enum err
sim_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len, uint8_t rapdu[RAPDU_CAP],
    size_t *len, struct why *w)
{
	if (capdu_len == 0 || capdu_len > APDU_CAP)
		return why_set(w, ERR_LEN, MSG_INTERNAL, WHY_STR("apdu length"));
	if (sim_card_transmit(of(r)->card, capdu, capdu_len, rapdu, len))
		return ERR_OK;
	return why_set(w, ERR_CARD_GONE, MSG_READER_CARD_REMOVED, WHY_CODE(r->name));
}

static enum err
sim_reset(struct reader *r, struct why *w)
{
	if (sim_card_away(of(r)->card))
		return why_set(w, ERR_CARD_GONE, MSG_READER_CARD_REMOVED, WHY_CODE(r->name));
	sim_card_power(of(r)->card, true);
	return ERR_OK;
}

static void
sim_disconnect(struct reader *r)
{
	sim_card_power(of(r)->card, false);
}

static void
sim_destroy(struct reader *r)
{
	if (of(r)->own)
		sim_card_free(&of(r)->card);
	free(r);
}

static const struct reader_ops sim_ops = {
	sim_connect, sim_transmit, sim_reset, sim_disconnect, sim_destroy};

enum err
sim_reader_open(struct sim_card *card, bool own, struct reader **out, struct why *w)
{
	struct sim_reader *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (s == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	s->card = card;
	s->own = own;
	s->reader.ops = &sim_ops;
	snprintf(s->reader.name, sizeof(s->reader.name), "sim:desfire-ev1");
	*out = &s->reader;
	return ERR_OK;
}
