/* pki/tls_gnutls.h: GnuTLS's context, for the two files that see that library. */
#ifndef DIALTONE_PKI_TLS_GNUTLS_H
#define DIALTONE_PKI_TLS_GNUTLS_H

#include <gnutls/gnutls.h>

#include "pki/tls_internal.h"

struct tls_old {
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority;
	bool ask_client; /* a server demands a certificate of the client */
	bool sni;	 /* a client names the server */
};

#endif
