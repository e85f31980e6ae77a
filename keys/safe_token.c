/* A safe whose keys are in a PKCS#11 token. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "keys/inside.h"
#include "keys/sealed.h"
#include "keys/token.h"
#include "keys/token_file.h"
#include "keys/token_object.h"
#include "keys/vault.h"
#include "station/base/secret.h"

#define MADE_CAP (KEY_SLOT_COUNT + 2)

/* Objects by name, as some tokens' handles end with the session that made them. */
struct made {
	unsigned count;
	struct {
		CK_OBJECT_CLASS class;
		char name[OBJECT_NAME_CAP];
	} object[MADE_CAP];
};

/* The objects as they are found; `life` is the connection's for which that is true. */
struct inside {
	struct token *token;
	char uri[TOKEN_URI_CAP];
	unsigned life;
	CK_OBJECT_HANDLE signer;
	CK_OBJECT_HANDLE masters[SAFE_GENERATIONS][KEY_SLOT_COUNT];
	struct made made;	/* with this handle */
};

/* What travels through token_run. */
struct job {
	struct safe *s;
	enum key_slot slot;
	unsigned at;
	const void *msg;
	size_t len;
	uint8_t *out;
	uint32_t slots;
	const struct masters *masters;
	struct object_fault fault;
};

/* --- finding what the file speaks of */

static CK_RV
take_masters(const struct token_link *l, struct job *j)
{
	struct inside *in = j->s->inside;
	char name[OBJECT_NAME_CAP];
	CK_RV rv = CKR_OK;

	for (unsigned at = 0; at < j->s->count; at++) {
		const struct generation *g = &j->s->generations[at];

		for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
			if (!slot_held(g->slots, slot))
				continue;
			master_name(j->s->info.club, slot, g->number, name);
			rv = object_take(l, CKO_SECRET_KEY, name, RULES_MASTER, &in->masters[at][slot],
			    &j->fault);
			if (rv != CKR_OK || j->fault.e != ERR_OK)
				return rv;
		}
	}
	return rv;
}

/* Handles are good for one connection. */
static CK_RV
ensure(const struct token_link *l, struct job *j)
{
	struct inside *in = j->s->inside;
	char name[OBJECT_NAME_CAP];
	CK_RV rv;

	j->fault.e = ERR_OK;
	if (in->life == l->life)
		return CKR_OK;
	signer_name(j->s->info.club, j->s->info.station, name);
	rv = object_take(l, CKO_PRIVATE_KEY, name, RULES_SIGNER, &in->signer, &j->fault);
	if (rv == CKR_OK && j->fault.e == ERR_OK)
		rv = take_masters(l, j);
	if (rv == CKR_OK && j->fault.e == ERR_OK)
		in->life = l->life;
	return rv;
}

/* --- what the handle asks for */

static CK_RV
cmac_task(const struct token_link *l, void *ctx)
{
	struct job *j = ctx;
	const struct inside *in = j->s->inside;
	CK_RV rv = ensure(l, j);

	return rv != CKR_OK || j->fault.e != ERR_OK ? rv :
	    object_cmac(l, in->masters[j->at][j->slot], j->msg, j->len, j->out);
}

static CK_RV
sign_task(const struct token_link *l, void *ctx)
{
	struct job *j = ctx;
	const struct inside *in = j->s->inside;
	CK_RV rv = ensure(l, j);

	return rv != CKR_OK || j->fault.e != ERR_OK ? rv :
	    object_sign(l, in->signer, j->s->algorithm, j->msg, j->len, j->out);
}

/* The token's word on the public half, into s->pub and s->algorithm. */
static CK_RV
open_task(const struct token_link *l, void *ctx)
{
	struct job *j = ctx;
	char name[OBJECT_NAME_CAP];
	CK_RV rv = ensure(l, j);

	signer_name(j->s->info.club, j->s->info.station, name);
	return rv != CKR_OK || j->fault.e != ERR_OK ? rv :
	    object_take_public(l, name, j->s->pub, &j->s->algorithm, &j->fault);
}

