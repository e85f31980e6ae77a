/* keys/safe: sealed, never overwritten, refused when one byte is not as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keys/card_key.h"
#include "keys/cert.h"
#include "keys/safe.h"

#define PRACTICE SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1
#define ALL_SLOTS ((1u << KEY_SLOT_COUNT) - 1)
#define FILE_ROOM 1024

static char folder[64];
static char path[96];
static const struct safe_info practice = {.test = true, .club = {1, 2, 3, 4}, .station = 77};
static const struct safe_info real = {.test = false, .club = {1, 2, 3, 4}, .station = 78};

static int
make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s", "/tmp/bashgah-safe-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/safe", folder);
	return 0;
}

/* Number of names in the folder; with `remove`, they go. */
static unsigned
names(bool removing)
{
	DIR *d = opendir(folder);
	char name[400];
	unsigned n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		n++;
		(void)snprintf(name, sizeof(name), "%s/%s", folder, e->d_name);
		if (removing)
			(void)unlink(name);
	}
	(void)closedir(d);
	return n;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)names(true);
	return rmdir(folder);
}

static struct safe *
new_practice_safe(void)
{
	struct safe *s = NULL;

	assert_int_equal(safe_create(path, &practice, ALL_SLOTS, PRACTICE, &s, NULL), ERR_OK);
	return s;
}

static size_t
read_file(uint8_t bytes[FILE_ROOM])
{
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, FILE_ROOM, f);
	(void)fclose(f);
	return n;
}

static void
write_file(const uint8_t *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void
a_safe_opens_to_what_was_put_in(void **state)
{
	struct safe *a = new_practice_safe();
	struct safe *b = NULL;
	uint8_t kcv_a[KCV_LEN], kcv_b[KCV_LEN], pub_a[32], pub_b[32], sig[64];

	(void)state;
	assert_int_equal(safe_open(path, PRACTICE, &b, NULL), ERR_OK);
	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
		assert_true(safe_has(b, (enum key_slot)slot));
		assert_int_equal(safe_kcv(a, (enum key_slot)slot, 1, kcv_a, NULL), ERR_OK);
		assert_int_equal(safe_kcv(b, (enum key_slot)slot, 1, kcv_b, NULL), ERR_OK);
		assert_memory_equal(kcv_a, kcv_b, KCV_LEN);
	}
	safe_public(a, pub_a);
	safe_public(b, pub_b);
	assert_memory_equal(pub_a, pub_b, 32);
	assert_int_equal(safe_sign(b, "salam", 5, sig, NULL), ERR_OK);
	assert_int_equal(sig_verify(pub_a, "salam", 5, sig, NULL), ERR_OK);
	assert_int_equal(sig_verify(pub_a, "salaM", 5, sig, NULL), ERR_SIGNATURE);
	safe_close(&a);
	safe_close(&b);
	assert_null(b);
}

static void
the_header_is_known_before_the_passphrase(void **state)
{
	struct safe *s = new_practice_safe();
	struct safe_info info;

	(void)state;
	assert_int_equal(safe_peek(path, &info, NULL), ERR_OK);
	assert_true(info.test);
	assert_memory_equal(info.club, practice.club, 4);
	assert_int_equal(info.station, 77);
	assert_int_equal(info.epoch, 1);
	assert_int_equal(safe_get_info(s)->station, 77);
	safe_close(&s);
}

static void
only_its_owner_may_read_the_file(void **state)
{
	mode_t before = umask(0);
	struct safe *s = new_practice_safe();
	struct stat st;

	(void)state;
	(void)umask(before);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(names(false), 1);
	safe_close(&s);
}

