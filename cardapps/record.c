#include "cardapps/record.h"

#include <assert.h>
#include <string.h>

#include "cardapps/number.h"
#include "keys/digest.h"
#include "station/base/bytes.h"

#define RECORD_VERSION 1
#define FLAGS_KNOWN (RECORD_TEST | RECORD_BLOCKED | RECORD_CLOSED | RECORD_VALUE_FILE | RECORD_MORE_LOTS)
#define UNIT_LAST 999		/* ISO 4217 numbers have three digits */
#define MINUTES_A_DAY 1440
#define SIGNED_CAP (sizeof(signed_for) + 1 + CARD_UID_CAP + RECORD_BODY_LEN)

/* What the signature is for, the ending 00 included: no other signature of the house begins so. */
static const char signed_for[] = "bashgah-card-1";

static const uint8_t no_prev[8];

static bool
is_card_number(uint64_t number)
{
	char digits[CARD_NUMBER_DIGITS + 1];

	return card_number_format(number, digits) && card_number_valid(digits);
}

/* The first field that is out of its range or contradicts another, or NULL; *value is what it holds. */
static const char *
field_at_fault(const struct record *r, int64_t *value)
{
	const bool first = r->sequence == 1;
	const bool has_prev = memcmp(r->prev, no_prev, sizeof(no_prev)) != 0;
	const struct {
		const char *name;
		bool good;
		int64_t value;
	} rule[] = {
		{"application", r->application >= APP_LOYALTY && r->application <= APP_GUEST, r->application},
		{"flags", (r->flags & ~(unsigned)FLAGS_KNOWN) == 0, r->flags},
		{"sequence", r->sequence >= 1, r->sequence},
		{"card number", is_card_number(r->card_number), (int64_t)r->card_number},
		{"unit", r->unit <= UNIT_LAST, r->unit},
		{"lot amount", r->lot_day != 0 || r->lot_amount == 0, r->lot_amount},
		{"operation", r->operation >= OP_ISSUE && r->operation <= OP_LAST, r->operation},
		{"written at", r->written_at / MINUTES_A_DAY <= UINT16_MAX, r->written_at},
		{"previous record", first != has_prev, r->sequence},
	};

	for (size_t i = 0; i < sizeof(rule) / sizeof(rule[0]); i++)
		if (!rule[i].good) {
			*value = rule[i].value;
			return rule[i].name;
		}
	return NULL;
}

static bool
is_uid_len(size_t len)
{
	return len == 0 || len == 4 || len == 7 || len == CARD_UID_CAP;
}

void
record_encode_body(const struct record *r, uint8_t body[RECORD_BODY_LEN])
{
	struct writer o = writer_over(body, RECORD_BODY_LEN);

	put_u8(&o, RECORD_VERSION);
	put_u8(&o, r->application);
	put_u8(&o, r->tier);
	put_u8(&o, r->flags);
	put_be32(&o, r->sequence);
	put_be64(&o, r->card_number);
	put_be32(&o, r->member);
	put_bytes(&o, r->club, sizeof(r->club));
	put_be64(&o, (uint64_t)r->balance);
	put_be16(&o, r->unit);
	put_be16(&o, r->lot_day);
	put_be32(&o, r->lot_amount);
	put_be16(&o, r->valid_to);
	put_be16(&o, r->last_action);
	put_u8(&o, r->operation);
	put_u8(&o, r->programme);
	put_be16(&o, r->key_epoch);
	put_bytes(&o, r->signer, sizeof(r->signer));
	put_be32(&o, r->written_at);
	put_bytes(&o, r->prev, sizeof(r->prev));
}

static void
take_into(struct cursor *c, uint8_t *dst, size_t len)
{
	const uint8_t *at = take_bytes(c, len);

	if (at != NULL)
		memcpy(dst, at, len);
}

static void
decode_body(struct cursor *c, struct record *r)
{
	r->application = take_u8(c);
	r->tier = take_u8(c);
	r->flags = take_u8(c);
	r->sequence = take_be32(c);
	r->card_number = take_be64(c);
	r->member = take_be32(c);
	take_into(c, r->club, sizeof(r->club));
	r->balance = (int64_t)take_be64(c);
	r->unit = take_be16(c);
	r->lot_day = take_be16(c);
	r->lot_amount = take_be32(c);
	r->valid_to = take_be16(c);
	r->last_action = take_be16(c);
	r->operation = take_u8(c);
	r->programme = take_u8(c);
	r->key_epoch = take_be16(c);
	take_into(c, r->signer, sizeof(r->signer));
	r->written_at = take_be32(c);
	take_into(c, r->prev, sizeof(r->prev));
}

enum err
record_parse(const uint8_t bytes[RECORD_LEN], struct record *out, struct why *w)
{
	struct cursor c = cursor_over(bytes, RECORD_BODY_LEN);
	const uint8_t version = take_u8(&c);
	const char *field;
	int64_t value;

	memset(out, 0, sizeof(*out));
	if (version != RECORD_VERSION)
		return why_set(w, ERR_RECORD, MSG_RECORD_VERSION, WHY_CODE("version"), WHY_NUM(version));
	decode_body(&c, out);
	field = field_at_fault(out, &value);
	if (field != NULL)
		return why_set(w, ERR_RECORD, MSG_RECORD_FIELD, WHY_CODE(field), WHY_NUM(value));
	return ERR_OK;
}

/* What is signed: purpose, UID and body in one piece. */
static size_t
signed_bytes(const uint8_t *body, const uint8_t *uid, size_t uid_len, uint8_t out[SIGNED_CAP])
{
	struct writer o = writer_over(out, SIGNED_CAP);

	put_bytes(&o, signed_for, sizeof(signed_for));
	put_u8(&o, (uint8_t)uid_len);
	put_bytes(&o, uid, uid_len);
	put_bytes(&o, body, RECORD_BODY_LEN);
	return o.len;
}

