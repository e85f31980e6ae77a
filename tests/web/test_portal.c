/* web/portal: the customer's page, asked over real sockets out of a real view.db. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "keys/digest.h"
#include "station/base/clock.h"
#include "station/store/view.h"
#include "station/web/portal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ANSWER_CAP 65536
#define TOKEN_OPEN "AAAQEAYEAUDAOCAJBIFQYDIOB4"		/* 00 01 02 ... 0F */
#define TOKEN_CLOSED "CAIREEYUCULBOGAZDINRYHI6D4"	/* 10 11 12 ... 1F */
#define TOKEN_UNKNOWN "EAQSEIZEEUTCOKBJFIVSYLJOF4"	/* 20 21 22 ... 2F */
#define GET(path, more) "GET " path " HTTP/1.1\r\nHost: x\r\n" more "\r\n"
#define FA "Accept-Language: fa-IR,fa;q=0.9,en;q=0.5\r\n"
#define EN "Accept-Language: en-GB,en\r\n"

/* A portal on a free port of its own, in a thread, over a folder of its own. */
struct site {
	char dir[64];
	char view[96];
	volatile sig_atomic_t stop;
	struct portal_options o;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t ready;
	uint16_t port;
	enum err ended;
};

static struct site site;

static void
on_listening(void *ctx, const char *address, uint16_t port)
{
	struct site *s = ctx;

	(void)address;
	(void)pthread_mutex_lock(&s->lock);
	s->port = port;
	(void)pthread_cond_signal(&s->ready);
	(void)pthread_mutex_unlock(&s->lock);
}

static void *
run(void *ctx)
{
	struct site *s = ctx;
	struct why w;

	s->ended = portal_run(&s->o, &w);
	return NULL;
}

static struct view_card
silver(void)
{
	struct view_card c = {.open = true, .balance = 500000, .unit = 364, .valid_to_day = 10187,
	    .as_of_ms = INT64_C(1795330000000), .test = true};

	memcpy(c.tier_id, "silver", sizeof("silver"));
	return c;
}

/* Put a card under the token that counts up from `first`. */
static void
put_card(const char *path, uint8_t first, const struct view_card *c)
{
	uint8_t token[16];
	uint8_t hash[SHA256_LEN];
	struct view *v = NULL;
	struct why w;

	for (uint8_t i = 0; i < 16; i++)
		token[i] = (uint8_t)(first + i);
	digest_sha256(token, sizeof(token), hash);
	assert_int_equal(view_open_write(path, &v, &w), ERR_OK);
	assert_int_equal(view_put(v, hash, c, &w), ERR_OK);
	view_close(&v);
}

static void
fill_view(const char *path)
{
	struct view_card c = silver();

	put_card(path, 0x00, &c);
	c.open = false;
	put_card(path, 0x10, &c);
}

static int
open_site(void **state)
{
	(void)state;
	memset(&site, 0, sizeof(site));
	memcpy(site.dir, "/tmp/bashgah-portal-XXXXXX", sizeof("/tmp/bashgah-portal-XXXXXX"));
	assert_non_null(mkdtemp(site.dir));
	(void)snprintf(site.view, sizeof(site.view), "%s/view.db", site.dir);
	fill_view(site.view);
	site.o = (struct portal_options){.view_path = site.view, .club_name = "قنادی <b>\"آبان\" & پسران",
	    .stop = &site.stop, .listening = on_listening, .ctx = &site};
	(void)pthread_mutex_init(&site.lock, NULL);
	(void)pthread_cond_init(&site.ready, NULL);
	assert_int_equal(pthread_create(&site.thread, NULL, run, &site), 0);
	(void)pthread_mutex_lock(&site.lock);
	while (site.port == 0)
		(void)pthread_cond_wait(&site.ready, &site.lock);
	(void)pthread_mutex_unlock(&site.lock);
	return 0;
}

