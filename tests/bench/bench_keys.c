/*
 * What the safe adds to the work itself: diversifications, signatures and verifications on both stores, each
 * beside the same bytes through bare OpenSSL or bare PKCS#11 with everything kept that can be kept, in turns
 * in one run. Time of the processor, best of the rounds, so that others on the computer move nothing.
 */
#include <dlfcn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/card_key.h"
#include "keys/cert.h"
#include "keys/inside.h"
#include "keys/memory.h"
#include "keys/safe.h"
#include "keys/signature.h"
#include "keys/vault.h"
#include "tests/bench/row.h"
#include "tests/support/softhsm.h"

#define ROUNDS 5
#define GOAL 0.9
#define PIN "20 03 1404"
#define PIN_LEN (sizeof(PIN) - 1)
#define URI "pkcs11:token=station%201?module-path=" SOFTHSM_MODULE
/* As long as a card's record with its label and UID. */
#define MESSAGE_LEN 87

static const struct safe_info info = {.test = false, .club = {0xC1, 2, 3, 4}, .station = 78};
static const struct key_ref ref = {.origin = KEY_DERIVED, .slot = KEY_READ, .epoch = 1, .chip_class = 1,
    .key_no = 1, .aid = {0xF4, 1, 2}, .uid = {4, 1, 2, 3, 4, 5, 6}, .uid_len = 7};
/* What AN10922 has CMAC run over for that key: 01, then the input of card_key.h. */
static uint8_t diversification[] = {0x01, 1, 1, 0xF4, 1, 2, 0, 1, 0xC1, 2, 3, 4, 7, 4, 1, 2, 3, 4, 5, 6};
static uint8_t message[MESSAGE_LEN] = {7};
static struct why why;

/* The safe under the hammer, and the bare way beside it. */
static struct {
	struct safe *safe;
	uint8_t pub[32], sig[64];
	EVP_MAC_CTX *mac;
	EVP_PKEY *signer, *verifier;
	EVP_MD_CTX *md, *verifying;
	CK_FUNCTION_LIST *f;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE master, station;
} on;

static void
need(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

/* --- ours */

static void
our_cmac(void)
{
	uint8_t mac[16];

	must(safe_cmac(on.safe, KEY_READ, 1, diversification, sizeof(diversification), mac, &why), &why);
}

static void
our_card_key(void)
{
	struct card_key *k = NULL;

	must(card_key_open(on.safe, &ref, &k, &why), &why);
	card_key_close(&k);
}

static void
our_sign(void)
{
	must(safe_sign(on.safe, message, sizeof(message), on.sig, &why), &why);
}

static void
our_verify(void)
{
	must(sig_verify_by(CERT_ED25519, on.pub, message, sizeof(message), on.sig, &why), &why);
}

/* --- bare OpenSSL */

static void
bare_cmac(void)
{
	uint8_t mac[16];
	size_t len;

	need(EVP_MAC_init(on.mac, NULL, 0, NULL) == 1 &&
	    EVP_MAC_update(on.mac, diversification, sizeof(diversification)) == 1 &&
	    EVP_MAC_final(on.mac, mac, &len, sizeof(mac)) == 1, "CMAC");
}

static void
bare_sign(void)
{
	size_t len = 64;

	need(EVP_DigestSignInit(on.md, NULL, NULL, NULL, on.signer) == 1 &&
	    EVP_DigestSign(on.md, on.sig, &len, message, sizeof(message)) == 1, "Ed25519");
}

static void
bare_verify(void)
{
	need(EVP_DigestVerifyInit(on.verifying, NULL, NULL, NULL, on.verifier) == 1 &&
	    EVP_DigestVerify(on.verifying, on.sig, 64, message, sizeof(message)) == 1, "Ed25519");
}

/* --- bare PKCS#11 */

static void
bare_token(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, uint8_t *in, CK_ULONG in_len)
{
	CK_MECHANISM m = {type, NULL, 0};
	uint8_t out[64];
	CK_ULONG len = sizeof(out);

	need(on.f->C_SignInit(on.session, &m, key) == CKR_OK &&
	    on.f->C_Sign(on.session, in, in_len, out, &len) == CKR_OK, "C_Sign");
}

static void
token_cmac(void)
{
	bare_token(CKM_AES_CMAC, on.master, diversification, sizeof(diversification));
}

static void
token_sign(void)
{
	bare_token(CKM_EDDSA, on.station, message, sizeof(message));
}

/* --- side by side */

static double
rate(void (*work)(void), int n)
{
	double t = row_cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);

	for (int i = 0; i < n; i++)
		work();
	return n / (row_cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - t);
}

static void
compare(const char *what, void (*ours)(void), const char *than, void (*bare)(void), int n)
{
	double best = 0, best_bare = 0;
	char name[96];

	for (int i = 0; i < ROUNDS; i++) {
		double a = rate(ours, n), b = rate(bare, n);

		best = a > best ? a : best;
		best_bare = b > best_bare ? b : best_bare;
	}
	row_info(what, best, "/s");
	(void)snprintf(name, sizeof(name), "  … of %s, %.0f /s", than, best_bare);
	row(name, best / best_bare, "", "goal 0.9", best / best_bare >= GOAL);
}

