#include "station/flow/share_page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "printer/word_page.h"
#include "station/base/secret.h"

#define PRINT_MS (5 * 60 * 1000)
#define COLUMNS (1 + WORDS_IN_LINE)
#define TITLE_CAP 32

struct share_printer {
	struct print_queue *queue;
	enum lang lang;
	struct print_opts opts;
	char club[STATION_NAME_CAP];
	bool test;
};

/* What the child draws: in secret memory that it keeps. Words are cut apart where they lie. */
struct sheet_words {
	char line[SHARE_LINES][WORDS_LINE_CAP];
	char number[SHARE_LINES][TEXT_SHORT_CAP];
	const char *cell[SHARE_LINES * COLUMNS];
	char above[WORD_PAGE_LINES - 1][TEXT_CAP];
	char below[TEXT_CAP];
};

/* From the child through a pipe; no secret. */
struct handed {
	enum err e;
	struct why why;
	char job[PRINT_JOB_CAP];
};

/* --- which queue, which paper */

/* ISO 216 A4 and A5, ANSI Letter, in the order in which they are looked for. */
static enum err
choose_paper(struct share_printer *p, struct why *w)
{
	static const int sizes[][2] = {{210000, 297000}, {215900, 279400}, {148000, 210000}};
	struct why first = {0}, other;
	enum err e = ERR_QUEUE;

	for (size_t i = 0; e != ERR_OK && i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		p->opts.width_um = sizes[i][0];
		p->opts.height_um = sizes[i][1];
		e = queue_check(p->queue, &p->opts, i == 0 ? &first : &other);
	}
	if (e != ERR_OK && w != NULL)
		*w = first;
	return e == ERR_OK ? ERR_OK : first.code;
}

enum err
share_printer_open(const struct station *s, const char *queue, enum lang lang,
    struct share_printer **out, struct why *w)
{
	struct share_printer *p = calloc(1, sizeof(*p));
	enum err e;

