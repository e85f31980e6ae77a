#include <string.h>
#include <unicode/unum.h>

#include "station/text/ustr.h"

#define LRI "\xE2\x81\xA6"	/* U+2066 */
#define PDI "\xE2\x81\xA9"	/* U+2069 */
#define CARD_DIGITS 16

void
text_number(enum lang lang, int64_t n, char *out, size_t cap)
{
	UErrorCode st = U_ZERO_ERROR;
	UChar text[64];
	UNumberFormat *format = unum_open(UNUM_DECIMAL, NULL, 0, icu_locale(lang), NULL, &st);
	int32_t len = unum_formatInt64(format, n, text, 64, NULL, &st);

	if (U_FAILURE(st))
		len = 0;
	(void)ustr_to(text, len, out, cap);
	unum_close(format);
}

void
text_digits(enum lang lang, const char *in, char *out, size_t cap)
{
	size_t used = 0;

	if (lang == LANG_EN) {
		text_cut(in, out, cap);
		return;
	}
	for (; *in != '\0'; in++) {
		bool digit = *in >= '0' && *in <= '9';

		if (used + (digit ? 3 : 2) > cap)
			break;
		/* U+06F0 to U+06F9 */
		if (digit)
			out[used++] = (char)0xDB;
		out[used++] = (char)(digit ? 0xB0 + (*in - '0') : *in);
	}
	out[used] = '\0';
}

void
text_money(enum lang lang, int64_t rial, enum money_form form, char *out, size_t cap)
{
	static const enum msg ids[] = {
		[MONEY_TOMAN] = MSG_AMOUNT_IN_TOMAN,
		[MONEY_RIAL] = MSG_AMOUNT_IN_RIAL,
		[MONEY_BOTH] = MSG_AMOUNT_IN_BOTH,
	};
	struct why_in in[2] = {WHY_NUM(rial), WHY_NUM(rial / 10)};

	if (rial % 10 != 0)
		form = MONEY_RIAL;
	if (form == MONEY_TOMAN)
		in[0] = in[1];
	text_message(lang, ids[form], in, form == MONEY_BOTH ? 2 : 1, out, cap);
}

void
text_isolate(const char *in, char *out, size_t cap)
{
	size_t len;

	if (cap < sizeof(LRI PDI)) {
		text_cut(in, out, cap);
		return;
	}
	memcpy(out, LRI, sizeof(LRI));
	text_cut(in, out + sizeof(LRI) - 1, cap - (sizeof(LRI PDI) - 1));
	len = strlen(out);
	memcpy(out + len, PDI, sizeof(PDI));
}

void
text_card_number(enum lang lang, const char *digits, char *out, size_t cap)
{
	char grouped[CARD_DIGITS + CARD_DIGITS / 4];
	char own[2 * sizeof(grouped)];
	size_t used = 0;

	for (size_t i = 0; i < CARD_DIGITS && digits[i] != '\0'; i++) {
		if (i > 0 && i % 4 == 0)
			grouped[used++] = ' ';
		grouped[used++] = digits[i];
	}
	grouped[used] = '\0';
	text_digits(lang, grouped, own, sizeof(own));
	text_isolate(own, out, cap);
}
