/* Two stations of one club: whose cards count where, what a station that is trusted no more leaves behind, and lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "keys/head.h"
#include "keys/masters.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/club/member.h"
#include "station/flow/settings.h"
#include "station/flow/station_clock.h"
#include "station/store/journal.h"
#include "tests/support/books.h"
#include "tests/support/stations.h"

#define PAID INT64_C(500000)
#define MS_A_DAY INT64_C(86400000)
#define PRACTICE SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1

static int64_t shift_ms, base_ms;

static int64_t
shifted(void)
{
	return base_ms + shift_ms;
}

/* From now on it is `days` later than it was when the clock was first moved. */
static void
clock_days(int days)
{
	clock_set_source(NULL);
	if (base_ms == 0)
		base_ms = clock_now_ms();
	shift_ms = days * MS_A_DAY;
	clock_set_source(shifted);
}

static void
clock_back(void)
{
	clock_set_source(NULL);
	base_ms = 0;
}

static void
loaded_card(struct stations *s)
{
	club_fixture_new_card(&s->f);
	assert_int_equal(club_fixture_issue(&s->f, NULL), ERR_OK);
	assert_int_equal(club_fixture_load(&s->f, PAID, NULL), ERR_OK);
	stations_move_card(s);
}

struct counting {
	const char *kind;
	int n;
};

static bool
count_row(const struct journal_row *row, void *ctx)
{
	struct counting *c = ctx;

	c->n += strcmp(row->kind, c->kind) == 0;
	return true;
}

static int
count_rows(struct station *s, const char *kind)
{
	struct counting c = {kind, 0};

	assert_int_equal(store_journal_walk(s->store, 1, count_row, &c, NULL), ERR_OK);
	return c.n;
}

/* --- whose cards count where */

static void
a_card_of_one_station_is_shown_at_the_other_and_loaded_at_its_own(void **state)
{
	struct stations s;
	struct books before;

	(void)state;
	stations_open(&s, "stations-show", ROLE_DESK);
	loaded_card(&s);
	assert_int_equal(club_fixture_show(&s.second), ERR_OK);
	assert_int_equal(s.second.result.balance, PAID);
	assert_int_equal(s.second.result.trust, TRUST_FULL);
	assert_int_equal(s.second.result.signer.station, 1);
	assert_false(s.second.result.in_book);
	s.second.chip = s.f.chip;
	books_take(&s.second, &before);
	assert_int_equal(club_fixture_load(&s.second, PAID, NULL), ERR_NOT_FOUND);
	assert_int_equal(s.second.why.id, MSG_CARD_OF_STATION);
	assert_int_equal(s.second.why.arg[1].num, 1);
	books_same(&s.second, &before);
	books_free(&before);
	club_fixture_expect(&s.f, PAID);
	stations_close(&s);
}

static void
each_station_gives_numbers_nobody_else_has(void **state)
{
	struct stations s;
	struct flow_result first;
	const struct member_form form = {.name = "رضا", .now_ms = clock_now_ms()};

	(void)state;
	stations_open(&s, "stations-numbers", ROLE_ISSUER);
	assert_int_equal(s.second.station->cert.first_number, s.f.station->cert.number_count + 1);
	loaded_card(&s);
	first = s.f.result;
	assert_int_equal(store_begin(s.second.station->store, NULL), ERR_OK);
	assert_int_equal(club_member_add(s.second.station->store, &form, &s.second.member, NULL), ERR_OK);
	assert_int_equal(store_commit(s.second.station->store, NULL), ERR_OK);
	assert_int_equal(s.second.member, s.second.station->cert.first_number);
	club_fixture_new_card(&s.second);
	assert_int_equal(club_fixture_issue(&s.second, NULL), ERR_OK);
	assert_int_equal(club_fixture_load(&s.second, PAID, NULL), ERR_OK);
	assert_true(s.second.result.card_number / 10 - first.card_number / 10 >= s.f.station->cert.number_count - 1);
	club_fixture_expect(&s.second, PAID);
	stations_close(&s);
}

/* --- the hot list */

