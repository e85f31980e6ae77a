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

/* What is asked for: a root's passphrase by its path, a token's PIN by its name, or the passphrase of the safe. */
static enum msg
prompt_of(const struct cli *c, struct safe_info *info, const char **name)
{
	char path[PATH_MAX];

	*name = c->root_file != NULL ? c->root_file : c->token;
	if (*name != NULL)
		return c->root_file != NULL ? MSG_ROOT_PROMPT : MSG_PIN_PROMPT;
	(void)snprintf(path, sizeof(path), "%s/" STATION_SAFE, c->folder);
	*name = info->token_name;
	return safe_peek(path, info, NULL) == ERR_OK && info->token ? MSG_PIN_PROMPT :
	    MSG_PASSPHRASE_PROMPT;
}

static enum err
from_terminal(const struct cli *c, enum msg prompt, const char *name, int tty, char *out,
    size_t cap, struct why *w)
{
	const struct why_in fact = WHY_CODE(name);
	struct termios was, quiet;
	char text[TEXT_CAP];
	enum err e;

	if (tcgetattr(tty, &was) != 0)
		return why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_NEEDED);
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	text_message(c->lang, prompt, &fact, 1, text, sizeof(text));
	(void)dprintf(tty, "%s ", text);
	(void)tcsetattr(tty, TCSAFLUSH, &quiet);
	e = cli_passphrase_from(tty, out, cap, w);
	(void)tcsetattr(tty, TCSAFLUSH, &was);
	(void)dprintf(tty, "\n");
	return e;
}

static int
open_terminal(struct why *w)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (tty < 0)
		(void)why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_NEEDED);
	return tty;
}

enum err
cli_passphrase(void *ctx, char *out, size_t cap, struct why *w)
{
	const struct cli *c = ctx;
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];
	struct safe_info info = {0};
	const char *name;
	enum msg prompt;
	enum err e;
	int tty;

	if (c->passphrase_fd >= 0)
		return cli_passphrase_from(c->passphrase_fd, out, cap, w);
	if (dir != NULL) {
		(void)snprintf(path, sizeof(path), "%s/" CREDENTIAL, dir);
		return from_file(path, out, cap, w);
	}
	tty = open_terminal(w);
	if (tty < 0)
		return ERR_PASSPHRASE;
	prompt = prompt_of(c, &info, &name);
	e = from_terminal(c, prompt, name, tty, out, cap, w);
	(void)close(tty);
	return e;
}

/* Typed twice: nobody sees what was mistyped. */
static enum err
type_twice(const struct cli *c, int tty, char *out, char *again, size_t cap, struct why *w)
{
	enum err e = from_terminal(c, MSG_NEW_PASSPHRASE_PROMPT, "", tty, out, cap, w);

	if (e == ERR_OK)
		e = from_terminal(c, MSG_NEW_PASSPHRASE_AGAIN, "", tty, again, cap, w);
	if (e == ERR_OK && strcmp(out, again) != 0) {
		wipe(out, cap);
		e = why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASES_DIFFER);
	}
	return e;
}

enum err
cli_new_passphrase(const struct cli *c, int fd, char *out, size_t cap, struct why *w)
{
	char *again;
	enum err e;
	int tty;

	if (fd >= 0)
		return cli_passphrase_from(fd, out, cap, w);
	tty = open_terminal(w);
	if (tty < 0)
		return ERR_PASSPHRASE;
	again = secret_alloc(cap);
	e = again == NULL ? why_set(w, ERR_NOMEM, MSG_NO_MEMORY) : type_twice(c, tty, out, again, cap, w);
	secret_free(again, cap);
	(void)close(tty);
	return e;
}

enum err
cli_station(struct cli *c, enum station_need need, struct station **out, struct why *w)
{
	return station_open(c->folder, need, cli_passphrase, c, out, w);
}
