/*
 * cardapps/reader/pcsc against a real pcscd: no service, no reader, no card, a card that is pulled,
 * a service that is killed and comes back. The card is a process at the other end of
 * the virtual reader, so "pulled" is its death. Last, Debian's vicc: a card by other hands.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "cardapps/reader/pcsc.h"
#include "cardapps/reader/trace.h"
#include "cardapps/sim/sim.h"
#include "tests/support/pcscd.h"

#define WAIT_MS 10000	/* vpcd looks for a card once a second */

/* What the test's card does on each INS (CLA 00). */
enum card_ins {
	INS_ECHO = 0x01,	/* answers the data and 90 00 */
	INS_WRONG_LE = 0x02,	/* 6C 03, then three bytes */
	INS_MORE = 0x03,	/* 61 10, 61 08 ..., in all 4 + 16 + 8 bytes */
	INS_VANISH = 0x04,	/* leaves instead of answering */
	INS_POWER_ONS = 0x05,	/* how often it was powered on or reset */
	INS_MORE_OF_NOTHING = 0x06, /* 61 01 for ever */
	INS_GET_RESPONSE = 0xC0
};

static const uint8_t atr_t0[] = {0x3B, 0x02, 0x14, 0x50};
static const uint8_t atr_t1[] = {0x3B, 0x81, 0x80, 0x01, 0x80, 0x80};

static struct pcscd service;
static pid_t card;

/* --- the card's process */

struct tiny {
	uint8_t power_ons;
	bool endless;
	uint8_t pieces;
};

static size_t
with_sw(uint8_t *out, size_t len, uint8_t sw1, uint8_t sw2)
{
	out[len] = sw1;
	out[len + 1] = sw2;
	return len + 2;
}

static size_t
get_response(struct tiny *t, uint8_t le, uint8_t *out)
{
	if (t->endless)
		return with_sw(out, 0, 0x61, 0x01);
	memset(out, 0xA0 + t->pieces, le);
	return ++t->pieces == 1 ? with_sw(out, le, 0x61, 0x08) : with_sw(out, le, 0x90, 0x00);
}

static size_t
tiny_answer(struct tiny *t, const uint8_t *apdu, size_t len, uint8_t *out)
{
	const size_t lc = len > 5 ? apdu[4] : 0;

	t->pieces = apdu[1] == INS_GET_RESPONSE ? t->pieces : 0;
	switch (apdu[1]) {
	case INS_ECHO:
		memcpy(out, apdu + 5, lc);
		return with_sw(out, lc, 0x90, 0x00);
	case INS_WRONG_LE:
		if (apdu[len - 1] != 3)
			return with_sw(out, 0, 0x6C, 0x03);
		out[0] = 0x0A;
		out[1] = 0x0B;
		out[2] = 0x0C;
		return with_sw(out, 3, 0x90, 0x00);
	case INS_MORE:
		t->endless = false;
		memset(out, 0x99, 4);
		return with_sw(out, 4, 0x61, 0x10);
	case INS_MORE_OF_NOTHING:
		t->endless = true;
		return with_sw(out, 0, 0x61, 0x01);
	case INS_GET_RESPONSE:
		return get_response(t, apdu[4], out);
	case INS_VANISH:
		_exit(0);
	case INS_POWER_ONS:
		out[0] = t->power_ons;
		return with_sw(out, 1, 0x90, 0x00);
	default:
		return with_sw(out, 0, 0x6D, 0x00);
	}
}

static void
tiny_serve(uint16_t port, const uint8_t *atr, size_t atr_len)
{
	struct tiny t = {0};
	int fd = vpcd_connect(port);
	uint8_t ask[300];
	uint8_t out[300];
	size_t len;

	if (fd < 0)
		_exit(2);
	while ((len = vpcd_ask(fd, ask)) > 0) {
		if (len == 1 && ask[0] == 4)
			vpcd_answer(fd, atr, atr_len);
		else if (len == 1)
			t.power_ons = (uint8_t)(t.power_ons + (ask[0] != 0));
		else
			vpcd_answer(fd, out, tiny_answer(&t, ask, len, out));
	}
	_exit(0);
}

