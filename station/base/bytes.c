#include "station/base/bytes.h"

#include <string.h>

struct writer
writer_over(uint8_t *p, size_t cap)
{
	return (struct writer){p, cap, 0, false};
}

/* The next `len` bytes to fill, or NULL once the writer has overflowed. */
static uint8_t *
room(struct writer *w, size_t len)
{
	uint8_t *at;

	if (w->overflow || len > w->cap - w->len) {
		w->overflow = true;
		return NULL;
	}
	at = w->p + w->len;
	w->len += len;
	return at;
}

static void
put_be(struct writer *w, uint64_t v, size_t len)
{
	uint8_t *at = room(w, len);

	for (size_t i = 0; at != NULL && i < len; i++)
		at[i] = (uint8_t)(v >> (8 * (len - 1 - i)));
}

static void
put_le(struct writer *w, uint32_t v, size_t len)
{
	uint8_t *at = room(w, len);

	for (size_t i = 0; at != NULL && i < len; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

void put_u8(struct writer *w, uint8_t v) { put_be(w, v, 1); }
void put_be16(struct writer *w, uint16_t v) { put_be(w, v, 2); }
void put_be32(struct writer *w, uint32_t v) { put_be(w, v, 4); }
void put_be64(struct writer *w, uint64_t v) { put_be(w, v, 8); }
void put_le16(struct writer *w, uint16_t v) { put_le(w, v, 2); }
void put_le24(struct writer *w, uint32_t v) { put_le(w, v, 3); }
void put_le32(struct writer *w, uint32_t v) { put_le(w, v, 4); }

void
put_bytes(struct writer *w, const void *src, size_t len)
{
	uint8_t *at = room(w, len);

	if (at != NULL && len > 0)
		memcpy(at, src, len);
}

void
put_zeros(struct writer *w, size_t len)
{
	uint8_t *at = room(w, len);

	if (at != NULL && len > 0)
		memset(at, 0, len);
}

struct cursor
cursor_over(const uint8_t *p, size_t len)
{
	return (struct cursor){p, len, 0, false};
}

size_t
cursor_left(const struct cursor *c)
{
	return c->len - c->pos;
}

const uint8_t *
take_bytes(struct cursor *c, size_t len)
{
	const uint8_t *at;

	if (c->underflow || len > c->len - c->pos) {
		c->underflow = true;
		return NULL;
	}
	at = c->p + c->pos;
	c->pos += len;
	return at;
}

static uint64_t
take_be(struct cursor *c, size_t len)
{
	const uint8_t *at = take_bytes(c, len);
	uint64_t v = 0;

	for (size_t i = 0; at != NULL && i < len; i++)
		v = v << 8 | at[i];
	return v;
}

static uint32_t
take_le(struct cursor *c, size_t len)
{
	const uint8_t *at = take_bytes(c, len);
	uint32_t v = 0;

	for (size_t i = 0; at != NULL && i < len; i++)
		v |= (uint32_t)at[i] << (8 * i);
	return v;
}

uint8_t take_u8(struct cursor *c) { return (uint8_t)take_be(c, 1); }
uint16_t take_be16(struct cursor *c) { return (uint16_t)take_be(c, 2); }
uint32_t take_be32(struct cursor *c) { return (uint32_t)take_be(c, 4); }
uint64_t take_be64(struct cursor *c) { return take_be(c, 8); }
uint16_t take_le16(struct cursor *c) { return (uint16_t)take_le(c, 2); }
uint32_t take_le24(struct cursor *c) { return take_le(c, 3); }
uint32_t take_le32(struct cursor *c) { return take_le(c, 4); }

void
hex_encode(const uint8_t *src, size_t len, char *out)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[src[i] >> 4];
		out[2 * i + 1] = digits[src[i] & 15];
	}
	out[2 * len] = '\0';
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool
hex_decode(const char *hex, uint8_t *out, size_t cap, size_t *len)
{
	size_t n = strlen(hex);

	*len = 0;
	if (n % 2 != 0 || n / 2 > cap)
		return false;
	for (size_t i = 0; i < n / 2; i++) {
		int hi = hex_value(hex[2 * i]);
		int lo = hex_value(hex[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	*len = n / 2;
	return true;
}
