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
	struct desfire_standing app[DF_KEY_COUNT];
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

static enum err
foreign(struct why *w)
{
	return why_set(w, ERR_CARD_FOREIGN, MSG_CARD_OF_OTHERS);
}

/* --- which key stands */

/* The one its version speaks for, or after a tear the other of its step. */
static enum err
find_key(struct making *m, const uint8_t aid[3], uint8_t no, const struct desfire_pair *k,
    struct desfire_standing *s, struct why *w)
{
	if (s->version != k->version && s->version != k->old_version)
		return foreign(w);
	s->fresh = s->version == k->version;
	return desfire_find_key(m->c, aid, no, k, s, w);
}

/* --- 1, 2: the PICC key */

/* Its key is changed only where nobody has an application. The key number byte makes it AES. */
static enum err
change_picc_key(struct making *m, struct why *w)
{
	const struct desfire_pair *k = &m->keys.picc;
	enum err e = ERR_OK;

	if (!driver(m)->picc_blank) {
		e = desfire_send(m->c, DF_GET_APPLICATION_IDS, EV1_PLAIN, NULL, 0, w);
		if (e == ERR_OK && driver(m)->wire.answer_len != 0)
			e = foreign(w);
	}
	if (e == ERR_OK)
		e = desfire_change_key(m->c, 0x80, k->fresh, k->version, NULL, w);
	m->fresh_picc = true;
	return e;
}

static enum err
enter_picc(struct making *m, struct why *w)
{
	return desfire_enter(m->c, df_picc_aid, DF_AUTHENTICATE_AES, 0, m->keys.picc.fresh, w);
}

static enum err
make_picc_key(struct making *m, struct why *w)
{
	struct desfire *d = driver(m);
	struct desfire_standing now;
	enum card_state state;
	bool locked;
	enum err e = ERR_OK;

	if (!d->picc_known)
		e = desfire_look_at_picc(m->c, &state, &locked, w);
	d->picc_known = false;
	if (e != ERR_OK)
		return e;
	if (d->picc_version == 0 && !d->picc_blank)
		return foreign(w);
	now.version = d->picc_version;
	e = find_key(m, df_picc_aid, 0, &m->keys.picc, &now, w);
	if (e == ERR_OK && !desfire_is_done(&m->keys.picc, &now))
		e = change_picc_key(m, w);
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
	const uint8_t set_version = m->c->id.kind != CHIP_DESFIRE_EV1 ? m->keys.app[0].version : 0;
	uint8_t data[DF_CREATE_CAP];
	size_t len = df_application_request(a, aid, set_version, data);
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

/* Under key 0 of the selected application. */
static enum err
compare_settings(struct making *m, const struct df_application *a, struct why *w)
{
	struct desfire *d = driver(m);
	enum err e = desfire_send(m->c, DF_GET_KEY_SETTINGS, EV1_PLAIN, NULL, 0, w);

	if (e != ERR_OK)
		return e;
	if (!df_application_matches(a, d->wire.answer, d->wire.answer_len))
		return why_set(w, ERR_CARD_FOREIGN, MSG_CARD_LAYOUT, WHY_STR("KeySettings"),
		    WHY_HEX(d->wire.answer_len > 0 ? d->wire.answer[0] : 0));
	return ERR_OK;
}

/* --- 4: files */

static enum err
compare_file(struct making *m, const struct df_file *f, struct why *w)
{
	struct desfire *d = driver(m);
	enum err e = desfire_send(m->c, DF_GET_FILE_SETTINGS, EV1_PLAIN, &f->no, 1, w);

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
	enum err e = desfire_send(m->c, DF_GET_FILE_IDS, EV1_PLAIN, NULL, 0, w);

	*present = 0;
	for (size_t i = 0; e == ERR_OK && i < d->wire.answer_len; i++)
		*present |= UINT32_C(1) << (d->wire.answer[i] & 0x1Fu);
	return e;
}

/* Under key 0 of the application. A fresh one is known to be empty; a file that is not ours makes it another's. */
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
enter_app(struct making *m, uint8_t no, struct why *w)
{
	return desfire_enter_as(m->c, aid_of(m), no, &m->keys.app[no], &m->app[no], w);
}

/* An application just created has factory keys; another is asked, and every key tried. */
static enum err
find_app_keys(struct making *m, struct why *w)
{
	enum err e;

	if (m->fresh_app)
		return ERR_OK;
	e = desfire_select(m->c, aid_of(m), w);
	for (uint8_t no = 0; no < DF_KEY_COUNT && e == ERR_OK; no++)
		e = desfire_key_version(m->c, no, &m->app[no].version, w);
	for (uint8_t no = 0; no < DF_KEY_COUNT && e == ERR_OK; no++)
		e = find_key(m, aid_of(m), no, &m->keys.app[no], &m->app[no], w);
	return e;
}

/* Keys 1-3 change under key 4, keys 4 and 0 under key 0. Source: MIFARE DESFire data sheet, ChangeKey. */
static enum err
make_app_key(struct making *m, uint8_t no, struct why *w)
{
	uint8_t changer = no == DF_KEY_ADMIN || no == DF_KEY_CHANGE ? DF_KEY_ADMIN : DF_KEY_CHANGE;
	const struct desfire_pair *k = &m->keys.app[no];
	const struct card_key *now = m->app[no].fresh ? k->fresh : k->old;
	enum err e;

	if (desfire_is_done(k, &m->app[no]))
		return ERR_OK;
	e = enter_app(m, changer, w);
	if (e == ERR_OK)
		e = desfire_change_key(m->c, no, k->fresh, k->version, no == changer ? NULL : now, w);
	if (e == ERR_OK) {
		m->app[no] = (struct desfire_standing){k->version, true};
		done(m);
	}
	return e;
}

static enum err
make_app(struct making *m, struct why *w)
{
	enum err e = find_app_keys(m, w);

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
	const struct desfire_pair *k = &m->keys.ndef;
	enum err e = desfire_change_key(m->c, 0, k->fresh, k->version, NULL, w);

	if (e == ERR_OK)
		done(m);
	return e;
}

static enum err
make_ndef(struct making *m, struct why *w)
{
	struct desfire_standing now = {0};
	enum err e = desfire_select(m->c, df_ndef_aid, w);

	if (e == ERR_OK && !m->fresh_ndef)
		e = desfire_key_version(m->c, 0, &now.version, w);
	if (e == ERR_OK)
		e = find_key(m, df_ndef_aid, 0, &m->keys.ndef, &now, w);
	if (e == ERR_OK)
		e = make_files(m, &df_ndef, m->fresh_ndef, w);
	if (e != ERR_OK || desfire_is_done(&m->keys.ndef, &now))
		return e;
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

/* A card that found our frames too long ended its session with that: once more, in short ones. */
static enum err
make_in_frames_it_takes(struct making *m, struct why *w)
{
	struct desfire *d = driver(m);
	struct making again = *m;
	unsigned lessons = d->wire.lessons;
	enum err e = make(m, w);

	while (desfire_learnt(m->c, e, &lessons)) {
		desfire_forget(d);
		*m = again;
		e = make(m, w);
	}
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
		e = make_in_frames_it_takes(&m, w);
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
