/* bashgah lists show, export, import, renew, keep; hot add, remove; keys revoke. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cardapps/number.h"
#include "keys/head.h"
#include "station/base/bytes.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/cli/chain.h"
#include "station/cli/commands.h"
#include "station/flow/lists.h"
#include "station/store/journal.h"

static const struct cli_option no_options[] = {
	{NULL, NULL, MSG_NONE},
};

/* --- lists show */

static void
say_list(struct cli *c, const struct station *s, const struct list *l, enum msg label, const char *key)
{
	char date[TEXT_SHORT_CAP], text[TEXT_CAP];
	json_t *entries = json_array();
	struct why_in facts[] = {WHY_NUM(l->number), WHY_STR(date), WHY_NUM(l->count)};

	text_datetime(c->lang, clock_from_minutes_2000(l->dated), s->set.zone, date, sizeof(date));
	if (l->number == 0)
		text_message(c->lang, MSG_LIST_NONE_YET, NULL, 0, text, sizeof(text));
	else
		text_message(c->lang, MSG_LIST_LINE, facts, 3, text, sizeof(text));
	cli_fact(c, label, text);
	for (size_t i = 0; i < l->count; i++) {
		char number[CARD_NUMBER_DIGITS + 1] = "", day[TEXT_SHORT_CAP], line[TEXT_CAP];
		const bool hot = l->kind == LIST_HOT;
		const uint16_t since = hot ? l->hot[i].day : l->revoked[i].day;
		const char *reason = list_reason_name(hot ? l->hot[i].reason : l->revoked[i].reason);
		json_t *e = json_object();

		if (hot)
			(void)card_number_format(l->hot[i].card, number);
		else
			(void)snprintf(number, sizeof(number), "%u", (unsigned)l->revoked[i].station);
		text_date(c->lang, since, DATE_LONG, day, sizeof(day));
		(void)snprintf(line, sizeof(line), "    %s  %s  %s", number, day, reason);
		cli_line(c, line);
		(void)json_object_set_new(e, hot ? "card" : "station", json_string(number));
		if (!hot)
			(void)json_object_set_new(e, "serial", json_integer(l->revoked[i].serial));
		if (!hot)
			(void)json_object_set_new(e, "head", json_integer((json_int_t)l->revoked[i].head_seq));
		(void)json_object_set_new(e, "day", json_integer(since));
		(void)json_object_set_new(e, "reason", json_string(reason));
		(void)json_array_append_new(entries, e);
	}
	(void)json_object_set_new(c->root, key,
	    json_pack("{s:i, s:i, s:o}", "number", (int)l->number, "dated", (int)l->dated, "entries", entries));
}

/* What a revocation of this station would be given as its last trusted head. */
static enum err
say_head(struct cli *c, struct station *s, struct why *w)
{
	char text[2 * STORE_HASH_LEN + 32], hex[2 * STORE_HASH_LEN + 1];
	uint8_t hash[STORE_HASH_LEN];
	int64_t seq;
	enum err e = store_journal_head(s->store, &seq, hash, w);

	hex_encode(hash, sizeof(hash), hex);
	(void)snprintf(text, sizeof(text), "%" PRId64 ":%s", seq, hex);
	if (e != ERR_OK)
		return e;
	cli_fact(c, MSG_LABEL_HEAD, text);
	cli_json_str(c, "head", text);
	return ERR_OK;
}

static enum err
run_show(struct cli *c, struct why *w)
{
	struct station *s;
	struct lists held;
	struct why stale = {0};
	bool keeper = false;
	enum err e = cli_station(c, STATION_BOOKS, &s, w);

	if (e != ERR_OK)
		return e;
	e = lists_read(s, &held, w);
	if (e == ERR_OK) {
		say_list(c, s, &held.revoked, MSG_LABEL_REVOKED, "revocations");
		say_list(c, s, &held.hot, MSG_LABEL_HOT, "hot");
		e = lists_is_keeper(s, &keeper, w);
	}
	if (e == ERR_OK)
		e = say_head(c, s, w);
	if (e == ERR_OK && keeper)
		cli_say(c, MSG_LISTS_KEPT_HERE, NULL, 0);
	if (e == ERR_OK && lists_fresh(s, &stale) != ERR_OK)
		cli_say_why(c, &stale);
	cli_json_bool(c, "keeper", keeper);
	cli_json_bool(c, "fresh", stale.code == ERR_OK);
	lists_free(&held);
	station_close(&s);
	return e;
}

