/* base/bytes: bounds are remembered, never crossed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "station/base/bytes.h"

static void
a_writer_past_its_end_writes_nothing_more(void **state)
{
	uint8_t room[6] = {0, 0, 0, 0, 0xEE, 0xEE};
	struct writer w = writer_over(room, 4);

	(void)state;
	put_be16(&w, 0x0102);
	put_be32(&w, 0x03040506);
	put_u8(&w, 9);
	assert_true(w.overflow);
	assert_int_equal(w.len, 2);
	assert_memory_equal(room, "\x01\x02\x00\x00\xEE\xEE", 6);
}

static void
a_cursor_past_its_end_answers_zero(void **state)
{
	static const uint8_t data[] = {1, 2, 3};
	struct cursor c = cursor_over(data, sizeof(data));

	(void)state;
	assert_int_equal(take_le16(&c), 0x0201);
	assert_int_equal(take_be32(&c), 0);
	assert_true(c.underflow);
	assert_int_equal(take_u8(&c), 0);
}

static void
both_byte_orders_are_right(void **state)
{
	uint8_t room[32];
	struct writer w = writer_over(room, sizeof(room));
	struct cursor c;

	(void)state;
	put_be64(&w, UINT64_C(0x0102030405060708));
	put_le32(&w, 0x0A0B0C0D);
	put_le24(&w, 0x010203);
	assert_false(w.overflow);
	assert_memory_equal(room, "\1\2\3\4\5\6\7\10\x0D\x0C\x0B\x0A\3\2\1", 15);
	c = cursor_over(room, w.len);
	assert_true(take_be64(&c) == UINT64_C(0x0102030405060708));
	assert_int_equal(take_le32(&c), 0x0A0B0C0D);
	assert_int_equal(take_le24(&c), 0x010203);
	assert_int_equal(cursor_left(&c), 0);
	assert_false(c.underflow);
}

static void
hex_of_odd_length_or_strange_letters_is_refused(void **state)
{
	uint8_t out[4];
	char text[9];
	size_t len = 7;

	(void)state;
	assert_false(hex_decode("ABC", out, sizeof(out), &len));
	assert_int_equal(len, 0);
	assert_false(hex_decode("AG", out, sizeof(out), &len));
	assert_false(hex_decode("0102030405", out, sizeof(out), &len));
	assert_true(hex_decode("dEadBE0f", out, sizeof(out), &len));
	assert_int_equal(len, 4);
	hex_encode(out, len, text);
	assert_string_equal(text, "DEADBE0F");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_writer_past_its_end_writes_nothing_more),
		cmocka_unit_test(a_cursor_past_its_end_answers_zero),
		cmocka_unit_test(both_byte_orders_are_right),
		cmocka_unit_test(hex_of_odd_length_or_strange_letters_is_refused),
	};

	return cmocka_run_group_tests_name("base/bytes", tests, NULL, NULL);
}
