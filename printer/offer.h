/*
 * What a queue offers: sheets by size, resolution, sides, choices, supply levels. Read from the
 * queue itself; nothing is known beforehand about any printer.
 */
#ifndef PRINTER_OFFER_H
#define PRINTER_OFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "station/base/err.h"

#define PRINT_DPI_MAX 8

/* A sheet or card the queue takes. Lengths in micrometres, as the printer feeds it. */
struct print_medium {
	char *name;		/* what the queue calls it: "custom_cr80_53.98x85.6mm", "w155h244" … */
	int width_um, height_um;
};

/* What an option is about, by its words. */
enum print_about { PRINT_ABOUT_OTHER, PRINT_ABOUT_RIBBON, PRINT_ABOUT_PANEL };

struct print_choice {
	char *name;		/* to be given to the queue */
	char *text;		/* for people, in the driver's words */
};

struct print_option {
	char *name, *text;
	char *preset;		/* the choice taken without a word, "" if not told */
	enum print_about about;
	struct print_choice *choice;
	size_t choice_count;
};

struct print_supply {
	char *name;
	int percent;		/* 0..100, -1 if the printer does not tell */
};

struct print_offer {
	char *model;
	unsigned dpi[PRINT_DPI_MAX];	/* across the feed */
	size_t dpi_count;
	bool color;
	bool two_sided;
	bool wandering;		/* the printer's address is looked up on the network at each job */
	struct print_medium *medium;
	size_t medium_count;
	struct print_option *option;
	size_t option_count;
	struct print_supply *supply;
	size_t supply_count;
};

/* An option wished for a job. Borrowed for the call. */
struct print_setting {
	const char *name, *value;
};

/*
 * The medium nearest to that size, in either direction, whatever its name: at most 1 mm
 * smaller and 4 mm larger (card printers take room to print over the edge) a side. NULL if there is none.
 */
const struct print_medium *offer_medium(const struct print_offer *o, int width_um, int height_um);

/*
 * Of the sheets about as wide as a roll of `width_um` the shortest that holds `height_um`, else the
 * longest. NULL if there is none.
 */
const struct print_medium *offer_roll(const struct print_offer *o, int width_um, int height_um);

/* NULL if the queue offers no such option; names without regard to case. */
const struct print_option *offer_option(const struct print_offer *o, const char *name);

/*
 * ERR_OK if the queue offers every one. Errors: ERR_ARG naming `queue`, the option or the value, and
 * what there is instead.
 */
enum err offer_check(const struct print_offer *o, const char *queue,
    const struct print_setting *s, size_t count, struct why *w);

/* NULL-safe; nulls the caller's pointer. */
void offer_free(struct print_offer **o);

/* --- for whoever fills one; strings are copied. False without memory. */

bool offer_add_medium(struct print_offer *o, const char *name, int width_um, int height_um);
/* One that is there already gets no second: its choices may grow. NULL without memory. */
struct print_option *offer_add_option(struct print_offer *o, const char *name, const char *text);
bool option_add_choice(struct print_option *p, const char *name, const char *text);
bool option_preset(struct print_option *p, const char *choice);
bool offer_add_supply(struct print_offer *o, const char *name, int percent);
void offer_add_dpi(struct print_offer *o, unsigned dpi);

#endif
