/*
 * What the chip keeps without power: one flat structure, no pointers, no padding.
 * Everything that a pull takes away stands in card.h instead.
 */
#ifndef CARDAPPS_SIM_EEPROM_H
#define CARDAPPS_SIM_EEPROM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EE_APPS 28		/* data sheet: applications on a card */
#define EE_APP_FILES 32
#define EE_APP_KEYS 14
#define EE_KEY_CAP 24
#define EE_SETS 16
#define EE_BLOCK 32		/* the unit in which the data sheet allots memory */
#define EE_BLOCKS 248		/* 8 KiB less the 256 bytes the chip keeps for itself */
#define EE_FILES EE_BLOCKS	/* no file is smaller than a block */
#define EE_NAME_CAP 16

enum ee_crypto { EE_DES, EE_3K3DES, EE_AES, EE_CRYPTO_COUNT };
enum ee_file_type { EE_STD, EE_BACKUP, EE_VALUE, EE_LINEAR, EE_CYCLIC, EE_TYPE_COUNT };

/* Bits of a key settings byte (data sheet, ChangeKeySettings). */
#define KS_MASTER_CHANGEABLE 0x01
#define KS_LIST_FREE 0x02
#define KS_CREATE_FREE 0x04
#define KS_CHANGEABLE 0x08
#define KS_CHANGE_KEY(settings) ((settings) >> 4)
#define CHANGE_OWN_KEY 0x0E
#define CHANGE_FROZEN 0x0F

/* Bits of the card configuration (SetConfiguration option 0). */
#define CONFIG_NO_FORMAT 0x01
#define CONFIG_RANDOM_UID 0x02

/* Bits of a value file's option byte. */
#define VALUE_LIMITED_CREDIT 0x01
#define VALUE_FREE_GET 0x02

struct ee_key {
	uint8_t bytes[EE_KEY_CAP];
	uint8_t version;	/* AES only; DES keys carry theirs in the parity bits */
};

struct ee_app {
	uint8_t used;
	uint8_t aid[3];			/* as on the wire */
	uint8_t settings;
	uint8_t key_count;
	uint8_t crypto;			/* enum ee_crypto */
	uint8_t file_ids;		/* its files have ISO file identifiers */
	uint8_t has_iso_id;
	uint8_t iso_id[2];		/* as on the wire, little endian */
	uint8_t name_len;
	uint8_t name[EE_NAME_CAP];
	struct ee_key key[EE_APP_KEYS];
	uint8_t slot[EE_APP_FILES];	/* file number -> index in file[] + 1; 0: no such file */
};

struct ee_file {
	uint32_t size;			/* bytes, or bytes of one record */
	uint32_t max;			/* records */
	uint32_t count;
	uint32_t first;			/* cyclic: where the oldest record stands */
	int32_t lower, upper, value;
	int32_t limited;		/* what LimitedCredit may still give back */
	uint16_t block;
	uint16_t rights; /* read, write, read&write, change: a nibble each from the top */
	uint8_t iso_id[2];
	uint8_t type;			/* enum ee_file_type */
	uint8_t comm;			/* 0 plain, 1 MAC, 3 enciphered */
	uint8_t options;		/* of a value file */
	uint8_t spare[3];
};

/* Of one key set of an application; number 0 is the active one. */
struct ee_set {
	uint8_t crypto;			/* enum ee_crypto; as the application's for number 0 */
	uint8_t version;
	uint8_t state;			/* enum ee_set_state */
};

enum ee_set_state { EE_SET_EMPTY, EE_SET_OPEN, EE_SET_FINAL, EE_SET_STATE_COUNT };

/* What CreateApplication said of key sets (EV2 on). */
struct ee_sets {
	uint16_t block;			/* keys of the sets 1.. stand in the heap, set by set */
	uint8_t count;			/* 0: the application has none but its keys */
	uint8_t roll_key;
	uint8_t key_size;		/* largest key, 16 or 24 */
	uint8_t spare;
	struct ee_set set[EE_SETS];
};

/* `kind` and what follows stand in the image of EV2 and EV3 alone. */
struct eeprom {
	struct ee_file file[EE_FILES];
	uint16_t file_count;		/* ever created since the last format */
	uint16_t block_count; /* allotted since the last format: nothing else frees memory */
	struct ee_app app[1 + EE_APPS];	/* 0 is the card itself */
	struct ee_key default_key;	/* of new applications */
	uint8_t uid[7];
	uint8_t batch[5];
	uint8_t week, year;		/* of production, BCD */
	uint8_t config;
	uint8_t heap[EE_BLOCKS * EE_BLOCK];
	uint8_t filler[2];		/* zero: an EV1's image ends on a word */
	uint8_t kind;			/* enum sim_kind */
	uint8_t spare;
	struct ee_sets sets[1 + EE_APPS]; /* by the application's place */
};

/* As it leaves the factory: DES key zero, settings 0F, nothing on it. `kind` is an enum sim_kind. */
void ee_factory(struct eeprom *ee, uint8_t kind, const uint8_t uid[7]);
/*
 * FormatPICC: applications and files go, memory is free again; key, settings and configuration
 * stay.
 */
void ee_format(struct eeprom *ee);
/* True if every index, size and count is in its bounds: for images from outside. */
bool ee_valid(const struct eeprom *ee);
/*
 * Blocks for `bytes`, or false if they do not fit. A second copy (backup) is the caller's factor.
 */
bool ee_allot(struct eeprom *ee, uint64_t bytes, uint16_t *block);
uint32_t ee_free_bytes(const struct eeprom *ee);
/*
 * Index of the application of that AID (3 bytes as on the wire), 0 for the card itself, -1 if
 * absent.
 */
int ee_find_app(const struct eeprom *ee, const uint8_t aid[3]);
/*
 * The keys of a set of the application at that place: number 0 the active ones. `set` is below the
 * count, or 0.
 */
struct ee_key *ee_keys(struct eeprom *ee, int app, uint8_t set);
/* Bytes of a key of that kind, without version. */
size_t ee_key_len(uint8_t crypto);

#endif
