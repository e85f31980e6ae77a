/* bashgah keys ceremony: make card keys, and share them among custodians. */
#include <stdio.h>
#include <string.h>

#include "station/base/secret.h"
#include "station/cli/commands.h"
#include "station/cli/keys.h"
#include "station/flow/ceremony.h"
#include "station/flow/share_page.h"

#define BITS_DEFAULT 128
#define HEX_KCV (2 * KCV_LEN + 1)

static const struct cli_option options[] = {
	{"custodian", "NAME", MSG_OPT_CUSTODIAN},
	{"needed", "K", MSG_OPT_NEEDED},
	{"alone", NULL, MSG_OPT_ALONE},
	{"next", NULL, MSG_OPT_NEXT},
	{"components", NULL, MSG_OPT_COMPONENTS},
	{"bits", "128|256", MSG_OPT_BITS},
	{"print", "QUEUE", MSG_OPT_PRINT_SHARES},
	TALK_OPTIONS,
	{NULL, NULL, MSG_NONE},
};

struct telling {
	struct cli *cli;
	struct keys_room *room;
	struct ceremony *c;
	struct talk *t;
	struct share_printer *printer;	/* NULL: copied by hand */
};

static enum err
take_plan(const struct cli *c, struct ceremony_plan *p, struct why *w)
{
	int64_t needed, bits;
	enum err e = cli_number(c, "needed", SHARES_MIN, SHARES_MAX, 0, &needed, w);

	if (e == ERR_OK)
		e = cli_number(c, "bits", 128, 256, BITS_DEFAULT, &bits, w);
	if (e != ERR_OK)
		return e;
	p->count = cli_values(c, "custodian", p->custodian, SHARES_MAX);
	p->needed = (unsigned)needed;
	p->bits = (unsigned)bits;
	p->alone = cli_flag(c, "alone");
	p->next = cli_flag(c, "next");
	p->components = cli_flag(c, "components");
	return ERR_OK;
}

static void
hex_kcv(const uint8_t kcv[KCV_LEN], char out[HEX_KCV])
{
	(void)snprintf(out, HEX_KCV, "%02X%02X%02X", kcv[0], kcv[1], kcv[2]);
}

/* Typed as it stands on the paper; blanks do not count, nor does the case of a letter. */
static bool
same_kcv(const char *typed, const char *kcv)
{
	size_t n = 0;

	for (; *typed != '\0'; typed++) {
		const char c = *typed >= 'a' && *typed <= 'f' ? (char)(*typed - 'a' + 'A') : *typed;

		if (c == ' ')
			continue;
		if (kcv[n] == '\0' || kcv[n] != c)
			return false;
		n++;
	}
	return kcv[n] == '\0';
}

/* One custodian types a component and its check value until both fit; what was typed is never shown. */
static enum err
ask_component(struct telling *l, unsigned which, struct why *w)
{
	char want[HEX_KCV];
	uint8_t kcv[KCV_LEN];
	struct why said;
	enum err e;

	talk_clear(l->t);
	talk_say(l->t, MSG_TALK_COMPONENT, (const struct why_in[]){WHY_NUM(which + 1)}, 1);
	for (;;) {
		e = talk_ask(l->t, MSG_TALK_COMPONENT_ASK, NULL, 0, true, l->room->answer, w);
		if (e != ERR_OK)
			return e;
		e = ceremony_component(l->c, which, l->room->answer, kcv, &said);
		WIPE(l->room->answer);
		if (e != ERR_OK) {
			talk_why(l->t, &said);
			continue;
		}
		hex_kcv(kcv, want);
		e = talk_ask(l->t, MSG_TALK_COMPONENT_KCV, NULL, 0, false, l->room->answer, w);
		if (e != ERR_OK)
			return e;
		if (same_kcv(l->room->answer, want))
			break;
		talk_say(l->t, MSG_COMPONENT_KCV_WRONG, (const struct why_in[]){WHY_CODE(want)}, 1);
	}
	talk_say(l->t, MSG_TALK_COMPONENT_TAKEN,
	    (const struct why_in[]){WHY_NUM(which + 1), WHY_CODE(want)}, 2);
	return talk_ask(l->t, MSG_TALK_ENTER, NULL, 0, false, l->room->answer, w);
}