static void
a_hot_card_is_refused_at_both_stations_until_it_is_taken_off(void **state)
{
	struct stations s;
	uint64_t number;
	int64_t rows, now_rows;
	uint8_t hash[STORE_HASH_LEN];

	(void)state;
	stations_open(&s, "stations-hot", ROLE_DESK);
	loaded_card(&s);
	number = s.f.result.card_number;
	assert_int_equal(lists_hot_add(s.f.station, number, LIST_STOLEN, &s.f.why), ERR_OK);
	assert_int_equal(lists_hot_add(s.f.station, number, LIST_STOLEN, &s.f.why), ERR_DUPLICATE);
	assert_int_equal(club_fixture_show(&s.f), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_CARD_HOT);
	assert_true(s.f.result.has_record);
	assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_CARD_HOT);
	assert_int_equal(club_fixture_issue(&s.f, NULL), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_CARD_HOT);
	/* the other station knows only what it was brought */
	assert_int_equal(club_fixture_show(&s.second), ERR_OK);
	assert_int_equal(stations_bring_lists(&s, &s.f.why), ERR_OK);
	assert_int_equal(club_fixture_show(&s.second), ERR_REFUSED);
	assert_int_equal(s.second.why.id, MSG_CARD_HOT);
	assert_int_equal(lists_hot_add(s.second.station, number, LIST_LOST, &s.f.why), ERR_CERT);
	assert_int_equal(lists_hot_remove(s.f.station, number, &s.f.why), ERR_OK);
	assert_int_equal(lists_hot_remove(s.f.station, number, &s.f.why), ERR_NOT_FOUND);
	assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_OK);
	assert_int_equal(count_rows(s.f.station, "hot.add"), 1);
	assert_int_equal(count_rows(s.f.station, "hot.remove"), 1);
	assert_int_equal(store_journal_head(s.second.station->store, &rows, hash, NULL), ERR_OK);
	assert_int_equal(stations_bring_lists(&s, &s.f.why), ERR_OK);
	assert_int_equal(stations_bring_lists(&s, &s.f.why), ERR_OK);
	assert_int_equal(store_journal_head(s.second.station->store, &now_rows, hash, NULL), ERR_OK);
	assert_int_equal(now_rows, rows + 1);	/* the same list again is no act */
	assert_int_equal(club_fixture_show(&s.second), ERR_OK);
	stations_close(&s);
}

static void
an_older_list_or_another_of_the_same_number_is_refused(void **state)
{
	struct stations s;
	char old[STATION_PATH_CAP];
	struct lists_taken taken;

	(void)state;
	stations_open(&s, "stations-old-list", ROLE_ISSUER);
	stations_path(&s, "old.lists", old);
	assert_int_equal(lists_export(s.f.station, old, &s.f.why), ERR_OK);
	assert_int_equal(lists_renew(s.f.station, &s.f.why), ERR_OK);
	assert_int_equal(stations_bring_lists(&s, &s.f.why), ERR_OK);
	assert_int_equal(lists_import(s.second.station, old, &taken, &s.f.why), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_LIST_OLD);
	/* a second keeper makes another list of the same number */
	assert_int_equal(lists_hot_add(s.second.station, 12, LIST_LOST, &s.f.why), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_LIST_NOT_KEEPER);
	assert_int_equal(lists_keep(s.second.station, &s.f.why), ERR_OK);
	assert_int_equal(lists_hot_add(s.second.station, 12, LIST_LOST, &s.f.why), ERR_OK);
	assert_int_equal(lists_renew(s.f.station, &s.f.why), ERR_OK);
	assert_int_equal(stations_bring_lists(&s, &s.f.why), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_LIST_OLD);
	stations_close(&s);
}

