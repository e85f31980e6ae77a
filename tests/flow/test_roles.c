/*
 * Roles of stations: what each may do, refused first by its certificate and then, were that forged, for want of
 * keys; and the register of certificates.
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

#include "cardapps/chip/desfire.h"
#include "keys/masters.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/club/member.h"
#include "station/flow/settings.h"
#include "station/flow/station_clock.h"
#include "station/store/journal.h"
#include "tests/support/stations.h"

#define PAID INT64_C(500000)
#define PRACTICE SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1

/* --- what each role may do */

enum act { SHOW, ISSUE, LOAD, RESIGN, HOT_ADD, RENEW, CERTIFY, ACTS };

/*
 * By its certificate, and then under one with every right that somebody has forged. A load or a signing again of a
 * card of the other station gets as far as the book.
 */
static const struct {
	enum role role;
	enum err honest[ACTS], forged[ACTS];
} roles[] = {
	{ROLE_TILL, {ERR_OK, ERR_CERT, ERR_CERT, ERR_CERT, ERR_CERT, ERR_CERT, ERR_REFUSED},
	    {ERR_OK, ERR_NO_KEY, ERR_NOT_FOUND, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED}},
	{ROLE_DESK, {ERR_OK, ERR_CERT, ERR_NOT_FOUND, ERR_REFUSED, ERR_CERT, ERR_CERT, ERR_REFUSED},
	    {ERR_OK, ERR_NO_KEY, ERR_NOT_FOUND, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED}},
	{ROLE_ISSUER, {ERR_OK, ERR_OK, ERR_NOT_FOUND, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED},
	    {ERR_OK, ERR_OK, ERR_NOT_FOUND, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED}},
	{ROLE_PORTAL, {ERR_NO_KEY, ERR_CERT, ERR_CERT, ERR_CERT, ERR_CERT, ERR_CERT, ERR_REFUSED},
	    {ERR_NO_KEY, ERR_NO_KEY, ERR_NO_KEY, ERR_NO_KEY, ERR_REFUSED, ERR_REFUSED, ERR_REFUSED}},
};

static void
enrol(struct station *s, uint32_t *member)
{
	const struct member_form form = {.name = "رضا", .now_ms = clock_now_ms()};
	struct store_range range = {900000001, 900000100};

	/* a till has no numbers of its own; the keys are asked for here, not the numbers */
	assert_int_equal(store_begin(s->store, NULL), ERR_OK);
	if (s->cert.number_count == 0) {
		assert_int_equal(store_range_set(s->store, STORE_SERIALS, range, NULL), ERR_OK);
		assert_int_equal(store_range_set(s->store, STORE_MEMBERS, range, NULL), ERR_OK);
	}
	assert_int_equal(club_member_add(s->store, &form, member, NULL), ERR_OK);
	assert_int_equal(store_commit(s->store, NULL), ERR_OK);
}

static enum err
certify_here(struct stations *s)
{
	struct root *root = stations_root(s);
	char request[STATION_PATH_CAP];
	const struct certify_options o = {.request = request, .root = root, .out = "/nowhere/x.cert"};
	struct cert c;
	enum err e;

	stations_path(s, "second.request", request);
	e = station_certify(s->second.station, &o, &c, &s->second.why);
	root_close(&root);
	return e;
}

