/* What `doctor` asks of the database. */
#include <string.h>

#include "station/store/ledger.h"
#include "station/store/own.h"

/* A statement that answers "ok" or nothing when all is well. */
static enum err
ask(struct store *s, unsigned statement, struct why *w)
{
	struct query q = query_on(&s->db, statement);
	char said[WHY_STR_CAP];
	enum err e = query_row(&q, ERR_NOT_FOUND, w);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	column_text(&q, 0, said, sizeof(said));
	query_done(&q);
	if (strcmp(said, "ok") == 0)
		return ERR_OK;
	return why_set(w, ERR_DB_DAMAGED, MSG_STORE_INTEGRITY, WHY_CODE(said));
}

static enum err
count(struct store *s, struct store_health *out, struct why *w)
{
	struct query q = query_on(&s->db, SQL_COUNTS);
	enum err e = query_row(&q, ERR_DB_DAMAGED, w);

	if (e != ERR_OK)
		return e;
	out->journal_rows = column_int(&q, 0);
	out->cards = column_int(&q, 1);
	out->members = column_int(&q, 2);
	out->open_intents = column_int(&q, 3);
	out->schema = store_schema.count;
	query_done(&q);
	return ERR_OK;
}

enum err
store_check(struct store *s, struct store_health *out, struct why *w)
{
	int64_t seq;
	bool began;
	enum err e = store_snapshot_begin(s, &began, w);

	memset(out, 0, sizeof(*out));
	if (e == ERR_OK)
		e = ask(s, SQL_INTEGRITY, w);
	if (e == ERR_OK)
		e = ask(s, SQL_FOREIGN_KEYS, w);
	if (e == ERR_OK)
		e = ask(s, SQL_CARD_WITHOUT_EVENT, w);
	if (e == ERR_OK)
		e = store_journal_verify(s, w);
	if (e == ERR_OK)
		e = store_intents_audit(s, w);
	if (e == ERR_OK)
		e = store_ledger_audit(s, w);
	if (e == ERR_OK)
		e = count(s, out, w);
	if (e == ERR_OK)
		e = store_journal_head(s, &seq, out->head, w);
	store_snapshot_end(s, began);
	return e;
}
