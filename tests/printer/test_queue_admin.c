/* What a real cupsd keeps of ended jobs, and who may start a stopped queue. */
#include <cups/cups.h>
#include <pwd.h>
#include <sys/wait.h>

#include "tests/printer/sample.h"
#include "tests/support/cups_private.h"

#define LONG_MS 120000

static int
begin(void **state)
{
	(void)state;
	return cups_begin() ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	cups_end();
	return 0;
}

static struct print_queue *
open_queue(const char *name)
{
	struct why w = { 0 };
	struct print_queue *q = NULL;
	expect(queue_open(name, &q, &w), &w, ERR_OK, MSG_NONE);
	return q;
}

/* One page through the queue `card`, followed to its end. */
static void
print_one(const char *title)
{
	struct why w = { 0 };
	char job[PRINT_JOB_CAP], pdf[96];
	struct print_queue *q = open_queue("card");
	struct design *d = shipped("default");
	struct card_face f = sample_face();
	snprintf(pdf, sizeof(pdf), "%s/card.pdf", cups_folder());
	expect(card_render_pdf(d, &f, pdf, &w), &w, ERR_OK, MSG_NONE);
	expect(queue_submit(q, pdf, title, NULL, job, &w), &w, ERR_OK, MSG_NONE);
	expect(queue_wait(q, job, LONG_MS, NULL, NULL, NULL, &w), &w, ERR_OK, MSG_NONE);
	design_free(&d);
	queue_close(&q);
}

static void
keeps(const char *settings, enum print_keeps files, enum print_keeps history, int64_t history_s)
{
	struct why w = { 0 };
	struct print_keeping k;
	assert_true(cups_set(settings));
	expect(queue_keeps_files(NULL, &k, &w), &w, ERR_OK, MSG_NONE);
	assert_string_equal(print_keeps_name(k.files), print_keeps_name(files));
	assert_string_equal(print_keeps_name(k.history), print_keeps_name(history));
	assert_int_equal(k.history_s, history_s);
}

static void
settings_say_what_is_kept_before_any_job_ended(void **state)
{
	(void)state;
	keeps("", PRINT_KEEPS_NONE, PRINT_KEEPS, INT64_MAX);
	keeps("PreserveJobFiles -", PRINT_KEEPS, PRINT_KEEPS, INT64_MAX);
	keeps("PreserveJobFiles 0", PRINT_KEEPS_NONE, PRINT_KEEPS, INT64_MAX);
	keeps("PreserveJobFiles 2h PreserveJobHistory 7d", PRINT_KEEPS, PRINT_KEEPS, 7 * 86400);
	keeps("PreserveJobFiles yes PreserveJobHistory off", PRINT_KEEPS_NONE, PRINT_KEEPS_NONE, 0);
	keeps("PreserveJobFiles No PreserveJobHistory Yes", PRINT_KEEPS_NONE, PRINT_KEEPS, INT64_MAX);
}

static void
become_nobody(void)
{
	const struct passwd *p = getpwnam("nobody");
	assert_non_null(p);
	if (geteuid() == 0 && (setgid(p->pw_gid) != 0 || setuid(p->pw_uid) != 0))
		_exit(99);
	cupsSetUser("nobody");
}

