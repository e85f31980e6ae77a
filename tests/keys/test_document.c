/* keys/document, request, club_file and list: papers between stations, and nothing else, are believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/club_file.h"
#include "keys/list.h"
#include "keys/request.h"

#define PRACTICE SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1

/* A club, as far as papers go: its root, one station of it and that station's certificate. */
struct club {
	struct root *root;
	uint8_t root_pub[PUBKEY_LEN];
	struct safe *safe;
	uint8_t cert[CERT_LEN];
	bool test;
};

static char folder[64];
static struct club ours, strange;

static void
certify(struct club *c, uint32_t rights)
{
	struct cert cert = {.algorithm = 1, .rights = rights, .serial = 1, .station = 1, .valid_from = 1,
	    .first_number = 1, .number_count = 10};

	safe_public(c->safe, cert.pub);
	assert_int_equal(root_certify(c->root, &cert, c->cert, NULL), ERR_OK);
}

static void
make_club(struct club *c, const char *name)
{
	struct safe_info info = {.test = true, .station = 1, .epoch = 1};
	char path[128];

	c->test = true;
	(void)snprintf(path, sizeof(path), "%s/%s.root", folder, name);
	assert_int_equal(root_create(path, true, PRACTICE, &c->root, NULL), ERR_OK);
	(void)unlink(path);
	root_public(c->root, c->root_pub);
	pubkey_id(c->root_pub, info.club);
	(void)snprintf(path, sizeof(path), "%s/%s.safe", folder, name);
	assert_int_equal(safe_create(path, &info, 0, PRACTICE, &c->safe, NULL), ERR_OK);
	(void)unlink(path);
	certify(c, role_rights(ROLE_ISSUER));
}

static int
make_clubs(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s", "/tmp/bashgah-papers-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	make_club(&ours, "ours");
	make_club(&strange, "strange");
	return 0;
}

static int
drop_clubs(void **state)
{
	(void)state;
	safe_close(&ours.safe);
	safe_close(&strange.safe);
	root_close(&ours.root);
	root_close(&strange.root);
	return rmdir(folder);
}

/* --- one of each */

typedef void (*maker)(const struct club *c, uint8_t **out, size_t *len);
typedef enum err (*opener)(const uint8_t *p, size_t len, const struct club *c, struct why *w);

static void
make_request(const struct club *c, uint8_t **out, size_t *len)
{
	*out = malloc(REQUEST_CAP);
	*len = REQUEST_CAP;
	assert_int_equal(request_seal(c->safe, ROLE_DESK, 14000000, *out, NULL), ERR_OK);
}

static enum err
open_request(const uint8_t *p, size_t len, const struct club *c, struct why *w)
{
	struct cert_request q;

	return request_open(p, len, c->root_pub, c->test, &q, w);
}

static void
make_hot(const struct club *c, uint8_t **out, size_t *len)
{
	struct list_hot hot[] = {{.card = 9000000000000012, .day = 9800, .reason = LIST_STOLEN},
	    {.card = 12, .day = 9801, .reason = LIST_LOST}};
	struct list l = {.kind = LIST_HOT, .number = 7, .dated = 14000000, .count = 2, .hot = hot};
	const struct document_pen pen = {.safe = c->safe, .cert = c->cert};

	assert_int_equal(list_seal(&l, &pen, out, len, NULL), ERR_OK);
}

static void
make_revoked(const struct club *c, uint8_t **out, size_t *len)
{
	struct list_revoked gone[] = {{.station = 3, .serial = 4, .key = {1, 2, 3, 4}, .day = 9800,
	    .reason = LIST_STOLEN, .head_seq = 77}};
	struct list l = {.kind = LIST_REVOKED, .number = 2, .dated = 14000000, .count = 1, .revoked = gone};
	const struct document_pen pen = {.root = c->root};

	assert_int_equal(list_seal(&l, &pen, out, len, NULL), ERR_OK);
}

static enum err
open_list(const uint8_t *p, size_t len, const struct club *c, struct why *w)
{
	struct list l;
	enum err e = list_open(p, len, c->root_pub, c->test, &l, w);

	list_clear(&l);
	return e;
}

static void
make_club_file(const struct club *c, uint8_t **out, size_t *len)
{
	struct club_file f = {.made = 14000000, .station_free = 2, .aid = {0xF4, 1, 2}, .step = 10,
	    .load_min = 10000, .load_max = 500000, .balance_max = 2000000, .name = "باشگاه", .host = "CLUB.EXAMPLE",
	    .zone = "Asia/Tehran"};
	const struct document_pen pen = {.safe = c->safe, .cert = c->cert};

	memcpy(f.root_pub, c->root_pub, sizeof(f.root_pub));
	assert_int_equal(club_file_seal(&f, &pen, out, len, NULL), ERR_OK);
}

