/*
 * The check sums of DESFire's enciphered commands. Not cryptography; they live
 * here because they also run over key bytes (ChangeKey).
 */
#ifndef KEYS_CRC_H
#define KEYS_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Start values; feed the result of one call as `crc` of the next. */
#define CRC32_START UINT32_C(0xFFFFFFFF)
#define CRC16_START UINT16_C(0x6363)

/* Reflected EDB88320, no final inversion; goes on the wire little endian. Source: tests/vectors/desfire-ev1.txt. */
uint32_t crc32_desfire(uint32_t crc, const void *data, size_t len);
/* ISO/IEC 14443-3 CRC_A, little endian on the wire; the legacy (0x0A) sessions of DESFire. */
uint16_t crc16_a(uint16_t crc, const void *data, size_t len);

#endif
