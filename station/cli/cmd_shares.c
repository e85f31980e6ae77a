/* bashgah keys drill and keys restore: custodians type their shares. */
#include <stdio.h>
#include <string.h>

#include "station/base/secret.h"
#include "station/cli/commands.h"
#include "station/cli/keys.h"
#include "station/flow/gathering.h"

static const struct cli_option drill_options[] = {
	TALK_OPTIONS,
	{NULL, NULL, MSG_NONE},
};
static const struct cli_option restore_options[] = {
	{"role", "till|desk|issuer|portal", MSG_OPT_KEYS_ROLE},
	{"older", NULL, MSG_OPT_OLDER},
	TALK_OPTIONS,
	{NULL, NULL, MSG_NONE},
};

struct asking {
	struct cli *cli;
	struct keys_room *room;
	struct gathering *g;
	struct talk *t;
	uint32_t slots;		/* restore: masters to bring in */
};

/* The lines of one share, each until it is right. ERR_OK with the share taken, or refused and said. */
static enum err
ask_share(struct asking *a, struct why *w)
{
	const unsigned before = gathering_count(a->g);
	unsigned line = 0;

	talk_say(a->t, MSG_TALK_TYPE_SHARE, (const struct why_in[]){WHY_NUM(before + 1), WHY_NUM(SHARE_LINES)}, 2);
	while (line < SHARE_LINES) {
		struct why said;
		enum err e = talk_ask(a->t, MSG_TALK_LINE, (const struct why_in[]){WHY_NUM(line + 1)}, 1, false,
		    a->room->answer, w);

		if (e != ERR_OK && e != ERR_LEN)
			return e;
		if (e == ERR_OK)
			e = gathering_line(a->g, line, a->room->answer, &said);
		else
			said = *w;
		WIPE(a->room->answer);
		if (e != ERR_OK)
			talk_why(a->t, &said);
		/* the last line right, and the whole refused: another share */
		if (e != ERR_OK && line + 1 == SHARE_LINES && said.id != MSG_WORDS_LINE_WRONG &&
		    said.id != MSG_WORDS_LINE_COUNT && said.id != MSG_WORDS_UNKNOWN && said.id != MSG_TALK_LONG)
			return ERR_OK;
		line += e == ERR_OK;
	}
	return ERR_OK;
}

/* One custodian after the other, a clean page between them. */
static enum err
ask_shares(struct asking *a, unsigned enough, struct why *w)
{
	char person[CUSTODY_NAME_CAP];
	enum err e = ERR_OK;

	while (e == ERR_OK && (gathering_count(a->g) == 0 || gathering_count(a->g) < enough ||
	    gathering_count(a->g) < gathering_needed(a->g))) {
		const unsigned before = gathering_count(a->g);
		unsigned index;

		e = ask_share(a, w);
		if (e != ERR_OK || gathering_count(a->g) == before)
			continue;
		talk_clear(a->t);
		index = gathering_last(a->g, person);
		talk_say(a->t, person[0] != '\0' ? MSG_TALK_SHARE_TAKEN_FROM : MSG_TALK_SHARE_TAKEN,
		    (const struct why_in[]){WHY_NUM(index), WHY_NUM(gathering_count(a->g)),
		    WHY_NUM(gathering_needed(a->g)), WHY_STR(person)}, 4);
	}
	/* what the people went away from */
	if (e == ERR_REFUSED && gathering_count(a->g) < gathering_needed(a->g))
		return why_set(w, ERR_REFUSED, MSG_SHARES_TOO_FEW, WHY_NUM(gathering_needed(a->g)),
		    WHY_NUM(gathering_count(a->g)));
	return e;
}

typedef enum err (*gathered)(struct asking *a, struct gathering_report *out, struct why *w);

/* With as many as needed one that is not genuine cannot be named: one more is asked for, and it can. */
static enum err
gather(struct asking *a, gathered act, struct gathering_report *out, struct why *w)
{
	unsigned enough = 0;
	enum err e;

	do {
		e = ask_shares(a, enough, w);
		if (e != ERR_OK)
			return e;
		e = act(a, out, w);
		enough = gathering_count(a->g) + 1;
		if (e == ERR_SIGNATURE && w->id == MSG_SHARES_NOT_GENUINE)
			talk_why(a->t, w);
	} while (e == ERR_SIGNATURE && w->id == MSG_SHARES_NOT_GENUINE && enough <= SHARES_MAX);
	return e;
}

static void
report(struct cli *c, const struct gathering_report *r, enum msg done)
{
	cli_say(c, done, (const struct why_in[]){WHY_NUM(r->generation), WHY_NUM(r->used)}, 2);
	keys_say_people(c, r->people);
	keys_say_kcvs(c, r->kcv, r->slots);
	cli_json_int(c, "generation", r->generation);
	cli_json_int(c, "shares_used", r->used);
}

static enum err
run_gathering(struct cli *c, gathered act, const char *role, enum msg done, struct why *w)
{
	struct asking a = {.cli = c};
	struct gathering_report r;
	struct station *s;
	enum err e = keys_open(c, &a.room, &s, w);

	if (e == ERR_OK)
		e = custody_role_slots(s, role, &a.slots, w);
	if (e == ERR_OK)
		e = gathering_begin(s, &a.g, w);
	if (e == ERR_OK)
		e = talk_open(c, &a.t, w);
	if (e == ERR_OK)
		e = gather(&a, act, &r, w);
	talk_close(&a.t);
	gathering_close(&a.g);
	keys_close(&a.room, &s);
	if (e == ERR_OK)
		report(c, &r, done);
	return e;
}

static enum err
drill(struct asking *a, struct gathering_report *out, struct why *w)
{
	return gathering_drill(a->g, out, w);
}

static enum err
run_drill(struct cli *c, struct why *w)
{
	return run_gathering(c, drill, NULL, MSG_DRILL_DONE, w);
}

static enum err
restore(struct asking *a, struct gathering_report *out, struct why *w)
{
	return gathering_restore(a->g, a->slots, cli_flag(a->cli, "older"), a->room->pass,
	    strlen(a->room->pass), out, w);
}

static enum err
run_restore(struct cli *c, struct why *w)
{
	return run_gathering(c, restore, cli_value(c, "role"), MSG_KEYS_RESTORED, w);
}

const struct cli_command command_keys_drill = {
	"keys drill", "", 0, 0, MSG_CMD_KEYS_DRILL, drill_options, run_drill,
};
const struct cli_command command_keys_restore = {
	"keys restore", "", 0, 0, MSG_CMD_KEYS_RESTORE, restore_options, run_restore,
};
