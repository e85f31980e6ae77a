#include "station/cli/cli.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/memory.h"
#include "station/base/log.h"
#include "station/base/secret.h"

#define DEFAULT_FOLDER "club"
#define OPTION_BASE 256		/* values of getopt above any character */

/* Options every command takes. */
static const struct cli_option global_options[] = {
	{"lang", "fa|en", MSG_OPT_LANG},
	{"json", NULL, MSG_OPT_JSON},
	{"passphrase-fd", "N", MSG_OPT_PASSPHRASE_FD},
	{"log", NULL, MSG_OPT_LOG},
	{"help", NULL, MSG_OPT_HELP},
	{"version", NULL, MSG_OPT_VERSION},
	{NULL, NULL, MSG_NONE},
};
enum global { G_LANG, G_JSON, G_PASSPHRASE_FD, G_LOG, G_HELP, G_VERSION, G_COUNT };

struct parse {
	bool help;
	bool version;
	const char *lang;
};

/* --- saying things */

void
cli_line(const struct cli *c, const char *line)
{
	if (!c->json)
		(void)printf("%s\n", line);
}

void
cli_say(const struct cli *c, enum msg id, const struct why_in *facts, unsigned n)
{
	char text[TEXT_CAP];

	if (c->json)
		return;
	text_message(c->lang, id, facts, n, text, sizeof(text));
	cli_line(c, text);
}

void
cli_say_why(const struct cli *c, const struct why *w)
{
	char text[TEXT_CAP];

	text_render(c->lang, w, text, sizeof(text));
	cli_line(c, text);
}

void
cli_fact(const struct cli *c, enum msg label, const char *value)
{
	char text[TEXT_CAP];

	if (c->json)
		return;
	text_message(c->lang, label, NULL, 0, text, sizeof(text));
	(void)printf("  %s: %s\n", text, value);
}

void
cli_json_str(struct cli *c, const char *key, const char *value)
{
	(void)json_object_set_new(c->root, key, json_string(value));
}

void
cli_json_int(struct cli *c, const char *key, int64_t value)
{
	(void)json_object_set_new(c->root, key, json_integer(value));
}

void
cli_json_bool(struct cli *c, const char *key, bool value)
{
	(void)json_object_set_new(c->root, key, json_boolean(value));
}

void
cli_json_hex(struct cli *c, const char *key, const uint8_t *p, size_t len)
{
	static const char digit[] = "0123456789ABCDEF";
	char text[513];
	size_t n = len < 256 ? len : 256;

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digit[p[i] >> 4];
		text[2 * i + 1] = digit[p[i] & 15];
	}
	text[2 * n] = '\0';
	cli_json_str(c, key, text);
}

/* --- options */

static size_t
option_count(const struct cli_option *o)
{
	size_t n = 0;

	while (o != NULL && o[n].name != NULL)
		n++;
	return n;
}

static size_t
option_index(const struct cli *c, const char *name)
{
	for (size_t i = 0; c->command->options[i].name != NULL; i++)
		if (strcmp(c->command->options[i].name, name) == 0)
			return i;
	assert(0 && "an option that is not in the command's table");
	return 0;
}

const char *
cli_value(const struct cli *c, const char *name)
{
	return c->value[option_index(c, name)];
}

size_t
cli_values(const struct cli *c, const char *name, const char **out, size_t cap)
{
	const size_t option = option_index(c, name);
	size_t n = 0;

	for (size_t i = 0; i < c->given_count && n < cap; i++)
		if (c->given[i].option == option)
			out[n++] = c->given[i].value;
	return n;
}

bool
cli_flag(const struct cli *c, const char *name)
{
	return cli_value(c, name) != NULL;
}

