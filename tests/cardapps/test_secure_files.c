/* secure/ev1 with a software card: every mode, every length around a block and a frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cardapps/secure/ev1.h"
#include "cardapps/sim/sim.h"
#include "station/base/bytes.h"

static const uint8_t uid[7] = {0x04, 0x44, 0x0F, 0x32, 0x76, 0x31, 0x80};
static const uint8_t app_aid[3] = {0x12, 0x34, 0x56};

struct bench {
	struct sim_card *chip;
	struct ev1 wire;
	struct card_key *des, *aes;
	struct why why;
};

static void
bench_open(struct bench *b)
{
	const struct key_ref des = {.origin = KEY_FACTORY_DES}, aes = {.origin = KEY_FACTORY_AES};

	memset(b, 0, sizeof(*b));
	assert_int_equal(sim_desfire_new(uid, NULL, &b->chip, &b->why), ERR_OK);
	assert_int_equal(sim_reader_open(b->chip, false, &b->wire.reader, &b->why), ERR_OK);
	assert_int_equal(reader_connect(b->wire.reader, 100, &b->why), ERR_OK);
	assert_int_equal(card_key_open(NULL, &des, &b->des, &b->why), ERR_OK);
	assert_int_equal(card_key_open(NULL, &aes, &b->aes, &b->why), ERR_OK);
}

static void
bench_close(struct bench *b)
{
	ev1_forget(&b->wire);
	card_key_close(&b->des);
	card_key_close(&b->aes);
	reader_close(&b->wire.reader);
	sim_card_free(&b->chip);
}

static void
does(struct bench *b, enum df_ins ins, enum ev1_mode mode, const uint8_t *data, size_t len)
{
	enum err e = ev1_command(&b->wire, ins, mode, data, len, &b->why);

	if (e != ERR_OK)
		fail_msg("%02x: %s, status %02x", ins, err_name(e), b->wire.status);
}

/* An application with one AES key and a file of 256 bytes in each mode, numbered as the mode. */
static void
make_files(struct bench *b)
{
	static const enum ev1_mode modes[] = {EV1_PLAIN, EV1_MACED, EV1_ENCIPHERED};
	const uint8_t app[] = {app_aid[2], app_aid[1], app_aid[0], 0x0F, 0x81};

	does(b, DF_CREATE_APPLICATION, EV1_PLAIN, app, sizeof(app));
	assert_int_equal(ev1_select(&b->wire, app_aid, &b->why), ERR_OK);
	assert_int_equal(ev1_authenticate(&b->wire, DF_AUTHENTICATE_AES, 0, b->aes, &b->why), ERR_OK);
	for (size_t i = 0; i < 3; i++) {
		const uint8_t file[] = {(uint8_t)modes[i], (uint8_t)modes[i], 0, 0, 0, 1, 0};

		does(b, DF_CREATE_STD_DATA_FILE, EV1_PLAIN, file, sizeof(file));
	}
}

static size_t
span(uint8_t *out, size_t cap, enum ev1_mode file, uint32_t off, size_t len)
{
	struct writer w = writer_over(out, cap);

	put_u8(&w, (uint8_t)file);
	put_le24(&w, off);
	put_le24(&w, (uint32_t)len);
	return w.len;
}

static void
write_and_read(struct bench *b, enum ev1_mode mode, size_t len)
{
	uint8_t data[7 + 256];
	size_t head = span(data, sizeof(data), mode, 0, len);

	for (size_t i = 0; i < len; i++)
		data[head + i] = (uint8_t)(i * 7 + len);
	does(b, DF_WRITE_DATA, mode, data, head + len);
	does(b, DF_READ_DATA, mode, data, head);
	assert_int_equal(b->wire.answer_len, len);
	assert_memory_equal(b->wire.answer, data + head, len);
}

