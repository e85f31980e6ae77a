#include "station/flow/paper_test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "station/base/clock.h"
#include "station/flow/settings.h"

#define WAIT_MS 180000u
/* The same on every test: a code that can be read and leads nowhere. */
#define TEST_CODE "https://EXAMPLE.COM/C/AAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TEST_DIGITS "0000000000000000"

struct test_words {
	char title[TEXT_CAP], says[TEXT_CAP], name[TEXT_CAP], tier[TEXT_CAP];
	char number[TEXT_SHORT_CAP], when[TEXT_SHORT_CAP];
};

static void
fill_words(enum lang lang, struct test_words *o)
{
	text_message(lang, MSG_TEST_TITLE, NULL, 0, o->title, sizeof(o->title));
	text_message(lang, MSG_TEST_SAYS, NULL, 0, o->says, sizeof(o->says));
	text_message(lang, MSG_TEST_NAME, NULL, 0, o->name, sizeof(o->name));
	text_message(lang, MSG_TIER_GOLD, NULL, 0, o->tier, sizeof(o->tier));
	text_card_number(lang, TEST_DIGITS, o->number, sizeof(o->number));
	text_datetime(lang, clock_now_ms(), TEXT_ZONE_DEFAULT, o->when, sizeof(o->when));
}

/* --- a slip */

static enum err
write_slip(struct slip *s, const struct paper_test_request *rq, struct why *w)
{
	struct test_words t;
	char label[TEXT_CAP];
	enum err e;

	fill_words(rq->lang, &t);
	text_message(rq->lang, MSG_LABEL_NUMBER, NULL, 0, label, sizeof(label));
	e = slip_text(s, SLIP_LARGE, SLIP_MIDDLE, t.title, w);
	if (e == ERR_OK)
		e = slip_rule(s, w);
	if (e == ERR_OK)
		e = slip_text(s, SLIP_NORMAL, SLIP_START, t.says, w);
	if (e == ERR_OK)
		e = slip_pair(s, SLIP_NORMAL, label, t.number, w);
	if (e == ERR_OK)
		e = slip_text(s, SLIP_SMALL, SLIP_END, t.when, w);
	return e == ERR_OK ? slip_code(s, TEST_CODE, w) : e;
}

static enum err
draw_slip(const struct paper_test_request *rq, const char *path, struct print_opts *opts,
    struct why *w)
{
	struct slip *s;
	enum err e = slip_new(rq->lang == LANG_FA, &s, w);

	if (e == ERR_OK)
		e = write_slip(s, rq, w);
	if (e == ERR_OK)
		e = rq->escpos ? slip_write_escpos(s, path, w) : slip_write_pdf(s, path, w);
	if (e == ERR_OK)
		*opts = (struct print_opts){.raw = rq->escpos, .roll = true, .all_pages = true,
		    .width_um = SLIP_PAPER_UM, .height_um = slip_length_um(s)};
	slip_free(&s);
	return e;
}

/* --- a sheet */

static enum err
draw_sheet(const char *folder, const struct paper_test_request *rq, const char *path,
    struct print_opts *opts, struct why *w)
{
	struct test_words t;
	struct sheet_card cards[SHEET_CARDS];
	struct design *d = NULL;
	struct card_face face;
	char designs[STATION_PATH_CAP];
	char name[DESIGN_NAME_CAP];
	enum err e;

	fill_words(rq->lang, &t);
	face = (struct card_face){.name = t.name, .number_text = t.number, .tier_id = "gold",
	    .tier_label = t.tier, .valid_text = t.when, .club_name = t.title,
	    .application = "loyalty", .qr_text = TEST_CODE, .test = true};
	(void)snprintf(designs, sizeof(designs), "%.*s/%s", STATION_PATH_CAP - 32, folder, STATION_DESIGNS);
	design_pick(designs, STATION_DESIGN, lang_tag(rq->lang), face.application, face.tier_id, name);
	e = design_load(designs, name, &d, w);
	for (size_t i = 0; i < SHEET_CARDS; i++)
		cards[i] = (struct sheet_card){d, &face};
	if (e == ERR_OK)
		e = sheet_render_pdf(cards, SHEET_CARDS, path, w);
	*opts = (struct print_opts){.two_sided = true, .width_um = SHEET_WIDTH_UM,
	    .height_um = SHEET_HEIGHT_UM};
	design_free(&d);
	return e;
}

/* A printer of one side shows with the front what there is to see. */
static enum err
submit(struct print_queue *q, const char *path, const char *title, struct print_opts *opts,
    char job[PRINT_JOB_CAP], struct why *w)
{
	struct why why = {0};

	if (opts->two_sided && queue_check(q, opts, &why) != ERR_OK && why.id == MSG_QUEUE_ONE_SIDED)
		opts->two_sided = false;
	return queue_submit(q, path, title, opts, job, w);
}

enum err
station_test_print(const char *folder, const struct paper_test_request *rq,
    char title[PRINT_JOB_CAP], struct why *w)
{
	char path[] = "/tmp/bashgah-test-print.XXXXXX", job[PRINT_JOB_CAP];
	struct print_opts opts;
	struct print_queue *q = NULL;
	int fd = mkstemp(path);
	enum err e;

	if (fd < 0)
		return why_errno(w, errno, path);
	(void)close(fd);
	(void)snprintf(title, PRINT_JOB_CAP, "test-%" PRIx64, (uint64_t)clock_now_ms());
	e = queue_open(rq->printer, &q, w);
	if (e == ERR_OK)
		e = rq->sheet ? draw_sheet(folder, rq, path, &opts, w) : draw_slip(rq, path, &opts, w);
	if (e == ERR_OK)
		e = submit(q, path, title, &opts, job, w);
	if (e == ERR_OK)
		e = queue_wait(q, job, WAIT_MS, NULL, NULL, NULL, w);
	(void)unlink(path);
	queue_close(&q);
	return e;
}
