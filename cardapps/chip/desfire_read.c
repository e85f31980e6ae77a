/* Reading: whose card is it, how far was it made, and what stands on it. */
#include <string.h>

#include "cardapps/chip/desfire.h"

/* --- whose card is it */

/* What the card says before any key is tried. */
struct survey {
	enum card_state state;	/* READY here means: key 0 of our application speaks for us */
	bool locked;		/* listing applications needs the PICC key: the last step was done */
	bool has_app;
};

/* Settings as from the factory and no application. New is it only if its one key is DES, too. */
static enum err
look_at_factory(struct card *c, const uint8_t settings[2], enum card_state *state, struct why *w)
{
	struct desfire *d = c->driver;
	enum err e;

	*state = CARD_FOREIGN;
	if (settings[0] != DF_PICC_FACTORY_SETTINGS)
		return ERR_OK;
	e = desfire_send(c, DF_GET_APPLICATION_IDS, EV1_PLAIN, NULL, 0, w);
	if (e != ERR_OK)
		return e;
	d->picc_blank = d->wire.answer_len == 0;
	if (d->picc_blank && settings[1] == DF_PICC_FACTORY_KEYS)
		*state = CARD_NEW;
	return ERR_OK;
}

enum err
desfire_look_at_picc(struct card *c, enum card_state *state, bool *locked, struct why *w)
{
	struct desfire *d = c->driver;
	uint8_t version, settings[2] = {0};
	enum err e;

	*state = CARD_FOREIGN;
	*locked = false;
	d->picc_blank = false;
	e = desfire_select(c, df_picc_aid, w);
	if (e == ERR_OK)
		e = desfire_key_version(c, 0, &version, w);
	if (e != ERR_OK)
		return e;
	e = desfire_ask(c, DF_GET_KEY_SETTINGS, EV1_PLAIN, NULL, 0, sizeof(settings), w);
	if (e == ERR_OK)
		memcpy(settings, d->wire.answer, sizeof(settings));
	*locked = desfire_said(c, e, DF_AUTHENTICATION_ERROR);
	if (e != ERR_OK && !*locked)
		return e;
	e = ERR_OK;
	if (version == 0)
		e = look_at_factory(c, settings, state, w);
	else if (desfire_epoch(c, version) != 0)
		*state = CARD_PARTIAL;
	d->picc_known = e == ERR_OK;
	d->picc_version = version;
	return e;
}

/*
 * Does our application speak for us, and how far did it come? Key 0 was changed last. What looks
 * like ours in all but its generation is not called another's: it is one of the club's that this station
 * has not been given, or of a club whose keys are older.
 */
static enum err
survey_app(struct card *c, struct survey *s, struct why *w)
{
	struct desfire *d = c->driver;
	uint8_t version;
	enum err e = desfire_select(c, c->access.aid, w);

	if (desfire_said(c, e, DF_APPLICATION_NOT_FOUND))
		return ERR_OK;
	s->has_app = true;
	if (e == ERR_OK)
		e = desfire_key_version(c, DF_KEY_ADMIN, &version, w);
	if (e != ERR_OK)
		return e;
	if (version == 0)
		version = d->picc_version;
	else if (desfire_epoch(c, version) != 0)
		s->state = CARD_READY;
	else
		s->state = CARD_FOREIGN;
	return s->state == CARD_FOREIGN ? desfire_strange_generation(c, version, w) : ERR_OK;
}

/*
 * Until a record stands only the PICC's version speaks for us; its key must prove
 * it. With an application of our number a wrong proof is an alarm, without it the
 * card is simply another's. A station without the PICC key takes the card's word.
 */
static enum err
prove_partial(struct card *c, struct survey *s, struct card_content *out, struct why *w)
{
	struct desfire *d = c->driver;
	struct key_ref ref = desfire_ref(c, df_picc_aid, 0, KEY_PICC,
	    desfire_epoch(c, d->picc_version));
	struct card_key *key;
	enum err e;

	out->epoch = ref.epoch;
	if (!safe_has(c->access.safe, KEY_PICC))
		return ERR_OK;
	e = card_key_open(c->access.safe, &ref, &key, w);
	if (e != ERR_OK)
		return e;
	e = desfire_enter(c, df_picc_aid, DF_AUTHENTICATE_AES, 0, key, w);
	card_key_close(&key);
	if (e == ERR_CARD_AUTH && !s->has_app) {
		out->state = CARD_FOREIGN;
		out->epoch = 0;
		return ERR_OK;
	}
	return e;
}

/* --- what stands on it */

