/* tests/support/keys.c: pki_key_make() of a test program that is linked with --wrap=pki_key_make.
 *
 * Making an RSA key takes a tenth of a second and more, and most tests do not care which they get.  TEST_KEYS names the
 * file that make_keys has written into the build folder; its keys are handed out in turn, so that those of one test
 * differ.  Without it, and for other sizes, keys are made.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "pki/key.h"

#define KEYS_MAX 64
#define END "-----END PRIVATE KEY-----\n"

static struct {
	struct buf pem;
	struct sv key[KEYS_MAX];
	size_t n, next;
	bool read;
} pool;
static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER; /* host/keys.c makes keys in a thread */

static void pool_free(void)
{
	buf_wipe(&pool.pem);
}

static void pool_read(void)
{
	const char *path = getenv("TEST_KEYS");
	const char *at, *end;

	pool.read = true;
	if (path == NULL || file_read(path, 1 << 20, &pool.pem) < 0)
		return;
	atexit(pool_free);
	for (at = buf_cstr(&pool.pem); pool.n < KEYS_MAX && (end = strstr(at, END)) != NULL; at = end) {
		end += strlen(END);
		pool.key[pool.n++] = (struct sv){at, (size_t)(end - at)};
	}
}

struct pki_key *__real_pki_key_make(unsigned rsa_bits);
struct pki_key *__wrap_pki_key_make(unsigned rsa_bits);

struct pki_key *__wrap_pki_key_make(unsigned rsa_bits)
{
	struct sv pem = {0};

	pthread_mutex_lock(&pool_lock);
	if (!pool.read)
		pool_read();
	if (pool.n && rsa_bits == 2048)
		pem = pool.key[pool.next++ % pool.n];
	pthread_mutex_unlock(&pool_lock);
	return pem.n ? pki_key_read(pem) : __real_pki_key_make(rsa_bits);
}
