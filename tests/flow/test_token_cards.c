/*
 * Cards at a station whose keys are in a token: the token pulled out at every single use of a key, and the
 * signatures of a token without Ed25519, which nobody can make twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "station/club/ledger.h"
#include "station/flow/generation.h"
#include "station/flow/settings.h"
#include "station/store/intent.h"
#include "tests/support/club_fixture.h"
#include "tests/support/token_shim.h"

#define PAID INT64_C(500000)

static struct token_shim *shim;
static struct club_fixture f;

static void
open_on(const char *store, const char *name)
{
	assert_int_equal(setenv("BASHGAH_TEST_STORE", store, 1), 0);
	club_fixture_open(&f, name);
	shim = token_shim();
}

static int64_t
cash(void)
{
	const struct ledger_account a = {ACCOUNT_CASH, 0, UNIT_IRR};
	int64_t sum;

	assert_int_equal(store_balance(f.station->store, &a, &sum, &f.why), ERR_OK);
	return sum;
}

static void
nothing_is_open(void)
{
	struct store_health h;

	assert_int_equal(store_check(f.station->store, &h, &f.why), ERR_OK);
	assert_int_equal(h.open_intents, 0);
}

/* The act met the empty socket: it says so and promised nothing, or the card is in doubt. */
static void
met_no_token(enum err e)
{
	if (e != ERR_IN_DOUBT) {
		assert_int_equal(e, ERR_MISSING);
		assert_int_equal(f.why.id, MSG_TOKEN_GONE);
	}
}

static void
put_token_back(void)
{
	shim->out = false;
	shim->signs_left = -1;
}

static void
a_token_pulled_at_any_use_of_an_issue_costs_no_card(void **state)
{
	int uses = 0;
	enum err e = ERR_MISSING;

	(void)state;
	open_on("token", "token-issue");
	for (; e != ERR_OK; uses++) {
		club_fixture_new_card(&f);
		shim->signs_left = uses;
		e = club_fixture_issue(&f, NULL);
		if (e == ERR_OK)
			break;
		met_no_token(e);
		put_token_back();
		assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
		club_fixture_expect(&f, 0);
	}
	put_token_back();
	assert_true(uses > 5);		/* the card's keys and its record, at least */
	nothing_is_open();
	print_message("# issue: the token pulled at %d uses, 0 cards lost\n", uses);
	club_fixture_close(&f);
}

static void
a_token_pulled_at_any_use_of_a_load_costs_nobody_money(void **state)
{
	static const char *const stores[] = {"token", "p256"};
	int uses;
	enum err e;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		open_on(stores[i], "token-load");
		for (uses = 0, e = ERR_MISSING; e != ERR_OK; uses++) {
			int64_t before = cash();

			club_fixture_new_card(&f);
			assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
			shim->signs_left = uses;
			e = club_fixture_load(&f, PAID, NULL);
			put_token_back();
			if (e != ERR_OK) {
				met_no_token(e);
				assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
			}
			club_fixture_expect(&f, PAID);
			assert_int_equal(cash() - before, PAID);
		}
		assert_true(uses > 2);
		nothing_is_open();
		print_message("# load (%s): the token pulled at %d uses, 0 rial lost, 0 doubled\n", stores[i],
		    uses - 1);
		club_fixture_close(&f);
	}
}

/* A load whose card went at the n-th command with its intent open; false when it was not open yet. */
static bool
tear(unsigned nth, enum sim_tear way, struct store_intent *intent)
{
	struct store_intent *open = NULL;
	size_t count = 0;
	enum err e;

	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	sim_card_tear(f.chip, nth, way);
	e = club_fixture_load(&f, PAID, NULL);
	club_fixture_return_card(&f);
	if (e != ERR_IN_DOUBT)
		return false;
	assert_int_equal(store_intents_open_by_card(f.station->store, f.result.card_number, &open, &count,
	    &f.why), ERR_OK);
	assert_int_equal(count, 1);
	*intent = open[0];
	free(open);
	return true;
}

static void
what_was_signed_by_p256_is_written_again_never_signed_again(void **state)
{
	static const enum sim_tear ways[] = {SIM_TEAR_BEFORE, SIM_TEAR_UNWRITTEN, SIM_TEAR_WRITTEN};
	struct store_intent intent;
	unsigned commands, healed = 0, rewritten = 0;

	(void)state;
	open_on("p256", "token-again");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	commands = f.result.apdus;
	for (unsigned n = 1; n <= commands; n++)
		for (size_t i = 0; i < 3; i++) {
			if (!tear(n, ways[i], &intent))
				continue;
			assert_int_equal(club_fixture_show(&f), ERR_OK);
			assert_in_range(f.result.signer.algorithm, CERT_P256_EVEN, CERT_P256_ODD);
			assert_memory_equal(f.result.record_bytes, intent.r1, RECORD_LEN);
			healed++;
			rewritten += f.result.heal.outcome == HEAL_WRITTEN;
			club_fixture_expect(&f, PAID);
		}
	assert_true(healed > rewritten && rewritten > 0);
	nothing_is_open();
	print_message("# load: %u cards healed, %u of them written again\n", healed, rewritten);
	club_fixture_close(&f);
}

/* The card is of the generation before, as `old`, the store of that time, makes it. */
static void
new_due_card(struct safe *old)
{
	struct safe *now = f.station->safe;

	club_fixture_new_card(&f);
	f.station->safe = old;
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	f.station->safe = now;
}

static void
a_token_pulled_at_any_use_of_a_roll_costs_no_card(void **state)
{
	char path[300];
	struct safe *old;
	uint16_t generation;
	int uses = 0;

	(void)state;
	open_on("token", "token-roll");
	(void)snprintf(path, sizeof(path), "%s/" STATION_SAFE, f.folder);
	assert_int_equal(safe_open(path, SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1, &old,
	    &f.why), ERR_OK);
	assert_int_equal(station_next_generation(f.station, NULL, NULL, &generation, &f.why), ERR_OK);
	for (;; uses++) {
		enum err e;

		new_due_card(old);
		shim->signs_left = uses;
		e = club_fixture_show(&f);
		put_token_back();
		if (e == ERR_OK && f.result.roll.outcome == ROLL_DONE)
			break;
		/* what was asked is done, or never was; its keys come next time */
		if (e != ERR_OK)
			met_no_token(e);
		assert_int_equal(club_fixture_show(&f), ERR_OK);
		assert_false(f.result.roll.due);
		assert_int_equal(f.result.record.key_epoch, generation);
		club_fixture_expect(&f, 0);
	}
	assert_true(uses > 5);
	nothing_is_open();
	print_message("# roll: the token pulled at %d uses, 0 cards lost\n", uses);
	safe_close(&old);
	club_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_pulled_at_any_use_of_an_issue_costs_no_card),
	    cmocka_unit_test(a_token_pulled_at_any_use_of_a_load_costs_nobody_money),
	    cmocka_unit_test(a_token_pulled_at_any_use_of_a_roll_costs_no_card),
	    cmocka_unit_test(what_was_signed_by_p256_is_written_again_never_signed_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
