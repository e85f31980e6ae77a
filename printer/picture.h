/*
 * Pictures that go onto a card: a member's photo, a club's logo, what a designer embedded.
 * Nothing is decoded before its header was held against bounds: a file of a few
 * kilobytes can say it is a picture of gigabytes. Private to the printer room.
 *
 * Sources: PNG (W3C Recommendation, ISO/IEC 15948), 5 and 11; JPEG (ITU-T T.81), annex B.
 */
#ifndef PRINTER_PICTURE_H
#define PRINTER_PICTURE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PICTURE_PNG_HREF  "data:image/png;base64,"
#define PICTURE_JPEG_HREF "data:image/jpeg;base64,"

/* 4 Mi pixels: four times a card at 300 dpi has under 3 Mi. Decoded that is at most 16 MB. */
#define PICTURE_SIDE_MAX   4096u
#define PICTURE_PIXELS_MAX (4u * 1024 * 1024)
/* A progressive JPEG decodes the whole picture once for each scan. */
#define PICTURE_SCANS_MAX  32u

struct picture {
	bool png;		/* else JPEG */
	uint32_t width, height;	/* in pixels */
};

/*
 * Look at the headers of `len` bytes. False if it is neither PNG nor baseline or
 * progressive JPEG, is cut off, or exceeds a bound above.
 */
bool picture_look(const uint8_t *p, size_t len, struct picture *out);

/*
 * As a reference for an image element; NULL if picture_look would refuse it. Of a PNG
 * only what draws is taken along: compressed notes and profiles swell, too. g_free.
 */
char *picture_href(const uint8_t *p, size_t len, struct picture *out);

/* Is what stands in such a reference a picture within bounds? */
bool picture_href_ok(const char *href);

#endif