static bool
parse_whole(const char *text, int64_t min, int64_t max, int64_t *out)
{
	char ascii[32];
	char *end;
	long long v;

	if (!text_fold(text, ascii, sizeof(ascii)) || ascii[0] == '\0')
		return false;
	errno = 0;
	v = strtoll(ascii, &end, 10);
	if (errno != 0 || *end != '\0' || v < min || v > max)
		return false;
	*out = v;
	return true;
}

enum err
cli_number(const struct cli *c, const char *name, int64_t min, int64_t max, int64_t otherwise,
    int64_t *out, struct why *w)
{
	const char *text = cli_value(c, name);
	char shown[64];

	*out = otherwise;
	if (text == NULL || parse_whole(text, min, max, out))
		return ERR_OK;
	(void)snprintf(shown, sizeof(shown), "--%s", name);
	return why_set(w, ERR_USAGE, MSG_OPTION_NUMBER, WHY_CODE(shown), WHY_NUM(min), WHY_NUM(max));
}

static void
add_long(struct option *to, const struct cli_option *from, size_t n, int base)
{
	for (size_t i = 0; i < n; i++) {
		to[i].name = from[i].name;
		to[i].has_arg = from[i].arg != NULL ? required_argument : no_argument;
		to[i].flag = NULL;
		to[i].val = base + (int)i;
	}
}

static enum err
take_global(struct cli *c, struct parse *p, int which, const char *arg, struct why *w)
{
	int64_t fd;

	switch (which) {
	case G_LANG:
		p->lang = arg;
		if (!lang_parse(arg, &c->lang))
			return why_set(w, ERR_USAGE, MSG_LANG_UNKNOWN, WHY_CODE(arg));
		break;
	case G_JSON:
		c->json = true;
		break;
	case G_PASSPHRASE_FD:
		if (!parse_whole(arg, 0, 1023, &fd))
			return why_set(w, ERR_USAGE, MSG_OPTION_NUMBER, WHY_CODE("--passphrase-fd"),
			    WHY_NUM(0), WHY_NUM(1023));
		c->passphrase_fd = (int)fd;
		break;
	case G_LOG:
		log_to(stderr, LOG_INFO);
		break;
	case G_HELP:
		p->help = true;
		break;
	default:
		p->version = true;
		break;
	}
	return ERR_OK;
}

static enum err
take_own(struct cli *c, size_t option, const char *value, struct why *w)
{
	if (c->given_count == CLI_GIVEN_MAX)
		return why_set(w, ERR_USAGE, MSG_OPTIONS_TOO_MANY, WHY_NUM(CLI_GIVEN_MAX));
	c->value[option] = value;
	c->given[c->given_count].option = option;
	c->given[c->given_count++].value = value;
	return ERR_OK;
}

/* A dash and a figure: somebody typed an amount below zero, not an option. */
static bool
is_negative(const char *word)
{
	char ascii[64];

	return word != NULL && word[0] == '-' && text_fold(word + 1, ascii, sizeof(ascii)) &&
	    isdigit((unsigned char)ascii[0]);
}

/* What getopt stumbled over; in a cluster of letters it is only half-way through the word. */
static enum err
bad_option(int o, const char *last, const char *next, struct why *w)
{
	const char letter[] = {'-', (char)optopt, '\0'};
	int64_t rial;

	if (o == ':')
		return why_set(w, ERR_USAGE, MSG_OPTION_NEEDS_VALUE, WHY_CODE(last));
	if (is_negative(last) || is_negative(next))
		return text_parse_amount(is_negative(last) ? last : next, MONEY_TOMAN, &rial, w);
	return why_set(w, ERR_USAGE, MSG_OPTION_UNKNOWN,
	    WHY_CODE(optopt > 0 && optopt < 128 ? letter : last));
}

/*
 * Options up to the first word (`stop`, before the command is known), or all of them.
 * `argv` is permuted as getopt does; optind ends at the first operand.
 */
