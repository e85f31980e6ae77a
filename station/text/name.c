#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include "station/text/ustr.h"

#define NAME_MAX_GRAPHEMES 60
#define NAME_MAX_BYTES 1200	/* 300 characters of the longest kind: beyond it nothing is looked at */
#define MARKS_MAX 2
#define ZWNJ 0x200C
#define ZWJ 0x200D
#define ROOM 4096		/* UTF-16 units: NFKD makes of one character 18 at most, of real names a few */

/* --- names as typed */

/* What one character of a name is. */
enum kind { KIND_LETTER, KIND_MARK, KIND_SPACE, KIND_JOINER, KIND_OTHER, KIND_UNSEEN, KIND_CONTROL, KIND_SYMBOL };

static enum kind
kind_of(UChar32 c)
{
	if (c == ZWNJ || c == ZWJ)
		return KIND_JOINER;
	/* come along with pasted text and show nothing; embeddings, overrides and isolates are refused */
	if (c == 0x200E || c == 0x200F || c == 0x061C || c == 0xFEFF)
		return KIND_UNSEEN;
	switch (u_charType(c)) {
	case U_UPPERCASE_LETTER: case U_LOWERCASE_LETTER: case U_TITLECASE_LETTER:
	case U_MODIFIER_LETTER: case U_OTHER_LETTER:
		return KIND_LETTER;
	case U_NON_SPACING_MARK: case U_COMBINING_SPACING_MARK:
		return KIND_MARK;
	case U_SPACE_SEPARATOR:
		return KIND_SPACE;
	case U_CONTROL_CHAR: case U_FORMAT_CHAR: case U_LINE_SEPARATOR: case U_PARAGRAPH_SEPARATOR:
		return KIND_CONTROL;
	case U_DECIMAL_DIGIT_NUMBER:
		return KIND_OTHER;
	default:
		break;
	}
	/* «خانم محمدی (شعبهٔ ۲)», O'Brien, Jean-Luc, A. · B. */
	return u_strchr32(u"-‐'’.·()،,&/", c) != NULL ? KIND_OTHER : KIND_SYMBOL;
}

/* A joiner stays only where it joins: between letters, marks of the first allowed. */
static bool
joins(const UChar *out, int32_t used, const UChar *in, int32_t at, int32_t len)
{
	/* scripts that need joiners live in single units */
	UChar before = used > 0 ? out[used - 1] : 0;
	UChar after = at < len ? in[at] : 0;

	return (u_isalpha(before) || kind_of(before) == KIND_MARK) && u_isalpha(after);
}

/* Copies what stays. The first character that may not be in a name decides the refusal. */
static enum err
copy_name(const UChar *in, int32_t len, UChar *out, int32_t *used, bool *letters, struct why *w)
{
	int32_t n = 0;
	int marks = 0;
	int32_t at = 0;

	while (at < len) {
		UChar32 c = ustr_next(in, &at, len);
		enum kind kind = kind_of(c);

		if (kind == KIND_CONTROL)
			return why_set(w, ERR_FORMAT, MSG_NAME_CONTROL, WHY_HEX(c));
		if (kind == KIND_SYMBOL)
			return why_set(w, ERR_FORMAT, MSG_NAME_SYMBOL, WHY_HEX(c));
		marks = kind == KIND_MARK ? marks + 1 : 0;
		if (marks > MARKS_MAX || (kind == KIND_MARK && (n == 0 || out[n - 1] == ' ')))
			return why_set(w, ERR_FORMAT, MSG_NAME_MARKS);
		if (kind == KIND_UNSEEN || (kind == KIND_JOINER && !joins(out, n, in, at, len)) ||
		    (kind == KIND_SPACE && (n == 0 || out[n - 1] == ' ')))
			continue;
		*letters = *letters || kind == KIND_LETTER;
		U16_APPEND_UNSAFE(out, n, kind == KIND_SPACE ? ' ' : c);
	}
	*used = n > 0 && out[n - 1] == ' ' ? n - 1 : n;
	return ERR_OK;
}

/* Characters as people count them. */
static int32_t
count_graphemes(const UChar *s, int32_t len)
{
	UErrorCode st = U_ZERO_ERROR;
	UBreakIterator *it = ubrk_open(UBRK_CHARACTER, "en", s, len, &st);
	int32_t n = 0;

	while (U_SUCCESS(st) && ubrk_next(it) != UBRK_DONE)
		n++;
	ubrk_close(it);
	return U_SUCCESS(st) ? n : len;
}

