/* What stands between card and station: a relay that holds answers back, a reader with a short breath. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cardapps/secure/command.h"
#include "cardapps/secure/status.h"
#include "tests/support/card_bench.h"

/* What GetKeyVersion says of a key of the bench's generation. */
#define KEYS_OF_FIRST_EPOCH 2

/*
 * Between card and station. The card stays in its field for good; what is not
 * protected by the session the relay answers itself.
 */
struct relay {
	struct reader reader;
	struct reader *card;
	bool connected;
	uint8_t hold;		/* the command kept back, its answer withheld; 0: none */
	unsigned pass;		/* that many of them go through before */
	bool keeps_selects;	/* says "selected" and does not tell the card */
	bool keeps_ndef_key;	/* says "done" to the ChangeKey it holds, and speaks for that key later */
	bool in_ndef;
	const struct chip_id *version_of;	/* answers GetVersion for the card; NULL: the card does */
	unsigned version_part;
	uint8_t held[APDU_CAP];
	size_t held_len;
};

static struct relay *
relay_of(struct reader *r)
{
	return (struct relay *)(void *)r;
}

static enum err
relay_connect(struct reader *r, unsigned timeout_ms, struct why *w)
{
	struct relay *l = relay_of(r);

	if (l->connected)
		return ERR_OK;
	l->connected = true;
	return reader_connect(l->card, timeout_ms, w);
}

static void
say(uint8_t sw2, uint8_t *rapdu, size_t *len)
{
	rapdu[0] = 0x91;
	rapdu[1] = sw2;
	*len = 2;
}

/* GetVersion in three parts; the UID begins the last. Settings of the PICC look locked, as they are. */
static bool
answers_as_new(struct relay *l, const uint8_t *capdu, uint8_t *rapdu, size_t *len)
{
	static const uint8_t ev1_8k[7] = {0x04, 0x01, 0x01, 0x01, 0x00, 0x1A, 0x05};
	size_t n = l->version_part == 2 ? 14 : 7;

	if (l->version_of == NULL)
		return false;
	if (capdu[1] == DF_GET_KEY_SETTINGS) {
		say(DF_AUTHENTICATION_ERROR, rapdu, len);
		return true;
	}
	if (l->version_part > 2 || (capdu[1] != DF_GET_VERSION && capdu[1] != DF_ADDITIONAL_FRAME))
		return false;
	memset(rapdu, 0, n);
	memcpy(rapdu, n == 14 ? l->version_of->uid : ev1_8k, 7);
	say(l->version_part++ == 2 ? DF_OK : DF_MORE, rapdu + n, len);
	*len += n;
	return true;
}

/* What the relay says by itself to a command without a session. */
static bool
answers_itself(struct relay *l, const uint8_t *capdu, uint8_t *rapdu, size_t *len)
{
	bool faked = l->keeps_ndef_key && l->in_ndef && l->held_len > 0;

	if (capdu[1] == DF_SELECT_APPLICATION) {
		l->in_ndef = memcmp(capdu + 5, (const uint8_t[]){0, 0, 1}, 3) == 0;
		say(DF_OK, rapdu, len);
		return l->keeps_selects;
	}
	if (capdu[1] == DF_GET_KEY_VERSION) {
		say(DF_OK, rapdu + 1, len);
		rapdu[0] = KEYS_OF_FIRST_EPOCH;
		*len = 3;
		return l->keeps_selects || faked;
	}
	say(DF_AUTHENTICATION_ERROR, rapdu, len);
	return faked && capdu[1] == DF_AUTHENTICATE_AES;
}

static enum err
relay_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len, uint8_t rapdu[RAPDU_CAP],
    size_t *len, struct why *w)
{
	struct relay *l = relay_of(r);

	if (l->hold != 0 && capdu[1] == l->hold && l->pass-- == 0) {
		memcpy(l->held, capdu, capdu_len);
		l->held_len = capdu_len;
		l->hold = 0;
		say(l->keeps_ndef_key ? DF_OK : DF_PERMISSION_DENIED, rapdu, len);
		return ERR_OK;
	}
	if (answers_as_new(l, capdu, rapdu, len) || answers_itself(l, capdu, rapdu, len))
		return ERR_OK;
	return reader_transmit(l->card, capdu, capdu_len, rapdu, len, w);
}

