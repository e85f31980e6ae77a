#include "cardapps/reader/pcsc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winscard.h>

#include "station/base/clock.h"

#define READERS_CAP 16		/* PCSCLITE_MAX_READERS_CONTEXTS of the service */
#define NAMES_CAP (READERS_CAP * (MAX_READERNAME + 1) + 1)
#define PROTOCOLS (SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1)
/* A card that is mute or taken may be so for a moment only, while it comes near or another program looks. */
#define OBSTACLE_GRACE_MS 1500
#define PRESENT_POLL_MS 100
#define SETTLE_MS 1000		/* the service looks every 400 ms */
#define DENIAL_TRIES 5
#define DENIAL_PAUSE_MS 50
#define NS_A_MS INT64_C(1000000)
#define APDU_HEADER 4
#define TEXT_CAP 100

struct pcsc_reader {
	struct reader base;	/* first: a struct reader * is one of these */
	SCARDCONTEXT context;
	bool has_context;
	SCARDHANDLE card;
	bool has_card;
	bool lost;		/* the last card went away by itself */
	DWORD protocol;
};

/* Every code a till can meet, and what its staff should do. Source: pcsclite.h. */
static const struct {
	LONG code;
	enum err err;
	enum msg id;
} code_table[] = {
	{SCARD_E_NO_SERVICE, ERR_MISSING, MSG_READER_SERVICE_MISSING},
	{SCARD_E_SERVICE_STOPPED, ERR_MISSING, MSG_READER_SERVICE_MISSING},
	{SCARD_E_INVALID_HANDLE, ERR_MISSING, MSG_READER_SERVICE_MISSING},
	{SCARD_F_COMM_ERROR, ERR_MISSING, MSG_READER_SERVICE_MISSING},
	{SCARD_E_NO_READERS_AVAILABLE, ERR_NO_READER, MSG_READER_NONE},
	{SCARD_E_READER_UNAVAILABLE, ERR_NO_READER, MSG_READER_UNPLUGGED},
	{SCARD_E_UNKNOWN_READER, ERR_NO_READER, MSG_READER_UNPLUGGED},
	{SCARD_E_SHARING_VIOLATION, ERR_NO_READER, MSG_READER_BUSY},
	{SCARD_E_SERVER_TOO_BUSY, ERR_NO_READER, MSG_READER_BUSY},
	{SCARD_W_SECURITY_VIOLATION, ERR_NO_READER, MSG_READER_DENIED},
	{SCARD_E_NO_ACCESS, ERR_NO_READER, MSG_READER_DENIED},
	{SCARD_E_NO_SMARTCARD, ERR_CARD_GONE, MSG_READER_CARD_REMOVED},
	{SCARD_W_REMOVED_CARD, ERR_CARD_GONE, MSG_READER_CARD_REMOVED},
	{SCARD_E_NOT_TRANSACTED, ERR_CARD_GONE, MSG_READER_CARD_REMOVED},
	{SCARD_E_COMM_DATA_LOST, ERR_CARD_GONE, MSG_READER_CARD_REMOVED},
	{SCARD_W_UNPOWERED_CARD, ERR_CARD_GONE, MSG_READER_CARD_REMOVED},
	{SCARD_W_RESET_CARD, ERR_CARD_GONE, MSG_READER_CARD_RESET},
	{SCARD_W_UNRESPONSIVE_CARD, ERR_CARD_GONE, MSG_READER_CARD_MUTE},
	{SCARD_E_NOT_READY, ERR_CARD_GONE, MSG_READER_CARD_MUTE},
	{SCARD_W_UNSUPPORTED_CARD, ERR_CARD_UNKNOWN, MSG_READER_CARD_UNSUPPORTED},
	{SCARD_E_CARD_UNSUPPORTED, ERR_CARD_UNKNOWN, MSG_READER_CARD_UNSUPPORTED},
	{SCARD_E_PROTO_MISMATCH, ERR_CARD_UNKNOWN, MSG_READER_CARD_UNSUPPORTED},
	{SCARD_E_NO_MEMORY, ERR_NOMEM, MSG_NO_MEMORY},
};

enum err
pcsc_why(struct why *w, long code, const char *reader)
{
	for (size_t i = 0; i < sizeof(code_table) / sizeof(code_table[0]); i++)
		if (code_table[i].code == code)
			return why_set(w, code_table[i].err, code_table[i].id, WHY_CODE(reader));
	return why_set(w, ERR_NO_READER, MSG_READER_FAULT, WHY_CODE(reader),
	    WHY_HEX((unsigned long)code & 0xFFFFFFFFul));
}

