/* Card numbers and phone numbers, as people type them. */
#include <string.h>

#include "station/text/ustr.h"

#define CARD_DIGITS 16
#define E164_MIN 7
#define E164_MAX 15
#define IRAN_NATIONAL 10

/*
 * The digits of `in` as ASCII, at most `cap` kept but all counted; between them only
 * spaces and the characters of `between`. Answers the count, or -1 for anything else.
 */
static int
pick_digits(const char *in, const char *between, char *out, int cap)
{
	size_t at = 0;
	int n = 0;
	UChar32 c;

	while ((c = utf8_next(in, &at)) != 0) {
		int digit = typed_digit(c);

		if (digit >= 0) {
			if (n < cap)
				out[n] = (char)('0' + digit);
			n++;
		} else if (!typed_space(c) && !typed_unseen(c) && !(c >= 0x2010 && c <= 0x2015) &&
		    c != 0x2212 && (c > 0x7E || strchr(between, (int)c) == NULL))
			return -1;
	}
	out[n < cap ? n : cap] = '\0';
	return n;
}

enum err
text_parse_card_number(const char *in, char out[17], struct why *w)
{
	int n = pick_digits(in, "-_.", out, CARD_DIGITS);

	if (n < 0) {
		out[0] = '\0';
		return why_set(w, ERR_FORMAT, MSG_CARD_NUMBER_STRANGE, WHY_CODE(in));
	}
	if (n != CARD_DIGITS) {
		out[0] = '\0';
		return why_set(w, ERR_LEN, MSG_CARD_NUMBER_LENGTH, WHY_NUM(n));
	}
	return ERR_OK;
}

/* Ten digits after the country's code: 9… a mobile, else two of area and eight not beginning with 0 or 1. */
static bool
iran_national(const char *d)
{
	if (strlen(d) != IRAN_NATIONAL || d[0] == '0')
		return false;
	return d[0] == '9' || d[2] >= '2';
}

/* The national part if the digits are an Iranian number in one of the forms people write; else NULL. */
static const char *
iran_part(const char *d, bool international)
{
	if (strncmp(d, "98", 2) == 0 && (international || strlen(d) == IRAN_NATIONAL + 2)) {
		d += 2;
		/* +98 (0)912: the zero belongs to calls inside the country */
		return d[0] == '0' ? d + 1 : d;
	}
	if (international)
		return NULL;
	if (d[0] == '0')
		return d + 1;
	return d[0] == '9' ? d : NULL;
}

/* Before a plus stand blanks alone, and the direction marks that telephones paste along. */
static bool
only_blanks(const char *in, const char *plus)
{
	size_t at = 0;

	while (in + at < plus) {
		UChar32 c = utf8_next(in, &at);

		if (!typed_space(c) && !typed_unseen(c))
			return false;
	}
	return true;
}

enum err
text_phone(const char *in, char out[TEXT_PHONE_CAP], struct why *w)
{
	char digits[E164_MAX + 4] = "";
	const char *d = digits;
	const char *plus = strchr(in, '+');
	const char *national;
	int n = pick_digits(plus != NULL ? plus + 1 : in, "-./()", digits, (int)sizeof(digits) - 1);
	bool international = plus != NULL;
	bool good = n > 0 && n < (int)sizeof(digits);

	good = good && (plus == NULL || only_blanks(in, plus));
	if (good && !international && strncmp(d, "00", 2) == 0) {
		international = true;
		d += 2;
	}
	national = good ? iran_part(d, international) : NULL;
	out[0] = '+';
	if (national != NULL && iran_national(national)) {
		memcpy(out + 1, "98", 2);
		memcpy(out + 3, national, IRAN_NATIONAL + 1);
		return ERR_OK;
	}
	if (good && international && national == NULL && d[0] > '0' && strlen(d) >= E164_MIN &&
	    strlen(d) <= E164_MAX) {
		memcpy(out + 1, d, strlen(d) + 1);
		return ERR_OK;
	}
	out[0] = '\0';
	return why_set(w, ERR_FORMAT, MSG_PHONE_STRANGE, WHY_CODE(in));
}
