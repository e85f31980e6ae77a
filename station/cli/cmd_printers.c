/* bashgah printers: which there are; start one again. */
#include <stdio.h>

#include "printer/printer.h"
#include "station/cli/commands.h"
#include "station/cli/printer_offer.h"
#include "station/flow/paper_test.h"

static const struct cli_option no_options[] = {{NULL, NULL, MSG_NONE}};
static const struct cli_option list_options[] = {
	{"long", NULL, MSG_OPT_LONG},
	{NULL, NULL, MSG_NONE},
};

struct listing {
	const struct cli *c;
	json_t *list;
};

static void
list_printer(void *ctx, const struct print_queue_info *q)
{
	struct listing *l = ctx;
	char text[TEXT_CAP];
	char line[2 * TEXT_CAP];
	json_t *entry;
	enum msg state = q->reason != MSG_NONE ? q->reason
	    : q->stopped		       ? MSG_PRINTER_STOPPED
	    : !q->accepting		       ? MSG_PRINTER_REJECTS
					       : MSG_PRINTER_READY;

	text_message(l->c->lang, state, NULL, 0, text, sizeof(text));
	(void)snprintf(line, sizeof(line), "  %-24s %s", q->name, text);
	cli_line(l->c, line);
	entry = json_pack("{s:s, s:s, s:b, s:b, s:s, s:s}", "name", q->name, "model", q->model,
	    "accepting", q->accepting, "stopped", q->stopped, "reason",
	    q->keyword != NULL ? q->keyword : "", "sentence", text);
	if (cli_flag(l->c, "long") && q->accepting)
		cli_printer_offer(l->c, q->name, entry);
	(void)json_array_append_new(l->list, entry);
}

static enum err
run_printers(struct cli *c, struct why *w)
{
	struct listing l = {c, json_array()};
	enum err e;

	cli_say(c, MSG_PRINTER_FILE, NULL, 0);
	e = queue_list(list_printer, &l, w);
	(void)json_object_set_new(c->root, "printers", l.list);
	return e;
}

static enum err
run_resume(struct cli *c, struct why *w)
{
	struct print_queue *q = NULL;
	enum err e = queue_open(c->word[0], &q, w);

	if (e == ERR_OK)
		e = queue_resume(q, w);
	if (e == ERR_OK)
		cli_say(c, MSG_PRINTER_RESUMED, (const struct why_in[]){WHY_CODE(c->word[0])}, 1);
	queue_close(&q);
	return e;
}

static const struct cli_option test_options[] = {
	{"printer", "PRINTER", MSG_OPT_PRINTER_NAMED},
	{"sheet", NULL, MSG_OPT_TEST_SHEET},
	{"escpos", NULL, MSG_OPT_TEST_ESCPOS},
	{"card-lang", "fa|en", MSG_OPT_CARD_LANG},
	{NULL, NULL, MSG_NONE},
};

static enum err
run_test(struct cli *c, struct why *w)
{
	struct paper_test_request rq = {.printer = cli_value(c, "printer"),
	    .sheet = cli_flag(c, "sheet"), .escpos = cli_flag(c, "escpos")};
	char title[PRINT_JOB_CAP] = "";
	enum err e = cli_card_language(c, &rq.lang, w);

	if (e == ERR_OK && rq.printer == NULL)
		e = why_set(w, ERR_USAGE, MSG_OPTION_NEEDED, WHY_CODE("--printer"));
	if (e == ERR_OK && rq.sheet && rq.escpos)
		e = why_set(w, ERR_USAGE, MSG_TEST_SHEET_OR_SLIP);
	if (e == ERR_OK)
		e = station_test_print(c->folder, &rq, title, w);
	cli_json_str(c, "print_title", title);
	if (e == ERR_OK)
		cli_say(c, MSG_PRINTED, (const struct why_in[]){WHY_CODE(rq.printer)}, 1);
	return e;
}

const struct cli_command command_printers_test = {
	"printers test", "", 0, 0, MSG_CMD_PRINTERS_TEST, test_options, run_test,
};
const struct cli_command command_printers = {
	"printers", "", 0, 0, MSG_CMD_PRINTERS, list_options, run_printers,
};
const struct cli_command command_printers_resume = {
	"printers resume", "PRINTER", 1, 1, MSG_CMD_PRINTERS_RESUME, no_options, run_resume,
};
