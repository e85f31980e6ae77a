/*
 * Keys and version bytes that disagree, as a tear in ChangeKey may leave them: a card in the making is
 * finished with the keys its plan names, and with no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cardapps/layout/desfire.h"
#include "cardapps/secure/ev1.h"
#include "keys/replay.h"
#include "tests/support/card_bench.h"

#define PLANNED_VERSION 2
/* The APDU of a first personalisation that is the ChangeKey of each key. */
static const unsigned change_of_app_key[DF_KEY_COUNT] = {21, 11, 12, 13, 20};
#define CHANGE_OF_NDEF_KEY 40

/* What a torn ChangeKey left at one place. */
enum torn {
	FRESH_UNDER_OLD_VERSION,
	OLD_UNDER_FRESH_VERSION,
	TORN_COUNT
};

static struct card_key *
open_key(const struct card_bench *b, const struct key_ref *ref)
{
	struct card_key *key;
	struct why w;

	assert_int_equal(card_key_open(b->safe, ref, &key, &w), ERR_OK);
	return key;
}

static const struct key_step *
step_of(const struct card_bench *b, const uint8_t aid[3], uint8_t no)
{
	for (size_t i = 0; i < b->plan.step_count; i++)
		if (b->steps[i].new_ref.key_no == no && memcmp(b->steps[i].new_ref.aid, aid, 3) == 0)
			return &b->steps[i];
	fail();
	return NULL;
}

static void
remember_command(void *ctx, const uint8_t *capdu, size_t capdu_len, const uint8_t *rapdu,
    size_t rapdu_len, int64_t ns)
{
	(void)capdu_len;
	(void)rapdu;
	(void)rapdu_len;
	(void)ns;
	*(uint8_t *)ctx = capdu[1];
}

/* A new card with a plan, pulled before the ChangeKey that is personalise's `nth` APDU. */
static void
begin(struct card_bench *b, unsigned nth)
{
	uint8_t last = 0;
	struct card_content now;

	card_bench_open(b);
	card_bench_present(b);
	assert_int_equal(card_read(b->card, &now, &b->why), ERR_OK);
	card_bench_plan(b);
	b->plan.check_refusals = false;
	sim_card_tear(b->chip, nth, SIM_TEAR_BEFORE);
	b->reader->watch = remember_command;
	b->reader->watch_ctx = &last;
	assert_int_equal(card_personalise(b->card, &b->plan, &b->why), ERR_CARD_GONE);
	assert_int_equal(last, DF_CHANGE_KEY);
	b->reader->watch = NULL;
	sim_card_return(b->chip);
	card_close(&b->card);
}

/* Give key `no` of the application these bytes and this version, as anybody with its factory keys could. */
static void
give_key(struct card_bench *b, const uint8_t aid[3], uint8_t no, const struct card_key *key,
    uint8_t version)
{
	const struct key_ref factory = {.origin = KEY_FACTORY_AES};
	bool in_ours = memcmp(aid, b->access.aid, 3) == 0;
	uint8_t changer = in_ours && no != DF_KEY_ADMIN && no != DF_KEY_CHANGE ? DF_KEY_CHANGE :
	    DF_KEY_ADMIN;
	struct card_key *zero = open_key(b, &factory);
	struct ev1 wire = {.reader = b->reader};

	assert_int_equal(reader_connect(b->reader, 100, &b->why), ERR_OK);
	assert_int_equal(ev1_select(&wire, aid, &b->why), ERR_OK);
	assert_int_equal(ev1_authenticate(&wire, DF_AUTHENTICATE_AES, changer, zero, &b->why), ERR_OK);
	assert_int_equal(ev1_change_key(&wire, no, key, version, no == changer ? NULL : zero, &b->why),
	    ERR_OK);
	ev1_forget(&wire);
	reader_disconnect(b->reader);
	card_key_close(&zero);
}

static void
tear_key(struct card_bench *b, const uint8_t aid[3], uint8_t no, enum torn how)
{
	const struct key_step *s = step_of(b, aid, no);
	bool fresh = how == FRESH_UNDER_OLD_VERSION;
	struct card_key *key = open_key(b, fresh ? &s->new_ref : &s->old_ref);

	give_key(b, aid, no, key, fresh ? 0 : PLANNED_VERSION);
	card_key_close(&key);
}

