/*
 * Cards that lie: forged bytes under our own keys, as somebody with the safe, but without the root or
 * the right, could write them. Each is refused by name, and neither book nor card moves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cardapps/chip/desfire.h"
#include "station/base/bytes.h"
#include "station/club/ledger.h"
#include "station/flow/settings.h"
#include "station/store/intent.h"
#include "tests/support/books.h"

#define PAID INT64_C(500000)
#define ALL_RIGHTS UINT32_MAX
#define MINUTES_A_DAY 1440u

/* A club with a card of 500,000 rial, another card of the club, and a signer the club never asked for. */
struct scene {
	struct club_fixture f;
	struct books honest;	/* the card as it was issued and loaded */
	struct card_content content;
	struct record record;
	uint64_t other_number;
	uint8_t other_record[RECORD_LEN];
	struct safe *rogue;
	struct root *root, *foreign;
};

/* What the forger writes. */
struct forgery {
	struct record r;
	uint8_t record[RECORD_LEN];
	uint8_t cert[CERT_LEN];
	struct log_line line;
	int32_t delta;
	const struct safe *signer;
	const uint8_t *uid;	/* NULL: the card's own */
	bool sealed;		/* record holds the final bytes already */
};

/* --- the forger's tools */

static struct card *
open_card(struct club_fixture *f)
{
	struct card_access access = {.safe = f->station->safe};
	struct card *c;

	memcpy(access.club, f->station->club, sizeof(access.club));
	memcpy(access.aid, f->station->set.aid, sizeof(access.aid));
	assert_int_equal(card_open(f->reader, &access, 0, &c, &f->why), ERR_OK);
	return c;
}

/* Any body at all, signed: record_seal would refuse most of them. */
static void
sign(const struct scene *s, struct forgery *g)
{
	static const char label[] = "bashgah-card-1";
	uint8_t message[sizeof(label) + 1 + CARD_UID_CAP + RECORD_BODY_LEN];
	struct writer out = writer_over(message, sizeof(message));

	record_encode_body(&g->r, g->record);
	put_bytes(&out, label, sizeof(label));
	put_u8(&out, 7);
	put_bytes(&out, g->uid != NULL ? g->uid : s->f.result.chip.uid, 7);
	put_bytes(&out, g->record, RECORD_BODY_LEN);
	assert_int_equal(safe_sign(g->signer, message, out.len, g->record + RECORD_BODY_LEN, NULL), ERR_OK);
}

/* The rogue's certificate, good in all that `like` does not spoil. */
static void
certify(const struct scene *s, const struct root *root, uint32_t rights, uint16_t from, uint16_t to,
    struct forgery *g)
{
	struct cert c = {.algorithm = 1, .test = true, .rights = rights, .serial = 9, .station = 9,
	    .valid_from = from, .valid_to = to, .first_number = 1, .number_count = 10};

	g->signer = s->rogue;
	safe_public(s->rogue, c.pub);
	pubkey_id(c.pub, g->r.signer);
	assert_int_equal(root_certify(root, &c, g->cert, NULL), ERR_OK);
}

static void
write_forgery(struct scene *s, struct forgery *g)
{
	struct card *c = open_card(&s->f);
	struct card_write wr = {.delta = g->delta, .cert = g->cert};
	struct card_content before;
	uint8_t hash[RECORD_HASH_LEN];

	if (!g->sealed)
		sign(s, g);
	record_hash(g->record, hash);
	memcpy(g->line.record, hash, sizeof(g->line.record));
	memcpy(wr.record, g->record, sizeof(wr.record));
	log_line_encode(&g->line, wr.log);
	assert_int_equal(card_read(c, &before, &s->f.why), ERR_OK);
	assert_int_equal(card_write(c, &wr, &s->f.why), ERR_OK);
	card_close(&c);
}

/* A true successor of what stands on the card. */
static void
next(const struct scene *s, struct forgery *g)
{
	uint8_t hash[RECORD_HASH_LEN];

	g->r = s->record;
	g->r.sequence++;
	record_hash(s->content.record, hash);
	memcpy(g->r.prev, hash, sizeof(g->r.prev));
}

