/*
 * Passphrases come from a descriptor, from systemd's credentials or from the keyboard with the
 * echo off; never from the command line or the environment's values.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "station/base/secret.h"
#include "station/cli/cli.h"
#include "station/flow/settings.h"

#define CREDENTIAL "bashgah-passphrase"
#define OPTION_CAP 64

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
static void
question(const struct cli *c, char text[TEXT_CAP])
{
	char path[PATH_MAX];
	struct safe_info info = {0};
	struct why_in name = WHY_CODE(c->root_file != NULL ? c->root_file : c->token);
	enum msg prompt = c->root_file != NULL ? MSG_ROOT_PROMPT : MSG_PIN_PROMPT;

	(void)snprintf(path, sizeof(path), "%s/" STATION_SAFE, c->folder);
	if (name.str == NULL && safe_peek(path, &info, NULL) == ERR_OK && info.token)
		name = WHY_CODE(info.token_name);
	else if (name.str == NULL)
		prompt = MSG_PASSPHRASE_PROMPT;
	text_message(c->lang, prompt, &name, name.str != NULL, text, TEXT_CAP);
}

/* --- the terminal, silent while somebody types */

static struct termios loud;
static int silent_tty = -1;

/* A terminal left silent would puzzle whoever pressed Ctrl-C. */
static void
speak_and_die(int sig)
{
	(void)tcsetattr(silent_tty, TCSAFLUSH, &loud);
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define ENDINGS (sizeof(ending) / sizeof(ending[0]))

static enum err
from_terminal(int tty, const char *prompt, char *out, size_t cap, struct why *w)
{
	struct sigaction was[ENDINGS], now = {.sa_handler = speak_and_die};
	struct termios quiet;
	enum err e;

	if (tcgetattr(tty, &loud) != 0)
		return why_errno(w, errno, "/dev/tty");
	quiet = loud;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	silent_tty = tty;
	for (size_t i = 0; i < ENDINGS; i++)
		(void)sigaction(ending[i], &now, &was[i]);
	(void)tcsetattr(tty, TCSAFLUSH, &quiet);
	(void)dprintf(tty, "%s ", prompt);
	e = cli_passphrase_from(tty, out, cap, w);
	(void)tcsetattr(tty, TCSAFLUSH, &loud);
	for (size_t i = 0; i < ENDINGS; i++)
		(void)sigaction(ending[i], &was[i], NULL);
	(void)dprintf(tty, "\n");
	return e;
}

static enum err
again_from_terminal(const struct cli *c, int tty, const char *first, size_t cap, struct why *w)
{
	char prompt[TEXT_CAP];
	char *second = secret_alloc(cap);
	enum err e;

	if (second == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	text_message(c->lang, MSG_NEW_PASSPHRASE_AGAIN, NULL, 0, prompt, sizeof(prompt));
	e = from_terminal(tty, prompt, second, cap, w);
	if (e == ERR_OK &&
	    (strlen(first) != strlen(second) || !secret_equal(first, second, strlen(first))))
		e = why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASES_DIFFER);
	secret_free(second, cap);
	return e;
}

/* A passphrase nobody can check yet is typed twice. */
static enum err
ask(const struct cli *c, const char *prompt, bool twice, const char *option, char *out, size_t cap,
    struct why *w)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	enum err e;

	if (tty < 0)
		return why_set(w, ERR_PASSPHRASE, MSG_PASSPHRASE_NOBODY, WHY_STR(prompt), WHY_CODE(option));
	e = from_terminal(tty, prompt, out, cap, w);
	if (e == ERR_OK && twice)
		e = again_from_terminal(c, tty, out, cap, w);
	if (e != ERR_OK)
		wipe(out, cap);
	(void)close(tty);
	return e;
}

/* --- which one */

static enum err
safe_passphrase(const struct cli *c, bool twice, char *out, size_t cap, struct why *w)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX], prompt[TEXT_CAP];

	if (c->passphrase_fd >= 0)
		return cli_passphrase_from(c->passphrase_fd, out, cap, w);
	if (dir != NULL) {
		(void)snprintf(path, sizeof(path), "%s/" CREDENTIAL, dir);
		return from_file(path, out, cap, w);
	}
	question(c, prompt);
	return ask(c, prompt, twice, "--passphrase-fd", out, cap, w);
}

enum err
cli_passphrase(void *ctx, char *out, size_t cap, struct why *w)
{
	return safe_passphrase(ctx, false, out, cap, w);
}

enum err
cli_new_passphrase(void *ctx, char *out, size_t cap, struct why *w)
{
	const struct cli *c = ctx;

	/* a token knows its PIN already */
	return safe_passphrase(c, c->token == NULL, out, cap, w);
}

enum err
cli_other_passphrase(const struct cli *c, const char *fd_option, enum msg prompt, bool twice, char *out,
    size_t cap, struct why *w)
{
	char text[TEXT_CAP], option[OPTION_CAP];
	int64_t fd;
	enum err e = cli_number(c, fd_option, 0, 1023, -1, &fd, w);

	if (e != ERR_OK)
		return e;
	if (fd >= 0)
		return cli_passphrase_from((int)fd, out, cap, w);
	text_message(c->lang, prompt, NULL, 0, text, sizeof(text));
	(void)snprintf(option, sizeof(option), "--%s", fd_option);
	return ask(c, text, twice, option, out, cap, w);
}

enum err
cli_station(struct cli *c, enum station_need need, struct station **out, struct why *w)
{
	return station_open(c->folder, need, cli_passphrase, c, out, w);
}
