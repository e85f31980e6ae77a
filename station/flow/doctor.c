#include "station/flow/doctor.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cardapps/reader/pcsc.h"
#include "printer/printer.h"
#include "station/base/clock.h"
#include "station/flow/lists.h"
#include "station/flow/settings.h"
#include "station/store/card.h"
#include "station/store/journal.h"
#include "station/store/print.h"

#define DISK_LOW_BYTES (64u * 1024 * 1024)
/* The year this version was made: a clock before it cannot be right. */
#define CLOCK_FLOOR_MS INT64_C(1767225600000)

/* Clocks are set right by a little all the time. */
#define CLOCK_SLACK_MS INT64_C(60000)

struct exam {
	struct station *s;
	finding_each each;
	void *ctx;
	enum err first;
	struct why first_why;
};

static void
note(struct exam *x, enum msg about, enum err e, const struct why *w, bool warning)
{
	struct finding f = {.about = about, .good = e == ERR_OK, .warning = warning};

	if (e != ERR_OK)
		f.why = *w;
	x->each(x->ctx, &f);
	if (e == ERR_OK || warning || x->first != ERR_OK)
		return;
	x->first = e;
	x->first_why = *w;
}

static bool
take_time(const struct journal_row *row, void *ctx)
{
	*(int64_t *)ctx = row->at_ms;
	return true;
}

static enum err
look_at_clock(struct exam *x, struct why *w)
{
	uint8_t hash[STORE_HASH_LEN];
	int64_t head, newest_ms = 0;
	enum err e = store_journal_head(x->s->store, &head, hash, w);

	if (clock_now_ms() < CLOCK_FLOOR_MS)
		return why_set(w, ERR_CLOCK, MSG_CLOCK_WRONG);
	if (e == ERR_OK)
		e = store_journal_walk(x->s->store, head, take_time, &newest_ms, w);
	if (e == ERR_OK && clock_now_ms() < newest_ms - CLOCK_SLACK_MS)
		return why_set(w, ERR_CLOCK, MSG_CLOCK_BEHIND_BOOK);
	return e;
}

static enum err
look_at_book(struct exam *x, struct why *w)
{
	struct store_health h;

	return store_check(x->s->store, &h, w);
}

static enum err
look_at_keys(struct exam *x, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct stat st;
	enum err e = station_path(x->s, STATION_SAFE, path, w);

	if (e == ERR_OK && stat(path, &st) != 0)
		return why_errno(w, errno, path);
	if (e == ERR_OK && (st.st_mode & 077) != 0)
		return why_set(w, ERR_SAFE, MSG_SAFE_READABLE, WHY_CODE(path));
	return e;
}

static enum err
look_at_certificate(struct exam *x, struct why *w)
{
	return cert_covers(&x->s->cert, (uint16_t)(clock_minutes_2000(clock_now_ms()) / 1440), 0, w);
}

static enum err
look_at_lists(struct exam *x, struct why *w)
{
	enum err e = lists_check_station(x->s, w);

	return e == ERR_OK ? lists_fresh(x->s, w) : e;
}

static enum err
look_at_disk(struct exam *x, struct why *w)
{
	struct statvfs v;

	if (statvfs(x->s->folder, &v) != 0)
		return why_errno(w, errno, x->s->folder);
	if ((uint64_t)v.f_bavail * v.f_frsize < DISK_LOW_BYTES)
		return why_set(w, ERR_DISK_FULL, MSG_DISK_LOW, WHY_CODE(x->s->folder));
	return ERR_OK;
}

struct design_exam {
	const char *folder;
	bool has_default;
	struct why *w;
	enum err e;		/* of the first that cannot be used */
};

static void
look_at_design(void *ctx, const char *name, const char *parent)
{
	struct design_exam *x = ctx;
	struct design *d = NULL;

	(void)parent;
	x->has_default |= strcmp(name, STATION_DESIGN) == 0;
	if (x->e == ERR_OK)
		x->e = design_load(x->folder, name, &d, x->w);
	design_free(&d);
}

/* All of them: a tier's own design is otherwise met at the first card of that tier. */
static enum err
look_at_designs(struct exam *x, struct why *w)
{
	char folder[STATION_PATH_CAP];
	struct design *d = NULL;
	struct design_exam all = {.folder = folder, .w = w};
	enum err e = station_path(x->s, STATION_DESIGNS, folder, w);

	if (e == ERR_OK)
		e = design_list(folder, look_at_design, &all, w);
	if (e == ERR_OK)
		e = all.e;
	if (e == ERR_OK && !all.has_default)
		e = design_load(folder, STATION_DESIGN, &d, w);
	design_free(&d);
	return e;
}

