/* store/chain: certificates and lists as the book keeps them, and what a journal vouches for. */
#include "tests/store/fixture.h"

#include "station/store/chain.h"

#define CARD UINT64_C(12345000000017)

static void
note(struct club *c, const char *kind, uint8_t event[STORE_EVENT_LEN])
{
	struct journal_entry e = {.kind = kind, .at_ms = NOW_MS};
	const struct journal_field f = JOURNAL_FIELD_INT("n", 1);
	struct why w;

	e.fields = &f;
	e.field_count = 1;
	ok(store_event_next(c->s, e.event, &w));
	ok(store_journal_append(c->s, &e, &w));
	memcpy(event, e.event, STORE_EVENT_LEN);
}

static enum err
put_cert(struct club *c, uint32_t serial, uint8_t signer, uint32_t first, uint32_t count)
{
	struct store_certificate row = {.serial = serial, .station = signer, .first = first, .count = count};
	uint8_t event[STORE_EVENT_LEN];
	struct why w;
	enum err e;

	memset(row.signer, signer, sizeof(row.signer));
	memset(row.bytes, (int)serial, sizeof(row.bytes));
	ok(store_begin(c->s, &w));
	note(c, "keys.certify", event);
	e = store_certificate_put(c->s, &row, event, &w);
	if (e == ERR_OK)
		ok(store_commit(c->s, &w));
	store_rollback(c->s);
	return e;
}

static bool
first_byte(const uint8_t bytes[STORE_CERT_LEN], void *ctx)
{
	*(int *)ctx = *(int *)ctx * 10 + bytes[0];
	return true;
}

static void
numbers_of_two_keys_never_overlap_and_a_serial_is_given_once(void **state)
{
	struct club *c = *state;
	uint8_t signer[STORE_SIGNER_LEN] = {1, 1, 1, 1};
	struct why w;
	int seen = 0;

	ok(put_cert(c, 1, 1, 1, 100));
	ok(put_cert(c, 2, 2, 101, 100));
	assert_int_equal(put_cert(c, 3, 3, 100, 1), ERR_DUPLICATE);
	assert_int_equal(put_cert(c, 3, 3, 150, 500), ERR_DUPLICATE);
	assert_int_equal(put_cert(c, 3, 3, 1, 1000), ERR_DUPLICATE);
	assert_int_equal(put_cert(c, 2, 3, 500, 1), ERR_DUPLICATE);
	ok(put_cert(c, 3, 1, 1, 100));		/* the same key, renewed */
	ok(put_cert(c, 4, 4, 0, 0));		/* no numbers at all */
	ok(store_certificates(c->s, first_byte, &seen, &w));
	assert_int_equal(seen, 1234);
	seen = 0;
	ok(store_certificates_of(c->s, signer, first_byte, &seen, &w));
	assert_int_equal(seen, 31);
	assert_int_not_equal(raw(c, "UPDATE certificate SET first = 9"), SQLITE_OK);
	assert_int_not_equal(raw(c, "DELETE FROM certificate"), SQLITE_OK);
	assert_int_not_equal(raw(c, "INSERT OR REPLACE INTO certificate SELECT * FROM certificate"), SQLITE_OK);
}

static enum err
put_list(struct club *c, int kind, uint32_t number, const char *text)
{
	const struct store_list l = {.number = number, .dated = 5, .bytes = (const uint8_t *)text,
	    .len = strlen(text)};
	uint8_t event[STORE_EVENT_LEN];
	struct why w;
	enum err e;

	ok(store_begin(c->s, &w));
	note(c, "list.import", event);
	e = store_list_put(c->s, kind, &l, event, &w);
	if (e == ERR_OK)
		ok(store_commit(c->s, &w));
	store_rollback(c->s);
	return e;
}

