/*
 * Moving a card's keys to another generation. The plan says which keys this station can move; the
 * roll does what of it is not done yet:
 *
 *   NDEF key -> PICC key -> keys of our application: with a second key set all at once,
 *   without one 1-3 under key 4, then 4 and 0 under key 0 -> key 3, for the record
 *
 * Each step is whole or not at all, and each key says by its version which it is, so a tear leaves
 * a card that every station with both generations opens, and that the next roll finishes. Our application comes
 * last because its keys are those that a till needs: until then the card works where the new generation is not held.
 */
#include <string.h>

#include "cardapps/chip/desfire.h"

/* A key's place: of which application, and its number. */
struct place {
	const uint8_t *aid;
	uint8_t no;
	enum key_slot slot;
};

static struct place
app_key(const struct card *c, uint8_t no)
{
	return (struct place){c->access.aid, no, df_loyalty.slots[no]};
}

static const struct place picc_key = {df_picc_aid, 0, KEY_PICC};
static const struct place ndef_key = {df_ndef_aid, 0, KEY_NDEF};

static uint8_t
changer_of(uint8_t no)
{
	return no == DF_KEY_ADMIN || no == DF_KEY_CHANGE ? DF_KEY_ADMIN : DF_KEY_CHANGE;
}

/* --- what the card says of its keys */

static enum err
look_at_app(struct card *c, struct desfire_versions *v, struct why *w)
{
	uint16_t epoch = 0;
	enum err e = ERR_OK;

	if (!desfire_inside(c, c->access.aid, DF_KEY_WRITE))
		e = desfire_enter_own(c, DF_KEY_WRITE, &epoch, w);
	for (uint8_t no = 0; no < DF_KEY_COUNT && e == ERR_OK; no++)
		e = desfire_key_version(c, no, &v->app[no], w);
	return e;
}

static enum err
look_at_picc(struct card *c, struct desfire_versions *v, struct why *w)
{
	struct desfire *d = c->driver;
	enum err e = ERR_OK;

	v->picc = d->picc_version;
	if (d->picc_known)
		return ERR_OK;
	e = desfire_select(c, df_picc_aid, w);
	return e == ERR_OK ? desfire_key_version(c, 0, &v->picc, w) : e;
}

/* The application for phones stays selected: a roll begins there. */
static enum err
look_at_ndef(struct card *c, struct desfire_versions *v, struct why *w)
{
	enum err e = desfire_select(c, df_ndef_aid, w);

	if (desfire_said(c, e, DF_APPLICATION_NOT_FOUND))
		return ERR_OK;
	if (e == ERR_OK)
		e = desfire_key_version(c, 0, &v->ndef, w);
	v->has_ndef = e == ERR_OK && v->ndef != 0;
	return e;
}

static enum err
look(struct card *c, struct desfire_versions *v, struct why *w)
{
	enum err e;

	memset(v, 0, sizeof(*v));
	e = look_at_app(c, v, w);
	if (e == ERR_OK)
		e = look_at_picc(c, v, w);
	if (e == ERR_OK)
		e = look_at_ndef(c, v, w);
	return e;
}

/* --- the plan */

struct planning {
	struct card *c;
	uint16_t epoch;
	bool all;
	const struct desfire_versions *seen;
	struct card_roll_plan *out;
};

static bool
holds(const struct planning *p, enum key_slot slot, uint16_t epoch)
{
	return epoch != 0 && safe_holds(p->c->access.safe, slot, epoch);
}

/* Can the key at `at`, of generation `now`, be changed here? Its own generations, and those of the key it changes under. */
static bool
can_change(const struct planning *p, const struct place *at, uint16_t now)
{
	const bool in_app = at->aid == p->c->access.aid;
	const uint8_t under = in_app ? changer_of(at->no) : at->no;

	if (now == 0 || now >= p->epoch || !holds(p, at->slot, now) || !holds(p, at->slot, p->epoch))
		return false;
	if (!p->all && (!in_app || under != DF_KEY_CHANGE))
		return false;
	return !in_app || under == at->no ||
	    holds(p, df_loyalty.slots[under], desfire_epoch(p->c, p->seen->app[under]));
}

static enum err
plan_key(const struct planning *p, struct place at, uint8_t version, struct why *w)
{
	const uint16_t now = desfire_epoch(p->c, version);
	struct key_step *s = &p->out->steps[p->out->count];
	const bool moves = can_change(p, &at, now);
	const uint16_t then = moves ? p->epoch : now;
	struct card_key *key;
	enum err e;

	if (now == 0)
		return desfire_strange_generation(p->c, version, w);
	if (p->out->lowest == 0 || then < p->out->lowest)
		p->out->lowest = then;
	if (!moves)
		return ERR_OK;
	s->old_ref = desfire_ref(p->c, at.aid, at.no, at.slot, now);
	s->new_ref = desfire_ref(p->c, at.aid, at.no, at.slot, p->epoch);
	e = card_key_open(p->c->access.safe, &s->new_ref, &key, w);
	if (e == ERR_OK) {
		card_key_kcv(key, s->kcv);
		p->out->count++;
	}
	card_key_close(&key);
	return e;
}

