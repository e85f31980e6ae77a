#include "keys/token.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "station/base/secret.h"

#define SLOTS_CAP 64
#define PIN_CAP 256

/* Loaded once and kept: many modules do not survive being unloaded. */
struct module {
	struct module *next;
	char path[TOKEN_MODULE_CAP];
	CK_FUNCTION_LIST *f;
	bool ours;		/* we have initialised it, so we may end it */
	bool inherited;		/* our parent had, before this process was forked */
};

/* In secret memory, for the PIN. */
struct token {
	struct token *next;
	struct module *module;
	unsigned users;
	struct token_link link;		/* session 0: not connected */
	struct token_uri is;		/* all names, as the token gives them */
	size_t pin_len;
	char pin[PIN_CAP];
};

/* Held over every call into any module. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static struct module *modules;
static struct token *tokens;

static void
lock(void)
{
	(void)pthread_mutex_lock(&turn);
}

static void
unlock(void)
{
	(void)pthread_mutex_unlock(&turn);
}

/* A forked child has no login: its tokens are wiped, and each module is started anew. */
static void
forget(void)
{
	tokens = NULL;
	for (struct module *m = modules; m != NULL; m = m->next) {
		m->inherited = m->ours;
		m->ours = false;
	}
	unlock();
}

static void
watch_forks(void)
{
	(void)pthread_atfork(lock, unlock, forget);
}

/* --- what the module's numbers mean */

static bool
is_gone(CK_RV rv)
{
	switch (rv) {
	case CKR_DEVICE_REMOVED:
	case CKR_DEVICE_ERROR:
	case CKR_TOKEN_NOT_PRESENT:
	case CKR_TOKEN_NOT_RECOGNIZED:
	case CKR_SLOT_ID_INVALID:
	case CKR_SESSION_HANDLE_INVALID:
	case CKR_SESSION_CLOSED:
	case CKR_USER_NOT_LOGGED_IN:
	case CKR_KEY_HANDLE_INVALID:
	case CKR_OBJECT_HANDLE_INVALID:
	case CKR_CRYPTOKI_NOT_INITIALIZED:
		return true;
	default:
		return false;
	}
}

static enum err
failed(CK_RV rv, const char *label, struct why *w)
{
	if (is_gone(rv))
		return why_set(w, ERR_MISSING, MSG_TOKEN_GONE, WHY_CODE(label));
	switch (rv) {
	case CKR_PIN_INCORRECT:
	case CKR_PIN_INVALID:
	case CKR_PIN_LEN_RANGE:
		return why_set(w, ERR_PASSPHRASE, MSG_TOKEN_PIN_WRONG, WHY_CODE(label));
	case CKR_PIN_LOCKED:
		return why_set(w, ERR_PASSPHRASE, MSG_TOKEN_PIN_LOCKED, WHY_CODE(label));
	case CKR_USER_ALREADY_LOGGED_IN:
		return why_set(w, ERR_SAFE, MSG_TOKEN_BUSY, WHY_CODE(label));
	case CKR_HOST_MEMORY:
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	default:
		return why_set(w, ERR_CRYPTO, MSG_TOKEN_FAILED, WHY_CODE(label), WHY_HEX(rv));
	}
}

/* --- modules */

static CK_FUNCTION_LIST *
load(const char *path)
{
	void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void *symbol = lib != NULL ? dlsym(lib, "C_GetFunctionList") : NULL;
	CK_C_GetFunctionList get;
	CK_FUNCTION_LIST *f = NULL;

	memcpy(&get, &symbol, sizeof(get));
	if (symbol != NULL && get(&f) == CKR_OK && f != NULL)
		return f;
	if (lib != NULL)
		(void)dlclose(lib);
	return NULL;
}

