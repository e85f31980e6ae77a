/* What can become of a job, each played through a real cupsd: trouble at the printer, at the queue, of the scheduler. */
#include "tests/printer/sample.h"
#include "tests/support/cups_private.h"

/* Far more than a busy machine needs; nothing waits for it that has happened. */
#define LONG_MS 120000

static char pdf[96];

static int
begin(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct card_face f = sample_face();
	if (!cups_begin())
		return -1;
	struct design *d = shipped("default");
	snprintf(pdf, sizeof(pdf), "%s/card.pdf", cups_folder());
	expect(card_render_pdf(d, &f, pdf, &w), &w, ERR_OK, MSG_NONE);
	design_free(&d);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	cups_end();
	return 0;
}

static struct print_queue *
open_queue(void)
{
	struct why w = { 0 };
	struct print_queue *q = NULL;
	expect(queue_open("card", &q, &w), &w, ERR_OK, MSG_NONE);
	return q;
}

static void
submit(struct print_queue *q, const char *title, char job[PRINT_JOB_CAP])
{
	struct why w = { 0 };
	expect(queue_submit(q, pdf, title, NULL, job, &w), &w, ERR_OK, MSG_NONE);
}

static void
shell(const char *command)
{
	char line[256], out[256];
	snprintf(line, sizeof(line), "%s", command);
	run("cups-client", line, out, sizeof(out));
}

/* Stops waiting as soon as the printer waits for that. */
static bool
until(void *ctx, const struct print_status *s)
{
	return !(s->state == PRINT_STOPPED && s->reason == *(const enum msg *)ctx);
}

/* The job is at the printer, which waits for somebody. */
static void
stuck(struct print_queue *q, const char *play, enum msg reason, const char *title,
    char job[PRINT_JOB_CAP])
{
	struct why w = { 0 };
	struct print_status last;
	cups_play(play);
	submit(q, title, job);
	expect(queue_wait(q, job, LONG_MS, until, &reason, &last, &w), &w, ERR_TIMEOUT, MSG_JOB_NOT_ENDED);
	assert_int_equal(last.state, PRINT_STOPPED);
	assert_int_equal(last.reason, reason);
}

static void
helped(struct print_queue *q, const char *job)
{
	struct why w = { 0 };
	struct print_status last;
	cups_help();
	expect(queue_wait(q, job, LONG_MS, NULL, NULL, &last, &w), &w, ERR_OK, MSG_NONE);
	assert_int_equal(last.state, PRINT_DONE);
}

static void
told_and_helped(const char *play, enum msg reason)
{
	char job[PRINT_JOB_CAP];
	struct print_queue *q = open_queue();
	stuck(q, play, reason, play, job);
	helped(q, job);
	queue_close(&q);
}

static void
an_open_door_is_told_and_printing_goes_on_after_it_was_closed(void **state)
{
	(void)state;
	told_and_helped("door", MSG_PRINTER_COVER_OPEN);
}

static void
an_empty_hopper_is_told_and_printing_goes_on_after_it_was_filled(void **state)
{
	(void)state;
	told_and_helped("hopper", MSG_PRINTER_MEDIA_EMPTY);
}

static void
a_missing_feeder_is_told_and_printing_goes_on_after_it_was_put_back(void **state)
{
	(void)state;
	told_and_helped("feeder", MSG_PRINTER_TRAY_MISSING);
}

static void
a_job_cancelled_while_it_waited_its_turn_is_cancelled(void **state)
{
	(void)state;
	struct why w = { 0 };
	char first[PRINT_JOB_CAP], second[PRINT_JOB_CAP], command[160];
	struct print_status last;
	struct print_queue *q = open_queue();
	stuck(q, "jam", MSG_PRINTER_MEDIA_JAM, "in-front", first);
	submit(q, "behind", second);
	snprintf(command, sizeof(command), "cancel card-%s", second);
	shell(command);
	expect(queue_wait(q, second, LONG_MS, NULL, NULL, &last, &w), &w, ERR_PRINT, MSG_JOB_CANCELLED);
	assert_int_equal(last.state, PRINT_CANCELLED);
	cups_play("ok");
	helped(q, first);
	queue_close(&q);
}

static void
a_queue_that_begins_to_reject_takes_no_more(void **state)
{
	(void)state;
	struct why w = { 0 };
	char job[PRINT_JOB_CAP];
	struct print_queue *q = open_queue();
	shell("cupsreject card");
	expect(queue_submit(q, pdf, "rejected", NULL, job, &w), &w, ERR_QUEUE, MSG_QUEUE_REJECTS);
	assert_string_equal(job, "");
	shell("cupsaccept card");
	queue_close(&q);
}

