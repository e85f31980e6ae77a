/* secure/ev2: NXP's published commands (tests/vectors/desfire-ev2.txt) byte for byte, then readers that refuse long APDUs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cardapps/secure/ev2.h"
#include "keys/replay.h"
#include "tests/support/replay_reader.h"
#include "tests/support/vectors.h"

static struct vectors *all;
static uint8_t rnd_a[16];

static enum err
the_traced_number(uint8_t *out, size_t len)
{
	memcpy(out, rnd_a, len);
	return ERR_OK;
}

/* One traced session: its reader and its wire. */
struct bench {
	const struct vector *v;
	struct ev1 wire;
	struct why why;
};

static void
bench_open(struct bench *b, const char *vector)
{
	uint8_t capdu[APDU_CAP], rapdu[RAPDU_CAP];
	size_t capdu_len, rapdu_len;

	memset(b, 0, sizeof(*b));
	b->v = vectors_get(all, vector);
	b->wire.reader = replay_reader_open();
	for (unsigned n = 1; vector_frame(b->v, "capdu", n, capdu, sizeof(capdu), &capdu_len); n++) {
		assert_true(vector_frame(b->v, "rapdu", n, rapdu, sizeof(rapdu), &rapdu_len));
		replay_reader_add(b->wire.reader, capdu, capdu_len, rapdu, rapdu_len);
	}
	if (!vector_has(b->v, "capdu"))
		return;
	capdu_len = vector_hex(b->v, "capdu", capdu, sizeof(capdu));
	rapdu_len = vector_hex(b->v, "rapdu", rapdu, sizeof(rapdu));
	replay_reader_add(b->wire.reader, capdu, capdu_len, rapdu, rapdu_len);
}

static struct channel_ev2 *
session_of(const struct vector *v)
{
	uint8_t enc[16] = {0}, mac[16], ti[4];
	struct channel_ev2 *ch;

	if (vector_has(v, "k_ses_enc"))
		(void)vector_hex(v, "k_ses_enc", enc, sizeof(enc));
	(void)vector_hex(v, "k_ses_mac", mac, sizeof(mac));
	(void)vector_hex(v, "ti", ti, sizeof(ti));
	assert_int_equal(replay_session_ev2(enc, mac, ti,
	    (uint16_t)strtoul(vector_str(v, "cmd_ctr"), NULL, 10), &ch, NULL), ERR_OK);
	return ch;
}

static void
session_open(struct bench *b, const char *vector)
{
	bench_open(b, vector);
	b->wire.ev2 = session_of(b->v);
}

static void
bench_close(struct bench *b)
{
	ev1_forget(&b->wire);
	reader_close(&b->wire.reader);
}

static void
does(struct bench *b, enum df_ins ins, enum ev1_mode mode, const void *data, size_t len)
{
	assert_int_equal(ev1_command(&b->wire, ins, mode, data, len, &b->why), ERR_OK);
}

