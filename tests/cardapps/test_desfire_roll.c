/*
 * A card's keys move to another generation: in one step where the chip has two key sets, key by
 * key where not; torn at every APDU the next presentation ends it, at this or another station.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cardapps/chip/desfire.h"
#include "keys/role.h"
#include "tests/support/card_bench.h"
#include "tests/support/hostile_reader.h"

static enum sim_kind kind;
static const enum sim_tear ways[] = {SIM_TEAR_BEFORE, SIM_TEAR_UNWRITTEN, SIM_TEAR_WRITTEN};

struct roll_bench {
	struct card_bench b;
	struct card_content now;
	struct card_roll_plan roll;
};

static void
well(struct roll_bench *r, enum err e, const char *what, unsigned n)
{
	if (e != ERR_OK)
		fail_msg("%s, tear %u: %s, %s", what, n, err_name(e), msg_name(r->b.why.id));
}

/* A finished card of generation 1, and a safe that holds three. */
static void
open_made(struct roll_bench *r)
{
	memset(r, 0, sizeof(*r));
	card_bench_open_kind(&r->b, kind);
	card_bench_generations(&r->b);
	card_bench_make(&r->b);
}

static void
present(struct roll_bench *r, unsigned n)
{
	card_bench_present(&r->b);
	well(r, card_read(r->b.card, &r->now, &r->b.why), "reading", n);
	assert_int_equal(r->now.state, CARD_READY);
}

static void
plan(struct roll_bench *r, uint16_t epoch, unsigned n)
{
	present(r, n);
	well(r, card_plan_roll(r->b.card, epoch, true, &r->roll, &r->b.why), "planning", n);
}

/* Nothing is left to do, what stands on the card is as it was. */
static void
is_at(struct roll_bench *r, uint16_t epoch, unsigned n)
{
	plan(r, epoch, n);
	assert_int_equal(r->now.epoch, epoch);
	assert_int_equal(r->roll.count, 0);
	assert_int_equal(r->roll.lowest, epoch);
	assert_memory_equal(r->now.record, r->b.plan.record, RECORD_LEN);
}

static unsigned
apdus(const struct card_bench *b)
{
	struct sim_figures f;

	sim_card_figures(b->chip, &f);
	return f.apdus;
}

static void
all_seven_keys_move_in_one_presentation(void **state)
{
	struct roll_bench r;
	unsigned before, planned;

	(void)state;
	open_made(&r);
	present(&r, 0);
	before = apdus(&r.b);
	well(&r, card_plan_roll(r.b.card, 2, true, &r.roll, &r.b.why), "planning", 0);
	planned = apdus(&r.b);
	assert_int_equal(r.roll.count, 7);
	assert_int_equal(r.roll.lowest, 2);
	assert_int_equal(r.roll.steps[0].old_ref.epoch, 1);
	well(&r, card_roll(r.b.card, r.roll.steps, r.roll.count, &r.b.why), "rolling", 0);
	print_message("# roll: %u APDUs to look, %u to move\n", planned - before, apdus(&r.b) - planned);
	is_at(&r, 2, 0);
	card_bench_close(&r.b);
}

static void
a_card_two_generations_behind_moves_to_the_newest_at_once(void **state)
{
	struct roll_bench r;

	(void)state;
	open_made(&r);
	plan(&r, 3, 0);
	well(&r, card_roll(r.b.card, r.roll.steps, r.roll.count, &r.b.why), "rolling", 0);
	is_at(&r, 3, 0);
	card_bench_close(&r.b);
}

/* The second set was used by the first roll: the second one uses the other again. */
static void
a_card_is_rolled_again_and_again(void **state)
{
	struct roll_bench r;

	(void)state;
	open_made(&r);
	for (uint16_t epoch = 2; epoch <= BENCH_GENERATIONS; epoch++) {
		plan(&r, epoch, 0);
		assert_int_equal(r.roll.count, 7);
		well(&r, card_roll(r.b.card, r.roll.steps, r.roll.count, &r.b.why), "rolling", 0);
		is_at(&r, epoch, 0);
	}
	card_bench_close(&r.b);
}

static void
a_rolled_card_is_written_in_the_same_session(void **state)
{
	struct card_write wr = card_bench_change(0x33, 0, 0);
	struct roll_bench r;

	(void)state;
	open_made(&r);
	plan(&r, 2, 0);
	well(&r, card_roll(r.b.card, r.roll.steps, r.roll.count, &r.b.why), "rolling", 0);
	assert_true(desfire_inside(r.b.card, r.b.access.aid, DF_KEY_WRITE));
	well(&r, card_write(r.b.card, &wr, &r.b.why), "writing", 0);
	well(&r, card_confirm(r.b.card, &r.now, &r.b.why), "confirming", 0);
	assert_memory_equal(r.now.record, wr.record, RECORD_LEN);
	card_bench_close(&r.b);
}