struct tries {
	unsigned tried, refused;
};

static void
count_tries(void *ctx, const uint8_t *capdu, size_t capdu_len, const uint8_t *rapdu,
    size_t rapdu_len, int64_t ns)
{
	struct tries *t = ctx;

	(void)capdu_len;
	(void)ns;
	t->tried += capdu[1] == DF_AUTHENTICATE_AES || capdu[1] == DF_AUTHENTICATE_ISO;
	t->refused += rapdu_len == 2 && rapdu[1] == DF_AUTHENTICATION_ERROR &&
	    (capdu[1] == DF_ADDITIONAL_FRAME || capdu[1] == DF_AUTHENTICATE_AES ||
	    capdu[1] == DF_AUTHENTICATE_ISO);
}

/* Look, finish, and be refused at most once; then the card is whole and no factory key opens it. */
static void
is_finished(struct card_bench *b, const char *what, unsigned no, int how)
{
	struct card_content now;
	struct tries tries = {0};
	enum err e;

	b->reader->watch = count_tries;
	b->reader->watch_ctx = &tries;
	card_bench_present(b);
	assert_int_equal(card_read(b->card, &now, &b->why), ERR_OK);
	e = card_personalise(b->card, &b->plan, &b->why);
	b->reader->watch = NULL;
	if (e != ERR_OK)
		fail_msg("%s, key %u, way %d: %s, %s", what, no, how, err_name(e),
		    msg_name(b->why.id));
	assert_int_equal(tries.refused, 1);
	b->plan.check_refusals = true;
	card_bench_present(b);
	e = card_personalise(b->card, &b->plan, &b->why);
	b->plan.check_refusals = false;
	if (e != ERR_OK)
		fail_msg("%s, key %u, way %d, proof: %s, %s", what, no, how, err_name(e),
		    msg_name(b->why.id));
	card_bench_present(b);
	assert_int_equal(card_read(b->card, &now, &b->why), ERR_OK);
	assert_int_equal(now.state, CARD_READY);
	assert_memory_equal(now.record, b->plan.record, RECORD_LEN);
	card_close(&b->card);
}

static void
every_key_of_ours_may_be_torn_either_way(void **state)
{
	(void)state;
	for (int how = 0; how < TORN_COUNT; how++)
		for (uint8_t no = 0; no < DF_KEY_COUNT; no++) {
			struct card_bench b;

			begin(&b, change_of_app_key[no]);
			tear_key(&b, b.access.aid, no, (enum torn)how);
			is_finished(&b, "application", no, how);
			card_bench_close(&b);
		}
}

static void
the_key_of_the_address_may_be_torn_either_way(void **state)
{
	(void)state;
	for (int how = 0; how < TORN_COUNT; how++) {
		struct card_bench b;

		begin(&b, CHANGE_OF_NDEF_KEY);
		tear_key(&b, df_ndef_aid, 0, (enum torn)how);
		is_finished(&b, "NDEF", 0, how);
		card_bench_close(&b);
	}
}

/* A factory card whose PICC key becomes `key`, with `version`. `wire_no` carries its type. */
static void
give_picc_key(struct card_bench *b, uint8_t wire_no, const struct card_key *key, uint8_t version)
{
	const struct key_ref factory = {.origin = KEY_FACTORY_DES};
	struct card_key *des = open_key(b, &factory);
	struct ev1 wire = {.reader = b->reader};

	assert_int_equal(reader_connect(b->reader, 100, &b->why), ERR_OK);
	assert_int_equal(ev1_authenticate(&wire, DF_AUTHENTICATE_ISO, 0, des, &b->why), ERR_OK);
	assert_int_equal(ev1_change_key(&wire, wire_no, key, version, NULL, &b->why), ERR_OK);
	ev1_forget(&wire);
	reader_disconnect(b->reader);
	card_key_close(&des);
}

