#include "station/flow/station.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/digest.h"
#include "station/base/bytes.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/base/log.h"
#include "station/base/secret.h"
#include "station/club/ledger.h"
#include "station/flow/settings.h"
#include "station/text/text.h"

#define PASSPHRASE_CAP 1024

enum err
station_path(const struct station *s, const char *name, char out[STATION_PATH_CAP], struct why *w)
{
	int n = snprintf(out, STATION_PATH_CAP, "%s/%s", s->folder, name);

	if (n < 0 || n >= STATION_PATH_CAP)
		return why_errno(w, ENAMETOOLONG, name);
	return ERR_OK;
}

int32_t
station_day(const struct station *s, int64_t unix_ms)
{
	return text_day_of(unix_ms, s->set.zone);
}

uint16_t
station_valid_to(const struct station *s, int64_t unix_ms, uint16_t days)
{
	const int32_t day = station_day(s, unix_ms);

	if (days == 0)
		return 0;
	return day < 0 ? days : day > UINT16_MAX - days ? UINT16_MAX : (uint16_t)(day + days);
}

static enum err
read_certificate(struct station *s, const char *path, struct why *w)
{
	enum err e = file_read_exact(path, s->cert_bytes, sizeof(s->cert_bytes), w);

	if (e == ERR_OK)
		e = cert_verify(s->cert_bytes, s->root_pub, &s->cert, w);
	if (e != ERR_OK)
		return e;
	pubkey_id(s->cert.pub, s->signer);
	s->id = s->cert.station;
	s->test = s->cert.test;
	return ERR_OK;
}

/* A station that joined and waits for its certificate: who it is, its safe says. */
static enum err
read_waiting(struct station *s, enum station_need need, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct safe_info info;
	enum err e = station_path(s, STATION_SAFE, path, w);

	if (e == ERR_OK && need != STATION_UNCERTIFIED)
		return why_set(w, ERR_CERT, MSG_STATION_NOT_CERTIFIED);
	if (e == ERR_OK)
		e = safe_peek(path, &info, w);
	if (e != ERR_OK)
		return e;
	s->id = info.station;
	s->test = info.test;
	return ERR_OK;
}

static bool
is_waiting(const struct station *s, const char *cert)
{
	char request[STATION_PATH_CAP];

	return access(cert, F_OK) != 0 && station_path(s, STATION_REQUEST, request, NULL) == ERR_OK &&
	    access(request, F_OK) == 0;
}

static enum err
read_public_files(struct station *s, enum station_need need, struct why *w)
{
	char path[STATION_PATH_CAP];
	enum err e = station_path(s, STATION_ROOT_PUB, path, w);

	if (e == ERR_OK)
		e = file_read_exact(path, s->root_pub, sizeof(s->root_pub), w);
	if (e == ERR_OK)
		e = station_path(s, STATION_CERT, path, w);
	if (e != ERR_OK)
		return e;
	pubkey_id(s->root_pub, s->club);
	return is_waiting(s, path) ? read_waiting(s, need, w) : read_certificate(s, path, w);
}

/* A keys folder whole in itself may still be another club's. */
static enum err
check_root(const struct station *s, struct why *w)
{
	char own[2 * PUBKEY_LEN + 1], noted[sizeof(own)];
	enum err e = store_setting_get(s->store, SETTING_ROOT, noted, sizeof(noted), w);

	hex_encode(s->root_pub, sizeof(s->root_pub), own);
	if (e == ERR_OK && strcmp(own, noted) != 0)
		return why_set(w, ERR_SAFE, MSG_SAFE_OTHER_CLUB);
	return e;
}

static enum err
open_books(struct station *s, enum station_need need, struct why *w)
{
	const struct store_options o = {.sha256 = digest_sha256};
	char path[STATION_PATH_CAP];
	enum err e = station_path(s, STATION_BOOK, path, w);

	if (e == ERR_OK && access(path, F_OK) != 0)
		return why_set(w, ERR_MISSING, MSG_NO_CLUB_HERE, WHY_CODE(s->folder));
	if (e == ERR_OK)
		e = store_open(path, &o, &s->store, w);
	if (e == ERR_OK)
		e = read_public_files(s, need, w);
	if (e == ERR_OK)
		e = check_root(s, w);
	if (e == ERR_OK)
		e = settings_read(s->store, &s->set, w);
	if (e == ERR_OK)
		e = programme_read(s->store, &s->programme, w);
	return e;
}

