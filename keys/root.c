/* The root of a club: a sealed file of its own with nothing in it but its seed, or a key in a token. */
#include <string.h>

#include "keys/cert.h"
#include "keys/cert_body.h"
#include "keys/digest.h"
#include "keys/sealed.h"
#include "keys/signature.h"
#include "keys/vault.h"
#include "station/base/secret.h"

/* One of the two is there. */
struct root {
	bool test;
	EVP_PKEY *signer;
	struct safe *safe;	/* in a token: a safe without masters, of ROOT_STATION */
	uint8_t algorithm;
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
	r->algorithm = CERT_ED25519;
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

/* Takes the safe over, or closes it. */
static enum err
root_over(struct safe *s, struct root **out, struct why *w)
{
	struct root *r = secret_alloc(sizeof(*r));

	*out = r;
	if (r == NULL) {
		safe_undo(&s);
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	}
	r->test = safe_get_info(s)->test;
	r->safe = s;
	r->algorithm = safe_algorithm(s);
	safe_public(s, r->pub);
	return ERR_OK;
}

enum err
root_create_token(const char *path, bool test, const char *uri, const char *pin, size_t pin_len,
    struct root **out, struct why *w)
{
	struct safe_info info = {.test = test, .station = ROOT_STATION};
	struct safe *s = NULL;
	enum err e;

	*out = NULL;
	/* the club takes its name from a key that is not there yet; in the token roots are told apart by this */
	e = random_bytes(info.club, sizeof(info.club), w);
	if (e == ERR_OK)
		e = safe_create_token(path, &info, 0, uri, pin, pin_len, &s, w);
	return e == ERR_OK ? root_over(s, out, w) : e;
}

static enum err
open_token(const char *path, const char *pin, size_t pin_len, struct root **out, struct why *w)
{
	struct safe *s = NULL;
	enum err e = vault_open(path, pin, pin_len, true, &s, w);

	return e == ERR_OK ? root_over(s, out, w) : e;
}

enum err
root_open(const char *path, const char *pass, size_t pass_len, struct root **out,
    struct why *w)
{
	uint8_t *room;
	struct sealed_head head;
	size_t len = 0;
	enum err e;

	*out = NULL;
	if (safe_token_is(path))
		return open_token(path, pass, pass_len, out, w);
	room = secret_alloc(SEALED_CAP);
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

enum err
root_change_passphrase(const char *path, const char *old, size_t old_len, const char *new_pass,
    size_t new_len, struct why *w)
{
	return safe_token_is(path) ?
	    safe_token_change(path, true, old, old_len, new_pass, new_len, w) :
	    sealed_change(path, SEALED_ROOT, old, old_len, new_pass, new_len, w);
}

void
root_close(struct root **root)
{
	if (*root == NULL)
		return;
	EVP_PKEY_free((*root)->signer);
	safe_close(&(*root)->safe);
	secret_free(*root, sizeof(**root));
	*root = NULL;
}

void
root_undo(struct root **root)
{
	if (*root != NULL)
		safe_undo(&(*root)->safe);
	root_close(root);
}

void
root_public(const struct root *root, uint8_t pub[PUBKEY_LEN])
{
	memcpy(pub, root->pub, PUBKEY_LEN);
}

uint8_t
root_algorithm(const struct root *root)
{
	return root->algorithm;
}

bool
root_is_test(const struct root *root)
{
	return root->test;
}

enum err
root_sign(const struct root *root, const void *msg, size_t len, uint8_t sig[SIG_LEN], struct why *w)
{
	return root->safe != NULL ? safe_sign(root->safe, msg, len, sig, w) :
	    signer_sign(root->signer, msg, len, sig, w);
}

enum err
root_certify(const struct root *root, const struct cert *c, uint8_t out[CERT_LEN],
    struct why *w)
{
	uint8_t msg[sizeof(CERT_LABEL) + CERT_BODY] = CERT_LABEL;
	uint8_t *body = msg + sizeof(CERT_LABEL);
	struct cert own = *c;

	own.test = root->test;
	own.root_algorithm = root->algorithm;
	pubkey_id(root->pub, own.club);
	if (!cert_encode(&own, body) || !pubkey_is_point(own.algorithm, own.pub))
		return why_set(w, ERR_ARG, MSG_CERT_FORMAT);
	memcpy(out, body, CERT_BODY);
	return root_sign(root, msg, sizeof(msg), out + CERT_BODY, w);
}
