/* pki/tls_internal.h: what the two halves of pki/tls.h share. */
#ifndef DIALTONE_PKI_TLS_INTERNAL_H
#define DIALTONE_PKI_TLS_INTERNAL_H

#include <openssl/ssl.h>

#include "pki/tls.h"

struct tls_ctx {
	SSL_CTX *ssl;
	bool server;
	void (*keylog)(void *arg, const char *line);
	void *keylog_arg;
};

#endif
