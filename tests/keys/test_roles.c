/* keys/safe: what a role's safe holds and what is not in it; stores changed by a byte; clubs kept apart. On both stores. */
#define _GNU_SOURCE	/* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "keys/card_key.h"
#include "keys/cert.h"
#include "keys/inside.h"
#include "keys/masters.h"
#include "keys/role.h"
#include "keys/safe.h"
#include "keys/sealed.h"
#include "station/base/secret.h"
#include "tests/support/stores.h"

#define GENERATIONS 2
#define FILE_ROOM 2048

static const struct safe_info practice = {.test = true, .club = {0xC1, 2, 3, 4}, .station = 78};
static struct store_place place;
static struct masters *masters[GENERATIONS];
static struct why why;

static int
start(void **state)
{
	store_start(&place, *(const enum store *)*state);
	for (uint16_t i = 0; i < GENERATIONS; i++)
		if (masters_random(practice.club, true, (uint16_t)(i + 1), i == 0 ? 128 : 256, &masters[i],
		    NULL) != ERR_OK)
			return -1;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	for (size_t i = 0; i < GENERATIONS; i++)
		masters_close(&masters[i]);
	store_end(&place);
	return 0;
}

static void
create(uint32_t slots)
{
	struct safe *s = NULL;

	assert_int_equal(store_create(&place, &practice, 0, &s, &why), ERR_OK);
	safe_close(&s);
	for (size_t i = 0; i < GENERATIONS; i++)
		assert_int_equal(safe_import(place.path, place.pass, strlen(place.pass), masters[i], slots,
		    &why), ERR_OK);
}

/* --- what is there and what is not */

static void
expect_refusals(uint32_t slots)
{
	struct safe *s = store_open_safe(&place);

	for (uint16_t epoch = 1; epoch <= GENERATIONS; epoch++)
		for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
			struct key_ref ref = {.origin = KEY_DERIVED, .slot = (enum key_slot)slot, .epoch = epoch,
			    .chip_class = 1, .uid_len = 7};
			struct card_key *k = NULL;
			uint8_t kcv[KCV_LEN];
			const enum err wanted = (slots >> slot & 1) != 0 ? ERR_OK : ERR_NO_KEY;

			assert_int_equal(card_key_open(s, &ref, &k, &why), wanted);
			assert_int_equal(safe_kcv(s, ref.slot, epoch, kcv, &why), wanted);
			if (wanted == ERR_NO_KEY)
				assert_int_equal(why.id, MSG_KEY_NOT_HELD);
			card_key_close(&k);
		}
	safe_close(&s);
}

/* The opened contents have the bytes of a master just when its slot is the role's. */
static void
look_into_file(uint32_t slots)
{
	uint8_t *room = secret_alloc(SEALED_CAP);
	struct sealed_head head;
	size_t len;

	assert_non_null(room);
	assert_int_equal(sealed_open(place.path, SEALED_SAFE, place.pass, strlen(place.pass), &head, room,
	    &len, &why), ERR_OK);
	for (size_t i = 0; i < GENERATIONS; i++)
		for (unsigned slot = 0; slot < KEY_SLOT_COUNT; slot++) {
			const uint8_t *key = masters_bytes(masters[i], (enum key_slot)slot);
			const size_t key_len = masters_bits(masters[i]) / 8;

			assert_int_equal(memmem(room, len, key, key_len) != NULL, (slots >> slot & 1) != 0);
		}
	for (size_t i = 0; i < GENERATIONS; i++)
		assert_null(memmem(room, len, masters_secret(masters[i]), 32));
	secret_free(room, SEALED_CAP);
}