static void
a_queue_stopped_under_a_waiting_job_is_told_and_prints_when_it_runs_again(void **state)
{
	(void)state;
	struct why w = { 0 };
	char first[PRINT_JOB_CAP], second[PRINT_JOB_CAP];
	enum msg paused = MSG_PRINTER_PAUSED;
	struct print_status last;
	struct print_queue *q = open_queue();
	stuck(q, "jam", MSG_PRINTER_MEDIA_JAM, "before-stop", first);
	submit(q, "after-stop", second);
	/* --hold: what prints is let end */
	shell("cupsdisable --hold card");
	cups_play("ok");
	helped(q, first);
	shell("cupsdisable card");
	expect(queue_wait(q, second, LONG_MS, until, &paused, &last, &w), &w, ERR_TIMEOUT, MSG_JOB_NOT_ENDED);
	expect(queue_resume(q, &w), &w, ERR_OK, MSG_NONE);
	shell("cupsenable --release card");
	expect(queue_wait(q, second, LONG_MS, NULL, NULL, &last, &w), &w, ERR_OK, MSG_NONE);
	queue_close(&q);
}

static void
a_job_purged_from_the_history_is_gone(void **state)
{
	(void)state;
	struct why w = { 0 };
	char job[PRINT_JOB_CAP], found[PRINT_JOB_CAP];
	struct print_status last;
	struct print_queue *q = open_queue();
	cups_play("ok");
	submit(q, "purged", job);
	expect(queue_wait(q, job, LONG_MS, NULL, NULL, NULL, &w), &w, ERR_OK, MSG_NONE);
	shell("cancel -a -x card");
	expect(queue_wait(q, job, LONG_MS, NULL, NULL, &last, &w), &w, ERR_PRINT, MSG_JOB_GONE);
	assert_int_equal(last.state, PRINT_GONE);
	expect(queue_find(q, "purged", found, &w), &w, ERR_NOT_FOUND, MSG_JOB_UNKNOWN);
	queue_close(&q);
}

static void
a_scheduler_started_again_under_a_job_knows_it_as_not_done(void **state)
{
	(void)state;
	struct why w = { 0 };
	char job[PRINT_JOB_CAP], found[PRINT_JOB_CAP];
	struct print_status last;
	struct print_queue *q = open_queue();
	stuck(q, "ribbon", MSG_PRINTER_RIBBON_EMPTY, "through-restart", job);
	cups_play("ok");
	assert_true(cups_again());
	cups_help();
	expect(queue_find(q, "through-restart", found, &w), &w, ERR_OK, MSG_NONE);
	assert_string_equal(found, job);
	/* whether it is sent once more is the scheduler's to decide: it waits, or ends, but is not forgotten */
	expect(queue_poll(q, job, &last, &w), &w, ERR_OK, MSG_NONE);
	assert_true(last.state != PRINT_GONE && last.state != PRINT_CANCELLED);
	if (queue_cancel(q, job, &w) == ERR_OK) {
		assert_int_equal(queue_wait(q, job, LONG_MS, NULL, NULL, &last, &w), ERR_PRINT);
		assert_true(last.state == PRINT_CANCELLED || last.state == PRINT_ABORTED);
	}
	/* the next one prints */
	submit(q, "after-restart", job);
	expect(queue_wait(q, job, LONG_MS, NULL, NULL, &last, &w), &w, ERR_OK, MSG_NONE);
	queue_close(&q);
}

static void
a_printer_switched_off_under_a_job_is_told_whatever_it_said_last(void **state)
{
	(void)state;
	char job[PRINT_JOB_CAP];
	enum msg offline = MSG_PRINTER_OFFLINE;
	struct why w = { 0 };
	struct print_status last;
	struct print_queue *q = open_queue();
	stuck(q, "ribbon", MSG_PRINTER_RIBBON_EMPTY, "unplugged", job);
	cups_unplug();
	expect(queue_wait(q, job, LONG_MS, until, &offline, &last, &w), &w, ERR_TIMEOUT, MSG_JOB_NOT_ENDED);
	assert_int_equal(last.state, PRINT_STOPPED);
	assert_string_equal(last.keyword, "offline");
	queue_close(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_open_door_is_told_and_printing_goes_on_after_it_was_closed),
		cmocka_unit_test(an_empty_hopper_is_told_and_printing_goes_on_after_it_was_filled),
		cmocka_unit_test(a_missing_feeder_is_told_and_printing_goes_on_after_it_was_put_back),
		cmocka_unit_test(a_job_cancelled_while_it_waited_its_turn_is_cancelled),
		cmocka_unit_test(a_queue_that_begins_to_reject_takes_no_more),
		cmocka_unit_test(a_queue_stopped_under_a_waiting_job_is_told_and_prints_when_it_runs_again),
		cmocka_unit_test(a_job_purged_from_the_history_is_gone),
		cmocka_unit_test(a_scheduler_started_again_under_a_job_knows_it_as_not_done),
		cmocka_unit_test(a_printer_switched_off_under_a_job_is_told_whatever_it_said_last)
	};
	return cmocka_run_group_tests(tests, begin, end);
}
