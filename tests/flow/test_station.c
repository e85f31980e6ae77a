/* The club folder: made whole or not at all, and a page that can always be made anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/flow/artwork.h"
#include "station/flow/doctor.h"
#include "station/flow/settings.h"
#include "station/store/card.h"
#include "station/store/view.h"
#include "tests/support/club_fixture.h"

#define PAID INT64_C(500000)

struct place {
	char folder[200];
	char root[256];
	char view[300];
};

static void
place_at(struct place *p, const char *name)
{
	club_fixture_place(name, p->folder, sizeof(p->folder));
	(void)snprintf(p->root, sizeof(p->root), "%s.root", p->folder);
	(void)snprintf(p->view, sizeof(p->view), "%s/" STATION_VIEW, p->folder);
	folder_remove(p->folder);
	(void)unlink(p->root);
}

static int64_t
page_balance(const struct place *p, const struct store_card *card)
{
	struct view_card shown;
	struct view *v;
	struct why w;

	assert_int_equal(view_open_read(p->view, &v, &w), ERR_OK);
	assert_int_equal(view_lookup(v, card->token_hash, &shown, &w), ERR_OK);
	view_close(&v);
	assert_true(shown.open);
	return shown.balance;
}

static void
a_lost_page_is_made_anew_from_the_book(void **state)
{
	struct club_fixture f;
	struct store_card card;
	struct place p;

	(void)state;
	place_at(&p, "station-page");
	club_fixture_open(&f, "station-page");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	assert_int_equal(store_card_by_number(f.station->store, f.result.card_number, &card, &f.why),
	    ERR_OK);
	station_close(&f.station);
	assert_int_equal(page_balance(&p, &card), PAID);
	assert_int_equal(unlink(p.view), 0);
	assert_int_equal(station_open(f.folder, STATION_KEYS, NULL, NULL, &f.station, &f.why), ERR_OK);
	station_close(&f.station);
	assert_int_equal(page_balance(&p, &card), PAID);
	club_fixture_close(&f);
}

static void
a_real_club_keeps_its_root_outside_and_wants_its_passphrase(void **state)
{
	struct init_options o = {.designs_from = "printer/designs", .real = true,
	    .club_name = "باشگاه سپیده", .host = "club.sepideh.ir", .pass = "four words for safe", .root_pass = "four words for root"};
	char inside[300];
	struct station *s;
	struct place p;
	struct why w;

	(void)state;
	place_at(&p, "station-real");
	o.folder = p.folder;
	o.root_path = p.root;
	assert_int_equal(station_init(&o, &w), ERR_OK);
	assert_int_equal(access(p.root, F_OK), 0);
	(void)snprintf(inside, sizeof(inside), "%s/" STATION_ROOT, p.folder);
	assert_int_not_equal(access(inside, F_OK), 0);
	assert_int_equal(station_open(p.folder, STATION_KEYS, NULL, NULL, &s, &w), ERR_PASSPHRASE);
	assert_null(s);
	folder_remove(p.folder);
	(void)unlink(p.root);
}

static void
a_real_club_that_could_not_be_made_leaves_no_root_behind(void **state)
{
	struct init_options o = {.designs_from = "/nowhere/designs", .real = true,
	    .club_name = "باشگاه سپیده", .host = "club.sepideh.ir", .pass = "four words for safe", .root_pass = "four words for root"};
	struct place p;
	struct why w;

	(void)state;
	place_at(&p, "station-cut");
	o.folder = p.folder;
	o.root_path = p.root;
	assert_int_equal(station_init(&o, &w), ERR_MISSING);
	assert_int_not_equal(access(p.root, F_OK), 0);
	assert_int_not_equal(access(p.folder, F_OK), 0);
	o.designs_from = "printer/designs";
	assert_int_equal(station_init(&o, &w), ERR_OK);
	/* a root that was there before stays, whatever fails */
	folder_remove(p.folder);
	assert_int_equal(station_init(&o, &w), ERR_DUPLICATE);
	assert_int_equal(access(p.root, F_OK), 0);
	(void)unlink(p.root);
}

