/* store: lots of pre-printed cards only move forward, and a card of stock is bound once. */
#include "tests/store/fixture.h"

#include "station/store/stock.h"

#define FIRST UINT64_C(12345000000017)
#define SECOND UINT64_C(12345000000024)

static struct store_stock_lot
a_lot(struct club *c)
{
	struct store_stock_lot lot = {.count = 2, .first = FIRST, .last = SECOND, .design = "default",
	    .lang = "fa", .application = 1, .pins = true, .at_ms = NOW_MS};
	struct why w;

	ok(store_begin(c->s, &w));
	ok(store_stock_lot_reserve(c->s, &lot, &w));
	ok(store_commit(c->s, &w));
	return lot;
}

static enum err
add(struct club *c, uint32_t lot, uint64_t number, uint8_t token)
{
	struct store_stock s = {.number = number, .lot = lot, .url = "https://EXAMPLE.IR/C/X", .has_pin = true};
	struct why w;
	enum err e;

	memset(s.token, token, sizeof(s.token));
	memset(s.salt, 7, sizeof(s.salt));
	memset(s.pin, 9, sizeof(s.pin));
	ok(store_begin(c->s, &w));
	e = store_stock_add(c->s, &s, &w);
	if (e == ERR_OK)
		e = store_commit(c->s, &w);
	store_rollback(c->s);
	return e;
}

static enum err
moved(struct club *c, uint32_t lot, enum store_stock_lot_state to)
{
	const uint8_t manifest[STORE_HASH_LEN] = {0xAB};
	struct why w;
	enum err e;

	ok(store_begin(c->s, &w));
	e = store_stock_lot_move(c->s, lot, to, to == STORE_STOCK_LOT_REGISTERED ? manifest : NULL, NOW_MS, &w);
	if (e == ERR_OK)
		e = store_commit(c->s, &w);
	store_rollback(c->s);
	return e;
}

static enum err
bound(struct club *c, uint64_t number, struct why *w)
{
	enum err e;

	ok(store_begin(c->s, w));
	e = store_stock_bind(c->s, number, w);
	if (e == ERR_OK)
		e = store_commit(c->s, w);
	store_rollback(c->s);
	return e;
}

static void
lots_are_numbered_from_one_and_only_move_forward(void **state)
{
	struct club *c = *state;
	struct store_stock_lot lot = a_lot(c);
	struct why w;

	assert_int_equal(lot.number, 1);
	assert_int_equal(a_lot(c).number, 2);
	assert_int_equal(moved(c, 1, STORE_STOCK_LOT_REGISTERED), ERR_OK);
	assert_int_equal(moved(c, 1, STORE_STOCK_LOT_REGISTERED), ERR_REFUSED);
	assert_int_equal(moved(c, 1, STORE_STOCK_LOT_DELIVERED), ERR_OK);
	assert_int_equal(moved(c, 1, STORE_STOCK_LOT_VOID), ERR_OK);
	assert_int_equal(moved(c, 1, STORE_STOCK_LOT_DELIVERED), ERR_REFUSED);
	assert_int_equal(moved(c, 2, STORE_STOCK_LOT_VOID), ERR_OK);
	assert_int_equal(moved(c, 3, STORE_STOCK_LOT_VOID), ERR_NOT_FOUND);
	ok(store_stock_lot_get(c->s, 1, &lot, &w));
	assert_int_equal(lot.manifest[0], 0xAB);
	assert_string_equal(store_stock_lot_state_name(lot.state), "void");
	assert_int_equal(raw_int(c, "SELECT count(*) FROM journal WHERE kind LIKE 'stock.%'"), 6);
	assert_int_equal(raw(c, "UPDATE stock_lot SET state = 1"), SQLITE_CONSTRAINT_TRIGGER);
	assert_int_equal(raw(c, "UPDATE stock_lot SET count = 9"), SQLITE_CONSTRAINT_TRIGGER);
	assert_int_equal(raw(c, "DELETE FROM stock_lot"), SQLITE_CONSTRAINT_TRIGGER);
	healthy(c);
}