#define DOES(b, ins, mode, ...) \
	does(b, ins, mode, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void
answers(struct bench *b, const void *data, size_t len)
{
	assert_int_equal(b->wire.answer_len, len);
	if (len > 0)
		assert_memory_equal(b->wire.answer, data, len);
	assert_true(ev1_in_session(&b->wire));
}

/* --- the published commands */

static void
authenticates(const char *vector)
{
	uint8_t bytes[16];
	struct card_key *key;
	struct bench b;

	bench_open(&b, vector);
	(void)vector_hex(b.v, "rnd_a", rnd_a, sizeof(rnd_a));
	(void)vector_hex(b.v, "key", bytes, sizeof(bytes));
	assert_int_equal(replay_card_key(RAW_AES128, bytes, &key, &b.why), ERR_OK);
	channel_set_random(the_traced_number);
	assert_int_equal(ev2_authenticate(&b.wire, 0, key, &b.why), ERR_OK);
	channel_set_random(NULL);
	assert_true(ev1_in_session(&b.wire));
	card_key_close(&key);
	bench_close(&b);
}

/* Table 39 prints another key than its bytes were made with; the vector gives the one that verifies. */
static void
each_published_authentication_is_followed(void **state)
{
	(void)state;
	authenticates("auth-first-table7");
	authenticates("auth-first-table16");
	authenticates("auth-first-table39");
}

static void
configuration_is_enciphered_behind_its_option(void **state)
{
	struct bench b;

	(void)state;
	session_open(&b, "setconfiguration-value-option09");
	DOES(&b, DF_SET_CONFIGURATION, EV1_PLAIN, 0x09, 0x03, 0, 0, 0, 0, 0xE8, 0x03, 0, 0, 0, 0, 0,
	    0, 0x01);
	answers(&b, NULL, 0);
	bench_close(&b);
}

static void
the_true_uid_comes_enciphered(void **state)
{
	struct bench b;

	(void)state;
	session_open(&b, "getcarduid-full");
	does(&b, DF_GET_CARD_UID, EV1_PLAIN, NULL, 0);
	answers(&b, "\x04\xDE\x5F\x1E\xAC\xC0\x40", 7);
	bench_close(&b);
}

/* Table 11 prints CLA 00; the vector has the 90 that is meant. */
static void
file_settings_are_enciphered_behind_the_file_number(void **state)
{
	struct bench b;

	(void)state;
	session_open(&b, "changefilesettings-full");
	DOES(&b, DF_CHANGE_FILE_SETTINGS, EV1_PLAIN, 0x04, 0x00, 0xEE, 0xEE);
	answers(&b, NULL, 0);
	bench_close(&b);
}

static void
a_write_in_mac_mode_follows_the_document(void **state)
{
	uint8_t data[7 + 25] = {0, 0, 0, 0, 0x19, 0, 0};
	struct bench b;

	(void)state;
	memset(data + 7, 0x22, 25);
	session_open(&b, "writedata-mac");
	does(&b, DF_WRITE_DATA, EV1_MACED, data, sizeof(data));
	answers(&b, NULL, 0);
	bench_close(&b);
}

static void
data_of_whole_blocks_get_a_block_of_padding(void **state)
{
	struct bench b;

	(void)state;
	session_open(&b, "writerecord-full-table32");
	DOES(&b, DF_WRITE_RECORD, EV1_ENCIPHERED, 0x01, 0, 0, 0, 0x10, 0, 0, 0x11, 0x22, 0x33, 0x44,
	    0x55, 0x66, 0x77, 0x88, 0x99, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66);
	answers(&b, NULL, 0);
	bench_close(&b);
}

static void
a_commit_may_answer_with_data(void **state)
{
	struct bench b;

	(void)state;
	session_open(&b, "committransaction-tmac-table32");
	DOES(&b, DF_COMMIT_TRANSACTION, EV1_PLAIN, 0x01);
	answers(&b, "\x04\x00\x00\x00\x94\xA3\x20\x5E\x41\x58\x8B\xA9", 12);
	bench_close(&b);
}

static void
a_value_is_read_enciphered(void **state)
{
	struct bench b;

	(void)state;
	session_open(&b, "getvalue-full-table35");
	DOES(&b, DF_GET_VALUE, EV1_ENCIPHERED, 0x03);
	answers(&b, "\0\0\0\0", 4);
	bench_close(&b);
}

static void
a_credit_is_enciphered_behind_the_file_number(void **state)
{
	struct bench b;

	(void)state;
	session_open(&b, "credit-full-table36");
	DOES(&b, DF_CREDIT, EV1_ENCIPHERED, 0x03, 0x99, 0, 0, 0);
	answers(&b, NULL, 0);
	bench_close(&b);
}

static void
another_key_is_changed(void **state)
{
	struct card_key *fresh, *old;
	uint8_t bytes[16];
	struct bench b;

	(void)state;
	session_open(&b, "changekey-other-table39");
	(void)vector_hex(b.v, "new_key", bytes, sizeof(bytes));
	assert_int_equal(replay_card_key(RAW_AES128, bytes, &fresh, &b.why), ERR_OK);
	(void)vector_hex(b.v, "old_key", bytes, sizeof(bytes));
	assert_int_equal(replay_card_key(RAW_AES128, bytes, &old, &b.why), ERR_OK);
	assert_int_equal(ev1_change_key(&b.wire, 1, fresh, 0, old, &b.why), ERR_OK);
	answers(&b, NULL, 0);
	card_key_close(&fresh);
	card_key_close(&old);
	bench_close(&b);
}

/* Without a session, as printed; table 4 runs the parts together, the vector splits them. */
static void
what_needs_no_session_has_no_mac(void **state)
{
	static const struct {
		const char *vector;
		enum df_ins ins;
		uint8_t no;
		size_t len, answer_len;
	} asked[] = {
		{"getversion-light-plain", DF_GET_VERSION, 0, 0, 28},
		{"getfileids-light", DF_GET_FILE_IDS, 0, 0, 6},
		{"getfilesettings-light-std", DF_GET_FILE_SETTINGS, 0, 1, 7},
		{"getfilesettings-light-value", DF_GET_FILE_SETTINGS, 3, 1, 17},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct bench b;

		bench_open(&b, asked[i].vector);
		does(&b, asked[i].ins, EV1_PLAIN, &asked[i].no, asked[i].len);
		assert_int_equal(b.wire.answer_len, asked[i].answer_len);
		bench_close(&b);
	}
}

/* --- a card of the test's own behind a reader that lets little through */

enum refusal { REFUSES_NOTHING, READER_SAYS_LENGTH, CARD_SAYS_LENGTH, CARD_SAYS_ILLEGAL, READER_LOSES };

struct narrow {
	struct reader reader;
	struct channel_ev2 *card;	/* the card's side of the session */
	enum refusal how;
	size_t limit;			/* data bytes of a C-APDU above which it refuses */
	uint8_t ins;
	uint8_t request[APDU_CAP];
	size_t len, wanted;		/* with MAC */
	bool plain;
	bool stale;			/* does not look at the request: answers as to another command */
	uint8_t says;			/* status of whole commands */
	unsigned longest, apdus;
};

static enum err
narrow_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len, uint8_t rapdu[RAPDU_CAP],
    size_t *len, struct why *w)
{
	struct narrow *n = (struct narrow *)(void *)r;
	size_t data = capdu_len > 5 ? capdu[4] : 0;
	uint8_t *mac = n->request + n->wanted - 8;
	uint8_t status[2] = {0x91, 0xAF};

	n->apdus++;
	n->longest = data > n->longest ? (unsigned)data : n->longest;
	*len = 2;
	memcpy(rapdu, status, 2);
	if (n->how != REFUSES_NOTHING && data > n->limit) {
		rapdu[0] = n->how == READER_SAYS_LENGTH ? 0x67 : 0x91;
		rapdu[1] = n->how == READER_SAYS_LENGTH ? 0x00 :
		    n->how == CARD_SAYS_LENGTH ? 0x7E : 0x1C;
		return n->how == READER_LOSES ? why_set(w, ERR_CARD_GONE, MSG_READER_CARD_REMOVED, WHY_CODE("")) : ERR_OK;
	}
	if (capdu[1] != 0xAF) {
		n->ins = capdu[1];
		n->len = 0;
	}
	memcpy(n->request + n->len, capdu + 5, data);
	n->len += data;
	if (n->len < n->wanted)
		return ERR_OK;
	assert_int_equal(n->len, n->wanted);
	rapdu[1] = n->says;
	if (!n->plain && !n->stale)
		assert_int_equal(channel_ev2_check(n->card, n->ins, n->request, n->wanted - 8, mac, w),
		    ERR_OK);
	assert_int_equal(channel_ev2_count(n->card, w), ERR_OK);
	if (n->plain || n->says != 0)
		return ERR_OK;
	assert_int_equal(channel_ev2_mac(n->card, 0x00, NULL, 0, rapdu, w), ERR_OK);
	memcpy(rapdu + 8, "\x91", 2);
	*len = 10;
	return ERR_OK;
}