static int
close_site(void **state)
{
	struct dirent *entry;
	DIR *dir;

	(void)state;
	site.stop = 1;
	(void)pthread_join(site.thread, NULL);
	assert_int_equal(site.ended, ERR_OK);
	dir = opendir(site.dir);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	(void)closedir(dir);
	return rmdir(site.dir);
}

static int
dial(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(site.port)};
	struct timeval wait = {20, 0};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void
tell(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

/* Everything until the other side closes; NUL-ended. */
static size_t
hear(int fd, char *out)
{
	size_t len = 0;
	ssize_t n;

	while (len < ANSWER_CAP - 1 && (n = recv(fd, out + len, ANSWER_CAP - 1 - len, 0)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	(void)close(fd);
	return len;
}

static size_t
ask(const char *request, char *out)
{
	int fd = dial();

	tell(fd, request, strlen(request));
	return hear(fd, out);
}

static int
status_of(const char *answer)
{
	return strncmp(answer, "HTTP/1.", 7) == 0 && strlen(answer) > 12 ?
	    (int)strtol(answer + 9, NULL, 10) : 0;
}

/* The Date header names the second: blank it, so that answers can be compared whole. */
static void
blank_date(char *answer)
{
	char *p = strstr(answer, "Date: ");

	for (; p != NULL && *p != '\r' && *p != '\0'; p++)
		*p = '-';
}

#define HAS(answer, part) \
	do { \
		if (strstr((answer), (part)) == NULL) \
			fail_msg("«%s» is not in:\n%s", (part), (answer)); \
	} while (0)
#define HAS_NOT(answer, part) assert_null(strstr((answer), (part)))

static char answer[ANSWER_CAP];
static char other[ANSWER_CAP];

static void
a_persian_browser_reads_what_the_shop_owes(void **state)
{
	(void)state;
	(void)ask(GET("/C/" TOKEN_OPEN, FA), answer);
	assert_int_equal(status_of(answer), 200);
	HAS(answer, "<html lang=\"fa\" dir=\"rtl\">");
	HAS(answer, "طلب شما از فروشگاه</h1>");
	HAS(answer, "۵۰٬۰۰۰ تومان</p>");
	HAS(answer, "۵۰۰٬۰۰۰ ریال</p>");
	HAS(answer, "نقره‌ای");
	HAS(answer, "تا پایان ۱ آذر ۱۴۰۶");
	HAS(answer, "۱ آذر ۱۴۰۵، ساعت ۱۰:۱۶");
	HAS(answer, "آزمایشی");
	HAS_NOT(answer, "<script");
	HAS_NOT(answer, "قنادی <b>");
	HAS(answer, "قنادی &lt;b&gt;&quot;آبان&quot; &amp; پسران");
}

static void
an_english_browser_reads_the_same_in_english(void **state)
{
	(void)state;
	(void)ask(GET("/C/" TOKEN_OPEN, EN), answer);
	assert_int_equal(status_of(answer), 200);
	HAS(answer, "<html lang=\"en\" dir=\"ltr\">");
	HAS(answer, "What the shop owes you</h1>");
	HAS(answer, "50,000 toman</p>");
	HAS(answer, "500,000 rial</p>");
	HAS(answer, "Silver");
	HAS(answer, "until the end of 22 Nov 2027");
	HAS(answer, "22 Nov 2026, 10:16");
}

static void
the_pages_own_link_changes_the_language(void **state)
{
	(void)state;
	(void)ask(GET("/C/" TOKEN_OPEN "?lang=en", FA), answer);
	HAS(answer, "50,000 toman");
	HAS(answer, "href=\"?lang=fa\"");
	(void)ask(GET("/C/" TOKEN_OPEN "?lang=fa", EN), answer);
	HAS(answer, "۵۰٬۰۰۰ تومان");
	(void)ask(GET("/C/" TOKEN_OPEN "?lang=tlh&lang", EN), answer);
	HAS(answer, "50,000 toman");
}

static void
a_token_may_be_typed_in_lower_case(void **state)
{
	(void)state;
	(void)ask(GET("/c/aaaqeayeaudaocajbifqydiob4", EN), answer);
	assert_int_equal(status_of(answer), 200);
}

static void
every_answer_is_private_small_and_without_script(void **state)
{
	static const char *const requests[] = {
		GET("/C/" TOKEN_OPEN, FA), GET("/C/" TOKEN_UNKNOWN, FA), GET("/", EN),
		"DELETE / HTTP/1.1\r\nHost: x\r\n\r\n",
	};
	static const char *const headers[] = {
		"\r\nContent-Security-Policy: default-src 'none'; style-src 'sha256-", "frame-ancestors 'none'",
		"\r\nCache-Control: no-store\r\n", "\r\nReferrer-Policy: no-referrer\r\n",
		"\r\nX-Content-Type-Options: nosniff\r\n", "\r\nX-Robots-Tag: noindex",
		"\r\nContent-Type: text/html; charset=utf-8\r\n", "\r\nVary: Accept-Language\r\n",
		"\r\nConnection: close\r\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		size_t len = ask(requests[i], answer);

		for (size_t h = 0; h < COUNT(headers); h++)
			HAS(answer, headers[h]);
		HAS_NOT(answer, "unsafe-inline");
		HAS_NOT(answer, "Set-Cookie");
		assert_true(len < 14 * 1024);
		HAS(answer, "</html>\n");
	}
}

/* RFC 4648, the long way: the six bits of each letter counted out one by one. */
static void
slow_base64(const uint8_t *in, size_t bits, char *out)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0;

	for (size_t at = 0; at < bits; at += 6) {
		unsigned v = 0;

		for (size_t b = at; b < at + 6; b++)
			v = v << 1 | (b < bits ? (unsigned)(in[b / 8] >> (7 - b % 8)) & 1u : 0u);
		out[n++] = letters[v];
	}
	while (n % 4 != 0)
		out[n++] = '=';
	out[n] = '\0';
}

static void
the_policy_names_the_hash_of_the_pages_own_style(void **state)
{
	uint8_t hash[SHA256_LEN];
	char text[64];
	char *from;
	char *to;

	(void)state;
	(void)ask(GET("/", FA), answer);
	from = strstr(answer, "<style>");
	to = strstr(answer, "</style>");
	assert_true(from != NULL && to != NULL);
	from += strlen("<style>");
	digest_sha256(from, (size_t)(to - from), hash);
	slow_base64(hash, sizeof(hash) * 8, text);
	HAS(answer, text);
	HAS_NOT(answer, " style=\"");
}

static void
all_that_is_not_an_open_card_gets_the_same_bytes(void **state)
{
	static const char *const paths[] = {
		"/C/" TOKEN_CLOSED, "/", "/C/", "/C", "/favicon.ico", "/robots.txt", "/C/" TOKEN_OPEN "/",
		"/C/" TOKEN_OPEN "A", "/C/AAAQEAYEAUDAOCAJBIFQYDIOB", "/C/AAAQEAYEAUDAOCAJBIFQYDIOB5",
		"/C/AAAQEAYEAUDAOCAJBIFQYDIO1!", "/C/" TOKEN_OPEN "%00", "/D/" TOKEN_OPEN, "//C/" TOKEN_OPEN,
		"/C/../C/" TOKEN_OPEN, "/%43/" TOKEN_OPEN, "/C/00000000000000000000000000",
		"/C/\xC3\x28", "/C/' OR 1=1 --", "/C/" TOKEN_CLOSED "?x=1",
	};

	(void)state;
	(void)ask(GET("/C/" TOKEN_UNKNOWN, FA), answer);
	blank_date(answer);
	assert_int_equal(status_of(answer), 404);
	for (size_t i = 0; i < COUNT(paths); i++) {
		char request[512];

		(void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n" FA "\r\n", paths[i]);
		(void)ask(request, other);
		blank_date(other);
		/* a blank in the path is no HTTP at all: the library may refuse it, but it shows no card */
		if (strchr(paths[i], ' ') != NULL)
			HAS_NOT(other, "تومان");
		else
			assert_string_equal(other, answer);
	}
}

static void
head_gives_the_headers_of_get_and_no_body(void **state)
{
	char *body;

	(void)state;
	(void)ask(GET("/C/" TOKEN_OPEN, FA), answer);
	(void)ask("HEAD /C/" TOKEN_OPEN " HTTP/1.1\r\nHost: x\r\n" FA "\r\n", other);
	blank_date(answer);
	blank_date(other);
	body = strstr(answer, "\r\n\r\n");
	assert_non_null(body);
	body[4] = '\0';
	assert_string_equal(other, answer);
}

static void
other_methods_are_told_which_are_allowed(void **state)
{
	static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"};

	(void)state;
	for (size_t i = 0; i < COUNT(methods); i++) {
		char request[256];

		(void)snprintf(request, sizeof(request), "%s /C/" TOKEN_OPEN " HTTP/1.1\r\nHost: x\r\n"
		    "Content-Length: 5\r\n\r\nhello", methods[i]);
		(void)ask(request, answer);
		assert_int_equal(status_of(answer), 405);
		HAS(answer, "\r\nAllow: GET, HEAD\r\n");
		HAS_NOT(answer, "تومان");
	}
}

static void
garbage_and_floods_leave_the_portal_standing(void **state)
{
	static const char *const rows[] = {
		"\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03",
		"GET / HTTP/1.1\r\n\r\n", GET("/C/" TOKEN_OPEN, "Content-Length: -1\r\n"),
		"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
	};
	static char flood[200000];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd = dial();

		tell(fd, rows[i], strlen(rows[i]));
		(void)shutdown(fd, SHUT_WR);
		(void)hear(fd, answer);
	}
	memset(flood, 'A', sizeof(flood) - 1);
	memcpy(flood, "GET /C/", sizeof("GET /C/") - 1);
	(void)ask(flood, answer);
	assert_true(status_of(answer) != 200);
	assert_true(strlen(answer) < 14 * 1024);
	(void)ask(GET("/C/" TOKEN_OPEN, FA), answer);
	assert_int_equal(status_of(answer), 200);
}

static void
two_hundred_phones_at_once_are_all_answered(void **state)
{
	static const char request[] = GET("/C/" TOKEN_OPEN, FA);
	int fd[200];

	(void)state;
	/* all are at the door before the first has said a word */
	for (size_t i = 0; i < COUNT(fd); i++)
		fd[i] = dial();
	for (size_t i = 0; i < COUNT(fd); i++)
		tell(fd[i], request, sizeof(request) - 1);
	for (size_t i = 0; i < COUNT(fd); i++) {
		errno = 0;
		if (hear(fd[i], answer) == 0)
			fail_msg("phone %zu: no answer (%s)", i, strerror(errno));
		assert_int_equal(status_of(answer), 200);
		HAS(answer, "۵۰٬۰۰۰ تومان");
	}
}

/* Milliseconds until the portal closes, a header's byte being sent every `drip_ms` (0: none). */
static int64_t
stay(int drip_ms)
{
	int64_t began = clock_monotonic_ns();
	int fd = dial();
	struct pollfd p = {fd, POLLIN, 0};
	char byte = 'x';

	tell(fd, "GET / HTTP/1.1\r\nX: ", 19);
	while (clock_monotonic_ns() - began < INT64_C(30000000000)) {
		if (poll(&p, 1, drip_ms > 0 ? drip_ms : 30000) > 0)
			break;
		tell(fd, &byte, 1);
	}
	(void)close(fd);
	return (clock_monotonic_ns() - began) / 1000000;
}

static void *
stay_silent(void *ms)
{
	*(int64_t *)ms = stay(0);
	return NULL;
}

static void
who_dawdles_is_shown_out_and_nobody_waits_for_them(void **state)
{
	pthread_t silent;
	int64_t silent_ms;
	int64_t dripping_ms;

	(void)state;
	assert_int_equal(pthread_create(&silent, NULL, stay_silent, &silent_ms), 0);
	(void)ask(GET("/C/" TOKEN_OPEN, FA), answer);
	assert_int_equal(status_of(answer), 200);
	dripping_ms = stay(500);
	assert_int_equal(pthread_join(silent, NULL), 0);
	assert_true(silent_ms < 20000);
	assert_true(dripping_ms < 25000);
	(void)ask(GET("/C/" TOKEN_OPEN, FA), answer);
	assert_int_equal(status_of(answer), 200);
}

static void
serving_writes_nothing(void **state)
{
	struct stat file[2];
	struct stat dir[2];

	(void)state;
	assert_int_equal(stat(site.view, &file[0]), 0);
	assert_int_equal(stat(site.dir, &dir[0]), 0);
	(void)ask(GET("/C/" TOKEN_OPEN, FA), answer);
	(void)ask(GET("/C/" TOKEN_UNKNOWN, FA), answer);
	(void)ask("HEAD /C/" TOKEN_OPEN " HTTP/1.1\r\nHost: x\r\n\r\n", answer);
	assert_int_equal(stat(site.view, &file[1]), 0);
	assert_int_equal(stat(site.dir, &dir[1]), 0);
	assert_memory_equal(&file[0].st_mtim, &file[1].st_mtim, sizeof(file[0].st_mtim));
	assert_memory_equal(&dir[0].st_mtim, &dir[1].st_mtim, sizeof(dir[0].st_mtim));
	assert_true(file[0].st_size == file[1].st_size);
}

static void
a_changed_card_shows_at_the_next_look(void **state)
{
	struct view_card c = silver();

	(void)state;
	c.balance = -1234560;
	c.test = false;
	c.in_doubt = true;
	c.valid_to_day = 0;
	c.tier_id[0] = '\0';
	put_card(site.view, 0x00, &c);
	(void)ask(GET("/C/" TOKEN_OPEN, FA), answer);
	HAS(answer, "بدهی شما به فروشگاه</h1>");
	HAS(answer, "۱۲۳٬۴۵۶ تومان</p>");
	HAS(answer, "پس از مراجعهٔ بعدی شما تغییر کند");
	HAS(answer, "بدون تاریخ پایان");
	HAS_NOT(answer, "آزمایشی");
	HAS_NOT(answer, "سطح");
	c.balance = 120;
	c.unit = 0;
	c.valid_to_day = 100;
	put_card(site.view, 0x00, &c);
	(void)ask(GET("/C/" TOKEN_OPEN, EN), answer);
	HAS(answer, "120 points</p>");
	HAS(answer, "ended on 10 Apr 2000");
	HAS(answer, "may change after your next visit");
}

static void
a_view_put_in_its_place_or_lost_is_noticed_while_running(void **state)
{
	struct view_card c = silver();
	char fresh[96];
	FILE *f;

	(void)state;
	(void)snprintf(fresh, sizeof(fresh), "%s/new.db", site.dir);
	c.balance = 700000;
	put_card(fresh, 0x00, &c);
	assert_int_equal(rename(fresh, site.view), 0);
	(void)ask(GET("/C/" TOKEN_OPEN, EN), answer);
	HAS(answer, "70,000 toman");

	assert_int_equal(unlink(site.view), 0);
	(void)ask(GET("/C/" TOKEN_OPEN, EN), answer);
	(void)ask(GET("/C/" TOKEN_UNKNOWN, EN), other);
	blank_date(answer);
	blank_date(other);
	assert_int_equal(status_of(answer), 503);
	HAS(answer, "\r\nRetry-After: 30\r\n");
	assert_string_equal(answer, other);
	assert_int_equal(access(site.view, F_OK), -1);

	f = fopen(site.view, "w");
	assert_non_null(f);
	(void)fputs("this is no database, however long it may be; this is no database at all", f);
	(void)fclose(f);
	(void)ask(GET("/C/" TOKEN_OPEN, EN), answer);
	assert_int_equal(status_of(answer), 503);

	assert_int_equal(unlink(site.view), 0);
	fill_view(site.view);
	(void)ask(GET("/C/" TOKEN_OPEN, EN), answer);
	HAS(answer, "50,000 toman");
}

static void
a_locked_view_is_asked_to_come_back_and_then_serves_again(void **state)
{
	sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(sqlite3_open(site.view, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	(void)ask(GET("/C/" TOKEN_OPEN, EN), answer);
	assert_int_equal(status_of(answer), 503);
	HAS(answer, "not available just now");
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	(void)ask(GET("/C/" TOKEN_OPEN, EN), answer);
	assert_int_equal(status_of(answer), 200);
}

/* A portal that must not start: the stop flag ends it at once if it does. */
static enum err
refusal(const char *view, const char *address, uint16_t port, struct why *w)
{
	static volatile sig_atomic_t stop = 1;
	struct portal_options o = {.view_path = view, .address = address, .port = port, .stop = &stop};

	memset(w, 0, sizeof(*w));
	return portal_run(&o, w);
}

static void
what_cannot_be_served_is_refused_at_the_start(void **state)
{
	char path[128];
	sqlite3 *db = NULL;
	struct why w;
	FILE *f;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/club.db", site.dir);
	fill_view(path);
	assert_int_equal(refusal(path, NULL, 0, &w), ERR_ARG);
	assert_int_equal(w.id, MSG_PORTAL_NOT_VIEW);
	/* a database of another kind under an innocent name */
	(void)snprintf(path, sizeof(path), "%s/other.db", site.dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA application_id=77; PRAGMA user_version=1;"
	    "CREATE TABLE card(hash)", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(refusal(path, NULL, 0, &w), ERR_DB_DAMAGED);
	(void)snprintf(path, sizeof(path), "%s/nothing.db", site.dir);
	assert_int_equal(refusal(path, NULL, 0, &w), ERR_MISSING);
	assert_int_equal(access(path, F_OK), -1);
	f = fopen(path, "w");
	assert_non_null(f);
	(void)fputs("no database", f);
	(void)fclose(f);
	assert_int_equal(refusal(path, NULL, 0, &w), ERR_DB_DAMAGED);
	assert_int_equal(refusal(site.view, "localhost", 0, &w), ERR_ARG);
	assert_int_equal(w.id, MSG_PORTAL_ADDRESS);
	assert_int_equal(refusal(site.view, "192.0.2.1", 0, &w), ERR_IO);
	assert_int_equal(w.id, MSG_PORTAL_PORT_REFUSED);
	assert_int_equal(refusal(site.view, NULL, site.port, &w), ERR_IO);
	assert_int_equal(w.id, MSG_PORTAL_PORT_TAKEN);
	assert_int_equal(refusal(site.view, "127.0.0.1", 0, &w), ERR_OK);
}

#define ON_A_SITE(test) cmocka_unit_test_setup_teardown(test, open_site, close_site)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_SITE(a_persian_browser_reads_what_the_shop_owes),
		ON_A_SITE(an_english_browser_reads_the_same_in_english),
		ON_A_SITE(the_pages_own_link_changes_the_language),
		ON_A_SITE(a_token_may_be_typed_in_lower_case),
		ON_A_SITE(every_answer_is_private_small_and_without_script),
		ON_A_SITE(the_policy_names_the_hash_of_the_pages_own_style),
		ON_A_SITE(all_that_is_not_an_open_card_gets_the_same_bytes),
		ON_A_SITE(head_gives_the_headers_of_get_and_no_body),
		ON_A_SITE(other_methods_are_told_which_are_allowed),
		ON_A_SITE(garbage_and_floods_leave_the_portal_standing),
		ON_A_SITE(two_hundred_phones_at_once_are_all_answered),
		ON_A_SITE(who_dawdles_is_shown_out_and_nobody_waits_for_them),
		ON_A_SITE(serving_writes_nothing),
		ON_A_SITE(a_changed_card_shows_at_the_next_look),
		ON_A_SITE(a_view_put_in_its_place_or_lost_is_noticed_while_running),
		ON_A_SITE(a_locked_view_is_asked_to_come_back_and_then_serves_again),
		ON_A_SITE(what_cannot_be_served_is_refused_at_the_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
