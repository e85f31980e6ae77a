/*
 * A real pcscd with two virtual readers for one test program; see pcscd_start.sh. A missing
 * component ends the program with the name of its package.
 */
#ifndef TESTS_SUPPORT_PCSCD_H
#define TESTS_SUPPORT_PCSCD_H

#include <stdint.h>
#include <sys/types.h>

#define PCSCD_READER_0 "Virtual PCD 00 00"
#define PCSCD_READER_1 "Virtual PCD 00 01"

struct pcscd {
	char dir[96];		/* its folder; the socket's name stays the same as long as this lives */
	pid_t keeper;		/* pcscd_start.sh; 0: not running */
	int hold;		/* its standard input: closed, it ends */
	pid_t pid;		/* pcscd itself, to be killed by a test */
	uint16_t port;		/* a card connects here for the first reader, port + 1 the second */
};

/* Makes the folder and tells libpcsclite of this process; nothing runs yet. */
void pcscd_prepare(struct pcscd *p);
/* Start, or start again; answers when readers can be listed. */
void pcscd_start(struct pcscd *p);
/* End it if it runs, and wait for the end. */
void pcscd_stop(struct pcscd *p);
/* As pcscd_stop, but pcscd gets no chance to say good-bye. */
void pcscd_kill(struct pcscd *p);
/* The folder goes. */
void pcscd_remove(struct pcscd *p);

/* Connect to 127.0.0.1:port as a card does; answers the socket, or -1 if nobody listens. */
int vpcd_connect(uint16_t port);
/*
 * One question of vpcd: its length, 0 when vpcd has closed. A length of 1 is power off (0),
 * on (1), reset (2) or "ATR?" (4). `buf` holds 300 bytes.
 */
size_t vpcd_ask(int fd, uint8_t buf[300]);
void vpcd_answer(int fd, const uint8_t *data, size_t len);

#endif