static void
every_flipped_byte_of_a_lists_file_is_refused_and_changes_nothing(void **state)
{
	struct stations s;
	char path[STATION_PATH_CAP];
	uint8_t bytes[4096];
	size_t len;
	struct lists_taken taken;
	int rows;

	(void)state;
	stations_open(&s, "stations-flip", ROLE_DESK);
	assert_int_equal(lists_hot_add(s.f.station, 12, LIST_LOST, &s.f.why), ERR_OK);
	stations_path(&s, "lists.file", path);
	assert_int_equal(lists_export(s.f.station, path, &s.f.why), ERR_OK);
	assert_int_equal(file_read(path, bytes, sizeof(bytes), &len, NULL), ERR_OK);
	rows = count_rows(s.second.station, "list.import");
	assert_int_equal(store_begin(s.second.station->store, NULL), ERR_OK);
	for (size_t at = 0; at < len; at++) {
		bytes[at] ^= 0x41;
		assert_int_not_equal(lists_take(s.second.station, bytes, len, &taken, NULL), ERR_OK);
		bytes[at] ^= 0x41;
		assert_int_not_equal(lists_take(s.second.station, bytes, at, &taken, NULL), ERR_OK);
	}
	store_rollback(s.second.station->store);
	assert_int_equal(count_rows(s.second.station, "list.import"), rows);
	stations_close(&s);
}

static void
old_lists_stop_loads_but_not_reading_and_the_keeper_never_stops_itself(void **state)
{
	struct stations s;
	const struct member_form form = {.name = "رضا", .now_ms = clock_now_ms()};

	(void)state;
	stations_open(&s, "stations-horizon", ROLE_ISSUER);
	assert_int_equal(store_begin(s.second.station->store, NULL), ERR_OK);
	assert_int_equal(club_member_add(s.second.station->store, &form, &s.second.member, NULL), ERR_OK);
	assert_int_equal(store_commit(s.second.station->store, NULL), ERR_OK);
	club_fixture_new_card(&s.second);
	assert_int_equal(club_fixture_issue(&s.second, NULL), ERR_OK);
	loaded_card(&s);
	clock_days(7);
	assert_int_equal(station_clock_accept(s.f.station, 30, &s.f.why), ERR_OK);
	assert_int_equal(station_clock_accept(s.second.station, 30, &s.f.why), ERR_OK);
	assert_int_equal(lists_fresh(s.second.station, &s.f.why), ERR_OK);
	clock_days(8);
	assert_int_equal(lists_fresh(s.second.station, &s.f.why), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_LISTS_OLD);
	assert_int_equal(s.f.why.arg[0].num, 8);
	reader_close(&s.second.reader);
	assert_int_equal(sim_reader_open(s.second.chip, false, &s.second.reader, NULL), ERR_OK);
	assert_int_equal(club_fixture_load(&s.second, PAID, NULL), ERR_REFUSED);
	assert_int_equal(s.second.why.id, MSG_LISTS_OLD);
	assert_int_equal(club_fixture_show(&s.second), ERR_OK);
	/* a shop of one station, or the keeper of many, goes on by itself */
	assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_OK);
	assert_true(count_rows(s.f.station, "list.renew") >= 2);
	assert_int_equal(stations_bring_lists(&s, &s.f.why), ERR_OK);
	assert_int_equal(club_fixture_load(&s.second, PAID, NULL), ERR_OK);
	/* dated beyond tomorrow: somebody's clock is wrong */
	clock_days(5);
	assert_int_equal(lists_fresh(s.second.station, &s.f.why), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_LIST_FUTURE);
	clock_back();
	stations_close(&s);
}

/* --- revoked */

