/* What the scheduler keeps of ended jobs, and starting a stopped queue again. */
#include "printer/queue_cups.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "station/base/clock.h"

#define CONF_RESOURCE "/admin/conf/cupsd.conf"
/* A file that is gone so soon after its job was not kept. */
#define PROOF_S 60
/* Enough to meet one that ended lately: cupsd tells the newest first. */
#define JOBS_MAX 100
/* Directives are short; what is longer is none that is looked for. */
#define LINE_CAP 1024
/* What cupsd does without a directive: files stay for a day, jobs for ever. */
#define FILES_DEFAULT_S 86400

/* --- what the jobs tell */

struct ended_jobs {
	int count;
	int newest_at, oldest_at;	/* Unix time */
	int newest_files;
	bool files;		/* one of them has its document still */
};

struct ended_job {
	int at, files, id;
};

static void
count_job(struct ended_jobs *jobs, const struct ended_job *j)
{
	if (j->id == 0 || j->at == 0)
		return;
	jobs->count++;
	jobs->files |= j->files > 0;
	if (jobs->oldest_at == 0 || j->at < jobs->oldest_at)
		jobs->oldest_at = j->at;
	if (j->at >= jobs->newest_at) {
		jobs->newest_at = j->at;
		jobs->newest_files = j->files;
	}
}

static struct ended_jobs
read_jobs(ipp_t *answer)
{
	struct ended_jobs jobs = { 0 };
	struct ended_job j = { 0 };
	for (ipp_attribute_t *a = ippFirstAttribute(answer); a != NULL; a = ippNextAttribute(answer)) {
		const char *name = ippGetName(a);
		if (name == NULL) {
			count_job(&jobs, &j);
			j = (struct ended_job){ 0 };
		} else if (strcmp(name, "job-id") == 0) {
			j.id = ippGetInteger(a, 0);
		} else if (strcmp(name, "time-at-completed") == 0) {
			j.at = ippGetInteger(a, 0);
		} else if (strcmp(name, "number-of-documents") == 0) {
			j.files = ippGetInteger(a, 0);
		}
	}
	count_job(&jobs, &j);
	return jobs;
}

static void
judge(const struct ended_jobs *jobs, struct print_keeping *out)
{
	int64_t now = clock_now_ms() / 1000;
	if (jobs->count == 0)
		return;
	out->history = PRINT_KEEPS;
	out->history_s = now - jobs->oldest_at;
	if (jobs->files)
		out->files = PRINT_KEEPS;
	else if (jobs->newest_files == 0 && now - jobs->newest_at < PROOF_S)
		out->files = PRINT_KEEPS_NONE;
}

static enum err
ask_jobs(struct print_keeping *out, struct why *w)
{
	static const char *const wants[] = { "job-id", "time-at-completed", "number-of-documents" };
	bool no_server;
	ipp_t *r = cups_request(IPP_OP_GET_JOBS, NULL);
	ippAddString(r, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "which-jobs", NULL, "completed");
	ippAddInteger(r, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "limit", JOBS_MAX);
	cups_want(r, wants, 3);
	ipp_t *answer = cups_ask(r, "/", NULL, &no_server);
	if (no_server)
		return cups_no_server(w);
	if (answer == NULL || cupsLastError() >= IPP_STATUS_REDIRECTION_OTHER_SITE) {
		ippDelete(answer);
		return cups_no_report(cupsServer(), w);
	}
	struct ended_jobs jobs = read_jobs(answer);
	ippDelete(answer);
	judge(&jobs, out);
	return ERR_OK;
}

/* --- what the settings tell */

struct settings {
	int64_t files_s, history_s;	/* INT64_MAX: for ever */
};

