#include "tests/support/books.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "station/store/journal.h"
#include "station/store/ledger.h"

void
books_take(struct club_fixture *f, struct books *b)
{
	memset(b, 0, sizeof(*b));
	assert_int_equal(store_journal_head(f->station->store, &b->rows, b->head, &f->why), ERR_OK);
	if (f->chip != NULL)
		assert_int_equal(sim_card_image(f->chip, &b->image, &b->image_len, &f->why), ERR_OK);
}

void
books_same(struct club_fixture *f, const struct books *b)
{
	struct books now;

	books_take(f, &now);
	assert_int_equal(now.rows, b->rows);
	assert_memory_equal(now.head, b->head, sizeof(now.head));
	assert_int_equal(now.image_len, b->image_len);
	if (b->image != NULL)
		assert_memory_equal(now.image, b->image, b->image_len);
	books_free(&now);
}

void
books_free(struct books *b)
{
	free(b->image);
	b->image = NULL;
}

int64_t
books_account(struct club_fixture *f, const char *kind, int64_t owner)
{
	const struct ledger_account a = {kind, owner, UNIT_IRR};
	int64_t sum;

	assert_int_equal(store_balance(f->station->store, &a, &sum, &f->why), ERR_OK);
	return sum;
}

void
books_sound(struct club_fixture *f, int64_t open)
{
	struct store_health h;

	assert_int_equal(store_check(f->station->store, &h, &f->why), ERR_OK);
	assert_int_equal(h.open_intents, open);
}
