/*
 * Languages at the edge: sentences, digits, money, days, and what people type.
 * The only room that knows ICU; no ICU type shows here. Nothing depends on the
 * process's locale, and every function may be called from any thread.
 *
 * Writers into `out` (cap > 0) always end with NUL; what does not fit is cut
 * between characters. TEXT_CAP holds any sentence, TEXT_SHORT_CAP any figure or date.
 */
#ifndef STATION_TEXT_TEXT_H
#define STATION_TEXT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

#define TEXT_CAP 2048
#define TEXT_SHORT_CAP 160

/* --- languages */

enum lang { LANG_FA, LANG_EN };

/* "fa", "en", or longer: "fa-IR", "en_US.UTF-8", "per"; either case. False (and *out untouched) for another language. */
bool lang_parse(const char *tag, enum lang *out);
/* "fa" or "en": for file names, html lang and --json. */
const char *lang_tag(enum lang lang);

/*
 * The better of ours in an Accept-Language header by its q values, the first named
 * if equal. `fallback` if the header is NULL, names neither, or is longer than 1000 bytes.
 */
enum lang lang_from_accept(const char *header, enum lang fallback);

/*
 * The language of a command: `option` if it names one, else the first set of
 * LC_ALL, LC_MESSAGES, LANG (C and POSIX name none), else Persian. `option` may be NULL.
 */
enum lang lang_default(const char *option);

/* --- sentences */

/* The sentence of `w` with its facts. Money is toman if whole, else rial; codes are isolated left to right in Persian. */
void text_render(enum lang lang, const struct why *w, char *out, size_t cap);

/* Any other sentence: `n` (0..4) facts made by the WHY_... macros. */
void text_message(enum lang lang, enum msg id, const struct why_in *args, unsigned n,
    char *out, size_t cap);

/* --- figures */

/* «۱٬۲۳۴» or "1,234". */
void text_number(enum lang lang, int64_t n, char *out, size_t cap);
/* ASCII digits of `in` in the language's own; everything else stays. `in` and `out` may not overlap. */
void text_digits(enum lang lang, const char *in, char *out, size_t cap);

enum money_form { MONEY_TOMAN, MONEY_RIAL, MONEY_BOTH };

/*
 * «۵۰٬۰۰۰ تومان», «۵۰۰٬۰۰۰ ریال», «۵۰۰٬۰۰۰ ریال (۵۰٬۰۰۰ تومان)». What is not a whole
 * toman is said in rial alone, whatever the form.
 */
void text_money(enum lang lang, int64_t rial, enum money_form form, char *out, size_t cap);

/* 16 ASCII digits in groups of four, the language's digits, isolated left to right in both languages. */
void text_card_number(enum lang lang, const char *digits, char *out, size_t cap);

/* U+2066 `in` U+2069: a code that stands inside right-to-left text. */
void text_isolate(const char *in, char *out, size_t cap);

/* --- days: whole days since 2000-01-01 in the club's time zone */

#define TEXT_ZONE_DEFAULT "Asia/Tehran"

/* Errors: ERR_ARG if ICU does not know the zone's name. */
enum err text_zone_check(const char *tz, struct why *w);

/* The day of an instant. Here and below `tz` is an Olson name that passed the check; NULL or an unknown one counts as Tehran. */
int32_t text_day_of(int64_t unix_ms, const char *tz);
/* The instant at which the day is over: valid while now < text_day_end_ms(day). */
int64_t text_day_end_ms(int32_t day, const char *tz);

enum date_form { DATE_LONG, DATE_SHORT };

/*
 * A day: Solar Hijri in Persian, «۱ آذر ۱۴۰۵» or ۱۴۰۵/۰۹/۰۱ (isolated left to right);
 * Gregorian in English, "22 Nov 2026" or "2026-11-22".
 */
void text_date(enum lang lang, int32_t day, enum date_form form, char *out, size_t cap);
/* An instant, to the minute: «۱ آذر ۱۴۰۵، ساعت ۱۴:۰۵» or "22 Nov 2026, 14:05". */
void text_datetime(enum lang lang, int64_t unix_ms, const char *tz, char *out, size_t cap);

/* --- what people type */

/* The most that one amount may be, in rial; beyond it is a slip of the hand. */
#define TEXT_AMOUNT_MAX_RIAL INT64_C(1000000000000000)

/*
 * An amount of money above 0: ASCII, Persian or Arabic digits, in one piece or in
 * thousands parted by , ، ٬ _ ' or a space, with or without a unit (toman, rial, IRR,
 * T, تومان, تومن, ریال); without one it is in `default_unit` (not MONEY_BOTH).
 * Errors, each its own sentence: ERR_FORMAT (nothing typed, no number, a fraction,
 * groups that are not thousands), ERR_RANGE (0, below 0, above TEXT_AMOUNT_MAX_RIAL).
 */
enum err text_parse_amount(const char *in, enum money_form default_unit, int64_t *rial,
    struct why *w);

/*
 * 16 digits of any of those scripts, spaces and dashes between them, as 16 ASCII
 * digits and NUL. Does not look at the check digit. Errors: ERR_FORMAT, ERR_LEN.
 */
enum err text_parse_card_number(const char *in, char out[17], struct why *w);

/* Bytes that hold any cleaned name and its folded key, NUL included. */
#define TEXT_NAME_CAP 512
#define TEXT_FOLD_CAP 1024

/*
 * A person's name as typed, in NFC, trimmed, one space between words, ZWNJ only
 * between letters: 1 to 60 characters as people count them. Letters stay as typed.
 * Errors, each its own sentence: ERR_LEN (empty, too long, 300 characters and more, does
 * not fit `cap`), ERR_FORMAT (not UTF-8; control or direction characters; emoji,
 * symbols or digits alone; more than 2 marks on a letter).
 */
enum err text_clean_name(const char *in, char *out, size_t cap, struct why *w);

/*
 * The key by which names are searched: NFKC, case folded, Persian ی ک ه for their
 * Arabic relatives, آ أ إ as ا, no ZWNJ, marks or tatweel, ASCII digits, single spaces.
 * False (and "") if it does not fit; strange bytes are dropped.
 */
bool text_fold(const char *in, char *out, size_t cap);

#define TEXT_PHONE_CAP 17

/*
 * A phone number as +E.164. Iranian forms (0912 345 6789, 9123456789, +98…, 0098…,
 * 021 1234 5678), any digits, spaces, dashes, brackets; other countries with + or 00.
 * Errors: ERR_FORMAT.
 */
enum err text_phone(const char *in, char out[TEXT_PHONE_CAP], struct why *w);

#endif
