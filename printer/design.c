#include "printer/design.h"

#include <math.h>
#include <string.h>

#include "printer/artwork.h"
#include "printer/family.h"
#include "printer/findings.h"
#include "printer/font.h"

static enum err
bad_place(const struct svg *s, const char *id, const char *what, struct why *w)
{
	return why_set(w, ERR_DESIGN, MSG_DESIGN_PLACE_BAD, WHY_CODE(s->file),
	    WHY_CODE(id), WHY_CODE(what));
}

static enum err
check_text_place(const struct svg *s, const struct place *p, int at, struct why *w)
{
	const struct svg_node *n = svg_at(s, at);
	double number;
	g_autofree char *size = svg_property(s, at, "font-size");
	g_autofree char *family = svg_property(s, at, "font-family");
	if (strcmp(n->name, "text") != 0)
		return bad_place(s, p->id, "<text>", w);
	if (!svg_number(svg_attr(n, "x"), &number) || !svg_number(svg_attr(n, "y"), &number))
		return bad_place(s, p->id, "x, y", w);
	if (!svg_number(size, &number) || number <= 0)
		return bad_place(s, p->id, "font-size", w);
	if (family == NULL)
		return bad_place(s, p->id, "font-family", w);
	if (!place_room(s, p, at, &number))
		return bad_place(s, p->id, "data-bg-max-width", w);
	if (svg_moved(s, at))
		return bad_place(s, p->id, "transform", w);
	return ERR_OK;
}

/* Of two with one id only the first would be filled. */
static enum err
check_once(const struct svg *s, const char *id, struct why *w)
{
	unsigned count = 0;
	for (int i = 0; i < (int)svg_count(s); i++)
		count += g_strcmp0(svg_attr(svg_at(s, i), "id"), id) == 0;
	return count <= 1 ? ERR_OK : bad_place(s, id, "id", w);
}

static enum err
check_box_place(const struct svg *s, const struct place *p, int at, struct why *w)
{
	static const char *const need[] = { "x", "y", "width", "height" };
	double mm[4];
	if (strcmp(svg_at(s, at)->name, "rect") != 0)
		return bad_place(s, p->id, "<rect>", w);
	for (size_t i = 0; i < G_N_ELEMENTS(need); i++)
		if (!svg_number(svg_attr(svg_at(s, at), need[i]), &mm[i]))
			return bad_place(s, p->id, need[i], w);
	if (mm[0] < 0 || mm[1] < 0 || mm[0] + mm[2] > CARD_WIDTH_MM || mm[1] + mm[3] > CARD_HEIGHT_MM)
		return bad_place(s, p->id, "x, y, width, height", w);
	return svg_moved(s, at) ? bad_place(s, p->id, "transform", w) : ERR_OK;
}

/* One user unit is one millimetre of the card. */
static enum err
check_size(const struct svg *s, struct why *w)
{
	const char *box = svg_attr(svg_at(s, 0), "viewBox");
	double v[4];
	char *at = NULL;
	for (size_t i = 0; i < 4; i++) {
		const char *from = i == 0 ? box : at;
		v[i] = from == NULL ? 0 : g_ascii_strtod(from, &at);
		if (at != NULL)
			at += strspn(at, " ,\t\r\n");
	}
	if (box != NULL && fabs(v[0]) < 0.01 && fabs(v[1]) < 0.01 &&
	    fabs(v[2] - CARD_WIDTH_MM) < 0.05 && fabs(v[3] - CARD_HEIGHT_MM) < 0.05)
		return ERR_OK;
	return why_set(w, ERR_DESIGN, MSG_DESIGN_SIZE, WHY_CODE(s->file),
	    WHY_CODE("viewBox=\"0 0 85.6 53.98\""));
}

/* The families of an element, and the characters of the words that stand in the design itself. */
static enum err
check_fonts(const struct svg *s, int i, struct why *w)
{
	const struct svg_node *n = svg_at(s, i);
	char one[FONT_CHARACTER_CAP];
	g_autofree char *own = n->text == NULL ? svg_own_property(s, i, "font-family") : NULL;
	if (n->text == NULL && own == NULL)
		return ERR_OK;
	g_autofree char *where = svg_where(s, i);
	g_autofree char *named = g_strdup_printf("%s: %s", s->file, where);
	if (n->text == NULL)
		return font_check_families(own, named, w);
	const char *around = svg_at(s, n->parent)->name;
	if (strcmp(around, "text") != 0 && strcmp(around, "tspan") != 0)
		return ERR_OK;
	g_autofree char *family = svg_property(s, i, "font-family");
	if (family == NULL)
		return bad_place(s, around, "font-family", w);
	g_autofree char *words = g_strstrip(g_strdelimit(g_strdup(n->text), "\t\r\n", ' '));
	return font_draws(family, words, one) ? ERR_OK : why_set(w, ERR_FONT,
	    MSG_DESIGN_NO_GLYPH, WHY_CODE(s->file), WHY_CODE(where), WHY_STR(one), WHY_CODE(family));
}

/* Is the paint of this name one colour: a gradient of one stop, which children of a design may change? */
static bool
plain_paint(const struct svg *s, const char *paint)
{
	g_autofree char *id = g_strndup(paint + strlen("url(#"), strcspn(paint + strlen("url(#"), ")"));
	int at = svg_find(s, id), stops = 0;
	if (at < 0 || !g_str_has_suffix(svg_at(s, at)->name, "Gradient") ||
	    svg_attr(svg_at(s, at), "xlink:href") != NULL || svg_attr(svg_at(s, at), "href") != NULL)
		return false;
	for (int i = svg_at(s, at)->first; i >= 0; i = svg_at(s, i)->next)
		stops += g_strcmp0(svg_at(s, i)->name, "stop") == 0;
	return stops == 1;
}

