/*
 * Backups: made while others work, proven before they have their name, whole or not there; a disk that is full and
 * a program that is killed at any write leave a station that works. And the audit: what was changed in the
 * book is named, what was cut from its end shows against a head kept elsewhere.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "station/base/file.h"
#include "station/flow/backup.h"
#include "station/flow/settings.h"
#include "tests/support/books.h"

#define PRACTICE SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1
#define PAID INT64_C(500000)
#define KILLED 9
#ifdef __SANITIZE_ADDRESS__
#define POINTS 4u
#else
#define POINTS 12u	/* of all the writes, evenly */
#endif

/* --- the machine: SQLite's writes and ours pass here */

enum failure { WORKS, FULL, DIES };

static struct {
	enum failure how;
	unsigned at, seen;
} machine;

ssize_t write(int fd, const void *from, size_t len);
ssize_t pwrite64(int fd, const void *from, size_t len, off64_t at);

static bool
refuses(int fd)
{
	if (fd <= STDERR_FILENO || ++machine.seen < machine.at || machine.at == 0)
		return false;
	if (machine.how == DIES)
		_exit(KILLED);
	errno = ENOSPC;
	return machine.how == FULL;
}

ssize_t
write(int fd, const void *from, size_t len)
{
	return refuses(fd) ? -1 : syscall(SYS_write, fd, from, len);
}

ssize_t
pwrite64(int fd, const void *from, size_t len, off64_t at)
{
	return refuses(fd) ? -1 : syscall(SYS_pwrite64, fd, from, len, at);
}

static void
break_machine(enum failure how, unsigned at)
{
	machine.seen = 0;
	machine.at = at;
	machine.how = how;
}

/* --- a club with a card in its book */

struct desk {
	struct club_fixture f;
	char backup[300], back[300], head[300];
};

static void
open_desk(struct desk *d, const char *name)
{
	break_machine(WORKS, 0);
	club_fixture_open(&d->f, name);
	(void)snprintf(d->backup, sizeof(d->backup), "%s.backup", d->f.folder);
	(void)snprintf(d->back, sizeof(d->back), "%s.back", d->f.folder);
	(void)snprintf(d->head, sizeof(d->head), "%s.head", d->f.folder);
	(void)unlink(d->backup);
	(void)unlink(d->head);
	folder_remove(d->back);
	club_fixture_new_card(&d->f);
	assert_int_equal(club_fixture_issue(&d->f, NULL), ERR_OK);
	assert_int_equal(club_fixture_load(&d->f, PAID, NULL), ERR_OK);
}

static void
close_desk(struct desk *d)
{
	club_fixture_close(&d->f);
	folder_remove(d->back);
	(void)unlink(d->backup);
	(void)unlink(d->head);
}

static enum err
back_up(struct desk *d, struct backup_report *r)
{
	memset(&d->f.why, 0, sizeof(d->f.why));
	return station_backup(d->f.station, d->backup, PRACTICE, r, &d->f.why);
}

static enum err
restore(struct desk *d, struct why *w)
{
	const struct restore_options o = {.backup = d->backup, .folder = d->back};
	struct restore_report r;

	return station_restore(&o, &r, w);
}

/* Names beside the club's folder and in it that a backup or a restore has left. */
static unsigned
left_overs(const struct desk *d)
{
	char parent[256], *slash;
	const char *const folders[] = {d->f.folder, parent};
	unsigned n = 0;

	(void)snprintf(parent, sizeof(parent), "%s", d->f.folder);
	slash = strrchr(parent, '/');
	*slash = '\0';
	for (size_t i = 0; i < 2; i++) {
		DIR *dir = opendir(folders[i]);

		assert_non_null(dir);
		for (struct dirent *e; (e = readdir(dir)) != NULL;)
			n += strncmp(e->d_name, "backup.", 7) == 0 ||
			    (strncmp(e->d_name, slash + 1, strlen(slash + 1)) == 0 && strstr(e->d_name, ".new") != NULL);
		(void)closedir(dir);
	}
	return n;
}

/* --- whole or not at all */

