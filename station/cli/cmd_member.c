/* bashgah member add|find|show: the people of the club. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cardapps/number.h"
#include "station/base/clock.h"
#include "station/cli/commands.h"
#include "station/club/ledger.h"
#include "station/club/member.h"
#include "station/club/tier.h"
#include "station/store/card.h"

static const struct cli_option add_options[] = {
	{"phone", "PHONE", MSG_OPT_PHONE},
	{"tier", "TIER", MSG_OPT_TIER},
	{"force", NULL, MSG_OPT_FORCE},
	{NULL, NULL, MSG_NONE},
};
static const struct cli_option no_options[] = {{NULL, NULL, MSG_NONE}};

static json_t *
member_json(const struct store_member *m)
{
	return json_pack("{s:I, s:s, s:s, s:s}", "id", (json_int_t)m->id, "name", m->name, "phone", m->phone,
	    "tier", club_tier_id(m->tier) != NULL ? club_tier_id(m->tier) : "");
}

static void
member_line(const struct cli *c, const struct store_member *m)
{
	char id[TEXT_SHORT_CAP];
	char digits[TEXT_SHORT_CAP];
	char phone[TEXT_SHORT_CAP];
	char line[TEXT_CAP];

	text_number(c->lang, m->id, id, sizeof(id));
	text_digits(c->lang, m->phone, digits, sizeof(digits));
	text_isolate(digits, phone, sizeof(phone));
	(void)snprintf(line, sizeof(line), "  %s  %s  %s", id, m->name, m->phone[0] != '\0' ? phone : "");
	cli_line(c, line);
}

static enum err
add_in(struct cli *c, struct station *s, struct member_form *form, uint32_t *id, struct why *w)
{
	const char *tier = cli_value(c, "tier");
	enum err e = tier != NULL ? club_tier_parse(tier, &form->tier, w) : ERR_OK;

	if (e == ERR_OK)
		e = store_begin(s->store, w);
	if (e == ERR_OK)
		e = club_member_add(s->store, form, id, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

static enum err
run_add(struct cli *c, struct why *w)
{
	struct member_form form = {.name = c->word[0], .phone = cli_value(c, "phone"),
	    .force = cli_flag(c, "force"), .now_ms = clock_now_ms()};
	struct station *s;
	struct store_member m;
	uint32_t id = 0;
	enum err e = cli_station(c, STATION_BOOKS, &s, w);

	if (e != ERR_OK)
		return e;
	e = add_in(c, s, &form, &id, w);
	if (id != 0)
		cli_json_int(c, "id", id);
	if (e == ERR_OK)
		e = club_member_get(s->store, id, &m, w);
	if (e == ERR_OK) {
		cli_say(c, MSG_MEMBER_ADDED, (const struct why_in[]){WHY_STR(m.name), WHY_NUM(id)}, 2);
		cli_json_str(c, "name", m.name);
		cli_json_str(c, "phone", m.phone);
	}
	station_close(&s);
	return e;
}

struct listing {
	const struct cli *c;
	json_t *list;
};

static bool
list_member(const struct store_member *m, void *ctx)
{
	struct listing *l = ctx;

	member_line(l->c, m);
	(void)json_array_append_new(l->list, member_json(m));
	return true;
}

static enum err
run_find(struct cli *c, struct why *w)
{
	struct listing l = {c, json_array()};
	struct station *s;
	enum err e = cli_station(c, STATION_BOOKS, &s, w);

	if (e == ERR_OK)
		e = club_member_find(s->store, c->word[0], list_member, &l, w);
	station_close(&s);
	(void)json_object_set_new(c->root, "members", l.list);
	return e;
}

struct cards {
	struct cli *c;
	struct station *s;
	json_t *list;
};

static bool
list_card(const struct store_card *card, void *ctx)
{
	struct cards *l = ctx;
	struct card_balance b = {0, 0};
	char digits[CARD_NUMBER_DIGITS + 1] = "";
	char number[TEXT_SHORT_CAP];
	char money[TEXT_SHORT_CAP];
	char line[TEXT_CAP];

	(void)card_number_format(card->number, digits);
	(void)club_card_balance(l->s->store, card->number, card->unit, &b, NULL);
	text_card_number(l->c->lang, digits, number, sizeof(number));
	text_money(l->c->lang, b.on_card, MONEY_TOMAN, money, sizeof(money));
	(void)snprintf(line, sizeof(line), "  %s  %s", number, money);
	cli_line(l->c, line);
	(void)json_array_append_new(l->list, json_pack("{s:s, s:I, s:I, s:b}", "card", digits,
	    "balance_rial", (json_int_t)b.on_card, "waiting_rial", (json_int_t)b.waiting, "in_doubt",
	    card->in_doubt));
	return true;
}

static enum err
run_show(struct cli *c, struct why *w)
{
	struct cards l = {.c = c, .list = json_array()};
	struct store_member m;
	uint32_t id;
	enum err e = cli_station(c, STATION_BOOKS, &l.s, w);

	if (e == ERR_OK)
		e = cli_member(c, l.s, c->word[0], &id, w);
	if (e == ERR_OK)
		e = club_member_get(l.s->store, id, &m, w);
	if (e == ERR_OK) {
		member_line(c, &m);
		(void)json_object_update_new(c->root, member_json(&m));
		e = store_cards_of_member(l.s->store, id, list_card, &l, w);
	}
	(void)json_object_set_new(c->root, "cards", l.list);
	station_close(&l.s);
	return e;
}

const struct cli_command command_member_add = {
	"member add", "NAME", 1, 1, MSG_CMD_MEMBER_ADD, add_options, run_add,
};
const struct cli_command command_member_find = {
	"member find", "WORDS", 1, 1, MSG_CMD_MEMBER_FIND, no_options, run_find,
};
const struct cli_command command_member_show = {
	"member show", "MEMBER", 1, 1, MSG_CMD_MEMBER_SHOW, no_options, run_show,
};
