#include "keys/crc.h"

/* EDB88320, by nibbles: a larger table would gain nothing on inputs this short. */
static const uint32_t crc32_nibble[16] = {
	0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158,
	0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4,
	0xA00AE278, 0xBDBDF21C,
};

uint32_t
crc32_desfire(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ crc32_nibble[crc & 15];
		crc = crc >> 4 ^ crc32_nibble[crc & 15];
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
