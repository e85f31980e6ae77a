/* The driver and software EV2 and EV3 cards: recognised, made, changed, what it costs, and readers that let little through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cardapps/chip/desfire.h"
#include "tests/support/card_bench.h"
#include "tests/support/hostile_reader.h"

static enum sim_kind kind;

static void
went_well(const struct card_bench *b, enum err e)
{
	if (e != ERR_OK)
		fail_msg("%s, %s", err_name(e), msg_name(b->why.id));
}

static void
is_made(struct card_bench *b)
{
	struct card_content now;

	went_well(b, card_read(b->card, &now, &b->why));
	assert_int_equal(now.state, CARD_READY);
	assert_int_equal(now.epoch, 1);
	assert_true(now.has_record && now.has_value);
	assert_memory_equal(now.record, b->plan.record, RECORD_LEN);
	assert_memory_equal(now.cert, b->plan.cert, CERT_LEN);
	assert_int_equal(now.value, 0);
	assert_int_equal(now.log_len, 1);
	assert_memory_equal(now.log[0], b->plan.log, LOG_LINE_LEN);
}

static void
a_new_card_is_known_by_name(void **state)
{
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	card_bench_present(&b);
	assert_string_equal(b.card->id.name, kind == SIM_DESFIRE_EV2 ? "MIFARE DESFire EV2 8K" :
	    "MIFARE DESFire EV3 8K");
	assert_int_equal(b.card->id.kind, kind == SIM_DESFIRE_EV2 ? CHIP_DESFIRE_EV2 :
	    CHIP_DESFIRE_EV3);
	assert_int_equal(b.card->id.grade, GRADE_PURSE);
	went_well(&b, card_read(b.card, &now, &b.why));
	assert_int_equal(now.state, CARD_NEW);
	card_bench_close(&b);
}

static void
a_made_card_reads_back_whole(void **state)
{
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	card_bench_make(&b);
	card_bench_present(&b);
	is_made(&b);
	card_bench_close(&b);
}

/* --- what it costs */

struct meter {
	struct reader *reader;
	unsigned start, written;
};

static void
measure(void *ctx, unsigned step, unsigned of)
{
	struct meter *m = ctx;

	if (step == of - 1)
		m->written = m->reader->apdus - m->start;
}

static unsigned
apdus_of_making(bool refusals, unsigned *written)
{
	struct card_content now;
	struct meter m = {0};
	struct card_bench b;
	unsigned sum;

	card_bench_open_kind(&b, kind);
	card_bench_present(&b);
	went_well(&b, card_read(b.card, &now, &b.why));
	card_bench_plan(&b);
	b.plan.check_refusals = refusals;
	m.reader = b.reader;
	m.start = b.reader->apdus;
	b.card->progress = measure;
	b.card->progress_ctx = &m;
	went_well(&b, card_personalise(b.card, &b.plan, &b.why));
	sum = b.reader->apdus - m.start;
	*written = m.written;
	card_bench_close(&b);
	return sum;
}

/*
 * 35 write, 51 with everything read back, 70 with refusals; the certificate file adds 1 to create it
 * and 2 each to write and to read. Two more are allowed.
 */
static void
making_a_card_keeps_its_apdu_budget(void **state)
{
	unsigned written, ignored, read_back, refused;

	(void)state;
	read_back = apdus_of_making(false, &written);
	refused = apdus_of_making(true, &ignored);
	print_message("APDUs: %u write, %u + read-back, %u + refusals\n", written, read_back,
	    refused);
	assert_in_range(written, 1, 35 + 1 + 2 + 2);
	assert_in_range(read_back, written, 51 + 1 + 2 + 2 + 2);
	assert_in_range(refused, read_back, 70 + 1 + 2 + 2 + 2);
}

/* Value, record, log line, commit: each one APDU. */
static void
a_load_costs_four_apdus(void **state)
{
	struct card_write wr = card_bench_change(0x33, 500, 500);
	struct card_content now;
	struct card_bench b;
	unsigned before;

	(void)state;
	card_bench_open_kind(&b, kind);
	card_bench_make(&b);
	card_bench_present(&b);
	is_made(&b);
	before = b.reader->apdus;
	went_well(&b, card_write(b.card, &wr, &b.why));
	assert_int_equal(b.reader->apdus - before, 4);
	went_well(&b, card_confirm(b.card, &now, &b.why));
	assert_int_equal(b.reader->apdus - before, 4 + 3);
	assert_memory_equal(now.record, wr.record, RECORD_LEN);
	assert_int_equal(now.value, 500);
	assert_memory_equal(now.log[0], wr.log, LOG_LINE_LEN);
	card_bench_close(&b);
}

/* The log file is full of lines, which come over more than one frame. */
static void
a_full_log_reads_back(void **state)
{
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	card_bench_make(&b);
	card_bench_present(&b);
	is_made(&b);
	for (int32_t i = 1; i <= CARD_LOG_LINES + 3; i++) {
		struct card_write wr = card_bench_change((uint8_t)i, i % 2 == 0 ? -7 : 9, i);

		went_well(&b, card_write(b.card, &wr, &b.why));
	}
	card_bench_present(&b);
	went_well(&b, card_read(b.card, &now, &b.why));
	assert_int_equal(now.log_len, CARD_LOG_LINES);
	assert_int_equal(now.value, 10 * 9 - 9 * 7);
	for (size_t i = 0; i < now.log_len; i++)
		assert_int_equal(now.log[i][0], CARD_LOG_LINES + 3 - i);
	card_bench_close(&b);
}