static void
relay_disconnect(struct reader *r)
{
	(void)r;
}

static const struct reader_ops relay_ops = {
	.connect = relay_connect, .transmit = relay_transmit, .disconnect = relay_disconnect,
};

/* A made card behind the relay, read. */
static void
behind(struct relay *l, struct card_bench *b, struct card_content *now)
{
	card_bench_open(b);
	card_bench_make(b);
	*l = (struct relay){.reader = {.ops = &relay_ops}, .card = b->reader};
	assert_int_equal(card_open(&l->reader, &b->access, 0, &b->card, &b->why), ERR_OK);
	assert_int_equal(card_read(b->card, now, &b->why), ERR_OK);
}

/* The card without the relay, as it is for good. */
static void
truth(struct card_bench *b, struct card_content *now)
{
	card_close(&b->card);
	reader_disconnect(b->reader);
	card_bench_present(b);
	assert_int_equal(card_read(b->card, now, &b->why), ERR_OK);
	assert_int_equal(now->state, CARD_READY);
}

/* The station judged "not applied"; if the commit arrived after that, both would be paid. */
static void
held_back_and_judged(bool in_a_new_visit)
{
	struct card_write wr = card_bench_change(0x33, 500, 500);
	struct card_content judged, now;
	uint8_t rapdu[RAPDU_CAP];
	struct card_bench b;
	struct relay l;
	size_t len;

	behind(&l, &b, &now);
	l.hold = DF_COMMIT_TRANSACTION;
	l.keeps_selects = true;
	assert_int_equal(card_write(b.card, &wr, &b.why), ERR_CARD_SW);
	if (in_a_new_visit) {
		const struct chip_id id = b.card->id;

		card_close(&b.card);
		l.version_of = &id;
		assert_int_equal(card_open(&l.reader, &b.access, 0, &b.card, &b.why), ERR_OK);
		assert_int_equal(card_read(b.card, &judged, &b.why), ERR_OK);
	} else {
		assert_int_equal(card_confirm(b.card, &judged, &b.why), ERR_OK);
	}
	assert_memory_equal(judged.record, b.plan.record, RECORD_LEN);
	assert_int_equal(reader_transmit(b.reader, l.held, l.held_len, rapdu, &len, &b.why), ERR_OK);
	truth(&b, &now);
	assert_memory_equal(now.record, judged.record, RECORD_LEN);
	assert_int_equal(now.value, judged.value);
	card_bench_close(&b);
}

static void
a_commit_held_back_does_nothing_after_the_card_was_confirmed(void **state)
{
	(void)state;
	held_back_and_judged(false);
}

static void
a_commit_held_back_does_nothing_after_the_card_was_read(void **state)
{
	(void)state;
	held_back_and_judged(true);
}

/* Every command of a load kept back once: the second try must not add to what is left of the first. */
static void
a_load_is_never_credited_twice_behind_a_relay(void **state)
{
	static const uint8_t commands[] = {DF_CREDIT, DF_WRITE_DATA, DF_ADDITIONAL_FRAME,
	    DF_WRITE_RECORD, DF_COMMIT_TRANSACTION};
	struct card_write wr = card_bench_change(0x33, 500, 500);
	struct card_content now;

	(void)state;
	for (size_t i = 0; i < sizeof(commands); i++) {
		struct card_bench b;
		struct relay l;
		enum err e;

		behind(&l, &b, &now);
		l.hold = commands[i];
		l.keeps_selects = true;
		e = card_write(b.card, &wr, &b.why);
		truth(&b, &now);
		if (e == ERR_OK) {
			assert_memory_equal(now.record, wr.record, RECORD_LEN);
			assert_int_equal(now.value, 500);
		} else {
			assert_memory_equal(now.record, b.plan.record, RECORD_LEN);
			assert_int_equal(now.value, 0);
		}
		card_bench_close(&b);
	}
}

