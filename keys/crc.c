#include "keys/crc.h"

#define CRC32_POLYNOMIAL UINT32_C(0xEDB88320)	/* reflected */

/* Bit by bit, for it runs over keys: a table would be read at places they decide. The inputs are short. */
uint32_t
crc32_desfire(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (CRC32_POLYNOMIAL & (0 - (crc & 1)));
	}
	return crc;
}

/* The step of ISO/IEC 14443-3 annex B: x^16 + x^12 + x^5 + 1, least significant bit first. */
uint16_t
crc16_a(uint16_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++) {
		uint32_t b = (p[i] ^ crc) & 0xFFu;

		b = (b ^ b << 4) & 0xFFu;
		crc = (uint16_t)(crc >> 8 ^ b << 8 ^ b << 3 ^ b >> 4);
	}
	return crc;
}
