/*
 * Which fonts are installed, and which a text would really be drawn with: Pango
 * falls back to any font of the system in silence, a card must not. Private to the printer room.
 */
#ifndef PRINTER_FONT_H
#define PRINTER_FONT_H

#include <stdbool.h>

#include "station/base/err.h"

/*
 * Every family of the list ("Noto Sans Arabic, 'Noto Sans'") is installed under
 * exactly that name. ERR_FONT naming the first that is not, and `where` it is named.
 */
enum err font_check_families(const char *list, const char *where, struct why *w);

/* Room for one character, NUL included. */
#define FONT_CHARACTER_CAP 8

/*
 * Is every character of `text` (valid UTF-8) drawn by one of the families? If not, `one`
 * gets the first that is not.
 */
bool font_draws(const char *list, const char *text, char one[FONT_CHARACTER_CAP]);

/* The same. ERR_FONT naming the text, the character, and the list. */
enum err font_check_text(const char *list, const char *text, struct why *w);

/* Tells each family that really draws a part of `text`, ours or not; one more than once. */
void font_used(const char *list, const char *text, void (*tell)(void *ctx, const char *family),
    void *ctx);

#endif
