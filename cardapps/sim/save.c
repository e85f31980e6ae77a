/*
 * EEPROM as bytes, and as a file: a mark with the layout's version, the structure as
 * it stands in memory, SHA-256 over both; with the card's keys in clear, as in a chip. An EV1
 * has no kind and no key sets, so its image ends before them.
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

#define ORDER UINT32_C(0x01020304)

static const struct mark ev1_mark = {"desfire-ev1", ORDER, offsetof(struct eeprom, kind)};
static const struct mark ev2_mark = {"desfire-ev2", ORDER, sizeof(struct eeprom)};

static const struct mark *
mark_of(const struct eeprom *ee)
{
	return ee->kind == SIM_DESFIRE_EV1 ? &ev1_mark : &ev2_mark;
}

size_t
save_image_len(const struct eeprom *ee)
{
	return sizeof(struct mark) + mark_of(ee)->size + SHA256_LEN;
}

void
save_pack(const struct eeprom *ee, uint8_t *image)
{
	const struct mark *mark = mark_of(ee);
	size_t packed = sizeof(*mark) + mark->size;

	memcpy(image, mark, sizeof(*mark));
	memcpy(image + sizeof(*mark), ee, mark->size);
	digest_sha256(image, packed, image + packed);
}

bool
save_unpack(const uint8_t *image, size_t len, struct eeprom *ee)
{
	const struct mark *mark = &ev1_mark;
	uint8_t sum[SHA256_LEN];
	size_t packed;

	if (len > sizeof(*mark) && memcmp(image, &ev2_mark, sizeof(ev2_mark)) == 0)
		mark = &ev2_mark;
	packed = sizeof(*mark) + mark->size;
	if (len != packed + SHA256_LEN || memcmp(image, mark, sizeof(*mark)) != 0)
		return false;
	digest_sha256(image, packed, sum);
	if (memcmp(sum, image + packed, SHA256_LEN) != 0)
		return false;
	memset(ee, 0, sizeof(*ee));
	memcpy(ee, image + sizeof(*mark), mark->size);
	return ee_valid(ee) && mark_of(ee) == mark;
}

enum err
save_write(const char *path, const struct eeprom *ee, struct why *w)
{
	size_t len = save_image_len(ee);
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
	size_t len = sizeof(struct mark) + sizeof(*ee) + SHA256_LEN, got = 0;
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
