/* Every sentence of the program, in both languages: there, well formed, and well written as far as a machine can tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unicode/umsg.h>
#include <unicode/ures.h>
#include <unicode/ustring.h>

#include "station/text/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Where each message belongs. */
static const struct entry {
	const char *name;
	const char *room;
} entries[] = {
#define MSG(n) {#n, "base"},
#include "station/base/msg/base.def"
#undef MSG
#define MSG(n) {#n, "text"},
#include "station/base/msg/text.def"
#undef MSG
#define MSG(n) {#n, "keys"},
#include "station/base/msg/keys.def"
#undef MSG
#define MSG(n) {#n, "card"},
#include "station/base/msg/card.def"
#undef MSG
#define MSG(n) {#n, "print"},
#include "station/base/msg/print.def"
#include "station/base/msg/design.def"
#undef MSG
#define MSG(n) {#n, "prints"},
#include "station/base/msg/prints.def"
#undef MSG
#define MSG(n) {#n, "store"},
#include "station/base/msg/store.def"
#undef MSG
#define MSG(n) {#n, "club"},
#include "station/base/msg/club.def"
#undef MSG
#define MSG(n) {#n, "flow"},
#include "station/base/msg/flow.def"
#undef MSG
#define MSG(n) {#n, "cli"},
#include "station/base/msg/cli.def"
#undef MSG
#define MSG(n) {#n, "web"},
#include "station/base/msg/web.def"
#undef MSG
#define MSG(n) {#n, "roll"},
#include "station/base/msg/roll.def"
#undef MSG
#define MSG(n) {#n, "chain"},
#include "station/base/msg/chain.def"
#undef MSG
#define MSG(n) {#n, "ceremony"},
#include "station/base/msg/ceremony.def"
#undef MSG
#define MSG(n) {#n, "restore"},
#include "station/base/msg/restore.def"
#undef MSG
};

static const char *const rooms[] = {"base", "text", "keys", "card", "print", "prints", "store", "club", "flow", "cli", "web", "roll", "chain", "ceremony", "restore"};
static const char *const langs[] = {"en", "fa"};
static int faults;

static void
fault(const char *lang, const struct entry *e, const char *what)
{
	print_error("station/text/messages/%s/%s.txt: %s: %s\n", lang, e->room, e->name, what);
	faults++;
}

/* The pattern as the program finds it; "" (and a fault) if it is not in the bundle. */
static int32_t
pattern_of(const char *lang, const struct entry *e, UChar *out, int32_t cap)
{
	UErrorCode st = U_ZERO_ERROR;
	UResourceBundle *bundle = ures_openDirect("bashgah", lang, &st);
	int32_t len = 0;
	const UChar *s = ures_getStringByKey(bundle, e->name, &len, &st);

	if (U_FAILURE(st) || len >= cap) {
		fault(lang, e, "has no sentence");
		len = 0;
	} else
		u_memcpy(out, s, len);
	out[len] = 0;
	ures_close(bundle);
	return len;
}

/* Bits of the arguments a pattern names; anything in braces but {0} to {3} is a fault. */
static unsigned
arguments_of(const char *lang, const struct entry *e, const UChar *p, int32_t len)
{
	unsigned set = 0;

	for (int32_t i = 0; i < len; i++) {
		if (p[i] == '}')
			fault(lang, e, "a } without its {");
		if (p[i] != '{')
			continue;
		if (i + 2 < len && p[i + 1] >= '0' && p[i + 1] <= '3' && p[i + 2] == '}')
			set |= 1u << (p[i + 1] - '0');
		else
			fault(lang, e, "braces may hold 0, 1, 2 or 3 alone: facts arrive as text");
		while (i < len && p[i] != '}')
			i++;
	}
	return set;
}

