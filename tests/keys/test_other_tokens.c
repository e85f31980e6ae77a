/* keys/safe over tokens that are not as SoftHSM2 is: without Ed25519, without wrapping, counting PINs, pulled out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/cert.h"
#include "keys/inside.h"
#include "keys/masters.h"
#include "keys/request.h"
#include "keys/safe.h"
#include "keys/signature.h"
#include "tests/support/softhsm.h"
#include "tests/support/token_shim.h"

#define PIN "20 03 1404"
#define PIN_LEN (sizeof(PIN) - 1)
#define WRONG "20 03 1405"
#define ALL_SLOTS ((1u << KEY_SLOT_COUNT) - 1)
#define FOLDER_CAP 192

static const struct safe_info real = {.test = false, .club = {0xC1, 2, 3, 4}, .station = 78};
static struct softhsm hsm;
static struct token_shim *shim;
static char uri[TOKEN_SHIM_PATH_CAP + 64], folder[FOLDER_CAP], away[FOLDER_CAP + 8], path[256];
static struct why why;

static int
start(void **state)
{
	(void)state;
	softhsm_start(&hsm);
	softhsm_token("station 1", PIN);
	shim = token_shim();
	(void)snprintf(uri, sizeof(uri), "pkcs11:token=station%%201?module-path=%s", token_shim_path());
	(void)snprintf(folder, sizeof(folder), "%s/keys", hsm.folder);
	(void)snprintf(away, sizeof(away), "%s/away", hsm.folder);
	(void)snprintf(path, sizeof(path), "%s/station.safe", folder);
	return mkdir(folder, 0700);
}

static int
end(void **state)
{
	(void)state;
	softhsm_end(&hsm);
	return 0;
}

static struct safe *
create(uint32_t slots)
{
	struct safe *s = NULL;
	enum err e = safe_create_token(path, &real, slots, uri, PIN, PIN_LEN, &s, &why);

	if (e != ERR_OK)
		fail_msg("no safe: %s", msg_name(why.id));
	return s;
}

static enum err
open_with(const char *pin, struct safe **s)
{
	return safe_open(path, pin, strlen(pin), s, &why);
}

static struct masters *
draw(uint16_t generation)
{
	struct masters *m = NULL;

	assert_int_equal(masters_random(real.club, false, generation, 256, &m, NULL), ERR_OK);
	return m;
}

/* --- without Ed25519 */

static void
a_token_without_ed25519_signs_by_p256(void **state)
{
	struct safe *s;
	uint8_t pub[32], sig[64], again[64];

	(void)state;
	s = create(0);
	assert_int_equal(safe_algorithm(s), CERT_ED25519);
	safe_close(&s);
	assert_int_equal(unlink(path), 0);
	softhsm_token("station 2", PIN);
	(void)snprintf(uri, sizeof(uri), "pkcs11:token=station%%202?module-path=%s", token_shim_path());
	shim->no_eddsa = true;
	s = create(0);
	safe_close(&s);
	assert_int_equal(open_with(PIN, &s), ERR_OK);
	assert_in_range(safe_algorithm(s), CERT_P256_EVEN, CERT_P256_ODD);
	safe_public(s, pub);
	for (int i = 0; i < 16; i++) {	/* half of all s are high before they are lowered */
		assert_int_equal(safe_sign(s, "salam", 5, sig, &why), ERR_OK);
		assert_int_equal(sig_verify_by(safe_algorithm(s), pub, "salam", 5, sig, &why), ERR_OK);
	}
	assert_int_equal(sig_verify_by(safe_algorithm(s), pub, "salaM", 5, sig, &why), ERR_SIGNATURE);
	assert_int_equal(sig_verify_by(safe_algorithm(s) ^ 1, pub, "salam", 5, sig, &why), ERR_SIGNATURE);
	assert_int_equal(sig_verify(pub, "salam", 5, sig, &why), ERR_SIGNATURE);
	assert_int_equal(safe_sign(s, "salam", 5, again, &why), ERR_OK);
	assert_memory_not_equal(sig, again, 64);	/* so it is never made twice */
	safe_close(&s);
}

