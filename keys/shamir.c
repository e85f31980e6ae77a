#include "keys/shamir.h"

#include <string.h>

/* Russian peasant's way; the masks stand where a table or an if would tell the operands. */
uint8_t
gf256_mul(uint8_t a, uint8_t b)
{
	unsigned x = a, y = b, sum = 0;

	for (int i = 0; i < 8; i++) {
		sum ^= x & (0u - (y & 1u));
		y >>= 1;
		x = (x << 1) ^ (0x11Bu & (0u - (x >> 7 & 1u)));
	}
	return (uint8_t)sum;
}

uint8_t
gf256_inverse(uint8_t a)
{
	uint8_t power = a, out = 1;

	/* 254 = 2 + 4 + ... + 128 */
	for (int i = 0; i < 7; i++) {
		power = gf256_mul(power, power);
		out = gf256_mul(out, power);
	}
	return out;
}

void
shamir_share(const uint8_t *secret, const uint8_t *coef, size_t len, unsigned needed, uint8_t x,
    uint8_t *out)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t sum = 0;

		for (unsigned degree = needed - 1; degree > 0; degree--)
			sum = gf256_mul((uint8_t)(sum ^ coef[(degree - 1) * len + i]), x);
		out[i] = sum ^ secret[i];
	}
}

/* What the share at x[of] counts at 0: the product of x[j] / (x[j] - x[of]) over the other points. */
static uint8_t
weight(const uint8_t *x, unsigned count, unsigned of)
{
	uint8_t w = 1;

	for (unsigned j = 0; j < count; j++)
		if (j != of)
			w = gf256_mul(w, gf256_mul(x[j], gf256_inverse(x[j] ^ x[of])));
	return w;
}

void
shamir_join(const uint8_t *x, const uint8_t *const *share, unsigned count, size_t len, uint8_t *out)
{
	memset(out, 0, len);
	for (unsigned of = 0; of < count; of++) {
		const uint8_t w = weight(x, count, of);

		for (size_t i = 0; i < len; i++)
			out[i] ^= gf256_mul(share[of][i], w);
	}
}
