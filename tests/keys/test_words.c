/* keys/words: two lists that hands and keyboards do not confuse, and lines that find every slip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "keys/digest.h"
#include "keys/words.h"
#include "keys/words_list.h"

#define LETTERS_CAP 16

static const enum words_lang langs[] = {WORDS_FA, WORDS_EN};

/* A word as code points, آ as ا. */
static unsigned
letters(const char *word, unsigned out[LETTERS_CAP])
{
	const unsigned char *s = (const unsigned char *)word;
	unsigned n = 0;

	for (; *s != '\0'; s++) {
		out[n] = *s < 0x80 ? *s : (unsigned)(*s & 0x1F) << 6 | (s[1] & 0x3Fu);
		if (*s >= 0x80)
			s++;
		if (out[n] == 0x0622)
			out[n] = 0x0627;
		n++;
	}
	return n;
}

/* Letters that look alike once their dots are gone. */
static unsigned
without_dots(unsigned c)
{
	static const unsigned group[][6] = {
		{0x0628, 0x067E, 0x062A, 0x062B, 0x0646, 0x06CC},	/* ب پ ت ث ن ی */
		{0x062C, 0x0686, 0x062D, 0x062E}, {0x062F, 0x0630}, {0x0631, 0x0632, 0x0698},
		{0x0633, 0x0634}, {0x0635, 0x0636}, {0x0637, 0x0638}, {0x0639, 0x063A},
		{0x0641, 0x0642}, {0x06A9, 0x06AF},
	};

	for (size_t g = 0; g < sizeof(group) / sizeof(group[0]); g++)
		for (unsigned i = 0; i < 6; i++)
			if (group[g][i] == c && c != 0)
				return group[g][0];
	return c;
}

/* Letters to change, leave out or put in to get from one word to the other. */
static unsigned
slips(const unsigned *a, unsigned a_len, const unsigned *b, unsigned b_len)
{
	unsigned row[LETTERS_CAP + 1];

	for (unsigned j = 0; j <= b_len; j++)
		row[j] = j;
	for (unsigned i = 0; i < a_len; i++) {
		unsigned corner = row[0]++;

		for (unsigned j = 0; j < b_len; j++) {
			const unsigned change = corner + (a[i] != b[j]);
			const unsigned above = row[j + 1] + 1, left = row[j] + 1;

			corner = row[j + 1];
			row[j + 1] = change < above ? change : above;
			if (left < row[j + 1])
				row[j + 1] = left;
		}
	}
	return row[b_len];
}

static void
look_at_pair(const char *one, const char *other)
{
	unsigned a[LETTERS_CAP], b[LETTERS_CAP];
	const unsigned a_len = letters(one, a), b_len = letters(other, b);
	bool same_shape = a_len == b_len;

	if (memcmp(a, b, 3 * sizeof(a[0])) == 0)
		fail_msg("%s and %s begin alike", one, other);
	if (slips(a, a_len, b, b_len) < 2)
		fail_msg("%s and %s are one slip apart", one, other);
	for (unsigned i = 0; same_shape && i < a_len; i++)
		same_shape = without_dots(a[i]) == without_dots(b[i]);
	if (same_shape)
		fail_msg("%s and %s differ in dots alone", one, other);
}

static void
no_two_words_begin_alike_or_are_one_slip_apart(void **state)
{
	(void)state;
	for (size_t l = 0; l < 2; l++)
		for (unsigned i = 0; i < WORDS_COUNT; i++)
			for (unsigned j = 0; j < i; j++)
				look_at_pair(words_list[langs[l]][j], words_list[langs[l]][i]);
}

static void
words_are_of_three_to_seven_plain_letters(void **state)
{
	unsigned letter[LETTERS_CAP];

	(void)state;
	for (size_t l = 0; l < 2; l++)
		for (unsigned i = 0; i < WORDS_COUNT; i++) {
			const char *word = words_list[langs[l]][i];
			const unsigned n = letters(word, letter);

			assert_true(n >= 3 && n <= 7);
			for (unsigned j = 0; j < n; j++)
				if (langs[l] == WORDS_EN ? letter[j] < 'a' || letter[j] > 'z' :
				    letter[j] < 0x0622 || letter[j] > 0x06CC ||
				    letter[j] == 0x064A || letter[j] == 0x0643 || letter[j] == 0x0629 ||
				    letter[j] == 0x0649)
					fail_msg("%s", word);
		}
}

