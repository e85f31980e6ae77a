/*
 * cardapps/record: what is sealed verifies, and nothing else does. The club of these
 * tests is real in all but its flag: a root, a safe, a certificate, made in the
 * test's own folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "cardapps/number.h"
#include "cardapps/record.h"
#include "keys/digest.h"

#define PASS SAFE_PRACTICE_PASSPHRASE
#define PASS_LEN (sizeof(PASS) - 1)
#define DAY 9822	/* 2026-11-22 */
#define MINUTE (DAY * UINT32_C(1440) + 600)

struct club {
	struct root *root;
	struct safe *safe;
	uint8_t root_pub[PUBKEY_LEN];
	uint8_t id[4];
	uint8_t signer[4];
	uint8_t cert[CERT_LEN];
};

static struct club ours;
static struct club theirs;
static const uint8_t uid[7] = {0x04, 0x5A, 0x2F, 0x12, 0x9C, 0x61, 0x80};

static void
make_cert(const struct club *c, uint32_t rights, uint16_t from, uint16_t to, uint8_t out[CERT_LEN])
{
	struct cert cert = {
		.algorithm = 1, .test = true, .rights = rights, .serial = 1, .station = 1,
		.valid_from = from, .valid_to = to, .first_number = 1, .number_count = 1000,
	};

	safe_public(c->safe, cert.pub);
	assert_int_equal(root_certify(c->root, &cert, out, NULL), ERR_OK);
}

static void
make_club(struct club *c, const char *dir, const char *name)
{
	struct safe_info info = {.test = true, .station = 1, .epoch = 1};
	uint8_t pub[PUBKEY_LEN];
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s.root", dir, name);
	assert_int_equal(root_create(path, true, PASS, PASS_LEN, &c->root, NULL), ERR_OK);
	(void)unlink(path);
	root_public(c->root, c->root_pub);
	pubkey_id(c->root_pub, c->id);
	memcpy(info.club, c->id, sizeof(c->id));
	(void)snprintf(path, sizeof(path), "%s/%s.safe", dir, name);
	assert_int_equal(safe_create(path, &info, 1u << KEY_PICC, PASS, PASS_LEN, &c->safe, NULL), ERR_OK);
	(void)unlink(path);
	safe_public(c->safe, pub);
	pubkey_id(pub, c->signer);
	make_cert(c, UINT32_MAX, DAY - 10, DAY + 10, c->cert);
}

