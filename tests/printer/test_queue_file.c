/* The queue that is a folder, and what all queues share. */
#include <sys/resource.h>
#include <signal.h>

#include "tests/printer/sample.h"

static char folder[64], name[80], pdf[96];

static int
begin(void **state)
{
	(void)state;
	new_folder(folder);
	snprintf(name, sizeof(name), "file:%s", folder);
	snprintf(pdf, sizeof(pdf), "%s/source", folder);
	FILE *f = fopen(pdf, "w");
	assert_non_null(f);
	fputs("%PDF-1.5\n", f);
	for (int i = 0; i < 4000; i++)
		fputs("a line of a file that stands for artwork\n", f);
	return fclose(f);
}

static int
end(void **state)
{
	(void)state;
	remove_folder(folder);
	return 0;
}

static void
a_print_is_a_file_of_its_title_and_done_at_once(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct print_queue *q;
	struct print_status s;
	char job[PRINT_JOB_CAP], found[PRINT_JOB_CAP], command[256], out[64];
	expect(queue_open(name, &q, &w), &w, ERR_OK, MSG_NONE);
	expect(queue_find(q, "issue-0001", found, &w), &w, ERR_NOT_FOUND, MSG_JOB_UNKNOWN);
	expect(queue_submit(q, pdf, "issue-0001", NULL, job, &w), &w, ERR_OK, MSG_NONE);
	expect(queue_wait(q, job, 0, NULL, NULL, &s, &w), &w, ERR_OK, MSG_NONE);
	assert_int_equal(s.state, PRINT_DONE);
	expect(queue_find(q, "issue-0001", found, &w), &w, ERR_OK, MSG_NONE);
	assert_string_equal(found, job);
	snprintf(command, sizeof(command), "cmp %s %s/issue-0001.pdf && echo same", pdf, folder);
	run("diffutils", command, out, sizeof(out));
	assert_string_equal(out, "same\n");
	expect(queue_cancel(q, job, &w), &w, ERR_NOT_FOUND, MSG_JOB_UNKNOWN);
	queue_close(&q);
	assert_null(q);
}

static void
a_print_taken_out_of_the_folder_is_gone(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct print_queue *q;
	expect(queue_open(name, &q, &w), &w, ERR_OK, MSG_NONE);
	expect(queue_wait(q, "nobody-put-it", 0, NULL, NULL, NULL, &w), &w, ERR_PRINT, MSG_JOB_GONE);
	expect(queue_wait(q, "../source", 0, NULL, NULL, NULL, &w), &w, ERR_PRINT, MSG_JOB_GONE);
	queue_close(&q);
}

static void
titles_that_are_no_names_are_refused(void **state)
{
	(void)state;
	char long_title[102];
	memset(long_title, 'a', 101);
	long_title[101] = '\0';
	const char *const bad[] = { NULL, "", ".hidden", "a/b", "a b", "کارت", "a\n", long_title };
	struct why w = { 0 };
	struct print_queue *q;
	char job[PRINT_JOB_CAP];
	expect(queue_open(name, &q, &w), &w, ERR_OK, MSG_NONE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		expect(queue_submit(q, pdf, bad[i], NULL, job, &w), &w, ERR_ARG, MSG_JOB_TITLE_BAD);
		expect(queue_find(q, bad[i], job, &w), &w, ERR_ARG, MSG_JOB_TITLE_BAD);
	}
	long_title[100] = '\0';
	expect(queue_submit(q, pdf, long_title, NULL, job, &w), &w, ERR_OK, MSG_NONE);
	queue_close(&q);
}

static void
a_missing_folder_or_file_is_named(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct print_queue *q;
	char job[PRINT_JOB_CAP];
	expect(queue_open("file:/nowhere/at/all", &q, &w), &w, ERR_MISSING, MSG_QUEUE_FOLDER_MISSING);
	assert_string_equal(w.arg[0].str, "/nowhere/at/all");
	expect(queue_open("", &q, &w), &w, ERR_QUEUE, MSG_QUEUE_UNKNOWN);
	expect(queue_open(name, &q, &w), &w, ERR_OK, MSG_NONE);
	expect(queue_submit(q, "/nowhere.pdf", "t", NULL, job, &w), &w, ERR_MISSING, MSG_FILE_MISSING);
	expect(queue_submit(q, "/etc/passwd", "t", NULL, job, &w), &w, ERR_PRINT, MSG_JOB_REFUSED);
	queue_close(&q);
}

static void
without_room_no_half_file_is_left_and_the_job_is_not_done(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct print_queue *q;
	struct rlimit was, small;
	char job[PRINT_JOB_CAP], command[128], out[256];
	expect(queue_open(name, &q, &w), &w, ERR_OK, MSG_NONE);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 5000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum err e = queue_submit(q, pdf, "no-room", NULL, job, &w);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_true(e == ERR_DISK_FULL || e == ERR_IO);
	assert_string_equal(job, "");
	snprintf(command, sizeof(command), "ls -A %s | grep no-room || true", folder);
	run("coreutils", command, out, sizeof(out));
	assert_string_equal(out, "");
	queue_close(&q);
}

static void
reasons_of_printers_become_sentences(void **state)
{
	(void)state;
	static const struct {
		const char *keyword;
		enum msg msg;
	} row[] = {
		{ "none", MSG_NONE },
		{ "media-empty", MSG_PRINTER_MEDIA_EMPTY },
		{ "media-empty-error", MSG_PRINTER_MEDIA_EMPTY },
		{ "media-low-warning", MSG_PRINTER_MEDIA_LOW },
		{ "marker-supply-empty-warning", MSG_PRINTER_RIBBON_EMPTY },
		{ "marker-supply-low-report", MSG_PRINTER_RIBBON_LOW },
		{ "media-jam-error", MSG_PRINTER_MEDIA_JAM },
		{ "door-open", MSG_PRINTER_COVER_OPEN },
		{ "cover-open-error", MSG_PRINTER_COVER_OPEN },
		{ "paused", MSG_PRINTER_PAUSED },
		{ "offline-report", MSG_PRINTER_OFFLINE },
		{ "com.maker-laminator-hot-error", MSG_PRINTER_TROUBLE },
		{ "com.maker-laminator-hot-report", MSG_NONE },
		{ "cups-waiting-for-job-completed", MSG_NONE },
		{ "-error", MSG_NONE },
		{ "", MSG_NONE }
	};
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(print_reason_msg(row[i].keyword), row[i].msg);
	assert_string_equal(print_state_name(PRINT_GONE), "gone");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_print_is_a_file_of_its_title_and_done_at_once),
		cmocka_unit_test(a_print_taken_out_of_the_folder_is_gone),
		cmocka_unit_test(titles_that_are_no_names_are_refused),
		cmocka_unit_test(a_missing_folder_or_file_is_named),
		cmocka_unit_test(without_room_no_half_file_is_left_and_the_job_is_not_done),
		cmocka_unit_test(reasons_of_printers_become_sentences)
	};
	return cmocka_run_group_tests(tests, begin, end);
}