static enum err
module_get(const char *path, struct module **out, struct why *w)
{
	struct module *m;

	for (m = modules; m != NULL && strcmp(m->path, path) != 0; m = m->next)
		;
	*out = m;
	if (m != NULL)
		return ERR_OK;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	m->f = load(path);
	if (m->f == NULL) {
		free(m);
		return why_set(w, ERR_MISSING, MSG_TOKEN_MODULE, WHY_CODE(path));
	}
	memcpy(m->path, path, strlen(path) + 1);
	m->next = modules;
	modules = *out = m;
	return ERR_OK;
}

/* A module that cannot lock serves us as well: `turn` lets in one thread at a time. */
static CK_RV
initialise(const struct module *m)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_RV rv = m->f->C_Initialize(&args);

	return rv == CKR_CANT_LOCK ? m->f->C_Initialize(NULL) : rv;
}

/* Not every module sees that it has been forked: such a one still has the parent's login, which proves no PIN. */
static enum err
module_start(struct module *m, struct why *w)
{
	CK_RV rv = initialise(m);

	if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED && m->inherited) {
		(void)m->f->C_Finalize(NULL);
		rv = initialise(m);
	}
	m->inherited = false;
	if (rv == CKR_OK)
		m->ours = true;
	return rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED ? ERR_OK : failed(rv, m->path, w);
}

static void
module_end(struct module *m)
{
	if (m->ours)
		(void)m->f->C_Finalize(NULL);
	m->ours = false;
	for (struct token *t = tokens; t != NULL; t = t->next)
		if (t->module == m)
			t->link.session = CK_INVALID_HANDLE;
}

static bool
is_used(const struct module *m)
{
	for (const struct token *t = tokens; t != NULL; t = t->next)
		if (t->module == m)
			return true;
	return false;
}

/* --- finding the token */

/* PKCS#11 fills a name up with blanks. */
static void
take_name(const CK_UTF8CHAR *name, size_t len, char *out)
{
	while (len > 0 && (name[len - 1] == ' ' || name[len - 1] == '\0'))
		len--;
	memcpy(out, name, len);
	out[len] = '\0';
}

static void
take_names(const struct module *m, const CK_TOKEN_INFO *info, struct token_uri *is)
{
	memcpy(is->module, m->path, sizeof(is->module));
	take_name(info->label, sizeof(info->label), is->token);
	take_name(info->serialNumber, sizeof(info->serialNumber), is->serial);
	take_name(info->manufacturerID, sizeof(info->manufacturerID), is->manufacturer);
	take_name(info->model, sizeof(info->model), is->model);
}

static bool
fits(const struct token_uri *wanted, const struct token_uri *is)
{
	return (*wanted->token == '\0' || strcmp(wanted->token, is->token) == 0) &&
	    (*wanted->serial == '\0' || strcmp(wanted->serial, is->serial) == 0) &&
	    (*wanted->manufacturer == '\0' || strcmp(wanted->manufacturer, is->manufacturer) == 0) &&
	    (*wanted->model == '\0' || strcmp(wanted->model, is->model) == 0);
}

static enum err
find(const struct module *m, const struct token_uri *wanted, CK_SLOT_ID *slot,
    struct token_uri *is, CK_FLAGS *flags, struct why *w)
{
	CK_SLOT_ID slots[SLOTS_CAP];
	CK_ULONG n = SLOTS_CAP;
	unsigned count = 0;
	CK_RV rv = m->f->C_GetSlotList(CK_TRUE, slots, &n);

	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++) {
		CK_TOKEN_INFO info;
		struct token_uri one;

		if (m->f->C_GetTokenInfo(slots[i], &info) != CKR_OK)
			continue;
		take_names(m, &info, &one);
		if ((info.flags & CKF_TOKEN_INITIALIZED) == 0 || !fits(wanted, &one))
			continue;
		count++;
		*slot = slots[i];
		*flags = info.flags;
		*is = one;
	}
	if (rv != CKR_OK)
		return failed(rv, token_uri_name(wanted), w);
	if (count == 0)
		return why_set(w, ERR_MISSING, MSG_TOKEN_GONE, WHY_CODE(token_uri_name(wanted)));
	return count == 1 ? ERR_OK : why_set(w, ERR_ARG, MSG_TOKEN_AMBIGUOUS, WHY_CODE(token_uri_name(wanted)));
}