/* Safe, certificate and book must speak of one station of one club. */
static enum err
check_safe(const struct station *s, struct why *w)
{
	const struct safe_info *info = safe_get_info(s->safe);
	uint8_t pub[PUBKEY_LEN];

	safe_public(s->safe, pub);
	if (memcmp(info->club, s->club, sizeof(s->club)) != 0 || info->station != s->id ||
	    info->test != s->test)
		return why_set(w, ERR_SAFE, MSG_SAFE_OTHER_CLUB);
	if (s->cert.serial != 0 && (safe_algorithm(s->safe) != s->cert.algorithm ||
	    memcmp(pub, s->cert.pub, sizeof(pub)) != 0))
		return why_set(w, ERR_SAFE, MSG_SAFE_OTHER_CLUB);
	return ERR_OK;
}

static enum err
open_safe(struct station *s, station_passphrase ask, void *ask_ctx, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct safe_info info;
	char *pass = secret_alloc(PASSPHRASE_CAP);
	enum err e;

	if (pass == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = station_path(s, STATION_SAFE, path, w);
	if (e == ERR_OK)
		e = safe_peek(path, &info, w);
	if (e == ERR_OK && info.practice)
		(void)snprintf(pass, PASSPHRASE_CAP, "%s", SAFE_PRACTICE_PASSPHRASE);
	else if (e == ERR_OK && ask == NULL)
		e = why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_NEEDED);
	else if (e == ERR_OK)
		e = ask(ask_ctx, pass, PASSPHRASE_CAP, w);
	if (e == ERR_OK)
		e = safe_open(path, pass, strlen(pass), &s->safe, w);
	secret_free(pass, PASSPHRASE_CAP);
	return e == ERR_OK ? check_safe(s, w) : e;
}

enum err
station_open(const char *folder, enum station_need need, station_passphrase ask, void *ask_ctx,
    struct station **out, struct why *w)
{
	struct station *s = calloc(1, sizeof(*s));
	enum err e = ERR_OK;

	*out = NULL;
	if (s == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	if (strlen(folder) >= sizeof(s->folder))
		e = why_errno(w, ENAMETOOLONG, folder);
	else
		memcpy(s->folder, folder, strlen(folder) + 1);
	if (e == ERR_OK)
		e = open_books(s, need, w);
	if (e == ERR_OK && need != STATION_BOOKS)
		e = open_safe(s, ask, ask_ctx, w);
	if (e != ERR_OK)
		station_close(&s);
	*out = s;
	return e;
}

void
station_close(struct station **s)
{
	struct why w;

	if (*s == NULL)
		return;
	/* Only who holds the keys can have changed a card. What fails here is noted and carried over next time. */
	if ((*s)->safe != NULL && station_refresh_view(*s, &w) != ERR_OK)
		log_line(LOG_WARN, "station", "the page is behind: %s", msg_name(w.id));
	safe_close(&(*s)->safe);
	view_close(&(*s)->view);
	store_close(&(*s)->store);
	free(*s);
	*s = NULL;
}

/* Noted before the empty file is there: killed in between, the notes still stand. */
static enum err
note_all(struct station *s, struct why *w)
{
	enum err e = store_begin(s->store, w);

	if (e == ERR_OK)
		e = store_view_note_all(s->store, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

static enum err
open_view(struct station *s, struct why *w)
{
	char path[STATION_PATH_CAP];
	enum err e = station_path(s, STATION_VIEW, path, w);

	if (e == ERR_OK && access(path, F_OK) != 0)
		e = note_all(s, w);
	return e == ERR_OK ? view_open_write(path, &s->view, w) : e;
}

enum err
station_refresh_view(struct station *s, struct why *w)
{
	struct view_source source;
	enum err e = s->view == NULL ? open_view(s, w) : ERR_OK;

	if (e != ERR_OK)
		return e;
	club_view_source(s->test, clock_now_ms(), &source);
	return store_view_flush(s->store, s->view, &source, w);
}
