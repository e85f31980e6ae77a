#include "cardapps/number.h"

#include <stddef.h>

#define NUMBER_END UINT64_C(10000000000000000)

/*
 * Totally anti-symmetric quasigroup of order 10, zeros on the diagonal: a digit swapped
 * with its neighbour, or one digit wrong, never leads back to 0.
 * Source: H. M. Damm, Total anti-symmetrische Quasigruppen, Marburg 2004, p. 111.
 */
static const uint8_t damm[10][10] = {
	{0, 3, 1, 7, 5, 9, 8, 6, 4, 2},
	{7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
	{4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
	{1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
	{6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
	{3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
	{5, 8, 6, 9, 7, 2, 0, 1, 3, 4},
	{8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
	{9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
	{2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
};

/* The check digit of `n` digits; 0 when the last of them is already the right one. */
static uint8_t
damm_digit(const char *digits, size_t n)
{
	uint8_t interim = 0;

	for (size_t i = 0; i < n; i++)
		interim = damm[interim][digits[i] - '0'];
	return interim;
}

/* ISO/IEC 7812-1, annex B: every second digit from the right but one is doubled. */
static bool
passes_luhn(const char digits[CARD_NUMBER_DIGITS])
{
	unsigned sum = 0;

	for (size_t i = 0; i < CARD_NUMBER_DIGITS; i++) {
		unsigned d = (unsigned)(digits[i] - '0') * (i % 2 == 0 ? 2u : 1u);

		sum += d > 9 ? d - 9 : d;
	}
	return sum % 10 == 0;
}

static bool
are_digits(const char *digits)
{
	for (size_t i = 0; i < CARD_NUMBER_DIGITS; i++)
		if (digits[i] < '0' || digits[i] > '9')
			return false;
	return digits[CARD_NUMBER_DIGITS] == '\0';
}

uint32_t
card_number_club(const uint8_t club[4])
{
	uint32_t id = (uint32_t)club[0] << 24 | (uint32_t)club[1] << 16 | (uint32_t)club[2] << 8 |
	    club[3];

	return id % 100000;
}

bool
card_number_make(unsigned prefix, uint32_t club5, uint32_t serial, uint64_t *number)
{
	char digits[CARD_NUMBER_DIGITS + 1];
	uint64_t n;

	if (prefix > 9 || club5 > 99999 || serial > CARD_SERIAL_MAX)
		return false;
	n = (((uint64_t)prefix * 100000 + club5) * 1000000000 + serial) * 10;
	if (!card_number_format(n, digits))
		return false;
	n += damm_digit(digits, CARD_NUMBER_DIGITS - 1);
	if (!card_number_format(n, digits) || passes_luhn(digits))
		return false;
	*number = n;
	return true;
}

bool
card_number_valid(const char *digits)
{
	return are_digits(digits) && damm_digit(digits, CARD_NUMBER_DIGITS) == 0 &&
	    !passes_luhn(digits);
}

bool
card_number_parse(const char *digits, uint64_t *number)
{
	uint64_t n = 0;

	if (!card_number_valid(digits))
		return false;
	for (size_t i = 0; i < CARD_NUMBER_DIGITS; i++)
		n = n * 10 + (uint64_t)(digits[i] - '0');
	*number = n;
	return true;
}

bool
card_number_format(uint64_t number, char digits[CARD_NUMBER_DIGITS + 1])
{
	if (number >= NUMBER_END)
		return false;
	for (size_t i = CARD_NUMBER_DIGITS; i-- > 0; number /= 10)
		digits[i] = (char)('0' + number % 10);
	digits[CARD_NUMBER_DIGITS] = '\0';
	return true;
}