static void
back_to(struct roll_bench *r, const uint8_t *image, size_t len)
{
	card_close(&r->b.card);
	if (sim_card_away(r->b.chip))
		sim_card_return(r->b.chip);
	assert_int_equal(sim_card_restore(r->b.chip, image, len, &r->b.why), ERR_OK);
}

/* False if the roll was over before the tear. */
static bool
tear(struct roll_bench *r, unsigned n, enum sim_tear how)
{
	enum err e;

	sim_card_tear(r->b.chip, n, how);
	e = card_roll(r->b.card, r->roll.steps, r->roll.count, &r->b.why);
	sim_card_tear(r->b.chip, 0, SIM_TEAR_NONE);
	if (e != ERR_OK)
		assert_int_equal(e, ERR_CARD_GONE);
	return e != ERR_OK;
}

/* With key sets our application's five keys are of one generation at any time. */
static void
keys_move_together(const struct roll_bench *r)
{
	size_t left = 0;

	for (size_t i = 0; i < r->roll.count; i++)
		left += memcmp(r->roll.steps[i].new_ref.aid, r->b.access.aid, 3) == 0;
	if (kind != SIM_DESFIRE_EV1)
		assert_true(left == 0 || left == DF_KEY_COUNT);
}

static void
torn_at_every_apdu_it_is_finished(bool with_intent, bool elsewhere)
{
	struct roll_bench r;
	uint8_t *image;
	size_t len;
	unsigned n = 1;

	open_made(&r);
	assert_int_equal(sim_card_image(r.b.chip, &image, &len, &r.b.why), ERR_OK);
	for (size_t way = 0; way < 3; way++)
		for (n = 1;; n++) {
			back_to(&r, image, len);
			plan(&r, 2, n);
			if (!tear(&r, n, ways[way]))
				break;
			if (elsewhere) {
				plan(&r, 2, n);
				keys_move_together(&r);
			} else {
				present(&r, n);
			}
			if (with_intent || r.roll.count > 0)
				well(&r, card_roll(r.b.card, r.roll.steps, r.roll.count, &r.b.why), "finishing", n);
			is_at(&r, 2, n);
		}
	assert_true(n > 20);
	free(image);
	card_bench_close(&r.b);
}

static void
a_torn_roll_is_finished_by_its_intent(void **state)
{
	(void)state;
	torn_at_every_apdu_it_is_finished(true, false);
}

static void
a_torn_roll_is_finished_by_a_station_without_the_intent(void **state)
{
	(void)state;
	torn_at_every_apdu_it_is_finished(false, true);
}

/* Personalised by a driver that knew no key sets, here: as an EV1. */
static void
a_card_made_without_key_sets_is_rolled_key_by_key(void **state)
{
	struct roll_bench r;

	(void)state;
	memset(&r, 0, sizeof(r));
	card_bench_open_kind(&r.b, kind);
	card_bench_generations(&r.b);
	card_bench_present(&r.b);
	r.b.card->id.kind = CHIP_DESFIRE_EV1;
	assert_int_equal(card_read(r.b.card, &r.now, &r.b.why), ERR_OK);
	card_bench_plan(&r.b);
	assert_int_equal(card_personalise(r.b.card, &r.b.plan, &r.b.why), ERR_OK);
	plan(&r, 2, 0);
	well(&r, card_roll(r.b.card, r.roll.steps, r.roll.count, &r.b.why), "rolling", 0);
	is_at(&r, 2, 0);
	card_bench_close(&r.b);
}

static void
key_of(struct roll_bench *r, uint16_t epoch, uint8_t no, struct card_key **out)
{
	const struct key_ref ref = desfire_ref(r->b.card, r->b.access.aid, no, df_loyalty.slots[no], epoch);

	assert_int_equal(card_key_open(r->b.safe, &ref, out, &r->b.why), ERR_OK);
}

/* As a tear in ChangeKey may leave it: the version of the new key over the old key. */
static void
spoil_key_3(struct roll_bench *r)
{
	struct card_key *change, *own;

	present(r, 0);
	key_of(r, 1, DF_KEY_CHANGE, &change);
	key_of(r, 1, DF_KEY_WRITE, &own);
	assert_int_equal(desfire_enter(r->b.card, r->b.access.aid, DF_AUTHENTICATE_AES, DF_KEY_CHANGE, change,
	    &r->b.why), ERR_OK);
	assert_int_equal(desfire_change_key(r->b.card, DF_KEY_WRITE, own, 3, own, &r->b.why), ERR_OK);
	card_key_close(&change);
	card_key_close(&own);
}

