/* Cards that are not ours, and cards that lie: every one gets a name or an error, never a guess. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cardapps/secure/ev1.h"
#include "station/base/bytes.h"
#include "tests/support/card_bench.h"
#include "tests/support/vectors.h"

static enum sim_kind kind;

static struct card_key *
factory_key(enum key_origin origin)
{
	const struct key_ref ref = {.origin = origin};
	struct card_key *key;
	struct why w;

	assert_int_equal(card_key_open(NULL, &ref, &key, &w), ERR_OK);
	return key;
}

/* --- other people's cards */

/* What somebody else's tool does to a factory card before it reaches us. */
static void
others_key_the_picc(struct card_bench *b, uint8_t version)
{
	struct card_key *des = factory_key(KEY_FACTORY_DES), *aes = factory_key(KEY_FACTORY_AES);
	struct ev1 wire = {.reader = b->reader};

	assert_int_equal(reader_connect(b->reader, 100, &b->why), ERR_OK);
	assert_int_equal(ev1_authenticate(&wire, DF_AUTHENTICATE_ISO, 0, des, &b->why), ERR_OK);
	assert_int_equal(ev1_change_key(&wire, 0x80, aes, version, NULL, &b->why), ERR_OK);
	ev1_forget(&wire);
	reader_disconnect(b->reader);
	card_key_close(&des);
	card_key_close(&aes);
}

static void
others_create_an_application(struct card_bench *b, const uint8_t aid[3])
{
	const uint8_t data[5] = {aid[2], aid[1], aid[0], 0x0F, 0x81};
	struct ev1 wire = {.reader = b->reader};

	assert_int_equal(reader_connect(b->reader, 100, &b->why), ERR_OK);
	assert_int_equal(ev1_command(&wire, DF_CREATE_APPLICATION, EV1_PLAIN, data, sizeof(data),
	    &b->why), ERR_OK);
	ev1_forget(&wire);
	reader_disconnect(b->reader);
}

static void
reads_as(struct card_bench *b, enum card_state state)
{
	struct card_content now;

	card_bench_present(b);
	assert_int_equal(card_read(b->card, &now, &b->why), ERR_OK);
	assert_int_equal(now.state, state);
	assert_false(now.has_record || now.has_value);
}

static void
is_left_untouched(struct card_bench *b)
{
	uint8_t *before, *after;
	size_t len, after_len;

	card_bench_present(b);
	card_bench_plan(b);
	assert_int_equal(sim_card_image(b->chip, &before, &len, &b->why), ERR_OK);
	assert_int_equal(card_personalise(b->card, &b->plan, &b->why), ERR_CARD_FOREIGN);
	assert_int_equal(sim_card_image(b->chip, &after, &after_len, &b->why), ERR_OK);
	assert_int_equal(len, after_len);
	assert_memory_equal(before, after, len);
	free(before);
	free(after);
}

static void
a_card_with_a_strange_key_version_is_foreign_and_left_untouched(void **state)
{
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	others_key_the_picc(&b, 0x77);
	reads_as(&b, CARD_FOREIGN);
	is_left_untouched(&b);
	card_bench_close(&b);
}

static void
a_strange_key_under_our_version_is_foreign_without_our_application(void **state)
{
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	others_key_the_picc(&b, 2);
	reads_as(&b, CARD_FOREIGN);
	card_bench_plan(&b);
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_CARD_AUTH);
	card_bench_close(&b);
}

static void
a_strange_key_under_our_version_with_our_application_is_an_alarm(void **state)
{
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	others_create_an_application(&b, b.access.aid);
	others_key_the_picc(&b, 2);
	card_bench_present(&b);
	assert_int_equal(card_read(b.card, &now, &b.why), ERR_CARD_AUTH);
	assert_int_equal(b.why.id, MSG_CARD_KEY_WRONG);
	card_bench_close(&b);
}

static void
a_factory_card_with_an_application_of_others_is_foreign(void **state)
{
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	others_create_an_application(&b, (const uint8_t[]){0x12, 0x34, 0x56});
	reads_as(&b, CARD_FOREIGN);
	is_left_untouched(&b);
	card_bench_close(&b);
}

