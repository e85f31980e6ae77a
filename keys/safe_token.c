/*
 * A safe whose keys are in a PKCS#11 token. The file names the token and holds no secret; integers
 * big-endian:
 *   0 "BASHGAH" | 7 'T' | 8 version = 1 | 9 flags: bit 0 test club | 10 generation (2) | 12 club (4)
 *   16 station (4) | 20 slots (4) | 24 public key (32) | 56 length of the URI (2) | 58 URI
 *   then the station's signature over "bashgah-token-1" 00 and all bytes before
 * so a byte that is not as it was is found before a PIN is tried, and the token must hold the very
 * signing key that has made the file.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "keys/inside.h"
#include "keys/token.h"
#include "keys/vault.h"
#include "station/base/bytes.h"
#include "station/base/file.h"
#include "station/base/secret.h"

#define MAGIC "BASHGAHT"
#define MAGIC_LEN 8
#define VERSION 1
#define FLAG_TEST 0x01
#define HEAD_LEN 58
#define LABEL "bashgah-token-1"		/* signed with its ending NUL */
#define MESSAGE_CAP (sizeof(LABEL) + HEAD_LEN + TOKEN_URI_CAP)
#define FILE_CAP (HEAD_LEN + TOKEN_URI_CAP + SIG_LEN)

#define NAME_CAP 64
#define MADE_CAP (KEY_SLOT_COUNT + 2)
#define CMAC_LEN 16

/* The file, taken apart. */
struct reference {
	struct safe_info info;
	uint32_t slots;
	uint8_t pub[PUBKEY_LEN];
	char uri[TOKEN_URI_CAP];
};

/* The objects as they are found; `life` is the connection's for which that is true. */
struct inside {
	struct token *token;
	unsigned life;
	CK_OBJECT_HANDLE signer;
	CK_OBJECT_HANDLE masters[EPOCH_MAX][KEY_SLOT_COUNT];
};

/* What travels through token_run. `e` and `w`: what is wrong with the keys rather than the token. */
struct job {
	struct safe *s;
	enum key_slot slot;
	uint16_t epoch;
	const void *msg;
	size_t len;
	uint8_t *out;
	struct {
		CK_OBJECT_CLASS class;
		char name[NAME_CAP];
	} made[MADE_CAP];	/* by name: some tokens' handles end with the session that made them */
	unsigned made_count;
	enum err e;
	struct why *w;
};

/* --- what a key may do: made so, and refused if it is found otherwise */

struct rule {
	CK_ATTRIBUTE_TYPE type;
	CK_BBOOL value;
};

static const struct rule master_rules[] = {
	{CKA_SENSITIVE, CK_TRUE}, {CKA_EXTRACTABLE, CK_FALSE}, {CKA_SIGN, CK_TRUE},
	{CKA_VERIFY, CK_FALSE}, {CKA_ENCRYPT, CK_FALSE}, {CKA_DECRYPT, CK_FALSE},
	{CKA_WRAP, CK_FALSE}, {CKA_UNWRAP, CK_FALSE}, {CKA_DERIVE, CK_FALSE},
};
static const struct rule signer_rules[] = {
	{CKA_SENSITIVE, CK_TRUE}, {CKA_EXTRACTABLE, CK_FALSE}, {CKA_SIGN, CK_TRUE},
	{CKA_DECRYPT, CK_FALSE}, {CKA_UNWRAP, CK_FALSE}, {CKA_DERIVE, CK_FALSE},
};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define RULES_CAP COUNT(master_rules)

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

/* Answers how many attributes it has written. */
static CK_ULONG
put_rules(CK_ATTRIBUTE *to, const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (CK_ATTRIBUTE){rules[i].type, rules[i].value ? &yes : &no, sizeof(CK_BBOOL)};
	return n;
}

/* An attribute that a token does not know is one that it does not allow; but whether a key can leave must be said. */
static CK_RV
obeys(const struct token_link *l, CK_OBJECT_HANDLE key, const struct rule *rules, size_t n,
    bool *good)
{
	*good = true;
	for (size_t i = 0; i < n; i++) {
		CK_BBOOL got = CK_FALSE;
		CK_ATTRIBUTE a = {rules[i].type, &got, sizeof(got)};
		CK_RV rv = l->f->C_GetAttributeValue(l->session, key, &a, 1);

		if (rv == CKR_ATTRIBUTE_TYPE_INVALID)
			got = rules[i].type == CKA_EXTRACTABLE;
		else if (rv != CKR_OK)
			return rv;
		if ((got != CK_FALSE) != (rules[i].value != CK_FALSE))
			*good = false;
	}
	return CKR_OK;
}

