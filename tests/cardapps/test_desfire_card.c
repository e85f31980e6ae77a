/* The DESFire driver and a software card: made, read, changed, and what it costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/card_bench.h"

static void
read_card(struct card_bench *b, struct card_content *now)
{
	enum err e = card_read(b->card, now, &b->why);

	if (e != ERR_OK)
		print_message("read: %s %s\n", err_name(e), msg_name(b->why.id));
	assert_int_equal(e, ERR_OK);
}

static void
a_new_card_is_new(void **state)
{
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open(&b);
	card_bench_present(&b);
	assert_string_equal(b.card->id.name, "MIFARE DESFire EV1 8K");
	assert_int_equal(b.card->id.grade, GRADE_PURSE);
	read_card(&b, &now);
	assert_int_equal(now.state, CARD_NEW);
	card_bench_close(&b);
}

static void
a_made_card_reads_back_whole(void **state)
{
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open(&b);
	card_bench_make(&b);
	card_bench_present(&b);
	read_card(&b, &now);
	assert_int_equal(now.state, CARD_READY);
	assert_int_equal(now.epoch, 1);
	assert_true(now.has_record && now.has_value);
	assert_memory_equal(now.record, b.plan.record, RECORD_LEN);
	assert_memory_equal(now.cert, b.plan.cert, CERT_LEN);
	assert_int_equal(now.value, 0);
	assert_int_equal(now.log_len, 1);
	assert_memory_equal(now.log[0], b.plan.log, LOG_LINE_LEN);
	card_bench_close(&b);
}

struct meter {
	struct reader *reader;
	unsigned start;
	unsigned written;	/* APDUs when the last step before reading back was done */
	unsigned last_step, of;
};

static void
measure(void *ctx, unsigned step, unsigned of)
{
	struct meter *m = ctx;

	assert_int_equal(step, m->last_step + 1);
	m->last_step = step;
	m->of = of;
	if (step == of - 1)
		m->written = m->reader->apdus - m->start;
}

/* APDUs of personalise on a new card that was read before; `written` may be NULL. */
static unsigned
apdus_of_making(bool refusals, unsigned *written)
{
	struct card_content now;
	struct meter m = {0};
	struct card_bench b;
	unsigned all;

	card_bench_open(&b);
	card_bench_present(&b);
	read_card(&b, &now);
	card_bench_plan(&b);
	b.plan.check_refusals = refusals;
	m.reader = b.reader;
	m.start = b.reader->apdus;
	b.card->progress = measure;
	b.card->progress_ctx = &m;
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_OK);
	assert_int_equal(m.last_step, m.of);
	all = b.reader->apdus - m.start;
	if (written != NULL)
		*written = m.written;
	card_bench_close(&b);
	return all;
}

/* 38 write, 56 with everything read back, 75 with refusals; the certificate file adds 1 + 3 and 3. Two more are allowed. */
static void
making_a_card_keeps_its_apdu_budget(void **state)
{
	unsigned written, read_back, refused;

	(void)state;
	read_back = apdus_of_making(false, &written);
	refused = apdus_of_making(true, NULL);
	print_message("APDUs: %u write, %u + read-back, %u + refusals\n", written, read_back,
	    refused);
	assert_in_range(written, 1, 38 + 4 + 2);
	assert_in_range(read_back, written, 56 + 7 + 2);
	assert_in_range(refused, read_back, 75 + 7 + 2);
}

static void
a_card_may_begin_with_value(void **state)
{
	struct log_line line = {.event = {9}, .station = 1, .delta = 700, .after = 700};
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open(&b);
	card_bench_present(&b);
	card_bench_plan(&b);
	log_line_encode(&line, b.plan.log);
	b.plan.url = NULL;
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_OK);
	read_card(&b, &now);
	assert_int_equal(now.state, CARD_READY);
	assert_int_equal(now.value, 700);
	card_bench_close(&b);
}

static void
a_plan_that_cannot_be_sends_nothing(void **state)
{
	struct log_line line = {.event = {9}, .station = 1, .delta = 700, .after = 900};
	struct card_bench b;
	unsigned before;

	(void)state;
	card_bench_open(&b);
	card_bench_present(&b);
	card_bench_plan(&b);
	before = b.reader->apdus;
	b.plan.url = "http://club.example.ir/";
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_ARG);
	b.plan.url = BENCH_URL;
	b.steps[3].kcv[0] ^= 1;
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_ARG);
	b.steps[3].kcv[0] ^= 1;
	b.steps[0].new_ref.uid[6] ^= 1;
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_ARG);
	b.steps[0].new_ref.uid[6] ^= 1;
	log_line_encode(&line, b.plan.log);
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_ARG);
	assert_int_equal(b.reader->apdus, before);
	card_bench_close(&b);
}

