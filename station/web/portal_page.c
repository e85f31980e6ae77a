#include "station/web/portal_page.h"

#include <stdio.h>
#include <string.h>

#include "keys/digest.h"
#include "station/base/bytes.h"

#define UNIT_POINTS 0
#define UNIT_VISITS 1
#define UNIT_RIAL 364

/* Blocks and percentages only: phones ten years old know no more. */
static const char style[] =
    "body{margin:0;background:#f3f1ec;color:#22302c;line-height:1.7;"
    "font-family:Vazirmatn,Vazir,IRANSans,\"Noto Sans Arabic\",Tahoma,\"Segoe UI\",Roboto,sans-serif}"
    "main{display:block;max-width:26em;margin:0 auto;padding:20px 16px}"
    ".club{margin:0 4px 12px;font-weight:bold;color:#4c5c57}"
    ".sum{background:#0f5c4d;background:linear-gradient(150deg,#14705d,#0a4a3e);color:#fff;"
    "border-radius:18px;padding:22px 22px 24px;box-shadow:0 6px 18px rgba(8,50,42,.28)}"
    "h1{margin:0;font-size:1em;font-weight:normal;color:#cfe8df}"
    ".big{margin:6px 0 0;font-size:2.1em;word-wrap:break-word;font-weight:bold;line-height:1.35}"
    ".small{margin:2px 0 0;color:#cfe8df}"
    ".debt{background:#7a2e23;background:linear-gradient(150deg,#94392c,#63231a)}"
    ".test{display:inline-block;margin:0 0 10px;padding:1px 14px;border-radius:14px;"
    "background:#f4c542;color:#3b2c00;font-weight:bold}"
    "table{width:100%;margin:16px 0 0;border-collapse:collapse;background:#fff;border-radius:14px}"
    "th,td{padding:12px 16px;border-top:1px solid #e8e4da;vertical-align:top}"
    "tr:first-child th,tr:first-child td{border-top:0}"
    "th{font-weight:normal;color:#66756f;white-space:nowrap}"
    "[dir=rtl] th{text-align:right}[dir=rtl] td{text-align:left}"
    "[dir=ltr] th{text-align:left}[dir=ltr] td{text-align:right}"
    ".note{margin:16px 0 0;padding:12px 16px;border-radius:14px;background:#fdf0c9;color:#4d3b05}"
    ".plain{background:#fff;border-radius:14px;padding:20px}"
    ".plain h1{font-size:1.15em;font-weight:bold;color:#22302c}.plain p{margin:8px 0 0}"
    ".foot{margin:18px 4px 0;font-size:.9em}a{color:#0f5c4d}"
    "@media(prefers-color-scheme:dark){body{background:#121715;color:#e4ebe8}.club{color:#a9b8b2}"
    "table,.plain{background:#1d2522}th,td{border-color:#2d3733}th{color:#9aaaa4}"
    ".plain h1{color:#e4ebe8}.note{background:#3d3313;color:#f6e3a4}a{color:#7fd1bb}}";

/* The club's tiers, by the ids that the station writes into the view. */
static const struct {
	const char *id;
	enum msg name;
} tiers[] = {
	{"basic", MSG_WEB_TIER_BASIC}, {"bronze", MSG_WEB_TIER_BRONZE}, {"silver", MSG_WEB_TIER_SILVER},
	{"gold", MSG_WEB_TIER_GOLD}, {"vip", MSG_WEB_TIER_VIP},
};

/* A page being written. */
struct page {
	struct writer out;
	enum lang lang;
};

static void
put(struct page *p, const char *html)
{
	put_bytes(&p->out, html, strlen(html));
}

/* Words, which never become markup. */
static void
put_words(struct page *p, const char *words)
{
	for (; *words != '\0'; words++) {
		switch (*words) {
		case '&': put(p, "&amp;"); break;
		case '<': put(p, "&lt;"); break;
		case '>': put(p, "&gt;"); break;
		case '"': put(p, "&quot;"); break;
		default: put_u8(&p->out, (uint8_t)*words);
		}
	}
}

static void
put_element(struct page *p, const char *open, const char *words, const char *close)
{
	put(p, open);
	put_words(p, words);
	put(p, close);
}

static void
put_message(struct page *p, const char *open, enum msg id, const char *close)
{
	char text[TEXT_CAP];

	text_message(p->lang, id, NULL, 0, text, sizeof(text));
	put_element(p, open, text, close);
}

/* A row of the table: a label and words. */
static void
put_row(struct page *p, enum msg label, const char *words)
{
	put_message(p, "<tr><th scope=\"row\">", label, "</th>");
	put_element(p, "<td>", words, "</td></tr>\n");
}

static struct page
begin(enum lang lang, const struct page_club *club, enum msg title, char out[PAGE_CAP])
{
	struct page p = {writer_over((uint8_t *)out, PAGE_CAP), lang};

	put(&p, lang == LANG_EN ? "<!DOCTYPE html>\n<html lang=\"en\" dir=\"ltr\">\n" :
	    "<!DOCTYPE html>\n<html lang=\"fa\" dir=\"rtl\">\n");
	put(&p, "<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,"
	    "initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">"
	    "<meta name=\"robots\" content=\"noindex\"><link rel=\"icon\" href=\"data:,\">\n");
	put_message(&p, "<title>", title, "</title>\n<style>");
	put(&p, style);
	put(&p, "</style></head>\n<body><main>\n");
	if (club->name != NULL)
		put_element(&p, "<p class=\"club\">", club->name, "</p>\n");
	return p;
}

