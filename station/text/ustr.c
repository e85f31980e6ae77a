#include "station/text/ustr.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

void
text_cut(const char *in, char *out, size_t cap)
{
	size_t n = strnlen(in, cap);

	if (n == cap) {
		n--;
		while (n > 0 && ((unsigned char)in[n] & 0xC0u) == 0x80u)
			n--;
	}
	memcpy(out, in, n);
	out[n] = '\0';
}

UChar32
utf8_next(const char *in, size_t *at)
{
	const uint8_t *s = (const uint8_t *)in;
	UChar32 c;
	int32_t i = 0;

	s += *at;
	if (s[0] == 0)
		return 0;
	/* -1: the string ends at its NUL */
	U8_NEXT(s, i, -1, c);
	*at += (size_t)i;
	return c < 0 ? 0xFFFD : c;
}

int32_t
ustr_from(const char *in, UChar *out, int32_t cap)
{
	int32_t n = 0;
	size_t at = 0;
	UChar32 c;

	while ((c = utf8_next(in, &at)) != 0 && n + U16_LENGTH(c) < cap)
		U16_APPEND_UNSAFE(out, n, c);
	out[n] = 0;
	return n;
}

UChar32
ustr_next(const UChar *in, int32_t *at, int32_t len)
{
	UChar unit = in[(*at)++];

	if (U16_IS_LEAD(unit) && *at < len && U16_IS_TRAIL(in[*at]))
		return 0x10000 + (unit - 0xD800) * 0x400 + (in[(*at)++] - 0xDC00);
	return U16_IS_SURROGATE(unit) ? 0xFFFD : unit;
}

bool
ustr_to(const UChar *in, int32_t len, char *out, size_t cap)
{
	size_t used = 0;
	int32_t i = 0;
	bool fits = true;

	while (i < len && fits) {
		uint8_t bytes[U8_MAX_LENGTH];
		uint32_t c = (uint32_t)ustr_next(in, &i, len);
		size_t n = 0;

		U8_APPEND_UNSAFE(bytes, n, c);
		fits = used + n < cap;
		if (fits) {
			memcpy(out + used, bytes, n);
			used += n;
		}
	}
	out[used] = '\0';
	return fits;
}

int
typed_digit(UChar32 c)
{
	if (c >= '0' && c <= '9')
		return (int)(c - '0');
	if (c >= 0x06F0 && c <= 0x06F9)
		return (int)(c - 0x06F0);
	if (c >= 0x0660 && c <= 0x0669)
		return (int)(c - 0x0660);
	return -1;
}

bool
typed_unseen(UChar32 c)
{
	return c == 0x200D || c == 0x200E || c == 0x200F || c == 0x061C || c == 0xFEFF ||
	    (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

bool
typed_space(UChar32 c)
{
	return c == 0x200C || u_isUWhiteSpace(c);
}

const char *
icu_locale(enum lang lang)
{
	return lang == LANG_EN ? "en" : "fa";
}