/* What a phone does: select by name, both files by identifier, no key; and no writing. */
static void
a_phone_reads_the_address_and_cannot_change_it(void **state)
{
	static const uint8_t select[] = {0x00, 0xA4, 0x04, 0x00, 0x07, 0xD2, 0x76, 0x00, 0x00, 0x85, 0x01,
	    0x01, 0x00};
	static const uint8_t select_ndef[] = {0x00, 0xA4, 0x00, 0x0C, 0x02, 0xE1, 0x04};
	static const uint8_t read[] = {0x00, 0xB0, 0x00, 0x00, 0x3A};
	static const uint8_t write[] = {0x00, 0xD6, 0x00, 0x00, 0x01, 0x00};
	static const char rest[] = "club.example.ir/C/ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint8_t rapdu[RAPDU_CAP];
	struct card_bench b;
	size_t len;

	(void)state;
	card_bench_open(&b);
	card_bench_make(&b);
	assert_int_equal(reader_connect(b.reader, 100, &b.why), ERR_OK);
	assert_int_equal(reader_transmit(b.reader, select, sizeof(select), rapdu, &len, &b.why), ERR_OK);
	assert_memory_equal(rapdu, "\x90\x00", 2);
	assert_int_equal(reader_transmit(b.reader, select_ndef, sizeof(select_ndef), rapdu, &len,
	    &b.why), ERR_OK);
	assert_int_equal(reader_transmit(b.reader, read, sizeof(read), rapdu, &len, &b.why), ERR_OK);
	assert_memory_equal(rapdu + 2, "\xD1\x01\x2D\x55\x04", 5);
	assert_memory_equal(rapdu + 7, rest, sizeof(rest) - 1);
	assert_int_equal(reader_transmit(b.reader, write, sizeof(write), rapdu, &len, &b.why), ERR_OK);
	assert_int_equal(len, 2);
	assert_int_not_equal(rapdu[0], 0x90);
	card_bench_close(&b);
}

static void
a_load_is_one_commit_and_confirmed_in_its_session(void **state)
{
	struct card_content now;
	struct card_write wr = card_bench_change(0x33, 500, 500);
	struct card_bench b;
	unsigned before;

	(void)state;
	card_bench_open(&b);
	card_bench_make(&b);
	card_bench_present(&b);
	read_card(&b, &now);
	before = b.reader->apdus;
	assert_int_equal(card_write(b.card, &wr, &b.why), ERR_OK);
	print_message("write: %u APDUs\n", b.reader->apdus - before);
	before = b.reader->apdus;
	assert_int_equal(card_confirm(b.card, &now, &b.why), ERR_OK);
	print_message("confirm: %u APDUs\n", b.reader->apdus - before);
	assert_int_equal(now.value, 500);
	assert_memory_equal(now.record, wr.record, RECORD_LEN);
	assert_int_equal(now.log_len, 1);
	assert_memory_equal(now.log[0], wr.log, LOG_LINE_LEN);
	assert_memory_equal(now.cert, b.plan.cert, CERT_LEN);
	card_bench_close(&b);
}

static void
a_new_signer_brings_its_certificate(void **state)
{
	struct card_write wr = card_bench_change(0x33, 0, 0);
	uint8_t cert[CERT_LEN];
	struct card_content now;
	struct card_bench b;

	(void)state;
	memset(cert, 0x44, sizeof(cert));
	wr.cert = cert;
	card_bench_open(&b);
	card_bench_make(&b);
	card_bench_present(&b);
	read_card(&b, &now);
	assert_memory_equal(now.cert, b.plan.cert, CERT_LEN);
	assert_int_equal(card_write(b.card, &wr, &b.why), ERR_OK);
	assert_int_equal(card_confirm(b.card, &now, &b.why), ERR_OK);
	assert_memory_equal(now.cert, cert, CERT_LEN);
	read_card(&b, &now);
	assert_memory_equal(now.cert, cert, CERT_LEN);
	card_bench_close(&b);
}

static void
a_made_card_is_confirmed_after_the_refusals(void **state)
{
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open(&b);
	card_bench_present(&b);
	card_bench_plan(&b);
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_OK);
	assert_int_equal(card_confirm(b.card, &now, &b.why), ERR_OK);
	assert_true(now.has_record && now.has_value);
	assert_memory_equal(now.record, b.plan.record, RECORD_LEN);
	assert_memory_equal(now.cert, b.plan.cert, CERT_LEN);
	assert_int_equal(now.log_len, 1);
	card_bench_close(&b);
}

/* Another program on the same reader: our session is gone, and the driver was not told. */
static void
confirming_survives_a_reset_by_others(void **state)
{
	struct card_write wr = card_bench_change(0x33, 500, 500);
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open(&b);
	card_bench_make(&b);
	card_bench_present(&b);
	assert_int_equal(card_write(b.card, &wr, &b.why), ERR_OK);
	assert_int_equal(reader_reset(b.reader, &b.why), ERR_OK);
	assert_int_equal(card_confirm(b.card, &now, &b.why), ERR_OK);
	assert_int_equal(now.value, 500);
	assert_memory_equal(now.record, wr.record, RECORD_LEN);
	assert_memory_equal(now.cert, b.plan.cert, CERT_LEN);
	card_bench_close(&b);
}

