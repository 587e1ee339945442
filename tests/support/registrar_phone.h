/* tests/support/registrar_phone.h: phones that speak NTLM and TLS-DSK with the Registrar of registrar_world.h
 * by themselves. */
#ifndef DIALTONE_TESTS_REGISTRAR_PHONE_H
#define DIALTONE_TESTS_REGISTRAR_PHONE_H

#include "tests/support/registrar_world.h"

struct phone {
	int fd; /* > 0: a connection to a worker instead of c */
	struct world *w;
	struct reg_conn *c;
	struct buf got; /* from the server, not yet looked at */
	bool closed;
	uint64_t number; /* its connection's, and in its Call-ID */
	const char *user, *login, *targetname, *epid, *supported;
	const struct buf *cert_pem;
	const char *password;
	unsigned version, cseq, cnum;
	bool ntlm, up;
	enum { ESS, NO_ESS, NO_ESS_PLAIN } form; /* of its NTLM: without extended session security, with a weakened key or the key itself */
	char opaque[16];
	struct sipsig_key c2s, s2c;
	struct sipsig_window window;
	struct buf last; /* the message m points into */
	struct msg m;
};

struct phone *phone_new(struct world *w, const char *user, bool outside);
void phone_free(struct phone *ph);
bool feed(struct phone *ph, const void *p, size_t n);

/* The next message of the server into ph->m; its status, or 0 for a request; -1: there is none. */
int hear(struct phone *ph);

/* The message's signature is good and its number new. */
bool signed_well(struct phone *ph);

/* Head of a request, without credentials and without its end. */
void head(struct phone *ph, struct buf *b, const char *method, const char *more);
void credentials(struct phone *ph, struct buf *b, const struct buf *token, bool sign);
bool finish(struct phone *ph, struct buf *b, const char *body);

/* A request without credentials; with a token; signed.  The status of the answer. */
int bare(struct phone *ph, const char *method, const char *more);
int with_token(struct phone *ph, const struct buf *token, bool sign, const char *more);
int ask(struct phone *ph, const char *method, const char *more, const char *body);

/* What a 401 says to this phone's scheme; false: nothing. The token goes into *token. */
bool challenged(struct phone *ph, struct buf *token);

/* Up to the keys; the status of the last answer: NTLM's last REGISTER is the signed one, TLS-DSK's is still
 * to come. */
int sign_in(struct phone *ph, bool ntlm, const char *more);
bool says(const struct phone *ph, const char *header, const char *value);
unsigned diag(const struct phone *ph);

#endif