static void
a_revoked_station_begins_nothing_and_its_cards_count_by_their_number_alone(void **state)
{
	struct stations s;
	const struct member_form form = {.name = "رضا", .now_ms = clock_now_ms()};
	const struct journal_head none = {0};
	struct root *root;
	uint32_t number;

	(void)state;
	stations_open(&s, "stations-revoked", ROLE_ISSUER);
	assert_int_equal(store_begin(s.second.station->store, NULL), ERR_OK);
	assert_int_equal(club_member_add(s.second.station->store, &form, &s.second.member, NULL), ERR_OK);
	assert_int_equal(store_commit(s.second.station->store, NULL), ERR_OK);
	club_fixture_new_card(&s.second);
	assert_int_equal(club_fixture_issue(&s.second, NULL), ERR_OK);
	root = stations_root(&s);
	assert_int_equal(lists_revoke(s.f.station, root, 9, LIST_STOLEN, &none, &number, &s.f.why), ERR_NOT_FOUND);
	assert_int_equal(lists_revoke(s.f.station, root, 2, LIST_STOLEN, &none, &number, &s.f.why), ERR_OK);
	assert_int_equal(number, 1);
	assert_int_equal(lists_revoke(s.f.station, root, 2, LIST_STOLEN, &none, &number, &s.f.why), ERR_DUPLICATE);
	assert_int_equal(count_rows(s.f.station, "keys.revoke"), 1);
	root_close(&root);
	assert_int_equal(sim_reader_open(s.second.chip, false, &s.f.reader, NULL), ERR_OK);
	assert_int_equal(club_fixture_show(&s.f), ERR_OK);
	assert_int_equal(s.f.result.trust, TRUST_IDENTITY);
	assert_true(s.f.result.signer_revoked);
	assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_CARD_IDENTITY_ONLY);
	/* the station itself learns it with the lists */
	assert_int_equal(stations_bring_lists(&s, &s.f.why), ERR_OK);
	assert_int_equal(club_fixture_load(&s.second, PAID, NULL), ERR_CERT);
	assert_int_equal(s.second.why.id, MSG_STATION_REVOKED);
	assert_int_equal(lists_keep(s.second.station, &s.f.why), ERR_OK);
	assert_int_equal(lists_hot_add(s.second.station, 12, LIST_LOST, &s.f.why), ERR_CERT);
	assert_int_equal(s.f.why.id, MSG_STATION_REVOKED);
	stations_close(&s);
}

/* A thief holds the key of the station and signs any head with it: the row of this one is beyond every journal. */
static void
a_head_no_journal_can_reach_stops_nobody(void **state)
{
	struct head_paper h = {.seq = UINT64_MAX, .station = 2};
	struct journal_head none = {.seq = -1};
	uint8_t paper[HEAD_PAPER_LEN];
	struct stations s;
	struct root *root;
	uint32_t number;

	(void)state;
	stations_open(&s, "stations-head", ROLE_DESK);
	loaded_card(&s);
	assert_int_equal(head_paper_seal(&h, s.second.station->safe, s.second.station->cert_bytes, paper, NULL), ERR_OK);
	assert_int_equal(head_paper_open(paper, sizeof(paper), s.f.station->root_pub, true, &h, &s.f.why), ERR_FORMAT);
	assert_int_equal(s.f.why.id, MSG_HEAD_FORMAT);
	root = stations_root(&s);
	assert_int_equal(lists_revoke(s.f.station, root, 2, LIST_STOLEN, &none, &number, &s.f.why), ERR_ARG);
	assert_int_equal(club_fixture_show(&s.f), ERR_OK);
	none.seq = 0;
	assert_int_equal(lists_revoke(s.f.station, root, 2, LIST_STOLEN, &none, &number, &s.f.why), ERR_OK);
	root_close(&root);
	assert_int_equal(club_fixture_show(&s.f), ERR_OK);
	stations_close(&s);
}

/* A request by a key the register knows, for whatever station it says. */
static enum err
ask_as(struct stations *s, const struct safe *safe, uint32_t station, bool replace, struct cert *out)
{
	const struct document_pen pen = {.safe = safe};
	char request[STATION_PATH_CAP], cert[STATION_PATH_CAP];
	uint8_t body[44] = {0}, *paper;
	struct root *root = stations_root(s);
	const struct certify_options o = {.request = request, .root = root, .out = cert, .replace = replace};
	size_t len;
	enum err e;

	safe_public(safe, body);
	body[35] = (uint8_t)station;
	body[36] = ROLE_ISSUER;
	assert_int_equal(document_seal(DOCUMENT_REQUEST, &pen, body, sizeof(body), &paper, &len, NULL), ERR_OK);
	stations_path(s, "asked.request", request);
	stations_path(s, "asked.cert", cert);
	(void)unlink(cert);
	assert_int_equal(file_write(request, paper, len, 0600, NULL), ERR_OK);
	free(paper);
	e = station_certify(s->f.station, &o, out, &s->f.why);
	root_close(&root);
	return e;
}

