#include "tests/support/real_club.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "station/base/secret.h"
#include "station/flow/gathering.h"

enum err
real_club_pass(void *ctx, char *out, size_t cap, struct why *w)
{
	(void)w;
	(void)snprintf(out, cap, "%s", (const char *)ctx);
	return ERR_OK;
}

static struct station *
open_station(const char *folder, const char *pass)
{
	char room[128];
	struct station *s;
	struct why w;

	(void)snprintf(room, sizeof(room), "%s", pass);
	assert_int_equal(station_open(folder, STATION_KEYS, real_club_pass, room, &s, &w), ERR_OK);
	return s;
}

void
real_club_prove(struct ceremony *c, unsigned index)
{
	char typed[SHARE_LINES * WORDS_CAP] = "", line[WORDS_LINE_CAP];
	struct why w;

	for (unsigned i = 0; i < SHARE_LINES; i++) {
		ceremony_line(c, index, i, WORDS_FA, line);
		(void)snprintf(typed + strlen(typed), sizeof(typed) - strlen(typed), "%s", strrchr(line, ' '));
	}
	assert_int_equal(ceremony_prove(c, index, typed, &w), ERR_OK);
	WIPE(typed);
	WIPE(line);
}

void
real_club_ceremony(const char *folder, const char *pass, unsigned count, unsigned needed, struct share *out)
{
	static const char *const names[SHARES_MAX] = {"A", "B", "C", "D", "E", "F", "G", "H", "I"};
	struct station *s = open_station(folder, pass);
	struct ceremony_plan plan = {.count = count, .needed = needed, .bits = 128,
	    .next = safe_get_info(s->safe)->epoch > 0};
	struct ceremony *c;
	struct why w;

	memcpy(plan.custodian, names, sizeof(names));
	assert_int_equal(ceremony_begin(s, &plan, &c, &w), ERR_OK);
	assert_int_equal(ceremony_make(c, &w), ERR_OK);
	for (unsigned i = 1; i <= count; i++) {
		real_club_prove(c, i);
		out[i - 1] = *ceremony_share(c, i);
	}
	assert_int_equal(ceremony_finish(s, c, NULL, pass, strlen(pass), &w), ERR_OK);
	ceremony_close(&c);
	station_close(&s);
}

enum err
real_club_type(struct gathering *g, const struct share *paper, struct why *w)
{
	char line[WORDS_LINE_CAP];
	enum err e = ERR_OK;

	for (unsigned i = 0; e == ERR_OK && i < SHARE_LINES; i++) {
		words_spell(paper, i, WORDS_FA, line);
		e = gathering_line(g, i, line, w);
	}
	WIPE(line);
	return e;
}

void
real_club_drill(const char *folder, const char *pass, const struct share *paper, unsigned count)
{
	struct station *s = open_station(folder, pass);
	struct gathering_report report;
	struct gathering *g;
	struct why w;

	assert_int_equal(gathering_begin(s, &g, &w), ERR_OK);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(real_club_type(g, &paper[i], &w), ERR_OK);
	assert_int_equal(gathering_drill(g, &report, &w), ERR_OK);
	gathering_close(&g);
	station_close(&s);
}

void
real_club_keys(const char *folder, const char *pass)
{
	struct share paper[2];

	real_club_ceremony(folder, pass, 2, 2, paper);
	real_club_drill(folder, pass, paper, 2);
	WIPE(paper);
}
