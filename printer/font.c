#include "printer/font.h"

#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <stdbool.h>
#include <string.h>

/* "'Noto Sans', Titr" as names; g_strfreev. */
static char **
families(const char *list)
{
	char **name = g_strsplit(list, ",", -1);
	for (char **n = name; *n != NULL; n++) {
		char *s = g_strstrip(*n);
		size_t len = strlen(s);
		if (len >= 2 && (*s == '\'' || *s == '"') && s[len - 1] == *s) {
			s[len - 1] = '\0';
			memmove(s, s + 1, len - 1);
		}
	}
	return name;
}

static bool
installed(const char *family)
{
	FcPattern *want = FcPatternBuild(NULL, FC_FAMILY, FcTypeString, family, NULL);
	FcObjectSet *props = FcObjectSetBuild(FC_FAMILY, NULL);
	FcFontSet *found = FcFontList(NULL, want, props);
	bool any = found != NULL && found->nfont > 0;
	if (found != NULL)
		FcFontSetDestroy(found);
	FcObjectSetDestroy(props);
	FcPatternDestroy(want);
	return any;
}

enum err
font_check_families(const char *list, const char *where, struct why *w)
{
	g_auto(GStrv) name = families(list);
	for (char **n = name; *n != NULL; n++)
		if (!installed(*n))
			return why_set(w, ERR_FONT, MSG_FONT_MISSING, WHY_CODE(*n),
			    WHY_CODE(where));
	return ERR_OK;
}

static bool
named(char *const *name, const char *family)
{
	for (; *name != NULL; name++)
		if (g_ascii_strcasecmp(*name, family) == 0)
			return true;
	return false;
}

static bool
font_named(PangoFont *font, char *const *name)
{
	PangoFontDescription *d = pango_font_describe(font);
	const char *family = pango_font_description_get_family(d);
	bool ok = family != NULL && named(name, family);
	pango_font_description_free(d);
	return ok;
}

/* Byte offset of the first character of a run that a foreign font or no font draws, or -1. */
static int
stranger_in(const PangoGlyphItem *run, char *const *name)
{
	bool ours = font_named(run->item->analysis.font, name);
	for (int i = 0; i < run->glyphs->num_glyphs; i++) {
		PangoGlyph g = run->glyphs->glyphs[i].glyph;
		if (g != PANGO_GLYPH_EMPTY && (!ours || (g & PANGO_GLYPH_UNKNOWN_FLAG) != 0))
			return run->item->offset + run->glyphs->log_clusters[i];
	}
	return -1;
}

static int
stranger(PangoLayout *layout, char *const *name)
{
	for (GSList *l = pango_layout_get_lines_readonly(layout); l != NULL; l = l->next) {
		const PangoLayoutLine *line = l->data;
		for (GSList *r = line->runs; r != NULL; r = r->next) {
			int at = stranger_in(r->data, name);
			if (at >= 0)
				return at;
		}
	}
	return -1;
}

/* The text laid out in the families of the list; g_object_unref. */
static PangoLayout *
lay_out(char **name, const char *text)
{
	g_autofree char *joined = g_strjoinv(",", name);
	PangoContext *c = pango_font_map_create_context(pango_cairo_font_map_get_default());
	PangoLayout *layout = pango_layout_new(c);
	PangoFontDescription *d = pango_font_description_new();

	pango_font_description_set_family(d, joined);
	pango_layout_set_font_description(layout, d);
	pango_layout_set_text(layout, text, -1);
	pango_font_description_free(d);
	g_object_unref(c);
	return layout;
}

bool
font_draws(const char *list, const char *text, char one[FONT_CHARACTER_CAP])
{
	g_auto(GStrv) name = families(list);
	g_autoptr(PangoLayout) layout = lay_out(name, text);
	int at = stranger(layout, name);

	memset(one, 0, FONT_CHARACTER_CAP);
	if (at >= 0)
		memcpy(one, text + at, (size_t)g_utf8_skip[(unsigned char)text[at]]);
	return at < 0;
}

enum err
font_check_text(const char *list, const char *text, struct why *w)
{
	char one[FONT_CHARACTER_CAP];
	return font_draws(list, text, one) ? ERR_OK : why_set(w, ERR_FONT, MSG_FONT_NO_CHARACTER,
	    WHY_STR(text), WHY_STR(one), WHY_CODE(list));
}

void
font_used(const char *list, const char *text, void (*tell)(void *ctx, const char *family), void *ctx)
{
	g_auto(GStrv) name = families(list);
	g_autoptr(PangoLayout) layout = lay_out(name, text);

	for (GSList *l = pango_layout_get_lines_readonly(layout); l != NULL; l = l->next) {
		const PangoLayoutLine *line = l->data;
		for (GSList *r = line->runs; r != NULL; r = r->next) {
			const PangoGlyphItem *run = r->data;
			PangoFontDescription *d = pango_font_describe(run->item->analysis.font);
			if (pango_font_description_get_family(d) != NULL)
				tell(ctx, pango_font_description_get_family(d));
			pango_font_description_free(d);
		}
	}
}
