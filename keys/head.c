#include "keys/head.h"

#include <stdlib.h>
#include <string.h>

#include "station/base/bytes.h"

#define BODY_LEN 52

enum err
head_paper_seal(const struct head_paper *h, const struct safe *safe, const uint8_t cert[CERT_LEN],
    uint8_t out[HEAD_PAPER_LEN], struct why *w)
{
	const struct document_pen pen = {.safe = safe, .cert = cert};
	uint8_t body[BODY_LEN], *paper;
	struct writer b = writer_over(body, sizeof(body));
	size_t len;
	enum err e;

	put_be64(&b, h->seq);
	put_bytes(&b, h->hash, sizeof(h->hash));
	put_bytes(&b, h->prefix, sizeof(h->prefix));
	put_be32(&b, h->made);
	put_be32(&b, h->station);
	e = document_seal(DOCUMENT_HEAD, &pen, body, b.len, &paper, &len, w);
	if (e != ERR_OK)
		return e;
	memcpy(out, paper, HEAD_PAPER_LEN);
	free(paper);
	return ERR_OK;
}

enum err
head_paper_open(const uint8_t *bytes, size_t len, const uint8_t root_pub[PUBKEY_LEN], bool test,
    struct head_paper *out, struct why *w)
{
	struct document d;
	struct cursor c;
	enum err e = document_read(bytes, len, DOCUMENT_HEAD, &d, w);

	memset(out, 0, sizeof(*out));
	if (e == ERR_OK && (d.body_len != BODY_LEN || d.by != DOCUMENT_BY_STATION))
		e = why_set(w, ERR_FORMAT, MSG_HEAD_FORMAT);
	if (e == ERR_OK)
		e = document_verify(&d, root_pub, test, w);
	if (e != ERR_OK)
		return e;
	c = cursor_over(d.body, d.body_len);
	out->seq = take_be64(&c);
	memcpy(out->hash, take_bytes(&c, sizeof(out->hash)), sizeof(out->hash));
	memcpy(out->prefix, take_bytes(&c, sizeof(out->prefix)), sizeof(out->prefix));
	out->made = take_be32(&c);
	out->station = take_be32(&c);
	out->signer = d.signer;
	/* rows are counted in 63 bits: what a stolen key signs beyond them would read as a row before the first */
	return out->station == d.signer.station && out->seq <= INT64_MAX ? ERR_OK :
									   why_set(w, ERR_FORMAT, MSG_HEAD_FORMAT);
}
