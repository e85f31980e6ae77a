/* Print jobs through a real cupsd to a card printer that plays its troubles. */
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/printer/sample.h"
#include "tests/support/cups_private.h"

/* Far more than a busy machine needs; nothing waits for it that has happened. */
#define LONG_MS 120000

static char work[64], pdf[96];

static int
begin(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct design *d = shipped("default");
	struct card_face f = sample_face();
	new_folder(work);
	snprintf(pdf, sizeof(pdf), "%s/card.pdf", work);
	expect(card_render_pdf(d, &f, pdf, &w), &w, ERR_OK, MSG_NONE);
	design_free(&d);
	return cups_begin() ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	cups_end();
	remove_folder(work);
	return 0;
}

/* What the scheduler and the printer wrote down, for whoever has to find out why a test failed. */
static void
tell_logs(void)
{
	char command[256];
	snprintf(command, sizeof(command), "cd %s/log && grep -hE 'Job [0-9]+\\]' error printer | "
	    "grep -E 'job-state|STATE|exited|Job (completed|canceled)|Command' >&2", cups_folder());
	(void)!system(command);
}

static struct print_queue *
open_queue(const char *name)
{
	struct why w = { 0 };
	struct print_queue *q = NULL;
	expect(queue_open(name, &q, &w), &w, ERR_OK, MSG_NONE);
	return q;
}

static void
submit(struct print_queue *q, const char *title, char job[PRINT_JOB_CAP])
{
	struct why w = { 0 };
	const struct print_opts both = { .two_sided = true };
	expect(queue_submit(q, pdf, title, &both, job, &w), &w, ERR_OK, MSG_NONE);
	assert_true(job[0] != '\0');
}

/* Keeps what was seen on the way, and helps the printer as soon as it asks for what it should. */
struct seen {
	enum msg wanted;
	char keyword[PRINT_REASON_CAP];
	bool stopped;
};

static bool
watch(void *ctx, const struct print_status *s)
{
	struct seen *seen = ctx;
	if (s->state == PRINT_STOPPED && s->reason == seen->wanted && !seen->stopped) {
		seen->stopped = true;
		strcpy(seen->keyword, s->keyword);
		cups_help();
	}
	return true;
}

static bool
until_no_ribbon(void *ctx, const struct print_status *s)
{
	(void)ctx;
	return s->state != PRINT_STOPPED || s->reason != MSG_PRINTER_RIBBON_EMPTY;
}

static bool
note_trouble(void *ctx, const struct print_status *s)
{
	bool *trouble = ctx;
	*trouble |= s->state == PRINT_STOPPED || s->reason != MSG_NONE;
	return true;
}

static void
a_card_is_followed_until_it_is_done(void **state)
{
	(void)state;
	struct why w = { 0 };
	char job[PRINT_JOB_CAP], text[2048], command[128];
	struct print_status last;
	bool trouble = false;
	struct print_queue *q = open_queue("card");
	cups_play("ok");
	submit(q, "card-0001", job);
	expect(queue_wait(q, job, LONG_MS, note_trouble, &trouble, &last, &w), &w, ERR_OK, MSG_NONE);
	assert_int_equal(last.state, PRINT_DONE);
	assert_false(trouble);
	snprintf(command, sizeof(command), "pdfinfo %s/printed/last", cups_folder());
	run("poppler-utils", command, text, sizeof(text));
	assert_non_null(strstr(text, "Pages:           2"));
	queue_close(&q);
	assert_null(q);
}

static void
one_sided_prints_the_front_only(void **state)
{
	(void)state;
	struct why w = { 0 };
	char job[PRINT_JOB_CAP], text[2048], command[128];
	struct print_queue *q = open_queue("card");
	cups_play("ok");
	expect(queue_submit(q, pdf, "front", NULL, job, &w), &w, ERR_OK, MSG_NONE);
	expect(queue_wait(q, job, LONG_MS, NULL, NULL, NULL, &w), &w, ERR_OK, MSG_NONE);
	snprintf(command, sizeof(command), "pdfinfo %s/printed/last", cups_folder());
	run("poppler-utils", command, text, sizeof(text));
	assert_non_null(strstr(text, "Pages:           1"));
	queue_close(&q);
}

static void
trouble(const char *play, const char *keyword, enum msg reason)
{
	struct why w = { 0 };
	char job[PRINT_JOB_CAP];
	struct print_status last;
	struct seen seen = { .wanted = reason };
	struct print_queue *q = open_queue("card");
	cups_play(play);
	submit(q, play, job);
	expect(queue_wait(q, job, LONG_MS, watch, &seen, &last, &w), &w, ERR_OK, MSG_NONE);
	assert_true(seen.stopped);
	/* ippeveprinter reports every reason as a warning, whatever the engine said */
	assert_int_equal(strncmp(seen.keyword, keyword, strlen(keyword)), 0);
	assert_int_equal(last.state, PRINT_DONE);
	queue_close(&q);
}