	*out = NULL;
	if (p == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	p->lang = lang;
	p->opts.all_pages = true;
	p->test = s->test;
	(void)snprintf(p->club, sizeof(p->club), "%s", s->set.club_name);
	e = queue_open(queue, &p->queue, w);
	if (e == ERR_OK)
		e = queue_keeps_secret(p->queue, w);
	if (e == ERR_OK)
		e = choose_paper(p, w);
	if (e == ERR_OK)
		*out = p;
	else
		share_printer_close(&p);
	return e;
}

void
share_printer_close(struct share_printer **p)
{
	if (*p == NULL)
		return;
	queue_close(&(*p)->queue);
	free(*p);
	*p = NULL;
}

const char *
share_printer_name(const struct share_printer *p)
{
	return queue_name(p->queue);
}

/* --- the page */

static void
write_words(const struct share_printer *p, const struct ceremony *c, unsigned index, struct sheet_words *s)
{
	for (unsigned row = 0; row < SHARE_LINES; row++) {
		const char **cell = s->cell + row * COLUMNS;
		char *word = s->line[row];

		text_number(p->lang, row + 1, s->number[row], sizeof(s->number[row]));
		cell[0] = s->number[row];
		ceremony_line(c, index, row, p->lang == LANG_FA ? WORDS_FA : WORDS_EN, word);
		for (unsigned i = 1; i < COLUMNS; i++) {
			char *end = word + strcspn(word, " ");

			cell[i] = word;
			word = *end == '\0' ? end : end + 1;
			*end = '\0';
		}
	}
}

static void
write_facts(const struct share_printer *p, const struct ceremony *c, unsigned index, struct sheet_words *s)
{
	const struct share *share = ceremony_share(c, index);
	char person[CUSTODY_NAME_CAP], set[2 * SHARE_SET_LEN + 1];
	struct share_facts facts = {0};
	struct why_in in[4];

	(void)share_read(share, &facts, NULL);
	for (unsigned i = 0; i < SHARE_SET_LEN; i++)
		(void)snprintf(set + 2 * i, 3, "%02X", facts.set[i]);
	ceremony_person(c, index, person);
	text_message(p->lang, p->test ? MSG_SHARE_PAGE_PRACTICE : MSG_SHARE_PAGE_CLUB,
	    (const struct why_in[]){WHY_STR(p->club)}, 1, s->above[0], sizeof(s->above[0]));
	in[0] = WHY_NUM(index);
	in[1] = WHY_NUM(ceremony_shares(c));
	in[2] = WHY_STR(person);
	text_message(p->lang, MSG_SHARE_PAGE_WHOSE, in, 3, s->above[1], sizeof(s->above[1]));
	in[0] = WHY_NUM(ceremony_generation(c));
	in[1] = WHY_CODE(set);
	in[2] = WHY_NUM(ceremony_needed(c));
	in[3] = WHY_NUM(ceremony_shares(c));
	text_message(p->lang, MSG_SHARE_PAGE_FACTS, in, 4, s->above[2], sizeof(s->above[2]));
	text_message(p->lang, MSG_SHARE_PAGE_KEEP, NULL, 0, s->below, sizeof(s->below));
}

/* --- the child */

static enum err
draw_and_submit(struct share_printer *p, const struct sheet_words *s, unsigned index, struct handed *h)
{
	const struct word_page page = {.rtl = p->lang == LANG_FA, .width_um = p->opts.width_um,
	    .height_um = p->opts.height_um, .above = {s->above[0], s->above[1], s->above[2]},
	    .cells = s->cell, .rows = SHARE_LINES, .columns = COLUMNS, .below = {s->below}};
	char title[TITLE_CAP];
	uint8_t *pdf = NULL;
	size_t len = 0;
	enum err e = word_page_pdf(&page, &pdf, &len, &h->why);

	(void)snprintf(title, sizeof(title), "key-share-%u", index);
	if (e == ERR_OK)
		e = queue_submit_secret(p->queue, pdf, len, title, &p->opts, h->job, &h->why);
	wipe(pdf, len);
	free(pdf);
	return e;
}

/* Its memory goes back to the system when it ends; until then it stays off the disk where the limits allow. */
static _Noreturn void
be_child(struct share_printer *p, const struct sheet_words *s, unsigned index, int to)
{
	struct handed h = {0};

	(void)mlockall(MCL_CURRENT | MCL_FUTURE);
	h.e = draw_and_submit(p, s, index, &h);
	_exit(write(to, &h, sizeof(h)) == (ssize_t)sizeof(h) ? 0 : 1);
}

/* All of it, or what there was: a child that died has said nothing. */
static bool
hear(int from, struct handed *h)
{
	size_t got = 0;

	while (got < sizeof(*h)) {
		const ssize_t n = read(from, (uint8_t *)h + got, sizeof(*h) - got);

		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		if (n > 0)
			got += (size_t)n;
	}
	return true;
}

static enum err
run_child(struct share_printer *p, const struct sheet_words *s, unsigned index, char job[PRINT_JOB_CAP],
    struct why *w)
{
	struct handed h = {0};
	int ends[2];
	bool heard;
	pid_t child;

	if (pipe(ends) != 0)
		return why_errno(w, errno, share_printer_name(p));
	child = fork();
	if (child == 0)
		be_child(p, s, index, ends[1]);
	(void)close(ends[1]);
	heard = child > 0 && hear(ends[0], &h);
	(void)close(ends[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (!heard)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	memcpy(job, h.job, sizeof(h.job));
	if (h.e != ERR_OK && w != NULL)
		*w = h.why;
	return h.e;
}

/* To its end, and the proof once more: it might have been changed under the job. */
static enum err
follow(struct share_printer *p, const char *job, print_watch watch, void *ctx, struct why *w)
{
	enum err e = queue_wait(p->queue, job, PRINT_MS, watch, ctx, NULL, w);

	if (e == ERR_TIMEOUT)
		(void)queue_cancel(p->queue, job, NULL);
	return e == ERR_OK ? queue_keeps_secret(p->queue, w) : e;
}

enum err
share_printer_print(struct share_printer *p, const struct ceremony *c, unsigned index, print_watch watch,
    void *ctx, struct why *w)
{
	struct sheet_words *s = secret_alloc_kept(sizeof(*s));
	char job[PRINT_JOB_CAP];
	enum err e;

	if (s == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	write_words(p, c, index, s);
	write_facts(p, c, index, s);
	e = run_child(p, s, index, job, w);
	secret_free(s, sizeof(*s));
	return e == ERR_OK ? follow(p, job, watch, ctx, w) : e;
}