static void
a_safe_holds_only_the_slots_of_its_role(void **state)
{
	struct safe *s = NULL;
	struct key_ref ref = {.origin = KEY_DERIVED, .slot = KEY_CHANGE, .epoch = 1, .uid_len = 7};
	struct card_key *k = NULL;
	uint8_t kcv[KCV_LEN];
	struct why w;

	(void)state;
	assert_int_equal(safe_create(path, &practice, 1u << KEY_READ | 1u << KEY_DEBIT, PRACTICE, &s,
	    NULL), ERR_OK);
	safe_close(&s);
	assert_int_equal(safe_open(path, PRACTICE, &s, NULL), ERR_OK);
	assert_true(safe_has(s, KEY_READ));
	assert_false(safe_has(s, KEY_CHANGE));
	assert_false(safe_has(s, KEY_SLOT_COUNT));
	assert_int_equal(safe_kcv(s, KEY_CHANGE, 1, kcv, &w), ERR_NO_KEY);
	assert_int_equal(safe_kcv(s, KEY_READ, 2, kcv, &w), ERR_NO_KEY);
	assert_int_equal(safe_kcv(s, KEY_READ, 0, kcv, &w), ERR_NO_KEY);
	assert_int_equal(card_key_open(s, &ref, &k, &w), ERR_NO_KEY);
	assert_int_equal(w.id, MSG_KEY_NOT_HELD);
	assert_null(k);
	safe_close(&s);
}

static void
an_existing_file_is_never_overwritten(void **state)
{
	struct safe *s = NULL;
	uint8_t bytes[FILE_ROOM];
	struct why w;

	(void)state;
	write_file((const uint8_t *)"mine", 4);
	assert_int_equal(safe_create(path, &practice, ALL_SLOTS, PRACTICE, &s, &w), ERR_DUPLICATE);
	assert_null(s);
	assert_int_equal(read_file(bytes), 4);
	assert_int_equal(names(false), 1);
	assert_int_equal(unlink(path), 0);
	/* a link that leads nowhere is somebody's name too */
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(safe_create(path, &practice, ALL_SLOTS, PRACTICE, &s, &w), ERR_DUPLICATE);
}

static void
a_missing_file_or_folder_is_named(void **state)
{
	struct safe *s = NULL;
	struct safe_info info;
	struct why w;

	(void)state;
	assert_int_equal(safe_open(path, PRACTICE, &s, &w), ERR_MISSING);
	assert_string_equal(w.arg[0].str, path);
	assert_int_equal(safe_peek(path, &info, &w), ERR_MISSING);
	(void)strcat(path, "/below/safe");
	assert_int_equal(safe_create(path, &practice, ALL_SLOTS, PRACTICE, &s, &w), ERR_MISSING);
}

static void
a_wrong_passphrase_opens_nothing(void **state)
{
	static const char *const wrong[] = {"", "practicE", "practice ", "practic"};
	struct safe *s = new_practice_safe();
	struct why w;

	(void)state;
	safe_close(&s);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(safe_open(path, wrong[i], strlen(wrong[i]), &s, &w), ERR_PASSPHRASE);
		assert_int_equal(w.id, MSG_PASSPHRASE_WRONG);
		assert_null(s);
	}
}

static void
every_flipped_byte_is_refused(void **state)
{
	struct safe *s = new_practice_safe();
	uint8_t bytes[FILE_ROOM];
	size_t len = read_file(bytes);

	(void)state;
	safe_close(&s);
	assert_int_equal(len, 56 + 32 + 1 + 7 + KEY_SLOT_COUNT * 16 + 16);
	for (size_t i = 0; i < len; i++) {
		enum err e;

		bytes[i] ^= (uint8_t)(1u << i % 8);
		write_file(bytes, len);
		e = safe_open(path, PRACTICE, &s, NULL);
		if (e != ERR_SAFE && e != ERR_PASSPHRASE)
			fail_msg("byte %zu flipped: %s", i, err_name(e));
		assert_null(s);
		bytes[i] ^= (uint8_t)(1u << i % 8);
	}
	write_file(bytes, len);
	assert_int_equal(safe_open(path, PRACTICE, &s, NULL), ERR_OK);
	safe_close(&s);
}

static void
every_other_length_is_refused(void **state)
{
	struct safe *s = new_practice_safe();
	uint8_t bytes[FILE_ROOM] = {0};
	size_t len = read_file(bytes);
	struct safe_info info;

	(void)state;
	safe_close(&s);
	for (size_t n = 0; n < FILE_ROOM; n++) {
		if (n == len)
			continue;
		write_file(bytes, n);
		assert_int_equal(safe_open(path, PRACTICE, &s, NULL), ERR_SAFE);
		assert_int_equal(safe_peek(path, &info, NULL), ERR_SAFE);
	}
	assert_null(s);
}