/* --- names */

static void
master_name(const struct safe *s, unsigned slot, unsigned epoch, char name[NAME_CAP])
{
	const uint8_t *c = s->info.club;

	(void)snprintf(name, NAME_CAP, "bashgah %02x%02x%02x%02x key %u generation %u", c[0], c[1],
	    c[2], c[3], slot, epoch);
}

static void
signer_name(const struct safe *s, char name[NAME_CAP])
{
	const uint8_t *c = s->info.club;

	(void)snprintf(name, NAME_CAP, "bashgah %02x%02x%02x%02x station %lu", c[0], c[1], c[2], c[3],
	    (unsigned long)s->info.station);
}

/* How many objects of this class and name there are, up to 2; the last of them in *key. */
static CK_RV
look_for(const struct token_link *l, CK_OBJECT_CLASS class, char *name, CK_OBJECT_HANDLE *key,
    CK_ULONG *count)
{
	CK_ATTRIBUTE wanted[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_LABEL, name, strlen(name)},
	};
	CK_OBJECT_HANDLE found[2] = {0};
	CK_RV rv = l->f->C_FindObjectsInit(l->session, wanted, COUNT(wanted));
	CK_RV end;

	*count = 0;
	if (rv != CKR_OK)
		return rv;
	rv = l->f->C_FindObjects(l->session, found, 2, count);
	end = l->f->C_FindObjectsFinal(l->session);
	*key = found[0];
	return rv != CKR_OK ? rv : end;
}

/* --- finding what the file speaks of */

static CK_RV
wrong(struct job *j, enum msg id, char *name)
{
	j->e = why_set(j->w, ERR_SAFE, id, WHY_CODE(name));
	return CKR_OK;
}

/* One key of this name that obeys its rules, or j->e says what is the matter. */
static CK_RV
take_key(const struct token_link *l, struct job *j, CK_OBJECT_CLASS class, char *name,
    const struct rule *rules, size_t n, CK_OBJECT_HANDLE *key)
{
	CK_ULONG count = 0;
	bool good = true;
	CK_RV rv = look_for(l, class, name, key, &count);

	if (rv == CKR_OK && count == 1)
		rv = obeys(l, *key, rules, n, &good);
	if (rv != CKR_OK)
		return rv;
	if (count != 1)
		return wrong(j, count == 0 ? MSG_TOKEN_KEY_MISSING : MSG_TOKEN_KEY_TWICE, name);
	return good ? CKR_OK : wrong(j, MSG_TOKEN_KEY_LOOSE, name);
}

/* Tokens wrap the point in an OCTET STRING, some in a BIT STRING, some not at all. */
static bool
take_point(const uint8_t *p, size_t len, uint8_t pub[PUBKEY_LEN])
{
	size_t head = len - PUBKEY_LEN;

	if (len < PUBKEY_LEN || head > 3)
		return false;
	if ((head == 2 && memcmp(p, "\x04\x20", 2) != 0) ||
	    (head == 3 && memcmp(p, "\x03\x21\x00", 3) != 0) || head == 1)
		return false;
	memcpy(pub, p + head, PUBKEY_LEN);
	return true;
}

static CK_RV
take_public(const struct token_link *l, struct job *j, char *name)
{
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	uint8_t point[PUBKEY_LEN + 3];
	CK_ATTRIBUTE a = {CKA_EC_POINT, point, sizeof(point)};
	CK_ULONG count = 0;
	CK_RV rv = look_for(l, CKO_PUBLIC_KEY, name, &key, &count);

	if (rv != CKR_OK || count != 1)
		return rv != CKR_OK ? rv : wrong(j, count == 0 ? MSG_TOKEN_KEY_MISSING : MSG_TOKEN_KEY_TWICE, name);
	rv = l->f->C_GetAttributeValue(l->session, key, &a, 1);
	if (rv == CKR_OK && !take_point(point, a.ulValueLen, j->out))
		return wrong(j, MSG_TOKEN_KEY_MISSING, name);
	return rv;
}

