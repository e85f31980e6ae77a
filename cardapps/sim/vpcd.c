/*
 * The card's end of Debian's virtual reader (vsmartcard-vpcd): messages of a two-byte
 * big-endian length and a body; a body of one byte is about the field, anything else an APDU.
 * vpcd sends length and body in two segments, and delayed acknowledgement between them would
 * cost 40 ms an APDU: TCP_QUICKACK has to be set again before each read.
 */
#define _DEFAULT_SOURCE

#include "cardapps/sim/sim.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STOP_POLL_MS 200

enum control { FIELD_OFF = 0, FIELD_ON = 1, FIELD_RESET = 2, GIVE_ATR = 4 };
enum got { GOT_ALL, GOT_END, GOT_STOP, GOT_ERROR };

/* A connected socket or -1. */
static int
dial(const char *host, uint16_t port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list, *a;
	char service[8];
	int fd = -1, one = 1;

	snprintf(service, sizeof(service), "%u", (unsigned)port);
	if (getaddrinfo(host, service, &hints, &list) != 0)
		return -1;
	for (a = list; a != NULL && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static enum got
wait_readable(int fd, const volatile bool *stop)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		int n;

		if (stop != NULL && *stop)
			return GOT_STOP;
		n = poll(&p, 1, STOP_POLL_MS);
		if (n > 0)
			return GOT_ALL;
		if (n < 0 && errno != EINTR)
			return GOT_ERROR;
	}
}

/* The other side ends when it likes, between messages or not: both are the end. */
static enum got
receive(int fd, uint8_t *p, size_t len, const volatile bool *stop)
{
	while (len > 0) {
		int one = 1;
		enum got g = wait_readable(fd, stop);
		ssize_t n;

		if (g != GOT_ALL)
			return g;
		setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
		n = recv(fd, p, len, 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return GOT_END;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return GOT_ERROR;
		p += n;
		len -= (size_t)n;
	}
	return GOT_ALL;
}

/* Length and body in one segment. */
static enum got
answer(int fd, const uint8_t *body, size_t len)
{
	uint8_t message[2 + RAPDU_CAP];
	size_t sent = 0;

	message[0] = (uint8_t)(len >> 8);
	message[1] = (uint8_t)len;
	memcpy(message + 2, body, len);
	while (sent < len + 2) {
		ssize_t n = send(fd, message + sent, len + 2 - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EPIPE || errno == ECONNRESET ? GOT_END : GOT_ERROR;
		sent += (size_t)n;
	}
	return GOT_ALL;
}

/* A card that has left the field (a tear) hangs up: for pcscd it is gone. */
static enum got
command(struct sim_card *card, int fd, const uint8_t *capdu, size_t len)
{
	uint8_t rapdu[RAPDU_CAP];

	if (!sim_card_transmit(card, capdu, len, rapdu, &len))
		return GOT_END;
	return answer(fd, rapdu, len);
}

/* A native command without data is one byte too; none of them has a number this low. */
static enum got
control(struct sim_card *card, int fd, const uint8_t *what)
{
	const uint8_t *atr;
	size_t len;

	switch (*what) {
	case FIELD_OFF:
		sim_card_power(card, false);
		return GOT_ALL;
	case FIELD_ON:
	case FIELD_RESET:
		sim_card_power(card, true);
		return GOT_ALL;
	case GIVE_ATR:
		atr = sim_card_atr(card, &len);
		return answer(fd, atr, len);
	default:
		return command(card, fd, what, 1);
	}
}

static enum got
serve_one(struct sim_card *card, int fd, const volatile bool *stop)
{
	uint8_t head[2], body[UINT16_MAX];
	size_t len;
	enum got g = receive(fd, head, sizeof(head), stop);

	if (g != GOT_ALL)
		return g;
	len = (size_t)head[0] << 8 | head[1];
	if (len == 0)
		return GOT_ERROR;
	g = receive(fd, body, len, stop);
	if (g != GOT_ALL)
		return g;
	return len == 1 ? control(card, fd, body) : command(card, fd, body, len);
}

enum err
sim_vpcd_serve(struct sim_card *card, const char *host, uint16_t port, const volatile bool *stop,
    struct why *w)
{
	int fd = dial(host, port);
	char text[8];
	enum got g;

	(void)snprintf(text, sizeof(text), "%u", (unsigned)port);
	if (fd < 0)
		return why_set(w, ERR_MISSING, MSG_SIM_NO_VPCD, WHY_CODE(host), WHY_CODE(text));
	do
		g = serve_one(card, fd, stop);
	while (g == GOT_ALL);
	close(fd);
	sim_card_power(card, false);
	if (g == GOT_ERROR)
		return why_set(w, ERR_IO, MSG_SIM_VPCD_BROKEN);
	return ERR_OK;
}
