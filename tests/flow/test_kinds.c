/*
 * Practice and real clubs take nothing from each other: each kind of paper, key, card and file of one, held out
 * to the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "keys/inside.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/base/secret.h"
#include "station/club/member.h"
#include "station/flow/backup.h"
#include "station/flow/gathering.h"
#include "station/flow/settings.h"
#include "tests/support/real_club.h"
#include "tests/support/stations.h"

#define PRACTICE SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1
#define REAL_PASS "a passphrase of a real club"
#define REAL REAL_PASS, sizeof(REAL_PASS) - 1

/* One club of each kind: a practice one of two stations, and a real one. */
struct kinds {
	struct stations practice;
	char folder[256], root[300], back[300];	/* of the real one; `back` is not there */
	struct station *real;
	struct root *real_root;
	struct share paper[2];			/* of the real one's card keys */
	struct sim_card *card;
};

static void
real_path(const struct kinds *k, const char *name, char out[STATION_PATH_CAP])
{
	(void)snprintf(out, STATION_PATH_CAP, "%s/%s", k->folder, name);
}

static enum err
open_real_station(struct kinds *k, struct why *w)
{
	char pass[] = REAL_PASS;

	return station_open(k->folder, STATION_KEYS, real_club_pass, pass, &k->real, w);
}

/* With card keys, proven shares of them, and a card. */
static void
open_real(struct kinds *k)
{
	const struct init_options o = {.folder = k->folder, .club_name = "باشگاه", .host = "SHOP.EXAMPLE",
	    .designs_from = "printer/designs", .real = true, .pass = REAL_PASS, .root_path = k->root,
	    .root_pass = REAL_PASS};
	struct flow_request issue = {.flow = FLOW_ISSUE};
	const struct member_form form = {.name = "رضا", .now_ms = clock_now_ms()};
	struct flow_result r;
	struct why w;

	club_fixture_place("kinds-real", k->folder, sizeof(k->folder));
	(void)snprintf(k->root, sizeof(k->root), "%s.root", k->folder);
	folder_remove(k->folder);
	(void)unlink(k->root);
	assert_int_equal(station_init(&o, &w), ERR_OK);
	real_club_ceremony(k->folder, REAL_PASS, 2, 2, k->paper);
	real_club_drill(k->folder, REAL_PASS, k->paper, 2);
	assert_int_equal(open_real_station(k, &w), ERR_OK);
	assert_int_equal(root_open(k->root, REAL, &k->real_root, &w), ERR_OK);
	assert_int_equal(store_begin(k->real->store, &w), ERR_OK);
	assert_int_equal(club_member_add(k->real->store, &form, &issue.member, &w), ERR_OK);
	assert_int_equal(store_commit(k->real->store, &w), ERR_OK);
	assert_int_equal(sim_desfire_new(NULL, NULL, &k->card, &w), ERR_OK);
	assert_int_equal(sim_reader_open(k->card, false, &issue.reader, &w), ERR_OK);
	assert_int_equal(flow_run(k->real, &issue, &r, &w), ERR_OK);
	reader_close(&issue.reader);
}

static struct kinds both;

static int
open_kinds(void **state)
{
	struct kinds *k = &both;

	*state = k;
	stations_open(&k->practice, "kinds-practice", ROLE_DESK);
	club_fixture_new_card(&k->practice.f);
	assert_int_equal(club_fixture_issue(&k->practice.f, NULL), ERR_OK);
	open_real(k);
	(void)snprintf(k->back, sizeof(k->back), "%.250s.back", k->folder);
	folder_remove(k->back);
	return 0;
}

static int
close_kinds(void **state)
{
	struct kinds *k = *state;

	root_close(&k->real_root);
	station_close(&k->real);
	sim_card_free(&k->card);
	WIPE(k->paper);
	folder_remove(k->folder);
	folder_remove(k->back);
	(void)unlink(k->root);
	stations_close(&k->practice);
	return 0;
}