static enum err
plan_once(const struct planning *p, struct why *w)
{
	struct desfire *d = p->c->driver;
	enum err e = look(p->c, &d->versions, w);

	memset(p->out, 0, sizeof(*p->out));
	if (e == ERR_OK && d->versions.has_ndef)
		e = plan_key(p, ndef_key, d->versions.ndef, w);
	if (e == ERR_OK)
		e = plan_key(p, picc_key, d->versions.picc, w);
	for (uint8_t no = 0; no < DF_KEY_COUNT && e == ERR_OK; no++)
		e = plan_key(p, app_key(p->c, no), d->versions.app[no], w);
	d->versions_known = e == ERR_OK;
	return e;
}

enum err
desfire_plan_roll(struct card *c, uint16_t epoch, bool all, struct card_roll_plan *out,
    struct why *w)
{
	struct desfire *d = c->driver;
	const struct planning p = {c, epoch, all, &d->versions, out};
	unsigned lessons = d->wire.lessons;
	enum err e = plan_once(&p, w);

	while (desfire_learnt(c, e, &lessons)) {
		desfire_forget(d);
		e = plan_once(&p, w);
	}
	return e;
}

/* --- the roll */

/* A key on its way: without a step of its own it has one key, the one that its version speaks for. */
struct moving {
	struct desfire_pair k;
	struct desfire_standing s;
	bool has_step;
};

struct rolling {
	struct card *c;
	const struct key_step *steps;
	size_t count;
	struct moving ndef, picc, app[DF_KEY_COUNT];
	bool planned;		/* what the card says was seen just now: no key is in doubt */
	unsigned step;
};

static void
done(struct rolling *r)
{
	const unsigned of = (unsigned)r->count;

	if (r->step < of)
		r->step++;
	if (r->c->progress != NULL)
		r->c->progress(r->c->progress_ctx, r->step, of);
}

static enum err
open_by_version(struct card *c, struct place at, struct moving *m, struct why *w)
{
	const struct key_ref ref = desfire_ref(c, at.aid, at.no, at.slot, desfire_epoch(c, m->s.version));

	m->s.fresh = true;
	m->k.version = m->s.version;
	return card_key_open(c->access.safe, &ref, &m->k.fresh, w);
}

/*
 * The keys of the step, if the version is one of its two, or says nothing. A key that another station has
 * meanwhile moved further is left as it is. A key without a step is needed only if others change under it.
 */
static enum err
open_key(struct rolling *r, struct place at, uint8_t version, bool needed, struct moving *m,
    struct why *w)
{
	const struct key_step *s = desfire_step_of(r->steps, r->count, at.aid, at.no);
	const uint16_t epoch = desfire_epoch(r->c, version);
	enum err e;

	m->s.version = version;
	m->has_step = s != NULL && (epoch == 0 || epoch == s->old_ref.epoch || epoch == s->new_ref.epoch);
	if (m->has_step) {
		e = desfire_pair_open(r->c, r->steps, r->count, at.aid, at.no, &m->k, w);
		m->s.fresh = version != m->k.old_version;
		return e;
	}
	if (!needed)
		return ERR_OK;
	return epoch != 0 ? open_by_version(r->c, at, m, w) : desfire_strange_generation(r->c, version, w);
}

static bool
is_due(const struct moving *m)
{
	return m->has_step && !desfire_is_done(&m->k, &m->s);
}

static bool
changes_under(const struct rolling *r, uint8_t changer)
{
	for (uint8_t no = 0; no < DF_KEY_COUNT; no++)
		if (changer_of(no) == changer &&
		    desfire_step_of(r->steps, r->count, r->c->access.aid, no) != NULL)
			return true;
	return false;
}

static enum err
open_keys(struct rolling *r, const struct desfire_versions *v, struct why *w)
{
	enum err e = ERR_OK;

	if (v->has_ndef)
		e = open_key(r, ndef_key, v->ndef, false, &r->ndef, w);
	if (e == ERR_OK)
		e = open_key(r, picc_key, v->picc, false, &r->picc, w);
	for (uint8_t no = 0; no < DF_KEY_COUNT && e == ERR_OK; no++)
		e = open_key(r, app_key(r->c, no), v->app[no], changes_under(r, no), &r->app[no], w);
	return e;
}

static void
close_keys(struct rolling *r)
{
	desfire_pair_close(&r->ndef.k);
	desfire_pair_close(&r->picc.k);
	for (size_t no = 0; no < DF_KEY_COUNT; no++)
		desfire_pair_close(&r->app[no].k);
}

/*
 * A key that changes itself answers without a MAC: it is proven by authenticating with it. So is one
 * that was done before.
 */