static void
a_file_cannot_ask_for_the_whole_memory(void **state)
{
	struct safe *s = new_practice_safe();
	uint8_t bytes[FILE_ROOM];
	size_t len = read_file(bytes);

	(void)state;
	safe_close(&s);
	for (unsigned log_n = 0; log_n < 256; log_n++) {
		if (log_n >= 10 && log_n <= 18)
			continue;
		bytes[20] = (uint8_t)log_n;
		write_file(bytes, len);
		assert_int_equal(safe_open(path, PRACTICE, &s, NULL), ERR_SAFE);
	}
	bytes[20] = 18;
	bytes[22] = 9;
	write_file(bytes, len);
	assert_int_equal(safe_open(path, PRACTICE, &s, NULL), ERR_SAFE);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(safe_open(path, PRACTICE, &s, NULL), ERR_SAFE);
}

static void
a_newer_version_and_another_kind_are_named(void **state)
{
	struct safe *s = new_practice_safe();
	struct root *r = NULL;
	uint8_t bytes[FILE_ROOM];
	size_t len = read_file(bytes);
	struct why w;

	(void)state;
	safe_close(&s);
	bytes[8] = 3;
	write_file(bytes, len);
	assert_int_equal(safe_open(path, PRACTICE, &s, &w), ERR_SAFE);
	assert_int_equal(w.id, MSG_SAFE_NEWER);
	bytes[8] = 2;
	write_file(bytes, len);
	assert_int_equal(root_open(path, PRACTICE, &r, &w), ERR_SAFE);
	assert_int_equal(w.id, MSG_SAFE_NOT_ONE);
	assert_null(r);
}

/* scrypt's parameters in the header: log2 of N, r, p. */
static void
expect_heavy(const uint8_t *bytes)
{
	assert_in_range(bytes[20], 16, 17);
	assert_int_equal(bytes[21], 8);
	assert_in_range(bytes[22], 1, 8);
}

static void
a_real_safe_wants_a_passphrase_of_its_own(void **state)
{
	struct safe *s = NULL;
	uint8_t bytes[FILE_ROOM];
	struct why w;

	(void)state;
	assert_int_equal(safe_create(path, &real, ALL_SLOTS, PRACTICE, &s, &w), ERR_PASSPHRASE);
	assert_int_equal(w.id, MSG_PASSPHRASE_PUBLIC);
	assert_int_equal(safe_create(path, &real, ALL_SLOTS, "short", 5, &s, &w), ERR_PASSPHRASE);
	assert_int_equal(w.id, MSG_PASSPHRASE_SHORT);
	assert_int_equal(names(false), 0);
	assert_int_equal(safe_create(path, &real, ALL_SLOTS, "a phrase of ours", 16, &s, NULL), ERR_OK);
	safe_close(&s);
	(void)read_file(bytes);
	expect_heavy(bytes);
	assert_int_equal(safe_open(path, "a phrase of ours", 16, &s, NULL), ERR_OK);
	assert_false(safe_get_info(s)->test);
	safe_close(&s);
}

/* A private phrase must not be found by way of a practice club. */
static void
only_the_public_passphrase_is_stretched_lightly(void **state)
{
	struct safe *s = NULL;
	uint8_t bytes[FILE_ROOM];

	(void)state;
	assert_int_equal(safe_create(path, &practice, 0, "a phrase of ours", 16, &s, NULL), ERR_OK);
	safe_close(&s);
	(void)read_file(bytes);
	expect_heavy(bytes);
}

static void
two_safes_have_nothing_in_common(void **state)
{
	struct safe *a = new_practice_safe(), *b;
	uint8_t one[FILE_ROOM], two[FILE_ROOM], pub_a[32], pub_b[32];

	(void)state;
	(void)read_file(one);
	assert_int_equal(unlink(path), 0);
	b = new_practice_safe();
	(void)read_file(two);
	safe_public(a, pub_a);
	safe_public(b, pub_b);
	assert_memory_not_equal(pub_a, pub_b, 32);
	assert_memory_not_equal(one + 28, two + 28, 16);	/* salt */
	assert_memory_not_equal(one + 44, two + 44, 12);	/* nonce */
	safe_close(&a);
	safe_close(&b);
}