static void
put_card(const uint8_t *atr, size_t atr_len)
{
	assert_int_equal(card, 0);
	card = fork();
	assert_true(card >= 0);
	if (card == 0)
		tiny_serve(service.port, atr, atr_len);
}

static void
pull_card(void)
{
	if (card > 0) {
		(void)kill(card, SIGKILL);
		(void)waitpid(card, NULL, 0);
	}
	card = 0;
}

/* --- the tests' side */

static struct reader *
open_reader(const char *name)
{
	struct reader *r = NULL;
	struct why w;

	assert_int_equal(pcsc_reader_open(name, &r, &w), ERR_OK);
	return r;
}

static void
note_card(void *ctx, const char *name, bool present)
{
	bool *any = ctx;

	(void)name;
	*any = *any || present;
}

/* The service looks at its readers from time to time; until then it shows the last test's card. */
static void
wait_until_empty(void)
{
	bool any = true;

	for (unsigned i = 0; i < 200 && any; i++) {
		any = false;
		assert_int_equal(pcsc_list(note_card, &any, NULL), ERR_OK);
		if (any)
			(void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	assert_false(any);
}

/* A reader with a fresh card on it, connected. */
static struct reader *
with_card(const uint8_t *atr, size_t atr_len)
{
	struct reader *r = open_reader(PCSCD_READER_0);
	struct why w;

	wait_until_empty();
	put_card(atr, atr_len);
	assert_int_equal(reader_connect(r, WAIT_MS, &w), ERR_OK);
	assert_int_equal(r->atr_len, atr_len);
	assert_memory_equal(r->atr, atr, atr_len);
	return r;
}

static void
send(struct reader *r, const char *apdu, size_t apdu_len, const char *want, size_t want_len)
{
	uint8_t rapdu[RAPDU_CAP];
	struct why w;
	size_t len;

	assert_int_equal(reader_transmit(r, (const uint8_t *)apdu, apdu_len, rapdu, &len, &w), ERR_OK);
	assert_int_equal(len, want_len);
	assert_memory_equal(rapdu, want, want_len);
}
#define SEND(r, apdu, want) send((r), (apdu), sizeof(apdu) - 1, (want), sizeof(want) - 1)

static uint8_t
power_ons(struct reader *r)
{
	static const uint8_t apdu[] = {0, INS_POWER_ONS, 0, 0, 1};
	uint8_t rapdu[RAPDU_CAP];
	size_t len;

	assert_int_equal(reader_transmit(r, apdu, sizeof(apdu), rapdu, &len, NULL), ERR_OK);
	assert_int_equal(len, 3);
	return rapdu[0];
}

static int
tidy(void **state)
{
	(void)state;
	pull_card();
	return 0;
}

static void
count(void *ctx, const char *name, bool present)
{
	unsigned *n = ctx;

	assert_true(strcmp(name, PCSCD_READER_0) == 0 || strcmp(name, PCSCD_READER_1) == 0);
	assert_false(present);
	++*n;
}

static void
without_the_service_staff_hear_how_to_start_it(void **state)
{
	struct reader *r = NULL;
	unsigned n = 0;
	struct why w;

	(void)state;
	assert_int_equal(pcsc_reader_open(PCSCD_READER_0, &r, &w), ERR_MISSING);
	assert_int_equal(w.id, MSG_READER_SERVICE_MISSING);
	assert_null(r);
	assert_int_equal(pcsc_list(count, &n, &w), ERR_MISSING);
	assert_int_equal(w.id, MSG_READER_SERVICE_MISSING);
	pcscd_start(&service);
}

static void
every_reader_is_listed_with_its_emptiness(void **state)
{
	unsigned n = 0;
	struct why w;

	(void)state;
	assert_int_equal(pcsc_list(count, &n, &w), ERR_OK);
	assert_int_equal(n, 2);
}

static void
a_part_of_a_name_is_enough_if_it_fits_one_reader(void **state)
{
	struct reader *r = open_reader("pcd 00 01");
	struct why w;

	(void)state;
	assert_string_equal(r->name, PCSCD_READER_1);
	reader_close(&r);
	assert_int_equal(pcsc_reader_open("Virtual", &r, &w), ERR_ARG);
	assert_int_equal(w.id, MSG_READER_AMBIGUOUS);
	assert_non_null(strstr(w.arg[1].str, PCSCD_READER_1));
	assert_int_equal(pcsc_reader_open(NULL, &r, &w), ERR_ARG);
	assert_int_equal(pcsc_reader_open("ACR122U", &r, &w), ERR_NO_READER);
	assert_int_equal(w.id, MSG_READER_NOT_FOUND);
	assert_string_equal(w.arg[0].str, "ACR122U");
	assert_null(r);
}

static void
no_card_within_the_time_is_told_as_that(void **state)
{
	struct reader *r = open_reader(PCSCD_READER_0);
	uint8_t rapdu[RAPDU_CAP];
	struct why w;
	size_t len = 99;

	(void)state;
	assert_int_equal(reader_connect(r, 300, &w), ERR_NO_CARD);
	assert_int_equal(w.id, MSG_READER_NO_CARD_IN_TIME);
	assert_int_equal(w.arg[1].num, 1);
	assert_int_equal(reader_connect(r, 0, &w), ERR_NO_CARD);
	assert_int_equal(reader_transmit(r, (const uint8_t *)"\0\1\0\0", 4, rapdu, &len, &w), ERR_CARD_GONE);
	assert_int_equal(len, 0);
	assert_int_equal(reader_reset(r, &w), ERR_CARD_GONE);
	reader_disconnect(r);
	reader_close(&r);
}

static void
a_card_is_awaited_and_answers(void **state)
{
	struct reader *r = with_card(atr_t1, sizeof(atr_t1));
	uint8_t rapdu[RAPDU_CAP];
	uint8_t big[APDU_CAP] = {0, INS_ECHO, 0, 0, 255};
	size_t len;

	(void)state;
	SEND(r, "\x00\x01\x00\x00\x02\x0F\xF0", "\x0F\xF0\x90\x00");
	SEND(r, "\x00\x77\x00\x00", "\x6D\x00");
	memset(big + 5, 0x5A, 255);
	assert_int_equal(reader_transmit(r, big, 5 + 255 + 1, rapdu, &len, NULL), ERR_OK);
	assert_int_equal(len, 257);
	assert_memory_equal(rapdu, big + 5, 255);
	assert_int_equal(reader_transmit(r, big, APDU_CAP + 1, rapdu, &len, NULL), ERR_LEN);
	assert_int_equal(r->apdus, 4);
	reader_close(&r);
}

static void
the_card_is_ours_alone_until_we_let_go(void **state)
{
	struct reader *r = with_card(atr_t1, sizeof(atr_t1));
	struct reader *other = open_reader(PCSCD_READER_0);
	struct why w;

	(void)state;
	assert_int_equal(reader_connect(other, 200, &w), ERR_NO_READER);
	assert_int_equal(w.id, MSG_READER_BUSY);
	SEND(r, "\x00\x01\x00\x00\x01\x07", "\x07\x90\x00");
	reader_disconnect(r);
	assert_int_equal(reader_connect(other, WAIT_MS, &w), ERR_OK);
	reader_close(&other);
	reader_close(&r);
}

static void
a_reset_cuts_the_power_and_keeps_the_card(void **state)
{
	struct reader *r = with_card(atr_t1, sizeof(atr_t1));
	uint8_t before = power_ons(r);
	struct why w;

	(void)state;
	assert_int_equal(reader_reset(r, &w), ERR_OK);
	assert_int_equal(r->atr_len, sizeof(atr_t1));
	assert_true(power_ons(r) > before);
	before = power_ons(r);
	reader_disconnect(r);
	assert_int_equal(reader_connect(r, WAIT_MS, &w), ERR_OK);
	assert_true(power_ons(r) > before);
	reader_close(&r);
}

static void
t0_answers_come_in_one_piece(void **state)
{
	struct reader *r = with_card(atr_t0, sizeof(atr_t0));
	uint8_t rapdu[RAPDU_CAP];
	struct why w;
	size_t len;

	(void)state;
	SEND(r, "\x00\x02\x00\x00\x00", "\x0A\x0B\x0C\x90\x00");
	SEND(r, "\x00\x02\x00\x00", "\x0A\x0B\x0C\x90\x00");
	SEND(r, "\x00\x02\x00\x00\x02\x0F\x0F", "\x6C\x03");	/* no Le to correct, and data is not one */
	SEND(r, "\x00\x03\x00\x00\x00", "\x99\x99\x99\x99"
	    "\xA0\xA0\xA0\xA0\xA0\xA0\xA0\xA0\xA0\xA0\xA0\xA0\xA0\xA0\xA0\xA0"
	    "\xA1\xA1\xA1\xA1\xA1\xA1\xA1\xA1\x90\x00");
	assert_int_equal(reader_transmit(r, (const uint8_t *)"\0\6\0\0\0", 5, rapdu, &len, &w), ERR_LEN);
	reader_close(&r);
}

static void
with_t1_the_card_itself_says_61_and_6c(void **state)
{
	struct reader *r = with_card(atr_t1, sizeof(atr_t1));

	(void)state;
	SEND(r, "\x00\x02\x00\x00\x00", "\x6C\x03");
	SEND(r, "\x00\x03\x00\x00\x00", "\x99\x99\x99\x99\x61\x10");
	reader_close(&r);
}

static void
a_card_pulled_in_mid_session_is_gone_and_may_come_back(void **state)
{
	struct reader *r = with_card(atr_t1, sizeof(atr_t1));
	uint8_t rapdu[RAPDU_CAP];
	struct why w;
	size_t len;

	(void)state;
	assert_int_equal(reader_transmit(r, (const uint8_t *)"\0\4\0\0", 4, rapdu, &len, &w), ERR_CARD_GONE);
	assert_int_equal(w.code, ERR_CARD_GONE);
	assert_int_equal(w.id, MSG_READER_CARD_REMOVED);
	assert_string_equal(w.arg[0].str, PCSCD_READER_0);
	assert_int_equal(len, 0);
	assert_false(r->connected);
	assert_int_equal(reader_transmit(r, (const uint8_t *)"\0\1\0\0", 4, rapdu, &len, &w), ERR_CARD_GONE);
	assert_int_equal(reader_reset(r, &w), ERR_CARD_GONE);
	/* back before the service has looked */
	pull_card();
	put_card(atr_t1, sizeof(atr_t1));
	assert_int_equal(reader_connect(r, WAIT_MS, &w), ERR_OK);
	SEND(r, "\x00\x01\x00\x00\x01\x2A", "\x2A\x90\x00");
	reader_close(&r);
}

static void
a_killed_service_is_told_and_its_return_needs_no_restart_of_ours(void **state)
{
	struct reader *r = with_card(atr_t1, sizeof(atr_t1));
	uint8_t rapdu[RAPDU_CAP];
	struct why w;
	size_t len;

	(void)state;
	pcscd_kill(&service);
	assert_int_equal(reader_transmit(r, (const uint8_t *)"\0\1\0\0", 4, rapdu, &len, &w), ERR_CARD_GONE);
	assert_int_equal(w.id, MSG_READER_SERVICE_MISSING);
	assert_int_equal(reader_connect(r, 1000, &w), ERR_MISSING);
	assert_int_equal(w.id, MSG_READER_SERVICE_MISSING);
	pull_card();
	pcscd_start(&service);
	put_card(atr_t1, sizeof(atr_t1));
	assert_int_equal(reader_connect(r, WAIT_MS, &w), ERR_OK);
	SEND(r, "\x00\x01\x00\x00\x01\x2B", "\x2B\x90\x00");
	reader_close(&r);
}

static void
a_service_restarted_between_customers_goes_unnoticed(void **state)
{
	struct reader *r = open_reader(PCSCD_READER_0);
	struct why w;

	(void)state;
	assert_int_equal(reader_connect(r, 0, &w), ERR_NO_CARD);
	pcscd_stop(&service);
	pcscd_start(&service);
	put_card(atr_t1, sizeof(atr_t1));
	assert_int_equal(reader_connect(r, WAIT_MS, &w), ERR_OK);
	SEND(r, "\x00\x01\x00\x00\x01\x2C", "\x2C\x90\x00");
	reader_close(&r);
}

static void
a_service_killed_while_we_wait_ends_the_wait(void **state)
{
	struct reader *r = open_reader(PCSCD_READER_0);
	struct why w;
	pid_t killer;

	(void)state;
	killer = fork();
	if (killer == 0) {
		/* a moment for the wait to begin; should it begin later, its end is the same */
		(void)nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
		(void)kill(service.pid, SIGKILL);
		_exit(0);
	}
	assert_int_equal(reader_connect(r, 60000, &w), ERR_MISSING);
	assert_int_equal(w.id, MSG_READER_SERVICE_MISSING);
	(void)waitpid(killer, NULL, 0);
	pcscd_stop(&service);
	pcscd_start(&service);
	reader_close(&r);
}

static void
a_transcript_shows_names_and_lengths_and_no_data(void **state)
{
	struct reader *r = with_card(atr_t1, sizeof(atr_t1));
	char text[1024] = "";
	FILE *to = fmemopen(text, sizeof(text), "w");
	uint8_t rapdu[RAPDU_CAP];
	struct trace t;
	size_t len;

	(void)state;
	assert_non_null(to);
	trace_attach(&t, r, to);
	SEND(r, "\x00\x01\x00\x00\x04\xDE\xAD\xBE\xEF", "\xDE\xAD\xBE\xEF\x90\x00");
	SEND(r, "\x00\xA4\x00\x00", "\x6D\x00");
	(void)reader_transmit(r, (const uint8_t *)"\0\4\0\0", 4, rapdu, &len, NULL);
	(void)fclose(to);
	assert_int_equal(t.lines, 3);
	assert_non_null(strstr(text, "   1  00 01 ?                         4 >   4  9000  "));
	assert_non_null(strstr(text, "   2  00 A4 SELECT                    0 >   0  6D00  "));
	assert_non_null(strstr(text, "   3  00 04 ?                         0 >   -  no answer  "));
	assert_null(strstr(text, "DE"));
	assert_null(strstr(text, "BEEF"));
	reader_close(&r);
}

/* --- the house's own software card, which leaves at its third APDU */

static void
put_desfire(void)
{
	static const uint8_t uid[7] = {0x04, 1, 2, 3, 4, 5, 6};
	static const volatile bool never;
	struct sim_card *sim = NULL;

	card = fork();
	assert_true(card >= 0);
	if (card > 0)
		return;
	if (sim_desfire_new(uid, NULL, &sim, NULL) != ERR_OK)
		_exit(2);
	sim_card_tear(sim, 3, SIM_TEAR_BEFORE);
	(void)sim_vpcd_serve(sim, "127.0.0.1", service.port, &never, NULL);
	sim_card_free(&sim);
	_exit(0);
}

static void
a_desfire_answers_through_the_service_until_it_is_torn_away(void **state)
{
	struct reader *r = open_reader(PCSCD_READER_0);
	uint8_t rapdu[RAPDU_CAP];
	struct why w;
	size_t len;

	(void)state;
	wait_until_empty();
	put_desfire();
	assert_int_equal(reader_connect(r, WAIT_MS, &w), ERR_OK);
	/* GetVersion: hardware, then software; DESFire data sheet: vendor 04, type 01 */
	SEND(r, "\x90\x60\x00\x00\x00", "\x04\x01\x01\x01\x00\x1A\x05\x91\xAF");
	assert_int_equal(reader_transmit(r, (const uint8_t *)"\x90\xAF\0\0\0", 5, rapdu, &len, &w), ERR_OK);
	assert_int_equal(len, 9);
	assert_int_equal(reader_transmit(r, (const uint8_t *)"\x90\xAF\0\0\0", 5, rapdu, &len, &w), ERR_CARD_GONE);
	assert_int_equal(w.id, MSG_READER_CARD_REMOVED);
	reader_close(&r);
}

/* --- a card by other hands: virtualsmartcard's vicc, an ISO 7816-4 file card */

/* Debian's vicc looks for pycryptodome under the name of its predecessor. */
static void
shim_path(char out[400])
{
	char link[200];

	(void)snprintf(link, sizeof(link), "%s/shim", service.dir);
	(void)mkdir(link, 0700);
	(void)snprintf(link, sizeof(link), "%s/shim/Crypto", service.dir);
	assert_int_equal(symlink("/usr/lib/python3/dist-packages/Cryptodome", link), 0);
	(void)snprintf(out, 400, "%s/shim:/usr/lib/python3/site-packages/virtualsmartcard", service.dir);
}

static void
put_vicc(void)
{
	char path[400];
	char port[8];

	if (access("/usr/bin/vicc", X_OK) != 0)
		fail_msg("vicc is missing; install the package vsmartcard-vpicc");
	shim_path(path);
	(void)snprintf(port, sizeof(port), "%u", service.port);
	card = fork();
	assert_true(card >= 0);
	if (card > 0)
		return;
	(void)setenv("PYTHONPATH", path, 1);
	if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
		_exit(2);
	(void)execl("/usr/bin/vicc", "vicc", "-t", "iso7816", "-H", "127.0.0.1", "-P", port, (char *)NULL);
	_exit(2);
}

static int
tidy_vicc(void **state)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/shim/Crypto", service.dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/shim", service.dir);
	(void)rmdir(path);
	return tidy(state);
}

