/* bashgah club export, keys join, keys request, keys certify, keys install: more stations in one club. */
#include <stdio.h>
#include <string.h>

#include "station/base/bytes.h"
#include "station/cli/chain.h"
#include "station/cli/commands.h"
#include "station/flow/join.h"

static const struct cli_option no_options[] = {
	{NULL, NULL, MSG_NONE},
};

/* The words of a root that two people read to each other. */
static void
say_fingerprint(struct cli *c, const uint8_t root_pub[PUBKEY_LEN])
{
	char hex[2 * PUBKEY_LEN + 1], text[80];
	size_t n = 0;

	hex_encode(root_pub, PUBKEY_LEN, hex);
	for (size_t i = 0; i < 32; i++) {
		if (i > 0 && i % 4 == 0)
			text[n++] = ' ';
		text[n++] = hex[i];
	}
	text[n] = '\0';
	cli_fact(c, MSG_LABEL_ROOT, text);
	cli_json_str(c, "root", hex);
}

/* --- club export */

static enum err
export_in(struct cli *c, struct station *s, struct why *w)
{
	enum err e = station_export_club(s, c->word[0], w);

	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_CLUB_EXPORTED, (const struct why_in[]){WHY_CODE(c->word[0])}, 1);
	say_fingerprint(c, s->root_pub);
	cli_json_str(c, "file", c->word[0]);
	return ERR_OK;
}

static enum err
run_export(struct cli *c, struct why *w)
{
	return cli_at_desk(c, export_in, w);
}

const struct cli_command command_club_export = {
	"club export", "FILE", 1, 1, MSG_CMD_CLUB_EXPORT, no_options, run_export,
};

/* --- keys join */

static const struct cli_option join_options[] = {
	{"role", "ROLE", MSG_OPT_ROLE},
	{"station", "N", MSG_OPT_STATION},
	{"request", "FILE", MSG_OPT_REQUEST_FILE},
	{"token", "URI", MSG_OPT_TOKEN},
	{"designs", "DIR", MSG_OPT_DESIGNS},
	{NULL, NULL, MSG_NONE},
};

static enum err
run_join(struct cli *c, struct why *w)
{
	char room[STATION_PATH_CAP];
	struct join_options o = {.folder = c->folder, .club_file = c->word[0], .role = ROLE_DESK,
	    .request = cli_value(c, "request"), .designs_from = cli_designs(c, room),
	    .token = c->token = cli_value(c, "token"),
	    .ask = cli_new_passphrase, .ask_ctx = c};
	struct join_report r;
	int64_t station;
	bool given;
	enum err e = cli_role(c, &given, &o.role, w);

	if (e == ERR_OK)
		e = cli_number(c, "station", 2, UINT32_MAX, 0, &station, w);
	if (e != ERR_OK)
		return e;
	o.station = (uint32_t)station;
	if (o.request == NULL)
		o.request = "station.request";
	e = station_join(&o, &r, w);
	if (e != ERR_OK)
		return e;
	cli_say(c, r.test ? MSG_JOINED_PRACTICE : MSG_JOINED,
	    (const struct why_in[]){WHY_STR(r.club_name), WHY_NUM(r.station), WHY_CODE(o.request)}, 3);
	say_fingerprint(c, r.root_pub);
	cli_json_str(c, "folder", c->folder);
	cli_json_int(c, "station", r.station);
	cli_json_str(c, "role", role_name(o.role));
	cli_json_str(c, "request", o.request);
	cli_json_bool(c, "test", r.test);
	return ERR_OK;
}

const struct cli_command command_keys_join = {
	"keys join", "CLUBFILE", 1, 1, MSG_CMD_KEYS_JOIN, join_options, run_join,
};

/* --- keys request */

static const struct cli_option request_options[] = {
	{"role", "ROLE", MSG_OPT_ROLE},
	{NULL, NULL, MSG_NONE},
};

