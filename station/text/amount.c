#include <string.h>

#include "station/text/ustr.h"

#define SHAPE_CAP 64

/*
 * What was typed, a class a character: a digit as itself, ',' any separator of
 * thousands, ' ' a space, '.' a decimal point, '-' a minus, 'a' anything else.
 * `from` remembers where each stood, to cut the unit's word out of the original.
 */
struct typed {
	char shape[SHAPE_CAP];
	size_t from[SHAPE_CAP + 1];
	size_t len;
};

/* Units as text_fold writes them. */
static const struct {
	const char *word;
	enum money_form unit;
} units[] = {
	{"toman", MONEY_TOMAN}, {"tomans", MONEY_TOMAN}, {"t", MONEY_TOMAN},
	{"تومان", MONEY_TOMAN}, {"تومن", MONEY_TOMAN}, {"ت", MONEY_TOMAN},
	{"rial", MONEY_RIAL}, {"rials", MONEY_RIAL}, {"irr", MONEY_RIAL}, {"ریال", MONEY_RIAL},
};

static char
classify(UChar32 c)
{
	int digit = typed_digit(c);

	if (digit >= 0)
		return (char)('0' + digit);
	if (typed_space(c))
		return ' ';
	switch (c) {
	case ',': case '_': case '\'': case 0x2019: case 0x060C: case 0x066C:
		return ',';
	case '.': case '/': case 0x066B:
		return '.';
	case '-': case 0x2010: case 0x2012: case 0x2013: case 0x2212:
		return '-';
	default:
		return 'a';
	}
}

/* False if it is longer than any amount. */
static bool
look(const char *in, struct typed *t)
{
	size_t at = 0;

	t->len = 0;
	for (;;) {
		size_t from = at;
		UChar32 c = utf8_next(in, &at);

		t->from[t->len] = from;
		if (c == 0)
			return true;
		if (typed_unseen(c))
			continue;
		if (t->len == SHAPE_CAP)
			return false;
		t->shape[t->len++] = classify(c);
	}
}

static void
trim(const struct typed *t, size_t *from, size_t *to)
{
	while (*from < *to && t->shape[*from] == ' ')
		(*from)++;
	while (*to > *from && t->shape[*to - 1] == ' ')
		(*to)--;
}

/* The unit whose word stands at characters from..to of `in`; false if there is none of that name. */
static bool
find_unit(const char *in, const struct typed *t, size_t from, size_t to, enum money_form *unit)
{
	char word[SHAPE_CAP * 4 + 1];
	char key[TEXT_FOLD_CAP];
	size_t len = t->from[to] - t->from[from];

	if (len >= sizeof(word))
		return false;
	memcpy(word, in + t->from[from], len);
	word[len] = '\0';
	if (!text_fold(word, key, sizeof(key)))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].word, key) == 0) {
			*unit = units[i].unit;
			return true;
		}
	return false;
}

/* Take a unit off one end of from..to; false if the letters there name none, or stand at both ends. */
static bool
take_unit(const char *in, const struct typed *t, size_t *from, size_t *to, enum money_form *unit)
{
	size_t head = *from;
	size_t tail = *to;

	while (head < *to && t->shape[head] == 'a')
		head++;
	while (tail > head && t->shape[tail - 1] == 'a')
		tail--;
	if (head > *from && (tail < *to || !find_unit(in, t, *from, head, unit)))
		return false;
	if (tail < *to && !find_unit(in, t, tail, *to, unit))
		return false;
	*from = head;
	*to = tail;
	trim(t, from, to);
	return true;
}

static size_t
count(const struct typed *t, size_t from, size_t to, const char *classes)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		n += strchr(classes, t->shape[i]) != NULL;
	return n;
}

/* One to three digits, then always one separator of the same kind and three digits; or digits alone. */
static bool
groups_are_thousands(const struct typed *t, size_t from, size_t to)
{
	size_t run = 0;
	char separator = '\0';

	for (size_t i = from; i < to; i++) {
		char c = t->shape[i];

		if (c != ',' && c != ' ') {
			run++;
			continue;
		}
		if (separator == '\0' ? run < 1 || run > 3 : run != 3 || c != separator)
			return false;
		separator = c;
		run = 0;
	}
	return separator == '\0' || run == 3;
}

/* The digits' value; false above the bound. */
static bool
digits_value(const struct typed *t, size_t from, size_t to, int64_t max, int64_t *value)
{
	*value = 0;
	for (size_t i = from; i < to; i++) {
		if (t->shape[i] < '0' || t->shape[i] > '9')
			continue;
		*value = *value * 10 + (t->shape[i] - '0');
		if (*value > max)
			return false;
	}
	return true;
}

/* A number without its unit: digits, separators and signs only. */
static enum err
read_number(const struct typed *t, size_t from, size_t to, const char *in, int64_t max,
    int64_t *value, struct why *w)
{
	bool minus = from < to && (t->shape[from] == '-' || t->shape[to - 1] == '-');

	if (count(t, from, to, "0123456789") == 0 || count(t, from, to, "a") > 0 ||
	    count(t, from, to, "-") > (minus ? 1 : 0))
		return why_set(w, ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER, WHY_STR(in));
	if (minus)
		return why_set(w, ERR_RANGE, MSG_AMOUNT_NEGATIVE, WHY_STR(in));
	if (count(t, from, to, ".") > 0)
		return why_set(w, ERR_FORMAT, MSG_AMOUNT_FRACTION, WHY_STR(in));
	if (!digits_value(t, from, to, max, value))
		return why_set(w, ERR_RANGE, MSG_AMOUNT_TOO_BIG, WHY_MONEY(TEXT_AMOUNT_MAX_RIAL));
	if (!groups_are_thousands(t, from, to))
		return why_set(w, ERR_FORMAT, MSG_AMOUNT_GROUPS, WHY_STR(in), WHY_NUM(*value));
	return *value == 0 ? why_set(w, ERR_RANGE, MSG_AMOUNT_ZERO) : ERR_OK;
}

enum err
text_parse_amount(const char *in, enum money_form default_unit, int64_t *rial, struct why *w)
{
	enum money_form unit = default_unit;
	struct typed t;
	size_t from = 0;
	size_t to;
	int64_t value = 0;
	int64_t factor;
	enum err e;

	if (!look(in, &t))
		return why_set(w, ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER, WHY_STR(in));
	to = t.len;
	trim(&t, &from, &to);
	if (from == to)
		return why_set(w, ERR_FORMAT, MSG_AMOUNT_EMPTY);
	if (!take_unit(in, &t, &from, &to, &unit))
		return why_set(w, ERR_FORMAT, MSG_AMOUNT_NOT_NUMBER, WHY_STR(in));
	factor = unit == MONEY_TOMAN ? 10 : 1;
	e = read_number(&t, from, to, in, TEXT_AMOUNT_MAX_RIAL / factor, &value, w);
	if (e == ERR_OK)
		*rial = value * factor;
	return e;
}
