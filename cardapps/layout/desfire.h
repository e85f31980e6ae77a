/*
 * Our applications and files on a DESFire, as data: what docs/card-format.md shows
 * for a reader of cards, drivers and tools read here.
 */
#ifndef CARDAPPS_LAYOUT_DESFIRE_H
#define CARDAPPS_LAYOUT_DESFIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardapps/secure/command.h"
#include "cardapps/secure/ev1.h"
#include "keys/safe.h"

#define DF_FILE_RECORD 1
#define DF_FILE_VALUE 2
#define DF_FILE_LOG 3
#define DF_FILE_CERT 4
#define DF_FILE_CC 1
#define DF_FILE_NDEF 2

#define DF_NDEF_SIZE 256	/* of the NDEF file */
#define DF_CC_LEN 15

/* Application keys of ours. */
#define DF_KEY_ADMIN 0
#define DF_KEY_READ 1
#define DF_KEY_DEBIT 2
#define DF_KEY_WRITE 3
#define DF_KEY_CHANGE 4
#define DF_KEY_COUNT 5

/* Access rights beside key numbers. */
#define DF_FREE 0xE
#define DF_NEVER 0xF

/* The PICC's settings once a card is made: key and settings can change, listing and creating need the key. */
#define DF_PICC_SETTINGS 0x09
#define DF_PICC_FACTORY_SETTINGS 0x0F
#define DF_PICC_FACTORY_KEYS 0x01	/* KeySettings2: one key, DES */

struct df_file {
	uint8_t no;
	enum df_ins create;
	enum ev1_mode mode;
	uint8_t read, write, read_write, change;	/* key numbers, DF_FREE or DF_NEVER */
	uint32_t size;		/* bytes; of one record in a record file; upper limit of a value file */
	uint32_t records;	/* a cyclic file keeps one less */
	uint16_t iso_fid;	/* 0: none */
};

struct df_application {
	uint8_t settings;	/* KeySettings1: change key, what is free, what may change */
	uint8_t keys;		/* KeySettings2: 0x80 AES, 0x20 file identifiers, count of keys */
	uint8_t key_sets;	/* on chips that have them; 0: one, and none can be rolled */
	uint8_t roll_key;	/* the key under which they are rolled */
	uint16_t iso_fid;	/* 0: none */
	const uint8_t *name;	/* ISO 7816-4 DF name, NULL: none */
	size_t name_len;
	const struct df_file *files;
	size_t file_count;
	const enum key_slot *slots;	/* master of each key */
};

extern const struct df_application df_loyalty;
extern const struct df_application df_ndef;
extern const uint8_t df_picc_aid[3];
extern const uint8_t df_ndef_aid[3];	/* as printed */
extern const uint8_t df_cc[DF_CC_LEN];

#define DF_CREATE_CAP 28

/*
 * The bytes after INS that create an application or a file; answers how many. `set_version` (1..255) is the version
 * of the application's first key set; 0: a chip that has no key sets.
 */
size_t df_application_request(const struct df_application *a, const uint8_t aid[3],
    uint8_t set_version, uint8_t out[DF_CREATE_CAP]);
/* True if GetKeySettings' answer is of such an application, with its key sets or made without. */
bool df_application_matches(const struct df_application *a, const uint8_t *answer, size_t len);
/* True if that answer says that there is a second key set, and that the one in force is older than `version`. */
bool df_application_rolls(const struct df_application *a, const uint8_t *answer, size_t len,
    uint8_t version);
size_t df_file_request(const struct df_file *f, uint8_t out[DF_CREATE_CAP]);

/* True if GetFileSettings' answer is what df_file_request made; what changes in use is not looked at. */
bool df_file_matches(const struct df_file *f, const uint8_t *answer, size_t len);

/*
 * The NDEF file of one https URL: length (2), then a URI record. Answers the bytes put in `out`,
 * 0 if the URL is not https:// or does not fit.
 */
size_t df_ndef_message(const char *url, uint8_t out[DF_NDEF_SIZE]);

#endif