static void
a_card_by_other_hands_is_read_and_its_death_survived(void **state)
{
	struct reader *r = open_reader(PCSCD_READER_0);
	uint8_t rapdu[RAPDU_CAP];
	struct why w;
	size_t len;

	(void)state;
	wait_until_empty();
	put_vicc();
	assert_int_equal(reader_connect(r, WAIT_MS, &w), ERR_OK);
	assert_int_equal(r->atr[0], 0x3B);
	SEND(r, "\x00\xA4\x00\x0C\x02\x3F\x00\x00", "\x90\x00");
	SEND(r, "\x00\xE0\x00\x00\x0D\x62\x0B\x80\x02\x00\x20\x82\x01\x01\x83\x02\x10\x01\x00", "\x90\x00");
	SEND(r, "\x00\xA4\x00\x0C\x02\x10\x01\x00", "\x90\x00");
	assert_int_equal(reader_transmit(r, (const uint8_t *)"\0\xD6\0\0\5\1\2\3\4\5\0", 11, rapdu, &len, &w), ERR_OK);
	SEND(r, "\x00\xB0\x00\x00\x05", "\x01\x02\x03\x04\x05\x90\x00");
	/* SELECT with P2 = 00 is what this card dies of */
	assert_int_equal(reader_transmit(r, (const uint8_t *)"\0\xA4\0\0\2\x3F\0\0", 8, rapdu, &len, &w), ERR_CARD_GONE);
	assert_int_equal(w.id, MSG_READER_CARD_REMOVED);
	reader_close(&r);
}

