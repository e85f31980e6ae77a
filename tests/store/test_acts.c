/* store: a card issued and loaded leaves what the flows need to find it, heal it and answer for it. */
#include "tests/store/fixture.h"

#define CARD UINT64_C(12345000000017)

static void
sha256_gives_the_digests_of_fips_180_4(void **state)
{
	static const uint8_t abc[4] = {0xBA, 0x78, 0x16, 0xBF};
	static const uint8_t two_blocks[4] = {0x24, 0x8D, 0x6A, 0x61};
	uint8_t out[32];

	(void)state;
	test_sha256("abc", 3, out);
	assert_memory_equal(out, abc, 4);
	assert_int_equal(out[31], 0xAD);
	test_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, out);
	assert_memory_equal(out, two_blocks, 4);
	assert_int_equal(out[31], 0xC1);
}

static void
an_issued_card_is_found_by_number_chip_and_token(void **state)
{
	struct club *c = *state;
	struct store_card want = a_card(CARD), got;
	uint8_t hash[32];
	struct why w;

	issue(c->s, CARD);
	ok(store_card_by_number(c->s, CARD, &got, &w));
	assert_int_equal(got.state, STORE_CARD_ACTIVE);
	assert_int_equal(got.sequence, 1);
	assert_false(got.in_doubt);
	test_sha256(got.record, sizeof(got.record), hash);
	assert_memory_equal(got.record_hash, hash, 32);
	ok(store_card_by_uid(c->s, want.uid, want.uid_len, &got, &w));
	assert_int_equal(got.number, CARD);
	ok(store_card_by_token(c->s, want.token_hash, &got, &w));
	assert_int_equal(got.number, CARD);
	assert_int_equal(store_card_by_uid(c->s, want.uid, 4, &got, &w), ERR_NOT_FOUND);
	assert_int_equal(w.id, MSG_STORE_NO_CARD_CHIP);
	assert_int_equal(store_card_by_number(c->s, 1, &got, &w), ERR_NOT_FOUND);
	healthy(c);
}

static void
an_open_intent_is_found_whole_by_chip_and_by_card(void **state)
{
	struct club *c = *state;
	struct store_intent *list;
	uint8_t event[STORE_EVENT_LEN];
	struct store_card card;
	size_t n;
	struct why w;

	ok(store_begin(c->s, &w));
	ok(issue_intend(c->s, CARD, event, &w));
	ok(store_commit(c->s, &w));
	ok(reopen(c, false, 0, &w));
	ok(store_intents_open_by_uid(c->s, a_card(CARD).uid, 7, &list, &n, &w));
	assert_int_equal(n, 1);
	assert_memory_equal(list[0].event, event, STORE_EVENT_LEN);
	assert_string_equal(list[0].kind, "issue");
	assert_string_equal(list[0].url, "https://EXAMPLE.IR/C/00000B3A4B56FA11");
	assert_true(list[0].first);
	assert_int_equal(list[0].key_count, 2);
	assert_int_equal(list[0].keys[1].new_ref.slot, 3);
	assert_int_equal(list[0].keys[1].kcv[2], 9);
	assert_int_equal(list[0].r1[127], 0x22);
	free(list);
	ok(store_intents_open_by_card(c->s, CARD, &list, &n, &w));
	assert_int_equal(n, 1);
	free(list);
	ok(store_card_by_number(c->s, CARD, &card, &w));
	assert_true(card.in_doubt);
	healthy(c);
}

static bool
count_card(const struct store_card *card, void *ctx)
{
	(void)card;
	(*(int *)ctx)++;
	return true;
}

static void
cards_in_doubt_are_listed_once_and_leave_the_list_when_settled(void **state)
{
	struct club *c = *state;
	uint8_t one[STORE_EVENT_LEN], two[STORE_EVENT_LEN];
	int n = 0;
	struct why w;

	issue(c->s, CARD);
	ok(store_begin(c->s, &w));
	ok(load_intend(c->s, CARD, 500000, "", one, &w));
	ok(load_intend(c->s, CARD, 500000, "", two, &w));
	ok(store_commit(c->s, &w));
	ok(store_cards_in_doubt(c->s, count_card, &n, &w));
	assert_int_equal(n, 1);
	ok(store_begin(c->s, &w));
	ok(load_settle(c->s, one, CARD, 500000, &w));
	ok(load_settle(c->s, two, CARD, 500000, &w));
	ok(store_commit(c->s, &w));
	n = 0;
	ok(store_cards_in_doubt(c->s, count_card, &n, &w));
	assert_int_equal(n, 0);
}