static void
another_clubs_card_refuses_our_key_by_name(void **state)
{
	struct safe *theirs = bench_safe(0xD2, BENCH_ALL_SLOTS);
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	card_bench_make(&b);
	b.access.safe = theirs;
	card_bench_present(&b);
	assert_int_equal(card_read(b.card, &now, &b.why), ERR_CARD_AUTH);
	assert_int_equal(b.why.id, MSG_CARD_KEY_WRONG);
	assert_false(now.has_record);
	card_bench_close(&b);
	safe_close(&theirs);
}

static void
count_authentications(void *ctx, const uint8_t *capdu, size_t capdu_len, const uint8_t *rapdu,
    size_t rapdu_len, int64_t ns)
{
	unsigned *count = ctx;

	(void)capdu_len;
	(void)rapdu;
	(void)rapdu_len;
	(void)ns;
	*count += capdu[1] == DF_AUTHENTICATE_AES || capdu[1] == DF_AUTHENTICATE_ISO ||
	    capdu[1] == DF_AUTHENTICATE_EV2_FIRST || capdu[1] == DF_AUTHENTICATE_EV2_NON_FIRST;
}

static void
a_wrong_key_is_tried_once_and_a_strange_version_never(void **state)
{
	struct safe *theirs = bench_safe(0xD2, BENCH_ALL_SLOTS);
	struct card_content now;
	struct card_bench b;
	unsigned tried = 0;

	(void)state;
	card_bench_open_kind(&b, kind);
	card_bench_make(&b);
	b.access.safe = theirs;
	b.reader->watch = count_authentications;
	b.reader->watch_ctx = &tried;
	card_bench_present(&b);
	assert_int_equal(card_read(b.card, &now, &b.why), ERR_CARD_AUTH);
	assert_int_equal(tried, 1);
	card_bench_close(&b);
	card_bench_open_kind(&b, kind);
	others_key_the_picc(&b, 0x77);
	b.reader->watch = count_authentications;
	b.reader->watch_ctx = &tried;
	card_bench_present(&b);
	card_bench_plan(&b);
	assert_int_equal(card_read(b.card, &now, &b.why), ERR_OK);
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_CARD_FOREIGN);
	assert_int_equal(tried, 1);
	card_bench_close(&b);
	safe_close(&theirs);
}

static void
a_card_with_another_record_is_taken(void **state)
{
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	card_bench_make(&b);
	card_bench_present(&b);
	memset(b.plan.record, 0x55, RECORD_LEN);
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_CARD_TAKEN);
	card_bench_close(&b);
}

static void
a_station_without_the_write_key_asks_for_key_1_and_cannot_write(void **state)
{
	struct card_write wr = card_bench_change(0x33, -1, -1);
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	card_bench_make(&b);
	safe_close(&b.safe);
	b.safe = bench_safe(0xC1, UINT32_C(1) << KEY_READ);
	b.access.safe = b.safe;
	card_bench_present(&b);
	/* a safe made anew has other masters: that key 1 is asked for is all that shows */
	assert_int_equal(card_read(b.card, &now, &b.why), ERR_CARD_AUTH);
	assert_int_equal(b.why.arg[0].num, 1);
	assert_int_equal(card_write(b.card, &wr, &b.why), ERR_NO_KEY);
	card_bench_close(&b);
}

/* --- other chips */

struct fixed {
	struct reader reader;
	uint8_t version[28];
	unsigned part;
};

static enum err
fixed_connect(struct reader *r, unsigned timeout_ms, struct why *w)
{
	(void)timeout_ms;
	(void)w;
	((struct fixed *)(void *)r)->part = 0;
	return ERR_OK;
}

static enum err
fixed_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w)
{
	struct fixed *f = (struct fixed *)(void *)r;
	size_t n = f->part == 2 ? 14 : 7;

	(void)capdu;
	(void)capdu_len;
	(void)w;
	memcpy(rapdu, f->version + 7 * f->part, n);
	rapdu[n] = 0x91;
	rapdu[n + 1] = f->part == 2 ? 0x00 : 0xAF;
	f->part = (f->part + 1) % 3;
	*len = n + 2;
	return ERR_OK;
}

static void
fixed_disconnect(struct reader *r)
{
	(void)r;
}

static const struct reader_ops fixed_ops = {
	.connect = fixed_connect, .transmit = fixed_transmit, .disconnect = fixed_disconnect,
};

