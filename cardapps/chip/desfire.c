#include "cardapps/chip/desfire.h"

#include <stdlib.h>
#include <string.h>

#include "station/base/bytes.h"

void
desfire_forget(struct desfire *d)
{
	ev1_forget(&d->wire);
	d->selected_known = false;
	d->picc_known = false;
	d->cert_known = false;
	d->versions_known = false;
}

static void
desfire_destroy(struct card *c)
{
	struct desfire *d = c->driver;

	if (d == NULL)
		return;
	ev1_forget(&d->wire);
	free(d);
	c->driver = NULL;
}

const struct chip_ops desfire_ops = {
	.read = desfire_read,
	.plan_keys = desfire_plan_keys,
	.personalise = desfire_personalise,
	.write = desfire_write,
	.confirm = desfire_confirm,
	.set_url = desfire_set_url,
	.plan_roll = desfire_plan_roll,
	.roll = desfire_roll,
	.destroy = desfire_destroy,
};

/* --- identification */

static bool
is_version(const struct ev1 *wire, enum err e)
{
	return e == ERR_OK && wire->answer_len == DF_VERSION_LEN;
}

/*
 * A service that sends its own SELECT between our frames (Windows does) spoils one try with 1C; a
 * reader that kept the field on has left a session open, which adds a CMAC to the answer. After a Select
 * of the card itself the second try is ours alone.
 */
enum err
desfire_version(struct reader *r, uint8_t out[DF_VERSION_LEN], struct why *w)
{
	struct ev1 wire;
	enum err e;

	memset(&wire, 0, sizeof(wire));
	wire.reader = r;
	e = ev1_command(&wire, DF_GET_VERSION, EV1_PLAIN, NULL, 0, w);
	if (e != ERR_CARD_GONE && !is_version(&wire, e)) {
		e = ev1_select(&wire, df_picc_aid, w);
		if (e == ERR_OK)
			e = ev1_command(&wire, DF_GET_VERSION, EV1_PLAIN, NULL, 0, w);
	}
	if (is_version(&wire, e))
		memcpy(out, wire.answer, DF_VERSION_LEN);
	else if (e != ERR_CARD_GONE)
		e = why_set(w, ERR_CARD_UNKNOWN, MSG_CHIP_UNKNOWN);
	ev1_forget(&wire);
	return e;
}

/* --- steps */

static enum err
mind_loss(struct desfire *d, enum err e)
{
	if (e == ERR_CARD_GONE)
		desfire_forget(d);
	return e;
}

enum err
desfire_send(struct card *c, enum df_ins ins, enum ev1_mode mode, const void *data, size_t len,
    struct why *w)
{
	struct desfire *d = c->driver;

	return mind_loss(d, ev1_command(&d->wire, ins, mode, data, len, w));
}

enum err
desfire_ask(struct card *c, enum df_ins ins, enum ev1_mode mode, const void *data, size_t len,
    size_t answer_len, struct why *w)
{
	struct desfire *d = c->driver;
	enum err e = desfire_send(c, ins, mode, data, len, w);

	if (e != ERR_OK || d->wire.answer_len == answer_len)
		return e;
	ev1_forget(&d->wire);
	return why_set(w, ERR_LEN, MSG_CARD_STRANGE_ANSWER, WHY_CODE(df_command_of(ins)->name));
}

bool
desfire_learnt(const struct card *c, enum err e, unsigned *lessons)
{
	const struct desfire *d = c->driver;
	bool more = e != ERR_OK && e != ERR_CARD_GONE && d->wire.lessons != *lessons;

	*lessons = d->wire.lessons;
	return more;
}

bool
desfire_said(const struct card *c, enum err e, uint8_t status)
{
	const struct desfire *d = c->driver;

	return e != ERR_OK && e != ERR_CARD_GONE && d->wire.status == status;
}