static enum err
run(struct job *j, token_task task)
{
	const struct inside *in = j->s->inside;
	enum err e = token_run(in->token, task, j, j->fault.w);

	return e != ERR_OK ? e : j->fault.e;
}

/* The handle is const to its users; which objects are found is ours to note, under the token's lock. */
static struct job
job_for(const struct safe *s, struct why *w)
{
	union {
		const struct safe *in;
		struct safe *out;
	} safe = {s};

	return (struct job){.s = safe.out, .fault = {ERR_OK, w}};
}

static enum err
token_cmac(const struct safe *s, enum key_slot slot, unsigned at, const uint8_t *msg, size_t len,
    uint8_t mac[16], struct why *w)
{
	struct job j = job_for(s, w);

	j.slot = slot;
	j.at = at;
	j.msg = msg;
	j.len = len;
	j.out = mac;
	return run(&j, cmac_task);
}

static enum err
token_sign(const struct safe *s, const void *msg, size_t len, uint8_t sig[SIG_LEN], struct why *w)
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

static void token_undo(struct safe *s);
static enum err token_import(struct safe *s, unsigned at, uint32_t slots, const struct masters *m,
    const char *path, const char *pass, size_t pass_len, struct why *w);

static const struct safe_ops token_ops = {token_cmac, token_sign, token_import, token_undo,
	token_safe_close};

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
	memcpy(in->uri, uri, strlen(uri) + 1);
	return token_open(&where, pin, pin_len, &in->token, w);
}

/* --- opening */

bool
safe_token_is(const char *path)
{
	return token_file_is(path);
}

