#include "printer/layers.h"

#include <string.h>

/* Words reach so far above and below their line, in sizes of their letters: Nastaliq climbs and falls. */
#define ABOVE 3.0
#define BELOW 2.0
/* Ink this near to other ink may share a dot with it: two dots at 50 an inch. */
#define NEAR_MM 1.0

struct part {
	const struct artwork *a;
	bool *fixed, *each;
	GArray *taken;		/* RsvgRectangle: where what is drawn for each card may have ink */
};

static const RsvgRectangle all_of_it = { -1000, -1000, 2000, 2000 };

static bool
one_of(const char *name, const char *const *names)
{
	return name != NULL && g_strv_contains(names, name);
}

/* Is drawn as one picture, then put down: its parts cannot be parted. */
static bool
is_whole(const struct svg *s, int i)
{
	static const char *const effects[] = {
		"opacity", "filter", "mask", "clip-path", "mix-blend-mode", "isolation", NULL
	};
	if (g_strcmp0(svg_at(s, i)->name, "g") != 0)
		return true;
	for (size_t e = 0; effects[e] != NULL; e++) {
		g_autofree char *value = svg_own_property(s, i, effects[e]);
		if (value != NULL)
			return true;
	}
	return false;
}

bool
layers_steady(const struct place *p)
{
	static const char *const steady[] = { "bg:club", "bg:site", "bg:tier", NULL };
	return p->kind == PLACE_WORDS && g_strv_contains(steady, p->id);
}

static bool
changes(const struct svg *s, int i)
{
	const struct place *p = place_by_id(svg_attr(svg_at(s, i), "id"));
	if (p != NULL && !layers_steady(p))
		return true;
	for (int child = svg_at(s, i)->first; child >= 0; child = svg_at(s, child)->next)
		if (changes(s, child))
			return true;
	return false;
}

/* Where words of the place may ever have ink, whatever they are: in their room on either side of x. */
static RsvgRectangle
reach_of_words(const struct svg *s, const struct place *p, int at)
{
	double x, y, size, room;
	g_autofree char *size_text = svg_property(s, at, "font-size");
	const struct svg_node *n = svg_at(s, at);
	if (size_text == NULL || !svg_number(size_text, &size) || !svg_number(svg_attr(n, "x"), &x) ||
	    !svg_number(svg_attr(n, "y"), &y) || !place_room(s, p, at, &room))
		return all_of_it;
	return (RsvgRectangle){ x - room - size, y - ABOVE * size, 2 * (room + size), (ABOVE + BELOW) * size };
}

static RsvgRectangle
reach_of_place(const struct svg *s, int at)
{
	const struct place *p = place_by_id(svg_attr(svg_at(s, at), "id"));
	if (p == NULL || svg_moved(s, at))
		return all_of_it;
	if (p->kind == PLACE_WORDS)
		return reach_of_words(s, p, at);
	const struct place_box b = place_box(s, at);
	return (RsvgRectangle){ b.x, b.y, b.width, b.height };
}

static RsvgRectangle
ink_of(const struct artwork *a, int at)
{
	const RsvgRectangle card = { 0, 0, CARD_WIDTH_MM, CARD_HEIGHT_MM };
	RsvgRectangle ink;
	const char *own = svg_attr(svg_at(a->svg, at), "id");
	g_autofree char *id = own != NULL ? g_strconcat("#", own, NULL) : NULL;
	if (id == NULL || !rsvg_handle_get_geometry_for_layer(a->handle, id, &card, &ink, NULL, NULL))
		return all_of_it;
	return ink;
}

static bool
touches(const struct part *p, const RsvgRectangle *r)
{
	for (unsigned i = 0; i < p->taken->len; i++) {
		const RsvgRectangle *t = &g_array_index(p->taken, RsvgRectangle, i);
		if (r->x - NEAR_MM < t->x + t->width && t->x < r->x + r->width + NEAR_MM &&
		    r->y - NEAR_MM < t->y + t->height && t->y < r->y + r->height + NEAR_MM)
			return true;
	}
	return false;
}