enum err
desfire_select(struct card *c, const uint8_t aid[3], struct why *w)
{
	struct desfire *d = c->driver;
	enum err e;

	d->selected_known = false;
	e = mind_loss(d, ev1_select(&d->wire, aid, w));
	if (e == ERR_OK && d->wire.answer_len != 0)
		e = why_set(w, ERR_LEN, MSG_CARD_STRANGE_ANSWER, WHY_CODE("SelectApplication"));
	if (e == ERR_OK) {
		d->selected_known = true;
		memcpy(d->selected, aid, sizeof(d->selected));
	}
	return e;
}

enum err
desfire_key_version(struct card *c, uint8_t no, uint8_t *version, struct why *w)
{
	struct desfire *d = c->driver;
	enum err e = desfire_ask(c, DF_GET_KEY_VERSION, EV1_PLAIN, &no, 1, 1, w);

	*version = e == ERR_OK ? d->wire.answer[0] : 0;
	return e;
}

static bool
is_selected(const struct desfire *d, const uint8_t aid[3])
{
	return d->selected_known && memcmp(d->selected, aid, sizeof(d->selected)) == 0;
}

bool
desfire_inside(const struct card *c, const uint8_t aid[3], uint8_t no)
{
	const struct desfire *d = c->driver;

	return is_selected(d, aid) && ev1_in_session(&d->wire) && d->wire.session_key_no == no;
}

static bool
was_refused(const struct desfire *d, const struct desfire_refused *r)
{
	for (size_t i = 0; i < d->refused_count; i++)
		if (memcmp(&d->refused[i], r, sizeof(*r)) == 0)
			return true;
	return false;
}

static struct desfire_refused
refusal(const uint8_t aid[3], uint8_t no, const struct card_key *key)
{
	struct desfire_refused r = {.no = no};

	memcpy(r.aid, aid, sizeof(r.aid));
	card_key_kcv(key, r.kcv);
	return r;
}

void
desfire_forget_refused(struct desfire *d, const uint8_t aid[3], uint8_t no)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->refused_count; i++)
		if (d->refused[i].no != no || memcmp(d->refused[i].aid, aid, 3) != 0)
			d->refused[kept++] = d->refused[i];
	d->refused_count = kept;
}

#define KEY_NO_BITS 0x0F	/* the rest of ChangeKey's first byte is the type of a PICC key */

enum err
desfire_change_key(struct card *c, uint8_t wire_no, const struct card_key *fresh,
    uint8_t version, const struct card_key *old, struct why *w)
{
	struct desfire *d = c->driver;
	enum err e = mind_loss(d, ev1_change_key(&d->wire, wire_no, fresh, version, old, w));

	if (e == ERR_OK)
		desfire_forget_refused(d, d->selected, wire_no & KEY_NO_BITS);
	return e;
}

enum err
desfire_authenticate(struct card *c, const uint8_t aid[3], enum df_ins ins, uint8_t no,
    const struct card_key *key, struct why *w)
{
	struct desfire *d = c->driver;
	enum err e = is_selected(d, aid) ? ERR_OK : desfire_select(c, aid, w);

	if (e != ERR_OK)
		return e;
	if (ins == DF_AUTHENTICATE_AES && c->id.kind != CHIP_DESFIRE_EV1)
		return mind_loss(d, ev2_authenticate(&d->wire, no, key, w));
	return mind_loss(d, ev1_authenticate(&d->wire, ins, no, key, w));
}

enum err
desfire_enter(struct card *c, const uint8_t aid[3], enum df_ins ins, uint8_t no,
    const struct card_key *key, struct why *w)
{
	struct desfire *d = c->driver;
	struct desfire_refused r;
	enum err e;

	if (desfire_inside(c, aid, no))
		return ERR_OK;
	r = refusal(aid, no, key);
	if (was_refused(d, &r))
		return why_set(w, ERR_CARD_AUTH, MSG_CARD_KEY_WRONG, WHY_NUM(no));
	e = desfire_authenticate(c, aid, ins, no, key, w);
	if (e != ERR_CARD_AUTH)
		return e;
	if (d->refused_count < DF_REFUSED_CAP)
		d->refused[d->refused_count++] = r;
	return why_set(w, e, MSG_CARD_KEY_WRONG, WHY_NUM(no));
}

