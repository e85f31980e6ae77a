#include "printer/words.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define ISOLATE_LTR "\u2066"
#define ISOLATE_END "\u2069"

static const char *
next(const char *c)
{
	return c + g_utf8_skip[(unsigned char)*c];
}

enum err
words_check(const char *words, struct why *w)
{
	if (!g_utf8_validate(words, -1, NULL))
		return why_set(w, ERR_FORMAT, MSG_CARD_TEXT_NOT_UTF8);
	for (const char *c = words; *c != '\0'; c = next(c)) {
		gunichar u = g_utf8_get_char(c);
		if (g_unichar_iscntrl(u) || u == 0x2028 || u == 0x2029)
			return why_set(w, ERR_FORMAT, MSG_CARD_TEXT_CONTROL, WHY_STR(words));
	}
	return ERR_OK;
}

/* Space, no-break space, dashes, slash, dot: what stands between the groups of one number. */
static bool
joins_groups(gunichar u)
{
	return u == ' ' || u == 0xA0 || u == '-' || u == 0x2010 || u == 0x2011 || u == 0x2013 ||
	    u == '/' || u == '.';
}

/* The end of the number that begins at `from`, and how many groups it has. */
static const char *
number_end(const char *from, unsigned *groups)
{
	const char *end = from, *c = *from == '+' ? from + 1 : from;

	*groups = *from == '+' ? 1 : 0;
	while (g_unichar_isdigit(g_utf8_get_char(c))) {
		++*groups;
		while (g_unichar_isdigit(g_utf8_get_char(c)))
			c = next(c);
		end = c;
		if (joins_groups(g_utf8_get_char(c)))
			c = next(c);
	}
	return end;
}

char *
words_isolate(const char *words)
{
	GString *to = g_string_new(NULL);

	for (const char *c = words; *c != '\0';) {
		unsigned groups = 0;
		const char *end = number_end(c, &groups);
		if (end == c)
			end = next(c);
		if (groups > 1)
			g_string_append(to, ISOLATE_LTR);
		g_string_append_len(to, c, end - c);
		if (groups > 1)
			g_string_append(to, ISOLATE_END);
		c = end;
	}
	return g_string_free(to, FALSE);
}