/* --- readers */

struct limit {
	size_t data;		/* longest data of a command or answer that passes */
	uint8_t sw1, sw2;	/* what is said to a longer one; 0: the card is lost */
	unsigned refused;
};

static enum err
keep_short(struct hostile_reader *h, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w)
{
	struct limit *l = h->ctx;
	size_t data = capdu_len > 5 ? capdu[4] : 0;
	bool too_long = data > l->data || (capdu[1] == DF_READ_DATA_LONG && capdu[9] > l->data);

	if (!too_long)
		return hostile_pass(h, capdu, capdu_len, rapdu, len, w);
	l->refused++;
	if (l->sw1 == 0) {
		sim_card_power(h->card, false);
		return hostile_gone(h, w);
	}
	if (l->sw1 == 0x91) {	/* as the card would: an error that ends its session */
		const uint8_t nonsense[] = {0x90, 0xF0, 0, 0, 0};
		enum err e = hostile_pass(h, nonsense, sizeof(nonsense), rapdu, len, w);

		if (e != ERR_OK)
			return e;
	}
	rapdu[0] = l->sw1;
	rapdu[1] = l->sw2;
	*len = 2;
	return ERR_OK;
}

/* Present, look and make as often as a clerk would put the card back. Answers how often. */
static unsigned
made_over(struct card_bench *b, struct hostile_reader *h)
{
	struct card_content now;
	enum err e = ERR_CARD_GONE;
	unsigned n;

	for (n = 0; n < 6 && e == ERR_CARD_GONE; n++) {
		card_close(&b->card);
		went_well(b, card_open(&h->reader, &b->access, 100, &b->card, &b->why));
		e = card_read(b->card, &now, &b->why);
		if (e == ERR_OK && n == 0)
			card_bench_plan(b);
		if (e == ERR_OK)
			e = card_personalise(b->card, &b->plan, &b->why);
	}
	went_well(b, e);
	return n;
}

static void
a_card_is_made_over(size_t data, uint8_t sw1, uint8_t sw2, unsigned presented)
{
	struct limit l = {data, sw1, sw2, 0};
	struct card_write wr = card_bench_change(0x33, 500, 500);
	struct hostile_reader h;
	struct card_content now;
	struct card_bench b;

	card_bench_open_kind(&b, kind);
	hostile_reader_init(&h, b.chip, keep_short, &l);
	assert_int_equal(made_over(&b, &h), presented);
	assert_in_range(l.refused, 1, 3);
	is_made(&b);
	went_well(&b, card_write(b.card, &wr, &b.why));
	went_well(&b, card_confirm(b.card, &now, &b.why));
	assert_memory_equal(now.record, wr.record, RECORD_LEN);
	assert_int_equal(now.value, 500);
	assert_in_range(l.refused, 1, 3);
	card_bench_close(&b);
}

static void
a_reader_that_says_wrong_length_costs_nothing(void **state)
{
	(void)state;
	a_card_is_made_over(60, 0x67, 0x00, 1);
	a_card_is_made_over(45, 0x67, 0x00, 1);
}

static void
a_card_that_says_length_error_is_done_in_the_same_presentation(void **state)
{
	(void)state;
	a_card_is_made_over(60, 0x91, 0x7E, 1);
}

static void
a_reader_that_loses_long_apdus_is_known_after_two(void **state)
{
	(void)state;
	a_card_is_made_over(60, 0, 0, 3);
}

/* A made card on a reader not seen before: reading learns as well. */
static void
a_made_card_is_read_where_long_answers_do_not_pass(void **state)
{
	struct card_write wr = card_bench_change(0x33, 500, 500);
	struct limit l = {60, 0x91, 0x7E, 0};
	struct hostile_reader h;
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	card_bench_make(&b);
	hostile_reader_init(&h, b.chip, keep_short, &l);
	went_well(&b, card_open(&h.reader, &b.access, 100, &b.card, &b.why));
	is_made(&b);
	assert_int_equal(l.refused, 1);
	card_close(&b.card);
	hostile_reader_init(&h, b.chip, keep_short, &l);
	went_well(&b, card_open(&h.reader, &b.access, 100, &b.card, &b.why));
	went_well(&b, card_write(b.card, &wr, &b.why));
	assert_int_equal(l.refused, 2);
	card_bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_card_is_known_by_name),
		cmocka_unit_test(a_made_card_reads_back_whole),
		cmocka_unit_test(making_a_card_keeps_its_apdu_budget),
		cmocka_unit_test(a_load_costs_four_apdus),
		cmocka_unit_test(a_full_log_reads_back),
		cmocka_unit_test(a_reader_that_says_wrong_length_costs_nothing),
		cmocka_unit_test(a_card_that_says_length_error_is_done_in_the_same_presentation),
		cmocka_unit_test(a_reader_that_loses_long_apdus_is_known_after_two),
		cmocka_unit_test(a_made_card_is_read_where_long_answers_do_not_pass),
	};
	int failed;

	kind = SIM_DESFIRE_EV2;
	failed = cmocka_run_group_tests_name("DESFire EV2", tests, NULL, NULL);
	kind = SIM_DESFIRE_EV3;
	return failed + cmocka_run_group_tests_name("DESFire EV3", tests, NULL, NULL);
}
