#include "keys/share.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "keys/digest.h"
#include "keys/inside.h"
#include "keys/shamir.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

#define VERSION 1
#define FLAG_TEST 1u
#define FLAG_WIDE 2u
#define VALUE_AT 12
#define TAG_AT 44
#define TAG_LEN 8
#define CHECK_AT 52
#define CHECK_LEN 2
#define TAG_LABEL "bashgah-share-1"	/* with its NUL */
#define HASH_LABEL "bashgah-share-hash-1"

_Static_assert(VALUE_AT + MASTERS_SECRET_LEN == TAG_AT && TAG_AT + TAG_LEN == CHECK_AT &&
    CHECK_AT + CHECK_LEN == SHARE_LEN && SHARE_LINES * SHARE_LINE_LEN == SHARE_LEN,
    "a share is whole lines");

/* --- the pieces of a share */

static enum err
tag(const uint8_t secret[MASTERS_SECRET_LEN], const struct share *s, uint8_t out[TAG_LEN],
    struct why *w)
{
	uint8_t msg[sizeof(TAG_LABEL) + TAG_AT] = TAG_LABEL;
	uint8_t mac[EVP_MAX_MD_SIZE];
	bool ok;

	memcpy(msg + sizeof(TAG_LABEL), s->bytes, TAG_AT);
	ok = HMAC(EVP_sha256(), secret, MASTERS_SECRET_LEN, msg, sizeof(msg), mac, NULL) != NULL;
	memcpy(out, mac, TAG_LEN);
	WIPE(msg);
	WIPE(mac);
	return ok ? ERR_OK : library_failed(w);
}

static void
check(const struct share *s, uint8_t out[CHECK_LEN])
{
	uint8_t hash[SHA256_LEN];

	digest_sha256(s->bytes, CHECK_AT, hash);
	memcpy(out, hash, CHECK_LEN);
	WIPE(hash);
}

void
share_hash(const struct share *s, uint8_t out[SHARE_HASH_LEN])
{
	uint8_t msg[sizeof(HASH_LABEL) + SHARE_LEN] = HASH_LABEL;

	memcpy(msg + sizeof(HASH_LABEL), s->bytes, SHARE_LEN);
	digest_sha256(msg, sizeof(msg), out);
	WIPE(msg);
}

/* The powers of 2 are different, so are their differences: no one slip and no exchange cancels out. */
uint8_t
share_line_check(unsigned line, const uint8_t bytes[SHARE_LINE_LEN])
{
	uint8_t sum = (uint8_t)line;

	for (unsigned i = 0; i < SHARE_LINE_LEN; i++)
		sum ^= gf256_mul(bytes[i], (uint8_t)(2u << i));
	return sum;
}

/* --- parting */

static void
write_head(const struct masters *m, const uint8_t set[SHARE_SET_LEN], unsigned needed, unsigned index,
    struct share *s)
{
	struct writer out = writer_over(s->bytes, VALUE_AT);
	const unsigned flags = (masters_test(m) ? FLAG_TEST : 0) | (masters_bits(m) == 256 ? FLAG_WIDE : 0);

	put_u8(&out, (uint8_t)(VERSION << 4 | flags));
	put_bytes(&out, masters_club(m), 4);
	put_be16(&out, masters_generation(m));
	put_bytes(&out, set, SHARE_SET_LEN);
	put_u8(&out, (uint8_t)(needed << 4 | index));
}

