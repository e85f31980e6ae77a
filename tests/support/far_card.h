/*
 * Software cards in one process, the station in another, and a socket between them: the station sees a
 * reader, the cards' keys never enter its memory. The station's side makes the reader, the cards' side serves.
 */
#ifndef TESTS_SUPPORT_FAR_CARD_H
#define TESTS_SUPPORT_FAR_CARD_H

#include "cardapps/reader/reader.h"
#include "cardapps/sim/sim.h"

/* What the station's side asks for: a letter, then its bytes. */
enum far_word {
	FAR_NEW = 'N',		/* a factory-new card on the reader */
	FAR_CONNECT = 'C',
	FAR_RESET = 'R',
	FAR_LEAVE = 'D',
	FAR_APDU = 'T',
	FAR_PAUSE = 'P'		/* stand still until the other side has looked */
};

struct far_message {
	uint8_t word;
	uint16_t len;
	uint8_t bytes[APDU_CAP + RAPDU_CAP];
};

/* False when the other side has gone. */
bool far_send(int fd, uint8_t word, const void *bytes, size_t len);
bool far_receive(int fd, struct far_message *m);

/* The station's side: a reader on the socket; and a word with its answer. Asserts that the other side answers. */
struct far_reader {
	struct reader reader;	/* first */
	int fd;
};
void far_reader_init(struct far_reader *r, int fd);
void far_ask(int fd, uint8_t word, struct far_message *answer);

/* The cards' side: answer one message from the card (NULL: none on the reader). FAR_NEW and FAR_PAUSE are the caller's. */
void far_serve(int fd, struct sim_card *card, const struct far_message *m);

#endif