static void
begin_forgery(const struct scene *s, struct forgery *g)
{
	memset(g, 0, sizeof(*g));
	next(s, g);
	memcpy(g->cert, s->content.cert, CERT_LEN);
	g->line.after = s->content.value;
	g->signer = s->f.station->safe;
}

/* --- the scene */

static void
make_rogue(struct scene *s)
{
	struct safe_info info = {.test = true, .station = 9, .epoch = 1};
	char path[STATION_PATH_CAP];

	memcpy(info.club, s->f.station->club, sizeof(info.club));
	assert_int_equal(station_path(s->f.station, "rogue.safe", path, NULL), ERR_OK);
	assert_int_equal(safe_create(path, &info, 1u << KEY_READ, SAFE_PRACTICE_PASSPHRASE,
	    strlen(SAFE_PRACTICE_PASSPHRASE), &s->rogue, &s->f.why), ERR_OK);
	assert_int_equal(station_path(s->f.station, "foreign.safe", path, NULL), ERR_OK);
	assert_int_equal(root_create(path, true, SAFE_PRACTICE_PASSPHRASE,
	    strlen(SAFE_PRACTICE_PASSPHRASE), &s->foreign, &s->f.why), ERR_OK);
	assert_int_equal(station_path(s->f.station, STATION_ROOT, path, NULL), ERR_OK);
	assert_int_equal(root_open(path, SAFE_PRACTICE_PASSPHRASE, strlen(SAFE_PRACTICE_PASSPHRASE),
	    &s->root, &s->f.why), ERR_OK);
}

static int
open_scene(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct card *c;

	assert_non_null(s);
	club_fixture_open(&s->f, "flow-forged");
	club_fixture_new_card(&s->f);
	assert_int_equal(club_fixture_issue(&s->f, NULL), ERR_OK);
	assert_int_equal(club_fixture_load(&s->f, PAID, NULL), ERR_OK);
	s->other_number = s->f.result.card_number;
	memcpy(s->other_record, s->f.result.record_bytes, RECORD_LEN);
	club_fixture_new_card(&s->f);
	assert_int_equal(club_fixture_issue(&s->f, NULL), ERR_OK);
	assert_int_equal(club_fixture_load(&s->f, PAID, NULL), ERR_OK);
	club_fixture_expect(&s->f, PAID);
	s->record = s->f.result.record;
	c = open_card(&s->f);
	assert_int_equal(card_read(c, &s->content, &s->f.why), ERR_OK);
	card_close(&c);
	make_rogue(s);
	books_take(&s->f, &s->honest);
	*state = s;
	return 0;
}

static int
close_scene(void **state)
{
	struct scene *s = *state;

	safe_close(&s->rogue);
	root_close(&s->root);
	root_close(&s->foreign);
	books_free(&s->honest);
	club_fixture_close(&s->f);
	free(s);
	return 0;
}

static void
put_back_honest_card(struct scene *s)
{
	assert_int_equal(sim_card_restore(s->f.chip, s->honest.image, s->honest.image_len, &s->f.why), ERR_OK);
	club_fixture_expect(&s->f, PAID);
	books_same(&s->f, &s->honest);
}

/* --- what every forgery must meet */

static void
is_refused(struct scene *s, enum err e, enum err code, enum msg id)
{
	if (e != code || s->f.why.id != id)
		print_message("# got %s/%s, wanted %s/%s\n", err_name(e), msg_name(s->f.why.id),
		    err_name(code), msg_name(id));
	assert_int_equal(e, code);
	assert_int_equal(s->f.why.id, id);
	assert_int_equal(s->f.why.code, code);
	assert_false(s->f.result.done);
	assert_false(store_in_transaction(s->f.station->store));
}

