/* A tap and the chain of trust: who signed the record, is that station trusted still, is the card to be refused. */
#include <string.h>

#include "cardapps/number.h"
#include "station/flow/lists.h"
#include "station/flow/tap.h"
#include "station/store/chain.h"

/* --- who signed */

static bool
is_blank(const uint8_t cert[CERT_LEN])
{
	static const uint8_t zeros[CERT_LEN];

	return memcmp(cert, zeros, CERT_LEN) == 0;
}

static bool
take_first(const uint8_t bytes[CERT_LEN], void *ctx)
{
	memcpy(ctx, bytes, CERT_LEN);
	return false;
}

/* What a card brings must do; one that brings none may be its station's own, or one the book knows. */
enum err
tap_signer(struct tap *t, uint8_t cert[CERT_LEN], struct why *w)
{
	struct record r;

	memcpy(cert, t->content.cert, CERT_LEN);
	if (!is_blank(cert) || record_parse(t->content.record, &r, NULL) != ERR_OK)
		return ERR_OK;
	memcpy(cert, t->s->cert_bytes, CERT_LEN);
	if (memcmp(r.signer, t->s->signer, sizeof(r.signer)) == 0)
		return ERR_OK;
	return store_certificates_of(t->s->store, r.signer, take_first, cert, w);
}

/* --- what it is worth */

enum err
tap_trust(struct tap *t, struct why *w)
{
	struct flow_result *o = t->out;
	const struct list_revoked *r;
	struct lists held;
	enum err e = lists_read(t->s, &held, w);

	o->trust = TRUST_FULL;
	r = e == ERR_OK ? list_find_revoked(&held.revoked, &o->signer) : NULL;
	o->signer_revoked = r != NULL;
	if (r != NULL) {
		o->revoked_day = r->day;
		e = store_record_written(t->s->store, t->record.card_number, t->content.record,
		    (int64_t)r->head_seq, r->head_hash, w);
		o->trust = e == ERR_OK ? TRUST_FULL : TRUST_IDENTITY;
		e = e == ERR_NOT_FOUND ? ERR_OK : e;
	}
	lists_free(&held);
	return e;
}

enum err
tap_admit(const struct tap *t, const struct flow *f, struct why *w)
{
	const uint64_t card = t->card == NULL ? t->rq->card_number :
	    t->content.has_record ? t->record.card_number : 0;
	char number[CARD_NUMBER_DIGITS + 1] = "";
	enum err e = card != 0 ? lists_check_card(t->s, card, w) : ERR_OK;

	if (e != ERR_OK || f->any_trust || t->out->trust == TRUST_FULL)
		return e;
	(void)card_number_format(card, number);
	return why_set(w, ERR_REFUSED, MSG_CARD_IDENTITY_ONLY, WHY_CODE(number),
	    WHY_NUM(t->out->signer.station), WHY_DAY(t->out->revoked_day));
}
