#include "printer/press.h"

#include <stdlib.h>
#include <string.h>

#include "printer/artwork.h"
#include "printer/canvas.h"
#include "printer/layers.h"
#include "printer/render.h"

/* Fixed parts kept for a side: tiers and kinds of card of one shop. At 300 dpi one has 2.6 MB. */
#define LAYERS_MAX 8

/* The fixed part of a side for cards that show and hide the same elements and share their steady words. */
struct layer {
	bool *hidden;			/* svg_count entries: which those are */
	char *words;			/* the steady ones, each behind a line break */
	bool *fixed;			/* in `under`, not drawn again */
	cairo_surface_t *under;		/* NULL: such a card is drawn in whole */
	uint64_t used;
};

struct card_press {
	const struct design *design;
	unsigned dpi;
	struct layer layer[2][LAYERS_MAX];
	cairo_surface_t *work;
	uint64_t clock, reused;
};

enum err
press_new(const struct design *d, unsigned dpi, struct card_press **out, struct why *w)
{
	*out = NULL;
	if (dpi < CARD_DPI_MIN || dpi > CARD_DPI_MAX)
		return why_set(w, ERR_RANGE, MSG_PNG_DPI, WHY_NUM(dpi), WHY_NUM(CARD_DPI_MIN),
		    WHY_NUM(CARD_DPI_MAX));
	struct card_press *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	p->design = d;
	p->dpi = dpi;
	p->work = canvas_image(dpi);
	*out = p;
	enum err e = canvas_error(cairo_surface_status(p->work), d->name, w);
	if (e != ERR_OK)
		press_free(out);
	return e;
}

static void
clear_layer(struct layer *l)
{
	g_free(l->hidden);
	g_free(l->words);
	g_free(l->fixed);
	if (l->under != NULL)
		cairo_surface_destroy(l->under);
	*l = (struct layer){ 0 };
}

void
press_free(struct card_press **p)
{
	if (p == NULL || *p == NULL)
		return;
	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < LAYERS_MAX; i++)
			clear_layer(&(*p)->layer[side][i]);
	cairo_surface_destroy((*p)->work);
	free(*p);
	*p = NULL;
}

uint64_t
press_reused(const struct card_press *p)
{
	return p->reused;
}

static void
hidden_of(const struct svg *s, const struct card_face *face, bool *hidden)
{
	for (int i = 0; i < (int)svg_count(s); i++)
		hidden[i] = place_hidden(svg_attr(svg_at(s, i), "id"), face);
}

/* No words hold a line break. g_free. */
static char *
words_of(const struct card_face *face)
{
	GString *to = g_string_new(NULL);
	for (size_t i = 0; i < PLACES; i++)
		if (layers_steady(&places[i]))
			g_string_append_printf(to, "\n%s", place_words(&places[i], face));
	return g_string_free(to, FALSE);
}

/* The layer of such cards, or NULL; `*oldest` is the one to give way. */
static struct layer *
find_layer(struct layer *layers, const struct layer *like, size_t count, struct layer **oldest)
{
	*oldest = &layers[0];
	for (size_t i = 0; i < LAYERS_MAX; i++) {
		if (layers[i].hidden != NULL && strcmp(layers[i].words, like->words) == 0 &&
		    memcmp(layers[i].hidden, like->hidden, count * sizeof(*like->hidden)) == 0)
			return &layers[i];
		if (layers[i].used < (*oldest)->used)
			*oldest = &layers[i];
	}
	return NULL;
}

static void
copy_pixels(cairo_surface_t *to, cairo_surface_t *from)
{
	cairo_surface_flush(to);
	cairo_surface_flush(from);
	memcpy(cairo_image_surface_get_data(to), cairo_image_surface_get_data(from),
	    (size_t)cairo_image_surface_get_stride(to) * (size_t)cairo_image_surface_get_height(to));
	cairo_surface_mark_dirty(to);
}

static bool
same_pixels(cairo_surface_t *a, cairo_surface_t *b)
{
	size_t width = 4 * (size_t)cairo_image_surface_get_width(a);
	size_t stride = (size_t)cairo_image_surface_get_stride(a);
	const unsigned char *p = cairo_image_surface_get_data(a), *q = cairo_image_surface_get_data(b);
	cairo_surface_flush(a);
	cairo_surface_flush(b);
	for (int y = 0; y < cairo_image_surface_get_height(a); y++)
		for (size_t x = 0; x < width; x += 4)
			/* the fourth byte of a pixel without alpha means nothing */
			if (((*(const uint32_t *)(const void *)(p + (size_t)y * stride + x) ^
			    *(const uint32_t *)(const void *)(q + (size_t)y * stride + x)) & 0xFFFFFF) != 0)
				return false;
	return true;
}

