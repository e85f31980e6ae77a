#include "station/cli/printer_offer.h"

#include <stdio.h>
#include <string.h>

#include "printer/printer.h"

/* As many sizes as a person reads; --json has all. */
#define SIZES_SHOWN 4
#define CHOICES_CAP 72

/* A driver's words, cleaned as facts are. */
static void
fact(const struct cli *c, enum msg label, enum msg pattern, const struct why_in *facts, unsigned n)
{
	char name[TEXT_SHORT_CAP];
	char text[TEXT_CAP];
	char line[TEXT_CAP + TEXT_SHORT_CAP + 16];

	text_message(c->lang, label, NULL, 0, name, sizeof(name));
	text_message(c->lang, pattern, facts, n, text, sizeof(text));
	(void)snprintf(line, sizeof(line), "      %s: %s", name, text);
	cli_line(c, line);
}

/* Micrometres as millimetres: "85.6", «۸۵٫۶». */
static void
length(enum lang lang, int um, char *out, size_t cap)
{
	char ascii[32];
	char *point;
	int n = snprintf(ascii, sizeof(ascii), "%d.%02d", um / 1000, um % 1000 / 10);

	while (n > 1 && ascii[n - 1] == '0')
		ascii[--n] = '\0';
	if (n > 1 && ascii[n - 1] == '.')
		ascii[--n] = '\0';
	text_digits(lang, ascii, out, cap);
	point = strchr(out, '.');
	if (lang != LANG_FA || point == NULL)
		return;
	*point = '\0';
	(void)snprintf(ascii, sizeof(ascii), "%s", point + 1);
	n = (int)strlen(out);
	(void)snprintf(out + n, cap - (size_t)n, "٫%s", ascii);
}

static void
say_size(const struct cli *c, const struct print_medium *m, bool card)
{
	char width[TEXT_SHORT_CAP];
	char height[TEXT_SHORT_CAP];

	length(c->lang, m->width_um, width, sizeof(width));
	length(c->lang, m->height_um, height, sizeof(height));
	fact(c, MSG_LABEL_SIZE, card ? MSG_OFFER_SIZE_CARD : MSG_OFFER_SIZE,
	    (const struct why_in[]){WHY_STR(width), WHY_STR(height)}, 2);
}

static void
sizes(const struct cli *c, const struct print_offer *o, json_t *entry)
{
	const struct print_medium *card = offer_medium(o, CARD_WIDTH_UM, CARD_HEIGHT_UM);
	json_t *list = json_array();
	size_t shown = 0;

	if (card != NULL)
		say_size(c, card, true);
	else
		fact(c, MSG_LABEL_SIZE, MSG_OFFER_NO_CARD, NULL, 0);
	for (size_t i = 0; o->medium != NULL && i < o->medium_count; i++) {
		const struct print_medium *m = &o->medium[i];

		if (m != card && shown++ < SIZES_SHOWN)
			say_size(c, m, false);
		(void)json_array_append_new(list, json_pack("{s:s, s:i, s:i}", "name", m->name,
		    "width_um", m->width_um, "height_um", m->height_um));
	}
	(void)json_object_set_new(entry, "sizes", list);
	(void)json_object_set_new(entry, "card_size", card != NULL ? json_string(card->name) : json_null());
}

static void
resolution_and_sides(const struct cli *c, const struct print_offer *o, json_t *entry)
{
	json_t *list = json_array();

	for (size_t i = 0; i < o->dpi_count; i++) {
		fact(c, MSG_LABEL_DPI, MSG_OFFER_DPI, (const struct why_in[]){WHY_NUM(o->dpi[i])}, 1);
		(void)json_array_append_new(list, json_integer(o->dpi[i]));
	}
	/* without a driver nothing is told */
	if (o->medium_count > 0)
		fact(c, MSG_LABEL_SIDES, o->two_sided ? MSG_OFFER_TWO_SIDES : MSG_OFFER_ONE_SIDE,
		    NULL, 0);
	(void)json_object_set_new(entry, "dpi", list);
	(void)json_object_set_new(entry, "two_sided", json_boolean(o->two_sided));
	(void)json_object_set_new(entry, "color", json_boolean(o->color));
	(void)json_object_set_new(entry, "wandering", json_boolean(o->wandering));
	if (o->wandering)
		fact(c, MSG_LABEL_ADDRESS, MSG_OFFER_WANDERING, NULL, 0);
}