static void
a_key_whose_version_lies_is_tried_only_if_an_intent_names_it(void **state)
{
	struct roll_bench r;
	struct card_roll_plan named;

	(void)state;
	open_made(&r);
	plan(&r, 2, 0);
	named = r.roll;
	spoil_key_3(&r);
	card_bench_present(&r.b);
	assert_int_equal(card_read(r.b.card, &r.now, &r.b.why), ERR_CARD_AUTH);
	assert_int_equal(r.b.why.id, MSG_CARD_KEY_WRONG);
	card_bench_present(&r.b);
	r.b.card->named = named.steps;
	r.b.card->named_count = named.count;
	well(&r, card_read(r.b.card, &r.now, &r.b.why), "reading", 0);
	well(&r, card_roll(r.b.card, named.steps, named.count, &r.b.why), "rolling", 0);
	is_at(&r, 2, 0);
	card_bench_close(&r.b);
}

/* --- stations that hold less */

/* The open card handle is of another station from now on. */
static void
at_station(struct roll_bench *r, const struct safe *safe)
{
	card_close(&r->b.card);
	r->b.access.safe = safe;
}

static void
a_station_without_the_change_keys_can_move_nothing(void **state)
{
	static const enum role less[] = {ROLE_TILL, ROLE_DESK};
	struct roll_bench r;

	(void)state;
	open_made(&r);
	for (size_t i = 0; i < sizeof(less) / sizeof(less[0]); i++) {
		struct safe *safe = card_bench_station(&r.b, role_slots(less[i]), 1, 2);

		at_station(&r, safe);
		present(&r, 0);
		if (less[i] == ROLE_DESK) {
			well(&r, card_plan_roll(r.b.card, 2, true, &r.roll, &r.b.why), "planning", 0);
			assert_int_equal(r.roll.count, 0);
			assert_int_equal(r.roll.lowest, 1);
		}
		at_station(&r, r.b.safe);
		safe_close(&safe);
	}
	card_bench_close(&r.b);
}

/* Keys 1 to 3 change under key 4: who has that one and no admin key moves them, and says what is left. */
static void
a_station_without_the_admin_key_moves_keys_1_to_3(void **state)
{
	const uint32_t slots = role_slots(ROLE_DESK) | UINT32_C(1) << KEY_CHANGE;
	struct roll_bench r;
	struct safe *safe;

	(void)state;
	open_made(&r);
	safe = card_bench_station(&r.b, slots, 1, 2);
	at_station(&r, safe);
	plan(&r, 2, 0);
	assert_int_equal(r.roll.count, 3);
	assert_int_equal(r.roll.lowest, 1);
	well(&r, card_roll(r.b.card, r.roll.steps, r.roll.count, &r.b.why), "rolling", 0);
	plan(&r, 2, 0);
	assert_int_equal(r.roll.count, 0);
	at_station(&r, r.b.safe);
	plan(&r, 2, 0);
	assert_int_equal(r.roll.count, 4);
	well(&r, card_roll(r.b.card, r.roll.steps, r.roll.count, &r.b.why), "rolling", 0);
	is_at(&r, 2, 0);
	safe_close(&safe);
	card_bench_close(&r.b);
}

static void
a_generation_that_the_station_does_not_hold_is_named(void **state)
{
	struct roll_bench r;
	struct safe *safe;

	(void)state;
	open_made(&r);
	safe = card_bench_station(&r.b, BENCH_ALL_SLOTS, 1, 1);
	plan(&r, 3, 0);
	well(&r, card_roll(r.b.card, r.roll.steps, r.roll.count, &r.b.why), "rolling", 0);
	at_station(&r, safe);
	card_bench_present(&r.b);
	assert_int_equal(card_read(r.b.card, &r.now, &r.b.why), ERR_NO_KEY);
	assert_int_equal(r.b.why.id, MSG_CARD_GENERATION);
	assert_int_equal(r.b.why.arg[0].num, 3);
	assert_int_equal(r.b.why.arg[1].num, 1);
	at_station(&r, r.b.safe);
	safe_close(&safe);
	card_bench_close(&r.b);
}

/* Our application moves last: until then a station that has only the old generation serves the card. */
static void
a_card_torn_early_still_works_where_the_new_generation_is_not_held(void **state)
{
	struct roll_bench r;
	struct safe *safe;

	(void)state;
	open_made(&r);
	safe = card_bench_station(&r.b, role_slots(ROLE_TILL), 1, 1);
	plan(&r, 2, 0);
	assert_true(tear(&r, 12, SIM_TEAR_WRITTEN));	/* the card's own key and the phones' are done */
	at_station(&r, safe);
	present(&r, 0);
	assert_memory_equal(r.now.record, r.b.plan.record, RECORD_LEN);
	at_station(&r, r.b.safe);
	plan(&r, 2, 0);
	assert_int_equal(r.roll.count, DF_KEY_COUNT);
	well(&r, card_roll(r.b.card, r.roll.steps, r.roll.count, &r.b.why), "rolling", 0);
	is_at(&r, 2, 0);
	safe_close(&safe);
	card_bench_close(&r.b);
}