static void
an_empty_ribbon_is_told_and_printing_goes_on_after_it_was_changed(void **state)
{
	(void)state;
	trouble("ribbon", "marker-supply-empty", MSG_PRINTER_RIBBON_EMPTY);
}

static void
missing_cards_are_told_and_printing_goes_on_after_some_were_put_in(void **state)
{
	(void)state;
	trouble("media", "media-empty", MSG_PRINTER_MEDIA_EMPTY);
}

static void
a_stuck_card_is_told_and_printing_goes_on_after_it_was_taken_out(void **state)
{
	(void)state;
	trouble("jam", "media-jam", MSG_PRINTER_MEDIA_JAM);
}

static void
a_job_the_printer_gave_up_is_not_done(void **state)
{
	(void)state;
	struct why w = { 0 };
	char job[PRINT_JOB_CAP];
	struct print_status last;
	struct print_queue *q = open_queue("card");
	cups_play("abort");
	submit(q, "abort", job);
	enum err e = queue_wait(q, job, LONG_MS, NULL, NULL, &last, &w);
	expect(e, &w, ERR_PRINT, MSG_JOB_ABORTED);
	assert_int_equal(last.state, PRINT_ABORTED);
	assert_string_equal(w.arg[0].str, job);
	queue_close(&q);
}

static void
a_job_given_up_after_the_scheduler_called_it_completed_is_not_done(void **state)
{
	(void)state;
	struct why w = { 0 };
	char job[PRINT_JOB_CAP];
	struct print_status last;
	struct print_queue *q = open_queue("card-unwatched");
	cups_play("abort");
	submit(q, "abort-unwatched", job);
	expect(queue_wait(q, job, LONG_MS, NULL, NULL, &last, &w), &w, ERR_PRINT, MSG_JOB_ABORTED);
	assert_int_equal(last.state, PRINT_ABORTED);
	queue_close(&q);
}

static void
a_card_still_in_the_printer_is_not_done_when_the_scheduler_says_so(void **state)
{
	(void)state;
	struct why w = { 0 };
	char job[PRINT_JOB_CAP], command[256], text[256];
	struct print_status last;
	struct print_queue *q = open_queue("card-unwatched");
	cups_play("ribbon");
	submit(q, "late", job);
	snprintf(command, sizeof(command), "for i in $(seq 600); do lpstat -W completed -o card-unwatched"
	    " | grep -q -- '-%s ' && exit 0; sleep 0.1; done; exit 1", job);
	run("cups-client", command, text, sizeof(text));
	expect(queue_poll(q, job, &last, &w), &w, ERR_OK, MSG_NONE);
	assert_true(last.state == PRINT_PRINTING || last.state == PRINT_STOPPED);
	cups_help();
	expect(queue_wait(q, job, LONG_MS, NULL, NULL, &last, &w), &w, ERR_OK, MSG_NONE);
	assert_int_equal(last.state, PRINT_DONE);
	queue_close(&q);
}

static void
a_job_that_does_not_end_in_time_stays_in_the_queue_until_cancelled(void **state)
{
	(void)state;
	struct why w = { 0 };
	char job[PRINT_JOB_CAP];
	struct print_status last;
	struct print_queue *q = open_queue("card");
	cups_play("ribbon");
	submit(q, "slow", job);
	/* until the printer waits for a ribbon that nobody brings, and some time after */
	expect(queue_wait(q, job, LONG_MS, until_no_ribbon, NULL, &last, &w), &w,
	    ERR_TIMEOUT, MSG_JOB_NOT_ENDED);
	assert_int_equal(last.state, PRINT_STOPPED);
	expect(queue_wait(q, job, 500, NULL, NULL, &last, &w), &w, ERR_TIMEOUT, MSG_JOB_NOT_ENDED);
	expect(queue_cancel(q, job, &w), &w, ERR_OK, MSG_NONE);
	cups_help();
	/* whose word comes last, the queue's or the printer's, is a race; neither is "done" */
	assert_int_equal(queue_wait(q, job, LONG_MS, NULL, NULL, &last, &w), ERR_PRINT);
	assert_true(last.state == PRINT_CANCELLED || last.state == PRINT_ABORTED);
	expect(queue_cancel(q, job, &w), &w, ERR_NOT_FOUND, MSG_JOB_UNKNOWN);
	queue_close(&q);
}

