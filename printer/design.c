#include "printer/design.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printer/artwork.h"
#include "printer/font.h"
#include "station/base/file.h"

const struct place places[PLACES] = {
	{ "bg:name", true, false, MSG_CARD_NAME_TOO_LONG },
	{ "bg:number", true, true, MSG_CARD_NUMBER_TOO_LONG },
	{ "bg:tier", true, false, MSG_CARD_TIER_TOO_LONG },
	{ "bg:valid", true, false, MSG_CARD_VALID_TOO_LONG },
	{ "bg:club", false, false, MSG_CARD_CLUB_TOO_LONG }
};

static enum err
bad_place(const struct svg *s, const char *id, const char *what, struct why *w)
{
	return why_set(w, ERR_DESIGN, MSG_DESIGN_PLACE_BAD, WHY_CODE(s->file),
	    WHY_CODE(id), WHY_CODE(what));
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
check_qr_place(const struct svg *s, int at, struct why *w)
{
	static const char *const need[] = { "x", "y", "width", "height" };
	double mm[4];
	if (strcmp(svg_at(s, at)->name, "rect") != 0)
		return bad_place(s, PLACE_QR, "<rect>", w);
	for (size_t i = 0; i < G_N_ELEMENTS(need); i++)
		if (!svg_number(svg_attr(svg_at(s, at), need[i]), &mm[i]))
			return bad_place(s, PLACE_QR, need[i], w);
	if (mm[0] < 0 || mm[1] < 0 || mm[0] + mm[2] > CARD_WIDTH_MM || mm[1] + mm[3] > CARD_HEIGHT_MM)
		return bad_place(s, PLACE_QR, "x, y, width, height", w);
	return svg_moved(s, at) ? bad_place(s, PLACE_QR, "transform", w) : ERR_OK;
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
	g_autofree char *family = svg_property(s, i, "font-family");
	if (n->text == NULL)
		return family == NULL ? ERR_OK : font_check_families(family, s->file, w);
	const char *around = svg_at(s, n->parent)->name;
	if (strcmp(around, "text") != 0 && strcmp(around, "tspan") != 0)
		return ERR_OK;
	if (family == NULL)
		return bad_place(s, around, "font-family", w);
	g_autofree char *words = g_strstrip(g_strdelimit(g_strdup(n->text), "\t\r\n", ' '));
	return font_check_text(family, words, w);
}

static enum err
check_side(const struct svg *s, struct why *w)
{
	enum err e = check_size(s, w);
	for (int i = 0; e == ERR_OK && i < (int)svg_count(s); i++)
		e = check_fonts(s, i, w);
	for (size_t i = 0; e == ERR_OK && i < PLACES; i++) {
		int at = svg_find(s, places[i].id);
		e = at < 0 ? ERR_OK : check_text_place(s, &places[i], at, w);
		if (e == ERR_OK)
			e = check_once(s, places[i].id, w);
	}
	int qr = svg_find(s, PLACE_QR);
	if (e == ERR_OK)
		e = check_once(s, PLACE_QR, w);
	return e != ERR_OK || qr < 0 ? e : check_qr_place(s, qr, w);
}

static bool
on_a_side(const struct design *d, const char *id)
{
	return svg_find(d->side[CARD_FRONT], id) >= 0 || svg_find(d->side[CARD_BACK], id) >= 0;
}

static enum err
check_places(const struct design *d, struct why *w)
{
	const char *missing = NULL;
	for (size_t i = 0; i < PLACES; i++)
		if (places[i].required && !on_a_side(d, places[i].id))
			missing = places[i].id;
	if (!on_a_side(d, PLACE_QR))
		missing = PLACE_QR;
	if (!on_a_side(d, PLACE_TEST))
		missing = PLACE_TEST;
	return missing == NULL ? ERR_OK : why_set(w, ERR_DESIGN,
	    MSG_DESIGN_PLACE_MISSING, WHY_CODE(d->name), WHY_CODE(missing));
}

/* librsvg has the last word on what is a drawing: paths, numbers, references. */
static enum err
check_drawable(const struct design *d, struct why *w)
{
	const struct card_face nobody = { .test = true };
	return design_check(d, &nobody, w);
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
	enum err e = svg_parse(front_file, front, strlen(front), &d->side[CARD_FRONT], w);
	if (e == ERR_OK)
		e = svg_parse(back_file, back, strlen(back), &d->side[CARD_BACK], w);
	for (size_t i = 0; e == ERR_OK && i < 2; i++)
		e = check_side(d->side[i], w);
	if (e == ERR_OK)
		e = check_places(d, w);
	if (e == ERR_OK)
		e = check_drawable(d, w);
	if (e == ERR_OK)
		*out = d;
	else
		design_free(&d);
	return e;
}

static enum err
read_side(const char *folder, const char *name, const char *side, char **out,
    struct why *w)
{
	g_autofree char *path = g_strdup_printf("%s/%s-%s.svg", folder, name, side);
	size_t len = 0;
	char *markup = malloc(DESIGN_SVG_CAP + 1);
	if (markup == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	enum err e = file_read(path, markup, DESIGN_SVG_CAP, &len, w);
	if (e == ERR_LEN)
		e = why_set(w, ERR_DESIGN, MSG_DESIGN_TOO_BIG, WHY_CODE(path), WHY_CODE("4 MB"));
	markup[len] = '\0';
	if (e == ERR_OK && strlen(markup) != len)
		e = why_set(w, ERR_DESIGN, MSG_DESIGN_BROKEN, WHY_CODE(path), WHY_CODE("NUL"));
	*out = markup;
	return e;
}

enum err
design_load(const char *folder, const char *name, struct design **out,
    struct why *w)
{
	char *front = NULL, *back = NULL;

	*out = NULL;
	enum err e = read_side(folder, name, "front", &front, w);
	if (e == ERR_OK)
		e = read_side(folder, name, "back", &back, w);
	if (e == ERR_OK)
		e = design_parse(name, front, back, out, w);
	free(front);
	free(back);
	return e;
}

enum err
design_check(const struct design *d, const struct card_face *face, struct why *w)
{
	enum err e = ERR_OK;
	for (int side = CARD_FRONT; e == ERR_OK && side <= CARD_BACK; side++) {
		RsvgHandle *h = NULL;
		e = artwork_fill(d, face, (enum card_side)side, &h, w);
		g_clear_object(&h);
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
