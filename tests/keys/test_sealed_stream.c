/* keys/sealed_stream: what went in comes out; one byte changed, moved, cut or added, and nothing is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keys/safe.h"
#include "keys/sealed_stream.h"
#include "station/base/file.h"

#define PRACTICE SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1
#define PIECE 65536u
#define HEAD 52u
#define TAG 16u
#define ROOM (4u * PIECE + 400)

static char folder[64];
static char path[96];
static uint8_t plain[ROOM], got[ROOM + 1], image[ROOM];
static const struct sealed_stream_head head = {.test = true, .club = {1, 2, 3, 4}, .station = 77, .made = 12345};

static int
make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s", "/tmp/bashgah-stream-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/stream", folder);
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 31 + i / 251);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	folder_remove(folder);
	return 0;
}

/* Written in portions, so that their ends and those of the pieces never agree. */
static void
write_stream(size_t len)
{
	struct sealed_stream *s = NULL;

	(void)unlink(path);
	assert_int_equal(sealed_stream_create(path, &head, PRACTICE, &s, NULL), ERR_OK);
	for (size_t at = 0; at < len; at += 1000)
		assert_int_equal(sealed_stream_write(s, plain + at, len - at < 1000 ? len - at : 1000, NULL), ERR_OK);
	assert_int_equal(sealed_stream_finish(s, NULL), ERR_OK);
	sealed_stream_close(&s);
	assert_null(s);
}

/* All of it, up to the proven end; or the error that came first. */
static enum err
read_stream(const char *pass, size_t pass_len, size_t *len, struct why *w)
{
	struct sealed_stream_head h;
	struct sealed_stream *s = NULL;
	enum err e = sealed_stream_open(path, pass, pass_len, &h, &s, w);
	size_t n = 1;

	for (*len = 0; e == ERR_OK && n > 0; *len += n)
		e = sealed_stream_read(s, got + *len, sizeof(got) - *len < 777 ? sizeof(got) - *len : 777, &n, w);
	sealed_stream_close(&s);
	return e;
}

static size_t
load_image(void)
{
	size_t len;

	assert_int_equal(file_read(path, image, sizeof(image), &len, NULL), ERR_OK);
	return len;
}

static void
refused_as(const uint8_t *bytes, size_t bytes_len)
{
	struct why w = {0};
	size_t len;
	enum err e;

	assert_int_equal(file_write(path, bytes, bytes_len, 0600, NULL), ERR_OK);
	e = read_stream(PRACTICE, &len, &w);
	assert_true(e == ERR_SAFE || e == ERR_PASSPHRASE);
	assert_true(w.id == MSG_BACKUP_DAMAGED || w.id == MSG_BACKUP_PASSPHRASE || w.id == MSG_BACKUP_NOT_ONE ||
	    w.id == MSG_BACKUP_NEWER);
}

static void
what_went_in_comes_out_at_any_length(void **state)
{
	const size_t lengths[] = {0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 4 * PIECE + 321};
	struct sealed_stream_head h;
	struct stat st;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		write_stream(lengths[i]);
		assert_int_equal(read_stream(PRACTICE, &len, NULL), ERR_OK);
		assert_int_equal(len, lengths[i]);
		assert_memory_equal(got, plain, len);
	}
	assert_int_equal(sealed_stream_peek(path, &h, NULL), ERR_OK);
	assert_true(h.test);
	assert_int_equal(h.station, 77);
	assert_int_equal(h.made, 12345);
	assert_memory_equal(h.club, head.club, 4);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
nothing_of_the_contents_can_be_read_in_the_file(void **state)
{
	size_t len;

	(void)state;
	memset(plain, 'A', 4096);
	write_stream(4096);
	len = load_image();
	for (size_t i = HEAD; i + 8 < len; i++)
		assert_memory_not_equal(image + i, "AAAAAAAA", 8);
}

static void
every_byte_changed_is_refused(void **state)
{
	static uint8_t spoilt[ROOM];
	size_t len;

	(void)state;
	write_stream(200);
	len = load_image();
	for (size_t i = 0; i < len; i++) {
		memcpy(spoilt, image, len);
		spoilt[i] ^= (uint8_t)(1u << i % 8);
		refused_as(spoilt, len);
	}
	/* of a long one: the borders of pieces, and some between */
	write_stream(2 * PIECE + 100);
	len = load_image();
	for (size_t i = HEAD; i < len; i += i % (PIECE + TAG) < 100 ? 17 : 4099) {
		memcpy(spoilt, image, len);
		spoilt[i] ^= 0x80;
		refused_as(spoilt, len);
	}
}

