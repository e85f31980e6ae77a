/*
 * A card gets a new address, and is pulled at every single command of it: at no moment are the paper in the
 * customer's hand and the chip both dead, and the next tap ends with the new address on the chip.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cardapps/layout/desfire.h"
#include "station/base/bytes.h"
#include "station/flow/token.h"
#include "station/store/intent.h"
#include "station/store/print.h"
#include "tests/support/books.h"
#include "tests/support/club_fixture.h"

#define PAID INT64_C(500000)

static enum sim_kind kind;

static const enum sim_tear ways[] = {SIM_TEAR_BEFORE, SIM_TEAR_UNWRITTEN, SIM_TEAR_WRITTEN};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static enum err
relink(struct club_fixture *f, struct reader *reader, uint64_t card, const char *request)
{
	struct flow_request rq = {.flow = FLOW_RELINK, .reader = reader, .card_number = card};

	(void)snprintf(rq.request, sizeof(rq.request), "%s", request);
	memset(&f->why, 0, sizeof(f->why));
	return flow_run(f->station, &rq, &f->result, &f->why);
}

static void
url_of(struct club_fixture *f, uint64_t card, char url[STORE_URL_CAP])
{
	assert_int_equal(store_card_url(f->station->store, card, url, &f->why), ERR_OK);
}

/* Does the customer's page open for this address? */
static bool
is_live(struct club_fixture *f, const char *url)
{
	uint8_t token[TOKEN_LEN], hash[32];
	struct view_card c;

	if (token_scan(f->station->set.host, url, token, NULL) != ERR_OK)
		return false;
	token_hash(token, hash);
	assert_int_equal(station_refresh_view(f->station, &f->why), ERR_OK);
	return view_lookup(f->station->view, hash, &c, NULL) == ERR_OK && c.open;
}

/* What a phone finds on the chip; "" for what is no address. */
static void
phone_reads(struct club_fixture *f, char url[STORE_URL_CAP])
{
	const uint8_t whole[7] = {DF_FILE_NDEF, 0, 0, 0, 0x80, 0, 0};
	struct ev1 wire;
	size_t len;

	memset(&wire, 0, sizeof(wire));
	wire.reader = f->reader;
	assert_int_equal(reader_connect(f->reader, 1000, &f->why), ERR_OK);
	assert_int_equal(ev1_select(&wire, df_ndef_aid, &f->why), ERR_OK);
	assert_int_equal(ev1_command(&wire, DF_READ_DATA, EV1_PLAIN, whole, sizeof(whole), &f->why), ERR_OK);
	len = wire.answer_len > 6 ? wire.answer[4] : 0;
	url[0] = '\0';
	if (len > 1 && len < STORE_URL_CAP - 10 && len + 6 <= wire.answer_len)
		(void)snprintf(url, STORE_URL_CAP, "https://%.*s", (int)len - 1,
		    (const char *)wire.answer + 7);
	ev1_forget(&wire);
	reader_disconnect(f->reader);
}

static uint64_t
issued(struct club_fixture *f)
{
	club_fixture_new_card_of(f, kind);
	assert_int_equal(club_fixture_issue(f, NULL), ERR_OK);
	return f->result.card_number;
}

static void
leads_to(struct club_fixture *f, uint64_t card, const char *old)
{
	char now[STORE_URL_CAP], chip[STORE_URL_CAP];

	url_of(f, card, now);
	phone_reads(f, chip);
	assert_string_not_equal(now, old);
	assert_string_equal(chip, now);
	assert_true(is_live(f, now));
	assert_false(is_live(f, old));
}

static void
survives(struct club_fixture *f, unsigned nth, enum sim_tear way)
{
	char old[STORE_URL_CAP], chip[STORE_URL_CAP];
	uint64_t card = issued(f);
	enum err e;

	url_of(f, card, old);
	assert_true(is_live(f, old));
	sim_card_tear(f->chip, nth, way);
	e = relink(f, f->reader, card, "");
	assert_true(e == ERR_IN_DOUBT || e == ERR_CARD_GONE);
	club_fixture_return_card(f);
	sim_card_tear(f->chip, 0, SIM_TEAR_NONE);
	phone_reads(f, chip);
	assert_true(is_live(f, old) || is_live(f, chip));
	assert_int_equal(relink(f, f->reader, card, ""), ERR_OK);
	assert_int_equal(f->result.by_heal, e == ERR_IN_DOUBT);
	leads_to(f, card, old);
	club_fixture_expect(f, 0);
}

static void
paper_or_chip_lives_at_a_pull_at_every_command(void **state)
{
	struct club_fixture f;
	unsigned commands;
	uint64_t card;

	kind = *(const enum sim_kind *)*state;
	club_fixture_open(&f, "relink-tear");
	card = issued(&f);
	assert_int_equal(relink(&f, f.reader, card, ""), ERR_OK);
	commands = f.result.apdus;
	for (unsigned n = 1; n <= commands; n++)
		for (size_t i = 0; i < WAYS; i++)
			survives(&f, n, ways[i]);
	books_sound(&f, 0);
	print_message("# relink: %u commands, %zu pulls, 0 cards dead\n", commands, commands * WAYS);
	club_fixture_close(&f);
}

