#include "tests/support/stations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "station/base/file.h"
#include "station/flow/settings.h"

void
stations_path(const struct stations *s, const char *name, char out[STATION_PATH_CAP])
{
	(void)snprintf(out, STATION_PATH_CAP, "%s/%s", s->f.folder, name);
}

struct root *
stations_root(const struct stations *s)
{
	char path[STATION_PATH_CAP];
	struct root *root;

	stations_path(s, STATION_ROOT, path);
	assert_int_equal(root_open(path, SAFE_PRACTICE_PASSPHRASE, strlen(SAFE_PRACTICE_PASSPHRASE), &root, NULL),
	    ERR_OK);
	return root;
}

void
stations_certify(struct stations *s, const char *request, const char *name, bool replace, struct cert *out)
{
	struct root *root = stations_root(s);
	char cert[STATION_PATH_CAP];
	const struct certify_options o = {.request = request, .root = root, .out = cert, .replace = replace};

	stations_path(s, name, cert);
	assert_int_equal(station_certify(s->f.station, &o, out, &s->f.why), ERR_OK);
	root_close(&root);
}

static void
install(struct stations *s, const char *cert)
{
	char keys[STATION_PATH_CAP];
	struct cert c;

	stations_path(s, STATION_SAFE, keys);
	assert_int_equal(station_open(s->second.folder, STATION_UNCERTIFIED, NULL, NULL, &s->second.station,
	    &s->f.why), ERR_OK);
	assert_int_equal(station_install(s->second.station, cert, &c, &s->f.why), ERR_OK);
	assert_int_equal(station_practice_keys(s->second.station, keys, &s->f.why), ERR_OK);
	station_close(&s->second.station);
	assert_int_equal(station_open(s->second.folder, STATION_KEYS, NULL, NULL, &s->second.station, &s->f.why),
	    ERR_OK);
}

void
stations_open(struct stations *s, const char *name, enum role role)
{
	char second[128], club[STATION_PATH_CAP], request[STATION_PATH_CAP], cert[STATION_PATH_CAP];
	struct cert given;
	struct join_options o = {.role = role, .designs_from = "printer/designs"};
	struct join_report r;

	memset(s, 0, sizeof(*s));
	club_fixture_open(&s->f, name);
	(void)snprintf(second, sizeof(second), "%s-second", name);
	club_fixture_place(second, s->second.folder, sizeof(s->second.folder));
	folder_remove(s->second.folder);
	stations_path(s, "club.file", club);
	stations_path(s, "second.request", request);
	stations_path(s, "second.cert", cert);
	o.folder = s->second.folder;
	o.club_file = club;
	o.request = request;
	assert_int_equal(station_export_club(s->f.station, club, &s->f.why), ERR_OK);
	assert_int_equal(station_join(&o, &r, &s->f.why), ERR_OK);
	assert_int_equal(r.station, 2);
	stations_certify(s, request, "second.cert", false, &given);
	install(s, cert);
}

void
stations_close(struct stations *s)
{
	const bool own_chip = s->second.chip != s->f.chip;

	/* readers before the cards that lie on them, whoever's */
	reader_close(&s->second.reader);
	reader_close(&s->f.reader);
	if (own_chip)
		sim_card_free(&s->second.chip);
	station_close(&s->second.station);
	folder_remove(s->second.folder);
	club_fixture_close(&s->f);
}

enum err
stations_bring_lists(struct stations *s, struct why *w)
{
	char path[STATION_PATH_CAP];
	struct lists_taken taken;
	enum err e;

	stations_path(s, "lists.file", path);
	e = lists_export(s->f.station, path, w);
	return e == ERR_OK ? lists_import(s->second.station, path, &taken, w) : e;
}

void
stations_move_card(struct stations *s)
{
	reader_close(&s->second.reader);
	assert_int_equal(sim_reader_open(s->f.chip, false, &s->second.reader, &s->f.why), ERR_OK);
}