/* A limit on the size of files stands in for the full disk: the write stops half way. */
static void
a_write_that_stops_half_way_leaves_no_file(void **state)
{
	struct rlimit before, small;
	struct safe *s = NULL;
	enum err e;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	for (rlim_t room = 0; room < 220; room += 55) {
		small.rlim_cur = room;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		e = safe_create(path, &practice, ALL_SLOTS, PRACTICE, &s, NULL);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_equal(e, ERR_DISK_FULL);
		assert_null(s);
		assert_int_equal(names(false), 0);
	}
	s = new_practice_safe();
	safe_close(&s);
}

static void
a_forked_child_is_refused_rather_than_given_zeros(void **state)
{
	struct safe *s = new_practice_safe();
	struct key_ref ref = {.origin = KEY_DERIVED, .slot = KEY_READ, .epoch = 1, .uid_len = 7};
	int status = -1;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		struct card_key *k = NULL;
		uint8_t sig[64];
		bool refused = card_key_open(s, &ref, &k, NULL) == ERR_NO_KEY &&
		    safe_sign(s, "x", 1, sig, NULL) != ERR_OK;

		_exit(refused ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	safe_close(&s);
}

struct job {
	const struct safe *safe;
	uint8_t kcv[KCV_LEN];
	uint8_t sig[64];
	bool same;
};

static void *
work(void *arg)
{
	struct job *j = arg;
	struct key_ref ref = {.origin = KEY_DERIVED, .slot = KEY_WRITE, .epoch = 1, .uid_len = 7};

	j->same = true;
	for (int i = 0; i < 200; i++) {
		struct card_key *k = NULL;
		uint8_t kcv[KCV_LEN] = {0}, sig[64] = {0};

		if (card_key_open(j->safe, &ref, &k, NULL) != ERR_OK)
			j->same = false;
		else
			card_key_kcv(k, kcv);
		if (safe_sign(j->safe, "receipt", 7, sig, NULL) != ERR_OK)
			j->same = false;
		if (i == 0) {
			memcpy(j->kcv, kcv, sizeof(kcv));
			memcpy(j->sig, sig, sizeof(sig));
		}
		j->same = j->same && memcmp(kcv, j->kcv, sizeof(kcv)) == 0 &&
		    memcmp(sig, j->sig, sizeof(sig)) == 0;
		card_key_close(&k);
	}
	return NULL;
}

static void
threads_share_one_safe(void **state)
{
	struct safe *s = new_practice_safe();
	struct job jobs[4] = {{.safe = s}, {.safe = s}, {.safe = s}, {.safe = s}};
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(jobs[i].same);
		assert_memory_equal(jobs[i].kcv, jobs[0].kcv, KCV_LEN);
		assert_memory_equal(jobs[i].sig, jobs[0].sig, 64);
	}
	safe_close(&s);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_A_FOLDER(a_safe_opens_to_what_was_put_in),
	    IN_A_FOLDER(the_header_is_known_before_the_passphrase),
	    IN_A_FOLDER(only_its_owner_may_read_the_file),
	    IN_A_FOLDER(a_safe_holds_only_the_slots_of_its_role),
	    IN_A_FOLDER(an_existing_file_is_never_overwritten),
	    IN_A_FOLDER(a_missing_file_or_folder_is_named),
	    IN_A_FOLDER(a_wrong_passphrase_opens_nothing),
	    IN_A_FOLDER(every_flipped_byte_is_refused),
	    IN_A_FOLDER(every_other_length_is_refused),
	    IN_A_FOLDER(a_file_cannot_ask_for_the_whole_memory),
	    IN_A_FOLDER(a_newer_version_and_another_kind_are_named),
	    IN_A_FOLDER(a_real_safe_wants_a_passphrase_of_its_own),
	    IN_A_FOLDER(only_the_public_passphrase_is_stretched_lightly),
	    IN_A_FOLDER(two_safes_have_nothing_in_common),
	    IN_A_FOLDER(a_write_that_stops_half_way_leaves_no_file),
	    IN_A_FOLDER(a_forked_child_is_refused_rather_than_given_zeros),
	    IN_A_FOLDER(threads_share_one_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
