/* host/usb.h: the phone's USB port: a serial line that a PC may come to and go from (auth/tether.h).
 *
 * The line is opened when it is there and looked for again every second.  A PC that says nothing for six seconds has gone, and so
 * has one whose line hangs up or breaks the protocol.  Everything runs in the host's loop.
 */
#ifndef DIALTONE_HOST_USB_H
#define DIALTONE_HOST_USB_H

#include "auth/tether.h"
#include "host/host.h"

struct usb;

struct usb_conf {
	const char *path, *name; /* of the line; of the phone, for the PC's user */
	/* A message of a PC that has proved the code; *answer is sent back, with kind 0 nothing is. */
	void (*message)(void *arg, const struct tether_message *m, struct tether_message *answer);
	void (*state)(void *arg, struct tether_message *m); /* what the PC is told of the phone */
	void (*gone)(void *arg); /* a PC that had proved the code has gone */
	void *arg;
};

/* The code is read from the phone's state, or made and kept there.  0, or -errno with *why. */
int usb_open(struct host *h, const struct usb_conf *c, struct usb **ret, struct why *why);
void usb_close(struct usb *u); /* NULL is fine; tells nobody */
const char *usb_code(const struct usb *u); /* NULL: "" */

#endif