const struct cli_command command_lists_show = {
	"lists show", "", 0, 0, MSG_CMD_LISTS_SHOW, no_options, run_show,
};

/* --- on their way */

static enum err
run_export(struct cli *c, struct why *w)
{
	struct station *s;
	enum err e = cli_station(c, STATION_BOOKS, &s, w);

	if (e != ERR_OK)
		return e;
	e = lists_export(s, c->word[0], w);
	if (e == ERR_OK)
		cli_say(c, MSG_LISTS_EXPORTED, (const struct why_in[]){WHY_CODE(c->word[0])}, 1);
	cli_json_str(c, "file", c->word[0]);
	station_close(&s);
	return e;
}

const struct cli_command command_lists_export = {
	"lists export", "FILE", 1, 1, MSG_CMD_LISTS_EXPORT, no_options, run_export,
};

static enum err
run_import(struct cli *c, struct why *w)
{
	struct lists_taken taken;
	struct station *s;
	enum err e = cli_station(c, STATION_BOOKS, &s, w);

	if (e != ERR_OK)
		return e;
	e = lists_import(s, c->word[0], &taken, w);
	station_close(&s);
	if (e != ERR_OK)
		return e;
	cli_say(c, taken.hot || taken.revoked ? MSG_LISTS_IMPORTED : MSG_LISTS_SAME, NULL, 0);
	cli_json_bool(c, "revocations_taken", taken.revoked);
	cli_json_bool(c, "hot_taken", taken.hot);
	cli_json_int(c, "revocations_number", taken.revoked_number);
	cli_json_int(c, "hot_number", taken.hot_number);
	return ERR_OK;
}

const struct cli_command command_lists_import = {
	"lists import", "FILE", 1, 1, MSG_CMD_LISTS_IMPORT, no_options, run_import,
};

/* --- the keeper's */

static enum err
renew_in(struct cli *c, struct station *s, struct why *w)
{
	enum err e = lists_renew(s, w);

	if (e == ERR_OK)
		cli_say(c, MSG_LISTS_RENEWED, NULL, 0);
	return e;
}

static enum err
run_renew(struct cli *c, struct why *w)
{
	return cli_at_desk(c, renew_in, w);
}

const struct cli_command command_lists_renew = {
	"lists renew", "", 0, 0, MSG_CMD_LISTS_RENEW, no_options, run_renew,
};

static enum err
keep_in(struct cli *c, struct station *s, struct why *w)
{
	enum err e = lists_keep(s, w);

	if (e == ERR_OK)
		cli_say(c, MSG_LISTS_KEPT_HERE, NULL, 0);
	return e;
}

static enum err
run_keep(struct cli *c, struct why *w)
{
	return cli_at_desk(c, keep_in, w);
}

const struct cli_command command_lists_keep = {
	"lists keep", "", 0, 0, MSG_CMD_LISTS_KEEP, no_options, run_keep,
};

static const struct cli_option hot_options[] = {
	{"reason", "WORD", MSG_OPT_LIST_REASON},
	{NULL, NULL, MSG_NONE},
};

static enum err
hot_add_in(struct cli *c, struct station *s, struct why *w)
{
	uint64_t card;
	uint8_t reason = 0;
	enum err e = cli_card_number(c->word[0], &card, w);

	if (e == ERR_OK)
		e = cli_reason(c, &reason, w);
	if (e == ERR_OK)
		e = lists_hot_add(s, card, reason, w);
	if (e == ERR_OK)
		cli_say(c, MSG_HOT_ADDED, (const struct why_in[]){WHY_CODE(c->word[0])}, 1);
	return e;
}

static enum err
run_hot_add(struct cli *c, struct why *w)
{
	return cli_at_desk(c, hot_add_in, w);
}

const struct cli_command command_hot_add = {
	"hot add", "NUMBER", 1, 1, MSG_CMD_HOT_ADD, hot_options, run_hot_add,
};

static enum err
hot_remove_in(struct cli *c, struct station *s, struct why *w)
{
	uint64_t card;
	enum err e = cli_card_number(c->word[0], &card, w);

	if (e == ERR_OK)
		e = lists_hot_remove(s, card, w);
	if (e == ERR_OK)
		cli_say(c, MSG_HOT_REMOVED, (const struct why_in[]){WHY_CODE(c->word[0])}, 1);
	return e;
}

static enum err
run_hot_remove(struct cli *c, struct why *w)
{
	return cli_at_desk(c, hot_remove_in, w);
}