static void
every_byte_has_its_word_and_every_word_its_byte(void **state)
{
	char word[WORDS_CAP];
	uint8_t byte;

	(void)state;
	for (size_t l = 0; l < 2; l++)
		for (unsigned i = 0; i < WORDS_COUNT; i++) {
			words_of(langs[l], (uint8_t)i, word);
			assert_string_equal(word, words_list[langs[l]][i]);
			assert_true(words_find(word, strlen(word), &byte));
			assert_int_equal(byte, i);
		}
}

static bool
finds(const char *typed, const char *word)
{
	uint8_t byte = 0;

	if (!words_find(typed, strlen(typed), &byte))
		return false;
	for (size_t l = 0; l < 2; l++)
		if (strcmp(words_list[langs[l]][byte], word) == 0)
			return true;
	return false;
}

static void
typing_is_forgiven(void **state)
{
	(void)state;
	assert_true(finds("Apple", "apple"));
	assert_true(finds("APP", "apple"));
	assert_true(finds("اتش", "آتش"));		/* ا for آ */
	assert_true(finds("كتاب", "کتاب"));		/* Arabic keyboards */
	assert_true(finds("پاييز", "پاییز"));
	assert_true(finds("کِتاب", "کتاب"));		/* a vowel mark */
	assert_true(finds("کتـــاب", "کتاب"));		/* stretched */
	assert_true(finds("کتا", "کتاب"));
	assert_true(finds("بوستا", "بوستان"));
}

static void
a_beginning_of_two_words_is_none(void **state)
{
	uint8_t byte;

	(void)state;
	assert_false(words_find("b", 1, &byte));
	assert_false(words_find("ba", 2, &byte));
	assert_false(words_find("کت", strlen("کت"), &byte));
	assert_false(words_find("", 0, &byte));
	assert_false(words_find("xyzzy", 5, &byte));
	assert_false(words_find("applepie", 8, &byte));
	assert_false(words_find("\xE2\x80", 2, &byte));
	assert_false(words_find("\xFF\xFF\xFF\xFF", 4, &byte));
}

static void
new_share(struct share *s)
{
	assert_int_equal(random_bytes(s->bytes, sizeof(s->bytes), NULL), ERR_OK);
}

static void
a_share_spelled_in_either_language_is_read_back(void **state)
{
	char line[WORDS_LINE_CAP];
	struct share s, back;
	struct why w;

	(void)state;
	for (unsigned round = 0; round < 64; round++) {
		new_share(&s);
		for (size_t l = 0; l < 2; l++) {
			memset(&back, 0, sizeof(back));
			for (unsigned i = 0; i < SHARE_LINES; i++) {
				words_spell(&s, i, langs[l], line);
				assert_int_equal(words_take(&back, i, line, &w), ERR_OK);
			}
			assert_memory_equal(&back, &s, sizeof(s));
		}
	}
}

/* The words of a line, as pointers into `line`, which is cut up. */
static void
cut(char *line, char *word[WORDS_IN_LINE])
{
	for (unsigned i = 0; i < WORDS_IN_LINE; i++) {
		word[i] = i == 0 ? line : strchr(word[i - 1], ' ');
		assert_non_null(word[i]);
		if (i > 0)
			*word[i]++ = '\0';
	}
}

static void
put_together(char *const word[WORDS_IN_LINE], char *out, size_t cap)
{
	size_t used = 0;

	for (unsigned i = 0; i < WORDS_IN_LINE; i++)
		used += (size_t)snprintf(out + used, cap - used, "%s%s", i > 0 ? " " : "", word[i]);
}

static void
every_wrong_word_is_found_and_its_line_named(void **state)
{
	char line[WORDS_LINE_CAP], typed[WORDS_LINE_CAP + WORDS_CAP];
	char *word[WORDS_IN_LINE];
	struct share s, back;
	struct why w;

	(void)state;
	new_share(&s);
	words_spell(&s, 4, WORDS_FA, line);
	cut(line, word);
	for (unsigned at = 0; at < WORDS_IN_LINE; at++) {
		char *right = word[at], wrong[WORDS_CAP];

		for (unsigned i = 0; i < WORDS_COUNT; i++) {
			words_of(WORDS_FA, (uint8_t)i, wrong);
			if (strcmp(wrong, right) == 0)
				continue;
			word[at] = wrong;
			put_together(word, typed, sizeof(typed));
			assert_int_equal(words_take(&back, 4, typed, &w), ERR_FORMAT);
			assert_int_equal(w.id, MSG_WORDS_LINE_WRONG);
			assert_int_equal(w.arg[0].num, 5);
		}
		word[at] = right;
	}
}

