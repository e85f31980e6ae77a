#include "station/store/print.h"

#include <stdio.h>
#include <string.h>

#include "station/store/own.h"

static const struct {
	const char *name;
	const char *kind;	/* of the journal row of moving there */
} states[STORE_PRINT_STATES] = {
	[STORE_PRINT_PLANNED] = {"planned", "print.plan"},
	[STORE_PRINT_SUBMITTED] = {"submitted", "print.submit"},
	[STORE_PRINT_ENDED] = {"ended", "print.end"},
	[STORE_PRINT_CONFIRMED] = {"confirmed", "print.confirm"},
	[STORE_PRINT_REJECTED] = {"rejected", "print.reject"},
	[STORE_PRINT_DROPPED] = {"dropped", "print.drop"},
};

static const char *const reasons[STORE_REJECT_REASONS] = {
	[STORE_REJECT_NONE] = "none", [STORE_REJECT_COLOUR] = "colour",
	[STORE_REJECT_RIBBON] = "ribbon", [STORE_REJECT_MISSPELT] = "misspelt",
	[STORE_REJECT_WRONG_CARD] = "wrong-card", [STORE_REJECT_JAM] = "jam",
	[STORE_REJECT_SCRATCHED] = "scratched", [STORE_REJECT_LOST] = "lost",
	[STORE_REJECT_NOTHING] = "nothing", [STORE_REJECT_OTHER] = "other",
};

const char *
store_print_state_name(enum store_print_state st)
{
	return (unsigned)st < STORE_PRINT_STATES ? states[st].name : "";
}

const char *
store_print_reason_name(enum store_print_reason r)
{
	return (unsigned)r < STORE_REJECT_REASONS ? reasons[r] : "";
}

/* --- journal */

static enum err
append(struct store *s, struct journal_entry *row, const struct journal_field *fields, size_t count,
    struct why *w)
{
	row->fields = fields;
	row->field_count = count;
	return store_journal_append(s, row, w);
}

static enum err
journal_plan(struct store *s, struct journal_entry *row, const struct store_print *p, struct why *w)
{
	const struct card_text card = card_text(p->card);
	const struct journal_field fields[] = {
		JOURNAL_FIELD_STR("card", card.digits), JOURNAL_FIELD_STR("title", p->title),
		JOURNAL_FIELD_HEX("token_sha256", p->has_token ? p->token : NULL, sizeof(p->token)),
		JOURNAL_FIELD_STR("design", p->design), JOURNAL_FIELD_STR("lang", p->lang),
		JOURNAL_FIELD_STR("queue", p->queue), JOURNAL_FIELD_STR("options", p->options),
		JOURNAL_FIELD_INT("ribbon", p->ribbon_rial),
		JOURNAL_FIELD_INT("blank", p->blank_rial), JOURNAL_FIELD_STR("sheet", p->sheet),
	};
	const size_t all = sizeof(fields) / sizeof(fields[0]);

	return append(s, row, fields, p->sheet[0] != '\0' ? all : all - 1, w);
}

/* A note is staff's own words and may name somebody: that there is one is all the journal says. */
static enum err
journal_move(struct store *s, const struct store_print *p, struct why *w)
{
	const struct card_text card = card_text(p->card);
	const struct journal_field fields[] = {
		JOURNAL_FIELD_STR("card", card.digits), JOURNAL_FIELD_STR("title", p->title),
		JOURNAL_FIELD_STR("job", p->job), JOURNAL_FIELD_STR("state", p->ended),
		JOURNAL_FIELD_STR("keyword", p->keyword), JOURNAL_FIELD_STR("by", p->by),
		JOURNAL_FIELD_STR("reason", reasons[p->reason]),
		JOURNAL_FIELD_BOOL("noted", p->note[0] != '\0'),
	};
	struct journal_entry row = {.kind = states[p->state].kind, .at_ms = p->at_ms};
	enum err e = store_event_next(s, row.event, w);

	return e == ERR_OK ? append(s, &row, fields, sizeof(fields) / sizeof(fields[0]), w) : e;
}

/* --- rows */

