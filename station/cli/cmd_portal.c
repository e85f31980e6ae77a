/* bashgah portal: the customer's page, a process of its own that knows view.db alone. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "station/cli/commands.h"
#include "station/flow/settings.h"
#include "station/web/portal.h"

#define PORT_DEFAULT 8420

static const struct cli_option options[] = {
	{"view", "FILE", MSG_OPT_VIEW},
	{"listen", "ADDRESS", MSG_OPT_LISTEN},
	{"port", "N", MSG_OPT_PORT},
	{"name", "NAME", MSG_OPT_PORTAL_NAME},
	{NULL, NULL, MSG_NONE},
};

static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void
on_listening(void *ctx, const char *address, uint16_t port)
{
	const struct cli *c = ctx;
	char url[128];
	const char *open = strchr(address, ':') != NULL ? "[" : "";

	(void)snprintf(url, sizeof(url), "http://%s%s%s:%u/", open, address, open[0] != '\0' ? "]" : "",
	    (unsigned)port);
	cli_say(c, MSG_PORTAL_LISTENS, (const struct why_in[]){WHY_CODE(url)}, 1);
	if (c->json)
		(void)printf("{\"listening\": \"%s\", \"port\": %u}\n", url, (unsigned)port);
	(void)fflush(stdout);
}

static enum err
run(struct cli *c, struct why *w)
{
	struct sigaction act = {.sa_handler = on_signal};
	char view[STATION_PATH_CAP];
	struct portal_options o = {.view_path = cli_value(c, "view"), .address = cli_value(c, "listen"),
	    .club_name = cli_value(c, "name"), .stop = &stop, .listening = on_listening, .ctx = c};
	int64_t port;
	enum err e = cli_number(c, "port", 0, 65535, PORT_DEFAULT, &port, w);

	if (e != ERR_OK)
		return e;
	if (o.view_path == NULL) {
		(void)snprintf(view, sizeof(view), "%s/" STATION_VIEW, c->folder);
		o.view_path = view;
	}
	o.port = (uint16_t)port;
	(void)sigemptyset(&act.sa_mask);
	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	return portal_run(&o, w);
}

const struct cli_command command_portal = {
	"portal", "", 0, 0, MSG_CMD_PORTAL, options, run,
};
