#include "keys/words.h"

#include <string.h>

#include "keys/words_list.h"
#include "station/base/secret.h"

#define FOLD_CAP 32	/* a longer word is none of ours */

/* --- one word */

void
words_of(enum words_lang lang, uint8_t byte, char out[WORDS_CAP])
{
	memset(out, 0, WORDS_CAP);
	for (unsigned i = 0; i < WORDS_COUNT; i++) {
		/* all ones for the word that is meant, else zero */
		const unsigned mask = ((i ^ byte) - 1u) >> 8;

		for (unsigned j = 0; j < WORDS_CAP; j++)
			out[j] = (char)((unsigned char)out[j] |
			    ((unsigned char)words_list[lang][i][j] & mask));
	}
}

/* One character of at most three bytes; *at moves on. What is no UTF-8 is taken byte by byte. */
static unsigned
next(const unsigned char *s, size_t len, size_t *at)
{
	const unsigned c = s[(*at)++];
	const size_t left = len - *at;

	if ((c & 0xE0) == 0xC0 && left >= 1)
		return (c & 0x1F) << 6 | (s[(*at)++] & 0x3Fu);
	if ((c & 0xF0) == 0xE0 && left >= 2) {
		*at += 2;
		return (c & 0x0F) << 12 | (s[*at - 2] & 0x3Fu) << 6 | (s[*at - 1] & 0x3Fu);
	}
	return c;
}

/* Seen by nobody: joiners, directions, marks on letters and the line that stretches them. */
static bool
is_unseen(unsigned c)
{
	return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
	    (c >= 0x2066 && c <= 0x2069) || (c >= 0x064B && c <= 0x065F) || c == 0x0670 ||
	    c == 0x0640 || c == 0x061C || c == 0xFEFF;
}

/* Letters that a keyboard gives for one another. */
static unsigned
same_letter(unsigned c)
{
	static const struct {
		unsigned from, to;
	} letter[] = {
		{0x0622, 0x0627}, {0x0623, 0x0627}, {0x0625, 0x0627}, {0x0671, 0x0627},	/* ا */
		{0x064A, 0x06CC}, {0x0649, 0x06CC}, {0x0626, 0x06CC},			/* ی */
		{0x0643, 0x06A9}, {0x0629, 0x0647}, {0x06C0, 0x0647}, {0x06D5, 0x0647},	/* ک ه */
		{0x0624, 0x0648},							/* و */
	};

	if (c >= 'A' && c <= 'Z')
		return c + ('a' - 'A');
	for (size_t i = 0; i < sizeof(letter) / sizeof(letter[0]); i++)
		if (letter[i].from == c)
			return letter[i].to;
	return c;
}

/* False if it does not fit, and so is no word of ours. Letters above U+07FF are none either. */
static bool
fold(const char *word, size_t len, char out[FOLD_CAP])
{
	const unsigned char *s = (const unsigned char *)word;
	size_t used = 0;

	for (size_t at = 0; at < len;) {
		const unsigned c = next(s, len, &at);

		if (is_unseen(c))
			continue;
		if (c > 0x7FF || used + 3 > FOLD_CAP)
			return false;
		if (same_letter(c) < 0x80) {
			out[used++] = (char)same_letter(c);
		} else {
			out[used++] = (char)(0xC0 | same_letter(c) >> 6);
			out[used++] = (char)(0x80 | (same_letter(c) & 0x3F));
		}
	}
	out[used] = '\0';
	return used > 0;
}

bool
words_find(const char *typed, size_t len, uint8_t *out)
{
	char want[FOLD_CAP], have[FOLD_CAP];
	unsigned found = 0;
	bool whole = false;

	if (!fold(typed, len, want)) {
		WIPE(want);
		return false;
	}
	for (unsigned i = 0; i < 2 * WORDS_COUNT; i++) {
		const char *word = words_list[i / WORDS_COUNT][i % WORDS_COUNT];

		if (!fold(word, strlen(word), have) || strncmp(have, want, strlen(want)) != 0 || whole)
			continue;
		whole = strlen(have) == strlen(want);
		found = whole ? 1 : found + 1;
		*out = (uint8_t)(i % WORDS_COUNT);
	}
	WIPE(want);
	WIPE(have);
	return found == 1;
}

