/*
 * The customer's page as a process of its own: what it holds in memory while serving, bytes of
 * an answer, answers a second from two clients that, as the page wants it, connect anew each time.
 *
 * The program is looked for beside the folder this one stands in.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keys/digest.h"
#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/store/view.h"
#include "tests/bench/row.h"

#define CLIENTS 2
#define REQUESTS 2000		/* of each client */
#define CARDS 500
#define ANSWER_CAP 16384
#define PATH_CAP 512
#define REQUEST(path) "GET " path " HTTP/1.1\r\nHost: x\r\nAccept-Language: fa\r\n\r\n"

static void
fill_view(const char *path)
{
	struct view_card c = {.open = true, .tier_id = "silver", .balance = 500000, .unit = 364,
	    .valid_to_day = 10187, .as_of_ms = clock_now_ms()};
	uint8_t token[16] = {0}, hash[SHA256_LEN];
	struct view *v;
	struct why w = {0};

	must(view_open_write(path, &v, &w), &w);
	for (unsigned i = 0; i < CARDS; i++) {
		token[0] = (uint8_t)i;
		token[1] = (uint8_t)(i >> 8);
		digest_sha256(token, sizeof(token), hash);
		must(view_put(v, hash, &c, &w), &w);
	}
	view_close(&v);
}

/* --- the portal */

static pid_t
start_portal(const char *program, const char *view, uint16_t *port)
{
	char line[256] = "";
	unsigned got = 0;
	int out[2];
	pid_t pid;
	FILE *f;

	if (pipe(out) != 0 || (pid = fork()) < 0)
		exit(1);
	if (pid == 0) {
		(void)dup2(out[1], STDOUT_FILENO);
		(void)execl(program, program, "--json", "portal", "--view", view, "--port", "0", (char *)NULL);
		_exit(127);
	}
	(void)close(out[1]);
	f = fdopen(out[0], "r");
	while (f != NULL && got == 0 && fgets(line, sizeof(line), f) != NULL) {
		const char *p = strstr(line, "\"port\":");

		if (p != NULL)
			got = (unsigned)strtoul(p + 7, NULL, 10);
	}
	if (got == 0) {
		(void)fprintf(stderr, "bench_portal: %s does not serve\n", program);
		exit(1);
	}
	*port = (uint16_t)got;
	return pid;
}

/* A line of /proc/PID/smaps_rollup, in KiB. */
static double
memory_kib(pid_t pid, const char *name)
{
	char path[64], line[256];
	double kib = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", (long)pid);
	f = fopen(path, "r");
	while (f != NULL && kib < 0 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			kib = strtod(line + strlen(name), NULL);
	if (f != NULL)
		(void)fclose(f);
	return kib;
}

static double
processor_ms(pid_t pid)
{
	unsigned long user = 0, kernel = 0;
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "r");
	if (f == NULL || fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
		exit(1);
	(void)fclose(f);
	return 1000.0 * (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

/* --- clients */

static size_t
ask(uint16_t port, const char *request, const char *status)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	char answer[ANSWER_CAP];
	size_t len = 0;
	ssize_t n;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    send(fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
		exit(1);
	while (len < sizeof(answer) && (n = recv(fd, answer + len, sizeof(answer) - len, 0)) > 0)
		len += (size_t)n;
	(void)close(fd);
	if (len < 12 || memcmp(answer + 9, status, 3) != 0) {
		(void)fprintf(stderr, "bench_portal: not %s but %.12s\n", status, answer);
		exit(1);
	}
	return len;
}

/* The token of sixteen zero bytes, and one nobody has. */
static const char known[] = REQUEST("/C/AAAAAAAAAAAAAAAAAAAAAAAAAA");
static const char unknown[] = REQUEST("/C/EAQSEIZEEUTCOKBJFIVSYLJOF4");

static void *
client(void *ctx)
{
	for (int i = 0; i < REQUESTS; i++)
		(void)ask(*(const uint16_t *)ctx, known, "200");
	return NULL;
}

static void
bench(pid_t pid, uint16_t port)
{
	pthread_t thread[CLIENTS];
	double cpu, fresh_rss = memory_kib(pid, "Rss:"), fresh = memory_kib(pid, "Private_Dirty:");
	size_t bytes = ask(port, known, "200");
	int64_t start;

	row_title("the customer's page, a process of its own, 500 cards in view.db");
	row("answer with a balance, headers included", (double)bytes, "bytes", "below 14336", bytes < 14336);
	row_info("neutral answer, headers included", (double)ask(port, unknown, "404"), "bytes");
	row_info("private memory before the first request", fresh, "KiB");
	row_info("  resident, libraries and files included", fresh_rss, "KiB");
	cpu = processor_ms(pid);
	start = clock_monotonic_ns();
	for (int i = 0; i < CLIENTS; i++)
		if (pthread_create(&thread[i], NULL, client, &port) != 0)
			exit(1);
	for (int i = 0; i < CLIENTS; i++)
		(void)pthread_join(thread[i], NULL);
	row_info("answers, a connection each, two clients", CLIENTS * REQUESTS * 1e9 / (double)(clock_monotonic_ns() - start),
	    "/s");
	row_info("  processor time of the portal", (processor_ms(pid) - cpu) / (CLIENTS * REQUESTS), "ms/answer");
	row_info("private memory after 4,000 answers", memory_kib(pid, "Private_Dirty:"), "KiB");
	row_info("  resident, libraries and files included", memory_kib(pid, "Rss:"), "KiB");
}

int
main(int argc, char **argv)
{
	char folder[] = "/tmp/bashgah-portal-bench-XXXXXX";
	char view[64], program[PATH_CAP];
	const char *slash = strrchr(argv[0], '/');
	uint16_t port;
	pid_t pid;

	(void)argc;
	(void)snprintf(program, sizeof(program), "%.*s/../../bashgah", slash != NULL ? (int)(slash - argv[0]) : 1,
	    slash != NULL ? argv[0] : ".");
	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(view, sizeof(view), "%s/view.db", folder);
	fill_view(view);
	pid = start_portal(program, view, &port);
	bench(pid, port);
	(void)kill(pid, SIGTERM);
	(void)waitpid(pid, NULL, 0);
	folder_remove(folder);
	return 0;
}