/* Show and load say the same; issue refuses too; nothing moves; the honest card then works. */
static void
meets(struct scene *s, enum err code, enum msg id)
{
	struct books before;
	enum err e;

	books_take(&s->f, &before);
	is_refused(s, club_fixture_show(&s->f), code, id);
	is_refused(s, club_fixture_load(&s->f, PAID, NULL), code, id);
	is_refused(s, club_fixture_load(&s->f, PAID, "forged-1"), code, id);
	e = club_fixture_issue(&s->f, NULL);
	assert_true(e == code || e == ERR_CARD_TAKEN || e == ERR_CARD_PARTIAL);
	assert_false(s->f.result.done);
	books_same(&s->f, &before);
	books_free(&before);
	books_sound(&s->f, 0);
	put_back_honest_card(s);
}

/* --- the record */

static void
a_record_with_a_wrong_signature_is_refused(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	for (size_t i = 0; i < RECORD_LEN; i += 9) {
		begin_forgery(s, &g);
		memcpy(g.record, s->content.record, RECORD_LEN);
		g.record[RECORD_BODY_LEN + i % 64] ^= 0x10;
		g.sealed = true;
		write_forgery(s, &g);
		meets(s, ERR_SIGNATURE, MSG_RECORD_SIGNATURE);
	}
}

static void
a_balance_raised_without_a_new_signature_is_refused(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	begin_forgery(s, &g);
	memcpy(g.record, s->content.record, RECORD_LEN);
	g.record[27] = 1;	/* 2^32 rial more */
	g.sealed = true;
	write_forgery(s, &g);
	meets(s, ERR_SIGNATURE, MSG_RECORD_SIGNATURE);
}

static void
the_record_of_another_card_is_refused(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	begin_forgery(s, &g);
	memcpy(g.record, s->other_record, RECORD_LEN);
	g.sealed = true;
	write_forgery(s, &g);
	meets(s, ERR_SIGNATURE, MSG_RECORD_SIGNATURE);
}

static void
a_record_signed_for_another_chip_is_refused(void **state)
{
	static const uint8_t uid[7] = {4, 1, 2, 3, 4, 5, 6};
	struct scene *s = *state;
	struct forgery g;

	begin_forgery(s, &g);
	g.uid = uid;
	write_forgery(s, &g);
	meets(s, ERR_SIGNATURE, MSG_RECORD_SIGNATURE);
}

static void
a_record_of_another_club_is_refused(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	begin_forgery(s, &g);
	g.r.club[3] ^= 1;
	write_forgery(s, &g);
	meets(s, ERR_CARD_FOREIGN, MSG_RECORD_FOREIGN);
}

static void
a_number_with_a_wrong_check_digit_is_refused(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	begin_forgery(s, &g);
	g.r.card_number += g.r.card_number % 10 == 9 ? (uint64_t)-1 : 1;
	write_forgery(s, &g);
	meets(s, ERR_RECORD, MSG_RECORD_FIELD);
}

static void
the_number_of_another_card_is_refused_even_if_well_signed(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	begin_forgery(s, &g);
	g.r.card_number = s->other_number;
	write_forgery(s, &g);
	meets(s, ERR_RECORD, MSG_CARD_OTHER_CHIP);
}

static void
a_jump_of_the_sequence_is_not_taken_for_our_own_change(void **state)
{
	static const uint32_t jump[] = {1, 2, 7, UINT32_MAX - 2};
	struct scene *s = *state;
	struct forgery g;

	for (size_t i = 0; i < sizeof(jump) / sizeof(jump[0]); i++) {
		begin_forgery(s, &g);
		g.r.sequence = s->record.sequence + jump[i];
		write_forgery(s, &g);
		meets(s, ERR_REFUSED, MSG_CARD_AHEAD);
	}
}

static void
a_sequence_that_went_back_is_refused(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	begin_forgery(s, &g);
	g.r.sequence = s->record.sequence - 1;
	memset(g.r.prev, 0, sizeof(g.r.prev));
	write_forgery(s, &g);
	meets(s, ERR_RECORD, MSG_CARD_ROLLED_BACK);
}

