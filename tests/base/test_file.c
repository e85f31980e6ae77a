/* base/file: whole or not at all, and never more than asked for. */
#define _DEFAULT_SOURCE	/* syscall */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "station/base/file.h"

static char folder[64];
static char path[96];

static int
make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/bashgah-file-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/one", folder);
	return 0;
}

static int
drop_folder(void **state)
{
	struct stat st;

	(void)state;
	folder_remove(folder);
	return stat(folder, &st) == 0;
}

static unsigned
names(void)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n - 2;
}

static void
holds(const char *text)
{
	char got[64];
	size_t len;

	assert_int_equal(file_read(path, got, sizeof(got), &len, NULL), ERR_OK);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(got, text, len);
}

static void
a_written_file_is_whole_private_and_alone(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(file_write(path, "first", 5, 0600, NULL), ERR_OK);
	assert_int_equal(file_write(path, "the second", 10, 0600, NULL), ERR_OK);
	holds("the second");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(names(), 1);
}

static void
a_name_somebody_has_is_not_created_again(void **state)
{
	struct stat st;
	struct why w;

	(void)state;
	assert_int_equal(file_create(path, "mine", 4, 0600, NULL), ERR_OK);
	assert_int_equal(file_create(path, "yours", 5, 0600, &w), ERR_DUPLICATE);
	assert_int_equal(w.id, MSG_FILE_EXISTS);
	holds("mine");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(file_create(path, "yours", 5, 0600, &w), ERR_DUPLICATE);
	assert_int_equal(names(), 1);
}

/* A limit on the size of files stands in for the full disk. */
static void
a_write_that_stops_half_way_leaves_the_old_file(void **state)
{
	static char much[10000];
	struct rlimit before, small;
	struct why w;
	enum err e;

	(void)state;
	assert_int_equal(file_write(path, "old", 3, 0600, NULL), ERR_OK);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 5000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	e = file_write(path, much, sizeof(much), 0600, &w);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(e, ERR_DISK_FULL);
	holds("old");
	assert_int_equal(names(), 1);
}

static void
a_missing_folder_is_named(void **state)
{
	struct why w;

	(void)state;
	(void)strcat(path, "/below");
	assert_int_equal(file_write(path, "x", 1, 0600, &w), ERR_MISSING);
	assert_int_equal(file_create(path, "x", 1, 0600, &w), ERR_MISSING);
	assert_string_equal(w.arg[0].str, path);
}

static void
only_the_length_asked_for_is_read(void **state)
{
	char got[8];
	size_t len = 99;
	struct why w;

	(void)state;
	assert_int_equal(file_read(path, got, sizeof(got), &len, &w), ERR_MISSING);
	assert_int_equal(len, 0);
	assert_int_equal(file_write(path, "12345", 5, 0600, NULL), ERR_OK);
	assert_int_equal(file_read_exact(path, got, 5, NULL), ERR_OK);
	assert_memory_equal(got, "12345", 5);
	assert_int_equal(file_read_exact(path, got, 4, &w), ERR_LEN);
	assert_int_equal(file_read_exact(path, got, 6, &w), ERR_LEN);
	assert_int_equal(w.id, MSG_FILE_SIZE_WRONG);
	assert_int_equal(file_read(path, got, 4, &len, &w), ERR_LEN);
	assert_int_equal(len, 0);
	assert_int_equal(file_read(folder, got, 4, &len, &w), ERR_IO);
}

static void
a_folder_may_be_there_already_but_not_as_a_file(void **state)
{
	struct why w;

	(void)state;
	assert_int_equal(folder_make(path, 0700, NULL), ERR_OK);
	assert_int_equal(folder_make(path, 0700, NULL), ERR_OK);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(file_write(path, "x", 1, 0600, NULL), ERR_OK);
	assert_int_equal(folder_make(path, 0700, &w), ERR_IO);
	(void)strcat(path, "s/below");
	assert_int_equal(folder_make(path, 0700, &w), ERR_MISSING);
}