static CK_RV
take_masters(const struct token_link *l, struct job *j)
{
	struct inside *in = j->s->inside;
	char name[NAME_CAP];
	CK_RV rv = CKR_OK;

	for (unsigned epoch = 1; epoch <= j->s->info.epoch; epoch++)
		for (unsigned slot = 0; slot < KEY_SLOT_COUNT && rv == CKR_OK && j->e == ERR_OK; slot++) {
			if (!slot_held(j->s->slots, slot))
				continue;
			master_name(j->s, slot, epoch, name);
			rv = take_key(l, j, CKO_SECRET_KEY, name, master_rules, COUNT(master_rules),
			    &in->masters[epoch - 1][slot]);
		}
	return rv;
}

/* Handles are good for one connection. */
static CK_RV
ensure(const struct token_link *l, struct job *j)
{
	struct inside *in = j->s->inside;
	char name[NAME_CAP];
	CK_RV rv;

	j->e = ERR_OK;
	if (in->life == l->life)
		return CKR_OK;
	signer_name(j->s, name);
	rv = take_key(l, j, CKO_PRIVATE_KEY, name, signer_rules, COUNT(signer_rules), &in->signer);
	if (rv == CKR_OK && j->e == ERR_OK)
		rv = take_masters(l, j);
	if (rv == CKR_OK && j->e == ERR_OK)
		in->life = l->life;
	return rv;
}

/* --- what the handle asks for */

static CK_RV
sign_with(const struct token_link *l, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key,
    const struct job *j, size_t out_len)
{
	CK_MECHANISM m = {type, NULL, 0};
	CK_ULONG len = out_len;
	union {
		const void *in;
		CK_BYTE *data;		/* of PKCS#11, which knows no const */
	} msg = {j->msg};
	CK_RV rv = l->f->C_SignInit(l->session, &m, key);

	if (rv == CKR_OK)
		rv = l->f->C_Sign(l->session, msg.data, j->len, j->out, &len);
	return rv == CKR_OK && len != out_len ? CKR_FUNCTION_FAILED : rv;
}

static CK_RV
cmac_task(const struct token_link *l, void *ctx)
{
	struct job *j = ctx;
	const struct inside *in = j->s->inside;
	CK_RV rv = ensure(l, j);

	return rv != CKR_OK || j->e != ERR_OK ? rv :
	    sign_with(l, CKM_AES_CMAC, in->masters[j->epoch - 1][j->slot], j, CMAC_LEN);
}

static CK_RV
sign_task(const struct token_link *l, void *ctx)
{
	struct job *j = ctx;
	const struct inside *in = j->s->inside;
	CK_RV rv = ensure(l, j);

	return rv != CKR_OK || j->e != ERR_OK ? rv :
	    sign_with(l, CKM_EDDSA, in->signer, j, SIG_LEN);
}

static CK_RV
open_task(const struct token_link *l, void *ctx)
{
	struct job *j = ctx;
	char name[NAME_CAP];
	CK_RV rv = ensure(l, j);

	signer_name(j->s, name);
	return rv != CKR_OK || j->e != ERR_OK ? rv : take_public(l, j, name);
}

static enum err
run(struct job *j, token_task task)
{
	const struct inside *in = j->s->inside;
	enum err e = token_run(in->token, task, j, j->w);

	return e != ERR_OK ? e : j->e;
}

/* The handle is const to its users; which objects are found is ours to note, under the token's lock. */
static struct job
job_for(const struct safe *s, struct why *w)
{
	union {
		const struct safe *in;
		struct safe *out;
	} safe = {s};

	return (struct job){.s = safe.out, .w = w};
}

static enum err
cmac(const struct safe *s, enum key_slot slot, uint16_t epoch, const uint8_t *msg, size_t len,
    uint8_t mac[CMAC_LEN], struct why *w)
{
	struct job j = job_for(s, w);

	j.slot = slot;
	j.epoch = epoch;
	j.msg = msg;
	j.len = len;
	j.out = mac;
	return run(&j, cmac_task);
}

static enum err
sign(const struct safe *s, const void *msg, size_t len, uint8_t sig[SIG_LEN], struct why *w)
{
	struct job j = job_for(s, w);

	j.msg = msg;
	j.len = len;
	j.out = sig;
	return run(&j, sign_task);
}