/* All secret keys of the token, counted by another user of the module. */
static unsigned
count_in_token(void)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_ATTRIBUTE wanted = {CKA_CLASS, &class, sizeof(class)};
	void *lib = dlopen(SOFTHSM_MODULE, RTLD_NOW | RTLD_LOCAL);
	void *symbol = lib != NULL ? dlsym(lib, "C_GetFunctionList") : NULL;
	CK_OBJECT_HANDLE found[64];
	CK_ULONG n = 0, slot_count = 8;
	CK_SLOT_ID slots[8];
	CK_SESSION_HANDLE s;
	CK_C_GetFunctionList get;
	CK_FUNCTION_LIST *f = NULL;
	char pin[] = STORE_PIN;

	assert_non_null(symbol);
	memcpy(&get, &symbol, sizeof(get));
	assert_int_equal(get(&f), CKR_OK);
	assert_int_equal(f->C_Initialize(NULL), CKR_OK);
	assert_int_equal(f->C_GetSlotList(CK_TRUE, slots, &slot_count), CKR_OK);
	assert_int_equal(f->C_OpenSession(slots[0], CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_OK);
	assert_int_equal(f->C_Login(s, CKU_USER, (CK_UTF8CHAR *)pin, sizeof(pin) - 1), CKR_OK);
	assert_int_equal(f->C_FindObjectsInit(s, &wanted, 1), CKR_OK);
	assert_int_equal(f->C_FindObjects(s, found, 64, &n), CKR_OK);
	assert_int_equal(f->C_Finalize(NULL), CKR_OK);
	return (unsigned)n;
}

static unsigned
bits(uint32_t slots)
{
	unsigned n = 0;

	for (; slots != 0; slots &= slots - 1)
		n++;
	return n;
}

static void
refuses_what_its_role_has_not(enum role role)
{
	const uint32_t slots = role_slots(role);

	create(slots);
	expect_refusals(slots);
	if (place.store == STORE_FILE)
		look_into_file(slots);
	else
		assert_int_equal(count_in_token(), GENERATIONS * bits(slots));
}

static void
a_till_can_neither_write_nor_make_cards(void **state)
{
	(void)state;
	refuses_what_its_role_has_not(ROLE_TILL);
}

static void
a_desk_can_make_no_cards(void **state)
{
	(void)state;
	refuses_what_its_role_has_not(ROLE_DESK);
}

static void
an_issuer_has_them_all(void **state)
{
	(void)state;
	assert_int_equal(bits(role_slots(ROLE_ISSUER)), KEY_SLOT_COUNT);
	refuses_what_its_role_has_not(ROLE_ISSUER);
}

static void
a_portal_can_only_verify_links(void **state)
{
	(void)state;
	refuses_what_its_role_has_not(ROLE_PORTAL);
}

/* --- one byte */

static size_t
read_file(uint8_t bytes[FILE_ROOM])
{
	FILE *f = fopen(place.path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, FILE_ROOM, f);
	(void)fclose(f);
	return n;
}

static void
write_file(const uint8_t *bytes, size_t len)
{
	FILE *f = fopen(place.path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* Refused as damaged, or as a wrong passphrase: nothing half open, and no PIN tried on a damaged file. */
static void
expect_refused(size_t at)
{
	struct safe *s = NULL;
	enum err e = safe_open(place.path, place.pass, strlen(place.pass), &s, &why);

	if (e != ERR_SAFE && (e != ERR_PASSPHRASE || place.store == STORE_TOKEN))
		fail_msg("byte %zu: %s", at, err_name(e));
	assert_null(s);
	e = safe_import(place.path, place.pass, strlen(place.pass), masters[0], 1u << KEY_PICC, &why);
	assert_true(e == ERR_SAFE || e == ERR_PASSPHRASE);
}

static void
a_store_that_is_not_as_it_was_is_never_half_open(void **state)
{
	uint8_t bytes[FILE_ROOM];
	size_t len;
	struct safe *s;

	(void)state;
	create(role_slots(ROLE_DESK));
	len = read_file(bytes);
	assert_true(len < FILE_ROOM);
	for (size_t i = 0; i < len; i++) {
		bytes[i] ^= (uint8_t)(1u << i % 8);
		write_file(bytes, len);
		expect_refused(i);
		bytes[i] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t n = 0; n < len; n++) {
		write_file(bytes, n);
		expect_refused(n);
	}
	write_file(bytes, len);
	s = store_open_safe(&place);
	assert_int_equal(safe_get_info(s)->epoch, GENERATIONS);
	safe_close(&s);
}

static const enum store file = STORE_FILE, token = STORE_TOKEN;

#define ON_BOTH(test) \
	{"file: " #test, test, start, end, (void *)(uintptr_t)&file}, \
	{"token: " #test, test, start, end, (void *)(uintptr_t)&token}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_BOTH(a_till_can_neither_write_nor_make_cards),
	    ON_BOTH(a_desk_can_make_no_cards),
	    ON_BOTH(an_issuer_has_them_all),
	    ON_BOTH(a_portal_can_only_verify_links),
	    ON_BOTH(a_store_that_is_not_as_it_was_is_never_half_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