static void
a_real_club_must_be_given_its_name_and_host(void **state)
{
	struct init_options o = {.designs_from = "printer/designs", .real = true,
	    .pass = "four words for safe", .root_pass = "four words for root"};
	struct place p;
	struct why w;

	(void)state;
	place_at(&p, "station-nameless");
	o.folder = p.folder;
	o.root_path = p.root;
	o.host = "club.sepideh.ir";
	assert_int_equal(station_init(&o, &w), ERR_USAGE);
	o.host = NULL;
	o.club_name = "باشگاه سپیده";
	assert_int_equal(station_init(&o, &w), ERR_USAGE);
	assert_int_equal(w.id, MSG_REAL_CLUB_NEEDS);
	assert_int_equal(access(p.folder, F_OK), -1);
	assert_int_equal(access(p.root, F_OK), -1);
}

static void
a_root_inside_the_club_folder_is_refused(void **state)
{
	struct init_options o = {.designs_from = "printer/designs", .real = true,
	    .club_name = "باشگاه سپیده", .host = "club.sepideh.ir", .pass = "four words for safe", .root_pass = "four words for root"};
	struct place p;
	struct why w;

	(void)state;
	place_at(&p, "station-inside");
	o.folder = p.folder;
	assert_int_equal(folder_make(p.folder, 0755, &w), ERR_OK);
	(void)snprintf(p.root, sizeof(p.root), "%s/root.safe", p.folder);
	o.root_path = p.root;
	assert_int_equal(station_init(&o, &w), ERR_USAGE);
	assert_int_equal(w.id, MSG_REAL_CLUB_NEEDS);
	assert_int_not_equal(access(p.root, F_OK), 0);
	folder_remove(p.folder);
}

/* --- prints */

static void
set_state(struct club_fixture *f, uint64_t number, enum store_card_state state)
{
	struct store_card card;

	assert_int_equal(store_card_by_number(f->station->store, number, &card, &f->why), ERR_OK);
	card.state = state;
	assert_int_equal(store_begin(f->station->store, &f->why), ERR_OK);
	assert_int_equal(store_card_update(f->station->store, &card, &f->why), ERR_OK);
	assert_int_equal(store_commit(f->station->store, &f->why), ERR_OK);
}

static enum err
print(struct club_fixture *f, uint64_t number)
{
	struct artwork_report report;
	struct artwork_request rq = {.card = number, .timeout_ms = 10000};
	char queue[300];

	(void)snprintf(queue, sizeof(queue), "file:%s/" STATION_PRINTS, f->folder);
	rq.printer = queue;
	return station_print_card(f->station, &rq, &report, &f->why);
}

static void
only_cards_done_and_in_service_are_printed(void **state)
{
	struct club_fixture f;
	uint64_t number;
	bool printed;

	(void)state;
	club_fixture_open(&f, "station-print");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	number = f.result.card_number;
	set_state(&f, number, STORE_CARD_ISSUING);
	assert_int_equal(print(&f, number), ERR_IN_DOUBT);
	set_state(&f, number, STORE_CARD_BLOCKED);
	assert_int_equal(print(&f, number), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_CARD_BLOCKED);
	set_state(&f, number, STORE_CARD_CLOSED);
	assert_int_equal(print(&f, number), ERR_REFUSED);
	set_state(&f, number, STORE_CARD_ACTIVE);
	assert_int_equal(station_was_printed(f.station, number, &printed, &f.why), ERR_OK);
	assert_false(printed);
	assert_int_equal(print(&f, number), ERR_OK);
	assert_int_equal(station_was_printed(f.station, number, &printed, &f.why), ERR_OK);
	assert_true(printed);
	assert_int_equal(station_was_printed(f.station, number + 1, &printed, &f.why), ERR_OK);
	assert_false(printed);
	club_fixture_close(&f);
}

