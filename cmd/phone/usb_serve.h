/* cmd/phone/usb_serve.h: what a PC on the phone's USB port asks, done. */
#ifndef DIALTONE_CMD_PHONE_USB_SERVE_H
#define DIALTONE_CMD_PHONE_USB_SERVE_H

#include "dialtone/handset.h"
#include "wire/usb/tether.h"

void usb_serve(struct dt_phone *ph, const struct tether_message *m, struct tether_message *answer);
void usb_serve_state(const struct dt_phone *ph, struct tether_message *m);

#endif
