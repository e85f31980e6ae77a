#include "tests/support/sim_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cardapps/sim/card.h"

void
sim_session_put(struct sim_card *card, uint8_t key_no, const uint8_t ti[4], uint16_t ctr,
    const uint8_t mac[16], const uint8_t enc[16])
{
	struct session *s = &card->session;

	sim_channel_close(card);
	assert_int_equal(raw_key_new(RAW_AES128, mac, &s->key, NULL), ERR_OK);
	assert_int_equal(raw_key_new(RAW_AES128, enc, &s->enc, NULL), ERR_OK);
	memcpy(s->ti, ti, sizeof(s->ti));
	s->ctr = ctr;
	s->key_no = key_no;
	s->block = 16;
}
