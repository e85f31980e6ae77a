/*
 * A card is true when it was read back, and safe when strangers were refused. Settings of
 * applications and files need no reading: the answers to the commands that made them carry a CMAC
 * over what was asked, and those of a card finished later were compared.
 */
#include <string.h>

#include "cardapps/chip/desfire.h"

/* --- read back */

static enum err
differs(const char *what, struct why *w)
{
	return why_set(w, ERR_CARD_SW, MSG_CARD_READ_BACK, WHY_STR(what));
}

static enum err
prove_version(struct card *c, uint8_t no, const struct desfire_pair *k, struct why *w)
{
	uint8_t version;
	enum err e = desfire_key_version(c, no, &version, w);

	if (e == ERR_OK && version != k->version)
		e = differs("key version", w);
	return e;
}

/* In the session of the PICC key, where the settings were made. */
static enum err
prove_picc(struct card *c, const struct desfire_keys *k, struct why *w)
{
	struct desfire *d = c->driver;
	enum err e;

	e = desfire_enter(c, df_picc_aid, DF_AUTHENTICATE_AES, 0, k->picc.fresh, w);
	if (e == ERR_OK)
		e = desfire_ask(c, DF_GET_KEY_SETTINGS, EV1_PLAIN, NULL, 0, 2, w);
	if (e == ERR_OK && d->wire.answer[0] != DF_PICC_SETTINGS)
		e = differs("PICC settings", w);
	return e;
}

/* As a phone reads it: free, without a session. */
static enum err
prove_ndef(struct card *c, const struct card_plan *p, const struct desfire_keys *k, struct why *w)
{
	uint8_t message[DF_NDEF_SIZE], got[DF_NDEF_SIZE];
	size_t len = df_ndef_message(p->url, message);
	enum err e = desfire_select(c, df_ndef_aid, w);

	if (e == ERR_OK)
		e = prove_version(c, 0, &k->ndef, w);
	if (e == ERR_OK)
		e = desfire_read_file(c, DF_FILE_CC, EV1_PLAIN, got, sizeof(df_cc), w);
	if (e == ERR_OK && memcmp(got, df_cc, sizeof(df_cc)) != 0)
		e = differs("NDEF CC", w);
	if (e == ERR_OK)
		e = desfire_read_file(c, DF_FILE_NDEF, EV1_PLAIN, got, len, w);
	if (e == ERR_OK && memcmp(got, message, len) != 0)
		e = differs("NDEF", w);
	return e;
}

static enum err
prove_value(struct card *c, const struct card_plan *p, struct why *w)
{
	struct card_content now;
	struct log_line line;
	enum err e;

	log_line_parse(p->log, &line);
	e = desfire_get_value(c, &now.value, w);
	if (e == ERR_OK && now.value != line.after)
		e = differs("value", w);
	if (e == ERR_OK)
		e = desfire_read_log(c, 1, &now, w);
	if (e == ERR_OK && (now.log_len != 1 || memcmp(now.log[0], p->log, LOG_LINE_LEN) != 0))
		e = differs("log", w);
	return e;
}

static enum err
prove_file(struct card *c, uint8_t no, const uint8_t expected[RECORD_LEN], const char *name,
    struct why *w)
{
	uint8_t got[RECORD_LEN];
	enum err e = desfire_read_file(c, no, EV1_MACED, got, sizeof(got), w);

	if (e == ERR_OK && memcmp(got, expected, sizeof(got)) != 0)
		e = differs(name, w);
	return e;
}

_Static_assert(CERT_LEN == RECORD_LEN, "one reader serves both files");

static enum err
prove_app(struct card *c, const struct card_plan *p, const struct desfire_keys *k, struct why *w)
{
	enum err e;

	e = desfire_enter(c, c->access.aid, DF_AUTHENTICATE_AES, DF_KEY_WRITE,
	    k->app[DF_KEY_WRITE].fresh, w);
	for (uint8_t no = 0; no < DF_KEY_COUNT && e == ERR_OK; no++)
		e = prove_version(c, no, &k->app[no], w);
	if (e == ERR_OK)
		e = prove_file(c, DF_FILE_RECORD, p->record, "record", w);
	if (e == ERR_OK)
		e = prove_file(c, DF_FILE_CERT, p->cert, "certificate", w);
	if (e == ERR_OK)
		e = prove_value(c, p, w);
	return e;
}

static enum err
prove_all(struct card *c, const struct card_plan *p, const struct desfire_keys *k, struct why *w)
{
	enum err e = prove_picc(c, k, w);

	if (e == ERR_OK && p->url != NULL)
		e = prove_ndef(c, p, k, w);
	if (e == ERR_OK)
		e = prove_app(c, p, k, w);
	return e;
}

enum err
desfire_prove(struct card *c, const struct card_plan *p, const struct desfire_keys *k,
    struct why *w)
{
	struct desfire *d = c->driver;
	unsigned lessons = d->wire.lessons;
	enum err e = prove_all(c, p, k, w);

	while (desfire_learnt(c, e, &lessons)) {
		desfire_forget(d);
		e = prove_all(c, p, k, w);
	}
	return e;
}

/* --- refusals */

/* The factory key must fail. Anything but a refusal is passed on; success is the fault. */
static enum err
refuses_key(struct card *c, const uint8_t aid[3], uint8_t no, const struct card_key *factory,
    struct why *w)
{
	enum err e = desfire_authenticate(c, aid, DF_AUTHENTICATE_AES, no, factory, w);

	if (e == ERR_OK)
		return why_set(w, ERR_CARD_AUTH, MSG_CARD_DEFAULT_KEY, WHY_NUM(no));
	return desfire_said(c, e, DF_AUTHENTICATION_ERROR) ? ERR_OK : e;
}

/* A stranger who asks for the record, without any authentication. */
static enum err
refuses_reading(struct card *c, struct why *w)
{
	uint8_t got[RECORD_LEN];
	enum err e = desfire_read_file(c, DF_FILE_RECORD, EV1_PLAIN, got, sizeof(got), w);

	if (e == ERR_OK || e == ERR_LEN)
		return why_set(w, ERR_CARD_AUTH, MSG_CARD_OPEN, WHY_STR("ReadData"));
	if (desfire_said(c, e, DF_AUTHENTICATION_ERROR) ||
	    desfire_said(c, e, DF_PERMISSION_DENIED))
		return ERR_OK;
	return e;
}

/*
 * The last word is a success: of the NDEF key, which changed itself without a CMAC on the
 * answer and is the only one that nothing proved yet.
 */
enum err
desfire_refusals(struct card *c, const struct card_plan *p, const struct desfire_keys *k,
    struct why *w)
{
	enum err e = ERR_OK;

	for (uint8_t no = 0; no < DF_KEY_COUNT && e == ERR_OK; no++)
		e = refuses_key(c, c->access.aid, no, k->factory, w);
	if (e == ERR_OK)
		e = refuses_reading(c, w);
	if (e == ERR_OK)
		e = refuses_key(c, df_picc_aid, 0, k->factory, w);
	if (e != ERR_OK)
		return e;
	if (p->url == NULL)
		return desfire_enter(c, df_picc_aid, DF_AUTHENTICATE_AES, 0, k->picc.fresh, w);
	e = refuses_key(c, df_ndef_aid, 0, k->factory, w);
	if (e == ERR_OK)
		e = desfire_enter(c, df_ndef_aid, DF_AUTHENTICATE_AES, 0, k->ndef.fresh, w);
	return e;
}
