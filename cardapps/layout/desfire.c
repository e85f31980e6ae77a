#include "cardapps/layout/desfire.h"

#include <string.h>

#include "cardapps/chip/chip.h"
#include "cardapps/record.h"
#include "station/base/bytes.h"

#define AES_KEYS 0x80
#define FILE_IDENTIFIERS 0x20
#define MORE_SETTINGS 0x10	/* KeySettings2: KeySettings3 follows */
#define HAS_KEY_SETS 0x01	/* KeySettings3: what is said of them follows */
#define KEY_SIZE 0x10

const uint8_t df_picc_aid[3] = {0x00, 0x00, 0x00};
const uint8_t df_ndef_aid[3] = {0x01, 0x00, 0x00};

static const struct df_file loyalty_files[] = {
	{.no = DF_FILE_RECORD, .create = DF_CREATE_BACKUP_DATA_FILE, .mode = EV1_MACED,
	 .read = DF_KEY_READ, .write = DF_KEY_WRITE, .read_write = DF_KEY_WRITE,
	 .change = DF_KEY_ADMIN, .size = RECORD_LEN},
	{.no = DF_FILE_VALUE, .create = DF_CREATE_VALUE_FILE, .mode = EV1_MACED,
	 .read = DF_KEY_DEBIT, .write = DF_NEVER, .read_write = DF_KEY_WRITE,
	 .change = DF_KEY_ADMIN, .size = INT32_MAX},
	{.no = DF_FILE_LOG, .create = DF_CREATE_CYCLIC_RECORD_FILE, .mode = EV1_MACED,
	 .read = DF_KEY_READ, .write = DF_KEY_DEBIT, .read_write = DF_KEY_WRITE,
	 .change = DF_KEY_ADMIN, .size = LOG_LINE_LEN, .records = CARD_LOG_LINES + 1},
	{.no = DF_FILE_CERT, .create = DF_CREATE_BACKUP_DATA_FILE, .mode = EV1_MACED,
	 .read = DF_KEY_READ, .write = DF_KEY_WRITE, .read_write = DF_KEY_WRITE,
	 .change = DF_KEY_ADMIN, .size = CERT_LEN},
};
static const enum key_slot loyalty_slots[DF_KEY_COUNT] = {
	KEY_ADMIN, KEY_READ, KEY_DEBIT, KEY_WRITE, KEY_CHANGE,
};

/* Change key 4; listing and creating need key 0; settings and key 0 can change. Key 0 rolls. */
const struct df_application df_loyalty = {
	.settings = DF_KEY_CHANGE << 4 | 0x09, .keys = AES_KEYS | DF_KEY_COUNT,
	.key_sets = 2, .roll_key = DF_KEY_ADMIN,
	.files = loyalty_files, .file_count = sizeof(loyalty_files) / sizeof(loyalty_files[0]),
	.slots = loyalty_slots,
};

/* NFC Forum Type 4 Tag, mapping version 2.0: what a phone looks for. */
static const uint8_t ndef_name[] = {0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01};
static const struct df_file ndef_files[] = {
	{.no = DF_FILE_CC, .create = DF_CREATE_STD_DATA_FILE, .mode = EV1_PLAIN,
	 .read = DF_FREE, .size = DF_CC_LEN, .iso_fid = 0xE103},
	{.no = DF_FILE_NDEF, .create = DF_CREATE_STD_DATA_FILE, .mode = EV1_PLAIN,
	 .read = DF_FREE, .size = DF_NDEF_SIZE, .iso_fid = 0xE104},
};
static const enum key_slot ndef_slots[1] = {KEY_NDEF};

const struct df_application df_ndef = {
	.settings = 0x09, .keys = AES_KEYS | FILE_IDENTIFIERS | 1, .iso_fid = 0xE110,
	.name = ndef_name, .name_len = sizeof(ndef_name),
	.files = ndef_files, .file_count = sizeof(ndef_files) / sizeof(ndef_files[0]),
	.slots = ndef_slots,
};

const uint8_t df_cc[DF_CC_LEN] = {
	0x00, DF_CC_LEN,		/* length of this file */
	0x20,				/* mapping version 2.0 */
	0x00, 0x3A, 0x00, 0x34,		/* longest read and write */
	0x04, 0x06, 0xE1, 0x04,		/* NDEF file control: E104 */
	DF_NDEF_SIZE >> 8, DF_NDEF_SIZE & 0xFF,
	0x00, 0xFF			/* reading is free, a phone never writes */
};

/* The set in force and its version, how many there are, room for one key, the key that rolls. */
static void
put_key_sets(struct writer *w, const struct df_application *a, uint8_t version)
{
	put_u8(w, HAS_KEY_SETS);
	put_u8(w, version);
	put_u8(w, a->key_sets);
	put_u8(w, KEY_SIZE);
	put_u8(w, a->roll_key);
}

