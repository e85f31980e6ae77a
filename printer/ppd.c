#include "printer/ppd.h"

#include <string.h>

/* Keywords and texts have 40 and 80 characters at most; drivers are generous. The rest of a longer line is code. */
#define LINE_CAP 1024

/* Chosen by other means: by size, by sides, by the job. */
static const char *const not_ours[] = { "PageSize", "PageRegion", "Duplex" };

/* "*Keyword Choice/Text: …" cut into its parts; all borrow `line`. */
struct ppd_line {
	char *keyword, *choice, *text;
};

/* Ends at the colon; false if it is no statement. */
static bool
cut(char *line, struct ppd_line *p)
{
	char *colon = strchr(line, ':');
	if (line[0] != '*' || line[1] == '%' || colon == NULL)
		return false;
	*colon = '\0';
	p->keyword = line + 1;
	p->choice = strchr(p->keyword, ' ');
	if (p->choice != NULL)
		*p->choice++ = '\0';
	else
		p->choice = p->keyword + strlen(p->keyword);
	p->choice += strspn(p->choice, " \t");
	p->text = strchr(p->choice, '/');
	if (p->text != NULL)
		*p->text++ = '\0';
	return true;
}

static bool
ours(const char *name)
{
	for (size_t i = 0; i < sizeof(not_ours) / sizeof(not_ours[0]); i++)
		if (strcmp(name, not_ours[i]) == 0)
			return false;
	return true;
}

/* The value behind a "*DefaultX:", which `line` was cut at. */
static bool
take_preset(struct print_option *p, char *value)
{
	value += strspn(value, " \t\"");
	value[strcspn(value, "\r\n\"/")] = '\0';
	return option_preset(p, value);
}

/* `open` is the option between OpenUI and CloseUI, kept by name: the list may move. */
static bool
take_line(char *line, char open[LINE_CAP], struct print_offer *o)
{
	struct ppd_line p;
	if (!cut(line, &p))
		return true;
	if (strcmp(p.keyword, "OpenUI") == 0 && p.choice[0] == '*' && ours(p.choice + 1)) {
		snprintf(open, LINE_CAP, "%s", p.choice + 1);
		return offer_add_option(o, open, p.text != NULL ? p.text : open) != NULL;
	}
	if (strcmp(p.keyword, "CloseUI") == 0)
		open[0] = '\0';
	if (open[0] == '\0')
		return true;
	struct print_option *at = offer_add_option(o, open, open);
	if (at == NULL)
		return false;
	if (strcmp(p.keyword, open) == 0 && *p.choice != '\0')
		return option_add_choice(at, p.choice, p.text != NULL ? p.text : p.choice);
	if (strncmp(p.keyword, "Default", 7) == 0 && strcmp(p.keyword + 7, open) == 0)
		return take_preset(at, p.keyword + strlen(p.keyword) + 1);
	return true;
}

bool
ppd_read(FILE *in, struct print_offer *o)
{
	char line[LINE_CAP], open[LINE_CAP] = "";
	bool whole = true;
	while (fgets(line, sizeof(line), in) != NULL) {
		bool first = whole;
		whole = strchr(line, '\n') != NULL;
		if (first && !take_line(line, open, o))
			return false;
	}
	return true;
}