typedef enum err (*crossing)(struct kinds *k, struct why *w);

static enum err
real_takes_practice_lists(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct lists_taken taken;

	stations_path(&k->practice, "lists.file", path);
	assert_int_equal(lists_export(k->practice.f.station, path, w), ERR_OK);
	return lists_import(k->real, path, &taken, w);
}

static enum err
practice_takes_real_lists(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct lists_taken taken;

	stations_path(&k->practice, "real.lists", path);
	assert_int_equal(lists_renew(k->real, w), ERR_OK);
	assert_int_equal(lists_export(k->real, path, w), ERR_OK);
	return lists_import(k->practice.f.station, path, &taken, w);
}

static enum err
real_certifies_practice(struct kinds *k, struct why *w)
{
	char request[STATION_PATH_CAP];
	const struct certify_options o = {.request = request, .root = k->real_root, .out = "/nowhere/x.cert"};
	struct cert c;

	stations_path(&k->practice, "second.request", request);
	return station_certify(k->real, &o, &c, w);
}

static enum err
practice_certifies_real(struct kinds *k, struct why *w)
{
	char request[STATION_PATH_CAP];
	struct root *root = stations_root(&k->practice);
	const struct certify_options o = {.request = request, .root = root, .out = "/nowhere/x.cert"};
	struct cert c;
	enum err e;

	stations_path(&k->practice, "real.request", request);
	assert_int_equal(station_request(k->real, ROLE_DESK, request, w), ERR_OK);
	e = station_certify(k->practice.f.station, &o, &c, w);
	root_close(&root);
	return e;
}

static enum err
practice_root_serves_real(struct kinds *k, struct why *w)
{
	char request[STATION_PATH_CAP];
	struct root *root = stations_root(&k->practice);
	const struct certify_options o = {.request = request, .root = root, .out = "/nowhere/x.cert"};
	struct cert c;
	enum err e;

	stations_path(&k->practice, "real.request", request);
	e = station_certify(k->real, &o, &c, w);
	root_close(&root);
	return e;
}

static enum err
practice_root_revokes_real(struct kinds *k, struct why *w)
{
	struct root *root = stations_root(&k->practice);
	const struct journal_head none = {0};
	uint32_t number;
	enum err e = lists_revoke(k->real, root, 1, LIST_LOST, &none, &number, w);

	root_close(&root);
	return e;
}

static enum err
real_installs_practice_certificate(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct cert c;

	stations_path(&k->practice, "second.cert", path);
	return station_install(k->real, path, &c, w);
}

static enum err
practice_installs_real_certificate(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct cert c;

	real_path(k, STATION_CERT, path);
	return station_install(k->practice.second.station, path, &c, w);
}

static enum err
real_takes_practice_keys(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP];

	stations_path(&k->practice, STATION_SAFE, path);
	return station_practice_keys(k->real, path, w);
}

static enum err
practice_takes_real_keys(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP];

	real_path(k, STATION_SAFE, path);
	return station_practice_keys(k->practice.second.station, path, w);
}

static enum err
practice_masters_go_into_the_real_safe(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct masters *m;
	uint32_t slots;
	enum err e;

	real_path(k, STATION_SAFE, path);
	assert_int_equal(masters_of_practice(k->practice.f.station->safe, 1, &slots, &m, w), ERR_OK);
	e = safe_import(path, REAL, m, 1u << KEY_READ, w);
	masters_close(&m);
	return e;
}

static enum err
real_masters_are_handed_over_as_practice(struct kinds *k, struct why *w)
{
	struct masters *m;
	uint32_t slots;

	return masters_of_practice(k->real->safe, 1, &slots, &m, w);
}

static enum err
show(struct station *s, struct sim_card *card, struct why *w)
{
	struct flow_request rq = {.flow = FLOW_SHOW};
	struct flow_result r;
	enum err e;

	assert_int_equal(sim_reader_open(card, false, &rq.reader, NULL), ERR_OK);
	e = flow_run(s, &rq, &r, w);
	reader_close(&rq.reader);
	return e;
}