static void
a_request_asked_twice_finds_its_event_and_is_not_stored_again(void **state)
{
	struct club *c = *state;
	uint8_t event[STORE_EVENT_LEN], again[STORE_EVENT_LEN], found[STORE_EVENT_LEN];
	struct store_intent in;
	struct why w;

	issue(c->s, CARD);
	assert_int_equal(store_request_find(c->s, "till-1-77", "load 500000", found, &w), ERR_NOT_FOUND);
	ok(store_begin(c->s, &w));
	ok(load_intend(c->s, CARD, 500000, "till-1-77", event, &w));
	ok(store_commit(c->s, &w));
	ok(store_request_find(c->s, "till-1-77", "load 500000", found, &w));
	assert_memory_equal(found, event, STORE_EVENT_LEN);
	ok(store_intent_get(c->s, found, &in, &w));
	assert_int_equal(in.state, INTENT_OPEN);
	assert_int_equal(store_request_find(c->s, "till-1-77", "load 600000", found, &w), ERR_REFUSED);
	assert_int_equal(w.id, MSG_STORE_REQUEST_OTHER);
	ok(store_begin(c->s, &w));
	assert_int_equal(load_intend(c->s, CARD, 500000, "till-1-77", again, &w), ERR_DUPLICATE);
	store_rollback(c->s);
	assert_int_equal(raw_int(c, "SELECT count(*) FROM intent WHERE kind='load'"), 1);
	healthy(c);
}

static void
an_intent_closes_once_and_never_keeps_cash_for_nothing(void **state)
{
	struct club *c = *state;
	uint8_t event[STORE_EVENT_LEN];
	struct intent_close v = {.state = INTENT_VOID, .cash = CASH_TAKEN, .at_ms = NOW_MS};
	struct store_intent in;
	struct why w;

	issue(c->s, CARD);
	ok(store_begin(c->s, &w));
	ok(load_intend(c->s, CARD, 500000, "", event, &w));
	ok(store_event_next(c->s, v.by, &w));
	memcpy(v.intent, event, STORE_EVENT_LEN);
	assert_int_equal(store_intent_close(c->s, &v, &w), ERR_REFUSED);
	v.cash = CASH_NONE;
	assert_int_equal(store_intent_close(c->s, &v, &w), ERR_REFUSED);
	v.cash = CASH_RETURNED;
	ok(store_intent_close(c->s, &v, &w));
	ok(store_event_next(c->s, v.by, &w));
	assert_int_equal(store_intent_close(c->s, &v, &w), ERR_REFUSED);
	assert_int_equal(w.id, MSG_STORE_INTENT_CLOSED);
	ok(store_commit(c->s, &w));
	ok(store_intent_get(c->s, event, &in, &w));
	assert_int_equal(in.state, INTENT_VOID);
	assert_int_equal(in.cash, CASH_RETURNED);
	memset(v.intent, 9, sizeof(v.intent));
	ok(store_begin(c->s, &w));
	assert_int_equal(store_intent_close(c->s, &v, &w), ERR_NOT_FOUND);
	store_rollback(c->s);
}

static void
a_rolled_back_act_leaves_nothing(void **state)
{
	struct club *c = *state;
	uint8_t event[STORE_EVENT_LEN];
	struct why w;

	ok(store_begin(c->s, &w));
	ok(issue_intend(c->s, CARD, event, &w));
	store_rollback(c->s);
	store_rollback(c->s);
	assert_false(store_in_transaction(c->s));
	assert_int_equal(raw_int(c, "SELECT (SELECT count(*) FROM card) + (SELECT count(*) FROM journal)"), 0);
	issue(c->s, CARD);
	healthy(c);
}

static void
a_card_whose_event_never_reaches_the_journal_is_not_committed(void **state)
{
	struct club *c = *state;
	struct store_card card = a_card(CARD);
	struct why w;

	ok(store_begin(c->s, &w));
	ok(store_event_next(c->s, card.created_event, &w));
	ok(store_card_insert(c->s, &card, &w));
	assert_int_equal(store_commit(c->s, &w), ERR_NOT_FOUND);
	assert_int_equal(w.id, MSG_STORE_NO_EVENT);
	assert_false(store_in_transaction(c->s));
	assert_int_equal(raw_int(c, "SELECT count(*) FROM card"), 0);
}

static void
a_number_a_token_and_a_member_that_cannot_be_are_refused_by_name(void **state)
{
	struct club *c = *state;
	struct store_card card = a_card(CARD);
	struct why w;

	issue(c->s, CARD);
	ok(store_begin(c->s, &w));
	assert_int_equal(store_card_insert(c->s, &card, &w), ERR_DUPLICATE);
	card.number++;
	assert_int_equal(store_card_insert(c->s, &card, &w), ERR_DUPLICATE);
	store_rollback(c->s);
	card = a_card(CARD + 2);
	card.member = 77;
	ok(store_begin(c->s, &w));
	assert_int_equal(store_card_insert(c->s, &card, &w), ERR_NOT_FOUND);
	assert_int_equal(w.id, MSG_STORE_NO_MEMBER);
	card.number = STORE_NUMBER_MAX + 1;
	assert_int_equal(store_card_insert(c->s, &card, &w), ERR_RANGE);
	store_rollback(c->s);
}

