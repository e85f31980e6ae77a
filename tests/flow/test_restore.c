/*
 * The worst day: the station is gone. It comes back from a backup as a new incarnation; what was done after the
 * backup stands on the cards alone, and not one rial of it is lost or doubled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keys/inside.h"
#include "keys/sealed.h"
#include "keys/sealed_stream.h"
#include "station/base/file.h"
#include "station/base/secret.h"
#include "station/club/ledger.h"
#include "station/club/member.h"
#include "station/flow/backup.h"
#include "station/flow/lists.h"
#include "station/flow/review.h"
#include "station/flow/settings.h"
#include "station/store/card.h"
#include "tests/support/books.h"
#include "tests/support/leaks.h"
#include "tests/support/stations.h"

#define T(rial) INT64_C(rial)
#define CARDS 3
#define PRACTICE SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1

/* The customers' cards live on while stations come and go. */
struct day {
	struct club_fixture f;
	struct sim_card *card[CARDS];
	uint64_t number[CARDS];
	char backup[300], head[400], back[300];
};

static void
lay(struct day *d, unsigned which)
{
	reader_close(&d->f.reader);
	assert_int_equal(sim_reader_open(d->card[which], false, &d->f.reader, &d->f.why), ERR_OK);
}

static void
issue(struct day *d, unsigned which)
{
	static const enum sim_kind kinds[CARDS] = {SIM_DESFIRE_EV1, SIM_DESFIRE_EV2, SIM_DESFIRE_EV3};

	assert_int_equal(sim_desfire_new_kind(kinds[which], NULL, NULL, &d->card[which], &d->f.why), ERR_OK);
	lay(d, which);
	assert_int_equal(club_fixture_issue(&d->f, NULL), ERR_OK);
	d->number[which] = d->f.result.card_number;
}

static void
load(struct day *d, unsigned which, int64_t rial)
{
	lay(d, which);
	assert_int_equal(club_fixture_load(&d->f, rial, NULL), ERR_OK);
}

static void
back_up(struct day *d)
{
	struct backup_report r;

	assert_int_equal(station_backup(d->f.station, d->backup, PRACTICE, &r, &d->f.why), ERR_OK);
	assert_true(r.bytes > 0);
	assert_int_equal(r.health.journal_rows, r.head.seq);
}

/* Two cards before the backup, more on both and a third card after it. */
static void
open_day(struct day *d, const char *name)
{
	struct head_paper h;

	memset(d, 0, sizeof(*d));
	club_fixture_open(&d->f, name);
	(void)snprintf(d->backup, sizeof(d->backup), "%s.backup", d->f.folder);
	(void)snprintf(d->head, sizeof(d->head), "%s.head", d->f.folder);
	(void)snprintf(d->back, sizeof(d->back), "%s.back", d->f.folder);
	(void)unlink(d->backup);
	(void)unlink(d->head);
	folder_remove(d->back);
	issue(d, 0);
	issue(d, 1);
	load(d, 0, T(500000));
	back_up(d);
	load(d, 0, T(200000));
	load(d, 1, T(300000));
	issue(d, 2);
	load(d, 2, T(100000));
	assert_int_equal(station_head_export(d->f.station, d->head, &h, &d->f.why), ERR_OK);
}

/* The old station's folder is gone for good; `head` may be NULL. */
static void
lose_and_restore(struct day *d, const char *head, struct restore_report *r)
{
	const struct restore_options o = {.backup = d->backup, .folder = d->back, .head = head};

	station_close(&d->f.station);
	folder_remove(d->f.folder);
	assert_int_equal(station_restore(&o, r, &d->f.why), ERR_OK);
	assert_int_equal(station_open(d->back, STATION_KEYS, NULL, NULL, &d->f.station, &d->f.why), ERR_OK);
}

static void
close_day(struct day *d)
{
	reader_close(&d->f.reader);
	for (unsigned i = 0; i < CARDS; i++)
		sim_card_free(&d->card[i]);
	club_fixture_close(&d->f);
	folder_remove(d->back);
	(void)unlink(d->backup);
	(void)unlink(d->head);
}

static void
shows(struct day *d, unsigned which, int64_t rial, bool adopted, int64_t by)
{
	lay(d, which);
	assert_int_equal(club_fixture_show(&d->f), ERR_OK);
	assert_int_equal(d->f.result.balance, rial);
	assert_int_equal(d->f.result.adopted, adopted);
	assert_int_equal(d->f.result.adopted_amount, by);
	assert_true(d->f.result.in_book);
	assert_int_equal(books_account(&d->f, ACCOUNT_CARD_VALUE, (int64_t)d->number[which]), -rial);
	books_sound(&d->f, 0);
}

