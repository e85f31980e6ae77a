#include "cardapps/secure/command.h"

#include <stddef.h>

/* MIFARE DESFire data sheet: security, PICC, application and data commands in its order. */
static const struct df_command table[] = {
	{DF_AUTHENTICATE_ISO, 1, COVER_NONE, COVER_NONE, "AuthenticateISO"},
	{DF_AUTHENTICATE_AES, 1, COVER_NONE, COVER_NONE, "AuthenticateAES"},
	{DF_CHANGE_KEY_SETTINGS, 0, COVER_SEALED, COVER_CHAIN, "ChangeKeySettings"},
	{DF_SET_CONFIGURATION, 1, COVER_SEALED, COVER_CHAIN, "SetConfiguration"},
	{DF_CHANGE_KEY, 1, COVER_READY, COVER_CHAIN, "ChangeKey"},
	{DF_GET_KEY_VERSION, 1, COVER_CHAIN, COVER_CHAIN, "GetKeyVersion"},

	{DF_CREATE_APPLICATION, 5, COVER_CHAIN, COVER_CHAIN, "CreateApplication"},
	{DF_DELETE_APPLICATION, 3, COVER_CHAIN, COVER_CHAIN, "DeleteApplication"},
	{DF_GET_APPLICATION_IDS, 0, COVER_CHAIN, COVER_CHAIN, "GetApplicationIDs"},
	{DF_FREE_MEMORY, 0, COVER_CHAIN, COVER_CHAIN, "FreeMemory"},
	{DF_GET_DF_NAMES, 0, COVER_CHAIN, COVER_CHAIN, "GetDFNames"},
	{DF_GET_KEY_SETTINGS, 0, COVER_CHAIN, COVER_CHAIN, "GetKeySettings"},
	{DF_SELECT_APPLICATION, 3, COVER_NONE, COVER_NONE, "SelectApplication"},
	{DF_FORMAT_PICC, 0, COVER_CHAIN, COVER_CHAIN, "FormatPICC"},
	{DF_GET_VERSION, 0, COVER_CHAIN, COVER_CHAIN, "GetVersion"},
	{DF_GET_CARD_UID, 0, COVER_CHAIN, COVER_SEALED, "GetCardUID"},

	{DF_GET_FILE_IDS, 0, COVER_CHAIN, COVER_CHAIN, "GetFileIDs"},
	{DF_GET_ISO_FILE_IDS, 0, COVER_CHAIN, COVER_CHAIN, "GetISOFileIDs"},
	{DF_GET_FILE_SETTINGS, 1, COVER_CHAIN, COVER_CHAIN, "GetFileSettings"},
	{DF_CHANGE_FILE_SETTINGS, 1, COVER_SEALED, COVER_CHAIN, "ChangeFileSettings"},
	{DF_CREATE_STD_DATA_FILE, 1, COVER_CHAIN, COVER_CHAIN, "CreateStdDataFile"},
	{DF_CREATE_BACKUP_DATA_FILE, 1, COVER_CHAIN, COVER_CHAIN, "CreateBackupDataFile"},
	{DF_CREATE_VALUE_FILE, 1, COVER_CHAIN, COVER_CHAIN, "CreateValueFile"},
	{DF_CREATE_LINEAR_RECORD_FILE, 1, COVER_CHAIN, COVER_CHAIN, "CreateLinearRecordFile"},
	{DF_CREATE_CYCLIC_RECORD_FILE, 1, COVER_CHAIN, COVER_CHAIN, "CreateCyclicRecordFile"},
	{DF_DELETE_FILE, 1, COVER_CHAIN, COVER_CHAIN, "DeleteFile"},

	{DF_READ_DATA, 7, COVER_CHAIN, COVER_FILE, "ReadData"},
	{DF_WRITE_DATA, 7, COVER_FILE, COVER_CHAIN, "WriteData"},
	{DF_GET_VALUE, 1, COVER_CHAIN, COVER_FILE, "GetValue"},
	{DF_CREDIT, 1, COVER_FILE, COVER_CHAIN, "Credit"},
	{DF_DEBIT, 1, COVER_FILE, COVER_CHAIN, "Debit"},
	{DF_LIMITED_CREDIT, 1, COVER_FILE, COVER_CHAIN, "LimitedCredit"},
	{DF_WRITE_RECORD, 7, COVER_FILE, COVER_CHAIN, "WriteRecord"},
	{DF_READ_RECORDS, 7, COVER_CHAIN, COVER_FILE, "ReadRecords"},
	{DF_CLEAR_RECORD_FILE, 1, COVER_CHAIN, COVER_CHAIN, "ClearRecordFile"},
	{DF_COMMIT_TRANSACTION, 0, COVER_CHAIN, COVER_CHAIN, "CommitTransaction"},
	{DF_ABORT_TRANSACTION, 0, COVER_CHAIN, COVER_CHAIN, "AbortTransaction"},
};

const struct df_command *
df_command_of(enum df_ins ins)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].ins == ins)
			return &table[i];
	return NULL;
}
