/*
 * Making a card, or finishing one that was pulled away: every step looks at what
 * is there and does what is not. No tear at any APDU leaves a card that nobody can open:
 *
 *   PICC key -> applications with final settings -> keys 1-3, files with final rights,
 *   key 4, key 0 last -> record, log line, certificate, value in one commit under key 3
 *   -> NDEF data, then its key -> PICC settings -> read back -> refusals
 *
 * Keys 1-3 come before the files because both need their own authentication (key 4,
 * key 0) and keys 4 and 0 change under key 0: so each is made once.
 */
#include <string.h>

#include "cardapps/chip/desfire.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

struct making {
	struct card *c;
	const struct card_plan *p;
	struct desfire_keys keys;
	bool fresh_picc;	/* its key was changed just now: nothing of ours can be there yet */
	bool fresh_app, fresh_ndef;	/* created just now: all keys factory, no files */
	uint8_t version[DF_KEY_COUNT];
	unsigned step, of;
};

static struct desfire *
driver(const struct making *m)
{
	return m->c->driver;
}

static const uint8_t *
aid_of(const struct making *m)
{
	return m->c->access.aid;
}

static void
done(void *ctx)
{
	struct making *m = ctx;

	m->step++;
	if (m->c->progress != NULL)
		m->c->progress(m->c->progress_ctx, m->step, m->of);
}

static uint8_t
planned_version(const struct making *m, const uint8_t aid[3], uint8_t no)
{
	return key_ref_version(&desfire_step(m->p, aid, no)->new_ref);
}

static enum err
foreign(struct why *w)
{
	return why_set(w, ERR_CARD_FOREIGN, MSG_CARD_OF_OTHERS);
}

/* --- 1, 2: the PICC key */

/* A card of the factory has DES there; the key number byte turns it into AES. */
static enum err
change_picc_key(struct making *m, struct why *w)
{
	const struct key_step *s = desfire_step(m->p, df_picc_aid, 0);
	struct card_key *old;
	enum err e = card_key_open(m->c->access.safe, &s->old_ref, &old, w);

	if (e == ERR_OK)
		e = desfire_enter(m->c, df_picc_aid, DF_AUTHENTICATE_ISO, 0, old, w);
	if (e == ERR_OK)
		e = ev1_change_key(&driver(m)->wire, 0x80, m->keys.picc,
		    key_ref_version(&s->new_ref), NULL, w);
	if (e == ERR_CARD_GONE)
		desfire_forget(driver(m));
	card_key_close(&old);
	m->fresh_picc = true;
	return e;
}

static enum err
enter_picc(struct making *m, struct why *w)
{
	return desfire_enter(m->c, df_picc_aid, DF_AUTHENTICATE_AES, 0, m->keys.picc, w);
}

static enum err
make_picc_key(struct making *m, struct why *w)
{
	struct desfire *d = driver(m);
	uint8_t version = d->picc_version;
	enum err e = ERR_OK;

	if (!d->picc_known) {
		e = desfire_select(m->c, df_picc_aid, w);
		if (e == ERR_OK)
			e = desfire_key_version(m->c, 0, &version, w);
	}
	d->picc_known = false;
	if (e != ERR_OK)
		return e;
	if (version == 0)
		e = change_picc_key(m, w);
	else if (version != planned_version(m, df_picc_aid, 0))
		return foreign(w);
	if (e == ERR_OK)
		e = enter_picc(m, w);
	if (e == ERR_OK)
		done(m);
	return e;
}

/* --- 3: applications */

static enum err
make_application(struct making *m, const struct df_application *a, const uint8_t aid[3],
    bool *fresh, struct why *w)
{
	uint8_t data[DF_CREATE_CAP];
	size_t len = df_application_request(a, aid, data);
	enum err e = enter_picc(m, w);

	if (e != ERR_OK)
		return e;
	e = desfire_ask(m->c, DF_CREATE_APPLICATION, EV1_PLAIN, data, len, 0, w);
	*fresh = e == ERR_OK;
	if (desfire_said(m->c, e, DF_DUPLICATE) && !m->fresh_picc)
		e = ERR_OK;
	if (e == ERR_OK)
		done(m);
	return e;
}

