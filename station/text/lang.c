#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "station/text/text.h"

#define ACCEPT_CAP 1000

static const struct {
	const char *primary;
	enum lang lang;
} tags[] = {
	{"fa", LANG_FA}, {"fas", LANG_FA}, {"per", LANG_FA}, {"prs", LANG_FA},
	{"en", LANG_EN}, {"eng", LANG_EN},
};

/* A tag of `len` bytes: only what stands before the first - _ . or @ counts. */
static bool
parse_tag(const char *tag, size_t len, enum lang *out)
{
	size_t n = 0;

	while (n < len && strchr("-_.@", tag[n]) == NULL)
		n++;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (strlen(tags[i].primary) == n && strncasecmp(tags[i].primary, tag, n) == 0) {
			*out = tags[i].lang;
			return true;
		}
	return false;
}

bool
lang_parse(const char *tag, enum lang *out)
{
	return parse_tag(tag, strlen(tag), out);
}

const char *
lang_tag(enum lang lang)
{
	return lang == LANG_EN ? "en" : "fa";
}

/* Thousandths of a weight as RFC 9110 writes it, "0.8"; -1 if it is not one. */
static int
parse_q(const char *s, size_t len)
{
	int value = 0;
	int unit = 1000;

	if (len == 0 || len > 5 || (s[0] != '0' && s[0] != '1') || (len > 1 && s[1] != '.'))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (i == 1)
			continue;
		if (s[i] < '0' || s[i] > '9')
			return -1;
		value += (s[i] - '0') * unit;
		unit /= 10;
	}
	return value > 1000 ? -1 : value;
}

static size_t
skip_blanks(const char *s, size_t at, size_t end)
{
	while (at < end && (s[at] == ' ' || s[at] == '\t'))
		at++;
	return at;
}

/* The weight of one member, "fa-IR ; q=0.8": 1000 without one, 0 if it makes no sense. */
static int
member_q(const char *s, size_t at, size_t end)
{
	int q;

	at = skip_blanks(s, at, end);
	if (at == end)
		return 1000;
	at = skip_blanks(s, at + 1, end);
	if (end - at < 3 || (s[at] != 'q' && s[at] != 'Q') || s[at + 1] != '=')
		return 0;
	while (end > at && (s[end - 1] == ' ' || s[end - 1] == '\t'))
		end--;
	q = parse_q(s + at + 2, end - at - 2);
	return q < 0 ? 0 : q;
}

enum lang
lang_from_accept(const char *header, enum lang fallback)
{
	enum lang best = fallback;
	int best_q = 0;
	size_t at = 0;

	if (header == NULL || strnlen(header, ACCEPT_CAP + 1) > ACCEPT_CAP)
		return fallback;
	while (header[at] != '\0') {
		size_t end = at + strcspn(header + at, ",");
		size_t start = skip_blanks(header, at, end);
		size_t tag = strcspn(header + start, "; \t,");
		enum lang lang;
		int q = member_q(header, start + tag, end);

		if (q > best_q && parse_tag(header + start, tag, &lang)) {
			best = lang;
			best_q = q;
		}
		at = header[end] == ',' ? end + 1 : end;
	}
	return best;
}

enum lang
lang_default(const char *option)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	enum lang lang = LANG_FA;

	if (option != NULL && lang_parse(option, &lang))
		return lang;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value == NULL || value[0] == '\0')
			continue;
		/* the first that is set speaks, C and any third language for nobody */
		(void)lang_parse(value, &lang);
		return lang;
	}
	return lang;
}
