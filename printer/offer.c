#include "printer/offer.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A card printer's sheet may be larger than the card, by what it prints over the edge. */
#define SMALLER_UM 1000
#define LARGER_UM  4000
/* A head of 72 mm on a roll of 80. */
#define NARROWER_UM 8500

/* Words by which drivers name what lies on the ribbon; found anywhere in an option's name or text. */
static const struct {
	const char *word;
	enum print_about about;
} words[] = {
	{ "ribbon", PRINT_ABOUT_RIBBON },
	{ "panel", PRINT_ABOUT_PANEL },
	{ "overcoat", PRINT_ABOUT_PANEL },
	{ "overlay", PRINT_ABOUT_PANEL },
	{ "laminat", PRINT_ABOUT_PANEL },
	{ "varnish", PRINT_ABOUT_PANEL },
	{ "topcoat", PRINT_ABOUT_PANEL },
	{ "holokote", PRINT_ABOUT_PANEL },
	{ "holopatch", PRINT_ABOUT_PANEL },
	{ "resin", PRINT_ABOUT_PANEL },
	{ "black type", PRINT_ABOUT_PANEL },
	{ "blacktype", PRINT_ABOUT_PANEL }
};

static bool
has_word(const char *text, const char *word)
{
	size_t len = strlen(word);
	for (; *text != '\0'; text++)
		if (strncasecmp(text, word, len) == 0)
			return true;
	return false;
}

static enum print_about
about(const char *name, const char *text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (has_word(name, words[i].word) || has_word(text, words[i].word))
			return words[i].about;
	return PRINT_ABOUT_OTHER;
}

/* How far `have` is from `want`, -1 if it will not do. */
static int
off_by(int have, int want)
{
	int off = have - want;
	if (off < -SMALLER_UM || off > LARGER_UM)
		return -1;
	return abs(off);
}

static int
distance(const struct print_medium *m, int width_um, int height_um)
{
	int a = off_by(m->width_um, width_um), b = off_by(m->height_um, height_um);
	return a < 0 || b < 0 ? INT_MAX : a + b;
}

const struct print_medium *
offer_medium(const struct print_offer *o, int width_um, int height_um)
{
	const struct print_medium *best = NULL;
	int nearest = INT_MAX;
	for (size_t i = 0; i < o->medium_count; i++) {
		const struct print_medium *m = &o->medium[i];
		int along = distance(m, width_um, height_um), across = distance(m, height_um, width_um);
		int d = along < across ? along : across;
		if (d < nearest) {
			nearest = d;
			best = m;
		}
	}
	return best;
}

static bool
longer_fits_better(const struct print_medium *m, const struct print_medium *best, int height_um)
{
	if (best->height_um >= height_um)
		return m->height_um >= height_um && m->height_um < best->height_um;
	return m->height_um > best->height_um;
}

const struct print_medium *
offer_roll(const struct print_offer *o, int width_um, int height_um)
{
	const struct print_medium *best = NULL;
	for (size_t i = 0; i < o->medium_count; i++) {
		const struct print_medium *m = &o->medium[i];
		/* drivers tell the paper's width or the head's */
		if (m->width_um < width_um - NARROWER_UM || m->width_um > width_um + SMALLER_UM)
			continue;
		if (best == NULL || longer_fits_better(m, best, height_um))
			best = m;
	}
	return best;
}

const struct print_option *
offer_option(const struct print_offer *o, const char *name)
{
	for (size_t i = 0; i < o->option_count; i++)
		if (strcasecmp(o->option[i].name, name) == 0)
			return &o->option[i];
	return NULL;
}

static bool
has_choice(const struct print_option *p, const char *value)
{
	for (size_t i = 0; i < p->choice_count; i++)
		if (strcmp(p->choice[i].name, value) == 0)
			return true;
	return false;
}

/* "A, B, C", as much as a message holds; whole names only. */
static void
list(const struct print_option *p, char out[WHY_STR_CAP])
{
	size_t used = 0;
	out[0] = '\0';
	for (size_t i = 0; i < p->choice_count; i++) {
		size_t len = strlen(p->choice[i].name);
		if (used + len + sizeof(", …") > WHY_STR_CAP) {
			memcpy(out + used, "…", sizeof("…"));
			return;
		}
		used += (size_t)snprintf(out + used, WHY_STR_CAP - used, "%s%s", p->choice[i].name,
		    i + 1 < p->choice_count ? ", " : "");
	}
}

