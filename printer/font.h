/*
 * Which fonts are installed, and which a text would really be drawn with: Pango
 * falls back to any font of the system in silence, a card must not. Private to the printer room.
 */
#ifndef PRINTER_FONT_H
#define PRINTER_FONT_H

#include "station/base/err.h"

/*
 * Every family of the list ("Noto Sans Arabic, 'Noto Sans'") is installed under
 * exactly that name. ERR_FONT naming the first that is not, and `file`.
 */
enum err font_check_families(const char *list, const char *file, struct why *w);

/*
 * Every character of `text` (valid UTF-8) is drawn by one of the families.
 * ERR_FONT naming the text, the first character that is not, and the list.
 */
enum err font_check_text(const char *list, const char *text, struct why *w);

#endif
