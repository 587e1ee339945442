#include "server/vault/device_id.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/enc.h"

bool update_id_mac(const char *mac, char ret[64])
{
	uint8_t octets[6];

	if (!mac_read(sv_of(mac), octets))
		return false;
	mac_text_upper(ret, octets, '\0');
	return true;
}

bool update_id_serial(const char *serial, char ret[64])
{
	size_t n = strlen(serial);

	if (n == 0 || n > 63)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)serial[i]) && serial[i] != '-' && serial[i] != '_')
			return false;
	memcpy(ret, serial, n + 1);
	ascii_upper_all(ret);
	return true;
}