static void
a_wrong_predecessor_is_refused(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	/* under the same number of change: two records, one of them a copy */
	begin_forgery(s, &g);
	g.r = s->record;
	g.r.prev[0] ^= 1;
	write_forgery(s, &g);
	meets(s, ERR_RECORD, MSG_CARD_TWO_RECORDS);
	/* none where there must be one */
	begin_forgery(s, &g);
	memset(g.r.prev, 0, sizeof(g.r.prev));
	write_forgery(s, &g);
	meets(s, ERR_RECORD, MSG_RECORD_FIELD);
}

static void
another_balance_under_the_same_number_of_change_is_refused(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	begin_forgery(s, &g);
	g.r = s->record;
	g.r.balance *= 10;
	g.delta = (int32_t)(9 * PAID / s->f.station->programme.step);
	g.line.delta = g.delta;
	g.line.after = s->content.value + g.delta;
	write_forgery(s, &g);
	meets(s, ERR_RECORD, MSG_CARD_TWO_RECORDS);
}

static void
the_practice_mark_cannot_be_taken_off(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	begin_forgery(s, &g);
	g.r.flags &= (uint8_t)~RECORD_TEST;
	write_forgery(s, &g);
	meets(s, ERR_RECORD, MSG_RECORD_TEST_FLAG);
}

static void
reserved_fields_and_unknown_kinds_are_refused(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	for (int i = 0; i < 5; i++) {
		begin_forgery(s, &g);
		switch (i) {
		case 0: g.r.flags |= 0x80; break;
		case 1: g.r.operation = OP_LAST + 1; break;
		case 2: g.r.operation = 0; break;
		case 3: g.r.application = 0; break;
		default: g.r.unit = 1000; break;
		}
		write_forgery(s, &g);
		meets(s, ERR_RECORD, MSG_RECORD_FIELD);
	}
	begin_forgery(s, &g);
	sign(s, &g);
	g.record[0] = 2;
	g.sealed = true;
	write_forgery(s, &g);
	meets(s, ERR_RECORD, MSG_RECORD_VERSION);
}

static void
a_record_wiped_out_is_no_new_card(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	begin_forgery(s, &g);
	memset(g.record, 0, RECORD_LEN);
	g.sealed = true;
	write_forgery(s, &g);
	meets(s, ERR_CARD_PARTIAL, MSG_CARD_BEGUN_ELSEWHERE);
}

/* --- the signer and its certificate */

static void
an_operation_the_certificate_does_not_allow_is_refused(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	for (unsigned op = OP_ISSUE; op <= OP_LAST; op++) {
		begin_forgery(s, &g);
		certify(s, s->root, ALL_RIGHTS & ~CERT_RIGHT(op), 0, 0, &g);
		g.r.operation = (uint8_t)op;
		write_forgery(s, &g);
		meets(s, ERR_CERT, MSG_CERT_NO_RIGHT);
	}
}

/* The same forgery with the right is a record like any other station's: told as one that is ahead. */
static void
with_the_right_the_same_record_is_another_stations(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	begin_forgery(s, &g);
	certify(s, s->root, CERT_RIGHT(OP_LOAD), 0, 0, &g);
	write_forgery(s, &g);
	meets(s, ERR_REFUSED, MSG_CARD_AHEAD);
}

static void
an_unknown_signer_is_refused(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	/* names itself under our station's certificate */
	begin_forgery(s, &g);
	g.r.signer[0] ^= 1;
	write_forgery(s, &g);
	meets(s, ERR_CERT, MSG_RECORD_SIGNER);
	/* or our station under its own */
	begin_forgery(s, &g);
	certify(s, s->root, ALL_RIGHTS, 0, 0, &g);
	memcpy(g.r.signer, s->f.station->signer, sizeof(g.r.signer));
	write_forgery(s, &g);
	meets(s, ERR_CERT, MSG_RECORD_SIGNER);
	/* or takes our station's name and certificate, without its key */
	begin_forgery(s, &g);
	g.signer = s->rogue;
	write_forgery(s, &g);
	meets(s, ERR_SIGNATURE, MSG_RECORD_SIGNATURE);
}

