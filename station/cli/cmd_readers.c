/* bashgah readers: which card readers are there. */
#include <stdio.h>

#include "station/cli/commands.h"
#include "station/flow/readers.h"

static const struct cli_option no_options[] = {{NULL, NULL, MSG_NONE}};

struct listing {
	const struct cli *c;
	json_t *list;
};

static void
list_reader(void *ctx, const char *name, bool card_present)
{
	struct listing *l = ctx;
	char text[TEXT_SHORT_CAP];
	char line[TEXT_CAP];

	text_message(l->c->lang, card_present ? MSG_READER_HAS_CARD : MSG_READER_EMPTY, NULL, 0, text, sizeof(text));
	(void)snprintf(line, sizeof(line), "  %-40s %s", name, text);
	cli_line(l->c, line);
	(void)json_array_append_new(l->list, json_pack("{s:s, s:b}", "name", name, "card", card_present));
}

static enum err
run_readers(struct cli *c, struct why *w)
{
	struct listing l = {c, json_array()};
	enum err e = station_reader_list(list_reader, &l, w);

	(void)json_object_set_new(c->root, "readers", l.list);
	return e;
}

const struct cli_command command_readers = {
	"readers", "", 0, 0, MSG_CMD_READERS, no_options, run_readers,
};