static void
a_restart_finds_its_job_by_title(void **state)
{
	(void)state;
	struct why w = { 0 };
	char first[PRINT_JOB_CAP], second[PRINT_JOB_CAP], found[PRINT_JOB_CAP];
	struct print_queue *q = open_queue("card");
	cups_play("ok");
	submit(q, "found-again", first);
	submit(q, "found-again", second);
	expect(queue_wait(q, second, LONG_MS, NULL, NULL, NULL, &w), &w, ERR_OK, MSG_NONE);
	queue_close(&q);
	q = open_queue("card");
	expect(queue_find(q, "found-again", found, &w), &w, ERR_OK, MSG_NONE);
	assert_string_equal(found, second);
	expect(queue_find(q, "never-sent", found, &w), &w, ERR_NOT_FOUND, MSG_JOB_UNKNOWN);
	assert_string_equal(found, "");
	queue_close(&q);
}

static void
a_job_the_queue_forgot_is_gone_not_done(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct print_status s;
	struct print_queue *q = open_queue("card");
	expect(queue_poll(q, "99999", &s, &w), &w, ERR_OK, MSG_NONE);
	assert_int_equal(s.state, PRINT_GONE);
	expect(queue_wait(q, "99999", LONG_MS, NULL, NULL, NULL, &w), &w, ERR_PRINT, MSG_JOB_GONE);
	expect(queue_poll(q, "12x", &s, &w), &w, ERR_ARG, MSG_JOB_UNKNOWN);
	queue_close(&q);
}

static void
unknown_rejecting_and_stopped_queues_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum msg msg;
	} bad[] = {
		{ "no-such-queue", MSG_QUEUE_UNKNOWN },
		{ "../admin", MSG_QUEUE_UNKNOWN },
		{ "کارت", MSG_QUEUE_UNKNOWN },
		{ "card-rejecting", MSG_QUEUE_REJECTS }
	};
	struct why w = { 0 };
	struct print_queue *q;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		expect(queue_open(bad[i].name, &q, &w), &w, ERR_QUEUE, bad[i].msg);
		assert_null(q);
		assert_string_equal(w.arg[0].str, bad[i].name);
	}
	char job[PRINT_JOB_CAP];
	q = open_queue("card-stopped");
	expect(queue_submit(q, pdf, "t", NULL, job, &w), &w, ERR_QUEUE, MSG_QUEUE_STOPPED);
	assert_string_equal(w.arg[0].str, "card-stopped");
	queue_close(&q);
}

struct listed {
	unsigned count, rejecting, stopped;
};

static void
list(void *ctx, const struct print_queue_info *i)
{
	struct listed *l = ctx;
	l->count++;
	l->rejecting += !i->accepting && strcmp(i->name, "card-rejecting") == 0;
	l->stopped += i->stopped && i->reason == MSG_PRINTER_PAUSED &&
	    strcmp(i->name, "card-stopped") == 0;
}

static void
the_list_tells_each_queue_and_its_state(void **state)
{
	(void)state;
	struct why w = { 0 };
	struct listed l = { 0 };
	expect(queue_list(list, &l, &w), &w, ERR_OK, MSG_NONE);
	assert_int_equal(l.count, 6);
	assert_int_equal(l.rejecting, 1);
	assert_int_equal(l.stopped, 1);
}

static void
a_server_that_does_not_answer_is_said(void **state)
{
	(void)state;
	char job[PRINT_JOB_CAP], server[128], away[160];
	struct why w = { 0 };
	struct print_status s;
	struct print_queue *q = open_queue("card"), *none;
	struct listed l = { 0 };
	/* libcups reads CUPS_SERVER once a thread, so it is the socket that goes */
	snprintf(server, sizeof(server), "%s/cups.sock", cups_folder());
	snprintf(away, sizeof(away), "%s.away", server);
	assert_int_equal(rename(server, away), 0);
	expect(queue_open("card", &none, &w), &w, ERR_MISSING, MSG_QUEUE_NO_SERVER);
	expect(queue_list(list, &l, &w), &w, ERR_MISSING, MSG_QUEUE_NO_SERVER);
	expect(queue_submit(q, pdf, "t", NULL, job, &w), &w, ERR_MISSING, MSG_QUEUE_NO_SERVER);
	expect(queue_poll(q, "1", &s, &w), &w, ERR_MISSING, MSG_QUEUE_NO_SERVER);
	assert_int_equal(rename(away, server), 0);
	queue_close(&q);
}

/* True if `used` bytes are a request's whole head and the body it announces. */
static bool
whole(const char *text, size_t used)
{
	const char *body = strstr(text, "\r\n\r\n"), *len = strstr(text, "Content-Length:");
	return body != NULL && len != NULL && len < body &&
	    used >= (size_t)(body + 4 - text) + strtoul(len + 15, NULL, 10);
}