/* What `act` answers to somebody who is no administrator. */
static int
as_nobody(int (*act)(void))
{
	int status = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		become_nobody();
		_exit(act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
told_keeping(void)
{
	struct print_keeping k;
	if (queue_keeps_files(NULL, &k, NULL) != ERR_OK)
		return 98;
	return 10 * (int)k.files + (int)k.history;
}

/* Is the queue refused a secret page because nothing is known of it? */
static int
told_unproven(void)
{
	struct print_queue *q = NULL;
	struct why w = { 0 };
	bool refused = queue_open("card", &q, &w) == ERR_OK && queue_keeps_secret(q, &w) == ERR_REFUSED &&
	    w.id == MSG_QUEUE_SECRET_UNKNOWN;
	queue_close(&q);
	return refused ? 0 : 97;
}

static void
a_user_who_may_not_see_the_settings_is_told_that_nothing_is_known(void **state)
{
	(void)state;
	assert_int_equal(as_nobody(told_keeping), 10 * PRINT_KEEPS_UNKNOWN + PRINT_KEEPS_UNKNOWN);
	assert_int_equal(as_nobody(told_unproven), 0);
}

static void
a_job_whose_pages_went_with_it_proves_that_none_are_kept(void **state)
{
	(void)state;
	print_one("not-kept");
	assert_int_equal(as_nobody(told_keeping), 10 * PRINT_KEEPS_NONE + PRINT_KEEPS);
	/* it may have gone before the scheduler was told to keep them */
	keeps("PreserveJobFiles Yes", PRINT_KEEPS, PRINT_KEEPS, INT64_MAX);
	keeps("PreserveJobFiles No", PRINT_KEEPS_NONE, PRINT_KEEPS, INT64_MAX);
}

static void
a_job_whose_pages_are_still_there_proves_that_they_are_kept(void **state)
{
	(void)state;
	assert_true(cups_set("PreserveJobFiles Yes") && cups_again());
	print_one("kept");
	assert_int_equal(as_nobody(told_keeping), 10 * PRINT_KEEPS + PRINT_KEEPS);
	/* what is there is there, whatever the settings promise by now */
	keeps("PreserveJobFiles No", PRINT_KEEPS, PRINT_KEEPS, INT64_MAX);
}

static void
a_folder_keeps_what_is_put_into_it(void **state)
{
	(void)state;
	struct print_keeping k;
	char name[80];
	snprintf(name, sizeof(name), "file:%s", cups_folder());
	struct print_queue *q = open_queue(name);
	assert_int_equal(queue_keeps_files(q, &k, NULL), ERR_OK);
	assert_int_equal(k.files, PRINT_KEEPS);
	assert_int_equal(queue_resume(q, NULL), ERR_OK);
	queue_close(&q);
}

static const char *named;
static struct why denied;

static int
resume(void)
{
	struct print_queue *q = NULL;
	enum err e = queue_open(named, &q, &denied);
	if (e == ERR_OK)
		e = queue_resume(q, &denied);
	queue_close(&q);
	return e == ERR_OK ? 0 : denied.id == MSG_QUEUE_RESUME_DENIED ? 1 : 2;
}

static void
runs(const char *queue, bool running)
{
	struct why w = { 0 };
	struct print_queue *q = open_queue(queue);
	expect(queue_ready(q, &w), &w, running ? ERR_OK : ERR_QUEUE,
	    running ? MSG_NONE : MSG_QUEUE_STOPPED);
	queue_close(&q);
}

static void
staff_who_may_not_start_a_queue_are_told_who_can_change_that(void **state)
{
	(void)state;
	named = "card-locked";
	assert_int_equal(as_nobody(resume), 1);
	runs(named, false);
}

static void
staff_whom_the_shipped_policy_names_start_a_queue(void **state)
{
	(void)state;
	named = "card-staff";
	runs(named, false);
	assert_int_equal(as_nobody(resume), 0);
	runs(named, true);
	/* again does no harm */
	assert_int_equal(as_nobody(resume), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_say_what_is_kept_before_any_job_ended),
		cmocka_unit_test(a_user_who_may_not_see_the_settings_is_told_that_nothing_is_known),
		cmocka_unit_test(a_job_whose_pages_went_with_it_proves_that_none_are_kept),
		cmocka_unit_test(a_job_whose_pages_are_still_there_proves_that_they_are_kept),
		cmocka_unit_test(a_folder_keeps_what_is_put_into_it),
		cmocka_unit_test(staff_who_may_not_start_a_queue_are_told_who_can_change_that),
		cmocka_unit_test(staff_whom_the_shipped_policy_names_start_a_queue)
	};
	return cmocka_run_group_tests(tests, begin, end);
}
