/* Cards that a restored book has taken over from their records, until somebody has looked at them. */
#ifndef STATION_FLOW_REVIEW_H
#define STATION_FLOW_REVIEW_H

#include "station/flow/station.h"
#include "station/store/restored.h"

/* Those open, oldest first; of one card, or of all (0). Errors: those of the store. */
enum err station_review(struct station *s, uint64_t card, adoption_visit visit, void *ctx, struct why *w);

/* Somebody has looked: taken off the list, as a journaled act. *n of them. Errors: those of the store. */
enum err station_review_done(struct station *s, uint64_t card, int64_t *n, struct why *w);

#endif
