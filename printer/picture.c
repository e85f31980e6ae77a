#include "printer/picture.h"

#include <string.h>

#include "printer/design.h"

static const uint8_t png_signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n' };

/* Chunks that draw (PNG 11.2 and 11.3.1); all others are notes. */
static const char *const png_drawn[] = { "IHDR", "PLTE", "tRNS", "IDAT", "IEND" };

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool
within_bounds(const struct picture *o)
{
	return o->width > 0 && o->height > 0 && o->width <= PICTURE_SIDE_MAX &&
	    o->height <= PICTURE_SIDE_MAX && o->width * o->height <= PICTURE_PIXELS_MAX;
}

static bool
draws(const uint8_t *type)
{
	for (size_t i = 0; i < G_N_ELEMENTS(png_drawn); i++)
		if (memcmp(type, png_drawn[i], 4) == 0)
			return true;
	return false;
}

/*
 * Walk the chunks: length, type, data, CRC. IHDR is first and of 13 bytes, IEND ends.
 * Those that draw are put into `keep` if it is not NULL.
 */
static bool
walk_png(const uint8_t *p, size_t len, struct picture *o, GByteArray *keep)
{
	size_t at = sizeof(png_signature);

	for (bool first = true; len - at >= 12; first = false) {
		uint32_t size = be32(p + at);
		const uint8_t *type = p + at + 4;
		if (size > len - at - 12 || first != (memcmp(type, "IHDR", 4) == 0))
			return false;
		if (first && size != 13)
			return false;
		if (first)
			o->width = be32(p + at + 8), o->height = be32(p + at + 12);
		if (first && !within_bounds(o))
			return false;
		if (keep != NULL && draws(type))
			g_byte_array_append(keep, p + at, size + 12);
		if (memcmp(type, "IEND", 4) == 0)
			return true;
		at += 12 + (size_t)size;
	}
	return false;
}

/* SOF0..SOF2 are what decoders of photographs take: baseline, extended, progressive. */
static bool
is_frame(uint8_t marker)
{
	return marker >= 0xC0 && marker <= 0xC2;
}

/* A frame of another coding: lossless, differential or arithmetic. */
static bool
is_strange_frame(uint8_t marker)
{
	return marker >= 0xC3 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/* Entropy-coded data ends at a marker that is neither a stuffed zero nor a restart. */
static size_t
skip_scan(const uint8_t *p, size_t len, size_t at)
{
	while (at + 1 < len && (p[at] != 0xFF || p[at + 1] == 0 || (p[at + 1] & 0xF8) == 0xD0))
		at++;
	return at;
}

static bool
walk_jpeg(const uint8_t *p, size_t len, struct picture *o)
{
	unsigned scans = 0;

	for (size_t at = 2; len - at >= 4;) {
		uint8_t marker = p[at + 1];
		size_t size = (size_t)p[at + 2] << 8 | p[at + 3];
		if (p[at] != 0xFF || is_strange_frame(marker))
			return false;
		if (marker == 0xFF) {
			at++;
			continue;
		}
		if (size < 2 || size > len - at - 2)
			return false;
		if (is_frame(marker) && (size < 8 || o->width != 0))
			return false;
		if (is_frame(marker)) {
			o->height = (uint32_t)p[at + 5] << 8 | p[at + 6];
			o->width = (uint32_t)p[at + 7] << 8 | p[at + 8];
		}
		at += 2 + size;
		if (marker == 0xDA) {
			if (++scans > PICTURE_SCANS_MAX || !within_bounds(o))
				return false;
			at = skip_scan(p, len, at);
			if (len - at >= 2 && p[at] == 0xFF && p[at + 1] == 0xD9)
				return true;
		}
	}
	return false;
}

static bool
look(const uint8_t *p, size_t len, struct picture *o, GByteArray *keep)
{
	*o = (struct picture){ 0 };
	if (len > DESIGN_PICTURE_CAP)
		return false;
	o->png = len > sizeof(png_signature) && memcmp(p, png_signature, sizeof(png_signature)) == 0;
	if (o->png)
		return walk_png(p, len, o, keep);
	return len > 4 && p[0] == 0xFF && p[1] == 0xD8 && walk_jpeg(p, len, o);
}

bool
picture_look(const uint8_t *p, size_t len, struct picture *out)
{
	return look(p, len, out, NULL);
}

char *
picture_href(const uint8_t *p, size_t len, struct picture *out)
{
	g_autoptr(GByteArray) keep = g_byte_array_new();

	g_byte_array_append(keep, png_signature, sizeof(png_signature));
	if (!look(p, len, out, keep))
		return NULL;
	g_autofree char *text = out->png ? g_base64_encode(keep->data, keep->len) :
	    g_base64_encode(p, len);
	return g_strconcat(out->png ? PICTURE_PNG_HREF : PICTURE_JPEG_HREF, text, NULL);
}

bool
picture_href_ok(const char *href)
{
	const char *comma = strchr(href, ',');
	struct picture o;
	gsize len = 0;

	if (comma == NULL)
		return false;
	g_autofree uint8_t *bytes = g_base64_decode(comma + 1, &len);
	return bytes != NULL && picture_look(bytes, len, &o) &&
	    o.png == g_str_has_prefix(href, PICTURE_PNG_HREF);
}