static void
unlock(const char *what, const char *path, const char *pass)
{
	double best = 1e9;

	for (int i = 0; i < 3; i++) {
		double t = row_cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);

		must(safe_open(path, pass, strlen(pass), &on.safe, &why), &why);
		t = row_cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - t;
		best = t < best ? t : best;
		safe_close(&on.safe);
	}
	row_info(what, 1000 * best, "ms");
}

/* --- the two stores */

static void
make_bare_openssl(void)
{
	static uint8_t key[32] = {1, 2, 3};
	char cipher[] = "AES-128-CBC";
	OSSL_PARAM p[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
	    OSSL_PARAM_construct_end()};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);

	on.mac = EVP_MAC_CTX_new(mac);
	on.md = EVP_MD_CTX_new();
	on.verifying = EVP_MD_CTX_new();
	on.signer = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key, 32);
	need(mac != NULL && on.mac != NULL && on.md != NULL && on.verifying != NULL && on.signer != NULL &&
	    EVP_MAC_init(on.mac, key, 16, p) == 1, "OpenSSL");
	EVP_MAC_free(mac);
}

static void
bench_file(const char *folder)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/file.safe", folder);
	row_title("keys in a sealed file, beside OpenSSL with key and contexts kept");
	must(safe_create(path, &info, ALL_SLOTS, PIN, PIN_LEN, &on.safe, &why), &why);
	safe_public(on.safe, on.pub);
	on.verifier = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, on.pub, 32);
	compare("diversifications", our_cmac, "OpenSSL's CMAC", bare_cmac, 20000);
	row_info("  a card key ready for use, with its check value", rate(our_card_key, 20000), "/s");
	compare("signatures", our_sign, "OpenSSL's", bare_sign, 2000);
	our_sign();
	compare("verifications, from the 32 bytes of a certificate", our_verify, "OpenSSL's, key parsed", bare_verify,
	    1000);
	safe_close(&on.safe);
	EVP_PKEY_free(on.verifier);
	unlock("unlocking, processor's time", path, PIN);
}

static CK_OBJECT_HANDLE
find(CK_OBJECT_CLASS class, char *name)
{
	CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof(class)}, {CKA_LABEL, name, strlen(name)}};
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	CK_ULONG n = 0;

	need(on.f->C_FindObjectsInit(on.session, wanted, 2) == CKR_OK &&
	    on.f->C_FindObjects(on.session, &key, 1, &n) == CKR_OK &&
	    on.f->C_FindObjectsFinal(on.session) == CKR_OK && n == 1, name);
	return key;
}

/* A session beside the safe's own, of the login that is there. */
static void
make_bare_token(void)
{
	void *lib = dlopen(SOFTHSM_MODULE, RTLD_NOW | RTLD_LOCAL);
	void *symbol = lib != NULL ? dlsym(lib, "C_GetFunctionList") : NULL;
	char master[] = "bashgah c1020304 key 2 generation 1", station[] = "bashgah c1020304 station 78";
	CK_C_GetFunctionList get;
	CK_SLOT_ID slots[8];
	CK_ULONG n = 8;

	need(symbol != NULL, SOFTHSM_MODULE);
	memcpy(&get, &symbol, sizeof(get));
	need(get(&on.f) == CKR_OK && on.f->C_GetSlotList(CK_TRUE, slots, &n) == CKR_OK &&
	    on.f->C_OpenSession(slots[0], CKF_SERIAL_SESSION, NULL, NULL, &on.session) == CKR_OK, "session");
	on.master = find(CKO_SECRET_KEY, master);
	on.station = find(CKO_PRIVATE_KEY, station);
}

static void
bench_token(const char *folder)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/token.safe", folder);
	softhsm_token("station 1", PIN);
	row_title("keys in a token (SoftHSM2), beside C_SignInit and C_Sign on handles kept");
	must(safe_create_token(path, &info, ALL_SLOTS, URI, PIN, PIN_LEN, &on.safe, &why), &why);
	make_bare_token();
	compare("diversifications", our_cmac, "PKCS#11's", token_cmac, 500);
	compare("signatures", our_sign, "PKCS#11's", token_sign, 200);
	need(on.f->C_CloseSession(on.session) == CKR_OK, "session");
	safe_close(&on.safe);
	unlock("unlocking, processor's time", path, PIN);
}

int
main(void)
{
	struct softhsm hsm;

	must(keys_guard_memory(&why), &why);	/* as the program itself does */
	softhsm_start(&hsm);
	make_bare_openssl();
	bench_file(hsm.folder);
	bench_token(hsm.folder);
	EVP_MAC_CTX_free(on.mac);
	EVP_MD_CTX_free(on.md);
	EVP_MD_CTX_free(on.verifying);
	EVP_PKEY_free(on.signer);
	softhsm_end(&hsm);
	return 0;
}
