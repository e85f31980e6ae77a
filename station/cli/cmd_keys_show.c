/* bashgah keys show: what this station's store holds, by check values, and what is on record of it. */
#include <stdio.h>
#include <string.h>

#include "keys/role.h"
#include "station/cli/commands.h"
#include "station/cli/keys.h"
#include "station/flow/custody.h"

static const struct cli_option no_options[] = {{NULL, NULL, MSG_NONE}};

/* Names of the rights of a certificate, bit by bit, as operations of the card's record. */
static const char *const rights[] = {
	"issue", "load", "spend", "earn", "attributes", "block", "resign", "expire", "reverse", "roll",
};

static void
show_store(struct cli *c, const struct station *s)
{
	const struct safe_info *info = safe_get_info(s->safe);
	const char *role = role_name(role_of_rights(s->cert.rights));
	char text[TEXT_CAP];

	text_message(c->lang, info->token ? MSG_KEYS_IN_TOKEN : MSG_KEYS_IN_FILE,
	    (const struct why_in[]){WHY_CODE(info->token_name)}, 1, text, sizeof(text));
	cli_fact(c, MSG_LABEL_KEY_STORE, text);
	text_message(c->lang, s->test ? MSG_KEYS_OF_PRACTICE : MSG_KEYS_OF_REAL, NULL, 0, text, sizeof(text));
	cli_fact(c, MSG_LABEL_CLUB_KIND, text);
	cli_fact(c, MSG_LABEL_ROLE, role != NULL ? role : "-");
	cli_json_str(c, "store", info->token ? "token" : "file");
	cli_json_str(c, "token", info->token_name);
	cli_json_bool(c, "test", s->test);
	cli_json_str(c, "role", role != NULL ? role : "none");
}

static json_t *
list_rights(uint32_t held, char *text, size_t cap)
{
	json_t *list = json_array();
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		if ((held >> i & 1) == 0)
			continue;
		used += (size_t)snprintf(text + used, cap - used, "%s%s", used > 0 ? " " : "", rights[i]);
		(void)json_array_append_new(list, json_string(rights[i]));
	}
	return list;
}

static void
show_certificate(struct cli *c, const struct station *s)
{
	const struct cert *cert = &s->cert;
	char from[TEXT_SHORT_CAP], to[TEXT_SHORT_CAP], first[TEXT_SHORT_CAP], last[TEXT_SHORT_CAP];
	char text[TEXT_CAP], held[TEXT_SHORT_CAP];
	const int64_t last_number = (int64_t)cert->first_number + cert->number_count - 1;
	json_t *list = list_rights(cert->rights, held, sizeof(held));

	text_number(c->lang, cert->serial, text, sizeof(text));
	cli_fact(c, MSG_LABEL_CERT_SERIAL, text);
	text_date(c->lang, cert->valid_from, DATE_LONG, from, sizeof(from));
	text_date(c->lang, cert->valid_to, DATE_LONG, to, sizeof(to));
	text_message(c->lang, cert->valid_to == 0 ? MSG_CERT_OPEN : MSG_CERT_UNTIL,
	    (const struct why_in[]){WHY_STR(from), WHY_STR(to)}, 2, text, sizeof(text));
	cli_fact(c, MSG_LABEL_CERT_VALID, text);
	cli_fact(c, MSG_LABEL_CERT_RIGHTS, held);
	text_number(c->lang, cert->first_number, first, sizeof(first));
	text_number(c->lang, last_number, last, sizeof(last));
	text_message(c->lang, MSG_CERT_RANGE, (const struct why_in[]){WHY_STR(first), WHY_STR(last)}, 2, text,
	    sizeof(text));
	cli_fact(c, MSG_LABEL_CERT_RANGE, text);
	(void)json_object_set_new(c->root, "certificate", json_pack("{s:i, s:i, s:i, s:i, s:I, s:I, s:o}",
	    "serial", (int)cert->serial, "station", (int)cert->station, "valid_from_day", (int)cert->valid_from,
	    "valid_to_day", (int)cert->valid_to, "first_number", (json_int_t)cert->first_number, "last_number",
	    (json_int_t)last_number, "rights", list));
}

static json_t *
people_json(const char *people)
{
	json_t *list = json_array();

	while (*people != '\0') {
		const size_t len = strcspn(people, "\n");

		(void)json_array_append_new(list, json_stringn(people, len));
		people += len + (people[len] == '\n');
	}
	return list;
}