#define CHANGE_KEYS_BEFORE_NDEF 6

/* A card that would leave the shop with the factory's key on its address, for anybody to rewrite. */
static void
a_key_of_the_address_kept_back_is_missed(void **state)
{
	struct card_bench b;
	struct relay l;

	(void)state;
	card_bench_open(&b);
	l = (struct relay){.reader = {.ops = &relay_ops}, .card = b.reader, .keeps_ndef_key = true,
	    .hold = DF_CHANGE_KEY, .pass = CHANGE_KEYS_BEFORE_NDEF};
	assert_int_equal(card_open(&l.reader, &b.access, 0, &b.card, &b.why), ERR_OK);
	card_bench_plan(&b);
	assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_CARD_AUTH);
	assert_true(l.held_len > 0);
	card_bench_close(&b);
}

/* --- a relay that changes what is asked for */

struct forger {
	struct reader reader;
	struct reader *card;
	uint8_t ins;		/* one bit of the `at`th byte of data is turned, in every one of these */
	unsigned at;
	bool done;
};

static struct forger *
forger_of(struct reader *r)
{
	return (struct forger *)(void *)r;
}

static enum err
forger_connect(struct reader *r, unsigned timeout_ms, struct why *w)
{
	return reader_connect(forger_of(r)->card, timeout_ms, w);
}

static enum err
forger_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w)
{
	struct forger *f = forger_of(r);
	uint8_t copy[APDU_CAP];

	memcpy(copy, capdu, capdu_len);
	if (capdu[1] == f->ins) {
		copy[5 + f->at] ^= 0x10;
		f->done = true;
	}
	return reader_transmit(f->card, copy, capdu_len, rapdu, len, w);
}

static void
forger_disconnect(struct reader *r)
{
	reader_disconnect(forger_of(r)->card);
}

static const struct reader_ops forger_ops = {
	.connect = forger_connect, .transmit = forger_transmit, .disconnect = forger_disconnect,
};

/* That is why settings are not read back from a card just made: the CMAC of the answer is over the request, too. */
static void
rights_changed_on_their_way_are_found_at_once(void **state)
{
	static const struct {
		uint8_t ins;
		unsigned at;
	} rights[] = {
		{DF_CREATE_APPLICATION, 3}, {DF_CREATE_BACKUP_DATA_FILE, 3}, {DF_CREATE_VALUE_FILE, 3},
		{DF_CREATE_CYCLIC_RECORD_FILE, 3}, {DF_CREATE_STD_DATA_FILE, 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		struct forger f = {.reader = {.ops = &forger_ops}, .ins = rights[i].ins,
		    .at = rights[i].at};
		struct card_bench b;

		card_bench_open(&b);
		f.card = b.reader;
		assert_int_equal(card_open(&f.reader, &b.access, 0, &b.card, &b.why), ERR_OK);
		card_bench_plan(&b);
		assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_CARD_MAC);
		assert_true(f.done);
		card_bench_close(&b);
	}
}

/* --- a reader that takes no long commands */

struct narrow {
	struct reader reader;
	struct reader *card;
	bool by_the_card;	/* 91 7E, and the session is over; else 67 00 from the reader, the card saw nothing */
	size_t takes;		/* bytes of data in one command */
	unsigned refused;
};

static struct narrow *
narrow_of(struct reader *r)
{
	return (struct narrow *)(void *)r;
}

static enum err
narrow_connect(struct reader *r, unsigned timeout_ms, struct why *w)
{
	return reader_connect(narrow_of(r)->card, timeout_ms, w);
}