/* One of our generations at its place; *epoch becomes the lower of itself and that. */
static enum err
try_own(struct card *c, const struct key_ref *ref, uint16_t *epoch, struct why *w)
{
	struct card_key *key;
	enum err e = card_key_open(c->access.safe, ref, &key, w);

	if (e == ERR_OK)
		e = desfire_enter(c, ref->aid, DF_AUTHENTICATE_AES, ref->key_no, key, w);
	card_key_close(&key);
	if (e == ERR_OK && (*epoch == 0 || ref->epoch < *epoch))
		*epoch = ref->epoch;
	return e;
}

/* What an open intent was about to put there, then what it found there: after a tear it is one of them. */
static enum err
try_named(struct card *c, const struct key_step *step, uint16_t spoken_for, uint16_t *epoch,
    struct why *w)
{
	enum err e = ERR_CARD_AUTH;

	if (step->new_ref.epoch != spoken_for)
		e = try_own(c, &step->new_ref, epoch, w);
	if (e == ERR_CARD_AUTH && step->old_ref.origin == KEY_DERIVED &&
	    step->old_ref.epoch != spoken_for)
		e = try_own(c, &step->old_ref, epoch, w);
	return e;
}

enum err
desfire_enter_own(struct card *c, uint8_t no, uint16_t *epoch, struct why *w)
{
	const struct key_step *named = desfire_step_of(c->named, c->named_count, c->access.aid, no);
	struct key_ref ref = desfire_ref(c, c->access.aid, no, df_loyalty.slots[no], 0);
	uint8_t version = 0;
	enum err e = ERR_OK;

	if (!is_selected(c->driver, c->access.aid))
		e = desfire_select(c, c->access.aid, w);
	if (e == ERR_OK)
		e = desfire_key_version(c, no, &version, w);
	if (e != ERR_OK)
		return e;
	ref.epoch = desfire_epoch(c, version);
	if (ref.epoch != 0)
		e = try_own(c, &ref, epoch, w);
	else if (version != 0)
		e = desfire_strange_generation(c, version, w);
	else
		e = why_set(w, ERR_CARD_AUTH, MSG_CARD_KEY_WRONG, WHY_NUM(no));
	if ((e == ERR_CARD_AUTH || ref.epoch == 0) && named != NULL)
		e = try_named(c, named, ref.epoch, epoch, w);
	return e;
}

enum err
desfire_abort(struct card *c, struct why *w)
{
	enum err e = desfire_ask(c, DF_ABORT_TRANSACTION, EV1_PLAIN, NULL, 0, 0, w);

	return desfire_said(c, e, DF_NO_CHANGES) ? ERR_OK : e;
}

struct key_ref
desfire_ref(const struct card *c, const uint8_t aid[3], uint8_t no, enum key_slot slot,
    uint16_t epoch)
{
	struct key_ref ref = {
		.origin = KEY_DERIVED, .slot = slot, .epoch = epoch,
		.chip_class = CHIP_CLASS_DESFIRE, .key_no = no, .uid_len = c->id.uid_len,
	};

	memcpy(ref.aid, aid, sizeof(ref.aid));
	memcpy(ref.uid, c->id.uid, c->id.uid_len);
	return ref;
}

uint16_t
desfire_epoch(const struct card *c, uint8_t version)
{
	uint16_t held[SAFE_GENERATIONS];
	struct key_ref ref = desfire_ref(c, df_picc_aid, 0, KEY_PICC, 0);

	if (version == 0)
		return 0;
	for (unsigned n = safe_generations(c->access.safe, held); n-- > 0;) {
		ref.epoch = held[n];
		if (key_ref_version(&ref) == version)
			return ref.epoch;
	}
	return 0;
}

/* The lowest generation that carries this version. */
static uint16_t
spoken_of(uint8_t version)
{
	struct key_ref ref = {.origin = KEY_DERIVED, .epoch = 1};

	while (key_ref_version(&ref) != version && ref.epoch < 253)
		ref.epoch++;
	return ref.epoch;
}