static enum err
read_record(struct card *c, struct card_content *out, struct why *w)
{
	enum err e = desfire_read_file(c, DF_FILE_RECORD, EV1_MACED, out->record, RECORD_LEN, w);

	out->has_record = e == ERR_OK && !desfire_is_blank(out->record, RECORD_LEN);
	return e;
}

static enum err
read_value(struct card *c, struct card_content *out, struct why *w)
{
	enum err e = desfire_get_value(c, &out->value, w);

	out->has_value = e == ERR_OK;
	return e;
}

/* Once in a card's stay: it changes only with what we write, and then it is read again. */
static enum err
read_cert(struct card *c, struct card_content *out, struct why *w)
{
	struct desfire *d = c->driver;
	enum err e = ERR_OK;

	if (!d->cert_known)
		e = desfire_read_file(c, DF_FILE_CERT, EV1_MACED, d->cert, CERT_LEN, w);
	d->cert_known = e == ERR_OK;
	if (e == ERR_OK)
		memcpy(out->cert, d->cert, CERT_LEN);
	return e;
}

/* Key 3 reads all there is; a till has 1 for the files and 2 for the value. A record came with its log line. */
static enum err
read_files(struct card *c, bool all, struct card_content *out, struct why *w)
{
	bool writes = safe_has(c->access.safe, KEY_WRITE);
	enum err e;

	e = desfire_enter_own(c, writes ? DF_KEY_WRITE : DF_KEY_READ, &out->epoch, w);
	if (e == ERR_OK)
		e = desfire_abort(c, w);
	if (e == ERR_OK)
		e = read_record(c, out, w);
	if (e == ERR_OK && out->has_record)
		e = read_cert(c, out, w);
	if (e == ERR_OK && writes)
		e = read_value(c, out, w);
	if (e == ERR_OK && out->has_record)
		e = desfire_read_log(c, all ? 0 : 1, out, w);
	if (e == ERR_OK && !writes && safe_has(c->access.safe, KEY_DEBIT)) {
		e = desfire_enter_own(c, DF_KEY_DEBIT, &out->epoch, w);
		if (e == ERR_OK)
			e = read_value(c, out, w);
	}
	return e;
}

static enum err
read_once(struct card *c, struct card_content *out, struct why *w)
{
	struct desfire *d = c->driver;
	struct survey s = {0};
	enum err e;

	memset(out, 0, sizeof(*out));
	desfire_forget(d);
	e = desfire_look_at_picc(c, &s.state, &s.locked, w);
	/* only a card that was never ours has a PICC key as from the factory */
	out->state = s.state;
	if (e == ERR_OK && s.state != CARD_NEW && d->picc_version != 0)
		e = survey_app(c, &s, w);
	out->state = s.state;
	if (e != ERR_OK)
		return e;
	if (s.state == CARD_PARTIAL)
		return prove_partial(c, &s, out, w);
	if (s.state != CARD_READY)
		return ERR_OK;
	e = read_files(c, true, out, w);
	if (!out->has_record || !s.locked)
		out->state = CARD_PARTIAL;
	return e;
}

enum err
desfire_read(struct card *c, struct card_content *out, struct why *w)
{
	struct desfire *d = c->driver;
	unsigned lessons = d->wire.lessons;
	enum err e = read_once(c, out, w);

	while (desfire_learnt(c, e, &lessons))
		e = read_once(c, out, w);
	return e;
}

/* --- confirmation */

static enum err
read_again(struct card *c, struct card_content *out, struct why *w)
{
	enum err e = read_record(c, out, w);

	if (e == ERR_OK && out->has_record)
		e = read_cert(c, out, w);
	if (e == ERR_OK)
		e = read_value(c, out, w);
	if (e == ERR_OK && out->has_record)
		e = desfire_read_log(c, 1, out, w);
	return e;
}

/*
 * In the session that wrote, if it stands; where the card does not know of it any
 * more (another reset it), in a new one. What is told is MACed either way.
 */
enum err
desfire_confirm(struct card *c, struct card_content *out, struct why *w)
{
	struct desfire *d = c->driver;
	unsigned lessons = d->wire.lessons;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (desfire_inside(c, c->access.aid, DF_KEY_WRITE)) {
		e = read_again(c, out, w);
		if (e == ERR_OK || e == ERR_CARD_GONE)
			goto out;
		memset(out, 0, sizeof(*out));
	}
	do {
		desfire_forget(d);
		memset(out, 0, sizeof(*out));
		e = read_files(c, false, out, w);
	} while (desfire_learnt(c, e, &lessons));
out:
	out->state = out->has_record ? CARD_READY : CARD_PARTIAL;
	return e;
}
