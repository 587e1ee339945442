#include "server/vault/device_id.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

bool update_id_mac(const char *mac, char ret[64])
{
	char out[13], separator = '\0';
	size_t n = 0;

	for (size_t i = 0; mac[i]; i++) {
		if (isxdigit((unsigned char)mac[i])) {
			if (n == 12)
				return false;
			out[n++] = (char)toupper((unsigned char)mac[i]);
			continue;
		}
		/* between pairs, the same one throughout */
		if ((mac[i] != '-' && mac[i] != ':') || n == 0 || n % 2 || n == 12 || (separator && mac[i] != separator) ||
		    mac[i] == mac[i - 1])
			return false;
		separator = mac[i];
	}
	if (n != 12)
		return false;
	out[12] = '\0';
	memcpy(ret, out, sizeof out);
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
	for (size_t i = 0; i <= n; i++)
		ret[i] = (char)toupper((unsigned char)serial[i]);
	return true;
}