static void
removing_a_folder_stops_at_links(void **state)
{
	char inner[160], kept[120];

	(void)state;
	(void)snprintf(kept, sizeof(kept), "%s/kept", folder);
	assert_int_equal(folder_make(kept, 0700, NULL), ERR_OK);
	assert_int_equal(folder_make(path, 0700, NULL), ERR_OK);
	(void)snprintf(inner, sizeof(inner), "%s/link", path);
	assert_int_equal(symlink(kept, inner), 0);
	(void)snprintf(inner, sizeof(inner), "%s/file", kept);
	assert_int_equal(file_write(inner, "x", 1, 0600, NULL), ERR_OK);
	folder_remove(path);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(access(inner, F_OK), 0);
}

#define WRITERS 4
#define ROUNDS 25
#define BLOCK 3000

static void *
write_often(void *arg)
{
	char *block = malloc(BLOCK);
	enum err *e = arg;

	*e = block == NULL ? ERR_NOMEM : ERR_OK;
	for (int i = 0; *e == ERR_OK && i < ROUNDS; i++) {
		memset(block, 'a' + i, BLOCK);
		*e = file_write(path, block, BLOCK, 0600, NULL);
	}
	free(block);
	return NULL;
}

static void
threads_that_write_one_name_leave_one_whole_file(void **state)
{
	pthread_t threads[WRITERS];
	enum err e[WRITERS];
	char got[BLOCK];

	(void)state;
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_often, &e[i]), 0);
	for (int i = 0; i < WRITERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(e[i], ERR_OK);
	}
	assert_int_equal(file_read_exact(path, got, BLOCK, NULL), ERR_OK);
	for (int i = 1; i < BLOCK; i++)
		assert_int_equal(got[i], got[0]);
	assert_int_equal(names(), 1);
}

/* --- a disk that knows no second names, as USB sticks are formatted */

static bool no_links;

int
link(const char *from, const char *to)
{
	if (no_links) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_link, from, to);
}

static void
a_disk_without_links_gives_a_free_name_all_the_same(void **state)
{
	struct why w = {0};

	(void)state;
	no_links = true;
	assert_int_equal(file_create(path, "one", 3, 0600, &w), ERR_OK);
	holds("one");
	assert_int_equal(names(), 1);
	assert_int_equal(file_create(path, "two", 3, 0600, &w), ERR_DUPLICATE);
	holds("one");
	assert_int_equal(names(), 1);
	no_links = false;
}

static void
a_folder_gets_the_name_of_none_or_an_empty_one_and_of_no_other(void **state)
{
	char fresh[160], inner[200];
	struct why w;

	(void)state;
	(void)snprintf(fresh, sizeof(fresh), "%s/fresh", folder);
	(void)snprintf(inner, sizeof(inner), "%s/file", fresh);
	assert_int_equal(folder_make(fresh, 0700, NULL), ERR_OK);
	assert_int_equal(file_write(inner, "x", 1, 0600, NULL), ERR_OK);
	assert_int_equal(folder_make(path, 0700, NULL), ERR_OK);
	assert_int_equal(folder_publish(fresh, path, &w), ERR_OK);
	(void)snprintf(inner, sizeof(inner), "%s/file", path);
	assert_int_equal(access(inner, F_OK), 0);
	assert_int_equal(folder_publish(fresh, path, &w), ERR_MISSING);
	assert_int_equal(folder_make(fresh, 0700, NULL), ERR_OK);
	assert_int_equal(folder_publish(fresh, path, &w), ERR_DUPLICATE);
	assert_int_equal(access(inner, F_OK), 0);
	folder_remove(path);
	folder_remove(fresh);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(a_written_file_is_whole_private_and_alone),
		IN_A_FOLDER(a_name_somebody_has_is_not_created_again),
		IN_A_FOLDER(a_write_that_stops_half_way_leaves_the_old_file),
		IN_A_FOLDER(a_missing_folder_is_named),
		IN_A_FOLDER(only_the_length_asked_for_is_read),
		IN_A_FOLDER(a_folder_may_be_there_already_but_not_as_a_file),
		IN_A_FOLDER(a_folder_gets_the_name_of_none_or_an_empty_one_and_of_no_other),
		IN_A_FOLDER(removing_a_folder_stops_at_links),
		IN_A_FOLDER(threads_that_write_one_name_leave_one_whole_file),
		IN_A_FOLDER(a_disk_without_links_gives_a_free_name_all_the_same),
	};

	return cmocka_run_group_tests_name("base/file", tests, NULL, NULL);
}
