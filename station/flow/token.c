#include "station/flow/token.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "keys/digest.h"
#include "station/base/secret.h"
#include "station/text/text.h"

#define TOKEN_TYPED_CAP 320

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

enum err
token_make(uint8_t token[TOKEN_LEN], struct why *w)
{
	return random_bytes(token, TOKEN_LEN, w);
}

void
token_text(const uint8_t token[TOKEN_LEN], char text[TOKEN_TEXT_LEN + 1])
{
	unsigned bits = 0;
	unsigned held = 0;
	size_t n = 0;

	for (size_t i = 0; i < TOKEN_LEN; i++) {
		held = (held << 8 | token[i]) & 0xFFFFu;
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			text[n++] = base32[held >> bits & 31u];
		}
	}
	if (bits > 0)
		text[n++] = base32[held << (5 - bits) & 31u];
	text[n] = '\0';
}

void
token_hash(const uint8_t token[TOKEN_LEN], uint8_t hash[32])
{
	digest_sha256(token, TOKEN_LEN, hash);
}

enum err
token_url(const char *host, const uint8_t token[TOKEN_LEN], char *out, size_t cap, struct why *w)
{
	char text[TOKEN_TEXT_LEN + 1];
	int n;

	token_text(token, text);
	n = snprintf(out, cap, "https://%s/C/%s", host, text);
	WIPE(text);
	if (n < 0 || (size_t)n >= cap)
		return why_set(w, ERR_LEN, MSG_HOST_WRONG, WHY_CODE(host));
	return ERR_OK;
}

/* RFC 4648 in either case; the two bits left over must be 0. */
static bool
take_base32(const char *text, uint8_t token[TOKEN_LEN])
{
	unsigned held = 0, bits = 0;
	size_t n = 0;

	if (strlen(text) != TOKEN_TEXT_LEN)
		return false;
	for (const char *p = text; *p != '\0'; p++) {
		const char *at = strchr(base32, toupper((unsigned char)*p));

		if (at == NULL)
			return false;
		held = (held << 5 | (unsigned)(at - base32)) & 0xFFFFu;
		bits += 5;
		if (bits >= 8 && n < TOKEN_LEN) {
			bits -= 8;
			token[n++] = (uint8_t)(held >> bits);
		}
	}
	return n == TOKEN_LEN && (held & ((1u << bits) - 1)) == 0;
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s > 127)
			return false;
	return true;
}

/* What follows HOST/C/, or NULL if that is not there; an address of another host is told apart. */
static const char *
after_host(const char *host, const char *url)
{
	const size_t len = strlen(host);

	if (strncasecmp(url, host, len) != 0 || strncasecmp(url + len, "/c/", 3) != 0)
		return NULL;
	return url + len + 3;
}

enum err
token_scan(const char *host, const char *typed, uint8_t token[TOKEN_LEN], struct why *w)
{
	static const char scheme[] = "https://";
	char text[TOKEN_TYPED_CAP];
	const char *at = text;
	enum err e = ERR_OK;

	memset(token, 0, TOKEN_LEN);
	if (!text_fold(typed, text, sizeof(text)) || !is_ascii(text))
		e = why_set(w, ERR_FORMAT, MSG_TOKEN_KEYBOARD);
	else if (strncmp(text, scheme, strlen(scheme)) == 0)
		at = after_host(host, text + strlen(scheme));
	if (e == ERR_OK && at == NULL)
		e = why_set(w, ERR_REFUSED, MSG_TOKEN_OTHER_HOST, WHY_CODE(host));
	if (e == ERR_OK && !take_base32(at, token))
		e = why_set(w, ERR_FORMAT, MSG_TOKEN_UNREADABLE);
	WIPE(text);
	return e;
}

/* Labels of letters, digits and inner dashes, parted by dots; then perhaps :port. */
static bool
is_host(const char *in)
{
	char before = '.';
	const char *p = in;

	for (; *p != '\0' && *p != ':'; p++) {
		if (*p == '.' && !isalnum((unsigned char)before))
			return false;
		if (*p == '-' && before == '.')
			return false;
		if (*p != '.' && *p != '-' && (!isalnum((unsigned char)*p) || (unsigned char)*p > 127))
			return false;
		before = *p;
	}
	if (p == in || !isalnum((unsigned char)before))
		return false;
	return *p == '\0' || (p[1] != '\0' && strlen(p + 1) <= 5 && strspn(p + 1, "0123456789") == strlen(p + 1));
}

enum err
token_host(const char *in, char *out, size_t cap, struct why *w)
{
	size_t len = strlen(in);

	if (len >= cap || !is_host(in))
		return why_set(w, ERR_ARG, MSG_HOST_WRONG, WHY_CODE(in));
	for (size_t i = 0; i <= len; i++)
		out[i] = (char)toupper((unsigned char)in[i]);
	return ERR_OK;
}
