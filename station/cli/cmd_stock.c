/* bashgah stock export|list|void, bind: pre-printed cards, to the print house and from the box. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardapps/number.h"
#include "station/base/secret.h"
#include "station/cli/commands.h"
#include "station/club/member.h"
#include "station/club/tier.h"
#include "station/flow/stock.h"

#define VALID_DAYS_DEFAULT 1095
#define VALID_DAYS_MAX 7300

static const enum msg state_words[STORE_STOCK_LOT_STATES] = {
	[STORE_STOCK_LOT_RESERVED] = MSG_STOCK_STATE_RESERVED,
	[STORE_STOCK_LOT_REGISTERED] = MSG_STOCK_STATE_REGISTERED,
	[STORE_STOCK_LOT_DELIVERED] = MSG_STOCK_STATE_DELIVERED,
	[STORE_STOCK_LOT_VOID] = MSG_STOCK_STATE_VOID,
};

/* A word that is a whole number, in any digits. */
static enum err
whole_word(const char *typed, int64_t max, int64_t *out, struct why *w)
{
	char ascii[32], *end;

	errno = 0;
	*out = text_fold(typed, ascii, sizeof(ascii)) && ascii[0] != '\0' ? strtoll(ascii, &end, 10) : 0;
	if (*out < 1 || *out > max || errno != 0 || *end != '\0')
		return why_set(w, ERR_USAGE, MSG_OPTION_NUMBER, WHY_CODE(typed), WHY_NUM(1), WHY_NUM(max));
	return ERR_OK;
}

/* --- export */

static const struct cli_option export_options[] = {
	{"design", "NAME", MSG_OPT_DESIGN},
	{"card-lang", "fa|en", MSG_OPT_CARD_LANG},
	{"application", "KIND", MSG_OPT_STOCK_APPLICATION},
	{"tier", "TIER", MSG_OPT_TIER},
	{"pin", NULL, MSG_OPT_STOCK_PIN},
	{NULL, NULL, MSG_NONE},
};

static enum err
take_order(const struct cli *c, struct stock_order *o, struct why *w)
{
	const char *kind = cli_value(c, "application"), *tier = cli_value(c, "tier");
	int64_t count = 0;
	enum err e = whole_word(c->word[0], STOCK_COUNT_MAX, &count, w);

	o->count = (uint32_t)count;
	o->folder = c->word[1];
	o->design = cli_value(c, "design");
	o->pins = cli_flag(c, "pin");
	if (e == ERR_OK)
		e = cli_card_language(c, &o->lang, w);
	if (e == ERR_OK)
		e = stock_application(kind != NULL ? kind : "loyalty", &o->application, w);
	if (e == ERR_OK && tier != NULL)
		e = club_tier_parse(tier, &o->tier, w);
	return e;
}

static json_t *
lot_json(const struct store_stock_lot *lot)
{
	char first[CARD_NUMBER_DIGITS + 1] = "", last[CARD_NUMBER_DIGITS + 1] = "";

	(void)card_number_format(lot->first, first);
	(void)card_number_format(lot->last, last);
	return json_pack("{s:I, s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:b}", "lot", (json_int_t)lot->number,
	    "state", store_stock_lot_state_name(lot->state), "count", (json_int_t)lot->count,
	    "bound", (json_int_t)lot->bound, "first", first, "last", last, "application",
	    stock_application_name(lot->application), "design", lot->design, "pins", (int)lot->pins);
}

static enum err
export_in(struct cli *c, struct station *s, struct why *w)
{
	struct stock_order o = {0};
	struct stock_report r;
	enum err e = take_order(c, &o, w);

	if (e == ERR_OK)
		e = stock_export(s, &o, &r, w);
	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_STOCK_LOT_DONE, (const struct why_in[]){WHY_NUM(r.lot.number),
	    WHY_NUM(r.lot.count), WHY_CODE(r.folder)}, 3);
	if (r.lot.pins)
		cli_say(c, MSG_STOCK_DESTROY, NULL, 0);
	if (r.finished > 0)
		cli_say(c, MSG_STOCK_FINISHED, (const struct why_in[]){WHY_NUM(r.finished)}, 1);
	(void)json_object_update_new(c->root, lot_json(&r.lot));
	cli_json_str(c, "folder", r.folder);
	cli_json_hex(c, "manifest_sha256", r.lot.manifest, sizeof(r.lot.manifest));
	cli_json_int(c, "finished", r.finished);
	return ERR_OK;
}

static enum err
run_export(struct cli *c, struct why *w)
{
	return cli_on_books(c, export_in, w);
}

/* --- list, void */

static const struct cli_option no_options[] = {{NULL, NULL, MSG_NONE}};

struct listing {
	struct cli *c;
	json_t *list;
};

static bool
list_lot(const struct store_stock_lot *lot, void *ctx)
{
	struct listing *l = ctx;
	const struct why_in facts[] = {WHY_NUM(lot->number), WHY_NUM(lot->count), WHY_NUM(lot->bound)};
	char text[TEXT_CAP], state[TEXT_SHORT_CAP], line[TEXT_CAP + TEXT_SHORT_CAP + 8];

	text_message(l->c->lang, MSG_STOCK_LINE, facts, 3, text, sizeof(text));
	text_message(l->c->lang, state_words[lot->state], NULL, 0, state, sizeof(state));
	(void)snprintf(line, sizeof(line), "  %s · %s", text, state);
	cli_line(l->c, line);
	(void)json_array_append_new(l->list, lot_json(lot));
	return true;
}

