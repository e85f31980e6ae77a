#include "keys/token_uri.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "station/base/bytes.h"

#define SCHEME "pkcs11:"
#define SCHEME_LEN (sizeof(SCHEME) - 1)

static const struct attribute {
	const char *name;
	bool query;		/* behind the question mark */
	size_t at, cap;
} attributes[] = {
	{"token", false, offsetof(struct token_uri, token), sizeof(((struct token_uri *)0)->token)},
	{"serial", false, offsetof(struct token_uri, serial), sizeof(((struct token_uri *)0)->serial)},
	{"manufacturer", false, offsetof(struct token_uri, manufacturer),
	    sizeof(((struct token_uri *)0)->manufacturer)},
	{"model", false, offsetof(struct token_uri, model), sizeof(((struct token_uri *)0)->model)},
	{"module-path", true, offsetof(struct token_uri, module), TOKEN_MODULE_CAP},
};
#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

static bool
is_name(const char *text, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(text, name, len) == 0;
}

/* One value into `out`, NUL-ended. False if it is empty, too long, or no text. */
static bool
decode(const char *in, size_t len, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < cap; i++) {
		char hex[3] = {0};
		uint8_t byte = (uint8_t)in[i];
		size_t one;

		if (in[i] == '%') {
			if (len - i < 3)
				return false;
			memcpy(hex, in + i + 1, 2);
			if (!hex_decode(hex, &byte, 1, &one))
				return false;
			i += 2;
		}
		if (byte < 0x20 || byte == 0x7F)
			return false;
		out[n++] = (char)byte;
	}
	if (n == 0 || n >= cap)
		return false;
	out[n] = '\0';
	return true;
}

/* `name=value` of `len` bytes. */
static bool
take(const char *in, size_t len, bool query, struct token_uri *out)
{
	const char *equals = memchr(in, '=', len);
	size_t name_len;

	if (equals == NULL)
		return false;
	name_len = (size_t)(equals - in);
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		const struct attribute *a = &attributes[i];
		char *to = (char *)out + a->at;

		if (a->query == query && is_name(in, name_len, a->name))
			return *to == '\0' && decode(equals + 1, len - name_len - 1, to, a->cap);
	}
	return false;
}

static bool
take_all(const char *text, struct token_uri *out)
{
	bool query = false;

	for (;;) {
		size_t len = strcspn(text, query ? "&" : ";?");

		if (!take(text, len, query, out))
			return false;
		text += len;
		if (*text == '\0')
			return true;
		query = query || *text == '?';
		text++;
	}
}

enum err
token_uri_parse(const char *text, struct token_uri *out, struct why *w)
{
	memset(out, 0, sizeof(*out));
	if (strstr(text, "pin-value") != NULL || strstr(text, "pin-source") != NULL)
		return why_set(w, ERR_ARG, MSG_TOKEN_URI_PIN);
	if (strlen(text) >= TOKEN_URI_CAP || strncasecmp(text, SCHEME, SCHEME_LEN) != 0 ||
	    !take_all(text + SCHEME_LEN, out) || (*out->token == '\0' && *out->serial == '\0') ||
	    *out->module != '/') {
		memset(out, 0, sizeof(*out));
		return why_set(w, ERR_ARG, MSG_TOKEN_URI, WHY_CODE(text));
	}
	return ERR_OK;
}

const char *
token_uri_name(const struct token_uri *uri)
{
	return *uri->token != '\0' ? uri->token : uri->serial;
}
