#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "station/base/file.h"
#include "station/base/secret.h"
#include "station/flow/paper.h"
#include "station/flow/settings.h"

static const char *const endings[] = {"png", "jpg"};

/* `*room` is the caller's, free() it: NULL if there is no such picture. */
static enum err
take_picture(const struct station *s, const char *leaf, uint8_t **room, struct card_picture *out,
    struct why *w)
{
	char path[STATION_PATH_CAP];
	struct why own;
	enum err e = ERR_MISSING;

	*room = malloc(DESIGN_PICTURE_CAP);
	if (*room == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	for (size_t i = 0; e == ERR_MISSING && i < sizeof(endings) / sizeof(endings[0]); i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "%s.%s", leaf, endings[i]);
		e = station_path(s, name, path, &own);
		if (e == ERR_OK)
			e = file_read(path, *room, DESIGN_PICTURE_CAP, &out->len, &own);
	}
	if (e == ERR_OK) {
		out->bytes = *room;
		return ERR_OK;
	}
	free(*room);
	*room = NULL;
	out->len = 0;
	if (e == ERR_LEN)
		return why_set(w, ERR_FORMAT, MSG_CARD_PICTURE_BAD, WHY_CODE(path));
	if (e == ERR_MISSING)
		return ERR_OK;
	if (w != NULL)
		*w = own;
	return e;
}

enum err
paper_pictures(const struct station *s, uint32_t member, struct paper_words *o, struct why *w)
{
	char photo[32];
	enum err e = take_picture(s, STATION_DESIGNS "/logo", &o->logo, &o->face.logo, w);

	if (e != ERR_OK || member == 0)
		return e;
	(void)snprintf(photo, sizeof(photo), STATION_PHOTOS "/%" PRIu32, member);
	return take_picture(s, photo, &o->photo, &o->face.photo, w);
}

void
paper_words_wipe(struct paper_words *o)
{
	free(o->photo);
	free(o->logo);
	WIPE(*o);
}
