/*
 * The software card's memory outside its head: images, the file on disk, tears, figures, its
 * reader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "station/base/bytes.h"
#include "station/base/clock.h"
#include "tests/support/sim_host.h"

static const uint8_t zero[16];
static char folder[] = "/tmp/bashgah-sim-XXXXXX";
static char path[64];

static int
make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/card", folder);
	return 0;
}

static int
drop_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static int
drop_card(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

/* An application with one backup file, its AID kept; selected. */
static void
fill(struct sim_host *h)
{
	assert_int_equal(host_hex(h, 0xCA, "1122330F81"), 0);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	assert_int_equal(host_hex(h, 0xCB, "0100EEEE200000"), 0);
	assert_int_equal(host_hex(h, 0xCD, "0200EEEE200000"), 0);
}

/* First byte of a file of the filled card. */
static uint8_t
first_byte(struct sim_host *h, uint8_t no)
{
	uint8_t head[7] = {no};

	host_restart(h, false);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	assert_int_equal(host_raw(h, 0xBD, head, 7), 0);
	return h->rx[0];
}

static void
missing_file_becomes_a_new_card_and_is_there_at_the_next_start(void **state)
{
	struct sim_card *card;
	struct sim_host h;
	struct stat st;

	(void)state;
	assert_int_equal(sim_desfire_open(SIM_DESFIRE_EV1, path, &card, NULL), ERR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	host_start(&h, card, false);
	fill(&h);
	assert_int_equal(host_hex(&h, 0x3D, "0100000001000041"), 0);
	assert_int_equal(host_raw(&h, 0xC7, NULL, 0), 0);
	assert_int_equal(host_hex(&h, 0x3D, "0100000001000042"), 0);
	host_stop(&h);
	sim_card_free(&card);
	assert_null(card);
	assert_int_equal(sim_desfire_open(SIM_DESFIRE_EV1, path, &card, NULL), ERR_OK);
	host_start(&h, card, true);
	assert_int_equal(first_byte(&h, 1), 0x41);
	host_stop(&h);
	sim_card_free(&card);
}

static void
change_is_on_disk_before_the_answer(void **state)
{
	struct sim_card *card, *twin;
	struct sim_host h;

	(void)state;
	assert_int_equal(sim_desfire_new(NULL, path, &card, NULL), ERR_OK);
	host_start(&h, card, false);
	fill(&h);
	assert_int_equal(host_hex(&h, 0x3D, "0200000001000077"), 0);
	host_stop(&h);
	assert_int_equal(sim_desfire_open(SIM_DESFIRE_EV1, path, &twin, NULL), ERR_OK);
	host_start(&h, twin, false);
	assert_int_equal(first_byte(&h, 2), 0x77);
	host_stop(&h);
	sim_card_free(&twin);
	sim_card_free(&card);
}

static void
disk_that_refuses_makes_the_card_leave_with_nothing_written(void **state)
{
	struct rlimit was, none;
	struct sim_card *card;
	struct sim_host h;

	(void)state;
	assert_int_equal(sim_desfire_new(NULL, path, &card, NULL), ERR_OK);
	host_start(&h, card, false);
	fill(&h);
	assert_int_equal(host_hex(&h, 0x3D, "0200000001000011"), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	none = was;
	none.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(host_hex(&h, 0x3D, "0200000001000022"), 0x100);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_true(sim_card_away(card));
	assert_int_equal(host_raw(&h, 0x60, NULL, 0), 0x100);
	sim_card_return(card);
	assert_int_equal(first_byte(&h, 2), 0x11);
	host_stop(&h);
	sim_card_free(&card);
	assert_int_equal(sim_desfire_open(SIM_DESFIRE_EV1, path, &card, NULL), ERR_OK);
	host_start(&h, card, false);
	assert_int_equal(first_byte(&h, 2), 0x11);
	host_stop(&h);
	sim_card_free(&card);
}

/* Another process with the card in its field; answers when it has it. It frees it after `ms`, or dies. */
static pid_t
other_owner(long ms, bool dies)
{
	struct sim_card *card;
	int told[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe(told), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (sim_desfire_open(SIM_DESFIRE_EV1, path, &card, NULL) != ERR_OK || write(told[1], "x", 1) != 1)
			_exit(1);
		(void)nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
		if (!dies)
			sim_card_free(&card);
		_exit(0);
	}
	(void)close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 1);
	(void)close(told[0]);
	return child;
}

static void
card_of_a_file_is_in_one_field_at_a_time(void **state)
{
	char lock[80];
	int status;

	(void)state;
	snprintf(lock, sizeof(lock), "%s.lock", path);
	for (int dies = 0; dies < 2; dies++) {
		pid_t owner = other_owner(300, dies);
		int64_t asked = clock_monotonic_ns();
		struct sim_card *card;

		assert_int_equal(sim_desfire_open(SIM_DESFIRE_EV1, path, &card, NULL), ERR_OK);
		assert_true(clock_monotonic_ns() - asked > 100 * INT64_C(1000000));
		assert_int_equal(access(lock, F_OK), 0);
		assert_int_equal(waitpid(owner, &status, 0), owner);
		assert_int_equal(status, 0);
		sim_card_free(&card);
		assert_int_not_equal(access(lock, F_OK), 0);
	}
}

static void
damaged_truncated_or_longer_file_is_refused(void **state)
{
	struct sim_card *card;
	struct why w = {0};
	uint8_t *image;
	size_t len;

	(void)state;
	assert_int_equal(sim_desfire_new(NULL, NULL, &card, NULL), ERR_OK);
	assert_int_equal(sim_card_image(card, &image, &len, NULL), ERR_OK);
	for (int how = 0; how < 4; how++) {
		FILE *f = fopen(path, "wb");

		image[len / 2] ^= how == 0;
		fwrite(image, 1, how == 1 ? len - 1 : how == 3 ? 0 : len, f);
		if (how == 2)
			fputc('x', f);
		fclose(f);
		image[len / 2] ^= how == 0;
		sim_card_free(&card);
		assert_int_equal(sim_desfire_open(SIM_DESFIRE_EV1, path, &card, &w), ERR_FORMAT);
		assert_null(card);
		assert_int_equal(w.id, MSG_SIM_CARD_DAMAGED);
	}
	free(image);
}

static void
folder_that_is_not_there_is_an_error_by_name(void **state)
{
	struct sim_card *card;
	struct why w = {0};

	(void)state;
	assert_int_equal(sim_desfire_new(NULL, "/nonexistent/card", &card, &w), ERR_MISSING);
	assert_null(card);
	assert_int_equal(w.id, MSG_FILE_MISSING);
}

static void
image_put_back_brings_the_old_card_back(void **state)
{
	struct sim_card *card;
	struct sim_host h;
	uint8_t *image;
	size_t len;

	(void)state;
	assert_int_equal(sim_desfire_new(NULL, NULL, &card, NULL), ERR_OK);
	host_start(&h, card, false);
	fill(&h);
	assert_int_equal(host_hex(&h, 0x3D, "0200000001000011"), 0);
	assert_int_equal(sim_card_image(card, &image, &len, NULL), ERR_OK);
	assert_int_equal(host_hex(&h, 0x3D, "0200000001000022"), 0);
	assert_int_equal(first_byte(&h, 2), 0x22);
	assert_int_equal(sim_card_restore(card, image, len, NULL), ERR_OK);
	assert_int_equal(first_byte(&h, 2), 0x11);
	image[20] ^= 1;
	assert_int_equal(sim_card_restore(card, image, len, NULL), ERR_FORMAT);
	assert_int_equal(sim_card_restore(card, image, 3, NULL), ERR_FORMAT);
	assert_int_equal(first_byte(&h, 2), 0x11);
	free(image);
	host_stop(&h);
	sim_card_free(&card);
}

/* The image after APDU `tx` torn so, beside the image before. True if they differ. */
static bool
tear_changes(struct sim_host *h, enum sim_tear how, const char *hex)
{
	uint8_t *before, *after;
	size_t len, len2;
	bool differ;

	host_restart(h, false);
	assert_int_equal(host_hex(h, 0x5A, "112233"), 0);
	assert_int_equal(sim_card_image(h->card, &before, &len, NULL), ERR_OK);
	sim_card_tear(h->card, 2, how);
	assert_int_equal(host_raw(h, 0x6E, NULL, 0), 0);
	assert_int_equal(host_hex(h, 0x3D, hex), 0x100);
	assert_true(sim_card_away(h->card));
	assert_int_equal(host_raw(h, 0x6E, NULL, 0), 0x100);
	sim_card_return(h->card);
	assert_false(sim_card_away(h->card));
	assert_int_equal(sim_card_image(h->card, &after, &len2, NULL), ERR_OK);
	assert_int_equal(len, len2);
	differ = memcmp(before, after, len) != 0;
	free(before);
	free(after);
	return differ;
}

static void
tear_counts_apdus_and_only_a_written_one_changes_the_card(void **state)
{
	struct sim_card *card;
	struct sim_host h;

	(void)state;
	assert_int_equal(sim_desfire_new(NULL, NULL, &card, NULL), ERR_OK);
	host_start(&h, card, false);
	fill(&h);
	assert_false(tear_changes(&h, SIM_TEAR_BEFORE, "0200000001000011"));
	assert_false(tear_changes(&h, SIM_TEAR_UNWRITTEN, "0200000001000011"));
	assert_true(tear_changes(&h, SIM_TEAR_WRITTEN, "0200000001000011"));
	assert_false(tear_changes(&h, SIM_TEAR_WRITTEN, "0100000001000011"));
	host_stop(&h);
	sim_card_free(&card);
}

static void
figures_count_bytes_frames_and_memory_as_the_model_says(void **state)
{
	struct sim_card *card;
	struct sim_figures f;
	struct sim_host h;

	(void)state;
	assert_int_equal(sim_desfire_new(NULL, NULL, &card, NULL), ERR_OK);
	host_start(&h, card, false);
	assert_int_equal(host_raw(&h, 0x6E, NULL, 0), 0);
	sim_card_figures(card, &f);
	/*
	 * 5 bytes up, 5 down, 3 more a block: 16 bytes of 9 bits, two delays of 86.4 us, 4 ms of
	 * work
	 */
	assert_int_equal(f.apdus, 1);
	assert_int_equal(f.bytes, 10);
	assert_in_range(f.us_106, 5531, 5533);
	assert_in_range(f.us_848, 4342, 4344);
	sim_card_reset_figures(card);
	assert_int_equal(host_hex(&h, 0xCA, "1122330F81"), 0);
	sim_card_figures(card, &f);
	assert_int_equal(f.bytes, 13);
	assert_in_range(f.us_848, 7370, 7374);
	host_stop(&h);
	sim_card_free(&card);
}

static void
reader_of_the_card_connects_answers_and_reports_a_pull(void **state)
{
	static const uint8_t version[] = {0x90, 0x60, 0, 0, 0};
	struct sim_card *card;
	struct reader *r;
	uint8_t rx[RAPDU_CAP];
	struct why w;
	size_t len;

	(void)state;
	assert_int_equal(sim_desfire_new(NULL, NULL, &card, NULL), ERR_OK);
	assert_int_equal(sim_reader_open(card, true, &r, NULL), ERR_OK);
	assert_int_equal(reader_connect(r, 0, NULL), ERR_OK);
	assert_int_equal(r->atr_len, 6);
	assert_int_equal(reader_transmit(r, version, sizeof(version), rx, &len, NULL), ERR_OK);
	assert_int_equal(len, 9);
	assert_int_equal(reader_reset(r, NULL), ERR_OK);
	assert_int_equal(reader_transmit(r, version, sizeof(version), rx, &len, NULL), ERR_OK);
	assert_int_equal(rx[8], 0xAF);
	sim_card_tear(card, 1, SIM_TEAR_BEFORE);
	assert_int_equal(
	    reader_transmit(r, version, sizeof(version), rx, &len, NULL), ERR_CARD_GONE);
	assert_int_equal(reader_reset(r, NULL), ERR_CARD_GONE);
	assert_int_equal(reader_connect(r, 300, &w), ERR_NO_CARD);
	assert_int_equal(w.arg[1].num, 1);	/* never "in 0 seconds" */
	assert_int_equal(reader_connect(r, 1000, &w), ERR_NO_CARD);
	assert_int_equal(w.arg[1].num, 1);
	sim_card_return(card);
	assert_int_equal(reader_connect(r, 0, NULL), ERR_OK);
	assert_int_equal(reader_transmit(r, version, sizeof(version), rx, &len, NULL), ERR_OK);
	reader_close(&r);
}

/* The tear of an own-key change whose answer is lost: the key is the new one. */
static void
key_change_with_a_lost_answer_has_happened(void **state)
{
	static const uint8_t fresh[16] = {1, 2, 3};
	struct sim_card *card;
	struct sim_host h;

	(void)state;
	assert_int_equal(sim_desfire_new(NULL, NULL, &card, NULL), ERR_OK);
	host_start(&h, card, false);
	assert_int_equal(host_auth(&h, 0x1A, 0, zero, 16), 0);
	sim_card_tear(card, 1, SIM_TEAR_WRITTEN);
	assert_int_equal(host_change_key(&h, 0x80, fresh, 16, 1, NULL), 0x100);
	sim_card_return(card);
	assert_int_equal(host_auth(&h, 0xAA, 0, fresh, 16), 0);
	host_stop(&h);
	sim_card_free(&card);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
		    missing_file_becomes_a_new_card_and_is_there_at_the_next_start, drop_card),
		cmocka_unit_test_teardown(change_is_on_disk_before_the_answer, drop_card),
		cmocka_unit_test_teardown(
		    disk_that_refuses_makes_the_card_leave_with_nothing_written, drop_card),
		cmocka_unit_test_teardown(card_of_a_file_is_in_one_field_at_a_time, drop_card),
		cmocka_unit_test_teardown(damaged_truncated_or_longer_file_is_refused, drop_card),
		cmocka_unit_test(folder_that_is_not_there_is_an_error_by_name),
		cmocka_unit_test(image_put_back_brings_the_old_card_back),
		cmocka_unit_test(tear_counts_apdus_and_only_a_written_one_changes_the_card),
		cmocka_unit_test(figures_count_bytes_frames_and_memory_as_the_model_says),
		cmocka_unit_test(reader_of_the_card_connects_answers_and_reports_a_pull),
		cmocka_unit_test(key_change_with_a_lost_answer_has_happened),
	};

	return cmocka_run_group_tests_name(
	    "software card: memory", tests, make_folder, drop_folder);
}