static const struct reader_ops narrow_ops = {.transmit = narrow_transmit};

static void
narrow_open(struct narrow *n, struct ev1 *wire, enum refusal how, size_t limit)
{
	const struct vector *v = vectors_get(all, "writerecord-full-table32");

	memset(n, 0, sizeof(*n));
	memset(wire, 0, sizeof(*wire));
	n->reader.ops = &narrow_ops;
	n->how = how;
	n->limit = limit;
	n->card = session_of(v);
	wire->ev2 = session_of(v);
	wire->reader = &n->reader;
}

static void
narrow_close(struct narrow *n, struct ev1 *wire)
{
	ev1_forget(wire);
	channel_ev2_close(&n->card);
}

/* WriteData of 128 bytes. */
static enum err
write_file(struct narrow *n, struct ev1 *wire, enum ev1_mode mode)
{
	uint8_t data[7 + 128] = {1, 0, 0, 0, 128, 0, 0};
	struct why why;

	memset(data + 7, 0x5A, 128);
	n->plain = mode == EV1_PLAIN;
	n->wanted = sizeof(data) + (n->plain ? 0 : 8);
	n->longest = n->apdus = 0;
	return ev1_command(wire, DF_WRITE_DATA, mode, data, sizeof(data), &why);
}

static void
a_file_is_written_in_one_apdu(void **state)
{
	struct narrow n;
	struct ev1 wire;

	(void)state;
	narrow_open(&n, &wire, REFUSES_NOTHING, 0);
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_OK);
	assert_int_equal(n.apdus, 1);
	assert_int_equal(n.ins, DF_WRITE_DATA_LONG);
	assert_int_equal(wire.lessons, 0);
	narrow_close(&n, &wire);
}

