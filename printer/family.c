#include "printer/family.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "station/base/file.h"

static const char *const side_name[] = { [CARD_FRONT] = "front", [CARD_BACK] = "back" };

static char *
side_path(const char *folder, const char *name, enum card_side side)
{
	return g_strdup_printf("%s/%s-%s.svg", folder, name, side_name[side]);
}

static bool
there(const char *folder, const char *name, enum card_side side)
{
	g_autofree char *path = side_path(folder, name, side);
	return access(path, F_OK) == 0;
}

bool
family_name_ok(const char *name)
{
	if (*name == '\0' || *name == '.' || strlen(name) >= DESIGN_NAME_CAP)
		return false;
	for (const char *c = name; *c != '\0'; c++)
		if ((*c & 0x80) == 0 && !g_ascii_isalnum(*c) && strchr("._-", *c) == NULL)
			return false;
	return true;
}

static enum err
read_side(const char *path, char **out, size_t *len, struct why *w)
{
	*out = malloc(DESIGN_SVG_CAP + 1);
	if (*out == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	enum err e = file_read(path, *out, DESIGN_SVG_CAP, len, w);
	if (e == ERR_LEN)
		e = why_set(w, ERR_DESIGN, MSG_DESIGN_TOO_BIG, WHY_CODE(path), WHY_CODE("4 MB"));
	if (e == ERR_OK && memchr(*out, '\0', *len) != NULL)
		e = why_set(w, ERR_DESIGN, MSG_DESIGN_BROKEN, WHY_CODE(path), WHY_CODE("NUL"));
	return e;
}

static enum err
parse_side(const char *folder, const char *name, enum card_side side,
    struct design_findings *all, struct svg **out, struct why *w)
{
	g_autofree char *path = side_path(folder, name, side);
	g_autofree char *file = g_strdup_printf("%s-%s.svg", name, side_name[side]);
	char *markup = NULL;
	size_t len = 0;

	enum err e = read_side(path, &markup, &len, w);
	if (e == ERR_OK)
		e = svg_parse(file, markup, len, all, out, w);
	free(markup);
	return e;
}

/* --- a child into its parent */

struct merge {
	const struct svg *child, *parent;
	struct svg_edit *edit;		/* of the parent */
	GString *added;			/* definitions the parent does not have */
	struct why *w;
};

static void
take_root_attrs(struct merge *m)
{
	unsigned room = SVG_SET_MAX;
	for (char **a = svg_at(m->child, 0)->attr; *a != NULL && room > 0; a += 2) {
		if (strcmp(a[0], FAMILY_PARENT) == 0 || g_str_has_prefix(a[0], "xmlns"))
			continue;
		svg_edit_set(&m->edit[0], a[0], a[1]);
		room--;
	}
}

/* The element in place of the parent's; a definition may be a new one. */
static enum err
take_element(struct merge *m, int i, bool definition)
{
	const char *id = svg_attr(svg_at(m->child, i), "id");
	int at = id != NULL ? svg_find(m->parent, id) : -1;
	if (at <= 0 && !definition) {
		g_autofree char *where = svg_where(m->child, i);
		return why_set(m->w, ERR_DESIGN, MSG_DESIGN_CHILD_STRAY, WHY_CODE(m->child->file),
		    WHY_CODE(where), WHY_CODE(m->parent->file));
	}
	GString *markup = svg_write_from(m->child, i, NULL);
	if (at <= 0)
		g_string_append_len(m->added, markup->str, (gssize)markup->len);
	else if (m->edit[at].outer == NULL)
		m->edit[at].outer = g_strdup(markup->str);
	g_string_free(markup, TRUE);
	return ERR_OK;
}

static enum err
take_below(struct merge *m, int top)
{
	enum err e = ERR_OK;
	bool definitions = strcmp(svg_at(m->child, top)->name, "defs") == 0;
	for (int i = svg_at(m->child, top)->first; e == ERR_OK && i >= 0; i = svg_at(m->child, i)->next) {
		if (svg_at(m->child, i)->name == NULL)
			continue;
		if (top == 0 && strcmp(svg_at(m->child, i)->name, "defs") == 0)
			e = take_below(m, i);
		else
			e = take_element(m, i, definitions);
	}
	return e;
}

static enum err
merge(const struct svg *child, const struct svg *parent, struct svg **out, struct why *w)
{
	struct merge m = { .child = child, .parent = parent, .w = w };

	m.edit = g_new0(struct svg_edit, svg_count(parent));
	m.added = g_string_new("<defs>");
	take_root_attrs(&m);
	enum err e = take_below(&m, 0);
	if (e == ERR_OK) {
		GString *all = svg_write(parent, m.edit);
		g_string_append(m.added, "</defs>");
		g_string_insert(all, (gssize)(all->len - strlen("</svg>")), m.added->str);
		e = svg_parse(child->file, all->str, all->len, NULL, out, w);
		g_string_free(all, TRUE);
	}
	for (unsigned i = 0; i < svg_count(parent); i++)
		svg_edit_clear(&m.edit[i]);
	g_free(m.edit);
	g_string_free(m.added, TRUE);
	return e;
}

/* Whose child the design is: by this side's file, else by the other's. NULL: nobody's; g_free. */
static enum err
parent_of(const char *folder, const char *name, enum card_side side, const struct svg *own,
    char **out, struct why *w)
{
	struct svg *other = NULL;
	enum err e = ERR_OK;

	*out = NULL;
	if (own == NULL)
		e = parse_side(folder, name, side == CARD_FRONT ? CARD_BACK : CARD_FRONT, NULL, &other, w);
	if (e == ERR_OK)
		*out = g_strdup(svg_attr(svg_at(own != NULL ? own : other, 0), FAMILY_PARENT));
	svg_free(&other);
	return e;
}

static enum err
side_at(const char *folder, const char *name, enum card_side side, unsigned depth,
    struct design_findings *all, struct svg **out, struct why *w)
{
	struct svg *own = NULL, *parent = NULL;
	g_autofree char *up = NULL;
	enum card_side other = side == CARD_FRONT ? CARD_BACK : CARD_FRONT;
	enum err e = ERR_OK;

	/* with neither file there, reading says which is missing */
	if (there(folder, name, side) || !there(folder, name, other))
		e = parse_side(folder, name, side, all, &own, w);
	if (e == ERR_OK)
		e = parent_of(folder, name, side, own, &up, w);
	if (e == ERR_OK && up == NULL && own == NULL)
		e = parse_side(folder, name, side, all, &own, w);
	if (e == ERR_OK && up != NULL && (depth == FAMILY_DEPTH_MAX || !family_name_ok(up)))
		e = why_set(w, ERR_DESIGN, MSG_DESIGN_PARENT_BAD, WHY_CODE(name), WHY_CODE(up));
	if (e == ERR_OK && up != NULL)
		e = side_at(folder, up, side, depth + 1, all, &parent, w);
	if (e == ERR_OK && parent != NULL && own != NULL)
		e = merge(own, parent, out, w);
	else if (e == ERR_OK)
		*out = parent != NULL ? g_steal_pointer(&parent) : g_steal_pointer(&own);
	svg_free(&own);
	svg_free(&parent);
	return e;
}

enum err
family_side(const char *folder, const char *name, enum card_side side,
    struct design_findings *all, struct svg **out, struct why *w)
{
	*out = NULL;
	return side_at(folder, name, side, 1, all, out, w);
}

/* --- which there are */

static int
by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err
design_names(const char *folder, GPtrArray *names, struct why *w)
{
	DIR *dir = opendir(folder);
	struct dirent *d;

	if (dir == NULL)
		return why_errno(w, errno, folder);
	while ((d = readdir(dir)) != NULL) {
		for (int side = CARD_FRONT; side <= CARD_BACK; side++) {
			g_autofree char *end = g_strdup_printf("-%s.svg", side_name[side]);
			if (!g_str_has_suffix(d->d_name, end))
				continue;
			char *name = g_strndup(d->d_name, strlen(d->d_name) - strlen(end));
			if (family_name_ok(name) && !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
				g_ptr_array_add(names, name);
			else
				g_free(name);
		}
	}
	(void)closedir(dir);
	g_ptr_array_sort(names, by_name);
	return ERR_OK;
}

enum err
design_list(const char *folder, void (*tell)(void *ctx, const char *name, const char *parent),
    void *ctx, struct why *w)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	enum err e = design_names(folder, names, w);

	for (unsigned i = 0; e == ERR_OK && i < names->len; i++) {
		const char *name = names->pdata[i];
		enum card_side side = there(folder, name, CARD_FRONT) ? CARD_FRONT : CARD_BACK;
		struct svg *own = NULL;
		(void)parse_side(folder, name, side, NULL, &own, NULL);
		tell(ctx, name, own != NULL ? svg_attr(svg_at(own, 0), FAMILY_PARENT) : NULL);
		svg_free(&own);
	}
	return e;
}

/* --- which of them */

static bool
exists(const char *folder, const char *name)
{
	return there(folder, name, CARD_FRONT) || there(folder, name, CARD_BACK);
}

/* NAME and its endings, "" left out, into `out` if there is such a design. */
static bool
pick(const char *folder, const char *name, const char *one, const char *two, char out[DESIGN_NAME_CAP])
{
	char full[DESIGN_NAME_CAP];
	int n = snprintf(full, sizeof(full), "%s%s%s%s%s", name, *one != '\0' ? "-" : "", one,
	    *two != '\0' ? "-" : "", two);
	if (n < 0 || (size_t)n >= sizeof(full) || !exists(folder, full))
		return false;
	memcpy(out, full, sizeof(full));
	return true;
}

void
design_pick(const char *folder, const char *name, const char *lang, const char *app,
    const char *tier, char out[DESIGN_NAME_CAP])
{
	char stem[DESIGN_NAME_CAP];

	(void)snprintf(stem, sizeof(stem), "%s", name);
	if (lang != NULL)
		(void)pick(folder, name, lang, "", stem);
	bool found = app != NULL && tier != NULL && pick(folder, stem, app, tier, out);
	if (!found && app != NULL)
		found = pick(folder, stem, app, "", out);
	if (!found && tier != NULL)
		found = pick(folder, stem, tier, "", out);
	if (!found)
		(void)snprintf(out, DESIGN_NAME_CAP, "%s", stem);
}