static void
show_kcvs(const struct telling *l)
{
	char hex[HEX_KCV], line[TEXT_SHORT_CAP];
	uint8_t kcv[KCV_LEN];

	talk_say(l->t, MSG_TALK_KCVS, (const struct why_in[]){WHY_NUM(ceremony_generation(l->c))}, 1);
	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
		ceremony_kcv(l->c, (enum key_slot)slot, kcv);
		hex_kcv(kcv, hex);
		(void)snprintf(line, sizeof(line), "    %-10s %s", key_slot_name((enum key_slot)slot), hex);
		talk_line(l->t, line);
	}
}

/* The nine lines, from the secret room to the screen. */
static void
show_share(const struct telling *l, unsigned index)
{
	char *line = l->room->line;

	for (unsigned i = 0; i < SHARE_LINES; i++) {
		char number[TEXT_SHORT_CAP];

		text_number(l->cli->lang, i + 1, number, sizeof(number));
		ceremony_line(l->c, index, i, keys_words(l->cli), stpcpy(stpcpy(line, number), "  "));
		talk_line(l->t, line);
	}
	wipe(line, sizeof(l->room->line));
}

/* What the printer waits for. */
static bool
tell_printer(void *ctx, const struct print_status *s)
{
	const struct telling *l = ctx;

	if (s->reason != MSG_NONE)
		talk_say(l->t, s->reason, NULL, 0);
	return true;
}

/* Out of the printer into the custodian's hand, and then typed from there until it fits. */
static enum err
print_share(struct telling *l, unsigned index, const struct why_in facts[4], struct why *w)
{
	struct why said = {0};
	enum err e;

	talk_clear(l->t);
	talk_say(l->t, MSG_TALK_SHARE_PRINTING, facts, 4);
	e = share_printer_print(l->printer, l->c, index, tell_printer, l, w);
	while (e == ERR_OK) {
		talk_clear(l->t);
		if (said.id != MSG_NONE)
			talk_why(l->t, &said);
		talk_say(l->t, MSG_TALK_SHARE_PRINTED, facts, 4);
		e = talk_ask(l->t, MSG_TALK_SHARE_PROVE, facts, 3, false, l->room->answer, w);
		if (e == ERR_OK && ceremony_prove(l->c, index, l->room->answer, &said) == ERR_OK)
			break;
	}
	return e;
}

/* Shown, copied, out of sight, typed back: until the last words fit. */
static enum err
copy_share(struct telling *l, unsigned index, const struct why_in facts[3], struct why *w)
{
	struct why said = {0};
	enum err e = ERR_OK;

	while (e == ERR_OK) {
		talk_clear(l->t);
		if (said.id != MSG_NONE)
			talk_why(l->t, &said);
		talk_say(l->t, MSG_TALK_SHARE_COPY, facts, 3);
		show_share(l, index);
		e = talk_ask(l->t, MSG_TALK_ENTER, NULL, 0, false, l->room->answer, w);
		talk_clear(l->t);
		if (e == ERR_OK)
			e = talk_ask(l->t, MSG_TALK_SHARE_PROVE, facts, 3, false, l->room->answer, w);
		if (e == ERR_OK && ceremony_prove(l->c, index, l->room->answer, &said) == ERR_OK)
			break;
	}
	return e;
}

/* One custodian alone with the screen, or with the printer. */
static enum err
give_share(struct telling *l, unsigned index, struct why *w)
{
	char person[CUSTODY_NAME_CAP];
	const struct why_in facts[] = {WHY_NUM(index), WHY_NUM(ceremony_shares(l->c)), WHY_STR(person),
	    WHY_CODE(l->printer != NULL ? share_printer_name(l->printer) : "")};
	enum err e;

	ceremony_person(l->c, index, person);
	talk_clear(l->t);
	talk_say(l->t, MSG_TALK_SHARE_FOR, facts, 3);
	e = talk_ask(l->t, MSG_TALK_ENTER, NULL, 0, false, l->room->answer, w);
	if (e == ERR_OK)
		e = l->printer != NULL ? print_share(l, index, facts, w) : copy_share(l, index, facts, w);
	WIPE(l->room->answer);
	talk_clear(l->t);
	return e;
}

/* The lone keeper says where the share lies that leaves the house. */
static enum err
ask_place(struct telling *l, char place[CUSTODY_NAME_CAP], struct why *w)
{
	struct why said;
	enum err e = ERR_OK;

	talk_clear(l->t);
	while (e == ERR_OK) {
		e = talk_ask(l->t, MSG_TALK_PLACE, (const struct why_in[]){WHY_NUM(ALONE_SHARES)}, 1, false,
		    l->room->answer, w);
		if (e == ERR_OK && text_clean_name(l->room->answer, place, CUSTODY_NAME_CAP, &said) == ERR_OK)
			break;
		if (e == ERR_OK)
			talk_why(l->t, &said);
	}
	return e;
}