static struct pcsc_reader *
self(struct reader *r)
{
	return (struct pcsc_reader *)(void *)r;
}

/* --- the service */

/*
 * The service went away: every handle it gave out is void. pcsc-lite takes a connection that is
 * hung up for a denial, which a dying service looks like too; so a denial counts until it is repeated.
 */
static bool
is_service_gone(LONG rv)
{
	return rv == SCARD_E_NO_SERVICE || rv == SCARD_E_SERVICE_STOPPED ||
	    rv == SCARD_E_INVALID_HANDLE || rv == SCARD_F_COMM_ERROR ||
	    rv == SCARD_W_SECURITY_VIOLATION;
}

static void
drop_context(struct pcsc_reader *p)
{
	p->has_card = false;
	if (p->has_context)
		(void)SCardReleaseContext(p->context);
	p->has_context = false;
}

static LONG
hold_context(struct pcsc_reader *p)
{
	const struct timespec pause = {.tv_nsec = DENIAL_PAUSE_MS * NS_A_MS};
	LONG rv = SCARD_W_SECURITY_VIOLATION;

	if (p->has_context && SCardIsValidContext(p->context) == SCARD_S_SUCCESS)
		return SCARD_S_SUCCESS;
	drop_context(p);
	for (unsigned i = 0; i < DENIAL_TRIES && rv == SCARD_W_SECURITY_VIOLATION; i++) {
		if (i > 0)
			(void)nanosleep(&pause, NULL);
		rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &p->context);
	}
	p->has_context = rv == SCARD_S_SUCCESS;
	return rv;
}

/* --- names */

/* The names one after the other, each with its NUL, an empty one at the end. */
static LONG
list_names(SCARDCONTEXT context, char names[NAMES_CAP])
{
	DWORD len = NAMES_CAP - 1;
	LONG rv;

	memset(names, 0, NAMES_CAP);
	rv = SCardListReaders(context, NULL, names, &len);
	if (rv == SCARD_S_SUCCESS && names[0] == '\0')
		return SCARD_E_NO_READERS_AVAILABLE;
	return rv;
}

