#include "station/flow/ceremony.h"

#include <stdio.h>
#include <string.h>

#include "keys/component.h"
#include "station/base/secret.h"
#include "station/flow/settings.h"
#include "station/text/text.h"

/* In secret memory. */
struct ceremony {
	struct ceremony_plan plan;	/* its names are not looked at again */
	uint8_t club[4];
	bool test;
	struct store_custody facts;
	struct component component[CEREMONY_COMPONENTS];
	bool given[CEREMONY_COMPONENTS];
	struct masters *m;
	struct share share[SHARES_MAX];
	bool proven[SHARES_MAX];
};

/* --- the plan */

static enum err
check_generation(const struct station *s, const struct ceremony_plan *p, struct why *w)
{
	const uint16_t newest = safe_get_info(s->safe)->epoch;

	if (newest > 0 && !p->next)
		return why_set(w, ERR_REFUSED, MSG_CEREMONY_HELD, WHY_NUM(newest));
	if (newest == 0 && p->next)
		return why_set(w, ERR_REFUSED, MSG_CEREMONY_FIRST);
	if (newest == UINT16_MAX)
		return why_set(w, ERR_REFUSED, MSG_CEREMONY_HELD, WHY_NUM(newest));
	return ERR_OK;
}

/* Two custodians must be two people, however their names are written. */
static enum err
add_person(struct ceremony *c, const char *typed, char (*folds)[TEXT_FOLD_CAP], size_t n, struct why *w)
{
	char name[CUSTODY_NAME_CAP];
	const size_t used = strlen(c->facts.people);
	enum err e = text_clean_name(typed, name, sizeof(name), w);

	if (e != ERR_OK)
		return e;
	if (!text_fold(name, folds[n], TEXT_FOLD_CAP))
		return why_set(w, ERR_LEN, MSG_CUSTODIAN_NAME, WHY_STR(name));
	for (size_t i = 0; i < n; i++)
		if (strcmp(folds[i], folds[n]) == 0)
			return why_set(w, ERR_REFUSED, MSG_CUSTODIAN_TWICE, WHY_STR(name));
	(void)snprintf(c->facts.people + used, sizeof(c->facts.people) - used, "%s%s", n > 0 ? "\n" : "", name);
	return ERR_OK;
}

static enum err
take_people(struct ceremony *c, const struct ceremony_plan *p, struct why *w)
{
	char folds[SHARES_MAX][TEXT_FOLD_CAP];
	enum err e = ERR_OK;

	if (p->count == 0 || p->count > SHARES_MAX)
		return why_set(w, ERR_USAGE, MSG_CUSTODIANS_NEEDED, WHY_NUM(SHARES_MIN), WHY_NUM(SHARES_MAX));
	if (p->alone != (p->count == 1))
		return why_set(w, ERR_REFUSED, p->alone ? MSG_CEREMONY_NOT_ALONE : MSG_CEREMONY_ALONE);
	for (size_t i = 0; e == ERR_OK && i < p->count; i++)
		e = add_person(c, p->custodian[i], folds, i, w);
	c->facts.persons = (unsigned)p->count;
	return e;
}

static enum err
take_numbers(struct ceremony *c, const struct ceremony_plan *p, struct why *w)
{
	const unsigned shares = p->alone ? ALONE_SHARES : (unsigned)p->count;

	c->facts.shares = shares;
	c->facts.needed = p->needed != 0 ? p->needed : shares / 2 + 1;
	if (c->facts.needed < SHARES_MIN || c->facts.needed > shares)
		return why_set(w, ERR_USAGE, MSG_CEREMONY_NEEDED, WHY_NUM(SHARES_MIN), WHY_NUM(shares));
	if (p->bits != 128 && p->bits != 256)
		return why_set(w, ERR_USAGE, MSG_CEREMONY_BITS);
	return ERR_OK;
}