static enum err
parse_options(struct cli *c, struct parse *p, int argc, char **argv, bool stop, struct why *w)
{
	struct option longs[CLI_OPTIONS_MAX + G_COUNT + 1] = {{0}};
	const struct cli_option *own = c->command != NULL ? c->command->options : NULL;
	size_t n = option_count(own);
	enum err e = ERR_OK;
	int o;

	assert(n <= CLI_OPTIONS_MAX);
	add_long(longs, own, n, OPTION_BASE);
	add_long(longs + n, global_options, G_COUNT, OPTION_BASE + CLI_OPTIONS_MAX);
	optind = 0;
	opterr = 0;
	while (e == ERR_OK && (o = getopt_long(argc, argv, stop ? "+:hC:" : ":hC:", longs, NULL)) != -1) {
		if (o == 'C')
			c->folder = optarg;
		else if (o == 'h')
			p->help = true;
		else if (o >= OPTION_BASE + CLI_OPTIONS_MAX)
			e = take_global(c, p, o - OPTION_BASE - CLI_OPTIONS_MAX, optarg, w);
		else if (o >= OPTION_BASE)
			e = take_own(c, (size_t)(o - OPTION_BASE), optarg != NULL ? optarg : "", w);
		else
			e = bad_option(o, argv[optind - 1], argv[optind], w);
	}
	return e;
}

/* --- commands */

static const struct cli_command *
find_command(int argc, char **argv, int *used)
{
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		const char *name = cli_commands[i]->name;
		const char *space = strchr(name, ' ');
		size_t first = space != NULL ? (size_t)(space - name) : strlen(name);

		if (strlen(argv[0]) != first || strncmp(argv[0], name, first) != 0)
			continue;
		*used = 1;
		if (space == NULL)
			return cli_commands[i];
		*used = 2;
		if (argc > 1 && strcmp(argv[1], space + 1) == 0)
			return cli_commands[i];
	}
	return NULL;
}

static enum err
take_words(struct cli *c, int argc, char **argv, struct why *w)
{
	if (argc < c->command->words_min)
		return why_set(w, ERR_USAGE, MSG_WORDS_MISSING, WHY_CODE(c->command->name),
		    WHY_CODE(c->command->words));
	if (argc > c->command->words_max)
		return why_set(w, ERR_USAGE, MSG_WORDS_TOO_MANY, WHY_CODE(argv[c->command->words_max]),
		    WHY_CODE(c->command->name));
	for (int i = 0; i < argc; i++)
		c->word[i] = argv[i];
	c->word_count = argc;
	return ERR_OK;
}

static enum err
run_command(struct cli *c, struct parse *p, int argc, char **argv, struct why *w)
{
	int used = 0;
	enum err e;

	c->command = find_command(argc, argv, &used);
	if (c->command == NULL && argc > 0 && strcmp(argv[0], "help") == 0) {
		cli_help(c, argc > 1 ? find_command(argc - 1, argv + 1, &used) : NULL);
		return ERR_OK;
	}
	if (c->command == NULL && p->help) {
		cli_help(c, NULL);
		return ERR_OK;
	}
	if (c->command == NULL)
		return why_set(w, ERR_USAGE, MSG_COMMAND_UNKNOWN, WHY_CODE(argv[0]));
	/* getopt wants something to stand in for the program's name. */
	e = parse_options(c, p, argc - used + 1, argv + used - 1, false, w);
	if (e != ERR_OK)
		return e;
	if (p->help) {
		cli_help(c, c->command);
		return ERR_OK;
	}
	e = take_words(c, argc - used + 1 - optind, argv + used - 1 + optind, w);
	return e == ERR_OK ? c->command->run(c, w) : e;
}

static enum err
run(struct cli *c, int argc, char **argv, struct why *w)
{
	struct parse p = {0};
	enum err e = parse_options(c, &p, argc, argv, true, w);

	if (e != ERR_OK)
		return e;
	if (p.version) {
		(void)printf("bashgah %s\n", BASHGAH_VERSION);
		return ERR_OK;
	}
	if (optind >= argc) {
		cli_help(c, NULL);
		return p.help ? ERR_OK : why_set(w, ERR_USAGE, MSG_COMMAND_MISSING);
	}
	return run_command(c, &p, argc - optind, argv + optind, w);
}