static bool
count_one(const struct store_adoption *a, void *ctx)
{
	(void)a;
	(*(unsigned *)ctx)++;
	return true;
}

static unsigned
waiting(struct day *d, uint64_t card)
{
	unsigned n = 0;

	assert_int_equal(station_review(d->f.station, card, count_one, &n, &d->f.why), ERR_OK);
	return n;
}

/* --- what comes back */

static void
no_rial_is_lost_or_doubled(void **state)
{
	struct restore_report r;
	struct audit_report audit;
	struct day d;
	int64_t owed;

	(void)state;
	open_day(&d, "restore-rial");
	lose_and_restore(&d, d.head, &r);
	assert_true(r.test && r.certified);
	assert_true(r.lost > 0);
	shows(&d, 0, T(700000), true, T(200000));
	shows(&d, 0, T(700000), false, 0);
	shows(&d, 1, T(300000), true, T(300000));
	shows(&d, 2, T(100000), true, T(100000));
	assert_int_equal(club_liability(d.f.station->store, UNIT_IRR, &owed, &d.f.why), ERR_OK);
	assert_int_equal(owed, T(1100000));
	assert_int_equal(books_account(&d.f, ACCOUNT_CASH, 0), T(500000));
	for (unsigned i = 0; i < CARDS; i++) {
		load(&d, i, T(50000));
		assert_false(d.f.result.adopted);
	}
	shows(&d, 2, T(150000), false, 0);
	assert_int_equal(station_audit(d.f.station, d.head, &audit, &d.f.why), ERR_OK);
	assert_int_equal(audit.lost, r.lost);
	close_day(&d);
}

static void
a_load_adopts_first_and_then_loads(void **state)
{
	struct restore_report r;
	struct day d;

	(void)state;
	open_day(&d, "restore-load");
	lose_and_restore(&d, NULL, &r);
	assert_int_equal(r.lost, -1);
	load(&d, 2, T(50000));
	assert_true(d.f.result.adopted);
	assert_int_equal(d.f.result.adopted_amount, T(100000));
	shows(&d, 2, T(150000), false, 0);
	close_day(&d);
}