static enum err
real_meets_a_practice_card(struct kinds *k, struct why *w)
{
	return show(k->real, k->practice.f.chip, w);
}

static enum err
practice_meets_a_real_card(struct kinds *k, struct why *w)
{
	return show(k->practice.f.station, k->card, w);
}

/* --- roots */

static enum err
real_root_serves_practice(struct kinds *k, struct why *w)
{
	char request[STATION_PATH_CAP];
	const struct certify_options o = {.request = request, .root = k->real_root, .out = "/nowhere/x.cert"};
	struct cert c;

	stations_path(&k->practice, "second.request", request);
	return station_certify(k->practice.f.station, &o, &c, w);
}

static enum err
real_root_revokes_practice(struct kinds *k, struct why *w)
{
	const struct journal_head none = {0};
	uint32_t number;

	return lists_revoke(k->practice.f.station, k->real_root, 2, LIST_LOST, &none, &number, w);
}

static enum err
real_root_opens_by_public_words(struct kinds *k, struct why *w)
{
	struct root *r = NULL;
	enum err e = root_open(k->root, PRACTICE, &r, w);

	root_close(&r);
	return e;
}

/* --- shares of card keys */

static enum err
type_share(struct station *s, const struct share *paper, struct why *w)
{
	struct gathering *g;
	enum err e;

	assert_int_equal(gathering_begin(s, &g, NULL), ERR_OK);
	e = real_club_type(g, paper, w);
	assert_int_equal(gathering_count(g), 0);
	gathering_close(&g);
	return e;
}

static enum err
real_is_typed_a_practice_share(struct kinds *k, struct why *w)
{
	struct share paper[2];
	struct masters *m;

	assert_int_equal(masters_random(k->practice.f.station->club, true, 1, 128, &m, w), ERR_OK);
	assert_int_equal(share_split(m, 2, 2, paper, w), ERR_OK);
	masters_close(&m);
	return type_share(k->real, &paper[0], w);
}

static enum err
practice_is_typed_a_real_share(struct kinds *k, struct why *w)
{
	return type_share(k->practice.f.station, &k->paper[0], w);
}

/* --- heads of journals */

static void
export_head(const struct kinds *k, struct station *s, const char *name, char path[STATION_PATH_CAP])
{
	struct head_paper h;

	stations_path(&k->practice, name, path);
	(void)unlink(path);
	assert_int_equal(station_head_export(s, path, &h, NULL), ERR_OK);
}

static enum err
real_is_audited_by_a_practice_head(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct audit_report r;

	export_head(k, k->practice.f.station, "practice.head", path);
	return station_audit(k->real, path, &r, w);
}

static enum err
practice_is_audited_by_a_real_head(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct audit_report r;

	export_head(k, k->real, "real.head", path);
	return station_audit(k->practice.f.station, path, &r, w);
}

/* --- backups */

/* One of each kind for all: their passphrases are slow on purpose. */
static void
back_up(const struct kinds *k, bool real, char path[STATION_PATH_CAP])
{
	struct station *s = real ? k->real : k->practice.f.station;
	struct backup_report r;

	stations_path(&k->practice, real ? "real.backup" : "practice.backup", path);
	if (access(path, F_OK) == 0)
		return;
	if (real)
		assert_int_equal(station_backup(s, path, REAL, &r, NULL), ERR_OK);
	else
		assert_int_equal(station_backup(s, path, PRACTICE, &r, NULL), ERR_OK);
}

static enum err
restore(const struct kinds *k, const struct restore_options *o, struct why *w)
{
	struct restore_report r;
	enum err e = station_restore(o, &r, w);

	assert_int_not_equal(access(k->back, F_OK), 0);
	return e;
}

