#include "station/cli/keys.h"

#include <stdio.h>
#include <string.h>

#include "keys/role.h"
#include "station/base/secret.h"

static enum err
ask_and_keep(void *ctx, char *out, size_t cap, struct why *w)
{
	struct keys_room *room = ctx;
	enum err e = cli_passphrase(room->cli, out, cap, w);

	if (e != ERR_OK)
		return e;
	if (strlen(out) >= sizeof(room->pass))
		return why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_TOO_LONG);
	memcpy(room->pass, out, strlen(out) + 1);
	return ERR_OK;
}

enum err
keys_open(struct cli *c, struct keys_room **room, struct station **s, struct why *w)
{
	enum err e;

	*s = NULL;
	*room = secret_alloc(sizeof(**room));
	if (*room == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	(*room)->cli = c;
	/* unless somebody is asked */
	memcpy((*room)->pass, SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE));
	e = station_open(c->folder, STATION_KEYS, ask_and_keep, *room, s, w);
	if (e != ERR_OK)
		keys_close(room, s);
	return e;
}

void
keys_close(struct keys_room **room, struct station **s)
{
	station_close(s);
	secret_free(*room, sizeof(**room));
	*room = NULL;
}

void
keys_say_kcvs(struct cli *c, const uint8_t *kcv, uint32_t slots)
{
	json_t *all = json_object();
	char line[TEXT_SHORT_CAP], hex[2 * KCV_LEN + 1];

	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
		const uint8_t *v = kcv + slot * KCV_LEN;

		if ((slots >> slot & 1) == 0)
			continue;
		(void)snprintf(hex, sizeof(hex), "%02X%02X%02X", v[0], v[1], v[2]);
		(void)snprintf(line, sizeof(line), "    %-10s %s", key_slot_name((enum key_slot)slot), hex);
		cli_line(c, line);
		(void)json_object_set_new(all, key_slot_name((enum key_slot)slot), json_string(hex));
	}
	(void)json_object_set_new(c->root, "kcv", all);
}

void
keys_say_people(struct cli *c, const char *people)
{
	json_t *all = json_array();
	char shown[TEXT_CAP] = "";
	size_t used = 0;

	for (const char *name = people; *name != '\0';) {
		const size_t len = strcspn(name, "\n");

		used += (size_t)snprintf(shown + used, sizeof(shown) - used, "%s%.*s",
		    used == 0 ? "" : c->lang == LANG_FA ? "، " : ", ", (int)len, name);
		(void)json_array_append_new(all, json_stringn(name, len));
		name += len + (name[len] == '\n');
	}
	cli_fact(c, MSG_LABEL_CUSTODIANS, shown);
	(void)json_object_set_new(c->root, "people", all);
}

enum words_lang
keys_words(const struct cli *c)
{
	return c->lang == LANG_FA ? WORDS_FA : WORDS_EN;
}