enum err
share_split(const struct masters *m, unsigned needed, unsigned count, struct share *out, struct why *w)
{
	const size_t coef_len = (SHARES_MAX - 1) * MASTERS_SECRET_LEN;
	uint8_t set[SHARE_SET_LEN];
	uint8_t *coef;
	enum err e;

	if (needed < SHARES_MIN || needed > count || count > SHARES_MAX)
		return why_set(w, ERR_ARG, MSG_SHARE_NUMBERS, WHY_NUM(SHARES_MIN), WHY_NUM(SHARES_MAX));
	coef = secret_alloc(coef_len);
	if (coef == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	e = random_bytes(set, sizeof(set), w);
	if (e == ERR_OK)
		e = random_bytes(coef, (needed - 1) * MASTERS_SECRET_LEN, w);
	for (unsigned i = 0; e == ERR_OK && i < count; i++) {
		write_head(m, set, needed, i + 1, &out[i]);
		shamir_share(masters_secret(m), coef, MASTERS_SECRET_LEN, needed, (uint8_t)(i + 1),
		    out[i].bytes + VALUE_AT);
		e = tag(masters_secret(m), &out[i], out[i].bytes + TAG_AT, w);
		check(&out[i], out[i].bytes + CHECK_AT);
	}
	secret_free(coef, coef_len);
	if (e != ERR_OK)
		wipe(out, count * sizeof(*out));
	return e;
}

/* --- reading one */

enum err
share_read(const struct share *s, struct share_facts *out, struct why *w)
{
	struct cursor in = cursor_over(s->bytes, VALUE_AT);
	uint8_t want[CHECK_LEN];
	unsigned first, last;
	bool right;

	check(s, want);
	right = secret_equal(want, s->bytes + CHECK_AT, CHECK_LEN);
	WIPE(want);
	if (!right)
		return why_set(w, ERR_FORMAT, MSG_SHARE_DAMAGED);
	memset(out, 0, sizeof(*out));
	first = take_u8(&in);
	memcpy(out->club, take_bytes(&in, sizeof(out->club)), sizeof(out->club));
	out->generation = take_be16(&in);
	memcpy(out->set, take_bytes(&in, sizeof(out->set)), sizeof(out->set));
	last = take_u8(&in);
	out->test = (first & FLAG_TEST) != 0;
	out->bits = (first & FLAG_WIDE) != 0 ? 256 : 128;
	out->needed = last >> 4;
	out->index = last & 15;
	if (first >> 4 != VERSION || (first & 15 & ~(FLAG_TEST | FLAG_WIDE)) != 0)
		return why_set(w, ERR_SAFE, MSG_SHARE_NEWER);
	if (out->needed < SHARES_MIN || out->needed > SHARES_MAX || out->index < 1 ||
	    out->index > SHARES_MAX || out->generation < 1)
		return why_set(w, ERR_FORMAT, MSG_SHARE_DAMAGED);
	return ERR_OK;
}

bool
share_same_set(const struct share_facts *a, const struct share_facts *b)
{
	return a->test == b->test && memcmp(a->club, b->club, sizeof(a->club)) == 0 &&
	    a->generation == b->generation && a->bits == b->bits &&
	    memcmp(a->set, b->set, sizeof(a->set)) == 0 && a->needed == b->needed;
}

/* --- joining */

/* In secret memory, for the secret. */
struct joining {
	const struct share *share;
	size_t count;
	struct share_facts facts[SHARES_MAX];
	unsigned needed;
	uint8_t secret[MASTERS_SECRET_LEN];
};

/* All of one set, none twice, and enough. */
static enum err
take_facts(struct joining *j, struct why *w)
{
	enum err e = ERR_OK;

	if (j->count > SHARES_MAX)
		return why_set(w, ERR_ARG, MSG_SHARE_NUMBERS, WHY_NUM(SHARES_MIN), WHY_NUM(SHARES_MAX));
	for (size_t i = 0; e == ERR_OK && i < j->count; i++) {
		e = share_read(&j->share[i], &j->facts[i], w);
		if (e == ERR_OK && !share_same_set(&j->facts[i], &j->facts[0]))
			e = why_set(w, ERR_REFUSED, MSG_SHARE_OTHER_SET, WHY_NUM(j->facts[i].index));
		for (size_t b = 0; e == ERR_OK && b < i; b++)
			if (j->facts[b].index == j->facts[i].index)
				e = why_set(w, ERR_REFUSED, MSG_SHARE_TWICE, WHY_NUM(j->facts[i].index));
	}
	j->needed = j->count > 0 ? j->facts[0].needed : SHARES_MIN;
	if (e == ERR_OK && j->count < j->needed)
		return why_set(w, ERR_REFUSED, MSG_SHARES_TOO_FEW, WHY_NUM(j->needed), WHY_NUM(j->count));
	return e;
}

/* The secret as the shares of `chosen` (a bit each) have it, and which of all shares carry its tag. */
static enum err
try_out(struct joining *j, unsigned chosen, unsigned *genuine, struct why *w)
{
	const uint8_t *value[SHARES_MAX];
	uint8_t x[SHARES_MAX], want[TAG_LEN];
	unsigned n = 0;
	enum err e = ERR_OK;

	for (size_t i = 0; i < j->count; i++)
		if ((chosen >> i & 1) != 0) {
			x[n] = (uint8_t)j->facts[i].index;
			value[n++] = j->share[i].bytes + VALUE_AT;
		}
	shamir_join(x, value, n, MASTERS_SECRET_LEN, j->secret);
	*genuine = 0;
	for (size_t i = 0; e == ERR_OK && i < j->count; i++) {
		e = tag(j->secret, &j->share[i], want, w);
		if (secret_equal(want, j->share[i].bytes + TAG_AT, TAG_LEN))
			*genuine |= 1u << i;
	}
	WIPE(want);
	return e;
}

static unsigned
bits_in(unsigned set)
{
	unsigned n = 0;

	for (; set != 0; set &= set - 1)
		n++;
	return n;
}

/* A forged value spoils every secret it has a part in: look for `needed` shares that prove one another. */
static enum err
find_genuine(struct joining *j, unsigned *genuine, struct why *w)
{
	unsigned best = 0, seen = 0;
	enum err e = ERR_OK;

	for (unsigned chosen = 1; e == ERR_OK && chosen < 1u << j->count; chosen++) {
		if (bits_in(chosen) != j->needed)
			continue;
		e = try_out(j, chosen, &seen, w);
		if ((seen & chosen) == chosen || bits_in(seen) > bits_in(best))
			best = seen;
		if ((seen & chosen) == chosen)
			break;
	}
	*genuine = best;
	return e;
}

static enum err
prove(struct joining *j, struct why *w)
{
	unsigned genuine;
	enum err e = find_genuine(j, &genuine, w);

	if (e != ERR_OK)
		return e;
	if (genuine == 0)
		return why_set(w, ERR_SIGNATURE, MSG_SHARES_NOT_GENUINE, WHY_NUM(j->needed + 1));
	for (size_t i = 0; i < j->count; i++)
		if ((genuine >> i & 1) == 0)
			return why_set(w, ERR_SIGNATURE, MSG_SHARE_FORGED, WHY_NUM(j->facts[i].index));
	return ERR_OK;
}

enum err
share_join(const struct share *s, size_t count, struct masters **out, struct why *w)
{
	struct joining *j = secret_alloc(sizeof(*j));
	enum err e;

	*out = NULL;
	if (j == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	j->share = s;
	j->count = count;
	e = take_facts(j, w);
	if (e == ERR_OK)
		e = prove(j, w);
	if (e == ERR_OK)
		e = masters_make(j->facts[0].club, j->facts[0].test, j->facts[0].generation, j->facts[0].bits,
		    j->secret, out, w);
	secret_free(j, sizeof(*j));
	return e;
}
