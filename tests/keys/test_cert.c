/* keys/cert, root and signatures: nothing but the club's own, unchanged, is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/cert.h"
#include "keys/digest.h"
#include "keys/safe.h"
#include "keys/signature.h"
#include "tests/support/vectors.h"

#define PRACTICE SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE) - 1

static char folder[64];
static char path[96];
static struct root *root;
static uint8_t root_pub[PUBKEY_LEN];

static const struct cert wanted = {.algorithm = 1,
    .rights = CERT_RIGHT(1) | CERT_RIGHT(2),
    .serial = 5,
    .station = 0x01020304,
    .valid_from = 9000,
    .valid_to = 9365,
    .first_number = 100000,
    .number_count = 5000,
    .pub = {0xAA, 0xBB, 0xCC}};

static int
make_root(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s", "/tmp/bashgah-root-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/root", folder);
	if (root_create(path, true, PRACTICE, &root, NULL) != ERR_OK)
		return -1;
	root_public(root, root_pub);
	return 0;
}

static int
drop_root(void **state)
{
	(void)state;
	root_close(&root);
	(void)unlink(path);
	return rmdir(folder);
}

static void
every_published_signature_comes_out(void **state)
{
	struct vectors *file = vectors_load("ed25519.txt");

	(void)state;
	assert_int_equal(vectors_count(file), 2);
	for (size_t i = 0; i < vectors_count(file); i++) {
		const struct vector *v = vectors_at(file, i);
		uint8_t seed[32], pub[32], expected_pub[32], msg[8], sig[64], expected[64];
		size_t len = vector_hex(v, "message", msg, sizeof(msg));
		EVP_PKEY *signer = NULL;

		assert_int_equal(vector_hex(v, "secret_key", seed, 32), 32);
		assert_int_equal(vector_hex(v, "public_key", expected_pub, 32), 32);
		assert_int_equal(vector_hex(v, "signature", expected, 64), 64);
		assert_int_equal(signer_new(seed, &signer, pub, NULL), ERR_OK);
		assert_memory_equal(pub, expected_pub, 32);
		assert_int_equal(signer_sign(signer, msg, len, sig, NULL), ERR_OK);
		assert_memory_equal(sig, expected, 64);
		assert_int_equal(sig_verify(pub, msg, len, sig, NULL), ERR_OK);
		for (size_t bit = 0; bit < 512; bit++) {
			sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_equal(sig_verify(pub, msg, len, sig, NULL), ERR_SIGNATURE);
			sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		EVP_PKEY_free(signer);
	}
	vectors_free(&file);
}

static void
a_certificate_says_what_was_signed(void **state)
{
	static const uint8_t head[12] = {1, 1, 0, 1, 0, 0, 0, 3, 0, 0, 0, 5};
	uint8_t bytes[CERT_LEN], club[4];
	struct cert c;

	(void)state;
	pubkey_id(root_pub, club);
	assert_int_equal(root_certify(root, &wanted, bytes, NULL), ERR_OK);
	assert_memory_equal(bytes, head, sizeof(head));
	assert_memory_equal(bytes + 12, club, 4);
	assert_memory_equal(bytes + 16, "\1\2\3\4", 4);
	assert_int_equal(cert_verify(bytes, root_pub, &c, NULL), ERR_OK);
	assert_true(c.test);	/* the root's, though `wanted` does not say so */
	assert_int_equal(c.algorithm, 1);
	assert_int_equal(c.rights, wanted.rights);
	assert_int_equal(c.serial, 5);
	assert_memory_equal(c.club, club, 4);
	assert_int_equal(c.station, wanted.station);
	assert_int_equal(c.valid_from, 9000);
	assert_int_equal(c.valid_to, 9365);
	assert_int_equal(c.first_number, 100000);
	assert_int_equal(c.number_count, 5000);
	assert_memory_equal(c.pub, wanted.pub, PUBKEY_LEN);
}

static void
every_flipped_byte_of_a_certificate_is_refused(void **state)
{
	uint8_t bytes[CERT_LEN];
	struct cert c;

	(void)state;
	assert_int_equal(root_certify(root, &wanted, bytes, NULL), ERR_OK);
	for (size_t i = 0; i < CERT_LEN; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			enum err e;

			bytes[i] ^= (uint8_t)(1u << bit);
			e = cert_verify(bytes, root_pub, &c, NULL);
			if (e != ERR_FORMAT && e != ERR_SIGNATURE)
				fail_msg("byte %zu bit %u: %s", i, bit, err_name(e));
			assert_int_equal(c.rights, 0);
			bytes[i] ^= (uint8_t)(1u << bit);
		}
	assert_int_equal(cert_verify(bytes, root_pub, &c, NULL), ERR_OK);
}

