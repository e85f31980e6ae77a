/*
 * Byte strings with bounds: a writer that remembers an overflow instead of
 * writing past the end, a reader that remembers having run dry. Both are checked
 * once, at the end of a parse or a build. Also hex.
 */
#ifndef STATION_BASE_BYTES_H
#define STATION_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fills memory of the caller's. After an overflow nothing more is written and `overflow` stays set. */
struct writer {
	uint8_t *p;
	size_t cap;
	size_t len;
	bool overflow;
};

/* Walks memory of the caller's. After an underflow every take answers 0 or NULL and `underflow` stays set. */
struct cursor {
	const uint8_t *p;
	size_t len;
	size_t pos;
	bool underflow;
};

struct writer writer_over(uint8_t *p, size_t cap);
void put_u8(struct writer *w, uint8_t v);
void put_be16(struct writer *w, uint16_t v);
void put_be32(struct writer *w, uint32_t v);
void put_be64(struct writer *w, uint64_t v);
void put_le16(struct writer *w, uint16_t v);
void put_le24(struct writer *w, uint32_t v);	/* the low 24 bits */
void put_le32(struct writer *w, uint32_t v);
void put_bytes(struct writer *w, const void *src, size_t len);	/* src may be NULL if len is 0 */
void put_zeros(struct writer *w, size_t len);

struct cursor cursor_over(const uint8_t *p, size_t len);
size_t cursor_left(const struct cursor *c);
uint8_t take_u8(struct cursor *c);
uint16_t take_be16(struct cursor *c);
uint32_t take_be32(struct cursor *c);
uint64_t take_be64(struct cursor *c);
uint16_t take_le16(struct cursor *c);
uint32_t take_le24(struct cursor *c);
uint32_t take_le32(struct cursor *c);
/* Borrowed pointer to the next `len` bytes, or NULL (and underflow) if fewer are left. */
const uint8_t *take_bytes(struct cursor *c, size_t len);

/* Upper-case hex of `len` bytes; `out` holds 2*len + 1 characters, NUL-ended. */
void hex_encode(const uint8_t *src, size_t len, char *out);

/*
 * Bytes of a hex string, either case, no separators. False on an odd length, a
 * strange character, or more than `cap` bytes; *len (may not be NULL) is then 0.
 */
bool hex_decode(const char *hex, uint8_t *out, size_t cap, size_t *len);

#endif