static void
read_print(const struct query *q, struct store_print *p)
{
	memset(p, 0, sizeof(*p));
	p->id = column_int(q, 0);
	column_text(q, 1, p->title, sizeof(p->title));
	p->card = (uint64_t)column_int(q, 2);
	p->has_token = column_blob(q, 3, p->token, sizeof(p->token)) > 0;
	p->again = column_int(q, 4) != 0;
	column_text(q, 5, p->design, sizeof(p->design));
	column_text(q, 6, p->lang, sizeof(p->lang));
	column_text(q, 7, p->queue, sizeof(p->queue));
	column_text(q, 8, p->job, sizeof(p->job));
	p->state = (enum store_print_state)column_int(q, 9);
	column_text(q, 10, p->ended, sizeof(p->ended));
	column_text(q, 11, p->keyword, sizeof(p->keyword));
	p->reason = (enum store_print_reason)column_int(q, 12);
	column_text(q, 13, p->note, sizeof(p->note));
	p->planned_ms = column_int(q, 14);
	p->at_ms = column_int(q, 15);
	column_text(q, 16, p->by, sizeof(p->by));
	p->ribbon_rial = column_int(q, 17);
	p->blank_rial = column_int(q, 18);
	column_text(q, 19, p->options, sizeof(p->options));
	column_text(q, 20, p->sheet, sizeof(p->sheet));
}

static enum err
read_one(struct query *q, const char *about, struct store_print *out, struct why *w)
{
	enum err e = query_row(q, ERR_NOT_FOUND, w);

	memset(out, 0, sizeof(*out));
	if (e == ERR_NOT_FOUND)
		return why_set(w, e, MSG_PRINT_UNKNOWN, WHY_CODE(about));
	if (e != ERR_OK)
		return e;
	read_print(q, out);
	query_done(q);
	return ERR_OK;
}

enum err
store_print_by_title(struct store *s, const char *title, struct store_print *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_PRINT_BY_TITLE);

	bind_text(&q, title);
	return read_one(&q, title, out, w);
}

enum err
store_print_newest(struct store *s, uint64_t card, struct store_print *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_PRINT_NEWEST);

	bind_int(&q, (int64_t)card);
	return read_one(&q, card_text(card).digits, out, w);
}

enum err
store_prints_of_sheet(struct store *s, const char *sheet, struct store_print out[STORE_SHEET_MAX],
    size_t *count, struct why *w)
{
	struct query q = query_on(&s->db, SQL_PRINTS_OF_SHEET);
	bool more;
	enum err e;

	*count = 0;
	bind_text(&q, sheet);
	e = query_step(&q, &more, w);
	while (e == ERR_OK && more && *count < STORE_SHEET_MAX) {
		read_print(&q, &out[(*count)++]);
		e = query_step(&q, &more, w);
	}
	query_done(&q);
	if (e == ERR_OK && *count == 0)
		return why_set(w, ERR_NOT_FOUND, MSG_PRINT_UNKNOWN, WHY_CODE(sheet));
	return e;
}

enum err
store_print_was_done(struct store *s, uint64_t card, bool *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_PRINT_DONE);
	enum err e;

	bind_int(&q, (int64_t)card);
	e = query_step(&q, out, w);
	query_done(&q);
	return e;
}

static enum err
insert_row(struct store *s, const struct store_print *p, struct why *w)
{
	struct query q = query_on(&s->db, SQL_PRINT_INSERT);

	bind_text(&q, p->title);
	bind_int(&q, (int64_t)p->card);
	bind_blob(&q, p->has_token ? p->token : NULL, sizeof(p->token));
	bind_text(&q, p->design);
	bind_text(&q, p->lang);
	bind_text(&q, p->queue);
	bind_int(&q, p->planned_ms);
	bind_int(&q, p->ribbon_rial);
	bind_int(&q, p->blank_rial);
	bind_text(&q, p->options);
	bind_text(&q, p->sheet);
	return query_run(&q, w);
}

enum err
store_print_plan(struct store *s, struct store_print *p, struct why *w)
{
	struct journal_entry row = {.kind = states[STORE_PRINT_PLANNED].kind, .at_ms = p->planned_ms};
	enum err e = store_event_next(s, row.event, w);

	(void)snprintf(p->title, sizeof(p->title), "card-%s-%s", card_text(p->card).digits,
	    event_text(row.event).hex);
	if (e == ERR_OK)
		e = journal_plan(s, &row, p, w);
	if (e == ERR_OK)
		e = insert_row(s, p, w);
	return e == ERR_OK ? store_print_by_title(s, p->title, p, w) : e;
}

