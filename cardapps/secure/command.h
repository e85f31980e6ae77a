/* The commands of DESFire EV1 to EV3 and what secure messaging does to each, in one table. */
#ifndef CARDAPPS_SECURE_COMMAND_H
#define CARDAPPS_SECURE_COMMAND_H

#include <stdint.h>

enum df_ins {
	DF_AUTHENTICATE_ISO = 0x1A,
	DF_AUTHENTICATE_AES = 0xAA,
	DF_AUTHENTICATE_EV2_FIRST = 0x71,
	DF_AUTHENTICATE_EV2_NON_FIRST = 0x77,
	DF_CHANGE_KEY_SETTINGS = 0x54,
	DF_SET_CONFIGURATION = 0x5C,
	DF_CHANGE_KEY = 0xC4,
	DF_CHANGE_KEY_EV2 = 0xC6,
	DF_INITIALIZE_KEY_SET = 0x56,
	DF_FINALIZE_KEY_SET = 0x57,
	DF_ROLL_KEY_SET = 0x55,
	DF_GET_KEY_VERSION = 0x64,
	DF_CREATE_APPLICATION = 0xCA,
	DF_DELETE_APPLICATION = 0xDA,
	DF_GET_APPLICATION_IDS = 0x6A,
	DF_FREE_MEMORY = 0x6E,
	DF_GET_DF_NAMES = 0x6D,
	DF_GET_KEY_SETTINGS = 0x45,
	DF_SELECT_APPLICATION = 0x5A,
	DF_FORMAT_PICC = 0xFC,
	DF_GET_VERSION = 0x60,
	DF_GET_CARD_UID = 0x51,
	DF_GET_FILE_IDS = 0x6F,
	DF_GET_ISO_FILE_IDS = 0x61,
	DF_GET_FILE_SETTINGS = 0xF5,
	DF_CHANGE_FILE_SETTINGS = 0x5F,
	DF_CREATE_STD_DATA_FILE = 0xCD,
	DF_CREATE_BACKUP_DATA_FILE = 0xCB,
	DF_CREATE_VALUE_FILE = 0xCC,
	DF_CREATE_LINEAR_RECORD_FILE = 0xC1,
	DF_CREATE_CYCLIC_RECORD_FILE = 0xC0,
	DF_DELETE_FILE = 0xDF,
	DF_READ_DATA = 0xBD,
	DF_READ_DATA_LONG = 0xAD,
	DF_WRITE_DATA = 0x3D,
	DF_WRITE_DATA_LONG = 0x8D,
	DF_GET_VALUE = 0x6C,
	DF_CREDIT = 0x0C,
	DF_DEBIT = 0xDC,
	DF_LIMITED_CREDIT = 0x1C,
	DF_WRITE_RECORD = 0x3B,
	DF_WRITE_RECORD_LONG = 0x8B,
	DF_READ_RECORDS = 0xBB,
	DF_CLEAR_RECORD_FILE = 0xEB,
	DF_COMMIT_TRANSACTION = 0xC7,
	DF_ABORT_TRANSACTION = 0xA7,
	DF_ADDITIONAL_FRAME = 0xAF
};

/* How one direction of a command travels inside a session. */
enum df_cover {
	COVER_NONE,	/* outside secure messaging; the session ends with it */
	COVER_CHAIN,	/* EV1: clear; its CMAC moves the IV, only answers carry it. EV2: MACed */
	COVER_FILE,	/* as the file's communication mode says */
	COVER_SEALED,	/* always enciphered; EV1 with CRC32, EV2 with a MAC */
	COVER_READY	/* a cryptogram made beforehand (ChangeKey) */
};

struct df_command {
	enum df_ins ins;
	uint8_t head;		/* bytes after INS that stay clear when the rest is enciphered */
	enum df_cover request;
	enum df_cover answer;
	const char *name;
};

/* NULL if the table has no such command. */
const struct df_command *df_command_of(enum df_ins ins);

#endif
