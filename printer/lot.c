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

static cairo_status_t
file_sink(void *ctx, const unsigned char *data, unsigned len)
{
	return fwrite(data, 1, len, ctx) == len ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static enum err
draw_lot(const struct design *d, card_next next, void *ctx, cairo_t *cr, struct why *w)
{
	struct card_face face = { 0 };
	enum err e = ERR_OK;
	while (e == ERR_OK && next(ctx, &face)) {
		e = canvas_card(d, &face, CARD_FRONT, cr, w);
		cairo_show_page(cr);
		if (e == ERR_OK)
			e = canvas_card(d, &face, CARD_BACK, cr, w);
		cairo_show_page(cr);
	}
	return e;
}

/* What cairo calls a write error, the file knows better. */
static enum err
finish_lot(FILE *f, const char *path, enum err e, struct why *w)
{
	int failed = ferror(f) != 0 || fflush(f) != 0 || fsync(fileno(f)) != 0 ? errno : 0;
	if (fclose(f) != 0 && failed == 0)
		failed = errno;
	if (failed != 0 && (e == ERR_OK || e == ERR_DESIGN))
		return why_errno(w, failed, path);
	return e;
}

enum err
card_render_pdf_lot(const struct design *d, card_next next, void *ctx, const char *path,
    struct why *w)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;
	if (f == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return fd < 0 && errno == EEXIST ?
		    why_set(w, ERR_DUPLICATE, MSG_FILE_EXISTS, WHY_CODE(path)) : why_errno(w, errno, path);
	}
	cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(file_sink, f,
	    CARD_WIDTH_MM * PT_PER_MM, CARD_HEIGHT_MM * PT_PER_MM);
	cairo_t *cr = cairo_create(pdf);
	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATOR, "Bashgah");
	cairo_scale(cr, PT_PER_MM, PT_PER_MM);
	enum err e = draw_lot(d, next, ctx, cr, w);
	cairo_destroy(cr);
	cairo_surface_finish(pdf);
	if (e == ERR_OK)
		e = canvas_error(cairo_surface_status(pdf), d->name, w);
	cairo_surface_destroy(pdf);
	return finish_lot(f, path, e, w);
}
