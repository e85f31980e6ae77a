#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unicode/udata.h>
#include <unicode/umsg.h>
#include <unicode/ures.h>
#include <unicode/ustring.h>

#include "station/text/messages.h"
#include "station/text/ustr.h"

#define FACTS 4

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
register_messages(void)
{
	UErrorCode st = U_ZERO_ERROR;

	udata_setAppData("bashgah", text_messages, &st);
}

/* The pattern of a message; answers its length, 0 if the bundle has none. */
static int32_t
find_pattern(enum lang lang, enum msg id, UChar *out, int32_t cap)
{
	UErrorCode st = U_ZERO_ERROR;
	UResourceBundle *bundle;
	const UChar *s;
	int32_t len = 0;

	(void)pthread_once(&once, register_messages);
	/* direct: a sentence never comes out in the language of the process's locale */
	bundle = ures_openDirect("bashgah", lang_tag(lang), &st);
	s = ures_getStringByKey(bundle, msg_name(id), &len, &st);
	if (U_FAILURE(st) || s == NULL || len >= cap)
		len = 0;
	else
		u_memcpy(out, s, len);
	out[len] = 0;
	ures_close(bundle);
	return len;
}

/* Words from outside: whatever could steer a terminal or turn the line around is dropped. */
static void
plain_words(const char *in, UChar *out, int32_t cap)
{
	int32_t len = ustr_from(in, out, cap);
	int32_t used = 0;

	for (int32_t i = 0; i < len; i++) {
		UChar c = out[i];

		if (c >= 0x20 && !(c >= 0x7F && c < 0xA0) && !(c >= 0x202A && c <= 0x202E) &&
		    !(c >= 0x2066 && c <= 0x2069))
			out[used++] = c;
	}
	out[used] = 0;
}

static void
isolated(enum lang lang, const char *in, UChar *out, int32_t cap)
{
	int32_t len;

	if (lang == LANG_EN) {
		plain_words(in, out, cap);
		return;
	}
	plain_words(in, out + 1, cap - 2);
	len = u_strlen(out + 1);
	out[0] = 0x2066;
	out[len + 1] = 0x2069;
	out[len + 2] = 0;
}

/* One fact, as the language says it. */
static void
render_fact(enum lang lang, const struct why_in *f, UChar *out, int32_t cap)
{
	const char *str = f->str == NULL ? "" : f->str;
	char text[TEXT_SHORT_CAP] = "";

	switch (f->type) {
	case WHY_T_STR:
		plain_words(str, out, cap);
		return;
	case WHY_T_CODE:
		isolated(lang, str, out, cap);
		return;
	case WHY_T_HEX:
		(void)snprintf(text, sizeof(text), "%0*llX", f->num > 0xFF ? 4 : 2, (unsigned long long)f->num);
		isolated(lang, text, out, cap);
		return;
	case WHY_T_NUM:
		text_number(lang, f->num, text, sizeof(text));
		break;
	case WHY_T_MONEY:
		text_money(lang, f->num, MONEY_TOMAN, text, sizeof(text));
		break;
	case WHY_T_DAY:
		text_date(lang, (int32_t)f->num, DATE_LONG, text, sizeof(text));
		break;
	case WHY_T_NONE:
		break;
	}
	(void)ustr_from(text, out, cap);
}

void
text_message(enum lang lang, enum msg id, const struct why_in *args, unsigned n, char *out,
    size_t cap)
{
	UChar pattern[TEXT_CAP / 2];
	UChar fact[FACTS][TEXT_CAP / 4];
	UChar said[TEXT_CAP];
	UErrorCode st = U_ZERO_ERROR;
	UMessageFormat *format = NULL;
	int32_t len = find_pattern(lang, id, pattern, TEXT_CAP / 2);

	for (unsigned i = 0; i < FACTS; i++) {
		fact[i][0] = 0;
		if (i < n)
			render_fact(lang, &args[i], fact[i], TEXT_CAP / 4);
	}
	if (len > 0)
		format = umsg_open(pattern, len, icu_locale(lang), NULL, &st);
	/* all patterns take text only, {0} to {3}: a test holds them to that */
	if (format != NULL && U_SUCCESS(st))
		len = umsg_format(format, said, TEXT_CAP, &st, fact[0], fact[1], fact[2], fact[3]);
	if (len <= 0 || U_FAILURE(st))
		text_cut(msg_name(id), out, cap);
	else
		(void)ustr_to(said, len < TEXT_CAP ? len : TEXT_CAP, out, cap);
	umsg_close(format);
}

void
text_render(enum lang lang, const struct why *w, char *out, size_t cap)
{
	struct why_in in[FACTS];
	unsigned n = w->argc < FACTS ? w->argc : FACTS;

	for (unsigned i = 0; i < n; i++)
		in[i] = (struct why_in){w->arg[i].type, w->arg[i].num, w->arg[i].str};
	text_message(lang, w->id, in, n, out, cap);
}