/* s and n - s say the same; only the lower is valid here, or a thief could make a second record of one. */
static void
the_other_half_of_a_p256_signature_is_refused(void **state)
{
	static const uint8_t n[32] = {0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
	    0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25,
	    0x51};
	uint8_t pub[32], sig[64], high[64];
	int borrow = 0;
	struct safe *s;

	(void)state;
	shim->no_eddsa = true;
	s = create(0);
	safe_public(s, pub);
	assert_int_equal(safe_sign(s, "salam", 5, sig, &why), ERR_OK);
	memcpy(high, sig, sizeof(high));
	for (int i = 31; i >= 0; i--) {
		int d = n[i] - sig[32 + i] - borrow;

		borrow = d < 0;
		high[32 + i] = (uint8_t)(d + 256 * borrow);
	}
	assert_int_equal(sig_verify_by(safe_algorithm(s), pub, "salam", 5, high, &why), ERR_SIGNATURE);
	ecdsa_lower(high);
	assert_memory_equal(high, sig, sizeof(sig));
	memset(high, 0, sizeof(high));
	assert_int_equal(sig_verify_by(safe_algorithm(s), pub, "salam", 5, high, &why), ERR_SIGNATURE);
	memset(pub, 0xFF, sizeof(pub));
	assert_int_equal(sig_verify_by(CERT_P256_ODD, pub, "salam", 5, sig, &why), ERR_SIGNATURE);
	safe_close(&s);
}

static void
a_p256_station_is_certified_by_a_p256_root(void **state)
{
	struct cert c = {.rights = CERT_RIGHT(1), .serial = 1, .station = 78}, got;
	uint8_t root_pub[32], pub[32], bytes[CERT_LEN], paper[REQUEST_CAP];
	char root_path[256];
	struct cert_request rq;
	struct root *r = NULL;
	struct safe *s;

	(void)state;
	(void)snprintf(root_path, sizeof(root_path), "%s/root", folder);
	shim->no_eddsa = true;
	softhsm_token("root", PIN);
	s = create(0);
	(void)snprintf(uri, sizeof(uri), "pkcs11:token=root?module-path=%s", token_shim_path());
	assert_int_equal(root_create_token(root_path, false, uri, PIN, PIN_LEN, &r, &why), ERR_OK);
	root_close(&r);
	assert_int_equal(root_open(root_path, WRONG, PIN_LEN, &r, &why), ERR_PASSPHRASE);
	assert_int_equal(root_open(root_path, PIN, PIN_LEN, &r, &why), ERR_OK);
	assert_false(root_is_test(r));
	assert_in_range(root_algorithm(r), CERT_P256_EVEN, CERT_P256_ODD);
	root_public(r, root_pub);
	c.algorithm = safe_algorithm(s);
	safe_public(s, c.pub);
	assert_int_equal(root_certify(r, &c, bytes, &why), ERR_OK);
	assert_int_equal(cert_verify(bytes, root_pub, &got, &why), ERR_OK);
	assert_int_equal(got.algorithm, safe_algorithm(s));
	assert_memory_equal(got.pub, c.pub, 32);
	for (size_t i = 0; i < CERT_LEN; i++) {
		bytes[i] ^= 1;
		assert_int_not_equal(cert_verify(bytes, root_pub, &got, &why), ERR_OK);
		bytes[i] ^= 1;
	}
	/* a request says by which algorithm its key signs; the safe's own club is the drawn one of no root */
	assert_int_equal(request_seal(s, ROLE_TILL, 1, paper, &why), ERR_OK);
	assert_int_equal(request_open(paper, sizeof(paper), root_pub, false, &rq, &why), ERR_REFUSED);
	safe_public(s, pub);
	assert_memory_equal(pub, c.pub, 32);
	/* a root opens as no station's safe, nor the other way round */
	safe_close(&s);
	root_close(&r);
	assert_int_equal(safe_open(root_path, PIN, PIN_LEN, &s, &why), ERR_SAFE);
	assert_int_equal(why.id, MSG_SAFE_NOT_ONE);
	assert_int_equal(root_open(path, PIN, PIN_LEN, &r, &why), ERR_SAFE);
	assert_int_equal(why.id, MSG_SAFE_NOT_ONE);
}