/* Whatever stands in the selected application beside ours is not ours; under key 0. */
static enum err
compare_settings(struct making *m, const struct df_application *a, struct why *w)
{
	struct desfire *d = driver(m);
	enum err e = desfire_ask(m->c, DF_GET_KEY_SETTINGS, EV1_PLAIN, NULL, 0, 2, w);

	if (e != ERR_OK)
		return e;
	if (d->wire.answer[0] != a->settings || (d->wire.answer[1] & 0x8F) != (a->keys & 0x8F))
		return why_set(w, ERR_CARD_FOREIGN, MSG_CARD_LAYOUT, WHY_STR("KeySettings"),
		    WHY_HEX(d->wire.answer[0]));
	return ERR_OK;
}

/* --- 4: files */

static enum err
compare_file(struct making *m, const struct df_file *f, struct why *w)
{
	struct desfire *d = driver(m);
	enum err e = ev1_command(&d->wire, DF_GET_FILE_SETTINGS, EV1_PLAIN, &f->no, 1, w);

	if (e == ERR_CARD_GONE)
		desfire_forget(d);
	if (e == ERR_OK && !df_file_matches(f, d->wire.answer, d->wire.answer_len))
		e = why_set(w, ERR_CARD_FOREIGN, MSG_CARD_LAYOUT, WHY_STR("FileNo"),
		    WHY_NUM(f->no));
	return e;
}

static enum err
create_file(struct making *m, const struct df_file *f, struct why *w)
{
	uint8_t data[DF_CREATE_CAP];
	size_t len = df_file_request(f, data);

	return desfire_ask(m->c, f->create, EV1_PLAIN, data, len, 0, w);
}

/* A bit for each file number the card has. */
static enum err
list_files(struct making *m, uint32_t *present, struct why *w)
{
	struct desfire *d = driver(m);
	enum err e = ev1_command(&d->wire, DF_GET_FILE_IDS, EV1_PLAIN, NULL, 0, w);

	*present = 0;
	if (e == ERR_CARD_GONE)
		desfire_forget(d);
	for (size_t i = 0; e == ERR_OK && i < d->wire.answer_len; i++)
		*present |= UINT32_C(1) << (d->wire.answer[i] & 0x1Fu);
	return e;
}

/* Under key 0 of the application. A fresh one is known to be empty. */
static enum err
make_files(struct making *m, const struct df_application *a, bool fresh, struct why *w)
{
	uint32_t present = 0;
	enum err e = ERR_OK;

	if (!fresh) {
		e = compare_settings(m, a, w);
		if (e == ERR_OK)
			e = list_files(m, &present, w);
	}
	for (size_t i = 0; i < a->file_count && e == ERR_OK; i++) {
		const struct df_file *f = &a->files[i];

		if ((present >> f->no & 1u) != 0)
			e = compare_file(m, f, w);
		else
			e = create_file(m, f, w);
		present &= ~(UINT32_C(1) << f->no);
	}
	if (e == ERR_OK && present != 0)
		e = foreign(w);
	if (e == ERR_OK)
		done(m);
	return e;
}

/* --- 5: keys of our application */

static enum err
key_versions(struct making *m, struct why *w)
{
	enum err e = ERR_OK;

	memset(m->version, 0, sizeof(m->version));
	if (m->fresh_app)
		return ERR_OK;
	e = desfire_select(m->c, aid_of(m), w);
	for (uint8_t no = 0; no < DF_KEY_COUNT && e == ERR_OK; no++) {
		e = desfire_key_version(m->c, no, &m->version[no], w);
		if (e == ERR_OK && m->version[no] != 0 &&
		    m->version[no] != planned_version(m, aid_of(m), no))
			e = foreign(w);
	}
	return e;
}

/* Key `no` as it is now, by its version. */
static enum err
enter_app(struct making *m, uint8_t no, struct why *w)
{
	const struct card_key *key = m->version[no] == 0 ? m->keys.factory : m->keys.app[no];

	return desfire_enter(m->c, aid_of(m), DF_AUTHENTICATE_AES, no, key, w);
}

