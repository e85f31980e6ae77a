/* bashgah design: the card designs of a club: which there are, what is wrong with one, how it looks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "station/base/file.h"
#include "station/cli/commands.h"
#include "station/cli/sample.h"
#include "station/club/tier.h"

#define FRONT_END "-front.svg"
#define BACK_END  "-back.svg"
/* No card printer is coarser than 200 dots an inch. */
#define CHECK_DPI_MIN 200
#define FACES_MAX 3

/* --- list */

struct listing {
	struct cli *c;
	json_t *list;
};

static void
tell_design(void *ctx, const char *name, const char *parent)
{
	struct listing *l = ctx;
	char line[TEXT_CAP];

	(void)snprintf(line, sizeof(line), "  %-28s %s", name, parent != NULL ? parent : "");
	cli_line(l->c, line);
	(void)json_array_append_new(l->list, json_pack("{s:s, s:s?}", "name", name, "parent", parent));
}

static enum err
run_list(struct cli *c, struct why *w)
{
	char room[STATION_PATH_CAP];
	const char *folder = cli_club_designs(c, room);
	struct listing l = {c, json_array()};
	enum err e = design_list(folder, tell_design, &l, w);

	cli_json_str(c, "folder", folder);
	(void)json_object_set_new(c->root, "designs", l.list);
	if (e == ERR_OK && json_array_size(l.list) == 0)
		cli_say(c, MSG_DESIGN_NONE, (const struct why_in[]){WHY_CODE(folder)}, 1);
	return e;
}

static const struct cli_option no_options[] = {{NULL, NULL, MSG_NONE}};

const struct cli_command command_design_list = {
	"design list", "", 0, 0, MSG_CMD_DESIGN_LIST, no_options, run_list,
};

/* --- check */

static const struct cli_option check_options[] = {
	{"dpi", "N", MSG_OPT_PRINTER_DPI},
	{"name", "NAME", MSG_OPT_SAMPLE_NAME},
	{"card-lang", "fa|en", MSG_OPT_CARD_LANG},
	{NULL, NULL, MSG_NONE},
};

struct check {
	struct cli *c;
	const char *folder;
	unsigned dpi;
	unsigned findings;	/* of all designs together */
	json_t *list;
	struct inspection *found;
	enum err e;		/* of a design of a list, that ends it */
	struct why *w;
};

static bool
has_end(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n > k && strcmp(name + n - k, end) == 0;
}

/* File, element and words that a finding names, without the numbers. */
static json_t *
facts_of(const struct why *w)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < w->argc; i++)
		if (w->arg[i].type == WHY_T_STR || w->arg[i].type == WHY_T_CODE)
			(void)json_array_append_new(list, json_string(w->arg[i].str));
	return list;
}

static void
tell_findings(struct check *k, const char *name)
{
	const struct design_findings *f = &k->found->findings;
	json_t *of = json_object(), *list = json_array(), *fonts = json_array();
	char text[TEXT_CAP], line[TEXT_CAP + 8];

	cli_say(k->c, f->count == 0 ? MSG_DESIGN_SOUND : MSG_DESIGN_UNSOUND,
	    (const struct why_in[]){WHY_CODE(name), WHY_NUM(f->count)}, 2);
	for (unsigned i = 0; i < f->count; i++) {
		text_render(k->c->lang, &f->found[i], text, sizeof(text));
		(void)snprintf(line, sizeof(line), "  - %s", text);
		cli_line(k->c, line);
		(void)json_array_append_new(list, json_pack("{s:s, s:o, s:s}", "message",
		    msg_name(f->found[i].id), "facts", facts_of(&f->found[i]), "sentence", text));
	}
	if (f->more)
		cli_say(k->c, MSG_DESIGN_MORE, NULL, 0);
	text[0] = '\0';
	for (unsigned i = 0; i < k->found->font_count; i++) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? ", " : "", k->found->font[i]);
		(void)json_array_append_new(fonts, json_string(k->found->font[i]));
	}
	if (text[0] != '\0')
		cli_fact(k->c, MSG_LABEL_FONTS, text);
	(void)json_object_set_new(of, "name", json_string(name));
	(void)json_object_set_new(of, "findings", list);
	(void)json_object_set_new(of, "more", json_boolean(f->more));
	(void)json_object_set_new(of, "fonts", fonts);
	(void)json_array_append_new(k->list, of);
	k->findings += f->count;
}