static void
exchanged_words_and_exchanged_lines_are_found(void **state)
{
	char line[WORDS_LINE_CAP], typed[WORDS_LINE_CAP + WORDS_CAP];
	char *word[WORDS_IN_LINE];
	struct share s, back;
	struct why w;

	(void)state;
	for (unsigned i = 0; i < SHARE_LEN; i++)
		s.bytes[i] = (uint8_t)(7 * i);	/* no two words of a line are the same */
	words_spell(&s, 2, WORDS_EN, line);
	for (unsigned other = 0; other < SHARE_LINES; other++)
		assert_int_equal(words_take(&back, other, line, &w), other == 2 ? ERR_OK : ERR_FORMAT);
	cut(line, word);
	for (unsigned a = 0; a < SHARE_LINE_LEN; a++)
		for (unsigned b = 0; b < a; b++) {
			char *kept = word[a];

			word[a] = word[b];
			word[b] = kept;
			put_together(word, typed, sizeof(typed));
			assert_int_equal(words_take(&back, 2, typed, &w), ERR_FORMAT);
			kept = word[a];
			word[a] = word[b];
			word[b] = kept;
		}
}

static void
a_line_of_another_length_or_with_a_strange_word_says_where(void **state)
{
	struct share s;
	struct why w;

	(void)state;
	assert_int_equal(words_take(&s, 0, "apple apple apple", &w), ERR_LEN);
	assert_int_equal(w.arg[2].num, 3);
	assert_int_equal(words_take(&s, 0, "", &w), ERR_LEN);
	assert_int_equal(words_take(&s, 7, "apple apple acorn ba apple apple apple", &w), ERR_FORMAT);
	assert_int_equal(w.id, MSG_WORDS_UNKNOWN);
	assert_int_equal(w.arg[0].num, 8);
	assert_int_equal(w.arg[1].num, 4);
}

static void
blanks_commas_and_dashes_between_words_do_not_matter(void **state)
{
	char line[WORDS_LINE_CAP], typed[2 * WORDS_LINE_CAP] = "  ", *word[WORDS_IN_LINE];
	struct share s, back = {{0}};
	struct why w;

	(void)state;
	new_share(&s);
	words_spell(&s, 0, WORDS_FA, line);
	cut(line, word);
	for (unsigned i = 0; i < WORDS_IN_LINE; i++) {
		static const char *const gap[] = {" \t ", "، ", "\xC2\xA0", " - ", "\xE2\x80\x80", ", ", "  "};

		strncat(typed, word[i], sizeof(typed) - strlen(typed) - 1);
		strncat(typed, gap[i], sizeof(typed) - strlen(typed) - 1);
	}
	assert_int_equal(words_take(&back, 0, typed, &w), ERR_OK);
	assert_memory_equal(back.bytes, s.bytes, SHARE_LINE_LEN);
}

static void
the_last_words_prove_a_copy_and_name_the_line_that_is_not(void **state)
{
	char line[WORDS_LINE_CAP], typed[SHARE_LINES * WORDS_CAP] = "", *word[WORDS_IN_LINE];
	struct share s;
	struct why w;

	(void)state;
	new_share(&s);
	for (unsigned i = 0; i < SHARE_LINES; i++) {
		words_spell(&s, i, WORDS_EN, line);
		cut(line, word);
		strncat(typed, word[SHARE_LINE_LEN], sizeof(typed) - strlen(typed) - 1);
		strncat(typed, " ", sizeof(typed) - strlen(typed) - 1);
	}
	assert_int_equal(words_prove(&s, typed, &w), ERR_OK);
	s.bytes[3 * SHARE_LINE_LEN] ^= 1;
	assert_int_equal(words_prove(&s, typed, &w), ERR_REFUSED);
	assert_int_equal(w.arg[0].num, 4);
	assert_int_equal(words_prove(&s, "apple", &w), ERR_LEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_two_words_begin_alike_or_are_one_slip_apart),
		cmocka_unit_test(words_are_of_three_to_seven_plain_letters),
		cmocka_unit_test(every_byte_has_its_word_and_every_word_its_byte),
		cmocka_unit_test(typing_is_forgiven),
		cmocka_unit_test(a_beginning_of_two_words_is_none),
		cmocka_unit_test(a_share_spelled_in_either_language_is_read_back),
		cmocka_unit_test(every_wrong_word_is_found_and_its_line_named),
		cmocka_unit_test(exchanged_words_and_exchanged_lines_are_found),
		cmocka_unit_test(a_line_of_another_length_or_with_a_strange_word_says_where),
		cmocka_unit_test(blanks_commas_and_dashes_between_words_do_not_matter),
		cmocka_unit_test(the_last_words_prove_a_copy_and_name_the_line_that_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
