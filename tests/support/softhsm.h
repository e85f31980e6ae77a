/* A key token of one's own: SoftHSM2 with its objects in a temporary folder. A machine without it fails the test. */
#ifndef TESTS_SUPPORT_SOFTHSM_H
#define TESTS_SUPPORT_SOFTHSM_H

#define SOFTHSM_MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define SOFTHSM_SO_PIN "87654321"

struct softhsm {
	char folder[128];	/* with softhsm2.conf and tokens/ */
	char tokens[160];
};

/* A folder and its SOFTHSM2_CONF for this process; no token yet. Asserts. */
void softhsm_start(struct softhsm *h);
void softhsm_end(struct softhsm *h);

/* A new token, through softhsm2-util. Asserts. */
void softhsm_token(const char *label, const char *pin);

#endif
