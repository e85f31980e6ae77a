#include "cardapps/secure/status.h"

#include <stddef.h>

/* MIFARE DESFire data sheet, status and error codes, in its order. */
static const struct df_status table[] = {
	{DF_OK, true, ERR_OK, MSG_NONE},
	{DF_NO_CHANGES, true, ERR_CARD_SW, MSG_CARD_SAID_NO},
	{0x0E, false, ERR_CARD_FULL, MSG_CARD_MEMORY_FULL},
	{DF_ILLEGAL_COMMAND, false, ERR_CARD_SW, MSG_CARD_DISTURBED},
	{0x1E, false, ERR_CARD_MAC, MSG_CARD_DISTURBED},		/* integrity error */
	{0x40, false, ERR_CARD_SW, MSG_CARD_SAID_NO},			/* no such key */
	{DF_LENGTH_ERROR, false, ERR_CARD_SW, MSG_CARD_SAID_NO},
	{DF_PERMISSION_DENIED, false, ERR_CARD_SW, MSG_CARD_SAID_NO},
	{0x9E, false, ERR_CARD_SW, MSG_CARD_SAID_NO},			/* parameter error */
	{DF_APPLICATION_NOT_FOUND, false, ERR_CARD_SW, MSG_CARD_SAID_NO},
	{0xA1, false, ERR_CARD_SW, MSG_CARD_DAMAGED},			/* application integrity */
	{DF_AUTHENTICATION_ERROR, false, ERR_CARD_SW, MSG_CARD_DISTURBED},	/* no session here */
	{DF_MORE, true, ERR_OK, MSG_NONE},
	{DF_BOUNDARY, false, ERR_CARD_SW, MSG_CARD_SAID_NO},
	{0xC1, false, ERR_CARD_SW, MSG_CARD_DAMAGED},			/* PICC integrity */
	{0xCA, false, ERR_CARD_SW, MSG_CARD_DISTURBED},			/* previous command not finished */
	{0xCD, false, ERR_CARD_SW, MSG_CARD_DAMAGED},			/* PICC disabled itself */
	{0xCE, false, ERR_CARD_FULL, MSG_CARD_MEMORY_FULL},		/* 28 applications */
	{DF_DUPLICATE, false, ERR_CARD_SW, MSG_CARD_SAID_NO},
	{0xEE, false, ERR_CARD_SW, MSG_CARD_DAMAGED},			/* EEPROM */
	{DF_FILE_NOT_FOUND, false, ERR_CARD_SW, MSG_CARD_SAID_NO},
	{0xF1, false, ERR_CARD_SW, MSG_CARD_DAMAGED},			/* file integrity */
};

static const struct df_status unknown = {0xFF, false, ERR_CARD_SW, MSG_CARD_SAID_NO};

const struct df_status *
df_status_of(uint8_t code)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].code == code)
			return &table[i];
	return &unknown;
}