/* --- lines */

/* Between words may stand what people put there. */
static bool
is_gap(unsigned c)
{
	return c <= ' ' || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == ',' ||
	    c == 0x060C || c == '-' || c == '.' || c == '|';
}

/* The next word of `typed` from *at on; NULL at the end. */
static const char *
next_word(const char *typed, size_t *at, size_t *len)
{
	const unsigned char *s = (const unsigned char *)typed;
	const size_t whole = strlen(typed);
	size_t begin = *at, end;

	while (begin < whole && (end = begin, is_gap(next(s, whole, &end))))
		begin = end;
	end = begin;
	for (size_t after = end; after < whole && !is_gap(next(s, whole, &after));)
		end = after;
	*at = end;
	*len = end - begin;
	return *len > 0 ? typed + begin : NULL;
}

static unsigned
count_words(const char *typed)
{
	unsigned n = 0;
	size_t at = 0, len;

	while (next_word(typed, &at, &len) != NULL)
		n++;
	return n;
}

/* Exactly `count` words as bytes, or the number of the first that is none in *bad, from 1. */
static bool
read_words(const char *typed, uint8_t *out, unsigned count, unsigned *bad)
{
	size_t at = 0, len;

	for (*bad = 1; *bad <= count; (*bad)++) {
		const char *word = next_word(typed, &at, &len);

		if (word == NULL || !words_find(word, len, &out[*bad - 1]))
			return false;
	}
	return true;
}

void
words_spell(const struct share *s, unsigned line, enum words_lang lang, char out[WORDS_LINE_CAP])
{
	const uint8_t *bytes = s->bytes + (size_t)line * SHARE_LINE_LEN;
	char word[WORDS_CAP];

	for (unsigned i = 0; i < WORDS_IN_LINE; i++) {
		words_of(lang, i < SHARE_LINE_LEN ? bytes[i] : share_line_check(line, bytes), word);
		out = stpcpy(out, word);
		*out++ = i + 1 < WORDS_IN_LINE ? ' ' : '\0';
	}
	WIPE(word);
}

enum err
words_take(struct share *s, unsigned line, const char *typed, struct why *w)
{
	uint8_t bytes[WORDS_IN_LINE];
	unsigned bad;
	enum err e = ERR_OK;

	if (count_words(typed) != WORDS_IN_LINE)
		e = why_set(w, ERR_LEN, MSG_WORDS_LINE_COUNT, WHY_NUM(line + 1), WHY_NUM(WORDS_IN_LINE),
		    WHY_NUM(count_words(typed)));
	else if (!read_words(typed, bytes, WORDS_IN_LINE, &bad))
		e = why_set(w, ERR_FORMAT, MSG_WORDS_UNKNOWN, WHY_NUM(line + 1), WHY_NUM(bad));
	else if (share_line_check(line, bytes) != bytes[SHARE_LINE_LEN])
		e = why_set(w, ERR_FORMAT, MSG_WORDS_LINE_WRONG, WHY_NUM(line + 1));
	else
		memcpy(s->bytes + (size_t)line * SHARE_LINE_LEN, bytes, SHARE_LINE_LEN);
	WIPE(bytes);
	return e;
}

enum err
words_prove(const struct share *s, const char *typed, struct why *w)
{
	uint8_t bytes[SHARE_LINES];
	unsigned bad;
	enum err e = ERR_OK;

	if (count_words(typed) != SHARE_LINES)
		return why_set(w, ERR_LEN, MSG_WORDS_PROOF_COUNT, WHY_NUM(SHARE_LINES),
		    WHY_NUM(count_words(typed)));
	if (!read_words(typed, bytes, SHARE_LINES, &bad))
		e = why_set(w, ERR_FORMAT, MSG_WORDS_PROOF_WRONG, WHY_NUM(bad));
	for (unsigned line = 0; e == ERR_OK && line < SHARE_LINES; line++)
		if (share_line_check(line, s->bytes + (size_t)line * SHARE_LINE_LEN) != bytes[line])
			e = why_set(w, ERR_REFUSED, MSG_WORDS_PROOF_WRONG, WHY_NUM(line + 1));
	WIPE(bytes);
	return e;
}
