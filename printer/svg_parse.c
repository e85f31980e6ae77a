#include "printer/svg.h"

#include <string.h>

#include "printer/findings.h"
#include "printer/picture.h"
#include "printer/weight.h"

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

/* Drawn by themselves: a finding may have to name them, so they need an id. */
static const char *const drawn[] = {
	"g", "use", "image", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text"
};

struct parse {
	struct svg *svg;
	struct design_findings *all;
	GMarkupParseContext *ctx;
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

/* "FILE:LINE" of the place the parser is at; g_free. */
static char *
here(const struct parse *p)
{
	int line = 0, column = 0;
	g_markup_parse_context_get_position(p->ctx, &line, &column);
	return g_strdup_printf("%s:%d", p->svg->file, line);
}

/*
 * Note what may not be there, or end the parse with it: GMarkup ends one only by a GError;
 * our own error is then already in p.
 */
static void
refuse(struct parse *p, GError **error, enum msg id, const char *what)
{
	struct why own = { 0 };
	g_autofree char *at = here(p);
	enum err e = why_set(&own, ERR_DESIGN, id, WHY_CODE(at), WHY_CODE(what));
	if (p->all != NULL && id != MSG_DESIGN_TOO_BIG && id != MSG_DESIGN_BROKEN) {
		findings_add(p->all, &own);
		return;
	}
	p->err = e;
	if (p->w != NULL)
		*p->w = own;
	g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "%s", what);
}

static bool
embedded_picture(const char *href)
{
	return g_str_has_prefix(href, PICTURE_PNG_HREF) || g_str_has_prefix(href, PICTURE_JPEG_HREF);
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

/* What an attribute may not say; MSG_NONE if nothing stands against it. */
static enum msg
attr_fault(const char *name, const char *value)
{
	if (g_ascii_strncasecmp(name, "on", 2) == 0 || font_shorthand(name, value))
		return MSG_DESIGN_FORBIDDEN;
	if (strcmp(name, "xml:base") == 0)
		return MSG_DESIGN_OUTSIDE;
	if (is_href(name) && embedded_picture(value))
		return picture_href_ok(value) ? MSG_NONE : MSG_DESIGN_PICTURE_BAD;
	bool inside = is_href(name) ? *value == '#' : urls_inside(value);
	return inside ? MSG_NONE : MSG_DESIGN_OUTSIDE;
}

/* False if the attribute may not be there; a finding of it names element and attribute. */
static bool
attr_ok(struct parse *p, GError **error, const char *element, const char *id, const char *name,
    const char *value)
{
	enum msg fault = attr_fault(name, value);
	if (fault == MSG_NONE)
		return true;
	g_autofree char *what = fault == MSG_DESIGN_OUTSIDE ?
	    g_strdup_printf("<%s> %s=\"%.60s\"", element, name, value) :
	    g_strdup_printf("<%s> %s", element, strcmp(name, "style") == 0 ? "font:" : name);
	g_autofree char *named = g_strdup_printf("%s%s%s", id, *id != '\0' ? " " : "", what);
	refuse(p, error, fault, named);
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

static const char *
value_of(const char *name, const char **names, const char **values)
{
	for (; *names != NULL; names++, values++)
		if (strcmp(*names, name) == 0)
			return *values;
	return NULL;
}

static void
add_attr(GPtrArray *a, const char *name, char *value)
{
	g_ptr_array_add(a, g_strdup(name));
	g_ptr_array_add(a, value);
}

/* The attributes kept; NULL if one ended the parse. */
static char **
take_attrs(struct parse *p, GError **error, const char *element,
    const char **names, const char **values)
{
	g_autoptr(GPtrArray) a = g_ptr_array_new_with_free_func(g_free);
	const char *id = value_of("id", names, values);
	bool own_id = id != NULL && !g_str_has_prefix(id, SVG_AUTO_ID);
	for (size_t i = 0; names[i] != NULL && values[i] != NULL; i++) {
		if (foreign_attr(names[i]) || (!own_id && strcmp(names[i], "id") == 0))
			continue;
		if (attr_ok(p, error, element, own_id ? id : "", names[i], values[i]))
			add_attr(a, names[i], g_strdup(values[i]));
		else if (p->err != ERR_OK)
			return NULL;
	}
	if (!own_id && in_list(drawn, G_N_ELEMENTS(drawn), element)) {
		add_attr(a, "id", g_strdup_printf(SVG_AUTO_ID "%u", p->svg->node->len));
		if (value_of(SVG_PLACE_ATTR, names, values) == NULL)
			add_attr(a, SVG_PLACE_ATTR, here(p));
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
		g_autofree char *what = g_strdup_printf("<%s>", name);
		refuse(p, error, MSG_DESIGN_FORBIDDEN, what);
		p->skip++;
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

/* Nobody may begin to draw what would never end, not even to look for faults. */
static enum err
check_weight(const struct svg *s, struct why *w)
{
	int heavy = weight_too_much(s);
	if (heavy < 0)
		return ERR_OK;
	g_autofree char *where = svg_where(s, heavy);
	return why_set(w, ERR_DESIGN, MSG_DESIGN_HEAVY, WHY_CODE(s->file), WHY_CODE(where));
}

enum err
svg_parse(const char *file, const char *markup, size_t len, struct design_findings *all,
    struct svg **out, struct why *w)
{
	struct parse p = { .all = all, .w = w };
	g_autoptr(GError) error = NULL;

	*out = NULL;
	p.svg = g_new0(struct svg, 1);
	p.svg->file = g_strdup(file);
	p.svg->node = g_array_new(FALSE, TRUE, sizeof(struct svg_node));
	p.ctx = g_markup_parse_context_new(&callbacks, (GMarkupParseFlags)0, &p, NULL);
	bool ok = g_markup_parse_context_parse(p.ctx, markup, (gssize)len, &error) &&
	    g_markup_parse_context_end_parse(p.ctx, &error);
	g_markup_parse_context_free(p.ctx);
	if (p.err == ERR_OK && !ok)
		p.err = why_set(w, ERR_DESIGN, MSG_DESIGN_BROKEN, WHY_CODE(file),
		    WHY_CODE(error->message));
	else if (p.err == ERR_OK && (p.svg->node->len == 0 ||
	    strcmp(svg_at(p.svg, 0)->name, "svg") != 0))
		p.err = why_set(w, ERR_DESIGN, MSG_DESIGN_BROKEN, WHY_CODE(file),
		    WHY_CODE("<svg>"));
	if (p.err == ERR_OK)
		p.err = check_weight(p.svg, w);
	if (p.err == ERR_OK)
		*out = p.svg;
	else
		svg_free(&p.svg);
	return p.err;
}
