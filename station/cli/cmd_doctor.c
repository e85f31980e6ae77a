/* bashgah doctor: what could keep the station from working, and what to do. */
#include <stdio.h>

#include "station/cli/commands.h"
#include "station/flow/doctor.h"

static const struct cli_option no_options[] = {{NULL, NULL, MSG_NONE}};

struct listing {
	struct cli *c;
	json_t *list;
};

static void
say_finding(void *ctx, const struct finding *f)
{
	struct listing *l = ctx;
	const char *state = f->good ? "good" : f->warning ? "warning" : "bad";
	char about[TEXT_SHORT_CAP];
	char text[TEXT_CAP] = "";
	char line[2 * TEXT_CAP];

	text_message(l->c->lang, f->about, NULL, 0, about, sizeof(about));
	if (!f->good)
		text_render(l->c->lang, &f->why, text, sizeof(text));
	(void)snprintf(line, sizeof(line), "%s %s%s%s", f->good ? "✓" : f->warning ? "!" : "✗", about,
	    f->good ? "" : ": ", text);
	cli_line(l->c, line);
	(void)json_array_append_new(l->list, json_pack("{s:s, s:s, s:s}", "about", msg_name(f->about),
	    "state", state, "sentence", text));
}

static enum err
run(struct cli *c, struct why *w)
{
	struct listing l = {c, json_array()};
	enum err e = station_examine(c->folder, cli_passphrase, c, say_finding, &l, w);

	(void)json_object_set_new(c->root, "findings", l.list);
	return e;
}

const struct cli_command command_doctor = {
	"doctor", "", 0, 0, MSG_CMD_DOCTOR, no_options, run,
};
