#include "tests/support/no_random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int RAND_bytes(unsigned char *buf, int num);

static unsigned refuse_at;
static unsigned calls;
static bool known;

void
no_random_be_known(void)
{
	known = true;
	calls = 0;
}

/* splitmix64 from the number of the call. */
void
no_random_known(unsigned n, unsigned char *out, int len)
{
	uint64_t at = UINT64_C(0xB05C) * n;

	for (int i = 0; i < len; i++) {
		uint64_t z = at += UINT64_C(0x9E3779B97F4A7C15);

		z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
		z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
		out[i] = (unsigned char)(z >> 32);
	}
}

void
no_random_at(unsigned nth)
{
	refuse_at = nth;
	calls = 0;
}

unsigned
no_random_calls(void)
{
	return calls;
}

/* In the program itself, so that the linker never looks for OpenSSL's. */
int
RAND_bytes(unsigned char *buf, int num)
{
	FILE *f;
	size_t n;

	calls++;
	if (refuse_at != 0 && calls >= refuse_at)
		return 0;
	if (known) {
		no_random_known(calls, buf, num);
		return 1;
	}
	f = fopen("/dev/urandom", "rb");
	n = f != NULL ? fread(buf, 1, (size_t)num, f) : 0;
	if (f != NULL)
		(void)fclose(f);
	return n == (size_t)num;
}