/* One request of libcups: its head, leave to go on if it asks, and its body. */
static void
answer_one(int c, const char *ipp, size_t len)
{
	char text[4096] = "";
	struct pollfd p = { .fd = c, .events = POLLIN };
	size_t used = 0;
	while (!whole(text, used) && poll(&p, 1, 10000) > 0 && used < sizeof(text) - 1) {
		ssize_t n = read(c, text + used, sizeof(text) - 1 - used);
		if (n <= 0)
			break;
		used += (size_t)n;
		if (strstr(text, "Expect:") != NULL && strstr(text, "\r\n\r\n") == text + used - 4)
			dprintf(c, "HTTP/1.1 100 Continue\r\n\r\n");
	}
	dprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nConnection: close\r\n"
	    "Content-Length: %zu\r\n\r\n", len);
	(void)!write(c, ipp, len);
}

/* A process in the server's place that gives every request that one answer. */
static pid_t
impostor(const char *path, const char *ipp, size_t len)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	assert_int_equal(bind(s, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s, 8), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0) {
		close(s);
		return pid;
	}
	alarm(120);
	for (;;) {
		int c = accept(s, NULL, NULL);
		answer_one(c, ipp, len);
		close(c);
	}
}

/* RFC 8010: version 2.0, status, request id, groups, end. */
#define IPP_HEAD(status) "\x02\x00" status "\x00\x00\x00\x01"
#define FORBIDDEN IPP_HEAD("\x04\x01") "\x03"
#define NUMBER_FOR_A_NAME IPP_HEAD("\x00\x00") "\x02\x21\x00\x08job-name\x00\x04\x00\x00\x00\x07" \
	"\x21\x00\x06job-id\x00\x04\x00\x00\x00\x07\x03"

static void
a_server_that_refuses_or_talks_nonsense_is_not_believed(void **state)
{
	(void)state;
	char job[PRINT_JOB_CAP], server[128], away[160];
	struct why w = { 0 };
	struct print_queue *q = open_queue("card"), *none;
	struct listed l = { 0 };
	snprintf(server, sizeof(server), "%s/cups.sock", cups_folder());
	snprintf(away, sizeof(away), "%s.away", server);
	assert_int_equal(rename(server, away), 0);
	pid_t pid = impostor(server, FORBIDDEN, sizeof(FORBIDDEN) - 1);
	expect(queue_open("card", &none, &w), &w, ERR_QUEUE, MSG_QUEUE_NO_REPORT);
	assert_string_equal(w.arg[0].str, "card");
	expect(queue_list(list, &l, &w), &w, ERR_QUEUE, MSG_QUEUE_NO_REPORT);
	assert_int_equal(l.count, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(server);
	pid = impostor(server, NUMBER_FOR_A_NAME, sizeof(NUMBER_FOR_A_NAME) - 1);
	expect(queue_find(q, "t", job, &w), &w, ERR_NOT_FOUND, MSG_JOB_UNKNOWN);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(server);
	assert_int_equal(rename(away, server), 0);
	queue_close(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_is_followed_until_it_is_done),
		cmocka_unit_test(one_sided_prints_the_front_only),
		cmocka_unit_test(an_empty_ribbon_is_told_and_printing_goes_on_after_it_was_changed),
		cmocka_unit_test(missing_cards_are_told_and_printing_goes_on_after_some_were_put_in),
		cmocka_unit_test(a_stuck_card_is_told_and_printing_goes_on_after_it_was_taken_out),
		cmocka_unit_test(a_job_the_printer_gave_up_is_not_done),
		cmocka_unit_test(a_job_given_up_after_the_scheduler_called_it_completed_is_not_done),
		cmocka_unit_test(a_card_still_in_the_printer_is_not_done_when_the_scheduler_says_so),
		cmocka_unit_test(a_job_that_does_not_end_in_time_stays_in_the_queue_until_cancelled),
		cmocka_unit_test(a_restart_finds_its_job_by_title),
		cmocka_unit_test(a_job_the_queue_forgot_is_gone_not_done),
		cmocka_unit_test(unknown_rejecting_and_stopped_queues_are_named),
		cmocka_unit_test(the_list_tells_each_queue_and_its_state),
		cmocka_unit_test(a_server_that_does_not_answer_is_said),
		cmocka_unit_test(a_server_that_refuses_or_talks_nonsense_is_not_believed)
	};
	int failed = cmocka_run_group_tests(tests, begin, NULL);
	if (failed != 0 && cups_folder() != NULL)
		tell_logs();
	(void)end(NULL);
	return failed;
}
