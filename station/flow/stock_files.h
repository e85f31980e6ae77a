/* Inside of stock: the files of one lot for a print house. Only station/flow includes this. */
#ifndef STATION_FLOW_STOCK_FILES_H
#define STATION_FLOW_STOCK_FILES_H

#include "keys/pin.h"
#include "station/flow/stock.h"

/* A card of the lot while its files are made: the only moment at which a PIN is known here. */
struct stock_item {
	struct store_stock card;
	char pin[PIN_DIGITS + 1];	/* "" without */
};

struct stock_lot_files {
	struct station *s;
	const struct stock_order *order;
	struct store_stock_lot lot;
	struct stock_item *items;	/* lot.count of them */
	char folder[STATION_PATH_CAP];
};

/* cards.csv, cards.pdf and manifest.json into `folder`, synced; fills lot.manifest. Errors: as stock_export. */
enum err stock_files_make(struct stock_lot_files *f, struct why *w);

/* Would a card of this order come out? Errors: those of design_load and design_check. */
enum err stock_files_check(struct station *s, const struct stock_order *o, struct why *w);

/* Does `folder` hold the manifest of this lot, whole? */
bool stock_files_are(const char *folder, const struct store_stock_lot *lot);

#endif
