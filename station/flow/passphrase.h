/* Another passphrase, or PIN, for the station's safe. */
#ifndef STATION_FLOW_PASSPHRASE_H
#define STATION_FLOW_PASSPHRASE_H

#include "station/flow/station.h"

/*
 * Put `fresh` in place of `old` at a station opened without keys, with a row in the journal that tells neither. Copies of
 * the safe that lie elsewhere go on opening with the old one. Errors: those of safe_change_passphrase and of the book.
 */
enum err station_change_passphrase(struct station *s, const char *old, const char *fresh, struct why *w);

#endif