static void
another_root_s_certificate_is_refused(void **state)
{
	uint8_t bytes[CERT_LEN], foreign_pub[PUBKEY_LEN];
	char other[110];
	struct root *foreign = NULL;
	struct cert c;
	struct why w;

	(void)state;
	(void)snprintf(other, sizeof(other), "%s2", path);
	assert_int_equal(root_create(other, true, PRACTICE, &foreign, NULL), ERR_OK);
	root_public(foreign, foreign_pub);
	assert_memory_not_equal(foreign_pub, root_pub, PUBKEY_LEN);
	assert_int_equal(root_certify(foreign, &wanted, bytes, NULL), ERR_OK);
	assert_int_equal(cert_verify(bytes, root_pub, &c, &w), ERR_SIGNATURE);
	assert_int_equal(w.id, MSG_CERT_SIGNATURE);
	root_close(&foreign);
	assert_int_equal(unlink(other), 0);
}

static void
a_root_opens_again_and_signs_the_same(void **state)
{
	uint8_t one[CERT_LEN], two[CERT_LEN];
	struct root *again = NULL;
	struct safe *s = NULL;

	(void)state;
	assert_int_equal(root_open(path, PRACTICE, &again, NULL), ERR_OK);
	assert_int_equal(root_certify(root, &wanted, one, NULL), ERR_OK);
	assert_int_equal(root_certify(again, &wanted, two, NULL), ERR_OK);
	assert_memory_equal(one, two, CERT_LEN);
	root_close(&again);
	assert_int_equal(root_open(path, "praktice", 8, &again, NULL), ERR_PASSPHRASE);
	assert_null(again);
	assert_int_equal(root_create(path, true, PRACTICE, &again, NULL), ERR_DUPLICATE);
	assert_int_equal(safe_open(path, PRACTICE, &s, NULL), ERR_SAFE);
}

static void
a_real_root_wants_a_passphrase_of_its_own(void **state)
{
	struct root *r = NULL;
	char other[110];

	(void)state;
	(void)snprintf(other, sizeof(other), "%s2", path);
	assert_int_equal(root_create(other, false, PRACTICE, &r, NULL), ERR_PASSPHRASE);
	assert_null(r);
	assert_int_not_equal(access(other, F_OK), 0);
}

static void
an_algorithm_we_cannot_verify_is_not_certified(void **state)
{
	struct cert c = wanted;
	uint8_t bytes[CERT_LEN];

	(void)state;
	c.algorithm = 4;
	assert_int_equal(root_certify(root, &c, bytes, NULL), ERR_ARG);
	c.algorithm = 0;
	assert_int_equal(root_certify(root, &c, bytes, NULL), ERR_ARG);
	assert_int_equal(sig_verify_by(4, c.pub, "x", 1, bytes, NULL), ERR_FORMAT);
	c.algorithm = CERT_P256_EVEN;	/* no point has an x beyond the field */
	memset(c.pub, 0xFF, sizeof(c.pub));
	assert_int_equal(root_certify(root, &c, bytes, NULL), ERR_ARG);
}

static void
days_and_rights_are_kept(void **state)
{
	struct cert c = wanted;
	struct why w;

	(void)state;
	assert_int_equal(cert_covers(&c, 9000, CERT_RIGHT(1), &w), ERR_OK);
	assert_int_equal(cert_covers(&c, 9365, CERT_RIGHT(1) | CERT_RIGHT(2), &w), ERR_OK);
	assert_int_equal(cert_covers(&c, 8999, CERT_RIGHT(1), &w), ERR_CERT);
	assert_int_equal(w.id, MSG_CERT_NOT_YET);
	assert_int_equal(cert_covers(&c, 9366, CERT_RIGHT(1), &w), ERR_CERT);
	assert_int_equal(w.id, MSG_CERT_EXPIRED);
	assert_int_equal(w.arg[0].num, 9365);
	assert_int_equal(cert_covers(&c, 9100, CERT_RIGHT(1) | CERT_RIGHT(3), &w), ERR_CERT);
	assert_int_equal(w.id, MSG_CERT_NO_RIGHT);
	c.valid_to = 0;
	assert_int_equal(cert_covers(&c, 65535, 0, &w), ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_published_signature_comes_out),
	    cmocka_unit_test(a_certificate_says_what_was_signed),
	    cmocka_unit_test(every_flipped_byte_of_a_certificate_is_refused),
	    cmocka_unit_test(another_root_s_certificate_is_refused),
	    cmocka_unit_test(a_root_opens_again_and_signs_the_same),
	    cmocka_unit_test(a_real_root_wants_a_passphrase_of_its_own),
	    cmocka_unit_test(an_algorithm_we_cannot_verify_is_not_certified),
	    cmocka_unit_test(days_and_rights_are_kept),
	};

	return cmocka_run_group_tests(tests, make_root, drop_root);
}
