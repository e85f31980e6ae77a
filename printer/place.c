#include "printer/place.h"

#include <string.h>

const struct place places[PLACES] = {
	{ "bg:name", PLACE_WORDS, true, false, false, MSG_CARD_NAME_TOO_LONG },
	{ "bg:number", PLACE_WORDS, true, true, false, MSG_CARD_NUMBER_TOO_LONG },
	{ "bg:tier", PLACE_WORDS, false, false, false, MSG_CARD_TIER_TOO_LONG },
	{ "bg:valid", PLACE_WORDS, true, false, false, MSG_CARD_VALID_TOO_LONG },
	{ "bg:club", PLACE_WORDS, false, false, false, MSG_CARD_CLUB_TOO_LONG },
	{ "bg:site", PLACE_WORDS, false, true, false, MSG_CARD_SITE_TOO_LONG },
	{ PLACE_QR, PLACE_CODE, true, false, false, MSG_NONE },
	{ "bg:photo", PLACE_PICTURE, false, false, false, MSG_NONE },
	{ "bg:logo", PLACE_PICTURE, false, false, true, MSG_NONE }
};

const struct place *
place_by_id(const char *id)
{
	for (size_t i = 0; id != NULL && i < PLACES; i++)
		if (strcmp(places[i].id, id) == 0)
			return &places[i];
	return NULL;
}

const char *
place_words(const struct place *p, const struct card_face *f)
{
	const char *const words[PLACES] = {
		f->name, f->number_text, f->tier_label, f->valid_text, f->club_name, f->site
	};
	const char *it = words[p - places];
	return it != NULL ? it : "";
}

const struct card_picture *
place_picture(const struct place *p, const struct card_face *f)
{
	const struct card_picture *it = strcmp(p->id, "bg:photo") == 0 ? &f->photo : &f->logo;
	return p->kind == PLACE_PICTURE && it->len > 0 ? it : NULL;
}

bool
place_room(const struct svg *s, const struct place *p, int at, double *mm)
{
	if (svg_number(svg_attr(svg_at(s, at), "data-bg-max-width"), mm))
		return *mm > 0;
	g_autofree char *box = g_strconcat(p->id, "-box", NULL);
	int b = svg_find(s, box);
	return b >= 0 && svg_number(svg_attr(svg_at(s, b), "width"), mm) && *mm > 0;
}

/* "bg:tier-gold" and "bg:tier-gold.2" are groups of gold. */
static bool
group_of(const char *id, const char *prefix, const char *which)
{
	size_t len = which != NULL ? strlen(which) : 0;
	id += strlen(prefix);
	return len > 0 && strncmp(id, which, len) == 0 && (id[len] == '\0' || id[len] == '.');
}

bool
place_hidden(const char *id, const struct card_face *f)
{
	if (id == NULL || strncmp(id, "bg:", 3) != 0)
		return false;
	if (g_str_has_suffix(id, "-box"))
		return true;
	if (g_str_has_prefix(id, "bg:tier-"))
		return !group_of(id, "bg:tier-", f->tier_id);
	if (g_str_has_prefix(id, "bg:app-"))
		return !group_of(id, "bg:app-", f->application);
	if (strcmp(id, "bg:no-photo") == 0)
		return f->photo.len > 0;
	if (strcmp(id, "bg:no-logo") == 0)
		return f->logo.len > 0;
	return strcmp(id, PLACE_TEST) == 0 && !f->test;
}

struct place_box
place_box(const struct svg *s, int at)
{
	const struct svg_node *n = svg_at(s, at);
	struct place_box b = { 0 };
	(void)svg_number(svg_attr(n, "x"), &b.x), (void)svg_number(svg_attr(n, "y"), &b.y);
	(void)svg_number(svg_attr(n, "width"), &b.width);
	(void)svg_number(svg_attr(n, "height"), &b.height);
	return b;
}
