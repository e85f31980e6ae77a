/*
 * Passphrases come from a descriptor, from systemd's credentials or from the keyboard with the
 * echo off; never from the command line or the environment's values.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "station/base/secret.h"
#include "station/cli/cli.h"
#include "station/flow/settings.h"

#define CREDENTIAL "bashgah-passphrase"

enum err
cli_passphrase_from(int fd, char *out, size_t cap, struct why *w)
{
	size_t len = 0;

	for (;;) {
		char ch;
		ssize_t n = read(fd, &ch, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			wipe(out, cap);
			return why_errno(w, errno, "passphrase");
		}
		if (n == 0 || ch == '\n')
			break;
		if (len + 1 >= cap) {
			wipe(out, cap);
			return why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_TOO_LONG);
		}
		out[len++] = ch;
	}
	out[len] = '\0';
	return len > 0 ? ERR_OK : why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_EMPTY);
}

static enum err
from_file(const char *path, char *out, size_t cap, struct why *w)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum err e;

	if (fd < 0)
		return why_errno(w, errno, path);
	e = cli_passphrase_from(fd, out, cap, w);
	(void)close(fd);
	return e;
}

/* What is asked for: a token's PIN, by the token's name, or a passphrase. */
static void
prompt(const struct cli *c, int tty)
{
	char path[PATH_MAX], text[TEXT_CAP];
	struct safe_info info = {0};
	struct why_in name = WHY_CODE(c->token);

	(void)snprintf(path, sizeof(path), "%s/" STATION_SAFE, c->folder);
	if (c->token == NULL && safe_peek(path, &info, NULL) == ERR_OK && info.token)
		name = WHY_CODE(info.token_name);
	if (name.str != NULL)
		text_message(c->lang, MSG_PIN_PROMPT, &name, 1, text, sizeof(text));
	else
		text_message(c->lang, MSG_PASSPHRASE_PROMPT, NULL, 0, text, sizeof(text));
	(void)dprintf(tty, "%s ", text);
}

static enum err
from_terminal(const struct cli *c, int tty, char *out, size_t cap, struct why *w)
{
	struct termios was, quiet;
	enum err e;

	if (tcgetattr(tty, &was) != 0)
		return why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_NEEDED);
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	prompt(c, tty);
	(void)tcsetattr(tty, TCSAFLUSH, &quiet);
	e = cli_passphrase_from(tty, out, cap, w);
	(void)tcsetattr(tty, TCSAFLUSH, &was);
	(void)dprintf(tty, "\n");
	return e;
}

enum err
cli_passphrase(void *ctx, char *out, size_t cap, struct why *w)
{
	const struct cli *c = ctx;
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];
	enum err e;
	int tty;

	if (c->passphrase_fd >= 0)
		return cli_passphrase_from(c->passphrase_fd, out, cap, w);
	if (dir != NULL) {
		(void)snprintf(path, sizeof(path), "%s/" CREDENTIAL, dir);
		return from_file(path, out, cap, w);
	}
	tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0)
		return why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_NEEDED);
	e = from_terminal(c, tty, out, cap, w);
	(void)close(tty);
	return e;
}

enum err
cli_station(struct cli *c, enum station_need need, struct station **out, struct why *w)
{
	return station_open(c->folder, need, cli_passphrase, c, out, w);
}