static void
both_languages_say_every_message_with_the_same_facts(void **state)
{
	UChar p[TEXT_CAP / 2];
	char out[TEXT_CAP];

	(void)state;
	faults = 0;
	for (size_t i = 0; i < COUNT(entries); i++) {
		unsigned set[2];

		for (size_t l = 0; l < 2; l++) {
			UErrorCode st = U_ZERO_ERROR;
			int32_t len = pattern_of(langs[l], &entries[i], p, COUNT(p));
			UMessageFormat *f = umsg_open(p, len, langs[l], NULL, &st);

			if (U_FAILURE(st))
				fault(langs[l], &entries[i], "is not a message pattern");
			umsg_close(f);
			set[l] = arguments_of(langs[l], &entries[i], p, len);
		}
		if (set[0] != set[1])
			fault("fa", &entries[i], "names other facts than the English sentence");
		text_message(LANG_FA, (enum msg)(i + 1), NULL, 0, out, sizeof(out));
		assert_string_equal(msg_name((enum msg)(i + 1)), entries[i].name);
	}
	assert_int_equal(COUNT(entries), MSG_COUNT - 1);
	assert_int_equal(faults, 0);
}

/* Drop what is isolated left to right: codes, commands and names may hold anything. */
static void
drop_isolated(UChar *p)
{
	UChar *to = p;
	int depth = 0;

	for (; *p != 0; p++) {
		if (*p == 0x2066)
			depth++;
		else if (*p == 0x2069)
			depth--;
		else
			*to++ = depth == 0 ? *p : 'x';
	}
	*to = 0;
}

/* A word stands where a fact will. */
static void
fill_arguments(UChar *p)
{
	UChar *to = p;

	for (; *p != 0; p++) {
		bool argument = *p == '{' && p[1] != 0 && p[2] == '}';

		*to++ = argument ? 'x' : *p;
		p += argument ? 2 : 0;
	}
	*to = 0;
}