static void
every_cut_is_refused(void **state)
{
	static uint8_t whole[ROOM];
	const size_t borders[] = {HEAD, HEAD + TAG, HEAD + PIECE, HEAD + PIECE + TAG, HEAD + PIECE + TAG + 1,
		HEAD + 2 * (PIECE + TAG), HEAD + 2 * (PIECE + TAG) + TAG};
	size_t len;

	(void)state;
	write_stream(100);
	len = load_image();
	memcpy(whole, image, len);
	for (size_t i = 0; i < len; i++)
		refused_as(whole, i);
	write_stream(3 * PIECE);
	len = load_image();
	memcpy(whole, image, len);
	for (size_t i = 0; i < sizeof(borders) / sizeof(borders[0]); i++)
		refused_as(whole, borders[i]);
	/* and what is added */
	whole[len] = 0;
	refused_as(whole, len + 1);
}

static void
pieces_moved_or_repeated_are_refused(void **state)
{
	static uint8_t moved[ROOM];
	const size_t piece = PIECE + TAG;
	size_t len;

	(void)state;
	write_stream(3 * PIECE);
	len = load_image();
	memcpy(moved, image, len);
	memcpy(moved + HEAD, image + HEAD + piece, piece);
	memcpy(moved + HEAD + piece, image + HEAD, piece);
	refused_as(moved, len);
	memcpy(moved, image, len);
	memcpy(moved + HEAD + piece, image + HEAD, piece);
	refused_as(moved, len);
	/* the last piece alone is an end, but not of this beginning */
	memmove(moved + HEAD, image + HEAD + 2 * piece, piece);
	refused_as(moved, HEAD + piece);
}

static void
another_passphrase_opens_nothing(void **state)
{
	struct why w = {0};
	size_t len;

	(void)state;
	write_stream(300);
	assert_int_equal(read_stream("something else", 14, &len, &w), ERR_PASSPHRASE);
	assert_int_equal(w.id, MSG_BACKUP_PASSPHRASE);
	assert_int_equal(read_stream("", 0, &len, &w), ERR_PASSPHRASE);
}

static void
a_real_clubs_backup_refuses_the_public_and_the_short_passphrase(void **state)
{
	const struct sealed_stream_head real = {.club = {1, 2, 3, 4}, .station = 77};
	struct sealed_stream *s = NULL;
	struct why w = {0};

	(void)state;
	(void)unlink(path);
	assert_int_equal(sealed_stream_create(path, &real, PRACTICE, &s, &w), ERR_PASSPHRASE);
	assert_int_equal(w.id, MSG_PASSPHRASE_PUBLIC);
	assert_null(s);
	assert_int_equal(sealed_stream_create(path, &real, "seven..", 7, &s, &w), ERR_PASSPHRASE);
	assert_int_equal(w.id, MSG_PASSPHRASE_SHORT);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void
a_file_that_is_there_is_never_written_over(void **state)
{
	struct sealed_stream *s = NULL;
	struct why w = {0};

	(void)state;
	assert_int_equal(file_write(path, "mine", 4, 0600, NULL), ERR_OK);
	assert_int_equal(sealed_stream_create(path, &head, PRACTICE, &s, &w), ERR_DUPLICATE);
	assert_null(s);
	assert_int_equal(load_image(), 4);
}

static void
a_full_disk_is_said(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	(void)unlink(path);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const struct rlimit limit = {PIECE, PIECE};
		struct sealed_stream *s = NULL;
		struct why w = {0};
		enum err e;

		(void)signal(SIGXFSZ, SIG_IGN);
		(void)setrlimit(RLIMIT_FSIZE, &limit);
		e = sealed_stream_create(path, &head, PRACTICE, &s, &w);
		if (e == ERR_OK)
			e = sealed_stream_write(s, plain, 3 * PIECE, &w);
		_exit(e == ERR_DISK_FULL && w.code == ERR_DISK_FULL ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_went_in_comes_out_at_any_length),
		cmocka_unit_test(nothing_of_the_contents_can_be_read_in_the_file),
		cmocka_unit_test(every_byte_changed_is_refused),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(pieces_moved_or_repeated_are_refused),
		cmocka_unit_test(another_passphrase_opens_nothing),
		cmocka_unit_test(a_real_clubs_backup_refuses_the_public_and_the_short_passphrase),
		cmocka_unit_test(a_file_that_is_there_is_never_written_over),
		cmocka_unit_test(a_full_disk_is_said),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