static void
a_file_that_is_there_stays(void **state)
{
	struct backup_report r;
	struct desk d;

	(void)state;
	open_desk(&d, "backup-there");
	assert_int_equal(file_write(d.backup, "mine", 4, 0600, &d.f.why), ERR_OK);
	assert_int_equal(back_up(&d, &r), ERR_DUPLICATE);
	assert_int_equal(d.f.why.id, MSG_FILE_EXISTS);
	assert_int_equal(left_overs(&d), 0);
	close_desk(&d);
}

static void
a_full_disk_leaves_no_backup_and_a_station_that_works(void **state)
{
	struct backup_report r;
	struct desk d;
	unsigned all;

	(void)state;
	open_desk(&d, "backup-full");
	break_machine(WORKS, 0);
	assert_int_equal(back_up(&d, &r), ERR_OK);
	all = machine.seen;
	assert_in_range(all, POINTS, 10000);
	for (unsigned at = 1; at <= all; at += all / POINTS) {
		(void)unlink(d.backup);
		break_machine(FULL, at);
		assert_int_equal(back_up(&d, &r), ERR_DISK_FULL);
		break_machine(WORKS, 0);
		assert_int_not_equal(access(d.backup, F_OK), 0);
		assert_int_equal(left_overs(&d), 0);
	}
	assert_int_equal(club_fixture_load(&d.f, PAID, NULL), ERR_OK);
	books_sound(&d.f, 0);
	close_desk(&d);
}

/* What a station is worth that came back although the disk was full at the very end: its book is all there. */
static void
is_whole(struct desk *d)
{
	struct audit_report r;
	struct station *s;

	assert_int_equal(station_open(d->back, STATION_KEYS, NULL, NULL, &s, &d->f.why), ERR_OK);
	assert_int_equal(station_audit(s, NULL, &r, &d->f.why), ERR_OK);
	station_close(&s);
}

static void
a_full_disk_leaves_no_half_of_a_restored_station(void **state)
{
	struct backup_report r;
	struct why w = {0};
	struct desk d;
	unsigned all, full = 0;

	(void)state;
	open_desk(&d, "restore-full");
	assert_int_equal(back_up(&d, &r), ERR_OK);
	break_machine(WORKS, 0);
	assert_int_equal(restore(&d, &w), ERR_OK);
	all = machine.seen;
	for (unsigned at = 1; at <= all; at += all / POINTS) {
		enum err e;

		folder_remove(d.back);
		break_machine(FULL, at);
		e = restore(&d, &w);
		break_machine(WORKS, 0);
		if (e == ERR_OK)
			is_whole(&d);
		else
			assert_int_equal(e, ERR_DISK_FULL);
		full += e == ERR_DISK_FULL;
		assert_int_equal(access(d.back, F_OK) == 0, e == ERR_OK);
		assert_int_equal(left_overs(&d), 0);
	}
	assert_in_range(full, POINTS / 2, POINTS + 2);
	close_desk(&d);
}

/* In a child that dies at the n-th write; true if it came to its end before. */
static bool
dies_at(struct desk *d, unsigned at, bool restoring)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct backup_report r;
		struct station *s;
		struct why w;

		if (station_open(d->f.folder, STATION_KEYS, NULL, NULL, &s, &w) != ERR_OK)
			_exit(2);
		d->f.station = s;
		break_machine(DIES, at);
		_exit((restoring ? restore(d, &w) : back_up(d, &r)) == ERR_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == KILLED || WEXITSTATUS(status) == 0));
	return WEXITSTATUS(status) == 0;
}

static void
killed_in_the_middle_there_is_no_half_backup_and_no_half_station(void **state)
{
	struct backup_report r;
	struct why w = {0};
	struct desk d;
	unsigned all;

	(void)state;
	open_desk(&d, "backup-killed");
	break_machine(WORKS, 0);
	assert_int_equal(back_up(&d, &r), ERR_OK);
	all = machine.seen;
	assert_int_equal(restore(&d, &w), ERR_OK);
	station_close(&d.f.station);
	for (unsigned at = 1; at <= all; at += all / POINTS) {
		(void)unlink(d.backup);
		if (!dies_at(&d, at, false))
			assert_int_not_equal(access(d.backup, F_OK), 0);
	}
	assert_int_equal(station_open(d.f.folder, STATION_KEYS, NULL, NULL, &d.f.station, &d.f.why), ERR_OK);
	(void)unlink(d.backup);
	assert_int_equal(back_up(&d, &r), ERR_OK);
	station_close(&d.f.station);
	for (unsigned at = 1; at <= all; at += all / POINTS) {
		folder_remove(d.back);
		if (!dies_at(&d, at, true))
			assert_int_not_equal(access(d.back, F_OK), 0);
	}
	/* what the dead left is in nobody's way */
	folder_remove(d.back);
	assert_int_equal(restore(&d, &w), ERR_OK);
	assert_int_equal(station_open(d.f.folder, STATION_KEYS, NULL, NULL, &d.f.station, &d.f.why), ERR_OK);
	assert_int_equal(club_fixture_load(&d.f, PAID, NULL), ERR_OK);
	books_sound(&d.f, 0);
	close_desk(&d);
}

