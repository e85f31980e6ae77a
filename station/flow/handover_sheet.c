/* Several cards on one sheet of paper: which they are, and the drawing of it. */
#include <stdlib.h>
#include <string.h>

#include "station/base/clock.h"
#include "station/base/secret.h"
#include "station/flow/handover.h"
#include "station/flow/prints.h"
#include "station/flow/settings.h"

_Static_assert(STORE_SHEET_MAX == SHEET_CARDS, "a job of prints is a sheet of paper");

/* A look at it on a screen; the paper gets its lines, not these dots. */
#define SCREEN_DPI 150

struct drawn_sheet {
	struct store_card card[SHEET_CARDS];
	struct paper_words words[SHEET_CARDS];
	struct sheet_card cards[SHEET_CARDS];
	size_t count;
	/* each design is read once, however many cards share it */
	struct design *design[SHEET_CARDS];
	char name[SHEET_CARDS][DESIGN_NAME_CAP];
	size_t designs;
};

/* --- which cards */

/* Blocked, or another address on it, since the sheet was planned: never to be handed over. */
static enum err
leave_out(struct handing *h, const struct store_print *p, struct why *w)
{
	const struct store_print_move m = {.title = p->title, .to = STORE_PRINT_DROPPED,
	    .by = PRINT_BY_STATION, .at_ms = clock_now_ms()};
	enum err e = store_begin(h->s->store, w);

	if (e == ERR_OK)
		e = store_print_move(h->s->store, &m, w);
	if (e == ERR_OK)
		e = store_commit(h->s->store, w);
	store_rollback(h->s->store);
	return e;
}

static bool
has_address(const struct store_card *c, const struct store_print *p)
{
	return !p->has_token || (c->has_token && memcmp(p->token, c->token_hash, sizeof(p->token)) == 0);
}

/* What of h->row's sheet may still be handed over. */
static enum err
take_planned(struct handing *h, struct drawn_sheet *d, struct why *w)
{
	struct store_print rows[STORE_SHEET_MAX];
	size_t count;
	enum err good = ERR_REFUSED;
	enum err e = store_prints_of_sheet(h->s->store, h->row.sheet, rows, &count, w);

	for (size_t i = 0; e == ERR_OK && i < count; i++) {
		struct store_card *c = &d->card[d->count];
		if (rows[i].state != STORE_PRINT_PLANNED)
			continue;
		e = store_card_by_number(h->s->store, rows[i].card, c, w);
		if (e != ERR_OK)
			return e;
		good = handing_check(c, w);
		if (good == ERR_OK && has_address(c, &rows[i]))
			d->count++;
		else
			e = leave_out(h, &rows[i], w);
	}
	if (e == ERR_OK && d->count == 0)
		return why_set(w, ERR_REFUSED, MSG_SHEET_EMPTY, WHY_CODE(h->row.sheet));
	return e;
}

static enum err
take_wanted(struct handing *h, struct drawn_sheet *d, struct why *w)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < h->rq->card_count; i++)
		e = store_card_by_number(h->s->store, h->rq->cards[i], &d->card[d->count++], w);
	return e;
}

/* --- the drawing */

static enum err
choose_design(struct handing *h, struct drawn_sheet *d, size_t at, const char *design,
    enum lang lang, struct why *w)
{
	const struct card_face *face = &d->words[at].face;
	char name[DESIGN_NAME_CAP];
	size_t i = 0;
	enum err e = paper_design_name(h->s, design, lang, face, name, w);

	if (e != ERR_OK)
		return e;
	while (i < d->designs && strcmp(d->name[i], name) != 0)
		i++;
	if (i == d->designs) {
		e = paper_design(h->s, design, lang, face, &d->design[i], w);
		if (e != ERR_OK)
			return e;
		memcpy(d->name[d->designs++], name, sizeof(name));
	}
	d->cards[at] = (struct sheet_card){d->design[i], face};
	return ERR_OK;
}

static enum err
fill(struct handing *h, struct drawn_sheet *d, const char *design, enum lang lang, struct why *w)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < d->count; i++) {
		e = store_card_url(h->s->store, d->card[i].number, d->words[i].url, w);
		if (e == ERR_OK)
			e = paper_words(h->s, lang, &d->card[i], &d->words[i], w);
		if (e == ERR_OK)
			e = choose_design(h, d, i, design, lang, w);
	}
	return e;
}

static enum err
render(const struct handing *h, const struct drawn_sheet *d, bool for_screen, struct why *w)
{
	enum err e;

	if (!for_screen)
		return sheet_render_pdf(d->cards, d->count, h->work, w);
	e = sheet_render_png(d->cards, d->count, CARD_FRONT, SCREEN_DPI, h->out->png_front, w);
	if (e == ERR_OK)
		e = sheet_render_png(d->cards, d->count, CARD_BACK, SCREEN_DPI, h->out->png_back, w);
	return e;
}

enum err
handing_draw_sheet(struct handing *h, const char *design, enum lang lang, bool for_screen,
    struct why *w)
{
	struct drawn_sheet *d = calloc(1, sizeof(*d));
	enum err e;

	if (d == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = h->row.sheet[0] != '\0' ? take_planned(h, d, w) : take_wanted(h, d, w);
	if (e == ERR_OK)
		e = fill(h, d, design, lang, w);
	if (e == ERR_OK)
		e = render(h, d, for_screen, w);
	for (size_t i = 0; i < d->designs; i++)
		design_free(&d->design[i]);
	for (size_t i = 0; i < SHEET_CARDS; i++)
		paper_words_wipe(&d->words[i]);
	free(d);
	return e;
}
