/*
 * The customer's page: GET /C/<TOKEN> answers what the shop owes the holder of that
 * card, out of view.db and nothing else. A process of its own, with no key and no
 * name in reach; it writes nothing, sets no cookie and runs no script.
 *
 * Whatever is not an open card (unknown, closed or malformed token, any other path)
 * gets one and the same answer, byte for byte: 404 with a page that says so. 404
 * because it is true of all of them, keeps robots and caches away, and tells no
 * more than the page does. While view.db cannot be read every path gets 503.
 */
#ifndef STATION_WEB_PORTAL_H
#define STATION_WEB_PORTAL_H

#include <signal.h>
#include <stdint.h>

#include "station/base/err.h"

#define PORTAL_ADDRESS_DEFAULT "127.0.0.1"

struct portal_options {
	const char *view_path;		/* view.db */
	const char *address;		/* numeric, IPv4 or IPv6; NULL: PORTAL_ADDRESS_DEFAULT */
	uint16_t port;			/* 0: any free one */
	const char *club_name;		/* above the page; NULL: none. UTF-8, as typed */
	const char *zone;		/* the club's time zone; NULL: Tehran */
	const volatile sig_atomic_t *stop; /* ends when it is not 0; looked at five times a second */
	/* called once, when requests are being taken; may be NULL */
	void (*listening)(void *ctx, const char *address, uint16_t port);
	void *ctx;
};

/*
 * Serve until *stop. Blocks; SIGPIPE is ignored from then on. All of `o` is borrowed.
 * Errors: ERR_MISSING, ERR_DB_DAMAGED, ERR_DB_NEWER (view.db at the start), ERR_ARG (not an
 * address; club.db instead of view.db), ERR_IO (the port is taken or not allowed), ERR_NOMEM.
 */
enum err portal_run(const struct portal_options *o, struct why *w);

#endif
