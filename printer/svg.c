#include "printer/svg.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64
#define NODES_MAX 50000

/* All a card needs; scripts, styles, animation, links and foreign content are not among it. */
static const char *const allowed[] = {
	"svg", "g", "defs", "symbol", "use", "image", "path", "rect", "circle",
	"ellipse", "line", "polyline", "polygon", "text", "tspan", "clipPath",
	"mask", "pattern", "linearGradient", "radialGradient", "stop"
};

/* Carry no ink: left out with all they contain. */
static const char *const left_out[] = { "title", "desc", "metadata" };

struct parse {
	struct svg *svg;
	struct why *w;
	enum err err;
	int open[DEPTH_MAX];	/* the elements around the current place */
	unsigned depth;
	unsigned skip;		/* elements open inside a left-out one */
};

static bool
in_list(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* GMarkup ends a parse only by a GError; our own error is already in p. */
static void
refuse(struct parse *p, GError **error, enum msg id, const char *what)
{
	p->err = why_set(p->w, ERR_DESIGN, id, WHY_CODE(p->svg->file), WHY_CODE(what));
	g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "%s", what);
}

static bool
embedded_picture(const char *href)
{
	return g_str_has_prefix(href, "data:image/png;base64,") ||
	    g_str_has_prefix(href, "data:image/jpeg;base64,");
}

/* Every url(...) in a value must point inside the file. */
static bool
urls_inside(const char *value)
{
	g_autofree char *low = g_ascii_strdown(value, -1);
	for (const char *u = low; (u = strstr(u, "url(")) != NULL;) {
		u += strlen("url(");
		u += strspn(u, " \t\r\n'\"");
		if (*u != '#')
			return false;
	}
	return strstr(low, "@import") == NULL && strchr(low, '\\') == NULL;
}

static bool
is_href(const char *name)
{
	return strcmp(name, "href") == 0 || strcmp(name, "xlink:href") == 0;
}

static bool
attr_ok(struct parse *p, GError **error, const char *name, const char *value)
{
	if (g_ascii_strncasecmp(name, "on", 2) == 0) {
		refuse(p, error, MSG_DESIGN_FORBIDDEN, name);
		return false;
	}
	bool inside = is_href(name) ? *value == '#' || embedded_picture(value) :
	    urls_inside(value);
	if (!inside || strcmp(name, "xml:base") == 0) {
		refuse(p, error, MSG_DESIGN_OUTSIDE, value);
		return false;
	}
	return true;
}

/* The short form hides the family from the check of fonts; a comment hides anything. */
static bool
font_shorthand(const char *name, const char *value)
{
	if (strcmp(name, "font") == 0)
		return true;
	if (strcmp(name, "style") == 0 && strstr(value, "/*") != NULL)
		return true;
	g_auto(GStrv) part = g_strsplit(strcmp(name, "style") == 0 ? value : "", ";", -1);
	for (char **s = part; *s != NULL; s++) {
		const char *t = *s + strspn(*s, " \t\r\n");
		if (g_ascii_strncasecmp(t, "font", 4) == 0 && t[4 + strspn(t + 4, " \t")] == ':')
			return true;
	}
	return false;
}

static bool
foreign_attr(const char *name)
{
	return strchr(name, ':') != NULL && strcmp(name, "xlink:href") != 0 &&
	    strcmp(name, "xml:space") != 0 && strcmp(name, "xmlns:xlink") != 0 &&
	    strcmp(name, "xml:base") != 0;
}

static int
add_node(struct parse *p, struct svg_node *n)
{
	int at = (int)p->svg->node->len;
	n->parent = p->depth > 0 ? p->open[p->depth - 1] : -1;
	n->first = n->last = n->next = -1;
	g_array_append_val(p->svg->node, *n);
	if (n->parent >= 0) {
		struct svg_node *up = &g_array_index(p->svg->node, struct svg_node, n->parent);
		if (up->last >= 0)
			g_array_index(p->svg->node, struct svg_node, up->last).next = at;
		else
			up->first = at;
		up->last = at;
	}
	return at;
}

static char **
take_attrs(struct parse *p, GError **error, const char *element,
    const char **names, const char **values)
{
	g_autoptr(GPtrArray) a = g_ptr_array_new_with_free_func(g_free);
	bool has_id = false;
	for (; *names != NULL; names++, values++) {
		if (foreign_attr(*names))
			continue;
		if (!attr_ok(p, error, *names, *values))
			return NULL;
		if (font_shorthand(*names, *values)) {
			refuse(p, error, MSG_DESIGN_FORBIDDEN, "font:");
			return NULL;
		}
		has_id |= strcmp(*names, "id") == 0;
		g_ptr_array_add(a, g_strdup(*names));
		g_ptr_array_add(a, g_strdup(*values));
	}
	if (!has_id && strcmp(element, "text") == 0) {
		g_ptr_array_add(a, g_strdup("id"));
		g_ptr_array_add(a, g_strdup_printf("bg-text-%u", p->svg->node->len));
	}
	g_ptr_array_add(a, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&a), FALSE);
}