static void
no_station_gets_the_number_of_another_unless_it_takes_its_place(void **state)
{
	struct stations s;
	struct cert c;

	(void)state;
	stations_open(&s, "stations-number", ROLE_DESK);
	assert_int_equal(ask_as(&s, s.second.station->safe, 1, false, &c), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_STATION_NUMBER_TAKEN);
	assert_int_equal(ask_as(&s, s.second.station->safe, 2, false, &c), ERR_OK);
	/* in the place of the first, which from now on is the one that must ask with leave */
	assert_int_equal(ask_as(&s, s.second.station->safe, 1, true, &c), ERR_OK);
	assert_int_equal(ask_as(&s, s.f.station->safe, 1, false, &c), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_STATION_NUMBER_TAKEN);
	assert_int_equal(ask_as(&s, s.second.station->safe, 1, false, &c), ERR_OK);
	stations_close(&s);
}

/* This station goes on with another key, as after a restored backup. */
static void
change_key(struct stations *s)
{
	const struct safe_info info = *safe_get_info(s->f.station->safe);
	char path[STATION_PATH_CAP], fresh[STATION_PATH_CAP], request[STATION_PATH_CAP], cert[STATION_PATH_CAP];
	uint8_t bytes[REQUEST_CAP];
	struct root *root = stations_root(s);
	const struct certify_options o = {.request = request, .root = root, .out = cert, .replace = true};
	struct masters *m;
	struct safe *safe;
	struct cert c;
	uint32_t slots;

	stations_path(s, STATION_SAFE, path);
	stations_path(s, "fresh.safe", fresh);
	stations_path(s, "fresh.request", request);
	stations_path(s, "fresh.cert", cert);
	assert_int_equal(safe_create(fresh, &info, 0, PRACTICE, &safe, &s->f.why), ERR_OK);
	assert_int_equal(masters_of_practice(s->f.station->safe, 1, &slots, &m, &s->f.why), ERR_OK);
	assert_int_equal(safe_import(fresh, PRACTICE, m, slots, &s->f.why), ERR_OK);
	masters_close(&m);
	assert_int_equal(request_seal(safe, ROLE_ISSUER, 1, bytes, NULL), ERR_OK);
	assert_int_equal(file_write(request, bytes, sizeof(bytes), 0600, NULL), ERR_OK);
	safe_close(&safe);
	assert_int_equal(station_certify(s->f.station, &o, &c, &s->f.why), ERR_OK);
	root_close(&root);
	station_close(&s->f.station);
	assert_int_equal(rename(fresh, path), 0);
	stations_path(s, STATION_CERT, path);
	assert_int_equal(rename(cert, path), 0);
	assert_int_equal(station_open(s->f.folder, STATION_KEYS, NULL, NULL, &s->f.station, &s->f.why), ERR_OK);
}

static enum err
resign(struct club_fixture *f, bool manager, const char *reason)
{
	struct flow_request rq = {.flow = FLOW_RESIGN, .reader = f->reader, .manager = manager};

	(void)snprintf(rq.reason, sizeof(rq.reason), "%s", reason);
	memset(&f->why, 0, sizeof(f->why));
	return flow_run(f->station, &rq, &f->result, &f->why);
}

static void
what_a_journal_holds_up_to_the_head_counts_and_a_manager_signs_the_rest_again(void **state)
{
	struct stations s;
	struct journal_head head;
	struct sim_card *early;
	struct root *root;
	uint32_t number;

	(void)state;
	stations_open(&s, "stations-resign", ROLE_DESK);
	loaded_card(&s);
	early = s.f.chip;
	s.f.chip = NULL;
	assert_int_equal(store_journal_head(s.f.station->store, &head.seq, head.hash, NULL), ERR_OK);
	loaded_card(&s);
	assert_int_equal(resign(&s.f, true, "nothing is wrong"), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_RESIGN_NOT_NEEDED);
	change_key(&s);
	club_fixture_expect(&s.f, PAID);
	root = stations_root(&s);
	assert_int_equal(lists_revoke(s.f.station, root, 1, LIST_STOLEN, &head, &number, &s.f.why), ERR_OK);
	root_close(&root);
	/* written after the head */
	assert_int_equal(club_fixture_show(&s.f), ERR_OK);
	assert_int_equal(s.f.result.trust, TRUST_IDENTITY);
	assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_CARD_IDENTITY_ONLY);
	assert_int_equal(resign(&s.f, false, "station stolen"), ERR_USAGE);
	assert_int_equal(resign(&s.f, true, ""), ERR_USAGE);
	assert_int_equal(resign(&s.f, true, "station stolen"), ERR_OK);
	assert_int_equal(s.f.result.record.operation, OP_RESIGN);
	club_fixture_expect(&s.f, PAID);
	assert_int_equal(s.f.result.trust, TRUST_FULL);
	assert_int_equal(count_rows(s.f.station, "resign.settle"), 1);
	assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_OK);
	/* written before it */
	reader_close(&s.f.reader);
	assert_int_equal(sim_reader_open(early, false, &s.f.reader, NULL), ERR_OK);
	assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_OK);
	club_fixture_expect(&s.f, 2 * PAID);
	books_sound(&s.f, 0);
	reader_close(&s.f.reader);
	sim_card_free(&early);
	stations_close(&s);
}