static void
a_certificate_of_another_root_is_refused(void **state)
{
	struct scene *s = *state;
	struct forgery g;

	begin_forgery(s, &g);
	certify(s, s->foreign, ALL_RIGHTS, 0, 0, &g);
	write_forgery(s, &g);
	meets(s, ERR_SIGNATURE, MSG_CERT_SIGNATURE);
	/* without a certificate the signer must be one the book knows */
	begin_forgery(s, &g);
	certify(s, s->foreign, ALL_RIGHTS, 0, 0, &g);
	memset(g.cert, 0, CERT_LEN);
	write_forgery(s, &g);
	meets(s, ERR_CERT, MSG_RECORD_SIGNER);
}

static void
a_record_written_outside_the_certificates_time_is_refused(void **state)
{
	struct scene *s = *state;
	const uint16_t today = (uint16_t)(s->record.written_at / MINUTES_A_DAY);
	struct forgery g;

	begin_forgery(s, &g);
	certify(s, s->root, ALL_RIGHTS, 0, (uint16_t)(today - 1), &g);
	write_forgery(s, &g);
	meets(s, ERR_CERT, MSG_CERT_EXPIRED);
	begin_forgery(s, &g);
	certify(s, s->root, ALL_RIGHTS, (uint16_t)(today + 1), 0, &g);
	write_forgery(s, &g);
	meets(s, ERR_CERT, MSG_CERT_NOT_YET);
}

/* --- value and log */

/* Credit and commit, as who stole key 3 would: no record, no line. */
static void
credit(struct scene *s, uint32_t steps)
{
	struct card *c = open_card(&s->f);
	struct card_content content;
	uint8_t data[5] = {DF_FILE_VALUE};
	uint16_t epoch = 0;

	for (size_t i = 0; i < 4; i++)
		data[1 + i] = (uint8_t)(steps >> 8 * i);
	assert_int_equal(card_read(c, &content, &s->f.why), ERR_OK);
	assert_int_equal(desfire_enter_own(c, DF_KEY_WRITE, &epoch, &s->f.why), ERR_OK);
	assert_int_equal(desfire_ask(c, DF_CREDIT, EV1_MACED, data, sizeof(data), 0, &s->f.why), ERR_OK);
	assert_int_equal(desfire_ask(c, DF_COMMIT_TRANSACTION, EV1_PLAIN, NULL, 0, 0, &s->f.why), ERR_OK);
	card_close(&c);
}

static void
a_value_above_the_record_is_refused(void **state)
{
	struct scene *s = *state;

	credit(s, 1);
	meets(s, ERR_RECORD, MSG_VALUE_UNEXPLAINED);
	credit(s, 1000000);
	meets(s, ERR_RECORD, MSG_VALUE_UNEXPLAINED);
}

/* A till debits with a line of its own; the record stays. Then it lies. */
static void
debit(struct scene *s, int32_t delta, int32_t logged, int32_t after)
{
	struct forgery g;

	begin_forgery(s, &g);
	memcpy(g.record, s->content.record, RECORD_LEN);
	g.sealed = true;
	g.delta = delta;
	g.line.delta = logged;
	g.line.after = after;
	write_forgery(s, &g);
}

static void
a_debit_with_its_line_is_explained(void **state)
{
	struct scene *s = *state;

	debit(s, -1000, -1000, s->content.value - 1000);
	assert_int_equal(club_fixture_show(&s->f), ERR_OK);
	assert_int_equal(s->f.result.balance, PAID - 1000 * s->f.station->programme.step);
	debit(s, -500, -500, s->content.value - 1500);
	assert_int_equal(club_fixture_show(&s->f), ERR_OK);
	put_back_honest_card(s);
}