static void
token_safe_close(struct safe *s)
{
	struct inside *in = s->inside;

	token_close(&in->token);
	secret_free(in, sizeof(*in));
}

static const struct safe_ops token_ops = {cmac, sign, token_safe_close};

static enum err
log_in(struct safe *s, const char *uri, const char *pin, size_t pin_len, struct why *w)
{
	struct token_uri where;
	struct inside *in;
	enum err e = token_uri_parse(uri, &where, w);

	if (e != ERR_OK)
		return e;
	in = secret_alloc(sizeof(*in));
	if (in == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	s->inside = in;
	s->ops = &token_ops;
	return token_open(&where, pin, pin_len, &in->token, w);
}

/* --- the file */

static size_t
encode(const struct reference *r, uint8_t *out)
{
	struct writer o = writer_over(out, HEAD_LEN + TOKEN_URI_CAP);
	size_t len = strlen(r->uri);

	put_bytes(&o, MAGIC, MAGIC_LEN);
	put_u8(&o, VERSION);
	put_u8(&o, r->info.test ? FLAG_TEST : 0);
	put_be16(&o, r->info.epoch);
	put_bytes(&o, r->info.club, sizeof(r->info.club));
	put_be32(&o, r->info.station);
	put_be32(&o, r->slots);
	put_bytes(&o, r->pub, PUBKEY_LEN);
	put_be16(&o, (uint16_t)len);
	put_bytes(&o, r->uri, len);
	return o.len;
}

/* False outside of what we ever wrote. What stands behind the URI is left to the caller. */
static bool
decode(struct cursor *c, struct reference *r)
{
	uint8_t flags = take_u8(c);
	const uint8_t *club, *pub, *uri;
	size_t len;

	r->info.test = flags == FLAG_TEST;
	r->info.epoch = take_be16(c);
	club = take_bytes(c, sizeof(r->info.club));
	r->info.station = take_be32(c);
	r->slots = take_be32(c);
	pub = take_bytes(c, PUBKEY_LEN);
	len = take_be16(c);
	uri = take_bytes(c, len);
	if (club == NULL || pub == NULL || uri == NULL || len >= TOKEN_URI_CAP)
		return false;
	memcpy(r->info.club, club, sizeof(r->info.club));
	memcpy(r->pub, pub, PUBKEY_LEN);
	memcpy(r->uri, uri, len);
	r->uri[len] = '\0';
	return flags <= FLAG_TEST && r->slots <= ALL_SLOTS && r->info.epoch >= 1 &&
	    r->info.epoch <= EPOCH_MAX && strlen(r->uri) == len;
}

static size_t
message(const uint8_t *bytes, size_t len, uint8_t out[MESSAGE_CAP])
{
	memcpy(out, LABEL, sizeof(LABEL));
	memcpy(out + sizeof(LABEL), bytes, len);
	return sizeof(LABEL) + len;
}

/* The file's own key has signed it; whether the token holds that key comes later. */
static enum err
load(const char *path, struct reference *r, struct why *w)
{
	uint8_t bytes[FILE_CAP], msg[MESSAGE_CAP];
	struct cursor c;
	const uint8_t *sig;
	size_t len = 0, signed_len;
	enum err e = file_read(path, bytes, sizeof(bytes), &len, w);

	if (e != ERR_OK && e != ERR_LEN)
		return e;
	c = cursor_over(bytes, len);
	(void)take_bytes(&c, MAGIC_LEN);
	if (e == ERR_OK && take_u8(&c) > VERSION)
		return why_set(w, ERR_SAFE, MSG_SAFE_NEWER, WHY_CODE(path));
	if (e == ERR_OK && bytes[MAGIC_LEN] == VERSION && decode(&c, r) && cursor_left(&c) == SIG_LEN) {
		sig = take_bytes(&c, SIG_LEN);
		signed_len = message(bytes, len - SIG_LEN, msg);
		e = sig_verify(r->pub, msg, signed_len, sig, w);
		if (e == ERR_OK || e == ERR_CRYPTO)
			return e;
	}
	return why_set(w, ERR_SAFE, MSG_SAFE_DAMAGED, WHY_CODE(path));
}

bool
safe_token_is(const char *path)
{
	char magic[MAGIC_LEN];
	FILE *f = fopen(path, "rb");
	bool is = f != NULL && fread(magic, 1, MAGIC_LEN, f) == MAGIC_LEN &&
	    memcmp(magic, MAGIC, MAGIC_LEN) == 0;

	if (f != NULL)
		(void)fclose(f);
	return is;
}

enum err
safe_token_peek(const char *path, struct safe_info *info, struct why *w)
{
	struct reference r;
	enum err e = load(path, &r, w);

	if (e == ERR_OK)
		*info = r.info;
	return e;
}

/* The file says which program text is loaded: who may write it may run as this user. */
static enum err
check_owner_alone(const char *path, struct why *w)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return why_errno(w, errno, path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return why_set(w, ERR_SAFE, MSG_SAFE_WRITABLE, WHY_CODE(path));
	return ERR_OK;
}

enum err
safe_token_open(struct safe *s, const char *path, const char *pin, size_t pin_len, struct why *w)
{
	struct reference r;
	struct job j = job_for(s, w);
	enum err e = check_owner_alone(path, w);

	if (e == ERR_OK)
		e = load(path, &r, w);
	if (e != ERR_OK)
		return e;
	s->info = r.info;
	s->slots = r.slots;
	e = log_in(s, r.uri, pin, pin_len, w);
	j.out = s->pub;
	if (e == ERR_OK)
		e = run(&j, open_task);
	if (e == ERR_OK && memcmp(s->pub, r.pub, PUBKEY_LEN) != 0)
		e = why_set(w, ERR_SAFE, MSG_TOKEN_OTHER_KEYS, WHY_CODE(path));
	return e;
}

/* --- making keys */

static void
note_made(struct job *j, CK_OBJECT_CLASS class, const char *name)
{
	j->made[j->made_count].class = class;
	memcpy(j->made[j->made_count].name, name, strlen(name) + 1);
	j->made_count++;
}

static CK_RV
make_master(const struct token_link *l, CK_SESSION_HANDLE rw, struct job *j, char *name)
{
	CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
	CK_ULONG len = SAFE_MASTER_LEN;
	CK_ATTRIBUTE t[4 + RULES_CAP] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_PRIVATE, &yes, sizeof(yes)},
		{CKA_LABEL, name, strlen(name)},
		{CKA_VALUE_LEN, &len, sizeof(len)},
	};
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	CK_ULONG n = 4 + put_rules(t + 4, master_rules, COUNT(master_rules));
	CK_RV rv = l->f->C_GenerateKey(rw, &m, t, n, &key);

	if (rv == CKR_OK)
		note_made(j, CKO_SECRET_KEY, name);
	return rv;
}