static enum err
try_act(struct stations *s, enum act act)
{
	struct flow_request resign = {.flow = FLOW_RESIGN, .reader = s->second.reader, .manager = true, .reason = "why"};
	struct flow_request issue = {.flow = FLOW_ISSUE, .member = s->second.member};
	struct sim_card *fresh;
	enum err e = ERR_OK;

	switch (act) {
	case SHOW:
		return club_fixture_show(&s->second);
	case ISSUE:
		assert_int_equal(sim_desfire_new(NULL, NULL, &fresh, NULL), ERR_OK);
		assert_int_equal(sim_reader_open(fresh, false, &issue.reader, NULL), ERR_OK);
		e = flow_run(s->second.station, &issue, &s->second.result, &s->second.why);
		reader_close(&issue.reader);
		sim_card_free(&fresh);
		return e;
	case LOAD:
		return club_fixture_load(&s->second, PAID, NULL);
	case RESIGN:
		return flow_run(s->second.station, &resign, &s->second.result, &s->second.why);
	case HOT_ADD:
		return lists_hot_add(s->second.station, 12, LIST_LOST, &s->second.why);
	case RENEW:
		return lists_renew(s->second.station, &s->second.why);
	case CERTIFY:
		return certify_here(s);
	case ACTS:
	default:
		return ERR_OK;
	}
}

/* What a thief of the station with the root's help, or a fault in what looks at rights, could have. */
static void
forge_certificate(struct stations *s)
{
	struct root *root = stations_root(s);
	struct cert c = s->second.station->cert;

	c.rights = role_rights(ROLE_ISSUER);
	assert_int_equal(root_certify(root, &c, s->second.station->cert_bytes, NULL), ERR_OK);
	root_close(&root);
	s->second.station->cert = c;
}

static void
try_acts(struct stations *s, const enum err expected[ACTS], const char *role, const char *how)
{
	for (int act = 0; act < ACTS; act++) {
		enum err e = try_act(s, (enum act)act);

		if (e != expected[act])
			fail_msg("%s, %s: act %d gave %s (%s), not %s", role, how, act, err_name(e),
			    msg_name(s->second.why.id), err_name(expected[act]));
	}
}

static void
each_role_does_its_own_and_has_no_keys_for_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		const char *name = role_name(roles[i].role);
		struct stations s;
		char place[32];

		(void)snprintf(place, sizeof(place), "roles-%s", name);
		stations_open(&s, place, roles[i].role);
		enrol(s.second.station, &s.second.member);
		club_fixture_new_card(&s.f);
		assert_int_equal(club_fixture_issue(&s.f, NULL), ERR_OK);
		assert_int_equal(club_fixture_load(&s.f, PAID, NULL), ERR_OK);
		stations_move_card(&s);
		for (int slot = 0; slot < KEY_SLOT_COUNT; slot++)
			assert_int_equal(safe_has(s.second.station->safe, (enum key_slot)slot),
			    (role_slots(roles[i].role) >> slot & 1) != 0);
		try_acts(&s, roles[i].honest, name, "honest");
		forge_certificate(&s);
		try_acts(&s, roles[i].forged, name, "forged");
		stations_close(&s);
	}
}

/* --- with which key a card is read and written */

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

static void
a_till_reads_with_key_1_and_cannot_write_a_desk_writes_with_key_3(void **state)
{
	static const struct {
		enum role role;
		int inside;	/* the key of the session that read the log */
		enum err write;
	} rows[] = {{ROLE_TILL, DF_KEY_DEBIT, ERR_NO_KEY}, {ROLE_DESK, DF_KEY_WRITE, ERR_OK}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stations s;
		struct card_content content;
		struct card_write wr = {.delta = 0};
		struct card *c;

		stations_open(&s, i == 0 ? "roles-key1" : "roles-key3", rows[i].role);
		club_fixture_new_card(&s.f);
		assert_int_equal(club_fixture_issue(&s.f, NULL), ERR_OK);
		stations_move_card(&s);
		c = open_card(&s.second);
		assert_int_equal(card_read(c, &content, &s.f.why), ERR_OK);
		assert_true(content.has_record && content.has_value && content.log_len == 1);
		assert_true(desfire_inside(c, s.f.station->set.aid, (uint8_t)rows[i].inside));
		memcpy(wr.record, content.record, sizeof(wr.record));
		memcpy(wr.log, content.log[0], sizeof(wr.log));
		assert_int_equal(card_write(c, &wr, &s.f.why), rows[i].write);
		card_close(&c);
		stations_close(&s);
	}
}