/* --- somebody between */

/* The `at`th command is kept from the card and answered as if it had been done. */
struct liar {
	unsigned at, seen;
};

static enum err
keep_one(struct hostile_reader *h, const uint8_t *capdu, size_t capdu_len, uint8_t rapdu[RAPDU_CAP],
    size_t *len, struct why *w)
{
	struct liar *l = h->ctx;

	if (++l->seen != l->at)
		return hostile_pass(h, capdu, capdu_len, rapdu, len, w);
	rapdu[0] = 0x91;
	rapdu[1] = 0x00;
	*len = 2;
	return ERR_OK;
}

/* Key changes that the card never saw are found out; the true card then goes on where it stands. */
static void
a_change_that_a_relay_made_up_is_never_believed(void **state)
{
	struct liar liar = {0, 0};
	struct hostile_reader h;
	struct roll_bench r;
	struct reader *own;
	uint8_t *image;
	size_t len;
	enum err e;

	(void)state;
	open_made(&r);
	own = r.b.reader;
	assert_int_equal(sim_card_image(r.b.chip, &image, &len, &r.b.why), ERR_OK);
	for (unsigned n = 1; n <= 40; n++) {
		back_to(&r, image, len);
		hostile_reader_init(&h, r.b.chip, keep_one, &liar);
		r.b.reader = &h.reader;
		liar = (struct liar){0, 0};
		plan(&r, 2, n);
		liar = (struct liar){n, 0};
		e = card_roll(r.b.card, r.roll.steps, r.roll.count, &r.b.why);
		card_close(&r.b.card);
		r.b.reader = own;
		plan(&r, 2, n);
		if (e == ERR_OK)
			assert_int_equal(r.roll.count, 0);
		well(&r, card_roll(r.b.card, r.roll.steps, r.roll.count, &r.b.why), "finishing", n);
		is_at(&r, 2, n);
	}
	free(image);
	card_bench_close(&r.b);
}

/* Every second place, then every place of what was left to do. */
static void
a_roll_torn_twice_is_finished(void **state)
{
	struct roll_bench r;
	struct card_roll_plan first;
	uint8_t *image, *half;
	size_t len, half_len;

	(void)state;
	open_made(&r);
	assert_int_equal(sim_card_image(r.b.chip, &image, &len, &r.b.why), ERR_OK);
	for (unsigned n = 2;; n += 3) {
		back_to(&r, image, len);
		plan(&r, 2, n);
		first = r.roll;
		if (!tear(&r, n, SIM_TEAR_WRITTEN))
			break;
		assert_int_equal(sim_card_image(r.b.chip, &half, &half_len, &r.b.why), ERR_OK);
		for (unsigned m = 1;; m += 2) {
			back_to(&r, half, half_len);
			present(&r, n * 1000 + m);
			r.roll = first;
			if (!tear(&r, m, m % 4 == 1 ? SIM_TEAR_WRITTEN : SIM_TEAR_UNWRITTEN))
				break;
			present(&r, n * 1000 + m);
			well(&r, card_roll(r.b.card, r.roll.steps, r.roll.count, &r.b.why), "finishing", n * 1000 + m);
			is_at(&r, 2, n * 1000 + m);
		}
		free(half);
	}
	free(image);
	card_bench_close(&r.b);
}

#define T(f) cmocka_unit_test(f)

int
main(void)
{
	static const char *const names[] = {"roll of EV1", "roll of EV2", "roll of EV3"};
	const struct CMUnitTest tests[] = {
		T(all_seven_keys_move_in_one_presentation),
		T(a_card_two_generations_behind_moves_to_the_newest_at_once),
		T(a_card_is_rolled_again_and_again),
		T(a_rolled_card_is_written_in_the_same_session),
		T(a_torn_roll_is_finished_by_its_intent),
		T(a_torn_roll_is_finished_by_a_station_without_the_intent),
		T(a_roll_torn_twice_is_finished),
		T(a_change_that_a_relay_made_up_is_never_believed),
		T(a_station_without_the_change_keys_can_move_nothing),
		T(a_station_without_the_admin_key_moves_keys_1_to_3),
		T(a_generation_that_the_station_does_not_hold_is_named),
		T(a_card_torn_early_still_works_where_the_new_generation_is_not_held),
		T(a_card_made_without_key_sets_is_rolled_key_by_key),
		T(a_key_whose_version_lies_is_tried_only_if_an_intent_names_it),
	};
	int failed = 0;

	for (kind = SIM_DESFIRE_EV1; kind <= SIM_DESFIRE_EV3; kind++)
		failed += cmocka_run_group_tests_name(names[kind], tests, NULL, NULL);
	return failed;
}