static void
a_list_only_gives_way_to_a_higher_number(void **state)
{
	struct club *c = *state;
	struct store_list l;
	uint8_t hash[STORE_HASH_LEN];
	struct why w;

	assert_int_equal(store_list_get(c->s, 2, &l, &w), ERR_NOT_FOUND);
	ok(put_list(c, 2, 3, "three"));
	assert_int_equal(put_list(c, 2, 3, "other"), ERR_REFUSED);
	assert_int_equal(put_list(c, 2, 2, "two"), ERR_REFUSED);
	ok(put_list(c, 1, 1, "one of the other kind"));
	ok(put_list(c, 2, 4, "four"));
	ok(store_list_get(c->s, 2, &l, &w));
	assert_int_equal(l.number, 4);
	assert_int_equal(l.dated, 5);
	assert_int_equal(l.len, 4);
	assert_memory_equal(l.bytes, "four", 4);
	test_sha256("four", 4, hash);
	assert_memory_equal(l.hash, hash, sizeof(hash));
	store_list_free(&l);
	assert_int_not_equal(raw(c, "DELETE FROM list"), SQLITE_OK);
	assert_int_not_equal(raw(c, "UPDATE list SET number = 1 WHERE kind = 2"), SQLITE_OK);
	assert_int_not_equal(raw(c, "UPDATE list SET bytes = x'00' WHERE kind = 2"), SQLITE_OK);
}

static void
a_row_of_the_chain_needs_its_event(void **state)
{
	struct club *c = *state;
	const struct store_list l = {.number = 1, .bytes = (const uint8_t *)"x", .len = 1};
	const struct store_certificate row = {.serial = 1};
	const uint8_t nowhere[STORE_EVENT_LEN] = {9};
	struct why w;

	ok(store_begin(c->s, &w));
	assert_int_equal(store_list_put(c->s, 1, &l, nowhere, &w), ERR_NOT_FOUND);
	assert_int_equal(store_certificate_put(c->s, &row, nowhere, &w), ERR_NOT_FOUND);
	store_rollback(c->s);
}

static void
a_journal_vouches_for_what_it_intended_up_to_its_row(void **state)
{
	struct club *c = *state;
	struct store_health h;
	struct store_card card;
	uint8_t hash[STORE_HASH_LEN], other[STORE_RECORD_LEN] = {1};
	int64_t seq, issued;
	struct why w;

	issue(c->s, CARD);
	ok(store_journal_head(c->s, &issued, hash, &w));
	ok(store_card_by_number(c->s, CARD, &card, &w));
	ok(store_record_written(c->s, CARD, card.record, issued, hash, &w));
	assert_int_equal(store_record_written(c->s, CARD, other, issued, hash, &w), ERR_NOT_FOUND);
	assert_int_equal(store_record_written(c->s, CARD + 1, card.record, issued, hash, &w), ERR_NOT_FOUND);
	/* a head of another journal, and one beyond this one's end */
	hash[0] ^= 1;
	assert_int_equal(store_record_written(c->s, CARD, card.record, issued, hash, &w), ERR_NOT_FOUND);
	hash[0] ^= 1;
	assert_int_equal(store_record_written(c->s, CARD, card.record, issued + 1, hash, &w), ERR_NOT_FOUND);
	assert_int_equal(store_record_written(c->s, CARD, card.record, 0, hash, &w), ERR_NOT_FOUND);
	ok(store_check(c->s, &h, &w));
	ok(store_journal_head(c->s, &seq, hash, &w));
	assert_int_equal(seq, issued);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers_of_two_keys_never_overlap_and_a_serial_is_given_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_list_only_gives_way_to_a_higher_number, setup, teardown),
		cmocka_unit_test_setup_teardown(a_row_of_the_chain_needs_its_event, setup, teardown),
		cmocka_unit_test_setup_teardown(a_journal_vouches_for_what_it_intended_up_to_its_row, setup, teardown),
	};

	return cmocka_run_group_tests_name("store/chain", tests, NULL, NULL);
}