/* --- the register */

static struct safe *
fresh_safe(struct stations *s, uint32_t station, const char *name)
{
	struct safe_info info = {.test = true, .station = station};
	char path[STATION_PATH_CAP];
	struct safe *safe;

	memcpy(info.club, s->f.station->club, sizeof(info.club));
	stations_path(s, name, path);
	assert_int_equal(safe_create(path, &info, 0, PRACTICE, &safe, NULL), ERR_OK);
	return safe;
}

/* A request of `safe`, certified; the certificate's file is gone again. */
static enum err
certify_safe(struct stations *s, const struct safe *safe, const struct certify_options *like, struct cert *out)
{
	struct certify_options o = *like;
	struct root *root = stations_root(s);
	char request[STATION_PATH_CAP], cert[STATION_PATH_CAP];
	uint8_t bytes[REQUEST_CAP];
	enum err e;

	stations_path(s, "any.request", request);
	stations_path(s, "any.cert", cert);
	assert_int_equal(request_seal(safe, ROLE_ISSUER, 1, bytes, NULL), ERR_OK);
	assert_int_equal(file_write(request, bytes, sizeof(bytes), 0600, NULL), ERR_OK);
	o.request = request;
	o.out = cert;
	if (o.root == NULL)
		o.root = root;
	memset(&s->f.why, 0, sizeof(s->f.why));
	e = station_certify(s->f.station, &o, out, &s->f.why);
	(void)unlink(cert);
	root_close(&root);
	return e;
}

static void
ranges_never_overlap_and_run_out_by_name(void **state)
{
	static const uint32_t counts[] = {0, 1, 5000, 900000000, 0};
	struct stations s;
	struct cert given[8];
	size_t n = 0;
	struct cert c;

	(void)state;
	stations_open(&s, "roles-ranges", ROLE_DESK);
	given[n++] = s.f.station->cert;
	given[n++] = s.second.station->cert;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		char name[32];
		struct safe *safe;

		(void)snprintf(name, sizeof(name), "s%zu.safe", i);
		safe = fresh_safe(&s, 10 + (uint32_t)i, name);
		assert_int_equal(certify_safe(&s, safe, &(struct certify_options){.numbers = counts[i]}, &given[n]), ERR_OK);
		assert_int_equal(given[n].serial, given[n - 1].serial + 1);
		n++;
		safe_close(&safe);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_true(given[k].first_number + given[k].number_count <= given[i].first_number ||
			    given[i].first_number + given[i].number_count <= given[k].first_number);
	{
		struct safe *safe = fresh_safe(&s, 99, "last.safe");

		assert_int_equal(certify_safe(&s, safe, &(struct certify_options){.numbers = 99000000}, &c), ERR_RANGE);
		assert_int_equal(s.f.why.id, MSG_NUMBERS_EXHAUSTED);
		assert_int_equal(certify_safe(&s, safe, &(struct certify_options){.numbers = 1000}, &c), ERR_OK);
		safe_close(&safe);
	}
	stations_close(&s);
}

static void
a_known_key_is_renewed_and_a_taken_number_is_not_given_to_another(void **state)
{
	struct stations s;
	struct safe *other;
	struct cert c;

	(void)state;
	stations_open(&s, "roles-renew", ROLE_DESK);
	assert_int_equal(certify_safe(&s, s.second.station->safe, &(struct certify_options){.valid_days = 30,
	    .has_role = true, .role = ROLE_DESK}, &c), ERR_OK);
	assert_int_equal(c.first_number, s.second.station->cert.first_number);
	assert_int_equal(c.number_count, s.second.station->cert.number_count);
	assert_int_equal(c.valid_to, c.valid_from + 30);
	assert_int_equal(c.rights, role_rights(ROLE_DESK));
	other = fresh_safe(&s, 2, "other.safe");
	assert_int_equal(certify_safe(&s, other, &(struct certify_options){0}, &c), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_STATION_NUMBER_TAKEN);
	assert_int_equal(certify_safe(&s, other, &(struct certify_options){.replace = true}, &c), ERR_OK);
	assert_true(c.first_number > s.second.station->cert.first_number);
	safe_close(&other);
	stations_close(&s);
}

