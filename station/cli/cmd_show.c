/* bashgah show: what is on the card in the reader, verified. */
#include <stdio.h>
#include <string.h>

#include "station/base/clock.h"
#include "station/cli/commands.h"

static const struct cli_option options[] = {
	{"reader", "READER", MSG_OPT_READER},
	{"card", "NUMBER", MSG_OPT_CARD},
	{"wait", "SECONDS", MSG_OPT_WAIT},
	{"request", "ID", MSG_OPT_REQUEST},
	{"trace", "FILE", MSG_OPT_TRACE},
	{NULL, NULL, MSG_NONE},
};

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
	cli_say(c, MSG_SHOW_VERIFIED, NULL, 0);
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
