/* The card leaves the field at every single APDU; the second presentation makes it whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/card_bench.h"

static enum sim_kind kind;
static const enum sim_tear ways[] = {SIM_TEAR_BEFORE, SIM_TEAR_UNWRITTEN, SIM_TEAR_WRITTEN};

static void
went_well(struct card_bench *b, enum err e, const char *what, unsigned n, enum sim_tear how)
{
	if (e != ERR_OK)
		fail_msg("%s after a tear at APDU %u, way %d: %s, %s", what, n, (int)how,
		    err_name(e), msg_name(b->why.id));
}

static void
back_to(struct card_bench *b, const uint8_t *image, size_t len)
{
	card_close(&b->card);
	if (sim_card_away(b->chip))
		sim_card_return(b->chip);
	assert_int_equal(sim_card_restore(b->chip, image, len, &b->why), ERR_OK);
	card_bench_present(b);
}

static void
is_whole(struct card_bench *b, unsigned n, enum sim_tear how)
{
	struct card_content now;

	card_bench_present(b);
	went_well(b, card_read(b->card, &now, &b->why), "reading", n, how);
	assert_int_equal(now.state, CARD_READY);
	assert_memory_equal(now.record, b->plan.record, RECORD_LEN);
	assert_memory_equal(now.cert, b->plan.cert, CERT_LEN);
	assert_int_equal(now.log_len, 1);
	assert_memory_equal(now.log[0], b->plan.log, LOG_LINE_LEN);
}

/* Present, look, tear at the `n`th APDU of personalise. False if it was over before. */
static bool
tear_personalise(struct card_bench *b, unsigned n, enum sim_tear how)
{
	enum err e;

	sim_card_tear(b->chip, n, how);
	e = card_personalise(b->card, &b->plan, &b->why);
	sim_card_tear(b->chip, 0, SIM_TEAR_NONE);
	if (e == ERR_OK)
		return false;
	assert_int_equal(e, ERR_CARD_GONE);
	return true;
}

static void
finish(struct card_bench *b, unsigned n, enum sim_tear how)
{
	struct card_content now;

	card_bench_present(b);
	went_well(b, card_read(b->card, &now, &b->why), "looking", n, how);
	assert_int_not_equal(now.state, CARD_FOREIGN);
	if (now.has_record)
		assert_memory_equal(now.record, b->plan.record, RECORD_LEN);
	went_well(b, card_personalise(b->card, &b->plan, &b->why), "finishing", n, how);
	is_whole(b, n, how);
}

static void
a_card_torn_while_it_is_made_is_finished(void **state)
{
	struct card_content now;
	struct card_bench b;
	uint8_t *image;
	size_t len;

	(void)state;
	card_bench_open_kind(&b, kind);
	assert_int_equal(sim_card_image(b.chip, &image, &len, &b.why), ERR_OK);
	card_bench_present(&b);
	card_bench_plan(&b);
	for (size_t way = 0; way < 3; way++)
		for (unsigned n = 1;; n++) {
			bool torn;

			back_to(&b, image, len);
			assert_int_equal(card_read(b.card, &now, &b.why), ERR_OK);
			torn = tear_personalise(&b, n, ways[way]);
			if (torn)
				finish(&b, n, ways[way]);
			if (!torn) {
				assert_true(n > 60);
				break;
			}
		}
	free(image);
	card_bench_close(&b);
}

/* Pulled, put back, pulled again: every fifth place, then every place of what was left to do. */
static void
a_card_torn_twice_is_finished(void **state)
{
	struct card_content now;
	struct card_bench b;
	uint8_t *fresh, *half;
	size_t len, half_len;

	(void)state;
	card_bench_open_kind(&b, kind);
	assert_int_equal(sim_card_image(b.chip, &fresh, &len, &b.why), ERR_OK);
	card_bench_present(&b);
	card_bench_plan(&b);
	b.plan.check_refusals = false;
	for (unsigned n = 3; n < 48; n += 5) {
		back_to(&b, fresh, len);
		assert_int_equal(card_read(b.card, &now, &b.why), ERR_OK);
		assert_true(tear_personalise(&b, n, SIM_TEAR_WRITTEN));
		assert_int_equal(sim_card_image(b.chip, &half, &half_len, &b.why), ERR_OK);
		for (unsigned m = 1;; m++) {
			back_to(&b, half, half_len);
			assert_int_equal(card_read(b.card, &now, &b.why), ERR_OK);
			if (!tear_personalise(&b, m, m % 2 == 0 ? SIM_TEAR_WRITTEN : SIM_TEAR_UNWRITTEN))
				break;
			finish(&b, n * 1000 + m, SIM_TEAR_WRITTEN);
		}
		free(half);
	}
	free(fresh);
	card_bench_close(&b);
}