enum err
ceremony_begin(struct station *s, const struct ceremony_plan *p, struct ceremony **out, struct why *w)
{
	struct ceremony *c;
	enum err e = check_generation(s, p, w);

	*out = NULL;
	if (e != ERR_OK)
		return e;
	c = secret_alloc(sizeof(*c));
	if (c == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	c->plan = *p;
	c->test = s->test;
	memcpy(c->club, s->club, sizeof(c->club));
	c->facts.act = CUSTODY_CEREMONY;
	c->facts.generation = (uint16_t)(safe_get_info(s->safe)->epoch + 1);
	e = take_people(c, p, w);
	if (e == ERR_OK)
		e = take_numbers(c, p, w);
	if (e != ERR_OK)
		ceremony_close(&c);
	*out = c;
	return e;
}

void
ceremony_close(struct ceremony **c)
{
	if (*c == NULL)
		return;
	masters_close(&(*c)->m);
	secret_free(*c, sizeof(**c));
	*c = NULL;
}

uint16_t
ceremony_generation(const struct ceremony *c)
{
	return c->facts.generation;
}

unsigned
ceremony_shares(const struct ceremony *c)
{
	return c->facts.shares;
}

unsigned
ceremony_needed(const struct ceremony *c)
{
	return c->facts.needed;
}

void
ceremony_person(const struct ceremony *c, unsigned index, char out[CUSTODY_NAME_CAP])
{
	custody_person(&c->facts, c->facts.persons == 1 ? 1 : index, out);
}

/* --- keys and shares */

enum err
ceremony_component(struct ceremony *c, unsigned which, const char *typed, uint8_t kcv[KCV_LEN],
    struct why *w)
{
	enum err e = component_read(typed, &c->component[which], w);

	c->given[which] = e == ERR_OK;
	return e == ERR_OK ? component_kcv(&c->component[which], kcv, w) : e;
}

static enum err
make_masters(struct ceremony *c, struct why *w)
{
	const struct ceremony_plan *p = &c->plan;

	if (!p->components)
		return masters_random(c->club, c->test, c->facts.generation, p->bits, &c->m, w);
	if (!c->given[0] || !c->given[1])
		return why_set(w, ERR_REFUSED, MSG_COMPONENT_MISSING);
	return masters_from_components(c->club, c->test, c->facts.generation, p->bits, &c->component[0],
	    &c->component[1], &c->m, w);
}

enum err
ceremony_make(struct ceremony *c, struct why *w)
{
	struct share_facts facts;
	enum err e = make_masters(c, w);

	WIPE(c->component);
	if (e == ERR_OK)
		e = share_split(c->m, c->facts.needed, c->facts.shares, c->share, w);
	if (e == ERR_OK)
		e = custody_kcvs(&c->facts, c->m, w);
	if (e == ERR_OK)
		e = share_read(&c->share[0], &facts, w);
	if (e != ERR_OK)
		return e;
	memcpy(c->facts.set, facts.set, sizeof(c->facts.set));
	for (unsigned i = 0; i < c->facts.shares; i++)
		share_hash(&c->share[i], c->facts.hash[i]);
	return ERR_OK;
}

void
ceremony_kcv(const struct ceremony *c, enum key_slot slot, uint8_t kcv[KCV_LEN])
{
	memcpy(kcv, c->facts.kcv + (size_t)slot * KCV_LEN, KCV_LEN);
}

void
ceremony_line(const struct ceremony *c, unsigned index, unsigned line, enum words_lang lang,
    char out[WORDS_LINE_CAP])
{
	words_spell(&c->share[index - 1], line, lang, out);
}

enum err
ceremony_prove(struct ceremony *c, unsigned index, const char *typed, struct why *w)
{
	enum err e = words_prove(&c->share[index - 1], typed, w);

	if (e == ERR_OK)
		c->proven[index - 1] = true;
	return e;
}

const struct share *
ceremony_share(const struct ceremony *c, unsigned index)
{
	return &c->share[index - 1];
}

/* --- the end */

static enum err
check_end(const struct ceremony *c, const char *place, struct why *w)
{
	for (unsigned i = 0; i < c->facts.shares; i++)
		if (!c->proven[i])
			return why_set(w, ERR_REFUSED, MSG_CEREMONY_NOT_PROVEN, WHY_NUM(i + 1));
	if (c->plan.alone && (place == NULL || place[0] == '\0'))
		return why_set(w, ERR_REFUSED, MSG_CEREMONY_PLACE);
	return ERR_OK;
}

static enum err
held(const struct ceremony *c, struct why *w)
{
	return why_set(w, ERR_REFUSED, MSG_CEREMONY_HELD, WHY_NUM(c->facts.generation));
}

/* Another ceremony may have ended since this one began: the safe as it is now is asked, not the one that was opened. */
static enum err
note_ceremony(struct station *s, struct ceremony *c, const char *path, const char *place, struct why *w)
{
	struct safe_info now;
	enum err e = store_begin(s->store, w);

	if (e == ERR_OK)
		e = safe_peek(path, &now, w);
	if (e == ERR_OK && now.epoch >= c->facts.generation)
		e = held(c, w);
	if (e == ERR_OK)
		e = custody_note_in(s, &c->facts, c->plan.alone ? place : NULL, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

/* The shares the book knows last are those of the masters that come in: whoever noted others since has its turn. */
static enum err
bring_in(struct station *s, const struct ceremony *c, const char *path, const char *pass, size_t pass_len,
    struct why *w)
{
	struct store_custody last, there = c->facts;
	enum err e = store_begin(s->store, w);

	there.act = CUSTODY_IMPORT;
	if (e == ERR_OK)
		e = custody_ceremony(s, c->facts.generation, &last, w);
	if (e == ERR_OK && memcmp(last.set, c->facts.set, sizeof(last.set)) != 0)
		e = held(c, w);
	if (e == ERR_OK)
		e = safe_import(path, pass, pass_len, c->m, custody_slots(s), w);
	if (e == ERR_OK)
		e = custody_note_in(s, &there, NULL, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

enum err
ceremony_finish(struct station *s, struct ceremony *c, const char *place, const char *pass,
    size_t pass_len, struct why *w)
{
	char path[STATION_PATH_CAP];
	enum err e = check_end(c, place, w);

	if (e == ERR_OK)
		e = station_path(s, STATION_SAFE, path, w);
	if (e == ERR_OK)
		e = note_ceremony(s, c, path, place, w);
	return e == ERR_OK ? bring_in(s, c, path, pass, pass_len, w) : e;
}
