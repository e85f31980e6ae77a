#include "tests/support/far_card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "station/base/secret.h"

static bool
move_all(int fd, uint8_t *p, size_t len, bool out)
{
	while (len > 0) {
		ssize_t n = out ? send(fd, p, len, MSG_NOSIGNAL) : recv(fd, p, len, 0);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

bool
far_send(int fd, uint8_t word, const void *bytes, size_t len)
{
	uint8_t frame[3 + APDU_CAP + RAPDU_CAP] = {word, (uint8_t)(len >> 8), (uint8_t)len};
	bool ok;

	if (len > 0)
		memcpy(frame + 3, bytes, len);
	ok = move_all(fd, frame, 3 + len, true);
	WIPE(frame);
	return ok;
}

bool
far_receive(int fd, struct far_message *m)
{
	uint8_t head[3];

	if (!move_all(fd, head, sizeof(head), false))
		return false;
	m->word = head[0];
	m->len = (uint16_t)(head[1] << 8 | head[2]);
	return m->len <= sizeof(m->bytes) && move_all(fd, m->bytes, m->len, false);
}

/* --- the station's side */

void
far_ask(int fd, uint8_t word, struct far_message *answer)
{
	if (!far_send(fd, word, NULL, 0) || !far_receive(fd, answer))
		exit(97);
}

static int
fd_of(const struct reader *r)
{
	return ((const struct far_reader *)(const void *)r)->fd;
}

static enum err
gone(const struct reader *r, struct why *w)
{
	return why_set(w, ERR_CARD_GONE, MSG_READER_CARD_REMOVED, WHY_CODE(r->name));
}

static enum err
far_connect(struct reader *r, unsigned timeout_ms, struct why *w)
{
	struct far_message m;

	far_ask(fd_of(r), FAR_CONNECT, &m);
	if (m.len == 0 || m.len > sizeof(r->atr))
		return reader_no_card(r, timeout_ms, w);
	memcpy(r->atr, m.bytes, m.len);
	r->atr_len = m.len;
	return ERR_OK;
}

static enum err
far_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len, uint8_t rapdu[RAPDU_CAP],
    size_t *len, struct why *w)
{
	struct far_message m;

	if (!far_send(fd_of(r), FAR_APDU, capdu, capdu_len) || !far_receive(fd_of(r), &m))
		exit(97);
	if (m.len < 2)
		return gone(r, w);
	memcpy(rapdu, m.bytes, m.len);
	*len = m.len;
	return ERR_OK;
}

static enum err
far_reset(struct reader *r, struct why *w)
{
	struct far_message m;

	far_ask(fd_of(r), FAR_RESET, &m);
	return m.len > 0 ? ERR_OK : gone(r, w);
}

static void
far_leave(struct reader *r)
{
	struct far_message m;

	far_ask(fd_of(r), FAR_LEAVE, &m);
}

static void
far_destroy(struct reader *r)
{
	(void)r;
}

void
far_reader_init(struct far_reader *r, int fd)
{
	static const struct reader_ops ops = {far_connect, far_transmit, far_reset, far_leave, far_destroy};

	memset(r, 0, sizeof(*r));
	r->reader.ops = &ops;
	r->fd = fd;
	(void)snprintf(r->reader.name, sizeof(r->reader.name), "far");
}

/* --- the cards' side */

static void
power(int fd, struct sim_card *card)
{
	const uint8_t *atr;
	size_t len = 0;

	if (card == NULL || sim_card_away(card)) {
		(void)far_send(fd, FAR_CONNECT, NULL, 0);
		return;
	}
	sim_card_power(card, true);
	atr = sim_card_atr(card, &len);
	(void)far_send(fd, FAR_CONNECT, atr, len);
}

void
far_serve(int fd, struct sim_card *card, const struct far_message *m)
{
	uint8_t rapdu[RAPDU_CAP];
	size_t len = 0;

	switch (m->word) {
	case FAR_CONNECT:
	case FAR_RESET:
		power(fd, card);
		return;
	case FAR_APDU:
		if (card == NULL || !sim_card_transmit(card, m->bytes, m->len, rapdu, &len))
			len = 0;
		(void)far_send(fd, FAR_APDU, rapdu, len);
		return;
	default:
		if (card != NULL)
			sim_card_power(card, false);
		(void)far_send(fd, FAR_LEAVE, NULL, 0);
	}
}