enum err
desfire_strange_generation(const struct card *c, uint8_t version, struct why *w)
{
	return why_set(w, ERR_NO_KEY, MSG_CARD_GENERATION, WHY_NUM(spoken_of(version)),
	    WHY_NUM(safe_get_info(c->access.safe)->epoch));
}

/* --- files */

bool
desfire_is_blank(const uint8_t *p, size_t len)
{
	uint8_t all = 0;

	for (size_t i = 0; i < len; i++)
		all |= p[i];
	return all == 0;
}

/* File number, offset and length: three bytes each, low first. */
static struct writer
span(uint8_t *head, size_t cap, uint8_t no, uint32_t off, size_t len)
{
	struct writer w = writer_over(head, cap);

	put_u8(&w, no);
	put_le24(&w, off);
	put_le24(&w, (uint32_t)len);
	return w;
}

enum err
desfire_read_file(struct card *c, uint8_t no, enum ev1_mode mode, uint8_t *out, size_t len,
    struct why *w)
{
	struct desfire *d = c->driver;
	uint8_t head[7];
	enum err e;

	(void)span(head, sizeof(head), no, 0, len);
	e = desfire_ask(c, DF_READ_DATA, mode, head, sizeof(head), len, w);
	if (e == ERR_OK)
		memcpy(out, d->wire.answer, len);
	return e;
}

enum err
desfire_write_file(struct card *c, uint8_t no, enum ev1_mode mode, const uint8_t *data,
    size_t len, struct why *w)
{
	uint8_t all[7 + DF_NDEF_SIZE];
	struct writer out = span(all, sizeof(all), no, 0, len);

	put_bytes(&out, data, len);
	if (out.overflow)
		return why_set(w, ERR_LEN, MSG_CARD_REQUEST_LONG, WHY_NUM(len));
	return desfire_ask(c, DF_WRITE_DATA, mode, all, out.len, 0, w);
}

enum err
desfire_get_value(struct card *c, int32_t *value, struct why *w)
{
	struct desfire *d = c->driver;
	uint8_t no = DF_FILE_VALUE;
	enum err e = desfire_ask(c, DF_GET_VALUE, EV1_MACED, &no, 1, 4, w);
	struct cursor in;

	if (e != ERR_OK)
		return e;
	in = cursor_over(d->wire.answer, 4);
	*value = (int32_t)take_le32(&in);
	return ERR_OK;
}

static bool
is_lines(size_t len, unsigned wanted)
{
	if (wanted != 0)
		return len == (size_t)wanted * LOG_LINE_LEN;
	return len % LOG_LINE_LEN == 0 && len > 0 && len / LOG_LINE_LEN <= CARD_LOG_LINES;
}

/*
 * The card answers oldest first. An empty file is an error like any other: its status has
 * no CMAC, so whoever stands between could take the log away with it.
 */
enum err
desfire_read_log(struct card *c, unsigned count, struct card_content *out, struct why *w)
{
	struct desfire *d = c->driver;
	uint8_t head[7];
	enum err e;

	(void)span(head, sizeof(head), DF_FILE_LOG, 0, count);
	out->log_len = 0;
	e = desfire_send(c, DF_READ_RECORDS, EV1_MACED, head, sizeof(head), w);
	if (e == ERR_OK && !is_lines(d->wire.answer_len, count)) {
		ev1_forget(&d->wire);
		e = why_set(w, ERR_LEN, MSG_CARD_STRANGE_ANSWER, WHY_CODE("ReadRecords"));
	}
	if (e != ERR_OK)
		return e;
	out->log_len = d->wire.answer_len / LOG_LINE_LEN;
	for (size_t i = 0; i < out->log_len; i++)
		memcpy(out->log[i], d->wire.answer + (out->log_len - 1 - i) * LOG_LINE_LEN,
		    LOG_LINE_LEN);
	return ERR_OK;
}
