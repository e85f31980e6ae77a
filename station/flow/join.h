/*
 * Stations of one club: what a new one is told of it, how it asks for its certificate, and how it gets one.
 *
 *   at a station of the club      at the new one                    where the root is
 *   station_export_club  ->       station_join  -> request  ->      station_certify
 *                                 station_install  <- certificate <-
 *
 * One station keeps the register of certificates: the one init made. docs/stations.md walks through it.
 */
#ifndef STATION_FLOW_JOIN_H
#define STATION_FLOW_JOIN_H

#include "keys/request.h"
#include "station/flow/station.h"

#define JOIN_NUMBERS 1000000	/* card numbers and members' numbers allotted, if not said otherwise */

/* The club file, with the lists held here. `s` has its keys open. Errors: those of club_file_seal and of files. */
enum err station_export_club(struct station *s, const char *path, struct why *w);

struct join_options {
	const char *folder;		/* as in init_options */
	const char *club_file;
	const char *designs_from;
	uint32_t station;		/* 0: the one the file says is free */
	enum role role;
	const char *request;		/* where the request goes */
	const char *token;		/* RFC 7512 URI: the new keys in a token; NULL: in a file */
	station_passphrase ask;		/* for the new safe, asked for unless a practice club's in a file; or the PIN */
	void *ask_ctx;
};

struct join_report {
	char club_name[STATION_NAME_CAP];
	bool test;
	uint32_t station;
	uint8_t root_pub[PUBKEY_LEN];
};

/*
 * A station folder of the club of that file: settings, lists, a fresh signing key, no masters, no certificate.
 * Errors: ERR_CERT (the time of the station that made the file is over), those of club_file_open, lists_take,
 * station_init and of files.
 */
enum err station_join(const struct join_options *o, struct join_report *out, struct why *w);

/* A request for the key this station has: to renew its certificate, or for more numbers. */
enum err station_request(struct station *s, enum role role, const char *path, struct why *w);

struct certify_options {
	const char *request;
	const struct root *root;
	const char *out;		/* where the certificate goes; never over another file */
	bool has_role;			/* else the role that is asked for */
	enum role role;
	uint16_t valid_days;		/* 0: open */
	uint32_t numbers;		/* 0: JOIN_NUMBERS for a new station, for a known key what it had */
	bool replace;			/* the number is a station's whose key is lost: this key takes its place */
};

/*
 * Sign a certificate, with numbers nobody else has, and note it in the register before the file is there. A
 * known key's certificate is renewed. Errors: ERR_REFUSED (the register is kept elsewhere; another club's root or
 * request; the number is another key's), ERR_CERT (this station or that key is trusted no more), ERR_RANGE (no numbers are left),
 * ERR_DUPLICATE (the file exists), those of request_open and of files.
 */
enum err station_certify(struct station *s, const struct certify_options *o, struct cert *out,
    struct why *w);

/*
 * Take a certificate for this station's key into service, with its numbers. `s` may wait for its first
 * (STATION_UNCERTIFIED). Errors: ERR_REFUSED (another key's or station's; older than the one in service; practice
 * among real), ERR_CERT (not valid today), those of cert_verify and of files.
 */
enum err station_install(struct station *s, const char *path, struct cert *out, struct why *w);

/*
 * Practice clubs alone, which have no custodians: take the card keys of this station's role out of another
 * station's safe, whose public words open it. Open the folder anew after it. Errors: ERR_REFUSED (a real
 * club; another club's safe), those of safe_open and safe_import.
 */
enum err station_practice_keys(struct station *s, const char *safe_path, struct why *w);

#endif