static int
make_clubs(void **state)
{
	char dir[256];
	const char *tmp = getenv("TMPDIR");

	(void)state;
	(void)snprintf(dir, sizeof(dir), "%s/record-XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(dir) == NULL)
		return -1;
	make_club(&ours, dir, "ours");
	make_club(&theirs, dir, "theirs");
	return rmdir(dir);
}

static int
drop_clubs(void **state)
{
	(void)state;
	safe_close(&ours.safe);
	safe_close(&theirs.safe);
	root_close(&ours.root);
	root_close(&theirs.root);
	return 0;
}

/* A good record of `c`: every field another value, none of them zero by chance. */
static struct record
good(const struct club *c)
{
	struct record r = {
		.application = APP_LOYALTY, .tier = 2, .flags = RECORD_TEST | RECORD_VALUE_FILE,
		.sequence = 7, .member = 0x01020304, .balance = 500000, .unit = UNIT_IRR,
		.lot_day = DAY + 90, .lot_amount = 1200, .valid_to = DAY + 365, .last_action = 3,
		.operation = OP_LOAD, .programme = 1, .key_epoch = 1, .written_at = MINUTE,
		.prev = {1, 2, 3, 4, 5, 6, 7, 8},
	};

	assert_true(card_number_make(1, 42, 123456783, &r.card_number));
	memcpy(r.club, c->id, sizeof(r.club));
	memcpy(r.signer, c->signer, sizeof(r.signer));
	return r;
}

static void
seal(const struct record *r, const struct club *c, uint8_t out[RECORD_LEN])
{
	struct why w;

	assert_int_equal(record_seal(r, uid, sizeof(uid), c->safe, out, &w), ERR_OK);
}

static enum err
verify(const uint8_t bytes[RECORD_LEN], const uint8_t cert[CERT_LEN], struct why *w)
{
	struct record r;
	struct cert signer;

	memset(w, 0, sizeof(*w));
	return record_verify(bytes, uid, sizeof(uid), cert, ours.root_pub, &r, &signer, w);
}

static void
a_sealed_record_verifies_and_says_what_was_sealed(void **state)
{
	struct record r = good(&ours);
	struct record back;
	struct cert signer;
	uint8_t bytes[RECORD_LEN];
	uint8_t body[RECORD_BODY_LEN];

	(void)state;
	r.balance = -1;
	seal(&r, &ours, bytes);
	assert_int_equal(record_verify(bytes, uid, sizeof(uid), ours.cert, ours.root_pub, &back, &signer,
	    NULL), ERR_OK);
	record_encode_body(&back, body);
	assert_memory_equal(body, bytes, sizeof(body));
	assert_int_equal(back.balance, -1);
	assert_int_equal(back.operation, OP_LOAD);
	assert_int_equal(signer.station, 1);
}

static void
every_field_lies_where_the_layout_says(void **state)
{
	/* the offsets of docs/card-format.md, written out by hand */
	static const uint8_t want[RECORD_BODY_LEN] = {
		1, 1, 2, 9, 0, 0, 0, 7, 0, 0x03, 0x8D, 0x97, 0x7D, 0x7B, 0x58, 0x14,
		1, 2, 3, 4, 0xC1, 0xC2, 0xC3, 0xC4, 0, 0, 0, 0, 0, 0x07, 0xA1, 0x20,
		0x01, 0x6C, 0x26, 0xB8, 0, 0, 0x04, 0xB0, 0x27, 0xCB, 0, 3, 2, 1, 0, 1,
		0xD1, 0xD2, 0xD3, 0xD4, 0x00, 0xD7, 0xD3, 0x18, 1, 2, 3, 4, 5, 6, 7, 8,
	};
	struct record r = good(&ours);
	uint8_t body[RECORD_BODY_LEN];

	(void)state;
	r.card_number = UINT64_C(0x00038D977D7B5814);
	memcpy(r.club, "\xC1\xC2\xC3\xC4", 4);
	memcpy(r.signer, "\xD1\xD2\xD3\xD4", 4);
	record_encode_body(&r, body);
	assert_memory_equal(body, want, sizeof(want));
}

static void
no_bit_of_a_record_can_be_changed(void **state)
{
	struct record r = good(&ours);
	uint8_t bytes[RECORD_LEN];
	struct why w;

	(void)state;
	seal(&r, &ours, bytes);
	assert_int_equal(verify(bytes, ours.cert, &w), ERR_OK);
	for (size_t bit = 0; bit < RECORD_LEN * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(verify(bytes, ours.cert, &w), ERR_OK);
		assert_int_not_equal(w.id, MSG_NONE);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void
no_bit_of_a_certificate_can_be_changed(void **state)
{
	struct record r = good(&ours);
	uint8_t bytes[RECORD_LEN];
	uint8_t cert[CERT_LEN];
	struct why w;

	(void)state;
	seal(&r, &ours, bytes);
	memcpy(cert, ours.cert, sizeof(cert));
	for (size_t bit = 0; bit < CERT_LEN * 8; bit++) {
		cert[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(verify(bytes, cert, &w), ERR_OK);
		cert[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void
a_record_copied_to_another_chip_is_refused(void **state)
{
	struct record r = good(&ours);
	struct cert signer;
	uint8_t bytes[RECORD_LEN];
	uint8_t other[7];
	struct why w;

	(void)state;
	seal(&r, &ours, bytes);
	memcpy(other, uid, sizeof(other));
	other[6] ^= 1;
	assert_int_equal(record_verify(bytes, other, 7, ours.cert, ours.root_pub, &r, &signer, &w), ERR_SIGNATURE);
	assert_int_equal(w.id, MSG_RECORD_SIGNATURE);
	assert_int_equal(record_verify(bytes, uid, 4, ours.cert, ours.root_pub, &r, &signer, &w), ERR_SIGNATURE);
	assert_int_equal(record_verify(bytes, NULL, 0, ours.cert, ours.root_pub, &r, &signer, &w), ERR_SIGNATURE);
	assert_int_equal(record_verify(bytes, uid, 5, ours.cert, ours.root_pub, &r, &signer, &w), ERR_RECORD);
	assert_string_equal(w.arg[0].str, "uid");
}

static void
a_card_without_a_chip_has_no_uid_to_sign(void **state)
{
	struct record r = good(&ours);
	struct record back;
	struct cert signer;
	uint8_t bytes[RECORD_LEN];

	(void)state;
	assert_int_equal(record_seal(&r, NULL, 0, ours.safe, bytes, NULL), ERR_OK);
	assert_int_equal(record_verify(bytes, NULL, 0, ours.cert, ours.root_pub, &back, &signer, NULL), ERR_OK);
}

static void
a_foreign_club_is_told_as_such(void **state)
{
	struct record r = good(&theirs);
	uint8_t bytes[RECORD_LEN];
	struct why w;

	(void)state;
	seal(&r, &theirs, bytes);
	assert_int_equal(verify(bytes, theirs.cert, &w), ERR_CARD_FOREIGN);
	assert_int_equal(w.id, MSG_RECORD_FOREIGN);
	/* whatever certificate lies beside it */
	assert_int_equal(verify(bytes, ours.cert, &w), ERR_CARD_FOREIGN);
}

static void
a_foreign_station_cannot_sign_for_our_club(void **state)
{
	struct record r = good(&theirs);
	struct safe_info info;
	uint8_t bytes[RECORD_LEN];
	uint8_t body[RECORD_BODY_LEN];
	uint8_t msg[15 + 1 + sizeof(uid) + RECORD_BODY_LEN] = "bashgah-card-1";
	struct why w;

	(void)state;
	info = *safe_get_info(theirs.safe);
	assert_memory_equal(info.club, theirs.id, 4);
	memcpy(r.club, ours.id, sizeof(r.club));
	record_encode_body(&r, body);
	msg[15] = sizeof(uid);
	memcpy(msg + 16, uid, sizeof(uid));
	memcpy(msg + 16 + sizeof(uid), body, sizeof(body));
	memcpy(bytes, body, sizeof(body));
	assert_int_equal(safe_sign(theirs.safe, msg, sizeof(msg), bytes + RECORD_BODY_LEN, &w), ERR_OK);
	/* their certificate is not under our root; ours is not the signer's */
	assert_int_equal(verify(bytes, theirs.cert, &w), ERR_SIGNATURE);
	assert_int_equal(verify(bytes, ours.cert, &w), ERR_CERT);
	assert_int_equal(w.id, MSG_RECORD_SIGNER);
}

static void
the_certificate_must_cover_operation_and_day(void **state)
{
	struct record r = good(&ours);
	uint8_t bytes[RECORD_LEN];
	uint8_t cert[CERT_LEN];
	struct why w;

	(void)state;
	for (uint8_t op = OP_ISSUE; op <= OP_LAST; op++) {
		r.operation = op;
		seal(&r, &ours, bytes);
		make_cert(&ours, CERT_RIGHT(op), DAY, DAY, cert);
		assert_int_equal(verify(bytes, cert, &w), ERR_OK);
		make_cert(&ours, ~CERT_RIGHT(op), DAY, DAY, cert);
		assert_int_equal(verify(bytes, cert, &w), ERR_CERT);
	}
	make_cert(&ours, UINT32_MAX, DAY + 1, 0, cert);
	assert_int_equal(verify(bytes, cert, &w), ERR_CERT);
	make_cert(&ours, UINT32_MAX, DAY - 9, DAY - 1, cert);
	assert_int_equal(verify(bytes, cert, &w), ERR_CERT);
	make_cert(&ours, UINT32_MAX, DAY - 9, 0, cert);
	assert_int_equal(verify(bytes, cert, &w), ERR_OK);
}

static void
practice_and_real_never_mix(void **state)
{
	struct record r = good(&ours);
	uint8_t bytes[RECORD_LEN];
	struct why w;

	(void)state;
	seal(&r, &ours, bytes);
	bytes[3] &= (uint8_t)~RECORD_TEST;
	assert_int_equal(verify(bytes, ours.cert, &w), ERR_RECORD);
	assert_int_equal(w.id, MSG_RECORD_TEST_FLAG);
}

/* One field of a body spoilt; `field` is what the sentence must name. */
struct spoil {
	const char *field;
	size_t off;
	uint8_t value;
};

static void
a_value_nobody_wrote_is_refused_by_name(void **state)
{
	static const struct spoil table[] = {
		{"version", 0, 0}, {"version", 0, 2}, {"version", 0, 0xFF},
		{"application", 1, 0}, {"application", 1, 6}, {"application", 1, 0xFF},
		{"flags", 3, 0x20}, {"flags", 3, 0x80}, {"flags", 3, 0xFF},
		{"sequence", 7, 0},
		{"card number", 8, 0xFF}, {"card number", 15, 0},
		{"unit", 32, 0xFF},
		{"operation", 44, 0}, {"operation", 44, 11}, {"operation", 44, 0xFF},
		{"written at", 52, 0x80},
		{"previous record", 7, 1},
	};
	const struct record r = good(&ours);
	struct why w;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t bytes[RECORD_LEN] = {0};
		struct record out;

		record_encode_body(&r, bytes);
		assert_int_equal(record_parse(bytes, &out, &w), ERR_OK);
		bytes[table[i].off] = table[i].value;
		assert_int_equal(record_parse(bytes, &out, &w), ERR_RECORD);
		assert_string_equal(w.arg[0].str, table[i].field);
	}
}

static void
the_first_record_and_only_it_has_no_predecessor(void **state)
{
	struct record r = good(&ours);
	uint8_t bytes[RECORD_LEN];
	struct why w;

	(void)state;
	r.sequence = 1;
	assert_int_equal(record_seal(&r, uid, sizeof(uid), ours.safe, bytes, &w), ERR_ARG);
	assert_string_equal(w.arg[0].str, "previous record");
	memset(r.prev, 0, sizeof(r.prev));
	assert_int_equal(record_seal(&r, uid, sizeof(uid), ours.safe, bytes, &w), ERR_OK);
	r.sequence = 2;
	assert_int_equal(record_seal(&r, uid, sizeof(uid), ours.safe, bytes, &w), ERR_ARG);
}

static void
points_that_expire_need_their_day(void **state)
{
	struct record r = good(&ours);
	uint8_t bytes[RECORD_LEN];
	struct why w;

	(void)state;
	r.lot_day = 0;
	assert_int_equal(record_seal(&r, uid, sizeof(uid), ours.safe, bytes, &w), ERR_ARG);
	assert_string_equal(w.arg[0].str, "lot amount");
	r.lot_amount = 0;
	assert_int_equal(record_seal(&r, uid, sizeof(uid), ours.safe, bytes, &w), ERR_OK);
}

static void
a_safe_signs_for_nobody_else(void **state)
{
	struct record r = good(&ours);
	uint8_t bytes[RECORD_LEN];
	struct why w;

	(void)state;
	r.signer[0] ^= 1;
	assert_int_equal(record_seal(&r, uid, sizeof(uid), ours.safe, bytes, &w), ERR_ARG);
	assert_string_equal(w.arg[0].str, "signer");
	r = good(&ours);
	r.club[3] ^= 1;
	assert_int_equal(record_seal(&r, uid, sizeof(uid), ours.safe, bytes, &w), ERR_ARG);
	assert_string_equal(w.arg[0].str, "club");
	r = good(&ours);
	r.flags = 0;
	assert_int_equal(record_seal(&r, uid, sizeof(uid), ours.safe, bytes, &w), ERR_ARG);
	assert_string_equal(w.arg[0].str, "flags");
	r = good(&ours);
	assert_int_equal(record_seal(&r, uid, 5, ours.safe, bytes, &w), ERR_ARG);
	assert_string_equal(w.arg[0].str, "uid");
}

static void
blank_and_random_bytes_are_no_record(void **state)
{
	uint8_t bytes[RECORD_LEN];
	struct why w;

	(void)state;
	memset(bytes, 0x00, sizeof(bytes));
	assert_int_equal(verify(bytes, ours.cert, &w), ERR_RECORD);
	memset(bytes, 0xFF, sizeof(bytes));
	assert_int_equal(verify(bytes, ours.cert, &w), ERR_RECORD);
	for (unsigned i = 0; i < 2000; i++) {
		assert_int_equal(random_bytes(bytes, sizeof(bytes), NULL), ERR_OK);
		bytes[0] = 1;
		assert_int_not_equal(verify(bytes, ours.cert, &w), ERR_OK);
	}
}

static void
the_hash_covers_body_and_signature(void **state)
{
	uint8_t bytes[RECORD_LEN];
	uint8_t a[RECORD_HASH_LEN];
	uint8_t b[RECORD_HASH_LEN];
	struct record r = good(&ours);

	(void)state;
	seal(&r, &ours, bytes);
	digest_sha256(bytes, 128, a);
	record_hash(bytes, b);
	assert_memory_equal(a, b, sizeof(a));
	bytes[127] ^= 1;
	record_hash(bytes, b);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void
a_log_line_keeps_its_signs(void **state)
{
	static const uint8_t want[LOG_LINE_LEN] = {
		1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 9, 0x00, 0xD7, 0xD3, 0x18,
		0xFF, 0xFF, 0xFF, 0x9C, 0x80, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1,
	};
	const struct log_line l = {
		.event = {1, 2, 3, 4, 5, 6, 7, 8}, .station = 9, .minutes = MINUTE, .delta = -100,
		.after = INT32_MIN, .record = {8, 7, 6, 5, 4, 3, 2, 1},
	};
	struct log_line back;
	uint8_t bytes[LOG_LINE_LEN];

	(void)state;
	log_line_encode(&l, bytes);
	assert_memory_equal(bytes, want, sizeof(want));
	log_line_parse(bytes, &back);
	assert_int_equal(back.delta, -100);
	assert_int_equal(back.after, INT32_MIN);
	assert_memory_equal(back.record, l.record, sizeof(l.record));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sealed_record_verifies_and_says_what_was_sealed),
		cmocka_unit_test(every_field_lies_where_the_layout_says),
		cmocka_unit_test(no_bit_of_a_record_can_be_changed),
		cmocka_unit_test(no_bit_of_a_certificate_can_be_changed),
		cmocka_unit_test(a_record_copied_to_another_chip_is_refused),
		cmocka_unit_test(a_card_without_a_chip_has_no_uid_to_sign),
		cmocka_unit_test(a_foreign_club_is_told_as_such),
		cmocka_unit_test(a_foreign_station_cannot_sign_for_our_club),
		cmocka_unit_test(the_certificate_must_cover_operation_and_day),
		cmocka_unit_test(practice_and_real_never_mix),
		cmocka_unit_test(a_value_nobody_wrote_is_refused_by_name),
		cmocka_unit_test(the_first_record_and_only_it_has_no_predecessor),
		cmocka_unit_test(points_that_expire_need_their_day),
		cmocka_unit_test(a_safe_signs_for_nobody_else),
		cmocka_unit_test(blank_and_random_bytes_are_no_record),
		cmocka_unit_test(the_hash_covers_body_and_signature),
		cmocka_unit_test(a_log_line_keeps_its_signs),
	};

	return cmocka_run_group_tests_name("cardapps/record", tests, make_clubs, drop_clubs);
}