enum err
safe_token_peek(const char *path, struct safe_info *info, struct why *w)
{
	struct safe s = {0};
	char uri[TOKEN_URI_CAP];
	enum err e = token_file_read(path, &s, uri, w);

	if (e == ERR_OK)
		*info = s.info;
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
safe_token_open(struct safe *s, const char *path, bool root, const char *pin, size_t pin_len,
    struct why *w)
{
	struct job j = job_for(s, w);
	char uri[TOKEN_URI_CAP];
	uint8_t pub[PUBKEY_LEN], algorithm;
	enum err e = check_owner_alone(path, w);

	if (e == ERR_OK)
		e = token_file_read(path, s, uri, w);
	if (e == ERR_OK && (s->info.station == ROOT_STATION) != root)
		e = why_set(w, ERR_SAFE, MSG_SAFE_NOT_ONE, WHY_CODE(path));
	if (e != ERR_OK)
		return e;
	memcpy(pub, s->pub, sizeof(pub));
	algorithm = s->algorithm;
	e = log_in(s, uri, pin, pin_len, w);
	if (e == ERR_OK)
		e = run(&j, open_task);
	if (e == ERR_OK && (memcmp(s->pub, pub, sizeof(pub)) != 0 || s->algorithm != algorithm))
		e = why_set(w, ERR_SAFE, MSG_TOKEN_OTHER_KEYS, WHY_CODE(path));
	return e;
}

/* --- making keys */

static void
note_made(struct job *j, CK_OBJECT_CLASS class, const char *name)
{
	struct made *made = &((struct inside *)j->s->inside)->made;

	made->object[made->count].class = class;
	memcpy(made->object[made->count].name, name, strlen(name) + 1);
	made->count++;
}

/* Keys of that name are somebody's cards: none is replaced and none gets a double. */
static CK_RV
refuse_present(const struct token_link *l, struct job *j, CK_OBJECT_CLASS class, char *name)
{
	CK_OBJECT_HANDLE key;
	CK_ULONG count = 0;
	CK_RV rv = object_find(l, class, name, &key, &count);

	if (rv == CKR_OK && count > 0)
		j->fault.e = why_set(j->fault.w, ERR_DUPLICATE, MSG_TOKEN_HAS_KEY, WHY_CODE(name));
	return rv;
}

static CK_RV
make_signer(const struct token_link *l, CK_SESSION_HANDLE rw, struct job *j)
{
	char name[OBJECT_NAME_CAP];
	CK_RV rv;

	signer_name(j->s->info.club, j->s->info.station, name);
	rv = refuse_present(l, j, CKO_PRIVATE_KEY, name);
	if (rv == CKR_OK && j->fault.e == ERR_OK)
		rv = refuse_present(l, j, CKO_PUBLIC_KEY, name);
	if (rv != CKR_OK || j->fault.e != ERR_OK)
		return rv;
	rv = object_make_signer(l, rw, name);
	if (rv == CKR_OK) {
		note_made(j, CKO_PUBLIC_KEY, name);
		note_made(j, CKO_PRIVATE_KEY, name);
	}
	return rv;
}

static CK_RV
make_master(const struct token_link *l, CK_SESSION_HANDLE rw, struct job *j, unsigned slot)
{
	char name[OBJECT_NAME_CAP];
	CK_RV rv;

	master_name(j->s->info.club, slot, 1, name);
	rv = refuse_present(l, j, CKO_SECRET_KEY, name);
	if (rv != CKR_OK || j->fault.e != ERR_OK)
		return rv;
	rv = object_make_master(l, rw, name, SAFE_MASTER_LEN);
	if (rv == CKR_OK)
		note_made(j, CKO_SECRET_KEY, name);
	return rv;
}

static void
unmake(const struct token_link *l, CK_SESSION_HANDLE rw, struct job *j)
{
	struct made *made = &((struct inside *)j->s->inside)->made;
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	CK_ULONG count = 0;

	while (made->count > 0) {
		made->count--;
		if (object_find(l, made->object[made->count].class, made->object[made->count].name, &key,
		    &count) == CKR_OK && count == 1)
			(void)l->f->C_DestroyObject(rw, key);
	}
}

typedef CK_RV (*writing)(const struct token_link *l, CK_SESSION_HANDLE rw, struct job *j);

/* All or none; the only session that may write lives as long as this. */
static CK_RV
run_writing(const struct token_link *l, struct job *j, writing work)
{
	CK_SESSION_HANDLE rw = CK_INVALID_HANDLE;
	CK_RV rv = l->f->C_OpenSession(l->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &rw);

	if (rv != CKR_OK)
		return rv;
	j->fault.e = ERR_OK;
	((struct inside *)j->s->inside)->made.count = 0;
	rv = work(l, rw, j);
	if (rv != CKR_OK || j->fault.e != ERR_OK)
		unmake(l, rw, j);
	(void)l->f->C_CloseSession(rw);
	return rv;
}

static CK_RV
make_all(const struct token_link *l, CK_SESSION_HANDLE rw, struct job *j)
{
	const uint32_t slots = j->s->generations[0].slots;
	CK_RV rv = make_signer(l, rw, j);

	for (unsigned slot = 0; slot < KEY_SLOT_COUNT && rv == CKR_OK && j->fault.e == ERR_OK; slot++)
		if (slot_held(slots, slot))
			rv = make_master(l, rw, j, slot);
	return rv;
}

static CK_RV
make_task(const struct token_link *l, void *ctx)
{
	return run_writing(l, ctx, make_all);
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

/* What went wrong first is what people are told. */
static void
token_undo(struct safe *s)
{
	const struct inside *in = s->inside;
	struct job j = job_for(s, NULL);

	if (in->made.count > 0)
		(void)run(&j, unmake_task);
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
	s->info.practice = is_practice(pin, pin_len);
	e = run(&j, open_task);
	if (e == ERR_OK)
		e = token_file_write(path, s, uri, false, w);
	if (e == ERR_OK)
		e = safe_token_peek(path, &s->info, w);
	if (e != ERR_OK)
		token_undo(s);
	return e;
}

/* --- taking masters in */

/*
 * A key of that name which the file does not speak of: left by an import that died before the file was
 * written if it is the very master, else somebody's, and never replaced.
 */
static CK_RV
adopt(const struct token_link *l, struct job *j, char *name, const uint8_t *key, size_t len,
    bool *adopted)
{
	static const uint8_t zero[16] = {0};
	CK_OBJECT_HANDLE there = CK_INVALID_HANDLE;
	CK_ULONG count = 0;
	uint8_t its[16], wanted[16];
	CK_RV rv = object_find(l, CKO_SECRET_KEY, name, &there, &count);

	*adopted = false;
	if (rv != CKR_OK || count == 0)
		return rv;
	rv = object_take(l, CKO_SECRET_KEY, name, RULES_MASTER, &there, &j->fault);
	if (rv == CKR_OK && j->fault.e == ERR_OK)
		rv = object_cmac(l, there, zero, sizeof(zero), its);
	if (rv != CKR_OK || j->fault.e != ERR_OK)
		return rv;
	j->fault.e = aes_check_mac(key, len, wanted, j->fault.w);
	*adopted = j->fault.e == ERR_OK && secret_equal(its, wanted, sizeof(its));
	if (j->fault.e == ERR_OK && !*adopted)
		j->fault.e = why_set(j->fault.w, ERR_DUPLICATE, MSG_TOKEN_HAS_KEY, WHY_CODE(name));
	WIPE(its);
	WIPE(wanted);
	return rv;
}

static CK_RV
import_one(const struct token_link *l, CK_SESSION_HANDLE rw, struct job *j, struct token_wrap *x,
    unsigned slot)
{
	const struct generation *g = &j->s->generations[j->at];
	const uint8_t *key = masters_bytes(j->masters, (enum key_slot)slot);
	char name[OBJECT_NAME_CAP];
	bool adopted;
	CK_RV rv;

	master_name(j->s->info.club, slot, g->number, name);
	rv = adopt(l, j, name, key, g->master_len, &adopted);
	if (rv != CKR_OK || j->fault.e != ERR_OK || adopted)
		return rv;
	rv = object_import_master(l, rw, x, name, key, g->master_len, &j->fault);
	if (rv == CKR_OK && j->fault.e == ERR_OK)
		note_made(j, CKO_SECRET_KEY, name);
	return rv;
}

static CK_RV
import_all(const struct token_link *l, CK_SESSION_HANDLE rw, struct job *j)
{
	struct token_wrap *x = NULL;
	CK_RV rv = token_wrap_begin(l, rw, &x, &j->fault);

	for (unsigned slot = 0; slot < KEY_SLOT_COUNT && rv == CKR_OK && j->fault.e == ERR_OK; slot++)
		if (slot_held(j->slots, slot))
			rv = import_one(l, rw, j, x, slot);
	token_wrap_end(&x);
	return rv;
}

static CK_RV
import_task(const struct token_link *l, void *ctx)
{
	return run_writing(l, ctx, import_all);
}

static enum err
token_import(struct safe *s, unsigned at, uint32_t slots, const struct masters *m, const char *path,
    const char *pass, size_t pass_len, struct why *w)
{
	struct inside *in = s->inside;
	struct job j = job_for(s, w);
	enum err e;

	(void)pass;		/* the token is logged in */
	(void)pass_len;
	j.at = at;
	j.slots = slots;
	j.masters = m;
	e = run(&j, import_task);
	if (e != ERR_OK)
		return e;
	in->life = 0;		/* what the file will say is what must be found */
	e = token_file_write(path, s, in->uri, true, w);
	if (e != ERR_OK)
		token_undo(s);
	return e;
}

/* --- another PIN */

/* The file never says that anybody may open the token when that is not so: a wrong PIN is counted. */
enum err
safe_token_change(const char *path, bool root, const char *old, size_t old_len, const char *new,
    size_t new_len, struct why *w)
{
	const bool practice = is_practice(new, new_len);
	struct inside *in;
	struct safe *s = NULL;
	enum err e = vault_open(path, old, old_len, root, &s, w);

	if (e == ERR_OK && practice && !s->info.test)
		e = why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_PUBLIC);
	if (e != ERR_OK)
		goto out;
	in = s->inside;
	if (s->info.practice && !practice) {
		s->info.practice = false;
		e = token_file_write(path, s, in->uri, true, w);
	}
	if (e == ERR_OK)
		e = token_set_pin(in->token, new, new_len, w);
	if (e == ERR_OK && practice && !s->info.practice) {
		s->info.practice = true;
		e = token_file_write(path, s, in->uri, true, w);
	}
out:
	safe_close(&s);
	return e;
}
