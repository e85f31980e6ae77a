/* A club's safe, a software DESFire on a reader, and the plan of one loyalty card: for tests of the driver. */
#ifndef TESTS_SUPPORT_CARD_BENCH_H
#define TESTS_SUPPORT_CARD_BENCH_H

#include "cardapps/chip/chip.h"
#include "cardapps/sim/sim.h"
#include "keys/masters.h"
#include "keys/safe.h"

#define BENCH_URL "https://club.example.ir/C/ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define BENCH_ALL_SLOTS ((UINT32_C(1) << KEY_SLOT_COUNT) - 1)

/* A practice safe with these slots (bit 1 << slot) in a file that is gone again. Free with safe_close. */
struct safe *bench_safe(uint8_t club_byte, uint32_t slots);

#define BENCH_GENERATIONS 3

struct card_bench {
	struct safe *safe;
	struct masters *generations[BENCH_GENERATIONS];	/* of card_bench_generations; 1 is the first */
	struct sim_card *chip;
	struct reader *reader;
	struct card *card;		/* open, or NULL */
	struct card_access access;
	struct key_step steps[CARD_KEY_STEPS_CAP];
	struct card_plan plan;
	struct why why;
};

/* A new card, a safe with all masters, no card handle yet. card_bench_open: an EV1. */
void card_bench_open(struct card_bench *b);
void card_bench_open_kind(struct card_bench *b, enum sim_kind kind);
void card_bench_close(struct card_bench *b);

/* Before the first card: the safe of a station that holds all the generations, from 1. */
void card_bench_generations(struct card_bench *b);
/* Another station's safe: `slots` of generations `from` to `to` of the same club. Free with safe_close. */
struct safe *card_bench_station(struct card_bench *b, uint32_t slots, uint16_t from, uint16_t to);

/* Put the card (back) on the reader and open it; asserts that it works. */
void card_bench_present(struct card_bench *b);
/* Make the plan of a card with value 0 for the open card. */
void card_bench_plan(struct card_bench *b);
/* present, read, plan, personalise: a finished card, and closed again. */
void card_bench_make(struct card_bench *b);

/* A change of the made card: `delta` steps more, `after` then; every byte of the record is `mark`. */
struct card_write card_bench_change(uint8_t mark, int32_t delta, int32_t after);

#endif
