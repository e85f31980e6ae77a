#include "printer/weight.h"

#include <string.h>

/* What a card is drawn of at most: a second or so for a side. */
#define WEIGHT_MAX UINT64_C(20000)
/* Of references through references, and of elements in elements. */
#define DEPTH_MAX  256u
/* A layer is as large as the card and blended dot by dot; blurring one is dearer still. */
#define LAYER      20u
#define BLUR       1000u
/* Bytes of a path that cost as much as an element; a letter is shaped and drawn by itself, dearer than one. */
#define PATH_BYTES 256u
#define LETTER     2u
/* Lines that cross themselves cost their square: the points of one element have an end. */
#define PATH_LEN_MAX (128u * 1024)
#define TEXT_LEN_MAX 2048u

struct scales {
	const struct svg *s;
	GHashTable *by_id;	/* index and one */
	uint64_t *weight;	/* of what was weighed; 0: not yet */
	bool *open;		/* being weighed now: a circle, which is not drawn */
	int guilty;
};

static uint64_t weigh(struct scales *k, int i, unsigned depth);

static uint64_t
most(uint64_t v)
{
	return MIN(v, WEIGHT_MAX + 1);
}

static uint64_t
weigh_id(struct scales *k, const char *id, size_t len, unsigned depth)
{
	g_autofree char *name = g_strndup(id, len);
	int at = GPOINTER_TO_INT(g_hash_table_lookup(k->by_id, name)) - 1;
	return at >= 0 ? weigh(k, at, depth + 1) : 0;
}

/* What "url(#id)" stands for; gradients are a matter of course. */
static uint64_t
weigh_url(struct scales *k, int i, const char *property, unsigned depth)
{
	g_autofree char *value = svg_own_property(k->s, i, property);
	const char *id = value != NULL ? strchr(value, '#') : NULL;
	if (id == NULL || g_ascii_strncasecmp(value, "url", 3) != 0)
		return 0;
	return weigh_id(k, id + 1, strcspn(id + 1, "'\") "), depth);
}

static bool
has(const struct svg *s, int i, const char *property)
{
	g_autofree char *value = svg_own_property(s, i, property);
	return value != NULL && strcmp(value, "none") != 0 && strcmp(value, "1") != 0;
}

static uint64_t
weigh_path(const char *points)
{
	size_t len = points != NULL ? strlen(points) : 0;
	return len <= PATH_LEN_MAX ? len / PATH_BYTES : WEIGHT_MAX + 1;
}

static uint64_t
weigh_text(const char *letters)
{
	size_t len = strlen(letters);
	bool spaces = strspn(letters, " \t\r\n") == len;
	return spaces ? 0 : len <= TEXT_LEN_MAX ? LETTER * len : WEIGHT_MAX + 1;
}

static uint64_t
weigh_layers(struct scales *k, int i, unsigned depth)
{
	uint64_t sum = weigh_url(k, i, "clip-path", depth) + weigh_url(k, i, "mask", depth);
	if (has(k->s, i, "mask"))
		sum += LAYER;
	if (has(k->s, i, "opacity") || has(k->s, i, "mix-blend-mode"))
		sum += LAYER;
	if (has(k->s, i, "filter"))
		sum += BLUR;
	return most(sum);
}

/* All that is drawn with it, or below it, may be filled so. */
static uint64_t
weigh_inks(struct scales *k, int i, unsigned depth)
{
	return most(weigh_url(k, i, "fill", depth) + weigh_url(k, i, "stroke", depth));
}

static uint64_t
weigh_shape(struct scales *k, int i, unsigned depth)
{
	const struct svg_node *n = svg_at(k->s, i);
	const char *href = svg_attr(n, "href"), *old = svg_attr(n, "xlink:href");
	uint64_t sum = 1 + weigh_path(svg_attr(n, "d")) + weigh_path(svg_attr(n, "points"));

	href = href != NULL ? href : old;
	if (href != NULL && *href == '#')
		sum += weigh_id(k, href + 1, strlen(href + 1), depth);
	for (int c = n->first; c >= 0; c = svg_at(k->s, c)->next)
		sum = most(sum + weigh(k, c, depth + 1));
	return most(sum);
}

static uint64_t
weigh_node(struct scales *k, int i, unsigned depth)
{
	const struct svg_node *n = svg_at(k->s, i);
	if (n->name == NULL)
		return weigh_text(n->text);
	bool gradient = g_str_has_suffix(n->name, "Gradient");
	uint64_t inks = gradient ? 0 : weigh_inks(k, i, depth);
	return most(weigh_shape(k, i, depth) * (1 + (inks > 1 ? inks : 0)) +
	    weigh_layers(k, i, depth));
}

static uint64_t
weigh(struct scales *k, int i, unsigned depth)
{
	if (k->weight[i] != 0 || k->open[i])
		return k->weight[i];
	k->open[i] = true;
	uint64_t v = depth < DEPTH_MAX ? weigh_node(k, i, depth) : WEIGHT_MAX + 1;
	k->open[i] = false;
	k->weight[i] = v;
	if (v > WEIGHT_MAX && k->guilty < 0)
		k->guilty = i;
	return v;
}

int
weight_too_much(const struct svg *s)
{
	unsigned count = svg_count(s);
	struct scales k = { s, g_hash_table_new(g_str_hash, g_str_equal), g_new0(uint64_t, count),
	    g_new0(bool, count), -1 };

	for (int i = (int)count - 1; i >= 0; i--) {
		char *id = (char *)(uintptr_t)svg_attr(svg_at(s, i), "id");
		if (id != NULL)
			g_hash_table_insert(k.by_id, id, GINT_TO_POINTER(i + 1));
	}
	(void)weigh(&k, 0, 0);
	g_hash_table_destroy(k.by_id);
	g_free(k.weight);
	g_free(k.open);
	return k.guilty;
}
