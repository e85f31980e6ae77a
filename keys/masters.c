#include "keys/masters.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <pthread.h>
#include <string.h>

#include "keys/digest.h"
#include "keys/inside.h"
#include "keys/vault.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

#define LABEL "bashgah-master-1"	/* without its ending NUL */
#define LABEL_LEN (sizeof(LABEL) - 1)
#define SALT_LEN 5

/* In secret memory. */
struct masters {
	uint8_t club[4];
	bool test;
	uint16_t generation;
	size_t len;		/* of a master: 16 or 32 */
	uint8_t secret[MASTERS_SECRET_LEN];
	uint8_t master[KEY_SLOT_COUNT][MASTER_CAP];
};

/* Fetched once for the process; see raw.c. */
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;
static EVP_KDF *hkdf;

static void
fetch(void)
{
	hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
}

/* OpenSSL takes what it only reads as if it would write it. */
static OSSL_PARAM
octets(const char *name, const void *p, size_t len)
{
	union {
		const void *in;
		void *out;
	} u = {p};

	return OSSL_PARAM_construct_octet_string(name, u.out, len);
}

static enum err
derive(struct masters *m, unsigned slot, struct why *w)
{
	uint8_t salt[SALT_LEN], info[LABEL_LEN + 3];
	struct writer s = writer_over(salt, sizeof(salt)), i = writer_over(info, sizeof(info));
	char digest[] = "SHA256";
	EVP_KDF_CTX *ctx = hkdf != NULL ? EVP_KDF_CTX_new(hkdf) : NULL;
	OSSL_PARAM p[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		octets(OSSL_KDF_PARAM_KEY, m->secret, sizeof(m->secret)),
		octets(OSSL_KDF_PARAM_SALT, salt, sizeof(salt)),
		octets(OSSL_KDF_PARAM_INFO, info, sizeof(info)),
		OSSL_PARAM_construct_end(),
	};
	bool ok;

	put_bytes(&s, m->club, sizeof(m->club));
	put_u8(&s, m->test);
	put_bytes(&i, LABEL, LABEL_LEN);
	put_u8(&i, (uint8_t)slot);
	put_be16(&i, m->generation);
	ok = ctx != NULL && EVP_KDF_derive(ctx, m->master[slot], m->len, p) == 1;
	EVP_KDF_CTX_free(ctx);
	return ok ? ERR_OK : library_failed(w);
}

enum err
masters_make(const uint8_t club[4], bool test, uint16_t generation, unsigned bits,
    const uint8_t secret[MASTERS_SECRET_LEN], struct masters **out, struct why *w)
{
	struct masters *m;
	enum err e = ERR_OK;

	*out = NULL;
	if (generation < 1 || (bits != 128 && bits != 256))
		return why_set(w, ERR_ARG, MSG_KEY_REFERENCE);
	m = secret_alloc(sizeof(*m));
	if (m == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	(void)pthread_once(&fetch_once, fetch);
	memcpy(m->club, club, sizeof(m->club));
	m->test = test;
	m->generation = generation;
	m->len = bits / 8;
	memcpy(m->secret, secret, sizeof(m->secret));
	for (unsigned slot = 0; e == ERR_OK && slot < KEY_SLOT_COUNT; slot++)
		e = derive(m, slot, w);
	if (e != ERR_OK)
		masters_close(&m);
	*out = m;
	return e;
}

enum err
masters_random(const uint8_t club[4], bool test, uint16_t generation, unsigned bits,
    struct masters **out, struct why *w)
{
	uint8_t secret[MASTERS_SECRET_LEN];
	enum err e = random_bytes(secret, sizeof(secret), w);

	*out = NULL;
	if (e == ERR_OK)
		e = masters_make(club, test, generation, bits, secret, out, w);
	WIPE(secret);
	return e;
}

enum err
masters_of_practice(const struct safe *s, uint16_t generation, uint32_t *slots, struct masters **out,
    struct why *w)
{
	const unsigned at = generation_at(s, generation);
	struct masters *m;

	*out = NULL;
	*slots = 0;
	if (!s->info.test || !s->info.practice)
		return why_set(w, ERR_REFUSED, MSG_PRACTICE_ONLY);
	if (s->info.token || at == s->count)
		return why_set(w, ERR_NO_KEY, MSG_KEY_NOT_HELD, WHY_NUM(KEY_READ), WHY_NUM(generation));
	m = secret_alloc(sizeof(*m));
	if (m == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	memcpy(m->club, s->info.club, sizeof(m->club));
	m->test = true;
	m->generation = generation;
	m->len = s->generations[at].master_len;
	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
		if (!safe_holds(s, (enum key_slot)slot, generation))
			continue;
		memcpy(m->master[slot], safe_master(s, (enum key_slot)slot, generation), m->len);
		*slots |= UINT32_C(1) << slot;
	}
	*out = m;
	return ERR_OK;
}

void
masters_close(struct masters **m)
{
	secret_free(*m, sizeof(**m));
	*m = NULL;
}

uint16_t
masters_generation(const struct masters *m)
{
	return m->generation;
}

unsigned
masters_bits(const struct masters *m)
{
	return (unsigned)m->len * 8;
}

const uint8_t *
masters_club(const struct masters *m)
{
	return m->club;
}

bool
masters_test(const struct masters *m)
{
	return m->test;
}

bool
masters_are_of(const struct masters *m, const struct safe_info *info)
{
	return memcmp(m->club, info->club, sizeof(m->club)) == 0 && m->test == info->test;
}

const uint8_t *
masters_secret(const struct masters *m)
{
	return m->secret;
}

const uint8_t *
masters_bytes(const struct masters *m, enum key_slot slot)
{
	return (unsigned)slot < KEY_SLOT_COUNT ? m->master[slot] : NULL;
}

enum err
masters_kcv(const struct masters *m, enum key_slot slot, uint8_t kcv[KCV_LEN], struct why *w)
{
	const uint8_t *bytes = masters_bytes(m, slot);
	uint8_t mac[16];
	enum err e;

	if (bytes == NULL)
		return why_set(w, ERR_ARG, MSG_KEY_REFERENCE);
	e = aes_check_mac(bytes, m->len, mac, w);
	if (e == ERR_OK)
		memcpy(kcv, mac, KCV_LEN);
	WIPE(mac);
	return e;
}