static void
a_card_of_stock_is_found_by_number_and_token_and_bound_once(void **state)
{
	struct club *c = *state;
	const uint8_t token[STORE_HASH_LEN] = {5};
	struct store_stock s;
	struct store_stock_lot lot;
	uint8_t five[STORE_HASH_LEN];
	struct why w;

	(void)a_lot(c);
	assert_int_equal(add(c, 1, FIRST, 5), ERR_OK);
	memset(five, 5, sizeof(five));
	ok(store_stock_by_token(c->s, five, &s, &w));
	assert_int_equal(s.number, FIRST);
	assert_int_equal(s.lot, 1);
	assert_int_equal(s.salt[15], 7);
	assert_int_equal(s.pin[31], 9);
	assert_int_equal(store_stock_by_token(c->s, token, &s, &w), ERR_NOT_FOUND);
	assert_int_equal(store_stock_by_number(c->s, SECOND, &s, &w), ERR_NOT_FOUND);
	assert_int_equal(bound(c, FIRST, &w), ERR_OK);
	assert_int_equal(bound(c, FIRST, &w), ERR_REFUSED);
	assert_int_equal(w.id, MSG_STOCK_BOUND);
	ok(store_stock_lot_get(c->s, 1, &lot, &w));
	assert_int_equal(lot.bound, 1);
	assert_int_equal(raw(c, "UPDATE stock SET bound = 0"), SQLITE_CONSTRAINT_TRIGGER);
	assert_int_equal(raw(c, "UPDATE stock SET url = 'x'"), SQLITE_CONSTRAINT_TRIGGER);
	assert_int_equal(raw(c, "DELETE FROM stock"), SQLITE_CONSTRAINT_TRIGGER);
	assert_int_equal(raw(c, "REPLACE INTO stock SELECT * FROM stock"), SQLITE_CONSTRAINT_TRIGGER);
}

static void
a_number_or_token_given_before_is_never_stock(void **state)
{
	struct club *c = *state;
	struct store_stock same = {.number = SECOND, .lot = 1, .url = "https://X"};
	struct store_card card;
	struct why w;

	(void)a_lot(c);
	issue(c->s, FIRST);
	assert_int_equal(add(c, 1, FIRST, 5), ERR_DB);
	ok(store_card_by_number(c->s, FIRST, &card, &w));
	memcpy(same.token, card.token_hash, sizeof(same.token));
	ok(store_begin(c->s, &w));
	assert_int_equal(store_stock_add(c->s, &same, &w), ERR_DB);
	store_rollback(c->s);
	assert_int_equal(add(c, 1, SECOND, 5), ERR_OK);
	assert_int_equal(add(c, 1, SECOND, 6), ERR_DB);
	assert_int_equal(add(c, 1, SECOND + 7, 5), ERR_DB);
	assert_int_equal(add(c, 9, SECOND + 7, 8), ERR_DB);
	healthy(c);
}

static void
of_a_closed_lot_nothing_is_bound_any_more(void **state)
{
	struct club *c = *state;
	struct why w;

	(void)a_lot(c);
	assert_int_equal(add(c, 1, FIRST, 5), ERR_OK);
	assert_int_equal(moved(c, 1, STORE_STOCK_LOT_VOID), ERR_OK);
	assert_int_equal(bound(c, FIRST, &w), ERR_REFUSED);
	assert_int_equal(w.id, MSG_STOCK_LOT_CLOSED);
	assert_int_equal(bound(c, SECOND, &w), ERR_NOT_FOUND);
}

static void
wrong_pins_are_counted_and_journaled_and_never_forgotten(void **state)
{
	struct club *c = *state;
	struct store_stock s;
	struct why w;

	(void)a_lot(c);
	assert_int_equal(add(c, 1, FIRST, 5), ERR_OK);
	for (int i = 0; i < 3; i++) {
		ok(store_begin(c->s, &w));
		ok(store_stock_wrong_pin(c->s, FIRST, NOW_MS, &w));
		ok(store_commit(c->s, &w));
	}
	ok(store_stock_by_number(c->s, FIRST, &s, &w));
	assert_int_equal(s.tries, 3);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM journal WHERE kind = 'stock.pin'"), 3);
	assert_int_equal(raw(c, "UPDATE stock SET tries = 0"), SQLITE_CONSTRAINT_TRIGGER);
	healthy(c);
}

/* Two desks that both looked before the last try meet here. */
static void
after_the_last_try_no_other_is_taken(void **state)
{
	struct club *c = *state;
	struct store_stock s;
	struct why w;

	(void)a_lot(c);
	assert_int_equal(add(c, 1, FIRST, 1), ERR_OK);
	ok(store_begin(c->s, &w));
	for (int i = 0; i < STORE_STOCK_PIN_TRIES; i++)
		ok(store_stock_wrong_pin(c->s, FIRST, NOW_MS, &w));
	assert_int_equal(store_stock_wrong_pin(c->s, FIRST, NOW_MS, &w), ERR_REFUSED);
	assert_int_equal(w.id, MSG_STOCK_PIN_LOCKED);
	ok(store_commit(c->s, &w));
	ok(store_stock_by_number(c->s, FIRST, &s, &w));
	assert_int_equal(s.tries, STORE_STOCK_PIN_TRIES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lots_are_numbered_from_one_and_only_move_forward, setup, teardown),
		cmocka_unit_test_setup_teardown(a_card_of_stock_is_found_by_number_and_token_and_bound_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_number_or_token_given_before_is_never_stock, setup, teardown),
		cmocka_unit_test_setup_teardown(of_a_closed_lot_nothing_is_bound_any_more, setup, teardown),
		cmocka_unit_test_setup_teardown(after_the_last_try_no_other_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_pins_are_counted_and_journaled_and_never_forgotten, setup, teardown),
	};

	return cmocka_run_group_tests_name("store/stock", tests, NULL, NULL);
}