static enum err
list_in(struct cli *c, struct station *s, struct why *w)
{
	struct listing l = {c, json_array()};
	enum err e = store_stock_lots(s->store, list_lot, &l, w);

	if (e == ERR_OK && json_array_size(l.list) == 0)
		cli_say(c, MSG_STOCK_NONE, NULL, 0);
	(void)json_object_set_new(c->root, "lots", l.list);
	return e;
}

static enum err
run_list(struct cli *c, struct why *w)
{
	return cli_on_books(c, list_in, w);
}

static enum err
void_in(struct cli *c, struct station *s, struct why *w)
{
	int64_t lot;
	enum err e = whole_word(c->word[0], UINT32_MAX, &lot, w);

	if (e == ERR_OK)
		e = stock_void(s, (uint32_t)lot, w);
	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_STOCK_VOIDED, (const struct why_in[]){WHY_NUM(lot)}, 1);
	cli_json_int(c, "lot", lot);
	return ERR_OK;
}

static enum err
run_void(struct cli *c, struct why *w)
{
	return cli_on_books(c, void_in, w);
}

/* --- bind */

static const struct cli_option bind_options[] = {
	{"member", "MEMBER", MSG_OPT_MEMBER},
	{"activate", NULL, MSG_OPT_ACTIVATE},
	{"pin", "PIN", MSG_OPT_BIND_PIN},
	{"tier", "TIER", MSG_OPT_TIER},
	{"valid-days", "N", MSG_OPT_VALID_DAYS},
	{"request", "ID", MSG_OPT_REQUEST},
	{NULL, NULL, MSG_NONE},
};

/* Whose it will be: of a lot of membership cards a member's, of the others whoever's carries it. */
static enum err
take_owner(struct cli *c, struct station *s, const struct store_stock_lot *lot, struct flow_request *rq,
    struct why *w)
{
	const char *member = cli_value(c, "member"), *tier = cli_value(c, "tier");
	struct store_member m;
	enum err e = ERR_OK;

	rq->application = lot->application;
	rq->tier = lot->tier;
	if (member == NULL && lot->application == APP_LOYALTY)
		return why_set(w, ERR_USAGE, MSG_STOCK_IS_MEMBERS);
	if (member == NULL && !cli_flag(c, "activate"))
		return why_set(w, ERR_USAGE, MSG_STOCK_IS_BEARERS);
	if (member != NULL)
		e = cli_member(c, s, member, &rq->member, w);
	if (e == ERR_OK && member != NULL && tier == NULL) {
		e = club_member_get(s->store, rq->member, &m, w);
		rq->tier = m.tier;
	}
	return e == ERR_OK && tier != NULL ? club_tier_parse(tier, &rq->tier, w) : e;
}

/* The same request again must reach the flow, which knows its answer, although the card is bound by now. */
enum err
cli_stock(struct cli *c, struct station *s, const char *typed, const char *pin, struct store_stock_lot *lot,
    uint64_t *number, struct why *w)
{
	struct store_stock stock;
	enum err e = stock_find(s, typed, pin, &stock, lot, w);

	if (e == ERR_REFUSED && stock.bound && cli_value(c, "request") != NULL)
		e = ERR_OK;
	*number = stock.number;
	WIPE(stock);
	return e;
}

static enum err
take_card(struct cli *c, struct station *s, struct flow_request *rq, struct why *w)
{
	struct store_stock_lot lot;
	enum err e = cli_request(c, rq, w);

	if (e == ERR_OK)
		e = cli_stock(c, s, c->word[0], cli_value(c, "pin"), &lot, &rq->stock, w);
	return e == ERR_OK ? take_owner(c, s, &lot, rq, w) : e;
}

static enum err
bind_in(struct cli *c, struct station *s, struct why *w)
{
	struct flow_request rq = {.flow = FLOW_ISSUE};
	struct flow_result r;
	int64_t days;
	enum err e = cli_number(c, "valid-days", 0, VALID_DAYS_MAX, VALID_DAYS_DEFAULT, &days, w);

	rq.valid_days = (uint16_t)days;
	if (e == ERR_OK)
		e = take_card(c, s, &rq, w);
	if (e == ERR_OK)
		e = flow_run(s, &rq, &r, w);
	if (e != ERR_OK)
		return e;
	cli_say(c, r.repeated ? MSG_REQUEST_REPEATED : MSG_CARD_BOUND_NOW, NULL, 0);
	cli_json_bool(c, "repeated", r.repeated);
	cli_json_str(c, "application", stock_application_name(rq.application));
	cli_card(c, s, &r);
	cli_json_hex(c, "event", r.event, sizeof(r.event));
	return ERR_OK;
}

static enum err
run_bind(struct cli *c, struct why *w)
{
	return cli_at_desk(c, bind_in, w);
}

const struct cli_command command_stock_export = {
	"stock export", "N DIR", 2, 2, MSG_CMD_STOCK_EXPORT, export_options, run_export,
};
const struct cli_command command_stock_list = {
	"stock list", "", 0, 0, MSG_CMD_STOCK_LIST, no_options, run_list,
};
const struct cli_command command_stock_void = {
	"stock void", "LOT", 1, 1, MSG_CMD_STOCK_VOID, no_options, run_void,
};
const struct cli_command command_bind = {
	"bind", "NUMBER|CODE", 1, 1, MSG_CMD_BIND, bind_options, run_bind,
};