static void
place_unit(struct part *p, int i)
{
	RsvgRectangle reach;
	if (changes(p->a->svg, i)) {
		reach = reach_of_place(p->a->svg, i);
		p->each[i] = true;
	} else if (p->taken->len == 0) {
		p->fixed[i] = true;
	} else {
		reach = ink_of(p->a, i);
		p->each[i] = touches(p, &reach);
		p->fixed[i] = !p->each[i];
	}
	if (p->each[i])
		g_array_append_val(p->taken, reach);
}

/* In the order in which they are drawn. */
static void
walk(struct part *p, int top)
{
	static const char *const no_ink[] = {
		"defs", "symbol", "clipPath", "mask", "pattern", "linearGradient", "radialGradient", "marker",
		"filter", "title", "desc", "metadata", NULL
	};
	for (int i = svg_at(p->a->svg, top)->first; i >= 0; i = svg_at(p->a->svg, i)->next) {
		const char *name = svg_at(p->a->svg, i)->name;
		if (name == NULL || one_of(name, no_ink) || artwork_unseen(p->a, i))
			continue;
		if (is_whole(p->a->svg, i))
			place_unit(p, i);
		else
			walk(p, i);
	}
}

/* An element that is drawn where it stands and used elsewhere, too, would be missed there. */
static bool
uses_drawn(const struct svg *s)
{
	static const char *const definitions[] = { "defs", "symbol", NULL };
	for (int i = 0; i < (int)svg_count(s); i++) {
		const struct svg_node *n = svg_at(s, i);
		if (g_strcmp0(n->name, "use") != 0)
			continue;
		const char *href = svg_attr(n, "href") != NULL ? svg_attr(n, "href") : svg_attr(n, "xlink:href");
		int of = href != NULL && href[0] == '#' ? svg_find(s, href + 1) : -1;
		while (of >= 0 && !one_of(svg_at(s, of)->name, definitions))
			of = svg_at(s, of)->parent;
		if (of < 0)
			return true;
	}
	return false;
}

/* Below something that is left out, or that itself. */
static bool
left_out(const struct part *p, int i)
{
	for (; i >= 0; i = svg_at(p->a->svg, i)->parent)
		if (p->fixed[i])
			return true;
	return false;
}

static bool
names(const struct svg_node *n, const char *reference)
{
	for (char **a = n->attr; a != NULL && *a != NULL; a += 2)
		if (strstr(a[1], reference) != NULL)
			return true;
	return false;
}

/* By anything that is still drawn or defined; one that only begins so counts, too. */
static bool
is_used(const struct part *p, int definition)
{
	g_autofree char *reference = g_strconcat("#", svg_attr(svg_at(p->a->svg, definition), "id"), NULL);
	for (int i = 0; i < (int)svg_count(p->a->svg); i++)
		if (names(svg_at(p->a->svg, i), reference) && !left_out(p, i))
			return true;
	return false;
}

/* An ornament's definition is long: without its user it need not be read again for each card. */
static void
drop_definitions(struct part *p)
{
	const struct svg *s = p->a->svg;
	bool dropped = true;
	while (dropped) {
		dropped = false;
		for (int i = 1; i < (int)svg_count(s); i++) {
			const struct svg_node *n = svg_at(s, i);
			if (n->name == NULL || p->fixed[i] || svg_attr(n, "id") == NULL ||
			    g_strcmp0(svg_at(s, n->parent)->name, "defs") != 0 || is_used(p, i))
				continue;
			p->fixed[i] = dropped = true;
		}
	}
}

bool
layers_part(const struct artwork *a, bool *fixed, bool *each)
{
	struct part p = { a, fixed, each, NULL };
	memset(fixed, 0, svg_count(a->svg) * sizeof(*fixed));
	memset(each, 0, svg_count(a->svg) * sizeof(*each));
	if (uses_drawn(a->svg))
		return false;
	p.taken = g_array_new(FALSE, FALSE, sizeof(RsvgRectangle));
	walk(&p, 0);
	drop_definitions(&p);
	g_array_free(p.taken, TRUE);
	return true;
}
