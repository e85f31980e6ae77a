/*
 * docs/card-format.md shows one card byte by byte. This reads the example out of the page,
 * verifies it, writes its tables again and looks for every line of them in the page.
 * With --make it signs a new example instead and prints what belongs there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "cardapps/number.h"
#include "cardapps/record.h"
#include "station/base/bytes.h"

#define PAGE "docs/card-format.md"
#define PAGE_CAP 65536
#define PASS SAFE_PRACTICE_PASSPHRASE
#define DAY 9822
#define UID_LEN 7

struct example {
	uint8_t root[PUBKEY_LEN];
	uint8_t uid[UID_LEN];
	uint8_t cert[CERT_LEN];
	uint8_t record[RECORD_LEN];
	uint8_t log[LOG_LINE_LEN];
};

/* A row of a table: where, how much, and what it is. The order and names are the page's. */
struct row {
	size_t off;
	size_t len;
	const char *name;
};

static const struct row record_rows[] = {
	{0, 1, "version"}, {1, 1, "application"}, {2, 1, "tier"}, {3, 1, "flags"},
	{4, 4, "sequence"}, {8, 8, "card number"}, {16, 4, "member"}, {20, 4, "club"},
	{24, 8, "balance"}, {32, 2, "unit"}, {34, 2, "lot day"}, {36, 4, "lot amount"},
	{40, 2, "valid to"}, {42, 2, "last action"}, {44, 1, "operation"}, {45, 1, "programme"},
	{46, 2, "key epoch"}, {48, 4, "signer"}, {52, 4, "written at"}, {56, 8, "previous record"},
	{64, 64, "signature"},
};

static const struct row cert_rows[] = {
	{0, 1, "version"}, {1, 1, "algorithm"}, {2, 2, "flags"}, {4, 4, "rights"}, {8, 4, "serial"},
	{12, 4, "club"}, {16, 4, "station"}, {20, 2, "valid from"}, {22, 2, "valid to"},
	{24, 4, "first number"}, {28, 4, "count of numbers"}, {32, 32, "public key"},
	{64, 64, "signature"},
};

