#include "tests/support/replay_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define EXCHANGES_CAP 64

struct exchange {
	uint8_t capdu[APDU_CAP];
	size_t capdu_len;
	uint8_t rapdu[RAPDU_CAP];
	size_t rapdu_len;
};

struct replay {
	struct reader reader;
	struct exchange all[EXCHANGES_CAP];
	size_t count;
	size_t played;
};

static enum err
replay_connect(struct reader *r, unsigned timeout_ms, struct why *w)
{
	(void)r;
	(void)timeout_ms;
	(void)w;
	return ERR_OK;
}

static enum err
replay_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w)
{
	struct replay *p = (struct replay *)(void *)r;
	const struct exchange *x = &p->all[p->played];

	(void)w;
	if (p->played == p->count)
		fail_msg("the record ends, yet there is one more command: %02x", capdu[1]);
	p->played++;
	assert_int_equal(capdu_len, x->capdu_len);
	assert_memory_equal(capdu, x->capdu, capdu_len);
	memcpy(rapdu, x->rapdu, x->rapdu_len);
	*len = x->rapdu_len;
	return ERR_OK;
}

static enum err
replay_reset(struct reader *r, struct why *w)
{
	(void)r;
	(void)w;
	return ERR_OK;
}

static void
replay_disconnect(struct reader *r)
{
	(void)r;
}

static void
replay_destroy(struct reader *r)
{
	struct replay *p = (struct replay *)(void *)r;
	size_t left = p->count - p->played;

	free(p);
	assert_int_equal(left, 0);
}

static const struct reader_ops replay_ops = {
	replay_connect, replay_transmit, replay_reset, replay_disconnect, replay_destroy,
};

struct reader *
replay_reader_open(void)
{
	struct replay *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->reader.ops = &replay_ops;
	return &p->reader;
}

void
replay_reader_add(struct reader *r, const uint8_t *capdu, size_t capdu_len,
    const uint8_t *rapdu, size_t rapdu_len)
{
	struct replay *p = (struct replay *)(void *)r;
	struct exchange *x = &p->all[p->count];

	assert_true(p->count < EXCHANGES_CAP);
	assert_true(capdu_len <= sizeof(x->capdu) && rapdu_len <= sizeof(x->rapdu));
	memcpy(x->capdu, capdu, capdu_len);
	memcpy(x->rapdu, rapdu, rapdu_len);
	x->capdu_len = capdu_len;
	x->rapdu_len = rapdu_len;
	p->count++;
}

void
replay_reader_add_native(struct reader *r, const uint8_t *tx, size_t tx_len, const uint8_t *rx,
    size_t rx_len)
{
	uint8_t capdu[APDU_CAP] = {0x90, tx[0], 0, 0, (uint8_t)(tx_len - 1)};
	uint8_t rapdu[RAPDU_CAP];

	assert_true(tx_len >= 1 && tx_len + 5 <= sizeof(capdu));
	assert_true(rx_len >= 1 && rx_len + 1 <= sizeof(rapdu));
	memcpy(capdu + 5, tx + 1, tx_len - 1);
	memcpy(rapdu, rx + 1, rx_len - 1);
	rapdu[rx_len - 1] = 0x91;
	rapdu[rx_len] = rx[0];
	replay_reader_add(r, capdu, tx_len == 1 ? 5 : tx_len + 5, rapdu, rx_len + 1);
}