size_t
df_application_request(const struct df_application *a, const uint8_t aid[3],
    uint8_t set_version, uint8_t out[DF_CREATE_CAP])
{
	const bool sets = set_version != 0 && a->key_sets > 1;
	struct writer w = writer_over(out, DF_CREATE_CAP);

	put_u8(&w, aid[2]);
	put_u8(&w, aid[1]);
	put_u8(&w, aid[0]);
	put_u8(&w, a->settings);
	put_u8(&w, (uint8_t)(sets ? a->keys | MORE_SETTINGS : a->keys));
	if (sets)
		put_key_sets(&w, a, set_version);
	if (a->iso_fid != 0)
		put_le16(&w, a->iso_fid);
	put_bytes(&w, a->name, a->name_len);
	return w.len;
}

#define SETTINGS_LEN 2		/* without key sets */
#define SET_SETTINGS_LEN 7	/* with: what CreateApplication said of them follows */
#define KEYS_KNOWN 0x8F		/* AES and how many; the other bits say what follows */

static bool
has_key_sets(const struct df_application *a, const uint8_t *answer, size_t len)
{
	return len == SET_SETTINGS_LEN && (answer[2] & HAS_KEY_SETS) != 0 && a->key_sets > 1 &&
	    answer[4] == a->key_sets && answer[5] == KEY_SIZE && (answer[6] & 0x0F) == a->roll_key;
}

bool
df_application_matches(const struct df_application *a, const uint8_t *answer, size_t len)
{
	if (len != SETTINGS_LEN && !has_key_sets(a, answer, len))
		return false;
	return answer[0] == a->settings && (answer[1] & KEYS_KNOWN) == (a->keys & KEYS_KNOWN);
}

bool
df_application_rolls(const struct df_application *a, const uint8_t *answer, size_t len,
    uint8_t version)
{
	return has_key_sets(a, answer, len) && answer[3] < version;
}

/* Low byte first on the wire: read&write | change, then read | write. */
static uint16_t
rights(const struct df_file *f)
{
	return (uint16_t)((unsigned)f->read << 12 | (unsigned)f->write << 8 |
	    (unsigned)f->read_write << 4 | f->change);
}

/* Limits 0 and `size`, nothing in it, no LimitedCredit, no free GetValue. */
static void
put_value_limits(struct writer *w, const struct df_file *f)
{
	put_le32(w, 0);
	put_le32(w, f->size);
	put_le32(w, 0);
	put_u8(w, 0);
}

static void
put_settings(struct writer *w, const struct df_file *f)
{
	put_u8(w, (uint8_t)f->mode);
	put_le16(w, rights(f));
	if (f->create == DF_CREATE_VALUE_FILE) {
		put_value_limits(w, f);
		return;
	}
	put_le24(w, f->size);
	if (f->records != 0)
		put_le24(w, f->records);
}

size_t
df_file_request(const struct df_file *f, uint8_t out[DF_CREATE_CAP])
{
	struct writer w = writer_over(out, DF_CREATE_CAP);

	put_u8(&w, f->no);
	if (f->iso_fid != 0)
		put_le16(&w, f->iso_fid);
	put_settings(&w, f);
	return w.len;
}

/* File types of GetFileSettings, by the command that makes them. */
static int
type_of(enum df_ins create)
{
	static const uint8_t made_by[] = {
		DF_CREATE_STD_DATA_FILE, DF_CREATE_BACKUP_DATA_FILE, DF_CREATE_VALUE_FILE,
		DF_CREATE_LINEAR_RECORD_FILE, DF_CREATE_CYCLIC_RECORD_FILE,
	};

	for (size_t i = 0; i < sizeof(made_by); i++)
		if (made_by[i] == create)
			return (int)i;
	return -1;
}

/*
 * type (1), then as created; a value file shows its LimitedCredit value (4) where
 * the initial value was, a record file ends with its current records (3).
 */
bool
df_file_matches(const struct df_file *f, const uint8_t *answer, size_t len)
{
	uint8_t expected[DF_CREATE_CAP];
	struct writer w = writer_over(expected, sizeof(expected));
	size_t same, whole;

	put_u8(&w, (uint8_t)type_of(f->create));
	put_settings(&w, f);
	same = whole = w.len;
	if (f->create == DF_CREATE_VALUE_FILE)
		same = whole - 5;
	if (f->records != 0)
		whole += 3;
	if (len != whole || memcmp(answer, expected, same) != 0)
		return false;
	return f->create != DF_CREATE_VALUE_FILE || (answer[len - 1] & 0x03u) == 0;
}

/* NFC Forum RTD URI: D1 (short, well known), type length 1, payload length, 'U', 04 "https://", the rest. */
size_t
df_ndef_message(const char *url, uint8_t out[DF_NDEF_SIZE])
{
	static const char scheme[] = "https://";
	struct writer w = writer_over(out, DF_NDEF_SIZE);
	size_t rest;

	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return 0;
	url += sizeof(scheme) - 1;
	rest = strnlen(url, CARD_URL_CAP + 1);
	if (rest == 0 || rest > CARD_URL_CAP)
		return 0;
	put_be16(&w, (uint16_t)(5 + rest));
	put_u8(&w, 0xD1);
	put_u8(&w, 0x01);
	put_u8(&w, (uint8_t)(1 + rest));
	put_u8(&w, 'U');
	put_u8(&w, 0x04);
	put_bytes(&w, url, rest);
	return w.len;
}
