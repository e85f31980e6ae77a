/* bashgah audit, bashgah head export: the whole book checked, and its signed end given out. */
#include "station/cli/commands.h"
#include "station/flow/backup.h"

static const struct cli_option audit_options[] = {
	{"head", "FILE", MSG_OPT_HEAD_FILE},
	{NULL, NULL, MSG_NONE},
};
static const struct cli_option no_options[] = {{NULL, NULL, MSG_NONE}};

static void
say_head(struct cli *c, const struct audit_report *r)
{
	if (r->lost > 0)
		cli_say(c, MSG_AUDIT_HEAD_LOST, (const struct why_in[]){WHY_NUM(r->lost)}, 1);
	else
		cli_say(c, MSG_AUDIT_HEAD_GOOD, (const struct why_in[]){WHY_NUM(r->head.seq)}, 1);
	cli_json_int(c, "head_row", (int64_t)r->head.seq);
	cli_json_int(c, "lost_rows", r->lost);
}

static enum err
run_audit(struct cli *c, struct why *w)
{
	const char *head = cli_value(c, "head");
	struct audit_report r;
	struct station *s = NULL;
	enum err e = cli_station(c, STATION_BOOKS, &s, w);

	if (e == ERR_OK)
		e = station_audit(s, head, &r, w);
	if (e == ERR_OK) {
		cli_say(c, MSG_AUDIT_GOOD, (const struct why_in[]){WHY_NUM(r.seq)}, 1);
		cli_json_int(c, "rows", r.health.journal_rows);
		cli_json_int(c, "cards", r.health.cards);
		cli_json_int(c, "members", r.health.members);
		cli_json_int(c, "open_acts", r.health.open_intents);
		cli_json_hex(c, "last_hash", r.health.head, sizeof(r.health.head));
	}
	if (e == ERR_OK && head != NULL)
		say_head(c, &r);
	station_close(&s);
	return e;
}

const struct cli_command command_audit = {
	"audit", "", 0, 0, MSG_CMD_AUDIT, audit_options, run_audit,
};

static enum err
export_in(struct cli *c, struct station *s, struct why *w)
{
	struct head_paper h;
	enum err e = station_head_export(s, c->word[0], &h, w);

	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_HEAD_DONE, (const struct why_in[]){WHY_NUM(h.seq), WHY_CODE(c->word[0])}, 2);
	cli_json_int(c, "row", (int64_t)h.seq);
	cli_json_hex(c, "hash", h.hash, sizeof(h.hash));
	cli_json_hex(c, "prefix", h.prefix, sizeof(h.prefix));
	return ERR_OK;
}

static enum err
run_export(struct cli *c, struct why *w)
{
	return cli_at_desk(c, export_in, w);
}

const struct cli_command command_head_export = {
	"head export", "FILE", 1, 1, MSG_CMD_HEAD_EXPORT, no_options, run_export,
};
