/* pki/tls_sessions.c keeps the sessions that a client may resume, each with the peer that it was made with, and once only. */
#include <stdlib.h>
#include <string.h>

#include "pki/internal.h"
#include "pki/tls_internal.h"

enum { PEERS = 4 }; /* the Web Services, the update service, the Registrar and the home pool's */

struct tls_sessions {
	struct kept {
		char *peer; /* NULL: the row is free */
		SSL_SESSION *session; /* NULL: it was used */
	} row[PEERS];
	unsigned next; /* the row that is given up next */
};

struct tls_sessions *tls_sessions_new(void)
{
	return calloc(1, sizeof(struct tls_sessions));
}

static void kept_clear(struct kept *k)
{
	SSL_SESSION_free(k->session);
	free(k->peer);
	*k = (struct kept){0};
}

void tls_sessions_forget(struct tls_sessions *s)
{
	for (unsigned i = 0; s && i < PEERS; i++)
		kept_clear(&s->row[i]);
}

void tls_sessions_free(struct tls_sessions *s)
{
	tls_sessions_forget(s);
	free(s);
}

/* Returns the row of that peer, else the one whose turn it is, emptied; NULL: out of memory. */
static struct kept *kept_row(struct tls_sessions *s, const char *peer)
{
	struct kept *k;

	for (unsigned i = 0; i < PEERS; i++)
		if (s->row[i].peer && strcmp(s->row[i].peer, peer) == 0)
			return &s->row[i];
	k = &s->row[s->next++ % PEERS];
	kept_clear(k);
	k->peer = strdup(peer);
	return k->peer ? k : NULL;
}

/* OpenSSL has made a session that can be resumed: TLS 1.3 brings it behind the handshake, one with each ticket.  It spoils its own when a
 * connection breaks, which is when a phone wants to resume: ours is a copy. */
static int session_made(SSL *ssl, SSL_SESSION *session)
{
	const struct tls *t = SSL_get_app_data(ssl);
	struct kept *k = t ? kept_row(t->sessions, t->peer) : NULL;

	if (k) {
		SSL_SESSION_free(k->session);
		k->session = SSL_SESSION_dup(session);
	}
	return 0; /* the one of OpenSSL stays its own */
}

void tls_sessions_of(struct tls_ctx *client)
{
	SSL_CTX_set_session_cache_mode(client->ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(client->ssl, session_made);
}

bool tls_sessions_take(struct tls *t)
{
	struct kept *k = kept_row(t->sessions, t->peer);
	SSL *ssl = t->session;
	bool good = k && SSL_set_app_data(ssl, t) == 1 && (k->session == NULL || SSL_set_session(ssl, k->session) == 1);

	if (k) { /* RFC 8446 C.4: used once, so that nobody on the way sees that two connections are one client's */
		SSL_SESSION_free(k->session);
		k->session = NULL;
	}
	return good;
}
