/* pki/many_keys.h gives each of many test phones an RSA key of 2048 bits of its own. */
#ifndef DIALTONE_PKI_MANY_KEYS_H
#define DIALTONE_PKI_MANY_KEYS_H

#include "pki/key.h"

struct pki_many_keys;

/* Enough for `keys` of them.  It takes about 30 ms for each prime: 15 for 100 keys, 142 for 10,000.  NULL: pki_error(). */
struct pki_many_keys *pki_many_keys_new(unsigned keys);
void pki_many_keys_free(struct pki_many_keys *m); /* NULL is fine */
/* The key of this number from 0, the same each time, in less than 2 ms; the caller frees it.  They share primes, so they are for
 * tests of load only.  NULL: there is none of this number, or pki_error(). */
struct pki_key *pki_many_keys_one(const struct pki_many_keys *m, unsigned number);

#endif
