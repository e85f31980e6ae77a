#include "station/web/portal.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "keys/digest.h"
#include "station/base/clock.h"
#include "station/base/log.h"
#include "station/web/portal_page.h"

#define TOKEN_CHARS 26
#define TOKEN_LEN 16
#define THREADS 2
#define CONNECTIONS 512	/* the library gives each thread its half */
#define CONNECTION_MEMORY 8192
#define IDLE_S 5
#define LIFE_NS INT64_C(10000000000)	/* a connection serves one request and is gone by then */
#define TICK_NS 200000000
/*
 * As many as may be let in: past it the kernel drops a client's first packets while the threads are
 * slow to accept, and that client waits for seconds.
 */
#define BACKLOG CONNECTIONS

/* A connection and the time it came: a client that sends a byte now and then never looks idle. */
struct guest {
	int fd;			/* -1: free */
	int64_t since_ns;
};

struct portal {
	const struct portal_options *o;
	struct page_club club;
	char policy[PAGE_CSP_CAP];
	pthread_mutex_t door;
	struct guest guests[CONNECTIONS];
};

/* --- the token */

static int
base32_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

/* 26 characters of RFC 4648 base32 as 128 bits; the two bits left over must be 0, so that a token has one spelling. */
static bool
decode_token(const char *s, uint8_t token[TOKEN_LEN])
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t used = 0;

	if (strnlen(s, TOKEN_CHARS + 1) != TOKEN_CHARS)
		return false;
	for (size_t i = 0; i < TOKEN_CHARS; i++) {
		int v = base32_value(s[i]);

		if (v < 0)
			return false;
		bits = (bits << 5 | (uint32_t)v) & 0xFFFu;
		have += 5;
		if (have >= 8) {
			have -= 8;
			token[used++] = (uint8_t)(bits >> have);
		}
	}
	return (bits & 3u) == 0;
}

/* --- one request */

/*
 * What the view says of an address. Every address costs the same work: one that holds
 * no token is looked up under the hash of zeros and then forgotten. ERR_NOT_FOUND
 * for all that is not an open card. The view is opened anew each time, so that a
 * file put in its place is seen at the next request.
 */
static enum err
find_card(const struct portal *portal, const char *url, struct view_card *card)
{
	uint8_t token[TOKEN_LEN] = {0};
	uint8_t hash[VIEW_HASH_LEN];
	struct view *view = NULL;
	struct why w;
	bool good = strncmp(url, "/C/", 3) == 0 || strncmp(url, "/c/", 3) == 0;
	enum err e;

	good = good && decode_token(url + 3, token);
	digest_sha256(token, sizeof(token), hash);
	memset(card, 0, sizeof(*card));
	e = view_open_read(portal->o->view_path, &view, &w);
	if (e == ERR_OK)
		e = view_lookup(view, hash, card, &w);
	view_close(&view);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		log_line(LOG_WARN, "web", "the view cannot be read: %s", err_name(e));
	return e == ERR_OK && (!good || !card->open) ? ERR_NOT_FOUND : e;
}

/* The headers of every answer of ours. */
static void
add_headers(const struct portal *portal, enum lang lang, struct MHD_Response *r)
{
	const char *const headers[][2] = {
		{"Content-Type", "text/html; charset=utf-8"},
		{"Content-Language", lang_tag(lang)},
		{"Content-Security-Policy", portal->policy},
		{"Cache-Control", "no-store"},
		{"Referrer-Policy", "no-referrer"},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		{"X-Robots-Tag", "noindex, nofollow"},
		{"Vary", "Accept-Language"},
		{"Connection", "close"},
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		(void)MHD_add_response_header(r, headers[i][0], headers[i][1]);
}

static enum MHD_Result
answer(const struct portal *portal, struct MHD_Connection *c, enum lang lang, unsigned status,
    char *page, size_t len)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(len, page, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result done;

	if (r == NULL)
		return MHD_NO;
	add_headers(portal, lang, r);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(r, "Allow", "GET, HEAD");
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		(void)MHD_add_response_header(r, "Retry-After", "30");
	done = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return done;
}

/* The reader's language: what the page's own link asks for, else the browser's. */
static enum lang
language_of(struct MHD_Connection *c)
{
	const char *asked = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "lang");
	enum lang lang;

	if (asked != NULL && lang_parse(asked, &lang))
		return lang;
	return lang_from_accept(MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept-Language"),
	    LANG_FA);
}