static void
every_mode_carries_every_length(void **state)
{
	static const enum ev1_mode modes[] = {EV1_PLAIN, EV1_MACED, EV1_ENCIPHERED};
	struct bench b;

	(void)state;
	bench_open(&b);
	make_files(&b);
	for (size_t i = 0; i < 3; i++) {
		for (size_t len = 1; len <= 130; len++)
			write_and_read(&b, modes[i], len);
		write_and_read(&b, modes[i], 256);
	}
	bench_close(&b);
}

/* The check sum of some of these begins with a zero and fits one byte later as well. */
static void
data_that_end_in_zeros_keep_them(void **state)
{
	uint8_t data[7 + 40] = {0};
	struct bench b;

	(void)state;
	bench_open(&b);
	make_files(&b);
	for (size_t len = 1; len <= 40; len++) {
		size_t head = span(data, sizeof(data), EV1_ENCIPHERED, 0, len);

		does(&b, DF_WRITE_DATA, EV1_ENCIPHERED, data, head + len);
		does(&b, DF_READ_DATA, EV1_ENCIPHERED, data, head);
		assert_int_equal(b.wire.answer_len, len);
	}
	bench_close(&b);
}

static void
the_true_uid_comes_enciphered_in_both_ciphers(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	assert_int_equal(ev1_authenticate(&b.wire, DF_AUTHENTICATE_ISO, 0, b.des, &b.why), ERR_OK);
	does(&b, DF_GET_CARD_UID, EV1_PLAIN, NULL, 0);
	assert_int_equal(b.wire.answer_len, sizeof(uid));
	assert_memory_equal(b.wire.answer, uid, sizeof(uid));
	make_files(&b);
	does(&b, DF_GET_CARD_UID, EV1_PLAIN, NULL, 0);
	assert_int_equal(b.wire.answer_len, sizeof(uid));
	assert_memory_equal(b.wire.answer, uid, sizeof(uid));
	bench_close(&b);
}

static void
a_commit_of_nothing_keeps_the_session(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	make_files(&b);
	assert_int_equal(ev1_command(&b.wire, DF_COMMIT_TRANSACTION, EV1_PLAIN, NULL, 0, &b.why),
	    ERR_CARD_SW);
	assert_int_equal(b.wire.status, DF_NO_CHANGES);
	write_and_read(&b, EV1_MACED, 20);
	bench_close(&b);
}

static void
an_error_ends_the_session_on_both_sides(void **state)
{
	uint8_t none = 9;
	struct bench b;

	(void)state;
	bench_open(&b);
	make_files(&b);
	assert_int_equal(ev1_command(&b.wire, DF_GET_FILE_SETTINGS, EV1_PLAIN, &none, 1, &b.why),
	    ERR_CARD_SW);
	assert_int_equal(b.wire.status, DF_FILE_NOT_FOUND);
	assert_null(b.wire.session);
	assert_int_equal(ev1_authenticate(&b.wire, DF_AUTHENTICATE_AES, 0, b.aes, &b.why), ERR_OK);
	write_and_read(&b, EV1_ENCIPHERED, 20);
	bench_close(&b);
}

static void
the_wrong_kind_of_key_is_refused_as_a_key(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	assert_int_equal(ev1_authenticate(&b.wire, DF_AUTHENTICATE_AES, 0, b.aes, &b.why),
	    ERR_CARD_AUTH);
	assert_int_equal(b.why.id, MSG_CARD_KEY_REFUSED);
	assert_null(b.wire.session);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mode_carries_every_length),
		cmocka_unit_test(data_that_end_in_zeros_keep_them),
		cmocka_unit_test(the_true_uid_comes_enciphered_in_both_ciphers),
		cmocka_unit_test(a_commit_of_nothing_keeps_the_session),
		cmocka_unit_test(an_error_ends_the_session_on_both_sides),
		cmocka_unit_test(the_wrong_kind_of_key_is_refused_as_a_key),
	};

	return cmocka_run_group_tests_name("secure/ev1 with a card", tests, NULL, NULL);
}