/* --- without a card */

static void
every_code_a_till_can_meet_has_its_own_sentence(void **state)
{
	static const struct {
		long code;
		enum err err;
		enum msg id;
	} want[] = {
		{0x8010001D, ERR_MISSING, MSG_READER_SERVICE_MISSING},	/* SCARD_E_NO_SERVICE */
		{0x80100017, ERR_NO_READER, MSG_READER_UNPLUGGED},	/* SCARD_E_READER_UNAVAILABLE */
		{0x8010002E, ERR_NO_READER, MSG_READER_NONE},		/* SCARD_E_NO_READERS_AVAILABLE */
		{0x8010000B, ERR_NO_READER, MSG_READER_BUSY},		/* SCARD_E_SHARING_VIOLATION */
		{0x8010006A, ERR_NO_READER, MSG_READER_DENIED},		/* SCARD_W_SECURITY_VIOLATION */
		{0x8010000C, ERR_CARD_GONE, MSG_READER_CARD_REMOVED},	/* SCARD_E_NO_SMARTCARD */
		{0x80100069, ERR_CARD_GONE, MSG_READER_CARD_REMOVED},	/* SCARD_W_REMOVED_CARD */
		{0x80100068, ERR_CARD_GONE, MSG_READER_CARD_RESET},	/* SCARD_W_RESET_CARD */
		{0x80100066, ERR_CARD_GONE, MSG_READER_CARD_MUTE},	/* SCARD_W_UNRESPONSIVE_CARD */
		{0x8010000F, ERR_CARD_UNKNOWN, MSG_READER_CARD_UNSUPPORTED}, /* SCARD_E_PROTO_MISMATCH */
		{0x80100006, ERR_NOMEM, MSG_NO_MEMORY},			/* SCARD_E_NO_MEMORY */
		{0x80100001, ERR_NO_READER, MSG_READER_FAULT},		/* any other */
	};
	struct why w;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(pcsc_why(&w, want[i].code, "R"), want[i].err);
		assert_int_equal(w.id, want[i].id);
		assert_string_equal(w.arg[0].str, "R");
	}
	assert_int_equal(w.arg[1].num, 0x80100001);
	assert_int_equal(pcsc_why(NULL, 0x8010001D, "R"), ERR_MISSING);
}