static void
every_adopted_card_waits_until_somebody_has_looked(void **state)
{
	struct restore_report r;
	struct day d;
	int64_t n;

	(void)state;
	open_day(&d, "restore-review");
	lose_and_restore(&d, NULL, &r);
	assert_int_equal(waiting(&d, 0), 0);
	for (unsigned i = 0; i < CARDS; i++) {
		lay(&d, i);
		assert_int_equal(club_fixture_show(&d.f), ERR_OK);
	}
	assert_int_equal(waiting(&d, 0), CARDS);
	assert_int_equal(waiting(&d, d.number[1]), 1);
	assert_int_equal(station_review_done(d.f.station, d.number[1], &n, &d.f.why), ERR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(waiting(&d, 0), CARDS - 1);
	assert_int_equal(station_review_done(d.f.station, 0, &n, &d.f.why), ERR_OK);
	assert_int_equal(n, CARDS - 1);
	assert_int_equal(station_review_done(d.f.station, 0, &n, &d.f.why), ERR_OK);
	assert_int_equal(n, 0);
	books_sound(&d.f, 0);
	close_day(&d);
}

static void
a_card_issued_after_the_backup_brings_its_member_back_without_a_name(void **state)
{
	const struct member_form form = {.name = "رضا محمدی", .phone = "09121111111", .now_ms = 1};
	struct restore_report r;
	struct store_member m;
	struct store_card c;
	struct day d;
	uint32_t late;

	(void)state;
	open_day(&d, "restore-member");
	reader_close(&d.f.reader);
	sim_card_free(&d.card[2]);
	assert_int_equal(store_begin(d.f.station->store, &d.f.why), ERR_OK);
	assert_int_equal(club_member_add(d.f.station->store, &form, &late, &d.f.why), ERR_OK);
	assert_int_equal(store_commit(d.f.station->store, &d.f.why), ERR_OK);
	d.f.member = late;
	issue(&d, 2);
	lose_and_restore(&d, NULL, &r);
	assert_int_equal(store_member_get(d.f.station->store, late, &m, &d.f.why), ERR_NOT_FOUND);
	shows(&d, 2, 0, true, 0);
	assert_int_equal(store_member_get(d.f.station->store, late, &m, &d.f.why), ERR_OK);
	assert_string_equal(m.phone, "");
	assert_int_equal(store_card_by_number(d.f.station->store, d.number[2], &c, &d.f.why), ERR_OK);
	assert_int_equal(c.member, late);
	assert_int_equal(c.state, STORE_CARD_ACTIVE);
	close_day(&d);
}

static void
no_number_and_no_event_is_given_twice(void **state)
{
	uint8_t before[PUBKEY_LEN], after[PUBKEY_LEN];
	struct restore_report r;
	struct sim_card *mine;
	struct day d;
	uint64_t last;

	(void)state;
	open_day(&d, "restore-numbers");
	last = d.number[2];
	memcpy(before, d.f.station->cert.pub, sizeof(before));
	lose_and_restore(&d, NULL, &r);
	memcpy(after, d.f.station->cert.pub, sizeof(after));
	assert_memory_not_equal(before, after, sizeof(before));
	mine = d.card[2];
	issue(&d, 2);
	for (unsigned i = 0; i < 2; i++)
		assert_int_not_equal(d.number[2], d.number[i]);
	assert_int_not_equal(d.number[2], last);
	assert_true(d.f.station->cert.first_number > 1000000);
	reader_close(&d.f.reader);
	sim_card_free(&d.card[2]);
	/* the one that bears the other number is known by it */
	d.card[2] = mine;
	d.number[2] = last;
	shows(&d, 2, T(100000), true, T(100000));
	close_day(&d);
}

/* The register goes on while the second station is away: a third one is given the numbers behind it. */
static void
certify_third(struct stations *t, struct cert *out)
{
	const struct safe_info info = {.test = true, .station = 3,
	    .club = {t->f.station->club[0], t->f.station->club[1], t->f.station->club[2], t->f.station->club[3]}};
	char path[STATION_PATH_CAP];
	uint8_t request[REQUEST_CAP];
	struct safe *safe;

	stations_path(t, "third.safe", path);
	assert_int_equal(safe_create(path, &info, 0, PRACTICE, &safe, &t->f.why), ERR_OK);
	assert_int_equal(request_seal(safe, ROLE_DESK, 1, request, &t->f.why), ERR_OK);
	safe_close(&safe);
	stations_path(t, "third.request", path);
	assert_int_equal(file_write(path, request, sizeof(request), 0600, &t->f.why), ERR_OK);
	stations_certify(t, path, "third.cert", false, out);
}

static void
a_station_that_joined_asks_the_register_for_its_new_numbers(void **state)
{
	char file[400], back[400];
	struct restore_options o = {.backup = file, .folder = back};
	struct cert third, again;
	struct backup_report b;
	struct restore_report r;
	struct stations t;

	(void)state;
	stations_open(&t, "restore-joined", ROLE_DESK);
	(void)snprintf(file, sizeof(file), "%s.backup", t.second.folder);
	(void)snprintf(back, sizeof(back), "%s.back", t.second.folder);
	(void)unlink(file);
	folder_remove(back);
	assert_int_equal(station_backup(t.second.station, file, PRACTICE, &b, &t.f.why), ERR_OK);
	certify_third(&t, &third);
	assert_int_equal(station_restore(&o, &r, &t.f.why), ERR_OK);
	assert_false(r.certified);
	assert_int_equal(access(r.request, F_OK), 0);
	stations_certify(&t, r.request, "again.cert", true, &again);
	assert_int_equal(again.station, 2);
	assert_true(again.serial > third.serial);
	assert_true(again.first_number >= third.first_number + third.number_count);
	folder_remove(back);
	(void)unlink(file);
	stations_close(&t);
}

/* No till takes value from a card yet: the posting alone. */
static void
a_card_that_held_less_is_posted_the_other_way_round(void **state)
{
	struct journal_entry row = {.kind = "card.adopt", .at_ms = 1};
	struct card_money m = {.card = 7, .unit = UNIT_IRR, .amount = -T(3000)};
	struct club_fixture f;

	(void)state;
	club_fixture_open(&f, "restore-less");
	assert_int_equal(store_begin(f.station->store, &f.why), ERR_OK);
	assert_int_equal(store_event_next(f.station->store, row.event, &f.why), ERR_OK);
	assert_int_equal(store_journal_append(f.station->store, &row, &f.why), ERR_OK);
	assert_int_equal(club_card_adopted(f.station->store, row.event, &m, &f.why), ERR_OK);
	assert_int_equal(store_commit(f.station->store, &f.why), ERR_OK);
	assert_int_equal(books_account(&f, ACCOUNT_CARD_VALUE, 7), T(3000));
	assert_int_equal(books_account(&f, ACCOUNT_CARD_ADOPTED, 7), -T(3000));
	m.amount = INT64_MIN;
	assert_int_equal(store_begin(f.station->store, &f.why), ERR_OK);
	assert_int_equal(club_card_adopted(f.station->store, row.event, &m, &f.why), ERR_RANGE);
	store_rollback(f.station->store);
	club_fixture_close(&f);
}

/* --- what does not */

static void
an_old_image_stays_an_alarm(void **state)
{
	struct restore_report r;
	struct books before;
	uint8_t *image;
	size_t len;
	struct day d;

	(void)state;
	open_day(&d, "restore-old-image");
	assert_int_equal(sim_card_image(d.card[0], &image, &len, &d.f.why), ERR_OK);
	load(&d, 0, T(10000));
	lose_and_restore(&d, NULL, &r);
	shows(&d, 0, T(710000), true, T(210000));
	assert_int_equal(sim_card_restore(d.card[0], image, len, &d.f.why), ERR_OK);
	free(image);
	lay(&d, 0);
	books_take(&d.f, &before);
	assert_int_equal(club_fixture_load(&d.f, T(10000), NULL), ERR_RECORD);
	assert_int_equal(d.f.why.id, MSG_CARD_ROLLED_BACK);
	books_same(&d.f, &before);
	books_free(&before);
	close_day(&d);
}

static void
a_hot_card_is_not_adopted_before_it_is_taken_off_the_list(void **state)
{
	struct flow_request resign = {.flow = FLOW_RESIGN, .manager = true, .reason = "looked at"};
	struct restore_report r;
	struct books before;
	struct day d;

	(void)state;
	open_day(&d, "restore-hot");
	lose_and_restore(&d, NULL, &r);
	for (unsigned i = 0; i < CARDS; i += 2) {	/* one the book knows, one issued after the backup */
		lay(&d, i);
		assert_int_equal(lists_hot_add(d.f.station, d.number[i], LIST_STOLEN, &d.f.why), ERR_OK);
		books_take(&d.f, &before);
		assert_int_equal(club_fixture_show(&d.f), ERR_REFUSED);
		assert_int_equal(d.f.why.id, MSG_CARD_HOT);
		assert_false(d.f.result.adopted);
		assert_int_equal(club_fixture_load(&d.f, T(10000), NULL), ERR_REFUSED);
		assert_int_equal(d.f.why.id, MSG_CARD_HOT);
		resign.reader = d.f.reader;
		assert_int_equal(flow_run(d.f.station, &resign, &d.f.result, &d.f.why), ERR_REFUSED);
		assert_int_equal(d.f.why.id, MSG_CARD_HOT);
		books_same(&d.f, &before);
		books_free(&before);
		assert_int_equal(waiting(&d, 0), i / 2);
		assert_int_equal(lists_hot_remove(d.f.station, d.number[i], &d.f.why), ERR_OK);
		shows(&d, i, i == 0 ? T(700000) : T(100000), true, i == 0 ? T(200000) : T(100000));
	}
	close_day(&d);
}

static void
a_book_put_back_by_hand_adopts_nothing(void **state)
{
	char copy[400], book[400];
	struct day d;

	(void)state;
	open_day(&d, "restore-by-hand");
	(void)snprintf(copy, sizeof(copy), "%s.copy", d.f.folder);
	(void)snprintf(book, sizeof(book), "%s/" STATION_BOOK, d.f.folder);
	(void)unlink(copy);
	assert_int_equal(store_copy(d.f.station->store, copy, &d.f.why), ERR_OK);
	load(&d, 0, T(10000));
	station_close(&d.f.station);
	assert_int_equal(rename(copy, book), 0);
	assert_int_equal(station_open(d.f.folder, STATION_KEYS, NULL, NULL, &d.f.station, &d.f.why), ERR_OK);
	lay(&d, 0);
	assert_int_equal(club_fixture_load(&d.f, T(10000), NULL), ERR_REFUSED);
	assert_int_equal(d.f.why.id, MSG_CARD_AHEAD);
	close_day(&d);
}

static void
what_a_stolen_station_wrote_waits_for_a_manager(void **state)
{
	struct flow_request resign = {.flow = FLOW_RESIGN, .manager = true, .reason = "looked at"};
	struct journal_head last = {0};
	struct restore_report r;
	struct root *root = NULL;
	char path[STATION_PATH_CAP];
	uint32_t number;
	struct day d;

	(void)state;
	open_day(&d, "restore-stolen");
	lose_and_restore(&d, NULL, &r);
	last.seq = r.rows;
	assert_int_equal(store_journal_hash_at(d.f.station->store, r.rows, last.hash, &d.f.why), ERR_OK);
	assert_int_equal(station_path(d.f.station, STATION_ROOT, path, &d.f.why), ERR_OK);
	assert_int_equal(root_open(path, PRACTICE, &root, &d.f.why), ERR_OK);
	assert_int_equal(lists_revoke(d.f.station, root, 1, LIST_STOLEN, &last, &number, &d.f.why), ERR_OK);
	root_close(&root);
	/* loaded after the last head that is trusted: who it is, not what is on it */
	lay(&d, 1);
	assert_int_equal(club_fixture_load(&d.f, T(10000), NULL), ERR_REFUSED);
	assert_int_equal(d.f.why.id, MSG_CARD_IDENTITY_ONLY);
	assert_false(d.f.result.adopted);
	resign.reader = d.f.reader;
	assert_int_equal(flow_run(d.f.station, &resign, &d.f.result, &d.f.why), ERR_OK);
	assert_true(d.f.result.adopted);
	shows(&d, 1, T(300000), false, 0);
	load(&d, 1, T(10000));
	shows(&d, 1, T(310000), false, 0);
	close_day(&d);
}

/* --- refused */

static void
refused(const struct restore_options *o, enum err code, enum msg id)
{
	struct restore_report r;
	struct why w = {0};

	assert_int_equal(station_restore(o, &r, &w), code);
	assert_int_equal(w.code, code);
	assert_int_equal(w.id, id);
}

static void
a_store_that_knows_more_is_never_written_over(void **state)
{
	struct restore_options o = {0};
	struct books before;
	struct day d;

	(void)state;
	open_day(&d, "restore-over");
	o.backup = d.backup;
	o.folder = d.f.folder;
	lay(&d, 0);
	books_take(&d.f, &before);
	refused(&o, ERR_REFUSED, MSG_RESTORE_OVER_NEWER);
	books_same(&d.f, &before);
	books_free(&before);
	/* nor anything else that stands there */
	assert_int_equal(folder_make(d.back, 0755, &d.f.why), ERR_OK);
	(void)snprintf(d.head, sizeof(d.head), "%.250s/mine", d.back);
	assert_int_equal(file_write(d.head, "x", 1, 0600, &d.f.why), ERR_OK);
	o.folder = d.back;
	refused(&o, ERR_DUPLICATE, MSG_FOLDER_OCCUPIED);
	assert_int_equal(access(d.head, F_OK), 0);
	close_day(&d);
}

static void
another_stations_head_closes_nothing(void **state)
{
	struct restore_options o = {0};
	struct head_paper h;
	struct club_fixture other;
	char head[300];
	struct day d;

	(void)state;
	open_day(&d, "restore-head");
	club_fixture_open(&other, "restore-other");
	(void)snprintf(head, sizeof(head), "%s.head", other.folder);
	(void)unlink(head);
	assert_int_equal(station_head_export(other.station, head, &h, &other.why), ERR_OK);
	o.backup = d.backup;
	o.folder = d.back;
	o.head = head;
	refused(&o, ERR_REFUSED, MSG_PAPER_OTHER_CLUB);
	assert_int_equal(file_write(head, "no head", 7, 0600, &d.f.why), ERR_OK);
	refused(&o, ERR_FORMAT, MSG_HEAD_FORMAT);
	assert_int_not_equal(access(d.back, F_OK), 0);
	(void)unlink(head);
	club_fixture_close(&other);
	close_day(&d);
}

/* Sampled: the pieces of a stream are held byte by byte in the keys room's own test. */
static void
a_damaged_backup_makes_no_station(void **state)
{
	const struct restore_options o = {0};
	struct restore_options mine = o;
	struct restore_report r;
	struct why w;
	struct stat st;
	struct day d;
	FILE *f;

	(void)state;
	open_day(&d, "restore-damaged");
	assert_int_equal(stat(d.backup, &st), 0);
	mine.backup = d.backup;
	mine.folder = d.back;
	for (long at = 0; at < st.st_size; at += at < 52 ? 7 : st.st_size / 19) {
		int was;

		f = fopen(d.backup, "r+b");
		assert_non_null(f);
		assert_int_equal(fseek(f, at, SEEK_SET), 0);
		was = fgetc(f);
		assert_int_equal(fseek(f, at, SEEK_SET), 0);
		(void)fputc(was ^ 0x10, f);
		assert_int_equal(fclose(f), 0);
		memset(&w, 0, sizeof(w));
		assert_int_not_equal(station_restore(&mine, &r, &w), ERR_OK);
		assert_true(w.code == ERR_SAFE || w.code == ERR_PASSPHRASE);
		assert_int_not_equal(access(d.back, F_OK), 0);
		f = fopen(d.backup, "r+b");
		assert_int_equal(fseek(f, at, SEEK_SET), 0);
		(void)fputc(was, f);
		assert_int_equal(fclose(f), 0);
	}
	assert_int_equal(truncate(d.backup, st.st_size / 2), 0);
	refused(&mine, ERR_SAFE, MSG_BACKUP_DAMAGED);
	close_day(&d);
}

/* --- practice and real */

#define PASS "four words for safe"
#define ROOT_PASS "four words for root"

static enum err
ask_pass(void *ctx, char *out, size_t cap, struct why *w)
{
	(void)ctx;
	(void)w;
	(void)snprintf(out, cap, "%s", PASS);
	return ERR_OK;
}

/* One real club for all of these: its passphrases are slow on purpose. */
static char folder[300], root[300], backup[300], back[320];

static int
open_real(void **state)
{
	struct init_options o = {.designs_from = "printer/designs", .real = true, .club_name = "باشگاه سپیده",
	    .host = "club.sepideh.ir", .pass = PASS, .root_pass = ROOT_PASS};
	struct backup_report r;
	struct station *s;
	struct why w = {0};

	(void)state;
	club_fixture_place("restore-real", folder, 256);
	(void)snprintf(root, sizeof(root), "%.250s.root", folder);
	(void)snprintf(backup, sizeof(backup), "%.250s.backup", folder);
	(void)snprintf(back, sizeof(back), "%.250s.back", folder);
	folder_remove(back);
	folder_remove(folder);
	(void)unlink(root);
	(void)unlink(backup);
	o.folder = folder;
	o.root_path = root;
	assert_int_equal(station_init(&o, &w), ERR_OK);
	assert_int_equal(station_open(folder, STATION_KEYS, ask_pass, NULL, &s, &w), ERR_OK);
	assert_int_equal(station_backup(s, backup, PASS, strlen(PASS), &r, &w), ERR_OK);
	station_close(&s);
	return 0;
}

static int
close_real(void **state)
{
	(void)state;
	folder_remove(back);
	folder_remove(folder);
	(void)unlink(root);
	(void)unlink(backup);
	return 0;
}

/* All that is inside, in the clear. */
static void
scan_inside(struct needles *n, struct sightings *found)
{
	static uint8_t inside[8u << 20];
	struct sealed_stream_head h;
	struct sealed_stream *s = NULL;
	size_t len = 0, got = 1;

	assert_int_equal(sealed_stream_open(backup, PASS, strlen(PASS), &h, &s, NULL), ERR_OK);
	assert_false(h.test);
	for (; got > 0; len += got)
		assert_int_equal(sealed_stream_read(s, inside + len, sizeof(inside) - len, &got, NULL), ERR_OK);
	sealed_stream_close(&s);
	assert_true(len > 10000);
	needles_in_bytes(n, "backup", inside, len, found);
}

static void
a_real_clubs_backup_holds_no_secret_key(void **state)
{
	char path[400];
	uint8_t *room = secret_alloc(SEALED_CAP);
	struct needles *n = needles_new();
	struct sightings found = {0};
	struct sealed_head h;
	struct why w = {0};
	size_t len;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/" STATION_SAFE, folder);
	assert_int_equal(sealed_open(path, SEALED_SAFE, PASS, strlen(PASS), &h, room, &len, &w), ERR_OK);
	for (size_t at = 0; at + 16 <= len; at++)
		(void)needles_add(n, "station's key or a master", room + at, 16);
	assert_int_equal(sealed_open(root, SEALED_ROOT, ROOT_PASS, strlen(ROOT_PASS), &h, room, &len, &w), ERR_OK);
	assert_true(needles_add(n, "root", room, 16));
	assert_true(needles_add(n, "passphrase", PASS, strlen(PASS)));
	scan_inside(n, &found);
	if (found.hits > 0)
		fail_msg("the first: %s", found.first);
	needles_free(&n);
	secret_free(room, SEALED_CAP);
}

static void
a_real_station_comes_back_without_card_keys_and_by_its_root_alone(void **state)
{
	struct restore_options o = {.backup_pass = PASS, .pass = PASS};
	struct restore_report r;
	struct station *s;
	struct why w = {0};

	(void)state;
	o.backup = backup;
	o.folder = back;
	o.backup_pass = o.pass = NULL;
	refused(&o, ERR_PASSPHRASE, MSG_PASSPHRASE_NEEDED);
	o.backup_pass = SAFE_PRACTICE_PASSPHRASE;
	o.pass = PASS;
	refused(&o, ERR_PASSPHRASE, MSG_BACKUP_PASSPHRASE);
	o.backup_pass = PASS;
	/* without the root a request waits, and nothing can be done yet */
	assert_int_equal(station_restore(&o, &r, &w), ERR_OK);
	assert_false(r.test || r.certified);
	assert_int_equal(access(r.request, F_OK), 0);
	assert_int_equal(station_open(back, STATION_UNCERTIFIED, ask_pass, NULL, &s, &w), ERR_OK);
	station_close(&s);
	assert_int_not_equal(station_open(back, STATION_KEYS, ask_pass, NULL, &s, &w), ERR_OK);
	folder_remove(back);
	o.root = root;
	o.root_pass = ROOT_PASS;
	assert_int_equal(station_restore(&o, &r, &w), ERR_OK);
	assert_true(r.certified);
	assert_int_equal(station_open(back, STATION_KEYS, ask_pass, NULL, &s, &w), ERR_OK);
	assert_false(s->test);
	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++)
		assert_false(safe_has(s->safe, (enum key_slot)slot));
	station_close(&s);
	folder_remove(back);
}