/* Ed25519 by its object identifier (RFC 8410); PKCS#11 3.0 also allows the curve's name, which fewer tokens know. */
static CK_RV
make_signer(const struct token_link *l, CK_SESSION_HANDLE rw, struct job *j, char *name)
{
	static CK_BYTE curve[] = {0x06, 0x03, 0x2B, 0x65, 0x70};
	CK_MECHANISM m = {CKM_EC_EDWARDS_KEY_PAIR_GEN, NULL, 0};
	CK_ATTRIBUTE open_half[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_LABEL, name, strlen(name)},
		{CKA_VERIFY, &yes, sizeof(yes)},
		{CKA_EC_PARAMS, curve, sizeof(curve)},
	};
	CK_ATTRIBUTE t[3 + RULES_CAP] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_PRIVATE, &yes, sizeof(yes)},
		{CKA_LABEL, name, strlen(name)},
	};
	CK_OBJECT_HANDLE pub = CK_INVALID_HANDLE, key = CK_INVALID_HANDLE;
	CK_ULONG n = 3 + put_rules(t + 3, signer_rules, COUNT(signer_rules));
	CK_RV rv = l->f->C_GenerateKeyPair(rw, &m, open_half, COUNT(open_half), t, n, &pub, &key);

	if (rv == CKR_OK) {
		note_made(j, CKO_PUBLIC_KEY, name);
		note_made(j, CKO_PRIVATE_KEY, name);
	}
	return rv;
}

