/*
 * Published sessions against the software card: the host's bytes come from the
 * file, the card must answer the recorded bytes. tests/vectors/desfire-ev1.txt and
 * getversion-atr.txt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "station/base/bytes.h"
#include "tests/support/sim_host.h"
#include "tests/support/vectors.h"

static const uint8_t zero_key[24];

struct bench {
	struct vectors *file;
	struct sim_card *card;
	struct sim_host host;
};

static int
set_up(void **state)
{
	static struct bench b;
	static const uint8_t uid[7] = {0x04, 0x06, 0x3F, 0x72, 0x63, 0x34, 0x80};

	memset(&b, 0, sizeof(b));
	b.file = vectors_load("desfire-ev1.txt");
	assert_int_equal(sim_desfire_new(uid, NULL, &b.card, NULL), ERR_OK);
	host_start(&b.host, b.card, true);
	*state = &b;
	return 0;
}

static int
tear_down(void **state)
{
	struct bench *b = *state;

	host_stop(&b->host);
	sim_card_free(&b->card);
	vectors_free(&b->file);
	return 0;
}

/* Send one recorded frame as it is and compare the answer byte for byte. */
static void
replay_one(struct bench *b, const uint8_t *tx, size_t tx_len, const uint8_t *rx, size_t rx_len)
{
	uint8_t got[RAPDU_CAP];
	size_t len;

	assert_true(sim_card_transmit(b->card, tx, tx_len, got, &len));
	assert_int_equal(len, rx_len);
	assert_memory_equal(got, rx, rx_len);
}

static void
replay(struct bench *b, const struct vector *v, const char *to, const char *from, unsigned first)
{
	uint8_t tx[APDU_CAP], rx[RAPDU_CAP];
	size_t tx_len, rx_len;
	unsigned n;

	for (n = first; vector_frame(v, to, n, tx, sizeof(tx), &tx_len); n++) {
		assert_true(vector_frame(v, from, n, rx, sizeof(rx), &rx_len));
		replay_one(b, tx, tx_len, rx, rx_len);
	}
	assert_true(n > first);
}

/* A fresh application, selected; `kind` 0 DES, 80 AES. */
static void
make_app(struct bench *b, const char *aid, uint8_t settings, uint8_t kind, uint8_t keys)
{
	uint8_t data[5];
	size_t n;

	assert_true(hex_decode(aid, data, 3, &n));
	data[3] = settings;
	data[4] = kind | keys;
	assert_int_equal(host_raw(&b->host, 0xCA, data, 5), 0);
	assert_int_equal(host_raw(&b->host, 0x5A, data, 3), 0);
}

/* Key `no` of the selected fresh application becomes the vector's. Keys still zero authorise it. */
static void
set_key(struct bench *b, uint8_t kind, uint8_t no, const uint8_t *key)
{
	uint8_t ins = kind == 0x80 ? 0xAA : 0x1A;
	int version = kind == 0x80 ? 0 : -1;

	assert_int_equal(host_auth(&b->host, ins, 0, zero_key, 16), 0);
	assert_int_equal(
	    host_change_key(&b->host, no, key, 16, version, no == 0 ? NULL : zero_key), 0);
}

static void
take_rnd_b(struct bench *b, const struct vector *v)
{
	vector_hex(v, "rnd_b", b->host.rnd_b, 16);
}

static void
replay_auth(struct bench *b, const char *name, uint8_t kind, const uint8_t *key)
{
	const struct vector *v = vectors_get(b->file, name);

	make_app(b, "010203", 0x0F, kind, 1);
	if (memcmp(key, zero_key, 16) != 0)
		set_key(b, kind, 0, key);
	take_rnd_b(b, v);
	replay(b, v, "tx", "rx", 1);
}

static void
aes_authentication_with_the_zero_key_answers_as_auth_aes_zero_key(void **state)
{
	replay_auth(*state, "auth-aes-zero-key", 0x80, zero_key);
}