static enum err
open_club_file(const uint8_t *p, size_t len, const struct club *c, struct why *w)
{
	struct club_file f;
	enum err e = club_file_open(p, len, &f, w);

	if (e == ERR_OK && memcmp(f.root_pub, c->root_pub, PUBKEY_LEN) != 0)
		return ERR_REFUSED;
	return e;
}

static const struct {
	const char *name;
	maker make;
	opener open;
} papers[] = {
	{"request", make_request, open_request}, {"hot list", make_hot, open_list},
	{"revocations", make_revoked, open_list}, {"club file", make_club_file, open_club_file},
};
#define PAPERS (sizeof(papers) / sizeof(papers[0]))

static void
each_paper_is_read_by_its_own_kind_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAPERS; i++) {
		uint8_t *p;
		size_t len;

		papers[i].make(&ours, &p, &len);
		for (size_t k = 0; k < PAPERS; k++)
			if (papers[k].open == papers[i].open)
				assert_int_equal(papers[k].open(p, len, &ours, NULL), ERR_OK);
			else
				assert_int_equal(papers[k].open(p, len, &ours, NULL), ERR_FORMAT);
		free(p);
	}
}

static void
every_flipped_byte_of_a_paper_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAPERS; i++) {
		uint8_t *p;
		size_t len;

		papers[i].make(&ours, &p, &len);
		for (size_t at = 0; at < len; at++)
			for (unsigned bits = 1; bits < 0x100; bits = bits == 1 ? 0x80 : bits == 0x80 ? 0xFF : 0x100) {
				p[at] ^= (uint8_t)bits;
				if (papers[i].open(p, len, &ours, NULL) == ERR_OK)
					fail_msg("%s: byte %zu is free", papers[i].name, at);
				p[at] ^= (uint8_t)bits;
			}
		assert_int_equal(papers[i].open(p, len, &ours, NULL), ERR_OK);
		free(p);
	}
}

static void
a_paper_cut_or_with_something_behind_it_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAPERS; i++) {
		uint8_t *p, *room;
		size_t len;

		papers[i].make(&ours, &p, &len);
		for (size_t cut = 0; cut < len; cut++) {
			/* memory of just that size: a read beyond it is seen by the sanitizers */
			room = malloc(cut + 1);
			memcpy(room, p, cut);
			assert_int_equal(papers[i].open(room, cut, &ours, NULL), ERR_FORMAT);
			free(room);
		}
		room = calloc(1, len + 1);
		memcpy(room, p, len);
		assert_int_equal(papers[i].open(room, len + 1, &ours, NULL), ERR_FORMAT);
		free(room);
		free(p);
	}
}

static void
lengths_that_lie_are_refused(void **state)
{
	static const uint32_t lies[] = {0, 1, 31, 43, 45, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};

	(void)state;
	for (size_t i = 0; i < PAPERS; i++) {
		uint8_t *p;
		size_t len;

		papers[i].make(&ours, &p, &len);
		for (size_t k = 0; k < sizeof(lies) / sizeof(lies[0]); k++) {
			for (int b = 0; b < 4; b++)
				p[16 + b] = (uint8_t)(lies[k] >> (24 - 8 * b));
			assert_int_equal(papers[i].open(p, len, &ours, NULL), ERR_FORMAT);
		}
		free(p);
	}
}

static void
a_paper_of_another_club_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAPERS; i++) {
		uint8_t *p;
		size_t len;

		papers[i].make(&strange, &p, &len);
		assert_int_equal(papers[i].open(p, len, &strange, NULL), ERR_OK);
		assert_int_equal(papers[i].open(p, len, &ours, NULL), ERR_REFUSED);
		free(p);
	}
}

static void
practice_and_real_papers_are_kept_apart(void **state)
{
	struct club real = ours;
	struct why w = {0};

	(void)state;
	real.test = false;
	for (size_t i = 0; i < PAPERS; i++) {
		uint8_t *p;
		size_t len;

		if (papers[i].open == open_club_file)
			continue;	/* it brings its club along: whoever joins becomes what it says */
		papers[i].make(&ours, &p, &len);
		assert_int_equal(papers[i].open(p, len, &real, &w), ERR_REFUSED);
		assert_int_equal(w.id, MSG_PAPER_TEST);
		free(p);
	}
}

