/* A lot for a print house: one PDF of many cards, written as it is drawn. */
#include <cairo-pdf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "printer/artwork.h"
#include "printer/canvas.h"
#include "printer/render.h"

/* Addresses are secrets: only the owner reads them. */
#define FILE_MODE 0600

/* Where the document goes; the first failure is kept, as cairo tells only that there was one. */
struct lot_file {
	FILE *f;
	int failed;
};

static cairo_status_t
lot_write(void *ctx, const unsigned char *data, unsigned len)
{
	struct lot_file *to = ctx;
	errno = 0;
	if (to->failed == 0 && fwrite(data, 1, len, to->f) != len)
		to->failed = errno != 0 ? errno : EIO;
	return to->failed == 0 ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

/* One side a page, handed to the disk before the next is begun. */
static enum err
draw_page(const struct design *d, const struct card_face *face, enum card_side side, cairo_t *cr,
    struct why *w)
{
	enum err e = canvas_card(d, face, side, cr, w);
	cairo_show_page(cr);
	return e == ERR_OK ? canvas_error(cairo_status(cr), d->name, w) : e;
}

static enum err
draw_lot(const struct design *d, card_next next, void *ctx, cairo_t *cr, const struct lot_file *to,
    struct why *w)
{
	struct card_face face = { 0 };
	enum err e = ERR_OK;
	while (e == ERR_OK && to->failed == 0 && next(ctx, &face)) {
		e = draw_page(d, &face, CARD_FRONT, cr, w);
		if (e == ERR_OK && to->failed == 0)
			e = draw_page(d, &face, CARD_BACK, cr, w);
	}
	return e;
}

static enum err
draw_document(const struct design *d, card_next next, void *ctx, struct lot_file *to, struct why *w)
{
	cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(lot_write, to,
	    CARD_WIDTH_MM * PT_PER_MM, CARD_HEIGHT_MM * PT_PER_MM);
	cairo_t *cr = cairo_create(pdf);
	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATOR, "Bashgah");
	cairo_scale(cr, PT_PER_MM, PT_PER_MM);
	enum err e = draw_lot(d, next, ctx, cr, to, w);
	cairo_destroy(cr);
	cairo_surface_finish(pdf);
	if (e == ERR_OK)
		e = canvas_error(cairo_surface_status(pdf), d->name, w);
	cairo_surface_destroy(pdf);
	return e;
}

/* What cairo calls a write error, the file knows better. */
static enum err
finish(struct lot_file *to, const char *path, enum err e, struct why *w)
{
	if (to->failed == 0 && (fflush(to->f) != 0 || fsync(fileno(to->f)) != 0))
		to->failed = errno;
	if (fclose(to->f) != 0 && to->failed == 0)
		to->failed = errno;
	return to->failed != 0 ? why_errno(w, to->failed, path) : e;
}

enum err
card_render_pdf_lot(const struct design *d, card_next next, void *ctx, const char *path,
    struct why *w)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	struct lot_file to = { .f = fd >= 0 ? fdopen(fd, "wb") : NULL };
	if (fd < 0 && errno == EEXIST)
		return why_set(w, ERR_DUPLICATE, MSG_FILE_EXISTS, WHY_CODE(path));
	if (to.f == NULL) {
		to.failed = errno;
		if (fd >= 0)
			(void)close(fd);
		return why_errno(w, to.failed, path);
	}
	enum err e = draw_document(d, next, ctx, &to, w);
	return finish(&to, path, e, w);
}
