/* FIPS 180-4, section 6.2. The constants are computed as section 4.2.2 defines them. */
#include "tests/support/sha256.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static uint32_t k[64], h0[8];

static bool
is_prime(unsigned n)
{
	for (unsigned d = 2; d * d <= n; d++)
		if (n % d == 0)
			return false;
	return true;
}

/* First 32 bits of the fractional parts of the cube (square) roots of the first primes. */
static void
constants(void)
{
	unsigned n = 0;

	for (unsigned p = 2; n < 64; p++) {
		long double cube = cbrtl((long double)p), root = sqrtl((long double)p);

		if (!is_prime(p))
			continue;
		k[n] = (uint32_t)((cube - floorl(cube)) * 4294967296.0L);
		if (n < 8)
			h0[n] = (uint32_t)((root - floorl(root)) * 4294967296.0L);
		n++;
	}
}

static uint32_t
rotr(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void
block(uint32_t h[8], const uint8_t *p)
{
	uint32_t w[64], v[8];

	for (size_t t = 0; t < 16; t++)
		w[t] = (uint32_t)p[4 * t] << 24 | (uint32_t)p[4 * t + 1] << 16 |
		    (uint32_t)p[4 * t + 2] << 8 | p[4 * t + 3];
	for (size_t t = 16; t < 64; t++)
		w[t] = (rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10) + w[t - 7] +
		    (rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3) + w[t - 16];
	memcpy(v, h, sizeof(v));
	for (size_t t = 0; t < 64; t++) {
		uint32_t s1 = rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25);
		uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[t] + w[t];
		uint32_t s0 = rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22);
		uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (size_t i = 0; i < 8; i++)
		h[i] += v[i];
}

void
test_sha256(const void *data, size_t len, uint8_t out[32])
{
	const uint8_t *p = data;
	uint8_t last[128] = {0};
	uint32_t h[8];
	size_t left = len % 64, ending = left < 56 ? 64 : 128;

	if (k[0] == 0)
		constants();
	memcpy(h, h0, sizeof(h));
	for (size_t at = 0; at + 64 <= len; at += 64)
		block(h, p + at);
	if (left > 0)
		memcpy(last, p + len - left, left);
	last[left] = 0x80;
	for (size_t i = 0; i < 8; i++)
		last[ending - 1 - i] = (uint8_t)((uint64_t)len * 8 >> (8 * i));
	for (size_t at = 0; at < ending; at += 64)
		block(h, last + at);
	for (size_t i = 0; i < 32; i++)
		out[i] = (uint8_t)(h[i / 4] >> (8 * (3 - i % 4)));
}