static enum err
real_comes_back_by_a_practice_root(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP], root[STATION_PATH_CAP];
	const struct restore_options o = {.backup = path, .folder = k->back, .backup_pass = REAL_PASS,
	    .pass = REAL_PASS, .root = root, .root_pass = SAFE_PRACTICE_PASSPHRASE};

	stations_path(&k->practice, STATION_ROOT, root);
	back_up(k, true, path);
	return restore(k, &o, w);
}

static enum err
real_comes_back_with_a_practice_head(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP], head[STATION_PATH_CAP];
	const struct restore_options o = {.backup = path, .folder = k->back, .backup_pass = REAL_PASS,
	    .pass = REAL_PASS, .head = head};

	export_head(k, k->practice.f.station, "practice.head", head);
	back_up(k, true, path);
	return restore(k, &o, w);
}

static enum err
practice_comes_back_with_a_real_head(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP], head[STATION_PATH_CAP];
	const struct restore_options o = {.backup = path, .folder = k->back, .head = head};

	export_head(k, k->real, "real.head", head);
	back_up(k, false, path);
	return restore(k, &o, w);
}

static enum err
practice_comes_back_over_real(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP];
	const struct restore_options o = {.backup = path, .folder = k->folder};

	back_up(k, false, path);
	return restore(k, &o, w);
}

/* Byte 9 of a backup says which kind it is (keys/sealed_stream.h). */
static void
change_kind(const char *path)
{
	FILE *f = fopen(path, "r+b");
	int was;

	assert_non_null(f);
	assert_int_equal(fseek(f, 9, SEEK_SET), 0);
	was = fgetc(f);
	assert_int_equal(fseek(f, 9, SEEK_SET), 0);
	assert_int_equal(fputc(was ^ 1, f), was ^ 1);
	assert_int_equal(fclose(f), 0);
}

static enum err
a_real_backup_is_called_practice(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP];
	const struct restore_options o = {.backup = path, .folder = k->back, .backup_pass = REAL_PASS};

	back_up(k, true, path);
	change_kind(path);
	return restore(k, &o, w);
}

static enum err
a_practice_backup_is_called_real(struct kinds *k, struct why *w)
{
	char path[STATION_PATH_CAP];
	const struct restore_options o = {.backup = path, .folder = k->back,
	    .backup_pass = SAFE_PRACTICE_PASSPHRASE, .pass = REAL_PASS};

	back_up(k, false, path);
	change_kind(path);
	return restore(k, &o, w);
}

static const struct {
	const char *name;
	crossing cross;
	enum err e;
} crossings[] = {
	{"lists of practice to real", real_takes_practice_lists, ERR_REFUSED},
	{"lists of real to practice", practice_takes_real_lists, ERR_REFUSED},
	{"request of practice to real", real_certifies_practice, ERR_REFUSED},
	{"request of real to practice", practice_certifies_real, ERR_REFUSED},
	{"certificate of practice to real", real_installs_practice_certificate, ERR_SIGNATURE},
	{"certificate of real to practice", practice_installs_real_certificate, ERR_SIGNATURE},
	{"root of practice for real", practice_root_serves_real, ERR_REFUSED},
	{"root of real for practice", real_root_serves_practice, ERR_REFUSED},
	{"root of practice revokes real", practice_root_revokes_real, ERR_REFUSED},
	{"root of real revokes practice", real_root_revokes_practice, ERR_REFUSED},
	{"root of real by practice's words", real_root_opens_by_public_words, ERR_PASSPHRASE},
	{"keys of practice to real", real_takes_practice_keys, ERR_REFUSED},
	{"keys of real to practice", practice_takes_real_keys, ERR_REFUSED},
	{"masters of practice into real", practice_masters_go_into_the_real_safe, ERR_SAFE},
	{"masters of real out as practice", real_masters_are_handed_over_as_practice, ERR_REFUSED},
	{"share of practice to real", real_is_typed_a_practice_share, ERR_REFUSED},
	{"share of real to practice", practice_is_typed_a_real_share, ERR_REFUSED},
	{"head of practice for real", real_is_audited_by_a_practice_head, ERR_REFUSED},
	{"head of real for practice", practice_is_audited_by_a_real_head, ERR_REFUSED},
	{"head of practice, backup of real", real_comes_back_with_a_practice_head, ERR_REFUSED},
	{"head of real, backup of practice", practice_comes_back_with_a_real_head, ERR_REFUSED},
	{"root of practice, backup of real", real_comes_back_by_a_practice_root, ERR_REFUSED},
	{"backup of practice over real", practice_comes_back_over_real, ERR_DUPLICATE},
	{"card of practice at real", real_meets_a_practice_card, ERR_CARD_FOREIGN},
	{"card of real at practice", practice_meets_a_real_card, ERR_CARD_FOREIGN},
	{"backup of real called practice", a_real_backup_is_called_practice, ERR_PASSPHRASE},
	{"backup of practice called real", a_practice_backup_is_called_real, ERR_PASSPHRASE},
};