static void
on_start(GMarkupParseContext *ctx, const char *name, const char **names,
    const char **values, void *data, GError **error)
{
	struct parse *p = data;
	(void)ctx;
	if (p->skip > 0 || strchr(name, ':') != NULL ||
	    in_list(left_out, G_N_ELEMENTS(left_out), name)) {
		p->skip++;
		return;
	}
	if (p->depth == 0 && p->svg->node->len > 0) {
		refuse(p, error, MSG_DESIGN_BROKEN, name);
		return;
	}
	if (!in_list(allowed, G_N_ELEMENTS(allowed), name)) {
		refuse(p, error, MSG_DESIGN_FORBIDDEN, name);
		return;
	}
	if (p->depth == DEPTH_MAX || p->svg->node->len >= NODES_MAX) {
		refuse(p, error, MSG_DESIGN_TOO_BIG, name);
		return;
	}
	struct svg_node n = { .attr = take_attrs(p, error, name, names, values) };
	if (n.attr == NULL)
		return;
	n.name = g_strdup(name);
	int at = add_node(p, &n);
	p->open[p->depth++] = at;
}

static void
on_end(GMarkupParseContext *ctx, const char *name, void *data, GError **error)
{
	struct parse *p = data;
	(void)ctx, (void)name, (void)error;
	if (p->skip > 0)
		p->skip--;
	else
		p->depth--;
}

static void
on_text(GMarkupParseContext *ctx, const char *text, gsize len, void *data,
    GError **error)
{
	struct parse *p = data;
	(void)ctx, (void)error;
	if (p->skip > 0 || p->depth == 0)
		return;
	struct svg_node n = { .text = g_strndup(text, len) };
	add_node(p, &n);
}

/* Comments and the XML declaration pass by; a DOCTYPE (entities!) and style sheets do not. */
static void
on_other(GMarkupParseContext *ctx, const char *text, gsize len, void *data,
    GError **error)
{
	(void)ctx, (void)len;
	if (g_str_has_prefix(text, "<!--") || g_str_has_prefix(text, "<?xml "))
		return;
	refuse(data, error, MSG_DESIGN_FORBIDDEN,
	    g_str_has_prefix(text, "<?") ? "<?…?>" : "<!DOCTYPE>");
}

static const GMarkupParser callbacks = {
	.start_element = on_start,
	.end_element = on_end,
	.text = on_text,
	.passthrough = on_other
};

enum err
svg_parse(const char *file, const char *markup, size_t len, struct svg **out,
    struct why *w)
{
	struct parse p = { .w = w };
	g_autoptr(GError) error = NULL;
	GMarkupParseContext *ctx;

	*out = NULL;
	p.svg = g_new0(struct svg, 1);
	p.svg->file = g_strdup(file);
	p.svg->node = g_array_new(FALSE, TRUE, sizeof(struct svg_node));
	ctx = g_markup_parse_context_new(&callbacks, (GMarkupParseFlags)0, &p, NULL);
	bool ok = g_markup_parse_context_parse(ctx, markup, (gssize)len, &error) &&
	    g_markup_parse_context_end_parse(ctx, &error);
	g_markup_parse_context_free(ctx);
	if (p.err == ERR_OK && !ok)
		p.err = why_set(w, ERR_DESIGN, MSG_DESIGN_BROKEN, WHY_CODE(file),
		    WHY_CODE(error->message));
	else if (p.err == ERR_OK && (p.svg->node->len == 0 ||
	    strcmp(svg_at(p.svg, 0)->name, "svg") != 0))
		p.err = why_set(w, ERR_DESIGN, MSG_DESIGN_BROKEN, WHY_CODE(file),
		    WHY_CODE("<svg>"));
	if (p.err == ERR_OK)
		*out = p.svg;
	else
		svg_free(&p.svg);
	return p.err;
}

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
svg_property(const struct svg *s, int i, const char *name)
{
	for (; i >= 0; i = svg_at(s, i)->parent) {
		const char *style = svg_attr(svg_at(s, i), "style");
		const char *attr = svg_attr(svg_at(s, i), name);
		char *found = style != NULL ? style_property(style, name) : NULL;
		if (found == NULL)
			found = g_strdup(attr);
		if (found != NULL)
			return found;
	}
	return NULL;
}

bool
svg_moved(const struct svg *s, int i)
{
	static const char *const own_measure[] = {
		"svg", "symbol", "defs", "pattern", "mask", "clipPath"
	};
	g_autofree char *moved = svg_property(s, i, "transform");
	if (moved != NULL)
		return true;
	for (; i > 0; i = svg_at(s, i)->parent)
		if (in_list(own_measure, G_N_ELEMENTS(own_measure), svg_at(s, i)->name))
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
svg_write(const struct svg *s, const struct svg_edit *edit)
{
	GString *to = g_string_sized_new(64 * 1024);
	write_node(to, s, 0, edit);
	return to;
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
