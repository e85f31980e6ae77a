/* bashgah backup: the club, sealed and proven, in one file. */
#include <string.h>

#include "station/base/secret.h"
#include "station/cli/commands.h"
#include "station/flow/backup.h"

#define PASS_CAP 1024

static const struct cli_option options[] = {
	{"backup-passphrase-fd", "N", MSG_OPT_BACKUP_PASSPHRASE_FD},
	{NULL, NULL, MSG_NONE},
};

/* One passphrase opens the safe and, without another, seals the backup: it is asked for once. */
struct asking {
	struct cli *c;
	char *pass;
};

static enum err
ask(void *ctx, char *out, size_t cap, struct why *w)
{
	struct asking *a = ctx;
	enum err e = cli_passphrase(a->c, out, cap, w);

	if (e == ERR_OK && strlen(out) < PASS_CAP)
		memcpy(a->pass, out, strlen(out) + 1);
	return e;
}

/* A practice club's is public, whatever its safe is opened with: it must open on any day, for anybody. A token's PIN seals nothing. */
static enum err
choose(struct cli *c, const struct station *s, char *pass, struct why *w)
{
	const bool given = cli_value(c, "backup-passphrase-fd") != NULL;

	if (given || (!s->test && safe_get_info(s->safe)->token))
		return cli_other_passphrase(c, "backup-passphrase-fd", MSG_BACKUP_PASSPHRASE_PROMPT, true, pass,
		    PASS_CAP, w);
	if (s->test)
		memcpy(pass, SAFE_PRACTICE_PASSPHRASE, sizeof(SAFE_PRACTICE_PASSPHRASE));
	return ERR_OK;
}

static void
report(struct cli *c, const struct backup_report *r)
{
	cli_say(c, MSG_BACKUP_DONE, (const struct why_in[]){WHY_CODE(c->word[0]), WHY_NUM(r->health.journal_rows)}, 2);
	cli_json_str(c, "backup", c->word[0]);
	cli_json_int(c, "bytes", (int64_t)r->bytes);
	cli_json_int(c, "rows", r->health.journal_rows);
	cli_json_int(c, "cards", r->health.cards);
	cli_json_int(c, "members", r->health.members);
	cli_json_int(c, "head_row", (int64_t)r->head.seq);
	cli_json_hex(c, "head", r->head.hash, sizeof(r->head.hash));
}

static enum err
run(struct cli *c, struct why *w)
{
	char *pass = secret_alloc(PASS_CAP);
	struct asking a = {c, pass};
	struct backup_report r;
	struct station *s = NULL;
	enum err e;

	if (pass == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = station_open(c->folder, STATION_KEYS, ask, &a, &s, w);
	if (e == ERR_OK)
		e = choose(c, s, pass, w);
	if (e == ERR_OK)
		e = station_backup(s, c->word[0], pass, strlen(pass), &r, w);
	if (e == ERR_OK)
		report(c, &r);
	station_close(&s);
	secret_free(pass, PASS_CAP);
	return e;
}

const struct cli_command command_backup = {
	"backup", "FILE", 1, 1, MSG_CMD_BACKUP, options, run,
};