static void
the_money_on_the_card_stays_where_it_is(void **state)
{
	struct club_fixture f;
	char old[STORE_URL_CAP];
	uint64_t card;

	kind = *(const enum sim_kind *)*state;
	club_fixture_open(&f, "relink-money");
	card = issued(&f);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	url_of(&f, card, old);
	assert_int_equal(relink(&f, f.reader, card, "r-1"), ERR_OK);
	leads_to(&f, card, old);
	club_fixture_expect(&f, PAID);
	url_of(&f, card, old);
	assert_int_equal(relink(&f, f.reader, card, "r-1"), ERR_OK);
	assert_true(f.result.repeated);
	assert_true(is_live(&f, old));
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	club_fixture_expect(&f, 2 * PAID);
	books_sound(&f, 0);
	club_fixture_close(&f);
}

static void
a_card_without_a_chip_changes_in_the_book(void **state)
{
	struct flow_request rq = {.flow = FLOW_ISSUE};
	struct club_fixture f;
	char old[STORE_URL_CAP], now[STORE_URL_CAP];
	uint64_t card;

	(void)state;
	club_fixture_open(&f, "relink-paper");
	rq.member = f.member;
	assert_int_equal(flow_run(f.station, &rq, &f.result, &f.why), ERR_OK);
	card = f.result.card_number;
	url_of(&f, card, old);
	assert_int_equal(relink(&f, NULL, card, ""), ERR_OK);
	url_of(&f, card, now);
	assert_string_not_equal(now, old);
	assert_true(is_live(&f, now));
	assert_false(is_live(&f, old));
	books_sound(&f, 0);
	club_fixture_close(&f);
}

static void
a_card_whose_old_paper_may_still_come_out_is_refused(void **state)
{
	struct store_print p = {.design = "default", .lang = "fa", .queue = "card", .planned_ms = 1};
	struct club_fixture f;
	char old[STORE_URL_CAP], now[STORE_URL_CAP];

	(void)state;
	kind = SIM_DESFIRE_EV1;
	club_fixture_open(&f, "relink-open");
	p.card = issued(&f);
	url_of(&f, p.card, old);
	assert_int_equal(store_begin(f.station->store, &f.why), ERR_OK);
	assert_int_equal(store_print_plan(f.station->store, &p, &f.why), ERR_OK);
	assert_int_equal(store_commit(f.station->store, &f.why), ERR_OK);
	assert_int_equal(relink(&f, f.reader, p.card, ""), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_RELINK_PRINT_OPEN);
	url_of(&f, p.card, now);
	assert_string_equal(now, old);
	assert_true(is_live(&f, old));
	club_fixture_close(&f);
}

static void
what_a_scanner_types_is_read_in_any_case_and_script_of_digits(void **state)
{
	static const struct {
		const char *typed;
		enum err e;
	} cases[] = {
		{"https://CLUB.EXAMPLE/C/ABCDEFGHIJKLMNOPQRSTUVWX24", ERR_OK},
		{"HTTPS://CLUB.EXAMPLE/C/ABCDEFGHIJKLMNOPQRSTUVWX24", ERR_OK},
		{"https://club.example/c/abcdefghijklmnopqrstuvwx24\n", ERR_OK},
		{"https://club.example/c/abcdefghijklmnopqrstuvwx۲۴", ERR_OK},
		{"abcdefghijklmnopqrstuvwx٢٤", ERR_OK},
		{"https://OTHER.EXAMPLE/C/ABCDEFGHIJKLMNOPQRSTUVWX24", ERR_REFUSED},
		{"https://CLUB.EXAMPLE.ORG/C/ABCDEFGHIJKLMNOPQRSTUVWX24", ERR_REFUSED},
		{"https://CLUB.EXAMPLE/C/ABCDEFGHIJKLMNOPQRSTUVWX25", ERR_FORMAT},
		{"https://CLUB.EXAMPLE/C/ABCDEFGHIJKLMNOPQRSTUVWX244", ERR_FORMAT},
		{"https://CLUB.EXAMPLE/C/ABCDEFGHIJKLMNOPQRSTUVWX2", ERR_FORMAT},
		{"https://CLUB.EXAMPLE/C/ABCDEFGHIJKLMNOPQRSTUVW180", ERR_FORMAT},
		{"اففحس://ClUB", ERR_FORMAT},
		{"", ERR_FORMAT},
	};
	uint8_t first[TOKEN_LEN], token[TOKEN_LEN];

	(void)state;
	assert_int_equal(token_scan("CLUB.EXAMPLE", cases[0].typed, first, NULL), ERR_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(token_scan("CLUB.EXAMPLE", cases[i].typed, token, NULL), cases[i].e);
		if (cases[i].e == ERR_OK)
			assert_memory_equal(token, first, sizeof(first));
	}
}

/* The same sentence of each chip: its state says which. */
#define OF_KIND(test, of) {#test "_of_" #of, test, NULL, NULL, &of}
static enum sim_kind ev1 = SIM_DESFIRE_EV1, ev2 = SIM_DESFIRE_EV2, ev3 = SIM_DESFIRE_EV3;

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OF_KIND(paper_or_chip_lives_at_a_pull_at_every_command, ev1),
		OF_KIND(paper_or_chip_lives_at_a_pull_at_every_command, ev2),
		OF_KIND(paper_or_chip_lives_at_a_pull_at_every_command, ev3),
		OF_KIND(the_money_on_the_card_stays_where_it_is, ev1),
		OF_KIND(the_money_on_the_card_stays_where_it_is, ev2),
		cmocka_unit_test(a_card_without_a_chip_changes_in_the_book),
		cmocka_unit_test(a_card_whose_old_paper_may_still_come_out_is_refused),
		cmocka_unit_test(what_a_scanner_types_is_read_in_any_case_and_script_of_digits),
	};

	return cmocka_run_group_tests_name("flow/relink", tests, NULL, NULL);
}