/* Only the station writes the page and only customers read it: nobody else would notice. */
static enum err
look_at_page(struct exam *x, struct why *w)
{
	struct why mine;
	enum err e = station_refresh_view(x->s, &mine);

	if (e == ERR_DB_DAMAGED)
		return why_set(w, e, MSG_PAGE_DAMAGED, WHY_CODE(STATION_VIEW));
	if (e != ERR_OK && w != NULL)
		*w = mine;
	return e;
}

static bool
count_card(const struct store_card *c, void *ctx)
{
	(void)c;
	(*(int64_t *)ctx)++;
	return true;
}

static enum err
look_at_doubts(struct exam *x, struct why *w)
{
	int64_t n = 0;
	enum err e = store_cards_in_doubt(x->s->store, count_card, &n, w);

	if (e == ERR_OK && n > 0)
		return why_set(w, ERR_IN_DOUBT, MSG_CARDS_IN_DOUBT, WHY_NUM(n));
	return e;
}

/* The printer's word ends a print; that the card is good only somebody's eyes can say. */
static enum err
look_at_prints(struct exam *x, struct why *w)
{
	int64_t n = 0;
	enum err e = store_prints_open(x->s->store, &n, w);

	if (e == ERR_OK && n > 0)
		return why_set(w, ERR_PRINT, MSG_PRINTS_WAIT, WHY_NUM(n));
	return e;
}

static void
no_reader(void *ctx, const char *name, bool card_present)
{
	(void)ctx;
	(void)name;
	(void)card_present;
}

static enum err
look_at_readers(struct exam *x, struct why *w)
{
	(void)x;
	return pcsc_list(no_reader, NULL, w);
}

static void
count_queue(void *ctx, const struct print_queue_info *q)
{
	(void)q;
	(*(int *)ctx)++;
}

static enum err
look_at_printers(struct exam *x, struct why *w)
{
	int n = 0;
	enum err e = queue_list(count_queue, &n, w);

	(void)x;
	if (e == ERR_OK && n == 0)
		return why_set(w, ERR_QUEUE, MSG_NO_PRINTERS);
	return e;
}

/* No service is said once, by the look at printers. */
static enum err
look_at_spool(struct exam *x, struct why *w)
{
	struct print_keeping k;

	(void)x;
	if (queue_keeps_files(NULL, &k, NULL) != ERR_OK)
		return ERR_OK;
	if (k.files == PRINT_KEEPS)
		return why_set(w, ERR_QUEUE, MSG_QUEUE_KEEPS_FILES);
	if (k.history == PRINT_KEEPS_NONE)
		return why_set(w, ERR_QUEUE, MSG_QUEUE_FORGETS_JOBS);
	if (k.files == PRINT_KEEPS_UNKNOWN)
		return why_set(w, ERR_QUEUE, MSG_QUEUE_KEEPS_UNKNOWN);
	return ERR_OK;
}

static const struct {
	enum msg about;
	bool warning;	/* the station works without */
	enum err (*look)(struct exam *x, struct why *w);
} examinations[] = {
	{MSG_DOCTOR_CLOCK, false, look_at_clock},
	{MSG_DOCTOR_BOOK, false, look_at_book},
	{MSG_DOCTOR_KEYS, false, look_at_keys},
	{MSG_DOCTOR_CERTIFICATE, false, look_at_certificate},
	{MSG_DOCTOR_LISTS, false, look_at_lists},
	{MSG_DOCTOR_DISK, false, look_at_disk},
	{MSG_DOCTOR_DESIGNS, false, look_at_designs},
	{MSG_DOCTOR_PAGE, false, look_at_page},
	{MSG_DOCTOR_DOUBTS, true, look_at_doubts},
	{MSG_DOCTOR_PRINTS, true, look_at_prints},
	{MSG_DOCTOR_READERS, true, look_at_readers},
	{MSG_DOCTOR_PRINTERS, true, look_at_printers},
	{MSG_DOCTOR_SPOOL, true, look_at_spool},
};

enum err
station_examine(const char *folder, station_passphrase ask, void *ask_ctx, finding_each each,
    void *ctx, struct why *w)
{
	struct exam x = {.each = each, .ctx = ctx};
	struct why one = {0};
	enum err e = station_open(folder, STATION_KEYS, ask, ask_ctx, &x.s, &one);

	note(&x, MSG_DOCTOR_CLUB, e, &one, false);
	for (size_t i = 0; e == ERR_OK && i < sizeof(examinations) / sizeof(examinations[0]); i++)
		note(&x, examinations[i].about, examinations[i].look(&x, &one), &one,
		    examinations[i].warning);
	station_close(&x.s);
	if (x.first != ERR_OK && w != NULL)
		*w = x.first_why;
	return x.first;
}
