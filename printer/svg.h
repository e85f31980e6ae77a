/*
 * The tree of a design's SVG: parsed strictly, held read-only, written out again
 * with edits on some of its elements. Private to the printer room.
 *
 * The parser is GLib's GMarkup, which librsvg stands on anyway: no DTD, no
 * entities beyond the five of XML, no network. Only elements on the list of
 * svg.c come in; foreign ones (editors' notes, in a namespace of their own) are left out.
 */
#ifndef PRINTER_SVG_H
#define PRINTER_SVG_H

#include <glib.h>
#include <stdbool.h>

#include "printer/design.h"
#include "station/base/err.h"

/* An element (name set) or a run of text (text set). Links are indices, -1 none. */
struct svg_node {
	char *name;
	char *text;
	char **attr;		/* name, value, name, value, …, NULL */
	int parent, first, last, next;
};

struct svg {
	char *file;		/* for messages */
	GArray *node;		/* struct svg_node; 0 is the root */
};

/* What is to be written otherwise for one element. All strings are the edit's own (g_free). */
#define SVG_SET_MAX 8
struct svg_edit {
	bool hide;
	char *outer;		/* markup in place of the whole element */
	char *inner;		/* markup in place of what it contains */
	char *set[2 * SVG_SET_MAX + 1];	/* attributes: name, value pairs, NULL-ended */
};

/* Ids given by the parser begin so; where an element stood, "FILE:LINE", is kept in this attribute. */
#define SVG_AUTO_ID    "bg-no-"
#define SVG_PLACE_ATTR "data-bg-at"

/*
 * Parse `len` bytes of markup. Every element that can be drawn gets an id if it has none, so that
 * it can be measured. With `all`, what a design may not hold is noted there and left out,
 * and only markup that cannot be read at all is an error; without, the first ends it.
 * Errors: ERR_DESIGN naming `file`. `*out` freed by svg_free.
 */
enum err svg_parse(const char *file, const char *markup, size_t len,
    struct design_findings *all, struct svg **out, struct why *w);
void svg_free(struct svg **s);

unsigned svg_count(const struct svg *s);
const struct svg_node *svg_at(const struct svg *s, int i);

/* Index of the element with that id, or -1. */
int svg_find(const struct svg *s, const char *id);

/* An attribute's value or NULL; borrowed. */
const char *svg_attr(const struct svg_node *n, const char *name);

/* A property from the element's own `style` or attribute; g_free, NULL if none. */
char *svg_own_property(const struct svg *s, int i, const char *name);
/* A property from `style` or the attribute of its name, searched upwards from `i`; g_free, NULL if none. */
char *svg_property(const struct svg *s, int i, const char *name);

/*
 * True if the element or one around it has a transform, or measures by itself (an inner svg,
 * a pattern, a mask …): its numbers are not millimetres of the card.
 */
bool svg_moved(const struct svg *s, int i);

/* A length in user units (millimetres of the card): "3" or "3px". "3mm" is not: SVG takes 1mm for 3.78 of them. */
bool svg_number(const char *text, double *out);

/* All text below the element, joined; g_free. */
char *svg_text(const struct svg *s, int i);

/* What a designer finds the element by: its id, or its name, file and line; g_free. */
char *svg_where(const struct svg *s, int i);

/* The whole as markup again, or one element; `edit` holds svg_count entries or is NULL. */
GString *svg_write(const struct svg *s, const struct svg_edit *edit);
GString *svg_write_from(const struct svg *s, int top, const struct svg_edit *edit);
void svg_edit_set(struct svg_edit *e, const char *name, const char *value);
void svg_edit_clear(struct svg_edit *e);

#endif
