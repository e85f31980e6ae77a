/*
 * Everything that can be wrong with a design, found before the first card: what
 * design_load refuses, and what only the drawing shows (ink where none may be, words
 * that do not fit, a code no phone reads). All findings at once, each naming its element.
 */
#ifndef PRINTER_INSPECT_H
#define PRINTER_INSPECT_H

#include "printer/design.h"

#define INSPECT_FONTS_CAP 16

struct inspection {
	struct design_findings findings;
	/* the families that really drew its words */
	unsigned font_count;
	char font[INSPECT_FONTS_CAP][64];
};

/*
 * Look at FOLDER/NAME with each of the faces: samples of the longest words it must hold,
 * with the printer's dpi. Faces with other tiers and applications are made of them where the
 * design shows something for those alone. A design that cannot be read is a finding,
 * not an error. Errors: ERR_NOMEM.
 */
enum err design_inspect(const char *folder, const char *name,
    const struct card_face *faces, unsigned face_count, struct inspection *out,
    struct why *w);

/*
 * The same for one file of any name, taken for both sides at once: all places must be on it.
 * Errors: ERR_NOMEM.
 */
enum err design_inspect_file(const char *path, const struct card_face *faces,
    unsigned face_count, struct inspection *out, struct why *w);

#endif