/* The words of the design's own language with a long name of it, of the other, and the one asked for. */
static enum err
look(struct check *k, const char *folder, const char *name, const char *file)
{
	const char *asked = cli_value(k->c, "name");
	enum lang lang = sample_language(name);
	struct card_face faces[FACES_MAX];
	struct sample s;
	unsigned n = asked != NULL ? 3 : 2;
	enum err e = ERR_OK;

	if (cli_value(k->c, "card-lang") != NULL)
		e = cli_card_language(k->c, &lang, k->w);
	if (e != ERR_OK)
		return e;
	sample_fill(lang, name, NULL, NULL, &s);
	s.face.dpi = k->dpi;
	faces[0] = faces[1] = faces[2] = s.face;
	faces[1].name = sample_other_name(lang);
	faces[2].name = asked;
	e = file != NULL ? design_inspect_file(file, faces, n, k->found, k->w) :
	    design_inspect(folder, name, faces, n, k->found, k->w);
	if (e == ERR_OK)
		tell_findings(k, name);
	return e;
}

/* A name in the folder of designs, or a file: one side of a pair, or a design of its own. */
static enum err
look_at_word(struct check *k, const char *word)
{
	char folder[STATION_PATH_CAP], name[DESIGN_NAME_CAP];
	const char *slash = strrchr(word, '/'), *leaf = slash != NULL ? slash + 1 : word;
	const char *end = has_end(leaf, FRONT_END) ? FRONT_END : has_end(leaf, BACK_END) ? BACK_END : "";

	if (slash == NULL && !has_end(word, ".svg"))
		return look(k, k->folder, word, NULL);
	if (strlen(word) >= sizeof(folder) || strlen(leaf) >= sizeof(name))
		return why_set(k->w, ERR_LEN, MSG_FILE_MISSING, WHY_CODE(word));
	(void)snprintf(folder, sizeof(folder), "%.*s", slash != NULL ? (int)(slash - word) + 1 : 1,
	    slash != NULL ? word : ".");
	(void)snprintf(name, sizeof(name), "%.*s", (int)(strlen(leaf) - strlen(end)), leaf);
	return look(k, folder, name, *end != '\0' ? NULL : word);
}

static void
look_at_listed(void *ctx, const char *name, const char *parent)
{
	struct check *k = ctx;

	(void)parent;
	if (k->e == ERR_OK)
		k->e = look(k, k->folder, name, NULL);
}