/* --- the end */

static void
finish_json(struct cli *c, enum err e, const struct why *w)
{
	char text[TEXT_CAP];

	cli_json_int(c, "exit", cli_exit_code(e));
	if (e != ERR_OK) {
		text_render(c->lang, w, text, sizeof(text));
		cli_json_str(c, "error", err_name(e));
		cli_json_str(c, "message", msg_name(w->id));
		cli_json_str(c, "sentence", text);
	}
	(void)json_dumpf(c->root, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	(void)printf("\n");
}

static void
finish_text(const struct cli *c, enum err e, const struct why *w)
{
	char text[TEXT_CAP];

	if (e == ERR_OK)
		return;
	text_render(c->lang, w, text, sizeof(text));
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s\n", text);
}

int
cli_main(int argc, char **argv)
{
	struct cli c = {.folder = DEFAULT_FOLDER, .passphrase_fd = -1};
	struct why w = {0};
	enum err e;

	secret_harden_process();
	c.lang = lang_default(NULL);
	c.root = json_object();
	if (c.root == NULL)
		return EXIT_ENVIRONMENT;
	e = keys_guard_memory(&w);
	if (e == ERR_OK)
		e = run(&c, argc, argv, &w);
	if (c.json)
		finish_json(&c, e, &w);
	else
		finish_text(&c, e, &w);
	json_decref(c.root);
	if (fflush(stdout) != 0 && e == ERR_OK)
		return EXIT_ENVIRONMENT;
	return (int)cli_exit_code(e);
}

/* --- help */

static void
help_options(const struct cli *c, const struct cli_option *o)
{
	char text[TEXT_CAP];
	char left[64];

	for (; o != NULL && o->name != NULL; o++) {
		text_message(c->lang, o->help, NULL, 0, text, sizeof(text));
		(void)snprintf(left, sizeof(left), "--%s%s%s", o->name, o->arg != NULL ? " " : "",
		    o->arg != NULL ? o->arg : "");
		(void)printf("  %-26s %s\n", left, text);
	}
}

static void
help_title(const struct cli *c, enum msg id)
{
	char text[TEXT_CAP];

	text_message(c->lang, id, NULL, 0, text, sizeof(text));
	(void)printf("\n%s\n", text);
}

static void
help_commands(const struct cli *c)
{
	char text[TEXT_CAP];

	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		text_message(c->lang, cli_commands[i]->summary, NULL, 0, text, sizeof(text));
		(void)printf("  %-16s %s\n", cli_commands[i]->name, text);
	}
}

void
cli_help(const struct cli *c, const struct cli_command *of)
{
	char text[TEXT_CAP];

	(void)printf("bashgah [-C CLUB] [--lang fa|en] [--json] %s%s%s%s\n",
	    of != NULL ? of->name : "COMMAND", of != NULL && of->options[0].name != NULL ? " [OPTIONS]" : "",
	    of != NULL && of->words[0] != '\0' ? " " : "", of != NULL ? of->words : "");
	if (of != NULL) {
		text_message(c->lang, of->summary, NULL, 0, text, sizeof(text));
		(void)printf("%s\n", text);
		if (of->options[0].name != NULL) {
			help_title(c, MSG_HELP_OPTIONS);
			help_options(c, of->options);
		}
	} else {
		help_title(c, MSG_HELP_COMMANDS);
		help_commands(c);
	}
	help_title(c, MSG_HELP_GLOBAL);
	text_message(c->lang, MSG_OPT_FOLDER, NULL, 0, text, sizeof(text));
	(void)printf("  %-26s %s\n", "-C CLUB", text);
	help_options(c, global_options);
	help_title(c, MSG_HELP_EXIT);
}
