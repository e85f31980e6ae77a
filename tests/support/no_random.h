/*
 * A random generator that refuses: a program that includes no_random.c's object has its RAND_bytes in
 * place of OpenSSL's, which draws from the kernel until the call it was told to refuse.
 */
#ifndef TESTS_SUPPORT_NO_RANDOM_H
#define TESTS_SUPPORT_NO_RANDOM_H

/* Refuse the `nth` call from now (1 = the next) and all after it; 0: none. */
void no_random_at(unsigned nth);
/* How many calls were made since no_random_at. */
unsigned no_random_calls(void);

/* Known numbers from now on: the bytes of call `n` (1 = the first after this) are no_random_known(n, ...). */
void no_random_be_known(void);
void no_random_known(unsigned n, unsigned char *out, int len);

#endif