/* --- how masters come in */

static void
masters_come_in_wrapped(void **state)
{
	struct masters *m = draw(1);
	struct safe *s = create(0);
	uint8_t kcv[KCV_LEN], wanted[KCV_LEN];

	(void)state;
	safe_close(&s);
	assert_int_equal(safe_import(path, PIN, PIN_LEN, m, ALL_SLOTS, &why), ERR_OK);
	assert_int_equal(shim->unwraps, KEY_SLOT_COUNT);
	assert_int_equal(shim->creates, 0);
	assert_false(shim->plain_values);
	assert_int_equal(open_with(PIN, &s), ERR_OK);
	assert_int_equal(safe_kcv(s, KEY_WRITE, 1, kcv, &why), ERR_OK);
	assert_int_equal(masters_kcv(m, KEY_WRITE, wanted, &why), ERR_OK);
	assert_memory_equal(kcv, wanted, KCV_LEN);
	safe_close(&s);
	masters_close(&m);
}

static void
a_token_that_cannot_unwrap_takes_them_as_they_are(void **state)
{
	struct masters *m = draw(1);
	struct safe *s = create(0);

	(void)state;
	safe_close(&s);
	shim->no_wrapping = true;
	assert_int_equal(safe_import(path, PIN, PIN_LEN, m, ALL_SLOTS, &why), ERR_OK);
	assert_int_equal(shim->unwraps, 0);
	assert_int_equal(shim->creates, KEY_SLOT_COUNT);
	/* sensitive and never to leave, as the others: the safe would refuse them otherwise */
	assert_int_equal(open_with(PIN, &s), ERR_OK);
	assert_true(safe_has(s, KEY_PICC));
	safe_close(&s);
	masters_close(&m);
}

static void
hide_folder(void)
{
	(void)rename(folder, away);
}

static void
an_import_that_the_file_never_told_of_leaves_no_keys(void **state)
{
	struct masters *m = draw(1), *other = draw(1);
	struct safe *s = create(0);

	(void)state;
	safe_close(&s);
	shim->before_unwrap = hide_folder;
	assert_int_equal(safe_import(path, PIN, PIN_LEN, m, ALL_SLOTS, &why), ERR_MISSING);
	assert_int_equal(rename(away, folder), 0);
	shim->before_unwrap = NULL;
	assert_int_equal(open_with(PIN, &s), ERR_OK);
	assert_int_equal(safe_get_info(s)->epoch, 0);
	safe_close(&s);
	/* nothing of the first is in the way of another */
	assert_int_equal(safe_import(path, PIN, PIN_LEN, other, ALL_SLOTS, &why), ERR_OK);
	masters_close(&m);
	masters_close(&other);
}

static void
an_import_that_died_is_finished_by_the_next_one(void **state)
{
	struct masters *m = draw(1), *other = draw(1);
	struct safe *s = create(0);
	char copy[300], command[700];

	(void)state;
	safe_close(&s);
	(void)snprintf(copy, sizeof(copy), "%s.before", path);
	(void)snprintf(command, sizeof(command), "cp -p '%s' '%s'", path, copy);
	assert_int_equal(system(command), 0);
	assert_int_equal(safe_import(path, PIN, PIN_LEN, m, 1u << KEY_READ | 1u << KEY_DEBIT, &why), ERR_OK);
	assert_int_equal(rename(copy, path), 0);	/* the file as it was: the keys are in the token all the same */
	assert_int_equal(safe_import(path, PIN, PIN_LEN, other, ALL_SLOTS, &why), ERR_DUPLICATE);
	assert_int_equal(why.id, MSG_TOKEN_HAS_KEY);
	assert_int_equal(safe_import(path, PIN, PIN_LEN, m, ALL_SLOTS, &why), ERR_OK);
	assert_int_equal(open_with(PIN, &s), ERR_OK);
	assert_true(safe_has(s, KEY_READ) && safe_has(s, KEY_PICC));
	safe_close(&s);
	masters_close(&m);
	masters_close(&other);
}