static int
prepare(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	pcscd_prepare(&service);
	return 0;
}

static int
take_down(void **state)
{
	(void)state;
	pull_card();
	pcscd_remove(&service);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_a_till_can_meet_has_its_own_sentence),
		/* this one starts the service for those after it */
		cmocka_unit_test(without_the_service_staff_hear_how_to_start_it),
		cmocka_unit_test(every_reader_is_listed_with_its_emptiness),
		cmocka_unit_test(a_part_of_a_name_is_enough_if_it_fits_one_reader),
		cmocka_unit_test(no_card_within_the_time_is_told_as_that),
		cmocka_unit_test_teardown(a_card_is_awaited_and_answers, tidy),
		cmocka_unit_test_teardown(the_card_is_ours_alone_until_we_let_go, tidy),
		cmocka_unit_test_teardown(a_reset_cuts_the_power_and_keeps_the_card, tidy),
		cmocka_unit_test_teardown(t0_answers_come_in_one_piece, tidy),
		cmocka_unit_test_teardown(with_t1_the_card_itself_says_61_and_6c, tidy),
		cmocka_unit_test_teardown(a_card_pulled_in_mid_session_is_gone_and_may_come_back, tidy),
		cmocka_unit_test_teardown(a_killed_service_is_told_and_its_return_needs_no_restart_of_ours, tidy),
		cmocka_unit_test_teardown(a_service_restarted_between_customers_goes_unnoticed, tidy),
		cmocka_unit_test(a_service_killed_while_we_wait_ends_the_wait),
		cmocka_unit_test_teardown(a_transcript_shows_names_and_lengths_and_no_data, tidy),
		cmocka_unit_test_teardown(a_desfire_answers_through_the_service_until_it_is_torn_away, tidy),
		cmocka_unit_test_teardown(a_card_by_other_hands_is_read_and_its_death_survived, tidy_vicc),
	};

	return cmocka_run_group_tests_name("cardapps/pcsc", tests, prepare, take_down);
}
