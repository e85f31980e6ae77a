/*
 * Shamir's way to part a secret: each byte is the constant term of a polynomial over GF(256) (the field of
 * AES, x^8 + x^4 + x^3 + x + 1), a share is its value at a point from 1 on, and any `needed` points give it
 * back. No branch, no address and no loop depends on a secret byte. Only keys/ and its tests include this file.
 * Source: A. Shamir, How to share a secret (1979); draft-mcgrew-tss-03 for the field and a test case.
 */
#ifndef KEYS_SHAMIR_H
#define KEYS_SHAMIR_H

#include <stddef.h>
#include <stdint.h>

/* Product in the field. */
uint8_t gf256_mul(uint8_t a, uint8_t b);
/* a to the 254th power: the inverse of any `a` but 0, which gives 0. */
uint8_t gf256_inverse(uint8_t a);

/*
 * The share at point `x` (1..255, public): `len` polynomials of degree `needed` - 1 whose constant terms are
 * `secret` and whose other coefficients, random, stand in `coef`: len of x, then len of x^2 and so on. `out`
 * gets `len` bytes and overlaps nothing.
 */
void shamir_share(const uint8_t *secret, const uint8_t *coef, size_t len, unsigned needed, uint8_t x,
    uint8_t *out);

/* The secret out of `count` shares at points `x` (public, different, none 0). `out` gets `len` bytes. */
void shamir_join(const uint8_t *x, const uint8_t *const *share, unsigned count, size_t len, uint8_t *out);

#endif
