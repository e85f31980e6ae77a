#include "tests/support/card_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define PASS SAFE_PRACTICE_PASSPHRASE, strlen(SAFE_PRACTICE_PASSPHRASE)

/* A name for a file that is not there yet. */
static void
new_path(char path[sizeof("/tmp/bashgah-safe-XXXXXX")])
{
	int fd;

	(void)snprintf(path, sizeof("/tmp/bashgah-safe-XXXXXX"), "/tmp/bashgah-safe-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	unlink(path);
}

static struct safe *
create(const char *path, uint8_t club_byte, uint32_t slots)
{
	struct safe_info info = {.test = true, .station = 1, .epoch = 1};
	struct safe *safe = NULL;
	struct why w;

	memset(info.club, club_byte, sizeof(info.club));
	assert_int_equal(safe_create(path, &info, slots, PASS, &safe, &w), ERR_OK);
	return safe;
}

struct safe *
bench_safe(uint8_t club_byte, uint32_t slots)
{
	char path[sizeof("/tmp/bashgah-safe-XXXXXX")];
	struct safe *safe;

	new_path(path);
	safe = create(path, club_byte, slots);
	unlink(path);
	return safe;
}

struct safe *
card_bench_station(struct card_bench *b, uint32_t slots, uint16_t from, uint16_t to)
{
	char path[sizeof("/tmp/bashgah-safe-XXXXXX")];
	struct safe *safe;

	new_path(path);
	safe = create(path, b->access.club[0], 0);
	safe_close(&safe);
	for (uint16_t n = from; n <= to; n++)
		assert_int_equal(safe_import(path, PASS, b->generations[n - 1], slots, &b->why), ERR_OK);
	assert_int_equal(safe_open(path, PASS, &safe, &b->why), ERR_OK);
	unlink(path);
	return safe;
}

void
card_bench_generations(struct card_bench *b)
{
	for (uint16_t n = 1; n <= BENCH_GENERATIONS; n++)
		assert_int_equal(masters_random(b->access.club, true, n, 128, &b->generations[n - 1], &b->why),
		    ERR_OK);
	safe_close(&b->safe);
	b->safe = card_bench_station(b, BENCH_ALL_SLOTS, 1, BENCH_GENERATIONS);
	b->access.safe = b->safe;
}

void
card_bench_open(struct card_bench *b)
{
	card_bench_open_kind(b, SIM_DESFIRE_EV1);
}

void
card_bench_open_kind(struct card_bench *b, enum sim_kind kind)
{
	static const uint8_t uid[7] = {0x04, 0x51, 0x22, 0x0A, 0x4B, 0x2E, 0x80};

	memset(b, 0, sizeof(*b));
	b->safe = bench_safe(0xC1, BENCH_ALL_SLOTS);
	b->access.safe = b->safe;
	memset(b->access.club, 0xC1, sizeof(b->access.club));
	memcpy(b->access.aid, (const uint8_t[]){0xBA, 0x5C, 0x01}, 3);
	assert_int_equal(sim_desfire_new_kind(kind, uid, NULL, &b->chip, &b->why), ERR_OK);
	assert_int_equal(sim_reader_open(b->chip, false, &b->reader, &b->why), ERR_OK);
}

void
card_bench_close(struct card_bench *b)
{
	card_close(&b->card);
	reader_close(&b->reader);
	sim_card_free(&b->chip);
	safe_close(&b->safe);
	for (size_t i = 0; i < BENCH_GENERATIONS; i++)
		masters_close(&b->generations[i]);
}

void
card_bench_present(struct card_bench *b)
{
	card_close(&b->card);
	if (sim_card_away(b->chip))
		sim_card_return(b->chip);
	assert_int_equal(card_open(b->reader, &b->access, 100, &b->card, &b->why), ERR_OK);
}

void
card_bench_plan(struct card_bench *b)
{
	struct log_line line = {.event = {1}, .station = 1, .minutes = 14000000};

	assert_int_equal(card_plan_keys(b->card, 1, b->steps, &b->plan.step_count, &b->why), ERR_OK);
	b->plan.steps = b->steps;
	memset(b->plan.record, 0x11, sizeof(b->plan.record));
	memset(b->plan.cert, 0x22, sizeof(b->plan.cert));
	log_line_encode(&line, b->plan.log);
	b->plan.url = BENCH_URL;
	b->plan.check_refusals = true;
}

void
card_bench_make(struct card_bench *b)
{
	struct card_content now;

	card_bench_present(b);
	assert_int_equal(card_read(b->card, &now, &b->why), ERR_OK);
	assert_int_equal(now.state, CARD_NEW);
	card_bench_plan(b);
	assert_int_equal(card_personalise(b->card, &b->plan, &b->why), ERR_OK);
	card_close(&b->card);
}

struct card_write
card_bench_change(uint8_t mark, int32_t delta, int32_t after)
{
	struct log_line line = {.event = {mark}, .station = 1, .delta = delta, .after = after};
	struct card_write wr = {.delta = delta};

	memset(wr.record, mark, sizeof(wr.record));
	log_line_encode(&line, wr.log);
	return wr;
}
