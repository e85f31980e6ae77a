/* bashgah keys passphrase: another passphrase for the station's safe, or for a root. */
#include <stdio.h>
#include <string.h>

#include "station/base/secret.h"
#include "station/cli/commands.h"
#include "station/flow/passphrase.h"
#include "station/flow/settings.h"

#define PASS_CAP 1024

static const struct cli_option options[] = {
	{"new-passphrase-fd", "N", MSG_OPT_NEW_PASSPHRASE_FD},
	{"root", "FILE", MSG_OPT_ROOT_CHANGED},
	{NULL, NULL, MSG_NONE},
};

/* Of the safe; of a practice club's nobody is asked. */
static enum err
take_old(struct cli *c, const struct station *s, char *old, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct safe_info info = {0};
	enum err e = station_path(s, STATION_SAFE, path, w);

	if (e == ERR_OK)
		e = safe_peek(path, &info, w);
	if (e != ERR_OK)
		return e;
	if (!info.practice)
		return cli_passphrase(c, old, PASS_CAP, w);
	(void)snprintf(old, PASS_CAP, "%s", SAFE_PRACTICE_PASSPHRASE);
	return ERR_OK;
}

static enum err
take_new(struct cli *c, char *fresh, struct why *w)
{
	return cli_other_passphrase(c, "new-passphrase-fd", MSG_NEW_PASSPHRASE_PROMPT, true, fresh, PASS_CAP, w);
}

static enum err
change_safe(struct cli *c, char *old, char *fresh, struct why *w)
{
	struct station *s = NULL;
	enum err e = cli_station(c, STATION_BOOKS, &s, w);

	if (e == ERR_OK)
		e = take_old(c, s, old, w);
	if (e == ERR_OK)
		e = take_new(c, fresh, w);
	if (e == ERR_OK)
		e = station_change_passphrase(s, old, fresh, w);
	station_close(&s);
	if (e == ERR_OK)
		cli_say(c, MSG_PASSPHRASE_CHANGED, NULL, 0);
	return e;
}

static enum err
change_root(struct cli *c, const char *path, char *old, char *fresh, struct why *w)
{
	enum err e;

	c->root_file = path;
	e = cli_passphrase(c, old, PASS_CAP, w);
	if (e == ERR_OK)
		e = take_new(c, fresh, w);
	if (e == ERR_OK)
		e = root_change_passphrase(path, old, strlen(old), fresh, strlen(fresh), w);
	if (e == ERR_OK)
		cli_say(c, MSG_ROOT_PASSPHRASE_CHANGED, (const struct why_in[]){WHY_CODE(path)}, 1);
	return e;
}

static enum err
run(struct cli *c, struct why *w)
{
	const char *root = cli_value(c, "root");
	char *pass = secret_alloc(2 * PASS_CAP);
	enum err e;

	if (pass == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = root != NULL ? change_root(c, root, pass, pass + PASS_CAP, w) :
	    change_safe(c, pass, pass + PASS_CAP, w);
	secret_free(pass, 2 * PASS_CAP);
	cli_json_bool(c, "changed", e == ERR_OK);
	return e;
}

const struct cli_command command_keys_passphrase = {
	"keys passphrase", "", 0, 0, MSG_CMD_KEYS_PASSPHRASE, options, run,
};
