#include "station/club/ranges.h"

enum err
club_next_card_number(struct store *s, serial_accept accept, void *ctx, uint32_t *serial,
    uint64_t *number, struct why *w)
{
	int64_t next;
	enum err e;

	do {
		e = store_range_next(s, STORE_SERIALS, &next, w);
		if (e != ERR_OK)
			return e;
		if (next > UINT32_MAX)
			return why_set(w, ERR_RANGE, MSG_STORE_SERIALS_USED_UP, WHY_NUM(next - 1));
		*serial = (uint32_t)next;
	} while (!accept(*serial, number, ctx));
	return ERR_OK;
}

enum err
club_next_member(struct store *s, uint32_t *id, struct why *w)
{
	int64_t next;
	enum err e = store_range_next(s, STORE_MEMBERS, &next, w);

	*id = 0;
	if (e != ERR_OK)
		return e;
	if (next > UINT32_MAX)
		return why_set(w, ERR_RANGE, MSG_STORE_MEMBERS_USED_UP, WHY_NUM(next - 1));
	*id = (uint32_t)next;
	return ERR_OK;
}