static const char *
next_name(const char *name)
{
	return name + strlen(name) + 1;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
begins_with(const char *text, const char *part)
{
	for (; *part != '\0'; text++, part++)
		if (lower(*text) != lower(*part))
			return false;
	return true;
}

static bool
contains(const char *text, const char *part)
{
	for (; *text != '\0'; text++)
		if (begins_with(text, part))
			return true;
	return false;
}

/* The names as one line for a sentence, cut where it ends. */
static void
join_names(const char *names, char out[TEXT_CAP])
{
	size_t at = 0;

	for (const char *n = names; *n != '\0' && at < TEXT_CAP - 1; n = next_name(n)) {
		int len = snprintf(out + at, TEXT_CAP - at, "%s%s", n == names ? "" : "; ", n);

		at += len > 0 ? (size_t)len : 0;
	}
}

/* The one reader meant by `wanted`: the exact name, else the only one that contains it; else NULL. */
static const char *
find_name(const char *names, const char *wanted, unsigned *fits)
{
	const char *found = NULL;

	*fits = 0;
	for (const char *n = names; *n != '\0'; n = next_name(n)) {
		if (strcmp(n, wanted) == 0)
			return n;
		if (contains(n, wanted)) {
			found = n;
			++*fits;
		}
	}
	return *fits == 1 ? found : NULL;
}

static enum err
refuse_name(const char *names, const char *wanted, unsigned fits, struct why *w)
{
	char all[TEXT_CAP] = "";

	join_names(names, all);
	if (fits > 1)
		return why_set(w, ERR_ARG, MSG_READER_AMBIGUOUS, WHY_CODE(wanted), WHY_CODE(all));
	return why_set(w, ERR_NO_READER, MSG_READER_NOT_FOUND, WHY_CODE(wanted), WHY_CODE(all));
}

/* --- waiting for a card */

/*
 * Waits at most `ms` until the reader's state is another than *known (SCARD_STATE_UNAWARE:
 * answers at once), and puts the new one there. SCARD_E_TIMEOUT: it is still the same.
 */
static LONG
watch_state(SCARDCONTEXT context, const char *name, DWORD ms, DWORD *known)
{
	SCARD_READERSTATE state = {.szReader = name, .dwCurrentState = *known};
	LONG rv = SCardGetStatusChange(context, ms, &state, 1);

	if (rv != SCARD_S_SUCCESS)
		return rv;
	if ((state.dwEventState & (SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE)) != 0)
		return SCARD_E_READER_UNAVAILABLE;
	*known = state.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
	return SCARD_S_SUCCESS;
}

static LONG
power_cycle(struct pcsc_reader *p)
{
	return SCardReconnect(p->card, SCARD_SHARE_EXCLUSIVE, PROTOCOLS, SCARD_UNPOWER_CARD,
	    &p->protocol);
}

static LONG
fetch_atr(struct pcsc_reader *p)
{
	DWORD len = sizeof(p->base.atr);
	LONG rv = SCardStatus(p->card, NULL, NULL, NULL, NULL, p->base.atr, &len);

	p->base.atr_len = rv == SCARD_S_SUCCESS ? len : 0;
	return rv;
}

/*
 * A card that is gone is left alone: told to power it off, pcscd 1.9 notes the reader as empty behind
 * the back of its own watch, and overlooks the card if it has come back already.
 */
static void
let_go(struct pcsc_reader *p)
{
	if (p->has_card) {
		(void)SCardEndTransaction(p->card, SCARD_LEAVE_CARD);
		(void)SCardDisconnect(p->card, p->lost ? SCARD_LEAVE_CARD : SCARD_UNPOWER_CARD);
	}
	p->has_card = false;
	p->base.atr_len = 0;
}

/* Exclusive, and in a transaction too: drivers exist that look only at the one or the other. */
static LONG
take_card(struct pcsc_reader *p)
{
	LONG rv = SCardConnect(p->context, p->base.name, SCARD_SHARE_EXCLUSIVE, PROTOCOLS, &p->card,
	    &p->protocol);

	if (rv != SCARD_S_SUCCESS)
		return rv;
	p->has_card = true;
	rv = SCardBeginTransaction(p->card);
	if (rv == SCARD_S_SUCCESS && p->lost)
		rv = power_cycle(p);
	if (rv == SCARD_S_SUCCESS)
		rv = fetch_atr(p);
	p->lost = rv != SCARD_S_SUCCESS;
	if (p->lost)
		let_go(p);
	return rv;
}

/* No card after all: the service notices a removal a little later than we do. */
static bool
is_absent(LONG rv)
{
	return rv == SCARD_E_TIMEOUT || rv == SCARD_E_NO_SMARTCARD || rv == SCARD_W_REMOVED_CARD ||
	    rv == SCARD_W_UNPOWERED_CARD;
}

/* What may pass by itself: a card not quite there, or in another program's hands for a moment. */
static bool
is_obstacle(LONG rv)
{
	return rv == SCARD_W_UNRESPONSIVE_CARD || rv == SCARD_E_SHARING_VIOLATION ||
	    rv == SCARD_W_RESET_CARD || rv == SCARD_E_NOT_READY;
}

static DWORD
ms_until(int64_t deadline_ns)
{
	int64_t left = deadline_ns - clock_monotonic_ns();

	return left > 0 ? (DWORD)((left + NS_A_MS - 1) / NS_A_MS) : 0;
}

/* Waits at most `ms` for news of the reader, then takes the card if there is one. SCARD_E_TIMEOUT: there is none. */
static LONG
try_card(struct pcsc_reader *p, DWORD ms, DWORD *known)
{
	LONG rv = watch_state(p->context, p->base.name, ms, known);

	if (rv != SCARD_S_SUCCESS && rv != SCARD_E_TIMEOUT)
		return rv;
	return (*known & SCARD_STATE_PRESENT) != 0 ? take_card(p) : SCARD_E_TIMEOUT;
}

/* After a loss the service may show the lost card for a moment yet: let it look again. */
static void
settle(struct pcsc_reader *p, DWORD ms)
{
	DWORD known = SCARD_STATE_UNAWARE;

	if (watch_state(p->context, p->base.name, 0, &known) == SCARD_S_SUCCESS &&
	    (known & SCARD_STATE_PRESENT) != 0)
		(void)watch_state(p->context, p->base.name, ms < SETTLE_MS ? ms : SETTLE_MS, &known);
}

/*
 * Takes the card as soon as there is one. An obstacle shortens the wait to a grace, and is
 * what is told at its end. SCARD_E_TIMEOUT: no card came.
 */
static LONG
await_card(struct pcsc_reader *p, int64_t deadline)
{
	LONG obstacle = SCARD_E_TIMEOUT;
	DWORD known = SCARD_STATE_UNAWARE;
	DWORD ms = 0;

	if (p->lost)
		settle(p, ms_until(deadline));
	for (;;) {
		LONG rv = try_card(p, ms, &known);

		if (!is_absent(rv) && !is_obstacle(rv))
			return rv;
		if (is_obstacle(rv)) {
			int64_t grace = clock_monotonic_ns() + OBSTACLE_GRACE_MS * NS_A_MS;

			if (obstacle == SCARD_E_TIMEOUT && grace < deadline)
				deadline = grace;
			obstacle = rv;
		}
		ms = ms_until(deadline);
		if (ms == 0)
			return obstacle;
		if ((known & SCARD_STATE_PRESENT) != 0 && ms > PRESENT_POLL_MS)
			ms = PRESENT_POLL_MS;
	}
}

/* --- the vtable */

static enum err
pcsc_connect(struct reader *r, unsigned timeout_ms, struct why *w)
{
	const int64_t deadline = clock_monotonic_ns() + (int64_t)timeout_ms * NS_A_MS;
	struct pcsc_reader *p = self(r);
	LONG rv;

	let_go(p);
	rv = hold_context(p);
	if (rv == SCARD_S_SUCCESS)
		rv = await_card(p, deadline);
	/* a context looks good until it is used: the service may have been started anew since */
	if (is_service_gone(rv) && p->has_context) {
		drop_context(p);
		rv = hold_context(p);
		if (rv == SCARD_S_SUCCESS)
			rv = await_card(p, deadline);
	}
	if (rv == SCARD_S_SUCCESS)
		return ERR_OK;
	if (rv == SCARD_E_TIMEOUT)
		return reader_no_card(r, timeout_ms, w);
	if (is_service_gone(rv))
		drop_context(p);
	return pcsc_why(w, rv, r->name);
}

/* The card may or may not have done what it was told: one class for every cause, each with its sentence. */
static enum err
card_gone(struct pcsc_reader *p, LONG rv, struct why *w)
{
	p->lost = true;
	if (is_service_gone(rv)) {
		drop_context(p);
		rv = SCARD_E_NO_SERVICE;	/* a user who has the card is not being denied it */
	}
	(void)pcsc_why(w, rv, p->base.name);
	if (w != NULL)
		w->code = ERR_CARD_GONE;
	return ERR_CARD_GONE;
}

static enum err
exchange(struct pcsc_reader *p, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w)
{
	const SCARD_IO_REQUEST *pci = p->protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
	DWORD got = RAPDU_CAP;
	LONG rv = SCardTransmit(p->card, pci, capdu, capdu_len, NULL, rapdu, &got);

	*len = 0;
	if (rv == SCARD_E_INSUFFICIENT_BUFFER)
		return why_set(w, ERR_LEN, MSG_READER_ANSWER, WHY_CODE(p->base.name), WHY_NUM(got));
	/* some drivers call an answer without a status word a success: the card died in the middle */
	if (rv == SCARD_S_SUCCESS && got < 2)
		rv = SCARD_E_NOT_TRANSACTED;
	if (rv != SCARD_S_SUCCESS)
		return card_gone(p, rv, w);
	*len = got;
	return ERR_OK;
}

/* Whether the command ends in an Le, or has room for one: cases 1, 2 and 4 of ISO/IEC 7816-3, 12.1. */
static bool
takes_le(const uint8_t *capdu, size_t len)
{
	return len == APDU_HEADER || len == APDU_HEADER + 1 ||
	    (len > APDU_HEADER + 1 && len == APDU_HEADER + 1u + capdu[APDU_HEADER] + 1u);
}

/* T=0 says 6C xx for "again, with Le = xx". Source: ISO/IEC 7816-3, 10.3.3. */
static enum err
repeat_with_le(struct pcsc_reader *p, const uint8_t *capdu, size_t capdu_len,
    uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w)
{
	uint8_t again[APDU_CAP];
	const uint8_t le = rapdu[*len - 1];

	memcpy(again, capdu, capdu_len);
	if (capdu_len == APDU_HEADER)
		capdu_len++;
	again[capdu_len - 1] = le;
	return exchange(p, again, capdu_len, rapdu, len, w);
}

/* T=0 says 61 xx for "fetch xx more bytes" (0 is 256). Pieces are put together in `rapdu`. */
static enum err
fetch_rest(struct pcsc_reader *p, uint8_t rapdu[RAPDU_CAP], size_t *len, struct why *w)
{
	while (rapdu[*len - 2] == 0x61) {
		const uint8_t get_response[] = {0x00, 0xC0, 0x00, 0x00, rapdu[*len - 1]};
		uint8_t piece[RAPDU_CAP];
		const size_t had = *len - 2;
		size_t got;
		enum err e = exchange(p, get_response, sizeof(get_response), piece, &got, w);

		if (e != ERR_OK)
			return e;
		/* a piece without data would let a broken card keep us here for ever */
		if (had + got > RAPDU_CAP || (got == 2 && piece[0] == 0x61))
			return why_set(w, ERR_LEN, MSG_READER_ANSWER, WHY_CODE(p->base.name),
			    WHY_NUM(had + got));
		memcpy(rapdu + had, piece, got);
		*len = had + got;
	}
	return ERR_OK;
}

static enum err
pcsc_transmit(struct reader *r, const uint8_t *capdu, size_t capdu_len, uint8_t rapdu[RAPDU_CAP],
    size_t *len, struct why *w)
{
	struct pcsc_reader *p = self(r);
	enum err e;

	*len = 0;
	if (capdu_len == 0 || capdu_len > APDU_CAP)
		return why_set(w, ERR_LEN, MSG_INTERNAL, WHY_CODE("apdu"));
	if (!p->has_card)
		return card_gone(p, SCARD_W_REMOVED_CARD, w);
	e = exchange(p, capdu, capdu_len, rapdu, len, w);
	if (e != ERR_OK || p->protocol != SCARD_PROTOCOL_T0)
		return e;
	if (*len == 2 && rapdu[0] == 0x6C && takes_le(capdu, capdu_len))
		e = repeat_with_le(p, capdu, capdu_len, rapdu, len, w);
	if (e == ERR_OK)
		e = fetch_rest(p, rapdu, len, w);
	if (e != ERR_OK)
		*len = 0;
	return e;
}

static enum err
pcsc_reset(struct reader *r, struct why *w)
{
	struct pcsc_reader *p = self(r);
	LONG rv = SCARD_W_REMOVED_CARD;

	if (p->has_card && !p->lost)
		rv = power_cycle(p);
	if (rv == SCARD_S_SUCCESS)
		rv = fetch_atr(p);
	return rv == SCARD_S_SUCCESS ? ERR_OK : card_gone(p, rv, w);
}

static void
pcsc_disconnect(struct reader *r)
{
	let_go(self(r));
}

static void
pcsc_destroy(struct reader *r)
{
	drop_context(self(r));
	free(r);
}

static const struct reader_ops pcsc_ops = {
	.connect = pcsc_connect,
	.transmit = pcsc_transmit,
	.reset = pcsc_reset,
	.disconnect = pcsc_disconnect,
	.destroy = pcsc_destroy,
};

enum err
pcsc_reader_open(const char *name, struct reader **out, struct why *w)
{
	struct pcsc_reader *p = calloc(1, sizeof(*p));
	const char *wanted = name == NULL ? "" : name;
	char names[NAMES_CAP] = "";
	const char *found;
	unsigned fits;
	enum err e = ERR_OK;
	LONG rv;

	*out = NULL;
	if (p == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	rv = hold_context(p);
	if (rv == SCARD_S_SUCCESS)
		rv = list_names(p->context, names);
	if (rv != SCARD_S_SUCCESS) {
		e = pcsc_why(w, rv, wanted);
		goto out;
	}
	found = find_name(names, wanted, &fits);
	if (found == NULL) {
		e = refuse_name(names, wanted, fits, w);
		goto out;
	}
	p->base.ops = &pcsc_ops;
	memcpy(p->base.name, found, strnlen(found, sizeof(p->base.name) - 1));
	*out = &p->base;
	p = NULL;
out:
	if (p != NULL)
		pcsc_destroy(&p->base);
	return e;
}

enum err
pcsc_list(void (*each)(void *ctx, const char *name, bool card_present), void *ctx, struct why *w)
{
	struct pcsc_reader p = {0};
	char names[NAMES_CAP] = "";
	LONG rv = hold_context(&p);

	if (rv == SCARD_S_SUCCESS)
		rv = list_names(p.context, names);
	for (const char *n = names; rv == SCARD_S_SUCCESS && *n != '\0'; n = next_name(n)) {
		DWORD state = SCARD_STATE_UNAWARE;

		rv = watch_state(p.context, n, 0, &state);
		if (rv == SCARD_S_SUCCESS)
			each(ctx, n, (state & SCARD_STATE_PRESENT) != 0);
		else if (rv == SCARD_E_READER_UNAVAILABLE)
			rv = SCARD_S_SUCCESS;	/* unplugged since the list was made */
	}
	drop_context(&p);
	return rv == SCARD_S_SUCCESS ? ERR_OK : pcsc_why(w, rv, "");
}