const struct cli_command command_hot_remove = {
	"hot remove", "NUMBER", 1, 1, MSG_CMD_HOT_REMOVE, no_options, run_hot_remove,
};

/* --- keys revoke */

static const struct cli_option revoke_options[] = {
	{"root", "FILE", MSG_OPT_ROOT_IN},
	{"root-passphrase-fd", "N", MSG_OPT_ROOT_PASSPHRASE_FD},
	{"head", "HEAD", MSG_OPT_HEAD},
	{"reason", "WORD", MSG_OPT_LIST_REASON},
	{NULL, NULL, MSG_NONE},
};

static bool
parse_head(const char *text, struct journal_head *out)
{
	char *colon;
	size_t len;

	out->seq = strtoll(text, &colon, 10);
	return out->seq > 0 && *colon == ':' && text[0] != '+' &&
	    hex_decode(colon + 1, out->hash, sizeof(out->hash), &len) && len == sizeof(out->hash);
}

/* The head this book knows of a station: its own journal is the only one that is here. */
static enum err
last_head(struct station *s, uint32_t station, struct journal_head *out, struct why *w)
{
	if (station != s->id)
		return why_set(w, ERR_NOT_FOUND, MSG_HEAD_UNKNOWN, WHY_NUM(station));
	return store_journal_head(s->store, &out->seq, out->hash, w);
}

/* A head that the station itself signed, and that left it in time. */
static enum err
head_of_paper(struct station *s, const char *path, uint32_t station, struct journal_head *out,
    struct why *w)
{
	uint8_t bytes[HEAD_PAPER_LEN];
	struct head_paper h;
	enum err e = file_read_exact(path, bytes, sizeof(bytes), w);

	if (e == ERR_OK)
		e = head_paper_open(bytes, sizeof(bytes), s->root_pub, s->test, &h, w);
	if (e == ERR_OK && h.station != station)
		e = why_set(w, ERR_REFUSED, MSG_REVOKE_OTHER_HEAD, WHY_NUM(h.station));
	if (e != ERR_OK)
		return e;
	out->seq = (int64_t)h.seq;
	out->signer = h.signer;
	memcpy(out->hash, h.hash, sizeof(out->hash));
	return ERR_OK;
}

static enum err
take_head(const struct cli *c, struct station *s, uint32_t station, struct journal_head *out, struct why *w)
{
	const char *text = cli_value(c, "head");

	memset(out, 0, sizeof(*out));
	if (text == NULL)
		return why_set(w, ERR_USAGE, MSG_HEAD_NEEDED);
	if (strcmp(text, "none") == 0)
		return ERR_OK;
	if (strcmp(text, "last") == 0)
		return last_head(s, station, out, w);
	if (parse_head(text, out))
		return ERR_OK;
	return access(text, F_OK) == 0 ? head_of_paper(s, text, station, out, w) :
					 why_set(w, ERR_USAGE, MSG_HEAD_NEEDED);
}

static enum err
revoke_in(struct cli *c, struct station *s, struct why *w)
{
	struct journal_head head;
	struct root *root = NULL;
	char *end;
	const unsigned long station = strtoul(c->word[0], &end, 10);
	uint32_t number = 0;
	uint8_t reason = 0;
	enum err e = ERR_OK;

	if (*end != '\0' || station == 0 || station > UINT32_MAX)
		return why_set(w, ERR_USAGE, MSG_STATION_NUMBER_WRONG, WHY_CODE(c->word[0]));
	e = cli_reason(c, &reason, w);
	if (e == ERR_OK)
		e = take_head(c, s, (uint32_t)station, &head, w);
	if (e == ERR_OK)
		e = cli_root(c, s, &root, w);
	if (e == ERR_OK)
		e = lists_revoke(s, root, (uint32_t)station, reason, &head, &number, w);
	root_close(&root);
	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_REVOKED, (const struct why_in[]){WHY_NUM(station), WHY_NUM(number)}, 2);
	cli_json_int(c, "station", (int64_t)station);
	cli_json_int(c, "revocations_number", number);
	return ERR_OK;
}

static enum err
run_revoke(struct cli *c, struct why *w)
{
	return cli_at_desk(c, revoke_in, w);
}

const struct cli_command command_keys_revoke = {
	"keys revoke", "STATION", 1, 1, MSG_CMD_KEYS_REVOKE, revoke_options, run_revoke,
};
