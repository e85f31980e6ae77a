/*
 * EEPROM as bytes, and as a file: a mark with the layout's version, the structure as
 * it stands in memory, SHA-256 over both; with the card's keys in clear, as in a chip.
 * The image belongs to the kind of machine that wrote it; another one refuses it.
 */
#include "cardapps/sim/card.h"

#include <stdlib.h>
#include <string.h>

#include "keys/digest.h"
#include "station/base/file.h"
#include "station/base/secret.h"

struct mark {
	char name[12];
	uint32_t order;	/* reads otherwise on a machine of the other byte order */
	uint32_t size;
};

static const struct mark our_mark = {"desfire-ev1", UINT32_C(0x01020304), sizeof(struct eeprom)};

#define PACKED_LEN (sizeof(struct mark) + sizeof(struct eeprom))

size_t
save_image_len(void)
{
	return PACKED_LEN + SHA256_LEN;
}

void
save_pack(const struct eeprom *ee, uint8_t *image)
{
	memcpy(image, &our_mark, sizeof(our_mark));
	memcpy(image + sizeof(our_mark), ee, sizeof(*ee));
	digest_sha256(image, PACKED_LEN, image + PACKED_LEN);
}

bool
save_unpack(const uint8_t *image, size_t len, struct eeprom *ee)
{
	uint8_t sum[SHA256_LEN];

	if (len != save_image_len() || memcmp(image, &our_mark, sizeof(our_mark)) != 0)
		return false;
	digest_sha256(image, PACKED_LEN, sum);
	if (memcmp(sum, image + PACKED_LEN, SHA256_LEN) != 0)
		return false;
	memcpy(ee, image + sizeof(our_mark), sizeof(*ee));
	return ee_valid(ee);
}

enum err
save_write(const char *path, const struct eeprom *ee, struct why *w)
{
	size_t len = save_image_len();
	uint8_t *image = malloc(len);
	enum err e;

	if (image == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	save_pack(ee, image);
	e = file_write(path, image, len, 0600, w);
	wipe(image, len);
	free(image);
	return e;
}

enum err
save_read(const char *path, struct eeprom *ee, struct why *w)
{
	size_t len = save_image_len(), got = 0;
	uint8_t *image = malloc(len);
	enum err e;

	if (image == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = file_read(path, image, len, &got, w);
	if (e == ERR_LEN || (e == ERR_OK && !save_unpack(image, got, ee)))
		e = why_set(w, ERR_FORMAT, MSG_SIM_CARD_DAMAGED, WHY_CODE(path));
	wipe(image, len);
	free(image);
	return e;
}
