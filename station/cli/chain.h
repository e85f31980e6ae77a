/* What the commands on stations, certificates and lists share. */
#ifndef STATION_CLI_CHAIN_H
#define STATION_CLI_CHAIN_H

#include "station/cli/cli.h"

/*
 * The root of --root (a practice club's own, if not given), opened with the passphrase of --root-passphrase-fd or the
 * keyboard. Errors: ERR_USAGE (a real club without --root), those of root_open. Free with root_close.
 */
enum err cli_root(struct cli *c, const struct station *s, struct root **out, struct why *w);

/* --role, if given. Errors: ERR_USAGE. */
enum err cli_role(const struct cli *c, bool *given, enum role *out, struct why *w);

/* --reason as one of the lists' words. Errors: ERR_USAGE. */
enum err cli_reason(const struct cli *c, uint8_t *out, struct why *w);

/* A certificate, said and in JSON. */
void cli_certificate(struct cli *c, const struct cert *cert);

#endif