static void
practice_and_real_clubs_take_nothing_from_each_other(void **state)
{
	struct kinds *k = *state;

	for (size_t i = 0; i < sizeof(crossings) / sizeof(crossings[0]); i++) {
		struct why w = {0};
		enum err e = crossings[i].cross(k, &w);

		if (e != crossings[i].e)
			fail_msg("%s: %s (%s), not %s", crossings[i].name, err_name(e), msg_name(w.id),
			    err_name(crossings[i].e));
	}
}

/* --- whole files */

static void
exchange(const struct kinds *k, const char *name)
{
	char a[STATION_PATH_CAP], b[STATION_PATH_CAP], between[STATION_PATH_CAP];

	stations_path(&k->practice, name, a);
	real_path(k, name, b);
	real_path(k, "between", between);
	assert_int_equal(rename(a, between), 0);
	assert_int_equal(rename(b, a), 0);
	assert_int_equal(rename(between, b), 0);
}

static void
open_both(struct kinds *k)
{
	assert_int_equal(open_real_station(k, &k->practice.f.why), ERR_OK);
	assert_int_equal(station_open(k->practice.f.folder, STATION_KEYS, NULL, NULL, &k->practice.f.station,
	    &k->practice.f.why), ERR_OK);
}

/* In every set but the whole one: then it is the other club, wherever its folder lies. */
static void
no_file_of_one_kind_opens_a_folder_of_the_other(void **state)
{
	static const char *const sets[][3] = {
		{STATION_SAFE}, {STATION_CERT}, {STATION_ROOT_PUB}, {STATION_BOOK},
		{STATION_SAFE, STATION_CERT, STATION_ROOT_PUB}, {STATION_BOOK, STATION_ROOT_PUB, STATION_CERT},
	};
	char pass[] = REAL_PASS;
	struct station *s = NULL;
	struct why w = {0};
	struct kinds *k = *state;

	station_close(&k->practice.f.station);
	station_close(&k->real);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		for (size_t at = 0; at < 3 && sets[i][at] != NULL; at++)
			exchange(k, sets[i][at]);
		if (station_open(k->folder, STATION_KEYS, real_club_pass, pass, &s, &w) == ERR_OK)
			fail_msg("the real folder opens with practice's %s, set %zu", sets[i][0], i);
		if (station_open(k->practice.f.folder, STATION_KEYS, real_club_pass, pass, &s, &w) == ERR_OK)
			fail_msg("the practice folder opens with real's %s, set %zu", sets[i][0], i);
		for (size_t at = 0; at < 3 && sets[i][at] != NULL; at++)
			exchange(k, sets[i][at]);
	}
	open_both(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(practice_and_real_clubs_take_nothing_from_each_other),
		cmocka_unit_test(no_file_of_one_kind_opens_a_folder_of_the_other),
	};

	return cmocka_run_group_tests_name("flow/kinds", tests, open_kinds, close_kinds);
}
