/* What must not have moved: the station's books and the card, as bytes to compare. */
#ifndef TESTS_SUPPORT_BOOKS_H
#define TESTS_SUPPORT_BOOKS_H

#include "tests/support/club_fixture.h"

struct books {
	int64_t rows;
	uint8_t head[32];
	uint8_t *image;		/* of the card; NULL without one */
	size_t image_len;
};

/* Takes a copy; asserts. Free with books_free. */
void books_take(struct club_fixture *f, struct books *b);
/* Journal and card are, byte for byte, as they were; the ledger follows the journal. Asserts. */
void books_same(struct club_fixture *f, const struct books *b);
void books_free(struct books *b);

/* The balance of an account in rial; asserts that it can be read. */
int64_t books_account(struct club_fixture *f, const char *kind, int64_t owner);
/* store_check is content, and `open` intents wait. Asserts. */
void books_sound(struct club_fixture *f, int64_t open);

#endif