/* The card never saw the long one: its counter stands, and so must ours. */
static void
what_the_reader_refuses_goes_in_frames_in_the_same_session(void **state)
{
	struct narrow n;
	struct ev1 wire;

	(void)state;
	narrow_open(&n, &wire, READER_SAYS_LENGTH, 60);
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_OK);
	assert_int_equal(n.apdus, 1 + 3);
	assert_int_equal(n.ins, DF_WRITE_DATA);
	assert_int_equal(wire.lessons, 1);
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_OK);
	assert_int_equal(n.apdus, 3);
	assert_true(n.longest <= EV1_FRAME);
	narrow_close(&n, &wire);
}

static void
even_shorter_frames_are_found_in_the_same_session(void **state)
{
	struct narrow n;
	struct ev1 wire;

	(void)state;
	narrow_open(&n, &wire, READER_SAYS_LENGTH, 48);
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_OK);
	assert_int_equal(n.apdus, 1 + 1 + 4);
	assert_int_equal(wire.lessons, 2);
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_OK);
	assert_int_equal(n.apdus, 4);
	narrow_close(&n, &wire);
}

/* The card has ended its session with that; the next one works, on another card's wire too. */
static void
refused_by_the_card(enum refusal how)
{
	struct narrow n;
	struct ev1 wire;

	narrow_open(&n, &wire, how, 60);
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_CARD_SW);
	assert_false(ev1_in_session(&wire));
	assert_int_equal(wire.lessons, 1);
	ev1_forget(&wire);
	memset(&wire, 0, sizeof(wire));
	wire.reader = &n.reader;
	wire.ev2 = session_of(vectors_get(all, "writerecord-full-table32"));
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_OK);
	assert_int_equal(n.apdus, 3);
	narrow_close(&n, &wire);
}

static void
what_the_card_refuses_goes_in_frames_next_time(void **state)
{
	(void)state;
	refused_by_the_card(CARD_SAYS_LENGTH);
	refused_by_the_card(CARD_SAYS_ILLEGAL);
}

/* A hand may pull one card away; a reader that loses two in a row is the reason. */
static void
a_reader_that_loses_long_ones_twice_gets_frames(void **state)
{
	struct narrow n;
	struct ev1 wire;

	(void)state;
	narrow_open(&n, &wire, READER_LOSES, 60);
	for (unsigned lost = 1; lost <= 2; lost++) {
		assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_CARD_GONE);
		assert_int_equal(n.apdus, 1);
		assert_false(ev1_in_session(&wire));
		wire.ev2 = session_of(vectors_get(all, "writerecord-full-table32"));
	}
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_OK);
	assert_int_equal(n.apdus, 3);
	narrow_close(&n, &wire);
}

static void
one_long_one_that_passes_clears_the_reader(void **state)
{
	struct narrow n;
	struct ev1 wire;

	(void)state;
	narrow_open(&n, &wire, READER_LOSES, 60);
	for (unsigned lost = 1; lost <= 3; lost++) {
		n.how = READER_LOSES;
		assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_CARD_GONE);
		channel_ev2_close(&n.card);
		n.card = session_of(vectors_get(all, "writerecord-full-table32"));
		wire.ev2 = session_of(vectors_get(all, "writerecord-full-table32"));
		n.how = REFUSES_NOTHING;
		assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_OK);
		assert_int_equal(n.apdus, 1);
	}
	narrow_close(&n, &wire);
}

/* --- the counter */

static void
a_plain_command_counts_as_well(void **state)
{
	struct narrow n;
	struct ev1 wire;

	(void)state;
	narrow_open(&n, &wire, REFUSES_NOTHING, 0);
	assert_int_equal(write_file(&n, &wire, EV1_PLAIN), ERR_OK);
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_OK);
	assert_int_equal(write_file(&n, &wire, EV1_PLAIN), ERR_OK);
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_OK);
	narrow_close(&n, &wire);
}

static void
nothing_to_do_counts_and_keeps_the_session(void **state)
{
	struct narrow n;
	struct ev1 wire;
	struct why why;

	(void)state;
	narrow_open(&n, &wire, REFUSES_NOTHING, 0);
	n.says = DF_NO_CHANGES;
	n.wanted = 8;
	assert_int_equal(ev1_command(&wire, DF_ABORT_TRANSACTION, EV1_PLAIN, NULL, 0, &why),
	    ERR_CARD_SW);
	assert_true(ev1_in_session(&wire));
	n.says = DF_OK;
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_OK);
	narrow_close(&n, &wire);
}