static void
a_certificate_of_another_key_an_older_one_or_a_damaged_one_is_not_installed(void **state)
{
	struct stations s;
	char path[STATION_PATH_CAP];
	uint8_t bytes[CERT_LEN];
	struct root *root;
	struct cert c;

	(void)state;
	stations_open(&s, "roles-install", ROLE_DESK);
	root = stations_root(&s);
	stations_path(&s, "x.cert", path);
	assert_int_equal(file_write(path, s.f.station->cert_bytes, CERT_LEN, 0600, NULL), ERR_OK);
	assert_int_equal(station_install(s.second.station, path, &c, &s.f.why), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_CERT_OTHER_STATION);
	c = s.second.station->cert;
	c.serial = 1;
	assert_int_equal(root_certify(root, &c, bytes, NULL), ERR_OK);
	assert_int_equal(file_write(path, bytes, sizeof(bytes), 0600, NULL), ERR_OK);
	assert_int_equal(station_install(s.second.station, path, &c, &s.f.why), ERR_REFUSED);
	assert_int_equal(s.f.why.id, MSG_CERT_OLDER);
	memcpy(bytes, s.second.station->cert_bytes, sizeof(bytes));
	for (size_t at = 0; at < sizeof(bytes); at += 5) {
		bytes[at] ^= 0x10;
		assert_int_equal(file_write(path, bytes, sizeof(bytes), 0600, NULL), ERR_OK);
		assert_int_not_equal(station_install(s.second.station, path, &c, &s.f.why), ERR_OK);
		bytes[at] ^= 0x10;
	}
	assert_int_equal(file_write(path, bytes, sizeof(bytes) - 1, 0600, NULL), ERR_OK);
	assert_int_equal(station_install(s.second.station, path, &c, &s.f.why), ERR_LEN);
	root_close(&root);
	stations_close(&s);
}

static void
the_same_certificate_again_does_not_begin_its_numbers_again(void **state)
{
	struct stations s;
	char path[STATION_PATH_CAP];
	int64_t before, after;
	struct cert c;

	(void)state;
	stations_open(&s, "roles-again", ROLE_DESK);
	stations_path(&s, "second.cert", path);
	assert_int_equal(store_begin(s.second.station->store, NULL), ERR_OK);
	assert_int_equal(store_range_next(s.second.station->store, STORE_SERIALS, &before, NULL), ERR_OK);
	assert_int_equal(store_commit(s.second.station->store, NULL), ERR_OK);
	assert_int_equal(station_install(s.second.station, path, &c, &s.f.why), ERR_OK);
	assert_int_equal(store_begin(s.second.station->store, NULL), ERR_OK);
	assert_int_equal(store_range_next(s.second.station->store, STORE_SERIALS, &after, NULL), ERR_OK);
	store_rollback(s.second.station->store);
	assert_int_equal(after, before + 1);
	stations_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_role_does_its_own_and_has_no_keys_for_more),
		cmocka_unit_test(a_till_reads_with_key_1_and_cannot_write_a_desk_writes_with_key_3),
		cmocka_unit_test(ranges_never_overlap_and_run_out_by_name),
		cmocka_unit_test(a_known_key_is_renewed_and_a_taken_number_is_not_given_to_another),
		cmocka_unit_test(a_certificate_of_another_key_an_older_one_or_a_damaged_one_is_not_installed),
		cmocka_unit_test(the_same_certificate_again_does_not_begin_its_numbers_again),
	};

	return cmocka_run_group_tests_name("flow/roles", tests, NULL, NULL);
}