static enum err
tell(struct telling *l, char place[CUSTODY_NAME_CAP], struct why *w)
{
	const struct why_in facts[] = {WHY_NUM(ceremony_generation(l->c)), WHY_NUM(ceremony_shares(l->c)),
	    WHY_NUM(ceremony_needed(l->c))};
	const bool alone = cli_flag(l->cli, "alone");
	enum err e = ERR_OK;

	talk_say(l->t, MSG_TALK_WELCOME, facts, 3);
	if (alone)
		talk_say(l->t, MSG_TALK_ALONE_WARNING, (const struct why_in[]){WHY_MONEY(ALONE_MAX_RIAL)}, 1);
	e = talk_ask(l->t, MSG_TALK_ENTER, NULL, 0, false, l->room->answer, w);
	for (unsigned i = 0; e == ERR_OK && cli_flag(l->cli, "components") && i < CEREMONY_COMPONENTS; i++)
		e = ask_component(l, i, w);
	if (e == ERR_OK)
		e = ceremony_make(l->c, w);
	if (e != ERR_OK)
		return e;
	talk_clear(l->t);
	show_kcvs(l);
	e = talk_ask(l->t, MSG_TALK_ENTER, NULL, 0, false, l->room->answer, w);
	for (unsigned i = 1; e == ERR_OK && i <= ceremony_shares(l->c); i++)
		e = give_share(l, i, w);
	return e == ERR_OK && alone ? ask_place(l, place, w) : e;
}

static void
report(struct cli *c, const struct ceremony *cer)
{
	uint8_t kcv[CUSTODY_SLOTS_KCV_LEN];
	char people[CUSTODY_PEOPLE_CAP] = "", name[CUSTODY_NAME_CAP];
	size_t used = 0;

	for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++)
		ceremony_kcv(cer, (enum key_slot)slot, kcv + slot * KCV_LEN);
	for (unsigned i = 1; i <= ceremony_shares(cer) && (i == 1 || !cli_flag(c, "alone")); i++) {
		ceremony_person(cer, i, name);
		used += (size_t)snprintf(people + used, sizeof(people) - used, "%s%s", i > 1 ? "\n" : "", name);
	}
	cli_say(c, MSG_CEREMONY_DONE, (const struct why_in[]){WHY_NUM(ceremony_generation(cer)),
	    WHY_NUM(ceremony_shares(cer)), WHY_NUM(ceremony_needed(cer))}, 3);
	keys_say_people(c, people);
	keys_say_kcvs(c, kcv, (UINT32_C(1) << KEY_SLOT_COUNT) - 1);
	cli_say(c, MSG_CEREMONY_DRILL_NEXT, NULL, 0);
	cli_json_int(c, "generation", ceremony_generation(cer));
	cli_json_int(c, "shares", ceremony_shares(cer));
	cli_json_int(c, "needed", ceremony_needed(cer));
}

static enum err
hold(struct cli *c, struct keys_room *room, struct station *s, struct why *w)
{
	struct telling l = {.cli = c, .room = room};
	char place[CUSTODY_NAME_CAP] = "";
	struct ceremony_plan plan = {0};
	enum err e = take_plan(c, &plan, w);

	if (e == ERR_OK)
		e = ceremony_begin(s, &plan, &l.c, w);
	if (e == ERR_OK && cli_value(c, "print") != NULL)
		e = share_printer_open(s, cli_value(c, "print"), c->lang, &l.printer, w);
	if (e == ERR_OK)
		e = talk_open(c, &l.t, w);
	if (e == ERR_OK)
		e = tell(&l, place, w);
	talk_close(&l.t);
	share_printer_close(&l.printer);
	if (e == ERR_OK)
		e = ceremony_finish(s, l.c, place, room->pass, strlen(room->pass), w);
	if (e == ERR_OK)
		report(c, l.c);
	ceremony_close(&l.c);
	return e;
}

static enum err
run(struct cli *c, struct why *w)
{
	struct keys_room *room;
	struct station *s;
	enum err e = keys_open(c, &room, &s, w);

	if (e == ERR_OK)
		e = hold(c, room, s, w);
	keys_close(&room, &s);
	return e;
}

const struct cli_command command_keys_ceremony = {
	"keys ceremony", "", 0, 0, MSG_CMD_KEYS_CEREMONY, options, run,
};
