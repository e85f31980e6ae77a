#include "station/cli/sample.h"

#include <stdio.h>
#include <string.h>

#include "station/club/tier.h"

/* 23 October 2027, the last of Mehr 1406 */
#define SAMPLE_DAY 10157

static const char *const applications[] = {"loyalty", "gift", "discount", "staff", "guest"};

static const struct {
	const char *name, *club;
} words[] = {
	[LANG_FA] = {"سید محمدحسین میرمحمدصادقی‌نژاد", "باشگاه مشتریان گلستان"},
	[LANG_EN] = {"Constantin-Alexandru Popescu", "Golestan Customer Club"},
};

static bool
ends_with(const char *name, const char *id)
{
	size_t n = strlen(name), k = strlen(id);

	return n > k && name[n - k - 1] == '-' && strcmp(name + n - k, id) == 0;
}

static const char *
application_of(const char *design)
{
	for (size_t i = 0; i < sizeof(applications) / sizeof(applications[0]); i++)
		if (ends_with(design, applications[i]))
			return applications[i];
	return applications[0];
}

static uint8_t
tier_of(const char *design, const char *id)
{
	uint8_t tier;

	if (id != NULL && club_tier_parse(id, &tier, NULL) == ERR_OK)
		return tier;
	for (tier = 0; tier < TIER_COUNT; tier++)
		if (ends_with(design, club_tier_id(tier)))
			return tier;
	return TIER_SILVER;
}

void
sample_fill(enum lang lang, const char *design, const char *tier, const char *application,
    struct sample *out)
{
	const struct why_in day = WHY_DAY(SAMPLE_DAY);
	uint8_t t = tier_of(design, tier);

	memset(out, 0, sizeof(*out));
	text_card_number(lang, "6037124590864517", out->number, sizeof(out->number));
	text_message(lang, club_tier_name(t), NULL, 0, out->tier, sizeof(out->tier));
	text_message(lang, MSG_VALID_UNTIL, &day, 1, out->valid, sizeof(out->valid));
	out->face = (struct card_face){
		.name = words[lang].name, .number_text = out->number, .tier_id = club_tier_id(t),
		.tier_label = out->tier, .valid_text = out->valid, .club_name = words[lang].club,
		.site = "club.golestan.example.ir",
		.application = application != NULL ? application : application_of(design),
		.qr_text = "https://CLUB.GOLESTAN.EXAMPLE.IR/C/4F6QZJ7XK2M5R8T3W9YB1D0HCA",
	};
}

const char *
sample_other_name(enum lang lang)
{
	return words[lang == LANG_FA ? LANG_EN : LANG_FA].name;
}

enum lang
sample_language(const char *design)
{
	return ends_with(design, "en") || strstr(design, "-en-") != NULL ? LANG_EN : LANG_FA;
}
