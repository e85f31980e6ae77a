/*
 * What a card costs in APDUs, bytes and modelled time: driver and software card as they
 * are, no reader between them. Fails when a job needs more APDUs than its budget and two.
 */
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "cardapps/layout/desfire.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/club/member.h"
#include "station/flow/flow.h"
#include "station/flow/generation.h"
#include "tests/bench/row.h"
#include "tests/support/card_bench.h"

#define ALLOWED 2	/* above a budget */

static bool over_budget;

/* `budget` 0: none is set. Bytes are of whole APDUs, both ways; the model is cardapps/sim/timing.c. */
static void
figures(const char *job, const struct sim_figures *f, unsigned budget)
{
	char against[40];
	bool met = f->apdus <= budget + ALLOWED;

	(void)snprintf(against, sizeof(against), "budget %u + %u", budget, ALLOWED);
	row(job, f->apdus, "APDUs", budget == 0 ? NULL : against, met);
	over_budget = over_budget || (budget != 0 && !met);
	row_info("  of APDUs, both ways", (double)f->bytes, "bytes");
	row_info("  modelled at 106 kbit/s", (double)f->us_106 / 1000, "ms");
	row_info("  modelled at 848 kbit/s", (double)f->us_848 / 1000, "ms");
}

/* --- the whole loyalty card */

#define STEPS_CAP 32

struct stages {
	const struct sim_card *chip;
	struct sim_figures at[STEPS_CAP];	/* when that step was done */
	unsigned of;
};

static void
note_step(void *ctx, unsigned step, unsigned of)
{
	struct stages *s = ctx;

	s->of = of;
	if (step < STEPS_CAP)
		sim_card_figures(s->chip, &s->at[step]);
}

/*
 * The budgets of 38, 56 and 75 are for a card without the certificate's file: that one costs one
 * APDU to create and three frames to write, then three frames to read back.
 */
static void
loyalty_card(void)
{
	struct card_content now;
	struct stages s = {0};
	struct card_bench b;

	row_title("whole loyalty card with NDEF and certificate on a blank EV1, driver alone");
	card_bench_open(&b);
	card_bench_present(&b);
	must(card_read(b.card, &now, &b.why), &b.why);
	card_bench_plan(&b);
	s.chip = b.chip;
	b.card->progress = note_step;
	b.card->progress_ctx = &s;
	sim_card_reset_figures(b.chip);
	must(card_personalise(b.card, &b.plan, &b.why), &b.why);
	/* the last step is the refusals', the one before it reading back */
	figures("written", &s.at[s.of - 2], 38 + 1 + 3);
	figures("written and read back", &s.at[s.of - 1], 56 + 1 + 3 + 3);
	figures("written, read back, strangers refused", &s.at[s.of], 75 + 1 + 3 + 3);
	card_bench_close(&b);
}

/* --- the bench job: an application of five keys and three files, no NDEF */

static const struct df_file job_files[] = {
	{.no = 1, .create = DF_CREATE_BACKUP_DATA_FILE, .mode = EV1_MACED, .size = 32},
	{.no = 2, .create = DF_CREATE_BACKUP_DATA_FILE, .mode = EV1_MACED, .size = 64},
	{.no = 3, .create = DF_CREATE_STD_DATA_FILE, .mode = EV1_MACED, .size = 104},
};
#define JOB_FILES (sizeof(job_files) / sizeof(job_files[0]))
#define JOB_KEYS 5

/* Every key changes under key 0. */
static const struct df_application job = {
	.settings = 0x09, .keys = 0x80 | JOB_KEYS, .files = job_files, .file_count = JOB_FILES,
};

struct wire {
	struct ev1 ev1;
	struct card_key *factory, *fresh[JOB_KEYS];
	struct why w;
};

static void
ask(struct wire *c, enum df_ins ins, const uint8_t *data, size_t len)
{
	must(ev1_command(&c->ev1, ins, EV1_MACED, data, len, &c->w), &c->w);
}

static size_t
span(const struct df_file *f, uint8_t head[7])
{
	const uint8_t bytes[7] = {f->no, 0, 0, 0, (uint8_t)f->size, 0, 0};

	memcpy(head, bytes, sizeof(bytes));
	return sizeof(bytes);
}

static void
job_write(struct wire *c, const uint8_t aid[3], const uint8_t *content)
{
	uint8_t data[7 + 256];

	ask(c, DF_GET_VERSION, NULL, 0);
	ask(c, DF_CREATE_APPLICATION, data, df_application_request(&job, aid, 0, data));
	must(ev1_select(&c->ev1, aid, &c->w), &c->w);
	must(ev1_authenticate(&c->ev1, DF_AUTHENTICATE_AES, 0, c->factory, &c->w), &c->w);
	for (uint8_t no = 1; no < JOB_KEYS; no++)
		must(ev1_change_key(&c->ev1, no, c->fresh[no], 1, c->factory, &c->w), &c->w);
	for (size_t i = 0; i < JOB_FILES; i++)
		ask(c, job_files[i].create, data, df_file_request(&job_files[i], data));
	for (size_t i = 0; i < JOB_FILES; i++) {
		size_t head = span(&job_files[i], data);

		memcpy(data + head, content, job_files[i].size);
		ask(c, DF_WRITE_DATA, data, head + job_files[i].size);
	}
	ask(c, DF_COMMIT_TRANSACTION, NULL, 0);
	must(ev1_change_key(&c->ev1, 0, c->fresh[0], 1, NULL, &c->w), &c->w);
}