/* --- pictures */

static void
put_in(const char *folder, const char *name, const char *bytes)
{
	char path[400];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(file_write(path, bytes, strlen(bytes), 0600, NULL), ERR_OK);
}

static void
stands_in(const char *folder, const char *name, const char *bytes, mode_t mode)
{
	char path[400], room[64] = "";
	struct stat st;
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(file_read(path, room, sizeof(room) - 1, &len, NULL), ERR_OK);
	assert_string_equal(room, bytes);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, mode);
}

static void
the_logo_and_the_members_photos_come_back(void **state)
{
	struct backup_report r;
	char path[400];
	struct desk d;

	(void)state;
	open_desk(&d, "backup-photos");
	(void)snprintf(path, sizeof(path), "%s/" STATION_PHOTOS, d.f.folder);
	assert_int_equal(folder_make(path, 0700, &d.f.why), ERR_OK);
	put_in(d.f.folder, STATION_PHOTOS "/1.jpg", "a face");
	put_in(d.f.folder, STATION_PHOTOS "/1000001.png", "another");
	put_in(d.f.folder, STATION_PHOTOS "/.hidden", "nobody's");
	put_in(d.f.folder, STATION_DESIGNS "/logo.png", "a sunrise");
	assert_int_equal(back_up(&d, &r), ERR_OK);
	assert_int_equal(restore(&d, &d.f.why), ERR_OK);
	stands_in(d.back, STATION_PHOTOS "/1.jpg", "a face", 0600);
	stands_in(d.back, STATION_PHOTOS "/1000001.png", "another", 0600);
	stands_in(d.back, STATION_DESIGNS "/logo.png", "a sunrise", 0644);
	(void)snprintf(path, sizeof(path), "%s/" STATION_PHOTOS "/.hidden", d.back);
	assert_int_not_equal(access(path, F_OK), 0);
	close_desk(&d);
}

/* --- beside others */

static void
others_go_on_working_while_it_is_made(void **state)
{
	struct backup_report r;
	struct desk d;
	pid_t pid;
	int status, told[2];
	char byte;
	uint64_t rows = 0;

	(void)state;
	open_desk(&d, "backup-online");
	assert_int_equal(pipe(told), 0);
	station_close(&d.f.station);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (station_open(d.f.folder, STATION_KEYS, NULL, NULL, &d.f.station, &d.f.why) != ERR_OK)
			_exit(2);
		for (unsigned i = 0; i < 60; i++)
			if (club_fixture_load(&d.f, PAID, NULL) != ERR_OK || write(told[1], "x", 1) != 1)
				_exit(1);
		_exit(0);
	}
	(void)close(told[1]);
	assert_int_equal(station_open(d.f.folder, STATION_KEYS, NULL, NULL, &d.f.station, &d.f.why), ERR_OK);
	/* each while the other program is known to be at work, and each sees a later state */
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(read(told[0], &byte, 1), 1);
		(void)unlink(d.backup);
		assert_int_equal(back_up(&d, &r), ERR_OK);
		assert_true(r.head.seq > rows);
		rows = r.head.seq;
	}
	while (read(told[0], &byte, 1) == 1)
		;
	(void)close(told[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	books_sound(&d.f, 0);
	close_desk(&d);
}

static void
of_two_at_once_one_gets_the_name(void **state)
{
	struct desk d;
	pid_t pid[2];
	int status, done = 0, refused = 0;

	(void)state;
	open_desk(&d, "backup-two");
	station_close(&d.f.station);
	for (int i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			struct backup_report r;
			enum err e;

			if (station_open(d.f.folder, STATION_KEYS, NULL, NULL, &d.f.station, &d.f.why) != ERR_OK)
				_exit(2);
			e = back_up(&d, &r);
			_exit(e == ERR_OK ? 0 : e == ERR_DUPLICATE ? 1 : 2);
		}
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		done += WEXITSTATUS(status) == 0;
		refused += WEXITSTATUS(status) == 1;
	}
	assert_int_equal(done, 1);
	assert_int_equal(refused, 1);
	assert_int_equal(left_overs(&d), 0);
	assert_int_equal(restore(&d, &d.f.why), ERR_OK);
	close_desk(&d);
}