static void
other_chips_are_refused_by_their_name(void **state)
{
	static const struct {
		const char *vector, *name;
	} chips[] = {
		{"getversion-desfire-d40", "MIFARE DESFire D40"},
		{"getversion-ntag424-an12196", "NTAG 424 DNA"},
		{"getversion-desfire-light", "MIFARE DESFire Light"},
	};
	struct vectors *all = vectors_load("getversion-atr.txt");
	struct card_bench b;
	struct fixed f = {.reader = {.ops = &fixed_ops}};

	(void)state;
	card_bench_open_kind(&b, kind);
	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
		const struct vector *v = vectors_get(all, chips[i].vector);

		(void)vector_hex(v, "part1", f.version, 7);
		(void)vector_hex(v, "part2", f.version + 7, 7);
		(void)vector_hex(v, "part3", f.version + 14, 14);
		assert_int_equal(card_open(&f.reader, &b.access, 0, &b.card, &b.why),
		    ERR_CARD_UNKNOWN);
		assert_int_equal(b.why.id, MSG_CHIP_NOT_YET);
		assert_string_equal(b.why.arg[0].str, chips[i].name);
		assert_null(b.card);
	}
	vectors_free(&all);
	card_bench_close(&b);
}

static void
a_real_ev1_is_known_by_name_and_size(void **state)
{
	struct vectors *all = vectors_load("getversion-atr.txt");
	const struct vector *v = vectors_get(all, "getversion-desfire-ev1-8k");
	struct fixed f = {.reader = {.ops = &fixed_ops}};
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	(void)vector_hex(v, "part1", f.version, 7);
	(void)vector_hex(v, "part2", f.version + 7, 7);
	(void)vector_hex(v, "part3", f.version + 14, 14);
	assert_int_equal(card_open(&f.reader, &b.access, 0, &b.card, &b.why), ERR_OK);
	assert_string_equal(b.card->id.name, "MIFARE DESFire EV1 8K");
	assert_memory_equal(b.card->id.uid, f.version + 14, 7);
	card_close(&b.card);
	memset(f.version + 14, 0, 7);
	assert_int_equal(card_open(&f.reader, &b.access, 0, &b.card, &b.why), ERR_CARD_UNKNOWN);
	vectors_free(&all);
	card_bench_close(&b);
}

/* --- cards that lie: a good card behind a reader that spoils one answer, or all from one on */

enum lie {
	LIE_FLIP,	/* one bit of the first byte */
	LIE_MAC,	/* one bit of the last byte before the status */
	LIE_MORE,	/* "there is more", for ever */
	LIE_LONG,	/* 256 bytes more than asked */
	LIE_EMPTY,	/* nothing but the status */
	LIE_SHORT,	/* one byte less */
	LIE_STATUS,	/* a status nobody knows */
	LIE_NO_LINES,	/* "beyond what there is": so answers an empty record file */
	LIE_SW1,	/* not 91 */
	LIE_NOTHING,	/* not even a status */
	LIE_COUNT
};

struct liar {
	struct reader reader;
	struct reader *honest;
	enum lie lie;
	unsigned from;		/* the first APDU spoilt, 1 = the next */
	bool for_ever;
	unsigned seen;
};

static enum err
liar_connect(struct reader *r, unsigned timeout_ms, struct why *w)
{
	return reader_connect(((struct liar *)(void *)r)->honest, timeout_ms, w);
}

static void
spoil(enum lie lie, uint8_t *rapdu, size_t *len)
{
	uint8_t sw2 = rapdu[*len - 1];

	switch (lie) {
	case LIE_FLIP:
		rapdu[0] ^= *len > 2 ? 0x01 : 0;
		return;
	case LIE_MAC:
		rapdu[*len - 3 > *len ? 0 : *len - 3] ^= *len > 2 ? 0x80 : 0;
		return;
	case LIE_MORE:
		rapdu[*len - 1] = 0xAF;
		return;
	case LIE_LONG:
		memset(rapdu + *len - 2, 0xA5, RAPDU_CAP - *len);
		*len = RAPDU_CAP;
		break;
	case LIE_EMPTY:
		*len = 2;
		break;
	case LIE_SHORT:
		*len -= *len > 2;
		break;
	case LIE_STATUS:
		sw2 = 0x55;
		break;
	case LIE_NO_LINES:
		*len = 2;
		sw2 = DF_BOUNDARY;
		break;
	case LIE_SW1:
		rapdu[*len - 2] = 0x6F;
		return;
	case LIE_NOTHING:
		*len = 0;
		return;
	case LIE_COUNT:
		return;
	}
	rapdu[*len - 2] = 0x91;
	rapdu[*len - 1] = sw2;
}

