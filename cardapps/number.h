/*
 * Card numbers: 16 digits = prefix 1 + club 5 + serial 9 + Damm check digit. The Damm digit
 * finds every single wrong digit and every swap of neighbours; numbers that would
 * also pass Luhn are skipped, so that no terminal takes one for a bank card.
 */
#ifndef CARDAPPS_NUMBER_H
#define CARDAPPS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define CARD_NUMBER_DIGITS 16
#define CARD_SERIAL_MAX UINT32_C(999999999)

/* The five club digits shown in numbers: the club's id modulo 100000. */
uint32_t card_number_club(const uint8_t club[4]);

/* False if this serial must be skipped (Luhn) or a part is out of range; else *number. */
bool card_number_make(unsigned prefix, uint32_t club5, uint32_t serial, uint64_t *number);

/* Check digit right and not a Luhn number. `digits` are 16 ASCII digits. */
bool card_number_valid(const char *digits);
/* Digits to integer and back; false unless valid / below 10^16. `digits` holds 17 characters. */
bool card_number_parse(const char *digits, uint64_t *number);
bool card_number_format(uint64_t number, char digits[CARD_NUMBER_DIGITS + 1]);

#endif
