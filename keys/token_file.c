#include "keys/token_file.h"

#include <stdio.h>
#include <string.h>

#include "station/base/bytes.h"
#include "station/base/file.h"

#define MAGIC "BASHGAHT"
#define MAGIC_LEN 8
#define VERSION 2
#define FLAG_TEST 0x01
#define FLAG_PRACTICE 0x02
#define LABEL "bashgah-token-1"		/* signed with its ending NUL */
#define HEAD_LEN 58			/* of the longer, version 1 */
#define BODY_CAP (HEAD_LEN + TOKEN_URI_CAP + SAFE_GENERATIONS * 8)
#define FILE_CAP (BODY_CAP + SIG_LEN)
#define MESSAGE_CAP (sizeof(LABEL) + BODY_CAP)

bool
token_file_is(const char *path)
{
	char magic[MAGIC_LEN];
	FILE *f = fopen(path, "rb");
	bool is = f != NULL && fread(magic, 1, MAGIC_LEN, f) == MAGIC_LEN &&
	    memcmp(magic, MAGIC, MAGIC_LEN) == 0;

	if (f != NULL)
		(void)fclose(f);
	return is;
}

static size_t
message(const uint8_t *bytes, size_t len, uint8_t out[MESSAGE_CAP])
{
	memcpy(out, LABEL, sizeof(LABEL));
	memcpy(out + sizeof(LABEL), bytes, len);
	return sizeof(LABEL) + len;
}

/* --- writing */

static size_t
encode(const struct safe *s, const char *uri, uint8_t out[BODY_CAP])
{
	struct writer o = writer_over(out, BODY_CAP);
	size_t len = strlen(uri);

	put_bytes(&o, MAGIC, MAGIC_LEN);
	put_u8(&o, VERSION);
	put_u8(&o, (uint8_t)((s->info.test ? FLAG_TEST : 0) | (s->info.practice ? FLAG_PRACTICE : 0)));
	put_be16(&o, s->info.epoch);
	put_bytes(&o, s->info.club, sizeof(s->info.club));
	put_be32(&o, s->info.station);
	put_u8(&o, s->algorithm);
	put_u8(&o, (uint8_t)s->count);
	put_bytes(&o, s->pub, PUBKEY_LEN);
	put_be16(&o, (uint16_t)len);
	put_bytes(&o, uri, len);
	for (unsigned at = 0; at < s->count; at++) {
		put_be16(&o, s->generations[at].number);
		put_u8(&o, s->generations[at].master_len);
		put_u8(&o, 0);
		put_be32(&o, s->generations[at].slots);
	}
	return o.len;
}

enum err
token_file_write(const char *path, const struct safe *s, const char *uri, bool replacing,
    struct why *w)
{
	uint8_t bytes[FILE_CAP], msg[MESSAGE_CAP];
	size_t len = encode(s, uri, bytes);
	enum err e = safe_sign(s, msg, message(bytes, len, msg), bytes + len, w);

	if (e != ERR_OK)
		return e;
	return replacing ? file_write(path, bytes, len + SIG_LEN, 0600, w) :
	    file_create(path, bytes, len + SIG_LEN, 0600, w);
}

/* --- reading: false outside of what we ever wrote */

static void
take_who(struct cursor *c, struct safe *s)
{
	const uint8_t *club;

	s->info.epoch = take_be16(c);
	club = take_bytes(c, sizeof(s->info.club));
	if (club != NULL)
		memcpy(s->info.club, club, sizeof(s->info.club));
	s->info.station = take_be32(c);
}

static bool
take_key_and_uri(struct cursor *c, struct safe *s, char uri[TOKEN_URI_CAP])
{
	const uint8_t *pub = take_bytes(c, PUBKEY_LEN);
	size_t len = take_be16(c);
	const uint8_t *text = take_bytes(c, len);

	if (pub == NULL || text == NULL || len >= TOKEN_URI_CAP)
		return false;
	memcpy(s->pub, pub, PUBKEY_LEN);
	memcpy(uri, text, len);
	uri[len] = '\0';
	return strlen(uri) == len;
}

static bool
decode_1(struct cursor *c, struct safe *s, char uri[TOKEN_URI_CAP])
{
	uint8_t flags = take_u8(c);
	uint32_t slots;

	s->info.test = s->info.practice = flags == FLAG_TEST;
	take_who(c, s);
	slots = take_be32(c);
	if (flags > FLAG_TEST || slots > ALL_SLOTS || s->info.epoch < 1 || s->info.epoch > SAFE_GENERATIONS)
		return false;
	for (uint16_t number = 1; slots != 0 && number <= s->info.epoch; number++)
		s->generations[s->count++] = (struct generation){number, SAFE_MASTER_LEN, slots};
	s->algorithm = CERT_ED25519;
	return take_key_and_uri(c, s, uri);
}

static bool
decode_2(struct cursor *c, struct safe *s, char uri[TOKEN_URI_CAP])
{
	uint8_t flags = take_u8(c);
	uint8_t count, zeros = 0;
	uint16_t newest;

	s->info.test = (flags & FLAG_TEST) != 0;
	s->info.practice = (flags & FLAG_PRACTICE) != 0;
	take_who(c, s);
	newest = s->info.epoch;
	s->algorithm = take_u8(c);
	count = take_u8(c);
	if (flags > (FLAG_TEST | FLAG_PRACTICE) || flags == FLAG_PRACTICE || count > SAFE_GENERATIONS ||
	    s->algorithm < CERT_ED25519 || s->algorithm > CERT_P256_ODD || !take_key_and_uri(c, s, uri))
		return false;
	for (s->count = 0; s->count < count; s->count++) {
		struct generation *g = &s->generations[s->count];

		g->number = take_be16(c);
		g->master_len = take_u8(c);
		zeros |= take_u8(c);
		g->slots = take_be32(c);
	}
	return zeros == 0 && generations_are_sound(s) && s->info.epoch == newest;
}

static bool
decode(struct cursor *c, uint8_t version, struct safe *s, char uri[TOKEN_URI_CAP])
{
	bool good = version == 1 ? decode_1(c, s, uri) : decode_2(c, s, uri);
	struct token_uri where;

	if (!good || c->underflow || cursor_left(c) != SIG_LEN)
		return false;
	if (token_uri_parse(uri, &where, NULL) == ERR_OK)
		(void)snprintf(s->info.token_name, sizeof(s->info.token_name), "%s", token_uri_name(&where));
	s->info.token = true;
	return true;
}

enum err
token_file_read(const char *path, struct safe *s, char uri[TOKEN_URI_CAP], struct why *w)
{
	uint8_t bytes[FILE_CAP], msg[MESSAGE_CAP];
	struct cursor c;
	uint8_t version;
	size_t len = 0;
	enum err e = file_read(path, bytes, sizeof(bytes), &len, w);

	if (e != ERR_OK && e != ERR_LEN)
		return e;
	c = cursor_over(bytes, len);
	(void)take_bytes(&c, MAGIC_LEN);
	version = take_u8(&c);
	if (e == ERR_OK && version > VERSION)
		return why_set(w, ERR_SAFE, MSG_SAFE_NEWER, WHY_CODE(path));
	if (e == ERR_OK && version >= 1 && decode(&c, version, s, uri)) {
		e = sig_verify_by(s->algorithm, s->pub, msg, message(bytes, len - SIG_LEN, msg),
		    bytes + len - SIG_LEN, w);
		if (e == ERR_OK || e == ERR_CRYPTO)
			return e;
	}
	return why_set(w, ERR_SAFE, MSG_SAFE_DAMAGED, WHY_CODE(path));
}
