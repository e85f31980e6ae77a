/* The keys of a card in the making: what will be changed to what, and the handles for it. */
#include <string.h>

#include "cardapps/chip/desfire.h"

/* PICC first; key 0 of our application last of its own: while it is as from the factory, the card is not done. */
static const struct {
	bool in_app;
	uint8_t no;
} order[] = {{false, 0}, {true, 1}, {true, 2}, {true, 3}, {true, 4}, {true, 0}};

static enum err
plan_step(struct card *c, const uint8_t aid[3], uint8_t no, enum key_slot slot, uint16_t epoch,
    struct key_step *out, struct why *w)
{
	struct card_key *key;
	enum err e;

	memset(out, 0, sizeof(*out));
	out->new_ref = desfire_ref(c, aid, no, slot, epoch);
	out->old_ref = desfire_ref(c, aid, no, 0, 0);
	out->old_ref.origin = slot == KEY_PICC ? KEY_FACTORY_DES : KEY_FACTORY_AES;
	e = card_key_open(c->access.safe, &out->new_ref, &key, w);
	if (e == ERR_OK)
		card_key_kcv(key, out->kcv);
	card_key_close(&key);
	return e;
}

enum err
desfire_plan_keys(struct card *c, uint16_t epoch, struct key_step *steps, size_t *count,
    struct why *w)
{
	size_t n = sizeof(order) / sizeof(order[0]);
	enum err e = ERR_OK;

	*count = 0;
	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		uint8_t no = order[i].no;

		if (order[i].in_app)
			e = plan_step(c, c->access.aid, no, df_loyalty.slots[no], epoch, &steps[i], w);
		else
			e = plan_step(c, df_picc_aid, no, KEY_PICC, epoch, &steps[i], w);
	}
	if (e == ERR_OK)
		e = plan_step(c, df_ndef_aid, 0, KEY_NDEF, epoch, &steps[n], w);
	if (e == ERR_OK)
		*count = n + 1;
	return e;
}

const struct key_step *
desfire_step_of(const struct key_step *steps, size_t count, const uint8_t aid[3], uint8_t no)
{
	for (size_t i = 0; i < count; i++) {
		const struct key_ref *r = &steps[i].new_ref;

		if (r->key_no == no && memcmp(r->aid, aid, sizeof(r->aid)) == 0)
			return &steps[i];
	}
	return NULL;
}

static enum err
wrong_plan(const char *what, struct why *w)
{
	return why_set(w, ERR_ARG, MSG_CARD_PLAN, WHY_STR(what));
}

/* The plan must be for this very card, and the key the one whose check value the plan holds. */
enum err
desfire_pair_open(struct card *c, const struct key_step *steps, size_t count,
    const uint8_t aid[3], uint8_t no, struct desfire_pair *out, struct why *w)
{
	const struct key_step *s = desfire_step_of(steps, count, aid, no);
	uint8_t kcv[KCV_LEN];
	enum err e;

	if (s == NULL || s->new_ref.uid_len != c->id.uid_len ||
	    memcmp(s->new_ref.uid, c->id.uid, c->id.uid_len) != 0)
		return wrong_plan("UID", w);
	if (s->new_ref.origin != KEY_DERIVED)
		return wrong_plan("origin", w);
	out->old_ins = s->old_ref.origin == KEY_FACTORY_DES ? DF_AUTHENTICATE_ISO :
	    DF_AUTHENTICATE_AES;
	out->old_version = key_ref_version(&s->old_ref);
	out->version = key_ref_version(&s->new_ref);
	e = card_key_open(c->access.safe, &s->old_ref, &out->old, w);
	if (e == ERR_OK)
		e = card_key_open(c->access.safe, &s->new_ref, &out->fresh, w);
	if (e != ERR_OK)
		return e;
	card_key_kcv(out->fresh, kcv);
	return memcmp(kcv, s->kcv, sizeof(kcv)) == 0 ? ERR_OK : wrong_plan("KCV", w);
}

static enum err
open_pair(struct card *c, const struct card_plan *p, const uint8_t aid[3], uint8_t no,
    struct desfire_pair *out, struct why *w)
{
	return desfire_pair_open(c, p->steps, p->step_count, aid, no, out, w);
}

void
desfire_pair_close(struct desfire_pair *k)
{
	card_key_close(&k->old);
	card_key_close(&k->fresh);
}

enum err
desfire_keys_open(struct card *c, const struct card_plan *p, struct desfire_keys *k,
    struct why *w)
{
	const struct key_ref factory = {.origin = KEY_FACTORY_AES};
	enum err e;

	memset(k, 0, sizeof(*k));
	e = open_pair(c, p, df_picc_aid, 0, &k->picc, w);
	for (uint8_t no = 0; no < DF_KEY_COUNT && e == ERR_OK; no++)
		e = open_pair(c, p, c->access.aid, no, &k->app[no], w);
	if (e == ERR_OK && p->url != NULL)
		e = open_pair(c, p, df_ndef_aid, 0, &k->ndef, w);
	if (e == ERR_OK)
		e = card_key_open(c->access.safe, &factory, &k->factory, w);
	if (e != ERR_OK)
		desfire_keys_close(k);
	return e;
}

void
desfire_keys_close(struct desfire_keys *k)
{
	desfire_pair_close(&k->picc);
	for (size_t no = 0; no < DF_KEY_COUNT; no++)
		desfire_pair_close(&k->app[no]);
	desfire_pair_close(&k->ndef);
	card_key_close(&k->factory);
}

/* --- which key stands */

bool
desfire_is_done(const struct desfire_pair *k, const struct desfire_standing *s)
{
	return s->fresh && s->version == k->version;
}

enum err
desfire_enter_as(struct card *c, const uint8_t aid[3], uint8_t no, const struct desfire_pair *k,
    const struct desfire_standing *s, struct why *w)
{
	if (s->fresh)
		return desfire_enter(c, aid, DF_AUTHENTICATE_AES, no, k->fresh, w);
	return desfire_enter(c, aid, k->old_ins, no, k->old, w);
}

enum err
desfire_find_key(struct card *c, const uint8_t aid[3], uint8_t no, const struct desfire_pair *k,
    struct desfire_standing *s, struct why *w)
{
	enum err e = desfire_enter_as(c, aid, no, k, s, w);

	if (e != ERR_CARD_AUTH || k->old == NULL)
		return e;
	s->fresh = !s->fresh;
	return desfire_enter_as(c, aid, no, k, s, w);
}