static enum err
liar_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w)
{
	struct liar *l = (struct liar *)(void *)r;
	enum err e = reader_transmit(l->honest, capdu, capdu_len, rapdu, len, w);

	l->seen++;
	if (e == ERR_OK && l->seen >= l->from && (l->seen == l->from || l->for_ever))
		spoil(l->lie, rapdu, len);
	return e;
}

static void
liar_disconnect(struct reader *r)
{
	reader_disconnect(((struct liar *)(void *)r)->honest);
}

static const struct reader_ops liar_ops = {
	.connect = liar_connect, .transmit = liar_transmit, .disconnect = liar_disconnect,
};

/*
 * Whatever is changed in whatever answer: an error, or the lie was in what the card says
 * without a key and then it only makes the card another's. Never another record, never another amount.
 */
static void
a_lie_in_reading_never_becomes_money(void **state)
{
	struct card_write wr = card_bench_change(0x33, 500, 500);
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	card_bench_make(&b);
	card_bench_present(&b);
	assert_int_equal(card_write(b.card, &wr, &b.why), ERR_OK);
	card_close(&b.card);
	for (unsigned lie = 0; lie < LIE_COUNT; lie++)
		for (unsigned n = 1; n < 60; n++) {
			struct liar l = {.reader = {.ops = &liar_ops}, .honest = b.reader,
			    .lie = (enum lie)lie, .from = n / 2 + 1,
			    .for_ever = n % 2 == 1};
			enum err e = card_open(&l.reader, &b.access, 0, &b.card, &b.why);

			if (e == ERR_OK)
				e = card_read(b.card, &now, &b.why);
			card_close(&b.card);
			assert_in_range(l.seen, 1, 120);
			if (e != ERR_OK || !now.has_record)
				continue;
			assert_memory_equal(now.record, wr.record, RECORD_LEN);
			assert_int_equal(now.value, 500);
			assert_int_equal(now.log_len, 2);
		}
	card_bench_close(&b);
}

/* The session checks every answer after it began: from there on a lie is always an error. */
static void
a_lie_while_making_a_card_is_found(void **state)
{
	struct card_bench b;
	uint8_t *fresh;
	size_t len;

	(void)state;
	card_bench_open_kind(&b, kind);
	card_bench_present(&b);
	card_bench_plan(&b);
	b.plan.check_refusals = false;
	card_close(&b.card);
	assert_int_equal(sim_card_image(b.chip, &fresh, &len, &b.why), ERR_OK);
	for (unsigned lie = 0; lie < LIE_COUNT; lie++)
		for (unsigned n = 4; n < 75; n++) {
			struct liar l = {.reader = {.ops = &liar_ops}, .honest = b.reader,
			    .lie = (enum lie)lie, .from = n};
			struct card_content now;
			enum err e;

			assert_int_equal(sim_card_restore(b.chip, fresh, len, &b.why), ERR_OK);
			assert_int_equal(card_open(&l.reader, &b.access, 0, &b.card, &b.why), ERR_OK);
			e = card_personalise(b.card, &b.plan, &b.why);
			card_close(&b.card);
			if (e != ERR_OK)
				continue;
			/* it went through: then the lie changed nothing, and the card is whole */
			card_bench_present(&b);
			assert_int_equal(card_read(b.card, &now, &b.why), ERR_OK);
			assert_int_equal(now.state, CARD_READY);
			assert_memory_equal(now.record, b.plan.record, RECORD_LEN);
			card_close(&b.card);
		}
	free(fresh);
	card_bench_close(&b);
}

/* --- a card that answers noise */

struct noise {
	struct reader reader;
	uint32_t seed;
	unsigned seen;
};

static uint32_t
next(struct noise *n)
{
	n->seed = n->seed * UINT32_C(1664525) + UINT32_C(1013904223);
	return n->seed >> 8;
}

static enum err
noise_connect(struct reader *r, unsigned timeout_ms, struct why *w)
{
	(void)r;
	(void)timeout_ms;
	(void)w;
	return ERR_OK;
}