/* --- the audit */

/* Somebody with a tool: the triggers go, the rows change. */
static void
tamper(const struct desk *d, const char *sql)
{
	static const char guards[] = "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema WHERE type = 'trigger'";
	char path[300], drop[100];
	sqlite3 *db;
	sqlite3_stmt *st;

	(void)snprintf(path, sizeof(path), "%s/" STATION_BOOK, d->f.folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	while (sqlite3_prepare_v2(db, guards, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
		(void)snprintf(drop, sizeof(drop), "%s", (const char *)sqlite3_column_text(st, 0));
		(void)sqlite3_finalize(st);
		assert_int_equal(sqlite3_exec(db, drop, NULL, NULL, NULL), SQLITE_OK);
	}
	(void)sqlite3_finalize(st);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

static void
names(const char *sql, enum msg id, int64_t row)
{
	struct audit_report r;
	struct backup_report b;
	struct desk d;

	open_desk(&d, "audit");
	assert_int_equal(station_audit(d.f.station, NULL, &r, &d.f.why), ERR_OK);
	tamper(&d, sql);
	assert_int_equal(station_audit(d.f.station, NULL, &r, &d.f.why), ERR_DB_DAMAGED);
	assert_int_equal(d.f.why.id, id);
	if (row > 0)
		assert_int_equal(d.f.why.arg[0].num, row);
	/* such a book is not what a backup is for */
	assert_int_equal(back_up(&d, &b), ERR_DB_DAMAGED);
	assert_int_not_equal(access(d.backup, F_OK), 0);
	assert_int_equal(left_overs(&d), 0);
	close_desk(&d);
}

static void
the_first_row_that_was_changed_swapped_or_taken_is_named(void **state)
{
	(void)state;
	names("UPDATE journal SET body = replace(body, '0', '1') WHERE seq = 4", MSG_STORE_CHAIN_BROKEN, 4);
	names("UPDATE journal SET at = at + 1 WHERE seq = 3", MSG_STORE_CHAIN_BROKEN, 3);
	names("UPDATE journal SET kind = 'issue.void' WHERE seq = 5", MSG_STORE_CHAIN_BROKEN, 5);
	names("UPDATE journal SET seq = -4 WHERE seq = 4; UPDATE journal SET seq = 4 WHERE seq = 3;"
	    "UPDATE journal SET seq = 3 WHERE seq = -4", MSG_STORE_CHAIN_BROKEN, 3);
	names("UPDATE entry SET amount = amount + 1 WHERE amount > 0", MSG_STORE_EVENT_SUM, 0);
	names("UPDATE account SET balance = balance + 1 WHERE kind = 'cash'", MSG_STORE_ACCOUNT_SUM, 0);
	names("UPDATE intent SET amount = 900000 WHERE amount > 0", MSG_STORE_INTENT_CHANGED, 0);
	/* whoever keeps every sum right still says something else than the journal */
	names("UPDATE entry SET amount = 2 * amount; UPDATE account SET balance = 2 * balance", MSG_STORE_ENTRIES_OTHER, 0);
	names("UPDATE account SET owner = owner + 9 WHERE owner > 0", MSG_STORE_ENTRIES_OTHER, 0);
	names("DELETE FROM entry; UPDATE account SET balance = 0", MSG_STORE_ENTRIES_OTHER, 0);
	names("UPDATE intent SET closed_by = (SELECT event FROM journal WHERE seq = 2) WHERE kind = 'load'",
	    MSG_STORE_INTENT_CHANGED, 0);
}

/* Cut with every note of it: in itself the book is in order. */
#define CUT                                                                                            \
	"PRAGMA foreign_keys = OFF; DELETE FROM entry WHERE event IN (SELECT event FROM journal WHERE seq > 5);" \
	"DELETE FROM intent WHERE seq > 5; DELETE FROM list; DELETE FROM request; DELETE FROM journal WHERE seq > 5;"    \
	"UPDATE account SET balance = 0; UPDATE card SET sequence = 1, value = 0;"                     \
	"UPDATE station SET head_seq = 5, head_hash = (SELECT hash FROM journal WHERE seq = 5)"

static void
a_tail_cut_off_shows_against_a_head_kept_elsewhere(void **state)
{
	struct audit_report r;
	struct head_paper h;
	struct desk d;

	(void)state;
	open_desk(&d, "audit-cut");
	assert_int_equal(station_head_export(d.f.station, d.head, &h, &d.f.why), ERR_OK);
	assert_true(h.seq > 5);
	assert_int_equal(station_audit(d.f.station, d.head, &r, &d.f.why), ERR_OK);
	assert_int_equal(r.head.seq, h.seq);
	tamper(&d, CUT);
	assert_int_equal(station_audit(d.f.station, NULL, &r, &d.f.why), ERR_OK);
	assert_int_equal(r.seq, 5);
	assert_int_equal(station_audit(d.f.station, d.head, &r, &d.f.why), ERR_DB_DAMAGED);
	assert_int_equal(d.f.why.id, MSG_AUDIT_CUT);
	assert_int_equal(d.f.why.arg[0].num, 5);
	assert_int_equal(d.f.why.arg[1].num, h.seq);
	close_desk(&d);
}

static void
a_changed_head_is_no_head(void **state)
{
	uint8_t paper[HEAD_PAPER_LEN];
	struct audit_report r;
	struct head_paper h;
	struct desk d;
	size_t len;

	(void)state;
	open_desk(&d, "audit-head");
	assert_int_equal(station_head_export(d.f.station, d.head, &h, &d.f.why), ERR_OK);
	assert_int_equal(station_head_export(d.f.station, d.head, &h, &d.f.why), ERR_DUPLICATE);
	assert_int_equal(file_read(d.head, paper, sizeof(paper), &len, &d.f.why), ERR_OK);
	assert_int_equal(len, HEAD_PAPER_LEN);
	for (size_t i = 0; i < len; i++) {
		paper[i] ^= 1;
		assert_int_not_equal(head_paper_open(paper, len, d.f.station->root_pub, true, &h, NULL), ERR_OK);
		assert_int_not_equal(head_paper_open(paper, i, d.f.station->root_pub, true, &h, NULL), ERR_OK);
		paper[i] ^= 1;
	}
	assert_int_equal(head_paper_open(paper, len, d.f.station->root_pub, true, &h, NULL), ERR_OK);
	assert_int_equal(head_paper_open(paper, len, d.f.station->root_pub, false, &h, NULL), ERR_REFUSED);
	/* signed, but of another book */
	assert_int_equal(head_paper_open(paper, len, d.f.station->root_pub, true, &h, NULL), ERR_OK);
	assert_int_equal(unlink(d.head), 0);
	h.hash[0] ^= 1;
	assert_int_equal(head_paper_seal(&h, d.f.station->safe, d.f.station->cert_bytes, paper, &d.f.why), ERR_OK);
	assert_int_equal(file_write(d.head, paper, sizeof(paper), 0600, &d.f.why), ERR_OK);
	assert_int_equal(station_audit(d.f.station, d.head, &r, &d.f.why), ERR_DB_DAMAGED);
	assert_int_equal(d.f.why.id, MSG_AUDIT_OTHER_HEAD);
	close_desk(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_is_there_stays),
		cmocka_unit_test(a_full_disk_leaves_no_backup_and_a_station_that_works),
		cmocka_unit_test(a_full_disk_leaves_no_half_of_a_restored_station),
		cmocka_unit_test(killed_in_the_middle_there_is_no_half_backup_and_no_half_station),
		cmocka_unit_test(the_logo_and_the_members_photos_come_back),
		cmocka_unit_test(others_go_on_working_while_it_is_made),
		cmocka_unit_test(of_two_at_once_one_gets_the_name),
		cmocka_unit_test(the_first_row_that_was_changed_swapped_or_taken_is_named),
		cmocka_unit_test(a_tail_cut_off_shows_against_a_head_kept_elsewhere),
		cmocka_unit_test(a_changed_head_is_no_head),
	};

	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
