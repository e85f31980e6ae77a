#include "cardapps/reader/trace.h"

#include <inttypes.h>

#define CLA_ISO 0x00
#define CLA_DESFIRE 0x90
#define CLA_READER 0xFF
#define APDU_DATA 5

/* MIFARE DESFire data sheet, in its order: security, card, application, file, data; then ISO/IEC 7816-4; then PC/SC part 3. */
static const struct {
	uint8_t cla;
	uint8_t ins;
	const char *name;
} commands[] = {
	{CLA_DESFIRE, 0x0A, "Authenticate"},
	{CLA_DESFIRE, 0x1A, "AuthenticateISO"},
	{CLA_DESFIRE, 0xAA, "AuthenticateAES"},
	{CLA_DESFIRE, 0x71, "AuthenticateEV2First"},
	{CLA_DESFIRE, 0x77, "AuthenticateEV2NonFirst"},
	{CLA_DESFIRE, 0x54, "ChangeKeySettings"},
	{CLA_DESFIRE, 0x45, "GetKeySettings"},
	{CLA_DESFIRE, 0x5C, "SetConfiguration"},
	{CLA_DESFIRE, 0xC4, "ChangeKey"},
	{CLA_DESFIRE, 0xC6, "ChangeKeyEV2"},
	{CLA_DESFIRE, 0x56, "InitializeKeySet"},
	{CLA_DESFIRE, 0x57, "FinalizeKeySet"},
	{CLA_DESFIRE, 0x55, "RollKeySet"},
	{CLA_DESFIRE, 0x64, "GetKeyVersion"},
	{CLA_DESFIRE, 0xCA, "CreateApplication"},
	{CLA_DESFIRE, 0xDA, "DeleteApplication"},
	{CLA_DESFIRE, 0x6A, "GetApplicationIDs"},
	{CLA_DESFIRE, 0x6D, "GetDFNames"},
	{CLA_DESFIRE, 0x5A, "SelectApplication"},
	{CLA_DESFIRE, 0xFC, "FormatPICC"},
	{CLA_DESFIRE, 0x60, "GetVersion"},
	{CLA_DESFIRE, 0x6E, "FreeMem"},
	{CLA_DESFIRE, 0x51, "GetCardUID"},
	{CLA_DESFIRE, 0x6F, "GetFileIDs"},
	{CLA_DESFIRE, 0x61, "GetISOFileIDs"},
	{CLA_DESFIRE, 0xF5, "GetFileSettings"},
	{CLA_DESFIRE, 0x5F, "ChangeFileSettings"},
	{CLA_DESFIRE, 0xCD, "CreateStdDataFile"},
	{CLA_DESFIRE, 0xCB, "CreateBackupDataFile"},
	{CLA_DESFIRE, 0xCC, "CreateValueFile"},
	{CLA_DESFIRE, 0xC1, "CreateLinearRecordFile"},
	{CLA_DESFIRE, 0xC0, "CreateCyclicRecordFile"},
	{CLA_DESFIRE, 0xDF, "DeleteFile"},
	{CLA_DESFIRE, 0xBD, "ReadData"},
	{CLA_DESFIRE, 0x3D, "WriteData"},
	{CLA_DESFIRE, 0x6C, "GetValue"},
	{CLA_DESFIRE, 0x0C, "Credit"},
	{CLA_DESFIRE, 0xDC, "Debit"},
	{CLA_DESFIRE, 0x1C, "LimitedCredit"},
	{CLA_DESFIRE, 0x3B, "WriteRecord"},
	{CLA_DESFIRE, 0xBB, "ReadRecords"},
	{CLA_DESFIRE, 0xEB, "ClearRecordFile"},
	{CLA_DESFIRE, 0xC7, "CommitTransaction"},
	{CLA_DESFIRE, 0xA7, "AbortTransaction"},
	{CLA_DESFIRE, 0xAF, "AdditionalFrame"},
	{CLA_ISO, 0xA4, "SELECT"},
	{CLA_ISO, 0xB0, "READ BINARY"},
	{CLA_ISO, 0xD6, "UPDATE BINARY"},
	{CLA_ISO, 0xB2, "READ RECORD"},
	{CLA_ISO, 0xE2, "APPEND RECORD"},
	{CLA_ISO, 0x84, "GET CHALLENGE"},
	{CLA_ISO, 0x82, "EXTERNAL AUTHENTICATE"},
	{CLA_ISO, 0x88, "INTERNAL AUTHENTICATE"},
	{CLA_ISO, 0xC0, "GET RESPONSE"},
	{CLA_ISO, 0xE0, "CREATE FILE"},
	{CLA_READER, 0xCA, "GET DATA"},
	{CLA_READER, 0x82, "LOAD KEYS"},
	{CLA_READER, 0x86, "GENERAL AUTHENTICATE"},
	{CLA_READER, 0xB0, "READ BINARY"},
	{CLA_READER, 0xD6, "UPDATE BINARY"},
	{CLA_READER, 0xC2, "TRANSPARENT EXCHANGE"},
};

const char *
trace_command_name(uint8_t cla, uint8_t ins)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].cla == cla && commands[i].ins == ins)
			return commands[i].name;
	return "?";
}

void
trace_attach(struct trace *t, struct reader *r, FILE *to)
{
	t->to = to;
	t->lines = 0;
	r->watch = trace_apdu;
	r->watch_ctx = t;
}

/* Native DESFire frames have no class byte: command and data, answered by status and data. */
static bool
is_native(const uint8_t *capdu, size_t len)
{
	return len < 4 || (capdu[0] != CLA_ISO && capdu[0] != CLA_DESFIRE && capdu[0] != CLA_READER);
}

void
trace_apdu(void *ctx, const uint8_t *capdu, size_t capdu_len, const uint8_t *rapdu,
    size_t rapdu_len, int64_t ns)
{
	struct trace *t = ctx;
	const bool native = is_native(capdu, capdu_len);
	const uint8_t cla = native ? CLA_DESFIRE : capdu[0];
	const uint8_t ins = capdu_len == 0 ? 0 : native ? capdu[0] : capdu[1];
	const size_t status = native ? 1 : 2;
	const size_t data = native ? (capdu_len > 0 ? capdu_len - 1 : 0)
	    : capdu_len > APDU_DATA ? capdu[4] : 0;

	(void)fprintf(t->to, "%4u  %02X %02X %-23s %3zu >", ++t->lines, cla, ins,
	    trace_command_name(cla, ins), data);
	if (rapdu_len < status)
		(void)fprintf(t->to, "   -  no answer");
	else if (native)
		(void)fprintf(t->to, " %3zu  91%02X", rapdu_len - status, rapdu[0]);
	else
		(void)fprintf(t->to, " %3zu  %02X%02X", rapdu_len - status, rapdu[rapdu_len - 2],
		    rapdu[rapdu_len - 1]);
	(void)fprintf(t->to, "  %" PRId64 " us\n", ns / 1000);
}
