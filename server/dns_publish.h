/* server/dns_publish.h: a Standard Edition server publishes its own records (RFC 2136, signed with TSIG, RFC 8945),
 * switched on by the `dns` section.  A pool's records are made by hand and point at its virtual IP.
 */
#ifndef DIALTONE_SERVER_DNS_PUBLISH_H
#define DIALTONE_SERVER_DNS_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>

#include "server/site.h"

struct dns_record {
	char name[SITE_NAME_MAX + 32];
	const char *type;	       /* "A", "AAAA", "SRV" */
	char data[SITE_NAME_MAX + 32]; /* an address, or "0 0 5061 fe01.contoso.test." */
};
#define DNS_RECORDS_MAX 8
/* What is to stand in the zone.  How many. */
unsigned dns_publish_records(const struct site *s, struct dns_record ret[DNS_RECORDS_MAX]);

/* The TSIG secret, in base64, out of dns.key_file: to be read before the process drops its privileges.  Without a key_name
 * it is "" (updates go unsigned, by address).  false: *why. */
#define DNS_KEY_MAX 256
bool dns_key_read(const struct site *s, char key[DNS_KEY_MAX], char *why, size_t cap);

/* One update: each name and type is emptied and set, in one transaction.  Blocks, at most some seconds.  false: *why. */
bool dns_publish(const struct site *s, const char *key, char *why, size_t cap);

/* The process: publishes, and again every dns.refresh seconds (after a failure every 30), until SIGTERM.  ready_fd: one
 * octet at the start; -1: none. */
int dns_publish_main(const struct site *s, const char *key, int ready_fd);

#endif
