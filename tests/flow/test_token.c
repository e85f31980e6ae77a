/*
 * A club whose keys are in a PKCS#11 token: the station opens it by the same call, and cards are issued,
 * loaded and shown by the same flows.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "keys/cert.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/flow/settings.h"
#include "tests/support/club_fixture.h"
#include "tests/support/softhsm.h"

#define PAID INT64_C(500000)
#define PIN SAFE_PRACTICE_PASSPHRASE
#define PIN_LEN (sizeof(PIN) - 1)
#define URI "pkcs11:token=station?module-path=" SOFTHSM_MODULE

static struct softhsm hsm;

/* The certificate of the station as it was, for the key that is in the token. */
static void
certify(struct club_fixture *f, const struct safe *s)
{
	char root_path[300], cert_path[300];
	struct root *root = NULL;
	struct cert c = f->station->cert;
	uint8_t bytes[CERT_LEN];

	(void)snprintf(root_path, sizeof(root_path), "%s/" STATION_ROOT, f->folder);
	(void)snprintf(cert_path, sizeof(cert_path), "%s/" STATION_CERT, f->folder);
	assert_int_equal(root_open(root_path, PIN, PIN_LEN, &root, &f->why), ERR_OK);
	safe_public(s, c.pub);
	assert_int_equal(root_certify(root, &c, bytes, &f->why), ERR_OK);
	root_close(&root);
	assert_int_equal(file_write(cert_path, bytes, sizeof(bytes), 0644, &f->why), ERR_OK);
}

static enum err
open_station(struct club_fixture *f)
{
	return station_open(f->folder, STATION_KEYS, NULL, NULL, &f->station, &f->why);
}

/* The practice club's sealed file makes way for a token, before it has a card. */
static void
move_keys(struct club_fixture *f, bool certified)
{
	struct safe_info info = *safe_get_info(f->station->safe);
	struct safe *s = NULL;
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/" STATION_SAFE, f->folder);
	assert_int_equal(unlink(path), 0);
	softhsm_token("station", PIN);
	assert_int_equal(safe_create_token(path, &info, (1u << KEY_SLOT_COUNT) - 1, URI, PIN, PIN_LEN,
	    &s, &f->why), ERR_OK);
	if (certified)
		certify(f, s);
	safe_close(&s);
	station_close(&f->station);
}

static void
open_on_token(struct club_fixture *f, const char *name)
{
	softhsm_start(&hsm);
	club_fixture_open(f, name);
	move_keys(f, true);
	assert_int_equal(open_station(f), ERR_OK);
}

static void
close_all(struct club_fixture *f)
{
	club_fixture_close(f);
	softhsm_end(&hsm);
}

static void
a_card_lives_on_keys_in_a_token(void **state)
{
	struct club_fixture f;

	(void)state;
	open_on_token(&f, "token-life");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	club_fixture_expect(&f, 0);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	club_fixture_expect(&f, PAID);
	/* another run of the program knows the card by the same token */
	station_close(&f.station);
	assert_int_equal(open_station(&f), ERR_OK);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	club_fixture_expect(&f, 2 * PAID);
	close_all(&f);
}

static void
a_token_that_the_club_has_not_certified_is_refused(void **state)
{
	struct club_fixture f;

	(void)state;
	softhsm_start(&hsm);
	club_fixture_open(&f, "token-other");
	move_keys(&f, false);
	assert_int_equal(open_station(&f), ERR_SAFE);
	assert_int_equal(f.why.id, MSG_SAFE_OTHER_CLUB);
	assert_null(f.station);
	close_all(&f);
}

/* The token's place is empty, and the module has lost what it knew of it. */
static void
pull_out(char away[200])
{
	void *lib = dlopen(SOFTHSM_MODULE, RTLD_NOW | RTLD_LOCAL);
	void *symbol = lib != NULL ? dlsym(lib, "C_Finalize") : NULL;
	unsigned long (*finalize)(void *);

	assert_non_null(symbol);
	memcpy(&finalize, &symbol, sizeof(finalize));
	(void)finalize(NULL);
	(void)snprintf(away, 200, "%s/away", hsm.folder);
	assert_int_equal(rename(hsm.tokens, away), 0);
	assert_int_equal(mkdir(hsm.tokens, 0700), 0);
}

static void
put_back(const char *away)
{
	assert_int_equal(rmdir(hsm.tokens), 0);
	assert_int_equal(rename(away, hsm.tokens), 0);
}

static void
pulled_out_of_an_open_station_it_costs_nobody_money(void **state)
{
	struct club_fixture f;
	char away[200];

	(void)state;
	open_on_token(&f, "token-pulled");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	pull_out(away);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_MISSING);
	assert_int_equal(f.why.id, MSG_TOKEN_GONE);
	put_back(away);
	/* the same station, nobody has typed anything */
	club_fixture_expect(&f, PAID);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	club_fixture_expect(&f, 2 * PAID);
	close_all(&f);
}

static void
without_its_token_the_station_names_it(void **state)
{
	struct club_fixture f;
	char away[200];

	(void)state;
	open_on_token(&f, "token-out");
	club_fixture_new_card(&f);
	assert_int_equal(club_fixture_issue(&f, NULL), ERR_OK);
	station_close(&f.station);
	pull_out(away);
	assert_int_equal(open_station(&f), ERR_MISSING);
	assert_int_equal(f.why.id, MSG_TOKEN_GONE);
	assert_string_equal(f.why.arg[0].str, "station");
	put_back(away);
	assert_int_equal(open_station(&f), ERR_OK);
	assert_int_equal(club_fixture_load(&f, PAID, NULL), ERR_OK);
	club_fixture_expect(&f, PAID);
	close_all(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_card_lives_on_keys_in_a_token),
	    cmocka_unit_test(a_token_that_the_club_has_not_certified_is_refused),
	    cmocka_unit_test(pulled_out_of_an_open_station_it_costs_nobody_money),
	    cmocka_unit_test(without_its_token_the_station_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
