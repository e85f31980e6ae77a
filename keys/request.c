#include "keys/request.h"

#include <stdlib.h>
#include <string.h>

#include "station/base/bytes.h"

#define BODY_LEN 44

enum err
request_seal(const struct safe *safe, enum role role, uint32_t made, uint8_t out[REQUEST_CAP],
    struct why *w)
{
	const struct document_pen pen = {.safe = safe};
	uint8_t body[BODY_LEN], pub[PUBKEY_LEN];
	struct writer b = writer_over(body, sizeof(body));
	uint8_t *paper;
	size_t len;
	enum err e;

	if (role_name(role) == NULL)
		return why_set(w, ERR_ARG, MSG_INTERNAL, WHY_CODE("request_seal"));
	safe_public(safe, pub);
	put_bytes(&b, pub, sizeof(pub));
	put_be32(&b, safe_get_info(safe)->station);
	put_u8(&b, (uint8_t)role);
	put_zeros(&b, 3);
	put_be32(&b, made);
	e = document_seal(DOCUMENT_REQUEST, &pen, body, b.len, &paper, &len, w);
	if (e == ERR_OK)
		memcpy(out, paper, REQUEST_CAP);
	free(paper);
	return e;
}

enum err
request_open(const uint8_t *bytes, size_t len, const uint8_t root_pub[PUBKEY_LEN], bool test,
    struct cert_request *out, struct why *w)
{
	struct document d;
	struct cursor c;
	uint8_t role;
	enum err e;

	memset(out, 0, sizeof(*out));
	e = document_read(bytes, len, DOCUMENT_REQUEST, &d, w);
	if (e == ERR_OK && (d.by != DOCUMENT_BY_ITSELF || d.body_len != BODY_LEN))
		e = why_set(w, ERR_FORMAT, MSG_REQUEST_FORMAT);
	if (e == ERR_OK)
		e = document_verify(&d, root_pub, test, w);
	if (e != ERR_OK)
		return e;
	out->algorithm = d.algorithm;
	c = cursor_over(d.body, d.body_len);
	memcpy(out->pub, take_bytes(&c, PUBKEY_LEN), PUBKEY_LEN);
	out->station = take_be32(&c);
	role = take_u8(&c);
	if (role >= ROLE_COUNT || out->station == 0 || memcmp(take_bytes(&c, 3), "\0\0\0", 3) != 0)
		return why_set(w, ERR_FORMAT, MSG_REQUEST_FORMAT);
	out->role = (enum role)role;
	out->made = take_be32(&c);
	return ERR_OK;
}
