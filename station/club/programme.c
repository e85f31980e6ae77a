#include "station/club/programme.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTING_CAP 32

/* The settings of a programme and where they go. */
static const struct {
	const char *key;
	size_t at;
} settings[] = {
	{"programme.load_min", offsetof(struct programme, load_min)},
	{"programme.load_max", offsetof(struct programme, load_max)},
	{"programme.balance_max", offsetof(struct programme, balance_max)},
};
static const char step_key[] = "programme.step";

void
programme_default(struct programme *p)
{
	*p = (struct programme){
		.unit = CLUB_UNIT_IRR,
		.step = 10,
		.load_min = 10000,
		.load_max = 500000000,
		.balance_max = 2000000000,
	};
}

static enum err
bad(const char *key, int64_t value, struct why *w)
{
	char text[SETTING_CAP];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	return why_set(w, ERR_RANGE, MSG_CLUB_PROGRAMME_SETTING, WHY_CODE(key), WHY_CODE(text));
}

static enum err
check(const struct programme *p, struct why *w)
{
	if (p->step != 1 && p->step != 10 && p->step != 100 && p->step != 1000)
		return bad(step_key, p->step, w);
	if (p->load_min < 1 || p->load_min % p->step != 0)
		return bad(settings[0].key, p->load_min, w);
	if (p->load_max < p->load_min || p->load_max % p->step != 0)
		return bad(settings[1].key, p->load_max, w);
	if (p->balance_max < p->load_min || p->balance_max % p->step != 0 ||
	    p->balance_max / p->step > INT32_MAX)
		return bad(settings[2].key, p->balance_max, w);
	return ERR_OK;
}

/* A whole number above 0, or *value as it was if nothing is set. */
static enum err
read_number(struct store *s, const char *key, int64_t *value, struct why *w)
{
	char text[SETTING_CAP], *end;
	struct why mine;
	long long v;
	enum err e = store_setting_get(s, key, text, sizeof(text), &mine);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK) {
		if (w != NULL)
			*w = mine;
		return e;
	}
	v = strtoll(text, &end, 10);
	/* an overflow saturates and then fails the bounds */
	if (text[0] < '0' || text[0] > '9' || *end != '\0')
		return why_set(w, ERR_FORMAT, MSG_CLUB_PROGRAMME_SETTING, WHY_CODE(key), WHY_CODE(text));
	*value = v;
	return ERR_OK;
}

enum err
programme_read(struct store *s, struct programme *p, struct why *w)
{
	int64_t step;
	enum err e;

	programme_default(p);
	step = p->step;
	e = read_number(s, step_key, &step, w);
	if (e == ERR_OK && (step < 1 || step > 1000))
		e = bad(step_key, step, w);
	p->step = (int32_t)step;
	for (size_t i = 0; e == ERR_OK && i < sizeof(settings) / sizeof(settings[0]); i++) {
		int64_t v;

		memcpy(&v, (const char *)p + settings[i].at, sizeof(v));
		e = read_number(s, settings[i].key, &v, w);
		memcpy((char *)p + settings[i].at, &v, sizeof(v));
	}
	return e == ERR_OK ? check(p, w) : e;
}

static enum err
write_number(struct store *s, const char *key, int64_t value, struct why *w)
{
	char text[SETTING_CAP];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	return store_setting_put(s, key, text, w);
}

enum err
programme_write(struct store *s, const struct programme *p, struct why *w)
{
	enum err e = check(p, w);

	if (e == ERR_OK)
		e = write_number(s, step_key, p->step, w);
	for (size_t i = 0; e == ERR_OK && i < sizeof(settings) / sizeof(settings[0]); i++) {
		int64_t v;

		memcpy(&v, (const char *)p + settings[i].at, sizeof(v));
		e = write_number(s, settings[i].key, v, w);
	}
	return e;
}

enum err
programme_steps(const struct programme *p, int64_t units, int32_t *steps, struct why *w)
{
	*steps = 0;
	if (units % p->step != 0)
		return why_set(w, ERR_REFUSED, MSG_CLUB_LOAD_STEP, WHY_MONEY(units), WHY_NUM(p->step));
	if (units / p->step > INT32_MAX || units / p->step < INT32_MIN)
		return why_set(w, ERR_RANGE, MSG_CLUB_LOAD_TOO_LARGE, WHY_MONEY(units),
		    WHY_MONEY((int64_t)INT32_MAX * p->step));
	*steps = (int32_t)(units / p->step);
	return ERR_OK;
}

enum err
programme_check_load(const struct programme *p, int64_t held, int64_t amount, int32_t *steps,
    struct why *w)
{
	int64_t after;

	*steps = 0;
	if (amount <= 0)
		return why_set(w, ERR_RANGE, MSG_CLUB_LOAD_NOT_POSITIVE);
	if (amount < p->load_min)
		return why_set(w, ERR_RANGE, MSG_CLUB_LOAD_TOO_SMALL, WHY_MONEY(amount),
		    WHY_MONEY(p->load_min));
	if (amount > p->load_max)
		return why_set(w, ERR_RANGE, MSG_CLUB_LOAD_TOO_LARGE, WHY_MONEY(amount),
		    WHY_MONEY(p->load_max));
	if (__builtin_add_overflow(held, amount, &after) || after > p->balance_max)
		return why_set(w, ERR_REFUSED, MSG_CLUB_CARD_TOO_FULL, WHY_MONEY(held),
		    WHY_MONEY(p->balance_max),
		    WHY_MONEY(held < p->balance_max ? p->balance_max - held : 0));
	return programme_steps(p, amount, steps, w);
}