/* --- login */

/*
 * The last try belongs to nobody here. After any wrong PIN a person may try again, but the program does
 * not with the PIN that it has kept: it may have been changed.
 */
static enum err
check_tries(CK_FLAGS flags, bool typed, const char *label, struct why *w)
{
	if ((flags & CKF_USER_PIN_LOCKED) != 0)
		return why_set(w, ERR_PASSPHRASE, MSG_TOKEN_PIN_LOCKED, WHY_CODE(label));
	if ((flags & CKF_USER_PIN_FINAL_TRY) != 0)
		return why_set(w, ERR_PASSPHRASE, MSG_TOKEN_PIN_LAST, WHY_CODE(label));
	if ((flags & CKF_USER_PIN_COUNT_LOW) != 0 && !typed)
		return why_set(w, ERR_PASSPHRASE, MSG_TOKEN_PIN_AGAIN, WHY_CODE(label));
	return ERR_OK;
}

static void
disconnect(struct token *t)
{
	if (t->link.session != CK_INVALID_HANDLE)
		(void)t->link.f->C_CloseSession(t->link.session);
	t->link.session = CK_INVALID_HANDLE;
}

/* Already logged in is good enough for a PIN that has been right before, and proves nothing of a new one. */
static enum err
login(struct token *t, bool typed, struct why *w)
{
	CK_FUNCTION_LIST *f = t->link.f;
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
	CK_RV rv = f->C_OpenSession(t->link.slot, CKF_SERIAL_SESSION, NULL, NULL, &session);

	if (rv != CKR_OK)
		return failed(rv, t->is.token, w);
	rv = f->C_Login(session, CKU_USER, (CK_UTF8CHAR *)t->pin, t->pin_len);
	if (rv == CKR_OK || (rv == CKR_USER_ALREADY_LOGGED_IN && !typed)) {
		t->link.session = session;
		t->link.life++;
		return ERR_OK;
	}
	(void)f->C_CloseSession(session);
	return failed(rv, t->is.token, w);
}

static enum err
plug_in(struct token *t, bool typed, struct why *w)
{
	const struct token_uri same = t->is;
	CK_FLAGS flags = 0;
	enum err e = module_start(t->module, w);

	if (e == ERR_OK)
		e = find(t->module, &same, &t->link.slot, &t->is, &flags, w);
	if (e == ERR_OK)
		e = check_tries(flags, typed, t->is.token, w);
	return e == ERR_OK ? login(t, typed, w) : e;
}

/* Some modules see a token that has come back only when they are started anew. */
static enum err
reconnect(struct token *t, struct why *w)
{
	enum err e;

	disconnect(t);
	e = plug_in(t, false, w);
	if (e != ERR_MISSING || !t->module->ours)
		return e;
	module_end(t->module);
	return plug_in(t, false, w);
}

/* --- the registry */

static struct token *
known(const struct module *m, const struct token_uri *is)
{
	struct token *t;

	for (t = tokens; t != NULL; t = t->next)
		if (t->module == m && fits(&t->is, is))
			break;
	return t;
}

static enum err
join(struct token *t, const char *pin, size_t pin_len, struct token **out, struct why *w)
{
	if (pin_len != t->pin_len || !secret_equal(pin, t->pin, pin_len))
		return failed(CKR_PIN_INCORRECT, t->is.token, w);
	t->users++;
	*out = t;
	return ERR_OK;
}

static enum err
enter(struct module *m, const struct token_uri *is, const char *pin, size_t pin_len,
    struct token **out, struct why *w)
{
	struct token *t;
	enum err e;

