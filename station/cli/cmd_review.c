/* bashgah review: the cards that knew more than the restored book. */
#include <stdio.h>

#include "cardapps/number.h"
#include "station/cli/commands.h"
#include "station/flow/review.h"

static const struct cli_option options[] = {
	{"card", "NUMBER", MSG_OPT_REVIEW_CARD},
	{"done", NULL, MSG_OPT_REVIEW_DONE},
	{NULL, NULL, MSG_NONE},
};

struct listing {
	struct cli *c;
	json_t *list;
	unsigned n;
};

static enum msg
sentence(const struct store_adoption *a)
{
	if (!a->known)
		return MSG_REVIEW_NEW;
	if (a->amount == 0)
		return MSG_REVIEW_SAME;
	return a->amount > 0 ? MSG_REVIEW_MORE : MSG_REVIEW_LESS;
}

static bool
say_one(const struct store_adoption *a, void *ctx)
{
	struct listing *l = ctx;
	char digits[CARD_NUMBER_DIGITS + 1] = "", number[TEXT_SHORT_CAP];

	(void)card_number_format(a->card, digits);
	text_card_number(l->c->lang, digits, number, sizeof(number));
	cli_say(l->c, sentence(a), (const struct why_in[]){WHY_STR(number),
	    WHY_MONEY(a->amount < 0 ? -a->amount : a->amount)}, 2);
	(void)json_array_append_new(l->list, json_pack("{s:s, s:b, s:I, s:I, s:I}", "card", digits, "known",
	    a->known ? 1 : 0, "amount_rial", (json_int_t)a->amount, "from_sequence", (json_int_t)a->from_sequence,
	    "sequence", (json_int_t)a->sequence));
	l->n++;
	return true;
}

static enum err
list_them(struct cli *c, struct station *s, uint64_t card, struct why *w)
{
	struct listing l = {c, json_array(), 0};
	enum err e = station_review(s, card, say_one, &l, w);

	if (e == ERR_OK && l.n == 0)
		cli_say(c, MSG_REVIEW_NONE, NULL, 0);
	(void)json_object_set_new(c->root, "cards", l.list);
	return e;
}

static enum err
take_off(struct cli *c, struct station *s, uint64_t card, struct why *w)
{
	int64_t n = 0;
	enum err e = station_review_done(s, card, &n, w);

	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_REVIEW_CLOSED, (const struct why_in[]){WHY_NUM(n)}, 1);
	cli_json_int(c, "closed", n);
	return ERR_OK;
}

static enum err
run(struct cli *c, struct why *w)
{
	const char *typed = cli_value(c, "card");
	struct station *s = NULL;
	uint64_t card = 0;
	enum err e = typed != NULL ? cli_card_number(typed, &card, w) : ERR_OK;

	if (e == ERR_OK)
		e = cli_station(c, STATION_BOOKS, &s, w);
	if (e == ERR_OK)
		e = cli_flag(c, "done") ? take_off(c, s, card, w) : list_them(c, s, card, w);
	station_close(&s);
	return e;
}

const struct cli_command command_review = {
	"review", "", 0, 0, MSG_CMD_REVIEW, options, run,
};