/* Keys 1-3 change under key 4, keys 4 and 0 under key 0. Source: MIFARE DESFire data sheet, ChangeKey. */
static enum err
make_app_key(struct making *m, uint8_t no, struct why *w)
{
	uint8_t changer = no == DF_KEY_ADMIN || no == DF_KEY_CHANGE ? DF_KEY_ADMIN : DF_KEY_CHANGE;
	uint8_t version = planned_version(m, aid_of(m), no);
	enum err e;

	if (m->version[no] == version)
		return ERR_OK;
	e = enter_app(m, changer, w);
	if (e == ERR_OK)
		e = ev1_change_key(&driver(m)->wire, no, m->keys.app[no], version,
		    no == changer ? NULL : m->keys.factory, w);
	if (e == ERR_CARD_GONE)
		desfire_forget(driver(m));
	if (e == ERR_OK) {
		m->version[no] = version;
		done(m);
	}
	return e;
}

static enum err
make_app(struct making *m, struct why *w)
{
	enum err e = key_versions(m, w);

	for (uint8_t no = DF_KEY_READ; no <= DF_KEY_WRITE && e == ERR_OK; no++)
		e = make_app_key(m, no, w);
	if (e == ERR_OK)
		e = enter_app(m, DF_KEY_ADMIN, w);
	if (e == ERR_OK)
		e = make_files(m, &df_loyalty, m->fresh_app, w);
	if (e == ERR_OK)
		e = make_app_key(m, DF_KEY_CHANGE, w);
	if (e == ERR_OK)
		e = make_app_key(m, DF_KEY_ADMIN, w);
	return e;
}

/* --- 6: the first record */

/* A resumed card may hold the plan's record already; another one was not made by this plan. */
static enum err
look_for_record(struct making *m, bool *there, struct why *w)
{
	uint8_t record[RECORD_LEN];
	enum err e = ERR_OK;

	*there = false;
	if (m->fresh_app)
		return ERR_OK;
	e = desfire_read_file(m->c, DF_FILE_RECORD, EV1_MACED, record, RECORD_LEN, w);
	if (e != ERR_OK || desfire_is_blank(record, RECORD_LEN))
		return e;
	if (memcmp(record, m->p->record, RECORD_LEN) != 0)
		return why_set(w, ERR_CARD_TAKEN, MSG_CARD_HAS_RECORD);
	*there = true;
	return ERR_OK;
}

static enum err
make_record(struct making *m, struct why *w)
{
	struct card_write wr = {.cert = m->p->cert};
	struct log_line line;
	bool there;
	enum err e = enter_app(m, DF_KEY_WRITE, w);

	if (e == ERR_OK)
		e = look_for_record(m, &there, w);
	if (e != ERR_OK || there)
		return e;
	memcpy(wr.record, m->p->record, RECORD_LEN);
	memcpy(wr.log, m->p->log, LOG_LINE_LEN);
	log_line_parse(m->p->log, &line);
	wr.delta = line.delta;
	return desfire_commit(m->c, &wr, done, m, w);
}

/* --- 7: NDEF */

/* Plain files can tear: until the key is ours they are written whole, again if need be. */
static enum err
write_ndef(struct making *m, struct why *w)
{
	uint8_t message[DF_NDEF_SIZE];
	size_t len = df_ndef_message(m->p->url, message);
	enum err e;

	e = desfire_write_file(m->c, DF_FILE_CC, EV1_PLAIN, df_cc, sizeof(df_cc), w);
	if (e == ERR_OK)
		e = desfire_write_file(m->c, DF_FILE_NDEF, EV1_PLAIN, message, len, w);
	if (e == ERR_OK)
		done(m);
	return e;
}

static enum err
change_ndef_key(struct making *m, struct why *w)
{
	enum err e = ev1_change_key(&driver(m)->wire, 0, m->keys.ndef,
	    planned_version(m, df_ndef_aid, 0), NULL, w);

	if (e == ERR_CARD_GONE)
		desfire_forget(driver(m));
	if (e == ERR_OK)
		done(m);
	return e;
}

