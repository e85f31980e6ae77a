/* The root of a club: a sealed file of its own, with nothing in it but its seed. */
#include <string.h>

#include "keys/cert.h"
#include "keys/cert_body.h"
#include "keys/digest.h"
#include "keys/sealed.h"
#include "keys/signature.h"
#include "station/base/secret.h"

struct root {
	bool test;
	EVP_PKEY *signer;
	uint8_t pub[PUBKEY_LEN];
};

static enum err
root_new(bool test, const uint8_t seed[SEED_LEN], struct root **out, struct why *w)
{
	struct root *r = secret_alloc(sizeof(*r));
	enum err e;

	*out = NULL;
	if (r == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	r->test = test;
	e = signer_new(seed, &r->signer, r->pub, w);
	if (e != ERR_OK)
		root_close(&r);
	*out = r;
	return e;
}

enum err
root_create(const char *path, bool test, const char *pass, size_t pass_len, struct root **out,
    struct why *w)
{
	struct sealed_head head = {.kind = SEALED_ROOT, .test = test, .epoch = 1};
	uint8_t seed[SEED_LEN];
	enum err e;

	*out = NULL;
	e = random_bytes(seed, sizeof(seed), w);
	if (e == ERR_OK)
		e = root_new(test, seed, out, w);
	if (e == ERR_OK) {
		pubkey_id((*out)->pub, head.club);
		e = sealed_create(path, &head, seed, sizeof(seed), pass, pass_len, w);
	}
	if (e != ERR_OK)
		root_close(out);
	WIPE(seed);
	return e;
}

enum err
root_open(const char *path, const char *pass, size_t pass_len, struct root **out,
    struct why *w)
{
	uint8_t *room = secret_alloc(SEALED_CAP);
	struct sealed_head head;
	size_t len = 0;
	enum err e;

	*out = NULL;
	if (room == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = sealed_open(path, SEALED_ROOT, pass, pass_len, &head, room, &len, w);
	if (e == ERR_OK && len != SEED_LEN)
		e = why_set(w, ERR_SAFE, MSG_SAFE_DAMAGED, WHY_CODE(path));
	if (e == ERR_OK)
		e = root_new(head.test, room, out, w);
	secret_free(room, SEALED_CAP);
	return e;
}

void
root_close(struct root **root)
{
	if (*root == NULL)
		return;
	EVP_PKEY_free((*root)->signer);
	secret_free(*root, sizeof(**root));
	*root = NULL;
}

void
root_public(const struct root *root, uint8_t pub[PUBKEY_LEN])
{
	memcpy(pub, root->pub, PUBKEY_LEN);
}

bool
root_is_test(const struct root *root)
{
	return root->test;
}

enum err
root_sign(const struct root *root, const void *msg, size_t len, uint8_t sig[SIG_LEN], struct why *w)
{
	return signer_sign(root->signer, msg, len, sig, w);
}

enum err
root_certify(const struct root *root, const struct cert *c, uint8_t out[CERT_LEN],
    struct why *w)
{
	uint8_t msg[sizeof(CERT_LABEL) + CERT_BODY] = CERT_LABEL;
	uint8_t *body = msg + sizeof(CERT_LABEL);
	struct cert own = *c;

	own.test = root->test;
	pubkey_id(root->pub, own.club);
	if (!cert_encode(&own, body) || !pubkey_is_point(own.algorithm, own.pub))
		return why_set(w, ERR_ARG, MSG_CERT_FORMAT);
	memcpy(out, body, CERT_BODY);
	return signer_sign(root->signer, msg, sizeof(msg), out + CERT_BODY, w);
}