static void
plan_for_a_new_card(struct card_bench *b)
{
	card_bench_open(b);
	card_bench_present(b);
	card_bench_plan(b);
	b->plan.check_refusals = false;
	card_close(&b->card);
}

static void
a_picc_key_under_the_old_version_is_found(void **state)
{
	struct card_key *fresh;
	struct card_bench b;

	(void)state;
	plan_for_a_new_card(&b);
	fresh = open_key(&b, &step_of(&b, df_picc_aid, 0)->new_ref);
	give_picc_key(&b, 0x80, fresh, 0);
	card_key_close(&fresh);
	is_finished(&b, "PICC", 0, FRESH_UNDER_OLD_VERSION);
	card_bench_close(&b);
}

/* DES keys keep their version in the lowest bits of the first eight bytes; the key is the same without them. */
static void
a_picc_key_of_the_factory_under_our_version_is_found(void **state)
{
	uint8_t zero_of_version_2[16] = {0};
	struct card_key *key;
	struct card_bench b;

	(void)state;
	zero_of_version_2[6] = zero_of_version_2[14] = 1;
	plan_for_a_new_card(&b);
	assert_int_equal(replay_card_key(RAW_2TDEA, zero_of_version_2, &key, &b.why), ERR_OK);
	give_picc_key(&b, 0x00, key, 0);
	card_key_close(&key);
	is_finished(&b, "PICC", 0, OLD_UNDER_FRESH_VERSION);
	card_bench_close(&b);
}

/* Neither key of the step: both are tried once, then never again while the card stays. */
static void
a_key_no_plan_names_is_refused_after_two_tries(void **state)
{
	struct safe *theirs = bench_safe(0xD2, BENCH_ALL_SLOTS);
	struct card_content now;
	struct tries tries = {0};
	struct card_key *key;
	struct card_bench b;

	(void)state;
	begin(&b, change_of_app_key[DF_KEY_DEBIT]);
	assert_int_equal(card_key_open(theirs, &step_of(&b, b.access.aid, DF_KEY_DEBIT)->new_ref, &key,
	    &b.why), ERR_OK);
	give_key(&b, b.access.aid, DF_KEY_DEBIT, key, PLANNED_VERSION);
	card_key_close(&key);
	card_bench_present(&b);
	assert_int_equal(card_read(b.card, &now, &b.why), ERR_OK);
	b.reader->watch = count_tries;
	b.reader->watch_ctx = &tries;
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_CARD_AUTH);
	assert_int_equal(b.why.id, MSG_CARD_KEY_WRONG);
	assert_int_equal(b.why.arg[0].num, DF_KEY_DEBIT);
	assert_int_equal(tries.refused, 2);
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_CARD_AUTH);
	assert_int_equal(tries.refused, 2);
	card_bench_close(&b);
	safe_close(&theirs);
}

/* A plan that would leave a factory key where it is, or hand out a version for none. */
static void
a_plan_must_name_keys_of_ours(void **state)
{
	struct card_bench b;
	unsigned before;

	(void)state;
	card_bench_open(&b);
	card_bench_present(&b);
	card_bench_plan(&b);
	before = b.reader->apdus;
	for (size_t i = 0; i < b.plan.step_count; i++) {
		struct key_step whole = b.steps[i];
		struct key_ref factory = {.origin = KEY_FACTORY_AES};
		struct card_key *key = open_key(&b, &factory);

		b.steps[i].new_ref.origin = KEY_FACTORY_AES;
		card_key_kcv(key, b.steps[i].kcv);
		card_key_close(&key);
		assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_ARG);
		b.steps[i] = whole;
	}
	assert_int_equal(b.reader->apdus, before);
	card_bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_of_ours_may_be_torn_either_way),
		cmocka_unit_test(the_key_of_the_address_may_be_torn_either_way),
		cmocka_unit_test(a_picc_key_under_the_old_version_is_found),
		cmocka_unit_test(a_picc_key_of_the_factory_under_our_version_is_found),
		cmocka_unit_test(a_key_no_plan_names_is_refused_after_two_tries),
		cmocka_unit_test(a_plan_must_name_keys_of_ours),
	};

	return cmocka_run_group_tests_name("desfire resume", tests, NULL, NULL);
}
