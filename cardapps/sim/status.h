/* Status bytes of the chip, in the data sheet's order; native status, or SW2 after 91. */
#ifndef CARDAPPS_SIM_STATUS_H
#define CARDAPPS_SIM_STATUS_H

#include <stdint.h>

#define STATUS_TABLE(S)                                                 \
	S(0x00, OPERATION_OK)                                           \
	S(0x0C, NO_CHANGES)                                             \
	S(0x0E, OUT_OF_EEPROM)                                          \
	S(0x1C, ILLEGAL_COMMAND)                                        \
	S(0x1E, INTEGRITY)                                              \
	S(0x40, NO_SUCH_KEY)                                            \
	S(0x7E, LENGTH)                                                 \
	S(0x9D, PERMISSION_DENIED)                                      \
	S(0x9E, PARAMETER)                                              \
	S(0xA0, APPLICATION_NOT_FOUND)                                  \
	S(0xAE, AUTHENTICATION)                                         \
	S(0xAF, ADDITIONAL_FRAME)                                       \
	S(0xBE, BOUNDARY)                                               \
	S(0xCA, COMMAND_ABORTED)                                        \
	S(0xCE, COUNT)                                                  \
	S(0xDE, DUPLICATE)                                              \
	S(0xEE, EEPROM)                                                 \
	S(0xF0, FILE_NOT_FOUND)

#define STATUS_ENUM(code, name) ST_##name = code,
enum status { STATUS_TABLE(STATUS_ENUM) };
#undef STATUS_ENUM

/* The data sheet's name of a status byte; "UNKNOWN" for any other. Never NULL. */
const char *sim_status_name(uint8_t status);

#endif