static enum err
run_request(struct cli *c, struct why *w)
{
	struct station *s;
	enum role role = ROLE_DESK;
	bool given;
	enum err e = cli_role(c, &given, &role, w);

	if (e != ERR_OK)
		return e;
	e = cli_station(c, STATION_UNCERTIFIED, &s, w);
	if (e != ERR_OK)
		return e;
	if (!given && s->cert.serial != 0 && role_of_rights(s->cert.rights) != ROLE_COUNT)
		role = role_of_rights(s->cert.rights);
	e = station_request(s, role, c->word[0], w);
	if (e == ERR_OK)
		cli_say(c, MSG_REQUESTED, (const struct why_in[]){WHY_CODE(c->word[0])}, 1);
	cli_json_str(c, "request", c->word[0]);
	cli_json_str(c, "role", role_name(role));
	station_close(&s);
	return e;
}

const struct cli_command command_keys_request = {
	"keys request", "FILE", 1, 1, MSG_CMD_KEYS_REQUEST, request_options, run_request,
};

/* --- keys certify */

static const struct cli_option certify_options[] = {
	{"root", "FILE", MSG_OPT_ROOT_IN},
	{"root-passphrase-fd", "N", MSG_OPT_ROOT_PASSPHRASE_FD},
	{"role", "ROLE", MSG_OPT_ROLE},
	{"valid-days", "DAYS", MSG_OPT_CERT_DAYS},
	{"numbers", "COUNT", MSG_OPT_NUMBERS},
	{"replace", NULL, MSG_OPT_REPLACE},
	{"out", "FILE", MSG_OPT_CERT_OUT},
	{NULL, NULL, MSG_NONE},
};

static enum err
take_certify(struct cli *c, struct certify_options *o, struct why *w)
{
	int64_t days, numbers = 0;
	enum err e = cli_role(c, &o->has_role, &o->role, w);

	if (e == ERR_OK)
		e = cli_number(c, "valid-days", 1, 36500, 0, &days, w);
	if (e == ERR_OK)
		e = cli_number(c, "numbers", 1, 999999999, 0, &numbers, w);
	if (e != ERR_OK)
		return e;
	o->valid_days = (uint16_t)days;
	o->numbers = (uint32_t)numbers;
	o->replace = cli_flag(c, "replace");
	o->request = c->word[0];
	o->out = cli_value(c, "out") != NULL ? cli_value(c, "out") : "station.cert";
	return ERR_OK;
}

static enum err
run_certify(struct cli *c, struct why *w)
{
	struct certify_options o = {0};
	struct station *s;
	struct root *root = NULL;
	struct cert cert;
	enum err e = take_certify(c, &o, w);

	if (e == ERR_OK)
		e = cli_station(c, STATION_BOOKS, &s, w);
	if (e != ERR_OK)
		return e;
	e = cli_root(c, s, &root, w);
	o.root = root;
	if (e == ERR_OK)
		e = station_certify(s, &o, &cert, w);
	root_close(&root);
	station_close(&s);
	if (e != ERR_OK)
		return e;
	cli_say(c, MSG_CERTIFIED, (const struct why_in[]){WHY_CODE(o.out)}, 1);
	cli_certificate(c, &cert);
	cli_json_str(c, "certificate", o.out);
	return ERR_OK;
}

const struct cli_command command_keys_certify = {
	"keys certify", "REQUEST", 1, 1, MSG_CMD_KEYS_CERTIFY, certify_options, run_certify,
};

/* --- keys install */

static const struct cli_option install_options[] = {
	{"practice-safe", "FILE", MSG_OPT_PRACTICE_SAFE},
	{NULL, NULL, MSG_NONE},
};

static enum err
run_install(struct cli *c, struct why *w)
{
	const char *practice = cli_value(c, "practice-safe");
	struct station *s;
	struct cert cert;
	enum err e = cli_station(c, STATION_UNCERTIFIED, &s, w);

	if (e != ERR_OK)
		return e;
	e = station_install(s, c->word[0], &cert, w);
	if (e == ERR_OK) {
		cli_say(c, MSG_INSTALLED, NULL, 0);
		cli_certificate(c, &cert);
	}
	if (e == ERR_OK && practice != NULL) {
		e = station_practice_keys(s, practice, w);
		if (e == ERR_OK)
			cli_say(c, MSG_PRACTICE_KEYS_TAKEN, NULL, 0);
	}
	station_close(&s);
	return e;
}

const struct cli_command command_keys_install = {
	"keys install", "CERTIFICATE", 1, 1, MSG_CMD_KEYS_INSTALL, install_options, run_install,
};