/* What is fixed, on white. The rest of `a` is hidden. */
static enum err
draw_under(const struct card_press *p, struct artwork *a, const bool *each,
    cairo_surface_t *under, struct why *w)
{
	for (unsigned i = 0; i < svg_count(a->svg); i++)
		a->edit[i].hide |= each[i];
	return canvas_markup(a->svg, a->edit, p->dpi, under, w);
}

/* The changing part over the fixed one, into the work picture. */
static enum err
draw_rest(struct card_press *p, const struct layer *l, const struct card_face *face,
    enum card_side side, struct why *w)
{
	struct artwork a = { 0 };
	enum err e = artwork_fill_rest(p->design, face, side, l->fixed, &a, w);
	if (e != ERR_OK)
		return e;
	copy_pixels(p->work, l->under);
	e = canvas_artwork(&a, p->dpi, p->work, p->design->name, w);
	artwork_clear(&a);
	return e;
}

/*
 * The layer for cards like this one. Its first card is drawn both ways: unless every dot agrees, such cards
 * are drawn in whole ever after. On success the work picture holds the card.
 */
static enum err
make_layer(struct card_press *p, struct layer *l, const struct card_face *face,
    enum card_side side, struct why *w)
{
	const struct svg *s = p->design->side[side];
	struct artwork a = { 0 };
	bool *each = g_new(bool, svg_count(s));
	cairo_surface_t *whole = canvas_image(p->dpi);
	l->fixed = g_new(bool, svg_count(s));
	enum err e = artwork_fill(p->design, face, side, NULL, &a, w);
	if (e == ERR_OK)
		e = canvas_artwork(&a, p->dpi, whole, p->design->name, w);
	if (e == ERR_OK && layers_part(&a, l->fixed, each)) {
		l->under = canvas_image(p->dpi);
		e = draw_under(p, &a, each, l->under, w);
		if (e == ERR_OK)
			e = draw_rest(p, l, face, side, w);
		if (e == ERR_OK && !same_pixels(p->work, whole)) {
			cairo_surface_destroy(l->under);
			l->under = NULL;
		}
	}
	if (e == ERR_OK)
		copy_pixels(p->work, whole);
	artwork_clear(&a);
	cairo_surface_destroy(whole);
	g_free(each);
	return e;
}

/* The card in whole, as card_render_png draws it. */
static enum err
draw_whole(struct card_press *p, const struct card_face *face, enum card_side side, struct why *w)
{
	struct artwork a = { 0 };
	enum err e = artwork_fill(p->design, face, side, NULL, &a, w);
	if (e != ERR_OK)
		return e;
	canvas_white(p->work);
	e = canvas_artwork(&a, p->dpi, p->work, p->design->name, w);
	artwork_clear(&a);
	return e;
}

static enum err
draw(struct card_press *p, const struct card_face *face, enum card_side side, struct why *w)
{
	const struct svg *s = p->design->side[side];
	struct layer like = { .hidden = g_new(bool, svg_count(s)), .words = words_of(face) };
	struct layer *oldest, *l;
	hidden_of(s, face, like.hidden);
	l = find_layer(p->layer[side], &like, svg_count(s), &oldest);
	if (l != NULL) {
		clear_layer(&like);
		l->used = ++p->clock;
		p->reused += l->under != NULL;
		return l->under != NULL ? draw_rest(p, l, face, side, w) : draw_whole(p, face, side, w);
	}
	enum err e = make_layer(p, &like, face, side, w);
	if (e != ERR_OK) {
		clear_layer(&like);
		return e;
	}
	like.used = ++p->clock;
	clear_layer(oldest);
	*oldest = like;
	return ERR_OK;
}

enum err
press_draw(struct card_press *p, const struct card_face *face, enum card_side side,
    struct card_image *out, struct why *w)
{
	struct card_face dotted = canvas_face(face, p->dpi);
	*out = (struct card_image){ 0 };
	enum err e = draw(p, &dotted, side, w);
	if (e != ERR_OK)
		return e;
	canvas_edges(p->work);
	*out = (struct card_image){
		.width = (unsigned)cairo_image_surface_get_width(p->work),
		.height = (unsigned)cairo_image_surface_get_height(p->work),
		.stride = (size_t)cairo_image_surface_get_stride(p->work),
		.pixels = cairo_image_surface_get_data(p->work)
	};
	return ERR_OK;
}