static void
iso_authentication_with_2k3des_answers_as_auth_iso_2k3des(void **state)
{
	struct bench *b = *state;
	uint8_t key[16];

	vector_hex(vectors_get(b->file, "auth-iso-2k3des"), "key", key, 16);
	replay_auth(b, "auth-iso-2k3des", 0, key);
}

static void
iso_authentication_with_the_des_zero_key_answers_as_auth_iso_des_zero(void **state)
{
	replay_auth(*state, "auth-iso-des-zero", 0, zero_key);
}

/* Random numbers that make the session key which a vector begins with. */
static void
aim_session(struct sim_host *h, const uint8_t *session, size_t len)
{
	memcpy(h->rnd_a, session, 4);
	memcpy(h->rnd_b, session + 4, 4);
	if (len == 16) {
		memcpy(h->rnd_a + 12, session + 8, 4);
		memcpy(h->rnd_b + 12, session + 12, 4);
	}
}

static void
replay_change_key(struct bench *b, const char *name, uint8_t kind)
{
	const struct vector *v = vectors_get(b->file, name);
	uint8_t session[16], key[16];
	size_t len = vector_hex(v, "session_key", session, 16);

	make_app(b, "010203", 0x0F, kind, 2);
	aim_session(&b->host, session, len);
	assert_int_equal(host_auth(&b->host, kind == 0x80 ? 0xAA : 0x1A, 0, zero_key, 16), 0);
	replay(b, v, "tx", "rx", 1);
	assert_int_equal(vector_hex(v, "new_key", key, 16), 16);
	assert_int_equal(host_auth(&b->host, kind == 0x80 ? 0xAA : 0x1A,
	    (uint8_t)(vector_has(v, "old_key") ? 1 : 0), key, 16), 0);
}

static void
own_aes_key_changes_as_changekey_aes_same(void **state)
{
	replay_change_key(*state, "changekey-aes-same", 0x80);
}

static void
other_aes_key_changes_as_changekey_aes_other(void **state)
{
	replay_change_key(*state, "changekey-aes-other", 0x80);
}

static void
own_des_key_becomes_2k3des_as_changekey_2k3des_same(void **state)
{
	replay_change_key(*state, "changekey-2k3des-same", 0);
}

static void
plain_file_in_an_aes_session_answers_as_trace_aes_stdfile_plain(void **state)
{
	struct bench *b = *state;
	const struct vector *v = vectors_get(b->file, "trace-aes-stdfile-plain");
	uint8_t key[16];

	make_app(b, "16AE00", 0x0F, 0x80, 2);
	vector_hex(v, "key", key, 16);
	set_key(b, 0x80, 1, key);
	take_rnd_b(b, v);
	replay(b, v, "tx", "rx", 1);
}

static void
legacy_change_of_key_settings_answers_as_trace_legacy_d40(void **state)
{
	struct bench *b = *state;
	const struct vector *v = vectors_get(b->file, "trace-legacy-d40-changekeysettings");
	uint8_t iv[8] = {0}, rx[9];
	struct raw_key *k = NULL;
	size_t len;

	/* the trace does not print RndB: decipher the card's first answer */
	assert_true(vector_frame(v, "rx", 1, rx, sizeof(rx), &len));
	assert_int_equal(raw_key_new(RAW_DES, zero_key, &k, NULL), ERR_OK);
	assert_int_equal(raw_cbc_decrypt(k, iv, rx + 1, b->host.rnd_b, 8, NULL), ERR_OK);
	raw_key_free(&k);
	replay(b, v, "tx", "rx", 1);
}

/* The session begins in the middle of the authentication: send its first frame, then replay. */
static void
replay_session(struct bench *b, const struct vector *v, uint8_t ins, uint8_t key_no)
{
	static const uint8_t aid[3] = {0xBB, 0xBB, 0xBB};

	host_restart(&b->host, false);
	assert_int_equal(host_raw(&b->host, 0x5A, aid, 3), 0);
	take_rnd_b(b, v);
	assert_int_equal(host_frame(&b->host, ins, &key_no, 1), 0xAF);
	replay(b, v, "capdu", "rapdu", 1);
}