static enum MHD_Result
serve(void *ctx, struct MHD_Connection *c, const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_len, void **state)
{
	const struct portal *portal = ctx;
	enum lang lang = language_of(c);
	char page[PAGE_CAP];
	struct view_card card;
	enum err e;

	(void)version;
	(void)upload;
	(void)upload_len;
	(void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer(portal, c, lang, MHD_HTTP_METHOD_NOT_ALLOWED, page,
		    page_neutral(lang, &portal->club, page));
	e = find_card(portal, url, &card);
	if (e == ERR_OK)
		return answer(portal, c, lang, MHD_HTTP_OK, page,
		    page_card(lang, &portal->club, &card, clock_now_ms(), page));
	if (e == ERR_NOT_FOUND)
		return answer(portal, c, lang, MHD_HTTP_NOT_FOUND, page,
		    page_neutral(lang, &portal->club, page));
	return answer(portal, c, lang, MHD_HTTP_SERVICE_UNAVAILABLE, page,
	    page_busy(lang, &portal->club, page));
}

/* A token needs no escapes: taken as it stands, %00 cannot cut the address short. */
static size_t
keep_escapes(void *ctx, struct MHD_Connection *c, char *s)
{
	(void)ctx;
	(void)c;
	return strlen(s);
}

/* --- who is at the door */

static void
note_guest(void *ctx, struct MHD_Connection *c, void **mine, enum MHD_ConnectionNotificationCode code)
{
	struct portal *portal = ctx;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

	(void)pthread_mutex_lock(&portal->door);
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		for (size_t i = 0; info != NULL && i < CONNECTIONS && *mine == NULL; i++)
			if (portal->guests[i].fd < 0) {
				portal->guests[i] = (struct guest){info->connect_fd, clock_monotonic_ns()};
				*mine = &portal->guests[i];
			}
	} else if (*mine != NULL) {
		((struct guest *)*mine)->fd = -1;
		*mine = NULL;
	}
	(void)pthread_mutex_unlock(&portal->door);
}

/* Show out who has stayed too long: the library then sees the end of the stream and closes. */
static void
sweep(struct portal *portal)
{
	int64_t now = clock_monotonic_ns();

	(void)pthread_mutex_lock(&portal->door);
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (portal->guests[i].fd >= 0 && now - portal->guests[i].since_ns > LIFE_NS)
			(void)shutdown(portal->guests[i].fd, SHUT_RDWR);
	(void)pthread_mutex_unlock(&portal->door);
}

/* --- start and end */

/* The station's own database never goes near the network, not even by a slip in the options. */
static enum err
check_view(const char *path, struct why *w)
{
	const char *base = strrchr(path, '/');
	struct view *view = NULL;
	enum err e;

	if (strcmp(base != NULL ? base + 1 : path, "club.db") == 0)
		return why_set(w, ERR_ARG, MSG_PORTAL_NOT_VIEW, WHY_CODE(path));
	e = view_open_read(path, &view, w);
	view_close(&view);
	return e;
}

static enum err
listen_refused(struct why *w, const char *address, uint16_t port)
{
	char place[WHY_STR_CAP];

	(void)snprintf(place, sizeof(place), "%s %u", address, (unsigned)port);
	if (errno == EADDRINUSE)
		return why_set(w, ERR_IO, MSG_PORTAL_PORT_TAKEN, WHY_CODE(place));
	return why_set(w, ERR_IO, MSG_PORTAL_PORT_REFUSED, WHY_CODE(place), WHY_NUM(errno));
}

/* A listening socket at a numeric address; the library's own would not say why it failed. */
static enum err
open_door(const char *address, uint16_t port, int *out, struct why *w)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	    .ai_socktype = SOCK_STREAM};
	struct addrinfo *at = NULL;
	char service[8];
	int yes = 1;
	int fd;

	(void)snprintf(service, sizeof(service), "%u", (unsigned)port);
	if (getaddrinfo(address, service, &hints, &at) != 0)
		return why_set(w, ERR_ARG, MSG_PORTAL_ADDRESS, WHY_CODE(address));
	fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
	    bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		(void)listen_refused(w, address, port);
		if (fd >= 0)
			(void)close(fd);
		freeaddrinfo(at);
		return ERR_IO;
	}
	freeaddrinfo(at);
	*out = fd;
	return ERR_OK;
}

static void
tell_port(const struct portal_options *o, const char *address, int fd)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	char service[8] = "0";

	if (o->listening == NULL)
		return;
	if (getsockname(fd, (struct sockaddr *)&at, &len) == 0)
		(void)getnameinfo((struct sockaddr *)&at, len, NULL, 0, service, sizeof(service),
		    NI_NUMERICSERV);
	o->listening(o->ctx, address, (uint16_t)strtoul(service, NULL, 10));
}

static struct MHD_Daemon *
start(struct portal *portal, int fd)
{
	return MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, serve, portal,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
	    MHD_OPTION_NOTIFY_CONNECTION, note_guest, portal,
	    MHD_OPTION_END);
}

enum err
portal_run(const struct portal_options *o, struct why *w)
{
	const char *address = o->address != NULL ? o->address : PORTAL_ADDRESS_DEFAULT;
	const struct timespec tick = {0, TICK_NS};
	struct portal portal = {.o = o, .club = {o->club_name, o->zone}};
	struct MHD_Daemon *daemon;
	int fd = -1;
	enum err e = check_view(o->view_path, w);

	if (e == ERR_OK)
		e = open_door(address, o->port, &fd, w);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < CONNECTIONS; i++)
		portal.guests[i].fd = -1;
	page_policy(portal.policy);
	(void)pthread_mutex_init(&portal.door, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	daemon = start(&portal, fd);
	if (daemon == NULL) {
		e = why_set(w, ERR_IO, MSG_PORTAL_NOT_STARTED);
		(void)close(fd);
		goto out;
	}
	tell_port(o, address, fd);
	while (*o->stop == 0) {
		(void)nanosleep(&tick, NULL);
		sweep(&portal);
	}
	/* closes the listening socket too */
	MHD_stop_daemon(daemon);
out:
	(void)pthread_mutex_destroy(&portal.door);
	return e;
}