/* --- lists */

static void
a_list_says_what_was_signed_and_finds_its_entries(void **state)
{
	struct list l;
	uint8_t *p;
	size_t len;
	struct cert c = {.serial = 4};

	(void)state;
	make_hot(&ours, &p, &len);
	assert_int_equal(list_open(p, len, ours.root_pub, true, &l, NULL), ERR_OK);
	assert_int_equal(l.number, 7);
	assert_int_equal(l.count, 2);
	assert_false(l.by_root);
	assert_int_equal(l.signer.station, 1);
	assert_int_equal(list_find_hot(&l, 12)->reason, LIST_LOST);
	assert_int_equal(list_find_hot(&l, 9000000000000012)->day, 9800);
	assert_null(list_find_hot(&l, 13));
	assert_null(list_find_revoked(&l, &c));
	list_clear(&l);
	free(p);
	make_revoked(&ours, &p, &len);
	assert_int_equal(list_open(p, len, ours.root_pub, true, &l, NULL), ERR_OK);
	assert_true(l.by_root);
	assert_int_equal(list_find_revoked(&l, &c)->head_seq, 77);
	c.serial = 5;
	assert_null(list_find_revoked(&l, &c));
	memcpy(l.revoked[0].key, (uint8_t[4]){0}, 4);
	pubkey_id(c.pub, l.revoked[0].key);	/* another certificate of the same key */
	assert_non_null(list_find_revoked(&l, &c));
	list_clear(&l);
	free(p);
}

static void
only_who_may_keep_a_list_may_sign_it(void **state)
{
	static const enum role may_not[] = {ROLE_TILL, ROLE_DESK, ROLE_PORTAL};
	struct list l = {.kind = LIST_REVOKED, .number = 1};
	const struct document_pen pen = {.safe = ours.safe, .cert = ours.cert};
	struct club weak = ours;
	struct why w = {0};
	uint8_t *p;
	size_t len;

	(void)state;
	assert_int_equal(list_seal(&l, &pen, &p, &len, NULL), ERR_ARG);
	for (size_t i = 0; i < sizeof(may_not) / sizeof(may_not[0]); i++) {
		certify(&weak, role_rights(may_not[i]));
		make_hot(&weak, &p, &len);
		assert_int_equal(open_list(p, len, &ours, &w), ERR_CERT);
		assert_int_equal(w.id, MSG_LIST_NOT_ITS);
		free(p);
	}
}

static void
a_list_with_an_entry_twice_or_out_of_order_is_none(void **state)
{
	struct list_hot hot[] = {{.card = 12, .day = 1, .reason = 1}, {.card = 12, .day = 1, .reason = 1}};
	struct list l = {.kind = LIST_HOT, .number = 1, .count = 2, .hot = hot};
	const struct document_pen pen = {.root = ours.root};
	uint8_t *p;
	size_t len;

	(void)state;
	assert_int_equal(list_seal(&l, &pen, &p, &len, NULL), ERR_DUPLICATE);
	l.count = LIST_HOT_CAP + 1;
	assert_int_equal(list_seal(&l, &pen, &p, &len, NULL), ERR_ARG);
}

/* The book keeps the newest list alone: one that nobody can open would stop every tap of the club for good. */
static void
a_list_that_could_not_be_opened_again_is_never_signed(void **state)
{
	struct list_revoked gone = {.station = 3, .serial = 4, .reason = LIST_STOLEN, .head_seq = UINT64_MAX};
	struct list_hot hot = {.card = 12};
	struct list revoked = {.kind = LIST_REVOKED, .number = 1, .count = 1, .revoked = &gone};
	struct list cards = {.kind = LIST_HOT, .number = 1, .count = 1, .hot = &hot};
	const struct document_pen pen = {.root = ours.root};
	uint8_t *p;
	size_t len;

	(void)state;
	assert_int_equal(list_seal(&revoked, &pen, &p, &len, NULL), ERR_ARG);
	gone.head_seq = 1;
	gone.reason = LIST_REASON_LAST + 1;
	assert_int_equal(list_seal(&revoked, &pen, &p, &len, NULL), ERR_ARG);
	assert_int_equal(list_seal(&cards, &pen, &p, &len, NULL), ERR_ARG);
}