static void
key_settings_change_as_session_aes_changekeysettings(void **state)
{
	struct bench *b = *state;
	const struct vector *v = vectors_get(b->file, "session-aes-changekeysettings");
	uint8_t key[16];

	vector_hex(v, "key", key, 16);
	make_app(b, "BBBBBB", 0x0F, 0x80, 6);
	set_key(b, 0x80, 0, key);
	replay_session(b, v, 0xAA, 0);
}

static void
change_key_holder_changes_others_as_session_aes_changekey_others(void **state)
{
	struct bench *b = *state;
	const struct vector *v = vectors_get(b->file, "session-aes-changekey-others");
	/* the old key 1 is not printed: it is the one with which the recorded sums come out */
	static const uint8_t old[] = "Another AES key!";
	uint8_t key[16];

	vector_hex(v, "key", key, 16);
	make_app(b, "BBBBBB", 0x0F, 0x80, 6);
	set_key(b, 0x80, 1, old);
	set_key(b, 0x80, 5, key);
	assert_int_equal(host_auth(&b->host, 0xAA, 0, zero_key, 16), 0);
	assert_int_equal(host_secure(&b->host, 0x54, NULL, 0, "\x5F", 1, HOST_FULL, HOST_PLAIN), 0);
	replay_session(b, v, 0xAA, 5);
}

/* The files of the three writing sessions, in one mode, with one record committed. */
static void
make_files(struct bench *b, const char *mode)
{
	struct sim_host *h = &b->host;
	char hex[64];

	memcpy(hex, "0E0034126400", 13);
	memcpy(hex + 12, "00", 3);
	memcpy(hex + 2, mode, 2);
	assert_int_equal(host_hex(h, 0xCD, hex), 0);
	memcpy(hex, "040024134F9721C518FCFFFFC0BDF0FF01", 35);
	memcpy(hex + 2, mode, 2);
	assert_int_equal(host_hex(h, 0xCC, hex), 0);
	memcpy(hex, "01002413190000040000", 21);
	memcpy(hex + 2, mode, 2);
	assert_int_equal(host_hex(h, 0xC1, hex), 0);
}

/* One record in file 1 under key 2, so that the sessions find the count they recorded. */
static void
commit_record(struct bench *b, uint8_t ins, const uint8_t *key, enum host_mode mode)
{
	static const uint8_t head[7] = {0x01, 0, 0, 0, 1, 0, 0};

	assert_int_equal(host_auth(&b->host, ins, 2, key, 16), 0);
	assert_int_equal(host_secure(&b->host, 0x3B, head, 7, "x", 1, mode, HOST_PLAIN), 0);
	assert_int_equal(host_plain(&b->host, 0xC7, ""), 0);
}

static void
replay_writing(struct bench *b, const char *name, const char *mode_hex, enum host_mode mode,
    uint8_t kind)
{
	const struct vector *v = vectors_get(b->file, name);
	uint8_t key[16], ins = kind == 0x80 ? 0xAA : 0x1A;

	vector_hex(v, "key", key, 16);
	make_app(b, "BBBBBB", 0x0F, kind, 6);
	make_files(b, mode_hex);
	set_key(b, kind, 2, key);
	commit_record(b, ins, key, mode);
	replay_session(b, v, ins, 2);
}

static void
maced_writes_answer_as_session_aes_maced_write(void **state)
{
	replay_writing(*state, "session-aes-maced-write", "01", HOST_MAC, 0x80);
}

static void
enciphered_writes_answer_as_session_aes_enciphered_write(void **state)
{
	replay_writing(*state, "session-aes-enciphered-write", "03", HOST_FULL, 0x80);
}

static void
enciphered_writes_answer_as_session_2k3des_write(void **state)
{
	replay_writing(*state, "session-2k3des-write", "03", HOST_FULL, 0);
}