static void
writing_survives_a_reset_by_others(void **state)
{
	struct card_write wr = card_bench_change(0x33, 500, 500);
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open(&b);
	card_bench_make(&b);
	card_bench_present(&b);
	read_card(&b, &now);
	assert_int_equal(reader_reset(b.reader, &b.why), ERR_OK);
	assert_int_equal(card_write(b.card, &wr, &b.why), ERR_OK);
	assert_int_equal(card_confirm(b.card, &now, &b.why), ERR_OK);
	assert_int_equal(now.value, 500);
	assert_memory_equal(now.record, wr.record, RECORD_LEN);
	card_bench_close(&b);
}

/* The plan of a card whose key 3 comes from the master of key 1, so that a safe without the write master can make it. */
static void
plan_without_the_write_master(struct card_bench *b)
{
	for (size_t i = 0; i < b->plan.step_count; i++) {
		struct card_key *key;

		if (b->steps[i].new_ref.slot == KEY_WRITE)
			b->steps[i].new_ref.slot = KEY_READ;
		assert_int_equal(card_key_open(b->safe, &b->steps[i].new_ref, &key, &b->why), ERR_OK);
		card_key_kcv(key, b->steps[i].kcv);
		card_key_close(&key);
	}
}

static void
a_till_reads_with_its_two_keys_and_cannot_write(void **state)
{
	struct card_write wr = card_bench_change(0x33, -1, -1);
	struct log_line line = {.event = {9}, .station = 1, .delta = 700, .after = 700};
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open(&b);
	card_bench_present(&b);
	card_bench_plan(&b);
	log_line_encode(&line, b.plan.log);
	safe_close(&b.safe);
	b.safe = bench_safe(0xC1, BENCH_ALL_SLOTS & ~(UINT32_C(1) << KEY_WRITE));
	b.access.safe = b.safe;
	plan_without_the_write_master(&b);
	card_bench_present(&b);
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_OK);
	card_bench_present(&b);
	read_card(&b, &now);
	assert_int_equal(now.state, CARD_READY);
	assert_true(now.has_record && now.has_value);
	assert_int_equal(now.value, 700);
	assert_memory_equal(now.cert, b.plan.cert, CERT_LEN);
	assert_int_equal(now.log_len, 1);
	assert_int_equal(card_write(b.card, &wr, &b.why), ERR_NO_KEY);
	card_bench_close(&b);
}

static void
the_log_keeps_sixteen_lines_newest_first(void **state)
{
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open(&b);
	card_bench_make(&b);
	card_bench_present(&b);
	for (uint8_t n = 1; n <= 20; n++) {
		struct card_write wr = card_bench_change(n, 1, n);

		assert_int_equal(card_write(b.card, &wr, &b.why), ERR_OK);
	}
	read_card(&b, &now);
	assert_int_equal(now.value, 20);
	assert_int_equal(now.log_len, CARD_LOG_LINES);
	for (uint8_t i = 0; i < CARD_LOG_LINES; i++)
		assert_int_equal(now.log[i][0], 20 - i);
	card_bench_close(&b);
}

static void
more_than_the_value_holds_is_refused_by_name(void **state)
{
	struct card_write wr = card_bench_change(0x33, -1, -1);
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open(&b);
	card_bench_make(&b);
	card_bench_present(&b);
	assert_int_equal(card_write(b.card, &wr, &b.why), ERR_CARD_FULL);
	assert_int_equal(b.why.id, MSG_CARD_VALUE_LIMIT);
	read_card(&b, &now);
	assert_int_equal(now.state, CARD_READY);
	assert_int_equal(now.value, 0);
	assert_memory_equal(now.record, b.plan.record, RECORD_LEN);
	card_bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_card_is_new),
		cmocka_unit_test(a_made_card_reads_back_whole),
		cmocka_unit_test(making_a_card_keeps_its_apdu_budget),
		cmocka_unit_test(a_card_may_begin_with_value),
		cmocka_unit_test(a_plan_that_cannot_be_sends_nothing),
		cmocka_unit_test(a_phone_reads_the_address_and_cannot_change_it),
		cmocka_unit_test(a_load_is_one_commit_and_confirmed_in_its_session),
		cmocka_unit_test(a_new_signer_brings_its_certificate),
		cmocka_unit_test(a_made_card_is_confirmed_after_the_refusals),
		cmocka_unit_test(confirming_survives_a_reset_by_others),
		cmocka_unit_test(writing_survives_a_reset_by_others),
		cmocka_unit_test(a_till_reads_with_its_two_keys_and_cannot_write),
		cmocka_unit_test(the_log_keeps_sixteen_lines_newest_first),
		cmocka_unit_test(more_than_the_value_holds_is_refused_by_name),
	};

	return cmocka_run_group_tests_name("desfire card", tests, NULL, NULL);
}
