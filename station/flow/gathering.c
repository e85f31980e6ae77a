#include "station/flow/gathering.h"

#include <stdio.h>
#include <string.h>

#include "station/base/secret.h"
#include "station/flow/settings.h"

/* In secret memory. */
struct gathering {
	struct station *s;
	struct share typed;			/* being typed */
	struct share share[SHARES_MAX];
	struct share_facts facts[SHARES_MAX];
	unsigned count;
	bool known;				/* the book has their ceremony */
	struct store_custody ceremony;
};

enum err
gathering_begin(struct station *s, struct gathering **out, struct why *w)
{
	*out = secret_alloc(sizeof(**out));
	if (*out == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	(*out)->s = s;
	return ERR_OK;
}

void
gathering_close(struct gathering **g)
{
	secret_free(*g, sizeof(**g));
	*g = NULL;
}

/* --- one share */

/* Does the share belong to this club, and is it what was given out, as far as the book knows? */
static enum err
judge(struct gathering *g, const struct share_facts *f, struct why *w)
{
	uint8_t hash[SHARE_HASH_LEN];
	struct why mine = {0};
	enum err e;

	if (f->test != g->s->test)
		return why_set(w, ERR_REFUSED, f->test ? MSG_SHARE_OF_PRACTICE : MSG_SHARE_OF_REAL, WHY_NUM(f->index));
	if (memcmp(f->club, g->s->club, sizeof(f->club)) != 0)
		return why_set(w, ERR_REFUSED, MSG_SHARE_OTHER_CLUB, WHY_NUM(f->index));
	if (g->count > 0 && f->generation != g->facts[0].generation)
		return why_set(w, ERR_REFUSED, MSG_SHARE_OTHER_GENERATION, WHY_NUM(f->index), WHY_NUM(f->generation),
		    WHY_NUM(g->facts[0].generation));
	e = custody_ceremony(g->s, f->generation, &g->ceremony, &mine);
	g->known = e == ERR_OK;
	if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	else if (e != ERR_OK && w != NULL)
		*w = mine;
	if (e != ERR_OK)
		return e;
	if ((g->known && memcmp(f->set, g->ceremony.set, sizeof(f->set)) != 0) ||
	    (g->count > 0 && !share_same_set(f, &g->facts[0])))
		return why_set(w, ERR_REFUSED, MSG_SHARE_OTHER_SET, WHY_NUM(f->index));
	for (unsigned i = 0; i < g->count; i++)
		if (g->facts[i].index == f->index)
			return why_set(w, ERR_REFUSED, MSG_SHARE_TWICE, WHY_NUM(f->index));
	share_hash(&g->typed, hash);
	if (g->known && (f->index > g->ceremony.shares ||
	    memcmp(hash, g->ceremony.hash[f->index - 1], sizeof(hash)) != 0))
		e = why_set(w, ERR_SIGNATURE, MSG_SHARE_FORGED, WHY_NUM(f->index));
	WIPE(hash);
	return e;
}

enum err
gathering_line(struct gathering *g, unsigned line, const char *typed, struct why *w)
{
	struct share_facts f;
	enum err e = words_take(&g->typed, line, typed, w);

	if (e != ERR_OK || line + 1 < SHARE_LINES)
		return e;
	e = share_read(&g->typed, &f, w);
	if (e == ERR_OK && g->count == SHARES_MAX)
		e = why_set(w, ERR_REFUSED, MSG_SHARE_TWICE, WHY_NUM(f.index));
	if (e == ERR_OK)
		e = judge(g, &f, w);
	if (e == ERR_OK) {
		g->share[g->count] = g->typed;
		g->facts[g->count++] = f;
	}
	WIPE(g->typed);
	return e;
}

unsigned
gathering_count(const struct gathering *g)
{
	return g->count;
}

unsigned
gathering_needed(const struct gathering *g)
{
	return g->count > 0 ? g->facts[0].needed : 0;
}

uint16_t
gathering_generation(const struct gathering *g)
{
	return g->count > 0 ? g->facts[0].generation : 0;
}

static void
person(const struct gathering *g, unsigned i, char out[CUSTODY_NAME_CAP])
{
	out[0] = '\0';
	if (g->known)
		custody_person(&g->ceremony, g->ceremony.persons == 1 ? 1 : g->facts[i].index, out);
}

unsigned
gathering_last(const struct gathering *g, char out[CUSTODY_NAME_CAP])
{
	out[0] = '\0';
	if (g->count == 0)
		return 0;
	person(g, g->count - 1, out);
	return g->facts[g->count - 1].index;
}

/* --- all of them */

/* The people whose shares are here; a share nobody is known for goes by its number. */
static void
list_people(const struct gathering *g, struct store_custody *c)
{
	char name[CUSTODY_NAME_CAP];
	size_t used = 0;

	c->persons = g->known && g->ceremony.persons == 1 ? 1 : g->count;
	for (unsigned i = 0; i < c->persons; i++) {
		person(g, i, name);
		if (name[0] == '\0')
			(void)snprintf(name, sizeof(name), "#%u", g->facts[i].index);
		used += (size_t)snprintf(c->people + used, sizeof(c->people) - used, "%s%s", i > 0 ? "\n" : "", name);
	}
}

/* The masters, and what is known of them for book and report. */
static enum err
join(const struct gathering *g, enum custody_act act, struct masters **m, struct store_custody *c,
    struct gathering_report *out, struct why *w)
{
	enum err e = share_join(g->share, g->count, m, w);

	memset(c, 0, sizeof(*c));
	memset(out, 0, sizeof(*out));
	if (e == ERR_OK)
		e = custody_kcvs(c, *m, w);
	if (e != ERR_OK)
		return e;
	c->act = act;
	c->generation = masters_generation(*m);
	c->needed = g->facts[0].needed;
	memcpy(c->set, g->facts[0].set, sizeof(c->set));
	list_people(g, c);
	out->generation = c->generation;
	out->bits = masters_bits(*m);
	out->used = g->count;
	memcpy(out->people, c->people, sizeof(out->people));
	memcpy(out->kcv, c->kcv, sizeof(out->kcv));
	return ERR_OK;
}

static enum err
compare(const struct gathering *g, struct gathering_report *r, struct why *w)
{
	const struct safe *safe = g->s->safe;
	uint8_t held[KCV_LEN];
	enum err e = ERR_OK;

	for (unsigned slot = 0; e == ERR_OK && slot < KEY_SLOT_COUNT; slot++) {
		if (!safe_holds(safe, (enum key_slot)slot, r->generation))
			continue;
		r->slots |= UINT32_C(1) << slot;
		e = safe_kcv(safe, (enum key_slot)slot, r->generation, held, w);
		if (e == ERR_OK && memcmp(held, r->kcv + slot * KCV_LEN, KCV_LEN) != 0)
			e = why_set(w, ERR_REFUSED, MSG_DRILL_DIFFERS, WHY_NUM(r->generation));
	}
	if (e == ERR_OK && r->slots == 0)
		e = why_set(w, ERR_REFUSED, MSG_DRILL_NOTHING, WHY_NUM(r->generation));
	return e;
}

enum err
gathering_drill(struct gathering *g, struct gathering_report *out, struct why *w)
{
	struct store_custody c;
	struct masters *m = NULL;
	enum err e = join(g, CUSTODY_DRILL, &m, &c, out, w);

	masters_close(&m);
	if (e == ERR_OK)
		e = compare(g, out, w);
	return e == ERR_OK ? custody_note(g->s, &c, NULL, w) : e;
}

static enum err
check_age(const struct gathering *g, bool older, struct why *w)
{
	const uint16_t newest = safe_get_info(g->s->safe)->epoch;
	const uint16_t theirs = gathering_generation(g);

	if (theirs < newest && !older)
		return why_set(w, ERR_REFUSED, MSG_RESTORE_OLDER, WHY_NUM(newest), WHY_NUM(theirs));
	return ERR_OK;
}

enum err
gathering_restore(struct gathering *g, uint32_t slots, bool older, const char *pass, size_t pass_len,
    struct gathering_report *out, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct store_custody c;
	struct masters *m = NULL;
	enum err e = check_age(g, older, w);

	if (e == ERR_OK)
		e = station_path(g->s, STATION_SAFE, path, w);
	if (e == ERR_OK)
		e = join(g, CUSTODY_RESTORE, &m, &c, out, w);
	if (e == ERR_OK)
		e = safe_import(path, pass, pass_len, m, slots, w);
	masters_close(&m);
	if (e != ERR_OK)
		return e;
	out->slots = slots;
	return custody_note(g->s, &c, NULL, w);
}
