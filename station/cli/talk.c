#include "station/cli/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "station/base/secret.h"

/* ECMA-48: erase the page and go to its beginning; xterm's: the lines above it, and a page apart. */
#define ERASE "\033[H\033[2J\033[3J"
#define PAGE_APART "\033[?1049h"
#define PAGE_BACK "\033[?1049l"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

/* In secret memory: `ch` sees every byte that is typed. */
struct talk {
	enum lang lang;
	int in, out;
	bool own;		/* the terminal, opened here */
	struct sigaction before[SIGNALS];
	char ch;
};

static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* No SA_RESTART: the read that waits for an answer ends. */
static void
catch_signals(struct talk *t)
{
	struct sigaction act = {.sa_handler = on_signal};

	(void)sigemptyset(&act.sa_mask);
	interrupted = 0;
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i], &act, &t->before[i]);
}

static void
put(const struct talk *t, const char *text, size_t len)
{
	while (len > 0) {
		const ssize_t n = write(t->out, text, len);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
}

static void
put_text(const struct talk *t, const char *text)
{
	put(t, text, strlen(text));
}

static enum err
take_descriptors(const struct cli *c, struct talk *t, struct why *w)
{
	int64_t in, out;
	enum err e = cli_number(c, "answers-fd", 0, 1023, -1, &in, w);

	if (e == ERR_OK)
		e = cli_number(c, "screen-fd", 0, 1023, -1, &out, w);
	if (e != ERR_OK)
		return e;
	if ((in < 0) != (out < 0))
		return why_set(w, ERR_USAGE, MSG_TALK_BOTH);
	t->in = (int)in;
	t->out = (int)out;
	if (in >= 0)
		return ERR_OK;
	t->in = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	t->out = t->in;
	t->own = true;
	return t->in >= 0 ? ERR_OK : why_set(w, ERR_MISSING, MSG_TALK_TERMINAL);
}

enum err
talk_open(const struct cli *c, struct talk **out, struct why *w)
{
	struct talk *t = secret_alloc(sizeof(*t));
	enum err e;

	*out = NULL;
	if (t == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	t->lang = c->lang;
	e = take_descriptors(c, t, w);
	if (e != ERR_OK) {
		secret_free(t, sizeof(*t));
		return e;
	}
	catch_signals(t);
	put_text(t, PAGE_APART ERASE);
	*out = t;
	return ERR_OK;
}

void
talk_close(struct talk **t)
{
	if (*t == NULL)
		return;
	put_text(*t, ERASE PAGE_BACK);
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i], &(*t)->before[i], NULL);
	if ((*t)->own)
		(void)close((*t)->in);
	secret_free(*t, sizeof(**t));
	*t = NULL;
}

void
talk_clear(struct talk *t)
{
	put_text(t, ERASE);
}

void
talk_say(struct talk *t, enum msg id, const struct why_in *facts, unsigned n)
{
	char text[TEXT_CAP];

	text_message(t->lang, id, facts, n, text, sizeof(text));
	talk_line(t, text);
}

void
talk_why(struct talk *t, const struct why *w)
{
	char text[TEXT_CAP];

	text_render(t->lang, w, text, sizeof(text));
	talk_line(t, text);
}

void
talk_line(struct talk *t, const char *line)
{
	put_text(t, line);
	put_text(t, "\n");
}

/* One line; the rest of a longer one is taken, too, so that it is not the next answer. */
static enum err
read_line(struct talk *t, char *out, struct why *w)
{
	size_t len = 0;

	for (;;) {
		const ssize_t n = interrupted ? 0 : read(t->in, &t->ch, 1);

		if (n < 0 && errno == EINTR && !interrupted)
			continue;
		if (n <= 0)
			return why_set(w, ERR_REFUSED, MSG_TALK_ENDED);
		if (t->ch == '\n')
			break;
		if (len < TALK_LINE_CAP)
			out[len++] = t->ch;
	}
	if (len == TALK_LINE_CAP)
		return why_set(w, ERR_LEN, MSG_TALK_LONG);
	if (len > 0 && out[len - 1] == '\r')
		len--;
	out[len] = '\0';
	return ERR_OK;
}

enum err
talk_ask(struct talk *t, enum msg id, const struct why_in *facts, unsigned n, bool hidden, char *out,
    struct why *w)
{
	char text[TEXT_CAP];
	struct termios was, quiet;
	const bool quiets = hidden && tcgetattr(t->in, &was) == 0;
	size_t len;
	enum err e;

	text_message(t->lang, id, facts, n, text, sizeof(text) - 1);
	len = strlen(text);
	text[len++] = t->own ? ' ' : '\n';	/* whoever plays the people reads line by line */
	if (quiets) {
		/* before the question: whoever answers at once is not heard, and not seen */
		quiet = was;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(t->in, TCSAFLUSH, &quiet);
	}
	put(t, text, len);
	e = read_line(t, out, w);
	if (quiets) {
		(void)tcsetattr(t->in, TCSADRAIN, &was);
		put_text(t, "\n");
	}
	if (e != ERR_OK)
		wipe(out, TALK_LINE_CAP);
	return e;
}