/* Some programs that turn PDF into dots draw a box where words have a gradient: words are of one colour. */
static enum err
check_paint(const struct svg *s, int i, struct why *w)
{
	static const char *const properties[] = { "fill", "stroke" };
	const char *name = svg_at(s, i)->name;
	if (g_strcmp0(name, "text") != 0 && g_strcmp0(name, "tspan") != 0)
		return ERR_OK;
	for (size_t p = 0; p < sizeof(properties) / sizeof(properties[0]); p++) {
		g_autofree char *paint = svg_property(s, i, properties[p]);
		g_autofree char *where = svg_where(s, i);
		if (paint != NULL && g_str_has_prefix(paint, "url(#") && !plain_paint(s, paint))
			return why_set(w, ERR_DESIGN, MSG_DESIGN_TEXT_PAINT, WHY_CODE(s->file), WHY_CODE(where));
	}
	return ERR_OK;
}

static enum err
check_place(const struct svg *s, const struct place *p, struct why *w)
{
	int at = svg_find(s, p->id);
	if (at < 0)
		return ERR_OK;
	enum err e = p->kind == PLACE_WORDS ? check_text_place(s, p, at, w) :
	    check_box_place(s, p, at, w);
	return e == ERR_OK ? check_once(s, p->id, w) : e;
}

static enum err
check_side(const struct svg *s, struct design_findings *all, struct why *w)
{
	enum err e = findings_keep(all, check_size(s, w), w);
	for (int i = 0; e == ERR_OK && i < (int)svg_count(s); i++)
		e = findings_keep(all, check_fonts(s, i, w), w);
	for (int i = 0; e == ERR_OK && i < (int)svg_count(s); i++)
		e = findings_keep(all, check_paint(s, i, w), w);
	for (size_t i = 0; e == ERR_OK && i < PLACES; i++)
		e = findings_keep(all, check_place(s, &places[i], w), w);
	return e;
}

static bool
on_a_side(const struct design *d, const char *id)
{
	return svg_find(d->side[CARD_FRONT], id) >= 0 || svg_find(d->side[CARD_BACK], id) >= 0;
}

static enum err
need_place(const struct design *d, const char *id, struct why *w)
{
	return on_a_side(d, id) ? ERR_OK : why_set(w, ERR_DESIGN, MSG_DESIGN_PLACE_MISSING,
	    WHY_CODE(d->name), WHY_CODE(id));
}

static enum err
check_places(const struct design *d, struct design_findings *all, struct why *w)
{
	enum err e = findings_keep(all, need_place(d, PLACE_TEST, w), w);
	for (size_t i = 0; e == ERR_OK && i < PLACES; i++)
		if (places[i].required)
			e = findings_keep(all, need_place(d, places[i].id, w), w);
	return e;
}

/* librsvg has the last word on what is a drawing: paths, numbers, references. */
static enum err
check_drawable(const struct design *d, struct why *w)
{
	const struct card_face nobody = { .test = true };
	return design_check(d, &nobody, w);
}

enum err
design_check_trees(const struct design *d, struct design_findings *all, struct why *w)
{
	struct why own;
	enum err e = ERR_OK;
	w = w != NULL ? w : &own;
	for (size_t i = 0; e == ERR_OK && i < 2; i++)
		e = check_side(d->side[i], all, w);
	return e == ERR_OK ? check_places(d, all, w) : e;
}

/* The design of two sides, which are taken over whatever comes of it. */
static enum err
finish(struct design *d, struct design **out, struct why *w)
{
	enum err e = design_check_trees(d, NULL, w);
	if (e == ERR_OK)
		e = check_drawable(d, w);
	if (e == ERR_OK)
		*out = d;
	else
		design_free(&d);
	return e;
}

enum err
design_parse(const char *name, const char *front, const char *back,
    struct design **out, struct why *w)
{
	struct design *d = g_new0(struct design, 1);
	g_autofree char *front_file = g_strconcat(name, "-front.svg", NULL);
	g_autofree char *back_file = g_strconcat(name, "-back.svg", NULL);

	*out = NULL;
	d->name = g_strdup(name);
	enum err e = svg_parse(front_file, front, strlen(front), NULL, &d->side[CARD_FRONT], w);
	if (e == ERR_OK)
		e = svg_parse(back_file, back, strlen(back), NULL, &d->side[CARD_BACK], w);
	if (e == ERR_OK)
		return finish(d, out, w);
	design_free(&d);
	return e;
}

enum err
design_load(const char *folder, const char *name, struct design **out, struct why *w)
{
	struct design *d = g_new0(struct design, 1);
	enum err e = ERR_OK;

	*out = NULL;
	d->name = g_strdup(name);
	for (int side = CARD_FRONT; e == ERR_OK && side <= CARD_BACK; side++)
		e = family_side(folder, name, (enum card_side)side, NULL, &d->side[side], w);
	if (e == ERR_OK)
		return finish(d, out, w);
	design_free(&d);
	return e;
}

enum err
design_check(const struct design *d, const struct card_face *face, struct why *w)
{
	enum err e = ERR_OK;
	for (int side = CARD_FRONT; e == ERR_OK && side <= CARD_BACK; side++) {
		struct artwork a = { 0 };
		e = artwork_fill(d, face, (enum card_side)side, NULL, &a, w);
		artwork_clear(&a);
	}
	return e;
}

const char *
design_name(const struct design *d)
{
	return d->name;
}

void
design_free(struct design **d)
{
	if (d == NULL || *d == NULL)
		return;
	svg_free(&(*d)->side[CARD_FRONT]);
	svg_free(&(*d)->side[CARD_BACK]);
	g_free((*d)->name);
	g_free(*d);
	*d = NULL;
}
