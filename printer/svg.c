#include "printer/svg.h"

#include <string.h>

void
svg_free(struct svg **s)
{
	if (s == NULL || *s == NULL)
		return;
	for (unsigned i = 0; i < (*s)->node->len; i++) {
		struct svg_node *n = &g_array_index((*s)->node, struct svg_node, i);
		g_free(n->name);
		g_free(n->text);
		g_strfreev(n->attr);
	}
	g_array_free((*s)->node, TRUE);
	g_free((*s)->file);
	g_free(*s);
	*s = NULL;
}

unsigned
svg_count(const struct svg *s)
{
	return s->node->len;
}

const struct svg_node *
svg_at(const struct svg *s, int i)
{
	return &g_array_index(s->node, struct svg_node, i);
}

const char *
svg_attr(const struct svg_node *n, const char *name)
{
	for (char **a = n->attr; a != NULL && *a != NULL; a += 2)
		if (strcmp(a[0], name) == 0)
			return a[1];
	return NULL;
}

int
svg_find(const struct svg *s, const char *id)
{
	for (unsigned i = 0; i < s->node->len; i++) {
		const char *own = svg_attr(svg_at(s, (int)i), "id");
		if (own != NULL && strcmp(own, id) == 0)
			return (int)i;
	}
	return -1;
}

/* "a:1; b:2" asked for b gives 2. Names of properties have no case. */
static char *
style_property(const char *style, const char *name)
{
	g_auto(GStrv) part = g_strsplit(style, ";", -1);
	char *found = NULL;
	for (char **p = part; *p != NULL; p++) {
		char *colon = strchr(*p, ':');
		if (colon == NULL)
			continue;
		*colon = '\0';
		if (g_ascii_strcasecmp(g_strstrip(*p), name) != 0)
			continue;
		g_free(found);
		found = g_strdup(g_strstrip(colon + 1));
	}
	return found;
}

char *
svg_own_property(const struct svg *s, int i, const char *name)
{
	const char *style = svg_attr(svg_at(s, i), "style");
	char *found = style != NULL ? style_property(style, name) : NULL;
	return found != NULL ? found : g_strdup(svg_attr(svg_at(s, i), name));
}

char *
svg_property(const struct svg *s, int i, const char *name)
{
	char *found = NULL;
	for (; found == NULL && i >= 0; i = svg_at(s, i)->parent)
		found = svg_own_property(s, i, name);
	return found;
}

bool
svg_moved(const struct svg *s, int i)
{
	static const char *const own_measure[] = {
		"svg", "symbol", "defs", "pattern", "mask", "clipPath", NULL
	};
	g_autofree char *moved = svg_property(s, i, "transform");
	if (moved != NULL)
		return true;
	for (; i > 0; i = svg_at(s, i)->parent)
		if (g_strv_contains(own_measure, svg_at(s, i)->name))
			return true;
	return false;
}

bool
svg_number(const char *text, double *out)
{
	if (text == NULL)
		return false;
	char *end;
	*out = g_ascii_strtod(text, &end);
	if (end == text || !(*out > -1e6 && *out < 1e6))
		return false;
	end += strspn(end, " ");
	return *end == '\0' || strcmp(end, "px") == 0;
}

/* The next node in document order that is below `top`, or -1. */
static int
next_below(const struct svg *s, int i, int top)
{
	if (svg_at(s, i)->first >= 0)
		return svg_at(s, i)->first;
	while (i != top && svg_at(s, i)->next < 0)
		i = svg_at(s, i)->parent;
	return i == top ? -1 : svg_at(s, i)->next;
}

char *
svg_text(const struct svg *s, int top)
{
	GString *all = g_string_new(NULL);
	for (int i = svg_at(s, top)->first; i >= 0; i = next_below(s, i, top))
		if (svg_at(s, i)->text != NULL)
			g_string_append(all, svg_at(s, i)->text);
	return g_string_free(all, FALSE);
}

static void
write_attr(GString *to, const char *name, const char *value)
{
	g_autofree char *escaped = g_markup_escape_text(value, -1);
	g_string_append_printf(to, " %s=\"%s\"", name, escaped);
}

static bool
is_set(const struct svg_edit *e, const char *name)
{
	for (char *const *s = e->set; *s != NULL; s += 2)
		if (strcmp(s[0], name) == 0)
			return true;
	return false;
}

static void
write_start(GString *to, const struct svg_node *n, const struct svg_edit *e)
{
	g_string_append_printf(to, "<%s", n->name);
	for (char **a = n->attr; *a != NULL; a += 2)
		if (!is_set(e, a[0]))
			write_attr(to, a[0], a[1]);
	for (char *const *s = e->set; *s != NULL; s += 2)
		write_attr(to, s[0], s[1]);
	g_string_append_c(to, '>');
}

/* As deep as DEPTH_MAX and no deeper. */
static void
write_node(GString *to, const struct svg *s, int i, const struct svg_edit *edit)
{
	static const struct svg_edit none;
	const struct svg_node *n = svg_at(s, i);
	const struct svg_edit *e = edit != NULL ? &edit[i] : &none;
	if (n->text != NULL) {
		g_autofree char *escaped = g_markup_escape_text(n->text, -1);
		g_string_append(to, escaped);
	}
	if (n->text != NULL || e->hide)
		return;
	if (e->outer != NULL) {
		g_string_append(to, e->outer);
		return;
	}
	write_start(to, n, e);
	if (e->inner != NULL)
		g_string_append(to, e->inner);
	else
		for (int c = n->first; c >= 0; c = svg_at(s, c)->next)
			write_node(to, s, c, edit);
	g_string_append_printf(to, "</%s>", n->name);
}

GString *
svg_write_from(const struct svg *s, int top, const struct svg_edit *edit)
{
	GString *to = g_string_sized_new(top == 0 ? 64 * 1024 : 1024);
	write_node(to, s, top, edit);
	return to;
}

GString *
svg_write(const struct svg *s, const struct svg_edit *edit)
{
	return svg_write_from(s, 0, edit);
}

char *
svg_where(const struct svg *s, int i)
{
	while (i > 0 && svg_at(s, i)->name == NULL)
		i = svg_at(s, i)->parent;
	const struct svg_node *n = svg_at(s, i);
	const char *id = svg_attr(n, "id"), *at = svg_attr(n, SVG_PLACE_ATTR);
	if (id != NULL && (at == NULL || !g_str_has_prefix(id, SVG_AUTO_ID)))
		return g_strdup(id);
	return g_strdup_printf("<%s> %s", n->name, at != NULL ? at : s->file);
}

void
svg_edit_set(struct svg_edit *e, const char *name, const char *value)
{
	size_t i = 0;
	while (e->set[i] != NULL && strcmp(e->set[i], name) != 0)
		i += 2;
	if (e->set[i] != NULL) {
		g_free(e->set[i + 1]);
	} else {
		g_assert(i + 2 < G_N_ELEMENTS(e->set));
		e->set[i] = g_strdup(name);
	}
	e->set[i + 1] = g_strdup(value);
}

void
svg_edit_clear(struct svg_edit *e)
{
	g_free(e->outer);
	g_free(e->inner);
	for (char **s = e->set; *s != NULL; s++)
		g_free(*s);
	*e = (struct svg_edit){ 0 };
}