static enum err
write_host(struct club_fixture *f, const char *host)
{
	struct station_settings set = f->station->set;
	enum err e;

	(void)snprintf(set.host, sizeof(set.host), "%s", host);
	assert_int_equal(store_begin(f->station->store, &f->why), ERR_OK);
	e = settings_write(f->station->store, &set, &f->why);
	if (e == ERR_OK)
		e = store_commit(f->station->store, &f->why);
	store_rollback(f->station->store);
	return e;
}

static void
the_host_on_the_cards_is_fixed_by_the_first_print(void **state)
{
	struct club_fixture f;

	(void)state;
	club_fixture_open(&f, "station-host");
	assert_int_equal(write_host(&f, "OTHER.EXAMPLE"), ERR_OK);
	assert_int_equal(write_host(&f, "CLUB.EXAMPLE"), ERR_OK);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	assert_int_equal(print(&f, f.result.card_number), ERR_OK);
	assert_int_equal(write_host(&f, "OTHER.EXAMPLE"), ERR_REFUSED);
	assert_int_equal(f.why.id, MSG_HOST_LOCKED);
	assert_int_equal(write_host(&f, "CLUB.EXAMPLE"), ERR_OK);
	club_fixture_close(&f);
}

/* --- doctor */

static int64_t shift_ms;

static int64_t
shifted_clock(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + shift_ms;
}

static void
take_clock(void *ctx, const struct finding *f)
{
	if (f->about == MSG_DOCTOR_CLOCK)
		*(struct finding *)ctx = *f;
}

static void
a_clock_behind_the_book_is_named(void **state)
{
	struct club_fixture f;
	struct finding clock = {0};

	(void)state;
	club_fixture_open(&f, "station-clock");
	(void)station_examine(f.folder, NULL, NULL, take_clock, &clock, &f.why);
	assert_true(clock.good);
	shift_ms = -3600000;
	clock_set_source(shifted_clock);
	assert_int_equal(station_examine(f.folder, NULL, NULL, take_clock, &clock, &f.why), ERR_CLOCK);
	clock_set_source(NULL);
	assert_false(clock.good);
	assert_int_equal(clock.why.id, MSG_CLOCK_BEHIND_BOOK);
	club_fixture_close(&f);
}

static void
take_page(void *ctx, const struct finding *f)
{
	if (f->about == MSG_DOCTOR_PAGE)
		*(struct finding *)ctx = *f;
}

static void
a_damaged_page_is_named_and_may_be_removed(void **state)
{
	struct club_fixture f;
	struct finding page = {0};
	struct place p;

	(void)state;
	place_at(&p, "station-garbage");
	club_fixture_open(&f, "station-garbage");
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	assert_int_equal(file_write(p.view, "garbage garbage", 15, 0640, &f.why), ERR_OK);
	assert_int_equal(station_examine(f.folder, NULL, NULL, take_page, &page, &f.why), ERR_DB_DAMAGED);
	assert_int_equal(page.why.id, MSG_PAGE_DAMAGED);
	assert_int_equal(unlink(p.view), 0);
	(void)station_examine(f.folder, NULL, NULL, take_page, &page, &f.why);
	assert_true(page.good);
	club_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lost_page_is_made_anew_from_the_book),
		cmocka_unit_test(a_real_club_keeps_its_root_outside_and_wants_its_passphrase),
		cmocka_unit_test(a_real_club_that_could_not_be_made_leaves_no_root_behind),
		cmocka_unit_test(a_real_club_must_be_given_its_name_and_host),
		cmocka_unit_test(a_root_inside_the_club_folder_is_refused),
		cmocka_unit_test(only_cards_done_and_in_service_are_printed),
		cmocka_unit_test(the_host_on_the_cards_is_fixed_by_the_first_print),
		cmocka_unit_test(a_clock_behind_the_book_is_named),
		cmocka_unit_test(a_damaged_page_is_named_and_may_be_removed),
	};

	return cmocka_run_group_tests_name("flow/station", tests, NULL, NULL);
}