static const struct row log_rows[] = {
	{0, 8, "event"}, {8, 4, "station"}, {12, 4, "minutes"}, {16, 4, "delta"}, {20, 4, "value after"},
	{24, 8, "record"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* "| 4 | 4 | sequence | `00000001` |": what the page says of these bytes, up to its explanation. */
static void
row_text(const struct row *r, const uint8_t *bytes, char out[256])
{
	char hex[2 * 64 + 1];

	hex_encode(bytes + r->off, r->len, hex);
	(void)snprintf(out, 256, "| %zu | %zu | %s | `%s` |", r->off, r->len, r->name, hex);
}

/* --- the page */

static char page[PAGE_CAP];
static struct example shown;

static void
take_hex(const char *name, uint8_t *out, size_t len)
{
	char key[32];
	char hex[2 * RECORD_LEN + 1];
	const char *at;
	size_t got;

	(void)snprintf(key, sizeof(key), "\n%s=", name);
	at = strstr(page, key);
	assert_non_null(at);
	at += strlen(key);
	assert_true(strlen(at) > 2 * len);
	memcpy(hex, at, 2 * len);
	hex[2 * len] = '\0';
	assert_true(hex_decode(hex, out, len, &got));
	assert_int_equal(got, len);
	assert_int_equal(at[2 * len], '\n');
}

static int
read_page(void **state)
{
	FILE *f = fopen(PAGE, "r");

	(void)state;
	assert_non_null(f);
	page[fread(page, 1, sizeof(page) - 1, f)] = '\0';
	(void)fclose(f);
	take_hex("ROOT", shown.root, sizeof(shown.root));
	take_hex("CHIP", shown.uid, sizeof(shown.uid));
	take_hex("CERT", shown.cert, sizeof(shown.cert));
	take_hex("RECORD", shown.record, sizeof(shown.record));
	take_hex("LOG", shown.log, sizeof(shown.log));
	return 0;
}

static void
every_row_is_in_the_page(const struct row *rows, size_t count, const uint8_t *bytes, size_t len)
{
	size_t next = 0;

	for (size_t i = 0; i < count; i++) {
		char want[256];

		row_text(&rows[i], bytes, want);
		if (strstr(page, want) == NULL)
			fail_msg("%s lacks: %s", PAGE, want);
		assert_int_equal(rows[i].off, next);
		next += rows[i].len;
	}
	assert_int_equal(next, len);
}

static void
the_example_verifies(void **state)
{
	struct record r;
	struct cert c;

	(void)state;
	assert_int_equal(record_verify(shown.record, shown.uid, UID_LEN, shown.cert, shown.root, &r, &c, NULL), ERR_OK);
	assert_int_equal(r.balance, 500000);
	assert_int_equal(r.unit, UNIT_IRR);
	assert_int_equal(r.operation, OP_LOAD);
}

static void
the_example_of_another_chip_does_not(void **state)
{
	uint8_t other[UID_LEN];
	struct record r;
	struct cert c;

	(void)state;
	memcpy(other, shown.uid, UID_LEN);
	other[UID_LEN - 1] ^= 1;
	assert_int_equal(record_verify(shown.record, other, UID_LEN, shown.cert, shown.root, &r, &c, NULL), ERR_SIGNATURE);
}

static void
the_page_shows_every_byte_at_its_place(void **state)
{
	(void)state;
	every_row_is_in_the_page(record_rows, COUNT(record_rows), shown.record, RECORD_LEN);
	every_row_is_in_the_page(cert_rows, COUNT(cert_rows), shown.cert, CERT_LEN);
	every_row_is_in_the_page(log_rows, COUNT(log_rows), shown.log, LOG_LINE_LEN);
}

static void
the_program_reads_the_rows_as_the_page_names_them(void **state)
{
	const uint8_t *b = shown.record;
	uint8_t body[RECORD_BODY_LEN];
	struct log_line l;
	struct record r;

	(void)state;
	assert_int_equal(record_parse(b, &r, NULL), ERR_OK);
	record_encode_body(&r, body);
	assert_memory_equal(body, b, sizeof(body));
	assert_int_equal(r.sequence, 2);
	assert_int_equal(r.written_at / 1440, DAY);
	log_line_parse(shown.log, &l);
	assert_int_equal(l.after, 500);
	assert_int_equal(l.minutes, r.written_at);
}

static void
the_log_line_names_the_record(void **state)
{
	uint8_t hash[RECORD_HASH_LEN];
	struct log_line l;

	(void)state;
	record_hash(shown.record, hash);
	log_line_parse(shown.log, &l);
	assert_memory_equal(l.record, hash, sizeof(l.record));
}

/* --- a new example */

static void
print_table(const char *title, const struct row *rows, size_t count, const uint8_t *bytes)
{
	(void)printf("\n%s\n", title);
	for (size_t i = 0; i < count; i++) {
		char text[256];

		row_text(&rows[i], bytes, text);
		(void)printf("%s\n", text);
	}
}

static void
print_example(const struct example *e)
{
	const struct {
		const char *name;
		const uint8_t *bytes;
		size_t len;
	} part[] = {
		{"ROOT", e->root, sizeof(e->root)}, {"CHIP", e->uid, sizeof(e->uid)},
		{"CERT", e->cert, sizeof(e->cert)}, {"RECORD", e->record, sizeof(e->record)},
		{"LOG", e->log, sizeof(e->log)},
	};

	for (size_t i = 0; i < COUNT(part); i++) {
		char hex[2 * RECORD_LEN + 1];

		hex_encode(part[i].bytes, part[i].len, hex);
		(void)printf("%s=%s\n", part[i].name, hex);
	}
	print_table("record", record_rows, COUNT(record_rows), e->record);
	print_table("certificate", cert_rows, COUNT(cert_rows), e->cert);
	print_table("log line", log_rows, COUNT(log_rows), e->log);
}

/* A practice club with one station; its first card is issued empty and then loaded. */
static bool
sign_example(const char *dir, struct example *e)
{
	struct cert cert = {.algorithm = 1, .serial = 1, .station = 1, .valid_from = DAY - 1,
	    .valid_to = DAY + 730, .first_number = 1, .number_count = 1000000};
	struct safe_info info = {.test = true, .station = 1, .epoch = 1};
	struct record r = {.application = APP_LOYALTY, .tier = 1, .flags = RECORD_TEST | RECORD_VALUE_FILE,
	    .sequence = 1, .member = 1, .unit = UNIT_IRR, .valid_to = DAY + 730,
	    .operation = OP_ISSUE, .programme = 1, .key_epoch = 1, .written_at = DAY * 1440 + 600};
	struct log_line l = {.event = {0, 0, 0, 1, 0, 0, 0, 2}, .station = 1,
	    .minutes = DAY * 1440 + 600, .delta = 500, .after = 500};
	uint8_t hash[RECORD_HASH_LEN];
	char path[256];
	struct root *root = NULL;
	struct safe *safe = NULL;
	bool done = false;

	memcpy(e->uid, "\x04\x5A\x2F\x12\x9C\x61\x80", UID_LEN);
	for (unsigned op = OP_ISSUE; op <= OP_LAST; op++)
		cert.rights |= CERT_RIGHT(op);
	(void)snprintf(path, sizeof(path), "%s/root", dir);
	if (root_create(path, true, PASS, sizeof(PASS) - 1, &root, NULL) != ERR_OK)
		goto out;
	(void)unlink(path);
	root_public(root, e->root);
	pubkey_id(e->root, info.club);
	(void)snprintf(path, sizeof(path), "%s/safe", dir);
	if (safe_create(path, &info, 1u << KEY_PICC, PASS, sizeof(PASS) - 1, &safe, NULL) != ERR_OK)
		goto out;
	(void)unlink(path);
	safe_public(safe, cert.pub);
	memcpy(r.club, info.club, sizeof(r.club));
	pubkey_id(cert.pub, r.signer);
	for (uint32_t serial = 1; !card_number_make(0, card_number_club(r.club), serial, &r.card_number);)
		serial++;
	done = root_certify(root, &cert, e->cert, NULL) == ERR_OK &&
	    record_seal(&r, e->uid, UID_LEN, safe, e->record, NULL) == ERR_OK;
	record_hash(e->record, hash);
	memcpy(r.prev, hash, sizeof(r.prev));
	r.sequence = 2;
	r.operation = OP_LOAD;
	r.balance = 500000;
	done = done && record_seal(&r, e->uid, UID_LEN, safe, e->record, NULL) == ERR_OK;
	record_hash(e->record, hash);
	memcpy(l.record, hash, sizeof(l.record));
	log_line_encode(&l, e->log);
out:
	safe_close(&safe);
	root_close(&root);
	return done;
}

static int
make(void)
{
	char dir[] = "/tmp/card-format-XXXXXX";
	struct example e;
	bool done;

	if (mkdtemp(dir) == NULL)
		return 1;
	done = sign_example(dir, &e);
	(void)rmdir(dir);
	if (done)
		print_example(&e);
	return done ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_verifies),
		cmocka_unit_test(the_example_of_another_chip_does_not),
		cmocka_unit_test(the_page_shows_every_byte_at_its_place),
		cmocka_unit_test(the_program_reads_the_rows_as_the_page_names_them),
		cmocka_unit_test(the_log_line_names_the_record),
	};

	if (argc == 2 && strcmp(argv[1], "--make") == 0)
		return make();
	return cmocka_run_group_tests_name("docs/card-format", tests, read_page, NULL);
}
