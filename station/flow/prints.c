#include "station/flow/prints.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardapps/number.h"
#include "printer/printer.h"
#include "station/base/clock.h"
#include "station/store/journal.h"
#include "station/text/text.h"

#define SETTING_RIBBON "print.cost.ribbon"
#define SETTING_BLANK "print.cost.card"

enum err
prints_find(struct station *s, const char *typed, struct store_print *out, struct why *w)
{
	char digits[CARD_NUMBER_DIGITS + 1];
	uint64_t number;

	if (text_parse_card_number(typed, digits, NULL) == ERR_OK && card_number_parse(digits, &number))
		return store_print_newest(s->store, number, out, w);
	return store_print_by_title(s->store, typed, out, w);
}

static enum err
move(struct station *s, const struct store_print_move *m, struct why *w)
{
	enum err e = store_begin(s->store, w);

	if (e == ERR_OK)
		e = store_print_move(s->store, m, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

enum err
prints_confirm(struct station *s, const char *title, const char *by, struct why *w)
{
	const struct store_print_move m = {.title = title, .to = STORE_PRINT_CONFIRMED, .by = by,
	    .at_ms = clock_now_ms()};

	return move(s, &m, w);
}

/* A job that still waits would come out after all, beside the one that is printed in its place. */
static void
recall(struct station *s, const char *title)
{
	struct print_queue *q = NULL;
	char job[PRINT_JOB_CAP];
	struct store_print p;
	struct why none;

	if (store_print_by_title(s->store, title, &p, &none) != ERR_OK || p.state > STORE_PRINT_SUBMITTED ||
	    queue_open(p.queue, &q, &none) != ERR_OK)
		return;
	if (queue_find(q, p.sheet[0] != '\0' ? p.sheet : p.title, job, &none) == ERR_OK)
		(void)queue_cancel(q, job, &none);
	queue_close(&q);
}

enum err
prints_confirm_sheet(struct station *s, const char *sheet, const char *by, size_t *count, struct why *w)
{
	struct store_print rows[STORE_SHEET_MAX];
	struct store_print_move m = {.to = STORE_PRINT_CONFIRMED, .by = by, .at_ms = clock_now_ms()};
	size_t all = 0;
	enum err e = store_begin(s->store, w);

	*count = 0;
	if (e == ERR_OK)
		e = store_prints_of_sheet(s->store, sheet, rows, &all, w);
	for (size_t i = 0; e == ERR_OK && i < all; i++) {
		if (rows[i].state >= STORE_PRINT_CONFIRMED)
			continue;
		m.title = rows[i].title;
		e = store_print_move(s->store, &m, w);
		++*count;
	}
	if (e == ERR_OK && *count == 0)
		e = why_set(w, ERR_REFUSED, MSG_PRINT_CLOSED, WHY_CODE(sheet));
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}

enum err
prints_reject(struct station *s, const char *title, enum store_print_reason reason, const char *note,
    struct why *w)
{
	const struct store_print_move m = {.title = title, .to = STORE_PRINT_REJECTED, .reason = reason,
	    .note = note, .by = PRINT_BY_STAFF, .at_ms = clock_now_ms()};

	if (reason <= STORE_REJECT_NONE || reason >= STORE_REJECT_REASONS)
		return why_set(w, ERR_ARG, MSG_PRINT_REASON);
	if (reason == STORE_REJECT_OTHER && (note == NULL || note[0] == '\0'))
		return why_set(w, ERR_ARG, MSG_PRINT_NOTE_NEEDED);
	recall(s, title);
	return move(s, &m, w);
}

/* --- costs */

static enum err
read_cost(struct station *s, const char *key, int64_t *out, struct why *w)
{
	char text[32], *end;
	struct why none = {0};
	enum err e = store_setting_get(s->store, key, text, sizeof(text), &none);

	*out = 0;
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK) {
		if (w != NULL)
			*w = none;
		return e;
	}
	errno = 0;
	*out = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || *out < 0)
		return why_set(w, ERR_DB_DAMAGED, MSG_SETTING_WRONG);
	return ERR_OK;
}

enum err
prints_cost(struct station *s, int64_t *ribbon, int64_t *blank, struct why *w)
{
	enum err e = read_cost(s, SETTING_RIBBON, ribbon, w);

	return e == ERR_OK ? read_cost(s, SETTING_BLANK, blank, w) : e;
}

static enum err
put_cost(struct station *s, const char *key, int64_t rial, struct why *w)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRId64, rial);
	return store_setting_put(s->store, key, text, w);
}

static enum err
journal_cost(struct station *s, int64_t ribbon, int64_t blank, struct why *w)
{
	const struct journal_field fields[] = {
		JOURNAL_FIELD_INT("ribbon", ribbon), JOURNAL_FIELD_INT("blank", blank),
	};
	struct journal_entry row = {.kind = "print.cost", .at_ms = clock_now_ms(), .fields = fields,
	    .field_count = 2};
	enum err e = store_event_next(s->store, row.event, w);

	return e == ERR_OK ? store_journal_append(s->store, &row, w) : e;
}

enum err
prints_set_cost(struct station *s, int64_t ribbon, int64_t blank, struct why *w)
{
	int64_t old_ribbon = 0, old_blank = 0;
	enum err e = store_begin(s->store, w);

	if (e == ERR_OK)
		e = prints_cost(s, &old_ribbon, &old_blank, w);
	ribbon = ribbon < 0 ? old_ribbon : ribbon;
	blank = blank < 0 ? old_blank : blank;
	if (e == ERR_OK)
		e = put_cost(s, SETTING_RIBBON, ribbon, w);
	if (e == ERR_OK)
		e = put_cost(s, SETTING_BLANK, blank, w);
	if (e == ERR_OK)
		e = journal_cost(s, ribbon, blank, w);
	if (e == ERR_OK)
		e = store_commit(s->store, w);
	store_rollback(s->store);
	return e;
}
