/* Key changes between the card's driver and the intents of the book. */
#include "station/flow/tap.h"

#include <stdlib.h>
#include <string.h>

static void
store_key(const struct key_step *from, struct intent_key *to)
{
	to->chip_class = from->new_ref.chip_class;
	memcpy(to->aid, from->new_ref.aid, sizeof(to->aid));
	to->key_no = from->new_ref.key_no;
	to->old_ref = (struct intent_key_ref){(uint8_t)from->old_ref.origin,
	    (uint8_t)from->old_ref.slot, from->old_ref.epoch};
	to->new_ref = (struct intent_key_ref){(uint8_t)from->new_ref.origin,
	    (uint8_t)from->new_ref.slot, from->new_ref.epoch};
	memcpy(to->kcv, from->kcv, sizeof(to->kcv));
}

void
tap_store_keys(const struct key_step *steps, size_t count, struct store_intent *in)
{
	for (size_t i = 0; i < count; i++)
		store_key(&steps[i], &in->keys[i]);
	in->key_count = count;
}

static void
load_ref(const struct store_intent *in, const struct intent_key *k, const struct intent_key_ref *r,
    struct key_ref *out)
{
	memset(out, 0, sizeof(*out));
	out->origin = (enum key_origin)r->origin;
	out->slot = (enum key_slot)r->slot;
	out->epoch = r->epoch;
	out->chip_class = k->chip_class;
	out->key_no = k->key_no;
	memcpy(out->aid, k->aid, sizeof(out->aid));
	memcpy(out->uid, in->uid, in->uid_len);
	out->uid_len = in->uid_len;
}

void
tap_load_keys(const struct store_intent *in, struct key_step steps[STORE_KEYS_CAP])
{
	for (size_t i = 0; i < in->key_count; i++) {
		const struct intent_key *k = &in->keys[i];

		load_ref(in, k, &k->old_ref, &steps[i].old_ref);
		load_ref(in, k, &k->new_ref, &steps[i].new_ref);
		memcpy(steps[i].kcv, k->kcv, sizeof(steps[i].kcv));
	}
}

/* No act begins while keys are under way, so there is one such intent at most. */
enum err
tap_name_keys(struct tap *t, struct why *w)
{
	struct store_intent *list = NULL;
	size_t count = 0;
	enum err e = store_intents_open_by_uid(t->s->store, t->card->id.uid, t->card->id.uid_len, &list,
	    &count, w);

	t->card->named_count = 0;
	for (size_t i = 0; e == ERR_OK && i < count; i++)
		if (list[i].key_count > 0) {
			tap_load_keys(&list[i], t->named);
			t->card->named = t->named;
			t->card->named_count = list[i].key_count;
		}
	free(list);
	return e;
}