/* As NFC; false if the bytes are not UTF-8 or do not fit. */
static bool
to_nfc(const char *in, UChar *out, int32_t *len)
{
	UErrorCode st = U_ZERO_ERROR;
	UChar raw[NAME_MAX_BYTES + 1];
	int32_t n = 0;

	(void)u_strFromUTF8(raw, NAME_MAX_BYTES + 1, &n, in, -1, &st);
	*len = unorm2_normalize(unorm2_getNFCInstance(&st), raw, n, out, ROOM, &st);
	return U_SUCCESS(st);
}

enum err
text_clean_name(const char *in, char *out, size_t cap, struct why *w)
{
	UChar typed[ROOM];
	UChar kept[ROOM];
	int32_t len;
	int32_t used = 0;
	int32_t graphemes;
	bool letters = false;
	enum err e;

	out[0] = '\0';
	if (strnlen(in, NAME_MAX_BYTES + 1) > NAME_MAX_BYTES)
		return why_set(w, ERR_LEN, MSG_NAME_TOO_LONG, WHY_NUM(NAME_MAX_GRAPHEMES));
	if (!to_nfc(in, typed, &len))
		return why_set(w, ERR_FORMAT, MSG_NAME_NOT_TEXT);
	e = copy_name(typed, len, kept, &used, &letters, w);
	if (e != ERR_OK)
		return e;
	graphemes = count_graphemes(kept, used);
	if (graphemes == 0)
		return why_set(w, ERR_LEN, MSG_NAME_EMPTY);
	if (!letters)
		return why_set(w, ERR_FORMAT, MSG_NAME_NO_LETTER);
	if (graphemes > NAME_MAX_GRAPHEMES || !ustr_to(kept, used, out, cap)) {
		out[0] = '\0';
		return why_set(w, ERR_LEN, MSG_NAME_TOO_LONG, WHY_NUM(NAME_MAX_GRAPHEMES));
	}
	return ERR_OK;
}

/* --- the key for searching */

/* Persian letters for their relatives, after decomposition has taken hamza and madda off. */
static const struct {
	UChar from;
	UChar to;
} relatives[] = {
	{0x064A, 0x06CC}, {0x0649, 0x06CC}, {0x06D2, 0x06CC},	/* ي ى ے → ی */
	{0x0643, 0x06A9}, {0x06AA, 0x06A9},			/* ك ڪ → ک */
	{0x0629, 0x0647}, {0x06D5, 0x0647}, {0x06C1, 0x0647}, {0x06BE, 0x0647}, {0x06C3, 0x0647}, /* ة ە ہ ھ ۃ → ه */
	{0x0671, 0x0627},					/* ٱ → ا */
};

/* The folded form of one character: 0 if it leaves no trace. */
static UChar32
fold_char(UChar32 c)
{
	int32_t digit = u_charDigitValue(c);
	int8_t type = u_charType(c);

	if (c == 0x0640 || c == 0xFFFD || type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK ||
	    type == U_FORMAT_CHAR)
		return 0;
	if (u_isUWhiteSpace(c) || type == U_CONTROL_CHAR)
		return ' ';
	if (type == U_DECIMAL_DIGIT_NUMBER && digit >= 0)
		return '0' + digit;
	for (size_t i = 0; i < sizeof(relatives) / sizeof(relatives[0]); i++)
		if (c == relatives[i].from)
			return relatives[i].to;
	return c;
}

static int32_t
fold_chars(const UChar *in, int32_t len, UChar *out)
{
	int32_t n = 0;

	for (int32_t at = 0; at < len;) {
		UChar32 c = fold_char(ustr_next(in, &at, len));

		if (c == 0 || (c == ' ' && (n == 0 || out[n - 1] == ' ')))
			continue;
		U16_APPEND_UNSAFE(out, n, c);
	}
	return n > 0 && out[n - 1] == ' ' ? n - 1 : n;
}

bool
text_fold(const char *in, char *out, size_t cap)
{
	UErrorCode st = U_ZERO_ERROR;
	UChar a[ROOM];
	UChar b[ROOM];
	int32_t len = ustr_from(in, a, ROOM);
	bool whole = len < ROOM - 2;

	/* case folding first (it takes the unseen characters along), then every mark stands apart and can be dropped */
	len = unorm2_normalize(unorm2_getNFKCCasefoldInstance(&st), a, len, b, ROOM, &st);
	len = unorm2_normalize(unorm2_getNFKDInstance(&st), b, len, a, ROOM, &st);
	if (U_SUCCESS(st)) {
		len = fold_chars(a, len, b);
		len = unorm2_normalize(unorm2_getNFCInstance(&st), b, len, a, ROOM, &st);
	}
	if (U_SUCCESS(st) && whole && ustr_to(a, len, out, cap))
		return true;
	out[0] = '\0';
	return false;
}