/* --- PIN */

static void
after_two_wrong_pins_the_last_try_is_left_alone(void **state)
{
	struct masters *m = draw(1);
	struct safe *s = create(0);
	unsigned logins;

	(void)state;
	safe_close(&s);
	shim->tries = 3;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(open_with(WRONG, &s), ERR_PASSPHRASE);
		assert_int_equal(why.id, MSG_TOKEN_PIN_WRONG);
	}
	logins = shim->logins;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(open_with(i == 0 ? WRONG : PIN, &s), ERR_PASSPHRASE);
		assert_int_equal(why.id, MSG_TOKEN_PIN_LAST);
		assert_null(s);
	}
	assert_int_equal(safe_import(path, PIN, PIN_LEN, m, ALL_SLOTS, &why), ERR_PASSPHRASE);
	masters_close(&m);
	assert_int_equal(shim->logins, logins);
	shim->wrong = 0;	/* a person has entered it with the token's own tool */
	assert_int_equal(open_with(PIN, &s), ERR_OK);
	safe_close(&s);
}

/* --- pulled out */

static void
what_a_pulled_out_token_was_left_with_is_named(void **state)
{
	struct safe *s = NULL;

	(void)state;
	shim->signs_left = 0;	/* at the signature under the file, when all keys are made */
	assert_int_equal(safe_create_token(path, &real, ALL_SLOTS, uri, PIN, PIN_LEN, &s, &why), ERR_MISSING);
	assert_int_equal(why.id, MSG_TOKEN_GONE);
	assert_null(s);
	assert_int_not_equal(access(path, F_OK), 0);
	shim->out = false;
	shim->signs_left = -1;
	/* its keys could not be removed, so they are named rather than used */
	assert_int_equal(safe_create_token(path, &real, ALL_SLOTS, uri, PIN, PIN_LEN, &s, &why), ERR_DUPLICATE);
	assert_int_equal(why.id, MSG_TOKEN_HAS_KEY);
}

static void
pulled_out_it_is_named_and_serves_again(void **state)
{
	struct safe *s = create(ALL_SLOTS);
	uint8_t kcv[KCV_LEN], sig[64];

	(void)state;
	shim->signs_left = 0;
	assert_int_equal(safe_kcv(s, KEY_READ, 1, kcv, &why), ERR_MISSING);
	assert_int_equal(why.id, MSG_TOKEN_GONE);
	assert_int_equal(safe_sign(s, "x", 1, sig, &why), ERR_MISSING);
	shim->signs_left = -1;
	shim->out = false;
	assert_int_equal(safe_kcv(s, KEY_READ, 1, kcv, &why), ERR_OK);
	assert_int_equal(safe_sign(s, "x", 1, sig, &why), ERR_OK);
	safe_close(&s);
}

#define WITH_A_TOKEN(test) cmocka_unit_test_setup_teardown(test, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_A_TOKEN(a_token_without_ed25519_signs_by_p256),
	    WITH_A_TOKEN(the_other_half_of_a_p256_signature_is_refused),
	    WITH_A_TOKEN(a_p256_station_is_certified_by_a_p256_root),
	    WITH_A_TOKEN(masters_come_in_wrapped),
	    WITH_A_TOKEN(a_token_that_cannot_unwrap_takes_them_as_they_are),
	    WITH_A_TOKEN(an_import_that_the_file_never_told_of_leaves_no_keys),
	    WITH_A_TOKEN(an_import_that_died_is_finished_by_the_next_one),
	    WITH_A_TOKEN(after_two_wrong_pins_the_last_try_is_left_alone),
	    WITH_A_TOKEN(what_a_pulled_out_token_was_left_with_is_named),
	    WITH_A_TOKEN(pulled_out_it_is_named_and_serves_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
