#include "tests/support/club_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/club/ledger.h"
#include "station/club/member.h"
#include "tests/support/softhsm.h"
#include "tests/support/token_shim.h"

static void
enrol(struct club_fixture *f)
{
	const struct member_form form = {.name = "سارا احمدی", .phone = "09121234567",
	    .now_ms = clock_now_ms()};

	assert_int_equal(store_begin(f->station->store, &f->why), ERR_OK);
	assert_int_equal(club_member_add(f->station->store, &form, &f->member, &f->why), ERR_OK);
	assert_int_equal(store_commit(f->station->store, &f->why), ERR_OK);
}

void
club_fixture_place(const char *name, char *out, size_t cap)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(out, cap, "%s/%s.%ld", tmp != NULL ? tmp : "/tmp", name, (long)getpid());
}

/* --- where the keys lie: BASHGAH_TEST_STORE says file (or nothing), token, or p256 for one without Ed25519 */

static struct softhsm hsm;
static pid_t hsm_owner;

static void
end_hsm(void)
{
	if (hsm_owner == getpid())
		softhsm_end(&hsm);
}

/* One token for all clubs of this process; its PIN is the practice passphrase, so that nobody is asked. */
static const char *
start_token(bool p256)
{
	static char uri[TOKEN_SHIM_PATH_CAP + 64];

	token_shim()->no_eddsa = p256;
	if (*uri != '\0')
		return uri;
	softhsm_start(&hsm);
	hsm_owner = getpid();
	assert_int_equal(atexit(end_hsm), 0);
	softhsm_token("station", SAFE_PRACTICE_PASSPHRASE);
	(void)snprintf(uri, sizeof(uri), "pkcs11:token=station?module-path=%s", token_shim_path());
	return uri;
}

const char *
club_fixture_token(void)
{
	const char *store = getenv("BASHGAH_TEST_STORE");

	if (store == NULL || strcmp(store, "file") == 0)
		return NULL;
	if (strcmp(store, "token") != 0 && strcmp(store, "p256") != 0)
		fail_msg("BASHGAH_TEST_STORE is %s, not file, token or p256", store);
	return start_token(strcmp(store, "p256") == 0);
}

void
club_fixture_open(struct club_fixture *f, const char *name)
{
	const struct init_options o = {.folder = f->folder, .designs_from = "printer/designs",
	    .token = club_fixture_token()};

	memset(f, 0, sizeof(*f));
	club_fixture_place(name, f->folder, sizeof(f->folder));
	folder_remove(f->folder);
	assert_int_equal(station_init(&o, &f->why), ERR_OK);
	assert_int_equal(station_open(f->folder, STATION_KEYS, NULL, NULL, &f->station, &f->why), ERR_OK);
	enrol(f);
}

void
club_fixture_close(struct club_fixture *f)
{
	reader_close(&f->reader);
	sim_card_free(&f->chip);
	station_close(&f->station);
	folder_remove(f->folder);
}

void
club_fixture_new_card(struct club_fixture *f)
{
	club_fixture_new_card_of(f, SIM_DESFIRE_EV1);
}

void
club_fixture_new_card_of(struct club_fixture *f, enum sim_kind kind)
{
	reader_close(&f->reader);
	sim_card_free(&f->chip);
	assert_int_equal(sim_desfire_new_kind(kind, NULL, NULL, &f->chip, &f->why), ERR_OK);
	assert_int_equal(sim_reader_open(f->chip, false, &f->reader, &f->why), ERR_OK);
}

void
club_fixture_return_card(struct club_fixture *f)
{
	sim_card_return(f->chip);
}

static enum err
run(struct club_fixture *f, struct flow_request *rq, const char *request)
{
	rq->reader = f->reader;
	if (request != NULL)
		(void)snprintf(rq->request, sizeof(rq->request), "%s", request);
	memset(&f->why, 0, sizeof(f->why));
	return flow_run(f->station, rq, &f->result, &f->why);
}

enum err
club_fixture_issue(struct club_fixture *f, const char *request)
{
	struct flow_request rq = {.flow = FLOW_ISSUE, .member = f->member, .tier = 2};

	return run(f, &rq, request);
}

enum err
club_fixture_load(struct club_fixture *f, int64_t rial, const char *request)
{
	struct flow_request rq = {.flow = FLOW_LOAD, .amount = rial};

	return run(f, &rq, request);
}

enum err
club_fixture_show(struct club_fixture *f)
{
	struct flow_request rq = {.flow = FLOW_SHOW};

	return run(f, &rq, NULL);
}

void
club_fixture_expect(struct club_fixture *f, int64_t rial)
{
	struct card_balance b;

	assert_int_equal(club_fixture_show(f), ERR_OK);
	assert_true(f->result.in_book);
	assert_false(f->result.in_doubt);
	assert_int_equal(f->result.heal.outcome, HEAL_NONE);
	assert_int_equal(f->result.balance, rial);
	assert_int_equal(f->result.record.balance, rial);
	assert_int_equal(club_card_balance(f->station->store, f->result.card_number, UNIT_IRR, &b,
	    &f->why), ERR_OK);
	assert_int_equal(b.on_card, rial);
	assert_int_equal(b.waiting, 0);
}
