#include "tests/support/cups_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HELP_TRIES 1200
#define HELP_NS    50000000L

static char folder[64];

static bool
run_on_folder(const char *words)
{
	char command[256];
	snprintf(command, sizeof(command), "%s %s", words, folder);
	return system(command) == 0;
}

bool
cups_begin(void)
{
	char server[128];
	strcpy(folder, "/tmp/bashgah-cups.XXXXXX");
	if (mkdtemp(folder) == NULL) {
		folder[0] = '\0';
		return false;
	}
	if (!run_on_folder("sh tests/support/cups_start.sh")) {
		cups_end();
		return false;
	}
	snprintf(server, sizeof(server), "%s/cups.sock", folder);
	return setenv("CUPS_SERVER", server, 1) == 0;
}

void
cups_end(void)
{
	if (folder[0] == '\0')
		return;
	(void)run_on_folder("sh tests/support/cups_stop.sh");
	(void)run_on_folder("rm -rf");
	(void)unsetenv("CUPS_SERVER");
	folder[0] = '\0';
}

bool
cups_set(const char *settings)
{
	char command[256];
	snprintf(command, sizeof(command), "sh tests/support/cups_set.sh %s %s", folder, settings);
	return system(command) == 0;
}

bool
cups_again(void)
{
	return run_on_folder("sh tests/support/cups_again.sh");
}

bool
cups_add_drivers(void)
{
	return run_on_folder("sh tests/support/cups_ppd.sh");
}

const char *
cups_folder(void)
{
	return folder[0] != '\0' ? folder : NULL;
}

static void
put_word(const char *name, const char *word)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	if (f == NULL || fputs(word, f) < 0 || fclose(f) != 0)
		abort();
}

void
cups_play(const char *what)
{
	put_word("play", what);
}

void
cups_unplug(void)
{
	if (!run_on_folder("sh -c 'kill -9 $(cat $0/printer.pid) && rm $0/printer.pid'"))
		abort();
}

void
cups_help(void)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/helped", folder);
	put_word("helped", "");
	/* left there, it would help the next printer in trouble before anybody saw it */
	for (int tries = 0; access(path, F_OK) == 0 && tries < HELP_TRIES; tries++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = HELP_NS }, NULL);
	(void)unlink(path);
}