static void
get_version_answers_the_three_frames_of_getversion_desfire_ev1_8k(void **state)
{
	struct bench *b = *state;
	struct vectors *file = vectors_load("getversion-atr.txt");
	const struct vector *v = vectors_get(file, "getversion-desfire-ev1-8k");
	static const char *const parts[] = {"part1", "part2", "part3"};
	uint8_t want[32];

	host_restart(&b->host, false);
	for (unsigned i = 0; i < 3; i++) {
		size_t n = vector_hex(v, parts[i], want, sizeof(want));

		assert_int_equal(
		    host_frame(&b->host, i == 0 ? 0x60 : 0xAF, NULL, 0), i < 2 ? 0xAF : 0);
		assert_int_equal(b->host.rx_len, n);
		assert_memory_equal(b->host.rx, want, n);
	}
	vectors_free(&file);
}

static void
the_atr_is_atr_desfire_ev1_ev2_short(void **state)
{
	struct bench *b = *state;
	struct vectors *file = vectors_load("getversion-atr.txt");
	uint8_t want[ATR_CAP];
	size_t n = vector_hex(vectors_get(file, "atr-desfire-ev1-ev2-short"), "atr", want, ATR_CAP),
	       len;
	const uint8_t *atr = sim_card_atr(b->card, &len);

	assert_int_equal(len, n);
	assert_memory_equal(atr, want, n);
	vectors_free(&file);
}

/*
 * The section gives UID and sum; the card enciphers them, the host's check proves the sum's rule.
 */
static void
card_uid_comes_enciphered_with_the_sum_of_crc32_getcarduid(void **state)
{
	struct bench *b = *state;
	const struct vector *v = vectors_get(b->file, "crc32-getcarduid");
	uint8_t uid[7], want[11], iv[16] = {0}, plain[16];
	struct sim_card *card;
	struct sim_host h;

	vector_hex(v, "data", uid, 7);
	assert_int_equal(sim_desfire_new(uid, NULL, &card, NULL), ERR_OK);
	host_start(&h, card, true);
	assert_int_equal(host_auth(&h, 0x1A, 0, zero_key, 16), 0);
	assert_int_equal(raw_cmac(h.key, iv, (const uint8_t *)"\x51", 1, iv, NULL), ERR_OK);
	assert_int_equal(host_raw(&h, 0x51, NULL, 0), 0);
	assert_int_equal(h.rx_len, 16);
	assert_int_equal(raw_cbc_decrypt(h.key, iv, h.rx, plain, 16, NULL), ERR_OK);
	memcpy(want, uid, 7);
	vector_hex(v, "crc32_le", want + 7, 4);
	assert_memory_equal(plain, want, 11);
	host_stop(&h);
	sim_card_free(&card);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(aes_authentication_with_the_zero_key_answers_as_auth_aes_zero_key),
		T(iso_authentication_with_2k3des_answers_as_auth_iso_2k3des),
		T(iso_authentication_with_the_des_zero_key_answers_as_auth_iso_des_zero),
		T(own_aes_key_changes_as_changekey_aes_same),
		T(other_aes_key_changes_as_changekey_aes_other),
		T(own_des_key_becomes_2k3des_as_changekey_2k3des_same),
		T(plain_file_in_an_aes_session_answers_as_trace_aes_stdfile_plain),
		T(legacy_change_of_key_settings_answers_as_trace_legacy_d40),
		T(key_settings_change_as_session_aes_changekeysettings),
		T(change_key_holder_changes_others_as_session_aes_changekey_others),
		T(maced_writes_answer_as_session_aes_maced_write),
		T(enciphered_writes_answer_as_session_aes_enciphered_write),
		T(enciphered_writes_answer_as_session_2k3des_write),
		T(get_version_answers_the_three_frames_of_getversion_desfire_ev1_8k),
		T(the_atr_is_atr_desfire_ev1_ev2_short),
		T(card_uid_comes_enciphered_with_the_sum_of_crc32_getcarduid),
	};

	return cmocka_run_group_tests_name("software card: published vectors", tests, NULL, NULL);
}