/* A pull while the station only looks changes nothing at all. */
static void
a_card_torn_while_it_is_read_is_as_before(void **state)
{
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	card_bench_make(&b);
	for (size_t way = 0; way < 3; way++)
		for (unsigned n = 1;; n++) {
			enum err e;

			card_bench_present(&b);
			sim_card_tear(b.chip, n, ways[way]);
			e = card_read(b.card, &now, &b.why);
			sim_card_tear(b.chip, 0, SIM_TEAR_NONE);
			if (e == ERR_OK)
				break;
			assert_int_equal(e, ERR_CARD_GONE);
			is_whole(&b, n, ways[way]);
		}
	card_bench_close(&b);
}

/* The card holds all of the change or nothing of it. Answers which. */
static bool
is_applied(struct card_bench *b, const struct card_write *wr, unsigned n, enum sim_tear how)
{
	struct card_content now;

	card_bench_present(b);
	went_well(b, card_read(b->card, &now, &b->why), "reading", n, how);
	assert_int_equal(now.state, CARD_READY);
	if (memcmp(now.record, wr->record, RECORD_LEN) == 0) {
		assert_int_equal(now.value, 500);
		assert_int_equal(now.log_len, 2);
		assert_memory_equal(now.log[0], wr->log, LOG_LINE_LEN);
		return true;
	}
	assert_memory_equal(now.record, b->plan.record, RECORD_LEN);
	assert_int_equal(now.value, 0);
	assert_int_equal(now.log_len, 1);
	return false;
}

static void
a_torn_load_is_whole_or_not_at_all(void **state)
{
	struct card_write wr = card_bench_change(0x33, 500, 500);
	uint8_t cert[CERT_LEN];
	struct card_bench b;
	uint8_t *image;
	size_t len;

	(void)state;
	memset(cert, 0x44, sizeof(cert));
	wr.cert = cert;
	card_bench_open_kind(&b, kind);
	card_bench_make(&b);
	assert_int_equal(sim_card_image(b.chip, &image, &len, &b.why), ERR_OK);
	for (size_t way = 0; way < 3; way++)
		for (unsigned n = 1;; n++) {
			struct card_content now;
			enum err e;

			back_to(&b, image, len);
			assert_int_equal(card_read(b.card, &now, &b.why), ERR_OK);
			sim_card_tear(b.chip, n, ways[way]);
			e = card_write(b.card, &wr, &b.why);
			if (e == ERR_OK)
				e = card_confirm(b.card, &now, &b.why);
			sim_card_tear(b.chip, 0, SIM_TEAR_NONE);
			if (e == ERR_OK)
				break;
			assert_int_equal(e, ERR_CARD_GONE);
			if (!is_applied(&b, &wr, n, ways[way]))
				went_well(&b, card_write(b.card, &wr, &b.why), "writing", n, ways[way]);
			assert_true(is_applied(&b, &wr, n, ways[way]));
		}
	free(image);
	card_bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_torn_while_it_is_made_is_finished),
		cmocka_unit_test(a_card_torn_twice_is_finished),
		cmocka_unit_test(a_card_torn_while_it_is_read_is_as_before),
		cmocka_unit_test(a_torn_load_is_whole_or_not_at_all),
	};

	static const char *const names[] = {"DESFire EV1 tear", "DESFire EV2 tear", "DESFire EV3 tear"};
	int failed = 0;

	for (kind = SIM_DESFIRE_EV1; kind <= SIM_DESFIRE_EV3; kind++)
		failed += cmocka_run_group_tests_name(names[kind], tests, NULL, NULL);
	return failed;
}