static enum err
make_ndef(struct making *m, struct why *w)
{
	uint8_t version = 0;
	enum err e = desfire_select(m->c, df_ndef_aid, w);

	if (e == ERR_OK && !m->fresh_ndef)
		e = desfire_key_version(m->c, 0, &version, w);
	if (e != ERR_OK || version == planned_version(m, df_ndef_aid, 0))
		return e;
	if (version != 0)
		return foreign(w);
	e = desfire_enter(m->c, df_ndef_aid, DF_AUTHENTICATE_AES, 0, m->keys.factory, w);
	if (e == ERR_OK)
		e = make_files(m, &df_ndef, m->fresh_ndef, w);
	if (e == ERR_OK)
		e = write_ndef(m, w);
	if (e == ERR_OK)
		e = change_ndef_key(m, w);
	return e;
}

/* --- 8: the PICC's settings */

static enum err
make_picc_settings(struct making *m, struct why *w)
{
	struct desfire *d = driver(m);
	uint8_t settings = DF_PICC_SETTINGS;
	bool there = false;
	enum err e = enter_picc(m, w);

	if (e == ERR_OK && !m->fresh_picc) {
		e = desfire_ask(m->c, DF_GET_KEY_SETTINGS, EV1_PLAIN, NULL, 0, 2, w);
		there = e == ERR_OK && d->wire.answer[0] == settings;
	}
	if (e == ERR_OK && !there)
		e = desfire_ask(m->c, DF_CHANGE_KEY_SETTINGS, EV1_PLAIN, &settings, 1, 0, w);
	if (e == ERR_OK)
		done(m);
	return e;
}

/* --- all of it */

static enum err
check_plan(const struct card *c, const struct card_plan *p, struct why *w)
{
	uint8_t message[DF_NDEF_SIZE];
	struct log_line line;

	log_line_parse(p->log, &line);
	if (line.after != line.delta || line.delta < 0)
		return why_set(w, ERR_ARG, MSG_CARD_PLAN, WHY_STR("log"));
	if (desfire_is_blank(p->record, RECORD_LEN))
		return why_set(w, ERR_ARG, MSG_CARD_PLAN, WHY_STR("record"));
	if (p->url != NULL && df_ndef_message(p->url, message) == 0)
		return why_set(w, ERR_ARG, MSG_CARD_PLAN, WHY_STR("URL"));
	if (memcmp(c->access.aid, df_ndef_aid, 3) == 0 || desfire_is_blank(c->access.aid, 3))
		return why_set(w, ERR_ARG, MSG_CARD_PLAN, WHY_STR("AID"));
	return ERR_OK;
}

static enum err
make(struct making *m, struct why *w)
{
	enum err e = make_picc_key(m, w);

	if (e == ERR_OK)
		e = make_application(m, &df_loyalty, aid_of(m), &m->fresh_app, w);
	if (e == ERR_OK && m->p->url != NULL)
		e = make_application(m, &df_ndef, df_ndef_aid, &m->fresh_ndef, w);
	if (e == ERR_OK)
		e = make_app(m, w);
	if (e == ERR_OK)
		e = make_record(m, w);
	if (e == ERR_OK && m->p->url != NULL)
		e = make_ndef(m, w);
	if (e == ERR_OK)
		e = make_picc_settings(m, w);
	return e;
}

/* Steps told to the screen: PICC key and settings, application, files, five keys, commit 3, read back. */
#define STEPS 13
#define STEPS_NDEF 4

enum err
desfire_personalise(struct card *c, const struct card_plan *p, struct why *w)
{
	struct making m = {.c = c, .p = p, .of = STEPS};
	enum err e = check_plan(c, p, w);

	if (e != ERR_OK)
		return e;
	if (p->url != NULL)
		m.of += STEPS_NDEF;
	if (p->check_refusals)
		m.of++;
	e = desfire_keys_open(c, p, &m.keys, w);
	if (e == ERR_OK)
		e = make(&m, w);
	if (e == ERR_OK)
		e = desfire_prove(c, p, &m.keys, w);
	if (e == ERR_OK && p->check_refusals) {
		done(&m);
		e = desfire_refusals(c, p, &m.keys, w);
	}
	if (e == ERR_OK) {
		m.step = m.of - 1;
		done(&m);
	}
	desfire_keys_close(&m.keys);
	return e;
}
