/* tests/support/make_keys.c: writes RSA keys, once a build folder, for the tests that need some and do not care which. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "pki/key.h"

int main(int argc, char **argv)
{
	struct buf pem = {0};
	int e = -1;

	if (argc != 3) {
		fprintf(stderr, "make_keys COUNT FILE\n");
		return 64;
	}
	for (long n = strtol(argv[1], NULL, 10); n > 0; n--) {
		struct pki_key *k = pki_key_make(2048);

		if (k == NULL)
			return 70;
		pki_key_write(k, &pem);
		pki_key_free(k);
	}
	if (!pem.oom)
		e = file_write(NULL, argv[2], pem.p, pem.n, 0600);
	buf_wipe(&pem);
	return e < 0 ? 73 : 0;
}
