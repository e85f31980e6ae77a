#include "station/flow/print_wish.h"

#include <stdio.h>
#include <string.h>

static enum err
take_setting(char *word, struct print_wish *o, struct why *w)
{
	char *value = strchr(word, '=');

	if (value == NULL || value == word || value[1] == '\0')
		return why_set(w, ERR_USAGE, MSG_PRINT_WISH_WORD, WHY_CODE(word));
	if (o->opts.setting_count == PRINT_WISH_MAX)
		return why_set(w, ERR_USAGE, MSG_PRINT_WISH_LONG, WHY_NUM(PRINT_WISH_MAX));
	*value++ = '\0';
	o->setting[o->opts.setting_count++] = (struct print_setting){word, value};
	return ERR_OK;
}

static enum err
take_word(char *word, struct print_wish *o, struct why *w)
{
	const bool front = strcmp(word, "front") == 0;
	const bool back = strcmp(word, "back") == 0;

	if (strcmp(word, "both") == 0)
		return ERR_OK;
	if (!front && !back)
		return take_setting(word, o, w);
	o->opts.two_sided = false;
	o->opts.back = back;
	return ERR_OK;
}

enum err
print_wish_read(const char *text, struct print_wish *out, struct why *w)
{
	char *rest = NULL;
	enum err e = ERR_OK;

	memset(out, 0, sizeof(*out));
	out->opts.two_sided = true;
	out->opts.settings = out->setting;
	if (text == NULL)
		return ERR_OK;
	if (strlen(text) >= sizeof(out->text))
		return why_set(w, ERR_USAGE, MSG_PRINT_WISH_LONG, WHY_NUM(PRINT_WISH_MAX));
	memcpy(out->text, text, strlen(text) + 1);
	for (char *word = strtok_r(out->text, ",", &rest); e == ERR_OK && word != NULL;
	    word = strtok_r(NULL, ",", &rest))
		e = take_word(word, out, w);
	return e;
}
