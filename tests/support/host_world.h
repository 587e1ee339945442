/* tests/support/host_world.h: what the body on Linux meets in a test: a folder of its own, and a machine at the other end of the
 * cable, with a foot in VLAN 66, that answers DNS, echoes UDP and TLS.
 */
#ifndef DIALTONE_TESTS_HOST_WORLD_H
#define DIALTONE_TESTS_HOST_WORLD_H

#include "tests/support/check.h"

#include "pki/tls.h"

#define VLAN 66
#define SERVER 0x0a420001u /* 10.66.0.1 */
#define PHONE 0x0a420032u
#define PORT 5061

void new_folder(char dir[64]);
void remove_folder(const char *dir); /* with all that a phone keeps in it */

/* The certificate of host.test and the root that has issued it: the phone's anchor.  Made before the fork; the caller frees both. */
extern struct buf server_pem;
extern struct pki_key *server_key;
void make_certificate(void);

/* The other machine, in a process and a network namespace of its own: it says "n" when it has one, waits for an octet (peer0 is
 * there), says "r" when it is ready, and lives until the test's end of the pipe closes.  Does not return. */
void other_end(int from_test, int to_test);

#endif
