/* The words and looks of the customer's page. Private to the portal. */
#ifndef STATION_WEB_PORTAL_PAGE_H
#define STATION_WEB_PORTAL_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "station/store/view.h"
#include "station/text/text.h"

/* A page and its headers stay below 14 kB: one round trip on a slow phone. */
#define PAGE_CAP 12288
#define PAGE_CSP_CAP 256

/* What every page of one club needs. Borrowed. */
struct page_club {
	const char *name;	/* or NULL */
	const char *zone;	/* or NULL */
};

/* Each fills `out` and answers the length of the HTML. */
size_t page_card(enum lang lang, const struct page_club *club, const struct view_card *card,
    int64_t now_ms, char out[PAGE_CAP]);
/* The one answer to every address that leads nowhere. */
size_t page_neutral(enum lang lang, const struct page_club *club, char out[PAGE_CAP]);
size_t page_busy(enum lang lang, const struct page_club *club, char out[PAGE_CAP]);

/* The Content-Security-Policy that allows the pages' own style, by its SHA-256, and nothing else. */
void page_policy(char out[PAGE_CSP_CAP]);

#endif
