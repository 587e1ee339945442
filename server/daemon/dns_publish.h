/* server/daemon/dns_publish.h: a Standard Edition server publishes its own records (RFC 2136, signed with TSIG, RFC 8945),
 * switched on by the `dns` section.  A pool's records are made by hand and point at its virtual IP.
 */
#ifndef DIALTONE_SERVER_DNS_PUBLISH_H
#define DIALTONE_SERVER_DNS_PUBLISH_H

#include <stdbool.h>

#include "base/why.h"
#include "server/site/site.h"

/* The TSIG secret, in base64, out of dns.key_file: to be read before the process drops its privileges.  Without a key_name
 * it is "" (updates go unsigned, by address).  false: *why. */
#define DNS_KEY_MAX 256
bool dns_key_read(const struct site *s, char key[DNS_KEY_MAX], struct why *why);

/* The process: publishes, and again every dns.refresh seconds (after a failure every 30), until SIGTERM.  ready_fd: one
 * octet at the start; -1: none. */
int dns_publish_main(const struct site *s, const char *key, int ready_fd);

#endif