static enum err
move_single(struct rolling *r, struct place at, uint8_t wire_no, struct moving *m, struct why *w)
{
	enum err e;

	if (!m->has_step)
		return ERR_OK;
	e = desfire_find_key(r->c, at.aid, at.no, &m->k, &m->s, w);
	if (e != ERR_OK || !is_due(m))
		return e;
	e = desfire_change_key(r->c, wire_no, m->k.fresh, m->k.version, NULL, w);
	if (e != ERR_OK)
		return e;
	m->s = (struct desfire_standing){m->k.version, true};
	done(r);
	return desfire_enter_as(r->c, at.aid, at.no, &m->k, &m->s, w);
}

static enum err
enter_app(struct rolling *r, uint8_t no, struct why *w)
{
	return desfire_enter_as(r->c, r->c->access.aid, no, &r->app[no].k, &r->app[no].s, w);
}

/* Which keys stand is known of the plan; at another presentation it is tried. */
static enum err
find_app_keys(struct rolling *r, struct why *w)
{
	enum err e = ERR_OK;

	for (uint8_t no = 0; no < DF_KEY_COUNT && e == ERR_OK && !r->planned; no++)
		if (r->app[no].has_step)
			e = desfire_find_key(r->c, r->c->access.aid, no, &r->app[no].k, &r->app[no].s, w);
	return e;
}

/* The set is rolled only if all five move, and from what they were. */
static enum err
move_set(struct rolling *r, bool *rolled, struct why *w)
{
	struct desfire_set set = {.version = r->app[0].k.version};
	enum err e;

	*rolled = false;
	for (uint8_t no = 0; no < DF_KEY_COUNT; no++) {
		if (!is_due(&r->app[no]) || r->app[no].s.fresh || r->app[no].k.version != set.version)
			return ERR_OK;
		set.keys[no] = &r->app[no].k;
	}
	e = desfire_roll_set(r->c, &set, rolled, w);
	for (uint8_t no = 0; no < DF_KEY_COUNT && *rolled; no++) {
		r->app[no].s = (struct desfire_standing){set.version, true};
		done(r);
	}
	return e;
}

static enum err
move_app_key(struct rolling *r, uint8_t no, struct why *w)
{
	struct moving *m = &r->app[no];
	const uint8_t under = changer_of(no);
	enum err e;

	if (!is_due(m))
		return ERR_OK;
	e = enter_app(r, under, w);
	if (e == ERR_OK)
		e = desfire_change_key(r->c, no, m->k.fresh, m->k.version,
		    no == under ? NULL : m->s.fresh ? m->k.fresh : m->k.old, w);
	if (e == ERR_OK) {
		m->s = (struct desfire_standing){m->k.version, true};
		done(r);
	}
	return e;
}

static enum err
move_app(struct rolling *r, struct why *w)
{
	static const uint8_t order[] = {DF_KEY_READ, DF_KEY_DEBIT, DF_KEY_WRITE, DF_KEY_CHANGE, DF_KEY_ADMIN};
	bool rolled = false;
	enum err e = find_app_keys(r, w);

	if (e == ERR_OK && r->c->id.kind != CHIP_DESFIRE_EV1)
		e = move_set(r, &rolled, w);
	for (size_t i = 0; i < sizeof(order) && e == ERR_OK && !rolled; i++)
		e = move_app_key(r, order[i], w);
	return e;
}

/* In a session that only the true card can keep: key 0 said of itself without a MAC that it changed. */
static enum err
prove_app(struct rolling *r, struct why *w)
{
	const struct moving *admin = &r->app[DF_KEY_ADMIN];
	uint16_t epoch = 0;
	uint8_t version;
	enum err e = desfire_enter_own(r->c, DF_KEY_WRITE, &epoch, w);

	if (e != ERR_OK || !admin->has_step)
		return e;
	e = desfire_key_version(r->c, DF_KEY_ADMIN, &version, w);
	if (e == ERR_OK && version != admin->k.version)
		e = why_set(w, ERR_CARD_SW, MSG_CARD_READ_BACK, WHY_STR("key version"));
	return e;
}

static enum err
roll_once(struct card *c, const struct key_step *steps, size_t count, struct why *w)
{
	struct rolling r = {.c = c, .steps = steps, .count = count};
	struct desfire *d = c->driver;
	enum err e = ERR_OK;

	r.planned = d->versions_known;
	d->versions_known = false;
	if (!r.planned)
		e = look(c, &d->versions, w);
	if (e == ERR_OK)
		e = open_keys(&r, &d->versions, w);
	if (e == ERR_OK)
		e = move_single(&r, ndef_key, 0, &r.ndef, w);
	if (e == ERR_OK)
		e = move_single(&r, picc_key, 0x80, &r.picc, w);
	if (e == ERR_OK)
		e = move_app(&r, w);
	if (e == ERR_OK)
		e = prove_app(&r, w);
	d->picc_known = false;
	close_keys(&r);
	return e;
}

enum err
desfire_roll(struct card *c, const struct key_step *steps, size_t count, struct why *w)
{
	struct desfire *d = c->driver;
	unsigned lessons = d->wire.lessons;
	enum err e = roll_once(c, steps, count, w);

	while (desfire_learnt(c, e, &lessons)) {
		desfire_forget(d);
		e = roll_once(c, steps, count, w);
	}
	return e;
}
