#include "keys/cert.h"

#include <string.h>

#include "keys/cert_body.h"
#include "keys/digest.h"
#include "station/base/bytes.h"

#define VERSION 1
#define FLAG_TEST 0x0001
#define ROOT_SHIFT 1		/* bits 1 and 2: the root's algorithm, 0 for Ed25519 */

void
pubkey_id(const uint8_t pub[PUBKEY_LEN], uint8_t id[4])
{
	uint8_t hash[SHA256_LEN];

	digest_sha256(pub, PUBKEY_LEN, hash);
	memcpy(id, hash, 4);
}

bool
cert_encode(const struct cert *c, uint8_t body[CERT_BODY])
{
	struct writer b = writer_over(body, CERT_BODY);

	put_u8(&b, VERSION);
	put_u8(&b, c->algorithm);
	put_be16(&b, (uint16_t)((c->test ? FLAG_TEST : 0) |
	    (c->root_algorithm == CERT_ED25519 ? 0 : c->root_algorithm << ROOT_SHIFT)));
	put_be32(&b, c->rights);
	put_be32(&b, c->serial);
	put_bytes(&b, c->club, sizeof(c->club));
	put_be32(&b, c->station);
	put_be16(&b, c->valid_from);
	put_be16(&b, c->valid_to);
	put_be32(&b, c->first_number);
	put_be32(&b, c->number_count);
	put_bytes(&b, c->pub, PUBKEY_LEN);
	return c->algorithm >= CERT_ED25519 && c->algorithm <= CERT_P256_ODD;
}

static bool
decode(const uint8_t body[CERT_BODY], struct cert *c)
{
	struct cursor b = cursor_over(body, CERT_BODY);
	uint8_t version = take_u8(&b);
	uint16_t flags, root;

	c->algorithm = take_u8(&b);
	flags = take_be16(&b);
	c->test = (flags & FLAG_TEST) != 0;
	root = flags >> ROOT_SHIFT;
	c->root_algorithm = root == 0 ? CERT_ED25519 : (uint8_t)root;
	c->rights = take_be32(&b);
	c->serial = take_be32(&b);
	memcpy(c->club, take_bytes(&b, sizeof(c->club)), sizeof(c->club));
	c->station = take_be32(&b);
	c->valid_from = take_be16(&b);
	c->valid_to = take_be16(&b);
	c->first_number = take_be32(&b);
	c->number_count = take_be32(&b);
	memcpy(c->pub, take_bytes(&b, PUBKEY_LEN), PUBKEY_LEN);
	return version == VERSION && c->algorithm >= CERT_ED25519 && c->algorithm <= CERT_P256_ODD &&
	    root != CERT_ED25519 && root <= CERT_P256_ODD;
}

enum err
cert_verify(const uint8_t bytes[CERT_LEN], const uint8_t root_pub[PUBKEY_LEN],
    struct cert *out, struct why *w)
{
	uint8_t msg[sizeof(CERT_LABEL) + CERT_BODY] = CERT_LABEL;
	struct cert c;
	uint8_t club[4];
	enum err e;

	memset(out, 0, sizeof(*out));
	if (!decode(bytes, &c))
		return why_set(w, ERR_FORMAT, MSG_CERT_FORMAT);
	memcpy(msg + sizeof(CERT_LABEL), bytes, CERT_BODY);
	e = sig_verify_by(c.root_algorithm, root_pub, msg, sizeof(msg), bytes + CERT_BODY, w);
	if (e == ERR_SIGNATURE)
		return why_set(w, e, MSG_CERT_SIGNATURE);
	if (e != ERR_OK)
		return e;
	pubkey_id(root_pub, club);
	if (memcmp(club, c.club, sizeof(club)) != 0)
		return why_set(w, ERR_FORMAT, MSG_CERT_FORMAT);
	*out = c;
	return ERR_OK;
}

enum err
cert_covers(const struct cert *c, uint16_t day, uint32_t rights, struct why *w)
{
	if (day < c->valid_from)
		return why_set(w, ERR_CERT, MSG_CERT_NOT_YET, WHY_DAY(c->valid_from));
	if (c->valid_to != 0 && day > c->valid_to)
		return why_set(w, ERR_CERT, MSG_CERT_EXPIRED, WHY_DAY(c->valid_to));
	if ((c->rights & rights) != rights)
		return why_set(w, ERR_CERT, MSG_CERT_NO_RIGHT);
	return ERR_OK;
}
