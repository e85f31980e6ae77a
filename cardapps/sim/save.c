/*
 * EEPROM as bytes, and as a file: a mark with the layout's version, the structure as
 * it stands in memory, SHA-256 over both. Written under a temporary name and renamed.
 * The image belongs to the kind of machine that wrote it; another one refuses it.
 */
#include "cardapps/sim/card.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/digest.h"

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

static bool
write_all(int fd, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return fsync(fd) == 0;
}

/* The image under `temp`, then under `path`. Answers an errno, 0 when done. */
static int
write_and_rename(const char *temp, const char *path, const uint8_t *image, size_t len)
{
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600),
	    failed = 0;

	if (fd < 0)
		return errno;
	if (!write_all(fd, image, len))
		failed = errno;
	if (close(fd) != 0 && failed == 0)
		failed = errno;
	if (failed == 0 && rename(temp, path) != 0)
		failed = errno;
	if (failed != 0)
		unlink(temp);
	return failed;
}

enum err
save_write(const char *path, const struct eeprom *ee, struct why *w)
{
	size_t len = save_image_len(), temp_cap = strlen(path) + sizeof(".new");
	uint8_t *image = malloc(len);
	char *temp = malloc(temp_cap);
	enum err e = ERR_OK;
	int failed;

	if (image == NULL || temp == NULL) {
		e = why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
		goto out;
	}
	snprintf(temp, temp_cap, "%s.new", path);
	save_pack(ee, image);
	failed = write_and_rename(temp, path, image, len);
	if (failed != 0)
		e = why_errno(w, failed, path);
out:
	free(image);
	free(temp);
	return e;
}

enum err
save_read(const char *path, struct eeprom *ee, struct why *w)
{
	size_t len = save_image_len(), got = 0;
	uint8_t *image = malloc(len + 1);
	FILE *f = fopen(path, "rb");
	enum err e = ERR_OK;

	if (f == NULL)
		e = why_errno(w, errno, path);
	else if (image == NULL)
		e = why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	else
		got = fread(image, 1, len + 1, f);
	if (e == ERR_OK && ferror(f))
		e = why_errno(w, errno, path);
	else if (e == ERR_OK && !save_unpack(image, got, ee))
		e = why_set(w, ERR_FORMAT, MSG_SIM_CARD_DAMAGED, WHY_CODE(path));
	if (f != NULL)
		fclose(f);
	free(image);
	return e;
}
