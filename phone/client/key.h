/* phone/client/key.h: the phone's own key pair, made by the body off the loop: begun early, asked for when it is needed. */
#ifndef DIALTONE_PHONE_KEY_H
#define DIALTONE_PHONE_KEY_H

#include "base/buf.h"
#include "dialtone/phone.h"

struct key_client {
	struct dt_phone *ph;
	unsigned id;	/* of the one that is being made; 0: none */
	struct buf pem; /* once it is there */
	void (*done)(void *arg);
	void *arg;
};

struct key_client *key_new(struct dt_phone *ph);
void key_free(struct key_client *k);  /* wipes; NULL is fine */
bool key_begin(struct key_client *k); /* unless one is there or being made; false: the body cannot make one */
/* done: once there is one, or there will be none: pem is empty then.  Not called when it is there already (true). */
bool key_wait(struct key_client *k, void (*done)(void *arg), void *arg);
void key_made(struct key_client *k, unsigned id, const char *pem); /* from the runner; k NULL: nobody waits */

#endif