/* Bodies signed by who may, but not as a body must be: the parser alone stands between. */
static void
a_signed_body_of_no_meaning_is_refused(void **state)
{
	const struct document_pen pen = {.root = ours.root};
	uint8_t body[96] = {0};
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 400; round++) {
		uint8_t *p;
		size_t len, n = 1 + (size_t)round % sizeof(body);
		struct list l;

		for (size_t i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			body[i] = (uint8_t)(seed >> 24);
		}
		body[0] = (uint8_t)(1 + round % 2);
		assert_int_equal(document_seal(DOCUMENT_LIST, &pen, body, n, &p, &len, NULL), ERR_OK);
		assert_int_equal(list_open(p, len, ours.root_pub, true, &l, NULL), ERR_FORMAT);
		list_clear(&l);
		free(p);
	}
}

/* --- the others */

static void
a_request_is_of_the_key_that_signed_it(void **state)
{
	struct cert_request q;
	uint8_t pub[PUBKEY_LEN], *p;
	size_t len;

	(void)state;
	make_request(&ours, &p, &len);
	assert_int_equal(request_open(p, len, ours.root_pub, true, &q, NULL), ERR_OK);
	safe_public(ours.safe, pub);
	assert_memory_equal(q.pub, pub, sizeof(pub));
	assert_int_equal(q.role, ROLE_DESK);
	assert_int_equal(q.station, 1);
	assert_int_equal(q.made, 14000000);
	free(p);
}

static void
a_club_file_says_what_was_signed(void **state)
{
	struct club_file f;
	uint8_t *p;
	size_t len;

	(void)state;
	make_club_file(&ours, &p, &len);
	assert_int_equal(club_file_open(p, len, &f, NULL), ERR_OK);
	assert_true(f.test);
	assert_string_equal(f.name, "باشگاه");
	assert_string_equal(f.host, "CLUB.EXAMPLE");
	assert_string_equal(f.zone, "Asia/Tehran");
	assert_int_equal(f.station_free, 2);
	assert_int_equal(f.balance_max, 2000000);
	assert_int_equal(f.signer.station, 1);
	assert_null(f.hot);
	free(p);
}

static void
roles_hold_each_other_and_the_portal_signs_nothing(void **state)
{
	enum role r = ROLE_COUNT;

	(void)state;
	assert_int_equal(role_rights(ROLE_TILL) & ~role_rights(ROLE_DESK), 0);
	assert_int_equal(role_rights(ROLE_DESK) & ~role_rights(ROLE_ISSUER), 0);
	assert_int_equal(role_rights(ROLE_PORTAL), 0);
	assert_int_equal(role_slots(ROLE_TILL), 1u << KEY_READ | 1u << KEY_DEBIT);
	assert_int_equal(role_slots(ROLE_DESK) & ~role_slots(ROLE_TILL), 1u << KEY_WRITE);
	assert_int_equal(role_slots(ROLE_PORTAL) & role_slots(ROLE_DESK), 0);
	for (int i = 0; i < ROLE_COUNT; i++) {
		assert_int_equal(role_of_rights(role_rights((enum role)i)), i);
		assert_true(role_parse(role_name((enum role)i), &r));
		assert_int_equal(r, i);
	}
	assert_false(role_parse("owner", &r));
	assert_null(role_name(ROLE_COUNT));
	assert_int_equal(role_of_rights(UINT32_MAX), ROLE_COUNT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_paper_is_read_by_its_own_kind_alone),
		cmocka_unit_test(every_flipped_byte_of_a_paper_is_refused),
		cmocka_unit_test(a_paper_cut_or_with_something_behind_it_is_refused),
		cmocka_unit_test(lengths_that_lie_are_refused),
		cmocka_unit_test(a_paper_of_another_club_is_refused),
		cmocka_unit_test(practice_and_real_papers_are_kept_apart),
		cmocka_unit_test(a_list_says_what_was_signed_and_finds_its_entries),
		cmocka_unit_test(only_who_may_keep_a_list_may_sign_it),
		cmocka_unit_test(a_list_with_an_entry_twice_or_out_of_order_is_none),
		cmocka_unit_test(a_list_that_could_not_be_opened_again_is_never_signed),
		cmocka_unit_test(a_signed_body_of_no_meaning_is_refused),
		cmocka_unit_test(a_request_is_of_the_key_that_signed_it),
		cmocka_unit_test(a_club_file_says_what_was_signed),
		cmocka_unit_test(roles_hold_each_other_and_the_portal_signs_nothing),
	};

	return cmocka_run_group_tests_name("keys/document", tests, make_clubs, drop_clubs);
}
