#include "station/flow/join.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/base/secret.h"
#include "station/flow/chain.h"
#include "station/flow/lists.h"
#include "station/flow/settings.h"
#include "station/store/chain.h"

#define PASSPHRASE_CAP 1024

/* --- the club file */

struct highest {
	uint32_t station;
};

static bool
take_highest(const struct cert *c, void *ctx)
{
	struct highest *h = ctx;

	if (c->station > h->station)
		h->station = c->station;
	return true;
}

/* The bytes of a list as held, or nothing; *len 0. */
static enum err
held_list(struct station *s, enum list_kind kind, struct store_list *out, struct why *w)
{
	struct why none;
	enum err e = store_list_get(s->store, (int)kind, out, &none);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK && w != NULL)
		*w = none;
	return e;
}

static enum err
fill_club_file(struct station *s, struct club_file *f, struct why *w)
{
	struct highest h = {0};
	enum err e = chain_certificates(s, take_highest, &h, w);

	if (e == ERR_OK && h.station == UINT32_MAX)
		e = why_set(w, ERR_RANGE, MSG_NUMBERS_EXHAUSTED);
	f->test = s->test;
	memcpy(f->root_pub, s->root_pub, sizeof(f->root_pub));
	f->made = clock_minutes_2000(clock_now_ms());
	f->station_free = h.station + 1;
	f->number_prefix = s->set.number_prefix;
	memcpy(f->aid, s->set.aid, sizeof(f->aid));
	f->step = s->programme.step;
	f->load_min = s->programme.load_min;
	f->load_max = s->programme.load_max;
	f->balance_max = s->programme.balance_max;
	(void)snprintf(f->name, sizeof(f->name), "%s", s->set.club_name);
	(void)snprintf(f->host, sizeof(f->host), "%s", s->set.host);
	(void)snprintf(f->zone, sizeof(f->zone), "%s", s->set.zone);
	return e;
}

static enum err
seal_club_file(struct station *s, const char *path, struct club_file *f, struct why *w)
{
	const struct document_pen pen = {.safe = s->safe, .cert = s->cert_bytes};
	struct store_list revoked = {0}, hot = {0};
	uint8_t *bytes = NULL;
	size_t len = 0;
	enum err e = held_list(s, LIST_REVOKED, &revoked, w);

	if (e == ERR_OK)
		e = held_list(s, LIST_HOT, &hot, w);
	f->revoked = revoked.bytes;
	f->revoked_len = revoked.len;
	f->hot = hot.bytes;
	f->hot_len = hot.len;
	if (e == ERR_OK)
		e = club_file_seal(f, &pen, &bytes, &len, w);
	if (e == ERR_OK)
		e = file_write(path, bytes, len, 0644, w);
	free(bytes);
	store_list_free(&revoked);
	store_list_free(&hot);
	return e;
}

