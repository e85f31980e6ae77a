/* The signed half of a certificate, between root.c and cert.c. Only keys/ includes this file. */
#ifndef KEYS_CERT_BODY_H
#define KEYS_CERT_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "keys/cert.h"

#define CERT_BODY 64
#define CERT_LABEL "bashgah-cert-1"	/* signed with its ending NUL */

/* False if a field has no encoding this version may sign. */
bool cert_encode(const struct cert *c, uint8_t body[CERT_BODY]);

#endif
