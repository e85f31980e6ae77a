#include "station/cli/chain.h"

#include <stdio.h>
#include <string.h>

#include "keys/list.h"
#include "station/base/secret.h"
#include "station/flow/settings.h"

#define PASS_CAP 1024

static enum err
root_passphrase(struct cli *c, const struct station *s, char *pass, struct why *w)
{
	if (s->test && cli_value(c, "root-passphrase-fd") == NULL) {
		(void)snprintf(pass, PASS_CAP, "%s", SAFE_PRACTICE_PASSPHRASE);
		return ERR_OK;
	}
	return cli_other_passphrase(c, "root-passphrase-fd", MSG_ROOT_PASSPHRASE, false, pass, PASS_CAP, w);
}

enum err
cli_root(struct cli *c, const struct station *s, struct root **out, struct why *w)
{
	const char *path = cli_value(c, "root");
	char own[STATION_PATH_CAP];
	char *pass;
	enum err e = ERR_OK;

	*out = NULL;
	if (path == NULL && !s->test)
		return why_set(w, ERR_USAGE, MSG_ROOT_NEEDED);
	if (path == NULL) {
		e = station_path(s, STATION_ROOT, own, w);
		path = own;
	}
	pass = secret_alloc(PASS_CAP);
	if (pass == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	if (e == ERR_OK)
		e = root_passphrase(c, s, pass, w);
	if (e == ERR_OK)
		e = root_open(path, pass, strlen(pass), out, w);
	secret_free(pass, PASS_CAP);
	return e;
}

enum err
cli_role(const struct cli *c, bool *given, enum role *out, struct why *w)
{
	const char *name = cli_value(c, "role");

	*given = name != NULL;
	if (name != NULL && !role_parse(name, out))
		return why_set(w, ERR_USAGE, MSG_ROLE_UNKNOWN, WHY_CODE(name));
	return ERR_OK;
}

enum err
cli_reason(const struct cli *c, uint8_t *out, struct why *w)
{
	const char *name = cli_value(c, "reason");

	if (name == NULL || !list_reason_parse(name, out))
		return why_set(w, ERR_USAGE, MSG_REASON_UNKNOWN, WHY_CODE(name != NULL ? name : "--reason"));
	return ERR_OK;
}

static enum msg
role_label(enum role r)
{
	static const enum msg labels[ROLE_COUNT] = {
		[ROLE_TILL] = MSG_ROLE_TILL, [ROLE_DESK] = MSG_ROLE_DESK, [ROLE_ISSUER] = MSG_ROLE_ISSUER,
		[ROLE_PORTAL] = MSG_ROLE_PORTAL,
	};

	return r < ROLE_COUNT ? labels[r] : MSG_NONE;
}

void
cli_certificate(struct cli *c, const struct cert *cert)
{
	const enum role role = role_of_rights(cert->rights);
	char text[TEXT_SHORT_CAP], plain[32];

	(void)snprintf(plain, sizeof(plain), "%u", (unsigned)cert->station);
	cli_fact(c, MSG_LABEL_STATION, plain);
	(void)snprintf(plain, sizeof(plain), "%u", (unsigned)cert->serial);
	cli_fact(c, MSG_LABEL_SERIAL, plain);
	if (role != ROLE_COUNT) {
		text_message(c->lang, role_label(role), NULL, 0, text, sizeof(text));
		cli_fact(c, MSG_LABEL_ROLE, text);
	}
	text_date(c->lang, cert->valid_from, DATE_LONG, text, sizeof(text));
	cli_fact(c, MSG_LABEL_VALID_FROM, text);
	if (cert->valid_to == 0)
		text_message(c->lang, MSG_VALID_OPEN, NULL, 0, text, sizeof(text));
	else
		text_date(c->lang, cert->valid_to, DATE_LONG, text, sizeof(text));
	cli_fact(c, MSG_LABEL_VALID, text);
	cli_json_int(c, "station", cert->station);
	cli_json_int(c, "serial", cert->serial);
	cli_json_str(c, "role", role != ROLE_COUNT ? role_name(role) : "");
	cli_json_int(c, "rights", cert->rights);
	cli_json_int(c, "valid_from_day", cert->valid_from);
	cli_json_int(c, "valid_to_day", cert->valid_to);
	cli_json_int(c, "first_number", cert->first_number);
	cli_json_int(c, "number_count", cert->number_count);
}
