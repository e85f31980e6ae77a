/* What a club chose at init, as kept in the book; and the names of a club folder's files. */
#ifndef STATION_FLOW_SETTINGS_H
#define STATION_FLOW_SETTINGS_H

#include "station/flow/station.h"

#define STATION_BOOK "club.db"
#define STATION_VIEW "view.db"
#define STATION_KEYS_DIR "keys"
#define STATION_SAFE "keys/station.safe"
#define STATION_ROOT "keys/root.safe"
#define STATION_ROOT_PUB "keys/root.pub"
#define STATION_CERT "keys/station.cert"
#define STATION_REQUEST "keys/station.request"	/* until the certificate is there */
#define STATION_DESIGNS "designs"
#define STATION_DESIGN "default"	/* the parent of the designs used when none is named */
#define STATION_PHOTOS "photos"		/* ID.png, ID.jpg; made by the club when it wants them */
#define STATION_PRINTS "prints"
#define STATION_CARDS "cards"

/* Set by the first print: the host stands on plastic from then on. */
#define SETTING_ROOT "club.root"	/* public key of the root this book belongs to, in hex */
#define SETTING_LIST_KEEPER "list.keeper"	/* "1": this station keeps the hot list; "0": another does */
#define SETTING_REGISTER "cert.register"	/* "0": certificates are given at another station */
#define SETTING_NUMBERS "cert.numbers"		/* "first+count": the numbers of the certificate in service */
#define SETTING_HOST_LOCKED "portal.locked"

/* Errors: ERR_DB_DAMAGED (a setting missing or not of its form), those of the store. */
enum err settings_read(struct store *db, struct station_settings *out, struct why *w);
/* In the caller's transaction. Errors: ERR_REFUSED (another host although cards with the present one are printed). */
enum err settings_write(struct store *db, const struct station_settings *set, struct why *w);

#endif
