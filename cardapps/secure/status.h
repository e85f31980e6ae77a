/* What a DESFire answers beside data: the second byte of 91 xx, in one table. */
#ifndef CARDAPPS_SECURE_STATUS_H
#define CARDAPPS_SECURE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "station/base/err.h"

#define DF_OK 0x00
#define DF_NO_CHANGES 0x0C
#define DF_ILLEGAL_COMMAND 0x1C
#define DF_LENGTH_ERROR 0x7E
#define DF_PERMISSION_DENIED 0x9D
#define DF_APPLICATION_NOT_FOUND 0xA0
#define DF_AUTHENTICATION_ERROR 0xAE
#define DF_MORE 0xAF
#define DF_BOUNDARY 0xBE
#define DF_DUPLICATE 0xDE
#define DF_FILE_NOT_FOUND 0xF0

struct df_status {
	uint8_t code;
	bool keeps_session;	/* every other status ends authentication and transaction */
	enum err err;
	enum msg msg;		/* facts: {0} command, {1} status word */
};

/* The row of a code; unknown codes get a row that ends the session with ERR_CARD_SW. Never NULL. */
const struct df_status *df_status_of(uint8_t code);

#endif