/* --- moves */

static bool
may_move(enum store_print_state from, enum store_print_state to)
{
	return to > from && from < STORE_PRINT_REJECTED &&
	    (to != STORE_PRINT_DROPPED || from == STORE_PRINT_PLANNED);
}

static void
take_text(char *to, size_t cap, const char *from)
{
	if (from != NULL)
		(void)snprintf(to, cap, "%s", from);
}

static void
apply(struct store_print *p, const struct store_print_move *m)
{
	p->state = m->to;
	p->reason = m->reason;
	p->at_ms = m->at_ms;
	take_text(p->job, sizeof(p->job), m->job);
	take_text(p->ended, sizeof(p->ended), m->ended);
	take_text(p->keyword, sizeof(p->keyword), m->keyword);
	take_text(p->note, sizeof(p->note), m->note);
	take_text(p->by, sizeof(p->by), m->by);
}

static enum err
update_row(struct store *s, const struct store_print *p, struct why *w)
{
	struct query q = query_on(&s->db, SQL_PRINT_MOVE);

	bind_int(&q, p->id);
	bind_int(&q, p->state);
	bind_text(&q, p->job);
	bind_text(&q, p->ended);
	bind_text(&q, p->keyword);
	bind_int(&q, p->reason);
	bind_text(&q, p->note);
	bind_int(&q, p->at_ms);
	bind_text(&q, p->by);
	return query_run(&q, w);
}

enum err
store_print_move(struct store *s, const struct store_print_move *m, struct why *w)
{
	struct store_print p;
	enum err e = store_changing(s, w);

	if (e == ERR_OK)
		e = store_print_by_title(s, m->title, &p, w);
	if (e != ERR_OK)
		return e;
	if (!may_move(p.state, m->to))
		return why_set(w, ERR_REFUSED, MSG_PRINT_CLOSED, WHY_CODE(p.title));
	if (m->note != NULL && strlen(m->note) >= sizeof(p.note))
		return why_set(w, ERR_LEN, MSG_PRINT_NOTE_LONG, WHY_NUM(sizeof(p.note) - 1));
	apply(&p, m);
	e = journal_move(s, &p, w);
	return e == ERR_OK ? update_row(s, &p, w) : e;
}

/* --- lists and counts */

enum err
store_prints_list(struct store *s, enum store_prints which, int64_t of, print_visit visit, void *ctx,
    struct why *w)
{
	static const enum store_sql statements[] = {
		[STORE_PRINTS_OPEN] = SQL_PRINTS_OPEN, [STORE_PRINTS_OF_CARD] = SQL_PRINTS_OF_CARD,
		[STORE_PRINTS_IN_STATE] = SQL_PRINTS_IN_STATE, [STORE_PRINTS_SINCE] = SQL_PRINTS_SINCE,
	};
	struct query q = query_on(&s->db, statements[which]);
	struct store_print p;
	bool more;
	enum err e;

	if (which != STORE_PRINTS_OPEN)
		bind_int(&q, of);
	e = query_step(&q, &more, w);
	while (e == ERR_OK && more) {
		read_print(&q, &p);
		if (!visit(&p, ctx))
			break;
		e = query_step(&q, &more, w);
	}
	query_done(&q);
	return e;
}

enum err
store_print_count(struct store *s, int64_t since_ms, struct store_print_counts *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_PRINT_COUNTS);
	enum err e;

	memset(out, 0, sizeof(*out));
	bind_int(&q, since_ms);
	e = query_row(&q, ERR_DB_DAMAGED, w);
	if (e != ERR_OK)
		return e;
	*out = (struct store_print_counts){
		column_int(&q, 0), column_int(&q, 1), column_int(&q, 2), column_int(&q, 3),
		column_int(&q, 4), column_int(&q, 5), column_int(&q, 6),
	};
	query_done(&q);
	return ERR_OK;
}

enum err
store_prints_open(struct store *s, int64_t *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_PRINTS_OPEN_COUNT);
	enum err e = query_row(&q, ERR_DB_DAMAGED, w);

	*out = 0;
	if (e != ERR_OK)
		return e;
	*out = column_int(&q, 0);
	query_done(&q);
	return ERR_OK;
}
