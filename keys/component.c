#include "keys/component.h"

#include <string.h>

#include "keys/inside.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

_Static_assert(COMPONENT_LEN == MASTERS_SECRET_LEN, "two components make one secret");

/* The digits of `typed` without what parts them; false if there are not exactly as many. */
static bool
only_digits(const char *typed, char out[2 * COMPONENT_LEN + 1])
{
	size_t n = 0;

	for (; *typed != '\0'; typed++) {
		if (*typed == ' ' || *typed == '\t' || *typed == '-')
			continue;
		if (n == 2 * COMPONENT_LEN)
			return false;
		out[n++] = *typed;
	}
	out[n] = '\0';
	return n == 2 * COMPONENT_LEN;
}

/* 00…00, 55…55: somebody who has nothing on paper. */
static bool
is_plain(const struct component *c)
{
	uint8_t other = 0;

	for (size_t i = 1; i < COMPONENT_LEN; i++)
		other |= c->bytes[i] ^ c->bytes[0];
	return other == 0;
}

enum err
component_read(const char *typed, struct component *out, struct why *w)
{
	char hex[2 * COMPONENT_LEN + 1];
	size_t len = 0;
	enum err e = ERR_OK;

	if (!only_digits(typed, hex) || !hex_decode(hex, out->bytes, COMPONENT_LEN, &len))
		e = why_set(w, ERR_FORMAT, MSG_COMPONENT_FORMAT, WHY_NUM(2 * COMPONENT_LEN));
	else if (is_plain(out))
		e = why_set(w, ERR_FORMAT, MSG_COMPONENT_PLAIN);
	WIPE(hex);
	if (e != ERR_OK)
		WIPE(*out);
	return e;
}

enum err
component_kcv(const struct component *c, uint8_t kcv[KCV_LEN], struct why *w)
{
	uint8_t mac[16];
	enum err e = aes_check_mac(c->bytes, COMPONENT_LEN, mac, w);

	if (e == ERR_OK)
		memcpy(kcv, mac, KCV_LEN);
	WIPE(mac);
	return e;
}

enum err
masters_from_components(const uint8_t club[4], bool test, uint16_t generation, unsigned bits,
    const struct component *a, const struct component *b, struct masters **out, struct why *w)
{
	uint8_t secret[MASTERS_SECRET_LEN];
	enum err e;

	*out = NULL;
	if (secret_equal(a->bytes, b->bytes, COMPONENT_LEN))
		return why_set(w, ERR_REFUSED, MSG_COMPONENTS_SAME);
	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = a->bytes[i] ^ b->bytes[i];
	e = masters_make(club, test, generation, bits, secret, out, w);
	WIPE(secret);
	return e;
}
