/* One card in the field: find out what it is, then everything goes through its driver. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardapps/chip/chip.h"
#include "cardapps/chip/desfire.h"
#include "station/base/secret.h"

#define VENDOR_NXP 0x04

/* Hardware type and major version of GetVersion. Source: tests/vectors/getversion-atr.txt, getversion-classify. */
static const struct {
	uint8_t type, major;
	enum chip_kind kind;	/* CHIP_NONE: known by name, no driver yet */
	const char *name;
} chips[] = {
	{0x01, 0x00, CHIP_NONE, "MIFARE DESFire D40"},
	{0x01, 0x01, CHIP_DESFIRE_EV1, "MIFARE DESFire EV1"},
	{0x01, 0x12, CHIP_DESFIRE_EV2, "MIFARE DESFire EV2"},
	{0x01, 0x22, CHIP_DESFIRE_EV2, "MIFARE DESFire EV2 XL"},
	{0x01, 0x33, CHIP_DESFIRE_EV3, "MIFARE DESFire EV3"},
	{0x81, 0x43, CHIP_DESFIRE_EV3, "MIFARE DESFire EV3"},
	{0x81, 0x42, CHIP_DESFIRE_EV2, "MIFARE DESFire EV2"},
	{0x08, 0x30, CHIP_NONE, "MIFARE DESFire Light"},
	{0x04, 0x30, CHIP_NONE, "NTAG 424 DNA"},
	{0x04, 0x10, CHIP_NONE, "NTAG 413 DNA"},
	{0x02, 0x11, CHIP_NONE, "MIFARE Plus EV1"},
	{0x02, 0x22, CHIP_NONE, "MIFARE Plus EV2"},
	{0x01, 0xA0, CHIP_NONE, "MIFARE DUOX"},
};

/* The storage size byte: 2^(n/2) bytes, odd values lie between. */
static unsigned
kilobytes(uint8_t storage)
{
	unsigned n = storage >> 1;

	return n >= 10 && n < 20 ? 1u << (n - 10) : 0;
}

static enum err
name_chip(struct chip_id *id, const uint8_t v[DF_VERSION_LEN], struct why *w)
{
	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
		if (v[0] != VENDOR_NXP || v[1] != chips[i].type || v[3] != chips[i].major)
			continue;
		if (chips[i].kind == CHIP_NONE)
			return why_set(w, ERR_CARD_UNKNOWN, MSG_CHIP_NOT_YET,
			    WHY_CODE(chips[i].name));
		id->kind = chips[i].kind;
		(void)snprintf(id->name, sizeof(id->name), "%s %uK", chips[i].name,
		    kilobytes(v[5]));
		return ERR_OK;
	}
	return why_set(w, ERR_CARD_UNKNOWN, MSG_CHIP_UNKNOWN);
}

/* A card that hides its UID was set up so by somebody: none of ours does. */
static enum err
take_uid(struct chip_id *id, const uint8_t *uid, struct why *w)
{
	static const uint8_t hidden[7];

	if (memcmp(uid, hidden, sizeof(hidden)) == 0)
		return why_set(w, ERR_CARD_UNKNOWN, MSG_CARD_OF_OTHERS);
	memcpy(id->uid, uid, sizeof(hidden));
	id->uid_len = sizeof(hidden);
	return ERR_OK;
}

static enum err
identify(struct card *c, struct why *w)
{
	uint8_t version[DF_VERSION_LEN];
	enum err e = desfire_version(c->reader, version, w);

	if (e == ERR_OK)
		e = name_chip(&c->id, version, w);
	if (e == ERR_OK)
		e = take_uid(&c->id, version + 14, w);
	if (e != ERR_OK)
		return e;
	c->id.grade = GRADE_PURSE;
	c->ops = &desfire_ops;
	c->driver = calloc(1, sizeof(struct desfire));
	if (c->driver == NULL)
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	((struct desfire *)c->driver)->wire.reader = c->reader;
	return ERR_OK;
}

enum err
card_open(struct reader *r, const struct card_access *access, unsigned timeout_ms,
    struct card **out, struct why *w)
{
	struct card *c;
	enum err e;

	*out = NULL;
	e = reader_connect(r, timeout_ms, w);
	if (e != ERR_OK)
		return e;
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		reader_disconnect(r);
		return why_set(w, ERR_NOMEM, MSG_NO_MEMORY);
	}
	c->reader = r;
	c->access = *access;
	e = identify(c, w);
	if (e == ERR_OK)
		*out = c;
	else
		card_close(&c);
	return e;
}

void
card_close(struct card **c)
{
	if (c == NULL || *c == NULL)
		return;
	if ((*c)->ops != NULL)
		(*c)->ops->destroy(*c);
	reader_disconnect((*c)->reader);
	free(*c);
	*c = NULL;
}

enum err
card_read(struct card *c, struct card_content *out, struct why *w)
{
	return c->ops->read(c, out, w);
}

enum err
card_plan_keys(struct card *c, uint16_t epoch, struct key_step steps[CARD_KEY_STEPS_CAP],
    size_t *count, struct why *w)
{
	return c->ops->plan_keys(c, epoch, steps, count, w);
}

enum err
card_personalise(struct card *c, const struct card_plan *p, struct why *w)
{
	return c->ops->personalise(c, p, w);
}

enum err
card_write(struct card *c, const struct card_write *wr, struct why *w)
{
	return c->ops->write(c, wr, w);
}

enum err
card_set_url(struct card *c, const char *url, struct why *w)
{
	return c->ops->set_url(c, url, w);
}

enum err
card_confirm(struct card *c, struct card_content *out, struct why *w)
{
	return c->ops->confirm(c, out, w);
}

enum err
card_plan_roll(struct card *c, uint16_t epoch, bool all, struct card_roll_plan *out,
    struct why *w)
{
	memset(out, 0, sizeof(*out));
	return c->ops->plan_roll != NULL ? c->ops->plan_roll(c, epoch, all, out, w) : ERR_OK;
}

enum err
card_roll(struct card *c, const struct key_step *steps, size_t count, struct why *w)
{
	if (c->ops->roll == NULL)
		return why_set(w, ERR_ARG, MSG_CARD_PLAN, WHY_STR("roll"));
	return c->ops->roll(c, steps, count, w);
}