static void
job_read_back(struct wire *c, const uint8_t *content)
{
	uint8_t head[7];

	must(ev1_authenticate(&c->ev1, DF_AUTHENTICATE_AES, 0, c->fresh[0], &c->w), &c->w);
	for (size_t i = 0; i < JOB_FILES; i++) {
		ask(c, DF_READ_DATA, head, span(&job_files[i], head));
		if (c->ev1.answer_len != job_files[i].size || memcmp(c->ev1.answer, content, job_files[i].size) != 0)
			exit(1);
	}
}

static void
job_keys(struct wire *c, const struct card_bench *b)
{
	struct key_ref ref = {.origin = KEY_FACTORY_AES};

	must(card_key_open(b->safe, &ref, &c->factory, &c->w), &c->w);
	for (uint8_t no = 0; no < JOB_KEYS; no++) {
		ref = b->steps[1].new_ref;
		ref.key_no = no;
		must(card_key_open(b->safe, &ref, &c->fresh[no], &c->w), &c->w);
	}
}

static void
bench_job(void)
{
	struct sim_figures f;
	struct card_bench b;
	struct wire c = {0};
	uint8_t content[104];

	row_title("bench job on EV1: five keys, files of 32 and 64 (backup) and 104 (standard), no NDEF");
	memset(content, 0x5A, sizeof(content));
	card_bench_open(&b);
	card_bench_present(&b);
	card_bench_plan(&b);
	job_keys(&c, &b);
	card_close(&b.card);
	must(reader_connect(b.reader, 100, &b.why), &b.why);
	c.ev1.reader = b.reader;
	sim_card_reset_figures(b.chip);
	job_write(&c, b.access.aid, content);
	sim_card_figures(b.chip, &f);
	figures("written", &f, 22);
	row("  libfreefare's API for the same (counted, not run)", 31, "APDUs", "peer", f.apdus <= 31);
	job_read_back(&c, content);
	sim_card_figures(b.chip, &f);
	figures("written and read back", &f, 29);
	ev1_forget(&c.ev1);
	for (size_t no = 0; no < JOB_KEYS; no++)
		card_key_close(&c.fresh[no]);
	card_key_close(&c.factory);
	card_bench_close(&b);
}

/* --- whole taps, as staff do them */

static void
tap(struct station *s, struct sim_card *chip, const struct flow_request *rq, const char *name,
    unsigned budget)
{
	struct sim_figures f;
	struct flow_result r;
	struct why w = {0};

	sim_card_reset_figures(chip);
	must(flow_run(s, rq, &r, &w), &w);
	sim_card_figures(chip, &f);
	figures(name, &f, budget);
}

/*
 * Beside a show (21 and 17): seven versions; each of the keys of the card and of phones authenticated, changed and
 * authenticated again (5 and, with a selection, 6); our application selected, two authentications and five changes, or
 * with key sets settings, a set begun, five changes in it, ended and rolled under three; key 3 and the version
 * of key 0; record, log line and commit; read back.
 */
#define ROLL_EV1 (21 + 7 + 5 + 6 + 1 + 4 + 5 + 3 + 5 + 5)
#define ROLL_EV2 (17 + 7 + 5 + 6 + 1 + 6 + 1 + 1 + 5 + 2 + 3 + 3 + 3)

static void
roll(struct station *s, uint32_t member, enum sim_kind kind, const char *name, unsigned budget)
{
	struct flow_request issue = {.flow = FLOW_ISSUE, .member = member}, show = {.flow = FLOW_SHOW};
	struct sim_card *chip;
	struct flow_result r;
	struct why w = {0};
	uint16_t generation;

	must(sim_desfire_new_kind(kind, NULL, NULL, &chip, &w), &w);
	must(sim_reader_open(chip, true, &issue.reader, &w), &w);
	show.reader = issue.reader;
	must(flow_run(s, &issue, &r, &w), &w);
	must(station_next_generation(s, NULL, NULL, &generation, &w), &w);
	tap(s, chip, &show, name, budget);
	reader_close(&issue.reader);
}

static void
taps(struct station *s)
{
	struct flow_request issue = {.flow = FLOW_ISSUE}, load = {.flow = FLOW_LOAD, .amount = 500000};
	struct flow_request show = {.flow = FLOW_SHOW};
	const struct member_form form = {.name = "سارا احمدی", .now_ms = clock_now_ms()};
	struct sim_card *chip;
	struct reader *reader;
	struct why w = {0};

	row_title("whole taps through the flows, from the card's arrival on");
	must(store_begin(s->store, &w), &w);
	must(club_member_add(s->store, &form, &issue.member, &w), &w);
	must(store_commit(s->store, &w), &w);
	must(sim_desfire_new(NULL, NULL, &chip, &w), &w);
	must(sim_reader_open(chip, true, &reader, &w), &w);
	issue.reader = load.reader = show.reader = reader;
	tap(s, chip, &issue, "issue: look, make, read back, refuse", 0);
	tap(s, chip, &load, "load: read all, write, read back", 0);
	tap(s, chip, &show, "show: read all", 0);
	reader_close(&reader);
	roll(s, issue.member, SIM_DESFIRE_EV1, "show that renews the keys, EV1", ROLL_EV1);
	roll(s, issue.member, SIM_DESFIRE_EV2, "show that renews the keys, EV2: one atomic step", ROLL_EV2);
}

int
main(void)
{
	char folder[] = "/tmp/bashgah-apdus-XXXXXX";
	char club[64];
	const struct init_options o = {.folder = club, .designs_from = "printer/designs"};
	struct station *s;
	struct why w = {0};

	loyalty_card();
	bench_job();
	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(club, sizeof(club), "%s/club", folder);
	must(station_init(&o, &w), &w);
	must(station_open(club, STATION_KEYS, NULL, NULL, &s, &w), &w);
	taps(s);
	station_close(&s);
	folder_remove(folder);
	return over_budget ? 1 : 0;
}
