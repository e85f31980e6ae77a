#include "station/flow/token.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "keys/digest.h"
#include "station/base/secret.h"

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