static void
an_error_ends_the_session(void **state)
{
	struct narrow n;
	struct ev1 wire;

	(void)state;
	narrow_open(&n, &wire, REFUSES_NOTHING, 0);
	n.says = DF_PERMISSION_DENIED;
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_CARD_SW);
	assert_int_equal(wire.status, DF_PERMISSION_DENIED);
	assert_false(ev1_in_session(&wire));
	narrow_close(&n, &wire);
}

/* As from a relay that answers for the card: without a MAC where one is due. */
static void
an_answer_without_its_mac_ends_the_session(void **state)
{
	struct narrow n;
	struct ev1 wire;
	struct why why;

	(void)state;
	narrow_open(&n, &wire, REFUSES_NOTHING, 0);
	n.plain = true;
	n.wanted = 8;
	assert_int_equal(ev1_command(&wire, DF_ABORT_TRANSACTION, EV1_PLAIN, NULL, 0, &why), ERR_LEN);
	assert_false(ev1_in_session(&wire));
	narrow_close(&n, &wire);
}

/* Two answers of the card changed round: each stands under its own counter. */
static void
an_answer_of_before_is_refused(void **state)
{
	struct narrow n;
	struct ev1 wire;

	(void)state;
	narrow_open(&n, &wire, REFUSES_NOTHING, 0);
	assert_int_equal(channel_ev2_count(wire.ev2, NULL), ERR_OK);
	assert_int_equal(channel_ev2_count(n.card, NULL), ERR_OK);
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_OK);
	channel_ev2_close(&wire.ev2);
	wire.ev2 = session_of(vectors_get(all, "committransaction-tmac-table32"));
	channel_ev2_close(&n.card);
	n.card = session_of(vectors_get(all, "writerecord-full-table32"));
	n.stale = true;
	assert_int_equal(write_file(&n, &wire, EV1_MACED), ERR_CARD_MAC);
	assert_false(ev1_in_session(&wire));
	narrow_close(&n, &wire);
}

static void
a_request_that_fits_nowhere_is_not_sent(void **state)
{
	uint8_t data[EV1_REQUEST_CAP] = {1};
	struct narrow n;
	struct ev1 wire;
	struct why why;

	(void)state;
	narrow_open(&n, &wire, REFUSES_NOTHING, 0);
	assert_int_equal(ev1_command(&wire, DF_WRITE_DATA, EV1_MACED, data, sizeof(data) - 4, &why),
	    ERR_LEN);
	assert_int_equal(n.apdus, 0);
	assert_false(ev1_in_session(&wire));
	narrow_close(&n, &wire);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_published_authentication_is_followed),
		cmocka_unit_test(configuration_is_enciphered_behind_its_option),
		cmocka_unit_test(the_true_uid_comes_enciphered),
		cmocka_unit_test(file_settings_are_enciphered_behind_the_file_number),
		cmocka_unit_test(a_write_in_mac_mode_follows_the_document),
		cmocka_unit_test(data_of_whole_blocks_get_a_block_of_padding),
		cmocka_unit_test(a_commit_may_answer_with_data),
		cmocka_unit_test(a_value_is_read_enciphered),
		cmocka_unit_test(a_credit_is_enciphered_behind_the_file_number),
		cmocka_unit_test(another_key_is_changed),
		cmocka_unit_test(what_needs_no_session_has_no_mac),
		cmocka_unit_test(a_file_is_written_in_one_apdu),
		cmocka_unit_test(what_the_reader_refuses_goes_in_frames_in_the_same_session),
		cmocka_unit_test(even_shorter_frames_are_found_in_the_same_session),
		cmocka_unit_test(what_the_card_refuses_goes_in_frames_next_time),
		cmocka_unit_test(a_reader_that_loses_long_ones_twice_gets_frames),
		cmocka_unit_test(one_long_one_that_passes_clears_the_reader),
		cmocka_unit_test(a_plain_command_counts_as_well),
		cmocka_unit_test(nothing_to_do_counts_and_keeps_the_session),
		cmocka_unit_test(an_error_ends_the_session),
		cmocka_unit_test(an_answer_without_its_mac_ends_the_session),
		cmocka_unit_test(an_answer_of_before_is_refused),
		cmocka_unit_test(a_request_that_fits_nowhere_is_not_sent),
	};
	int failed;

	all = vectors_load("desfire-ev2.txt");
	failed = cmocka_run_group_tests_name("secure ev2", tests, NULL, NULL);
	vectors_free(&all);
	return failed;
}