static enum err
run_check(struct cli *c, struct why *w)
{
	char room[STATION_PATH_CAP];
	struct check k = {.c = c, .folder = cli_club_designs(c, room), .list = json_array(), .w = w};
	int64_t dpi;
	enum err e = cli_number(c, "dpi", CHECK_DPI_MIN, CARD_DPI_MAX, CARD_DPI, &dpi, w);

	(void)json_object_set_new(c->root, "designs", k.list);
	if (e != ERR_OK)
		return e;
	k.dpi = (unsigned)dpi;
	k.found = malloc(sizeof(*k.found));
	if (k.found == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	for (int i = 0; e == ERR_OK && i < c->word_count; i++)
		e = look_at_word(&k, c->word[i]);
	if (c->word_count == 0)
		e = design_list(k.folder, look_at_listed, &k, w);
	free(k.found);
	if (e == ERR_OK)
		e = k.e;
	cli_json_int(c, "findings", k.findings);
	if (e == ERR_OK && k.findings > 0)
		e = why_set(w, ERR_DESIGN, MSG_DESIGN_FINDINGS, WHY_NUM(k.findings));
	return e;
}

const struct cli_command command_design_check = {
	"design check", "[NAME|FILE]…", 0, CLI_WORDS_MAX, MSG_CMD_DESIGN_CHECK, check_options, run_check,
};

/* --- preview */

static const struct cli_option preview_options[] = {
	{"side", "front|back", MSG_OPT_PREVIEW_SIDE},
	{"dpi", "N", MSG_OPT_DPI},
	{"output", "FILE", MSG_OPT_OUTPUT},
	{"tier", "TIER", MSG_OPT_PREVIEW_TIER},
	{"app", "APP", MSG_OPT_PREVIEW_APP},
	{"name", "NAME", MSG_OPT_PREVIEW_NAME},
	{"photo", "FILE", MSG_OPT_PREVIEW_PHOTO},
	{"logo", "FILE", MSG_OPT_PREVIEW_LOGO},
	{"practice", NULL, MSG_OPT_PREVIEW_PRACTICE},
	{"card-lang", "fa|en", MSG_OPT_CARD_LANG},
	{NULL, NULL, MSG_NONE},
};

/* `*room` is the caller's, free() it; nothing if the option was not given. */
static enum err
take_picture(const struct cli *c, const char *option, struct card_picture *out, uint8_t **room,
    struct why *w)
{
	const char *path = cli_value(c, option);
	enum err e;

	*room = NULL;
	if (path == NULL)
		return ERR_OK;
	*room = malloc(DESIGN_PICTURE_CAP);
	if (*room == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = file_read(path, *room, DESIGN_PICTURE_CAP, &out->len, w);
	if (e == ERR_LEN)
		e = why_set(w, ERR_FORMAT, MSG_CARD_PICTURE_BAD, WHY_CODE(path));
	out->bytes = *room;
	return e;
}

static enum err
take_side(const struct cli *c, enum card_side *side, struct why *w)
{
	const char *given = cli_value(c, "side");

	*side = given != NULL && strcmp(given, "back") == 0 ? CARD_BACK : CARD_FRONT;
	if (given == NULL || *side == CARD_BACK || strcmp(given, "front") == 0)
		return ERR_OK;
	return why_set(w, ERR_USAGE, MSG_SIDE_UNKNOWN, WHY_CODE(given));
}

static enum err
draw(struct cli *c, const char *design, const struct card_face *face, struct why *w)
{
	char folder[STATION_PATH_CAP], name[DESIGN_NAME_CAP], path[STATION_PATH_CAP];
	const char *to = cli_value(c, "output");
	const char *lang = cli_value(c, "card-lang");
	bool kind = cli_value(c, "tier") != NULL || cli_value(c, "app") != NULL;
	const char *from = cli_club_designs(c, folder);
	struct design *d = NULL;
	enum card_side side;
	int64_t dpi;
	enum err e = take_side(c, &side, w);

	if (e == ERR_OK)
		e = cli_number(c, "dpi", CARD_DPI_MIN, CARD_DPI_MAX, CARD_DPI, &dpi, w);
	if (e != ERR_OK)
		return e;
	design_pick(from, design, lang != NULL && strcmp(lang, "en") == 0 ? lang : NULL,
	    kind ? face->application : NULL, kind ? face->tier_id : NULL, name);
	(void)snprintf(path, sizeof(path), "%s-%s.png", name, side == CARD_FRONT ? "front" : "back");
	if (to == NULL)
		to = path;
	e = design_load(from, name, &d, w);
	if (e == ERR_OK)
		e = card_render_png(d, face, side, (unsigned)dpi, to, w);
	design_free(&d);
	cli_json_str(c, "design", name);
	cli_json_str(c, "picture", e == ERR_OK ? to : "");
	if (e == ERR_OK)
		cli_say(c, MSG_DESIGN_DRAWN, (const struct why_in[]){WHY_CODE(name), WHY_CODE(to)}, 2);
	return e;
}

static enum err
run_preview(struct cli *c, struct why *w)
{
	enum lang lang = sample_language(c->word[0]);
	const char *tier = cli_value(c, "tier");
	uint8_t *photo = NULL, *logo = NULL, index;
	struct sample s;
	enum err e = ERR_OK;

	if (cli_value(c, "card-lang") != NULL)
		e = cli_card_language(c, &lang, w);
	if (e == ERR_OK && tier != NULL)
		e = club_tier_parse(tier, &index, w);
	if (e != ERR_OK)
		return e;
	sample_fill(lang, c->word[0], tier, cli_value(c, "app"), &s);
	if (cli_value(c, "name") != NULL)
		s.face.name = cli_value(c, "name");
	s.face.test = cli_flag(c, "practice");
	e = take_picture(c, "photo", &s.face.photo, &photo, w);
	if (e == ERR_OK)
		e = take_picture(c, "logo", &s.face.logo, &logo, w);
	if (e == ERR_OK)
		e = draw(c, c->word[0], &s.face, w);
	free(photo);
	free(logo);
	return e;
}

const struct cli_command command_design_preview = {
	"design preview", "NAME", 1, 1, MSG_CMD_DESIGN_PREVIEW, preview_options, run_preview,
};
