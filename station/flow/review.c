#include "station/flow/review.h"

#include <string.h>

#include "cardapps/number.h"
#include "station/base/clock.h"
#include "station/store/journal.h"

enum err
station_review(struct station *s, uint64_t card, adoption_visit visit, void *ctx, struct why *w)
{
	return store_adoptions_open(s->store, card, visit, ctx, w);
}

static bool
count_one(const struct store_adoption *a, void *ctx)
{
	(void)a;
	(*(int64_t *)ctx)++;
	return true;
}

static enum err
enter(struct station *s, uint64_t card, int64_t *n, struct why *w)
{
	char number[CARD_NUMBER_DIGITS + 1] = "";
	struct journal_field field;
	struct journal_entry entry = {.kind = "card.review", .at_ms = clock_now_ms(), .fields = &field,
	    .field_count = 1};
	int64_t open = 0;
	enum err e = store_adoptions_open(s->store, card, count_one, &open, w);

	*n = 0;
	if (e != ERR_OK || open == 0)
		return e;
	if (card != 0)
		(void)card_number_format(card, number);
	field = JOURNAL_FIELD_STR("card", number);
	e = store_event_next(s->store, entry.event, w);
	if (e == ERR_OK)
		e = store_journal_append(s->store, &entry, w);
	return e == ERR_OK ? store_adoptions_review(s->store, card, entry.event, n, w) : e;
}

enum err
station_review_done(struct station *s, uint64_t card, int64_t *n, struct why *w)
{
	enum err e = store_begin(s->store, w);

	if (e == ERR_OK)
		e = enter(s, card, n, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}
