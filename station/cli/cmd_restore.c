/* bashgah restore: a lost station comes back from a backup, as a new incarnation. */
#include <string.h>

#include "keys/sealed_stream.h"
#include "station/base/secret.h"
#include "station/cli/commands.h"
#include "station/flow/backup.h"

#define PASS_CAP 1024

static const struct cli_option options[] = {
	{"backup-passphrase-fd", "N", MSG_OPT_BACKUP_PASSPHRASE_FD},
	{"head", "FILE", MSG_OPT_HEAD_FILE},
	{"root", "FILE", MSG_OPT_RESTORE_ROOT},
	{"root-passphrase-fd", "N", MSG_OPT_ROOT_PASSPHRASE_FD},
	{NULL, NULL, MSG_NONE},
};

/* In secret memory. */
struct passes {
	char own[PASS_CAP];
	char backup[PASS_CAP];
	char root[PASS_CAP];
};

static enum err
take_root(struct cli *c, struct restore_options *o, struct passes *p, struct why *w)
{
	o->root = cli_value(c, "root");
	if (o->root == NULL)
		return ERR_OK;
	o->root_pass = p->root;
	return cli_other_passphrase(c, "root-passphrase-fd", MSG_ROOT_PASSPHRASE, false, p->root, PASS_CAP, w);
}

/* A real club's station gets a passphrase; the backup's is the same, if not said otherwise. */
static enum err
take_passphrases(struct cli *c, struct restore_options *o, struct passes *p, struct why *w)
{
	struct sealed_stream_head h;
	enum err e = sealed_stream_peek(o->backup, &h, w);

	if (e == ERR_OK && !h.test) {
		e = cli_passphrase(c, p->own, PASS_CAP, w);
		o->pass = o->backup_pass = p->own;
	}
	if (e == ERR_OK && cli_value(c, "backup-passphrase-fd") != NULL) {
		e = cli_other_passphrase(c, "backup-passphrase-fd", MSG_BACKUP_PASSPHRASE_PROMPT, false, p->backup,
		    PASS_CAP, w);
		o->backup_pass = p->backup;
	}
	return e == ERR_OK && !h.test ? take_root(c, o, p, w) : e;
}

static void
say_next(struct cli *c, const struct restore_report *r)
{
	if (r->test && r->certified)
		cli_say(c, MSG_RESTORE_READY, NULL, 0);
	if (!r->certified)
		cli_say(c, MSG_RESTORE_CERTIFY_NEXT, (const struct why_in[]){WHY_CODE(r->request)}, 1);
	if (!r->test)
		cli_say(c, MSG_RESTORE_SHARES_NEXT, NULL, 0);
}

static void
report(struct cli *c, const struct restore_report *r)
{
	cli_say(c, MSG_RESTORE_DONE, (const struct why_in[]){WHY_CODE(c->word[1]), WHY_NUM(r->rows)}, 2);
	if (r->lost < 0)
		cli_say(c, MSG_RESTORE_LOST_UNKNOWN, NULL, 0);
	else if (r->lost > 0)
		cli_say(c, MSG_RESTORE_LOST, (const struct why_in[]){WHY_NUM(r->lost)}, 1);
	say_next(c, r);
	cli_json_str(c, "folder", c->word[1]);
	cli_json_bool(c, "test", r->test);
	cli_json_bool(c, "certified", r->certified);
	cli_json_int(c, "rows", r->rows);
	cli_json_int(c, "lost_rows", r->lost);
	cli_json_str(c, "request", r->request);
}

static enum err
run(struct cli *c, struct why *w)
{
	struct restore_options o = {.backup = c->word[0], .folder = c->word[1], .head = cli_value(c, "head")};
	struct passes *p = secret_alloc(sizeof(*p));
	struct restore_report r;
	enum err e;

	if (p == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = take_passphrases(c, &o, p, w);
	if (e == ERR_OK)
		e = station_restore(&o, &r, w);
	secret_free(p, sizeof(*p));
	if (e == ERR_OK)
		report(c, &r);
	return e;
}

const struct cli_command command_restore = {
	"restore", "FILE FOLDER", 2, 2, MSG_CMD_RESTORE, options, run,
};
