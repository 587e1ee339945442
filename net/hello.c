#include "net/hello.h"

#include <stdint.h>
#include <sys/socket.h>

#include "wire/tls_hello.h"

#define LOOK_MAX (TLS_HELLO_MAX + 1)

static void wake_at(int fd, size_t octets)
{
	int n = (int)octets;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &n, sizeof n);
}

enum hello hello_look(int fd, size_t *seen)
{
	uint8_t piece[LOOK_MAX];
	ssize_t n = recv(fd, piece, sizeof piece, MSG_PEEK);
	size_t before = *seen, needs;
	struct tls_hello h;
	enum tls_hello_result r;

	if (n <= 0) /* its end, or an error: whoever reads finds it */
		return HELLO_MODERN;
	r = tls_hello_read(piece, (size_t)n, &h);
	*seen = (size_t)n;
	needs = tls_hello_needs(piece, (size_t)n);
	/* Woken without what it was to wait for: the peer has ended, or the kernel has no room. */
	if (r == TLS_HELLO_MORE && (size_t)n != before && needs > (size_t)n && needs <= TLS_HELLO_MAX) {
		wake_at(fd, needs);
		return HELLO_MORE;
	}
	wake_at(fd, 1);
	return r == TLS_HELLO_READ && (h.sslv2 || tls_hello_is_old(&h)) ? HELLO_OLD : HELLO_MODERN;
}