static void
one_chip_may_live_twice_under_two_numbers(void **state)
{
	struct club *c = *state;
	struct store_card card;
	struct why w;

	issue(c->s, CARD);
	ok(store_begin(c->s, &w));
	ok(store_card_by_number(c->s, CARD, &card, &w));
	card.state = STORE_CARD_CLOSED;
	ok(store_card_update(c->s, &card, &w));
	ok(store_commit(c->s, &w));
	issue(c->s, CARD - 5);
	ok(store_card_by_uid(c->s, card.uid, card.uid_len, &card, &w));
	assert_int_equal(card.number, CARD - 5);
	healthy(c);
}

static void
numbers_come_from_their_range_and_end_with_it(void **state)
{
	struct club *c = *state;
	int64_t n;
	struct why w;

	ok(store_begin(c->s, &w));
	assert_int_equal(store_range_set(c->s, STORE_SERIALS, (struct store_range){0, 5}, &w), ERR_RANGE);
	assert_int_equal(store_range_set(c->s, STORE_SERIALS, (struct store_range){6, 5}, &w), ERR_RANGE);
	ok(store_range_set(c->s, STORE_SERIALS, (struct store_range){41, 42}, &w));
	ok(store_range_next(c->s, STORE_SERIALS, &n, &w));
	assert_int_equal(n, 41);
	ok(store_range_next(c->s, STORE_SERIALS, &n, &w));
	assert_int_equal(n, 42);
	assert_int_equal(store_range_next(c->s, STORE_SERIALS, &n, &w), ERR_RANGE);
	assert_int_equal(w.id, MSG_STORE_SERIALS_USED_UP);
	assert_int_equal(w.arg[0].num, 42);
	ok(store_range_next(c->s, STORE_MEMBERS, &n, &w));
	assert_int_equal(n, 1);
	store_rollback(c->s);
}

static void
event_ids_count_under_the_prefix_of_their_incarnation(void **state)
{
	static const uint8_t first[8] = {0xC1, 0x0B, 0, 1, 0, 0, 0, 1};
	static const uint8_t restored[8] = {9, 9, 9, 9, 0, 0, 0, 1};
	struct club *c = *state;
	uint8_t event[STORE_EVENT_LEN];
	struct why w;

	ok(store_begin(c->s, &w));
	ok(store_event_next(c->s, event, &w));
	assert_memory_equal(event, first, 8);
	ok(store_event_next(c->s, event, &w));
	assert_int_equal(event[7], 2);
	assert_int_equal(store_incarnation_begin(c->s, first, NOW_MS, &w), ERR_DUPLICATE);
	assert_int_equal(w.id, MSG_STORE_PREFIX_USED);
	ok(store_incarnation_begin(c->s, restored, NOW_MS, &w));
	ok(store_event_next(c->s, event, &w));
	assert_memory_equal(event, restored, 8);
	ok(store_commit(c->s, &w));
	assert_int_equal(raw(c, "UPDATE station SET event_next = 4294967295"), SQLITE_OK);
	ok(store_begin(c->s, &w));
	ok(store_event_next(c->s, event, &w));
	assert_int_equal(store_event_next(c->s, event, &w), ERR_RANGE);
	store_rollback(c->s);
}

static void
settings_are_kept_and_a_missing_one_is_named(void **state)
{
	struct club *c = *state;
	char out[32];
	struct why w;

	ok(store_begin(c->s, &w));
	ok(store_setting_put(c->s, "club.name", "باشگاه نمونه", &w));
	ok(store_setting_put(c->s, "club.name", "باشگاه", &w));
	ok(store_commit(c->s, &w));
	ok(reopen(c, false, 0, &w));
	ok(store_setting_get(c->s, "club.name", out, sizeof(out), &w));
	assert_string_equal(out, "باشگاه");
	assert_int_equal(store_setting_get(c->s, "club.name", out, 4, &w), ERR_LEN);
	assert_int_equal(store_setting_get(c->s, "club.url", out, sizeof(out), &w), ERR_NOT_FOUND);
	assert_string_equal(w.arg[0].str, "club.url");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_gives_the_digests_of_fips_180_4),
		T(an_issued_card_is_found_by_number_chip_and_token),
		T(an_open_intent_is_found_whole_by_chip_and_by_card),
		T(cards_in_doubt_are_listed_once_and_leave_the_list_when_settled),
		T(a_request_asked_twice_finds_its_event_and_is_not_stored_again),
		T(an_intent_closes_once_and_never_keeps_cash_for_nothing),
		T(a_rolled_back_act_leaves_nothing),
		T(a_card_whose_event_never_reaches_the_journal_is_not_committed),
		T(a_number_a_token_and_a_member_that_cannot_be_are_refused_by_name),
		T(one_chip_may_live_twice_under_two_numbers),
		T(numbers_come_from_their_range_and_end_with_it),
		T(event_ids_count_under_the_prefix_of_their_incarnation),
		T(settings_are_kept_and_a_missing_one_is_named),
	};

	return cmocka_run_group_tests_name("store/acts", tests, NULL, NULL);
}
