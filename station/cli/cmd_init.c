/* bashgah init: make a club. */
#include <stdio.h>
#include <string.h>

#include "station/base/secret.h"
#include "station/cli/commands.h"
#include "station/flow/settings.h"

#define PASS_CAP 1024

static const struct cli_option options[] = {
	{"name", "NAME", MSG_OPT_CLUB_NAME},
	{"host", "HOST", MSG_OPT_HOST},
	{"designs", "DIR", MSG_OPT_DESIGNS},
	{"real", NULL, MSG_OPT_REAL},
	{"token", "URI", MSG_OPT_TOKEN},
	{"root", "FILE", MSG_OPT_ROOT},
	{"root-token", "URI", MSG_OPT_ROOT_TOKEN},
	{"root-passphrase-fd", "N", MSG_OPT_ROOT_PASSPHRASE_FD},
	{NULL, NULL, MSG_NONE},
};

static enum err
check_usage(const struct init_options *o, struct why *w)
{
	if (o->real && (o->club_name == NULL || o->host == NULL || o->root_path == NULL))
		return why_set(w, ERR_USAGE, MSG_REAL_CLUB_NEEDS);
	return !o->real && o->root_token != NULL ? why_set(w, ERR_USAGE, MSG_ROOT_TOKEN_PRACTICE) : ERR_OK;
}

static enum err
take_passphrases(struct cli *c, struct init_options *o, char *pass, char *root_pass, struct why *w)
{
	enum err e;

	o->token = c->token = cli_value(c, "token");
	o->root_path = cli_value(c, "root");
	o->root_token = cli_value(c, "root-token");
	e = check_usage(o, w);
	if (e != ERR_OK || (!o->real && o->token == NULL))
		return e;
	e = cli_new_passphrase(c, pass, PASS_CAP, w);
	o->pass = pass;
	if (e != ERR_OK || !o->real)
		return e;
	o->root_pass = root_pass;
	return cli_other_passphrase(c, "root-passphrase-fd", MSG_ROOT_PASSPHRASE, o->root_token == NULL,
	    root_pass, PASS_CAP, w);
}

static enum err
run(struct cli *c, struct why *w)
{
	char room[STATION_PATH_CAP];
	struct init_options o = {.folder = c->folder, .club_name = cli_value(c, "name"),
	    .host = cli_value(c, "host"), .designs_from = cli_designs(c, room),
	    .real = cli_flag(c, "real")};
	char *pass = secret_alloc(2 * PASS_CAP);
	struct station *s = NULL;
	enum err e;

	if (pass == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = take_passphrases(c, &o, pass, pass + PASS_CAP, w);
	if (e == ERR_OK)
		e = station_init(&o, w);
	secret_free(pass, 2 * PASS_CAP);
	if (e == ERR_OK)
		e = station_open(c->folder, STATION_BOOKS, NULL, NULL, &s, w);
	if (e != ERR_OK)
		return e;
	cli_say(c, o.real ? MSG_INIT_DONE : MSG_INIT_DONE_PRACTICE,
	    (const struct why_in[]){WHY_STR(s->set.club_name), WHY_CODE(c->folder)}, 2);
	cli_json_str(c, "folder", c->folder);
	cli_json_str(c, "name", s->set.club_name);
	cli_json_str(c, "host", s->set.host);
	cli_json_bool(c, "test", s->test);
	cli_json_hex(c, "club", s->club, sizeof(s->club));
	station_close(&s);
	return ERR_OK;
}

const struct cli_command command_init = {
	"init", "", 0, 0, MSG_CMD_INIT, options, run,
};