/* "YMCKO, KO", as many whole names as a line holds. */
static void
name_choices(const struct print_option *p, char out[CHOICES_CAP])
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < p->choice_count; i++) {
		const char *name = p->choice[i].name;

		if (used + strlen(name) + sizeof(", …") > CHOICES_CAP) {
			(void)snprintf(out + used, CHOICES_CAP - used, "…");
			return;
		}
		used += (size_t)snprintf(out + used, CHOICES_CAP - used, "%s%s", name,
		    i + 1 < p->choice_count ? ", " : "");
	}
}

static json_t *
json_choices(const struct print_option *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->choice_count; i++)
		(void)json_array_append_new(list, json_pack("{s:s, s:s}", "name", p->choice[i].name,
		    "text", p->choice[i].text));
	return list;
}

static void
say_option(const struct cli *c, const struct print_option *p)
{
	char names[CHOICES_CAP];

	name_choices(p, names);
	fact(c, p->about == PRINT_ABOUT_RIBBON ? MSG_LABEL_RIBBON : MSG_LABEL_PANEL, MSG_OFFER_OPTION,
	    (const struct why_in[]){WHY_STR(p->text), WHY_CODE(p->name), WHY_CODE(names),
	    WHY_CODE(p->preset)}, 4);
}

static void
options(const struct cli *c, const struct print_offer *o, json_t *entry)
{
	static const char *const about[] = {"other", "ribbon", "panel"};
	json_t *list = json_array();
	int64_t others = 0;

	for (size_t i = 0; i < o->option_count; i++) {
		const struct print_option *p = &o->option[i];

		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", p->name,
		    "text", p->text, "preset", p->preset, "about", about[p->about], "choices",
		    json_choices(p)));
		if (p->about == PRINT_ABOUT_OTHER)
			others++;
		else
			say_option(c, p);
	}
	if (others > 0)
		fact(c, MSG_LABEL_OPTIONS, MSG_OFFER_OTHERS, (const struct why_in[]){WHY_NUM(others)}, 1);
	(void)json_object_set_new(entry, "options", list);
}

static void
supplies(const struct cli *c, const struct print_offer *o, json_t *entry)
{
	json_t *list = json_array();

	for (size_t i = 0; i < o->supply_count; i++) {
		const struct print_supply *s = &o->supply[i];
		const struct why_in facts[] = {WHY_STR(s->name), WHY_NUM(s->percent)};

		fact(c, MSG_LABEL_SUPPLY, s->percent >= 0 ? MSG_OFFER_LEVEL : MSG_OFFER_LEVEL_UNKNOWN, facts, 2);
		(void)json_array_append_new(list, json_pack("{s:s, s:o}", "name", s->name, "percent",
		    s->percent >= 0 ? json_integer(s->percent) : json_null()));
	}
	(void)json_object_set_new(entry, "supplies", list);
}

void
cli_printer_offer(const struct cli *c, const char *queue, json_t *entry)
{
	struct print_queue *q = NULL;
	struct print_offer *o = NULL;
	struct why w;

	if (queue_open(queue, &q, &w) != ERR_OK || queue_offer(q, &o, &w) != ERR_OK) {
		char text[TEXT_CAP];

		text_render(c->lang, &w, text, sizeof(text));
		cli_line(c, text);
		queue_close(&q);
		return;
	}
	fact(c, MSG_LABEL_MODEL, MSG_OFFER_TEXT, (const struct why_in[]){WHY_CODE(o->model)}, 1);
	sizes(c, o, entry);
	resolution_and_sides(c, o, entry);
	options(c, o, entry);
	supplies(c, o, entry);
	offer_free(&o);
	queue_close(&q);
}