/* Keys of that name are somebody's cards: none is replaced and none gets a double. */
static CK_RV
refuse_present(const struct token_link *l, struct job *j, CK_OBJECT_CLASS class, char *name)
{
	CK_OBJECT_HANDLE key;
	CK_ULONG count = 0;
	CK_RV rv = look_for(l, class, name, &key, &count);

	if (rv == CKR_OK && count > 0)
		j->e = why_set(j->w, ERR_DUPLICATE, MSG_TOKEN_HAS_KEY, WHY_CODE(name));
	return rv;
}

static CK_RV
make_all(const struct token_link *l, CK_SESSION_HANDLE rw, struct job *j)
{
	char name[NAME_CAP];
	CK_RV rv;

	signer_name(j->s, name);
	rv = refuse_present(l, j, CKO_PRIVATE_KEY, name);
	if (rv == CKR_OK && j->e == ERR_OK)
		rv = refuse_present(l, j, CKO_PUBLIC_KEY, name);
	if (rv == CKR_OK && j->e == ERR_OK)
		rv = make_signer(l, rw, j, name);
	for (unsigned slot = 0; slot < KEY_SLOT_COUNT && rv == CKR_OK && j->e == ERR_OK; slot++) {
		if (!slot_held(j->s->slots, slot))
			continue;
		master_name(j->s, slot, 1, name);
		rv = refuse_present(l, j, CKO_SECRET_KEY, name);
		if (rv == CKR_OK && j->e == ERR_OK)
			rv = make_master(l, rw, j, name);
	}
	return rv;
}

static void
unmake(const struct token_link *l, CK_SESSION_HANDLE rw, struct job *j)
{
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	CK_ULONG count = 0;

	while (j->made_count > 0) {
		j->made_count--;
		if (look_for(l, j->made[j->made_count].class, j->made[j->made_count].name, &key,
		    &count) == CKR_OK && count == 1)
			(void)l->f->C_DestroyObject(rw, key);
	}
}

/* All or none; the only session that may write lives as long as this. */
static CK_RV
make_task(const struct token_link *l, void *ctx)
{
	struct job *j = ctx;
	CK_SESSION_HANDLE rw = CK_INVALID_HANDLE;
	CK_RV rv = l->f->C_OpenSession(l->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &rw);

	if (rv != CKR_OK)
		return rv;
	j->e = ERR_OK;
	j->made_count = 0;
	rv = make_all(l, rw, j);
	if (rv != CKR_OK || j->e != ERR_OK)
		unmake(l, rw, j);
	(void)l->f->C_CloseSession(rw);
	return rv;
}

static CK_RV
unmake_task(const struct token_link *l, void *ctx)
{
	CK_SESSION_HANDLE rw = CK_INVALID_HANDLE;
	CK_RV rv = l->f->C_OpenSession(l->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &rw);

	if (rv != CKR_OK)
		return rv;
	unmake(l, rw, ctx);
	return l->f->C_CloseSession(rw);
}

static enum err
write_reference(const struct safe *s, const char *path, const char *uri, struct why *w)
{
	struct reference r = {.info = s->info, .slots = s->slots};
	uint8_t bytes[FILE_CAP], msg[MESSAGE_CAP];
	size_t len;
	enum err e;

	memcpy(r.pub, s->pub, PUBKEY_LEN);
	memcpy(r.uri, uri, strlen(uri) + 1);
	len = encode(&r, bytes);
	e = safe_sign(s, msg, message(bytes, len, msg), bytes + len, w);
	return e != ERR_OK ? e : file_create(path, bytes, len + SIG_LEN, 0600, w);
}

enum err
safe_token_new(struct safe *s, const char *path, const char *uri, const char *pin,
    size_t pin_len, struct why *w)
{
	struct job j = job_for(s, w);
	struct stat st;
	enum err e;

	/* Asked before keys are made; file_create asks again and for good. */
	if (lstat(path, &st) == 0)
		return why_set(w, ERR_DUPLICATE, MSG_SAFE_EXISTS, WHY_CODE(path));
	e = log_in(s, uri, pin, pin_len, w);
	if (e == ERR_OK)
		e = run(&j, make_task);
	if (e != ERR_OK)
		return e;
	j.out = s->pub;
	e = run(&j, open_task);
	if (e == ERR_OK)
		e = write_reference(s, path, uri, w);
	if (e != ERR_OK) {
		j.w = NULL;
		(void)run(&j, unmake_task);
	}
	return e;
}