/* The newest act of a kind on a generation: a sentence, and its facts or null. */
static enum err
show_act(struct cli *c, struct station *s, enum custody_act act, uint16_t generation, enum msg done,
    enum msg missing, json_t *to, const char *key, struct why *w)
{
	struct store_custody row;
	char when[TEXT_SHORT_CAP], people[CUSTODY_PEOPLE_CAP];
	struct why none;
	enum err e = store_custody_last(s->store, act, generation, &row, &none);

	if (e == ERR_NOT_FOUND) {
		if (missing != MSG_NONE)
			cli_say(c, missing, NULL, 0);
		(void)json_object_set_new(to, key, json_null());
		return ERR_OK;
	}
	if (e != ERR_OK) {
		*w = none;
		return e;
	}
	text_datetime(c->lang, row.at_ms, s->set.zone, when, sizeof(when));
	(void)snprintf(people, sizeof(people), "%s", row.people);
	for (char *p = strchr(people, '\n'); p != NULL; p = strchr(p, '\n'))
		*p = c->lang == LANG_FA ? '/' : ',';
	cli_say(c, done, (const struct why_in[]){WHY_STR(when), WHY_STR(people), WHY_NUM(row.needed),
	    WHY_NUM(row.shares)}, 4);
	(void)json_object_set_new(to, key, json_pack("{s:I, s:i, s:i, s:i, s:o}", "at_ms", (json_int_t)row.at_ms,
	    "needed", (int)row.needed, "shares", (int)row.shares, "persons", (int)row.persons, "people",
	    people_json(row.people)));
	return ERR_OK;
}

static enum err
show_generation(struct cli *c, struct station *s, uint16_t generation, json_t *list, struct why *w)
{
	json_t *g = json_object(), *all = json_object();
	char line[TEXT_SHORT_CAP], hex[2 * KCV_LEN + 1];
	enum err e = ERR_OK;

	(void)json_array_append_new(list, g);
	(void)json_object_set_new(g, "generation", json_integer(generation));
	(void)json_object_set_new(g, "kcv", all);
	cli_say(c, MSG_KEYS_GENERATION, (const struct why_in[]){WHY_NUM(generation)}, 1);
	for (unsigned slot = 0; e == ERR_OK && slot < KEY_SLOT_COUNT; slot++) {
		uint8_t kcv[KCV_LEN];

		if (!safe_holds(s->safe, (enum key_slot)slot, generation))
			continue;
		e = safe_kcv(s->safe, (enum key_slot)slot, generation, kcv, w);
		(void)snprintf(hex, sizeof(hex), "%02X%02X%02X", kcv[0], kcv[1], kcv[2]);
		(void)snprintf(line, sizeof(line), "    %-10s %s", key_slot_name((enum key_slot)slot), hex);
		cli_line(c, line);
		(void)json_object_set_new(all, key_slot_name((enum key_slot)slot), json_string(hex));
	}
	if (e == ERR_OK)
		e = show_act(c, s, CUSTODY_CEREMONY, generation, MSG_KEYS_CEREMONY_WAS, MSG_KEYS_NO_CEREMONY, g,
		    "ceremony", w);
	if (e == ERR_OK)
		e = show_act(c, s, CUSTODY_RESTORE, generation, MSG_KEYS_RESTORE_WAS, MSG_NONE, g, "restore", w);
	return e == ERR_OK ? show_act(c, s, CUSTODY_DRILL, generation, MSG_KEYS_DRILL_WAS, MSG_KEYS_NO_DRILL, g,
	    "drill", w) : e;
}

static enum err
run_in(struct cli *c, struct station *s, struct why *w)
{
	uint16_t held[SAFE_GENERATIONS];
	const unsigned n = safe_generations(s->safe, held);
	json_t *list = json_array();
	enum err e = ERR_OK;

	show_store(c, s);
	show_certificate(c, s);
	(void)json_object_set_new(c->root, "generations", list);
	if (n == 0)
		cli_say(c, MSG_NO_KEYS_YET, NULL, 0);
	for (unsigned i = 0; e == ERR_OK && i < n; i++)
		e = show_generation(c, s, held[i], list, w);
	return e;
}

static enum err
run(struct cli *c, struct why *w)
{
	return cli_at_desk(c, run_in, w);
}

const struct cli_command command_keys_show = {
	"keys show", "", 0, 0, MSG_CMD_KEYS_SHOW, no_options, run,
};
