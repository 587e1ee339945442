/* server/vault/device_id.h: how a device names itself, in one form for comparing [update-service 3.3]. */
#ifndef DIALTONE_SERVER_UPDATE_ID_H
#define DIALTONE_SERVER_UPDATE_ID_H

#include <stdbool.h>

/* "010203040506", "01-02-03-04-05-06", "01:02:03:04:05:06" -> "010203040506", upper case.  false: not six pairs. */
bool update_id_mac(const char *mac, char ret[64]);
/* Letters, digits, '-' and '_' -> upper case.  false: anything else, empty, or longer than 63. */
bool update_id_serial(const char *serial, char ret[64]);

#endif
