#include "tests/support/stores.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

void
store_start(struct store_place *p, enum store store)
{
	p->store = store;
	p->pass = store == STORE_TOKEN ? STORE_PIN : SAFE_PRACTICE_PASSPHRASE;
	softhsm_start(&p->hsm);
	if (store == STORE_TOKEN)
		softhsm_token("station 1", STORE_PIN);
	(void)snprintf(p->path, sizeof(p->path), "%s/station.safe", p->hsm.folder);
}

void
store_end(struct store_place *p)
{
	softhsm_end(&p->hsm);
}

enum err
store_create(struct store_place *p, const struct safe_info *info, uint32_t slots,
    struct safe **out, struct why *w)
{
	if (p->store == STORE_TOKEN)
		return safe_create_token(p->path, info, slots, STORE_URI, p->pass, strlen(p->pass), out, w);
	return safe_create(p->path, info, slots, p->pass, strlen(p->pass), out, w);
}

struct safe *
store_open_safe(struct store_place *p)
{
	struct safe *s = NULL;
	struct why w;
	enum err e = safe_open(p->path, p->pass, strlen(p->pass), &s, &w);

	if (e != ERR_OK)
		fail_msg("the safe does not open: %s", msg_name(w.id));
	return s;
}
