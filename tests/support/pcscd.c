#include "tests/support/pcscd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCRIPT "tests/support/pcscd_start.sh"
#define VPCD_BUF 300

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

void
pcscd_prepare(struct pcscd *p)
{
	const char *tmp = getenv("TMPDIR");
	char socket_name[128];

	memset(p, 0, sizeof(*p));
	(void)snprintf(p->dir, sizeof(p->dir), "%s/pcscd-XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(p->dir) == NULL)
		die(p->dir);
	(void)snprintf(socket_name, sizeof(socket_name), "%s/run/pcscd/pcscd.comm", p->dir);
	if (setenv("PCSCLITE_CSOCK_NAME", socket_name, 1) != 0)
		die("setenv");
}

static pid_t
spawn(const char *dir, int in[2], int out[2])
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (dup2(in[0], STDIN_FILENO) < 0 || dup2(out[1], STDOUT_FILENO) < 0)
		_exit(2);
	(void)close(in[0]);
	(void)close(in[1]);
	(void)close(out[0]);
	(void)close(out[1]);
	(void)execl("/bin/sh", "sh", SCRIPT, "-d", dir, (char *)NULL);
	_exit(2);
}

void
pcscd_start(struct pcscd *p)
{
	char line[256];
	int in[2];
	int out[2];
	long pid = 0;
	long port = 0;
	FILE *said;

	if (pipe(in) != 0 || pipe(out) != 0)
		die("pipe");
	p->keeper = spawn(p->dir, in, out);
	(void)close(in[0]);
	(void)close(out[1]);
	p->hold = in[1];
	(void)fcntl(p->hold, F_SETFD, FD_CLOEXEC);
	said = fdopen(out[0], "r");
	if (p->keeper < 0 || said == NULL)
		die(SCRIPT);
	while (pid == 0 && fgets(line, sizeof(line), said) != NULL) {
		if (strncmp(line, "VPCD_PORT=", 10) == 0)
			port = strtol(line + 10, NULL, 10);
		if (strncmp(line, "PCSCD_PID=", 10) == 0)
			pid = strtol(line + 10, NULL, 10);
	}
	(void)fclose(said);
	if (pid == 0 || port == 0)
		exit(2);	/* the script has said why */
	p->pid = (pid_t)pid;
	p->port = (uint16_t)port;
}

void
pcscd_stop(struct pcscd *p)
{
	if (p->keeper == 0)
		return;
	(void)close(p->hold);
	while (waitpid(p->keeper, NULL, 0) < 0)
		;
	p->keeper = 0;
}

void
pcscd_kill(struct pcscd *p)
{
	(void)kill(p->pid, SIGKILL);
	pcscd_stop(p);
}

static void
remove_below(const char *dir, const char *name)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)remove(path);
}

void
pcscd_remove(struct pcscd *p)
{
	static const char *const names[] = {
		"run/pcscd/pcscd.comm", "run/pcscd/pcscd.pid", "run/pcscd", "run", "conf/vpcd", "conf", "log",
	};

	pcscd_stop(p);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove_below(p->dir, names[i]);
	(void)rmdir(p->dir);
}

int
vpcd_connect(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)(const void *)&to, sizeof(to)) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* vpcd sends length and body apart; without a quick ACK each question costs 40 ms. */
static int
read_all(int fd, uint8_t *to, size_t len)
{
	const int on = 1;

	while (len > 0) {
		ssize_t n;

		(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
		n = read(fd, to, len);
		if (n <= 0)
			return 0;
		to += n;
		len -= (size_t)n;
	}
	return 1;
}

size_t
vpcd_ask(int fd, uint8_t buf[VPCD_BUF])
{
	uint8_t head[2];
	size_t len;

	if (!read_all(fd, head, sizeof(head)))
		return 0;
	len = (size_t)head[0] << 8 | head[1];
	return len <= VPCD_BUF && read_all(fd, buf, len) ? len : 0;
}

void
vpcd_answer(int fd, const uint8_t *data, size_t len)
{
	uint8_t frame[2 + VPCD_BUF];

	if (len > VPCD_BUF)
		exit(2);
	frame[0] = (uint8_t)(len >> 8);
	frame[1] = (uint8_t)len;
	memcpy(frame + 2, data, len);
	if (write(fd, frame, len + 2) != (ssize_t)(len + 2))
		exit(2);
}