/* The boolean words of cupsd.conf(5), or a time with or without its unit. */
static int64_t
seconds_of(const char *value)
{
	static const char *const no[] = { "no", "off", "false" };
	static const char *const yes[] = { "yes", "on", "true" };
	static const struct { char unit; int s; } units[] = {
		{ 'w', 604800 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }
	};
	char *end;
	double s = strtod(value, &end);
	for (size_t i = 0; i < 3; i++) {
		if (strcasecmp(value, no[i]) == 0)
			return 0;
		if (strcasecmp(value, yes[i]) == 0)
			return INT64_MAX;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (tolower((unsigned char)*end) == units[i].unit)
			s *= units[i].s;
	return s > 0 && s < INT32_MAX ? (int64_t)s : s > 0 ? INT64_MAX : 0;
}

static void
take_directive(char *line, struct settings *found)
{
	char *rest = NULL;
	const char *name = strtok_r(line, " \t\r\n", &rest);
	const char *value = strtok_r(NULL, " \t\r\n", &rest);
	if (name == NULL || value == NULL)
		return;
	if (strcasecmp(name, "PreserveJobFiles") == 0)
		found->files_s = seconds_of(value);
	else if (strcasecmp(name, "PreserveJobHistory") == 0)
		found->history_s = seconds_of(value);
}

/*
 * Pages seen to be kept outweigh the word of a file that may have changed since the scheduler read it; that of a file
 * that keeps them outweighs a page seen to go, which may have gone before the scheduler read it. Of the
 * history it is the word that tells what will become of the next job.
 */
static void
read_settings(FILE *conf, struct print_keeping *out)
{
	struct settings found = { FILES_DEFAULT_S, INT64_MAX };
	char line[LINE_CAP];
	while (fgets(line, sizeof(line), conf) != NULL)
		take_directive(line, &found);
	out->history_s = found.history_s;
	out->history = found.history_s > 0 ? PRINT_KEEPS : PRINT_KEEPS_NONE;
	if (found.files_s > 0 && found.history_s > 0)
		out->files = PRINT_KEEPS;
	else if (out->files == PRINT_KEEPS_UNKNOWN)
		out->files = PRINT_KEEPS_NONE;
}

/* They are for administrators; whoever may not see them learns nothing, which is no error. */
static void
ask_settings(struct print_keeping *out)
{
	http_t *http = cups_connect();
	FILE *conf = http != NULL ? tmpfile() : NULL;
	if (conf != NULL && cupsGetFd(http, CONF_RESOURCE, fileno(conf)) == HTTP_STATUS_OK) {
		rewind(conf);
		read_settings(conf, out);
	}
	if (conf != NULL)
		fclose(conf);
	if (http != NULL)
		httpClose(http);
}

enum err
cups_keeps_files(const struct print_queue *q, struct print_keeping *out, struct why *w)
{
	(void)q;
	enum err e = ask_jobs(out, w);
	if (e == ERR_OK)
		ask_settings(out);
	return e;
}

/* --- what must not stay */

/* Devices that put pages into files, and those that are another computer's print server, which has a spool of its own. */
static const char *const into_files[] = { "file:", "cups-pdf:" };
static const char *const servers[] = { "smb:", "lpd:" };

static bool
begins_with(const char *uri, const char *const *any, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(uri, any[i], strlen(any[i])) == 0)
			return true;
	return false;
}

static enum err
judge_device(const char *name, const char *uri, struct why *w)
{
	if (begins_with(uri, into_files, 2) && strncmp(uri, "file:/dev/", 10) != 0 &&
	    strncmp(uri, "file:///dev/", 12) != 0)
		return why_set(w, ERR_REFUSED, MSG_QUEUE_SECRET_FILES, WHY_CODE(name));
	if (begins_with(uri, servers, 2) || strstr(uri, "/printers/") != NULL)
		return why_set(w, ERR_REFUSED, MSG_QUEUE_SECRET_SERVER, WHY_CODE(name));
	return ERR_OK;
}

static enum err
judge_keeping(const char *name, const struct print_keeping *k, struct why *w)
{
	if (k->files == PRINT_KEEPS_NONE)
		return ERR_OK;
	return why_set(w, ERR_REFUSED, k->files == PRINT_KEEPS ? MSG_QUEUE_SECRET_KEPT :
	    MSG_QUEUE_SECRET_UNKNOWN, WHY_CODE(name));
}

enum err
cups_keeps_secret(const struct print_queue *q, struct why *w)
{
	static const char *const wants[] = { "device-uri" };
	struct print_keeping k = { .files = PRINT_KEEPS_UNKNOWN };
	ipp_t *queue = NULL;
	enum err e = cups_ask_queue(q, wants, 1, &queue, w);
	if (e == ERR_OK && !cups_on_this_computer())
		e = why_set(w, ERR_REFUSED, MSG_QUEUE_SECRET_SERVER, WHY_CODE(q->name));
	if (e == ERR_OK)
		e = judge_device(q->name, cups_string(queue, "device-uri"), w);
	ippDelete(queue);
	if (e == ERR_OK)
		e = cups_keeps_files(q, &k, w);
	return e == ERR_OK ? judge_keeping(q->name, &k, w) : e;
}

/* --- starting again */

static bool
may_not(ipp_status_t s)
{
	return s == IPP_STATUS_ERROR_NOT_AUTHORIZED || s == IPP_STATUS_ERROR_NOT_AUTHENTICATED ||
	    s == IPP_STATUS_ERROR_FORBIDDEN || s == IPP_STATUS_ERROR_CUPS_AUTHENTICATION_CANCELED;
}

enum err
cups_resume(struct print_queue *q, struct why *w)
{
	bool no_server;
	ippDelete(cups_ask(cups_request(IPP_OP_RESUME_PRINTER, q->name), "/admin/", NULL, &no_server));
	if (no_server)
		return cups_no_server(w);
	if (cupsLastError() < IPP_STATUS_REDIRECTION_OTHER_SITE)
		return ERR_OK;
	if (cupsLastError() == IPP_STATUS_ERROR_NOT_FOUND)
		return why_set(w, ERR_QUEUE, MSG_QUEUE_UNKNOWN, WHY_CODE(q->name));
	if (may_not(cupsLastError()))
		return why_set(w, ERR_QUEUE, MSG_QUEUE_RESUME_DENIED, WHY_CODE(q->name),
		    WHY_CODE(cupsUser()));
	return why_set(w, ERR_QUEUE, MSG_QUEUE_RESUME_FAILED, WHY_CODE(q->name),
	    WHY_STR(cupsLastErrorString()));
}
