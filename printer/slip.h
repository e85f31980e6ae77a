/*
 * Slips of 80 mm thermal paper, drawn and sent as dots, so that Persian survives printers that know none:
 * 576 dots across at 203 an inch. Lines are put one below the other, then it is taken out as
 * ESC/POS, as a page for a queue with a driver, or as a picture.
 */
#ifndef PRINTER_SLIP_H
#define PRINTER_SLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

#define SLIP_DPI     203
#define SLIP_DOTS    576	/* 72.1 mm, what an 80 mm head prints */
#define SLIP_PAPER_UM 80000
/* A slip longer than this is not one: about a metre. */
#define SLIP_ROWS_MAX 8000

enum slip_size { SLIP_SMALL, SLIP_NORMAL, SLIP_LARGE };
enum slip_align { SLIP_START, SLIP_MIDDLE, SLIP_END };

struct slip;

/* `rtl`: its language runs right to left, so lines start at the right. `*out` is the caller's (slip_free). ERR_NOMEM. */
enum err slip_new(bool rtl, struct slip **out, struct why *w);
void slip_free(struct slip **s);

/*
 * Words (valid UTF-8) below what is there, broken between words where the paper ends. Digits in groups,
 * phones and codes inside right-to-left words are isolated. Errors: ERR_FONT (no font of the slip has a
 * character), ERR_FORMAT, ERR_LEN (the slip is full).
 */
enum err slip_text(struct slip *s, enum slip_size size, enum slip_align align, const char *text,
    struct why *w);
/* A label at the start and its value at the end of one line; of two, if they do not fit. Errors as slip_text. */
enum err slip_pair(struct slip *s, enum slip_size size, const char *label, const char *value,
    struct why *w);
/* A line across, or space of so many dots. ERR_LEN. */
enum err slip_rule(struct slip *s, struct why *w);
enum err slip_space(struct slip *s, unsigned dots, struct why *w);
/* A code in the middle, each module a whole number of dots. ERR_LEN, ERR_FORMAT. */
enum err slip_code(struct slip *s, const char *ascii, struct why *w);

/* Rows of dots so far. */
unsigned slip_rows(const struct slip *s);
/* True if that dot (0..SLIP_DOTS - 1, 0..slip_rows - 1) is black. */
bool slip_dot(struct slip *s, unsigned x, unsigned y);

/*
 * The slip in ESC/POS: ESC @, the dots by GS v 0 in bands, fed out and cut (GS V 66). `*out` is the caller's,
 * free() it. ERR_NOMEM. Source: Epson ESC/POS command reference, ESC @, GS v 0, ESC d, GS V.
 */
enum err slip_escpos(struct slip *s, uint8_t **out, size_t *len, struct why *w);
enum err slip_write_escpos(struct slip *s, const char *path, struct why *w);
/* One page of 80 mm by its length, the same dots on it. Errors as card_render_pdf. */
enum err slip_write_pdf(struct slip *s, const char *path, struct why *w);
enum err slip_write_png(struct slip *s, const char *path, struct why *w);
/* The length of that page, micrometres. */
int slip_length_um(const struct slip *s);

#endif