static void
a_resign_that_was_torn_is_finished_once(void **state)
{
	struct stations s;
	struct journal_head none = {0};
	struct root *root;
	uint32_t number;

	(void)state;
	stations_open(&s, "stations-torn", ROLE_DESK);
	loaded_card(&s);
	change_key(&s);
	root = stations_root(&s);
	assert_int_equal(lists_revoke(s.f.station, root, 1, LIST_STOLEN, &none, &number, &s.f.why), ERR_OK);
	root_close(&root);
	for (unsigned at = 10; at < 200; at++) {
		enum err e;

		sim_card_tear(s.f.chip, at, SIM_TEAR_BEFORE);
		e = resign(&s.f, true, "torn");
		if (e == ERR_OK)
			break;
		if (e != ERR_IN_DOUBT) {
			club_fixture_return_card(&s.f);
			continue;
		}
		club_fixture_return_card(&s.f);
		break;
	}
	assert_int_equal(club_fixture_show(&s.f), ERR_OK);
	club_fixture_expect(&s.f, PAID);
	assert_int_equal(s.f.result.trust, TRUST_FULL);
	assert_int_equal(count_rows(s.f.station, "resign.settle"), 1);
	stations_close(&s);
}

/* --- the clock */

/* Signed with the key of the second as of `day`, when its certificate held. */
static enum err
bring_hot_list_of(struct stations *s, uint32_t number, uint16_t day, const uint8_t cert[CERT_LEN])
{
	struct list empty = {.kind = LIST_HOT, .number = number, .dated = day * UINT32_C(1440)};
	const struct document_pen pen = {.safe = s->second.station->safe, .cert = cert};
	struct lists_taken taken;
	uint8_t *bytes;
	size_t len;
	enum err e;

	assert_int_equal(list_seal(&empty, &pen, &bytes, &len, NULL), ERR_OK);
	assert_int_equal(store_begin(s->f.station->store, NULL), ERR_OK);
	e = lists_take(s->f.station, bytes, len, &taken, &s->f.why);
	assert_int_equal(store_commit(s->f.station->store, NULL), ERR_OK);
	free(bytes);
	return e;
}

/* Its maker may write any date: a list dated back would empty the club's. */
static void
a_list_dated_back_by_a_station_whose_time_is_over_is_refused(void **state)
{
	struct stations s;
	uint8_t bytes[CERT_LEN];
	struct cert c;
	struct root *root;
	uint16_t day;

	(void)state;
	stations_open(&s, "stations-dated-back", ROLE_ISSUER);
	clock_days(0);
	assert_int_equal(lists_hot_add(s.f.station, 12, LIST_STOLEN, &s.f.why), ERR_OK);
	c = s.second.station->cert;
	day = c.valid_to = c.valid_from;
	root = stations_root(&s);
	assert_int_equal(root_certify(root, &c, bytes, NULL), ERR_OK);
	root_close(&root);
	clock_days(1);
	assert_int_equal(bring_hot_list_of(&s, 50, day, bytes), ERR_CERT);
	assert_int_equal(s.f.why.id, MSG_CERT_EXPIRED);
	assert_int_equal(lists_check_card(s.f.station, 12, &s.f.why), ERR_REFUSED);
	clock_days(0);
	assert_int_equal(bring_hot_list_of(&s, 50, day, bytes), ERR_OK);
	/* what was taken in its time stays */
	clock_days(1);
	assert_int_equal(bring_hot_list_of(&s, 50, day, bytes), ERR_OK);
	assert_int_equal(lists_check_card(s.f.station, 12, &s.f.why), ERR_OK);
	clock_back();
	stations_close(&s);
}