/* A good GetVersion, then noise of a length that fits often, and a status that is often good. */
static enum err
noise_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w)
{
	static const uint8_t lengths[] = {0, 1, 2, 3, 4, 7, 8, 9, 10, 12, 14, 16, 24, 40, 59, 136};
	static const uint8_t said[] = {0x00, 0x00, 0x00, 0xAF, 0xAF, 0xAE, 0x0C, 0xDE};
	static const uint8_t version[] = {4, 1, 1, 1, 0, 0x1A, 5};
	struct noise *n = (struct noise *)(void *)r;
	size_t k = next(n) % 8 == 0 ? next(n) % 257 : lengths[next(n) % sizeof(lengths)];

	(void)capdu_len;
	(void)w;
	for (size_t i = 0; i < k; i++)
		rapdu[i] = (uint8_t)next(n);
	rapdu[k] = 0x91;
	rapdu[k + 1] = said[next(n) % sizeof(said)];
	if (capdu[1] == DF_GET_VERSION || (n->seen < 3 && capdu[1] == DF_ADDITIONAL_FRAME)) {
		k = n->seen == 2 ? 14 : 7;
		memcpy(rapdu, version, sizeof(version));
		rapdu[k] = 0x91;
		rapdu[k + 1] = n->seen == 2 ? 0x00 : 0xAF;
	} else if (capdu[1] == DF_GET_KEY_VERSION && next(n) % 2 == 0) {
		rapdu[0] = 2;
		k = 1;
		rapdu[k] = 0x91;
		rapdu[k + 1] = 0;
	}
	n->seen++;
	*len = k + 2;
	return ERR_OK;
}

static const struct reader_ops noise_ops = {
	.connect = noise_connect, .transmit = noise_transmit, .disconnect = fixed_disconnect,
};

static void
noise_is_never_a_card_of_ours(void **state)
{
	struct card_write wr = card_bench_change(0x33, 1, 1);
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open_kind(&b, kind);
	for (uint32_t i = 0; i < 3000; i++) {
		struct noise n = {.reader = {.ops = &noise_ops}, .seed = i};

		assert_int_equal(card_open(&n.reader, &b.access, 0, &b.card, &b.why), ERR_OK);
		if (i == 0)
			card_bench_plan(&b);
		if (card_read(b.card, &now, &b.why) == ERR_OK)
			assert_false(now.has_record || now.has_value);
		assert_int_not_equal(card_write(b.card, &wr, &b.why), ERR_OK);
		assert_int_not_equal(card_confirm(b.card, &now, &b.why), ERR_OK);
		(void)card_plan_keys(b.card, 1, b.steps, &b.plan.step_count, &b.why);
		assert_int_not_equal(card_personalise(b.card, &b.plan, &b.why), ERR_OK);
		card_close(&b.card);
		assert_in_range(n.seen, 3, 600);
	}
	card_bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_with_a_strange_key_version_is_foreign_and_left_untouched),
		cmocka_unit_test(a_strange_key_under_our_version_is_foreign_without_our_application),
		cmocka_unit_test(a_strange_key_under_our_version_with_our_application_is_an_alarm),
		cmocka_unit_test(a_factory_card_with_an_application_of_others_is_foreign),
		cmocka_unit_test(another_clubs_card_refuses_our_key_by_name),
		cmocka_unit_test(a_wrong_key_is_tried_once_and_a_strange_version_never),
		cmocka_unit_test(a_card_with_another_record_is_taken),
		cmocka_unit_test(a_station_without_the_write_key_asks_for_key_1_and_cannot_write),
		cmocka_unit_test(other_chips_are_refused_by_their_name),
		cmocka_unit_test(a_real_ev1_is_known_by_name_and_size),
		cmocka_unit_test(a_lie_in_reading_never_becomes_money),
		cmocka_unit_test(a_lie_while_making_a_card_is_found),
		cmocka_unit_test(noise_is_never_a_card_of_ours),
	};

	static const char *const names[] = {"DESFire EV1 strangers", "DESFire EV2 strangers",
		"DESFire EV3 strangers"};
	int failed = 0;

	for (kind = SIM_DESFIRE_EV1; kind <= SIM_DESFIRE_EV3; kind++)
		failed += cmocka_run_group_tests_name(names[kind], tests, NULL, NULL);
	return failed;
}