	if (pin_len > PIN_CAP)
		return failed(CKR_PIN_LEN_RANGE, is->token, w);
	t = secret_alloc(sizeof(*t));
	if (t == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	t->module = m;
	t->users = 1;
	t->link.f = m->f;
	t->is = *is;
	t->pin_len = pin_len;
	memcpy(t->pin, pin, pin_len);
	e = plug_in(t, true, w);
	if (e != ERR_OK) {
		secret_free(t, sizeof(*t));
		return e;
	}
	t->next = tokens;
	tokens = *out = t;
	return ERR_OK;
}

enum err
token_open(const struct token_uri *uri, const char *pin, size_t pin_len, struct token **out,
    struct why *w)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct module *m = NULL;
	struct token_uri is;
	CK_SLOT_ID slot = 0;
	CK_FLAGS flags = 0;
	enum err e;

	*out = NULL;
	(void)pthread_once(&once, watch_forks);
	lock();
	e = module_get(uri->module, &m, w);
	if (e == ERR_OK)
		e = module_start(m, w);
	if (e == ERR_OK)
		e = find(m, uri, &slot, &is, &flags, w);
	if (e == ERR_OK && known(m, &is) != NULL)
		e = join(known(m, &is), pin, pin_len, out, w);
	else if (e == ERR_OK)
		e = enter(m, &is, pin, pin_len, out, w);
	if (m != NULL && !is_used(m))
		module_end(m);
	unlock();
	return e;
}

static void
take_out(struct token *t)
{
	struct token **at = &tokens;

	while (*at != NULL && *at != t)
		at = &(*at)->next;
	if (*at != NULL)
		*at = t->next;
}

/* The last one out logs out: with the session's end, or here if others in the process have one. */
void
token_close(struct token **token)
{
	struct token *t = *token;

	*token = NULL;
	if (t == NULL)
		return;
	lock();
	if (--t->users == 0) {
		if (t->link.session != CK_INVALID_HANDLE)
			(void)t->link.f->C_Logout(t->link.session);
		disconnect(t);
		take_out(t);
		if (!is_used(t->module))
			module_end(t->module);
		secret_free(t, sizeof(*t));
	}
	unlock();
}

enum err
token_run(struct token *t, token_task task, void *ctx, struct why *w)
{
	CK_RV rv = CKR_SESSION_HANDLE_INVALID;
	enum err e = ERR_OK;

	lock();
	if (t->link.session != CK_INVALID_HANDLE)
		rv = task(&t->link, ctx);
	if (is_gone(rv)) {
		e = reconnect(t, w);
		if (e == ERR_OK)
			rv = task(&t->link, ctx);
	}
	unlock();
	return e == ERR_OK && rv != CKR_OK ? failed(rv, t->is.token, w) : e;
}

/* A session of its own, as only one that may write can do it. */
static CK_RV
set_pin(const struct token *t, const char *pin, size_t len)
{
	CK_FUNCTION_LIST *f = t->link.f;
	CK_SESSION_HANDLE rw = CK_INVALID_HANDLE;
	union {
		const char *in;
		CK_UTF8CHAR *out;	/* PKCS#11 knows no const */
	} to = {pin}, from = {t->pin};
	CK_RV rv = f->C_OpenSession(t->link.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &rw);

	if (rv != CKR_OK)
		return rv;
	rv = f->C_SetPIN(rw, from.out, t->pin_len, to.out, len);
	(void)f->C_CloseSession(rw);
	return rv;
}

enum err
token_set_pin(struct token *t, const char *pin, size_t len, struct why *w)
{
	CK_RV rv = CKR_PIN_LEN_RANGE;
	enum err e = ERR_OK;

	lock();
	if (len <= PIN_CAP)
		rv = set_pin(t, pin, len);
	if (rv == CKR_OK) {
		wipe(t->pin, sizeof(t->pin));
		memcpy(t->pin, pin, len);
		t->pin_len = len;
	} else if (rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_INVALID) {
		e = why_set(w, ERR_PASSPHRASE, MSG_TOKEN_PIN_UNFIT, WHY_CODE(t->is.token));
	} else {
		e = failed(rv, t->is.token, w);
	}
	unlock();
	return e;
}