static enum err
journal_export(struct station *s, const struct club_file *f, struct why *w)
{
	const struct journal_field fields[] = {
		JOURNAL_FIELD_INT("made", f->made),
		JOURNAL_FIELD_INT("station_free", f->station_free),
	};
	uint8_t event[STORE_EVENT_LEN];
	enum err e = store_begin(s->store, w);

	/* the keeper's lists go along, so they had better be today's */
	if (e == ERR_OK)
		e = lists_renew_due(s, w);
	if (e == ERR_OK)
		e = chain_journal(s, "club.export", fields, 2, event, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

enum err
station_export_club(struct station *s, const char *path, struct why *w)
{
	struct club_file f = {0};
	enum err e = lists_check_station(s, w);

	if (e == ERR_OK)
		e = fill_club_file(s, &f, w);
	if (e == ERR_OK)
		e = journal_export(s, &f, w);
	return e == ERR_OK ? seal_club_file(s, path, &f, w) : e;
}

/* --- joining */

static enum err
write_request(const char *folder, const char *path, struct why *w)
{
	char from[STATION_PATH_CAP];
	uint8_t bytes[REQUEST_CAP];
	int n = snprintf(from, sizeof(from), "%s/" STATION_REQUEST, folder);
	enum err e;

	if (n < 0 || (size_t)n >= sizeof(from))
		return why_errno(w, ENAMETOOLONG, folder);
	e = file_read_exact(from, bytes, sizeof(bytes), w);
	return e == ERR_OK ? file_write(path, bytes, sizeof(bytes), 0644, w) : e;
}

static enum err
make_folder(const struct join_options *o, const struct club_file *f, struct join_report *out, char *pass,
    struct why *w)
{
	const bool ask = !f->test || o->token != NULL;
	const struct init_options init = {
		.folder = o->folder, .designs_from = o->designs_from, .real = !f->test,
		.pass = ask ? pass : NULL, .token = o->token, .join = f, .station = out->station, .role = o->role,
	};
	enum err e = ask ? o->ask(o->ask_ctx, pass, PASSPHRASE_CAP, w) : ERR_OK;

	if (e == ERR_OK)
		e = station_init(&init, w);
	return e == ERR_OK ? write_request(o->folder, o->request, w) : e;
}

enum err
station_join(const struct join_options *o, struct join_report *out, struct why *w)
{
	uint8_t *bytes = malloc(DOCUMENT_CAP);
	char *pass = secret_alloc(PASSPHRASE_CAP);
	struct club_file f;
	size_t len = 0;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (bytes == NULL || pass == NULL)
		e = why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	else
		e = file_read(o->club_file, bytes, DOCUMENT_CAP, &len, w);
	if (e == ERR_OK)
		e = club_file_open(bytes, len, &f, w);
	if (e == ERR_OK)
		e = cert_covers(&f.signer, chain_today(), 0, w);
	if (e == ERR_OK) {
		out->test = f.test;
		out->station = o->station != 0 ? o->station : f.station_free;
		memcpy(out->root_pub, f.root_pub, sizeof(out->root_pub));
		(void)snprintf(out->club_name, sizeof(out->club_name), "%s", f.name);
		e = make_folder(o, &f, out, pass, w);
	}
	secret_free(pass, PASSPHRASE_CAP);
	free(bytes);
	return e;
}

enum err
station_request(struct station *s, enum role role, const char *path, struct why *w)
{
	uint8_t bytes[REQUEST_CAP];
	enum err e = request_seal(s->safe, role, clock_minutes_2000(clock_now_ms()), bytes, w);

	return e == ERR_OK ? file_write(path, bytes, sizeof(bytes), 0644, w) : e;
}

/* --- a certificate comes into service */

static enum err
check_fits(const struct station *s, const struct cert *c, struct why *w)
{
	uint8_t pub[PUBKEY_LEN];

	safe_public(s->safe, pub);
	if (c->test != s->test)
		return why_set(w, ERR_REFUSED, MSG_PAPER_TEST);
	if (c->station != s->id || memcmp(c->pub, pub, sizeof(pub)) != 0)
		return why_set(w, ERR_REFUSED, MSG_CERT_OTHER_STATION, WHY_NUM(c->station));
	if (c->serial < s->cert.serial)
		return why_set(w, ERR_REFUSED, MSG_CERT_OLDER, WHY_NUM(c->serial), WHY_NUM(s->cert.serial));
	return cert_covers(c, chain_today(), 0, w);
}

/* The numbers in use are noted with their range: taking the same certificate twice must not begin them again. */
static enum err
take_numbers(struct station *s, const struct cert *c, struct why *w)
{
	const struct store_range range = {c->first_number, (int64_t)c->first_number + c->number_count - 1};
	char now[32], was[32];
	struct why none;
	enum err e;

	if (c->number_count == 0)
		return ERR_OK;
	(void)snprintf(now, sizeof(now), "%u+%u", (unsigned)c->first_number, (unsigned)c->number_count);
	if (store_setting_get(s->store, SETTING_NUMBERS, was, sizeof(was), &none) != ERR_OK)
		(void)snprintf(was, sizeof(was), "%u+%u", (unsigned)s->cert.first_number,
		    (unsigned)s->cert.number_count);
	if (strcmp(now, was) == 0)
		return ERR_OK;
	e = store_range_set(s->store, STORE_SERIALS, range, w);
	if (e == ERR_OK)
		e = store_range_set(s->store, STORE_MEMBERS, range, w);
	return e == ERR_OK ? store_setting_put(s->store, SETTING_NUMBERS, now, w) : e;
}

static enum err
enter_installation(struct station *s, const struct cert *c, const uint8_t bytes[CERT_LEN], struct why *w)
{
	const struct journal_field fields[] = {
		JOURNAL_FIELD_INT("serial", c->serial),
		JOURNAL_FIELD_INT("rights", c->rights),
		JOURNAL_FIELD_INT("valid_to", c->valid_to),
		JOURNAL_FIELD_INT("first_number", c->first_number),
		JOURNAL_FIELD_INT("number_count", c->number_count),
	};
	uint8_t event[STORE_EVENT_LEN];
	enum err e = store_begin(s->store, w);

	if (e == ERR_OK)
		e = chain_journal(s, "keys.install", fields, sizeof(fields) / sizeof(fields[0]), event, w);
	if (e == ERR_OK)
		e = take_numbers(s, c, w);
	if (e == ERR_OK && s->cert.serial != 0)
		e = chain_note_certificate(s, &s->cert, s->cert_bytes, event, w);
	if (e == ERR_OK)
		e = chain_note_certificate(s, c, bytes, event, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

enum err
station_install(struct station *s, const char *path, struct cert *out, struct why *w)
{
	uint8_t bytes[CERT_LEN];
	char own[STATION_PATH_CAP];
	enum err e = file_read_exact(path, bytes, sizeof(bytes), w);

	if (e == ERR_OK)
		e = cert_verify(bytes, s->root_pub, out, w);
	if (e == ERR_OK)
		e = check_fits(s, out, w);
	if (e == ERR_OK)
		e = station_path(s, STATION_CERT, own, w);
	if (e == ERR_OK)
		e = enter_installation(s, out, bytes, w);
	if (e == ERR_OK)
		e = file_write(own, bytes, sizeof(bytes), 0644, w);
	if (e != ERR_OK)
		return e;
	s->cert = *out;
	memcpy(s->cert_bytes, bytes, sizeof(bytes));
	pubkey_id(out->pub, s->signer);
	return ERR_OK;
}