static void
a_practice_root_certifies_no_real_station(void **state)
{
	char practice[400];
	struct restore_options o = {.backup_pass = PASS, .pass = PASS, .root_pass = SAFE_PRACTICE_PASSPHRASE};
	struct club_fixture f;

	(void)state;
	club_fixture_open(&f, "restore-practice");
	(void)snprintf(practice, sizeof(practice), "%s/" STATION_ROOT, f.folder);
	o.backup = backup;
	o.folder = back;
	o.root = practice;
	refused(&o, ERR_REFUSED, MSG_ROOT_OTHER_CLUB);
	assert_int_not_equal(access(back, F_OK), 0);
	club_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rial_is_lost_or_doubled),
		cmocka_unit_test(a_load_adopts_first_and_then_loads),
		cmocka_unit_test(every_adopted_card_waits_until_somebody_has_looked),
		cmocka_unit_test(a_card_issued_after_the_backup_brings_its_member_back_without_a_name),
		cmocka_unit_test(no_number_and_no_event_is_given_twice),
		cmocka_unit_test(a_station_that_joined_asks_the_register_for_its_new_numbers),
		cmocka_unit_test(a_card_that_held_less_is_posted_the_other_way_round),
		cmocka_unit_test(an_old_image_stays_an_alarm),
		cmocka_unit_test(a_hot_card_is_not_adopted_before_it_is_taken_off_the_list),
		cmocka_unit_test(a_book_put_back_by_hand_adopts_nothing),
		cmocka_unit_test(what_a_stolen_station_wrote_waits_for_a_manager),
		cmocka_unit_test(a_store_that_knows_more_is_never_written_over),
		cmocka_unit_test(another_stations_head_closes_nothing),
		cmocka_unit_test(a_damaged_backup_makes_no_station),
		cmocka_unit_test(a_real_clubs_backup_holds_no_secret_key),
		cmocka_unit_test(a_real_station_comes_back_without_card_keys_and_by_its_root_alone),
		cmocka_unit_test(a_practice_root_certifies_no_real_station),
	};

	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, open_real, close_real);
}
