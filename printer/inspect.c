#include "printer/inspect.h"

#include <stdlib.h>
#include <string.h>

#include "printer/family.h"
#include "printer/findings.h"
#include "printer/font.h"
#include "printer/inspect_side.h"
#include "station/base/file.h"

/* Faces made for what a design shows for one tier or application only; more are not looked at. */
#define KINDS_MAX 16u

/* --- fonts */

static void
take_font(void *ctx, const char *family)
{
	struct inspection *o = ctx;
	for (unsigned i = 0; i < o->font_count; i++)
		if (strcmp(o->font[i], family) == 0)
			return;
	if (o->font_count < INSPECT_FONTS_CAP)
		g_strlcpy(o->font[o->font_count++], family, sizeof(o->font[0]));
}

/* What the words that are seen on this side are drawn with: the design's own and the face's. */
static void
take_fonts(const struct artwork *a, struct inspection *o)
{
	for (int i = 0; i < (int)svg_count(a->svg); i++) {
		const struct svg_node *n = svg_at(a->svg, i);
		if (g_strcmp0(n->name, "text") != 0 || artwork_unseen(a, i))
			continue;
		const struct place *p = place_by_id(svg_attr(n, "id"));
		g_autofree char *family = svg_property(a->svg, i, "font-family");
		g_autofree char *own = svg_text(a->svg, i);
		const char *words = p != NULL && p->kind == PLACE_WORDS ? place_words(p, a->face) : own;
		if (family != NULL && g_utf8_validate(words, -1, NULL))
			font_used(family, words, take_font, o);
	}
}

/* --- one side, one face */

static enum err
look_at_side(const struct design *d, const struct card_face *face, enum card_side side,
    struct inspection *o, struct why *w)
{
	struct artwork a = { 0 };
	struct look l = { .a = &a, .side = side, .all = &o->findings };

	look_margins(d->side[side], l.all, &l.m);
	enum err e = artwork_fill(d, face, side, l.all, &a, w);
	if (e != ERR_OK)
		return findings_keep(l.all, e, w);
	take_fonts(&a, o);
	e = ink_open(&a, &l.ink, w);
	if (e == ERR_OK) {
		look_at_ink(&l);
		look_at_code(&l);
	}
	ink_close(&l.ink);
	artwork_clear(&a);
	return findings_keep(l.all, e, w);
}

/* One file for both sides is looked at once. */
static enum err
look_at_face(const struct design *d, const struct card_face *face, struct inspection *o, struct why *w)
{
	enum err e = look_at_side(d, face, CARD_FRONT, o, w);
	bool same = strcmp(d->side[CARD_FRONT]->file, d->side[CARD_BACK]->file) == 0;
	return e == ERR_OK && !same ? look_at_side(d, face, CARD_BACK, o, w) : e;
}

/* --- what is shown for some cards only */

/* ID of every bg:tier-ID or bg:app-ID, each once, without the ".2" of a second one; g_strfreev. */
static char **
kinds(const struct design *d, const char *prefix)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new();
	for (int side = 0; side < 2; side++) {
		for (int i = 0; i < (int)svg_count(d->side[side]); i++) {
			const char *id = svg_attr(svg_at(d->side[side], i), "id");
			if (id == NULL || !g_str_has_prefix(id, prefix) || found->len == KINDS_MAX)
				continue;
			char *kind = g_strndup(id + strlen(prefix), strcspn(id + strlen(prefix), "."));
			if (g_ptr_array_find_with_equal_func(found, kind, g_str_equal, NULL))
				g_free(kind);
			else
				g_ptr_array_add(found, kind);
		}
	}
	g_ptr_array_add(found, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&found), FALSE);
}

static enum err
look_at_kinds(const struct design *d, const struct card_face *face, struct inspection *o, struct why *w)
{
	g_auto(GStrv) tier = kinds(d, "bg:tier-");
	g_auto(GStrv) app = kinds(d, "bg:app-");
	struct card_face f = *face;
	enum err e = ERR_OK;

	for (char **t = tier; e == ERR_OK && *t != NULL; t++) {
		f.tier_id = *t;
		e = look_at_face(d, &f, o, w);
	}
	f.tier_id = face->tier_id;
	for (char **a = app; e == ERR_OK && *a != NULL; a++) {
		f.application = *a;
		e = look_at_face(d, &f, o, w);
	}
	return e;
}

/* As of a practice club, too, whose words lie across everything; once is enough. */
static enum err
look_at_all(const struct design *d, const struct card_face *faces, unsigned count,
    struct inspection *o, struct why *w)
{
	enum err e = design_check_trees(d, &o->findings, w);
	for (int side = 0; side < 2; side++)
		look_at_anchors(d->side[side], &o->findings);
	for (unsigned i = 0; e == ERR_OK && i < count; i++) {
		struct card_face f = faces[i];
		f.test = i == 0;
		e = look_at_face(d, &f, o, w);
		if (e == ERR_OK)
			e = look_at_kinds(d, &f, o, w);
	}
	return e;
}

/* --- reading */

enum err
design_inspect(const char *folder, const char *name, const struct card_face *faces,
    unsigned face_count, struct inspection *out, struct why *w)
{
	struct design d = { .name = g_strdup(name) };
	struct why own;
	enum err e = ERR_OK;

	w = w != NULL ? w : &own;
	memset(out, 0, sizeof(*out));
	for (int side = CARD_FRONT; e == ERR_OK && side <= CARD_BACK; side++)
		e = findings_keep(&out->findings, family_side(folder, name, (enum card_side)side,
		    &out->findings, &d.side[side], w), w);
	/* the other side stands in for one that cannot be read, so that all of it is looked at */
	for (int side = CARD_FRONT; e == ERR_OK && side <= CARD_BACK; side++)
		if (d.side[side] == NULL && d.side[1 - side] != NULL)
			e = findings_keep(&out->findings, family_side(folder, name,
			    (enum card_side)(1 - side), &out->findings, &d.side[side], w), w);
	if (e == ERR_OK && d.side[CARD_FRONT] != NULL)
		e = look_at_all(&d, faces, face_count, out, w);
	svg_free(&d.side[CARD_FRONT]);
	svg_free(&d.side[CARD_BACK]);
	g_free(d.name);
	return e;
}

static enum err
parse_file(const char *path, struct inspection *o, struct svg *side[2], struct why *w)
{
	g_autofree char *file = g_path_get_basename(path);
	char *markup = malloc(DESIGN_SVG_CAP);
	size_t len = 0;

	if (markup == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	enum err e = file_read(path, markup, DESIGN_SVG_CAP, &len, w);
	if (e == ERR_LEN)
		e = why_set(w, ERR_DESIGN, MSG_DESIGN_TOO_BIG, WHY_CODE(path), WHY_CODE("4 MB"));
	for (int i = 0; e == ERR_OK && i < 2; i++)
		e = svg_parse(file, markup, len, &o->findings, &side[i], w);
	free(markup);
	return e;
}

enum err
design_inspect_file(const char *path, const struct card_face *faces, unsigned face_count,
    struct inspection *out, struct why *w)
{
	struct design d = { .name = g_path_get_basename(path) };
	struct why own;

	w = w != NULL ? w : &own;
	memset(out, 0, sizeof(*out));
	enum err e = findings_keep(&out->findings, parse_file(path, out, d.side, w), w);
	if (e == ERR_OK && d.side[CARD_BACK] != NULL)
		e = look_at_all(&d, faces, face_count, out, w);
	svg_free(&d.side[CARD_FRONT]);
	svg_free(&d.side[CARD_BACK]);
	g_free(d.name);
	return e;
}