static bool
latin(UChar c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/*
 * A command, an address or a number of the West outside an isolate: --help, 127.0.0.1:80,
 * file:DIR, 404. Its signs and digits would wander to the other side of their word. A Latin
 * word of letters alone stays where it is put.
 */
static bool
has_bare_code(const UChar *p)
{
	for (size_t i = 0; p[i] != 0; i++) {
		bool joint = p[i] < 0x80 && strchr(".:/-_=", p[i]) != NULL;

		if ((p[i] >= '0' && p[i] <= '9') || (p[i] >= 0x0660 && p[i] <= 0x0669))
			return true;
		if (joint && latin(p[i + 1]))
			return true;
	}
	return false;
}

static void
look_at_persian(const struct entry *e, UChar *p)
{
	static const struct {
		const UChar *bad;
		const char *what;
	} rows[] = {
		{u"\u064A", "Arabic ي instead of ی"},
		{u"\u0643", "Arabic ك instead of ک"},
		{u"\u0629", "Arabic ة"},
		{u"\"", "straight quotation marks instead of « »"},
		{u"“", "English quotation marks instead of « »"},
		{u",", "an English comma instead of ،"},
		{u";", "an English semicolon instead of ؛"},
		{u"?", "an English question mark instead of ؟"},
		{u"\u200E", "an LRM: what has digits or signs needs U+2066 and U+2069"},
		{u"\u200F", "an RLM"},
		{u"عبارت عبور", "عبارت عبور instead of گذرواژه"},
		{u"یکای", "یکا instead of واحد"},
		{u"برگزین", "برگزیدن instead of انتخاب کردن"},
		{u"کارت‌خوان", "کارت‌خوان instead of دستگاه کارت"},
		{u"کارتخوان", "کارتخوان instead of دستگاه کارت"},
		{u"  ", "two spaces"},
		{u" \u200C", "a ZWNJ after a space"},
		{u"\u200C ", "a ZWNJ before a space"},
		{u" .", "a space before the full stop"},
		{u" ،", "a space before the comma"},
		{u" می ", "می apart from its verb: join it with a ZWNJ"},
		{u" نمی ", "نمی apart from its verb: join it with a ZWNJ"},
		{u" ها ", "ها apart from its noun: join it with a ZWNJ"},
		{u" های ", "های apart from its noun: join it with a ZWNJ"},
	};

	/* help is indented */
	while (*p == ' ')
		p++;
	fill_arguments(p);
	drop_isolated(p);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (u_strstr(p, rows[i].bad) != NULL)
			fault("fa", e, rows[i].what);
	if (has_bare_code(p))
		fault("fa", e, "a code or digits that are not Persian: a code goes between U+2066 and U+2069");
}

static void
persian_sentences_are_written_as_persian_is(void **state)
{
	UChar p[TEXT_CAP / 2];

	(void)state;
	faults = 0;
	for (size_t i = 0; i < COUNT(entries); i++) {
		(void)pattern_of("fa", &entries[i], p, COUNT(p));
		look_at_persian(&entries[i], p);
	}
	assert_int_equal(faults, 0);
}

static void
apostrophes_are_doubled_and_isolates_closed(void **state)
{
	UChar p[TEXT_CAP / 2];

	(void)state;
	faults = 0;
	for (size_t i = 0; i < COUNT(entries) * 2; i++) {
		const struct entry *e = &entries[i / 2];
		int32_t len = pattern_of(langs[i % 2], e, p, COUNT(p));
		int open = 0;

		for (int32_t at = 0; at < len; at++) {
			open += (p[at] == 0x2066) - (p[at] == 0x2069);
			if (p[at] != '\'')
				continue;
			if (p[at + 1] != '\'')
				fault(langs[i % 2], e, "an apostrophe that is not doubled");
			at++;
		}
		if (open != 0)
			fault(langs[i % 2], e, "an isolate that is not closed");
	}
	assert_int_equal(faults, 0);
}

static bool
belongs(const char *room, const char *name)
{
	for (size_t i = 0; i < COUNT(entries); i++)
		if (strcmp(entries[i].name, name) == 0 && strcmp(entries[i].room, room) == 0)
			return true;
	return false;
}

static void
no_file_holds_a_sentence_that_nothing_can_say(void **state)
{
	(void)state;
	faults = 0;
	for (size_t i = 0; i < COUNT(rooms) * 2; i++) {
		char path[128];
		char line[4096];
		char name[64];
		FILE *f;

		(void)snprintf(path, sizeof(path), "station/text/messages/%s/%s.txt", langs[i % 2], rooms[i / 2]);
		f = fopen(path, "r");
		if (f == NULL)
			fail_msg("%s is not there (tests run in the repository's folder)", path);
		while (fgets(line, sizeof(line), f) != NULL)
			if (sscanf(line, " %63[A-Z0-9_] {", name) == 1 && !belongs(rooms[i / 2], name)) {
				print_error("%s: %s is not in station/base/msg/%s.def\n", path, name, rooms[i / 2]);
				faults++;
			}
		(void)fclose(f);
	}
	assert_int_equal(faults, 0);
}

#define SAYS(lang, want, ...) \
	do { \
		char out_[TEXT_CAP]; \
		struct why w_; \
		(void)why_set(&w_, __VA_ARGS__); \
		text_render((lang), &w_, out_, sizeof(out_)); \
		if (strstr(out_, (want)) == NULL) \
			fail_msg("«%s» is not in «%s»", (want), out_); \
	} while (0)

static void
facts_are_said_in_the_language_of_the_sentence(void **state)
{
	(void)state;
	SAYS(LANG_EN, "(2,500)", ERR_IO, MSG_INTERNAL, WHY_NUM(2500));
	SAYS(LANG_FA, "(۲٬۵۰۰)", ERR_IO, MSG_INTERNAL, WHY_NUM(2500));
	SAYS(LANG_EN, "(50,000 toman)", ERR_IO, MSG_INTERNAL, WHY_MONEY(500000));
	SAYS(LANG_FA, "(۵۰٬۰۰۰ تومان)", ERR_IO, MSG_INTERNAL, WHY_MONEY(500000));
	SAYS(LANG_FA, "(۵۰۰٬۰۰۱ ریال)", ERR_IO, MSG_INTERNAL, WHY_MONEY(500001));
	SAYS(LANG_EN, "(22 Nov 2026)", ERR_IO, MSG_INTERNAL, WHY_DAY(9822));
	SAYS(LANG_FA, "(۱ آذر ۱۴۰۵)", ERR_IO, MSG_INTERNAL, WHY_DAY(9822));
	SAYS(LANG_EN, "(91AE)", ERR_IO, MSG_INTERNAL, WHY_HEX(0x91AE));
	SAYS(LANG_EN, "(0B)", ERR_IO, MSG_INTERNAL, WHY_HEX(0x0B));
	SAYS(LANG_FA, "(\u2066" "91AE\u2069)", ERR_IO, MSG_INTERNAL, WHY_HEX(0x91AE));
	SAYS(LANG_EN, "(سارا)", ERR_IO, MSG_INTERNAL, WHY_STR("سارا"));
	SAYS(LANG_EN, "club.db is not there", ERR_MISSING, MSG_FILE_MISSING, WHY_CODE("club.db"));
	SAYS(LANG_FA, "\u2066" "club.db\u2069", ERR_MISSING, MSG_FILE_MISSING, WHY_CODE("club.db"));
}

static void
a_fact_cannot_steer_the_terminal_nor_pose_as_a_pattern(void **state)
{
	(void)state;
	SAYS(LANG_EN, "([31mx)", ERR_IO, MSG_INTERNAL, WHY_STR("\x1B[31m\n\u202E\xC2\x9B" "x"));
	SAYS(LANG_EN, "({1} '{0}')", ERR_IO, MSG_INTERNAL, WHY_STR("{1} '{0}'"));
	SAYS(LANG_EN, "(\uFFFDx)", ERR_IO, MSG_INTERNAL, WHY_STR("\xFFx"));
	SAYS(LANG_FA, "\u2066ab\u2069", ERR_MISSING, MSG_FILE_MISSING, WHY_CODE("a\u2069\u202E" "b"));
}

static void
a_sentence_too_long_for_its_place_is_cut_between_characters(void **state)
{
	struct why w;
	char out[6];

	(void)state;
	(void)why_set(&w, ERR_NOMEM, MSG_NO_MEMORY);
	text_render(LANG_FA, &w, out, sizeof(out));
	assert_string_equal(out, "حا");
}

#define ROUNDS 300

/* Answers how often a sentence came out otherwise than it did before the crowd. */
static void *
say_again_and_again(void *ctx)
{
	enum lang lang = *(const enum lang *)ctx;
	struct why_in fact = WHY_MONEY(500000);
	char first[TEXT_CAP];
	char out[TEXT_CAP];
	uintptr_t wrong = 0;

	text_message(lang, MSG_AMOUNT_TOO_BIG, &fact, 1, first, sizeof(first));
	for (int i = 0; i < ROUNDS; i++) {
		text_message(lang, MSG_AMOUNT_TOO_BIG, &fact, 1, out, sizeof(out));
		wrong += strcmp(out, first) != 0;
	}
	wrong += strstr(first, lang == LANG_FA ? "۵۰٬۰۰۰ تومان" : "50,000 toman") == NULL;
	return (void *)wrong;
}

static void
one_process_speaks_both_languages_at_once(void **state)
{
	enum lang lang[4] = {LANG_FA, LANG_EN, LANG_FA, LANG_EN};
	pthread_t thread[4];
	void *wrong;

	(void)state;
	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, say_again_and_again, &lang[i]), 0);
	for (size_t i = 0; i < COUNT(thread); i++) {
		assert_int_equal(pthread_join(thread[i], &wrong), 0);
		assert_null(wrong);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_languages_say_every_message_with_the_same_facts),
		cmocka_unit_test(persian_sentences_are_written_as_persian_is),
		cmocka_unit_test(apostrophes_are_doubled_and_isolates_closed),
		cmocka_unit_test(no_file_holds_a_sentence_that_nothing_can_say),
		cmocka_unit_test(facts_are_said_in_the_language_of_the_sentence),
		cmocka_unit_test(a_fact_cannot_steer_the_terminal_nor_pose_as_a_pattern),
		cmocka_unit_test(one_process_speaks_both_languages_at_once),
		cmocka_unit_test(a_sentence_too_long_for_its_place_is_cut_between_characters),
	};
	char out[TEXT_CAP];

	/* the first sentence registers the bundle that the tests then open by name */
	text_message(LANG_FA, MSG_NO_MEMORY, NULL, 0, out, sizeof(out));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