static enum err
refuse_to_seal(const char *field, struct why *w)
{
	return why_set(w, ERR_ARG, MSG_RECORD_NOT_SEALED, WHY_CODE(field));
}

/* A record names its club and signer; a safe signs only for its own. */
static enum err
check_own(const struct record *r, const struct safe *safe, struct why *w)
{
	const struct safe_info *info = safe_get_info(safe);
	uint8_t pub[PUBKEY_LEN];
	uint8_t id[4];

	safe_public(safe, pub);
	pubkey_id(pub, id);
	if (memcmp(r->signer, id, sizeof(id)) != 0)
		return refuse_to_seal("signer", w);
	if (memcmp(r->club, info->club, sizeof(r->club)) != 0)
		return refuse_to_seal("club", w);
	if (((r->flags & RECORD_TEST) != 0) != info->test)
		return refuse_to_seal("flags", w);
	return ERR_OK;
}

enum err
record_seal(const struct record *r, const uint8_t *uid, size_t uid_len, const struct safe *safe,
    uint8_t out[RECORD_LEN], struct why *w)
{
	uint8_t msg[SIGNED_CAP];
	const char *field;
	int64_t value;
	enum err e;

	field = field_at_fault(r, &value);
	if (field == NULL && !is_uid_len(uid_len))
		field = "uid";
	if (field != NULL)
		return refuse_to_seal(field, w);
	e = check_own(r, safe, w);
	if (e != ERR_OK)
		return e;
	record_encode_body(r, out);
	return safe_sign(safe, msg, signed_bytes(out, uid, uid_len, msg), out + RECORD_BODY_LEN, w);
}

/* Club before test flag before anything of the certificate: a stranger's card is told as that. */
static enum err
check_club(const struct record *r, const uint8_t root_pub[PUBKEY_LEN], struct why *w)
{
	uint8_t club[4];
	char shown[2 * sizeof(club) + 1];

	pubkey_id(root_pub, club);
	if (memcmp(r->club, club, sizeof(club)) == 0)
		return ERR_OK;
	hex_encode(r->club, sizeof(r->club), shown);
	return why_set(w, ERR_CARD_FOREIGN, MSG_RECORD_FOREIGN, WHY_CODE(shown));
}

static enum err
check_signer(const struct record *r, const struct cert *c, struct why *w)
{
	uint8_t id[4];

	assert(r->operation >= OP_ISSUE);	/* record_parse lets no other through */
	pubkey_id(c->pub, id);
	if (((r->flags & RECORD_TEST) != 0) != c->test)
		return why_set(w, ERR_RECORD, MSG_RECORD_TEST_FLAG);
	if (memcmp(r->signer, id, sizeof(id)) != 0)
		return why_set(w, ERR_CERT, MSG_RECORD_SIGNER);
	return cert_covers(c, (uint16_t)(r->written_at / MINUTES_A_DAY), CERT_RIGHT(r->operation), w);
}

static enum err
check_signature(const uint8_t bytes[RECORD_LEN], const uint8_t *uid, size_t uid_len,
    const struct cert *c, struct why *w)
{
	uint8_t msg[SIGNED_CAP];
	size_t len = signed_bytes(bytes, uid, uid_len, msg);
	enum err e = sig_verify_by(c->algorithm, c->pub, msg, len, bytes + RECORD_BODY_LEN, w);

	/* only here it is known that the signature was a card's */
	return e == ERR_SIGNATURE ? why_set(w, e, MSG_RECORD_SIGNATURE) : e;
}

enum err
record_verify(const uint8_t bytes[RECORD_LEN], const uint8_t *uid, size_t uid_len,
    const uint8_t cert[CERT_LEN], const uint8_t root_pub[PUBKEY_LEN], struct record *out,
    struct cert *signer, struct why *w)
{
	enum err e;

	memset(signer, 0, sizeof(*signer));
	e = record_parse(bytes, out, w);
	if (e == ERR_OK && !is_uid_len(uid_len))
		e = why_set(w, ERR_RECORD, MSG_RECORD_FIELD, WHY_CODE("uid"), WHY_NUM(uid_len));
	if (e == ERR_OK)
		e = check_club(out, root_pub, w);
	if (e == ERR_OK)
		e = cert_verify(cert, root_pub, signer, w);
	if (e == ERR_OK)
		e = check_signer(out, signer, w);
	if (e == ERR_OK)
		e = check_signature(bytes, uid, uid_len, signer, w);
	return e;
}

void
record_hash(const uint8_t bytes[RECORD_LEN], uint8_t hash[RECORD_HASH_LEN])
{
	digest_sha256(bytes, RECORD_LEN, hash);
}

void
log_line_encode(const struct log_line *l, uint8_t out[LOG_LINE_LEN])
{
	struct writer o = writer_over(out, LOG_LINE_LEN);

	put_bytes(&o, l->event, sizeof(l->event));
	put_be32(&o, l->station);
	put_be32(&o, l->minutes);
	put_be32(&o, (uint32_t)l->delta);
	put_be32(&o, (uint32_t)l->after);
	put_bytes(&o, l->record, sizeof(l->record));
}

void
log_line_parse(const uint8_t bytes[LOG_LINE_LEN], struct log_line *out)
{
	struct cursor c = cursor_over(bytes, LOG_LINE_LEN);

	take_into(&c, out->event, sizeof(out->event));
	out->station = take_be32(&c);
	out->minutes = take_be32(&c);
	out->delta = (int32_t)take_be32(&c);
	out->after = (int32_t)take_be32(&c);
	take_into(&c, out->record, sizeof(out->record));
}
