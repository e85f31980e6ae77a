/* bashgah show: what is on the card in the reader, verified. */
#include <stdio.h>
#include <string.h>

#include "station/base/clock.h"
#include "station/cli/commands.h"
#include "station/flow/lists.h"

static const struct cli_option options[] = {
	{"reader", "READER", MSG_OPT_READER},
	{"card", "NUMBER", MSG_OPT_CARD},
	{"wait", "SECONDS", MSG_OPT_WAIT},
	{"request", "ID", MSG_OPT_REQUEST},
	{"trace", "FILE", MSG_OPT_TRACE},
	{NULL, NULL, MSG_NONE},
};

/* Who signed, by what right, and whether that counts here. */
static void
show_chain(struct cli *c, const struct flow_result *r)
{
	const struct cert *cert = &r->signer;
	const enum role role = role_of_rights(cert->rights);
	char from[TEXT_SHORT_CAP], to[TEXT_SHORT_CAP], text[TEXT_CAP];
	struct why_in facts[] = {WHY_NUM(cert->station), WHY_NUM(cert->serial), WHY_STR(from), WHY_STR(to)};
	json_t *chain = json_pack("{s:I, s:I, s:s, s:I, s:i, s:i, s:b}", "station", (json_int_t)cert->station,
	    "serial", (json_int_t)cert->serial, "role", role != ROLE_COUNT ? role_name(role) : "",
	    "rights", (json_int_t)cert->rights, "valid_from_day", (int)cert->valid_from, "valid_to_day",
	    (int)cert->valid_to, "revoked", (int)r->signer_revoked);

	text_date(c->lang, cert->valid_from, DATE_LONG, from, sizeof(from));
	if (cert->valid_to == 0)
		text_message(c->lang, MSG_VALID_OPEN, NULL, 0, to, sizeof(to));
	else
		text_date(c->lang, cert->valid_to, DATE_LONG, to, sizeof(to));
	text_message(c->lang, MSG_SIGNER_LINE, facts, 4, text, sizeof(text));
	cli_fact(c, MSG_LABEL_SIGNER, text);
	(void)json_object_set_new(c->root, "signer", chain);
	cli_json_str(c, "trust", r->trust == TRUST_FULL ? "full" : "identity");
}

static void
show_trust(struct cli *c, const struct flow_result *r)
{
	const struct why_in facts[] = {WHY_NUM(r->signer.station), WHY_DAY(r->revoked_day)};

	if (!r->signer_revoked)
		cli_say(c, MSG_SHOW_VERIFIED, NULL, 0);
	else
		cli_say(c, r->trust == TRUST_FULL ? MSG_SHOW_REVOKED_GOOD : MSG_SHOW_REVOKED, facts, 2);
}

/* Reading goes on when the lists are old; who reads is told. */
static void
show_lists(struct cli *c, struct station *s)
{
	struct why w = {0};
	enum err e = lists_check_station(s, &w);

	if (e == ERR_OK)
		e = lists_fresh(s, &w);
	if (e != ERR_OK)
		cli_say_why(c, &w);
	cli_json_str(c, "lists", e == ERR_OK ? "fresh" : msg_name(w.id));
}

static void
show_record(struct cli *c, const struct station *s, const struct flow_result *r)
{
	char text[TEXT_SHORT_CAP];

	text_number(c->lang, r->record.sequence, text, sizeof(text));
	cli_fact(c, MSG_LABEL_SEQUENCE, text);
	text_datetime(c->lang, clock_from_minutes_2000(r->record.written_at), s->set.zone, text, sizeof(text));
	cli_fact(c, MSG_LABEL_WRITTEN, text);
	cli_json_int(c, "sequence", r->record.sequence);
	cli_json_int(c, "value_steps", r->value);
	cli_json_int(c, "operation", r->record.operation);
	cli_json_bool(c, "test", (r->record.flags & RECORD_TEST) != 0);
	cli_json_hex(c, "record", r->record_bytes, sizeof(r->record_bytes));
	cli_json_hex(c, "signer_public_key", r->signer.pub, sizeof(r->signer.pub));
	show_chain(c, r);
	show_trust(c, r);
}

static enum err
run_in(struct cli *c, struct station *s, struct why *w)
{
	struct flow_request rq = {.flow = FLOW_SHOW};
	struct flow_result r = {0};
	const char *card = cli_value(c, "card");
	enum err e = card != NULL ? cli_card_number(card, &rq.card_number, w) : ERR_OK;

	if (e == ERR_OK)
		e = cli_run_flow(c, s, &rq, &r, w);
	if (r.has_record || (e == ERR_OK && !r.has_chip))
		cli_card(c, s, &r);
	if (r.has_record)
		show_record(c, s, &r);
	if (r.has_record && !r.in_book)
		cli_say(c, MSG_SHOW_NOT_IN_BOOK, NULL, 0);
	cli_json_bool(c, "in_book", r.in_book);
	show_lists(c, s);
	return e;
}

static enum err
run(struct cli *c, struct why *w)
{
	return cli_at_desk(c, run_in, w);
}

const struct cli_command command_show = {
	"show", "", 0, 0, MSG_CMD_SHOW, options, run,
};
