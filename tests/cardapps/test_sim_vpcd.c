/*
 * The software card as a client of a virtual reader: a little server of the test speaks vpcd's
 * side.
 */
#define _DEFAULT_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardapps/sim/sim.h"

struct served {
	struct sim_card *card;
	uint16_t port;
	volatile bool stop;
	enum err e;
	struct why why;
	pthread_t thread;
	int listener, fd;
};

static void *
serve(void *arg)
{
	struct served *s = arg;

	s->e = sim_vpcd_serve(s->card, "127.0.0.1", s->port, &s->stop, &s->why);
	return NULL;
}

/* A server on a free port, and the card connected to it. */
static int
set_up(void **state)
{
	static struct served s;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	memset(&s, 0, sizeof(s));
	assert_int_equal(sim_desfire_new(NULL, NULL, &s.card, NULL), ERR_OK);
	s.listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(s.listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s.listener, 1), 0);
	assert_int_equal(getsockname(s.listener, (struct sockaddr *)&at, &len), 0);
	s.port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&s.thread, NULL, serve, &s), 0);
	s.fd = accept(s.listener, NULL, NULL);
	assert_true(s.fd >= 0);
	*state = &s;
	return 0;
}

static int
tear_down(void **state)
{
	struct served *s = *state;

	close(s->fd);
	close(s->listener);
	sim_card_free(&s->card);
	return 0;
}

/* As vpcd does: length and body in two segments. */
static void
tell(struct served *s, const void *body, size_t len)
{
	uint8_t head[2] = {(uint8_t)(len >> 8), (uint8_t)len};

	assert_int_equal(send(s->fd, head, 2, MSG_NOSIGNAL), 2);
	assert_int_equal(send(s->fd, body, len, MSG_NOSIGNAL), (ssize_t)len);
}

static size_t
hear(struct served *s, uint8_t *body)
{
	uint8_t head[2];
	size_t len;

	assert_int_equal(recv(s->fd, head, 2, MSG_WAITALL), 2);
	len = (size_t)head[0] << 8 | head[1];
	assert_int_equal(recv(s->fd, body, len, MSG_WAITALL), (ssize_t)len);
	return len;
}

static void
field_atr_and_apdus_go_through_the_virtual_reader(void **state)
{
	struct served *s = *state;
	uint8_t rx[RAPDU_CAP];

	tell(s, "\x01", 1);
	tell(s, "\x04", 1);
	assert_int_equal(hear(s, rx), 6);
	assert_memory_equal(rx, "\x3B\x81\x80\x01\x80\x80", 6);
	tell(s, "\x90\x60\0\0\0", 5);
	assert_int_equal(hear(s, rx), 9);
	tell(s, "\x02", 1);
	tell(s, "\x90\xAF\0\0\0", 5);
	assert_int_equal(hear(s, rx), 2);
	assert_memory_equal(rx, "\x91\x1C", 2);
	tell(s, "\x02", 1);
	tell(s, "\x6E", 1);
	assert_int_equal(hear(s, rx), 4);
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	assert_int_equal(s->e, ERR_OK);
}

static void
end_in_the_middle_of_a_message_ends_the_card_quietly(void **state)
{
	struct served *s = *state;

	assert_int_equal(send(s->fd, "\x00\x05\x90", 3, MSG_NOSIGNAL), 3);
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	assert_int_equal(s->e, ERR_OK);
}

static void
message_of_no_length_is_an_error(void **state)
{
	struct served *s = *state;

	assert_int_equal(send(s->fd, "\x00\x00", 2, MSG_NOSIGNAL), 2);
	pthread_join(s->thread, NULL);
	assert_int_equal(s->e, ERR_IO);
	assert_int_equal(s->why.id, MSG_SIM_VPCD_BROKEN);
}

static void
longest_message_is_refused_by_the_card_and_not_by_a_crash(void **state)
{
	static uint8_t body[UINT16_MAX];
	struct served *s = *state;
	uint8_t rx[RAPDU_CAP];

	body[0] = 0x90;
	body[1] = 0x3D;
	tell(s, body, sizeof(body));
	assert_int_equal(hear(s, rx), 2);
	assert_memory_equal(rx, "\x91\x7E", 2);
	s->stop = true;
	pthread_join(s->thread, NULL);
	assert_int_equal(s->e, ERR_OK);
}

static void
torn_card_hangs_up(void **state)
{
	struct served *s = *state;
	uint8_t byte;

	sim_card_tear(s->card, 1, SIM_TEAR_WRITTEN);
	tell(s, "\x90\x60\0\0\0", 5);
	assert_int_equal(recv(s->fd, &byte, 1, 0), 0);
	pthread_join(s->thread, NULL);
	assert_int_equal(s->e, ERR_OK);
	assert_true(sim_card_away(s->card));
}

static void
stop_flag_ends_a_silent_connection(void **state)
{
	struct served *s = *state;

	s->stop = true;
	pthread_join(s->thread, NULL);
	assert_int_equal(s->e, ERR_OK);
}

static void
nobody_listening_is_said_by_name(void **state)
{
	struct served *s = *state;
	struct why w = {0};

	s->stop = true;
	pthread_join(s->thread, NULL);
	close(s->listener);
	assert_int_equal(sim_vpcd_serve(s->card, "127.0.0.1", s->port, NULL, &w), ERR_MISSING);
	assert_int_equal(w.id, MSG_SIM_NO_VPCD);
	s->listener = dup(s->fd);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(field_atr_and_apdus_go_through_the_virtual_reader),
		T(end_in_the_middle_of_a_message_ends_the_card_quietly),
		T(message_of_no_length_is_an_error),
		T(longest_message_is_refused_by_the_card_and_not_by_a_crash),
		T(torn_card_hangs_up),
		T(stop_flag_ends_a_silent_connection),
		T(nobody_listening_is_said_by_name),
	};

	return cmocka_run_group_tests_name("software card: virtual reader", tests, NULL, NULL);
}
