/* Heads of the journal that leave the station, and the audit that asks for them again. */
#include "station/flow/head.h"

#include <string.h>

#include "station/base/clock.h"
#include "station/base/file.h"
#include "station/flow/backup.h"
#include "station/store/restored.h"

enum err
head_read(struct store *db, struct head_paper *out, struct why *w)
{
	int64_t seq;
	enum err e = store_journal_head(db, &seq, out->hash, w);

	if (e == ERR_OK)
		e = store_incarnation_prefix(db, out->prefix, w);
	out->seq = (uint64_t)seq;
	out->made = clock_minutes_2000(clock_now_ms());
	return e;
}

enum err
head_load(const char *path, const uint8_t root_pub[PUBKEY_LEN], bool test, struct head_paper *out,
    struct why *w)
{
	uint8_t paper[HEAD_PAPER_LEN];
	size_t len;
	enum err e = file_read(path, paper, sizeof(paper), &len, w);

	if (e == ERR_LEN)
		return why_set(w, ERR_FORMAT, MSG_HEAD_FORMAT);
	return e == ERR_OK ? head_paper_open(paper, len, root_pub, test, out, w) : e;
}

enum err
station_head_export(struct station *s, const char *path, struct head_paper *out, struct why *w)
{
	uint8_t paper[HEAD_PAPER_LEN];
	enum err e;

	memset(out, 0, sizeof(*out));
	out->station = s->id;
	out->signer = s->cert;
	e = head_read(s->store, out, w);
	if (e == ERR_OK)
		e = head_paper_seal(out, s->safe, s->cert_bytes, paper, w);
	return e == ERR_OK ? file_create(path, paper, sizeof(paper), 0644, w) : e;
}

/* --- the audit */

/* Rows behind the end of a closed incarnation went with it; any other row the head knows must be here. */
static enum err
follow_head(struct station *s, struct audit_report *out, struct why *w)
{
	const struct head_paper *h = &out->head;
	struct store_closed c;
	uint8_t hash[STORE_HASH_LEN];
	enum err e = store_closed_get(s->store, h->prefix, &c, w);

	if (e == ERR_OK && (int64_t)h->seq > c.last_seq) {
		out->lost = (int64_t)h->seq - c.last_seq;
		return ERR_OK;
	}
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		e = store_journal_hash_at(s->store, (int64_t)h->seq, hash, w);
	if (e == ERR_NOT_FOUND)
		return why_set(w, ERR_DB_DAMAGED, MSG_AUDIT_CUT, WHY_NUM(out->seq), WHY_NUM(h->seq));
	if (e == ERR_OK && memcmp(hash, h->hash, sizeof(hash)) != 0)
		return why_set(w, ERR_DB_DAMAGED, MSG_AUDIT_OTHER_HEAD, WHY_NUM(h->seq));
	return e;
}

enum err
station_audit(struct station *s, const char *head_path, struct audit_report *out, struct why *w)
{
	uint8_t hash[STORE_HASH_LEN];
	enum err e = ERR_OK;

	memset(out, 0, sizeof(*out));
	if (head_path != NULL)
		e = head_load(head_path, s->root_pub, s->test, &out->head, w);
	if (e == ERR_OK && head_path != NULL && out->head.station != s->id)
		e = why_set(w, ERR_REFUSED, MSG_HEAD_OTHER_STATION, WHY_NUM(out->head.station), WHY_NUM(s->id));
	if (e == ERR_OK)
		e = store_check(s->store, &out->health, w);
	if (e == ERR_OK)
		e = store_journal_head(s->store, &out->seq, hash, w);
	return e == ERR_OK && head_path != NULL ? follow_head(s, out, w) : e;
}