static void
a_change_of_value_without_its_line_is_refused(void **state)
{
	struct scene *s = *state;

	debit(s, -1000, 0, s->content.value);
	meets(s, ERR_RECORD, MSG_VALUE_UNEXPLAINED);
	debit(s, -1000, -999, s->content.value - 999);
	meets(s, ERR_RECORD, MSG_VALUE_UNEXPLAINED);
}

static void
more_debits_than_the_log_has_lines_are_explained(void **state)
{
	struct scene *s = *state;
	int32_t after = s->content.value;

	for (int i = 0; i < CARD_LOG_LINES + 3; i++) {
		after -= 10;
		debit(s, -10, -10, after);
		assert_int_equal(club_fixture_show(&s->f), ERR_OK);
		assert_int_equal(s->f.result.value, after);
	}
	credit(s, 10);
	meets(s, ERR_RECORD, MSG_VALUE_UNEXPLAINED);
}

/* Spent and put back: below the record, and the newest line agrees; but a credit without a record explains nothing. */
static void
a_spent_amount_put_back_without_a_record_is_refused(void **state)
{
	struct scene *s = *state;

	debit(s, -1000, -1000, s->content.value - 1000);
	debit(s, 1000, 1000, s->content.value);
	meets(s, ERR_RECORD, MSG_VALUE_UNEXPLAINED);
	/* nor with a line that hides the credit */
	debit(s, -1000, -1000, s->content.value - 1000);
	debit(s, 900, -100, s->content.value - 100);
	meets(s, ERR_RECORD, MSG_VALUE_UNEXPLAINED);
}

static void
a_newest_line_of_another_record_is_refused(void **state)
{
	struct scene *s = *state;
	struct card *c = open_card(&s->f);
	struct card_write wr = {.cert = NULL};
	struct log_line line = {.after = s->content.value};
	struct card_content before;

	memset(line.record, 0x5A, sizeof(line.record));
	memcpy(wr.record, s->content.record, RECORD_LEN);
	log_line_encode(&line, wr.log);
	assert_int_equal(card_read(c, &before, &s->f.why), ERR_OK);
	assert_int_equal(card_write(c, &wr, &s->f.why), ERR_OK);
	card_close(&c);
	meets(s, ERR_RECORD, MSG_VALUE_UNEXPLAINED);
}

/* --- forgeries on a card whose load waits */

static void
leave_a_load_open(struct scene *s, struct store_intent *in)
{
	struct store_intent *list;
	size_t count;
	enum err e = ERR_CARD_GONE;

	for (unsigned n = 1; e == ERR_CARD_GONE; n++) {
		sim_card_tear(s->f.chip, n, SIM_TEAR_BEFORE);
		e = club_fixture_load(&s->f, PAID, "waits");
		club_fixture_return_card(&s->f);
		sim_card_tear(s->f.chip, 0, SIM_TEAR_NONE);
	}
	assert_int_equal(e, ERR_IN_DOUBT);
	assert_int_equal(store_intents_open_by_card(s->f.station->store, s->record.card_number, &list,
	    &count, &s->f.why), ERR_OK);
	assert_int_equal(count, 1);
	*in = list[0];
	free(list);
}

static void
stays_open(struct scene *s, enum err code, enum msg id)
{
	struct books before;

	books_take(&s->f, &before);
	is_refused(s, club_fixture_show(&s->f), code, id);
	is_refused(s, club_fixture_load(&s->f, PAID, "waits"), code, id);
	books_same(&s->f, &before);
	books_free(&before);
	books_sound(&s->f, 1);
	assert_int_equal(books_account(&s->f, ACCOUNT_CARD_WAITING, (int64_t)s->record.card_number), -PAID);
	assert_int_equal(sim_card_restore(s->f.chip, s->honest.image, s->honest.image_len, &s->f.why), ERR_OK);
}

