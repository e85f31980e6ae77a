#include "station/flow/custody.h"

#include <stdlib.h>
#include <string.h>

#include "keys/role.h"
#include "station/base/clock.h"
#include "station/store/journal.h"

#define ALONE_CAP 24

/* --- what is allowed */

static enum err
is_on_record(struct station *s, enum custody_act act, uint16_t generation, bool *found, struct why *w)
{
	struct store_custody c;
	struct why mine;
	enum err e = store_custody_last(s->store, act, generation, &c, &mine);

	*found = e == ERR_OK;
	if (e != ERR_OK && e != ERR_NOT_FOUND && w != NULL)
		*w = mine;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
custody_may_issue(struct station *s, struct why *w)
{
	const uint16_t newest = safe_get_info(s->safe)->epoch;
	bool drilled = false, restored = false;
	enum err e;

	if (s->test)
		return ERR_OK;
	if (newest == 0)
		return why_set(w, ERR_REFUSED, MSG_NO_KEYS_YET);
	e = is_on_record(s, CUSTODY_DRILL, newest, &drilled, w);
	if (e == ERR_OK && !drilled)
		e = is_on_record(s, CUSTODY_RESTORE, newest, &restored, w);
	if (e == ERR_OK && !drilled && !restored)
		return why_set(w, ERR_REFUSED, MSG_DRILL_FIRST, WHY_NUM(newest));
	return e;
}

/* The club's own limit, or ours; what is no number counts as ours. */
static enum err
alone_max(struct station *s, int64_t *rial, struct why *w)
{
	char text[ALONE_CAP], *end;
	struct why mine;
	long long v;
	enum err e = store_setting_get(s->store, SETTING_ALONE_MAX, text, sizeof(text), &mine);

	*rial = ALONE_MAX_RIAL;
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK) {
		if (w != NULL)
			*w = mine;
		return e;
	}
	v = strtoll(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0')
		*rial = v;
	return ERR_OK;
}

enum err
custody_card_max(struct station *s, int64_t *rial, struct why *w)
{
	struct store_custody c;
	enum err e;

	*rial = INT64_MAX;
	if (s->test)
		return ERR_OK;
	e = custody_ceremony(s, safe_get_info(s->safe)->epoch, &c, w);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	return e == ERR_OK && c.persons < 2 ? alone_max(s, rial, w) : e;
}

enum err
custody_ceremony(struct station *s, uint16_t generation, struct store_custody *out, struct why *w)
{
	return store_custody_last(s->store, CUSTODY_CEREMONY, generation, out, w);
}

/* --- notes */

static const char *const kinds[] = {
	[CUSTODY_CEREMONY] = "keys.ceremony", [CUSTODY_IMPORT] = "keys.import",
	[CUSTODY_DRILL] = "keys.drill", [CUSTODY_RESTORE] = "keys.restore",
};

enum err
custody_note_in(struct station *s, struct store_custody *c, const char *place, struct why *w)
{
	const struct journal_field fields[] = {
		JOURNAL_FIELD_INT("generation", c->generation),
		JOURNAL_FIELD_HEX("share_set", c->set, sizeof(c->set)),
		JOURNAL_FIELD_INT("needed", c->needed),
		JOURNAL_FIELD_INT("shares", c->shares),
		JOURNAL_FIELD_INT("persons", c->persons),
		JOURNAL_FIELD_STR("people", c->people),
		JOURNAL_FIELD_HEX("share_hashes", c->hash, c->shares * sizeof(c->hash[0])),
		JOURNAL_FIELD_HEX("kcvs", c->kcv, c->kcv_len),
		{"kept_outside", JOURNAL_STR, 0, place, place != NULL ? strlen(place) : 0},
	};
	struct journal_entry entry = {.kind = kinds[c->act], .at_ms = clock_now_ms(), .fields = fields,
	    .field_count = sizeof(fields) / sizeof(fields[0])};
	enum err e = store_event_next(s->store, entry.event, w);

	c->at_ms = entry.at_ms;
	memcpy(c->event, entry.event, sizeof(c->event));
	if (e == ERR_OK)
		e = store_journal_append(s->store, &entry, w);
	return e == ERR_OK ? store_custody_add(s->store, c, w) : e;
}

enum err
custody_note(struct station *s, struct store_custody *c, const char *place, struct why *w)
{
	enum err e = store_begin(s->store, w);

	if (e == ERR_OK)
		e = custody_note_in(s, c, place, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

void
custody_person(const struct store_custody *c, unsigned index, char out[CUSTODY_NAME_CAP])
{
	const char *name = c->people;
	size_t len;

	for (unsigned i = 1; i < index && name != NULL; i++) {
		name = strchr(name, '\n');
		name = name != NULL ? name + 1 : NULL;
	}
	len = name != NULL ? strcspn(name, "\n") : 0;
	if (len >= CUSTODY_NAME_CAP)
		len = 0;
	if (len > 0)
		memcpy(out, name, len);
	out[len] = '\0';
}

uint32_t
custody_slots(const struct station *s)
{
	return role_slots(role_of_rights(s->cert.rights));
}

enum err
custody_role_slots(const struct station *s, const char *role, uint32_t *slots, struct why *w)
{
	enum role r;

	*slots = custody_slots(s);
	if (role == NULL)
		return ERR_OK;
	if (!role_parse(role, &r))
		return why_set(w, ERR_USAGE, MSG_KEYS_ROLE_UNKNOWN, WHY_CODE(role));
	if ((role_slots(r) & ~*slots) != 0)
		return why_set(w, ERR_REFUSED, MSG_KEYS_ROLE_NOT_ALLOWED, WHY_CODE(role));
	*slots = role_slots(r);
	return ERR_OK;
}

enum err
custody_kcvs(struct store_custody *c, const struct masters *m, struct why *w)
{
	enum err e = ERR_OK;

	c->kcv_len = CUSTODY_SLOTS_KCV_LEN;
	for (unsigned slot = 0; e == ERR_OK && slot < KEY_SLOT_COUNT; slot++)
		e = masters_kcv(m, (enum key_slot)slot, c->kcv + slot * KCV_LEN, w);
	return e;
}
