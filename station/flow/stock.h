/*
 * Pre-printed cards: numbers, addresses and PINs for a print house, and the card taken from the box later. A
 * card of stock is dead until it is bound: its address has no page, like one that nobody ever made.
 */
#ifndef STATION_FLOW_STOCK_H
#define STATION_FLOW_STOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "station/base/err.h"
#include "station/flow/station.h"
#include "station/store/stock.h"
#include "station/text/text.h"

#define STOCK_COUNT_MAX 10000

struct stock_order {
	uint32_t count;			/* 1..STOCK_COUNT_MAX */
	const char *design;		/* as artwork_request.design */
	enum lang lang;
	uint8_t application;		/* APP_LOYALTY, APP_GIFT or APP_DISCOUNT */
	uint8_t tier;
	bool pins;
	const char *folder;		/* must be there; "lot-0001" is made in it */
};

struct stock_report {
	struct store_stock_lot lot;
	char folder[STATION_PATH_CAP];	/* of its files: cards.csv, cards.pdf, manifest.json */
	unsigned finished;		/* lots of before whose files have only now got their name */
};

/*
 * Take numbers from the station's range, make tokens, PINs and files, enter the cards as dead stock, and give
 * the files their name, in this order: killed anywhere, either nobody has the files, or the book knows their
 * cards; files complete but nameless get their name by the next export into that folder. The CSV is
 * the only place with PINs; all files are the owner's alone. Errors: ERR_RANGE (count; numbers used up), ERR_MISSING
 * (folder), ERR_DUPLICATE, ERR_DISK_FULL, ERR_IO, those of design_load and design_check, ERR_RANDOM.
 */
enum err stock_export(struct station *s, const struct stock_order *o, struct stock_report *out,
    struct why *w);

/* Close a lot: what of it is not bound never will be. Errors: ERR_NOT_FOUND, ERR_REFUSED (closed already). */
enum err stock_void(struct station *s, uint32_t lot, struct why *w);

/*
 * The card of stock that staff hold: its number typed, or its QR as a scanner types it (token_scan); with `pin` also
 * whether that is right (NULL: not asked). Errors: ERR_NOT_FOUND (none of this station's stock), ERR_REFUSED (bound
 * already, its lot is closed, a wrong PIN, or too many of them before, with or without `pin`), those of token_scan. Wipe `out`.
 */
enum err stock_find(struct station *s, const char *typed, const char *pin, struct store_stock *out,
    struct store_stock_lot *lot, struct why *w);

/* "loyalty", "gift", "discount": what stock can be. Errors: ERR_ARG. */
enum err stock_application(const char *name, uint8_t *out, struct why *w);
const char *stock_application_name(uint8_t application);

#endif