/* The open load is settled neither by a successor nobody signed nor by a line that names its event. */
static void
no_forgery_settles_or_voids_an_open_load(void **state)
{
	struct scene *s = *state;
	struct store_intent in;
	struct forgery g;
	uint8_t hash[RECORD_HASH_LEN];

	leave_a_load_open(s, &in);
	/* another record under R1's number, badly signed: no successor has won */
	begin_forgery(s, &g);
	sign(s, &g);
	g.record[RECORD_BODY_LEN] ^= 1;
	g.sealed = true;
	write_forgery(s, &g);
	stays_open(s, ERR_SIGNATURE, MSG_RECORD_SIGNATURE);
	/* a record that follows R1, by a signer without the right */
	begin_forgery(s, &g);
	record_hash(in.r1, hash);
	memcpy(g.r.prev, hash, sizeof(g.r.prev));
	g.r.sequence = in.r1_sequence + 1;
	certify(s, s->root, CERT_RIGHT(OP_SPEND), 0, 0, &g);
	memcpy(g.line.event, in.event, sizeof(g.line.event));
	write_forgery(s, &g);
	stays_open(s, ERR_CERT, MSG_CERT_NO_RIGHT);
	/* R1 itself, but without the money */
	begin_forgery(s, &g);
	memcpy(g.record, in.r1, RECORD_LEN);
	memcpy(g.line.event, in.event, sizeof(g.line.event));
	g.line.delta = in.delta;
	g.line.after = s->content.value + in.delta;
	g.sealed = true;
	write_forgery(s, &g);
	stays_open(s, ERR_RECORD, MSG_VALUE_UNEXPLAINED);
	/* R1, a line that agrees with the value, and still no money */
	g.line.delta = 0;
	g.line.after = s->content.value;
	write_forgery(s, &g);
	stays_open(s, ERR_RECORD, MSG_VALUE_UNEXPLAINED);
	/* the honest card ends it */
	assert_int_equal(club_fixture_load(&s->f, PAID, "waits"), ERR_OK);
	club_fixture_expect(&s->f, 2 * PAID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_with_a_wrong_signature_is_refused),
		cmocka_unit_test(a_balance_raised_without_a_new_signature_is_refused),
		cmocka_unit_test(the_record_of_another_card_is_refused),
		cmocka_unit_test(a_record_signed_for_another_chip_is_refused),
		cmocka_unit_test(a_record_of_another_club_is_refused),
		cmocka_unit_test(a_number_with_a_wrong_check_digit_is_refused),
		cmocka_unit_test(the_number_of_another_card_is_refused_even_if_well_signed),
		cmocka_unit_test(a_jump_of_the_sequence_is_not_taken_for_our_own_change),
		cmocka_unit_test(a_sequence_that_went_back_is_refused),
		cmocka_unit_test(a_wrong_predecessor_is_refused),
		cmocka_unit_test(another_balance_under_the_same_number_of_change_is_refused),
		cmocka_unit_test(the_practice_mark_cannot_be_taken_off),
		cmocka_unit_test(reserved_fields_and_unknown_kinds_are_refused),
		cmocka_unit_test(a_record_wiped_out_is_no_new_card),
		cmocka_unit_test(an_operation_the_certificate_does_not_allow_is_refused),
		cmocka_unit_test(with_the_right_the_same_record_is_another_stations),
		cmocka_unit_test(an_unknown_signer_is_refused),
		cmocka_unit_test(a_certificate_of_another_root_is_refused),
		cmocka_unit_test(a_record_written_outside_the_certificates_time_is_refused),
		cmocka_unit_test(a_value_above_the_record_is_refused),
		cmocka_unit_test(a_debit_with_its_line_is_explained),
		cmocka_unit_test(more_debits_than_the_log_has_lines_are_explained),
		cmocka_unit_test(a_change_of_value_without_its_line_is_refused),
		cmocka_unit_test(a_spent_amount_put_back_without_a_record_is_refused),
		cmocka_unit_test(a_newest_line_of_another_record_is_refused),
		cmocka_unit_test(no_forgery_settles_or_voids_an_open_load),
	};

	return cmocka_run_group_tests_name("flow/forged", tests, open_scene, close_scene);
}
