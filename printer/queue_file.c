/*
 * The queue "file:DIR": a print is a PDF put into a folder. It is done when the file
 * is there in whole, which the rename in file_write makes the same moment.
 */
#include "printer/queue_kind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "station/base/file.h"

/* A card's PDF is far below; more than this is not one. */
#define PDF_CAP   (16u * 1024 * 1024)
/* Artwork carries names: only its owner reads it. */
#define FILE_MODE 0600
/* What a printer speaks itself is kept for sending to one. */
#define ENDING_PDF ".pdf"
#define ENDING_RAW ".raw"

static const char *
folder_of(const struct print_queue *q)
{
	return q->name + strlen("file:");
}

static enum err
file_ready(const struct print_queue *q, const struct print_opts *opts, struct why *w)
{
	(void)opts;
	struct stat st;
	const char *folder = folder_of(q);
	if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode) || access(folder, W_OK) != 0)
		return why_set(w, ERR_MISSING, MSG_QUEUE_FOLDER_MISSING, WHY_CODE(folder));
	return ERR_OK;
}

static enum err
file_open(struct print_queue *q, struct why *w)
{
	return file_ready(q, NULL, w);
}

static void
file_close(struct print_queue *q)
{
	(void)q;
}

/* DIR/NAME.ENDING; the caller's to free, NULL without memory. */
static char *
path_of(const struct print_queue *q, const char *name, bool raw)
{
	size_t cap = strlen(folder_of(q)) + strlen(name) + sizeof("/" ENDING_RAW);
	char *path = malloc(cap);
	if (path != NULL)
		snprintf(path, cap, "%s/%s%s", folder_of(q), name, raw ? ENDING_RAW : ENDING_PDF);
	return path;
}

static enum err
file_submit(struct print_queue *q, const struct print_document *doc, const char *title,
    const struct print_opts *opts, char job[PRINT_JOB_CAP], struct why *w)
{
	char *pdf = malloc(PDF_CAP), *to = path_of(q, title, opts->raw);
	size_t len = 0;
	enum err e = pdf == NULL || to == NULL ? why_set(w, ERR_NOMEM, MSG_NO_MEMORY) :
	    file_open(q, w);
	if (e == ERR_OK)
		e = file_read(doc->path, pdf, PDF_CAP, &len, w);
	if (e == ERR_OK && !opts->raw && (len < 5 || memcmp(pdf, "%PDF-", 5) != 0))
		e = why_set(w, ERR_PRINT, MSG_JOB_REFUSED, WHY_CODE(q->name), WHY_CODE("PDF"));
	if (e == ERR_OK)
		e = file_write(to, pdf, len, FILE_MODE, w);
	if (e == ERR_OK)
		snprintf(job, PRINT_JOB_CAP, "%s", title);
	free(pdf);
	free(to);
	return e;
}

static enum err
exists(const struct print_queue *q, const char *job, bool *there, struct why *w)
{
	*there = false;
	for (int raw = 0; raw < 2 && !*there; raw++) {
		char *path = path_of(q, job, raw != 0);
		if (path == NULL)
			return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
		*there = strchr(job, '/') == NULL && access(path, F_OK) == 0;
		free(path);
	}
	return ERR_OK;
}

static enum err
file_poll(struct print_queue *q, const char *job, struct print_status *out,
    struct why *w)
{
	bool there = false;
	enum err e = exists(q, job, &there, w);
	out->state = there ? PRINT_DONE : PRINT_GONE;
	return e;
}

/* Every job here has ended the moment it was taken. */
static enum err
file_cancel(struct print_queue *q, const char *job, struct why *w)
{
	(void)q;
	return why_set(w, ERR_NOT_FOUND, MSG_JOB_UNKNOWN, WHY_CODE(job));
}

static enum err
file_find(struct print_queue *q, const char *title, char job[PRINT_JOB_CAP],
    struct why *w)
{
	bool there = false;
	enum err e = exists(q, title, &there, w);
	if (e == ERR_OK && !there)
		return why_set(w, ERR_NOT_FOUND, MSG_JOB_UNKNOWN, WHY_CODE(title));
	if (e == ERR_OK)
		snprintf(job, PRINT_JOB_CAP, "%s", title);
	return e;
}

static enum err
file_keeps_secret(const struct print_queue *q, struct why *w)
{
	return why_set(w, ERR_REFUSED, MSG_QUEUE_SECRET_FILES, WHY_CODE(q->name));
}

/* What is in the folder stays there until somebody takes it out. */
static enum err
file_keeps_files(const struct print_queue *q, struct print_keeping *out, struct why *w)
{
	(void)q, (void)w;
	*out = (struct print_keeping){ PRINT_KEEPS, PRINT_KEEPS, INT64_MAX };
	return ERR_OK;
}

static enum err
file_resume(struct print_queue *q, struct why *w)
{
	return file_ready(q, NULL, w);
}

static enum err
file_offer(const struct print_queue *q, struct print_offer **out, struct why *w)
{
	(void)q;
	*out = calloc(1, sizeof(**out));
	if (*out != NULL)
		(*out)->model = strdup("");
	if (*out != NULL && (*out)->model != NULL)
		return ERR_OK;
	offer_free(out);
	return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
}

const struct queue_kind queue_file = {
	.open = file_open,
	.ready = file_ready,
	.submit = file_submit,
	.keeps_secret = file_keeps_secret,
	.poll = file_poll,
	.cancel = file_cancel,
	.find = file_find,
	.keeps_files = file_keeps_files,
	.resume = file_resume,
	.offer = file_offer,
	.close = file_close
};