static size_t
end(struct page *p)
{
	put(p, p->lang == LANG_EN ? "<p class=\"foot\"><a href=\"?lang=fa\" lang=\"fa\">" :
	    "<p class=\"foot\"><a href=\"?lang=en\" lang=\"en\">");
	put_message(p, "", MSG_WEB_OTHER_LANGUAGE, "</a></p>\n</main></body></html>\n");
	return p->out.len;
}

/* How much, without a sign: the heading says who owes whom. */
static void
put_amount(struct page *p, const struct view_card *card)
{
	char text[TEXT_SHORT_CAP];
	int64_t much = card->balance == INT64_MIN ? INT64_MAX :
	    card->balance < 0 ? -card->balance : card->balance;
	enum msg id = card->unit == UNIT_POINTS ? MSG_WEB_POINTS :
	    card->unit == UNIT_VISITS ? MSG_WEB_VISITS : MSG_WEB_UNITS;

	if (card->unit == UNIT_RIAL) {
		text_money(p->lang, much, MONEY_TOMAN, text, sizeof(text));
		put_element(p, "<p class=\"big\">", text, "</p>\n");
		/* what is not a whole toman has just been said in rial */
		if (much % 10 == 0) {
			text_money(p->lang, much, MONEY_RIAL, text, sizeof(text));
			put_element(p, "<p class=\"small\">", text, "</p>\n");
		}
		return;
	}
	text_message(p->lang, id, &WHY_NUM(much), 1, text, sizeof(text));
	put_element(p, "<p class=\"big\">", text, "</p>\n");
}

static void
put_tier(struct page *p, const char *id)
{
	char text[TEXT_SHORT_CAP];

	for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++)
		if (strcmp(tiers[i].id, id) == 0) {
			text_message(p->lang, tiers[i].name, NULL, 0, text, sizeof(text));
			put_row(p, MSG_WEB_TIER, text);
		}
}

static void
put_validity(struct page *p, uint16_t day, int32_t today)
{
	char text[TEXT_SHORT_CAP];

	text_message(p->lang, day == 0 ? MSG_WEB_VALID_OPEN :
	    today > day ? MSG_WEB_VALID_PAST : MSG_WEB_VALID_UNTIL, &WHY_DAY(day), 1, text, sizeof(text));
	put_row(p, MSG_WEB_VALID, text);
}

size_t
page_card(enum lang lang, const struct page_club *club, const struct view_card *card, int64_t now_ms,
    char out[PAGE_CAP])
{
	enum msg title = card->balance < 0 ? MSG_WEB_OWING : MSG_WEB_OWED;
	struct page p = begin(lang, club, title, out);
	char text[TEXT_SHORT_CAP];

	if (card->test)
		put_message(&p, "<p class=\"test\">", MSG_WEB_TEST, "</p>\n");
	put(&p, card->balance < 0 ? "<div class=\"sum debt\">\n" : "<div class=\"sum\">\n");
	put_message(&p, "<h1>", title, "</h1>\n");
	put_amount(&p, card);
	put(&p, "</div>\n");
	if (card->in_doubt)
		put_message(&p, "<p class=\"note\">", MSG_WEB_IN_DOUBT, "</p>\n");
	put(&p, "<table>\n");
	put_tier(&p, card->tier_id);
	put_validity(&p, card->valid_to_day, text_day_of(now_ms, club->zone));
	text_datetime(lang, card->as_of_ms, club->zone, text, sizeof(text));
	put_row(&p, MSG_WEB_AS_OF, text);
	put(&p, "</table>\n");
	if (card->test)
		put_message(&p, "<p class=\"note\">", MSG_WEB_TEST_NOTE, "</p>\n");
	return end(&p);
}

/* A page of one heading and one sentence. */
static size_t
plain(enum lang lang, const struct page_club *club, enum msg title, enum msg body,
    char out[PAGE_CAP])
{
	struct page p = begin(lang, club, title, out);

	put_message(&p, "<div class=\"plain\"><h1>", title, "</h1>");
	put_message(&p, "<p>", body, "</p></div>\n");
	return end(&p);
}

size_t
page_neutral(enum lang lang, const struct page_club *club, char out[PAGE_CAP])
{
	return plain(lang, club, MSG_WEB_NEUTRAL_TITLE, MSG_WEB_NEUTRAL, out);
}

size_t
page_busy(enum lang lang, const struct page_club *club, char out[PAGE_CAP])
{
	return plain(lang, club, MSG_WEB_BUSY_TITLE, MSG_WEB_BUSY, out);
}

static void
base64(const uint8_t *in, size_t len, char *out)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16;

		v |= i + 1 < len ? (uint32_t)in[i + 1] << 8 : 0;
		v |= i + 2 < len ? (uint32_t)in[i + 2] : 0;
		*out++ = letters[v >> 18];
		*out++ = letters[v >> 12 & 63];
		*out++ = i + 1 < len ? letters[v >> 6 & 63] : '=';
		*out++ = i + 2 < len ? letters[v & 63] : '=';
	}
	*out = '\0';
}

void
page_policy(char out[PAGE_CSP_CAP])
{
	uint8_t hash[SHA256_LEN];
	char text[4 * ((SHA256_LEN + 2) / 3) + 1];

	digest_sha256(style, sizeof(style) - 1, hash);
	base64(hash, sizeof(hash), text);
	(void)snprintf(out, PAGE_CSP_CAP,
	    "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	    text);
}