enum err
offer_check(const struct print_offer *o, const char *queue, const struct print_setting *s,
    size_t count, struct why *w)
{
	char there[WHY_STR_CAP];
	for (size_t i = 0; i < count; i++) {
		const struct print_option *p = offer_option(o, s[i].name);
		if (p == NULL)
			return why_set(w, ERR_ARG, MSG_PRINT_OPTION_UNKNOWN, WHY_CODE(queue),
			    WHY_CODE(s[i].name));
		if (has_choice(p, s[i].value))
			continue;
		list(p, there);
		return why_set(w, ERR_ARG, MSG_PRINT_OPTION_VALUE, WHY_CODE(queue), WHY_CODE(p->name),
		    WHY_CODE(s[i].value), WHY_CODE(there));
	}
	return ERR_OK;
}

/* --- filling */

/* Room for one more of `size` bytes, zeroed; lists are short. */
static void *
one_more(void **list_, size_t *count, size_t size)
{
	char *p = realloc(*list_, (*count + 1) * size);
	if (p == NULL)
		return NULL;
	*list_ = p;
	return memset(p + size * (*count)++, 0, size);
}

bool
offer_add_medium(struct print_offer *o, const char *name, int width_um, int height_um)
{
	void *room = o->medium;
	struct print_medium *m = one_more(&room, &o->medium_count, sizeof(*m));
	o->medium = room;
	if (m == NULL)
		return false;
	*m = (struct print_medium){ strdup(name), width_um, height_um };
	return m->name != NULL;
}

struct print_option *
offer_add_option(struct print_offer *o, const char *name, const char *text)
{
	void *room = o->option;
	for (size_t i = 0; i < o->option_count; i++)
		if (strcasecmp(o->option[i].name, name) == 0)
			return &o->option[i];
	struct print_option *p = one_more(&room, &o->option_count, sizeof(*p));
	o->option = room;
	if (p == NULL)
		return NULL;
	*p = (struct print_option){ .name = strdup(name), .text = strdup(text), .preset = strdup(""),
		.about = about(name, text) };
	return p->name != NULL && p->text != NULL && p->preset != NULL ? p : NULL;
}

bool
option_add_choice(struct print_option *p, const char *name, const char *text)
{
	void *room = p->choice;
	if (has_choice(p, name))
		return true;
	struct print_choice *c = one_more(&room, &p->choice_count, sizeof(*c));
	p->choice = room;
	if (c == NULL)
		return false;
	*c = (struct print_choice){ strdup(name), strdup(text) };
	return c->name != NULL && c->text != NULL;
}

bool
option_preset(struct print_option *p, const char *choice)
{
	char *copy = strdup(choice);
	if (copy == NULL)
		return false;
	free(p->preset);
	p->preset = copy;
	return true;
}

bool
offer_add_supply(struct print_offer *o, const char *name, int percent)
{
	void *room = o->supply;
	struct print_supply *s = one_more(&room, &o->supply_count, sizeof(*s));
	o->supply = room;
	if (s == NULL)
		return false;
	*s = (struct print_supply){ strdup(name), percent >= 0 && percent <= 100 ? percent : -1 };
	return s->name != NULL;
}

void
offer_add_dpi(struct print_offer *o, unsigned dpi)
{
	for (size_t i = 0; i < o->dpi_count; i++)
		if (o->dpi[i] == dpi)
			return;
	if (dpi > 0 && o->dpi_count < PRINT_DPI_MAX)
		o->dpi[o->dpi_count++] = dpi;
}

/* has_choice and offer_option read names, so a half-filled entry may only be freed. */
static void
free_option(struct print_option *p)
{
	for (size_t i = 0; i < p->choice_count; i++) {
		free(p->choice[i].name);
		free(p->choice[i].text);
	}
	free(p->choice);
	free(p->name);
	free(p->text);
	free(p->preset);
}

void
offer_free(struct print_offer **o)
{
	if (o == NULL || *o == NULL)
		return;
	for (size_t i = 0; i < (*o)->medium_count; i++)
		free((*o)->medium[i].name);
	for (size_t i = 0; i < (*o)->option_count; i++)
		free_option(&(*o)->option[i]);
	for (size_t i = 0; i < (*o)->supply_count; i++)
		free((*o)->supply[i].name);
	free((*o)->medium);
	free((*o)->option);
	free((*o)->supply);
	free((*o)->model);
	free(*o);
	*o = NULL;
}