static void
a_clock_gone_back_or_leapt_ahead_asks_a_manager(void **state)
{
	static const struct {
		int days;
		enum msg id;
	} rows[] = {{-1, MSG_CLOCK_WENT_BACK}, {2, MSG_CLOCK_LEAPT}, {400, MSG_CLOCK_LEAPT}};
	struct stations s;
	struct books before;

	(void)state;
	stations_open(&s, "stations-clock", ROLE_DESK);
	loaded_card(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		clock_days(0);
		/* valid from the day the club was made: yesterday is before it */
		s.f.station->cert.valid_from -= 2;
		books_take(&s.f, &before);
		clock_days(rows[i].days);
		assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_CLOCK);
		assert_int_equal(s.f.why.id, rows[i].id);
		assert_int_equal(club_fixture_show(&s.f), ERR_OK);
		books_same(&s.f, &before);
		books_free(&before);
	}
	assert_int_equal(count_rows(s.f.station, "clock.accept"), 0);
	assert_int_equal(station_clock_accept(s.f.station, 0, &s.f.why), ERR_OK);
	assert_int_equal(count_rows(s.f.station, "clock.accept"), 1);
	assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_OK);
	clock_days(500);
	assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_CLOCK);
	assert_int_equal(station_clock_accept(s.f.station, 30, &s.f.why), ERR_OK);
	clock_days(520);
	assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_OK);
	clock_set_source(NULL);
	base_ms = 86400000;	/* 1970 */
	shift_ms = 0;
	clock_set_source(shifted);
	assert_int_equal(station_clock_accept(s.f.station, 0, &s.f.why), ERR_CLOCK);
	assert_int_equal(s.f.why.id, MSG_CLOCK_WRONG);
	clock_back();
	stations_close(&s);
}

static void
a_certificate_out_of_its_time_stops_acts_and_not_reading(void **state)
{
	struct stations s;

	(void)state;
	stations_open(&s, "stations-time", ROLE_DESK);
	loaded_card(&s);
	s.f.station->cert.valid_to = s.f.station->cert.valid_from;
	clock_days(1);
	assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_CERT);
	assert_int_equal(s.f.why.id, MSG_CERT_EXPIRED);
	assert_int_equal(club_fixture_show(&s.f), ERR_OK);
	clock_days(-1);
	assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_CERT);
	assert_int_equal(s.f.why.id, MSG_CERT_NOT_YET);
	clock_back();
	stations_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_of_one_station_is_shown_at_the_other_and_loaded_at_its_own),
		cmocka_unit_test(each_station_gives_numbers_nobody_else_has),
		cmocka_unit_test(a_hot_card_is_refused_at_both_stations_until_it_is_taken_off),
		cmocka_unit_test(an_older_list_or_another_of_the_same_number_is_refused),
		cmocka_unit_test(every_flipped_byte_of_a_lists_file_is_refused_and_changes_nothing),
		cmocka_unit_test(old_lists_stop_loads_but_not_reading_and_the_keeper_never_stops_itself),
		cmocka_unit_test(a_revoked_station_begins_nothing_and_its_cards_count_by_their_number_alone),
		cmocka_unit_test(no_station_gets_the_number_of_another_unless_it_takes_its_place),
		cmocka_unit_test(a_head_no_journal_can_reach_stops_nobody),
		cmocka_unit_test(what_a_journal_holds_up_to_the_head_counts_and_a_manager_signs_the_rest_again),
		cmocka_unit_test(a_resign_that_was_torn_is_finished_once),
		cmocka_unit_test(a_list_dated_back_by_a_station_whose_time_is_over_is_refused),
		cmocka_unit_test(a_clock_gone_back_or_leapt_ahead_asks_a_manager),
		cmocka_unit_test(a_certificate_out_of_its_time_stops_acts_and_not_reading),
	};

	return cmocka_run_group_tests_name("flow/stations", tests, NULL, NULL);
}