static enum err
narrow_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w)
{
	static const uint8_t too_long[] = {0x90, DF_GET_FILE_SETTINGS, 0, 0, 2, 1, 1, 0};
	struct narrow *n = narrow_of(r);
	enum err e = ERR_OK;

	if (capdu_len == 5 || capdu[4] <= n->takes)
		return reader_transmit(n->card, capdu, capdu_len, rapdu, len, w);
	n->refused++;
	if (n->by_the_card)
		e = reader_transmit(n->card, too_long, sizeof(too_long), rapdu, len, w);
	rapdu[0] = n->by_the_card ? 0x91 : 0x67;
	rapdu[1] = n->by_the_card ? DF_LENGTH_ERROR : 0x00;
	*len = 2;
	return e;
}

static void
narrow_disconnect(struct reader *r)
{
	reader_disconnect(narrow_of(r)->card);
}

static const struct reader_ops narrow_ops = {
	.connect = narrow_connect, .transmit = narrow_transmit, .disconnect = narrow_disconnect,
};

static void
a_card_is_made_and_loaded_in_short_frames(void **state)
{
	struct card_write wr = card_bench_change(0x33, 500, 500);
	struct card_content now;

	(void)state;
	for (int by_the_card = 0; by_the_card < 2; by_the_card++) {
		struct narrow n = {.reader = {.ops = &narrow_ops}, .takes = 40,
		    .by_the_card = by_the_card};
		struct card_bench b;

		card_bench_open(&b);
		n.card = b.reader;
		assert_int_equal(card_open(&n.reader, &b.access, 0, &b.card, &b.why), ERR_OK);
		card_bench_plan(&b);
		assert_int_equal(card_personalise(b.card, &b.plan, &b.why), ERR_OK);
		assert_int_equal(n.refused, 1);
		card_close(&b.card);
		assert_int_equal(card_open(&n.reader, &b.access, 0, &b.card, &b.why), ERR_OK);
		assert_int_equal(card_read(b.card, &now, &b.why), ERR_OK);
		assert_int_equal(now.state, CARD_READY);
		assert_int_equal(card_write(b.card, &wr, &b.why), ERR_OK);
		assert_int_equal(n.refused, 2);
		assert_int_equal(card_confirm(b.card, &now, &b.why), ERR_OK);
		assert_memory_equal(now.record, wr.record, RECORD_LEN);
		assert_int_equal(now.value, 500);
		card_bench_close(&b);
	}
}

/* Even the shortest command of ours is too long: an error, not an endless retry. */
static void
a_reader_that_takes_nothing_is_given_up(void **state)
{
	struct card_write wr = card_bench_change(0x33, 500, 500);
	struct narrow n = {.reader = {.ops = &narrow_ops}, .takes = 40};
	struct card_content now;
	struct card_bench b;

	(void)state;
	card_bench_open(&b);
	card_bench_make(&b);
	n.card = b.reader;
	assert_int_equal(card_open(&n.reader, &b.access, 0, &b.card, &b.why), ERR_OK);
	assert_int_equal(card_read(b.card, &now, &b.why), ERR_OK);
	n.takes = 10;
	assert_int_equal(card_write(b.card, &wr, &b.why), ERR_CARD_SW);
	assert_in_range(n.refused, 1, 4);
	truth(&b, &now);
	assert_int_equal(now.value, 0);
	card_bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_held_back_does_nothing_after_the_card_was_confirmed),
		cmocka_unit_test(a_commit_held_back_does_nothing_after_the_card_was_read),
		cmocka_unit_test(a_load_is_never_credited_twice_behind_a_relay),
		cmocka_unit_test(a_key_of_the_address_kept_back_is_missed),
		cmocka_unit_test(rights_changed_on_their_way_are_found_at_once),
		cmocka_unit_test(a_card_is_made_and_loaded_in_short_frames),
		cmocka_unit_test(a_reader_that_takes_nothing_is_given_up),
	};

	return cmocka_run_group_tests_name("desfire wire", tests, NULL, NULL);
}
